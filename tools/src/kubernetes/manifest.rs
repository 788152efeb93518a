//! Manifests as text: YAML with several documents, or JSON, into objects that know where they stand in the
//! file. What is no object of Kubernetes is named with file and line instead of being passed on.

use serde_json::Value;
use serde_saphyr::{DuplicateKeyPolicy, Options, Spanned, UserMessageFormatter};

use crate::error::{ErrorKind, Feedback, Result};

/// An object of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestObject {
    /// The object as it is written.
    pub object: Value,
    /// The file it stands in, as it is shown to people.
    pub file: String,
    /// The line its document begins at, from 1.
    pub line: u64,
}

impl ManifestObject {
    /// Its `apiVersion`.
    #[must_use]
    pub fn api_version(&self) -> &str {
        self.text("/apiVersion")
    }

    /// Its API group, empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// The namespace it names itself.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.object.pointer("/metadata/namespace").and_then(Value::as_str).filter(|name| !name.is_empty())
    }

    /// An annotation's value.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.object.pointer("/metadata/annotations")?.get(key)?.as_str()
    }

    /// `file:line`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    fn text(&self, path: &str) -> &str {
        self.object.pointer(path).and_then(Value::as_str).unwrap_or_default()
    }
}

/// The objects of a manifest. Lists are taken apart; empty documents are skipped. `file` names the text in
/// errors.
///
/// # Errors
/// `InvalidArguments` with file and line for text that is no YAML, a key that stands twice, or a document
/// that is no object.
pub fn parse_manifest(text: &str, file: &str) -> Result<Vec<ManifestObject>> {
    parse(text, file, DuplicateKeyPolicy::Error)
}

/// The objects that a chart renders, read as Helm reads them: of a key that stands twice the last one counts.
///
/// # Errors
/// As [`parse_manifest`].
pub fn parse_rendered(text: &str) -> Result<Vec<ManifestObject>> {
    parse(text, "the rendered chart", DuplicateKeyPolicy::LastWins)
}

fn parse(text: &str, file: &str, duplicates: DuplicateKeyPolicy) -> Result<Vec<ManifestObject>> {
    let documents: Vec<Spanned<Value>> = serde_saphyr::from_multiple_with_options(text, options(duplicates))
        .map_err(|error| {
            let place = error
                .location()
                .map_or_else(|| file.to_owned(), |location| format!("{file}:{}", location.line()));
            let said = error.without_snippet().render_with_formatter(&UserMessageFormatter);
            // The place is said already.
            let said = said.split(" at line ").next().unwrap_or_default();
            invalid(format!("{place} cannot be read: {said}"), "correct that line")
        })?;
    let mut objects = Vec::new();
    for document in documents {
        collect(document.value, file, document.referenced.line(), &mut objects)?;
    }
    Ok(objects)
}

fn options(duplicate_keys: DuplicateKeyPolicy) -> Options {
    serde_saphyr::options! {
        duplicate_keys: duplicate_keys,
        // Modes such as `defaultMode: 0644` are octal in every Kubernetes manifest.
        legacy_octal_numbers: true,
        with_snippet: false,
    }
}

fn collect(document: Value, file: &str, line: u64, objects: &mut Vec<ManifestObject>) -> Result<()> {
    if document.is_null() {
        return Ok(());
    }
    let place = format!("{file}:{line}");
    let mut found = ManifestObject { object: document, file: file.to_owned(), line };
    if !found.object.is_object() || found.kind().is_empty() || found.api_version().is_empty() {
        return Err(invalid(
            format!("{place} is no Kubernetes object: it has no apiVersion and kind"),
            "name the file or folder that holds the manifests, or add what is missing",
        ));
    }
    let item_kind = found.kind().strip_suffix("List").map(str::to_owned);
    if let (Some(item_kind), Some(Value::Array(items))) = (item_kind, found.object.get_mut("items")) {
        let items = std::mem::take(items);
        let api_version = found.api_version().to_owned();
        for mut item in items {
            // The items of a typed list leave out what the list says for all of them.
            if let (Some(map), false) = (item.as_object_mut(), item_kind.is_empty()) {
                map.entry("apiVersion").or_insert_with(|| api_version.clone().into());
                map.entry("kind").or_insert_with(|| item_kind.clone().into());
            }
            collect(item, file, line, objects)?;
        }
        return Ok(());
    }
    if found.name().is_empty() {
        let why = if found.object.pointer("/metadata/generateName").is_some() {
            "has a generateName, and what is applied needs a name"
        } else {
            "has no metadata.name"
        };
        return Err(invalid(format!("{place}: the {} {why}", found.kind()), "give it a name"));
    }
    super::names::check_name("name", found.name())?;
    super::names::check_namespace(found.namespace())?;
    objects.push(found);
    Ok(())
}

