//! Older forms of the document, brought forward when they are read.

use serde_json::{Map, Value, json};

use crate::read::Mistake;

/// Where a part of the new form stood in the old one: mistakes are shown in the text as it was written.
pub(crate) struct Moved {
    new: &'static str,
    old: &'static str,
}

impl Moved {
    /// The place in the document as written; the same where nothing was moved.
    pub(crate) fn back(moved: &[Self], pointer: String) -> String {
        let rest = |m: &Self| {
            let rest = pointer.strip_prefix(m.new)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
        };
        let nearest = moved.iter().filter(|m| rest(m).is_some()).max_by_key(|m| m.new.len());
        match nearest.and_then(|m| Some(format!("{}{}", m.old, rest(m)?))) {
            Some(back) => back,
            None => pointer,
        }
    }
}

type Members = Map<String, Value>;

/// One step forward.
struct Migration {
    applies: fn(&Members) -> bool,
    migrate: fn(&mut Members) -> Result<&'static [Moved], Mistake>,
}

/// In order; each sees what the one before it made.
const MIGRATIONS: &[Migration] = &[Migration {
    // The first form: one `ingestion` with one `fieldMapping`, one `auth` object.
    applies: |document| document.contains_key("ingestion") && document.contains_key("fieldMapping"),
    migrate: single_stream,
}];

/// Brings a document forward and says what went where. What an old document asks for and nothing in
/// the new form can say is a mistake, never left out in silence.
pub(crate) fn migrate(document: &mut Value) -> Result<Vec<Moved>, Mistake> {
    let mut moved = Vec::new();
    for migration in MIGRATIONS {
        let Some(members) = document.as_object_mut() else {
            return Ok(moved);
        };
        if (migration.applies)(members) {
            let places = (migration.migrate)(members)?;
            moved.extend(places.iter().map(|m| Moved { new: m.new, old: m.old }));
        }
    }
    Ok(moved)
}

const fn moved(new: &'static str, old: &'static str) -> Moved {
    Moved { new, old }
}

/// With `/ingestion` itself as the reader of pages.
const SINGLE_STREAM: &[Moved] = &[
    moved("/streams/0", "/ingestion"),
    moved("/streams/0/request", "/ingestion"),
    moved("/streams/0/request/path", "/ingestion/endpoint"),
    moved("/streams/0/request/query", "/ingestion/endpoint"),
    moved("/streams/0/delta", "/ingestion/delta"),
    moved("/streams/0/delta/param", "/ingestion/delta/queryParam"),
    moved("/streams/0/pagination", "/ingestion/pagination"),
    moved("/streams/0/pagination/next", "/ingestion/pagination"),
    moved("/streams/0/pagination/next/cursorPath", "/ingestion/pagination/nextPath"),
    moved("/streams/0/pagination/next/param", "/ingestion/pagination/nextParam"),
    moved("/streams/0/mapping", "/fieldMapping"),
    moved("/streams/0/mapping/participantsPaths", "/fieldMapping/participantsPath"),
    moved("/limits/rate", "/ingestion/rateLimitRpm"),
    moved("/auth/0", "/auth"),
    moved("/auth/0/credentialFields", "/auth/config/credentialFields"),
    moved("/auth/0/inject", "/auth/config"),
    moved("/healthCheck/request", "/healthCheck"),
    moved("/healthCheck/request/path", "/healthCheck/endpoint"),
    moved("/healthCheck/request/query", "/healthCheck/endpoint"),
];

