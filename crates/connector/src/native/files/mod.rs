//! Files in folders that the user granted: read, listed, written, tables appended to.
//!
//! What is written is whole or not there: it is written beside, made durable, and takes the old
//! file's place in one step. What was there before is kept in the data folder, so that it can be
//! brought back.

mod change;
mod fault;
mod kept;
mod place;
mod table;
mod walk;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::{Clock, Connection};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::{Adapter, Answer, Ask, Call, Read, Work, not_offered};
use crate::classify::Meaning;
use crate::sha256_hex;
use change::{Change, Changed};
use kept::Kept;
use place::{Forbidden, Granted, Relative};

/// The largest text that is read or written as a whole, in bytes.
const LARGEST_TEXT: usize = 4 << 20;
/// The largest file that is read as a table or changed, in bytes.
const LARGEST_FILE: usize = 16 << 20;
/// The most rows that one read of a table brings.
const MOST_ROWS: usize = 50_000;

/// Files on this computer.
pub struct LocalFiles {
    inner: Arc<Inner>,
}

struct Inner {
    forbidden: Forbidden,
    kept: Kept,
    clock: Arc<dyn Clock>,
    /// One change at a time: two that read the same file before either writes would lose one.
    changing: Mutex<()>,
}

impl LocalFiles {
    /// With what is kept for undoing in the data folder. `home` is the user's own folder.
    pub fn new(data_dir: &Path, home: Option<&Path>, clock: Arc<dyn Clock>) -> Self {
        let inner = Inner {
            forbidden: Forbidden::new(data_dir, home),
            kept: Kept::at(data_dir.join("local-files")),
            clock,
            changing: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Runs work that waits for the disk.
    async fn waiting<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let inner = self.inner.clone();
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        done.map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))
    }

    async fn page(&self, connection: &Connection, read: Read<'_>) -> Answer {
        if read.stream != "files" {
            return Answer::not_done(not_offered(self.id(), "It has one stream: files."));
        }
        let (granted, asked) = (Granted::of(connection), read.asked.clone());
        let page = self.waiting(move |_| walk::page(&granted, &asked)).await;
        page.and_then(|page| page).into()
    }
}

#[async_trait]
impl Adapter for LocalFiles {
    fn id(&self) -> &'static str {
        "local-files"
    }

    fn version(&self) -> &'static str {
        "1.0.0"
    }

    fn serves(&self) -> &'static str {
        "^1"
    }

    fn grants(&self, config: &Map<String, Value>) -> Result<Vec<String>, Problem> {
        let folders = config.get("folders").and_then(Value::as_array);
        let texts = folders.into_iter().flatten().filter_map(Value::as_str);
        self.inner.forbidden.grants(texts)
    }

    fn plan(&self, connection: &Connection, ask: Ask<'_>) -> Result<Work, Problem> {
        let granted = Granted::of(connection);
        let (word, url) = match ask {
            Ask::Health => ("LOOK", granted.url(&Value::Null, None)?),
            Ask::Read("files") => ("LIST", granted.url(&Value::Null, None)?),
            Ask::Call("list_files", params) => {
                let below = params["within"].as_str().map(Relative::parse).transpose()?;
                ("LIST", granted.url(&params["folder"], below.as_ref())?)
            }
            Ask::Call(operation, params) => {
                let word = match operation {
                    "read_text" | "read_csv" => "READ",
                    "write_text" => "WRITE",
                    "append_csv" => "APPEND",
                    "restore_file" => "RESTORE",
                    "remove_csv_row" => "REMOVE ROW",
                    _ => return Err(not_offered(self.id(), "It has no such operation.")),
                };
                let file = Relative::parse(params["file"].as_str().unwrap_or_default())?;
                (word, granted.url(&params["folder"], Some(&file))?)
            }
            Ask::Read(_) => return Err(not_offered(self.id(), "It has one stream: files.")),
        };
        Ok(Work::Here(word, url))
    }

    async fn health(&self, connection: &Connection) -> Answer {
        let granted = Granted::of(connection);
        let looked = self.waiting(move |inner| {
            for folder in granted.folders() {
                inner.forbidden.check(folder)?;
                place::open_folder(folder)?;
            }
            let folders: Vec<_> = granted.folders().iter().map(|folder| folder.display().to_string()).collect();
            Ok(json!({ "folders": folders, "name": folders.join(", ") }))
        });
        looked.await.and_then(|looked| looked).into()
    }

    async fn backfill(&self, connection: &Connection, read: Read<'_>) -> Answer {
        self.page(connection, read).await
    }

    async fn delta(&self, connection: &Connection, read: Read<'_>) -> Answer {
        self.page(connection, read).await
    }

    async fn call(&self, connection: &Connection, call: Call<'_>) -> Answer {
        let granted = Granted::of(connection);
        let params = call.params.clone();
        match call.operation {
            "list_files" => {
                let found = self.waiting(move |_| walk::list(&granted, &params));
                found.await.and_then(|found| found).into()
            }
            "read_text" => {
                let read = self.waiting(move |_| read_text(&granted, &params));
                read.await.and_then(|read| read).into()
            }
            "read_csv" => {
                let read = self.waiting(move |_| read_csv(&granted, &params));
                read.await.and_then(|read| read).into()
            }
            operation => {
                // Held by the work itself: it goes on where nobody waits for it any more.
                let operation = operation.to_owned();
                let note = call.key.map(|key| sha256_hex(format!("{}/{key}", connection.id).as_bytes()));
                let inner = self.inner.clone();
                let work = tokio::task::spawn_blocking(move || {
                    let _one = inner.changing.blocking_lock();
                    inner.change(&granted, &operation, &params, note.as_deref())
                });
                work.await.unwrap_or_else(|error| Answer {
                    meaning: Meaning::Unknown(Problem::new(Code::Internal).detail(error.to_string())),
                    body: Value::Null,
                })
            }
        }
    }
}

