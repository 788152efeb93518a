//! Which object is meant: candidates are read as metadata, in the namespace that is said or the context's,
//! and only when nothing fits there in all of them.

use futures::future::join_all;
use shipmate_tools::kubernetes::{Cluster, Identity, ResourceType, selector_text};
use shipmate_tools::slot::Inside;
use shipmate_tools::{Effect, ErrorKind, Feedback, ObjectAccepts, ObjectSlot, ReadWorld, ToolError};

use super::matching::{Fit, fit, nearest};
use super::{Choice, Obstacle, any_of, ask, is_forbidden, scope};

pub(super) async fn fill(slot: ObjectSlot<'_>, world: &ReadWorld, effect: Effect) -> Result<(), Obstacle> {
    if let Some((kind, name)) = slot.name.as_deref().and_then(split_reference) {
        *slot.kind = Some(kind);
        *slot.name = Some(name);
    }
    // "namespace staging" reads as a place, and is the object when a namespace is what is meant.
    if slot.name.is_none()
        && slot.kind.as_deref().is_some_and(|kind| ["ns", "namespace", "namespaces"].contains(&kind))
    {
        *slot.name = slot.namespace.take();
    }
    if slot.name.is_none() && (!slot.required || slot.kind.is_none()) {
        // With a selector given, or a tool that works without an object, only the place is missing.
        let selected = slot.selector.as_ref().is_some_and(|selector| selector.is_some());
        if slot.required && !selected {
            return Err(ask("Which object? Say its kind and name, such as \"deployment web\"."));
        }
        return Ok(());
    }
    let cluster = world.cluster().await?;
    if slot.namespace.is_some() {
        scope::check_namespace(slot.namespace.as_deref(), cluster).await?;
    } else if world.options().namespace.is_some() {
        scope::check_namespace(world.options().namespace.as_deref(), cluster).await?;
    }
    let wanted = Wanted {
        word: slot.name.clone(),
        kind: match slot.kind.as_deref() {
            Some(kind) => Some(kind_of(kind, cluster).await?),
            None => None,
        },
        namespace: slot.namespace.clone(),
        accepts: slot.accepts,
        effect,
        stay_here: world.options().namespace.is_some(),
    };
    let found = wanted.find(cluster).await?;
    let resource = cluster.kind(&found.kind).await?;
    if let Some(selector) = slot.selector {
        *selector = pod_selector(&resource, &found, cluster).await?;
    }
    *slot.kind = Some(found.kind);
    *slot.name = Some(found.name);
    *slot.namespace = found.namespace;
    Ok(())
}

/// Finds the object, then lets the part of the call that it settles look into it.
pub(super) async fn fill_inside(
    slot: ObjectSlot<'_>,
    mut inside: Box<dyn Inside + '_>,
    world: &ReadWorld,
    effect: Effect,
) -> Result<(), Obstacle> {
    let ObjectSlot { kind, name, namespace, selector, accepts, required } = slot;
    let object = ObjectSlot {
        kind: &mut *kind,
        name: &mut *name,
        namespace: &mut *namespace,
        selector,
        accepts,
        required,
    };
    fill(object, world, effect).await?;
    if name.is_none() {
        return Ok(());
    }
    let cluster = world.cluster().await?;
    let target = cluster.target(kind.as_deref(), name.as_deref(), namespace.as_deref()).await?;
    let (object, _) = target.read(cluster).await?;
    match inside.fill(&object, cluster).await? {
        None => Ok(()),
        Some(question) => Err(Obstacle::Ask {
            question: question.question,
            choices: question
                .choices
                .into_iter()
                .map(|(label, argument, value)| Choice { label, arguments: vec![(argument, value)] })
                .collect(),
        }),
    }
}

pub(super) async fn fill_owner(
    owner: &mut Option<String>,
    selector: &mut Option<String>,
    namespace: &mut Option<String>,
    world: &ReadWorld,
    effect: Effect,
) -> Result<(), Obstacle> {
    let Some(word) = owner.take() else { return Ok(()) };
    let (mut kind, mut name) = match split_reference(&word) {
        Some((kind, name)) => (Some(kind), Some(name)),
        None => (None, Some(word.clone())),
    };
    let slot = ObjectSlot {
        kind: &mut kind,
        name: &mut name,
        namespace,
        selector: Some(selector),
        accepts: ObjectAccepts::HasPods,
        required: true,
    };
    fill(slot, world, effect).await?;
    if selector.is_none() {
        return Err(ask(format!("Which pods? {word} has no selector; name the pods or a label.")));
    }
    Ok(())
}

