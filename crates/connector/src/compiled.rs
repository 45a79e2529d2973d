//! A descriptor with every template, path and schema compiled once.

use std::collections::BTreeMap;
use std::sync::Arc;

use patchbay_map::{JsonTemplate, Path, Schema, SignalMapper, Template, Test};
use patchbay_model::Descriptor;
use patchbay_model::descriptor::{
    AnswerFormat, AuthMethod, BodyFormat, Cached, ErrorRule, Limits, Method, Paging, QueryLists,
    RequestTemplate, TokenPlace,
};
use patchbay_model::problem::Problem;
use patchbay_net::{origin_of, put_member};
use serde_json::{Map, Value, json};
use url::Url;

use crate::delta::CompiledDelta;
use crate::error::ConnectorError;
use crate::native::{Adapter, Adapters, Here};
use crate::paging::{CompiledPaging, bare};
use crate::webhook::CompiledWebhook;

/// A connector, ready to be interpreted.
pub struct Compiled {
    descriptor: Arc<Descriptor>,
    adapter: Option<Arc<dyn Adapter>>,
    base_url: Template,
    default_headers: Vec<(String, Template)>,
    default_query: Vec<(String, JsonTemplate)>,
    default_paging: Option<CompiledPaging>,
    pub(crate) rules: Vec<CompiledRule>,
    pub(crate) operations: BTreeMap<String, CompiledOperation>,
    pub(crate) streams: BTreeMap<String, CompiledStream>,
    pub(crate) health: CompiledHealth,
    pub(crate) webhook: Option<CompiledWebhook>,
}

pub(crate) struct CompiledRequest {
    /// Its place in the descriptor.
    pub(crate) name: String,
    method: Method,
    path: Template,
    query: Vec<(String, JsonTemplate)>,
    query_lists: QueryLists,
    headers: Vec<(String, Template)>,
    /// The variables of a GraphQL document, where there is one.
    body: Option<JsonTemplate>,
    body_format: BodyFormat,
    graphql: Option<String>,
    pub(crate) answer_format: AnswerFormat,
    pub(crate) xml_lists: Vec<String>,
    pub(crate) cached: Option<Cached>,
    pub(crate) rules: Vec<CompiledRule>,
    /// Windows of its own; nothing else.
    pub(crate) limits: Limits,
}

pub(crate) struct CompiledOperation {
    /// None where an adapter does it.
    pub(crate) request: Option<CompiledRequest>,
    pub(crate) params: Schema,
    pub(crate) result: Option<Path>,
    pub(crate) lookup: Option<(JsonTemplate, Template)>,
    pub(crate) paging: Option<CompiledPaging>,
}

pub(crate) struct CompiledStream {
    /// None where an adapter does it.
    pub(crate) request: Option<CompiledRequest>,
    pub(crate) mapper: SignalMapper,
    pub(crate) paging: Option<CompiledPaging>,
    pub(crate) delta: CompiledDelta,
    /// What a child takes from each of its parents.
    pub(crate) bind: Vec<(String, Path)>,
}

pub(crate) struct CompiledHealth {
    /// None where an adapter does it.
    pub(crate) request: Option<CompiledRequest>,
    pub(crate) expect: Option<Test>,
    pub(crate) account: Option<Path>,
    pub(crate) identity: Option<Path>,
}

/// An error rule with its conditions compiled.
pub struct CompiledRule {
    /// The rule.
    pub(crate) rule: ErrorRule,
    pub(crate) body: Option<Test>,
    pub(crate) headers: Vec<(String, Test)>,
    pub(crate) message: Option<Path>,
}

/// A request without secrets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Built {
    /// What an adapter does in the place of sending it.
    pub(crate) here: Option<Box<Here>>,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    pub(crate) body_format: BodyFormat,
}

impl Compiled {
    /// Compiles everything of a descriptor that is interpreted from its file alone. `NoAdapter` for
    /// a native one.
    pub fn new(descriptor: Arc<Descriptor>) -> Result<Self, ConnectorError> {
        Self::with(descriptor, &Adapters::default())
    }

