//! Files in granted folders: nothing outside is reached, nothing is half written, nothing happens
//! twice.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use patchbay_model::time::ManualClock;
use patchbay_model::{ConnectionId, ConnectionState};

use super::*;

struct Bench {
    dir: tempfile::TempDir,
    files: LocalFiles,
    connection: Connection,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["data", "home", "granted", "granted/sub", "outside"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let home = dir.path().join("home");
        let files = LocalFiles::new(&dir.path().join("data"), Some(&home), clock);
        let connection = connection(files.grants(&folders(&[&dir.path().join("granted")])).unwrap());
        Self { dir, files, connection }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("granted").join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    async fn call(&self, operation: &str, params: Value, key: Option<&str>) -> Answer {
        self.files.call(&self.connection, Call { operation, params: &params, key }).await
    }

    async fn done(&self, operation: &str, params: Value, key: &str) -> Value {
        let answer = self.call(operation, params.clone(), Some(key)).await;
        assert_eq!(answer.meaning, Meaning::Done, "{operation} {params}");
        answer.body
    }

    async fn code(&self, operation: &str, params: Value) -> Option<Code> {
        code(&self.call(operation, params, None).await)
    }
}

fn code(answer: &Answer) -> Option<Code> {
    match &answer.meaning {
        Meaning::NotDone(problem) => Some(problem.code()),
        _ => None,
    }
}

fn folders(paths: &[&Path]) -> Map<String, Value> {
    Map::from_iter([("folders".to_owned(), json!(paths))])
}

fn connection(origins: Vec<String>) -> Connection {
    Connection {
        id: ConnectionId::new("c"),
        name: "Files".into(),
        connector: "local-files".into(),
        descriptor_version: "1.0.0".into(),
        auth_method: None,
        config: Map::new(),
        origins,
        allow_private: false,
        state: ConnectionState::Connected,
        paused: false,
        scopes: Vec::new(),
        account: None,
        metadata: Map::new(),
        created_at: patchbay_model::Timestamp::UNIX_EPOCH,
        last_connected_at: None,
        last_tested_at: None,
        last_error: None,
        calls_ok: 0,
        calls_failed: 0,
    }
}

#[test]
fn what_holds_keys_or_the_whole_computer_cannot_be_granted() {
    let bench = Bench::new();
    symlink("/", bench.path("to-root")).unwrap();
    symlink(bench.path("home"), bench.path("to-home")).unwrap();
    symlink(bench.path("granted"), bench.path("to-granted")).unwrap();
    std::fs::write(bench.path("plain"), "").unwrap();
    for name in ["", "home", "data", "to-root", "to-home", "plain", "missing", "to-root/proc", "home/.."] {
        let refused = bench.files.grants(&folders(&[&bench.path(name)])).unwrap_err();
        assert_eq!(refused.code(), Code::InputInvalid, "{name}");
        assert_eq!(refused.subject(), Some(&Subject::Field { name: "folders".into() }), "{name}");
    }
    for text in ["/", "/proc", "/dev/shm", "/sys/kernel", "granted", "~/x", "./x"] {
        assert!(bench.files.grants(&folders(&[Path::new(text)])).is_err(), "{text}");
    }
    assert!(bench.files.grants(&Map::new()).is_err(), "no folder at all");
    // A link is granted as what it leads to, and a folder with a dot where it is meant.
    std::fs::create_dir(bench.path("home/.notes")).unwrap();
    let granted = bench.files.grants(&folders(&[
        &bench.path("to-granted"),
        &bench.path("granted"),
        &bench.path("home/.notes"),
    ]));
    let real = |name: &str| format!("file://{}", bench.path(name).canonicalize().unwrap().display());
    assert_eq!(granted.unwrap(), [real("granted"), real("home/.notes")]);
}

/// Ways to leave a folder, or to reach what is not for chains.
fn escapes() -> Vec<String> {
    let plain = [
        "",
        ".",
        "..",
        "../outside/secret.txt",
        "sub/../../outside/secret.txt",
        "sub/..",
        "./a.txt",
        "sub/./a.txt",
        "/etc/passwd",
        "//etc/passwd",
        "sub//a.txt",
        "sub/",
        ".hidden",
        "sub/.ssh/id",
        ".ssh/id",
        "a\0b",
        "a\nb",
        "link.txt",
        "to-hidden.txt",
        "to-outside/secret.txt",
        "to-hidden/id",
        "to-root/etc/passwd",
        "loop",
        "loop/x",
        "pipe",
        "socket",
        "sub",
        "a.txt/x",
        "/proc/self/environ",
        "...",
    ];
    let mut all: Vec<String> = plain.iter().map(|text| (*text).to_owned()).collect();
    all.extend(["x".repeat(300), "x/".repeat(600) + "x", "\u{9b}31m".to_owned()]);
    all
}

#[tokio::test]
async fn no_name_leads_out_of_the_granted_folder() {
    let bench = Bench::new();
    std::fs::write(bench.path("outside/secret.txt"), "secret").unwrap();
    std::fs::write(bench.file("a.txt"), "a").unwrap();
    std::fs::create_dir(bench.file(".ssh")).unwrap();
    std::fs::write(bench.file(".ssh/id"), "secret").unwrap();
    std::fs::write(bench.file(".hidden"), "secret").unwrap();
    symlink(bench.path("outside/secret.txt"), bench.file("link.txt")).unwrap();
    symlink(bench.path("outside"), bench.file("to-outside")).unwrap();
    symlink(".ssh", bench.file("to-hidden")).unwrap();
    symlink(".hidden", bench.file("to-hidden.txt")).unwrap();
    symlink("/", bench.file("to-root")).unwrap();
    symlink("loop", bench.file("loop")).unwrap();
    nix::unistd::mkfifo(&bench.file("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(bench.file("socket")).unwrap();
    let mut tried = 0;
    for name in escapes() {
        for (operation, params) in [
            ("read_text", json!({ "file": name })),
            ("read_csv", json!({ "file": name })),
            ("write_text", json!({ "file": name, "text": "owned" })),
            ("append_csv", json!({ "file": name, "row": { "a": 1 } })),
            ("restore_file", json!({ "file": name, "hash": sha256_hex(b"secret") })),
            ("remove_csv_row", json!({ "file": name, "line": "secret" })),
        ] {
            let answer = bench.call(operation, params, None).await;
            assert!(matches!(answer.meaning, Meaning::NotDone(_)), "{operation} {name:?}: {answer:?}");
            assert!(!answer.body.to_string().contains("secret"), "{operation} {name:?}");
            tried += 1;
        }
    }
    assert!(tried > 150);
    // Nothing else stands there now, and nothing was written over.
    let names = |path: PathBuf| {
        let mut names: Vec<String> =
            std::fs::read_dir(path).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(bench.path("outside")), ["secret.txt"]);
    assert_eq!(std::fs::read_to_string(bench.path("outside/secret.txt")).unwrap(), "secret");
    assert_eq!(names(bench.file("sub")), Vec::<String>::new());
    let all = names(bench.file(""));
    assert_eq!(all.len(), 12, "{all:?}");
    // Lists do not show what cannot be reached.
    let listed = bench.call("list_files", json!({ "deep": true }), None).await;
    assert_eq!(listed.body.as_array().map(Vec::len), Some(1), "{listed:?}");
    for within in ["..", "to-outside", ".ssh", "/etc"] {
        assert!(bench.code("list_files", json!({ "within": within })).await.is_some(), "{within}");
    }
}

#[tokio::test]
async fn names_are_taken_as_they_are_written() {
    let bench = Bench::new();
    std::fs::write(bench.file("Notes.txt"), "upper").unwrap();
    std::fs::write(bench.file("a\\..\\b"), "odd").unwrap();
    assert_eq!(bench.done("read_text", json!({ "file": "Notes.txt" }), "k").await["text"], "upper");
    assert_eq!(bench.code("read_text", json!({ "file": "notes.txt" })).await, Some(Code::NotFound));
    // Only a slash divides here: this is one name.
    assert_eq!(bench.done("read_text", json!({ "file": "a\\..\\b" }), "k").await["text"], "odd");
}

#[tokio::test]
async fn another_folder_than_the_granted_ones_is_refused() {
    let bench = Bench::new();
    std::fs::write(bench.path("outside/a.txt"), "secret").unwrap();
    for folder in
        [bench.path("outside"), bench.path("granted/.."), bench.path("granted/sub"), PathBuf::from("/etc")]
    {
        let params = json!({ "folder": folder, "file": "a.txt" });
        let refused = bench.files.plan(&bench.connection, Ask::Call("read_text", &params)).unwrap_err();
        assert_eq!(refused.code(), Code::TargetBlocked, "{folder:?}");
        assert_eq!(bench.code("read_text", params).await, Some(Code::TargetBlocked), "{folder:?}");
    }
    let ungranted = connection(Vec::new());
    let params = json!({ "file": "a.txt" });
    let answer =
        bench.files.call(&ungranted, Call { operation: "read_text", params: &params, key: None }).await;
    assert_eq!(code(&answer), Some(Code::InputInvalid));
}

#[tokio::test]
async fn settings_that_changed_behind_our_back_grant_nothing() {
    let bench = Bench::new();
    std::fs::write(bench.path("outside/a.txt"), "secret").unwrap();
    let mut connection = bench.connection.clone();
    connection.config = folders(&[&bench.path("outside")]);
    let params = json!({ "folder": bench.path("outside"), "file": "a.txt" });
    let answer =
        bench.files.call(&connection, Call { operation: "read_text", params: &params, key: None }).await;
    assert_eq!(code(&answer), Some(Code::TargetBlocked), "what counts is what was approved");
}

#[tokio::test]
async fn a_granted_folder_that_becomes_a_link_is_not_followed() {
    let bench = Bench::new();
    std::fs::write(bench.path("outside/a.txt"), "secret").unwrap();
    std::fs::rename(bench.path("granted"), bench.path("moved")).unwrap();
    symlink(bench.path("outside"), bench.path("granted")).unwrap();
    assert_eq!(bench.code("read_text", json!({ "file": "a.txt" })).await, Some(Code::InputInvalid));
    assert_eq!(
        bench.code("write_text", json!({ "file": "b.txt", "text": "x" })).await,
        Some(Code::InputInvalid)
    );
    assert!(bench.files.health(&bench.connection).await.meaning != Meaning::Done);
    assert!(!bench.path("outside/b.txt").exists());
}

/// Somebody swaps a folder for a link to another one again and again, as fast as possible.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_is_swapped_in_meanwhile_wins_nothing() {
    let bench = Bench::new();
    std::fs::write(bench.path("outside/a.txt"), "secret").unwrap();
    std::fs::write(bench.file("sub/a.txt"), "plain").unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let (stop, sub, aside, out) = (over.clone(), bench.file("sub"), bench.path("aside"), bench.path("outside"));
    let swapping = std::thread::spawn(move || {
        let mut swaps = 0_u32;
        while !stop.load(Ordering::Relaxed) {
            std::fs::rename(&sub, &aside).unwrap();
            symlink(&out, &sub).unwrap();
            std::fs::remove_file(&sub).unwrap();
            std::fs::rename(&aside, &sub).unwrap();
            swaps += 1;
        }
        swaps
    });
    let (mut read, mut written) = (0, 0);
    for turn in 0..1_500 {
        let answer = bench.call("read_text", json!({ "file": "sub/a.txt" }), None).await;
        assert!(answer.body.is_null() || answer.body["text"] == "plain", "turn {turn}: {answer:?}");
        read += u32::from(!answer.body.is_null());
        let name = format!("sub/{turn}.txt");
        let answer = bench.call("write_text", json!({ "file": name, "text": "x" }), None).await;
        written += u32::from(answer.meaning == Meaning::Done);
    }
    over.store(true, Ordering::Relaxed);
    let swaps = swapping.join().unwrap();
    assert!(swaps > 50 && read > 0 && written > 0, "nothing was tried: {swaps} {read} {written}");
    let names: Vec<_> =
        std::fs::read_dir(bench.path("outside")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["a.txt"], "what was written went elsewhere");
}

#[tokio::test]
async fn what_is_too_large_or_no_text_is_said() {
    let bench = Bench::new();
    std::fs::write(bench.file("large.txt"), vec![b'x'; LARGEST_TEXT + 1]).unwrap();
    std::fs::write(bench.file("latin.txt"), [0xe9, b't', 0xe9]).unwrap();
    assert_eq!(bench.code("read_text", json!({ "file": "large.txt" })).await, Some(Code::InputInvalid));
    assert_eq!(bench.code("read_text", json!({ "file": "latin.txt" })).await, Some(Code::UnexpectedContent));
    let text = "x".repeat(LARGEST_TEXT + 1);
    assert_eq!(
        bench.code("write_text", json!({ "file": "a.txt", "text": text })).await,
        Some(Code::InputInvalid)
    );
    assert!(!bench.file("a.txt").exists());
}

#[tokio::test]
async fn a_written_file_is_brought_back_or_goes_again() {
    let bench = Bench::new();
    std::fs::write(bench.file("a.txt"), "before").unwrap();
    std::fs::set_permissions(bench.file("a.txt"), std::fs::Permissions::from_mode(0o640)).unwrap();
    for (name, before) in [("a.txt", Some("before")), ("new.txt", None)] {
        let wrote =
            bench.done("write_text", json!({ "file": name, "text": "after" }), &format!("w {name}")).await;
        assert_eq!((bench.text(name).as_str(), &wrote["created"]), ("after", &json!(before.is_none())));
        let undo = json!({ "file": wrote["file"], "hash": wrote["hash"], "previous": wrote["previous"] });
        // Twice: an undo that was interrupted is done again.
        for _ in 0..2 {
            bench.done("restore_file", undo.clone(), &format!("u {name}")).await;
            assert_eq!(std::fs::read_to_string(bench.file(name)).ok().as_deref(), before, "{name}");
        }
    }
    let mode = std::fs::metadata(bench.file("a.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640, "who may read it stays as it was");
    let kept = std::fs::metadata(bench.path("data/local-files/before")).unwrap().permissions().mode();
    assert_eq!(kept & 0o777, 0o700);
}

#[tokio::test]
async fn an_undo_leaves_what_somebody_changed_since() {
    let bench = Bench::new();
    let wrote = bench.done("write_text", json!({ "file": "a.txt", "text": "ours" }), "w").await;
    std::fs::write(bench.file("a.txt"), "somebody else's").unwrap();
    let undo = json!({ "file": "a.txt", "hash": wrote["hash"] });
    assert_eq!(bench.code("restore_file", undo).await, Some(Code::Conflict));
    assert_eq!(bench.text("a.txt"), "somebody else's");
    // Nor is anything brought back that was never kept, or that somebody put in its place.
    let before = bench.done("write_text", json!({ "file": "a.txt", "text": "ours again" }), "w2").await;
    let kept = bench.path("data/local-files/before").join(before["previous"].as_str().unwrap());
    std::fs::write(kept, "forged").unwrap();
    let undo = json!({ "file": "a.txt", "hash": before["hash"], "previous": before["previous"] });
    assert_eq!(bench.code("restore_file", undo).await, Some(Code::Conflict));
    for name in ["../../vault.json", "", "zz"] {
        let undo = json!({ "file": "a.txt", "hash": before["hash"], "previous": name });
        let undone = bench.call("restore_file", undo, None).await;
        assert_eq!(code(&undone).is_some(), !name.is_empty(), "{name:?}");
    }
}

#[tokio::test]
async fn a_repeated_call_is_recognised_and_acts_once() {
    let bench = Bench::new();
    let row = json!({ "file": "t.csv", "row": { "n": 1 } });
    let first = bench.done("append_csv", row.clone(), "one").await;
    assert_eq!(bench.done("append_csv", row.clone(), "one").await, first, "the same key gives the same");
    assert_eq!(bench.text("t.csv"), "n\r\n1\r\n");
    // Another key is another row, though it reads the same.
    bench.done("append_csv", row.clone(), "two").await;
    assert_eq!(bench.text("t.csv"), "n\r\n1\r\n1\r\n");
    // The first again, however the file has changed since.
    assert_eq!(bench.done("append_csv", row, "one").await, first);
    assert_eq!(bench.text("t.csv"), "n\r\n1\r\n1\r\n");
}

/// Every state that a kill can leave, and what the next start makes of the call that was cut off,
/// where another call to the same file comes first.
#[tokio::test]
async fn a_call_that_was_cut_off_happens_once_or_is_said_to_be_unknown() {
    let (before, after) = ("n\r\n1\r\n", "n\r\n1\r\n2\r\n");
    for (left, want) in [
        // Killed before the file was changed, and after it.
        (before, Ok("n\r\n1\r\n3\r\n2\r\n")),
        (after, Ok("n\r\n1\r\n2\r\n3\r\n")),
        // Somebody else wrote to it meanwhile.
        ("n\r\n9\r\n", Err(Code::UnknownOutcome)),
    ] {
        let bench = Bench::new();
        std::fs::write(bench.file("t.csv"), before).unwrap();
        let row = |n: u32| json!({ "file": "t.csv", "row": { "n": n } });
        cut_off(&bench, "t.csv", before, after);
        std::fs::write(bench.file("t.csv"), left).unwrap();
        bench.done("append_csv", row(3), "another").await;
        let answer = bench.call("append_csv", row(2), Some("cut off")).await;
        match want {
            Ok(text) => {
                assert_eq!((answer.meaning, bench.text("t.csv").as_str()), (Meaning::Done, text), "{left:?}");
            }
            Err(wanted) => {
                let Meaning::Unknown(problem) = &answer.meaning else { panic!("{left:?}: {answer:?}") };
                assert_eq!(problem.code(), wanted, "{left:?}");
                assert!(bench.text("t.csv").ends_with("9\r\n3\r\n"), "nothing is tried again");
            }
        }
    }
}

/// A call with the key "cut off" was ended between its note and its answer.
fn cut_off(bench: &Bench, file: &str, before: &str, after: &str) {
    let folder = bench.path("granted").canonicalize().unwrap().display().to_string();
    let cut_off = kept::UnderWay {
        note: sha256_hex(b"c/cut off"),
        folder: (folder, file.into()),
        before: Some(sha256_hex(before.as_bytes())),
        after: Some(sha256_hex(after.as_bytes())),
        result: json!({ "appended": true }),
    };
    bench.files.inner.kept.begin(&cut_off).unwrap();
}

/// The drive is not there for a while: that says nothing about what became of the call.
#[tokio::test]
async fn a_call_that_was_cut_off_waits_until_its_file_can_be_looked_at() {
    let (before, after) = ("n\r\n1\r\n", "n\r\n1\r\n2\r\n");
    for elsewhere in [false, true] {
        let bench = Bench::new();
        let row = json!({ "file": "sub/t.csv", "row": { "n": 2 } });
        std::fs::write(bench.file("sub/t.csv"), after).unwrap();
        cut_off(&bench, "sub/t.csv", before, after);
        std::fs::rename(bench.file("sub"), bench.path("away")).unwrap();
        for key in ["cut off", "another", "cut off"] {
            let answer = bench.call("append_csv", row.clone(), Some(key)).await;
            assert_eq!(code(&answer), Some(Code::NotFound), "{key}");
        }
        if elsewhere {
            // What goes to another file is not kept from it, and does not cover the trace.
            for n in 0..2 {
                let other = json!({ "file": "other.csv", "row": { "n": n } });
                bench.done("append_csv", other, &format!("other {n}")).await;
            }
            assert_eq!(bench.text("other.csv"), "n\r\n0\r\n1\r\n");
        }
        std::fs::rename(bench.path("away"), bench.file("sub")).unwrap();
        bench.done("append_csv", row.clone(), "cut off").await;
        assert_eq!(bench.text("sub/t.csv"), after, "it happened before, and once");
        bench.done("append_csv", row, "another").await;
        assert_eq!(bench.text("sub/t.csv"), "n\r\n1\r\n2\r\n2\r\n");
    }
}

#[tokio::test]
async fn rows_that_are_added_at_the_same_time_are_all_there() {
    let bench = Bench::new();
    let rows = (0..40).map(|n| {
        let params = json!({ "file": "t.csv", "row": { "n": n } });
        async move { (n, params) }
    });
    let calls = rows.map(|row| async {
        let (n, params) = row.await;
        bench.done("append_csv", params, &n.to_string()).await
    });
    futures_util::future::join_all(calls).await;
    let mut numbers: Vec<u32> = bench.text("t.csv").lines().skip(1).map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..40).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_added_row_goes_again_and_the_table_with_it_where_it_was_new() {
    let bench = Bench::new();
    let add = |n: u32| json!({ "file": "t.csv", "row": { "n": n, "text": "a \"b\"\nc" } });
    let undo = |added: &Value| json!({ "file": "t.csv", "line": added["line"], "created": added["created"] });
    let (first, second) =
        (bench.done("append_csv", add(1), "1").await, bench.done("append_csv", add(2), "2").await);
    bench.done("remove_csv_row", undo(&second), "u2").await;
    assert_eq!(bench.text("t.csv"), "n,text\r\n1,\"a \"\"b\"\"\nc\"\r\n");
    bench.done("remove_csv_row", undo(&first), "u1").await;
    assert!(!bench.file("t.csv").exists());
    // Again, as after a kill; and what is not there any more is no trouble.
    bench.done("remove_csv_row", undo(&first), "u1").await;
    // In any order: what made the table may go first.
    let rows = [bench.done("append_csv", add(1), "3").await, bench.done("append_csv", add(2), "4").await];
    bench.done("remove_csv_row", undo(&rows[0]), "u3").await;
    assert_eq!(bench.text("t.csv").lines().next(), Some("n,text"));
    bench.done("remove_csv_row", undo(&rows[1]), "u4").await;
    assert!(!bench.file("t.csv").exists());
    // A table that was there stays, though it is empty again.
    std::fs::write(bench.file("t.csv"), "n,text\r\n").unwrap();
    let row = bench.done("append_csv", add(1), "5").await;
    bench.done("remove_csv_row", undo(&row), "u5").await;
    assert_eq!(std::fs::read_to_string(bench.file("t.csv")).ok().as_deref(), Some("n,text\r\n"));
    // A row in the middle, and others that stay.
    std::fs::write(bench.file("t.csv"), "n,text\n1,a\n2,b\n3,c").unwrap();
    let gone = bench.done("remove_csv_row", json!({ "file": "t.csv", "line": "2,b\n" }), "m").await;
    assert_eq!((&gone["removed"], bench.text("t.csv").as_str()), (&json!(true), "n,text\n1,a\n3,c"));
    let gone = bench.done("remove_csv_row", json!({ "file": "t.csv", "line": "n,text" }), "h").await;
    assert_eq!(gone["removed"], false, "the line of names is no row");
}

#[tokio::test]
async fn pages_bring_every_changed_file_once_in_order() {
    let bench = Bench::new();
    let total = 450_u64;
    for n in 0..total {
        let file = bench.file(&format!("sub/{n:03}.txt"));
        std::fs::write(&file, "x").unwrap();
        // Three at each time, so that equal times stand at the edges of pages. Later than they are made.
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_000 + n / 3);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(at).unwrap();
    }
    let (mut cursor, mut seen) = (Value::Null, Vec::new());
    for turn in 0..10 {
        let asked = json!({ "cursor": cursor });
        let page = bench.files.backfill(&bench.connection, Read { stream: "files", asked: &asked }).await;
        assert_eq!(page.meaning, Meaning::Done);
        let files = page.body["files"].as_array().unwrap();
        assert!(files.len() <= 200);
        seen.extend(files.iter().map(|file| file["file"].as_str().unwrap().to_owned()));
        cursor = page.body["next"].clone();
        if cursor.is_null() {
            assert_eq!(turn, 2);
            break;
        }
    }
    assert_eq!(seen, (0..total).map(|n| format!("sub/{n:03}.txt")).collect::<Vec<_>>());
    let asked = json!({ "since": "2096-10-02T07:09:09Z" });
    let late = bench.files.delta(&bench.connection, Read { stream: "files", asked: &asked }).await;
    assert_eq!(late.body["files"].as_array().map(Vec::len), Some(3), "{late:?}");
}

#[tokio::test]
async fn an_older_file_that_is_moved_in_is_noticed() {
    let bench = Bench::new();
    let old = bench.path("outside/old.txt");
    std::fs::write(&old, "x").unwrap();
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    std::fs::File::options().write(true).open(&old).unwrap().set_modified(at).unwrap();
    // What the disk takes for now, a moment later.
    std::thread::sleep(std::time::Duration::from_millis(50));
    std::fs::write(bench.path("outside/now"), "x").unwrap();
    let since = std::fs::metadata(bench.path("outside/now")).unwrap().modified().unwrap();
    let since = place::time(since);
    let read = || async {
        let asked = json!({ "since": since.to_string() });
        let page = bench.files.delta(&bench.connection, Read { stream: "files", asked: &asked }).await;
        page.body["files"].as_array().cloned().unwrap()
    };
    assert_eq!(read().await, Vec::<Value>::new());
    std::thread::sleep(std::time::Duration::from_millis(50));
    std::fs::rename(&old, bench.file("old.txt")).unwrap();
    let files = read().await;
    assert_eq!(files.len(), 1, "it came");
    assert_eq!(files[0]["changedAt"], "2001-09-09T01:46:40Z", "what is shown is when its content changed");
    let touched: patchbay_model::Timestamp = files[0]["touchedAt"].as_str().unwrap().parse().unwrap();
    assert!(touched > since, "{touched}");
    // What the checkpoint moves by is what is asked by.
    let descriptor = include_str!("../../../../../descriptors/local-files.json");
    let descriptor: Value = serde_json::from_str(descriptor).unwrap();
    assert_eq!(descriptor["streams"][0]["mapping"]["timestampPath"], "$.touchedAt");
}

/// A process that is killed in the middle leaves the old file or the new one. Kills cannot be tried
/// inside one process, so what it relies on is tried: the old file is never opened for writing.
#[tokio::test]
async fn who_reads_while_it_is_written_sees_a_whole_file() {
    let bench = Bench::new();
    let whole = |n: usize| format!("{n:06}").repeat(40_000);
    std::fs::write(bench.file("a.txt"), whole(0)).unwrap();
    let held = std::fs::File::open(bench.file("a.txt")).unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let (stop, path) = (over.clone(), bench.file("a.txt"));
    let reading = std::thread::spawn(move || {
        let mut reads = 0;
        while !stop.load(Ordering::Relaxed) {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.len() == 240_000 && text == text[..6].repeat(40_000), "a torn file was seen");
            reads += 1;
        }
        reads
    });
    for n in 1..60 {
        bench.done("write_text", json!({ "file": "a.txt", "text": whole(n) }), &n.to_string()).await;
    }
    over.store(true, Ordering::Relaxed);
    assert!(reading.join().unwrap() > 5);
    let old = std::io::read_to_string(held).unwrap();
    assert_eq!(old, whole(0), "what somebody has open stays as it was");
    let names: Vec<_> = std::fs::read_dir(bench.file("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing is left beside it: {names:?}");
}
