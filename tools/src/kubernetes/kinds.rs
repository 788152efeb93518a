//! The kinds of objects: those every cluster has, known without asking, and those this cluster told about.
//!
//! Words are looked up by every name the API server uses (plural, singular, short, `plural.group`, kind), so
//! that custom resources work like built-in ones.

use kube::core::{ApiResource, GroupVersionKind};
use serde::{Deserialize, Serialize};

/// One kind of object, as the API server names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceType {
    /// API group, empty for the core group.
    pub group: String,
    /// Preferred version.
    pub version: String,
    /// Kind, such as `Deployment`.
    pub kind: String,
    /// Plural resource name, such as `deployments`.
    pub plural: String,
    /// Singular resource name, such as `deployment`.
    pub singular: String,
    /// Short names, such as `deploy`.
    pub short_names: Vec<String>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Categories, such as `all`.
    pub categories: Vec<String>,
}

impl ResourceType {
    /// A word that names it and nothing else: `deployments.apps`, and the bare plural in the core group.
    #[must_use]
    pub fn word(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// The form that kube's dynamic client takes.
    #[must_use]
    pub fn api_resource(&self) -> ApiResource {
        let kind = GroupVersionKind::gvk(&self.group, &self.version, &self.kind);
        ApiResource::from_gvk_with_plural(&kind, &self.plural)
    }

    /// The list's path, in `namespace` when one is given and the kind has namespaces.
    #[must_use]
    pub fn path(&self, namespace: Option<&str>) -> String {
        let base = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{base}/namespaces/{namespace}/{}", self.plural),
            None => format!("{base}/{}", self.plural),
        }
    }

    fn answers_to(&self, word: &str) -> bool {
        self.plural == word
            || self.singular == word
            || self.short_names.iter().any(|short| short == word)
            || self.kind.eq_ignore_ascii_case(word)
            || word.split_once('.').is_some_and(|(name, group)| {
                (self.plural == name || self.singular == name)
                    && (self.group == group || group == format!("{}.{}", self.version, self.group))
            })
    }
}

/// All kinds that are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindIndex {
    types: Vec<ResourceType>,
}

impl KindIndex {
    /// An index of these types. Earlier ones win when a word fits several, as in the API server's own order.
    #[must_use]
    pub const fn new(types: Vec<ResourceType>) -> Self {
        Self { types }
    }

    /// The kinds every cluster of the last years has.
    #[must_use]
    pub fn builtin() -> Self {
        let types = BUILTIN
            .iter()
            .map(|(kind, plural, short, group, version, namespaced)| ResourceType {
                group: (*group).to_owned(),
                version: (*version).to_owned(),
                kind: (*kind).to_owned(),
                plural: (*plural).to_owned(),
                singular: kind.to_ascii_lowercase(),
                short_names: short.split_whitespace().map(str::to_owned).collect(),
                namespaced: *namespaced,
                categories: if ALL.contains(plural) { vec!["all".to_owned()] } else { Vec::new() },
            })
            .collect();
        Self { types }
    }

    /// Every type, in order of precedence.
    #[must_use]
    pub fn types(&self) -> &[ResourceType] {
        &self.types
    }

    /// The type a word names: plural, singular, short name, kind or `plural.group`, in any case.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<&ResourceType> {
        let word = word.to_ascii_lowercase();
        self.types.iter().find(|candidate| candidate.answers_to(&word))
    }

    /// The type of a kind as manifests name it, by group and kind.
    #[must_use]
    pub fn find_kind(&self, group: &str, kind: &str) -> Option<&ResourceType> {
        self.types.iter().find(|candidate| candidate.group == group && candidate.kind == kind)
    }

    /// The types of a category, such as `all`.
    #[must_use]
    pub fn category(&self, name: &str) -> Vec<&ResourceType> {
        self.types
            .iter()
            .filter(|candidate| candidate.categories.iter().any(|category| category == name))
            .collect()
    }
}

/// What `kubectl get all` lists (the category `all` of the built-in kinds).
const ALL: [&str; 10] = [
    "pods",
    "replicationcontrollers",
    "services",
    "daemonsets",
    "deployments",
    "replicasets",
    "statefulsets",
    "horizontalpodautoscalers",
    "cronjobs",
    "jobs",
];

