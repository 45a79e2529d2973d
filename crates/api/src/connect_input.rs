//! What the user gives when connecting: checked, complete, in the shapes the engine wants.

use std::collections::BTreeMap;

use patchbay_auth::Credential;
use patchbay_model::descriptor::{AuthMethod, CredentialField, Descriptor};
use patchbay_model::problem::{Code, Problem, Subject};
use serde_json::{Map, Value};

use crate::secrets::SecretInput;

/// Settings as a person would enter them.
pub(crate) fn as_entered(config: &Map<String, Value>) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    config.iter().map(|(key, value)| (key.clone(), text(value))).collect()
}

pub(crate) fn check_name(name: &str) -> Result<String, Problem> {
    let shown = patchbay_model::text::display_line(name, 80);
    if shown.is_empty() || shown != name.trim() {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", "The connection's name")
            .with("message", "Use one line of at most 80 visible characters.")
            .about(Subject::Field { name: "name".into() }));
    }
    Ok(shown)
}

pub(crate) fn name_taken(name: &str) -> Problem {
    Problem::new(Code::Conflict)
        .with("item", format!("A connection called \"{name}\""))
        .with("message", "Choose another name, or disconnect the one that has it.")
        .about(Subject::Field { name: "name".into() })
}

pub(crate) fn auth_method<'d>(
    descriptor: &'d Descriptor,
    wanted: Option<&str>,
) -> Result<Option<&'d AuthMethod>, Problem> {
    match (descriptor.auth_method(wanted), wanted) {
        (None, Some(wanted)) => {
            let known: Vec<_> = descriptor.auth.iter().map(AuthMethod::id).collect();
            Err(Problem::new(Code::InputInvalid)
                .with("field", "The way to sign in")
                .with(
                    "message",
                    format!("{} has no \"{wanted}\"; it has {}.", descriptor.name, known.join(", ")),
                )
                .about(Subject::Field { name: "auth".into() }))
        }
        (method, _) => Ok(method),
    }
}

/// The credential, complete and without fields that the sign-in does not know.
pub(crate) fn credential(
    method: Option<&AuthMethod>,
    given: BTreeMap<String, SecretInput>,
) -> Result<Option<Credential>, Problem> {
    let entered = entered(method, given)?;
    if let (Some(method), Some(values)) = (method, &entered) {
        complete(method, values)?;
    }
    Ok(entered)
}

/// Whether everything is there that the sign-in needs.
pub(crate) fn complete(method: &AuthMethod, values: &Credential) -> Result<(), Problem> {
    let lacks = |field: &&CredentialField| field.required && !values.has(&field.key);
    match method.credential_fields().iter().find(lacks) {
        None => Ok(()),
        Some(field) => Err(Problem::new(Code::InputInvalid)
            .with("field", format!("\"{}\" ({})", field.key, field.label))
            .with("message", "It is needed to sign in and was not given.")
            .about(Subject::Field { name: field.key.clone() })),
    }
}

/// What was entered, without fields that the sign-in does not know.
pub(crate) fn entered(
    method: Option<&AuthMethod>,
    mut given: BTreeMap<String, SecretInput>,
) -> Result<Option<Credential>, Problem> {
    let Some(method) = method else {
        return match given.into_keys().next() {
            None => Ok(None),
            Some(extra) => Err(unknown_secret(&extra, &[])),
        };
    };
    let mut values = BTreeMap::new();
    for field in method.credential_fields() {
        match given.remove(&field.key).map(SecretInput::into_secret) {
            Some(secret) if !secret.expose().is_empty() => {
                values.insert(field.key.clone(), secret);
            }
            _ => {}
        }
    }
    if let Some(extra) = given.into_keys().next() {
        let known: Vec<_> = method.credential_fields().iter().map(|f| f.key.as_str()).collect();
        return Err(unknown_secret(&extra, &known));
    }
    Ok(Some(Credential::new(values)))
}

fn unknown_secret(name: &str, known: &[&str]) -> Problem {
    let message = match known {
        [] => "This connector needs no sign-in.".to_owned(),
        known => format!("This sign-in asks for {}.", known.join(", ")),
    };
    Problem::new(Code::InputInvalid)
        .with("field", format!("\"{name}\""))
        .with("message", message)
        .about(Subject::Field { name: name.to_owned() })
}
