//! A run that is given far more than anybody meant.

use std::time::{Duration, Instant};

use patchbay_tests::{Cli, Served};
use serde_json::{Value, json};

/// What every host says of an input that is too large.
fn assert_said(problem: &Value) {
    assert_eq!(problem["code"], "INPUT_INVALID", "{problem:#}");
    let text = problem.to_string();
    assert!(text.contains("16 MiB") && text.contains("nothing was"), "what and how much: {text}");
    assert!(text.len() < 4_000, "the input is not repeated");
}

fn take() -> Value {
    json!({"schema": 1, "name": "Take", "steps": [{"id": "make", "logic": {"type": "map"}}]})
}

#[test]
fn an_input_of_200_mb_is_refused_in_words_and_starts_nothing() {
    let cli = Cli::new();
    let chain = cli.file("take.json", &take().to_string());
    cli.ok(&["chain", "import", chain.to_str().unwrap()]);
    let large = cli.file("large.json", "");
    std::fs::File::options().write(true).open(&large).unwrap().set_len(200 << 20).unwrap();
    let refused = cli.run(&["run", "Take", "--input", large.to_str().unwrap()]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert_said(&refused.json()["problem"]);
    assert_eq!(cli.ok(&["runs"])["total"], 0);

    let served = Served::start();
    served.rpc("chain_import", &json!({ "chain": take() }));
    let command = |input: &str| json!({"workspace": "default", "command": "run_start", "request": {"chain": "Take", "input": input}});
    let sizes = [200 << 20, (17 << 20) + 1, (16 << 20) - 1];
    for size in sizes {
        let body = command(&"x".repeat(size)).to_string();
        let headers = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", served.token);
        let begun = Instant::now();
        let answer = served.raw("POST", "/rpc", &headers, &body);
        assert!(begun.elapsed() < Duration::from_secs(60), "{size}: {:?}", begun.elapsed());
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let answer: Value =
            serde_json::from_str(body).unwrap_or_else(|error| panic!("{size}: {error}: {answer}"));
        assert_said(&answer["problem"]);
    }
    assert_eq!(served.rpc("run_list", &json!({}))["total"], 0, "nothing was started");
    let fits = served.rpc("run_start", &json!({"chain": "Take", "input": "x".repeat((16 << 20) - 2)}));
    let report = served.rpc("run_wait", &json!({ "run": fits["id"] }));
    assert_eq!(report["state"], "done", "as much as the command line takes");
}
