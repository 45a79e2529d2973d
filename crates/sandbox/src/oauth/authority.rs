//! What the authorization server knows: clients, grants and tokens.
//!
//! Clients, grants and tokens outlive a restart, as the pretend keys do; a sign-in that is under way
//! does not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::client::{Client, SERVICE_CLIENT, fresh};
use super::grant::{Code, Device, Ticket};
use super::params::OauthError;
use crate::account::{Caller, account};

/// How long access tokens are good for, in seconds, unless a test wants it otherwise.
const ACCESS_SECONDS: u32 = 3_600;

/// Used refresh tokens that a grant remembers.
const REMEMBERED: usize = 200;

/// The authorization server's state.
#[derive(Debug)]
pub(crate) struct Authority {
    kept: Kept,
    file: Option<PathBuf>,
    pub(super) tickets: BTreeMap<String, Ticket>,
    pub(super) codes: BTreeMap<String, Code>,
    pub(super) devices: BTreeMap<String, Device>,
    pub(crate) settings: Settings,
    pub(crate) counters: Counters,
}

/// What outlives a restart.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    clients: BTreeMap<String, Client>,
    grants: BTreeMap<String, Grant>,
    access: BTreeMap<String, AccessToken>,
}

/// What somebody allowed a client to do, until it is withdrawn.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Grant {
    client: String,
    /// The login of who allowed it; none where the client acts for itself.
    account: Option<String>,
    scopes: Vec<String>,
    /// The refresh token that is good now; none where none was given.
    refresh: Option<String>,
    /// Those that were used up. Whoever has one has it from somebody else, or lost an answer.
    used: Vec<String>,
    revoked: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct AccessToken {
    grant: String,
    scopes: Vec<String>,
    expires_at: Timestamp,
}

/// What a test, or somebody who tries things out, may set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Answers for the person, without a page: a login allows, `deny` refuses.
    pub(crate) auto_consent: Option<String>,
    /// How long new access tokens are good for, in seconds.
    pub(crate) access_seconds: u32,
    /// Whether a refresh gives a new refresh token and ends the old one.
    pub(crate) rotate: bool,
    /// Seconds between two questions of a device.
    pub(crate) device_interval: u32,
    /// What is granted, whatever a person was asked for; what was asked for where absent.
    pub(crate) granted: Option<Vec<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_consent: None,
            access_seconds: ACCESS_SECONDS,
            rotate: true,
            device_interval: 5,
            granted: None,
        }
    }
}

/// What happened since the start.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counters {
    /// Sign-ins that began: consent pages and device codes.
    pub(crate) asked: u64,
    /// Those that were allowed.
    pub(crate) allowed: u64,
    /// Those that were not.
    pub(crate) denied: u64,
    /// Requests of the token endpoint that were acted on, refused ones too, by grant type.
    pub(crate) token_requests: BTreeMap<String, u64>,
    /// Refresh tokens that gave a new access token.
    pub(crate) refreshes: u64,
    /// Used refresh tokens that came again, and ended their grant.
    pub(crate) reuses: u64,
    /// Used codes that came again, and ended their grant.
    pub(crate) replays: u64,
    /// Tokens that a client gave back.
    pub(crate) revocations: u64,
    /// Clients that were taken in.
    pub(crate) registrations: u64,
}

/// Why an access token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Unknown,
    Expired,
    Revoked,
}

/// What a client is given.
#[derive(Debug, Serialize)]
pub(super) struct Issued {
    access_token: String,
    token_type: &'static str,
    expires_in: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    scope: String,
}

impl Authority {
    /// Reads what the folder holds.
    pub(crate) fn open(folder: Option<&Path>) -> std::io::Result<Self> {
        let file = folder.map(|folder| folder.join("oauth.json"));
        let kept = match file.as_ref().map(std::fs::read) {
            Some(Ok(bytes)) => serde_json::from_slice(&bytes)?,
            Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Some(Err(_)) | None => Kept::default(),
        };
        let mut authority = Self {
            kept,
            file,
            tickets: BTreeMap::new(),
            codes: BTreeMap::new(),
            devices: BTreeMap::new(),
            settings: Settings::default(),
            counters: Counters::default(),
        };
        let clients = &mut authority.kept.clients;
        let public = Client::public();
        clients.insert(public.id.clone(), public);
        if !clients.contains_key(SERVICE_CLIENT) {
            let secret = fresh("sandbox-secret").map_err(|_| std::io::Error::other("no random bytes"))?;
            clients.insert(SERVICE_CLIENT.to_owned(), Client::service(secret));
            authority.save()?;
        }
        Ok(authority)
    }

