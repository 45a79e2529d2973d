//! Takes secrets out of text before it is kept or shown.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use patchbay_model::descriptor::{AuthMethod, CredentialKind};
use patchbay_model::run::RequestSummary;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::credential::Credential;

/// What stands in a secret's place.
/// What stands in the place of a secret.
pub const MASK: &str = "•••";
/// Shorter values are left: masking every "a" of a text would tell more than it hides.
const SHORTEST: usize = 4;
/// In data, which later steps work with, only values are masked that nothing else would spell.
const SHORTEST_IN_DATA: usize = 8;

/// Knows the secret values of one connection, in the forms they take on the way.
///
/// Values of fields that a form shows while they are typed (a user name, an address) are kept sealed
/// like the others, and are not masked: they are all over the data of the service.
#[derive(Default)]
pub struct Redactor(Vec<Form>);

struct Form {
    text: Zeroizing<String>,
    in_data: bool,
}

impl Redactor {
    /// For these values: as they are, in Base64 at any place of a longer text, percent-encoded and as
    /// JSON text.
    pub fn new(credential: &Credential, method: &AuthMethod) -> Self {
        let fields = method.credential_fields();
        let is_shown =
            |name: &str| fields.iter().any(|field| field.key == name && field.kind == CredentialKind::Text);
        let mut forms = Vec::new();
        for (_, secret) in credential.secrets().filter(|(name, _)| !is_shown(name)) {
            for part in [Some(secret), behind_scheme(secret)].into_iter().flatten() {
                if part.len() >= SHORTEST {
                    forms.extend(forms_of(part));
                }
            }
        }
        // The longest first, so that no part of a longer form is left over.
        forms.sort_by(|a, b| b.text.len().cmp(&a.text.len()).then_with(|| a.text.cmp(&b.text)));
        forms.dedup_by(|a, b| a.text == b.text);
        Self(forms)
    }

    /// For texts that are secret as they are.
    pub(crate) fn of<'s>(secrets: impl Iterator<Item = &'s str>) -> Self {
        let mut forms: Vec<Form> = secrets.filter(|one| one.len() >= SHORTEST).flat_map(forms_of).collect();
        forms.sort_by(|a, b| b.text.len().cmp(&a.text.len()).then_with(|| a.text.cmp(&b.text)));
        forms.dedup_by(|a, b| a.text == b.text);
        Self(forms)
    }

    /// The text without secrets.
    pub fn text(&self, text: &str) -> String {
        mask(text, &self.0, |_| true).unwrap_or_else(|| text.to_owned())
    }

    /// The value without secrets, in names and texts.
    pub fn value(&self, value: &Value) -> Value {
        let mut value = value.clone();
        self.walk(&mut value, &|_| true);
        value
    }

    /// Takes secrets out of a request that is going to be shown.
    pub fn hide(&self, request: &mut RequestSummary) {
        request.url = self.text(&request.url);
        if let Some(body) = &mut request.body {
            self.walk(body, &|_| true);
        }
    }

    /// Takes secrets out of data that a service sent.
    pub fn clean(&self, data: &mut Value) {
        self.walk(data, &|form| form.in_data);
    }

    fn walk(&self, value: &mut Value, counts: &dyn Fn(&Form) -> bool) {
        match value {
            Value::String(text) => {
                if let Some(masked) = mask(text, &self.0, counts) {
                    *text = masked;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item, counts)),
            Value::Object(members) => {
                let names: Vec<(String, String)> = members
                    .keys()
                    .filter_map(|name| mask(name, &self.0, counts).map(|masked| (name.clone(), masked)))
                    .collect();
                for (name, masked) in names {
                    if let Some(member) = members.remove(&name) {
                        members.insert(masked, member);
                    }
                }
                members.values_mut().for_each(|member| self.walk(member, counts));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} forms)", self.0.len())
    }
}

/// The text with every form masked; none where there is nothing to mask.
fn mask(text: &str, forms: &[Form], counts: impl Fn(&Form) -> bool) -> Option<String> {
    let mut masked: Option<String> = None;
    for form in forms.iter().filter(|form| counts(form)) {
        let current = masked.as_deref().unwrap_or(text);
        if current.contains(form.text.as_str()) {
            masked = Some(current.replace(form.text.as_str(), MASK));
        }
    }
    masked
}

/// The key of a whole header value such as `Bearer …` (RFC 9110 section 11.4): a service that repeats
/// it leaves the scheme out.
fn behind_scheme(secret: &str) -> Option<&str> {
    let (scheme, key) = secret.trim().split_once(' ')?;
    let is_scheme = scheme.len() <= 20 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (is_scheme && !key.contains(' ')).then_some(key)
}

