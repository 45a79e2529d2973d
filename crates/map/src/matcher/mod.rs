//! Automatic mapping: which source fits which parameter, how sure that is, and why.

mod field;
mod fit;
mod kinship;

use patchbay_model::chain::{ChosenBy, FieldMap, Source};
use serde_json::Value;

use self::field::{Field, describe_a_person, follow_a_title, name_a_person};
use self::fit::{fit, samples_that_fit};
use self::kinship::kinship;
use crate::change::Change;
use crate::leaf::{DEEPEST, Kind, Leaf, SourceShape, collect, kind_of};
use crate::schema::Schema;
use crate::words::Meaning;

/// Below this nothing is proposed.
const LOWEST: u8 = 50;
/// An unsure guess for something that nobody asked for does more harm than good.
const LOWEST_OPTIONAL: u8 = 70;

/// What is to be filled.
#[derive(Clone, Copy, Debug)]
pub struct Target<'t> {
    /// The JSON Schema of the parameters.
    pub schema: &'t Value,
    /// The connection that they go to.
    pub origin: Option<&'t str>,
}

/// What can be drawn from, made ready once for any number of targets.
#[derive(Debug)]
pub struct Matcher<'s> {
    sources: &'s [SourceShape],
    known: Vec<(Leaf, Field)>,
}

/// Proposes a source for each parameter that has a good one: [`Matcher`] for one target.
pub fn propose(target: &Target<'_>, sources: &[SourceShape]) -> Vec<FieldMap> {
    Matcher::new(sources).propose(target)
}

impl<'s> Matcher<'s> {
    /// Looks at what the sources hold.
    pub fn new(sources: &'s [SourceShape]) -> Self {
        let mut all = Vec::new();
        for (rank, source) in sources.iter().enumerate() {
            let mut leaves = Vec::new();
            collect(source, rank, &mut leaves);
            let mut known: Vec<(Leaf, Field)> = leaves
                .into_iter()
                .map(|leaf| {
                    let field = Field::of_leaf(&leaf);
                    (leaf, field)
                })
                .collect();
            if describe_a_person(known.iter().map(|(_, field)| field)) {
                for (_, field) in &mut known {
                    name_a_person(field);
                }
            }
            follow_a_title(&mut known.iter_mut().map(|(_, field)| field).collect::<Vec<_>>());
            all.extend(known);
        }
        Self { sources, known: all }
    }

    /// Proposes a source for each parameter that has a good one. At most one per parameter; nested
    /// objects are descended into.
    pub fn propose(&self, target: &Target<'_>) -> Vec<FieldMap> {
        let mut proposer = Proposer { target, matcher: self, found: Vec::new() };
        proposer.members(target.schema, "", 0);
        once(&proposer.found)
    }

    /// Adds to a value that was chosen by hand what it needs to fit its parameter, where nothing was said
    /// about that: another way of writing, another type, one of the choices.
    pub fn suit(&self, target: &Target<'_>, map: &mut FieldMap) {
        let Source::Path { path } = &map.source else { return };
        let said = map.convert.is_some() || map.text.is_some() || !map.among.is_empty();
        let mut parts = map.target.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
        let member = parts.try_fold(target.schema, |schema, part| schema["properties"].get(&part));
        let root = |leaf: &Leaf| self.sources.get(leaf.rank).map_or("$", |source| source.root.as_str());
        let known = self.known.iter().find(|(leaf, _)| leaf.path_from(root(leaf)) == *path);
        let (Some(member), Some((leaf, from))) = (member, known) else { return };
        (map.always, map.seen) = (leaf.always(), leaf.seen());
        if said {
            return;
        }
        let name = map.target.rsplit('/').next().unwrap_or_default();
        let Some(fit) = fit(leaf, from, &Field::of_parameter(name, member), member) else { return };
        (map.convert, map.text) = (fit.change.convert, fit.change.text);
        (map.among, map.longest) = (fit.change.among, map.longest.or(fit.change.longest));
    }
}

