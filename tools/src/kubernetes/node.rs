//! Nodes as targets: what is named has to be one.

use crate::error::{ErrorKind, Feedback, Result};

use super::cluster::Cluster;
use super::target::Target;

/// The node that grounded arguments name.
///
/// # Errors
/// `InvalidArguments` for any other kind, else as [`Cluster::target`].
pub async fn node_target(cluster: &Cluster, kind: Option<&str>, name: Option<&str>) -> Result<Target> {
    let target = cluster.target(Some(kind.unwrap_or("node")), name, None).await?;
    if target.resource.kind == "Node" {
        return Ok(target);
    }
    Err(Feedback::new(ErrorKind::InvalidArguments, format!("{} is no node", target.label()))
        .next("name a node; `kubectl get nodes` lists them")
        .into())
}
