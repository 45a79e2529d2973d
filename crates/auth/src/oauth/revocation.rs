//! Gives tokens back (RFC 7009).

use patchbay_vault::Secret;
use zeroize::Zeroizing;

use super::answer::{Said, read};
use super::exchange::write;
use super::{SignInError, TokenEndpoint};
use base64::Engine as _;
use patchbay_model::descriptor::{ClientAuthentication, TokenBody};

/// Gives a token back. Whether there was a way to: not every service has one.
///
/// By hand: the library refuses plain addresses, those of this computer too.
pub(crate) async fn revoke(endpoint: &TokenEndpoint, token: &Secret, kind: &str) -> Result<bool, SignInError> {
    let Some(url) = endpoint.server.revocation.clone() else { return Ok(false) };
    let text = |text: &str| Zeroizing::new(text.to_owned());
    let mut pairs =
        vec![("token".to_owned(), text(token.expose())), ("token_type_hint".to_owned(), text(kind))];
    let (id, secret) = (endpoint.client_id()?, endpoint.credential.get("clientSecret"));
    let mut headers = Vec::new();
    match (endpoint.oauth.authentication(), secret) {
        (ClientAuthentication::Basic, Some(secret)) => {
            let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = Zeroizing::new(format!("{}:{}", encode(&id), encode(secret)));
            let value = base64::engine::general_purpose::STANDARD.encode(pair.as_bytes());
            headers.push(("Authorization".to_owned(), Zeroizing::new(format!("Basic {value}"))));
        }
        (_, secret) => {
            pairs.push(("client_id".to_owned(), text(&id)));
            if let Some(secret) = secret {
                pairs.push(("client_secret".to_owned(), text(secret)));
            }
        }
    }
    endpoint.complete(&mut pairs)?;
    let (media, body) = write(&pairs, TokenBody::Form);
    let answer = endpoint.calls.post(url, Vec::new(), headers, media, body).await?;
    // Success has no body that means anything (RFC 7009 section 2.2).
    if (200..300).contains(&answer.status) {
        return Ok(true);
    }
    match read(answer, endpoint.clock.now())? {
        Said::Document(_) => Ok(true),
        Said::Refusal(code) => Err(SignInError::of_code(&code)),
    }
}
