//! `resource_usage`: what pods or nodes use of processor and memory, beside what they ask for and may have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Effect;
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::kubernetes::{Amounts, Cluster, Query, Usage, cpu_text, memory_text, parse_quantity};
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::slot::{ObjectAccepts, ObjectSlot, Slot};
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Show what pods or nodes use of CPU and memory, against their requests and limits.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceUsage {
    /// `pods` or `nodes`, or the kind of a named workload, pod or node.
    kind: Option<String>,
    /// Name of a workload, pod or node; none for all of them.
    name: Option<String>,
    /// Namespace to look in.
    namespace: Option<String>,
    /// Look in every namespace.
    #[serde(default)]
    all_namespaces: bool,
    /// Label selector of the pods.
    selector: Option<String>,
    /// Largest first by this.
    sort: Option<Metric>,
    /// Only what uses more than this: `100Mi`, `250m`, or `80%` of the limit.
    above: Option<String>,
    /// What `above` is about, where that is not plain.
    metric: Option<Metric>,
    /// Only the first so many.
    limit: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Metric {
    Cpu,
    Memory,
}

impl Metric {
    const fn of(self, amounts: &Amounts) -> Option<f64> {
        match self {
            Self::Cpu => amounts.cpu,
            Self::Memory => amounts.memory,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        }
    }
}

impl Tool for ResourceUsage {
    const NAME: &'static str = "resource_usage";
    const PHRASES: &'static [&'static str] = &[
        "[<show>|check] [the] [resource|resources] (usage|consumption|utilization|utilisation|use|load|metrics) (of|for|by) {object}",
        "[<show>|check] {object} [resource|resources] (usage|consumption|utilization|metrics|load)",
        "[<show>|check] [the] (cpu|processor) (usage|consumption|utilization|load|use) (of|for|by) {object} => metric=cpu",
        "[<show>|check] [the] (memory|mem|ram) (usage|consumption|utilization|use) (of|for|by) {object} => metric=memory",
        "[<show>|check] {object} (cpu|processor) [usage|consumption|utilization|load] => metric=cpu",
        "[<show>|check] {object} (memory|mem|ram) [usage|consumption|utilization] => metric=memory",
        "[<show>|check] [the] (cpu and memory|memory and cpu) [usage|consumption] (of|for) {object}",
        "how much (cpu|processor) (is|does) {object} [eat|eating|use|using|consume|consuming|take|taking|burn|burning|need|have] [up] => metric=cpu",
        "how much (memory|mem|ram) (is|does) {object} [eat|eating|use|using|consume|consuming|take|taking|need|have] [up] => metric=memory",
        "how much (cpu and memory|memory and cpu|resources) (is|does|are) {object} [use|using|consume|consuming|take|taking]",
        "(how many|what) resources (is|does) {object} (use|using|consume|consuming|take|taking)",
        "(is|are) [the] [resource] (requests|limits|requests and limits|resources) (of|for|on) {object} (sensible|right|ok|reasonable|appropriate|enough|sufficient|too high|too low|well sized)",
        "(is|are) [the] (cpu|processor) (request|requests|limit|limits) (of|for|on) {object} (sensible|right|ok|reasonable|appropriate|enough|sufficient|too high|too low) => metric=cpu",
        "(is|are) [the] (memory|mem|ram) (request|requests|limit|limits) (of|for|on) {object} (sensible|right|ok|reasonable|appropriate|enough|sufficient|too high|too low) => metric=memory",
        "how (busy|loaded) is {object}",
        "top {object}",
        "top [pods|pod] => kind=pods",
        "top (node|nodes) => kind=nodes",
        "[<show>|check] [the] [pod|pods] [resource|resources] (usage|consumption|utilization|metrics) [of|for|per|by] [all] [the] [pod|pods] => kind=pods",
        "[<show>|check] [the] [pod|pods] (cpu|processor) (usage|consumption|utilization|load) [of|for|per|by] [all] [the] [pod|pods] => kind=pods, sort=cpu",
        "[<show>|check] [the] [pod|pods] (memory|mem|ram) (usage|consumption|utilization) [of|for|per|by] [all] [the] [pod|pods] => kind=pods, sort=memory",
        "[<show>|check] [the] [resource|resources] (usage|consumption|utilization|metrics|load) (of|for|per|by|on) [all] [the|each] (node|nodes) => kind=nodes",
        "[<show>|check] [the] (cpu|processor) (usage|consumption|utilization|load) (of|for|per|by|on) [all] [the|each] (node|nodes) => kind=nodes, sort=cpu",
        "[<show>|check] [the] (memory|mem|ram) (usage|consumption|utilization) (of|for|per|by|on) [all] [the|each] (node|nodes) => kind=nodes, sort=memory",
        "[<show>|check] [the] (node|nodes) [resource|resources] (usage|consumption|utilization|metrics|load) => kind=nodes",
        "[<show>|check] [the] (node|nodes) (cpu|processor) [usage|consumption|utilization|load] => kind=nodes, sort=cpu",
        "[<show>|check] [the] (node|nodes) (memory|mem|ram) [usage|consumption|utilization] => kind=nodes, sort=memory",
        "how (busy|full|loaded) (are|is) [the|my] (node|nodes|cluster) => kind=nodes",
        "[<show>] [the] pods [sorted|ordered|sort|order|ranked] by (cpu|processor) [usage] => kind=pods, sort=cpu",
        "[<show>] [the] pods [sorted|ordered|sort|order|ranked] by (memory|mem|ram) [usage] => kind=pods, sort=memory",
        "[<show>] [the] nodes [sorted|ordered|sort|order|ranked] by (cpu|processor) [usage] => kind=nodes, sort=cpu",
        "[<show>] [the] nodes [sorted|ordered|sort|order|ranked] by (memory|mem|ram) [usage] => kind=nodes, sort=memory",
        "[<show>] [which|what] pods [that|which] [are|use|using] (above|over|more than) {above:word} of (their|the) (memory|mem|ram) (limit|limits|request|requests) => kind=pods, metric=memory, sort=memory",
        "[<show>] [which|what] pods [that|which] [are|use|using] (above|over|more than) {above:word} of (their|the) (cpu|processor) (limit|limits|request|requests) => kind=pods, metric=cpu, sort=cpu",
        "(which|what) (pod|pods) (use|uses|using|eat|eats|eating|consume|consumes|take|takes|is using|are using|is eating) [the] most (cpu|processor) => kind=pods, sort=cpu",
        "(which|what) (pod|pods) (use|uses|using|eat|eats|eating|consume|consumes|take|takes|is using|are using|is eating) [the] most (memory|mem|ram) => kind=pods, sort=memory",
        "(which|what) (node|nodes) (use|uses|has|have|is using) [the] most (cpu|processor) => kind=nodes, sort=cpu",
        "(which|what) (node|nodes) (use|uses|has|have|is using) [the] most (memory|mem|ram) => kind=nodes, sort=memory",
        "(what|who|which pods) (is|are) (using|eating|consuming|hogging|taking) [up] [all] [the|my|our|most of the] (cpu|processor) => kind=pods, sort=cpu",
        "(what|who|which pods) (is|are) (using|eating|consuming|hogging|taking) [up] [all] [the|my|our|most of the] (memory|mem|ram) => kind=pods, sort=memory",
        "[<show>] [which|what] pods [that|which] (use|uses|using|are using|with|consume|consuming|take|need) (more than|over|above|at least) {above:quantity} [of] (memory|mem|ram) => kind=pods, metric=memory, sort=memory",
        "[<show>] [which|what] pods [that|which] (use|uses|using|are using|with|consume|consuming|take|need) (more than|over|above|at least) {above:quantity} [of] (cpu|processor|cores) => kind=pods, metric=cpu, sort=cpu",
        "[<show>] [which|what] pods [that|which] (use|uses|using|are using|with|consume|consuming|take|need|are) (more than|over|above|at least) {above:quantity} => kind=pods",
        "[<show>] [the] biggest (cpu|processor) (users|consumers|hogs) => kind=pods, sort=cpu",
        "[<show>] [the] biggest (memory|mem|ram) (users|consumers|hogs) => kind=pods, sort=memory",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(sort|sorted|order|ordered) by (cpu|processor) [usage] => sort=cpu",
        "(sort|sorted|order|ordered) by (memory|mem|ram) [usage] => sort=memory",
        "(--sort-by|--sort-by=) cpu => sort=cpu",
        "(--sort-by|--sort-by=) memory => sort=memory",
        "(with|having) [the] (label|labels) {selector:label}",
        "(labelled|labeled|tagged|-l|--selector) {selector:label}",
        "[only] [the] (top|first) {limit:count}",
        "[right] (now|currently|at the moment)",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::kubectl().arg("top");
        let sort = self.sort.map(Metric::word);
        if self.is_nodes() {
            let line = line.arg(if self.name.is_some() { "node" } else { "nodes" });
            let line = match &self.name {
                Some(name) => line.arg(name),
                None => line,
            };
            return line.option("--sort-by", sort);
        }
        let line = match (&self.name, &self.selector) {
            (Some(name), _) if self.is_one_pod() => line.arg("pod").arg(name),
            // A workload whose selector is not known yet: grounding fills it in.
            (Some(_), None) => {
                line.arg("pods").arg(crate::kubernetes::reference(self.kind.as_deref(), self.name.as_deref()))
            }
            _ => line.arg("pods"),
        };
        let line =
            if self.all_namespaces { line.arg("-A") } else { line.namespace(self.namespace.as_deref()) };
        let line = match &self.selector {
            Some(selector) if !self.is_one_pod() => line.arg("-l").arg(selector),
            _ => line,
        };
        line.option("--sort-by", sort)
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        if self.is_nodes() && self.name.is_none() {
            return Vec::new();
        }
        if self.name.is_some() {
            let accepts = if self.is_nodes() { ObjectAccepts::Any } else { ObjectAccepts::HasPods };
            return vec![Slot::Object(ObjectSlot {
                kind: &mut self.kind,
                name: &mut self.name,
                namespace: &mut self.namespace,
                selector: Some(&mut self.selector),
                accepts,
                required: false,
            })];
        }
        vec![Slot::Scope {
            namespace: &mut self.namespace,
            all_namespaces: self.all_namespaces,
            qualifier: None,
        }]
    }

    fn check(&self) -> Result<()> {
        crate::kubernetes::check_arguments(
            self.kind.as_deref(),
            self.name.as_deref(),
            self.namespace.as_deref(),
            self.selector.as_deref(),
        )?;
        self.threshold().map(|_| ())
    }
}

