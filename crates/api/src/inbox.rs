//! The inbox: signals looked through, looked at and put away.

use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::signal::{Signal, SignalFilter};
use patchbay_model::{ConnectionId, Event, Timestamp};
use patchbay_store::{After, COUNTED, ConnectionFilter, FoundSignal};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

use crate::hub::Hub;
use crate::workspace::Workspace;
use crate::workspaces::Empty;

/// Signals of a list at most.
const MOST: u32 = 200;
/// Versions of an item that are told of.
const VERSIONS: u32 = 20;
/// Signals that are marked at once at most.
const MARKED: usize = 10_000;

/// Which signals to look for.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields, default)]
pub struct SignalSearchRequest {
    /// What to narrow the list to.
    pub filter: SignalFilter,
    /// Behind this signal of an earlier list.
    pub after: Option<ListPlace>,
    /// At most this many; 100 where absent, at most 200.
    pub limit: Option<u32>,
}

/// A place in a list of signals.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ListPlace {
    /// The signal's number.
    pub id: i64,
    /// Its time.
    pub timestamp: Timestamp,
}

/// One signal for people.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SignalView {
    /// Its number in this workspace.
    pub id: i64,
    /// The connection's name; none where it is gone.
    pub connection_name: Option<String>,
    /// Nobody has looked at it.
    pub unread: bool,
    /// It was put away.
    pub archived: bool,
    /// The signal. In lists without the item itself.
    #[serde(flatten)]
    pub signal: Signal,
}

/// Signals, the latest first.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SignalSearchResponse {
    /// Those asked for.
    pub signals: Vec<SignalView>,
    /// How many the filter lets through, at most 1,000; told with the first page only.
    pub matching: Option<u64>,
    /// There are more than were counted.
    pub more_than_counted: bool,
    /// How many nobody has looked at, whatever the filter, at most 1,000; told with the first page only.
    pub unread: Option<u64>,
}

/// Looks for signals.
pub async fn search(
    hub: &Hub,
    workspace: &str,
    request: SignalSearchRequest,
) -> Result<SignalSearchResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let store = workspace.store();
    let after = request.after.map(|place| After { timestamp: place.timestamp, id: place.id });
    let limit = request.limit.unwrap_or(100).clamp(1, MOST);
    let found = store.signal_search(&request.filter, after, limit).await?;
    // A later page comes with what the first one said.
    let (matching, unread) = match after {
        Some(_) => (None, None),
        None => {
            let matching = store.signal_count_matching(&request.filter).await?;
            let unread = SignalFilter { unread: true, ..SignalFilter::default() };
            (Some(matching), Some(store.signal_count_matching(&unread).await?))
        }
    };
    let names = names(&workspace).await?;
    Ok(SignalSearchResponse {
        signals: found.into_iter().map(|found| view(found, &names)).collect(),
        matching,
        more_than_counted: matching.is_some_and(|matching| matching >= COUNTED),
        unread,
    })
}

async fn names(workspace: &Workspace) -> Result<HashMap<ConnectionId, String>, Problem> {
    let filter = ConnectionFilter { limit: 10_000, ..ConnectionFilter::default() };
    let all = workspace.store().connection_list(filter).await?.items;
    Ok(all.into_iter().map(|connection| (connection.id, connection.name)).collect())
}

fn view(found: FoundSignal, names: &HashMap<ConnectionId, String>) -> SignalView {
    SignalView {
        id: found.id,
        connection_name: names.get(&found.signal.connection).cloned(),
        unread: found.unread,
        archived: found.archived,
        signal: found.signal,
    }
}

/// One signal.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SignalRef {
    /// Its number.
    pub id: i64,
}

/// A signal in full.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignalDetail {
    /// The signal with its item; null where that is no longer kept.
    pub signal: SignalView,
    /// The versions of the item that came in, the newest first, this one among them.
    pub versions: Vec<SignalVersion>,
}

/// One version of an item.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignalVersion {
    /// Its signal.
    pub id: i64,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What it said.
    pub summary: String,
}

