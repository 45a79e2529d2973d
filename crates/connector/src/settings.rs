//! A connection's settings: typed, complete, checked.

use std::collections::BTreeMap;

use patchbay_model::Descriptor;
use patchbay_model::descriptor::{ConfigField, ConfigKind, Predicate, PredicateOperator};
use patchbay_model::problem::{Code, Problem, Subject};
use serde_json::{Map, Value, json};
use url::Url;

/// Settings as the descriptor wants them, from text as people give it. `baseUrl` points any
/// connector elsewhere.
pub fn settings(
    descriptor: &Descriptor,
    given: &BTreeMap<String, String>,
) -> Result<Map<String, Value>, Problem> {
    let config = settings_so_far(descriptor, given)?;
    let lacks = |field: &&ConfigField| field.required && !config.contains_key(&field.key);
    match descriptor.config_fields.iter().filter(lacks).find(|field| descriptor.asks_for(field, &config)) {
        Some(field) => Err(invalid(&field.key, &format!("{} needs it: {}", descriptor.name, field.label))),
        None => Ok(config),
    }
}

/// The same before all of them are known: what is required may be missing. Somebody signs in before the
/// rest is asked.
pub fn settings_so_far(
    descriptor: &Descriptor,
    given: &BTreeMap<String, String>,
) -> Result<Map<String, Value>, Problem> {
    let mut config = Map::new();
    let known = |key: &str| descriptor.config_fields.iter().find(|field| field.key == key);
    for (key, text) in given {
        if key == "baseUrl" && !descriptor.is_native() {
            config.insert(key.clone(), json!(base_url(text)?));
        } else if let Some(field) = known(key) {
            config.insert(key.clone(), typed(field, text)?);
        } else if descriptor.captured_settings().any(|captured| captured == key) {
            // Brought by a sign-in, and kept when other settings change.
            config.insert(key.clone(), json!(text.trim()));
        } else {
            let known: Vec<_> = descriptor.config_fields.iter().map(|field| field.key.as_str()).collect();
            let known = match (known.as_slice(), descriptor.is_native()) {
                ([], true) => "none".to_owned(),
                ([], false) => "baseUrl only".to_owned(),
                (known, true) => known.join(", "),
                (known, false) => format!("{}, baseUrl", known.join(", ")),
            };
            return Err(invalid(key, &format!("{} has no such setting; it has {known}", descriptor.name)));
        }
    }
    for field in &descriptor.config_fields {
        // What is not asked for has no value: one from before may suit another choice only.
        if !descriptor.asks_for(field, &config) {
            config.remove(&field.key);
            continue;
        }
        if config.contains_key(&field.key) {
            continue;
        }
        if let Some(default) = &field.default {
            config.insert(field.key.clone(), default.clone());
        }
    }
    Ok(config)
}

