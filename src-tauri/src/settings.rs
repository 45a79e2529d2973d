//! What the environment decides.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use patchbay_api::SecretsChoice;
use patchbay_api::place::{self, SecretsKind};
use patchbay_model::problem::{Code, Problem, Subject};

use crate::desk;
use crate::error::Error;

/// What the environment decides.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The data folder: `PATCHBAY_DATA_DIR`, else the same as the command line's.
    pub(crate) data_dir: PathBuf,
    secrets: Option<SecretsKind>,
    moved: bool,
}

impl Settings {
    /// Reads them. `INPUT_INVALID` for a value that means nothing.
    pub(crate) fn from_environment() -> Result<Self, Error> {
        let screen = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if !screen("WAYLAND_DISPLAY") && !screen("DISPLAY") {
            return Err(Error::NoScreen);
        }
        let given = std::env::var_os("PATCHBAY_DATA_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let secrets = match std::env::var("PATCHBAY_SECRETS").ok().filter(|name| !name.is_empty()) {
            None => None,
            Some(name) => Some(SecretsKind::named(&name).ok_or_else(|| {
                Problem::new(Code::InputInvalid)
                    .with("field", "PATCHBAY_SECRETS")
                    .with("message", "Use keyring, passphrase or memory.")
                    .about(Subject::Field { name: "PATCHBAY_SECRETS".into() })
            })?),
        };
        Ok(Self { data_dir: place::data_dir(given.as_deref())?, secrets, moved: given.is_some() })
    }

    /// Where the master key is kept. Read anew for each start of the engine.
    pub(crate) fn secrets(&self) -> Result<SecretsChoice, Problem> {
        place::secrets(self.secrets, std::env::var("PATCHBAY_PASSPHRASE").ok(), &self.data_dir)
    }

    /// The name under which a running window is found: one for each data folder.
    pub(crate) fn instance(&self) -> String {
        let name = "app.patchbay.desktop";
        if !self.moved {
            return name.to_owned();
        }
        let mut hash = DefaultHasher::new();
        self.data_dir.hash(&mut hash);
        format!("{name}.d{:016x}", hash.finish())
    }
}

/// What WebKit reads when it is loaded.
const RENDERER: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Whether this start leaves the renderer away.
pub(crate) fn graphics_are_safe() -> bool {
    std::env::var_os(RENDERER).is_some_and(|value| value == "1")
}

/// Whether nobody has decided about this start: no switch, no test that drives the window, and it is not safe.
pub(crate) fn graphics_are_open() -> bool {
    switch().is_none() && !is_driven() && !graphics_are_safe()
}

fn switch() -> Option<String> {
    std::env::var("PATCHBAY_GRAPHICS_SAFE_MODE").ok().filter(|value| !value.is_empty())
}

/// Set by tauri-driver.
fn is_driven() -> bool {
    std::env::var_os("TAURI_WEBVIEW_AUTOMATION").or_else(|| std::env::var_os("TAURI_AUTOMATION")).is_some()
}

/// Whether safe graphics are wanted: by `PATCHBAY_GRAPHICS_SAFE_MODE=1` (or `=0`), else by the setting. Never
/// where the window is driven by a test: pictures of it would never come.
fn wants_safe_graphics(switch: Option<&str>, decided: bool, driven: bool) -> bool {
    !driven && switch.map_or(decided, |switch| switch == "1")
}

/// Where that is wanted, starts this program anew without the renderer that shows an empty window on some
/// graphics drivers. WebKit reads the variable when it is loaded, and a variable can be set safely only for a
/// program that is yet to start.
pub(crate) fn safe_graphics(data_dir: &Path) -> Result<(), Error> {
    let decided = desk::decided(data_dir).safe_graphics;
    let wanted = wants_safe_graphics(switch().as_deref(), decided, is_driven());
    if !wanted || std::env::var_os(RENDERER).is_some() {
        return Ok(());
    }
    let program = std::env::current_exe().map_err(Error::SafeGraphics)?;
    let mut command = std::process::Command::new(program);
    command.args(std::env::args_os().skip(1)).env(RENDERER, "1");
    // Gives back only why it could not.
    Err(Error::SafeGraphics(command.exec()))
}

#[cfg(test)]
mod tests {
    use super::wants_safe_graphics;

    #[test]
    fn the_switch_stands_before_the_setting_and_a_test_before_both() {
        for (switch, decided, driven, wanted) in [
            (None, false, false, false),
            (None, true, false, true),
            (Some("1"), false, false, true),
            (Some("0"), true, false, false),
            (Some("1"), true, true, false),
            (None, true, true, false),
        ] {
            assert_eq!(wants_safe_graphics(switch, decided, driven), wanted, "{switch:?} {decided} {driven}");
        }
    }
}