/// `kind/name` as people and kubectl write it.
pub(super) fn split_reference(text: &str) -> Option<(String, String)> {
    let (kind, name) = text.split_once('/')?;
    (!kind.is_empty() && !name.is_empty() && !name.contains('/')).then(|| (kind.to_owned(), name.to_owned()))
}

async fn kind_of(word: &str, cluster: &Cluster) -> Result<ResourceType, Obstacle> {
    cluster.kind(word).await.map_err(|error| match error {
        ToolError::Feedback(feedback) if feedback.kind == ErrorKind::NotFound => ask(format!(
            "What is {word:?}? The cluster has no such kind; nearest: {}.",
            any_of(&feedback.candidates)
        )),
        other => Obstacle::Error(other),
    })
}

struct Wanted {
    word: Option<String>,
    kind: Option<ResourceType>,
    namespace: Option<String>,
    accepts: ObjectAccepts,
    effect: Effect,
    /// Whether a flag said where: then another namespace is not what the words imply.
    stay_here: bool,
}

/// A candidate and how well it fits.
struct Scored {
    identity: Identity,
    fit: Fit,
    /// Position of its kind in the order of preference.
    rank: usize,
}

impl Wanted {
    async fn find(&self, cluster: &Cluster) -> Result<Identity, Obstacle> {
        let kinds = self.kinds(cluster);
        let here = self.namespace.as_deref().unwrap_or_else(|| cluster.namespace());
        let everyone_here = read(cluster, &kinds, Some(here)).await?;
        let chosen = self.choose(&everyone_here);
        // A pod by the name of its workload, "the frontend pod": logs and usage mean the workload's pods, and so
        // does whatever takes any one of them.
        let undecided = !matches!(chosen, Ok(Some(_)));
        if undecided
            && self.accepts == ObjectAccepts::HasPods
            && self.kind.as_ref().is_some_and(|kind| kind.kind == "Pod")
        {
            let workloads =
                read(cluster, &known(cluster, ObjectAccepts::HasPods.kinds()), Some(here)).await?;
            if let Some(found) = self.choose_workload(&workloads)? {
                return Ok(found);
            }
        }
        if let Some(found) = chosen? {
            return Ok(found);
        }
        if !self.stay_here
            && self.namespace.is_none()
            && self.word.is_some()
            && kinds.iter().any(|kind| kind.namespaced)
        {
            let everywhere = read(cluster, &kinds, None).await.unwrap_or_default();
            let elsewhere: Vec<Identity> =
                everywhere.into_iter().filter(|object| object.namespace.as_deref() != Some(here)).collect();
            // Elsewhere only a sure fit counts: a guess in another namespace is not what the words imply.
            if let Some(found) = self.choose_from(&elsewhere, Fit::Parts)? {
                return Ok(found);
            }
        }
        Err(self.nothing(&everyone_here, here))
    }

    fn kinds(&self, cluster: &Cluster) -> Vec<ResourceType> {
        match &self.kind {
            Some(kind) => vec![kind.clone()],
            None => known(cluster, self.accepts.kinds()),
        }
    }

    fn choose(&self, objects: &[Identity]) -> Result<Option<Identity>, Obstacle> {
        let least = if self.effect == Effect::Read { Fit::Spelling } else { Fit::Application };
        self.choose_from(objects, least)
    }

    /// As [`Self::choose`], without pods.
    fn choose_workload(&self, objects: &[Identity]) -> Result<Option<Identity>, Obstacle> {
        let workloads: Vec<Identity> =
            objects.iter().filter(|object| object.kind != "pod" && !object.controlled).cloned().collect();
        self.choose(&workloads)
    }

    /// The one object that fits best, nothing when none fits at least so well, a question when several do.
    fn choose_from(&self, objects: &[Identity], least: Fit) -> Result<Option<Identity>, Obstacle> {
        let Some(word) = self.word.as_deref() else {
            return match objects {
                [] => Ok(None),
                [one] => Ok(Some(one.clone())),
                several => {
                    Err(which(self.kind.as_ref().map_or("object", |kind| &kind.singular), several.iter()))
                }
            };
        };
        let explicit_kind = self.kind.is_some();
        let rank =
            |kind: &str| self.accepts.kinds().iter().position(|known| *known == kind).unwrap_or(usize::MAX);
        let mut scored: Vec<Scored> = objects
            .iter()
            // What another object controls is meant only when it is named itself.
            .filter_map(|identity| {
                let fit = fit(word, identity).filter(|fit| *fit >= least)?;
                (explicit_kind || !identity.controlled || fit == Fit::Name).then(|| Scored {
                    identity: identity.clone(),
                    fit,
                    rank: rank(&identity.kind),
                })
            })
            .collect();
        let Some(best) = scored.iter().map(|one| one.fit).max() else { return Ok(None) };
        scored.retain(|one| one.fit == best);
        let first_rank = scored.iter().map(|one| one.rank).min().unwrap_or(usize::MAX);
        let preferred: Vec<&Identity> =
            scored.iter().filter(|one| one.rank == first_rank).map(|one| &one.identity).collect();
        let mut names: Vec<&str> = scored.iter().map(|one| one.identity.name.as_str()).collect();
        names.dedup();
        match preferred.as_slice() {
            // Of several kinds the preferred one is meant when they share the name, or when only looking.
            [one] if self.effect == Effect::Read || names.len() == 1 => Ok(Some((*one).clone())),
            [one] if scored.len() == 1 => Ok(Some((*one).clone())),
            _ => Err(which(word, scored.iter().map(|one| &one.identity))),
        }
    }

