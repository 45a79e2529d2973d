//! Streams: what can be read continuously, page by page, and how items become signals.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::{Predicate, RequestTemplate};
use crate::signal::Priority;

/// A sequence of items that can be read again and again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stream {
    /// Name within the connector.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]{0,39}$"))]
    pub id: String,
    /// What a person reads, such as "Issues".
    pub title: String,
    /// The request for a page. `{{checkpoint}}` and the page token are added as `delta` and
    /// `pagination` say. A stream of a native connector has none: both are given to its adapter as
    /// members of a body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestTemplate>,
    /// How to get the next page; the connector's default where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Paging>,
    /// What it is read for, one after another: `{{parent.…}}` in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<ForEach>,
    /// How to get only what changed.
    #[serde(default)]
    pub delta: Delta,
    /// How an item becomes a signal.
    pub mapping: FieldMapping,
    /// Seconds between two reads; 300 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<u32>,
    /// Permissions that reading needs, in the vendor's words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// JSON Schema (2020-12) of one item, with titles and formats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_schema: Option<Value>,
}

/// What a stream is read for, one after another. Exactly one of `stream`, `setting` and `values`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForEach {
    /// Each item of another stream of this connector, which may have a `forEach` of its own: three
    /// such steps at most. Items that its `filter` passes over are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Each value of a setting of type `list`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// Each of these values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
    /// Names for `{{parent.…}}`, and the JSONPath of each in the item or value. Those of the parent's
    /// own parent stay. The item to map has them in its member `_parent`.
    pub bind: BTreeMap<String, String>,
    /// Identifiers are unique for one parent only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ids_per_parent: bool,
}

/// How to get only what changed since the checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Delta {
    /// Everything, every time; known items are recognised by id and content.
    #[default]
    None,
    /// The service filters by time. The checkpoint is the newest `timestampPath` seen.
    #[serde(rename_all = "camelCase")]
    TimestampFilter {
        /// Name of the parameter that carries the time; in the body a name or a JSON pointer. Where
        /// absent, the request itself uses `{{since}}`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        param: Option<String>,
        /// Name of the parameter that carries the end of the time that is asked for (`{{until}}`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end_param: Option<String>,
        /// Where the times go.
        #[serde(default, skip_serializing_if = "is_query")]
        place: TokenPlace,
        /// How the service writes times.
        #[serde(default)]
        format: TimeFormat,
        /// Seconds to read again before the checkpoint, for late and equal times. 0 where absent.
        #[serde(default)]
        look_back_seconds: u32,
        /// Where the first read begins: a time or day, or a template such as
        /// `{{config.since}}` or `{{now|date_add(-2592000)}}`. Everything where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        initial: Option<String>,
        /// Asks for so many seconds at a time, one window after another up to now. Needs `initial`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window_seconds: Option<u32>,
    },
    /// The service gives the items after an id. The checkpoint is the greatest id seen.
    #[serde(rename_all = "camelCase")]
    SinceId {
        /// Name of the parameter that carries the id; in the body a name or a JSON pointer.
        param: String,
        /// Where the id goes.
        #[serde(default, skip_serializing_if = "is_query")]
        place: TokenPlace,
    },
    /// The last page has a token with which the next read begins.
    #[serde(rename_all = "camelCase")]
    DeltaToken {
        /// JSONPath to the token in the answer.
        token_path: String,
        /// Name of the parameter that carries it; in the body a name or a JSON pointer. Where absent,
        /// the token is the whole address of the next read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        param: Option<String>,
        /// Where the token goes.
        #[serde(default, skip_serializing_if = "is_query")]
        place: TokenPlace,
    },
    /// Items come in the order in which they happened, and each page has a cursor to what follows. The
    /// checkpoint moves with every page.
    #[serde(rename_all = "camelCase")]
    Cursor {
        /// JSONPath to the cursor.
        cursor_path: String,
        /// What `cursorPath` is rooted at.
        #[serde(default, skip_serializing_if = "is_answer")]
        from: CursorSource,
        /// Name of the parameter that carries it; in the body a name or a JSON pointer.
        param: String,
        /// Where the cursor goes.
        #[serde(default, skip_serializing_if = "is_query")]
        place: TokenPlace,
    },
    /// The service cannot filter. Items older than the newest `timestampPath` of the last read are
    /// passed over here.
    #[serde(rename_all = "camelCase")]
    ClientSide {
        /// Seconds to take again before the checkpoint, for late times. 0 where absent.
        #[serde(default)]
        look_back_seconds: u32,
        /// The newest come first: the read ends with the first page that has an older item.
        #[serde(default)]
        newest_first: bool,
    },
}

/// How a service writes times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// `2026-01-31T12:00:00Z` (RFC 3339).
    #[default]
    Iso8601,
    /// Seconds since 1970, whole or with a fraction, as number or text.
    Unix,
    /// Milliseconds since 1970.
    UnixMs,
    /// `2026-01-31`.
    Date,
    /// Any other, as a pattern such as `%Y-%m-%d %H:%M` (strftime). UTC where it has no offset.
    #[serde(untagged)]
    Pattern(String),
}

/// Paging and its bounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Paging {
    /// How the next page is found.
    pub next: Pagination,
    /// Name of the parameter for the page size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_param: Option<String>,
    /// Where the page size goes.
    #[serde(default, skip_serializing_if = "is_query")]
    pub size_place: TokenPlace,
    /// Items per page, sent in `sizeParam`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// Which page is the last, besides what `next` says. Where absent, paging by number or by the last
    /// item ends with a page of fewer items than `pageSize`, unless `more`, `totalPath` or
    /// `totalPagesPath` says; an empty page always ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// What the answer must say for another page, such as `$.isLast` not equal to `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<Predicate>,
    /// JSONPath to the number of items in all pages together; the read ends when as many have come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_path: Option<String>,
    /// Pages in one read; 10,000 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_pages: Option<u32>,
}

