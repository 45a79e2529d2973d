//! The way from the engine to the page.

use std::sync::{Mutex, PoisonError};

use patchbay_api::events::Update;
use patchbay_model::Problem;
use tauri::State;
use tauri::ipc::Channel;
use tokio::task::JoinHandle;

use crate::engine::Engine;

/// The one listener: the page as it was loaded last.
#[derive(Default)]
pub(crate) struct Subscription(Mutex<Option<JoinHandle<()>>>);

impl Subscription {
    fn replace(&self, task: JoinHandle<()>) {
        let old = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(task);
        if let Some(old) = old {
            old.abort();
        }
    }
}

/// Sends updates through a channel of the page, in the order and pace of
/// [`Feed`](patchbay_api::events::Feed). A later subscription ends the earlier one.
#[tauri::command]
pub(crate) async fn subscribe(
    engine: State<'_, Engine>,
    subscription: State<'_, Subscription>,
    channel: Channel<Update>,
) -> Result<(), Problem> {
    let mut feed = engine.hub().await?.events().feed();
    subscription.replace(tokio::spawn(async move {
        while let Some(update) = feed.next().await {
            if let Err(error) = channel.send(update) {
                return tracing::debug!(%error, "the page is gone");
            }
        }
    }));
    Ok(())
}
