//! What a client asked for at the authorization endpoint, and every way to answer it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::wire::{Answer, Request};

/// What a client asked for, read from the address that it would open in a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Every parameter, in order.
    pub parameters: Vec<(String, String)>,
}

impl Asked {
    /// Reads the address.
    pub fn of(address: &str) -> Self {
        let url = Url::parse(address).unwrap_or_else(|error| panic!("{error}: {address}"));
        Self { parameters: url.query_pairs().into_owned().collect() }
    }

    /// A parameter; panics where it is absent or there twice.
    pub fn get(&self, name: &str) -> &str {
        let found: Vec<_> = self.parameters.iter().filter(|(own, _)| own == name).collect();
        assert_eq!(found.len(), 1, "{name}, once: {:?}", self.parameters);
        &found[0].1
    }

    /// Where the answer goes.
    pub fn redirect_uri(&self) -> Url {
        Url::parse(self.get("redirect_uri")).unwrap()
    }

    /// The port on which the client waits for the answer.
    pub fn port(&self) -> u16 {
        self.redirect_uri().port_or_known_default().unwrap()
    }

    /// Whether a verifier is the one whose challenge was sent (RFC 7636 section 4.6).
    pub fn is_proven_by(&self, verifier: &str) -> bool {
        self.get("code_challenge_method") == "S256"
            && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == self.get("code_challenge")
    }

    /// Path and query of a callback with these parameters, twice where they are there twice.
    pub fn callback(&self, parameters: &[(&str, &str)]) -> String {
        let redirect = self.redirect_uri();
        let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
        match (redirect.query(), query.is_empty()) {
            (Some(own), _) => format!("{}?{own}&{query}", redirect.path()),
            (None, true) => redirect.path().to_owned(),
            (None, false) => format!("{}?{query}", redirect.path()),
        }
    }

    /// The callback as a browser makes it when it is sent there: with the state, and without `iss`
    /// where `issuer` is none.
    pub fn allow(&self, code: &str, issuer: Option<&str>) -> Answer {
        let mut parameters = vec![("code", code), ("state", self.get("state"))];
        parameters.extend(issuer.map(|issuer| ("iss", issuer)));
        self.answer(&parameters)
    }

    /// A callback as a browser makes it when it is sent there, with any parameters.
    pub fn answer(&self, parameters: &[(&str, &str)]) -> Answer {
        self.navigate(&self.callback(parameters)).send(self.port())
    }

    /// A request as a browser makes it when it is sent to a path of the client's listener; a test
    /// changes what it likes before it sends it to [`Asked::port`].
    pub fn navigate(&self, target: &str) -> Request {
        Request::get(target)
            .with("accept", "text/html")
            .with("sec-fetch-site", "cross-site")
            .with("sec-fetch-mode", "navigate")
            .with("sec-fetch-dest", "document")
    }

    /// Any bytes to the client's listener, and what came back within a time; for what is no HTTP, or
    /// only half of it. `end` closes our side after them.
    pub fn raw(&self, bytes: &[u8], end: bool, patience: Duration) -> Vec<u8> {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port())) else {
            return Vec::new();
        };
        stream.set_read_timeout(Some(patience)).unwrap();
        // Cut off where the other side has heard enough.
        let _ = stream.write_all(bytes);
        if end {
            let _ = stream.shutdown(Shutdown::Write);
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    }
}
