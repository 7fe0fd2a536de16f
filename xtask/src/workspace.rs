//! Where things are.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace's root folder.
pub(crate) fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
}

/// `target/mongod`: the server's program, its data, and what is known of the one that runs.
pub(crate) fn mongod_folder() -> PathBuf {
    root().join("target").join("mongod")
}

/// The address of a MongoDB that the user brings along.
pub(crate) fn mongodb_uri() -> Option<String> {
    std::env::var("MONGODB_URI").ok().filter(|uri| !uri.trim().is_empty())
}

/// `cargo` in the workspace's root: the one that runs us, if one does.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(args).current_dir(root());
    cargo
}
