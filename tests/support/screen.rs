//! What is to be seen on a display: the window, the system's own questions, and keys for them.

use std::time::{Duration, Instant};

use x11rb::CURRENT_TIME;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, InputFocus, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, MapState,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::display::Display;

/// The key that chooses.
pub const RETURN: u8 = 36;
/// The key that takes a question back.
pub const ESCAPE: u8 = 9;
/// The key that chooses the answer with its letter.
pub const ALT: u8 = 64;
/// The letter Q.
pub const Q: u8 = 24;
/// The letter S.
pub const S: u8 = 39;
/// The letter U.
pub const U: u8 = 30;

/// The screen of a display.
pub trait Screen {
    /// The display it is of.
    fn display(&self) -> &Display;

    /// The windows of Patchbay that can be seen, questions aside.
    fn seen(&self) -> Vec<u32> {
        let questions = self.questions();
        let (x11, root) = x11(self.display());
        let mut all = viewable(&x11, root);
        all.retain(|&window| {
            // One may go while it is looked at.
            let name =
                x11.get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64).unwrap().reply();
            !questions.contains(&window) && name.is_ok_and(|name| name.value == b"Patchbay")
        });
        all
    }

    /// The questions that can be seen (EWMH, `_NET_WM_WINDOW_TYPE_DIALOG`).
    fn questions(&self) -> Vec<u32> {
        let (x11, root) = x11(self.display());
        let (kind, dialog) = (atom(&x11, "_NET_WM_WINDOW_TYPE"), atom(&x11, "_NET_WM_WINDOW_TYPE_DIALOG"));
        let mut all = viewable(&x11, root);
        all.retain(|&window| {
            let kinds = x11.get_property(false, window, kind, AtomEnum::ATOM, 0, 8).unwrap().reply();
            kinds.is_ok_and(|kinds| kinds.value32().into_iter().flatten().any(|kind| kind == dialog))
        });
        all
    }

    /// Presses keys together, as somebody would who has the question before him (X keycodes of the usual
    /// keyboard), until the question is gone: it may not take keys yet when it is first seen.
    fn answer(&self, keys: &[u8]) {
        let (x11, root) = x11(self.display());
        let press = |kind, key| x11.xtest_fake_input(kind, key, CURRENT_TIME, root, 0, 0, 0).unwrap().check();
        let mut tries = 0_u32;
        until("an answer", || {
            let questions = self.questions();
            if let Some(question) = questions.first()
                && tries.is_multiple_of(10)
            {
                // It may have gone just now.
                let _ = x11.set_input_focus(InputFocus::PARENT, *question, CURRENT_TIME).unwrap().check();
                for key in keys {
                    press(KEY_PRESS_EVENT, *key).unwrap();
                }
                keys.iter().rev().for_each(|key| press(KEY_RELEASE_EVENT, *key).unwrap());
            }
            tries += 1;
            questions.is_empty()
        });
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
        let (x11, _) = x11(self.display());
        for window in self.seen() {
            let wish = [atom(&x11, "WM_DELETE_WINDOW"), 0, 0, 0, 0];
            let event = ClientMessageEvent::new(32, window, atom(&x11, "WM_PROTOCOLS"), wish);
            x11.send_event(false, window, EventMask::NO_EVENT, event).unwrap();
        }
        x11.flush().unwrap();
    }
}

/// Waits until something holds.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: not in a minute");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn x11(display: &Display) -> (RustConnection, u32) {
    let (connection, screen) = x11rb::connect(Some(display.name())).unwrap();
    let root = connection.setup().roots[screen].root;
    (connection, root)
}

fn viewable(x11: &RustConnection, root: u32) -> Vec<u32> {
    let mut all = x11.query_tree(root).unwrap().reply().unwrap().children;
    all.retain(|&window| {
        // One may go while it is looked at.
        let state = x11.get_window_attributes(window).unwrap().reply().map(|found| found.map_state);
        state.is_ok_and(|state| state == MapState::VIEWABLE)
    });
    all
}

fn atom(x11: &RustConnection, name: &str) -> u32 {
    x11.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
}
