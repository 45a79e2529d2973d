//! Data coming in: what is polled, what is sent to us, and the work that is due. What arrives is durable
//! before it is acknowledged; what a chain makes of it, the chain reads from the same rows.
