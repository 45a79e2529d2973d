//! What the engine may ask of a command line: nothing that needs a screen.

use std::path::PathBuf;

use patchbay_model::Host;
use patchbay_model::problem::{Code, Problem};

/// The program around the engine, without a screen.
pub(crate) struct CommandLine;

impl Host for CommandLine {
    fn open_url(&self, url: &str) -> Result<(), Problem> {
        let url = patchbay_model::address::for_browser(url)?;
        crate::print::note(&format!("Open this page in your browser: {url}"));
        Ok(())
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