    /// Compiles everything of a descriptor, and binds a native one to its adapter. `NoAdapter` where
    /// none is registered that serves it.
    pub fn with(descriptor: Arc<Descriptor>, adapters: &Adapters) -> Result<Self, ConnectorError> {
        let Ok(adapter) = adapters.of(&descriptor) else {
            return Err(ConnectorError::NoAdapter(descriptor.id.clone()));
        };
        let request = |request: &Option<RequestTemplate>, name: String| {
            request.as_ref().map(|request| CompiledRequest::new(request, name)).transpose()
        };
        let mut operations = BTreeMap::new();
        for operation in &descriptor.operations {
            let lookup = match &operation.lookup {
                None => None,
                Some(lookup) => Some((
                    JsonTemplate::compile(&Value::Object(lookup.params.clone().into_iter().collect()))?,
                    Template::compile(&lookup.matches)?,
                )),
            };
            operations.insert(
                operation.id.clone(),
                CompiledOperation {
                    request: request(&operation.request, format!("operation {}", operation.id))?,
                    params: Schema::compile(&operation.params)?,
                    result: operation.result_path.as_deref().map(Path::compile).transpose()?,
                    lookup,
                    paging: paging(operation.pagination.as_ref())?,
                },
            );
        }
        let mut streams = BTreeMap::new();
        for stream in &descriptor.streams {
            let compiled = CompiledStream {
                request: request(&stream.request, format!("stream {}", stream.id))?,
                mapper: SignalMapper::compile(&stream.mapping)?,
                paging: paging(stream.pagination.as_ref())?,
                delta: CompiledDelta::new(&stream.delta)?,
                bind: stream
                    .for_each
                    .iter()
                    .flat_map(|each| &each.bind)
                    .map(|(name, path)| Ok((name.clone(), Path::compile(path)?)))
                    .collect::<Result<_, ConnectorError>>()?,
            };
            streams.insert(stream.id.clone(), compiled);
        }
        let health = &descriptor.health_check;
        Ok(Self {
            base_url: Template::compile(&descriptor.base_url)?,
            default_headers: headers(&descriptor.defaults.headers)?,
            default_query: query(&descriptor.defaults.query)?,
            default_paging: paging(descriptor.defaults.pagination.as_ref())?,
            rules: descriptor.defaults.errors.iter().map(CompiledRule::new).collect::<Result<_, _>>()?,
            operations,
            streams,
            health: CompiledHealth {
                request: request(&health.request, "health".to_owned())?,
                expect: health.expect.as_ref().map(Test::compile).transpose()?,
                account: health.account_id_path.as_deref().map(Path::compile).transpose()?,
                identity: health.identity_path.as_deref().map(Path::compile).transpose()?,
            },
            webhook: descriptor
                .webhook
                .as_ref()
                .map(|webhook| CompiledWebhook::new(&descriptor, webhook))
                .transpose()?,
            adapter,
            descriptor,
        })
    }

    /// The descriptor.
    pub fn descriptor(&self) -> &Arc<Descriptor> {
        &self.descriptor
    }

    /// Settings as templates see them.
    pub(crate) fn filled(&self, config: &Map<String, Value>) -> Map<String, Value> {
        self.descriptor.settings_in_templates(config)
    }

    /// The adapter of a native connector.
    pub(crate) fn adapter(&self) -> Option<&Arc<dyn Adapter>> {
        self.adapter.as_ref()
    }

