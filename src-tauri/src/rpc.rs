//! The one way from the page to the engine.

use patchbay_api::dispatch_for_page;
use patchbay_model::problem::{Code, Problem};
use serde_json::Value;
use tauri::{AppHandle, State};

use crate::engine::Engine;
use crate::since_start::SinceStart;
use crate::window;

/// Answers a command of the engine's list in a workspace.
#[tauri::command]
pub(crate) async fn rpc(
    app: AppHandle,
    engine: State<'_, Engine>,
    since_start: State<'_, SinceStart>,
    workspace: String,
    name: String,
    request: Value,
) -> Result<Value, Problem> {
    let hub = engine.hub().await?;
    since_start.usable();
    engine.shows(&workspace);
    // In a task of its own: a page whose call broke off, or a mistake of ours, takes nothing along.
    let task = tokio::spawn(async move {
        let ask = async |question| window::ask(&app, question).await;
        dispatch_for_page(&hub, &workspace, &name, request, ask).await
    });
    task.await.unwrap_or_else(|error| Err(Problem::new(Code::Internal).detail(error.to_string())))
}
