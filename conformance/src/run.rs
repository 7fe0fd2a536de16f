//! Running all cases on a backend.

use std::fmt;

use futures_util::StreamExt;
use futures_util::stream;
use odm_core::Database;

use crate::case::{Case, Verdict};
use crate::cases;

/// How many cases run at the same time, unless told otherwise.
const PARALLEL: usize = 8;

/// Runs every case on the backend that `factory` makes databases of, each on a database of its own.
///
/// Must be called within a Tokio runtime. For more say in it, see [`Run`].
pub async fn run(backend: &str, factory: impl Fn(&str) -> Database) -> Report {
    Run::new(backend).run(factory).await
}

/// A run of the suite on a backend.
#[derive(Debug, Clone)]
pub struct Run {
    backend: String,
    only: String,
    parallel: usize,
}

impl Run {
    /// A run of all cases; `backend` is what the report calls it.
    #[must_use]
    pub fn new(backend: impl Into<String>) -> Self {
        Run { backend: backend.into(), only: String::new(), parallel: PARALLEL }
    }

    /// Only cases whose names contain `part`.
    #[must_use]
    pub fn only(mut self, part: impl Into<String>) -> Self {
        self.only = part.into();
        self
    }

    /// How many cases run at the same time.
    #[must_use]
    pub fn parallel(mut self, cases: usize) -> Self {
        self.parallel = cases.max(1);
        self
    }

    /// Runs the cases. `factory` is given the name of a database that nobody has used, which is dropped afterwards.
    pub async fn run(&self, factory: impl Fn(&str) -> Database) -> Report {
        let chosen = cases().filter(|case| case.name().contains(&self.only));
        let checks = chosen.enumerate().map(|(number, case)| {
            let db = factory(&database_name(number));
            async move { Ran { case, verdict: case.check(db).await } }
        });
        let ran = stream::iter(checks).buffered(self.parallel).collect().await;
        Report { backend: self.backend.clone(), ran }
    }
}

/// A name of a database that no other process and no other case uses.
pub(crate) fn database_name(number: usize) -> String {
    format!("conformance_{}_{number}", std::process::id())
}

/// What became of each case.
///
/// Prints what failed and what was ignored, then the [`summary`](Report::summary).
#[derive(Debug, Clone)]
pub struct Report {
    /// What the backend was called.
    pub backend: String,
    /// The cases, in order.
    pub ran: Vec<Ran>,
}

/// A case and what became of it.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The case.
    pub case: &'static Case,
    /// What became of it.
    pub verdict: Verdict,
}

impl Report {
    /// Whether no case failed, and at least one passed.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failed() == 0 && self.passed() > 0
    }

    /// The counts in a line: `conformance: backend=memory ran=119 passed=118 failed=1 ignored=4`.
    #[must_use]
    pub fn summary(&self) -> String {
        let (passed, failed, ignored) = (self.passed(), self.failed(), self.ignored());
        format!(
            "conformance: backend={} ran={} passed={passed} failed={failed} ignored={ignored}",
            self.backend,
            passed + failed,
        )
    }

    /// How many cases passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::Passed)
    }

    /// How many cases failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Failed(_)))
    }

    /// How many cases did not run, for want of a capability.
    #[must_use]
    pub fn ignored(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Ignored(_)))
    }

    fn count(&self, is: impl Fn(&Verdict) -> bool) -> usize {
        self.ran.iter().filter(|ran| is(&ran.verdict)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Ran { case, verdict } in &self.ran {
            match verdict {
                Verdict::Passed => {}
                Verdict::Failed(failure) => {
                    writeln!(f, "FAILED   {}\n{failure}", case.name())?;
                }
                Verdict::Ignored(missing) => {
                    writeln!(f, "ignored  {}: needs {}", case.name(), missing.join(", "))?;
                }
            }
        }
        f.write_str(&self.summary())
    }
}