fn forms_of(secret: &str) -> Vec<Form> {
    let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let json = Value::from(secret).to_string();
    let mut texts =
        vec![secret.to_owned(), percent.replace('+', "%20"), percent, json[1..json.len() - 1].to_owned()];
    for offset in 0..3 {
        texts.extend(in_base64(secret, offset));
    }
    let in_data = secret.len() >= SHORTEST_IN_DATA;
    texts.into_iter().map(|text| Form { text: Zeroizing::new(text), in_data }).collect()
}

/// The part of a Base64 text that only depends on the secret, where `offset` bytes stand before it in
/// its group of three, as in the pair of a user name and a password.
fn in_base64(secret: &str, offset: usize) -> Vec<String> {
    let mut bytes = Zeroizing::new(vec![0_u8; offset]);
    bytes.extend_from_slice(secret.as_bytes());
    // The first characters mix with what stands before, the last one with what follows.
    let skip = [0, 2, 3][offset];
    let mut texts = Vec::new();
    for mut text in [STANDARD_NO_PAD.encode(bytes.as_slice()), URL_SAFE_NO_PAD.encode(bytes.as_slice())] {
        if !bytes.len().is_multiple_of(3) {
            text.pop();
        }
        let text = text.split_off(skip.min(text.len()));
        if text.len() >= SHORTEST_IN_DATA {
            texts.push(text);
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use patchbay_vault::Secret;
    use serde_json::json;

    use super::*;

    fn redactor(secret: &str) -> Redactor {
        let method: AuthMethod = serde_json::from_value(json!({
            "method": "basic", "id": "b", "label": "B", "username": "{{secret.user}}", "password": "{{secret.key}}",
            "credentialFields": [{"key": "user", "label": "U", "type": "text"}, {"key": "key", "label": "K"}],
        }))
        .unwrap();
        let values = [("user", "amira@example.test"), ("key", secret)];
        let credential = Credential::new(values.map(|(n, v)| (n.to_owned(), Secret::new(v.to_owned()))).into());
        Redactor::new(&credential, &method)
    }

    #[test]
    fn a_secret_is_masked_in_every_form_it_takes() {
        let secret = "can/ary+\"quoted\" key\\";
        let redactor = redactor(secret);
        let mut forms = vec![
            secret.to_owned(),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            "can%2Fary%2B%22quoted%22%20key%5C".to_owned(),
            json!(secret).to_string(),
        ];
        for before in ["", "u", "u:", "amira@example.test:"] {
            for after in ["", "x", "xy"] {
                forms.push(STANDARD.encode(format!("{before}{secret}{after}")));
                forms.push(URL_SAFE_NO_PAD.encode(format!("{before}{secret}{after}")));
            }
        }
        for form in &forms {
            let masked = redactor.text(&format!("before {form} after"));
            assert!(masked.contains(MASK), "{form}: {masked}");
            let left = masked.replace(MASK, "");
            assert!(left.len() < 50 && !left.contains("ary"), "{form}: {masked}");
        }
        let value = redactor.value(&json!({"a": [{"b": secret}], "n": 1, secret: null}));
        assert_eq!(value, json!({"a": [{"b": MASK}], "n": 1, MASK: null}));
    }

    #[test]
    fn the_key_behind_a_scheme_is_masked_alone_too() {
        let redactor = redactor("Bearer canary-0123456789");
        for text in ["Bearer canary-0123456789", "canary-0123456789", "token=canary-0123456789&x=1"] {
            assert!(!redactor.text(text).contains("canary"), "{text}");
        }
        assert_eq!(redactor.text("the Bearer of bad news"), "the Bearer of bad news");
    }

    #[test]
    fn data_keeps_what_is_no_secret() {
        let long = redactor("sandbox-token-1");
        let mut data = json!({"echo": "Bearer sandbox-token-1", "author": "amira@example.test", "n": 5});
        long.clean(&mut data);
        assert_eq!(data, json!({"echo": "Bearer •••", "author": "amira@example.test", "n": 5}));
        // A short password may be a word of its own: it is masked where requests are shown, and left
        // in data that later steps work with.
        let short = redactor("open");
        let mut data = json!({"state": "open"});
        short.clean(&mut data);
        assert_eq!(data, json!({"state": "open"}));
        assert_eq!(short.text("the password is open"), "the password is •••");
        assert_eq!(redactor("abc").text("abc"), "abc", "too short to mask at all");
    }

    #[test]
    fn a_shown_request_holds_no_secret() {
        let mut request = RequestSummary {
            method: "POST".into(),
            url: "https://a.example/hooks/sandbox-token-1".into(),
            body: Some(json!({"text": "my key is sandbox-token-1"})),
            hash: "00".into(),
        };
        redactor("sandbox-token-1").hide(&mut request);
        assert_eq!(request.url, "https://a.example/hooks/•••");
        assert_eq!(request.body, Some(json!({"text": "my key is •••"})));
    }
}
