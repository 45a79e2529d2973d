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
    for program in ["dbus-run-session", "gnome-keyring-daemon"] {
        assert!(have(program), "{program} is missing; cargo xtask test installs it");
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
            let error = KeyringStore::new().has("test/one").unwrap_err();
            assert!(matches!(error, VaultError::Unavailable(_)), "{error:?}");
        }
        return;
    }
    // No address at all, where only the runtime folder could hold a bus, and one where nothing is.
    for address in [None, Some("unix:path=/nonexistent/bus")] {
        let mut launcher = Command::new("sh");
        launcher.args(["-c", "exec \"$TEST_BINARY\" --exact \"$TEST_NAME\" --nocapture"]);
        match address {
            None => launcher.env_remove("DBUS_SESSION_BUS_ADDRESS"),
            Some(address) => launcher.env("DBUS_SESSION_BUS_ADDRESS", address),
        };
        assert!(again("without_a_bus_the_keyring_is_unavailable", "no bus", &mut launcher));
    }
}

/// Locks the keyring through the bus, as a screen lock does.
fn lock() {
    let locked = Command::new("dbus-send")
        .args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets"])
        .args(["org.freedesktop.Secret.Service.Lock"])
        .arg("array:objpath:/org/freedesktop/secrets/collection/login")
        .output()
        .unwrap();
    assert!(locked.status.success(), "{}", String::from_utf8_lossy(&locked.stderr));
}

fn unlock() {
    let unlocked = Command::new("sh")
        .args([
            "-c",
            "printf %s pw | gnome-keyring-daemon --replace --unlock --components=secrets >/dev/null 2>&1",
        ])
        .output()
        .unwrap();
    assert!(unlocked.status.success(), "{}", String::from_utf8_lossy(&unlocked.stderr));
}

#[test]
fn a_locked_keyring_says_so_and_works_again_once_unlocked() {
    if std::env::var(INSIDE).as_deref() == Ok("locked") {
        // One store throughout, and from a thread of an asynchronous program, as the engine calls it.
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let task = runtime.spawn_blocking(|| {
            let store = KeyringStore::new();
            store.set("test/one", &Secret::new("first".into())).unwrap();
            for _ in 0..2 {
                lock();
                let errors = [
                    store.get("test/one").map(drop).unwrap_err(),
                    store.set("test/one", &Secret::new("second".into())).unwrap_err(),
                    store.delete("test/one").unwrap_err(),
                    // Nobody is there to answer the prompt for a new entry either.
                    store.set("test/new", &Secret::new("third".into())).unwrap_err(),
                ];
                for error in errors {
                    assert!(matches!(error, VaultError::Locked), "{error:?}");
                }
                for name in ["test/one", "test/absent"] {
                    let error = store.has(name).unwrap_err();
                    assert!(matches!(error, VaultError::Locked), "{error:?}");
                }
                unlock();
                assert!(store.has("test/one").unwrap() && !store.has("test/absent").unwrap());
                assert_eq!(store.get("test/one").unwrap().unwrap().expose(), "first");
            }
        });
        runtime.block_on(task).unwrap();
        return;
    }
    for program in ["dbus-run-session", "gnome-keyring-daemon"] {
        assert!(have(program), "{program} is missing; cargo xtask test installs it");
    }
    // Without a display there is nobody to ask.
    let script = "printf %s pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; \
                  exec \"$TEST_BINARY\" --exact \"$TEST_NAME\" --nocapture";
    let mut launcher = Command::new("dbus-run-session");
    launcher.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").args(["--", "sh", "-c", script]);
    assert!(again("a_locked_keyring_says_so_and_works_again_once_unlocked", "locked", &mut launcher));
}
