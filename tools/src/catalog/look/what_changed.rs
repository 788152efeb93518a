//! `what_changed`: everything that keeps a time on one line of time, so that "it worked this morning" gets an
//! answer.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::Result;
use crate::kubernetes::{
    Cluster, Moment, Source, check_arguments, field_writes, human_duration, parse_duration, reference,
};
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// How far back is looked when nothing is said; events are kept no longer.
const USUAL: &str = "1h";

/// Kinds that the equivalent command reads; Secrets are left out, it would print them.
const KINDS: &str =
    "deployments,statefulsets,daemonsets,cronjobs,services,ingresses,configmaps,horizontalpodautoscalers";

/// Show what changed lately, in a namespace or of one object: rollouts, Helm revisions, who wrote which fields,
/// creations and telling events, on one line of time.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhatChanged {
    /// Kind of the object; none for the whole namespace.
    kind: Option<String>,
    /// Name of the object.
    name: Option<String>,
    /// Namespace to look in.
    namespace: Option<String>,
    /// Look in every namespace.
    #[serde(default)]
    all_namespaces: bool,
    /// Within this time, such as `2h`; one hour, or for one object everything, when nothing is said.
    since: Option<String>,
    /// Since the last rollout or Helm revision.
    #[serde(default)]
    since_deploy: bool,
}

impl Tool for WhatChanged {
    const NAME: &'static str = "what_changed";
    const PHRASES: &'static [&'static str] = &[
        "what [has|have] (changed|been changed|was changed|is new|been modified|was modified|is different) [here|there|lately|recently|around here]",
        "what [has|have] (changed|been changed|been modified) (on|in|with|about|to|for|around) {object} [lately|recently]",
        "what (changed|was changed|is new) (on|in|with|about|to|for) {object} [lately|recently]",
        "[<show>|list] [me] [all] [the] [recent|latest|last] changes [here|lately|recently|made] [here|lately|recently]",
        "[<show>|list] [me] [all] [the] [recent|latest|last] changes [made] (on|in|of|to|for|with|around) {object} [lately|recently]",
        "(any|did any|has any|was any|have any|were there any|are there any) [recent] (change|changes) [happen|happened|made|here] [lately|recently]",
        "(anything|did anything|has anything|was anything|something|did something|has something) [been] (change|changed|new|modified) [here|lately|recently]",
        "(anything|did anything|has anything|was anything|did something|has something) [been] (change|changed|new|modified) (on|in|with|about|to|for|at) {object} [lately|recently]",
        "(did|has|was) {object} [been] (change|changed|modified|touched|edited) [lately|recently]",
        "(who|what) [has|have|last] (touched|changed|edited|modified|written|wrote|updated) [to] {object} [lately|recently|last]",
        "who [has|have|last] (touched|changed|edited|modified|updated) (something|anything|what|things) [here] [lately|recently]",
        "when (did|was|has) {object} [last|been] (change|changed|modified|touched|edited) [last]",
        "what [has|have] (happened|been happening) (since|after) [the] (last|latest|most recent|previous) (deploy|deployment|rollout|release|upgrade) => since_deploy=true",
        "(has|did) (anyone|anybody|someone|somebody) [been] (touched|touch|changed|change|edited|edit|modified|modify|updated|update) {object} [lately|recently]",
        "[<show>] [the] (timeline|changelog|change history|history of changes) [here|lately]",
        "[<show>] [the] (timeline|changelog|change history|history of changes) (of|for|on) {object}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "[in|from|of|for|over|during|within] [the] (last|past) {since:duration}",
        "(since|--since|for|within) {since:duration} [ago]",
        "{since:duration} ago",
        "[in|from|of|for|over|during|within] [the] (last|past) hour => since=1h",
        "[in|from|of|for|over|during|within] [the] (last|past) half hour => since=30m",
        "[in|from|of|for|over|during|within] [the] (last|past) day => since=24h",
        "[in|from|of|for|over|during|within] [the] (last|past) week => since=7d",
        "(since|from) yesterday => since=24h",
        "yesterday => since=24h",
        "(today|since this morning|this morning|since today) => since=12h",
        "(overnight|last night|since last night|over night) => since=16h",
        "this week => since=7d",
        "(since|after) [the] (last|latest|most recent|previous) (deploy|deployment|rollout|release|upgrade|deployed) => since_deploy=true",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::kubectl().arg("get");
        let line = match &self.name {
            Some(name) => line.arg(reference(self.kind.as_deref(), Some(name))),
            None => line.arg(KINDS),
        };
        let line =
            if self.all_namespaces { line.arg("-A") } else { line.namespace(self.namespace.as_deref()) };
        line.args(["-o", if self.is_secret() { "jsonpath={.metadata.managedFields}" } else { "yaml" }])
            .arg("--show-managed-fields")
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        // "The ingress" is the only one, or it is asked which.
        if self.name.is_some() || self.kind.is_some() {
            return vec![Slot::Object(ObjectSlot {
                kind: &mut self.kind,
                name: &mut self.name,
                namespace: &mut self.namespace,
                selector: None,
                accepts: ObjectAccepts::Any,
                required: true,
            })];
        }
        vec![Slot::Scope {
            namespace: &mut self.namespace,
            all_namespaces: self.all_namespaces,
            qualifier: None,
        }]
    }

    fn check(&self) -> Result<()> {
        check_arguments(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref(), None)?;
        self.since.as_deref().map_or(Ok(()), |since| parse_duration("since", since).map(|_| ()))
    }
}

