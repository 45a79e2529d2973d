//! The window host: holds the engine, shows the interface, and answers it through one command.
//!
//! The page gets no part of the system: every wish goes through [`rpc`], and files, pages of the
//! browser and notifications are opened on this side of it.

mod autostart;
mod desk;
mod dialog;
mod engine;
mod error;
mod events;
mod first_sight;
mod host;
mod leaving;
mod logging;
mod mark;
mod motion;
mod rpc;
mod settings;
mod since_start;
mod start;
mod tray;
mod unsaved;
mod window;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use tauri::{Manager, RunEvent, WindowEvent, Wry};

use crate::desk::Desk;
use crate::engine::Engine;
use crate::error::Error;
use crate::first_sight::FirstSight;
use crate::leaving::Leaving;
use crate::settings::Settings;
use crate::since_start::SinceStart;
use crate::start::Wish;
use crate::tray::Tray;

/// Runs until the window is closed.
pub fn run() -> ExitCode {
    let since_start = SinceStart::now();
    patchbay_api::memory::keep_files_private();
    let settings = Settings::from_environment();
    logging::start(settings.as_ref().ok().map(|settings| settings.data_dir.as_path()));
    patchbay_api::memory::keep_private();
    let begun = settings.and_then(|settings| {
        let hidden = Wish::of(std::env::args().skip(1)).hidden;
        let offered =
            first_sight::offers_safe_graphics(&settings.data_dir, hidden, window::offer_safe_graphics);
        if offered == Some(true) {
            desk::decide_safe_graphics(&settings.data_dir)?;
        }
        settings::safe_graphics(&settings.data_dir)?;
        hold(settings, since_start)
    });
    match begun {
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
        .callback(|app, arguments, _| {
            let wish = Wish::of(arguments.into_iter().skip(1));
            match wish.place {
                Some(place) => window::go_to(app, &place),
                // Started at login beside one that runs already: nobody asked to see it.
                None if wish.hidden => {}
                None => window::come_forward(app),
            }
        })
        .dbus_id(settings.instance())
        .build();
    let app = tauri::Builder::default()
        // First: a second start is to end before anything else begins.
        .plugin(single)
        .plugin(window::remembered(&settings))
        .manage(since_start)
        .manage(Engine::new())
        .manage(Desk::new(&settings.data_dir))
        .manage(Leaving::default())
        .manage(Tray::default())
        .manage(window::Went::default())
        .manage(Wish::of(std::env::args().skip(1)))
        .manage(events::Subscription::default())
        .invoke_handler(tauri::generate_handler![rpc::rpc, events::subscribe])
        .on_window_event(|window, event| match event {
            WindowEvent::CloseRequested { api, .. } => leaving::close(window.app_handle(), api),
            WindowEvent::Focused(true) => window.state::<FirstSight>().looked_at(),
            _ => {}
        })
        .setup(move |app| {
            app.manage(FirstSight::new(&settings.data_dir));
            motion::fit_to_graphics();
            window::make(app, &settings)?;
            tauri::async_runtime::spawn(engine::keep_running(app.handle().clone(), settings));
            Ok(())
        })
        .build(context())?;
    app.run(|app, event| {
        if matches!(event, RunEvent::Exit) {
            app.state::<FirstSight>().left();
            tauri::async_runtime::block_on(app.state::<Engine>().end());
        }
    });
    Ok(())
}

/// The configuration, the access list and the interface, all embedded when this is compiled.
fn context() -> tauri::Context<Wry> {
    tauri::generate_context!()
}