    fn nothing(&self, objects: &[Identity], namespace: &str) -> Obstacle {
        let what = self.kind.as_ref().map_or("object", |kind| &kind.singular);
        let Some(word) = self.word.as_deref() else {
            return ask(format!("There is no {what} in namespace {namespace}. Which one, and where?"));
        };
        let names = nearest(
            word,
            objects
                .iter()
                .filter(|object| !object.controlled || self.kind.is_some())
                .map(|object| object.name.as_str()),
        );
        let question = if names.is_empty() {
            format!("There is no {what} called {word:?} in namespace {namespace}. Which one is meant?")
        } else {
            format!(
                "There is no {what} called {word:?} in namespace {namespace}. Did you mean {}?",
                any_of(&names)
            )
        };
        let choices = objects
            .iter()
            .filter(|object| names.contains(&object.name) && (!object.controlled || self.kind.is_some()))
            .map(choice)
            .take(5)
            .collect();
        Obstacle::Ask { question, choices }
    }
}

fn which<'a>(word: &str, objects: impl Iterator<Item = &'a Identity>) -> Obstacle {
    let choices: Vec<Choice> = objects.map(choice).collect();
    let shown: Vec<String> = choices.iter().take(8).map(|choice| choice.label.clone()).collect();
    let more = choices.len().saturating_sub(shown.len());
    let rest = if more > 0 { format!(" ({more} more)") } else { String::new() };
    Obstacle::Ask {
        question: format!("{word:?} fits several: which one, {}{rest}?", any_of(&shown)),
        choices,
    }
}

fn choice(object: &Identity) -> Choice {
    let mut arguments = vec![("kind", object.kind.clone()), ("name", object.name.clone())];
    if let Some(namespace) = &object.namespace {
        arguments.push(("namespace", namespace.clone()));
    }
    let place = object.namespace.as_ref().map_or(String::new(), |namespace| format!(" in {namespace}"));
    Choice { label: format!("{} {}{place}", object.kind, object.name), arguments }
}

fn known(cluster: &Cluster, words: &[&str]) -> Vec<ResourceType> {
    let kinds = cluster.known_kinds();
    words.iter().filter_map(|word| kinds.find(word).cloned()).collect()
}

/// The objects of several kinds, read in parallel. What may not be looked at is passed over, unless that is
/// all of it.
async fn read(
    cluster: &Cluster,
    kinds: &[ResourceType],
    namespace: Option<&str>,
) -> Result<Vec<Identity>, Obstacle> {
    let answers = join_all(kinds.iter().map(|kind| cluster.identities(kind, namespace))).await;
    let mut objects = Vec::new();
    let mut refused: Option<ToolError> = None;
    let mut looked = false;
    for answer in answers {
        match answer {
            Ok(found) => {
                looked = true;
                objects.extend(found);
            }
            Err(error) if is_forbidden(&error) || error.kind() == ErrorKind::NotFound => {
                refused = Some(error);
            }
            Err(error) => return Err(error.into()),
        }
    }
    match refused {
        Some(error) if !looked => Err(error.into()),
        _ => Ok(objects),
    }
}

/// The selector of the pods that belong to an object; a pod is selected by its own name elsewhere.
async fn pod_selector(
    resource: &ResourceType,
    found: &Identity,
    cluster: &Cluster,
) -> Result<Option<String>, Obstacle> {
    if resource.kind == "Pod" {
        return Ok(None);
    }
    let api = cluster.api(resource, found.namespace.as_deref());
    let object =
        cluster.ask(&format!("read {} {}", resource.singular, found.name), api.get(&found.name)).await?;
    let value =
        serde_json::to_value(object).map_err(|error| Feedback::new(ErrorKind::Other, error.to_string()))?;
    Ok(selector_text(&value))
}
