// Written by `cargo xtask gen` from the engine's own types. Do not edit.

/**
 * This program and its data.
 */
export type About = { 
/**
 * Its version.
 */
version: string, 
/**
 * How it came here.
 */
installed: Installed, 
/**
 * The operating system with its processor, such as `linux x86_64`.
 */
system: string, 
/**
 * The folder of all data; `~` stands for the user's own.
 */
dataFolder: string, 
/**
 * Bytes of this workspace's database.
 */
databaseBytes: number, 
/**
 * Copies of it that are made by themselves.
 */
copies: number, 
/**
 * Their bytes.
 */
copiesBytes: number, 
/**
 * Hosts of the proxies in use; what is public is reached through them.
 */
proxies: Array<string>, };

/**
 * What a permission lets us do.
 */
export type Access = "read" | "write";

/**
 * Whose account a connection uses.
 */
export type Account = { 
/**
 * The service's lasting identifier.
 */
id: string, 
/**
 * What people call it, safe to show.
 */
label: string, };

/**
 * How several values become one.
 */
export type Aggregation = "count" | "list" | "distinct" | "join" | "sum" | "least" | "greatest" | "first" | "last";

/**
 * An event with its place in the stream.
 */
export type AppEvent = { 
/**
 * Counts from 1 since the engine started, without gaps. A screen that sees a gap asks anew.
 */
seq: number, 
/**
 * The workspace it happened in; empty where it concerns them all.
 */
workspace: string, } & ({ "event": "connection_changed", 
/**
 * The connection.
 */
id: ConnectionId, } | { "event": "sign_in_changed", 
/**
 * The sign-in.
 */
id: SignInId, } | { "event": "signals_arrived", 
/**
 * The connection they came through.
 */
connection: ConnectionId, 
/**
 * How many were new.
 */
count: number, } | { "event": "signals_changed" } | { "event": "sync_changed", 
/**
 * The connection.
 */
connection: ConnectionId, 
/**
 * The stream; none where it concerns them all.
 */
stream: string | null, } | { "event": "jobs_changed" } | { "event": "webhook_changed", 
/**
 * The connection.
 */
connection: ConnectionId, } | { "event": "gateway_changed" } | { "event": "catalogue_changed" } | { "event": "chains_changed" } | { "event": "run_changed", 
/**
 * The run.
 */
id: RunId, 
/**
 * Its state now.
 */
state: RunState, 
/**
 * The journal's length now.
 */
facts: number, } | { "event": "health_changed", 
/**
 * The connection.
 */
connection: ConnectionId, 
/**
 * How it is doing now.
 */
state: HealthState, } | { "event": "noticed", 
/**
 * What is said.
 */
notice: Notice, } | { "event": "health_checked", 
/**
 * Checked so far.
 */
done: number, 
/**
 * In all.
 */
total: number, } | { "event": "secrets_changed" } | { "event": "network_changed" } | { "event": "storage_changed", 
/**
 * Why it stopped.
 */
problem: Problem | null, });

/**
 * What a connection wants and what it may.
 */
export type Approval = { 
/**
 * Where its settings lead.
 */
wanted: Array<string>, 
/**
 * Where its key may go.
 */
approved: Array<string>, 
/**
 * In what its sign-in is not as it was approved.
 */
changes: Array<SignInChange>, };

/**
 * What the person approves.
 */
export type ApproveRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * Every address as the person saw it. Nothing is approved where the connection wants another.
 */
origins: Array<string>, 
/**
 * Every change of the sign-in as the person saw it. Nothing is approved where there is another.
 */
changes: Array<SignInChange>, 
/**
 * Whether private addresses are allowed; stays as it is where absent.
 */
allowPrivate?: boolean | null, };

/**
 * What became of a sign-in at its service.
 */
export type AtService = "revoked" | "failed" | "not_offered";

/**
 * One act.
 */
export type AuditAct = { 
/**
 * Its place in the trail.
 */
id: number, 
/**
 * When.
 */
at: string, 
/**
 * What was done.
 */
action: string, 
/**
 * To what.
 */
subject: string, 
/**
 * More; null where there is none.
 */
detail: JsonValue, };

/**
 * Where to write the trail.
 */
export type AuditExportRequest = { 
/**
 * The file; must not be there yet.
 */
file: string, 
/**
 * Which acts; all of them where absent. Its limit is not looked at.
 */
filter: AuditRequest, };

/**
 * What was written.
 */
export type AuditExported = { 
/**
 * The file.
 */
file: string, 
/**
 * How many acts.
 */
acts: number, };

/**
 * The content of a file.
 */
export type AuditFile = { 
/**
 * What it is proposed to be called.
 */
name: string, 
/**
 * What it holds.
 */
text: string, 
/**
 * How many acts.
 */
acts: number, 
/**
 * There are more, earlier ones.
 */
cut: boolean, };

/**
 * Which acts a file is to hold, and how.
 */
export type AuditFileRequest = { 
/**
 * How; JSON where absent.
 */
format?: AuditFormat | null, 
/**
 * Which; all of them where absent. Its limit is not looked at.
 */
filter: AuditRequest, };

/**
 * How acts are written.
 */
export type AuditFormat = "json" | "csv";

/**
 * Which acts.
 */
export type AuditRequest = { 
/**
 * Not before then.
 */
since?: string | null, 
/**
 * Before then.
 */
until?: string | null, 
/**
 * About the connection with this name, whatever it was called at the time.
 */
connection?: string | null, 
/**
 * Only this action, such as `call_failed`.
 */
action?: string | null, 
/**
 * Only where action, subject or detail hold this text.
 */
text?: string | null, 
/**
 * Only those before the one with this number: the next page.
 */
before?: number | null, 
/**
 * At most this many; 100 where absent, at most 1,000.
 */
limit?: number | null, };

/**
 * Acts, the latest first.
 */
export type AuditResponse = { 
/**
 * Those asked for.
 */
acts: Array<AuditAct>, 
/**
 * Where the next page goes on; none where there is none.
 */
before: number | null, };

/**
 * One way to sign in.
 */
export type AuthDetail = { 
/**
 * Its identifier.
 */
id: string, 
/**
 * Its kind: `api_key`, `pat`, `basic`, `oauth2` or `session`.
 */
method: string, 
/**
 * What signing in on the tool's own pages needs, where it is that.
 */
oauth: OAuthDetail | null, 
/**
 * What a person reads.
 */
label: string, 
/**
 * What is asked.
 */
fields: Array<CredentialField>, 
/**
 * Where the person finds it.
 */
help: AuthHelp | null, 
/**
 * Settings that signing in needs, by key: they are asked first.
 */
before: Array<string>, };

/**
 * Where a person finds what is asked.
 */
export type AuthHelp = { 
/**
 * The vendor's page. `https` only.
 */
url: string, 
/**
 * What to do there, in plain words.
 */
text: string, };

/**
 * One way to sign in.
 */
export type AuthSummary = { 
/**
 * Its identifier.
 */
id: string, 
/**
 * Its kind: `api_key`, `pat` or `basic`.
 */
method: string, 
/**
 * What a person reads.
 */
label: string, 
/**
 * The names of the values that are asked.
 */
fields: Array<string>, 
/**
 * Where the person finds them.
 */
helpUrl: string | null, };

/**
 * An item that waits for a delivery.
 */
export type AwaitedDelivery = { 
/**
 * The step.
 */
step: StepId, 
/**
 * What a person reads for it.
 */
name: string, 
/**
 * The item, from 0.
 */
item: number, 
/**
 * The connection whose webhook is to be called, by name.
 */
connection: string | null, 
/**
 * The address to be called, where the step has one of its own. Who knows it can answer.
 */
address: string | null, 
/**
 * When the step has failed.
 */
until: string, };

/**
 * Where to write the copy.
 */
export type BackupRequest = { 
/**
 * The file; must not be there yet. Where absent the user chooses it, or, where there is no screen to
 * choose on, it goes to the folder of the copies that are made by themselves.
 */
file?: string | null, };

/**
 * What was written.
 */
export type BackupResponse = { 
/**
 * The file; none where the user declined.
 */
file: string | null, 
/**
 * Its size in bytes.
 */
bytes: number, };

/**
 * What to call.
 */
export type CallRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * The operation.
 */
operation: string, 
/**
 * Its parameters.
 */
params: JsonValue, 
/**
 * Build and show the request; send nothing.
 */
dryRun: boolean, };

/**
 * What calling gave.
 */
export type CallResponse = { 
/**
 * The operation.
 */
operation: string, 
/**
 * What was, or would have been, sent; without secrets.
 */
request: RequestSummary, 
/**
 * Whether it was sent.
 */
sent: boolean, 
/**
 * The result, where there is one.
 */
result: JsonValue | null, 
/**
 * The HTTP status, where there was an answer.
 */
status: number | null, 
/**
 * From the first byte sent to the last received, in milliseconds.
 */
tookMs: number, 
/**
 * When the service last said so, where the answer is a copy that stands for its own.
 */
heldAt: string | null, 
/**
 * How old that copy is, in seconds.
 */
ageSeconds: number | null, };

/**
 * A connection that could stand for a placeholder.
 */
export type Candidate = { 
/**
 * Its name.
 */
name: string, 
/**
 * Whose account it uses.
 */
account: string | null, 
/**
 * Where its requests go.
 */
origins: Array<string>, };

/**
 * What one case showed.
 */
export type CaseReport = { 
/**
 * Its name.
 */
name: string, 
/**
 * Whether everything came out as the fixture says.
 */
passed: boolean, 
/**
 * What did not.
 */
messages: Array<string>, };

/**
 * Which connectors to list. Every condition given must hold.
 */
export type CatalogueRequest = { 
/**
 * Only this category.
 */
category?: Category | null, 
/**
 * Only connectors with this way to sign in: `api_key`, `pat`, `basic` or `none`.
 */
auth?: string | null, 
/**
 * Only connectors that bring data in this way: `polling` or `webhook`.
 */
ingestion?: string | null, 
/**
 * Only connectors whose name, description or category holds all of these words.
 */
search?: string | null, 
/**
 * Only the user's own (`true`) or only those that ship with the program (`false`).
 */
mine?: boolean | null, };

/**
 * Connectors, sorted by name.
 */
export type CatalogueResponse = { 
/**
 * The connectors that match.
 */
connectors: Array<ConnectorSummary>, 
/**
 * Definitions that could not be read; they hide none of the others.
 */
problems: Array<Problem>, };

/**
 * Where the catalogue lists a connector.
 */
export type Category = "project-management" | "communication" | "code-and-devops" | "documents" | "custom";

/**
 * The document: what is imported, exported, edited and snapshotted into each run.
 */
export type Chain = { 
/**
 * Version of the document's shape; 1.
 */
schema: number, 
/**
 * What the user calls it; unique in the workspace.
 */
name: string, 
/**
 * One or two sentences.
 */
description?: string, 
/**
 * What starts it.
 */
trigger: Trigger, 
/**
 * How the runs that its trigger starts stand to each other.
 */
concurrency?: Concurrency, 
/**
 * How long a run may take, and what holds for steps that say nothing themselves.
 */
policy?: ChainPolicy, 
/**
 * What it does, in this order.
 */
steps: Array<Step>, 
/**
 * What it does after that failed.
 */
onFailure?: Array<Step>, 
/**
 * What it does at the end in any case, also when it is stopped.
 */
finally?: Array<Step>, };

/**
 * What of a chain is at work.
 */
export type ChainAtWork = { 
/**
 * Its identifier.
 */
id: ChainId, 
/**
 * Its name.
 */
name: string, 
/**
 * The latest version: the draft, where it is not the published one.
 */
latest: number, 
/**
 * The version that the trigger runs.
 */
published: number | null, 
/**
 * Whether its trigger starts it.
 */
on: boolean, 
/**
 * What starts the published version, in words.
 */
starts: string | null, 
/**
 * Nothing is started: the data came from another computer and waits to be confirmed.
 */
paused: boolean, };

/**
 * Which chain to check, and how far.
 */
export type ChainCheckRequest = { 
/**
 * Its identifier or its name.
 */
chain: string, 
/**
 * Only what can be said without asking any service.
 */
local: boolean, 
/**
 * Steps that the run would leave out; `CONFLICT` where another one needs them.
 */
without?: Array<StepId> | null, };

/**
 * What the check found.
 */
export type ChainCheckResponse = { 
/**
 * Whether a run would start.
 */
ready: boolean, 
/**
 * Blockers first, then warnings, passes, and what the run will do.
 */
findings: Array<Finding>, 
/**
 * The steps that a run could go without: no other one needs them.
 */
spare: Array<StepId>, 
/**
 * Stands for what a run would do: a run that is started with it does this or nothing.
 */
plan: string | null, };

/**
 * A chain that is gone.
 */
export type ChainDeleted = { 
/**
 * Its name.
 */
name: string, };

/**
 * The calls of a chain's steps.
 */
export type ChainFigures = { 
/**
 * Of how long.
 */
range: HealthRange, 
/**
 * From when on.
 */
since: string, 
/**
 * Steps in the order of the chain; those that are not there any more come last. A step that called nothing is
 * not among them.
 */
steps: Array<StepFiguresView>, };

/**
 * Which chain, and of how long.
 */
export type ChainFiguresRequest = { 
/**
 * The chain, by identifier or name.
 */
chain: string, 
/**
 * Up to now; a day where absent.
 */
range?: HealthRange | null, };

/**
 * What became of events.
 */
export type ChainFiringsResponse = { 
/**
 * The latest first, at most 100.
 */
firings: Array<Firing>, };

/**
 * A chain, the same across its versions.
 */
export type ChainId = string;

/**
 * A chain to save.
 */
export type ChainImportRequest = { 
/**
 * The document: a chain that names connections, or a shared one that names placeholders.
 */
chain: JsonValue, 
/**
 * Its file, for messages.
 */
file?: string | null, 
/**
 * The connection that stands for each placeholder of a shared chain.
 */
connections: { [key in string]: string }, 
/**
 * What becomes of a chain here that has its name: where absent, a document of one's own that
 * differs from it is refused (`CONFLICT`), and a shared one stands beside it.
 */
taken?: NameTaken | null, };

/**
 * Chains, sorted by name.
 */
export type ChainListResponse = { 
/**
 * All of them.
 */
chains: Array<ChainSummary>, };

/**
 * What holds for a run as a whole, and for steps that say nothing themselves.
 */
export type ChainPolicy = { 
/**
 * Longest time of a run in milliseconds, from the end of its check; any where absent. What it waits for
 * a person does not count, nor does the time while Patchbay is not running. A run that takes longer has
 * failed: its steps send nothing more.
 */
timeoutMs?: number | null, 
/**
 * Tries of one item in steps that say nothing, the first included. 1 to 10; 4 where absent.
 */
tries?: number | null, 
/**
 * What a failed item means in steps that say nothing: the run stops and keeps what was done where
 * absent. What was done is undone too where the run takes too long and this says so.
 */
onFailure?: OnFailure | null, };

/**
 * What a chain needs, reaches and does.
 */
export type ChainPreview = { 
/**
 * Its name.
 */
name: string, 
/**
 * One or two sentences.
 */
description: string, 
/**
 * What starts it, once it is on.
 */
starts: string, 
/**
 * What has to be connected with it; empty for a chain that names connections of this computer.
 */
placeholders: Array<PlaceholderView>, 
/**
 * What a run does, step by step. Empty also where that cannot be said yet: see `planned`.
 */
effects: Array<string>, 
/**
 * Whether it can be said what a run does: every tool that it uses is known here.
 */
planned: boolean, 
/**
 * Whether a chain here has its name.
 */
taken: boolean, 
/**
 * Other chains that it runs or follows, by name.
 */
chains: Array<string>, 
/**
 * Why it cannot be taken in, or not be run as it is.
 */
problems: Array<Problem>, };

/**
 * A document to look at.
 */
export type ChainPreviewRequest = { 
/**
 * The document.
 */
chain: JsonValue, 
/**
 * Its file, for messages.
 */
file?: string | null, };

/**
 * Which version to publish.
 */
export type ChainPublishRequest = { 
/**
 * The chain, by identifier or name.
 */
chain: string, 
/**
 * The version; the latest where absent.
 */
version?: number | null, };

/**
 * A chain by identifier or name.
 */
export type ChainRef = { 
/**
 * Its identifier or its name.
 */
chain: string, };

/**
 * A chain as the editor has it.
 */
export type ChainSaveRequest = { 
/**
 * The chain; a new one where absent.
 */
id?: ChainId | null, 
/**
 * The document.
 */
chain: Chain, 
/**
 * The version that was changed: where there is a later one that differs, nothing is saved
 * (`CONFLICT`, about the chain). Saved whatever there is where absent.
 */
base?: number | null, };

/**
 * A saved chain.
 */
export type ChainSaved = { 
/**
 * Its identifier, the same for all versions.
 */
id: ChainId, 
/**
 * Its name.
 */
name: string, 
/**
 * Counts from 1; saving the same document again makes no new version.
 */
version: number, 
/**
 * What was matched automatically.
 */
matched: Array<MatchedField>, 
/**
 * What is missing or unsure.
 */
findings: Array<Finding>, 
/**
 * The document as it was saved.
 */
chain: Chain, };

/**
 * A chain to be passed on.
 */
export type ChainShared = { 
/**
 * The document.
 */
document: SharedChain, 
/**
 * Everything that somebody wrote into it: texts, conditions, questions, names. It goes along.
 */
values: Array<WrittenValue>, };

/**
 * One step of a chain.
 */
export type ChainStepRequest = { 
/**
 * The chain, by identifier or name.
 */
chain: string, 
/**
 * The step.
 */
step: StepId, 
/**
 * Which sample to show, from 0.
 */
sample?: number | null, 
/**
 * The signal that stands for what starts the chain, by its number.
 */
signal?: number | null, 
/**
 * The run whose results stand for what steps give.
 */
run?: string | null, 
/**
 * Where one field comes from, tried in the place of what is kept. Nothing is saved.
 */
map?: FieldMap | null, };

/**
 * A chain as a list shows it.
 */
export type ChainSummary = { 
/**
 * Its identifier.
 */
id: ChainId, 
/**
 * Its name.
 */
name: string, 
/**
 * Its latest version.
 */
version: number, 
/**
 * When that was saved.
 */
savedAt: string, 
/**
 * Its steps: `connection: operation`.
 */
steps: Array<string>, 
/**
 * The connection of each step.
 */
connections: Array<string>, 
/**
 * What starts its latest version.
 */
trigger: Trigger, 
/**
 * The same in words.
 */
starts: string, 
/**
 * The version that the trigger runs.
 */
published: number | null, 
/**
 * Whether its trigger starts it.
 */
on: boolean, 
/**
 * How its last run went.
 */
lastRun: RunState | null, 
/**
 * When that was asked for.
 */
lastRunAt: string | null, 
/**
 * Of its last 20 runs that ended, how many ended well.
 */
endedWell: number, 
/**
 * How many of its last 20 runs ended.
 */
ended: number, };

/**
 * Whether the trigger starts it.
 */
export type ChainSwitchRequest = { 
/**
 * The chain, by identifier or name.
 */
chain: string, 
/**
 * On or off.
 */
on: boolean, };

/**
 * An offline test to be run.
 */
export type ChainTestRequest = { 
/**
 * What the file holds.
 */
test: JsonValue, 
/**
 * The document to test; where absent, the workspace's chain of the same name, else the one in the file.
 */
chain?: Chain | null, };

/**
 * What an offline test said.
 */
export type ChainTestResponse = { 
/**
 * The chain.
 */
chain: string, 
/**
 * The version of it that was tested; none where it is not the workspace's.
 */
version: number | null, 
/**
 * Whether it does what it did.
 */
passed: boolean, 
/**
 * What differs, each a sentence.
 */
differences: Array<string>, };

/**
 * A chain as saved: the document with its identity and version.
 */
export type ChainVersion = { 
/**
 * The same for all versions.
 */
id: ChainId, 
/**
 * Counts from 1.
 */
version: number, 
/**
 * SHA-256 of the document's canonical JSON, in hexadecimal.
 */
hash: string, 
/**
 * The document.
 */
chain: Chain, 
/**
 * When this version was saved.
 */
savedAt: string, };

