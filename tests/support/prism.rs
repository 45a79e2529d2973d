//! A vendor's published schema as a mock server that refuses what the schema refuses.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::root;

/// What the GitHub Issues connector calls.
const GITHUB_ISSUES: &[&str] = &[
    "GET /user",
    "GET /repos/{owner}/{repo}/issues",
    "POST /repos/{owner}/{repo}/issues",
    "GET /repos/{owner}/{repo}/issues/comments",
    "DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}",
    "GET /repos/{owner}/{repo}/issues/{issue_number}",
    "PATCH /repos/{owner}/{repo}/issues/{issue_number}",
    "GET /repos/{owner}/{repo}/issues/{issue_number}/comments",
    "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
    "POST /repos/{owner}/{repo}/issues/{issue_number}/labels",
];

/// A running mock.
#[derive(Debug)]
pub struct Prism {
    child: Child,
    _folder: tempfile::TempDir,
    /// Its port on loopback.
    pub port: u16,
}

/// Cuts a description down to some operations (`GET /user`), with everything they refer to. Drops
/// `nullable` without `type`: the mock would then skip the check of the whole body without a word.
pub fn cut_down(document: &Value, operations: &[&str]) -> Value {
    let mut paths = Map::new();
    for operation in operations {
        let (method, path) = operation.split_once(' ').unwrap();
        let method = method.to_lowercase();
        let item = &document["paths"][path];
        assert!(item[&method].is_object(), "the description has no {operation}");
        let entry = paths.entry(path.to_owned()).or_insert_with(|| json!({}));
        entry[&method] = item[&method].clone();
        if item["parameters"].is_array() {
            entry["parameters"] = item["parameters"].clone();
        }
    }
    let mut cut = json!({
        "openapi": document["openapi"], "info": document["info"], "servers": [{"url": "/"}], "paths": paths,
    });
    let mut wanted: Vec<String> = Vec::new();
    references(&cut, &mut wanted);
    let mut seen = BTreeSet::new();
    while let Some(pointer) = wanted.pop() {
        if !seen.insert(pointer.clone()) {
            continue;
        }
        let target =
            document.pointer(&pointer[1..]).unwrap_or_else(|| panic!("{pointer} leads nowhere")).clone();
        references(&target, &mut wanted);
        put(&mut cut, &pointer[2..], target);
    }
    mend(&mut cut);
    cut
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                found.push(target.to_owned());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn put(into: &mut Value, path: &str, value: Value) {
    let mut place = into;
    for part in path.split('/') {
        place = &mut place[part.replace("~1", "/").replace("~0", "~")];
    }
    *place = value;
}

fn mend(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("nullable") == Some(&json!(true)) && !members.contains_key("type") {
                members.remove("nullable");
            }
            // The description names the plain media type only; the service takes its own, too.
            if let Some(content) = members.get_mut("content").and_then(Value::as_object_mut)
                && let Some(json) = content.get("application/json").cloned()
            {
                content.insert("application/vnd.github+json".to_owned(), json);
            }
            members.values_mut().for_each(mend);
        }
        Value::Array(items) => items.iter_mut().for_each(mend),
        _ => {}
    }
}

impl Prism {
    /// Whether the mock is installed.
    pub fn installed() -> bool {
        root().join("tests/node/node_modules/.bin/prism").exists()
    }

    /// GitHub's own description, cut down to what the GitHub Issues connector calls.
    pub fn github_issues() -> Self {
        let document = Self::package("@octokit/openapi/generated/api.github.com.json");
        let mut description = cut_down(&document, GITHUB_ISSUES);
        // Its example of a Link header points at the real service.
        if let Some(headers) = description["components"]["headers"].as_object_mut() {
            headers.clear();
        }
        drop_headers(&mut description);
        Self::start(&description)
    }

    /// Starts the mock on a description and waits until it answers.
    pub fn start(description: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("description.json");
        std::fs::write(&file, description.to_string()).unwrap();
        let port = free_port();
        let child = Command::new(root().join("tests/node/node_modules/.bin/prism"))
            .args(["mock", "--host", "127.0.0.1", "--port", &port.to_string()])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let prism = Self { child, _folder: folder, port };
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(90), "the mock does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        prism
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Whether it still runs: some requests kill it.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_none())
    }

    /// Reads a package's file.
    pub fn package(file: &str) -> Value {
        let path = root().join("tests/node/node_modules").join(file);
        serde_json::from_str(&std::fs::read_to_string(Path::new(&path)).unwrap()).unwrap()
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a free port for a program that is not ours")]
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn drop_headers(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.contains_key("description") && members.contains_key("content") {
                members.remove("headers");
            }
            members.values_mut().for_each(drop_headers);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_headers),
        _ => {}
    }
}
