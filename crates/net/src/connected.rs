//! Whether a request's connection stood before its time ran out.
//!
//! The library's own timer for the whole request does not tell: it looks the same before and after the
//! first byte.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tower_layer::Layer;
use tower_service::Service;

tokio::task_local! {
    static CONNECTED: Connected;
}

/// Set once a connection stands, TLS included.
#[derive(Clone, Default)]
pub(crate) struct Connected(Arc<AtomicBool>);

impl Connected {
    /// Runs a request whose connection is made in the same task.
    pub(crate) fn watch<F: Future>(self, request: F) -> impl Future<Output = F::Output> {
        CONNECTED.scope(self, request)
    }

    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Notices connections as they are made.
#[derive(Clone, Copy)]
pub(crate) struct NoticeLayer;

impl<S> Layer<S> for NoticeLayer {
    type Service = Notice<S>;

    fn layer(&self, inner: S) -> Notice<S> {
        Notice(inner)
    }
}

#[derive(Clone)]
pub(crate) struct Notice<S>(S);

impl<S, R> Service<R> for Notice<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
    S::Response: Send,
    S::Error: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connecting = self.0.call(request);
        async move {
            let made = connecting.await;
            if made.is_ok() {
                // No request of ours waits where the library connects ahead.
                let _ = CONNECTED.try_with(|connected| connected.0.store(true, Ordering::Release));
            }
            made
        }
        .boxed()
    }
}
