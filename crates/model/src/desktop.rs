//! What a desktop gives the program, and what the person decided about it.

use serde::{Deserialize, Serialize};

/// How the program stands on its desktop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DesktopView {
    /// Closing the window leaves the program running.
    pub keep_running: bool,
    /// An icon in the tray is wanted.
    pub tray: bool,
    /// Why there is none though it is wanted, in words.
    pub tray_problem: Option<String>,
    /// The program starts, hidden, when the person logs in.
    pub start_at_login: bool,
    /// The next start leaves away the renderer that shows an empty window on some graphics drivers.
    pub safe_graphics: bool,
    /// This start has left it away.
    pub safe_graphics_now: bool,
}

/// What to change; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DesktopChange {
    /// Whether closing the window leaves the program running.
    pub keep_running: Option<bool>,
    /// Whether an icon in the tray is wanted.
    pub tray: Option<bool>,
    /// Whether the program starts when the person logs in.
    pub start_at_login: Option<bool>,
    /// Whether the next start leaves away the renderer.
    pub safe_graphics: Option<bool>,
}
