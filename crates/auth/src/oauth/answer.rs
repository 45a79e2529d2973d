//! What a token endpoint answers (RFC 6749 section 5), where each vendor puts it.

use std::time::Duration;

use jiff::SignedDuration;
use patchbay_map::Path;
use patchbay_model::Timestamp;
use patchbay_model::descriptor::{CaptureFrom, OAuth2Auth, TokenTypeCheck};
use patchbay_model::problem::{Code, Problem};
use patchbay_net::{Answer, json_body};
use patchbay_vault::Secret;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::SignInError;
use crate::credential::wipe;

/// Longer than any token that a service makes, in bytes.
const LONGEST_TOKEN: usize = 64 << 10;
/// No lifetime is believed beyond this: a hundred years.
const LONGEST_LIFE: u64 = 100 * 366 * 86_400;

/// What was granted.
#[derive(Debug)]
pub(crate) struct TokenAnswer {
    pub(crate) access_token: Secret,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) expires_in: Option<Duration>,
    /// What was granted, where the answer says; what was asked for otherwise (RFC 6749 section 5.1).
    pub(crate) scopes: Option<Vec<String>>,
    /// Settings that the answer brings.
    pub(crate) settings: Map<String, Value>,
    pub(crate) id_token: Option<Secret>,
}

/// What an endpoint said: a document, or the code of a refusal.
pub(crate) enum Said {
    Document(Value),
    Refusal(String),
}

/// Reads the body of an endpoint's answer. An error is one of the call, not a refusal.
pub(crate) fn read(answer: Answer, now: Timestamp) -> Result<Said, SignInError> {
    let status = answer.status;
    let call = |code: Code| SignInError::Call(Box::new(Problem::new(code).detail(format!("status {status}"))));
    let pause = answer.headers.retry_after(now).filter(|_| status == 429 || status == 503);
    if let Some(pause) = pause {
        let pause = pause.clamp(SignedDuration::from_secs(1), SignedDuration::from_hours(24));
        let at = now.checked_add(pause).unwrap_or(now);
        return Err(SignInError::Call(Box::new(Problem::new(Code::RateLimited).retry_at(at))));
    }
    match status {
        429 => return Err(call(Code::RateLimited)),
        407 => return Err(call(Code::ProxyRequired)),
        503 => return Err(SignInError::NotReady),
        500.. => return Err(call(Code::ServiceDown)),
        300..400 => return Err(call(Code::RedirectRefused)),
        _ => {}
    }
    let media = answer.headers.get("content-type").unwrap_or_default().to_ascii_lowercase();
    let body = match answer.body {
        Ok(body) => Zeroizing::new(body),
        Err(failure) => return Err(failure.into()),
    };
    let document = if media.starts_with("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(&body);
        Ok(Value::Object(
            pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect(),
        ))
    } else {
        json_body(&body)
    };
    match document {
        Ok(document @ Value::Object(_)) => Ok(match refusal(&document, status) {
            Some(code) => Said::Refusal(code),
            None => Said::Document(document),
        }),
        // The status says enough.
        _ if status >= 400 => Ok(Said::Refusal(format!("status_{status}"))),
        Err(_) if media.contains("html") || body.trim_ascii_start().starts_with(b"<") => {
            Err(call(Code::UnexpectedContent))
        }
        Ok(_) => Err(call(Code::UnexpectedContent)),
        Err(failure) => Err(failure.into()),
    }
}

/// Its code, where it is one: some services refuse with status 200.
fn refusal(document: &Value, status: u16) -> Option<String> {
    match document.get("error") {
        Some(Value::String(code)) if !code.is_empty() => Some(code.clone()),
        // `{"error": {"code": …}}` is what some have made of it.
        Some(Value::Object(inner)) => {
            let code = ["code", "type", "status"].iter().find_map(|name| inner.get(*name)?.as_str());
            Some(code.unwrap_or_default().to_owned())
        }
        _ if status >= 400 => Some(format!("status_{status}")),
        _ => None,
    }
}

impl TokenAnswer {
    /// Takes the values out of the document, which is wiped.
    pub(crate) fn of(mut document: Value, oauth: &OAuth2Auth) -> Result<Self, SignInError> {
        let taken = Self::take(&document, oauth);
        wipe(&mut document);
        taken
    }

