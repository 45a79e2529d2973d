//! Webhooks of connections, and the gateway that takes them.

use std::path::PathBuf;

use clap::Subcommand;
use patchbay_model::problem::Problem;
use serde_json::{Value, json};

use crate::args::Args;
use crate::engine::Engine;
use crate::{exit, input, print};

/// What to do with a connection's webhook.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Show the address, the secret's state, and what came.
    Show {
        /// The connection.
        name: String,
    },
    /// Take what the tool sends.
    Enable {
        /// The connection.
        name: String,
    },
    /// Take nothing any more. The address stays.
    Disable {
        /// The connection.
        name: String,
    },
    /// Set the secret: a new one, shown this once, or the one that the tool's pages show.
    Secret {
        /// The connection.
        name: String,
        /// The tool's own secret: in this file, or from standard input for -.
        #[arg(long, value_name = "FILE|-")]
        from: Option<PathBuf>,
        /// For how many hours the secret before it holds too.
        #[arg(long, value_name = "HOURS")]
        keep_previous: Option<u32>,
        /// Let the secret before the current one hold no longer; set no other.
        #[arg(long, conflicts_with_all = ["from", "keep_previous"])]
        end_previous: bool,
    },
    /// Wait ten minutes for the tool to bring its secret.
    Wait {
        /// The connection.
        name: String,
    },
    /// Show the secret that the tool has just brought, where its pages ask for it.
    Captured {
        /// The connection.
        name: String,
    },
    /// Send a test event through the gateway. Nothing of it is kept.
    Test {
        /// The connection.
        name: String,
    },
    /// Ask the tool to send here, where it can be asked by calls.
    Subscribe {
        /// The connection.
        name: String,
    },
    /// Ask the tool to send no more.
    Unsubscribe {
        /// The connection.
        name: String,
    },
    /// Give it another address: what is sent to the one before is refused.
    NewAddress {
        /// The connection.
        name: String,
    },
}

/// What to do with the webhook gateway.
#[derive(Debug, Subcommand)]
pub(crate) enum GatewayCommand {
    /// Show where it listens, or why it does not.
    Show,
    /// Change its settings.
    Set {
        /// Let it listen while a connection's webhook is on.
        #[arg(long)]
        enabled: Option<bool>,
        /// The port on this computer.
        #[arg(long)]
        port: Option<u16>,
        /// The address of your own tunnel, such as https://hooks.example.com; empty for none.
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
    },
}

pub(crate) async fn webhook(args: &Args, engine: &Engine, command: &WebhookCommand) -> Result<u8, Problem> {
    let call = async |name: &str, request: Value| engine.call(&args.workspace, name, request).await;
    let answer = match command {
        WebhookCommand::Show { name } => call("webhook_show", json!({ "name": name })).await?,
        WebhookCommand::Enable { name } => {
            call("webhook_enable", json!({ "name": name, "enabled": true })).await?
        }
        WebhookCommand::Disable { name } => {
            call("webhook_enable", json!({ "name": name, "enabled": false })).await?
        }
        WebhookCommand::Secret { name, end_previous: true, .. } => {
            call("webhook_end_previous", json!({ "name": name })).await?
        }
        WebhookCommand::Secret { name, from, keep_previous, .. } => {
            let secret = from.as_deref().map(input::passphrase).transpose()?;
            let request = json!({ "name": name, "secret": secret, "keepPreviousHours": keep_previous });
            let answer = call("webhook_secret", request).await?;
            if args.json {
                print::json(&answer);
            } else if let Some(made) = answer["made"].as_str() {
                print::line("Enter this secret on the tool's pages. It is not shown again:");
                print::line(made);
            } else {
                print::line("The secret is kept.");
            }
            return Ok(exit::DONE);
        }
        WebhookCommand::Wait { name } => call("webhook_wait", json!({ "name": name })).await?,
        WebhookCommand::Captured { name } => {
            let answer = call("webhook_captured", json!({ "name": name })).await?;
            if args.json {
                print::json(&answer);
            } else {
                print::line("Enter this secret on the tool's pages:");
                print::line(answer["secret"].as_str().unwrap_or_default());
            }
            return Ok(exit::DONE);
        }
        WebhookCommand::Subscribe { name } => call("webhook_subscribe", json!({ "name": name })).await?,
        WebhookCommand::Unsubscribe { name } => call("webhook_unsubscribe", json!({ "name": name })).await?,
        WebhookCommand::NewAddress { name } => call("webhook_new_address", json!({ "name": name })).await?,
        WebhookCommand::Test { name } => {
            let answer = call("webhook_test", json!({ "name": name })).await?;
            let accepted = answer["accepted"] == json!(true);
            if args.json {
                print::json(&answer);
            } else if accepted {
                print::line(&format!("It came in. {} signals would come of it.", answer["signals"]));
                for line in answer["summaries"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    print::line(&format!("  {line}"));
                }
            } else {
                print::line(&format!("It was refused with {}.", answer["status"]));
            }
            return Ok(if accepted { exit::DONE } else { exit::WITH_PROBLEMS });
        }
    };
    if args.json {
        print::json(&answer);
    } else {
        shown(&answer);
    }
    Ok(exit::DONE)
}

