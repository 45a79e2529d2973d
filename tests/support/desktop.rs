//! A desktop with nothing on it but the window's program: a message bus, a display, a home.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use patchbay_api::forward;
use serde_json::Value;
use x11rb::CURRENT_TIME;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, InputFocus, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, MapState,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::display::Display;
use crate::window::application;

/// The key that chooses.
pub const RETURN: u8 = 36;
/// The key that takes a question back.
pub const ESCAPE: u8 = 9;
/// The key that chooses the answer with its letter.
pub const ALT: u8 = 64;
/// The letter S.
pub const S: u8 = 39;
/// The letter U.
pub const U: u8 = 30;

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

    fn x11(&self) -> (RustConnection, u32) {
        let (connection, screen) = x11rb::connect(Some(self.display.name())).unwrap();
        let root = connection.setup().roots[screen].root;
        (connection, root)
    }

    /// The windows of Patchbay that can be seen, questions aside.
    pub fn seen(&self) -> Vec<u32> {
        let questions = self.questions();
        let (x11, root) = self.x11();
        let mut all = viewable(&x11, root);
        all.retain(|&window| {
            // One may go while it is looked at.
            let name =
                x11.get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64).unwrap().reply();
            !questions.contains(&window) && name.is_ok_and(|name| name.value == b"Patchbay")
        });
        all
    }

    /// The questions that can be seen (EWMH, `_NET_WM_WINDOW_TYPE_DIALOG`).
    pub fn questions(&self) -> Vec<u32> {
        let (x11, root) = self.x11();
        let (kind, dialog) = (atom(&x11, "_NET_WM_WINDOW_TYPE"), atom(&x11, "_NET_WM_WINDOW_TYPE_DIALOG"));
        let mut all = viewable(&x11, root);
        all.retain(|&window| {
            let kinds = x11.get_property(false, window, kind, AtomEnum::ATOM, 0, 8).unwrap().reply();
            kinds.is_ok_and(|kinds| kinds.value32().into_iter().flatten().any(|kind| kind == dialog))
        });
        all
    }

    /// Presses keys together, as somebody would who has the question before him (X keycodes of the usual
    /// keyboard), until the question is gone: it may not take keys yet when it is first seen.
    pub fn answer(&self, keys: &[u8]) {
        let (x11, root) = self.x11();
        let press = |kind, key| x11.xtest_fake_input(kind, key, CURRENT_TIME, root, 0, 0, 0).unwrap().check();
        let mut tries = 0_u32;
        until("an answer", || {
            let questions = self.questions();
            if let Some(question) = questions.first()
                && tries.is_multiple_of(10)
            {
                // It may have gone just now.
                let _ = x11.set_input_focus(InputFocus::PARENT, *question, CURRENT_TIME).unwrap().check();
                for key in keys {
                    press(KEY_PRESS_EVENT, *key).unwrap();
                }
                keys.iter().rev().for_each(|key| press(KEY_RELEASE_EVENT, *key).unwrap());
            }
            tries += 1;
            questions.is_empty()
        });
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

    /// Closes the window; tried again where it was just about to be shown.
    pub fn close_until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let mut tries = 0_u32;
        until(what, || {
            if tries.is_multiple_of(10) {
                self.close();
            }
            tries += 1;
            holds()
        });
    }

    /// What a click on a window's closing button does (ICCCM 4.2.8.1, WM_DELETE_WINDOW).
    pub fn close(&self) {
        let (x11, _) = self.x11();
        for window in self.seen() {
            let wish = [atom(&x11, "WM_DELETE_WINDOW"), 0, 0, 0, 0];
            let event = ClientMessageEvent::new(32, window, atom(&x11, "WM_PROTOCOLS"), wish);
            x11.send_event(false, window, EventMask::NO_EVENT, event).unwrap();
        }
        x11.flush().unwrap();
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _ = self.bus.kill();
        let _ = self.bus.wait();
    }
}

/// Waits until something holds.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: not in a minute");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// How a process ended; none while it runs.
pub fn ended(child: &mut Child) -> Option<i32> {
    child.try_wait().unwrap().map(|status| status.code().unwrap_or(-1))
}

fn viewable(x11: &RustConnection, root: u32) -> Vec<u32> {
    let mut all = x11.query_tree(root).unwrap().reply().unwrap().children;
    all.retain(|&window| {
        // One may go while it is looked at.
        let state = x11.get_window_attributes(window).unwrap().reply().map(|found| found.map_state);
        state.is_ok_and(|state| state == MapState::VIEWABLE)
    });
    all
}

fn atom(x11: &RustConnection, name: &str) -> u32 {
    x11.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
}