/**
 * One version of a chain.
 */
export type ChainVersionView = { 
/**
 * Counts from 1.
 */
version: number, 
/**
 * When it was saved.
 */
savedAt: string, 
/**
 * Whether the trigger runs it.
 */
published: boolean, 
/**
 * What differs from the one before, in words; empty for the oldest that is shown.
 */
changes: Array<string>, 
/**
 * The document.
 */
chain: Chain, };

/**
 * Versions of a chain, the latest first.
 */
export type ChainVersionsResponse = { 
/**
 * At most 20.
 */
versions: Array<ChainVersionView>, };

/**
 * Something that a step changed, or may have changed.
 */
export type Change = { 
/**
 * The item, from 0.
 */
item: number, 
/**
 * When the last attempt was sent.
 */
at: string, 
/**
 * Requests that were sent for it.
 */
attempts: number, 
/**
 * The HTTP method.
 */
method: string, 
/**
 * The address, without the query.
 */
url: string, 
/**
 * What became of it.
 */
state: ChangeState, };

/**
 * Another passphrase.
 */
export type ChangePassphraseRequest = { 
/**
 * The one that opens the store now.
 */
current: PassphraseInput, 
/**
 * The one that is to: at least 12 characters.
 */
new: PassphraseInput, };

/**
 * What became of a change.
 */
export type ChangeState = "made" | "not_known" | "undone" | "stays";

/**
 * The checks of half an hour.
 */
export type CheckBar = { 
/**
 * Those that passed.
 */
ok: number, 
/**
 * Those that failed.
 */
failed: number, };

/**
 * How far a check of all connections is.
 */
export type CheckProgress = { 
/**
 * Checked so far.
 */
done: number, 
/**
 * In all.
 */
total: number, };

/**
 * One value that may be entered.
 */
export type Choice = { 
/**
 * What is entered.
 */
value: string, 
/**
 * What people read: one line.
 */
label: string, 
/**
 * What is entered in other settings with it, by their keys.
 */
fills: { [key in string]: string }, };

/**
 * What a tool lists for a setting.
 */
export type Choices = { 
/**
 * Each value once, in the tool's own order. 1,000 at most.
 */
choices: Array<Choice>, 
/**
 * The tool has more, which were not read.
 */
more: boolean, };

/**
 * An operation that lists what may be entered in a setting, and what of its items is entered and shown.
 */
export type ChoicesFrom = { 
/**
 * One of this connector's operations of verb `list` or `search` that can be called without parameters,
 * and that does not need the setting itself.
 */
operation: string, 
/**
 * JSONPath (RFC 9535) in an item: what is entered. A text or a number.
 */
value: string, 
/**
 * JSONPath in an item: what people read. The value where absent.
 */
label?: string, 
/**
 * Other settings of type `text` that the same choice fills in, each with a JSONPath in the item: the
 * owner with the repository.
 */
fills: { [key in string]: string }, };

/**
 * A setting, and with what the tool is asked: a connection that is there, or what would be connected.
 */
export type ChoicesRequest = { 
/**
 * The setting's key.
 */
setting: string, 
/**
 * The name of a connection that is there.
 */
connection?: string | null, 
/**
 * What would be connected, with its settings as far as they are known.
 */
draft?: ConnectRequest | null, };

/**
 * Who chose a mapping. What was chosen by hand is never overwritten.
 */
export type ChosenBy = "hand" | "matcher";

/**
 * What was reset.
 */
export type CircuitReset = { 
/**
 * Hosts whose calls were kept back or counted against.
 */
closed: number, };

/**
 * A circuit as the rules see it.
 */
export type CircuitState = "closed" | "half_open" | "open";

/**
 * What kind of failure it was. Closed: each code has words, a retry class and a health effect.
 */
export type Code = "AUTH_EXPIRED" | "AUTH_REVOKED" | "AUTH_INVALID" | "SIGN_IN_DENIED" | "SIGN_IN_TIMED_OUT" | "SIGN_IN_REFUSED" | "SIGN_IN_INTERRUPTED" | "PERMISSION_DENIED" | "RATE_LIMITED" | "LOCAL_RATE_LIMITED" | "QUOTA_EXHAUSTED" | "SERVICE_DOWN" | "TIMEOUT_CONNECT" | "TIMEOUT_RESPONSE" | "CONNECTION_REFUSED" | "DNS_FAILURE" | "OFFLINE" | "CONNECTION_LOST" | "TLS_FAILURE" | "PROXY_REQUIRED" | "NETWORK_UNREADABLE" | "CAPTIVE_PORTAL" | "REDIRECT_REFUSED" | "TARGET_BLOCKED" | "PAYLOAD_TOO_LARGE" | "REQUEST_TOO_LARGE" | "UNEXPECTED_CONTENT" | "MALFORMED_RESPONSE" | "SCHEMA_MISMATCH" | "INVALID_CONFIG" | "NOT_FOUND" | "CONFLICT" | "STILL_USED" | "CHECKPOINT_STALE" | "SECRET_MISSING" | "SECRET_STORE_LOCKED" | "SECRET_STORE_UNAVAILABLE" | "PASSPHRASE_WRONG" | "STORAGE_FULL" | "STORAGE_BUSY" | "STORAGE_CORRUPT" | "STORAGE_NEWER" | "CIRCUIT_OPEN" | "UNKNOWN_OUTCOME" | "RUN_STUCK" | "RUN_FAILED" | "RUN_LATE" | "EFFECTS_USED_UP" | "COMPENSATION_FAILED" | "CANCELLED" | "SIGNATURE_INVALID" | "SIGNATURE_REPLAYED" | "DESCRIPTOR_INVALID" | "INPUT_INVALID" | "NOT_OFFERED" | "PORT_IN_USE" | "IN_USE" | "DATA_MOVED" | "CLOCK_WRONG" | "INTERNAL";

/**
 * How the runs that events start stand to each other. A run that the user starts by hand begins at
 * once: that is the user's own decision.
 */
export type Concurrency = { 
/**
 * What an event means while a run is under way.
 */
overlap: Overlap, 
/**
 * Runs at the same time where the overlap is `parallel`. 1 to 64.
 */
most: number, 
/**
 * Runs with the same value of this template stand to each other, others do not; it sees `input`,
 * such as `{{input.raw.id}}` for order per issue. All runs of the chain where absent.
 */
key: string | null, 
/**
 * Effects that runs which events started may have in a day (UTC). What would go beyond it asks.
 */
effectsPerDay: number, };

/**
 * A setting that is not a secret.
 */
export type ConfigField = { 
/**
 * Name in templates: `{{config.<key>}}`.
 */
key: string, 
/**
 * What the form says.
 */
label: string, 
/**
 * What may be entered.
 */
type: ConfigKind, 
/**
 * Must be given before the connection can be tested.
 */
required: boolean, 
/**
 * Used where nothing is given.
 */
default?: JsonValue | null, 
/**
 * Linear-time regular expression that the whole value must match.
 */
pattern?: string | null, 
/**
 * Choices of an `enum` field.
 */
options?: Array<string>, 
/**
 * Shown greyed in the empty field.
 */
example?: string | null, 
/**
 * One sentence below the field.
 */
helpText?: string | null, 
/**
 * The vendor's page about it. `https` only.
 */
helpUrl?: string | null, 
/**
 * Stands before what is entered, such as `https://`: shown beside the field, kept apart from the
 * value and put before it in templates. Only for `text`.
 */
prefix?: string | null, 
/**
 * The same after what is entered, such as `.zendesk.com`.
 */
suffix?: string | null, 
/**
 * Not asked for: the default holds, unless the command line says otherwise.
 */
hidden?: boolean, 
/**
 * Asked for only where another setting, which stands before it, has a value.
 */
visibleWhen?: VisibleWhen | null, 
/**
 * Where the tool itself lists what may be entered. Only for `text`, and only an offer: another value may
 * be typed.
 */
choices?: ChoicesFrom | null, };

/**
 * What may be entered in a setting.
 */
export type ConfigKind = "text" | "url" | "number" | "bool" | "enum" | "date" | "list" | "folders";

/**
 * Confirmed.
 */
export type Confirmed = { 
/**
 * Always true.
 */
confirmed: boolean, };

/**
 * How often connecting works at the first attempt.
 */
export type ConnectRate = { 
/**
 * Connections that were made.
 */
made: number, 
/**
 * Those before which no attempt of the same connector had failed.
 */
atFirst: number, 
/**
 * Attempts that failed.
 */
failed: number, };

/**
 * What connecting needs.
 */
export type ConnectRequest = { 
/**
 * The connector.
 */
connector: ConnectorId, 
/**
 * What the user will call it; unique in the workspace.
 */
name: string, 
/**
 * The way to sign in; the recommended one where absent.
 */
auth?: string | null, 
/**
 * Settings by key; `baseUrl` points the connector elsewhere.
 */
config: { [key in string]: string }, 
/**
 * Secret values by field.
 */
secrets: { [key in string]: SecretInput }, 
/**
 * Whether private and loopback addresses are allowed.
 */
allowPrivate: boolean, 
/**
 * The sign-in whose tokens are used, where the way to sign in gives tokens.
 */
signIn?: SignInId | null, };

/**
 * What connecting gave.
 */
export type ConnectResponse = { 
/**
 * The connection.
 */
connection: ConnectionView, 
/**
 * What the test saw.
 */
test: TestReport, };

/**
 * How one connection is.
 */
export type ConnectionHealth = { 
/**
 * Its name.
 */
name: string, 
/**
 * How it is.
 */
state: ConnectionState, 
/**
 * Switched off by the user.
 */
paused: boolean, 
/**
 * Of the sandbox.
 */
sandbox: boolean, 
/**
 * Calls of the last 24 hours.
 */
calls: number, 
/**
 * Those that failed.
 */
failed: number, 
/**
 * 95th percentile of their time in milliseconds.
 */
p95Ms: number | null, 
/**
 * When it last worked.
 */
lastConnectedAt: string | null, 
/**
 * The last failure since.
 */
lastError: Problem | null, };

/**
 * A connection: a connector set up with an account.
 */
export type ConnectionId = string;

/**
 * Which connections to list.
 */
export type ConnectionListRequest = { 
/**
 * Only this connector.
 */
connector?: ConnectorId | null, 
/**
 * Only this state.
 */
state?: ConnectionState | null, 
/**
 * How many to pass over.
 */
offset: number, 
/**
 * At most this many; 100 where absent, at most 1,000.
 */
limit?: number | null, };

/**
 * Connections, sorted by name.
 */
export type ConnectionListResponse = { 
/**
 * Those asked for.
 */
connections: Array<ConnectionView>, 
/**
 * How many there are in all that match.
 */
total: number, };

/**
 * A connection by name.
 */
export type ConnectionName = { 
/**
 * Its name.
 */
name: string, };

/**
 * On or off.
 */
export type ConnectionPauseRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * Off (`true`) or on.
 */
paused: boolean, };

/**
 * A new name.
 */
export type ConnectionRenameRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * What it is to be called.
 */
newName: string, };

/**
 * The calls of one connection: those of steps and of their undos. Checks before the run, what is read
 * before a change, and questions about outcomes that are not known are not among them.
 */
export type ConnectionReport = { 
/**
 * Its name.
 */
connection: string, 
/**
 * Requests sent.
 */
calls: number, 
/**
 * Those that succeeded.
 */
callsOk: number, 
/**
 * Those that [failed](Code::is_failure).
 */
callsFailed: number, 
/**
 * Those that did neither: they had to wait, or what they asked for was not there.
 */
callsHeld: number, 
/**
 * Requests beyond the first for the same thing.
 */
retries: number, 
/**
 * Bytes received.
 */
bytes: number, 
/**
 * Time in calls, in milliseconds.
 */
callMs: number, 
/**
 * Median time of a call in milliseconds.
 */
p50Ms: number | null, 
/**
 * 95th percentile in milliseconds.
 */
p95Ms: number | null, 
/**
 * 99th percentile in milliseconds.
 */
p99Ms: number | null, };

/**
 * New settings.
 */
export type ConnectionSetRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * Settings to change, by key. Others stay.
 */
config: { [key in string]: string }, 
/**
 * Whether private addresses are allowed; stays as it is where absent.
 */
allowPrivate?: boolean | null, };

/**
 * How a connection is. "Paused" is a flag beside it.
 */
export type ConnectionState = "disconnected" | "connecting" | "authenticating" | "testing" | "connected" | "active" | "error" | "stale";

/**
 * A connection as screens and the command line show it. Holds no secret.
 */
export type ConnectionView = { 
/**
 * Never changes.
 */
id: ConnectionId, 
/**
 * What the user calls it.
 */
name: string, 
/**
 * The connector.
 */
connector: ConnectorId, 
/**
 * Version of the definition it was made with.
 */
connectorVersion: string, 
/**
 * How it is.
 */
state: ConnectionState, 
/**
 * Switched off by the user.
 */
paused: boolean, 
/**
 * The chosen way to sign in.
 */
auth: string | null, 
/**
 * Whose it is.
 */
account: Account | null, 
/**
 * Its settings.
 */
config: { [key in string]: JsonValue }, 
/**
 * Where its key may go.
 */
origins: Array<string>, 
/**
 * Permissions that were granted; empty where the service does not tell.
 */
scopes: Array<string>, 
/**
 * Streams and operations that it was signed in for; everything where absent.
 */
uses: Array<string> | null, 
/**
 * Whether it may use private addresses.
 */
allowPrivate: boolean, 
/**
 * Signals stored.
 */
signals: number, 
/**
 * New signals in 24 hours.
 */
signalsDay: number, 
/**
 * When a stream of it was last read to its end.
 */
lastSyncAt: string | null, 
/**
 * When a stream of it is read next.
 */
nextSyncAt: string | null, 
/**
 * Calls that succeeded.
 */
callsOk: number, 
/**
 * Calls that failed.
 */
callsFailed: number, 
/**
 * When it was made.
 */
createdAt: string, 
/**
 * When it last became connected.
 */
lastConnectedAt: string | null, 
/**
 * When it was last tested.
 */
lastTestedAt: string | null, 
/**
 * The last failure since it last worked.
 */
lastError: Problem | null, };

/**
 * One connector in full.
 */
export type ConnectorDetail = { 
/**
 * What its card shows.
 */
summary: ConnectorSummary, 
/**
 * Ways to sign in, the recommended one first; empty where none is needed.
 */
auth: Array<AuthDetail>, 
/**
 * What the connection is set up with.
 */
settings: Array<ConfigField>, 
/**
 * Where the service is, with holes for settings.
 */
baseUrl: string, 
/**
 * What can be read continuously.
 */
streams: Array<StreamDetail>, 
/**
 * What chains can call.
 */
operations: Array<OperationDetail>, 
/**
 * Whether the tool sends by itself what happens.
 */
webhook: boolean, 
/**
 * The slowest pace that the service asks for, in words.
 */
pace: string | null, 
/**
 * The service's own documentation.
 */
docsUrl: string | null, 
/**
 * The definition itself.
 */
definition: JsonValue, };

/**
 * A connector: the `id` of its descriptor, such as `github-issues`.
 */
export type ConnectorId = string;

/**
 * A connector by its identifier.
 */
export type ConnectorRef = { 
/**
 * Its identifier.
 */
connector: ConnectorId, };

/**
 * A connector as a catalogue card shows it.
 */
export type ConnectorSummary = { 
/**
 * Its identifier.
 */
id: ConnectorId, 
/**
 * Its name.
 */
name: string, 
/**
 * One or two sentences.
 */
description: string, 
/**
 * Where it is listed.
 */
category: Category, 
/**
 * The definition's version.
 */
version: string, 
/**
 * Ways to sign in, the recommended one first; empty where none is needed.
 */
auth: Array<AuthSummary>, 
/**
 * Settings that must be given.
 */
requiredSettings: Array<string>, 
/**
 * What can be read continuously.
 */
streams: Array<string>, 
/**
 * Whether it can tell of what happens by webhook.
 */
webhook: boolean, 
/**
 * What chains can call.
 */
operations: Array<OperationSummary>, 
/**
 * Name of its brand mark, where it has one.
 */
icon: string | null, 
/**
 * Whether it is a pretend tool.
 */
sandbox: boolean, 
/**
 * Whether the user wrote it. Such connectors are listed as `custom`, whatever they say.
 */
mine: boolean, };

/**
 * A change of type between source and target.
 */
export type Conversion = "text" | "number" | "integer" | "boolean" | "first" | "list" | "date_time" | "date" | "line" | "names" | "choice";

/**
 * One value of a credential.
 */
export type CredentialField = { 
/**
 * Name in templates: `{{secret.<key>}}`.
 */
key: string, 
/**
 * What the form says.
 */
label: string, 
/**
 * Whether it is hidden while typed. Both kinds are kept sealed.
 */
type: CredentialKind, 
/**
 * Must be given. True where absent.
 */
required: boolean, 
/**
 * What it looks like, such as `github_pat_…`.
 */
placeholder?: string | null, 
/**
 * Linear-time regular expression that the whole value should match; a mismatch is a warning,
 * for vendors change their formats.
 */
pattern?: string | null, 
/**
 * One sentence below the field.
 */
helpText?: string | null, };

/**
 * Whether a credential is hidden while typed.
 */
export type CredentialKind = "password" | "text";

/**
 * How much of something large is shown: its beginning.
 */
export type Cut = { 
/**
 * Bytes of JSON that are here.
 */
shownBytes: number, 
/**
 * Bytes of JSON that there are.
 */
bytes: number, 
/**
 * Items of the list that came out that are here; none where it is no list.
 */
shownItems: number | null, 
/**
 * Items of the list that there are.
 */
items: number | null, };

/**
 * The answer to an unknown outcome.
 */
export type Decision = "happened" | "not_happened" | "undo";

/**
 * A delivery.
 */
export type DeliveryView = { 
/**
 * When it came.
 */
at: string, 
/**
 * `received`, `done`, `ignored` or `failed`.
 */
state: string, 
/**
 * The kinds of events it tells of.
 */
kinds: Array<string>, 
/**
 * Signals that came of it.
 */
signals: number, 
/**
 * Items that were put aside.
 */
quarantined: number, 
/**
 * Why something did not fit.
 */
problem: Problem | null, 
/**
 * Whether it was a test of ours.
 */
test: boolean, 
/**
 * How large it was, in bytes.
 */
bytes: number, };

/**
 * The user's own connectors.
 */
export type DescriptorList = { 
/**
 * Those in use, by identifier.
 */
connectors: Array<OwnConnector>, 
/**
 * What is wrong with any of their files.
 */
problems: Array<Problem>, };

/**
 * What was removed.
 */
export type DescriptorRemoved = { 
/**
 * The connector.
 */
id: ConnectorId, };

/**
 * A definition as the editor has it.
 */
export type DescriptorSaveRequest = { 
/**
 * Its text.
 */
text: string, 
/**
 * The connector that is edited; a new one where absent.
 */
connector?: ConnectorId | null, };

/**
 * A connector of the user's own, kept.
 */
export type DescriptorSaved = { 
/**
 * The connector.
 */
id: ConnectorId, 
/**
 * Its name.
 */
name: string, 
/**
 * The definition's version.
 */
version: string, 
/**
 * The file's name below `connectors` in the data folder.
 */
file: string, };

/**
 * The JSON Schema of the format.
 */
export type DescriptorSchema = { 
/**
 * Draft 2020-12.
 */
schema: JsonValue, };

/**
 * A definition as its author wrote it.
 */
export type DescriptorSource = { 
/**
 * What its file holds now, which may have a mistake.
 */
text: string, 
/**
 * Whether the user wrote it, and so can change it.
 */
mine: boolean, };

/**
 * A definition and the folder with its fixtures.
 */
export type DescriptorTestRequest = { 
/**
 * The definition's file.
 */
file: string, };

/**
 * What the fixtures showed.
 */
export type DescriptorTestResponse = { 
/**
 * The connector.
 */
id: ConnectorId, 
/**
 * Each fixture with what came of it.
 */
cases: Array<CaseReport>, 
/**
 * Fixtures that passed.
 */
passed: number, 
/**
 * Fixtures that failed.
 */
failed: number, };

/**
 * A connector definition as text.
 */
