//! How a query finds its documents: through which index, over which stretches of it, and whether
//! that already gives the order that is asked for.

mod bounds;
mod choose;
mod conjuncts;
mod distinct;
mod explain;
mod normalize;
mod scan;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use odm_core::bson::Document;
use odm_core::{Error, Filter, Hint, Predicate, Sort};

use crate::collation::{self, Collator};
use crate::storage::{CollState, IndexSpec, KeyRange};
use crate::value::{KeyBytes, ValueBuf};

pub(crate) use distinct::DistinctScan;
pub(crate) use explain::{Stage, number};
pub(crate) use scan::Position;

/// The path that stands for natural order in sorts and hints.
const NATURAL: &str = "$natural";

/// How the candidates of a query are visited.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) access: Access,
    /// Whether they come in the order of the query's sort.
    pub(crate) is_sorted: bool,
    /// Whether all of them match, so that the filter need not be asked.
    pub(crate) is_exact: bool,
}

/// Where the candidates come from.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// Every document in natural order, or against it.
    Collection { backward: bool },
    /// The one document with this key of the index on `_id`; if any.
    Id(KeyBytes),
    /// Stretches of one index.
    Index(IndexScan),
    /// Those of several, each document once.
    Or(Vec<IndexScan>),
}

/// Stretches of an index.
#[derive(Clone, Debug)]
pub(crate) struct IndexScan {
    /// Its position in the collection.
    pub(crate) index: usize,
    /// In order, apart from each other.
    pub(crate) ranges: Vec<KeyRange>,
    /// Whether each stretch is a whole key of a unique index, at its beginning.
    pub(crate) is_lookup: bool,
    pub(crate) backward: bool,
    /// The bounds of each field in words, for `explain`; made only for it.
    pub(crate) described: Vec<Vec<String>>,
}

/// What a plan is made for. The filter has no [`Filter::Raw`] in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'q> {
    pub(crate) filter: &'q Filter,
    pub(crate) sort: &'q Sort,
    pub(crate) hint: Option<&'q Hint>,
    /// Bounds of the hinted index: from the first, inclusive, to the second, exclusive.
    pub(crate) min: Option<&'q Document>,
    pub(crate) max: Option<&'q Document>,
    /// What strings compare by, if not by their bytes.
    pub(crate) collator: Option<&'q Collator>,
    /// How many documents the query asks for; 0 for all.
    pub(crate) limit: u64,
    /// Whether the plan is to be shown.
    pub(crate) explain: bool,
}

impl<'q> Wanted<'q> {
    /// The first match, in some order.
    pub(crate) fn first(filter: &'q Filter, sort: &'q Sort, hint: Option<&'q Hint>) -> Self {
        Wanted { limit: 1, sort, ..Wanted::all(filter, hint) }
    }

    /// All that match, in any order.
    pub(crate) fn all(filter: &'q Filter, hint: Option<&'q Hint>) -> Self {
        static UNSORTED: Sort = Sort { keys: Vec::new() };
        Wanted {
            filter,
            sort: &UNSORTED,
            hint,
            min: None,
            max: None,
            collator: None,
            limit: 0,
            explain: false,
        }
    }

    /// The same, with strings as a collation has it, if there is one.
    pub(crate) fn collated(self, collator: Option<&'q Arc<Collator>>) -> Self {
        Wanted { collator: collator.map(Arc::as_ref), ..self }
    }
}

impl Plan {
    /// Chooses how to find what is wanted.
    ///
    /// # Errors
    ///
    /// 2 if the hint names no index, 27 if it names several; 2 for `$natural` in the sort beside
    /// another index; 51173 for bounds without a hint, 291 for bounds of natural order, 51174 for
    /// bounds that are not the index's, 51175 for bounds without anything between them.
    pub(crate) fn choose(state: &CollState, wanted: Wanted<'_>) -> Result<Self, Error> {
        choose::choose(state, wanted)
    }

    /// How a tailable cursor finds its documents: by a scan of the collection, whatever the hint.
    ///
    /// # Errors
    ///
    /// 2 for a hint beside a sort by natural order that is not the same.
    pub(crate) fn tailing(wanted: Wanted<'_>) -> Result<Self, Error> {
        choose::tailing(wanted)
    }

    /// The indexes that it reads, but for the one on `_id`, which is always there.
    pub(crate) fn indexes(&self, state: &CollState) -> Vec<Arc<IndexSpec>> {
        let spec = |scan: &IndexScan| state.indexes[scan.index].spec.clone();
        match &self.access {
            Access::Collection { .. } | Access::Id(_) => Vec::new(),
            Access::Index(scan) => vec![spec(scan)],
            Access::Or(scans) => scans.iter().map(spec).collect(),
        }
    }
}

/// Whether a filter is an equality on `_id` alone.
pub(crate) fn is_id_lookup(filter: &Filter) -> bool {
    match filter {
        Filter::Field(path, Predicate::Eq(_)) => path.as_str() == "_id",
        Filter::And(parts) => matches!(parts.as_slice(), [single] if is_id_lookup(single)),
        _ => false,
    }
}

/// The key of the one document that a filter on `_id` alone can match: in an index with a collation of its own, for a
/// query with another one or the same.
pub(crate) fn id_lookup(
    filter: &Filter,
    query: Option<&Collator>,
    own: Option<&Collator>,
) -> Option<KeyBytes> {
    let value = match filter {
        Filter::Field(path, Predicate::Eq(value)) if path.as_str() == "_id" => value,
        Filter::And(parts) => match parts.as_slice() {
            [single] => return id_lookup(single, query, own),
            _ => return None,
        },
        _ => return None,
    };
    use odm_core::bson::Bson;
    match value {
        // No `_id` is an array or a regular expression, and `undefined` is refused.
        Bson::Array(_) | Bson::RegularExpression(_) | Bson::Undefined | Bson::Null => None,
        value => {
            let is_string = collation::matters_to(value.element_type());
            if is_string && !collation::same(query, own) {
                return None;
            }
            let value = ValueBuf::from_bson(value).ok()?;
            Some(KeyBytes::collated(own, value.as_raw()))
        }
    }
}
