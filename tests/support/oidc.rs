//! A strict OAuth 2 and OpenID server that others have certified, as a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use url::Url;

use crate::root;
use crate::visitor::{Visit, Visitor};
use crate::wire::Request;

/// The running server (`tests/node/mocks/oidc.mjs`). It ends with this value.
///
/// | client | signs in at the token endpoint |
/// |---|---|
/// | `native` | not at all; also with a device code |
/// | `native-any-path` | not at all; the only one that may be called back at any path |
/// | `basic`, `post` | with a secret, in the header or in the form |
/// | `es256`, `rs256` | with a signed assertion (`private_key_jwt`); also for itself |
/// | `service` | with a secret in the header; for itself only |
///
/// The others are called back at `http://127.0.0.1/callback` with any port. A refresh token comes
/// with the scope `offline_access` where `prompt=consent` is asked for, as OpenID wants it.
#[derive(Debug)]
pub struct OidcServer {
    child: Child,
    /// Its address, which is its issuer, such as `http://127.0.0.1:4319`.
    pub url: String,
    /// What it said of itself: `secrets` by client, and `keys` by client with `alg`, `kid` and
    /// `pkcs8` in PEM.
    pub facts: Value,
}

impl OidcServer {
    /// Whether it is installed.
    pub fn installed() -> bool {
        root().join("tests/node/node_modules/oidc-provider").is_dir()
    }

    /// Starts it on a free port. `options` may hold `accessSeconds` and `rotate`.
    pub fn start(options: &Value) -> Self {
        let mut child = Command::new("node")
            .arg(root().join("tests/node/mocks/oidc.mjs"))
            .arg(options.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let facts: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Self { child, url: facts["url"].as_str().unwrap().to_owned(), facts }
    }

    /// The secret of a client.
    pub fn secret(&self, client: &str) -> &str {
        self.facts["secrets"][client].as_str().unwrap()
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        Url::parse(&self.url).unwrap().port().unwrap()
    }

    /// What happened: `granted` and `refused` by grant type, `revoked`, `registered`.
    pub fn counters(&self) -> Value {
        Request::get("/control/counters").send(self.port()).parsed()
    }

    /// Opens the address that a client made, signs in by name and allows what is asked; gives the
    /// address to which the browser is sent.
    pub fn allow(&self, authorize: &str, name: &str) -> Url {
        let mut visitor = Visitor::of(&self.url);
        let page = visitor.open(authorize).page();
        match visitor.send(&page, &page.form(), &[("login", name)]) {
            Visit::Away(url) => url,
            Visit::Page(page) => visitor.send(&page, &page.form(), &[]).away(),
        }
    }

    /// Opens the address and does not allow it.
    pub fn deny(&self, authorize: &str) -> Url {
        let mut visitor = Visitor::of(&self.url);
        let page = visitor.open(authorize).page();
        visitor.send(&page, &page.forms()[1], &[]).away()
    }

    /// Enters a device's code (`verification_uri_complete`), confirms it, signs in and allows it.
    pub fn allow_device(&self, address: &str, name: &str) {
        let mut visitor = Visitor::of(&self.url);
        let mut page = visitor.open(address).page();
        // Enter or confirm, sign in, allow; some come of themselves.
        for _ in 0..5 {
            if page.text().contains("You can close this page") {
                return;
            }
            let fields: &[_] = if page.text().contains("name=\"login\"") { &[("login", name)] } else { &[] };
            page = visitor.send(&page, &page.form(), fields).page();
        }
        panic!("the device is still not allowed: {}", page.text());
    }
}

impl Drop for OidcServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
