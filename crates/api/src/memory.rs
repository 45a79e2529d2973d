//! What others on this system may see of this process: its memory, and the files it makes.

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::stat::{Mode, umask};

/// Keeps secrets out of core files, and other programs of the same user from reading the memory of this
/// one (prctl(2), `PR_SET_DUMPABLE`), and keeps files from everybody else. To be called first by every host. What the system refuses is
/// logged: the program works all the same.
pub fn keep_private() {
    // Every file that is made from here on is the user's own alone, those that libraries make too.
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
    if let Err(error) = setrlimit(Resource::RLIMIT_CORE, 0, 0) {
        tracing::warn!(%error, "core files could not be switched off");
    }
    if let Err(error) = prctl::set_dumpable(false) {
        tracing::warn!(%error, "the memory could not be made private");
    }
}
