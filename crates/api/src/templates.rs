//! Chains to begin with: shared chains that come with the program.

use patchbay_model::problem::{Code, Problem};
use patchbay_model::sharing::SharedChain;
use serde::Serialize;

use crate::hub::Hub;
use crate::sharing::{self, ChainPreview};
use crate::workspaces::Empty;

macro_rules! templates {
    ($($id:literal,)*) => {
        /// Every template: its identifier and its document.
        pub const TEMPLATES: &[(&str, &str)] =
            &[$(($id, include_str!(concat!("../templates/", $id, ".json"))),)*];
    };
}

// In the order in which they are offered: those that work without any account come first.
templates! {
    "sandbox-issues-to-chat",
    "sandbox-urgent-issues",
    "sandbox-digest",
    "github-issues-to-slack",
    "github-reviews-digest",
    "gitlab-issues-to-jira",
    "sentry-to-linear",
    "hacker-news-to-desktop",
    "shopify-orders-to-notion",
    "stripe-charges-to-file",
}

/// The templates.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TemplateListResponse {
    /// All of them, in the order in which they are offered.
    pub templates: Vec<Template>,
}

/// A chain to begin with.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Template {
    /// Its identifier.
    pub id: String,
    /// The document to be taken in.
    pub document: SharedChain,
    /// What it needs, reaches and does.
    pub preview: ChainPreview,
}

/// Lists the chains to begin with.
pub async fn list(hub: &Hub, workspace: &str, _: Empty) -> Result<TemplateListResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let mut templates = Vec::new();
    for (id, text) in TEMPLATES {
        let document: SharedChain = serde_json::from_str(text)
            .map_err(|error| Problem::new(Code::Internal).detail(format!("template {id}: {error}")))?;
        let preview = sharing::of_shared(&workspace, &document).await?;
        templates.push(Template { id: (*id).to_owned(), document, preview });
    }
    Ok(TemplateListResponse { templates })
}

#[cfg(test)]
#[path = "templates/tests.rs"]
mod tests;
