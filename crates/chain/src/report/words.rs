//! What the report says, in words.

use std::fmt::Write as _;

use patchbay_model::check::Level;
use patchbay_model::problem::Code;
use patchbay_model::report::{ChangeState, Late, RetryReason, RunReport, StepReport, StepState, UndoReport};
use patchbay_model::run::RunState;
use patchbay_model::{StepId, Timestamp};

/// One sentence: what was reached.
pub(super) fn headline(report: &RunReport) -> String {
    let total = report.steps.len();
    let done = report.steps.iter().filter(|s| s.state == StepState::Done).count();
    let mut parts = vec![match report.state {
        RunState::Done if report.dry_run => "Dry run finished; nothing was sent".to_owned(),
        RunState::Stopped => format!("Stopped after {done} of {total} steps"),
        _ => format!("{done} of {total} steps done"),
    }];
    parts.extend(report.late.map(late_words));
    parts.extend(super::narrowed::words(&report.narrowed));
    for step in report
        .steps
        .iter()
        .filter(|s| s.items_in > 0 && s.items_in != s.done + s.passed + s.kept && s.done + s.failed > 0)
    {
        let mut text = format!("\"{}\": {} of {} items went through", step.name, step.done, step.items_in);
        let rest = [
            (step.failed, "failed"),
            (step.quarantined, "did not fit"),
            (step.unknown, "not known"),
            (step.skipped, "left out"),
        ];
        for (count, word) in rest.into_iter().filter(|(count, _)| *count > 0) {
            // Writing to a String cannot fail.
            let _ = write!(text, ", {count} {word}");
        }
        parts.push(text);
    }
    parts.extend(undo_words(report));
    let (asked, open): (Vec<_>, Vec<_>) =
        report.needs_you.iter().partition(|question| question.approval.is_some());
    match asked.len() {
        0 => {}
        1 => parts.push("One question waits for your answer".to_owned()),
        n => parts.push(format!("{n} questions wait for your answer")),
    }
    match open.len() {
        0 => {}
        1 if matches!(open[0].problem.code(), Code::RunStuck | Code::EffectsUsedUp) => {
            parts.push(open[0].problem.title());
        }
        1 if report.state.is_final() => parts.push("One outcome is not known".to_owned()),
        n if report.state.is_final() => parts.push(format!("{n} outcomes are not known")),
        1 => parts.push("One outcome is not known and waits for your answer".to_owned()),
        n => parts.push(format!("{n} outcomes are not known and wait for your answer")),
    }
    if let Some(blocker) = report.check.iter().find(|f| f.level == Level::Blocker) {
        parts.push(format!("Nothing was sent: {}", blocker.text.trim_end_matches('.')));
    }
    parts.join(". ") + "."
}

/// What became of the changes that were to be taken back; none where nobody tried.
fn undo_words(report: &RunReport) -> Option<String> {
    let count = |wanted: fn(&UndoReport) -> bool| report.undo.iter().filter(|undo| wanted(undo)).count();
    let undone = count(|undo| undo.undone);
    let stays = count(|undo| !undo.undone && !undo.unknown);
    let open = count(|undo| !undo.undone && undo.unknown);
    let first = match (undone, stays, open) {
        (0, 0, 0) => return None,
        (0, 0, 1) => return Some("The one change may have been undone; look at the service".to_owned()),
        (0, 0, _) => return Some(format!("{open} changes may have been undone; look at the service")),
        (1, 0, 0) => "The one change was undone".to_owned(),
        (_, 0, 0) => format!("All {undone} changes were undone"),
        (0, 1, 0) => "The one change could not be undone".to_owned(),
        (0, _, 0) => format!("None of the {stays} changes could be undone"),
        (0, 1, _) => "1 change could not be undone".to_owned(),
        (0, ..) => format!("{stays} changes could not be undone"),
        (1, 0, _) => "1 change was undone".to_owned(),
        (_, 0, _) => format!("{undone} changes were undone"),
        (1, ..) => format!("1 change was undone, {stays} could not be"),
        _ => format!("{undone} changes were undone, {stays} could not be"),
    };
    Some(if open == 0 { first } else { format!("{first}, {open} may have been undone; look at the service") })
}

