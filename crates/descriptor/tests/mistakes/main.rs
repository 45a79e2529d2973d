//! Mistakes in definitions: each is found at its place, in words that say how to mend it.

mod connector;
mod document;
mod first_form;
mod operation;
mod request;
mod shape;
mod stream;
mod webhook;

use patchbay_descriptor::read;
use patchbay_model::problem::{Problem, Subject};
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "id": "example", "name": "Example", "description": "An example.", "category": "custom", "version": "1.0.0",
        "baseUrl": "https://api.example.com",
        "configFields": [{"key": "team", "label": "Team", "required": true},
            {"key": "note", "label": "Note", "choices": {"operation": "list_tasks", "value": "$.id", "label": "$.name"}}],
        "auth": [{"method": "api_key", "id": "key", "label": "Key",
            "credentialFields": [{"key": "key", "label": "Key"}],
            "inject": [{"in": "header", "name": "X-Key", "value": "{{secret.key}}"}]}],
        "defaults": {
            "headers": {"Accept": "application/json"},
            "pagination": {"next": {"type": "link_header"}},
            "errors": [{"status": 403, "headers": {"x-left": "^0$"}, "action": "rate_limited"}]
        },
        "limits": {"rate": [{"calls": 60, "seconds": 60}]},
        "streams": [{
            "id": "tasks", "title": "Tasks", "request": {"path": "/teams/{{config.team}}/tasks"},
            "delta": {"type": "timestamp_filter", "param": "since"},
            "pagination": {"next": {"type": "cursor", "cursorPath": "$.next", "param": "cursor"}},
            "mapping": {"itemsPath": "$.items[*]", "idPath": "$.id", "timestampPath": "$.at",
                "summaryTemplate": "{{ name }}", "defaultSignalType": "task_changed",
                "signalTypeRules": [{"when": {"path": "$.done", "operator": "equals", "value": true}, "then": "task_done"}]}
        }],
        "operations": [
            {"id": "create_task", "title": "Create task", "verb": "create", "entity": "task",
             "request": {"method": "POST", "path": "/teams/{{config.team}}/tasks", "body": {"name": "{{params.name}}"}},
             "params": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
             "idempotency": {"type": "header", "name": "Idempotency-Key", "ttlSeconds": 3600},
             "lookup": {"operation": "list_tasks", "params": {"since": "{{sentAt}}"}, "matches": "{{ item.name == params.name }}"},
             "undo": {"operation": "delete_task", "params": {"id": "{{result.id}}"}}},
            {"id": "delete_task", "title": "Delete task", "verb": "delete", "entity": "task",
             "request": {"method": "DELETE", "path": "/tasks/{{params.id}}"},
             "params": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}},
            {"id": "list_tasks", "title": "List tasks", "verb": "list", "entity": "task",
             "request": {"path": "/tasks", "query": {"since": "{{params.since}}"}}, "resultPath": "$[*]",
             "params": {"type": "object", "properties": {"since": {"type": "string"}}}}
        ],
        "healthCheck": {"request": {"path": "/me"}}
    })
}

#[test]
fn a_good_definition_is_read() {
    let descriptor = read(&format!("{:#}", good()), "example.json").unwrap();
    assert_eq!((descriptor.streams.len(), descriptor.operations.len()), (1, 3));
}

/// Where the problem is, by its place in the text, and whether the words name the same line.
fn is_at(problem: &Problem, place: &str, words: &str) -> bool {
    match problem.subject() {
        Some(Subject::File { line: Some(line), column: Some(_), pointer: Some(pointer), .. }) => {
            pointer == place
                && problem.hint().contains(words)
                && problem.hint().starts_with(&format!("Line {line}: "))
        }
        _ => false,
    }
}

/// The good definition with one value changed has this one mistake, at this place, in these words.
fn check(cases: &[(&str, Value, &str, &str)]) {
    check_in(&good(), cases);
}

#[expect(clippy::unwrap_used, reason = "a row that names no place is a mistake of the test")]
fn check_in(good: &Value, cases: &[(&str, Value, &str, &str)]) {
    let mut wrong = Vec::new();
    for (changed, value, place, words) in cases {
        let mut document = good.clone();
        let (parent, name) = changed.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap();
        match name.parse::<usize>() {
            Ok(index) => parent[index] = value.clone(),
            Err(_) => parent[name] = value.clone(),
        }
        match read(&format!("{document:#}"), "example.json") {
            Err(problems) if problems.len() == 1 && is_at(&problems[0], place, words) => {}
            Err(problems) => {
                let said: Vec<_> = problems.iter().map(|p| (p.hint(), p.subject())).collect();
                wrong.push(format!("{changed} should say \"{words}\" at {place}: {said:#?}"));
            }
            Ok(_) => wrong.push(format!("{changed} was accepted: {value}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn twice(value: &Value) -> Value {
    json!([value, value])
}
