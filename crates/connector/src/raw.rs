//! Reads of an address that the user names, below a connection's base address.

use patchbay_model::problem::{Code, Problem};
use patchbay_store::CallKind;
use serde::Serialize;
use serde_json::Value;

use crate::activity::Doing;
use crate::engine::{Engine, TRIES_WHILE_WAITED_FOR};
use crate::exchange::Outgoing;
use crate::paging::bare;
use crate::target::Target;

/// What an address of a service holds.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RawRead {
    /// The body.
    pub data: Value,
    /// Where it came from, without its query.
    pub url: String,
    /// The status code.
    pub status: u16,
}

impl Engine {
    /// Reads one address below the connection's base address.
    pub async fn get(
        &self,
        target: &Target,
        path: &str,
        query: &[(String, String)],
    ) -> Result<RawRead, Problem> {
        let invalid =
            |message: &str| Problem::new(Code::InputInvalid).with("field", "The path").with("message", message);
        let path_only = path.split(['?', '#']).next().unwrap_or_default();
        if !path.starts_with('/') || path_only.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(invalid("It begins with a slash and has no \"..\"."));
        }
        if target.descriptor.adapter().is_some() {
            return Err(Problem::new(Code::NotOffered)
                .with("tool", target.tool())
                .with("message", "It has no addresses to read; it has operations."));
        }
        let config = &target.connection.config;
        let base = target.descriptor.base(config).map_err(Problem::from)?;
        let built = target.descriptor.build_raw(config, path, query).map_err(Problem::from)?;
        let below = base.path().trim_end_matches('/');
        // Parsing resolves what is spelt in other ways, such as "%2e%2e".
        let leaves = built.url.origin() != base.origin()
            || built.url.path().strip_prefix(below).is_none_or(|rest| !rest.starts_with('/'));
        if leaves {
            return Err(invalid("It leads out of the connection's address."));
        }
        let _busy = self.busy(target, Doing::Using);
        let send = || Outgoing { names_item: true, ..Outgoing::read(target, &built) };
        let (sent, retries) = self.read(send, TRIES_WHILE_WAITED_FOR).await;
        let mut call = self.call_figure(target, path_only, CallKind::Read, sent.took);
        let body = sent.body().cloned();
        (call.retries, call.bytes) = (retries, sent.bytes);
        self.record(target, call, body.as_ref().err()).await;
        let url = bare(&built.url);
        Ok(RawRead {
            data: body.map_err(|problem| problem.with("item", format!("The address {url}")))?,
            url,
            status: sent.status.unwrap_or_default(),
        })
    }
}
