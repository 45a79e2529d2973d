//! The identity token, where one was asked for (OpenID Connect Core section 3.1.3.7). It comes from the
//! token endpoint itself, over a connection whose other end is checked, so its signature need not be
//! (point 6 there). Nothing is read from it: it is only held against what was asked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use patchbay_model::Timestamp;
use patchbay_vault::Secret;
use serde_json::Value;

use super::SignInError;

/// What it must say.
pub(super) struct Wanted<'a> {
    pub(super) issuer: Option<&'a str>,
    pub(super) audience: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

/// A clock may be off by this many seconds.
const LEEWAY: i64 = 300;

/// Refuses a token that is another's, too old, or unsigned.
pub(super) fn check(token: Option<&Secret>, wanted: &Wanted<'_>) -> Result<(), SignInError> {
    let refused = |what: &str| Err(SignInError::refused(format!("the identity that came along {what}")));
    let Some(token) = token else { return refused("is missing") };
    let mut parts = token.expose().split('.');
    let mut part = || {
        let bytes = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()
    };
    let (Some(header), Some(claims)) = (part(), part()) else { return refused("cannot be read") };
    let signed = parts.next().is_some_and(|signature| !signature.is_empty()) && parts.next().is_none();
    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    if !signed || algorithm.is_empty() || algorithm.eq_ignore_ascii_case("none") {
        return refused("is not signed");
    }
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if wanted.issuer.is_some_and(|issuer| text("iss") != Some(issuer)) {
        return refused("comes from another service");
    }
    let audience = match claims.get("aud") {
        Some(Value::String(one)) => one == wanted.audience,
        Some(Value::Array(many)) => {
            many.iter().any(|one| one == wanted.audience)
                && (many.len() == 1 || text("azp") == Some(wanted.audience))
        }
        _ => false,
    };
    if !audience {
        return refused("was made for another application");
    }
    if text("nonce") != Some(wanted.nonce) {
        return refused("belongs to another sign-in");
    }
    let expires = claims.get("exp").and_then(Value::as_f64).unwrap_or_default() as i64;
    if expires.saturating_add(LEEWAY) < wanted.now.as_second() {
        return refused("is too old");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(header: &Value, claims: &Value, signature: &str) -> Secret {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        Secret::new(format!("{}.{}.{signature}", part(header), part(claims)))
    }

    #[test]
    fn only_a_token_of_this_sign_in_passes() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let wanted = || Wanted { issuer: Some("https://as.example"), audience: "us", nonce: "n", now };
        let good = json!({"iss": "https://as.example", "aud": "us", "nonce": "n", "exp": now.as_second() + 60});
        let signed = json!({"alg": "RS256"});
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            claims
        };
        assert!(check(Some(&token(&signed, &good, "c2ln")), &wanted()).is_ok());
        let both = with("aud", json!(["us", "them"]));
        assert!(check(Some(&token(&signed, &both, "c2ln")), &wanted()).is_err(), "whose is it?");
        let cases = [
            ("iss", json!("https://evil.example")),
            ("iss", Value::Null),
            ("aud", json!("them")),
            ("aud", json!(["them"])),
            ("nonce", json!("other")),
            ("nonce", Value::Null),
            ("exp", json!(now.as_second() - 3_600)),
            ("exp", Value::Null),
        ];
        for (name, value) in cases {
            let claims = with(name, value.clone());
            assert!(check(Some(&token(&signed, &claims, "c2ln")), &wanted()).is_err(), "{name}: {value}");
        }
        for header in [json!({"alg": "none"}), json!({"alg": "None"}), json!({})] {
            assert!(check(Some(&token(&header, &good, "c2ln")), &wanted()).is_err(), "{header}");
        }
        assert!(check(Some(&token(&signed, &good, "")), &wanted()).is_err());
        assert!(check(None, &wanted()).is_err());
        assert!(check(Some(&Secret::new("no token".to_owned())), &wanted()).is_err());
    }
}
