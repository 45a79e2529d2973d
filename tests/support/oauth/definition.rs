//! A connector for a scripted server.

use serde_json::{Value, json};

/// A connector whose only sign-in is OAuth at this issuer, with some members of the sign-in replaced. Its
/// calls go below `base`.
pub fn definition(base: &str, issuer: &str, changed: &Value) -> Value {
    let mut auth = json!({
        "method": "oauth2", "id": "oauth", "label": "Sign in",
        "client": {"type": "public", "id": "patchbay"},
        "issuer": issuer,
        "authorizationUrl": format!("{issuer}/authorize"), "tokenUrl": format!("{issuer}/token"),
        "revocationUrl": format!("{issuer}/revoke"),
        "scopes": {"always": ["read", "write"]},
    });
    for (name, value) in changed.as_object().unwrap() {
        auth[name] = value.clone();
    }
    json!({
        "id": "scripted", "name": "Scripted", "description": "A server of the tests.", "category": "custom",
        "version": "1.0.0", "baseUrl": base, "auth": [auth],
        "operations": [
            {"id": "create_thing", "title": "Create thing", "verb": "create", "entity": "thing",
                "params": {"type": "object"}, "request": {"method": "POST", "path": "/things"}},
            {"id": "get_thing", "title": "Get thing", "verb": "get", "entity": "thing",
                "params": {"type": "object"}, "request": {"path": "/things"}}],
        "healthCheck": {"request": {"path": "/me"}, "accountIdPath": "$.id", "identityPath": "$.name"},
    })
}