/// The same value in a second place that nobody asked for is no help: it stays where it fits best.
fn once(found: &[Proposal]) -> Vec<FieldMap> {
    let repeats = |one: &Proposal| {
        !one.asked
            && found.iter().any(|other| {
                other.map.source == one.map.source && (other.asked || other.map.confidence > one.map.confidence)
            })
    };
    found.iter().filter(|one| !repeats(one)).map(|one| one.map.clone()).collect()
}

struct Proposer<'p> {
    target: &'p Target<'p>,
    matcher: &'p Matcher<'p>,
    found: Vec<Proposal>,
}

struct Proposal {
    map: FieldMap,
    /// Whether it is required or has the same name.
    asked: bool,
}

impl Proposer<'_> {
    fn members(&mut self, schema: &Value, prefix: &str, depth: usize) {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let members: Vec<(&String, &Value)> = schema["properties"].as_object().into_iter().flatten().collect();
        let mut fields: Vec<Field> =
            members.iter().map(|(name, member)| Field::of_parameter(name, member)).collect();
        if describe_a_person(fields.iter()) {
            for field in &mut fields {
                name_a_person(field);
            }
        }
        follow_a_title(&mut fields.iter_mut().collect::<Vec<_>>());
        for ((name, member), field) in members.into_iter().zip(&fields) {
            let pointer = format!("{prefix}/{}", name.replace('~', "~0").replace('/', "~1"));
            if kind_of(member) == Kind::Object && member["properties"].is_object() {
                if depth < DEEPEST {
                    self.members(member, &pointer, depth + 1);
                }
            // A default or fixed choice is better than a guess.
            } else if member.get("const").is_none() && member.get("default").is_none() {
                self.member(pointer, member, field, required.contains(&name.as_str()));
            }
        }
    }

    fn member(&mut self, pointer: String, member: &Value, field: &Field, required: bool) {
        let lowest = if required { LOWEST } else { LOWEST_OPTIONAL };
        let Ok(schema) = Schema::compile(member) else { return };
        let scored = self.matcher.known.iter().filter_map(|(leaf, from)| {
            let scored = self.score((leaf, from), (member, field), &schema, required)?;
            (scored.points >= lowest).then_some((leaf, scored))
        });
        let nearest =
            |(leaf, scored): &(&Leaf, Scored)| (scored.points, std::cmp::Reverse((leaf.rank, leaf.path.len())));
        let Some((leaf, scored)) = scored.max_by_key(nearest) else { return };
        let root = self.matcher.sources.get(leaf.rank).map_or("$", |source| source.root.as_str());
        let map = FieldMap {
            target: pointer,
            source: Source::Path { path: leaf.path_from(root) },
            convert: scored.change.convert,
            text: scored.change.text,
            among: scored.change.among,
            longest: scored.change.longest,
            default: required.then(|| stand_in(leaf, member, field)).flatten(),
            always: leaf.always(),
            seen: leaf.seen(),
            by: ChosenBy::Matcher,
            confidence: Some(scored.points),
            reason: Some(scored.reason),
        };
        self.found.push(Proposal { map, asked: required || scored.namesake });
    }

    /// How well a leaf fits a parameter; none where it cannot.
    fn score(
        &self,
        (leaf, from): (&Leaf, &Field),
        (member, to): (&Value, &Field),
        schema: &Schema,
        required: bool,
    ) -> Option<Scored> {
        let origin = self.matcher.sources.get(leaf.rank).and_then(|source| source.origin.as_deref());
        let here = origin.is_none() || self.target.origin.is_none() || origin == self.target.origin;
        let (kinship, why) = kinship(from, to, required, here)?;
        // Any text can be read as yes or no, and hardly any is meant so.
        if to.kind == Kind::Boolean && from.kind != Kind::Boolean && from.name != to.name {
            return None;
        }
        let fit = fit(leaf, from, to, member)?;
        let mut reason = vec![why];
        reason.extend(fit.words);
        let mut points = i32::from(kinship) - fit.penalty;
        match samples_that_fit(leaf, &fit.change, schema) {
            // None of many fitting rules it out.
            Some((0, _)) => return None,
            Some((good, of)) => {
                reason.push(format!("{good} of {of} samples fit"));
                points -= ((of - good) * 40 / of) as i32;
            }
            None => points -= 4,
        }
        // What is often empty fills little.
        let all = leaf.samples.len() + leaf.missing;
        points -= (leaf.missing * 15).checked_div(all).unwrap_or(0) as i32;
        // What is deep inside something else is rarely what is meant.
        points -= if from.is_own() { 0 } else { 3 };
        let points = u8::try_from(points.clamp(0, 100)).ok()?;
        let namesake = from.name == to.name;
        Some(Scored { points, change: fit.change, reason: reason.join(", "), namesake })
    }
}

