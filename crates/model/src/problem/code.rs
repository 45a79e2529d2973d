//! The closed list of failure codes with their policies.

use serde::{Deserialize, Serialize};

/// Who may try again, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Trying again gives the same answer.
    Never,
    /// Requests that are safe to repeat are repeated with back-off: at most 5 tries in 15 minutes.
    Safe,
    /// Wait, then go on; not counted as a failure.
    Wait,
    /// Only after the user has acted.
    User,
}

/// What a failure means for the health of the connection it happened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum HealthEffect {
    /// Says nothing about the service.
    Ok,
    /// Degraded.
    Warn,
    /// A service fault: five in a row open the circuit.
    Down,
    /// Needs the user; polling stops; the circuit stays closed.
    User,
    /// About this computer, not about one connection.
    Global,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $retry:ident, $health:ident, $not_done:literal;)*) => {
        /// What kind of failure it was. Closed: each code has words, a retry class and a health effect.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code, in the order of the taxonomy.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name on the wire, in the journal and in the words file.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Who may try again.
            pub fn retry(self) -> Retry {
                match self { $(Self::$name => Retry::$retry,)* }
            }

            /// What it means for a connection's health.
            pub fn health(self) -> HealthEffect {
                match self { $(Self::$name => HealthEffect::$health,)* }
            }

            /// Whether the code proves that a requested effect did *not* happen: the request never
            /// left, or the service refused before acting.
            pub fn proves_not_done(self) -> bool {
                match self { $(Self::$name => $not_done,)* }
            }
        }
    };
}

