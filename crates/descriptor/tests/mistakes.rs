//! Mistakes in definitions: each is found at its place, in words that say how to mend it.

use patchbay_descriptor::{json_schema, read};
use patchbay_model::problem::{Problem, Subject};
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "id": "example", "name": "Example", "description": "An example.", "category": "custom", "version": "1.0.0",
        "baseUrl": "https://api.example.com",
        "configFields": [{"key": "team", "label": "Team", "required": true}, {"key": "note", "label": "Note"}],
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
#[expect(clippy::unwrap_used, reason = "a row that names no place is a mistake of the test")]
fn check(cases: &[(&str, Value, &str, &str)]) {
    let mut wrong = Vec::new();
    for (changed, value, place, words) in cases {
        let mut document = good();
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

#[test]
fn a_mistake_of_shape_is_found_at_its_place() {
    check(&[
        ("/nmae", json!("x"), "/nmae", "unknown field \"nmae\". Did you mean \"name\"?"),
        ("/colour", json!("x"), "/colour", "unknown field \"colour\", expected one of"),
        ("/name", json!(7), "/name", "expected text, found the number 7"),
        ("/streams", json!({}), "/streams", "expected a list, found an object"),
        ("/category", json!("project-managment"), "/category", "Did you mean \"project-management\"?"),
        ("/auth/0/inject/0/nam", json!("x"), "/auth/0/inject/0/nam", "Did you mean \"name\"?"),
        ("/auth/0/inject/0/in", json!("headr"), "/auth/0/inject/0/in", "Did you mean \"header\"?"),
        ("/auth/0/lable", json!("x"), "/auth/0/lable", "Did you mean \"label\"?"),
        ("/auth/0/label", json!(7), "/auth/0/label", "expected text"),
        ("/auth/0/credentialFields/0/tpye", json!("text"), "/auth/0/credentialFields/0/tpye", "\"type\"?"),
        ("/auth/0/method", json!("oauth9"), "/auth/0/method", "not a way to sign in"),
        ("/auth/0/method", json!("api_kay"), "/auth/0/method", "Did you mean \"api_key\"?"),
        (
            "/auth/0",
            json!({"method": "basic", "id": "b", "label": "B"}),
            "/auth/0",
            "\"credentialFields\" is missing",
        ),
        ("/auth/0", json!("basic"), "/auth/0", "expected an object with \"method\""),
        ("/streams/0/delta/type", json!("since_idd"), "/streams/0/delta/type", "Did you mean \"since_id\"?"),
        ("/streams/0/delta/format", json!(7), "/streams/0/delta/format", "a way to write times"),
        (
            "/streams/0/delta/lookBackSeconds",
            json!("soon"),
            "/streams/0/delta/lookBackSeconds",
            "a whole number",
        ),
        ("/streams/0/delta/lookback", json!(1), "/streams/0/delta/lookback", "unknown field \"lookback\""),
        (
            "/streams/0/delta",
            json!({"type": "none", "param": "since"}),
            "/streams/0/delta/param",
            "nothing to say here",
        ),
        ("/streams/0/delta", json!({"param": "since"}), "/streams/0/delta", "\"type\" is missing"),
        ("/streams/0/pagination/next/place", json!("boddy"), "/streams/0/pagination/next/place", "\"body\"?"),
        (
            "/streams/0/pagination/next/parm",
            json!("x"),
            "/streams/0/pagination/next/parm",
            "Did you mean \"param\"?",
        ),
        (
            "/streams/0/pagination/next",
            json!({"type": "cursor", "param": "c"}),
            "/streams/0/pagination/next",
            "\"cursorPath\" is missing",
        ),
        (
            "/defaults/pagination/next/parm",
            json!("x"),
            "/defaults/pagination/next/parm",
            "unknown field \"parm\"",
        ),
        (
            "/operations/1/pagination",
            json!({"next": {"type": "pages"}}),
            "/operations/1/pagination/next/type",
            "\"page\"?",
        ),
        ("/operations/0/idempotency/ttl", json!(1), "/operations/0/idempotency/ttl", "unknown field \"ttl\""),
        (
            "/operations/1/idempotency",
            json!({"type": "natural", "ttl": 1}),
            "/operations/1/idempotency/ttl",
            "nothing to say here",
        ),
        (
            "/operations/0/idempotency/ttlSeconds",
            json!(-1),
            "/operations/0/idempotency/ttlSeconds",
            "a whole number",
        ),
        ("/operations/0/request/method", json!("FETCH"), "/operations/0/request/method", "not known here"),
        (
            "/defaults/errors/0/status",
            json!("403"),
            "/defaults/errors/0/status",
            "expected a status code such as 404",
        ),
        ("/healthCheck", json!({}), "/healthCheck", "\"request\" is missing"),
    ]);
}

#[test]
fn a_mistake_of_meaning_is_found_at_its_place() {
    check(&[
        // Who it is and where it leads.
        ("/id", json!("Not An Id"), "/id", "lower-case"),
        ("/version", json!("one"), "/version", "1.0.0"),
        ("/description", json!(" "), "/description", "1 to 300"),
        ("/docsUrl", json!("http://example.com"), "/docsUrl", "https"),
        ("/baseUrl", json!("http://api.example.com"), "/baseUrl", "https"),
        ("/baseUrl", json!("http://{{config.team}}.example.com"), "/baseUrl", "https"),
        ("/baseUrl", json!("{{config.team}}"), "/baseUrl", "https"),
        ("/baseUrl", json!("http://localhost.example.com{{config.team}}"), "/baseUrl", "https"),
        ("/baseUrl", json!("https://{{config.tean}}.example.com"), "/baseUrl", "Did you mean \"config.team\"?"),
        ("/baseUrl", json!("https://api.example.com/"), "/baseUrl", "without a slash"),
        ("/baseUrl", json!("https://me@api.example.com"), "/baseUrl", "no user name"),
        ("/auth/0/help", json!({"url": "http://example.com", "text": "There."}), "/auth/0/help/url", "https"),
        // What people enter.
        (
            "/configFields/1",
            json!({"key": "Team", "label": "T"}),
            "/configFields/1/key",
            "a lower-case letter first",
        ),
        ("/configFields/0/pattern", json!("(a"), "/configFields/0/pattern", "regular expression"),
        ("/configFields/0/pattern", json!("a)(b"), "/configFields/0/pattern", "regular expression"),
        ("/configFields/0/pattern", json!("(?=a)b"), "/configFields/0/pattern", "regular expression"),
        (
            "/configFields/0",
            json!({"key": "team", "label": "T", "required": true, "pattern": "[a-z]+", "example": "A1"}),
            "/configFields/0/example",
            "own pattern",
        ),
        ("/configFields/0/default", json!(7), "/configFields/0/default", "field's type"),
        ("/configFields/0/options", json!(["a"]), "/configFields/0/options", "type enum"),
        (
            "/auth/0/credentialFields/0/pattern",
            json!("["),
            "/auth/0/credentialFields/0/pattern",
            "regular expression",
        ),
        (
            "/auth/0/inject/0/value",
            json!("{{secret.kee}}"),
            "/auth/0/inject/0/value",
            "Did you mean \"secret.key\"?",
        ),
        ("/auth/0/inject/0/name", json!("X Key"), "/auth/0/inject/0/name", "letters, digits and hyphens"),
        ("/auth/0/inject", json!([]), "/auth/0/inject", "where the key goes"),
        // What every request shares.
        (
            "/defaults/query",
            json!({"team/name": "{{config.nope}}"}),
            "/defaults/query/team~1name",
            "nothing called \"config.nope\"",
        ),
        (
            "/defaults/headers",
            json!({"X-Key": "{{secret.key}}"}),
            "/defaults/headers/X-Key",
            "only where a sign-in puts them",
        ),
        ("/defaults/headers", json!({"Host": "example.com"}), "/defaults/headers/Host", "the program itself"),
        ("/defaults/headers", json!({"X-A": "a\nb"}), "/defaults/headers/X-A", "one line"),
        (
            "/defaults/errors/0/status",
            json!([599, 500]),
            "/defaults/errors/0/status",
            "smaller code comes first",
        ),
        ("/defaults/errors/0/status", json!(900), "/defaults/errors/0/status", "100 to 599"),
        (
            "/defaults/errors/0/headers",
            json!({"x-left": "("}),
            "/defaults/errors/0/headers/x-left",
            "regular expression",
        ),
        ("/defaults/errors/0/body", json!({"path": "message"}), "/defaults/errors/0/body/path", "not a path"),
        (
            "/defaults/errors/0/body",
            json!({"path": "$.m", "operator": "in", "value": "x"}),
            "/defaults/errors/0/body/value",
            "list",
        ),
        ("/defaults/errors/0", json!({"action": "fail"}), "/defaults/errors/0", "when it applies"),
        ("/limits/rate/0/seconds", json!(0), "/limits/rate/0/seconds", "at least 1"),
        // Streams.
        ("/streams/0/id", json!("All Tasks"), "/streams/0/id", "underscores"),
        ("/streams/0/request/method", json!("DELETE"), "/streams/0/request/method", "read with GET"),
        ("/streams/0/request/path", json!("/tasks?all=1"), "/streams/0/request/path", "belongs to \"query\""),
        (
            "/streams/0/pagination/next/cursorPath",
            json!("next"),
            "/streams/0/pagination/next/cursorPath",
            "not a path",
        ),
        (
            "/streams/0/pagination/next/place",
            json!("body"),
            "/streams/0/pagination/next/place",
            "goes into the body",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "page", "param": "p"}}),
            "/streams/0/pagination/pageSize",
            "needs a page size",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "next_url", "urlPath": "next"}}),
            "/streams/0/pagination/next/urlPath",
            "not a path",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "header_cursor", "header": "X Next", "param": "c"}}),
            "/streams/0/pagination/next/header",
            "letters, digits and hyphens",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "cursor", "cursorPath": "$.c", "param": "Host", "place": "header"}}),
            "/streams/0/pagination/next/param",
            "the program itself",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "link_header"}, "sizeParam": "n", "sizePlace": "body", "pageSize": 5}),
            "/streams/0/pagination/sizePlace",
            "goes into the body",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "link_header"}, "until": "short_page"}),
            "/streams/0/pagination/pageSize",
            "needs a page size",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "link_header"}, "totalPath": "total"}),
            "/streams/0/pagination/totalPath",
            "not a path",
        ),
        (
            "/streams/0/pagination",
            json!({"next": {"type": "link_header"}, "more": {"path": "more"}}),
            "/streams/0/pagination/more/path",
            "not a path",
        ),
        // Going on, and streams within streams.
        ("/streams/0/delta", json!({"type": "timestamp_filter"}), "/streams/0/delta", "use {{since}}"),
        ("/streams/0/delta/format", json!("unixms"), "/streams/0/delta/format", "Did you mean \"unix_ms\"?"),
        ("/streams/0/delta/format", json!("%H:%M"), "/streams/0/delta/format", "cannot be read again"),
        ("/streams/0/delta/initial", json!("soon"), "/streams/0/delta/initial", "a time or a day"),
        ("/streams/0/delta/initial", json!("{{config.since}}"), "/streams/0/delta/initial", "nothing called"),
        ("/streams/0/delta/windowSeconds", json!(60), "/streams/0/delta/windowSeconds", "give \"initial\""),
        ("/streams/0/delta/place", json!("body"), "/streams/0/delta/place", "goes into the body"),
        (
            "/streams/0/delta",
            json!({"type": "timestamp_filter", "param": "s", "format": "date", "initial": "2026-01-31", "windowSeconds": 60}),
            "/streams/0/delta/windowSeconds",
            "shorter",
        ),
        (
            "/streams/0/delta",
            json!({"type": "delta_token", "tokenPath": "next"}),
            "/streams/0/delta/tokenPath",
            "not a path",
        ),
        (
            "/streams/0/delta",
            json!({"type": "cursor", "cursorPath": "$.c", "param": " "}),
            "/streams/0/delta/param",
            "empty",
        ),
        (
            "/streams/0/mapping/timestampFormats",
            json!(["unxi"]),
            "/streams/0/mapping/timestampFormats/0",
            "\"unix\"?",
        ),
        ("/streams/0/forEach", json!({"bind": {"a": "$"}}), "/streams/0/forEach", "exactly one"),
        (
            "/streams/0/forEach",
            json!({"stream": "taks", "bind": {"a": "$.id"}}),
            "/streams/0/forEach/stream",
            "Did you mean \"tasks\"?",
        ),
        (
            "/streams/0/forEach",
            json!({"stream": "tasks", "bind": {"a": "$.id"}}),
            "/streams/0/forEach/stream",
            "in no ring",
        ),
        (
            "/streams/0/forEach",
            json!({"setting": "team", "bind": {"a": "$"}}),
            "/streams/0/forEach/setting",
            "of type list",
        ),
        (
            "/streams/0/forEach",
            json!({"values": ["x"], "bind": {"a": "id"}}),
            "/streams/0/forEach/bind/a",
            "not a path",
        ),
        ("/streams/0/forEach", json!({"values": ["x"], "bind": {}}), "/streams/0/forEach/bind", "at least one"),
        (
            "/streams/0/request/path",
            json!("/tasks/{{parent.id}}"),
            "/streams/0/request/path",
            "nothing called \"parent.id\"",
        ),
        ("/streams/0/mapping/idPath", json!("id"), "/streams/0/mapping/idPath", "not a path"),
        (
            "/streams/0/mapping/summaryTemplate",
            json!("{{ name"),
            "/streams/0/mapping/summaryTemplate",
            "do not match",
        ),
        (
            "/streams/0/mapping/signalTypeRules/0/when/path",
            json!("$["),
            "/streams/0/mapping/signalTypeRules/0/when/path",
            "not a path",
        ),
        ("/streams/0/itemSchema", json!({"type": "thing"}), "/streams/0/itemSchema", "schema"),
        // Operations.
        ("/operations/0/id", json!("Create Task"), "/operations/0/id", "underscores"),
        ("/operations", twice(&good()["operations"][2]), "/operations/1/id", "there already"),
        ("/streams", twice(&good()["streams"][0]), "/streams/1/id", "there already"),
        ("/auth", twice(&good()["auth"][0]), "/auth/1/id", "there already"),
        (
            "/configFields/1",
            json!({"key": "team", "label": "T", "required": true}),
            "/configFields/1/key",
            "there already",
        ),
        ("/operations/0/request/path", json!("tasks"), "/operations/0/request/path", "begins with a slash"),
        (
            "/operations/0/request/path",
            json!("/{{params.nope}}"),
            "/operations/0/request/path",
            "nothing called \"params.nope\"",
        ),
        (
            "/operations/0/request/path",
            json!("/{{ config.tean }}"),
            "/operations/0/request/path",
            "\"config.team\"?",
        ),
        ("/operations/0/request/path", json!("/{% for a in b %}"), "/operations/0/request/path", "expressions"),
        (
            "/operations/2/request/path",
            json!("/tasks/{{params.since}}"),
            "/operations/2/request/path",
            "required",
        ),
        (
            "/operations/0/request/body",
            json!({"a": ["{{params.nmae}}"]}),
            "/operations/0/request/body",
            "\"params.name\"?",
        ),
        ("/operations/2/request/body", json!({}), "/operations/2/request/body", "carry no body"),
        ("/operations/1/request/method", json!("GET"), "/operations/1/request/method", "not sent with GET"),
        (
            "/operations/2/request/method",
            json!("POST"),
            "/operations/2/request/method",
            "sent with GET or HEAD",
        ),
        ("/operations/0/params/type", json!("array"), "/operations/0/params", "type object"),
        (
            "/operations/0/params/$ref",
            json!("https://example.com/x"),
            "/operations/0/params",
            "another document",
        ),
        ("/operations/0/params/pattern", json!("(a)\\1"), "/operations/0/params", "schema"),
        ("/operations/0/result", json!({"$ref": "other.json"}), "/operations/0/result", "another document"),
        ("/operations/0/resultPath", json!("$.a["), "/operations/0/resultPath", "not a path"),
        ("/operations/0/example", json!({"name": 7}), "/operations/0/example/name", "string"),
        ("/operations/0/refusedStatus", json!([42]), "/operations/0/refusedStatus/0", "100 to 599"),
        (
            "/operations/0/undo/operation",
            json!("delete_tasks"),
            "/operations/0/undo/operation",
            "Did you mean \"delete_task\"?",
        ),
        (
            "/operations/0/undo",
            json!({"operation": "list_tasks"}),
            "/operations/0/undo/operation",
            "changes something",
        ),
        ("/operations/0/undo/params", json!({}), "/operations/0/undo/params", "\"delete_task\" needs \"id\""),
        ("/operations/0/undo/params/idd", json!("1"), "/operations/0/undo/params/idd", "Did you mean \"id\"?"),
        (
            "/operations/0/undo/params/id",
            json!("{{reslt.id}}"),
            "/operations/0/undo/params/id",
            "nothing called",
        ),
        (
            "/operations/0/lookup",
            json!({"operation": "delete_task", "params": {"id": "1"}, "matches": "{{ item.id == 1 }}"}),
            "/operations/0/lookup/operation",
            "only reads",
        ),
        (
            "/operations/0/lookup/matches",
            json!("{{ params.name == params.name }}"),
            "/operations/0/lookup/matches",
            "item.…",
        ),
        (
            "/operations/2/undo",
            json!({"operation": "delete_task", "params": {"id": "1"}}),
            "/operations/2/undo",
            "needs no undo",
        ),
        // What a request carries and how it is answered.
        (
            "/operations/0/request/bodyFormat",
            json!("xml"),
            "/operations/0/request/bodyFormat",
            "not known here",
        ),
        (
            "/operations/0/request",
            json!({"method": "POST", "path": "/x", "body": ["a"], "bodyFormat": "form"}),
            "/operations/0/request/body",
            "a form is an object",
        ),
        (
            "/operations/0/request",
            json!({"method": "POST", "path": "/x", "body": {}, "graphql": {"query": "mutation { a }"}}),
            "/operations/0/request/graphql",
            "the place of a body",
        ),
        (
            "/operations/0/request",
            json!({"method": "POST", "path": "/x", "graphql": {"query": "{ a }"}}),
            "/operations/0/request/graphql/query",
            "is a mutation",
        ),
        (
            "/operations/0/request",
            json!({"method": "PUT", "path": "/x", "graphql": {"query": "mutation { a }"}}),
            "/operations/0/request/method",
            "sent with POST",
        ),
        (
            "/operations/0/request",
            json!({"method": "POST", "path": "/x", "graphql": {"query": "mutation { a(b: \"{{params.name}}\") }"}}),
            "/operations/0/request/graphql/query",
            "goes into \"variables\"",
        ),
        (
            "/operations/0/request",
            json!({"method": "POST", "path": "/x", "graphql": {"query": "mutation { a }", "variables": {"b": "{{params.nmae}}"}}}),
            "/operations/0/request/graphql/variables/b",
            "\"params.name\"?",
        ),
        (
            "/streams/0/request",
            json!({"method": "POST", "path": "/x", "graphql": {"query": "mutation { a }"}}),
            "/streams/0/request/graphql/query",
            "a stream only reads",
        ),
        (
            "/streams/0/request",
            json!({"path": "/x", "errors": [{"body": {"path": "ok"}, "action": "fail"}]}),
            "/streams/0/request/errors/0/body/path",
            "not a path",
        ),
        (
            "/streams/0/request",
            json!({"path": "/x", "rate": [{"calls": 0, "seconds": 1}]}),
            "/streams/0/request/rate/0/calls",
            "at least 1",
        ),
        // Health.
        ("/healthCheck/request/method", json!("DELETE"), "/healthCheck/request/method", "GET or HEAD"),
        ("/healthCheck/request/method", json!("POST"), "/healthCheck/request/method", "only with \"expect\""),
        ("/healthCheck/identityPath", json!("login"), "/healthCheck/identityPath", "not a path"),
        ("/healthCheck/expectStatus", json!([20]), "/healthCheck/expectStatus/0", "100 to 599"),
    ]);
}

