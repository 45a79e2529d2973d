//! Items to signals.

use patchbay_model::descriptor::{FieldMapping, TimeFormat};
use patchbay_model::signal::{Priority, Signal};
use patchbay_model::text::display_line;
use patchbay_model::{ConnectionId, ConnectorId};
use serde_json::{Map, Value};

use crate::error::MapError;
use crate::path::Path;
use crate::predicate::Test;
use crate::template::{Template, as_text};
use crate::time::parse_time;

/// Lists longer than this are cut: they are for people.
const LONGEST_LIST: usize = 100;

/// A compiled [`FieldMapping`].
#[derive(Clone, Debug)]
pub struct SignalMapper {
    items: Path,
    filter: Option<Test>,
    id: Path,
    timestamp: Path,
    timestamp_formats: Vec<TimeFormat>,
    summary: Line,
    url: Option<Path>,
    url_line: Option<Line>,
    types: Vec<(Test, String)>,
    default_type: String,
    priorities: Vec<(Test, Priority)>,
    participants: Vec<Path>,
    tags: Option<Path>,
    related: Option<Path>,
    raw_fields: Vec<String>,
}

/// A template over an item's fields.
#[derive(Clone, Debug)]
struct Line {
    template: Template,
    /// Whether it uses settings, which then stand beside the item's fields.
    with_config: bool,
}

impl Line {
    fn compile(text: &str) -> Result<Self, MapError> {
        let template = Template::compile(text)?;
        let with_config = template.names().iter().any(|name| name.starts_with("config."));
        Ok(Self { template, with_config })
    }

    fn text(&self, item: &Value, config: &Map<String, Value>) -> Result<String, MapError> {
        match item {
            Value::Object(members) if self.with_config => {
                let mut scope = members.clone();
                scope.insert("config".to_owned(), Value::Object(config.clone()));
                self.template.text(&Value::Object(scope))
            }
            item => self.template.text(item),
        }
    }
}

/// Where an item came from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The connection.
    pub connection: &'a ConnectionId,
    /// The connector.
    pub connector: &'a ConnectorId,
    /// The stream.
    pub stream: &'a str,
    /// The connection's settings, as templates see them.
    pub config: &'a Map<String, Value>,
}

impl SignalMapper {
    /// Compiles every path, rule and template.
    pub fn compile(mapping: &FieldMapping) -> Result<Self, MapError> {
        let path = |text: &Option<String>| text.as_deref().map(Path::compile).transpose();
        Ok(Self {
            items: Path::compile(&mapping.items_path)?,
            filter: mapping.filter.as_ref().map(Test::compile).transpose()?,
            id: Path::compile(&mapping.id_path)?,
            timestamp: Path::compile(&mapping.timestamp_path)?,
            timestamp_formats: std::iter::once(&mapping.timestamp_format)
                .chain(&mapping.timestamp_formats)
                .cloned()
                .collect(),
            summary: Line::compile(&mapping.summary_template)?,
            url: path(&mapping.url_path)?,
            url_line: mapping.url_template.as_deref().map(Line::compile).transpose()?,
            types: mapping
                .signal_type_rules
                .iter()
                .map(|rule| Ok((Test::compile(&rule.when)?, rule.then.clone())))
                .collect::<Result<_, MapError>>()?,
            default_type: mapping.default_signal_type.clone(),
            priorities: mapping
                .priority_mapping
                .iter()
                .map(|rule| Ok((Test::compile(&rule.when)?, rule.then)))
                .collect::<Result<_, MapError>>()?,
            participants: mapping
                .participants_paths
                .iter()
                .map(|p| Path::compile(p))
                .collect::<Result<_, _>>()?,
            tags: path(&mapping.tags_path)?,
            related: path(&mapping.related_items_path)?,
            raw_fields: mapping.raw_fields.clone(),
        })
    }

