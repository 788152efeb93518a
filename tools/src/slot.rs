//! The vague parts of a call: which arguments name something that has to be found before the call is exact.
//!
//! A tool lends its arguments as slots; the agent's grounding step fills each one from the live cluster or
//! the project folder. Afterwards nothing is vague. Slots borrow from the arguments, so there is one copy of
//! the truth.

/// Which objects an object slot takes, in order of preference when one name fits several kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectAccepts {
    /// Any kind the cluster has.
    Any,
    /// Kinds with a pod template and replicas: Deployment, StatefulSet, ReplicaSet.
    Scalable,
    /// Kinds that roll out: Deployment, StatefulSet, DaemonSet.
    Rollout,
    /// Kinds that have pods: Deployment, StatefulSet, DaemonSet, Job, ReplicaSet, CronJob, Pod.
    HasPods,
}

impl ObjectAccepts {
    /// Kinds searched when the request names none, best first.
    #[must_use]
    pub const fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Any => &[
                "deployment",
                "statefulset",
                "daemonset",
                "cronjob",
                "job",
                "pod",
                "service",
                "ingress",
                "configmap",
                "secret",
                "horizontalpodautoscaler",
                "persistentvolumeclaim",
                "serviceaccount",
                "networkpolicy",
                "node",
                "namespace",
            ],
            Self::Scalable => &["deployment", "statefulset", "replicaset"],
            Self::Rollout => &["deployment", "statefulset", "daemonset"],
            Self::HasPods => &["deployment", "statefulset", "daemonset", "cronjob", "job", "pod"],
        }
    }
}

/// A named object of the cluster.
#[derive(Debug)]
pub struct ObjectSlot<'a> {
    /// Its kind as typed or found; the grounded form is the singular resource name, such as `deployment`.
    pub kind: &'a mut Option<String>,
    /// Its name as typed or found.
    pub name: &'a mut Option<String>,
    /// Its namespace as typed or found.
    pub namespace: &'a mut Option<String>,
    /// Filled with the pod selector of the object found, for tools that work on pods.
    pub selector: Option<&'a mut Option<String>>,
    /// Which kinds fit.
    pub accepts: ObjectAccepts,
    /// Whether the call means nothing without it.
    pub required: bool,
}

/// One vague part of a call.
#[derive(Debug)]
pub enum Slot<'a> {
    /// A named object.
    Object(ObjectSlot<'a>),
    /// One kind or several joined by commas, or `all`; grounded to the API server's plural names.
    Kinds(&'a mut String),
    /// Where to look: a namespace, or every one.
    Scope {
        /// The namespace as typed or found.
        namespace: &'a mut Option<String>,
        /// Whether every namespace is meant; then no namespace is filled in.
        all_namespaces: bool,
        /// A word that may turn out to name a namespace ("todo" in "todo pods"); taken when it does, else it
        /// becomes a part of a name in `name_contains`.
        qualifier: Option<(&'a mut Option<String>, &'a mut Option<String>)>,
    },
    /// The workload whose pods are meant ("pods of the worker"); grounded into a pod selector and emptied.
    Owner {
        /// The workload as typed, `name` or `kind/name`.
        owner: &'a mut Option<String>,
        /// Filled with its pod selector.
        selector: &'a mut Option<String>,
        /// Its namespace as typed or found.
        namespace: &'a mut Option<String>,
    },
    /// A Dockerfile of the project, by path or by a word for what it builds ("backend").
    Dockerfile(&'a mut Option<String>),
    /// A build: its context folder, Dockerfile and tag, from a path or a word for what it builds.
    Build {
        /// The word or path as typed; emptied once found.
        subject: &'a mut Option<String>,
        /// The build context's folder.
        context: &'a mut Option<String>,
        /// The Dockerfile, when it is not `Dockerfile` in the context.
        dockerfile: &'a mut Option<String>,
        /// The image's name and tag.
        tag: &'a mut Option<String>,
    },
    /// A chart folder and the release it makes.
    Chart {
        /// The chart, as a path or a word.
        chart: &'a mut Option<String>,
        /// The release's name.
        release: &'a mut Option<String>,
        /// Values files, by path or base name; grounded to paths.
        values: &'a mut Vec<String>,
    },
    /// An image of the Docker engine, by name or a word for it ("backend"); the argument is called `image`. A
    /// name that fits none stays as it is, for the tool to answer with the nearest.
    Image(&'a mut Option<String>),
    /// A container of the Docker engine, likewise; the argument is called `container`.
    Container(&'a mut Option<String>),
    /// A path that must exist in the project folder (or `-`).
    Path(&'a mut String),
}
