//! `cargo xtask record-matrix`: the answers of a real server in `conformance/data/matrix`.

use std::process::ExitCode;

use crate::mongod::Server;
use crate::{Result, workspace};

/// Has the package `conformance` ask a server all questions of the matrix.
pub(crate) fn record() -> Result<ExitCode> {
    let server = Server::for_this_run()?;
    let mut it = workspace::cargo(&["test", "--package", "conformance", "--test", "it"]);
    let status = it.env("MONGODB_URI", server.uri()).env("ODM_RECORD_MATRIX", "1").status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