    /// The items of an answer.
    pub fn items<'a>(&self, answer: &'a Value) -> Vec<&'a Value> {
        self.items.all(answer)
    }

    /// Whether an item is one of the stream's, and not passed over.
    pub fn takes(&self, item: &Value) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.holds(item))
    }

    /// The item's identifier as text, where it has one.
    pub fn external_id(&self, item: &Value) -> Option<String> {
        match self.id.first(item)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Maps an item. None where the filter passes it over; an error puts it aside.
    pub fn signal(&self, item: &Value, from: &Origin<'_>) -> Result<Option<Signal>, MapError> {
        if !item.is_object() {
            return Err(missing(self.items.text(), "the item is not an object"));
        }
        if !self.takes(item) {
            return Ok(None);
        }
        let external_id =
            self.external_id(item).ok_or_else(|| missing(self.id.text(), "there is no identifier"))?;
        let read = |value: &Value| self.timestamp_formats.iter().find_map(|format| parse_time(value, format));
        let timestamp = self
            .timestamp
            .first(item)
            .and_then(read)
            .or_else(|| self.timestamp.all(item).into_iter().find_map(read))
            .ok_or_else(|| missing(self.timestamp.text(), "there is no time that can be read"))?;
        let summary = display_line(&self.summary.text(item, from.config)?, 300);
        let signal_type =
            self.types.iter().find(|(test, _)| test.holds(item)).map_or(&self.default_type, |(_, t)| t);
        let mut participants: Vec<String> = Vec::new();
        for name in self.participants.iter().flat_map(|path| texts(path, item)) {
            if !participants.contains(&name) {
                participants.push(name);
            }
        }
        Ok(Some(Signal {
            connection: from.connection.clone(),
            connector: from.connector.clone(),
            stream: from.stream.to_owned(),
            external_id,
            version: timestamp.as_millisecond().to_string(),
            signal_type: signal_type.clone(),
            timestamp,
            summary,
            priority: self.priorities.iter().find(|(test, _)| test.holds(item)).map(|(_, priority)| *priority),
            participants,
            tags: self.tags.iter().flat_map(|path| texts(path, item)).collect(),
            related: self.related.iter().flat_map(|path| texts(path, item)).collect(),
            url: self.url(item, from.config),
            raw: self.raw(item),
        }))
    }

    /// An address is a help to people: an item without one is still an item.
    fn url(&self, item: &Value, config: &Map<String, Value>) -> Option<String> {
        let found = self.url.as_ref().and_then(|path| path.first(item)).and_then(Value::as_str);
        found.map(str::to_owned).or_else(|| self.url_line.as_ref()?.text(item, config).ok())
    }

    fn raw(&self, item: &Value) -> Value {
        match item {
            Value::Object(members) if !self.raw_fields.is_empty() => Value::Object(
                self.raw_fields
                    .iter()
                    .filter_map(|name| members.get(name).map(|value| (name.clone(), value.clone())))
                    .collect::<Map<_, _>>(),
            ),
            whole => whole.clone(),
        }
    }
}

fn texts(path: &Path, item: &Value) -> Vec<String> {
    path.all(item)
        .into_iter()
        .filter(|value| !value.is_null())
        .take(LONGEST_LIST)
        .map(|value| display_line(&as_text(value), 200))
        .filter(|text| !text.is_empty())
        .collect()
}

