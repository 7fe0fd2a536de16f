//! What every differential test has: cases, a seed, a line that tells what was compared.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use backend_mongo::MongoBackend;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::runtime::Runtime;

use crate::round::{Counts, Round};

/// More than this share of commands that the memory engine does not support, and the test has not tested much.
const UNSUPPORTED_PERCENT: u64 = 5;

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
    /// Runs all cases; gives the line that tells how many, how many reads were compared, and what failed.
    pub(crate) fn run(&self, bench: &Bench) -> (String, u64, Result<(), String>) {
        let counts = Counts::default();
        let outcome = (self.test)(bench, &counts);
        let (compared, unsupported) = (counts.compared.get(), counts.unsupported.get());
        let line = format!(
            "differential: name={} seed={} cases={} comparisons={compared} reads={} unsupported={unsupported} \
             refused={} filters={} selective={}",
            self.name,
            bench.seed,
            counts.cases.get(),
            counts.reads.get(),
            counts.refused.get(),
            counts.filters.get(),
            counts.selective.get(),
        );
        let outcome = outcome.and_then(|_| {
            if unsupported * 100 > (compared + unsupported) * UNSUPPORTED_PERCENT {
                let all = compared + unsupported;
                return Err(format!("{unsupported} of {all} commands are not supported"));
            }
            Ok(())
        });
        (line, counts.reads.get(), outcome)
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
        let config = Config {
            failure_persistence: None,
            max_shrink_time: 60_000,
            max_shrink_iters: 50_000,
            ..Config::default()
        };
        let cases = config.cases;
        let mut runner = TestRunner::new_with_rng(config, self.rng(name));
        let server = self.server.database(format!("differential_{}_{name}", std::process::id()));
        let outcome = runner.run(strategy, |value| {
            counts.cases.set(counts.cases.get() + 1);
            let mut round = Round::new(&self.runtime, &server, counts);
            test(&mut round, value).map_err(TestCaseError::fail)
        });
        // What cannot be dropped now is nobody's failure.
        let _ = self.runtime.block_on(server.drop());
        match outcome {
            Ok(()) => Ok(cases),
            Err(TestError::Fail(why, _)) => Err(why.message().to_owned()),
            Err(TestError::Abort(why)) => Err(format!("aborted: {}", why.message())),
        }
    }

    /// The same numbers for the same seed, whichever properties run.
    fn rng(&self, name: &str) -> TestRng {
        let mut seed = [0; 32];
        for (position, part) in (0_u8..).zip(seed.chunks_exact_mut(8)) {
            let mut hasher = DefaultHasher::new();
            (self.seed, name, position).hash(&mut hasher);
            part.copy_from_slice(&hasher.finish().to_le_bytes());
        }
        TestRng::from_seed(RngAlgorithm::ChaCha, &seed)
    }
}
