//! The listener that a sign-in comes back to: on this computer, for one sign-in alone (RFC 8252
//! section 7.3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response};
use patchbay_model::descriptor::{Redirect, RedirectHost};
use patchbay_model::problem::Code;
use patchbay_net::{HostGuard, Listener, NetError, listen};
use patchbay_vault::Secret;
use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot, watch};

use super::SignInError;
use super::callback::{Callback, Expected, judge};
use super::exchange::random;
use super::page::Page;

/// The browser's page waits this long for the outcome.
const PATIENCE: Duration = Duration::from_secs(20);
/// The page must still reach the browser when the listener closes.
const GRACE: Duration = Duration::from_secs(2);

/// The answer to the sign-in, and the browser that waits for a page.
pub(super) struct Arrived {
    pub(super) answer: Result<(Secret, Map<String, Value>), SignInError>,
    pub(super) page: oneshot::Sender<Page>,
}

/// A bound listener.
pub(super) struct CallbackListener {
    bound: Vec<Listener>,
    pub(super) redirect_uri: String,
    path: String,
}

/// A listener at work. Closes when it is dropped.
pub(super) struct Listening {
    pub(super) arrivals: mpsc::Receiver<Arrived>,
    refused: Arc<Refused>,
    // The listeners stop when it goes.
    _stop: watch::Sender<()>,
}

/// Why callbacks were not taken.
#[derive(Default)]
pub(super) struct Refused(Mutex<(u32, Option<&'static str>)>);

impl Refused {
    fn note(&self, reason: &'static str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = (seen.0.saturating_add(1), Some(reason));
    }

    /// The last reason.
    pub(super) fn last(&self) -> Option<&'static str> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

struct Gate {
    path: String,
    expected: Expected,
    answered: AtomicBool,
    arrivals: mpsc::Sender<Arrived>,
    refused: Arc<Refused>,
}

impl CallbackListener {
    /// Binds as the definition says: any free port, or the first free one of a list.
    pub(super) async fn bind(redirect: &Redirect) -> Result<Self, SignInError> {
        // Any free port may be taken at the other loopback address: then another is tried.
        let ports: &[u16] = if redirect.ports.is_empty() { &[0; 5] } else { &redirect.ports };
        let mut taken = None;
        for port in ports {
            match listen(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), *port)).await {
                Ok(listener) => match Self::of(listener, redirect).await {
                    Err(SignInError::Call(problem)) if problem.code() == Code::PortInUse => {
                        taken = Some(SignInError::Call(problem));
                    }
                    bound => return bound,
                },
                Err(error @ NetError::PortInUse(_)) => taken = Some(error.into()),
                Err(error) => return Err(error.into()),
            }
        }
        match taken {
            Some(error) => Err(error),
            None => Err(SignInError::Definition("no port is given for the way back".to_owned())),
        }
    }

    async fn of(listener: Listener, redirect: &Redirect) -> Result<Self, SignInError> {
        let port = listener.addr().port();
        let path = match &redirect.path {
            Some(path) => path.clone(),
            None => format!("/callback/{}", random()?.expose().chars().take(22).collect::<String>()),
        };
        let mut bound = vec![listener];
        if redirect.host == RedirectHost::Name {
            // Browsers may take the name for the other address, where somebody else could listen.
            match listen(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port)).await {
                Ok(other) => bound.push(other),
                Err(error @ NetError::PortInUse(_)) => return Err(error.into()),
                Err(error) => tracing::debug!(%error, "this computer has no loopback of IPv6"),
            }
        }
        let redirect_uri = format!("http://{}:{port}{path}", redirect.host.as_str());
        Ok(Self { bound, redirect_uri, path })
    }

    /// Begins to answer.
    pub(super) fn serve(self, expected: Expected) -> Listening {
        let (arrivals, received) = mpsc::channel(1);
        let refused = Arc::new(Refused::default());
        let gate = Arc::new(Gate {
            path: self.path,
            expected,
            answered: AtomicBool::new(false),
            arrivals,
            refused: refused.clone(),
        });
        let (stop, stopped) = watch::channel(());
        for listener in self.bound {
            let router = Router::new().fallback(answer).with_state(gate.clone());
            let router = HostGuard::loopback(listener.addr()).wrap(router);
            let mut stopped = stopped.clone();
            tokio::spawn(async move {
                // Never sent on: it ends when its sender goes.
                let stop = async move { while stopped.changed().await.is_ok() {} };
                if let Err(error) = listener.grace(GRACE).serve(router, stop).await {
                    tracing::warn!(%error, "the way back from the browser ended");
                }
            });
        }
        Listening { arrivals: received, refused, _stop: stop }
    }
}

impl Listening {
    pub(super) fn refused(&self) -> Arc<Refused> {
        self.refused.clone()
    }
}

async fn answer(State(gate): State<Arc<Gate>>, request: Request) -> Response<Body> {
    if request.method() != Method::GET {
        return Page::Method.response();
    }
    // What a proxy would be asked.
    if request.uri().authority().is_some() || !is_navigation(request.headers()) {
        gate.refused.note("it was not opened as a page");
        return Page::Foreign.response();
    }
    if request.uri().path() != gate.path {
        return Page::Nothing.response();
    }
    let answer = match judge(request.uri().query().unwrap_or_default(), &gate.expected) {
        Callback::Foreign(reason) => {
            gate.refused.note(reason);
            return Page::Foreign.response();
        }
        Callback::Code(code, others) => Ok((code, others)),
        Callback::Ended(error) => Err(error),
    };
    if gate.answered.swap(true, Ordering::SeqCst) {
        return Page::Used.response();
    }
    let (page, outcome) = oneshot::channel();
    if gate.arrivals.send(Arrived { answer, page }).await.is_err() {
        return Page::Used.response();
    }
    match tokio::time::timeout(PATIENCE, outcome).await {
        Ok(Ok(page)) => page.response(),
        Ok(Err(_)) => Page::Failed.response(),
        Err(_) => Page::Received.response(),
    }
}

/// Whether a person's browser opened it as a page, and no other page called it. `Sec-Fetch-Site` is not
/// looked at: the end of a sign-in comes from another site.
fn is_navigation(headers: &HeaderMap) -> bool {
    let says =
        |name: &str, wanted: &str| headers.get(name).is_none_or(|value| value.as_bytes() == wanted.as_bytes());
    !headers.contains_key("origin") && says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document")
}
