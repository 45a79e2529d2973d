//! Logs: to standard error or a file that the user names, and, where the program stays, to files in the
//! data folder, one a day. What is written has passed [`mask`]: our own crates log no secrets, and this is
//! for those that we did not write.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use patchbay_model::problem::{Code, Problem, Subject};
use regex_lite::Regex;
use serde::{Deserialize, Serialize};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, reload};

use crate::hub::Hub;
use crate::workspaces::Empty;

/// How much is logged.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
/// How much goes to the files where nobody says.
const USUAL: &str = "info";
/// So many days of files are kept.
const DAYS: usize = 7;

/// Changes how much goes to the files of this process; logging belongs to a process as a whole.
static CHANGE: OnceLock<ChangeLevel> = OnceLock::new();

/// Takes a level that we know.
type ChangeLevel = Box<dyn Fn(&str) + Send + Sync>;

/// Where logs go.
#[derive(Debug, Default)]
pub struct LogOptions<'a> {
    /// How much goes to standard error or the named file.
    pub level: &'a str,
    /// The file that the user names; standard error where absent.
    pub file: Option<File>,
    /// The data folder, where files are kept; none where the program does not stay.
    pub data_dir: Option<&'a Path>,
}

/// Whether this is a level that we know.
pub fn is_level(level: &str) -> bool {
    LEVELS.contains(&level)
}

/// Starts logging. A second start in one process is the first one's business; files that cannot be made
/// are said on standard error and are no reason not to start.
pub fn start(options: LogOptions<'_>) {
    let masks = Masks::default();
    let screen: Box<dyn tracing_subscriber::Layer<_> + Send + Sync> = match options.file {
        None => {
            let plain = tracing_subscriber::fmt::layer().with_ansi(false);
            plain
                .with_writer(Masked { to: std::io::stderr, masks: masks.clone() })
                .with_filter(filter(options.level))
                .boxed()
        }
        Some(file) => {
            let plain = tracing_subscriber::fmt::layer().with_ansi(false);
            plain
                .with_writer(Masked { to: Mutex::new(file), masks: masks.clone() })
                .with_filter(filter(options.level))
                .boxed()
        }
    };
    let (mut trouble, mut change) = (None, None);
    let kept = options.data_dir.and_then(|dir| match files(dir) {
        Ok(files) => {
            let lines = tracing_subscriber::fmt::layer().json().with_writer(Masked { to: files, masks });
            let (filter_now, handle) = reload::Layer::new(filter(&level(dir)));
            change = Some(move |level: &str| {
                // It fails only where logging is over.
                let _ = handle.reload(filter(level));
            });
            Some(lines.with_filter(filter_now))
        }
        Err(error) => {
            trouble = Some(error);
            None
        }
    });
    let begun = tracing_subscriber::registry().with(screen).with(kept).try_init();
    if let (Ok(()), Some(change)) = (begun, change) {
        let _ = CHANGE.set(Box::new(change));
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    if let Some(error) = trouble {
        tracing::warn!(%error, "log files cannot be written");
    }
}

/// The name is a prefix: our crates speak at this level, others only when something is wrong.
fn filter(level: &str) -> EnvFilter {
    EnvFilter::new(format!("warn,patchbay={level}"))
}

/// One file a day below the data folder, which only its user can look into.
fn files(data_dir: &Path) -> std::io::Result<RollingFileAppender> {
    let folder = folder(data_dir);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("patchbay")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(folder)
        .map_err(std::io::Error::other)
}

fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("logs")
}

