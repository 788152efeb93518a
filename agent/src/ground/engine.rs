//! Which image or container is meant: the engine's own names, by a whole name or a word of it.
//!
//! A name that fits none is left as it was said: the tool then answers with the nearest names, and a plan that
//! first makes the image ("tag it as x and push x") can still be read. An engine that does not answer is the
//! tool's to report, too.

use shipmate_tools::docker::names::{self, Named};
use shipmate_tools::{ReadWorld, ToolError};
use std::time::Duration;

use super::{Choice, Obstacle, any_of};

/// How long the engine may take to list what it has.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn fill_image(image: &mut Option<String>, world: &ReadWorld) -> Result<(), Obstacle> {
    let Some(said) = image.clone() else { return Ok(()) };
    let list = async { Ok(names::of_images(&world.docker().await?.images().await?)) };
    match answered(list).await {
        Some(all) => settle("image", image, names::image(&said, &all)),
        None => Ok(()),
    }
}

pub(super) async fn fill_container(
    container: &mut Option<String>,
    world: &ReadWorld,
) -> Result<(), Obstacle> {
    let Some(said) = container.clone() else { return Ok(()) };
    let list = async { Ok(names::of_containers(&world.docker().await?.containers(true, false).await?)) };
    match answered(list).await {
        Some(all) => settle("container", container, names::container(&said, &all)),
        None => Ok(()),
    }
}

async fn answered(list: impl Future<Output = Result<Vec<String>, ToolError>>) -> Option<Vec<String>> {
    tokio::time::timeout(PATIENCE, list).await.ok()?.ok()
}

fn settle(argument: &'static str, value: &mut Option<String>, named: Named) -> Result<(), Obstacle> {
    match named {
        Named::One(name) => {
            *value = Some(name);
            Ok(())
        }
        Named::None => Ok(()),
        Named::Several(several) => Err(Obstacle::Ask {
            question: format!("Which {argument}: {}?", any_of(&several)),
            choices: several
                .into_iter()
                .map(|name| Choice { label: name.clone(), arguments: vec![(argument, name)] })
                .collect(),
        }),
    }
}
