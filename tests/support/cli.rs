//! `patchbay-cli` as a user starts it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::root;

/// A data folder and the way to start the program on it.
#[derive(Debug)]
pub struct Cli {
    folder: tempfile::TempDir,
    /// Where the key is kept: `passphrase` outlives the process, `memory` does not.
    secrets: &'static str,
}

/// What a command printed.
#[derive(Debug)]
pub struct Output {
    /// Its exit code; -1 where it was killed.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The program, built anew where a source is younger than it: cargo builds a package's programs for
/// the tests of that package only.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        // target/<profile>/deps/it-… → target/<profile>/patchbay-cli
        let exe = std::env::current_exe().unwrap();
        let program = exe.parent().unwrap().parent().unwrap().join("patchbay-cli");
        if !fresh(&program) {
            let built = Command::new("cargo")
                .args(["build", "--quiet", "--package", "patchbay-headless"])
                .current_dir(root())
                .status()
                .unwrap();
            assert!(built.success());
        }
        program
    })
}

/// Whether no file that cargo's dependency list names is younger than the program.
fn fresh(program: &Path) -> bool {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    let (Some(built), Ok(sources)) = (changed(program), std::fs::read_to_string(program.with_extension("d")))
    else {
        return false;
    };
    let sources = sources.split_once(": ").map_or("", |(_, sources)| sources);
    // A space inside a path is written `\ `; such a path is not found, and cargo decides.
    sources.split_whitespace().all(|source| changed(Path::new(source)).is_some_and(|time| time <= built))
}

impl Cli {
    /// An empty data folder with a passphrase store: keys outlive the process.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), secrets: "passphrase" }
    }

    /// The same with keys that are gone when a process ends.
    pub fn in_memory() -> Self {
        Self { secrets: "memory", ..Self::new() }
    }

    /// The data folder.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder for the test's own files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file beside the data folder.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The command, ready to be started, with JSON output.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(["--json", "--secrets", self.secrets])
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("PATCHBAY_DATA_DIR", self.data_dir())
            .env("PATCHBAY_PASSPHRASE", "a passphrase for tests")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Where a program that was built to count the lines it runs leaves its counts.
        if let Some(file) = std::env::var_os("LLVM_PROFILE_FILE") {
            command.env("LLVM_PROFILE_FILE", file);
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        finish(self.command(args).spawn().unwrap())
    }

    /// Runs a command that must succeed and gives its JSON.
    pub fn ok(&self, args: &[&str]) -> Value {
        let output = self.run(args);
        assert_eq!(output.code, 0, "{args:?}: {output:?}");
        output.json()
    }

    /// Starts a command and leaves it running.
    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }
}

impl Default for Cli {
    fn default() -> Self {
        Self::new()
    }
}

/// Waits for a process and takes what it printed.
pub fn finish(child: Child) -> Output {
    let output = child.wait_with_output().unwrap();
    Output {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
