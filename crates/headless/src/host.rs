//! What the engine may ask of a command line: nothing that needs a screen.

use std::path::PathBuf;

use patchbay_model::Host;
use patchbay_model::problem::{Code, Problem};

/// The program around the engine, without a screen.
pub(crate) struct CommandLine;

impl Host for CommandLine {
    fn open_url(&self, url: &str) -> Result<(), Problem> {
        let url = patchbay_model::address::for_browser(url)?;
        let has_screen =
            ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"].iter().any(|name| std::env::var_os(name).is_some());
        if !has_screen && cfg!(target_os = "linux") {
            return Err(Problem::new(Code::NotOffered).with("message", "There is no screen to open a page on."));
        }
        tokio::task::block_in_place(|| open::that_detached(url)).map_err(|error| {
            Problem::new(Code::NotOffered).detail(format!("no browser could be started: {error}"))
        })
    }

    fn notify(&self, _: &str, _: &str) -> Result<(), Problem> {
        Err(Problem::new(Code::NotOffered).with(
            "message",
            "This is the command line, which has no desktop. Run the chain in the window to see notifications.",
        ))
    }

    fn pick_file(&self, _: &str) -> Result<Option<PathBuf>, Problem> {
        Err(Problem::new(Code::InputInvalid)
            .with("field", "A file")
            .with("message", "Name it on the command line: there is no screen to choose it on."))
    }

    fn pick_folder(&self, _: &str) -> Result<Option<PathBuf>, Problem> {
        Err(Problem::new(Code::NotOffered)
            .with("message", "There is no screen to choose a folder on: write its path."))
    }

    fn place_file(&self, _: &str) -> Result<Option<PathBuf>, Problem> {
        Err(Problem::new(Code::InputInvalid)
            .with("field", "A file")
            .with("message", "Name it on the command line: there is no screen to choose it on."))
    }

    fn zoom(&self, _: f64) -> Result<(), Problem> {
        Err(Problem::new(Code::InputInvalid)
            .with("field", "The size")
            .with("message", "There is no window; a browser has a zoom of its own."))
    }
}