    fn take(document: &Value, oauth: &OAuth2Auth) -> Result<Self, SignInError> {
        let places = &oauth.response;
        // Where the vendor's own place is empty the usual one is looked at: some answer a refresh otherwise
        // than a code.
        let find = |own: &Option<String>, usual: &str| -> Result<Option<Value>, SignInError> {
            for path in own.as_deref().into_iter().chain([usual]) {
                let path = Path::compile(path)?;
                if let Some(value) = path.first(document).filter(|value| !value.is_null()) {
                    return Ok(Some(value.clone()));
                }
            }
            Ok(None)
        };
        let token = |value: Option<Value>| match value {
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => {
                // It goes into a header: anything else would be cut off there or frame another one.
                let plain = text.len() <= LONGEST_TOKEN && text.bytes().all(|b| (0x20..0x7f).contains(&b));
                plain
                    .then(|| Some(Secret::new(text)))
                    .ok_or_else(|| SignInError::refused("its token cannot be sent"))
            }
            Some(_) => Err(SignInError::refused("its token is not a text")),
            None => Ok(None),
        };
        let access_token = token(find(&places.access_token, "$.access_token")?)?
            .ok_or_else(|| SignInError::refused("the answer holds no access token"))?;
        if oauth.response.token_type == TokenTypeCheck::Bearer {
            let kind = document.get("token_type").and_then(Value::as_str);
            if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
                return Err(SignInError::refused("its token is of a kind that we cannot use"));
            }
        }
        let expires_in = match find(&places.expires_in, "$.expires_in")? {
            None => None,
            Some(value) => Some(lifetime(&value).ok_or_else(|| {
                SignInError::refused("the answer does not say in whole seconds how long the sign-in lasts")
            })?),
        };
        let scopes = find(&places.scope, "$.scope")?.and_then(|value| match value {
            Value::String(text) => Some(split(&text)),
            Value::Array(items) => {
                Some(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
            }
            _ => None,
        });
        let mut settings = Map::new();
        for capture in oauth.captures.iter().filter(|capture| capture.from == CaptureFrom::Token) {
            settings.insert(capture.name.clone(), captured(document, &capture.path)?);
        }
        let refresh_token = token(find(&places.refresh_token, "$.refresh_token")?)?;
        // Settings are kept and shown openly.
        let tokens = [Some(&access_token), refresh_token.as_ref()];
        let secret = |text: &str| tokens.into_iter().flatten().any(|token| text.contains(token.expose()));
        if settings.values().any(|value| value.as_str().is_some_and(secret)) {
            return Err(SignInError::refused("a token stands where a setting should be"));
        }
        Ok(Self {
            access_token,
            refresh_token,
            expires_in,
            scopes,
            settings,
            id_token: token(document.get("id_token").cloned())?,
        })
    }
}

/// A value that becomes a setting: one line of text, or a number.
pub(crate) fn captured(document: &Value, path: &str) -> Result<Value, SignInError> {
    match Path::compile(path)?.first(document) {
        Some(Value::String(text)) if text.len() <= 2_048 && !text.chars().any(char::is_control) => {
            Ok(Value::from(text.clone()))
        }
        Some(number @ Value::Number(_)) => Ok(number.clone()),
        _ => Err(SignInError::refused(format!("the answer holds nothing usable at {path}"))),
    }
}

/// Whole seconds, as a number or as the text of one: some services write it so.
fn lifetime(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let whole = number.as_f64().filter(|n| n.fract() == 0.0 && (0.0..1e15).contains(n))?;
            Some(whole as u64)
        })?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    (seconds <= LONGEST_LIFE).then(|| Duration::from_secs(seconds))
}

/// Permissions as services list them, whatever stands between.
pub(crate) fn split(text: &str) -> Vec<String> {
    text.split([' ', ',', '+']).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn oauth(extra: &Value) -> OAuth2Auth {
        let mut all = json!({"id": "o", "label": "Sign in", "client": {"type": "public", "id": "c"}});
        for (name, value) in extra.as_object().unwrap() {
            all[name] = value.clone();
        }
        serde_json::from_value(all).unwrap()
    }

    fn of(document: Value) -> Result<TokenAnswer, SignInError> {
        TokenAnswer::of(document, &oauth(&json!({})))
    }

    #[test]
    fn an_answer_of_the_standard_is_read() {
        let answer = of(json!({
            "access_token": "a", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "r",
            "scope": "one two", "more": {"x": 1}
        }))
        .unwrap();
        assert_eq!(answer.access_token.expose(), "a");
        assert_eq!(answer.refresh_token.unwrap().expose(), "r");
        assert_eq!(answer.expires_in, Some(Duration::from_secs(3_600)));
        assert_eq!(answer.scopes.unwrap(), ["one", "two"]);
    }

    #[test]
    fn an_odd_answer_is_refused() {
        let good = json!({"access_token": "a", "token_type": "bearer"});
        assert!(of(good.clone()).is_ok());
        let cases = [
            ("token_type", json!("mac")),
            ("token_type", Value::Null),
            ("access_token", Value::Null),
            ("access_token", json!("")),
            ("access_token", json!(7)),
            ("access_token", json!("a\r\nX-Other: b")),
            ("access_token", json!("a".repeat(70_000))),
            ("expires_in", json!(-1)),
            ("expires_in", json!("soon")),
            ("expires_in", json!("-5")),
            ("expires_in", json!(1e12)),
            ("expires_in", json!(1.5)),
            ("expires_in", json!([3600])),
            ("refresh_token", json!({"x": 1})),
        ];
        for (name, value) in cases {
            let mut document = good.clone();
            document[name] = value.clone();
            assert!(matches!(of(document), Err(SignInError::Refused(_))), "{name}: {value}");
        }
        let mut text = good;
        text["expires_in"] = json!("3600");
        assert_eq!(of(text).unwrap().expires_in, Some(Duration::from_secs(3_600)), "as some services write it");
    }

    #[test]
    fn values_are_found_where_the_definition_says() {
        let slack = oauth(&json!({
            "response": {"accessToken": "$.authed_user.access_token", "scope": "$.authed_user.scope",
                "tokenType": "any"},
            "captures": [{"from": "token", "path": "$.team.id", "as": "team"}]
        }));
        let document = json!({
            "ok": true, "token_type": "bot", "access_token": "bot-token", "team": {"id": "T1"},
            "authed_user": {"access_token": "user-token", "scope": "search:read,chat:write"}
        });
        let answer = TokenAnswer::of(document, &slack).unwrap();
        assert_eq!(answer.access_token.expose(), "user-token");
        assert_eq!(answer.scopes.unwrap(), ["search:read", "chat:write"]);
        assert_eq!(Value::Object(answer.settings), json!({"team": "T1"}));
    }
}
