//! The engine: sends what was planned and says what came of it.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use patchbay_auth::{Authorised, Authoriser, Credential, Redactor};
use patchbay_model::circuit::Circuit;
use patchbay_model::connection::ConnectionEvent;
use patchbay_model::descriptor::AuthMethod;
use patchbay_model::problem::{Code, HealthEffect, Problem, Retry, Subject};
use patchbay_model::rate::RateWindow;
use patchbay_model::{Clock, ConnectionId};
use patchbay_net::{Client, Request};
use patchbay_store::{Call, CallKind, Seen, Store};

use crate::activity::{Activity, Busy, Doing};
use crate::bounds::{Bounds, CallRules, Decided};
use crate::classify::{self, Meaning};
use crate::exchange::{Outgoing, Sent, judge};
use crate::pace::{Lesson, Pace, Urgency};
use crate::pause;
use crate::target::{Target, TargetCredential};

/// Tries of a read.
pub(crate) const TRIES: usize = 5;
/// Tries where somebody waits for the answer: a check, a test, an address that was asked for.
pub(crate) const TRIES_WHILE_WAITED_FOR: usize = 3;
/// Tries of an answer that came and could not be read: it is rarely better the third time.
const TRIES_OF_THE_UNREADABLE: u32 = 2;

/// The interpreter of connectors. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) net: Client,
    pub(crate) authoriser: Authoriser,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) pace: Pace,
    activity: Activity,
    decided: Decided,
}

impl Engine {
    /// Puts the parts together.
    pub fn new(net: Client, authoriser: Authoriser, store: Store, clock: Arc<dyn Clock>) -> Self {
        let pace = Pace::new(store.limits(), clock.clone());
        Self { net, authoriser, store, clock, pace, activity: Activity::default(), decided: Decided::default() }
    }

    /// Takes what a person decided about calls, for everything and for single connections. It holds from
    /// the next call on.
    pub fn decide(&self, general: CallRules, own: HashMap<ConnectionId, CallRules>) {
        self.decided.set(general, own);
    }

