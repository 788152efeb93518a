//! `list_resources`: objects of any kind, in the server's own table.

use futures::future::join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{
    Cluster, Condition, KindIndex, Listing, ListingWords, ResourceType, RowOrder, ServerTable,
};
use crate::outcome::{Outcome, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// List objects of one kind or several: pods, deployments, services, nodes, any custom resource.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListResources {
    /// Kinds, separated by commas, such as `pods` or `ingresses,services`; `all` for workloads and services.
    kinds: String,
    /// Namespace to look in.
    namespace: Option<String>,
    /// Look in every namespace.
    #[serde(default)]
    all_namespaces: bool,
    /// Word before the kind ("todo" in "todo pods"): a namespace or part of a name.
    qualifier: Option<String>,
    /// Label selector, such as `app=web`.
    selector: Option<String>,
    /// Workload whose pods are meant, as name or kind/name.
    of: Option<String>,
    /// Part of the name.
    name_contains: Option<String>,
    /// State: running, not running, pending, failed, crashlooping, not ready, completed, unhealthy, …
    status: Option<String>,
    /// Order: name, newest, oldest, restarts, or any column.
    sort: Option<String>,
    /// At most so many.
    limit: Option<u32>,
    /// Show more columns.
    #[serde(default)]
    wide: bool,
    /// Say only how many there are.
    #[serde(default)]
    count: bool,
}

