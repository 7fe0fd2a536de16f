//! Plans as `explain` shows them.

use std::sync::Arc;

use odm_core::bson::{Bson, Document, doc};
use odm_core::{Filter, Sort};

use crate::collation::Collator;

use super::bounds::{Bounds, Cut};
use super::{Access, DistinctScan, IndexScan, Plan, Position};
use crate::storage::{CollState, Index, display};

/// The bounds of each field in words, in the direction of the scan.
pub(super) fn describe(
    index: &Index,
    bounds: &[Option<Bounds<'_>>],
    bounded: usize,
    backward: bool,
) -> Vec<Vec<String>> {
    let fields = index.spec.fields().iter().zip(bounds).enumerate();
    fields
        .map(|(field, ((_, descending), bounds))| {
            let reversed = *descending != backward;
            let Some(bounds) = bounds.as_ref().filter(|_| field < bounded) else {
                let all = if reversed { "[MaxKey, MinKey]" } else { "[MinKey, MaxKey]" };
                return vec![all.to_owned()];
            };
            let mut described: Vec<String> = bounds
                .intervals
                .iter()
                .map(|interval| {
                    let collator = index.spec.collator().map(Arc::as_ref);
                    let (low, low_in) = end(&interval.low, collator, true);
                    let (high, high_in) = end(&interval.high, collator, false);
                    let (from, from_in, to, to_in) = if reversed {
                        (high, high_in, low, low_in)
                    } else {
                        (low, low_in, high, high_in)
                    };
                    let (open, close) =
                        (if from_in { '[' } else { '(' }, if to_in { ']' } else { ')' });
                    format!("{open}{from}, {to}{close}")
                })
                .collect();
            if reversed {
                described.reverse();
            }
            described
        })
        .collect()
}

/// An end of an interval: its value, and whether that belongs to it.
fn end(cut: &Cut<'_>, collator: Option<&Collator>, is_low: bool) -> (String, bool) {
    match (cut.value(), collator) {
        (Some((Bson::String(text), above)), Some(collator)) => {
            (collation_key(&collator.sort_key(text.as_bytes())), above == is_low)
        }
        (Some((value, above)), _) => (shown(value), above == is_low),
        (None, Some(_)) if cut.ascending() == [15] => (collation_key(&[]), is_low),
        (None, _) => type_end(cut.ascending(), is_low),
    }
}

/// A string as it is in an index with a collation. (The bytes are not those of the server.)
fn collation_key(key: &[u8]) -> String {
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("CollationKey(0x{digits})")
}

fn shown(value: &Bson) -> String {
    // Without the braces and the name of a document with that value.
    let document = display::document(&doc! { "": value });
    let value = document.strip_prefix("{ : ").and_then(|rest| rest.strip_suffix(" }"));
    value.unwrap_or(&document).to_owned()
}

/// The end of the values of a type, or of the strings with some beginning.
fn type_end(bytes: &[u8], is_low: bool) -> (String, bool) {
    let value = match (bytes, is_low) {
        ([10], _) => "nan.0",
        ([11], true) => "-inf.0",
        ([11], false) => return ("nan.0".to_owned(), true),
        ([14], false) => return ("inf.0".to_owned(), true),
        ([15], _) => "\"\"",
        ([16 | 20], _) => "{}",
        ([21 | 25], _) => "[]",
        ([30], _) => "BinData(0, )",
        ([31], _) => "ObjectId('000000000000000000000000')",
        ([35], _) => "ObjectId('000000000000000000000000')",
        ([36], _) => return ("ObjectId('ffffffffffffffffffffffff')".to_owned(), true),
        ([40], _) => "false",
        ([41], _) => return ("true".to_owned(), true),
        ([45], _) => "new Date(-9223372036854775808)",
        ([46], _) => return ("new Date(9223372036854775807)".to_owned(), true),
        ([47], _) => "Timestamp(0, 0)",
        ([48], _) => return ("Timestamp(4294967295, 4294967295)".to_owned(), true),
        ([50 | 51], _) => "//",
        ([15, text @ ..], _) => return (format!("{:?}", String::from_utf8_lossy(text)), is_low),
        _ => "MaxKey",
    };
    (value.to_owned(), is_low)
}

/// What a sort may hold without a disk, as on the server.
const MAX_SORT_BYTES: u64 = 100 * 1024 * 1024;

/// A stage of a plan: what it is, and where its input comes from.
#[derive(Debug)]
pub(crate) struct Stage {
    name: &'static str,
    details: Document,
    inputs: Vec<Stage>,
}

impl Stage {
    fn new(name: &'static str, details: Document) -> Self {
        Stage { name, details, inputs: Vec::new() }
    }

    /// A stage above this one.
    pub(crate) fn under(self, name: &'static str, details: Document) -> Self {
        Stage { name, details, inputs: vec![self] }
    }

    /// The plan of a collection that is not there.
    pub(crate) fn end_of_file() -> Self {
        Stage::new("EOF", Document::new())
    }

    /// The count that a collection keeps.
    pub(crate) fn fast_count() -> Self {
        Stage::new("RECORD_STORE_FAST_COUNT", Document::new())
    }

    /// As in `winningPlan`.
    pub(crate) fn to_plan(&self) -> Document {
        self.to_document(&Document::new())
    }

    /// As in `executionStages`, with what it gave.
    pub(crate) fn to_execution(&self, returned: u64) -> Document {
        self.to_document(&doc! { "nReturned": number(returned) })
    }

    fn to_document(&self, figures: &Document) -> Document {
        let mut document = doc! { "stage": self.name };
        document.extend(figures.clone());
        document.extend(self.details.clone());
        match self.inputs.as_slice() {
            [] => {}
            [input] => {
                document.insert("inputStage", input.to_document(&Document::new()));
            }
            inputs => {
                let inputs: Vec<_> =
                    inputs.iter().map(|input| input.to_document(&Document::new())).collect();
                document.insert("inputStages", inputs);
            }
        }
        document
    }
}

/// A count as the server writes it: as an `int` while that holds it.
pub(crate) fn number(n: u64) -> Bson {
    match i32::try_from(n) {
        Ok(n) => Bson::Int32(n),
        Err(_) => Bson::Int64(i64::try_from(n).unwrap_or(i64::MAX)),
    }
}

impl Plan {
    /// Whether it looks up one document.
    pub(crate) const fn is_point(&self) -> bool {
        matches!(self.access, Access::Id(_))
    }

    /// The stages that find and sort documents: the first `limit` of them; 0 for all.
    pub(crate) fn stages(
        &self,
        state: &CollState,
        filter: &Filter,
        sort: &Sort,
        limit: u64,
    ) -> Stage {
        let mut filtered = Document::new();
        if !filter.is_empty() {
            filtered.insert("filter", filter.to_document());
        }
        let found = match &self.access {
            Access::Id(_) => Stage::new("IDHACK", Document::new()),
            Access::Collection { backward } => {
                filtered.insert("direction", direction(*backward));
                Stage::new("COLLSCAN", filtered)
            }
            Access::Index(scan) => index_scan("IXSCAN", state, scan).under("FETCH", filtered),
            Access::Or(scans) => {
                let inputs = scans.iter().map(|scan| index_scan("IXSCAN", state, scan)).collect();
                let or = Stage { name: "OR", details: Document::new(), inputs };
                or.under("FETCH", filtered)
            }
        };
        if self.is_sorted || sort.is_empty() {
            return found;
        }
        let mut details = doc! { "sortPattern": sort.to_document() };
        if limit > 0 {
            details.insert("limitAmount", number(limit));
        }
        details.insert("memLimit", number(MAX_SORT_BYTES));
        details.insert("type", "simple");
        found.under("SORT", details)
    }
}

impl Plan {
    /// The stage of a count that needs no more than the keys of one stretch of an index.
    pub(crate) fn count_scan(&self, state: &CollState) -> Option<Stage> {
        match &self.access {
            Access::Index(scan) if self.is_exact && scan.ranges.len() == 1 => {
                Some(index_scan("COUNT_SCAN", state, scan))
            }
            _ => None,
        }
    }
}

impl DistinctScan {
    /// Its stage.
    pub(crate) fn stage(&self, state: &CollState) -> Stage {
        let covered = doc! { "transformBy": {} };
        index_scan("DISTINCT_SCAN", state, &self.scan).under("PROJECTION_COVERED", covered)
    }
}

impl Position {
    /// The figures of `executionStats`.
    pub(crate) fn figures(&self, returned: u64) -> Document {
        doc! {
            "executionSuccess": true,
            "nReturned": number(returned),
            "executionTimeMillis": 0,
            "totalKeysExamined": number(self.keys_examined),
            "totalDocsExamined": number(self.docs_examined),
        }
    }
}

fn index_scan(name: &'static str, state: &CollState, scan: &IndexScan) -> Stage {
    let index = &state.indexes[scan.index];
    let spec = &index.spec;
    let mut multikey_paths = Document::new();
    let mut bounds = Document::new();
    for (field, (path, _)) in spec.fields().iter().enumerate() {
        let paths = if index.is_multikey_at(field) { vec![path.as_str()] } else { Vec::new() };
        multikey_paths.insert(path.as_str(), paths);
        // Bounds by `min` and `max` are not of single fields.
        if let Some(described) = scan.described.get(field) {
            bounds.insert(path.as_str(), described.clone());
        }
    }
    let mut details = doc! { "keyPattern": spec.key.clone(), "indexName": &spec.name };
    if let Some(collator) = spec.collator() {
        details.insert("collation", collator.to_document());
    }
    details.extend(doc! {
        "isMultiKey": index.is_multikey(),
        "multiKeyPaths": multikey_paths,
        "isUnique": spec.unique,
        "isSparse": spec.sparse,
        "isPartial": spec.partial.is_some(),
        "indexVersion": 2,
        "direction": direction(scan.backward),
        "indexBounds": bounds,
    });
    Stage::new(name, details)
}

const fn direction(backward: bool) -> &'static str {
    if backward { "backward" } else { "forward" }
}
