//! What has to be installed, and how to get it.

use std::process::Command;

use anyhow::{Result, bail};

use crate::shell;

/// A Debian package and a program that shows it is there.
pub(crate) type Package = (&'static str, &'static str);

/// For building.
pub(crate) const BUILD: &[Package] = &[("build-essential", "cc")];
/// For the tests beside that.
pub(crate) const TEST: &[Package] = &[
    ("build-essential", "cc"),
    ("dbus", "dbus-run-session"),
    ("gnome-keyring", "gnome-keyring-daemon"),
    ("openssl", "openssl"),
    ("nodejs", "node"),
    ("npm", "npm"),
];
/// For bundles.
pub(crate) const BUNDLE: &[Package] = &[("dpkg", "dpkg-deb"), ("rpm", "rpmbuild")];

/// Installs what is missing through apt where that is allowed, else names the command.
pub(crate) fn ensure(packages: &[Package]) -> Result<()> {
    let missing: Vec<&str> =
        packages.iter().filter(|(_, program)| !shell::have(program)).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let command = format!(
        "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends {names}"
    );
    if !shell::have("apt-get") {
        bail!("these are missing: {names}. Install them with your system's package manager.");
    }
    let root = shell::output(Command::new("id").arg("-u"))?.trim() == "0";
    let sudo = Command::new("sudo").args(["-n", "true"]).output().is_ok_and(|o| o.status.success());
    println!("Installing {names} …");
    match (root, sudo) {
        (true, _) => shell::run(Command::new("sh").args(["-c", &command])),
        (_, true) => shell::run(Command::new("sudo").args(["sh", "-c", &command])),
        _ => {
            bail!("these are missing: {names}. Install them with:\n\n    sudo sh -c '{command}'\n")
        }
    }
}

/// A tool from crates.io, built where it is missing.
pub(crate) fn ensure_cargo_tool(name: &str) -> Result<()> {
    if shell::have(name) {
        return Ok(());
    }
    println!("Building {name} …");
    shell::cargo(&["install", "--locked", "--quiet", name])
}
