//! Time to a usable window, and memory of its whole process tree beside a bare page of the same web view.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{interface, packages, shell};

/// Starts per figure; the median counts.
const TIMES: usize = 5;
/// How long a window rests before its memory is read.
const REST: Duration = Duration::from_secs(3);

/// Prints both.
pub(super) fn measure() -> Result<()> {
    packages::ensure(packages::TEST)?;
    interface::build()?;
    // As a bundle has it: the interface is part of the program.
    let release =
        ["build", "--quiet", "--release", "--package", "patchbay", "--features", "tauri/custom-protocol"];
    shell::cargo(&release)?;
    shell::cargo(&[&release[..], &["--example", "bare_page"]].concat())?;
    let display = Display::start()?;
    let target = shell::root().join("target/release");
    let mut usable = Vec::new();
    let mut ours = Vec::new();
    for _ in 0..TIMES {
        let folder = tempfile(&display)?;
        let mut child = display.launch(&target.join("patchbay"), &folder)?;
        usable.push(wait_usable(&mut child)?);
        std::thread::sleep(REST);
        ours.push(tree(child.id())?);
        end(child)?;
    }
    let mut bare = Vec::new();
    for _ in 0..TIMES {
        let folder = tempfile(&display)?;
        let child = display.launch(&target.join("examples/bare_page"), &folder)?;
        std::thread::sleep(REST);
        bare.push(tree(child.id())?);
        end(child)?;
    }
    let (usable, ours, bare) = (median(usable), median(ours), median(bare));
    println!("start to usable window        {usable:>7.0} ms (bar: 1,000 ms)");
    println!("memory of the whole tree      {ours:>7.1} MiB, {:.2} x a bare page ({bare:.1} MiB)", ours / bare);
    Ok(())
}

/// What the interface costs in both web views; the bars stand beside the figures.
pub(super) fn interface() -> Result<()> {
    packages::ensure(packages::TEST)?;
    interface::install("tests/node")?;
    interface::build()?;
    shell::cargo(&["build", "--quiet", "--release", "--package", "patchbay-headless"])?;
    let window =
        ["build", "--quiet", "--release", "--package", "patchbay", "--features", "tauri/custom-protocol"];
    shell::cargo(&window)?;
    shell::cargo(&["run", "--quiet", "--release", "--package", "patchbay-tests", "--example", "bench_ui"])
}

/// A display of our own.
struct Display {
    child: Child,
    name: String,
}

impl Display {
    fn start() -> Result<Self> {
        let number = 900 + std::process::id() % 90;
        let name = format!(":{number}");
        let child = Command::new("Xvfb")
            .args([&name, "-screen", "0", "1280x900x24", "-nolisten", "tcp"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb")?;
        let socket = PathBuf::from(format!("/tmp/.X11-unix/X{number}"));
        let started = Instant::now();
        while !socket.exists() {
            if started.elapsed() > Duration::from_secs(20) {
                bail!("Xvfb does not start");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Self { child, name })
    }

    fn launch(&self, program: &Path, folder: &Path) -> Result<Child> {
        Command::new("dbus-run-session")
            .arg("--")
            .arg(program)
            .env("DISPLAY", &self.name)
            .env("NO_AT_BRIDGE", "1")
            .env("XDG_RUNTIME_DIR", folder)
            .env("XDG_DATA_HOME", folder.join("share"))
            .env("XDG_CONFIG_HOME", folder.join("config"))
            .env("XDG_CACHE_HOME", folder.join("cache"))
            .env("PATCHBAY_DATA_DIR", folder.join("data"))
            .env("PATCHBAY_SECRETS", "memory")
            .env("PATCHBAY_LOG", "info")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| program.display().to_string())
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An empty folder that only its user may read.
fn tempfile(display: &Display) -> Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = shell::root().join(format!("target/bench-window{}", display.name.replace(':', "-")));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
    Ok(folder)
}

/// Reads the program's own figure from its log.
fn wait_usable(child: &mut Child) -> Result<f64> {
    let log = child.stderr.take().context("no log")?;
    let mut lines = BufReader::new(log).lines();
    let found = lines.find_map(|line| {
        let line = line.ok()?;
        let (_, rest) = line.contains("window usable").then(|| line.split_once("ms="))??;
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
    });
    // The rest of the log is read away, so that the program never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    found.context("the window never said that it is usable")
}

/// Proportional memory of a process and everything it started, in MiB (proc(5), smaps_rollup).
fn tree(root: u32) -> Result<f64> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        children.entry(parent.unwrap_or(0)).or_default().push(pid);
    }
    let mut waiting = vec![root];
    let mut kib = 0.0;
    while let Some(pid) = waiting.pop() {
        waiting.extend(children.get(&pid).into_iter().flatten());
        let Ok(rollup) = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else { continue };
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        kib += pss.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0);
    }
    Ok(kib / 1_024.0)
}

/// Ends a session by asking its bus to.
fn end(mut child: Child) -> Result<()> {
    Command::new("kill").arg(child.id().to_string()).status()?;
    let started = Instant::now();
    while child.try_wait()?.is_none() {
        if started.elapsed() > Duration::from_secs(10) {
            child.kill()?;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(300));
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
