//! Writes `ui/src/bindings/wire.ts`.

fn main() -> std::io::Result<()> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/bindings/wire.ts");
    std::fs::create_dir_all(file.parent().unwrap_or(&file))?;
    std::fs::write(&file, patchbay_api::bindings::module())
}
