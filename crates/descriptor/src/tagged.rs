//! Members that are told apart by a tag. The library's errors stop at the tag, and where a kind has
//! no members of its own it lets any pass; so each is read once more by its name, for the mistake
//! and its exact place. The compiler holds these mirrors to the shapes of `patchbay_model`.

use patchbay_model::descriptor::{
    Alternatives, AsymmetricVerification, AuthMethod, BasicAuth, CursorSource, Delta, HmacVerification,
    Idempotency, KeyAuth, OAuth2Auth, OAuthClient, Pagination, SessionAuth, SigV4Auth, StandardWebhooks,
    TimeFormat, TokenPlace, TokenVerification, Unverified, Verification,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::read::{Mistake, parts};
use crate::words::instead;

#[derive(Deserialize)]
#[serde(remote = "AuthMethod", rename_all = "snake_case")]
enum AuthByName {
    ApiKey(KeyAuth),
    Pat(KeyAuth),
    Basic(BasicAuth),
    #[serde(rename = "oauth2")]
    OAuth2(Box<OAuth2Auth>),
    Session(Box<SessionAuth>),
    #[serde(rename = "sigv4")]
    SigV4(Box<SigV4Auth>),
}

#[derive(Deserialize)]
#[serde(remote = "Delta", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
enum DeltaByName {
    None {},
    TimestampFilter {
        #[serde(default)]
        param: Option<String>,
        #[serde(default)]
        end_param: Option<String>,
        #[serde(default)]
        place: TokenPlace,
        #[serde(default)]
        format: TimeFormat,
        #[serde(default)]
        look_back_seconds: u32,
        #[serde(default)]
        initial: Option<String>,
        #[serde(default)]
        window_seconds: Option<u32>,
    },
    SinceId {
        param: String,
        #[serde(default)]
        place: TokenPlace,
    },
    DeltaToken {
        token_path: String,
        #[serde(default)]
        param: Option<String>,
        #[serde(default)]
        place: TokenPlace,
    },
    Cursor {
        cursor_path: String,
        #[serde(default)]
        from: CursorSource,
        param: String,
        #[serde(default)]
        place: TokenPlace,
    },
    ClientSide {
        #[serde(default)]
        look_back_seconds: u32,
        #[serde(default)]
        newest_first: bool,
    },
}

#[derive(Deserialize)]
#[serde(remote = "Pagination", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
enum PaginationByName {
    None {},
    LinkHeader {
        #[serde(default)]
        flag: Option<String>,
    },
    NextUrl {
        url_path: String,
    },
    Cursor {
        cursor_path: String,
        #[serde(default)]
        from: CursorSource,
        param: String,
        #[serde(default)]
        place: TokenPlace,
        #[serde(default)]
        has_more_path: Option<String>,
    },
    HeaderCursor {
        header: String,
        param: String,
        #[serde(default)]
        place: TokenPlace,
    },
    Page {
        param: String,
        #[serde(default)]
        start: u32,
        #[serde(default)]
        place: TokenPlace,
        #[serde(default)]
        send_first: bool,
        #[serde(default)]
        total_pages_path: Option<String>,
    },
    Offset {
        param: String,
        #[serde(default)]
        start: u32,
        #[serde(default)]
        place: TokenPlace,
        #[serde(default)]
        send_first: bool,
    },
}

#[derive(Deserialize)]
#[serde(
    remote = "Idempotency",
    rename_all = "snake_case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
enum IdempotencyByName {
    None {},
    Natural {},
    Header { name: String, ttl_seconds: u64 },
    Body { name: String, ttl_seconds: u64 },
    Key { ttl_seconds: u64 },
}

#[derive(Deserialize)]
#[serde(remote = "OAuthClient", rename_all = "snake_case", deny_unknown_fields)]
enum ClientByName {
    Public { id: String },
    Own {},
    Dynamic {},
}

#[derive(Deserialize)]
#[serde(remote = "Verification", rename_all = "snake_case")]
enum VerificationByName {
    Hmac(HmacVerification),
    Token(TokenVerification),
    StandardWebhooks(StandardWebhooks),
    Asymmetric(AsymmetricVerification),
    AnyOf(Alternatives),
    None(Unverified),
}

macro_rules! by_name {
    ($wrapper:ident, $mirror:literal, $shape:ty) => {
        #[derive(Deserialize)]
        struct $wrapper(
            #[serde(with = $mirror)]
            #[expect(dead_code, reason = "read for its mistakes only")]
            $shape,
        );
    };
}
by_name!(AnAuth, "AuthByName", AuthMethod);
by_name!(ADelta, "DeltaByName", Delta);
by_name!(APagination, "PaginationByName", Pagination);
by_name!(AnIdempotency, "IdempotencyByName", Idempotency);
by_name!(AClient, "ClientByName", OAuthClient);
by_name!(AVerification, "VerificationByName", Verification);

/// The mistakes within tagged members. What has one is taken out of the document, so that reading
/// the rest finds the others.
pub(crate) fn take_mistaken(document: &mut Value) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let count = |document: &Value, name: &str| document[name].as_array().map_or(0, Vec::len);
    for index in 0..count(document, "auth") {
        let at = format!("/auth/{index}");
        let methods = ["api_key", "pat", "basic", "oauth2", "session", "sigv4"];
        if document.pointer(&at).is_some_and(|method| method["method"] == "oauth2") {
            look::<AClient>(document, &at, "/client", "type", &["public", "own", "dynamic"], &mut mistakes);
        }
        look::<AnAuth>(document, &at, "", "method", &methods, &mut mistakes);
    }
    if !mistakes.is_empty()
        && let Some(members) = document.as_object_mut()
    {
        members.shift_remove("auth");
    }
    let found = mistakes.len();
    let modes = ["hmac", "token", "standard_webhooks", "asymmetric", "any_of", "none"];
    let ways = document.pointer("/webhook/verify/ways").and_then(Value::as_array).map_or(0, Vec::len);
    for index in 0..ways {
        let way = format!("/ways/{index}");
        look::<AVerification>(document, "/webhook/verify", &way, "mode", &modes, &mut mistakes);
    }
    if mistakes.len() == found {
        look::<AVerification>(document, "/webhook", "/verify", "mode", &modes, &mut mistakes);
    }
    remove_if(mistakes.len() > found, document, "", "webhook");
    let pagination = ["none", "link_header", "next_url", "cursor", "header_cursor", "page", "offset"];
    let mut places = vec!["/defaults".to_owned()];
    for (name, tagged) in [("streams", "delta"), ("operations", "idempotency")] {
        for index in 0..count(document, name) {
            let parent = format!("/{name}/{index}");
            let found = mistakes.len();
            if tagged == "delta" {
                let kinds = ["none", "timestamp_filter", "since_id", "delta_token", "cursor", "client_side"];
                look::<ADelta>(document, &parent, "/delta", "type", &kinds, &mut mistakes);
            } else {
                let kinds = ["none", "natural", "header", "body", "key"];
                look::<AnIdempotency>(document, &parent, "/idempotency", "type", &kinds, &mut mistakes);
            }
            remove_if(mistakes.len() > found, document, &parent, tagged);
            places.push(parent);
        }
    }
    for parent in places {
        let found = mistakes.len();
        look::<APagination>(document, &parent, "/pagination/next", "type", &pagination, &mut mistakes);
        remove_if(mistakes.len() > found, document, &parent, "pagination");
    }
    mistakes
}

