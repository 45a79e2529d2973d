//! Who a connector is, what people enter, what its requests share, and its health check.

use patchbay_descriptor::read;
use serde_json::{Value, json};

use crate::{check, good};

#[test]
fn a_mistake_about_the_connector_is_found_at_its_place() {
    check(&[
        // Who it is and where it leads.
        ("/id", json!("Not An Id"), "/id", "lower-case"),
        ("/version", json!("one"), "/version", "1.0.0"),
        ("/description", json!(" "), "/description", "1 to 300"),
        ("/docsUrl", json!("http://example.com"), "/docsUrl", "https"),
        ("/baseUrl", json!("http://api.example.com"), "/baseUrl", "https"),
        ("/baseUrl", json!("http://{{config.team}}.example.com"), "/baseUrl", "https"),
        ("/baseUrl", json!("{{config.team}}"), "/baseUrl", "https"),
        ("/baseUrl", json!("http://localhost.example.com{{config.team}}"), "/baseUrl", "https"),
        ("/baseUrl", json!("https://{{config.tean}}.example.com"), "/baseUrl", "Did you mean \"config.team\"?"),
        ("/baseUrl", json!("https://api.example.com/"), "/baseUrl", "without a slash"),
        ("/baseUrl", json!("https://me@api.example.com"), "/baseUrl", "no user name"),
        ("/auth/0/help", json!({"url": "http://example.com", "text": "There."}), "/auth/0/help/url", "https"),
        // What people enter.
        (
            "/configFields/1",
            json!({"key": "Team", "label": "T"}),
            "/configFields/1/key",
            "a lower-case letter first",
        ),
        ("/configFields/0/pattern", json!("(a"), "/configFields/0/pattern", "regular expression"),
        ("/configFields/0/pattern", json!("a)(b"), "/configFields/0/pattern", "regular expression"),
        ("/configFields/0/pattern", json!("(?=a)b"), "/configFields/0/pattern", "regular expression"),
        (
            "/configFields/0",
            json!({"key": "team", "label": "T", "required": true, "pattern": "[a-z]+", "example": "A1"}),
            "/configFields/0/example",
            "own pattern",
        ),
        ("/configFields/0/default", json!(7), "/configFields/0/default", "field's type"),
        ("/configFields/0/options", json!(["a"]), "/configFields/0/options", "type enum"),
        (
            "/auth/0/credentialFields/0/pattern",
            json!("["),
            "/auth/0/credentialFields/0/pattern",
            "regular expression",
        ),
        (
            "/auth/0/inject/0/value",
            json!("{{secret.kee}}"),
            "/auth/0/inject/0/value",
            "Did you mean \"secret.key\"?",
        ),
        ("/auth/0/inject/0/name", json!("X Key"), "/auth/0/inject/0/name", "letters, digits and hyphens"),
        ("/auth/0/inject", json!([]), "/auth/0/inject", "where the key goes"),
        ("/configFields/0/type", json!("password"), "/configFields/0/type", "\"credentialFields\""),
        ("/configFields/0/helpUrl", json!("http://example.com"), "/configFields/0/helpUrl", "https"),
        (
            "/configFields/1",
            json!({"key": "n", "label": "N", "type": "number", "prefix": "x"}),
            "/configFields/1/prefix",
            "type text",
        ),
        ("/configFields/0/suffix", json!("{{config.note}}"), "/configFields/0/suffix", "plain text"),
        ("/configFields/1/hidden", json!(true), "/configFields/1/hidden", "needs a default"),
        (
            "/configFields/1/visibleWhen",
            json!({"field": "note", "equals": "x"}),
            "/configFields/1/visibleWhen/field",
            "before this one",
        ),
        (
            "/configFields/1/visibleWhen",
            json!({"field": "team", "equals": 5}),
            "/configFields/1/visibleWhen/equals",
            "never has this value",
        ),
        (
            "/configFields/1/choices/operation",
            json!("list_task"),
            "/configFields/1/choices/operation",
            "Did you mean \"list_tasks\"?",
        ),
        (
            "/configFields/1/choices/operation",
            json!("create_task"),
            "/configFields/1/choices/operation",
            "that lists",
        ),
        ("/configFields/1/choices/value", json!("$.["), "/configFields/1/choices/value", "$.["),
        ("/configFields/1/type", json!("number"), "/configFields/1/choices", "type text"),
        (
            "/configFields/1/choices/fills",
            json!({"tean": "$.team"}),
            "/configFields/1/choices/fills/tean",
            "no other setting",
        ),
        ("/configFields/1/choices/fills", json!({"team": "$.["}), "/configFields/1/choices/fills/team", "$.["),
        (
            "/operations/2/params/required",
            json!(["since"]),
            "/configFields/1/choices/operation",
            "nobody is there yet",
        ),
        (
            "/operations/2/request/query",
            json!({"since": "{{params.since}}", "note": "{{config.note}}"}),
            "/configFields/1/choices/operation",
            "the setting that is to be chosen",
        ),
        (
            "/auth/0/inject/0",
            json!({"in": "cookie", "name": "a b", "value": "x"}),
            "/auth/0/inject/0/name",
            "letters",
        ),
        (
            "/auth/0/inject/0",
            json!({"in": "body", "name": "key", "value": "{{secret.key}}"}),
            "/auth/0/inject/0/in",
            "\"tasks\", \"list_tasks\", \"healthCheck\" carries none",
        ),
        // What every request shares.
        ("/limits/connectTimeoutMs", json!(50), "/limits/connectTimeoutMs", "from 100"),
        ("/limits/retry", json!({"count": 11}), "/limits/retry/count", "10 at most"),
        ("/limits/retry", json!({"longestPauseMs": 5}), "/limits/retry/longestPauseMs", "first pause"),
        (
            "/defaults/query",
            json!({"team/name": "{{config.nope}}"}),
            "/defaults/query/team~1name",
            "nothing called \"config.nope\"",
        ),
        (
            "/defaults/headers",
            json!({"X-Key": "{{secret.key}}"}),
            "/defaults/headers/X-Key",
            "only where a sign-in puts them",
        ),
        ("/defaults/headers", json!({"Host": "example.com"}), "/defaults/headers/Host", "the program itself"),
        ("/defaults/headers", json!({"X-A": "a\nb"}), "/defaults/headers/X-A", "one line"),
        (
            "/defaults/errors/0/status",
            json!([599, 500]),
            "/defaults/errors/0/status",
            "smaller code comes first",
        ),
        ("/defaults/errors/0/status", json!(900), "/defaults/errors/0/status", "100 to 599"),
        (
            "/defaults/errors/0/headers",
            json!({"x-left": "("}),
            "/defaults/errors/0/headers/x-left",
            "regular expression",
        ),
        ("/defaults/errors/0/body", json!({"path": "message"}), "/defaults/errors/0/body/path", "not a path"),
        (
            "/defaults/errors/0/body",
            json!({"path": "$.m", "operator": "in", "value": "x"}),
            "/defaults/errors/0/body/value",
            "list",
        ),
        ("/defaults/errors/0", json!({"action": "fail"}), "/defaults/errors/0", "when it applies"),
        ("/limits/rate/0/seconds", json!(0), "/limits/rate/0/seconds", "at least 1"),
        // Health.
        ("/healthCheck/request/cached", json!({}), "/healthCheck/request/cached", "always asks"),
        ("/healthCheck/request/method", json!("DELETE"), "/healthCheck/request/method", "GET or HEAD"),
        ("/healthCheck/request/method", json!("POST"), "/healthCheck/request/method", "only with \"expect\""),
        ("/healthCheck/identityPath", json!("login"), "/healthCheck/identityPath", "not a path"),
        ("/healthCheck/expectStatus", json!([20]), "/healthCheck/expectStatus/0", "100 to 599"),
    ]);
}

