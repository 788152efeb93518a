//! What this cluster knows: its kinds, asked with two requests (aggregated discovery) and kept in the cache
//! folder. The cache is only ever a shortcut: a word it does not know is looked up afresh.

use kube::Client;
use kube::core::discovery::v2::APIGroupDiscoveryList;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::error::Result;

use super::failure;
use super::kinds::{KindIndex, ResourceType};

/// How long a cached discovery is taken without a look at the cluster; kubectl takes six hours
/// (`--cache-dir`, cached discovery TTL), but a new CRD should be seen sooner.
const FRESH: Duration = Duration::from_secs(600);

/// Version of the cache file's form; another one is ignored and replaced.
const FORM: &str = "kinds-1";

pub(super) async fn discover(client: &Client) -> Result<KindIndex> {
    let (core, groups) =
        tokio::join!(client.list_core_api_versions_aggregated(), client.list_api_groups_aggregated());
    let core = core.map_err(|error| failure("ask which kinds the cluster has", &error))?;
    let groups = groups.map_err(|error| failure("ask which kinds the cluster has", &error))?;
    let mut types = Vec::new();
    collect(core, &mut types);
    collect(groups, &mut types);
    // Built-in kinds keep their precedence over custom ones that use the same word.
    let builtin = KindIndex::builtin();
    let rank = |found: &ResourceType| {
        builtin
            .types()
            .iter()
            .position(|known| known.group == found.group && known.plural == found.plural)
            .unwrap_or(usize::MAX)
    };
    types.sort_by_key(rank);
    Ok(KindIndex::new(types))
}

fn collect(list: APIGroupDiscoveryList, types: &mut Vec<ResourceType>) {
    for group in list.items {
        let name = group.metadata.and_then(|metadata| metadata.name).unwrap_or_default();
        // The first version is the preferred one.
        let mut seen: Vec<String> = Vec::new();
        for version in group.versions {
            let version_name = version.version.unwrap_or_default();
            for resource in version.resources {
                let Some(plural) = resource.resource else { continue };
                if seen.contains(&plural)
                    || !resource.verbs.iter().any(|verb| verb == "list" || verb == "get")
                {
                    continue;
                }
                seen.push(plural.clone());
                let kind = resource.response_kind.and_then(|kind| kind.kind).unwrap_or_default();
                types.push(ResourceType {
                    group: name.clone(),
                    version: version_name.clone(),
                    singular: resource
                        .singular_resource
                        .filter(|singular| !singular.is_empty())
                        .unwrap_or_else(|| kind.to_ascii_lowercase()),
                    kind,
                    plural,
                    short_names: resource.short_names,
                    namespaced: resource.scope.as_deref() == Some("Namespaced"),
                    categories: resource.categories,
                });
            }
        }
    }
}

/// The cached kinds of a server, if they are fresh.
pub(super) fn cached(cache: &Path, server: &str) -> Option<KindIndex> {
    let path = file(cache, server);
    let age = SystemTime::now().duration_since(path.metadata().ok()?.modified().ok()?).ok()?;
    if age > FRESH {
        return None;
    }
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Keeps the kinds of a server; a cache that cannot be written is no error.
pub(super) fn keep(cache: &Path, server: &str, index: &KindIndex) {
    let path = file(cache, server);
    let Ok(text) = serde_json::to_vec(index) else { return };
    let written = std::fs::create_dir_all(cache).and_then(|()| {
        let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
        std::fs::write(&temporary, text)?;
        std::fs::rename(&temporary, &path)
    });
    if let Err(error) = written {
        tracing::debug!(%error, path = %path.display(), "discovery could not be cached");
    }
}

fn file(cache: &Path, server: &str) -> PathBuf {
    let safe: String =
        server.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' }).collect();
    cache.join(format!("{FORM}-{safe}.json"))
}
