//! The product, started as a newcomer would.

use std::process::Command;

use anyhow::Result;

use crate::{interface, packages, shell};

/// Sets up, builds and opens the window. Without a display: the demonstration on the command line,
/// and the interface in a browser.
pub(crate) fn start() -> Result<()> {
    packages::ensure(packages::BUILD)?;
    interface::build()?;
    let display = ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if display {
        shell::cargo(&["build", "--package", "patchbay"])?;
        println!("The window opens. \"Try it with the sandbox\" needs no account.");
        return shell::run(&mut Command::new(shell::root().join("target/debug/patchbay")));
    }
    shell::cargo(&["build", "--package", "patchbay-headless"])?;
    println!("There is no display, so there is no window. This is the demonstration on the command line:\n");
    // A run that needs somebody, or met trouble, has said so; the interface is where to go on.
    if let Err(error) = shell::run(command_line().arg("demo")) {
        println!("{error}");
    }
    println!("\nThe interface is the same in a browser on this computer:\n");
    shell::run(command_line().arg("serve"))
}

/// The command line in a folder of its own.
fn command_line() -> Command {
    let mut command = Command::new(shell::root().join("target/debug/patchbay-cli"));
    command.args(["--secrets", "passphrase", "--data-dir"]).arg(shell::root().join("target/demo"));
    // The folder outlives the process, so the key must: the demonstration can be killed and started
    // again. It guards the sandbox's pretend keys only.
    if std::env::var_os("PATCHBAY_PASSPHRASE").is_none() {
        command.env("PATCHBAY_PASSPHRASE", "demonstration");
    }
    command
}
