//! `build_image`: an image from a Dockerfile and a folder.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::Effect;
use crate::command::CommandLine;
use crate::docker::build::{self, Order};
use crate::docker::context::{Context, files, human};
use crate::docker::dockerfile::{self, is_secret_file};
use crate::docker::reference::is_reference;
use crate::error::{ErrorKind, Feedback, Result, ToolError};
use crate::outcome::{Outcome, Verification, View};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::slot::Slot;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Folders that a build hardly ever needs and that are large or private.
const RARELY_MEANT: [&str; 8] =
    [".git", "node_modules", "target", ".venv", "venv", "__pycache__", ".terraform", ".idea"];

/// Build a Docker image from a Dockerfile.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuildImage {
    /// What to build: a word ("backend") or a path, when context and tag are not known.
    subject: Option<String>,
    /// Folder of the build context.
    context: Option<String>,
    /// Path of the Dockerfile, if not `Dockerfile` in the context.
    dockerfile: Option<String>,
    /// Name and tag of the image, such as `shop/web:1.2.0`.
    tag: Option<String>,
    /// Build every step anew.
    #[serde(default)]
    no_cache: bool,
    /// Build arguments, each `NAME=value`.
    #[serde(default)]
    build_args: Vec<String>,
    /// Stage of the Dockerfile to stop at.
    target: Option<String>,
}

impl Tool for BuildImage {
    const NAME: &'static str = "build_image";
    const PHRASES: &'static [&'static str] = &[
        "(build|rebuild|create|make|bake) [an|the|new|optimized|optimised|production|docker|container] [optimized|optimised|production] {subject:word} [docker|container] image",
        "(build|rebuild|create|make|bake) [an|the|new|optimized|optimised] [docker|container] image (for|of|from) {subject:word}",
        "(build|rebuild|create|make|bake) [an|the|new|optimized|optimised] [docker|container] image (for|of|from|in) {context:path}",
        "(build|rebuild|bake) {context:path}",
        "(build|rebuild|bake) {subject:word}",
        "(build|rebuild|bake) [an|the] [docker|container] image [here|in this folder|from this folder]",
        "(build|rebuild|bake) [the] {dockerfile:path} [dockerfile]",
        "(containerize|dockerize) {subject:word}",
        "image build [for|of] {subject:word}",
    ];
    const MODIFIERS: &'static [&'static str] = &[
        "(as|tagged|tagged as|tag it|tag it as|tag as|named|called|name it|call it) {tag:image}",
        "[and] (with|using|under|give it) [the] (tag|name) {tag:image}",
        "[and] tag it [as|with] {tag:image}",
        "(-t|--tag) {tag:image}",
        "(without|with no|ignoring|no) [using|use of] [any|the] [build|layer] (cache|caching) => no_cache=true",
        "(--no-cache|from scratch|cleanly) => no_cache=true",
        "(with|from|using) [the] dockerfile {dockerfile:path}",
        "(-f|--file) {dockerfile:path}",
        "(with|using) [the] build (arg|argument) {build_args:assignment}",
        "--build-arg {build_args:assignment}",
        "(up to|until|only|stopping at|stop at) [the] {target:word} stage",
        "(with|for|to) [the] (target|stage) {target:word}",
        "--target {target:word}",
    ];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        let mut line = CommandLine::docker().arg("build");
        if let Some(tag) = &self.tag {
            line = line.arg("-t").arg(tag);
        }
        if let Some(dockerfile) = &self.dockerfile {
            line = line.arg("-f").arg(guarded(dockerfile));
        }
        line = line.flag_if(self.no_cache, "--no-cache").option("--target", self.target.as_deref());
        for argument in &self.build_args {
            line = line.arg("--build-arg").arg(argument);
        }
        line.arg(guarded(self.context.as_deref().or(self.subject.as_deref()).unwrap_or(".")))
    }

    fn slots(&mut self) -> Vec<Slot<'_>> {
        vec![Slot::Build {
            subject: &mut self.subject,
            context: &mut self.context,
            dockerfile: &mut self.dockerfile,
            tag: &mut self.tag,
        }]
    }

    fn check(&self) -> Result<()> {
        let invalid = |message: String, next: &str| {
            Err(Feedback::new(ErrorKind::InvalidArguments, message).next(next).into())
        };
        match &self.tag {
            None => return invalid("the image has no name".to_owned(), "give it one: \"… as NAME:TAG\""),
            Some(tag) if !is_reference(tag) || tag.contains('@') => {
                return invalid(
                    format!("{tag:?} is no name of an image"),
                    "use lower case: [registry/]name:tag, such as shop/web:1.2.0",
                );
            }
            Some(_) => {}
        }
        if let Some(context) = &self.context
            && (context == "-" || context.contains("://") || context.starts_with("git@"))
        {
            return invalid(
                format!("the context {context} is no folder"),
                "get the sources into a folder first, then build that",
            );
        }
        if let Some(target) = &self.target
            && !target.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        {
            return invalid(format!("{target:?} is no name of a stage"), "name a stage of the Dockerfile");
        }
        self.arguments().map(|_| ())
    }
}

