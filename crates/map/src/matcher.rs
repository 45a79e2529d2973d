//! Automatic mapping: which source fits which parameter, how sure that is, and why.

use patchbay_model::chain::{ChosenBy, Conversion, FieldMap, Source};
use serde_json::Value;

use crate::convert::convert;
use crate::leaf::{DEEPEST, Kind, Leaf, SourceShape, collect, kind_of};
use crate::schema::Schema;
use crate::words::{Meaning, affinity, meaning, tokens};

/// Below this nothing is proposed.
const LOWEST: u8 = 50;

/// Proposes a source for each parameter that has a good one. At most one per parameter; nested
/// objects are descended into.
pub fn propose(target_schema: &Value, sources: &[SourceShape]) -> Vec<FieldMap> {
    let mut leaves = Vec::new();
    for (rank, source) in sources.iter().enumerate() {
        collect(source, rank, &mut leaves);
    }
    let mut maps = Vec::new();
    propose_members(target_schema, "", sources, &leaves, &mut maps, 0);
    maps
}

fn propose_members(
    schema: &Value,
    prefix: &str,
    sources: &[SourceShape],
    leaves: &[Leaf],
    maps: &mut Vec<FieldMap>,
    depth: usize,
) {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let pointer = format!("{prefix}/{}", name.replace('~', "~0").replace('/', "~1"));
        if kind_of(member) == Kind::Object && member["properties"].is_object() {
            if depth < DEEPEST {
                propose_members(member, &pointer, sources, leaves, maps, depth + 1);
            }
            continue;
        }
        // A default or fixed choice is better than a guess.
        if member.get("const").is_some() || member.get("default").is_some() {
            continue;
        }
        let best = leaves
            .iter()
            .filter_map(|leaf| score(leaf, name, member).map(|scored| (leaf, scored)))
            .max_by_key(|(leaf, scored)| (scored.points, std::cmp::Reverse((leaf.rank, leaf.path.len()))));
        let Some((leaf, scored)) = best else { continue };
        // An unsure guess for something nobody asked for does more harm than good.
        let lowest = if required.contains(&name.as_str()) { LOWEST } else { 70 };
        if scored.points < lowest {
            continue;
        }
        maps.push(FieldMap {
            target: pointer,
            source: source_for(leaf, &scored, sources),
            convert: scored.convert,
            by: ChosenBy::Matcher,
            confidence: Some(scored.points),
            reason: Some(scored.reason),
        });
    }
}

struct Scored {
    points: u8,
    convert: Option<Conversion>,
    reason: String,
}

/// How well a leaf fits a parameter; none where it cannot.
fn score(leaf: &Leaf, name: &str, target: &Value) -> Option<Scored> {
    let format = target["format"].as_str();
    let hint = target["x-meaning"].as_str();
    let target_meaning = meaning(hint.unwrap_or(name), format);
    let leaf_meaning = meaning(&leaf.name, leaf.format.as_deref());
    let (kinship, mut why) = kinship(leaf, name, leaf_meaning, target_meaning)?;
    let (convert_by, fit) = conversion(leaf.kind, kind_of(target), format)?;
    let checked = check_samples(leaf, target, convert_by)?;
    let mut points = i32::from(kinship) - fit.penalty;
    why.push_str(", ");
    why.push_str(fit.words);
    match checked {
        Some((good, of)) => {
            why.push_str(&format!(", {good} of {of} samples fit"));
            points -= ((of - good) * 40 / of) as i32;
        }
        None => points -= 4,
    }
    // What is deep inside is rarely what is meant.
    points -= (leaf.path.len().saturating_sub(1) * 3) as i32;
    u8::try_from(points.clamp(0, 100)).ok().filter(|p| *p >= LOWEST).map(|points| Scored {
        points,
        convert: convert_by,
        reason: why,
    })
}

