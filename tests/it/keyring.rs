//! The command line over a real keyring service, in a session of its own: absent, locked, unlocked, and
//! keys on the move.

use std::process::{Command, Stdio};

use patchbay_tests::SandboxProcess;
use patchbay_tests::cli::program;

/// What a session of its own needs.
fn ensure_programs() {
    for name in ["dbus-run-session", "gnome-keyring-daemon", "dbus-send"] {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let have = std::env::split_paths(&paths).any(|dir| dir.join(name).is_file());
        assert!(have, "{name} is missing; cargo xtask test installs it");
    }
}

const LOCK: &str = "dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets \
    org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login >/dev/null";
const UNLOCK: &str = "printf %s pw | gnome-keyring-daemon $again --unlock --components=secrets >/dev/null 2>&1";

/// Runs a script in a session of its own; gives what it printed. `cli` is the program.
fn session(bus: bool, sandbox: &SandboxProcess, script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["run", "data", "config"] {
        std::fs::create_dir(path(name)).unwrap();
    }
    std::fs::write(path("word"), "correct horse battery").unwrap();
    let mut command = if bus {
        let mut command = Command::new("dbus-run-session");
        command.args(["--", "sh", "-c"]);
        command
    } else {
        let mut command = Command::new("sh");
        command.arg("-c");
        command
    };
    let cli = "cli() { \"$PROGRAM\" \"$@\"; }; state() { cli secrets status | head -1; };";
    let output = command
        .arg(format!("{cli} lock() {{ {LOCK}; }}; unlock() {{ {UNLOCK}; }}; again=; {script}"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("PROGRAM", program())
        .env("SANDBOX", &sandbox.url)
        .env("HOME", folder.path())
        .env("XDG_RUNTIME_DIR", path("run"))
        .env("XDG_DATA_HOME", path("data"))
        .env("XDG_CONFIG_HOME", path("config"))
        .env("PATCHBAY_DATA_DIR", path("patchbay"))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Whether these stand in the text, one after the other.
fn in_order(text: &str, wanted: &[&str]) {
    let mut rest = text;
    for want in wanted {
        let at =
            rest.find(want).unwrap_or_else(|| panic!("{want:?} is not there, or not in its turn:\n{text}"));
        rest = &rest[at + want.len()..];
    }
}

#[test]
fn without_a_keyring_nothing_is_kept_in_plain_text_and_a_passphrase_is_offered() {
    let sandbox = SandboxProcess::start();
    let text = session(
        false,
        &sandbox,
        "cli demo --sandbox $SANDBOX --secrets keyring; echo code $?; state; \
         cli secrets move passphrase --new-passphrase word; echo code $?; \
         cli --passphrase-file word demo --sandbox $SANDBOX; echo code $?; cli --passphrase-file word secrets status",
    );
    in_order(
        &text,
        &[
            "code 4",
            "Kept in: keyring. State: unavailable.",
            "Kept in: passphrase.",
            "code 0",
            "code 0",
            "State: unlocked.",
        ],
    );
    assert!(text.contains("SECRET_STORE_UNAVAILABLE"), "{text}");
}

#[test]
fn a_keyring_is_locked_unlocked_and_left_and_no_key_is_lost() {
    ensure_programs();
    let sandbox = SandboxProcess::start();
    let script = "unlock; again=--replace; cli demo --sandbox $SANDBOX >/dev/null; echo code $?; state; \
        lock; state; cli test 'Sandbox Chat'; echo code $?; unlock; state; cli test 'Sandbox Chat' >/dev/null; echo code $?; \
        cli secrets rotate; cli test 'Sandbox Chat' >/dev/null; echo code $?; \
        cli secrets move passphrase --new-passphrase word; state; \
        cli test 'Sandbox Chat'; echo code $?; cli --passphrase-file word test 'Sandbox Chat' >/dev/null; echo code $?; \
        lock; cli --passphrase-file word secrets move keyring; echo code $?; unlock; \
        cli --passphrase-file word secrets move keyring; ls patchbay; \
        cli --passphrase-file word secrets status; cli test 'Sandbox Tracker' >/dev/null; echo code $?";
    let text = session(true, &sandbox, script);
    in_order(
        &text,
        &[
            "code 0",
            "Kept in: keyring. State: unlocked.",
            "Kept in: keyring. State: locked.",
            "code 4",
            "State: unlocked.",
            "code 0",
            "2 secrets are sealed with another key.",
            "code 0",
            "Kept in: passphrase. State: unlocked.",
            "Kept in: passphrase. State: locked.",
            // Without the passphrase, then with it.
            "code 4",
            "code 0",
            // A keyring that is locked takes no key.
            "code 4",
            // Now it does, and stays chosen although a passphrase is given.
            "Kept in: keyring. State: unlocked.",
            "Kept in: keyring. State: unlocked.",
            "code 0",
        ],
    );
    let listed = text.rsplit("Kept in: keyring. State: unlocked.").nth(1).unwrap_or_default();
    assert!(!listed.contains("vault.json"), "the passphrase file is gone:\n{text}");
}
