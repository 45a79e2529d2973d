//! What a measurement says of the computer and of its own process.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// What the disk below a folder needs for one small write that lasts, in the middle of fifty.
pub fn sync_p50(folder: &Path) -> Duration {
    let mut file = std::fs::File::create(folder.join("sync")).unwrap();
    let mut times: Vec<Duration> = (0..50)
        .map(|_| {
            let begun = Instant::now();
            file.write_all(&[1; 4_096]).unwrap();
            file.sync_data().unwrap();
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[25]
}

/// Seconds of a core that this process has used (proc(5), `stat`: in ticks of 1/100 s).
pub fn cpu() -> f64 {
    cpu_of(std::process::id())
}

/// The same of another process.
pub fn cpu_of(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let ticks: f64 =
        after_name.split_whitespace().skip(11).take(2).map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

/// A figure of this process in MiB, such as `VmHWM` (proc(5), `status`).
pub fn status(name: &str) -> f64 {
    status_of(std::process::id(), name)
}

/// The same of another process.
pub fn status_of(process: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}
