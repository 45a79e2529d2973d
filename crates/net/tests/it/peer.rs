//! Peers on loopback: plain sockets, because the faults are below HTTP.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use patchbay_model::SystemClock;
use patchbay_model::descriptor::Method;
use patchbay_net::{Answer, Client, Failure, Request, origin_of};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// Stands for a secret. Must show up nowhere but at the approved origin.
pub(crate) const CANARY: &str = "sandbox-canary-1";

/// What a peer does with each connection.
pub(crate) type Script = fn(TcpStream) -> Pin<Box<dyn Future<Output = ()> + Send>>;

#[expect(clippy::disallowed_methods, reason = "the faulty peer is not the product")]
pub(crate) async fn bind() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Runs the script for each connection.
pub(crate) async fn faulty(script: Script) -> SocketAddr {
    let (listener, address) = bind().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(stream));
        }
    });
    address
}

/// The request line and headers of the next request; none where the connection ends.
pub(crate) async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte).await {
            Ok(1) => seen.push(byte[0]),
            _ => return None,
        }
    }
    Some(String::from_utf8_lossy(&seen).into_owned())
}

/// A peer that answers and remembers what it was sent.
#[derive(Clone)]
pub(crate) struct Recorder {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Recorder {
    /// Answers each request, counted from 0, with what `answer` makes of it. Keeps connections open.
    pub(crate) async fn start(answer: impl Fn(usize) -> String + Send + Sync + 'static) -> Self {
        let (listener, address) = bind().await;
        let recorder = Self { address, heads: Arc::default(), connections: Arc::default() };
        let own = recorder.clone();
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                *own.connections.lock().unwrap() += 1;
                let (own, answer) = (own.clone(), answer.clone());
                tokio::spawn(async move {
                    while let Some(head) = head(&mut stream).await {
                        let count = {
                            let mut heads = own.heads.lock().unwrap();
                            heads.push(head);
                            heads.len() - 1
                        };
                        if stream.write_all(answer(count).as_bytes()).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        recorder
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

pub(crate) fn client() -> Client {
    Client::new(Arc::new(SystemClock::new())).unwrap()
}

/// A request with secrets, approved for its own origin, with short bounds.
pub(crate) fn request(method: Method, url: Url) -> Request {
    let mut request = Request::new(method, url);
    request.origins = origin_of(&request.url).into_iter().collect();
    request.allow_private = true;
    request.timeout = Duration::from_millis(1_500);
    request.max_body = 1 << 20;
    request.secret_headers.push(("X-Api-Key".into(), CANARY.to_owned().into()));
    request.secret_query.push(("api_key".into(), CANARY.to_owned().into()));
    if method == Method::Post {
        request.body = Some(br#"{"title":"t"}"#.to_vec());
        request.content_type = Some("application/json".into());
    }
    request
}

pub(crate) async fn attempt(client: &Client, address: SocketAddr, method: Method) -> Result<Answer, Failure> {
    let url = format!("http://{address}/x?page=2").parse().unwrap();
    client.send(request(method, url)).await
}
