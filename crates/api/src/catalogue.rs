//! The catalogue of connectors.

use patchbay_model::ConnectorId;
use patchbay_model::descriptor::{AuthMethod, Category, Descriptor};
use patchbay_model::problem::{Code, Problem, Subject};
use serde::{Deserialize, Serialize};

use crate::connectors::Known;
use crate::hub::Hub;

/// Which connectors to list. Every condition given must hold.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CatalogueRequest {
    /// Only this category.
    pub category: Option<Category>,
    /// Only connectors with this way to sign in: `api_key`, `pat`, `basic` or `none`.
    pub auth: Option<String>,
    /// Only connectors that bring data in this way: `polling` or `webhook`.
    pub ingestion: Option<String>,
    /// Only connectors whose name, description or category holds all of these words.
    pub search: Option<String>,
    /// Only the user's own (`true`) or only those that ship with the program (`false`).
    pub mine: Option<bool>,
}

/// Connectors, sorted by name.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CatalogueResponse {
    /// The connectors that match.
    pub connectors: Vec<ConnectorSummary>,
    /// Definitions that could not be read; they hide none of the others.
    pub problems: Vec<Problem>,
}

/// A connector as a catalogue card shows it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ConnectorSummary {
    /// Its identifier.
    pub id: ConnectorId,
    /// Its name.
    pub name: String,
    /// One or two sentences.
    pub description: String,
    /// Where it is listed.
    pub category: Category,
    /// The definition's version.
    pub version: String,
    /// Ways to sign in, the recommended one first; empty where none is needed.
    pub auth: Vec<AuthSummary>,
    /// Settings that must be given.
    pub required_settings: Vec<String>,
    /// What can be read continuously.
    pub streams: Vec<String>,
    /// Whether it can tell of what happens by webhook.
    pub webhook: bool,
    /// What chains can call.
    pub operations: Vec<OperationSummary>,
    /// Name of its brand mark, where it has one.
    pub icon: Option<String>,
    /// Whether it is a pretend tool.
    pub sandbox: bool,
    /// Whether the user wrote it. Such connectors are listed as `custom`, whatever they say.
    pub mine: bool,
}

/// One way to sign in.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct AuthSummary {
    /// Its identifier.
    pub id: String,
    /// Its kind: `api_key`, `pat` or `basic`.
    pub method: String,
    /// What a person reads.
    pub label: String,
    /// The names of the values that are asked.
    pub fields: Vec<String>,
    /// Where the person finds them.
    pub help_url: Option<String>,
}

/// One operation.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OperationSummary {
    /// Its identifier.
    pub id: String,
    /// What a person reads.
    pub title: String,
    /// Whether it changes anything in the service.
    pub effect: bool,
    /// Whether it can be undone.
    pub undoable: bool,
}

/// Lists connectors.
pub async fn list(hub: &Hub, _: &str, request: CatalogueRequest) -> Result<CatalogueResponse, Problem> {
    if let Some(ingestion) = request.ingestion.as_deref()
        && !matches!(ingestion, "polling" | "webhook")
    {
        return Err(invalid("ingestion", "Connectors bring data in by \"polling\" or by \"webhook\"."));
    }
    if let Some(auth) = request.auth.as_deref()
        && !matches!(auth, "api_key" | "pat" | "basic" | "none")
    {
        return Err(invalid("auth", "Use api_key, pat, basic or none."));
    }
    hub.refresh_connectors();
    let all = hub.connectors().all();
    let mut connectors: Vec<_> = all.iter().filter(|one| matches(one, &request)).map(summary).collect();
    connectors.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(CatalogueResponse { connectors, problems: hub.connectors().problems() })
}

fn invalid(field: &str, message: &str) -> Problem {
    Problem::new(Code::InputInvalid)
        .with("field", format!("\"{field}\""))
        .with("message", message)
        .about(Subject::Field { name: field.to_owned() })
}

fn matches(known: &Known, request: &CatalogueRequest) -> bool {
    let descriptor = &known.descriptor;
    let category = request.category.is_none_or(|wanted| listed_under(known) == wanted);
    let mine = request.mine.is_none_or(|wanted| known.mine == wanted);
    let auth = request.auth.as_deref().is_none_or(|wanted| match wanted {
        "none" => descriptor.auth.is_empty(),
        method => descriptor.auth.iter().any(|a| a.method() == method),
    });
    let ingestion = match request.ingestion.as_deref() {
        None => true,
        Some("webhook") => descriptor.webhook.is_some(),
        Some(_) => !descriptor.streams.is_empty(),
    };
    let text =
        format!("{} {} {:?} {}", descriptor.name, descriptor.description, listed_under(known), descriptor.id)
            .to_lowercase();
    let search = request
        .search
        .as_deref()
        .is_none_or(|s| s.to_lowercase().split_whitespace().all(|word| text.contains(word)));
    category && mine && auth && ingestion && search
}