impl Tool for ListResources {
    const NAME: &'static str = "list_resources";
    const PHRASES: &'static [&'static str] = &[
        "[<show>] [all] {kinds:kinds}",
        "[<show>] [all] {qualifier:word} {kinds:kinds}",
        "<show> [all] [of] [the] {kinds:kinds} (we have|there are|that exist|existing)",
        "(which|what) {kinds:kinds} (exist|are there|are defined|are deployed|do we have|do i have|have we got)",
        "(is there|are there|do we have|have we got) [any] {kinds:kinds}",
        "any {kinds:kinds}",
        "[<show>] [the] (status|state|overview) of [all] {kinds:kinds}",
        "how are [the] {kinds:kinds} [doing]",
        "[<show>] [all] (newest|youngest|latest|most recent) {kinds:kinds} first => sort=newest",
        "[<show>] [all] oldest {kinds:kinds} first => sort=oldest",
        "[<show>] [all] pods (of|for|from|behind|belonging to|that belong to|owned by) {of:object} => kinds=pods",
        "how many pods (does|has|do) {of:object} [have] [running] => kinds=pods, count=true",
        "how many pods (of|for|behind) {of:object} [are there|run] => kinds=pods, count=true",
        "how many {kinds:kinds} [are there|do we have|exist|do i have] => count=true",
        "how many {kinds:kinds} (are|is) [currently] (running|up) => count=true, status=running",
        "how many {qualifier:word} {kinds:kinds} [are there|do we have|exist] => count=true",
        "(count|number of) [all] {kinds:kinds} => count=true",
        "what (is|are) [currently] running [here|there] => kinds=pods",
        "what runs [here|there] => kinds=pods",
        "[<show>] (everything|every thing) [there is] => kinds=all",
        "[<show>] all (resources|objects|workloads|things) => kinds=all",
        "[<show>] (resources|workloads) => kinds=all",
        "what (is|do we have|have we got|exists) [deployed|there|here] => kinds=all",
        "[<show>] [all] (crds|custom resource definitions) => kinds=customresourcedefinitions",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "[with|having] [the] (label|labels|labelled|labeled|tagged|selector) [with] {selector:label}",
        "(with|where|having|matching) {selector:label}",
        "(-l|--selector) {selector:label}",
        "(named|called|containing|matching) {name_contains:word}",
        "with {name_contains:word} in [the|their|its] name",
        "whose name (contains|includes|has|starts with) {name_contains:word}",
        "(sort|sorted|order|ordered) by {sort:word}",
        "(sort|sorted|order|ordered) by (age|creation|creation time|creation date|creation timestamp|start time) => sort=age",
        "(sort|sorted|order|ordered) by (restarts|restart count|number of restarts) => sort=restarts",
        "(newest|youngest|latest|most recent|recently created) [first] => sort=newest",
        "(oldest) [first] => sort=oldest",
        "[with] [the] most (restarts|restarted) [first] => sort=restarts",
        "alphabetically => sort=name",
        "[only] [the] first {limit:count}",
        "[only] [the] {limit:count} (newest|latest|youngest|most recent) => sort=newest",
        "[only] [the] (newest|latest|youngest|most recent|last) {limit:count} => sort=newest",
        "[only] [the] {limit:count} oldest => sort=oldest",
        "[only] [the] oldest {limit:count} => sort=oldest",
        "(limit|limited to|at most|up to) {limit:count}",
        "(wide|in wide format|-o wide|with more columns|with all columns|with (ips|ip addresses|nodes)) => wide=true",
        "(with|including|on) (their|the|which) (nodes|node|ips|ip|ip addresses|images|image|versions|selectors) [they run on] => wide=true",
        "and (their|the|which) (nodes|node|ips|ip|ip addresses|images|image|versions|kubelet versions|kernel versions|os|selectors) [they run on] => wide=true",
        "[that|which|who] [is|are] [currently] (running|up) => status=running",
        "[that|which|who] (not|is not|are not|isn't|aren't) [currently] (running|up) => status=not running",
        "[that|which] [is|are] [still] (pending|waiting|unscheduled) => status=pending",
        "[that|which] [is|are|have] (failed|errored|evicted) => status=failed",
        "[that|which] [is|are] [in] (crashing|crashlooping|crash looping|crashed|crash loop|crashloopbackoff) => status=crashlooping",
        "[that|which] [is|are] ready => status=ready",
        "[that|which] (not|is not|are not|isn't|aren't) ready => status=not ready",
        "unready => status=not ready",
        "[that|which] [is|are|have] (completed|succeeded|finished|done) => status=completed",
        "[that|which] (not|is not|are not|isn't|aren't|have not|has not|haven't|hasn't) (completed|finished|done) => status=not completed",
        "[that|which] [is|are] (unhealthy|failing|broken|bad|problematic|in trouble|down|having problems|with problems) => status=unhealthy",
        "[that|which] (not|is not|are not|isn't|aren't) (healthy|ok|okay|fine|well) => status=unhealthy",
        "[that|which] [is|are] (healthy|ok|fine) => status=healthy",
        "[that|which] [is|are] [being] (terminating|stuck terminating|deleted) => status=terminating",
        "[that|which] [have|were|has] (restarted|been restarted) => status=restarted",
        "[that|which] [is|are] (suspended|paused) => status=suspended",
        "[that|which] [is|are] (cordoned|unschedulable) => status=cordoned",
        "[that|which] [is|are] bound => status=bound",
        "[that|which] (unbound|not bound|are not bound|is not bound) => status=not bound",
        "[with|in] [the] (status|state|phase) {status:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::kubectl().arg("get").arg(self.words().join(","));
        let line = if self.all_namespaces {
            line.arg("-A")
        } else {
            line.namespace(self.namespace.as_deref().filter(|_| !self.only_cluster_scoped()))
        };
        let line = match &self.selector {
            Some(selector) => line.arg("-l").arg(selector),
            None => line,
        };
        line.option("--field-selector", self.field_selector())
            .option("--sort-by", self.order().and_then(|order| order.sort_by()))
            .args(["-o", "wide"].into_iter().filter(|_| self.wide))
            .matching(self.name_contains.as_deref())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        let kinds = Slot::Kinds(&mut self.kinds);
        if self.of.is_some() {
            return vec![
                kinds,
                Slot::Owner {
                    owner: &mut self.of,
                    selector: &mut self.selector,
                    namespace: &mut self.namespace,
                },
            ];
        }
        vec![
            kinds,
            Slot::Scope {
                namespace: &mut self.namespace,
                all_namespaces: self.all_namespaces,
                qualifier: Some((&mut self.qualifier, &mut self.name_contains)),
            },
        ]
    }

    fn check(&self) -> Result<()> {
        for word in self.words() {
            crate::kubernetes::check_name("kind", word)?;
        }
        crate::kubernetes::check_arguments(None, None, self.namespace.as_deref(), self.selector.as_deref())?;
        if self.words().is_empty() {
            return Err(Feedback::new(ErrorKind::InvalidArguments, "which kind to list is not said")
                .next("name one, such as pods, or say all")
                .into());
        }
        Ok(())
    }
}

