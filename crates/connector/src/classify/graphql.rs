//! What errors inside a GraphQL answer mean (GraphQL over HTTP; specification, section 7.1).

use patchbay_model::problem::{Code, Problem};
use serde_json::Value;

use super::{Asked, Meaning, Seen, limited, with_words};
use crate::said;

/// What the parts of a code that services give in `extensions` or `type` mean.
const CODES: [(&str, Code); 13] = [
    ("RATELIMIT", Code::RateLimited),
    ("RATE_LIMIT", Code::RateLimited),
    ("THROTTLED", Code::RateLimited),
    ("COMPLEXITY", Code::RateLimited),
    ("AUTHENTICAT", Code::AuthInvalid),
    ("UNAUTHORI", Code::AuthInvalid),
    ("FORBIDDEN", Code::PermissionDenied),
    ("ACCESS_DENIED", Code::PermissionDenied),
    ("INSUFFICIENT_SCOPE", Code::PermissionDenied),
    ("NOT_FOUND", Code::NotFound),
    ("INTERNAL", Code::ServiceDown),
    ("UNAVAILABLE", Code::ServiceDown),
    ("TIMEOUT", Code::ServiceDown),
];

/// None where the answer has no errors, or its status says more than they do.
pub(super) fn meaning(asked: &Asked<'_>, seen: &Seen<'_>) -> Option<Meaning> {
    if !asked.graphql || !(matches!(seen.status, 400 | 403 | 422 | 429) || (200..300).contains(&seen.status)) {
        return None;
    }
    let body = seen.body.ok()?;
    let errors = body["errors"].as_array().filter(|errors| !errors.is_empty())?;
    let known = errors.iter().find_map(code);
    let said = said::in_body(body);
    let problem = Problem::new(known.unwrap_or(Code::InvalidConfig)).with("tool", asked.tool);
    let problem = with_words(problem, asked, seen, said.as_deref());
    let problem = match problem.code() {
        Code::RateLimited => limited(problem, asked, seen),
        _ => problem,
    };
    let data = &body["data"];
    let did_something = data.as_object().is_some_and(|fields| fields.values().any(|field| !field.is_null()));
    // Without `data` the document was refused before anything ran; so did what asks for another key or
    // a slower pace. A field that failed while it ran may have done something first.
    let refused = body.get("data").is_none()
        || matches!(
            known,
            Some(Code::RateLimited | Code::AuthInvalid | Code::PermissionDenied | Code::NotFound)
        );
    Some(match (asked.effect, did_something) {
        (true, true) => Meaning::Done,
        (true, false) if !refused => Meaning::Unknown(problem),
        // Half of an answer would be taken for the whole.
        _ => Meaning::NotDone(problem),
    })
}

fn code(error: &Value) -> Option<Code> {
    let extensions = &error["extensions"];
    let texts = [&extensions["code"], &extensions["type"], &error["type"], &extensions["classification"]];
    texts.into_iter().filter_map(Value::as_str).find_map(|text| {
        let text = text.to_ascii_uppercase().replace(['-', ' '], "_");
        CODES.iter().find(|(part, _)| text.contains(part)).map(|(_, code)| *code)
    })
}