    /// What a connection with these settings may reach, for the user to approve: the origins that it and
    /// its sign-in call, or what the settings of a native connector grant.
    pub fn origins(
        &self,
        config: &Map<String, Value>,
        method: Option<&AuthMethod>,
    ) -> Result<Vec<String>, Problem> {
        if let Some(adapter) = &self.adapter {
            return adapter.grants(config);
        }
        let base = self.base(config)?;
        let origin = origin_of(&base).ok_or_else(|| ConnectorError::BaseUrl(base.to_string()))?;
        let mut origins = vec![origin];
        for origin in self.sign_in_origins(config, method)? {
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        Ok(origins)
    }

    /// What can be said of that before somebody has signed in: where calls go may only be known then.
    pub fn origins_to_sign_in(
        &self,
        config: &Map<String, Value>,
        method: Option<&AuthMethod>,
    ) -> Result<Vec<String>, Problem> {
        match self.origins(config, method) {
            Err(_) if self.descriptor.captured_settings().next().is_some() => {
                self.sign_in_origins(config, method)
            }
            origins => origins,
        }
    }

    fn sign_in_origins(
        &self,
        config: &Map<String, Value>,
        method: Option<&AuthMethod>,
    ) -> Result<Vec<String>, Problem> {
        let Some(method) = method else { return Ok(Vec::new()) };
        Ok(patchbay_auth::sign_in_origins(&self.descriptor, method, config)?)
    }

    /// Items per page that a stream asks for; none where it cannot.
    pub fn page_size(&self, stream: &str) -> Option<u32> {
        let own = self.streams.get(stream)?.paging.as_ref();
        self.paging(own).and_then(CompiledPaging::asked_size)
    }

    /// How a stream or operation pages: its own way, or the connector's.
    pub(crate) fn paging<'c>(&'c self, own: Option<&'c CompiledPaging>) -> Option<&'c CompiledPaging> {
        own.or(self.default_paging.as_ref())
    }

    /// The address that paths are below, without a trailing slash in its path.
    pub(crate) fn base(&self, config: &Map<String, Value>) -> Result<Url, ConnectorError> {
        let text = match config.get("baseUrl").and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => self.base_url.text(&json!({ "config": self.filled(config) }))?,
        };
        let url = Url::parse(&text).map_err(|_| ConnectorError::BaseUrl(text))?;
        // A value that signing in brought may be in it.
        let here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        match url.scheme() {
            "https" => Ok(url),
            "http" if here => Ok(url),
            _ => Err(ConnectorError::BaseUrl(bare(&url))),
        }
    }

    /// A request for a path that a person gave, with the connector's usual headers and query.
    pub(crate) fn build_raw(
        &self,
        config: &Map<String, Value>,
        path: &str,
        query: &[(String, String)],
    ) -> Result<Built, ConnectorError> {
        let scope = json!({ "config": self.filled(config) });
        let base = self.base(config)?;
        let text = format!("{}{path}", base.as_str().trim_end_matches('/'));
        let mut url = Url::parse(&text).map_err(|_| ConnectorError::BaseUrl(bare(&base)))?;
        url.set_fragment(None);
        for (name, template) in &self.default_query {
            match template.render(&scope)? {
                None | Some(Value::Null) => {}
                Some(value) => set_query(&mut url, name, &plain(&value)),
            }
        }
        for (name, value) in query {
            url.query_pairs_mut().append_pair(name, value);
        }
        let headers = headers_of(self.default_headers.iter(), &scope)?;
        Ok(Built { here: None, method: Method::Get, url, headers, body: None, body_format: BodyFormat::Json })
    }

    /// Fills a request in. `scope` gets the settings as `config`.
    pub(crate) fn build(
        &self,
        request: &CompiledRequest,
        config: &Map<String, Value>,
        mut scope: Value,
    ) -> Result<Built, ConnectorError> {
        if let Value::Object(members) = &mut scope {
            members.insert("config".to_owned(), Value::Object(self.filled(config)));
        }
        let base = self.base(config)?;
        let path = request.path.path_segment(&scope)?;
        let text = format!("{}{path}", base.as_str().trim_end_matches('/'));
        let mut url = Url::parse(&text).map_err(|_| ConnectorError::BaseUrl(text))?;
        for (name, template) in self.default_query.iter().chain(&request.query) {
            match template.render(&scope)? {
                None | Some(Value::Null) => {}
                Some(Value::Array(items)) if request.query_lists == QueryLists::Repeated => {
                    url.query_pairs_mut().extend_pairs(items.iter().map(|item| (name, plain(item))));
                }
                Some(value) => set_query(&mut url, name, &plain(&value)),
            }
        }
        let headers = headers_of(self.default_headers.iter().chain(&request.headers), &scope)?;
        let body = match &request.body {
            Some(body) => body.render(&scope)?,
            None => None,
        };
        let body = match &request.graphql {
            Some(query) => Some(json!({ "query": query, "variables": body.unwrap_or_else(|| json!({})) })),
            None => body,
        };
        Ok(Built { here: None, method: request.method, url, headers, body, body_format: request.body_format })
    }
}

