//! Gateways and their routes: a class, a Gateway, a backend that exists, and what their controllers say about
//! them. A status nobody has written yet is no fault.

use serde_json::{Value, json};

use crate::severity::Severity;

use super::check_node::said;
use super::field::{age, condition, items, name, namespace, text};
use super::finding::{Code, Finding, ObjectRef};
use super::snapshot::Snapshot;

/// Controllers need some seconds to answer.
const GRACE: i64 = 30;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for gateway in snapshot.list("Gateway").iter().filter(|gateway| snapshot.covers(namespace(gateway))) {
        findings.extend(gateway_finding(snapshot, gateway));
    }
    for route in snapshot.list("HTTPRoute") {
        for parent in items(route, "/spec/parentRefs") {
            findings.extend(parent_finding(snapshot, route, parent));
        }
        let backends = items(route, "/spec/rules").flat_map(|rule| items(rule, "/backendRefs"));
        findings.extend(backends.filter_map(|backend| backend_finding(snapshot, route, backend)));
    }
}

/// A condition that says no, and not only that nobody has looked yet.
fn refused<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    condition(object, kind).filter(|one| text(one, "/status") == "False" && text(one, "/reason") != "Pending")
}

fn gateway_finding(snapshot: &Snapshot, gateway: &Value) -> Option<Finding> {
    let object = ObjectRef::of("Gateway", gateway);
    let class = text(gateway, "/spec/gatewayClassName");
    if snapshot.knows("GatewayClass") && snapshot.find("GatewayClass", "", class).is_none() {
        return Some(
            Finding::new(
                Code::GatewayClassMissing,
                Severity::Error,
                object,
                format!("names the class {class}, which does not exist: no controller serves it"),
            )
            .evidence(format!("spec.gatewayClassName is {class}"))
            .next("install that controller, or name a class that `kubectl get gatewayclass` lists"),
        );
    }
    if age(snapshot.now, gateway) < GRACE {
        return None;
    }
    let told = |code, condition: &Value, message: &str| {
        Finding::new(code, Severity::Error, object.clone(), message)
            .evidence(said(condition))
            .next("correct what its controller names")
            .call("describe_resource", json!({}))
    };
    if let Some(no) = refused(gateway, "Accepted") {
        return Some(told(Code::GatewayNotAccepted, no, "is not accepted by its controller"));
    }
    let listener = items(gateway, "/status/listeners").find_map(|listener| refused(listener, "ResolvedRefs"));
    if let Some(no) = listener {
        return Some(told(Code::GatewayNotProgrammed, no, "has a listener that names what cannot be used"));
    }
    refused(gateway, "Programmed")
        .map(|no| told(Code::GatewayNotProgrammed, no, "is accepted and not in place"))
}

fn parent_finding(snapshot: &Snapshot, route: &Value, parent: &Value) -> Option<Finding> {
    let kind = text(parent, "/kind");
    if !(kind.is_empty() || kind == "Gateway") || !snapshot.knows("Gateway") {
        return None;
    }
    let place =
        Some(text(parent, "/namespace")).filter(|one| !one.is_empty()).unwrap_or_else(|| namespace(route));
    let wanted = text(parent, "/name");
    let object = ObjectRef::of("HTTPRoute", route);
    let Some(gateway) = snapshot.find("Gateway", place, wanted) else {
        return Some(
            Finding::new(
                Code::GatewayMissing,
                Severity::Error,
                object,
                format!("hangs on the Gateway {place}/{wanted}, which does not exist"),
            )
            .evidence(format!("spec.parentRefs names {place}/{wanted}"))
            .next("make that Gateway, or correct the name"),
        );
    };
    let refusal = items(route, "/status/parents")
        .filter(|status| text(status, "/parentRef/name") == wanted)
        .find_map(|status| refused(status, "Accepted").or_else(|| refused(status, "ResolvedRefs")));
    let closed = || {
        let mut from = items(gateway, "/spec/listeners")
            .map(|listener| text(listener, "/allowedRoutes/namespaces/from"))
            .peekable();
        from.peek().is_some()
            && place != namespace(route)
            && from.all(|from| matches!(from, "" | "Same" | "None"))
    };
    let why = match refusal {
        // The backend that does not exist is told as such.
        Some(refusal) if text(refusal, "/reason") == "BackendNotFound" => return None,
        Some(refusal) => said(refusal),
        None if closed() => format!("Gateway {place}/{wanted} takes routes of its own namespace only"),
        None => return None,
    };
    Some(
        Finding::new(
            Code::RouteNotAllowed,
            Severity::Error,
            object,
            format!("is not taken by the Gateway {place}/{wanted}"),
        )
        .evidence(why)
        .next("let the Gateway's listeners allow it, or correct what is refused")
        .call("describe_resource", json!({})),
    )
}

fn backend_finding(snapshot: &Snapshot, route: &Value, backend: &Value) -> Option<Finding> {
    let kind = text(backend, "/kind");
    let place =
        Some(text(backend, "/namespace")).filter(|one| !one.is_empty()).unwrap_or_else(|| namespace(route));
    if !(kind.is_empty() || kind == "Service") || !snapshot.knows("Service") || !snapshot.covers(place) {
        return None;
    }
    let wanted = text(backend, "/name");
    let object = ObjectRef::of("HTTPRoute", route);
    let Some(service) = snapshot.find("Service", place, wanted) else {
        return Some(
            Finding::new(
                Code::BackendMissing,
                Severity::Error,
                object,
                format!("sends to the Service {wanted}, which does not exist"),
            )
            .evidence(format!("a backendRef of {} is {place}/{wanted}", name(route)))
            .next("make that Service, or correct the name"),
        );
    };
    let port = backend.get("port")?;
    let has = items(service, "/spec/ports").any(|one| one.get("port") == Some(port));
    (!has && text(service, "/spec/type") != "ExternalName").then(|| {
        Finding::new(
            Code::BackendPortMissing,
            Severity::Error,
            object,
            format!("sends to port {port} of the Service {wanted}, which has no such port"),
        )
        .evidence(format!("a backendRef's port is {port}"))
        .next("correct the port")
    })
}
