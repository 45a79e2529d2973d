//! Starting when the person logs in: an entry as the Desktop Application Autostart Specification 0.5 has it.
//! Own code, because what there is neither quotes the program's path nor looks where the desktop looks.

use std::io;
use std::path::{Path, PathBuf};

use crate::start::HIDDEN;

/// The entry of this user.
pub(crate) struct Autostart(PathBuf);

impl Autostart {
    /// Where the desktop looks: `$XDG_CONFIG_HOME/autostart`, else `~/.config/autostart`. None where there is
    /// no home.
    pub(crate) fn of_user() -> Option<Self> {
        let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let config = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))?;
        Some(Self(config.join("autostart/patchbay.desktop")))
    }

    /// Whether the program is started. Desktops switch an entry off by hiding it.
    pub(crate) fn is_on(&self) -> bool {
        std::fs::read_to_string(&self.0).is_ok_and(|entry| {
            !entry.lines().any(|line| {
                line.split_once('=')
                    .is_some_and(|(key, value)| key.trim() == "Hidden" && value.trim() == "true")
            })
        })
    }

    /// Has this program started, or no longer.
    pub(crate) fn set(&self, on: bool) -> io::Result<()> {
        if !on {
            return match std::fs::remove_file(&self.0) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        let folder = self.0.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(folder)?;
        let beside = self.0.with_extension("part");
        std::fs::write(&beside, entry(&std::env::current_exe()?))?;
        std::fs::rename(beside, &self.0)
    }
}

fn entry(program: &Path) -> String {
    format!(
        "[Desktop Entry]\nType=Application\nName=Patchbay\nComment=Connect your tools and let them work together\n\
         Exec={} {HIDDEN}\nIcon=patchbay\nTerminal=false\nStartupNotify=false\nX-GNOME-Autostart-enabled=true\n",
        quoted(program)
    )
}

/// A program as an argument of `Exec` (Desktop Entry Specification 1.5, "The Exec key"): in quotes, with what
/// means something in them escaped, and all backslashes twice, because the key is a string too.
fn quoted(program: &Path) -> String {
    let mut text = String::from("\"");
    for letter in program.to_string_lossy().chars() {
        match letter {
            '\\' => text.push_str("\\\\\\\\"),
            '"' | '`' | '$' => text.extend(["\\\\", letter.encode_utf8(&mut [0; 4])]),
            '%' => text.push_str("%%"),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_one_argument_whatever_it_is_called() {
        for (program, written) in [
            ("/usr/bin/patchbay", "\"/usr/bin/patchbay\""),
            ("/opt/My tools/patchbay", "\"/opt/My tools/patchbay\""),
            ("/opt/100%/$x", "\"/opt/100%%/\\\\$x\""),
            ("/opt/a\"b\\c", "\"/opt/a\\\\\"b\\\\\\\\c\""),
        ] {
            assert_eq!(quoted(Path::new(program)), written);
        }
    }

    #[test]
    fn an_entry_is_there_while_it_is_wanted_and_counts_unless_the_desktop_hid_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("autostart/patchbay.desktop");
        let autostart = Autostart(file.clone());
        assert!(!autostart.is_on());
        autostart.set(false).unwrap();
        autostart.set(true).unwrap();
        let entry = std::fs::read_to_string(&file).unwrap();
        assert!(
            entry.lines().any(|line| line.starts_with("Exec=\"/") && line.ends_with("\" --hidden")),
            "{entry}"
        );
        assert!(autostart.is_on());
        std::fs::write(&file, format!("{entry}Hidden=true\n")).unwrap();
        assert!(!autostart.is_on());
        autostart.set(true).unwrap();
        assert!(autostart.is_on());
        autostart.set(false).unwrap();
        assert!(!file.exists() && !autostart.is_on());
    }
}