/// What `above` means.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Threshold {
    Amount(Metric, f64),
    /// A share of the limit, or of the request where there is no limit; of either metric when none is said.
    Share(Option<Metric>, f64),
}

impl ResourceUsage {
    fn kind_is(&self, names: &[&str]) -> bool {
        self.kind.as_deref().is_some_and(|kind| names.contains(&kind.to_ascii_lowercase().as_str()))
    }

    fn is_nodes(&self) -> bool {
        self.kind_is(&["node", "nodes", "no"])
    }

    fn is_one_pod(&self) -> bool {
        self.name.is_some() && self.kind_is(&["pod", "pods", "po"])
    }

    fn threshold(&self) -> Result<Option<Threshold>> {
        let Some(text) = self.above.as_deref().map(str::trim) else { return Ok(None) };
        let wrong = || {
            Feedback::new(ErrorKind::InvalidArguments, format!("above is no amount: {text:?}"))
                .next("write it like 100Mi, 250m, 1.5 or 80%")
        };
        if let Some(share) = text.strip_suffix('%') {
            let share: f64 = share.trim().parse().map_err(|_| wrong())?;
            return Ok(Some(Threshold::Share(self.metric, share)));
        }
        // People write MB where Kubernetes writes M.
        let number = parse_quantity(text.trim_end_matches(['B', 'b'])).ok_or_else(wrong)?;
        let bytes = text.contains(['i', 'k', 'M', 'G', 'T', 'B']);
        let metric = self.metric.unwrap_or(if bytes { Metric::Memory } else { Metric::Cpu });
        Ok(Some(Threshold::Amount(metric, number)))
    }

