//! Write concerns. The engine is like a replica set of one member: what asks for more is done, and then not met.

use odm_core::bson::{Bson, Document, doc};
use odm_core::{
    Acknowledgment, CreateIndexesOutcome, DeleteOutcome, Error, ErrorCode, FindAndModifyOutcome,
    InsertOutcome, OpCx, Result, UpdateOutcome, Upserted, WriteConcern, WriteFailure, WriteSummary,
};

const UNKNOWN_MODE: ErrorCode = ErrorCode::UNKNOWN_REPL_WRITE_CONCERN;
const UNSATISFIABLE: ErrorCode = ErrorCode::UNSATISFIABLE_WRITE_CONCERN;

/// Why the `writeConcern` of a command, which was found to be well formed, is not met.
pub(crate) fn not_met(concern: &Document) -> Option<Error> {
    let (w, code, message) = match concern.get("w")? {
        Bson::Document(tags) => {
            let name = tags.keys().next().map_or("", String::as_str);
            let message = format!("No replica set tag key {name} in config");
            let members = |value| i64::from(int(whole(value)));
            let tags = tags.iter().map(|(name, value)| (name.clone(), members(value).into()));
            (Bson::Document(tags.collect()), ErrorCode::NO_SUCH_KEY, message)
        }
        Bson::String(mode) if mode == "majority" => return None,
        Bson::String(mode) => (Bson::from(mode), UNKNOWN_MODE, unknown(mode)),
        Bson::Null | Bson::Undefined => (Bson::from(""), UNKNOWN_MODE, unknown("")),
        number => match i32::try_from(whole(number)) {
            Ok(nodes @ 2..) => {
                (nodes.into(), UNSATISFIABLE, "Not enough data-bearing nodes".to_owned())
            }
            _ => return None,
        },
    };
    let mut shown = doc! { "w": w };
    let journal = concern.get("j").filter(|flag| !matches!(flag, Bson::Null | Bson::Undefined));
    if let Some(journal) = journal {
        shown.insert("j", is_set(journal));
    }
    if concern.get("fsync").is_some_and(is_set) {
        shown.insert("fsync", true);
    }
    shown.insert("wtimeout", int(concern.get("wtimeout").map_or(0, whole)));
    shown.insert("provenance", concern.get_str("provenance").unwrap_or("clientSupplied"));
    Some(Error::command_with(code, message, doc! { "errInfo": { "writeConcern": shown } }))
}

/// Whether nobody waits for the outcome of a write.
pub(crate) fn is_unacknowledged(concern: &Document) -> bool {
    let is_zero = |w: &Bson| match w {
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => whole(w) == 0,
        _ => false,
    };
    concern.get("w").is_some_and(is_zero)
        && !["j", "fsync"].into_iter().any(|flag| concern.get(flag).is_some_and(is_set))
}

fn is_set(flag: &Bson) -> bool {
    match flag {
        Bson::Boolean(flag) => *flag,
        Bson::Double(n) => *n != 0.0,
        Bson::Decimal128(n) => n.to_string().parse() != Ok(0.0),
        number => whole(number) != 0,
    }
}

fn int(n: i64) -> i32 {
    i32::try_from(n.max(i64::from(i32::MIN))).unwrap_or(i32::MAX)
}

fn unknown(mode: &str) -> String {
    format!("No write concern mode named '{mode}' found in replica set configuration")
}

/// A number without its fraction; what is none counts as 0.
#[allow(clippy::cast_possible_truncation)]
fn whole(value: &Bson) -> i64 {
    match value {
        Bson::Int32(n) => i64::from(*n),
        Bson::Int64(n) => *n,
        Bson::Double(n) => *n as i64,
        Bson::Decimal128(n) => n.to_string().parse().map_or(0, |n: f64| n.round_ties_even() as i64),
        _ => 0,
    }
}

/// What a write did, or why it is refused: also by a write concern that is not met.
pub(super) fn acknowledged<T: Done>(result: Result<T>, cx: &OpCx) -> Result<T> {
    let not_met = cx.write_concern.as_ref().and_then(|concern| not_met(&document(concern)));
    let Some(Error::Command(error)) = not_met else { return result };
    let mut failure = match result {
        Ok(outcome) => WriteFailure::new(Vec::new(), outcome.summary()),
        Err(Error::Write(failure)) => *failure,
        Err(other) => return Err(other),
    };
    failure.write_concern_error = Some(error);
    Err(failure.into())
}

fn document(concern: &WriteConcern) -> Document {
    let mut document = Document::new();
    match &concern.w {
        Some(Acknowledgment::Nodes(nodes)) => {
            document.insert("w", i64::from(*nodes));
        }
        Some(Acknowledgment::Custom(mode)) => {
            document.insert("w", mode);
        }
        _ => {}
    }
    if let Some(journal) = concern.journal {
        document.insert("j", journal);
    }
    if let Some(timeout) = concern.timeout {
        document.insert("wtimeout", i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX));
    }
    document
}

/// An outcome that can be told beside a failure.
pub(super) trait Done {
    fn summary(self) -> WriteSummary;
}

impl Done for InsertOutcome {
    fn summary(self) -> WriteSummary {
        WriteSummary { inserted: self.inserted_ids.len() as u64, ..WriteSummary::default() }
    }
}

impl Done for UpdateOutcome {
    fn summary(self) -> WriteSummary {
        let UpdateOutcome { matched, modified, upserted } = self;
        WriteSummary { matched, modified, upserted, ..WriteSummary::default() }
    }
}

impl Done for DeleteOutcome {
    fn summary(self) -> WriteSummary {
        WriteSummary { deleted: self.deleted, ..WriteSummary::default() }
    }
}

impl Done for FindAndModifyOutcome {
    fn summary(self) -> WriteSummary {
        let updated = u64::from(self.updated_existing);
        let removed = self.upserted.is_none() && !self.updated_existing;
        WriteSummary {
            matched: updated,
            modified: updated,
            deleted: if removed { self.n } else { 0 },
            upserted: self.upserted.map(|id| Upserted { index: 0, id }).into_iter().collect(),
            ..WriteSummary::default()
        }
    }
}

impl Done for CreateIndexesOutcome {
    fn summary(self) -> WriteSummary {
        WriteSummary::default()
    }
}

impl Done for () {
    fn summary(self) -> WriteSummary {
        WriteSummary::default()
    }
}