pub(crate) async fn gateway(args: &Args, engine: &Engine, command: &GatewayCommand) -> Result<u8, Problem> {
    let answer = match command {
        GatewayCommand::Show => engine.call(&args.workspace, "gateway_show", json!({})).await?,
        GatewayCommand::Set { enabled, port, public_url } => {
            let request = json!({ "enabled": enabled, "port": port, "publicUrl": public_url });
            engine.call(&args.workspace, "gateway_set", request).await?
        }
    };
    if args.json {
        print::json(&answer);
    } else {
        listening(&answer);
    }
    Ok(exit::DONE)
}

fn listening(gateway: &Value) {
    let line = match (gateway["listening"].as_str(), gateway["problem"]["title"].as_str()) {
        (Some(at), _) => format!("The webhook gateway listens at {at}."),
        (None, Some(problem)) => format!("The webhook gateway does not listen: {problem}."),
        (None, None) if gateway["enabled"] == json!(false) => "The webhook gateway is off.".to_owned(),
        (None, None) => "The webhook gateway listens while Patchbay runs and a webhook is on.".to_owned(),
    };
    print::line(&line);
}

fn shown(webhook: &Value) {
    let text = |name: &str| webhook[name].as_str();
    if let Some(because) = text("unverified") {
        print::line(&format!("Nothing proves where a delivery comes from: {because}"));
    }
    match text("publicUrl").or(text("localUrl")) {
        Some(url) => print::line(&format!("Address: {url}")),
        None => print::line("It has no address yet: switch it on."),
    }
    let taken = if webhook["enabled"] == json!(true) { "Deliveries are taken." } else { "It is switched off." };
    print::line(taken);
    let secret = &webhook["secret"];
    match (secret["source"].as_str(), secret["setAt"].as_str(), secret["waitingUntil"].as_str()) {
        (None, _, _) => {}
        (_, _, Some(until)) => print::line(&format!("The tool may bring its secret until {until}.")),
        (_, Some(at), None) => print::line(&format!("Its secret was set at {at}.")),
        (Some("answered"), None, None) => {
            print::line("The tool gives its secret when it is asked to send here.")
        }
        (_, None, None) => print::line("It has no secret: nothing is taken without one."),
    }
    if webhook["subscription"].is_object() {
        match webhook["subscription"]["expiresAt"].as_str() {
            Some(end) => print::line(&format!("The tool sends here until {end}; it is asked again in time.")),
            None => print::line("The tool sends here."),
        }
    }
    for (index, step) in webhook["instructions"].as_array().into_iter().flatten().enumerate() {
        print::line(&format!("  {}. {}", index + 1, step.as_str().unwrap_or_default()));
    }
    listening(&webhook["gateway"]);
    let fields = [
        ("Came", "/at"),
        ("State", "/state"),
        ("Event", "/kinds/0"),
        ("Signals", "/signals"),
        ("Test", "/test"),
        ("Problem", "/problem/title"),
    ];
    print::table(&webhook["deliveries"], &fields);
    print::table(&webhook["refused"], &[("Refused", "/reason"), ("Calls", "/count"), ("Last", "/lastAt")]);
}
