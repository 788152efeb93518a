//! What a model is offered for one request: the candidate tools, and of their arguments those the request
//! speaks of, each limited to what the request says.
//!
//! A server that is held to a JSON schema can then only answer with a well-formed call whose names, kinds,
//! namespaces and numbers stand in the request: a small model cannot invent a namespace it was not offered.
//! A server with native tool calls gets the tools whole, because models that have them use them well.

use serde_json::{Map, Value, json};
use shipmate_tools::Call;

use super::argument::{Argument, Role};
use super::declared::Declared;
use super::rank;
use super::schema::values_of;
use super::subjects::Subjects;
use super::words::{Words, amounts, parts, resembles, stem};
use crate::translate::Situation;
use crate::translate::phrasebook::numbers;

/// The name under which a model asks back.
pub(super) const ASK: &str = "ask";
/// The name under which a model says that nothing fits.
pub(super) const NONE: &str = "none";
/// Most calls one request becomes.
pub(super) const MOST_CALLS: usize = 4;
/// Longest free text an argument may have in an answer that is held to a schema, in characters.
const LONGEST_TEXT: usize = 200;
/// What "list" without a kind may mean.
const COMMON_KINDS: [&str; 6] = ["pods", "deployments", "services", "nodes", "namespaces", "all"];
/// Words that join two wishes.
const JOINING: &[&str] = &["and", "then", "afterwards", "after", "also", "&&"];

/// What a model is offered.
pub(super) struct Offer {
    /// The request's words.
    pub(super) words: Words,
    /// What it speaks about.
    pub(super) subjects: Subjects,
    /// The candidates, best first.
    pub(super) tools: Vec<&'static Declared>,
    /// Numbers that belong to no length of time.
    counts: Vec<u64>,
    durations: Vec<String>,
    quantities: Vec<String>,
}

impl Offer {
    /// For one request, as it is sent.
    pub(super) fn of(request: &str, situation: &Situation) -> Self {
        let words = Words::of(request);
        let subjects = Subjects::of(&words, situation);
        let tools = rank::candidates(&words, &subjects);
        let durations = amounts(&words, numbers::duration);
        let quantities = amounts(&words, numbers::quantity);
        let counts = words.counts();
        Self { words, subjects, tools, counts, durations, quantities }
    }

    /// Whether the request may want more than one call.
    pub(super) fn several(&self) -> bool {
        self.words.has_any(JOINING)
    }

    /// The schema that an answer in JSON is held to.
    pub(super) fn schema(&self) -> Value {
        let mut variants: Vec<Value> = self
            .tools
            .iter()
            .map(|declared| {
                let mut properties = Map::new();
                let mut required = Vec::new();
                for (argument, schema, needed) in self.offered(declared) {
                    properties.insert(argument.name.clone(), schema);
                    if needed {
                        required.push(argument.name.as_str());
                    }
                }
                variant(declared.tool.name(), &properties, &required)
            })
            .collect();
        let mut question = Map::new();
        question.insert("question".to_owned(), json!({"type": "string", "maxLength": LONGEST_TEXT}));
        variants.push(variant(ASK, &question, &["question"]));
        variants.push(variant(NONE, &Map::new(), &[]));
        let one = json!({"anyOf": variants});
        if self.several() {
            json!({
                "type": "object",
                "properties": {"calls": {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_CALLS}},
                "required": ["calls"],
                "additionalProperties": false
            })
        } else {
            one
        }
    }

    /// A line for each tool, for a server that is held to the schema but does not show it to the model.
    pub(super) fn lines(&self) -> String {
        let mut lines: Vec<String> = self
            .tools
            .iter()
            .map(|declared| {
                let arguments: Vec<&str> =
                    self.offered(declared).iter().map(|(argument, ..)| argument.name.as_str()).collect();
                format!("{}({}): {}", declared.tool.name(), arguments.join(", "), declared.brief)
            })
            .collect();
        lines.push(format!("{ASK}(question): Something is missing"));
        lines.push(format!("{NONE}(): No tool fits"));
        lines.join("\n")
    }

    /// What is known about words of the request, a line each.
    pub(super) fn hints(&self) -> String {
        let listing = self.tools.first().is_some_and(|first| first.lists());
        let also = self.subjects.also_namespaces.iter().filter(|_| listing);
        let namespaces: Vec<&str> = self.subjects.namespaces.iter().chain(also).map(String::as_str).collect();
        let mut hints = match namespaces.as_slice() {
            [] => Vec::new(),
            [one] => vec![format!("\"{one}\" is a namespace.")],
            several => vec![format!("Namespaces: {}.", several.join(", "))],
        };
        hints.extend(
            self.subjects.misspelt.iter().map(|(typed, meant)| format!("\"{typed}\" means {meant}.")),
        );
        hints.join("\n")
    }

