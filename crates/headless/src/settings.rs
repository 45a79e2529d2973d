//! Settings of the engine on the command line.

use clap::Subcommand;
use patchbay_model::problem::{Code, Problem, Subject};
use serde_json::{Map, Value, json};

use crate::args::Args;
use crate::engine::Engine;
use crate::{exit, print};

/// What can be decided about the engine.
#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Show every setting: what was set, what holds otherwise and who says so.
    Show {
        /// Those of this connection; those for everything where absent.
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
    },
    /// Set settings. They hold from the next call or job on.
    Set {
        /// A setting, such as answerSeconds=30. May be given several times.
        #[arg(required = true, value_name = "KEY=NUMBER")]
        values: Vec<String>,
        /// For this connection only.
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
    },
    /// Go back to what holds otherwise.
    Unset {
        /// The settings.
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
        /// Of this connection only.
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
    },
    /// Say how much goes to the log files of the data folder, or change it.
    Log {
        /// off, error, warn, info, debug or trace.
        level: Option<String>,
    },
}

/// Shows settings, or changes them.
pub(crate) async fn settings(args: &Args, engine: &Engine, command: &SettingsCommand) -> Result<u8, Problem> {
    let call = async |name: &str, request: Value| engine.call(&args.workspace, name, request).await;
    let (answer, plain): (Value, fn(&Value)) = match command {
        SettingsCommand::Show { connection } => {
            (call("engine_settings_show", json!({ "connection": connection })).await?, list)
        }
        SettingsCommand::Set { values, connection } => {
            let values = values.iter().map(|text| value(text)).collect::<Result<Map<_, _>, _>>()?;
            let request = json!({ "connection": connection, "values": values });
            (call("engine_settings_set", request).await?, list)
        }
        SettingsCommand::Unset { keys, connection } => {
            let values: Map<String, Value> = keys.iter().map(|key| (key.clone(), Value::Null)).collect();
            let request = json!({ "connection": connection, "values": values });
            (call("engine_settings_set", request).await?, list)
        }
        SettingsCommand::Log { level: None } => (call("log_settings_show", json!({})).await?, log),
        SettingsCommand::Log { level: Some(level) } => {
            (call("log_settings_set", json!({ "level": level })).await?, log)
        }
    };
    if args.json {
        print::json(&answer);
    } else {
        plain(&answer);
    }
    Ok(exit::DONE)
}

/// A name and a number.
fn value(text: &str) -> Result<(String, Value), Problem> {
    let read = text.split_once('=').and_then(|(key, number)| {
        let number: u64 = number.trim().parse().ok()?;
        Some((key.trim().to_owned(), json!(number)))
    });
    read.ok_or_else(|| {
        Problem::new(Code::InputInvalid)
            .with("field", format!("\"{text}\""))
            .with("message", "Use a name and a whole number, such as answerSeconds=30.")
            .about(Subject::Field { name: "values".into() })
    })
}

fn list(answer: &Value) {
    let mut rows = answer["settings"].clone();
    for row in rows.as_array_mut().into_iter().flatten() {
        let set = row["value"].as_u64();
        row["holds"] = json!(set.or(row["usual"].as_u64()).map_or("no cap".to_owned(), |n| n.to_string()));
        let from = match (set, row["from"].as_str()) {
            (Some(_), _) => "set here",
            (None, Some("workspace")) => "set for everything",
            (None, Some("connector")) => "the connector",
            (None, _) => "usual",
        };
        row["says"] = json!(from);
        row["bounds"] = json!(format!("{} to {}", row["least"], row["most"]));
    }
    let fields = [("Setting", "/key"), ("Holds", "/holds"), ("Who says so", "/says"), ("Allowed", "/bounds")];
    print::table(&rows, &fields);
}

fn log(answer: &Value) {
    print::line(&format!(
        "{} to {}",
        answer["level"].as_str().unwrap_or_default(),
        answer["folder"].as_str().unwrap_or_default()
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_a_name_and_a_whole_number() {
        assert_eq!(value("answerSeconds=30").unwrap(), ("answerSeconds".to_owned(), json!(30)));
        for odd in ["answerSeconds", "answerSeconds=", "answerSeconds=30s", "answerSeconds=-1", ""] {
            assert_eq!(value(odd).unwrap_err().code(), Code::InputInvalid, "{odd}");
        }
    }
}
