//! Addresses on their way to the system's browser.
//!
//! They come from connectors and from services, and what opens them may start any program that
//! registered a scheme, or pass them through a shell of its own (mcp-remote CVE-2025-6514,
//! tauri-plugin-shell CVE-2025-31477). So little is let through, and what is let through is
//! written anew.

use url::{Host, Url};

use crate::problem::{Code, Problem};

/// The longest address that is opened, in bytes. Sign-in addresses stay far below it.
const LONGEST: usize = 8_192;

const ONLY: &str = "only https is opened, and http on this computer";

/// The address as it may be given to the system, as one argument: `https:`, or `http:` to this
/// computer; no user name or password; nothing that RFC 3986 does not allow in an address, and
/// nothing that a shell expands. `INPUT_INVALID` otherwise.
pub fn for_browser(address: &str) -> Result<String, Problem> {
    let refused = |reason: &str| {
        Problem::new(Code::InputInvalid)
            .with("field", "The address")
            .with("message", format!("It is not opened: {reason}."))
    };
    if address.len() > LONGEST {
        return Err(refused("it is too long"));
    }
    // The parser would quietly drop or encode what does not belong in an address.
    if !address.bytes().all(allowed) {
        return Err(refused("it has characters that do not belong in an address"));
    }
    let url = Url::parse(address).map_err(|_| refused("it cannot be read"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(refused(ONLY));
    }
    let after = address.get(url.scheme().len()..).unwrap_or_default();
    if after.strip_prefix("://").is_none_or(|rest| rest.starts_with('/')) {
        return Err(refused("it cannot be read"));
    }
    if !url.username().is_empty() || url.password().is_some() || authority(after).contains('@') {
        return Err(refused("it holds a user name"));
    }
    let here = match url.host() {
        Some(Host::Domain(name)) if is_name(name) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        _ => return Err(refused("it names no host")),
    };
    if url.scheme() == "http" && !here {
        return Err(refused(ONLY));
    }
    Ok(quiet(url.as_str()))
}

/// The characters of RFC 3986, section 2.
fn allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

fn authority(after_scheme: &str) -> &str {
    let rest = after_scheme.strip_prefix("://").unwrap_or_default();
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Letters, digits, hyphens, underscores and dots: WHATWG hosts may hold more, names of real hosts
/// do not (RFC 1123, section 2.1).
fn is_name(host: &str) -> bool {
    !host.starts_with(['-', '.']) && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Writes what a shell would expand as its percent-encoding, which means the same to a service.
fn quiet(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '$' => out.push_str("%24"),
            '\'' => out.push_str("%27"),
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '!' => out.push_str("%21"),
            '*' => out.push_str("%2A"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_plain_web_address_is_not_opened() {
        let refused = [
            "",
            "-",
            "--help",
            "-https://example.com",
            " https://example.com",
            "https://example.com/a b",
            "https://example.com/\n",
            "https://exa\tmple.com",
            "https://example.com/\u{0}",
            "https://example.com/\u{202e}gpj",
            "file:///etc/passwd",
            "file://server/share",
            "\\\\server\\share",
            "//server/share",
            "/etc/passwd",
            "C:\\Windows\\System32\\calc.exe",
            "javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "about:blank",
            "ftp://example.com/x",
            "smb://server/share",
            "ssh://-oProxyCommand=x/",
            "mailto:a@example.com",
            "vscode://file/x",
            "ms-msdt:/id",
            "search-ms:query=x",
            "x-terminal:run",
            "patchbay://open/chain/1",
            "view-source:https://example.com",
            "$(touch x)",
            "$(id)",
            "a:$(calc.exe)?x=https://example.com",
            "https://$(id)/",
            "https://`id`/",
            "https://a;b/",
            "https://example.com/`id`",
            "https://example.com/\"x\"",
            "https://example.com/<x>",
            "https://example.com/a|b",
            "https://example.com\\@evil.example",
            "https:example.com",
            "https:/example.com",
            "https:///example.com",
            "https://",
            "https://-x.example/",
            "https://user@example.com/",
            "https://user:word@example.com/",
            "https://@example.com/",
            "https://example.com@evil.example/",
            "http://example.com/",
            "http://localhost.example.com/",
            "http://127.0.0.1.nip.io/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest",
        ];
        for address in refused {
            let problem = for_browser(address).expect_err(address);
            assert_eq!(problem.code(), Code::InputInvalid, "{address:?}");
        }
        let long = format!("https://example.com/{}", "x".repeat(LONGEST));
        assert!(for_browser(&long).is_err(), "an address has an end");
    }

    #[test]
    fn web_addresses_are_opened_as_one_harmless_argument() {
        let opened = [
            ("https://example.com", "https://example.com/"),
            ("HTTPS://EXAMPLE.com/A", "https://example.com/A"),
            (
                "https://example.com/authorize?client_id=a&scope=b%20c&state=d#e",
                "https://example.com/authorize?client_id=a&scope=b%20c&state=d#e",
            ),
            ("https://example.com:8443/x", "https://example.com:8443/x"),
            ("https://example.com/a/../b", "https://example.com/b"),
            ("https://example.com/wiki/X_(y)", "https://example.com/wiki/X_%28y%29"),
            ("https://example.com/$(id)?f='x'", "https://example.com/%24%28id%29?f=%27x%27"),
            ("https://example.com/@name", "https://example.com/@name"),
            ("https://10.0.0.1/", "https://10.0.0.1/"),
            ("http://127.0.0.1:4310/callback", "http://127.0.0.1:4310/callback"),
            ("http://127.1/", "http://127.0.0.1/"),
            ("http://localhost:80/", "http://localhost/"),
            ("http://[::1]:9/", "http://[::1]:9/"),
        ];
        for (address, want) in opened {
            let got = for_browser(address).expect(address);
            assert_eq!(got, want, "{address:?}");
            assert!(got.starts_with("http") && !got.contains(['$', '(', '\'', ' ']), "{got}");
        }
    }
}
