//! What was decided about the way to services, and the file that keeps it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::text::display_line;
use patchbay_net::{Certificates, Client, Network, Proxy, Unusable};
use serde::{Deserialize, Serialize};

use super::{NetworkNote, NetworkSetRequest, ProxyChoice, aside};
use crate::security;

/// What the user decided. No secret is among it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
// What a newer version decided and this one would pass over is not to be guessed.
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Decided {
    pub(super) proxy: ProxyChoice,
    /// Kept while another proxy is chosen.
    #[serde(default)]
    pub(super) address: String,
    /// PEM.
    #[serde(default)]
    pub(super) certificates: String,
    /// The file that they came from, for the person who looks.
    #[serde(default)]
    pub(super) certificates_name: String,
}

impl Decided {
    pub(super) fn changed(mut self, request: NetworkSetRequest) -> Self {
        self.proxy = request.proxy.unwrap_or(self.proxy);
        if let Some(address) = request.address {
            address.trim().clone_into(&mut self.address);
        }
        if let Some(certificates) = request.certificates {
            let name = request.certificates_name.unwrap_or_default();
            display_line(&name, 120).trim().clone_into(&mut self.certificates_name);
            self.certificates = certificates;
        }
        self
    }

    pub(super) fn network(&self) -> Result<Network, (&'static str, Unusable)> {
        let proxy = match self.proxy {
            ProxyChoice::System => Proxy::System,
            ProxyChoice::Direct => Proxy::Direct,
            ProxyChoice::Address => Proxy::at(&self.address).map_err(|error| ("address", error))?,
        };
        let certificates = match self.certificates.trim() {
            "" => Certificates::default(),
            text => Certificates::read(text).map_err(|error| ("certificates", error))?,
        };
        Ok(Network { proxy, certificates })
    }
}

/// What was decided, with the file that keeps it. Whoever changes it holds `kept` meanwhile: two at the same
/// time would undo each other.
pub(crate) struct Ways {
    file: PathBuf,
    kept: Mutex<Kept>,
    /// Makes the file's place survive a power failure.
    sync: fn(&Path) -> std::io::Result<()>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Known(Decided),
    /// The file is there and says nothing that can be used, and why. It stays until the user has decided anew:
    /// a start without it would take the usual way.
    Unreadable(String),
}

impl Ways {
    /// Reads what was decided. What cannot be read is told in the log: the engine has to start so that the user
    /// can mend it.
    pub(crate) fn open(data_dir: &Path) -> Self {
        let file = data_dir.join("network.json");
        let kept = read(&file);
        if let Kept::Unreadable(why) = &kept {
            tracing::error!(file = %file.display(), why, "the network settings cannot be read; nothing goes to public addresses");
        }
        Self { file, kept: Mutex::new(kept), sync: security::sync_folder }
    }

