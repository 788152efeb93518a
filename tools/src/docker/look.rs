//! What the engine has, for looking: images, containers, volumes, their logs and figures, and what takes disk.

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::models::{
    ContainerInspectResponse, ContainerStatsResponse, ContainerSummary, ImageHistoryResponseItem,
    ImageInspect, ImageSummary,
};
use bollard::query_parameters::{
    InspectContainerOptions, ListContainersOptionsBuilder, ListImagesOptionsBuilder, LogsOptions,
    StatsOptionsBuilder,
};
use futures::{Stream, StreamExt, TryStreamExt};
use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::error::{ErrorKind, Feedback, Result};

use super::engine::{ReadDocker, failure};

/// Most bytes of an answer that is read without a type.
const ANSWER_LIMIT: usize = 64 * 1024 * 1024;

impl ReadDocker {
    /// Every image with its tags and size; those between an image and its base are left out.
    ///
    /// # Errors
    /// `Unreachable` when the engine does not answer.
    pub async fn images(&self) -> Result<Vec<ImageSummary>> {
        let asked = self.engine().list_images(Some(ListImagesOptionsBuilder::new().build()));
        asked.await.map_err(|error| failure("list the images", &error))
    }

    /// The containers: the running ones, or `all`; with the bytes each wrote when `sizes`.
    ///
    /// # Errors
    /// `Unreachable` when the engine does not answer.
    pub async fn containers(&self, all: bool, sizes: bool) -> Result<Vec<ContainerSummary>> {
        let options = ListContainersOptionsBuilder::new().all(all).size(sizes).build();
        let asked = self.engine().list_containers(Some(options));
        asked.await.map_err(|error| failure("list the containers", &error))
    }

    /// A container by name or identifier; `None` when there is none.
    ///
    /// # Errors
    /// `Unreachable` when the engine does not answer.
    pub async fn container(&self, name: &str) -> Result<Option<ContainerInspectResponse>> {
        let asked = self.engine().inspect_container(name, None::<InspectContainerOptions>).await;
        found(asked).map_err(|error| failure(&format!("look at the container {name}"), &error))
    }

    /// An image with its configuration and layers; `None` when there is none.
    ///
    /// # Errors
    /// `Unreachable` when the engine does not answer.
    pub async fn image_details(&self, reference: &str) -> Result<Option<ImageInspect>> {
        let asked = self.engine().inspect_image(reference).await;
        found(asked).map_err(|error| failure(&format!("look at the image {reference}"), &error))
    }

    /// The layers of an image with what made them, the newest first.
    ///
    /// # Errors
    /// `NotFound` without such an image, `Unreachable` when the engine does not answer.
    pub async fn history(&self, reference: &str) -> Result<Vec<ImageHistoryResponseItem>> {
        let asked = self.engine().image_history(reference).await;
        asked.map_err(|error| failure(&format!("look at the layers of {reference}"), &error))
    }

    /// What a container printed.
    pub fn logs(
        &self,
        name: &str,
        options: LogsOptions,
    ) -> impl Stream<Item = std::result::Result<LogOutput, Error>> + use<> {
        self.engine().clone().logs(name, Some(options))
    }

    /// What a running container uses, measured over about a second; `None` when it has just gone.
    ///
    /// # Errors
    /// `Unreachable` when the engine does not answer.
    pub async fn stats(&self, name: &str) -> Result<Option<ContainerStatsResponse>> {
        let options = StatsOptionsBuilder::new().stream(false).build();
        let mut answers = Box::pin(self.engine().stats(name, Some(options)));
        match answers.next().await {
            None => Ok(None),
            Some(answer) => {
                found(answer).map_err(|error| failure(&format!("measure the container {name}"), &error))
            }
        }
    }

    /// An image as the archive that `docker save` writes, into a file; how many bytes it has.
    ///
    /// # Errors
    /// `NotFound` without such an image, or what writing to `file` says.
    pub async fn export(&self, reference: &str, file: &mut tokio::fs::File) -> Result<u64> {
        let doing = format!("export {reference}");
        let mut pieces = Box::pin(self.engine().export_image(reference));
        let mut written = 0;
        while let Some(piece) = pieces.try_next().await.map_err(|error| failure(&doing, &error))? {
            file.write_all(&piece).await.map_err(|error| {
                Feedback::new(ErrorKind::Other, format!("could not {doing}: {error}"))
                    .next("make room in the folder for temporary files")
            })?;
            written += piece.len() as u64;
        }
        file.flush().await.map_err(|error| {
            Feedback::new(ErrorKind::Other, format!("could not {doing}: {error}"))
                .next("make room in the folder for temporary files")
        })?;
        Ok(written)
    }

    /// What takes disk (`/system/df`), as the engine answers: engines before API 1.52 answer in another form
    /// than later ones, and bollard knows only the later.
    ///
    /// # Errors
    /// `Unreachable` when the engine does not answer.
    pub async fn disk_usage(&self) -> Result<Value> {
        self.raw("/system/df?verbose=true", "ask what takes disk").await
    }

    /// The networks, as the engine answers.
    ///
    /// # Errors
    /// `Unreachable` when the engine does not answer.
    pub async fn networks(&self) -> Result<Value> {
        self.raw("/networks", "list the networks").await
    }

    /// Which containers, running or not, are in which network: pairs of network name and container identifier.
    ///
    /// # Errors
    /// `Unreachable` when the engine does not answer.
    pub async fn memberships(&self) -> Result<Vec<(String, String)>> {
        let containers = self.containers(true, false).await?;
        let pairs = containers.into_iter().flat_map(|one| {
            let networks = one.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
            let id = one.id.unwrap_or_default();
            networks.into_keys().map(move |name| (name, id.clone()))
        });
        Ok(pairs.collect())
    }

    /// An answer of the engine without a type. The request goes out as an export of an image, the one GET that
    /// hands on bytes as they come, with its path replaced.
    async fn raw(&self, path: &'static str, doing: &str) -> Result<Value> {
        let engine = self.engine().clone().with_request_modifier(move |mut request| {
            let mut parts = request.uri().clone().into_parts();
            parts.path_and_query = Some(http::uri::PathAndQuery::from_static(path));
            if let Ok(uri) = http::Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
            request
        });
        let mut bytes: Vec<u8> = Vec::new();
        let mut pieces = Box::pin(engine.export_image("x"));
        while let Some(piece) = pieces.try_next().await.map_err(|error| failure(doing, &error))? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > ANSWER_LIMIT {
                return Err(Feedback::new(
                    ErrorKind::Other,
                    format!("could not {doing}: the answer is too large"),
                )
                .next("look with docker itself")
                .into());
            }
        }
        serde_json::from_slice(&bytes).map_err(|error| {
            Feedback::new(
                ErrorKind::Other,
                format!("could not {doing}: the answer is not understood: {error}"),
            )
            .next("check the engine's version with `shipmate doctor`")
            .into()
        })
    }
}

/// An answer of which 404 is a form.
fn found<T>(asked: std::result::Result<T, Error>) -> std::result::Result<Option<T>, Error> {
    match asked {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
