//! Mappings to fields that an operation does not have, and from steps that are not there: found before a run,
//! where they would set every record aside. Pure.

use patchbay_map::{Path, Template, type_word};
use patchbay_model::chain::{Chain, FieldMap, Source, Step};
use patchbay_model::check::{Finding, Level, Remedy};
use patchbay_model::descriptor::{Operation, Predicate};
use patchbay_model::logic::Logic;
use patchbay_model::problem::{Code, Problem, Subject};
use serde_json::Value;

use crate::fields::TargetField;
use crate::mapping::covers;

/// What is mapped to nowhere, or from nowhere, in the step at `index`: a blocker each, with its field.
pub(crate) fn findings(chain: &Chain, index: usize, operation: Option<&Operation>) -> Vec<Finding> {
    let all: Vec<&Step> = chain.all_steps().collect();
    let Some(step) = all.get(index) else { return Vec::new() };
    let name = match (&step.name, operation) {
        (None, Some(operation)) => operation.title.as_str(),
        _ => step.title(),
    };
    let mut found = Vec::new();
    let mut blocker = |map: &FieldMap, message: String| {
        let problem = Problem::new(Code::SchemaMismatch)
            .with("field", map.target.trim_start_matches('/'))
            .with("message", &message)
            .about(Subject::Chain { id: chain.name.clone(), step: Some(step.id.to_string()) });
        found.push(Finding {
            level: Level::Blocker,
            step: Some(step.id.clone()),
            text: message,
            problem: Some(problem),
            remedy: Some(Remedy::Field { target: map.target.clone() }),
        });
    };
    for map in &step.mapping {
        let field = map.target.trim_start_matches('/');
        if operation.is_some_and(|operation| !has(&operation.params, &map.target)) {
            let message = format!(
                "\"{name}\" has no field \"{field}\". Take away what is set for it, or set it for another field."
            );
            blocker(map, message);
        }
        for id in steps_of(&map.source) {
            if all[..index].iter().any(|earlier| earlier.id.as_str() == id) {
                continue;
            }
            let message = match all.iter().find(|other| other.id.as_str() == id) {
                Some(later) => format!(
                    "\"{field}\" of \"{name}\" comes from \"{}\", which has not run by then. Choose another source.",
                    later.title()
                ),
                None => format!(
                    "\"{field}\" of \"{name}\" comes from a step \"{id}\", which the chain does not have. Choose another source."
                ),
            };
            blocker(map, message);
        }
    }
    for id in step.logic.as_ref().map(names_of).unwrap_or_default() {
        if all[..index].iter().any(|earlier| earlier.id.as_str() == id) {
            continue;
        }
        let message = match all.iter().find(|other| other.id.as_str() == id) {
            Some(later) => format!(
                "\"{name}\" looks at what \"{}\" gives, which has not run by then. Have it look at an earlier step.",
                later.title()
            ),
            None => format!(
                "\"{name}\" looks at what a step \"{id}\" gives, which the chain does not have. Have it look at an earlier step."
            ),
        };
        let problem = Problem::new(Code::InputInvalid)
            .with("field", format!("Step \"{}\": logic", step.id))
            .with("message", &message)
            .about(Subject::Chain { id: chain.name.clone(), step: Some(step.id.to_string()) });
        found.push(Finding {
            step: Some(step.id.clone()),
            text: message,
            ..Finding::of(Level::Blocker, problem)
        });
    }
    found
}

/// The mappings of a step to fields that its operation does not have, as lines beside those of the others: what
/// is not shown cannot be taken away.
pub(crate) fn fields(step: &Step, operation: &Operation, shown: &[TargetField]) -> Vec<TargetField> {
    let strays = step.mapping.iter().filter(|map| !has(&operation.params, &map.target));
    let unseen = strays.filter(|map| !shown.iter().any(|field| covers(&map.target, &field.target)));
    let line = |map: &FieldMap| TargetField {
        finder: None,
        target: map.target.clone(),
        label: map.target.trim_start_matches('/').to_owned(),
        about: None,
        kind: type_word(&Value::Null).to_owned(),
        required: false,
        choices: Vec::new(),
        default: None,
        map: Some(map.clone()),
        from_sample: None,
        result: None,
        trouble: Some(format!("\"{}\" has no such field. Take away what is set for it.", operation.title)),
        example: false,
    };
    unseen.map(line).collect()
}

