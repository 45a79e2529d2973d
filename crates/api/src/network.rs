//! The way to services for the whole data folder: what the user decides about it, kept in `network.json`.

use std::path::{Path, PathBuf};

use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_net::{Certificates, Network, Proxy, Unusable};
use serde::{Deserialize, Serialize};

use crate::hub::Hub;
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
#[serde(rename_all = "camelCase", default)]
struct Decided {
    proxy: ProxyChoice,
    /// Kept while another proxy is chosen.
    address: String,
    /// PEM.
    certificates: String,
    /// The file that they came from, for the person who looks.
    certificates_name: String,
}

impl Decided {
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

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("network.json")
}

fn read(data_dir: &Path) -> Decided {
    let text = std::fs::read(file(data_dir)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// What was decided before. Where the file says nothing that can be used, the usual way is gone, and the log
/// says why: the engine has to start so that the user can mend it.
pub(crate) fn decided(data_dir: &Path) -> Network {
    read(data_dir).network().unwrap_or_else(|(field, error)| {
        tracing::warn!(field, %error, "the network settings cannot be used");
        Network::default()
    })
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
}

fn view(hub: &Hub) -> NetworkView {
    let decided = read(hub.data_dir());
    let network = hub.net().network();
    NetworkView {
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

/// Changes the way to services. It holds from the next call on, in every workspace.
pub async fn set(hub: &Hub, workspace: &str, request: NetworkSetRequest) -> Result<NetworkView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let mut decided = read(hub.data_dir());
    decided.proxy = request.proxy.unwrap_or(decided.proxy);
    if let Some(address) = request.address {
        address.trim().clone_into(&mut decided.address);
    }
    if let Some(certificates) = request.certificates {
        let name = request.certificates_name.unwrap_or_default();
        patchbay_model::text::display_line(&name, 120).trim().clone_into(&mut decided.certificates_name);
        decided.certificates = certificates;
    }
    let network = decided.network().map_err(|(name, error)| {
        let field = if name == "address" { "The proxy's address" } else { "The certificate file" };
        Problem::new(Code::InputInvalid)
            .with("field", field)
            .with("message", error.to_string())
            .about(Subject::Field { name: name.to_owned() })
    })?;
    let internal = |error: String| Problem::new(Code::Internal).detail(format!("network.json: {error}"));
    let text = serde_json::to_vec_pretty(&decided).map_err(|error| internal(error.to_string()))?;
    crate::security::write(&file(hub.data_dir()), &text).map_err(|error| internal(error.to_string()))?;
    hub.net().go(network).map_err(Problem::from)?;
    workspace.note("network_changed").await;
    Ok(view(hub))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
        std::fs::write(dir.path().join("network.json"), r#"{"proxy":"address","address":"::"}"#).unwrap();
        assert_eq!(super::decided(dir.path()).proxy, Proxy::System, "a broken file keeps nobody from starting");
    }
}