export type DescriptorText = { 
/**
 * The file's name, for messages.
 */
file: string, 
/**
 * Its content.
 */
text: string, };

/**
 * Whose definition to give.
 */
export type DescriptorTextRequest = { 
/**
 * The connector; where absent, what a new one begins with.
 */
connector?: ConnectorId | null, };

/**
 * What to try: a definition's text, a connection, or both.
 */
export type DescriptorTryRequest = { 
/**
 * The definition; that of the connection where absent.
 */
text?: string | null, 
/**
 * The connection whose settings and sign-in are used. Its key goes to the origins that were
 * approved for it and nowhere else, whatever the definition says.
 */
connection?: string | null, 
/**
 * Without a connection: the way to sign in; the recommended one where absent.
 */
auth?: string | null, 
/**
 * Without a connection: settings by key.
 */
config: { [key in string]: string }, 
/**
 * Without a connection: secret values by field. Where none is given, nothing is signed in.
 */
secrets: { [key in string]: SecretInput }, 
/**
 * Without a connection: whether private and loopback addresses are allowed.
 */
allowPrivate: boolean, 
/**
 * The stream to read; the first where absent.
 */
stream?: string | null, 
/**
 * At most this many pages: 1 to 5, 2 where absent. At most 100 items are mapped.
 */
maxPages?: number | null, };

/**
 * What to change; what is absent stays.
 */
export type DesktopChange = { 
/**
 * Whether closing the window leaves the program running.
 */
keepRunning?: boolean | null, 
/**
 * Whether an icon in the tray is wanted.
 */
tray?: boolean | null, 
/**
 * Whether the program starts when the person logs in.
 */
startAtLogin?: boolean | null, 
/**
 * Whether the next start leaves away the renderer.
 */
safeGraphics?: boolean | null, };

/**
 * How the program stands on its desktop.
 */
export type DesktopResponse = { 
/**
 * It; none where this is not the window.
 */
desktop: DesktopView | null, };

/**
 * How the program stands on its desktop.
 */
export type DesktopView = { 
/**
 * Closing the window leaves the program running.
 */
keepRunning: boolean, 
/**
 * An icon in the tray is wanted.
 */
tray: boolean, 
/**
 * Why there is none though it is wanted, in words.
 */
trayProblem: string | null, 
/**
 * The program starts, hidden, when the person logs in.
 */
startAtLogin: boolean, 
/**
 * The next start leaves away the renderer that shows an empty window on some graphics drivers.
 */
safeGraphics: boolean, 
/**
 * This start has left it away.
 */
safeGraphicsNow: boolean, };

/**
 * How to disconnect.
 */
export type DisconnectRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * Delete its signals too.
 */
withSignals: boolean, };

/**
 * What disconnecting did.
 */
export type DisconnectResponse = { 
/**
 * The connection that is gone.
 */
name: string, 
/**
 * Signals that were deleted with it.
 */
signalsDeleted: number, 
/**
 * Chains that use it and cannot run any more.
 */
chains: Array<string>, 
/**
 * Whether the service was told that the sign-in is over; none where it has no way to.
 */
revoked: boolean | null, };

/**
 * Bytes on the disk.
 */
export type DiskUse = { 
/**
 * The database, with what is not merged into it yet.
 */
database: number, 
/**
 * Everything of the workspace, copies of the database and the sandbox's files too.
 */
total: number, };

/**
 * Nothing to say.
 */
export type Empty = Record<symbol, never>;

/**
 * A connection whose key or sign-in is gone here, and what became of it there.
 */
export type EndedSignIn = { 
/**
 * The connection.
 */
connection: string, 
/**
 * The tool.
 */
tool: string, 
/**
 * What became of it at the tool.
 */
there: AtService, 
/**
 * Why it could not be told.
 */
problem: Problem | null, };

/**
 * Whose settings.
 */
export type EngineSettingsRequest = { 
/**
 * The connection; those for everything where absent.
 */
connection?: string | null, };

/**
 * The settings.
 */
export type EngineSettingsResponse = { 
/**
 * Each.
 */
settings: Array<SettingView>, };

/**
 * What to set.
 */
export type EngineSettingsSetRequest = { 
/**
 * The connection; everything where absent.
 */
connection?: string | null, 
/**
 * Values by name; null goes back to what holds otherwise. Others stay.
 */
values: { [key in string]: JsonValue }, };

/**
 * Whom or what to let go of.
 */
export type EraseRequest = { 
/**
 * An address, a name: every text that holds it goes, whatever its case. At least 4 characters.
 */
about: string, 
/**
 * Do it; without this it is only counted.
 */
confirm: boolean, };

/**
 * What holds it, and what went.
 */
export type EraseResponse = { 
/**
 * It went; else it was only counted.
 */
erased: boolean, 
/**
 * Signals.
 */
signals: number, 
/**
 * Items put aside.
 */
quarantined: number, 
/**
 * Deliveries of tools.
 */
deliveries: number, 
/**
 * Kept answers and events of chains.
 */
others: number, 
/**
 * Ended runs with their journals.
 */
runs: number, 
/**
 * Runs that are not over: they keep it until they are.
 */
openRuns: number, 
/**
 * Copies of the database from before, which still hold it: they go one by one, the last within a week.
 */
copies: number, 
/**
 * How often something was exported to a file, which may hold it: files of the user's are left alone.
 */
exports: number, 
/**
 * When that was last.
 */
exportedAt: string | null, };

/**
 * The kinds of events that start chains, with what writes them:
 *
 * | kind | subject | key | payload |
 * |---|---|---|---|
 * | `schedule`, `interval` | the chain's identifier | the time it was due (RFC 3339) | `{"due": …}` |
 * | `signal` | the connection's identifier | stream, external id and version | the signal, and `isNew`: whether no earlier version of its item is kept |
 * | `webhook` | the connection's identifier | the delivery's identifier | `{"delivery", "receivedAt", "kinds", "stream", "externalId", "body"}` |
 * | `answer` | the run's identifier | step, item and hash of the body | `{"step", "item", "receivedAt", "body"}`: no chain waits for these, a step does |
 * | `chain` | the identifier of the chain that ended | the run's identifier | `{"run", "chain", "state", "path"}` |
 */
export type EventKind = "schedule" | "interval" | "signal" | "webhook" | "answer" | "chain";

/**
 * What a bounded read saw.
 */
export type Explained = { 
/**
 * The stream that was read.
 */
stream: string, 
/**
 * The pages, in the order in which they were read.
 */
pages: Array<ExplainedPage>, 
/**
 * Whether the service has more than was read.
 */
more: boolean, 
/**
 * Why the read ended early; none where it did not.
 */
problem: Problem | null, };

/**
 * One page from request to signals.
 */
export type ExplainedPage = { 
/**
 * What was sent, without secrets.
 */
request: ExplainedRequest, 
/**
 * The status code; none where no answer came.
 */
status: number | null, 
/**
 * The answer's headers, without cookies.
 */
headers: Array<ShownHeader>, 
/**
 * The answer's body, without secrets, cut where it is long.
 */
body: JsonValue, 
/**
 * Whether the body is longer than what is shown.
 */
cut: boolean, 
/**
 * From the first byte sent to the last received, in milliseconds.
 */
tookMs: number, 
/**
 * Items on the page.
 */
found: number, 
/**
 * Items whose id no earlier page had.
 */
fresh: number, 
/**
 * Items that are shown, as the service sent them.
 */
items: Array<JsonValue>, 
/**
 * What they became.
 */
signals: Array<Signal>, 
/**
 * Items that the connector's filter passed over.
 */
filtered: number, 
/**
 * Why items did not fit.
 */
aside: Array<Problem>, };

/**
 * A request as it was sent, without secrets.
 */
export type ExplainedRequest = { 
/**
 * The method.
 */
method: string, 
/**
 * The whole address; secret parameters are masked.
 */
url: string, 
/**
 * The headers; secret values are masked.
 */
headers: Array<ShownHeader>, 
/**
 * The body, where there is one.
 */
body: string | null, };

/**
 * What to write.
 */
export type ExportRequest = { 
/**
 * The file; must not be there yet. Where absent the user is asked.
 */
file?: string | null, 
/**
 * Gives the text back instead, for a page that saves files by itself.
 */
giveText: boolean, 
/**
 * With every secret, sealed with this passphrase: at least 12 characters.
 */
passphrase?: PassphraseInput | null, };

/**
 * What was written.
 */
export type ExportResponse = { 
/**
 * The file; none where the user declined or the text was asked for.
 */
file: string | null, 
/**
 * The text, where that was asked for.
 */
text: string | null, 
/**
 * Connections in it.
 */
connections: number, 
/**
 * Chains in it.
 */
chains: number, 
/**
 * Whether it holds the secrets, sealed.
 */
sealed: boolean, };

/**
 * A step of a chain whose calls failed.
 */
export type FailedStep = { 
/**
 * What its chain is called.
 */
chain: string, 
/**
 * What a person reads for it.
 */
name: string, };

/**
 * Calls of one operation that ended in the same way.
 */
export type FailureView = { 
/**
 * The operation or stream; the path where somebody read an address.
 */
operation: string, 
/**
 * What the connector calls it; none where it has no such operation or stream, or has it no more.
 */
operationTitle: string | null, 
/**
 * What for.
 */
kind: string, 
/**
 * Why.
 */
code: Code, 
/**
 * In words.
 */
title: string, 
/**
 * How many.
 */
count: number, 
/**
 * The last one.
 */
lastAt: string, 
/**
 * Whether it counts as a failure of the connection; what only has to wait does not.
 */
counts: boolean, 
/**
 * The steps of chains whose calls these were, as far as that is known.
 */
steps: Array<FailedStep>, };

/**
 * Where one parameter comes from.
 */
export type FieldMap = { 
/**
 * The parameter, as a JSON pointer (RFC 6901) into the operation's parameters, such as `/text`.
 */
target: string, 
/**
 * Its value.
 */
source: Source, 
/**
 * Change of type, where needed.
 */
convert?: Conversion | null, 
/**
 * Change from one way to write text to another, where needed. It comes before `convert`.
 */
text?: TextChange | null, 
/**
 * The values that the parameter takes, for the conversion to one of them (`choice`).
 */
among?: Array<JsonValue>, 
/**
 * The longest text that the parameter takes, in characters. Longer text is cut, and ends in "…".
 */
longest?: number | null, 
/**
 * What stands there where the source has nothing: it is absent, null or an empty text.
 */
default?: JsonValue | null, 
/**
 * Whether everything that was ever seen of the source had it. Where then nothing of a list has it, the
 * service has changed what it gives, and nothing is sent before somebody has looked.
 */
always?: boolean, 
/**
 * The same where little was seen: one value is enough. Where then the record of a step that ran once lacks
 * what a parameter needs, the service has changed what it gives.
 */
seen?: boolean, 
/**
 * Who chose it.
 */
by: ChosenBy, 
/**
 * How sure the matcher is, 0 to 100. Sure from 90, Likely from 70, Check from 50.
 */
confidence?: number | null, 
/**
 * Why the matcher proposes it, in words.
 */
reason?: string | null, };

/**
 * A file to save.
 */
export type FileSaveRequest = { 
/**
 * What it is proposed to be called. Whatever it holds, it is a name and never a path.
 */
name: string, 
/**
 * Its content.
 */
text: string, };

/**
 * Where it is.
 */
export type FileSaved = { 
/**
 * None where the user declined.
 */
path: string | null, };

/**
 * A filter by its name.
 */
export type FilterName = { 
/**
 * The name.
 */
name: string, };

/**
 * An operation of the same tool that finds by an e-mail address what a field wants the identifier of.
 */
export type Finder = { 
/**
 * The operation.
 */
operation: string, 
/**
 * What a person calls it.
 */
title: string, 
/**
 * The identifier in its result, as the end of a JSONPath (RFC 9535): `.id`.
 */
found: string, };

/**
 * One finding.
 */
export type Finding = { 
/**
 * How serious.
 */
level: Level, 
/**
 * The step it is about; none where it is about the chain or a connection as a whole.
 */
step?: StepId | null, 
/**
 * What a person reads: one or two sentences.
 */
text: string, 
/**
 * The problem behind it, with its fix.
 */
problem?: Problem | null, 
/**
 * What mends it, where no problem says so.
 */
remedy?: Remedy | null, };

/**
 * What became of an event for one chain.
 */
export type Firing = { 
/**
 * The event.
 */
event: number, 
/**
 * What kind.
 */
kind: EventKind, 
/**
 * When it was taken.
 */
at: string, 
/**
 * What became of it.
 */
result: FiringResult, 
/**
 * The run that it started.
 */
run: RunId | null, };

/**
 * What became of an event for one chain.
 */
export type FiringResult = "started" | "overlapped" | "echo" | "missed" | "capped" | "no_lane";

/**
 * The button that mends a problem.
 */
export type Fix = { 
/**
 * What the button says.
 */
label: string, 
/**
 * What it does; a screen maps it to a place.
 */
action: FixAction, };

/**
 * What a fix button does.
 */
export type FixAction = "allow_target" | "confirm_moved" | "copy_report" | "edit_file" | "edit_input" | "edit_mapping" | "edit_settings" | "free_space" | "network_settings" | "open_tool" | "reconnect" | "replace_key" | "resolve" | "retry" | "set_passphrase" | "show_details" | "show_running" | "unlock" | "update" | "wait";

/**
 * What a folder is chosen for.
 */
export type FolderPickRequest = { 
/**
 * What the dialog is called.
 */
title: string, };

/**
 * What was chosen.
 */
export type FolderPicked = { 
/**
 * None where the user declined.
 */
path: string | null, };

/**
 * What forgetting took.
 */
export type ForgotAll = { 
/**
 * How many connections lost their key.
 */
connections: number, 
/**
 * What became of each at its service.
 */
ended: Array<EndedSignIn>, };

/**
 * A time from which something may be missing.
 */
export type GapView = { 
/**
 * The stream; empty where it concerns what the service sends by itself.
 */
stream: string, 
/**
 * Its beginning.
 */
from: string, 
/**
 * Its end.
 */
to: string, 
/**
 * Why: a code, or `closed` or `too_many_pages`.
 */
reason: string, };

/**
 * What to change about the gateway; what is absent stays.
 */
export type GatewaySetRequest = { 
/**
 * Whether it may listen.
 */
enabled?: boolean | null, 
/**
 * The port on this computer, from 1024 to 65535.
 */
port?: number | null, 
/**
 * The address of the user's own tunnel, such as `https://hooks.example.com`; empty for none.
 */
publicUrl?: string | null, };

/**
 * How the gateway is.
 */
export type GatewayView = { 
/**
 * Whether it may listen. It does so while a connection's webhook is on.
 */
enabled: boolean, 
/**
 * The port on this computer.
 */
port: number, 
/**
 * The address of the user's own tunnel.
 */
publicUrl: string | null, 
/**
 * Where it listens, such as `127.0.0.1:4310`.
 */
listening: string | null, 
/**
 * Why it does not, though it should.
 */
problem: Problem | null, 
/**
 * Connections whose webhook is on.
 */
connections: number, };

/**
 * What to read.
 */
export type GetRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * Path below the connection's address, starting with `/`.
 */
path: string, 
/**
 * Query parameters.
 */
query: { [key in string]: string }, };

/**
 * How access is granted.
 */
export type Grant = "authorization_code" | "device_code" | "client_credentials" | "refresh_token";

/**
 * From this moment on it was so.
 */
export type HealthChangeView = { 
/**
 * From when on.
 */
at: string, 
/**
 * How it was.
 */
state: HealthState, 
/**
 * Why.
 */
reasons: Array<string>, };

/**
 * What to check.
 */
export type HealthCheckRequest = { 
/**
 * Only this connection, by its name, switched off or not; all that are switched on where absent.
 */
connection?: string | null, };

/**
 * What the checks showed.
 */
export type HealthCheckResponse = { 
/**
 * One entry per connection, by name.
 */
checks: Array<HealthCheckResult>, };

/**
 * What the check of a connection showed.
 */
export type HealthCheckResult = { 
/**
 * The connection's name.
 */
connection: string, 
/**
 * Whether it works.
 */
healthy: boolean, 
/**
 * How long the answer took in milliseconds, where it works.
 */
tookMs: number | null, 
/**
 * Why it does not.
 */
problem: Problem | null, };

/**
 * Everything about how one connection is doing.
 */
export type HealthDetail = { 
/**
 * How it is doing.
 */
health: HealthState, 
/**
 * Since when.
 */
since: string | null, 
/**
 * In a sentence: "Degraded: answers take 2.4× longer than usual."
 */
sentence: string, 
/**
 * Why, the worst first.
 */
reasons: Array<HealthReason>, 
/**
 * How it was before, the latest first.
 */
changes: Array<HealthChangeView>, 
/**
 * What failed in the range, by operation and reason, the most frequent first.
 */
failures: Array<FailureView>, 
/**
 * What became of the calls of chains' steps in the range, by chain and step; from the journal alone.
 */
steps: Array<StepCallsView>, 
/**
 * How often the service said that there were too many calls.
 */
limitHits: number, 
/**
 * Answers and failures by time, the oldest first.
 */
points: Array<HealthPoint>, 
/**
 * 95th percentile that is usual: its median over seven days.
 */
usualP95Ms: number | null, 
/**
 * The hosts it calls.
 */
hosts: Array<HostLimits>, 
/**
 * Why an open circuit is open.
 */
circuitWhy: string | null, 
/**
 * When its access token ends, where that is known and the secret store is open.
 */
tokenEndsAt: string | null, 
/**
 * What the tool was asked to send to us; none where it was not asked.
 */
subscription: SubscriptionHealth | null, 
/**
 * Times from which something may be missing, the latest first.
 */
gaps: Array<GapView>, 
/**
 * When it was last called or checked.
 */
lastSeenAt: string | null, 
/**
 * When it was last read without a failure.
 */
lastSyncAt: string | null, 
/**
 * Failed checks since the last one that passed.
 */
failedChecks: number, 
/**
 * A check or call is expected this often, in seconds.
 */
expectedEverySeconds: number, };

/**
 * Which connection, and how far back.
 */
export type HealthDetailRequest = { 
/**
 * The connection's name.
 */
connection: string, 
/**
 * How far back; a day where absent.
 */
range?: HealthRange | null, };

/**
 * What a health check says, in names that integrations elsewhere use.
 */
export type HealthDetails = { 
/**
 * Whether the sign-in is good, as far as the last call showed.
 */
authValid: boolean, 
/**
 * Whether the service can be reached, as far as the last call showed.
 */
apiAccessible: boolean, 
/**
 * Whether the service asked us to wait, in words.
 */
rateLimitStatus: string, 
/**
 * Calls that failed in the range that was asked for.
 */
errorCount: number, };

/**
 * Sums over connections.
 */
export type HealthFigures = { 
/**
 * Calls that succeeded.
 */
callsOk: number, 
/**
 * Calls that failed.
 */
callsFailed: number, 
/**
 * Calls that only had to wait, or asked for what was not there.
 */
callsHeld: number, 
/**
 * Requests beyond the first of a call.
 */
retries: number, 
/**
 * 50th percentile of the answers in milliseconds.
 */
p50Ms: number | null, 
/**
 * 95th percentile.
 */
p95Ms: number | null, 
/**
 * 95th percentile of the period before, of the same length.
 */
p95BeforeMs: number | null, 
/**
 * How often services said that there were too many calls.
 */
limitHits: number, 
/**
 * New signals in 24 hours.
 */
signalsDay: number, 
/**
 * New signals in 7 days.
 */
signalsWeek: number, 
/**
 * Connections whose sign-in has ended.
 */
needSignIn: number, 
/**
 * Others that do not work.
 */
failing: number, 
/**
 * Those that do not work as they should.
 */
degraded: number, };

/**
 * How every connection is doing.
 */