fn invalid(message: String, next: &str) -> crate::error::ToolError {
    Feedback::new(ErrorKind::InvalidArguments, message).next(next).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error(text: &str) -> String {
        parse_manifest(text, "a.yaml").unwrap_err().to_string()
    }

    #[test]
    fn documents_lists_and_json_become_objects_that_know_their_place() {
        let text = "# a comment\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {mode: \"0644\", on: \"yes\"}\n---\n---\nkind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: b, namespace: shop}}\n";
        let found = parse_manifest(text, "a.yaml").unwrap();
        let told: Vec<String> =
            found.iter().map(|one| format!("{} {} {}", one.place(), one.kind(), one.name())).collect();
        assert_eq!(told, ["a.yaml:3 ConfigMap a", "a.yaml:9 Service b"]);
        assert_eq!(found[1].namespace(), Some("shop"));
        let typed = parse_manifest(
            "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"ConfigMapList\",\n\t\"items\": [\n\t\t{\"metadata\": {\"name\": \"x\"}}\n\t]\n}",
            "a.json",
        )
        .unwrap();
        assert_eq!(typed[0].kind(), "ConfigMap");
    }

    #[test]
    fn numbers_are_what_the_api_server_would_read() {
        let text = "apiVersion: v1\nkind: X\nmetadata: {name: a}\nspec: {mode: 0644, port: 80, part: 0.5, yes: true, none: null, text: 1.0.0, base: &b {k: v}, again: *b, merged: {<<: *b}}\n";
        let object = &parse_manifest(text, "a").unwrap()[0].object;
        assert_eq!(
            object["spec"],
            json!({"mode": 420, "port": 80, "part": 0.5, "yes": true, "none": null, "text": "1.0.0", "base": {"k": "v"}, "again": {"k": "v"}, "merged": {"k": "v"}})
        );
    }

    #[test]
    fn what_is_no_manifest_is_named_with_its_line() {
        insta::assert_snapshot!(error("a: 1\nb: 2\na: 3\n"), @"a.yaml:3 cannot be read: duplicate mapping key `a` is not allowed here");
        insta::assert_snapshot!(error("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n bad: [\n"), @"a.yaml:5 cannot be read: while parsing a block mapping, did not find expected key");
        insta::assert_snapshot!(error("# only\n\nname: values\n"), @"a.yaml:3 is no Kubernetes object: it has no apiVersion and kind");
        insta::assert_snapshot!(error("just text"), @"a.yaml:1 is no Kubernetes object: it has no apiVersion and kind");
        insta::assert_snapshot!(error("apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n"), @"a.yaml:1: the Pod has a generateName, and what is applied needs a name");
        insta::assert_snapshot!(error("apiVersion: v1\nkind: Namespace\nmetadata: {name: ../x}\n"), @r#""../x" cannot be a name"#);
    }

    #[test]
    fn a_document_that_grows_when_it_is_read_is_refused() {
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let refs = vec![format!("*a{}", level - 1); 10].join(",");
            bomb.push_str(&format!("a{level}: &a{level} [{refs}]\n"));
        }
        assert!(parse_manifest(&bomb, "bomb.yaml").is_err());
        assert!(parse_manifest(&"[".repeat(100_000), "deep.yaml").is_err());
    }
}
