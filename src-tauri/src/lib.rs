//! The window host: holds the engine, shows the interface, and answers it through one command.
//!
//! The page gets no part of the system: every wish goes through [`rpc`], and files, pages of the
//! browser and notifications are opened on this side of it.

mod engine;
mod error;
mod events;
mod host;
mod logging;
mod rpc;
mod settings;
mod since_start;
mod window;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use tauri::{Manager, RunEvent, Wry};

use crate::engine::Engine;
use crate::error::Error;
use crate::settings::Settings;
use crate::since_start::SinceStart;

/// Runs until the window is closed.
pub fn run() -> ExitCode {
    let since_start = SinceStart::now();
    patchbay_api::memory::keep_files_private();
    let settings = Settings::from_environment();
    logging::start(settings.as_ref().ok().map(|settings| settings.data_dir.as_path()));
    patchbay_api::memory::keep_private();
    match settings::safe_graphics().and(settings).and_then(|s| hold(s, since_start)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "Patchbay cannot start");
            window::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn hold(settings: Settings, since_start: SinceStart) -> Result<(), Error> {
    let single = tauri_plugin_single_instance::Builder::new()
        .callback(|app, _, _| window::come_forward(app))
        .dbus_id(settings.instance())
        .build();
    let app = tauri::Builder::default()
        // First: a second start is to end before anything else begins.
        .plugin(single)
        .plugin(window::remembered(&settings))
        .manage(since_start)
        .manage(Engine::new())
        .manage(events::Subscription::default())
        .invoke_handler(tauri::generate_handler![rpc::rpc, events::subscribe])
        .setup(move |app| {
            window::make(app, &settings)?;
            tauri::async_runtime::spawn(engine::keep_running(app.handle().clone(), settings));
            Ok(())
        })
        .build(context())?;
    app.run(|app, event| {
        if matches!(event, RunEvent::Exit) {
            tauri::async_runtime::block_on(app.state::<Engine>().end());
        }
    });
    Ok(())
}

/// The configuration, the access list and the interface, all embedded when this is compiled.
fn context() -> tauri::Context<Wry> {
    tauri::generate_context!()
}