export type HealthOverview = { 
/**
 * The number of the last event that this answer includes.
 */
seq: number, 
/**
 * When it was put together.
 */
at: string, 
/**
 * How far back the figures go.
 */
range: HealthRange, 
/**
 * When the first of the points begins.
 */
since: string, 
/**
 * Length of a point in seconds.
 */
stepSeconds: number, 
/**
 * The latest check of any connection.
 */
checkedAt: string | null, 
/**
 * When a connection last became degraded or failing, where one ever did.
 */
lastProblemAt: string | null, 
/**
 * How far a check of all is, while one is under way.
 */
checking: CheckProgress | null, 
/**
 * Sums over connections that are switched on, without the sandbox's.
 */
figures: HealthFigures, 
/**
 * The same by time, the oldest first.
 */
points: Array<HealthPoint>, 
/**
 * Connections of the sandbox, which are in no sum.
 */
sandbox: number, 
/**
 * Where the lines are drawn.
 */
rules: HealthRules, 
/**
 * Work that waits, by queue; those with nothing are left out.
 */
queues: Array<QueueWait>, 
/**
 * What the workspace takes on the disk.
 */
disk: DiskUse, 
/**
 * How often connecting works at the first attempt, in the last 30 days.
 */
connects: ConnectRate, 
/**
 * Every connection, the worst first; those switched off last.
 */
connections: Array<HealthRow>, };

/**
 * What to look at.
 */
export type HealthOverviewRequest = { 
/**
 * How far back; a day where absent.
 */
range?: HealthRange | null, };

/**
 * One point of the chart.
 */
export type HealthPoint = { 
/**
 * When it begins.
 */
at: string, 
/**
 * 50th percentile in milliseconds; none where nothing was answered.
 */
p50Ms: number | null, 
/**
 * 95th percentile.
 */
p95Ms: number | null, 
/**
 * Calls that succeeded or failed.
 */
calls: number, 
/**
 * Those that failed.
 */
failed: number, };

/**
 * A range of time up to now.
 */
export type HealthRange = "1h" | "24h" | "7d";

/**
 * Why a connection is not healthy.
 */
export type HealthReason = { 
/**
 * Which rule, such as `slow`.
 */
kind: string, 
/**
 * How bad.
 */
state: HealthState, 
/**
 * In words.
 */
text: string, };

/**
 * How everything is.
 */
export type HealthResponse = { 
/**
 * The number of the last event that this answer includes.
 */
seq: number, 
/**
 * The program's version.
 */
version: string, 
/**
 * The workspace.
 */
workspace: string, 
/**
 * The secret store: `unlocked`, `locked`, `unavailable`, `missing` where a key that is needed is
 * gone, or `unused` while no secret is kept.
 */
secrets: string, 
/**
 * Trouble with the data folder that was met when it was opened.
 */
storage: Array<Problem>, 
/**
 * Why nothing goes to public addresses; none where it is known which way they are reached.
 */
network: Problem | null, 
/**
 * Triggers wait for a confirmation, because the data came from another computer.
 */
triggersPaused: boolean, 
/**
 * Runs that are under way or wait for their turn.
 */
runsActive: number, 
/**
 * Runs whose engine ended and that none has taken up yet.
 */
runsInterrupted: number, 
/**
 * Runs that wait for the user.
 */
runsNeedYou: number, 
/**
 * Connections that are switched on and were last judged degraded or failing.
 */
attention: number, 
/**
 * Those of them that are of the sandbox.
 */
attentionSandbox: number, 
/**
 * How often signing in works.
 */
signIns: SignInRate, 
/**
 * Each connection, those with problems first.
 */
connections: Array<ConnectionHealth>, };

/**
 * A connection in the table.
 */
export type HealthRow = { 
/**
 * The connection.
 */
id: ConnectionId, 
/**
 * Its name.
 */
name: string, 
/**
 * Its connector.
 */
connector: ConnectorId, 
/**
 * Of the sandbox: in no sum.
 */
sandbox: boolean, 
/**
 * Switched off by the user.
 */
paused: boolean, 
/**
 * The connection's own state, with what is done with it now.
 */
state: ConnectionState, 
/**
 * How it is doing.
 */
health: HealthState, 
/**
 * Since when.
 */
since: string | null, 
/**
 * Why, the worst first; empty where it is healthy.
 */
reasons: Array<HealthReason>, 
/**
 * Whether it is healthy.
 */
healthy: boolean, 
/**
 * The same in names that integrations elsewhere use.
 */
details: HealthDetails, 
/**
 * Checks of the last 24 hours, one entry per half hour, the oldest first.
 */
checks: Array<CheckBar>, 
/**
 * Calls that succeeded or failed.
 */
calls: number, 
/**
 * Those that failed.
 */
failed: number, 
/**
 * 50th percentile in milliseconds.
 */
p50Ms: number | null, 
/**
 * 95th percentile.
 */
p95Ms: number | null, 
/**
 * 95th percentiles by time, as many as points.
 */
line: Array<number | null>, 
/**
 * Whether calls pass.
 */
circuit: CircuitState, 
/**
 * Why they do not.
 */
circuitWhy: string | null, 
/**
 * When an open circuit lets the next call through.
 */
nextTryAt: string | null, 
/**
 * New signals in 24 hours.
 */
signalsDay: number, 
/**
 * The last failure since it last worked.
 */
lastError: Problem | null, };

/**
 * Where the lines are drawn. Adjustable; the defaults are the product's.
 */
export type HealthRules = { 
/**
 * Minutes that are looked at; 1 to 1,440.
 */
windowMinutes: number, 
/**
 * More failures than this many percent of the calls are a fault; 0 to 100.
 */
degradedPercent: number, 
/**
 * More than this many are an error; 0 to 100.
 */
errorPercent: number, 
/**
 * Answers that take longer than so many times what is usual are slow; at least 1.
 */
slowFactor: number, 
/**
 * Answers within this many milliseconds are never called slow: twice very little is little.
 */
neverSlowMs: number, 
/**
 * So many failed checks in a row are an error; at least 1.
 */
failedChecks: number, 
/**
 * Nothing for longer than so many times the expected interval is no recent data; at least 1.
 */
quietIntervals: number, };

/**
 * What can be decided about health and notifications.
 */
export type HealthSettings = { 
/**
 * Where the lines are drawn.
 */
rules: HealthRules, 
/**
 * What is told.
 */
notices: NoticeSettings, };

/**
 * What is decided anew; what is absent stays.
 */
export type HealthSettingsRequest = { 
/**
 * Where the lines are drawn: all of them.
 */
rules?: HealthRules | null, 
/**
 * What is told: all of it.
 */
notices?: NoticeSettings | null, };

/**
 * How a connection is doing, the worst first.
 */
export type HealthState = "error" | "degraded" | "no_recent_data" | "healthy";

/**
 * Nothing to say.
 */
export type Heard = Record<symbol, never>;

/**
 * Something that happened.
 */
export type HistoryEntry = { 
/**
 * When.
 */
at: string, 
/**
 * What: an act such as `connection_paused`, `sync`, `sync_failed` or `renewal`.
 */
what: string, 
/**
 * The stream that it was about.
 */
stream: string | null, 
/**
 * Whether it went well; none where that is no question.
 */
ok: boolean | null, 
/**
 * How many were new, of a read.
 */
count: number | null, 
/**
 * Why it did not go well.
 */
problem: Problem | null, };

/**
 * Whose history.
 */
export type HistoryRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * At most this many; 100 where absent, at most 1,000.
 */
limit?: number | null, };

/**
 * What happened, the latest first.
 */
export type HistoryResponse = { 
/**
 * Each.
 */
entries: Array<HistoryEntry>, };

/**
 * The limits of one host that a connection calls.
 */
export type HostLimits = { 
/**
 * The host, with its port where that is not the usual one.
 */
host: string, 
/**
 * Whether calls pass.
 */
circuit: CircuitState, 
/**
 * When an open circuit lets the next call through.
 */
nextTryAt: string | null, 
/**
 * The service asked us to wait until then.
 */
heldUntil: string | null, 
/**
 * What our own pace leaves.
 */
windows: Array<WindowLeft>, };

/**
 * What to take in.
 */
export type ImportRequest = { 
/**
 * The content of the file.
 */
text: string, 
/**
 * Opens a sealed file.
 */
passphrase?: PassphraseInput | null, 
/**
 * Takes it in; else only says what would be.
 */
apply: boolean, };

/**
 * What a file brings, and what of it is or would be taken.
 */
export type ImportResponse = { 
/**
 * Whether it was taken in.
 */
applied: boolean, 
/**
 * Whether it is a sealed file.
 */
sealed: boolean, 
/**
 * The workspace it came from.
 */
workspace: string, 
/**
 * When it was made.
 */
madeAt: string, 
/**
 * Its connections.
 */
connections: Array<ImportedConnection>, 
/**
 * Its chains.
 */
chains: Array<ImportedChain>, };

/**
 * A chain of the file.
 */
export type ImportedChain = { 
/**
 * Its name.
 */
name: string, 
/**
 * What becomes of it.
 */
taken: Taken, 
/**
 * Why it is refused.
 */
problem: Problem | null, };

/**
 * A connection of the file.
 */
export type ImportedConnection = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its connector.
 */
connector: ConnectorId, 
/**
 * What becomes of it.
 */
taken: Taken, 
/**
 * Why it is refused.
 */
problem: Problem | null, 
/**
 * Whether it waits for its key afterwards.
 */
needsKey: boolean, 
/**
 * The addresses that wait for the user's approval afterwards.
 */
toApprove: Array<string>, };

/**
 * The run of another chain that does an item of a step: it has its own report.
 */
export type InnerRun = { 
/**
 * The item.
 */
item: number, 
/**
 * The other run.
 */
run: RunId, };

/**
 * How the program came here.
 */
export type Installed = "package" | "appimage" | "by_hand";

/**
 * One item.
 */
export type ItemData = { 
/**
 * The item, from 0.
 */
item: number, 
/**
 * The item that the step went through, or what the run was started with for a step that runs once.
 */
given: JsonValue | null, 
/**
 * What was sent last, without secrets.
 */
request: RequestSummary | null, 
/**
 * What became of it.
 */
outcome: Outcome | null, 
/**
 * Where it is too large for one answer: how much of it is here.
 */
cut?: Cut | null, };

/**
 * One item's problem.
 */
export type ItemProblem = { 
/**
 * The item, from 0.
 */
item: number, 
/**
 * What went wrong.
 */
problem: Problem, };

/**
 * One unit of background work.
 */
export type JobId = string;

/**
 * Which jobs to list.
 */
export type JobListRequest = { 
/**
 * Only those of this queue: `backfill`, `delta`, `webhook`, `health` or `run`.
 */
queue?: string | null, 
/**
 * Only those in this state: `ready`, `claimed`, `done`, `failed` or `cancelled`; those that were given
 * up (`failed`) where absent.
 */
state?: string | null, 
/**
 * Only those for this connection.
 */
connection?: string | null, 
/**
 * How many to pass over.
 */
offset: number, 
/**
 * At most this many; 100 where absent, at most 1,000.
 */
limit?: number | null, };

/**
 * Jobs, the latest first.
 */
export type JobListResponse = { 
/**
 * Those asked for.
 */
jobs: Array<JobView>, 
/**
 * How many there are in all that match.
 */
total: number, };

/**
 * A job.
 */
export type JobRef = { 
/**
 * Its identifier.
 */
id: JobId, };

/**
 * The job that was meant.
 */
export type JobTouched = { 
/**
 * Its identifier.
 */
id: JobId, };

/**
 * One job.
 */
export type JobView = { 
/**
 * Never changes.
 */
id: JobId, 
/**
 * Who does it.
 */
queue: string, 
/**
 * `ready`, `claimed`, `done`, `failed` or `cancelled`.
 */
state: string, 
/**
 * The connection that it is for.
 */
connection: string | null, 
/**
 * The stream that it is for.
 */
stream: string | null, 
/**
 * How often it was tried.
 */
attempts: number, 
/**
 * When it is, or was, due.
 */
dueAt: string, 
/**
 * Why it did not succeed, or what it waits for.
 */
problem: Problem | null, 
/**
 * What came of it.
 */
result: JsonValue | null, 
/**
 * When it was asked for.
 */
createdAt: string, 
/**
 * When it was last taken up.
 */
startedAt: string | null, 
/**
 * When it ended.
 */
endedAt: string | null, };

export type JsonValue = number | string | boolean | Array<JsonValue> | { [key in string]: JsonValue } | null;

/**
 * How long what services sent is kept.
 */
export type Keep = "all" | "nothing" | { "days": number };

/**
 * What is kept of one connection.
 */
export type Keeping = { 
/**
 * The connection's name.
 */
name: string, 
/**
 * How long what the service sent is kept. The signals' own lines stay.
 */
keep: Keep, 
/**
 * Its signals are not made ready to be searched.
 */
private: boolean, };

/**
 * A connection by its name.
 */
export type KeepingRef = { 
/**
 * The name.
 */
name: string, };

/**
 * What is to be kept of a connection.
 */
export type KeepingSetRequest = { 
/**
 * The connection's name.
 */
name: string, 
/**
 * How long; as it is where absent.
 */
keep?: Keep | null, 
/**
 * Whether its signals are kept out of the index of words; as it is where absent.
 */
private?: boolean | null, };

/**
 * How long a run might take that took longer.
 */
export type Late = { 
/**
 * So many milliseconds.
 */
allowedMs: number, 
/**
 * Whether the step of the other run that it is a part of says so, and not its own chain.
 */
byStep: boolean, };

/**
 * How serious a finding is.
 */
export type Level = "blocker" | "warning" | "pass" | "effect";

/**
 * A place in a list of signals.
 */
export type ListPlace = { 
/**
 * The signal's number.
 */
id: number, 
/**
 * Its time.
 */
timestamp: string, };

/**
 * Where the log files are, and how much goes to them.
 */
export type LogSettings = { 
/**
 * off, error, warn, info, debug or trace.
 */
level: string, 
/**
 * The folder.
 */
folder: string, };

/**
 * How much to log.
 */
export type LogSettingsRequest = { 
/**
 * off, error, warn, info, debug or trace.
 */
level: string, };

/**
 * The end of the latest log file.
 */
export type LogText = { 
/**
 * The file's name.
 */
name: string, 
/**
 * Whole lines, secrets masked.
 */
text: string, };

/**
 * What a step does by itself. Conditions and templates see what mappings see: `item`, `steps.<id>`,
 * `input`.
 */
export type Logic = { "type": "filter", 
/**
 * All of these hold.
 */
when: Array<Predicate>, } | { "type": "map" } | { "type": "split", 
/**
 * JSONPath (RFC 9535) to the list; every value that it finds where it finds several.
 */
path: string, } | { "type": "aggregate", 
/**
 * The step.
 */
of: StepId, 
/**
 * JSONPath (RFC 9535) within each result; the result itself where absent.
 */
path?: string | null, 
/**
 * How.
 */
how: Aggregation, 
/**
 * What stands between texts that are joined; a line break where absent.
 */
between?: string | null, } | { "type": "branch", 
/**
 * The ways, in the order in which they are tried.
 */
ways: Array<Way>, 
/**
 * The way where none fits; none of them where absent.
 */
otherwise?: string | null, } | { "type": "join", 
/**
 * The steps.
 */
of: Array<StepId>, } | { "type": "wait", 
/**
 * So long, in seconds.
 */
seconds?: number | null, 
/**
 * Until the time that this template gives (RFC 3339, or any that is recognised).
 */
until?: string | null, } | { "type": "delivery", 
/**
 * All of these hold for the delivery. Others are waited past.
 */
when?: Array<Predicate>, 
/**
 * What ties the delivery to this run. Others are waited past.
 */
ties?: Array<Tie>, 
/**
 * Seconds after which the step fails; a day where absent, at most 366 days.
 */
within: number, } | { "type": "approval", 
/**
 * What is asked: a template.
 */
question: string, 
/**
 * Seconds after which it counts as refused; waits for ever where absent.
 */
within?: number | null, } | { "type": "chain", 
/**
 * The other chain, by name. Its published version is run, else its latest.
 */
chain: string, } | { "type": "remember", 
/**
 * A template.
 */
key: string, 
/**
 * A template, or a single `{{ expression }}`, which keeps its type. Forgets where absent.
 */
value?: string | null, 
/**
 * For all chains of the workspace, instead of this one alone.
 */
shared?: boolean, } | { "type": "recall", 
/**
 * A template.
 */
key: string, 
/**
 * The result where nothing is remembered; null where absent.
 */
otherwise?: JsonValue | null, 
/**
 * What all chains of the workspace remember, instead of this one alone.
 */
shared?: boolean, } | { "type": "lookup", 
/**
 * The table's name.
 */
table: string, 
/**
 * A template.
 */
key: string, 
/**
 * The result where there is no such row; null where absent.
 */
otherwise?: JsonValue | null, } | { "type": "link", 
/**
 * What kind of link.
 */
name: string, 
/**
 * The source's identifier: a template.
 */
source: string, 
/**
 * The target's identifier: a template.
 */
target: string, } | { "type": "linked", 
/**
 * What kind of link.
 */
name: string, 
/**
 * The source's identifier: a template.
 */
source: string, };

/**
 * One field that was matched automatically.
 */
export type MatchedField = { 
/**
 * The step.
 */
step: string, 
/**
 * The parameter.
 */
target: string, 
/**
 * Where its value comes from.
 */
source: Source, 
/**
 * How sure, 0 to 100.
 */
confidence: number, 
/**
 * Why.
 */
reason: string, };

/**
 * What is done about times at which the computer was off or asleep.
 */
export type Missed = "catch_up" | "skip";

/**
 * Where the master key is to be kept.
 */
export type MoveRequest = { 
/**
 * The store to move to.
 */
to: MoveTo, 
/**
 * The passphrase of a passphrase store: at least 12 characters.
 */
passphrase?: PassphraseInput | null, };

/**
 * A store that keys can be moved to.
 */
export type MoveTo = "keyring" | "passphrase";

/**
 * What becomes of a chain whose name another one has that is taken in.
 */
export type NameTaken = "keep_both" | "replace";

/**
 * What a run does less than its chain says.
 */
export type Narrowed = { 
/**
 * Each list gives its first so many items, those of chains that its steps run too; all of them where
 * absent.
 */
items?: number | null, 
/**
 * The steps that were left out, as a person reads them.
 */
without?: Array<string>, 
/**
 * Steps whose results were pinned, and made neither by this run nor by those that it goes on from, as a
 * person reads them.
 */
pinned?: Array<string>, 
/**
 * The steps that were left out, by identifier; empty in runs from before this was kept.
 */
leftOut?: Array<StepId>, };

/**
 * What did not go as it should, of a decision that holds.
 */
export type NetworkNote = "not_kept" | "not_durable";

/**
 * What to change; what is absent stays.
 */
export type NetworkSetRequest = { 
/**
 * Which proxy is used.
 */
proxy?: ProxyChoice | null, 
/**
 * The proxy's address, such as `http://proxy.example:3128`, without user name and password.
 */
address?: string | null, 
/**
 * Certificates of authorities to trust besides the system's, in PEM, at most 1 MiB; empty for none.
 */
certificates?: string | null, 
/**
 * The name of the file that they are from.
 */
certificatesName?: string | null, };

/**
 * The way to services.
 */
export type NetworkView = { 
/**
 * Which proxy is used.
 */
proxy: ProxyChoice, 
/**
 * The address that was entered; empty where none was.
 */
address: string, 
/**
 * Hosts of the proxies in use, which public addresses are reached through.
 */
proxies: Array<string>, 
/**
 * How many certificates are trusted besides the system's.
 */
certificates: number, 
/**
 * The file they came from.
 */
certificatesName: string, 
/**
 * Why nothing goes to public addresses: what was decided cannot be read. It ends with the next decision.
 */
problem: Problem | null, 
/**
 * What a person should know of the decision that was just taken; empty where it is only shown.
 */
notes: Array<NetworkNote>, };

/**
 * One word to the person. Holds names that the user chose and nothing that a service sent.
 */
export type Notice = { 
/**
 * What it is about.
 */
kind: NoticeKind, 
/**
 * What happened.
 */
title: string, 
/**
 * To what.
 */
body: string, 
/**
 * The place in the interface that shows it, such as `/runs/…`.
 */
place: string, };

/**
 * What a notice is about.
 */
export type NoticeKind = "needs_sign_in" | "connection_error" | "run_failed" | "run_finished";

/**
 * What is told, and when. Adjustable; the defaults are the product's.
 */
