//! The window of Patchbay.

use std::process::ExitCode;

/// Reading a stream is a quarter of its time in the allocator with the C library's own; see ARCHITECTURE.md.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    patchbay::run()
}
