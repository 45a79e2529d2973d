//! The questions that the window's program asks in the system's own dialogs.

use std::time::Duration;

use patchbay_tests::desktop::{ESCAPE, RETURN, TAB};
use patchbay_tests::{Desktop, ended, until, window_possible};
use serde_json::{Value, json};

/// Steps that the slow tracker answers in a second each.
const STEPS: usize = 15;

fn chain(name: &str, steps: &[Value]) -> Value {
    json!({"chain": {"schema": 1, "name": name, "trigger": {"type": "manual"}, "steps": steps}})
}

async fn state(desktop: &Desktop, run: &Value) -> String {
    let report = desktop.call("run_report", json!({ "run": run })).await;
    report["report"]["state"].as_str().unwrap().to_owned()
}

fn question(desktop: &Desktop) -> u32 {
    until("a question", || !desktop.questions().is_empty());
    desktop.questions()[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quitting_lets_what_is_under_way_finish_and_leaves_what_waits_to_the_next_start() {
    if !window_possible() {
        return;
    }
    let desktop = Desktop::start();
    let mut window = desktop.start_window(&[]);
    until("the window", || desktop.page_works() && !desktop.seen().is_empty());
    desktop.call("sandbox_start", json!({})).await;
    let started = async |name: &str, steps: &[Value]| {
        let saved = desktop.call("chain_import", chain(name, steps)).await;
        desktop.call("run_start", json!({"chain": saved["id"]})).await["id"].clone()
    };
    let waits = started("Waits", &[json!({"id": "wait", "logic": {"type": "wait", "seconds": 86_400}})]).await;
    while state(&desktop, &waits).await != "waiting" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Nothing is under way: it would end without a question. So something is begun first.
    desktop.call("sandbox_fault", json!({"tool": "tracker", "fault": "slow"})).await;
    let step = |n: usize| json!({"id": format!("read_{n}"), "connection": "Sandbox Tracker", "operation": "list_issues"});
    let steps: Vec<Value> = (0..STEPS).map(step).collect();
    let works = started("Works", &steps).await;
    while state(&desktop, &works).await != "running" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    desktop.close_until("a question", || !desktop.questions().is_empty());
    assert_eq!(ended(&mut window), None, "it asks first");
    desktop.press(question(&desktop), &[ESCAPE]);
    until("no question", || desktop.questions().is_empty());
    assert_eq!((ended(&mut window), desktop.seen().len()), (None, 1), "it stays");

    assert_eq!(state(&desktop, &works).await, "running", "there is still something to ask about");
    desktop.close_until("a question", || !desktop.questions().is_empty());
    desktop.press(question(&desktop), FINISH);
    until("no window", || desktop.questions().is_empty() && desktop.seen().is_empty());
    assert_eq!((ended(&mut window), state(&desktop, &works).await), (None, "running".to_owned()));
    until("the end", || ended(&mut window).is_some());
    assert_eq!(ended(&mut window), Some(0));

    let mut window = desktop.start_window(&["--hidden"]);
    until("the page", || desktop.page_works());
    assert_eq!(state(&desktop, &works).await, "done", "it was let finish");
    while state(&desktop, &waits).await != "waiting" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Only something that waits is there: no question.
    let mut second = desktop.start_window(&[]);
    until("a second start ends", || ended(&mut second).is_some());
    until("the window", || !desktop.seen().is_empty());
    desktop.close_until("the end", || ended(&mut window).is_some());
    assert_eq!(ended(&mut window), Some(0));
}

#[test]
fn after_a_window_that_never_came_safe_graphics_are_offered() {
    if !window_possible() {
        return;
    }
    let desktop = Desktop::start();
    let mut window = desktop.start_window(&[]);
    until("a start", || desktop.mark().exists());
    window.kill().unwrap();
    window.wait().unwrap();
    assert!(desktop.mark().exists(), "ended before the page worked");

    let mut window = desktop.start_window(&[]);
    desktop.press(question(&desktop), TAKE);
    until("the window", || desktop.page_works() && !desktop.seen().is_empty());
    let environment = std::fs::read(format!("/proc/{}/environ", window.id())).unwrap();
    let environment = String::from_utf8_lossy(&environment).into_owned();
    assert!(environment.contains("WEBKIT_DISABLE_DMABUF_RENDERER=1"), "this start is safe already");
    let decided = std::fs::read_to_string(desktop.data_dir().join("desktop.json")).unwrap();
    assert!(decided.contains("\"safeGraphics\": true"), "and so are later ones: {decided}");
    desktop.close_until("the end", || ended(&mut window).is_some());

    let mut window = desktop.start_window(&[]);
    until("the window", || desktop.page_works() && !desktop.seen().is_empty());
    assert!(desktop.questions().is_empty(), "it came: nothing is asked");
    desktop.close_until("the end", || ended(&mut window).is_some());
}

/// Keys that choose the first button, where the last one is chosen at first.
const FINISH: &[u8] = &[RETURN];
/// The same.
const TAKE: &[u8] = &[TAB, RETURN];
