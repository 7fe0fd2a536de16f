//! Differential tests: random documents and commands, run on the memory engine and on MongoDB, which must answer alike.
//!
//! `MONGODB_URI` names the server; without it nothing runs, which is an error if `ODM_REQUIRE_MONGODB` is 1.
//! `PROPTEST_CASES` is how many cases each property tries, 256 by default; `ODM_DIFFERENTIAL_SEED` repeats a run. What
//! `ODM_DIFFERENTIAL_READS` is how many reads a whole run has to compare at least. What
//! fails is shrunk, and printed with its documents, commands and both answers.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a test harness")]

mod collation;
mod json_schema;
mod property;
mod read;
mod round;
mod validator;
mod write;

use std::hash::{BuildHasher, RandomState};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use backend_mongo::MongoBackend;
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

use crate::property::{Bench, Property};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let properties = [
        collation::PROPERTIES,
        json_schema::PROPERTIES,
        validator::PROPERTIES,
        read::PROPERTIES,
        write::PROPERTIES,
    ]
    .concat();
    let runtime = Arc::new(Runtime::new().expect("a runtime can be started"));
    let Ok(uri) = std::env::var("MONGODB_URI") else {
        return without_server(&arguments, &properties);
    };
    let server = match runtime.block_on(MongoBackend::connect(&uri)) {
        Ok(server) => server,
        Err(error) => {
            eprintln!("MONGODB_URI: {error}");
            return ExitCode::FAILURE;
        }
    };
    let seed = seed();
    if !arguments.list {
        eprintln!("ODM_DIFFERENTIAL_SEED={seed}");
    }
    let lines = Arc::new(Mutex::new(Vec::new()));
    let trials = properties.into_iter().map(|property| {
        let bench = Bench { runtime: runtime.clone(), server: server.clone(), seed };
        let lines = lines.clone();
        Trial::test(property.name, move || {
            let (line, reads, outcome) = property.run(&bench);
            lines.lock().expect("no property panics here").push((line, reads));
            outcome.map_err(Into::into)
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    let lines = lines.lock().expect("no property panics here");
    lines.iter().for_each(|(line, _)| println!("{line}"));
    let reads = lines.iter().map(|(_, reads)| reads).sum::<u64>();
    let least = std::env::var("ODM_DIFFERENTIAL_READS").ok().and_then(|least| least.parse().ok());
    if !arguments.list && least.is_some_and(|least: u64| reads < least) {
        eprintln!("only {reads} reads were compared: ODM_DIFFERENTIAL_READS asks for more");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// The seed asked for, or a random one.
fn seed() -> u64 {
    let asked = std::env::var("ODM_DIFFERENTIAL_SEED").ok().and_then(|seed| seed.parse().ok());
    asked.unwrap_or_else(|| RandomState::new().hash_one(0))
}

fn without_server(arguments: &Arguments, properties: &[Property]) -> ExitCode {
    let required = std::env::var("ODM_REQUIRE_MONGODB").is_ok_and(|value| value == "1");
    let trials = properties
        .iter()
        .map(|property| Trial::test(property.name, || Ok(())).with_ignored_flag(true))
        .collect();
    let conclusion = libtest_mimic::run(arguments, trials);
    if !arguments.list {
        let count = properties.len();
        eprintln!("\nNOT RUN: the {count} differential tests, for MONGODB_URI is not set.\n");
    }
    if required { ExitCode::FAILURE } else { conclusion.exit_code() }
}
