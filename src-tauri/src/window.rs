//! The one window: made hidden, shown when there is something to see, kept at home.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use patchbay_api::Question;
use patchbay_model::Problem;
use tauri::plugin::TauriPlugin;
use tauri::webview::{DownloadEvent, NewWindowResponse, PageLoadEvent, PermissionResponse};
use tauri::{App, AppHandle, Manager, PhysicalSize, Url, WebviewWindow, WebviewWindowBuilder, Wry};
use tauri_plugin_window_state::StateFlags;

use crate::dialog::{self, Asked};
use crate::engine::Engine;
use crate::error::Error;
use crate::first_sight::FirstSight;
use crate::leaving::Leaving;
use crate::settings::Settings;
use crate::start::Wish;

/// The only window there is; the access list names it.
pub(crate) const LABEL: &str = "main";

/// What a page view does by itself and an application does not. Left in while developing.
const BROWSER_DEFAULTS: &str = include_str!("browser_defaults.js");

/// Remembers size, place and whether it was maximised, in the data folder.
pub(crate) fn remembered(settings: &Settings) -> TauriPlugin<Wry> {
    tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
        .with_filename(settings.data_dir.join("window.json").to_string_lossy())
        .build()
}

/// Makes the window of the configuration, hidden.
pub(crate) fn make(app: &App, settings: &Settings) -> tauri::Result<()> {
    let config = app.config().app.windows.iter().find(|window| window.label == LABEL);
    let config = config.ok_or(tauri::Error::WindowNotFound)?;
    let dev = if tauri::is_dev() { app.config().build.dev_url.clone() } else { None };
    let mut builder = WebviewWindowBuilder::from_config(app, config)?
        .data_directory(settings.data_dir.join("webview"))
        .on_navigation(move |url| {
            let own = is_own(url, dev.as_ref());
            if !own {
                tracing::warn!(scheme = url.scheme(), "the page wanted to leave and was kept");
            }
            own
        })
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, event| !matches!(event, DownloadEvent::Requested { .. }))
        .on_permission_request(|_, _| PermissionResponse::Deny)
        .on_page_load(|window, page| {
            if matches!(page.event(), PageLoadEvent::Finished) {
                show_when_ready(window);
            }
        });
    if !cfg!(debug_assertions) {
        builder = builder.initialization_script(BROWSER_DEFAULTS);
    }
    builder.build()?;
    Ok(())
}

/// Whether an address is the application's own: the embedded interface, or the server that
/// delivers it while developing.
fn is_own(url: &Url, dev: Option<&Url>) -> bool {
    let embedded = match (url.scheme(), url.host_str()) {
        ("tauri", Some("localhost")) => true,
        // Where web views know no schemes of their own.
        ("http" | "https", Some("tauri.localhost")) => url.port().is_none(),
        _ => false,
    };
    embedded || dev.is_some_and(|dev| dev.origin() == url.origin())
}

/// A page without an engine has nothing to show.
fn show_when_ready(window: WebviewWindow) {
    tauri::async_runtime::spawn(async move {
        if window.state::<Engine>().hub().await.is_err() {
            return;
        }
        let wish = window.state::<Wish>();
        if wish.hidden {
            return;
        }
        window.state::<FirstSight>().awaited();
        if let Err(error) = keep_on_screen(&window).and_then(|()| window.show()) {
            tracing::error!(%error, "the window cannot be shown");
        }
        // Once: a page that is loaded anew stays where it is.
        if let Some(place) = wish.place.as_deref()
            && !window.state::<Went>().0.swap(true, Ordering::Relaxed)
        {
            go_to(window.app_handle(), place);
        }
    });
}

/// A size that was remembered from a larger screen, or the default on a small one, is cut.
fn keep_on_screen(window: &WebviewWindow) -> tauri::Result<()> {
    let monitor = match window.current_monitor()? {
        Some(monitor) => Some(monitor),
        None => window.primary_monitor()?,
    };
    let Some(monitor) = monitor else { return Ok(()) };
    let (size, room) = (window.inner_size()?, monitor.work_area().size);
    if size.width > room.width || size.height > room.height {
        window.set_size(PhysicalSize::new(size.width.min(room.width), size.height.min(room.height)))?;
        window.set_position(monitor.work_area().position)?;
    }
    Ok(())
}

/// Whether the place that the start asked for was gone to.
#[derive(Default)]
pub(crate) struct Went(AtomicBool);

/// Takes the window off the screen; the program goes on.
pub(crate) fn hide(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.hide()
    {
        tracing::warn!(%error, "the window stays");
    }
}

/// Shows the window, from whatever thread.
pub(crate) fn bring_forward(app: &AppHandle) {
    let handle = app.clone();
    if let Err(error) = app.run_on_main_thread(move || come_forward(&handle)) {
        tracing::warn!(%error, "the window does not come forward");
    }
}

/// Whether the person looks at the window.
pub(crate) fn is_focused(app: &AppHandle) -> bool {
    app.get_webview_window(LABEL).is_some_and(|window| window.is_focused().unwrap_or(false))
}

