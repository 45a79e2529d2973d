//! What has to be installed, and how to get it.

use std::process::Command;

use anyhow::{Result, bail};

use crate::shell;

/// A Debian package and what shows it is there: a program, or a library with its headers.
pub(crate) type Package = (&'static str, &'static str);

const COMPILER: Package = ("build-essential", "cc");
const LIBRARIES: Package = ("pkg-config", "pkg-config");
/// What the window shows its page with.
const WEB_VIEW: Package = ("libwebkit2gtk-4.1-dev", "library webkit2gtk-4.1");

const NODE: Package = ("nodejs", "node");
const NPM: Package = ("npm", "npm");

/// For building.
pub(crate) const BUILD: &[Package] = &[COMPILER, LIBRARIES, WEB_VIEW, NODE, NPM];
/// For the tests beside that.
pub(crate) const TEST: &[Package] = &[
    COMPILER,
    LIBRARIES,
    WEB_VIEW,
    ("dbus", "dbus-run-session"),
    ("gnome-keyring", "gnome-keyring-daemon"),
    ("openssl", "openssl"),
    // Tells whether the disk had a delivery before its sender heard so.
    ("strace", "strace"),
    // Moves the clock of a process.
    ("faketime", "faketime"),
    NODE,
    NPM,
    // A browser for the interface, a display and a driver for the window.
    ("chromium", "chromium"),
    ("fonts-dejavu-core", "font DejaVu"),
    ("xvfb", "Xvfb"),
    ("webkit2gtk-driver", "WebKitWebDriver"),
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

/// The bridge between WebDriver and the window.
pub(crate) fn ensure_window_driver() -> Result<()> {
    ensure_cargo_tool("tauri-driver")
}

/// A tool from crates.io, built where it is missing.
pub(crate) fn ensure_cargo_tool(name: &str) -> Result<()> {
    if shell::have(name) {
        return Ok(());
    }
    println!("Building {name} …");
    shell::cargo(&["install", "--locked", "--quiet", name])
}
