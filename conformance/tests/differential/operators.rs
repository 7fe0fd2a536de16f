//! The server's own list of operators (`serverStatus().metrics`): each is there in the memory engine, or it is refused for
//! a reason that stands here.

use std::collections::BTreeSet;

use backend_memory::MemoryBackend;
use bson::{Bson, Document, bson, doc};
use conformance::strategy::operators;
use odm_core::Error;

use crate::property::{Bench, Property};
use crate::round::Counts;

pub(crate) const PROPERTIES: &[Property] = &[Property { name: "operators", test: all }];

/// Why the memory engine refuses an operator or stage.
#[derive(Clone, Copy, Debug)]
enum Reason {
    /// There is no JavaScript in it.
    JavaScript,
    /// There are no text searches and no geospatial queries yet.
    NoIndex,
    /// It tells of a deployment: sessions, operations, shards, changes.
    OfDeployment,
    /// A part of the server's own machinery, of which the manual does not speak.
    Internal,
}

use Reason::{Internal, JavaScript, NoIndex, OfDeployment};

/// What is refused as unsupported, with all arguments.
const REFUSED: &[(&str, &str, Reason)] = &[
    ("expressions", "$_internalFindAllValuesAtPath", Internal),
    ("expressions", "$_internalFleEq", Internal),
    ("expressions", "$_internalJsEmit", JavaScript),
    ("expressions", "$_testApiVersion", Internal),
    ("expressions", "$function", JavaScript),
    ("groupAccumulators", "$_internalJsReduce", JavaScript),
    ("groupAccumulators", "$accumulator", JavaScript),
    ("match", "$geoIntersects", NoIndex),
    ("match", "$geoWithin", NoIndex),
    ("match", "$near", NoIndex),
    ("match", "$nearSphere", NoIndex),
    ("match", "$text", NoIndex),
    ("match", "$where", JavaScript),
    ("stages", "$_internalAllCollectionStats", Internal),
    ("stages", "$_internalApplyOplogUpdate", Internal),
    ("stages", "$_internalBoundedSort", Internal),
    ("stages", "$_internalComputeGeoNearDistance", Internal),
    ("stages", "$_internalConvertBucketIndexStats", Internal),
    ("stages", "$_internalInhibitOptimization", Internal),
    ("stages", "$_internalSetWindowFields", Internal),
    ("stages", "$_internalSplitPipeline", Internal),
    ("stages", "$_internalUnpackBucket", Internal),
    ("stages", "$_unpackBucket", Internal),
    ("stages", "$changeStream", OfDeployment),
    ("stages", "$currentOp", OfDeployment),
    ("stages", "$geoNear", NoIndex),
    ("stages", "$listCachedAndActiveUsers", OfDeployment),
    ("stages", "$listCatalog", OfDeployment),
    ("stages", "$listLocalSessions", OfDeployment),
    ("stages", "$listSessions", OfDeployment),
    ("stages", "$mergeCursors", Internal),
];

/// Expressions that are not among those that are made at random.
const NOT_RANDOM: &[(&str, &str)] = &[
    ("$_internalFindAllValuesAtPath", "refused"),
    ("$_internalFleEq", "refused"),
    ("$_internalJsEmit", "refused"),
    ("$_testApiVersion", "refused"),
    ("$function", "refused"),
    ("$meta", "tells what a document has beside its fields"),
    ("$rand", "another one each time"),
];

/// How a command is answered that uses an operator in some way.
#[derive(Debug, PartialEq)]
enum Use {
    Known,
    Unknown,
    Unsupported,
}

