//! Grounding: every vague part of a call is resolved once, against the live cluster and the project folder.
//!
//! "backend" becomes Deployment todo-backend in namespace todo; a namespace that is not said becomes the one
//! the words imply, else the context's. What fits nothing gets its nearest names, what fits two is asked;
//! nothing is guessed for a change. After this step a call is exact, and what is shown is what will run.

mod endpoint;
mod engine;
mod matching;
mod object;
mod project;
mod scope;

use shipmate_tools::{BoundCall, Call, Effect, ErrorKind, Feedback, ReadWorld, Slot, ToolError};

/// What grounding a call came to.
pub enum Grounding {
    /// The call is exact.
    Exact(Box<dyn BoundCall>),
    /// It could mean several things, or a name is missing; `options` are exact calls to choose from.
    Ask {
        /// What to ask.
        question: String,
        /// The choices, each with its label; empty when the person has to say it again.
        options: Vec<(String, Call)>,
    },
}

/// Why a slot could not be filled.
pub(super) enum Obstacle {
    /// Several fit, or none does: ask, with the values that would settle it.
    Ask { question: String, choices: Vec<Choice> },
    /// The cluster or the tool said no.
    Error(ToolError),
}

/// One way to settle an ambiguous slot: the arguments it would set.
pub(super) struct Choice {
    pub label: String,
    pub arguments: Vec<(&'static str, String)>,
}

impl From<ToolError> for Obstacle {
    fn from(error: ToolError) -> Self {
        Self::Error(error)
    }
}

impl From<Feedback> for Obstacle {
    fn from(feedback: Feedback) -> Self {
        Self::Error(feedback.into())
    }
}

/// Makes `call` exact.
///
/// # Errors
/// What the cluster or the tool answers: unreachable, forbidden, arguments that make no sense, a refusal.
pub async fn ground(call: &Call, world: &ReadWorld) -> Result<Grounding, ToolError> {
    let mut bound = call.bind()?;
    // A refusal must not depend on what is found; whether the arguments make sense is asked when they are full.
    if let Err(refusal) = bound.check()
        && refusal.kind() == ErrorKind::Refused
    {
        return Err(refusal);
    }
    let effect = bound.effect();
    match fill(bound.as_mut(), world, effect).await {
        Ok(()) => {
            bound.check()?;
            Ok(Grounding::Exact(bound))
        }
        Err(Obstacle::Error(error)) => Err(error),
        Err(Obstacle::Ask { question, choices }) => {
            let options = choices
                .into_iter()
                .map(|choice| {
                    let mut settled = call.clone();
                    for (argument, value) in choice.arguments {
                        settled.arguments.insert(argument.to_owned(), value.into());
                    }
                    (choice.label, settled)
                })
                .collect();
            Ok(Grounding::Ask { question, options })
        }
    }
}

async fn fill(bound: &mut dyn BoundCall, world: &ReadWorld, effect: Effect) -> Result<(), Obstacle> {
    let slots = bound.slots();
    let brings_namespace = slots.iter().any(|slot| matches!(slot, Slot::Chart { .. }));
    let mut cluster_scoped = false;
    for slot in slots {
        match slot {
            Slot::Object(slot) => object::fill(slot, world, effect).await?,
            Slot::Endpoint { object, port } => endpoint::fill(object, port, world, effect).await?,
            Slot::Another { kind, reference, namespace, port } => {
                endpoint::fill_another(kind, reference, namespace, port, world, effect).await?;
            }
            Slot::Inside { object, inside } => object::fill_inside(object, inside, world, effect).await?,
            Slot::Prometheus { url, service } => {
                endpoint::fill_prometheus(url.as_deref(), service, world).await?;
            }
            Slot::Owner { owner, selector, namespace } => {
                object::fill_owner(owner, selector, namespace, world, effect).await?;
            }
            Slot::Kinds(kinds) => cluster_scoped = scope::fill_kinds(kinds, world).await?,
            Slot::Scope { namespace, all_namespaces, qualifier } => {
                let place = scope::Place { all_namespaces, cluster_scoped, may_be_new: brings_namespace };
                scope::fill(namespace, qualifier, place, world).await?;
            }
            Slot::Dockerfile(path) => project::fill_dockerfile(path, world)?,
            Slot::Build { subject, context, dockerfile, tag } => {
                project::fill_build(subject, context, dockerfile, tag, world)?;
            }
            Slot::Chart { chart, release, values } => project::fill_chart(chart, release, values, world)?,
            Slot::Image(image) => engine::fill_image(image, world).await?,
            Slot::Container(container) => engine::fill_container(container, world).await?,
            Slot::Path(path) => project::fill_path(path, world)?,
        }
    }
    Ok(())
}

/// A question that the person answers by saying it again with more.
pub(super) fn ask(question: impl Into<String>) -> Obstacle {
    Obstacle::Ask { question: question.into(), choices: Vec::new() }
}

/// Joins names for a sentence: "a", "a or b", "a, b or c".
pub(super) fn any_of(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// Whether an error means that this user may not look there, which is no reason to give up elsewhere.
pub(super) fn is_forbidden(error: &ToolError) -> bool {
    error.kind() == ErrorKind::Forbidden
}