/// Which page is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// One with fewer items than `pageSize`.
    ShortPage,
    /// One without items. For services that leave items out of a page after counting them.
    EmptyPage,
}

/// How the next page is found. The same address or token twice in one read is an error, and no page is
/// asked for at another origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Pagination {
    /// There is only one page.
    None,
    /// The `next` link of the `Link` header (RFC 8288).
    #[serde(rename_all = "camelCase")]
    LinkHeader {
        /// A parameter of the link that must be `true`, for services that give a `next` link on the
        /// last page too, such as `results`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flag: Option<String>,
    },
    /// The address of the next page, whole or relative, in the answer.
    #[serde(rename_all = "camelCase")]
    NextUrl {
        /// JSONPath to the address. Absent, null or empty ends the read.
        url_path: String,
    },
    /// A token in the answer that goes into the next request.
    #[serde(rename_all = "camelCase")]
    Cursor {
        /// JSONPath to the token. Absent, null or empty ends the read.
        cursor_path: String,
        /// What `cursorPath` is rooted at.
        #[serde(default, skip_serializing_if = "is_answer")]
        from: CursorSource,
        /// Name of the parameter that carries it; in the body a name or a JSON pointer.
        param: String,
        /// Where the token goes.
        #[serde(default)]
        place: TokenPlace,
        /// JSONPath to a flag that must be true for another page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        has_more_path: Option<String>,
    },
    /// A token in a response header that goes into the next request. Absent or empty ends the read.
    #[serde(rename_all = "camelCase")]
    HeaderCursor {
        /// The response header.
        header: String,
        /// Name of the parameter that carries it; in the body a name or a JSON pointer.
        param: String,
        /// Where the token goes.
        #[serde(default)]
        place: TokenPlace,
    },
    /// A page number.
    #[serde(rename_all = "camelCase")]
    Page {
        /// Name of the parameter that carries the number; in the body a name or a JSON pointer.
        param: String,
        /// Number of the first page; 1 where absent.
        #[serde(default = "first_page")]
        start: u32,
        /// Where the number goes.
        #[serde(default, skip_serializing_if = "is_query")]
        place: TokenPlace,
        /// Whether the first request carries it. True where absent.
        #[serde(default = "yes")]
        send_first: bool,
        /// JSONPath to the number of pages in all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total_pages_path: Option<String>,
    },
    /// A count of items to skip.
    #[serde(rename_all = "camelCase")]
    Offset {
        /// Name of the parameter that carries the count; in the body a name or a JSON pointer.
        param: String,
        /// What the first page is counted from; 0 where absent.
        #[serde(default)]
        start: u32,
        /// Where the count goes.
        #[serde(default, skip_serializing_if = "is_query")]
        place: TokenPlace,
        /// Whether the first request carries it. True where absent.
        #[serde(default = "yes")]
        send_first: bool,
    },
}

fn first_page() -> u32 {
    1
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn is_query(place: &TokenPlace) -> bool {
    *place == TokenPlace::Query
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn is_answer(from: &CursorSource) -> bool {
    *from == CursorSource::Answer
}

/// What a page token is read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CursorSource {
    /// The answer as a whole.
    #[default]
    Answer,
    /// The last item of the page.
    LastItem,
}

/// Where a token, a number or a time goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenPlace {
    /// A query parameter.
    #[default]
    Query,
    /// The JSON body: a member's name, or a JSON pointer such as `/variables/after`.
    Body,
    /// A request header.
    Header,
}

/// How an item becomes a signal. Paths are JSONPath (RFC 9535), rooted at the item unless said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldMapping {
    /// Path in the answer to the items, such as `$.data[*]`, or `$[*]` for a bare list.
    pub items_path: String,
    /// Items that fail this are passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Predicate>,
    /// The item's lasting identifier, text or number.
    pub id_path: String,
    /// When it happened or changed. Of several values the first that is a time counts:
    /// `$['changed_at', 'created_at']` for items that have not changed yet.
    pub timestamp_path: String,
    /// How `timestampPath` is written.
    #[serde(default)]
    pub timestamp_format: TimeFormat,
    /// Other ways in which the service writes it, tried in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timestamp_formats: Vec<TimeFormat>,
    /// One line for people, such as `{{title}} ({{user.login}})`. Names are the item's fields, and
    /// `config.…` the connection's settings.
    pub summary_template: String,
    /// The item's page for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_path: Option<String>,
    /// The same where the item has only a part of the address, such as
    /// `https://{{config.site}}.example.com/records/{{id}}`. None where it cannot be filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_template: Option<String>,
    /// What kind of signal it is, first match wins.
    pub signal_type_rules: Vec<SignalTypeRule>,
    /// The kind where no rule matches.
    pub default_signal_type: String,
    /// How urgent it is, first match wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priority_mapping: Vec<PriorityRule>,
    /// People concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub participants_paths: Vec<String>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags_path: Option<String>,
    /// Identifiers or addresses of related items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related_items_path: Option<String>,
    /// Top-level fields of the item to keep; the whole item where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raw_fields: Vec<String>,
}

/// One rule for the kind of a signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignalTypeRule {
    /// The condition.
    pub when: Predicate,
    /// The kind, such as `issue_created`.
    pub then: String,
}

/// One rule for the urgency of a signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PriorityRule {
    /// The condition.
    pub when: Predicate,
    /// The urgency.
    pub then: Priority,
}
