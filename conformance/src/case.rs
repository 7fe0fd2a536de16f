//! What a case is.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use odm_core::{Capabilities, Database, Error};

/// A case that takes longer has failed.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// A named set of facts, checked on an empty database.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    name: &'static str,
    needs: &'static [Need],
    run: fn(Database) -> BoxFuture<'static, Outcome>,
}

/// A capability that a case needs.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    name: &'static str,
    met: fn(&Capabilities) -> bool,
}

/// What a case comes to.
pub type Outcome = Result<(), Failure>;

/// Why a case failed: what was asked, what was expected, what came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

/// What became of a case on a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All of its facts hold.
    Passed,
    /// Some do not, it panicked, or it took too long.
    Failed(Failure),
    /// It did not run: the backend does not claim these capabilities.
    Ignored(Vec<&'static str>),
}

impl Case {
    pub(crate) const fn new(
        name: &'static str,
        needs: &'static [Need],
        run: fn(Database) -> BoxFuture<'static, Outcome>,
    ) -> Self {
        Case { name, needs, run }
    }

    /// The name: the families that it belongs to, and what is said about them, joined by `::`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The capabilities that it needs and `capabilities` lack.
    #[must_use]
    pub fn missing(&self, capabilities: &Capabilities) -> Vec<&'static str> {
        self.needs.iter().filter(|need| !(need.met)(capabilities)).map(|need| need.name).collect()
    }

    /// Runs it on `db`, which must be empty, and drops `db` afterwards.
    ///
    /// It runs in a task of its own, so this must be called within a Tokio runtime; a panic is a failure.
    pub async fn check(&self, db: Database) -> Verdict {
        let missing = self.missing(db.capabilities());
        if !missing.is_empty() {
            return Verdict::Ignored(missing);
        }
        let case = tokio::spawn((self.run)(db.clone()));
        let outcome = match tokio::time::timeout(TIME_LIMIT, case).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Err(Failure::new(panic_message(error))),
            Err(_) => Err(Failure::new(format!("did not finish within {TIME_LIMIT:?}"))),
        };
        let dropped = db.drop().await;
        match outcome.and_then(|()| Ok(dropped?)) {
            Ok(()) => Verdict::Passed,
            Err(failure) => Verdict::Failed(failure),
        }
    }
}

fn panic_message(error: tokio::task::JoinError) -> String {
    let Ok(payload) = error.try_into_panic() else {
        return "the runtime was shut down".to_owned();
    };
    let message = payload
        .downcast_ref::<&str>()
        .map(|message| (*message).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    format!("panicked: {}", message.as_deref().unwrap_or("(no message)"))
}

impl Need {
    pub(crate) const fn new(name: &'static str, met: fn(&Capabilities) -> bool) -> Self {
        Need { name, met }
    }

    /// The capability's name: that of the field of [`Capabilities`].
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether `capabilities` have it.
    #[must_use]
    pub fn is_met(&self, capabilities: &Capabilities) -> bool {
        (self.met)(capabilities)
    }
}

impl Failure {
    /// A failure with what to tell about it.
    pub fn new(message: impl Into<String>) -> Self {
        Failure(message.into())
    }

    /// Fails with all of `messages`, if there are any.
    ///
    /// # Errors
    ///
    /// The messages, joined.
    pub fn unless_empty(messages: &[String]) -> Outcome {
        if messages.is_empty() { Ok(()) } else { Err(Failure(messages.join("\n"))) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure(format!("unexpected error: {error}"))
    }
}

/// The cases of a family: async functions on a [`Database`], by name, with the capabilities that they need.
///
/// A macro, so that a case's name and its function's cannot drift apart.
macro_rules! cases {
    ($family:literal: $($name:ident $(needs($($need:ident),+))?,)*) => {
        pub(crate) const CASES: &[$crate::Case] = &[$(
            $crate::Case::new(
                concat!($family, "::", stringify!($name)),
                &[$($($crate::Need::new(stringify!($need), |can| can.$need)),+)?],
                |db| Box::pin($name(db)),
            ),
        )*];
    };
}
pub(crate) use cases;
