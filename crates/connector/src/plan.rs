//! A call, planned: checked parameters and the real request, before anything is sent.

use patchbay_map::{Misfit, canonical_json};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::run::RequestSummary;
use serde_json::{Map, Value};

use crate::compiled::{Built, Compiled};
use crate::paging::bare;
use crate::sha256_hex;
use crate::target::Target;

/// A call, planned.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The operation.
    pub operation: String,
    /// Its parameters, with the schema's defaults filled in.
    pub params: Value,
    /// What will be sent, without secrets.
    pub summary: RequestSummary,
    /// Whether it changes anything outside.
    pub effect: bool,
    pub(crate) built: Built,
    /// Where in the body the secret of the connection's webhook goes, as a JSON pointer.
    pub(crate) secret_at: Option<String>,
}

impl Planned {
    /// The same, with the secret of the connection's webhook at a place in the body (a JSON pointer). It is
    /// opened when the call is made, and stands in nothing that is shown.
    #[must_use]
    pub fn with_webhook_secret(mut self, pointer: &str) -> Self {
        self.secret_at = Some(pointer.to_owned());
        self
    }
}

/// Checks the parameters against the operation's schema and builds the request.
pub(crate) fn plan(target: &Target, operation: &str, params: &Value) -> Result<Planned, Problem> {
    let compiled: &Compiled = &target.descriptor;
    let descriptor = compiled.descriptor();
    let (Some(shape), Some(ready)) = (descriptor.operation(operation), compiled.operations.get(operation))
    else {
        let known: Vec<_> = descriptor.operations.iter().map(|o| o.id.as_str()).collect();
        return Err(Problem::new(Code::NotFound)
            .with("item", format!("The operation \"{operation}\""))
            .detail(format!("{} has: {}", descriptor.name, known.join(", "))));
    };
    let params = with_defaults(&shape.params, params);
    ready.params.check(&params).map_err(|misfits| {
        let (field, message) = misfits.first().map_or(("", ""), |m| (field(m), m.message.as_str()));
        Problem::new(Code::SchemaMismatch)
            .with("tool", &descriptor.name)
            .with("field", if field.is_empty() { "A parameter" } else { field })
            .with("message", format!("\"{}\" in {}: {message}.", shape.title, descriptor.name))
            .about(Subject::Connection { name: target.connection.name.clone() })
    })?;
    let built = target.operation_request(shape, ready, &params)?;
    let method = built.here.as_ref().map_or(built.method.as_str(), |here| here.word);
    let body = built.body.as_ref().map_or_else(String::new, canonical_json);
    let hash = sha256_hex(format!("{method}\n{}\n{body}", built.url).as_bytes());
    Ok(Planned {
        operation: operation.to_owned(),
        params,
        summary: RequestSummary {
            method: method.to_owned(),
            url: bare(&built.url),
            body: built.body.clone(),
            hash,
        },
        effect: shape.verb.has_effect(),
        built,
        secret_at: None,
    })
}

/// Fills in the defaults that the schema declares for members that are absent.
fn with_defaults(schema: &Value, params: &Value) -> Value {
    let mut filled = params.as_object().cloned().unwrap_or_default();
    if !params.is_object() && !params.is_null() {
        return params.clone();
    }
    let defaults: Map<String, Value> = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, member)| Some((name.clone(), member.get("default")?.clone())))
        .collect();
    for (name, value) in defaults {
        filled.entry(name).or_insert(value);
    }
    Value::Object(filled)
}

/// The parameter that does not fit: the one that is missing, or the place of the one that is wrong.
fn field(misfit: &Misfit) -> &str {
    let missing = misfit.message.strip_suffix(" is a required property");
    missing.map_or(misfit.pointer.trim_start_matches('/'), |name| name.trim_matches('"'))
}