    async fn usages(&self, cluster: &Cluster) -> Result<(Vec<Usage>, Vec<String>)> {
        if self.is_nodes() {
            let fields = self.name.as_ref().map(|name| format!("metadata.name={name}"));
            let (metrics, nodes) = cluster.metrics("nodes", &Query { fields, ..Query::default() }).await?;
            return Ok(join(&metrics, &nodes, Usage::of_node));
        }
        let namespace = self.namespace.as_deref().unwrap_or(cluster.namespace());
        let mut query = Query {
            namespace: (!self.all_namespaces).then(|| namespace.to_owned()),
            selector: self.selector.clone(),
            fields: None,
        };
        if self.name.is_some() {
            let target =
                cluster.target(self.kind.as_deref(), self.name.as_deref(), self.namespace.as_deref()).await?;
            let (object, identity) = target.read(cluster).await?;
            let Some(found) = crate::kubernetes::pod_query(&object) else {
                return Err(Feedback::new(
                    ErrorKind::InvalidArguments,
                    format!("{} has no pods", identity.label()),
                )
                .next("name a workload, a pod, a Service or a node")
                .into());
            };
            query = found;
            let (metrics, family) = tokio::join!(cluster.metrics("pods", &query), cluster.family(&object));
            let ((metrics, _), family) = (metrics?, family?);
            return Ok(join(&metrics, &family.pods, Usage::of_pod));
        }
        let (metrics, pods) = cluster.metrics("pods", &query).await?;
        Ok(join(&metrics, &pods, Usage::of_pod))
    }
}

