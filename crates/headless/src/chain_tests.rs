//! Offline tests of chains: saving runs as tests, and replaying them.

use std::path::{Path, PathBuf};

use patchbay_model::problem::{Code, Problem, Subject};
use serde_json::{Value, json};

use crate::args::Args;
use crate::engine::Engine;
use crate::{exit, input, print};

/// Replays tests and says what differs.
pub(crate) async fn test(
    args: &Args,
    engine: &Engine,
    files: &[PathBuf],
    document: Option<&Path>,
) -> Result<u8, Problem> {
    let document = document.map(input::json).transpose()?;
    let (mut answers, mut failed) = (Vec::new(), 0);
    for file in files {
        let request = json!({ "test": input::json(file)?, "chain": document });
        let mut answer = engine.call(&args.workspace, "chain_test", request).await?;
        failed += usize::from(answer["passed"] != json!(true));
        answer["file"] = json!(file.display().to_string());
        if !args.json {
            say(&answer);
        }
        answers.push(answer);
    }
    if args.json {
        print::json(&json!({ "tests": answers, "failed": failed }));
    } else {
        print::line(&format!("{} of {} as recorded.", files.len() - failed, files.len()));
    }
    Ok(if failed == 0 { exit::DONE } else { exit::FAILED })
}

fn say(answer: &Value) {
    let word = if answer["passed"] == json!(true) { "As recorded" } else { "Different" };
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    print::line(&format!("{word}: {} ({})", text("file"), text("chain")));
    for difference in answer["differences"].as_array().into_iter().flatten() {
        print::line(&format!("  {}", difference.as_str().unwrap_or_default()));
    }
}

/// Saves a run as a test. A file that is there is not replaced.
pub(crate) async fn save(args: &Args, engine: &Engine, run: &str, file: Option<&Path>) -> Result<u8, Problem> {
    use std::io::Write as _;
    let made = engine.call(&args.workspace, "run_test", json!({ "run": run })).await?;
    let file = file.map_or_else(|| PathBuf::from(made["name"].as_str().unwrap_or_default()), Path::to_owned);
    let text = serde_json::to_string_pretty(&made["test"]).unwrap_or_default();
    let written = std::fs::File::create_new(&file).and_then(|mut new| new.write_all(text.as_bytes()));
    written.map_err(|error| {
        let path = file.display().to_string();
        Problem::new(Code::InputInvalid)
            .with("field", &path)
            .with("message", format!("It cannot be written: {error}."))
            .about(Subject::File { path, line: None, column: None, pointer: None })
    })?;
    let path = file.display().to_string();
    if args.json {
        print::json(&json!({ "file": path }))
    } else {
        print::line(&format!("Saved as {path}."))
    }
    Ok(exit::DONE)
}
