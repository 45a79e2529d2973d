//! The authorization server: where its endpoints are.

use patchbay_map::Template;
use patchbay_model::descriptor::OAuth2Auth;
use patchbay_net::{json_body, origin_of};
use serde_json::Value;
use url::Url;

use super::{Calls, SignInError};

/// Where the endpoints of an authorization server are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) issuer: Option<String>,
    /// Whether it promises `iss` in the callback (RFC 9207 section 3).
    pub(crate) says_issuer: bool,
    pub(crate) authorization: Option<Url>,
    pub(crate) token: Option<Url>,
    pub(crate) refresh: Option<Url>,
    pub(crate) revocation: Option<Url>,
    pub(crate) device_authorization: Option<Url>,
    pub(crate) registration: Option<Url>,
}

impl Server {
    /// What the definition says, and what the server's own metadata adds where the definition names an
    /// issuer. `settings` is what templates see.
    pub(crate) async fn find(calls: &Calls, oauth: &OAuth2Auth, settings: &Value) -> Result<Self, SignInError> {
        let mut server = Self::declared(oauth, settings)?;
        if let Some(issuer) = server.issuer.clone() {
            server.discover(calls, &issuer).await?;
        }
        Ok(server)
    }

    /// The same for tokens alone: the server is asked only where the definition does not say enough.
    pub(crate) async fn for_tokens(
        calls: &Calls,
        oauth: &OAuth2Auth,
        settings: &Value,
    ) -> Result<Self, SignInError> {
        let server = Self::declared(oauth, settings)?;
        if server.token.is_some() { Ok(server) } else { Self::find(calls, oauth, settings).await }
    }

    /// The same for giving tokens back. `kept` is what the server said of that when somebody signed in; one
    /// that cannot be asked now has no other way.
    pub(crate) async fn for_revocation(
        calls: &Calls,
        oauth: &OAuth2Auth,
        settings: &Value,
        kept: Option<&str>,
    ) -> Result<Self, SignInError> {
        let mut server = Self::declared(oauth, settings)?;
        if server.revocation.is_none() {
            server.revocation = kept.and_then(|url| Url::parse(url).ok());
        }
        if server.revocation.is_none() && server.issuer.is_some() {
            return Self::find(calls, oauth, settings).await;
        }
        Ok(server)
    }

    /// What the definition says.
    pub(crate) fn declared(oauth: &OAuth2Auth, settings: &Value) -> Result<Self, SignInError> {
        let url = |template: &Option<String>| -> Result<Option<Url>, SignInError> {
            template.as_deref().map(|template| address(template, settings)).transpose()
        };
        Ok(Self {
            issuer: match &oauth.issuer {
                Some(template) => Some(Template::compile(template)?.text(settings)?),
                None => None,
            },
            says_issuer: false,
            authorization: url(&oauth.authorization_url)?,
            token: url(&oauth.token_url)?,
            refresh: url(&oauth.refresh_url)?,
            revocation: url(&oauth.revocation_url)?,
            device_authorization: url(&oauth.device_authorization_url)?,
            registration: url(&oauth.registration_url)?,
        })
    }

    /// Where tokens are got, or why not.
    pub(crate) fn token(&self) -> Result<Url, SignInError> {
        self.token.clone().ok_or_else(|| missing("token endpoint"))
    }

    /// Reads the server's metadata: RFC 8414 section 3.1, else OpenID Connect Discovery section 4.
    async fn discover(&mut self, calls: &Calls, issuer: &str) -> Result<(), SignInError> {
        let base = Url::parse(issuer).map_err(|_| SignInError::refused("its issuer is not an address"))?;
        let metadata = match read(calls, well_known(&base, "oauth-authorization-server")).await? {
            Some(metadata) => metadata,
            None => {
                let mut url = base.clone();
                url.set_path(&format!(
                    "{}/.well-known/openid-configuration",
                    base.path().trim_end_matches('/')
                ));
                read(calls, url).await?.ok_or_else(|| {
                    SignInError::refused("it publishes no description of its sign-in where its issuer says")
                })?
            }
        };
        // RFC 8414 section 3.3: else one server could speak for another.
        if metadata.get("issuer").and_then(Value::as_str) != Some(issuer) {
            return Err(SignInError::refused("the description of its sign-in is another server's"));
        }
        let home = origin_of(&base);
        let take = |own: &mut Option<Url>, name: &str, called: bool| -> Result<(), SignInError> {
            let Some(text) = metadata.get(name).and_then(Value::as_str).filter(|_| own.is_none()) else {
                return Ok(());
            };
            let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
            let url = url.ok_or_else(|| SignInError::refused(format!("its {name} is not an address")))?;
            // Keys go where a person approved: elsewhere only where the definition says so.
            if called && origin_of(&url) != home {
                return Err(SignInError::refused(format!("its {name} is at another host than its issuer")));
            }
            *own = Some(url);
            Ok(())
        };
        take(&mut self.authorization, "authorization_endpoint", false)?;
        take(&mut self.token, "token_endpoint", true)?;
        // Signing in works without it, so that one elsewhere is passed over.
        if let Err(error) = take(&mut self.revocation, "revocation_endpoint", true) {
            tracing::info!(%error, "tokens cannot be given back where the server says");
        }
        take(&mut self.device_authorization, "device_authorization_endpoint", true)?;
        take(&mut self.registration, "registration_endpoint", true)?;
        let says = metadata.get("authorization_response_iss_parameter_supported");
        self.says_issuer = says.and_then(Value::as_bool).unwrap_or(false);
        Ok(())
    }
}

/// Every origin that a sign-in calls, for the person to approve.
pub(crate) fn origins(oauth: &OAuth2Auth, settings: &Value) -> Result<Vec<String>, SignInError> {
    let mut origins = Vec::new();
    for template in oauth.called_urls() {
        origins.extend(origin_of(&address(template, settings)?));
    }
    origins.sort_unstable();
    origins.dedup();
    Ok(origins)
}

pub(crate) fn missing(what: &str) -> SignInError {
    SignInError::Definition(format!("the definition does not say where its {what} is"))
}

/// An address from its template.
pub(crate) fn address(template: &str, settings: &Value) -> Result<Url, SignInError> {
    let text = Template::compile(template)?.text(settings)?;
    Url::parse(&text).map_err(|_| SignInError::Definition(format!("{template} does not give an address")))
}

/// Between host and path (RFC 8414 section 3.1).
fn well_known(issuer: &Url, name: &str) -> Url {
    let mut url = issuer.clone();
    url.set_path(&format!("/.well-known/{name}{}", issuer.path().trim_end_matches('/')));
    url
}

/// The document; none where there is none.
async fn read(calls: &Calls, url: Url) -> Result<Option<Value>, SignInError> {
    let answer = calls.get(url).await?;
    match answer.status {
        200 => Ok(Some(json_body(&answer.body?)?)),
        404 | 405 => Ok(None),
        status if status >= 500 => Err(SignInError::of_code("server_error")),
        status => {
            Err(SignInError::refused(format!("it answers {status} where its sign-in should be described")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_looked_for_between_host_and_path() {
        let cases = [
            ("https://a.example", "https://a.example/.well-known/oauth-authorization-server"),
            ("https://a.example/", "https://a.example/.well-known/oauth-authorization-server"),
            ("https://a.example/t/1", "https://a.example/.well-known/oauth-authorization-server/t/1"),
        ];
        for (issuer, want) in cases {
            assert_eq!(well_known(&issuer.parse().unwrap(), "oauth-authorization-server").as_str(), want);
        }
    }
}
