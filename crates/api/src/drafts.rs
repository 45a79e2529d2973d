//! Connections that are not kept yet: from what the person gives to something that can be tested.

use std::collections::BTreeMap;
use std::sync::Arc;

use patchbay_auth::Credential;
use patchbay_connector::{Compiled, Target, TargetCredential, settings, settings_so_far};
use patchbay_model::connection::{Connection, ConnectionState};
use patchbay_model::descriptor::{AuthMethod, Descriptor};
use patchbay_model::problem::{Code, Problem, Subject};

use crate::connect_input::{auth_method, credential};
use crate::connections::ConnectRequest;
use crate::hub::Hub;
use crate::sign_ins::Outcome;
use crate::workspace::Workspace;

/// A connection that is not kept yet.
pub(crate) struct Draft {
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) connection: Connection,
    pub(crate) credential: Option<Credential>,
}

impl Draft {
    /// What can be asked with it.
    pub(crate) fn target(self) -> Target {
        let credential = self.credential.map_or(TargetCredential::None, TargetCredential::Given);
        Target { descriptor: self.compiled, connection: self.connection, credential }
    }
}

/// What the person gives, with a connector of the catalogue.
pub(crate) fn draft(hub: &Hub, workspace: &Workspace, request: ConnectRequest) -> Result<Draft, Problem> {
    let compiled = workspace.connectors().get(&request.connector)?;
    let outcome = signed_in(workspace, &request)?;
    draft_of(hub, compiled, request, outcome)
}

/// What the sign-in brought that the request names.
pub(crate) fn signed_in(workspace: &Workspace, request: &ConnectRequest) -> Result<Option<Outcome>, Problem> {
    request.sign_in.as_ref().map(|id| workspace.sign_ins().outcome(id)).transpose()
}

/// The same with a connector that need not be in the catalogue.
pub(crate) fn draft_of(
    hub: &Hub,
    compiled: Arc<Compiled>,
    request: ConnectRequest,
    signed_in: Option<Outcome>,
) -> Result<Draft, Problem> {
    settings(compiled.descriptor(), &request.config)?;
    draft_so_far(hub, compiled, request, signed_in)
}

/// The same before all settings are known.
pub(crate) fn draft_so_far(
    hub: &Hub,
    compiled: Arc<Compiled>,
    request: ConnectRequest,
    signed_in: Option<Outcome>,
) -> Result<Draft, Problem> {
    let descriptor = compiled.descriptor().clone();
    let method = auth_method(&descriptor, request.auth.as_deref())?;
    let mut connection = begun_connection(hub, &compiled, method, &request.config, request.allow_private)?;
    connection.name = request.name;
    let needs_tokens = method.is_some_and(AuthMethod::has_tokens);
    let signed_in = signed_in.filter(|outcome| {
        outcome.connector == descriptor.id && Some(outcome.method.as_str()) == method.map(AuthMethod::id)
    });
    let credential = match signed_in {
        Some(outcome) if needs_tokens => {
            if let Some(method) = method {
                outcome.serves(&connection, method)?;
            }
            outcome.enter(&mut connection, &compiled, method)?;
            Some(outcome.credential)
        }
        _ if needs_tokens => {
            return Err(Problem::new(Code::InputInvalid)
                .with("field", "The sign-in")
                .with("message", format!("Sign in to {} first.", descriptor.name))
                .about(Subject::Field { name: "signIn".into() }));
        }
        _ => credential(method, request.secrets)?,
    };
    Ok(Draft { compiled, connection, credential })
}

/// A connection with the settings as far as they are known, and with what they let it reach.
pub(crate) fn begun_connection(
    hub: &Hub,
    compiled: &Compiled,
    method: Option<&AuthMethod>,
    config: &BTreeMap<String, String>,
    allow_private: bool,
) -> Result<Connection, Problem> {
    let descriptor = compiled.descriptor();
    let config = settings_so_far(descriptor, config)?;
    let mut connection = Connection {
        auth_method: method.map(|m| m.id().to_owned()),
        origins: compiled.origins_to_sign_in(&config, method)?,
        config,
        allow_private,
        state: ConnectionState::Testing,
        ..Connection::new(descriptor.id.clone(), descriptor.version.clone(), hub.clock().now())
    };
    patchbay_auth::consent::approve(&mut connection.metadata, method);
    Ok(connection)
}

/// The way to sign in, where it is one that gives tokens.
pub(crate) fn sign_in_method<'d>(
    descriptor: &'d Descriptor,
    wanted: Option<&str>,
) -> Result<&'d AuthMethod, Problem> {
    let method = match wanted {
        Some(_) => auth_method(descriptor, wanted)?,
        None => descriptor.auth.iter().find(|method| method.has_tokens()),
    };
    method.filter(|method| method.has_tokens()).ok_or_else(|| {
        Problem::new(Code::NotOffered)
            .detail(format!("{} is not signed in to: it takes a key", descriptor.name))
    })
}
