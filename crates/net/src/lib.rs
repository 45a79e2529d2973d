//! HTTP out and HTTP in.
//!
//! Out: one attempt and an honest verdict on whether anything was sent, with the destination
//! guarded, credentials kept to approved origins, and size and time bounded. In: the one place of
//! the product that binds a port, on loopback only.

mod answer;
mod body;
mod client;
mod connected;
mod error;
mod fault;
mod guard;
mod host_guard;
mod listen;
mod network;
mod request;
mod resolve;
#[cfg(feature = "testing")]
pub mod testing;

pub use answer::{Answer, Headers, http_date, json_body};
pub use body::put_member;
pub use client::{Client, Prepared};
pub use error::{Failure, NetError};
pub use guard::{is_public, origin_of};
pub use host_guard::{HostGuard, guard_host};
pub use listen::{CutConnection, Listener, listen};
pub use network::{Certificates, Network, Proxy, Unusable};
pub use request::Request;
