//! A catalogue of 1,000 definitions, each as large as those that ship. Run by
//! `cargo xtask bench catalogue`.

#![expect(clippy::print_stdout, reason = "a measurement prints")]

use std::time::{Duration, Instant};

use patchbay_descriptor::{Catalogue, built_in_text};

const DEFINITIONS: usize = 1_000;

/// From names of files and texts.
type Load = fn(&[(&str, &str)]) -> Catalogue;

fn main() {
    let built_in = Catalogue::built_in();
    let shipped: Vec<(String, &str)> = built_in
        .all()
        .filter_map(|descriptor| Some((descriptor.id.to_string(), built_in_text(&descriptor.id)?)))
        .collect();
    let made: Vec<(String, String)> = (0..DEFINITIONS)
        .filter_map(|number| {
            let (id, text) = shipped.get(number % shipped.len())?;
            let own = format!("tool-{number}");
            Some((
                format!("{own}.json"),
                text.replacen(&format!("\"id\": \"{id}\""), &format!("\"id\": \"{own}\""), 1),
            ))
        })
        .collect();
    let definitions: Vec<(&str, &str)> =
        made.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
    let bytes: usize = definitions.iter().map(|(_, text)| text.len()).sum();
    let ways: [(&str, Load, &str); 2] = [
        ("as they ship", Catalogue::checked_before, "; bar: 150 ms"),
        ("every check", Catalogue::of, ", as those of the user are read"),
    ];
    for (name, load, bar) in ways {
        let round = || {
            let started = Instant::now();
            let catalogue = load(&definitions);
            let took = started.elapsed();
            assert_eq!(
                (catalogue.all().count(), catalogue.problems().len()),
                (DEFINITIONS, 0),
                "all are in order"
            );
            took
        };
        let mut rounds: Vec<Duration> = (0..5).map(|_| round()).collect();
        rounds.sort();
        println!(
            "{DEFINITIONS} definitions, {:.1} MiB, {name:<13} {:>7.1} ms, middle of 5 rounds (fastest {:.1}{bar})",
            bytes as f64 / f64::from(1 << 20),
            rounds[2].as_secs_f64() * 1e3,
            rounds[0].as_secs_f64() * 1e3,
        );
    }
}
