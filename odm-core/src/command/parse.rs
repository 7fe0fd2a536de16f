//! Reading command documents, with the server's codes.

mod catalog;
mod field;
mod options;
mod query;
mod write;

use bson::{Bson, Document};

use self::field::Field;
use super::{Command, CommandKind, CommandOptions, Verbosity};
use crate::error::{Error, ErrorCode, Result};
use crate::namespace::Namespace;
use crate::request::Operation;

impl Command {
    /// Reads a command document that was sent to `database`. Its first field names the command.
    ///
    /// Filters, updates and projections stay raw: they are checked when they are evaluated.
    ///
    /// # Errors
    ///
    /// - `CommandNotFound` (59): an unknown command, or none.
    /// - 40415: an unknown field; 40414: a missing one.
    /// - `TypeMismatch` (14), `BadValue` (2), `FailedToParse` (9), 51024, …: a malformed option.
    /// - `InvalidNamespace` (73), `Unauthorized` (13) for a command that only `admin` takes.
    pub fn parse(database: &str, doc: &Document) -> Result<Self> {
        let spec = spec(doc)
            .ok_or_else(|| not_found(format!("no such command: '{}'", command_name(doc))))?;
        Namespace::of_database(database).check_readable()?;
        if spec.admin && database != "admin" {
            return Err(Error::command(
                ErrorCode::UNAUTHORIZED,
                format!("{} may only be run against the admin database", spec.name),
            ));
        }
        let mut args = Args { database, spec, doc, options: CommandOptions::default() };
        args.options = options::parse(&args)?;
        let (namespace, kind) = (spec.parse)(&args)?;
        Ok(Command { namespace, kind, options: args.options })
    }
}

/// The name of the command that a document is: of its first field, or empty.
fn command_name(doc: &Document) -> &str {
    doc.keys().next().map_or("", String::as_str)
}

fn not_found(message: String) -> Error {
    Error::command(ErrorCode::COMMAND_NOT_FOUND, message)
}

fn failed_to_parse(message: impl Into<String>) -> Error {
    Error::command(ErrorCode::FAILED_TO_PARSE, message)
}

fn spec(doc: &Document) -> Option<&'static Spec> {
    let name = command_name(doc);
    COMMANDS.iter().find(|spec| spec.name == name || spec.alias == Some(name))
}

/// What a command is about, and what it asks for.
type Parsed = (Namespace, CommandKind);

/// A command: its name, what reads it, and what of the general options it takes.
struct Spec {
    name: &'static str,
    alias: Option<&'static str>,
    parse: fn(&Args<'_>) -> Result<Parsed>,
    writes: bool,
    reads: bool,
    admin: bool,
    explain: bool,
}

impl Spec {
    const fn new(name: &'static str, parse: fn(&Args<'_>) -> Result<Parsed>) -> Self {
        Spec { name, alias: None, parse, writes: false, reads: false, admin: false, explain: false }
    }

    /// Another name of the command.
    const fn alias(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    /// It takes a `writeConcern`.
    const fn writes(mut self) -> Self {
        self.writes = true;
        self
    }

    /// It takes a `readConcern` other than `local`.
    const fn reads(mut self) -> Self {
        self.reads = true;
        self
    }

    /// It runs on the database `admin` alone.
    const fn admin(mut self) -> Self {
        self.admin = true;
        self
    }

    /// `explain` takes it.
    const fn explain(mut self) -> Self {
        self.explain = true;
        self
    }
}

const COMMANDS: &[Spec] = &[
    Spec::new("abortTransaction", other).writes().admin(),
    Spec::new("aggregate", query::aggregate).reads().writes().explain(),
    Spec::new("buildInfo", other).alias("buildinfo"),
    Spec::new("cloneCollectionAsCapped", other).writes(),
    Spec::new("collMod", catalog::modify).writes(),
    Spec::new("collStats", other_on_collection).alias("collstats"),
    Spec::new("commitTransaction", other).writes().admin(),
    Spec::new("connectionStatus", other),
    Spec::new("convertToCapped", other_on_collection).writes(),
    Spec::new("count", query::count).reads().explain(),
    Spec::new("create", catalog::create).writes(),
    Spec::new("createIndexes", catalog::create_indexes).writes(),
    Spec::new("dbStats", other).alias("dbstats"),
    Spec::new("delete", write::delete).writes().explain(),
    Spec::new("distinct", query::distinct).reads().explain(),
    Spec::new("drop", catalog::drop).writes(),
    Spec::new("dropDatabase", catalog::drop_database).writes(),
    Spec::new("dropIndexes", catalog::drop_indexes).alias("deleteIndexes").writes(),
    Spec::new("endSessions", other),
    Spec::new("explain", explain),
    Spec::new("find", query::find).reads().explain(),
    Spec::new("findAndModify", write::find_and_modify).alias("findandmodify").writes().explain(),
    Spec::new("getCmdLineOpts", other).admin(),
    Spec::new("getLog", other).admin(),
    Spec::new("getMore", query::get_more).reads(),
    Spec::new("getParameter", other).admin(),
    Spec::new("hello", other),
    Spec::new("hostInfo", other),
    Spec::new("insert", write::insert).writes(),
    Spec::new("isMaster", other).alias("ismaster"),
    Spec::new("killCursors", query::kill_cursors),
    Spec::new("killSessions", other),
    Spec::new("listCollections", catalog::list_collections),
    Spec::new("listCommands", other),
    Spec::new("listDatabases", catalog::list_databases).admin(),
    Spec::new("listIndexes", catalog::list_indexes),
    Spec::new("logout", other),
    Spec::new("ping", ping),
    Spec::new("refreshSessions", other),
    Spec::new("renameCollection", catalog::rename_collection).writes().admin(),
    Spec::new("serverStatus", other),
    Spec::new("startSession", other),
    Spec::new("update", write::update).writes().explain(),
    Spec::new("validate", other_on_collection),
    Spec::new("whatsmyuri", other),
];

/// A command document being read.
struct Args<'a> {
    database: &'a str,
    spec: &'static Spec,
    doc: &'a Document,
    options: CommandOptions,
}

