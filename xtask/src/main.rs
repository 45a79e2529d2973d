//! `cargo xtask`: sets up, tests, generates, measures and bundles the product.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

mod app;
mod bench;
mod bundle;
mod coverage;
mod generate;
mod interface;
mod new_descriptor;
mod packages;
mod room;
mod shell;
mod suite;
mod tally;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Sets up, tests, generates, measures and bundles Patchbay.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set up, build and start the product with its built-in sandbox.
    App,
    /// Set up and pass everything.
    Test {
        /// Run the long suites whole and print line coverage.
        #[arg(long)]
        full: bool,
    },
    /// The fast part: format, lints, architecture.
    Check,
    /// Write every generated file anew.
    Gen {
        /// Write nothing; fail where a file is not what its generator makes.
        #[arg(long)]
        check: bool,
    },
    /// The tests that drive whole processes.
    E2e,
    /// Measure: prints figures and ratios, never fails on time.
    Bench {
        /// One measurement; all where absent.
        name: Option<String>,
        /// Name them.
        #[arg(long)]
        list: bool,
    },
    /// Make a deb and an rpm.
    Bundle,
    /// Begin a connector: a definition and its first fixture.
    NewDescriptor {
        /// Its identifier, such as my-tool.
        id: String,
    },
}

fn main() -> ExitCode {
    match perform() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what was asked; whether all is well.
fn perform() -> Result<bool> {
    match Args::parse().command {
        Task::App => app::start()?,
        Task::Test { full } => return suite::test(full),
        Task::Check => suite::check()?,
        Task::Gen { check: false } => generate::all()?,
        Task::Gen { check: true } => generate::check()?,
        Task::E2e => suite::processes()?,
        Task::Bench { list: true, .. } => bench::list(),
        Task::Bench { name, .. } => bench::run(name.as_deref())?,
        Task::Bundle => bundle::all()?,
        Task::NewDescriptor { id } => new_descriptor::write(&id)?,
    }
    Ok(true)
}
