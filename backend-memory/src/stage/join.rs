//! Which documents of a collection have a value at a path: what `$lookup` and `$graphLookup` ask for.

use std::sync::Arc;

use bson::Bson;
use bson::oid::ObjectId;
use odm_core::{Filter, Predicate, Result};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{Doc, Input, Pipeline, Ready, Records, Run, Stream};
use crate::collation;
use crate::filter::Matcher;
use crate::plan::{Access, Plan, Wanted};
use crate::storage::{CollState, Index, KeyRange, RecordId};
use crate::value::path::LeafArray;
use crate::value::{ElementType, FieldPath, KeyBytes, RawVal, Record};

/// One side of an equality: a collection or a view, and a path in its documents.
pub(super) struct Foreign {
    found: Found,
    /// What a view makes of what is found in the collection.
    seen: Pipeline,
}

/// How documents are found.
enum Found {
    /// The collection is not there.
    Nothing,
    /// An index begins with the path.
    Indexed(Indexed),
    /// The documents by what they have at the path.
    Hashed(Hashed),
}

/// The documents of a collection by an index, if that serves the values that are asked for.
struct Indexed {
    state: Arc<CollState>,
    path: FieldPath,
    /// The index that has everything that equals a plain value below one key.
    by_key: Option<usize>,
}

/// The documents of a collection by what they have at a path.
struct Hashed {
    records: Vec<Record>,
    by_key: FxHashMap<KeyBytes, SmallVec<[u32; 1]>>,
    /// Those that equal null.
    nulls: Vec<u32>,
}

impl Foreign {
    /// Looks at the collection that `run` reads, or at what the pipeline of a view makes of it.
    ///
    /// # Errors
    ///
    /// 50 if the time is over; what the pipeline refuses.
    pub(super) fn new(run: &Arc<Run>, seen: &Pipeline, path: &FieldPath) -> Result<Self> {
        // One that no view has of its own.
        let values = vec![Bson::Null, ObjectId::new().into()];
        let equality = Filter::Field(path.as_str().to_owned().into(), Predicate::In(values));
        if !seen.may_follow(&equality, run.globals.collator.as_ref())? {
            let hashed = Hashed::new(Documents(run.open(seen)?), 0, path, run)?;
            return Ok(Foreign { found: Found::Hashed(hashed), seen: Pipeline::default() });
        }
        Ok(Foreign { found: Found::new(path, run)?, seen: seen.clone() })
    }

    /// The documents that equal one of the values.
    ///
    /// # Errors
    ///
    /// 50 if the time is over; what the view refuses of them.
    pub(super) fn find(&mut self, values: &[RawVal<'_>], run: &Arc<Run>) -> Result<Vec<Doc>> {
        let found = self.found.find(values, run)?;
        if self.seen.stages.is_empty() || found.is_empty() {
            return Ok(found);
        }
        let mut results = self.seen.open(Box::new(Ready(found.into())), run)?;
        let mut seen = Vec::new();
        while let Some(doc) = results.next()? {
            seen.push(doc);
        }
        Ok(seen)
    }
}

impl Found {
    fn new(path: &FieldPath, run: &Run) -> Result<Self> {
        let Some(cell) = run.engine.catalog.find(&run.ns) else { return Ok(Found::Nothing) };
        let state = cell.snapshot();
        let begins_with_path = |index: &Index| {
            let fields = index.spec.fields();
            fields.first().is_some_and(|(first, _)| first.as_str() == path.as_str())
        };
        if state.indexes.iter().any(|index| begins_with_path(index) && !index.spec.hidden) {
            return Ok(Found::Indexed(Indexed::new(state, path, run)));
        }
        Hashed::of_collection(&state, path, run).map(Found::Hashed)
    }

    fn find(&mut self, values: &[RawVal<'_>], run: &Run) -> Result<Vec<Doc>> {
        let indexed = match self {
            Found::Nothing => return Ok(Vec::new()),
            Found::Hashed(hashed) => return Ok(hashed.find(values, run)),
            Found::Indexed(indexed) => indexed,
        };
        if let Some(found) = indexed.find(values, run)? {
            return Ok(found);
        }
        let hashed = Hashed::of_collection(&indexed.state, &indexed.path, run)?;
        let found = hashed.find(values, run);
        *self = Found::Hashed(hashed);
        Ok(found)
    }
}

impl Indexed {
    fn new(state: Arc<CollState>, path: &FieldPath, run: &Run) -> Self {
        let query = run.globals.collator.as_deref();
        let is_usable = |index: &Index| {
            let spec = &index.spec;
            spec.fields().first().is_some_and(|(first, _)| first.as_str() == path.as_str())
                && !spec.hidden
                && spec.partial.is_none()
                && collation::same(spec.collator().map(Arc::as_ref), query)
        };
        let usable = state.indexes.iter().enumerate().filter(|(_, index)| is_usable(index));
        let fewest = usable.min_by_key(|(_, index)| index.spec.fields().len());
        // A number in a path may be a position in an array, which is not what the index has.
        let has_position = path.components().iter().any(|part| part.index.is_some());
        let by_key = fewest.map(|(position, _)| position).filter(|_| !has_position);
        Indexed { state, path: path.clone(), by_key }
    }

