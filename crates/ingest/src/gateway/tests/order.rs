//! What a call has to pass, and in which order.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn a_genuine_delivery_is_kept_before_it_is_acknowledged_and_the_same_again_once() {
    let w = signing(usual()).await;
    let call = w.call(&row(1)).with("X-Delivery", "d1");
    assert_eq!(w.status(&call).await, 200);
    assert_eq!(w.kept().await, 1, "it was there when the sender heard so");
    assert_eq!(w.status(&call).await, 200);
    assert_eq!((w.kept().await, w.counted("duplicate").await), (1, 1));
}

#[tokio::test]
async fn parallel_copies_of_a_delivery_are_one_signal() {
    let w = signing(usual()).await;
    let calls: Vec<Call> =
        (0..48).map(|n| w.call(&row(n % 6)).with("X-Delivery", &format!("d{}", n % 6))).collect();
    let answers = futures_util::future::join_all(calls.iter().map(|call| w.status(call))).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    w.settled().await;
    assert_eq!(w.kept().await, 6);
    assert_eq!(w.site.store.signal_count(&w.connection).await.unwrap(), 6);
}

#[tokio::test]
async fn a_name_that_is_not_ours_is_refused_first_of_all() {
    let w = signing(usual()).await;
    let port = w.port();
    let hosts = [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{}", port.wrapping_add(1)),
        format!("0.0.0.0:{port}"),
        format!("127.0.0.1.:{port}"),
        format!("LOCALHOST:{port}"),
        format!("localhost.:{port}"),
        format!("[::]:{port}"),
        format!("2130706433:{port}"),
        format!("127.1:{port}"),
        format!("127.0.0.1:{port}.evil.example"),
        format!("user@127.0.0.1:{port}"),
    ];
    for host in &hosts {
        assert_eq!(w.status(&w.call(&row(1)).with("Host", host)).await, 421, "{host}");
    }
    // Twice: which one would count? And an address in the request line outranks the header.
    let own = format!("127.0.0.1:{port}");
    assert!(matches!(w.status(&w.call(&row(1)).and("Host", &own)).await, 400 | 421));
    let mut proxied = w.call(&row(1));
    proxied.path = format!("http://evil.example{}", proxied.path);
    assert_eq!(w.status(&proxied).await, 421);
    assert_eq!(w.kept().await, 0);
    assert!(w.counted("host").await >= 14);
    for host in [own, format!("localhost:{port}"), format!("[::1]:{port}")] {
        assert_eq!(
            w.status(&w.call(&row(1)).with("Host", &host).with("X-Delivery", &host)).await,
            200,
            "{host}"
        );
    }
}

