//! `patchbay-cli`: the engine on the command line.

mod args;
mod chain_tests;
mod descriptors;
mod engine;
mod exit;
mod figures;
mod health;
mod host;
mod input;
mod jobs;
mod logging;
mod network;
mod print;
mod processes;
mod run;
mod secrets;
mod serve;
mod settings;
mod sign_in;
mod webhooks;

use std::process::ExitCode;

use clap::Parser;

/// Reading a stream is a quarter of its time in the allocator with the C library's own; see ARCHITECTURE.md.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are answers; anything else is wrong use.
            let code = if error.use_stderr() { exit::WRONG_USE } else { exit::DONE };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    patchbay_api::memory::keep_files_private();
    if let Err(problem) = logging::start(&args) {
        return exit::of_problem(&args, &problem);
    }
    patchbay_api::memory::keep_private();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let problem =
                patchbay_model::Problem::new(patchbay_model::Code::Internal).detail(error.to_string());
            return exit::of_problem(&args, &problem);
        }
    };
    let ended = runtime.block_on(run::run(&args));
    // A keyring that asks its owner is not waited for: everything of ours is written.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(problem) => exit::of_problem(&args, &problem),
    }
}
