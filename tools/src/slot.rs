//! The vague parts of a call: which arguments name something that has to be found before the call is exact.
//!
//! A tool lends its arguments as slots; the agent's grounding step fills each one from the live cluster or
//! the project folder. Afterwards nothing is vague. Slots borrow from the arguments, so there is one copy of
//! the truth.

use futures::future::BoxFuture;
use serde_json::Value;
use std::fmt::Debug;

use crate::error::Result;
use crate::kubernetes::Cluster;

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
    /// Kinds that one can connect to: workloads, Services and pods.
    Listens,
    /// Kinds with a pod template that may be changed: Deployment, StatefulSet, DaemonSet, CronJob.
    Template,
    /// Nodes.
    Node,
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
            Self::Listens => &["deployment", "statefulset", "daemonset", "service", "pod"],
            Self::Template => &["deployment", "statefulset", "daemonset", "cronjob"],
            Self::Node => &["node"],
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

/// What to ask when the object itself does not settle a vague part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What to ask.
    pub question: String,
    /// Each way to settle it: its label, and the argument and value that say so.
    pub choices: Vec<(String, &'static str, String)>,
}

/// A part of a call that only the object it is about can settle: which of its containers, how many are twice as
/// many, where a field stands.
pub trait Inside: Debug + Send {
    /// Fills it from the whole object.
    ///
    /// # Errors
    /// What the cluster answers when it has to be asked for more.
    fn fill<'f>(
        &'f mut self,
        object: &'f Value,
        cluster: &'f Cluster,
    ) -> BoxFuture<'f, Result<Option<Question>>>;
}

/// One vague part of a call.
#[derive(Debug)]
pub enum Slot<'a> {
    /// A named object.
    Object(ObjectSlot<'a>),
    /// A named object that one can connect to, and the port; one that is not said is filled in when the object
    /// declares a single one.
    Endpoint {
        /// The object.
        object: ObjectSlot<'a>,
        /// Its port.
        port: &'a mut Option<u16>,
    },
    /// A second object of a call, as `name` or `kind/name`; grounded to `kind/name`, or just to its name where
    /// the tool says its kind.
    Another {
        /// The only kind it can be.
        kind: Option<&'static str>,
        /// The object as typed or found.
        reference: &'a mut Option<String>,
        /// Its namespace as typed or found.
        namespace: &'a mut Option<String>,
        /// Its port, as for an endpoint.
        port: Option<&'a mut Option<u16>>,
    },
    /// A named object, and a part of the call that is settled by looking into it.
    Inside {
        /// The object.
        object: ObjectSlot<'a>,
        /// What it settles.
        inside: Box<dyn Inside + 'a>,
    },
    /// A Prometheus: nothing to do where its address is known, else the Service of the cluster that looks like one.
    Prometheus {
        /// Its address, as said.
        url: &'a mut Option<String>,
        /// The Service, as `namespace/name:port`.
        service: &'a mut Option<String>,
    },
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
