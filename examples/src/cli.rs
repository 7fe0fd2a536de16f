//! The arguments of the examples: `--uri mongodb://…` for a server, `--data FILE` for other restaurants.

use std::error::Error;
use std::path::PathBuf;

use odm_core::Database;

/// What an example is told.
#[derive(Debug, Default)]
pub struct Args {
    /// The server to run on; the memory engine if there is none.
    pub uri: Option<String>,
    /// Restaurants, one a line; those that come with the examples if there is none.
    pub data: Option<PathBuf>,
}

/// Reads the program's arguments.
///
/// # Errors
///
/// An argument that is not known, or without its value.
pub fn args() -> Result<Args, String> {
    let mut args = Args::default();
    let mut given = std::env::args().skip(1);
    while let Some(arg) = given.next() {
        let mut value = || given.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--uri" => args.uri = Some(value()?),
            "--data" => args.data = Some(value()?.into()),
            other => return Err(format!("unknown argument {other}: try --uri URI or --data FILE")),
        }
    }
    Ok(args)
}

/// The database `odm_NAME` of a server or, without a URI, a fresh one in memory.
///
/// # Errors
///
/// The URI names no server, or the program was built without the driver.
pub async fn database(uri: Option<String>, name: &str) -> Result<Database, Box<dyn Error>> {
    let name = format!("odm_{name}");
    match uri {
        None => Ok(backend_memory::MemoryBackend::new().database(name.as_str())),
        #[cfg(feature = "mongo")]
        Some(uri) => Ok(backend_mongo::MongoBackend::connect(&uri).await?.database(name.as_str())),
        #[cfg(not(feature = "mongo"))]
        Some(_) => Err("for --uri, run with `--features mongo`: it brings the driver".into()),
    }
}
