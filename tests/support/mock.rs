//! A mock of a vendor's service that runs as a process of its own.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::root;

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
        let mock = Self { child, _folder: folder, port };
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(90), "the mock does not start");
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

#[expect(clippy::disallowed_methods, reason = "a free port for a program that is not ours")]
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
