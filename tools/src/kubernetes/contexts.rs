//! The contexts of the kubeconfig: names of clusters and users, never what is in the users.

use kube::config::Kubeconfig;

use crate::error::Result;
use crate::world::WorldOptions;

use super::connection::read_kubeconfig;

/// A context of the kubeconfig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextEntry {
    /// Its name.
    pub name: String,
    /// Whether it is the one in use.
    pub current: bool,
    /// The name of its cluster.
    pub cluster: String,
    /// The API server's address, when the kubeconfig has that cluster.
    pub server: Option<String>,
    /// The name of its user.
    pub user: String,
    /// The namespace that is meant when none is named; `default` when it names none.
    pub namespace: String,
}

/// The contexts of the kubeconfig; the current one is the one that `options` choose, else the file's own.
///
/// # Errors
/// `Unavailable` when there is no usable kubeconfig.
pub fn context_entries(options: &WorldOptions) -> Result<Vec<ContextEntry>> {
    Ok(entries(&read_kubeconfig(options)?, options.context.as_deref()))
}

fn entries(kubeconfig: &Kubeconfig, chosen: Option<&str>) -> Vec<ContextEntry> {
    let current = chosen.or(kubeconfig.current_context.as_deref());
    kubeconfig
        .contexts
        .iter()
        .map(|named| {
            let context = named.context.clone().unwrap_or_default();
            let server = kubeconfig
                .clusters
                .iter()
                .find(|cluster| cluster.name == context.cluster)
                .and_then(|cluster| cluster.cluster.as_ref()?.server.clone());
            ContextEntry {
                current: current == Some(named.name.as_str()),
                name: named.name.clone(),
                cluster: context.cluster,
                server,
                user: context.user.unwrap_or_default(),
                namespace: context.namespace.unwrap_or_else(|| "default".to_owned()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_say_where_and_as_whom() {
        let kubeconfig = Kubeconfig::from_yaml(
            "current-context: a\nclusters: [{name: c, cluster: {server: 'https://c.test'}}]\n\
             users: [{name: u, user: {token: hidden}}]\n\
             contexts: [{name: a, context: {cluster: c, user: u, namespace: shop}}, {name: b, context: {cluster: gone, user: u}}]\n",
        )
        .unwrap();
        let found = entries(&kubeconfig, None);
        assert_eq!(
            (found[0].current, found[0].server.as_deref(), &*found[0].namespace),
            (true, Some("https://c.test"), "shop")
        );
        assert_eq!((found[1].current, &found[1].server, &*found[1].namespace), (false, &None, "default"));
        assert!(entries(&kubeconfig, Some("b"))[1].current);
    }
}
