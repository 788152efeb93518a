//! The translators in their order: the phrasebook first, the model only for what it does not account for.

use shipmate_tools::kubernetes::KindIndex;
use shipmate_tools::{Call, ReadWorld, catalog};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use crate::error::AgentError;

use super::model::ModelTranslator;
use super::phrasebook::Phrasebook;
use super::{Focus, Situation, Translation, TranslatorName, Understanding, Usage};

/// How long a translation waits for the cluster to name its namespaces. They only make it better: a request
/// about Docker must not wait for a cluster that is down.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Areas of the catalog whose tools work beside the cluster.
const AREAS_WITHOUT_CLUSTER: &[&str] = &["docker", "compose", "clusters"];

/// Which translators are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The phrasebook, then the model when one is configured.
    #[default]
    Auto,
    /// The phrasebook alone.
    Phrasebook,
    /// The model alone.
    Model,
}

/// The translators of a session.
pub struct Translators {
    mode: Mode,
    phrasebook: OnceLock<Phrasebook>,
    model: Option<ModelTranslator>,
    /// What the conversation is about; nothing in a one-shot.
    pub focus: Focus,
}

impl Translators {
    /// Translators asked as `mode` says; without a model only the phrasebook can answer.
    #[must_use]
    pub fn new(mode: Mode, model: Option<ModelTranslator>) -> Self {
        Self { mode, phrasebook: OnceLock::new(), model, focus: Focus::default() }
    }

    /// The model, when there is one.
    #[must_use]
    pub const fn model(&self) -> Option<&ModelTranslator> {
        self.model.as_ref()
    }

    /// Understands a request, or says that it does not.
    ///
    /// # Errors
    /// When the model was needed and did not answer.
    pub async fn translate(
        &self,
        request: &str,
        world: &ReadWorld,
        progress: impl Fn(&str),
    ) -> Result<Translation, AgentError> {
        let asked = situation(world);
        tokio::pin!(asked);
        // The phrasebook gets ready while the cluster answers.
        let answered = futures::poll!(asked.as_mut());
        let phrasebook = (self.mode != Mode::Model).then(|| self.phrasebook.get_or_init(Phrasebook::new));
        let mut situation = match answered {
            Poll::Ready(situation) => situation,
            Poll::Pending => {
                if self.focus.is_empty()
                    && let Some(translation) = phrasebook.and_then(|book| without_cluster(book, request))
                {
                    return Ok(translation);
                }
                asked.await
            }
        };
        situation.focus = self.focus.clone();
        if let Some(phrasebook) = phrasebook {
            let mut translation = phrasebook.translate(request, &situation);
            if matches!(translation.understanding, Understanding::NotUnderstood(_))
                && let Some(kinds) = discovered(world, &situation.kinds).await
            {
                // A word nobody knew may be a kind that only this cluster has.
                situation.kinds = kinds;
                translation = phrasebook.translate(request, &situation);
            }
            let understood = !matches!(translation.understanding, Understanding::NotUnderstood(_));
            if understood || self.mode == Mode::Phrasebook || self.model.is_none() {
                return Ok(translation);
            }
        }
        match &self.model {
            Some(model) => model.translate(request, &situation, progress).await,
            None => Ok(Translation {
                understanding: Understanding::NotUnderstood(
                    "No model is configured: set OPENAI_BASE_URL (and OPENAI_API_KEY where it needs one), or leave out --translator model."
                        .to_owned(),
                ),
                translator: TranslatorName::None,
                usage: Usage::default(),
            }),
        }
    }
}

/// The translation of a request that is about no cluster, such as one for the Docker engine: it need not wait
/// for a cluster that may be down.
fn without_cluster(phrasebook: &Phrasebook, request: &str) -> Option<Translation> {
    let translation = phrasebook.translate(request, &nowhere());
    let Understanding::Calls(calls) = &translation.understanding else { return None };
    let apart = |call: &Call| {
        let entry = catalog::all().iter().find(|entry| entry.tool.name() == call.tool);
        entry.is_some_and(|entry| AREAS_WITHOUT_CLUSTER.contains(&entry.area))
    };
    calls.iter().all(apart).then_some(translation)
}

/// What is known where there is no cluster: the kinds that every cluster has.
fn nowhere() -> Situation {
    Situation {
        kinds: Arc::new(KindIndex::builtin()),
        context: None,
        namespace: "default".to_owned(),
        namespaces: Vec::new(),
        focus: Focus::default(),
    }
}

/// What is known of the world before anything is translated.
async fn situation(world: &ReadWorld) -> Situation {
    let Ok(cluster) = world.cluster().await else { return nowhere() };
    let namespaces = tokio::time::timeout(PATIENCE, cluster.namespaces()).await;
    let names = match namespaces {
        Ok(Ok(Some(names))) => names.to_vec(),
        _ => Vec::new(),
    };
    Situation {
        kinds: cluster.known_kinds(),
        context: Some(cluster.context().to_owned()),
        namespace: cluster.namespace().to_owned(),
        namespaces: names,
        focus: Focus::default(),
    }
}

/// The cluster's own kinds, when they are more than those known.
async fn discovered(world: &ReadWorld, known: &Arc<KindIndex>) -> Option<Arc<KindIndex>> {
    let cluster = world.cluster().await.ok()?;
    let kinds = tokio::time::timeout(PATIENCE, cluster.discover_kinds()).await.ok()?.ok()?;
    (kinds.as_ref() != known.as_ref()).then_some(kinds)
}
