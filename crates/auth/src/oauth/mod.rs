//! OAuth 2.0 as a native application uses it (RFC 8252), with what vendors do otherwise.
//!
//! Requests are built by the `oauth2` crate. [`exchange`] stands between it and the network: it writes
//! them as the vendor wants them, and reads the answer where the vendor puts it.

mod answer;
mod assertion;
mod callback;
mod device;
mod error;
mod exchange;
mod flow;
mod http;
mod id_token;
mod listener;
mod page;
mod registration;
mod revocation;
mod server;
mod wait;

pub use device::{DeviceCode, DeviceFlow, DeviceHandle};
pub use error::SignInError;
pub use flow::{Flow, FlowHandle};

pub(crate) use answer::{Said, TokenAnswer, captured, read};
pub(crate) use exchange::{TokenEndpoint, write};
pub(crate) use http::Calls;
pub(crate) use revocation::revoke;
pub(crate) use server::{Server, address, origins};

use patchbay_model::descriptor::{Descriptor, OAuth2Auth};

/// The permissions to ask for: what the sign-in always needs and what the chosen streams and
/// operations name, as far as the sign-in knows it. Everything where nothing is chosen.
pub fn scopes(descriptor: &Descriptor, oauth: &OAuth2Auth, chosen: Option<&[String]>) -> Vec<String> {
    let wanted = |id: &String| chosen.is_none_or(|ids| ids.contains(id));
    let streams = descriptor.streams.iter().filter(|stream| wanted(&stream.id)).flat_map(|s| &s.scopes);
    let operations = descriptor.operations.iter().filter(|o| wanted(&o.id)).flat_map(|o| &o.scopes);
    let known = |name: &&String| oauth.scopes.known.iter().any(|scope| scope.name == **name);
    let mut scopes: Vec<String> = Vec::new();
    for name in oauth.scopes.always.iter().chain(streams.chain(operations).filter(known)) {
        if !scopes.contains(name) {
            scopes.push(name.clone());
        }
    }
    scopes
}
