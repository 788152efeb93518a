//! Fields by the cluster's own schema: where a field stands that was named without its path, what it takes, and
//! which name comes nearest when there is none of that name.

use futures::future::BoxFuture;
use http::Request;
use serde_json::Value;
use std::collections::VecDeque;

use crate::error::{Result, ToolError};
use crate::slot::{Inside, Question};

use super::cluster::Cluster;
use super::cron_words::cron_schedule;
use super::field::friendly_paths;
use super::field_path::{FieldPath, Step};

/// How deep a field that is named without its path is looked for; containers' fields are six deep.
const DEPTH: usize = 8;

/// The parts of an object that a person writes; the status is the cluster's.
const WRITTEN: [&str; 6] = ["spec", "metadata", "data", "rules", "subjects", "webhooks"];

/// The schemas of one group and version.
struct Schemas(Value);

impl Schemas {
    /// Reads the schemas of an object's API version; none where the cluster publishes none.
    async fn read(cluster: &Cluster, api_version: &str) -> Result<Option<Self>> {
        let place = if api_version.contains('/') { "apis" } else { "api" };
        let request = Request::get(format!("/openapi/v3/{place}/{api_version}"))
            .body(Vec::new())
            .map_err(|error| ToolError::Fatal(error.to_string()))?;
        let doing = format!("read the schema of {api_version}");
        match cluster.ask(&doing, cluster.client().request::<Value>(request)).await {
            Ok(document) => Ok(Some(Self(document))),
            Err(error) if error.kind() == crate::error::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The schema of a kind.
    fn kind(&self, kind: &str) -> Option<&Value> {
        let all = self.0.pointer("/components/schemas")?.as_object()?;
        all.values().find(|schema| {
            let kinds = schema.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
            schema.get("properties").is_some()
                && kinds
                    .into_iter()
                    .flatten()
                    .any(|one| one.get("kind").and_then(Value::as_str) == Some(kind))
        })
    }

    /// The schema itself, where one refers to another.
    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let mut here = schema;
        for _ in 0..DEPTH {
            let link = here.get("$ref").or_else(|| here.pointer("/allOf/0/$ref")).and_then(Value::as_str);
            let Some(name) = link.and_then(|link| link.rsplit('/').next()) else { break };
            let Some(next) = self.0.pointer("/components/schemas").and_then(|all| all.get(name)) else {
                break;
            };
            here = next;
        }
        here
    }

    fn property<'s>(&'s self, schema: &'s Value, name: &str) -> Option<&'s Value> {
        let schema = self.resolved(schema);
        let known = schema.get("properties").and_then(|properties| properties.get(name));
        known.or_else(|| schema.get("additionalProperties")).map(|found| self.resolved(found))
    }

    /// The schema at a path; `Err` with the name that nothing is called, and the names there are.
    fn at<'s>(&'s self, root: &'s Value, path: &FieldPath) -> Result<&'s Value, (String, Vec<String>)> {
        let mut here = self.resolved(root);
        for step in path.steps() {
            let next = match step {
                Step::Key(name) | Step::Named(name) if here.get("items").is_none() => {
                    self.property(here, name)
                }
                _ => here.get("items").map(|items| self.resolved(items)),
            };
            here = match next {
                Some(next) => next,
                // What keeps anything has no names of its own.
                None if here.get("x-kubernetes-preserve-unknown-fields").is_some() => return Ok(here),
                None => {
                    let names = here.get("properties").and_then(Value::as_object);
                    let names = names.map(|map| map.keys().cloned().collect()).unwrap_or_default();
                    return Err((FieldPath::of(vec![step.clone()]).to_string(), names));
                }
            };
        }
        Ok(here)
    }

    /// The shallowest places of a field of this name, in any case, and every name on the way for suggestions.
    fn search(&self, root: &Value, name: &str) -> (Vec<Vec<String>>, Vec<String>) {
        let wanted = name.to_lowercase();
        let (mut found, mut names) = (Vec::new(), Vec::new());
        let mut queue: VecDeque<(Vec<String>, &Value)> = VecDeque::from([(Vec::new(), self.resolved(root))]);
        while let Some((way, schema)) = queue.pop_front() {
            if found.first().is_some_and(|shallow: &Vec<String>| way.len() >= shallow.len()) {
                break;
            }
            let schema = schema.get("items").map_or(schema, |items| self.resolved(items));
            for (key, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if way.is_empty() && !WRITTEN.contains(&key.as_str()) {
                    continue;
                }
                let mut way = way.clone();
                way.push(key.clone());
                if key.to_lowercase() == wanted {
                    found.push(way);
                } else if way.len() < DEPTH {
                    names.push(key.clone());
                    queue.push_back((way, self.resolved(inner)));
                }
            }
        }
        (found, names)
    }
}

/// Where a field stands, and what its value is there.
#[derive(Debug)]
pub struct WhichField<'a> {
    /// The path or name as it was said; the whole path when found.
    pub path: &'a mut String,
    /// The value as it was said; as JSON of the right type when found.
    pub value: Option<&'a mut String>,
}

