//! `delete_resource`: objects taken away, by name or by label, with everything that goes with them shown first.

use futures::StreamExt as _;
use kube::api::{DeleteParams, Preconditions, PropagationPolicy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::kubernetes::{
    Cluster, Doomed, Item, KindIndex, Query, Target, check_name, check_namespace, check_selector,
    consequences, reference, remaining, save_objects, try_deletions, wait_for_rollouts, way_back,
};
use crate::outcome::{Outcome, Table, Verification, View};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Most objects one selector may take: more than a person looks through before saying yes.
const MOST: usize = 200;

/// Requests under way at once.
const AT_ONCE: usize = 8;

/// How often it is looked whether objects are gone.
const POLL: Duration = Duration::from_millis(500);

/// Namespaces that a cluster does not live without.
const PROTECTED: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/// Words that name nothing in particular.
const EVERYTHING: [&str; 7] = ["all", "everything", "anything", "any", "every", "*", "them"];

/// Delete objects of one kind, by name, by label, or the pods of a workload.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteResource {
    /// Kind of the objects, such as pod or cronjob.
    kind: Option<String>,
    /// Name of one object.
    name: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// Label selector, such as app=web, instead of a name.
    selector: Option<String>,
    /// Workload whose pods to delete, instead of a name.
    of: Option<String>,
}

impl Tool for DeleteResource {
    const NAME: &'static str = "delete_resource";
    const PHRASES: &'static [&'static str] = &[
        "<delete> {object}",
        "<delete> [all] [the] (pod|pods) (of|from|belonging to|owned by) {of:object} => kind=pods",
        "<delete> [all] [the] {of:object} pods => kind=pods",
        "<delete> [all] [the] {kind:kind} (with|having|labelled|labeled|tagged|matching|where|that have|which have) [the] [label|labels|selector] {selector:label}",
        "<delete> [all] [the] {kind:kind} (-l|--selector) {selector:label}",
        "<delete> [all] [the] {selector:label} {kind:kind}",
        "{object} (has to|must|can|should) (go|be deleted|be removed)",
        "(do not|no longer) need {object} [any more|anymore] <delete> it",
    ];

    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn command(&self) -> CommandLine {
        let builtin = KindIndex::builtin();
        let kind = self.kind.as_deref().or(self.of.as_deref().map(|_| "pods"));
        let known = kind.and_then(|kind| builtin.find(kind));
        let namespace = self.namespace.as_deref().filter(|_| known.is_none_or(|known| known.namespaced));
        let line = CommandLine::kubectl().arg("delete");
        match &self.selector {
            None => line.arg(reference(kind, self.name.as_deref())).namespace(namespace),
            Some(selector) => line
                .arg(known.map_or(kind.unwrap_or_default(), |known| &known.plural))
                .args(["-l", selector])
                .namespace(namespace),
        }
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        if self.of.is_some() {
            self.kind.get_or_insert_with(|| "pods".to_owned());
            return vec![Slot::Owner {
                owner: &mut self.of,
                selector: &mut self.selector,
                namespace: &mut self.namespace,
            }];
        }
        if self.selector.is_some() {
            return vec![Slot::Scope {
                namespace: &mut self.namespace,
                all_namespaces: false,
                qualifier: None,
            }];
        }
        vec![Slot::Object(ObjectSlot {
            kind: &mut self.kind,
            name: &mut self.name,
            namespace: &mut self.namespace,
            selector: None,
            accepts: ObjectAccepts::Any,
            required: true,
        })]
    }

    fn check(&self) -> Result<()> {
        let error = |kind: ErrorKind, message: String, next: &str| -> Result<()> {
            Err(Feedback::new(kind, message).next(next).into())
        };
        let refused = |message: String, next: &str| error(ErrorKind::Refused, message, next);
        check_namespace(self.namespace.as_deref())?;
        if let Some(kind) = self.kind.as_deref()
            && (kind.contains([',', '/', ' ']) || kind.starts_with('-') || EVERYTHING.contains(&kind))
        {
            return refused(format!("{kind:?} is not one kind"), "delete one kind at a time");
        }
        if let (Some(kind), Some(_)) = (&self.kind, &self.of)
            && KindIndex::builtin().find(kind).is_none_or(|known| known.plural != "pods")
        {
            return refused(
                format!("only the pods of a workload can be deleted by naming it, not its {kind}"),
                "name the object itself",
            );
        }
        match (&self.name, &self.selector, &self.of) {
            // Not a refusal: a kind alone may still be found to mean one object.
            (None, None, None) => error(
                ErrorKind::InvalidArguments,
                "what to delete is not said, and everything is never deleted".to_owned(),
                "name one object, or give a label selector",
            ),
            (Some(_), Some(_), _) => {
                refused("a name and a selector were both given".to_owned(), "give only one of them")
            }
            (Some(name), None, _) => {
                if EVERYTHING.contains(&name.to_ascii_lowercase().as_str()) {
                    return refused(
                        format!("{name:?} names no object"),
                        "name one object, or give a label selector",
                    );
                }
                check_name("name", name)?;
                let is_namespace = self
                    .kind
                    .as_deref()
                    .and_then(|kind| KindIndex::builtin().find(kind).cloned())
                    .is_some_and(|known| known.kind == "Namespace");
                if is_namespace && PROTECTED.contains(&name.as_str()) {
                    return refused(
                        format!("the cluster does not live without the namespace {name}"),
                        "delete objects in it by name",
                    );
                }
                Ok(())
            }
            (None, Some(selector), _) => check_selector(selector),
            (None, None, Some(_)) => Ok(()),
        }
    }
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

