//! Nothing outside a granted folder is reached.

use super::*;

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
