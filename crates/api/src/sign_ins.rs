//! Signing in: begun by a screen or the command line, watched until it has ended, then used to connect.

mod kept;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use patchbay_auth::consent;
use patchbay_auth::oauth::scopes;
use patchbay_auth::{Begun, SignInRequest, SignedIn};
use patchbay_connector::{Busy, Compiled, Doing, Target, TargetCredential};
use patchbay_model::connection::Account;
use patchbay_model::descriptor::AuthMethod;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Connection, ConnectorId, Event, SignInId, permissions};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::connect_input::{as_entered, check_name, complete, entered, name_taken};
use crate::connections::note;
use crate::drafts::{begun_connection, sign_in_method};
use crate::hub::Hub;
use crate::secrets::SecretInput;
use crate::workspace::Workspace;
use kept::{Handle, SignIn};

pub(crate) use kept::{Outcome, SignIns};

/// Signing in to a connector.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignInBeginRequest {
    /// The connector.
    pub connector: ConnectorId,
    /// The way to sign in; the recommended one where absent.
    #[serde(default)]
    pub auth: Option<String>,
    /// Settings by key, as far as they are known.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// What the person entered, such as the application's id and secret.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretInput>,
    /// Whether private and loopback addresses are allowed.
    #[serde(default)]
    pub allow_private: bool,
    /// Streams and operations that it is for: only their permissions are asked for. Where absent what the
    /// connection that signs in again was for, and all for a new one.
    #[serde(default)]
    pub uses: Option<Vec<String>>,
    /// What the connection will be called: a name that is taken is said before anybody signs in.
    #[serde(default)]
    pub name: Option<String>,
    /// The connection that signs in again. What is entered in the place of what it has may be left out.
    #[serde(default)]
    pub connection: Option<String>,
    /// Let the person choose the account anew.
    #[serde(default)]
    pub choose_account: bool,
    /// Do not open the page: somebody else will.
    #[serde(default)]
    pub no_browser: bool,
}

/// A sign-in by its identifier.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SignInRef {
    /// Its identifier.
    pub id: SignInId,
}

/// How far a sign-in is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SignInStage {
    /// For the person.
    Waiting,
    /// The person is back, and the rest is between us and the service.
    Checking,
    /// Signing in brought addresses that nobody has approved: the person says whether it may go there.
    Approving,
    /// Signed in.
    Done,
    /// It did not come about.
    Failed,
}

/// A sign-in as screens show it. Holds no secret.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SignInView {
    /// Its identifier.
    pub id: SignInId,
    /// The connector.
    pub connector: ConnectorId,
    /// How far it is.
    pub stage: SignInStage,
    /// The page that the person opens.
    pub url: Option<String>,
    /// Where the service sends them back to.
    pub redirect_uri: Option<String>,
    /// What they type there, where that is the way.
    pub user_code: Option<String>,
    /// Whether the page could be handed to the browser.
    pub opened: bool,
    /// How much time is left, in seconds.
    pub seconds_left: u64,
    /// Something came back that was not the answer, and was refused: why.
    pub notice: Option<String>,
    /// Addresses that signing in brought, to be approved.
    pub brought: Vec<String>,
    /// Whose account it is, where the service says.
    pub account: Option<Account>,
    /// Permissions that were asked for.
    pub asked: Vec<String>,
    /// Those that were asked for and not granted.
    pub missing: Vec<String>,
    /// Those that were granted and not asked for.
    pub beyond: Vec<String>,
    /// How many sites or accounts there were to choose among; the first is taken.
    pub choices: usize,
    /// Why it did not come about.
    pub problem: Option<Problem>,
}

impl SignInView {
    /// Whether nothing goes on before somebody does something, or for good.
    pub(crate) fn is_at_rest(&self) -> bool {
        matches!(self.stage, SignInStage::Approving | SignInStage::Done | SignInStage::Failed)
    }
}