export type NoticeSettings = { 
/**
 * A run failed.
 */
runFailed: boolean, 
/**
 * A run finished that took long.
 */
runFinished: boolean, 
/**
 * A connection needs a new sign-in.
 */
needsSignIn: boolean, 
/**
 * A connection went to Error.
 */
connectionError: boolean, 
/**
 * A run took long that took more than so many seconds.
 */
longRunSeconds: number, 
/**
 * At most one word about a connection in so many minutes.
 */
quietMinutes: number, };

/**
 * What signing in on the tool's own pages needs.
 */
export type OAuthDetail = { 
/**
 * How access is granted.
 */
grant: Grant, 
/**
 * Whether the person has to register an application with the tool first.
 */
registers: boolean, 
/**
 * What to register as redirect URI; one without a port stands for any port (RFC 8252 section 7.3).
 */
redirectUris: Array<string>, 
/**
 * The address of the page that opens, with holes for settings.
 */
page: string | null, 
/**
 * Permissions that are always asked for.
 */
always: Array<string>, 
/**
 * What each permission means.
 */
scopes: Array<Scope>, };

/**
 * What a failed item means.
 */
export type OnFailure = "stop_and_keep" | "stop_and_undo" | "skip_item" | "continue";

/**
 * The way of a branch that a step is on.
 */
export type OnWay = { 
/**
 * The branch: an earlier step.
 */
branch: StepId, 
/**
 * The name of the way.
 */
way: string, };

/**
 * An unknown outcome, or a step that asks, that waits for the user.
 */
export type OpenQuestion = { 
/**
 * The step.
 */
step: StepId, 
/**
 * The item, from 0.
 */
item: number, 
/**
 * What was sent.
 */
request: RequestSummary | null, 
/**
 * When it was sent.
 */
sentAt: string | null, 
/**
 * What a step asks: the answer is yes or no.
 */
approval?: string | null, 
/**
 * What was seen.
 */
problem: Problem, };

/**
 * Something that chains can call.
 */
export type OperationDetail = { 
/**
 * Its identifier.
 */
id: string, 
/**
 * What a person reads.
 */
title: string, 
/**
 * What it does.
 */
verb: Verb, 
/**
 * What it does it to.
 */
entity: string, 
/**
 * Whether it changes anything in the service.
 */
effect: boolean, 
/**
 * Whether it gives a list that later steps can go through.
 */
items: boolean, 
/**
 * Whether it can be undone.
 */
undoable: boolean, 
/**
 * Permissions that it needs.
 */
scopes: Array<string>, 
/**
 * Fields of what it takes, sends and gives that are private: those that its schemas mark (`x-private`,
 * `writeOnly` or the format `password`), and the places of its request that are filled from them.
 */
private: Array<Array<string>>, };

/**
 * One operation.
 */
export type OperationSummary = { 
/**
 * Its identifier.
 */
id: string, 
/**
 * What a person reads.
 */
title: string, 
/**
 * Whether it changes anything in the service.
 */
effect: boolean, 
/**
 * Whether it can be undone.
 */
undoable: boolean, };

/**
 * What asked for a run.
 */
export type OriginKind = "by_hand" | "schedule" | "interval" | "signal" | "webhook" | "chain" | "file" | "step" | "again" | "failed_items" | "from_step";

/**
 * What became of an item.
 */
export type Outcome = { "outcome": "done", 
/**
 * The result; for list operations the list of items.
 */
output: JsonValue, 
/**
 * Set where the service said yes but its answer was lost or could not be read: the
 * output is null, and steps that need it cannot run.
 */
output_missing?: Problem | null, } | { "outcome": "not_done", 
/**
 * Why.
 */
problem: Problem, } | { "outcome": "unknown", 
/**
 * What was seen.
 */
problem: Problem, } | { "outcome": "quarantined", 
/**
 * Why.
 */
problem: Problem, } | { "outcome": "skipped" } | { "outcome": "shown", 
/**
 * What would have been sent.
 */
request: RequestSummary, };

/**
 * What an event means while a run is under way.
 */
export type Overlap = "queue" | "skip" | "cancel_oldest" | "parallel";

/**
 * A connector of the user's own.
 */
export type OwnConnector = { 
/**
 * Its identifier.
 */
id: ConnectorId, 
/**
 * Its name.
 */
name: string, 
/**
 * The version in use.
 */
version: string, 
/**
 * The file's name below `connectors` in the data folder.
 */
file: string, 
/**
 * Whether the file has a mistake, and the version from before it is in use.
 */
outdated: boolean, 
/**
 * The connections that use it, in every workspace.
 */
connections: Array<string>, };

/**
 * A passphrase in a request: taken as it is, blanks at its ends included.
 */
export type PassphraseInput = string;

/**
 * Whether to pause.
 */
export type PauseAllRequest = { 
/**
 * Nothing is read by itself, in any workspace; else it goes on.
 */
paused: boolean, };

/**
 * What pausing did.
 */
export type PausedAll = { 
/**
 * Nothing is read by itself.
 */
paused: boolean, 
/**
 * Workspaces that could not be told. Where they are opened again, it holds for them too.
 */
untold: Array<string>, };

/**
 * A step of a chain.
 */
export type PinRef = { 
/**
 * The chain, by identifier or name.
 */
chain: string, 
/**
 * The step.
 */
step: StepId, };

/**
 * Which items of what is kept.
 */
export type PinShowRequest = { 
/**
 * The chain, by identifier or name.
 */
chain: string, 
/**
 * The step.
 */
step: StepId, 
/**
 * How many items to pass over; an answer has 200 at most.
 */
offset?: number | null, };

/**
 * That something is kept of a step.
 */
export type PinView = { 
/**
 * The step.
 */
step: StepId, 
/**
 * Since when.
 */
at: string, 
/**
 * How many items it has.
 */
items: number, 
/**
 * Whether the step is still what gave it, its mapping and conditions included: else it is not used.
 */
holds: boolean, };

/**
 * What is kept of a chain's steps.
 */
export type PinsResponse = { 
/**
 * One for each step of which something is kept.
 */
pins: Array<PinView>, };

/**
 * What stands for a connection in a shared chain.
 */
export type Placeholder = { 
/**
 * Its name in the chain: the connector's identifier, with a number where it has several.
 */
name: string, 
/**
 * The connector that the connection has to be of.
 */
connector: ConnectorId, };

/**
 * A placeholder with what could stand for it.
 */
export type PlaceholderView = { 
/**
 * Its name in the document.
 */
name: string, 
/**
 * The connector that it wants.
 */
connector: ConnectorId, 
/**
 * What the tool is called; none where there is no such connector here.
 */
tool: string | null, 
/**
 * Where requests go; empty where that is known only once a connection is chosen.
 */
origins: Array<string>, 
/**
 * The connections that fit.
 */
candidates: Array<Candidate>, };

/**
 * A question about a JSON value that is answered yes or no.
 */
export type Predicate = { 
/**
 * JSONPath (RFC 9535) to the value in question.
 */
path: string, 
/**
 * How to compare. `exists` where absent.
 */
operator: PredicateOperator, 
/**
 * What to compare with: text, number, boolean, or a list for `in`.
 */
value?: JsonValue | null, };

/**
 * How a predicate compares.
 */
export type PredicateOperator = "exists" | "absent" | "equals" | "not_equals" | "contains" | "in" | "matches";

/**
 * How urgent a signal is.
 */
export type Priority = "critical" | "high" | "medium" | "low";

/**
 * One problem. Equal problems have equal codes and parameters, never equal sentences.
 *
 * On the wire it carries code, parameters and the rendered text.
 */
export type Problem = { code: Code, title: string, hint: string, fix?: Fix | null, retry?: Retry | null, retryAt?: string | null, subject?: Subject | null, params?: { [key in string]: string }, detail?: string | null, givenUp?: boolean, };

/**
 * How far a read is.
 */
export type Progress = { 
/**
 * When it began.
 */
since: string, 
/**
 * Pages read.
 */
pages: number, 
/**
 * Items seen.
 */
items: number, 
/**
 * Signals that are new.
 */
new: number, };

/**
 * Which proxy is used.
 */
export type ProxyChoice = "system" | "direct" | "address";

/**
 * How the queues are.
 */
export type QueueStatsResponse = { 
/**
 * Whether this engine does the work; a command that looks and goes does not.
 */
running: boolean, 
/**
 * Each queue.
 */
queues: Array<QueueView>, 
/**
 * When the next stream is read.
 */
nextSyncAt: string | null, 
/**
 * Nothing is read by itself until the person lets it go on.
 */
syncPaused: boolean, };

/**
 * How one queue is.
 */
export type QueueView = { 
/**
 * The queue.
 */
queue: string, 
/**
 * Jobs at the same time.
 */
concurrency: number, 
/**
 * Jobs that are due and wait for their turn.
 */
depth: number, 
/**
 * Jobs that wait for their time.
 */
later: number, 
/**
 * Jobs under way.
 */
running: number, 
/**
 * How long the oldest job that is due has waited, in seconds.
 */
oldestSeconds: number | null, 
/**
 * Jobs that were given up.
 */
dead: number, 
/**
 * Jobs done in the last 24 hours.
 */
done: number, 
/**
 * Attempts that failed in the last 24 hours.
 */
failed: number, 
/**
 * How long one took on average, in milliseconds.
 */
meanMs: number, };

/**
 * Work that waits in a queue.
 */
export type QueueWait = { 
/**
 * Its name.
 */
queue: string, 
/**
 * Jobs that wait or are worked on.
 */
depth: number, 
/**
 * Since when the oldest of them waits.
 */
oldest: string | null, 
/**
 * Jobs that were given up and wait for the user.
 */
dead: number, };

/**
 * What an address of a service holds.
 */
export type RawRead = { 
/**
 * The body.
 */
data: JsonValue, 
/**
 * Where it came from, without its query.
 */
url: string, 
/**
 * The status code.
 */
status: number, };

/**
 * Signing in again.
 */
export type ReconnectRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * The sign-in whose tokens are used.
 */
signIn: SignInId, 
/**
 * Whether it may belong to another account from now on.
 */
otherAccount: boolean, };

/**
 * Calls that were refused for one reason.
 */
export type RefusedView = { 
/**
 * The reason, such as `signature` or `stale`.
 */
reason: string, 
/**
 * How many.
 */
count: number, 
/**
 * The last time.
 */
lastAt: string, };

/**
 * What mends a finding.
 */
export type Remedy = { "type": "field", 
/**
 * The field, as a JSON pointer (RFC 6901) into the parameters.
 */
target: string, } | { "type": "fewer_items" } | { "type": "webhooks" };

/**
 * A new key.
 */
export type ReplaceKeyRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * Secret values by field.
 */
secrets: { [key in string]: SecretInput }, };

/**
 * A request as the journal and the report keep it: without secrets.
 */
export type RequestSummary = { 
/**
 * The HTTP method.
 */
method: string, 
/**
 * The address, without the query.
 */
url: string, 
/**
 * The JSON body, with secret values masked.
 */
body?: JsonValue | null, 
/**
 * SHA-256 over method, address, query and body, in hexadecimal, before secrets are added.
 */
hash: string, };

/**
 * Who may try again, and when.
 */
export type Retry = "never" | "safe" | "wait" | "user";

/**
 * Why requests were sent again.
 */
export type RetryReason = { 
/**
 * What was wrong with the attempt before; none where nobody answered it: Patchbay was ended, or it was
 * found out that nothing had happened.
 */
code?: Code | null, 
/**
 * In words.
 */
text: string, 
/**
 * How many requests.
 */
count: number, };

/**
 * What another key gave.
 */
export type RotateResponse = { 
/**
 * Credentials that are sealed with another key now.
 */
credentials: number, 
/**
 * Credentials whose key was lost before: they wait for being entered again.
 */
lost: number, };

/**
 * Which runs to run again.
 */
export type RunAgainRequest = { 
/**
 * The runs; at most 200.
 */
runs: Array<string>, 
/**
 * What they are started with now; what they were started with where absent.
 */
input?: JsonValue | null, 
/**
 * With the chain's latest version, instead of the one that they ran.
 */
latest: boolean, 
/**
 * Build and show requests; send no effects.
 */
dry_run: boolean, };

/**
 * The answer to a step that asks.
 */
export type RunAnswerRequest = { 
/**
 * The run.
 */
run: string, 
/**
 * Whether it goes on.
 */
approved: boolean, 
/**
 * The step; the first that asks where absent.
 */
step?: StepId | null, 
/**
 * The item, from 0; the first that asks where absent.
 */
item?: number | null, };

/**
 * Which items of which step.
 */
export type RunDataRequest = { 
/**
 * The run, by identifier or `last`.
 */
run: string, 
/**
 * The step.
 */
step: StepId, 
/**
 * How many to pass over.
 */
offset?: number | null, 
/**
 * At most this many; 200 at most. There are fewer where they would be more than about 1 MiB.
 */
limit?: number | null, 
/**
 * Items as a whole, however large, for a file: each answer has one at least.
 */
whole?: boolean | null, };

/**
 * Items of a step.
 */
export type RunDataResponse = { 
/**
 * The items, in order.
 */
items: Array<ItemData>, 
/**
 * How many there are in all.
 */
total: number, 
/**
 * Fields that are private, of this step and of those that its data comes from.
 */
private: Array<Array<string>>, 
/**
 * What of the step's data is private beyond them.
 */
privacy: StepPrivacy, 
/**
 * Nobody knows any more what is private of the items that the step went through.
 */
givenUnknown: boolean, };

/**
 * Which runs to delete.
 */
export type RunDeleteRequest = { 
/**
 * The runs.
 */
runs: Array<RunId>, };

/**
 * From where to run again.
 */
export type RunFromStepRequest = { 
/**
 * The run.
 */
run: string, 
/**
 * The step; results of those before it stand.
 */
step: StepId, };

/**
 * One execution of a chain.
 */
export type RunId = string;

/**
 * Which runs to list.
 */
export type RunListRequest = { 
/**
 * How many to pass over.
 */
offset: number, 
/**
 * At most this many; 50 where absent, at most 1,000.
 */
limit?: number | null, };

/**
 * Runs, newest first.
 */
export type RunListResponse = { 
/**
 * Those asked for.
 */
runs: Array<RunView>, 
/**
 * How many there are in all.
 */
total: number, };

/**
 * A run by identifier.
 */
export type RunRef = { 
/**
 * Its identifier, or `last` for the newest.
 */
run: string, };

/**
 * A run in figures and sentences.
 */
export type RunReport = { 
/**
 * The run.
 */
run: RunId, 
/**
 * Its chain.
 */
chainId: ChainId, 
/**
 * The chain's name when it ran.
 */
chain: string, 
/**
 * The chain's version.
 */
chainVersion: number, 
/**
 * How it is or ended.
 */
state: RunState, 
/**
 * The engine that worked on it has ended, and none has taken it up yet. The one thing that the
 * journal cannot tell.
 */
interrupted: boolean, 
/**
 * Requests were built and shown, effects not sent.
 */
dryRun: boolean, 
/**
 * What it did less than its chain says, because the user wanted it so.
 */
narrowed?: Narrowed, 
/**
 * It took longer than it was allowed to.
 */
late?: Late | null, 
/**
 * One sentence: what was reached.
 */
headline: string, 
/**
 * When it was asked for.
 */
createdAt: string, 
/**
 * When its first fact was written.
 */
startedAt: string | null, 
/**
 * When it ended.
 */
finishedAt: string | null, 
/**
 * How often an engine start had to take it up again.
 */
recoveries: number, 
/**
 * What the check before the run found; passes left out.
 */
check: Array<Finding>, 
/**
 * Its steps, in order.
 */
steps: Array<StepReport>, 
/**
 * The connections that it called, in the order in which they were first called.
 */
connections: Array<ConnectionReport>, 
/**
 * What waits for the user.
 */
needsYou: Array<OpenQuestion>, 
/**
 * What was undone and what stays.
 */
undo: Array<UndoReport>, 
/**
 * Fields of what its steps took and gave that are private.
 */
private: Array<Array<string>>, };

/**
 * Which report.
 */
export type RunReportRequest = { 
/**
 * The run.
 */
run: string, 
/**
 * `markdown` or `html` renders it too.
 */
render?: string | null, };

/**
 * A report, rendered where asked.
 */
export type RunReportResponse = { 
/**
 * The report.
 */
report: RunReport, 
/**
 * The rendered text.
 */
rendered: string | null, };

/**
 * The answer to an unknown outcome.
 */
export type RunResolveRequest = { 
/**
 * The run.
 */
run: string, 
/**
 * What is true.
 */
decision: Decision, 
/**
 * The step; the first open question where absent.
 */
step?: StepId | null, 
/**
 * The item, from 0; the first open question where absent.
 */
item?: number | null, };

/**
 * What to run.
 */
export type RunStartRequest = { 
/**
 * The chain, by identifier or name.
 */
chain: string, 
/**
 * What it is started with.
 */
input: JsonValue, 
/**
 * Build and show requests; send no effects.
 */
dryRun: boolean, 
/**
 * What `chain_check` gave for what is wanted: where it would do anything else now, nothing is started.
 */
plan?: string | null, 
/**
 * Each list gives its first so many items, 1 at least, those of chains that its steps run too; all of
 * them where absent.
 */
items?: number | null, 
/**
 * Steps that are left out; `CONFLICT` where another one needs them.
 */
without: Array<StepId>, 
/**
 * Only write the run down; a later `run_wait`, or the next start of the engine, works on it.
 */
queueOnly: boolean, };

/**
 * How a run is.
 */
export type RunState = "queued" | "running" | "waiting" | "paused" | "needs_you" | "done" | "done_with_problems" | "failed" | "failed_undone" | "stopped";

/**
 * How to stop.
 */
export type RunStopRequest = { 
/**
 * The run.
 */
run: string, 
/**
 * Undo what was done.
 */
undo: boolean, };

/**
 * A run as an offline test.
 */
export type RunTestResponse = { 
/**
 * A name for the file.
 */
name: string, 
/**
 * What belongs into the file. Values of secrets are masked.
 */
test: JsonValue, };

/**
 * What becomes of a change that could not be undone.
 */
export type RunUndoAgainRequest = { 
/**
 * The run, by identifier or `last`.
 */
run: string, 
/**
 * The step; the first with a change that stays where absent.
 */
step?: StepId | null, 
/**
 * The item, from 0; the first whose change stays where absent.
 */
item?: number | null, 
/**
 * The user has undone it by hand: nothing is sent. Otherwise it is tried once more.
 */
byHand: boolean, 
/**
 * Every one that fits is tried once more, but for those that may have been undone all the same.
 */
all: boolean, };

/**
 * A run as lists show it.
 */
export type RunView = { 
/**
 * Its identifier.
 */
id: RunId, 
/**
 * Its chain.
 */
chainId: ChainId, 
/**
 * The chain's name when it ran.
 */
chain: string, 
/**
 * The chain's version.
 */
chainVersion: number, 
/**
 * How it is.
 */
state: RunState, 
/**
 * The engine that worked on it has ended, and none has taken it up yet.
 */
interrupted: boolean, 
/**
 * Requests were built and shown, effects not sent.
 */
dryRun: boolean, 
/**
 * What asked for it.
 */
origin: OriginKind, 
/**
 * When it was asked for.
 */
createdAt: string, 
/**
 * When it ended.
 */
finishedAt: string | null, };

/**
 * For what a run waits.
 */
export type RunWaitsResponse = { 
/**
 * Items that wait for a delivery, in the order of the steps.
 */
waits: Array<AwaitedDelivery>, 
/**
 * How many there are in all.
 */
total: number, };

/**
 * Runs that are gone.
 */
export type RunsDeleted = { 
/**
 * How many.
 */
deleted: number, 
/**
 * Those that stay, because they had not ended or somebody works on them.
 */
open: number, 
/**
 * Those that stay, because they did what failed of runs that are still there: without them nobody would know,
 * and it could be done twice.
 */
needed: number, };

/**
 * The runs that were started.
 */
export type RunsStarted = { 
/**
 * In the order in which they were asked for.
 */
runs: Array<RunView>, };

/**
 * Where samples come from.
 */
export type SampleOrigin = "last_run" | "signals" | "chosen" | "chosen_run" | "pinned";

/**
 * Trouble that the sandbox can make.
 */
