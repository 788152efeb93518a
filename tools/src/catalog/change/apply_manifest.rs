//! `apply_manifest`: objects from files, made or changed by server-side apply.

use futures::StreamExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::kubernetes::{
    Applied, Cluster, FieldConflict, Manifests, Planned, Target, check_namespace, difference, differs,
    ownership_warnings, plan, read_manifests, version_of, wait_for_rollouts,
};
use crate::outcome::{Outcome, Table, Verification, View};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Requests under way at once: kubectl's client allows bursts of this order.
const AT_ONCE: usize = 8;

/// The manager that `kubectl apply` without `--server-side` leaves.
const CLIENT_SIDE: &str = "kubectl-client-side-apply";

/// Apply Kubernetes manifests (a file, a folder, or - for standard input).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplyManifest {
    /// File or folder of manifests; - reads standard input.
    path: String,
    /// Namespace for objects that name none.
    namespace: Option<String>,
    /// Only show what would change.
    #[serde(default)]
    dry_run: bool,
    /// Take over fields that other managers own.
    #[serde(default)]
    force_conflicts: bool,
}

impl Tool for ApplyManifest {
    const NAME: &'static str = "apply_manifest";
    const PHRASES: &'static [&'static str] = &[
        "(apply|reapply) [-f] {path:path}",
        "(apply|reapply|deploy|roll out|push|create|install|ship|use) [the] (file|folder|directory|manifest|yaml|yaml file|yml|json|config|configuration|spec) [called|named|at|in] {path:path}",
        "(apply|reapply|deploy|roll out|push|create|install|ship|sync) [all] [the] (manifests|yamls|yaml files|files|kubernetes manifests|k8s manifests|objects|resources|configs|definitions) (in|from|under|of|at|inside|defined in|described in) [the] [folder|directory] {path:path} [folder|directory]",
        "(apply|reapply|deploy|roll out|push|create|install|ship|sync) (everything|all|anything|whatever is|what is) (in|from|under|of|at|inside) [the] [folder|directory] {path:path} [folder|directory]",
        "(apply|reapply|deploy|roll out|push|sync) [the] {path:path} (folder|directory|file|manifest|manifests)",
        "(deploy|roll out|push|ship|sync|create|create -f|replace -f|install) [from] {path:path}",
        "(update|bring|sync) [the] cluster [up to date] (with|from|to) {path:path}",
        "(make|get) [the] cluster (match|look like) {path:path}",
        "what (would|will|does) [change|happen|be changed] if (i|we) (apply|applied|deploy|deployed|ran|run) {path:path} [change|do] => dry_run=true",
        "<show> (would|will) change if (i|we) (apply|applied|deploy|deployed) {path:path} => dry_run=true",
        "what (would|will|does) (apply|applying|deploying) {path:path} (change|do|create|update) => dry_run=true",
        "(would|will|does) (apply|applying) {path:path} change (anything|something) => dry_run=true",
        "[<show>] [the] (diff|difference|changes) (of|for|from|between|in) {path:path} [and|to|with|against] [the] [live|running] [cluster] => dry_run=true",
        "(diff|compare) [-f] {path:path} [and|to|with|against] [the] [live|running|current] [cluster|state] => dry_run=true",
        "(dry run|dry-run|preview|try|simulate) [of|for] [apply|applying|to apply|the] {path:path} => dry_run=true",
        "(do|run|make) a (dry run|dry-run) (of|for|with|on) [apply|applying] {path:path} => dry_run=true",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(to|onto) [the] {namespace:namespace} [namespace]",
        "[but] [only] [as|in|with] [a] (dry run|dry-run) [only|mode] => dry_run=true",
        "without (applying|changing|touching|doing) (anything|it|them) => dry_run=true",
        "[and] (force|with force|forcing conflicts|force conflicts|with force conflicts) => force_conflicts=true",
        "(take over|taking over) [the] [conflicting] [fields|ownership|conflicts] => force_conflicts=true",
    ];

    fn effect(&self) -> Effect {
        if self.dry_run { Effect::Read } else { Effect::Change }
    }

    fn command(&self) -> CommandLine {
        // A path that begins with a dash is written so that no program takes it for a flag.
        let path = if self.path.starts_with('-') && self.path != "-" {
            format!("./{}", self.path)
        } else {
            self.path.clone()
        };
        CommandLine::kubectl()
            .args([if self.dry_run { "diff" } else { "apply" }, "-f"])
            .arg(path)
            .namespace(self.namespace.as_deref())
            .arg("--server-side")
            .flag_if(self.force_conflicts, "--force-conflicts")
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Path(&mut self.path)]
    }

    fn check(&self) -> Result<()> {
        check_namespace(self.namespace.as_deref())?;
        if self.path.contains("://") {
            return Err(Feedback::new(
                ErrorKind::Refused,
                "shipmate applies what is on this machine, not what an address answers",
            )
            .next("download it, look at it, and apply the file")
            .into());
        }
        Ok(())
    }
}

