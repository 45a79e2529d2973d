//! One owner per data folder: other processes of the same user hand their commands to it over a
//! local socket in the data folder (0600, in a folder that is 0700). One line of JSON each way.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use patchbay_model::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::RwLock;
use tokio::task::JoinHandle;

use crate::commands::dispatch;
use crate::hub::Hub;

/// The longest request or answer, in bytes.
const LONGEST: u64 = 64 << 20;

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
struct Line {
    workspace: String,
    command: String,
    request: Value,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
enum Response {
    Answer(Value),
    Problem(Problem),
}

/// Where the socket of a data folder is.
pub fn socket(data_dir: &Path) -> PathBuf {
    data_dir.join("engine.sock")
}

/// How long the end of the program waits for commands of other processes that are being answered.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Who answers forwarded commands.
pub struct Server {
    accepting: JoinHandle<()>,
    /// Held by each command that is being answered.
    answering: Arc<RwLock<()>>,
}

impl Server {
    /// Begins to answer. A socket that cannot be made is logged: other processes then read IN_USE, and nothing
    /// else is lost.
    pub fn start(hub: Hub) -> Self {
        let answering = Arc::new(RwLock::new(()));
        Self { accepting: tokio::spawn(serve(hub, answering.clone())), answering }
    }

    /// Takes no more, and waits for what is being answered: whoever waited for a run is told how it ended, also
    /// where the program ends with it.
    pub async fn finish(self) {
        self.accepting.abort();
        let _ = self.accepting.await;
        let _ = tokio::time::timeout(LAST_ANSWERS, self.answering.write()).await;
    }
}

async fn serve(hub: Hub, answering: Arc<RwLock<()>>) {
    let path = socket(hub.data_dir());
    // The lock is ours, so a socket that is there belongs to a process that is gone.
    let _ = std::fs::remove_file(&path);
    let listener = match UnixListener::bind(&path) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, "commands of other processes cannot be taken");
            return;
        }
    };
    if let Err(error) = std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)) {
        tracing::warn!(%error, "the socket could not be made private");
        return;
    }
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let hub = hub.clone();
                let held = answering.clone().read_owned().await;
                tokio::spawn(async move {
                    let _held = held;
                    if let Err(error) = answer(&hub, stream).await {
                        tracing::debug!(%error, "a forwarded command was not answered");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a forwarded command could not be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer(hub: &Hub, stream: UnixStream) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(LONGEST)).read_line(&mut line).await?;
    let response = match serde_json::from_str::<Line>(&line) {
        Ok(r) => match dispatch(hub, &r.workspace, &r.command, r.request).await {
            Ok(answer) => Response::Answer(answer),
            Err(problem) => Response::Problem(problem),
        },
        Err(error) => Response::Problem(
            Problem::new(Code::InputInvalid)
                .with("field", "The forwarded command")
                .with("message", format!("{error}.")),
        ),
    };
    let mut text = serde_json::to_vec(&response)?;
    text.push(b'\n');
    write.write_all(&text).await?;
    write.shutdown().await
}

/// Whether the owner of a data folder takes commands.
pub async fn answers(data_dir: &Path) -> bool {
    UnixStream::connect(socket(data_dir)).await.is_ok()
}

/// Hands a command to the owner of a data folder. `IN_USE` where the owner does not answer.
pub async fn forward(
    data_dir: &Path,
    workspace: &str,
    command: &str,
    request: Value,
) -> Result<Value, Problem> {
    let exchange = async {
        let mut stream = UnixStream::connect(socket(data_dir)).await?;
        let request = Line { workspace: workspace.to_owned(), command: command.to_owned(), request };
        let mut text = serde_json::to_vec(&request)?;
        text.push(b'\n');
        stream.write_all(&text).await?;
        let mut line = String::new();
        BufReader::new(stream.take(LONGEST)).read_line(&mut line).await?;
        Ok::<_, std::io::Error>(serde_json::from_str::<Response>(&line)?)
    };
    match exchange.await {
        Ok(Response::Answer(answer)) => Ok(answer),
        Ok(Response::Problem(problem)) => Err(problem),
        Err(error) => Err(Problem::new(Code::InUse).detail(format!("its owner does not answer: {error}"))),
    }
}