#[tokio::test]
async fn the_host_of_the_users_tunnel_is_answered_and_is_what_a_tool_signs() {
    let webhook = json!({
        "verify": {"mode": "hmac", "header": "X-Sig", "signed": "{{url}}{{body}}"},
        "events": [{"stream": "rows", "itemsPath": "$.row"}],
    });
    let w = signing(webhook).await;
    let body = row(1).to_string().into_bytes();
    let public = GatewaySettings::public("https://hooks.example").unwrap();
    w.gateway
        .configure(GatewaySettings { port: 0, public_url: Some(public), ..GatewaySettings::default() })
        .await;
    let local = w.signed(body.clone(), SECRET, w.clock.now());
    assert_eq!(w.status(&local).await, 401, "the tool was told another address");
    let headers = HeaderMap::new();
    let url = format!("https://hooks.example{}", w.path());
    let arrived = Arrived { method: "POST", headers: &headers, body: &body, url: &url, id: None };
    let signed = w.scheme.sign(&Secret::new(SECRET.into()), &arrived, w.clock.now()).unwrap();
    let call = local.with("X-Sig", &signed[0].1).with("Host", "hooks.example");
    assert_eq!(w.status(&call).await, 200);
    let call = call.with("Host", "hooks.example:4310");
    assert_eq!(w.status(&call).await, 421);
    for bad in [
        "http://hooks.example",
        "https://u@hooks.example",
        "https://hooks.example/x",
        "hooks.example",
        "https://hooks.example?x=1",
    ] {
        assert!(GatewaySettings::public(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn what_a_page_sends_is_refused_whoever_signed_it() {
    let w = signing(usual()).await;
    for (name, value) in [
        ("Origin", "https://evil.example".to_owned()),
        ("Origin", "null".to_owned()),
        ("Origin", format!("http://127.0.0.1:{}", w.port())),
        ("Sec-Fetch-Site", "cross-site".to_owned()),
        ("Sec-Fetch-Site", "same-site".to_owned()),
        ("Sec-Fetch-Site", "same-origin".to_owned()),
        ("Sec-Fetch-Site", String::new()),
    ] {
        let call = w.call(&row(1)).with(name, &value);
        let answer = w.send(&call).await;
        assert_eq!(answer.status, 403, "{name}: {value}");
        assert!(!answer.head.contains("access-control"), "{}", answer.head);
    }
    assert_eq!((w.kept().await, w.counted("page").await), (0, 7));
}

#[tokio::test]
async fn nobodys_address_says_nothing() {
    let w = signing(usual()).await;
    let token = &w.token;
    for path in [
        "/".to_owned(),
        "/webhooks".to_owned(),
        "/webhooks/tool".to_owned(),
        "/webhooks/tool/".to_owned(),
        format!("/webhooks/other/{token}"),
        format!("/webhooks/tool/{}", &token[..31]),
        format!("/webhooks/tool/{token}/"),
        format!("/webhooks/tool/{token}0"),
        format!("/webhooks/tool/{}", token.to_uppercase()),
        format!("/webhooks//{token}"),
        format!("/webhooks/tool/x/../{token}"),
        format!("/webhooks/tool%2f{token}"),
        format!("/rpc/webhooks/tool/{token}"),
    ] {
        let mut call = w.call(&row(1));
        call.path.clone_from(&path);
        let answer = w.send(&call).await;
        assert_eq!((answer.status, answer.body.as_str()), (404, ""), "{path}");
    }
    assert_eq!(w.kept().await, 0);
}

#[tokio::test]
async fn methods_types_and_sizes_are_those_of_the_definition() {
    let w = signing(usual()).await;
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"] {
        let mut call = w.call(&row(1));
        call.method = method;
        assert_eq!(w.status(&call).await, 405, "{method}");
    }
    let bodies: [&[u8]; 4] = [
        b"{}",
        b"a=1",
        b"<a/>",
        b"--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../x\"\r\n\r\n1\r\n--x--",
    ];
    let types = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json; charset=utf-16",
        "application/json, text/plain",
        "application/jsonp",
        "application/json-patch+json",
        "",
    ];
    for body in bodies {
        for media in types {
            let call = w.signed(body.to_vec(), SECRET, w.clock.now()).with("Content-Type", media);
            assert_eq!(w.status(&call).await, 415, "{media}");
        }
        let none = w.signed(body.to_vec(), SECRET, w.clock.now()).without("Content-Type");
        assert_eq!(w.status(&none).await, 415);
    }
    for (name, value) in [("Content-Encoding", "gzip"), ("Content-Encoding", "br")] {
        assert_eq!(w.status(&w.call(&row(1)).with(name, value)).await, 415, "{value}");
    }
    let twice = w.call(&row(1)).and("Content-Type", "text/plain");
    assert_eq!(w.status(&twice).await, 415);
    let big = w.signed(vec![b' '; 262_145], SECRET, w.clock.now());
    assert_eq!(w.status(&big).await, 413);
    assert_eq!(w.kept().await, 0);
    for media in ["application/json; charset=UTF-8", "APPLICATION/JSON"] {
        let call = w.call(&row(1)).with("Content-Type", media).with("X-Delivery", media);
        assert_eq!(w.status(&call).await, 200, "{media}");
    }
    let mut whole = row(2).to_string().into_bytes();
    whole.resize(262_144, b' ');
    assert_eq!(w.status(&w.signed(whole, SECRET, w.clock.now())).await, 200);
}

#[tokio::test]
async fn a_body_in_chunks_is_bounded_too() {
    let w = signing(usual()).await;
    let call = w.call(&row(1));
    let mut stream = TcpStream::connect(("127.0.0.1", w.port())).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        call.path,
        w.port()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    for _ in 0..6 {
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut answer = vec![0; 400];
    let read = stream.read(&mut answer).await.unwrap_or(0);
    assert_eq!(read_answer(&answer[..read]).status, 413);
}

/// Half a delivery may read as a whole one: what its sender said of its length decides.
#[tokio::test]
async fn a_body_that_breaks_off_is_refused_counted_and_not_kept() {
    let w = signing(usual()).await;
    let call = w.call(&row(1));
    let whole = call.body.len();
    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    let (first, last) = call.body.split_at(whole / 2);
    let cases = [
        // It is whole by its signature, and not by its length.
        ("Content-Length", (whole + 1).to_string(), call.body.clone()),
        ("Content-Length", whole.to_string(), call.body[..whole - 1].to_vec()),
        ("Content-Length", whole.to_string(), Vec::new()),
        ("Transfer-Encoding", "chunked".to_owned(), [chunk(first), chunk(last)].concat()),
        ("Transfer-Encoding", "chunked".to_owned(), chunk(&call.body)[..whole].to_vec()),
        ("Transfer-Encoding", "chunked".to_owned(), [chunk(&call.body), b"zz\r\n".to_vec()].concat()),
    ];
    let all = cases.len() as u64;
    for (name, value, body) in cases {
        let mut head = format!("POST {} HTTP/1.1\r\n{name}: {value}\r\n", call.path);
        for (name, value) in &call.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut stream = TcpStream::connect(("127.0.0.1", w.port())).await.unwrap();
        stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.unwrap();
        let status = read_answer(&answer).status;
        assert!(matches!(status, 400 | 0), "{name}: {value}, {} bytes: {status}", body.len());
    }
    assert_eq!((w.kept().await, w.counted("broken_off").await), (0, all));
    assert_eq!(w.counted("accepted").await, 0);
    assert_eq!(w.status(&call).await, 200, "the whole of it is still welcome");
}

#[tokio::test]
async fn without_a_secret_the_address_is_closed() {
    let w = world(usual()).await;
    for secret in ["", " ", "x", SECRET] {
        let body = row(1).to_string().into_bytes();
        let headers = HeaderMap::new();
        let arrived = Arrived { method: "POST", headers: &headers, body: &body, url: "", id: None };
        let signed = w.scheme.sign(&Secret::new(secret.into()), &arrived, w.clock.now());
        let mut call = w.signed(body.clone(), "any", w.clock.now());
        for (name, value) in signed.into_iter().flatten() {
            call = call.with(&name, &value);
        }
        assert_eq!(w.status(&call).await, 401, "{secret:?}");
    }
    assert_eq!((w.kept().await, w.counted("no_secret").await), (0, 4));
    w.set_secret(SECRET).await;
    assert_eq!(w.status(&w.call(&row(1))).await, 200);
    // The row is deleted: closed again, and not open.
    w.site.store.credentials_forget().await.unwrap();
    w.gateway.refresh("default").await.unwrap();
    assert_eq!(w.status(&w.call(&row(2))).await, 401);
}

#[tokio::test]
async fn forged_stale_and_replayed_deliveries_are_refused_and_counted_apart() {
    let w = signing(usual()).await;
    let good = w.call(&row(1));
    let mut other = w.call(&row(1));
    other.body = row(2).to_string().into_bytes();
    assert_eq!(w.status(&other).await, 401);
    assert_eq!(w.status(&w.signed(row(1).to_string().into_bytes(), "wrong", w.clock.now())).await, 401);
    assert_eq!(w.status(&w.call(&row(1)).without("X-Sig")).await, 401);
    assert_eq!(w.status(&w.call(&row(1)).without("X-Time")).await, 401);
    for off in [-301_i64, 301] {
        let then = Timestamp::from_second(w.clock.now().as_second() + off).unwrap();
        assert_eq!(w.status(&w.signed(row(1).to_string().into_bytes(), SECRET, then)).await, 401, "{off}");
    }
    assert_eq!(w.kept().await, 0);
    assert_eq!(w.counted("signature").await, 2);
    assert_eq!(w.counted("unsigned").await, 2);
    assert_eq!(w.counted("stale").await, 2);
    assert_eq!(w.status(&good).await, 200);
    w.clock.advance(Duration::from_secs(200));
    assert_eq!(w.status(&good).await, 200, "the same again within its time");
    assert_eq!(w.kept().await, 1, "is not taken again");
    w.clock.advance(Duration::from_secs(101));
    assert_eq!(w.status(&good).await, 401, "and not at all after it");
}

#[tokio::test]
async fn too_many_failed_verifications_close_the_address_for_a_while() {
    let w = signing(usual()).await;
    let forged = w.signed(row(1).to_string().into_bytes(), "wrong", w.clock.now());
    for n in 0..100 {
        assert_eq!(w.status(&forged).await, 401, "{n}");
    }
    let answer = w.send(&forged).await;
    assert_eq!(answer.status, 429);
    assert!(answer.head.contains("retry-after: 60"), "{}", answer.head);
    assert_eq!(w.status(&w.call(&row(1))).await, 429, "nobody is checked then");
    w.clock.advance(Duration::from_secs(1));
    assert_eq!(w.status(&w.call(&row(1))).await, 200);
}

#[tokio::test]
async fn paused_switched_off_and_deleted_connections_keep_nothing() {
    let w = signing(usual()).await;
    let mut connection = w.site.store.connection(&w.connection).await.unwrap().unwrap();
    connection.paused = true;
    w.site.store.connection_update(&connection).await.unwrap();
    w.clock.advance(Duration::from_secs(2));
    let answer = w.send(&w.call(&row(1))).await;
    assert_eq!(answer.status, 503, "the sender comes again later");
    assert!(answer.head.contains("retry-after: 300"));
    connection.paused = false;
    w.site.store.connection_update(&connection).await.unwrap();
    w.clock.advance(Duration::from_secs(2));
    assert_eq!(w.status(&w.call(&row(1))).await, 200);
    w.site.store.connection_delete(&w.connection, false).await.unwrap();
    w.clock.advance(Duration::from_secs(2));
    assert_eq!(w.status(&w.call(&row(2))).await, 404);
    w.gateway.refresh("default").await.unwrap();
    assert!(w.gateway.state().listening.is_none(), "nobody is left to listen for");

    let w = signing(usual()).await;
    w.site.store.webhook_enable(&w.connection, false).await.unwrap();
    w.clock.advance(Duration::from_secs(2));
    assert_eq!(w.status(&w.call(&row(1))).await, 404);
    assert_eq!(w.counted("off").await, 1);
}

#[tokio::test]
async fn genuine_rubbish_is_refused_and_not_kept() {
    let w = signing(usual()).await;
    for body in ["", "{", "{\"a\": 1", "\u{feff}{}", "NaN", &"[".repeat(200)] {
        let call = w.signed(body.as_bytes().to_vec(), SECRET, w.clock.now());
        assert_eq!(w.status(&call).await, 400, "{:?}", &body[..body.len().min(8)]);
    }
    assert_eq!((w.kept().await, w.counted("malformed").await), (0, 6));
}

#[tokio::test]
async fn a_slow_body_is_given_up_and_a_good_sender_does_not_wait_for_a_hundred_of_them() {
    let w = signing(usual()).await;
    let mut slow = Vec::new();
    for n in 0..100 {
        let mut stream = TcpStream::connect(("127.0.0.1", w.port())).await.unwrap();
        let head = if n % 2 == 0 {
            "POST /webhooks/tool/x HTTP/1.1\r\nHost: 127".to_owned()
        } else {
            format!(
                "POST {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{",
                w.path(),
                w.port()
            )
        };
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let begun = std::time::Instant::now();
    assert_eq!(w.status(&w.call(&row(1))).await, 200);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    // The one that has sent its headers is told so; nothing of it is kept.
    let mut answer = vec![0; 200];
    let told = tokio::time::timeout(Duration::from_secs(12), slow[1].read(&mut answer)).await.unwrap().unwrap();
    assert_eq!(read_answer(&answer[..told]).status, 408);
    assert_eq!(w.kept().await, 1);
}

#[tokio::test]
async fn a_taken_port_is_said_and_the_free_one_is_taken() {
    let w = signing(usual()).await;
    let taken = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let port = taken.addr().port();
    w.gateway.configure(GatewaySettings { port, ..GatewaySettings::default() }).await;
    let state = w.gateway.state();
    assert!(state.listening.is_none());
    assert_eq!(state.problem.unwrap().code(), Code::PortInUse);
    drop(taken);
    w.gateway.configure(GatewaySettings { port, ..GatewaySettings::default() }).await;
    assert_eq!(w.gateway.state().listening.unwrap().port(), port);
    assert_eq!(w.status(&w.call(&row(1))).await, 200);
    w.gateway.configure(GatewaySettings { enabled: false, port, ..GatewaySettings::default() }).await;
    assert!(w.gateway.state().listening.is_none());
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "off is off");
}

#[tokio::test]
async fn a_locked_secret_store_asks_the_sender_to_come_again() {
    let dir = tempfile::tempdir().unwrap();
    let w = signing(usual()).await;
    // Another process's vault: the secret was sealed with a key that this one has not.
    drop(dir);
    let vault = Arc::new(Vault::new(Arc::new(MemoryStore::default()), "w"));
    let net = patchbay_net::Client::new(w.clock.clone()).unwrap();
    let site = Site {
        authoriser: Authoriser::new(vault, w.site.store.clone(), net.clone(), w.clock.clone()),
        ..w.site.clone()
    };
    let gateway = Gateway::new(w.clock.clone(), net, GatewaySettings { port: 0, ..GatewaySettings::default() });
    gateway.open(site).await.unwrap();
    let other = World {
        gateway,
        site: w.site.clone(),
        connection: w.connection.clone(),
        token: w.token.clone(),
        clock: w.clock.clone(),
        scheme: w.scheme.clone(),
        dir: tempfile::tempdir().unwrap(),
    };
    let answer = other.send(&other.call(&row(1))).await;
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after"), "{}", answer.head);
    assert_eq!(other.kept().await, 0);
    assert!(w.dir.path().exists());
}
