//! A finding: what is wrong with which object, how it shows, what to do, and what is behind it.

use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;

use crate::call::Call;
use crate::severity::Severity;

/// An object, as findings name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ObjectRef {
    /// Its kind, such as `Deployment`.
    pub kind: String,
    /// Its namespace, if it has one.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl ObjectRef {
    /// An object of a namespace; an empty one means none.
    #[must_use]
    pub fn new(kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            namespace: Some(namespace).filter(|namespace| !namespace.is_empty()).map(str::to_owned),
            name: name.to_owned(),
        }
    }

    /// The object of a kind that a JSON object describes.
    #[must_use]
    pub fn of(kind: &str, object: &Value) -> Self {
        Self::new(kind, super::field::namespace(object), super::field::name(object))
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $code:ident),* $(,)?) => {
        /// The stable name of a kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum Code { $($(#[doc = $doc])+ $code),* }

        impl Code {
            /// Every code with what it means.
            pub const ALL: &'static [(Self, &'static str)] =
                &[$((Self::$code, concat!($($doc),+))),*];

            /// Its name, as in `code` of the results.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$code => stringify!($code)),* }
            }
        }
    };
}

codes! {
    /// A container ends again and again.
    CrashLoopBackOff,
    /// A container was ended because it used more memory than its limit.
    OOMKilled,
    /// A container ended with an error and is not started again.
    ContainerFailed,
    /// A container was restarted often, and lately.
    Restarting,
    /// An image cannot be pulled.
    ImagePullFailed,
    /// A container cannot be set up from its configuration: a ConfigMap, a Secret or a key is missing.
    ContainerConfigError,
    /// The runtime cannot start a container.
    ContainerStartError,
    /// A pod waits for a volume.
    VolumeMountFailed,
    /// A pod waits for its network.
    SandboxFailed,
    /// A container waits, for a reason that has no code of its own.
    ContainerWaiting,
    /// A container runs and is not ready.
    NotReady,
    /// No node takes the pod.
    Unschedulable,
    /// The pod waits for a scheduling gate.
    SchedulingGated,
    /// The node threw the pod out.
    Evicted,
    /// The pod ended with an error.
    PodFailed,
    /// Nobody knows how the pod is: its node does not answer.
    PodUnknown,
    /// The pod should be gone and is not.
    StuckTerminating,
    /// A workload has fewer ready pods than it wants.
    ReplicasNotReady,
    /// A rollout made no progress for as long as it may.
    ProgressDeadlineExceeded,
    /// A workload's pods cannot be made: quota, limits, admission.
    ReplicaFailure,
    /// A workload wants no pods.
    ScaledToZero,
    /// A rollout is paused.
    RolloutPaused,
    /// A StatefulSet's governing Service does not exist.
    GoverningServiceMissing,
    /// A Job failed.
    JobFailed,
    /// A Job or CronJob is suspended.
    Suspended,
    /// A Service's selector matches no pod.
    SelectorMatchesNothing,
    /// None of a Service's pods is ready.
    NoReadyEndpoints,
    /// A Service sends to a port that no container has.
    TargetPortMissing,
    /// An Ingress names a class that does not exist, or none and there is no default.
    IngressClassMissing,
    /// An Ingress names a Service that does not exist.
    BackendMissing,
    /// An Ingress names a port that its Service does not have.
    BackendPortMissing,
    /// An Ingress sends to a Service that cannot answer.
    BackendDown,
    /// A claim is not bound.
    ClaimPending,
    /// A claim lost its volume.
    ClaimLost,
    /// A volume failed.
    VolumeFailed,
    /// More than one StorageClass is the default.
    TwoDefaultClasses,
    /// A node is not ready.
    NodeNotReady,
    /// A node is short of memory, disk or processes.
    NodePressure,
    /// A node has no network.
    NodeNetworkUnavailable,
    /// A node takes no new pods.
    NodeCordoned,
    /// A ConfigMap that is needed does not exist.
    ConfigMapMissing,
    /// A Secret that is needed does not exist.
    SecretMissing,
    /// A ServiceAccount that is needed does not exist.
    ServiceAccountMissing,
    /// A claim that is needed does not exist.
    ClaimMissing,
    /// A StorageClass that is needed does not exist.
    StorageClassMissing,
    /// A PriorityClass that is needed does not exist.
    PriorityClassMissing,
    /// A RuntimeClass that is needed does not exist.
    RuntimeClassMissing,
    /// An init container does not come to its end.
    InitContainerRunning,
    /// A CronJob's schedule cannot be read, or never comes.
    ScheduleInvalid,
    /// A CronJob never ran though its time came.
    NeverScheduled,
    /// A Secret with the certificate of an Ingress or a Gateway does not exist.
    TlsSecretMissing,
    /// A volume's claim is gone and nobody else can have it.
    VolumeReleased,
    /// An autoscaler's target does not exist.
    ScaleTargetMissing,
    /// An autoscaler counts in percent of a request that its target does not make.
    ScaleRequestMissing,
    /// An autoscaler cannot read its metrics.
    ScaleMetricsMissing,
    /// An autoscaler is at its maximum and would grow further.
    ScaleAtMaximum,
    /// A disruption budget forbids every eviction.
    BudgetBlocksEvictions,
    /// A disruption budget protects no pod.
    BudgetMatchesNothing,
    /// A network policy denies all traffic by default.
    DefaultDeny,
    /// A network policy selects no pod.
    PolicySelectsNothing,
    /// A network policy lets nobody reach a Service's pods.
    PolicyBlocksService,
    /// A Service cannot be reached because of a network policy.
    TrafficDenied,
    /// The Service of an admission webhook does not exist.
    WebhookServiceMissing,
    /// Nobody answers behind an admission webhook.
    WebhookDown,
    /// An aggregated API does not answer.
    ApiUnavailable,
    /// A quota is used up.
    QuotaExhausted,
    /// A binding gives a role that does not exist.
    RoleMissing,
    /// A binding names a ServiceAccount that does not exist.
    BindingSubjectMissing,
    /// A pod's ServiceAccount may not do what the pod tries.
    CallForbidden,
    /// A container uses nearly all memory that it may.
    NearMemoryLimit,
    /// A node's memory or processors are nearly used up.
    NodeNearlyFull,
    /// Nearly all that a node can give is requested.
    NodeNearlyRequested,
    /// A namespace should be gone and is not.
    NamespaceStuck,
    /// A Gateway's class does not exist.
    GatewayClassMissing,
    /// A Gateway or its class is not accepted by a controller.
    GatewayNotAccepted,
    /// A Gateway is accepted and not in place.
    GatewayNotProgrammed,
    /// A route names a Gateway that does not exist.
    GatewayMissing,
    /// A Gateway does not take a route.
    RouteNotAllowed,
}

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct NextStep {
    /// In words.
    pub text: String,
    /// As a call, when one of the tools can do it.
    pub call: Option<Call>,
}

