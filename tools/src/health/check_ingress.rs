//! Ingresses: a class that exists, Services and ports that exist. A backend that is a resource and an empty TLS
//! secret name are no faults.

use serde_json::{Value, json};

use crate::severity::Severity;

use super::check_claim::is_default;
use super::field::{items, namespace, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for ingress in snapshot.list("Ingress") {
        findings.extend(class(snapshot, ingress));
        findings.extend(certificate(snapshot, ingress));
        let mut told = Vec::new();
        for backend in backends(ingress) {
            let service = text(backend, "/service/name");
            // A resource backend has no Service.
            if service.is_empty() || told.contains(&backend) {
                continue;
            }
            told.push(backend);
            findings.extend(backend_finding(snapshot, ingress, backend, service));
        }
    }
}

/// A Secret with a certificate that does not exist. One that an issuer makes may be on its way, and an empty
/// name leaves the certificate to the controller.
fn certificate(snapshot: &Snapshot, ingress: &Value) -> Option<Finding> {
    let issued = ["cert-manager.io~1issuer", "cert-manager.io~1cluster-issuer"]
        .iter()
        .any(|annotation| !text(ingress, &format!("/metadata/annotations/{annotation}")).is_empty());
    let missing = items(ingress, "/spec/tls").map(|tls| text(tls, "/secretName")).find(|secret| {
        !secret.is_empty()
            && snapshot.knows("Secret")
            && snapshot.find("Secret", namespace(ingress), secret).is_none()
    })?;
    (!issued).then(|| {
        Finding::new(
            Code::TlsSecretMissing,
            Severity::Error,
            ObjectRef::of("Ingress", ingress),
            format!("names the Secret {missing} for its certificate, which does not exist"),
        )
        .evidence(format!("spec.tls.secretName is {missing}"))
        .next("make that Secret of type kubernetes.io/tls, or correct the name")
        .call("describe_resource", json!({}))
    })
}

/// The default backend and those of every path.
pub(super) fn backends(ingress: &Value) -> impl Iterator<Item = &Value> {
    let paths = items(ingress, "/spec/rules").flat_map(|rule| items(rule, "/http/paths"));
    ingress.pointer("/spec/defaultBackend").into_iter().chain(paths.filter_map(|path| path.get("backend")))
}

fn class(snapshot: &Snapshot, ingress: &Value) -> Option<Finding> {
    if !snapshot.knows("IngressClass") {
        return None;
    }
    let object = ObjectRef::of("Ingress", ingress);
    let named = text(ingress, "/spec/ingressClassName");
    if !named.is_empty() {
        return snapshot.find("IngressClass", "", named).is_none().then(|| {
            Finding::new(
                Code::IngressClassMissing,
                Severity::Error,
                object,
                format!("names the class {named}, which does not exist: no controller serves it"),
            )
            .evidence(format!("spec.ingressClassName is {named}"))
            .next("install that ingress controller, or name a class that `kubectl get ingressclass` lists")
            .call("describe_resource", json!({}))
        });
    }
    // The annotation from before classes names what a controller looks for, not an object.
    let annotated = !text(ingress, "/metadata/annotations/kubernetes.io~1ingress.class").is_empty();
    let by_default = snapshot.list("IngressClass").iter().any(is_default);
    (!annotated && !by_default).then(|| {
        Finding::new(
            Code::IngressClassMissing,
            Severity::Warning,
            object,
            "names no class, and the cluster has no default one",
        )
        .evidence("spec.ingressClassName is empty")
        .next("name a class that `kubectl get ingressclass` lists")
        .call("describe_resource", json!({}))
    })
}

fn backend_finding(snapshot: &Snapshot, ingress: &Value, backend: &Value, service: &str) -> Option<Finding> {
    if !snapshot.knows("Service") {
        return None;
    }
    let object = ObjectRef::of("Ingress", ingress);
    let Some(found) = snapshot.find("Service", namespace(ingress), service) else {
        return Some(
            Finding::new(
                Code::BackendMissing,
                Severity::Error,
                object,
                format!("sends to the Service {service}, which does not exist"),
            )
            .evidence(format!("a backend's service.name is {service}"))
            .next("make that Service, or correct the name")
            .call("describe_resource", json!({})),
        );
    };
    let name = text(backend, "/service/port/name");
    let number = backend.pointer("/service/port/number");
    let has = items(found, "/spec/ports").any(|port| {
        (!name.is_empty() && text(port, "/name") == name) || (number.is_some() && port.get("port") == number)
    });
    if has || text(found, "/spec/type") == "ExternalName" {
        return None;
    }
    let port = number.map_or_else(|| name.to_owned(), ToString::to_string);
    Some(
        Finding::new(
            Code::BackendPortMissing,
            Severity::Error,
            object,
            format!("sends to port {port} of the Service {service}, which has no such port"),
        )
        .evidence(format!("a backend's service.port is {port}"))
        .next("correct the port")
        .call("describe_resource", json!({})),
    )
}
