//! What the cluster itself says about a kind's fields: its OpenAPI v3 documents, one a group and version.
//!
//! Custom resources are in there like built-in ones, and the words are those of the version that runs, which
//! is more than any copy of the documentation can say.

use serde_json::Value;

use crate::error::{ErrorKind, Feedback, Result};

use super::cluster::Cluster;
use super::kinds::ResourceType;

/// How deep fields are listed; some schemas contain themselves.
const DEEPEST: usize = 16;

/// The schema of one kind, within the document that defines what it refers to.
#[derive(Debug, Clone)]
pub struct Schema {
    document: Value,
    root: Value,
    kind: String,
}

/// A field, described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaField {
    /// Its name.
    pub name: String,
    /// Its type as people read it: `string`, `Container[]`, `map[string]string`.
    pub type_name: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it is for.
    pub description: String,
    /// The values it can have, when they are listed.
    pub values: Vec<String>,
    /// How many levels below the field that was asked for; 0 for its own fields.
    pub depth: usize,
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The field itself, or the kind when the path is empty.
    pub field: SchemaField,
    /// Its fields.
    pub fields: Vec<SchemaField>,
}

impl Cluster {
    /// The schema of a kind.
    ///
    /// # Errors
    /// `NotFound` when the cluster publishes none, else as [`Cluster::ask`].
    pub async fn schema(&self, resource: &ResourceType) -> Result<Schema> {
        let path = if resource.group.is_empty() {
            format!("/openapi/v3/api/{}", resource.version)
        } else {
            format!("/openapi/v3/apis/{}/{}", resource.group, resource.version)
        };
        let request = http::Request::get(path)
            .body(Vec::new())
            .map_err(|error| crate::error::ToolError::Fatal(error.to_string()))?;
        let doing = format!("read the documentation of {}", resource.plural);
        let document: Value = self.ask(&doing, self.client().request(request)).await?;
        Schema::of(document, resource).ok_or_else(|| {
            Feedback::new(
                ErrorKind::NotFound,
                format!("the cluster publishes no documentation of {}", resource.word()),
            )
            .next("look at an object of it instead, as YAML")
            .into()
        })
    }
}

impl Schema {
    fn of(document: Value, resource: &ResourceType) -> Option<Self> {
        let is_it = |schema: &&Value| {
            let names = schema.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
            names.into_iter().flatten().any(|name| {
                let part = |key: &str| name.get(key).and_then(Value::as_str).unwrap_or_default();
                part("group") == resource.group
                    && part("version") == resource.version
                    && part("kind") == resource.kind
            })
        };
        let schemas = document.pointer("/components/schemas").and_then(Value::as_object)?;
        let root = schemas.values().find(is_it)?.clone();
        Some(Self { document, root, kind: resource.kind.clone() })
    }

    /// What stands at a path such as `spec.strategy`; an empty one is the kind itself. Lists and maps are
    /// stepped through: `spec.containers.image`.
    ///
    /// # Errors
    /// `NotFound` with the nearest fields.
    pub fn describe(&self, path: &str, recursive: bool) -> Result<Described> {
        let mut here = &self.root;
        let mut field = SchemaField {
            name: self.kind.clone(),
            type_name: "Object".to_owned(),
            required: false,
            description: self.description(here),
            values: Vec::new(),
            depth: 0,
        };
        let mut walked: Vec<&str> = Vec::new();
        for step in path.split('.').filter(|step| !step.is_empty()) {
            // Written as in a manifest or a JSON path: `containers[0]`, `containers[*]`.
            let step = step.split('[').next().unwrap_or(step);
            let object = self.object(here);
            let Some(found) = object.get("properties").and_then(|known| known.get(step)) else {
                return Err(self.unknown(object, step, &walked));
            };
            field = self.field(step, found, object, 0);
            walked.push(step);
            here = found;
        }
        let mut fields = Vec::new();
        self.list(here, 0, recursive, &mut fields);
        Ok(Described { field, fields })
    }

