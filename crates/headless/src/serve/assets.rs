//! The interface's files, as the window has them.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// `ui/dist`. Read from there in debug builds, part of the program in release builds.
#[derive(rust_embed::Embed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Interface;

/// What is shown where the interface was not built.
const MISSING: &str = "<!doctype html><meta charset=utf-8><title>Patchbay</title>\
    <h1>The interface is not built</h1><p>Run <code>cargo xtask app</code>, which builds it first.</p>";

/// The page itself, with a nonce of its own for styles and scripts.
pub(crate) fn page() -> Response {
    let Some(file) = Interface::get("index.html") else {
        return (StatusCode::NOT_FOUND, headers("text/html; charset=utf-8", "default-src 'none'"), MISSING)
            .into_response();
    };
    let nonce = nonce();
    let html = String::from_utf8_lossy(&file.data)
        .replace("<script ", &format!("<script nonce=\"{nonce}\" "))
        .replace("<style", &format!("<style nonce=\"{nonce}\""));
    let policy = policy(&nonce);
    (headers("text/html; charset=utf-8", &policy), html).into_response()
}

/// One file of the interface.
pub(crate) fn file(path: &str) -> Response {
    match Interface::get(path) {
        Some(file) => {
            let mut headers = headers(file.metadata.mimetype(), "default-src 'none'");
            // Names of built files hold a hash of their content.
            if path.starts_with("assets/") {
                headers.insert(
                    header::CACHE_CONTROL,
                    header::HeaderValue::from_static("public, max-age=31536000, immutable"),
                );
            }
            (headers, Body::from(file.data.into_owned())).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What the page may load: its own files, nothing else, and no style or script without the nonce.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn headers(kind: &str, policy: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: header::HeaderName, value: &str| {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, kind);
    set(header::CONTENT_SECURITY_POLICY, policy);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    headers
}

/// 128 random bits. Without a source of randomness the page gets a nonce that fits nothing.
fn nonce() -> String {
    let mut bytes = [0_u8; 16];
    if getrandom::fill(&mut bytes).is_err() {
        return "none".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
