//! The way to services for the whole data folder: what the user decides about it, kept in `network.json`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use patchbay_model::Timestamp;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::text::display_line;
use patchbay_net::{Certificates, Network, Proxy, Unusable};
use serde::{Deserialize, Serialize};

use crate::hub::Hub;
use crate::question::Question;
use crate::workspaces::Empty;

/// Which proxy is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ProxyChoice {
    /// The one that the system's `http_proxy` and `https_proxy` name.
    #[default]
    System,
    /// None.
    Direct,
    /// The one at the address.
    Address,
}

/// What the user decided. No secret is among it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
// What a newer version decided and this one would pass over is not to be guessed.
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Decided {
    proxy: ProxyChoice,
    /// Kept while another proxy is chosen.
    #[serde(default)]
    address: String,
    /// PEM.
    #[serde(default)]
    certificates: String,
    /// The file that they came from, for the person who looks.
    #[serde(default)]
    certificates_name: String,
}

impl Decided {
    fn changed(mut self, request: NetworkSetRequest) -> Self {
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

    fn network(&self) -> Result<Network, (&'static str, Unusable)> {
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
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
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
        Self { file, kept: Mutex::new(kept) }
    }

    /// The way to go.
    pub(crate) fn network(&self) -> Network {
        way(&self.kept())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nothing goes to public addresses; none where it is known which way they are reached.
    fn problem(&self) -> Option<Problem> {
        match &*self.kept() {
            Kept::Known(_) => None,
            Kept::Unreadable(why) => Some(unreadable(&self.file, why)),
        }
    }
}

/// The way that was decided. What [`read`] and [`set`] let through can be used.
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

/// Keeps what cannot be read under another name, which says when. The file itself stays in its place until
/// another one takes it: in between, a start would find nothing and take the usual way.
fn set_aside(file: &Path, now: Timestamp) -> std::io::Result<PathBuf> {
    let stamp = now.strftime("%Y%m%dT%H%M%SZ");
    for number in 0_u8.. {
        let more = if number == 0 { String::new() } else { format!("-{number}") };
        let aside = file.with_file_name(format!("network.json.unreadable-{stamp}{more}"));
        match std::fs::hard_link(file, &aside) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(aside),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// The way to services.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NetworkView {
    /// Which proxy is used.
    pub proxy: ProxyChoice,
    /// The address that was entered; empty where none was.
    pub address: String,
    /// Hosts of the proxies in use, which public addresses are reached through.
    pub proxies: Vec<String>,
    /// How many certificates are trusted besides the system's.
    pub certificates: usize,
    /// The file they came from.
    pub certificates_name: String,
    /// Why nothing goes to public addresses: what was decided cannot be read. It ends with the next decision.
    pub problem: Option<Problem>,
}

fn view(hub: &Hub) -> NetworkView {
    let decided = match &*hub.ways().kept() {
        Kept::Known(decided) => decided.clone(),
        Kept::Unreadable(_) => Decided::default(),
    };
    let network = hub.net().network();
    NetworkView {
        problem: hub.ways().problem(),
        proxy: decided.proxy,
        address: decided.address,
        proxies: network.proxy.hosts(),
        certificates: network.certificates.len(),
        certificates_name: decided.certificates_name,
    }
}

/// Says which way services are reached.
pub async fn show(hub: &Hub, workspace: &str, _: Empty) -> Result<NetworkView, Problem> {
    hub.workspace(workspace).await?;
    Ok(view(hub))
}

/// What to change; what is absent stays.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkSetRequest {
    /// Which proxy is used.
    #[serde(default)]
    pub proxy: Option<ProxyChoice>,
    /// The proxy's address, such as `http://proxy.example:3128`, without user name and password.
    #[serde(default)]
    pub address: Option<String>,
    /// Certificates of authorities to trust besides the system's, in PEM, at most 1 MiB; empty for none.
    #[serde(default)]
    pub certificates: Option<String>,
    /// The name of the file that they are from.
    #[serde(default)]
    pub certificates_name: Option<String>,
}

/// What a person is asked before a page changes the way to services: whoever names a proxy or an authority can
/// read along or see where calls go. None where nothing of that changes, or where the change is refused anyway.
pub(crate) fn question(hub: &Hub, request: NetworkSetRequest) -> Option<Question> {
    let names_authorities = request.certificates.as_ref().is_some_and(|text| !text.trim().is_empty());
    let before = match &*hub.ways().kept() {
        Kept::Known(decided) => Some(decided.clone()),
        Kept::Unreadable(_) => None,
    };
    let after = before.clone().unwrap_or_default().changed(request);
    let network = after.network().ok()?;
    let same_way = before.is_some_and(|before| before.proxy == after.proxy && before.address == after.address);
    let mut text = Vec::new();
    if !same_way {
        text.push(match &network.proxy {
            Proxy::System => "Public services would be reached as this computer says.".to_owned(),
            Proxy::Direct | Proxy::Unknown => "Public services would be reached without a proxy.".to_owned(),
            Proxy::At(url) => format!(
                "Public services would be reached through {}. Whoever runs it sees which ones are called.",
                url.origin().ascii_serialization()
            ),
        });
        if after.proxy != ProxyChoice::Address && !after.address.is_empty() {
            text.push(format!("The address kept for later would be {}.", display_line(&after.address, 200)));
        }
    }
    if names_authorities {
        let (count, file) = (network.certificates.len(), &after.certificates_name);
        let who = if count == 1 { "1 authority".to_owned() } else { format!("{count} authorities") };
        let file = if file.is_empty() { String::new() } else { format!(" from {file}") };
        text.push(format!(
            "{who}{file} would be trusted besides those of this computer. Whoever holds its keys can read what \
             services are sent."
        ));
    }
    if text.is_empty() {
        return None;
    }
    text.push("If you did not just change this in Settings, choose Cancel.".to_owned());
    Some(Question { title: "Change how services are reached?", text: text.join("\n\n"), yes: "C_hange it" })
}

/// Changes the way to services. It holds from the next call on, in every workspace. Where what was decided
/// before cannot be read, it has to say which proxy is used.
pub async fn set(hub: &Hub, workspace: &str, request: NetworkSetRequest) -> Result<NetworkView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let was_unknown = decide(hub, request)?;
    workspace.note("network_changed").await;
    if was_unknown {
        for open in hub.open_workspaces().await {
            open.person_acted(Code::NetworkUnreadable).await;
        }
    }
    Ok(view(hub))
}

/// Takes what is decided; durable on return. Whether nobody knew before.
fn decide(hub: &Hub, request: NetworkSetRequest) -> Result<bool, Problem> {
    let ways = hub.ways();
    let mut kept = ways.kept();
    let was_unknown = matches!(*kept, Kept::Unreadable(_));
    // Somebody may have mended it by hand.
    let before = if was_unknown { read(&ways.file) } else { kept.clone() };
    let (before, is_lost) = match before {
        Kept::Known(decided) => (decided, false),
        Kept::Unreadable(_) if request.proxy.is_some() => (Decided::default(), true),
        Kept::Unreadable(why) => return Err(unreadable(&ways.file, &why)),
    };
    let decided = before.changed(request);
    let network = decided.network().map_err(|(name, error)| {
        let field = if name == "address" { "The proxy's address" } else { "The certificate file" };
        Problem::new(Code::InputInvalid)
            .with("field", field)
            .with("message", error.to_string())
            .about(Subject::Field { name: name.to_owned() })
    })?;
    let internal = |error: String| Problem::new(Code::Internal).detail(format!("network.json: {error}"));
    let text = serde_json::to_vec_pretty(&decided).map_err(|error| internal(error.to_string()))?;
    if is_lost {
        let aside = set_aside(&ways.file, hub.clock().now()).map_err(|error| internal(error.to_string()))?;
        tracing::warn!(aside = %aside.display(), "the network settings that could not be read are kept there");
    }
    crate::security::write(&ways.file, &text).map_err(|error| internal(error.to_string()))?;
    hub.net().go(network).map_err(Problem::from)?;
    *kept = Kept::Known(decided);
    Ok(was_unknown)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use patchbay_model::problem::Code;
    use patchbay_model::time::ManualClock;
    use patchbay_net::Proxy;
    use serde_json::json;

    use crate::commands::dispatch;
    use crate::workspace::tests::hub;

    #[tokio::test]
    async fn the_way_to_services_is_kept_and_what_cannot_be_used_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let at = Proxy::at("http://proxy.example:3128").unwrap();
        {
            let hub = hub(dir.path(), &clock);
            let call = async |request| dispatch(&hub, "default", "network_set", request).await;
            let request = json!({"proxy": "address", "address": " http://proxy.example:3128 "});
            let shown = call(request).await.unwrap();
            assert_eq!(shown["proxies"], json!(["proxy.example"]));
            assert_eq!(hub.net().network().proxy, at, "it holds from the next call on");
            for (request, field) in [
                (json!({"address": "socks5://proxy.example"}), "address"),
                (json!({"address": ""}), "address"),
                (json!({"certificates": "a letter"}), "certificates"),
            ] {
                let problem = call(request.clone()).await.unwrap_err();
                let problem = serde_json::to_value(&problem).unwrap();
                assert_eq!(problem["code"], "INPUT_INVALID", "{request}");
                assert_eq!(problem["subject"]["name"], field, "{request}");
            }
            assert_eq!(hub.net().network().proxy, at);
            hub.shut_down().await;
        }
        let hub = hub(dir.path(), &clock);
        assert_eq!(hub.net().network().proxy, at, "it holds after a start too");
        let shown = dispatch(&hub, "default", "network_set", json!({"proxy": "direct"})).await.unwrap();
        assert_eq!((&shown["proxies"], &shown["address"]), (&json!([]), &json!("http://proxy.example:3128")));
        hub.shut_down().await;
    }

