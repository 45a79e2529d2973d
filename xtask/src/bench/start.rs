//! Cold start and memory of the engine without a screen.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell;

/// Prints both.
pub(super) fn measure() -> Result<()> {
    shell::cargo(&["build", "--quiet", "--release", "--package", "patchbay-headless"])?;
    let cli = shell::root().join("target/release/patchbay-cli");
    let folder = shell::root().join("target/bench-start");
    let fresh = || -> Result<()> {
        let _ = std::fs::remove_dir_all(&folder);
        Ok(std::fs::create_dir_all(&folder)?)
    };
    let command = |args: &[&str]| {
        let mut command = Command::new(&cli);
        command.args(["--secrets", "memory", "--json", "--data-dir"]).arg(&folder).args(args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let spawn = median(15, || Ok(Command::new("true")), || Ok(()))?;
    let empty = median(15, || Ok(command(&["health"])), fresh)?;
    let again = median(15, || Ok(command(&["health"])), || Ok(()))?;
    let catalogue = median(15, || Ok(command(&["catalogue"])), || Ok(()))?;
    let ratio = |time: Duration| time.as_secs_f64() / spawn.as_secs_f64();
    println!("a process that does nothing   {:>7.1} ms", ms(spawn));
    println!("engine on an empty folder     {:>7.1} ms  {:>5.1} x (bar: 300 ms)", ms(empty), ratio(empty));
    println!("engine on its own folder      {:>7.1} ms  {:>5.1} x", ms(again), ratio(again));
    println!("catalogue                     {:>7.1} ms  {:>5.1} x", ms(catalogue), ratio(catalogue));
    fresh()?;
    println!("memory, engine at rest        {:>7.1} MiB (bar: 40 MiB)", resident(&cli, &folder)?);
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn median(
    times: usize,
    command: impl Fn() -> Result<Command>,
    before: impl Fn() -> Result<()>,
) -> Result<Duration> {
    let mut taken = Vec::with_capacity(times);
    for _ in 0..times {
        before()?;
        let mut command = command()?;
        let started = Instant::now();
        let status = command.status().context("the measured program cannot be started")?;
        taken.push(started.elapsed());
        if !status.success() {
            bail!("the measured program failed ({status})");
        }
    }
    taken.sort();
    Ok(taken[times / 2])
}

/// Resident memory of a sandbox-and-engine process at rest, in MiB.
fn resident(cli: &std::path::Path, folder: &std::path::Path) -> Result<f64> {
    let mut child = Command::new(cli)
        .args(["--secrets", "memory", "--json", "--data-dir"])
        .arg(folder)
        .arg("engine")
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    if let Some(out) = child.stdout.take() {
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line)?;
    }
    std::thread::sleep(Duration::from_millis(500));
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    child.kill()?;
    child.wait()?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().split(' ').next())
        .and_then(|number| number.parse().ok())
        .context("VmRSS")?;
    Ok(kib / 1_024.0)
}
