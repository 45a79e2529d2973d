//! Commands for authors of connectors.

use std::path::{Path, PathBuf};

use patchbay_model::problem::{Code, Problem, Subject};
use serde_json::{Value, json};

use crate::args::{Args, DescriptorCommand};
use crate::engine::Engine;
use crate::{exit, input, print};

/// Begins a connector.
pub(crate) fn begin(args: &Args, id: &str, folder: &Path) -> Result<u8, Problem> {
    let file = patchbay_api::descriptors::begin(folder, id)?;
    let file = file.display();
    if args.json {
        print::json(&json!({ "file": file.to_string() }));
    } else {
        print::line(&format!("{file} and a fixture are written. Next:"));
        print::line(&format!("  patchbay-cli validate {file}"));
        print::line(&format!("  patchbay-cli test-descriptor {file}"));
        print::line(&format!("  patchbay-cli descriptor add {file}"));
    }
    Ok(exit::DONE)
}

/// Looks after the user's own connectors.
pub(crate) async fn descriptor(
    args: &Args,
    engine: &Engine,
    command: &DescriptorCommand,
) -> Result<u8, Problem> {
    let document = |file: &Path| -> Result<Value, Problem> {
        Ok(json!({ "file": file.display().to_string(), "text": input::text(file)? }))
    };
    let (name, request) = match command {
        DescriptorCommand::Add { file } => ("descriptor_add", document(file)?),
        DescriptorCommand::Update { file } => ("descriptor_update", document(file)?),
        DescriptorCommand::List => ("descriptor_list", json!({})),
        DescriptorCommand::Remove { id } => ("descriptor_remove", json!({ "connector": id })),
    };
    let answer = engine.call(&args.workspace, name, request).await?;
    let problems: Vec<Problem> = serde_json::from_value(answer["problems"].clone()).unwrap_or_default();
    if args.json {
        print::json(&answer);
    } else {
        let text = |member: &str| answer[member].as_str().unwrap_or_default().to_owned();
        match command {
            DescriptorCommand::List => {
                let fields = [
                    ("Connector", "/id"),
                    ("Name", "/name"),
                    ("Version", "/version"),
                    ("File", "/file"),
                    ("Connections", "/connections"),
                ];
                print::table(&answer["connectors"], &fields);
                for problem in &problems {
                    print::note(&print::sentences(problem));
                }
            }
            DescriptorCommand::Remove { .. } => print::line(&format!("\"{}\" is removed.", text("id"))),
            DescriptorCommand::Add { .. } | DescriptorCommand::Update { .. } => {
                print::line(&format!(
                    "\"{}\" {} can be connected: {}",
                    text("name"),
                    text("version"),
                    text("id")
                ));
            }
        }
    }
    Ok(if problems.is_empty() { exit::DONE } else { exit::WITH_PROBLEMS })
}

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

/// Shows a bounded read page by page.
pub(crate) fn explained(value: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for (number, page) in value["pages"].as_array().into_iter().flatten().enumerate() {
        let request = &page["request"];
        print::line(&format!("Page {} of {}", number + 1, text(&value["stream"])));
        print::line(&format!("  {} {}", text(&request["method"]), text(&request["url"])));
        for header in request["headers"].as_array().into_iter().flatten() {
            print::line(&format!("  {}: {}", text(&header["name"]), text(&header["value"])));
        }
        if let Some(body) = request["body"].as_str() {
            print::line(&format!("  {body}"));
        }
        let cut = if page["cut"] == json!(true) { ", cut" } else { "" };
        print::line(&format!("Answer: {} in {} ms{cut}", page["status"], page["tookMs"]));
        let shown = format!("{:#}", page["body"]);
        let lines: Vec<&str> = shown.lines().collect();
        lines.iter().take(40).for_each(|line| print::line(&format!("  {line}")));
        if lines.len() > 40 {
            print::line(&format!("  … {} more lines; all of them with --json", lines.len() - 40));
        }
        print::line(&format!("Items: {}, of which {} are new to this read", page["found"], page["fresh"]));
        let fields =
            [("Id", "/externalId"), ("Time", "/timestamp"), ("Type", "/signalType"), ("Summary", "/summary")];
        print::table(&page["signals"], &fields);
        for aside in page["aside"].as_array().into_iter().flatten() {
            print::line(&format!("  Does not fit: {}", text(&aside["hint"])));
        }
        print::line("");
    }
    if value["more"] == json!(true) {
        print::line("There is more than was read.");
    }
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
