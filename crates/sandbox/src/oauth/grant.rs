//! The ways to a grant: codes (RFC 6749 section 4.1 with RFC 7636) and devices (RFC 8628).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::authority::{Authority, Issued};
use super::client::{Client, fresh};
use super::params::OauthError;

/// How long a consent page may stay open.
const TICKET_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// How long a code is good for.
const CODE_LIFE: SignedDuration = SignedDuration::from_secs(60);

/// How long a device may wait, in seconds.
pub(super) const DEVICE_SECONDS: i64 = 600;

/// Letters of user codes: none that looks like another, none that makes words (RFC 8628 section 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// What a client asks for, once it is checked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) client: String,
    pub(super) scopes: Vec<String>,
    pub(super) way: Way,
}

/// Where the answer goes.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// To a page of the client, with a code.
    Code { redirect_uri: String, state: Option<String>, challenge: String },
    /// To a device that asks for it, by its device code.
    Device(String),
}

/// An open consent page.
#[derive(Debug)]
pub(crate) struct Ticket {
    asked: Asked,
    ends_at: Timestamp,
}

/// A code that was given.
#[derive(Debug)]
pub(crate) struct Code {
    client: String,
    redirect_uri: String,
    challenge: String,
    account: String,
    scopes: Vec<String>,
    ends_at: Timestamp,
    /// What it was exchanged for.
    grant: Option<String>,
}

/// A device that waits.
#[derive(Debug)]
pub(crate) struct Device {
    client: String,
    user_code: String,
    scopes: Vec<String>,
    ends_at: Timestamp,
    interval: i64,
    last: Option<Timestamp>,
    state: DeviceState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum DeviceState {
    Waiting,
    Allowed(String),
    Denied,
    Used,
}

/// What a device shows and keeps.
#[derive(Debug)]
pub(super) struct DeviceCodes {
    pub(super) device_code: String,
    pub(super) user_code: String,
    pub(super) interval: u32,
}

impl Authority {
    /// Opens a consent page; gives what its form must bring back.
    pub(super) fn ask(&mut self, asked: Asked, now: Timestamp) -> Result<String, OauthError> {
        let ticket = fresh("ticket")?;
        self.tickets.retain(|_, ticket| ticket.ends_at > now);
        self.tickets.insert(ticket.clone(), Ticket { asked, ends_at: now + TICKET_LIFE });
        Ok(ticket)
    }

    /// What a consent page was opened for. It is good for one answer.
    pub(super) fn asked(&mut self, ticket: &str, now: Timestamp) -> Option<Asked> {
        self.tickets.remove(ticket).filter(|ticket| ticket.ends_at > now).map(|ticket| ticket.asked)
    }

    /// A code for somebody who allowed what was asked.
    pub(super) fn code(
        &mut self,
        asked: &Asked,
        (redirect_uri, challenge): (&str, &str),
        account: &str,
        now: Timestamp,
    ) -> Result<String, OauthError> {
        let code = fresh("sandbox-code")?;
        self.codes.insert(
            code.clone(),
            Code {
                client: asked.client.clone(),
                redirect_uri: redirect_uri.to_owned(),
                challenge: challenge.to_owned(),
                account: account.to_owned(),
                scopes: asked.scopes.clone(),
                ends_at: now + CODE_LIFE,
                grant: None,
            },
        );
        Ok(code)
    }

    /// Tokens for a code. A code that comes again ends what it was exchanged for.
    pub(super) fn redeem(
        &mut self,
        client: &Client,
        code: &str,
        (redirect_uri, verifier): (&str, &str),
        now: Timestamp,
    ) -> Result<Issued, OauthError> {
        let unknown = OauthError::grant("This code is not known here, or its time is over");
        let given = self.codes.get(code).filter(|given| given.client == client.id).ok_or(unknown.clone())?;
        if let Some(grant) = given.grant.clone() {
            self.counters.replays += 1;
            self.revoke_grant(&grant)?;
            return Err(OauthError::grant("This code was used before"));
        }
        if given.ends_at <= now {
            return Err(unknown);
        }
        if given.redirect_uri != redirect_uri {
            return Err(OauthError::grant("The code was given for another redirect_uri"));
        }
        if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != given.challenge {
            return Err(OauthError::grant("The code_verifier does not fit the code_challenge"));
        }
        let (account, scopes) = (given.account.clone(), given.scopes.clone());
        let (grant, issued) = self.grant(client, Some(account), scopes, now)?;
        if let Some(given) = self.codes.get_mut(code) {
            given.grant = Some(grant);
        }
        Ok(issued)
    }