fn single_stream(document: &mut Members) -> Result<&'static [Moved], Mistake> {
    let refuse = |pointer: &str, message: &str| Mistake { pointer: pointer.into(), message: message.into() };
    let polling = document.remove("ingestion").unwrap_or_default();
    let mapping = document.remove("fieldMapping").unwrap_or_default();
    if polling["mode"] != "polling" && !polling["mode"].is_null() {
        return Err(refuse(
            "/ingestion/mode",
            "of this older form only \"polling\" can be brought forward; write the connector with \"streams\"",
        ));
    }
    let Some(endpoint) = polling["endpoint"].as_str() else {
        return Err(refuse("/ingestion", "\"endpoint\" is missing"));
    };
    let (origin, mut request) = request(endpoint);
    if let Some(origin) = origin {
        document.entry("baseUrl").or_insert(json!(origin));
    }
    for name in ["method", "headers"] {
        if let Some(value) = polling.get(name) {
            request[name] = value.clone();
        }
    }
    if let Some(body) = polling.get("body") {
        // The old body is the text of a JSON document with holes in its strings.
        let parsed = body.as_str().and_then(|text| serde_json::from_str(text).ok());
        request["body"] = parsed.unwrap_or_else(|| body.clone());
    }
    let mut stream =
        json!({ "id": "items", "title": "Items", "request": request, "mapping": field_mapping(mapping) });
    if let Some(old) = polling.get("delta") {
        if let Some(path) = old.get("idPath")
            && *path != stream["mapping"]["idPath"]
        {
            return Err(refuse("/ingestion/delta/idPath", "it is the same as \"idPath\" of the mapping"));
        }
        stream["delta"] = delta(old);
    }
    if let Some(old) = polling.get("pagination") {
        stream["pagination"] = paging(old);
    }
    document.insert("streams".into(), json!([stream]));
    if let Some(calls) = polling.get("rateLimitRpm") {
        document.insert("limits".into(), json!({ "rate": [{ "calls": calls, "seconds": 60 }] }));
    }
    if let Some(auth) = document.get_mut("auth")
        && auth.is_object()
    {
        *auth = sign_ins(auth);
    }
    if let Some(check) = document.get_mut("healthCheck")
        && let Some(endpoint) = check["endpoint"].as_str()
    {
        let (_, mut request) = self::request(endpoint);
        if let Some(method) = check.get("method") {
            request["method"] = method.clone();
        }
        let mut new = json!({ "request": request });
        if let Some(status) = check.get("expectStatus") {
            new["expectStatus"] = json!([status]);
        }
        if let Some(timeout) = check.get("timeoutMs") {
            new["timeoutMs"] = timeout.clone();
        }
        *check = new;
    }
    // It could be an address; now it is the name of a drawing that ships.
    if document.get("icon").and_then(Value::as_str).is_some_and(|icon| icon.contains(':')) {
        document.remove("icon");
    }
    Ok(SINGLE_STREAM)
}

/// The origin of an old endpoint, where it has one, and the request without it. The values that
/// paging and delta add by themselves now are taken out of the query.
fn request(endpoint: &str) -> (Option<String>, Value) {
    let (origin, rest) = match endpoint.strip_prefix("{{baseUrl}}") {
        Some(rest) => (None, rest),
        None => match endpoint.find("://").map(|at| at + 3) {
            Some(host) => {
                let end = endpoint[host..].find('/').map_or(endpoint.len(), |at| host + at);
                (Some(endpoint[..end].to_owned()), &endpoint[end..])
            }
            None => (None, endpoint),
        },
    };
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut request = json!({ "path": if path.is_empty() { "/" } else { path } });
    for (name, value) in
        query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    {
        if !matches!(value, "{{checkpoint}}" | "{{pageToken}}") {
            request["query"][name] = json!(value);
        }
    }
    (origin, request)
}

fn field_mapping(mut mapping: Value) -> Value {
    let Some(members) = mapping.as_object_mut() else {
        return mapping;
    };
    if let Some(path) = members.remove("participantsPath") {
        members.insert("participantsPaths".into(), json!([path]));
    }
    for key in ["signalTypeRules", "priorityMapping"] {
        for rule in members.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(parts) = rule.as_object_mut() else {
                continue;
            };
            let mut predicate = Map::new();
            for (old, new) in [("when", "path"), ("operator", "operator"), ("value", "value")] {
                if let Some(part) = parts.remove(old) {
                    predicate.insert(new.into(), part);
                }
            }
            parts.insert("when".into(), Value::Object(predicate));
        }
    }
    members.entry("defaultSignalType").or_insert(json!("item_updated"));
    members.entry("signalTypeRules").or_insert(json!([]));
    mapping
}

