//! The interface as a whole: reachable, readable, small.

use std::path::Path;
use std::process::Command;

use patchbay_tests::{Served, root, walks_possible};
use serde_json::json;

#[test]
fn every_screen_and_theme_is_clean_for_assistive_technology() {
    if walks_possible() {
        Served::start().walk("screens", &json!({}));
    }
}

#[test]
fn narrow_and_zoomed_screens_stay_usable() {
    if walks_possible() {
        Served::start().walk("narrow", &json!({}));
    }
}

#[test]
fn every_command_key_and_setting_is_at_hand() {
    if walks_possible() {
        Served::start().walk("commands", &json!({}));
    }
}

#[test]
fn every_route_survives_an_answer_that_nobody_expected() {
    if walks_possible() {
        Served::start().walk("thrown", &json!({}));
    }
}

/// Compressed size of a file, as a web server would send it.
fn gzipped(path: &Path) -> usize {
    let output = Command::new("gzip").args(["-9", "-c"]).arg(path).output().unwrap();
    output.stdout.len()
}

#[test]
fn the_first_load_is_small() {
    if !walks_possible() {
        return;
    }
    let page = std::fs::read_to_string(root().join("ui/dist/index.html")).unwrap();
    let (mut first, mut lazy) = (0, Vec::new());
    for entry in std::fs::read_dir(root().join("ui/dist/assets")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".js") {
            continue;
        }
        if page.contains(&name) { first += gzipped(&path) } else { lazy.push((gzipped(&path), name)) }
    }
    assert!(first > 50_000, "the page names its own scripts: {first}");
    assert!(first <= 200_000, "the first load is {first} bytes of JavaScript, compressed");
    let largest = lazy.iter().max().unwrap();
    assert!(largest.0 <= 140_000, "{largest:?}");
    println!("first load {first} bytes, largest later part {largest:?}");
}
