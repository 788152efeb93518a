//! What a call is handed: the world it may look at, and for an approved change the world it may change.
//!
//! Clients are made when first used, so a request about Docker never reads a kubeconfig. A [`ReadWorld`]
//! holds clients that refuse to change anything, in their types and again in their middleware; a [`World`]
//! hands out changing clients only against an [`crate::Approval`].
//! hands out changing clients only against an [`Approval`](crate::approval::Approval).

mod options;
mod read;
mod write;

pub use options::WorldOptions;
pub use read::ReadWorld;
pub use write::World;
