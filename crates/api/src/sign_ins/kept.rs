//! The sign-ins of a workspace: those that wait, and what those that came about gave.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patchbay_auth::oauth::{DeviceHandle, FlowHandle};
use patchbay_auth::{Credential, consent};
use patchbay_connector::Compiled;
use patchbay_model::descriptor::AuthMethod;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Connection, ConnectorId, SignInId, permissions};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::{SignInStage, SignInView};

/// Sign-ins that are kept at most: one that nobody used is let go of when later ones come.
const MOST: usize = 20;

/// How long a person is waited for who is to say whether a sign-in may go where it leads.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// What can still be done with a waiting sign-in.
#[derive(Clone)]
pub(super) enum Handle {
    Browser(FlowHandle),
    Device(DeviceHandle),
    None,
}

/// One sign-in.
pub(crate) struct SignIn {
    pub(super) view: watch::Sender<SignInView>,
    pub(super) handle: Handle,
    outcome: Mutex<Option<Outcome>>,
    /// Whether the person lets it go where it leads; none while they have not said.
    decision: watch::Sender<Option<bool>>,
}

/// What a sign-in gave, for connecting.
#[derive(Clone)]
pub(crate) struct Outcome {
    pub(crate) connector: ConnectorId,
    pub(crate) method: String,
    pub(crate) credential: Credential,
    pub(super) scopes: Vec<String>,
    pub(super) settings: Map<String, Value>,
    /// Where it was made for, and by which definition: it serves nothing else.
    pub(super) origins: Vec<String>,
    /// Where it may go, with what it brought.
    pub(super) approved: Vec<String>,
    /// Streams and operations that it is for; all where absent.
    pub(super) uses: Option<Vec<String>>,
    pub(super) essence: Value,
}

impl Outcome {
    /// Refuses to be used where the settings lead elsewhere than those that it was made with, or where the
    /// definition has another sign-in now.
    pub(crate) fn serves(&self, connection: &Connection, method: &AuthMethod) -> Result<(), Problem> {
        if self.connector == connection.connector
            && self.method == method.id()
            && self.origins == connection.origins
            && self.essence == consent::essence(method)
        {
            return Ok(());
        }
        Err(other_settings())
    }

    /// Takes what it gave into a connection: settings, permissions, and where it may go. Refuses to go where the
    /// person has not let it.
    pub(crate) fn enter(
        &self,
        connection: &mut Connection,
        compiled: &Compiled,
        method: Option<&AuthMethod>,
    ) -> Result<(), Problem> {
        connection.config.extend(self.settings.clone());
        connection.origins = compiled.origins(&connection.config, method)?;
        if connection.origins.iter().any(|origin| !self.approved.contains(origin)) {
            return Err(other_settings());
        }
        connection.scopes.clone_from(&self.scopes);
        permissions::set_uses(&mut connection.metadata, self.uses.as_deref());
        Ok(())
    }
}

fn other_settings() -> Problem {
    Problem::new(Code::InputInvalid)
        .with("field", "The sign-in")
        .with("message", "It was made for other settings. Sign in again.")
        .about(Subject::Field { name: "signIn".into() })
}

/// The sign-ins of a workspace, the oldest first.
#[derive(Default)]
pub(crate) struct SignIns(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_id: HashMap<SignInId, Arc<SignIn>>,
    order: Vec<SignInId>,
    claimed: HashSet<SignInId>,
}

/// A sign-in that one connection is being made with.
pub(crate) struct Claim<'s> {
    sign_ins: &'s SignIns,
    id: SignInId,
    pub(crate) outcome: Outcome,
}

impl Claim<'_> {
    /// Lets go of the sign-in: the connection has it now.
    pub(crate) fn use_up(self) {
        self.sign_ins.forget(&self.id);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.sign_ins.kept().claimed.remove(&self.id);
    }
}

