//! Whose requests they are.

use serde_json::{Value, json};

use crate::world::Person;

/// A pretend person who can sign in to the tracker.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: u64,
    pub(crate) login: &'static str,
    pub(crate) name: &'static str,
    pub(crate) email: &'static str,
}

/// Who can sign in. The token that the sandbox hands out is the first one's.
pub(crate) const ACCOUNTS: [Account; 2] = [
    Account { id: 1, login: "amira", name: "Amira K", email: "amira@example.test" },
    Account { id: 3, login: "noor", name: "Noor B", email: "noor@example.test" },
];

/// The account with this login.
pub(crate) fn account(login: &str) -> Option<&'static Account> {
    ACCOUNTS.iter().find(|account| account.login == login)
}

/// Who makes a request, as its key or access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A person, or a program that acts for one.
    Person(&'static Account),
    /// A program that acts for itself (RFC 6749 section 4.4), by its client id.
    Service(String),
}

impl Caller {
    /// What the tracker tells the caller about itself.
    pub(crate) fn told(&self) -> Value {
        match self {
            Self::Person(Account { id, login, name, email }) => {
                json!({ "id": id, "login": login, "name": name, "email": email })
            }
            Self::Service(client) => {
                json!({ "id": 90, "login": client, "name": client, "email": self.person().email })
            }
        }
    }

    /// Who has written what the caller makes.
    pub(crate) fn person(&self) -> Person {
        match self {
            Self::Person(account) => {
                Person { login: account.login.to_owned(), email: account.email.to_owned() }
            }
            Self::Service(client) => Person { login: client.clone(), email: format!("{client}@example.test") },
        }
    }
}
