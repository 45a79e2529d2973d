//! `serve` answers its own page with its own token, and nobody else.

use patchbay_tests::{Served, walks_possible};
use serde_json::json;

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[test]
fn only_its_own_page_with_its_own_token_is_answered() {
    let served = Served::start();
    let body = json!({ "workspace": "default", "command": "workspace_list", "request": {} }).to_string();
    let port = served.port();
    let good = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", served.token);
    assert_eq!(status(&served.raw("POST", "/rpc", &good, &body)), "200");
    let own = format!("{good}Origin: http://127.0.0.1:{port}\r\n");
    assert_eq!(status(&served.raw("POST", "/rpc", &own, &body)), "200");

    for origin in [
        "https://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://127.0.0.1.evil.example",
    ] {
        let headers = format!("{good}Origin: {origin}\r\n");
        assert_eq!(status(&served.raw("POST", "/rpc", &headers, &body)), "403", "{origin}");
        assert_eq!(status(&served.raw("POST", "/events", &headers, "{}")), "403", "{origin}");
    }
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1.:{port}"),
        format!("0.0.0.0:{port}"),
        format!("127.0.0.2:{port}"),
        format!("LOCALHOST.evil.example:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        format!("127.1:{port}"),
        format!("2130706433:{port}"),
        format!("localhost:{}", port ^ 1),
        String::new(),
    ] {
        let headers = format!("Host: {host}\r\n{good}");
        assert_eq!(status(&served.raw("POST", "/rpc", &headers, &body)), "421", "{host:?}");
        assert_eq!(status(&served.raw("GET", "/", &format!("Host: {host}\r\n"), "")), "421", "{host:?}");
    }
    let json = "Content-Type: application/json\r\n";
    for token in
        ["", "Authorization: Bearer \r\n", "Authorization: Bearer 00\r\n", "Authorization: Basic YTpi\r\n"]
    {
        assert_eq!(status(&served.raw("POST", "/rpc", &format!("{json}{token}"), &body)), "401", "{token:?}");
        assert_eq!(status(&served.raw("POST", "/events", &format!("{json}{token}"), "{}")), "401", "{token:?}");
    }
    let bearer = format!("Authorization: Bearer {}\r\n", served.token);
    for kind in ["", "Content-Type: text/plain\r\n", "Content-Type: application/x-www-form-urlencoded\r\n"] {
        assert_eq!(status(&served.raw("POST", "/rpc", &format!("{bearer}{kind}"), &body)), "415", "{kind:?}");
    }
    for path in ["/rpc", "/events"] {
        assert!(matches!(status(&served.raw("GET", path, &good, "")), "404" | "405"), "{path}");
    }
    for path in [
        "/../Cargo.toml",
        "/assets/../../../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/assets/%2e%2e%2f%2e%2e%2fCargo.toml",
    ] {
        let answer = served.raw("GET", path, "", "");
        assert!(!answer.contains("[workspace]"), "{path}: {answer}");
    }
}

#[test]
fn the_page_lets_in_its_own_files_only() {
    let served = Served::start();
    let page = served.raw("GET", "/", "", "");
    let policy = page
        .lines()
        .find_map(|line| line.strip_prefix("content-security-policy: "))
        .unwrap_or_else(|| panic!("{page}"));
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe-") && !policy.contains("http"), "{policy}");
    assert!(!page.contains(&served.token), "the token is not part of the page");
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(page.contains(&format!("nonce=\"{nonce}\"")));
    assert_ne!(served.raw("GET", "/", "", "").split("'nonce-").nth(1), page.split("'nonce-").nth(1));
}

#[test]
fn a_hostile_page_in_the_same_browser_reaches_nothing() {
    if walks_possible() {
        let served = Served::start();
        served.rpc("sandbox_start", &json!({}));
        served.walk("hostile_page", &json!({ "port": served.port() }));
    }
}

/// The addresses that a process listens on, as `/proc` has them: hexadecimal, little-endian.
fn listens_on(pid: u32) -> Vec<String> {
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok()?.to_str().map(str::to_owned))
        .filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let tables = ["tcp", "tcp6", "udp", "udp6"]
        .map(|kind| std::fs::read_to_string(format!("/proc/{pid}/net/{kind}")).unwrap_or_default());
    let lines = tables.iter().flat_map(|table| table.lines().skip(1));
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        // 0A: it listens; 07: a datagram socket.
        .filter(|fields| matches!(fields[3], "0A" | "07") && sockets.iter().any(|inode| inode == fields[9]))
        .map(|fields| fields[1].to_owned())
        .collect()
}

#[test]
fn it_listens_on_loopback_only_with_the_sandbox_too() {
    let served = Served::start();
    served.rpc("sandbox_start", &json!({}));
    let addresses = listens_on(served.pid());
    assert!(addresses.len() >= 2, "{addresses:?}");
    for address in addresses {
        let (host, _) = address.split_once(':').unwrap();
        assert!(matches!(host, "0100007F" | "00000000000000000000000001000000"), "{address}");
    }
}

#[test]
fn it_ends_in_order_when_the_system_asks() {
    let mut served = Served::start();
    served.rpc("sandbox_start", &json!({}));
    let token = served.token_file();
    assert!(token.exists());
    assert_eq!(served.terminate().code(), Some(0));
    assert!(!token.exists(), "the token of this start is gone with it");
    served.restart();
    served.rpc("workspace_list", &json!({}));
}
