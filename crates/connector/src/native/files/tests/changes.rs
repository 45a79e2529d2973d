//! Nothing is half written, nothing happens twice.

use super::*;

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
