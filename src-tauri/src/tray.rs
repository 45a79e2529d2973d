//! The icon in the tray: a StatusNotifierItem, spoken over the bus. Where a desktop has no tray there is
//! nothing to load and nothing that fails: Settings says so.

use std::time::Duration;

use ksni::menu::{StandardItem, SubMenu};
use ksni::{Handle, Icon, MenuItem, ToolTip, TrayMethods};
use patchbay_api::desktop::{self, Standing};
use patchbay_api::dispatch;
use patchbay_model::text::display_line;
use serde_json::json;
use tauri::{AppHandle, Manager};
use tokio::sync::Mutex;

use crate::desk::Desk;
use crate::engine::Engine;
use crate::mark::{Mark, drawn};
use crate::{leaving, window};

/// The icon is drawn anew no more often than this.
const PACE: Duration = Duration::from_secs(1);
/// A chain's name in the menu is no longer.
const LONGEST_NAME: usize = 40;

/// The tray, where there is one.
#[derive(Default)]
pub(crate) struct Tray(Mutex<Option<Handle<Item>>>);

impl Tray {
    /// Shows the icon, or takes it away, as the person decided.
    pub(crate) async fn settle(&self, app: &AppHandle) {
        let mut shown = self.0.lock().await;
        if app.state::<Desk>().decided().tray == shown.is_some() {
            return;
        }
        if let Some(handle) = shown.take() {
            return handle.shutdown().await;
        }
        let item = Item { app: app.clone(), standing: standing(app).await };
        app.state::<Desk>().tray_went(None);
        // At login the panel may come later than we do: the icon registers when it is there.
        match item.assume_sni_available(true).spawn().await {
            Ok(handle) => {
                tokio::spawn(follow(app.clone(), handle.clone()));
                *shown = Some(handle);
            }
            Err(error) => {
                tracing::info!(%error, "no tray");
                app.state::<Desk>().tray_went(Some(why(&error)));
            }
        }
    }
}

fn why(error: &ksni::Error) -> String {
    match error {
        ksni::Error::Watcher(_) | ksni::Error::WontShow => {
            "This desktop shows no tray icons. GNOME does with its AppIndicator extension.".to_owned()
        }
        _ => "The desktop's message bus cannot be reached.".to_owned(),
    }
}

/// Draws the icon anew as long as it is there.
async fn follow(app: AppHandle, handle: Handle<Item>) {
    let Ok(hub) = app.state::<Engine>().hub().await else { return };
    let mut feed = hub.events().feed();
    while feed.next().await.is_some() {
        let standing = standing(&app).await;
        // Gone, it takes nothing any more.
        if handle.update(|item| item.standing = standing).await.is_none() {
            return;
        }
        tokio::time::sleep(PACE).await;
    }
}

async fn standing(app: &AppHandle) -> Standing {
    let engine = app.state::<Engine>();
    let Ok(hub) = engine.hub().await else { return Standing::default() };
    desktop::standing(&hub, &engine.shown()).await.unwrap_or_else(|problem| {
        tracing::warn!(%problem, "the tray does not know what is going on");
        Standing::default()
    })
}

/// What the desktop asks for.
pub(crate) struct Item {
    app: AppHandle,
    standing: Standing,
}

impl Item {
    fn mark(&self) -> Mark {
        Mark::of(&self.standing)
    }
}

impl ksni::Tray for Item {
    // A left click cannot be relied on.
    const MENU_ON_ACTIVATE: bool = true;

    fn id(&self) -> String {
        "patchbay".to_owned()
    }

    fn title(&self) -> String {
        "Patchbay".to_owned()
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        vec![drawn(self.mark())]
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip { title: "Patchbay".to_owned(), description: line(&self.standing), ..ToolTip::default() }
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let paused = self.standing.sync_paused;
        let recent = self.standing.recent.iter().map(|(chain, name)| {
            // Opens it and asks as its own button does: nothing is sent that was not checked and confirmed.
            let place = format!("/chains/{chain}/run");
            item(&label(name), true, move |item| window::go_to(&item.app, &place))
        });
        let runs = SubMenu {
            label: "Run".to_owned(),
            enabled: !self.standing.recent.is_empty(),
            submenu: recent.collect(),
            ..SubMenu::default()
        };
        vec![
            item(&line(&self.standing), false, |_| {}),
            MenuItem::Separator,
            item("Open", true, |item| window::bring_forward(&item.app)),
            runs.into(),
            item(if paused { "Resume all syncing" } else { "Pause all syncing" }, true, move |item| {
                tokio::spawn(pause(item.app.clone(), !paused));
            }),
            MenuItem::Separator,
            item("Quit", true, |item| {
                let app = item.app.clone();
                tokio::spawn(async move { leaving::quit(&app).await });
            }),
        ]
    }

    fn watcher_offline(&self, _: ksni::OfflineReason) -> bool {
        self.app.state::<Desk>().tray_went(Some(why(&ksni::Error::WontShow)));
        // It comes back with the desktop's panel.
        true
    }

    fn watcher_online(&self) {
        self.app.state::<Desk>().tray_went(None);
    }
}

async fn pause(app: AppHandle, paused: bool) {
    let engine = app.state::<Engine>();
    let Ok(hub) = engine.hub().await else { return };
    let done = dispatch(&hub, &engine.shown(), "sync_pause_all", json!({ "paused": paused })).await;
    if let Err(problem) = done {
        tracing::warn!(%problem, paused, "syncing stays as it is");
    }
}

fn item(label: &str, enabled: bool, act: impl Fn(&mut Item) + Send + 'static) -> MenuItem<Item> {
    StandardItem { label: label.to_owned(), enabled, activate: Box::new(act), ..StandardItem::default() }.into()
}

/// A name as a label: one line of text, in which an underscore names no key (com.canonical.dbusmenu, "label").
fn label(name: &str) -> String {
    display_line(name, LONGEST_NAME).replace('_', "__")
}

/// What is going on, in a line.
fn line(standing: &Standing) -> String {
    let runs = standing.under_way.len();
    let running = match runs {
        0 => None,
        1 => Some("1 run under way".to_owned()),
        _ => Some(format!("{runs} runs under way")),
    };
    let need = match standing.need_you {
        0 => None,
        1 => Some("1 thing needs you".to_owned()),
        count => Some(format!("{count} things need you")),
    };
    let paused = standing.sync_paused.then(|| "Syncing paused".to_owned());
    let all: Vec<String> = [need, running, paused].into_iter().flatten().collect();
    if all.is_empty() { "All is well".to_owned() } else { all.join(" · ") }
}

#[cfg(test)]
mod tests {
    use patchbay_api::desktop::UnderWay;

    use super::*;

    #[test]
    fn a_line_says_what_is_going_on_and_a_name_is_text() {
        let run = || UnderWay { workspace: "default".into(), run: "r".into() };
        for (need_you, under_way, sync_paused, said) in [
            (0, vec![], false, "All is well"),
            (1, vec![], false, "1 thing needs you"),
            (2, vec![run(), run()], true, "2 things need you · 2 runs under way · Syncing paused"),
            (0, vec![run()], false, "1 run under way"),
        ] {
            let standing = Standing { need_you, under_way, sync_paused, ..Standing::default() };
            assert_eq!(line(&standing), said);
        }
        assert_eq!(label("my_chain\nwith \u{202e}odd"), "my__chain with odd");
    }
}