fn kinship(leaf: &Leaf, name: &str, from: Option<Meaning>, to: Option<Meaning>) -> Option<(u8, String)> {
    let (own, wanted) = (tokens(&leaf.name), tokens(name));
    if own == wanted {
        return Some((100, "same name".to_owned()));
    }
    // `user.login` for `user_login`, `issue.number` for `issue_number`.
    let full: Vec<String> = leaf.path.iter().flat_map(|part| tokens(part)).collect();
    if full == wanted {
        return Some((98, "same name".to_owned()));
    }
    if let (Some(from), Some(to)) = (from, to) {
        let points = affinity(from, to);
        if points == 100 {
            // Two fields of one meaning and quite different things ("user id", "project id").
            let qualified = |words: &[String]| words.len() > 1;
            let generic = matches!(from, Meaning::Id | Meaning::Place | Meaning::Person | Meaning::Number);
            if generic && (qualified(&own) || qualified(&wanted)) && !own.iter().any(|w| wanted.contains(w)) {
                return None;
            }
            if generic && wanted.len() > own.len() && !own.iter().all(|w| wanted.contains(w)) {
                return Some((60, format!("both are a {}", to.word())));
            }
            return Some((95, "same meaning".to_owned()));
        }
        if points > 0 {
            return Some((points, format!("a {} can serve as a {}", from.word(), to.word())));
        }
        return None;
    }
    let shared = own.iter().filter(|word| wanted.contains(word)).count();
    if shared == 0 {
        return None;
    }
    let points = 90 * 2 * shared / (own.len() + wanted.len());
    u8::try_from(points).ok().map(|points| (points, "similar name".to_owned()))
}

struct Fit {
    penalty: i32,
    words: &'static str,
}

/// The change of type that is needed; none where there is no sensible one.
fn conversion(from: Kind, to: Kind, format: Option<&str>) -> Option<(Option<Conversion>, Fit)> {
    let same = Fit { penalty: 0, words: "same type" };
    let fit = |penalty, words| Fit { penalty, words };
    if to == Kind::Text && format == Some("date-time") {
        return match from {
            Kind::Text => Some((Some(Conversion::DateTime), same)),
            Kind::Number | Kind::Integer => Some((Some(Conversion::DateTime), fit(3, "read as a time"))),
            _ => None,
        };
    }
    if to == Kind::Text && format == Some("date") {
        return match from {
            Kind::Text | Kind::Number | Kind::Integer => {
                Some((Some(Conversion::Date), fit(6, "the time of day is lost")))
            }
            _ => None,
        };
    }
    Some(match (from, to) {
        (from, to) if from == to => (None, same),
        (Kind::Integer, Kind::Number) | (_, Kind::Unknown) => (None, same),
        (Kind::Unknown, _) => (None, fit(6, "type not known")),
        (Kind::Number | Kind::Integer | Kind::Boolean, Kind::Text) => {
            (Some(Conversion::Text), fit(4, "as text"))
        }
        (Kind::List, Kind::Text) => (Some(Conversion::Text), fit(12, "the list is joined into one text")),
        (Kind::Text, Kind::Number) => (Some(Conversion::Number), fit(8, "text read as a number")),
        (Kind::Text | Kind::Number, Kind::Integer) => {
            (Some(Conversion::Integer), fit(8, "read as a whole number"))
        }
        (Kind::Text | Kind::Integer, Kind::Boolean) => {
            (Some(Conversion::Boolean), fit(10, "read as yes or no"))
        }
        (Kind::Text | Kind::Number | Kind::Integer, Kind::List) => {
            (Some(Conversion::List), fit(6, "as a list of one"))
        }
        (Kind::List, Kind::Number | Kind::Integer | Kind::Boolean) => {
            (Some(Conversion::First), fit(25, "only the first of the list is used"))
        }
        _ => return None,
    })
}

/// How many samples convert and fit the parameter's schema. None of many fitting rules it out.
fn check_samples(leaf: &Leaf, target: &Value, how: Option<Conversion>) -> Option<Option<(usize, usize)>> {
    if leaf.samples.is_empty() {
        return Some(None);
    }
    let Ok(schema) = Schema::compile(target) else {
        return Some(None);
    };
    let fits = |sample: &&Value| {
        let value = match how {
            Some(how) => convert((**sample).clone(), how).ok(),
            None => Some((**sample).clone()),
        };
        value.is_some_and(|value| schema.check(&value).is_ok())
    };
    let good = leaf.samples.iter().filter(fits).count();
    if good == 0 { None } else { Some(Some((good, leaf.samples.len()))) }
}

