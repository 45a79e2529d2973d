//! Operations, and the ones they name.

use std::collections::BTreeMap;

use patchbay_map::{Path, Schema};
use patchbay_model::descriptor::{BodyFormat, Idempotency, Method, Operation, RequestTemplate, Verb};
use serde_json::Value;

use super::request::{changes, is_query};
use super::{Checker, below};
use crate::names::nearest;

impl Checker<'_> {
    pub(super) fn operation(&mut self, pointer: &str, operation: &Operation) {
        self.id(&format!("{pointer}/id"), &operation.id);
        self.filled(&format!("{pointer}/title"), &operation.title);
        self.filled(&format!("{pointer}/entity"), &operation.entity);
        let properties = operation.params["properties"].as_object();
        let names: Vec<String> =
            properties.into_iter().flat_map(|p| p.keys().map(|key| format!("params.{key}"))).collect();
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let sure: Vec<&str> = known
            .iter()
            .copied()
            .filter(|name| {
                let key = name.trim_start_matches("params.");
                is_required(&operation.params, key) || !operation.params["properties"][key]["default"].is_null()
            })
            .collect();
        if let Some(request) = self.own_request(pointer, operation.request.as_ref()) {
            self.request(&format!("{pointer}/request"), request, &known, &sure);
            self.verb(pointer, operation.verb, request);
        }
        self.params(pointer, operation);
        if let Some(result) = &operation.result {
            self.compiles(&format!("{pointer}/result"), Schema::compile(result));
        }
        if let Some(path) = &operation.result_path {
            self.compiles(&format!("{pointer}/resultPath"), Path::compile(path));
        }
        if let Some(paging) = &operation.pagination {
            self.paging(&format!("{pointer}/pagination"), paging);
        }
        if operation.verb.yields_items() {
            self.token_place(pointer, operation.pagination.as_ref(), operation.request.as_ref());
        }
        self.idempotency(&format!("{pointer}/idempotency"), &operation.idempotency);
        if let (Idempotency::Body { name, .. }, Some(request)) = (&operation.idempotency, &operation.request) {
            let at = format!("{pointer}/idempotency/name");
            let members = request.body.as_ref().is_none_or(Value::is_object);
            self.say_unless(members, &at, "the key goes into the body, which has no members");
            let plain = request.body_format == BodyFormat::Json || !name.starts_with('/');
            self.say_unless(plain, &at, "in a form it is a name, not a pointer");
        }
        for (index, status) in operation.refused_status.iter().enumerate() {
            self.status(&format!("{pointer}/refusedStatus/{index}"), *status);
        }
        self.lookup(pointer, operation, &known);
        self.undo(pointer, operation, &known);
    }

    fn idempotency(&mut self, pointer: &str, idempotency: &Idempotency) {
        let native = self.descriptor.is_native();
        match idempotency {
            Idempotency::None | Idempotency::Natural => {}
            Idempotency::Header { name, ttl_seconds } => {
                self.say_unless(
                    !native,
                    &format!("{pointer}/type"),
                    "a native connector has no headers: say \"key\"",
                );
                self.header_name(&format!("{pointer}/name"), name);
                self.at_least_one(&format!("{pointer}/ttlSeconds"), Some(*ttl_seconds));
            }
            Idempotency::Body { name, ttl_seconds } => {
                self.say_unless(
                    !native,
                    &format!("{pointer}/type"),
                    "a native connector has no body: say \"key\"",
                );
                self.filled(&format!("{pointer}/name"), name);
                self.at_least_one(&format!("{pointer}/ttlSeconds"), Some(*ttl_seconds));
            }
            Idempotency::Key { ttl_seconds } => {
                self.say_unless(
                    native,
                    &format!("{pointer}/type"),
                    "a key without a header is known to native connectors only: say \"header\"",
                );
                self.at_least_one(&format!("{pointer}/ttlSeconds"), Some(*ttl_seconds));
            }
        }
    }

    fn verb(&mut self, pointer: &str, verb: Verb, request: &RequestTemplate) {
        let method = request.method;
        let at = format!("{pointer}/request/method");
        if verb.has_effect() {
            let message = "an operation that changes something is not sent with GET or HEAD";
            self.say_unless(!method.is_safe(), &at, message);
            let document = request.graphql.as_ref();
            let at = format!("{pointer}/request/graphql/query");
            self.say_unless(
                document.is_none_or(changes),
                &at,
                "an operation that changes something is a mutation",
            );
        } else {
            let posted = verb == Verb::Search || is_query(request);
            let fits = method.is_safe() || (posted && method == Method::Post);
            let message = "an operation that only reads is sent with GET or HEAD (search may use POST)";
            self.say_unless(fits, &at, message);
        }
    }

    fn params(&mut self, pointer: &str, operation: &Operation) {
        let at = format!("{pointer}/params");
        let object = operation.params["type"] == "object";
        self.say_unless(object, &at, "parameters are a schema of type object");
        let schema = self.compiles(&at, Schema::compile(&operation.params));
        if let (Some(example), Some(schema)) = (&operation.example, schema)
            && let Err(misfits) = schema.check(example)
        {
            for misfit in misfits {
                self.say(&format!("{pointer}/example{}", misfit.pointer), misfit.message);
            }
        }
    }

    fn lookup(&mut self, pointer: &str, operation: &Operation, params: &[&str]) {
        let Some(lookup) = &operation.lookup else {
            return;
        };
        let at = format!("{pointer}/lookup");
        self.say_unless(operation.verb.has_effect(), &at, "an operation that only reads needs no lookup");
        if let Some(named) = self.named(&format!("{at}/operation"), &lookup.operation) {
            self.say_unless(
                !named.verb.has_effect(),
                &format!("{at}/operation"),
                "a lookup only reads: name a get, list or search operation",
            );
            self.given(&format!("{at}/params"), &lookup.params, &named);
        }
        let mut known = params.to_vec();
        known.push("sentAt");
        for (name, value) in &lookup.params {
            self.json_template(&below(&format!("{at}/params"), name), value, &known);
        }
        known.push("item");
        let names = self.template(&format!("{at}/matches"), &lookup.matches, &known);
        // Without it every item would prove that the call happened.
        if !names.iter().any(|name| name == "item" || name.starts_with("item.")) {
            self.say(&format!("{at}/matches"), "it compares what was found: use {{ item.… }}");
        }
    }

    fn undo(&mut self, pointer: &str, operation: &Operation, params: &[&str]) {
        let Some(undo) = &operation.undo else {
            return;
        };
        let at = format!("{pointer}/undo");
        self.say_unless(operation.verb.has_effect(), &at, "an operation that only reads needs no undo");
        if let Some(named) = self.named(&format!("{at}/operation"), &undo.operation) {
            self.say_unless(
                named.verb.has_effect(),
                &format!("{at}/operation"),
                "an undo changes something: name such an operation",
            );
            self.given(&format!("{at}/params"), &undo.params, &named);
        }
        let mut known = params.to_vec();
        if let Some(before) = &undo.before {
            let at = format!("{at}/before");
            if let Some(named) = self.named(&format!("{at}/operation"), &before.operation) {
                let reads = named.verb == Verb::Get;
                self.say_unless(reads, &format!("{at}/operation"), "what was there is read: name a \"get\"");
                self.given(&format!("{at}/params"), &before.params, &named);
            }
            for (name, value) in &before.params {
                self.json_template(&below(&format!("{at}/params"), name), value, params);
            }
            known.push("before");
        }
        known.push("result");
        for (name, value) in &undo.params {
            self.json_template(&below(&format!("{at}/params"), name), value, &known);
        }
    }

    pub(super) fn named(&mut self, pointer: &str, id: &str) -> Option<Operation> {
        let found = self.descriptor.operation(id).cloned();
        if found.is_none() {
            let hint = nearest(id, self.descriptor.operations.iter().map(|o| o.id.as_str()))
                .map_or_else(String::new, |meant| format!(". Did you mean \"{meant}\"?"));
            self.say(pointer, format!("there is no operation \"{id}\"{hint}"));
        }
        found
    }

    /// What another operation is called with: parameters that it has, and all that it needs.
    pub(super) fn given(&mut self, pointer: &str, given: &BTreeMap<String, Value>, named: &Operation) {
        let Some(properties) = named.params["properties"].as_object() else {
            return;
        };
        for name in given.keys().filter(|name| !properties.contains_key(*name)) {
            let hint = nearest(name, properties.keys().map(String::as_str))
                .map_or_else(String::new, |meant| format!(". Did you mean \"{meant}\"?"));
            self.say(&below(pointer, name), format!("\"{}\" has no parameter \"{name}\"{hint}", named.id));
        }
        for name in
            properties.keys().filter(|name| is_required(&named.params, name) && !given.contains_key(*name))
        {
            self.say(pointer, format!("\"{}\" needs \"{name}\"", named.id));
        }
    }
}

fn is_required(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|required| required.iter().any(|r| r == name))
}
