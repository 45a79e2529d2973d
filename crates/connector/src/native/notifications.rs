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

    async fn call(&self, _: &Connection, call: Call<'_>) -> Answer {
        let text = |name: &str| call.params[name].as_str().unwrap_or_default();
        let title = display_line(text("title"), LONGEST.0);
        // Lines stay lines.
        let lines = text("body").lines().map(|line| display_line(line, LONGEST.1));
        let body: String = lines.collect::<Vec<_>>().join("\n").chars().take(LONGEST.1).collect();
        let (host, shown) = (self.host.clone(), json!({ "title": title, "body": body }));
        match tokio::task::spawn_blocking(move || host.notify(&title, &body)).await {
            Ok(result) => result.map(|()| shown).into(),
            Err(error) => Answer {
                meaning: Meaning::Unknown(Problem::new(Code::Internal).detail(error.to_string())),
                body: Value::Null,
            },
        }
    }
}
