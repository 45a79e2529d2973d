//! Prepares the window host: the access list of its own commands and a page to embed.

use std::error::Error;
use std::fs;
use std::path::Path;

use tauri_build::{AppManifest, Attributes};

const CAPABILITIES: &str = "src-tauri/capabilities";
const INTERFACE: &str = "ui/dist";

fn main() -> Result<(), Box<dyn Error>> {
    page()?;
    // A pattern of our own takes the default's watch away.
    println!("cargo:rerun-if-changed={CAPABILITIES}");
    // Assets that are new are found only when the crate is built anew.
    println!("cargo:rerun-if-changed={INTERFACE}");
    let attributes = Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*")
        .app_manifest(AppManifest::new().commands(&["rpc", "subscribe"]));
    tauri_build::try_build(attributes)?;
    Ok(())
}

/// The interface is built by other tools; without it the window says so, and the build goes on.
fn page() -> Result<(), Box<dyn Error>> {
    let index = Path::new(INTERFACE).join("index.html");
    if index.exists() {
        return Ok(());
    }
    fs::create_dir_all(INTERFACE)?;
    fs::write(
        index,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Patchbay</title>\n\
         <p>The interface is not built: run <code>cargo xtask app</code>.</p>\n</html>\n",
    )?;
    Ok(())
}
