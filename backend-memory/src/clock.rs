//! Time and ids, which tests may want to decide about.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use odm_core::bson::oid::ObjectId;
use odm_core::bson::{DateTime, Uuid};
use parking_lot::Mutex;

/// What tells the time: `$currentDate` and timestamps come from it.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> DateTime;
}

/// The computer's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime {
        DateTime::now()
    }
}

/// A clock that stands still until it is told otherwise. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct ManualClock {
    millis: Arc<AtomicI64>,
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: DateTime) -> Self {
        ManualClock { millis: Arc::new(AtomicI64::new(now.timestamp_millis())) }
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let _ = self
            .millis
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(now.saturating_add(by)));
    }

    /// Sets the clock.
    pub fn set(&self, now: DateTime) {
        self.millis.store(now.timestamp_millis(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime {
        DateTime::from_millis(self.millis.load(Ordering::SeqCst))
    }
}

/// What makes the ids that the engine gives out: of documents that come without `_id`, and of
/// collections.
pub trait IdSource: Debug + Send + Sync + 'static {
    /// A new `_id`.
    fn object_id(&self) -> ObjectId;

    /// The id of a new collection.
    fn uuid(&self) -> Uuid;

    /// The source for a fork of the backend.
    fn fork(&self) -> Arc<dyn IdSource>;
}

/// Ids as the drivers and the server make them.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn object_id(&self) -> ObjectId {
        ObjectId::new()
    }

    fn uuid(&self) -> Uuid {
        Uuid::new()
    }

    fn fork(&self) -> Arc<dyn IdSource> {
        Arc::new(RandomIds)
    }
}

/// The same ids, in the same order, for the same seed. A fork goes on with the ids that its
/// original would have given out next.
#[derive(Debug)]
pub struct SeededIds {
    state: Mutex<Seeded>,
}

#[derive(Debug, Clone)]
struct Seeded {
    process: [u8; 5],
    count: u64,
    random: fastrand::Rng,
}

/// What the time in seeded ids starts from: 2020-01-01.
const SEEDED_TIME: u32 = 1_577_836_800;

impl SeededIds {
    /// The ids of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut process = [0; 5];
        random.fill(&mut process);
        SeededIds { state: Mutex::new(Seeded { process, count: 0, random }) }
    }
}

impl IdSource for SeededIds {
    fn object_id(&self) -> ObjectId {
        let mut state = self.state.lock();
        let count = state.count;
        state.count += 1;
        let mut bytes = [0; 12];
        // The counter has three bytes; what it carries over goes into the time.
        let time = SEEDED_TIME.wrapping_add((count >> 24) as u32);
        bytes[..4].copy_from_slice(&time.to_be_bytes());
        bytes[4..9].copy_from_slice(&state.process);
        bytes[9..].copy_from_slice(&count.to_be_bytes()[5..]);
        ObjectId::from_bytes(bytes)
    }

    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.state.lock().random.fill(&mut bytes);
        // Version 4, RFC 4122.
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Uuid::from_bytes(bytes)
    }

    fn fork(&self) -> Arc<dyn IdSource> {
        let state = self.state.lock().clone();
        Arc::new(SeededIds { state: Mutex::new(state) })
    }
}