#[test]
fn addresses_on_this_computer_and_whole_addresses_as_settings_are_in_order() {
    let mut document = good();
    document["configFields"] = json!([{"key": "team", "label": "Team", "required": true}, {"key": "site", "label": "Site", "type": "url", "required": true}]);
    for address in [
        "{{config.site}}",
        "{{ config.site }}/api",
        "https://{{config.team}}.example.com",
        "http://127.0.0.1:4319/x",
        "http://localhost:1/{{config.team}}",
    ] {
        document["baseUrl"] = json!(address);
        assert!(
            read(&document.to_string(), "x.json").is_ok(),
            "{address}: {:?}",
            read(&document.to_string(), "x.json")
        );
    }
}

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

fn first_form() -> Value {
    json!({
        "id": "old-tool", "name": "Old tool", "description": "As it was first written.", "category": "documents",
        "icon": "file", "kind": "generic", "version": "1.0.0", "baseUrl": "https://old.example.com",
        "auth": {"method": "api_key", "config": {"delivery": "bearer", "paramName": "Authorization",
            "credentialFields": [
                {"key": "site", "label": "Site", "type": "url", "required": true},
                {"key": "token", "label": "Token", "type": "password", "required": true}]}},
        "ingestion": {"mode": "polling", "endpoint": "{{baseUrl}}/items?state=all&since={{checkpoint}}", "method": "POST",
            "body": "{\"sort\": \"updated\"}", "rateLimitRpm": 60,
            "delta": {"type": "timestamp_filter", "queryParam": "since", "format": "iso8601"},
            "pagination": {"type": "cursor", "nextPath": "$.next", "nextParam": "cursor", "pageSize": 50}},
        "fieldMapping": {"itemsPath": "$.items[*]", "idPath": "$.id", "timestampPath": "$.at", "summaryTemplate": "{{title}}",
            "signalTypeRules": [{"when": "$.new", "operator": "exists", "then": "item_created"}],
            "priorityMapping": [{"when": "$.p", "operator": "in", "value": ["P0", "P1"], "then": "critical"}],
            "participantsPath": "$.people[*]"},
        "healthCheck": {"endpoint": "{{baseUrl}}/me", "method": "GET", "expectStatus": 200, "timeoutMs": 5000}
    })
}

