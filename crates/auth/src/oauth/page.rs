//! The pages that the browser shows at the end. Fixed text: nothing of the request is in them.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use base64::Engine as _;
use ring::digest::{SHA256, digest};

/// What the browser says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// Signed in.
    Done,
    /// The person did not approve.
    Denied,
    /// It did not work; the program says why.
    Failed,
    /// It goes on in the program.
    Received,
    /// The answer to this sign-in came already.
    Used,
    /// Not the answer to this sign-in.
    Foreign,
    /// Nothing is here.
    Nothing,
    /// Nobody asks so.
    Method,
}

const STYLE: &str = ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{margin:0;min-height:100vh;display:grid;place-items:center;background:light-dark(#f6f7f9,#17191d);\
color:light-dark(#1d2127,#e8eaed)}\
main{max-width:26rem;margin:1.5rem;padding:2rem;border-radius:12px;background:light-dark(#fff,#20242a);\
border:1px solid light-dark(#dfe3e8,#343a42)}\
h1{margin:0 0 .5rem;font-size:1.25rem}p{margin:0}\
small{display:block;margin-bottom:1rem;font-weight:600;color:light-dark(#4a5563,#a8b0bb)}";

impl Page {
    fn words(self) -> (StatusCode, &'static str, &'static str) {
        const OK: StatusCode = StatusCode::OK;
        match self {
            Self::Done => (OK, "You are signed in", "You can close this tab and go back to Patchbay."),
            Self::Denied => (
                OK,
                "You did not approve",
                "Nothing was saved. You can close this tab and go back to Patchbay.",
            ),
            Self::Failed => (
                OK,
                "Signing in did not work",
                "Nothing was saved. Go back to Patchbay: it says what happened.",
            ),
            Self::Received => (OK, "Nearly there", "Go back to Patchbay: it finishes signing in."),
            Self::Used => (
                StatusCode::CONFLICT,
                "This sign-in was answered already",
                "You can close this tab. To sign in again, begin in Patchbay.",
            ),
            Self::Foreign => (
                StatusCode::BAD_REQUEST,
                "This is not the answer that Patchbay waits for",
                "Nothing was saved. If you are signing in, go on in the page that Patchbay opened, or begin again.",
            ),
            Self::Nothing => (StatusCode::NOT_FOUND, "Nothing is here", "You can close this tab."),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "Nothing is here", "You can close this tab."),
        }
    }

    pub(super) fn response(self) -> Response<Body> {
        let (status, title, text) = self.words();
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style>\
             <main><small>Patchbay</small><h1>{title}</h1><p>{text}</p></main></html>"
        );
        let mut response = Response::new(Body::from(html));
        *response.status_mut() = status;
        let hash = base64::engine::general_purpose::STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        );
        let headers = response.headers_mut();
        let mut set = |name, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set(header::CONTENT_TYPE, "text/html; charset=utf-8");
        set(header::CONTENT_SECURITY_POLICY, &policy);
        set(header::CACHE_CONTROL, "no-store");
        // The address holds the code.
        set(header::REFERRER_POLICY, "no-referrer");
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(header::CONNECTION, "close");
        response
    }
}
