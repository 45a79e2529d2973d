//! The health check: whether a connection works, and whose it is.

use std::time::Duration;

use patchbay_map::Path;
use patchbay_model::connection::Account;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::text::display_line;
use patchbay_store::{CallKind, HealthSample};
use serde_json::Value;

use crate::activity::Doing;
use crate::engine::{Engine, TRIES_WHILE_WAITED_FOR};
use crate::exchange::{Outgoing, Sent};
use crate::pace::Urgency;
use crate::target::Target;

/// A connection that works.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// Whose it is, where the service says.
    pub account: Option<Account>,
    /// How long the answer took.
    pub took: Duration,
}

impl Engine {
    /// Asks whether the connection works. A trouble that passes by itself is given another try or two.
    pub async fn health(&self, target: &Target) -> Result<Health, Problem> {
        self.check(target, Urgency::Usual).await.0
    }

    /// The same because a person asked for it: an open circuit does not keep it back.
    pub async fn health_now(&self, target: &Target) -> Result<Health, Problem> {
        let _busy = self.busy(target, Doing::Testing);
        self.check(target, Urgency::Now).await.0
    }

    /// The same, with how long the request took where it was sent.
    pub(crate) async fn check(&self, target: &Target, urgency: Urgency) -> (Result<Health, Problem>, Duration) {
        let health = &target.descriptor.health;
        let check = &target.descriptor.descriptor().health_check;
        let built = match target.health_request() {
            Ok(built) => built,
            Err(problem) => return (Err(problem), Duration::ZERO),
        };
        let ask = || Outgoing {
            declared: health.request.as_ref(),
            timeout: Some(Duration::from_millis(check.timeout_ms.unwrap_or(10_000))),
            urgency,
            ..Outgoing::read(target, &built)
        };
        let (sent, retries) = self.read(ask, TRIES_WHILE_WAITED_FOR).await;
        let verdict = judge_health(target, &sent);
        let mut call = self.call_figure(target, "health", CallKind::Test, sent.took);
        (call.retries, call.bytes) = (retries, sent.bytes);
        let sample = HealthSample {
            connection: target.connection.id.clone(),
            at: call.at,
            ok: verdict.is_ok(),
            latency_ms: sent.answered.then_some(call.duration_ms),
            code: verdict.as_ref().err().map(Problem::code),
        };
        self.record(target, call, verdict.as_ref().err()).await;
        if target.is_stored()
            && let Err(error) = self.store.health_sample(sample).await
        {
            tracing::warn!(%error, "a health sample could not be written down");
        }
        (verdict, sent.took)
    }
}

/// What the answer to the health check says.
pub(crate) fn judge_health(target: &Target, sent: &Sent) -> Result<Health, Problem> {
    let health = &target.descriptor.health;
    let check = &target.descriptor.descriptor().health_check;
    let expected = sent.status.is_some_and(|status| check.expect_status.contains(&status));
    let body = match sent.body() {
        Ok(body) => body,
        // A status that the connector declares healthy is no problem, whatever it usually means.
        Err(_) if expected => &sent.body,
        Err(problem) => return Err(problem),
    };
    let odd =
        |detail: String| Err(Problem::new(Code::UnexpectedContent).with("tool", target.tool()).detail(detail));
    if let Some(status) = sent.status
        && !check.expect_status.is_empty()
        && !expected
    {
        return odd(format!("status {status}"));
    }
    if health.expect.as_ref().is_some_and(|expect| !expect.holds(body)) {
        return odd("the answer does not say that all is well".to_owned());
    }
    let label = text(health.identity.as_ref(), body);
    let account = text(health.account.as_ref(), body)
        .or_else(|| label.clone())
        .map(|id| Account { label: label.unwrap_or_else(|| id.clone()), id });
    Ok(Health { account, took: sent.took })
}

fn text(path: Option<&Path>, body: &Value) -> Option<String> {
    match path?.first(body)? {
        Value::String(text) => Some(display_line(text, 100)).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