/// Kind, plural, short names, group, version, namespaced: from `kubectl api-resources` of Kubernetes 1.34.
const BUILTIN: &[(&str, &str, &str, &str, &str, bool)] = &[
    ("Pod", "pods", "po", "", "v1", true),
    ("Service", "services", "svc", "", "v1", true),
    ("Namespace", "namespaces", "ns", "", "v1", false),
    ("Node", "nodes", "no", "", "v1", false),
    ("ConfigMap", "configmaps", "cm", "", "v1", true),
    ("Secret", "secrets", "", "", "v1", true),
    ("Event", "events", "ev", "", "v1", true),
    ("Endpoints", "endpoints", "ep", "", "v1", true),
    ("PersistentVolumeClaim", "persistentvolumeclaims", "pvc", "", "v1", true),
    ("PersistentVolume", "persistentvolumes", "pv", "", "v1", false),
    ("ServiceAccount", "serviceaccounts", "sa", "", "v1", true),
    ("ReplicationController", "replicationcontrollers", "rc", "", "v1", true),
    ("ResourceQuota", "resourcequotas", "quota", "", "v1", true),
    ("LimitRange", "limitranges", "limits", "", "v1", true),
    ("Deployment", "deployments", "deploy", "apps", "v1", true),
    ("StatefulSet", "statefulsets", "sts", "apps", "v1", true),
    ("DaemonSet", "daemonsets", "ds", "apps", "v1", true),
    ("ReplicaSet", "replicasets", "rs", "apps", "v1", true),
    ("ControllerRevision", "controllerrevisions", "", "apps", "v1", true),
    ("Job", "jobs", "", "batch", "v1", true),
    ("CronJob", "cronjobs", "cj", "batch", "v1", true),
    ("HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", "autoscaling", "v2", true),
    ("Ingress", "ingresses", "ing", "networking.k8s.io", "v1", true),
    ("IngressClass", "ingressclasses", "", "networking.k8s.io", "v1", false),
    ("NetworkPolicy", "networkpolicies", "netpol", "networking.k8s.io", "v1", true),
    ("EndpointSlice", "endpointslices", "", "discovery.k8s.io", "v1", true),
    ("PodDisruptionBudget", "poddisruptionbudgets", "pdb", "policy", "v1", true),
    ("StorageClass", "storageclasses", "sc", "storage.k8s.io", "v1", false),
    ("VolumeAttachment", "volumeattachments", "", "storage.k8s.io", "v1", false),
    ("Role", "roles", "", "rbac.authorization.k8s.io", "v1", true),
    ("RoleBinding", "rolebindings", "", "rbac.authorization.k8s.io", "v1", true),
    ("ClusterRole", "clusterroles", "", "rbac.authorization.k8s.io", "v1", false),
    ("ClusterRoleBinding", "clusterrolebindings", "", "rbac.authorization.k8s.io", "v1", false),
    ("PriorityClass", "priorityclasses", "pc", "scheduling.k8s.io", "v1", false),
    ("Lease", "leases", "", "coordination.k8s.io", "v1", true),
    ("RuntimeClass", "runtimeclasses", "", "node.k8s.io", "v1", false),
    (
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "crd crds",
        "apiextensions.k8s.io",
        "v1",
        false,
    ),
    ("APIService", "apiservices", "", "apiregistration.k8s.io", "v1", false),
    (
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        "",
        "admissionregistration.k8s.io",
        "v1",
        false,
    ),
    (
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        "",
        "admissionregistration.k8s.io",
        "v1",
        false,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_find_kinds_by_every_name() {
        let index = KindIndex::builtin();
        for (word, kind) in [
            ("deploy", "Deployment"),
            ("Deployments", "Deployment"),
            ("deployments.apps", "Deployment"),
            ("deployment.v1.apps", "Deployment"),
            ("po", "Pod"),
            ("HPA", "HorizontalPodAutoscaler"),
            ("crds", "CustomResourceDefinition"),
        ] {
            assert_eq!(index.find(word).map(|found| found.kind.as_str()), Some(kind), "{word}");
        }
        assert!(index.find("banana").is_none());
    }

    #[test]
    fn paths_follow_the_group_and_the_scope() {
        let index = KindIndex::builtin();
        assert_eq!(
            index.find("pods").map(|found| found.path(Some("todo"))).as_deref(),
            Some("/api/v1/namespaces/todo/pods")
        );
        assert_eq!(
            index.find("node").map(|found| found.path(Some("todo"))).as_deref(),
            Some("/api/v1/nodes")
        );
        assert_eq!(
            index.find("ds").map(|found| found.path(None)).as_deref(),
            Some("/apis/apps/v1/daemonsets")
        );
    }
}
