//! Closing the window, and ending the program: what is under way is not cut off without a word.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use patchbay_api::desktop::{Standing, UnderWay};
use patchbay_api::{Hub, desktop, dispatch};
use serde_json::json;
use tauri::{AppHandle, CloseRequestApi, Manager};

use crate::desk::Desk;
use crate::dialog::{self, Asked};
use crate::engine::Engine;
use crate::{unsaved, window};

/// How often to look whether the runs have ended.
const LOOK: Duration = Duration::from_millis(300);
/// How long runs that were told to stop are waited for: as long as one call may take.
const LONGEST_STOP: Duration = Duration::from_secs(60);

/// What can be answered where runs are under way.
const ANSWERS: [&str; 3] = ["_Finish then quit", "_Stop and quit", "_Cancel"];
const FINISH: usize = 0;
const STOP: usize = 1;

/// That the program is about to end.
#[derive(Default)]
pub(crate) struct Leaving {
    asking: AtomicBool,
    /// The runs are let finish; the window, once it is wanted again, takes that back.
    finishing: AtomicBool,
}

impl Leaving {
    /// Somebody wants the window: the program stays.
    pub(crate) fn stay(&self) {
        self.finishing.store(false, Ordering::Relaxed);
    }
}

/// The window is to close.
pub(crate) fn close(app: &AppHandle, api: &CloseRequestApi) {
    // A question stands in the place of the engine: it closes as any window does.
    if !app.state::<Engine>().runs() {
        return;
    }
    api.prevent_close();
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if !app.state::<Desk>().decided().keep_running {
            return quit(&app).await;
        }
        let known = app.state::<Desk>().explained();
        if !known {
            explain(&app).await;
        }
        window::hide(&app);
    });
}

/// Ends the program, after a question where runs are under way.
pub(crate) async fn quit(app: &AppHandle) {
    let leaving = app.state::<Leaving>();
    if leaving.asking.swap(true, Ordering::Relaxed) {
        return;
    }
    let ends = ends(app, &leaving).await;
    leaving.asking.store(false, Ordering::Relaxed);
    if ends {
        app.exit(0);
    }
}

/// Whether the program ends now.
async fn ends(app: &AppHandle, leaving: &Leaving) -> bool {
    let Ok(hub) = app.state::<Engine>().hub().await else { return true };
    // First: runs are stopped for good, and that is for nothing where the person goes back.
    if !unsaved::may_go(app).await {
        return false;
    }
    // What nobody knows is asked about as if it were one.
    let standing = standing(&hub).await;
    let (count, waiting) = standing.as_ref().map_or((1, 0), |known| (known.under_way.len(), known.waiting));
    if count == 0 {
        return true;
    }
    match ask(app, count, waiting).await {
        Some(FINISH) => {
            leaving.finishing.store(true, Ordering::Relaxed);
            window::hide(app);
            desktop::hold_runs(&hub, true).await;
            let finished = finished(&hub, leaving).await;
            if !finished {
                desktop::hold_runs(&hub, false).await;
            }
            finished
        }
        Some(STOP) => {
            desktop::hold_runs(&hub, true).await;
            // Others may have begun while the question stood.
            let known = self::standing(&hub).await.or(standing);
            stop(&hub, known.map(|known| known.under_way).unwrap_or_default()).await;
            true
        }
        _ => false,
    }
}

/// Waits until nothing is under way; false where the person wants the window again.
async fn finished(hub: &Hub, leaving: &Leaving) -> bool {
    while is_busy(hub).await {
        tokio::time::sleep(LOOK).await;
        if !leaving.finishing.load(Ordering::Relaxed) {
            return false;
        }
    }
    true
}

/// Stops runs: calls in flight end, nothing more is sent. What does not end in time is taken up by the next
/// start.
async fn stop(hub: &Hub, runs: Vec<UnderWay>) {
    for one in runs {
        let request = json!({ "run": one.run, "undo": false });
        if let Err(problem) = dispatch(hub, &one.workspace, "run_stop", request).await {
            tracing::warn!(run = %one.run, %problem, "a run is not stopped");
        }
    }
    let begun = Instant::now();
    while begun.elapsed() < LONGEST_STOP && is_busy(hub).await {
        tokio::time::sleep(LOOK).await;
    }
}

/// What is going on; none where nobody knows.
async fn standing(hub: &Hub) -> Option<Standing> {
    match desktop::standing(hub, "").await {
        Ok(standing) => Some(standing),
        Err(problem) => {
            tracing::warn!(%problem, "nobody knows what is under way");
            None
        }
    }
}

async fn is_busy(hub: &Hub) -> bool {
    standing(hub).await.is_none_or(|known| !known.under_way.is_empty())
}

/// What is asked: the title, and what each answer does.
fn question(runs: usize, waiting: usize) -> (String, String) {
    let title = if runs == 1 { "A run is under way".to_owned() } else { format!("{runs} runs are under way") };
    let (done, ended) = if runs == 1 { ("it is", "The run is") } else { ("they are", "The runs are") };
    let mut text = format!(
        "Finish then quit hides the window and ends Patchbay when {done} done.\n\nStop and quit lets the calls in \
         flight end and sends nothing more. What was done stays. {ended} stopped for good and will not go on at \
         the next start; the report says what was left."
    );
    match waiting {
        0 => {}
        1 => text.push_str("\n\nOne more run only waits. It stays, and goes on at the next start."),
        _ => text
            .push_str(&format!("\n\n{waiting} more runs only wait. They stay, and go on at the next start.")),
    }
    (title, text)
}

async fn ask(app: &AppHandle, runs: usize, waiting: usize) -> Option<usize> {
    let (title, text) = question(runs, waiting);
    dialog::ask(app, Asked { title, text, answers: ANSWERS.to_vec(), usual: FINISH, is_mild: false }).await
}

async fn explain(app: &AppHandle) {
    let text = "The window closes and Patchbay goes on reading and running chains. Start it again to see the \
                window. \"Keep running in background\" is on the Settings page.";
    let (title, text) = ("Patchbay keeps running".to_owned(), text.to_owned());
    dialog::ask(app, Asked { title, text, answers: vec!["_OK"], usual: 0, is_mild: true }).await;
}

#[cfg(test)]
mod tests {
    use super::question;

    #[test]
    fn the_question_says_what_stays() {
        let said = |runs, waiting| {
            let (title, text) = question(runs, waiting);
            (title, text.split("\n\n").nth(2).map(str::to_owned))
        };
        assert!(question(1, 0).1.contains("when it is done"));
        assert!(question(1, 0).1.contains("The run is stopped for good and will not go on at the next start"));
        assert!(question(2, 0).1.contains("The runs are stopped for good"));
        assert_eq!(said(1, 0), ("A run is under way".to_owned(), None));
        let (title, stays) = said(2, 1);
        assert_eq!(title, "2 runs are under way");
        assert_eq!(stays.as_deref(), Some("One more run only waits. It stays, and goes on at the next start."));
        assert!(said(1, 12).1.unwrap().starts_with("12 more runs only wait."));
    }
}
