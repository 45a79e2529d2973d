//! Connectors that the user wrote.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use patchbay_tests::{Cli, SandboxProcess, root};
use serde_json::{Value, json};

/// The pretend tracker under another id.
fn definition(id: &str) -> Value {
    let text = std::fs::read_to_string(root().join("descriptors/sandbox-tracker.json")).unwrap();
    let mut definition: Value = serde_json::from_str(&text).unwrap();
    definition["id"] = json!(id);
    definition["name"] = json!("My tracker");
    definition
}

fn connect(cli: &Cli, sandbox: &SandboxProcess, connector: &str, name: &str) {
    let token = cli.file("token.txt", sandbox.access["trackerToken"].as_str().unwrap());
    let base = format!("baseUrl={}", sandbox.access["trackerUrl"].as_str().unwrap());
    let secret = format!("token=@{}", token.display());
    cli.ok(&["connect", connector, "--name", name, "--set", &base, "--secret", &secret, "--allow-private"]);
}

/// A file in the folder of the user's own connectors, as an editor writes it.
fn put(cli: &Cli, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let folder = cli.data_dir().join("connectors");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), content).unwrap();
    folder.join(name)
}

/// The connectors of the user's own, by id, and the places and reasons of what cannot be used.
fn mine(cli: &Cli) -> (Vec<String>, Vec<String>) {
    let listed = cli.ok(&["catalogue"]);
    let connectors = listed["connectors"].as_array().unwrap().iter().filter(|one| one["mine"] == true);
    let ids = connectors.map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    let problems = listed["problems"].as_array().unwrap().iter().map(|problem| {
        let place = &problem["subject"];
        format!("{}:{} {}", place["path"].as_str().unwrap(), place["line"], problem["hint"].as_str().unwrap())
    });
    (ids, problems.collect())
}

#[test]
fn a_connector_of_ones_own_lives_from_add_to_remove() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    let file = cli.file("mine.json", &definition("my-tracker").to_string());
    let added = cli.ok(&["descriptor", "add", file.to_str().unwrap()]);
    assert_eq!((&added["id"], &added["file"]), (&json!("my-tracker"), &json!("my-tracker.json")));
    let kept = cli.data_dir().join("connectors/my-tracker.json");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let listed = cli.ok(&["catalogue", "--category", "custom"]);
    assert_eq!(listed["connectors"][0]["id"], "my-tracker", "listed as custom, whatever it says");

    connect(&cli, &sandbox, "my-tracker", "work");
    assert!(cli.ok(&["sync", "work"])["streams"][0]["new"].as_u64().unwrap() > 0);
    let own = cli.ok(&["descriptor", "list"]);
    assert_eq!(own["connectors"][0]["connections"], json!(["work"]));

    let again = cli.run(&["descriptor", "add", file.to_str().unwrap()]);
    assert_eq!(again.json()["problem"]["code"], "DESCRIPTOR_INVALID", "{again:?}");
    let mut newer = definition("my-tracker");
    newer["version"] = json!("1.1.0");
    let file = cli.file("newer.json", &newer.to_string());
    assert_eq!(cli.ok(&["descriptor", "update", file.to_str().unwrap()])["version"], "1.1.0");

    let refused = cli.run(&["descriptor", "remove", "my-tracker"]);
    assert_eq!((refused.code, refused.json()["problem"]["code"].as_str()), (1, Some("STILL_USED")));
    assert!(refused.json()["problem"]["hint"].as_str().unwrap().contains("work"), "{refused:?}");
    cli.ok(&["connection", "disconnect", "work"]);
    cli.ok(&["descriptor", "remove", "my-tracker"]);
    assert!(!kept.exists());
    assert_eq!(cli.run(&["descriptor", "remove", "my-tracker"]).json()["problem"]["code"], "NOT_FOUND");
    assert_eq!(cli.run(&["descriptor", "remove", "sandbox-tracker"]).code, 2, "what ships stays");
    assert_eq!(mine(&cli), (Vec::new(), Vec::new()));
}

#[test]
fn a_broken_edit_keeps_the_last_good_version_and_says_so() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    put(&cli, "tool.json", definition("my-tracker").to_string());
    connect(&cli, &sandbox, "my-tracker", "work");
    for broken in ["{\n  \"id\": \"my-tracker\",\n  oops", &definition("sandbox-chat").to_string()] {
        put(&cli, "tool.json", broken);
        let (ids, problems) = mine(&cli);
        assert_eq!(ids, ["my-tracker"]);
        assert!(problems[0].starts_with("tool.json:") && problems[0].contains("stays in use"), "{problems:?}");
        cli.ok(&["sync", "work"]);
        let listed = cli.run(&["descriptor", "list"]);
        assert_eq!((listed.code, &listed.json()["connectors"][0]["outdated"]), (3, &json!(true)));
    }
    put(&cli, "tool.json", definition("my-tracker").to_string());
    assert_eq!(mine(&cli), (vec!["my-tracker".to_owned()], Vec::new()));
}

