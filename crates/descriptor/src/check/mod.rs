//! What the shape alone cannot say: everything compiles, everything that is named exists, nothing
//! leads where it must not.

mod connector;
mod operation;
mod request;
mod sign_in;
mod stream;
mod webhook;

use std::collections::BTreeSet;

use patchbay_map::{JsonTemplate, MapError, Path, Template, Test};
use patchbay_model::Descriptor;
use patchbay_model::descriptor::{AuthMethod, Predicate, PredicateOperator};
use serde_json::Value;

use crate::locate::escape;
use crate::names::nearest;
use crate::read::Mistake;

/// Every mistake of meaning.
pub(crate) fn check(descriptor: &Descriptor) -> Vec<Mistake> {
    let mut checker = Checker { descriptor, mistakes: Vec::new() };
    checker.identity();
    checker.settings();
    checker.sign_ins();
    checker.shared();
    for (index, stream) in descriptor.streams.iter().enumerate() {
        checker.stream(&format!("/streams/{index}"), stream);
    }
    for (index, operation) in descriptor.operations.iter().enumerate() {
        checker.operation(&format!("/operations/{index}"), operation);
    }
    checker.unique("/streams", "id", descriptor.streams.iter().map(|s| s.id.as_str()));
    checker.unique("/operations", "id", descriptor.operations.iter().map(|o| o.id.as_str()));
    checker.unique("/auth", "id", descriptor.auth.iter().map(AuthMethod::id));
    checker.unique("/configFields", "key", descriptor.config_fields.iter().map(|f| f.key.as_str()));
    checker.webhook();
    checker.health();
    checker.mistakes
}

struct Checker<'d> {
    descriptor: &'d Descriptor,
    mistakes: Vec<Mistake>,
}

impl Checker<'_> {
    fn say(&mut self, pointer: &str, message: impl Into<String>) {
        self.mistakes.push(Mistake { pointer: pointer.to_owned(), message: message.into() });
    }

    fn say_unless(&mut self, holds: bool, pointer: &str, message: &str) {
        if !holds {
            self.say(pointer, message);
        }
    }

    fn compiles<T>(&mut self, pointer: &str, result: Result<T, MapError>) -> Option<T> {
        result.map_err(|error| self.say(pointer, error.to_string())).ok()
    }

    fn path(&mut self, pointer: &str, path: &str) {
        self.compiles(pointer, Path::compile(path));
    }

    fn predicate(&mut self, pointer: &str, predicate: &Predicate) {
        if let Err(error) = Path::compile(&predicate.path) {
            self.say(&format!("{pointer}/path"), error.to_string());
        } else if let Err(error) = Test::compile(predicate) {
            self.say(&format!("{pointer}/value"), error.to_string());
        }
    }

    fn pattern(&mut self, pointer: &str, pattern: &str) {
        self.compiles(pointer, matcher(pattern));
    }

    fn unique<'i>(&mut self, pointer: &str, name: &str, ids: impl Iterator<Item = &'i str>) {
        let mut seen = BTreeSet::new();
        for (index, id) in ids.enumerate() {
            if !seen.insert(id) {
                self.say(&format!("{pointer}/{index}/{name}"), format!("\"{id}\" is there already"));
            }
        }
    }

    /// A template may use the connector's settings and what the place adds.
    fn template(&mut self, pointer: &str, text: &str, known: &[&str]) -> Vec<String> {
        let names = self.compiles(pointer, Template::compile(text)).map(|t| t.names()).unwrap_or_default();
        self.names(pointer, &names, known);
        names
    }

    fn json_template(&mut self, pointer: &str, value: &Value, known: &[&str]) {
        if let Some(template) = self.compiles(pointer, JsonTemplate::compile(value)) {
            self.names(pointer, &template.names(), known);
        }
    }

    fn names(&mut self, pointer: &str, names: &[String], known: &[&str]) {
        let mut all: Vec<String> =
            self.descriptor.config_fields.iter().map(|field| format!("config.{}", field.key)).collect();
        all.push("config.baseUrl".into());
        all.extend(self.descriptor.captured_settings().map(|name| format!("config.{name}")));
        all.extend(known.iter().map(|&name| name.to_owned()));
        let below = |name: &str, of: &str| name.strip_prefix(of).is_some_and(|rest| rest.starts_with('.'));
        for name in names {
            // A whole is there where its parts are: `{{ params|json }}`.
            if all.iter().any(|k| k == name || below(name, k) || below(k, name)) {
                continue;
            }
            let hint = match nearest(name, all.iter().map(String::as_str)) {
                _ if name.starts_with("secret.") && !known.iter().any(|k| k.starts_with("secret.")) => {
                    ". Secrets go only where a sign-in puts them".to_owned()
                }
                Some(meant) => format!(". Did you mean \"{meant}\"?"),
                None => String::new(),
            };
            self.say(pointer, format!("there is nothing called \"{name}\" here{hint}"));
        }
    }

    /// The name of a header (RFC 9110 section 5.1), and not one that the program itself writes.
    fn header_name(&mut self, pointer: &str, name: &str) {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(token) {
            self.say(pointer, "a header's name has letters, digits and hyphens");
        }
        let own = ["host", "content-length", "transfer-encoding", "connection", "te", "upgrade"];
        if own.contains(&name.to_ascii_lowercase().as_str()) {
            self.say(pointer, "this header is written by the program itself");
        }
    }

    fn filled(&mut self, pointer: &str, text: &str) {
        self.say_unless(!text.trim().is_empty(), pointer, "it is empty");
    }

    fn at_least_one(&mut self, pointer: &str, number: Option<u64>) {
        self.say_unless(number != Some(0), pointer, "it is at least 1");
    }

    fn status(&mut self, pointer: &str, status: u16) {
        self.say_unless((100..=599).contains(&status), pointer, "a status code has a number from 100 to 599");
    }
}

/// Whether a text as a whole fits a pattern.
fn matcher(pattern: &str) -> Result<Test, MapError> {
    Test::compile(&Predicate {
        path: "$".into(),
        operator: PredicateOperator::Matches,
        value: Some(Value::from(format!("^(?:{pattern})$"))),
    })
    .and_then(|whole| {
        // Alone too: "a)(b" is in order only between parentheses.
        Test::compile(&Predicate {
            path: "$".into(),
            operator: PredicateOperator::Matches,
            value: Some(Value::from(pattern)),
        })
        .map(|_| whole)
    })
}

/// `[a-z]` first, then what `more` allows; at most `most` characters.
fn is_name(text: &str, most: usize, more: impl Fn(char) -> bool) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase()) && chars.clone().count() < most && chars.all(more)
}

/// The place of a member below another.
fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", escape(name))
}
