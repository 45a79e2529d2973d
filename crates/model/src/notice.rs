//! What a person is told who is not looking: which happenings are worth a word, and how few words. Pure,
//! on the monotonic clock.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{ConnectionId, RunId};
use crate::problem::phrase;
use crate::run::RunState;

/// Happenings within this time are told together.
pub const GATHER: Duration = Duration::from_secs(2);

/// What is told, and when. Adjustable; the defaults are the product's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NoticeSettings {
    /// A run failed.
    pub run_failed: bool,
    /// A run finished that took long.
    pub run_finished: bool,
    /// A connection needs a new sign-in.
    pub needs_sign_in: bool,
    /// A connection went to Error.
    pub connection_error: bool,
    /// A run took long that took more than so many seconds.
    pub long_run_seconds: u32,
    /// At most one word about a connection in so many minutes.
    pub quiet_minutes: u32,
}

impl Default for NoticeSettings {
    fn default() -> Self {
        Self {
            run_failed: true,
            run_finished: true,
            needs_sign_in: true,
            connection_error: true,
            long_run_seconds: 30,
            quiet_minutes: 15,
        }
    }
}

/// Something that may be worth a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A run ended.
    RunEnded {
        /// The run.
        run: RunId,
        /// What its chain is called.
        chain: String,
        /// How it ended.
        state: RunState,
        /// How long it took.
        took: Duration,
    },
    /// A connection went to Error, or its sign-in ended.
    ConnectionWorse {
        /// The connection.
        connection: ConnectionId,
        /// Its name.
        name: String,
        /// The user has to sign in.
        needs_sign_in: bool,
    },
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A connection needs a new sign-in.
    NeedsSignIn,
    /// A connection went to Error.
    ConnectionError,
    /// A run failed.
    RunFailed,
    /// A long run finished.
    RunFinished,
}

/// One word to the person. Holds names that the user chose and nothing that a service sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// What happened.
    pub title: String,
    /// To what.
    pub body: String,
    /// The place in the interface that shows it, such as `/runs/…`.
    pub place: String,
}

/// Decides what is told. Not kept over restarts: a word too many then is better than one too few.
#[derive(Debug, Default)]
pub struct Notices {
    /// When each connection was last spoken of.
    spoken: HashMap<ConnectionId, Duration>,
    gathered: Vec<(NoticeKind, String, String)>,
    /// When what is gathered is told.
    due: Option<Duration>,
}

impl Notices {
    /// Takes in what happened. `focused` says that the person looks at the window.
    pub fn happened(&mut self, happening: &Happening, focused: bool, settings: &NoticeSettings, now: Duration) {
        if focused {
            return;
        }
        let gathered = match happening {
            Happening::RunEnded { run, chain, state, took } => {
                let failed = matches!(state, RunState::Failed | RunState::FailedUndone);
                let finished = matches!(state, RunState::Done | RunState::DoneWithProblems)
                    && *took > Duration::from_secs(u64::from(settings.long_run_seconds));
                let kind = match () {
                    () if failed && settings.run_failed => NoticeKind::RunFailed,
                    () if finished && settings.run_finished => NoticeKind::RunFinished,
                    () => return,
                };
                (kind, chain.clone(), format!("/runs/{run}"))
            }
            Happening::ConnectionWorse { connection, name, needs_sign_in } => {
                let (kind, wanted) = if *needs_sign_in {
                    (NoticeKind::NeedsSignIn, settings.needs_sign_in)
                } else {
                    (NoticeKind::ConnectionError, settings.connection_error)
                };
                let quiet = Duration::from_secs(u64::from(settings.quiet_minutes) * 60);
                let lately = self.spoken.get(connection).is_some_and(|at| now < *at + quiet);
                if !wanted || lately {
                    return;
                }
                self.spoken.retain(|_, at| now < *at + quiet);
                self.spoken.insert(connection.clone(), now);
                (kind, name.clone(), format!("/health/{}", percent_encoded(name)))
            }
        };
        self.gathered.push(gathered);
        self.due.get_or_insert(now + GATHER);
    }

    /// When to [take](Self::take) what is gathered; none where nothing is.
    pub fn due(&self) -> Option<Duration> {
        self.due
    }

    /// What is told now: one notice for each kind of happening. Nothing where the person looks by now.
    pub fn take(&mut self, focused: bool, now: Duration) -> Vec<Notice> {
        if self.due.is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.due = None;
        let mut gathered = std::mem::take(&mut self.gathered);
        if focused {
            return Vec::new();
        }
        gathered.sort_by_key(|(kind, ..)| *kind);
        gathered.chunk_by(|a, b| a.0 == b.0).filter_map(Self::say).collect()
    }

    fn say(group: &[(NoticeKind, String, String)]) -> Option<Notice> {
        let (kind, name, place) = group.first()?;
        let word = match kind {
            NoticeKind::NeedsSignIn => "needs_sign_in",
            NoticeKind::ConnectionError => "connection_error",
            NoticeKind::RunFailed => "run_failed",
            NoticeKind::RunFinished => "run_finished",
        };
        let mut names: Vec<&str> = group.iter().map(|(_, name, _)| name.as_str()).collect();
        names.dedup();
        let params = [("name", name.clone()), ("n", group.len().to_string()), ("names", names.join(", "))];
        let many = group.len() > 1;
        let of = |part: &str| phrase("notice", &format!("{word}_{part}"), &params);
        Some(Notice {
            kind: *kind,
            title: of(if many { "titles" } else { "title" }),
            body: of(if many { "bodies" } else { "body" }),
            place: match (many, kind) {
                (false, _) => place.clone(),
                (true, NoticeKind::NeedsSignIn | NoticeKind::ConnectionError) => "/health".to_owned(),
                (true, NoticeKind::RunFailed | NoticeKind::RunFinished) => "/runs".to_owned(),
            },
        })
    }
}

