//! Which tools can matter to a request: a handful of the catalog, so that a small model reads a few lines and
//! a large one is not paid to read dozens of schemas.
//!
//! The score is the overlap of the request's words with each tool's own, rare words counting more. It only
//! has to bring the right tool among the first few; choosing is the model's work.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::declared::{Declared, tools};
use super::subjects::Subjects;
use super::words::{Words, is_empty_word, parts, resembles, stem};

/// Most tools that are sent.
pub(super) const MOST_TOOLS: usize = 8;

/// Fewest tools that are sent, so that a ranking gone wrong can still be mended by the model.
const FEWEST_TOOLS: usize = 3;

/// Tools below this share of the best score are not sent.
const LEAST_SHARE: f64 = 0.35;

/// How rare each stem is in the catalog.
fn rarity() -> &'static HashMap<String, f64> {
    static RARITY: LazyLock<HashMap<String, f64>> = LazyLock::new(|| {
        let mut counts: HashMap<String, u32> = HashMap::new();
        for declared in tools() {
            for word in declared.weights.keys() {
                *counts.entry(word.clone()).or_default() += 1;
            }
        }
        let all = u32::try_from(tools().len()).unwrap_or(u32::MAX);
        counts.into_iter().map(|(word, count)| (word, logarithm(all.saturating_add(1), count))).collect()
    });
    &RARITY
}

/// The natural logarithm of a quotient, near enough: exact at powers of two, a straight line between them.
///
/// `f64::ln` would be the only use of the system's mathematics library, which every start would then load: a
/// third of a megabyte of each process for the one that asks a model.
fn logarithm(numerator: u32, denominator: u32) -> f64 {
    const FRACTION_BITS: u32 = 16;
    let scaled = (u64::from(numerator) << FRACTION_BITS) / u64::from(denominator.max(1));
    let whole = scaled.max(1).ilog2();
    let power = f64::from(u32::try_from(1_u64 << whole).unwrap_or(u32::MAX));
    let part = f64::from(u32::try_from(scaled).unwrap_or(u32::MAX)) / power - 1.0;
    (f64::from(whole) - f64::from(FRACTION_BITS) + part) * std::f64::consts::LN_2
}

/// The tools that can matter, best first.
pub(super) fn candidates(words: &Words, subjects: &Subjects) -> Vec<&'static Declared> {
    let mut stems: Vec<String> = Vec::new();
    for part in words
        .said
        .iter()
        .filter(|said| !is_empty_word(said) && !said.contains('='))
        .flat_map(|said| parts(said))
    {
        let known = known_form(part);
        if !stems.contains(&known) {
            stems.push(known);
        }
    }
    // A kind tells tools apart where it is in their name ("events"); many others can take it.
    let kinds: Vec<String> = subjects.kinds.iter().map(|(singular, _)| stem(singular)).collect();
    let tells = |declared: &Declared, word: &String| {
        !kinds.contains(word) || parts(declared.tool.name()).any(|part| stem(part) == *word)
    };
    let mut scored: Vec<(f64, &Declared)> = tools()
        .iter()
        .map(|declared| {
            let mut score: f64 = stems
                .iter()
                .filter(|word| tells(declared, word))
                .filter_map(|word| Some(declared.weights.get(word)? * rarity().get(word)?))
                .sum();
            let named = !subjects.names_for(declared).is_empty();
            if declared.lists() && !subjects.kinds.is_empty() {
                // A kind without a name asks for all of them.
                score += if named { 1.0 } else { 3.0 };
            }
            if declared.lists() && !named && (subjects.everywhere || !subjects.namespaces.is_empty()) {
                // A place without a name asks for what is there.
                score += 1.5;
            }
            if named {
                score += 0.5 * declared.names_object;
            } else {
                // A tool for one object is the less likely where none is named.
                score *= 1.0 - declared.names_object / 2.0;
            }
            (score, declared)
        })
        .collect();
    scored.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    // "All todo pods" asks for several: beside the list, tools for one object only lead a small model astray.
    let asks_for_all = scored.first().is_some_and(|(_, first)| first.lists())
        && !subjects.kinds.is_empty()
        && words.said.iter().any(|word| matches!(word.as_ref(), "all" | "every" | "list"));
    scored
        .into_iter()
        .filter(|(_, declared)| !asks_for_all || declared.lists() || declared.names_object < 0.4)
        .enumerate()
        .filter(|(place, (score, _))| *place < FEWEST_TOOLS || *score >= best * LEAST_SHARE)
        .take(MOST_TOOLS)
        .map(|(_, (_, declared))| declared)
        .collect()
}

/// The stem of a word, or the catalog's stem it is a misspelling of.
fn known_form(word: &str) -> String {
    let form = stem(word);
    if rarity().contains_key(&form) || word.chars().count() < 4 {
        return form;
    }
    let mut near: Vec<&String> =
        rarity().keys().filter(|known| known.len() >= 3 && resembles(known, word)).collect();
    near.sort_by_key(|known| (strsim::osa_distance(known, &form), known.as_str()));
    near.first().map_or(form, |known| (*known).clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::model::tests::situation;

    fn names(request: &str) -> Vec<&'static str> {
        let words = Words::of(request);
        let subjects = Subjects::of(&words, &situation());
        candidates(&words, &subjects).iter().map(|declared| declared.tool.name()).collect()
    }

    #[test]
    fn the_logarithm_is_near_enough() {
        for (numerator, denominator) in [(1, 1), (91, 1), (91, 90), (91, 7), (17, 3), (4, 2)] {
            let exact = (f64::from(numerator) / f64::from(denominator)).ln();
            assert!((logarithm(numerator, denominator) - exact).abs() < 0.07, "{numerator}/{denominator}");
        }
    }

    #[test]
    fn the_right_tool_comes_first() {
        for (request, tool) in [
            ("scale the payments service up to 4", "scale"),
            ("sclae payments to four", "scale"),
            ("did the rollout of payments finish", "rollout_status"),
            ("display all ingresses", "list_resources"),
            ("recent events about payments", "get_events"),
            ("is anything wrong with my cluster's health", "analyze_health"),
            ("remove the payments job", "delete_resource"),
            ("tail the payments log", "get_logs"),
            ("bake an image of payments", "build_image"),
            ("is the payments dockerfile any good", "analyze_dockerfile"),
            ("roll out the payments chart", "apply_chart"),
        ] {
            assert_eq!(names(request).first(), Some(&tool), "{request}");
        }
    }

    #[test]
    fn a_request_without_a_known_word_still_gets_some_tools_and_never_many() {
        let some = names("asdf qwer zxcv");
        assert!(!some.is_empty() && some.len() <= MOST_TOOLS, "{some:?}");
    }
}
