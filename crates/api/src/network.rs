//! The way to services for the whole data folder: what the user decides about it, kept in `network.json`.

mod aside;
mod ways;

use patchbay_model::Event;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::text::display_line;
use patchbay_net::Proxy;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;
use crate::question::Question;
use crate::workspaces::Empty;
pub(crate) use ways::Ways;
use ways::{Decided, Kept};

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
    /// What a person should know of the decision that was just taken; empty where it is only shown.
    pub notes: Vec<NetworkNote>,
}

/// What did not go as it should, of a decision that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum NetworkNote {
    /// What the file held before, and nobody could read, could not be kept.
    NotKept,
    /// It holds, and a power failure may take it back.
    NotDurable,
}

fn view(hub: &Hub, notes: Vec<NetworkNote>) -> NetworkView {
    let decided = match &*hub.ways().kept() {
        Kept::Known(decided) => decided.clone(),
        Kept::Unreadable(_) => Decided::default(),
    };
    let network = hub.net().network();
    NetworkView {
        notes,
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
    Ok(view(hub, Vec::new()))
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
    let before = hub.ways().before(&request).ok()?;
    let named = request.certificates.as_ref().is_some_and(|text| !text.trim().is_empty());
    let after = before.decided.clone().changed(request);
    let network = after.network().ok()?;
    let same_way =
        !before.was_unknown && before.decided.proxy == after.proxy && before.decided.address == after.address;
    // Those of a file that was mended by hand are trusted from now on too.
    let names_authorities = named || (before.was_unknown && !network.certificates.is_empty());
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
    let decision = hub.ways().decide(hub.net(), hub.clock().now(), request)?;
    hub.events().emit_to_all(Event::NetworkChanged);
    workspace.note("network_changed").await;
    if decision.was_unknown {
        for open in hub.open_workspaces().await {
            open.person_acted(Code::NetworkUnreadable).await;
        }
    }
    Ok(view(hub, decision.notes))
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
            let health = call("health", json!({})).await.unwrap();
            assert_eq!(health["network"], shown["problem"], "it is said on every page");
            let seq = hub.events().seq();
            let problem = call("network_set", json!({"certificates": ""})).await.unwrap_err();
            assert_eq!(problem.code(), Code::NetworkUnreadable, "that says nothing of the proxy");
            assert_eq!(
                (std::fs::read_to_string(&file).unwrap(), set_aside(dir.path())),
                (broken.to_owned(), vec![])
            );
            assert_eq!(hub.net().network().proxy, Proxy::Unknown);

            let shown = call("network_set", json!({"proxy": "direct"})).await.unwrap();
            assert_eq!((&shown["problem"], hub.net().network().proxy), (&json!(null), Proxy::Direct));
            assert_eq!(call("health", json!({})).await.unwrap()["network"], json!(null));
            assert!(hub.events().seq() > seq, "pages that are open are told");
            let aside = set_aside(dir.path());
            assert_eq!(aside, ["network.json.unreadable-20261120T120000Z"]);
            assert_eq!(std::fs::read_to_string(dir.path().join(&aside[0])).unwrap(), broken, "it is kept");
            hub.shut_down().await;
            assert_eq!(super::Ways::open(dir.path()).network().proxy, Proxy::Direct, "it holds after a start");
        }
    }

    /// A decision matters more than what the file held that nobody can read.
    #[tokio::test]
    async fn what_cannot_be_linked_or_kept_at_all_stands_in_the_way_of_no_decision() {
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let decide = async |dir: &Path| {
            let hub = hub(dir, &clock);
            let call = async |name: &str, request| dispatch(&hub, "default", name, request).await.unwrap();
            let set = call("network_set", json!({"proxy": "direct"})).await;
            assert_eq!((&set["problem"], hub.net().network().proxy), (&json!(null), Proxy::Direct));
            assert_eq!(call("network_show", json!({})).await["notes"], json!([]), "it was said once");
            hub.shut_down().await;
            assert_eq!(super::Ways::open(dir).network().proxy, Proxy::Direct, "it holds after a start");
            set["notes"].clone()
        };
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("network.json");
        std::fs::create_dir(&file).unwrap();
        std::fs::write(file.join("inside"), "it").unwrap();
        assert_eq!(decide(dir.path()).await, json!([]));
        let aside = set_aside(dir.path());
        assert_eq!(
            std::fs::read_to_string(dir.path().join(&aside[0]).join("inside")).unwrap(),
            "it",
            "a folder too"
        );

        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("network.json"), "{").unwrap();
        let name = |more: &str| dir.path().join(format!("network.json.unreadable-20261120T120000Z{more}"));
        std::fs::write(name(""), "").unwrap();
        (1..=u8::MAX).for_each(|number| std::fs::write(name(&format!("-{number}")), "").unwrap());
        assert_eq!(decide(dir.path()).await, json!(["not_kept"]), "every name for it is taken");
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