/// What hides secrets in text. Cheap to clone.
#[derive(Clone)]
struct Masks(Arc<[(Regex, &'static str)]>);

impl Default for Masks {
    fn default() -> Self {
        let rules = [
            // Credentials of HTTP (RFC 9110 section 11.6.2).
            (r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}", "$1 •••"),
            // User information of an address (RFC 3986 section 3.2.1).
            (r#"://[^/\s:@"]+:[^/\s@"]+@"#, "://•••@"),
            // Values of a query.
            (r#"([?&][A-Za-z0-9_.%\[\]-]{1,60}=)[^&\s"'\\)]+"#, "$1•••"),
            (
                r#"(?i)\b(access_token|refresh_token|id_token|client_secret|api[_-]?key|x-api-key|password|passphrase|code_verifier)(["'\\]*\s*[=:]\s*["'\\]*)[^\s"'\\&,;}]{4,}"#,
                "$1$2•••",
            ),
        ];
        // A rule that is no expression would be found by the test of each.
        Self(rules.into_iter().filter_map(|(rule, with)| Some((Regex::new(rule).ok()?, with))).collect())
    }
}

impl Masks {
    /// The text without what looks like a secret.
    fn mask(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (rule, with) in self.0.iter() {
            if rule.is_match(&text) {
                text = rule.replace_all(&text, *with).into_owned();
            }
        }
        text
    }
}

/// Writes with secrets masked. What logs is written event by event, so that none is cut in two.
struct Masked<M> {
    to: M,
    masks: Masks,
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Masked<M> {
    type Writer = MaskedWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        MaskedWriter { to: self.to.make_writer(), masks: self.masks.clone() }
    }
}

struct MaskedWriter<W> {
    to: W,
    masks: Masks,
}

impl<W: Write> Write for MaskedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.to.write_all(self.masks.mask(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

/// How much goes to the files, for the whole data folder: kept in `logging.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    level: String,
}

/// How much goes to the files of a data folder.
fn level(data_dir: &Path) -> String {
    let text = std::fs::read(data_dir.join("logging.json")).unwrap_or_default();
    let kept: Option<Kept> = serde_json::from_slice(&text).ok();
    kept.map(|kept| kept.level).filter(|level| is_level(level)).unwrap_or_else(|| USUAL.to_owned())
}

/// Where the log files are, and how much goes to them.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LogSettings {
    /// off, error, warn, info, debug or trace.
    pub level: String,
    /// The folder.
    pub folder: PathBuf,
}

/// How much to log.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct LogSettingsRequest {
    /// off, error, warn, info, debug or trace.
    pub level: String,
}

/// Shows where the log files are and how much goes to them.
pub async fn show(hub: &Hub, _: &str, _: Empty) -> Result<LogSettings, Problem> {
    Ok(LogSettings { level: level(hub.data_dir()), folder: folder(hub.data_dir()) })
}

/// So much of the latest log file is told at most, in bytes: its end.
const TOLD: u64 = 1 << 20;

/// The end of the latest log file.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LogText {
    /// The file's name.
    pub name: String,
    /// Whole lines, secrets masked.
    pub text: String,
}

/// Tells the end of the latest log file, for somebody who helps.
pub async fn text(hub: &Hub, _: &str, _: Empty) -> Result<LogText, Problem> {
    latest(&folder(hub.data_dir())).ok_or_else(|| Problem::new(Code::NotFound).with("item", "A log file"))
}

fn latest(folder: &Path) -> Option<LogText> {
    let names =
        std::fs::read_dir(folder).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    // Named by the day: the last one is the latest.
    let name = names
        .filter(|name| name.strip_prefix("patchbay.").and_then(|rest| rest.strip_suffix(".log")).is_some())
        .max()?;
    let mut file = File::open(folder.join(&name)).ok()?;
    let before = file.metadata().ok()?.len().saturating_sub(TOLD);
    file.seek(SeekFrom::Start(before)).ok()?;
    let mut end = Vec::new();
    file.take(TOLD).read_to_end(&mut end).ok()?;
    // A line that was cut says nothing.
    let cut =
        if before > 0 { end.iter().position(|byte| *byte == b'\n').map_or(end.len(), |at| at + 1) } else { 0 };
    let whole = &end[cut..];
    // What was written before a rule was known is masked by it now.
    Some(LogText { name, text: Masks::default().mask(&String::from_utf8_lossy(whole)) })
}

/// Changes how much goes to the log files, at once and after the next start too.
pub async fn set(hub: &Hub, workspace: &str, request: LogSettingsRequest) -> Result<LogSettings, Problem> {
    if !is_level(&request.level) {
        return Err(Problem::new(Code::InputInvalid)
            .with("field", "The log level")
            .with("message", "Use off, error, warn, info, debug or trace.")
            .about(Subject::Field { name: "level".into() }));
    }
    let failed =
        |error: &dyn std::fmt::Display| Problem::new(Code::Internal).detail(format!("logging.json: {error}"));
    let kept = Kept { level: request.level };
    let text = serde_json::to_vec_pretty(&kept).map_err(|error| failed(&error))?;
    crate::security::write(&hub.data_dir().join("logging.json"), &text).map_err(|error| failed(&error))?;
    if let Some(change) = CHANGE.get() {
        change(&kept.level);
    }
    let detail = serde_json::json!({ "level": kept.level });
    hub.workspace(workspace).await?.store().audit("settings_changed", "logs", &detail).await?;
    show(hub, workspace, Empty {}).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_masked_and_the_rest_can_be_read() {
        let masks = Masks::default();
        assert_eq!(masks.0.len(), 4, "each rule is an expression");
        let hidden = "not-a-real-secret-0123456789";
        let lines = [
            format!("sending Authorization: Bearer {hidden}"),
            format!("authorization: basic {hidden}=="),
            format!("GET http://user:{hidden}@host.example/a"),
            format!("redirected to https://host.example/cb?state=x&code={hidden}"),
            format!("{{\"access_token\":\"{hidden}\",\"n\":1}}"),
            format!("{{\"message\":\"{{\\\"refresh_token\\\": \\\"{hidden}\\\"}}\"}}"),
            format!("client_secret={hidden}&grant_type=x"),
            format!("X-Api-Key: {hidden}"),
            format!("password = '{hidden}'"),
        ];
        for line in lines {
            let masked = masks.mask(&line);
            assert!(!masked.contains(hidden) && masked.contains("•••"), "{masked}");
        }
        let plain = "code=RATE_LIMITED state=connected token: 3 https://host.example/a/b took 5 ms";
        assert_eq!(masks.mask(plain), plain);
    }

    #[test]
    fn events_reach_the_file_of_the_day_masked_and_as_json() {
        let dir = tempfile::tempdir().unwrap();
        let to = files(dir.path()).unwrap();
        let lines = tracing_subscriber::fmt::layer().json().with_writer(Masked { to, masks: Masks::default() });
        let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter("info")));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(address = "https://a.example/?key=not-a-real-secret", "asked");
            tracing::debug!("too quiet to be heard");
            tracing::info!(target: "somebody_else", "not ours");
        });
        let entries: Vec<_> = std::fs::read_dir(dir.path().join("logs")).unwrap().flatten().collect();
        assert_eq!(entries.len(), 1);
        let text = std::fs::read_to_string(entries[0].path()).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 1, "{text}");
        assert_eq!(lines[0]["fields"]["message"], "asked");
        assert_eq!(lines[0]["fields"]["address"], "https://a.example/?key=•••");
    }

    #[test]
    fn the_end_of_the_latest_file_is_told_in_whole_lines_and_masked() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(latest(dir.path()), None, "there is none yet");
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("patchbay.2026-11-19.log", "{\"day\":19}\n");
        write("patchbay.2026-11-20.log", "{\"day\":20}\npassword = 'not-a-real-secret'\n");
        write("zebra.log", "not ours\n");
        let told = latest(dir.path()).unwrap();
        assert_eq!(told.name, "patchbay.2026-11-20.log");
        assert_eq!(told.text, "{\"day\":20}\npassword = '•••'\n");
        let line = format!("{}\n", "x".repeat(99));
        write("patchbay.2026-11-21.log", &line.repeat(TOLD as usize / 100 + 50));
        let long = latest(dir.path()).unwrap().text;
        assert!(long.len() <= TOLD as usize && long.len() > TOLD as usize - 200, "{}", long.len());
        assert!(long.split_terminator('\n').all(|line| line.len() == 99), "no line is cut");
    }

    #[test]
    fn only_a_week_of_files_is_kept() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("logs")).unwrap();
        for day in 1..=20 {
            std::fs::write(dir.path().join(format!("logs/patchbay.2026-11-{day:02}.log")), "{}\n").unwrap();
        }
        drop(files(dir.path()).unwrap());
        assert!(std::fs::read_dir(dir.path().join("logs")).unwrap().count() <= DAYS);
        let fresh = tempfile::tempdir().unwrap();
        drop(files(fresh.path()).unwrap());
        let mode = std::fs::metadata(fresh.path().join("logs")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_level_that_cannot_be_read_is_the_usual_one() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(level(dir.path()), "info");
        for (text, want) in [("{", "info"), (r#"{"level":"loud"}"#, "info"), (r#"{"level":"debug"}"#, "debug")]
        {
            std::fs::write(dir.path().join("logging.json"), text).unwrap();
            assert_eq!(level(dir.path()), want, "{text}");
        }
    }

    #[test]
    fn a_change_of_the_level_holds_at_once() {
        let dir = tempfile::tempdir().unwrap();
        // Logging belongs to a process: this is the only test that starts it.
        start(LogOptions { level: "off", file: None, data_dir: Some(dir.path()) });
        let text = || {
            let entries = std::fs::read_dir(dir.path().join("logs")).unwrap().flatten();
            entries.map(|entry| std::fs::read_to_string(entry.path()).unwrap()).collect::<String>()
        };
        tracing::debug!("too quiet to be heard");
        CHANGE.get().unwrap()("debug");
        tracing::debug!("heard now");
        let text = text();
        assert!(text.contains("heard now") && !text.contains("too quiet"), "{text}");
    }
}
