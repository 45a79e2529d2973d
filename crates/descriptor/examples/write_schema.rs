//! Writes `descriptors/descriptor.schema.json` and `docs/chain.schema.json`. Run by `cargo xtask gen`.

fn main() -> std::io::Result<()> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let connectors = format!("{:#}\n", patchbay_descriptor::json_schema());
    std::fs::write(format!("{root}/descriptors/descriptor.schema.json"), connectors)?;
    std::fs::write(
        format!("{root}/docs/chain.schema.json"),
        format!("{:#}\n", patchbay_descriptor::chain_schema()),
    )
}
