//! Requests, paging and what unusual answers mean.

use std::collections::BTreeMap;

use patchbay_map::{JsonTemplate, Template};
use patchbay_model::descriptor::{
    AnswerFormat, BodyFormat, ErrorRule, GraphQl, Method, Pagination, Paging, RequestTemplate, StatusMatch,
    TokenPlace, Until,
};
use patchbay_model::rate::RateWindow;
use serde_json::Value;

use super::{Checker, below};

/// Where an adapter looks for what it is asked for.
pub(super) const NATIVE_PLACE: &str = "an adapter finds it in the \"body\" only";

impl Checker<'_> {
    /// The request to check: connectors that are not native have one, native ones none.
    pub(super) fn own_request<'r>(
        &mut self,
        pointer: &str,
        request: Option<&'r RequestTemplate>,
    ) -> Option<&'r RequestTemplate> {
        match (self.descriptor.is_native(), request) {
            (false, None) => self.say(pointer, "\"request\" is missing"),
            (true, Some(_)) => {
                let message = "a native connector has no requests: its adapter does what is asked";
                self.say(&format!("{pointer}/request"), message);
            }
            (true, None) => {}
            (false, Some(request)) => return Some(request),
        }
        None
    }

    /// `known` are the names that the place adds, `sure` those of them that always have a value.
    pub(super) fn request(&mut self, pointer: &str, request: &RequestTemplate, known: &[&str], sure: &[&str]) {
        let path = format!("{pointer}/path");
        self.say_unless(
            request.path.starts_with('/'),
            &path,
            "a path begins with a slash; the address is in baseUrl",
        );
        let literal = !request.path.split("{{").enumerate().any(|(index, piece)| {
            let literal = if index == 0 { piece } else { piece.split_once("}}").map_or("", |(_, rest)| rest) };
            literal.contains(['?', '#'])
        });
        self.say_unless(literal, &path, "what follows a question mark belongs to \"query\"");
        self.template(&path, &request.path, known);
        self.always_there(&path, &request.path, known, sure);
        self.query(&format!("{pointer}/query"), &request.query, known);
        self.headers(&format!("{pointer}/headers"), &request.headers, known);
        if let Some(body) = &request.body {
            self.json_template(&format!("{pointer}/body"), body, known);
            let carries = !request.method.is_safe();
            self.say_unless(carries, &format!("{pointer}/body"), "GET and HEAD carry no body");
            let members =
                !matches!(request.body_format, BodyFormat::Form | BodyFormat::FormBrackets) || body.is_object();
            self.say_unless(members, &format!("{pointer}/body"), "a form is an object");
            let text = request.body_format != BodyFormat::Text || body.is_string();
            self.say_unless(text, &format!("{pointer}/body"), "a text is a text");
        }
        let lists = request.xml_lists.is_empty() || request.answer_format == AnswerFormat::Xml;
        self.say_unless(lists, &format!("{pointer}/xmlLists"), "only XML answers have elements");
        let cacheable = request.cached.is_none() || request.method == Method::Get;
        self.say_unless(cacheable, &format!("{pointer}/cached"), "only answers to GET are kept");
        if let Some(graphql) = &request.graphql {
            self.graphql(&format!("{pointer}/graphql"), graphql, known);
            let post = request.method == Method::Post;
            self.say_unless(post, &format!("{pointer}/method"), "GraphQL is sent with POST");
            let alone = request.body.is_none() && request.body_format == BodyFormat::Json;
            self.say_unless(alone, &format!("{pointer}/graphql"), "it takes the place of a body");
        }
        for (index, rule) in request.errors.iter().enumerate() {
            self.error_rule(&format!("{pointer}/errors/{index}"), rule);
        }
        self.rate(&format!("{pointer}/rate"), &request.rate);
    }

    fn graphql(&mut self, pointer: &str, graphql: &GraphQl, known: &[&str]) {
        let at = format!("{pointer}/query");
        self.filled(&at, &graphql.query);
        // Text put into a document could change what it asks for.
        let fixed = !graphql.query.contains("{{") || !graphql.query.contains("}}");
        self.say_unless(fixed, &at, "the document is sent as it is; what varies goes into \"variables\"");
        for (name, value) in &graphql.variables {
            self.json_template(&below(&format!("{pointer}/variables"), name), value, known);
        }
    }

    pub(super) fn rate(&mut self, pointer: &str, windows: &[RateWindow]) {
        for (index, window) in windows.iter().enumerate() {
            let at = format!("{pointer}/{index}");
            self.at_least_one(&format!("{at}/calls"), Some(window.calls.into()));
            self.at_least_one(&format!("{at}/seconds"), Some(window.seconds.into()));
            self.at_least_one(&format!("{at}/burst"), window.burst.map(u64::from));
        }
    }

    /// What is a part of the address cannot be left out.
    fn always_there(&mut self, pointer: &str, path: &str, known: &[&str], sure: &[&str]) {
        let names = Template::compile(path).map(|template| template.names()).unwrap_or_default();
        // An expression may bring its own default.
        for name in names.iter().filter(|_| !path.contains('|')) {
            let setting = self.descriptor.config_fields.iter().find(|f| *name == format!("config.{}", f.key));
            let optional_setting =
                setting.is_some_and(|f| f.visible_when.is_some() || (!f.required && f.default.is_none()));
            let optional_param = known.contains(&name.as_str()) && !sure.contains(&name.as_str());
            if optional_setting || optional_param {
                self.say(
                    pointer,
                    format!("\"{name}\" is a part of the address: make it required or give it a default"),
                );
            }
        }
    }

    pub(super) fn query(&mut self, pointer: &str, query: &BTreeMap<String, Value>, known: &[&str]) {
        for (name, value) in query {
            self.json_template(&below(pointer, name), value, known);
        }
    }

    pub(super) fn headers(&mut self, pointer: &str, headers: &BTreeMap<String, String>, known: &[&str]) {
        for (name, value) in headers {
            let at = below(pointer, name);
            self.header_name(&at, name);
            self.say_unless(!value.contains(char::is_control), &at, "a header's value is one line");
            self.template(&at, value, known);
        }
    }

    pub(super) fn paging(&mut self, pointer: &str, paging: &Paging) {
        let next = format!("{pointer}/next");
        let mut by_count = false;
        match &paging.next {
            Pagination::None | Pagination::LinkHeader { .. } => {}
            Pagination::NextUrl { url_path } => self.path(&format!("{next}/urlPath"), url_path),
            Pagination::Cursor { cursor_path, has_more_path, .. } => {
                self.path(&format!("{next}/cursorPath"), cursor_path);
                self.optional_path(&format!("{next}/hasMorePath"), has_more_path.as_ref());
            }
            Pagination::HeaderCursor { header, .. } => self.header_name(&format!("{next}/header"), header),
            Pagination::Page { total_pages_path, .. } => {
                by_count = total_pages_path.is_none();
                self.optional_path(&format!("{next}/totalPagesPath"), total_pages_path.as_ref());
            }
            Pagination::Offset { .. } => by_count = true,
        }
        if let Some((param, place)) = carrier(&paging.next) {
            self.place(&format!("{next}/param"), param, place);
        }
        if let Some(param) = &paging.size_param {
            self.place(&format!("{pointer}/sizeParam"), param, paging.size_place);
        }
        if let Some(more) = &paging.more {
            self.predicate(&format!("{pointer}/more"), more);
        }
        self.optional_path(&format!("{pointer}/totalPath"), paging.total_path.as_ref());
        let says =
            paging.more.is_some() || paging.total_path.is_some() || paging.until == Some(Until::EmptyPage);
        let counts = paging.until == Some(Until::ShortPage) || (by_count && !says);
        if counts && paging.page_size.is_none() {
            self.say(
                &format!("{pointer}/pageSize"),
                "paging by number needs a page size to know the last page",
            );
        } else if paging.size_param.is_some() && paging.page_size.is_none() {
            self.say(&format!("{pointer}/sizeParam"), "say in \"pageSize\" what it carries");
        }
        self.at_least_one(&format!("{pointer}/pageSize"), paging.page_size.map(u64::from));
        self.at_least_one(&format!("{pointer}/maxPages"), paging.max_pages.map(u64::from));
    }

    fn optional_path(&mut self, pointer: &str, path: Option<&String>) {
        if let Some(path) = path {
            self.path(pointer, path);
        }
    }

    /// The name of what carries a token, a number or a time.
    pub(super) fn place(&mut self, pointer: &str, name: &str, place: TokenPlace) {
        match place {
            TokenPlace::Header => self.header_name(pointer, name),
            TokenPlace::Query | TokenPlace::Body => self.filled(pointer, name),
        }
    }

    /// A page token can only go into a body where there is one.
    pub(super) fn token_place(
        &mut self,
        pointer: &str,
        paging: Option<&Paging>,
        request: Option<&RequestTemplate>,
    ) {
        let own = paging.is_some();
        let Some(paging) = paging.or(self.descriptor.defaults.pagination.as_ref()) else {
            return;
        };
        let Some(request) = request else {
            let fits = match &paging.next {
                Pagination::None => true,
                next => carrier(next).is_some_and(|(_, place)| place == TokenPlace::Body),
            };
            let size = paging.size_param.is_none() || paging.size_place == TokenPlace::Body;
            let at = if own { format!("{pointer}/pagination") } else { "/defaults/pagination".to_owned() };
            return self.say_unless(!self.descriptor.is_native() || (fits && size), &at, NATIVE_PLACE);
        };
        let token = carrier(&paging.next).is_some_and(|(_, place)| place == TokenPlace::Body);
        let size = paging.size_param.is_some() && paging.size_place == TokenPlace::Body;
        if (token || size) && request.method.is_safe() {
            let at = match (own, token) {
                (true, true) => format!("{pointer}/pagination/next/place"),
                (true, false) => format!("{pointer}/pagination/sizePlace"),
                (false, _) => format!("{pointer}/request/method"),
            };
            self.say(&at, "the page token goes into the body, and GET and HEAD carry none");
        }
    }

    pub(super) fn error_rule(&mut self, pointer: &str, rule: &ErrorRule) {
        if rule.status.is_none() && rule.body.is_none() && rule.headers.is_empty() {
            self.say(pointer, "a rule says when it applies: status, body or headers");
        }
        match rule.status {
            Some(StatusMatch::One(status)) => self.status(&format!("{pointer}/status"), status),
            Some(StatusMatch::Range([from, to])) => {
                self.status(&format!("{pointer}/status/0"), from);
                self.status(&format!("{pointer}/status/1"), to);
                self.say_unless(from <= to, &format!("{pointer}/status"), "the smaller code comes first");
            }
            None => {}
        }
        if let Some(body) = &rule.body {
            self.predicate(&format!("{pointer}/body"), body);
        }
        for (name, pattern) in &rule.headers {
            let at = below(&format!("{pointer}/headers"), name);
            self.header_name(&at, name);
            self.pattern(&at, pattern);
        }
        if let Some(path) = &rule.message_path {
            self.path(&format!("{pointer}/messagePath"), path);
        }
    }
}

