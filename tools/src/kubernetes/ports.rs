//! The ports an object declares, and the port of a pod that stands behind a Service's.

use serde_json::Value;

/// The TCP ports an object declares, with their names: those of a Service, or of the containers of a pod or
/// of a workload's pods.
#[must_use]
pub fn declared_ports(object: &Value) -> Vec<(Option<String>, u16)> {
    let name = |port: &Value| port.get("name").and_then(Value::as_str).map(str::to_owned);
    let number = |port: &Value, key: &str| port.get(key)?.as_u64().and_then(|port| u16::try_from(port).ok());
    let is_tcp = |port: &&Value| port.get("protocol").and_then(Value::as_str).is_none_or(|one| one == "TCP");
    if object.get("kind").and_then(Value::as_str) == Some("Service") {
        let ports = object.pointer("/spec/ports").and_then(Value::as_array);
        let ports = ports.into_iter().flatten().filter(is_tcp);
        return ports.filter_map(|port| Some((name(port), number(port, "port")?))).collect();
    }
    let spec = object.pointer("/spec/template/spec").or_else(|| object.get("spec"));
    let containers = spec.and_then(|spec| spec.get("containers")).and_then(Value::as_array);
    containers
        .into_iter()
        .flatten()
        .filter_map(|container| container.get("ports").and_then(Value::as_array))
        .flatten()
        .filter(is_tcp)
        .filter_map(|port| Some((name(port), number(port, "containerPort")?)))
        .collect()
}

/// The port of `pod` that `port` of `object` means: for a Service its target port, by number or by the name of
/// a container's port; for everything else the same. `None` when the Service has no such port, or the pod none
/// of that name.
#[must_use]
pub fn port_behind(object: &Value, pod: &Value, port: u16) -> Option<u16> {
    if object.get("kind").and_then(Value::as_str) != Some("Service") {
        return Some(port);
    }
    let ports = object.pointer("/spec/ports").and_then(Value::as_array)?;
    let declared =
        ports.iter().find(|one| one.get("port").and_then(Value::as_u64) == Some(u64::from(port)))?;
    match declared.get("targetPort") {
        None => Some(port),
        Some(Value::String(name)) => declared_ports(pod)
            .into_iter()
            .find(|(known, _)| known.as_deref() == Some(name.as_str()))
            .map(|(_, number)| number),
        Some(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_service_leads_to_the_port_of_its_pod() {
        let pod = json!({"kind": "Pod", "spec": {"containers": [{"ports": [{"name": "http", "containerPort": 8000}, {"containerPort": 53, "protocol": "UDP"}]}]}});
        assert_eq!(declared_ports(&pod), [(Some("http".to_owned()), 8000)]);
        let service = json!({"kind": "Service", "spec": {"ports": [
            {"port": 80, "targetPort": "http"}, {"port": 81, "targetPort": 9000}, {"port": 82}, {"port": 83, "targetPort": "none"}]}});
        let behind = |port| port_behind(&service, &pod, port);
        assert_eq!(
            [behind(80), behind(81), behind(82), behind(83), behind(84)],
            [Some(8000), Some(9000), Some(82), None, None]
        );
        assert_eq!(port_behind(&pod, &pod, 12), Some(12));
    }
}
