//! The connection test: what the wizard shows, by the same interpreter that runs chains.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use patchbay_model::connection::Account;
use patchbay_model::descriptor::{Delta, Stream};
use patchbay_model::permissions::may_read;
use patchbay_model::problem::{Code, Problem, Retry};
use patchbay_model::{Signal, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use crate::activity::Doing;
use crate::engine::{Engine, TRIES_WHILE_WAITED_FOR};
use crate::exchange::Outgoing;
use crate::pace::Urgency;
use crate::reader::{Reader, find};
use crate::target::Target;

/// Items that are shown.
const SHOWN: usize = 3;
/// Requests of the sample; those for parents count.
const MOST_REQUESTS: usize = 6;
/// Whole time of one page of the sample.
const PAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// What a test saw.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    /// Reached, signed in, permissions, sample; in this order.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TestLine {
    /// What was tried.
    pub part: TestPart,
    /// How it went.
    pub verdict: Verdict,
    /// What a person reads.
    pub text: String,
    /// How long it took in milliseconds, where it took a request of its own.
    pub ms: Option<u64>,
}

/// What a line of a test is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum TestPart {
    /// Whether the service answers.
    Reached,
    /// Whether it accepts the sign-in.
    SignedIn,
    /// Whether the sign-in may do what was tried.
    Permissions,
    /// A bounded read of the first stream that may be read.
    Sample,
}

/// How a line of a test went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
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

/// What the sample read brought.
struct Sample {
    fitting: usize,
    aside: usize,
    took: Duration,
}

impl Engine {
    /// Tests a connection: the health check, then a bounded read of the first stream, whose second
    /// page must differ from its first. The user asked, so an open circuit does not keep it back.
    pub async fn test(&self, target: &Target) -> TestReport {
        let mut report = TestReport {
            lines: Vec::new(),
            account: None,
            problem: None,
            items: Vec::new(),
            signals: Vec::new(),
        };
        let _busy = self.busy(target, Doing::Testing);
        let (health, took) = self.check(target, Urgency::Now).await;
        match health {
            Err(problem) => report.stopped_by(problem, target.tool(), took),
            Ok(health) => {
                let asked = target.descriptor.adapter().is_none_or(|adapter| adapter.asks_for_health());
                if asked {
                    let answers = format!("{} answers", target.tool());
                    report.say(TestPart::Reached, Verdict::Ok, &answers, Some(took));
                } else {
                    report.say(
                        TestPart::Reached,
                        Verdict::NotRun,
                        "Nobody is asked before a step is run",
                        None,
                    );
                }
                let (verdict, signed_in) = match (&health.account, &target.connection.auth_method) {
                    (Some(account), _) => (Verdict::Ok, format!("Signed in as {}", account.label)),
                    (None, Some(_)) if !asked => (Verdict::NotRun, "The key was not tried".to_owned()),
                    (None, Some(_)) => (Verdict::Ok, "Signed in".to_owned()),
                    (None, None) => (Verdict::Ok, "No sign-in is needed".to_owned()),
                };
                report.say(TestPart::SignedIn, verdict, &signed_in, None);
                report.account = health.account;
                self.sample(target, &mut report).await;
            }
        }
        report
    }

    async fn sample(&self, target: &Target, report: &mut TestReport) {
        let mut say = |permissions: Verdict, sample: Verdict, text: String, took: Option<Duration>| {
            let said = match permissions {
                Verdict::Ok => "What was read is permitted",
                Verdict::Look | Verdict::NotRun => "Permissions were not tried",
                Verdict::Failed => "A permission is missing",
            };
            report.say(TestPart::Permissions, permissions, said, None);
            report.say(TestPart::Sample, sample, &text, took);
        };
        let descriptor = target.descriptor.descriptor();
        let permitted = |stream: &&Stream| may_read(&target.connection, descriptor, stream);
        let Some(stream) = descriptor.streams.iter().find(permitted) else {
            let text = match descriptor.streams.as_slice() {
                [] => "There is nothing to read continuously",
                _ => "Nothing that is read continuously was permitted",
            };
            say(Verdict::NotRun, Verdict::NotRun, text.to_owned(), None);
            return;
        };
        let (title, mut shown) = (&stream.title, (Vec::new(), Vec::new()));
        match self.read_sample(target, &stream.id, &mut shown).await {
            Ok(Sample { fitting: 0, aside: 0, took }) => {
                say(Verdict::Ok, Verdict::Look, format!("{title}: nothing there yet"), Some(took));
            }
            Ok(Sample { fitting, aside: 0, took }) => {
                say(Verdict::Ok, Verdict::Ok, format!("{title}: {fitting} read"), Some(took));
            }
            Ok(Sample { fitting, aside, took }) => {
                let text = format!("{title}: {fitting} read, {aside} do not fit");
                say(Verdict::Ok, Verdict::Look, text, Some(took));
            }
            Err(problem) => {
                let text = format!("{title}: {}", problem.title());
                let permissions = match problem.code() {
                    Code::PermissionDenied => Verdict::Failed,
                    _ => Verdict::NotRun,
                };
                // What only asks to wait does not stand against the connection.
                if problem.code().retry() == Retry::Wait {
                    say(permissions, Verdict::Look, text, None);
                } else {
                    say(permissions, Verdict::Failed, text, None);
                    report.problem = Some(problem);
                }
            }
        }
        (report.items, report.signals) = shown;
    }

