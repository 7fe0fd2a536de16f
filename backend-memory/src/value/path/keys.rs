//! [`KeyPattern`]: the keys that a document has in an index or under a sort.
//!
//! Arrays are expanded: one key for each element. All paths of a pattern that meet an array must
//! meet the same one, and step through its elements together.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use odm_core::{Error, ErrorCode};
use smallvec::SmallVec;

use crate::collation::{self, Collator};

use super::{Component, FieldPath};
use crate::value::{KeyBytes, Name, RawVal, Record};

/// The fields of an index or a sort, with their directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyPattern {
    fields: Vec<(FieldPath, bool)>,
    /// What strings sort by, if not by their bytes.
    collator: Option<Arc<Collator>>,
}

/// The keys of one document in an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IndexKeys {
    /// In order, each once.
    pub(crate) keys: SmallVec<[KeyBytes; 1]>,
    /// Whether an array was expanded, be it to a single key.
    pub(crate) multikey: bool,
}

impl KeyPattern {
    /// The paths, each with whether it is descending.
    pub(crate) fn new<'p>(fields: impl IntoIterator<Item = (&'p str, bool)>) -> Self {
        let fields = fields.into_iter();
        let fields = fields.map(|(path, down)| (FieldPath::new(path), down)).collect();
        KeyPattern { fields, collator: None }
    }

    /// The same fields, with strings as a collation has it.
    pub(crate) fn collated(self, collator: Option<Arc<Collator>>) -> Self {
        KeyPattern { collator, ..self }
    }

    pub(crate) fn collator(&self) -> Option<&Arc<Collator>> {
        self.collator.as_ref()
    }

    pub(crate) fn fields(&self) -> &[(FieldPath, bool)] {
        &self.fields
    }

    /// The encoded key for one value of each field.
    pub(crate) fn encode<'a>(&self, values: impl IntoIterator<Item = RawVal<'a>>) -> KeyBytes {
        let mut key = KeyBytes::new();
        let fields = self.fields.iter().zip(values);
        match &self.collator {
            None => {
                for ((_, descending), value) in fields {
                    key.push(value, *descending);
                }
            }
            Some(collator) => {
                for ((_, descending), value) in fields {
                    key.push_collated(collator, value, *descending);
                }
            }
        }
        key
    }

    /// The keys of a document. A sparse index has none for a document without any of the fields.
    ///
    /// # Errors
    ///
    /// 171 if two of the paths meet different arrays; 16746 if a number in a path is both a
    /// position in an array and the name of a field there; 201 for symbols under a collation.
    pub(crate) fn index_keys(&self, record: &Record, sparse: bool) -> Result<IndexKeys, Error> {
        let mut keys = SmallVec::new();
        if self.collator.is_some() {
            let mut checked = Ok(());
            let all = self.each_key(record, |values, _| {
                let check =
                    || values.iter().try_for_each(|value| collation::check_indexable(*value));
                checked = std::mem::replace(&mut checked, Ok(())).and_then(|()| check());
            });
            // What is wrong with an earlier key is told before what is wrong with a later one.
            checked?;
            all?;
        }
        let multikey = self.each_key(record, |values, all_missing| {
            if !(sparse && all_missing) {
                keys.push(self.encode(values.iter().copied()));
            }
        })?;
        if keys.len() > 1 {
            keys.sort_unstable();
            keys.dedup();
        }
        Ok(IndexKeys { keys, multikey })
    }

    /// What a document sorts by: the first of its keys in the pattern's order.
    ///
    /// # Errors
    ///
    /// 2 if two of the paths meet different arrays; 16746 and 201 as for an index.
    pub(crate) fn sort_key(&self, record: &Record) -> Result<KeyBytes, Error> {
        self.sort_key_in(|name| record.get(name))
    }

    /// The same for a document in which `get` finds the fields.
    ///
    /// # Errors
    ///
    /// As [`sort_key`](KeyPattern::sort_key).
    pub(crate) fn sort_key_in<'a>(
        &self,
        get: impl Fn(&Name) -> Option<RawVal<'a>> + Copy,
    ) -> Result<KeyBytes, Error> {
        // By the `_id` alone, the server sorts arrays as a whole: no stored document has one, but a group may.
        if let [(path, _)] = self.fields.as_slice()
            && path.as_str() == "_id"
            && let Some(first) = path.components().first()
            && let Some(id) = get(&first.name).filter(|id| id.is_array())
        {
            return Ok(self.encode([id]));
        }
        let mut least: Option<KeyBytes> = None;
        let mut checked = Ok(());
        // Only where no path meets an array does the server take symbols as they are.
        let plain = self.collator.is_some() && self.without_arrays(get).is_some();
        let all = self.each_key_in(get, |values, _| {
            if self.collator.is_some() && checked.is_ok() {
                let sorted = values.iter().filter(|value| !plain || value.is_object());
                checked = sorted.copied().try_for_each(collation::check_indexable);
            }
            let key = self.encode(values.iter().copied());
            if least.as_ref().is_none_or(|least| key < *least) {
                least = Some(key);
            }
        });
        checked?;
        all.map_err(|error| match error.error_code() {
            Some(ErrorCode::CANNOT_INDEX_PARALLEL_ARRAYS) => Error::command(
                ErrorCode::BAD_VALUE,
                "cannot sort with keys that are parallel arrays",
            ),
            _ => error,
        })?;
        Ok(least.unwrap_or_default())
    }

    /// Calls back with the values of each key, in no order and perhaps repeatedly, and with
    /// whether the document has none of the fields. Tells whether an array was expanded.
    ///
    /// # Errors
    ///
    /// As [`index_keys`](KeyPattern::index_keys).
    pub(crate) fn each_key<'a>(
        &self,
        record: &'a Record,
        emit: impl FnMut(&[RawVal<'a>], bool),
    ) -> Result<bool, Error> {
        self.each_key_in(|name| record.get(name), emit)
    }

    fn each_key_in<'a>(
        &self,
        get: impl Fn(&Name) -> Option<RawVal<'a>> + Copy,
        mut emit: impl FnMut(&[RawVal<'a>], bool),
    ) -> Result<bool, Error> {
        if let Some((values, missing)) = self.without_arrays(get) {
            emit(&values, missing == values.len());
            return Ok(false);
        }
        let mut expansion = Expansion { emit, multikey: false };
        let fields = self.fields.iter().map(|(path, _)| Field::Open(path.components(), None));
        let first = |name: &Component| get(&name.name);
        expansion.expand(fields.collect(), first, 0)?;
        Ok(expansion.multikey)
    }
}

impl KeyPattern {
    /// The values of the one key, and how many fields are missing; nothing if a path meets an
    /// array.
    fn without_arrays<'a>(
        &self,
        get: impl Fn(&Name) -> Option<RawVal<'a>>,
    ) -> Option<(SmallVec<[RawVal<'a>; 3]>, usize)> {
        let mut missing = 0;
        let mut values = SmallVec::new();
        for (path, _) in &self.fields {
            let (first, rest) = path.components().split_first()?;
            let found = get(&first.name).and_then(|value| follow(value, rest).0);
            if found.is_some_and(RawVal::is_array) {
                return None;
            }
            missing += usize::from(found.is_none());
            values.push(found.unwrap_or(RawVal::NULL));
        }
        Some((values, missing))
    }
}

/// How far one field of the pattern has got.
#[derive(Clone, Copy)]
enum Field<'p, 'a> {
    /// To its value.
    Fixed(RawVal<'a>),
    /// To an array whose elements are being stepped through, or to the start: this much of the
    /// path is left. If it begins with a position in the array, then so does the other part.
    Open(&'p [Component], Option<Position<'p, 'a>>),
}

impl<'p> Field<'p, '_> {
    /// The component that is to be looked up next.
    fn next(&self) -> Option<&'p Component> {
        match self {
            Field::Open(path, _) => path.first(),
            Field::Fixed(_) => None,
        }
    }
}

/// Where a path leads that begins with a position in the array at hand.
#[derive(Clone, Copy)]
struct Position<'p, 'a> {
    array: RawVal<'a>,
    /// Whether the element at the position is itself an array, which then is one value.
    is_array: bool,
    reached: Option<RawVal<'a>>,
    rest: &'p [Component],
}

/// What a field of the pattern meets in one document.
enum Met<'p, 'a> {
    Missing,
    Value(RawVal<'a>),
    Array { array: RawVal<'a>, rest: &'p [Component], expands: bool },
}

type Fields<'p, 'a> = SmallVec<[Field<'p, 'a>; 2]>;

struct Expansion<F> {
    emit: F,
    multikey: bool,
}

impl<'p, 'a, F: FnMut(&[RawVal<'a>], bool)> Expansion<F> {
    /// Resolves the open fields in the document that `get` looks into.
    fn expand(
        &mut self,
        mut fields: Fields<'p, 'a>,
        get: impl Fn(&Component) -> Option<RawVal<'a>>,
        mut missing: usize,
    ) -> Result<(), Error> {
        let mut shared: Option<(RawVal<'a>, &'p Component)> = None;
        let mut expands_leaf = true;
        for field in &mut fields {
            let Field::Open(path, position) = *field else { continue };
            match meet(path, position, &get)? {
                Met::Missing => {
                    missing += 1;
                    *field = Field::Fixed(RawVal::NULL);
                }
                Met::Value(value) => *field = Field::Fixed(value),
                Met::Array { array, rest, expands } => {
                    let Some(name) = path.get((path.len() - rest.len()).saturating_sub(1)) else {
                        continue;
                    };
                    match shared {
                        Some((other, other_name)) if !same_place(other, array) => {
                            return Err(parallel_arrays(name, other_name));
                        }
                        Some(_) => {}
                        None => shared = Some((array, name)),
                    }
                    expands_leaf &= expands;
                    *field = Field::Open(rest, None);
                }
            }
        }
        match shared {
            Some((array, _)) => self.expand_array(&fields, array, expands_leaf, missing),
            None => {
                let values: SmallVec<[RawVal<'a>; 4]> = fields.iter().map(value).collect();
                (self.emit)(&values, missing == fields.len());
                Ok(())
            }
        }
    }

    /// Resolves the open fields, all of which have met `array`, for each of its elements.
    fn expand_array(
        &mut self,
        fields: &[Field<'p, 'a>],
        array: RawVal<'a>,
        expands_leaf: bool,
        missing: usize,
    ) -> Result<(), Error> {
        let mut positions: Fields<'p, 'a> = SmallVec::from_slice(fields);
        let mut expands = false;
        for field in &mut positions {
            if let Field::Open(path, position) = field {
                *position = locate(path, array);
                expands |= if path.is_empty() { expands_leaf } else { position.is_none() };
            }
        }
        self.multikey |= expands;
        let mut each = |element: RawVal<'a>, expands_leaf: bool| {
            let next = positions.iter().map(|field| match field {
                Field::Open([], _) if expands_leaf => Field::Fixed(element),
                Field::Open([], _) => Field::Fixed(array),
                field => *field,
            });
            let next = next.collect();
            let get = |component: &Component| {
                if element.is_object() { element.get(component.name.as_bytes()) } else { None }
            };
            self.expand(next, get, missing)
        };
        if array.is_empty() {
            return each(RawVal::UNDEFINED, true);
        }
        if expands {
            return array.elements().try_for_each(|(_, element)| each(element, expands_leaf));
        }
        // All fields take one element each by its position: every element would give the same keys.
        // Those are refused before what is wrong with the later elements.
        let check = |element: RawVal<'_>| {
            let is_field = |name: &&Component| {
                element.is_object() && element.get(name.name.as_bytes()).is_some()
            };
            match positions.iter().filter_map(Field::next).find(is_field) {
                Some(name) => Err(ambiguous(name, array)),
                None => Ok(()),
            }
        };
        let mut elements = array.elements().map(|(_, element)| element);
        elements.next().map_or(Ok(()), check)?;
        each(RawVal::NULL, expands_leaf)?;
        elements.try_for_each(check)
    }
}

fn value<'a>(field: &Field<'_, 'a>) -> RawVal<'a> {
    match field {
        Field::Fixed(value) => *value,
        Field::Open(..) => RawVal::NULL,
    }
}

/// Follows a path as far as the first array.
fn meet<'p, 'a>(
    path: &'p [Component],
    position: Option<Position<'p, 'a>>,
    get: impl Fn(&Component) -> Option<RawVal<'a>>,
) -> Result<Met<'p, 'a>, Error> {
    let Some((first, rest)) = path.split_first() else { return Ok(Met::Missing) };
    match (get(first), position) {
        (Some(_), Some(position)) => Err(ambiguous(first, position.array)),
        (Some(value), None) => {
            let (reached, rest) = follow(value, rest);
            Ok(met(reached, rest, true))
        }
        (None, Some(position)) => Ok(met(position.reached, position.rest, !position.is_array)),
        (None, None) => Ok(Met::Missing),
    }
}

fn met<'p, 'a>(reached: Option<RawVal<'a>>, rest: &'p [Component], expands: bool) -> Met<'p, 'a> {
    match reached {
        Some(array) if array.is_array() => Met::Array { array, rest, expands },
        Some(value) => Met::Value(value),
        None => Met::Missing,
    }
}

/// Follows `path` from `value` through documents, to its end or to an array with what is left.
fn follow<'p, 'a>(
    mut value: RawVal<'a>,
    mut path: &'p [Component],
) -> (Option<RawVal<'a>>, &'p [Component]) {
    while let Some((first, rest)) = path.split_first() {
        if value.is_array() {
            return (Some(value), path);
        }
        let next = if value.is_object() { value.get(first.name.as_bytes()) } else { None };
        match next {
            Some(next) => (value, path) = (next, rest),
            None => return (None, path),
        }
    }
    (Some(value), path)
}

/// The position of `array` that `path` begins with, if it does.
fn locate<'p, 'a>(path: &'p [Component], array: RawVal<'a>) -> Option<Position<'p, 'a>> {
    let (first, rest) = path.split_first()?;
    let element = array.at(first.index?)?;
    let (reached, rest) = follow(element, rest);
    Some(Position { array, is_array: element.is_array(), reached, rest })
}

/// Whether both are the same array of the document, not only equal ones.
fn same_place(a: RawVal<'_>, b: RawVal<'_>) -> bool {
    std::ptr::eq(a.bytes(), b.bytes())
}

fn parallel_arrays(name: &Component, other: &Component) -> Error {
    Error::command(
        ErrorCode::CANNOT_INDEX_PARALLEL_ARRAYS,
        format!("cannot index parallel arrays [{}] [{}]", name.name.as_str(), other.name.as_str()),
    )
}

fn ambiguous(name: &Component, array: RawVal<'_>) -> Error {
    Error::command(
        ErrorCode(16_746),
        format!(
            "Ambiguous field name found in array (do not use numeric field names in embedded \
             elements in an array), field: '{}' for array: {}",
            name.name.as_str(),
            array.to_bson()
        ),
    )
}
