//! kill -9 while tokens are renewed, while somebody connects, and while somebody disconnects. Afterwards it
//! works, or it says that somebody has to sign in again.

use std::process::Child;
use std::time::{Duration, Instant};

use patchbay_tests::cli::finish;
use patchbay_tests::oauth::{Reply, definition};
use patchbay_tests::waiting::pass;
use patchbay_tests::{Cli, Random, ScriptedOauth, Waiting, sample};
use serde_json::json;

const REFRESH: &str = "refresh_token";

/// A command line that knows the scripted server.
struct Desk {
    cli: Cli,
    server: ScriptedOauth,
}

impl Desk {
    fn new() -> Self {
        let (cli, server) = (Cli::new(), ScriptedOauth::start());
        let document = definition(&server.at("/api"), &server.url(), &json!({}));
        let file = cli.file("scripted.json", &document.to_string());
        cli.ok(&["descriptor", "add", file.to_str().unwrap()]);
        server.consent(true);
        Self { cli, server }
    }

    fn connect(&self) -> Waiting {
        let args = ["connect", "scripted", "--name", "work", "--oauth", "--no-browser", "--allow-private"];
        Waiting::of(self.cli.command(&args))
    }

    fn reconnect(&self) {
        let waiting = Waiting::of(self.cli.command(&["connection", "reconnect", "work", "--no-browser"]));
        assert_eq!(pass(&waiting.url).status, 200);
        let output = waiting.finish();
        assert_eq!(output.code, 0, "{output:?}");
    }

    /// Each connection with whether it has a secret; and renewals of which no end is known.
    fn kept(&self) -> (Vec<(String, bool)>, i64) {
        use sqlx::ConnectOptions as _;
        let file = self.cli.data_dir().join("workspaces/default/patchbay.db");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut database =
                sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.unwrap();
            let connections = sqlx::query_as("SELECT name, credential IS NOT NULL FROM connections");
            let renewals = sqlx::query_scalar("SELECT count(*) FROM renewals");
            (
                connections.fetch_all(&mut database).await.unwrap(),
                renewals.fetch_one(&mut database).await.unwrap(),
            )
        })
    }
}

/// Ends a process as a crash does, after a while; whether it was still at work.
fn kill(mut child: Child, after: Duration) -> bool {
    std::thread::sleep(after);
    let at_work = child.try_wait().unwrap().is_none();
    let _ = child.kill();
    finish(child);
    at_work
}

fn up_to(random: &mut Random, limit: Duration) -> Duration {
    Duration::from_micros(random.below(limit.as_micros() as u64))
}

/// What the kills left behind.
#[derive(Default, Debug)]
struct Tally {
    /// The renewal had been asked for, and the process was at work.
    inside: usize,
    works: usize,
    works_after_inside: usize,
    sign_in_again: usize,
}

#[test]
fn a_kill_inside_a_renewal_leaves_what_works_or_asks_to_sign_in_again() {
    let desk = Desk::new();
    let waiting = desk.connect();
    assert_eq!(pass(&waiting.url).status, 200);
    assert_eq!(waiting.finish().code, 0);
    let (cli, server) = (&desk.cli, &desk.server);
    let id = cli.ok(&["connection", "show", "work"])["id"].clone();
    let started = Instant::now();
    server.expire();
    cli.ok(&["get", "work", "/me"]);
    let usual = started.elapsed();
    let (count, seed) = sample(100);
    let (mut random, mut tally) = (Random(seed), Tally::default());
    let count = count.max(8);
    let enough = |tally: &Tally| {
        tally.inside * 2 >= count && tally.works_after_inside * 8 >= count && tally.sign_in_again * 8 >= count
    };
    for round in 0..count * 4 {
        if round >= count && enough(&tally) {
            break;
        }
        // A service whose refresh tokens stay good loses nothing by a kill.
        let rotates = random.below(4) > 0;
        server.rotate(rotates);
        server.expire();
        let asked = server.calls(REFRESH);
        server.script([Reply::Held(Box::new(Reply::Good))]);
        let mut child = cli.start(&["get", "work", "/me"]);
        let at_work = if random.below(4) == 0 {
            // Anywhere in the whole call, its answer as it comes.
            server.script([]);
            kill(child, up_to(&mut random, usual))
        } else {
            server.wait_for_calls(REFRESH, asked + 1);
            server.wait_until_held();
            if random.below(3) > 0 {
                server.release();
                kill(child, up_to(&mut random, Duration::from_millis(25)))
            } else {
                assert!(child.try_wait().unwrap().is_none(), "it ended without an answer");
                kill(child, up_to(&mut random, Duration::from_millis(5)))
            }
        };
        server.release();
        server.script([]);
        let inside = at_work && server.calls(REFRESH) > asked;
        let context = format!("round {round} of seed {seed}, rotation {rotates}, inside {inside}: {tally:?}");
        assert_eq!(desk.kept().0, [("work".to_owned(), true)], "{context}");

        let next = cli.run(&["get", "work", "/me"]);
        tally.inside += usize::from(inside);
        if next.code == 0 {
            assert_eq!(next.json()["data"]["name"], "Scripted", "{context}");
            tally.works += 1;
            tally.works_after_inside += usize::from(inside);
        } else {
            let said = next.json()["problem"]["code"].clone();
            assert_eq!((next.code, &said), (4, &json!("AUTH_REVOKED")), "{context}: {next:?}");
            assert!(inside && rotates, "nothing was lost, and it asks to sign in again: {context}");
            assert_eq!(cli.ok(&["connection", "show", "work"])["state"], "stale", "{context}");
            tally.sign_in_again += 1;
            desk.reconnect();
            assert_eq!(cli.run(&["get", "work", "/me"]).code, 0, "{context}");
        }
        assert_eq!(desk.kept(), (vec![("work".to_owned(), true)], 0), "{context}");
        let shown = cli.ok(&["connection", "show", "work"]);
        assert_eq!((&shown["id"], &shown["state"]), (&id, &json!("connected")), "{context}");
    }
    println!("{tally:?}");
    assert!(enough(&tally), "too few kills hit the middle: {tally:?}");
}