/// Headers by name, a later one in the place of an earlier; one that is nothing but an absent value
/// is left out.
fn headers_of<'t>(
    templates: impl Iterator<Item = &'t (String, Template)>,
    scope: &Value,
) -> Result<Vec<(String, String)>, ConnectorError> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, template) in templates {
        let Some(value) = template.value(scope)?.filter(|value| !value.is_null()) else {
            continue;
        };
        headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        headers.push((name.clone(), plain(&value)));
    }
    Ok(headers)
}

impl CompiledRequest {
    /// Whether errors come inside a 200, as GraphQL has them.
    pub(crate) fn is_graphql(&self) -> bool {
        self.graphql.is_some()
    }

    fn new(request: &RequestTemplate, name: String) -> Result<Self, ConnectorError> {
        let variables = request.graphql.as_ref().map(|graphql| graphql.variables.clone().into_iter().collect());
        let body = variables.map(Value::Object).or_else(|| request.body.clone());
        Ok(Self {
            name,
            method: request.method,
            path: Template::compile(&request.path)?,
            query: query(&request.query)?,
            query_lists: request.query_lists,
            headers: headers(&request.headers)?,
            body: body.as_ref().map(JsonTemplate::compile).transpose()?,
            body_format: request.body_format,
            graphql: request.graphql.as_ref().map(|graphql| graphql.query.clone()),
            answer_format: request.answer_format,
            xml_lists: request.xml_lists.clone(),
            cached: request.cached,
            rules: request.errors.iter().map(CompiledRule::new).collect::<Result<_, _>>()?,
            limits: Limits { rate: request.rate.clone(), concurrency: Some(64), ..Limits::default() },
        })
    }
}

impl CompiledRule {
    /// Compiles a rule.
    pub(crate) fn new(rule: &ErrorRule) -> Result<Self, ConnectorError> {
        use patchbay_model::descriptor::{Predicate, PredicateOperator};
        let header = |(name, pattern): (&String, &String)| {
            let predicate = Predicate {
                path: "$".into(),
                operator: PredicateOperator::Matches,
                value: Some(json!(pattern)),
            };
            Test::compile(&predicate).map(|test| (name.clone(), test))
        };
        Ok(Self {
            body: rule.body.as_ref().map(Test::compile).transpose()?,
            headers: rule.headers.iter().map(header).collect::<Result<_, _>>()?,
            message: rule.message_path.as_deref().map(Path::compile).transpose()?,
            rule: rule.clone(),
        })
    }
}

fn paging(given: Option<&Paging>) -> Result<Option<CompiledPaging>, ConnectorError> {
    Ok(given.map(CompiledPaging::new).transpose()?)
}

fn headers(given: &BTreeMap<String, String>) -> Result<Vec<(String, Template)>, ConnectorError> {
    given.iter().map(|(name, text)| Ok((name.clone(), Template::compile(text)?))).collect()
}

fn query(given: &BTreeMap<String, Value>) -> Result<Vec<(String, JsonTemplate)>, ConnectorError> {
    given.iter().map(|(name, value)| Ok((name.clone(), JsonTemplate::compile(value)?))).collect()
}

impl Built {
    /// Puts a token, a number or a time where a service wants it. False where the body has no room
    /// for it.
    pub(crate) fn put(&mut self, place: TokenPlace, name: &str, value: &Value) -> bool {
        match place {
            TokenPlace::Query => set_query(&mut self.url, name, &plain(value)),
            TokenPlace::Header => {
                self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
                self.headers.push((name.to_owned(), plain(value)));
            }
            TokenPlace::Body => {
                return put_member(self.body.get_or_insert_with(|| json!({})), name, value);
            }
        }
        true
    }
}

/// Sets a query parameter, in the place of one that is there already.
pub(crate) fn set_query(url: &mut Url, name: &str, value: &str) {
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(own, _)| own != name)
        .map(|(n, v)| (n.into_owned(), v.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair(name, value);
}

/// A value as text: lists with commas.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