fn missing(path: &str, reason: &str) -> MapError {
    MapError::Value { field: path.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mapper() -> SignalMapper {
        SignalMapper::compile(
            &serde_json::from_value(json!({
                "itemsPath": "$.issues[*]", "idPath": "$.id", "timestampPath": "$.at",
                "filter": {"path": "$.draft", "operator": "absent"},
                "summaryTemplate": "{{title}} ({{user.login}})",
                "signalTypeRules": [{"when": {"path": "$.state", "operator": "equals", "value": "closed"}, "then": "issue_closed"}],
                "defaultSignalType": "issue_updated",
                "priorityMapping": [{"when": {"path": "$.labels[*]", "operator": "in", "value": ["p1"]}, "then": "high"}],
                "participantsPaths": ["$.user.login", "$.assignees[*].login"], "tagsPath": "$.labels[*]",
                "urlPath": "$.url", "rawFields": ["id", "title"]
            }))
            .unwrap(),
        )
        .unwrap()
    }

    fn map(item: &Value) -> Result<Option<Signal>, MapError> {
        let (connection, connector) = (ConnectionId::new("c"), ConnectorId::new("t"));
        let config = Map::new();
        let from = Origin { connection: &connection, connector: &connector, stream: "issues", config: &config };
        mapper().signal(item, &from)
    }

    #[test]
    fn an_item_becomes_a_signal() {
        let item = json!({
            "id": 7, "at": "2026-01-31T12:00:00Z", "title": "Fix\nit\u{202E}", "user": {"login": "amira"},
            "state": "closed", "labels": ["p1", "ui"], "assignees": [{"login": "amira"}, {"login": "li"}],
            "url": "https://example.test/7", "secret": "left out"
        });
        let answer = json!({ "issues": [item] });
        assert_eq!(mapper().items(&answer).len(), 1);
        let signal = map(&item).unwrap().unwrap();
        assert_eq!(signal.external_id, "7");
        assert_eq!(signal.summary, "Fix it (amira)");
        assert_eq!(signal.signal_type, "issue_closed");
        assert_eq!(signal.priority, Some(Priority::High));
        assert_eq!(signal.participants, ["amira", "li"]);
        assert_eq!(signal.tags, ["p1", "ui"]);
        assert_eq!(signal.raw, json!({"id": 7, "title": "Fix\nit\u{202E}"}));
    }

    #[test]
    fn an_address_is_made_where_the_item_has_only_a_part_of_it() {
        let config = Map::from_iter([("site".to_owned(), json!("acme"))]);
        let (connection, connector) = (ConnectionId::new("c"), ConnectorId::new("t"));
        let from = Origin { connection: &connection, connector: &connector, stream: "deals", config: &config };
        let mapper = SignalMapper::compile(
            &serde_json::from_value(json!({
                "itemsPath": "$[*]", "idPath": "$.id", "timestampPath": "$.at", "summaryTemplate": "A deal",
                "urlPath": "$.url", "urlTemplate": "https://{{config.site}}.example/deals/{{number}}",
                "signalTypeRules": [], "defaultSignalType": "deal_changed"
            }))
            .unwrap(),
        )
        .unwrap();
        let url = |rest: Value| {
            let mut item = json!({"id": 7, "at": "2026-01-31T12:00:00Z"});
            item.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            mapper.signal(&item, &from).unwrap().unwrap().url
        };
        assert_eq!(url(json!({"number": 7})).as_deref(), Some("https://acme.example/deals/7"));
        assert_eq!(url(json!({"number": 7, "url": "https://own"})).as_deref(), Some("https://own"));
        // Without what the template needs there is no address, and the item is not put aside.
        assert_eq!(url(json!({})), None);
    }

    #[test]
    fn the_first_time_that_is_one_counts() {
        let mapping = json!({
            "itemsPath": "$[*]", "idPath": "$.id", "timestampPath": "$['changed', 'made']",
            "summaryTemplate": "A monitor", "signalTypeRules": [], "defaultSignalType": "monitor_updated"
        });
        let mapper = SignalMapper::compile(&serde_json::from_value(mapping).unwrap()).unwrap();
        let (connection, connector) = (ConnectionId::new("c"), ConnectorId::new("t"));
        let config = Map::new();
        let from = Origin { connection: &connection, connector: &connector, stream: "all", config: &config };
        let at = |item: Value| mapper.signal(&item, &from).ok().flatten().map(|s| s.timestamp.to_string());
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        assert_eq!(at(json!({"id": 1, "changed": late, "made": early})).as_deref(), Some(late));
        assert_eq!(at(json!({"id": 1, "changed": null, "made": early})).as_deref(), Some(early));
        assert_eq!(at(json!({"id": 1, "made": early})).as_deref(), Some(early));
        assert_eq!(at(json!({"id": 1, "changed": null})), None);
    }

    #[test]
    fn a_filtered_item_is_passed_over_and_a_bad_one_says_why() {
        let draft = json!({"draft": true});
        assert_eq!(map(&draft), Ok(None));
        let cases = [
            (json!({"at": "2026-01-31T12:00:00Z"}), "$.id: there is no identifier"),
            (json!({"id": 1, "at": "soon"}), "$.at: there is no time that can be read"),
            (json!("text"), "$.issues[*]: the item is not an object"),
        ];
        for (item, want) in cases {
            assert_eq!(map(&item).unwrap_err().to_string(), want);
        }
        let no_title = json!({"id": 1, "at": "2026-01-31T12:00:00Z", "user": {"login": "a"}});
        assert!(map(&no_title).unwrap_err().to_string().contains("title is absent"));
    }
}