#[test]
fn a_kill_while_connecting_or_disconnecting_leaves_all_or_nothing() {
    let desk = Desk::new();
    let (cli, server) = (&desk.cli, &desk.server);
    let (count, seed) = sample(100);
    let (mut random, count) = (Random(seed), count.max(8));
    let (mut connected, mut nothing, mut half_disconnected, mut inside) = (0, 0, 0, 0);
    for round in 0..count * 4 {
        if round >= count && connected * 5 >= count && nothing * 5 >= count && inside * 5 >= count {
            break;
        }
        let context = format!("round {round} of seed {seed}");
        let seen = server.calls("authorization_code");
        server.script([Reply::Held(Box::new(Reply::Good))]);
        let waiting = desk.connect();
        let url = waiting.url.clone();
        let person = std::thread::spawn(move || pass(&url));
        server.wait_for_calls("authorization_code", seen + 1);
        server.wait_until_held();
        if random.below(4) > 0 {
            server.release();
        }
        // From the code's exchange over the test to the end of the process.
        std::thread::sleep(up_to(&mut random, Duration::from_millis(80)));
        let killed = waiting.kill();
        server.release();
        server.script([]);
        let _ = person.join();
        inside += usize::from(killed.code == -1);

        let listed = cli.ok(&["connections"]);
        let (kept, renewals) = desk.kept();
        assert_eq!(renewals, 0, "{context}");
        assert_eq!(listed["total"], kept.len(), "{context}");
        if kept.is_empty() {
            nothing += 1;
            assert_ne!(killed.code, 0, "it said that it was connected: {context}: {killed:?}");
            let waiting = desk.connect();
            assert_eq!(pass(&waiting.url).status, 200, "{context}");
            assert_eq!(waiting.finish().code, 0, "{context}: the name is free");
        } else {
            connected += 1;
            assert_eq!(kept, [("work".to_owned(), true)], "{context}: no connection without its secret");
        }
        assert_eq!(cli.run(&["get", "work", "/me"]).code, 0, "{context}");

        // Its end may be cut off, too: then it is there as it was, or gone.
        let given_back = server.seen("/revoke").len();
        server.script_at("/revoke", [Reply::Held(Box::new(Reply::Good))]);
        let child = cli.start(&["connection", "disconnect", "work"]);
        server.wait_until_held();
        if random.below(2) > 0 {
            server.release();
        }
        kill(child, up_to(&mut random, Duration::from_millis(40)));
        server.release();
        server.script_at("/revoke", []);
        assert!(server.seen("/revoke").len() > given_back, "{context}");
        let (kept, _) = desk.kept();
        if !kept.is_empty() {
            half_disconnected += 1;
            assert_eq!(kept, [("work".to_owned(), true)], "{context}");
            assert_eq!(cli.run(&["connection", "disconnect", "work"]).code, 0, "{context}");
        }
        assert_eq!(desk.kept(), (Vec::new(), 0), "{context}");
    }
    println!("connected {connected}, nothing {nothing}, killed inside {inside}, half gone {half_disconnected}");
    assert!(connected * 8 >= count && nothing * 8 >= count && half_disconnected > 0, "{connected} {nothing}");
}
