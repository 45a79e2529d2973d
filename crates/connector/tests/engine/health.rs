//! Health, tests and pauses.

use std::sync::Arc;
use std::time::Duration;

use patchbay_connector::{Target, TargetCredential, TestPart, Verdict};
use patchbay_model::connection::Account;
use patchbay_model::{Code, Connection, ConnectionId, ConnectionState};
use serde_json::json;

use crate::bench::{MINUTE, added, bench, ok, page_of};

#[tokio::test]
async fn a_pause_that_a_service_asks_for_is_kept_by_every_later_call() {
    let b = bench(|_, _| (429, vec![("Retry-After", "120".into())], "{}".into())).await;
    let limited = b.engine.health(&b.target).await.unwrap_err();
    assert_eq!(limited.code(), Code::RateLimited);
    let held = b.engine.health(&b.target).await.unwrap_err();
    assert_eq!(held.code(), Code::LocalRateLimited);
    assert!(held.when().is_some());
    assert_eq!(b.lines().len(), 1, "nothing is sent while it lasts");
}

#[tokio::test]
async fn a_pause_asked_of_an_account_is_kept_by_its_other_connections() {
    let mut b = bench(|_, _| (429, vec![("Retry-After", "120".into())], "{}".into())).await;
    let account = |id: &str| Some(Account { id: id.into(), label: "Amira".into() });
    b.target.connection.account = account("7");
    assert_eq!(b.engine.health(&b.target).await.unwrap_err().code(), Code::RateLimited);
    for (id, held) in [("7", true), ("8", false)] {
        let connection =
            Connection { id: ConnectionId::generate(), account: account(id), ..b.target.connection.clone() };
        let limits = b.store.limits_with_account(&b.target.connection);
        assert!(limits.iter().all(|(_, state)| state.budget.held(Duration::ZERO).is_some()), "{limits:?}");
        let (descriptor, credential) = (b.target.descriptor.clone(), TargetCredential::Stored);
        let other = Target { descriptor, connection, credential };
        let refused = b.engine.health(&other).await.unwrap_err().code();
        assert_eq!(refused == Code::LocalRateLimited, held, "account {id}: {refused:?}");
    }
    assert_eq!(b.lines().len(), 1, "nothing is sent while it lasts");
}

#[tokio::test]
async fn after_five_faults_nothing_is_sent_until_the_user_tries() {
    let b = bench(|seen, number| match number {
        1..=5 => (500, vec![], "{}".into()),
        _ if seen.line.ends_with("/me") => ok(&json!({"id": 7, "name": "Amira"})),
        _ => ok(&page_of(seen, 3)),
    })
    .await;
    // Three tries, and the two after which the circuit opens.
    assert_eq!(b.engine.health(&b.target).await.unwrap_err().code(), Code::ServiceDown);
    assert_eq!(b.engine.health(&b.target).await.unwrap_err().code(), Code::CircuitOpen);
    assert_eq!(b.engine.health(&b.target).await.unwrap_err().code(), Code::CircuitOpen);
    assert_eq!(b.lines().len(), 5);
    let report = b.engine.test(&b.target).await;
    assert_eq!(report.problem, None);
    assert_eq!(report.account.unwrap().label, "Amira");
    let parts: Vec<_> = report.lines.iter().map(|line| (line.part, line.verdict)).collect();
    assert_eq!(
        parts,
        [TestPart::Reached, TestPart::SignedIn, TestPart::Permissions, TestPart::Sample]
            .map(|p| (p, Verdict::Ok))
    );
    assert_eq!(report.signals.len(), 2);
    assert!(b.engine.health(&b.target).await.is_ok(), "the circuit is closed again");
}

#[tokio::test]
async fn every_call_says_how_its_connection_is() {
    let status = Arc::new(std::sync::atomic::AtomicU16::new(200));
    let says = status.clone();
    let b =
        bench(move |_, _| (says.load(std::sync::atomic::Ordering::SeqCst), vec![], "{\"id\":1}".into())).await;
    let planned = b.engine.plan(&b.target, "add", &added()).unwrap();
    let cases = [
        (200, ConnectionState::Connected, None),
        (401, ConnectionState::Stale, Some(Code::AuthInvalid)),
        // One item, or one permission, is not the whole connection.
        (404, ConnectionState::Stale, Some(Code::AuthInvalid)),
        (403, ConnectionState::Stale, Some(Code::AuthInvalid)),
        (200, ConnectionState::Connected, None),
        (409, ConnectionState::Connected, None),
        (500, ConnectionState::Error, Some(Code::ServiceDown)),
        (201, ConnectionState::Connected, None),
    ];
    for (answer, state, code) in cases {
        status.store(answer, std::sync::atomic::Ordering::SeqCst);
        b.engine.call(&b.target, &planned, None, MINUTE).await;
        b.store.settled().await.unwrap();
        let now = b.store.connection(&b.target.connection.id).await.unwrap().unwrap();
        assert_eq!(
            (now.state, now.last_error.as_ref().map(patchbay_model::Problem::code)),
            (state, code),
            "after {answer}"
        );
        assert!(now.last_connected_at.is_some(), "after {answer}");
    }
    status.store(200, std::sync::atomic::Ordering::SeqCst);
    b.engine.health(&b.target).await.unwrap();
    let samples = b.store.health_latest().await.unwrap();
    assert_eq!((samples.len(), samples[0].ok), (1, true), "a check leaves a sample");
}

#[tokio::test]
async fn a_test_finds_a_service_that_gives_its_first_page_for_ever() {
    let b = bench(|seen, _| {
        if seen.line.ends_with("/me") {
            ok(&json!({"id": 7}))
        } else {
            ok(&json!([{"id": 1, "at": "2026-11-20T10:00:00Z"}, {"id": 2, "at": "2026-11-20T10:00:00Z"}]))
        }
    })
    .await;
    let report = b.engine.test(&b.target).await;
    assert_eq!(report.problem.unwrap().code(), Code::MalformedResponse);
    assert_eq!(report.lines.last().unwrap().verdict, Verdict::Failed);
}

#[tokio::test]
async fn a_test_says_how_far_it_came() {
    use Verdict::{Failed, NotRun, Ok};
    for (status, want, code) in [
        (401, [Ok, Failed, NotRun, NotRun], Code::AuthInvalid),
        (403, [Ok, Ok, Failed, NotRun], Code::PermissionDenied),
        (500, [Failed, NotRun, NotRun, NotRun], Code::ServiceDown),
    ] {
        let b = bench(move |_, _| (status, vec![], "{}".into())).await;
        let report = b.engine.test(&b.target).await;
        assert_eq!(report.lines.iter().map(|line| line.verdict).collect::<Vec<_>>(), want, "{status}");
        assert_eq!(report.problem.unwrap().code(), code);
    }
}