/// Pairs metrics with their objects; names the running objects without metrics. Metrics of objects that are
/// not wanted, or gone, are left out.
fn join(
    metrics: &[Value],
    objects: &[Value],
    usage: fn(&Value, Option<&Value>) -> Usage,
) -> (Vec<Usage>, Vec<String>) {
    let key = |value: &Value| {
        let part = |path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        (part("/metadata/namespace"), part("/metadata/name"))
    };
    let mut usages = Vec::new();
    let mut without = Vec::new();
    for object in objects {
        match metrics.iter().find(|metrics| key(metrics) == key(object)) {
            Some(metrics) => usages.push(usage(metrics, Some(object))),
            None if object.pointer("/status/phase").and_then(Value::as_str) != Some("Succeeded") => {
                without.push(key(object).1);
            }
            None => {}
        }
    }
    (usages, without)
}

impl ReadTool for ResourceUsage {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        usage(self, world.cluster().await?).await
    }
}

async fn usage(wanted: &ResourceUsage, cluster: &Cluster) -> Result<Outcome> {
    let threshold = wanted.threshold()?;
    let (mut usages, without) = wanted.usages(cluster).await?;
    let total = usages.len();
    if let Some(threshold) = threshold {
        usages.retain(|usage| exceeds(usage, threshold));
    }
    let by = wanted.sort.or(match threshold {
        Some(Threshold::Amount(metric, _) | Threshold::Share(Some(metric), _)) => Some(metric),
        _ => None,
    });
    match by {
        Some(metric) => {
            let amount = |usage: &Usage| metric.of(&usage.used).unwrap_or(0.0);
            usages.sort_by(|left, right| amount(right).total_cmp(&amount(left)));
        }
        None => {
            usages.sort_by(|left, right| (&left.namespace, &left.name).cmp(&(&right.namespace, &right.name)));
        }
    }
    let found = usages.len();
    usages.truncate(wanted.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)));

    let summary = summary(wanted, cluster, &usages, total);
    let view = if usages.is_empty() {
        View::None
    } else {
        View::Tables(vec![(String::new(), table(&usages, wanted.is_nodes(), wanted.all_namespaces))])
    };
    let mut outcome = Outcome::sentence(summary).view(view).data(json!({"usage": usages}));
    if usages.len() < found {
        outcome = outcome.note(format!("only the first {} of {found} are shown", usages.len()));
    }
    if !without.is_empty() {
        outcome = outcome.note(format!("no metrics yet for {}", without.join(", ")));
    }
    Ok(outcome)
}