    /// What the calls of a target keep within.
    pub(crate) fn bounds<'t>(&self, target: &'t Target) -> Bounds<'t> {
        Bounds::of(&target.descriptor.descriptor().limits, self.decided.of(&target.connection.id))
    }

    /// The paces that hold for calls of a target, all at once.
    pub fn paces(&self, target: &Target) -> Vec<RateWindow> {
        self.bounds(target).limits.into_owned().rate
    }

    /// What is being done with connections.
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Shows that something is done with a connection that is kept.
    pub(crate) fn busy(&self, target: &Target, doing: Doing) -> Option<Busy> {
        target.is_stored().then(|| self.activity.begin(&target.connection.id, doing))
    }

    /// Lets calls of a connection pass again, whatever failed before. Says how many circuits were not
    /// closed. Pauses that the service asked for stay.
    pub fn close_circuits(&self, connection: &ConnectionId) -> usize {
        let limits = self.store.limits_of(connection).into_iter();
        let open = limits.filter(|(_, state)| state.circuit != Circuit::default());
        open.map(|(key, state)| self.pace.close(&key, state)).count()
    }

    /// Makes one attempt. A token that the service refuses is renewed, and the request sent once more, in a
    /// turn of its own: a refused one had no effect, and counts for the service's limits all the same.
    pub(crate) async fn send(&self, send: Outgoing<'_>) -> Sent {
        let started = self.clock.monotonic();
        let patience = self.bounds(send.target).patience(send.timeout);
        let (sent, token) = self.in_turn(&send, patience).await;
        let (connection, descriptor) = (&send.target.connection, send.target.descriptor.descriptor());
        let method = descriptor.auth_method_of(connection);
        if !refused(&sent) || !method.is_some_and(AuthMethod::has_tokens) {
            return sent;
        }
        if !send.target.is_stored() {
            return ended(sent);
        }
        match self.authoriser.renew_refused(connection, descriptor, token).await {
            Ok(()) => {
                let left = patience.saturating_sub(self.clock.monotonic().saturating_sub(started));
                let (sent, _) = self.in_turn(&send, left).await;
                if refused(&sent) { ended(sent) } else { sent }
            }
            // The request itself was refused, whatever became of the renewal.
            Err(error) => {
                let problem = Problem::from(error).with_default("tool", &descriptor.name);
                Sent { meaning: Meaning::NotDone(problem), ..sent }
            }
        }
    }

    /// Waits for a turn, no longer than `patience`, sends once and learns from it. Gives the token that it
    /// was sent with too.
    async fn in_turn(&self, send: &Outgoing<'_>, patience: Duration) -> (Sent, Option<u64>) {
        let descriptor = send.target.descriptor.descriptor();
        let unsent = |problem: Problem| (Sent::unsent(problem.with_default("tool", &descriptor.name)), None);
        let mut passage = send.passage();
        if self.decided.is_rate_own(&send.target.connection.id) {
            // Fitted to one rate and then to another, a shared budget would keep neither.
            passage.budget.clone_from(&passage.gate);
        }
        let bounds = self.bounds(send.target);
        // A request that the service counts apart waits for its own turn first.
        let own = send.declared.filter(|declared| !declared.limits.rate.is_empty());
        let own_passage = own.map_or_else(|| passage.clone(), |own| passage.apart(&own.name));
        let own_bounds = own.map(|own| Bounds::declared(&own.limits));
        let own_turn = match &own_bounds {
            None => None,
            Some(own) => {
                let turn = self.pace.admit(&own_passage, own, &descriptor.name, Urgency::Usual, patience);
                match turn.await {
                    Ok(turn) => Some(turn),
                    Err(problem) => return unsent(problem),
                }
            }
        };
        let turn = self.pace.admit(&passage, &bounds, &descriptor.name, send.urgency, patience);
        let turn = match turn.await {
            Ok(turn) => turn,
            Err(problem) => return unsent(problem),
        };
        let (sent, token) = match &send.built.here {
            Some(here) => (self.here(send, here).await, None),
            None => match self.once(send).await {
                Ok(sent) => sent,
                Err(problem) => return unsent(problem),
            },
        };
        let now = self.clock.now();
        let problem = sent.problem();
        let hold = problem
            .filter(|problem| matches!(problem.code(), Code::RateLimited | Code::QuotaExhausted))
            .and_then(Problem::when)
            .map(|at| at.duration_since(now))
            .or_else(|| pause::hold(&descriptor.limits, &sent.headers, now));
        // What is wrong with a body that came says nothing against the service's being there.
        let code = match &sent.meaning {
            Meaning::NotDone(problem) | Meaning::Unknown(problem) => Some(problem.code()),
            Meaning::Done | Meaning::Empty | Meaning::DoneUnread(_) => None,
        };
        let hold = hold.and_then(|wait| Duration::try_from(wait).ok());
        let lesson = Lesson::of(code, sent.answered);
        match own_turn {
            // What is counted apart pauses apart.
            Some(own) => {
                own.learn(Lesson::Answers, hold);
                turn.learn(lesson, None);
            }
            None => turn.learn(lesson, hold),
        }
        (sent, token)
    }

    /// One attempt, with the token that it was made with.
    async fn once(&self, send: &Outgoing<'_>) -> Result<(Sent, Option<u64>), Problem> {
        let mut request = send.request(&self.bounds(send.target));
        let Authorised { redactor, token } = self.authorise(send.target, &mut request).await?;
        if let Some(pointer) = send.secret_at {
            let connection = &send.target.connection;
            self.authoriser.add_webhook_secret(connection, pointer, &mut request).await?;
        }
        let started = self.clock.monotonic();
        let answer = self.net.send(request).await;
        let took = self.clock.monotonic().saturating_sub(started);
        let asked = send.asked(self.clock.now());
        let sent = match answer {
            Ok(answer) => judge(&asked, send.built.method, answer, &redactor),
            Err(failure) => Sent::unanswered(classify::failure(&asked, &failure), took),
        };
        Ok((sent, token))
    }

    pub(crate) async fn authorise(
        &self,
        target: &Target,
        request: &mut Request,
    ) -> Result<Authorised, Problem> {
        let (connection, descriptor) = (&target.connection, target.descriptor.descriptor());
        let none = Credential::default();
        let given = match &target.credential {
            TargetCredential::Stored => {
                return Ok(self.authoriser.authorise(connection, descriptor, request).await?);
            }
            TargetCredential::Given(credential) => credential,
            TargetCredential::None => &none,
        };
        let redactor = self.authoriser.authorise_with(connection, descriptor, given, request)?;
        Ok(Authorised { redactor, token: None })
    }

    /// What masks the secrets of a target, as far as they are known without opening anything.
    pub(crate) fn redactor(&self, target: &Target) -> Arc<Redactor> {
        let descriptor = target.descriptor.descriptor();
        match &target.credential {
            TargetCredential::Stored => self.authoriser.redactor(&target.connection.id),
            TargetCredential::Given(credential) => descriptor
                .auth_method_of(&target.connection)
                .map(|method| Arc::new(Redactor::new(credential, method)))
                .unwrap_or_default(),
            TargetCredential::None => Arc::default(),
        }
    }

    /// Sends a read, and again with full-jitter back-off while that may help: at most `tries` times
    /// and within the time that one request is given, pauses included. A pause that the service asks for is honoured
    /// where it ends within that time, and told to the caller otherwise. Gives the number of repeats
    /// too.
    pub(crate) async fn read<'a>(&self, send: impl Fn() -> Outgoing<'a>, tries: usize) -> (Sent, u32) {
        let mut ceilings = None;
        let started = self.clock.monotonic();
        let mut repeats = 0;
        loop {
            let outgoing = send();
            let bounds = self.bounds(outgoing.target);
            let patience = bounds.patience(outgoing.timeout);
            let left = patience.saturating_sub(self.clock.monotonic().saturating_sub(started));
            let sent = self.send(Outgoing { timeout: Some(left), ..outgoing }).await;
            let Meaning::NotDone(problem) = &sent.meaning else { return (sent, repeats) };
            let pauses = ceilings.get_or_insert_with(|| ceilings_of(&bounds, tries));
            let Some(ceiling) = pauses.next().filter(|_| may_help(problem, repeats)) else {
                return (sent, repeats);
            };
            let asked = problem
                .when()
                .map(|at| Duration::try_from(at.duration_since(self.clock.now())).unwrap_or_default());
            // Full jitter: anywhere up to the ceiling, so that many callers do not come back at once.
            let pause = ceiling.mul_f64(fraction()).max(asked.unwrap_or_default());
            let spent = self.clock.monotonic().saturating_sub(started);
            if spent + pause >= patience {
                return (sent, repeats);
            }
            tokio::time::sleep(pause).await;
            repeats += 1;
        }
    }

    /// Writes a call down, and what became of it on its connection. Figures are for people: a figure
    /// that cannot be written costs no work.
    pub(crate) async fn record(&self, target: &Target, call: Call, problem: Option<&Problem>) {
        let Some(call) = ended_so(target, call, problem) else { return };
        if let Err(error) = self.store.call_record(call, seen(target, problem)).await {
            tracing::warn!(%error, "a call could not be written down");
        }
    }

    /// The same for a chain's call, which waits for nothing but the answer: what the journal says of the call is
    /// written after it, and so never without it.
    pub(crate) fn note(&self, target: &Target, call: Call, problem: Option<&Problem>) {
        let Some(call) = ended_so(target, call, problem) else { return };
        if let Err(error) = self.store.call_queue(call, &seen(target, problem)) {
            tracing::warn!(%error, "a call could not be written down");
        }
    }

    pub(crate) fn call_figure(&self, target: &Target, operation: &str, kind: CallKind, took: Duration) -> Call {
        let now = self.clock.now();
        Call {
            at: now.checked_sub(took).unwrap_or(now),
            connection: target.connection.id.clone(),
            operation: operation.to_owned(),
            kind,
            duration_ms: took.as_millis() as u64,
            success: true,
            records: 0,
            code: None,
            retries: 0,
            bytes: 0,
        }
    }
}

