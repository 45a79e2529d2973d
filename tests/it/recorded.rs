//! Recorded exchanges with GitHub, where they are at hand: what was answered then is understood now.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use patchbay_descriptor::Catalogue;
use patchbay_descriptor::fixture::{self, Case, Proof};
use patchbay_tests::{Cli, realworld, root};
use serde_json::{Value, json};

/// Connector, fixture, and the recording that it is like.
const RECORDINGS: &[(&str, &str, &str)] = &[("github-issues", "add_labels", "github-add-labels-to-issue.json")];

fn recorded(name: &str) -> Option<Vec<Value>> {
    let file = realworld()?.join("recorded").join(name);
    serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()
}

/// Answers each request with the recorded exchange of the same method and path; what was not
/// recorded is 404. `/user` is answered, so that a connection can be made.
#[expect(clippy::disallowed_methods, reason = "a pretend service, not the product")]
fn serve(exchanges: Vec<Value>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut first = String::new();
            reader.read_line(&mut first).unwrap();
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() <= 2 {
                    break;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let sent: Value = serde_json::from_slice(&body).unwrap_or(json!(""));
            let mut words = first.split(' ');
            let (method, path) = (words.next().unwrap(), words.next().unwrap().split('?').next().unwrap());
            let found = exchanges.iter().find(|e| {
                e["method"].as_str().unwrap().eq_ignore_ascii_case(method)
                    && e["path"] == path
                    && e["body"] == sent
            });
            let (status, answer) = match found {
                Some(e) => (e["status"].as_u64().unwrap(), e["response"].to_string()),
                None if path == "/user" => {
                    (200, json!({"id": 1, "login": "octokit-fixture-user-a"}).to_string())
                }
                None if path.ends_with("/issues") && method == "GET" => (200, "[]".to_owned()),
                None => (404, json!({"message": "Not Found"}).to_string()),
            };
            let length = answer.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}"
            );
        }
    });
    port
}

fn connect(exchanges: Vec<Value>, repo: &str) -> Cli {
    let port = serve(exchanges);
    let cli = Cli::new();
    let token = cli.file("token.txt", "a-token-for-the-recording");
    cli.ok(&[
        "connect",
        "github-issues",
        "--name",
        "gh",
        "--set",
        "owner=octokit-fixture-org",
        "--set",
        &format!("repo={repo}"),
        "--set",
        &format!("baseUrl=http://127.0.0.1:{port}"),
        "--secret",
        &format!("token=@{}", token.display()),
        "--allow-private",
    ]);
    cli
}

fn call(cli: &Cli, operation: &str, params: &Value) -> Value {
    let file = cli.file("params.json", &params.to_string());
    cli.ok(&["call", "gh", operation, "--params", file.to_str().unwrap()])
}

#[test]
fn making_an_issue_and_labelling_it_as_recorded() {
    let Some(exchanges) = recorded("github-add-labels-to-issue.json") else {
        println!("skipped: the recorded exchanges are not at hand");
        return;
    };
    let labels = exchanges[1]["body"]["labels"].clone();
    let cli = connect(exchanges, "add-labels-to-issue");
    let made = call(&cli, "create_issue", &json!({"title": "Issue without a label"}));
    assert_eq!(made["result"]["number"], 1, "{made:#}");
    let labelled = call(&cli, "add_labels", &json!({"number": 1, "labels": labels}));
    assert_eq!(labelled["result"].as_array().unwrap().len(), 3, "{labelled:#}");
}

#[test]
fn reading_as_recorded() {
    let (Some(mut exchanges), Some(root)) =
        (recorded("github-get-repository.json"), recorded("github-get-root.json"))
    else {
        println!("skipped: the recorded exchanges are not at hand");
        return;
    };
    exchanges.extend(root);
    exchanges.extend(recorded("github-labels.json").unwrap());
    let cli = connect(exchanges, "hello-world");
    let repository = cli.ok(&["get", "gh", "/repos/octokit-fixture-org/hello-world"]);
    assert_eq!(repository["data"]["full_name"], "octokit-fixture-org/hello-world");
    let labels = cli.ok(&["get", "gh", "/repos/octokit-fixture-org/labels/labels"]);
    assert!(labels["data"].as_array().unwrap().len() > 5);
    assert_eq!(cli.run(&["get", "gh", "/nothing"]).json()["problem"]["code"], "NOT_FOUND");
}

/// Whether every member of one value is in another, with a value of the same type. Elements of lists
/// are compared with the other's first one.
fn is_like(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(members), Value::Object(all)) => {
            members.iter().all(|(name, value)| all.get(name).is_some_and(|other| is_like(value, other)))
        }
        (Value::Array(items), Value::Array(all)) => {
            items.iter().all(|item| all.first().is_some_and(|other| is_like(item, other)))
        }
        (part, whole) => std::mem::discriminant(part) == std::mem::discriminant(whole),
    }
}

#[test]
fn fixtures_that_claim_a_recording_are_like_it() {
    let mut claims = Vec::new();
    for descriptor in Catalogue::built_in().all() {
        let id = descriptor.id.as_str();
        let all = fixture::load(&root().join("descriptors/fixtures").join(id)).unwrap();
        for fixture in all.into_iter().filter(|fixture| fixture.proof == Proof::Recorded) {
            claims.push((id.to_owned(), fixture));
        }
    }
    let claimed: Vec<_> = claims.iter().map(|(id, fixture)| (id.as_str(), fixture.name.as_str())).collect();
    let known: Vec<_> = RECORDINGS.iter().map(|(id, name, _)| (*id, *name)).collect();
    assert_eq!(claimed, known, "each claim has its recording here, and each recording here is claimed");
    for ((id, fixture), (_, _, file)) in claims.iter().zip(RECORDINGS) {
        let place = format!("{id}/{}", fixture.name);
        let Some(exchanges) = recorded(file) else {
            println!("skipped: {place}: the recorded exchanges are not at hand");
            continue;
        };
        let Case::Operation { request: Some(request), response, .. } = fixture.case.as_ref() else {
            panic!("{place}: only operations are recorded");
        };
        let segments = |path: &str| path.split('/').count();
        let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let alike = exchanges.iter().find(|exchange| {
            let path = exchange["path"].as_str().unwrap();
            exchange["method"].as_str().unwrap().eq_ignore_ascii_case(&request.method)
                && segments(path) == segments(&request.path)
                && last(path) == last(&request.path)
                && exchange["status"] == response.status
        });
        let alike = alike.unwrap_or_else(|| panic!("{place}: nothing of the kind was recorded"));
        let (sent, answered) = (request.body.clone().unwrap_or_default(), response.body.clone());
        assert!(is_like(&sent, &alike["body"]), "{place} asks otherwise than recorded");
        assert!(
            answered.is_none_or(|body| is_like(&body, &alike["response"])),
            "{place} answers otherwise than recorded"
        );
    }
}