/// Shows a signal with its item and its earlier versions.
pub async fn show(hub: &Hub, workspace: &str, request: SignalRef) -> Result<SignalDetail, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let found = workspace.store().signal(request.id).await?.ok_or_else(|| {
        Problem::new(Code::NotFound).with("item", "This signal").about(Subject::Field { name: "id".into() })
    })?;
    let versions = workspace.store().signal_versions(request.id, VERSIONS).await?;
    Ok(SignalDetail {
        signal: view(found, &names(&workspace).await?),
        versions: versions
            .into_iter()
            .map(|(id, timestamp, summary)| SignalVersion { id, timestamp, summary })
            .collect(),
    })
}

/// What somebody did with signals.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct SignalMarkRequest {
    /// Their numbers; at most 10,000. Earlier versions of the same items go with them.
    pub ids: Vec<i64>,
    /// Whether they count as not looked at; as it is where absent.
    #[serde(default)]
    pub unread: Option<bool>,
    /// Whether they are put away; as it is where absent.
    #[serde(default)]
    pub archived: Option<bool>,
}

/// What changed.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignalMarkResponse {
    /// So many signals, versions among them.
    pub changed: u64,
}

/// Notes that signals were looked at or put away, or takes it back.
pub async fn mark(
    hub: &Hub,
    workspace: &str,
    request: SignalMarkRequest,
) -> Result<SignalMarkResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    if request.ids.len() > MARKED {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", "The signals")
            .with("message", format!("At most {MARKED} at a time."))
            .about(Subject::Field { name: "ids".into() }));
    }
    let changed = workspace.store().signals_mark(request.ids, request.unread, request.archived).await?;
    workspace.events().emit(Event::SignalsChanged);
    Ok(SignalMarkResponse { changed })
}

/// A kind of signal that has come in.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SignalKindView {
    /// Through this connection.
    pub connection: ConnectionId,
    /// Its name; none where it is gone.
    pub connection_name: Option<String>,
    /// Its type, such as `issue_created`.
    pub signal_type: String,
    /// How many came in.
    pub count: u64,
    /// When the last one happened.
    pub last_at: Timestamp,
}

/// What lists of signals can be narrowed to.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignalKindsResponse {
    /// Kinds of signals, the most frequent first.
    pub kinds: Vec<SignalKindView>,
    /// Filters that the user keeps, by name.
    pub saved: Vec<SavedFilter>,
}

/// A filter that the user keeps.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SavedFilter {
    /// Its name.
    pub name: String,
    /// What it narrows to.
    pub filter: SignalFilter,
}

/// Lists the kinds of signals that have come in, and the filters that are kept.
pub async fn kinds(hub: &Hub, workspace: &str, _: Empty) -> Result<SignalKindsResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let names = names(&workspace).await?;
    let kinds = workspace.store().signal_kinds().await?;
    let saved = workspace.store().saved_filters().await?;
    Ok(SignalKindsResponse {
        kinds: kinds
            .into_iter()
            .map(|kind| SignalKindView {
                connection_name: names.get(&kind.connection).cloned(),
                connection: kind.connection,
                signal_type: kind.signal_type,
                count: kind.count,
                last_at: kind.last_at,
            })
            .collect(),
        saved: saved.into_iter().map(|(name, filter)| SavedFilter { name, filter }).collect(),
    })
}

/// Keeps a filter under a name; one that has it is replaced.
pub async fn save_filter(hub: &Hub, workspace: &str, request: SavedFilter) -> Result<SavedFilter, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let name = patchbay_model::text::display_line(&request.name, 60);
    if name.is_empty() || name != request.name.trim() {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", "The filter's name")
            .with("message", "Use one line of at most 60 visible characters.")
            .about(Subject::Field { name: "name".into() }));
    }
    workspace.store().save_filter(&name, &request.filter).await?;
    workspace.events().emit(Event::SignalsChanged);
    Ok(SavedFilter { name, filter: request.filter })
}

/// A filter by its name.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct FilterName {
    /// The name.
    pub name: String,
}

/// Lets go of a filter that was kept.
pub async fn delete_filter(hub: &Hub, workspace: &str, request: FilterName) -> Result<FilterName, Problem> {
    let workspace = hub.workspace(workspace).await?;
    workspace.store().delete_filter(&request.name).await?;
    workspace.events().emit(Event::SignalsChanged);
    Ok(request)
}
