//! `maxTimeMS`: when an operation has to be over.

use std::time::{Duration, Instant};

use odm_core::{Error, ErrorCode};

/// When an operation has to be over; at no time without a limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// In as much time from now.
    pub(crate) fn after(limit: Option<Duration>) -> Self {
        Deadline(limit.and_then(|limit| Instant::now().checked_add(limit)))
    }

    /// Whether it has passed. Looks at the clock only at every 128th of the things counted.
    #[inline]
    pub(crate) fn has_passed(self, counted: u64) -> bool {
        counted.is_multiple_of(128) && self.0.is_some_and(|end| Instant::now() >= end)
    }

    /// How much time is left.
    pub(crate) fn left(self) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(Instant::now()))
    }
}

/// The refusal of what takes too long.
pub(crate) fn expired() -> Error {
    Error::command(ErrorCode::MAX_TIME_MS_EXPIRED, "operation exceeded time limit")
}
