//! Writes `descriptors/descriptor.schema.json`. Run by `cargo xtask gen`.

fn main() -> std::io::Result<()> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../descriptors/descriptor.schema.json");
    std::fs::write(file, format!("{:#}\n", patchbay_descriptor::json_schema()))
}