export type SandboxFault = "expired" | "slow" | "limited" | "down" | "odd_data" | "dies_after_effect";

/**
 * Which trouble the sandbox is to make.
 */
export type SandboxFaultRequest = { 
/**
 * The tool.
 */
tool: SandboxTool, 
/**
 * The trouble; none ends it.
 */
fault?: SandboxFault | null, };

/**
 * The sandbox, ready to be used.
 */
export type SandboxReady = { 
/**
 * The chain to begin with.
 */
chain: ChainId, 
/**
 * The connections that were made.
 */
connections: Array<string>, };

/**
 * Whether the sandbox runs and what trouble it makes.
 */
export type SandboxState = { 
/**
 * Whether it runs inside this engine.
 */
running: boolean, 
/**
 * The trouble that it makes now.
 */
trouble: SandboxTrouble | null, };

/**
 * A pretend tool.
 */
export type SandboxTool = "tracker" | "chat" | "sheet";

/**
 * One tool of the sandbox in trouble.
 */
export type SandboxTrouble = { 
/**
 * The tool.
 */
tool: SandboxTool, 
/**
 * What is wrong with it.
 */
fault: SandboxFault, };

/**
 * A filter that the user keeps.
 */
export type SavedFilter = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it narrows to.
 */
filter: SignalFilter, };

/**
 * A permission in plain words.
 */
export type Scope = { 
/**
 * The vendor's name for it.
 */
name: string, 
/**
 * What it allows, such as "See issues and comments".
 */
label: string, 
/**
 * Whether it lets us change anything.
 */
access: Access, };

/**
 * How old the secret of a connection is.
 */
export type SecretAge = { 
/**
 * The connection's name.
 */
connection: string, 
/**
 * When the user entered it.
 */
setAt: string, 
/**
 * Whole days since.
 */
days: number, 
/**
 * Whether it is time for another.
 */
old: boolean, };

/**
 * A secret in a request: it can be read from the wire and not written to it.
 */
export type SecretInput = string;

/**
 * Who makes a webhook's secret.
 */
export type SecretSource = "generated" | "entered" | "captured" | "answered";

/**
 * Decisions to change. Others stay.
 */
export type SecretsSetRequest = { 
/**
 * Minutes until a passphrase store locks itself, at most a week; 0 for never.
 */
lockAfterMinutes?: number | null, 
/**
 * Days until a key is called old, at most ten years; 0 for never.
 */
remindAfterDays?: number | null, };

/**
 * How the secret store is, and how old what it locks.
 */
export type SecretsStatus = { 
/**
 * `keyring`, `passphrase` or `memory`.
 */
store: string, 
/**
 * `unlocked`, `locked`, `unavailable`, `missing` where a key that is needed is gone, or `unused`
 * while no secret is kept in this workspace.
 */
state: string, 
/**
 * A passphrase store locks itself after so many minutes without a person; 0 for never.
 */
lockAfterMinutes: number, 
/**
 * A key is called old after so many days; 0 for never.
 */
remindAfterDays: number, 
/**
 * The secrets of this workspace's connections, the oldest first.
 */
secrets: Array<SecretAge>, };

/**
 * A person is at the screen.
 */
export type Seen = { 
/**
 * Always true.
 */
seen: boolean, };

/**
 * Who says what holds where nothing is set.
 */
export type SettingSource = "workspace" | "connector" | "usual";

/**
 * One setting as it is.
 */
export type SettingView = { 
/**
 * Its name.
 */
key: string, 
/**
 * What was set here; none where nothing was.
 */
value: JsonValue | null, 
/**
 * What holds otherwise; none where nothing does then.
 */
usual: JsonValue | null, 
/**
 * Who says what holds otherwise.
 */
from: SettingSource, 
/**
 * The least that is allowed, of a number.
 */
least: number | null, 
/**
 * The most that is allowed, of a number.
 */
most: number | null, 
/**
 * What is allowed, of a choice.
 */
choices: Array<string>, };

/**
 * A chain to be passed on. Its steps name placeholders instead of connections; whoever takes it in says
 * which connection stands for each.
 */
export type SharedChain = { 
/**
 * Version of the document's shape; 1.
 */
shared: number, 
/**
 * What it has to be connected with.
 */
connections: Array<Placeholder>, 
/**
 * The chain.
 */
chain: Chain, };

/**
 * One header.
 */
export type ShownHeader = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its value.
 */
value: string, };

/**
 * Approval of addresses that signing in brought.
 */
export type SignInApproveRequest = { 
/**
 * The sign-in.
 */
id: SignInId, 
/**
 * Every address as the person saw it. Nothing is approved where it is another.
 */
origins: Array<string>, };

/**
 * Signing in to a connector.
 */
export type SignInBeginRequest = { 
/**
 * The connector.
 */
connector: ConnectorId, 
/**
 * The way to sign in; the recommended one where absent.
 */
auth?: string | null, 
/**
 * Settings by key, as far as they are known.
 */
config: { [key in string]: string }, 
/**
 * What the person entered, such as the application's id and secret.
 */
secrets: { [key in string]: SecretInput }, 
/**
 * Whether private and loopback addresses are allowed.
 */
allowPrivate: boolean, 
/**
 * Streams and operations that it is for: only their permissions are asked for. Where absent what the
 * connection that signs in again was for, and all for a new one.
 */
uses?: Array<string> | null, 
/**
 * What the connection will be called: a name that is taken is said before anybody signs in.
 */
name?: string | null, 
/**
 * The connection that signs in again. What is entered in the place of what it has may be left out.
 */
connection?: string | null, 
/**
 * Let the person choose the account anew.
 */
chooseAccount: boolean, 
/**
 * Do not open the page: somebody else will.
 */
noBrowser: boolean, };

/**
 * One thing in a sign-in that is not as it was approved.
 */
export type SignInChange = { 
/**
 * What, as the definition calls it, such as `tokenUrl`.
 */
what: string, 
/**
 * As it was approved; empty where it was not there.
 */
before: string, 
/**
 * As it is now; empty where it is gone.
 */
now: string, };

/**
 * One attempt of a person to sign in.
 */
export type SignInId = string;

/**
 * A connector whose sign-ins are asked about.
 */
export type SignInLastRequest = { 
/**
 * The connector.
 */
connector: ConnectorId, };

/**
 * How the last sign-in to a connector ended.
 */
export type SignInLastResponse = { 
/**
 * The program ended before it did.
 */
interrupted: boolean, };

/**
 * How often signing in works at the first attempt. What the person stopped or declined does not count.
 */
export type SignInRate = { 
/**
 * Sign-ins that ended.
 */
ended: number, 
/**
 * Those that worked.
 */
worked: number, };

/**
 * A sign-in by its identifier.
 */
export type SignInRef = { 
/**
 * Its identifier.
 */
id: SignInId, };

/**
 * How far a sign-in is.
 */
export type SignInStage = "waiting" | "checking" | "approving" | "done" | "failed";

/**
 * A sign-in as screens show it. Holds no secret.
 */
export type SignInView = { 
/**
 * Its identifier.
 */
id: SignInId, 
/**
 * The connector.
 */
connector: ConnectorId, 
/**
 * How far it is.
 */
stage: SignInStage, 
/**
 * The page that the person opens.
 */
url: string | null, 
/**
 * Where the service sends them back to.
 */
redirectUri: string | null, 
/**
 * What they type there, where that is the way.
 */
userCode: string | null, 
/**
 * Whether the page could be handed to the browser.
 */
opened: boolean, 
/**
 * How much time is left, in seconds.
 */
secondsLeft: number, 
/**
 * Something came back that was not the answer, and was refused: why.
 */
notice: string | null, 
/**
 * Addresses that signing in brought, to be approved.
 */
brought: Array<string>, 
/**
 * Whose account it is, where the service says.
 */
account: Account | null, 
/**
 * Permissions that were asked for.
 */
asked: Array<string>, 
/**
 * Those that were asked for and not granted.
 */
missing: Array<string>, 
/**
 * Those that were granted and not asked for.
 */
beyond: Array<string>, 
/**
 * How many sites or accounts there were to choose among; the first is taken.
 */
choices: number, 
/**
 * Why it did not come about.
 */
problem: Problem | null, };

/**
 * One normalised item. Unique in a workspace by connection, stream, external id and version.
 */
export type Signal = { 
/**
 * The connection it came through.
 */
connection: ConnectionId, 
/**
 * The connector that read it.
 */
connector: ConnectorId, 
/**
 * The stream within the connector.
 */
stream: string, 
/**
 * The service's own identifier, as text.
 */
externalId: string, 
/**
 * Distinguishes versions of one item: its time in milliseconds, or a hash of its content.
 */
version: string, 
/**
 * What kind of signal, such as `issue_created`.
 */
signalType: string, 
/**
 * When it happened or changed.
 */
timestamp: string, 
/**
 * One line for people, safe to show.
 */
summary: string, 
/**
 * How urgent.
 */
priority: Priority | null, 
/**
 * People concerned.
 */
participants: Array<string>, 
/**
 * Labels.
 */
tags: Array<string>, 
/**
 * Related items.
 */
related: Array<string>, 
/**
 * The item's page for people.
 */
url: string | null, 
/**
 * The item as the service sent it, or the fields that the connector keeps.
 */
raw: JsonValue, };

/**
 * A signal in full.
 */
export type SignalDetail = { 
/**
 * The signal with its item; null where that is no longer kept.
 */
signal: SignalView, 
/**
 * The versions of the item that came in, the newest first, this one among them.
 */
versions: Array<SignalVersion>, };

/**
 * What a list of signals is narrowed to. Empty lists and absent values narrow nothing.
 */
export type SignalFilter = { 
/**
 * Words that all occur in the summary, among people or labels; the last one may be a beginning.
 */
text?: string | null, 
/**
 * Through one of these connections, by id.
 */
connections: Array<ConnectionId>, 
/**
 * Of one of these types.
 */
types: Array<string>, 
/**
 * As urgent as one of these.
 */
priorities: Array<Priority>, 
/**
 * Only those nobody has looked at.
 */
unread: boolean, 
/**
 * Those that were put away, in the place of those that were not.
 */
archived: boolean, 
/**
 * Not before this.
 */
since?: string | null, 
/**
 * Before this.
 */
until?: string | null, };

/**
 * A kind of signal that has come in.
 */
export type SignalKindView = { 
/**
 * Through this connection.
 */
connection: ConnectionId, 
/**
 * Its name; none where it is gone.
 */
connectionName: string | null, 
/**
 * Its type, such as `issue_created`.
 */
signalType: string, 
/**
 * How many came in.
 */
count: number, 
/**
 * When the last one happened.
 */
lastAt: string, };

/**
 * What lists of signals can be narrowed to.
 */
export type SignalKindsResponse = { 
/**
 * Kinds of signals, the most frequent first.
 */
kinds: Array<SignalKindView>, 
/**
 * Filters that the user keeps, by name.
 */
saved: Array<SavedFilter>, };

/**
 * Which signals to list.
 */
export type SignalListRequest = { 
/**
 * Only those of this connection.
 */
connection?: string | null, 
/**
 * At most this many; 50 where absent, at most 1,000.
 */
limit?: number | null, };

/**
 * Signals, newest first.
 */
export type SignalListResponse = { 
/**
 * Those asked for.
 */
signals: Array<Signal>, };

/**
 * What somebody did with signals.
 */
export type SignalMarkRequest = { 
/**
 * Their numbers; at most 10,000. Earlier versions of the same items go with them.
 */
ids: Array<number>, 
/**
 * Whether they count as not looked at; as it is where absent.
 */
unread?: boolean | null, 
/**
 * Whether they are put away; as it is where absent.
 */
archived?: boolean | null, };

/**
 * What changed.
 */
export type SignalMarkResponse = { 
/**
 * So many signals, versions among them.
 */
changed: number, };

/**
 * One signal.
 */
export type SignalRef = { 
/**
 * Its number.
 */
id: number, };

/**
 * Which signals to look for.
 */
export type SignalSearchRequest = { 
/**
 * What to narrow the list to.
 */
filter: SignalFilter, 
/**
 * Behind this signal of an earlier list.
 */
after?: ListPlace | null, 
/**
 * At most this many; 100 where absent, at most 200.
 */
limit?: number | null, };

/**
 * Signals, the latest first.
 */
export type SignalSearchResponse = { 
/**
 * Those asked for.
 */
signals: Array<SignalView>, 
/**
 * How many the filter lets through, at most 1,000; told with the first page only.
 */
matching: number | null, 
/**
 * There are more than were counted.
 */
moreThanCounted: boolean, 
/**
 * How many nobody has looked at, whatever the filter, at most 1,000; told with the first page only.
 */
unread: number | null, };

/**
 * One version of an item.
 */
export type SignalVersion = { 
/**
 * Its signal.
 */
id: number, 
/**
 * When it happened.
 */
timestamp: string, 
/**
 * What it said.
 */
summary: string, };

/**
 * One signal for people.
 */
export type SignalView = { 
/**
 * Its number in this workspace.
 */
id: number, 
/**
 * The connection's name; none where it is gone.
 */
connectionName: string | null, 
/**
 * Nobody has looked at it.
 */
unread: boolean, 
/**
 * It was put away.
 */
archived: boolean, 
/**
 * The connection it came through.
 */
connection: ConnectionId, 
/**
 * The connector that read it.
 */
connector: ConnectorId, 
/**
 * The stream within the connector.
 */
stream: string, 
/**
 * The service's own identifier, as text.
 */
externalId: string, 
/**
 * Distinguishes versions of one item: its time in milliseconds, or a hash of its content.
 */
version: string, 
/**
 * What kind of signal, such as `issue_created`.
 */
signalType: string, 
/**
 * When it happened or changed.
 */
timestamp: string, 
/**
 * One line for people, safe to show.
 */
summary: string, 
/**
 * How urgent.
 */
priority: Priority | null, 
/**
 * People concerned.
 */
participants: Array<string>, 
/**
 * Labels.
 */
tags: Array<string>, 
/**
 * Related items.
 */
related: Array<string>, 
/**
 * The item's page for people.
 */
url: string | null, 
/**
 * The item as the service sent it, or the fields that the connector keeps.
 */
raw: JsonValue, };

/**
 * A value for a parameter. Paths and templates see `item` (the current item of `forEach`),
 * `steps.<id>` (results of earlier steps) and `input` (what the run was started with).
 */
export type Source = { "type": "path", 
/**
 * The path.
 */
path: string, } | { "type": "template", 
/**
 * The template.
 */
template: string, } | { "type": "fixed", 
/**
 * The value.
 */
value: JsonValue, };

/**
 * What one earlier step, or the current item, gives.
 */
export type SourceGroup = { 
/**
 * What a person calls it.
 */
label: string, 
/**
 * Whether its samples are example data, made from what its connector says of them: nobody has seen any yet.
 */
example: boolean, 
/**
 * Its values.
 */
fields: Array<SourceValue>, };

/**
 * One value that can be chosen.
 */
export type SourceValue = { 
/**
 * The JSONPath to it (RFC 9535).
 */
path: string, 
/**
 * Its name, such as `user.login`.
 */
name: string, 
/**
 * What a person calls its type.
 */
kind: string, 
/**
 * A value it had.
 */
sample: JsonValue | null, };

/**
 * One action.
 */
export type Step = { 
/**
 * Unique within the chain: lower-case letters, digits and underscores.
 */
id: StepId, 
/**
 * What a person reads; "Tool: operation" where absent.
 */
name?: string | null, 
/**
 * The connection, by name; none for a step that works by itself. For a step that waits for a
 * delivery, the one whose webhook is called.
 */
connection?: string, 
/**
 * The operation of that connection's connector.
 */
operation?: string, 
/**
 * What the step does by itself, instead of an operation.
 */
logic?: Logic | null, 
/**
 * Only where this branch took this way.
 */
on?: OnWay | null, 
/**
 * Only for what failed in this earlier step, which then stops nothing. Sees `error`.
 */
handles?: StepId | null, 
/**
 * Do it once for each item of this earlier step.
 */
forEach?: StepId | null, 
/**
 * Where the parameters come from. What is missing is matched automatically.
 */
mapping?: Array<FieldMap>, 
/**
 * Tries, time and what a failure means.
 */
policy: StepPolicy, };

/**
 * The calls of one step of a chain.
 */
export type StepCallsView = { 
/**
 * The chain.
 */
chainId: ChainId, 
/**
 * What it is called; none where it was deleted.
 */
chain: string | null, 
/**
 * The step.
 */
step: StepId, 
/**
 * What a person reads for it.
 */
name: string, 
/**
 * What it asks the connector for; none where chain or step are not there any more.
 */
operation: string | null, 
/**
 * Calls that ended: those that succeeded, failed, or did neither.
 */
calls: number, 
/**
 * Those that succeeded.
 */
ok: number, 
/**
 * Those that failed.
 */
failed: number, 
/**
 * Those that had to wait, or asked for what was not there.
 */
held: number, 
/**
 * Attempts beyond the first.
 */
retries: number, 
/**
 * Bytes received.
 */
bytes: number, 
/**
 * Median time of an answer in milliseconds, at most 5 % off.
 */
p50Ms: number | null, 
/**
 * 95th percentile.
 */
p95Ms: number | null, 
/**
 * 99th percentile.
 */
p99Ms: number | null, };

/**
 * A step's fields and what could fill them.
 */
export type StepFields = { 
/**
 * The operation's parameters; those that are required come first.
 */
targets: Array<TargetField>, 
/**
 * What earlier steps give.
 */
sources: Array<SourceGroup>, };

/**
 * A step's fields with what fills them.
 */
export type StepFieldsResponse = { 
/**
 * The fields.
 */
fields: StepFields, 
/**
 * Where the samples come from; none where there are none.
 */
origin: SampleOrigin | null, 
/**
 * How many samples there are.
 */
samples: number, 
/**
 * The sources that are private or hold something private, by their paths.
 */
privateSources: Array<string>, 
/**
 * The fields whose values are private or made of something private, by their targets.
 */
privateTargets: Array<string>, };

/**
 * The calls of one step through one connection.
 */
export type StepFiguresView = { 
/**
 * The step.
 */
step: StepId, 
/**
 * What a person reads for it.
 */
name: string, 
/**
 * Whether the chain still has it.
 */
there: boolean, 
/**
 * The connection's name; none where it was disconnected.
 */
connection: string | null, 
/**
 * Calls that ended: those that succeeded, failed, or did neither.
 */
calls: number, 
/**
 * Those that succeeded.
 */
ok: number, 
/**
 * Those that failed.
 */
failed: number, 
/**
 * Those that had to wait, or asked for what was not there.
 */
held: number, 
/**
 * Attempts beyond the first.
 */
retries: number, 
/**
 * Bytes received.
 */
bytes: number, 
/**
 * Median time of an answer in milliseconds, at most 5 % off.
 */
p50Ms: number | null, 
/**
 * 95th percentile.
 */
p95Ms: number | null, 
/**
 * 99th percentile.
 */
p99Ms: number | null, };

/**
 * A step within one chain: a slug chosen by the chain's document.
 */
export type StepId = string;

/**
 * Which result to keep.
 */
export type StepPinRequest = { 
/**
 * The chain, by identifier or name.
 */
chain: string, 
/**
 * The step of its latest version.
 */
step: StepId, 
/**
 * The run that it is taken of; the latest that did the step where absent.
 */
run?: string | null, };

/**
 * Tries, time and what a failure means.
 */
export type StepPolicy = { 
/**
 * Tries of one item, the first included. 1 to 10; what the chain says where absent.
 */
tries?: number | null, 
/**
 * The first pause between tries in milliseconds; later ones double, with full jitter.
 */
backoffMs: number, 
/**
 * Whole time of one try in milliseconds; a minute where absent. For a step that runs another chain, how
 * long that run may take: any time where this is a minute, which documents say that nobody changed.
 */
timeoutMs: number, 
/**
 * Items worked on at the same time. 1 to 16.
 */
parallel: number, 
/**
 * What a failed item means; what the chain says where absent.
 */
onFailure?: OnFailure | null, 
/**
 * So many items of the list that the step gives are taken, the first ones; all where absent. Nothing more is
 * asked for once they are there. At least 1. It means nothing for a step that gives no list, or goes through one.
 */
limit?: number | null, };