impl WhatChanged {
    fn is_secret(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| ["secret", "secrets"].contains(&kind))
    }
}

impl ReadTool for WhatChanged {
    async fn read(&self, world: &ReadWorld, progress: &Progress) -> Result<Outcome> {
        progress.status("reading what keeps a time");
        changes(self, world.cluster().await?, Timestamp::now()).await
    }
}

async fn changes(wanted: &WhatChanged, cluster: &Cluster, now: Timestamp) -> Result<Outcome> {
    let namespace = wanted.namespace.as_deref().unwrap_or(cluster.namespace());
    let scope = (!wanted.all_namespaces).then_some(namespace);
    let whole_story = wanted.since_deploy || (wanted.name.is_some() && wanted.since.is_none());
    let earliest = if whole_story {
        Timestamp::MIN
    } else {
        let seconds = parse_duration("since", wanted.since.as_deref().unwrap_or(USUAL))?.as_secs();
        let from = now.as_second().saturating_sub(i64::try_from(seconds).unwrap_or(i64::MAX));
        Timestamp::from_second(from).unwrap_or(Timestamp::MIN)
    };
    let (mut found, notes, place) = match &wanted.name {
        Some(name) => about(wanted, cluster, name, earliest).await?,
        None => {
            let (found, notes) = cluster.timeline(scope, earliest).await?;
            let place = scope.map_or_else(|| "in all namespaces".to_owned(), |place| format!("in {place}"));
            (found, notes, place)
        }
    };
    let mut since = wanted.since.clone().unwrap_or_else(|| USUAL.to_owned());
    if wanted.since_deploy {
        let deploys = found.iter().filter(|one| matches!(one.source, Source::Rollout | Source::Helm));
        let Some(last) = deploys.map(|one| one.time).max() else {
            return Ok(Outcome::sentence(format!("nothing was ever rolled out {place}"))
                .data(json!({"changes": []})));
        };
        found.retain(|one| one.time >= last);
        since = human_duration(now.as_second() - last.as_second());
    }
    let over =
        if whole_story && !wanted.since_deploy { String::new() } else { format!(" in the last {since}") };
    let mut outcome = shown(&found, &format!("{place}{over}"), wanted.all_namespaces, now);
    outcome.notes = notes;
    if found.iter().any(|one| one.source == Source::Changed) {
        outcome.notes.push("of each writer the cluster keeps the last write only, and who of those who share its name it was it does not keep".to_owned());
    }
    Ok(outcome)
}

/// What happened to one object, and for a workload to its pods.
async fn about(
    wanted: &WhatChanged,
    cluster: &Cluster,
    name: &str,
    earliest: Timestamp,
) -> Result<(Vec<Moment>, Vec<String>, String)> {
    let target = cluster.target(wanted.kind.as_deref(), Some(name), wanted.namespace.as_deref()).await?;
    let (object, identity) = target.read(cluster).await?;
    let family = cluster.family(&object).await.unwrap_or_default();
    let own = format!("{}/{}", target.resource.singular, target.name);
    let mut members: Vec<String> = family
        .between
        .iter()
        .chain(&family.pods)
        .filter_map(|member| {
            let part = |path: &str| member.pointer(path).and_then(serde_json::Value::as_str);
            Some(format!("{}/{}", part("/kind")?.to_lowercase(), part("/metadata/name")?))
        })
        .collect();
    members.push(own.clone());
    let (mut found, mut notes) = cluster.timeline(target.namespace.as_deref(), earliest).await?;
    found.retain(|one| members.contains(&one.object));
    // A kind that the time line does not read is read here.
    if !found.iter().any(|one| one.object == own) {
        found.extend(crate::kubernetes::moments(&target.resource.singular, &object));
        found.retain(|one| one.time >= earliest);
        found.sort_by_key(|one| one.time);
    }
    notes.extend(field_writes(&object).into_iter().filter(|write| write.time.is_none()).map(|write| {
        let through = write.subresource.unwrap_or_else(|| "another way".to_owned());
        format!("{} wrote {} through {through}; when is not kept", write.manager, write.fields.join(", "))
    }));
    Ok((found, notes, format!("on {}", identity.label())))
}

