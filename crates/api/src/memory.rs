//! What the system may see of this process's memory.

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};

/// Keeps secrets out of core files, and other programs of the same user from reading the memory of this
/// one (prctl(2), `PR_SET_DUMPABLE`). To be called first by every host. What the system refuses is
/// logged: the program works all the same.
pub fn keep_private() {
    if let Err(error) = setrlimit(Resource::RLIMIT_CORE, 0, 0) {
        tracing::warn!(%error, "core files could not be switched off");
    }
    if let Err(error) = prctl::set_dumpable(false) {
        tracing::warn!(%error, "the memory could not be made private");
    }
}