impl DeleteResource {
    async fn roots(&self, cluster: &Cluster) -> Result<Vec<Doomed>> {
        let Some(selector) = &self.selector else {
            let (kind, name) = (self.kind.as_deref(), self.name.as_deref());
            let target = cluster.target(kind, name, self.namespace.as_deref()).await?;
            let (object, _) = target.read(cluster).await?;
            return Ok(vec![Doomed::new(target, object)]);
        };
        let resource = cluster.kind(self.kind.as_deref().unwrap_or("pods")).await?;
        if resource.kind == "Namespace" {
            return Err(Feedback::new(ErrorKind::Refused, "namespaces are deleted one by one, by name")
                .next("name one namespace")
                .into());
        }
        let space = self.namespace.clone().unwrap_or_else(|| cluster.namespace().to_owned());
        let query = Query {
            namespace: resource.namespaced.then_some(space),
            selector: Some(selector.clone()),
            ..Query::default()
        };
        let found = cluster.objects(&resource, &query).await?;
        if found.len() > MOST {
            return Err(Feedback::new(
                ErrorKind::Refused,
                format!(
                    "{} {} match {selector}, more than the {MOST} deleted at once",
                    found.len(),
                    resource.plural
                ),
            )
            .next("narrow the selector")
            .into());
        }
        let root = |object: Value| {
            let target = Target {
                resource: resource.clone(),
                name: text(&object, "/metadata/name").to_owned(),
                namespace: query.namespace.clone(),
            };
            Doomed::new(target, object)
        };
        Ok(found.into_iter().map(root).collect())
    }

    /// What has to be typed: the name, or the selector when there is none.
    fn confirmation(&self) -> Option<String> {
        self.name.clone().or_else(|| self.selector.clone())
    }

    fn summary(&self, roots: &[Doomed], followers: usize) -> String {
        let what = match (roots, &self.selector) {
            ([], Some(selector)) => {
                return format!("nothing matches {selector}, so there is nothing to delete");
            }
            ([one], _) => one.target.label(),
            (several, _) => {
                let kind = several.first().map_or("", |root| root.target.resource.kind.as_str());
                format!("{} objects of kind {kind}", several.len())
            }
        };
        match followers {
            0 => format!("{what} would be deleted"),
            1 => format!("{what} would be deleted, and 1 object with it"),
            count => format!("{what} would be deleted, and {count} objects with it"),
        }
    }
}

fn deletion(item: &Item, generation: Option<i64>) -> ObjectChange {
    ObjectChange {
        object: ObjectIdentity {
            kind: item.kind.clone(),
            name: item.name.clone(),
            namespace: item.namespace.clone(),
            uid: Some(item.uid.clone()),
            generation,
        },
        action: Action::Delete,
        difference: String::new(),
    }
}

fn as_basis(item: &Item) -> Value {
    json!({"kind": item.word, "name": item.name, "namespace": item.namespace, "uid": item.uid})
}

/// An object of the basis: where it is and its uid.
async fn remembered(cluster: &Cluster, entry: &Value) -> Result<(Target, String)> {
    let part = |key: &str| entry.get(key).and_then(Value::as_str);
    let target = cluster.target(part("kind"), part("name"), part("namespace")).await?;
    Ok((target, part("uid").unwrap_or_default().to_owned()))
}

fn listed<'a>(shown: &'a Preview, key: &str) -> impl Iterator<Item = &'a Value> {
    shown.basis.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// Deletes one object if it is still the one that was shown.