    /// Forgets every sign-in under way, settings and counters. What was granted stays, as keys do.
    pub(crate) fn reset(&mut self) {
        self.tickets.clear();
        self.codes.clear();
        self.devices.clear();
        self.settings = Settings::default();
        self.counters = Counters::default();
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.kept.clients.get(id)
    }

    pub(super) fn register(&mut self, client: Client) -> Result<(), OauthError> {
        self.change(|kept| {
            kept.clients.insert(client.id.clone(), client);
        })?;
        self.counters.registrations += 1;
        Ok(())
    }

    /// How many grants could still be used.
    pub(crate) fn live_grants(&self) -> usize {
        self.kept.grants.values().filter(|grant| !grant.revoked && grant.refresh.is_some()).count()
    }

    /// Makes something durable, then real.
    fn change<T>(&mut self, change: impl FnOnce(&mut Kept) -> T) -> Result<T, OauthError> {
        let before = self.kept.clone();
        let made = change(&mut self.kept);
        if let Err(error) = self.save() {
            tracing::error!(%error, "what was granted could not be written down");
            self.kept = before;
            return Err(OauthError::new("temporarily_unavailable", "The sandbox cannot write its state"));
        }
        Ok(made)
    }

    fn save(&self) -> std::io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        crate::log::replace(file, &serde_json::to_vec(&self.kept)?)
    }

    /// Begins a grant and gives its identity and its first tokens. A refresh token comes along where
    /// the client may refresh.
    pub(super) fn grant(
        &mut self,
        client: &Client,
        account: Option<String>,
        scopes: Vec<String>,
        now: Timestamp,
    ) -> Result<(String, Issued), OauthError> {
        let id = fresh("grant")?;
        // A service need not grant what it was asked for, and may grant more (RFC 6749 section 3.3).
        let scopes = self.settings.granted.clone().filter(|_| account.is_some()).unwrap_or(scopes);
        let refresh = match &account {
            Some(_) if client.may("refresh_token").is_ok() => Some(fresh("sandbox-refresh")?),
            _ => None,
        };
        let grant = Grant {
            client: client.id.clone(),
            account,
            scopes: scopes.clone(),
            refresh: refresh.clone(),
            used: Vec::new(),
            revoked: false,
        };
        let issued = self.issue(&id, scopes, refresh, now, |kept, id| {
            kept.grants.insert(id.to_owned(), grant);
        })?;
        Ok((id, issued))
    }

    /// A new access token, together with another change.
    fn issue(
        &mut self,
        grant: &str,
        scopes: Vec<String>,
        refresh_token: Option<String>,
        now: Timestamp,
        also: impl FnOnce(&mut Kept, &str),
    ) -> Result<Issued, OauthError> {
        let seconds = self.settings.access_seconds;
        let access_token = fresh("sandbox-access")?;
        let scope = scopes.join(" ");
        let expires_at = now + SignedDuration::from_secs(i64::from(seconds));
        let token = AccessToken { grant: grant.to_owned(), scopes, expires_at };
        let told = access_token.clone();
        self.change(move |kept| {
            also(kept, grant);
            // A token that is long expired needs no answer of its own any more.
            let old = now - SignedDuration::from_hours(24);
            kept.access.retain(|_, token| token.expires_at > old);
            kept.access.insert(told, token);
        })?;
        Ok(Issued { access_token, token_type: "Bearer", expires_in: seconds, refresh_token, scope })
    }

    /// New tokens for a refresh token (RFC 6749 section 6). One that was used before ends its grant:
    /// either it was stolen, or its holder cannot know what happened (RFC 9700 section 4.14.2).
    pub(super) fn refresh(
        &mut self,
        client: &Client,
        token: &str,
        asked: Option<Vec<String>>,
        now: Timestamp,
    ) -> Result<Issued, OauthError> {
        let holds = |grant: &Grant| {
            grant.refresh.as_deref() == Some(token) || grant.used.iter().any(|used| used == token)
        };
        let found = self.kept.grants.iter().find(|(_, grant)| holds(grant) && grant.client == client.id);
        let (id, grant) = found.ok_or(OauthError::grant("This refresh token is not known here"))?;
        let (id, grant) = (id.clone(), grant.clone());
        if grant.revoked {
            return Err(OauthError::grant("What was allowed was withdrawn"));
        }
        if grant.refresh.as_deref() != Some(token) {
            self.counters.reuses += 1;
            self.revoke_grant(&id)?;
            return Err(OauthError::grant("This refresh token was used before"));
        }
        let scopes = asked.unwrap_or_else(|| grant.scopes.clone());
        if !scopes.iter().all(|scope| grant.scopes.contains(scope)) {
            return Err(OauthError::new("invalid_scope", "More is asked for than was allowed"));
        }
        let next = if self.settings.rotate { Some(fresh("sandbox-refresh")?) } else { None };
        let given = next.clone();
        let old = token.to_owned();
        let issued = self.issue(&id, scopes, given, now, move |kept, id| {
            if let (Some(grant), Some(next)) = (kept.grants.get_mut(id), next) {
                grant.refresh = Some(next);
                grant.used.push(old);
                let beyond = grant.used.len().saturating_sub(REMEMBERED);
                grant.used.drain(..beyond);
            }
        })?;
        self.counters.refreshes += 1;
        Ok(issued)
    }

    /// Ends a grant with all its tokens.
    pub(super) fn revoke_grant(&mut self, id: &str) -> Result<(), OauthError> {
        self.change(|kept| {
            if let Some(grant) = kept.grants.get_mut(id) {
                grant.revoked = true;
            }
        })
    }

    /// Gives a token back (RFC 7009): a refresh token with all that came of it, an access token alone.
    /// One that is not known, or another client's, changes nothing.
    pub(super) fn revoke(&mut self, client: &Client, token: &str) -> Result<(), OauthError> {
        let own = |grant: &Grant| grant.client == client.id && !grant.revoked;
        let grants = &self.kept.grants;
        let by_refresh = grants.iter().find(|(_, grant)| own(grant) && grant.refresh.as_deref() == Some(token));
        if let Some((id, _)) = by_refresh {
            let id = id.clone();
            self.revoke_grant(&id)?;
            self.counters.revocations += 1;
            return Ok(());
        }
        let by_access = self.kept.access.get(token).and_then(|access| grants.get(&access.grant));
        if by_access.is_some_and(own) {
            self.change(|kept| kept.access.remove(token))?;
            self.counters.revocations += 1;
        }
        Ok(())
    }

    /// Ends every grant, as a person does on a service's page of connected programs.
    pub(crate) fn revoke_all(&mut self) -> Result<(), OauthError> {
        self.change(|kept| kept.grants.values_mut().for_each(|grant| grant.revoked = true))
    }

    /// Makes every access token expired. Refresh tokens stay good.
    pub(crate) fn expire_all(&mut self, now: Timestamp) -> Result<(), OauthError> {
        self.change(|kept| {
            for token in kept.access.values_mut() {
                token.expires_at = token.expires_at.min(now);
            }
        })
    }

    /// Who an access token belongs to, and what it is good for.
    pub(crate) fn caller(&self, token: &str, now: Timestamp) -> Result<(Caller, &[String]), Refusal> {
        let access = self.kept.access.get(token).ok_or(Refusal::Unknown)?;
        let grant = self.kept.grants.get(&access.grant).ok_or(Refusal::Unknown)?;
        if grant.revoked {
            return Err(Refusal::Revoked);
        }
        if access.expires_at <= now {
            return Err(Refusal::Expired);
        }
        let caller = match &grant.account {
            Some(login) => Caller::Person(account(login).ok_or(Refusal::Unknown)?),
            None => Caller::Service(grant.client.clone()),
        };
        Ok((caller, &access.scopes))
    }
}
