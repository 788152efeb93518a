//! Runs a pattern's program over a request, with backtracking.
//!
//! Between two elements of a pattern a request may have filler, places and the tool's modifiers; at the end
//! nothing else may be left. Every way to read a request costs something: a word of a pattern nothing, a
//! word that could be anything much. The cheapest reading is the one that understands most.

use std::cell::Cell;

use super::flags;
use super::normalise::{Shape, Token};
use super::pattern::{Op, Pattern, Slot, SlotType};
use super::request::{Request, Span};
use super::tool::ToolPatterns;
use super::values::{self, Value};
use super::vocabulary::{Role, WordId};

/// A slot and what fills it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Captured {
    /// The argument, or none for `{object}`.
    pub argument: Option<String>,
    /// The slot's type.
    pub kind: SlotType,
    /// The value.
    pub value: Value,
}

/// One way to read a request.
#[derive(Debug, Clone)]
pub(super) struct Match {
    /// What fills the slots.
    pub captured: Vec<Captured>,
    /// Arguments that the pattern or a modifier sets.
    pub values: Vec<(String, String)>,
    /// What the reading costs.
    pub cost: u32,
    /// How many tokens are words of the pattern.
    pub literals: u32,
    /// Whether all of those are words for showing.
    pub only_showing: bool,
}

/// Steps of one request before it is given up; real requests take a few hundred.
const BUDGET: u32 = 60_000;
/// Costs besides those of values.
const SLIP: u32 = 25;
const INFLECTED: u32 = 2;
const FILLER: u32 = 3;
const READ_FILLER: u32 = 5;
const PLACE: u32 = 2;

struct Run<'r, 'a> {
    request: &'r Request<'a>,
    pattern: &'r Pattern,
    tool: Option<(&'r ToolPatterns, &'r [Vec<Span>])>,
    end: usize,
    captured: Vec<Captured>,
    values: Vec<(String, String)>,
    cost: u32,
    literals: u32,
    shows: u32,
    /// Where the last word of the pattern that was found ends; 0 is nowhere.
    led: usize,
    budget: &'r Cell<u32>,
    found: Vec<(usize, Match)>,
}

/// Where the phrases of `patterns` that begin at `position` end.
pub(super) fn ends(request: &Request<'_>, patterns: &[Pattern], position: usize) -> Vec<usize> {
    let mut ends: Vec<usize> =
        plain(request, patterns, position).into_iter().map(|(end, _, _)| end).collect();
    ends.sort_unstable_by(|one, other| other.cmp(one));
    ends.dedup();
    ends
}

/// The phrases of `patterns` that begin at `position`, with what they say.
pub(super) fn spans(request: &Request<'_>, patterns: &[Pattern], position: usize) -> Vec<Span> {
    plain(request, patterns, position)
        .into_iter()
        .map(|(end, found, pattern)| {
            let mut values = found.values;
            values.extend(pattern.values.iter().cloned());
            Span { end, read_only: false, captured: found.captured, values }
        })
        .collect()
}

fn plain<'p>(
    request: &Request<'_>,
    patterns: &'p [Pattern],
    position: usize,
) -> Vec<(usize, Match, &'p Pattern)> {
    let budget = Cell::new(2_000);
    let mut all = Vec::new();
    if request.tokens.get(position).is_none_or(Token::is_mark) {
        return all;
    }
    for pattern in patterns.iter().filter(|pattern| can_start(request, pattern, position)) {
        let mut run = Run::new(request, pattern, None, request.tokens.len(), &budget);
        run.go(0, position);
        all.extend(
            run.found
                .into_iter()
                .filter(|(end, _)| *end > position)
                .map(|(end, found)| (end, found, pattern)),
        );
    }
    all
}

/// Whether the token can be the first of the pattern; cheap, because it is asked at every position.
fn can_start(request: &Request<'_>, pattern: &Pattern, position: usize) -> bool {
    let Some(facts) = request.facts.get(position) else { return false };
    pattern.starts.is_empty()
        || facts.id.iter().chain(&facts.bases).any(|id| pattern.starts.binary_search(id).is_ok())
        || (request.forgiving && facts.slips.iter().any(|id| pattern.starts.binary_search(id).is_ok()))
}

