//! The connection test: what the wizard shows, by the same interpreter that runs chains.

use std::collections::BTreeSet;

use patchbay_model::Signal;
use patchbay_model::connection::Account;
use patchbay_model::problem::{Code, Problem};
use serde::Serialize;
use serde_json::{Value, json};

use crate::engine::{Engine, Target};
use crate::paging::Pager;
use crate::sync::{find, map_page, page_request};

/// What a test saw.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    /// Reached, signed in, sample; in this order.
    pub lines: Vec<TestLine>,
    /// Whose account it is, where the service says.
    pub account: Option<Account>,
    /// Why it does not work; none where it does.
    pub problem: Option<Problem>,
    /// Up to three items as the service sent them.
    pub items: Vec<Value>,
    /// The same as signals.
    pub signals: Vec<Signal>,
}

/// One line of a test.
#[derive(Clone, Debug, Serialize)]
pub struct TestLine {
    /// How it went.
    pub verdict: Verdict,
    /// What a person reads.
    pub text: String,
}

/// How a line of a test went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// In order.
    Ok,
    /// Works, and is worth a look.
    Look,
    /// Does not work.
    Failed,
    /// Not tried, because something before it failed, or there is nothing to try.
    NotRun,
}

impl Engine {
    /// Tests a connection: the health check, then a bounded read of the first stream, whose second
    /// page must differ from its first.
    pub async fn test(&self, target: &Target) -> TestReport {
        let mut report = TestReport {
            lines: Vec::new(),
            account: None,
            problem: None,
            items: Vec::new(),
            signals: Vec::new(),
        };
        let tool = target.tool().to_owned();
        let health = match self.health(target).await {
            Ok(health) => health,
            Err(problem) => {
                let reached = answered(problem.code());
                let ok = if reached { Verdict::Ok } else { Verdict::Failed };
                report.say(
                    ok,
                    if reached { format!("{tool} answers") } else { format!("{tool} was not reached") },
                );
                report.say(if reached { Verdict::Failed } else { Verdict::NotRun }, "Signed in".to_owned());
                report.say(Verdict::NotRun, "Read a sample".to_owned());
                report.problem = Some(problem);
                return report;
            }
        };
        report.say(Verdict::Ok, format!("{tool} answers ({} ms)", health.took.as_millis()));
        report.say(
            Verdict::Ok,
            match &health.account {
                Some(account) => format!("Signed in as {}", account.label),
                None => "Signed in".to_owned(),
            },
        );
        report.account = health.account;
        self.sample(target, &mut report).await;
        report
    }

    async fn sample(&self, target: &Target, report: &mut TestReport) {
        let Some(stream) = target.descriptor.descriptor().streams.first() else {
            report.say(Verdict::NotRun, "There is nothing to read continuously".to_owned());
            return;
        };
        match self.sample_stream(target, &stream.id, report).await {
            Ok((0, _)) => report.say(Verdict::Look, format!("{}: nothing there yet", stream.title)),
            Ok((count, aside)) if aside > 0 => {
                report.say(Verdict::Look, format!("{}: {count} read, {aside} do not fit", stream.title));
            }
            Ok((count, _)) => report.say(Verdict::Ok, format!("{}: {count} read", stream.title)),
            Err(problem) => {
                report.say(Verdict::Failed, format!("{}: {}", stream.title, problem.title()));
                report.problem = Some(problem);
            }
        }
    }

    async fn sample_stream(
        &self,
        target: &Target,
        stream: &str,
        report: &mut TestReport,
    ) -> Result<(usize, usize), Problem> {
        let (shape, ready) = find(target, stream)?;
        let built = target
            .descriptor
            .build(&ready.request, &target.connection.config, json!({}))
            .map_err(Problem::from)?;
        let mut pager = Pager::new(target.paging(shape.pagination.as_ref()), target.tool());
        let mut request = pager.first(built);
        let mut seen = BTreeSet::new();
        let (mut count, mut aside) = (0, 0);
        for number in 0..2 {
            let sent = self.send(page_request(target, shape.request.method, &request)).await;
            let body = sent.body()?;
            let page = map_page(target, stream, ready, body);
            let ids: BTreeSet<String> = page.signals.iter().map(|s| s.external_id.clone()).collect();
            // Some services answer every page with the first one.
            if number == 1 && !ids.is_empty() && ids.is_subset(&seen) {
                return Err(Problem::new(Code::MalformedResponse)
                    .with("tool", target.tool())
                    .detail("its second page is the same as its first: later items would be missed"));
            }
            seen.extend(ids);
            if number == 0 {
                report.items = ready.mapper.items(body).into_iter().take(3).cloned().collect();
                report.signals = page.signals.iter().take(3).cloned().collect();
            }
            count += page.signals.len();
            aside += page.quarantined.len();
            match pager.next(&request, &sent.headers, body, page.items)? {
                Some(next) => request = next,
                None => break,
            }
        }
        Ok((count, aside))
    }
}

impl TestReport {
    fn say(&mut self, verdict: Verdict, text: String) {
        self.lines.push(TestLine { verdict, text });
    }
}

/// Whether the service itself answered.
fn answered(code: Code) -> bool {
    !matches!(
        code,
        Code::TimeoutConnect
            | Code::TimeoutResponse
            | Code::ConnectionRefused
            | Code::ConnectionLost
            | Code::DnsFailure
            | Code::Offline
            | Code::TlsFailure
            | Code::TargetBlocked
            | Code::CircuitOpen
            | Code::LocalRateLimited
            | Code::SecretStoreLocked
            | Code::SecretStoreUnavailable
            | Code::SecretMissing
    )
}
