//! Which documents of a collection have a value at a path: what `$lookup` and `$graphLookup` ask for.

use std::sync::Arc;

use odm_core::{Filter, Predicate, Result};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{Doc, Records, Run, Stream};
use crate::filter::Matcher;
use crate::plan::{Plan, Wanted};
use crate::storage::CollState;
use crate::value::path::LeafArray;
use crate::value::{FieldPath, KeyBytes, RawVal, Record, ValueBuf};

/// One side of an equality: a collection, and a path in its documents.
pub(super) enum Foreign {
    /// It is not there.
    Nothing,
    /// An index begins with the path.
    Indexed { state: Arc<CollState>, path: FieldPath },
    /// The documents by what they have at the path.
    Hashed(Hashed),
}

/// The documents of a collection by what they have at a path.
pub(super) struct Hashed {
    records: Vec<Record>,
    by_key: FxHashMap<KeyBytes, SmallVec<[u32; 1]>>,
    /// Those that equal null.
    nulls: Vec<u32>,
}

impl Foreign {
    /// Looks at the collection that `run` reads.
    ///
    /// # Errors
    ///
    /// 50 if the time is over.
    pub(super) fn new(run: &Run, path: &FieldPath) -> Result<Self> {
        let Some(cell) = run.engine.catalog.find(&run.ns) else { return Ok(Foreign::Nothing) };
        let state = cell.snapshot();
        let begins_with_path = |fields: &[(FieldPath, bool)]| {
            fields.first().is_some_and(|(first, _)| first.as_str() == path.as_str())
        };
        if state.indexes.iter().any(|index| begins_with_path(index.spec.fields())) {
            return Ok(Foreign::Indexed { state, path: path.clone() });
        }
        Hashed::new(&state, path, run).map(Foreign::Hashed)
    }

    /// The documents that equal one of the values.
    ///
    /// # Errors
    ///
    /// 50 if the time is over.
    pub(super) fn find(&self, values: &[RawVal<'_>], run: &Run) -> Result<Vec<Doc>> {
        match self {
            Foreign::Nothing => Ok(Vec::new()),
            Foreign::Hashed(hashed) => Ok(hashed.find(values, run)),
            Foreign::Indexed { state, path } => {
                let filter = equals_one_of(path, values);
                let collator = run.globals.collator.as_ref();
                let matcher = Matcher::collated(&filter, collator)?;
                let plan = Plan::choose(state, Wanted::all(&filter, None).collated(collator))?;
                let matcher = (!plan.is_exact).then_some(matcher);
                let mut records = Records::new(state.clone(), plan, matcher, run.deadline);
                let mut found = Vec::new();
                while let Some(doc) = records.next()? {
                    found.push(doc);
                }
                Ok(found)
            }
        }
    }
}

impl Hashed {
    fn new(state: &CollState, path: &FieldPath, run: &Run) -> Result<Self> {
        let collator = run.globals.collator.as_deref();
        let equals_null = Matcher::collated(
            &equals_one_of(path, &[RawVal::NULL]),
            run.globals.collator.as_ref(),
        )?;
        let mut records = Vec::with_capacity(state.records.len());
        let mut by_key: FxHashMap<KeyBytes, SmallVec<[u32; 1]>> =
            FxHashMap::with_capacity_and_hasher(state.records.len(), FxBuildHasher);
        let mut nulls = Vec::new();
        for (at, (_, record)) in (0_u32..).zip(state.records.iter()) {
            if run.deadline.has_passed(at.into()) {
                return Err(crate::deadline::expired());
            }
            let mut may_be_null = false;
            path.any(record, LeafArray::Traverse, |found| {
                match found.value.filter(|value| !is_nothing(*value)) {
                    Some(value) => {
                        let places = by_key.entry(KeyBytes::collated(collator, value)).or_default();
                        if places.last() != Some(&at) {
                            places.push(at);
                        }
                    }
                    None => may_be_null = true,
                }
                false
            });
            if may_be_null && equals_null.matches(record) {
                nulls.push(at);
            }
            records.push(record.clone());
        }
        Ok(Hashed { records, by_key, nulls })
    }

    fn find(&self, values: &[RawVal<'_>], run: &Run) -> Vec<Doc> {
        let collator = run.globals.collator.as_deref();
        let with = |value: &RawVal<'_>| -> &[u32] {
            if is_nothing(*value) {
                return &self.nulls;
            }
            self.by_key.get(&KeyBytes::collated(collator, *value)).map_or(&[], |places| places)
        };
        let doc = |at: &u32| self.records.get(*at as usize).cloned().map(Doc::Record);
        if let [single] = values {
            return with(single).iter().filter_map(doc).collect();
        }
        let mut places: Vec<u32> = values.iter().flat_map(with).copied().collect();
        places.sort_unstable();
        places.dedup();
        places.iter().filter_map(doc).collect()
    }
}

/// Whether nothing but what is null or missing equals it.
fn is_nothing(value: RawVal<'_>) -> bool {
    value.is_null() || value.is_undefined()
}

fn equals_one_of(path: &FieldPath, values: &[RawVal<'_>]) -> Filter {
    let path: odm_core::FieldPath = path.as_str().to_owned().into();
    let equals = |value: &RawVal<'_>| {
        let value = if value.is_undefined() { RawVal::NULL } else { *value };
        Filter::Field(path.clone(), Predicate::Eq(value.to_bson()))
    };
    match values {
        [single] => equals(single),
        // Not `$in`, for which regular expressions are patterns.
        several if several.iter().any(|value| value.is_regex()) => {
            Filter::Or(several.iter().map(equals).collect())
        }
        several => {
            let values = several.iter().map(|value| match value.is_undefined() {
                true => bson::Bson::Null,
                false => value.to_bson(),
            });
            Filter::Field(path.clone(), Predicate::In(values.collect()))
        }
    }
}

/// The values at a path of a document, elements one by one, each once.
pub(super) fn values_at(doc: RawVal<'_>, path: &FieldPath) -> Vec<ValueBuf> {
    let mut values: Vec<ValueBuf> = Vec::new();
    let mut seen = FxHashSet::default();
    path.any_in(doc, LeafArray::Whole, |found| {
        let mut add = |value: RawVal<'_>| {
            if seen.insert(KeyBytes::of(value)) {
                values.push(value.into());
            }
        };
        match found.value {
            Some(value) if value.is_array() => {
                value.elements().for_each(|(_, element)| add(element));
            }
            Some(value) => add(value),
            None => {}
        }
        false
    });
    values
}
