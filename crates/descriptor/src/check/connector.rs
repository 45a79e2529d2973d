//! The connector as a whole: who it is, where it leads, what people enter, whether it works.

use patchbay_map::Template;
use patchbay_model::descriptor::{ConfigField, ConfigKind, Method};
use serde_json::Value;
use url::Url;

use super::request::{is_query, uses};
use super::{Checker, below, is_name, matcher};

impl Checker<'_> {
    pub(super) fn identity(&mut self) {
        let d = self.descriptor;
        let id = d.id.as_str();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.len() < 2 || !is_name(id, 64, fits) {
            self.say("/id", "an id has 2 to 64 lower-case letters, digits and hyphens, a letter first");
        }
        if semver::Version::parse(&d.version).is_err() {
            self.say("/version", format!("\"{}\" is not a version such as 1.0.0", d.version));
        }
        for (pointer, text, most) in [("/name", &d.name, 60), ("/description", &d.description, 300)] {
            if text.trim().is_empty() || text.chars().count() > most {
                self.say(pointer, format!("it has 1 to {most} characters"));
            }
        }
        if let Some(url) = &d.docs_url {
            self.https("/docsUrl", url);
        }
        match (d.is_native(), d.base_url.as_str()) {
            (true, "") => {}
            (true, _) => self.say("/baseUrl", "a native connector has none: its adapter knows where to go"),
            (false, "") => self.say("", "\"baseUrl\" is missing"),
            (false, text) => self.base_url(text),
        }
        if d.streams.is_empty() && d.operations.is_empty() && d.webhook.is_none() {
            self.say("", "a connector has at least one stream, operation or webhook");
        }
    }

    fn base_url(&mut self, text: &str) {
        let at = "/baseUrl";
        self.address(at, text);
        self.say_unless(!text.ends_with('/'), at, "it ends without a slash");
        let plain = !literal(text).any(|piece| piece.contains(['?', '#', '@']));
        self.say_unless(plain, at, "it holds no user name, query or fragment");
    }

    /// An address that is called. A setting inside it must not decide whether the way there is encrypted.
    pub(super) fn address(&mut self, at: &str, text: &str) {
        self.template(at, text, &[]);
        let first = text.strip_prefix("{{").and_then(|rest| rest.split_once("}}"));
        let url_setting = first.and_then(|(name, rest)| Some((name.trim().strip_prefix("config.")?, rest)));
        let by_setting = url_setting.is_some_and(|(key, rest)| {
            let safe = |f: &ConfigField| {
                f.kind == ConfigKind::Url
                    || f.prefix.as_ref().is_some_and(|before| before.starts_with("https://"))
            };
            let known = self.descriptor.config_fields.iter().any(|f| f.key == key && safe(f));
            // Where calls go was checked itself; what signing in brings is checked when it has.
            let base = key == "baseUrl" && at != "/baseUrl";
            let captured = at == "/baseUrl" && self.descriptor.captured_settings().any(|name| name == key);
            (known || base || captured) && (rest.is_empty() || rest.starts_with('/'))
        });
        let safe = if text.contains("{{") {
            by_setting || text.starts_with("https://") || starts_on_this_computer(text)
        } else {
            Url::parse(text).is_ok_and(|url| match (url.scheme(), url.host_str()) {
                ("https", Some(_)) => true,
                ("http", Some(host)) => matches!(host, "127.0.0.1" | "localhost" | "[::1]"),
                _ => false,
            })
        };
        self.say_unless(safe, at, "it is an https address (http only on this computer)");
    }

    pub(super) fn https(&mut self, pointer: &str, url: &str) {
        let safe = Url::parse(url).is_ok_and(|url| url.scheme() == "https" && url.username().is_empty());
        self.say_unless(safe, pointer, "it is an https address");
    }

    pub(super) fn settings(&mut self) {
        for (index, field) in self.descriptor.config_fields.iter().enumerate() {
            let pointer = format!("/configFields/{index}");
            self.key(&format!("{pointer}/key"), &field.key);
            self.filled(&format!("{pointer}/label"), &field.label);
            if field.key == "baseUrl" {
                self.say(&format!("{pointer}/key"), "every connection has \"baseUrl\" already");
            }
            if (field.kind == ConfigKind::Enum) == field.options.is_empty() {
                let message = "options belong to fields of type enum, and those need some";
                self.say(&format!("{pointer}/options"), message);
            }
            if let Some(default) = &field.default {
                self.say_unless(
                    suits(field, default),
                    &format!("{pointer}/default"),
                    "it is not of the field's type",
                );
            }
            self.shown(&pointer, index, field);
            self.choices(&pointer, field);
            let Some(pattern) = &field.pattern else {
                continue;
            };
            if let Some(test) = self.compiles(&format!("{pointer}/pattern"), matcher(pattern)) {
                let shown =
                    [("example", field.example.clone().map(Value::from)), ("default", field.default.clone())];
                for (name, value) in shown.into_iter().filter_map(|(name, value)| Some((name, value?))) {
                    let fits = !value.is_string() || test.holds(&value);
                    self.say_unless(
                        fits,
                        &format!("{pointer}/{name}"),
                        "it does not fit the field's own pattern",
                    );
                }
            }
        }
    }

    /// How a setting is shown, and when.
    fn shown(&mut self, pointer: &str, index: usize, field: &ConfigField) {
        if let Some(url) = &field.help_url {
            self.https(&format!("{pointer}/helpUrl"), url);
        }
        for (name, text) in [("prefix", &field.prefix), ("suffix", &field.suffix)] {
            let Some(text) = text else { continue };
            let at = format!("{pointer}/{name}");
            self.filled(&at, text);
            self.say_unless(field.kind == ConfigKind::Text, &at, "it belongs to fields of type text");
            let plain = !text.contains(char::is_control) && !text.contains("{{");
            self.say_unless(plain, &at, "it is one line of plain text");
        }
        if field.hidden && field.default.is_none() {
            self.say(&format!("{pointer}/hidden"), "what nobody is asked for needs a default");
        }
        let Some(when) = &field.visible_when else { return };
        let at = format!("{pointer}/visibleWhen");
        // Only one that stands before it, so that there is no ring.
        let Some(other) = self.descriptor.config_fields[..index].iter().find(|f| f.key == when.field) else {
            let message = format!("there is no setting \"{}\" before this one", when.field);
            return self.say(&format!("{at}/field"), message);
        };
        let fits = suits(other, &when.equals);
        self.say_unless(fits, &format!("{at}/equals"), "the other setting never has this value");
    }

    /// Where the tool lists what may be entered.
    fn choices(&mut self, pointer: &str, field: &ConfigField) {
        let Some(from) = &field.choices else { return };
        let at = format!("{pointer}/choices");
        self.say_unless(field.kind == ConfigKind::Text, &at, "choices belong to fields of type text");
        self.path(&format!("{at}/value"), &from.value);
        if let Some(label) = &from.label {
            self.path(&format!("{at}/label"), label);
        }
        for (key, path) in &from.fills {
            let at = below(&format!("{at}/fills"), key);
            self.path(&at, path);
            let is_text = |other: &ConfigField| other.key == *key && other.kind == ConfigKind::Text;
            let there = *key != field.key && self.descriptor.config_fields.iter().any(is_text);
            self.say_unless(there, &at, "there is no other setting of type text with this key");
        }
        let at = format!("{at}/operation");
        let Some(operation) = self.named(&at, &from.operation) else { return };
        let needs = operation.params["required"].as_array().is_some_and(|names| !names.is_empty());
        let address =
            Template::compile(&self.descriptor.base_url).map(|address| address.names()).unwrap_or_default();
        let needed = |key: &String| {
            let own = format!("config.{key}");
            address.contains(&own) || operation.request.as_ref().is_some_and(|request| uses(request, &own))
        };
        if !operation.verb.yields_items() {
            self.say(&at, "choices come from an operation that lists");
        } else if needs {
            self.say(&at, "nobody is there yet who would give what this operation needs");
        } else if from.fills.keys().chain([&field.key]).any(needed) {
            self.say(&at, "it needs the setting that is to be chosen");
        }
    }

    pub(super) fn key(&mut self, pointer: &str, key: &str) {
        if !is_name(key, 40, |c| c.is_ascii_alphanumeric()) {
            self.say(pointer, "a key has 1 to 40 letters and digits, a lower-case letter first");
        }
    }

    /// What every request shares, and how fast it may go.
    pub(super) fn shared(&mut self) {
        let defaults = &self.descriptor.defaults;
        let sends = !defaults.headers.is_empty() || !defaults.query.is_empty() || !defaults.errors.is_empty();
        self.say_unless(
            !(self.descriptor.is_native() && sends),
            "/defaults",
            "a native connector has no requests that could share headers, parameters or error rules",
        );
        self.headers("/defaults/headers", &defaults.headers, &[]);
        self.query("/defaults/query", &defaults.query, &[]);
        for (index, rule) in defaults.errors.iter().enumerate() {
            self.error_rule(&format!("/defaults/errors/{index}"), rule);
        }
        if let Some(paging) = &defaults.pagination {
            self.paging("/defaults/pagination", paging);
        }
        let limits = &self.descriptor.limits;
        self.rate("/limits/rate", &limits.rate);
        self.at_least_one("/limits/concurrency", limits.concurrency.map(u64::from));
        self.at_least_one("/limits/timeoutMs", limits.timeout_ms);
        let connect = limits.connect_timeout_ms.is_none_or(|ms| (100..=60_000).contains(&ms));
        self.say_unless(connect, "/limits/connectTimeoutMs", "it is from 100 to 60,000 milliseconds");
        if let Some(retry) = &limits.retry {
            self.say_unless(retry.count <= 10, "/limits/retry/count", "it is 10 at most");
            self.at_least_one("/limits/retry/firstPauseMs", Some(retry.first_pause_ms));
            let longest = (retry.first_pause_ms..=900_000).contains(&retry.longest_pause_ms);
            self.say_unless(
                longest,
                "/limits/retry/longestPauseMs",
                "it is from the first pause to 900,000 milliseconds",
            );
        }
        if let Some(reset) = &limits.reset_header {
            self.header_name("/limits/resetHeader/name", &reset.name);
            if let Some(name) = &reset.remaining {
                self.header_name("/limits/resetHeader/remaining", name);
            }
        }
    }

    pub(super) fn health(&mut self) {
        let check = &self.descriptor.health_check;
        if let Some(request) = self.own_request("/healthCheck", check.request.as_ref()) {
            self.request("/healthCheck/request", request, &[], &[]);
            let alone = request.cached.is_none();
            self.say_unless(
                alone,
                "/healthCheck/request/cached",
                "a copy proves nothing: the check always asks",
            );
            let method = request.method;
            self.say_unless(
                method.is_safe() || (method == Method::Post && (check.expect.is_some() || is_query(request))),
                "/healthCheck/request/method",
                "use GET or HEAD; POST only with \"expect\", and only where it changes nothing",
            );
        }
        for (index, status) in check.expect_status.iter().enumerate() {
            self.status(&format!("/healthCheck/expectStatus/{index}"), *status);
        }
        self.at_least_one("/healthCheck/timeoutMs", check.timeout_ms);
        if let Some(expect) = &check.expect {
            self.predicate("/healthCheck/expect", expect);
        }
        for (pointer, path) in [
            ("/healthCheck/accountIdPath", &check.account_id_path),
            ("/healthCheck/identityPath", &check.identity_path),
        ] {
            if let Some(path) = path {
                self.path(pointer, path);
            }
        }
    }
}

/// What stands outside the braces.
fn literal(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").enumerate().map(|(index, piece)| match index {
        0 => piece,
        _ => piece.split_once("}}").map_or("", |(_, rest)| rest),
    })
}

fn starts_on_this_computer(text: &str) -> bool {
    ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|start| {
        text.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    })
}

fn suits(field: &ConfigField, default: &Value) -> bool {
    match field.kind {
        ConfigKind::Bool => default.is_boolean(),
        ConfigKind::Number => default.is_number(),
        ConfigKind::List | ConfigKind::Folders => {
            default.as_array().is_some_and(|items| items.iter().all(Value::is_string))
        }
        ConfigKind::Enum => default.as_str().is_some_and(|text| field.options.iter().any(|o| o == text)),
        ConfigKind::Text | ConfigKind::Url | ConfigKind::Date => default.is_string(),
    }
}
