//! Signing in from the command line: the page's address is printed, and we wait.

use std::cell::OnceCell;

use patchbay_model::problem::{Code, Problem};
use serde_json::{Value, json};

use crate::args::{Again, Args, Browser, NewConnection};
use crate::engine::Engine;
use crate::processes::End;
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
        members.insert("uses".to_owned(), json!((!new.uses.is_empty()).then_some(&new.uses)));
    }
    let signed_in = sign_in(args, engine, begin, &new.browser, &new.origins).await?;
    request["signIn"] = signed_in["id"].clone();
    request["secrets"] = json!({});
    to_its_end(Box::pin(call("connection_create", request))).await
}

/// Signs in again for a connection.
pub(crate) async fn reconnect(
    args: &Args,
    engine: &Engine,
    name: &str,
    again: &Again,
) -> Result<Value, Problem> {
    let call = async |command: &str, request: Value| engine.call(&args.workspace, command, request).await;
    let connection = call("connection_show", json!({ "name": name })).await?;
    let begin = json!({
        "connector": connection["connector"], "auth": connection["auth"], "connection": name,
        "secrets": input::secrets(&again.secrets)?, "allowPrivate": connection["allowPrivate"],
        "chooseAccount": again.other_account, "uses": (!again.uses.is_empty()).then_some(&again.uses),
    });
    let signed_in = sign_in(args, engine, begin, &again.browser, &again.origins).await?;
    let request = json!({ "name": name, "signIn": signed_in["id"], "otherAccount": again.other_account });
    to_its_end(Box::pin(call("connection_reconnect", request))).await
}

/// Connecting is tested and kept as a whole: it is not left half-way, unless the person insists.
async fn to_its_end(work: impl Future<Output = Result<Value, Problem>>) -> Result<Value, Problem> {
    let (mut work, mut end) = (std::pin::pin!(work), End::noticed());
    tokio::select! {
        made = &mut work => return made,
        () = end.wait() => {
            print::note("It is being tested, and ends by itself. Press Ctrl+C again to leave at once.");
        }
    }
    tokio::select! {
        made = &mut work => made,
        () = end.wait() => Err(Problem::new(Code::Cancelled)),
    }
}

/// Begins, shows the person where to go, and waits until it has ended. Ctrl+C ends it in order.
async fn sign_in(
    args: &Args,
    engine: &Engine,
    begin: Value,
    browser: &Browser,
    origins: &[String],
) -> Result<Value, Problem> {
    let call = async |command: &str, request: Value| engine.call(&args.workspace, command, request).await;
    let mut end = End::noticed();
    let begun = OnceCell::new();
    let ended = tokio::select! {
        ended = Box::pin(until_it_ends(args, engine, begin, browser, origins, &begun)) => ended,
        () = end.wait() => Err(Problem::new(Code::Cancelled)),
    };
    let ended = match ended {
        Ok(ended) => ended,
        Err(problem) => {
            if let Some(id) = begun.get() {
                // What cannot be told that it is over ends with this process.
                let _ = call("sign_in_cancel", json!({ "id": id })).await;
            }
            if problem.code() == Code::Cancelled {
                print::note("The sign-in was stopped. Nothing was stored.");
            }
            return Err(problem);
        }
    };
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

/// The same without its end in order. `begun` gets its identifier as soon as there is one.
async fn until_it_ends(
    args: &Args,
    engine: &Engine,
    mut begin: Value,
    browser: &Browser,
    origins: &[String],
    begun: &OnceCell<Value>,
) -> Result<Value, Problem> {
    let call = async |command: &str, request: Value| engine.call(&args.workspace, command, request).await;
    begin["noBrowser"] = json!(browser.no_browser);
    let view = call("sign_in_begin", begin).await?;
    let id = begun.get_or_init(|| view["id"].clone());
    let text = |name: &str| view[name].as_str();
    if let Some(url) = text("url") {
        let opened = view["opened"] == json!(true);
        print::note(&match (text("userCode"), opened) {
            (Some(code), _) => format!("Enter the code {code} on this page: {url}"),
            (None, true) => {
                format!("Sign in on the page that opens in your browser, or open it yourself: {url}")
            }
            (None, false) => format!("Open this page in your browser and sign in: {url}"),
        });
        if let Some(minutes) = view["secondsLeft"].as_u64().map(|seconds| seconds.div_ceil(60)) {
            print::note(&format!("Waiting for up to {minutes} minutes. Stop with Ctrl+C."));
        }
    }
    let mut ended = call("sign_in_wait", json!({ "id": id })).await?;
    if ended["stage"] == json!("approving") {
        approve(&ended["brought"], origins).await?;
        call("sign_in_approve", json!({ "id": id, "origins": ended["brought"] })).await?;
        ended = call("sign_in_wait", json!({ "id": id })).await?;
    }
    Ok(ended)
}

/// Asks the person whether the sign-in may go where it leads: those that were named beforehand are approved.
async fn approve(brought: &Value, named: &[String]) -> Result<(), Problem> {
    let brought: Vec<&str> = brought.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if brought.iter().all(|origin| named.iter().any(|own| own == origin)) {
        return Ok(());
    }
    let hosts = brought.join(", ");
    print::note(&format!("Signing in leads to {hosts}. Your sign-in would be sent there with each call."));
    if input::is_typed() {
        // In a thread of its own: nobody may ever answer, and Ctrl+C ends the wait.
        let (answered, answer) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || answered.send(input::yes("Use it?")));
        if answer.await.is_ok_and(|answer| answer.is_ok_and(|yes| yes)) {
            return Ok(());
        }
    }
    Err(Problem::new(Code::TargetBlocked).with("host", &hosts).detail(format!(
        "Nothing was sent there and nothing was stored. --origin {} approves it.",
        brought.join(" --origin ")
    )))
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
