//! The Markdown below the front matter, read with a Markdown parser rather than by looking for lines: a
//! heading inside a code block is no heading, and a record must be read here exactly as people's tools
//! show it.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::evidence::COLUMNS;
use crate::render::SECTIONS;

/// One of the four sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Which one: an index into [`SECTIONS`].
    pub(crate) kind: usize,
    /// Line of the heading, counted from 1.
    pub line: usize,
    /// Everything below the heading, as it stands in the file.
    pub text: String,
    /// Contents of the fenced blocks, in order.
    pub(crate) blocks: Vec<String>,
    /// Rows of the evidence table, if there is one.
    pub(crate) evidence: Option<Vec<EvidenceRow>>,
    /// Whether a single fenced block is all there is.
    pub(crate) is_one_block: bool,
}

impl Section {
    /// The heading, as the format spells it.
    #[must_use]
    pub fn heading(&self) -> &'static str {
        SECTIONS.get(self.kind).copied().unwrap_or_default()
    }
}

/// One row of the evidence table: its cells, read as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EvidenceRow {
    pub(crate) line: usize,
    pub(crate) cells: Vec<String>,
}

/// What one pass over the body finds.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) sections: Vec<Section>,
    /// Where code is, as byte ranges of the whole text: what stands there is quoted, not said.
    pub(crate) code: Vec<Range<usize>>,
    /// Line of a fence that is never closed.
    pub(crate) unclosed_fence: Option<usize>,
}

/// Where lines start, to turn byte offsets into line numbers.
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line a byte stands in, counted from 1.
    pub(crate) fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }

    /// The bytes of a line, in a text of that length.
    pub(crate) fn range(&self, line: usize, length: usize) -> Range<usize> {
        let start = line.checked_sub(1).and_then(|index| self.0.get(index)).copied().unwrap_or(length);
        start..self.0.get(line).copied().unwrap_or(length)
    }
}

/// Reads the body of `text`, which starts at byte `start`.
pub(crate) fn read(text: &str, start: usize, lines: &Lines) -> Body {
    let mut reader = Reader::new(lines, start);
    let source = text.get(start..).unwrap_or_default();
    for (event, range) in Parser::new_ext(source, Options::ENABLE_TABLES).into_offset_iter() {
        reader.take(source, event, range);
    }
    reader.finish(source)
}

struct Reader<'a> {
    lines: &'a Lines,
    start: usize,
    body: Body,
    /// Sections with the range of their heading; the next heading ends them.
    open: Vec<(Section, Range<usize>)>,
    depth: usize,
    heading: Option<String>,
    block: Option<(String, Range<usize>)>,
    rows: Vec<EvidenceRow>,
    cell: Option<String>,
    /// Top-level blocks of the current section besides its fenced ones.
    others: Vec<usize>,
}

impl<'a> Reader<'a> {
    fn new(lines: &'a Lines, start: usize) -> Self {
        Self {
            lines,
            start,
            body: Body::default(),
            open: Vec::new(),
            depth: 0,
            heading: None,
            block: None,
            rows: Vec::new(),
            cell: None,
            others: Vec::new(),
        }
    }

    fn take(&mut self, source: &str, event: Event<'_>, range: Range<usize>) {
        let line = self.lines.at(self.start + range.start);
        match event {
            Event::Start(tag) => {
                self.begin(&tag, &range, line);
                self.depth += 1;
            }
            Event::End(tag) => {
                self.depth = self.depth.saturating_sub(1);
                self.end(source, tag, range);
            }
            Event::Code(code) => {
                self.body.code.push(self.start + range.start..self.start + range.end);
                self.add_text(&code);
            }
            Event::Text(text) => self.add_text(&text),
            Event::SoftBreak | Event::HardBreak => self.add_text(" "),
            Event::Html(text) | Event::InlineHtml(text) => self.add_text(&text),
            Event::Rule if self.depth == 0 => self.count_other(),
            _ => {}
        }
    }