fn shown(found: &[Moment], place: &str, namespaces: bool, now: Timestamp) -> Outcome {
    let count = |source: Source| found.iter().filter(|one| one.source == source).count();
    let parts: Vec<String> = [
        (Source::Helm, "Helm revision", "Helm revisions"),
        (Source::Rollout, "rollout", "rollouts"),
        (Source::Created, "creation", "creations"),
        (Source::Changed, "write", "writes"),
        (Source::Event, "event", "events"),
    ]
    .into_iter()
    .filter_map(|(source, one, many)| match count(source) {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    })
    .collect();
    let data = json!({"changes": found});
    if found.is_empty() {
        return Outcome::sentence(format!("nothing changed {place}")).data(data);
    }
    let rows = found.iter().map(|one| {
        let mut row = vec![
            human_duration(now.as_second() - one.time.as_second()),
            one.time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            one.object.clone(),
            one.what.clone(),
            one.by.clone(),
        ];
        if namespaces {
            row.insert(2, one.namespace.clone().unwrap_or_else(|| "<none>".to_owned()));
        }
        row
    });
    let mut columns: Vec<String> = ["AGO", "WHEN (UTC)", "OBJECT", "WHAT", "BY"].map(str::to_owned).into();
    if namespaces {
        columns.insert(2, "NAMESPACE".to_owned());
    }
    let table = Table { columns, rows: rows.collect() };
    Outcome::sentence(format!("{} {place}", parts.join(", ")))
        .view(View::Tables(vec![(String::new(), table)]))
        .data(data)
}

pub(crate) static TOOL: Reader<WhatChanged> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::kubernetes::mock::answering;
    use serde_json::Value;

    #[test]
    fn says_its_command() {
        let line = |arguments| Call::new("what_changed", arguments).bind().unwrap().command().to_string();
        let object = json!({"kind": "deployment", "name": "web", "namespace": "shop"});
        assert_eq!(line(object), "kubectl get deployment/web -n shop -o yaml --show-managed-fields");
        let secret = json!({"kind": "secret", "name": "keys", "namespace": "shop"});
        assert_eq!(
            line(secret),
            "kubectl get secret/keys -n shop -o 'jsonpath={.metadata.managedFields}' --show-managed-fields"
        );
        assert!(!line(json!({"all_namespaces": true})).contains("secrets"));
        assert!(Call::new("what_changed", json!({"since": "soon"})).bind().unwrap().check().is_err());
    }

    fn shop(uri: &str) -> Value {
        let kept = |number: u64, created: &str| {
            json!({"metadata": {"name": format!("web-{number}"), "creationTimestamp": created,
                "annotations": {"deployment.kubernetes.io/revision": number.to_string()}, "ownerReferences": [{"controller": true, "uid": "u", "controller": true}]},
                "spec": {"template": {"spec": {"containers": [{"image": format!("web:{number}")}]}}}})
        };
        let web = json!({"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "web", "namespace": "shop", "uid": "u",
            "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [{"manager": "shipmate", "operation": "Update",
            "time": "2026-01-01T09:50:00Z", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]}, "spec": {"selector": {"matchLabels": {"app": "web"}}}});
        let path = uri.split('?').next().unwrap_or_default();
        match path.rsplit('/').next().unwrap_or_default() {
            "web" => web,
            "deployments" => json!({"metadata": {}, "items": [web]}),
            "replicasets" => {
                json!({"items": [kept(1, "2026-01-01T00:00:00Z"), kept(2, "2026-01-01T09:40:00Z")]})
            }
            "events" => {
                json!({"items": [{"type": "Warning", "reason": "BackOff", "message": "again", "count": 3, "lastTimestamp": "2026-01-01T09:55:00Z",
                "involvedObject": {"kind": "Pod", "name": "other", "namespace": "shop"}}]})
            }
            _ => json!({"metadata": {}, "items": []}),
        }
    }

    async fn read(arguments: Value) -> Outcome {
        let wanted = serde_json::from_value(arguments).unwrap();
        changes(&wanted, &answering(shop), "2026-01-01T10:00:00Z".parse().unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn one_line_of_time_of_everything() {
        let outcome = read(json!({"namespace": "shop"})).await;
        assert_eq!(outcome.summary, "1 rollout, 1 write, 1 event in shop in the last 1h");
        let View::Tables(tables) = &outcome.view else { panic!("{outcome:?}") };
        let said: Vec<String> =
            tables[0].1.rows.iter().map(|row| format!("{} {} {}", row[0], row[2], row[3])).collect();
        assert_eq!(
            said,
            [
                "20m deployment/web revision 2: web:1 → web:2",
                "10m deployment/web written, fields it holds: spec.replicas",
                "5m pod/other BackOff: again (3 times)"
            ]
        );
    }

    #[tokio::test]
    async fn of_one_object_and_since_the_last_deploy() {
        let outcome = read(json!({"kind": "deployment", "name": "web", "namespace": "shop"})).await;
        assert_eq!(outcome.summary, "2 rollouts, 1 creation, 1 write on Deployment shop/web");
        let outcome = read(json!({"namespace": "shop", "since_deploy": true})).await;
        assert_eq!(outcome.summary, "1 rollout, 1 write, 1 event in shop in the last 20m");
    }
}
