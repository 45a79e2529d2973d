//! One function per command: builds the request, asks the engine, prints the answer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use patchbay_model::SystemClock;
use patchbay_model::problem::{Code, Problem, Subject};
use serde_json::{Value, json};

use crate::args::{
    Args, ChainCommand, Command, ConnectionCommand, Decision, Format, WorkspaceCommand,
};
use crate::engine::{Engine, data_dir};
use crate::{exit, input, print};

/// Runs the command and gives the exit code.
pub(crate) async fn run(args: &Args) -> Result<u8, Problem> {
    match &args.command {
        Command::Sandbox { port, state } => sandbox(args, *port, state.clone()).await,
        Command::Demo { sandbox } => demo(args, sandbox.as_deref()).await,
        Command::Restore { file } => restore(args, file).await,
        Command::Engine => stay(args).await,
        Command::Run {
            chain,
            input,
            dry_run,
            detach: true,
        } => detach(args, chain, input.as_deref(), *dry_run).await,
        _ => {
            let engine = Engine::open(args)?;
            let result = with_engine(args, &engine).await;
            engine.close().await;
            result
        }
    }
}

async fn with_engine(args: &Args, engine: &Engine) -> Result<u8, Problem> {
    let call =
        async |command: &str, request: Value| engine.call(&args.workspace, command, request).await;
    let show = |value: &Value, plain: &dyn Fn(&Value)| {
        if args.json {
            print::json(value)
        } else {
            plain(value)
        }
    };
    let raw = |value: &Value| print::json(value);
    match &args.command {
        Command::Workspace(command) => {
            let (name, request) = match command {
                WorkspaceCommand::Create { name } => ("workspace_create", json!({ "name": name })),
                WorkspaceCommand::List => ("workspace_list", json!({})),
                WorkspaceCommand::Delete { name } => ("workspace_delete", json!({ "name": name })),
            };
            show(
                &call(name, request).await?,
                &|value| match value["workspaces"].as_array() {
                    Some(names) => names.iter().filter_map(Value::as_str).for_each(print::line),
                    None => print::line(value["name"].as_str().unwrap_or_default()),
                },
            );
            Ok(exit::DONE)
        }
        Command::Catalogue {
            category,
            auth,
            ingestion,
            search,
        } => {
            let request = json!({ "category": category, "auth": auth, "ingestion": ingestion, "search": search });
            let found = call("catalogue_list", request).await?;
            show(&found, &|value| {
                let fields = [
                    ("Connector", "/id"),
                    ("Name", "/name"),
                    ("Category", "/category"),
                    ("Sign in", "/auth/0/label"),
                    ("Streams", "/streams"),
                    ("Actions", "/operations"),
                ];
                print::table(&value["connectors"], &fields);
            });
            Ok(exit::DONE)
        }
        Command::Validate { files } => validate(args, engine, files).await,
        Command::TestDescriptor { file, all } => {
            test_descriptor(args, engine, file.as_deref(), *all).await
        }
        Command::Connect {
            connector,
            name,
            auth,
            settings,
            secrets,
            allow_private,
        } => {
            let request = json!({
                "connector": connector, "name": name, "auth": auth,
                "config": input::pairs("set", settings)?, "secrets": input::secrets(secrets)?,
                "allowPrivate": allow_private,
            });
            let made = call("connection_create", request).await?;
            show(&made, &connected);
            Ok(exit::DONE)
        }
        Command::Connections {
            connector,
            state,
            offset,
            limit,
        } => {
            let request =
                json!({ "connector": connector, "state": state, "offset": offset, "limit": limit });
            show(&call("connection_list", request).await?, &|value| {
                let fields = [
                    ("Name", "/name"),
                    ("Connector", "/connector"),
                    ("State", "/state"),
                    ("Paused", "/paused"),
                    ("Account", "/account/label"),
                    ("Signals", "/signals"),
                    ("Problem", "/lastError/title"),
                ];
                print::table(&value["connections"], &fields);
                print::line(&format!("{} in all", value["total"]));
            });
            Ok(exit::DONE)
        }
        Command::Connection(command) => {
            let (name, request) = connection_request(command)?;
            let answer = call(name, request).await?;
            show(&answer, &raw);
            Ok(exit::DONE)
        }
        Command::Test { name } => {
            let answer = call("connection_test", json!({ "name": name })).await?;
            show(&answer, &connected);
            match serde_json::from_value::<Problem>(answer["test"]["problem"].clone()) {
                Ok(problem) => {
                    if !args.json {
                        print::note(&print::sentences(&problem));
                    }
                    Ok(exit::code(&problem))
                }
                Err(_) => Ok(exit::DONE),
            }
        }
        Command::Sync {
            name,
            stream,
            max_pages,
        } => {
            let request = json!({ "name": name, "stream": stream, "maxPages": max_pages });
            let answer = call("connection_sync", request).await?;
            show(&answer, &|value| {
                let fields = [
                    ("Stream", "/stream"),
                    ("Pages", "/pages"),
                    ("Items", "/items"),
                    ("New", "/new"),
                    ("Known", "/known"),
                    ("Put aside", "/quarantined"),
                ];
                print::table(&value["streams"], &fields);
            });
            let aside = answer["streams"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|s| s["quarantined"] != json!(0));
            Ok(if aside {
                exit::WITH_PROBLEMS
            } else {
                exit::DONE
            })
        }
        Command::Signals { connection, limit } => {
            let answer = call(
                "signal_list",
                json!({ "connection": connection, "limit": limit }),
            )
            .await?;
            show(&answer, &|value| {
                let fields = [
                    ("Time", "/timestamp"),
                    ("Type", "/signalType"),
                    ("Summary", "/summary"),
                ];
                print::table(&value["signals"], &fields);
            });
            Ok(exit::DONE)
        }
        Command::Get { name, path, query } => {
            let request =
                json!({ "name": name, "path": path, "query": input::pairs("query", query)? });
            show(&call("connection_get", request).await?, &raw);
            Ok(exit::DONE)
        }
        Command::Call {
            name,
            operation,
            params,
            dry_run,
        } => {
            let params = params
                .as_deref()
                .map(input::json)
                .transpose()?
                .unwrap_or_else(|| json!({}));
            let request = json!({ "name": name, "operation": operation, "params": params, "dryRun": dry_run });
            show(&call("operation_call", request).await?, &raw);
            Ok(exit::DONE)
        }
        Command::Chain(command) => chain(args, engine, command).await,
        Command::Run {
            chain,
            input,
            dry_run,
            ..
        } => {
            let input = input
                .as_deref()
                .map(input::json)
                .transpose()?
                .unwrap_or(Value::Null);
            let request = json!({ "chain": chain, "input": input, "dryRun": dry_run });
            let run = call("run_start", request).await?;
            report(args, &call("run_wait", json!({ "run": run["id"] })).await?)
        }
        Command::Wait { run } => report(args, &call("run_wait", json!({ "run": run })).await?),
        Command::Resolve {
            run,
            decision,
            step,
            item,
        } => {
            let decision = match decision {
                Decision::Happened => "happened",
                Decision::NotHappened => "not_happened",
                Decision::Undo => "undo",
            };
            let request = json!({ "run": run, "decision": decision, "step": step, "item": item });
            report(args, &call("run_resolve", request).await?)
        }
        Command::Stop { run, undo } => report(
            args,
            &call("run_stop", json!({ "run": run, "undo": undo })).await?,
        ),
        Command::Runs { offset, limit } => {
            let answer = call("run_list", json!({ "offset": offset, "limit": limit })).await?;
            show(&answer, &|value| {
                let fields = [
                    ("Run", "/id"),
                    ("Chain", "/chain"),
                    ("State", "/state"),
                    ("Asked for", "/createdAt"),
                ];
                print::table(&value["runs"], &fields);
                print::line(&format!("{} in all", value["total"]));
            });
            Ok(exit::DONE)
        }
        Command::Report { run, format } => {
            let format = format.unwrap_or(if args.json { Format::Json } else { Format::Md });
            let render = match format {
                Format::Json => None,
                Format::Md => Some("markdown"),
                Format::Html => Some("html"),
            };
            let answer = call("run_report", json!({ "run": run, "render": render })).await?;
            match answer["rendered"].as_str() {
                Some(text) => print::line(text.trim_end()),
                None => print::json(&answer["report"]),
            }
            Ok(exit::DONE)
        }
        Command::Health => {
            let answer = call("health", json!({})).await?;
            show(&answer, &|value| {
                print::line(&format!(
                    "Secrets: {}. Runs: {} active, {} need you.",
                    value["secrets"].as_str().unwrap_or_default(),
                    value["runsActive"],
                    value["runsNeedYou"]
                ));
                let fields = [
                    ("Connection", "/name"),
                    ("State", "/state"),
                    ("Calls 24 h", "/calls"),
                    ("Failed", "/failed"),
                    ("p95 ms", "/p95Ms"),
                    ("Problem", "/lastError/title"),
                ];
                print::table(&value["connections"], &fields);
            });
            let troubled = answer["connections"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|c| !c["lastError"].is_null())
                || answer["storage"]
                    .as_array()
                    .is_some_and(|notes| !notes.is_empty());
            Ok(if troubled {
                exit::WITH_PROBLEMS
            } else {
                exit::DONE
            })
        }
        Command::Backup { file } => {
            let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            show(&call("backup", json!({ "file": file })).await?, &raw);
            Ok(exit::DONE)
        }
        Command::Sandbox { .. }
        | Command::Demo { .. }
        | Command::Restore { .. }
        | Command::Engine => {
            Err(Problem::new(Code::Internal).detail("this command has an engine of its own"))
        }
    }
}

