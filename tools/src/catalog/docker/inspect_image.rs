//! `inspect_image`: what an image is made of: its layers by size, who it runs as, what it starts.

use bollard::models::{ImageHistoryResponseItem, ImageInspect};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::subject;
use crate::error::Result;
use crate::gate;
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// Characters of the instruction that made a layer.
const INSTRUCTION: usize = 100;

/// Show a local image: its size layer by layer, its user, command, ports and settings.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InspectImage {
    /// The image, as `name:tag` or identifier.
    image: Option<String>,
}

impl Tool for InspectImage {
    const NAME: &'static str = "inspect_image";
    const PHRASES: &'static [&'static str] = &[
        "(inspect|describe|examine|look at|look into) [the] [local|docker] image {image:image}",
        "(inspect|describe|examine|look at|look into) [the] [local] {image:image} [docker|container] image",
        "docker image inspect {image:image}",
        "docker inspect image {image:image}",
        "docker [image] history [of] {image:image}",
        "[<show>] [the] (layers|history|layer sizes|size by layer|labels|entrypoint|command|architecture|digest|environment|details|size) (of|for|in|from) [the] [docker|local] image {image:image}",
        "[<show>] [the] (layers|history|layer sizes|size by layer|labels|entrypoint|command|architecture|digest|environment|details|size) (of|for|in|from) [the] [local] {image:image} [docker|container] image",
        "[<show>] [the] (layers|layer sizes|image history) (of|for|in) {image:image}",
        "how (big|large|heavy|old) is [the] [docker|local] image {image:image}",
        "how (big|large|heavy|old) is [the] {image:image} [docker|container] image",
        "how (big|large|heavy) is {image:image}",
        "how many layers (does|has) [the] {image:image} [image] [have]",
        "(what|which|who) (user|account|uid) (does|is) [the] [docker] image {image:image} (run|running|use|using|start) [as|with]",
        "(what|which|who) (user|account|uid) (does|is) [the] {image:image} [docker|container] image (run|running|use|using|start) [as|with]",
        "(does|is) [the] {image:image} [docker|container] image (run|running) as root",
        "(does|is) [the] image {image:image} (run|running) as root",
        "(what|which) (ports|port|entrypoint|command|cmd|labels) (does|is|are|has) [the] {image:image} [docker|container] image (have|has|expose|exposes|exposed|run|runs|start|starts|use|uses)",
        "what is in [the] {image:image} [docker|container] image",
        "what makes [the] {image:image} [docker|container] image (so|that) (big|large|heavy)",
        "why is [the] {image:image} [docker|container] image (so|that) (big|large|heavy)",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        CommandLine::docker().args(["image", "inspect"]).arg(self.image.clone().unwrap_or_default())
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Image(&mut self.image)]
    }

    fn check(&self) -> Result<()> {
        subject::image_name(self.image.as_ref()).map(|_| ())
    }
}

/// What made a layer, as its Dockerfile had it.
fn instruction(layer: &ImageHistoryResponseItem) -> String {
    let text = layer.created_by.trim();
    let text = text.strip_prefix("/bin/sh -c #(nop)").map_or_else(
        || {
            text.strip_prefix("/bin/sh -c")
                .map_or_else(|| text.to_owned(), |run| format!("RUN {}", run.trim()))
        },
        |nop| nop.trim().to_owned(),
    );
    let text = text.trim_end_matches("# buildkit").split_whitespace().collect::<Vec<_>>().join(" ");
    // Build arguments and settings of a layer can be secrets, though they should not.
    let text = gate::text(&text);
    if text.chars().count() > INSTRUCTION {
        format!("{}…", text.chars().take(INSTRUCTION).collect::<String>())
    } else {
        text
    }
}

/// Whom its processes run as, and whether that is root.
fn user(image: &ImageInspect) -> (String, bool) {
    let user = image.config.as_ref().and_then(|config| config.user.clone()).unwrap_or_default();
    let name = user.split(':').next().unwrap_or_default();
    let root = matches!(name, "" | "0" | "root");
    match (user.is_empty(), root) {
        (true, _) => ("root (no USER is set)".to_owned(), true),
        (_, root) => (user.clone(), root),
    }
}