/// What a person reads for a step of a report.
pub(super) fn name_of<'r>(report: &'r RunReport, step: &'r StepId) -> &'r str {
    report.steps.iter().find(|own| own.step == *step).map_or(step.as_str(), |own| &own.name)
}

/// The words of a run's state on the screen.
pub(crate) fn run_state_words(report: &RunReport) -> &'static str {
    match report.state {
        _ if report.interrupted => "Interrupted",
        RunState::Queued => "Queued",
        RunState::Running => "Running",
        RunState::Waiting => "Waiting",
        RunState::Paused => "Paused",
        RunState::NeedsYou => "Needs you",
        RunState::Done => "Done",
        RunState::DoneWithProblems => "Done with problems",
        RunState::Failed => "Failed",
        RunState::FailedUndone => "Failed, undone",
        RunState::Stopped => "Stopped",
    }
}

/// The words of a step's state on the screen.
pub(crate) fn step_state_words(state: StepState) -> &'static str {
    match state {
        StepState::Waiting => "Waiting",
        StepState::Running => "Running",
        StepState::Retrying => "Retrying",
        StepState::Done => "Done",
        StepState::Failed => "Failed",
        StepState::Skipped => "Skipped",
        StepState::NotKnown => "Not known",
        StepState::Undone => "Undone",
        StepState::CouldNotUndo => "Could not undo",
    }
}

/// A duration for people.
pub(crate) fn duration_words(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1_000.0),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

/// That a run took too long.
pub(crate) fn late_words(late: Late) -> String {
    let whose = if late.by_step { "the step that runs it allows" } else { "its chain allows" };
    format!("It took longer than the {} {whose}", span_words(late.allowed_ms))
}

/// A length of time that somebody chose: `10 minutes`.
fn span_words(ms: u64) -> String {
    let (count, word) = match ms {
        _ if ms.is_multiple_of(3_600_000) => (ms / 3_600_000, "hour"),
        _ if ms.is_multiple_of(60_000) => (ms / 60_000, "minute"),
        _ => (ms.div_ceil(1_000), "second"),
    };
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// Milliseconds from one moment to another; 0 where they are out of order.
pub(crate) fn millis_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}

/// The words of what became of a change.
pub(crate) fn change_words(state: ChangeState) -> &'static str {
    match state {
        ChangeState::Made => "made",
        ChangeState::NotKnown => "not known",
        ChangeState::Undone => "undone",
        ChangeState::Stays => "could not be undone",
    }
}

/// What a person reads of how fast calls were answered.
pub(crate) fn time_words(ms: Option<u64>) -> String {
    ms.map_or_else(|| "–".to_owned(), duration_words)
}

/// Why requests were sent again, one line for each reason.
pub(crate) fn retry_lines(report: &RunReport) -> Vec<String> {
    let line = |step: &StepReport, reason: &RetryReason| {
        let times = if reason.count == 1 { "once".to_owned() } else { format!("{} times", reason.count) };
        format!("{}, {times}: {}.", step.name, reason.text.trim_end_matches('.'))
    };
    report.steps.iter().flat_map(|step| step.retry_reasons.iter().map(move |one| line(step, one))).collect()
}

/// How much each step changed, and what became of it.
pub(crate) fn change_lines(report: &RunReport) -> Vec<String> {
    let changing = report.steps.iter().filter(|step| step.changes > 0 || !step.sent.is_empty());
    let line = |step: &StepReport| {
        let mut text = format!("{}: {} made", step.name, step.changes);
        let may = report.undo.iter().filter(|undo| undo.step == step.step && !undo.undone && undo.unknown);
        let may = may.count() as u32;
        let stay = step.stay.saturating_sub(may);
        let rest = [(step.undone, "undone"), (stay, "could not be undone"), (may, "may have been undone")];
        let unknown = if step.effect { step.unknown } else { 0 };
        for (count, word) in rest.into_iter().chain([(unknown, "not known")]).filter(|(count, _)| *count > 0) {
            // Writing to a String cannot fail.
            let _ = write!(text, ", {count} {word}");
        }
        text
    };
    changing.map(line).collect()
}