    /// The candidates as native tool definitions, whole.
    pub(super) fn definitions(&self) -> Vec<Value> {
        let mut definitions: Vec<Value> = self
            .tools
            .iter()
            .map(|declared| {
                let mut schema = declared.tool.schema();
                if let Some(map) = schema.as_object_mut() {
                    map.shift_remove("description");
                    map.shift_remove("title");
                }
                let example = super::example::of(declared, self)
                    .map(|said| format!(" Example: {said}"))
                    .unwrap_or_default();
                function(declared.tool.name(), &format!("{}.{example}", declared.summary), &schema)
            })
            .collect();
        let text = |name: &str| json!({"type": "object", "properties": {name: {"type": "string"}}, "required": [name], "additionalProperties": false});
        definitions.push(function(ASK, "Ask for what is missing.", &text("question")));
        definitions.push(function(NONE, "No tool does what is asked.", &text("reason")));
        definitions
    }

    /// The arguments the request speaks of, each with what it may be, and whether an answer must have it.
    pub(super) fn offered<'d>(&self, declared: &'d Declared) -> Vec<(&'d Argument, Value, bool)> {
        declared
            .arguments
            .iter()
            .filter_map(|argument| {
                let (schema, sure) = self.offer(declared, argument)?;
                Some((argument, schema, argument.required || sure))
            })
            .collect()
    }

    /// What an argument may be, and whether the request surely means it; nothing when it does not speak of it.
    fn offer(&self, declared: &Declared, argument: &Argument) -> Option<(Value, bool)> {
        let leaf = |values: Vec<String>| fit(&argument.schema, json!({"type": "string", "enum": values}));
        let free = || (argument.schema.clone(), false);
        let offered = match argument.role {
            Role::Name => {
                let names = self.subjects.names_for(declared);
                let main = argument.name == "name";
                let owner =
                    declared.arguments.iter().any(|other| other.role == Role::Name && other.name != "name");
                // Another object than the one the tool is about: "pods of the worker".
                let owned = self.subjects.owned && owner;
                let meant = if main { !owned } else { owned || self.speaks_of(argument) };
                let sure = owned || main && declared.names_object > 0.6;
                ((meant || argument.required) && !names.is_empty()).then(|| (leaf(names), sure))
            }
            Role::Kind => {
                let kinds: Vec<String> = self.subjects.kinds.iter().map(|kind| kind.0.clone()).collect();
                (!kinds.is_empty()).then(|| (leaf(kinds), false))
            }
            Role::Kinds => Some((leaf(self.kinds(argument)), false)),
            Role::Namespace => {
                let namespaces = self.subjects.namespaces_for(declared);
                let sure = namespaces.len() == 1;
                (!namespaces.is_empty()).then(|| (leaf(namespaces), sure))
            }
            Role::AllNamespaces => {
                let sure = self.subjects.namespaces.is_empty();
                self.subjects.everywhere.then(|| (json!({"type": "boolean", "enum": [true]}), sure))
            }
            Role::Count => {
                (!self.counts.is_empty()).then(|| (json!({"type": "integer", "enum": self.counts}), false))
            }
            Role::Duration => (!self.durations.is_empty()).then(|| (leaf(self.durations.clone()), false)),
            Role::Quantity => (!self.quantities.is_empty()).then(|| (leaf(self.quantities.clone()), false)),
            Role::Path => self
                .said_as(declared, argument, looks_like_path)
                .map(|paths| (leaf(paths), is_subject(declared, argument))),
            Role::Image => self
                .said_as(declared, argument, looks_like_image)
                .map(|images| (leaf(images), self.speaks_of(argument))),
            Role::Word => match self.given(argument) {
                values if !values.is_empty() => Some((leaf(values), false)),
                _ => self
                    .said_as(declared, argument, |_| false)
                    .map(|words| (leaf(words), is_subject(declared, argument))),
            },
            Role::Assignment => {
                let pairs = self.typed(|word| word.contains('='));
                let only =
                    declared.arguments.iter().filter(|other| other.role == Role::Assignment).count() == 1;
                (!pairs.is_empty()).then(|| (leaf(pairs), only))
            }
            Role::Plain => self.speaks_of(argument).then(|| (bounded(&argument.schema), false)),
        };
        offered.or_else(|| argument.required.then(free))
    }

    /// Words that look like the argument; else the values that phrases with words of the request give it, and,
    /// where phrases take a word for it or the request speaks of it, every possible name.
    fn said_as(
        &self,
        declared: &Declared,
        argument: &Argument,
        looks: impl Fn(&str) -> bool,
    ) -> Option<Vec<String>> {
        let alike = self.typed(looks);
        let most =
            declared.arguments.iter().filter(|other| other.role == argument.role).map(|other| other.share);
        let foremost = argument.share >= most.fold(0.0, f64::max);
        if !alike.is_empty() && is_subject(declared, argument) {
            return Some(alike.into_iter().chain(self.subjects.names_for(declared)).collect());
        }
        if !alike.is_empty() && (foremost || argument.required || self.speaks_of(argument)) {
            return Some(alike);
        }
        let mut words = self.given(argument);
        let subject = declared.arguments.iter().find(|other| is_subject(declared, other));
        let taken =
            subject.map_or(argument.share > 0.0 && declared.lists(), |subject| subject.name == argument.name);
        if argument.required || taken || self.speaks_of(argument) {
            let file =
                |word: &String| argument.role == Role::Word && looks_like_path(word) && !word.contains('/');
            words.extend(self.subjects.names_for(declared).into_iter().filter(|word| !file(word)));
        }
        if words.is_empty() && argument.required {
            // "the manifests folder": words about the tool are the only ones there are.
            words.extend(self.subjects.all_names().cloned());
        }
        (!words.is_empty()).then_some(words)
    }

    /// The values that phrases give an argument, as far as the request has words of these phrases.
    fn given(&self, argument: &Argument) -> Vec<String> {
        let said: Vec<String> = self.telling().map(stem).collect();
        let spoken = argument.values.iter().filter(|(_, stems)| said.iter().any(|word| stems.contains(word)));
        spoken.map(|(value, _)| value.clone()).collect()
    }

    fn typed(&self, looks: impl Fn(&str) -> bool) -> Vec<String> {
        let quoted = self.words.quoted.iter().filter(|quoted| !quoted.contains(char::is_whitespace));
        self.words.typed.iter().chain(quoted).filter(|word| looks(word)).cloned().collect()
    }

    fn kinds(&self, argument: &Argument) -> Vec<String> {
        let mut kinds: Vec<String> = self.subjects.kinds.iter().map(|kind| kind.1.clone()).collect();
        if kinds.is_empty() {
            kinds = self.given(argument);
            kinds.extend(COMMON_KINDS.iter().map(|kind| (*kind).to_owned()));
            kinds.dedup();
        } else if kinds.len() > 1 {
            kinds.insert(0, kinds.join(","));
        }
        kinds
    }

    /// The words that may speak of an argument: the name of a kind speaks of the kind.
    fn telling(&self) -> impl Iterator<Item = &str> {
        self.words.said.iter().filter(|said| !self.subjects.says_kind(said)).flat_map(|said| parts(said))
    }

    /// Whether a word of the request speaks of an argument.
    pub(super) fn speaks_of(&self, argument: &Argument) -> bool {
        let values = values_of(&argument.schema);
        self.telling().any(|said| {
            argument.cues.contains(&stem(said)) || values.iter().any(|value| resembles(value, said))
        })
    }
}

