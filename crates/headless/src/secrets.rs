//! Looking after the keys, and what leaves and enters as a file.

use std::path::Path;

use patchbay_model::problem::Problem;
use serde_json::{Value, json};

use crate::args::{Args, MoveTo, SecretsCommand};
use crate::engine::Engine;
use crate::{exit, input, print};

pub(crate) async fn secrets(args: &Args, engine: &Engine, command: &SecretsCommand) -> Result<u8, Problem> {
    let call = async |name: &str, request: Value| engine.call(&args.workspace, name, request).await;
    let word = |file: &Path| input::passphrase(file);
    let answer = match command {
        SecretsCommand::Status => call("secrets_status", json!({})).await?,
        SecretsCommand::Unlock { passphrase } => {
            call("secrets_unlock", json!({ "passphrase": word(passphrase)? })).await?
        }
        SecretsCommand::Lock => call("secrets_lock", json!({})).await?,
        SecretsCommand::Set { lock_after, remind_after } => {
            let request = json!({ "lockAfterMinutes": lock_after, "remindAfterDays": remind_after });
            call("secrets_set", request).await?
        }
        SecretsCommand::Move { to, new_passphrase } => {
            let to = match to {
                MoveTo::Keyring => "keyring",
                MoveTo::Passphrase => "passphrase",
            };
            let passphrase = match (new_passphrase, to) {
                (Some(file), _) => Some(input::new_passphrase(file)?),
                (None, "passphrase") if input::is_typed() => Some(input::typed_twice()?),
                (None, _) => None,
            };
            call("secrets_move", json!({ "to": to, "passphrase": passphrase })).await?
        }
        SecretsCommand::Rotate => {
            let answer = call("secrets_rotate", json!({})).await?;
            said(args, &answer, &format!("{} secrets are sealed with another key.", answer["credentials"]));
            return Ok(if answer["lost"] == json!(0) { exit::DONE } else { exit::WITH_PROBLEMS });
        }
        SecretsCommand::ChangePassphrase { current, new_passphrase } => {
            let (current, new) = input::both_passphrases(current, new_passphrase)?;
            let request = json!({ "current": current, "new": new });
            let answer = call("secrets_change_passphrase", request).await?;
            let line =
                "The passphrase is another one now. Where PATCHBAY_PASSPHRASE is set, it is to be changed too.";
            said(args, &answer, line);
            return Ok(exit::DONE);
        }
        SecretsCommand::ForgetAll { .. } => {
            let answer = call("secrets_forget_all", json!({})).await?;
            let line = format!("All keys are gone. {} connections ask for theirs.", answer["connections"]);
            said(args, &answer, &line);
            if !args.json {
                let fields = [
                    ("Connection", "/connection"),
                    ("Tool", "/tool"),
                    ("At the service", "/there"),
                    ("Why", "/problem/title"),
                ];
                print::table(&answer["ended"], &fields);
            }
            let left =
                answer["ended"].as_array().into_iter().flatten().any(|one| one["there"] == json!("failed"));
            return Ok(if left { exit::WITH_PROBLEMS } else { exit::DONE });
        }
    };
    if args.json {
        print::json(&answer);
        return Ok(exit::DONE);
    }
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    print::line(&format!("Kept in: {}. State: {}.", text("store"), text("state")));
    print::table(
        &answer["secrets"],
        &[("Connection", "/connection"), ("Key set", "/setAt"), ("Days", "/days"), ("Old", "/old")],
    );
    Ok(exit::DONE)
}

pub(crate) async fn export(
    args: &Args,
    engine: &Engine,
    file: &Path,
    with_secrets: Option<&Path>,
) -> Result<u8, Problem> {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let passphrase = with_secrets.map(input::new_passphrase).transpose()?;
    let request = json!({ "file": file, "passphrase": passphrase });
    let answer = engine.call(&args.workspace, "export_make", request).await?;
    let what = if answer["sealed"] == json!(true) { "with sealed secrets" } else { "without secrets" };
    let line = format!(
        "{} connections and {} chains, {what}, are in {}. It was read again and is whole.",
        answer["connections"],
        answer["chains"],
        file.display()
    );
    said(args, &answer, &line);
    Ok(exit::DONE)
}

pub(crate) async fn import(
    args: &Args,
    engine: &Engine,
    file: &Path,
    passphrase: Option<&Path>,
    apply: bool,
) -> Result<u8, Problem> {
    let request = json!({
        "text": input::text(file)?, "passphrase": passphrase.map(input::passphrase).transpose()?, "apply": apply,
    });
    let answer = engine.call(&args.workspace, "import_take", request).await?;
    if args.json {
        print::json(&answer);
    } else {
        let fields = [
            ("Connection", "/name"),
            ("Connector", "/connector"),
            ("Taken", "/taken"),
            ("Needs key", "/needsKey"),
            ("To approve", "/toApprove"),
            ("Problem", "/problem/title"),
        ];
        print::table(&answer["connections"], &fields);
        print::table(
            &answer["chains"],
            &[("Chain", "/name"), ("Taken", "/taken"), ("Problem", "/problem/title")],
        );
        if !apply {
            print::line("Nothing has changed. Add --apply to take it in.");
        }
    }
    let refused = ["connections", "chains"]
        .iter()
        .any(|part| answer[*part].as_array().into_iter().flatten().any(|one| one["taken"] == json!("refused")));
    Ok(if refused { exit::WITH_PROBLEMS } else { exit::DONE })
}

fn said(args: &Args, answer: &Value, line: &str) {
    if args.json { print::json(answer) } else { print::line(line) }
}
