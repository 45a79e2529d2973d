//! Older forms of the document, brought forward when they are read.

use serde_json::{Map, Value, json};

/// One step forward.
struct Migration {
    applies: fn(&Map<String, Value>) -> bool,
    migrate: fn(&mut Map<String, Value>) -> Option<()>,
}

/// In order; each sees what the one before it made.
const MIGRATIONS: &[Migration] = &[Migration {
    // The first form: one `ingestion` with one `fieldMapping`, one `auth` object.
    applies: |document| document.contains_key("ingestion") && document.contains_key("fieldMapping"),
    migrate: single_stream,
}];

/// Brings a document forward. Says whether anything was done. A document that looks old and cannot
/// be brought forward is left as it is; reading it then says what does not fit.
pub(crate) fn migrate(document: &mut Value) -> bool {
    let mut changed = false;
    for migration in MIGRATIONS {
        let Some(members) = document.as_object_mut() else {
            return changed;
        };
        if (migration.applies)(members) {
            let mut copy = members.clone();
            if (migration.migrate)(&mut copy).is_some() {
                *members = copy;
                changed = true;
            }
        }
    }
    changed
}

fn single_stream(document: &mut Map<String, Value>) -> Option<()> {
    let ingestion = document.remove("ingestion")?;
    let mapping = document.remove("fieldMapping")?;
    let polling = ingestion.get("polling").cloned().unwrap_or(ingestion);
    let endpoint = polling.get("endpoint")?.as_str()?.to_owned();
    let path = endpoint.strip_prefix("{{baseUrl}}").unwrap_or(&endpoint).to_owned();
    let mut request = json!({ "method": polling.get("method").cloned().unwrap_or(json!("GET")), "path": path });
    if let Some(headers) = polling.get("headers") {
        request["headers"] = headers.clone();
    }
    let mut stream =
        json!({ "id": "items", "title": "Items", "request": request, "mapping": field_mapping(mapping)? });
    if let Some(delta) = polling.get("delta").and_then(delta) {
        stream["delta"] = delta;
    }
    if let Some(paging) = polling.get("pagination").and_then(paging) {
        stream["pagination"] = paging;
    }
    document.insert("streams".into(), json!([stream]));
    if let Some(calls) = polling.get("rateLimitRpm") {
        document.insert("limits".into(), json!({ "rate": [{ "calls": calls, "seconds": 60 }] }));
    }
    if let Some(auth) = document.remove("auth") {
        document.insert("auth".into(), sign_ins(&auth)?);
    }
    if let Some(check) = document.remove("healthCheck") {
        document.insert("healthCheck".into(), health_check(&check)?);
    }
    document.entry("baseUrl").or_insert(json!(""));
    document.remove("icon").and_then(|icon| {
        icon.as_str().filter(|icon| !icon.contains(':')).map(|icon| document.insert("icon".into(), json!(icon)))
    });
    Some(())
}

fn field_mapping(mut mapping: Value) -> Option<Value> {
    let members = mapping.as_object_mut()?;
    if let Some(path) = members.remove("participantsPath") {
        members.insert("participantsPaths".into(), json!([path]));
    }
    for key in ["signalTypeRules", "priorityMapping"] {
        for rule in members.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
            let predicate = json!({ "path": rule.get("when")?, "operator": rule.get("operator")? });
            let mut predicate = predicate;
            if let Some(value) = rule.get("value") {
                predicate["value"] = value.clone();
            }
            *rule = json!({ "when": predicate, "then": rule.get("then")? });
        }
    }
    members.entry("defaultSignalType").or_insert(json!("item_updated"));
    members.entry("signalTypeRules").or_insert(json!([]));
    Some(mapping)
}

fn delta(delta: &Value) -> Option<Value> {
    match delta["type"].as_str()? {
        "timestamp_filter" => Some(json!({
            "type": "timestamp_filter", "param": delta["queryParam"], "format": delta["format"],
        })),
        "since_id" => Some(json!({ "type": "since_id", "param": delta["idParam"] })),
        _ => None,
    }
}

fn paging(paging: &Value) -> Option<Value> {
    let next = match paging["type"].as_str()? {
        "link_header" => json!({ "type": "link_header" }),
        "cursor" => {
            json!({ "type": "cursor", "cursorPath": paging["nextPath"], "param": paging["nextParam"] })
        }
        "offset" => json!({ "type": "offset", "param": paging["nextParam"] }),
        _ => return None,
    };
    Some(json!({ "next": next, "pageSize": paging["pageSize"] }))
}

fn sign_ins(auth: &Value) -> Option<Value> {
    let config = &auth["config"];
    let fields = config["credentialFields"].as_array().cloned().unwrap_or_default();
    let key = fields.first().and_then(|f| f["key"].as_str()).unwrap_or("token").to_owned();
    let fields: Vec<Value> = fields
        .iter()
        .map(|field| {
            let mut field = field.clone();
            if field["type"] == "url" {
                field["type"] = json!("text");
            }
            field
        })
        .collect();
    let secret = format!("{{{{secret.{key}}}}}");
    Some(match auth["method"].as_str()? {
        "none" => json!([]),
        method @ ("api_key" | "pat") => {
            let (place, name, value) = match config["delivery"].as_str() {
                Some("query") => ("query", config["paramName"].as_str()?, secret),
                Some("bearer") => ("header", "Authorization", format!("Bearer {secret}")),
                _ => ("header", config["paramName"].as_str()?, secret),
            };
            json!([{
                "method": method, "id": method, "label": "Key", "credentialFields": fields,
                "inject": [{ "in": place, "name": name, "value": value }],
            }])
        }
        "basic" => {
            let second = fields.get(1).and_then(|f| f["key"].as_str());
            json!([{
                "method": "basic", "id": "basic", "label": "User name and password", "credentialFields": fields,
                "username": secret, "password": second.map_or(String::new(), |key| format!("{{{{secret.{key}}}}}")),
            }])
        }
        _ => return None,
    })
}

fn health_check(check: &Value) -> Option<Value> {
    let endpoint = check.get("endpoint")?.as_str()?;
    let path = endpoint.strip_prefix("{{baseUrl}}").unwrap_or(endpoint);
    let mut new = json!({ "request": { "method": check["method"], "path": path } });
    if let Some(status) = check.get("expectStatus") {
        new["expectStatus"] = json!([status]);
    }
    if let Some(timeout) = check.get("timeoutMs") {
        new["timeoutMs"] = timeout.clone();
    }
    Some(new)
}
