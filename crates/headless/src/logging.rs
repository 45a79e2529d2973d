//! Logs go to standard error or a file, never to standard output.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

use patchbay_model::problem::{Code, Problem, Subject};
use tracing_subscriber::EnvFilter;

use crate::args::Args;

pub(crate) fn start(args: &Args) -> Result<(), Problem> {
    let level = args.log_level.to_lowercase();
    if !matches!(level.as_str(), "off" | "error" | "warn" | "info" | "debug" | "trace") {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", "\"--log-level\"")
            .with("message", "Use off, error, warn, info, debug or trace.")
            .about(Subject::Field { name: "log-level".into() }));
    }
    // Other crates speak only when something is wrong: what they log is not redacted by us.
    let filter = EnvFilter::new(format!("warn,patchbay={level}"))
        .add_directive(level_of("patchbay_api", &level))
        .add_directive(level_of("patchbay_auth", &level))
        .add_directive(level_of("patchbay_chain", &level))
        .add_directive(level_of("patchbay_connector", &level))
        .add_directive(level_of("patchbay_net", &level))
        .add_directive(level_of("patchbay_sandbox", &level))
        .add_directive(level_of("patchbay_store", &level))
        .add_directive(level_of("patchbay_vault", &level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    match &args.log_file {
        None => builder.with_writer(std::io::stderr).init(),
        Some(path) => {
            let file =
                OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(|error| {
                    let path = path.display().to_string();
                    Problem::new(Code::InputInvalid)
                        .with("field", "\"--log-file\"")
                        .with("message", format!("{path}: {error}."))
                        .about(Subject::File { path, line: None, column: None, pointer: None })
                })?;
            builder.with_writer(std::sync::Mutex::new(file)).init();
        }
    }
    Ok(())
}

fn level_of(name: &str, level: &str) -> tracing_subscriber::filter::Directive {
    format!("{name}={level}").parse().unwrap_or_else(|_| tracing_subscriber::filter::LevelFilter::WARN.into())
}
