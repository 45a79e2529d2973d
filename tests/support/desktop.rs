//! A desktop with nothing on it but the window's program: a message bus, a display, a home.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use patchbay_api::forward;
use serde_json::Value;

use crate::display::Display;
use crate::screen::Screen;
use crate::window::application;

/// A bus, a display and a home of their own.
#[derive(Debug)]
pub struct Desktop {
    bus: Child,
    /// The message bus.
    pub address: String,
    folder: tempfile::TempDir,
    display: Display,
}

impl Desktop {
    /// Starts them.
    pub fn start() -> Self {
        use std::io::BufRead as _;
        let folder = tempfile::tempdir().unwrap();
        let mut bus = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        std::io::BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        let desktop = Self { bus, address, folder, display: Display::start() };
        std::fs::create_dir_all(desktop.data_dir()).unwrap();
        desktop
    }

    /// The program's data folder.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("patchbay")
    }

    /// A file that stands from when the window is shown until its page has drawn itself.
    pub fn mark(&self) -> PathBuf {
        self.data_dir().join("window-starts")
    }

    /// Whether the engine runs, and no window that is shown still waits for its page.
    pub fn page_works(&self) -> bool {
        self.data_dir().join("workspaces/default/patchbay.db").exists() && !self.mark().exists()
    }

    /// Writes what the person decided about the desktop.
    pub fn decide(&self, decided: &str) {
        std::fs::write(self.data_dir().join("desktop.json"), decided).unwrap();
    }

    fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        for name in ["home", "data", "config", "cache", "run"] {
            std::fs::create_dir_all(self.folder.path().join(name)).unwrap();
        }
        let home = |name: &str| self.folder.path().join(name);
        command
            .args(arguments)
            .env("DISPLAY", self.display.name())
            .env_remove("WAYLAND_DISPLAY")
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .env("NO_AT_BRIDGE", "1")
            .env("LANG", "C.UTF-8")
            .env("HOME", home("home"))
            .env("XDG_RUNTIME_DIR", home("run"))
            .env("XDG_DATA_HOME", home("data"))
            .env("XDG_CONFIG_HOME", home("config"))
            .env("XDG_CACHE_HOME", home("cache"))
            .env("PATCHBAY_DATA_DIR", self.data_dir())
            .env("PATCHBAY_SECRETS", "memory")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Starts the window's program.
    pub fn start_window(&self, arguments: &[&str]) -> Child {
        self.command(&application(), arguments).spawn().unwrap()
    }

    /// Waits until the engine of the window takes commands.
    pub async fn engine_answers(&self) {
        let begun = Instant::now();
        while !forward::answers(&self.data_dir()).await {
            assert!(begun.elapsed() < Duration::from_secs(60), "the engine: not in a minute");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Hands a command to the engine of the window.
    pub async fn call(&self, command: &str, request: Value) -> Value {
        let answer = forward::forward(&self.data_dir(), "default", command, request).await;
        answer.unwrap_or_else(|problem| panic!("{command}: {problem:?}"))
    }
}

impl Screen for Desktop {
    fn display(&self) -> &Display {
        &self.display
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _ = self.bus.kill();
        let _ = self.bus.wait();
    }
}

/// How a process ended; none while it runs.
pub fn ended(child: &mut Child) -> Option<i32> {
    child.try_wait().unwrap().map(|status| status.code().unwrap_or(-1))
}
