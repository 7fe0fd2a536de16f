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

    /// Whether it has passed. Looks at the clock only at every 16th of the things counted.
    #[inline]
    pub(crate) fn has_passed(self, counted: u64) -> bool {
        counted.is_multiple_of(16) && self.is_over()
    }

    fn is_over(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }

    /// Looks at the clock.
    ///
    /// # Errors
    ///
    /// `MaxTimeMSExpired` (50) if it has passed.
    pub(crate) fn check(self) -> Result<(), Error> {
        if self.is_over() { Err(expired()) } else { Ok(()) }
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
