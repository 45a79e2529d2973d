//! The system's proxy. The environment is the process's, so the test runs itself again in one.

use std::process::Command;

use patchbay_model::Code;
use patchbay_model::descriptor::Method;

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
