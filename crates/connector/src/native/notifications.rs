//! Notifications on this computer's desktop.

use std::sync::Arc;

use async_trait::async_trait;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::text::display_line;
use patchbay_model::{Connection, Host};
use serde_json::{Map, Value, json};
use url::Url;

use super::{Adapter, Answer, Ask, Call, Work, not_offered};
use crate::classify::Meaning;

/// Characters of a title and a body that a desktop shows without cutting them.
const LONGEST: (usize, usize) = (100, 1_000);

/// Shows notifications through the program around the engine.
pub struct DesktopNotifications {
    host: Arc<dyn Host>,
}

impl DesktopNotifications {
    /// Shown by this program.
    pub fn new(host: Arc<dyn Host>) -> Self {
        Self { host }
    }
}

#[async_trait]
impl Adapter for DesktopNotifications {
    fn id(&self) -> &'static str {
        "desktop-notifications"
    }

    fn version(&self) -> &'static str {
        "1.0.0"
    }

    fn serves(&self) -> &'static str {
        "^1"
    }

    fn grants(&self, _: &Map<String, Value>) -> Result<Vec<String>, Problem> {
        Ok(Vec::new())
    }

    fn plan(&self, _: &Connection, ask: Ask<'_>) -> Result<Work, Problem> {
        let word = match ask {
            Ask::Health => "LOOK",
            Ask::Call("show", _) => "SHOW",
            Ask::Read(_) | Ask::Call(..) => {
                return Err(not_offered(self.id(), "It only shows notifications."));
            }
        };
        let desktop = Url::parse("desktop:notification");
        desktop
            .map(|url| Work::Here(word, url))
            .map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))
    }

    /// Whether a desktop is there shows only when something is shown: the same connection serves the
    /// window and the command line.
    async fn health(&self, _: &Connection) -> Answer {
        Answer::done(json!({ "name": "This computer" }))
    }

    fn asks_for_health(&self) -> bool {
        false
    }

    async fn call(&self, _: &Connection, call: Call<'_>) -> Answer {
        let text = |name: &str| call.params[name].as_str().unwrap_or_default();
        let title = display_line(text("title"), LONGEST.0);
        // Lines stay lines.
        let lines = text("body").lines().map(|line| display_line(line, LONGEST.1));
        let body: String = lines.collect::<Vec<_>>().join("\n").chars().take(LONGEST.1).collect();
        let (host, shown) = (self.host.clone(), json!({ "title": title, "body": body }));
        let unknown = |problem| Answer { meaning: Meaning::Unknown(problem), body: Value::Null };
        match tokio::task::spawn_blocking(move || host.notify(&title, &body)).await {
            Ok(Ok(())) => Answer::done(shown),
            // It may be on the screen all the same.
            Ok(Err(problem)) if problem.code() == Code::UnknownOutcome => unknown(problem),
            Ok(Err(problem)) => Answer::not_done(problem),
            Err(error) => unknown(Problem::new(Code::Internal).detail(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use patchbay_model::{ConnectionId, ConnectionState, Timestamp};

    use super::*;

    /// A desktop that shows what it gets, or fails with this code.
    struct Desktop(Option<Code>);

    impl Host for Desktop {
        fn open_url(&self, _: &str) -> Result<(), Problem> {
            Ok(())
        }
        fn notify(&self, title: &str, body: &str) -> Result<(), Problem> {
            assert_eq!((title, body), ("Hello", "a\nb"));
            self.0.map_or(Ok(()), |code| Err(Problem::new(code)))
        }
        fn pick_file(&self, _: &str) -> Result<Option<PathBuf>, Problem> {
            Ok(None)
        }
        fn pick_folder(&self, _: &str) -> Result<Option<PathBuf>, Problem> {
            Ok(None)
        }
        fn place_file(&self, _: &str) -> Result<Option<PathBuf>, Problem> {
            Ok(None)
        }
        fn zoom(&self, _: f64) -> Result<(), Problem> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_notification_that_may_be_on_the_screen_is_unknown() {
        let connection = Connection {
            id: ConnectionId::new("c"),
            name: "Desktop".into(),
            config: Map::new(),
            origins: Vec::new(),
            state: ConnectionState::Connected,
            ..Connection::new("desktop-notifications".into(), "1.0.0".into(), Timestamp::UNIX_EPOCH)
        };
        let params = json!({ "title": "Hello", "body": "a\nb" });
        for (code, want) in [
            (None, Meaning::Done),
            (Some(Code::NotOffered), Meaning::NotDone(Problem::new(Code::NotOffered))),
            (Some(Code::UnknownOutcome), Meaning::Unknown(Problem::new(Code::UnknownOutcome))),
        ] {
            let adapter = DesktopNotifications::new(Arc::new(Desktop(code)));
            let call = Call { operation: "show", params: &params, key: None };
            assert_eq!(adapter.call(&connection, call).await.meaning, want);
        }
    }
}