/// What a try of one object showed.
struct Tried {
    change: ObjectChange,
    version: Value,
    warnings: Vec<String>,
}

impl ApplyManifest {
    async fn read(&self, world: &ReadWorld) -> Result<Manifests> {
        let input = if self.path == "-" { Some(world.input().await?) } else { None };
        read_manifests(&world.project(), &self.path, input)
    }

    /// What applying one object would do. `new_namespaces` do not exist yet, so the server cannot try objects
    /// in them.
    async fn try_one(
        &self,
        cluster: &Cluster,
        planned: &Planned,
        new_namespaces: &[String],
    ) -> Result<Tried> {
        let target = &planned.target;
        let unchecked = !planned.known
            || target.namespace.as_ref().is_some_and(|namespace| new_namespaces.contains(namespace));
        if unchecked {
            return Ok(tried(target, None, &planned.object, Vec::new()));
        }
        let before = target.find(cluster).await?;
        let mut warnings = Vec::new();
        let mut answer = cluster
            .apply(target, &planned.object, true, false)
            .await
            .map_err(|error| missing_namespace(target, error))?;
        if let (Applied::Conflicts(conflicts), true) = (&answer, self.force_conflicts) {
            warnings.push(format!("takes over from others: {}", conflict_text(target, conflicts)));
            answer = cluster.apply(target, &planned.object, true, true).await?;
        }
        match answer {
            Applied::Object(after) => Ok(tried(target, before.as_ref(), &after, warnings)),
            Applied::Conflicts(conflicts) => Err(conflict_error(target, &conflicts)),
        }
    }

    async fn try_all(&self, cluster: &Cluster, planned: &[Planned]) -> Result<(Vec<Tried>, Vec<String>)> {
        // Namespaces first: whether they exist decides what can be tried.
        let (spaces, others): (Vec<&Planned>, Vec<&Planned>) =
            planned.iter().partition(|planned| planned.target.resource.word() == "namespaces");
        let mut all = self.try_each(cluster, &spaces, &[]).await?;
        let new_namespaces: Vec<String> = all
            .iter()
            .filter(|tried| tried.change.action == Action::Create)
            .map(|tried| tried.change.object.name.clone())
            .collect();
        let mut warnings: Vec<String> = new_namespaces
            .iter()
            .map(|name| format!("namespace {name} is new, so the server could not check what goes into it"))
            .collect();
        let unknown: Vec<String> =
            others.iter().filter(|planned| !planned.known).map(|planned| planned.target.label()).collect();
        if !unknown.is_empty() {
            warnings.push(format!("of a kind that is new, so unchecked: {}", unknown.join(", ")));
        }
        all.extend(self.try_each(cluster, &others, &new_namespaces).await?);
        for tried in &mut all {
            warnings.append(&mut tried.warnings);
        }
        Ok((all, warnings))
    }

    /// Tries several objects at once; what the server refuses is told together.
    async fn try_each(
        &self,
        cluster: &Cluster,
        planned: &[&Planned],
        new_namespaces: &[String],
    ) -> Result<Vec<Tried>> {
        let mut tries = Vec::with_capacity(planned.len());
        for one in planned {
            tries.push(self.try_one(cluster, one, new_namespaces));
        }
        let answers: Vec<_> = futures::stream::iter(tries).buffered(AT_ONCE).collect().await;
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        for (planned, answer) in planned.iter().zip(answers) {
            match answer {
                Ok(tried) => done.push(tried),
                Err(error) => refused.push((planned.place.clone(), error)),
            }
        }
        if refused.is_empty() { Ok(done) } else { Err(together(&refused)) }
    }

