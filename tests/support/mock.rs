//! A mock of a vendor's service that runs as a process of its own.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Random, random_seed, root};

/// A running mock. It ends with this value.
#[derive(Debug)]
pub struct Mock {
    child: Child,
    _folder: Option<tempfile::TempDir>,
    /// Its port on loopback.
    pub port: u16,
}

impl Mock {
    /// Whether the mocks are installed.
    pub fn installed() -> bool {
        let modules = root().join("tests/node/node_modules");
        modules.join(".bin/prism").exists() && modules.join("graphql").exists()
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts it on a free port and waits until it answers. `folder` is kept as long as it runs.
    pub(crate) fn start(folder: Option<tempfile::TempDir>, command: impl Fn(u16) -> Command) -> Self {
        let port = free_port();
        let child =
            command(port).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut mock = Self { child, _folder: folder, port };
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(90), "the mock does not start");
            assert!(mock.is_alive(), "the mock ended before it answered");
            std::thread::sleep(Duration::from_millis(100));
        }
        mock
    }

    /// Whether it still runs: some requests kill it.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_none())
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A free port for a program that is not ours, and that needs a while before it takes it. None of those that the
/// system gives away by itself (from 32,768 on, `net.ipv4.ip_local_port_range`): meanwhile it would give it to another.
#[expect(clippy::disallowed_methods, reason = "a free port for a program that is not ours")]
pub fn free_port() -> u16 {
    let mut random = Random(random_seed());
    loop {
        let port = 12_000 + random.below(20_000) as u16;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
