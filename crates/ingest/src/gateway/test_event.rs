//! "Send a test event": a delivery of our own, signed with the stored secret, that comes in by the door
//! like any other. What would come of it is told, and nothing is left behind.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use patchbay_auth::webhook::Arrived;
use patchbay_connector::webhook::FORM;
use patchbay_model::ConnectionId;
use patchbay_model::descriptor::Method;
use patchbay_model::problem::{Code, Problem};
use patchbay_net::{Request, origin_of};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Gateway, TEST};

/// By this header the gateway knows its own deliveries. The value is random and holds once.
const HEADER: &str = "x-patchbay-test";
/// How long to wait for what comes of it.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);

/// Test deliveries under way.
#[derive(Debug, Default)]
pub(super) struct Tests(Mutex<HashSet<String>>);

impl Tests {
    fn expect(&self, nonce: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(nonce.to_owned());
    }

    fn forget(&self, nonce: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(nonce);
    }

    /// Whether a delivery is one of ours; once.
    pub(super) fn take(&self, headers: &HeaderMap) -> Option<String> {
        let nonce = headers.get(HEADER)?.to_str().ok()?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(nonce)
    }
}

/// What a test event showed.
#[derive(Clone, Debug, PartialEq)]
pub struct TestSent {
    /// The status with which the gateway answered.
    pub status: u16,
    /// What would come of it; none where it was refused.
    pub result: Option<Value>,
}

impl Gateway {
    /// Sends a test event to a connection's webhook, through the gateway itself.
    ///
    /// # Errors
    /// `NOT_OFFERED` where only the tool can sign, or the webhook or the gateway is off.
    pub async fn send_test(&self, workspace: &str, connection: &ConnectionId) -> Result<TestSent, Problem> {
        let site = self.sites().get(workspace).map(|open| open.site.clone());
        let site = site.ok_or_else(|| Problem::new(Code::Internal).detail("the workspace is not open"))?;
        let gone = || Problem::new(Code::NotFound).with("item", "The webhook");
        let stored = site.store.connection(connection).await?.ok_or_else(gone)?;
        let row = site.store.webhook(connection).await?.ok_or_else(gone)?;
        let compiled = site.definitions.compiled(&stored.connector).ok_or_else(gone)?;
        let webhook = compiled.webhook().ok_or_else(gone)?;
        let not_offered = |message: &str| {
            Problem::new(Code::NotOffered).with("tool", &compiled.descriptor().name).with("message", message)
        };
        let scheme = webhook.scheme();
        if !scheme.can_sign() {
            return Err(not_offered("Only the tool can sign for it: cause an event there."));
        }
        let state = self.state();
        let Some(at) = state.listening.filter(|_| row.enabled) else {
            return Err(state.problem.unwrap_or_else(|| not_offered("Its webhook is switched off.")));
        };
        let secrets = site
            .authoriser
            .webhook_secrets(connection, row.sealed.as_ref(), row.previous_until)
            .await
            .map_err(Problem::from)?;
        if webhook.shape().verify.needs_secret() && !secrets.is_there() {
            return Err(not_offered("It has no secret yet: nothing is taken without one."));
        }
        let now = self.inner.clock.now();
        let sample = webhook.shape().sample.as_ref();
        let mut body = sample.map_or_else(|| json!({ "test": true }), |sample| sample.body.clone());
        scheme.stamp(&mut body, now);
        let types = &webhook.shape().content_types;
        let form = types.first().is_some_and(|first| first == FORM);
        let bytes = if form { as_form(&body, webhook.shape().form_field.as_deref()) } else { body.to_string() };

        let nonce = super::token()?;
        let mut headers: Vec<(String, String)> = sample
            .into_iter()
            .flat_map(|sample| sample.headers.iter().map(|(name, value)| (name.clone(), value.clone())))
            .collect();
        // What names a delivery differs each time, as the tool's own would.
        for name in webhook.id_headers() {
            headers.retain(|(own, _)| !own.eq_ignore_ascii_case(&name));
            headers.push((name, nonce.clone()));
        }
        let (local, public) = self.addresses(&stored.connector, &row.token);
        let local = local.ok_or_else(gone)?;
        let told = public.unwrap_or_else(|| local.clone());
        let mut map = HeaderMap::new();
        for (name, value) in &headers {
            if let (Ok(name), Ok(value)) =
                (name.parse::<axum::http::HeaderName>(), HeaderValue::from_str(value))
            {
                map.append(name, value);
            }
        }
        let id = webhook.id_headers().next().map(|_| nonce.clone());
        let arrived = Arrived {
            method: "POST",
            headers: &map,
            body: bytes.as_bytes(),
            url: told.as_str(),
            id: id.as_deref(),
        };
        let signed = secrets
            .sign(scheme, &arrived, now)
            .ok_or_else(|| not_offered("Only the tool can sign for it: cause an event there."))?;
        let mut request = Request::new(Method::Post, local.clone());
        request.origins = origin_of(&local).into_iter().collect();
        request.allow_private = true;
        request.timeout = PATIENCE;
        request.headers = headers;
        request.headers.push((HEADER.to_owned(), nonce.clone()));
        request.secret_headers =
            signed.into_iter().map(|(name, value)| (name, zeroize::Zeroizing::new(value))).collect();
        request.content_type = Some(types.first().cloned().unwrap_or_else(|| "application/json".to_owned()));
        request.body = Some(bytes.into_bytes());
        tracing::debug!(%at, "a test event goes to the gateway");
        self.inner.tests.expect(&nonce);
        let answer = self.inner.net.send(request).await;
        self.inner.tests.forget(&nonce);
        let answer = answer.map_err(Problem::from)?;
        let result = if (200..300).contains(&answer.status) {
            self.came_of(&site.store, connection, &format!("{TEST}{nonce}")).await?
        } else {
            None
        };
        Ok(TestSent { status: answer.status, result })
    }

    /// Waits for what comes of a delivery.
    async fn came_of(
        &self,
        store: &patchbay_store::Store,
        connection: &ConnectionId,
        delivery: &str,
    ) -> Result<Option<Value>, Problem> {
        let looks = PATIENCE.as_millis() / LOOK.as_millis();
        for _ in 0..looks {
            if let Some(result) = store.inbox_result(connection, delivery).await? {
                return Ok(Some(result));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(None)
    }
}

/// A delivery as a form writes it.
fn as_form(body: &Value, field: Option<&str>) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    match field {
        Some(name) => {
            form.append_pair(name, &body.to_string());
        }
        None => {
            for (name, value) in body.as_object().into_iter().flatten() {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                form.append_pair(name, &text);
            }
        }
    }
    form.finish()
}