/// What is wrong with an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The kind of finding.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The object.
    pub object: ObjectRef,
    /// What is wrong, without the object's name.
    pub message: String,
    /// How it shows: fields, events, log lines.
    pub evidence: Vec<String>,
    /// What to do.
    pub next_step: Option<NextStep>,
    /// What is behind it; a finding without is a root cause.
    pub caused_by: Option<ObjectRef>,
    /// The container, for findings about one.
    pub container: Option<String>,
    /// What owns the object, so that the pods of one workload are told as one.
    pub owner: Option<ObjectRef>,
}

impl Finding {
    /// A finding without evidence yet.
    pub(super) fn new(code: Code, severity: Severity, object: ObjectRef, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            object,
            message: message.into(),
            evidence: Vec::new(),
            next_step: None,
            caused_by: None,
            container: None,
            owner: None,
        }
    }

    /// Adds how it shows; nothing for an empty text.
    pub(super) fn evidence(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.trim().is_empty() {
            self.evidence.push(text);
        }
        self
    }

    /// Adds what to do, in words only.
    pub(super) fn next(mut self, text: impl Into<String>) -> Self {
        self.next_step = Some(NextStep { text: text.into(), call: None });
        self
    }

    /// Adds a call of a tool on the object. A call that does not fit its tool is left out, so that a next
    /// step is always one that can be taken.
    pub(super) fn call(mut self, tool: &str, extra: Value) -> Self {
        let mut arguments = json!({
            "kind": self.object.kind.to_ascii_lowercase(),
            "name": self.object.name,
            "namespace": self.object.namespace,
        });
        if let (Some(map), Value::Object(extra)) = (arguments.as_object_mut(), extra) {
            map.extend(extra);
            map.retain(|_, value| !value.is_null());
        }
        let call = Call::new(tool, arguments);
        if let Some(step) = &mut self.next_step
            && call.bind().is_ok()
        {
            step.call = Some(call);
        }
        self
    }

    /// Proposes twice the memory limit of the container, on the workload that owns the pod.
    pub(super) fn raise_memory(mut self, limit: f64) -> Self {
        let Some(owner) = self.owner.clone() else { return self };
        let call = Call::new(
            "set_resources",
            json!({
                "kind": owner.kind.to_ascii_lowercase(),
                "name": owner.name,
                "namespace": owner.namespace,
                "container": self.container,
                "memory_limit": crate::kubernetes::memory_text(limit * 2.0),
            }),
        );
        if let Some(step) = &mut self.next_step
            && call.bind().is_ok()
        {
            step.call = Some(call);
        }
        self
    }

    /// The finding for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "code": self.code.word(),
            "severity": self.severity,
            "object": self.object,
            "message": self.message,
            "evidence": self.evidence,
            "next_step": self.next_step.as_ref().map(|step| match &step.call {
                Some(call) => json!({"text": step.text, "tool": call.tool, "arguments": call.arguments}),
                None => json!({"text": step.text}),
            }),
            "caused_by": self.caused_by,
        })
    }
}