impl ListResources {
    /// The kinds as typed.
    fn words(&self) -> Vec<&str> {
        self.kinds.split(',').map(str::trim).filter(|word| !word.is_empty()).collect()
    }

    fn only_cluster_scoped(&self) -> bool {
        let known = KindIndex::builtin();
        self.words().iter().all(|word| known.find(word).is_some_and(|kind| !kind.namespaced))
    }

    fn condition(&self) -> Option<Condition> {
        self.status.as_deref().map(Condition::read)
    }

    fn order(&self) -> Option<RowOrder> {
        self.sort.as_deref().map(RowOrder::read)
    }

    /// The part of the condition that the server checks itself.
    fn field_selector(&self) -> Option<String> {
        let known = KindIndex::builtin();
        let only_pods =
            self.words().iter().all(|word| known.find(word).is_some_and(|kind| kind.kind == "Pod"));
        self.condition().filter(|_| only_pods)?.pod_field_selector()
    }

    /// The types the words name; `all` stands for the category of that name.
    async fn types(&self, cluster: &Cluster) -> Result<Vec<ResourceType>> {
        let mut types: Vec<ResourceType> = Vec::new();
        for word in self.words() {
            let found = if word.eq_ignore_ascii_case("all") {
                let kinds = match cluster.discover_kinds().await {
                    Ok(kinds) => kinds,
                    Err(error) if error.kind() == ErrorKind::Unreachable => return Err(error),
                    Err(_) => cluster.known_kinds(),
                };
                kinds.category("all").into_iter().cloned().collect()
            } else {
                vec![cluster.kind(word).await?]
            };
            for resource in found {
                if !types.contains(&resource) {
                    types.push(resource);
                }
            }
        }
        Ok(types)
    }

    /// Keeps the rows that were asked for, in the order that was asked for.
    fn arrange(&self, table: &mut ServerTable) -> Result<()> {
        if let Some(part) = self.name_contains.as_deref().map(str::to_lowercase) {
            table.rows.retain(|row| {
                row.object.metadata.name.as_deref().is_some_and(|name| name.to_lowercase().contains(&part))
            });
        }
        if self.field_selector().is_none()
            && let Some(condition) = self.condition()
        {
            let rows = std::mem::take(&mut table.rows);
            let kept = rows.into_iter().filter(|row| condition.holds(table, row)).collect();
            table.rows = kept;
        }
        if let Some(order) = self.order()
            && !table.rows.is_empty()
        {
            if let Some(column) = order.missing_column(table) {
                return Err(Feedback::new(
                    ErrorKind::InvalidArguments,
                    format!("there is no column {column:?} to sort by"),
                )
                .next("sort by name, newest, oldest or one of the columns")
                .candidates(table.columns.iter().map(|column| column.name.to_lowercase()).collect())
                .into());
            }
            order.sort(table);
        }
        Ok(())
    }
}

impl ReadTool for ListResources {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        list(self, world.cluster().await?).await
    }
}