    fn begin(&mut self, tag: &Tag<'_>, range: &Range<usize>, line: usize) {
        match tag {
            Tag::Heading { level: HeadingLevel::H2, .. } if self.depth == 0 => {
                self.heading = Some(String::new());
            }
            Tag::CodeBlock(kind) => {
                self.body.code.push(self.start + range.start..self.start + range.end);
                if self.depth == 0 && matches!(kind, CodeBlockKind::Fenced(_)) {
                    self.block = Some((String::new(), range.clone()));
                } else if self.depth == 0 {
                    self.count_other();
                }
            }
            Tag::TableHead | Tag::TableRow => self.rows.push(EvidenceRow { line, cells: Vec::new() }),
            Tag::TableCell => self.cell = Some(String::new()),
            _ if self.depth == 0 => self.count_other(),
            _ => {}
        }
    }

    fn end(&mut self, source: &str, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::Heading(HeadingLevel::H2) => {
                if let Some(heading) = self.heading.take() {
                    self.open_section(&heading, range);
                }
            }
            TagEnd::CodeBlock => {
                if let Some((mut content, range)) = self.block.take() {
                    if !is_closed(source.get(range.clone()).unwrap_or_default()) {
                        self.body.unclosed_fence.get_or_insert(self.lines.at(self.start + range.start));
                    }
                    if content.ends_with('\n') {
                        content.pop();
                    }
                    if let Some((section, _)) = self.open.last_mut() {
                        section.blocks.push(content);
                    }
                }
            }
            TagEnd::TableCell => {
                if let (Some(cell), Some(row)) = (self.cell.take(), self.rows.last_mut()) {
                    row.cells.push(cell);
                }
            }
            TagEnd::Table => {
                let mut rows = std::mem::take(&mut self.rows).into_iter();
                let is_evidence = rows.next().is_some_and(|head| head.cells == COLUMNS);
                if let (true, Some((section, _))) = (is_evidence, self.open.last_mut()) {
                    section.evidence.get_or_insert_default().extend(rows);
                }
            }
            _ => {}
        }
    }

    fn add_text(&mut self, text: &str) {
        let target = self.block.as_mut().map(|(content, _)| content);
        if let Some(target) = target.or(self.cell.as_mut()).or(self.heading.as_mut()) {
            target.push_str(text);
        }
    }

    fn open_section(&mut self, heading: &str, range: Range<usize>) {
        let heading = heading.trim();
        let Some(kind) = SECTIONS.iter().position(|known| known.eq_ignore_ascii_case(heading)) else {
            self.count_other();
            return;
        };
        let section = Section {
            kind,
            line: self.lines.at(self.start + range.start),
            text: String::new(),
            blocks: Vec::new(),
            evidence: None,
            is_one_block: false,
        };
        self.open.push((section, range));
        self.others.push(0);
    }

    fn count_other(&mut self) {
        if let Some(others) = self.others.last_mut() {
            *others += 1;
        }
    }

    /// Gives every section its text, which reaches to the next heading.
    fn finish(mut self, source: &str) -> Body {
        let ends: Vec<_> =
            self.open.iter().skip(1).map(|(_, range)| range.start).chain([source.len()]).collect();
        for (((mut section, range), end), others) in self.open.into_iter().zip(ends).zip(self.others) {
            section.text = source.get(range.end..end).unwrap_or_default().to_owned();
            section.is_one_block = others == 0 && section.blocks.len() == 1;
            self.body.sections.push(section);
        }
        self.body
    }
}

/// Whether a fenced block ends with a fence of its own kind.
fn is_closed(block: &str) -> bool {
    let mut lines = block.trim_end().lines();
    let Some(first) = lines.next().map(str::trim_start) else { return false };
    let Some(mark) = first.chars().next() else { return false };
    let opening = first.chars().take_while(|character| *character == mark).count();
    lines.next_back().map(str::trim).is_some_and(|last| {
        last.chars().count() >= opening && last.chars().all(|character| character == mark)
    })
}
