//! What the tests of the whole product share: processes, folders, samples, vendor mocks.
//!
//! Every process is started here and ended by its own handle; nothing else is touched.
#![expect(clippy::print_stdout, reason = "a sample names its seed, so that it can be repeated")]
#![expect(clippy::missing_panics_doc, reason = "a test says what went wrong by failing")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by failing")]

pub mod canary;
pub mod cli;
pub mod crowd;
pub mod description;
pub mod desktop;
pub mod display;
pub mod echo;
pub mod figures;
pub mod mock;
pub mod newcomer;
pub mod oauth;
pub mod oidc;
pub mod overview;
pub mod prism;
pub mod sandbox;
pub mod screen;
pub mod serve;
pub mod vendors;
pub mod visitor;
pub mod waiting;
pub mod window;
pub mod wire;

use std::path::{Path, PathBuf};

pub use cli::{Cli, Output};
pub use crowd::Crowd;
pub use desktop::{Desktop, ended};
pub use display::Display;
pub use mock::{Mock, free_port};
pub use oauth::ScriptedOauth;
pub use oidc::OidcServer;
pub use sandbox::SandboxProcess;
pub use screen::{Screen, until};
pub use serve::{Served, walks_possible};
pub use visitor::{Visit, Visitor};
pub use waiting::Waiting;
pub use window::{Window, application, window_possible};

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// How much of a long suite to run, and the seed it is drawn with: about a twentieth, or all of it
/// with `PATCHBAY_FULL`. `PATCHBAY_SEED` repeats a sample.
pub fn sample(whole: usize) -> (usize, u64) {
    let count = if std::env::var_os("PATCHBAY_FULL").is_some() { whole } else { whole.div_ceil(20) };
    let seed =
        std::env::var("PATCHBAY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(random_seed);
    println!("running {count} of {whole}, PATCHBAY_SEED={seed}");
    (count, seed)
}

fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() >> 16
}

/// A small generator of numbers that depend on the seed only (SplitMix64).
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit.max(1)
    }
}

/// The folder with vendors' files, where it is at hand.
pub fn realworld() -> Option<PathBuf> {
    let named = std::env::var_os("PATCHBAY_REALWORLD").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| root().join("../shared/realworld"));
    folder.is_dir().then_some(folder)
}