/// A call as it ended; none where its connection is not kept.
fn ended_so(target: &Target, mut call: Call, problem: Option<&Problem>) -> Option<Call> {
    if !target.is_stored() {
        return None;
    }
    (call.success, call.code) = (problem.is_none(), problem.map(Problem::code));
    let (kind, ms, retries) = (call.kind, call.duration_ms, call.retries);
    let code = call.code.map_or("", Code::as_str);
    tracing::debug!(connection = %call.connection, operation = call.operation, ?kind, ms, retries, code, "called");
    Some(call)
}

/// Whether the service refused the sign-in, and so the request.
fn refused(sent: &Sent) -> bool {
    matches!(&sent.meaning, Meaning::NotDone(problem)
        if matches!(problem.code(), Code::AuthInvalid | Code::AuthExpired))
}

/// The same refusal where the person has to sign in again.
fn ended(sent: Sent) -> Sent {
    let tool = sent.problem().and_then(|problem| problem.param("tool")).map(str::to_owned);
    let problem = Problem::new(Code::AuthRevoked);
    let problem = match tool {
        Some(tool) => problem.with("tool", tool),
        None => problem,
    };
    Sent { meaning: Meaning::NotDone(problem), ..sent }
}

/// The pauses before each repeat, as a person decided or the connector says. Where somebody waits there are no more
/// repeats than `tries` allow.
fn ceilings_of(bounds: &Bounds<'_>, tries: usize) -> ExponentialBackoff {
    let retry = bounds.limits.retry.unwrap_or_default();
    let repeats =
        if tries < TRIES { tries.saturating_sub(1).min(retry.count as usize) } else { retry.count as usize };
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(retry.first_pause_ms))
        .with_max_delay(Duration::from_millis(retry.longest_pause_ms.max(retry.first_pause_ms)))
        .with_max_times(repeats)
        .build()
}

