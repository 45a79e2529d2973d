//! What the shape alone cannot say: everything compiles, everything that is named exists, nothing
//! leads where it must not.

use std::collections::BTreeSet;

use patchbay_map::{JsonTemplate, Path, Schema, SignalMapper, Template, Test};
use patchbay_model::Descriptor;
use patchbay_model::descriptor::{
    AuthMethod, ConfigKind, ErrorRule, Method, Operation, Pagination, Paging, RequestTemplate, Stream, Verb,
};
use serde_json::Value;
use url::Url;

use crate::read::Mistake;

/// Every mistake of meaning.
pub(crate) fn check(descriptor: &Descriptor) -> Vec<Mistake> {
    let mut checker = Checker { descriptor, mistakes: Vec::new() };
    checker.identity();
    checker.settings();
    checker.sign_ins();
    for (index, rule) in descriptor.defaults.errors.iter().enumerate() {
        checker.error_rule(&format!("/defaults/errors/{index}"), rule);
    }
    if let Some(paging) = &descriptor.defaults.pagination {
        checker.paging("/defaults/pagination", paging);
    }
    for (name, value) in &descriptor.defaults.headers {
        checker.template(&format!("/defaults/headers/{name}"), value, &[]);
    }
    for (index, stream) in descriptor.streams.iter().enumerate() {
        checker.stream(&format!("/streams/{index}"), stream);
    }
    for (index, operation) in descriptor.operations.iter().enumerate() {
        checker.operation(&format!("/operations/{index}"), operation);
    }
    checker.unique("/streams", descriptor.streams.iter().map(|s| s.id.as_str()));
    checker.unique("/operations", descriptor.operations.iter().map(|o| o.id.as_str()));
    checker.unique("/auth", descriptor.auth.iter().map(AuthMethod::id));
    checker.unique("/configFields", descriptor.config_fields.iter().map(|f| f.key.as_str()));
    checker.health();
    checker.mistakes
}

struct Checker<'d> {
    descriptor: &'d Descriptor,
    mistakes: Vec<Mistake>,
}

