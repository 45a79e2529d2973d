//! What a person decides about the way to services: a proxy, and whom else to trust.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _, SectionKind};
use url::Url;

use crate::resolve::environment_proxies;

/// Bytes of the longest text with certificates: bundles of a whole public list have about 250 kB.
const LONGEST: usize = 1 << 20;

/// The proxy that public addresses are reached through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// The one that the environment names, where it names one.
    #[default]
    System,
    /// None, whatever the environment says.
    Direct,
    /// This one: checked by [`Proxy::at`].
    At(Url),
    /// Nobody knows which one was chosen: public addresses are not reached at all.
    Unknown,
}

/// An address or a text that cannot be used, in plain words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(&'static str);

impl Proxy {
    /// The proxy at an address such as `http://proxy.example:3128`. It has no user name and no password:
    /// settings are never secret.
    pub fn at(text: &str) -> Result<Self, Unusable> {
        let text = text.trim();
        let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&full).map_err(|_| Unusable("Write it like http://proxy.example:3128."))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Unusable("Only proxies that speak HTTP can be used: http:// or https://."));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Unusable(
                "Leave the user name and password out. Where the proxy asks for them, set it in the system's \
                 https_proxy and choose the system's proxy here.",
            ));
        }
        if url.host_str().is_none_or(str::is_empty) || !matches!(url.path(), "" | "/") || url.query().is_some()
        {
            return Err(Unusable("Write only its host and port, like http://proxy.example:3128."));
        }
        Ok(Self::At(url))
    }

    /// The hosts of the proxies in use, each once, without user and password.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts = match self {
            Self::System => environment_proxies(),
            Self::Direct | Self::Unknown => Vec::new(),
            Self::At(url) => url.host_str().map(str::to_owned).into_iter().collect(),
        };
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

/// Certificates of authorities that are trusted besides the system's, such as a company's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificates(Vec<CertificateDer<'static>>);

impl Certificates {
    /// Reads PEM (RFC 7468). Refuses what is no certificate of an authority, and files that hold a private key:
    /// nobody needs to give that away to trust somebody.
    pub fn read(text: &str) -> Result<Self, Unusable> {
        if text.len() > LONGEST {
            return Err(Unusable(
                "The file has more than 1 MiB. Choose one with only the certificates you need.",
            ));
        }
        let mut found = Vec::new();
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes()) {
            let (kind, der) = section.map_err(broken)?;
            match kind {
                SectionKind::Certificate => found.push(CertificateDer::from(der)),
                SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                    return Err(Unusable(
                        "The file holds a private key. Choose one with certificates only, and keep the key to \
                         yourself.",
                    ));
                }
                _ => {}
            }
        }
        if found.is_empty() {
            return Err(Unusable(
                "There is no certificate in it. It begins with -----BEGIN CERTIFICATE----- (PEM).",
            ));
        }
        let mut roots = RootCertStore::empty();
        for certificate in &found {
            roots
                .add(certificate.clone())
                .map_err(|_| Unusable("A certificate in it cannot be read, or is none of an authority."))?;
        }
        Ok(Self(found))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn for_client(&self) -> Result<Vec<reqwest::Certificate>, reqwest::Error> {
        self.0.iter().map(|one| reqwest::Certificate::from_der(one)).collect()
    }
}

fn broken(_: pem::Error) -> Unusable {
    Unusable("The file is damaged: a certificate in it has a beginning and no end.")
}

/// The way to services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// How public addresses are reached.
    pub proxy: Proxy,
    /// Whom to trust besides those that the system trusts.
    pub certificates: Certificates,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_and_a_port_and_nothing_else() {
        for (text, host) in [
            ("proxy.example:3128", "proxy.example"),
            (" http://10.0.0.1:8080/ ", "10.0.0.1"),
            ("https://proxy.example", "proxy.example"),
        ] {
            assert_eq!(Proxy::at(text).unwrap().hosts(), [host], "{text}");
        }
        for text in
            ["", "http://", "socks5://proxy.example", "http://me:word@proxy.example", "proxy.example/x", "a b"]
        {
            assert!(Proxy::at(text).is_err(), "{text}");
        }
        assert!(Proxy::Direct.hosts().is_empty());
    }

    #[test]
    fn what_is_no_certificate_is_refused_in_words() {
        let section =
            |name: &str, body: &str| format!("-----BEGIN {name}-----\n{body}\n-----END {name}-----\n");
        for (text, said) in [
            (String::new(), "no certificate"),
            ("a letter".to_owned(), "no certificate"),
            (section("CERTIFICATE", "MAA="), "cannot be read"),
            (section("PRIVATE KEY", "MAA="), "private key"),
            ("-----BEGIN CERTIFICATE-----\nMAA=\n".to_owned(), "damaged"),
            ("x".repeat(LONGEST + 1), "1 MiB"),
        ] {
            let error = Certificates::read(&text).unwrap_err().to_string();
            assert!(error.contains(said), "{error} says nothing of {said}");
        }
    }
}
