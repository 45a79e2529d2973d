//! What of the data of a run is private, as far as anybody knows, and what stands for it where it is masked.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What stands for a private value.
pub const MASK: &str = "••••••••";

/// The keys that lead to a private field, lists left out. It is known by them wherever what holds it stands:
/// services wrap their answers, and requests their bodies.
pub type PrivateField = Vec<String>;

/// A part of an address that may be anything, in [`StepPrivacy::addresses`].
pub const ANY_PART: &str = "{}";
/// A part of an address that is private, in [`StepPrivacy::addresses`].
pub const PRIVATE_PART: &str = "{private}";

/// What of a step's data is private beyond single fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct StepPrivacy {
    /// Nobody knows any more: the tool whose data it is, or what the step did with it, is not here. Then all
    /// of it is private.
    pub unknown: bool,
    /// The bodies of its requests are private as a whole: something private is worked into a text.
    pub body: bool,
    /// The ends of addresses of its requests that have private parts, such as `contacts/{private}/notes/{}`.
    pub addresses: Vec<String>,
}

/// A value with masks in the place of what is private in it. What was never there is not masked.
pub fn masked(value: &Value, fields: &[PrivateField]) -> Value {
    if fields.is_empty() { value.clone() } else { within(value, fields, &mut Vec::new()) }
}

fn within<'v>(value: &'v Value, fields: &[PrivateField], keys: &mut Vec<&'v str>) -> Value {
    let leads_here = |field: &PrivateField| {
        let own = keys.iter().rev().zip(field.iter().rev());
        !field.is_empty() && field.len() <= keys.len() && own.into_iter().all(|(key, part)| key == part)
    };
    if !value.is_null() && value != "" && fields.iter().any(leads_here) {
        return MASK.into();
    }
    match value {
        Value::Array(items) => items.iter().map(|item| within(item, fields, keys)).collect(),
        Value::Object(members) => {
            let mut shown = serde_json::Map::new();
            for (key, own) in members {
                keys.push(key);
                shown.insert(key.clone(), within(own, fields, keys));
                keys.pop();
            }
            Value::Object(shown)
        }
        plain => plain.clone(),
    }
}

impl StepPrivacy {
    /// An address with masks in the place of its private parts; of an address of which nothing is known only
    /// where it leads.
    pub fn address(&self, url: &str) -> String {
        let parts: Vec<&str> = url.split('/').collect();
        // Scheme, nothing, host: who is called is no secret of the data.
        let host = if url.contains("://") { 3 } else { 0 };
        let is_private = |at: usize| self.addresses.iter().any(|end| hides(end, &parts, at));
        let shown = parts.iter().enumerate().map(|(at, part)| {
            let hidden = at >= host && !part.is_empty() && (self.unknown || is_private(at));
            if hidden { MASK } else { part }
        });
        shown.collect::<Vec<_>>().join("/")
    }

    /// A request's body with masks in it.
    pub fn request_body(&self, body: &Value, fields: &[PrivateField]) -> Value {
        if self.unknown || self.body { MASK.into() } else { masked(body, fields) }
    }
}

/// Whether the end of an address is this one, and hides the part.
fn hides(end: &str, parts: &[&str], at: usize) -> bool {
    let end: Vec<&str> = end.split('/').collect();
    let Some(first) = parts.len().checked_sub(end.len()) else { return false };
    let is_it = end.iter().zip(&parts[first..]).all(|(wanted, part)| wanted.starts_with('{') || wanted == part);
    is_it && at >= first && end[at - first] == PRIVATE_PART
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_masked_wherever_they_stand_and_nothing_else_is() {
        let fields = [vec!["author".to_owned(), "email".to_owned()], vec!["to".to_owned()], Vec::new()];
        let body = json!({"issue": [{"author": {"email": "a@example.test", "login": "a"}}],
            "to": ["b@example.test"], "email": "no author", "author": {"email": ""}});
        let wanted = json!({"issue": [{"author": {"email": MASK, "login": "a"}}], "to": MASK,
            "email": "no author", "author": {"email": ""}});
        assert_eq!(masked(&body, &fields), wanted);
    }

    #[test]
    fn private_parts_of_an_address_are_masked_in_addresses_of_their_shape() {
        let own = StepPrivacy {
            addresses: vec!["contacts/{private}/notes/{}".into(), "people/{private}".into()],
            ..StepPrivacy::default()
        };
        for (url, shown) in [
            ("https://h.test/v3/contacts/a%40b/notes/7", "https://h.test/v3/contacts/••••••••/notes/7"),
            ("https://h.test/people/a%40b", "https://h.test/people/••••••••"),
            ("https://h.test/v3/contacts/7", "https://h.test/v3/contacts/7"),
            ("https://h.test", "https://h.test"),
        ] {
            assert_eq!(own.address(url), shown);
        }
        let unknown = StepPrivacy { unknown: true, ..StepPrivacy::default() };
        assert_eq!(unknown.address("https://h.test/people/a%40b"), "https://h.test/••••••••/••••••••");
        assert_eq!(unknown.request_body(&json!({"a": 1}), &[]), MASK);
    }
}