/// What became of a call says of its connection. What is wrong with one request or item says nothing;
/// nor does a pause of our own, which hides why it was made.
fn seen(target: &Target, problem: Option<&Problem>) -> Seen {
    let Some(problem) = problem else { return Seen::Works };
    let code = problem.code();
    let is_its_own = match code {
        Code::InvalidConfig | Code::PermissionDenied | Code::DescriptorInvalid | Code::CircuitOpen => false,
        _ => matches!(code.health(), HealthEffect::User | HealthEffect::Down),
    };
    if !is_its_own {
        return Seen::Nothing;
    }
    let name = target.connection.name.clone();
    Seen::Fails {
        state: target.connection.state.after(ConnectionEvent::Failed(code)),
        problem: problem.clone().about(Subject::Connection { name }),
    }
}

/// Whether the same read may fare better a moment later.
fn may_help(problem: &Problem, repeats: u32) -> bool {
    match problem.code() {
        Code::MalformedResponse | Code::UnexpectedContent => repeats + 1 < TRIES_OF_THE_UNREADABLE,
        // Answered by another request, not by the same one.
        Code::CheckpointStale | Code::AuthExpired => false,
        Code::RateLimited | Code::LocalRateLimited => problem.when().is_some(),
        code => code.retry() == Retry::Safe,
    }
}

/// A number from 0 up to 1. It spreads repeats; it need not be hard to guess.
fn fraction() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 11;
    bits as f64 / (1_u64 << 53) as f64
}
