//! `cargo xtask bench`: the side-by-side measurements against a real server.

use std::process::ExitCode;

use crate::mongod::Server;
use crate::{Result, workspace};

/// Runs the package `bench` in release mode with `args`.
pub(crate) fn run(args: &[&str]) -> Result<ExitCode> {
    let server = Server::for_this_run()?;
    let mut bench = workspace::cargo(&["run", "--release", "--package", "bench", "--"]);
    let status = bench.args(args).env("MONGODB_URI", server.uri()).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