    /// Lets a device wait for somebody's consent.
    pub(super) fn wait(
        &mut self,
        client: &Client,
        scopes: Vec<String>,
        now: Timestamp,
    ) -> Result<DeviceCodes, OauthError> {
        let device_code = fresh("sandbox-device")?;
        let user_code = user_code()?;
        let interval = self.settings.device_interval;
        self.counters.asked += 1;
        // Kept for as long again, to be told from codes that never were.
        self.devices.retain(|_, device| device.ends_at + SignedDuration::from_secs(DEVICE_SECONDS) > now);
        let state = match self.settings.auto_consent.as_deref() {
            None => DeviceState::Waiting,
            Some("deny") => DeviceState::Denied,
            Some(login) => DeviceState::Allowed(login.to_owned()),
        };
        match state {
            DeviceState::Denied => self.counters.denied += 1,
            DeviceState::Allowed(_) => self.counters.allowed += 1,
            DeviceState::Waiting | DeviceState::Used => {}
        }
        self.devices.insert(
            device_code.clone(),
            Device {
                client: client.id.clone(),
                user_code: user_code.clone(),
                scopes,
                ends_at: now + SignedDuration::from_secs(DEVICE_SECONDS),
                interval: i64::from(interval),
                last: None,
                state,
            },
        );
        Ok(DeviceCodes { device_code, user_code, interval })
    }

    /// What the device with this code asks for. Case and what stands between the letters do not
    /// matter (RFC 8628 section 6.1).
    pub(super) fn waiting(&self, user_code: &str, now: Timestamp) -> Option<Asked> {
        let plain = |code: &str| {
            code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase()
        };
        let given = plain(user_code);
        let found = self.devices.iter().find(|(_, device)| {
            plain(&device.user_code) == given && device.state == DeviceState::Waiting && device.ends_at > now
        });
        let (device_code, device) = found?;
        let way = Way::Device(device_code.clone());
        Some(Asked { client: device.client.clone(), scopes: device.scopes.clone(), way })
    }

    /// Somebody's answer for a device. Nothing where it no longer waits.
    pub(super) fn answer_device(&mut self, device_code: &str, login: Option<&str>, now: Timestamp) -> bool {
        let found = self.devices.get_mut(device_code);
        let Some(device) = found.filter(|one| one.state == DeviceState::Waiting && one.ends_at > now) else {
            return false;
        };
        device.state = login.map_or(DeviceState::Denied, |login| DeviceState::Allowed(login.to_owned()));
        true
    }

    /// Tokens for a device, once somebody allowed it (RFC 8628 section 3.5).
    pub(super) fn poll(
        &mut self,
        client: &Client,
        device_code: &str,
        now: Timestamp,
    ) -> Result<Issued, OauthError> {
        let device = self
            .devices
            .get_mut(device_code)
            .filter(|device| device.client == client.id && device.state != DeviceState::Used)
            .ok_or(OauthError::grant("This device code is not known here, or was used"))?;
        if device.ends_at <= now {
            return Err(OauthError::new("expired_token", "The device waited too long"));
        }
        let last = device.last.replace(now);
        if last.is_some_and(|last| now < last + SignedDuration::from_secs(device.interval)) {
            device.interval += 5;
            return Err(OauthError::new("slow_down", "The device asks too often"));
        }
        let login = match &device.state {
            DeviceState::Allowed(login) => login.clone(),
            DeviceState::Denied => return Err(OauthError::new("access_denied", "It was not allowed")),
            DeviceState::Waiting | DeviceState::Used => {
                return Err(OauthError::new("authorization_pending", "Nobody has answered yet"));
            }
        };
        let scopes = device.scopes.clone();
        let (_, issued) = self.grant(client, Some(login), scopes, now)?;
        if let Some(device) = self.devices.get_mut(device_code) {
            device.state = DeviceState::Used;
        }
        Ok(issued)
    }
}

/// Two groups of four letters.
fn user_code() -> Result<String, OauthError> {
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes)
        .map_err(|_| OauthError::new("temporarily_unavailable", "There are no random bytes"))?;
    let letters: String =
        bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
    Ok(format!("{}-{}", &letters[..4], &letters[4..]))
}
