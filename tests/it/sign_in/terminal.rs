//! What a person does at a terminal: types what nobody should see, and stops what they began.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::pty::{OpenptyResult, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};
use patchbay_tests::cli::program;
use patchbay_tests::{Cli, SandboxProcess, Waiting};
use serde_json::json;

const OLD: &str = "a passphrase for tests";
const NEW: &str = "another one that is typed";

/// A program on a terminal of its own, and what it shows there.
struct Terminal {
    child: Child,
    screen: File,
    shown: String,
}

impl Terminal {
    fn start(cli: &Cli, args: &[&str]) -> Self {
        let OpenptyResult { master, slave } = openpty(None, None).unwrap();
        let side = || Stdio::from(slave.try_clone().unwrap());
        let child = Command::new("setsid")
            .args(["--ctty", "--wait"])
            .arg(program())
            .args(["--secrets", "passphrase"])
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", cli.folder())
            .env("PATCHBAY_DATA_DIR", cli.data_dir())
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .unwrap();
        Self { child, screen: File::from(master), shown: String::new() }
    }

    /// Waits until it asks and shows no more what is typed, and answers.
    fn answers(&mut self, question: &str, answer: &str) {
        let from = self.shown.len();
        while !self.shown[from..].contains(question) {
            assert!(self.reads(), "it ended before it asked {question}: {}", self.shown);
        }
        let started = Instant::now();
        while tcgetattr(&self.screen).unwrap().local_flags.contains(LocalFlags::ECHO) {
            assert!(started.elapsed() < Duration::from_secs(20), "what is typed would be shown");
            std::thread::sleep(Duration::from_millis(5));
        }
        self.screen.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }

    /// Reads what it shows next; false where it has ended.
    fn reads(&mut self) -> bool {
        let mut some = [0; 512];
        // Where nobody has the other side any more, reading is an error.
        let read = self.screen.read(&mut some).unwrap_or(0);
        self.shown.push_str(&String::from_utf8_lossy(&some[..read]));
        read > 0
    }

    /// Its exit code, and all that it showed.
    fn finish(mut self) -> (i32, String) {
        while self.reads() {}
        (self.child.wait().unwrap().code().unwrap_or(-1), self.shown)
    }
}

#[test]
fn a_passphrase_is_typed_unseen_and_changed() {
    let cli = Cli::new();
    // The first one locks the store.
    cli.ok(&["connections"]);

    let mut listing = Terminal::start(&cli, &["connections"]);
    listing.answers("Passphrase: ", OLD);
    let (code, shown) = listing.finish();
    assert!(code == 0 && shown.contains("0 in all") && !shown.contains(OLD), "{code}: {shown}");

    let mut wrong = Terminal::start(&cli, &["connections"]);
    wrong.answers("Passphrase: ", "not the one");
    let (code, shown) = wrong.finish();
    assert!(code != 0 && shown.contains("PASSPHRASE_WRONG"), "{code}: {shown}");

    let mut slip = Terminal::start(&cli, &["secrets", "change-passphrase"]);
    slip.answers("Passphrase that holds now: ", OLD);
    slip.answers("New passphrase: ", NEW);
    slip.answers("The same again: ", "another one that is tpyed");
    let (code, shown) = slip.finish();
    assert!(code == 2 && shown.contains("not the same"), "{code}: {shown}");
    cli.ok(&["connections"]);

    let mut change = Terminal::start(&cli, &["secrets", "change-passphrase"]);
    change.answers("Passphrase that holds now: ", OLD);
    change.answers("New passphrase: ", NEW);
    change.answers("The same again: ", NEW);
    let (code, shown) = change.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains(NEW) && !shown.contains(OLD), "nothing that was typed is shown: {shown}");

    let old = cli.run(&["connections"]);
    assert_eq!(old.json()["problem"]["code"], "PASSPHRASE_WRONG", "{old:?}");
    let mut listing = Terminal::start(&cli, &["connections"]);
    listing.answers("Passphrase: ", NEW);
    assert_eq!(listing.finish().0, 0);

    // And back, by a program: both on standard input, one a line.
    let mut command = cli.command(&["secrets", "change-passphrase"]);
    command.env_remove("PATCHBAY_PASSPHRASE").stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{NEW}\n{OLD}\n").as_bytes()).unwrap();
    let changed = patchbay_tests::cli::finish(child);
    assert_eq!((changed.code, changed.json()["store"].clone()), (0, json!("passphrase")), "{changed:?}");
    cli.ok(&["connections"]);
}

/// `connect` to the tracker, without a browser.
fn connect(cli: &Cli, sandbox: &SandboxProcess, name: &str) -> Command {
    let base = format!("baseUrl={}", sandbox.access["trackerUrl"].as_str().unwrap());
    let arguments = ["connect", "sandbox-tracker", "--name", name, "--oauth", "--no-browser"];
    cli.command(&[&arguments[..], &["--set", &base, "--allow-private"]].concat())
}

#[test]
fn a_sign_in_that_is_stopped_ends_in_order() {
    use nix::sys::signal::{Signal, kill};
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let waiting = Waiting::of(connect(&cli, &sandbox, "work"));
        let page = waiting.url.clone();
        kill(nix::unistd::Pid::from_raw(waiting.pid().cast_signed()), signal).unwrap();
        let stopped = waiting.finish();
        assert_eq!(stopped.code, 1, "not killed: {stopped:?}");
        assert_eq!(stopped.json()["problem"]["code"], "CANCELLED", "{stopped:?}");
        assert!(stopped.stderr.contains("Nothing was stored."), "{stopped:?}");
        let back = url::Url::parse(&page).unwrap();
        let back = back.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
        let port = url::Url::parse(&back).unwrap().port().unwrap();
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens any more");
    }
    assert_eq!(cli.ok(&["connections"])["total"], 0);
    // It was ended, and not cut off.
    let ends = super::product::rows(&cli, "SELECT connector, code FROM sign_in_attempts");
    let cancelled = |(_, code): &(String, Option<String>)| code.as_deref() == Some("CANCELLED");
    assert!(ends.len() == 2 && ends.iter().all(cancelled), "{ends:?}");
}

#[test]
fn a_name_that_is_taken_is_said_before_anybody_signs_in() {
    let (cli, sandbox) = (Cli::new(), SandboxProcess::start());
    let token = cli.file("token.txt", sandbox.access["trackerToken"].as_str().unwrap());
    let (base, secret) = (
        format!("baseUrl={}", sandbox.access["trackerUrl"].as_str().unwrap()),
        format!("token=@{}", token.display()),
    );
    let by_key = ["connect", "sandbox-tracker", "--name", "work", "--set", &base, "--secret", &secret];
    cli.ok(&[&by_key[..], &["--allow-private"]].concat());
    let taken = patchbay_tests::cli::finish(connect(&cli, &sandbox, "work").spawn().unwrap());
    assert_eq!((taken.code, taken.json()["problem"]["code"].clone()), (1, json!("CONFLICT")), "{taken:?}");
    assert!(!taken.stderr.contains("http"), "no page was named: {taken:?}");
    assert!(super::product::rows(&cli, "SELECT id, code FROM sign_in_attempts").is_empty());
}