    async fn apply_one(&self, cluster: &Cluster, planned: &Planned, action: Action) -> Result<&'static str> {
        match cluster.apply(&planned.target, &planned.object, false, self.force_conflicts).await? {
            Applied::Conflicts(conflicts) => Err(conflict_error(&planned.target, &conflicts)),
            Applied::Object(_) => Ok(match action {
                Action::Create => "created",
                Action::Unchanged => "unchanged",
                Action::Update | Action::Delete => "configured",
            }),
        }
    }
}

/// Makes sure that every object is still as it was shown, before the first one is touched.
async fn unchanged_since(cluster: &Cluster, planned: &[Planned], shown: &[Value]) -> Result<()> {
    let mut looks = Vec::with_capacity(planned.len());
    for one in planned {
        looks.push(one.target.find(cluster));
    }
    let now: Vec<_> = futures::stream::iter(looks).buffered(AT_ONCE).collect().await;
    let mut moved = Vec::new();
    for ((planned, now), shown) in planned.iter().zip(now).zip(shown) {
        if Some(&version_of(now?.as_ref())) != shown.get("version") {
            moved.push(planned.target.label());
        }
    }
    if moved.is_empty() {
        return Ok(());
    }
    let message = format!("changed after it was shown, so nothing was done: {}", moved.join(", "));
    Err(Feedback::new(ErrorKind::Conflict, message).next("ask again to see it as it is now").into())
}

fn tried(target: &Target, before: Option<&Value>, after: &Value, mut warnings: Vec<String>) -> Tried {
    let action = match before {
        None => Action::Create,
        Some(_) if differs(before, Some(after)) => Action::Update,
        Some(_) => Action::Unchanged,
    };
    if let (Some(before), Action::Update) = (before, action) {
        let label = target.label();
        let kept = ownership_warnings(before, "what it keeps");
        warnings.extend(kept.into_iter().map(|warning| format!("{label} is {warning}")));
    }
    let text = |path: &str| before?.pointer(path)?.as_str().map(str::to_owned);
    Tried {
        change: ObjectChange {
            object: ObjectIdentity {
                kind: target.resource.kind.clone(),
                name: target.name.clone(),
                namespace: target.namespace.clone(),
                uid: text("/metadata/uid"),
                generation: before
                    .and_then(|before| before.pointer("/metadata/generation"))
                    .and_then(Value::as_i64),
            },
            action,
            difference: difference(before, Some(after)),
        },
        version: version_of(before),
        warnings,
    }
}

fn conflict_text(target: &Target, conflicts: &[FieldConflict]) -> String {
    let fields: Vec<String> =
        conflicts.iter().map(|conflict| format!("{} of {}", conflict.field, conflict.manager)).collect();
    format!("{}: {}", target.label(), fields.join(", "))
}

fn conflict_error(target: &Target, conflicts: &[FieldConflict]) -> ToolError {
    let client_side = conflicts.iter().all(|conflict| conflict.manager == CLIENT_SIDE);
    let next = if client_side {
        "they were set by `kubectl apply` without --server-side; to take them over, ask again with force conflicts"
    } else {
        "take these fields out of the manifest, or ask again with force conflicts to take them over"
    };
    Feedback::new(
        ErrorKind::Conflict,
        format!("others own fields that would change: {}", conflict_text(target, conflicts)),
    )
    .next(next)
    .into()
}

/// An object cannot be made in a namespace that is not there; the server says so of each.
fn missing_namespace(target: &Target, error: ToolError) -> ToolError {
    match (&target.namespace, error.kind()) {
        (Some(namespace), ErrorKind::NotFound)
            if error.to_string().contains(&format!("namespaces \"{namespace}\" not found")) =>
        {
            Feedback::new(ErrorKind::NotFound, format!("there is no namespace {namespace}"))
                .next("create it first, or add a Namespace to the manifests")
                .into()
        }
        _ => error,
    }
}

