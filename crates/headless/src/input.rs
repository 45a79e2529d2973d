//! What the user gives: settings, secrets, documents.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Read};
use std::path::Path;

use patchbay_model::problem::{Code, Problem, Subject};
use serde_json::Value;

use crate::print;

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
            None if source == "-" && is_typed() => typed(key)?,
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

/// A passphrase from a file, or from standard input for `-`: its first line, blanks included. Where standard
/// input is a terminal, it is typed there and not shown.
pub(crate) fn passphrase(path: &Path) -> Result<String, Problem> {
    if path == Path::new("-") && is_typed() {
        return typed("Passphrase");
    }
    Ok(first_line(&text(path)?))
}

/// The same for one that is chosen now: typed twice.
pub(crate) fn new_passphrase(path: &Path) -> Result<String, Problem> {
    if path == Path::new("-") && is_typed() {
        return typed_twice();
    }
    Ok(first_line(&text(path)?))
}

/// The passphrase that holds and the one that is to: where both come from standard input, one a line.
pub(crate) fn both_passphrases(current: &Path, new: &Path) -> Result<(String, String), Problem> {
    if current == new && current == Path::new("-") && !is_typed() {
        let text = text(current)?;
        let mut lines = text.lines().map(str::to_owned);
        return Ok((lines.next().unwrap_or_default(), lines.next().unwrap_or_default()));
    }
    let current = if current == Path::new("-") && is_typed() {
        typed("Passphrase that holds now")?
    } else {
        passphrase(current)?
    };
    Ok((current, new_passphrase(new)?))
}

/// Whether somebody sits at a terminal who can type what is asked for.
pub(crate) fn is_typed() -> bool {
    std::io::stdin().is_terminal()
}

/// What somebody types at the terminal, without its being shown.
pub(crate) fn typed(what: &str) -> Result<String, Problem> {
    rpassword::prompt_password(format!("{what}: ")).map_err(|error| {
        Problem::new(Code::InputInvalid)
            .with("field", what)
            .with("message", "It could not be read from the terminal.")
            .detail(error.to_string())
    })
}

/// Whether somebody types yes.
pub(crate) fn yes(question: &str) -> Result<bool, Problem> {
    print::ask(&format!("{question} [y/N] "));
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.map_err(|error| Problem::new(Code::Internal).detail(error.to_string()))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// A new passphrase, typed twice: a slip of a finger would lock everything for good.
pub(crate) fn typed_twice() -> Result<String, Problem> {
    let first = typed("New passphrase")?;
    if typed("The same again")? == first {
        return Ok(first);
    }
    Err(Problem::new(Code::InputInvalid)
        .with("field", "The new passphrase")
        .with("message", "The two that were typed are not the same.")
        .about(Subject::Field { name: "passphrase".to_owned() }))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
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
    let mut bytes = Vec::new();
    let read = if name == "-" {
        std::io::stdin().take(LARGEST + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
    };
    if read.map_err(unreadable)? as u64 > LARGEST {
        let why =
            "it is larger than 16 MiB, the most that is read; nothing was done. Divide it into smaller ones";
        return Err(unreadable(std::io::Error::other(why)));
    }
    String::from_utf8(bytes).map_err(|_| unreadable(std::io::Error::other("it is not text (UTF-8)")))
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
