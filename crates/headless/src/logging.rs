//! Logs go to standard error or a file, never to standard output; where the program stays, to files in the
//! data folder too.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

use patchbay_api::logs::{self, LogOptions};
use patchbay_model::problem::{Code, Problem, Subject};

use crate::args::{Args, Command};

pub(crate) fn start(args: &Args) -> Result<(), Problem> {
    let level = args.log_level.to_lowercase();
    if !logs::is_level(&level) {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", "\"--log-level\"")
            .with("message", "Use off, error, warn, info, debug or trace.")
            .about(Subject::Field { name: "log-level".into() }));
    }
    let file = args.log_file.as_ref().map(|path| {
        OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(|error| {
            let path = path.display().to_string();
            Problem::new(Code::InputInvalid)
                .with("field", "\"--log-file\"")
                .with("message", format!("{path}: {error}."))
                .about(Subject::File { path, line: None, column: None, pointer: None })
        })
    });
    let file = file.transpose()?;
    let stays = matches!(args.command, Command::Serve { .. } | Command::Engine);
    let data_dir = if stays { patchbay_api::place::data_dir(args.data_dir.as_deref()).ok() } else { None };
    logs::start(LogOptions { level: &level, file, data_dir: data_dir.as_deref() });
    Ok(())
}
