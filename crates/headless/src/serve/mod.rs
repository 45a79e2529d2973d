//! `serve`: the same interface and the same command list as the window, in a browser on this computer.

mod assets;
mod events;
mod router;
mod token;

use std::net::{Ipv4Addr, SocketAddr};

use patchbay_model::problem::Problem;
use serde_json::json;

use crate::args::Args;
use crate::engine::Engine;
use crate::{exit, print, processes};

/// Owns the data folder and answers a browser until the process is ended. The first line of output
/// says where, and in which file the token is.
pub(crate) async fn serve(args: &Args, port: u16) -> Result<u8, Problem> {
    let engine = Engine::own(args)?;
    let hub = engine.hub()?.clone();
    let listener = patchbay_net::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let address = listener.addr();
    hub.workspace(&args.workspace).await?;
    hub.take_up_runs().await?;
    hub.lock_when_idle();
    let token = token::write(hub.data_dir())?;
    let url = format!("http://{address}/");
    if args.json {
        print::line(&json!({ "url": url, "tokenFile": token.file }).to_string());
    } else {
        print::line(&format!("Patchbay is at {url}. End it with Ctrl-C."));
        print::line(&format!("It asks for the token in {}.", token.file.display()));
    }
    let router = router::router(hub, token.text, address);
    let result = listener.serve(router, processes::wait_for_end()).await;
    let _ = std::fs::remove_file(&token.file);
    engine.close().await;
    result?;
    Ok(exit::DONE)
}
