//! The window of Patchbay.

use std::process::ExitCode;

fn main() -> ExitCode {
    patchbay::run()
}
