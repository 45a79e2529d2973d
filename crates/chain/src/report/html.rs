//! The report as one self-contained HTML page: no script, nothing fetched.

use std::fmt::Write as _;

use patchbay_model::report::{RunReport, StepReport, StepState};
use patchbay_model::run::RequestSummary;

use super::masks::{privacy_of, shown_requests};
use super::tables::{CONNECTION_FIGURES, STEP_FIGURES, connection_figures, step_figures};
use super::words::{
    change_lines, change_words, duration_words, millis_between, name_of, retry_lines, run_state_words,
    step_state_words,
};

const STYLE: &str = "
:root{color-scheme:light dark;--bg:#f7f8fa;--surface:#fff;--line:#dfe3e8;--text:#1a1d23;--text-2:#555d6b;
--ok:#18794e;--warn:#8a5700;--bad:#c0262d;--run:#4c57d6}
@media(prefers-color-scheme:dark){:root{--bg:#101216;--surface:#181b21;--line:#2e333d;--text:#e8eaee;
--text-2:#a4abb8;--ok:#4cc38a;--warn:#f1b44c;--bad:#ff7b7f;--run:#939df9}}
body{background:var(--bg);color:var(--text);font:14px/20px Inter,system-ui,sans-serif;margin:0}
main{max-width:960px;margin:0 auto;padding:24px}
h1{font-size:20px;line-height:28px;margin:0 0 4px}h2{font-size:16px;line-height:24px;margin:24px 0 8px}
p{margin:0 0 8px}.meta{color:var(--text-2);font-size:12px}
section{background:var(--surface);border:1px solid var(--line);border-radius:8px;padding:16px}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:4px 8px;border-bottom:1px solid var(--line)}
th{color:var(--text-2);font-weight:500}th:first-child,td:first-child,.steps th:nth-child(2),.steps td:nth-child(2){text-align:left}
section{overflow-x:auto}
.bar{position:relative;height:16px;background:var(--bg);border-radius:4px;margin:2px 0 8px}
.bar i{position:absolute;top:0;bottom:0;border-radius:4px;min-width:2px}
.ok{color:var(--ok)}.bad{color:var(--bad)}.warn{color:var(--warn)}.run{color:var(--run)}
i.ok{background:var(--ok)}i.bad{background:var(--bad)}i.warn{background:var(--warn)}i.run{background:var(--run)}
code{font:12px/16px ui-monospace,monospace;overflow-wrap:anywhere}ul{margin:0;padding-left:20px}
";

/// Renders the report as a page. Everything that came from outside is escaped text.
pub fn html(report: &RunReport) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail; the results are dropped on purpose.
    let _ = write!(
        out,
        "<!doctype html><html lang=\"en-GB\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title}: {state}</title><style>{STYLE}</style><main><h1>{title}</h1>\
         <p><strong>{state}.</strong> {headline}</p><p class=\"meta\">Run {run} · version {version} · {at}</p>",
        title = escape(&report.chain),
        state = run_state_words(report),
        headline = escape(&report.headline),
        run = escape(report.run.as_str()),
        version = report.chain_version,
        at = report.created_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
    );
    timeline(&mut out, report);
    steps(&mut out, report);
    connections(&mut out, report);
    let problems = report.steps.iter().flat_map(|s| {
        s.problems.iter().map(move |p| {
            format!("{}, item {}: {}. {}", s.name, p.item + 1, p.problem.title(), p.problem.hint())
        })
    });
    list(&mut out, "Check", report.check.iter().map(|f| f.text.clone()));
    list(&mut out, "Problems", problems);
    list(&mut out, "Retries", retry_lines(report).into_iter());
    list(&mut out, "Changes", change_lines(report).into_iter().chain(changes(report)));
    list(
        &mut out,
        if report.state.is_final() { "Not known" } else { "Needs you" },
        report.needs_you.iter().map(|q| {
            let address = |r: &RequestSummary| privacy_of(report, &q.step).address(&r.url);
            let request =
                q.request.as_ref().map_or_else(String::new, |r| format!(" {} {}", r.method, address(r)));
            format!("{}, item {}: {}.{request}", name_of(report, &q.step), q.item + 1, q.problem.title())
        }),
    );
    list(
        &mut out,
        "Undo",
        report.undo.iter().map(|u| match &u.problem {
            None if u.by_hand => format!("{}, item {}: undone by hand", name_of(report, &u.step), u.item + 1),
            None => format!("{}, item {}: undone", name_of(report, &u.step), u.item + 1),
            Some(_) if u.unknown => format!(
                "{}, item {}: may have been undone; look at the service",
                name_of(report, &u.step),
                u.item + 1
            ),
            Some(p) => {
                format!("{}, item {}: could not undo. {}", name_of(report, &u.step), u.item + 1, p.hint())
            }
        }),
    );
    list(
        &mut out,
        "What would have been sent",
        shown_requests(report).map(|(line, body)| format!("{line} {body}")),
    );
    out.push_str("</main></html>\n");
    out
}

fn timeline(out: &mut String, report: &RunReport) {
    let Some(start) = report.started_at else {
        return;
    };
    let end = report.steps.iter().filter_map(|s| s.finished_at).max().or(report.finished_at).unwrap_or(start);
    let whole = millis_between(start, end).max(1) as f64;
    out.push_str("<h2>Timeline</h2><section>");
    for step in &report.steps {
        let (Some(from), to) = (step.started_at, step.finished_at.unwrap_or(end)) else {
            continue;
        };
        let left = millis_between(start, from) as f64 / whole * 100.0;
        let width = (millis_between(from, to) as f64 / whole * 100.0).max(0.5);
        let _ = write!(
            out,
            "<div>{name} <span class=\"meta\">{state}, {took}</span></div><div class=\"bar\">\
             <i class=\"{class}\" style=\"left:{left:.2}%;width:{width:.2}%\"></i></div>",
            name = escape(&step.name),
            state = step_state_words(step.state),
            took = duration_words(millis_between(from, to)),
            class = class(step),
        );
    }
    out.push_str("</section>");
}

fn steps(out: &mut String, report: &RunReport) {
    out.push_str("<h2>Steps</h2><section><table class=\"steps\">");
    head(out, &["Step", "State"], &STEP_FIGURES);
    for step in &report.steps {
        let _ = write!(
            out,
            "<tr><td>{} <span class=\"meta\">{}</span><td class=\"{}\">{}<td>{}</tr>",
            escape(&step.name),
            escape(&step.connection),
            class(step),
            step_state_words(step.state),
            step_figures(step).join("<td>"),
        );
    }
    out.push_str("</tbody></table></section>");
}

fn connections(out: &mut String, report: &RunReport) {
    if report.connections.is_empty() {
        return;
    }
    out.push_str("<h2>Connections</h2><section><table>");
    head(out, &["Connection"], &CONNECTION_FIGURES);
    for one in &report.connections {
        let figures = connection_figures(one).join("<td>");
        let _ = write!(out, "<tr><td>{}<td>{figures}</tr>", escape(&one.connection));
    }
    out.push_str("</tbody></table></section>");
}

fn head(out: &mut String, words: &[&str], figures: &[&str]) {
    let _ =
        write!(out, "<thead><tr><th>{}<th>{}</tr></thead><tbody>", words.join("<th>"), figures.join("<th>"));
}

/// Each change, as far as it is listed.
fn changes(report: &RunReport) -> impl Iterator<Item = String> {
    report.steps.iter().flat_map(|step| {
        step.sent.iter().map(move |one| {
            let again = if one.attempts > 1 { format!(", {} attempts", one.attempts) } else { String::new() };
            let at = one.at.strftime("%H:%M:%S UTC");
            let (item, words) = (one.item + 1, change_words(one.state));
            format!(
                "{}, item {item}, {at}: {} {} {words}{again}",
                step.name,
                one.method,
                step.privacy.address(&one.url)
            )
        })
    })
}

fn list(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        return;
    }
    let _ = write!(out, "<h2>{title}</h2><section><ul>");
    for line in lines {
        let _ = write!(out, "<li>{}</li>", escape(&line));
    }
    out.push_str("</ul></section>");
}

fn class(step: &StepReport) -> &'static str {
    match step.state {
        StepState::Done | StepState::Undone => "ok",
        StepState::Failed | StepState::CouldNotUndo => "bad",
        StepState::NotKnown | StepState::Retrying => "warn",
        StepState::Running => "run",
        StepState::Waiting | StepState::Skipped => "meta",
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in patchbay_model::text::display_line(text, 2_000).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
