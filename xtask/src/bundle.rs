//! A deb and an rpm of the command line.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{packages, shell};

/// Builds both into `target/bundle`.
pub(crate) fn all() -> Result<()> {
    packages::ensure(packages::BUNDLE)?;
    shell::cargo(&["build", "--release", "--package", "patchbay-headless"])?;
    let out = shell::root().join("target/bundle");
    let _ = std::fs::remove_dir_all(&out);
    let tree = out.join("tree");
    let version = env!("CARGO_PKG_VERSION");
    for (from, to) in [
        ("target/release/patchbay-cli", "usr/bin/patchbay-cli"),
        ("README.md", "usr/share/doc/patchbay/README.md"),
        ("docs/cli.md", "usr/share/doc/patchbay/cli.md"),
    ] {
        let to = tree.join(to);
        std::fs::create_dir_all(to.parent().context("a file has a folder")?)?;
        std::fs::copy(shell::root().join(from), to)?;
    }
    let deb = out.join(format!("patchbay_{version}_amd64.deb"));
    let control = tree.join("DEBIAN");
    std::fs::create_dir_all(&control)?;
    std::fs::write(
        control.join("control"),
        format!(
            "Package: patchbay\nVersion: {version}\nArchitecture: amd64\nMaintainer: Patchbay <patchbay@example.test>\n\
             Depends: libc6\nRecommends: gnome-keyring | keepassxc\nSection: utils\nPriority: optional\n\
             Description: Connect your tools and let them work together\n From this computer alone: no server, no code.\n"
        ),
    )?;
    shell::run(Command::new("dpkg-deb").args(["--root-owner-group", "--build"]).arg(&tree).arg(&deb))?;
    std::fs::remove_dir_all(&control)?;
    let spec = out.join("patchbay.spec");
    std::fs::write(
        &spec,
        format!(
            "Name: patchbay\nVersion: {version}\nRelease: 1\nSummary: Connect your tools and let them work together\n\
             License: MIT OR Apache-2.0\n%define _build_id_links none\n%description\n\
             From this computer alone: no server, no code.\n%install\ncp -a {}/. %{{buildroot}}/\n%files\n/usr/bin/patchbay-cli\n\
             /usr/share/doc/patchbay\n",
            tree.display()
        ),
    )?;
    shell::run(
        Command::new("rpmbuild")
            .args(["-bb", "--define", &format!("_topdir {}", out.join("rpm").display())])
            .args(["--define", &format!("_rpmdir {}", out.display())])
            .arg(&spec),
    )?;
    for line in
        shell::output(Command::new("find").arg(&out).args(["-name", "*.deb", "-o", "-name", "*.rpm"]))?.lines()
    {
        println!("{line}: {:.1} MiB", std::fs::metadata(line)?.len() as f64 / f64::from(1 << 20));
    }
    Ok(())
}