/// A path that a program cannot take for a flag.
fn guarded(path: &str) -> String {
    if path.starts_with('-') { format!("./{path}") } else { path.to_owned() }
}

impl BuildImage {
    fn tag(&self) -> Result<&str> {
        self.check()?;
        Ok(self.tag.as_deref().unwrap_or_default())
    }

    fn context(&self) -> &str {
        self.context.as_deref().unwrap_or(".")
    }

    /// The Dockerfile's path as people read it.
    fn dockerfile(&self) -> String {
        match (&self.dockerfile, self.context()) {
            (Some(path), _) => path.clone(),
            (None, "." | "./") => "Dockerfile".to_owned(),
            (None, context) => format!("{}/Dockerfile", context.trim_end_matches('/')),
        }
    }

    fn arguments(&self) -> Result<BTreeMap<String, String>> {
        self.build_args
            .iter()
            .map(|argument| {
                argument
                    .split_once('=')
                    .filter(|(name, _)| {
                        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                    })
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .ok_or_else(|| {
                        Feedback::new(
                            ErrorKind::InvalidArguments,
                            "a build argument is not written NAME=value",
                        )
                        .next("write it as --build-args NAME=value")
                        .into()
                    })
            })
            .collect()
    }

    /// Surveys the context on a thread that may block.
    async fn survey(&self, world: &ReadWorld) -> Result<Context> {
        let project = world.project();
        let folder = project.resolve(self.context());
        let dockerfile = project.resolve(&self.dockerfile());
        let candidates = if dockerfile.is_file() { Vec::new() } else { project.dockerfiles() };
        let surveyed = tokio::task::spawn_blocking(move || Context::survey(&folder, &dockerfile)).await;
        surveyed
            .map_err(|error| ToolError::Fatal(format!("looking at the context ended early: {error}")))?
            .map_err(|error| match error {
                ToolError::Feedback(feedback) if feedback.kind == ErrorKind::NotFound => {
                    feedback.candidates(candidates).into()
                }
                other => other,
            })
    }

