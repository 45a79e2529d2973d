//! The one command list. It makes the router; both hosts answer it whole or do not compile, and
//! the wire of a forwarded command and of the window is the same.

use futures_util::future::BoxFuture;
use patchbay_model::problem::{Code, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use patchbay_connector::{Choices, RawRead, TestReport};
use patchbay_model::chain::ChainVersion;
use patchbay_model::report::RunReport;

use crate::hub::Hub;
use crate::workspaces::Empty;
use crate::{
    about, approval, audit, catalogue, chain_check, chain_figures, chain_tests, chains, choices, connections,
    connector_detail, data, descriptor_try, descriptors, desktop, engine_settings, files, gateway, health,
    history, inbox, jobs, keeping, links, logs, network, pins, publishing, replacement, rerun, run_data,
    run_deletion, run_waits, runs, sandbox, secret_store, sharing, sign_ins, signals, step_fields, storage,
    syncing, templates, transfer, webhooks, workspaces, zoom,
};

/// One command, for documentation and tests.
#[derive(Clone, Copy, Debug)]
pub struct CommandInfo {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
}

macro_rules! commands {
    ($($(#[doc = $about:literal])* $name:ident($request:ty) -> $response:ty => $handler:path,)*) => {
        /// Every command, in the order of the list.
        pub const COMMANDS: &[CommandInfo] = &[
            $(CommandInfo { name: stringify!($name), about: concat!($($about),*) },)*
        ];

        /// Answers a command in a workspace. The request is the command's named struct as JSON;
        /// unknown fields are refused.
        pub async fn dispatch(hub: &Hub, workspace: &str, name: &str, request: Value) -> Result<Value, Problem> {
            if !only_looks(name) {
                hub.security().seen(hub.clock().as_ref());
            }
            match name {
                $(stringify!($name) => answer::<$request, $response, _, _>(hub, workspace, name, request, $handler).await,)*
                _ => Err(Problem::new(Code::InputInvalid)
                    .with("field", "The command")
                    .with("message", format!("There is no command \"{name}\"."))),
            }
        }

        /// Shows every request and response to a visitor, by command.
        #[cfg(feature = "ts")]
        pub(crate) fn visit(visitor: &mut impl crate::bindings::Visitor) {
            $(visitor.command::<$request, $response>(stringify!($name), concat!($($about),*));)*
        }
    };
}

/// One command's answer, on the heap: all of them in one future would be a megabyte of stack where
/// nothing is optimised, and a thread has two.
fn answer<'a, Request, Response, Handler, Answer>(
    hub: &'a Hub,
    workspace: &'a str,
    name: &'a str,
    request: Value,
    handler: Handler,
) -> BoxFuture<'a, Result<Value, Problem>>
where
    Request: DeserializeOwned + Send + 'a,
    Response: Serialize + Send,
    Handler: FnOnce(&'a Hub, &'a str, Request) -> Answer + Send + 'a,
    Answer: Future<Output = Result<Response, Problem>> + Send + 'a,
{
    Box::pin(async move { write(&handler(hub, workspace, read(name, request)?).await?) })
}

commands! {
    /// Lists workspaces.
    workspace_list(Empty) -> workspaces::WorkspaceList => workspaces::list,
    /// Makes a workspace.
    workspace_create(workspaces::WorkspaceCreate) -> workspaces::WorkspaceName => workspaces::create,
    /// Shows a workspace under another name.
    workspace_rename(workspaces::WorkspaceRename) -> workspaces::WorkspaceRename => workspaces::rename,
    /// Deletes a workspace with everything in it.
    workspace_delete(workspaces::WorkspaceName) -> workspaces::WorkspaceName => workspaces::delete,
    /// Lists connectors.
    catalogue_list(catalogue::CatalogueRequest) -> catalogue::CatalogueResponse => catalogue::list,
    /// Shows one connector in full.
    connector_show(connector_detail::ConnectorRef) -> connector_detail::ConnectorDetail => connector_detail::show,
    /// Checks a connector definition.
    descriptor_validate(catalogue::DescriptorText) -> catalogue::Validation => catalogue::validate,
    /// Runs a connector's fixtures.
    descriptor_test(catalogue::DescriptorTestRequest) -> catalogue::DescriptorTestResponse => catalogue::test,
    /// Adds a connector of the user's own.
    descriptor_add(catalogue::DescriptorText) -> descriptors::DescriptorSaved => descriptors::add,
    /// Changes a connector of the user's own.
    descriptor_update(catalogue::DescriptorText) -> descriptors::DescriptorSaved => descriptors::update,
    /// Saves what the editor of a connector has.
    descriptor_save(descriptors::DescriptorSaveRequest) -> descriptors::DescriptorSaved => descriptors::save,
    /// Lists the user's own connectors.
    descriptor_list(Empty) -> descriptors::DescriptorList => descriptors::list,
    /// Removes a connector of the user's own.
    descriptor_remove(connector_detail::ConnectorRef) -> descriptors::DescriptorRemoved => descriptors::remove,
    /// Gives a connector's definition as its author wrote it.
    descriptor_text(descriptors::DescriptorTextRequest) -> descriptors::DescriptorSource => descriptors::text,
    /// Gives the JSON Schema of connector definitions.
    descriptor_schema(Empty) -> descriptors::DescriptorSchema => descriptors::schema,
    /// Reads a few pages by a definition or a connection, stores nothing and shows everything.
    descriptor_try(descriptor_try::DescriptorTryRequest) -> patchbay_connector::Explained => descriptor_try::try_out,
    /// Connects: tests the credential, then keeps it sealed.
    connection_create(connections::ConnectRequest) -> connections::ConnectResponse => connections::create,
    /// Tests what would be connected and keeps nothing.
    connection_try(connections::ConnectRequest) -> TestReport => connections::try_out,
    /// Lists what the tool offers for a setting.
    setting_choices(choices::ChoicesRequest) -> Choices => choices::list,
    /// Lists connections.
    connection_list(connections::ConnectionListRequest) -> connections::ConnectionListResponse => connections::list,
    /// Shows one connection.
    connection_show(connections::ConnectionName) -> connections::ConnectionView => connections::show,
    /// Changes a connection's settings.
    connection_set(connections::ConnectionSetRequest) -> connections::ConnectionView => connections::set,
    /// Renames a connection.
    connection_rename(connections::ConnectionRenameRequest) -> connections::ConnectionView => connections::rename,
    /// Pauses or resumes a connection.
    connection_pause(connections::ConnectionPauseRequest) -> connections::ConnectionView => connections::pause,
    /// Replaces a connection's key in place.
    connection_replace_key(replacement::ReplaceKeyRequest) -> connections::ConnectResponse => replacement::replace_key,
    /// Uses a new sign-in for a connection.
    connection_reconnect(replacement::ReconnectRequest) -> connections::ConnectResponse => replacement::reconnect,
    /// Begins to sign in and opens the service's page.
    sign_in_begin(sign_ins::SignInBeginRequest) -> sign_ins::SignInView => sign_ins::begin,
    /// Shows how far a sign-in is.
    sign_in_show(sign_ins::SignInRef) -> sign_ins::SignInView => sign_ins::show,
    /// Waits until a sign-in has ended.
    sign_in_wait(sign_ins::SignInRef) -> sign_ins::SignInView => sign_ins::wait,
    /// Opens the service's page again.
    sign_in_open(sign_ins::SignInRef) -> sign_ins::SignInView => sign_ins::open,
    /// Waits five more minutes for a sign-in.
    sign_in_extend(sign_ins::SignInRef) -> sign_ins::SignInView => sign_ins::extend,
    /// Lets a sign-in go to the addresses that it brought.
    sign_in_approve(sign_ins::SignInApproveRequest) -> sign_ins::SignInView => sign_ins::approve,
    /// Stops a sign-in.
    sign_in_cancel(sign_ins::SignInRef) -> sign_ins::SignInView => sign_ins::cancel,
    /// Says whether the last sign-in to a connector was cut off.
    sign_in_last(sign_ins::SignInLastRequest) -> sign_ins::SignInLastResponse => sign_ins::last,
    /// Disconnects: deletes the credential and the connection.
    connection_disconnect(connections::DisconnectRequest) -> connections::DisconnectResponse => connections::disconnect,
    /// Tests a connection.
    connection_test(connections::ConnectionName) -> connections::TestResponse => connections::test,
    /// Reads what is new from a connection.
    connection_sync(data::SyncRequest) -> data::SyncResponse => data::sync,
    /// Shows the streams of a connection: how and when they are read by themselves.
    connection_streams(connections::ConnectionName) -> syncing::StreamsResponse => syncing::streams,
    /// Tells what happened to a connection: tests, syncs, renewals, changes.
    connection_history(history::HistoryRequest) -> history::HistoryResponse => history::show,
    /// Asks for streams to be read now, in the background.
    sync_now(syncing::SyncNowRequest) -> syncing::StreamsResponse => syncing::now,
    /// Pauses everything that is read by itself, or lets it go on.
    sync_pause_all(syncing::PauseAllRequest) -> syncing::PausedAll => syncing::pause_all,
    /// Stops a read; what is stored stays.
    sync_cancel(syncing::SyncCancelRequest) -> syncing::StreamsResponse => syncing::cancel,
    /// Sets when a stream is read by itself, and whether.
    stream_set(syncing::StreamSetRequest) -> syncing::StreamsResponse => syncing::set,
    /// Lists background work, such as what was given up.
    job_list(jobs::JobListRequest) -> jobs::JobListResponse => jobs::list,
    /// Lets a job that was given up be done now.
    job_retry(jobs::JobRef) -> jobs::JobTouched => jobs::retry,
    /// Lets go of a job that was given up.
    job_drop(jobs::JobRef) -> jobs::JobTouched => jobs::forget,
    /// Says how the queues of background work are.
    queue_stats(Empty) -> jobs::QueueStatsResponse => jobs::stats,
    /// Shows the settings of the engine, for everything or for one connection.
    engine_settings_show(engine_settings::EngineSettingsRequest) -> engine_settings::EngineSettingsResponse => engine_settings::show,
    /// Changes settings of the engine.
    engine_settings_set(engine_settings::EngineSettingsSetRequest) -> engine_settings::EngineSettingsResponse => engine_settings::set,
    /// Reads one address of a connection's service.
    connection_get(data::GetRequest) -> RawRead => data::get,
    /// Shows a connection's webhook.
    webhook_show(connections::ConnectionName) -> webhooks::WebhookView => webhooks::show,
    /// Switches a connection's webhook on or off.
    webhook_enable(webhooks::WebhookEnableRequest) -> webhooks::WebhookView => webhooks::enable,
    /// Sets a webhook's secret; one that we make is told this once.
    webhook_secret(webhooks::WebhookSecretRequest) -> webhooks::WebhookSecretSet => webhooks::secret,
    /// Lets the secret before the current one hold no longer.
    webhook_end_previous(connections::ConnectionName) -> webhooks::WebhookView => webhooks::end_previous,
    /// Waits for the tool to bring its webhook's secret.
    webhook_wait(connections::ConnectionName) -> webhooks::WebhookView => webhooks::wait,
    /// Shows the secret that a tool has just brought, where its pages ask for it.
    webhook_captured(connections::ConnectionName) -> webhooks::WebhookCaptured => webhooks::captured,
    /// Gives a webhook another address.
    webhook_new_address(connections::ConnectionName) -> webhooks::WebhookView => webhooks::new_address,
    /// Asks the tool to send to a webhook's address.
    webhook_subscribe(connections::ConnectionName) -> webhooks::WebhookView => webhooks::subscribe,
    /// Asks the tool to send no more.
    webhook_unsubscribe(connections::ConnectionName) -> webhooks::WebhookView => webhooks::unsubscribe,
    /// Sends a test event to a connection's webhook.
    webhook_test(connections::ConnectionName) -> webhooks::WebhookTested => webhooks::test,
    /// Says how the webhook gateway is.
    gateway_show(Empty) -> gateway::GatewayView => gateway::show,
    /// Changes what the user decides about the webhook gateway.
    gateway_set(gateway::GatewaySetRequest) -> gateway::GatewayView => gateway::set,
    /// Says which way services are reached: the proxy, and whom is trusted.
    network_show(Empty) -> network::NetworkView => network::show,
    /// Changes the way to services.
    network_set(network::NetworkSetRequest) -> network::NetworkView => network::set,
    /// Calls one operation of a connection.
    operation_call(data::CallRequest) -> data::CallResponse => data::call,
    /// Lists signals.
    signal_list(signals::SignalListRequest) -> signals::SignalListResponse => signals::list,
    /// Looks for signals.
    signal_search(inbox::SignalSearchRequest) -> inbox::SignalSearchResponse => inbox::search,
    /// Shows a signal with its item and its earlier versions.
    signal_show(inbox::SignalRef) -> inbox::SignalDetail => inbox::show,
    /// Notes that signals were looked at or put away, or takes it back.
    signal_mark(inbox::SignalMarkRequest) -> inbox::SignalMarkResponse => inbox::mark,
    /// Lists the kinds of signals that have come in, and the filters that are kept.
    signal_kinds_list(Empty) -> inbox::SignalKindsResponse => inbox::kinds,
    /// Keeps a filter of signals under a name.
    signal_filter_save(inbox::SavedFilter) -> inbox::SavedFilter => inbox::save_filter,
    /// Lets go of a filter of signals that was kept.
    signal_filter_delete(inbox::FilterName) -> inbox::FilterName => inbox::delete_filter,
    /// Says what is kept of a connection's data.
    keeping_show(keeping::KeepingRef) -> keeping::Keeping => keeping::show,
    /// Sets what is kept of a connection's data.
    keeping_set(keeping::KeepingSetRequest) -> keeping::Keeping => keeping::set,
    /// Lets go of everything about an address, or counts it.
    data_erase(keeping::EraseRequest) -> keeping::EraseResponse => keeping::erase,
    /// Saves a chain from a document.
    chain_import(chains::ChainImportRequest) -> chains::ChainSaved => chains::import,
    /// Saves a chain as the editor has it.
    chain_save(chains::ChainSaveRequest) -> chains::ChainSaved => chains::keep,
    /// Gives a chain's document.
    chain_export(chains::ChainRef) -> ChainVersion => chains::export,
    /// Gives a chain's document to be passed on, with placeholders for its connections.
    chain_share(chains::ChainRef) -> sharing::ChainShared => sharing::share,
    /// Shows what a chain would need, reach and do, before it is taken in.
    chain_preview(sharing::ChainPreviewRequest) -> sharing::ChainPreview => sharing::preview,
    /// Lists the chains to begin with.
    template_list(Empty) -> templates::TemplateListResponse => templates::list,
    /// Lists chains.
    chain_list(Empty) -> chains::ChainListResponse => chains::list,
    /// Checks a chain without running it.
    chain_check(chain_check::ChainCheckRequest) -> chain_check::ChainCheckResponse => chain_check::check,
    /// Shows a step's fields with what fills them.
    chain_fields(step_fields::ChainStepRequest) -> step_fields::StepFieldsResponse => step_fields::fields,
    /// Shows what of a chain is at work.
    chain_show(chains::ChainRef) -> publishing::ChainAtWork => publishing::show,
    /// Makes a version of a chain the one that its trigger runs.
    chain_publish(publishing::ChainPublishRequest) -> publishing::ChainAtWork => publishing::publish,
    /// Lets the trigger start a chain, or keeps it from doing so.
    chain_switch(publishing::ChainSwitchRequest) -> publishing::ChainAtWork => publishing::switch,
    /// Lists the versions of a chain with what differs from one to the next.
    chain_versions(chains::ChainRef) -> publishing::ChainVersionsResponse => publishing::versions,
    /// Lists what became of the events that a chain waited for.
    chain_firings(chains::ChainRef) -> publishing::ChainFiringsResponse => publishing::firings,
    /// Says how the calls of a chain's steps went, from the journal's own figures.
    chain_figures(chain_figures::ChainFiguresRequest) -> chain_figures::ChainFigures => chain_figures::figures,
    /// Deletes a chain; its runs stay.
    chain_delete(chains::ChainRef) -> chains::ChainDeleted => chains::delete,
    /// Starts a run.
    run_start(runs::RunStartRequest) -> runs::RunView => runs::start,
    /// Waits until a run ends or needs the user.
    run_wait(runs::RunRef) -> RunReport => runs::wait,
    /// Answers an unknown outcome.
    run_resolve(runs::RunResolveRequest) -> RunReport => runs::resolve,
    /// Runs runs again.
    run_again(rerun::RunAgainRequest) -> rerun::RunsStarted => rerun::again,
    /// Runs what failed of a run.
    run_failed(runs::RunRef) -> runs::RunView => rerun::failed_items,
    /// Runs a run again from a step on, with the results of the steps before.
    run_from_step(rerun::RunFromStepRequest) -> runs::RunView => rerun::from_step,
    /// Answers a step that asks.
    run_answer(rerun::RunAnswerRequest) -> RunReport => rerun::answer,
    /// Holds a run.
    run_pause(runs::RunRef) -> RunReport => rerun::pause,
    /// Lets a run go on that is held.
    run_resume(runs::RunRef) -> runs::RunView => rerun::resume,
    /// Stops a run.
    run_stop(runs::RunStopRequest) -> RunReport => runs::stop,
    /// Undoes what a run that has ended did.
    run_undo(runs::RunRef) -> runs::RunView => rerun::undo,
    /// Tries an undo that failed once more, or takes note that it was done by hand.
    run_undo_again(rerun::RunUndoAgainRequest) -> runs::RunView => rerun::undo_again,
    /// Does one step, with what an earlier run gave it.
    step_run(rerun::StepRunRequest) -> runs::RunView => rerun::only_step,
    /// Keeps what a step gave, to build the steps behind it on.
    step_pin(pins::StepPinRequest) -> pins::PinsResponse => pins::pin,
    /// Lets go of what was kept of a step.
    step_unpin(pins::PinRef) -> pins::PinsResponse => pins::unpin,
    /// Says what is kept of a chain's steps.
    pin_list(chains::ChainRef) -> pins::PinsResponse => pins::list,
    /// Shows what is kept of a step.
    pin_show(pins::PinShowRequest) -> run_data::RunDataResponse => pins::show,
    /// Deletes runs that have ended.
    run_delete(run_deletion::RunDeleteRequest) -> run_deletion::RunsDeleted => run_deletion::delete,
    /// Lists runs.
    run_list(runs::RunListRequest) -> runs::RunListResponse => runs::list,
    /// Gives a run's report.
    run_report(runs::RunReportRequest) -> runs::RunReportResponse => runs::report,
    /// Shows what went into and came out of a step of a run.
    run_data(run_data::RunDataRequest) -> run_data::RunDataResponse => run_data::data,
    /// Makes an offline test of a run.
    run_test(runs::RunRef) -> chain_tests::RunTestResponse => chain_tests::make,
    /// Replays an offline test: nothing is sent.
    chain_test(chain_tests::ChainTestRequest) -> chain_tests::ChainTestResponse => chain_tests::test,
    /// Shows for which deliveries a run waits, and where they are to come.
    run_waits(runs::RunRef) -> run_waits::RunWaitsResponse => run_waits::waits,
    /// Starts the built-in sandbox and connects its tools.
    sandbox_start(Empty) -> sandbox::SandboxReady => sandbox::start,
    /// Switches the sandbox off, and its connections with it.
    sandbox_stop(Empty) -> sandbox::SandboxState => sandbox::stop,
    /// Says whether the sandbox runs and what trouble it makes.
    sandbox_show(Empty) -> sandbox::SandboxState => sandbox::show,
    /// Lets the sandbox make trouble, or end it.
    sandbox_fault(sandbox::SandboxFaultRequest) -> sandbox::SandboxState => sandbox::fault,
    /// Puts the sandbox back to how it was at first.
    sandbox_reset(Empty) -> sandbox::SandboxState => sandbox::reset,
    /// Opens a page in the system's browser.
    url_open(links::UrlOpenRequest) -> links::UrlOpened => links::open,
    /// Saves a file where the user wants it.
    file_save(files::FileSaveRequest) -> files::FileSaved => files::save,
    /// Lets the user choose a folder.
    folder_pick(files::FolderPickRequest) -> files::FolderPicked => files::pick_folder,
    /// Says how the program stands on its desktop.
    desktop_show(Empty) -> desktop::DesktopResponse => desktop::show,
    /// Changes how the program stands on its desktop.
    desktop_set(patchbay_model::desktop::DesktopChange) -> desktop::DesktopResponse => desktop::set,
    /// Says that the page has drawn itself where it can be seen.
    window_drawn(Empty) -> desktop::Heard => desktop::drawn,
    /// Shows everything larger or smaller.
    window_zoom(zoom::Zoom) -> zoom::Zoom => zoom::set,
    /// Says how connections, storage and secrets are.
    health(Empty) -> health::HealthResponse => health::health,
    /// Says how every connection is doing, with figures of a range of time.
    health_overview(health::overview::HealthOverviewRequest) -> health::view::HealthOverview => health::overview::overview,
    /// Says everything about how one connection is doing.
    health_detail(health::detail::HealthDetailRequest) -> health::detail::HealthDetail => health::detail::detail,
    /// Checks one connection or all of them now.
    health_check_now(health::actions::HealthCheckRequest) -> health::actions::HealthCheckResponse => health::actions::check_now,
    /// Lets a connection's calls pass again after repeated failures.
    circuit_reset(connections::ConnectionName) -> health::actions::CircuitReset => health::actions::circuit_reset,
    /// Shows where the lines of health are drawn and what is told to a person who does not look.
    health_settings_show(Empty) -> health::settings::HealthSettings => health::settings::show,
    /// Changes where the lines of health are drawn and what is told to a person who does not look.
    health_settings_set(health::settings::HealthSettingsRequest) -> health::settings::HealthSettings => health::settings::set,
    /// Shows where the log files are and how much goes to them.
    log_settings_show(Empty) -> logs::LogSettings => logs::show,
    /// Changes how much goes to the log files.
    log_settings_set(logs::LogSettingsRequest) -> logs::LogSettings => logs::set,
    /// Tells the end of the latest log file.
    log_text(Empty) -> logs::LogText => logs::text,
    /// Shows what was done here, the latest first.
    audit_list(audit::AuditRequest) -> audit::AuditResponse => audit::list,
    /// Gives what was done here as the content of a file.
    audit_file(audit::AuditFileRequest) -> audit::AuditFile => audit::file,
    /// Writes what was done here to a file, one act a line.
    audit_export(audit::AuditExportRequest) -> audit::AuditExported => audit::export,
    /// Says how the secret store is and how old the secrets are.
    secrets_status(Empty) -> secret_store::SecretsStatus => secret_store::status,
    /// Unlocks the secret store.
    secrets_unlock(secret_store::UnlockRequest) -> secret_store::SecretsStatus => secret_store::unlock,
    /// Locks the secret store.
    secrets_lock(Empty) -> secret_store::SecretsStatus => secret_store::lock,
    /// Changes when the secret store locks itself and when a key is called old.
    secrets_set(secret_store::SecretsSetRequest) -> secret_store::SecretsStatus => secret_store::set,
    /// Seals every secret with another key.
    secrets_rotate(Empty) -> secret_store::RotateResponse => secret_store::rotate,
    /// Moves the keys into another secret store.
    secrets_move(secret_store::MoveRequest) -> secret_store::SecretsStatus => secret_store::move_to,
    /// Locks the passphrase store with another passphrase.
    secrets_change_passphrase(secret_store::ChangePassphraseRequest) -> secret_store::SecretsStatus => secret_store::change_passphrase,
    /// Destroys every key and every secret.
    secrets_forget_all(Empty) -> secret_store::ForgotAll => secret_store::forget_all,
    /// Writes connections and chains into a file.
    export_make(transfer::ExportRequest) -> transfer::ExportResponse => transfer::export,
    /// Takes connections and chains from a file, or says what that would do.
    import_take(transfer::ImportRequest) -> transfer::ImportResponse => transfer::import,
    /// Says where a connection's settings lead and what of it is approved.
    approval_show(connections::ConnectionName) -> approval::Approval => approval::show,
    /// Approves where a connection's key may go.
    connection_approve(approval::ApproveRequest) -> approval::Approval => approval::approve,
    /// Says that a person is at the screen.
    presence(Empty) -> secret_store::Seen => secret_store::presence,
    /// Writes a copy of the workspace's database.
    backup(storage::BackupRequest) -> storage::BackupResponse => storage::backup,
    /// Says what this program is, where its data is and how much of it there is. No secrets, no names.
    about_show(Empty) -> about::About => about::show,
    /// Confirms that this computer runs the triggers of data that came from another.
    machine_confirm(Empty) -> storage::Confirmed => storage::confirm_machine,
}

/// What names of commands end in that only look.
const LOOKING: [&str; 13] = [
    "_list",
    "_show",
    "_report",
    "_data",
    "_fields",
    "_check",
    "_export",
    "_status",
    "_text",
    "_search",
    "_versions",
    "_firings",
    "_waits",
];
/// Others that do.
const LOOKING_TOO: [&str; 9] = [
    "health",
    "health_overview",
    "health_detail",
    "connection_streams",
    "connection_history",
    "queue_stats",
    "run_wait",
    "window_drawn",
    "window_zoom",
];

/// Whether a screen sends a command by itself, to show what it is told: no sign of a person.
fn only_looks(command: &str) -> bool {
    LOOKING.iter().any(|end| command.ends_with(end)) || LOOKING_TOO.contains(&command)
}

fn read<T: DeserializeOwned>(command: &str, request: Value) -> Result<T, Problem> {
    let request = if request.is_null() { Value::Object(serde_json::Map::new()) } else { request };
    serde_json::from_value(request).map_err(|error| {
        Problem::new(Code::InputInvalid)
            .with("field", format!("The request of \"{command}\""))
            .with("message", format!("{error}."))
    })
}

fn write(response: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(response).map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::sync::Arc;

    use patchbay_model::time::ManualClock;
    use serde_json::Value;

    use super::dispatch;

    /// Somebody waits for the answer on a thread of two mebibytes, and futures lie in each other.
    #[test]
    fn no_answer_lies_whole_in_the_list() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let hub = crate::workspace::tests::hub(dir.path(), &clock);
        let answer = dispatch(&hub, "default", "run_start", Value::Null);
        assert!(size_of_val(&answer) < 1024, "{} bytes", size_of_val(&answer));
    }
}