#[test]
fn the_first_form_of_the_document_is_brought_forward() {
    let descriptor = read(&first_form().to_string(), "old.json").unwrap();
    let stream = &descriptor.streams[0];
    assert_eq!(stream.request.path, "/items");
    assert_eq!(json!(stream.request.query), json!({"state": "all"}), "delta adds the checkpoint itself");
    assert_eq!(stream.request.body, Some(json!({"sort": "updated"})));
    assert_eq!(stream.mapping.participants_paths, ["$.people[*]"]);
    assert_eq!(stream.mapping.priority_mapping.len(), 1);
    assert_eq!(descriptor.limits.rate[0].calls, 60);
    assert_eq!(descriptor.health_check.expect_status, [200]);
    let auth = json!(descriptor.auth[0]);
    assert_eq!(
        (&auth["method"], &auth["inject"][0]["value"]),
        (&json!("api_key"), &json!("Bearer {{secret.token}}"))
    );
}

#[test]
fn an_address_in_the_first_form_becomes_the_base() {
    let mut document = first_form();
    document.as_object_mut().unwrap().remove("baseUrl");
    document["ingestion"]["endpoint"] = json!("https://api.old.example.com/v1/items");
    document["healthCheck"]["endpoint"] = json!("https://api.old.example.com/v1/me");
    let descriptor = read(&document.to_string(), "old.json").unwrap();
    assert_eq!(descriptor.base_url, "https://api.old.example.com");
    assert_eq!(descriptor.streams[0].request.path, "/v1/items");
    assert_eq!(descriptor.health_check.request.path, "/v1/me");
}

