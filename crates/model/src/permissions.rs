//! What a connection is for, and what its sign-in was granted for that.

use serde_json::{Map, Value, json};

use crate::connection::Connection;
use crate::descriptor::{AuthMethod, Descriptor, Stream};

/// Where it is kept in a connection's metadata.
const USES: &str = "uses";

/// Streams and operations that the person chose when signing in; none where it is for everything.
pub fn uses(connection: &Connection) -> Option<Vec<String>> {
    let ids = connection.metadata.get(USES)?.as_array()?;
    Some(ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect())
}

/// Writes down what the person chose.
pub fn set_uses(metadata: &mut Map<String, Value>, uses: Option<&[String]>) {
    match uses {
        Some(uses) => metadata.insert(USES.to_owned(), json!(uses)),
        None => metadata.shift_remove(USES),
    };
}

/// Whether a choice leaves nothing out.
pub fn is_everything(descriptor: &Descriptor, uses: &[String]) -> bool {
    let streams = descriptor.streams.iter().map(|stream| &stream.id);
    streams.chain(descriptor.operations.iter().map(|operation| &operation.id)).all(|id| uses.contains(id))
}

/// Whether a stream can be read with what was granted: a permission that it needs, and that the sign-in could
/// have asked for, is not missing. Where nobody knows what was granted, reading tells.
pub fn may_read(connection: &Connection, descriptor: &Descriptor, stream: &Stream) -> bool {
    let Some(oauth) = descriptor.auth_method_of(connection).and_then(AuthMethod::oauth) else { return true };
    if connection.scopes.is_empty() && uses(connection).is_none() {
        return true;
    }
    let known = |name: &&String| oauth.scopes.known.iter().any(|scope| scope.name == **name);
    stream.scopes.iter().filter(known).all(|name| connection.scopes.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ConnectorId;

    fn stream(id: &str, scopes: &[&str]) -> Value {
        json!({"id": id, "title": id, "request": {"path": "/"}, "scopes": scopes,
            "mapping": {"itemsPath": "$[*]", "idPath": "$.id", "timestampPath": "$.at", "summaryTemplate": "x",
                "signalTypeRules": [], "defaultSignalType": "item"}})
    }

    fn descriptor() -> Descriptor {
        serde_json::from_value(json!({
            "id": "x", "name": "X", "description": "X.", "category": "custom", "version": "1.0.0",
            "baseUrl": "https://x.example",
            "auth": [
                {"method": "oauth2", "id": "oauth", "label": "Sign in", "client": {"type": "public", "id": "c"},
                    "scopes": {"always": ["me"], "known": [
                        {"name": "me", "label": "You"}, {"name": "a", "label": "A"}, {"name": "b", "label": "B"}]}},
                {"method": "pat", "id": "key", "label": "Key",
                    "credentialFields": [{"key": "key", "label": "Key"}], "inject": []}],
            "streams": [stream("free", &[]), stream("one", &["a"]), stream("both", &["a", "b"]),
                stream("other", &["of-another-sign-in"])],
            "healthCheck": {"request": {"path": "/"}},
        }))
        .unwrap()
    }

    fn readable(auth: Option<&str>, scopes: &[&str], chosen: Option<&[&str]>) -> Vec<String> {
        let descriptor = descriptor();
        let mut connection =
            Connection::new(ConnectorId::new("x"), "1.0.0".into(), "2026-11-20T12:00:00Z".parse().unwrap());
        connection.auth_method = auth.map(str::to_owned);
        connection.scopes = scopes.iter().map(|&name| name.to_owned()).collect();
        let chosen: Option<Vec<String>> = chosen.map(|ids| ids.iter().map(|&id| id.to_owned()).collect());
        set_uses(&mut connection.metadata, chosen.as_deref());
        assert_eq!(uses(&connection), chosen, "it is kept as it was chosen");
        let streams = descriptor.streams.iter().filter(|stream| may_read(&connection, &descriptor, stream));
        streams.map(|stream| stream.id.clone()).collect()
    }

    #[test]
    fn only_what_was_granted_is_read() {
        let all = ["free", "one", "both", "other"];
        assert_eq!(readable(Some("key"), &[], None), all, "a key does not say what it may do");
        assert_eq!(readable(Some("oauth"), &[], None), all, "nobody knows");
        assert_eq!(readable(Some("oauth"), &["me", "a", "b"], None), all);
        assert_eq!(readable(Some("oauth"), &["me", "a"], None), ["free", "one", "other"]);
        assert_eq!(readable(Some("oauth"), &["me"], Some(&["free"])), ["free", "other"]);
        assert_eq!(readable(Some("oauth"), &[], Some(&["free"])), ["free", "other"], "nothing was asked for");
    }

    #[test]
    fn a_choice_that_leaves_nothing_out_is_none() {
        let ids = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert!(is_everything(&descriptor(), &ids(&["other", "both", "one", "free"])));
        assert!(!is_everything(&descriptor(), &ids(&["free", "one"])));
    }
}