/// Whether a schema has a place for a JSON pointer (RFC 6901). One that names no members says nothing of them,
/// nor does one that is put together from others.
fn has(schema: &Value, pointer: &str) -> bool {
    const TOGETHER: [&str; 6] = ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "patternProperties"];
    let Some(rest) = pointer.strip_prefix('/') else { return true };
    let mut schema = schema;
    for token in rest.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        let other = &schema["additionalProperties"];
        if TOGETHER.iter().any(|word| schema.get(word).is_some()) {
            return true;
        }
        let is_object = match &schema["type"] {
            Value::String(kind) => kind == "object",
            Value::Array(kinds) => kinds.iter().any(|kind| kind == "object"),
            _ => true,
        };
        let members = schema["properties"].as_object();
        schema = match members.and_then(|members| members.get(&token)) {
            _ if !is_object => return false,
            Some(member) => member,
            None if other.is_object() => other,
            None => return *other == Value::Bool(true) || (members.is_none() && other.is_null()),
        };
    }
    true
}

/// The steps whose results a source draws on.
fn steps_of(source: &Source) -> Vec<String> {
    steps_among(match source {
        Source::Path { path } => of_path(path),
        Source::Template { template } => of_template(template),
        Source::Fixed { .. } => Vec::new(),
    })
}

/// The steps whose results the conditions and templates of a step look at that works by itself. What a delivery
/// is looked at for is within the delivery; the steps that are named as such are the plan's matter.
fn names_of(logic: &Logic) -> Vec<String> {
    let conditions = |when: &[Predicate]| when.iter().flat_map(|one| of_path(&one.path)).collect();
    steps_among(match logic {
        Logic::Filter { when } => conditions(when),
        Logic::Branch { ways, .. } => ways.iter().flat_map(|way| -> Vec<_> { conditions(&way.when) }).collect(),
        Logic::Split { path } => of_path(path),
        Logic::Wait { until, .. } => until.iter().flat_map(|one| of_template(one)).collect(),
        Logic::Delivery { ties, .. } => ties.iter().flat_map(|tie| of_template(&tie.equals)).collect(),
        Logic::Approval { question, .. } => of_template(question),
        Logic::Remember { key, value, .. } => {
            std::iter::once(key).chain(value).flat_map(|one| of_template(one)).collect()
        }
        Logic::Recall { key, .. } | Logic::Lookup { key, .. } => of_template(key),
        Logic::Link { source, target, .. } => {
            [source, target].into_iter().flat_map(|one| of_template(one)).collect()
        }
        Logic::Linked { source, .. } => of_template(source),
        Logic::Map | Logic::Aggregate { .. } | Logic::Join { .. } | Logic::Chain { .. } => Vec::new(),
    })
}

/// What a path leads over. What does not compile is said elsewhere.
fn of_path(path: &str) -> Vec<Vec<String>> {
    Path::compile(path).map(|path| vec![path.names()]).unwrap_or_default()
}

/// The names that a template uses, likewise.
fn of_template(template: &str) -> Vec<Vec<String>> {
    let parts = |name: &String| name.split('.').map(str::to_owned).collect();
    Template::compile(template).map(|own| own.names().iter().map(parts).collect()).unwrap_or_default()
}

