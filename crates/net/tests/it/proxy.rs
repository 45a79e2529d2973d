//! Proxies. The environment is the process's, so the test runs itself again in one.

use std::process::Command;

use patchbay_model::Code;
use patchbay_model::descriptor::Method;

use patchbay_net::{Network, Proxy};

use crate::peer::{CANARY, Recorder, client, request};

const PORT: &str = "PATCHBAY_TEST_PROXY_PORT";

#[tokio::test]
async fn a_proxy_that_wants_a_login_is_named_and_gets_no_secret() {
    if std::env::var(PORT).is_ok() {
        let mut read = request(Method::Post, "https://api.example.com/x?page=2".parse().unwrap());
        read.allow_private = false;
        let failure = client().send(read).await.unwrap_err();
        assert_eq!((failure.code, failure.sent), (Code::ProxyRequired, false), "{failure:?}");
        return;
    }
    let proxy = Recorder::start(|_| {
        "HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n".to_owned()
    })
    .await;
    let port = proxy.address.port();
    // By name: the proxy usually is on a private address, and that is no reason to block it.
    let output = tokio::task::spawn_blocking(move || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "proxy::a_proxy_that_wants_a_login_is_named_and_gets_no_secret"])
            .env(PORT, port.to_string())
            .env("https_proxy", format!("http://localhost:{port}"))
            .env_remove("no_proxy")
            .env_remove("NO_PROXY")
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let heads = proxy.heads();
    assert!(heads[0].starts_with("CONNECT api.example.com:443 "), "{heads:?}");
    assert!(!heads.concat().contains(CANARY));
}

#[tokio::test]
async fn a_proxy_that_the_user_names_gets_public_calls_from_then_on_and_no_others() {
    let proxy = Recorder::start(|_| "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_owned()).await;
    let service = Recorder::start(|_| "HTTP/1.1 204 No Content\r\n\r\n".to_owned()).await;
    let at = Proxy::at(&format!("127.0.0.1:{}", proxy.address.port())).unwrap();
    let client = client();
    let clone = client.clone();
    client.go(client.prepare(Network { proxy: at, ..Network::default() }).unwrap());
    for method in [Method::Get, Method::Post] {
        let mut public = request(method, "http://api.example.com/x".parse().unwrap());
        public.allow_private = false;
        assert_eq!(clone.send(public).await.unwrap().status, 200, "{method:?}");
    }
    let heads = proxy.heads();
    assert!(heads[0].starts_with("GET http://api.example.com/x?"), "{heads:?}");
    assert!(heads[1].starts_with("POST http://api.example.com/x?"), "{heads:?}");
    let here = request(Method::Get, format!("http://{}/x", service.address).parse().unwrap());
    assert_eq!(clone.send(here).await.unwrap().status, 204, "what is on this computer is not behind it");
    let mut to_proxy = request(Method::Get, format!("http://{}/x", proxy.address).parse().unwrap());
    to_proxy.allow_private = false;
    assert_eq!(
        clone.send(to_proxy).await.unwrap_err().code,
        Code::TargetBlocked,
        "nothing goes to the proxy itself"
    );
    assert_eq!(proxy.heads().len(), 2);
}

/// A request that went out past a proxy which nobody knows any more could not be taken back.
#[tokio::test]
async fn while_nobody_knows_the_proxy_nothing_goes_to_public_addresses() {
    let service = Recorder::start(|_| "HTTP/1.1 204 No Content\r\n\r\n".to_owned()).await;
    let client = client();
    client.go(client.prepare(Network { proxy: Proxy::Unknown, ..Network::default() }).unwrap());
    for method in [Method::Get, Method::Post] {
        for idle in [None, Some(std::time::Duration::from_secs(3))] {
            let mut public = request(method, "http://api.example.com/x".parse().unwrap());
            public.allow_private = false;
            public.idle_timeout = idle.unwrap_or(public.idle_timeout);
            let failure = client.send(public).await.unwrap_err();
            assert_eq!((failure.code, failure.sent), (Code::NetworkUnreadable, false), "{method:?}");
        }
    }
    let here = request(Method::Get, service.url("/x"));
    assert_eq!(client.send(here).await.unwrap().status, 204, "what is on this computer needs no proxy");
    client.go(client.prepare(Network { proxy: Proxy::Direct, ..Network::default() }).unwrap());
    let mut public = request(Method::Get, service.url("/x"));
    public.allow_private = false;
    assert_eq!(client.send(public).await.unwrap_err().code, Code::TargetBlocked, "it is known again");
}
