//! Why there is no window.

use patchbay_model::Problem;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The engine, or a setting of ours, says why.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The window itself.
    #[error("the window: {0}")]
    Window(#[from] tauri::Error),
    /// There is nothing to show a window on.
    #[error("there is no screen here (neither WAYLAND_DISPLAY nor DISPLAY is set): use patchbay-cli")]
    NoScreen,
    /// The program could not start itself anew with safe graphics.
    #[error("starting with safe graphics: {0}")]
    SafeGraphics(std::io::Error),
}