    /// The shallowest path that ends in a field called `name`, in any case; `None` when there is none.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<String> {
        let mut level: Vec<(String, &Value)> = vec![(String::new(), &self.root)];
        for _ in 0..DEEPEST {
            let mut below = Vec::new();
            for (path, schema) in level {
                let properties = self.object(schema).get("properties").and_then(Value::as_object);
                for (known, value) in properties.into_iter().flatten().filter(|(known, _)| *known != "status")
                {
                    let path = if path.is_empty() { known.clone() } else { format!("{path}.{known}") };
                    if known.eq_ignore_ascii_case(name) {
                        return Some(path);
                    }
                    // A schema that contains itself must not be walked for ever.
                    if path.split('.').count() < 8 {
                        below.push((path, value));
                    }
                }
            }
            level = below;
            if level.len() > 20_000 {
                return None;
            }
        }
        None
    }

    fn unknown(&self, object: &Value, step: &str, walked: &[&str]) -> crate::error::ToolError {
        let place =
            std::iter::once(self.kind.as_str()).chain(walked.iter().copied()).collect::<Vec<_>>().join(".");
        let properties = object.get("properties").and_then(Value::as_object);
        let mut near: Vec<String> = properties.into_iter().flatten().map(|(name, _)| name.clone()).collect();
        near.sort_by_key(|name| strsim::damerau_levenshtein(&name.to_lowercase(), &step.to_lowercase()));
        near.truncate(3);
        if let Some(elsewhere) = self.find(step) {
            near.insert(0, elsewhere);
            near.truncate(3);
        }
        Feedback::new(ErrorKind::NotFound, format!("{place} has no field {step:?}"))
            .next("name one of its fields, or leave the field out to see all")
            .candidates(near)
            .into()
    }

    fn list(&self, schema: &Value, depth: usize, recursive: bool, fields: &mut Vec<SchemaField>) {
        let object = self.object(schema);
        for (name, value) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            fields.push(self.field(name, value, object, depth));
            if recursive && depth < DEEPEST && fields.len() < 5_000 {
                self.list(value, depth + 1, true, fields);
            }
        }
    }

    fn field(&self, name: &str, schema: &Value, parent: &Value, depth: usize) -> SchemaField {
        let required = parent.get("required").and_then(Value::as_array);
        let values = self.resolve(schema).get("enum").and_then(Value::as_array);
        SchemaField {
            name: name.to_owned(),
            type_name: self.type_name(schema),
            required: required.is_some_and(|names| names.iter().any(|one| one == name)),
            description: self.description(schema),
            values: values.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
            depth,
        }
    }

    /// The description beside a reference, else that of what it refers to, without the common first words.
    fn description(&self, schema: &Value) -> String {
        let own = |schema: &Value| schema.get("description").and_then(Value::as_str).map(str::to_owned);
        own(schema)
            .or_else(|| own(self.resolve(schema)))
            .or_else(|| own(self.object(schema)))
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    /// Follows references; built-in schemas wrap them in `allOf` to add a default.
    fn resolve<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        for _ in 0..DEEPEST {
            let reference = schema
                .get("$ref")
                .or_else(|| schema.pointer("/allOf/0/$ref"))
                .and_then(Value::as_str)
                .and_then(|reference| reference.strip_prefix("#/components/schemas/"));
            let Some(name) = reference else { break };
            let Some(found) =
                self.document.pointer("/components/schemas").and_then(|schemas| schemas.get(name))
            else {
                break;
            };
            schema = found;
        }
        schema
    }

    /// What has the fields: the schema itself, or that of a list's or map's items.
    fn object<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let mut schema = self.resolve(schema);
        for _ in 0..DEEPEST {
            let inner = schema
                .get("items")
                .or_else(|| schema.get("additionalProperties").filter(|inner| inner.is_object()));
            let Some(inner) = inner else { break };
            schema = self.resolve(inner);
        }
        schema
    }

    fn type_name(&self, schema: &Value) -> String {
        let reference =
            schema.get("$ref").or_else(|| schema.pointer("/allOf/0/$ref")).and_then(Value::as_str);
        let resolved = self.resolve(schema);
        if let Some(items) = resolved.get("items") {
            return format!("{}[]", self.type_name(items));
        }
        if let Some(values) = resolved.get("additionalProperties").filter(|inner| inner.is_object()) {
            return format!("map[string]{}", self.type_name(values));
        }
        let plain = resolved.get("type").and_then(Value::as_str);
        match (reference, plain) {
            (Some(reference), Some("object") | None) => {
                reference.rsplit(['.', '/']).next().unwrap_or(reference).to_owned()
            }
            (_, Some(plain)) => plain.to_owned(),
            (None, None) if resolved.get("x-kubernetes-int-or-string").is_some() => {
                "integer or string".to_owned()
            }
            (None, None) => "Object".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::KindIndex;
    use serde_json::json;

    fn schema() -> Schema {
        let document = json!({"components": {"schemas": {
            "io.k8s.api.apps.v1.Deployment": {"description": "Deployment runs pods.", "type": "object",
                "x-kubernetes-group-version-kind": [{"group": "apps", "version": "v1", "kind": "Deployment"}],
                "properties": {"spec": {"allOf": [{"$ref": "#/components/schemas/io.k8s.api.apps.v1.Spec"}], "default": {}, "description": "What is wanted."}}},
            "io.k8s.api.apps.v1.Spec": {"type": "object", "required": ["selector"], "properties": {
                "replicas": {"type": "integer", "description": "How many."},
                "selector": {"type": "object", "additionalProperties": {"type": "string"}},
                "items": {"type": "array", "items": {"$ref": "#/components/schemas/io.k8s.api.apps.v1.Item"}}}},
            "io.k8s.api.apps.v1.Item": {"type": "object", "description": "An item.", "properties": {
                "policy": {"type": "string", "enum": ["Always", "Never"]},
                "child": {"$ref": "#/components/schemas/io.k8s.api.apps.v1.Item"}}}}}});
        let kinds = KindIndex::builtin();
        Schema::of(document, kinds.find("deployments").unwrap()).unwrap()
    }

    #[test]
    fn fields_are_found_through_references_and_lists() {
        let spec = schema().describe("spec", false).unwrap();
        assert_eq!((&*spec.field.type_name, &*spec.field.description), ("Spec", "What is wanted."));
        let said: Vec<(&str, &str, bool)> =
            spec.fields.iter().map(|field| (&*field.name, &*field.type_name, field.required)).collect();
        assert_eq!(
            said,
            [
                ("replicas", "integer", false),
                ("selector", "map[string]string", true),
                ("items", "Item[]", false)
            ]
        );
        let policy = schema().describe("spec.items[0].policy", false).unwrap();
        assert_eq!(policy.field.values, ["Always", "Never"]);
        assert_eq!(schema().find("POLICY").as_deref(), Some("spec.items.policy"));
    }

    #[test]
    fn a_schema_that_contains_itself_ends() {
        let all = schema().describe("spec", true).unwrap();
        assert!(all.fields.len() > 5 && all.fields.len() < 100, "{}", all.fields.len());
    }

    #[test]
    fn unknown_fields_get_the_nearest() {
        let error = schema().describe("spec.replica", false).unwrap_err();
        let crate::error::ToolError::Feedback(feedback) = error else { panic!() };
        assert_eq!(feedback.message, "Deployment.spec has no field \"replica\"");
        assert_eq!(feedback.candidates[0], "replicas");
        let error = schema().describe("policy", false).unwrap_err();
        let crate::error::ToolError::Feedback(feedback) = error else { panic!() };
        assert_eq!(feedback.candidates[0], "spec.items.policy");
    }
}