async fn delete_one(cluster: &Cluster, entry: &Value) -> (Vec<String>, Option<ToolError>) {
    let row = |target: &Target, result: &str| {
        let namespace = target.namespace.clone().unwrap_or_default();
        vec![target.resource.kind.clone(), target.name.clone(), namespace, result.to_owned()]
    };
    let (target, uid) = match remembered(cluster, entry).await {
        Ok(found) => found,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let parameters = DeleteParams {
        propagation_policy: Some(PropagationPolicy::Background),
        preconditions: Some(Preconditions { uid: Some(uid), resource_version: None }),
        ..DeleteParams::default()
    };
    let api = target.api(cluster);
    match cluster.ask(&format!("delete {}", target.label()), api.delete(&target.name, &parameters)).await {
        Ok(_) => (row(&target, "deleted"), None),
        Err(error) if error.kind() == ErrorKind::NotFound => (row(&target, "was gone already"), None),
        Err(error) => (row(&target, "not deleted"), Some(error)),
    }
}

impl ChangeTool for DeleteResource {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let cluster = world.cluster().await?;
        let roots = self.roots(cluster).await?;
        try_deletions(cluster, &roots).await?;
        let found = consequences(cluster, &roots).await?;
        let generation = |root: &Doomed| root.object.pointer("/metadata/generation").and_then(Value::as_i64);
        let mut changes: Vec<ObjectChange> =
            roots.iter().map(|root| deletion(&root.item, generation(root))).collect();
        changes.extend(found.followers.iter().filter(|_| found.one_by_one).map(|item| deletion(item, None)));
        let mut makers = BTreeSet::new();
        for root in roots.iter().filter(|root| root.item.kind == "Pod") {
            if let Some((_, name, word)) = root.maker() {
                makers.insert((word, name.to_owned(), root.item.namespace.clone()));
            }
        }
        let makers: Vec<Value> = makers
            .into_iter()
            .map(|(kind, name, namespace)| json!({"kind": kind, "name": name, "namespace": namespace}))
            .collect();
        let followers: Vec<Value> =
            found.followers.iter().filter(|_| found.one_by_one).map(as_basis).collect();
        let mut warnings = found.warnings;
        let kept = way_back(world.options().state.as_deref(), &roots, &mut warnings);
        Ok(Preview {
            summary: self.summary(&roots, found.followers.len()),
            nothing_to_do: roots.is_empty(),
            confirm_name: self.confirmation(),
            namespace: roots.first().and_then(|root| root.item.namespace.clone()),
            warnings,
            changes,
            basis: json!({
                "objects": roots.iter().map(|root| as_basis(&root.item)).collect::<Vec<_>>(),
                "followers": followers,
                "makers": makers,
                "kept": kept,
            }),
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let shown = approval.preview();
        let cluster = world.cluster(approval).await?;
        if self.selector.is_none() {
            let (kind, name) = (self.kind.as_deref(), self.name.as_deref());
            let target = cluster.target(kind, name, self.namespace.as_deref()).await?;
            target.unchanged_since(&cluster, shown).await?;
        }
        if let Some(place) = shown.basis.get("kept").and_then(Value::as_str) {
            let seen = |root: &Doomed| {
                shown.changes.iter().any(|change| change.object.uid.as_ref() == Some(&root.item.uid))
            };
            let roots = self.roots(&cluster).await?.into_iter().filter(seen);
            save_objects(Path::new(place), &roots.map(|root| root.object).collect::<Vec<_>>())?;
        }
        // Those that were shown, one by one: what matches the selector since then was not approved.
        let mut deletions = Vec::new();
        for entry in listed(shown, "objects") {
            deletions.push(delete_one(&cluster, entry));
        }
        progress.status(format!("deletes {} objects", deletions.len()));
        let answers: Vec<_> = futures::stream::iter(deletions).buffered(AT_ONCE).collect().await;
        let (mut rows, mut failed) = (Vec::new(), Vec::new());
        for (row, error) in answers {
            rows.push(row);
            failed.extend(error);
        }
        let done: Vec<String> = rows
            .iter()
            .filter(|row| row.get(3).is_some_and(|result| result != "not deleted"))
            .filter_map(|row| Some(format!("{} {} {}", row.first()?, row.get(1)?, row.get(3)?)))
            .collect();
        if let Some(first) = failed.first() {
            let before = if done.is_empty() { "nothing was deleted".to_owned() } else { done.join(", ") };
            let said: Vec<String> = failed.iter().map(ToString::to_string).collect();
            let mut feedback = Feedback::new(first.kind(), format!("{before}; {}", said.join("; ")));
            if let ToolError::Feedback(first) = first {
                feedback.next_step.clone_from(&first.next_step);
            }
            return Err(feedback.into());
        }
        let columns = ["KIND", "NAME", "NAMESPACE", "RESULT"].map(str::to_owned).to_vec();
        let data: Vec<Value> = rows
            .iter()
            .map(|row| json!({"kind": row.first(), "name": row.get(1), "result": row.get(3)}))
            .collect();
        let summary = match done.as_slice() {
            [one] => one.clone(),
            several => format!("{} objects are deleted", several.len()),
        };
        Ok(Outcome::sentence(summary)
            .view(View::Tables(vec![(String::new(), Table { columns, rows })]))
            .data(json!({"objects": data}))
            .undo(self.undo(shown)))
    }

    fn undo(&self, shown: &Preview) -> Option<Call> {
        let kept = shown.basis.get("kept").and_then(Value::as_str)?;
        Some(Call::new("apply_manifest", json!({"path": kept})))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        shown: &Preview,
        deadline: Duration,
        progress: &Progress,
    ) -> Result<Verification> {
        let cluster = world.cluster().await?;
        let end = Instant::now() + deadline;
        let mut objects = Vec::new();
        for entry in listed(shown, "objects").chain(listed(shown, "followers")) {
            objects.push(remembered(cluster, entry).await?);
        }
        loop {
            let left = remaining(cluster, &objects).await?;
            if left.is_empty() {
                break;
            }
            if Instant::now() + POLL > end {
                let said = format!("after {} s still there: {}", deadline.as_secs(), left.join(", "));
                return Ok(Verification::Failed(said));
            }
            progress.status(format!("still there: {}", left.join(", ")));
            tokio::time::sleep(POLL).await;
        }
        let gone = match objects.as_slice() {
            [(target, _)] => format!("{} is gone", target.label()),
            several => format!("all {} objects are gone", several.len()),
        };
        let mut makers = Vec::new();
        for entry in listed(shown, "makers") {
            makers.push(remembered(cluster, entry).await?.0);
        }
        let rest = end.saturating_duration_since(Instant::now());
        Ok(match wait_for_rollouts(cluster, &makers, rest, progress).await? {
            Verification::Confirmed(said) => Verification::Confirmed(format!("{gone}; {said}")),
            Verification::Failed(said) => Verification::Failed(format!("{gone}, but {said}")),
            Verification::NotNeeded => Verification::Confirmed(gone),
        })
    }
}

pub(crate) static TOOL: Changer<DeleteResource> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(arguments: Value) -> Box<dyn crate::tool::BoundCall> {
        Call::new("delete_resource", arguments).bind().unwrap()
    }

    #[test]
    fn says_its_command() {
        let command = |arguments| bound(arguments).command().to_string();
        assert_eq!(
            command(json!({"kind": "cronjob", "name": "clean", "namespace": "shop"})),
            "kubectl delete cronjob/clean -n shop"
        );
        assert_eq!(
            command(json!({"kind": "pod", "selector": "app=web", "namespace": "shop"})),
            "kubectl delete pods -l app=web -n shop"
        );
        assert_eq!(
            command(json!({"kind": "namespace", "name": "old", "namespace": "shop"})),
            "kubectl delete namespace/old"
        );
        assert_eq!(bound(json!({})).effect(), Effect::Destroy);
    }

    #[test]
    fn everything_and_nothing_are_refused() {
        for arguments in [
            json!({}),
            json!({"kind": "pods"}),
            json!({"kind": "pods", "namespace": "shop"}),
            json!({"kind": "pod", "name": "all"}),
            json!({"kind": "pod", "name": "Everything"}),
            json!({"kind": "pod", "name": "--all"}),
            json!({"kind": "namespace", "name": "shop/pods"}),
            json!({"kind": "ns", "name": "kube-system"}),
            json!({"kind": "namespaces", "name": "default"}),
            json!({"kind": "all", "selector": "app=web"}),
            json!({"kind": "pods,services", "selector": "app=web"}),
            json!({"kind": "pods", "selector": ""}),
            json!({"kind": "pods", "selector": "--all"}),
            json!({"kind": "deployment", "of": "web"}),
            json!({"kind": "pod", "name": "web-1", "namespace": "-A"}),
        ] {
            assert!(bound(arguments.clone()).check().is_err(), "{arguments}");
        }
        assert!(bound(json!({"kind": "pod", "name": "web-1"})).check().is_ok());
        assert!(bound(json!({"kind": "pods", "of": "web"})).check().is_ok());
    }

    #[test]
    fn the_pods_of_a_workload_are_found_by_their_owner() {
        let mut call = bound(json!({"of": "web"}));
        assert!(matches!(call.slots().as_slice(), [Slot::Owner { .. }]));
        assert_eq!(call.call().arguments.get("kind"), Some(&json!("pods")));
    }
}
