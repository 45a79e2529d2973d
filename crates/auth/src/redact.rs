//! Takes secrets out of text before it is kept or shown.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::credential::Credential;

/// What stands in a secret's place.
const MASK: &str = "•••";
/// Shorter values are left: masking every "a" of a text would tell more than it hides.
const SHORTEST: usize = 4;

/// Knows the secret values of one request, in the forms they take on the way.
#[derive(Default)]
pub struct Redactor(Vec<Zeroizing<String>>);

impl Redactor {
    /// For these values: as they are, in Base64, percent-encoded and as JSON text.
    pub fn new(credential: &Credential) -> Self {
        let mut forms = Vec::new();
        for (_, secret) in credential.values().filter(|(_, secret)| secret.len() >= SHORTEST) {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let json = Value::from(secret).to_string();
            let all = [
                secret.to_owned(),
                STANDARD.encode(secret),
                URL_SAFE_NO_PAD.encode(secret),
                encoded.replace('+', "%20"),
                encoded,
                json.trim_matches('"').to_owned(),
            ];
            forms.extend(all.into_iter().map(Zeroizing::new));
        }
        // The longest first, so that no part of a longer form is left over.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Self(forms)
    }

    /// The text without secrets.
    pub fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, form| {
            if text.contains(form.as_str()) { text.replace(form.as_str(), MASK) } else { text }
        })
    }

    /// The value without secrets, in names and texts.
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, member)| (self.text(name), self.value(member))).collect()
            }
            plain => plain.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use patchbay_vault::Secret;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_masked_in_every_form_it_takes() {
        let secret = "can/ary+\"quoted\" key";
        let credential = Credential::new([("key".to_owned(), Secret::new(secret.to_owned()))].into());
        let redactor = Redactor::new(&credential);
        let forms = [
            secret.to_owned(),
            STANDARD.encode(secret),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            "can%2Fary%2B%22quoted%22%20key".to_owned(),
            json!(secret).to_string(),
        ];
        for form in forms {
            let masked = redactor.text(&format!("before {form} after"));
            assert!(masked.contains(MASK) && !masked.contains("ary"), "{form}: {masked}");
        }
        let value = redactor.value(&json!({"a": [{"b": secret}], "n": 1}));
        assert_eq!(value, json!({"a": [{"b": MASK}], "n": 1}));
    }
}