async fn list(wanted: &ListResources, cluster: &Cluster) -> Result<Outcome> {
    let types = wanted.types(cluster).await?;
    let namespace =
        (!wanted.all_namespaces).then(|| wanted.namespace.as_deref().unwrap_or(cluster.namespace()));
    let fields = wanted.field_selector();
    // The server may only cut where nothing is filtered or sorted afterwards.
    let cut = (wanted.status.is_none() && wanted.sort.is_none() && wanted.name_contains.is_none())
        .then_some(wanted.limit)
        .flatten()
        .map(|limit| usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1));
    let tables = join_all(types.iter().map(|resource| {
        cluster.table(resource, namespace, wanted.selector.as_deref(), fields.as_deref(), cut)
    }))
    .await;

    let mut listing = Listing::new(ListingWords {
        namespace: namespace.map(str::to_owned),
        status: wanted.status.clone(),
        only_matching: fields.is_some(),
        selector: wanted.selector.clone(),
        name_contains: wanted.name_contains.clone(),
    });
    let single = types.len() == 1;
    let limit = wanted.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut refused = Vec::new();
    for (resource, table) in types.iter().zip(tables) {
        let mut table = match table {
            Ok(table) => table,
            Err(error) if single || error.kind() == ErrorKind::Unreachable => return Err(error),
            Err(error) => {
                refused.push(error);
                continue;
            }
        };
        let total = table.rows.len();
        wanted.arrange(&mut table)?;
        if table.rows.len() > limit {
            table.rows.truncate(limit);
            listing.note(format!("there are more {} than the {limit} shown", resource.plural));
        }
        listing.add(resource, &table, total, wanted.wide);
    }
    for error in &refused {
        listing.note(error.to_string());
    }
    if refused.len() == types.len()
        && let Some(error) = refused.pop()
    {
        return Err(error);
    }
    if listing.kept() == 0 {
        if let Some(namespace) = namespace {
            ensure_namespace(cluster, &types, namespace).await?;
        }
        if wanted.condition().is_some_and(|condition| condition.is_failed()) {
            listing.note("pods that keep crashing count as running: ask for unhealthy pods to see them");
        }
    }
    if wanted.words().contains(&"all") {
        listing.note("`all` leaves out configmaps, secrets, ingresses and claims: ask for them by kind");
    }
    let outcome = listing.outcome();
    Ok(if wanted.count { outcome.view(View::None) } else { outcome })
}

/// An empty list and a namespace that does not exist look alike to the server; they are not to a person.
async fn ensure_namespace(cluster: &Cluster, types: &[ResourceType], namespace: &str) -> Result<()> {
    if types.iter().all(|resource| !resource.namespaced) {
        return Ok(());
    }
    let resource = cluster.kind("namespaces").await?;
    // Whoever may not read namespaces just sees the empty list.
    let Ok(found) = cluster.identities(&resource, None).await else { return Ok(()) };
    let mut names: Vec<String> = found.into_iter().map(|identity| identity.name).collect();
    if names.iter().any(|name| name == namespace) {
        return Ok(());
    }
    names.sort_by_key(|name| strsim::damerau_levenshtein(name, namespace));
    names.truncate(3);
    Err(Feedback::new(ErrorKind::NotFound, format!("there is no namespace {namespace:?}"))
        .next("`kubectl get namespaces` lists them")
        .candidates(names)
        .into())
}

