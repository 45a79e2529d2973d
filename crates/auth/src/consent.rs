//! What the person approved when connecting: how the sign-in works, apart from the words that describe
//! it. A definition that changes it later asks again (with the addresses, which are kept beside it).

use patchbay_model::Connection;
use patchbay_model::descriptor::AuthMethod;
use serde_json::{Map, Value};

/// Where it is kept in a connection's metadata.
const APPROVED: &str = "approvedSignIn";
/// Members that only describe.
const WORDS: [&str; 5] = ["label", "help", "helpText", "placeholder", "pattern"];

/// How a sign-in works: its definition without the words for people.
pub fn essence(method: &AuthMethod) -> Value {
    let mut whole = serde_json::to_value(method).unwrap_or_default();
    strip(&mut whole);
    whole
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !WORDS.contains(&name.as_str()));
            members.values_mut().for_each(strip);
            // What permissions mean is told; which are asked for is what matters.
            if let Some(Value::Object(scopes)) = members.get_mut("scopes") {
                scopes.remove("known");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// What the person approved; none where there was no sign-in.
pub fn approved(connection: &Connection) -> Option<&Value> {
    connection.metadata.get(APPROVED)
}

/// Writes down that the person approves the sign-in as it is now.
pub fn approve(metadata: &mut Map<String, Value>, method: Option<&AuthMethod>) {
    match method {
        Some(method) => metadata.insert(APPROVED.to_owned(), essence(method)),
        None => metadata.remove(APPROVED),
    };
}

/// One thing that is not as it was approved.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What: the path of a member, such as `tokenUrl`.
    pub what: String,
    /// As it was approved; null where it was not there.
    pub before: Value,
    /// As it is now; null where it is gone.
    pub now: Value,
}

/// Everything in which the sign-in is not as it was approved.
pub fn differences(connection: &Connection, method: Option<&AuthMethod>) -> Vec<Difference> {
    let Some(before) = approved(connection) else { return Vec::new() };
    let now = method.map_or(Value::Null, essence);
    let mut all = Vec::new();
    compare("", before, &now, &mut all);
    all
}

fn compare(at: &str, before: &Value, now: &Value, all: &mut Vec<Difference>) {
    if before == now {
        return;
    }
    if let (Value::Object(old), Value::Object(new)) = (before, now) {
        let added = new.keys().filter(|name| !old.contains_key(*name));
        for name in old.keys().chain(added) {
            let inner = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            let [old, new] = [old, new].map(|side| side.get(name).unwrap_or(&Value::Null));
            compare(&inner, old, new, all);
        }
        return;
    }
    let what = if at.is_empty() { "auth".to_owned() } else { at.to_owned() };
    all.push(Difference { what, before: before.clone(), now: now.clone() });
}

#[cfg(test)]
mod tests {
    use patchbay_model::ConnectorId;
    use serde_json::json;

    use super::*;

    fn method(change: &Value) -> AuthMethod {
        let mut all = json!({
            "method": "oauth2", "id": "o", "label": "Sign in", "client": {"type": "public", "id": "c"},
            "tokenUrl": "https://as.example/token",
            "scopes": {"always": ["read"], "known": [{"name": "read", "label": "See"}]}
        });
        for (name, value) in change.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn words_may_change_and_nothing_else() {
        let mut connection =
            Connection::new(ConnectorId::new("x"), "1.0.0".into(), "2026-11-20T12:00:00Z".parse().unwrap());
        assert_eq!(
            differences(&connection, Some(&method(&json!({})))),
            [],
            "nothing was approved by older versions"
        );
        approve(&mut connection.metadata, Some(&method(&json!({}))));
        let words = method(&json!({
            "label": "Other", "help": {"url": "https://a.example", "text": "t"},
            "scopes": {"always": ["read"], "known": [{"name": "read", "label": "Look"}]}
        }));
        assert_eq!(differences(&connection, Some(&words)), []);
        let cases = [
            (json!({"tokenUrl": "https://evil.example/token"}), "tokenUrl"),
            (json!({"scopes": {"always": ["read", "write"]}}), "scopes.always"),
            (json!({"client": {"type": "public", "id": "other"}}), "client.id"),
            (json!({"inject": [{"in": "query", "name": "t", "value": "{{secret.accessToken}}"}]}), "inject"),
            (json!({"pkce": "none"}), "pkce"),
        ];
        for (change, what) in cases {
            let found = differences(&connection, Some(&method(&change)));
            assert_eq!(found.iter().map(|d| d.what.as_str()).collect::<Vec<_>>(), [what], "{change}");
        }
        assert_eq!(differences(&connection, None).len(), 1, "the sign-in is gone");
    }
}
