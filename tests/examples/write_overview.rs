//! Writes `descriptors/README.md`. Run by `cargo xtask gen`.

fn main() -> std::io::Result<()> {
    let file = patchbay_tests::root().join("descriptors/README.md");
    std::fs::write(file, patchbay_tests::overview::overview())
}
