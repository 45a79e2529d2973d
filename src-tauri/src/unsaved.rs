//! What the page holds and has not kept, before the program ends: it is kept then, or asked about.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use patchbay_model::text::display_line;
use serde::Deserialize;
use tauri::{AppHandle, Manager, WebviewWindow};
use tokio::sync::mpsc;

use crate::dialog::{self, Asked};
use crate::window::{self, LABEL};

/// How long the page may take to keep what it holds. Its engine answers a save in milliseconds.
const LONGEST_SAVE: Duration = Duration::from_secs(3);
/// A page that does not answer sooner does not work: nothing can be kept from it.
const LONGEST_ANSWER: Duration = Duration::from_secs(1);
/// How often to look whether it is kept.
const LOOK: Duration = Duration::from_millis(25);

/// Characters of a name in the question.
const LONGEST_NAME: usize = 80;

/// What can be answered where something cannot be kept.
const ANSWERS: [&str; 2] = ["_Go back", "_Quit anyway"];
const QUIT: usize = 1;

/// What the page says (`ui/src/platform/leaving.ts`).
#[derive(Debug, Deserialize)]
struct Leaving {
    busy: bool,
    left: Vec<String>,
}

/// Lets the page keep what it holds. Where that fails, asks; false where the person goes back to mend it.
pub(crate) async fn may_go(app: &AppHandle) -> bool {
    let Some(page) = app.get_webview_window(LABEL) else { return true };
    let left = left(&page).await;
    if left.is_empty() {
        return true;
    }
    let (title, text) = question(&left);
    let asked = Asked { title, text, answers: ANSWERS.to_vec(), usual: 0, is_mild: false };
    let goes = dialog::ask(app, asked).await == Some(QUIT);
    if !goes {
        // It may have been asked from the tray, with the window out of sight.
        window::bring_forward(app);
    }
    goes
}

/// The names of what could not be kept.
async fn left(page: &WebviewWindow) -> Vec<String> {
    static WISHES: AtomicU32 = AtomicU32::new(0);
    let wish = WISHES.fetch_add(1, Ordering::Relaxed);
    let begun = Instant::now();
    let mut left = Vec::new();
    // A page that stops answering holds what it named last.
    while let Some(said) = ask(page, wish).await {
        left = said.left;
        if !said.busy || begun.elapsed() > LONGEST_SAVE {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    left
}

/// What the page says; none where it says nothing that we understand.
async fn ask(page: &WebviewWindow, wish: u32) -> Option<Leaving> {
    let (tell, mut told) = mpsc::unbounded_channel();
    // Nobody may wait any more when the answer comes.
    let answered = move |said: String| drop(tell.send(said));
    if let Err(error) = page.eval_with_callback(format!("window.patchbayLeaving?.({wish}) ?? null"), answered) {
        tracing::warn!(%error, "the page cannot be asked what it holds");
        return None;
    }
    let said = tokio::time::timeout(LONGEST_ANSWER, told.recv()).await.ok().flatten();
    let known = said.as_deref().and_then(|said| serde_json::from_str::<Option<Leaving>>(said).ok()).flatten();
    if known.is_none() {
        tracing::warn!("the page does not say what it holds");
    }
    known
}

/// What is asked: the title, and what each answer does.
fn question(left: &[String]) -> (String, String) {
    let names = left
        .iter()
        .map(|name| format!("“{}”", display_line(name, LONGEST_NAME)))
        .collect::<Vec<_>>()
        .join(", ");
    let (title, has) = match left.len() {
        1 => ("One chain is not saved".to_owned(), "has changes that could not be saved"),
        count => (format!("{count} chains are not saved"), "have changes that could not be saved"),
    };
    let text = format!(
        "{names} {has}; the window says why.\n\nGo back leaves everything as it is. Quit anyway ends Patchbay, and \
         these changes are lost."
    );
    (title, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_names_what_would_be_lost() {
        let (title, text) = question(&["Tell the team".to_owned()]);
        assert_eq!(title, "One chain is not saved");
        assert!(text.starts_with("“Tell the team” has changes"), "{text}");
        let (title, text) = question(&["A".to_owned(), "B".to_owned()]);
        assert_eq!(title, "2 chains are not saved");
        assert!(text.starts_with("“A”, “B” have changes"), "{text}");
    }
}