    async fn warnings(&self, world: &ReadWorld, context: &Context) -> Result<Vec<String>> {
        let mut warnings = Vec::new();
        if is_outside(world.project().folder(), &world.project().resolve(self.context())) {
            warnings.push(format!("the context {} is outside of the project folder", self.context()));
        }
        let parts = context.largest();
        for (name, size, count) in &parts {
            if RARELY_MEANT.contains(&name.as_str()) {
                let why = if context.ignore_file.is_some() { "" } else { " (there is no .dockerignore)" };
                warnings.push(format!(
                    "{name} goes into the context: {}, {}{why}",
                    human(*size),
                    files(*count)
                ));
            }
        }
        let secrets: Vec<String> = context.paths().filter(|path| is_secret_file(path)).collect();
        if !secrets.is_empty() {
            let shown = secrets.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
            let more =
                if secrets.len() > 5 { format!(" and {} more", secrets.len() - 5) } else { String::new() };
            warnings.push(format!("files that usually hold secrets go into the context: {shown}{more}"));
        }
        if !context.left_out.is_empty() {
            warnings.push(format!("no files, so left out: {}", context.left_out.join(", ")));
        }
        if self.arguments()?.keys().any(|name| crate::gate::is_sensitive_name(name)) {
            warnings.push("a build argument with a secret stays readable in the image's history".to_owned());
        }
        match dockerfile::outline(&String::from_utf8_lossy(&context.dockerfile_text)) {
            Ok(outline) => {
                self.check_target(&outline.stages)?;
                for base in outline.bases {
                    if world.docker().await?.image(&base).await?.is_none() {
                        warnings.push(format!("the base image {base} is not here and will be pulled"));
                    }
                }
            }
            // Docker may know instructions that the parser does not, so this does not stop the build.
            Err(error) => warnings.push(format!(
                "{}, line {}: {}; Docker may refuse it",
                self.dockerfile(),
                error.line,
                error.message
            )),
        }
        Ok(warnings)
    }

    fn check_target(&self, stages: &[Option<String>]) -> Result<()> {
        let Some(target) = &self.target else { return Ok(()) };
        let named = stages.iter().flatten().any(|stage| stage.eq_ignore_ascii_case(target));
        let numbered = target.parse::<usize>().is_ok_and(|number| number < stages.len());
        if named || numbered {
            return Ok(());
        }
        Err(Feedback::new(ErrorKind::NotFound, format!("{} has no stage called {target}", self.dockerfile()))
            .next("name one of its stages")
            .candidates(stages.iter().flatten().cloned().collect())
            .into())
    }
}

fn is_outside(project: &Path, context: &Path) -> bool {
    let real = |path: &Path| -> Option<PathBuf> {
        if path.as_os_str().is_empty() {
            Path::new(".").canonicalize().ok()
        } else {
            path.canonicalize().ok()
        }
    };
    match (real(project), real(context)) {
        (Some(project), Some(context)) => !context.starts_with(project),
        _ => false,
    }
}