#[test]
fn addresses_on_this_computer_and_whole_addresses_as_settings_are_in_order() {
    let mut document = good();
    document["configFields"] = json!([{"key": "team", "label": "Team", "required": true}, {"key": "site", "label": "Site", "type": "url", "required": true}]);
    for address in [
        "{{config.site}}",
        "{{ config.site }}/api",
        "https://{{config.team}}.example.com",
        "http://127.0.0.1:4319/x",
        "http://localhost:1/{{config.team}}",
    ] {
        document["baseUrl"] = json!(address);
        assert!(
            read(&document.to_string(), "x.json").is_ok(),
            "{address}: {:?}",
            read(&document.to_string(), "x.json")
        );
    }
}

#[test]
fn a_mistake_about_signing_is_found_at_its_place() {
    let signing = |name: &str, value: Value| {
        let mut all = json!({
            "method": "sigv4", "id": "key", "label": "Access key",
            "credentialFields": [{"key": "id", "label": "Id"}, {"key": "key", "label": "Key"}],
            "accessKeyId": "{{secret.id}}", "secretAccessKey": "{{secret.key}}",
            "region": "{{config.team}}", "service": "mail",
        });
        all[name] = value;
        all
    };
    let mut whole = good();
    whole["auth"][0] = signing("label", json!("Access key"));
    read(&whole.to_string(), "example.json").unwrap();
    check(&[
        (
            "/auth/0",
            signing("secretAccessKey", json!("{{secret.kye}}")),
            "/auth/0/secretAccessKey",
            "secret.key",
        ),
        ("/auth/0", signing("sessionToken", json!("{{secret.token}}")), "/auth/0/sessionToken", "secret.token"),
        ("/auth/0", signing("accessKeyId", json!("")), "/auth/0/accessKeyId", "empty"),
        // They are sent in the open.
        ("/auth/0", signing("region", json!("{{secret.id}}")), "/auth/0/region", "secret.id"),
        ("/auth/0", signing("service", json!("{{config.taem}}")), "/auth/0/service", "config.team"),
        ("/auth/0", signing("inject", json!([])), "/auth/0/inject", "inject"),
    ]);
}
