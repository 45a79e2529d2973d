//! The window on its desktop: a tray of a pretend panel, closing, starting again, ending.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use patchbay_tests::{Desktop, Screen as _, ended, until, window_possible};
use serde_json::json;
use zbus::zvariant::{OwnedValue, Value};

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

/// A panel that takes icons.
async fn panel(desktop: &Desktop, registered: &Arc<Mutex<Vec<String>>>) -> zbus::Connection {
    zbus::connection::Builder::address(desktop.address.as_str())
        .unwrap()
        .name("org.kde.StatusNotifierWatcher")
        .unwrap()
        .serve_at("/StatusNotifierWatcher", Watcher(registered.clone()))
        .unwrap()
        .build()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tray_leads_everywhere_and_the_window_comes_back() {
    if !window_possible() {
        return;
    }
    let desktop = Desktop::start();
    desktop.decide(r#"{"tray": true, "keepRunning": true, "explained": true}"#);
    let registered = Arc::new(Mutex::new(Vec::new()));
    let panel = panel(&desktop, &registered).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panel_that_comes_after_the_program_gets_its_icon() {
    if !window_possible() {
        return;
    }
    let desktop = Desktop::start();
    desktop.decide(r#"{"tray": true}"#);
    let mut window = desktop.start_window(&["--hidden"]);
    until("the page", || desktop.page_works());
    let problem = async || desktop.call("desktop_show", json!({})).await["desktop"]["trayProblem"].clone();
    let asked = Instant::now();
    while !problem().await.is_string() {
        assert!(asked.elapsed() < Duration::from_secs(30), "Settings says that there is no panel");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let registered = Arc::new(Mutex::new(Vec::new()));
    let panel = panel(&desktop, &registered).await;
    until("an icon", || !registered.lock().unwrap().is_empty());
    let name = registered.lock().unwrap()[0].clone();
    let icon = Icon { bus: &panel, name };
    icon.says("All is well").await;
    assert!(problem().await.is_null());
    icon.choose("Quit").await;
    until("the end", || ended(&mut window).is_some());
}

#[test]
fn without_a_tray_it_starts_hidden_all_the_same_and_closing_ends_it() {
    if !window_possible() {
        return;
    }
    let desktop = Desktop::start();
    desktop.decide(r#"{"tray": true}"#);
    let mut window = desktop.start_window(&["--hidden"]);
    // The page asks what it shows: had the window been shown, it would be there by now.
    until("the page", || desktop.page_works());
    assert_eq!((ended(&mut window), desktop.seen().len()), (None, 0), "hidden, and alive");
    let mut second = desktop.start_window(&[]);
    until("a second start ends", || ended(&mut second).is_some());
    until("the window", || !desktop.seen().is_empty());
    desktop.close_until("the end", || ended(&mut window).is_some());
    assert_eq!(ended(&mut window), Some(0));
}
