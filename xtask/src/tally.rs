//! How many tests passed and failed, from the summary that nextest writes.

use std::fmt;
use std::io::{BufRead, BufReader, IsTerminal};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::shell;

/// The result of one run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    /// Whether something ran and nothing failed.
    pub(crate) fn is_good(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Runs nextest, shows what it says as it says it, and counts.
pub(crate) fn of(nextest: &mut Command) -> Result<Tally> {
    let colour = if std::io::stderr().is_terminal() { "always" } else { "never" };
    let mut child = nextest
        .args(["--color", colour])
        .current_dir(shell::root())
        .stderr(Stdio::piped())
        .spawn()
        .context("cargo nextest cannot be started")?;
    let mut tally = None;
    if let Some(stderr) = child.stderr.take() {
        let mut lines = BufReader::new(stderr);
        // A failed test may have printed anything: bytes, not text.
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line);
            print!("{text}");
            tally = read(&text).or(tally);
            line.clear();
        }
    }
    let status = child.wait()?;
    let Some(tally) = tally else {
        bail!("cargo nextest ended without a summary ({status})");
    };
    if tally.is_good() != status.success() {
        bail!("cargo nextest says {tally}, and ended with {status}");
    }
    Ok(tally)
}

/// Reads `Summary [ 1.2s] 9 tests run: 8 passed (1 slow), 1 timed out, 2 skipped`. What ran or was to
/// run and did not pass has failed, whatever the reason is called.
fn read(line: &str) -> Option<Tally> {
    let line = plain(line);
    let rest = line.trim_start().strip_prefix("Summary [")?;
    let (_, rest) = rest.split_once(']')?;
    let (run, results) = rest.split_once(" run: ")?;
    let run: u64 = run.split_whitespace().next()?.rsplit('/').next()?.parse().ok()?;
    let passed = results.split(',').find_map(|part| {
        let mut words = part.split_whitespace();
        let count = words.next()?;
        (words.next()? == "passed").then(|| count.parse().ok())?
    });
    let passed: u64 = passed.unwrap_or(0);
    Some(Tally { passed, failed: run.saturating_sub(passed) })
}

/// Without colours.
fn plain(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_read_in_all_its_forms() {
        let table = [
            ("     Summary [  12.345s] 300 tests run: 300 passed, 2 skipped", Some((300, 0))),
            (
                "     Summary [   1.2s] 9 tests run: 6 passed (1 slow, 1 flaky), 2 failed, 1 timed out, 0 skipped",
                Some((6, 3)),
            ),
            ("     Summary [   0.1s] 1 test run: 0 passed, 1 failed, 3 skipped", Some((0, 1))),
            ("     Summary [   0.1s] 3/10 tests run: 3 passed, 0 skipped", Some((3, 7))),
            (
                "\u{1b}[32;1m     Summary\u{1b}[0m [   0.1s] \u{1b}[1m4\u{1b}[0m tests run: \u{1b}[1m4\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, 0 skipped",
                Some((4, 0)),
            ),
            ("        PASS [   0.1s] patchbay-map path::tests::one", None),
        ];
        for (line, expected) in table {
            assert_eq!(read(line), expected.map(|(passed, failed)| Tally { passed, failed }), "{line}");
        }
    }

    #[test]
    fn the_result_is_what_nextest_said_and_how_it_ended() {
        let run = |summary: &str, code: u8| {
            let script = format!("echo '{summary}' >&2; exit {code}");
            of(Command::new("sh").args(["-c", &script])).ok()
        };
        let good = "     Summary [   0.1s] 2 tests run: 2 passed, 0 skipped";
        let bad = "     Summary [   0.1s] 2 tests run: 1 passed, 1 failed, 0 skipped";
        assert_eq!(run(good, 0), Some(Tally { passed: 2, failed: 0 }));
        assert_eq!(run(bad, 100), Some(Tally { passed: 1, failed: 1 }));
        assert_eq!(run(good, 100), None, "an exit code is not talked away");
        assert_eq!(run(bad, 0), None);
        assert_eq!(run("killed before it could say", 1), None);
    }

    #[test]
    fn a_run_without_tests_is_not_good() {
        assert!(!Tally { passed: 0, failed: 0 }.is_good());
        assert!(!Tally { passed: 9, failed: 1 }.is_good());
        assert!(Tally { passed: 9, failed: 0 }.is_good());
    }
}
