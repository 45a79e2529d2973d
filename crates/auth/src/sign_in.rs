//! Signing in: from a definition and what the person entered to tokens.

use std::sync::Arc;

use patchbay_map::{Path, Template};
use patchbay_model::descriptor::{AuthMethod, Descriptor, Grant, Method, OAuth2Auth};
use patchbay_model::problem::{Code, Problem};
use patchbay_model::{Clock, Connection, Timestamp};
use patchbay_net::{Client, Request, json_body, origin_of};
use serde_json::{Map, Value, json};

use crate::authoriser::Authoriser;
use crate::credential::{Credential, REFRESH_TOKEN, Tokens};
use crate::oauth::{
    Calls, DeviceFlow, Flow, Server, SignInError, TokenAnswer, TokenEndpoint, address, captured,
};
use crate::session;

/// What a sign-in gave. Nothing of it is kept yet.
pub struct SignedIn {
    /// The tokens, with what the person entered.
    pub credential: Credential,
    /// The permissions that were asked for.
    pub asked: Vec<String>,
    /// Those that were granted, where the service says.
    pub granted: Option<Vec<String>>,
    /// Settings that the sign-in brought.
    pub settings: Map<String, Value>,
}

impl SignedIn {
    pub(crate) fn of(
        credential: Credential,
        answer: TokenAnswer,
        oauth: &OAuth2Auth,
        asked: Vec<String>,
        settings: Map<String, Value>,
        at: Timestamp,
    ) -> Self {
        let granted = answer.scopes.clone();
        let credential = credential.with_tokens(tokens(answer, oauth), at);
        Self { credential, asked, granted, settings }
    }

    /// Permissions that were asked for and not granted.
    pub fn missing(&self) -> Vec<String> {
        let Some(granted) = &self.granted else { return Vec::new() };
        // Asked for on top of access, and granted by a token rather than a name.
        let silent = ["offline_access", "openid"];
        let lacks = |name: &&String| !granted.contains(*name) && !silent.contains(&name.as_str());
        self.asked.iter().filter(lacks).cloned().collect()
    }

    /// Permissions that were granted and not asked for.
    pub fn beyond(&self) -> Vec<String> {
        self.granted.iter().flatten().filter(|name| !self.asked.contains(name)).cloned().collect()
    }
}

/// A sign-in that has begun.
pub enum Begun {
    /// The person signs in in the browser.
    Browser(Box<Flow>),
    /// The person types a code on any device.
    Device(Box<DeviceFlow>),
    /// Nobody had to do anything.
    Done(Box<SignedIn>),
}

/// What a sign-in needs.
pub struct SignInRequest<'a> {
    /// The definition.
    pub descriptor: &'a Descriptor,
    /// The way to sign in; one that gives tokens.
    pub method: &'a AuthMethod,
    /// The settings.
    pub config: &'a Map<String, Value>,
    /// What the person approved.
    pub origins: Vec<String>,
    /// Whether private addresses are allowed.
    pub allow_private: bool,
    /// What the person entered.
    pub credential: Credential,
    /// Permissions to ask for; see [`scopes`](crate::oauth::scopes).
    pub scopes: Vec<String>,
    /// Let the person choose the account anew.
    pub choose_account: bool,
}

/// Begins.
pub(crate) async fn begin(
    net: &Client,
    clock: &Arc<dyn Clock>,
    request: SignInRequest<'_>,
) -> Result<Begun, SignInError> {
    let SignInRequest {
        descriptor,
        method,
        config,
        origins,
        allow_private,
        credential,
        scopes,
        choose_account,
    } = request;
    let calls = Calls { net: net.clone(), origins, allow_private };
    let settings = settings(descriptor, config)?;
    let oauth = match method {
        AuthMethod::OAuth2(oauth) => oauth,
        AuthMethod::Session(auth) => {
            let wrong = |error| match error {
                SignInError::Ended(_) => SignInError::Call(Box::new(Problem::new(Code::AuthInvalid))),
                other => other,
            };
            let credential = session::login(&calls, auth, &settings, credential, clock).await.map_err(wrong)?;
            let (asked, granted, settings) = (Vec::new(), None, Map::new());
            return Ok(Begun::Done(Box::new(SignedIn { credential, asked, granted, settings })));
        }
        AuthMethod::ApiKey(_) | AuthMethod::Pat(_) | AuthMethod::Basic(_) | AuthMethod::SigV4(_) => {
            return Err(SignInError::Definition("this way to sign in gives no tokens".to_owned()));
        }
    };
    let server = Server::find(&calls, oauth, &settings).await?;
    let oauth = oauth.as_ref().clone();
    let grant = oauth.grant;
    // Kept with the tokens: when they are given back the server need not be asked again where that is.
    let credential = match &server.revocation {
        Some(url) if oauth.revocation_url.is_none() => credential.with_revocation_url(url.as_str()),
        _ => credential,
    };
    let mut endpoint = TokenEndpoint { calls, oauth, server, settings, credential, clock: clock.clone() };
    match grant {
        Grant::AuthorizationCode => {
            Ok(Begun::Browser(Box::new(Flow::begin(endpoint, scopes, choose_account).await?)))
        }
        Grant::DeviceCode => Ok(Begun::Device(Box::new(DeviceFlow::begin(endpoint, scopes).await?))),
        Grant::ClientCredentials | Grant::RefreshToken => {
            endpoint.register(None).await?;
            let started = clock.now();
            let answer = match endpoint.credential.get(REFRESH_TOKEN) {
                Some(token) if grant == Grant::RefreshToken => {
                    endpoint.refresh(&patchbay_vault::Secret::new(token.to_owned())).await?
                }
                _ => endpoint.client_credentials(&scopes).await?,
            };
            let settings = answer.settings.clone();
            let TokenEndpoint { oauth, credential, .. } = endpoint;
            Ok(Begun::Done(Box::new(SignedIn::of(credential, answer, &oauth, scopes, settings, started))))
        }
    }
}