/// Where a connector is listed.
fn listed_under(known: &Known) -> Category {
    if known.mine { Category::Custom } else { known.descriptor.category }
}

pub(crate) fn summary(known: &Known) -> ConnectorSummary {
    let descriptor: &Descriptor = &known.descriptor;
    ConnectorSummary {
        id: descriptor.id.clone(),
        name: descriptor.name.clone(),
        description: descriptor.description.clone(),
        category: listed_under(known),
        version: descriptor.version.clone(),
        icon: descriptor.icon.clone(),
        sandbox: !known.mine && descriptor.id.as_str().starts_with("sandbox-"),
        mine: known.mine,
        auth: descriptor.auth.iter().map(auth_summary).collect(),
        required_settings: descriptor
            .config_fields
            .iter()
            .filter(|field| field.required && field.default.is_none())
            .map(|field| field.key.clone())
            .collect(),
        streams: descriptor.streams.iter().map(|stream| stream.id.clone()).collect(),
        webhook: descriptor.webhook.is_some(),
        operations: descriptor
            .operations
            .iter()
            .map(|operation| OperationSummary {
                id: operation.id.clone(),
                title: operation.title.clone(),
                effect: operation.verb.has_effect(),
                undoable: operation.undo.is_some(),
            })
            .collect(),
    }
}

fn auth_summary(method: &AuthMethod) -> AuthSummary {
    AuthSummary {
        id: method.id().to_owned(),
        method: method.method().to_owned(),
        label: method.label().to_owned(),
        fields: method.credential_fields().iter().map(|field| field.key.clone()).collect(),
        help_url: method.help().map(|help| help.url.clone()),
    }
}

/// A connector definition as text.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct DescriptorText {
    /// The file's name, for messages.
    pub file: String,
    /// Its content.
    pub text: String,
}

/// What was found in a definition.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Validation {
    /// The file's name.
    pub file: String,
    /// Whether it can be used.
    pub valid: bool,
    /// The connector's identifier, where it can be read.
    pub id: Option<ConnectorId>,
    /// Every mistake with its place.
    pub problems: Vec<Problem>,
}

/// Checks a connector definition.
pub async fn validate(hub: &Hub, _: &str, request: DescriptorText) -> Result<Validation, Problem> {
    Ok(match hub.connectors().compile(&request.text, &request.file) {
        Ok(compiled) => Validation {
            file: request.file,
            valid: true,
            id: Some(compiled.descriptor().id.clone()),
            problems: Vec::new(),
        },
        Err(problems) => Validation { file: request.file, valid: false, id: None, problems },
    })
}

/// A definition and the folder with its fixtures.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct DescriptorTestRequest {
    /// The definition's file.
    pub file: std::path::PathBuf,
}

/// What the fixtures showed.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DescriptorTestResponse {
    /// The connector.
    pub id: ConnectorId,
    /// Each fixture with what came of it.
    pub cases: Vec<patchbay_connector::fixtures::CaseReport>,
    /// Fixtures that passed.
    pub passed: usize,
    /// Fixtures that failed.
    pub failed: usize,
}

/// Runs the fixtures of a definition: `fixtures/<id>/` beside its file.
pub async fn test(
    hub: &Hub,
    _: &str,
    request: DescriptorTestRequest,
) -> Result<DescriptorTestResponse, Problem> {
    let name = request.file.display().to_string();
    let unreadable = |error: std::io::Error| {
        Problem::new(Code::NotFound)
            .with("item", format!("The file \"{name}\""))
            .detail(error.to_string())
            .about(Subject::File { path: name.clone(), line: None, column: None, pointer: None })
    };
    let text = std::fs::read_to_string(&request.file).map_err(unreadable)?;
    let compiled = hub.connectors().compile(&text, &name).map_err(first)?;
    let descriptor = compiled.descriptor();
    let folder = request.file.parent().unwrap_or_else(|| std::path::Path::new("."));
    let folder = folder.join("fixtures").join(descriptor.id.as_str());
    let fixtures = patchbay_descriptor::fixture::load(&folder)?;
    if fixtures.is_empty() {
        return Err(Problem::new(Code::NotFound)
            .with("item", format!("A fixture of \"{}\"", descriptor.id))
            .detail(format!("looked in {}", folder.display())));
    }
    let report = patchbay_connector::fixtures::run(&compiled, &fixtures);
    Ok(DescriptorTestResponse {
        id: report.connector,
        passed: report.cases.iter().filter(|case| case.passed).count(),
        failed: report.cases.iter().filter(|case| !case.passed).count(),
        cases: report.cases,
    })
}

/// The first of several problems; a list of none is a bug of ours.
pub(crate) fn first(problems: Vec<Problem>) -> Problem {
    problems.into_iter().next().unwrap_or_else(|| Problem::new(Code::Internal))
}
