//! Where requests may go: approved origins, and addresses that are not private unless allowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Scheme, host and port as text, such as `https://api.example.com` or `http://127.0.0.1:4319`.
/// None for addresses without a host or with another scheme than http and https.
pub fn origin_of(url: &Url) -> Option<String> {
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    Some(url.origin().ascii_serialization())
}

/// Whether an address belongs to the public internet. Loopback, private, link-local, shared,
/// documentation, multicast and unspecified addresses do not (IANA special-purpose registries), nor
/// do IPv6 addresses that carry such an IPv4 address inside.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_broadcast()
        || v4.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let segments = v6.segments();
    let inner = |high: u16, low: u16| is_public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    if v6.is_loopback() || v6.is_unspecified() || v6.is_multicast() {
        return false;
    }
    match segments {
        // ::ffff:a.b.c.d mapped, ::a.b.c.d compatible (deprecated)
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] => inner(high, low),
        // 64:ff9b::/96 NAT64 (RFC 6052), and the local 64:ff9b:1::/48 (RFC 8215)
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inner(high, low),
        [0x64, 0xff9b, 1, ..] => false,
        // 2002::/16 6to4 (RFC 3056)
        [0x2002, high, low, ..] => inner(high, low),
        // 2001::/32 Teredo, 2001:db8::/32 documentation, 100::/64 discard
        [0x2001, 0 | 0xdb8, ..] | [0x100, 0, 0, 0, ..] => false,
        // fc00::/7 unique local, fe80::/10 link-local, fec0::/10 site-local
        [first, ..] => first & 0xfe00 != 0xfc00 && first & 0xffc0 != 0xfe80 && first & 0xffc0 != 0xfec0,
    }
}

/// The address a literal host stands for. Names are left to the resolver.
pub(crate) fn literal_address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(v4) => Some(v4.into()),
        Host::Ipv6(v6) => Some(v6.into()),
        Host::Domain(_) => None,
    }
}

/// A name resolved only to addresses that are not allowed.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to a private address")]
pub(crate) struct Blocked;

/// A name does not resolve.
#[derive(Debug, thiserror::Error)]
#[error("the name does not resolve")]
pub(crate) struct Unresolved;

/// Resolves names and lets only allowed addresses through: the address that is checked is the
/// address that is connected to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GuardedResolver {
    pub(crate) allow_private: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await
                .map_err(|_| Box::new(Unresolved) as Box<dyn std::error::Error + Send + Sync>)?
                .collect();
            if found.is_empty() {
                return Err(Box::new(Unresolved) as Box<dyn std::error::Error + Send + Sync>);
            }
            let allowed: Vec<SocketAddr> =
                found.into_iter().filter(|address| allow_private || is_public(address.ip())).collect();
            if allowed.is_empty() {
                return Err(Box::new(Blocked) as Box<dyn std::error::Error + Send + Sync>);
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_recognised_however_they_are_spelt() {
        let private = [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://0/",
            "http://0.0.0.0/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/",
            "http://100.64.0.1/",
            "http://198.18.0.1/",
            "http://192.0.0.8/",
            "http://255.255.255.255/",
            "http://224.0.0.1/",
            "http://[::1]/",
            "http://[::]/",
            "http://[fe80::1]/",
            "http://[fc00::1]/",
            "http://[fd00:ec2::254]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[::127.0.0.1]/",
            "http://[fec0::1]/",
            "http://[64:ff9b:1::1]/",
            "http://[2001:db8::1]/",
            "http://[ff02::1]/",
        ];
        for text in private {
            let address =
                literal_address(&text.parse().unwrap()).unwrap_or_else(|| panic!("{text} is no literal"));
            assert!(!is_public(address), "{text} passed as public");
        }
        for text in ["http://93.184.215.14/", "http://[2606:2800:21f:cb07::1]/", "http://[64:ff9b::808:808]/"] {
            assert!(is_public(literal_address(&text.parse().unwrap()).unwrap()), "{text}");
        }
    }

    #[test]
    fn origins() {
        let cases = [
            ("https://api.example.com/x?y", Some("https://api.example.com")),
            ("https://API.example.com:443/", Some("https://api.example.com")),
            ("http://127.0.0.1:4319/tracker", Some("http://127.0.0.1:4319")),
            ("file:///etc/passwd", None),
            ("javascript:alert(1)", None),
        ];
        for (url, want) in cases {
            assert_eq!(origin_of(&url.parse().unwrap()).as_deref(), want, "{url}");
        }
    }
}