/**
 * What of a step's data is private beyond single fields.
 */
export type StepPrivacy = { 
/**
 * Nobody knows any more: the tool whose data it is, or what the step did with it, is not here. Then all
 * of it is private.
 */
unknown: boolean, 
/**
 * The bodies of its requests are private as a whole: something private is worked into a text.
 */
body: boolean, 
/**
 * The ends of addresses of its requests that have private parts, such as `contacts/{private}/notes/{}`.
 */
addresses: Array<string>, };

/**
 * One step in figures.
 */
export type StepReport = { 
/**
 * The step.
 */
step: StepId, 
/**
 * What a person reads.
 */
name: string, 
/**
 * The connection it used.
 */
connection: string, 
/**
 * The operation it called.
 */
operation: string, 
/**
 * What the catalogue calls the tool and the operation; empty where it has no words for them.
 */
action?: string, 
/**
 * What of its data is private beyond the fields of the report.
 */
privacy: StepPrivacy, 
/**
 * How it is or ended.
 */
state: StepState, 
/**
 * Items that came in.
 */
itemsIn: number, 
/**
 * Items that came out: those of the list that a list step read, else one for each item done.
 */
itemsOut: number, 
/**
 * Items that were done.
 */
done: number, 
/**
 * Items that certainly were not.
 */
failed: number, 
/**
 * Items that did not fit.
 */
quarantined: number, 
/**
 * Items left out, because something failed.
 */
skipped: number, 
/**
 * Items that a filter, a branch or the user left out.
 */
passed: number, 
/**
 * Items that an earlier run had done.
 */
kept: number, 
/**
 * Items whose outcome nobody knows.
 */
unknown: number, 
/**
 * Whether it sent something that changes things.
 */
effect: boolean, 
/**
 * Changes that it made, whether they were undone later or not.
 */
changes: number, 
/**
 * Those that were undone.
 */
undone: number, 
/**
 * Those whose undo was tried or wanted, and that stay.
 */
stay: number, 
/**
 * Requests sent.
 */
calls: number, 
/**
 * Those that succeeded.
 */
callsOk: number, 
/**
 * Those that [failed](Code::is_failure). What is in none of the sums was never answered.
 */
callsFailed: number, 
/**
 * Those that did neither: they had to wait, or what they asked for was not there.
 */
callsHeld: number, 
/**
 * Requests beyond the first of an item.
 */
retries: number, 
/**
 * Why they were sent, the most frequent reason first.
 */
retryReasons: Array<RetryReason>, 
/**
 * Time in which items waited to be tried again by themselves, in milliseconds, over all items.
 */
retryWaitMs: number, 
/**
 * Bytes received.
 */
bytes: number, 
/**
 * Time in calls, in milliseconds, over all items.
 */
callMs: number, 
/**
 * Median time of a call in milliseconds.
 */
p50Ms: number | null, 
/**
 * 95th percentile of a call's time in milliseconds.
 */
p95Ms: number | null, 
/**
 * 99th percentile of a call's time in milliseconds.
 */
p99Ms: number | null, 
/**
 * When it began.
 */
startedAt: string | null, 
/**
 * When its last item ended.
 */
finishedAt: string | null, 
/**
 * Items that failed or were put aside, at most 100.
 */
problems: Array<ItemProblem>, 
/**
 * The runs of another chain that it started, one for each item, at most 100.
 */
runs?: Array<InnerRun>, 
/**
 * What it changed, and what it may have changed, at most 100.
 */
sent?: Array<Change>, 
/**
 * What would have been sent, in a dry run; at most 100.
 */
shown?: Array<RequestSummary>, };

/**
 * Which step to do.
 */
export type StepRunRequest = { 
/**
 * The chain, by identifier or name.
 */
chain: string, 
/**
 * The step of its latest version.
 */
step: StepId, 
/**
 * The run that it goes on from; the latest that got as far as the step where absent.
 */
run?: string | null, };

/**
 * How a step is or ended.
 */
export type StepState = "waiting" | "running" | "retrying" | "done" | "failed" | "skipped" | "not_known" | "undone" | "could_not_undo";

/**
 * Something that can be read continuously.
 */
export type StreamDetail = { 
/**
 * Its identifier.
 */
id: string, 
/**
 * What a person reads.
 */
title: string, 
/**
 * Permissions that it needs.
 */
scopes: Array<string>, 
/**
 * Fields of what it brings that are private, as those of an operation are.
 */
private: Array<Array<string>>, };

/**
 * How a stream is to be read.
 */
export type StreamSetRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * The stream.
 */
stream: string, 
/**
 * Whether it is read by itself; as it is where absent.
 */
on?: boolean | null, 
/**
 * Seconds between two reads, 10 to 2,678,400; ends a pattern.
 */
intervalSeconds?: number | null, 
/**
 * A cron pattern, such as `0 9 * * MON-FRI`; ends an interval.
 */
cron?: string | null, 
/**
 * The pattern's time zone, such as `Europe/Berlin`; UTC where absent.
 */
zone?: string | null, 
/**
 * As the connector says again.
 */
usual?: boolean | null, };

/**
 * How a stream is.
 */
export type StreamState = "idle" | "queued" | "reading" | "waiting" | "stopped" | "off" | "not_permitted";

/**
 * One stream.
 */
export type StreamView = { 
/**
 * Its name within the connector.
 */
id: string, 
/**
 * What a person reads.
 */
title: string, 
/**
 * How it is.
 */
state: StreamState, 
/**
 * Whether it is read by itself.
 */
on: boolean, 
/**
 * Seconds between two reads.
 */
intervalSeconds: number, 
/**
 * Whether the user set them.
 */
ownInterval: boolean, 
/**
 * A cron pattern in the place of the interval.
 */
cron: string | null, 
/**
 * The pattern in words.
 */
cronWords: string | null, 
/**
 * The pattern's time zone.
 */
zone: string | null, 
/**
 * When a read last came to an end, well or not.
 */
lastAt: string | null, 
/**
 * When one last went well.
 */
lastOkAt: string | null, 
/**
 * What was new then.
 */
lastNew: number | null, 
/**
 * When it is read next, or tried again.
 */
nextAt: string | null, 
/**
 * Why the last read did not go well, or what it waits for.
 */
problem: Problem | null, 
/**
 * Failures in a row.
 */
failures: number, 
/**
 * Whether it has been read to its end once.
 */
readWhole: boolean, 
/**
 * Items per page, where pages were too large.
 */
pageSize: number | null, 
/**
 * How far the read under way is.
 */
progress: Progress | null, };

/**
 * The streams of a connection.
 */
export type StreamsResponse = { 
/**
 * The connection.
 */
name: string, 
/**
 * Whether this engine reads by itself; a command that looks and goes does not.
 */
running: boolean, 
/**
 * Its streams.
 */
streams: Array<StreamView>, 
/**
 * When it is checked next.
 */
nextCheckAt: string | null, 
/**
 * Times from which something may be missing, the latest first.
 */
gaps: Array<GapView>, };

/**
 * What a problem is about, so that a screen can put the fix where the problem is.
 */
export type Subject = { "kind": "connection", 
/**
 * The connection's name, unique in its workspace.
 */
name: string, } | { "kind": "connector", 
/**
 * The descriptor's id.
 */
id: string, } | { "kind": "file", 
/**
 * The file, as the user named it.
 */
path: string, 
/**
 * Line, from 1.
 */
line: number | null, 
/**
 * Column in characters, from 1.
 */
column: number | null, 
/**
 * Where inside the document, as a JSON pointer (RFC 6901).
 */
pointer: string | null, } | { "kind": "chain", 
/**
 * The chain's id or name.
 */
id: string, 
/**
 * The step within it.
 */
step: string | null, } | { "kind": "run", 
/**
 * The run's id.
 */
id: string, 
/**
 * The step within it.
 */
step: string | null, } | { "kind": "field", 
/**
 * The field's name.
 */
name: string, } | { "kind": "computer" };

/**
 * How a subscription is.
 */
export type SubscriptionHealth = { 
/**
 * When it ends; none where it does not end by itself.
 */
endsAt: string | null, 
/**
 * From when on it is renewed; none where nobody renews it.
 */
renewedFrom: string | null, 
/**
 * Why it was not renewed the last time; none where it was.
 */
problem: Problem | null, };

/**
 * A subscription at a tool.
 */
export type SubscriptionView = { 
/**
 * When it ends; it does not where absent.
 */
expiresAt: string | null, };

/**
 * Which read to stop.
 */
export type SyncCancelRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * The stream.
 */
stream: string, };

/**
 * What to read now.
 */
export type SyncNowRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * Only this stream; all that are on where absent.
 */
stream?: string | null, };

/**
 * What was read.
 */
export type SyncReport = { 
/**
 * The stream.
 */
stream: string, 
/**
 * Pages read.
 */
pages: number, 
/**
 * Items seen.
 */
items: number, 
/**
 * Items passed over by the connector's filter.
 */
filtered: number, 
/**
 * Signals that are new.
 */
new: number, 
/**
 * Signals that were known.
 */
known: number, 
/**
 * Items that did not fit and are kept aside.
 */
quarantined: number, 
/**
 * Whether everything was read: to the end, for every parent.
 */
complete: boolean, 
/**
 * Whether the service had forgotten the checkpoint, and the stream was read from its start.
 */
startedOver: boolean, 
/**
 * Requests beyond the first of a page.
 */
retries: number, 
/**
 * When it was read.
 */
at: string, 
/**
 * The first reasons why items did not fit.
 */
problems: Array<Problem>, };

/**
 * What to read.
 */
export type SyncRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * Only this stream; all where absent.
 */
stream?: string | null, 
/**
 * At most this many pages per stream.
 */
maxPages?: number | null, };

/**
 * What was read.
 */
export type SyncResponse = { 
/**
 * One report per stream.
 */
streams: Array<SyncReport>, };

/**
 * What becomes of a part of the file.
 */
export type Taken = "added" | "kept" | "refused";

/**
 * One parameter of the operation.
 */
export type TargetField = { 
/**
 * Its place, as a JSON pointer (RFC 6901) into the parameters.
 */
target: string, 
/**
 * What a person calls it.
 */
label: string, 
/**
 * What it is for.
 */
about: string | null, 
/**
 * What a person calls its type.
 */
kind: string, 
/**
 * Whether the operation needs it.
 */
required: boolean, 
/**
 * The values it may have, where they are few.
 */
choices: Array<JsonValue>, 
/**
 * Its value where nothing is mapped.
 */
default: JsonValue | null, 
/**
 * Where its value comes from.
 */
map: FieldMap | null, 
/**
 * The source's value in the sample.
 */
from_sample: JsonValue | null, 
/**
 * The value that would be sent for the sample.
 */
result: JsonValue | null, 
/**
 * Why the sample gives no value.
 */
trouble: string | null, 
/**
 * Whether that says more of example data than of what a service gives.
 */
example: boolean, 
/**
 * The operation that finds what is wanted here by an e-mail address, where the tool has one.
 */
finder: Finder | null, };

/**
 * A chain to begin with.
 */
export type Template = { 
/**
 * Its identifier.
 */
id: string, 
/**
 * The document to be taken in.
 */
document: SharedChain, 
/**
 * What it needs, reaches and does.
 */
preview: ChainPreview, };

/**
 * The templates.
 */
export type TemplateListResponse = { 
/**
 * All of them, in the order in which they are offered.
 */
templates: Array<Template>, };

/**
 * One line of a test.
 */
export type TestLine = { 
/**
 * What was tried.
 */
part: TestPart, 
/**
 * How it went.
 */
verdict: Verdict, 
/**
 * What a person reads.
 */
text: string, 
/**
 * How long it took in milliseconds, where it took a request of its own.
 */
ms: number | null, };

/**
 * What a line of a test is about.
 */
export type TestPart = "reached" | "signed_in" | "permissions" | "sample";

/**
 * What a test saw.
 */
export type TestReport = { 
/**
 * Reached, signed in, permissions, sample; in this order.
 */
lines: Array<TestLine>, 
/**
 * Whose account it is, where the service says.
 */
account: Account | null, 
/**
 * Why it does not work; none where it does.
 */
problem: Problem | null, 
/**
 * Up to three items as the service sent them.
 */
items: Array<JsonValue>, 
/**
 * The same as signals.
 */
signals: Array<Signal>, };

/**
 * What a test gave.
 */
export type TestResponse = { 
/**
 * The connection after the test.
 */
connection: ConnectionView, 
/**
 * What the test saw.
 */
test: TestReport, };

/**
 * A change from one way to write text to another.
 */
export type TextChange = { 
/**
 * How the source writes it.
 */
from: TextForm, 
/**
 * How the parameter wants it.
 */
to: TextForm, };

/**
 * A way to write text. JSON Schemas name it as `contentMediaType`.
 */
export type TextForm = "plain" | "markdown" | "html" | "mrkdwn" | "adf";

/**
 * A value that a delivery and the run have in common.
 */
export type Tie = { 
/**
 * JSONPath (RFC 9535) into the delivery, such as `$.body.issue.id`.
 */
path: string, 
/**
 * What is found there: a template, such as `{{ steps.create.id }}`.
 */
equals: string, };

/**
 * What starts a chain.
 */
export type Trigger = { "type": "manual", 
/**
 * JSON Schema of the input; none where the chain takes any.
 */
input?: JsonValue | null, } | { "type": "schedule", 
/**
 * Five fields: minute, hour, day of month, month, day of week (POSIX crontab).
 */
cron: string, 
/**
 * The zone in which they are read, such as `Europe/London` (IANA time zone database).
 */
zone: string, 
/**
 * What is done about times at which the computer was off or asleep.
 */
missed: Missed, } | { "type": "interval", 
/**
 * Seconds from one start to the next; at least 10.
 */
seconds: number, 
/**
 * What is done about times at which the computer was off or asleep.
 */
missed: Missed, } | { "type": "signal", 
/**
 * The connection, by name.
 */
connection: string, 
/**
 * Only of this stream.
 */
stream?: string | null, 
/**
 * All of these hold for the signal.
 */
filter?: Array<Predicate>, } | { "type": "webhook", 
/**
 * The connection, by name.
 */
connection: string, 
/**
 * All of these hold for the delivery.
 */
filter?: Array<Predicate>, } | { "type": "chain", 
/**
 * The other chain, by name.
 */
chain: string, 
/**
 * How it ended; `done` and `done_with_problems` where empty.
 */
on?: Array<RunState>, } | { "type": "file", 
/**
 * The connection to local files that grants its folder, by name.
 */
connection: string, 
/**
 * The folder below the granted one; that one itself where empty.
 */
folder?: string, 
/**
 * How its name ends, such as `.csv`; any where empty.
 */
ending?: string, };

/**
 * One undo.
 */
export type UndoReport = { 
/**
 * The step.
 */
step: StepId, 
/**
 * The item, from 0.
 */
item: number, 
/**
 * Whether it is as before.
 */
undone: boolean, 
/**
 * Whether the user put it back by hand.
 */
byHand?: boolean, 
/**
 * Whether it can be tried once more.
 */
again?: boolean, 
/**
 * Whether it may have been undone all the same: tried once more, that may happen twice.
 */
unknown?: boolean, 
/**
 * Why not.
 */
problem: Problem | null, 
/**
 * What stays, as the service called it.
 */
remains: JsonValue | null, };

/**
 * What opens the store.
 */
export type UnlockRequest = { 
/**
 * The passphrase of a passphrase store; a keyring asks by itself.
 */
passphrase?: PassphraseInput | null, };

/**
 * What a screen is sent: `{"seq": n}`, `[event, …]` or `{"lost": true, "seq": n}`.
 */
export type Update = { 
/**
 * The number of the last event.
 */
seq: number, } | Array<AppEvent> | { 
/**
 * Always true; tells it from the start.
 */
lost: true, 
/**
 * The number of the last event.
 */
seq: number, };

/**
 * A page to open.
 */
export type UrlOpenRequest = { 
/**
 * Its address. The host opens `https:` only, and `http:` on this computer.
 */
url: string, };

/**
 * The page was handed to the browser.
 */
export type UrlOpened = { 
/**
 * Its address.
 */
url: string, };

/**
 * What was found in a definition.
 */
export type Validation = { 
/**
 * The file's name.
 */
file: string, 
/**
 * Whether it can be used.
 */
valid: boolean, 
/**
 * The connector's identifier, where it can be read.
 */
id: ConnectorId | null, 
/**
 * Every mistake with its place.
 */
problems: Array<Problem>, };

/**
 * What an operation does to the service.
 */
export type Verb = "get" | "list" | "search" | "create" | "update" | "delete" | "send";

/**
 * How a line of a test went.
 */
export type Verdict = "ok" | "look" | "failed" | "not_run";

/**
 * When a setting is asked for.
 */
export type VisibleWhen = { 
/**
 * The key of the other setting.
 */
field: string, 
/**
 * What it must be.
 */
equals: JsonValue, };

/**
 * One way of a branch.
 */
export type Way = { 
/**
 * Its name, unique within the branch.
 */
name: string, 
/**
 * All of these hold.
 */
when: Array<Predicate>, };

/**
 * A webhook's secret that the tool brought.
 */
export type WebhookCaptured = { 
/**
 * The secret, to be entered on the tool's pages.
 */
secret: string, };

/**
 * Whether a webhook takes deliveries.
 */
export type WebhookEnableRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * Whether deliveries are taken from now on.
 */
enabled: boolean, };

/**
 * A secret for a webhook.
 */
export type WebhookSecretRequest = { 
/**
 * The connection.
 */
name: string, 
/**
 * The secret that the tool's pages show; we make one where absent.
 */
secret?: SecretInput | null, 
/**
 * For how many hours the secret before it holds too, at most 168. Not at all where absent.
 */
keepPreviousHours?: number | null, };

/**
 * A webhook with its new secret.
 */
export type WebhookSecretSet = { 
/**
 * The webhook.
 */
webhook: WebhookView, 
/**
 * The secret, where we made it: to be entered on the tool's pages. It is shown this once.
 */
made: string | null, };

/**
 * A webhook's secret, without the secret.
 */
export type WebhookSecretView = { 
/**
 * Who makes it; none where the tool signs nothing.
 */
source: SecretSource | null, 
/**
 * What the tool's pages call it.
 */
label: string, 
/**
 * One sentence below the field.
 */
helpText: string | null, 
/**
 * When it was set; none where there is none.
 */
setAt: string | null, 
/**
 * Until when the one before it holds too.
 */
previousUntil: string | null, 
/**
 * Until when the tool may bring it.
 */
waitingUntil: string | null, 
/**
 * Whether it can be shown now: the tool brought it a moment ago, and its pages ask for it.
 */
canShow: boolean, };

/**
 * What a test event showed.
 */
export type WebhookTested = { 
/**
 * The status with which the gateway answered.
 */
status: number, 
/**
 * Whether it was taken.
 */
accepted: boolean, 
/**
 * The signals that would come of it.
 */
signals: number, 
/**
 * The lines that these would have.
 */
summaries: Array<string>, 
/**
 * Why something did not fit.
 */
problem: Problem | null, };

/**
 * A connection's webhook.
 */
export type WebhookView = { 
/**
 * The connection.
 */
connection: string, 
/**
 * The tool.
 */
tool: string, 
/**
 * Whether deliveries are taken.
 */
enabled: boolean, 
/**
 * The address on this computer; none before the webhook was first switched on.
 */
localUrl: string | null, 
/**
 * The address to enter on the tool's pages, where the user has a tunnel.
 */
publicUrl: string | null, 
/**
 * Whether the tool signs the address to which it sends, so that it must be the one that is set.
 */
signsAddress: boolean, 
/**
 * How deliveries are told from forgeries: `hmac`, `token`, `standard_webhooks`, `asymmetric`, `none`.
 */
mode: string, 
/**
 * Why nothing proves where a delivery comes from, where that is so.
 */
unverified: string | null, 
/**
 * Its secret.
 */
secret: WebhookSecretView, 
/**
 * What to do on the tool's pages.
 */
instructions: Array<string>, 
/**
 * The vendor's page about it.
 */
helpUrl: string | null, 
/**
 * Whether a test event can be sent: where only the tool can sign, it cannot.
 */
canTest: boolean, 
/**
 * Whether an event of the tool's own has come.
 */
hasReceived: boolean, 
/**
 * The latest deliveries, the latest first.
 */
deliveries: Array<DeliveryView>, 
/**
 * Calls that were refused within seven days, by reason.
 */
refused: Array<RefusedView>, 
/**
 * Whether the tool can be told our address by calls.
 */
canSubscribe: boolean, 
/**
 * The subscription at the tool.
 */
subscription: SubscriptionView | null, 
/**
 * How the gateway is.
 */
gateway: GatewayView, };