/// Several refusals as one error; the same one is said once.
fn together(refused: &[(String, ToolError)]) -> ToolError {
    let mut said: Vec<(String, String)> = Vec::new();
    for (place, error) in refused {
        let message = error.to_string();
        match said.iter_mut().find(|(_, known)| *known == message) {
            Some((places, _)) => {
                places.push_str(", ");
                places.push_str(place);
            }
            None => said.push((place.clone(), message)),
        }
    }
    let said: Vec<String> = said.into_iter().map(|(place, message)| format!("{place}: {message}")).collect();
    let first = refused.first().map(|(_, error)| error);
    let mut feedback = Feedback::new(first.map_or(ErrorKind::Other, ToolError::kind), said.join("\n"));
    feedback.next_step = match first {
        Some(ToolError::Feedback(first)) => first.next_step.clone(),
        _ => None,
    };
    feedback.into()
}

fn summary(tried: &[Tried]) -> String {
    let count = |action| tried.iter().filter(|tried| tried.change.action == action).count();
    let (created, updated, same) = (count(Action::Create), count(Action::Update), count(Action::Unchanged));
    let objects = |count: usize| if count == 1 { "1 object".to_owned() } else { format!("{count} objects") };
    let mut said = match (created, updated) {
        (0, 0) => return format!("nothing would change: {} already as the manifests say", objects(same)),
        (created, 0) => format!("{} would be created", objects(created)),
        (0, updated) => format!("{} would change", objects(updated)),
        (created, updated) => format!("{} would be created and {updated} would change", objects(created)),
    };
    if same > 0 {
        said.push_str(&format!("; {} already as the manifests say", objects(same)));
    }
    said
}

/// The namespace when everything is in one.
fn only_namespace(tried: &[Tried]) -> Option<String> {
    let mut spaces = tried.iter().map(|tried| tried.change.object.namespace.clone());
    let first = spaces.next()??;
    spaces.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

impl ChangeTool for ApplyManifest {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let manifests = self.read(world).await?;
        let cluster = world.cluster().await?;
        let planned = plan(cluster, manifests.objects, self.namespace.as_deref()).await?;
        let (tried, mut warnings) = self.try_all(cluster, &planned).await?;
        warnings.extend(manifests.notes);
        let objects: Vec<Value> = planned
            .iter()
            .zip(&tried)
            .map(|(planned, tried)| {
                let target = &planned.target;
                json!({"kind": target.resource.word(), "name": target.name, "namespace": target.namespace, "version": tried.version})
            })
            .collect();
        Ok(Preview {
            summary: summary(&tried),
            nothing_to_do: tried.iter().all(|tried| tried.change.action == Action::Unchanged),
            confirm_name: None,
            namespace: only_namespace(&tried),
            warnings,
            changes: tried.into_iter().map(|tried| tried.change).collect(),
            basis: json!({"digest": manifests.digest, "objects": objects}),
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let shown = approval.preview();
        let manifests = self.read(world.read()).await?;
        if shown.basis.get("digest").and_then(Value::as_str) != Some(manifests.digest.as_str()) {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("{} changed after it was shown, so nothing was done", self.path),
            )
            .next("ask again to see what it would do now")
            .into());
        }
        let cluster = world.cluster(approval).await?;
        let planned = plan(&cluster, manifests.objects, self.namespace.as_deref()).await?;
        let versions = shown.basis.get("objects").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if planned.len() != shown.changes.len() || planned.len() != versions.len() {
            return Err(ToolError::Fatal("the plan is not the one that was shown".to_owned()));
        }
        unchanged_since(&cluster, &planned, versions).await?;
        let (mut rows, mut failed) = (Vec::new(), Vec::new());
        for (planned, change) in planned.iter().zip(&shown.changes) {
            progress.status(format!("{} of {}: {}", rows.len() + 1, versions.len(), planned.target.label()));
            let result = match self.apply_one(&cluster, planned, change.action).await {
                Ok(word) => word.to_owned(),
                Err(error) => {
                    let said = error.to_string();
                    failed.push((planned.place.clone(), error));
                    format!("not applied: {said}")
                }
            };
            if planned.target.resource.kind == "CustomResourceDefinition" {
                cluster.established(&planned.target).await?;
            }
            rows.push(vec![
                planned.target.resource.kind.clone(),
                planned.target.name.clone(),
                planned.target.namespace.clone().unwrap_or_default(),
                result,
            ]);
        }
        report(rows, &failed)
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        shown: &Preview,
        deadline: Duration,
        progress: &Progress,
    ) -> Result<Verification> {
        let cluster = world.cluster().await?;
        let mut targets = Vec::new();
        for object in shown.basis.get("objects").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| object.get(key).and_then(Value::as_str);
            if matches!(text("kind"), Some("deployments.apps" | "statefulsets.apps" | "daemonsets.apps")) {
                targets.push(cluster.target(text("kind"), text("name"), text("namespace")).await?);
            }
        }
        wait_for_rollouts(cluster, &targets, deadline, progress).await
    }
}

