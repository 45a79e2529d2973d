//! Trouble, seen: each ends in a usable screen with a way forward.

use patchbay_tests::{SandboxProcess, Served, walks_possible};
use serde_json::json;

#[test]
fn a_wrong_key_says_so_at_the_key_and_loses_nothing() {
    if walks_possible() {
        let sandbox = SandboxProcess::start();
        Served::start().walk("wrong_key", &json!({ "access": sandbox.access }));
    }
}

#[test]
fn a_reload_in_mid_run_and_a_second_window_show_the_same_run() {
    if walks_possible() {
        Served::start().walk("reload", &json!({}));
    }
}

#[test]
fn a_service_that_is_down_or_answers_oddly_ends_in_a_way_forward() {
    if walks_possible() {
        Served::start().walk("service_trouble", &json!({}));
    }
}

#[test]
fn what_nobody_can_know_is_asked_with_the_request_beside_it() {
    if walks_possible() {
        Served::start().walk("not_known", &json!({}));
    }
}

#[test]
fn hostile_text_stays_text() {
    if walks_possible() {
        Served::start().walk("hostile_text", &json!({}));
    }
}

#[test]
fn a_dead_engine_is_said_and_found_again() {
    if walks_possible() {
        let mut served = Served::start();
        served.rpc("sandbox_start", &json!({}));
        served.walk_meanwhile("dead_engine", &json!({}), |line, served| match line {
            "kill" => served.kill(),
            "restart" => served.restart(),
            other => panic!("{other}"),
        });
    }
}