/// What stands in a text that must not be empty, where its source may be.
fn stand_in(leaf: &Leaf, member: &Value, field: &Field) -> Option<Value> {
    let nullable = leaf.schema["type"].as_array().is_some_and(|types| types.contains(&"null".into()));
    let free = ["pattern", "format", "enum"].iter().all(|name| member.get(name).is_none());
    let open = field.kind == Kind::Text && free && field.refers.is_none();
    let words = if field.meaning == Some(Meaning::Title) { "(no title)" } else { "(no text)" };
    (open && (nullable || leaf.missing > 0)).then(|| words.into())
}

struct Scored {
    points: u8,
    change: Change,
    reason: String,
    namesake: bool,
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
            origin: None,
        }
    }

    fn paths(target: &Value, sources: &[SourceShape]) -> Vec<(String, String)> {
        propose(&Target { schema: target, origin: None }, sources)
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
        let map = propose(&Target { schema: &target, origin: None }, &[issue()]).remove(0);
        assert_eq!(map.confidence, Some(100));
        assert_eq!(map.reason.as_deref(), Some("same name, same type, 1 of 1 samples fit"));
        assert_eq!(map.by, ChosenBy::Matcher);
    }

    #[test]
    fn what_becomes_of_a_time_zone_is_said() {
        let lost = "the time of day is lost, the time zone is lost";
        let cases = [
            ("date-time", "2026-11-20T20:00-05:00", "the time zone is lost"),
            ("date-time", "2026-11-20T20:00:00", "read as UTC"),
            ("date-time", "2026-11-20T20:00:00Z", "same type"),
            ("date", "2026-11-20T20:00-05:00", lost),
            ("date", "2026-11-20T20:00:00Z", "the time of day is lost"),
            ("date", "2026-11-20T20:00:00", "the time of day is lost"),
        ];
        for (format, sample, words) in cases {
            let target =
                json!({"required": ["due"], "properties": {"due": {"type": "string", "format": format}}});
            let schema = json!({"properties": {"due": {"type": "string", "format": "date-time"}}});
            let source =
                SourceShape { schema: Some(schema), samples: vec![json!({ "due": sample })], ..issue() };
            let map = propose(&Target { schema: &target, origin: None }, &[source]).remove(0);
            let reason = format!("same name, {words}, 1 of 1 samples fit");
            assert_eq!(map.reason.as_deref(), Some(reason.as_str()), "{sample} as {format}");
        }
    }

    #[test]
    fn what_is_chosen_by_hand_is_made_to_fit_and_what_was_said_about_it_stays() {
        use patchbay_model::chain::Conversion;
        let target =
            json!({"properties": {"due": {"type": "string", "format": "date"}, "body": {"type": "string"}}});
        let target = Target { schema: &target, origin: None };
        let sources = [issue()];
        let matcher = Matcher::new(&sources);
        let suited = |map: Value| {
            let mut map: FieldMap = serde_json::from_value(map).unwrap();
            matcher.suit(&target, &mut map);
            map.convert
        };
        let at = |target: &str, path: &str| json!({"target": target, "source": {"type": "path", "path": path}});
        assert_eq!(suited(at("/due", "$.item.created_at")), Some(Conversion::Date));
        assert_eq!(suited(at("/body", "$.item.number")), Some(Conversion::Text));
        assert_eq!(suited(at("/body", "$.item.title")), None);
        assert_eq!(suited(at("/gone", "$.item.title")), None);
        let mut said = at("/due", "$.item.created_at");
        said["convert"] = json!("text");
        assert_eq!(suited(said), Some(Conversion::Text));
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
            origin: None,
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
