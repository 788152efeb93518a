//! The phrase language of `docs/phrases.md`, cut into its smallest parts. The phrasebook makes programs of them,
//! the model's side hints; neither has to know how a phrase is written.

/// The smallest parts of a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// `(`, or `[` when what it holds is optional.
    Open {
        /// Whether it may be left out.
        optional: bool,
    },
    /// `)` or `]`.
    Close {
        /// Whether it is `]`.
        optional: bool,
    },
    /// `|`.
    Or,
    /// The name in `<…>`.
    Class(&'a str),
    /// What is in `{…}`: an argument and its type, or `object`.
    Slot(&'a str),
    /// Everything else, up to the next blank or mark.
    Word(&'a str),
    /// A mark that closes nothing, or is never closed.
    Stray(char),
}

/// The parts of what stands before the values of a phrase.
#[derive(Debug, Clone)]
pub(super) struct Parts<'a>(&'a str);

/// The parts of a phrase, and the values behind its `=>`, as they are written.
pub(super) fn parts(phrase: &str) -> (Parts<'_>, impl Iterator<Item = &str>) {
    let (text, values) = phrase.split_once("=>").unwrap_or((phrase, ""));
    (Parts(text), values.split(',').map(str::trim).filter(|value| !value.is_empty()))
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        self.0 = self.0.trim_start();
        let mark = self.0.chars().next()?;
        let part = match mark {
            '(' | '[' => Part::Open { optional: mark == '[' },
            ')' | ']' => Part::Close { optional: mark == ']' },
            '|' => Part::Or,
            '<' | '{' => {
                let close = if mark == '<' { '>' } else { '}' };
                let Some((inside, rest)) = self.0.get(1..).and_then(|inside| inside.split_once(close)) else {
                    self.0 = "";
                    return Some(Part::Stray(mark));
                };
                self.0 = rest;
                return Some(if mark == '<' { Part::Class(inside) } else { Part::Slot(inside) });
            }
            '>' | '}' => Part::Stray(mark),
            _ => {
                let ends = |c: char| c.is_whitespace() || "|()[]<>{}".contains(c);
                let (word, rest) = self.0.split_at(self.0.find(ends).unwrap_or(self.0.len()));
                self.0 = rest;
                return Some(Part::Word(word));
            }
        };
        self.0 = self.0.get(1..).unwrap_or_default();
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_falls_into_its_parts() {
        let (found, values) = parts("[<show>] (log|what's) {tail:count} => follow=true, a = b");
        assert_eq!(
            found.collect::<Vec<_>>(),
            [
                Part::Open { optional: true },
                Part::Class("show"),
                Part::Close { optional: true },
                Part::Open { optional: false },
                Part::Word("log"),
                Part::Or,
                Part::Word("what's"),
                Part::Close { optional: false },
                Part::Slot("tail:count"),
            ]
        );
        assert_eq!(values.collect::<Vec<_>>(), ["follow=true", "a = b"]);
        assert_eq!(parts("a <b").0.last(), Some(Part::Stray('<')));
        assert_eq!(parts("a}").0.last(), Some(Part::Stray('}')));
    }
}