codes! {
    /// The sign-in ran out and can be renewed by itself.
    AuthExpired = "AUTH_EXPIRED", Safe, Ok, true;
    /// The service ended the sign-in: `invalid_grant`, or 401 after a refresh.
    AuthRevoked = "AUTH_REVOKED", User, User, false;
    /// 401 with a key, token or password.
    AuthInvalid = "AUTH_INVALID", User, User, true;
    /// The person did not approve (RFC 6749 section 4.1.2.1, `access_denied`).
    SignInDenied = "SIGN_IN_DENIED", User, Ok, true;
    /// Nobody came back from the browser, or the code for the device ran out.
    SignInTimedOut = "SIGN_IN_TIMED_OUT", User, Ok, true;
    /// What came back is not the answer to what we asked: another state or issuer, no code.
    SignInRefused = "SIGN_IN_REFUSED", User, Ok, true;
    /// The program ended while the person was signing in.
    SignInInterrupted = "SIGN_IN_INTERRUPTED", User, Ok, true;
    /// 403, or `insufficient_scope`.
    PermissionDenied = "PERMISSION_DENIED", User, User, true;
    /// 429, 403 with limit headers, or 503 with Retry-After.
    RateLimited = "RATE_LIMITED", Wait, Warn, true;
    /// Our own budget for the service is used up for now.
    LocalRateLimited = "LOCAL_RATE_LIMITED", Wait, Ok, true;
    /// 402, or a limit that resets in more than an hour.
    QuotaExhausted = "QUOTA_EXHAUSTED", User, Warn, true;
    /// 500, 502, 503, 504, 520 to 529.
    ServiceDown = "SERVICE_DOWN", Safe, Down, false;
    /// No connection in time; nothing was sent.
    TimeoutConnect = "TIMEOUT_CONNECT", Safe, Down, true;
    /// Sent, and no answer in time.
    TimeoutResponse = "TIMEOUT_RESPONSE", Safe, Down, false;
    /// Nothing listens there.
    ConnectionRefused = "CONNECTION_REFUSED", Safe, Down, true;
    /// The name does not resolve.
    DnsFailure = "DNS_FAILURE", Safe, Down, true;
    /// No host can be reached.
    Offline = "OFFLINE", Wait, Ok, true;
    /// The connection broke after something was sent.
    ConnectionLost = "CONNECTION_LOST", Safe, Warn, false;
    /// The service's identity could not be checked.
    TlsFailure = "TLS_FAILURE", Never, User, true;
    /// 407.
    ProxyRequired = "PROXY_REQUIRED", User, User, true;
    /// Nobody knows which proxy the user chose, and nothing leaves without it.
    NetworkUnreadable = "NETWORK_UNREADABLE", Wait, Global, true;
    /// The network answers in the service's place.
    CaptivePortal = "CAPTIVE_PORTAL", Wait, Ok, false;
    /// A redirect to another origin, to plain http, or too many.
    RedirectRefused = "REDIRECT_REFUSED", Never, User, true;
    /// A private or metadata address, or an origin nobody approved.
    TargetBlocked = "TARGET_BLOCKED", Never, User, true;
    /// The answer passes the size cap.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", Never, Warn, false;
    /// 413, 414 or 431.
    RequestTooLarge = "REQUEST_TOO_LARGE", Never, Warn, true;
    /// Another kind of content than the connector declares.
    UnexpectedContent = "UNEXPECTED_CONTENT", Safe, Warn, false;
    /// JSON, text or compression that cannot be read.
    MalformedResponse = "MALFORMED_RESPONSE", Safe, Warn, false;
    /// A value does not fit the schema, or a mapped path is missing.
    SchemaMismatch = "SCHEMA_MISMATCH", Never, Warn, false;
    /// 400, 404 on the base address, 405, 406, 415.
    InvalidConfig = "INVALID_CONFIG", User, User, true;
    /// 404 or 410 on an item.
    NotFound = "NOT_FOUND", Never, Ok, true;
    /// 409 or 412, or a name already taken here.
    Conflict = "CONFLICT", Never, Ok, true;
    /// It cannot go while something else here needs it.
    StillUsed = "STILL_USED", Never, Ok, true;
    /// The service no longer knows where we left off.
    CheckpointStale = "CHECKPOINT_STALE", Safe, Warn, true;
    /// The key that unlocks stored secrets, or the secret, is gone.
    SecretMissing = "SECRET_MISSING", User, User, true;
    /// The keyring is locked or its prompt was dismissed.
    SecretStoreLocked = "SECRET_STORE_LOCKED", Wait, User, true;
    /// No keyring service runs.
    SecretStoreUnavailable = "SECRET_STORE_UNAVAILABLE", User, User, true;
    /// The passphrase does not open the vault.
    PassphraseWrong = "PASSPHRASE_WRONG", User, User, true;
    /// The disk is full.
    StorageFull = "STORAGE_FULL", Wait, Global, true;
    /// Another program holds the database.
    StorageBusy = "STORAGE_BUSY", Wait, Global, true;
    /// The database failed its integrity check.
    StorageCorrupt = "STORAGE_CORRUPT", Never, Global, true;
    /// The database was written by a newer version.
    StorageNewer = "STORAGE_NEWER", User, Global, true;
    /// Calls are paused after repeated failures.
    CircuitOpen = "CIRCUIT_OPEN", Wait, Down, true;
    /// A call was sent and nothing says whether it took effect.
    UnknownOutcome = "UNKNOWN_OUTCOME", User, User, false;
    /// A run was ended again and again at the same place.
    RunStuck = "RUN_STUCK", User, Ok, false;
    /// The run of another chain, which a step waited for, did not end well.
    RunFailed = "RUN_FAILED", Never, Ok, false;
    /// A run took longer than its chain, or the step that waits for it, allows.
    RunLate = "RUN_LATE", Never, Ok, false;
    /// A chain has made the changes that it may make in a day.
    EffectsUsedUp = "EFFECTS_USED_UP", User, Ok, false;
    /// An undo failed.
    CompensationFailed = "COMPENSATION_FAILED", User, User, false;
    /// The user stopped it.
    Cancelled = "CANCELLED", Never, Ok, true;
    /// A webhook delivery failed its signature check.
    SignatureInvalid = "SIGNATURE_INVALID", Never, Warn, true;
    /// A webhook delivery was stale or seen before.
    SignatureReplayed = "SIGNATURE_REPLAYED", Never, Warn, true;
    /// A connector definition breaks the format.
    DescriptorInvalid = "DESCRIPTOR_INVALID", User, User, true;
    /// What the user gave cannot be used as it is.
    InputInvalid = "INPUT_INVALID", User, Ok, true;
    /// This connector, or the program it runs in, has no such thing.
    NotOffered = "NOT_OFFERED", Never, Ok, true;
    /// The port is taken by another program.
    PortInUse = "PORT_IN_USE", User, Global, true;
    /// Another Patchbay owns this data folder.
    InUse = "IN_USE", Wait, Global, true;
    /// The data folder came from another computer; triggers wait for a confirmation.
    DataMoved = "DATA_MOVED", User, Global, true;
    /// This computer's clock is far off.
    ClockWrong = "CLOCK_WRONG", Wait, Warn, true;
    /// A bug.
    Internal = "INTERNAL", Never, Warn, false;
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_serde_name_and_as_str_agree() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str(), "{code:?}");
        }
    }
}
