//! A connection joined with its connector.

use std::sync::Arc;

use patchbay_auth::Credential;
use patchbay_model::Connection;

use crate::compiled::Compiled;
use crate::paging::{CompiledPaging, Pager};

/// A connection joined with its connector.
#[derive(Clone)]
pub struct Target {
    /// The connector.
    pub descriptor: Arc<Compiled>,
    /// The connection.
    pub connection: Connection,
    /// Where its secret comes from.
    pub credential: TargetCredential,
}

/// Where a connection's secret comes from.
#[derive(Clone)]
pub enum TargetCredential {
    /// The database, sealed.
    Stored,
    /// The user, who has just entered it. The connection is not stored yet.
    Given(Credential),
    /// There is none.
    None,
}

impl Target {
    pub(crate) fn is_stored(&self) -> bool {
        matches!(self.credential, TargetCredential::Stored)
    }

    pub(crate) fn tool(&self) -> &str {
        &self.descriptor.descriptor().name
    }

    /// Steps through the pages of a stream or operation of this connector.
    pub(crate) fn pager<'d>(&'d self, own: Option<&'d CompiledPaging>) -> Pager<'d> {
        Pager::new(self.descriptor.paging(own), self.tool())
    }
}
