//! `cargo xtask`: sets up, tests, generates, measures and bundles the product.
#![expect(clippy::print_stdout, reason = "a tool for people at a terminal")]

mod bench;
mod bundle;
mod coverage;
mod generate;
mod new_descriptor;
mod packages;
mod shell;
mod suite;

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
    Gen,
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

fn main() -> Result<()> {
    match Args::parse().command {
        Task::App => app(),
        Task::Test { full } => suite::test(full),
        Task::Check => suite::check(),
        Task::Gen => generate::all(),
        Task::E2e => suite::processes(),
        Task::Bench { list: true, .. } => {
            bench::list();
            Ok(())
        }
        Task::Bench { name, .. } => bench::run(name.as_deref()),
        Task::Bundle => bundle::all(),
        Task::NewDescriptor { id } => new_descriptor::write(&id),
    }
}

/// Until there is a window: the demonstration on the command line, in a folder of its own.
fn app() -> Result<()> {
    packages::ensure(packages::BUILD)?;
    shell::cargo(&["build", "--package", "patchbay-headless"])?;
    let data = shell::root().join("target/demo");
    println!("There is no window yet: this is the demonstration on the command line.\n");
    shell::run(
        std::process::Command::new(shell::root().join("target/debug/patchbay-cli"))
            .args(["--secrets", "memory", "--data-dir"])
            .arg(data)
            .arg("demo"),
    )
}
