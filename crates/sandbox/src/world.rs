//! What the pretend tools hold, and the effects that changed it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::log::Log;
use crate::sheet::{Hook, Row};

/// Everything the pretend tools hold.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) issues: Vec<Issue>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) messages: Vec<Message>,
    pub(crate) rows: Vec<Row>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) counters: Counters,
    pub(crate) log: Log,
    /// Idempotency keys with what they made. A key outlives its message: taking a message back does
    /// not make a late repeat of it an effect.
    keys: BTreeMap<String, Message>,
    next_id: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Issue {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) state: String,
    pub(crate) priority: String,
    pub(crate) labels: Vec<String>,
    pub(crate) author: Person,
    pub(crate) url: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Issue {
    fn change(&mut self, change: IssueChange, at: Timestamp) {
        let IssueChange { state, title, body, priority, labels } = change;
        set(&mut self.state, state);
        set(&mut self.title, title);
        set(&mut self.body, body);
        set(&mut self.priority, priority);
        set(&mut self.labels, labels);
        self.updated_at = at;
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) login: String,
    pub(crate) email: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) issue: u64,
    pub(crate) body: String,
    pub(crate) created_at: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) channel: String,
    pub(crate) text: String,
    pub(crate) announcement: bool,
    pub(crate) sent_at: Timestamp,
}

/// What really happened.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counters {
    /// Effects by kind.
    pub(crate) effects: BTreeMap<String, u64>,
    /// Effects by kind and content, such as `message_sent:general:Hello`.
    pub(crate) by_content: BTreeMap<String, u64>,
    /// Repeats that were recognised by their key and changed nothing. Since the start: they are no
    /// effects, and not kept.
    pub(crate) replays: u64,
    /// The same by kind and content.
    pub(crate) replays_by_content: BTreeMap<String, u64>,
    /// Requests to the tools of any kind, refused ones too. Since the start.
    pub(crate) requests: u64,
    /// What was told to hooks. Since the start.
    pub(crate) deliveries: Deliveries,
}

/// What was told to hooks.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deliveries {
    /// Deliveries begun.
    pub(crate) begun: u64,
    /// Requests sent for them.
    pub(crate) tries: u64,
    /// Deliveries that were acknowledged.
    pub(crate) accepted: u64,
    /// Requests that were not.
    pub(crate) refused: u64,
    /// Deliveries that were given up.
    pub(crate) given_up: u64,
}

/// One effect, as the log keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub(crate) enum Effect {
    IssueCreated {
        issue: Issue,
    },
    IssueChanged {
        number: u64,
        #[serde(flatten)]
        change: IssueChange,
        at: Timestamp,
    },
    CommentAdded {
        comment: Comment,
    },
    CommentDeleted {
        id: u64,
    },
    MessageSent {
        message: Message,
        key: Option<String>,
    },
    MessageDeleted {
        id: u64,
    },
    RowAdded {
        row: Row,
    },
    RowChanged {
        row: Row,
    },
    RowRemoved {
        id: u64,
    },
    HookAdded {
        hook: Hook,
    },
    HookRemoved {
        id: u64,
    },
}

/// What a change of an issue sets. Members that it does not know are refused: a change that was
/// passed over must not look done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) priority: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) labels: Option<Vec<String>>,
}

impl World {
    /// The seed with every logged effect applied.
    pub(crate) fn new(log: Log, effects: Vec<Effect>) -> Self {
        let mut world = Self {
            issues: seed(),
            comments: Vec::new(),
            messages: Vec::new(),
            rows: crate::sheet::seed(),
            hooks: Vec::new(),
            counters: Counters::default(),
            log,
            keys: BTreeMap::new(),
            next_id: 1_000,
        };
        for effect in effects {
            world.apply(effect);
        }
        world
    }

    /// A number that was not given out before.
    pub(crate) fn new_id(&self) -> u64 {
        self.next_id
    }

    /// The message that an idempotency key has made already.
    pub(crate) fn sent_with(&self, key: &str) -> Option<&Message> {
        self.keys.get(key)
    }

    /// Counts a repeat that changed nothing.
    pub(crate) fn replayed(&mut self, message: &Message) {
        self.counters.replays += 1;
        let content = format!("message_sent:{}:{}", message.channel, message.text);
        *self.counters.replays_by_content.entry(content).or_default() += 1;
    }

    /// Makes an effect durable, then real.
    pub(crate) fn perform(&mut self, effect: Effect) -> std::io::Result<()> {
        self.log.append(&effect)?;
        self.apply(effect);
        Ok(())
    }

    /// Back to the seed.
    pub(crate) fn reset(&mut self) -> std::io::Result<()> {
        self.log.clear()?;
        let log = std::mem::replace(&mut self.log, Log::open::<Effect>(None)?.0);
        *self = Self::new(log, Vec::new());
        Ok(())
    }

