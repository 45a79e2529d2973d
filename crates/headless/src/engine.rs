//! The engine a command talks to: our own, or the one that owns the data folder already.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use patchbay_api::forward::{answers, forward, serve};
use patchbay_api::{Hub, HubOptions, SecretsChoice, dispatch};
use patchbay_model::SystemClock;
use patchbay_model::problem::{Code, Problem, Subject};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::args::{Args, Secrets};
use crate::host::CommandLine;

/// The engine a command talks to.
pub(crate) enum Engine {
    /// Ours: this process owns the data folder.
    Own {
        /// The engine.
        hub: Hub,
        /// Answers other processes meanwhile.
        server: JoinHandle<()>,
    },
    /// Another process's.
    Other {
        /// The data folder it owns.
        data_dir: PathBuf,
    },
}

impl Engine {
    /// Starts an engine, or finds the one that runs. One that is just starting or ending is given a
    /// few seconds.
    pub(crate) async fn open(args: &Args) -> Result<Self, Problem> {
        let data_dir = data_dir(args)?;
        let mut tries = 0;
        loop {
            let in_use = match start(args, data_dir.clone()) {
                Ok(hub) => return Ok(Self::Own { server: tokio::spawn(serve(hub.clone())), hub }),
                Err(problem) if problem.code() == Code::InUse => problem,
                Err(problem) => return Err(problem),
            };
            if answers(&data_dir).await {
                return Ok(Self::Other { data_dir });
            }
            tries += 1;
            if tries == 50 {
                return Err(in_use);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Starts an engine of our own; `IN_USE` where another process has the data folder.
    pub(crate) fn own(args: &Args) -> Result<Self, Problem> {
        let hub = start(args, data_dir(args)?)?;
        Ok(Self::Own { server: tokio::spawn(serve(hub.clone())), hub })
    }

    /// The same with keys in memory, whatever the command line says.
    pub(crate) fn own_in_memory(args: &Args) -> Result<Self, Problem> {
        let hub = Hub::start(HubOptions {
            secrets: SecretsChoice::Memory,
            data_dir: data_dir(args)?,
            clock: Arc::new(SystemClock::new()),
            host: Arc::new(CommandLine),
        })?;
        Ok(Self::Own { server: tokio::spawn(serve(hub.clone())), hub })
    }

    /// The engine itself, where it is ours.
    pub(crate) fn hub(&self) -> Result<&Hub, Problem> {
        match self {
            Self::Own { hub, .. } => Ok(hub),
            Self::Other { .. } => Err(Problem::new(Code::InUse)),
        }
    }

    /// Answers a command.
    pub(crate) async fn call(&self, workspace: &str, command: &str, request: Value) -> Result<Value, Problem> {
        match self {
            Self::Own { hub, .. } => dispatch(hub, workspace, command, request).await,
            Self::Other { data_dir } => forward(data_dir, workspace, command, request).await,
        }
    }

    /// Ends our engine; another process's goes on.
    pub(crate) async fn close(self) {
        if let Self::Own { hub, server } = self {
            server.abort();
            hub.shut_down().await;
            let _ = std::fs::remove_file(patchbay_api::forward::socket(hub.data_dir()));
        }
    }
}

fn start(args: &Args, data_dir: PathBuf) -> Result<Hub, Problem> {
    Hub::start(HubOptions {
        secrets: secrets(args, &data_dir)?,
        data_dir,
        clock: Arc::new(SystemClock::new()),
        host: Arc::new(CommandLine),
    })
}

/// Where everything is kept: as given, else the place that the system gives programs
/// (XDG Base Directory Specification 0.8).
pub(crate) fn data_dir(args: &Args) -> Result<PathBuf, Problem> {
    if let Some(dir) = &args.data_dir {
        return std::path::absolute(dir).map_err(|error| no_place(&error.to_string()));
    }
    let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    base.or_else(home).map(|base| base.join("patchbay")).ok_or_else(|| no_place("HOME is not set"))
}

fn no_place(reason: &str) -> Problem {
    Problem::new(Code::InputInvalid)
        .with("field", "The data folder")
        .with("message", format!("Name it with --data-dir: {reason}."))
        .about(Subject::Field { name: "data-dir".into() })
}

/// The store as asked for. Where nothing is asked: a passphrase where one was used here before or
/// is given in the environment, else the keyring.
fn secrets(args: &Args, data_dir: &Path) -> Result<SecretsChoice, Problem> {
    let given = std::env::var("PATCHBAY_PASSPHRASE").ok().filter(|text| !text.is_empty());
    let choice = args.secrets.unwrap_or(if given.is_some() || data_dir.join("vault.json").exists() {
        Secrets::Passphrase
    } else {
        Secrets::Keyring
    });
    Ok(match choice {
        Secrets::Keyring => SecretsChoice::Keyring,
        Secrets::Memory => SecretsChoice::Memory,
        Secrets::Passphrase => match given {
            Some(passphrase) => SecretsChoice::passphrase(passphrase),
            None => {
                return Err(Problem::new(Code::SecretStoreLocked)
                    .detail("Set PATCHBAY_PASSPHRASE to the passphrase of this data folder.")
                    .about(Subject::Field { name: "PATCHBAY_PASSPHRASE".into() }));
            }
        },
    })
}