impl WhichField<'_> {
    async fn settle(&mut self, object: &Value, cluster: &Cluster) -> Result<Option<Question>> {
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
        let api_version = object.get("apiVersion").and_then(Value::as_str).unwrap_or("v1");
        let schemas = Schemas::read(cluster, api_version).await?;
        let root = schemas.as_ref().and_then(|schemas| schemas.kind(kind));
        let known = schemas.as_ref().zip(root);
        if let Err(question) = self.find_path(object, kind, known) {
            return Ok(Some(question));
        }
        let path = FieldPath::parse(self.path)?;
        let types = match known.map(|(schemas, root)| schemas.at(root, &path)) {
            Some(Err((name, names))) => {
                return Ok(Some(no_field(kind, &name, &names)));
            }
            Some(Ok(schema)) => Some(schema),
            None => None,
        };
        Ok(self.fit_value(kind, &path, types))
    }

    /// Completes a bare name to a path.
    fn find_path(
        &mut self,
        object: &Value,
        kind: &str,
        known: Option<(&Schemas, &Value)>,
    ) -> Result<(), Question> {
        let said = self.path.trim().trim_start_matches('.').to_owned();
        let first = said.split(['.', '[']).next().unwrap_or_default();
        if WRITTEN.contains(&first) || first == "status" {
            *self.path = said;
            return Ok(());
        }
        let mut places: Vec<Vec<String>> = friendly_paths(kind, &said)
            .into_iter()
            .flatten()
            .map(|path| path.split('.').filter(|step| *step != "*").map(str::to_owned).collect())
            .filter(|way: &Vec<String>| way.first().is_some_and(|first| first != "status"))
            .collect();
        let mut names = Vec::new();
        if places.is_empty()
            && let Some((schemas, root)) = known
        {
            (places, names) = schemas.search(root, &said);
            // A container is one that serves, unless somebody says otherwise.
            if places.iter().any(|way| way.iter().any(|key| key == "containers")) {
                places.retain(|way| {
                    !way.iter().any(|key| key == "initContainers" || key == "ephemeralContainers")
                });
            }
        }
        match places.as_slice() {
            [way] => match through(object, way) {
                Ok(path) => {
                    *self.path = path.to_string();
                    Ok(())
                }
                Err(question) => Err(question),
            },
            [] => Err(no_field(kind, &said, &names)),
            several => Err(Question {
                question: format!("{said} stands in several places of a {kind}: which one is meant?"),
                choices: several
                    .iter()
                    .filter_map(|way| through(object, way).ok())
                    .map(|path| (path.to_string(), "path", path.to_string()))
                    .collect(),
            }),
        }
    }

    /// Makes the value what the field takes.
    fn fit_value(&mut self, kind: &str, path: &FieldPath, schema: Option<&Value>) -> Option<Question> {
        let value = self.value.as_mut()?;
        let names = path.names();
        if kind == "CronJob" && names == ["spec", "schedule"] {
            let plain = serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_string());
            return match cron_schedule(&plain) {
                Some(cron) => {
                    **value = cron;
                    None
                }
                None => Some(Question {
                    question: format!(
                        "What is {plain:?} as a cron schedule? Say it with five fields, such as \"0 */6 * * *\""
                    ),
                    choices: Vec::new(),
                }),
            };
        }
        let kinds = schema?.get("type").and_then(Value::as_str)?;
        let either = schema?.get("x-kubernetes-int-or-string").is_some()
            || schema?.get("format").and_then(Value::as_str) == Some("int-or-string");
        let parsed: Option<Value> = serde_json::from_str(value).ok();
        match (kinds, &parsed) {
            ("string", Some(parsed)) if !parsed.is_string() && !either => {
                **value = Value::String(value.to_string()).to_string();
            }
            ("boolean", None) => {
                **value = match value.to_lowercase().as_str() {
                    "yes" | "on" | "enabled" => "true".to_owned(),
                    "no" | "off" | "disabled" => "false".to_owned(),
                    _ => value.to_string(),
                };
            }
            _ => {}
        }
        None
    }
}