/// Every way to read the tokens from `start` to `end` as `pattern` of `tool`.
pub(super) fn readings(
    request: &Request<'_>,
    tool: &ToolPatterns,
    modifiers: &[Vec<Span>],
    pattern: &Pattern,
    (start, end): (usize, usize),
    budget: &Cell<u32>,
) -> Vec<Match> {
    let mut run = Run::new(request, pattern, Some((tool, modifiers)), end, budget);
    run.go(0, start);
    run.found
        .into_iter()
        .map(|(_, mut found)| {
            found.values.extend(pattern.values.iter().cloned());
            found
        })
        .collect()
}

/// A fresh budget.
pub(super) const fn budget() -> Cell<u32> {
    Cell::new(BUDGET)
}

impl<'r, 'a> Run<'r, 'a> {
    const fn new(
        request: &'r Request<'a>,
        pattern: &'r Pattern,
        tool: Option<(&'r ToolPatterns, &'r [Vec<Span>])>,
        end: usize,
        budget: &'r Cell<u32>,
    ) -> Self {
        Self {
            request,
            pattern,
            tool,
            end,
            captured: Vec::new(),
            values: Vec::new(),
            cost: 0,
            literals: 0,
            shows: 0,
            led: 0,
            budget,
            found: Vec::new(),
        }
    }

    fn change(&self) -> bool {
        self.tool.is_some_and(|(tool, _)| tool.can_change)
    }

    fn go(&mut self, step: usize, position: usize) {
        let left = self.budget.get();
        if left == 0 {
            return;
        }
        self.budget.set(left - 1);
        match self.pattern.ops.get(step) {
            Some(&Op::Jump(to)) => self.go(to, position),
            Some(&Op::Split(one, other)) => {
                self.go(one, position);
                self.go(other, position);
            }
            Some(&Op::Word(word, many)) => {
                if let Some(cost) = self.word(word, many, position) {
                    let led = self.led;
                    if !self.request.is_determiner(position) {
                        self.led = position + 1;
                    }
                    self.step_over(cost, 1, 0, |run| run.go(step + 1, position + 1));
                    self.led = led;
                }
                self.skip(step, position);
            }
            Some(&Op::Class(class)) => {
                let request = self.request;
                let ends = request.classes.get(class).and_then(|ends| ends.get(position));
                for &end in ends.map(Vec::as_slice).unwrap_or_default() {
                    if end <= self.end {
                        let taken = u32::try_from(end - position).unwrap_or(1);
                        let shows = if class == 0 { taken } else { 0 };
                        self.step_over(0, taken, shows, |run| run.go(step + 1, end));
                    }
                }
                self.skip(step, position);
            }
            Some(&Op::Slot(slot)) => {
                let Some(slot) = self.pattern.slots.get(slot) else { return };
                self.slot(slot, step, position);
                self.skip(step, position);
            }
            Some(Op::End) | None => self.finish(step, position),
        }
    }

    fn step_over(&mut self, cost: u32, literals: u32, shows: u32, next: impl FnOnce(&mut Self)) {
        self.cost += cost;
        self.literals += literals;
        self.shows += shows;
        next(self);
        self.cost -= cost;
        self.literals -= literals;
        self.shows -= shows;
    }

    fn word(&self, word: WordId, many: bool, position: usize) -> Option<u32> {
        if position >= self.end {
            return None;
        }
        let facts = self.request.facts.get(position)?;
        let vocabulary = &self.request.library.vocabulary;
        if facts.id == Some(word) {
            // "gateway restarts" counts restarts and orders none.
            let typed = self.request.tokens.get(position)?;
            let inflected = self.change() && !many && vocabulary.is_verb_with_s(word, &typed.word);
            return (!inflected).then_some(0);
        }
        if facts.bases.contains(&word) {
            // "restarted pods" orders no restart; "would you mind restarting" does.
            let verb = vocabulary.role(word).is(Role::VERB);
            let ordered = !self.change() || !verb || self.minded(position);
            return ordered.then_some(INFLECTED);
        }
        if self.request.forgiving && facts.slips.contains(&word) {
            let token = self.request.tokens.get(position)?;
            // A class does not know which tool asks for it, so it is as strict as a change.
            let looking = self.tool.is_some() && !self.change();
            let enough = looking || vocabulary.is_close(word, &token.word);
            return enough.then_some(SLIP);
        }
        None
    }

