//! The sandbox: three pretend tools on loopback. The first-run experience, and the witness of the
//! tests: it counts the effects that really happened. One code for both, so that what a new user
//! sees is what the tests have proven.
//!
//! Start it with [`Sandbox::start`], or as a process of its own with `patchbay-cli sandbox`. Nothing
//! leaves this computer.
//!
//! # Sandbox Tracker, below `/tracker`
//!
//! `Authorization: Bearer <token>`, with the token it hands out. Eight issues to begin with.
//!
//! | Request | Answer |
//! |---|---|
//! | `GET /me` | who the token belongs to |
//! | `GET /issues?state=&since=&page=&per_page=` | issues, oldest change first; the next page in `Link` |
//! | `GET /issues/{number}` | one issue |
//! | `POST /issues` | a new issue each time, found again by title in the list |
//! | `PATCH /issues/{number}` | the issue with `state`, `title`, `body`, `priority`, `labels` set |
//! | `GET /issues/{number}/comments` | its comments, all at once |
//! | `POST /issues/{number}/comments` | a new comment each time |
//! | `DELETE /comments/{id}` | nothing (204) |
//!
//! ## Its sign-in, OAuth 2
//!
//! Access tokens are accepted beside the token it hands out: `issues:read` to look, `issues:write` to
//! change. The client that ships is `patchbay`: public, with PKCE (S256), back to any port and path of
//! `http://127.0.0.1` or `http://[::1]`. `patchbay-service` has a secret, in the header or the form.
//!
//! | Request | Answer |
//! |---|---|
//! | `GET /.well-known/oauth-authorization-server` | RFC 8414; also where the section on paths puts it |
//! | `GET /oauth/authorize` | the consent page; its form posts to `/oauth/consent` |
//! | `POST /oauth/token` | `authorization_code`, `refresh_token`, `client_credentials`, device code |
//! | `POST /oauth/device` | device and user code (RFC 8628) |
//! | `GET /oauth/device?user_code=` | where the user code is entered |
//! | `POST /oauth/revoke` | RFC 7009 |
//! | `POST /oauth/register` | RFC 7591 |
//!
//! A refresh token is good for one refresh. One that comes again ends all that was allowed, as a code
//! that comes again does. The fault switches hold here, too: `expired` refuses a refresh with
//! `invalid_grant`.
//!
//! # Sandbox Chat, below `/chat`
//!
//! `X-Api-Key: <key>`, with the key it hands out.
//!
//! | Request | Answer |
//! |---|---|
//! | `GET /me` | which bot the key belongs to |
//! | `GET /channels?cursor=&limit=` | channels, with `next_cursor` |
//! | `GET /channels/{id}/messages?cursor=&limit=` | its messages, with `next_cursor` |
//! | `POST /channels/{id}/messages` | a message; the same `Idempotency-Key` gives the same message |
//! | `POST /channels/{id}/announcements` | a new message each time: no key, no undo, no way to ask |
//! | `DELETE /messages/{id}` | nothing (204) |
//!
//! # Sandbox Sheet, below `/sheet`
//!
//! `X-Api-Key: <key>`, with the key it hands out. Three rows to begin with.
//!
//! | Request | Answer |
//! |---|---|
//! | `GET /me` | which sheet the key belongs to |
//! | `GET /rows?since=&page=&per_page=` | rows, oldest change first, and whether there are `more` |
//! | `POST /rows` | a new row each time |
//! | `PATCH /rows/{id}` | the row with `name`, `amount`, `status` set |
//! | `DELETE /rows/{id}` | nothing (204) |
//! | `POST /hooks` (`url`, `secret`, `until`) | tells this address of rows from now on, until `expires_at` |
//! | `PATCH /hooks/{id}` (`until`) | goes on telling |
//! | `DELETE /hooks/{id}` | tells it no more (204) |
//!
//! What happens to a row is sent to every hook as `row.added`, `row.changed` or `row.removed`, signed as
//! standardwebhooks.com says, and again after a while where it is not taken; what is under way when the
//! sandbox ends is lost. Hooks are addresses of this computer.
//!
//! All refuse with `{"error": {"message": "…"}}`.
//!
//! # Control, below `/control`
//!
//! No key, but only from this computer and never from a web page: a request with an `Origin` is
//! refused, as it is everywhere in the sandbox but for the consent page's own form.
//!
//! | Request | |
//! |---|---|
//! | `GET /access` | addresses and pretend keys |
//! | `GET /counters` | `effects` by kind, `byContent` such as `message_sent:general:Hello`, `replays`, `replaysByContent`, `requests`, `deliveries` (`begun`, `tries`, `accepted`, `refused`, `givenUp`), `oauth` |
//! | `GET /faults`, `PUT /faults` | the switches of each tool, replaced as a whole |
//! | `GET /oauth` | clients, settings and counters of the tracker's sign-in |
//! | `PUT /oauth` | settings, replaced as a whole: `autoConsent` (a login, or `deny`) answers without a page, `accessSeconds`, `rotate`, `deviceInterval`, `granted` (scopes, whatever was asked for) |
//! | `DELETE /oauth/tokens` | every access token has expired |
//! | `DELETE /oauth/grants` | everything that was allowed is withdrawn |
//! | `POST /reset` | back to the seed, all switches off; keys and what was allowed stay |
//!
//! A switch is `{"fault": …, "times": 2, "on": "POST /channels"}`. Without `times` it stays on;
//! without `on` it is for every request of the tool. The faults:
//!
//! | `fault` | What the client sees | Did it happen? |
//! |---|---|---|
//! | `expired` | 401 | no |
//! | `slow` (`ms`) | the answer, later | yes |
//! | `limited` (`retryAfter`, seconds) | 429 with `Retry-After` | no |
//! | `down` | 503 | no |
//! | `broken` | 500 | no |
//! | `odd_data` (`odd`: `mixed`, `missing_fields`, `wrong_types`, `html`, `hostile_text`) | not what was promised | yes |
//! | `dies_after_effect` | the connection is cut without a status line | yes |
//!
//! # State
//!
//! With a state folder every effect is a line in `effects.jsonl`, on disk before it is answered, so
//! that the witness never counts too little, whoever is killed. The pretend keys are in `keys.json`,
//! and what was allowed in `oauth.json`; both outlive a restart. One sandbox at a time has the folder.

mod account;
mod chat;
mod control;
mod delivery;
mod error;
mod fault;
mod log;
mod oauth;
mod odd;
mod server;
mod sheet;
mod tracker;
mod world;

pub use error::SandboxError;
pub use server::{Access, Sandbox, SandboxOptions};