/// The path along `way` in an object: where a list stands in between, its only item.
fn through(object: &Value, way: &[String]) -> Result<FieldPath, Question> {
    let mut steps = Vec::new();
    let mut here = Some(object);
    for (index, key) in way.iter().enumerate() {
        steps.push(Step::Key(key.clone()));
        here = here.and_then(|here| here.get(key));
        let last = index + 1 == way.len();
        if let (Some(Value::Array(items)), false) = (here, last) {
            let step_of = |(index, item): (usize, &Value)| {
                item.get("name")
                    .and_then(Value::as_str)
                    .map_or(Step::Number(index), |name| Step::Named(name.to_owned()))
            };
            let rest: Vec<Step> = way.iter().skip(index + 1).cloned().map(Step::Key).collect();
            match items.as_slice() {
                [one] => {
                    steps.push(step_of((0, one)));
                    here = Some(one);
                }
                several => {
                    let choices = several.iter().enumerate().map(|item| {
                        let whole = steps.iter().cloned().chain([step_of(item)]).chain(rest.iter().cloned());
                        let path = FieldPath::of(whole.collect()).to_string();
                        (path.clone(), "path", path)
                    });
                    return Err(Question {
                        question: format!(
                            "{} holds {} items: of which one?",
                            FieldPath::of(steps.clone()),
                            several.len()
                        ),
                        choices: choices.collect(),
                    });
                }
            }
        }
    }
    Ok(FieldPath::of(steps))
}

fn no_field(kind: &str, name: &str, names: &[String]) -> Question {
    let wanted = name.trim_start_matches('.').to_lowercase();
    let mut near: Vec<&String> = names.iter().collect();
    near.sort_by_key(|known| strsim::damerau_levenshtein(&known.to_lowercase(), &wanted));
    near.dedup();
    near.truncate(3);
    let near: Vec<&str> = near.into_iter().map(String::as_str).collect();
    let nearest = if near.is_empty() { String::new() } else { format!(" Nearest: {}.", near.join(", ")) };
    Question {
        question: format!("A {kind} has no field called {name:?}. Which field is meant?{nearest}"),
        choices: Vec::new(),
    }
}

impl Inside for WhichField<'_> {
    fn fill<'f>(
        &'f mut self,
        object: &'f Value,
        cluster: &'f Cluster,
    ) -> BoxFuture<'f, Result<Option<Question>>> {
        Box::pin(async move { self.settle(object, cluster).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::mock::answering;
    use serde_json::json;

    fn cluster() -> Cluster {
        answering(|uri| {
            assert!(uri.starts_with("/openapi/v3/apis/"), "{uri}");
            json!({"components": {"schemas": {
                "Deployment": {"x-kubernetes-group-version-kind": [{"group": "apps", "kind": "Deployment", "version": "v1"}],
                    "properties": {"spec": {"allOf": [{"$ref": "#/components/schemas/Spec"}]}, "status": {"properties": {"minReadySeconds": {}}}}},
                "Spec": {"properties": {"minReadySeconds": {"type": "integer"}, "paused": {"type": "boolean"}, "note": {"type": "string"},
                    "containers": {"type": "array", "items": {"$ref": "#/components/schemas/Container"}}}},
                "Container": {"properties": {"name": {"type": "string"}, "tty": {"type": "boolean"}}}
            }}})
        })
    }

    fn object(containers: &Value) -> Value {
        json!({"kind": "Deployment", "apiVersion": "apps/v1", "spec": {"containers": containers}})
    }

    async fn settled(path: &str, value: &str, object: &Value) -> (String, String, Option<String>) {
        let (mut path, mut value) = (path.to_owned(), value.to_owned());
        let mut which = WhichField { path: &mut path, value: Some(&mut value) };
        let question = which.settle(object, &cluster()).await.unwrap();
        (path, value, question.map(|question| question.question))
    }

    #[tokio::test]
    async fn a_bare_name_becomes_its_path() {
        let one = object(&json!([{"name": "web"}]));
        let found = settled("minreadyseconds", "10", &one).await;
        assert_eq!((found.0.as_str(), found.2), ("spec.minReadySeconds", None));
        assert_eq!(settled("tty", "on", &one).await.0, "spec.containers[web].tty");
        let (_, _, question) = settled("tty", "on", &object(&json!([{"name": "a"}, {"name": "b"}]))).await;
        assert_eq!(question.as_deref(), Some("spec.containers holds 2 items: of which one?"));
    }

    #[tokio::test]
    async fn values_become_what_the_field_takes() {
        let one = object(&json!([{"name": "web"}]));
        assert_eq!(settled("spec.note", "10", &one).await.1, "\"10\"");
        assert_eq!(settled("spec.paused", "yes", &one).await.1, "true");
        assert_eq!(settled("spec.minReadySeconds", "10", &one).await.1, "10");
    }

    #[tokio::test]
    async fn what_the_kind_does_not_have_is_asked_with_the_nearest() {
        let one = object(&json!([{"name": "web"}]));
        let (_, _, question) = settled("minReadySecond", "1", &one).await;
        assert!(question.is_some_and(|text| text.contains("Nearest: minReadySeconds")));
        let (_, _, question) = settled("spec.pausd", "true", &one).await;
        assert!(question.is_some_and(|text| text.contains("paused")));
    }
}
