//! Replays what a real MongoDB 6.0.5 answered, line by line.
//!
//! The fields of a line are separated by tabs; documents are extended JSON. The first field tells
//! what the line is:
//!
//! | line | |
//! |---|---|
//! | `D doc` | one more document of the collection |
//! | `C` | the collection is empty again |
//! | `F filter code ids` | the `_id`s that a filter matches |
//! | `S sort code ids` | the `_id`s in an order |
//! | `P doc filter projection code doc` | a projection of a document, `-` if the filter does not match |
//! | `V validator doc info` | what a failed validation tells, `-` if the document is valid |
//! | `A pipeline code docs` | what a pipeline makes of the collection, under `r` |
//! | `N doc expression code value` | what an expression gives, under `r`: a decimal whose last digit differs, by up to 5 |
//! | `U doc filter update arrayFilters upsert code result doc` | an update of a document; the result is `n/nModified`, or `upserted` |

use std::fmt::Write as _;

use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, Timestamp, doc};
use odm_core::{Error, Filter, Pipeline, Projection, Sort, Update};

use crate::expression::{Environment, Root, Scope};
use crate::filter::{Matched, Matcher};
use crate::projection::Projector;
use crate::sort::Sorter;
use crate::update::{Applied, ApplyCx, Updater};
use crate::value::Record;
use crate::value::decimal::{Decimal, normalize};

/// What went wrong, as the server's code; `-1` if it has none.
fn code(error: &Error) -> String {
    format!("error {}", error.code().unwrap_or(-1))
}

/// A text in which documents are equal only if their fields are in the same order.
fn show(doc: &Document) -> String {
    format!("{:?}", Bson::from(doc.clone()))
}

fn parse(json: &str) -> Document {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// Checks each line of a file; all that differ are shown.
pub(crate) fn check(file: &str) {
    let mut collection: Vec<Record> = Vec::new();
    let mut filled: Option<Filled> = None;
    let (mut lines, mut wrong, mut report) = (0, 0, String::new());
    for line in file.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let (server, ours) = match fields.as_slice() {
            ["D", doc] => {
                collection.push(Record::from_document(&parse(doc)).unwrap());
                filled = None;
                continue;
            }
            ["C"] => {
                collection.clear();
                filled = None;
                continue;
            }
            ["F", filter, code, ids] => (answer(code, ids), find(filter, &collection)),
            ["S", sort, code, ids] => (answer(code, ids), order(sort, &collection)),
            ["P", doc, filter, projection, code, projected] => {
                let server = match *projected {
                    "-" => "none".to_owned(),
                    doc => show(&parse(doc)),
                };
                (answer(code, &server), project(doc, filter, projection))
            }
            ["V", validator, doc, info] => {
                let server = match *info {
                    "-" => "valid".to_owned(),
                    info => show(&parse(info)),
                };
                (server, validate(validator, doc))
            }
            ["A", pipeline, code, docs] => {
                let server = match *docs {
                    "-" => String::new(),
                    docs => show(&parse(docs)),
                };
                let filled = filled.get_or_insert_with(|| Filled::with(&collection));
                (answer(code, &server), filled.aggregate(pipeline))
            }
            ["N", doc, expression, "0", value] => {
                let (server, ours) = (parse(value), evaluate(doc, expression));
                // What is right to the last digit is no line of this kind.
                let is_so =
                    ours.as_ref().is_ok_and(|ours| *ours != server && is_near(ours, &server));
                let server = show(&server);
                let ours = ours.map(|ours| if is_so { server.clone() } else { show(&ours) + "!" });
                (server, ours)
            }
            ["U", doc, filter, change, array_filters, upsert, code, result, new] => {
                let server = match *new {
                    "-" => String::new(),
                    new => format!("{result} {}", show(&parse(new))),
                };
                let ours = update(doc, filter, change, array_filters, *upsert == "1");
                (answer(code, &server), ours)
            }
            _ => panic!("unknown line: {line}"),
        };
        lines += 1;
        let ours = ours.unwrap_or_else(|error| code(&error));
        if server != ours && !is_same_upsert(&server, &ours) {
            wrong += 1;
            if wrong <= 40 {
                writeln!(report, "{line}\n  server {server}\n  ours   {ours}").unwrap();
            }
        }
    }
    assert!(lines > 0, "nothing was recorded");
    assert!(wrong == 0, "\n{report}\n{wrong} of {lines} differ");
}

/// Whether both made a document that is the same but for the `_id` that each made up.
fn is_same_upsert(server: &str, ours: &str) -> bool {
    let without_id = |text: &str| {
        let start = text.find("ObjectId(")?;
        let end = start + text.get(start..)?.find(')')?;
        Some(format!("{}{}", text.get(..start)?, text.get(end..)?))
    };
    server.starts_with("upserted")
        && without_id(server).is_some_and(|s| Some(s) == without_id(ours))
}

fn answer(code: &str, answer: &str) -> String {
    if code == "0" { answer.to_owned() } else { format!("error {code}") }
}

fn ids<'r>(records: impl IntoIterator<Item = &'r Record>) -> String {
    let id = |record: &Record| record.id().and_then(|id| id.as_i32()).unwrap().to_string();
    records.into_iter().map(id).collect::<Vec<_>>().join(",")
}

fn find(filter: &str, collection: &[Record]) -> Result<String, Error> {
    let matcher = Matcher::with(&Filter::Raw(parse(filter)), &environment())?;
    let found = ids(collection.iter().filter(|record| matcher.matches(record)));
    matcher.check().map(|()| found)
}

