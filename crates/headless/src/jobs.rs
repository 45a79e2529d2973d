//! Background work on the command line: streams that are read by themselves, and jobs.

use clap::{Parser, Subcommand};
use patchbay_model::problem::Problem;
use serde_json::{Value, json};

use crate::args::{Args, ConnectionCommand};
use crate::engine::Engine;
use crate::{exit, print};

/// Looking at background work.
#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// List jobs; those that were given up where no state is said.
    List {
        /// Only this state: ready, claimed, done, failed, cancelled.
        #[arg(long)]
        state: Option<String>,
        /// Only this queue: backfill, delta, webhook, health, run.
        #[arg(long)]
        queue: Option<String>,
        /// Only those for this connection.
        #[arg(long)]
        connection: Option<String>,
        /// How many to pass over.
        #[arg(long, default_value_t = 0)]
        offset: u32,
        /// At most this many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Do a job that was given up now.
    Retry {
        /// The job.
        id: String,
    },
    /// Let go of a job that was given up.
    Drop {
        /// The job.
        id: String,
    },
    /// Say how the queues are.
    Stats,
}

/// When a stream is to be read by itself, and whether.
#[derive(Debug, Parser)]
pub(crate) struct StreamChange {
    /// The connection.
    name: String,
    /// The stream.
    stream: String,
    /// Read it every so many seconds, 10 to 2678400.
    #[arg(long, value_name = "SECONDS", conflicts_with_all = ["cron", "usual"])]
    every: Option<u32>,
    /// Read it at the times of this pattern, such as "0 9 * * MON-FRI".
    #[arg(long, value_name = "PATTERN", conflicts_with = "usual")]
    cron: Option<String>,
    /// The pattern's time zone, such as Europe/Berlin; UTC where absent.
    #[arg(long, value_name = "ZONE", requires = "cron")]
    zone: Option<String>,
    /// Read it as the connector says again.
    #[arg(long)]
    usual: bool,
    /// Read it by itself, or do not.
    #[arg(long, value_name = "true|false")]
    on: Option<bool>,
}

/// The request of a command about the streams of a connection; none for one about something else.
pub(crate) fn stream_request(command: &ConnectionCommand) -> Option<(&'static str, Value)> {
    Some(match command {
        ConnectionCommand::Streams { name } => ("connection_streams", json!({ "name": name })),
        ConnectionCommand::CancelSync { name, stream } => {
            ("sync_cancel", json!({ "name": name, "stream": stream }))
        }
        ConnectionCommand::Stream(change) => {
            let StreamChange { name, stream, every, cron, zone, usual, on } = change;
            let request = json!({
                "name": name, "stream": stream, "intervalSeconds": every, "cron": cron, "zone": zone,
                "usual": usual, "on": on,
            });
            ("stream_set", request)
        }
        _ => return None,
    })
}

/// Looks at jobs, or does something about them.
pub(crate) async fn jobs(args: &Args, engine: &Engine, command: &JobsCommand) -> Result<u8, Problem> {
    let call = async |name: &str, request: Value| engine.call(&args.workspace, name, request).await;
    let (answer, plain): (Value, fn(&Value)) = match command {
        JobsCommand::List { state, queue, connection, offset, limit } => {
            let request = json!({
                "state": state, "queue": queue, "connection": connection, "offset": offset, "limit": limit,
            });
            (call("job_list", request).await?, list)
        }
        JobsCommand::Retry { id } => {
            (call("job_retry", json!({ "id": id })).await?, |_| print::line("It is done now."))
        }
        JobsCommand::Drop { id } => (call("job_drop", json!({ "id": id })).await?, |_| print::line("Dropped.")),
        JobsCommand::Stats => (call("queue_stats", json!({})).await?, stats),
    };
    if args.json {
        print::json(&answer)
    } else {
        plain(&answer)
    }
    Ok(exit::DONE)
}

fn list(answer: &Value) {
    let fields = [
        ("Job", "/id"),
        ("Queue", "/queue"),
        ("State", "/state"),
        ("Connection", "/connection"),
        ("Stream", "/stream"),
        ("Tries", "/attempts"),
        ("Problem", "/problem/title"),
    ];
    print::table(&answer["jobs"], &fields);
    print::line(&format!("{} in all", answer["total"]));
}

fn stats(answer: &Value) {
    let fields = [
        ("Queue", "/queue"),
        ("At once", "/concurrency"),
        ("Waiting", "/depth"),
        ("Later", "/later"),
        ("Running", "/running"),
        ("Oldest s", "/oldestSeconds"),
        ("Given up", "/dead"),
        ("Done 24 h", "/done"),
        ("Failed 24 h", "/failed"),
        ("Mean ms", "/meanMs"),
    ];
    print::table(&answer["queues"], &fields);
    not_running(answer);
}

/// The streams of a connection.
pub(crate) fn streams(answer: &Value) {
    let fields = [
        ("Stream", "/id"),
        ("State", "/state"),
        ("Every s", "/intervalSeconds"),
        ("Pattern", "/cron"),
        ("Last read", "/lastOkAt"),
        ("New", "/lastNew"),
        ("Next read", "/nextAt"),
        ("Pages now", "/progress/pages"),
        ("Problem", "/problem/title"),
    ];
    print::table(&answer["streams"], &fields);
    for gap in answer["gaps"].as_array().into_iter().flatten() {
        print::line(&format!(
            "Something may be missing from {} to {} ({}).",
            gap["from"].as_str().unwrap_or_default(),
            gap["to"].as_str().unwrap_or_default(),
            gap["reason"].as_str().unwrap_or_default()
        ));
    }
    not_running(answer);
}

fn not_running(answer: &Value) {
    if answer["running"] == json!(false) {
        print::note(
            "No engine runs in the background: `patchbay-cli engine`, `serve` or the window does this work.",
        );
    }
}
