//! Command documents: requests as what a shell or a driver sends, and replies.
//!
//! Every request prints itself by `to_command`; [`Command::parse`] reads what was sent;
//! [`reply`] builds what a server answers; [`Error::from_reply`](crate::Error::from_reply) and the
//! outcomes' `from_reply` read answers.

mod from_reply;
mod parse;
mod print;
pub mod reply;

use std::time::Duration;

use bson::{Bson, Document};

use crate::backend::{ReadConcern, ReadPreference, WriteConcern};
use crate::namespace::Namespace;
use crate::request::{ModifyCollection, Operation};

/// A command document that was understood.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Command {
    /// What it is about; without a collection for commands on a database.
    pub namespace: Namespace,
    /// What it asks for.
    pub kind: CommandKind,
    /// What every command may say beside that.
    pub options: CommandOptions,
}

/// What a [`Command`] asks for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CommandKind {
    /// A request of the [`Backend`](crate::Backend) trait.
    Operation(Box<Operation>),
    /// `getMore`: the next batch of a cursor.
    GetMore(GetMore),
    /// `killCursors`: these, of the namespace.
    KillCursors(Vec<i64>),
    /// `explain`, or `aggregate` with `explain: true`: how an operation would run.
    Explain(Verbosity, Box<Operation>),
    /// `collMod`.
    ModifyCollection(Box<ModifyCollection>),
    /// A command without a request struct, by its name: `ping`, `hello`, `buildInfo`, ….
    /// Its fields are in the document that was parsed; only those of `ping` are checked.
    Other(&'static str),
}

/// `getMore`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetMore {
    /// The id that the reply to the cursor's first command told.
    pub cursor_id: i64,
    /// How many documents at most.
    pub batch_size: Option<u32>,
    /// `maxTimeMS`: how long to wait for data, which may be no time; only of cursors that do.
    pub max_time: Option<Duration>,
}

/// How much [`CommandKind::Explain`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// `queryPlanner`: the plan that would be chosen.
    QueryPlanner,
    /// `executionStats`: also how it ran.
    ExecutionStats,
    /// `allPlansExecution`: also how the others ran. The default.
    AllPlansExecution,
}

/// What every command may say beside what it asks for.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct CommandOptions {
    /// `maxTimeMS`; also in the requests that have it.
    pub max_time: Option<Duration>,
    /// `comment`; also in the requests that have it.
    pub comment: Option<Bson>,
    /// `readConcern.level`.
    pub read_concern: Option<ReadConcern>,
    /// `writeConcern`.
    pub write_concern: Option<WriteConcern>,
    /// `$readPreference.mode`.
    pub read_preference: Option<ReadPreference>,
    /// `lsid`: the session.
    pub session_id: Option<Document>,
    /// `txnNumber`, of a transaction or a retryable write.
    pub txn_number: Option<i64>,
    /// `startTransaction`.
    pub start_transaction: bool,
    /// `autocommit: false` in a transaction.
    pub autocommit: Option<bool>,
}
