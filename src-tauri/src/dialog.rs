//! The system's own dialogs, on the one thread that the toolkit belongs to. Another thread that turned its main
//! loop would take it away from the window.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use gtk::prelude::*;
use gtk::{
    ButtonsType, DialogFlags, FileChooserAction, FileChooserNative, MessageDialog, MessageType, ResponseType,
};
use tauri::{AppHandle, Manager};
use tokio::sync::oneshot;

use crate::window::LABEL;

/// A question, or something to be told.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) title: String,
    pub(crate) text: String,
    /// What can be answered, in this order. An underscore stands before the letter that chooses one together
    /// with Alt.
    pub(crate) answers: Vec<&'static str>,
    /// The one that Enter chooses at first.
    pub(crate) usual: usize,
    /// It is no trouble, and nothing is lost.
    pub(crate) is_mild: bool,
}

impl Asked {
    fn dialog(&self, over: Option<&gtk::Window>) -> MessageDialog {
        let level = if self.is_mild { MessageType::Info } else { MessageType::Warning };
        let dialog = MessageDialog::new(over, DialogFlags::MODAL, level, ButtonsType::None, &self.title);
        dialog.set_title(&self.title);
        dialog.set_secondary_text(Some(&self.text));
        for (at, answer) in (0..).zip(&self.answers) {
            dialog.add_button(answer, ResponseType::Other(at));
        }
        let usual = ResponseType::Other(self.usual as u16);
        dialog.set_default_response(usual);
        if let Some(button) = dialog.widget_for_response(usual) {
            button.grab_focus();
        }
        dialog
    }
}

/// The number of an answer; none where the dialog was closed.
fn answer(response: ResponseType) -> Option<usize> {
    match response {
        ResponseType::Other(at) => Some(usize::from(at)),
        _ => None,
    }
}

/// Asks while the program runs; none where the dialog was closed, or could not be shown.
pub(crate) async fn ask(app: &AppHandle, asked: Asked) -> Option<usize> {
    on_main_thread(app, move |over, tell| {
        let dialog = asked.dialog(over);
        dialog.connect_response(move |dialog, response| {
            tell(answer(response));
            dialog.hide();
            // It goes with its window, which answers once more; nobody listens any more then.
            dialog.close();
        });
        dialog.show_all();
        dialog.present();
    })
    .await
    .flatten()
}

/// Asks before there is a window, on the thread that will have it; none where the dialog was closed, or could not
/// be shown.
pub(crate) fn ask_now(asked: &Asked) -> Option<usize> {
    if let Err(error) = gtk::init() {
        tracing::warn!(%error, title = asked.title, "a question cannot be shown");
        return None;
    }
    let dialog = asked.dialog(None);
    dialog.show_all();
    dialog.present();
    let response = dialog.run();
    dialog.hide();
    dialog.close();
    while gtk::events_pending() {
        gtk::main_iteration();
    }
    answer(response)
}

/// What a file or folder is chosen for.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    /// A file that is there.
    File(String),
    /// A folder that is there.
    Folder(String),
    /// Where to save a file, with the name that is proposed. Asks before it lets one be replaced.
    Place(String),
}

/// Lets the user choose; none where the user declines. Waits for the user.
pub(crate) async fn choose(app: &AppHandle, choice: Choice) -> Option<PathBuf> {
    on_main_thread(app, move |over, tell| {
        let (title, action, accept) = match &choice {
            Choice::File(title) => (Some(title.as_str()), FileChooserAction::Open, "_Open"),
            Choice::Folder(title) => (Some(title.as_str()), FileChooserAction::SelectFolder, "_Choose"),
            Choice::Place(_) => (None, FileChooserAction::Save, "_Save"),
        };
        let chooser = FileChooserNative::new(title, over, action, Some(accept), Some("_Cancel"));
        chooser.set_do_overwrite_confirmation(true);
        if let Choice::Place(name) = &choice {
            chooser.set_current_name(name);
        }
        // Nobody else keeps it while it is open.
        let kept = Rc::new(RefCell::new(None));
        let keeper = kept.clone();
        chooser.connect_response(move |chooser, response| {
            tell((response == ResponseType::Accept).then(|| chooser.filename()).flatten());
            drop(keeper.take());
        });
        chooser.show();
        kept.replace(Some(chooser));
    })
    .await
    .flatten()
}

/// Shows a dialog over the window, where that can be seen, and waits for what it tells. None where it could not
/// be shown.
async fn on_main_thread<T: Send + 'static>(
    app: &AppHandle,
    show: impl FnOnce(Option<&gtk::Window>, Box<dyn Fn(T)>) + Send + 'static,
) -> Option<T> {
    let (told, answer) = oneshot::channel();
    let handle = app.clone();
    let shown = app.run_on_main_thread(move || {
        let window = handle.get_webview_window(LABEL).filter(|window| window.is_visible().unwrap_or(false));
        let over = window.and_then(|window| window.gtk_window().ok());
        let told = RefCell::new(Some(told));
        let tell = Box::new(move |answer| {
            // The first answer counts; whoever asked may have gone.
            if let Some(told) = told.take() {
                let _ = told.send(answer);
            }
        });
        show(over.as_ref().map(Cast::upcast_ref), tell);
    });
    if let Err(error) = shown {
        tracing::warn!(%error, "a dialog cannot be shown");
        return None;
    }
    answer.await.ok()
}
