//! One owner per data folder.

use std::fs::File;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::{StoreError, files};

/// Held by the process that owns a data folder; the kernel releases it when the process ends,
/// however it ends.
#[derive(Debug)]
pub struct OwnerLock {
    _file: Flock<File>,
}

impl OwnerLock {
    /// Takes `<data_dir>/owner.lock`, making the folder where it is not there. Does not wait.
    ///
    /// # Errors
    /// [`StoreError::InUse`] where another process, or another lock of this one, holds it.
    pub fn acquire(data_dir: &Path) -> Result<Self, StoreError> {
        files::private_dir(data_dir)?;
        let path = data_dir.join("owner.lock");
        let file = files::private_file(&path)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => Ok(Self { _file: file }),
            Err((_, Errno::EWOULDBLOCK)) => Err(StoreError::InUse),
            Err((_, errno)) => Err(StoreError::file("locking", &path, errno.into())),
        }
    }
}
