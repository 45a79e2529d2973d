//! Files as a stream.

use super::*;

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
    let descriptor = include_str!("../../../../../../descriptors/local-files.json");
    let descriptor: Value = serde_json::from_str(descriptor).unwrap();
    assert_eq!(descriptor["streams"][0]["mapping"]["timestampPath"], "$.touchedAt");
}
