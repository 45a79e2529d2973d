//! The engine inside the window: started beside the page, asked by `rpc`, ended with the window.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use patchbay_api::{Hub, HubOptions, forward};
use patchbay_model::SystemClock;
use patchbay_model::problem::{Code, Problem};
use tauri::{AppHandle, Manager};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::host::Desktop;
use crate::settings::Settings;
use crate::tray::Tray;
use crate::window;

/// How long the end of the engine may take. What is cut off is recovered by the next start.
const LONGEST_END: Duration = Duration::from_secs(5);

/// The engine, once it runs.
pub(crate) struct Engine {
    hub: watch::Sender<Option<Hub>>,
    /// Answers the commands of other processes.
    server: Mutex<Option<forward::Server>>,
    /// The workspace that the page last asked about.
    shown: Mutex<String>,
}

impl Engine {
    pub(crate) fn new() -> Self {
        Self {
            hub: watch::Sender::new(None),
            server: Mutex::new(None),
            shown: Mutex::new("default".to_owned()),
        }
    }

    /// The engine; waits until it runs.
    pub(crate) async fn hub(&self) -> Result<Hub, Problem> {
        let mut hub = self.hub.subscribe();
        let hub = hub.wait_for(Option::is_some).await.ok().and_then(|hub| hub.clone());
        hub.ok_or_else(|| Problem::new(Code::Internal).detail("the engine has ended"))
    }

    /// Whether it runs.
    pub(crate) fn runs(&self) -> bool {
        self.hub.borrow().is_some()
    }

    /// The workspace that the page shows.
    pub(crate) fn shown(&self) -> String {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes which workspace the page shows.
    pub(crate) fn shows(&self, workspace: &str) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown != workspace {
            workspace.clone_into(&mut shown);
        }
    }

    fn run(&self, hub: Hub) {
        hub.lock_when_idle();
        let server = forward::Server::start(hub.clone());
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
        let work = hub.clone();
        tokio::spawn(async move {
            match work.take_up_runs().await {
                Ok(runs) => tracing::info!(runs, "runs taken up"),
                Err(problem) => tracing::error!(%problem, "runs are not taken up"),
            }
        });
        self.hub.send_replace(Some(hub));
    }

    /// Ends the engine with its databases closed.
    pub(crate) async fn end(&self) {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(server) = server {
            server.finish().await;
        }
        let Some(hub) = self.hub.borrow().clone() else { return };
        if tokio::time::timeout(LONGEST_END, hub.shut_down()).await.is_err() {
            tracing::warn!("the engine did not end in time; the next start recovers");
        }
        let _ = std::fs::remove_file(forward::socket(hub.data_dir()));
    }
}

/// Starts the engine, for as long as the user wants to try, and ends the window with a signal.
pub(crate) async fn keep_running(app: AppHandle, settings: Settings) {
    tokio::spawn(end_by_signal(app.clone()));
    loop {
        match start(&app, &settings).await {
            Ok(hub) => {
                app.state::<Engine>().run(hub);
                return app.state::<Tray>().settle(&app).await;
            }
            Err(problem) => {
                tracing::warn!(%problem, "the engine does not start");
                if !window::ask_to_try_again(&app, &problem, &settings.data_dir).await {
                    return app.exit(1);
                }
            }
        }
    }
}

/// An engine of another process that is just ending, or a command that owns the folder for a
/// moment, is given a few seconds.
async fn start(app: &AppHandle, settings: &Settings) -> Result<Hub, Problem> {
    let mut tries = 0;
    loop {
        let options = HubOptions {
            secrets: settings.secrets()?,
            data_dir: settings.data_dir.clone(),
            clock: Arc::new(SystemClock::new()),
            host: Arc::new(Desktop::new(app.clone())),
        };
        // Files are made, and a passphrase takes its time to check.
        let started = tokio::task::spawn_blocking(|| Hub::start(options)).await;
        let started =
            started.unwrap_or_else(|error| Err(Problem::new(Code::Internal).detail(error.to_string())));
        match started {
            Err(problem) if problem.code() == Code::InUse && tries < 30 => {
                // An engine that answers is there to stay; one that ends or starts does not yet.
                tries += if stays(&settings.data_dir).await { 10 } else { 1 };
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            other => return other,
        }
    }
}

async fn stays(data_dir: &Path) -> bool {
    forward::answers(data_dir).await
}

async fn end_by_signal(app: AppHandle) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return tracing::warn!("signals cannot be noticed");
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    app.exit(0);
}