/// A database, and a command on it.
type Command = (&'static str, Document);

/// What one of the server's lists holds, and commands that use such an operator: some of them with what it takes.
struct List {
    name: &'static str,
    commands: fn(&str) -> Vec<Command>,
}

const LISTS: [List; 5] = [
    List {
        name: "expressions",
        commands: |name| {
            let javascript = doc! { "body": "x", "args": [], "lang": "js" };
            let operands = [bson!({}), "a".into(), javascript.into()];
            let stage = |operand: Bson| doc! { "$replaceWith": { "r": { name: operand } } };
            operands.into_iter().map(|operand| aggregate(stage(operand))).collect()
        },
    },
    List {
        name: "groupAccumulators",
        commands: |name| vec![aggregate(doc! { "$group": { "_id": null, "r": { name: {} } } })],
    },
    List {
        name: "windowAccumulators",
        commands: |name| {
            let output = doc! { "r": { name: {} } };
            vec![aggregate(doc! { "$setWindowFields": { "sortBy": { "a": 1 }, "output": output } })]
        },
    },
    List {
        name: "match",
        commands: |name| {
            let find = |filter: Document| ("differential", doc! { "find": "c", "filter": filter });
            let point = doc! { "type": "Point", "coordinates": [0, 0] };
            let operands: [Bson; 7] = [
                1.into(),
                "x".into(),
                bson!([{}]),
                bson!({}),
                bson!({ "$search": "x" }),
                bson!({ "$geometry": point }),
                bson!({ "$center": [[0, 0], 1] }),
            ];
            let of_field = operands.iter().map(|operand| find(doc! { "a": { name: operand } }));
            let at_top = operands.iter().map(|operand| find(doc! { name: operand }));
            of_field.chain(at_top).collect()
        },
    },
    List {
        name: "stages",
        commands: |name| {
            let of = |collection: &str| {
                doc! { "aggregate": collection, "pipeline": [{ name: {} }], "cursor": {} }
            };
            let database = doc! { "aggregate": 1, "pipeline": [{ name: {} }], "cursor": {} };
            vec![
                ("differential", of("c")),
                ("differential", database.clone()),
                ("admin", database),
                ("config", of("system.sessions")),
            ]
        },
    },
];

fn aggregate(stage: Document) -> Command {
    ("differential", doc! { "aggregate": "c", "pipeline": [stage], "cursor": {} })
}

fn all(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let status = doc! { "serverStatus": 1 };
    let status = bench.runtime.block_on(bench.server.database("admin").run_command(status));
    let status = status.map_err(|error| error.to_string())?;
    let memory = MemoryBackend::new();
    let mut wrong = Vec::new();
    for list in &LISTS {
        let names = names(&status, list.name).ok_or("the server tells no operators")?;
        if names.is_empty() {
            wrong.push(format!("{}: the server's list is empty", list.name));
        }
        for name in &names {
            counts.cases.add(1);
            let reason =
                REFUSED.iter().find(|(of, refused, _)| of == &list.name && refused == name);
            match (use_of(bench, &memory, list, name), reason) {
                (Use::Known, None) | (Use::Unsupported, Some(_)) => {}
                (found, Some((.., reason))) => {
                    wrong.push(format!(
                        "{}: {name} is {found:?}, refused for {reason:?}",
                        list.name
                    ));
                }
                (found, None) => wrong.push(format!("{}: {name} is {found:?}", list.name)),
            }
        }
        for (of, name, _) in REFUSED {
            if *of == list.name && !names.contains(*name) {
                wrong.push(format!("{of}: {name} is not the server's"));
            }
        }
        if list.name == "expressions" {
            let random: BTreeSet<&str> = operators().collect();
            let others: BTreeSet<&str> = NOT_RANDOM.iter().map(|(name, _)| *name).collect();
            for name in &names {
                if random.contains(name.as_str()) == others.contains(name.as_str()) {
                    wrong.push(format!("{name}: is it in random expressions, or not?"));
                }
            }
        }
    }
    if wrong.is_empty() { Ok(1) } else { Err(wrong.join("\n")) }
}

/// The names of one of the server's lists.
fn names(status: &Document, list: &str) -> Option<BTreeSet<String>> {
    let metrics = status.get_document("metrics").ok()?;
    let names = match list {
        "stages" => metrics.get_document("aggStageCounters").ok()?,
        list => metrics.get_document("operatorCounters").ok()?.get_document(list).ok()?,
    };
    Some(names.keys().cloned().collect())
}

/// How the memory engine answers commands with this operator: it is known if one of them is not refused as unknown.
fn use_of(bench: &Bench, memory: &MemoryBackend, list: &List, name: &str) -> Use {
    let mut answer = Use::Unknown;
    for (database, command) in (list.commands)(name) {
        match bench.runtime.block_on(memory.database(database).run_command(command)) {
            Err(Error::Unsupported { .. }) => return Use::Unsupported,
            Err(error) if is_unknown(&error) => {}
            _ => answer = Use::Known,
        }
    }
    answer
}

/// Whether a refusal says that there is no such operator. The codes of some say other things as well.
fn is_unknown(error: &Error) -> bool {
    let message = error.to_string();
    match error.code() {
        Some(168 | 15_952 | 31_325 | 40_324) => true,
        Some(2) => message.contains("unknown operator") || message.contains("unknown top level"),
        Some(9) => message.contains("Unrecognized window function"),
        _ => false,
    }
}
