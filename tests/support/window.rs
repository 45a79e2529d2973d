//! The real window, on a display of its own, driven through WebDriver.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::crowd::Crowd;
use crate::display::Display;
use crate::mock::free_port;
use crate::root;
use crate::screen::Screen;

/// A display, a message bus and the driver; ended together.
#[derive(Debug)]
pub struct Window {
    driver: Child,
    folder: tempfile::TempDir,
    port: u16,
    // Last: it ends after what is shown on it.
    display: Display,
}

/// Whether display, driver and window are here; said where they are not.
pub fn window_possible() -> bool {
    let program = |name: &str| {
        std::env::var_os("PATH")
            .is_some_and(|paths| std::env::split_paths(&paths).any(|folder| folder.join(name).is_file()))
    };
    let missing: Vec<_> = ["Xvfb", "dbus-run-session", "tauri-driver", "WebKitWebDriver", "node"]
        .into_iter()
        .filter(|name| !program(name))
        .collect();
    let ready = missing.is_empty() && application().exists();
    assert!(
        ready || std::env::var_os("PATCHBAY_NO_WINDOW").is_some(),
        "missing: {missing:?}, or the window is not built; `cargo xtask test` does both; PATCHBAY_NO_WINDOW=1 does without"
    );
    ready
}

/// The window's program, as the workspace build leaves it.
pub fn application() -> PathBuf {
    // target/<profile>/deps/it-… → target/<profile>/patchbay
    let exe = std::env::current_exe().unwrap();
    exe.parent().unwrap().parent().unwrap().join("patchbay")
}

impl Window {
    /// Starts display and driver; the window opens with the walk.
    pub fn start(language: &str) -> Self {
        Self::with(language, tempfile::tempdir().unwrap())
    }

    /// The same, where much is there already.
    pub fn crowded(crowd: &Crowd) -> Self {
        let folder = tempfile::tempdir_in(root().join("target")).unwrap();
        crowd.fill(&folder.path().join("patchbay"));
        Self::with("C.UTF-8", folder)
    }

    fn with(language: &str, folder: tempfile::TempDir) -> Self {
        let display = Display::start();
        let (port, native) = (free_port(), free_port());
        let home = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(&path).unwrap();
            path
        };
        let runtime = home("run");
        private(&runtime);
        let path = with_browser(&home("bin"), &folder.path().join("opened"));
        let driver = Command::new("dbus-run-session")
            .args(["--", "tauri-driver", "--port", &port.to_string(), "--native-port", &native.to_string()])
            .env("DISPLAY", display.name())
            .env("PATH", path)
            .env("LANG", language)
            .env("LC_ALL", language)
            .env("NO_AT_BRIDGE", "1")
            .env("XDG_RUNTIME_DIR", &runtime)
            .env("HOME", home("home"))
            .env("XDG_DATA_HOME", home("data"))
            .env("XDG_CONFIG_HOME", home("config"))
            .env("XDG_CACHE_HOME", home("cache"))
            .env("PATCHBAY_DATA_DIR", folder.path().join("patchbay"))
            .env("PATCHBAY_SECRETS", "memory")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait("the driver", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { driver, folder, port, display }
    }

    /// A folder for what a walk and its test tell each other; the program knows nothing of it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Walks through the window, as `tests/node/walks/<name>.mjs` says.
    pub fn walk(&self, name: &str, facts: &Value) {
        let facts = json!({
            "driver": format!("http://127.0.0.1:{}/", self.port),
            "application": application(),
            "opened": self.folder.path().join("opened"),
            "facts": facts,
        });
        let output = Command::new("node")
            .arg(root().join("tests/node/walks").join(format!("{name}.mjs")))
            .env("WALK", facts.to_string())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name} in {}:\n{text}", self.folder.path().display());
        println!("{name}: {text}");
    }
}

impl Screen for Window {
    fn display(&self) -> &Display {
        &self.display
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // The driver's children first: they are of its session and end with its bus.
        let _ = nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(self.driver.id().cast_signed()),
            nix::sys::signal::Signal::SIGTERM,
        );
        let started = Instant::now();
        while self.driver.try_wait().is_ok_and(|ended| ended.is_none())
            && started.elapsed() < Duration::from_secs(5)
        {
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn wait(what: &str, ready: impl Fn() -> bool) {
    let started = Instant::now();
    while !ready() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what} does not start");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A search path on which whatever opens pages is a script that writes their addresses down, one a line.
fn with_browser(folder: &Path, opened: &Path) -> OsString {
    use std::os::unix::fs::PermissionsExt as _;
    let script = folder.join("xdg-open");
    std::fs::write(&script, format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\n", opened.display())).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    let before = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder.to_owned()).chain(std::env::split_paths(&before))).unwrap()
}

fn private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
}
