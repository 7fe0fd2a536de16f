//! Operations that run to their end, even if nobody waits for it any more.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;

/// A future that is polled where it is awaited and, if dropped half way, goes on in a task of its own.
///
/// The driver's futures must not be dropped half way: a connection would be lost, and a write
/// might or might not have happened. Spawning every operation would cost all of them a task;
/// so only those that are dropped pay for one.
pub(crate) struct Complete<T: Send + 'static> {
    future: Option<BoxFuture<'static, T>>,
    started: bool,
}

/// See [`Complete`].
pub(crate) fn complete<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> Complete<T> {
    Complete { future: Some(Box::pin(future)), started: false }
}

impl<T: Send + 'static> Future for Complete<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.started = true;
        let Some(future) = &mut self.future else { return Poll::Pending };
        let output = std::task::ready!(future.as_mut().poll(cx));
        self.future = None;
        Poll::Ready(output)
    }
}

impl<T: Send + 'static> Drop for Complete<T> {
    fn drop(&mut self) {
        // What was never polled has not begun. Without a runtime nothing can go on.
        if let (true, Some(future)) = (self.started, self.future.take())
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(future);
        }
    }
}
