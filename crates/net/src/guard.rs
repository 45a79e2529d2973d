//! Where requests may go: approved origins, and addresses that are not private unless allowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let inner = |high: u16, low: u16| is_public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match v6.segments() {
        // ::ffff:a.b.c.d mapped (RFC 4291), 64:ff9b::/96 NAT64 (RFC 6052): how networks without
        // IPv4 reach a public IPv4 address.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inner(high, low),
        // 2002::/16 6to4 (RFC 3056)
        [0x2002, high, low, ..] => inner(high, low),
        // ISATAP (RFC 5214): an IPv4 address behind any prefix
        [.., 0 | 0x200, 0x5efe, _, _] => false,
        // 2001::/23 protocol assignments with Teredo and ORCHID, 2001:db8::/32 and 3fff::/20
        // documentation
        [0x2001, 0..0x200 | 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => false,
        // 2000::/3 is all of the global unicast space. Outside lie loopback, unspecified, v4-compatible,
        // translated (::ffff:0:0:0/96), local NAT64, discard, unique local, link-local, site-local
        // and multicast.
        [first, ..] => first & 0xe000 == 0x2000,
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
            "http://127.0.0.1./",
            "http://0x7f.0.0.0x1/",
            "http://017700000001/",
            "http://192.168.257/",
            "http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
            "http://%31%32%37.0.0.1/",
            "http://192.88.99.1/",
            "http://[::ffff:0:127.0.0.1]/",
            "http://[64:ff9b::10.0.0.1]/",
            "http://[2002:a9fe:a9fe::1]/",
            "http://[2001:0:53aa:64c::1]/",
            "http://[2606:2800:21f:cb07:0:5efe:127.0.0.1]/",
            "http://[3fff::1]/",
            "http://[100::1]/",
            "http://[5f00::1]/",
        ];
        for text in private {
            let address =
                literal_address(&text.parse().unwrap()).unwrap_or_else(|| panic!("{text} is no literal"));
            assert!(!is_public(address), "{text} passed as public");
        }
        for text in [
            "http://93.184.215.14/",
            "http://[2606:2800:21f:cb07::1]/",
            "http://[64:ff9b::808:808]/",
            "http://[::ffff:8.8.8.8]/",
            "http://[2002:808:808::1]/",
            "http://[2a00:1450:4001:830::200e]/",
        ] {
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
