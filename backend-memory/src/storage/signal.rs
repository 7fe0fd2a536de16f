//! [`Signal`]: how those who wait for a capped collection's next document hear of it.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

/// Wakes those who wait whenever a capped collection is written to, and whenever what collections
/// there are changes. They look again at what they wait for.
///
/// It needs no runtime of a particular kind.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    given: AtomicU64,
    waiters: Notify,
}

impl Signal {
    pub(crate) fn give(&self) {
        self.given.fetch_add(1, Ordering::SeqCst);
        self.waiters.notify_waiters();
    }

    /// How often it was given: to be asked before looking at what is waited for.
    pub(crate) fn given(&self) -> u64 {
        self.given.load(Ordering::SeqCst)
    }

    /// Waits until it was given more often than `before`.
    pub(crate) async fn after(&self, before: u64) {
        let mut notified = pin!(self.waiters.notified());
        notified.as_mut().enable();
        if self.given() == before {
            notified.await;
        }
    }

    /// The same, but no longer than this.
    pub(crate) async fn after_or(&self, before: u64, time: Duration) {
        let mut given = pin!(self.after(before));
        let mut over = pin!(sleep(time));
        std::future::poll_fn(|cx| {
            let is_over = given.as_mut().poll(cx).is_ready() || over.as_mut().poll(cx).is_ready();
            if is_over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Sleeps without the clock of a runtime, which there may be none of. The thread ends with the
/// future; if there is no thread to be had, so does the sleep.
async fn sleep(time: Duration) {
    let (wake, woken) = oneshot::channel::<()>();
    let (_awake, dropped) = mpsc::channel::<()>();
    let thread = std::thread::Builder::new().spawn(move || {
        let _ = dropped.recv_timeout(time);
        drop(wake);
    });
    if thread.is_ok() {
        let _ = woken.await;
    }
}