impl ChangeTool for BuildImage {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let tag = self.tag()?;
        let context = self.survey(world).await?;
        let existing = world.docker().await?.image(tag).await?;
        let mut difference = format!(
            "  context    {}: {}, {}\n  dockerfile {}\n",
            self.context(),
            files(context.files()),
            human(context.bytes()),
            self.dockerfile()
        );
        if let Some(name) = &context.ignore_file {
            difference.push_str(&format!("  ignoring   what {name} names\n"));
        }
        let mut warnings = self.warnings(world, &context).await?;
        if let Some(image) = &existing {
            difference.push_str(&format!("- {tag} is {}, {}\n", image.short_id(), human(image.size)));
            warnings.push(format!("{tag} exists: the name moves from {} to the new image", image.short_id()));
        }
        difference.push_str(&format!("+ {tag} is a new image\n"));
        Ok(Preview {
            summary: format!(
                "builds {tag} from {} ({}, {}, {})",
                self.context(),
                files(context.files()),
                human(context.bytes()),
                self.dockerfile()
            ),
            warnings,
            changes: vec![ObjectChange {
                object: ObjectIdentity {
                    kind: "Image".to_owned(),
                    name: tag.to_owned(),
                    uid: existing.as_ref().map(|image| image.id.clone()),
                    ..ObjectIdentity::default()
                },
                action: if existing.is_some() { Action::Update } else { Action::Create },
                difference,
            }],
            basis: json!({
                "fingerprint": format!("{:016x}", context.fingerprint()),
                "replaces": existing.map(|image| image.id),
            }),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let tag = self.tag()?;
        let context = self.survey(world.read()).await?;
        let shown = approval.preview().basis.get("fingerprint").and_then(|value| value.as_str());
        if shown != Some(&format!("{:016x}", context.fingerprint())) {
            return Err(Feedback::new(
                ErrorKind::Conflict,
                format!("the files of {} changed since they were shown", self.context()),
            )
            .next("ask again to build them as they are now")
            .into());
        }
        let order = Order {
            tag: tag.to_owned(),
            no_cache: self.no_cache,
            arguments: self.arguments()?,
            target: self.target.clone(),
        };
        let docker = world.docker(approval)?;
        let (builder, steps) = build::build(docker.engine(), &Arc::new(context), &order, progress).await?;
        let image = docker.image(tag).await?.ok_or_else(|| {
            Feedback::new(ErrorKind::Other, format!("the build ended, but there is no image {tag}"))
                .next("look at `docker images`, then build again")
        })?;
        let replaced = approval.preview().basis.get("replaces").and_then(|value| value.as_str());
        let same = replaced == Some(image.id.as_str());
        let summary = format!(
            "built {tag}: {}, {}{}",
            image.short_id(),
            human(image.size),
            if same { ", the same image as before" } else { "" }
        );
        let text: Vec<String> = steps
            .iter()
            .map(|step| format!("{}{}", step.name, if step.cached { " (cached)" } else { "" }))
            .collect();
        let data = json!({
            "tag": tag,
            "image": image.id,
            "size_bytes": image.size,
            "replaced": replaced.filter(|_| !same),
            "builder": builder.word(),
            "steps": steps.iter().map(|step| json!({"name": step.name, "cached": step.cached})).collect::<Vec<_>>(),
        });
        Ok(Outcome::sentence(summary).view(View::Text(text.join("\n"))).data(data))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let tag = self.tag()?;
        Ok(match world.docker().await?.image(tag).await? {
            Some(image) => Verification::Confirmed(format!(
                "{tag} is on the engine: {}, {}",
                image.short_id(),
                human(image.size)
            )),
            None => Verification::Failed(format!("the engine has no image {tag}")),
        })
    }
}

pub(crate) static TOOL: Changer<BuildImage> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    fn bind(arguments: serde_json::Value) -> Box<dyn crate::BoundCall> {
        Call::new("build_image", arguments).bind().unwrap()
    }

    #[test]
    fn says_its_command() {
        let bound = bind(json!({
            "context": "services/api", "dockerfile": "docker/api/Dockerfile", "tag": "registry.local:5000/api:1.2.0",
            "no_cache": true, "target": "final", "build_args": ["MODE=a b"],
        }));
        assert_eq!(
            bound.command().to_string(),
            "docker build -t registry.local:5000/api:1.2.0 -f docker/api/Dockerfile --no-cache --target=final --build-arg 'MODE=a b' services/api"
        );
        assert_eq!(bound.effect(), Effect::Change);
        assert_eq!(
            bind(json!({"context": "-x", "tag": "a"})).command().to_string(),
            "docker build -t a ./-x"
        );
    }

    #[test]
    fn what_cannot_be_built_is_refused_with_a_next_step() {
        for (arguments, said) in [
            (json!({"context": "."}), "the image has no name"),
            (json!({"context": ".", "tag": "Web"}), "\"Web\" is no name of an image"),
            (json!({"context": ".", "tag": "-q"}), "\"-q\" is no name of an image"),
            (
                json!({"context": "https://example.org/x.git", "tag": "web"}),
                "the context https://example.org/x.git is no folder",
            ),
            (
                json!({"context": ".", "tag": "web", "build_args": ["secret"]}),
                "a build argument is not written NAME=value",
            ),
            (json!({"context": ".", "tag": "web", "target": "--x y"}), "\"--x y\" is no name of a stage"),
        ] {
            let error = bind(arguments).check().unwrap_err();
            assert_eq!(error.to_string(), said);
            let ToolError::Feedback(feedback) = error else { panic!("fatal") };
            assert!(feedback.next_step.is_some());
        }
    }
}
