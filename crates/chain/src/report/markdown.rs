//! The report as Markdown.

use std::fmt::Write as _;

use patchbay_model::Code;
use patchbay_model::report::RunReport;
use patchbay_model::run::RequestSummary;

use super::masks::{privacy_of, shown_requests};
use super::tables::{CONNECTION_FIGURES, STEP_FIGURES, connection_figures, step_figures};
use super::words::{
    change_lines, change_words, duration_words, millis_between, name_of, retry_lines, run_state_words,
    step_state_words,
};

/// Renders the report as Markdown (CommonMark with tables). Text from services is escaped.
pub fn markdown(report: &RunReport) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail; the results are dropped on purpose.
    let _ = writeln!(out, "# {}\n", escape(&report.chain));
    let _ = writeln!(out, "**{}.** {}\n", run_state_words(report), escape(&report.headline));
    let _ = writeln!(out, "- Run `{}`, version {}", report.run, report.chain_version);
    let _ = writeln!(out, "- Asked for {}", report.created_at.strftime("%Y-%m-%d %H:%M:%S UTC"));
    if let (Some(from), Some(to)) = (report.started_at, report.finished_at) {
        let _ = writeln!(out, "- Took {}", duration_words(millis_between(from, to)));
    }
    if report.interrupted {
        let _ = writeln!(
            out,
            "- Nothing is lost: `patchbay-cli wait {}` goes on, and so does the next start of the engine",
            report.run
        );
    }
    if report.recoveries > 0 {
        let _ = writeln!(out, "- Taken up again {} times after Patchbay was ended", report.recoveries);
    }
    if !report.check.is_empty() {
        let _ = writeln!(out, "\n## Check\n");
        for finding in &report.check {
            let _ = writeln!(out, "- {}", escape(&finding.text));
        }
    }
    let _ = writeln!(out, "\n## Steps\n");
    head(&mut out, &["Step", "State"], &STEP_FIGURES);
    for step in &report.steps {
        let _ = writeln!(
            out,
            "| {} ({}) | {} | {} |",
            escape(&step.name),
            escape(&step.connection),
            step_state_words(step.state),
            step_figures(step).join(" | "),
        );
    }
    connections(&mut out, report);
    lines(&mut out, "Retries", retry_lines(report));
    changes(&mut out, report);
    let problems: Vec<_> = report.steps.iter().flat_map(|s| s.problems.iter().map(move |p| (s, p))).collect();
    if !problems.is_empty() {
        let _ = writeln!(out, "\n## Problems\n");
        for (step, item) in problems {
            let _ = writeln!(
                out,
                "- {}, item {}: **{}.** {}",
                escape(&step.name),
                item.item + 1,
                escape(&item.problem.title()),
                escape(&item.problem.hint())
            );
        }
    }
    if !report.needs_you.is_empty() {
        let ended = report.state.is_final();
        let _ = writeln!(out, "\n## {}\n", if ended { "Not known" } else { "Needs you" });
        for question in &report.needs_you {
            let address = |r: &RequestSummary| privacy_of(report, &question.step).address(&r.url);
            let request = question
                .request
                .as_ref()
                .map_or_else(String::new, |r| format!(" `{} {}`", r.method, address(r)));
            let answers = match question.problem.code() {
                _ if question.approval.is_some() => "yes or no",
                Code::RunStuck | Code::EffectsUsedUp => "`not-happened` to go on, or `undo` to stop",
                _ => "`happened`, `not-happened` or `undo`",
            };
            let sent =
                question.sent_at.map_or_else(String::new, |at| at.strftime(" sent %H:%M:%S UTC").to_string());
            // Of a run that has ended nobody takes an answer.
            let answers = if ended { String::new() } else { format!(" Answer with {answers}.") };
            let _ = writeln!(
                out,
                "- {}, item {}: {}.{request}{sent}.{answers}",
                escape(name_of(report, &question.step)),
                question.item + 1,
                escape(&question.problem.title())
            );
        }
    }
    if !report.undo.is_empty() {
        let _ = writeln!(out, "\n## Undo\n");
        for undo in &report.undo {
            let what = match &undo.problem {
                None if undo.by_hand => "Undone by hand".to_owned(),
                None => "Undone".to_owned(),
                Some(_) if undo.unknown => "May have been undone; look at the service".to_owned(),
                Some(problem) => format!("Could not undo. {}", escape(&problem.hint())),
            };
            let _ = writeln!(out, "- {}, item {}: {what}", escape(name_of(report, &undo.step)), undo.item + 1);
        }
    }
    if report.steps.iter().any(|step| !step.shown.is_empty()) {
        let _ = writeln!(out, "\n## What would have been sent\n");
        for (line, body) in shown_requests(report) {
            let body = if body.is_empty() { body } else { format!(" {}", code(&body)) };
            let _ = writeln!(out, "- {}{body}", code(&line));
        }
    }
    out
}

fn connections(out: &mut String, report: &RunReport) {
    if report.connections.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Connections\n");
    head(out, &["Connection"], &CONNECTION_FIGURES);
    for one in &report.connections {
        let _ = writeln!(out, "| {} | {} |", escape(&one.connection), connection_figures(one).join(" | "));
    }
}

/// The head of a table: words to the left, figures to the right.
fn head(out: &mut String, words: &[&str], figures: &[&str]) {
    let _ = writeln!(out, "| {} | {} |", words.join(" | "), figures.join(" | "));
    let _ = writeln!(out, "|{}{}", "---|".repeat(words.len()), "--:|".repeat(figures.len()));
}

fn lines(out: &mut String, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## {title}\n");
    for line in lines {
        let _ = writeln!(out, "- {}", escape(&line));
    }
}

/// How much was changed, and each change, as far as it is listed.
fn changes(out: &mut String, report: &RunReport) {
    lines(out, "Changes", change_lines(report));
    let listed: Vec<_> = report.steps.iter().flat_map(|s| s.sent.iter().map(move |one| (s, one))).collect();
    if !listed.is_empty() {
        let _ = writeln!(out);
    }
    for (step, one) in listed {
        let again = if one.attempts > 1 { format!(", {} attempts", one.attempts) } else { String::new() };
        let _ = writeln!(
            out,
            "- {}, item {}, {}: {} {}{again}",
            escape(&step.name),
            one.item + 1,
            one.at.strftime("%H:%M:%S UTC"),
            code(&format!("{} {}", one.method, step.privacy.address(&one.url))),
            change_words(one.state),
        );
    }
}

/// Makes text harmless: one line, and no character that Markdown or HTML would act on.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in patchbay_model::text::display_line(text, 2_000).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

fn code(text: &str) -> String {
    format!("`{}`", patchbay_model::text::display_line(text, 400).replace('`', "'"))
}
