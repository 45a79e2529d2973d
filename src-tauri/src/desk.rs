//! What the person decided about the desktop, in `desktop.json` of the data folder.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use patchbay_model::desktop::{DesktopChange, DesktopView};
use patchbay_model::problem::{Code, Problem};
use serde::{Deserialize, Serialize};

use crate::autostart::Autostart;
use crate::settings;

/// What is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Decided {
    /// Closing the window leaves the program running.
    pub(crate) keep_running: bool,
    /// An icon in the tray is wanted.
    pub(crate) tray: bool,
    /// The next start leaves away the renderer that shows an empty window on some graphics drivers.
    pub(crate) safe_graphics: bool,
    /// It was said once that the program goes on without its window.
    pub(crate) explained: bool,
}

/// What was decided before; the usual where that cannot be read.
pub(crate) fn decided(data_dir: &Path) -> Decided {
    let text = std::fs::read(file(data_dir)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Takes, before there is a window, that this start and later ones leave the renderer away that shows an empty
/// one.
pub(crate) fn decide_safe_graphics(data_dir: &Path) -> Result<(), Problem> {
    keep(data_dir, Decided { safe_graphics: true, ..decided(data_dir) })
}

fn keep(data_dir: &Path, decided: Decided) -> Result<(), Problem> {
    let text = serde_json::to_vec_pretty(&decided)
        .map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
    let file = file(data_dir);
    let beside = file.with_extension("part");
    std::fs::write(&beside, text)
        .and_then(|()| std::fs::rename(&beside, &file))
        .map_err(|error| unwritten("desktop.json", &error))
}

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("desktop.json")
}

/// What was decided, and how it went.
pub(crate) struct Desk {
    data_dir: PathBuf,
    decided: Mutex<Decided>,
    tray_problem: Mutex<Option<String>>,
    autostart: Option<Autostart>,
}

impl Desk {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            decided: Mutex::new(decided(data_dir)),
            tray_problem: Mutex::default(),
            autostart: Autostart::of_user(),
        }
    }

    pub(crate) fn decided(&self) -> Decided {
        *lock(&self.decided)
    }

    pub(crate) fn view(&self) -> DesktopView {
        let decided = self.decided();
        DesktopView {
            keep_running: decided.keep_running,
            tray: decided.tray,
            tray_problem: lock(&self.tray_problem).clone().filter(|_| decided.tray),
            start_at_login: self.autostart.as_ref().is_some_and(Autostart::is_on),
            safe_graphics: decided.safe_graphics,
            safe_graphics_now: settings::graphics_are_safe(),
        }
    }

    /// Takes what the person decides. What stands in the file holds: where it cannot be written, nothing changes.
    pub(crate) fn change(&self, change: &DesktopChange) -> Result<(), Problem> {
        if let Some(on) = change.start_at_login {
            let nowhere = || Problem::new(Code::NotOffered).with("message", "This user has no home folder.");
            let autostart = self.autostart.as_ref().ok_or_else(nowhere)?;
            autostart.set(on).map_err(|error| unwritten("what starts at login", &error))?;
        }
        let before = self.decided();
        self.keep(Decided {
            keep_running: change.keep_running.unwrap_or(before.keep_running),
            tray: change.tray.unwrap_or(before.tray),
            safe_graphics: change.safe_graphics.unwrap_or(before.safe_graphics),
            ..before
        })
    }

    /// Notes that it was said that the program goes on without its window; whether it had been said before.
    pub(crate) fn explained(&self) -> bool {
        let before = self.decided();
        if !before.explained
            && let Err(problem) = self.keep(Decided { explained: true, ..before })
        {
            tracing::warn!(%problem, "it will be explained once more");
        }
        before.explained
    }

    pub(crate) fn tray_went(&self, problem: Option<String>) {
        *lock(&self.tray_problem) = problem;
    }

    fn keep(&self, decided: Decided) -> Result<(), Problem> {
        keep(&self.data_dir, decided)?;
        *lock(&self.decided) = decided;
        Ok(())
    }
}

fn unwritten(what: &str, error: &std::io::Error) -> Problem {
    Problem::new(Code::Internal).detail(format!("{what} is not written: {error}"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decided_holds_for_the_next_start_and_what_is_absent_stays() {
        let dir = tempfile::tempdir().unwrap();
        let desk = Desk::new(dir.path());
        assert_eq!(desk.decided(), Decided::default());
        desk.change(&DesktopChange { keep_running: Some(true), ..DesktopChange::default() }).unwrap();
        desk.change(&DesktopChange { safe_graphics: Some(true), ..DesktopChange::default() }).unwrap();
        let wanted = Decided { keep_running: true, safe_graphics: true, ..Decided::default() };
        assert_eq!((desk.decided(), decided(dir.path())), (wanted, wanted));
        assert!(!desk.explained(), "the first close explains");
        assert!(desk.explained() && Desk::new(dir.path()).explained(), "and no later one");
        desk.tray_went(Some("none".into()));
        assert_eq!(desk.view().tray_problem, None, "nobody wants it");
        std::fs::write(dir.path().join("desktop.json"), "{").unwrap();
        assert_eq!(decided(dir.path()), Decided::default());
        std::fs::remove_dir_all(dir.path()).unwrap();
        assert!(desk.change(&DesktopChange { tray: Some(true), ..DesktopChange::default() }).is_err());
        assert!(!desk.decided().tray, "what cannot be kept does not hold");
    }
}
