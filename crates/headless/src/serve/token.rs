//! The token that a browser shows: new at each start, readable by its user only.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use patchbay_model::problem::{Code, Problem};

/// A token and where it was written.
pub(crate) struct Token {
    /// 256 random bits in hexadecimal.
    pub(crate) text: String,
    /// Its file, 0600.
    pub(crate) file: PathBuf,
}

/// Makes a token and writes it into the data folder.
pub(crate) fn write(data_dir: &Path) -> Result<Token, Problem> {
    let internal = |reason: String| Problem::new(Code::Internal).detail(reason);
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| internal(error.to_string()))?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let file = data_dir.join("serve-token");
    // Made anew: a file that someone else prepared would keep its owner.
    let _ = std::fs::remove_file(&file);
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)
        .and_then(|mut out| out.write_all(text.as_bytes()))
        .map_err(|error| internal(format!("{}: {error}", file.display())))?;
    Ok(Token { text, file })
}

/// Whether a request shows the token. Takes as long for a wrong one as for the right one.
pub(crate) fn shown(header: Option<&str>, token: &str) -> bool {
    let Some(shown) = header.and_then(|value| value.strip_prefix("Bearer ")) else {
        return false;
    };
    shown.len() == token.len()
        && shown.bytes().zip(token.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_taken() {
        for (header, good) in [
            (Some("Bearer abc"), true),
            (Some("Bearer ab"), false),
            (Some("Bearer abd"), false),
            (Some("Bearer "), false),
            (Some("abc"), false),
            (None, false),
        ] {
            assert_eq!(shown(header, "abc"), good, "{header:?}");
        }
    }

    #[test]
    fn a_token_is_new_each_time_and_its_users_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let first = write(dir.path()).unwrap();
        let second = write(dir.path()).unwrap();
        assert_ne!(first.text, second.text);
        assert_eq!(second.text.len(), 64);
        assert_eq!(std::fs::metadata(&second.file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
