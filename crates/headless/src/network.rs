//! The way to services on the command line.

use std::path::PathBuf;

use clap::Subcommand;
use patchbay_model::problem::Problem;
use serde_json::{Value, json};

use crate::args::Args;
use crate::engine::Engine;
use crate::{exit, input, print};

/// What to do about the way to services.
#[derive(Debug, Subcommand)]
pub(crate) enum NetworkCommand {
    /// Show which proxy is used, and how many certificates are trusted besides the system's.
    Show,
    /// Change it. It holds from the next call on.
    Set {
        /// system for the one that http_proxy and https_proxy name, direct for none, or an address such as
        /// http://proxy.example:3128.
        #[arg(long, value_name = "system|direct|URL")]
        proxy: Option<String>,
        /// A PEM file with certificates of authorities to trust besides the system's, or - for standard input.
        #[arg(long, value_name = "FILE|-")]
        certificates: Option<PathBuf>,
        /// Trust only those that the system trusts.
        #[arg(long, conflicts_with = "certificates")]
        no_certificates: bool,
    },
}

pub(crate) async fn network(args: &Args, engine: &Engine, command: &NetworkCommand) -> Result<u8, Problem> {
    let answer = match command {
        NetworkCommand::Show => engine.call(&args.workspace, "network_show", json!({})).await?,
        NetworkCommand::Set { proxy, certificates, no_certificates } => {
            let mut request = json!({});
            match proxy.as_deref() {
                None => {}
                Some(choice @ ("system" | "direct")) => request["proxy"] = json!(choice),
                Some(address) => {
                    request["proxy"] = json!("address");
                    request["address"] = json!(address);
                }
            }
            if let Some(file) = certificates {
                request["certificates"] = json!(input::text(file)?);
                let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
                request["certificatesName"] = json!(name);
            } else if *no_certificates {
                request["certificates"] = json!("");
            }
            engine.call(&args.workspace, "network_set", request).await?
        }
    };
    if args.json {
        print::json(&answer);
    } else {
        shown(&answer);
    }
    Ok(if answer["problem"].is_null() { exit::DONE } else { exit::NEEDS_YOU })
}

fn shown(network: &Value) {
    if let Ok(problem) = serde_json::from_value::<Problem>(network["problem"].clone()) {
        print::line(&print::sentences(&problem));
        print::line("Choose with `patchbay-cli network set --proxy system|direct|URL`.");
        return;
    }
    let proxies: Vec<&str> =
        network["proxies"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    print::line(&if proxies.is_empty() {
        "Services are called without a proxy.".to_owned()
    } else {
        format!("Public services are reached through {}.", proxies.join(", "))
    });
    let certificates = network["certificates"].as_u64().unwrap_or_default();
    print::line(&match certificates {
        0 => "Trusted are the authorities that the system trusts.".to_owned(),
        1 => "Trusted is 1 authority besides those of the system.".to_owned(),
        more => format!("Trusted are {more} authorities besides those of the system."),
    });
    for note in network["notes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        print::note(match note {
            "not_kept" => "What the settings held before could not be kept.",
            "not_durable" => "It holds now. Whether it outlasts a power failure is not known.",
            other => other,
        });
    }
}
