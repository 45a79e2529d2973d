//! The window on its desktop: a tray of a pretend panel, closing, starting again, ending.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use patchbay_tests::{application, window_possible};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, MapState};
use x11rb::rust_connection::RustConnection;
use zbus::zvariant::{OwnedValue, Value};

/// A bus, a display and a home of their own.
struct Desktop {
    bus: Child,
    address: String,
    display: Child,
    number: u32,
    folder: tempfile::TempDir,
}

impl Desktop {
    fn start() -> Self {
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
        let number = 1_000 + std::process::id() % 8_000;
        let display = Command::new("Xvfb")
            .args([&format!(":{number}"), "-screen", "0", "1280x900x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let socket = PathBuf::from(format!("/tmp/.X11-unix/X{number}"));
        until("the display", || socket.exists());
        let desktop = Self { bus, address: address.trim().to_owned(), display, number, folder };
        std::fs::create_dir_all(desktop.data_dir()).unwrap();
        desktop
    }

    fn data_dir(&self) -> PathBuf {
        self.folder.path().join("patchbay")
    }

    fn decide(&self, decided: &str) {
        std::fs::write(self.data_dir().join("desktop.json"), decided).unwrap();
    }

    fn command(&self, program: &std::path::Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        for name in ["home", "data", "config", "cache", "run"] {
            std::fs::create_dir_all(self.folder.path().join(name)).unwrap();
        }
        let home = |name: &str| self.folder.path().join(name);
        command
            .args(arguments)
            .env("DISPLAY", format!(":{}", self.number))
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

    fn start_window(&self, arguments: &[&str]) -> Child {
        self.command(&application(), arguments).spawn().unwrap()
    }

    fn x11(&self) -> (RustConnection, u32) {
        let (connection, screen) = x11rb::connect(Some(&format!(":{}", self.number))).unwrap();
        let root = connection.setup().roots[screen].root;
        (connection, root)
    }

    /// The windows of Patchbay that can be seen.
    fn seen(&self) -> Vec<u32> {
        let (x11, root) = self.x11();
        let mut all = x11.query_tree(root).unwrap().reply().unwrap().children;
        all.retain(|&window| {
            // One may go while it is looked at.
            let state = x11.get_window_attributes(window).unwrap().reply().map(|found| found.map_state);
            let name =
                x11.get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64).unwrap().reply();
            state.is_ok_and(|state| state == MapState::VIEWABLE)
                && name.is_ok_and(|name| name.value == b"Patchbay")
        });
        all
    }

    /// Closes the window; tried again where it was just about to be shown.
    fn close_until(&self, what: &str, mut holds: impl FnMut() -> bool) {
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
    fn close(&self) {
        let (x11, _) = self.x11();
        let atom = |name: &str| x11.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
        for window in self.seen() {
            let wish = [atom("WM_DELETE_WINDOW"), 0, 0, 0, 0];
            let event = ClientMessageEvent::new(32, window, atom("WM_PROTOCOLS"), wish);
            x11.send_event(false, window, EventMask::NO_EVENT, event).unwrap();
        }
        x11.flush().unwrap();
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for child in [&mut self.display, &mut self.bus] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: not in a minute");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn ended(child: &mut Child) -> Option<i32> {
    child.try_wait().unwrap().map(|status| status.code().unwrap_or(-1))
}

/// The part of a panel that icons register with.
struct Watcher(Arc<Mutex<Vec<String>>>);

#[expect(clippy::unused_self, reason = "the bus asks for these signatures")]
#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: &str) {
        self.0.lock().unwrap().push(service.to_owned());
    }

    fn register_status_notifier_host(&self, service: &str) {
        let _ = service;
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

/// An icon as the panel sees it.
struct Icon<'b> {
    bus: &'b zbus::Connection,
    name: String,
}

type Layout = (i32, std::collections::HashMap<String, OwnedValue>, Vec<OwnedValue>);

impl Icon<'_> {
    async fn pixels(&self) -> Vec<u8> {
        let arguments = ("org.kde.StatusNotifierItem", "IconPixmap");
        let call = self.bus.call_method(
            Some(self.name.as_str()),
            "/StatusNotifierItem",
            Some("org.freedesktop.DBus.Properties"),
            "Get",
            &arguments,
        );
        let answer = call.await.unwrap();
        let value: OwnedValue = answer.body().deserialize().unwrap();
        let all: Vec<(i32, i32, Vec<u8>)> = value.try_into().unwrap();
        all.into_iter().next().unwrap().2
    }

    /// The menu's entries with their numbers, those of its submenus too.
    async fn menu(&self) -> Vec<(i32, String)> {
        let (arguments, menu) = ((0_i32, -1_i32, Vec::<String>::new()), Some("com.canonical.dbusmenu"));
        let call = self.bus.call_method(Some(self.name.as_str()), "/MenuBar", menu, "GetLayout", &arguments);
        let answer = call.await.unwrap();
        let (_, layout): (u32, Layout) = answer.body().deserialize().unwrap();
        let mut entries = Vec::new();
        let mut open = vec![layout];
        while let Some((number, properties, children)) = open.pop() {
            if let Some(Value::Str(label)) = properties.get("label").map(|value| &**value) {
                entries.push((number, label.to_string()));
            }
            for child in children.into_iter().rev() {
                open.push(child.try_into().unwrap());
            }
        }
        entries
    }

    async fn labels(&self) -> Vec<String> {
        self.menu().await.into_iter().map(|(_, label)| label).collect()
    }

    async fn choose(&self, label: &str) {
        let menu = self.menu().await;
        let (number, _) =
            menu.iter().find(|(_, one)| one == label).unwrap_or_else(|| panic!("{label}: {menu:?}"));
        let arguments = (*number, "clicked", Value::from(0_i32), 0_u32);
        let menu = Some("com.canonical.dbusmenu");
        self.bus.call_method(Some(self.name.as_str()), "/MenuBar", menu, "Event", &arguments).await.unwrap();
    }

    async fn says(&self, wanted: &str) {
        let begun = Instant::now();
        while !self.labels().await.iter().any(|label| label == wanted) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{wanted}: {:?}", self.labels().await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tray_leads_everywhere_and_the_window_comes_back() {
    if !window_possible() {
        return;
    }
    let desktop = Desktop::start();
    desktop.decide(r#"{"tray": true, "keepRunning": true, "explained": true}"#);
    let registered = Arc::new(Mutex::new(Vec::new()));
    let panel = zbus::connection::Builder::address(desktop.address.as_str())
        .unwrap()
        .name("org.kde.StatusNotifierWatcher")
        .unwrap()
        .serve_at("/StatusNotifierWatcher", Watcher(registered.clone()))
        .unwrap()
        .build()
        .await
        .unwrap();
    let mut window = desktop.start_window(&[]);
    until("an icon", || !registered.lock().unwrap().is_empty());
    let name = registered.lock().unwrap()[0].clone();
    let icon = Icon { bus: &panel, name };
    icon.says("All is well").await;
    let labels = icon.labels().await;
    assert_eq!(labels, ["All is well", "Open", "Run", "Pause all syncing", "Quit"], "no chain has run");
    assert_eq!(icon.pixels().await.len(), 32 * 32 * 4);
    icon.choose("Pause all syncing").await;
    icon.says("Syncing paused").await;
    icon.choose("Resume all syncing").await;
    icon.says("All is well").await;

    // Closed, it goes on; the menu and a second start bring it back.
    until("a window", || !desktop.seen().is_empty());
    desktop.close_until("no window", || desktop.seen().is_empty());
    assert_eq!(ended(&mut window), None, "it goes on in the background");
    icon.choose("Open").await;
    until("the window again", || !desktop.seen().is_empty());
    desktop.close_until("no window again", || desktop.seen().is_empty());
    let mut hidden = desktop.start_window(&["--hidden"]);
    until("a second start ends", || ended(&mut hidden).is_some());
    assert!(desktop.seen().is_empty(), "nobody asked to see it");
    let mut second = desktop.start_window(&["patchbay://open/connect/github-issues"]);
    until("a second start ends", || ended(&mut second).is_some());
    until("the window for an address", || !desktop.seen().is_empty());
    icon.choose("Quit").await;
    until("the end", || ended(&mut window).is_some());
    assert_eq!(ended(&mut window), Some(0));
}

#[test]
fn without_a_tray_it_starts_hidden_all_the_same_and_closing_ends_it() {
    if !window_possible() {
        return;
    }
    let desktop = Desktop::start();
    desktop.decide(r#"{"tray": true}"#);
    let mut window = desktop.start_window(&["--hidden"]);
    until("the engine", || desktop.data_dir().join("workspaces/default/patchbay.db").exists());
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!((ended(&mut window), desktop.seen().len()), (None, 0), "hidden, and alive");
    let mut second = desktop.start_window(&[]);
    until("a second start ends", || ended(&mut second).is_some());
    until("the window", || !desktop.seen().is_empty());
    desktop.close_until("the end", || ended(&mut window).is_some());
    assert_eq!(ended(&mut window), Some(0));
}
