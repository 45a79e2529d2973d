//! What the engine asks of the program around it.

use std::path::PathBuf;

use crate::circuit::Circuit;
use crate::desktop::{DesktopChange, DesktopView};
use crate::notice::Notice;
use crate::problem::{Code, Problem};
use crate::rate::RateBudget;

/// The program that holds the engine: the window or the command line.
pub trait Host: Send + Sync {
    /// Opens an address in the system's browser, after [`for_browser`](crate::address::for_browser)
    /// has let it through: an address may come from a connector or a service.
    fn open_url(&self, url: &str) -> Result<(), Problem>;

    /// Brings the program's window to the front, where it has one: the person comes back from the browser.
    fn come_forward(&self) {}

    /// Shows a notification of the system and waits until it is shown. Both are text, never markup.
    /// `NOT_OFFERED` where there is no desktop that shows one, `UNKNOWN_OUTCOME` where nobody can tell
    /// whether it is shown.
    fn notify(&self, title: &str, body: &str) -> Result<(), Problem>;

    /// Whether the person looks at the program's window.
    fn is_focused(&self) -> bool {
        false
    }

    /// Tells a person who does not look; the place opens when they choose so, where the desktop lets them.
    /// Does not wait for that. Fails as [`Host::notify`] does.
    fn notice(&self, notice: &Notice) -> Result<(), Problem> {
        self.notify(&notice.title, &notice.body)
    }

    /// Lets the user choose a file; none where the user declines. Waits for the user.
    fn pick_file(&self, title: &str) -> Result<Option<PathBuf>, Problem>;

    /// Lets the user choose a folder; none where the user declines. Waits for the user. `NOT_OFFERED`
    /// where there is no screen to choose on.
    fn pick_folder(&self, title: &str) -> Result<Option<PathBuf>, Problem>;

    /// Lets the user choose where to save a file that is proposed to be called `name`; none where
    /// the user declines. Asks before it lets a file be replaced.
    fn place_file(&self, name: &str) -> Result<Option<PathBuf>, Problem>;

    /// Shows everything larger or smaller. 1 is the usual size.
    fn zoom(&self, factor: f64) -> Result<(), Problem>;

    /// The page has drawn itself where it can be seen.
    fn drawn(&self) {}

    /// How the program stands on its desktop; none where it has no window.
    fn desktop(&self) -> Option<DesktopView> {
        None
    }

    /// Changes what the person decided about it. `NOT_OFFERED` where there is no window, or where the desktop
    /// does not let itself be changed.
    fn desktop_set(&self, _change: &DesktopChange) -> Result<(), Problem> {
        let message = "This is not the window: open Patchbay on the desktop to change it.";
        Err(Problem::new(Code::NotOffered).with("message", message))
    }
}

/// The limits of one connection and host, as kept over restarts.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitState {
    /// The rate budget.
    pub budget: RateBudget,
    /// The circuit.
    pub circuit: Circuit,
}

/// Keeps limits over restarts. Reads come from memory; writes may lag a second behind, which
/// costs at most that second's calls after a crash.
pub trait LimitStore: Send + Sync {
    /// The state under this key, moved to this process's monotonic clock.
    fn load(&self, key: &str) -> Option<LimitState>;

    /// Keeps the state under this key.
    fn save(&self, key: &str, state: &LimitState);
}
