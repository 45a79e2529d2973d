//! Sends what Sandbox Sheet tells, signed as standardwebhooks.com says, until it is taken. The witness of
//! the tests: it counts what was acknowledged.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use patchbay_model::descriptor::Method;
use patchbay_net::{Request, origin_of};
use ring::hmac;
use serde_json::json;
use url::Url;

use crate::server::Shared;
use crate::sheet::{Hook, Row};

/// Pauses before each further try. After the last one the delivery is given up.
const PAUSES: [Duration; 8] = [
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
    Duration::from_secs(30),
];
/// How long to wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The key out of a secret.
pub(crate) fn key(secret: &str) -> Option<hmac::Key> {
    let bytes = STANDARD.decode(secret.strip_prefix("whsec_")?).ok().filter(|bytes| bytes.len() >= 16)?;
    Some(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

impl Shared {
    /// Tells every hook what happened to a row. The sender is not waited for.
    pub(crate) fn tell(&self, kind: &str, row: &Row) {
        let now = self.clock.now();
        let hooks: Vec<Hook> =
            self.world().hooks.iter().filter(|hook| hook.expires_at > now).cloned().collect();
        let body = json!({ "type": kind, "timestamp": now, "row": row }).to_string();
        for hook in hooks {
            let id = {
                let mut world = self.world();
                world.counters.deliveries.begun += 1;
                format!("msg_{}_{}", uuid::Uuid::now_v7().simple(), hook.id)
            };
            tokio::spawn(deliver(self.clone(), hook, id, body.clone()));
        }
    }
}

/// Sends until it is taken, and gives up in the end.
async fn deliver(shared: Shared, hook: Hook, id: String, body: String) {
    let pauses = PAUSES.iter().copied().map(Some).chain([None]);
    for pause in pauses {
        let taken = attempt(&shared, &hook, &id, &body).await;
        note(&shared, taken, pause.is_none());
        if taken {
            return;
        }
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Counts a try.
fn note(shared: &Shared, taken: bool, last: bool) {
    let mut world = shared.world();
    let deliveries = &mut world.counters.deliveries;
    deliveries.tries += 1;
    if taken {
        deliveries.accepted += 1;
    } else {
        deliveries.refused += 1;
        deliveries.given_up += u64::from(last);
    }
}

async fn attempt(shared: &Shared, hook: &Hook, id: &str, body: &str) -> bool {
    let (Ok(url), Some(key)) = (Url::parse(&hook.url), key(&hook.secret)) else { return false };
    let at = shared.clock.now().as_second().to_string();
    let signature = STANDARD.encode(hmac::sign(&key, [id, ".", &at, ".", body].concat().as_bytes()));
    let mut request = Request::new(Method::Post, url.clone());
    request.origins = origin_of(&url).into_iter().collect();
    request.allow_private = true;
    request.timeout = TIMEOUT;
    request.headers = vec![
        ("webhook-id".to_owned(), id.to_owned()),
        ("webhook-timestamp".to_owned(), at),
        ("webhook-signature".to_owned(), format!("v1,{signature}")),
    ];
    request.content_type = Some("application/json".to_owned());
    request.body = Some(body.as_bytes().to_vec());
    shared.net.send(request).await.is_ok_and(|answer| (200..300).contains(&answer.status))
}