    fn set_aside(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap().map(|one| one.unwrap().file_name());
        names
            .filter_map(|name| name.into_string().ok())
            .filter(|name| name.starts_with("network.json."))
            .collect()
    }

    /// A request in the clear, or past a proxy that filters, would tell what the proxy was there for.
    #[tokio::test]
    async fn settings_that_cannot_be_read_let_nothing_out_until_the_user_has_decided() {
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        for broken in [
            "",
            "{",
            "{}",
            r#"{"proxy":"address","address":"::"}"#,
            r#"{"proxy":"carrier pigeon"}"#,
            r#"{"proxy":"direct","certificates":"a letter"}"#,
            r#"{"proxy":"system","script":"http://proxy.example/pac"}"#,
        ] {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("network.json");
            std::fs::write(&file, broken).unwrap();
            // However often it is started.
            for _ in 0..2 {
                let hub = hub(dir.path(), &clock);
                assert_eq!(hub.net().network().proxy, Proxy::Unknown, "{broken:?}");
                hub.shut_down().await;
            }
            let hub = hub(dir.path(), &clock);
            let call = async |name: &str, request| dispatch(&hub, "default", name, request).await;
            let shown = call("network_show", json!({})).await.unwrap();
            assert_eq!(shown["problem"]["code"], "NETWORK_UNREADABLE", "{broken:?}");
            let problem = call("network_set", json!({"certificates": ""})).await.unwrap_err();
            assert_eq!(problem.code(), Code::NetworkUnreadable, "that says nothing of the proxy");
            assert_eq!(
                (std::fs::read_to_string(&file).unwrap(), set_aside(dir.path())),
                (broken.to_owned(), vec![])
            );
            assert_eq!(hub.net().network().proxy, Proxy::Unknown);

            let shown = call("network_set", json!({"proxy": "direct"})).await.unwrap();
            assert_eq!((&shown["problem"], hub.net().network().proxy), (&json!(null), Proxy::Direct));
            let aside = set_aside(dir.path());
            assert_eq!(aside, ["network.json.unreadable-20261120T120000Z"]);
            assert_eq!(std::fs::read_to_string(dir.path().join(&aside[0])).unwrap(), broken, "it is kept");
            hub.shut_down().await;
            assert_eq!(super::Ways::open(dir.path()).network().proxy, Proxy::Direct, "it holds after a start");
        }
    }