/// What was done, object by object; an error when something was not.
fn report(rows: Vec<Vec<String>>, failed: &[(String, ToolError)]) -> Result<Outcome> {
    if failed.is_empty() {
        let columns = ["KIND", "NAME", "NAMESPACE", "RESULT"].map(str::to_owned).to_vec();
        let data: Vec<Value> = rows
            .iter()
            .map(|row| json!({"kind": row.first(), "name": row.get(1), "namespace": row.get(2), "result": row.get(3)}))
            .collect();
        let noun = if rows.len() == 1 { "object is" } else { "objects are" };
        return Ok(Outcome::sentence(format!("{} {noun} applied", rows.len()))
            .view(View::Tables(vec![(String::new(), Table { columns, rows })]))
            .data(json!({"objects": data})));
    }
    let mut error = match together(failed) {
        ToolError::Feedback(feedback) => feedback,
        fatal @ ToolError::Fatal(_) => return Err(fatal),
    };
    let done: Vec<String> = rows
        .iter()
        .filter(|row| row.get(3).is_some_and(|result| !result.starts_with("not applied")))
        .filter_map(|row| Some(format!("{} {} {}", row.first()?, row.get(1)?, row.get(3)?)))
        .collect();
    let before = if done.is_empty() {
        "nothing was applied".to_owned()
    } else {
        format!("applied: {}", done.join(", "))
    };
    error.message = format!("{before}; not applied:\n{}", error.message);
    Err(error.into())
}

pub(crate) static TOOL: Changer<ApplyManifest> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    fn bound(arguments: Value) -> Box<dyn crate::tool::BoundCall> {
        Call::new("apply_manifest", arguments).bind().unwrap()
    }

    #[test]
    fn says_its_command_and_its_effect() {
        let apply = bound(json!({"path": "manifests/", "namespace": "shop"}));
        assert_eq!(apply.effect(), Effect::Change);
        assert_eq!(apply.command().to_string(), "kubectl apply -f manifests/ -n shop --server-side");
        let dry = bound(json!({"path": "a.yaml", "dry_run": true}));
        assert_eq!(dry.effect(), Effect::Read);
        assert_eq!(dry.command().to_string(), "kubectl diff -f a.yaml --server-side");
        assert_eq!(bound(json!({"path": "-A"})).command().to_string(), "kubectl apply -f ./-A --server-side");
        assert!(bound(json!({"path": "https://example.org/a.yaml"})).check().is_err());
        assert!(bound(json!({"path": "a.yaml", "namespace": "-A"})).check().is_err());
    }

    #[test]
    fn a_partial_failure_says_what_was_done_and_what_was_not() {
        let row = |name: &str, result: &str| ["ConfigMap", name, "shop", result].map(str::to_owned).to_vec();
        let error = Feedback::new(ErrorKind::Forbidden, "may not").next("ask");
        let said = report(
            vec![row("a", "created"), row("b", "not applied: may not")],
            &[("x.yaml:3".to_owned(), error.into())],
        )
        .unwrap_err();
        assert_eq!(said.kind(), ErrorKind::Forbidden);
        assert_eq!(said.to_string(), "applied: ConfigMap a created; not applied:\nx.yaml:3: may not");
    }
}
