//! The engine a command talks to: our own, or the one that owns the data folder already.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use patchbay_api::forward::{Server, answers, forward};
use patchbay_api::place::{self, SecretsKind};
use patchbay_api::{Hub, HubOptions, SecretsChoice, dispatch};
use patchbay_model::SystemClock;
use patchbay_model::problem::{Code, Problem, Subject};
use serde_json::Value;

use crate::args::{Args, Command, Secrets, SecretsCommand};
use crate::host::CommandLine;
use crate::input;

/// The engine a command talks to.
pub(crate) enum Engine {
    /// Ours: this process owns the data folder.
    Own {
        /// The engine.
        hub: Hub,
        /// Answers other processes meanwhile.
        server: Server,
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
        let mut typed = None;
        if input::is_typed() && lacks_passphrase(args, &data_dir) {
            // Another process needs none of us.
            if answers(&data_dir).await {
                return Ok(Self::Other { data_dir });
            }
            let is_there = data_dir.join("vault.json").exists();
            typed = Some(if is_there { input::typed("Passphrase")? } else { input::typed_twice()? });
        }
        let mut tries = 0;
        loop {
            let in_use = match start(args, data_dir.clone(), typed.clone()) {
                Ok(hub) => return Ok(Self::Own { server: Server::start(hub.clone()), hub }),
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
        let hub = start(args, data_dir(args)?, None)?;
        Ok(Self::Own { server: Server::start(hub.clone()), hub })
    }

    /// The same with keys in memory, whatever the command line says.
    pub(crate) fn own_in_memory(args: &Args) -> Result<Self, Problem> {
        let hub = Hub::start(HubOptions {
            secrets: SecretsChoice::Memory,
            data_dir: data_dir(args)?,
            clock: Arc::new(SystemClock::new()),
            host: Arc::new(CommandLine),
        })?;
        Ok(Self::Own { server: Server::start(hub.clone()), hub })
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
            server.finish().await;
            hub.shut_down().await;
            let _ = std::fs::remove_file(patchbay_api::forward::socket(hub.data_dir()));
        }
    }
}

/// Whether a command works on a store that is locked. Only an engine that stays can be unlocked later; anything
/// else would wait for nobody.
fn bears_lock(args: &Args) -> bool {
    matches!(
        args.command,
        Command::Serve { .. }
            | Command::Engine
            | Command::Secrets(SecretsCommand::Status | SecretsCommand::ChangePassphrase { .. })
    )
}

/// Whether somebody has to be asked for the passphrase.
fn lacks_passphrase(args: &Args, data_dir: &Path) -> bool {
    if args.passphrase_file.is_some() || bears_lock(args) {
        return false;
    }
    match secrets(args, data_dir, None) {
        Ok(choice) => matches!(choice, SecretsChoice::Locked),
        Err(problem) => problem.code() == Code::SecretStoreLocked,
    }
}

fn start(args: &Args, data_dir: PathBuf, typed: Option<String>) -> Result<Hub, Problem> {
    let secrets = secrets(args, &data_dir, typed)?;
    if matches!(secrets, SecretsChoice::Locked) && !bears_lock(args) {
        return Err(Problem::new(Code::SecretStoreLocked)
            .detail("Set PATCHBAY_PASSPHRASE, or name a file with --passphrase-file.")
            .about(Subject::Field { name: "PATCHBAY_PASSPHRASE".into() }));
    }
    Hub::start(HubOptions {
        secrets,
        data_dir,
        clock: Arc::new(SystemClock::new()),
        host: Arc::new(CommandLine),
    })
}

/// Where everything is kept.
pub(crate) fn data_dir(args: &Args) -> Result<PathBuf, Problem> {
    place::data_dir(args.data_dir.as_deref())
}

fn secrets(args: &Args, data_dir: &Path, typed: Option<String>) -> Result<SecretsChoice, Problem> {
    let asked = args.secrets.map(|store| match store {
        Secrets::Keyring => SecretsKind::Keyring,
        Secrets::Passphrase => SecretsKind::Passphrase,
        Secrets::Memory => SecretsKind::Memory,
    });
    let given = match &args.passphrase_file {
        Some(file) => Some(input::passphrase(file)?),
        None => typed.or_else(|| std::env::var("PATCHBAY_PASSPHRASE").ok()),
    };
    place::secrets(asked, given, data_dir)
}
