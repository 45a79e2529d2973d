//! One function per command: builds the request, asks the engine, prints the answer.

use patchbay_model::problem::{Code, Problem};
use serde_json::{Value, json};

use crate::args::{Args, ChainCommand, Command, ConnectionCommand, Decision, Format, WorkspaceCommand, YesNo};
use crate::descriptors::{begin, descriptor, explained, test_descriptor, validate};
use crate::engine::Engine;
use crate::processes::{demo, detach, restore, sandbox, stay};
use crate::serve::serve;
use crate::{exit, figures, input, print, sign_in};

/// Runs the command and gives the exit code.
pub(crate) async fn run(args: &Args) -> Result<u8, Problem> {
    match &args.command {
        Command::Sandbox { port, state } => sandbox(args, *port, state.clone()).await,
        Command::Demo { sandbox } => demo(args, sandbox.as_deref()).await,
        Command::Restore { file } => restore(args, file).await,
        Command::Engine => stay(args).await,
        Command::Serve { port } => serve(args, *port).await,
        Command::Run { chain, input, dry_run, detach: true, .. } => {
            detach(args, chain, input.as_deref(), *dry_run).await
        }
        _ => {
            let mut tries = 0;
            loop {
                let engine = Engine::open(args).await?;
                let anothers = matches!(engine, Engine::Other { .. });
                let result = with_engine(args, &engine).await;
                engine.close().await;
                // The process that worked on the run ended while we waited: we go on with it.
                let ended = matches!(&result, Err(problem) if problem.code() == Code::InUse);
                tries += 1;
                if !(ended && anothers && tries < 5 && matches!(args.command, Command::Wait { .. })) {
                    return result;
                }
            }
        }
    }
}