#[cfg(test)]
mod tests {
    use patchbay_model::problem::Problem;
    use patchbay_model::report::{OpenQuestion, UndoReport};
    use patchbay_model::run::{Narrowed, Run};
    use patchbay_model::{Finding, StepId};
    use serde_json::json;

    use super::*;

    /// A report of two steps over three items each, of which nothing is known yet.
    fn report() -> RunReport {
        let run: Run = serde_json::from_value(json!({
            "id": "run", "chainId": "chain", "chainVersion": 1, "chainHash": "", "input": null, "dryRun": false,
            "state": "done", "boot": null, "createdAt": "2026-01-31T12:00:00Z", "finishedAt": null,
            "snapshot": {"schema": 1, "name": "c", "steps": [
                {"id": "list", "connection": "Tracker", "operation": "list"},
                {"id": "tell", "name": "Tell", "connection": "Chat", "operation": "send", "forEach": "list"}
            ]},
        }))
        .unwrap();
        let mut report = super::super::build(&run, &[]);
        report.steps[0] =
            StepReport { state: StepState::Done, items_in: 1, done: 1, ..report.steps[0].clone() };
        report.steps[1] =
            StepReport { state: StepState::Done, items_in: 3, done: 3, ..report.steps[1].clone() };
        report
    }

    fn question(code: Code) -> OpenQuestion {
        let problem = Problem::new(code).with("item", "\"c\"").with("n", "3");
        OpenQuestion { step: "tell".into(), item: 0, request: None, sent_at: None, approval: None, problem }
    }

    fn undone(undone: bool) -> UndoReport {
        UndoReport {
            step: StepId::from("tell"),
            item: 0,
            undone,
            problem: None,
            remains: None,
            again: false,
            by_hand: false,
            unknown: false,
        }
    }

    /// An undo of which nobody knows whether it happened.
    fn perhaps() -> UndoReport {
        UndoReport { unknown: true, ..undone(false) }
    }

