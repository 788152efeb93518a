//! What to say when a request is not understood: which words are unknown, and what could be meant.

use shipmate_tools::catalog;

use super::Understanding;
use super::normalise::Shape;
use super::request::Request;
use super::vocabulary::Role;

/// A request that works everywhere.
pub(super) const EXAMPLE: &str = "\"show all pods\" or \"scale the web deployment to 3\"";

/// How many things that could be meant are named.
const SUGGESTIONS: usize = 3;

/// The answer to a request that no reading accounts for.
pub(super) fn not_understood(request: &Request<'_>) -> Understanding {
    let unknown: Vec<String> = request
        .tokens
        .iter()
        .zip(&request.facts)
        .filter(|(token, facts)| {
            token.shape == Shape::Word
                && facts.id.is_none()
                && facts.kind.is_none()
                && facts.bases.is_empty()
                && !facts.namespace
                && token.word.chars().any(char::is_alphabetic)
                && !super::numbers::is_number(&token.word)
        })
        .map(|(token, _)| format!("\"{}\"", shortened(&token.text)))
        .take(4)
        .collect();
    let mut text = if unknown.is_empty() {
        "I know these words, but not what they ask for together".to_owned()
    } else {
        format!(
            "I did not understand this request ({} may be a name, or a word I do not know)",
            unknown.join(", ")
        )
    };
    text.push_str(". Nothing was done. What I could do instead: ");
    let nearest: Vec<String> =
        nearest(request).into_iter().map(|(name, phrase)| format!("{name} (say: {phrase})")).collect();
    text.push_str(&nearest.join("; "));
    text.push_str(". `shipmate tools` lists everything.");
    Understanding::NotUnderstood(text)
}

fn shortened(text: &str) -> String {
    if text.chars().count() > 30 { text.chars().take(29).chain(['…']).collect() } else { text.to_owned() }
}

/// What is offered when nothing in a request sounds like any tool.
const USUAL: [&str; SUGGESTIONS] = ["list_resources", "get_logs", "scale"];

/// The tools whose phrases share most words with the request, each with the plainest phrase that does.
fn nearest(request: &Request<'_>) -> Vec<(&'static str, String)> {
    let vocabulary = &request.library.vocabulary;
    let has = |id| request.has_word(id) && !vocabulary.role(id).is(Role::FUNCTION);
    let mut ranked: Vec<(usize, &'static str, &str)> = request
        .library
        .tools
        .iter()
        .filter_map(|tool| {
            // The first of the best: a tool's plainest phrases come first.
            let (shared, phrase) = tool
                .phrases()
                .iter()
                .filter(|phrase| !phrase.typed)
                .map(|phrase| (phrase.shared(has), phrase.source()))
                .rev()
                .max_by_key(|(shared, _)| *shared)?;
            (shared > 0).then_some((shared, tool.name, phrase))
        })
        .collect();
    ranked.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    if ranked.is_empty() {
        let usual = USUAL.iter().filter_map(|name| catalog::find(name));
        return usual
            .filter_map(|tool| tool.phrases().first().map(|phrase| (tool.name(), example(phrase))))
            .collect();
    }
    ranked.into_iter().take(SUGGESTIONS).map(|(_, name, phrase)| (name, example(phrase))).collect()
}

/// A sentence that fits a pattern: first alternatives, nothing optional, plausible values.
pub(super) fn example(pattern: &str) -> String {
    let text = pattern.split("=>").next().unwrap_or(pattern);
    let mut words = String::new();
    let mut characters = text.chars().peekable();
    // One entry per open "(": whether its first alternative is over.
    let mut over: Vec<bool> = Vec::new();
    let mut optional = 0_usize;
    while let Some(character) = characters.next() {
        match character {
            '(' => over.push(over.last().copied().unwrap_or(false)),
            ')' => {
                over.pop();
            }
            '[' => optional += 1,
            ']' => optional = optional.saturating_sub(1),
            '|' => {
                if let Some(last) = over.last_mut() {
                    *last = true;
                }
            }
            _ if optional > 0 || over.last().copied().unwrap_or(false) => {}
            '<' => {
                let class: String = characters.by_ref().take_while(|c| *c != '>').collect();
                words.push_str(&class);
            }
            '{' => {
                let slot: String = characters.by_ref().take_while(|c| *c != '}').collect();
                words.push_str(match slot.rsplit(':').next().unwrap_or_default() {
                    "object" => "the web deployment",
                    "kinds" => "pods",
                    "kind" => "pod",
                    "count" => "3",
                    "duration" => "10 minutes",
                    "quantity" => "128Mi",
                    "path" => "./manifests",
                    "image" | "tagged" => "web:1.2",
                    "variable" => "LOG_LEVEL",
                    "field" => "minReadySeconds",
                    "percent" => "80%",
                    "assignment" => "replicas=3",
                    "label" => "app=web",
                    "namespace" => "staging",
                    _ => "web",
                });
            }
            other => words.push(other),
        }
    }
    format!("\"{}\"", words.split_whitespace().collect::<Vec<_>>().join(" "))
}
