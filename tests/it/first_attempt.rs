//! Connecting each connector that ships, as the wizard does it, at stands that answer as its fixtures
//! say: at the first attempt where all is well, with the right words where it is not.

use std::collections::BTreeMap;
use std::sync::Mutex;

use patchbay_descriptor::Catalogue;
use patchbay_descriptor::fixture::Case;
use patchbay_model::Descriptor;
use patchbay_model::descriptor::AuthMethod;
use patchbay_model::problem::Code;
use patchbay_tests::newcomer::{Fault, Newcomer};
use patchbay_tests::{Random, Served, sample};
use serde_json::{Value, json};

fn shipped() -> Vec<Descriptor> {
    Catalogue::built_in().all().map(|descriptor| descriptor.as_ref().clone()).collect()
}

/// The faults that the next attempt meets.
fn trouble(random: &mut Random) -> Vec<Fault> {
    match random.below(10) {
        0 => vec![Fault::Unavailable],
        1 => vec![Fault::BadGateway],
        2 => vec![Fault::Cut],
        3 => vec![Fault::Half],
        4 => vec![Fault::Unavailable, Fault::Cut],
        _ => Vec::new(),
    }
}

struct Attempt {
    place: String,
    faults: Vec<Fault>,
    ended: Result<(), Value>,
}

#[test]
fn nearly_everybody_gets_every_connector_connected_at_the_first_attempt() {
    let served = Served::start();
    let (count, seed) = sample(1_000);
    let connectors = shipped();
    let each = count.div_ceil(connectors.len()).max(2);
    let attempts = Mutex::new(Vec::new());
    let newcomers: Vec<_> = connectors.iter().map(|descriptor| Newcomer::new(&served, descriptor)).collect();
    std::thread::scope(|scope| {
        for (index, newcomer) in newcomers.iter().enumerate() {
            let (served, attempts) = (&served, &attempts);
            scope.spawn(move || {
                let mut random = Random(seed.wrapping_add(index as u64));
                for number in 0..each {
                    let place = format!("{} {number}", newcomer.connector);
                    // An adapter on this computer meets no faults of a network.
                    let native = newcomer.descriptor.is_native();
                    let faults = if native { Vec::new() } else { trouble(&mut random) };
                    let ended = newcomer.connect(served, &place, &faults).map(|made| {
                        assert_eq!(made["connection"]["state"], "connected", "{place}: {made:#}");
                        let name = json!({ "name": made["connection"]["name"] });
                        served.rpc("connection_disconnect", &name);
                    });
                    attempts.lock().unwrap().push(Attempt { place, faults, ended });
                }
            });
        }
    });
    let attempts = attempts.into_inner().unwrap();
    let mut failed: BTreeMap<&str, Vec<&Attempt>> = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| attempt.ended.is_err()) {
        let connector = attempt.place.split(' ').next().unwrap_or_default();
        failed.entry(connector).or_default().push(attempt);
        println!("{}, {:?}: {:#}", attempt.place, attempt.faults, attempt.ended.as_ref().unwrap_err());
    }
    let connected = attempts.len() - failed.values().map(Vec::len).sum::<usize>();
    let met = attempts.iter().filter(|attempt| !attempt.faults.is_empty()).count();
    println!("{connected} of {} connected at the first attempt; {met} met a fault", attempts.len());
    assert!(met * 4 >= attempts.len(), "too few met a fault: {met}");
    assert!(connected * 100 >= attempts.len() * 99, "{connected} of {}, seed {seed}", attempts.len());
    // None is among the few for whom it never works.
    assert!(failed.values().all(|attempts| attempts.len() < each), "{:?}", failed.keys());
}

#[test]
fn what_is_wrong_is_said_at_the_first_attempt_and_nothing_is_kept() {
    let served = Served::start();
    let mut said = 0;
    for descriptor in shipped().iter().filter(|descriptor| !descriptor.is_native()) {
        let newcomer = Newcomer::new(&served, descriptor);
        for fixture in &newcomer.fixtures {
            let Case::Health { response, problem: Some(code), .. } = fixture.case.as_ref() else { continue };
            let place = format!("{}/{}", descriptor.id, fixture.name);
            newcomer.answer_health(response);
            let problem = match newcomer.connect(&served, &place, &[]) {
                Ok(made) => panic!("{place}: connected all the same: {made:#}"),
                Err(problem) => problem,
            };
            // Who signed in on the service's page has no key to enter again.
            let signs_in = newcomer.method().is_some_and(AuthMethod::has_tokens);
            let code = if signs_in && *code == Code::AuthInvalid { Code::AuthRevoked } else { *code };
            assert_eq!(problem["code"], json!(code), "{place}: {problem:#}");
            for words in ["title", "hint"] {
                let text = problem[words].as_str().unwrap_or_default();
                assert!(text.len() > 8 && !text.contains(['{', '}']), "{place}: {problem:#}");
            }
            assert!(
                !problem["fix"].is_null() || problem["retry"] != "never",
                "{place}: no way on: {problem:#}"
            );
            said += 1;
        }
    }
    let kept = served.rpc("connection_list", &json!({ "limit": 1 }));
    assert_eq!(kept["total"], 0, "{kept:#}");
    println!("{said} answers to a first attempt");
    assert!(said > 60, "{said}");
}