    fn minded(&self, position: usize) -> bool {
        position > 0 && (self.request.is(position - 1, "mind") || self.request.is(position - 1, "start"))
    }

    fn slot(&mut self, slot: &Slot, step: usize, position: usize) {
        // After a word of the pattern any word may follow ("containing timeout"); elsewhere only one that is
        // known for nothing else, or "drain nodes" would be nodes called drain.
        let led = position > 0 && self.led == position;
        for reading in values::read(self.request, slot, position, self.end, self.change(), led) {
            self.captured.push(Captured {
                argument: slot.argument.clone(),
                kind: slot.kind,
                value: reading.value,
            });
            self.step_over(reading.cost, 0, 0, |run| run.go(step + 1, reading.end));
            self.captured.pop();
        }
    }

    /// Steps over what may stand anywhere.
    fn skip(&mut self, step: usize, position: usize) {
        if position >= self.end {
            return;
        }
        let request = self.request;
        let Some((tool, modifiers)) = self.tool else {
            // Inside a short phrase only an article may come between.
            if matches!(request.tokens.get(position), Some(token) if token.shape == Shape::Word && matches!(token.word.as_str(), "the" | "a" | "an" | "my" | "our"))
                && self.literals > 0
            {
                self.step_over(1, 0, 0, |run| run.go(step, position + 1));
            }
            return;
        };
        // "raise its memory: request 64Mi": what follows a colon is said by the same person when a part of the
        // phrase stands before it; before that it may introduce somebody else's words.
        let colon = request.tokens.get(position).is_some_and(|token| token.shape == Shape::Colon);
        if colon && self.literals > 0 {
            self.step_over(FILLER, 0, 0, |run| run.go(step, position + 1));
        }
        for span in request.filler.get(position).map(Vec::as_slice).unwrap_or_default() {
            if span.end <= self.end && !(span.read_only && tool.can_change) {
                let cost = if span.read_only { READ_FILLER } else { FILLER };
                self.step_over(cost, 0, 0, |run| run.go(step, span.end));
            }
        }
        for span in request.places.get(position).map(Vec::as_slice).unwrap_or_default() {
            if span.end <= self.end && tool.takes(span) {
                self.over_span(span, PLACE, step);
            }
        }
        for span in modifiers.get(position).map(Vec::as_slice).unwrap_or_default() {
            if span.end <= self.end {
                self.over_span(span, 0, step);
            }
        }
        // Right behind a command line a flag is the command's own.
        let of_command = self.captured.last().is_some_and(|last| last.kind == SlotType::Command);
        if !of_command && let Some(span) = flags::span(request, tool, position, self.end) {
            self.over_span(&span, 0, step);
        }
    }

    fn over_span(&mut self, span: &Span, cost: u32, step: usize) {
        let (captured, values) = (self.captured.len(), self.values.len());
        self.captured.extend(span.captured.iter().cloned());
        self.values.extend(span.values.iter().cloned());
        self.step_over(cost, 0, 0, |run| run.go(step, span.end));
        self.captured.truncate(captured);
        self.values.truncate(values);
    }

    fn finish(&mut self, step: usize, position: usize) {
        if self.tool.is_some() && position < self.end {
            self.skip(step, position);
            return;
        }
        let found = Match {
            captured: self.captured.clone(),
            values: self.values.clone(),
            cost: self.cost,
            literals: self.literals,
            only_showing: self.shows == self.literals,
        };
        self.found.push((position, found));
    }
}
