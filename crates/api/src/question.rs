//! What a person is asked outside the page before a page's command is answered. A page that was taken over can
//! send any command, and press any button that it shows itself.

use patchbay_model::problem::{Code, Problem};
use serde_json::Value;

use crate::commands::dispatch;
use crate::hub::Hub;
use crate::network;

/// A question in the system's own dialog; its other answer is **Cancel**.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What it is about.
    pub title: &'static str,
    /// What would become of it.
    pub text: String,
    /// The answer that lets it happen, with an underscore before the letter that chooses it by keyboard.
    pub yes: &'static str,
}

/// Answers a page's command, after the person has agreed where it would change who may read along. `ask` shows
/// the question and says whether the person agreed.
pub async fn dispatch_for_page<Answer>(
    hub: &Hub,
    workspace: &str,
    name: &str,
    request: Value,
    ask: impl Fn(Question) -> Answer + Send,
) -> Result<Value, Problem>
where
    Answer: Future<Output = bool> + Send,
{
    if name != "network_set" {
        return dispatch(hub, workspace, name, request).await;
    }
    // One at a time, to the end: what was agreed to must be what happens.
    let _one = hub.questions().lock().await;
    // What cannot be read is refused below.
    let question = || network::question(hub, serde_json::from_value(request.clone()).ok()?);
    let mut agreed = None;
    // What stands behind the page's words may change while a question stands there: then it is another one.
    while let Some(question) = question()
        && agreed.as_ref() != Some(&question)
    {
        if !ask(question.clone()).await {
            return Err(Problem::new(Code::Cancelled));
        }
        agreed = Some(question);
    }
    dispatch(hub, workspace, name, request).await
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use patchbay_model::time::ManualClock;
    use serde_json::json;

    use super::*;
    use crate::workspace::tests::hub;

    /// A certificate of an authority, made for the occasion.
    fn authority() -> String {
        let made = std::process::Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-subj", "/CN=Company", "-days", "1", "-keyout", "/dev/null"])
            .output()
            .unwrap();
        String::from_utf8(made.stdout).unwrap()
    }

    #[tokio::test]
    async fn a_page_sets_no_proxy_and_no_authority_without_the_persons_word() {
        let (dir, authority) = (tempfile::tempdir().unwrap(), authority());
        let hub = hub(dir.path(), &Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap())));
        let asked = Mutex::new(Vec::new());
        let call = async |request: Value, agrees: bool| {
            let ask = async |question: Question| {
                asked.lock().unwrap().push(question.text);
                agrees
            };
            let answer = dispatch_for_page(&hub, "default", "network_set", request, ask).await;
            (answer, asked.lock().unwrap().pop())
        };
        let shown = async || dispatch(&hub, "default", "network_show", json!({})).await.unwrap();
        let before = shown().await;
        let evil = "http://proxy.example:3128";
        for (request, said) in [
            (json!({"proxy": "address", "address": evil}), evil),
            // Not used yet: the next call would only have to choose it.
            (json!({"address": evil}), evil),
            (json!({"proxy": "direct"}), "without a proxy"),
            (json!({"certificates": authority, "certificatesName": "x\u{202e}.pem"}), "1 authority from x.pem"),
        ] {
            let (answer, question) = call(request.clone(), false).await;
            assert_eq!(answer.unwrap_err().code(), Code::Cancelled, "{request}");
            let question = question.unwrap_or_else(|| panic!("nobody was asked: {request}"));
            assert!(question.contains(said), "{request}: {question}");
            assert_eq!(shown().await, before, "{request} changed nothing");
        }
        for (request, answered) in [
            (json!({"proxy": "address", "address": evil}), "asked"),
            (json!({"proxy": "address"}), "not asked: it is so already"),
            (json!({"certificates": authority}), "asked"),
            (json!({"certificates": ""}), "not asked: nobody is trusted more"),
            (json!({"proxy": "system"}), "asked"),
        ] {
            let (answer, question) = call(request.clone(), true).await;
            answer.unwrap_or_else(|problem| panic!("{request}: {problem}"));
            assert_eq!(question.is_some(), answered == "asked", "{request}: {answered}");
        }
        // What is refused anyway is not asked about.
        for request in
            [json!({"address": "socks5://x", "proxy": "address"}), json!({"certificates": "x"}), json!(1)]
        {
            let (answer, question) = call(request.clone(), true).await;
            assert_eq!((answer.unwrap_err().code(), question), (Code::InputInvalid, None), "{request}");
        }
        // The command line's own words are the person's.
        dispatch(&hub, "default", "network_set", json!({"proxy": "direct"})).await.unwrap();
        hub.shut_down().await;
    }

    #[tokio::test]
    async fn what_was_agreed_to_is_what_happens_also_where_the_file_is_mended_meanwhile() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("network.json");
        let says = |address: &str| {
            std::fs::write(&file, json!({"proxy": "address", "address": address}).to_string()).unwrap();
        };
        let [one, other] = ["http://one.example:3128", "http://other.example:3128"];
        std::fs::write(&file, "{").unwrap();
        let hub = hub(dir.path(), &Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap())));
        let asked = Mutex::new(Vec::new());
        let call = async |request: Value, meanwhile: Option<&str>| {
            asked.lock().unwrap().clear();
            let ask = async |question: Question| {
                let mut asked = asked.lock().unwrap();
                asked.push(question.text);
                // While the first question stands there.
                meanwhile.filter(|_| asked.len() == 1).into_iter().for_each(says);
                true
            };
            dispatch_for_page(&hub, "default", "network_set", request, ask).await
        };
        let refused = call(json!({"certificates": authority()}), None).await.unwrap_err();
        assert_eq!(refused.code(), Code::NetworkUnreadable);
        assert_eq!(*asked.lock().unwrap(), [""; 0], "what is refused anyway is not asked about");

        says(one);
        call(json!({}), Some(other)).await.unwrap();
        let asked = asked.into_inner().unwrap();
        assert_eq!(asked.len(), 2, "it became another question: {asked:?}");
        assert!(asked[0].contains(one) && asked[1].contains(other), "{asked:?}");
        assert_eq!(hub.net().network().proxy, patchbay_net::Proxy::at(other).unwrap());
        hub.shut_down().await;
    }
}
