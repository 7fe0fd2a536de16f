//! Differential tests: random documents and commands, run on the memory engine and on MongoDB, which must answer alike.
//!
//! `MONGODB_URI` names the server; without it nothing runs, which is an error if `ODM_REQUIRE_MONGODB` is 1.
//! `PROPTEST_CASES` is how many cases each property tries, 256 by default; `ODM_DIFFERENTIAL_SEED` repeats a run.
//! `ODM_DIFFERENTIAL_READS` is how many reads a whole run has to compare at least, `ODM_DIFFERENTIAL_SEQUENCES` how many
//! sequences of writes, `ODM_DIFFERENTIAL_AGGREGATIONS` how many expressions and pipelines; `ODM_DIFFERENTIAL_FAILURES` after how many failures a property gives up, 1 by default. What fails is shrunk, and printed with its documents, commands and both answers.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a test harness")]

mod aggregate;
mod collation;
mod json_schema;
mod operators;
mod options;
mod property;
mod read;
mod round;
mod sequence;
mod validator;
mod version;
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
        aggregate::PROPERTIES,
        collation::PROPERTIES,
        json_schema::PROPERTIES,
        operators::PROPERTIES,
        options::PROPERTIES,
        validator::PROPERTIES,
        read::PROPERTIES,
        write::PROPERTIES,
        version::PROPERTIES,
        sequence::PROPERTIES,
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
    let done = Arc::new(Mutex::new(Vec::new()));
    let trials = properties.into_iter().map(|property| {
        let bench = Bench { runtime: runtime.clone(), server: server.clone(), seed };
        let done = done.clone();
        Trial::test(property.name, move || {
            let (counts, line, outcome) = property.run(&bench);
            done.lock().expect("no property panics here").push((property.name, counts, line));
            outcome.map_err(Into::into)
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if arguments.list {
        return conclusion.exit_code();
    }
    let done = done.lock().expect("no property panics here");
    done.iter().for_each(|(_, _, line)| println!("{line}"));
    let reads = done.iter().map(|(_, counts, _)| counts.reads.get()).sum();
    let sequences = done.iter().filter(|(name, ..)| *name == "sequence");
    let sequences = sequences.map(|(_, counts, _)| counts.cases.get()).sum();
    let aggregations = done.iter().filter(|(name, ..)| aggregate::NAMES.contains(name));
    let aggregations = aggregations.map(|(_, counts, _)| counts.compared.get()).sum();
    let enough_reads = is_enough("ODM_DIFFERENTIAL_READS", reads);
    let enough_sequences = is_enough("ODM_DIFFERENTIAL_SEQUENCES", sequences);
    let enough_aggregations = is_enough("ODM_DIFFERENTIAL_AGGREGATIONS", aggregations);
    if enough_reads && enough_sequences && enough_aggregations {
        conclusion.exit_code()
    } else {
        ExitCode::FAILURE
    }
}

/// Whether there were as many comparisons as the environment asks for.
fn is_enough(variable: &str, count: u64) -> bool {
    let least = std::env::var(variable).ok().and_then(|least| least.parse::<u64>().ok());
    let enough = least.is_none_or(|least| count >= least);
    if !enough {
        eprintln!("only {count} were compared: {variable} asks for more");
    }
    enough
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