    async fn read_sample(
        &self,
        target: &Target,
        stream: &str,
        shown: &mut (Vec<Value>, Vec<Signal>),
    ) -> Result<Sample, Problem> {
        let (shape, ready) = find(target, stream)?;
        let now = self.clock.now();
        let mut reader = Reader::new(target, stream, latest(shape, now), now)?;
        let mut seen = BTreeSet::new();
        let mut sample = Sample { fitting: 0, aside: 0, took: Duration::ZERO };
        let mut pages = 0;
        for _ in 0..MOST_REQUESTS {
            let Some(ask) = reader.ask()? else { break };
            let ask = || Outgoing { timeout: Some(PAGE_TIMEOUT), ..ask.outgoing(target) };
            let (sent, _) = self.read(ask, TRIES_WHILE_WAITED_FOR).await;
            sample.took += sent.took;
            let taken = reader.take(&sent.headers, sent.body()?)?;
            let Some(page) = taken.page else { continue };
            let ids: BTreeSet<String> =
                taken.items.iter().filter_map(|item| ready.mapper.external_id(item)).collect();
            // Some services answer every page with the first one.
            if taken.number == 2 && !ids.is_empty() && ids.is_subset(&seen) {
                return Err(Problem::new(Code::MalformedResponse)
                    .with("tool", target.tool())
                    .detail("its second page is the same as its first: later items would be missed"));
            }
            seen = ids;
            if pages == 0 {
                shown.0 = taken.items.iter().take(SHOWN).map(|item| (*item).clone()).collect();
                shown.1 = page.signals.iter().take(SHOWN).cloned().collect();
            }
            sample.fitting += page.signals.len();
            sample.aside += page.quarantined.len();
            taken.after?;
            pages += 1;
            if pages == 2 {
                break;
            }
        }
        Ok(sample)
    }
}

/// Of a stream that is read in windows, the last one is shown.
pub(crate) fn latest(stream: &Stream, now: Timestamp) -> Option<Value> {
    let Delta::TimestampFilter { window_seconds: Some(seconds), .. } = &stream.delta else { return None };
    let start = now.checked_sub(SignedDuration::from_secs(i64::from(*seconds))).ok()?;
    Some(json!({ "timestamp": start.to_string() }))
}

impl TestReport {
    fn say(&mut self, part: TestPart, verdict: Verdict, text: &str, took: Option<Duration>) {
        let ms = took.map(|took| took.as_millis() as u64);
        self.lines.push(TestLine { part, verdict, text: text.to_owned(), ms });
    }

    /// The health check failed: how far it came says which line.
    fn stopped_by(&mut self, problem: Problem, tool: &str, took: Duration) {
        use TestPart::{Permissions, Reached, Sample, SignedIn};
        let (reached, signed_in, permissions) = match problem.code() {
            Code::AuthInvalid | Code::AuthRevoked | Code::AuthExpired => {
                (Verdict::Ok, Verdict::Failed, Verdict::NotRun)
            }
            Code::PermissionDenied => (Verdict::Ok, Verdict::Ok, Verdict::Failed),
            // Nothing was sent, for want of the key.
            Code::SecretMissing | Code::SecretStoreLocked | Code::SecretStoreUnavailable => {
                (Verdict::NotRun, Verdict::Failed, Verdict::NotRun)
            }
            Code::RateLimited | Code::QuotaExhausted | Code::LocalRateLimited => {
                (Verdict::Look, Verdict::NotRun, Verdict::NotRun)
            }
            _ => (Verdict::Failed, Verdict::NotRun, Verdict::NotRun),
        };
        let text = match reached {
            Verdict::Ok => format!("{tool} answers"),
            Verdict::NotRun => format!("{tool} was not asked"),
            Verdict::Look | Verdict::Failed => problem.title(),
        };
        self.say(Reached, reached, &text, (reached != Verdict::NotRun).then_some(took));
        let text = if signed_in == Verdict::Failed { problem.title() } else { "Signed in".to_owned() };
        self.say(SignedIn, signed_in, &text, None);
        let text = if permissions == Verdict::Failed { problem.title() } else { "Permissions".to_owned() };
        self.say(Permissions, permissions, &text, None);
        self.say(Sample, Verdict::NotRun, "Read a sample", None);
        self.problem = Some(problem);
    }
}