impl Inner {
    /// One operation that changes a file.
    fn change(&self, granted: &Granted, operation: &str, params: &Value, note: Option<&str>) -> Answer {
        self.kept.tidy(self.clock.now());
        let text = |name: &str| params[name].as_str().unwrap_or_default();
        let kept = &self.kept;
        let change: Change<'_> = match operation {
            "write_text" => Box::new(|now| {
                let text = text("text");
                if text.len() > LARGEST_TEXT {
                    return Err(fault::too_large("The text", LARGEST_TEXT));
                }
                let previous = now.map(|content| kept.keep(content)).transpose()?;
                let result = json!({
                    "created": now.is_none(), "bytes": text.len(),
                    "hash": sha256_hex(text.as_bytes()), "previous": previous,
                });
                Ok(Changed { content: Some(text.as_bytes().to_vec()), result })
            }),
            "restore_file" => Box::new(|now| {
                let before = match text("previous") {
                    "" => None,
                    hash => Some(kept.content(hash)?),
                };
                let result = json!({ "restored": before.is_some() });
                if now.map(sha256_hex).as_deref() == Some(text("hash")) {
                    return Ok(Changed { content: before, result });
                }
                // Undone already, by whoever: there is nothing to do.
                if now == before.as_deref() {
                    return Ok(Changed { content: now.map(<[u8]>::to_vec), result });
                }
                Err(fault::changed(text("file"), "Somebody changed it since. It is left as it is."))
            }),
            "append_csv" => Box::new(|now| {
                // Whoever made it anew, it is not the one whose first row was taken back.
                if !table::has_rows(now, params) {
                    kept.forget_maker(&table_id(granted, params)?)?;
                }
                table::append(now, params)
            }),
            // Rows go in any order: the table goes with the last one once the row that made it is gone.
            "remove_csv_row" => Box::new(|now| {
                let id = table_id(granted, params)?;
                let made = params["created"] == true;
                if made {
                    kept.maker_gone(&id)?;
                }
                table::remove(now, params, made || kept.is_maker_gone(&id))
            }),
            _ => return Answer::not_done(not_offered("local-files", "It has no such operation.")),
        };
        change::change(granted, params, kept, note, change)
    }
}

/// What a table is known by in what is kept.
fn table_id(granted: &Granted, params: &Value) -> Result<String, Problem> {
    let file = Relative::parse(params["file"].as_str().unwrap_or_default())?;
    Ok(sha256_hex(granted.url(&params["folder"], Some(&file))?.as_str().as_bytes()))
}

fn read_text(granted: &Granted, params: &Value) -> Result<Value, Problem> {
    let file = Relative::parse(params["file"].as_str().unwrap_or_default())?;
    let (folder, read) = granted.read(&params["folder"], &file, LARGEST_TEXT)?;
    let text = String::from_utf8(read.content)
        .map_err(|_| Problem::new(Code::UnexpectedContent).detail(format!("{file} is not text in UTF-8")))?;
    Ok(json!({
        "folder": folder, "file": file.as_str(), "bytes": text.len(),
        "changedAt": read.changed_at, "hash": sha256_hex(text.as_bytes()), "text": text,
    }))
}

fn read_csv(granted: &Granted, params: &Value) -> Result<Value, Problem> {
    let file = Relative::parse(params["file"].as_str().unwrap_or_default())?;
    let (_, read) = granted.read(&params["folder"], &file, LARGEST_FILE)?;
    table::rows(&read.content, table::delimiter(params), MOST_ROWS)
}

/// What cannot be used, by the name of the setting or parameter.
fn invalid(field: &str, message: &str) -> Problem {
    Problem::new(Code::InputInvalid)
        .with("field", format!("\"{field}\""))
        .with("message", message)
        .about(Subject::Field { name: field.to_owned() })
}

/// The address of a path.
fn address(path: &Path) -> Result<Url, Problem> {
    Url::from_file_path(path)
        .map_err(|()| Problem::new(Code::Internal).detail(format!("{} has no address", path.display())))
}

#[cfg(test)]
mod tests;
