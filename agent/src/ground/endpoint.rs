//! What one connects to, and the second object of a call: an object like any other, plus the port that it
//! declares, or written as one word.

use shipmate_tools::kubernetes::declared_ports;
use shipmate_tools::prometheus::Place;
use shipmate_tools::{Effect, ErrorKind, Feedback, ObjectAccepts, ObjectSlot, ReadWorld};

use super::object::split_reference;
use super::{Obstacle, object};

pub(super) async fn fill(
    slot: ObjectSlot<'_>,
    port: &mut Option<u16>,
    world: &ReadWorld,
    effect: Effect,
) -> Result<(), Obstacle> {
    let ObjectSlot { kind, name, namespace, selector, accepts, required } = slot;
    let lent = ObjectSlot {
        kind: &mut *kind,
        name: &mut *name,
        namespace: &mut *namespace,
        selector,
        accepts,
        required,
    };
    object::fill(lent, world, effect).await?;
    if port.is_some() || name.is_none() {
        return Ok(());
    }
    let cluster = world.cluster().await?;
    let target = cluster.target(kind.as_deref(), name.as_deref(), namespace.as_deref()).await?;
    let (found, _) = target.read(cluster).await?;
    match declared_ports(&found).as_slice() {
        // The tool says what to do about it.
        [] => Ok(()),
        [(_, one)] => {
            *port = Some(*one);
            Ok(())
        }
        several => Err(which_port(&target.label(), several)),
    }
}

fn which_port(label: &str, ports: &[(Option<String>, u16)]) -> Obstacle {
    let said: Vec<String> = ports
        .iter()
        .map(|(name, number)| match name {
            Some(name) => format!("{number} ({name})"),
            None => number.to_string(),
        })
        .collect();
    // A choice sets words, and a port is a number: it is said again.
    super::ask(format!("{label} has several ports: which one, {}?", super::any_of(&said)))
}

pub(super) async fn fill_another(
    kind: Option<&'static str>,
    reference: &mut Option<String>,
    namespace: &mut Option<String>,
    port: Option<&mut Option<u16>>,
    world: &ReadWorld,
    effect: Effect,
) -> Result<(), Obstacle> {
    let Some(word) = reference.clone() else { return Ok(()) };
    let (mut kind_found, mut name) = match split_reference(&word) {
        Some((kind, name)) => (Some(kind), Some(name)),
        None => (None, Some(word)),
    };
    if let Some(kind) = kind {
        kind_found = Some(kind.to_owned());
    }
    let slot = ObjectSlot {
        kind: &mut kind_found,
        name: &mut name,
        namespace,
        selector: None,
        accepts: ObjectAccepts::Any,
        required: true,
    };
    let filled = match port {
        Some(port) => fill(slot, port, world, effect).await,
        None => object::fill(slot, world, effect).await,
    };
    match filled {
        // The choices would set the arguments of the first object.
        Err(Obstacle::Ask { question, .. }) => return Err(super::ask(question)),
        other => other?,
    }
    let (Some(found_kind), Some(name)) = (kind_found, name) else {
        return Err(Feedback::new(ErrorKind::NotFound, "the second object was not found").into());
    };
    *reference = Some(if kind.is_some() { name } else { format!("{found_kind}/{name}") });
    Ok(())
}

/// Finds a Prometheus where none is known; where there is none either, that is what has to be said.
pub(super) async fn fill_prometheus(
    url: Option<&str>,
    service: &mut Option<String>,
    world: &ReadWorld,
) -> Result<(), Obstacle> {
    if service.is_some() || Place::known(url).is_some() {
        return Ok(());
    }
    match Place::find(world.cluster().await?).await {
        Ok(place) => {
            *service = place.service();
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Err(super::ask(
            "Which Prometheus? No Service of the cluster looks like one: name its address, or set PROMETHEUS_URL.",
        )),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn ports_are_those_that_are_declared() {
        let service: Value =
            json!({"kind": "Service", "spec": {"ports": [{"name": "http", "port": 80}, {"port": 443}]}});
        assert_eq!(declared_ports(&service), [(Some("http".to_owned()), 80), (None, 443)]);
        let Obstacle::Ask { question, .. } = which_port("Service shop/web", &declared_ports(&service)) else {
            panic!("no question")
        };
        assert_eq!(question, "Service shop/web has several ports: which one, 80 (http) or 443?");
    }
}