/// What carries the token or number of a page.
fn carrier(next: &Pagination) -> Option<(&str, TokenPlace)> {
    match next {
        Pagination::None | Pagination::LinkHeader { .. } | Pagination::NextUrl { .. } => None,
        Pagination::Cursor { param, place, .. }
        | Pagination::HeaderCursor { param, place, .. }
        | Pagination::Page { param, place, .. }
        | Pagination::Offset { param, place, .. } => Some((param, *place)),
    }
}

/// Whether a request is a GraphQL document that only reads.
pub(super) fn is_query(request: &RequestTemplate) -> bool {
    request.graphql.as_ref().is_some_and(|graphql| !changes(graphql))
}

/// Whether a GraphQL document has a mutation; its keyword begins a line or the document.
pub(super) fn changes(graphql: &GraphQl) -> bool {
    graphql.query.lines().any(|line| line.trim_start().starts_with("mutation"))
}

/// Whether a request uses a name of its scope.
pub(super) fn uses(request: &RequestTemplate, name: &str) -> bool {
    let texts = request.headers.values().chain([&request.path]).cloned().map(Value::String);
    let variables = request.graphql.iter().flat_map(|graphql| graphql.variables.values());
    let values = request.query.values().chain(&request.body).chain(variables).cloned().chain(texts);
    values
        .filter_map(|value| JsonTemplate::compile(&value).ok())
        .any(|template| template.names().iter().any(|own| own == name))
}