fn exceeds(usage: &Usage, threshold: Threshold) -> bool {
    let share = |metric: Metric| {
        let of = metric.of(&usage.limit).or_else(|| metric.of(&usage.requested)).filter(|of| *of > 0.0)?;
        Some(metric.of(&usage.used)? / of * 100.0)
    };
    let above = |metric: Metric, percent: f64| share(metric).is_some_and(|share| share > percent);
    match threshold {
        Threshold::Amount(metric, amount) => metric.of(&usage.used).is_some_and(|used| used > amount),
        Threshold::Share(Some(metric), percent) => above(metric, percent),
        Threshold::Share(None, percent) => above(Metric::Cpu, percent) || above(Metric::Memory, percent),
    }
}

fn summary(wanted: &ResourceUsage, cluster: &Cluster, usages: &[Usage], total: usize) -> String {
    let nodes = wanted.is_nodes();
    let noun = |number: usize| match (nodes, number) {
        (true, 1) => "node",
        (true, _) => "nodes",
        (false, 1) => "pod",
        (false, _) => "pods",
    };
    let whose = match (&wanted.name, nodes) {
        (Some(name), _) => format!(" of {name}"),
        (None, true) => String::new(),
        (None, false) if wanted.all_namespaces => " in all namespaces".to_owned(),
        (None, false) => format!(" in {}", wanted.namespace.as_deref().unwrap_or(cluster.namespace())),
    };
    if let Some(above) = &wanted.above {
        let metric = wanted.metric.map(|metric| format!(" {}", metric.word())).unwrap_or_default();
        let (shown, verb) = match usages.len() {
            0 => ("none".to_owned(), "uses"),
            1 => ("1".to_owned(), "uses"),
            shown => (shown.to_string(), "use"),
        };
        return format!("{shown} of {total} {}{whose} {verb} more than {above}{metric}", noun(total));
    }
    if usages.is_empty() {
        return format!("no {}{whose} with metrics", noun(0));
    }
    let sum = |metric: Metric| usages.iter().filter_map(|usage| metric.of(&usage.used)).sum::<f64>();
    let (number, verb) = (usages.len(), if usages.len() == 1 { "uses" } else { "use" });
    let subject = match &wanted.name {
        Some(name) if nodes || wanted.is_one_pod() => name.clone(),
        _ => format!("{number} {}{whose}", noun(number)),
    };
    format!(
        "{subject} {verb} {} CPU and {} of memory",
        cpu_text(sum(Metric::Cpu)),
        memory_text(sum(Metric::Memory))
    )
}

fn table(usages: &[Usage], nodes: bool, namespaces: bool) -> Table {
    let mut columns = if nodes {
        vec!["NAME", "CPU", "CPU%", "MEMORY", "MEMORY%"]
    } else {
        vec!["NAME", "CPU", "CPU REQ", "CPU LIM", "CPU%", "MEMORY", "MEM REQ", "MEM LIM", "MEMORY%"]
    };
    let namespaces = namespaces && !nodes;
    if namespaces {
        columns.insert(0, "NAMESPACE");
    }
    let rows = usages.iter().map(|usage| {
        let mut row = Vec::new();
        if namespaces {
            row.push(usage.namespace.clone().unwrap_or_default());
        }
        row.push(usage.name.clone());
        for (metric, text) in
            [(Metric::Cpu, cpu_text as fn(f64) -> String), (Metric::Memory, memory_text as fn(f64) -> String)]
        {
            let shown = |amounts: &Amounts| metric.of(amounts).map_or_else(|| "-".to_owned(), text);
            row.push(shown(&usage.used));
            if !nodes {
                row.extend([shown(&usage.requested), shown(&usage.limit)]);
            }
            let share = metric.of(&usage.limit).filter(|limit| *limit > 0.0);
            row.push(match (metric.of(&usage.used), share) {
                (Some(used), Some(limit)) => format!("{:.0}%", used / limit * 100.0),
                _ => "-".to_owned(),
            });
        }
        row
    });
    Table { columns: columns.into_iter().map(str::to_owned).collect(), rows: rows.collect() }
}

