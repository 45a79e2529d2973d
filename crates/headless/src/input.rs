//! What the user gives: settings, secrets, documents.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use patchbay_model::problem::{Code, Problem, Subject};
use serde_json::Value;

/// The largest file or input we read, in bytes.
const LARGEST: u64 = 16 << 20;

/// `key=value` pairs.
pub(crate) fn pairs(option: &str, given: &[String]) -> Result<BTreeMap<String, String>, Problem> {
    given
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
            _ => Err(wrong(option, "Write it as KEY=VALUE.")),
        })
        .collect()
}

/// `key=@file` and `key=-`. A secret on the command line itself would be seen by every program.
pub(crate) fn secrets(given: &[String]) -> Result<BTreeMap<String, String>, Problem> {
    let mut stdin_used = false;
    let mut secrets = BTreeMap::new();
    for pair in given {
        let (key, source) = pair
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| wrong("secret", "Write it as KEY=@FILE or KEY=-."))?;
        let value = match source.strip_prefix('@') {
            Some(file) => text(Path::new(file))?,
            None if source == "-" && stdin_used => {
                return Err(wrong("secret", "Only one secret can come from standard input."));
            }
            None if source == "-" => {
                stdin_used = true;
                text(Path::new("-"))?
            }
            None => {
                return Err(wrong(
                    "secret",
                    "A secret on the command line can be seen by other programs. Write KEY=@FILE or KEY=-.",
                ));
            }
        };
        secrets.insert(key.to_owned(), value.trim().to_owned());
    }
    Ok(secrets)
}

/// A JSON document from a file, or from standard input for `-`.
pub(crate) fn json(path: &Path) -> Result<Value, Problem> {
    let text = text(path)?;
    serde_json::from_str(&text).map_err(|error| {
        let name = path.display().to_string();
        Problem::new(Code::InputInvalid)
            .with("field", &name)
            .with("message", format!("It is not JSON: {error}."))
            .about(Subject::File {
                path: name,
                line: Some(error.line()),
                column: Some(error.column()),
                pointer: None,
            })
    })
}

/// A passphrase from a file, or from standard input for `-`: its first line, blanks included.
pub(crate) fn passphrase(path: &Path) -> Result<String, Problem> {
    let text = text(path)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Text from a file, or from standard input for `-`.
pub(crate) fn text(path: &Path) -> Result<String, Problem> {
    let name = path.display().to_string();
    let unreadable = |error: std::io::Error| {
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => Code::NotFound,
            _ => Code::InputInvalid,
        };
        Problem::new(code)
            .with("item", format!("The file \"{name}\""))
            .with("field", &name)
            .with("message", format!("{error}."))
            .about(Subject::File { path: name.clone(), line: None, column: None, pointer: None })
    };
    let mut text = String::new();
    let read = if name == "-" {
        std::io::stdin().take(LARGEST + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text))
    };
    if read.map_err(unreadable)? as u64 > LARGEST {
        return Err(unreadable(std::io::Error::other("it is larger than 16 MiB")));
    }
    Ok(text)
}

fn wrong(option: &str, message: &str) -> Problem {
    Problem::new(Code::InputInvalid)
        .with("field", format!("\"--{option}\""))
        .with("message", message)
        .about(Subject::Field { name: option.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_on_the_command_line_is_refused() {
        let refused = secrets(&["token=plain".to_owned()]).unwrap_err();
        assert_eq!(refused.code(), Code::InputInvalid);
        assert!(!refused.hint().contains("plain"), "the secret is not repeated");
    }

    #[test]
    fn pairs_keep_everything_after_the_first_equals_sign() {
        let pairs = pairs("set", &["baseUrl=http://x/?a=b".to_owned()]).unwrap();
        assert_eq!(pairs["baseUrl"], "http://x/?a=b");
        assert!(super::pairs("set", &["novalue".to_owned()]).is_err());
    }
}