    /// A sentence, and what makes it.
    type Case = (&'static str, fn(&mut RunReport));

    #[test]
    fn the_headline_says_what_was_reached_and_what_was_not() {
        let cases: [Case; 21] = [
            ("2 of 2 steps done.", |_| {}),
            ("Dry run finished; nothing was sent.", |r| r.dry_run = true),
            ("Stopped after 1 of 2 steps.", |r| {
                r.state = RunState::Stopped;
                r.steps[1].state = StepState::Skipped;
                (r.steps[1].done, r.steps[1].skipped) = (0, 3);
            }),
            ("2 of 2 steps done. Only the first 5 items of each list. Without \"Tell\".", |r| {
                r.narrowed = Narrowed { items: Some(5), without: vec!["Tell".into()], ..Narrowed::default() };
            }),
            ("2 of 2 steps done. Only the first item of each list.", |r| r.narrowed.items = Some(1)),
            ("1 of 2 steps done. \"Tell\": 1 of 3 items went through, 1 failed, 1 did not fit.", |r| {
                r.steps[1].state = StepState::Failed;
                (r.steps[1].done, r.steps[1].failed, r.steps[1].quarantined) = (1, 1, 1);
            }),
            ("1 of 2 steps done. \"Tell\": 1 of 3 items went through, 1 not known, 1 left out.", |r| {
                r.steps[1].state = StepState::NotKnown;
                (r.steps[1].done, r.steps[1].unknown, r.steps[1].skipped) = (1, 1, 1);
            }),
            ("2 of 2 steps done.", |r| (r.steps[1].done, r.steps[1].passed, r.steps[1].kept) = (1, 1, 1)),
            ("2 of 2 steps done. All 2 changes were undone.", |r| r.undo = vec![undone(true), undone(true)]),
            ("2 of 2 steps done. None of the 2 changes could be undone.", |r| {
                r.undo = vec![undone(false), undone(false)];
            }),
            ("2 of 2 steps done. 1 change was undone, 1 could not be.", |r| {
                r.undo = vec![undone(true), undone(false)];
            }),
            ("2 of 2 steps done. The one change may have been undone; look at the service.", |r| {
                r.undo = vec![perhaps()];
            }),
            ("2 of 2 steps done. 2 changes may have been undone; look at the service.", |r| {
                r.undo = vec![perhaps(), perhaps()];
            }),
            (
                "2 of 2 steps done. 1 change could not be undone, 1 may have been undone; look at the service.",
                |r| r.undo = vec![undone(false), perhaps()],
            ),
            (
                "2 of 2 steps done. 2 changes were undone, 1 could not be, 1 may have been undone; look at the service.",
                |r| r.undo = vec![undone(true), undone(false), perhaps(), undone(true)],
            ),
            ("2 of 2 steps done. One outcome is not known and waits for your answer.", |r| {
                r.state = RunState::NeedsYou;
                r.needs_you = vec![question(Code::UnknownOutcome)];
            }),
            (
                "2 of 2 steps done. One question waits for your answer. One outcome is not known and waits for your answer.",
                |r| {
                    r.state = RunState::NeedsYou;
                    r.needs_you = vec![question(Code::Conflict), question(Code::UnknownOutcome)];
                    r.needs_you[0].approval = Some("Send it?".into());
                },
            ),
            ("2 of 2 steps done. 2 outcomes are not known and wait for your answer.", |r| {
                r.state = RunState::NeedsYou;
                r.needs_you = vec![question(Code::UnknownOutcome), question(Code::UnknownOutcome)];
            }),
            ("2 of 2 steps done. One outcome is not known.", |r| {
                r.state = RunState::Stopped;
                r.steps.iter_mut().for_each(|step| step.state = StepState::Done);
                r.needs_you = vec![question(Code::UnknownOutcome)];
            }),
            ("2 of 2 steps done. \"c\" made its 3 changes of today.", |r| {
                r.state = RunState::NeedsYou;
                r.needs_you = vec![question(Code::EffectsUsedUp)];
            }),
            ("2 of 2 steps done. Nothing was sent: It is off.", |r| {
                let text = "It is off.".to_owned();
                r.check =
                    vec![Finding { level: Level::Blocker, step: None, text, problem: None, remedy: None }];
            }),
        ];
        for (sentence, change) in cases {
            let mut report = report();
            change(&mut report);
            let wanted = match report.state {
                RunState::Stopped => sentence.replace("2 of 2 steps done", "Stopped after 2 of 2 steps"),
                _ => sentence.to_owned(),
            };
            assert_eq!(headline(&report), wanted);
        }
    }

    #[test]
    fn figures_are_said_as_people_say_them() {
        let times = [(0, "0 ms"), (999, "999 ms"), (1_000, "1.0 s"), (59_940, "59.9 s"), (61_000, "1 min 1 s")];
        for (ms, words) in times {
            assert_eq!(duration_words(ms), words);
        }
        assert_eq!((time_words(None), time_words(Some(7))), ("–".to_owned(), "7 ms".to_owned()));
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (from, to) = (at("2026-01-31T12:00:00Z"), at("2026-01-31T12:00:01.5Z"));
        assert_eq!((millis_between(from, to), millis_between(to, from)), (1_500, 0));
        let mut report = report();
        let reason = |count, text: &str| RetryReason { code: None, text: text.to_owned(), count };
        report.steps[1].retry_reasons = vec![reason(2, "Chat is away."), reason(1, "It was ended")];
        assert_eq!(retry_lines(&report), ["Tell, 2 times: Chat is away.", "Tell, once: It was ended."]);
        report.steps[0].unknown = 1;
        let step = &mut report.steps[1];
        (step.effect, step.changes, step.undone, step.stay, step.unknown) = (true, 3, 1, 1, 1);
        assert_eq!(change_lines(&report), ["Tell: 3 made, 1 undone, 1 could not be undone, 1 not known"]);
        report.steps[1].stay = 2;
        report.undo = vec![undone(false), perhaps()];
        let line = "Tell: 3 made, 1 undone, 1 could not be undone, 1 may have been undone, 1 not known";
        assert_eq!(change_lines(&report), [line]);
    }
}
