//! How everything is, and what was done here.

use std::time::Duration;

use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Clock, SystemClock, Timestamp};
use serde_json::{Value, json};

use crate::args::{Args, Command};
use crate::engine::Engine;
use crate::{exit, print};

/// What a program is told of a connection beyond the table.
const DETAILS: [&str; 10] = [
    "failures",
    "steps",
    "limitHits",
    "hosts",
    "tokenEndsAt",
    "subscription",
    "gaps",
    "lastSeenAt",
    "lastSyncAt",
    "failedChecks",
];

/// Prints how the program and every connection are. `healthy` and its details are named as integrations
/// elsewhere name them.
pub(crate) async fn health(args: &Args, engine: &Engine, range: &str, check: bool) -> Result<u8, Problem> {
    let call = async |command: &str, request: Value| engine.call(&args.workspace, command, request).await;
    if check {
        call("health_check_now", json!({})).await?;
    }
    let mut answer = call("health", json!({})).await?;
    let overview = call("health_overview", json!({ "range": range })).await?;
    // Each connection as `health` tells it, and what the overview adds.
    let rows = overview["connections"].as_array().cloned().unwrap_or_default();
    for connection in answer["connections"].as_array_mut().into_iter().flatten() {
        let row = rows.iter().find(|row| row["name"] == connection["name"]).and_then(Value::as_object);
        let own = connection.as_object_mut();
        for (own, row) in own.into_iter().zip(row) {
            let added = row.iter().filter(|(name, _)| !matches!(name.as_str(), "checks" | "line"));
            for (name, value) in added {
                own.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    if args.json {
        for connection in answer["connections"].as_array_mut().into_iter().flatten() {
            let request = json!({ "connection": connection["name"], "range": range });
            let detail = call("health_detail", request).await?;
            for name in DETAILS {
                connection[name] = detail[name].clone();
            }
        }
    }
    for name in ["range", "figures", "queues", "disk", "connects"] {
        answer[name] = overview[name].clone();
    }
    if args.json {
        print::json(&answer);
    } else {
        show(&answer);
    }
    let troubled = answer["connections"].as_array().into_iter().flatten().any(|c| !c["lastError"].is_null())
        || answer["storage"].as_array().is_some_and(|notes| !notes.is_empty())
        || !answer["network"].is_null();
    Ok(if troubled { exit::WITH_PROBLEMS } else { exit::DONE })
}

fn show(answer: &Value) {
    if let Ok(problem) = serde_json::from_value::<Problem>(answer["network"].clone()) {
        print::line(&print::sentences(&problem));
    }
    print::line(&format!(
        "Secrets: {}. Runs: {} active, {} interrupted, {} need you.",
        answer["secrets"].as_str().unwrap_or_default(),
        answer["runsActive"],
        answer["runsInterrupted"],
        answer["runsNeedYou"]
    ));
    let mut rows = answer["connections"].clone();
    for row in rows.as_array_mut().into_iter().flatten() {
        let reasons: Vec<&str> =
            row["reasons"].as_array().into_iter().flatten().filter_map(|one| one["text"].as_str()).collect();
        row["why"] = json!(reasons.join("; "));
    }
    let fields = [
        ("Connection", "/name"),
        ("State", "/state"),
        ("Health", "/health"),
        ("Calls", "/calls"),
        ("Failed", "/failed"),
        ("p95 ms", "/p95Ms"),
        ("Circuit", "/circuit"),
        ("Why", "/why"),
    ];
    print::table(&rows, &fields);
    let queues = || answer["queues"].as_array().into_iter().flatten();
    let sum = |name: &str| queues().filter_map(|queue| queue[name].as_u64()).sum::<u64>();
    let oldest = queues().filter_map(|queue| queue["oldest"].as_str()).min().unwrap_or("none");
    print::line(&format!(
        "Work that waits: {} (oldest: {oldest}). Given up: {}. Disk: {} MiB. Connected at the first try: {} of {}.",
        sum("depth"),
        sum("dead"),
        answer["disk"]["total"].as_u64().unwrap_or(0).div_ceil(1 << 20),
        answer["connects"]["atFirst"],
        answer["connects"]["made"]
    ));
}

/// Prints the audit trail, or writes it to a file.
pub(crate) async fn audit(args: &Args, engine: &Engine) -> Result<u8, Problem> {
    let Command::Audit { since, connection, action, search, limit, export } = &args.command else {
        return Err(Problem::new(Code::Internal).detail("this is another command"));
    };
    let since = since.as_deref().map(moment).transpose()?;
    let mut request = json!({ "since": since, "connection": connection, "action": action, "text": search });
    if let Some(file) = export {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        let request = json!({ "file": file, "filter": request });
        let answer = engine.call(&args.workspace, "audit_export", request).await?;
        if args.json {
            print::json(&answer);
        } else {
            print::line(&format!("{} acts written.", answer["acts"]));
        }
        return Ok(exit::DONE);
    }
    request["limit"] = json!(limit);
    let answer = engine.call(&args.workspace, "audit_list", request).await?;
    if args.json {
        print::json(&answer);
    } else {
        let fields = [("Time", "/at"), ("Action", "/action"), ("Subject", "/subject"), ("More", "/detail")];
        print::table(&answer["acts"], &fields);
    }
    Ok(exit::DONE)
}

/// A time, or so long ago.
fn moment(text: &str) -> Result<Timestamp, Problem> {
    let units = [("m", 60), ("h", 3_600), ("d", 86_400)];
    let ago = units.iter().find_map(|(unit, seconds)| {
        let n: u64 = text.strip_suffix(unit)?.parse().ok()?;
        SystemClock::new().now().checked_sub(Duration::from_secs(n.checked_mul(*seconds)?)).ok()
    });
    ago.or_else(|| text.parse().ok()).ok_or_else(|| {
        Problem::new(Code::InputInvalid)
            .with("field", "\"--since\"")
            .with("message", "Use a time such as 2026-11-20T12:00:00Z, or 30m, 24h, 7d.")
            .about(Subject::Field { name: "since".into() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_given_as_such_or_as_so_long_ago() {
        assert_eq!(moment("2026-11-20T12:00:00Z").unwrap().to_string(), "2026-11-20T12:00:00Z");
        let now = SystemClock::new().now();
        for (text, seconds) in [("30m", 1_800), ("24h", 86_400), ("7d", 604_800)] {
            let passed = now.duration_since(moment(text).unwrap()).as_secs();
            assert!((passed - seconds).abs() <= 1, "{text}: {passed}");
        }
        for odd in ["", "h", "yesterday", "-5m", "99999999999999999999d", "18446744073709551615d"] {
            assert_eq!(moment(odd).unwrap_err().code(), Code::InputInvalid, "{odd}");
        }
    }
}
