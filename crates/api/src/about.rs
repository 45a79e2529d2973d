//! What this program is and what it keeps: for **About**, and for somebody who is asked for help. It tells
//! sizes and numbers, never a name of a connection, an account or a host that is called.

use std::path::{Path, PathBuf};

use patchbay_model::problem::Problem;
use serde::Serialize;

use crate::hub::Hub;
use crate::workspaces::Empty;

/// How the program came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Installed {
    /// By the system's package manager.
    Package,
    /// One file that brings everything along.
    Appimage,
    /// Built from its source, or copied.
    ByHand,
}

/// This program and its data.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// Its version.
    pub version: String,
    /// How it came here.
    pub installed: Installed,
    /// The operating system with its processor, such as `linux x86_64`.
    pub system: String,
    /// The folder of all data; `~` stands for the user's own.
    pub data_folder: String,
    /// Bytes of this workspace's database.
    pub database_bytes: u64,
    /// Copies of it that are made by themselves.
    pub copies: u64,
    /// Their bytes.
    pub copies_bytes: u64,
    /// Hosts of the proxies in use; what is public is reached through them.
    pub proxies: Vec<String>,
}

/// Tells what this program is.
pub async fn show(hub: &Hub, workspace: &str, _: Empty) -> Result<About, Problem> {
    let workspace = hub.workspace(workspace).await?;
    let copies = workspace.store().backups()?;
    Ok(About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        installed: installed(std::env::current_exe().ok().as_deref(), std::env::var_os("APPIMAGE").is_some()),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        data_folder: from_home(hub.data_dir(), std::env::home_dir().as_deref()),
        database_bytes: workspace.store().bytes(),
        copies: copies.len() as u64,
        copies_bytes: copies.iter().map(|copy| copy.bytes).sum(),
        proxies: hub.net().network().proxy.hosts(),
    })
}

fn installed(program: Option<&Path>, appimage: bool) -> Installed {
    let packaged = program.is_some_and(|path| path.starts_with("/usr/bin") || path.starts_with("/usr/lib"));
    if appimage {
        Installed::Appimage
    } else if packaged {
        Installed::Package
    } else {
        Installed::ByHand
    }
}

/// A folder without the user's name in it.
fn from_home(folder: &Path, home: Option<&Path>) -> String {
    let below = home.filter(|home| home.parent().is_some()).and_then(|home| folder.strip_prefix(home).ok());
    below.map_or_else(|| folder.to_path_buf(), |below| PathBuf::from("~").join(below)).display().to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use patchbay_model::time::ManualClock;

    use super::*;
    use crate::workspace::tests::hub;

    #[tokio::test]
    async fn it_tells_sizes_and_no_name_of_the_user() {
        let dir = tempfile::tempdir().unwrap();
        let hub = hub(dir.path(), &Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap())));
        let about = show(&hub, "default", Empty {}).await.unwrap();
        assert!(about.database_bytes > 0, "the database is found: {about:?}");
        let home = Path::new("/home/amira");
        assert_eq!(from_home(&home.join(".local/share/patchbay"), Some(home)), "~/.local/share/patchbay");
        assert_eq!(from_home(Path::new("/srv/patchbay"), Some(home)), "/srv/patchbay");
        hub.shut_down().await;
    }

    #[test]
    fn how_it_came_here_is_told_from_where_it_is() {
        assert_eq!(installed(Some(Path::new("/usr/bin/patchbay")), false), Installed::Package);
        assert_eq!(installed(Some(Path::new("/tmp/.mount/usr/bin/patchbay")), true), Installed::Appimage);
        assert_eq!(
            installed(Some(Path::new("/home/amira/patchbay/target/debug/patchbay")), false),
            Installed::ByHand
        );
    }
}