/**
 * What one window of our own pace leaves.
 */
export type WindowLeft = { 
/**
 * At most so many calls
 */
calls: number, 
/**
 * in so many seconds.
 */
seconds: number, 
/**
 * Calls that may go out at once now.
 */
left: number, 
/**
 * And at most.
 */
most: number, };

/**
 * A workspace to make.
 */
export type WorkspaceCreate = { 
/**
 * Letters, digits, hyphens and underscores; at most 40.
 */
name: string, 
/**
 * What it is shown as; its name where absent.
 */
label?: string | null, };

/**
 * The workspaces of a data folder.
 */
export type WorkspaceList = { 
/**
 * Their names, sorted; `default` first.
 */
workspaces: Array<string>, 
/**
 * What the user calls those that were given another name to be shown by.
 */
labels: { [key in string]: string }, };

/**
 * A workspace by name.
 */
export type WorkspaceName = { 
/**
 * Letters, digits, hyphens and underscores; at most 40.
 */
name: string, };

/**
 * What a workspace is to be called.
 */
export type WorkspaceRename = { 
/**
 * The workspace.
 */
name: string, 
/**
 * What it is shown as: at most [`LONGEST_LABEL`] characters of one line.
 */
label: string, };

/**
 * Something that somebody wrote into a chain.
 */
export type WrittenValue = { 
/**
 * The step; empty for what the chain itself says.
 */
step: string, 
/**
 * Where it stands, as people read it: the step and the field, or what it is.
 */
place: string, 
/**
 * The parameter, as a JSON pointer (RFC 6901), or what it is in words.
 */
target: string, 
/**
 * The value, the template or the text.
 */
value: JsonValue, };

/**
 * How large.
 */
export type Zoom = { 
/**
 * 1 is the usual size; 0.5 to 3.
 */
factor: number, };

/** Every command: what it takes and what it gives. */
export interface Commands {
  /** Lists workspaces. */
  workspace_list: { request: Empty; response: WorkspaceList };
  /** Makes a workspace. */
  workspace_create: { request: WorkspaceCreate; response: WorkspaceName };
  /** Shows a workspace under another name. */
  workspace_rename: { request: WorkspaceRename; response: WorkspaceRename };
  /** Deletes a workspace with everything in it. */
  workspace_delete: { request: WorkspaceName; response: WorkspaceName };
  /** Lists connectors. */
  catalogue_list: { request: CatalogueRequest; response: CatalogueResponse };
  /** Shows one connector in full. */
  connector_show: { request: ConnectorRef; response: ConnectorDetail };
  /** Checks a connector definition. */
  descriptor_validate: { request: DescriptorText; response: Validation };
  /** Runs a connector's fixtures. */
  descriptor_test: { request: DescriptorTestRequest; response: DescriptorTestResponse };
  /** Adds a connector of the user's own. */
  descriptor_add: { request: DescriptorText; response: DescriptorSaved };
  /** Changes a connector of the user's own. */
  descriptor_update: { request: DescriptorText; response: DescriptorSaved };
  /** Saves what the editor of a connector has. */
  descriptor_save: { request: DescriptorSaveRequest; response: DescriptorSaved };
  /** Lists the user's own connectors. */
  descriptor_list: { request: Empty; response: DescriptorList };
  /** Removes a connector of the user's own. */
  descriptor_remove: { request: ConnectorRef; response: DescriptorRemoved };
  /** Gives a connector's definition as its author wrote it. */
  descriptor_text: { request: DescriptorTextRequest; response: DescriptorSource };
  /** Gives the JSON Schema of connector definitions. */
  descriptor_schema: { request: Empty; response: DescriptorSchema };
  /** Reads a few pages by a definition or a connection, stores nothing and shows everything. */
  descriptor_try: { request: DescriptorTryRequest; response: Explained };
  /** Connects: tests the credential, then keeps it sealed. */
  connection_create: { request: ConnectRequest; response: ConnectResponse };
  /** Tests what would be connected and keeps nothing. */
  connection_try: { request: ConnectRequest; response: TestReport };
  /** Lists what the tool offers for a setting. */
  setting_choices: { request: ChoicesRequest; response: Choices };
  /** Lists connections. */
  connection_list: { request: ConnectionListRequest; response: ConnectionListResponse };
  /** Shows one connection. */
  connection_show: { request: ConnectionName; response: ConnectionView };
  /** Changes a connection's settings. */
  connection_set: { request: ConnectionSetRequest; response: ConnectionView };
  /** Renames a connection. */
  connection_rename: { request: ConnectionRenameRequest; response: ConnectionView };
  /** Pauses or resumes a connection. */
  connection_pause: { request: ConnectionPauseRequest; response: ConnectionView };
  /** Replaces a connection's key in place. */
  connection_replace_key: { request: ReplaceKeyRequest; response: ConnectResponse };
  /** Uses a new sign-in for a connection. */
  connection_reconnect: { request: ReconnectRequest; response: ConnectResponse };
  /** Begins to sign in and opens the service's page. */
  sign_in_begin: { request: SignInBeginRequest; response: SignInView };
  /** Shows how far a sign-in is. */
  sign_in_show: { request: SignInRef; response: SignInView };
  /** Waits until a sign-in has ended. */
  sign_in_wait: { request: SignInRef; response: SignInView };
  /** Opens the service's page again. */
  sign_in_open: { request: SignInRef; response: SignInView };
  /** Waits five more minutes for a sign-in. */
  sign_in_extend: { request: SignInRef; response: SignInView };
  /** Lets a sign-in go to the addresses that it brought. */
  sign_in_approve: { request: SignInApproveRequest; response: SignInView };
  /** Stops a sign-in. */
  sign_in_cancel: { request: SignInRef; response: SignInView };
  /** Says whether the last sign-in to a connector was cut off. */
  sign_in_last: { request: SignInLastRequest; response: SignInLastResponse };
  /** Disconnects: deletes the credential and the connection. */
  connection_disconnect: { request: DisconnectRequest; response: DisconnectResponse };
  /** Tests a connection. */
  connection_test: { request: ConnectionName; response: TestResponse };
  /** Reads what is new from a connection. */
  connection_sync: { request: SyncRequest; response: SyncResponse };
  /** Shows the streams of a connection: how and when they are read by themselves. */
  connection_streams: { request: ConnectionName; response: StreamsResponse };
  /** Tells what happened to a connection: tests, syncs, renewals, changes. */
  connection_history: { request: HistoryRequest; response: HistoryResponse };
  /** Asks for streams to be read now, in the background. */
  sync_now: { request: SyncNowRequest; response: StreamsResponse };
  /** Pauses everything that is read by itself, or lets it go on. */
  sync_pause_all: { request: PauseAllRequest; response: PausedAll };
  /** Stops a read; what is stored stays. */
  sync_cancel: { request: SyncCancelRequest; response: StreamsResponse };
  /** Sets when a stream is read by itself, and whether. */
  stream_set: { request: StreamSetRequest; response: StreamsResponse };
  /** Lists background work, such as what was given up. */
  job_list: { request: JobListRequest; response: JobListResponse };
  /** Lets a job that was given up be done now. */
  job_retry: { request: JobRef; response: JobTouched };
  /** Lets go of a job that was given up. */
  job_drop: { request: JobRef; response: JobTouched };
  /** Says how the queues of background work are. */
  queue_stats: { request: Empty; response: QueueStatsResponse };
  /** Shows the settings of the engine, for everything or for one connection. */
  engine_settings_show: { request: EngineSettingsRequest; response: EngineSettingsResponse };
  /** Changes settings of the engine. */
  engine_settings_set: { request: EngineSettingsSetRequest; response: EngineSettingsResponse };
  /** Reads one address of a connection's service. */
  connection_get: { request: GetRequest; response: RawRead };
  /** Shows a connection's webhook. */
  webhook_show: { request: ConnectionName; response: WebhookView };
  /** Switches a connection's webhook on or off. */
  webhook_enable: { request: WebhookEnableRequest; response: WebhookView };
  /** Sets a webhook's secret; one that we make is told this once. */
  webhook_secret: { request: WebhookSecretRequest; response: WebhookSecretSet };
  /** Lets the secret before the current one hold no longer. */
  webhook_end_previous: { request: ConnectionName; response: WebhookView };
  /** Waits for the tool to bring its webhook's secret. */
  webhook_wait: { request: ConnectionName; response: WebhookView };
  /** Shows the secret that a tool has just brought, where its pages ask for it. */
  webhook_captured: { request: ConnectionName; response: WebhookCaptured };
  /** Gives a webhook another address. */
  webhook_new_address: { request: ConnectionName; response: WebhookView };
  /** Asks the tool to send to a webhook's address. */
  webhook_subscribe: { request: ConnectionName; response: WebhookView };
  /** Asks the tool to send no more. */
  webhook_unsubscribe: { request: ConnectionName; response: WebhookView };
  /** Sends a test event to a connection's webhook. */
  webhook_test: { request: ConnectionName; response: WebhookTested };
  /** Says how the webhook gateway is. */
  gateway_show: { request: Empty; response: GatewayView };
  /** Changes what the user decides about the webhook gateway. */
  gateway_set: { request: GatewaySetRequest; response: GatewayView };
  /** Says which way services are reached: the proxy, and whom is trusted. */
  network_show: { request: Empty; response: NetworkView };
  /** Changes the way to services. */
  network_set: { request: NetworkSetRequest; response: NetworkView };
  /** Calls one operation of a connection. */
  operation_call: { request: CallRequest; response: CallResponse };
  /** Lists signals. */
  signal_list: { request: SignalListRequest; response: SignalListResponse };
  /** Looks for signals. */
  signal_search: { request: SignalSearchRequest; response: SignalSearchResponse };
  /** Shows a signal with its item and its earlier versions. */
  signal_show: { request: SignalRef; response: SignalDetail };
  /** Notes that signals were looked at or put away, or takes it back. */
  signal_mark: { request: SignalMarkRequest; response: SignalMarkResponse };
  /** Lists the kinds of signals that have come in, and the filters that are kept. */
  signal_kinds_list: { request: Empty; response: SignalKindsResponse };
  /** Keeps a filter of signals under a name. */
  signal_filter_save: { request: SavedFilter; response: SavedFilter };
  /** Lets go of a filter of signals that was kept. */
  signal_filter_delete: { request: FilterName; response: FilterName };
  /** Says what is kept of a connection's data. */
  keeping_show: { request: KeepingRef; response: Keeping };
  /** Sets what is kept of a connection's data. */
  keeping_set: { request: KeepingSetRequest; response: Keeping };
  /** Lets go of everything about an address, or counts it. */
  data_erase: { request: EraseRequest; response: EraseResponse };
  /** Saves a chain from a document. */
  chain_import: { request: ChainImportRequest; response: ChainSaved };
  /** Saves a chain as the editor has it. */
  chain_save: { request: ChainSaveRequest; response: ChainSaved };
  /** Gives a chain's document. */
  chain_export: { request: ChainRef; response: ChainVersion };
  /** Gives a chain's document to be passed on, with placeholders for its connections. */
  chain_share: { request: ChainRef; response: ChainShared };
  /** Shows what a chain would need, reach and do, before it is taken in. */
  chain_preview: { request: ChainPreviewRequest; response: ChainPreview };
  /** Lists the chains to begin with. */
  template_list: { request: Empty; response: TemplateListResponse };
  /** Lists chains. */
  chain_list: { request: Empty; response: ChainListResponse };
  /** Checks a chain without running it. */
  chain_check: { request: ChainCheckRequest; response: ChainCheckResponse };
  /** Shows a step's fields with what fills them. */
  chain_fields: { request: ChainStepRequest; response: StepFieldsResponse };
  /** Shows what of a chain is at work. */
  chain_show: { request: ChainRef; response: ChainAtWork };
  /** Makes a version of a chain the one that its trigger runs. */
  chain_publish: { request: ChainPublishRequest; response: ChainAtWork };
  /** Lets the trigger start a chain, or keeps it from doing so. */
  chain_switch: { request: ChainSwitchRequest; response: ChainAtWork };
  /** Lists the versions of a chain with what differs from one to the next. */
  chain_versions: { request: ChainRef; response: ChainVersionsResponse };
  /** Lists what became of the events that a chain waited for. */
  chain_firings: { request: ChainRef; response: ChainFiringsResponse };
  /** Says how the calls of a chain's steps went, from the journal's own figures. */
  chain_figures: { request: ChainFiguresRequest; response: ChainFigures };
  /** Deletes a chain; its runs stay. */
  chain_delete: { request: ChainRef; response: ChainDeleted };
  /** Starts a run. */
  run_start: { request: RunStartRequest; response: RunView };
  /** Waits until a run ends or needs the user. */
  run_wait: { request: RunRef; response: RunReport };
  /** Answers an unknown outcome. */
  run_resolve: { request: RunResolveRequest; response: RunReport };
  /** Runs runs again. */
  run_again: { request: RunAgainRequest; response: RunsStarted };
  /** Runs what failed of a run. */
  run_failed: { request: RunRef; response: RunView };
  /** Runs a run again from a step on, with the results of the steps before. */
  run_from_step: { request: RunFromStepRequest; response: RunView };
  /** Answers a step that asks. */
  run_answer: { request: RunAnswerRequest; response: RunReport };
  /** Holds a run. */
  run_pause: { request: RunRef; response: RunReport };
  /** Lets a run go on that is held. */
  run_resume: { request: RunRef; response: RunView };
  /** Stops a run. */
  run_stop: { request: RunStopRequest; response: RunReport };
  /** Undoes what a run that has ended did. */
  run_undo: { request: RunRef; response: RunView };
  /** Tries an undo that failed once more, or takes note that it was done by hand. */
  run_undo_again: { request: RunUndoAgainRequest; response: RunView };
  /** Does one step, with what an earlier run gave it. */
  step_run: { request: StepRunRequest; response: RunView };
  /** Keeps what a step gave, to build the steps behind it on. */
  step_pin: { request: StepPinRequest; response: PinsResponse };
  /** Lets go of what was kept of a step. */
  step_unpin: { request: PinRef; response: PinsResponse };
  /** Says what is kept of a chain's steps. */
  pin_list: { request: ChainRef; response: PinsResponse };
  /** Shows what is kept of a step. */
  pin_show: { request: PinShowRequest; response: RunDataResponse };
  /** Deletes runs that have ended. */
  run_delete: { request: RunDeleteRequest; response: RunsDeleted };
  /** Lists runs. */
  run_list: { request: RunListRequest; response: RunListResponse };
  /** Gives a run's report. */
  run_report: { request: RunReportRequest; response: RunReportResponse };
  /** Shows what went into and came out of a step of a run. */
  run_data: { request: RunDataRequest; response: RunDataResponse };
  /** Makes an offline test of a run. */
  run_test: { request: RunRef; response: RunTestResponse };
  /** Replays an offline test: nothing is sent. */
  chain_test: { request: ChainTestRequest; response: ChainTestResponse };
  /** Shows for which deliveries a run waits, and where they are to come. */
  run_waits: { request: RunRef; response: RunWaitsResponse };
  /** Starts the built-in sandbox and connects its tools. */
  sandbox_start: { request: Empty; response: SandboxReady };
  /** Switches the sandbox off, and its connections with it. */
  sandbox_stop: { request: Empty; response: SandboxState };
  /** Says whether the sandbox runs and what trouble it makes. */
  sandbox_show: { request: Empty; response: SandboxState };
  /** Lets the sandbox make trouble, or end it. */
  sandbox_fault: { request: SandboxFaultRequest; response: SandboxState };
  /** Puts the sandbox back to how it was at first. */
  sandbox_reset: { request: Empty; response: SandboxState };
  /** Opens a page in the system's browser. */
  url_open: { request: UrlOpenRequest; response: UrlOpened };
  /** Saves a file where the user wants it. */
  file_save: { request: FileSaveRequest; response: FileSaved };
  /** Lets the user choose a folder. */
  folder_pick: { request: FolderPickRequest; response: FolderPicked };
  /** Says how the program stands on its desktop. */
  desktop_show: { request: Empty; response: DesktopResponse };
  /** Changes how the program stands on its desktop. */
  desktop_set: { request: DesktopChange; response: DesktopResponse };
  /** Says that the page has drawn itself where it can be seen. */
  window_drawn: { request: Empty; response: Heard };
  /** Shows everything larger or smaller. */
  window_zoom: { request: Zoom; response: Zoom };
  /** Says how connections, storage and secrets are. */
  health: { request: Empty; response: HealthResponse };
  /** Says how every connection is doing, with figures of a range of time. */
  health_overview: { request: HealthOverviewRequest; response: HealthOverview };
  /** Says everything about how one connection is doing. */
  health_detail: { request: HealthDetailRequest; response: HealthDetail };
  /** Checks one connection or all of them now. */
  health_check_now: { request: HealthCheckRequest; response: HealthCheckResponse };
  /** Lets a connection's calls pass again after repeated failures. */
  circuit_reset: { request: ConnectionName; response: CircuitReset };
  /** Shows where the lines of health are drawn and what is told to a person who does not look. */
  health_settings_show: { request: Empty; response: HealthSettings };
  /** Changes where the lines of health are drawn and what is told to a person who does not look. */
  health_settings_set: { request: HealthSettingsRequest; response: HealthSettings };
  /** Shows where the log files are and how much goes to them. */
  log_settings_show: { request: Empty; response: LogSettings };
  /** Changes how much goes to the log files. */
  log_settings_set: { request: LogSettingsRequest; response: LogSettings };
  /** Tells the end of the latest log file. */
  log_text: { request: Empty; response: LogText };
  /** Shows what was done here, the latest first. */
  audit_list: { request: AuditRequest; response: AuditResponse };
  /** Gives what was done here as the content of a file. */
  audit_file: { request: AuditFileRequest; response: AuditFile };
  /** Writes what was done here to a file, one act a line. */
  audit_export: { request: AuditExportRequest; response: AuditExported };
  /** Says how the secret store is and how old the secrets are. */
  secrets_status: { request: Empty; response: SecretsStatus };
  /** Unlocks the secret store. */
  secrets_unlock: { request: UnlockRequest; response: SecretsStatus };
  /** Locks the secret store. */
  secrets_lock: { request: Empty; response: SecretsStatus };
  /** Changes when the secret store locks itself and when a key is called old. */
  secrets_set: { request: SecretsSetRequest; response: SecretsStatus };
  /** Seals every secret with another key. */
  secrets_rotate: { request: Empty; response: RotateResponse };
  /** Moves the keys into another secret store. */
  secrets_move: { request: MoveRequest; response: SecretsStatus };
  /** Locks the passphrase store with another passphrase. */
  secrets_change_passphrase: { request: ChangePassphraseRequest; response: SecretsStatus };
  /** Destroys every key and every secret. */
  secrets_forget_all: { request: Empty; response: ForgotAll };
  /** Writes connections and chains into a file. */
  export_make: { request: ExportRequest; response: ExportResponse };
  /** Takes connections and chains from a file, or says what that would do. */
  import_take: { request: ImportRequest; response: ImportResponse };
  /** Says where a connection's settings lead and what of it is approved. */
  approval_show: { request: ConnectionName; response: Approval };
  /** Approves where a connection's key may go. */
  connection_approve: { request: ApproveRequest; response: Approval };
  /** Says that a person is at the screen. */
  presence: { request: Empty; response: Seen };
  /** Writes a copy of the workspace's database. */
  backup: { request: BackupRequest; response: BackupResponse };
  /** Says what this program is, where its data is and how much of it there is. No secrets, no names. */
  about_show: { request: Empty; response: About };
  /** Confirms that this computer runs the triggers of data that came from another. */
  machine_confirm: { request: Empty; response: Confirmed };
}