/// Kinds that have no equal go through as they are: reading them says so.
fn delta(old: &Value) -> Value {
    let mut new = json!({ "type": old["type"] });
    let names: &[(&str, &str)] = match old["type"].as_str() {
        Some("timestamp_filter") => &[("queryParam", "param"), ("format", "format")],
        Some("since_id") => &[("idParam", "param")],
        Some("delta_token") => &[("tokenParam", "param"), ("tokenPath", "tokenPath")],
        Some("cursor") => &[("cursorParam", "param"), ("cursorPath", "cursorPath")],
        _ => &[],
    };
    rename(names, old, &mut new);
    new
}

fn paging(old: &Value) -> Value {
    let mut next = json!({ "type": old["type"] });
    let names: &[(&str, &str)] = match old["type"].as_str() {
        // A next offset that the service gives is a token like any other.
        Some("offset") if old.get("nextPath").is_some() => {
            next["type"] = json!("cursor");
            &[("nextPath", "cursorPath"), ("nextParam", "param")]
        }
        Some("cursor") => &[("nextPath", "cursorPath"), ("nextParam", "param")],
        Some("offset") => &[("nextParam", "param")],
        _ => &[],
    };
    rename(names, old, &mut next);
    let mut new = json!({ "next": next });
    rename(&[("pageSize", "pageSize"), ("totalPath", "totalPath")], old, &mut new);
    new
}

fn rename(names: &[(&str, &str)], old: &Value, new: &mut Value) {
    for (old_name, new_name) in names {
        if let Some(value) = old.get(old_name) {
            new[*new_name] = value.clone();
        }
    }
}

fn sign_ins(old: &Value) -> Value {
    let config = &old["config"];
    let mut fields = config["credentialFields"].as_array().cloned().unwrap_or_default();
    for field in &mut fields {
        if field["type"] == "url" {
            field["type"] = json!("text");
        }
    }
    let secret = |field: Option<&Value>| {
        let key = field.and_then(|field| field["key"].as_str());
        key.map_or_else(String::new, |key| format!("{{{{secret.{key}}}}}"))
    };
    // The key itself is what is hidden; other fields stand beside it.
    let key = secret(fields.iter().find(|field| field["type"] == "password").or(fields.first()));
    match old["method"].as_str() {
        Some("none") => json!([]),
        Some(method @ ("api_key" | "pat")) => {
            let (place, name, value) = match config["delivery"].as_str() {
                Some("query") => ("query", &config["paramName"], key),
                Some("bearer") => ("header", &json!("Authorization"), format!("Bearer {key}")),
                _ => ("header", &config["paramName"], key),
            };
            json!([{
                "method": method, "id": method, "label": "Key", "credentialFields": fields,
                "inject": [{ "in": place, "name": name, "value": value }],
            }])
        }
        Some("basic") => {
            let (username, password) = (secret(fields.first()), secret(fields.get(1)));
            json!([{
                "method": "basic", "id": "basic", "label": "User name and password",
                "credentialFields": fields, "username": username, "password": password,
            }])
        }
        Some("oauth2") => {
            // The application was always the person's own; its fields are told apart by what is hidden.
            for field in &mut fields {
                let hidden = field["type"] == "password";
                field["key"] = json!(if hidden { "clientSecret" } else { "clientId" });
            }
            json!([{
                "method": "oauth2", "id": "oauth2", "label": "Sign in in the browser",
                "client": { "type": "own" }, "credentialFields": fields,
                "redirect": { "path": "/callback" },
                "authorizationUrl": config["authoriseUrl"], "tokenUrl": config["tokenUrl"],
                "scopes": { "always": config["scopes"] },
            }])
        }
        _ => json!([{ "method": old["method"] }]),
    }
}
