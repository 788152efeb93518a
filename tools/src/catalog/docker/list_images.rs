//! `list_images`: the images the Docker engine has.

use bollard::models::ImageSummary;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::{names, subject};
use crate::error::Result;
use crate::outcome::{Outcome, Table, View};
use crate::progress::Progress;
use crate::tool::{ReadTool, Reader, Tool};
use crate::world::ReadWorld;

/// List the images that Docker has on this machine.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListImages {
    /// Only images of this repository, such as `shop/web`; a tag may follow.
    repository: Option<String>,
    /// Only images without a name, which newer builds left behind.
    #[serde(default)]
    dangling: bool,
}

impl Tool for ListImages {
    const NAME: &'static str = "list_images";
    const PHRASES: &'static [&'static str] = &[
        "[<show>] [all] [the] [local|docker|container] images [locally|on this machine|on my machine|here|there are|on disk|in docker]",
        "[<show>] [all] [the] docker images",
        "docker (images|image ls|image list)",
        "[<show>] [all] [the] (dangling|untagged|unnamed|nameless) [docker] images => dangling=true",
        "[<show>] [the] [docker] images without [a] (name|tag|names|tags) => dangling=true",
        "docker (images|image ls) (for|of|named|called) {repository:image}",
        "docker (images|image ls) {repository:image}",
        "[<show>] [the] [local] [docker] images (of|for|named|called|from) [repository] {repository:image} [locally|on this machine|here]",
        "[<show>] [the] local {repository:image} images",
        "[<show>] [the] {repository:image} images (on this machine|locally|in docker)",
        "(which|what) (tags|versions) of {repository:image} (do|are) [i|we|there] [have] [locally|here|on this machine]",
        "[<show>] [the] [local] (tags|versions) of [the] [image] {repository:image} (locally|here|on this machine|in docker)",
        "how (many|much) [local|docker] images [do i have|are there] [locally|on this machine]",
    ];

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn command(&self) -> CommandLine {
        let line = CommandLine::docker().arg("images");
        let line = if self.dangling { line.arg("--filter").arg("dangling=true") } else { line };
        match &self.repository {
            Some(repository) => line.arg(repository),
            None => line,
        }
    }

    fn check(&self) -> Result<()> {
        match &self.repository {
            Some(_) => subject::image_name(self.repository.as_ref()).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// The names of an image that are asked for; a nameless image has the one name `<none>`.
fn shown<'a>(image: &'a ImageSummary, tool: &ListImages) -> Vec<&'a str> {
    let named: Vec<&str> =
        image.repo_tags.iter().map(String::as_str).filter(|tag| !tag.starts_with("<none>")).collect();
    match (&tool.repository, tool.dangling) {
        (Some(wanted), false) => named
            .into_iter()
            .filter(|tag| {
                *tag == wanted || (names::tag_of(wanted).is_none() && names::repository_of(tag) == wanted)
            })
            .collect(),
        (None, true) if named.is_empty() => vec!["<none>"],
        (_, true) => Vec::new(),
        (None, false) if named.is_empty() => vec!["<none>"],
        (None, false) => named,
    }
}

impl ReadTool for ListImages {
    async fn read(&self, world: &ReadWorld, _: &Progress) -> Result<Outcome> {
        let docker = world.docker().await?;
        let mut images = docker.images().await?;
        images.sort_by_key(|image| std::cmp::Reverse(image.created));
        let mut table =
            Table { columns: ["IMAGE", "ID", "AGE", "SIZE"].map(str::to_owned).to_vec(), rows: Vec::new() };
        let mut data = Vec::new();
        let (mut count, mut bytes) = (0, 0_i64);
        for image in &images {
            let tags = shown(image, self);
            if tags.is_empty() {
                continue;
            }
            count += 1;
            bytes += image.size.max(0);
            for tag in &tags {
                table.rows.push(vec![
                    (*tag).to_owned(),
                    subject::short(&image.id).to_owned(),
                    subject::ago(image.created),
                    subject::size(image.size),
                ]);
            }
            data.push(json!({
                "tags": tags.iter().filter(|tag| **tag != "<none>").collect::<Vec<_>>(),
                "id": image.id,
                "created": image.created,
                "size_bytes": image.size,
            }));
        }
        let what = if self.dangling { "nameless image" } else { "image" };
        let of = self.repository.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        let mut outcome = if count == 0 {
            Outcome::sentence(format!("no {what}s{of}"))
        } else {
            let plural = if count == 1 { "" } else { "s" };
            Outcome::sentence(format!("{count} {what}{plural}{of}, {}", subject::size(bytes)))
                .view(View::Tables(vec![(String::new(), table)]))
        };
        if let (0, Some(wanted)) = (count, &self.repository) {
            let near = names::nearest(wanted, &names::of_images(&images));
            if !near.is_empty() {
                outcome = outcome.note(format!("the nearest names are {}", near.join(", ")));
            }
        }
        Ok(outcome.data(json!({"images": data})))
    }
}

pub(crate) static TOOL: Reader<ListImages> = Reader::new();

#[cfg(test)]
mod tests {
    use super::*;

    fn image(tags: &[&str]) -> ImageSummary {
        ImageSummary {
            repo_tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..ImageSummary::default()
        }
    }

    #[test]
    fn only_what_was_asked_for_is_shown() {
        let all = ListImages { repository: None, dangling: false };
        let nameless = ListImages { repository: None, dangling: true };
        let web = ListImages { repository: Some("web".to_owned()), dangling: false };
        let both = image(&["web:1", "api:2"]);
        assert_eq!(shown(&both, &all), ["web:1", "api:2"]);
        assert_eq!(shown(&both, &web), ["web:1"]);
        assert!(shown(&both, &nameless).is_empty());
        assert_eq!(shown(&image(&["<none>:<none>"]), &nameless), ["<none>"]);
        assert_eq!(web.command().to_string(), "docker images web");
        assert_eq!(nameless.command().to_string(), "docker images --filter dangling=true");
    }
}
