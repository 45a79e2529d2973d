//! Data coming in: what is polled, what is sent to us, and the work that is due. What arrives is durable
//! before it is acknowledged; what a chain makes of it, the chain reads from the same rows.

mod checks;
mod dice;
pub mod gateway;
mod heal;
pub mod jobs;
mod poller;
mod polling;
mod reading;
pub mod rhythm;
mod schedule;
mod timers;

pub use checks::Checks;
pub use dice::Dice;
pub use poller::Poller;
pub use polling::{Knobs, Parts, Polling};
pub use reading::{Progress, Reader, Reading};
pub use schedule::{
    BY_HAND, Connectors, Defaults, Looked, Scheduler, health_job, health_key, sync_job, sync_key,
    sync_unique_key,
};
pub use timers::Timers;
