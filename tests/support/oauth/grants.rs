//! What a server in order remembers: codes, tokens and their end.

use serde_json::{Value, json};

use super::Seen;
use super::asked::Asked;

/// Everything that was granted.
#[derive(Debug)]
pub(super) struct Grants {
    pub(super) asked: Vec<Asked>,
    pub(super) expires_in: u32,
    pub(super) rotate: bool,
    /// Every token that was given, in order.
    pub(super) issued: Vec<String>,
    all: Vec<Grant>,
    count: u64,
}

#[derive(Debug, Default)]
struct Grant {
    code: Option<String>,
    scope: Option<String>,
    access: Vec<String>,
    refresh: Option<String>,
    used: Vec<String>,
}

impl Default for Grants {
    fn default() -> Self {
        Self {
            asked: Vec::new(),
            expires_in: 3_600,
            rotate: true,
            issued: Vec::new(),
            all: Vec::new(),
            count: 0,
        }
    }
}

impl Grants {
    /// Acts on a request of the token endpoint, and gives status and body.
    pub(super) fn token(&mut self, seen: &Seen) -> (u16, Value) {
        let refused = |error: &str| (400, json!({ "error": error }));
        match seen.field("grant_type") {
            Some("authorization_code") => {
                let Some(code) = seen.field("code") else { return refused("invalid_request") };
                if let Some(grant) = self.all.iter_mut().find(|grant| grant.code.as_deref() == Some(code)) {
                    // A code that comes again ends what it gave (RFC 6749 section 4.1.2).
                    *grant = Grant { code: grant.code.take(), ..Grant::default() };
                    return refused("invalid_grant");
                }
                let proven = |asked: &&Asked| {
                    Some(asked.get("redirect_uri")) == seen.field("redirect_uri")
                        && seen.field("code_verifier").is_some_and(|verifier| asked.is_proven_by(verifier))
                };
                let Some(asked) = self.asked.iter().find(proven) else { return refused("invalid_grant") };
                let scope = asked.parameters.iter().find(|(name, _)| name == "scope");
                let scope = scope.map(|(_, scope)| scope.clone());
                self.all.push(Grant { code: Some(code.to_owned()), scope, ..Grant::default() });
                (200, self.issue(self.all.len() - 1, true))
            }
            Some("refresh_token") => {
                let token = seen.field("refresh_token");
                if let Some(number) =
                    self.all.iter().position(|grant| token.is_some() && grant.refresh.as_deref() == token)
                {
                    let rotate = self.rotate;
                    if rotate {
                        let old = self.all[number].refresh.take();
                        self.all[number].used.extend(old);
                    }
                    return (200, self.issue(number, rotate));
                }
                let reused = |grant: &&mut Grant| grant.used.iter().any(|used| Some(used.as_str()) == token);
                if let Some(grant) = self.all.iter_mut().find(reused) {
                    // A refresh token that comes again ends its grant (RFC 9700 section 4.14.2).
                    *grant = Grant { code: grant.code.take(), ..Grant::default() };
                }
                refused("invalid_grant")
            }
            Some("client_credentials" | "urn:ietf:params:oauth:grant-type:device_code") => {
                let scope = seen.field("scope").map(str::to_owned);
                self.all.push(Grant { scope, ..Grant::default() });
                let refresh = seen.field("grant_type") != Some("client_credentials");
                (200, self.issue(self.all.len() - 1, refresh))
            }
            _ => refused("unsupported_grant_type"),
        }
    }

    /// A grant that nobody asked for over HTTP.
    pub(super) fn begin(&mut self, scope: &str) -> Value {
        self.all.push(Grant { scope: Some(scope.to_owned()), ..Grant::default() });
        self.issue(self.all.len() - 1, true)
    }

    fn issue(&mut self, number: usize, refresh: bool) -> Value {
        self.count += 1;
        let grant = &mut self.all[number];
        let access = format!("scripted-access-{}", self.count);
        grant.access.push(access.clone());
        self.issued.push(access.clone());
        let mut body = json!({ "access_token": access, "token_type": "Bearer", "expires_in": self.expires_in });
        if refresh {
            let token = format!("scripted-refresh-{}", self.count);
            grant.refresh = Some(token.clone());
            self.issued.push(token.clone());
            body["refresh_token"] = json!(token);
        }
        if let Some(scope) = &grant.scope {
            body["scope"] = json!(scope);
        }
        body
    }

    /// Whether an access token is good.
    pub(super) fn is_live(&self, token: &str) -> bool {
        self.all.iter().any(|grant| grant.access.iter().any(|own| own == token))
    }

    /// Whether a refresh token would be accepted.
    pub(super) fn may_refresh(&self, token: &str) -> bool {
        self.all.iter().any(|grant| grant.refresh.as_deref() == Some(token))
    }

    /// Ends every access token; refresh tokens stay good.
    pub(super) fn expire(&mut self) {
        self.all.iter_mut().for_each(|grant| grant.access.clear());
    }

    /// Ends the grant of a token.
    pub(super) fn revoke(&mut self, token: &str) {
        self.all.retain(|grant| {
            grant.refresh.as_deref() != Some(token) && !grant.access.iter().any(|own| own == token)
        });
    }
}
