//! The real keyring service, in a session of its own.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::process::Command;

use patchbay_vault::{KeyringStore, Secret, SecretStore, VaultError};

const INSIDE: &str = "PATCHBAY_TEST_KEYRING";

/// Runs this test binary again for one test, under the given launcher.
fn again(test: &str, mode: &str, launcher: &mut Command) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let output = launcher
        .env(INSIDE, mode)
        .env("HOME", folder.path())
        .env("XDG_RUNTIME_DIR", folder.path())
        .env("XDG_DATA_HOME", folder.path().join("data"))
        .env("XDG_CONFIG_HOME", folder.path().join("config"))
        .env("TEST_NAME", test)
        .env("TEST_BINARY", std::env::current_exe().unwrap())
        .output()
        .unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    text.contains("1 passed")
}

fn have(program: &str) -> bool {
    Command::new("sh").args(["-c", &format!("command -v {program}")]).output().is_ok_and(|o| o.status.success())
}

#[test]
fn an_unlocked_keyring_keeps_gives_and_forgets() {
    if std::env::var(INSIDE).as_deref() == Ok("unlocked") {
        let store = KeyringStore::new();
        assert!(store.get("test/one").unwrap().is_none());
        store.set("test/one", &Secret::new("first".into())).unwrap();
        store.set("test/one", &Secret::new("second".into())).unwrap();
        assert_eq!(store.get("test/one").unwrap().unwrap().expose(), "second");
        store.delete("test/one").unwrap();
        store.delete("test/one").unwrap();
        assert!(store.get("test/one").unwrap().is_none());
        return;
    }
    if !have("dbus-run-session") || !have("gnome-keyring-daemon") {
        println!("skipped: dbus-run-session or gnome-keyring-daemon is not installed");
        return;
    }
    let script = "printf %s pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; \
                  exec \"$TEST_BINARY\" --exact \"$TEST_NAME\" --nocapture";
    let mut launcher = Command::new("dbus-run-session");
    launcher.args(["--", "sh", "-c", script]);
    assert!(again("an_unlocked_keyring_keeps_gives_and_forgets", "unlocked", &mut launcher));
}

#[test]
fn without_a_bus_the_keyring_is_unavailable() {
    if std::env::var(INSIDE).as_deref() == Ok("no bus") {
        for _ in 0..2 {
            let error = KeyringStore::new().get("test/one").unwrap_err();
            assert!(matches!(error, VaultError::Unavailable(_)), "{error:?}");
        }
        return;
    }
    let mut launcher = Command::new("sh");
    launcher
        .args(["-c", "exec \"$TEST_BINARY\" --exact \"$TEST_NAME\" --nocapture"])
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    assert!(again("without_a_bus_the_keyring_is_unavailable", "no bus", &mut launcher));
}

#[test]
fn a_locked_keyring_is_locked() {
    if std::env::var(INSIDE).as_deref() == Ok("locked") {
        let error = KeyringStore::new().set("test/one", &Secret::new("x".into())).unwrap_err();
        assert!(matches!(error, VaultError::Locked | VaultError::Unavailable(_)), "{error:?}");
        return;
    }
    if !have("dbus-run-session") || !have("gnome-keyring-daemon") {
        println!("skipped: dbus-run-session or gnome-keyring-daemon is not installed");
        return;
    }
    // Started without its password, and without a display to ask on.
    let script = "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1; \
                  exec \"$TEST_BINARY\" --exact \"$TEST_NAME\" --nocapture";
    let mut launcher = Command::new("dbus-run-session");
    launcher.env_remove("DISPLAY").args(["--", "sh", "-c", script]);
    assert!(again("a_locked_keyring_is_locked", "locked", &mut launcher));
}
