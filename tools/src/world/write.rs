//! The world as an approved change may change it.

use crate::approval::Approval;
use crate::docker::Docker;
use crate::error::Result;
use crate::helm::Helm;
use crate::kubernetes::Cluster;

use super::{ReadWorld, WorldOptions};

/// The world, with the clients that can change it. The driver makes one and lends it to runs only.
#[derive(Clone)]
pub struct World {
    read: ReadWorld,
}

impl World {
    /// The changing side of `read`.
    #[must_use]
    pub const fn new(read: ReadWorld) -> Self {
        Self { read }
    }

    /// The reading side.
    #[must_use]
    pub const fn read(&self) -> &ReadWorld {
        &self.read
    }

    /// The cluster, through a client that may change it.
    ///
    /// # Errors
    /// As [`ReadWorld::cluster`].
    pub async fn cluster(&self, _approval: &Approval) -> Result<Cluster> {
        Cluster::changing(self.read.connection().await?, self.options())
    }

    /// The Docker engine.
    ///
    /// # Errors
    /// As [`ReadWorld::docker`].
    pub fn docker(&self, _approval: &Approval) -> Result<Docker> {
        Docker::connect(self.options())
    }

    /// Helm, for every subcommand.
    #[must_use]
    pub fn helm(&self, _approval: &Approval) -> Helm {
        Helm::new(self.options())
    }

    fn options(&self) -> &WorldOptions {
        self.read.options()
    }
}
