//! A thread that runs one future, and stays awake for a moment where what it waits for comes within microseconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How long the writer's thread stays awake for an answer of the connection's thread: most statements take less, and
/// falling asleep and being woken takes about as long. With eight runs at the same time the slowest of a hundred took
/// 18 ms so, and 26 ms without; ten microseconds are too few to gain anything, forty cost more than they give.
const AWAKE: Duration = Duration::from_micros(20);

/// The thread that polls, and whether there is something to poll for.
struct Waiting {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        // Costs next to nothing where the thread is awake.
        self.thread.unpark();
    }
}

/// Runs a future to its end on this thread, which stays awake for a moment where what it waits for is `brief`.
pub(crate) fn run(work: impl Future<Output = ()>, brief: &AtomicBool) {
    let waiting = Arc::new(Waiting { thread: std::thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(waiting.clone());
    let mut context = Context::from_waker(&waker);
    let mut work = std::pin::pin!(work);
    while work.as_mut().poll(&mut context).is_pending() {
        let until = brief.load(Ordering::Relaxed).then(|| Instant::now() + AWAKE);
        while !waiting.woken.swap(false, Ordering::Acquire) {
            if until.is_some_and(|until| Instant::now() < until) {
                std::hint::spin_loop();
            } else {
                std::thread::park();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn what_is_waited_for_is_never_missed_awake_or_asleep() {
        for brief in [false, true] {
            let (asks, mut asked) = mpsc::unbounded_channel::<u32>();
            let (answers, mut answered) = mpsc::unbounded_channel::<u32>();
            let other = std::thread::spawn(move || {
                while let Some(n) = asked.blocking_recv() {
                    // Some answers come at once, some while the thread looks for them, some while it sleeps.
                    std::thread::sleep(Duration::from_micros(u64::from(n % 5) * 10));
                    answers.send(n).unwrap();
                }
            });
            let mut seen = 0;
            let talk = async {
                for n in 0..2_000 {
                    asks.send(n).unwrap();
                    seen += u32::from(answered.recv().await == Some(n));
                }
                drop(asks);
            };
            run(talk, &AtomicBool::new(brief));
            other.join().unwrap();
            assert_eq!(seen, 2_000);
        }
    }
}