/// A name as a part of a place: what is no letter, digit or one of `-_.~` (RFC 3986 section 2.3) encoded.
fn percent_encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let encoded = name.bytes().map(|byte| match byte {
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn worse(name: &str, needs_sign_in: bool) -> Happening {
        Happening::ConnectionWorse { connection: ConnectionId::from(name), name: name.into(), needs_sign_in }
    }

    fn ended(state: RunState, took: u64) -> Happening {
        Happening::RunEnded { run: RunId::new("r-1"), chain: "Issues to chat".into(), state, took: S(took) }
    }

    /// What is told of one happening.
    fn told(happening: &Happening, focused: bool, settings: &NoticeSettings) -> Vec<Notice> {
        let mut notices = Notices::default();
        notices.happened(happening, focused, settings, S(0));
        notices.take(focused, S(2))
    }

    #[test]
    fn each_happening_has_its_word_and_its_place() {
        let usual = NoticeSettings::default();
        let cases = [
            (worse("Jira ä", true), "Jira ä: sign in again", "/health/Jira%20%C3%A4"),
            (worse("Jira", false), "Jira does not work", "/health/Jira"),
            (ended(RunState::Failed, 1), "Issues to chat failed", "/runs/r-1"),
            (ended(RunState::FailedUndone, 1), "Issues to chat failed", "/runs/r-1"),
            (ended(RunState::Done, 31), "Issues to chat is done", "/runs/r-1"),
            (ended(RunState::DoneWithProblems, 31), "Issues to chat is done", "/runs/r-1"),
        ];
        for (happening, title, place) in cases {
            let said = told(&happening, false, &usual);
            assert_eq!(said.len(), 1, "{happening:?}");
            assert_eq!((said[0].title.as_str(), said[0].place.as_str()), (title, place));
            assert!(!said[0].body.is_empty() && !said[0].body.contains('{'), "{}", said[0].body);
            assert_eq!(told(&happening, true, &usual), [], "nobody is told what they look at");
        }
        for quiet in [ended(RunState::Done, 30), ended(RunState::Stopped, 90), ended(RunState::NeedsYou, 90)] {
            assert_eq!(told(&quiet, false, &usual), [], "{quiet:?}");
        }
    }

    #[test]
    fn what_is_switched_off_is_not_told() {
        let off = NoticeSettings {
            run_failed: false,
            run_finished: false,
            needs_sign_in: false,
            connection_error: false,
            ..NoticeSettings::default()
        };
        let all = [worse("a", true), worse("a", false), ended(RunState::Failed, 1), ended(RunState::Done, 99)];
        for happening in all {
            assert_eq!(told(&happening, false, &off), [], "{happening:?}");
        }
    }

    #[test]
    fn a_connection_is_spoken_of_once_in_a_quarter_of_an_hour() {
        let settings = NoticeSettings::default();
        let mut notices = Notices::default();
        let mut count = |at: u64, name: &str, sign_in: bool| {
            notices.happened(&worse(name, sign_in), false, &settings, S(at));
            notices.take(false, S(at + 2)).len()
        };
        assert_eq!(count(0, "a", false), 1);
        assert_eq!(count(60, "a", true), 0, "whatever it is about");
        assert_eq!(count(60, "b", true), 1, "another one has its own word");
        assert_eq!(count(899, "a", false), 0);
        assert_eq!(count(900, "a", false), 1);
        assert_eq!(count(2_000, "c", false), 1);
        assert_eq!(notices.spoken.len(), 1, "nothing is kept of what is long over");
    }

    #[test]
    fn many_happenings_are_one_word_of_each_kind() {
        let settings = NoticeSettings::default();
        let mut notices = Notices::default();
        for happening in [worse("a", true), ended(RunState::Failed, 1), worse("b", true), worse("c", false)] {
            notices.happened(&happening, false, &settings, S(10));
        }
        assert_eq!(notices.due(), Some(S(12)));
        assert_eq!(notices.take(false, S(11)), [], "not before they are gathered");
        let said = notices.take(false, S(12));
        let words: Vec<_> =
            said.iter().map(|n| (n.title.as_str(), n.body.as_str(), n.place.as_str())).collect();
        assert_eq!(
            words,
            [
                ("2 connections need you to sign in", "a, b", "/health"),
                ("c does not work", "Open Patchbay to see why.", "/health/c"),
                ("Issues to chat failed", "Open Patchbay to see what got through.", "/runs/r-1"),
            ]
        );
        assert_eq!((notices.take(false, S(60)), notices.due()), (vec![], None), "and once");
        notices.happened(&worse("d", true), false, &settings, S(60));
        assert_eq!(notices.take(true, S(62)), [], "the person has come back meanwhile");
    }
}