/// Begins to sign in, and opens the page in the person's browser.
pub async fn begin(hub: &Hub, workspace: &str, mut request: SignInBeginRequest) -> Result<SignInView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let before = match &request.connection {
        Some(name) => Some(workspace.connection(name).await?),
        None => None,
    };
    if let Some(before) = &before {
        if before.connector != request.connector {
            return Err(Problem::new(Code::InputInvalid)
                .with("field", "The connection")
                .with("message", "It is another connector's.")
                .about(Subject::Field { name: "connection".into() }));
        }
        request.auth = request.auth.take().or_else(|| before.auth_method.clone());
        request.allow_private |= before.allow_private;
    }
    if let Some(name) = request.name.as_deref() {
        let name = check_name(name)?;
        if workspace.store().connection_named(&name).await?.is_some() {
            return Err(name_taken(&name));
        }
    }
    let compiled = workspace.connectors().get(&request.connector)?;
    let descriptor = compiled.descriptor().clone();
    let method = sign_in_method(&descriptor, request.auth.as_deref())?.clone();
    let mut values = entered(Some(&method), request.secrets)?.unwrap_or_default();
    let mut config = request.config;
    if let Some(before) = &before {
        approved(before, &compiled, &method)?;
        for (key, text) in as_entered(&before.config) {
            config.entry(key).or_insert(text);
        }
        // What signing in brings is brought anew.
        config.retain(|key, _| !descriptor.captured_settings().any(|own| own == key));
        values = workspace.authoriser().entered(before, &method, values).await?;
    }
    complete(&method, &values)?;
    let connection = begun_connection(hub, &compiled, Some(&method), &config, request.allow_private)?;
    let uses = match (request.uses, &before) {
        (None, Some(before)) => permissions::uses(before),
        (given, _) => given.filter(|uses| !permissions::is_everything(&descriptor, uses)),
    };
    let asked = match method.oauth() {
        Some(oauth) => scopes(&descriptor, oauth, uses.as_deref()),
        None => Vec::new(),
    };
    let id = SignInId::generate();
    workspace.store().sign_in_begun(&id, &request.connector).await?;
    let begun = workspace
        .authoriser()
        .sign_in(SignInRequest {
            descriptor: &descriptor,
            method: &method,
            config: &connection.config,
            origins: connection.origins.clone(),
            allow_private: connection.allow_private,
            credential: values,
            scopes: asked.clone(),
            choose_account: request.choose_account,
        })
        .await;
    let begun = match begun {
        Ok(begun) => begun,
        Err(error) => {
            let problem = Problem::from(error).with_default("tool", &descriptor.name);
            workspace.store().sign_in_ended(&id, Some(problem.code())).await?;
            return Err(problem);
        }
    };
    let mut view = SignInView {
        id: id.clone(),
        connector: request.connector.clone(),
        stage: SignInStage::Waiting,
        url: None,
        redirect_uri: None,
        user_code: None,
        opened: false,
        seconds_left: 0,
        notice: None,
        brought: Vec::new(),
        account: None,
        asked,
        missing: Vec::new(),
        beyond: Vec::new(),
        choices: 0,
        problem: None,
    };
    let handle = match &begun {
        Begun::Browser(flow) => {
            view.url = Some(flow.url().to_owned());
            view.redirect_uri = Some(flow.redirect_uri().to_owned());
            Handle::Browser(flow.handle())
        }
        Begun::Device(flow) => {
            let code = flow.code();
            view.url =
                Some(code.verification_uri_complete.clone().unwrap_or_else(|| code.verification_uri.clone()));
            view.user_code = Some(code.user_code.clone());
            Handle::Device(flow.handle())
        }
        Begun::Done(_) => Handle::None,
    };
    if let Some(url) = view.url.as_deref().filter(|_| !request.no_browser) {
        view.opened = hub.host().open_url(url).is_ok();
    }
    let sign_in = Arc::new(SignIn::new(view, handle));
    workspace.sign_ins().add(&id, sign_in.clone());
    let begin = |before: &Connection| workspace.engine().activity().begin(&before.id, Doing::SigningIn);
    let work = Work {
        hub: hub.clone(),
        _busy: before.as_ref().map(begin),
        workspace,
        sign_in: sign_in.clone(),
        connection,
        method: method.id().to_owned(),
        essence: consent::essence(&method),
        uses,
        approved: before.map(|before| before.origins).unwrap_or_default(),
    };
    match begun {
        // Nobody is waited for: the answer says how it went, or what the person has to approve.
        Begun::Done(signed_in) => {
            let mut changes = sign_in.view.subscribe();
            tokio::spawn(async move { work.end(Ok(*signed_in)).await });
            let _ = changes.wait_for(SignInView::is_at_rest).await;
        }
        Begun::Browser(flow) => {
            tokio::spawn(async move { work.end(flow.finish().await.map_err(Problem::from)).await });
        }
        Begun::Device(flow) => {
            tokio::spawn(async move { work.end(flow.finish().await.map_err(Problem::from)).await });
        }
    }
    Ok(sign_in.view())
}

