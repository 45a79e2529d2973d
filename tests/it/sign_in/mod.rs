//! Signing in with OAuth 2, against a server that does what no server should, and against a strict one.

mod bench;
mod brought;
mod callback;
mod killed;
mod many;
mod product;
mod renewal;
mod strict;
mod terminal;
mod token_endpoint;