/// Brings the window to the front at a place of the interface, such as `/health/Jira`.
pub(crate) fn go_to(app: &AppHandle, place: &str) {
    let (handle, script) = (app.clone(), to_place(place));
    let gone = app.run_on_main_thread(move || {
        come_forward(&handle);
        if let Some(window) = handle.get_webview_window(LABEL)
            && let Err(error) = window.eval(script)
        {
            tracing::warn!(%error, "the window does not go to the place");
        }
    });
    if let Err(error) = gone {
        tracing::warn!(%error, "the window does not come forward");
    }
}

/// A place is text of ours and of names that the user chose: it is written as a JSON string, which is one of
/// JavaScript too (ECMA-262, JSON superset).
fn to_place(place: &str) -> String {
    format!("location.hash = {}", serde_json::Value::from(place))
}

/// A second start shows the running window.
pub(crate) fn come_forward(app: &AppHandle) {
    // Before that, a question stands in its place.
    if !app.state::<Engine>().runs() {
        return;
    }
    app.state::<Leaving>().stay();
    if let Some(window) = app.get_webview_window(LABEL) {
        app.state::<FirstSight>().awaited();
        let shown = window.show().and_then(|()| window.unminimize()).and_then(|()| window.set_focus());
        if let Err(error) = shown {
            tracing::warn!(%error, "the window does not come forward");
        }
    }
}

/// Shows the page larger or smaller, as its own layout sees it.
pub(crate) fn zoom(app: &AppHandle, factor: f64) -> tauri::Result<()> {
    app.get_webview_window(LABEL).map_or(Ok(()), |window| window.set_zoom(factor))
}

/// Says why the engine does not start; true where the user wants to try again.
pub(crate) async fn ask_to_try_again(app: &AppHandle, problem: &Problem, data_dir: &Path) -> bool {
    let text = sentences(problem, &format!("Data folder: {}", data_dir.display()));
    let answers = vec!["_Try again", "_Quit"];
    let asked = Asked { title: problem.title(), text, answers, usual: 0, is_mild: false };
    dialog::ask(app, asked).await == Some(0)
}

/// Asks what the page may not answer; true where the person agrees.
pub(crate) async fn ask(app: &AppHandle, question: Question) -> bool {
    let Question { title, text, yes } = question;
    let asked =
        Asked { title: title.to_owned(), text, answers: vec![yes, "_Cancel"], usual: 1, is_mild: false };
    dialog::ask(app, asked).await == Some(0)
}

/// Offers, before there is a window, the graphics mode that shows one with every driver; true where it is taken.
pub(crate) fn offer_safe_graphics() -> bool {
    let text = "Some graphics drivers show an empty window. Safe graphics go around that and draw a little \
                slower. Settings, General, takes them back.";
    let (title, text) = ("The window did not come up last time".to_owned(), text.to_owned());
    let answers = vec!["_Use safe graphics", "_Start as usual"];
    // Who presses Enter without reading wants what was always there.
    dialog::ask_now(&Asked { title, text, answers, usual: 1, is_mild: false }) == Some(0)
}

/// Says why there is no window, where there is a screen to say it on.
pub(crate) fn complain(error: &Error) {
    if matches!(error, Error::NoScreen) {
        return;
    }
    let (title, text) = match error {
        Error::Problem(problem) => (problem.title(), sentences(problem, "")),
        other => ("Patchbay cannot start".to_owned(), format!("{other}.")),
    };
    dialog::ask_now(&Asked { title, text, answers: vec!["_Quit"], usual: 0, is_mild: false });
}

fn sentences(problem: &Problem, last: &str) -> String {
    let detail = problem.technical().unwrap_or_default();
    let lines = [problem.hint(), detail.to_owned(), last.to_owned()];
    lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::{is_own, to_place};

    #[test]
    fn a_place_stays_text_whatever_is_called_so() {
        assert_eq!(to_place("/health/Jira"), "location.hash = \"/health/Jira\"");
        assert_eq!(to_place("\";alert(1)//"), "location.hash = \"\\\";alert(1)//\"");
    }

    #[test]
    fn the_window_stays_at_home() {
        let dev = "http://localhost:5173".parse().unwrap();
        let cases = [
            ("tauri://localhost", true, true),
            ("tauri://localhost/index.html#/chains", true, true),
            ("https://tauri.localhost/", true, true),
            ("http://localhost:5173/x", false, true),
            ("http://localhost:5174/x", false, false),
            ("http://localhost/", false, false),
            ("https://localhost:5173/", false, false),
            ("https://tauri.localhost:444/", false, false),
            ("https://example.com/", false, false),
            ("tauri://example.com/", false, false),
            ("https://tauri.localhost.example.com/", false, false),
            ("file:///etc/passwd", false, false),
            ("about:blank", false, false),
            ("data:text/html,x", false, false),
            ("javascript:alert(1)", false, false),
            ("blob:tauri://localhost/x", false, false),
        ];
        for (address, embedded, developing) in cases {
            let url = address.parse().unwrap();
            assert_eq!(is_own(&url, None), embedded, "{address}");
            assert_eq!(is_own(&url, Some(&dev)), developing, "{address}, developing");
        }
    }
}