pub(crate) static TOOL: Reader<ListResources> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::kubernetes::mock::answering;
    use serde_json::{Value, json};

    fn command(arguments: Value) -> String {
        Call::new("list_resources", arguments).bind().unwrap().command().to_string()
    }

    #[test]
    fn says_its_command() {
        for (arguments, line) in [
            (json!({"kinds": "pods", "namespace": "shop"}), "kubectl get pods -n shop"),
            (json!({"kinds": "nodes", "namespace": "shop", "wide": true}), "kubectl get nodes -o wide"),
            (
                json!({"kinds": "pods", "all_namespaces": true, "sort": "restarts"}),
                "kubectl get pods -A '--sort-by=.status.containerStatuses[0].restartCount'",
            ),
            (
                json!({"kinds": "ingresses,services", "namespace": "shop", "selector": "app=web"}),
                "kubectl get ingresses,services -n shop -l app=web",
            ),
            (
                json!({"kinds": "pods", "status": "pending", "sort": "newest", "name_contains": "api"}),
                "kubectl get pods --field-selector=status.phase=Pending --sort-by=.metadata.creationTimestamp | grep -iF api",
            ),
            (json!({"kinds": "pods", "status": "not running"}), "kubectl get pods"),
        ] {
            assert_eq!(command(arguments), line);
        }
    }

    #[test]
    fn what_would_be_a_flag_or_leave_its_path_is_refused() {
        for arguments in [
            json!({"kinds": "pods,--all-namespaces"}),
            json!({"kinds": "pods", "namespace": "shop/secrets?x="}),
            json!({"kinds": "pods", "selector": "-A"}),
            json!({"kinds": " , "}),
        ] {
            let bound = Call::new("list_resources", arguments.clone()).bind().unwrap();
            assert_eq!(bound.check().unwrap_err().kind(), ErrorKind::InvalidArguments, "{arguments}");
        }
    }

    fn pods() -> Value {
        let row = |name: &str, ready: &str, status: &str, ip: &str| {
            json!({"cells": [name, ready, status, ip], "object": {"kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1", "metadata": {"name": name, "namespace": "shop"}}})
        };
        json!({"columnDefinitions": [{"name": "Name"}, {"name": "Ready"}, {"name": "Status"}, {"name": "IP", "priority": 1}],
            "rows": [row("web-a", "1/1", "Running", "10.0.0.1"), row("web-b", "0/1", "CrashLoopBackOff", "10.0.0.2")]})
    }

    async fn read(arguments: Value, answer: fn(&str) -> Value) -> Result<Outcome> {
        let wanted: ListResources = serde_json::from_value(arguments).unwrap();
        list(&wanted, &answering(answer)).await
    }

    #[tokio::test]
    async fn the_summary_answers_and_wide_shows_more() {
        let outcome = read(json!({"kinds": "pods", "namespace": "shop"}), |_| pods()).await.unwrap();
        assert_eq!(outcome.summary, "2 pods in shop, 1 not healthy");
        let View::Tables(tables) = &outcome.view else { panic!("{outcome:?}") };
        assert_eq!(tables[0].1.columns, ["NAME", "READY", "STATUS"]);
        let wide =
            read(json!({"kinds": "pods", "all_namespaces": true, "wide": true}), |_| pods()).await.unwrap();
        let View::Tables(tables) = &wide.view else { panic!("{wide:?}") };
        assert_eq!(tables[0].1.columns, ["NAMESPACE", "NAME", "READY", "STATUS", "IP"]);
        assert_eq!(wide.summary, "2 pods in all namespaces, 1 not healthy");
    }

    #[tokio::test]
    async fn filters_keep_what_was_asked_for() {
        let outcome =
            read(json!({"kinds": "pods", "namespace": "shop", "status": "not running"}), |_| pods())
                .await
                .unwrap();
        assert_eq!(outcome.summary, "1 of 2 pods in shop is not running");
        assert_eq!(outcome.data["kinds"]["pods"][0]["name"], "web-b");
        let count =
            read(json!({"kinds": "pods", "namespace": "shop", "count": true}), |_| pods()).await.unwrap();
        assert_eq!(count.view, View::None);
        assert_eq!(count.data["count"], 2);
    }

    #[tokio::test]
    async fn an_empty_list_of_a_namespace_that_is_not_there_is_an_error() {
        let error = read(json!({"kinds": "pods", "namespace": "shpo"}), |uri| {
            if uri.starts_with("/api/v1/namespaces?") {
                json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": {},
                    "items": [{"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {"name": "shop"}}]})
            } else {
                json!({"columnDefinitions": [], "rows": []})
            }
        })
        .await
        .unwrap_err();
        let crate::error::ToolError::Feedback(feedback) = error else { panic!("{error}") };
        assert_eq!(feedback.candidates, ["shop"]);
    }

    #[tokio::test]
    async fn several_kinds_are_told_apart_and_a_missing_column_is_named() {
        let outcome = read(json!({"kinds": "services,pods", "namespace": "shop"}), |uri| {
            if uri.contains("/pods") { pods() } else { json!({"rows": []}) }
        })
        .await
        .unwrap();
        assert_eq!(outcome.summary, "2 pods in shop, 1 not healthy");
        let error = read(json!({"kinds": "pods", "sort": "colour"}), |_| pods()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArguments);
    }
}