async fn with_engine(args: &Args, engine: &Engine) -> Result<u8, Problem> {
    let call = async |command: &str, request: Value| engine.call(&args.workspace, command, request).await;
    let show = |value: &Value, plain: &dyn Fn(&Value)| {
        if args.json { print::json(value) } else { plain(value) }
    };
    let raw = |value: &Value| print::json(value);
    match &args.command {
        Command::Workspace(command) => {
            let (name, request) = match command {
                WorkspaceCommand::Create { name } => ("workspace_create", json!({ "name": name })),
                WorkspaceCommand::List => ("workspace_list", json!({})),
                WorkspaceCommand::Delete { name } => ("workspace_delete", json!({ "name": name })),
            };
            show(&call(name, request).await?, &|value| match value["workspaces"].as_array() {
                Some(names) => names.iter().filter_map(Value::as_str).for_each(print::line),
                None => print::line(value["name"].as_str().unwrap_or_default()),
            });
            Ok(exit::DONE)
        }
        Command::Catalogue { category, auth, ingestion, search } => {
            let request =
                json!({ "category": category, "auth": auth, "ingestion": ingestion, "search": search });
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
        Command::NewDescriptor { id, folder } => begin(args, id, folder),
        Command::Validate { files } => validate(args, engine, files).await,
        Command::TestDescriptor { file, all } => test_descriptor(args, engine, file.as_deref(), *all).await,
        Command::Descriptor(command) => descriptor(args, engine, command).await,
        Command::Connect(new) => {
            show(&sign_in::connect(args, engine, new).await?, &connected);
            Ok(exit::DONE)
        }
        Command::Connection(ConnectionCommand::Approve { name, origins, sign_in, allow_private })
            if !origins.is_empty() =>
        {
            let shown = call("approval_show", json!({ "name": name })).await?;
            let changes = if *sign_in { shown["changes"].clone() } else { json!([]) };
            let request = json!({
                "name": name, "origins": origins, "changes": changes, "allowPrivate": allow_private,
            });
            show(&call("connection_approve", request).await?, &raw);
            Ok(exit::DONE)
        }
        Command::Connection(ConnectionCommand::Reconnect { name, again }) => {
            let made = sign_in::reconnect(args, engine, name, again).await?;
            show(&made, &connected);
            Ok(exit::DONE)
        }
        Command::Connections { connector, state, offset, limit } => {
            let request = json!({ "connector": connector, "state": state, "offset": offset, "limit": limit });
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
            if let Some((name, request)) = crate::jobs::stream_request(command) {
                show(&call(name, request).await?, &crate::jobs::streams);
            } else if let Some((name, request)) = connection_request(command)? {
                show(&call(name, request).await?, &raw);
            }
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
        Command::Sync { name, stream, max_pages, explain: true, .. } => {
            let request = json!({ "connection": name, "stream": stream, "maxPages": max_pages });
            let answer = call("descriptor_try", request).await?;
            show(&answer, &explained);
            match serde_json::from_value::<Problem>(answer["problem"].clone()) {
                Ok(problem) => {
                    if !args.json {
                        print::note(&print::sentences(&problem));
                    }
                    Ok(exit::code(&problem))
                }
                Err(_) => Ok(exit::DONE),
            }
        }
        Command::Sync { name, stream, background: true, .. } => {
            let answer = call("sync_now", json!({ "name": name, "stream": stream })).await?;
            show(&answer, &crate::jobs::streams);
            Ok(exit::DONE)
        }
        Command::Settings(command) => crate::settings::settings(args, engine, command).await,
        Command::Jobs(command) => crate::jobs::jobs(args, engine, command).await,
        Command::Sync { name, stream, max_pages, .. } => {
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
            let aside =
                answer["streams"].as_array().into_iter().flatten().any(|s| s["quarantined"] != json!(0));
            Ok(if aside { exit::WITH_PROBLEMS } else { exit::DONE })
        }
        Command::Signals { connection, search, limit } => {
            let answer = match search {
                Some(text) => {
                    let request = json!({ "filter": { "text": text }, "limit": (*limit).min(200) });
                    call("signal_search", request).await?
                }
                None => call("signal_list", json!({ "connection": connection, "limit": limit })).await?,
            };
            show(&answer, &|value| {
                let fields = [("Time", "/timestamp"), ("Type", "/signalType"), ("Summary", "/summary")];
                print::table(&value["signals"], &fields);
            });
            Ok(exit::DONE)
        }
        Command::Get { name, path, query } => {
            let request = json!({ "name": name, "path": path, "query": input::pairs("query", query)? });
            show(&call("connection_get", request).await?, &raw);
            Ok(exit::DONE)
        }
        Command::Call { name, operation, params, dry_run } => {
            let params = params.as_deref().map(input::json).transpose()?.unwrap_or_else(|| json!({}));
            let request = json!({ "name": name, "operation": operation, "params": params, "dryRun": dry_run });
            show(&call("operation_call", request).await?, &raw);
            Ok(exit::DONE)
        }
        Command::Chain(command) => chain(args, engine, command).await,
        Command::Run { chain, input, dry_run, items, without, plan, .. } => {
            let input = input.as_deref().map(input::json).transpose()?.unwrap_or(Value::Null);
            let request = json!({ "chain": chain, "input": input, "dryRun": dry_run, "items": items, "without": without, "plan": plan });
            let run = call("run_start", request).await?;
            report(args, &call("run_wait", json!({ "run": run["id"] })).await?)
        }
        Command::Again { runs, input, latest } => {
            let input = input.as_deref().map(input::json).transpose()?;
            let request = json!({ "runs": runs, "input": input, "latest": latest });
            let started = call("run_again", request).await?;
            let mut worst = exit::DONE;
            for run in started["runs"].as_array().into_iter().flatten() {
                worst = worst.max(report(args, &call("run_wait", json!({ "run": run["id"] })).await?)?);
            }
            Ok(worst)
        }
        Command::RunFailed { run } => {
            let run = call("run_failed", json!({ "run": run })).await?;
            report(args, &call("run_wait", json!({ "run": run["id"] })).await?)
        }
        Command::RunFrom { run, step } => {
            let run = call("run_from_step", json!({ "run": run, "step": step })).await?;
            report(args, &call("run_wait", json!({ "run": run["id"] })).await?)
        }
        Command::Answer { run, answer, step, item } => {
            let approved = *answer == YesNo::Yes;
            let request = json!({ "run": run, "approved": approved, "step": step, "item": item });
            report(args, &call("run_answer", request).await?)
        }
        Command::Waits { run } => {
            show(&call("run_waits", json!({ "run": run })).await?, &|value| {
                let fields = [
                    ("Step", "/name"),
                    ("Item", "/item"),
                    ("Connection", "/connection"),
                    ("Address", "/address"),
                    ("Until", "/until"),
                ];
                print::table(&value["waits"], &fields);
            });
            Ok(exit::DONE)
        }
        Command::Pause { run } => report(args, &call("run_pause", json!({ "run": run })).await?),
        Command::Resume { run } => {
            let run = call("run_resume", json!({ "run": run })).await?;
            report(args, &call("run_wait", json!({ "run": run["id"] })).await?)
        }
        Command::Wait { run } => report(args, &call("run_wait", json!({ "run": run })).await?),
        Command::Resolve { run, decision, step, item } => {
            let decision = match decision {
                Decision::Happened => "happened",
                Decision::NotHappened => "not_happened",
                Decision::Undo => "undo",
            };
            let request = json!({ "run": run, "decision": decision, "step": step, "item": item });
            report(args, &call("run_resolve", request).await?)
        }
        Command::Undo { run, again, all, by_hand, step, item } => {
            let run = if *again || *by_hand {
                let request = json!({ "run": run, "step": step, "item": item, "byHand": by_hand, "all": all });
                call("run_undo_again", request).await?
            } else {
                call("run_undo", json!({ "run": run })).await?
            };
            report(args, &call("run_wait", json!({ "run": run["id"] })).await?)
        }
        Command::Stop { run, undo } => {
            // What waits to be undone is waited for here too.
            let stopped = call("run_stop", json!({ "run": run, "undo": undo })).await?;
            report(args, &call("run_wait", json!({ "run": stopped["run"] })).await?)
        }
        Command::Runs { offset, limit } => {
            let answer = call("run_list", json!({ "offset": offset, "limit": limit })).await?;
            show(&answer, &|value| {
                let mut value = value.clone();
                let interrupted = name_interrupted(&mut value);
                let fields =
                    [("Run", "/id"), ("Chain", "/chain"), ("State", "/state"), ("Asked for", "/createdAt")];
                print::table(&value["runs"], &fields);
                print::line(&format!("{} in all", value["total"]));
                if interrupted > 0 {
                    print::note(&format!(
                        "{interrupted} interrupted, nothing lost: `patchbay-cli wait RUN` goes on with one, \
                         `patchbay-cli engine` with all."
                    ));
                }
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
        Command::Health { range, check } => crate::health::health(args, engine, range, *check).await,
        Command::Audit { .. } => crate::health::audit(args, engine).await,
        Command::Webhook(command) => crate::webhooks::webhook(args, engine, command).await,
        Command::Gateway(command) => crate::webhooks::gateway(args, engine, command).await,
        Command::Network(command) => crate::network::network(args, engine, command).await,
        Command::Secrets(command) => crate::secrets::secrets(args, engine, command).await,
        Command::Export { file, with_secrets } => {
            crate::secrets::export(args, engine, file, with_secrets.as_deref()).await
        }
        Command::Import { file, passphrase, apply } => {
            crate::secrets::import(args, engine, file, passphrase.as_deref(), *apply).await
        }
        Command::Backup { file } => {
            let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            show(&call("backup", json!({ "file": file })).await?, &raw);
            Ok(exit::DONE)
        }
        Command::Sandbox { .. }
        | Command::Demo { .. }
        | Command::Restore { .. }
        | Command::Engine
        | Command::Serve { .. } => {
            Err(Problem::new(Code::Internal).detail("this command has an engine of its own"))
        }
    }
}

/// Says of runs that nobody works on that they are interrupted, and how many they are.
fn name_interrupted(answer: &mut Value) -> usize {
    let runs = answer["runs"].as_array_mut().into_iter().flatten();
    let interrupted = runs.filter(|run| run["interrupted"] == json!(true));
    interrupted.map(|run| run["state"] = json!("interrupted")).count()
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

/// None for what takes more than one request.
fn connection_request(command: &ConnectionCommand) -> Result<Option<(&'static str, Value)>, Problem> {
    Ok(Some(match command {
        ConnectionCommand::Show { name } => ("connection_show", json!({ "name": name })),
        ConnectionCommand::Set { name, settings, allow_private } => (
            "connection_set",
            json!({
                "name": name, "config": input::pairs("set", settings)?, "allowPrivate": allow_private,
            }),
        ),
        ConnectionCommand::Rename { name, new_name } => {
            ("connection_rename", json!({ "name": name, "newName": new_name }))
        }
        ConnectionCommand::Pause { name } => ("connection_pause", json!({ "name": name, "paused": true })),
        ConnectionCommand::Resume { name } => ("connection_pause", json!({ "name": name, "paused": false })),
        ConnectionCommand::ReplaceKey { name, secrets } => {
            ("connection_replace_key", json!({ "name": name, "secrets": input::secrets(secrets)? }))
        }
        ConnectionCommand::Approve { name, .. } => ("approval_show", json!({ "name": name })),
        ConnectionCommand::Disconnect { name, with_signals } => {
            ("connection_disconnect", json!({ "name": name, "withSignals": with_signals }))
        }
        ConnectionCommand::Reconnect { .. }
        | ConnectionCommand::Streams { .. }
        | ConnectionCommand::Stream(_)
        | ConnectionCommand::CancelSync { .. } => return Ok(None),
    }))
}

async fn chain(args: &Args, engine: &Engine, command: &ChainCommand) -> Result<u8, Problem> {
    let call = async |name: &str, request: Value| engine.call(&args.workspace, name, request).await;
    match command {
        ChainCommand::Import { file, uses, replace, keep_both, show } => {
            let document = input::json(file)?;
            let name = file.display().to_string();
            let shared = document.get("shared").is_some();
            if *show || (shared && !args.json) {
                let shown = call("chain_preview", json!({ "chain": document, "file": name })).await?;
                if args.json { print::json(&shown) } else { print::chain_preview(&shown) }
            }
            if *show {
                return Ok(exit::DONE);
            }
            let connections = input::pairs("use", uses)?;
            let taken = if *replace { Some("replace") } else { keep_both.then_some("keep_both") };
            let request =
                json!({ "chain": document, "file": name, "connections": connections, "taken": taken });
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
            let blocked =
                saved["findings"].as_array().into_iter().flatten().any(|f| f["level"] == json!("blocker"));
            Ok(if blocked { exit::WITH_PROBLEMS } else { exit::DONE })
        }
        ChainCommand::Export { chain, with_names: true } => {
            let version = call("chain_export", json!({ "chain": chain })).await?;
            print::json(&version["chain"]);
            Ok(exit::DONE)
        }
        ChainCommand::Export { chain, with_names: false } => {
            let shared = call("chain_share", json!({ "chain": chain })).await?;
            print::json(&shared["document"]);
            Ok(exit::DONE)
        }
        ChainCommand::Templates { id } => {
            let answer = call("template_list", json!({})).await?;
            let all = answer["templates"].as_array().cloned().unwrap_or_default();
            match id {
                Some(id) => {
                    let found = all.iter().find(|template| template["id"] == json!(id)).ok_or_else(|| {
                        Problem::new(Code::NotFound).with("item", format!("The template \"{id}\""))
                    })?;
                    print::json(&found["document"]);
                }
                None if args.json => print::json(&answer),
                None => {
                    let fields = [("Id", "/id"), ("Name", "/preview/name"), ("About", "/preview/description")];
                    print::table(&answer["templates"], &fields);
                }
            }
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
                    ("Starts", "/starts"),
                    ("On", "/on"),
                    ("Last run", "/lastRun"),
                ];
                print::table(&answer["chains"], &fields);
            }
            Ok(exit::DONE)
        }
        ChainCommand::Figures { chain, range } => figures::show(args, engine, chain, range).await,
        ChainCommand::Check { chain, without } => {
            let answer = call("chain_check", json!({ "chain": chain, "without": without })).await?;
            if args.json {
                print::json(&answer)
            } else {
                print::findings(&answer["findings"]);
                if let Some(plan) = answer["plan"].as_str() {
                    print::line(&format!("Plan {plan}"));
                }
            }
            Ok(if answer["ready"] == json!(true) { exit::DONE } else { exit::NEEDS_YOU })
        }
        ChainCommand::Publish { chain, number } => {
            let answer = call("chain_publish", json!({ "chain": chain, "version": number })).await?;
            Ok(print::at_work(args.json, &answer))
        }
        ChainCommand::On { chain } => {
            let answer = call("chain_switch", json!({ "chain": chain, "on": true })).await?;
            Ok(print::at_work(args.json, &answer))
        }
        ChainCommand::Off { chain } => {
            let answer = call("chain_switch", json!({ "chain": chain, "on": false })).await?;
            Ok(print::at_work(args.json, &answer))
        }
        ChainCommand::Versions { chain } => {
            let answer = call("chain_versions", json!({ "chain": chain })).await?;
            if args.json {
                print::json(&answer);
            } else {
                print::versions(&answer["versions"]);
            }
            Ok(exit::DONE)
        }
        ChainCommand::Events { chain } => {
            let answer = call("chain_firings", json!({ "chain": chain })).await?;
            if args.json {
                print::json(&answer);
            } else {
                let fields = [("When", "/at"), ("Kind", "/kind"), ("Result", "/result"), ("Run", "/run")];
                print::table(&answer["firings"], &fields);
            }
            Ok(exit::DONE)
        }
        ChainCommand::Test { files, document } => {
            crate::chain_tests::test(args, engine, files, document.as_deref()).await
        }
        ChainCommand::SaveTest { run, file } => {
            crate::chain_tests::save(args, engine, run, file.as_deref()).await
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

pub(crate) fn print_report(report: &Value) -> Result<(), Problem> {
    let report = serde_json::from_value(report.clone())
        .map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
    print::line(patchbay_api::runs::markdown(&report).trim_end());
    Ok(())
}
