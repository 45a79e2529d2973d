//! `patchbay-cli serve` as a process of its own, and a browser that walks through it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::program;
use crate::crowd::Crowd;
use crate::root;

/// The interface on loopback.
#[derive(Debug)]
pub struct Served {
    child: Child,
    folder: tempfile::TempDir,
    /// Its address, such as `http://127.0.0.1:4320/`.
    pub url: String,
    /// The token of this start.
    pub token: String,
}

impl Served {
    /// Starts it on an empty data folder and a free port.
    pub fn start() -> Self {
        Self::with(tempfile::tempdir().unwrap(), 0)
    }

    /// Starts it where much is there already.
    pub fn crowded(crowd: &Crowd) -> Self {
        // Beside the build: where temporary files are in memory a million signals are too many.
        let folder = tempfile::tempdir_in(root().join("target")).unwrap();
        crowd.fill(&folder.path().join("data"));
        Self::with(folder, 0)
    }

    fn with(folder: tempfile::TempDir, port: u16) -> Self {
        assert!(
            root().join("ui/dist/assets").is_dir(),
            "the interface is not built: `cargo xtask test` builds it, or `npm --prefix ui run build`"
        );
        let (child, url, token) = launch(folder.path(), port);
        Self { child, folder, url, token }
    }

    /// Ends it as a crash does, and starts it again on the same data and port.
    pub fn restart(&mut self) {
        self.kill();
        let port = self.port();
        let (child, url, token) = launch(self.folder.path(), port);
        self.child = child;
        self.url = url;
        self.token = token;
    }

    /// Ends it as a crash does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The file that holds the token of this start.
    pub fn token_file(&self) -> PathBuf {
        self.folder.path().join("data/serve-token")
    }

    /// Asks it to end, as the system does, and waits until it has.
    pub fn terminate(&mut self) -> ExitStatus {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.pid()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.child.wait().unwrap()
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Sends a command past the interface; panics where it fails.
    pub fn rpc(&self, command: &str, request: &Value) -> Value {
        self.answer(command, request).unwrap_or_else(|problem| panic!("{command}: {problem:#}"))
    }

    /// Sends a command past the interface.
    ///
    /// # Errors
    /// The problem that it answers with.
    pub fn answer(&self, command: &str, request: &Value) -> Result<Value, Value> {
        let body = json!({ "workspace": "default", "command": command, "request": request }).to_string();
        let headers = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", self.token);
        let answer = self.raw("POST", "/rpc", &headers, &body);
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let answer: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
        match &answer["problem"] {
            Value::Null => Ok(answer["response"].clone()),
            problem => Err(problem.clone()),
        }
    }

    /// One exchange as it is on the wire: status line, headers and body.
    pub fn raw(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let host = format!("127.0.0.1:{}", self.port());
        let host_line = if headers.contains("Host:") { String::new() } else { format!("Host: {host}\r\n") };
        let mut stream = TcpStream::connect(&host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\n{host_line}{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Walks through the interface in Chromium, as `tests/node/walks/<name>.mjs` says.
    pub fn walk(&self, name: &str, facts: &Value) {
        walk(name, &json!({ "url": self.url, "token": self.token, "facts": facts }));
    }
}

impl Served {
    /// The same, with a test that does what the walk asks for: each line that begins with `>` is
    /// passed to `act`; the walk goes on when it gets a line back.
    pub fn walk_meanwhile(&mut self, name: &str, facts: &Value, act: impl Fn(&str, &mut Self)) {
        let script = root().join("tests/node/walks").join(format!("{name}.mjs"));
        let mut child = Command::new("node")
            .arg(script)
            .env("WALK", json!({ "url": self.url, "token": self.token, "facts": facts }).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut answers = child.stdin.take().unwrap();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            match line.strip_prefix('>') {
                Some(wish) => {
                    act(wish, self);
                    writeln!(answers, "{}", self.token).unwrap();
                }
                None => println!("{name}: {line}"),
            }
        }
        assert!(child.wait().unwrap().success(), "{name}: see above");
    }
}

/// Walks in Chromium as `tests/node/walks/<name>.mjs` says; `told` is what it is told.
pub fn walk(name: &str, told: &Value) {
    let output = Command::new("node")
        .arg(root().join("tests/node/walks").join(format!("{name}.mjs")))
        .env("WALK", told.to_string())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name}:\n{text}");
    println!("{name}: {text}");
}

/// Whether a browser and its driver are here; said where they are not.
pub fn walks_possible() -> bool {
    let here = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .iter()
        .any(|path| std::path::Path::new(path).exists())
        && root().join("tests/node/node_modules/playwright-core").is_dir();
    assert!(
        here || std::env::var_os("PATCHBAY_NO_BROWSER").is_some(),
        "no Chromium or no driver: `cargo xtask test` installs both; PATCHBAY_NO_BROWSER=1 does without"
    );
    here
}

fn launch(folder: &std::path::Path, port: u16) -> (Child, String, String) {
    let mut child = Command::new(program())
        .args(["--json", "--data-dir"])
        .arg(folder.join("data"))
        .args(["--secrets", "passphrase", "serve", "--port", &port.to_string()])
        .env("PATCHBAY_PASSPHRASE", "walks")
        // Nobody's keyring is touched.
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env("XDG_RUNTIME_DIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let token = std::fs::read_to_string(ready["tokenFile"].as_str().unwrap()).unwrap();
    (child, ready["url"].as_str().unwrap().to_owned(), token)
}

impl Drop for Served {
    /// In order, as the system ends it: only then a build that counts its lines writes them down.
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.pid()).unwrap_or_default());
        if matches!(self.child.try_wait(), Ok(None)) && pid.as_raw() > 0 {
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
            for _ in 0..100 {
                if !matches!(self.child.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        self.kill();
    }
}