/// `manifests/web.yaml`, `./api`; not `web:1.2`, `a.b=c` or `1.2.0`.
fn looks_like_path(word: &str) -> bool {
    let ending = word.rsplit_once('.').map(|(_, ending)| ending);
    let file = ending.is_some_and(|ending| {
        (2..=5).contains(&ending.len()) && ending.chars().all(|c| c.is_ascii_alphabetic())
    });
    !word.contains([':', '=']) && (word.contains('/') || word == "." || file)
}

/// `web:1.2`, `registry.local/web`, `1.2.0`, `v3`.
fn looks_like_image(word: &str) -> bool {
    let version = word.strip_prefix('v').unwrap_or(word);
    let version = version.starts_with(|c: char| c.is_ascii_digit())
        && (version.contains('.') || version.len() < word.len());
    !word.contains('=')
        && (word.contains(':') || word.contains('/') && !word.starts_with(['.', '/']) || version)
}

/// Whether an argument is what its tool is about: the slot that most phrases have, where they name no object.
fn is_subject(declared: &Declared, argument: &Argument) -> bool {
    let most = declared.arguments.iter().map(|other| other.share).fold(0.0, f64::max);
    declared.names_object < 0.5 && argument.share >= 0.3 && argument.share >= most
}

/// A call of a tool in the form the schema asks for.
pub(super) fn as_json(call: &Call) -> String {
    json!({"tool": call.tool, "arguments": call.arguments}).to_string()
}

