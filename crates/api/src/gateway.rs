//! The webhook gateway for the whole data folder: what the user decides about it, kept in `gateway.json`,
//! and how it is.

use std::path::{Path, PathBuf};

use patchbay_auth::webhook::AddressKey;
use patchbay_chain::runner::{Addresses, Reach};
use patchbay_ingest::gateway::{Definitions, Gateway, GatewaySettings, Site};
use patchbay_ingest::jobs::Queue;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{ConnectorId, RunId, StepId};
use serde::{Deserialize, Serialize};

use crate::connectors::Connectors;
use crate::hub::Hub;
use crate::workspace::Workspace;
use crate::workspaces::Empty;

impl Definitions for Connectors {
    fn compiled(&self, id: &ConnectorId) -> Option<std::sync::Arc<patchbay_connector::Compiled>> {
        self.get(id).ok()
    }
}

/// The addresses of a workspace's steps.
pub(crate) struct StepAddresses {
    pub(crate) gateway: Gateway,
    pub(crate) key: AddressKey,
}

impl Addresses for StepAddresses {
    fn of(&self, run: &RunId, step: &StepId, item: u32) -> Option<String> {
        self.gateway.step_address(&self.key, run, step, item).map(|url| url.to_string())
    }

    fn reach(&self) -> Reach {
        let (settings, state) = (self.gateway.settings(), self.gateway.state());
        match (settings.enabled && state.problem.is_none(), &settings.public_url) {
            (false, _) => Reach::Nobody(state.problem),
            (true, Some(_)) => Reach::Tunnel,
            (true, None) => Reach::ThisComputer,
        }
    }
}

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("gateway.json")
}

/// What the user decided before; the usual settings where that cannot be read.
pub(crate) fn decided(data_dir: &Path) -> GatewaySettings {
    let text = std::fs::read(file(data_dir)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Takes a workspace into the gateway.
pub(crate) async fn open(hub: &Hub, workspace: &Workspace) -> Result<(), Problem> {
    let site = Site {
        workspace: workspace.name().to_owned(),
        store: workspace.store().clone(),
        authoriser: workspace.authoriser().clone(),
        definitions: hub.connectors().clone(),
        addresses: workspace.addresses().clone(),
        events: workspace.event_sink(),
        asked: workspace.asker(),
        at_once: workspace.at_once_later(Queue::Webhook),
    };
    Ok(hub.gateway().open(site).await?)
}

/// How the gateway is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GatewayView {
    /// Whether it may listen. It does so while a connection's webhook is on.
    pub enabled: bool,
    /// The port on this computer.
    pub port: u16,
    /// The address of the user's own tunnel.
    pub public_url: Option<String>,
    /// Where it listens, such as `127.0.0.1:4310`.
    pub listening: Option<String>,
    /// Why it does not, though it should.
    pub problem: Option<Problem>,
    /// Connections whose webhook is on.
    pub connections: usize,
}

impl GatewayView {
    pub(crate) fn of(gateway: &Gateway) -> Self {
        let (settings, state) = (gateway.settings(), gateway.state());
        Self {
            enabled: settings.enabled,
            port: settings.port,
            public_url: settings.public_url.map(|url| url.to_string().trim_end_matches('/').to_owned()),
            listening: state.listening.map(|at| at.to_string()),
            problem: state.problem,
            connections: state.connections,
        }
    }
}

/// Says how the gateway is.
pub async fn show(hub: &Hub, workspace: &str, _: Empty) -> Result<GatewayView, Problem> {
    hub.workspace(workspace).await?;
    Ok(GatewayView::of(hub.gateway()))
}

/// What to change about the gateway; what is absent stays.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewaySetRequest {
    /// Whether it may listen.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// The port on this computer, from 1024 to 65535.
    #[serde(default)]
    pub port: Option<u16>,
    /// The address of the user's own tunnel, such as `https://hooks.example.com`; empty for none.
    #[serde(default)]
    pub public_url: Option<String>,
}

/// Changes what the user decides about the gateway.
pub async fn set(hub: &Hub, workspace: &str, request: GatewaySetRequest) -> Result<GatewayView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let invalid = |name: &str, field: &str, message: &str| {
        Problem::new(Code::InputInvalid)
            .with("field", field)
            .with("message", message)
            .about(Subject::Field { name: name.to_owned() })
    };
    let mut settings = hub.gateway().settings();
    if let Some(enabled) = request.enabled {
        settings.enabled = enabled;
    }
    if let Some(port) = request.port {
        if port < 1_024 {
            return Err(invalid("port", "The port", "It is from 1024 to 65535."));
        }
        settings.port = port;
    }
    match request.public_url.as_deref().map(str::trim) {
        None => {}
        Some("") => settings.public_url = None,
        Some(text) => {
            let url = GatewaySettings::public(text)
                .map_err(|message| invalid("publicUrl", "The public address", message))?;
            settings.public_url = Some(url);
        }
    }
    let text = serde_json::to_vec_pretty(&settings)
        .map_err(|error| Problem::new(Code::Internal).detail(format!("gateway.json: {error}")))?;
    crate::security::write(&file(hub.data_dir()), &text)
        .map_err(|error| Problem::new(Code::Internal).detail(format!("gateway.json: {error}")))?;
    hub.gateway().configure(settings).await;
    workspace.note("gateway_changed").await;
    Ok(GatewayView::of(hub.gateway()))
}
