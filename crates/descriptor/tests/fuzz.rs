//! Definitions of any content: read or refused with a place, soon, and never with a crash.

use std::time::{Duration, Instant};

use patchbay_descriptor::{Catalogue, built_in_text, read};
use patchbay_model::problem::{Code, Subject};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// Far more than the slowest takes in a debug build.
const SOON: Duration = Duration::from_secs(5);

/// Reads a text. What is refused says where.
fn check(text: &str) -> Result<(), TestCaseError> {
    let started = Instant::now();
    let result = read(text, "x.json");
    prop_assert!(started.elapsed() < SOON, "it took {:?}", started.elapsed());
    let Err(problems) = result else { return Ok(()) };
    prop_assert!(!problems.is_empty(), "refused without a word");
    for problem in problems {
        prop_assert_eq!(problem.code(), Code::DescriptorInvalid);
        let Some(Subject::File { path, line: Some(line), column: Some(_), .. }) = problem.subject() else {
            return Err(TestCaseError::fail(format!("no place: {problem:?}")));
        };
        prop_assert!(path == "x.json" && *line >= 1 && *line <= text.lines().count().max(1) + 1);
    }
    Ok(())
}

fn shipped() -> Vec<&'static str> {
    Catalogue::built_in().all().filter_map(|descriptor| built_in_text(&descriptor.id)).collect()
}

/// The pointers of every value in a document.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                places(member, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), all);
            }
        }
        _ => {}
    }
}

/// What a mistaken or hostile author may write in any place.
fn anything() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "\\PC{0,30}",
        "[{}%|$.@\\[\\]?*()'a-c0-9 ]{0,40}",
        prop::sample::select(vec![
            "{{ params.x|default('",
            "{% for a in b %}{% endfor %}",
            "{{ x|replace('','aaaaaaaa') }}",
            "$..*..*..*",
            "$[?@[?@.a]]",
            "(a+)+$",
            "(?=x)",
            "{{config.a}}{{secret.b}}",
            "https://{{config.a}}@evil.example",
            "%Q%q%",
        ])
        .prop_map(str::to_owned),
    ];
    prop_oneof![
        text.prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[[[{"a": [null]}]]]])),
        Just(json!({"$ref": "https://evil.example/schema.json"})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_refused_with_a_place(text in "\\PC{0,200}") {
        check(&text)?;
    }

    #[test]
    fn any_json_is_refused_with_a_place(text in "[\\[\\]{}:,\"a0-9 ntruefals.\\\\\n-]{0,120}") {
        check(&text)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn a_shipped_definition_with_other_values_is_read_or_refused_with_a_place(
        which: Index, changes in prop::collection::vec((any::<Index>(), anything()), 1..4),
    ) {
        let texts = shipped();
        let mut document: Value = serde_json::from_str(texts[which.index(texts.len())]).unwrap();
        for (place, value) in changes {
            let mut all = Vec::new();
            places(&document, "", &mut all);
            if let Some(found) = document.pointer_mut(&all[place.index(all.len())]) {
                *found = value;
            }
        }
        check(&format!("{document:#}"))?;
    }

    #[test]
    fn a_shipped_definition_with_damaged_text_is_read_or_refused_with_a_place(
        which: Index, at: Index, length in 0usize..40, with in "\\PC{0,12}", cut: bool,
    ) {
        let texts = shipped();
        let text = texts[which.index(texts.len())];
        let mut chars: Vec<char> = text.chars().collect();
        let from = at.index(chars.len());
        let to = if cut { chars.len() } else { (from + length).min(chars.len()) };
        chars.splice(from..to, with.chars());
        check(&chars.into_iter().collect::<String>())?;
    }
}

#[test]
fn what_is_far_too_large_or_deep_is_refused_at_once() {
    for text in [
        " ".repeat(10 << 20),
        format!("{{\"id\": \"{}\"}}", "x".repeat(10 << 20)),
        "{\"a\":".repeat(150_000),
        "[".repeat(1 << 20),
        " ".repeat((1 << 20) + 1),
    ] {
        let started = Instant::now();
        let problems = read(&text, "x.json").unwrap_err();
        let words = ["larger than 1 MiB", "nested deeper"];
        assert!(words.iter().any(|words| problems[0].hint().contains(words)), "{:?}", problems[0].hint());
        assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    }
}
