//! Writes `docs/pictures/`: the running product on its own pretend tools. Run by `cargo xtask gen`.

use patchbay_tests::{Served, root, walks_possible};
use serde_json::json;

fn main() -> std::io::Result<()> {
    if !walks_possible() {
        return Ok(());
    }
    let folder = root().join("docs/pictures");
    if folder.is_dir() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Served::start().walk("pictures", &json!({ "folder": folder }));
    Ok(())
}
