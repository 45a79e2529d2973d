//! How the steps of a chain do, as a table.

use patchbay_model::problem::Problem;
use serde_json::json;

use crate::args::Args;
use crate::engine::Engine;
use crate::{exit, print};

/// Shows how the calls of a chain's steps went.
pub(crate) async fn show(args: &Args, engine: &Engine, chain: &str, range: &str) -> Result<u8, Problem> {
    let request = json!({ "chain": chain, "range": range });
    let answer = engine.call(&args.workspace, "chain_figures", request).await?;
    if args.json {
        print::json(&answer);
    } else {
        let fields = [
            ("Step", "/name"),
            ("Connection", "/connection"),
            ("Calls", "/calls"),
            ("Succeeded", "/ok"),
            ("Failed", "/failed"),
            ("Retries", "/retries"),
            ("p50 ms", "/p50Ms"),
            ("p95 ms", "/p95Ms"),
        ];
        print::table(&answer["steps"], &fields);
    }
    Ok(exit::DONE)
}