    /// The way to go.
    pub(crate) fn network(&self) -> Network {
        way(&self.kept())
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nothing goes to public addresses; none where it is known which way they are reached.
    pub(crate) fn problem(&self) -> Option<Problem> {
        match &*self.kept() {
            Kept::Known(_) => None,
            Kept::Unreadable(why) => Some(unreadable(&self.file, why)),
        }
    }

    /// What a decision begins from. Refused where what was decided before cannot be read and the request does not
    /// say which proxy is used.
    pub(super) fn before(&self, request: &NetworkSetRequest) -> Result<Before, Problem> {
        self.before_in(&self.kept(), request)
    }

    fn before_in(&self, kept: &Kept, request: &NetworkSetRequest) -> Result<Before, Problem> {
        if let Kept::Known(decided) = kept {
            return Ok(Before { decided: decided.clone(), was_unknown: false, is_lost: false });
        }
        // Somebody may have mended it by hand.
        match read(&self.file) {
            Kept::Known(decided) => Ok(Before { decided, was_unknown: true, is_lost: false }),
            Kept::Unreadable(_) if request.proxy.is_some() => {
                Ok(Before { decided: Decided::default(), was_unknown: true, is_lost: true })
            }
            Kept::Unreadable(why) => Err(unreadable(&self.file, &why)),
        }
    }

    /// Takes what is decided; durable on return, unless a note says otherwise. Where what was decided before
    /// cannot be read, it has to say which proxy is used.
    pub(super) fn decide(
        &self,
        net: &Client,
        now: Timestamp,
        request: NetworkSetRequest,
    ) -> Result<Decision, Problem> {
        let mut kept = self.kept();
        let Before { decided, was_unknown, is_lost } = self.before_in(&kept, &request)?;
        let decided = decided.changed(request);
        let network = decided.network().map_err(|(name, error)| {
            let field = if name == "address" { "The proxy's address" } else { "The certificate file" };
            Problem::new(Code::InputInvalid)
                .with("field", field)
                .with("message", error.to_string())
                .about(Subject::Field { name: name.to_owned() })
        })?;
        // Nothing may fail once the file says it: the next start would go another way than was told.
        let prepared = net.prepare(network).map_err(Problem::from)?;
        let text = serde_json::to_vec_pretty(&decided).map_err(|error| internal(&error))?;
        let beside = security::beside(&self.file, &text).map_err(|error| internal(&error))?;
        let mut notes = Vec::new();
        let aside = is_lost.then(|| aside::keep(&self.file, now));
        match &aside {
            Some(Ok(aside)) => {
                tracing::warn!(aside = %aside.display(), "the network settings that could not be read are kept there");
            }
            // What is decided matters more.
            Some(Err(error)) => {
                tracing::warn!(%error, "the network settings that could not be read are not kept");
                notes.push(NetworkNote::NotKept);
            }
            None => {}
        }
        if let Err(error) = security::put(&beside, &self.file) {
            // A start that finds nothing would take the usual way.
            if let Some(Ok(aside)) = aside
                && self.file.symlink_metadata().is_err()
            {
                let _ = std::fs::rename(aside, &self.file);
            }
            return Err(internal(&error));
        }
        *kept = Kept::Known(decided);
        net.go(prepared);
        if let Err(error) = (self.sync)(&self.file) {
            tracing::warn!(%error, "a power failure may take the network settings back");
            notes.push(NetworkNote::NotDurable);
        }
        Ok(Decision { was_unknown, notes })
    }
}

/// What a decision begins from.
pub(super) struct Before {
    pub(super) decided: Decided,
    /// Nothing goes to public addresses so far.
    pub(super) was_unknown: bool,
    /// What the file says means nothing.
    is_lost: bool,
}

/// A decision that holds.
pub(super) struct Decision {
    /// Whether nobody knew the way before.
    pub(super) was_unknown: bool,
    /// What did not go as it should.
    pub(super) notes: Vec<NetworkNote>,
}

/// The way that was decided. What [`read`] and [`Ways::decide`] let through can be used.
fn way(kept: &Kept) -> Network {
    let unknown = Network { proxy: Proxy::Unknown, ..Network::default() };
    match kept {
        Kept::Known(decided) => decided.network().unwrap_or(unknown),
        Kept::Unreadable(_) => unknown,
    }
}

fn read(file: &Path) -> Kept {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Kept::Known(Decided::default()),
        Err(error) => return Kept::Unreadable(error.to_string()),
    };
    let decided: Decided = match serde_json::from_slice(&text) {
        Ok(decided) => decided,
        // Not what it says there: somebody may have written a password into the address.
        Err(error) => {
            return Kept::Unreadable(format!("It breaks off or means nothing at line {}.", error.line()));
        }
    };
    match decided.network() {
        Ok(_) => Kept::Known(decided),
        Err((field, error)) => Kept::Unreadable(format!("{field}: {error}")),
    }
}

fn unreadable(file: &Path, why: &str) -> Problem {
    let path = file.display().to_string();
    Problem::new(Code::NetworkUnreadable).detail(why).about(Subject::File {
        path,
        line: None,
        column: None,
        pointer: None,
    })
}

fn internal(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(Code::Internal).detail(format!("network.json: {error}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn direct() -> NetworkSetRequest {
        serde_json::from_value(serde_json::json!({"proxy": "direct"})).unwrap()
    }

    /// It is so at the next start whatever was said: to say that it failed would be wrong.
    #[test]
    fn what_the_file_says_holds_also_where_it_may_not_outlast_a_power_failure() {
        let dir = tempfile::tempdir().unwrap();
        let net = Client::new(Arc::new(patchbay_model::SystemClock::new())).unwrap();
        let mut ways = Ways::open(dir.path());
        ways.sync = |_| Err(ErrorKind::Other.into());
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let decision = ways.decide(&net, now, direct()).unwrap();
        assert_eq!(decision.notes, [NetworkNote::NotDurable]);
        for there in [net.network(), ways.network(), Ways::open(dir.path()).network()] {
            assert_eq!(there.proxy, Proxy::Direct);
        }
    }

    #[test]
    fn where_nothing_can_be_written_nothing_is_decided() {
        let dir = tempfile::tempdir().unwrap();
        let net = Client::new(Arc::new(patchbay_model::SystemClock::new())).unwrap();
        // No file takes the place of a folder.
        std::fs::create_dir(dir.path().join("network.json.part")).unwrap();
        let ways = Ways::open(dir.path());
        let refused =
            ways.decide(&net, "2026-11-20T12:00:00Z".parse().unwrap(), direct()).map(|_| ()).unwrap_err();
        assert_eq!(refused.code(), Code::Internal);
        for there in [net.network(), ways.network(), Ways::open(dir.path()).network()] {
            assert_eq!(there.proxy, Proxy::System);
        }
    }
}