fn connected(value: &Value) {
    print::line(&format!(
        "{} is {}.",
        value["connection"]["name"].as_str().unwrap_or_default(),
        value["connection"]["state"].as_str().unwrap_or_default()
    ));
    for line in value["test"]["lines"].as_array().into_iter().flatten() {
        print::line(&format!(
            "  {:<8} {}",
            line["verdict"].as_str().unwrap_or_default(),
            line["text"].as_str().unwrap_or_default()
        ));
    }
}

fn connection_request(command: &ConnectionCommand) -> Result<(&'static str, Value), Problem> {
    Ok(match command {
        ConnectionCommand::Show { name } => ("connection_show", json!({ "name": name })),
        ConnectionCommand::Set {
            name,
            settings,
            allow_private,
        } => (
            "connection_set",
            json!({
                "name": name, "config": input::pairs("set", settings)?, "allowPrivate": allow_private,
            }),
        ),
        ConnectionCommand::Rename { name, new_name } => (
            "connection_rename",
            json!({ "name": name, "newName": new_name }),
        ),
        ConnectionCommand::Pause { name } => {
            ("connection_pause", json!({ "name": name, "paused": true }))
        }
        ConnectionCommand::Resume { name } => {
            ("connection_pause", json!({ "name": name, "paused": false }))
        }
        ConnectionCommand::ReplaceKey { name, secrets } => (
            "connection_replace_key",
            json!({ "name": name, "secrets": input::secrets(secrets)? }),
        ),
        ConnectionCommand::Disconnect { name, with_signals } => (
            "connection_disconnect",
            json!({ "name": name, "withSignals": with_signals }),
        ),
    })
}

