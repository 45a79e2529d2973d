//! What a new connector begins with.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use patchbay_model::problem::{Code, Problem, Subject};
use serde_json::{Value, json};

/// A definition that is in order, to be filled in.
pub const STARTER: &str = include_str!("starter.json");
/// Where editors find the schema, beside the definitions that ship.
const SCHEMA: &str = "descriptor.schema.json";

/// Writes `<folder>/<id>.json`, a definition that is in order, and one fixture that passes. Gives the
/// definition's path. Nothing that is there is replaced: `CONFLICT`. `INPUT_INVALID` where `id` cannot
/// be an id, `STORAGE` where a file cannot be written.
pub fn begin(folder: &Path, id: &str) -> Result<PathBuf, Problem> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_id = (2..=64).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.chars().all(fits);
    if !is_id {
        return Err(Problem::new(Code::InputInvalid).with("field", "The id").with(
            "message",
            format!(
                "\"{id}\" cannot be one: use 2 to 64 lower-case letters, digits and hyphens, a letter first."
            ),
        ));
    }
    let file = folder.join(format!("{id}.json"));
    let mut definition: Value = serde_json::from_str(STARTER)
        .map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
    (definition["id"], definition["name"]) = (json!(id), json!(id));
    if folder.join(SCHEMA).exists()
        && let Value::Object(members) = &mut definition
    {
        members.shift_insert(0, "$schema".to_owned(), json!(format!("./{SCHEMA}")));
    }
    let fixture = json!({
        "proof": "fixture_only",
        "case": {
            "kind": "stream", "stream": "items",
            "pages": [{ "body": [{ "id": 1, "title": "First", "updated_at": "2026-01-31T12:00:00Z" }] }],
            "signals": [{ "externalId": "1", "summary": "First", "signalType": "item_updated" }]
        }
    });
    let case = folder.join("fixtures").join(id).join("items");
    std::fs::create_dir_all(&case).map_err(|error| unwritten(&case, &error))?;
    put(&file, &definition)?;
    put(&case.join("fixture.json"), &fixture)?;
    Ok(file)
}

fn put(path: &Path, document: &Value) -> Result<(), Problem> {
    let mut file = std::fs::File::create_new(path).map_err(|error| unwritten(path, &error))?;
    file.write_all(format!("{document:#}\n").as_bytes()).map_err(|error| unwritten(path, &error))
}

fn unwritten(path: &Path, error: &std::io::Error) -> Problem {
    let about = Subject::File { path: path.display().to_string(), line: None, column: None, pointer: None };
    let problem = match error.kind() {
        std::io::ErrorKind::AlreadyExists => Problem::new(Code::Conflict)
            .with("item", path.display().to_string())
            .with("message", "It is there already and stays as it is."),
        _ => Problem::new(Code::InputInvalid)
            .with("field", "The folder")
            .with("message", format!("{} cannot be written: {error}.", path.display())),
    };
    problem.about(about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_in_order_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = begin(folder.path(), "my-own").unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(crate::read(&text, "my-own.json").unwrap().id.as_str(), "my-own");
        assert_eq!(crate::fixture::load(&folder.path().join("fixtures/my-own")).unwrap().len(), 1);
        assert_eq!(begin(folder.path(), "my-own").unwrap_err().code(), Code::Conflict);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        for odd in ["", "a", "My-own", "1st", "a_b", "../x", &"a".repeat(65)] {
            assert_eq!(begin(folder.path(), odd).unwrap_err().code(), Code::InputInvalid, "{odd:?}");
        }
        assert_eq!(begin(Path::new("/proc/nowhere"), "my-own").unwrap_err().code(), Code::InputInvalid);
    }
}
