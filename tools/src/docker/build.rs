//! Building an image: by BuildKit where the engine has it, else by the classic builder, with one account of
//! what happened for both.

use bollard::Docker as Engine;
use bollard::query_parameters::{BuildImageOptionsBuilder, BuilderVersion};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::progress::Progress;

use super::account::{Account, Step};
use super::context::Context;

/// How long the engine may take to take the context and begin; bollard's own limit of two minutes is for
/// small requests.
const START_LIMIT: Duration = Duration::from_secs(3600);

/// Bytes of the archive on their way at once.
const PIECE: usize = 256 * 1024;

/// What to build.
#[derive(Debug, Clone)]
pub struct Order {
    /// Name and tag.
    pub tag: String,
    /// Whether to build every step anew.
    pub no_cache: bool,
    /// Build arguments.
    pub arguments: BTreeMap<String, String>,
    /// The stage to stop at.
    pub target: Option<String>,
}

/// Which builder of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builder {
    /// BuildKit, inside the engine.
    BuildKit,
    /// The builder from before.
    Classic,
}

impl Builder {
    /// Its name in results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BuildKit => "buildkit",
            Self::Classic => "classic",
        }
    }
}

/// The builder that this engine has.
pub async fn builder(engine: &Engine) -> Builder {
    let Ok(version) = engine.version().await else { return Builder::BuildKit };
    let podman = version.components.iter().flatten().any(|part| part.name.contains("Podman"));
    let windows = version.os.as_deref() == Some("windows");
    // API 1.39 (Docker 18.09) brought BuildKit into the engine.
    let old = version
        .api_version
        .as_deref()
        .and_then(|text| text.split_once('.'))
        .is_some_and(|(_, minor)| minor.parse::<u32>().is_ok_and(|minor| minor < 39));
    if podman || windows || old { Builder::Classic } else { Builder::BuildKit }
}

/// Builds; the answer is the builder that did it and its steps.
///
/// # Errors
/// What the builder said, with the last lines of the step that failed and a next step.
pub async fn build(
    engine: &Engine,
    context: &Arc<Context>,
    order: &Order,
    progress: &Progress,
) -> Result<(Builder, Vec<Step>)> {
    let first = builder(engine).await;
    match build_with(engine, first, context, order, progress).await {
        Err(error) if first == Builder::BuildKit && lacks_buildkit(&error.to_string()) => {
            progress.status("this engine has no BuildKit: using its classic builder");
            let steps = build_with(engine, Builder::Classic, context, order, progress).await?;
            Ok((Builder::Classic, steps))
        }
        result => result.map(|steps| (first, steps)),
    }
}

fn lacks_buildkit(message: &str) -> bool {
    let lower = message.to_ascii_lowercase();
    lower.contains("buildkit")
        && ["not supported", "not enabled", "disabled", "requires experimental", "unsupported"]
            .iter()
            .any(|word| lower.contains(word))
}

/// Builds with one builder.
///
/// # Errors
/// As [`build`].
pub async fn build_with(
    engine: &Engine,
    builder: Builder,
    context: &Arc<Context>,
    order: &Order,
    progress: &Progress,
) -> Result<Vec<Step>> {
    let arguments: HashMap<String, String> =
        order.arguments.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut options = BuildImageOptionsBuilder::default()
        .dockerfile(&context.dockerfile)
        .t(&order.tag)
        .nocache(order.no_cache)
        .buildargs(&arguments)
        .rm(true)
        .forcerm(true);
    if let Some(target) = &order.target {
        options = options.target(target);
    }
    let session = session_id();
    options = match builder {
        Builder::BuildKit => options.version(BuilderVersion::BuilderBuildKit).session(&session),
        Builder::Classic => options.version(BuilderVersion::BuilderV1),
    };
    progress.status(format!("sending {}", super::context::human(context.bytes())));
    let engine = engine.clone().with_timeout(START_LIMIT);
    let body = bollard::body_try_stream(archive(context).map_ok(Into::into));
    let mut events = engine.build_image(options.build(), None, Some(body));
    let mut account = Account::default();
    let mut outcome = Ok(());
    while let Some(event) = events.next().await {
        match event {
            Ok(info) => {
                let done = account.note(info, progress);
                if done {
                    break;
                }
            }
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    match outcome {
        Ok(()) => Ok(account.finish()),
        Err(error) => Err(account.explain(&error, &String::from_utf8_lossy(&context.dockerfile_text))),
    }
}

/// A name for the session that BuildKit opens with us; only has to differ from others at the same time.
fn session_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("shipmate-{:016x}", RandomState::new().hash_one(now))
}

/// The archive in pieces, written while they are sent.
fn archive(context: &Arc<Context>) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static {
    let (sender, receiver) = tokio::sync::mpsc::channel::<io::Result<Vec<u8>>>(4);
    let context = Arc::clone(context);
    let _writer = tokio::task::spawn_blocking(move || {
        let mut pieces = Pieces { sender: sender.clone(), piece: Vec::with_capacity(PIECE) };
        let written = context.write(&mut pieces).and_then(|()| pieces.flush());
        if let Err(error) = written {
            // A receiver that is gone ended the build itself.
            let _gone = sender.blocking_send(Err(error));
        }
    });
    stream::unfold(
        receiver,
        |mut receiver| async move { receiver.recv().await.map(|piece| (piece, receiver)) },
    )
}

struct Pieces {
    sender: tokio::sync::mpsc::Sender<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.sender.blocking_send(Ok(full)).map_err(|_closed| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_without_buildkit_is_recognised_by_what_it_says() {
        assert!(lacks_buildkit("buildkit is not supported on this platform"));
        assert!(!lacks_buildkit("failed to solve: exit code 1"));
    }
}