    fn apply(&mut self, effect: Effect) {
        let (kind, content) = match &effect {
            Effect::IssueCreated { issue } => ("issue_created", issue.title.clone()),
            Effect::IssueChanged { number, change, .. } => {
                ("issue_changed", format!("{number}:{}", change.state.as_deref().unwrap_or("-")))
            }
            Effect::CommentAdded { comment } => {
                ("comment_added", format!("{}:{}", comment.issue, comment.body))
            }
            Effect::CommentDeleted { id } => ("comment_deleted", id.to_string()),
            Effect::MessageSent { message, .. } if message.announcement => {
                ("announcement_sent", format!("{}:{}", message.channel, message.text))
            }
            Effect::MessageSent { message, .. } => {
                ("message_sent", format!("{}:{}", message.channel, message.text))
            }
            Effect::MessageDeleted { id } => ("message_deleted", id.to_string()),
            Effect::RowAdded { row } => ("row_added", row.name.clone()),
            Effect::RowChanged { row } => ("row_changed", format!("{}:{}", row.id, row.status)),
            Effect::RowRemoved { id } => ("row_removed", id.to_string()),
            Effect::HookAdded { hook } => ("hook_added", hook.id.to_string()),
            Effect::HookRemoved { id } => ("hook_removed", id.to_string()),
        };
        *self.counters.effects.entry(kind.to_owned()).or_default() += 1;
        *self.counters.by_content.entry(format!("{kind}:{content}")).or_default() += 1;
        match effect {
            Effect::IssueCreated { issue } => self.issues.push(issue),
            Effect::IssueChanged { number, change, at } => {
                if let Some(issue) = self.issues.iter_mut().find(|issue| issue.number == number) {
                    issue.change(change, at);
                }
            }
            Effect::CommentAdded { comment } => {
                self.next_id = self.next_id.max(comment.id + 1);
                self.comments.push(comment);
            }
            Effect::CommentDeleted { id } => self.comments.retain(|comment| comment.id != id),
            Effect::MessageSent { message, key } => {
                self.next_id = self.next_id.max(message.id + 1);
                if let Some(key) = key {
                    self.keys.insert(key, message.clone());
                }
                self.messages.push(message);
            }
            Effect::MessageDeleted { id } => self.messages.retain(|message| message.id != id),
            Effect::RowAdded { row } | Effect::RowChanged { row } => {
                self.next_id = self.next_id.max(row.id + 1);
                self.rows.retain(|own| own.id != row.id);
                self.rows.push(row);
            }
            Effect::RowRemoved { id } => self.rows.retain(|row| row.id != id),
            Effect::HookAdded { hook } => {
                self.next_id = self.next_id.max(hook.id + 1);
                self.hooks.retain(|own| own.id != hook.id);
                self.hooks.push(hook);
            }
            Effect::HookRemoved { id } => self.hooks.retain(|hook| hook.id != id),
        }
    }
}

/// The issues a new user finds.
fn seed() -> Vec<Issue> {
    // A fixed day: the same sandbox looks the same every time.
    let begin = Timestamp::from_second(1_790_000_000).unwrap_or(Timestamp::UNIX_EPOCH);
    let rows: [(&str, &str, &str, &[&str], &str); 8] = [
        ("Sign-in button does nothing on Safari", "Tapping it twice helps.", "high", &["bug", "web"], "amira"),
        (
            "Export stops at 1,000 rows",
            "The last page is missing from the file.",
            "high",
            &["bug", "export"],
            "li",
        ),
        ("Add a dark theme", "Many of us work late.", "medium", &["feature"], "noor"),
        ("Typing mistake on the pricing page", "It says \"montly\".", "low", &["copy"], "amira"),
        (
            "Reminder e-mails arrive twice",
            "Since Tuesday, for the Lisbon team only.",
            "critical",
            &["bug", "mail"],
            "sofia",
        ),
        (
            "Search does not find names with accents",
            "\"Jose\" should find \"José\".",
            "medium",
            &["bug", "search"],
            "li",
        ),
        ("Document the backup command", "With an example for a daily job.", "low", &["docs"], "noor"),
        ("Upload fails above 20 MB", "A clear message would help, too.", "high", &["bug", "upload"], "sofia"),
    ];
    rows.iter()
        .zip(1..)
        .map(|((title, body, priority, labels, login), number)| {
            let at = begin + SignedDuration::from_hours(number * 5);
            Issue {
                number: number as u64,
                title: (*title).to_owned(),
                body: (*body).to_owned(),
                state: if number == 4 { "closed" } else { "open" }.to_owned(),
                priority: (*priority).to_owned(),
                labels: labels.iter().map(|label| (*label).to_owned()).collect(),
                author: Person { login: (*login).to_owned(), email: format!("{login}@example.test") },
                url: format!("https://tracker.example.test/issues/{number}"),
                created_at: at,
                updated_at: at,
            }
        })
        .collect()
}
