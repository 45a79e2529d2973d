//! A second process: this program again, in a role given by the environment.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use patchbay_store::OwnerLock;

use crate::house::stranger;

const ROLE: &str = "PATCHBAY_TEST_ROLE";
const PLACE: &str = "PATCHBAY_TEST_PLACE";

/// A process that has done what its role says and holds it until it is dropped.
pub(crate) struct Other {
    child: Child,
    /// What it said: the outcome of taking hold.
    pub(crate) said: String,
}

impl Other {
    pub(crate) fn holding(role: &str, place: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child::second_process", "--nocapture"])
            .env(ROLE, role)
            .env(PLACE, place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("said: ")?.1.to_owned()))
            .expect("the other process says how it went");
        Self { child, said }
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does nothing unless it was started by [`Other::holding`].
#[tokio::test]
async fn second_process() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let place = PathBuf::from(std::env::var_os(PLACE).unwrap());
    match role.as_str() {
        "owner" => {
            let lock = OwnerLock::acquire(&place);
            println!("\nsaid: {}", if lock.is_ok() { "owner" } else { "refused" });
            until_killed();
        }
        "writer" => {
            let mut connection = stranger(&place).await;
            let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await;
            println!("\nsaid: {}", if begun.is_ok() { "writing" } else { "refused" });
            until_killed();
        }
        other => panic!("no such role: {other}"),
    }
}

fn until_killed() {
    // Ends as well when the first process does.
    let mut nothing = Vec::new();
    std::io::stdin().read_to_end(&mut nothing).unwrap();
}
