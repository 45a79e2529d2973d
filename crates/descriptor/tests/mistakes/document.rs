//! The document as a text: several mistakes, names given twice, what is no JSON.

use patchbay_descriptor::{json_schema, read};
use patchbay_model::problem::Subject;
use serde_json::{Value, json};

use crate::{good, is_at};

#[test]
fn one_mistake_does_not_hide_the_next() {
    let mut document = good();
    document["nmae"] = json!("x");
    document["auth"][0]["lable"] = json!("x");
    document["auth"][0]["inject"][0]["nam"] = json!("x");
    document["streams"][0]["delta"]["parm"] = json!("x");
    document["operations"][2]["titel"] = json!("x");
    let problems = read(&format!("{document:#}"), "x.json").unwrap_err();
    for place in
        ["/nmae", "/auth/0/lable", "/auth/0/inject/0/nam", "/streams/0/delta/parm", "/operations/2/titel"]
    {
        assert!(
            problems.iter().any(|problem| is_at(problem, place, "unknown field")),
            "{place}: {problems:#?}"
        );
    }
    assert_eq!(problems.len(), 5, "{problems:#?}");

    let mut document = good();
    document["id"] = json!("X");
    document["version"] = json!("1");
    document["operations"][0]["undo"]["operation"] = json!("gone");
    assert_eq!(read(&document.to_string(), "x.json").unwrap_err().len(), 3);
}

#[test]
fn a_name_given_twice_is_a_mistake() {
    let text = format!("{:#}", good()).replacen(
        "\"name\": \"Example\",",
        "\"name\": \"Example\",\n  \"name\": \"Other\",",
        1,
    );
    let problems = read(&text, "x.json").unwrap_err();
    assert!(problems.len() == 1 && is_at(&problems[0], "/name", "there already"), "{problems:#?}");
}

#[test]
fn what_is_not_json_says_line_and_column() {
    let problems = read("{\n  \"id\": ,\n}", "x.json").unwrap_err();
    let Some(Subject::File { line, column, .. }) = problems[0].subject() else { unreachable!() };
    assert_eq!((*line, *column), (Some(2), Some(9)));
    assert!(read(&" ".repeat(2 << 20), "x.json").is_err());
    let deep = read(&"[".repeat(100_000), "x.json").unwrap_err();
    assert!(deep[0].hint().contains("nested deeper"), "{deep:?}");
    assert!(read(&format!("\u{feff}{}", good()), "x.json").is_ok(), "some editors begin a file so");
}
#[test]
fn the_schema_for_editors_is_the_one_that_the_types_make() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../descriptors/descriptor.schema.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(kept, json_schema(), "run `cargo xtask gen`");
}
