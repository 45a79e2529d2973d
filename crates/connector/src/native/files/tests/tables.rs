//! Rows of tables.

use super::*;

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