impl Checker<'_> {
    fn say(&mut self, pointer: &str, message: impl Into<String>) {
        self.mistakes.push(Mistake { pointer: pointer.to_owned(), message: message.into() });
    }

    fn compiles<T>(&mut self, pointer: &str, result: Result<T, patchbay_map::MapError>) -> Option<T> {
        result.map_err(|error| self.say(pointer, error.to_string())).ok()
    }

    fn identity(&mut self) {
        let d = self.descriptor;
        let id = d.id.as_str();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !(2..=64).contains(&id.len())
            || !id.starts_with(|c: char| c.is_ascii_lowercase())
            || !id.chars().all(fits)
        {
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
        self.template("/baseUrl", &d.base_url, &[]);
        if !d.base_url.contains("{{") {
            let safe = Url::parse(&d.base_url).is_ok_and(|url| match (url.scheme(), url.host_str()) {
                ("https", Some(_)) => true,
                ("http", Some(host)) => matches!(host, "127.0.0.1" | "localhost" | "[::1]"),
                _ => false,
            });
            if !safe {
                self.say("/baseUrl", "it is an https address (http only on this computer)");
            }
        }
        if d.base_url.ends_with('/') {
            self.say("/baseUrl", "it ends without a slash");
        }
        if d.streams.is_empty() && d.operations.is_empty() {
            self.say("", "a connector has at least one stream or operation");
        }
    }

    fn https(&mut self, pointer: &str, url: &str) {
        if !Url::parse(url).is_ok_and(|url| url.scheme() == "https" && url.username().is_empty()) {
            self.say(pointer, "it is an https address");
        }
    }

    fn settings(&mut self) {
        for (index, field) in self.descriptor.config_fields.iter().enumerate() {
            let pointer = format!("/configFields/{index}");
            if let Some(pattern) = &field.pattern {
                self.pattern(&format!("{pointer}/pattern"), pattern);
            }
            if (field.kind == ConfigKind::Enum) == field.options.is_empty() {
                self.say(
                    &format!("{pointer}/options"),
                    "options belong to fields of type enum, and those need some",
                );
            }
        }
    }

    fn pattern(&mut self, pointer: &str, pattern: &str) {
        let predicate = patchbay_model::descriptor::Predicate {
            path: "$".into(),
            operator: patchbay_model::descriptor::PredicateOperator::Matches,
            value: Some(Value::from(pattern)),
        };
        self.compiles(pointer, Test::compile(&predicate));
    }

    fn sign_ins(&mut self) {
        for (index, method) in self.descriptor.auth.iter().enumerate() {
            let pointer = format!("/auth/{index}");
            let secrets: Vec<String> =
                method.credential_fields().iter().map(|field| format!("secret.{}", field.key)).collect();
            if secrets.is_empty() {
                self.say(&format!("{pointer}/credentialFields"), "a sign-in asks for at least one value");
            }
            let known: Vec<&str> = secrets.iter().map(String::as_str).collect();
            match method {
                AuthMethod::ApiKey(key) | AuthMethod::Pat(key) => {
                    if key.inject.is_empty() {
                        self.say(&format!("{pointer}/inject"), "say where the key goes");
                    }
                    for (i, inject) in key.inject.iter().enumerate() {
                        self.template(&format!("{pointer}/inject/{i}/value"), &inject.value, &known);
                    }
                }
                AuthMethod::Basic(basic) => {
                    self.template(&format!("{pointer}/username"), &basic.username, &known);
                    self.template(&format!("{pointer}/password"), &basic.password, &known);
                }
            }
            for (i, field) in method.credential_fields().iter().enumerate() {
                if let Some(pattern) = &field.pattern {
                    self.pattern(&format!("{pointer}/credentialFields/{i}/pattern"), pattern);
                }
            }
            if let Some(help) = method.help() {
                self.https(&format!("{pointer}/help/url"), &help.url);
            }
        }
    }

    /// A template may use the connector's settings and what the place adds.
    fn template(&mut self, pointer: &str, text: &str, known: &[&str]) {
        if let Some(template) = self.compiles(pointer, Template::compile(text)) {
            self.names(pointer, template.names(), known);
        }
    }

    fn names(&mut self, pointer: &str, names: Vec<String>, known: &[&str]) {
        for name in names {
            let (root, rest) = name.split_once('.').unwrap_or((name.as_str(), ""));
            let setting = root == "config"
                && (rest == "baseUrl" || self.descriptor.config_fields.iter().any(|field| rest == field.key));
            let here = known.iter().any(|k| *k == name || *k == root || name.starts_with(&format!("{k}.")));
            if !setting && !here {
                self.say(pointer, format!("there is nothing called \"{name}\" here"));
            }
        }
    }

    fn json_template(&mut self, pointer: &str, value: &Value, known: &[&str]) {
        if let Some(template) = self.compiles(pointer, JsonTemplate::compile(value)) {
            self.names(pointer, template.names(), known);
        }
    }

    fn request(&mut self, pointer: &str, request: &RequestTemplate, known: &[&str]) {
        if !request.path.starts_with('/') {
            self.say(&format!("{pointer}/path"), "a path begins with a slash; the address is in baseUrl");
        }
        self.template(&format!("{pointer}/path"), &request.path, known);
        for (name, value) in &request.query {
            self.json_template(&format!("{pointer}/query/{name}"), value, known);
        }
        for (name, value) in &request.headers {
            self.template(&format!("{pointer}/headers/{name}"), value, known);
        }
        if let Some(body) = &request.body {
            self.json_template(&format!("{pointer}/body"), body, known);
            if request.method.is_safe() {
                self.say(&format!("{pointer}/body"), "GET and HEAD carry no body");
            }
        }
    }

    fn paging(&mut self, pointer: &str, paging: &Paging) {
        if let Pagination::Cursor { cursor_path, has_more_path, .. } = &paging.next {
            self.compiles(&format!("{pointer}/next/cursorPath"), Path::compile(cursor_path));
            if let Some(path) = has_more_path {
                self.compiles(&format!("{pointer}/next/hasMorePath"), Path::compile(path));
            }
        }
        if matches!(paging.next, Pagination::Page { .. } | Pagination::Offset { .. })
            && paging.page_size.is_none()
        {
            self.say(
                &format!("{pointer}/pageSize"),
                "paging by number needs a page size to know the last page",
            );
        }
        if paging.page_size == Some(0) || paging.max_pages == Some(0) {
            self.say(pointer, "sizes and counts are at least 1");
        }
    }

    fn error_rule(&mut self, pointer: &str, rule: &ErrorRule) {
        if rule.status.is_none() && rule.body.is_none() && rule.headers.is_empty() {
            self.say(pointer, "a rule says when it applies: status, body or headers");
        }
        if let Some(body) = &rule.body {
            self.compiles(&format!("{pointer}/body"), Test::compile(body));
        }
        for (name, pattern) in &rule.headers {
            self.pattern(&format!("{pointer}/headers/{name}"), pattern);
        }
        if let Some(path) = &rule.message_path {
            self.compiles(&format!("{pointer}/messagePath"), Path::compile(path));
        }
    }

    fn stream(&mut self, pointer: &str, stream: &Stream) {
        self.request(&format!("{pointer}/request"), &stream.request, &[]);
        self.compiles(&format!("{pointer}/mapping"), SignalMapper::compile(&stream.mapping));
        if let Some(paging) = &stream.pagination {
            self.paging(&format!("{pointer}/pagination"), paging);
        }
        if let Some(schema) = &stream.item_schema {
            self.compiles(&format!("{pointer}/itemSchema"), Schema::compile(schema));
        }
        if !matches!(stream.request.method, Method::Get | Method::Post) {
            self.say(
                &format!("{pointer}/request/method"),
                "a stream is read with GET, or POST where the vendor wants it",
            );
        }
    }

    fn operation(&mut self, pointer: &str, operation: &Operation) {
        let params: Vec<String> = operation.params["properties"]
            .as_object()
            .into_iter()
            .flat_map(|members| members.keys().map(|key| format!("params.{key}")))
            .collect();
        let known: Vec<&str> = params.iter().map(String::as_str).collect();
        self.request(&format!("{pointer}/request"), &operation.request, &known);
        if operation.params["type"] != "object" {
            self.say(&format!("{pointer}/params"), "parameters are a schema of type object");
        }
        self.compiles(&format!("{pointer}/params"), Schema::compile(&operation.params));
        if let Some(result) = &operation.result {
            self.compiles(&format!("{pointer}/result"), Schema::compile(result));
        }
        if let Some(path) = &operation.result_path {
            self.compiles(&format!("{pointer}/resultPath"), Path::compile(path));
        }
        if let Some(paging) = &operation.pagination {
            self.paging(&format!("{pointer}/pagination"), paging);
        }
        let method = operation.request.method;
        if operation.verb.has_effect() == method.is_safe()
            && !(operation.verb == Verb::Search && method == Method::Post)
        {
            let message = if operation.verb.has_effect() {
                "an operation that changes something is not sent with GET or HEAD"
            } else {
                "an operation that only reads is sent with GET or HEAD (search may use POST)"
            };
            self.say(&format!("{pointer}/request/method"), message);
        }
        if let Some(example) = &operation.example
            && let Ok(schema) = Schema::compile(&operation.params)
            && let Err(misfits) = schema.check(example)
        {
            for misfit in misfits {
                self.say(&format!("{pointer}/example{}", misfit.pointer), misfit.message);
            }
        }
        self.companions(pointer, operation, &known);
    }

    /// Lookup and undo name operations of the same connector.
    fn companions(&mut self, pointer: &str, operation: &Operation, params: &[&str]) {
        if let Some(lookup) = &operation.lookup {
            let at = format!("{pointer}/lookup");
            match self.descriptor.operation(&lookup.operation) {
                None => self
                    .say(&format!("{at}/operation"), format!("there is no operation \"{}\"", lookup.operation)),
                Some(o) if o.verb.has_effect() => {
                    self.say(
                        &format!("{at}/operation"),
                        "a lookup only reads: name a get, list or search operation",
                    );
                }
                Some(_) => {}
            }
            let mut known = params.to_vec();
            known.push("sentAt");
            for (name, value) in &lookup.params {
                self.json_template(&format!("{at}/params/{name}"), value, &known);
            }
            known.push("item");
            self.template(&format!("{at}/matches"), &lookup.matches, &known);
        }
        if let Some(undo) = &operation.undo {
            let at = format!("{pointer}/undo");
            match self.descriptor.operation(&undo.operation) {
                None => self
                    .say(&format!("{at}/operation"), format!("there is no operation \"{}\"", undo.operation)),
                Some(o) if !o.verb.has_effect() => {
                    self.say(&format!("{at}/operation"), "an undo changes something: name such an operation");
                }
                Some(_) => {}
            }
            let mut known = params.to_vec();
            known.push("result");
            for (name, value) in &undo.params {
                self.json_template(&format!("{at}/params/{name}"), value, &known);
            }
            if !operation.verb.has_effect() {
                self.say(&at, "an operation that only reads needs no undo");
            }
        }
    }

    fn health(&mut self) {
        let check = &self.descriptor.health_check;
        self.request("/healthCheck/request", &check.request, &[]);
        let method = check.request.method;
        if !(method.is_safe() || (method == Method::Post && check.expect.is_some())) {
            self.say(
                "/healthCheck/request/method",
                "use GET or HEAD; POST only with \"expect\", and only where it changes nothing",
            );
        }
        if let Some(expect) = &check.expect {
            self.compiles("/healthCheck/expect", Test::compile(expect));
        }
        for (pointer, path) in [
            ("/healthCheck/accountIdPath", &check.account_id_path),
            ("/healthCheck/identityPath", &check.identity_path),
        ] {
            if let Some(path) = path {
                self.compiles(pointer, Path::compile(path));
            }
        }
    }

    fn unique<'i>(&mut self, pointer: &str, ids: impl Iterator<Item = &'i str>) {
        let mut seen = BTreeSet::new();
        for (index, id) in ids.enumerate() {
            if !seen.insert(id) {
                self.mistakes.push(Mistake {
                    pointer: format!("{pointer}/{index}"),
                    message: format!("\"{id}\" is there already"),
                });
            }
        }
    }
}