    /// The documents that equal one of the values; nothing if all of them would have to be looked through.
    fn find(&self, values: &[RawVal<'_>], run: &Run) -> Result<Option<Vec<Doc>>> {
        if let ([single], Some(index)) = (values, self.by_key)
            && is_plain(*single)
        {
            return Ok(self.state.indexes.get(index).map(|index| self.with(*single, index)));
        }
        let filter = equals_one_of(&self.path, values);
        let collator = run.globals.collator.as_ref();
        let plan = Plan::choose(&self.state, Wanted::all(&filter, None).collated(collator))?;
        if matches!(plan.access, Access::Collection { .. }) {
            return Ok(None);
        }
        let matcher = Matcher::collated(&filter, collator)?;
        let matcher = (!plan.is_exact).then_some(matcher);
        let mut records = Records::new(self.state.clone(), plan, matcher, run.deadline);
        let mut found = Vec::new();
        while let Some(doc) = records.next()? {
            found.push(doc);
        }
        Ok(Some(found))
    }

    /// The documents below one key of an index.
    fn with(&self, value: RawVal<'_>, index: &Index) -> Vec<Doc> {
        let record = |id: RecordId| self.state.records.get(id).cloned().map(Doc::Record);
        let key = index.spec.pattern.encode([value]);
        if index.spec.unique && index.spec.fields().len() == 1 {
            return index.entries.get(&key).and_then(record).into_iter().collect();
        }
        let range = KeyRange::prefix(key);
        let ids = index.entries.range(&range, false).map(|(_, id)| id);
        if !index.is_multikey() {
            return ids.filter_map(record).collect();
        }
        let mut seen = FxHashSet::default();
        ids.filter(|id| seen.insert(*id)).filter_map(record).collect()
    }
}

/// Whether a document has it, or has it in an array, exactly if it is in the document's keys.
fn is_plain(value: RawVal<'_>) -> bool {
    use ElementType::{
        Boolean, DateTime, Decimal128, Double, Int32, Int64, ObjectId, String, Timestamp,
    };
    matches!(
        value.kind(),
        Int32 | Int64 | Double | Decimal128 | String | ObjectId | Boolean | DateTime | Timestamp
    )
}

/// What comes out of a view. What was made is kept like what is stored, to be handed out without a copy.
struct Documents(Input);

impl Iterator for Documents {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Result<Record>> {
        let record = |doc| match doc {
            Doc::Record(record) => Ok(record),
            Doc::Made(bytes) => Record::from_bytes(&bytes),
        };
        Some(self.0.next().transpose()?.and_then(record))
    }
}

impl Hashed {
    fn of_collection(state: &CollState, path: &FieldPath, run: &Run) -> Result<Self> {
        let records = state.records.iter().map(|(_, record)| Ok(record.clone()));
        Hashed::new(records, state.records.len(), path, run)
    }

    fn new(
        documents: impl Iterator<Item = Result<Record>>,
        count: usize,
        path: &FieldPath,
        run: &Run,
    ) -> Result<Self> {
        let collator = run.globals.collator.as_deref();
        let equals_null = Matcher::collated(
            &equals_one_of(path, &[RawVal::NULL]),
            run.globals.collator.as_ref(),
        )?;
        let mut records = Vec::with_capacity(count);
        let mut by_key: FxHashMap<KeyBytes, SmallVec<[u32; 1]>> =
            FxHashMap::with_capacity_and_hasher(count, FxBuildHasher);
        let mut nulls = Vec::new();
        for (at, record) in (0_u32..).zip(documents) {
            let record = record?;
            if run.deadline.has_passed(at.into()) {
                return Err(crate::deadline::expired());
            }
            let mut may_be_null = false;
            path.any(&record, LeafArray::Traverse, |found| {
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
            if may_be_null && equals_null.matches(&record) {
                nulls.push(at);
            }
            records.push(record);
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
pub(super) fn values_at<'d>(doc: RawVal<'d>, path: &FieldPath) -> SmallVec<[RawVal<'d>; 2]> {
    let mut values = SmallVec::new();
    path.any_in(doc, LeafArray::Whole, |found| {
        match found.value {
            Some(array) if array.is_array() => {
                values.extend(array.elements().map(|(_, element)| element));
            }
            Some(value) => values.push(value),
            None => {}
        }
        false
    });
    if values.len() > 1 {
        let mut seen = FxHashSet::default();
        values.retain(|value| seen.insert(KeyBytes::of(*value)));
    }
    values
}
