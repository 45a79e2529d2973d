//! What the engine may ask of the desktop.

use std::path::PathBuf;

use patchbay_model::Host;
use patchbay_model::address::for_browser;
use patchbay_model::desktop::{DesktopChange, DesktopView};
use patchbay_model::notice::Notice;
use patchbay_model::problem::{Code, Problem};
use tauri::{AppHandle, Manager};

use crate::desk::Desk;
use crate::dialog::{self, Choice};
use crate::first_sight::FirstSight;
use crate::tray::Tray;
use crate::window;

/// The program around the engine, with a screen.
pub(crate) struct Desktop {
    app: AppHandle,
}

impl Desktop {
    pub(crate) fn new(app: AppHandle) -> Self {
        Self { app }
    }

    fn choose(&self, choice: Choice) -> Option<PathBuf> {
        tokio::task::block_in_place(|| tauri::async_runtime::block_on(dialog::choose(&self.app, choice)))
    }
}

impl Host for Desktop {
    fn open_url(&self, url: &str) -> Result<(), Problem> {
        let url = for_browser(url)?;
        // Waits a moment to see whether what opens pages fails at once.
        tokio::task::block_in_place(|| open::that_detached(url)).map_err(|error| {
            Problem::new(Code::Internal).detail(format!("no browser could be started: {error}"))
        })
    }

    fn come_forward(&self) {
        window::bring_forward(&self.app);
    }

    fn notify(&self, title: &str, body: &str) -> Result<(), Problem> {
        let mut notification = notify_rust::Notification::new();
        notification.appname("Patchbay").icon("patchbay").summary(title).body(&as_text(body));
        // In a thread of its own: asking the bus waits for it, with a runtime that the library brings.
        let shown = std::thread::spawn(move || {
            // Whether anybody shows notifications, before one is sent: what fails here was not shown.
            notify_rust::get_server_information().map_err(|error| not_offered(&error.to_string()))?;
            notification.show().map(|_| ()).map_err(|error| not_shown(&error.to_string()))
        });
        shown.join().unwrap_or_else(|_| Err(not_shown("the library broke off")))
    }

    fn is_focused(&self) -> bool {
        window::is_focused(&self.app)
    }

    fn notice(&self, notice: &Notice) -> Result<(), Problem> {
        let mut notification = notify_rust::Notification::new();
        notification.appname("Patchbay").icon("patchbay").summary(&notice.title).body(&as_text(&notice.body));
        let (app, place) = (self.app.clone(), notice.place.clone());
        let (shown, told) = std::sync::mpsc::channel();
        // In a thread of its own, as above; it lives as long as the notification, to hear of a click.
        std::thread::spawn(move || {
            let server = notify_rust::get_server_information().map_err(|error| not_offered(&error.to_string()));
            let clicks =
                notify_rust::get_capabilities().is_ok_and(|all| all.iter().any(|one| one == "actions"));
            if clicks {
                notification.action("default", "Open");
            }
            let handle =
                server.and_then(|_| notification.show().map_err(|error| not_shown(&error.to_string())));
            let handle = match handle {
                Ok(handle) => handle,
                Err(problem) => {
                    let _ = shown.send(Err(problem));
                    return;
                }
            };
            // Nobody may wait any more.
            let _ = shown.send(Ok(()));
            if clicks {
                handle.wait_for_action(|action| {
                    if action == "default" {
                        window::go_to(&app, &place);
                    }
                });
            }
        });
        told.recv().unwrap_or_else(|_| Err(not_shown("the library broke off")))
    }

    fn pick_file(&self, title: &str) -> Result<Option<PathBuf>, Problem> {
        Ok(self.choose(Choice::File(title.to_owned())))
    }

    fn pick_folder(&self, title: &str) -> Result<Option<PathBuf>, Problem> {
        Ok(self.choose(Choice::Folder(title.to_owned())))
    }

    fn place_file(&self, name: &str) -> Result<Option<PathBuf>, Problem> {
        Ok(self.choose(Choice::Place(name.to_owned())))
    }

    fn drawn(&self) {
        self.app.state::<FirstSight>().seen();
    }

    fn desktop(&self) -> Option<DesktopView> {
        Some(self.app.state::<Desk>().view())
    }

    fn desktop_set(&self, change: &DesktopChange) -> Result<(), Problem> {
        self.app.state::<Desk>().change(change)?;
        // Whether the desktop has a tray is told with the answer.
        let settled = self.app.state::<Tray>();
        tokio::task::block_in_place(|| tauri::async_runtime::block_on(settled.settle(&self.app)));
        Ok(())
    }

    fn zoom(&self, factor: f64) -> Result<(), Problem> {
        window::zoom(&self.app, factor).map_err(|error| {
            Problem::new(Code::Internal).detail(format!("the page cannot be resized: {error}"))
        })
    }
}

/// The body of a notification may be read as markup (Desktop Notifications Specification 1.2).
fn as_text(body: &str) -> String {
    body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Nobody shows notifications here.
fn not_offered(error: &str) -> Problem {
    Problem::new(Code::NotOffered).with("message", "This desktop does not show notifications.").detail(error)
}

/// What a failure means once a notification was sent: it may be on the screen, unless the bus says
/// that there was nobody to give it to.
fn not_shown(error: &str) -> Problem {
    if error.starts_with("org.freedesktop.DBus.Error.ServiceUnknown") {
        return not_offered(error);
    }
    Problem::new(Code::UnknownOutcome).with("item", "The notification").detail(error)
}

#[cfg(test)]
mod tests {
    use patchbay_model::problem::Code;

    use super::{as_text, not_shown};

    #[test]
    fn a_notification_that_was_sent_may_be_shown_unless_nobody_took_it() {
        for (error, code) in [
            ("org.freedesktop.DBus.Error.ServiceUnknown: The name is not activatable", Code::NotOffered),
            ("org.freedesktop.DBus.Error.NoReply: It took too long", Code::UnknownOutcome),
            ("org.freedesktop.DBus.Error.TimedOut: no details", Code::UnknownOutcome),
            ("I/O error: Broken pipe", Code::UnknownOutcome),
            ("the library broke off", Code::UnknownOutcome),
        ] {
            assert_eq!(not_shown(error).code(), code, "{error}");
        }
    }

    #[test]
    fn a_notification_shows_markup_as_text() {
        assert_eq!(as_text("<a href=\"x\">A & B</a>"), "&lt;a href=\"x\"&gt;A &amp; B&lt;/a&gt;");
    }
}