impl SignIns {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, id: &SignInId, sign_in: Arc<SignIn>) {
        let mut kept = self.kept();
        kept.by_id.insert(id.clone(), sign_in);
        kept.order.push(id.clone());
        while kept.order.len() > MOST {
            let oldest = kept.order.remove(0);
            if let Some(gone) = kept.by_id.remove(&oldest) {
                gone.cancel();
            }
        }
    }

    pub(super) fn get(&self, id: &SignInId) -> Result<Arc<SignIn>, Problem> {
        self.kept().by_id.get(id).cloned().ok_or_else(|| {
            Problem::new(Code::SignInInterrupted).about(Subject::Field { name: "signIn".into() })
        })
    }

    /// What a sign-in gave; it stays until it is [let go of](Self::forget).
    pub(crate) fn outcome(&self, id: &SignInId) -> Result<Outcome, Problem> {
        let sign_in = self.get(id)?;
        let outcome = sign_in.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone();
        outcome.ok_or_else(|| {
            Problem::new(Code::InputInvalid)
                .with("field", "The sign-in")
                .with("message", "It has not come about yet.")
                .about(Subject::Field { name: "signIn".into() })
        })
    }

    /// Keeps others from using what a sign-in gave: one of two that connect with it at once is refused. It
    /// is there again where the claim is dropped before it was [used up](Claim::use_up).
    pub(crate) fn claim(&self, id: &SignInId) -> Result<Claim<'_>, Problem> {
        let outcome = self.outcome(id)?;
        if !self.kept().claimed.insert(id.clone()) {
            return Err(Problem::new(Code::Conflict)
                .with("item", "A connection with this sign-in")
                .with("message", "It is being made at this moment.")
                .about(Subject::Field { name: "signIn".into() }));
        }
        Ok(Claim { sign_ins: self, id: id.clone(), outcome })
    }

    /// Lets go of all that only a person could go on with: what they gave holds secrets.
    pub(crate) fn forget_ended(&self) {
        let mut kept = self.kept();
        let rests: Vec<SignInId> =
            kept.by_id.iter().filter(|(_, sign_in)| sign_in.rests()).map(|(id, _)| id.clone()).collect();
        kept.order.retain(|id| !rests.contains(id));
        for id in &rests {
            if let Some(gone) = kept.by_id.remove(id) {
                gone.cancel();
            }
        }
    }

    /// Lets go of a sign-in and of what it gave.
    pub(crate) fn forget(&self, id: &SignInId) {
        let mut kept = self.kept();
        kept.order.retain(|own| own != id);
        if let Some(gone) = kept.by_id.remove(id) {
            gone.cancel();
        }
    }
}

impl SignIn {
    pub(super) fn new(view: SignInView, handle: Handle) -> Self {
        let (view, _) = watch::channel(view);
        Self { view, handle, outcome: Mutex::default(), decision: watch::Sender::new(None) }
    }

    /// The person says whether it may go where it leads; only the first word counts.
    pub(super) fn decide(&self, may_go: bool) {
        self.decision.send_if_modified(|decision| decision.is_none() && decision.replace(may_go).is_none());
    }

    /// Waits for that word, no longer than somebody is waited for who signs in.
    pub(super) async fn approval(&self) -> Result<(), Problem> {
        let mut decisions = self.decision.subscribe();
        match tokio::time::timeout(PATIENCE, decisions.wait_for(Option::is_some)).await {
            Ok(Ok(decision)) if *decision == Some(true) => Ok(()),
            Ok(_) => Err(Problem::new(Code::Cancelled)),
            Err(_) => Err(Problem::new(Code::SignInTimedOut)),
        }
    }

    pub(super) fn keep(&self, outcome: Outcome) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }

    fn rests(&self) -> bool {
        self.view.borrow().is_at_rest()
    }

    fn cancel(&self) {
        self.decide(false);
        match &self.handle {
            Handle::Browser(flow) => flow.cancel(),
            Handle::Device(flow) => flow.cancel(),
            Handle::None => {}
        }
    }

    pub(super) fn view(&self) -> SignInView {
        let mut view = self.view.borrow().clone();
        match &self.handle {
            Handle::Browser(flow) => {
                view.seconds_left = flow.left().as_secs();
                view.notice = flow.refused().map(str::to_owned);
                if view.stage == SignInStage::Waiting && flow.received() {
                    view.stage = SignInStage::Checking;
                }
            }
            Handle::Device(flow) => view.seconds_left = flow.left().as_secs(),
            Handle::None => {}
        }
        if view.stage != SignInStage::Waiting {
            view.seconds_left = 0;
        }
        view
    }
}
