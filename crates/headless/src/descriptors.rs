//! Commands for authors of connectors.

use std::path::{Path, PathBuf};

use patchbay_model::problem::{Code, Problem, Subject};
use serde_json::{Value, json};

use crate::args::Args;
use crate::engine::Engine;
use crate::{exit, input, print};

pub(crate) async fn validate(args: &Args, engine: &Engine, files: &[PathBuf]) -> Result<u8, Problem> {
    let mut results = Vec::new();
    for file in files {
        let request = json!({ "file": file.display().to_string(), "text": input::text(file)? });
        results.push(engine.call(&args.workspace, "descriptor_validate", request).await?);
    }
    let valid = results.iter().all(|result| result["valid"] == json!(true));
    if args.json {
        print::json(&json!({ "valid": valid, "files": results }));
    } else {
        for result in &results {
            let problems: Vec<Problem> = serde_json::from_value(result["problems"].clone()).unwrap_or_default();
            if problems.is_empty() {
                print::line(&format!("{}: in order", result["file"].as_str().unwrap_or_default()));
            }
            for problem in &problems {
                print::line(&print::sentences(problem));
            }
        }
    }
    Ok(if valid { exit::DONE } else { exit::FAILED })
}

pub(crate) async fn test_descriptor(
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
        results.push(engine.call(&args.workspace, "descriptor_test", json!({ "file": file })).await?);
    }
    let failed: u64 = results.iter().filter_map(|result| result["failed"].as_u64()).sum();
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
            for case in result["cases"].as_array().into_iter().flatten().filter(|c| c["passed"] == json!(false))
            {
                for message in case["messages"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    print::line(&format!("  {}: {message}", case["name"].as_str().unwrap_or_default()));
                }
            }
        }
    }
    Ok(if failed == 0 { exit::DONE } else { exit::FAILED })
}

fn definitions(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let name = folder.display().to_string();
    let unreadable = |error: std::io::Error| {
        Problem::new(Code::NotFound)
            .with("item", format!("The folder \"{name}\""))
            .detail(error.to_string())
            .about(Subject::File { path: name.clone(), line: None, column: None, pointer: None })
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
