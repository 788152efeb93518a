//! Where: which namespace, which kinds. A word before a kind ("todo pods") is a namespace when there is one
//! of that name, else a part of the objects' names.

use shipmate_tools::kubernetes::Cluster;
use shipmate_tools::{ErrorKind, ReadWorld, ToolError};

use super::matching::nearest;
use super::{Choice, Obstacle, any_of, ask};

/// What is known about a place before its namespace is.
pub(super) struct Place {
    pub all_namespaces: bool,
    pub cluster_scoped: bool,
    pub may_be_new: bool,
}

pub(super) async fn fill(
    namespace: &mut Option<String>,
    qualifier: Option<(&mut Option<String>, &mut Option<String>)>,
    place: Place,
    world: &ReadWorld,
) -> Result<(), Obstacle> {
    if let Some((word, name_contains)) = qualifier
        && let Some(said) = word.take()
    {
        let cluster = world.cluster().await?;
        let is_namespace = !place.all_namespaces
            && !place.cluster_scoped
            && namespace.is_none()
            && cluster.namespaces().await?.is_some_and(|names| names.contains(&said));
        if is_namespace {
            *namespace = Some(said);
            return Ok(());
        }
        *name_contains = Some(said);
    }
    if place.all_namespaces || place.cluster_scoped {
        *namespace = None;
        return Ok(());
    }
    if namespace.is_some() {
        if !place.may_be_new {
            check_namespace(namespace.as_deref(), world.cluster().await?).await?;
        }
        return Ok(());
    }
    *namespace = Some(world.connection().await?.namespace.clone());
    if world.options().namespace.is_some() && !place.may_be_new {
        check_namespace(namespace.as_deref(), world.cluster().await?).await?;
    }
    Ok(())
}

/// Makes sure that a named namespace exists. A cluster that does not let this user list namespaces is
/// believed: the request itself will say what is wrong.
pub(super) async fn check_namespace(namespace: Option<&str>, cluster: &Cluster) -> Result<(), Obstacle> {
    let Some(name) = namespace else { return Ok(()) };
    let Some(names) = cluster.namespaces().await? else { return Ok(()) };
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    let near = nearest(name, names.iter().map(String::as_str));
    let choices = near
        .iter()
        .map(|known| Choice {
            label: format!("namespace {known}"),
            arguments: vec![("namespace", known.clone())],
        })
        .collect();
    Err(Obstacle::Ask {
        question: format!("There is no namespace called {name:?}. Did you mean {}?", any_of(&near)),
        choices,
    })
}

/// Resolves each kind to its plural name; whether none of them lives in namespaces is the answer.
pub(super) async fn fill_kinds(kinds: &mut String, world: &ReadWorld) -> Result<bool, Obstacle> {
    let cluster = world.cluster().await?;
    let mut names = Vec::new();
    let mut namespaced = false;
    for word in kinds.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        if word.eq_ignore_ascii_case("all") {
            names.push("all".to_owned());
            namespaced = true;
            continue;
        }
        let resource = cluster.kind(word).await.map_err(|error| match error {
            ToolError::Feedback(feedback) if feedback.kind == ErrorKind::NotFound => ask(format!(
                "What is {word:?}? The cluster has no such kind; nearest: {}.",
                any_of(&feedback.candidates)
            )),
            other => Obstacle::Error(other),
        })?;
        namespaced |= resource.namespaced;
        // The plain plural when it finds this very type again, else with its group.
        let plain = cluster.known_kinds().find(&resource.plural).is_none_or(|found| found == &resource);
        names.push(if plain { resource.plural } else { format!("{}.{}", resource.plural, resource.group) });
    }
    if names.is_empty() {
        return Err(ask("Which kind of objects? For example pods, services or deployments."));
    }
    names.dedup();
    *kinds = names.join(",");
    Ok(!namespaced)
}
