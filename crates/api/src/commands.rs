//! The one command list. It makes the router; both hosts answer it whole or do not compile, and
//! the wire of a forwarded command and of the window is the same.

use patchbay_model::problem::{Code, Problem};
use serde_json::Value;

use crate::hub::Hub;
use crate::{catalogue, chains, connections, data, health, runs, signals, storage, workspaces};

/// One command, for documentation and tests.
#[derive(Clone, Copy, Debug)]
pub struct CommandInfo {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
}

macro_rules! commands {
    ($($(#[doc = $about:literal])* $name:ident => $handler:path,)*) => {
        /// Every command, in the order of the list.
        pub const COMMANDS: &[CommandInfo] = &[
            $(CommandInfo { name: stringify!($name), about: concat!($($about),*) },)*
        ];

        /// Answers a command in a workspace. The request is the command's named struct as JSON;
        /// unknown fields are refused.
        pub async fn dispatch(hub: &Hub, workspace: &str, name: &str, request: Value) -> Result<Value, Problem> {
            match name {
                $(stringify!($name) => {
                    let request = read(name, request)?;
                    write(&$handler(hub, workspace, request).await?)
                })*
                _ => Err(Problem::new(Code::InputInvalid)
                    .with("field", "The command")
                    .with("message", format!("There is no command \"{name}\"."))),
            }
        }
    };
}

commands! {
    /// Lists workspaces.
    workspace_list => workspaces::list,
    /// Makes a workspace.
    workspace_create => workspaces::create,
    /// Deletes a workspace with everything in it.
    workspace_delete => workspaces::delete,
    /// Lists connectors.
    catalogue_list => catalogue::list,
    /// Checks a connector definition.
    descriptor_validate => catalogue::validate,
    /// Runs a connector's fixtures.
    descriptor_test => catalogue::test,
    /// Connects: tests the credential, then keeps it sealed.
    connection_create => connections::create,
    /// Lists connections.
    connection_list => connections::list,
    /// Shows one connection.
    connection_show => connections::show,
    /// Changes a connection's settings.
    connection_set => connections::set,
    /// Renames a connection.
    connection_rename => connections::rename,
    /// Pauses or resumes a connection.
    connection_pause => connections::pause,
    /// Replaces a connection's key in place.
    connection_replace_key => connections::replace_key,
    /// Disconnects: deletes the credential and the connection.
    connection_disconnect => connections::disconnect,
    /// Tests a connection.
    connection_test => connections::test,
    /// Reads what is new from a connection.
    connection_sync => data::sync,
    /// Reads one address of a connection's service.
    connection_get => data::get,
    /// Calls one operation of a connection.
    operation_call => data::call,
    /// Lists signals.
    signal_list => signals::list,
    /// Saves a chain from a document.
    chain_import => chains::import,
    /// Gives a chain's document.
    chain_export => chains::export,
    /// Lists chains.
    chain_list => chains::list,
    /// Checks a chain without running it.
    chain_check => chains::check,
    /// Deletes a chain; its runs stay.
    chain_delete => chains::delete,
    /// Starts a run.
    run_start => runs::start,
    /// Waits until a run ends or needs the user.
    run_wait => runs::wait,
    /// Answers an unknown outcome.
    run_resolve => runs::resolve,
    /// Stops a run.
    run_stop => runs::stop,
    /// Lists runs.
    run_list => runs::list,
    /// Gives a run's report.
    run_report => runs::report,
    /// Says how connections, storage and secrets are.
    health => health::health,
    /// Writes a copy of the workspace's database.
    backup => storage::backup,
    /// Confirms that this computer runs the triggers of data that came from another.
    machine_confirm => storage::confirm_machine,
}

fn read<T: serde::de::DeserializeOwned>(command: &str, request: Value) -> Result<T, Problem> {
    let request = if request.is_null() { Value::Object(serde_json::Map::new()) } else { request };
    serde_json::from_value(request).map_err(|error| {
        Problem::new(Code::InputInvalid)
            .with("field", format!("The request of \"{command}\""))
            .with("message", format!("{error}."))
    })
}

fn write(response: &impl serde::Serialize) -> Result<Value, Problem> {
    serde_json::to_value(response).map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))
}
