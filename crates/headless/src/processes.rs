//! Commands that own the data folder, or a process, for a while.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use patchbay_api::demo::DemoResponse;
use patchbay_model::SystemClock;
use patchbay_model::problem::{Code, Problem};
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::Args;
use crate::engine::{Engine, data_dir};
use crate::run::print_report;
use crate::{exit, input, print};

async fn show(engine: Engine, args: &Args, sandbox: Option<&str>) -> Result<DemoResponse, Problem> {
    let result = patchbay_api::demo::demo(engine.hub()?, &args.workspace, sandbox).await;
    engine.close().await;
    result
}

pub(crate) async fn demo(args: &Args, sandbox: Option<&str>) -> Result<u8, Problem> {
    let mut result = show(Engine::own(args)?, args, sandbox).await;
    if args.secrets.is_none() && matches!(&result, Err(p) if p.code() == Code::SecretStoreUnavailable) {
        print::note("No keyring answers here: the sandbox's pretend keys are kept in memory.");
        result = show(Engine::own_in_memory(args)?, args, sandbox).await;
    }
    let demo = result?;
    let value =
        serde_json::to_value(&demo).map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
    if args.json {
        print::json(&value);
    } else {
        if demo.resumed {
            print::line("Taken up where the last start left it.\n");
        }
        for field in &demo.matched {
            print::line(&format!("Matched {} by itself: {}.", field.target, field.reason));
        }
        print::line("");
        print_report(&value["report"])?;
    }
    Ok(exit::of_state(value["state"].as_str().unwrap_or_default()))
}

pub(crate) async fn restore(args: &Args, file: &Path) -> Result<u8, Problem> {
    let engine = Engine::own(args)?;
    let result = patchbay_api::storage::restore(engine.hub()?, &args.workspace, file).await;
    engine.close().await;
    let kept = result?;
    if args.json {
        print::json(&json!({ "restored": file, "replacedKeptAs": kept }));
    } else {
        print::line("Restored.");
        if let Some(kept) = kept {
            print::line(&format!("What was there is kept as {}.", kept.display()));
        }
    }
    Ok(exit::DONE)
}

/// Owns the data folder until the process is ended. The first line of output says that it is ready.
pub(crate) async fn stay(args: &Args) -> Result<u8, Problem> {
    let engine = Engine::own(args)?;
    let hub = engine.hub()?;
    hub.workspace(&args.workspace).await?;
    let runs = hub.take_up_runs().await?;
    if args.json {
        print::line(&json!({ "ready": true, "runs": runs }).to_string());
    } else {
        print::line(&format!("The engine runs; {runs} runs go on. End it with Ctrl-C."));
    }
    wait_for_end().await;
    engine.close().await;
    Ok(exit::DONE)
}

/// Until Ctrl-C, or until the system asks the process to end.
pub(crate) async fn wait_for_end() {
    End::noticed().wait().await;
}

/// Ctrl-C, and the system's request to end: noticed from here on, and no end by themselves any more.
pub(crate) struct End {
    interrupted: Option<Signal>,
    asked: Option<Signal>,
}

impl End {
    pub(crate) fn noticed() -> Self {
        let notice = |kind: SignalKind| match signal(kind) {
            Ok(signal) => Some(signal),
            Err(error) => {
                tracing::warn!(%error, "the request to end cannot be noticed");
                None
            }
        };
        Self { interrupted: notice(SignalKind::interrupt()), asked: notice(SignalKind::terminate()) }
    }

    /// Until either comes.
    pub(crate) async fn wait(&mut self) {
        async fn next(signal: &mut Option<Signal>) {
            match signal {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            () = next(&mut self.interrupted) => {}
            () = next(&mut self.asked) => {}
        }
    }
}

/// Runs the pretend tools until the process is ended. The first line of output says where they are.
pub(crate) async fn sandbox(args: &Args, port: u16, state: Option<PathBuf>) -> Result<u8, Problem> {
    let options = patchbay_api::sandbox::SandboxOptions { port, state_dir: state };
    let sandbox = patchbay_api::sandbox::Sandbox::start(options, Arc::new(SystemClock::new()))
        .await
        .map_err(Problem::from)?;
    let access = sandbox.access();
    if args.json {
        print::line(&json!({ "url": format!("http://{}", sandbox.addr()), "access": access }).to_string());
    } else {
        print::line(&format!("The sandbox is at http://{}. End it with Ctrl-C.", sandbox.addr()));
        print::line(&format!("  Sandbox Tracker {}  token {}", access.tracker_url, access.tracker_token));
        print::line(&format!("  Sandbox Chat    {}  key {}", access.chat_url, access.chat_key));
    }
    wait_for_end().await;
    sandbox.stop().await;
    Ok(exit::DONE)
}

/// Writes the run down and leaves it to a process in the background, which owns the data folder
/// until the run ends. Where an engine runs already, it is asked to do it.
pub(crate) async fn detach(
    args: &Args,
    chain: &str,
    input: Option<&Path>,
    dry_run: bool,
) -> Result<u8, Problem> {
    let input = input.map(input::json).transpose()?.unwrap_or(Value::Null);
    let engine = Engine::open(args).await?;
    let own = matches!(engine, Engine::Own { .. });
    let request = json!({ "chain": chain, "input": input, "dryRun": dry_run, "queueOnly": own });
    let result = engine.call(&args.workspace, "run_start", request).await;
    engine.close().await;
    let run = result?;
    if own {
        if args.secrets == Some(crate::args::Secrets::Memory) {
            return Err(Problem::new(Code::InputInvalid).with("field", "\"--detach\"").with(
                "message",
                "Keys kept in memory are gone when this command ends. Use the keyring or a passphrase.",
            ));
        }
        background(args, run["id"].as_str().unwrap_or_default())?;
    }
    if args.json {
        print::json(&run);
    } else {
        print::line(&format!("Run {} goes on in the background.", run["id"].as_str().unwrap_or_default()));
    }
    Ok(exit::DONE)
}

fn background(args: &Args, run: &str) -> Result<(), Problem> {
    use std::os::unix::process::CommandExt;
    use std::process::Stdio;
    let failed = |error: std::io::Error| Problem::new(Code::Internal).detail(error.to_string());
    let mut command = std::process::Command::new(std::env::current_exe().map_err(failed)?);
    command.arg("--data-dir").arg(data_dir(args)?).args(["--workspace", &args.workspace]);
    if let Some(store) = args.secrets {
        use clap::ValueEnum;
        if let Some(value) = store.to_possible_value() {
            command.args(["--secrets", value.get_name()]);
        }
    }
    command.args(["wait", run]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own: closing the terminal does not end it.
    command.process_group(0).spawn().map_err(failed)?;
    Ok(())
}