pub(crate) static TOOL: Reader<ResourceUsage> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::kubernetes::mock::answering;

    #[test]
    fn says_its_command() {
        for (arguments, line) in [
            (
                json!({"kind": "deployment", "name": "web", "namespace": "shop", "selector": "app=web"}),
                "kubectl top pods -n shop -l app=web",
            ),
            (json!({"kind": "pod", "name": "web-0", "namespace": "shop"}), "kubectl top pod web-0 -n shop"),
            (
                json!({"kind": "pods", "all_namespaces": true, "sort": "memory"}),
                "kubectl top pods -A --sort-by=memory",
            ),
            (json!({"kind": "nodes", "namespace": "shop"}), "kubectl top nodes"),
            (json!({"kind": "node", "name": "n1"}), "kubectl top node n1"),
        ] {
            assert_eq!(Call::new("resource_usage", arguments).bind().unwrap().command().to_string(), line);
        }
    }

    #[test]
    fn thresholds_know_what_they_are_about() {
        let threshold = |above: &str, metric: Option<Metric>| {
            ResourceUsage { above: Some(above.to_owned()), metric, ..ResourceUsage::default() }.threshold()
        };
        let mebibytes = 100.0 * 1_048_576.0;
        assert_eq!(threshold("100Mi", None).unwrap(), Some(Threshold::Amount(Metric::Memory, mebibytes)));
        assert_eq!(threshold("100MB", None).unwrap(), Some(Threshold::Amount(Metric::Memory, 1e8)));
        assert_eq!(threshold("250m", None).unwrap(), Some(Threshold::Amount(Metric::Cpu, 0.25)));
        assert_eq!(threshold("80%", None).unwrap(), Some(Threshold::Share(None, 80.0)));
        assert!(threshold("a lot", None).is_err());
    }

    fn shop(uri: &str) -> Value {
        let pod = |name: &str| {
            json!({"metadata": {"name": name, "namespace": "shop"}, "status": {"phase": "Running"},
                "spec": {"containers": [{"resources": {"requests": {"memory": "64Mi"}, "limits": {"memory": "128Mi"}}}]}})
        };
        let used = |name: &str, memory: &str| {
            json!({"metadata": {"name": name, "namespace": "shop"},
                "containers": [{"usage": {"cpu": "1m", "memory": memory}}]})
        };
        if uri.contains("metrics.k8s.io") {
            json!({"items": [used("a", "20Mi"), used("b", "120Mi"), used("gone", "1Mi")]})
        } else {
            json!({"items": [pod("a"), pod("b"), pod("new")]})
        }
    }

    async fn read(arguments: Value) -> Outcome {
        let wanted: ResourceUsage = serde_json::from_value(arguments).unwrap();
        usage(&wanted, &answering(shop)).await.unwrap()
    }

    #[tokio::test]
    async fn usage_stands_beside_requests_and_limits() {
        let outcome = read(json!({"namespace": "shop", "sort": "memory"})).await;
        assert_eq!(outcome.summary, "2 pods in shop use 2m CPU and 140Mi of memory");
        let View::Tables(tables) = &outcome.view else { panic!("{outcome:?}") };
        assert_eq!(tables[0].1.rows[0], ["b", "1m", "-", "-", "-", "120Mi", "64Mi", "128Mi", "94%"]);
        assert_eq!(outcome.notes, ["no metrics yet for new"]);
    }

    #[tokio::test]
    async fn only_those_above_the_threshold_stay() {
        let outcome = read(json!({"namespace": "shop", "above": "1Gi"})).await;
        assert_eq!(outcome.summary, "none of 2 pods in shop uses more than 1Gi");
        let outcome = read(json!({"namespace": "shop", "above": "80%"})).await;
        assert_eq!(outcome.summary, "1 of 2 pods in shop uses more than 80%");
        assert_eq!(outcome.data["usage"][0]["name"], "b");
    }
}
