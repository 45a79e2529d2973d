//! A command of `patchbay-cli` that waits for somebody to sign in, and that somebody.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};
use std::thread::JoinHandle;

use url::Url;

use crate::cli::{Output, finish};
use crate::oauth::Asked;
use crate::visitor::{Page, Visitor};
use crate::wire::Answer;

/// A command that has said which page to open, and waits.
#[derive(Debug)]
pub struct Waiting {
    child: Child,
    said: String,
    rest: JoinHandle<String>,
    /// The page to sign in on.
    pub url: String,
}

impl Waiting {
    /// Starts the command and waits until it names a page; panics where it ends before.
    pub fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut messages = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let url = loop {
            let mut line = String::new();
            if messages.read_line(&mut line).unwrap() == 0 {
                let output = finish(child);
                panic!("it named no page: {said}{output:?}");
            }
            said.push_str(&line);
            if let Some(at) = line.find("http") {
                break line[at..].trim_end().to_owned();
            }
        };
        let rest = std::thread::spawn(move || {
            let mut rest = String::new();
            messages.read_to_string(&mut rest).unwrap();
            rest
        });
        Self { child, said, rest, url }
    }

    /// The code that the person enters, where that is the way.
    pub fn user_code(&self) -> Option<&str> {
        let (_, rest) = self.said.split_once("Enter the code ")?;
        rest.split_whitespace().next()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends.
    pub fn finish(self) -> Output {
        let output = finish(self.child);
        Output { stderr: self.said + &self.rest.join().unwrap(), ..output }
    }

    /// Ends it as a crash does.
    pub fn kill(mut self) -> Output {
        let _ = self.child.kill();
        self.finish()
    }
}

/// Answers a consent page of the sandbox's tracker: who it is, and `allow` or `deny`. Follows the way
/// back to the program, as a browser does.
pub fn answer(visitor: &mut Visitor, page: &Page, login: &str, answer: &str) -> Answer {
    let back = visitor.send(page, &page.form(), &[("account", login), ("answer", answer)]).away();
    come_back(&back)
}

/// Opens a page that answers for the person, and follows the way back to the program.
pub fn pass(url: &str) -> Answer {
    come_back(&Visitor::of(url).open(url).away())
}

/// Goes where a sign-in's page leads to, as a browser does.
pub fn come_back(back: &Url) -> Answer {
    let target = back[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
    let asked = Asked { parameters: Vec::new() };
    asked.navigate(&target).send(back.port().unwrap())
}
