//! Services that have changed what they give: found before anything is sent, with what looks like the
//! field that is gone.

use patchbay_map::{ENOUGH, Matcher, SourceShape, Target};
use patchbay_model::chain::{FieldMap, Source};
use patchbay_model::check::{Finding, Level};
use patchbay_model::descriptor::Descriptor;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Chain, StepId};
use serde_json::Value;

use crate::mapping::{Samples, operation_of, required, sources};

/// What items are called in paths.
const ITEM: &str = "$.item";

/// A field that everything had before and nothing has now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Gone {
    /// Where it was, from the item: `$.title`.
    pub(crate) path: String,
    /// The parameter that it filled.
    pub(crate) target: String,
    /// What looks like it now.
    pub(crate) instead: Option<String>,
    /// A single record lacks it, and the next one may have it.
    pub(crate) of_one: bool,
}

/// The first field of these mappings that none of the items has. `root` is what the items are called in
/// paths. Fewer than [`ENOUGH`] items say nothing.
pub(crate) fn gone(maps: &[FieldMap], root: &str, items: &[Value], params: &Value) -> Option<Gone> {
    if items.len() < ENOUGH {
        return None;
    }
    let watched = maps.iter().filter(|map| map.always || map.default.is_some());
    let lost = watched.into_iter().find_map(|map| {
        let own = path_from(root, map)?;
        items.iter().all(|item| lacks(item, own)).then_some((map, own))
    });
    let (map, own) = lost?;
    let instead = instead(map, root, items, params);
    Some(Gone { path: own.to_owned(), target: map.target.clone(), instead, of_one: false })
}

/// The first field that a single record has lost. One record says less than a list, as some services leave out
/// what is empty. It counts where a parameter needs the field and everything that was seen before had it, were it
/// one record only. What a parameter can do without counts where it was there often enough and something that
/// nothing else is made of looks like it: it has another name now.
pub(crate) fn lost(maps: &[FieldMap], root: &str, record: &Value, params: &Value) -> Option<Gone> {
    let taken = |path: &str| maps.iter().any(|map| path_from(root, map) == Some(path));
    maps.iter().filter(|map| map.always || map.seen).find_map(|map| {
        let own = path_from(root, map).filter(|own| lacks(record, own))?;
        let instead = instead(map, root, std::slice::from_ref(record), params).filter(|path| !taken(path));
        let counts = needs(map, params) || (map.always && instead.is_some());
        counts.then(|| Gone { path: own.to_owned(), target: map.target.clone(), instead, of_one: true })
    })
}

/// Whether nothing stands in where the source of a mapping has nothing.
fn needs(map: &FieldMap, params: &Value) -> bool {
    let mut parts = map.target.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
    let member = parts.try_fold(params, |schema, part| {
        required(schema).any(|name| name == part).then(|| &schema["properties"][part])
    });
    map.default.is_none() && member.is_some_and(|member| member["default"].is_null())
}

/// Where a mapping reads below a root, where that is a plain path.
fn path_from<'m>(root: &str, map: &'m FieldMap) -> Option<&'m str> {
    let Source::Path { path } = &map.source else { return None };
    path.strip_prefix(root)?.strip_prefix('.').filter(|own| !own.contains(['[', '*']))
}

/// What looks like the source of a mapping now.
fn instead(map: &FieldMap, root: &str, items: &[Value], params: &Value) -> Option<String> {
    let shape = SourceShape {
        root: root.to_owned(),
        schema: None,
        samples: items.to_vec(),
        label: String::new(),
        origin: None,
    };
    let again = Matcher::new(&[shape]).propose(&Target { schema: params, origin: None });
    let other = again.into_iter().find(|other| other.target == map.target)?;
    match other.source {
        Source::Path { path } => path.strip_prefix(root).map(|rest| rest.trim_start_matches('.').to_owned()),
        _ => None,
    }
}

/// Whether a name of a path is missing. A thing that is empty (null) as a whole lacks nothing: nobody is
/// assigned, and that says nothing about what the service gives.
fn lacks(item: &Value, path: &str) -> bool {
    let mut place = item;
    for name in path.split('.') {
        match place {
            Value::Object(members) => match members.get(name) {
                Some(next) => place = next,
                None => return true,
            },
            _ => return false,
        }
    }
    false
}

impl Gone {
    /// In words, for the step that it was mapped in.
    pub(crate) fn problem(&self, tool: &str, step: &str, subject: Subject) -> Problem {
        let field = self.target.trim_start_matches('/');
        let instead =
            self.instead.as_ref().map_or_else(String::new, |path| format!(" \"{path}\" looks like it."));
        let gone = if self.of_one {
            "which what was read last does not have: the service may give something else now"
        } else {
            "which nothing has any more: the service gives something else now"
        };
        Problem::new(Code::SchemaMismatch)
            .with("tool", tool)
            .with("field", field)
            .with(
                "message",
                format!("\"{step}\": it came from \"{}\", {gone}.{instead} Nothing was sent.", self.path),
            )
            .about(subject)
    }
}

