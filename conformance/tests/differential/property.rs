//! What every differential test has: cases, a seed, a line that tells what was compared.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

use backend_mongo::MongoBackend;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::runtime::Runtime;

use crate::round::{Counts, Round, Server};

/// More than this share of commands that the memory engine does not support, and the test has not tested much.
const UNSUPPORTED_PERCENT: u64 = 5;
/// How many threads share the cases of [`Bench::check_many`].
const WORKERS: usize = 4;

/// A differential test.
#[derive(Clone, Copy)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) test: fn(&Bench, &Counts) -> Result<u32, String>,
}

/// What properties run on.
pub(crate) struct Bench {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) server: MongoBackend,
    pub(crate) seed: u64,
}

impl Property {
    /// Runs all cases; gives the line that tells how many, and what failed.
    pub(crate) fn run(&self, bench: &Bench) -> (Counts, String, Result<(), String>) {
        let counts = Counts::default();
        let outcome = (self.test)(bench, &counts);
        let (compared, unsupported) = (counts.compared.get(), counts.unsupported.get());
        let line = format!("differential: name={} seed={} {counts}", self.name, bench.seed);
        let outcome = outcome.and_then(|_| {
            if unsupported * 100 > (compared + unsupported) * UNSUPPORTED_PERCENT {
                let all = compared + unsupported;
                return Err(format!("{unsupported} of {all} commands are not supported"));
            }
            Ok(())
        });
        (counts, line, outcome)
    }
}

/// The cases of a property, which workers take one after the other.
struct Cases<'a> {
    name: &'a str,
    config: Config,
    taken: AtomicU32,
    /// Why some of them failed.
    failures: Mutex<Vec<String>>,
    /// After so many, the others are not tried.
    most: usize,
}

impl<'a> Cases<'a> {
    fn new(name: &'a str, factor: u32) -> Self {
        let mut config = Config {
            failure_persistence: None,
            max_shrink_time: 30_000,
            max_shrink_iters: 50_000,
            ..Config::default()
        };
        config.cases = config.cases.saturating_mul(factor);
        let most = std::env::var("ODM_DIFFERENTIAL_FAILURES").ok();
        let most = most.and_then(|most| most.parse().ok()).unwrap_or(1);
        Cases { name, config, taken: AtomicU32::new(0), failures: Mutex::default(), most }
    }

    /// The number of a case that nobody has tried.
    fn take(&self) -> Option<u32> {
        let failed = self.failures.lock().expect("no worker panics here").len() >= self.most;
        let case = self.taken.fetch_add(1, Relaxed);
        (!failed && case < self.config.cases).then_some(case)
    }

    fn finish(self) -> Result<u32, String> {
        let failures = self.failures.into_inner().expect("no worker panics here");
        if failures.is_empty() { Ok(self.config.cases) } else { Err(failures.join("\n\n")) }
    }
}

impl Bench {
    /// Tries `test` on values of `strategy`, each in a round on empty databases; gives the number of cases.
    pub(crate) fn check<S: Strategy>(
        &self,
        name: &str,
        counts: &Counts,
        strategy: &S,
        test: impl Fn(&mut Round<'_>, S::Value) -> Result<(), String>,
    ) -> Result<u32, String> {
        let cases = Cases::new(name, 1);
        self.work(&cases, name, counts, strategy, &test);
        cases.finish()
    }

    /// The same for `factor` times as many cases, which workers share: while one waits for the server, another computes.
    pub(crate) fn check_many<S: Strategy>(
        &self,
        name: &str,
        factor: u32,
        counts: &Counts,
        strategy: impl Fn() -> S + Sync,
        test: impl Fn(&mut Round<'_>, S::Value) -> Result<(), String> + Sync,
    ) -> Result<u32, String> {
        let cases = Cases::new(name, factor);
        std::thread::scope(|scope| {
            for worker in 0..WORKERS {
                let (cases, strategy, test) = (&cases, &strategy, &test);
                scope.spawn(move || {
                    let database = format!("{name}_{worker}");
                    self.work(cases, &database, counts, &strategy(), test);
                });
            }
        });
        cases.finish()
    }

    /// Tries cases until there are none left, or one has failed.
    fn work<S: Strategy>(
        &self,
        cases: &Cases<'_>,
        database: &str,
        counts: &Counts,
        strategy: &S,
        test: &impl Fn(&mut Round<'_>, S::Value) -> Result<(), String>,
    ) {
        let database = format!("differential_{}_{database}", std::process::id());
        let server = Server::new(&self.runtime, self.server.database(database));
        while let Some(case) = cases.take() {
            let rng = self.rng(cases.name, case);
            let mut runner = TestRunner::new_with_rng(cases.config.clone(), rng);
            let outcome = strategy.new_tree(&mut runner).map_err(TestError::Abort);
            let outcome = outcome.and_then(|tree| {
                runner.run_one(tree, |value| {
                    let mut round = Round::new(&self.runtime, &server, counts);
                    test(&mut round, value).map_err(TestCaseError::fail)
                })
            });
            let failure = match outcome {
                Ok(_) => {
                    counts.cases.add(1);
                    continue;
                }
                Err(TestError::Fail(why, _)) => why.message().to_owned(),
                Err(TestError::Abort(why)) => format!("aborted: {}", why.message()),
            };
            if cases.most > 1 {
                // The others take their time, and may not come to an end.
                eprintln!("{failure}\n");
            }
            cases.failures.lock().expect("no worker panics here").push(failure);
        }
        // What cannot be dropped now is nobody's failure.
        let _ = self.runtime.block_on(server.db.drop());
    }

    /// The same numbers for the same seed, whichever properties run, and whoever runs the case.
    fn rng(&self, name: &str, case: u32) -> TestRng {
        let mut seed = [0; 32];
        for (position, part) in (0_u8..).zip(seed.chunks_exact_mut(8)) {
            let mut hasher = DefaultHasher::new();
            (self.seed, name, case, position).hash(&mut hasher);
            part.copy_from_slice(&hasher.finish().to_le_bytes());
        }
        TestRng::from_seed(RngAlgorithm::ChaCha, &seed)
    }
}