fn remove_if(mistaken: bool, document: &mut Value, parent: &str, name: &str) {
    if mistaken && let Some(members) = document.pointer_mut(parent).and_then(Value::as_object_mut) {
        members.shift_remove(name);
    }
}

fn look<T: DeserializeOwned>(
    document: &Value,
    parent: &str,
    name: &str,
    tag: &str,
    kinds: &[&str],
    mistakes: &mut Vec<Mistake>,
) {
    let at = format!("{parent}{name}");
    let Some(value) = document.pointer(&at) else {
        return;
    };
    let mut say = |pointer: String, message: String| mistakes.push(Mistake { pointer, message });
    let listed = kinds.join(", ");
    let Value::Object(members) = value else {
        return say(at, format!("expected an object with \"{tag}\": one of {listed}"));
    };
    match members.get(tag) {
        None => say(at, format!("\"{tag}\" is missing: one of {listed}")),
        Some(Value::String(kind)) if kinds.contains(&kind.as_str()) => {
            let mut members = members.clone();
            members.shift_remove(tag);
            let (_, found) = parts::<T>(&json!({ kind: members }), &at);
            mistakes.extend(found);
        }
        Some(Value::String(kind)) => {
            let what = if tag == "method" { "a way to sign in" } else { "known here" };
            say(format!("{at}/{tag}"), format!("\"{kind}\" is not {what}{}", instead(kind, kinds)));
        }
        Some(_) => say(format!("{at}/{tag}"), format!("expected one of {listed}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The wire names of the mirrors are those of the shapes: the compiler sees only Rust's names.
    #[test]
    fn each_kind_takes_the_members_that_the_schema_says() {
        let schema = crate::json_schema();
        let mut kinds = 0;
        for (shape, tag) in [
            ("AuthMethod", "method"),
            ("Delta", "type"),
            ("Pagination", "type"),
            ("Idempotency", "type"),
            ("OAuthClient", "type"),
            ("Verification", "mode"),
        ] {
            for branch in schema["$defs"][shape]["oneOf"].as_array().unwrap() {
                let properties = branch["properties"].as_object().unwrap();
                let kind = properties[tag]["const"].as_str().unwrap();
                let value = json!({ kind: { "a stranger": 1 } });
                let error = match shape {
                    "AuthMethod" => serde_json::from_value::<AnAuth>(value).err(),
                    "Delta" => serde_json::from_value::<ADelta>(value).err(),
                    "OAuthClient" => serde_json::from_value::<AClient>(value).err(),
                    "Verification" => serde_json::from_value::<AVerification>(value).err(),
                    "Pagination" => serde_json::from_value::<APagination>(value).err(),
                    _ => serde_json::from_value::<AnIdempotency>(value).err(),
                };
                let error = error.unwrap().to_string();
                let mut said: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
                let mut want: Vec<&str> =
                    properties.keys().map(String::as_str).filter(|name| *name != tag).collect();
                said.sort_unstable();
                want.sort_unstable();
                assert_eq!(said, want, "{shape} {kind}: {error}");
                kinds += 1;
            }
        }
        assert_eq!(kinds, 33, "a kind has come or gone");
    }
}
