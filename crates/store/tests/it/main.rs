//! The store seen from outside: damage, full disks, other processes, copies.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the whole program is a test; its helpers stand outside the test functions"
)]

mod child;
mod copies;
mod damage;
mod full_disk;
mod house;
mod moved;
mod ownership;
mod permissions;
