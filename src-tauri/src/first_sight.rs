//! Whether the window of a start could ever be used. Where it could not, the next start offers the graphics
//! mode that shows a window with every driver: who sees an empty window cannot go to Settings.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::settings;

/// A window that is left sooner says nothing of whether it would have come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A mark in the data folder that stands from when the window is first shown until its page has drawn itself.
/// That the page works says nothing: with the usual defect it does, and shows nothing.
pub(crate) struct FirstSight {
    mark: PathBuf,
    stage: Mutex<Stage>,
    /// Somebody turned to the window: nobody waits for one that is minimised, covered or behind a lock, and
    /// none of those draws.
    looked_at: AtomicBool,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Nothing was to be seen so far.
    Hidden,
    /// Since then it is to be seen.
    Awaited(Instant),
    /// It came.
    Seen,
}

fn mark(data_dir: &Path) -> PathBuf {
    data_dir.join("window-starts")
}

impl FirstSight {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self { mark: mark(data_dir), stage: Mutex::new(Stage::Hidden), looked_at: AtomicBool::new(false) }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The window is about to be shown. Where the mark cannot be written, the next start knows nothing.
    pub(crate) fn awaited(&self) {
        let mut stage = self.stage();
        if !matches!(*stage, Stage::Hidden) {
            return;
        }
        *stage = Stage::Awaited(Instant::now());
        if let Err(error) = std::fs::write(&self.mark, std::process::id().to_string()) {
            tracing::warn!(%error, "the next start will not know whether the window came");
        }
    }

    /// The page has drawn itself.
    pub(crate) fn seen(&self) {
        let before = std::mem::replace(&mut *self.stage(), Stage::Seen);
        if matches!(before, Stage::Awaited(_)) {
            clear(&self.mark);
        }
    }

    /// The window has the focus: somebody looks at it.
    pub(crate) fn looked_at(&self) {
        self.looked_at.store(true, Ordering::Relaxed);
    }

    /// The program ends in good order.
    pub(crate) fn left(&self) {
        let stage = *self.stage();
        let nobody = !self.looked_at.load(Ordering::Relaxed);
        if matches!(stage, Stage::Awaited(since) if nobody || since.elapsed() < PATIENCE) {
            self.seen();
        }
    }
}

fn clear(mark: &Path) {
    if let Err(error) = std::fs::remove_file(mark)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "the next start may take the window for one that did not come");
    }
}

/// Whether the window of the last start never came. One that is about to come elsewhere says nothing yet.
pub(crate) fn was_missed(data_dir: &Path) -> bool {
    let Ok(process) = std::fs::read_to_string(mark(data_dir)) else { return false };
    let program = |process: &str| std::fs::read_link(format!("/proc/{process}/exe")).ok();
    let own = program("self");
    let other = process.trim();
    // A program that begins anew in another graphics mode keeps its number.
    let is_own = other == std::process::id().to_string();
    is_own || own.is_none() || !other.bytes().all(|b| b.is_ascii_digit()) || program(other) != own
}

/// Asks, where the last window never came, whether this start leaves the renderer away that shows an empty one
/// with some drivers. The answer; none where nothing was asked.
pub(crate) fn offers_safe_graphics(data_dir: &Path, hidden: bool, ask: impl FnOnce() -> bool) -> Option<bool> {
    // At a start that nobody looks at, nobody would answer.
    if hidden || !settings::graphics_are_open() || !was_missed(data_dir) {
        return None;
    }
    clear(&mark(data_dir));
    Some(ask())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_never_came_is_known_at_the_next_start_and_asked_about_once() {
        let dir = tempfile::tempdir().unwrap();
        let asked = |hidden| {
            let mut asked = false;
            let wanted = offers_safe_graphics(dir.path(), hidden, || {
                asked = true;
                true
            });
            assert_eq!(wanted, asked.then_some(true));
            asked
        };
        assert!(!asked(false), "the very first start");
        let shown = || {
            let first = FirstSight::new(dir.path());
            first.awaited();
            first
        };
        let first = shown();
        first.seen();
        first.awaited();
        assert!(!asked(false), "it came, and was shown again");

        FirstSight::new(dir.path()).left();
        assert!(!asked(false), "nothing was to be seen");

        drop(shown());
        assert!(!asked(true), "nobody would answer");
        assert!(asked(false), "it never came");
        assert!(!asked(false), "asked once");

        shown().left();
        assert!(!asked(false), "left before it could come");
        let shown_long = || {
            let first = shown();
            *first.stage() = Stage::Awaited(Instant::now().checked_sub(PATIENCE).unwrap());
            first
        };
        shown_long().left();
        assert!(!asked(false), "nobody looked whether it came");
        let first = shown_long();
        first.looked_at();
        first.left();
        assert!(asked(false), "left after it should have come");
        let first = shown();
        first.looked_at();
        first.left();
        assert!(!asked(false), "left before it could come, looked at or not");
    }

    #[test]
    fn a_program_that_is_about_to_show_its_window_is_no_window_missed() {
        let dir = tempfile::tempdir().unwrap();
        let parent = std::os::unix::process::parent_id();
        std::fs::write(mark(dir.path()), parent.to_string()).unwrap();
        assert!(was_missed(dir.path()), "a test runner is no Patchbay");
        let own = std::env::current_exe().unwrap();
        let mut same = std::process::Command::new(own)
            .args(["first_sight::tests::waits_for_its_end", "--exact", "--ignored"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::fs::write(mark(dir.path()), same.id().to_string()).unwrap();
        assert!(!was_missed(dir.path()), "it runs");
        drop(same.stdin.take());
        same.wait().unwrap();
        assert!(was_missed(dir.path()), "it ended before its window came");
        let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        std::fs::write(mark(dir.path()), other.id().to_string()).unwrap();
        assert!(was_missed(dir.path()), "another program has taken its number");
        other.kill().unwrap();
        other.wait().unwrap();
        std::fs::write(mark(dir.path()), "not a number").unwrap();
        assert!(was_missed(dir.path()));
    }

    #[test]
    #[ignore = "started by the test above, as another process of this program"]
    fn waits_for_its_end() {
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    }
}
