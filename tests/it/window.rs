//! The real window, WebKitGTK.

use patchbay_tests::{SandboxProcess, Window, walks_possible, window_possible};
use serde_json::json;

#[test]
fn walk_01_new_user_to_green_run_in_the_window() {
    if window_possible() {
        Window::start("C.UTF-8").walk("window_01", &json!({}));
    }
}

#[test]
fn walks_02_06_and_07_in_the_window() {
    if window_possible() {
        Window::start("C.UTF-8").walk("window_chains", &json!({}));
    }
}

/// Under `LANG=C` the web view says that the language is "C": one page was blank for it once.
#[test]
fn every_page_is_there_in_the_window_whatever_the_language() {
    if window_possible() {
        Window::start("C").walk("window_pages", &json!({}));
    }
}

/// The same language, and names that read from right to left.
#[test]
fn the_lesson_breaks_and_mends_in_the_window_whatever_the_language() {
    if window_possible() {
        Window::start("C").walk("window_lesson", &json!({}));
    }
}

#[test]
fn the_editor_of_connectors_works_in_the_window() {
    if window_possible() {
        Window::start("C.UTF-8").walk("window_authoring", &json!({}));
    }
}

#[test]
fn somebody_signs_in_in_the_browser_and_the_window_goes_on() {
    if window_possible() && walks_possible() {
        let sandbox = SandboxProcess::start();
        Window::start("C.UTF-8").walk("window_sign_in", &sandbox.access);
    }
}
