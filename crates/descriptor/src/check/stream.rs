//! Streams and how their items become signals.

use std::collections::BTreeSet;

use patchbay_map::{Schema, SignalMapper, Template, parse_any_time, time_unit};
use patchbay_model::descriptor::{Cached, Delta, FieldMapping, Method, Stream, TimeFormat, TokenPlace};
use serde_json::json;

use super::request::{NATIVE_PLACE, changes, uses};
use super::{Checker, is_name};
use crate::names::nearest;

/// How deep streams may be read within streams.
const MOST_STEPS: usize = 3;

impl Checker<'_> {
    pub(super) fn stream(&mut self, pointer: &str, stream: &Stream) {
        self.id(&format!("{pointer}/id"), &stream.id);
        self.filled(&format!("{pointer}/title"), &stream.title);
        let mut names = self.for_each(pointer, stream);
        let sure: Vec<String> = names.clone();
        let timed = matches!(stream.delta, Delta::TimestampFilter { .. });
        names.extend(["since", "until"].into_iter().filter(|_| timed).map(str::to_owned));
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let sure: Vec<&str> = sure.iter().map(String::as_str).collect();
        if let Some(request) = self.own_request(pointer, stream.request.as_ref()) {
            self.request(&format!("{pointer}/request"), request, &known, &sure);
            self.say_unless(
                matches!(request.method, Method::Get | Method::Post),
                &format!("{pointer}/request/method"),
                "a stream is read with GET, or POST where the vendor wants it",
            );
            if request.cached.is_some_and(|cached| cached != Cached::default()) {
                let message = "a page of a stream is always asked for: leave the seconds out";
                self.say(&format!("{pointer}/request/cached"), message);
            }
            if request.graphql.as_ref().is_some_and(changes) {
                self.say(&format!("{pointer}/request/graphql/query"), "a stream only reads: it is a query");
            }
        }
        if let Some(paging) = &stream.pagination {
            self.paging(&format!("{pointer}/pagination"), paging);
        }
        self.token_place(pointer, stream.pagination.as_ref(), stream.request.as_ref());
        self.delta(pointer, stream);
        self.mapping(&format!("{pointer}/mapping"), &stream.mapping);
        self.at_least_one(&format!("{pointer}/intervalSeconds"), stream.interval_seconds.map(u64::from));
        if let Some(schema) = &stream.item_schema {
            self.compiles(&format!("{pointer}/itemSchema"), Schema::compile(schema));
        }
    }

    fn delta(&mut self, pointer: &str, stream: &Stream) {
        let at = format!("{pointer}/delta");
        // What carries nothing has no place.
        let mut place = None;
        match &stream.delta {
            Delta::None | Delta::ClientSide { .. } => {}
            Delta::TimestampFilter { param, end_param, place: p, format, initial, window_seconds, .. } => {
                for (name, param) in [("param", param), ("endParam", end_param)] {
                    if let Some(param) = param {
                        place = Some(*p);
                        self.place(&format!("{at}/{name}"), param, *p);
                    }
                }
                if param.is_none() && !stream.request.as_ref().is_some_and(|request| uses(request, "since")) {
                    self.say(&at, "say in \"param\" where the time goes, or use {{since}} in the request");
                }
                self.time_format(&format!("{at}/format"), format);
                if let Some(initial) = initial {
                    self.template(&format!("{at}/initial"), initial, &["now"]);
                    let fixed = !initial.contains("{{");
                    if fixed && parse_any_time(&json!(initial)).is_none() {
                        self.say(&format!("{at}/initial"), "it is a time or a day, such as 2026-01-31");
                    }
                }
                self.at_least_one(&format!("{at}/windowSeconds"), window_seconds.map(u64::from));
                if let (Some(window), Some(unit)) = (window_seconds, time_unit(format)) {
                    let whole = i64::from(*window) >= unit.as_secs();
                    self.say_unless(
                        whole,
                        &format!("{at}/windowSeconds"),
                        "it is shorter than the format tells apart",
                    );
                    let begins = initial.is_some();
                    self.say_unless(
                        begins,
                        &format!("{at}/windowSeconds"),
                        "windows begin somewhere: give \"initial\"",
                    );
                }
            }
            Delta::SinceId { param, place: p } => {
                place = Some(*p);
                self.place(&format!("{at}/param"), param, *p);
            }
            Delta::DeltaToken { token_path, param, place: p } => {
                self.path(&format!("{at}/tokenPath"), token_path);
                if let Some(param) = param {
                    place = Some(*p);
                    self.place(&format!("{at}/param"), param, *p);
                }
            }
            Delta::Cursor { cursor_path, param, place: p, .. } => {
                place = Some(*p);
                self.path(&format!("{at}/cursorPath"), cursor_path);
                self.place(&format!("{at}/param"), param, *p);
            }
        }
        match (place, &stream.request) {
            (Some(TokenPlace::Body), Some(request)) if request.method.is_safe() => {
                self.say(&format!("{at}/place"), "it goes into the body, and GET and HEAD carry none");
            }
            (Some(TokenPlace::Query | TokenPlace::Header), None) => {
                self.say(&format!("{at}/place"), NATIVE_PLACE);
            }
            _ => {}
        }
    }

    /// What a stream is read for. Gives the names that its requests may use.
    fn for_each(&mut self, pointer: &str, stream: &Stream) -> Vec<String> {
        let Some(each) = &stream.for_each else {
            return Vec::new();
        };
        let at = format!("{pointer}/forEach");
        let given = [each.stream.is_some(), each.setting.is_some(), !each.values.is_empty()];
        if given.iter().filter(|given| **given).count() != 1 {
            self.say(&at, "say what it is read for: exactly one of stream, setting and values");
        }
        if let Some(key) = &each.setting {
            let list = self.descriptor.config_fields.iter().find(|field| field.key == *key);
            match list.map(|field| field.kind) {
                Some(kind) if kind.is_list() => {}
                Some(_) => {
                    self.say(&format!("{at}/setting"), "it is read for each value of a setting of type list")
                }
                None => self.say(&format!("{at}/setting"), format!("there is no setting \"{key}\"")),
            }
        }
        self.say_unless(!each.bind.is_empty(), &format!("{at}/bind"), "name at least one value of the parent");
        for (name, path) in &each.bind {
            let place = super::below(&format!("{at}/bind"), name);
            let fits = is_name(name, 40, |c| c.is_ascii_alphanumeric() || c == '_');
            self.say_unless(
                fits,
                &place,
                "a name has letters, digits and underscores, a lower-case letter first",
            );
            self.path(&place, path);
        }
        // Up the parents, with an eye on rings.
        let mut names: BTreeSet<String> = BTreeSet::new();
        let (mut here, mut steps) = (stream, 0);
        while let Some(each) = &here.for_each {
            names.extend(each.bind.keys().map(|name| format!("parent.{name}")));
            let Some(id) = &each.stream else { break };
            steps += 1;
            if steps > MOST_STEPS {
                self.say(
                    &format!("{at}/stream"),
                    "streams within streams go three steps deep at most, and in no ring",
                );
                break;
            }
            let Some(parent) = self.descriptor.stream(id) else {
                if steps == 1 {
                    let hint = nearest(id, self.descriptor.streams.iter().map(|s| s.id.as_str()))
                        .map_or_else(String::new, |meant| format!(". Did you mean \"{meant}\"?"));
                    self.say(&format!("{at}/stream"), format!("there is no stream \"{id}\"{hint}"));
                }
                break;
            };
            here = parent;
        }
        names.into_iter().collect()
    }

    pub(super) fn time_format(&mut self, pointer: &str, format: &TimeFormat) {
        let TimeFormat::Pattern(pattern) = format else {
            return;
        };
        if !pattern.contains('%') {
            let known = ["iso8601", "unix", "unix_ms", "date"];
            let hint = nearest(pattern, known).map_or_else(
                || ": iso8601, unix, unix_ms, date or a pattern".to_owned(),
                |m| format!(". Did you mean \"{m}\"?"),
            );
            self.say(pointer, format!("\"{pattern}\" is not a way to write times{hint}"));
        } else if time_unit(format).is_none() {
            self.say(
                pointer,
                "a time that is written in this pattern cannot be read again, with its year, month and day",
            );
        }
    }

    pub(super) fn id(&mut self, pointer: &str, id: &str) {
        if !is_name(id, 40, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            self.say(
                pointer,
                "an id here has 1 to 40 lower-case letters, digits and underscores, a letter first",
            );
        }
    }

    pub(super) fn mapping(&mut self, pointer: &str, mapping: &FieldMapping) {
        let found = self.mistakes.len();
        let paths = [
            ("itemsPath", Some(&mapping.items_path)),
            ("idPath", Some(&mapping.id_path)),
            ("timestampPath", Some(&mapping.timestamp_path)),
            ("urlPath", mapping.url_path.as_ref()),
            ("tagsPath", mapping.tags_path.as_ref()),
            ("relatedItemsPath", mapping.related_items_path.as_ref()),
        ];
        for (name, path) in paths.into_iter().filter_map(|(name, path)| Some((name, path?))) {
            self.path(&format!("{pointer}/{name}"), path);
        }
        self.time_format(&format!("{pointer}/timestampFormat"), &mapping.timestamp_format);
        for (index, format) in mapping.timestamp_formats.iter().enumerate() {
            self.time_format(&format!("{pointer}/timestampFormats/{index}"), format);
        }
        for (index, path) in mapping.participants_paths.iter().enumerate() {
            self.path(&format!("{pointer}/participantsPaths/{index}"), path);
        }
        // Their names are the item's own, which only the service knows, or settings.
        let url = mapping.url_template.as_ref().map(|text| ("urlTemplate", text));
        for (name, text) in [("summaryTemplate", &mapping.summary_template)].into_iter().chain(url) {
            let at = format!("{pointer}/{name}");
            if let Some(template) = self.compiles(&at, Template::compile(text)) {
                let mut names = template.names();
                names.retain(|name| name.starts_with("config."));
                self.names(&at, &names, &[]);
            }
        }
        if let Some(filter) = &mapping.filter {
            self.predicate(&format!("{pointer}/filter"), filter);
        }
        for (index, rule) in mapping.signal_type_rules.iter().enumerate() {
            self.predicate(&format!("{pointer}/signalTypeRules/{index}/when"), &rule.when);
            self.filled(&format!("{pointer}/signalTypeRules/{index}/then"), &rule.then);
        }
        self.filled(&format!("{pointer}/defaultSignalType"), &mapping.default_signal_type);
        for (index, rule) in mapping.priority_mapping.iter().enumerate() {
            self.predicate(&format!("{pointer}/priorityMapping/{index}/when"), &rule.when);
        }
        if self.mistakes.len() == found {
            self.compiles(pointer, SignalMapper::compile(mapping));
        }
    }
}
