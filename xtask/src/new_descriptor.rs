//! The beginning of a connector.

use anyhow::{Result, bail};

use crate::shell;

/// Writes a definition that is in order, and one fixture that passes.
pub(crate) fn write(id: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(2..=64).contains(&id.len())
        || !id.starts_with(|c: char| c.is_ascii_lowercase())
        || !id.chars().all(fits)
    {
        bail!("\"{id}\" cannot be an id: use 2 to 64 lower-case letters, digits and hyphens, a letter first");
    }
    let folder = shell::root().join("descriptors");
    let file = folder.join(format!("{id}.json"));
    if file.exists() {
        bail!("{} is there already", file.display());
    }
    let definition = serde_json::json!({
        "$schema": "./descriptor.schema.json",
        "id": id,
        "name": id,
        "description": "Say in one sentence what the tool is for.",
        "category": "custom",
        "version": "0.1.0",
        "baseUrl": "https://api.example.com",
        "auth": [{
            "method": "api_key", "id": "key", "label": "API key",
            "credentialFields": [{ "key": "key", "label": "API key" }],
            "inject": [{ "in": "header", "name": "Authorization", "value": "Bearer {{secret.key}}" }]
        }],
        "streams": [{
            "id": "items", "title": "Items", "request": { "path": "/items" },
            "mapping": {
                "itemsPath": "$[*]", "idPath": "$.id", "timestampPath": "$.updated_at",
                "summaryTemplate": "{{title}}", "signalTypeRules": [], "defaultSignalType": "item_updated"
            }
        }],
        "healthCheck": { "request": { "path": "/me" }, "identityPath": "$.name" }
    });
    let fixture = serde_json::json!({
        "proof": "fixture_only",
        "case": {
            "kind": "stream", "stream": "items",
            "pages": [{ "body": [{ "id": 1, "title": "First", "updated_at": "2026-01-31T12:00:00Z" }] }],
            "signals": [{ "externalId": "1", "summary": "First", "signalType": "item_updated" }]
        }
    });
    let case = folder.join("fixtures").join(id).join("items");
    std::fs::create_dir_all(&case)?;
    std::fs::write(&file, format!("{definition:#}\n"))?;
    std::fs::write(case.join("fixture.json"), format!("{fixture:#}\n"))?;
    println!("{} and a fixture are written. Next:", file.display());
    println!("  patchbay-cli validate descriptors/{id}.json");
    println!("  patchbay-cli test-descriptor descriptors/{id}.json");
    Ok(())
}
