//! The conformance suite on our own backends: one test for each case and backend, `memory::filter::…` and `mongo::filter::…`.
//!
//! MongoDB is the one that `MONGODB_URI` names. Without it, its cases are reported as ignored, which is an error if
//! `ODM_REQUIRE_MONGODB` is 1.
//!
//! With `ODM_RECORD_MATRIX=1` nothing is tested: that MongoDB is asked the questions of `data/matrix`, and its answers are
//! written there; with `ODM_RECORD_MATRIX=update/p`, those of the files there whose names begin so.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a test harness")]

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use backend_memory::MemoryBackend;
use backend_mongo::MongoBackend;
use conformance::{Ran, Report, Verdict, cases};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use odm_core::Database;
use tokio::runtime::Runtime;

/// Cases wait for the server more than they compute.
const THREADS: usize = 4;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(THREADS));
    let runtime = Arc::new(Runtime::new().expect("a runtime can be started"));

    let memory = MemoryBackend::new();
    let memory: Databases = Box::new(move |name| memory.database(name));
    let mongo = match runtime.block_on(mongodb()) {
        Ok(databases) => databases.ok_or("MONGODB_URI is not set"),
        Err(error) => {
            eprintln!("MONGODB_URI: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Ok(which) = std::env::var("ODM_RECORD_MATRIX") {
        return record(&runtime, mongo, if which == "1" { "" } else { &which });
    }
    let suites = [Suite::new("memory", Ok(memory)), Suite::new("mongo", mongo)];

    let trials = suites.iter().flat_map(|suite| suite.trials(&runtime)).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        suites.iter().for_each(Suite::summarise);
    }
    let missing = suites.iter().any(|suite| suite.databases.is_err());
    let required = std::env::var("ODM_REQUIRE_MONGODB").is_ok_and(|value| value == "1");
    if missing && required { ExitCode::FAILURE } else { conclusion.exit_code() }
}

/// Writes what MongoDB answers into the files of the matrix.
fn record(runtime: &Runtime, mongo: Result<Databases, &'static str>, which: &str) -> ExitCode {
    let Ok(mongo) = mongo else {
        eprintln!("the matrix is recorded from a real MongoDB only: set MONGODB_URI");
        return ExitCode::FAILURE;
    };
    let database = |name: &str| mongo(&format!("conformance_{}_{name}", std::process::id()));
    let files = runtime.block_on(conformance::record_matrix(database, which));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/matrix");
    for (name, text) in files.expect("the server answers") {
        std::fs::write(folder.join(&name), text).expect("the folder can be written");
        println!("recorded {name}");
    }
    ExitCode::SUCCESS
}

/// Makes databases of a backend.
type Databases = Box<dyn Fn(&str) -> Database + Send + Sync>;

/// MongoDB's databases, if `MONGODB_URI` names a server; that one has to be there.
async fn mongodb() -> odm_core::Result<Option<Databases>> {
    let Ok(uri) = std::env::var("MONGODB_URI") else { return Ok(None) };
    let backend = MongoBackend::connect(&uri).await?;
    Ok(Some(Box::new(move |name| backend.database(name))))
}

/// The cases on one backend.
struct Suite {
    backend: &'static str,
    databases: Arc<Result<Databases, &'static str>>,
    ran: Arc<Mutex<Vec<Ran>>>,
}

impl Suite {
    fn new(backend: &'static str, databases: Result<Databases, &'static str>) -> Self {
        Suite { backend, databases: Arc::new(databases), ran: Arc::default() }
    }

    fn trials(&self, runtime: &Arc<Runtime>) -> Vec<Trial> {
        cases()
            .enumerate()
            .map(|(number, case)| {
                let name = format!("{}::{}", self.backend, case.name());
                let database = format!("conformance_{}_{number}", std::process::id());
                let (databases, ran) = (self.databases.clone(), self.ran.clone());
                let runtime = runtime.clone();
                Trial::ignorable_test(name, move || {
                    let verdict = match databases.as_ref() {
                        Ok(databases) => runtime.block_on(case.check(databases(&database))),
                        Err(why) => return Ok(Completion::ignored_with(why)),
                    };
                    let completion = completion(&verdict);
                    ran.lock().expect("no case panics here").push(Ran { case, verdict });
                    completion
                })
            })
            .collect()
    }

    fn summarise(&self) {
        let ran = self.ran.lock().expect("no case panics here").clone();
        let report = Report { backend: self.backend.to_owned(), ran };
        match self.databases.as_ref() {
            Ok(_) if report.ran.is_empty() => {}
            Ok(_) => println!("{}", report.summary()),
            Err(why) => {
                let all = cases().count();
                eprintln!("\nNOT RUN: the {all} cases on {}, for {why}.\n", self.backend);
                println!(
                    "conformance: backend={} ran=0 passed=0 failed=0 ignored={all}",
                    self.backend
                );
            }
        }
    }
}

fn completion(verdict: &Verdict) -> Result<Completion, Failed> {
    match verdict {
        Verdict::Passed => Ok(Completion::Completed),
        Verdict::Failed(failure) => Err(failure.to_string().into()),
        Verdict::Ignored(missing) => {
            Ok(Completion::ignored_with(format!("needs {}", missing.join(", "))))
        }
    }
}