#[test]
fn bad_definitions_are_refused_at_their_place_and_hide_no_other() {
    let cli = Cli::in_memory();
    put(&cli, "good.json", definition("good").to_string());
    put(&cli, "a-double.json", format!("\n{}", definition("good")));
    put(&cli, "hides.json", format!("{:#}", definition("github-issues")));
    put(&cli, "huge.json", "x".repeat(10 << 20));
    put(&cli, "text.json", "not JSON");
    put(&cli, "bytes.json", [0xff, 0xfe, 0x00]);
    let mut unknown = definition("odd");
    unknown["colour"] = json!("red");
    unknown["streams"][0]["mapping"]["idPath"] = json!("$..[");
    put(&cli, "unknown.json", format!("{unknown:#}"));
    let (ids, problems) = mine(&cli);
    assert_eq!(ids, ["good"]);
    for (file, place, reason) in [
        ("a-double.json", "2", "good.json"),
        ("hides.json", "3", "ships with Patchbay"),
        ("huge.json", "null", "larger than"),
        ("text.json", "1", "not JSON"),
        ("bytes.json", "null", "cannot be read as text"),
        ("unknown.json", "", "colour"),
    ] {
        let begins = format!("{file}:{place}");
        let is_said = |problem: &&String| problem.starts_with(&begins) && problem.contains(reason);
        assert!(problems.iter().any(|problem| is_said(&problem)), "{file} {reason}: {problems:#?}");
    }
    assert_eq!(problems.len(), 6, "{problems:#?}");
    let huge = cli.file("huge.json", &"x".repeat(10 << 20));
    assert_eq!(cli.run(&["descriptor", "add", huge.to_str().unwrap()]).code, 1);
    let hides = cli.file("hides.json", &definition("github-issues").to_string());
    let refused = cli.run(&["descriptor", "add", hides.to_str().unwrap()]);
    assert_eq!(refused.json()["problem"]["subject"]["pointer"], "/id", "{refused:?}");
}

#[test]
fn an_explained_read_shows_everything_but_the_key_and_stores_nothing() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    connect(&cli, &sandbox, "sandbox-tracker", "work");
    let explain = ["sync", "work", "--max-pages", "2", "--explain"];
    let output = cli.run(&explain);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(!output.stdout.contains(sandbox.access["trackerToken"].as_str().unwrap()), "{}", output.stdout);
    let read = output.json();
    let pages = read["pages"].as_array().unwrap();
    assert_eq!((pages.len(), &read["problem"]), (2, &Value::Null));
    let ids = |page: &Value| -> Vec<Value> {
        page["signals"].as_array().unwrap().iter().map(|signal| signal["externalId"].clone()).collect()
    };
    for page in pages {
        let headers = page["request"]["headers"].as_array().unwrap();
        assert!(headers.contains(&json!({"name": "Authorization", "value": "Bearer •••"})), "{headers:?}");
        let found = ids(page).len();
        assert!(found > 0);
        assert_eq!(
            (&page["status"], &page["found"], &page["fresh"]),
            (&json!(200), &json!(found), &json!(found))
        );
        assert_eq!(page["body"].as_array().unwrap().len(), found);
        assert_eq!(page["items"].as_array().unwrap().len(), found);
    }
    assert!(ids(&pages[0]).iter().all(|id| !ids(&pages[1]).contains(id)), "page two has other ids");
    assert_eq!(cli.ok(&["signals"])["signals"], json!([]), "nothing is stored");
    assert_eq!(cli.ok(&["sync", "work", "--max-pages", "1", "--explain"])["more"], true);
    assert_eq!(cli.run(&["sync", "work", "--max-pages", "6", "--explain"]).code, 2);
}

#[test]
fn another_address_in_a_definition_is_not_approved_by_saving_something_else() {
    let (cli, sandbox, other) = (Cli::new(), SandboxProcess::start(), SandboxProcess::start());
    let at = |sandbox: &SandboxProcess| {
        let mut definition = definition("my-tracker");
        definition["baseUrl"] = sandbox.access["trackerUrl"].clone();
        definition["configFields"] = json!([{"key": "note", "label": "Note"}]);
        definition.to_string()
    };
    put(&cli, "tool.json", at(&sandbox));
    let token = cli.file("token.txt", sandbox.access["trackerToken"].as_str().unwrap());
    let secret = format!("token=@{}", token.display());
    cli.ok(&["connect", "my-tracker", "--name", "work", "--secret", &secret, "--allow-private"]);
    put(&cli, "tool.json", at(&other));
    cli.ok(&["connection", "set", "work", "--set", "note=anything"]);
    let refused = cli.run(&["sync", "work"]);
    assert_eq!(refused.json()["problem"]["code"], "TARGET_BLOCKED", "{refused:?}");
    cli.ok(&[
        "connection",
        "set",
        "work",
        "--set",
        &format!("baseUrl={}", other.access["trackerUrl"].as_str().unwrap()),
    ]);
    let asked = cli.run(&["sync", "work"]);
    assert_ne!(asked.json()["problem"]["code"], "TARGET_BLOCKED", "what the user names is approved: {asked:?}");
}

#[test]
fn a_connector_is_begun_tested_and_added_on_the_command_line() {
    let cli = Cli::in_memory();
    let folder = cli.folder().to_str().unwrap();
    let begun = cli.ok(&["new-descriptor", "my-tool", "--in", folder]);
    let file = begun["file"].as_str().unwrap();
    assert_eq!(cli.ok(&["validate", file])["valid"], true);
    let tested = cli.run(&["test-descriptor", file]);
    assert_eq!(tested.code, 0, "{tested:?}");
    assert_eq!(cli.ok(&["descriptor", "add", file])["id"], "my-tool");
    assert_eq!(mine(&cli).0, ["my-tool"]);
    let again = cli.run(&["new-descriptor", "my-tool", "--in", folder]);
    assert_eq!(again.json()["problem"]["code"], "CONFLICT", "nothing is replaced: {again:?}");
}
