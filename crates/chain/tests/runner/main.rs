//! The shell around the machine, against a service that counts.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by failing")]

mod again;
mod before;
mod bench;
mod clock;
mod deliveries;
mod drift;
mod earlier_builds;
mod endless;
mod fallback;
mod faults;
mod figures;
mod identity;
mod inner;
mod inner_again;
mod intent;
mod kinds;
mod late;
mod lineage;
mod many;
mod odd;
mod outcomes;
mod recorded;
mod refused;
mod undo;
