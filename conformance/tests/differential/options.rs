//! Options: every field of the commands that read and write, with a value of every type.

use bson::{Bson, Document, bson, doc};
use conformance::strategy::one_of_each_type;

use crate::property::{Bench, Property};
use crate::round::{Counts, Round, Server};

pub(crate) const PROPERTIES: &[Property] = &[Property { name: "options", test: options }];

/// A command that does no harm, and the fields that it may have.
type Row = (Document, &'static [&'static str]);

fn commands() -> [Row; 7] {
    let update = doc! { "q": { "_id": 99 }, "u": { "$set": { "b": 1 } } };
    [
        (
            doc! { "find": "c", "filter": {} },
            &[
                "find",
                "filter",
                "projection",
                "sort",
                "hint",
                "skip",
                "limit",
                "batchSize",
                "singleBatch",
                "min",
                "max",
                "returnKey",
                "showRecordId",
                "tailable",
                "awaitData",
                "noCursorTimeout",
                "allowPartialResults",
                "allowDiskUse",
                "collation",
                "let",
                "comment",
                "maxTimeMS",
                "readConcern",
                "unknown",
            ],
        ),
        (
            doc! { "count": "c" },
            &[
                "count",
                "query",
                "limit",
                "skip",
                "hint",
                "collation",
                "maxTimeMS",
                "comment",
                "readConcern",
                "fields",
                "unknown",
            ],
        ),
        (
            doc! { "distinct": "c", "key": "a" },
            &[
                "distinct",
                "key",
                "query",
                "collation",
                "maxTimeMS",
                "comment",
                "readConcern",
                "unknown",
            ],
        ),
        (
            doc! { "update": "c", "updates": [update] },
            &[
                "update",
                "updates",
                "ordered",
                "bypassDocumentValidation",
                "let",
                "comment",
                "maxTimeMS",
                "unknown",
            ],
        ),
        (
            doc! { "delete": "c", "deletes": [{ "q": { "_id": 99 }, "limit": 1 }] },
            &["delete", "deletes", "ordered", "let", "comment", "maxTimeMS", "unknown"],
        ),
        (
            doc! { "insert": "c", "documents": [{ "_id": 1 }] },
            &[
                "insert",
                "documents",
                "ordered",
                "bypassDocumentValidation",
                "comment",
                "maxTimeMS",
                "unknown",
            ],
        ),
        (
            doc! { "findAndModify": "c", "query": { "_id": 99 }, "update": { "$set": { "b": 1 } } },
            &[
                "findAndModify",
                "query",
                "sort",
                "remove",
                "update",
                "new",
                "fields",
                "upsert",
                "bypassDocumentValidation",
                "maxTimeMS",
                "collation",
                "arrayFilters",
                "hint",
                "comment",
                "let",
                "unknown",
            ],
        ),
    ]
}

/// The same for the statements of a command.
fn statements() -> [(&'static str, &'static str, Row); 2] {
    [
        (
            "update",
            "updates",
            (
                doc! { "q": { "_id": 99 }, "u": { "$set": { "b": 1 } } },
                &["q", "u", "c", "multi", "upsert", "collation", "arrayFilters", "hint", "unknown"],
            ),
        ),
        (
            "delete",
            "deletes",
            (
                doc! { "q": { "_id": 99 }, "limit": 1 },
                &["q", "limit", "collation", "hint", "unknown"],
            ),
        ),
    ]
}

fn values() -> Vec<Bson> {
    let mut values = one_of_each_type();
    values.extend([
        Bson::Undefined,
        Bson::Null,
        bson!({}),
        bson!([]),
        bson!([Bson::Undefined]),
        bson!([1]),
        bson!([{}]),
        bson!({ "a": Bson::Undefined }),
        (-1).into(),
        0.into(),
        1.5.into(),
        f64::NAN.into(),
        i64::MAX.into(),
        "".into(),
        false.into(),
    ]);
    values
}

/// Whether MongoDB refuses it as it comes to the statement: the memory engine refuses the whole command, as it is read.
fn is_refused_late(field: &str, value: &Bson) -> bool {
    match value {
        Bson::Document(doc) => field == "c" || field == "collation" && !doc.is_empty(),
        _ => false,
    }
}

/// Whether the answer depends on how fast the machine is.
fn is_a_race(field: &str, value: &Bson) -> bool {
    let limit = match value {
        Bson::Int32(n) => f64::from(*n),
        Bson::Int64(n) => *n as f64,
        Bson::Double(n) => *n,
        Bson::Decimal128(n) => n.to_string().parse().unwrap_or(f64::NAN),
        _ => return false,
    };
    field == "maxTimeMS" && limit > 0.0 && limit < 10_000.0
}

fn options(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let database = format!("differential_{}_options", std::process::id());
    let server = Server::new(&bench.runtime, bench.server.database(database));
    let mut differences = Vec::new();
    let mut check = |command: Document| {
        counts.cases.add(1);
        let mut round = Round::new(&bench.runtime, &server, counts);
        let outcome = round.fill(&[doc! { "_id": 1, "a": [1, 2] }]);
        differences.extend(outcome.and_then(|()| round.same(command).map(drop)).err());
    };
    for (command, fields) in commands() {
        for field in fields {
            for value in values().into_iter().filter(|value| !is_a_race(field, value)) {
                let mut command = command.clone();
                command.insert(*field, value);
                check(command);
            }
        }
    }
    for (command, list, (statement, fields)) in statements() {
        for field in fields {
            for value in values().into_iter().filter(|value| !is_refused_late(field, value)) {
                let mut statement = statement.clone();
                statement.insert(*field, value);
                check(doc! { command: "c", list: [statement] });
            }
        }
    }
    let _ = bench.runtime.block_on(server.db.drop());
    if differences.is_empty() { Ok(1) } else { Err(differences.join("\n")) }
}