    #[tokio::test]
    async fn a_file_that_was_mended_by_hand_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let file = dir.path().join("network.json");
        std::fs::write(&file, "{").unwrap();
        let hub = hub(dir.path(), &clock);
        std::fs::write(&file, r#"{"proxy":"address","address":"http://proxy.example:3128"}"#).unwrap();
        dispatch(&hub, "default", "network_set", json!({})).await.unwrap();
        assert_eq!(hub.net().network().proxy, Proxy::at("http://proxy.example:3128").unwrap());
        assert_eq!(set_aside(dir.path()), Vec::<String>::new());
        hub.shut_down().await;
    }

    /// Each of two that change another half at the same time finds its own half there afterwards.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn two_who_decide_at_the_same_time_undo_nothing_of_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = hub(dir.path(), &clock);
        for round in 0..20 {
            let address = format!("http://proxy{round}.example:3128");
            let name = ["system", "direct"][round % 2];
            let set = |request: serde_json::Value| {
                let hub = hub.clone();
                tokio::spawn(async move { dispatch(&hub, "default", "network_set", request).await.unwrap() })
            };
            let (one, other) = (set(json!({"address": address})), set(json!({"proxy": name})));
            one.await.unwrap();
            other.await.unwrap();
            let shown = dispatch(&hub, "default", "network_show", json!({})).await.unwrap();
            assert_eq!((&shown["address"], &shown["proxy"]), (&json!(address), &json!(name)), "round {round}");
        }
        hub.shut_down().await;
    }
}
