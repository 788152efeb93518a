//! Examples made from the tools' own phrases, so that nobody has to write and keep any for a model.

use serde_json::{Map, Value, json};
use shipmate_tools::Call;

use super::argument::Role;
use super::declared::{Declared, class};
use super::offer::{Offer, as_json};
use super::pattern::{Element, Pattern};
use super::words::{resembles, stem};

/// What modifiers say, beside the phrase: an example need not have it.
const BESIDE: [Role; 3] = [Role::Namespace, Role::AllNamespaces, Role::Assignment];

/// A sentence and the call it means, for a tool that is offered: made from the phrase nearest to the request.
pub(super) fn of(declared: &Declared, offer: &Offer) -> Option<String> {
    let arguments = offer.offered(declared);
    let offered: Vec<&str> = arguments.iter().map(|(argument, ..)| argument.name.as_str()).collect();
    let needed: Vec<&str> = arguments
        .iter()
        .filter(|(argument, _, needed)| *needed && !BESIDE.contains(&argument.role))
        .map(|(argument, ..)| argument.name.as_str())
        .collect();
    let (_, sentence, arguments) = declared
        .phrases
        .iter()
        .filter_map(|phrase| make(phrase, offer, &offered, &needed))
        .min_by_key(|(distance, sentence, _)| (*distance, sentence.len()))?;
    Some(format!("{sentence} -> {}", as_json(&Call::new(declared.tool.name(), Value::Object(arguments)))))
}

/// The sentence, its arguments, and how far it is from the request: words it has too many, twice, less those
/// it shares. Nothing when it fills an argument that is not offered or misses one that is required.
fn make(
    phrase: &Pattern,
    offer: &Offer,
    offered: &[&str],
    needed: &[&str],
) -> Option<(i64, String, Map<String, Value>)> {
    let mut made = Made { words: Vec::new(), arguments: Map::new(), shared: 0, foreign: 0 };
    made.take(&phrase.elements, offer, offered);
    for (name, value) in &phrase.sets {
        made.arguments.insert(name.clone(), serde_json::from_str(value).unwrap_or_else(|_| json!(value)));
    }
    let fits = made.arguments.keys().all(|name| offered.contains(&name.as_str()));
    let whole = needed.iter().all(|name| made.arguments.contains_key(*name));
    (fits && whole && !made.words.is_empty() && made.shared >= made.foreign)
        .then(|| (made.foreign * 2 - made.shared, made.words.join(" "), made.arguments))
}

struct Made {
    words: Vec<String>,
    arguments: Map<String, Value>,
    shared: i64,
    foreign: i64,
}

impl Made {
    fn take(&mut self, elements: &[Element], offer: &Offer, offered: &[&str]) {
        for element in elements {
            match element {
                Element::Word(word) => self.word(word, offer),
                Element::Class(name) => {
                    let words = class(name);
                    let said =
                        words.iter().find(|word| offer.words.said.iter().any(|said| resembles(said, word)));
                    if let Some(word) = said.or_else(|| words.first()) {
                        self.word(word, offer);
                    }
                }
                Element::Choice { optional, options } => {
                    let best = options.iter().max_by_key(|option| shared(option, offer));
                    if let Some(option) = best
                        && (!optional || shared(option, offer) > 0)
                    {
                        // Of equals the first one stands for all.
                        let first =
                            options.first().filter(|first| shared(first, offer) == shared(option, offer));
                        self.take(first.unwrap_or(option), offer, offered);
                    }
                }
                Element::Slot { name, kind } => self.slot(name, kind, offered),
            }
        }
    }

    fn word(&mut self, word: &str, offer: &Offer) {
        if says(word, offer) {
            self.shared += 1;
        } else {
            self.foreign += 1;
        }
        self.words.push(word.to_owned());
    }

    fn slot(&mut self, name: &str, kind: &str, offered: &[&str]) {
        let (said, value) = match kind {
            "object" if name == "object" => {
                self.arguments.insert("name".to_owned(), json!("payments"));
                if offered.contains(&"kind") {
                    self.arguments.insert("kind".to_owned(), json!("deployment"));
                    self.words.push("the payments deployment".to_owned());
                } else {
                    self.words.push("payments".to_owned());
                }
                return;
            }
            "object" => ("payments", json!("payments")),
            "kinds" => ("ingresses", json!("ingresses")),
            "kind" => ("ingress", json!("ingress")),
            "count" => ("7", json!(7)),
            "duration" => ("45 minutes", json!("45m")),
            "quantity" => ("300Mi", json!("300Mi")),
            "namespace" => ("shop", json!("shop")),
            "path" => ("deploy/base", json!("deploy/base")),
            "image" | "tagged" => ("payments:1.9", json!("payments:1.9")),
            "variable" => ("MODE", json!("MODE")),
            "field" => ("minReadySeconds", json!("minReadySeconds")),
            "percent" => ("70%", json!(70)),
            "assignment" => ("MODE=fast", json!("MODE=fast")),
            "label" => ("tier=batch", json!("tier=batch")),
            _ => ("payments", json!("payments")),
        };
        self.words.push(said.to_owned());
        self.arguments.insert(name.to_owned(), value);
    }
}

fn says(word: &str, offer: &Offer) -> bool {
    let word = stem(word);
    offer.words.said.iter().any(|said| stem(said) == word)
}

fn shared(elements: &[Element], offer: &Offer) -> usize {
    let mut count = 0;
    let pattern = Pattern { elements: elements.to_vec(), sets: Vec::new() };
    pattern.each(&mut |element| {
        if let Element::Word(word) = element {
            count += usize::from(says(word, offer));
        }
    });
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::model::tests::situation;

    #[test]
    fn the_example_is_the_nearest_phrase_with_other_names() {
        for (request, example) in [
            (
                "scale the web deployment to 3",
                r#"scale the payments deployment to 7 -> {"tool":"scale","arguments":{"name":"payments","kind":"deployment","replicas":7}}"#,
            ),
            (
                "I need 4 replicas of web",
                r#"need 7 replicas of payments -> {"tool":"scale","arguments":{"replicas":7,"name":"payments"}}"#,
            ),
        ] {
            let offer = Offer::of(request, &situation());
            let scale = offer.tools.iter().find(|declared| declared.tool.name() == "scale").unwrap();
            assert_eq!(of(scale, &offer).as_deref(), Some(example));
        }
    }
}