/// What somebody once entered goes only where they have approved it: a definition that has changed is looked
/// at first.
fn approved(connection: &Connection, compiled: &Compiled, method: &AuthMethod) -> Result<(), Problem> {
    let same_way = connection.auth_method.as_deref() == Some(method.id());
    let changed = same_way && !consent::differences(connection, Some(method)).is_empty();
    let leads = compiled.origins(&connection.config, Some(method)).unwrap_or_default();
    if changed || (same_way && leads.iter().any(|origin| !connection.origins.contains(origin))) {
        return Err(Problem::new(Code::TargetBlocked)
            .with("host", leads.join(", "))
            .detail("the connector's sign-in has changed since it was approved")
            .about(Subject::Connection { name: connection.name.clone() }));
    }
    Ok(())
}

/// What the end of a sign-in needs.
struct Work {
    hub: Hub,
    workspace: Workspace,
    sign_in: Arc<SignIn>,
    /// The one that would be made.
    connection: Connection,
    method: String,
    essence: Value,
    /// Streams and operations that it is for; all where absent.
    uses: Option<Vec<String>>,
    /// Where the connection that signs in again may go already.
    approved: Vec<String>,
    /// Shown on the connection that signs in again, until this ends.
    _busy: Option<Busy>,
}

impl Work {
    /// Ends it: makes the call that the definition wants, and finds out whose account it is.
    async fn end(self, signed_in: Result<SignedIn, Problem>) {
        let id = self.sign_in.view.borrow().id.clone();
        let comes_back = !matches!(self.sign_in.handle, Handle::None);
        self.tell(|view| view.stage = SignInStage::Checking);
        if comes_back && signed_in.is_ok() {
            self.hub.host().come_forward();
        }
        let ended = match signed_in {
            Ok(signed_in) => self.check(signed_in).await,
            Err(problem) => Err(problem),
        };
        let code = ended.as_ref().err().map(Problem::code);
        // Before anybody is told: a program that has heard the end may end itself.
        if let Err(error) = self.workspace.store().sign_in_ended(&id, code).await {
            tracing::warn!(%error, "the end of a sign-in could not be written down");
        }
        let action = if code.is_none() { "signed_in" } else { "sign_in_failed" };
        let detail = json!({ "connector": self.connection.connector, "method": self.method, "code": code });
        note(&self.workspace, action, self.connection.connector.as_str(), &detail).await;
        match ended {
            Ok((outcome, found)) => {
                self.sign_in.keep(outcome);
                self.tell(|view| *view = SignInView { stage: SignInStage::Done, ..found });
            }
            Err(problem) => {
                let tool = self.tool();
                let problem = problem.with_default("tool", tool);
                self.tell(|view| (view.stage, view.problem) = (SignInStage::Failed, Some(problem)));
            }
        }
    }

    fn tool(&self) -> String {
        let compiled = self.workspace.connectors().get(&self.connection.connector);
        compiled.map_or_else(|_| String::new(), |compiled| compiled.descriptor().name.clone())
    }

    async fn check(&self, mut signed_in: SignedIn) -> Result<(Outcome, SignInView), Problem> {
        let compiled = self.workspace.connectors().get(&self.connection.connector)?;
        let descriptor = compiled.descriptor().clone();
        let choices =
            self.workspace.authoriser().after_sign_in(&self.connection, &descriptor, &mut signed_in).await?;
        let mut connection = self.connection.clone();
        connection.config.extend(signed_in.settings.clone());
        // Where that is known only with settings that are asked for later, the test tells.
        let leads =
            compiled.origins_to_sign_in(&connection.config, descriptor.auth_method(Some(&self.method)))?;
        let known =
            |origin: &String| self.connection.origins.contains(origin) || self.approved.contains(origin);
        let brought: Vec<String> = leads.iter().filter(|origin| !known(origin)).cloned().collect();
        if !brought.is_empty() {
            self.tell(|view| (view.stage, view.brought) = (SignInStage::Approving, brought.clone()));
            self.sign_in.approval().await?;
            self.tell(|view| (view.stage, view.brought) = (SignInStage::Checking, Vec::new()));
        }
        connection.origins.clone_from(&leads);
        let target = Target {
            descriptor: compiled,
            connection,
            credential: TargetCredential::Given(signed_in.credential.clone()),
        };
        // Whose it is, where that can be found out now; the test says what is wrong otherwise.
        let account = self.workspace.engine().health(&target).await.ok().and_then(|health| health.account);
        let view = SignInView {
            account,
            missing: signed_in.missing(),
            beyond: signed_in.beyond(),
            choices,
            ..self.sign_in.view.borrow().clone()
        };
        let outcome = Outcome {
            connector: self.connection.connector.clone(),
            method: self.method.clone(),
            scopes: signed_in.granted.clone().unwrap_or_else(|| signed_in.asked.clone()),
            credential: signed_in.credential,
            settings: signed_in.settings,
            origins: self.connection.origins.clone(),
            approved: leads,
            uses: self.uses.clone(),
            essence: self.essence.clone(),
        };
        Ok((outcome, view))
    }