impl ReadTool for InspectImage {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let name = subject::image_name(self.image.as_ref())?;
        let docker = world.docker().await?;
        let Some(image) = docker.image_details(name).await? else {
            return Err(subject::no_image(docker, name).await?.into());
        };
        let history = docker.history(name).await?;
        let (user, root) = user(&image);
        let config = image.config.clone().unwrap_or_default();
        let id = image.id.clone().unwrap_or_default();
        let bytes = image.size.unwrap_or(-1);
        let names = config.env.iter().flatten();
        let environment: Vec<&str> = names.map(|pair| pair.split('=').next().unwrap_or(pair)).collect();
        let mut facts = vec![
            ("id", subject::short(&id).to_owned()),
            ("tags", image.repo_tags.clone().unwrap_or_default().join(", ")),
            (
                "platform",
                format!(
                    "{}/{}",
                    image.os.clone().unwrap_or_default(),
                    image.architecture.clone().unwrap_or_default()
                ),
            ),
            ("user", user.clone()),
            ("entrypoint", config.entrypoint.clone().unwrap_or_default().join(" ")),
            ("command", config.cmd.clone().unwrap_or_default().join(" ")),
            ("ports", config.exposed_ports.clone().unwrap_or_default().join(", ")),
            ("volumes", config.volumes.clone().unwrap_or_default().join(", ")),
            ("folder", config.working_dir.clone().unwrap_or_default()),
            ("environment", environment.join(", ")),
            ("health check", if config.healthcheck.is_some() { "yes" } else { "none" }.to_owned()),
        ];
        facts.retain(|(_, value)| !value.is_empty());
        let facts_table = Table {
            columns: ["WHAT", "VALUE"].map(str::to_owned).to_vec(),
            rows: facts.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect(),
        };
        let mut layers: Vec<&ImageHistoryResponseItem> =
            history.iter().filter(|layer| layer.size > 0).collect();
        layers.sort_by_key(|layer| std::cmp::Reverse(layer.size));
        let layers_table = Table {
            columns: ["SIZE", "MADE BY"].map(str::to_owned).to_vec(),
            rows: layers.iter().map(|layer| vec![subject::size(layer.size), instruction(layer)]).collect(),
        };
        let count = layers.len();
        let plural = if count == 1 { "layer" } else { "layers" };
        let summary = format!(
            "{name} is {}, {count} {plural}, runs as {}",
            subject::size(bytes),
            if root { "root".to_owned() } else { format!("user {user}") }
        );
        let data = json!({
            "image": name,
            "id": id,
            "tags": image.repo_tags,
            "size_bytes": bytes,
            "user": config.user,
            "runs_as_root": root,
            "entrypoint": config.entrypoint,
            "command": config.cmd,
            "ports": config.exposed_ports,
            "architecture": image.architecture,
            "os": image.os,
            "environment_names": environment,
            "layers": history.iter().map(|layer| json!({"size_bytes": layer.size, "made_by": instruction(layer)})).collect::<Vec<_>>(),
        });
        let view = View::Tables(vec![
            (String::new(), facts_table),
            ("Layers, largest first".to_owned(), layers_table),
        ]);
        let outcome = Outcome::sentence(summary).view(view).data(data);
        Ok(if root {
            outcome.note("its processes run as root: end the Dockerfile with a USER of its own")
        } else {
            outcome
        })
    }
}

pub(crate) static TOOL: Reader<InspectImage> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::ImageConfig;

    #[test]
    fn a_layer_reads_as_its_dockerfile_line() {
        let layer = |text: &str| ImageHistoryResponseItem {
            created_by: text.to_owned(),
            ..ImageHistoryResponseItem::default()
        };
        assert_eq!(instruction(&layer("/bin/sh -c #(nop)  CMD [\"sh\"]")), "CMD [\"sh\"]");
        assert_eq!(instruction(&layer("/bin/sh -c apk add  curl")), "RUN apk add curl");
        assert_eq!(instruction(&layer("COPY . /app # buildkit")), "COPY . /app");
    }

    #[test]
    fn says_whether_it_runs_as_root() {
        let image = |name: &str| ImageInspect {
            config: Some(ImageConfig { user: Some(name.to_owned()), ..ImageConfig::default() }),
            ..ImageInspect::default()
        };
        assert!(user(&image("")).1 && user(&image("0:0")).1 && user(&image("root")).1);
        assert_eq!(user(&image("10001:10001")), ("10001:10001".to_owned(), false));
    }
}