fn source_for(leaf: &Leaf, scored: &Scored, sources: &[SourceShape]) -> Source {
    let root = sources.get(leaf.rank).map_or("$", |source| source.root.as_str());
    debug_assert!(scored.points >= LOWEST);
    Source::Path { path: leaf.path_from(root) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn issue() -> SourceShape {
        SourceShape {
            root: "$.item".into(),
            schema: Some(json!({"type": "object", "properties": {
                "number": {"type": "integer"}, "title": {"type": "string"}, "body": {"type": "string"},
                "html_url": {"type": "string", "format": "uri"}, "labels": {"type": "array"},
                "created_at": {"type": "string", "format": "date-time"},
                "user": {"type": "object", "properties": {"login": {"type": "string"}}}
            }})),
            samples: vec![json!({"number": 1, "title": "A", "body": "B", "labels": ["x"],
                "created_at": "2026-01-31T12:00:00Z", "user": {"login": "amira"}})],
            label: "Issues".into(),
        }
    }

    fn paths(target: &Value, sources: &[SourceShape]) -> Vec<(String, String)> {
        propose(target, sources)
            .into_iter()
            .map(|map| match map.source {
                Source::Path { path } => (map.target, path),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn an_issue_becomes_a_message_a_task_and_a_comment() {
        let cases = [
            (
                json!({"required": ["text"], "properties": {"text": {"type": "string"}, "channel": {"type": "string", "default": "general"}}}),
                vec![("/text", "$.item.title")],
            ),
            (
                json!({"required": ["name"], "properties": {
                    "name": {"type": "string"}, "notes": {"type": "string"}, "due_on": {"type": "string", "format": "date"}}}),
                vec![("/name", "$.item.title"), ("/notes", "$.item.body")],
            ),
            (
                json!({"required": ["number", "body"], "properties": {"number": {"type": "integer"}, "body": {"type": "string"}}}),
                vec![("/number", "$.item.number"), ("/body", "$.item.body")],
            ),
            (
                json!({"properties": {"fields": {"type": "object", "properties": {"summary": {"type": "string"}, "link": {"type": "string", "format": "uri"}}}}}),
                vec![("/fields/summary", "$.item.title"), ("/fields/link", "$.item.html_url")],
            ),
        ];
        for (target, want) in cases {
            let want: Vec<_> = want.into_iter().map(|(t, p)| (t.to_owned(), p.to_owned())).collect();
            assert_eq!(paths(&target, &[issue()]), want, "{target}");
        }
    }

    #[test]
    fn every_proposal_says_how_sure_it_is_and_why() {
        let target = json!({"required": ["title"], "properties": {"title": {"type": "string"}}});
        let map = propose(&target, &[issue()]).remove(0);
        assert_eq!(map.confidence, Some(100));
        assert_eq!(map.reason.as_deref(), Some("same name, same type, 1 of 1 samples fit"));
        assert_eq!(map.by, ChosenBy::Matcher);
    }

    #[test]
    fn an_unrelated_identifier_is_not_proposed() {
        let target = json!({"required": ["project_id"], "properties": {"project_id": {"type": "string"}}});
        let mut source = issue();
        source.schema = None;
        source.samples = vec![json!({"user_id": "u1", "colour": "red"})];
        assert_eq!(paths(&target, &[source]), []);
    }

    #[test]
    fn samples_that_do_not_convert_rule_a_source_out() {
        let target = json!({"required": ["amount"], "properties": {"amount": {"type": "integer"}}});
        let source = |sample: Value| SourceShape {
            root: "$.input".into(),
            schema: None,
            samples: vec![json!({ "amount": sample })],
            label: String::new(),
        };
        assert_eq!(paths(&target, &[source(json!("12"))]).len(), 1);
        assert_eq!(paths(&target, &[source(json!("a dozen"))]).len(), 0);
    }

    #[test]
    fn the_nearest_source_wins_among_equals() {
        let near = SourceShape { root: "$.steps.a".into(), ..issue() };
        let target = json!({"required": ["title"], "properties": {"title": {"type": "string"}}});
        assert_eq!(paths(&target, &[near, issue()]), [("/title".to_owned(), "$.steps.a.title".to_owned())]);
    }
}
