//! A login that gives a token for a while, in a way of the tool's own.

use std::sync::Arc;
use std::time::Duration;

use patchbay_map::{Path, Template};
use patchbay_model::Clock;
use patchbay_model::descriptor::SessionAuth;
use patchbay_net::json_body;
use patchbay_vault::Secret;
use serde_json::{Map, Value, json};
use url::Url;
use zeroize::Zeroizing;

use crate::credential::{Credential, Scope, Tokens, wipe};
use crate::oauth::{Calls, SignInError, write};

/// Where to log in.
pub(crate) fn address(auth: &SessionAuth, settings: &Value) -> Result<Url, SignInError> {
    crate::oauth::address(&auth.login_url, settings)
}

/// Logs in.
pub(crate) async fn login(
    calls: &Calls,
    auth: &SessionAuth,
    settings: &Value,
    credential: Credential,
    clock: &Arc<dyn Clock>,
) -> Result<Credential, SignInError> {
    let secrets: Map<String, Value> =
        credential.secrets().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let scope = Scope::new(json!({ "secret": secrets, "config": settings.get("config") }));
    let fill = |template: &String| -> Result<Zeroizing<String>, SignInError> {
        Ok(Zeroizing::new(Template::compile(template)?.text(scope.value())?))
    };
    let pairs = auth
        .login
        .iter()
        .map(|(name, template)| Ok((name.clone(), fill(template)?)))
        .collect::<Result<Vec<_>, SignInError>>()?;
    let headers = auth
        .login_headers
        .iter()
        .map(|(name, template)| Ok((name.clone(), fill(template)?)))
        .collect::<Result<Vec<_>, SignInError>>()?;
    let (media, body) = write(&pairs, auth.login_body);
    let started = clock.now();
    let answer = calls.post(address(auth, settings)?, Vec::new(), headers, media, body).await?;
    match answer.status {
        200..300 => {}
        400 | 401 | 403 => return Err(SignInError::Ended(format!("status_{}", answer.status))),
        _ => {
            // The same reading as a token endpoint's.
            return Err(match crate::oauth::read(answer, clock.now())? {
                crate::oauth::Said::Refusal(code) => SignInError::of_code(&code),
                crate::oauth::Said::Document(_) => SignInError::refused("the login answers with no token"),
            });
        }
    }
    let token = if let Some(name) = &auth.token_cookie {
        answer
            .headers
            .iter()
            .filter(|(header, _)| header.eq_ignore_ascii_case("set-cookie"))
            .filter_map(|(_, cookie)| cookie.split(';').next()?.split_once('='))
            .find(|(own, _)| own.trim() == name)
            .map(|(_, value)| value.trim().to_owned())
    } else if let Some(name) = &auth.token_header {
        answer.headers.get(name).map(str::to_owned)
    } else {
        let body = Zeroizing::new(answer.body?);
        let mut document = json_body(&body)?;
        let token = Path::compile(auth.token_path.as_deref().unwrap_or("$.token"))?
            .first(&document)
            .and_then(Value::as_str)
            .map(str::to_owned);
        wipe(&mut document);
        token
    };
    let plain = |text: &String| !text.is_empty() && text.bytes().all(|b| (0x20..0x7f).contains(&b));
    let access = token
        .filter(plain)
        .map(Secret::new)
        .ok_or_else(|| SignInError::refused("the login answers with no token that can be sent"))?;
    let life = auth.lifetime_seconds.map(Duration::from_secs);
    Ok(credential.with_tokens(Tokens { access, refresh: None, life }, started))
}