    fn tell(&self, change: impl FnOnce(&mut SignInView)) {
        self.sign_in.view.send_modify(change);
        let id = self.sign_in.view.borrow().id.clone();
        self.workspace.events().emit(Event::SignInChanged { id });
    }
}

/// Shows a sign-in.
pub async fn show(hub: &Hub, workspace: &str, request: SignInRef) -> Result<SignInView, Problem> {
    Ok(hub.workspace(workspace).await?.sign_ins().get(&request.id)?.view())
}

/// Waits until a sign-in has ended.
pub async fn wait(hub: &Hub, workspace: &str, request: SignInRef) -> Result<SignInView, Problem> {
    let sign_in = hub.workspace(workspace).await?.sign_ins().get(&request.id)?;
    let mut changes = sign_in.view.subscribe();
    // It cannot close: the sender is in our hands.
    let _ = changes.wait_for(SignInView::is_at_rest).await;
    Ok(sign_in.view())
}

/// Approval of addresses that signing in brought.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SignInApproveRequest {
    /// The sign-in.
    pub id: SignInId,
    /// Every address as the person saw it. Nothing is approved where it is another.
    pub origins: Vec<String>,
}

/// Lets a sign-in go to the addresses that it brought.
pub async fn approve(hub: &Hub, workspace: &str, request: SignInApproveRequest) -> Result<SignInView, Problem> {
    let sign_in = hub.workspace(workspace).await?.sign_ins().get(&request.id)?;
    let view = sign_in.view();
    if view.stage != SignInStage::Approving || view.brought != request.origins {
        return Err(Problem::new(Code::Conflict)
            .with("item", "The sign-in")
            .with("message", "It leads elsewhere than you saw. Look again before you approve.")
            .about(Subject::Field { name: "signIn".into() }));
    }
    let mut changes = sign_in.view.subscribe();
    sign_in.decide(true);
    let _ = changes.wait_for(|view| view.stage != SignInStage::Approving).await;
    Ok(sign_in.view())
}

/// Opens the page of a sign-in again.
pub async fn open(hub: &Hub, workspace: &str, request: SignInRef) -> Result<SignInView, Problem> {
    let sign_in = hub.workspace(workspace).await?.sign_ins().get(&request.id)?;
    let url = sign_in.view.borrow().url.clone();
    if let Some(url) = url {
        hub.host().open_url(&url)?;
        sign_in.view.send_modify(|view| view.opened = true);
    }
    Ok(sign_in.view())
}

/// Gives the person more time.
pub async fn extend(hub: &Hub, workspace: &str, request: SignInRef) -> Result<SignInView, Problem> {
    let sign_in = hub.workspace(workspace).await?.sign_ins().get(&request.id)?;
    if let Handle::Browser(flow) = &sign_in.handle {
        flow.extend();
    }
    Ok(sign_in.view())
}

/// How long a sign-in that is stopped is waited for: its end is written down.
const ENDING: Duration = Duration::from_secs(2);

/// Stops a sign-in and lets go of what it gave.
pub async fn cancel(hub: &Hub, workspace: &str, request: SignInRef) -> Result<SignInView, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let sign_in = workspace.sign_ins().get(&request.id)?;
    let mut changes = sign_in.view.subscribe();
    workspace.sign_ins().forget(&request.id);
    let ended = |view: &SignInView| matches!(view.stage, SignInStage::Done | SignInStage::Failed);
    // What the service is being asked at this moment is not cut off.
    let _ = tokio::time::timeout(ENDING, changes.wait_for(ended)).await;
    let mut view = sign_in.view();
    if view.stage != SignInStage::Failed {
        (view.stage, view.problem) = (SignInStage::Failed, Some(Problem::new(Code::Cancelled)));
    }
    Ok(view)
}

/// A connector whose sign-ins are asked about.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SignInLastRequest {
    /// The connector.
    pub connector: ConnectorId,
}

/// How the last sign-in to a connector ended.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SignInLastResponse {
    /// The program ended before it did.
    pub interrupted: bool,
}

/// Says whether the last sign-in to a connector was cut off by the end of the program.
pub async fn last(
    hub: &Hub,
    workspace: &str,
    request: SignInLastRequest,
) -> Result<SignInLastResponse, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let last = workspace.store().sign_in_last(&request.connector).await?;
    Ok(SignInLastResponse { interrupted: last.is_some_and(|attempt| attempt.interrupted) })
}