fn base_url(text: &str) -> Result<String, Problem> {
    let url = Url::parse(text.trim()).map_err(|_| invalid("baseUrl", "it is not an address"))?;
    let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if url.host_str().is_none() || !(url.scheme() == "https" || (url.scheme() == "http" && local)) {
        return Err(invalid("baseUrl", "use an https address; plain http works only on this computer"));
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(invalid("baseUrl", "it holds no user name, query or fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// What was entered, without what stands around it anyway: people paste whole addresses.
fn bare<'t>(field: &ConfigField, text: &'t str) -> &'t str {
    let text = field.prefix.as_deref().and_then(|before| text.strip_prefix(before)).unwrap_or(text);
    let text = field
        .suffix
        .as_deref()
        .map_or(text, |after| text.strip_suffix('/').filter(|t| t.ends_with(after)).unwrap_or(text));
    field.suffix.as_deref().and_then(|after| text.strip_suffix(after)).unwrap_or(text)
}

fn typed(field: &ConfigField, text: &str) -> Result<Value, Problem> {
    let text = bare(field, text.trim());
    let wrong = |message: &str| invalid(&field.key, message);
    if let Some(pattern) = &field.pattern {
        let whole = format!("^(?:{pattern})$");
        let predicate =
            Predicate { path: "$".into(), operator: PredicateOperator::Matches, value: Some(json!(whole)) };
        let test = patchbay_map::Test::compile(&predicate).map_err(Problem::from)?;
        if !test.holds(&json!(text)) {
            let example = field.example.as_deref().map_or_else(String::new, |e| format!(", such as {e}"));
            return Err(wrong(&format!("\"{text}\" does not have the form that is needed{example}")));
        }
    }
    Ok(match field.kind {
        ConfigKind::Text | ConfigKind::Date if text.is_empty() => return Err(wrong("it is empty")),
        ConfigKind::Text => json!(text),
        ConfigKind::Url => json!(base_url(text).map_err(|_| wrong("it is not an https address"))?),
        ConfigKind::Number => match (text.parse::<i64>(), text.parse::<f64>()) {
            // Whole numbers stay whole: "5.0" in an address is another thing than "5".
            (Ok(whole), _) => json!(whole),
            (Err(_), Ok(number)) if number.is_finite() => json!(number),
            _ => return Err(wrong("it is not a number")),
        },
        ConfigKind::Bool => match text {
            "true" | "yes" => json!(true),
            "false" | "no" => json!(false),
            _ => return Err(wrong("use true or false")),
        },
        ConfigKind::Enum if field.options.iter().any(|option| option == text) => json!(text),
        ConfigKind::Enum => return Err(wrong(&format!("use one of {}", field.options.join(", ")))),
        ConfigKind::Date => {
            match patchbay_map::parse_time(&json!(text), &patchbay_model::descriptor::TimeFormat::Date) {
                Some(_) if text.len() == 10 => json!(text),
                _ => return Err(wrong("use a day such as 2026-01-31")),
            }
        }
        ConfigKind::List | ConfigKind::Folders => match serde_json::from_str::<Vec<String>>(text) {
            // As it is stored, when settings are given back to be changed.
            Ok(lines) => json!(lines),
            Err(_) => {
                json!(text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>())
            }
        },
    })
}

pub(crate) fn invalid(key: &str, message: &str) -> Problem {
    Problem::new(Code::InputInvalid)
        .with("field", format!("\"{key}\""))
        .with("message", format!("{message}."))
        .about(Subject::Field { name: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor() -> Descriptor {
        serde_json::from_value(json!({
            "id": "desk", "name": "Desk", "description": "A desk.", "category": "custom", "version": "1.0.0",
            "baseUrl": "{{config.site}}",
            "configFields": [
                {"key": "site", "label": "Site", "required": true, "prefix": "https://", "suffix": ".desk.example"},
                {"key": "kind", "label": "Kind", "type": "enum", "options": ["cloud", "own"], "default": "cloud"},
                {"key": "port", "label": "Port", "type": "number", "required": true,
                    "visibleWhen": {"field": "kind", "equals": "own"}},
                {"key": "version", "label": "Version", "default": "v2", "hidden": true}],
            "operations": [{"id": "one", "title": "One", "verb": "get", "entity": "one", "request": {"path": "/one"},
                "params": {"type": "object"}}],
            "healthCheck": {"request": {"path": "/me"}}
        }))
        .unwrap()
    }

    fn given(pairs: &[(&str, &str)]) -> Result<Value, Problem> {
        let given = pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        settings(&descriptor(), &given).map(Value::Object)
    }

    #[test]
    fn what_is_required_may_come_after_the_sign_in_and_is_checked_then() {
        assert_eq!(given(&[]).unwrap_err().code(), Code::InputInvalid);
        let so_far = settings_so_far(&descriptor(), &BTreeMap::new()).unwrap();
        assert_eq!(Value::Object(so_far), json!({"kind": "cloud", "version": "v2"}));
        let wrong = BTreeMap::from([("kind".to_owned(), "rented".to_owned())]);
        assert!(settings_so_far(&descriptor(), &wrong).is_err(), "what is given is checked at once");
    }

    #[test]
    fn what_stands_around_a_setting_is_not_stored() {
        for text in ["acme", "https://acme.desk.example", "https://acme.desk.example/", "acme.desk.example"] {
            let config = given(&[("site", text)]).unwrap();
            assert_eq!(config["site"], "acme", "{text}");
            let Value::Object(config) = config else { panic!("settings are members") };
            let filled = descriptor().settings_in_templates(&config);
            assert_eq!(filled["site"], "https://acme.desk.example");
        }
    }

    #[test]
    fn what_is_not_asked_for_is_neither_needed_nor_kept() {
        let cloud = json!({"site": "a", "kind": "cloud", "version": "v2"});
        assert_eq!(given(&[("site", "a")]).unwrap(), cloud);
        assert_eq!(given(&[("site", "a"), ("port", "5")]).unwrap(), cloud, "a port from before is let go");
        let needed = given(&[("site", "a"), ("kind", "own")]).unwrap_err();
        assert_eq!(needed.param("field"), Some("\"port\""));
        let own = json!({"site": "a", "kind": "own", "port": 5, "version": "v2"});
        assert_eq!(given(&[("site", "a"), ("kind", "own"), ("port", "5")]).unwrap(), own);
    }
}
