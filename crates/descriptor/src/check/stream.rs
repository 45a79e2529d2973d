//! Streams and how their items become signals.

use patchbay_map::{Schema, SignalMapper, Template};
use patchbay_model::descriptor::{Delta, FieldMapping, Method, Stream};

use super::{Checker, is_name};

impl Checker<'_> {
    pub(super) fn stream(&mut self, pointer: &str, stream: &Stream) {
        self.id(&format!("{pointer}/id"), &stream.id);
        self.filled(&format!("{pointer}/title"), &stream.title);
        self.request(&format!("{pointer}/request"), &stream.request, &[], &[]);
        self.say_unless(
            matches!(stream.request.method, Method::Get | Method::Post),
            &format!("{pointer}/request/method"),
            "a stream is read with GET, or POST where the vendor wants it",
        );
        if let Some(paging) = &stream.pagination {
            self.paging(&format!("{pointer}/pagination"), paging);
        }
        self.token_place(pointer, stream.pagination.as_ref(), &stream.request);
        if let Delta::TimestampFilter { param, .. } | Delta::SinceId { param } = &stream.delta {
            self.filled(&format!("{pointer}/delta/param"), param);
        }
        self.mapping(&format!("{pointer}/mapping"), &stream.mapping);
        self.at_least_one(&format!("{pointer}/intervalSeconds"), stream.interval_seconds.map(u64::from));
        if let Some(schema) = &stream.item_schema {
            self.compiles(&format!("{pointer}/itemSchema"), Schema::compile(schema));
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

    fn mapping(&mut self, pointer: &str, mapping: &FieldMapping) {
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
        for (index, path) in mapping.participants_paths.iter().enumerate() {
            self.path(&format!("{pointer}/participantsPaths/{index}"), path);
        }
        // The names of a summary are the item's own: only the service knows them.
        self.compiles(&format!("{pointer}/summaryTemplate"), Template::compile(&mapping.summary_template));
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