async fn validate(args: &Args, engine: &Engine, files: &[PathBuf]) -> Result<u8, Problem> {
    let mut results = Vec::new();
    for file in files {
        let request = json!({ "file": file.display().to_string(), "text": input::text(file)? });
        results.push(
            engine
                .call(&args.workspace, "descriptor_validate", request)
                .await?,
        );
    }
    let valid = results.iter().all(|result| result["valid"] == json!(true));
    if args.json {
        print::json(&json!({ "valid": valid, "files": results }));
    } else {
        for result in &results {
            let problems: Vec<Problem> =
                serde_json::from_value(result["problems"].clone()).unwrap_or_default();
            if problems.is_empty() {
                print::line(&format!(
                    "{}: in order",
                    result["file"].as_str().unwrap_or_default()
                ));
            }
            for problem in &problems {
                print::line(&print::sentences(problem));
            }
        }
    }
    Ok(if valid { exit::DONE } else { exit::FAILED })
}

async fn test_descriptor(
    args: &Args,
    engine: &Engine,
    file: Option<&Path>,
    all: bool,
) -> Result<u8, Problem> {
    let files = match (file, all) {
        (Some(folder), true) => definitions(folder)?,
        (None, _) => definitions(Path::new("descriptors"))?,
        (Some(file), false) => vec![file.to_owned()],
    };
    let mut results = Vec::new();
    for file in files {
        let file = std::path::absolute(&file).unwrap_or(file);
        results.push(
            engine
                .call(&args.workspace, "descriptor_test", json!({ "file": file }))
                .await?,
        );
    }
    let failed: u64 = results
        .iter()
        .filter_map(|result| result["failed"].as_u64())
        .sum();
    if args.json {
        print::json(&json!({ "passed": failed == 0, "connectors": results }));
    } else {
        for result in &results {
            print::line(&format!(
                "{}: {} passed, {} failed",
                result["id"].as_str().unwrap_or_default(),
                result["passed"],
                result["failed"]
            ));
            for case in result["cases"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|c| c["passed"] == json!(false))
            {
                for message in case["messages"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                {
                    print::line(&format!(
                        "  {}: {message}",
                        case["name"].as_str().unwrap_or_default()
                    ));
                }
            }
        }
    }
    Ok(if failed == 0 {
        exit::DONE
    } else {
        exit::FAILED
    })
}

fn definitions(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let name = folder.display().to_string();
    let unreadable = |error: std::io::Error| {
        Problem::new(Code::NotFound)
            .with("item", format!("The folder \"{name}\""))
            .detail(error.to_string())
            .about(Subject::File {
                path: name.clone(),
                line: None,
                column: None,
                pointer: None,
            })
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .filter(|path| !path.to_string_lossy().ends_with(".schema.json"))
        .collect();
    files.sort();
    Ok(files)
}

async fn chain(args: &Args, engine: &Engine, command: &ChainCommand) -> Result<u8, Problem> {
    let call = async |name: &str, request: Value| engine.call(&args.workspace, name, request).await;
    match command {
        ChainCommand::Import { file } => {
            let request =
                json!({ "chain": input::json(file)?, "file": file.display().to_string() });
            let saved = call("chain_import", request).await?;
            if args.json {
                print::json(&saved);
            } else {
                print::line(&format!(
                    "\"{}\" saved as version {}.",
                    saved["name"].as_str().unwrap_or_default(),
                    saved["version"]
                ));
                for field in saved["matched"].as_array().into_iter().flatten() {
                    print::line(&format!(
                        "  {} {} ← {} ({} of 100: {})",
                        field["step"].as_str().unwrap_or_default(),
                        field["target"].as_str().unwrap_or_default(),
                        field["source"]["path"].as_str().unwrap_or("…"),
                        field["confidence"],
                        field["reason"].as_str().unwrap_or_default()
                    ));
                }
                print::findings(&saved["findings"]);
            }
            let blocked = saved["findings"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|f| f["level"] == json!("blocker"));
            Ok(if blocked {
                exit::WITH_PROBLEMS
            } else {
                exit::DONE
            })
        }
        ChainCommand::Export { chain } => {
            let version = call("chain_export", json!({ "chain": chain })).await?;
            print::json(&version["chain"]);
            Ok(exit::DONE)
        }
        ChainCommand::List => {
            let answer = call("chain_list", json!({})).await?;
            if args.json {
                print::json(&answer);
            } else {
                let fields = [
                    ("Name", "/name"),
                    ("Id", "/id"),
                    ("Version", "/version"),
                    ("Steps", "/steps"),
                    ("Last run", "/lastRun"),
                ];
                print::table(&answer["chains"], &fields);
            }
            Ok(exit::DONE)
        }
        ChainCommand::Check { chain } => {
            let answer = call("chain_check", json!({ "chain": chain })).await?;
            if args.json {
                print::json(&answer)
            } else {
                print::findings(&answer["findings"])
            }
            Ok(if answer["ready"] == json!(true) {
                exit::DONE
            } else {
                exit::NEEDS_YOU
            })
        }
        ChainCommand::Delete { chain } => {
            let answer = call("chain_delete", json!({ "chain": chain })).await?;
            if args.json {
                print::json(&answer)
            } else {
                print::line("Deleted. Its runs stay.")
            }
            Ok(exit::DONE)
        }
    }
}

/// Prints a report and gives the exit code of its run.
fn report(args: &Args, report: &Value) -> Result<u8, Problem> {
    if args.json {
        print::json(report);
    } else {
        print_report(report)?;
    }
    Ok(exit::of_state(report["state"].as_str().unwrap_or_default()))
}

fn print_report(report: &Value) -> Result<(), Problem> {
    let report = serde_json::from_value(report.clone())
        .map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
    print::line(patchbay_api::runs::markdown(&report).trim_end());
    Ok(())
}

async fn demo(args: &Args, sandbox: Option<&str>) -> Result<u8, Problem> {
    let engine = Engine::own(args)?;
    let result = patchbay_api::demo::demo(engine.hub()?, &args.workspace, sandbox).await;
    engine.close().await;
    let demo = result?;
    let value = serde_json::to_value(&demo)
        .map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
    if args.json {
        print::json(&value);
    } else {
        if demo.resumed {
            print::line("Taken up where the last start left it.\n");
        }
        for field in &demo.matched {
            print::line(&format!(
                "Matched {} by itself: {}.",
                field.target, field.reason
            ));
        }
        print::line("");
        print_report(&value["report"])?;
    }
    Ok(exit::of_state(value["state"].as_str().unwrap_or_default()))
}

async fn restore(args: &Args, file: &Path) -> Result<u8, Problem> {
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
async fn stay(args: &Args) -> Result<u8, Problem> {
    let engine = Engine::own(args)?;
    let runs = engine
        .hub()?
        .workspace(&args.workspace)
        .await?
        .take_up_runs()
        .await?;
    if args.json {
        print::line(&json!({ "ready": true, "runs": runs }).to_string());
    } else {
        print::line(&format!(
            "The engine runs; {runs} runs go on. End it with Ctrl-C."
        ));
    }
    wait_for_end().await;
    engine.close().await;
    Ok(exit::DONE)
}

/// Until Ctrl-C.
async fn wait_for_end() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "Ctrl-C cannot be noticed");
        std::future::pending::<()>().await;
    }
}

