//! Signing in from the command line: the page's address is printed, and we wait.

use patchbay_model::problem::{Code, Problem};
use serde_json::{Value, json};

use crate::args::{Args, Browser, NewConnection};
use crate::engine::Engine;
use crate::{input, print};

/// Connects, after signing in where the way to sign in gives tokens.
pub(crate) async fn connect(args: &Args, engine: &Engine, new: &NewConnection) -> Result<Value, Problem> {
    let call = async |command: &str, request: Value| engine.call(&args.workspace, command, request).await;
    let mut request = json!({
        "connector": new.connector, "name": new.name, "auth": new.auth,
        "config": input::pairs("set", &new.settings)?, "secrets": input::secrets(&new.secrets)?,
        "allowPrivate": new.allow_private,
    });
    let connector = call("connector_show", json!({ "connector": new.connector })).await?;
    let Some(method) = token_method(&connector, new.auth.as_deref(), new.oauth)? else {
        return call("connection_create", request).await;
    };
    request["auth"] = json!(method);
    let mut begin = request.clone();
    if let Some(members) = begin.as_object_mut() {
        members.shift_remove("name");
        members.insert("uses".to_owned(), json!((!new.uses.is_empty()).then_some(&new.uses)));
    }
    let signed_in = sign_in(args, engine, begin, &new.browser).await?;
    request["signIn"] = signed_in["id"].clone();
    request["secrets"] = json!({});
    call("connection_create", request).await
}

/// Signs in again for a connection.
pub(crate) async fn reconnect(
    args: &Args,
    engine: &Engine,
    name: &str,
    secrets: &[String],
    other_account: bool,
    browser: &Browser,
) -> Result<Value, Problem> {
    let call = async |command: &str, request: Value| engine.call(&args.workspace, command, request).await;
    let connection = call("connection_show", json!({ "name": name })).await?;
    let begin = json!({
        "connector": connection["connector"], "auth": connection["auth"], "connection": name,
        "secrets": input::secrets(secrets)?, "allowPrivate": connection["allowPrivate"],
        "chooseAccount": other_account,
    });
    let signed_in = sign_in(args, engine, begin, browser).await?;
    let request = json!({ "name": name, "signIn": signed_in["id"], "otherAccount": other_account });
    call("connection_reconnect", request).await
}

/// Begins, shows the person where to go, and waits until it has ended.
async fn sign_in(args: &Args, engine: &Engine, mut begin: Value, browser: &Browser) -> Result<Value, Problem> {
    begin["noBrowser"] = json!(browser.no_browser);
    let begun = engine.call(&args.workspace, "sign_in_begin", begin).await?;
    let text = |name: &str| begun[name].as_str();
    if let Some(url) = text("url") {
        let opened = begun["opened"] == json!(true);
        print::note(&match (text("userCode"), opened) {
            (Some(code), _) => format!("Enter the code {code} on this page: {url}"),
            (None, true) => {
                format!("Sign in on the page that opens in your browser, or open it yourself: {url}")
            }
            (None, false) => format!("Open this page in your browser and sign in: {url}"),
        });
        if let Some(minutes) = begun["secondsLeft"].as_u64().map(|seconds| seconds.div_ceil(60)) {
            print::note(&format!("Waiting for up to {minutes} minutes. Stop with Ctrl+C."));
        }
    }
    let ended = engine.call(&args.workspace, "sign_in_wait", json!({ "id": begun["id"] })).await?;
    if let Ok(problem) = serde_json::from_value::<Problem>(ended["problem"].clone()) {
        return Err(problem);
    }
    if let Some(account) = ended["account"]["label"].as_str() {
        print::note(&format!("Signed in as {account}."));
    }
    for (name, says) in [("missing", "Not granted"), ("beyond", "Granted beyond what was asked")] {
        let scopes: Vec<&str> =
            ended[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !scopes.is_empty() {
            print::note(&format!("{says}: {}.", scopes.join(", ")));
        }
    }
    Ok(ended)
}

/// The way to sign in, where it gives tokens: the one that was named, the first of them where `--oauth` asks
/// for one, else the recommended one.
fn token_method(connector: &Value, named: Option<&str>, oauth: bool) -> Result<Option<String>, Problem> {
    let methods = connector["auth"].as_array().map_or(&[][..], Vec::as_slice);
    let gives_tokens = |method: &&Value| matches!(method["method"].as_str(), Some("oauth2" | "session"));
    let method = match named {
        Some(id) => methods.iter().find(|method| method["id"] == json!(id)),
        None if oauth => methods.iter().find(gives_tokens),
        None => methods.first(),
    };
    let found = method.filter(gives_tokens).and_then(|method| method["id"].as_str()).map(str::to_owned);
    if oauth && found.is_none() {
        return Err(Problem::new(Code::NotOffered).with(
            "message",
            format!(
                "{} is not signed in to: it takes a key.",
                connector["summary"]["name"].as_str().unwrap_or("It")
            ),
        ));
    }
    Ok(found)
}