/// What of a chain's mappings the latest samples do not have any more. What the matcher chose is chosen
/// anew and cannot be gone; this is about choices made by hand.
pub fn findings<'d>(
    chain: &Chain,
    descriptor_of: impl Fn(&str) -> Option<&'d Descriptor>,
    samples: &Samples,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, step) in chain.all_steps().enumerate() {
        let Some(operation) = operation_of(step, &descriptor_of) else { continue };
        let sources = sources(chain, index, &descriptor_of, samples);
        let params = &operation.params;
        let found_gone = sources.iter().find_map(|source| match source.samples.as_slice() {
            [record] if source.root != ITEM => lost(&step.mapping, &source.root, record, params),
            samples => gone(&step.mapping, &source.root, samples, params),
        });
        let Some(lost) = found_gone else { continue };
        let subject = Subject::Chain { id: chain.name.clone(), step: Some(step.id.to_string()) };
        let problem = lost.problem(&step.connection, step.title(), subject);
        // The next record may be whole again, and the run looks before it sends anything.
        let level = if lost.of_one { Level::Warning } else { Level::Blocker };
        found.push(finding(level, step.id.clone(), problem));
    }
    found
}

fn finding(level: Level, step: StepId, problem: Problem) -> Finding {
    Finding { level, step: Some(step), text: problem.hint(), problem: Some(problem), remedy: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn maps() -> Vec<FieldMap> {
        serde_json::from_value(json!([
            {"target": "/text", "source": {"type": "path", "path": "$.item.title"}, "always": true},
            {"target": "/note", "source": {"type": "path", "path": "$.item.note"}}
        ]))
        .unwrap()
    }

    #[test]
    fn a_field_is_gone_when_nothing_of_enough_has_it() {
        let params = json!({"required": ["text"], "properties": {"text": {"type": "string"}}});
        let seen = |items: Value| gone(&maps(), "$.item", items.as_array().unwrap(), &params);
        let renamed = json!([{"headline": "a"}, {"headline": "b"}, {"headline": "c"}]);
        let lost = seen(renamed).unwrap();
        assert_eq!((lost.path.as_str(), lost.instead.as_deref()), ("title", Some("headline")));
        assert_eq!(seen(json!([{"headline": "a"}, {"headline": "b"}])), None, "two say nothing");
        assert_eq!(seen(json!([{"x": 1}, {"title": null}, {"x": 1}])), None, "null is there");
        assert_eq!(seen(json!([{"title": "a"}, {"title": "b"}, {"x": 1}])), None);
        let mut nested = maps();
        nested[0].source = Source::Path { path: "$.item.assignee.login".into() };
        let nobody = [json!({"assignee": null}), json!({"assignee": null}), json!({"assignee": null})];
        assert_eq!(gone(&nested, "$.item", &nobody, &params), None, "nobody is assigned");
        assert_eq!(gone(&maps(), "$.steps.a", &[json!({}), json!({}), json!({})], &params), None);
    }

    #[test]
    fn of_a_single_record_counts_what_is_needed_and_was_there_and_what_has_another_name() {
        let params = json!({"required": ["text", "in"], "properties": {
            "text": {"type": "string"}, "name": {"type": "string"},
            "in": {"type": "object", "required": ["room"], "properties": {
                "room": {"type": "string"}, "thread": {"type": "string"}}},
        }});
        let map = |target: &str, more: Value| {
            let mut map = json!({"target": target, "source": {"type": "path", "path": "$.steps.get.title"}});
            map.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value::<FieldMap>(map).unwrap()
        };
        let (seen, often) = (json!({"seen": true}), json!({"seen": true, "always": true}));
        let (bare, other) = (json!({"id": 7}), json!({"id": 7, "name": "a"}));
        for (target, more, record, counts, why) in [
            ("/text", &seen, &bare, true, "it is needed, and was there the one time"),
            ("/text", &seen, &json!({"title": null}), false, "it is there, and empty"),
            ("/text", &json!({}), &bare, false, "it was never seen"),
            ("/text", &json!({"seen": true, "default": "-"}), &bare, false, "something stands in for it"),
            ("/in/room", &seen, &bare, true, "a group that is needed needs it"),
            ("/in/thread", &seen, &bare, false, "the group can do without"),
            ("/name", &seen, &other, false, "it can be left out, and one record says little"),
            ("/name", &often, &other, true, "it was there often, and has another name now"),
            ("/name", &often, &bare, false, "some services leave out what is empty"),
        ] {
            let maps = [map(target, more.clone())];
            assert_eq!(lost(&maps, "$.steps.get", record, &params).is_some(), counts, "{target} {more}: {why}");
        }
        let nobody = [map("/text", json!({"seen": true}))];
        let elsewhere = lost(&nobody, "$.steps.other", &bare, &params);
        assert_eq!(elsewhere, None, "nobody maps a field of that step");
    }
}
