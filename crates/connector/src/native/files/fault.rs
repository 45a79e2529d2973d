//! What goes wrong with files, in words.

use std::io::{Error, ErrorKind};

use nix::errno::Errno;
use patchbay_model::problem::{Code, Problem};

/// A failure before anything was changed.
pub(super) fn of(what: &str, error: &Error) -> Problem {
    // How the system says that a link stands there.
    if error.raw_os_error() == Some(Errno::ELOOP as i32) {
        return unusual(what).detail(format!("{what}: {error}"));
    }
    let problem = match error.kind() {
        ErrorKind::NotFound => Problem::new(Code::NotFound).with("item", what),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Problem::new(Code::PermissionDenied).with("permission", format!("to use {what}"))
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Problem::new(Code::StorageFull),
        // A link or a file where a folder was expected.
        ErrorKind::NotADirectory => unusual(what),
        _ => {
            Problem::new(Code::InputInvalid).with("field", what).with("message", "It cannot be used as a file.")
        }
    };
    problem.detail(format!("{what}: {error}"))
}

/// It is a link, a folder, a device.
pub(super) fn unusual(what: &str) -> Problem {
    Problem::new(Code::InputInvalid).with("field", what).with(
        "message",
        "It is a link or no plain file. Links are not followed, so that none leads out of the folder.",
    )
}

/// It is larger than what is worked with.
pub(super) fn too_large(what: &str, most: usize) -> Problem {
    Problem::new(Code::InputInvalid)
        .with("field", what)
        .with("message", format!("It is larger than {} MiB.", most >> 20))
}

/// It is not what it was.
pub(super) fn changed(what: &str, message: &str) -> Problem {
    Problem::new(Code::Conflict).with("item", format!("\"{what}\"")).with("message", message)
}
