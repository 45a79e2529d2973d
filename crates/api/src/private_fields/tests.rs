use patchbay_descriptor::Catalogue;
use patchbay_map::JsonTemplate;
use patchbay_model::privacy::masked;
use serde_json::json;

use super::*;

#[test]
fn private_fields_of_what_a_stream_brings_are_named() {
    let catalogue = Catalogue::built_in();
    for (connector, stream, wanted) in [
        ("sandbox-tracker", "issues", vec![vec!["author", "email"]]),
        ("stripe", "charges", vec![vec!["billing_details", "email"]]),
        ("github-issues", "issues", vec![]),
    ] {
        let descriptor = catalogue.get(&connector.into()).unwrap();
        let stream = descriptor.streams.iter().find(|own| own.id == stream).unwrap();
        let found = of_stream(stream);
        for field in &wanted {
            assert!(found.iter().any(|own| own == field), "{connector} {field:?}: {found:?}");
        }
        assert!(!wanted.is_empty() || found.is_empty(), "{connector}: {found:?}");
    }
}

fn operation(params: &Value, request: &Value) -> Operation {
    let shape = json!({"id": "do", "title": "Do", "verb": "create", "entity": "thing",
        "params": {"type": "object", "properties": params}, "request": request});
    serde_json::from_value(shape).unwrap()
}

#[test]
fn a_place_that_is_filled_from_a_private_parameter_is_private_as_sent() {
    let own = operation(
        &json!({
            "to": {"type": "array", "items": {"type": "string", "x-private": true}},
            "person": {"type": "object", "properties": {"mail": {"x-private": true}, "name": {}}},
            "open": {"type": "string"}
        }),
        &json!({"method": "POST", "path": "/things", "query": {"for": "{{params.to}}"}, "body": {
            "message": {"recipients": [{"address": "{{params.to}}"}], "subject": "{{params.open}}"},
            "Contact": "{{ params.person }}",
            "Text": "{{ params.person|json }}",
            "Line": "To {{params.person.mail}}",
            "Name": "{{params.person.name}}",
            "Each": {"$each": "{{params.to}}", "$give": {"address": "{{each}}"}},
            "Maybe": {"$if": "{{params.open}}", "$give": {"mailTo": "{{params.person.mail}}", "open": "{{params.open}}"}}
        }}),
    );
    let found: Vec<String> = of_operation(&own).iter().map(|keys| keys.join(".")).collect();
    let wanted = [
        "Contact.mail",
        "Each",
        "Line",
        "Maybe.mailTo",
        "Text",
        "for",
        "message.recipients.address",
        "person.mail",
        "to",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn parts_of_an_address_and_bodies_that_are_one_text_are_private_as_sent() {
    let beyond = |path: &str, body: Value| {
        let params = json!({"mail": {"x-private": true}, "id": {}});
        let own = operation(&params, &json!({"method": "POST", "path": path, "body": body}));
        let mut descriptor = Catalogue::built_in().get(&"stripe".into()).unwrap().as_ref().clone();
        descriptor.operations = vec![own.clone()];
        beyond_fields(&descriptor, &own)
    };
    for (path, address) in [
        ("/v3/contacts/{{params.mail}}", Some("v3/contacts/{private}")),
        ("/{{params.id}}/{{ params.mail|default('a/b') }}/notes?x={{params.mail}}", Some("{}/{private}/notes")),
        ("/contacts/{{params.mail}}/", Some("contacts/{private}/")),
        ("/people/{{params.id}}:{{params.mail}}", Some("people/{private}")),
        ("/people/{{params.id}}", None),
    ] {
        let found = beyond(path, Value::Null);
        assert_eq!(found.addresses.first().map(String::as_str), address, "{path}");
        assert!(!found.body);
    }
    assert!(beyond("/x", json!("To: {{params.mail}}")).body);
    assert!(!beyond("/x", json!("No {{params.id}}")).body);
}

/// Every text in a value.
fn texts<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|own| texts(own, found)),
        Value::Object(members) => members.values().for_each(|own| texts(own, found)),
        _ => {}
    }
}

/// The private texts of parameters, one by one.
fn private_texts<'v>(value: &'v Value, field: &[String], found: &mut Vec<&'v str>) {
    match (value, field.split_first()) {
        (Value::Array(items), Some(_)) => items.iter().for_each(|own| private_texts(own, field, found)),
        (own, None) => texts(own, found),
        (own, Some((key, rest))) => private_texts(&own[key], rest, found),
    }
}

/// A template with the parameters filled in, as far as they are enough.
fn filled(template: &Value, scope: &Value) -> Value {
    let template = JsonTemplate::compile(template).ok();
    template.and_then(|template| template.render(scope).ok()).flatten().unwrap_or(Value::Null)
}

#[test]
fn no_private_value_is_left_in_any_request_of_the_catalogue() {
    let mut sent_somewhere = 0;
    for connector in Catalogue::built_in().all() {
        for own in &connector.operations {
            let (Some(request), Some(example)) = (&own.request, &own.example) else { continue };
            let mut secret = Vec::new();
            for field in in_schema(&own.params) {
                private_texts(example, &field, &mut secret);
            }
            let scope = json!({"params": example, "config": {}});
            let variables = request.graphql.as_ref().map(|graphql| json!(graphql.variables));
            let body = filled(request.body.as_ref().or(variables.as_ref()).unwrap_or(&Value::Null), &scope);
            let beyond = beyond_fields(connector, own);
            let path = Template::compile(&request.path).ok().and_then(|path| path.path_segment(&scope).ok());
            let path = path.unwrap_or_default();
            let (fields, url) = (of_operation(own), format!("https://service.test/base{path}"));
            let shown = format!("{} {}", beyond.address(&url), beyond.request_body(&body, &fields));
            for secret in secret {
                let encoded = secret.replace('@', "%40").replace('+', "%2B");
                let was_there = body.to_string().contains(secret) || url.contains(&encoded);
                sent_somewhere += usize::from(was_there);
                let left = shown.contains(secret) || shown.contains(&encoded);
                assert!(!left, "{} {} shows {secret}: {shown}", connector.id, own.id);
            }
            assert_eq!(masked(&json!({"open": 1}), &fields), json!({"open": 1}));
        }
    }
    assert!(sent_somewhere > 10, "only {sent_somewhere} were looked at");
}