fn order(sort: &str, collection: &[Record]) -> Result<String, Error> {
    let sorter = Sorter::compile(&Sort::parse(&parse(sort))?, None)?.expect("an order");
    Ok(ids(&sorter.sort(collection)?))
}

fn validate(validator: &str, doc: &str) -> Result<String, Error> {
    let (validator, record) = (parse(validator), Record::from_document(&parse(doc))?);
    if let Ok(true) = Matcher::validating(&Filter::Raw(validator.clone()), None)?.holds(&record) {
        return Ok("valid".to_owned());
    }
    Ok(show(&crate::filter::details::failure(&validator, &record, None)?))
}

fn project(doc: &str, filter: &str, projection: &str) -> Result<String, Error> {
    let record = Record::from_document(&parse(doc))?;
    let filter = Filter::Raw(parse(filter));
    let environment = environment();
    let projector = Projector::compile(&Projection::Raw(parse(projection)), &filter, &environment)?;
    if !Matcher::with(&filter, &environment)?.holds(&record)? {
        return Ok("none".to_owned());
    }
    Ok(show(&projector.project(&record)?.to_document()?))
}

/// Where expressions are evaluated: in 1970.
pub(crate) fn environment() -> Environment<'static> {
    Environment::at(DateTime::from_millis(0), Timestamp { time: 1, increment: 1 }, None)
}

/// An update; a pipeline stands in a document with an empty name.
fn update_of(change: &str) -> Update {
    let change = parse(change);
    match change.get_array("") {
        Ok(stages) => Update::Pipeline(Pipeline::parse(stages).unwrap()),
        Err(_) => Update::Raw(change),
    }
}

/// Whether the decimal that an expression gives is within 5 in the 34th digit of the server's.
fn is_near(ours: &Document, server: &Document) -> bool {
    let decimal = |document: &Document| match document.get("r") {
        Some(Bson::Decimal128(n)) => Decimal::from_bits(u128::from_le_bytes(n.bytes())),
        other => panic!("not a decimal: {other:?}"),
    };
    let (ours, server) = (decimal(ours), decimal(server));
    let Decimal::Finite { coefficient, exponent, .. } = server else { return false };
    let (_, last) = normalize(coefficient, exponent);
    let bound = Decimal::Finite { negative: false, coefficient: 5, exponent: last };
    ours.subtract(server).abs().compare(bound).is_le()
}

/// The document that `{"r": expression}` makes.
fn evaluate(doc: &str, expression: &str) -> Result<Document, Error> {
    let (record, expression) = (Record::from_document(&parse(doc))?, parse(expression));
    let environment = environment();
    let mut compiler = environment.compiler();
    let node = compiler.object(&expression)?;
    compiler.check()?;
    let value = node.eval(&Scope::new(environment.globals(), Root::Record(&record)))?;
    Ok(value.or_null().to_document())
}

/// An engine that holds the collection.
struct Filled {
    db: odm_core::Database,
    runtime: tokio::runtime::Runtime,
}

impl Filled {
    fn with(collection: &[Record]) -> Self {
        let db = crate::MemoryBackend::builder().seed(1).build().database("replay");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let filled = Filled { db, runtime };
        if !collection.is_empty() {
            let docs: Vec<Document> = collection.iter().map(Record::to_document).collect();
            filled.run(doc! { "insert": "c", "documents": docs }).unwrap();
        }
        filled
    }

    fn run(&self, command: Document) -> Result<Document, Error> {
        self.runtime.block_on(self.db.run_command(command))
    }

    fn aggregate(&self, pipeline: &str) -> Result<String, Error> {
        let pipeline = parse(pipeline).remove("p").unwrap();
        let cursor = doc! { "batchSize": 100_000 };
        let reply = self.run(doc! { "aggregate": "c", "pipeline": pipeline, "cursor": cursor })?;
        let docs = reply.get_document("cursor").unwrap().get_array("firstBatch").unwrap();
        Ok(show(&doc! { "r": docs.clone() }))
    }
}

fn update(
    doc: &str,
    filter: &str,
    change: &str,
    array_filters: &str,
    upsert: bool,
) -> Result<String, Error> {
    let record = Record::from_document(&parse(doc))?;
    let filter = Filter::Raw(parse(filter));
    let array_filters = parse(array_filters);
    let array_filters: Vec<Document> = match array_filters.get_array("f") {
        Ok(filters) => filters.iter().filter_map(|f| f.as_document().cloned()).collect(),
        Err(_) => Vec::new(),
    };
    let updater = Updater::compile(&update_of(change), &array_filters, &environment())?;
    let matcher = Matcher::compile(&filter)?;
    let cx = ApplyCx {
        now: DateTime::from_millis(0),
        timestamp: Timestamp { time: 1, increment: 1 },
        matched_index: matcher.matched_index(&record, Matched::BySorted),
        inserting: false,
    };
    if matcher.matches(&record) {
        return Ok(match updater.apply(&record, &cx)? {
            Applied::Unchanged | Applied::Rewritten(_) => {
                format!("1/0 {}", show(&record.to_document()))
            }
            Applied::Changed(new) => {
                format!("1/1 {}", show(&Record::from_bytes(&new)?.to_document()))
            }
        });
    }
    if !upsert {
        return Ok(format!("0/0 {}", show(&record.to_document())));
    }
    let cx = ApplyCx { matched_index: None, ..cx };
    let new = Record::from_bytes(&updater.upsert(&filter, &cx, ObjectId::new)?)?;
    if new.id() == record.id() {
        return Ok("error 11000".to_owned());
    }
    Ok(format!("upserted {}", show(&new.to_document())))
}