/// What templates of a sign-in see: the settings, and where calls go.
pub(crate) fn settings(descriptor: &Descriptor, config: &Map<String, Value>) -> Result<Value, SignInError> {
    let mut filled = descriptor.settings_in_templates(config);
    if !filled.contains_key("baseUrl") && !descriptor.base_url.is_empty() {
        // Where it needs a setting that signing in brings, addresses of the sign-in do not use it.
        let scope = json!({ "config": filled });
        if let Ok(base) = Template::compile(&descriptor.base_url)?.text(&scope) {
            filled.insert("baseUrl".to_owned(), base.into());
        }
    }
    Ok(json!({ "config": filled }))
}

/// Every origin that a way to sign in calls, for the person to approve; apart from those that the
/// connector itself calls.
pub fn sign_in_origins(
    descriptor: &Descriptor,
    method: &AuthMethod,
    config: &Map<String, Value>,
) -> Result<Vec<String>, SignInError> {
    match method {
        AuthMethod::OAuth2(oauth) => crate::oauth::origins(oauth, &settings(descriptor, config)?),
        AuthMethod::Session(auth) => {
            let url = session::address(auth, &settings(descriptor, config)?)?;
            Ok(origin_of(&url).into_iter().collect())
        }
        AuthMethod::ApiKey(_) | AuthMethod::Pat(_) | AuthMethod::Basic(_) | AuthMethod::SigV4(_) => {
            Ok(Vec::new())
        }
    }
}

/// What a token answer gave, with the lifetime that the definition knows.
pub(crate) fn tokens(answer: TokenAnswer, oauth: &OAuth2Auth) -> Tokens {
    let life = answer.expires_in.or_else(|| oauth.lifetime_seconds.map(std::time::Duration::from_secs));
    Tokens { access: answer.access_token, refresh: answer.refresh_token, life }
}

impl Authoriser {
    /// Makes the call that a definition wants after signing in, and adds what it brings to the settings.
    /// Says how many there were to choose among: the first is taken. `connection` is the one that is
    /// being made, with everything that the person approved.
    pub async fn after_sign_in(
        &self,
        connection: &Connection,
        descriptor: &Descriptor,
        signed_in: &mut SignedIn,
    ) -> Result<usize, Problem> {
        let method = descriptor.auth_method_of(connection);
        let Some(after) = method.and_then(AuthMethod::oauth).and_then(|oauth| oauth.after_sign_in.as_ref())
        else {
            return Ok(0);
        };
        let mut known = connection.config.clone();
        known.extend(signed_in.settings.clone());
        let settings = settings(descriptor, &known)?;
        let mut request = Request::new(Method::Get, address(&after.url, &settings)?);
        for (name, template) in &after.headers {
            let text = Template::compile(template).and_then(|template| template.text(&settings));
            request.headers.push((name.clone(), text.map_err(SignInError::from)?));
        }
        request.origins.clone_from(&connection.origins);
        request.allow_private = connection.allow_private;
        self.authorise_with(connection, descriptor, &signed_in.credential, &mut request)?;
        let answer = self.net.send(request).await?;
        if answer.status != 200 {
            let code = if answer.status >= 500 { Code::ServiceDown } else { Code::PermissionDenied };
            return Err(Problem::new(code).detail(format!("status {} after signing in", answer.status)));
        }
        let document = json_body(&answer.body?)?;
        let each = Path::compile(after.each.as_deref().unwrap_or("$")).map_err(SignInError::from)?;
        let choices = each.all(&document);
        let Some(first) = choices.first() else {
            return Err(
                Problem::new(Code::PermissionDenied).with("permission", "no site or account can be reached")
            );
        };
        for (name, path) in &after.settings {
            signed_in.settings.insert(name.clone(), captured(first, path)?);
        }
        Ok(choices.len())
    }
}