fn variant(tool: &str, properties: &Map<String, Value>, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": {
            "tool": {"const": tool},
            "arguments": {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false
            }
        },
        "required": ["tool", "arguments"],
        "additionalProperties": false
    })
}

fn function(name: &str, description: &str, parameters: &Value) -> Value {
    json!({"type": "function", "function": {"name": name, "description": description, "parameters": parameters}})
}

/// A leaf in the shape of the argument's own schema: itself, or a list of it.
fn fit(schema: &Value, leaf: Value) -> Value {
    if schema.get("type").is_some_and(|kind| kind == "array") {
        json!({"type": "array", "items": leaf, "minItems": 1, "maxItems": MOST_CALLS})
    } else {
        leaf
    }
}

/// A schema whose free strings have an end, because a small model may never find one.
fn bounded(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(map) = schema.as_object_mut()
        && map.get("type").is_some_and(|kind| kind == "string")
        && !map.contains_key("enum")
    {
        map.insert("maxLength".to_owned(), json!(LONGEST_TEXT));
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::model::declared::tools;
    use crate::translate::model::tests::situation;

    fn scale(request: &str) -> (Vec<String>, Value) {
        let offer = Offer::of(request, &situation());
        let declared = offer.tools.iter().find(|declared| declared.tool.name() == "scale").unwrap();
        let names = offer.offered(declared).iter().map(|(argument, ..)| argument.name.clone()).collect();
        let schema = offer.schema();
        let variants = schema["anyOf"].as_array().cloned().unwrap_or_default();
        let own = variants.into_iter().find(|variant| variant["properties"]["tool"]["const"] == "scale");
        (names, own.unwrap_or_default()["properties"]["arguments"]["properties"].clone())
    }

    #[test]
    fn what_is_not_said_is_not_offered() {
        let (names, schema) = scale("scale the payments to four replicas");
        assert_eq!(names, ["name", "replicas"]);
        assert_eq!(schema["replicas"], json!({"type": "integer", "enum": [4]}));
        assert_eq!(schema["name"]["enum"], json!(["payments"]));
    }

    #[test]
    fn what_is_said_is_offered() {
        let (names, schema) = scale("scale statefulset db in staging to 2");
        assert_eq!(names, ["kind", "name", "namespace", "replicas"]);
        assert_eq!(schema["kind"]["enum"], json!(["statefulset"]));
        assert_eq!(schema["namespace"]["enum"], json!(["staging"]));
    }

    #[test]
    fn several_wishes_may_become_several_calls() {
        let offer = Offer::of("scale web to 3 and tell me when the rollout is done", &situation());
        assert_eq!(offer.schema()["properties"]["calls"]["maxItems"], json!(MOST_CALLS));
    }

    fn offered(tool: &str, request: &str) -> String {
        let offer = Offer::of(request, &situation());
        let declared = tools().iter().find(|declared| declared.tool.name() == tool).unwrap();
        let parts = offer.offered(declared).into_iter().map(|(argument, schema, needed)| {
            let values = schema.get("enum").map_or_else(|| "free".to_owned(), Value::to_string);
            format!("{}{}={values}", argument.name, if needed { "!" } else { "" })
        });
        parts.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_request_speaks_of_an_argument_in_the_words_of_the_phrases() {
        insta::assert_snapshot!(
            [
                offered("list_resources", "all shop jobs"),
                offered("list_resources", "ingresses in every namespace, oldest first"),
                offered("list_resources", "jobs of the importer"),
                offered("delete_resource", "remove the staging importer"),
                offered("get_logs", "importer logs of the last 20 minutes"),
                offered("get_logs", "last 20 lines of importer in staging, before it crashed"),
                offered("build_image", "build the importer image as registry.local/importer:2 from scratch"),
                offered("apply_manifest", "apply base/importer.yaml"),
                offered("apply_chart", "deploy the importer chart with web.replicas=2"),
            ]
            .join("\n"),
            @r#"
        kinds!=["jobs"] namespace!=["shop"]
        kinds!=["ingresses"] all_namespaces!=[true] sort=["newest","oldest","restarts"]
        kinds!=["jobs"] of!=["importer"]
        name!=["importer"] namespace!=["staging"]
        name!=["importer"] since=["20m"] grep=["error"]
        name!=["importer"] namespace!=["staging"] tail=[20] previous=free grep=["error","warn"]
        subject!=["importer","registry.local/importer:2"] tag=["registry.local/importer:2"] no_cache=free
        path!=["base/importer.yaml","base/importer.yaml"]
        chart!=["importer"] set!=free
        "#
        );
    }
}
