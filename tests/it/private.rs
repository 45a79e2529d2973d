//! What other users, core files and a kill in the wrong moment get of the secrets: nothing.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use patchbay_tests::cli::program;
use patchbay_tests::{Cli, Random, SandboxProcess, Served, sample};
use serde_json::json;

/// Where the system lets us be somebody else; said where it does not.
fn can_be_nobody() -> bool {
    let root = nix::unistd::Uid::effective().is_root();
    let here = root && Command::new("setpriv").arg("--version").output().is_ok_and(|out| out.status.success());
    if !here {
        println!("skipped: only root can start a program as another user, with setpriv");
    }
    here
}

/// A command as the user `nobody`, who shares no group with us.
fn as_nobody(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]).arg(program);
    command.stdin(Stdio::null()).current_dir("/");
    command
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        found.push(entry.path());
        if entry.file_type().unwrap().is_dir() {
            found.extend(below(&entry.path()));
        }
    }
    found
}

#[test]
fn another_user_reads_nothing() {
    if !can_be_nobody() {
        return;
    }
    let served = Served::start();
    served.rpc("sandbox_start", &json!({}));
    let data = served.token_file().parent().unwrap().to_owned();
    // Everything above the data folder is open, so that only the product's own care counts.
    let above = data.parent().unwrap();
    std::fs::set_permissions(above, std::fs::Permissions::from_mode(0o755)).unwrap();
    let open = above.join("open");
    std::fs::write(&open, "x").unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    let reads = |path: &Path| as_nobody("cat").arg(path).output().unwrap().status.success();
    assert!(reads(&open), "the other user can read at all");

    let files = below(&data);
    for wanted in ["patchbay.db", "patchbay.db-wal", "vault.json", "serve-token", "engine.sock", "owner.lock"] {
        assert!(files.iter().any(|file| file.ends_with(wanted)), "{wanted} is not there: {files:?}");
    }
    assert!(!as_nobody("ls").arg(&data).output().unwrap().status.success());
    let mode = |path: &Path| std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in files.iter().filter(|path| !path.is_dir()) {
        assert_eq!(mode(file) & 0o077, 0, "{}", file.display());
    }
    // With the folder's own lock taken away, each file still keeps others out.
    for folder in files.iter().filter(|path| path.is_dir()).chain([&data]) {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    for file in files.iter().filter(|path| path.is_file()) {
        assert!(!reads(file), "{}", file.display());
    }
}

#[test]
fn a_host_leaves_no_core_and_keeps_its_memory_to_itself() {
    let served = Served::start();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", served.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    drop(served);

    // A process that may not be looked into belongs to root in /proc, whoever runs it (proc(5)).
    if !can_be_nobody() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let copy = folder.path().join("patchbay-cli");
    std::fs::copy(program(), &copy).unwrap();
    let owner = |mut command: Command, ready: bool| {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        if ready {
            use std::io::{BufRead as _, BufReader};
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        } else {
            std::thread::sleep(Duration::from_millis(300));
        }
        let owner = std::fs::metadata(format!("/proc/{}/environ", child.id())).unwrap().uid();
        child.kill().unwrap();
        child.wait().unwrap();
        owner
    };
    let mut usual = as_nobody("sleep");
    usual.arg("60");
    assert_eq!(owner(usual, false), 65_534, "this is how another program looks");
    let mut ours = as_nobody(&copy);
    ours.args(["--json", "sandbox"]).env("HOME", "/nonexistent");
    assert_eq!(owner(ours, true), 0);
}

#[test]
fn a_rotation_that_is_killed_loses_no_key() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    assert_eq!(cli.ok(&["demo", "--sandbox", &sandbox.url])["state"], "done");
    let (count, seed) = sample(160);
    let mut random = Random(seed);
    let word = cli.file("word", "a passphrase of the export");
    let mut killed = 0;
    for round in 0..count {
        let mut child = cli.start(&["secrets", "rotate"]);
        std::thread::sleep(Duration::from_millis(random.below(900)));
        killed += usize::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
        // Opens every secret, compares, and says how many.
        let file = cli.folder().join(format!("{round}.json"));
        let made = cli.ok(&["export", file.to_str().unwrap(), "--with-secrets", word.to_str().unwrap()]);
        assert_eq!((&made["connections"], &made["sealed"]), (&json!(2), &json!(true)), "round {round}");
    }
    assert!(killed > 0, "some were really killed");
    let rotated = cli.ok(&["secrets", "rotate"]);
    assert_eq!((&rotated["credentials"], &rotated["lost"]), (&json!(2), &json!(0)));
    assert_eq!(cli.ok(&["test", "Sandbox Chat"])["connection"]["state"], "connected");
}