/// The steps among names.
fn steps_among(names: Vec<Vec<String>>) -> Vec<String> {
    let of = |name: Vec<String>| match <[String; 2]>::try_from(name.into_iter().take(2).collect::<Vec<_>>()) {
        Ok([root, id]) if root == "steps" => Some(id),
        _ => None,
    };
    let mut found: Vec<String> = names.into_iter().filter_map(of).collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use patchbay_model::Descriptor;
    use serde_json::json;

    use super::*;
    use crate::mapping;

    fn descriptor(params: &Value) -> Descriptor {
        serde_json::from_value(json!({
            "id": "tool", "name": "Tool", "description": "A tool.", "category": "custom", "version": "1.0.0",
            "baseUrl": "https://api.tool.example", "auth": [], "healthCheck": {"request": {"path": "/me"}},
            "operations": [{"id": "send", "title": "Send", "verb": "create", "entity": "message",
                "request": {"method": "POST", "path": "/m"}, "params": params}],
        }))
        .unwrap()
    }

    fn chain(mapping: &Value) -> Chain {
        serde_json::from_value(json!({"schema": 1, "name": "Tell", "steps": [
            {"id": "first", "connection": "chat", "operation": "send"},
            {"id": "tell", "connection": "chat", "operation": "send", "mapping": mapping},
            {"id": "last", "name": "The last", "connection": "chat", "operation": "send"}
        ]}))
        .unwrap()
    }

    fn said(params: &Value, mapping: &Value) -> Vec<Finding> {
        let descriptor = descriptor(params);
        let found = mapping::findings(&chain(mapping), |_| Some(&descriptor));
        found.into_iter().filter(|finding| finding.level == Level::Blocker).collect()
    }

    #[test]
    fn what_is_mapped_to_a_field_that_does_not_exist_is_said_before_the_run() {
        let closed = json!({"type": "object", "additionalProperties": false, "properties": {
            "text": {"type": "string"}, "a/b": {"type": "string"},
            "fields": {"type": ["object", "null"], "properties": {"title": {"type": "string"}}},
            "free": {"type": "object"}, "more": {"type": "object", "additionalProperties": {"type": "object",
                "properties": {"n": {"type": "integer"}}}},
            "one": {"oneOf": [{"type": "object"}, {"type": "string"}]}, "any": {}
        }});
        let mut open = closed.clone();
        open.as_object_mut().unwrap().remove("additionalProperties");
        let mut wide = closed.clone();
        wide["additionalProperties"] = json!(true);
        let cases = [
            (&closed, "/text", true),
            (&closed, "/a~1b", true),
            (&closed, "/titel", false),
            (&open, "/titel", false),
            (&wide, "/titel", true),
            (&closed, "/fields", true),
            (&closed, "/fields/title", true),
            (&closed, "/fields/titel", false),
            (&closed, "/text/title", false),
            (&closed, "/free/whatever/else", true),
            (&closed, "/more/x/n", true),
            (&closed, "/more/x/m", false),
            (&closed, "/one/title", true),
            (&closed, "/any/title", true),
            (&json!({"type": "object"}), "/text", true),
            (&json!({"type": "object", "additionalProperties": false}), "/text", false),
        ];
        for (params, target, there) in cases {
            let map = json!([{"target": target, "source": {"type": "fixed", "value": "x"}}]);
            let found = said(params, &map);
            assert_eq!(found.is_empty(), there, "{target}: {found:?}");
            for finding in found {
                assert_eq!(finding.remedy, Some(Remedy::Field { target: target.to_owned() }));
                assert_eq!(finding.step.as_ref().map(ToString::to_string).as_deref(), Some("tell"));
                let start = format!("\"Send\" has no field \"{}\".", target.trim_start_matches('/'));
                assert!(finding.text.starts_with(&start), "{}", finding.text);
                assert_eq!(finding.problem.map(|problem| problem.code()), Some(Code::SchemaMismatch));
            }
        }
    }

    #[test]
    fn a_field_that_does_not_exist_is_shown_where_it_can_be_taken_away() {
        let descriptor = descriptor(&json!({"type": "object", "properties": {"text": {"type": "string"}}}));
        let map = |target: &str| json!({"target": target, "source": {"type": "fixed", "value": "x"}});
        let chain = chain(&json!([map("/text"), map("/titel"), map("/a/b")]));
        let fields =
            crate::fields::of_step(&chain, 1, |_| Some(&descriptor), &mapping::Samples::new(), 0).unwrap();
        let lines: Vec<_> =
            fields.targets.iter().map(|field| (field.target.as_str(), field.trouble.is_some())).collect();
        assert_eq!(lines, [("/text", false), ("/titel", true), ("/a/b", true)]);
        assert!(fields.targets.iter().all(|field| field.map.is_some()), "what is set is shown");
    }

    #[test]
    fn what_comes_from_a_step_that_is_not_there_or_comes_later_is_said_before_the_run() {
        let path = |path: &str| json!({"type": "path", "path": path});
        let template = |template: &str| json!({"type": "template", "template": template});
        let (gone, later) = (Some("a step \"gone\""), Some("\"The last\", which has not run"));
        let cases = [
            (path("$.steps.first.id"), None),
            (path("$.steps['first'].id"), None),
            (path("$.steps.gone.id"), gone),
            (path("$.steps[\"gone\"]['id']"), gone),
            (path("$['steps'].gone[0]"), gone),
            (path("$.steps.last.id"), later),
            (path("$.steps.tell.id"), Some("which has not run")),
            (path("$.steps"), None),
            (path("$.steps[*].id"), None),
            (path("$.item.steps.gone"), None),
            (path("$.input.steps"), None),
            (template("{{ steps.first.id }} of {{ item.steps.gone }}"), None),
            (template("steps.gone.id"), None),
            (template("{{ steps.gone.id }}"), gone),
            (template("New: {{ item.title }} {{ steps.gone.id|default('') }} {{ steps.gone.x }}"), gone),
            (template("{{ steps.last.id if steps.first.id else 'none' }}"), later),
            (json!({"type": "fixed", "value": "{{ steps.gone.id }}"}), None),
        ];
        let params = json!({"type": "object", "properties": {"text": {"type": "string"}}});
        for (source, want) in cases {
            let found = said(&params, &json!([{"target": "/text", "source": source}]));
            assert_eq!(found.len(), usize::from(want.is_some()), "{source}: {found:?}");
            for finding in found {
                let start = "\"text\" of \"Send\" comes from ";
                assert!(finding.text.starts_with(start), "{source}: {}", finding.text);
                assert!(finding.text.contains(want.unwrap()), "{source}: {}", finding.text);
                assert_eq!(finding.remedy, Some(Remedy::Field { target: "/text".to_owned() }));
            }
        }
    }

    #[test]
    fn conditions_and_templates_that_look_at_a_step_that_is_not_there_or_comes_later_are_said_before_the_run() {
        let (gone, later) = ("a step \"gone\" gives", "\"The last\" gives, which has not run");
        let when = |step: &str| json!([{"path": format!("$.steps.{step}.id"), "operator": "exists"}]);
        let cases = |step: &str| {
            let template = format!("{{{{ steps.{step}.id }}}}");
            [
                json!({"type": "filter", "when": when(step)}),
                json!({"type": "branch", "ways": [{"name": "a", "when": []}, {"name": "b", "when": when(step)}]}),
                json!({"type": "split", "path": format!("$.steps.{step}.all")}),
                json!({"type": "wait", "until": template}),
                json!({"type": "delivery", "ties": [{"path": "$.body.id", "equals": template}]}),
                json!({"type": "approval", "question": format!("Send {template}?")}),
                json!({"type": "remember", "key": template}),
                json!({"type": "remember", "key": "k", "value": template}),
                json!({"type": "recall", "key": template}),
                json!({"type": "lookup", "table": "t", "key": template}),
                json!({"type": "link", "name": "n", "source": "s", "target": template}),
                json!({"type": "link", "name": "n", "source": template, "target": "t"}),
                json!({"type": "linked", "name": "n", "source": template}),
            ]
        };
        for (step, want) in [("first", None), ("gone", Some(gone)), ("last", Some(later))] {
            for logic in cases(step) {
                let mut chain = chain(&json!([]));
                chain.steps[1] =
                    serde_json::from_value(json!({"id": "own", "name": "Own", "logic": logic})).unwrap();
                let found = mapping::findings(&chain, |_| None);
                assert_eq!(found.len(), usize::from(want.is_some()), "{logic}: {found:?}");
                for finding in found {
                    assert_eq!((finding.level, finding.step), (Level::Blocker, Some("own".into())), "{logic}");
                    let start = format!("\"Own\" looks at what {}", want.unwrap());
                    assert!(finding.text.starts_with(&start), "{logic}: {}", finding.text);
                }
            }
        }
        // What a delivery itself is looked at for is within it.
        let delivery = json!({"type": "delivery", "when": [{"path": "$.steps.gone", "operator": "exists"}]});
        let mut chain = chain(&json!([]));
        chain.steps[1] = serde_json::from_value(json!({"id": "own", "logic": delivery})).unwrap();
        assert_eq!(mapping::findings(&chain, |_| None), []);
    }

    #[test]
    fn a_step_that_works_by_itself_is_looked_at_too() {
        let mut chain = chain(&json!([]));
        let map = json!({"id": "make", "logic": {"type": "map"}, "mapping": [
            {"target": "/anything", "source": {"type": "path", "path": "$.steps.gone.id"}}]});
        chain.steps.push(serde_json::from_value(map).unwrap());
        let found = mapping::findings(&chain, |_| None);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].text.contains("a step \"gone\""), "{}", found[0].text);
    }
}