#[test]
fn mistakes_in_the_first_form_stand_where_they_were_written() {
    let cases: Vec<(&str, &str, Value, &str, &str)> = vec![
        ("/fieldMapping", "idPath", json!("id"), "/fieldMapping/idPath", "not a path"),
        (
            "/ingestion",
            "endpoint",
            json!("{{baseUrl}}/{{nope}}"),
            "/ingestion/endpoint",
            "nothing called \"nope\"",
        ),
        (
            "/ingestion/delta",
            "type",
            json!("webhook"),
            "/ingestion/delta/type",
            "\"webhook\" is not known here",
        ),
        (
            "/ingestion",
            "delta",
            json!({"type": "delta_token", "tokenPath": "t"}),
            "/ingestion/delta/tokenPath",
            "not a path",
        ),
        (
            "/ingestion",
            "delta",
            json!({"type": "since_id", "idPath": "$.number", "idParam": "after"}),
            "/ingestion/delta/idPath",
            "the same",
        ),
        ("/ingestion/pagination", "nextPath", json!("next"), "/ingestion/pagination/nextPath", "not a path"),
        ("/ingestion", "mode", json!("webhook"), "/ingestion/mode", "only \"polling\""),
        ("/auth", "method", json!("oauth2"), "/auth/method", "not a way to sign in"),
        ("/healthCheck", "method", json!("DELETE"), "/healthCheck/method", "GET or HEAD"),
    ];
    for (parent, name, value, place, words) in cases {
        let mut document = first_form();
        document.pointer_mut(parent).unwrap()[name] = value;
        let problems = read(&format!("{document:#}"), "old.json").unwrap_err();
        assert!(problems.iter().any(|problem| is_at(problem, place, words)), "{place}: {problems:#?}");
    }
}

#[test]
fn the_schema_for_editors_is_the_one_that_the_types_make() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../descriptors/descriptor.schema.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(kept, json_schema(), "run `cargo xtask gen`");
}
