//! The pages that a person sees: plain HTML without scripts, and nothing from elsewhere.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use url::Url;

use super::SCOPES;
use super::client::{Client, PUBLIC_CLIENT};
use crate::account::ACCOUNTS;

/// The colours of the interface (`ui/src/ui/tokens.css`).
const STYLE: &str = "
:root { color-scheme: light dark; --bg: #f7f8fa; --surface: #fff; --surface-2: #f0f2f5; --line: #dfe3e8;
  --line-strong: #8a93a3; --text: #1a1d23; --text-2: #555d6b; --accent: #4c57d6; --accent-hover: #434dc4;
  --accent-text: #4c57d6; --accent-soft: #eef0ff; --warn: #8a5700; --warn-bg: #fff3d6; --ok: #18794e;
  --ok-bg: #e4f6ec; }
@media (prefers-color-scheme: dark) { :root { --bg: #101216; --surface: #181b21; --surface-2: #20242c;
  --line: #2e333d; --line-strong: #697180; --text: #e8eaee; --text-2: #a4abb8; --accent-hover: #5a65e0;
  --accent-text: #939df9; --accent-soft: #22264a; --warn: #f1b44c; --warn-bg: #35280c; --ok: #4cc38a;
  --ok-bg: #14301f; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px 16px;
  background: var(--bg); color: var(--text); font: 14px/20px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; }
main { width: 100%; max-width: 440px; background: var(--surface); border: 1px solid var(--line);
  border-radius: 12px; overflow: hidden; }
header { display: flex; gap: 12px; align-items: center; padding: 14px 24px; background: var(--surface-2);
  border-bottom: 1px solid var(--line); }
header svg { flex: none; color: var(--accent-text); }
header b { display: block; }
header span, .quiet { color: var(--text-2); font-size: 13px; line-height: 18px; }
.content { padding: 20px 24px 24px; }
h1 { margin: 0 0 4px; font-size: 20px; line-height: 28px; font-weight: 650; overflow-wrap: anywhere; }
h2 { margin: 20px 0 8px; } legend { margin: 0 0 8px; } h2, legend { padding: 0; font-size: 13px; line-height: 18px; font-weight: 600; }
p { margin: 0; }
ul { margin: 0; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: 8px; }
li { display: flex; gap: 12px; align-items: center; justify-content: space-between; padding: 10px 12px; }
li + li { border-top: 1px solid var(--line); }
code { display: block; font: 12px/16px ui-monospace, 'DejaVu Sans Mono', monospace; color: var(--text-2); }
.pill { flex: none; padding: 2px 9px; border-radius: 11px; font-size: 12px; line-height: 18px; font-weight: 500;
  color: var(--accent-text); background: var(--accent-soft); }
.pill.writes { color: var(--warn); background: var(--warn-bg); }
fieldset { margin: 20px 0 0; padding: 0; border: 0; min-width: 0; }
label.account { display: flex; gap: 12px; align-items: center; padding: 9px 12px; margin-bottom: 8px;
  border: 1px solid var(--line); border-radius: 8px; cursor: pointer; }
label.account:hover { border-color: var(--line-strong); }
label.account:has(input:checked) { border-color: var(--accent); background: var(--accent-soft); }
input[type=radio] { width: 16px; height: 16px; margin: 0; accent-color: var(--accent); flex: none; }
.face { display: grid; place-items: center; flex: none; width: 32px; height: 32px; border-radius: 16px;
  background: var(--surface-2); font-weight: 650; }
.who b { display: block; font-weight: 600; }
input[type=text] { width: 100%; margin: 4px 0 0; padding: 9px 12px; border: 1px solid var(--line-strong);
  border-radius: 8px; background: var(--surface); color: inherit; font: 18px/24px ui-monospace, monospace;
  letter-spacing: 2px; text-transform: uppercase; }
.answers { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 16px; }
button { flex: 1 1 auto; min-height: 38px; padding: 8px 16px; border: 1px solid var(--line-strong);
  border-radius: 8px; background: var(--surface); color: var(--text); font: inherit; font-weight: 600;
  cursor: pointer; }
button:hover { background: var(--surface-2); }
button.main { background: var(--accent); border-color: var(--accent); color: #fff; }
button.main:hover { background: var(--accent-hover); }
:focus-visible { outline: 2px solid var(--accent-text); outline-offset: 2px; }
.note { margin-top: 16px; padding: 10px 12px; border-radius: 8px; background: var(--surface-2); }
.note.bad { color: var(--warn); background: var(--warn-bg); }
.note.good { color: var(--ok); background: var(--ok-bg); }
";

/// Asks whether a program may do what it asks for. `to` is where the answer goes.
pub(super) fn consent(
    client: &Client,
    scopes: &[String],
    ticket: &str,
    to: Option<&Url>,
    hint: Option<&str>,
) -> Response {
    let name = shown(&client.name);
    let rows: String = SCOPES
        .iter()
        .filter(|(scope, ..)| scopes.iter().any(|asked| asked == scope))
        .map(|(scope, words, writes)| {
            let pill = if *writes {
                "<span class=\"pill writes\">Write</span>"
            } else {
                "<span class=\"pill\">Read</span>"
            };
            format!("<li><div>{words}<code>{scope}</code></div>{pill}</li>")
        })
        .collect();
    let chosen = ACCOUNTS.iter().position(|account| hint == Some(account.email) || hint == Some(account.login));
    let accounts: String = ACCOUNTS
        .iter()
        .enumerate()
        .map(|(number, account)| {
            let checked = if number == chosen.unwrap_or(0) { " checked" } else { "" };
            let face = account.name.get(..1).unwrap_or_default();
            format!(
                "<label class=\"account\"><input type=\"radio\" name=\"account\" value=\"{}\"{checked}>\
                 <span class=\"face\" aria-hidden=\"true\">{face}</span>\
                 <span class=\"who\"><b>{}</b><span class=\"quiet\">{}</span></span></label>",
                account.login, account.name, account.email
            )
        })
        .collect();
    let whose = if client.id == PUBLIC_CLIENT {
        "The program on this computer that you came from."
    } else {
        "The program chose this name itself. Nobody has checked it."
    };
    let back = match to {
        Some(url) => format!("Your answer goes to <b>{}</b>.", shown(&url.origin().ascii_serialization())),
        None => "Your answer goes to the device that shows the code.".to_owned(),
    };
    let body = format!(
        "<h1>Allow {name}?</h1><p class=\"quiet\">{whose}</p>\
         <h2>It asks to</h2><ul>{rows}</ul>\
         <form method=\"post\" action=\"consent\"><input type=\"hidden\" name=\"ticket\" value=\"{ticket}\">\
         <fieldset><legend>As</legend>{accounts}</fieldset>\
         <div class=\"answers\"><button class=\"main\" name=\"answer\" value=\"allow\">Allow</button>\
         <button name=\"answer\" value=\"deny\">Do not allow</button></div></form>\
         <p class=\"quiet note\">{back} The accounts are pretend ones, and nothing leaves this computer.</p>"
    );
    // The form's answer leads on to the program: `form-action` counts that, too.
    let form = to.map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    page(StatusCode::OK, &format!("Allow {name}?"), &body, &form)
}

/// Asks for the code that a device shows; `wrong` is one that no device waits with.
pub(super) fn device(wrong: Option<&str>) -> Response {
    let told = match wrong {
        Some(_) => {
            "<p class=\"note bad\" role=\"alert\">No device waits with this code. Look at it once more, or begin again there.</p>"
        }
        None => "",
    };
    let body = format!(
        "<h1>Enter the code</h1><p class=\"quiet\">The program that asks shows it, such as BCDF-GHJK. \
         Enter only a code that you asked for yourself.</p>{told}\
         <form method=\"get\" action=\"device\"><h2><label for=\"code\">Code</label></h2>\
         <input type=\"text\" id=\"code\" name=\"user_code\" value=\"{}\" maxlength=\"12\" autocomplete=\"off\" \
         autocapitalize=\"characters\" spellcheck=\"false\" required>\
         <div class=\"answers\"><button class=\"main\">Go on</button></div></form>",
        shown(wrong.unwrap_or_default())
    );
    page(StatusCode::OK, "Enter the code", &body, "")
}

/// A device was allowed.
pub(super) fn allowed() -> Response {
    let body =
        "<h1>Allowed</h1><p class=\"note good\">You can close this page. The program goes on by itself.</p>";
    page(StatusCode::OK, "Allowed", body, "")
}

/// A device was not allowed.
pub(super) fn denied() -> Response {
    let body = "<h1>Not allowed</h1><p class=\"note\">The program gets no access. You can close this page.</p>";
    page(StatusCode::OK, "Not allowed", body, "")
}

/// What is asked cannot be done.
pub(super) fn wrong(why: &str) -> Response {
    let body = format!(
        "<h1>This sign-in cannot go on</h1><p class=\"note bad\" role=\"alert\">{}</p>\
         <p class=\"quiet note\">Nothing was allowed. You can close this page.</p>",
        shown(why)
    );
    page(StatusCode::BAD_REQUEST, "This sign-in cannot go on", &body, "")
}

fn page(status: StatusCode, title: &str, body: &str, form: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · Sandbox Tracker</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{STYLE}</style></head>\
         <body><main><header><svg width=\"28\" height=\"28\" viewBox=\"0 0 28 28\" fill=\"none\" \
         stroke=\"currentColor\" stroke-width=\"2\" aria-hidden=\"true\"><rect x=\"4\" y=\"4\" width=\"20\" \
         height=\"20\" rx=\"6\"/><path d=\"m9 14.5 3.5 3.5L19 10.5\"/></svg>\
         <div><b>Tracker</b><span>Pretend service on this computer</span></div></header>\
         <div class=\"content\">{body}</div></main></body></html>"
    );
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action 'self' {form}; base-uri 'none'; frame-ancestors 'none'",
        STANDARD.encode(Sha256::digest(STYLE))
    );
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Its own address is told to its own form only, which needs an `Origin` that can be checked.
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A text of somebody else's in the page: no markup, nothing that turns the writing round, not long.
fn shown(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    let mut shown = String::new();
    for character in text.chars().filter(|c| !c.is_control() && !turns(*c)).take(160) {
        match character {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            _ => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_checked_is_shown_as_text() {
        let shown = shown("<img src=x onerror=\"alert('1')\"> & \u{202E}gpj\u{1b}[31m");
        assert_eq!(shown, "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; gpj[31m");
        assert_eq!(super::shown(&"a".repeat(10_000)).len(), 160);
    }
}