/// Runs the pretend tools until the process is ended. The first line of output says where they are.
async fn sandbox(args: &Args, port: u16, state: Option<PathBuf>) -> Result<u8, Problem> {
    let options = patchbay_api::sandbox::SandboxOptions {
        port,
        state_dir: state,
    };
    let sandbox = patchbay_api::sandbox::Sandbox::start(options, Arc::new(SystemClock::new()))
        .await
        .map_err(Problem::from)?;
    let access = sandbox.access();
    if args.json {
        print::line(
            &json!({ "url": format!("http://{}", sandbox.addr()), "access": access }).to_string(),
        );
    } else {
        print::line(&format!(
            "The sandbox is at http://{}. End it with Ctrl-C.",
            sandbox.addr()
        ));
        print::line(&format!(
            "  Sandbox Tracker {}  token {}",
            access.tracker_url, access.tracker_token
        ));
        print::line(&format!(
            "  Sandbox Chat    {}  key {}",
            access.chat_url, access.chat_key
        ));
    }
    wait_for_end().await;
    sandbox.stop().await;
    Ok(exit::DONE)
}

/// Writes the run down and leaves it to a process in the background, which owns the data folder
/// until the run ends. Where an engine runs already, it is asked to do it.
async fn detach(
    args: &Args,
    chain: &str,
    input: Option<&Path>,
    dry_run: bool,
) -> Result<u8, Problem> {
    let input = input.map(input::json).transpose()?.unwrap_or(Value::Null);
    let engine = Engine::open(args)?;
    let own = matches!(engine, Engine::Own { .. });
    let request = json!({ "chain": chain, "input": input, "dryRun": dry_run, "queueOnly": own });
    let result = engine.call(&args.workspace, "run_start", request).await;
    engine.close().await;
    let run = result?;
    if own {
        if args.secrets == Some(crate::args::Secrets::Memory) {
            return Err(Problem::new(Code::InputInvalid)
                .with("field", "\"--detach\"")
                .with("message", "Keys kept in memory are gone when this command ends. Use the keyring or a passphrase."));
        }
        background(args, run["id"].as_str().unwrap_or_default())?;
    }
    if args.json {
        print::json(&run);
    } else {
        print::line(&format!(
            "Run {} goes on in the background.",
            run["id"].as_str().unwrap_or_default()
        ));
    }
    Ok(exit::DONE)
}

fn background(args: &Args, run: &str) -> Result<(), Problem> {
    use std::os::unix::process::CommandExt;
    use std::process::Stdio;
    let failed = |error: std::io::Error| Problem::new(Code::Internal).detail(error.to_string());
    let mut command = std::process::Command::new(std::env::current_exe().map_err(failed)?);
    command
        .arg("--data-dir")
        .arg(data_dir(args)?)
        .args(["--workspace", &args.workspace]);
    if let Some(store) = args.secrets {
        use clap::ValueEnum;
        if let Some(value) = store.to_possible_value() {
            command.args(["--secrets", value.get_name()]);
        }
    }
    command
        .args(["wait", run])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // A group of its own: closing the terminal does not end it.
    command.process_group(0).spawn().map_err(failed)?;
    Ok(())
}
