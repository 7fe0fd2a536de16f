//! `distinct`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use odm_core::bson::Bson;
use odm_core::{Distinct, Error, ErrorCode, FieldPath, Namespace, Result};

use super::read::Search;
use super::view::of_distinct;
use super::{Engine, options};
use crate::collation::Collator;
use crate::deadline::Deadline;
use crate::expression::{Environment, Path};
use crate::filter::Matcher;
use crate::plan::{DistinctScan, Plan, Position, Wanted};
use crate::storage::check_name;
use crate::value::{KeyBytes, RawVal, ValueBuf, compare};

/// How many bytes the values may have together.
const MAX_BYTES: usize = 16 * 1024 * 1024;

impl Engine {
    pub(crate) fn distinct(
        self: &Arc<Self>,
        ns: &Namespace,
        distinct: &Distinct,
    ) -> Result<Vec<Bson>> {
        check_name(ns)?;
        let deadline = Deadline::after(distinct.max_time);
        let key = distinct.key.as_str();
        if key.contains('\0') {
            let message = "the key of distinct must not contain a null byte";
            return Err(Error::command(ErrorCode(31_032), message));
        }
        let cell = self.catalog.find(ns);
        let collator = options::collator(distinct.collation.as_ref(), cell.as_deref())?;
        let environment = Environment::new(self, collator, None)?;
        let collator = environment.collator();
        let filter = distinct.filter.normalized()?;
        let matcher = Matcher::with(&filter, &environment)?;
        check_key(key)?;
        let Some(cell) = cell else { return self.distinct_in_view(ns, distinct) };
        let state = cell.snapshot();
        let mut values = Values::new(collator);
        let mut position = Position::until(deadline);
        let by_index = match collator {
            Some(_) => None,
            None => DistinctScan::choose(&state, &distinct.key, &filter)?,
        };
        match by_index {
            Some(scan) => scan.run(&state, &mut position, &matcher, |value| match value {
                // Kept as one value by the index, but it still counts by its elements.
                Bson::Array(elements) => elements.into_iter().try_for_each(|one| values.add(one)),
                value => values.add(value),
            })?,
            None => {
                let wanted = Wanted::all(&filter, None).collated(collator);
                let plan = Plan::choose(&state, wanted)?;
                let search = Search { state: &state, plan: &plan, matcher: &matcher, deadline };
                scan(&search, distinct.key.as_str(), &mut values)?;
            }
        }
        Ok(values.found.into_values().collect())
    }

    /// The same of a view; what is none has no values.
    fn distinct_in_view(
        self: &Arc<Self>,
        ns: &Namespace,
        distinct: &Distinct,
    ) -> Result<Vec<Bson>> {
        let Some((base, request)) = self.expanded(ns, &of_distinct(distinct))? else {
            return Ok(Vec::new());
        };
        let key = distinct.key.as_str();
        Path::parse(key)?;
        let collator = request.collation.as_ref().map(Collator::new).transpose()?.flatten();
        let mut values = Values::new(collator.as_ref());
        let (mut documents, _) = self.open_pipeline(&base, &request)?;
        while let Some(doc) = documents.next()? {
            values.add_all(doc.as_raw(), key, Dots::Separate)?;
        }
        Ok(values.found.into_values().collect())
    }
}

/// Refuses what is no path of a projection, which the server makes of the key: it may end in a positional `$`.
fn check_key(key: &str) -> Result<()> {
    let path = key.strip_suffix(".$").unwrap_or(key);
    if path.split('.').skip(1).any(|name| name == "$") {
        let message = "the positional operator may only stand at the end of a path";
        return Err(Error::command(ErrorCode(31_394), message));
    }
    FieldPath::parse(path).map(drop)
}

/// The values that were found, in order; of equal ones the first.
#[derive(Default)]
struct Values<'c> {
    collator: Option<&'c Collator>,
    found: BTreeMap<KeyBytes, Bson>,
    bytes: usize,
}

impl<'c> Values<'c> {
    fn new(collator: Option<&'c Arc<Collator>>) -> Self {
        Values { collator: collator.map(Arc::as_ref), ..Values::default() }
    }

    /// Adds what a document has at the key.
    fn add_all(&mut self, document: RawVal<'_>, key: &str, dots: Dots) -> Result<()> {
        if self.collator.is_some() {
            // Of the values of one document that the collation holds equal, the server takes the least in binary order.
            let mut found = Vec::new();
            each_value(document, key, dots, &mut |value| found.push(value));
            found.sort_by(|a, b| compare(*a, *b));
            return found.into_iter().try_for_each(|value| self.add_raw(value));
        }
        let mut added = Ok(());
        each_value(document, key, dots, &mut |value| {
            if added.is_ok() {
                added = self.add_raw(value);
            }
        });
        added
    }

    fn add(&mut self, value: Bson) -> Result<()> {
        let encoded = ValueBuf::from_bson(&value)?;
        self.add_raw(encoded.as_raw())
    }

    fn add_raw(&mut self, value: RawVal<'_>) -> Result<()> {
        let key = KeyBytes::collated(self.collator, value);
        if self.found.contains_key(&key) {
            return Ok(());
        }
        self.bytes += value.bytes().len() + 3;
        if self.bytes >= MAX_BYTES {
            return Err(Error::command(ErrorCode(17_217), "distinct too big, 16mb cap"));
        }
        self.found.insert(key, value.to_bson());
        Ok(())
    }
}

/// Looks into every match.
fn scan(search: &Search<'_>, key: &str, values: &mut Values<'_>) -> Result<()> {
    let mut failed = Ok(());
    search.each(|_, record| {
        failed = values.add_all(record.as_raw(), key, Dots::OfNamesFirst);
        if failed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    failed
}

/// What the dots of a key are.
#[derive(Clone, Copy, PartialEq)]
enum Dots {
    /// Part of a field's name, if there is a field of that name.
    OfNamesFirst,
    /// Between names: so it is in pipelines.
    Separate,
}

/// The values that `distinct` finds on a path: arrays count by their elements. A field whose name
/// is the whole rest of the path, dots included, may come first; a number is a position in an array.
fn each_value<'a>(
    document: RawVal<'a>,
    path: &str,
    dots: Dots,
    found: &mut impl FnMut(RawVal<'a>),
) {
    let get = |name: &str| {
        document.elements().find(|(key, _)| *key == name.as_bytes()).map(|(_, value)| value)
    };
    let is_name = dots == Dots::OfNamesFirst || !path.contains('.');
    match get(path).filter(|_| is_name) {
        Some(array) if array.is_array() => array.elements().for_each(|(_, value)| found(value)),
        Some(value) => found(value),
        None => {
            let Some((first, rest)) = path.split_once('.') else { return };
            match get(first) {
                Some(inner) if inner.is_object() => each_value(inner, rest, dots, found),
                Some(array) if array.is_array() => {
                    let next = rest.split('.').next().unwrap_or_default();
                    if !next.is_empty() && next.bytes().all(|byte| byte.is_ascii_digit()) {
                        return each_value(array, rest, dots, found);
                    }
                    for (_, element) in array.elements() {
                        if element.is_object() || element.is_array() {
                            each_value(element, rest, dots, found);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}