impl<'a> Args<'a> {
    /// The value of the first field, beside the command's name.
    fn first(&self) -> &'a Bson {
        self.doc.values().next().unwrap_or(&Bson::Null)
    }

    /// The fields that are the command's own.
    fn fields(&self) -> impl Iterator<Item = Field<'a>> {
        let command = self.spec.name;
        let own = self.doc.iter().skip(1).filter(|(name, _)| !options::is_general(name));
        own.map(move |(name, value)| Field { command, name, value })
    }

    /// The collection that the first field names.
    fn collection(&self) -> Result<Namespace> {
        let (Bson::String(name) | Bson::Symbol(name)) = self.first() else {
            // Some commands have another code, for no reason known.
            let code = match self.spec.name {
                "collStats" | "convertToCapped" | "count" | "distinct" => {
                    ErrorCode::INVALID_NAMESPACE
                }
                _ => ErrorCode::BAD_VALUE,
            };
            return Err(Error::command(code, "collection name has invalid type"));
        };
        let ns = Namespace::new(self.database, name.clone());
        ns.check_collection()?;
        Ok(ns)
    }

    fn of_database(&self) -> Namespace {
        Namespace::of_database(self.database)
    }

    fn missing(&self, name: &str) -> Error {
        field::missing(self.spec.name, name)
    }
}

fn operation(operation: Operation) -> CommandKind {
    CommandKind::Operation(Box::new(operation))
}

/// A command whose fields are read by whoever answers it.
fn other(args: &Args<'_>) -> Result<Parsed> {
    Ok((args.of_database(), CommandKind::Other(args.spec.name)))
}

fn other_on_collection(args: &Args<'_>) -> Result<Parsed> {
    Ok((args.collection()?, CommandKind::Other(args.spec.name)))
}

fn ping(args: &Args<'_>) -> Result<Parsed> {
    match args.fields().next() {
        Some(field) => Err(field.unknown()),
        None => other(args),
    }
}

fn explain(args: &Args<'_>) -> Result<Parsed> {
    let explained = match args.first() {
        Bson::Document(doc) => doc,
        Bson::Null | Bson::Undefined => return Err(args.missing("explain")),
        value => {
            return Err(Field { command: "explain", name: "explain", value }.wrong_type("object"));
        }
    };
    let mut verbosity = Verbosity::AllPlansExecution;
    for field in args.fields() {
        match field.name {
            "verbosity" => match field.optional_string()? {
                None | Some("allPlansExecution") => {}
                Some("executionStats") => verbosity = Verbosity::ExecutionStats,
                Some("queryPlanner") => verbosity = Verbosity::QueryPlanner,
                Some(other) => return Err(field.not_a_value(other)),
            },
            _ => return Err(field.unknown()),
        }
    }
    let name = command_name(explained);
    let Some(spec) = spec(explained) else {
        return Err(not_found(format!("explain failed due to unknown command: {name}")));
    };
    if !spec.explain {
        return Err(Error::command(ErrorCode::ILLEGAL_OPERATION, format!("cannot explain {name}")));
    }
    match Command::parse(args.database, explained)? {
        Command { namespace, kind: CommandKind::Operation(operation), .. } => {
            let statements = match &*operation {
                Operation::UpdateBatch(batch) => batch.statements.len(),
                Operation::DeleteBatch(batch) => batch.statements.len(),
                _ => 1,
            };
            if statements != 1 {
                return Err(Error::command(
                    ErrorCode::INVALID_LENGTH,
                    "explained write batches must be of size 1",
                ));
            }
            Ok((namespace, CommandKind::Explain(verbosity, operation)))
        }
        _ => Err(failed_to_parse(
            "the 'explain' option is illegal when an explain verbosity is also provided",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_sorted() {
        assert!(COMMANDS.is_sorted_by_key(|spec| spec.name));
    }
}
