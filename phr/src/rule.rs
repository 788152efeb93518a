//! What the linter can say. Every rule has an id that stays the same, so that a person can look it up and
//! a program can act on it.

use std::fmt;

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal,)+) => {
        /// One thing that can be wrong with a record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Rule {
            /// All rules, in the order the documentation lists them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The rule's id.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)+
                }
            }

            /// What the rule says is wrong, in one sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),+).trim_start(),)+
                }
            }
        }
    };
}

rules! {
    /// The file is not named `NNNN-slug.stage.prompt.md`.
    FileName = "file-name",
    /// The number in front of the file name is not four digits, so the id counter ignores it.
    IdIgnored = "id-ignored",
    /// The `id` is not four digits in quotes, or not the one in the file name.
    Id = "id",
    /// Two records of a folder have the same number.
    IdDuplicate = "id-duplicate",
    /// The stage is not one of the ten.
    StageUnknown = "stage-unknown",
    /// The stages in the file name and in the front matter differ.
    StageMismatch = "stage-mismatch",
    /// The record is not in the folder its stage and feature call for.
    Directory = "directory",
    /// The title does not have three to seven words.
    TitleWords = "title-words",
    /// The slug in the file name is not the title's.
    TitleMismatch = "title-mismatch",
    /// The date is not `YYYY-MM-DD`.
    Date = "date",
    /// There is no front matter, or it is not closed.
    FrontMatterMissing = "front-matter-missing",
    /// The front matter is not a YAML map, or has a key twice.
    FrontMatterYaml = "front-matter-yaml",
    /// A key of the front matter is missing.
    KeyMissing = "key-missing",
    /// A key of the front matter is not one of the format's, such as `date_iso` or `files_yaml`.
    KeyUnknown = "key-unknown",
    /// The keys of the front matter are not in their order.
    KeyOrder = "key-order",
    /// A value of the front matter has the wrong shape: a list, a map, nothing, or a word it cannot be.
    ValueShape = "value-shape",
    /// A link is not a path, a URL or `null`; an empty string is none of them.
    Links = "links",
    /// `files` holds a path that only means something on one machine.
    AbsolutePath = "absolute-path",
    /// One of the four sections is missing.
    SectionMissing = "section-missing",
    /// A section stands twice, or the sections are not in their order.
    SectionOrder = "section-order",
    /// A bullet of a section is missing.
    BulletMissing = "bullet-missing",
    /// The prompt is empty.
    PromptEmpty = "prompt-empty",
    /// The prompt has fewer than ten characters and no evidence shows that it is all that was said.
    PromptShort = "prompt-short",
    /// The prompt ends in a mark that says it was cut.
    PromptCut = "prompt-cut",
    /// A field of the template was never filled in.
    Placeholder = "placeholder",
    /// A row of the evidence table cannot be read.
    Evidence = "evidence",
    /// A fenced block is never closed, so the rest of the record is part of it.
    FenceUnclosed = "fence-unclosed",
    /// The record holds what looks like a secret.
    Secret = "secret",
    /// The file does not lie in a folder of records.
    Misplaced = "misplaced",
    /// The file cannot be read, or is not text in UTF-8.
    Unreadable = "unreadable",
}

/// One problem of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The rule that is broken.
    pub rule: Rule,
    /// The line, counted from 1; 1 too for problems of the file as a whole.
    pub line: usize,
    /// What is wrong and what to do. Never quotes a secret.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(rule: Rule, line: usize, message: impl Into<String>) -> Self {
        Self { rule, line, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} ({})", self.line, self.message, self.rule.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_documented() {
        let documentation = include_str!("../../docs/phr.md");
        for (position, rule) in Rule::ALL.iter().enumerate() {
            assert!(
                Rule::ALL.iter().skip(position + 1).all(|other| other.id() != rule.id()),
                "{}",
                rule.id()
            );
            let row = format!("| `{}` | {} |", rule.id(), rule.meaning());
            assert!(documentation.contains(&row), "docs/phr.md lacks the row: {row}");
        }
    }
}
