//! The compliance suite of RFC 9535, where it is at hand.

use patchbay_map::Path;
use serde_json::Value;

/// Differences that we accept: the order of results where one descendant segment has two selectors,
/// and the filter inside a filter, which the library answers wrongly and we refuse.
const KNOWN: &[&str] = &[
    "differs: basic, descendant segment, multiple selectors",
    "differs: basic, descendant segment, object traversal, multiple selectors",
    "refused: filter, nested",
];

#[test]
fn agrees_with_the_compliance_suite() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/realworld");
    let folder = std::env::var("PATCHBAY_REALWORLD").unwrap_or_else(|_| beside.to_owned());
    let Ok(text) = std::fs::read_to_string(format!("{folder}/jsonpath-cts.json")) else {
        println!("skipped: jsonpath-cts.json is not at hand");
        return;
    };
    let suite: Value = serde_json::from_str(&text).unwrap();
    let (mut run, mut wrong) = (0, Vec::new());
    for case in suite["tests"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let compiled = Path::compile(case["selector"].as_str().unwrap());
        run += 1;
        if case["invalid_selector"] == true {
            if compiled.is_ok() {
                wrong.push(format!("accepted: {name}: {}", case["selector"]));
            }
            continue;
        }
        let path = match compiled {
            Ok(path) => path,
            Err(error) => {
                wrong.push(format!("refused: {name}: {error}"));
                continue;
            }
        };
        let found: Value = path.all(&case["document"]).into_iter().cloned().collect();
        let fits = found == case["result"]
            || case["results"].as_array().is_some_and(|results| results.contains(&found));
        if !fits {
            wrong.push(format!("differs: {name}: {}", case["selector"]));
        }
    }
    wrong.retain(|line| !KNOWN.iter().any(|known| line.contains(known)));
    assert!(run > 600, "the suite exercised only {run} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
