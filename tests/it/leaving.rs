//! The questions that the window's program asks in the system's own dialogs.

use std::process::Child;
use std::time::Duration;

use patchbay_tests::screen::{ALT, ESCAPE, Q, RETURN, S, U};
use patchbay_tests::{Desktop, Screen as _, Window, ended, until, window_possible};
use serde_json::{Value, json};

/// Steps that the slow tracker answers in a few seconds each.
const STEPS: usize = 6;

async fn state(desktop: &Desktop, run: &Value) -> String {
    let report = desktop.call("run_report", json!({ "run": run })).await;
    report["report"]["state"].as_str().unwrap().to_owned()
}

async fn becomes(desktop: &Desktop, run: &Value, wanted: &str) {
    while state(desktop, run).await != wanted {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn started(desktop: &Desktop, name: &str, steps: &[Value]) -> Value {
    let chain = json!({"schema": 1, "name": name, "trigger": {"type": "manual"}, "steps": steps});
    let saved = desktop.call("chain_import", json!({ "chain": chain })).await;
    desktop.call("run_start", json!({"chain": saved["id"]})).await["id"].clone()
}

/// A window with a run that is worked on for a while, and one that only waits.
async fn busy(desktop: &Desktop) -> (Child, Value, Value) {
    let window = desktop.start_window(&[]);
    until("the window", || desktop.page_works() && !desktop.seen().is_empty());
    desktop.call("sandbox_start", json!({})).await;
    let day = json!({"id": "wait", "logic": {"type": "wait", "seconds": 86_400}});
    let waits = started(desktop, "Waits", &[day]).await;
    becomes(desktop, &waits, "waiting").await;
    desktop.call("sandbox_fault", json!({"tool": "tracker", "fault": "slow"})).await;
    let step = |n: usize| json!({"id": format!("read_{n}"), "connection": "Sandbox Tracker", "operation": "list_issues"});
    let steps: Vec<Value> = (0..STEPS).map(step).collect();
    let works = started(desktop, "Works", &steps).await;
    becomes(desktop, &works, "running").await;
    (window, works, waits)
}

fn ask_to_leave(desktop: &Desktop, window: &mut Child) {
    desktop.close_until("a question", || !desktop.questions().is_empty());
    assert_eq!(ended(window), None, "it asks first");
}

/// The next start, without a window; it goes on with the run that waits.
async fn next_start(desktop: &Desktop, waits: &Value) -> Child {
    let window = desktop.start_window(&["--hidden"]);
    desktop.engine_answers().await;
    becomes(desktop, waits, "waiting").await;
    window
}

/// Steps that a run has done.
async fn done(desktop: &Desktop, run: &Value) -> usize {
    let report = desktop.call("run_report", json!({ "run": run })).await;
    let steps = report["report"]["steps"].as_array().unwrap();
    steps.iter().filter(|step| step["state"] == "done").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quitting_lets_what_is_under_way_finish_and_leaves_what_waits_to_the_next_start() {
    if !window_possible() {
        return;
    }
    let desktop = Desktop::start();
    let (mut window, works, waits) = busy(&desktop).await;
    ask_to_leave(&desktop, &mut window);
    desktop.answer(&[ESCAPE]);
    assert_eq!((ended(&mut window), desktop.seen().len()), (None, 1), "it stays");
    assert_eq!(state(&desktop, &works).await, "running", "there is still something to ask about");

    ask_to_leave(&desktop, &mut window);
    desktop.answer(&[RETURN]);
    until("no window", || desktop.seen().is_empty());
    assert_eq!((ended(&mut window), state(&desktop, &works).await), (None, "running".to_owned()));
    until("the end", || ended(&mut window).is_some());
    assert_eq!(ended(&mut window), Some(0));

    let mut window = next_start(&desktop, &waits).await;
    assert_eq!(state(&desktop, &works).await, "done", "it was let finish");
    // Only something that waits is there: no question.
    let mut second = desktop.start_window(&[]);
    until("a second start ends", || ended(&mut second).is_some());
    until("the window", || !desktop.seen().is_empty());
    desktop.close_until("the end", || ended(&mut window).is_some());
    assert_eq!(ended(&mut window), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_what_is_under_way_sends_nothing_more_and_ends_at_once() {
    if !window_possible() {
        return;
    }
    let desktop = Desktop::start();
    let (mut window, works, waits) = busy(&desktop).await;
    ask_to_leave(&desktop, &mut window);
    desktop.answer(&[ALT, S]);
    until("the end", || ended(&mut window).is_some());
    assert_eq!(ended(&mut window), Some(0));

    let mut window = next_start(&desktop, &waits).await;
    assert_eq!(state(&desktop, &works).await, "stopped", "it was asked for");
    assert!(done(&desktop, &works).await < STEPS, "and before its time");
    window.kill().unwrap();
    window.wait().unwrap();
}

/// Walks through the window until it has made an edit, and goes on walking while `then` closes it.
fn edited(window: &Window, edit: &str, then: impl FnOnce()) {
    let made = window.folder().join(edit);
    std::thread::scope(|scope| {
        let walk = scope.spawn(|| window.walk("window_unsaved", &json!({ "edit": edit, "made": made })));
        until("the edit", || made.exists() || walk.is_finished());
        if !walk.is_finished() {
            then();
        }
    });
}

#[test]
fn what_was_just_typed_is_kept_when_the_window_closes_and_what_cannot_be_is_asked_about() {
    if !window_possible() {
        return;
    }
    let window = Window::start("C.UTF-8");
    edited(&window, "duplicate", || window.close_until("the end", || window.seen().is_empty()));
    // The next one finds two steps, and takes both away: a chain without steps is not saved.
    edited(&window, "delete", || {
        window.close_until("a question", || !window.questions().is_empty());
        window.answer(&[ESCAPE]);
        assert_eq!(window.seen().len(), 1, "it stays");
        window.close_until("a question", || !window.questions().is_empty());
        window.answer(&[ALT, Q]);
        until("the end", || window.seen().is_empty());
    });
}

#[test]
fn after_a_window_that_never_came_safe_graphics_are_offered() {
    if !window_possible() {
        return;
    }
    let desktop = Desktop::start();
    // As a program leaves it whose page worked and drew nothing, and that was ended by force.
    std::fs::write(desktop.mark(), "0").unwrap();
    let mut window = desktop.start_window(&[]);
    until("a question", || !desktop.questions().is_empty());
    assert!(desktop.seen().is_empty(), "it asks before there is a window");
    desktop.answer(&[ALT, U]);
    until("the window", || desktop.page_works() && !desktop.seen().is_empty());
    let environment = std::fs::read(format!("/proc/{}/environ", window.id())).unwrap();
    let environment = String::from_utf8_lossy(&environment).into_owned();
    assert!(environment.contains("WEBKIT_DISABLE_DMABUF_RENDERER=1"), "this start is safe already");
    let decided = std::fs::read_to_string(desktop.data_dir().join("desktop.json")).unwrap();
    assert!(decided.contains("\"safeGraphics\": true"), "and so are later ones: {decided}");
    desktop.close_until("the end", || ended(&mut window).is_some());
    assert_eq!(ended(&mut window), Some(0));
}

#[test]
fn a_window_that_came_is_offered_nothing_and_so_is_one_whose_offer_was_declined() {
    if !window_possible() {
        return;
    }
    let desktop = Desktop::start();
    std::fs::write(desktop.mark(), "0").unwrap();
    let mut window = desktop.start_window(&[]);
    until("a question", || !desktop.questions().is_empty());
    // What is usual.
    desktop.answer(&[RETURN]);
    until("the window", || desktop.page_works() && !desktop.seen().is_empty());
    let decided = std::fs::read_to_string(desktop.data_dir().join("desktop.json")).unwrap_or_default();
    assert!(!decided.contains("\"safeGraphics\": true"), "it starts as usual: {decided}");
    // By force: only what was drawn can have taken the mark away.
    window.kill().unwrap();
    window.wait().unwrap();
    let mut window = desktop.start_window(&[]);
    until("the window", || desktop.page_works() && !desktop.seen().is_empty());
    assert!(desktop.questions().is_empty(), "it came: nothing is asked");
    desktop.close_until("the end", || ended(&mut window).is_some());
    assert_eq!(ended(&mut window), Some(0));
}
