//! What others on this system may see of this process: its memory, and the files it makes.

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::stat::{Mode, umask};

/// Keeps every file that is made from here on to the user alone, those that libraries make too (umask(2)).
/// To be called by every host before it opens its log.
pub fn keep_files_private() {
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
}

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
