//! The screens of webhooks, in a browser.

use patchbay_tests::{Served, free_port, walks_possible};
use serde_json::json;

#[test]
fn a_webhook_is_set_up_tried_and_watched_by_hand() {
    if walks_possible() {
        let served = Served::start();
        served.walk("webhook", &json!({ "gateway": free_port() }));
    }
}
