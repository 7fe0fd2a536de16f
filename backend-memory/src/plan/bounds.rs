//! Which values of a field a filter can accept: intervals in the order of key bytes.
//!
//! Bounds may be too wide, never too narrow: what an index yields is matched against the whole
//! filter again.

use std::sync::Arc;

use bson::{Bson, Regex};
use odm_core::{BsonType, ElemMatch, Error, Predicate, TypeSpec};

use crate::collation::{self, Collator};
use crate::storage::Index;
use crate::value::{ElementType, KeyBytes, ValueBuf, compare};

/// A point between two keys, ascending.
#[derive(Clone, Debug)]
pub(crate) struct Cut<'f> {
    /// Keys of single values below these bytes are below the cut.
    key: KeyBytes,
    edge: Edge<'f>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Edge<'f> {
    /// Below this value.
    Before(&'f Bson),
    /// Above it.
    After(&'f Bson),
    /// Below or above the value with these bytes.
    Below,
    Above,
    /// At the beginning of the keys that begin with these bytes.
    Prefix,
}

/// Values from one cut to another.
#[derive(Clone, Debug)]
pub(crate) struct Interval<'f> {
    pub(crate) low: Cut<'f>,
    pub(crate) high: Cut<'f>,
}

/// The values that one predicate, or several, can accept of one field.
#[derive(Clone, Debug)]
pub(crate) struct Bounds<'f> {
    /// In order, not touching.
    pub(crate) intervals: Vec<Interval<'f>>,
    /// Whether no document without the field is accepted.
    pub(crate) excludes_missing: bool,
}

static NULL: Bson = Bson::Null;
static UNDEFINED: Bson = Bson::Undefined;

// The ranks of the types that bounds know, as key bytes begin with them.
const LEAST: u8 = 1;
const ABOVE_ALL: u8 = 128;
const NAN: u8 = 10;
const NUMBER: u8 = 11;
const AFTER_NUMBER: u8 = 14;
const STRING: u8 = 15;

/// The strings in an index, as a query sees them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strings<'c> {
    /// What they compare by in the index.
    collator: Option<&'c Collator>,
    /// Whether they compare so in the query as well: if not, no string bounds anything.
    agree: bool,
}

impl<'c> Strings<'c> {
    pub(super) fn new(index: &'c Index, query: Option<&Collator>) -> Self {
        let collator = index.spec.collator().map(Arc::as_ref);
        Strings { collator, agree: collation::same(collator, query) }
    }

    pub(super) const fn agree(self) -> bool {
        self.agree
    }

    /// Whether a value compares in the index as in the query.
    fn allow(self, value: &Bson) -> bool {
        self.agree || !collation::matters_to(value.element_type())
    }
}

impl<'f> Cut<'f> {
    /// # Errors
    ///
    /// 201 for a symbol in an index with a collation.
    fn encoded(value: &Bson, strings: Strings<'_>) -> Result<KeyBytes, Error> {
        let value = ValueBuf::from_bson(value)?;
        let Some(collator) = strings.collator else { return Ok(KeyBytes::of(value.as_raw())) };
        collation::check_indexable(value.as_raw())?;
        Ok(KeyBytes::collated(Some(collator), value.as_raw()))
    }

    fn before(value: &'f Bson, strings: Strings<'_>) -> Result<Self, Error> {
        Ok(Cut { key: Cut::encoded(value, strings)?, edge: Edge::Before(value) })
    }

    fn after(value: &'f Bson, strings: Strings<'_>) -> Result<Self, Error> {
        let key = Cut::encoded(value, strings)?.after_prefix();
        Ok(Cut { key, edge: Edge::After(value) })
    }

    fn prefix(bytes: &[u8]) -> Self {
        Cut { key: KeyBytes::from(bytes), edge: Edge::Prefix }
    }

    /// The bytes of the cut among ascending keys.
    pub(crate) fn ascending(&self) -> &[u8] {
        &self.key
    }

    /// The bytes of the cut among descending keys: those are inverted.
    pub(crate) fn descending(&self) -> KeyBytes {
        let (bytes, above) = match (self.edge, &self.key[..]) {
            (Edge::Before(_) | Edge::Below, key) => (key, true),
            (Edge::After(_) | Edge::Above, key) => (&key[..key.len().saturating_sub(1)], false),
            (Edge::Prefix, key) => {
                let mut inverted: Vec<u8> = key.iter().map(|byte| !byte).collect();
                // The least bytes above all that begin with these.
                while let Some(last) = inverted.pop() {
                    if let Some(next) = last.checked_add(1) {
                        inverted.push(next);
                        break;
                    }
                }
                return KeyBytes::from(&inverted[..]);
            }
        };
        let inverted: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
        let key = KeyBytes::from(&inverted[..]);
        if above { key.after_prefix() } else { key }
    }

    /// The value at the cut, and whether it lies above the cut.
    pub(crate) fn value(&self) -> Option<(&'f Bson, bool)> {
        match self.edge {
            Edge::Before(value) => Some((value, true)),
            Edge::After(value) => Some((value, false)),
            Edge::Below | Edge::Above | Edge::Prefix => None,
        }
    }
}

impl<'f> Interval<'f> {
    fn point(value: &'f Bson, strings: Strings<'_>) -> Result<Self, Error> {
        Ok(Interval { low: Cut::before(value, strings)?, high: Cut::after(value, strings)? })
    }

    fn prefix(from: &[u8], to: &[u8]) -> Self {
        Interval { low: Cut::prefix(from), high: Cut::prefix(to) }
    }

    /// Whether it holds one value (and those that compare equal).
    pub(crate) fn is_point(&self) -> bool {
        match (self.low.edge, self.high.edge) {
            (Edge::Before(_), Edge::After(_)) => {
                self.high.key.strip_suffix(&[0xff]) == Some(&self.low.key[..])
            }
            _ => false,
        }
    }

    fn is_empty(&self) -> bool {
        self.low.key >= self.high.key
    }
}

impl<'f> Bounds<'f> {
    fn new(mut intervals: Vec<Interval<'f>>, excludes_missing: bool) -> Self {
        intervals.retain(|interval| !interval.is_empty());
        intervals.sort_by(|a, b| a.low.key.cmp(&b.low.key));
        let mut merged: Vec<Interval<'f>> = Vec::with_capacity(intervals.len());
        for interval in intervals {
            match merged.last_mut() {
                Some(last) if interval.low.key <= last.high.key => {
                    if interval.high.key > last.high.key {
                        last.high = interval.high;
                    }
                }
                _ => merged.push(interval),
            }
        }
        Bounds { intervals: merged, excludes_missing }
    }

    /// What one predicate accepts; `None` if that may be anything.
    pub(crate) fn of(
        predicate: &'f Predicate,
        strings: Strings<'_>,
    ) -> Result<Option<Self>, Error> {
        Ok(match predicate {
            Predicate::Eq(value)
            | Predicate::Gt(value)
            | Predicate::Gte(value)
            | Predicate::Lt(value)
            | Predicate::Lte(value)
                if !strings.allow(value) =>
            {
                None
            }
            Predicate::Eq(value) => equal(value, strings)?,
            Predicate::In(values) => any_of(values, strings)?,
            Predicate::Gt(value) | Predicate::Gte(value) if is_nan(value) => {
                Some(if matches!(predicate, Predicate::Gte(_)) { nan() } else { nothing() })
            }
            Predicate::Lt(value) | Predicate::Lte(value) if is_nan(value) => {
                Some(if matches!(predicate, Predicate::Lte(_)) { nan() } else { nothing() })
            }
            Predicate::Gte(Bson::Null) | Predicate::Lte(Bson::Null) => Some(null(strings)?),
            Predicate::Gt(value) => range(value, Some(Cut::after(value, strings)?), None, strings),
            Predicate::Gte(value) => {
                range(value, Some(Cut::before(value, strings)?), None, strings)
            }
            Predicate::Lt(value) => range(value, None, Some(Cut::before(value, strings)?), strings),
            Predicate::Lte(value) => range(value, None, Some(Cut::after(value, strings)?), strings),
            Predicate::Ne(value) if is_plain(value, strings) => {
                equal(value, strings)?.map(Bounds::complement)
            }
            Predicate::Nin(values) if values.iter().all(|value| is_plain(value, strings)) => {
                any_of(values, strings)?.map(Bounds::complement)
            }
            Predicate::Not(predicates) => match &predicates[..] {
                [only] if is_negatable(only, strings) => {
                    Bounds::of(only, strings)?.map(Bounds::complement)
                }
                _ => None,
            },
            Predicate::Exists(false) => Some(null(strings)?),
            Predicate::Mod { .. } => {
                Some(Bounds::new(vec![Interval::prefix(&[NUMBER], &[AFTER_NUMBER])], true))
            }
            Predicate::Type(types) => of_types(types),
            Predicate::Regex(regex) => strings_like(regex, strings)?,
            Predicate::All(values) => match values.first() {
                Some(Bson::RegularExpression(regex)) => strings_like(regex, strings)?,
                Some(first) if !strings.allow(first) => None,
                Some(first) => equal(first, strings)?,
                None => None,
            },
            // What it asks for holds of one element, and so of one key.
            Predicate::ElemMatch(ElemMatch::Value(predicates)) => {
                let mut all: Option<Bounds<'f>> = None;
                for predicate in predicates.iter().filter(|one| is_on_one_value(one)) {
                    let Some(bounds) = Bounds::of(predicate, strings)? else { continue };
                    all = Some(match all {
                        Some(all) => all.intersect(bounds),
                        None => bounds,
                    });
                }
                all.map(|bounds| Bounds { excludes_missing: true, ..bounds })
            }
            _ => None,
        })
    }

    /// Whether a field without arrays satisfies the predicate exactly if its value is within the
    /// bounds of the predicate.
    pub(crate) fn are_exact(predicate: &Predicate, strings: Strings<'_>) -> bool {
        let plain = |value: &Bson| is_plain(value, strings);
        match predicate {
            Predicate::Eq(value) | Predicate::Ne(value) => plain(value),
            Predicate::In(values) | Predicate::Nin(values) => values.iter().all(plain),
            Predicate::Not(predicates) => {
                matches!(&predicates[..], [only] if is_negatable(only, strings))
            }
            Predicate::Gt(value)
            | Predicate::Gte(value)
            | Predicate::Lt(value)
            | Predicate::Lte(value) => {
                plain(value) && matches!(Bounds::of(predicate, strings), Ok(Some(_)))
            }
            Predicate::Type(types) => {
                let numbers = are_all_numbers(types);
                types.iter().all(|spec| match spec {
                    TypeSpec::Number => true,
                    TypeSpec::Type(one) => match one {
                        BsonType::String | BsonType::Symbol | BsonType::Array => false,
                        BsonType::Null | BsonType::Undefined => false,
                        number if is_number(*number) => numbers,
                        _ => true,
                    },
                    _ => false,
                })
            }
            Predicate::Regex(regex) => {
                strings.collator.is_none()
                    && literal_prefix(regex).is_some_and(|(_, rest)| matches!(rest, "" | ".*"))
            }
            _ => false,
        }
    }

    /// All values but these, where a field without arrays has one of these exactly if it is
    /// accepted; a missing field is none of them.
    fn complement(self) -> Self {
        let mut intervals = Vec::with_capacity(self.intervals.len() + 1);
        let mut low = Cut::prefix(&[LEAST]);
        for interval in self.intervals {
            intervals.push(Interval { low, high: interval.low });
            low = interval.high;
        }
        intervals.push(Interval { low, high: Cut::prefix(&[ABOVE_ALL]) });
        Bounds::new(intervals, false)
    }

    /// What both accept.
    pub(crate) fn intersect(self, other: Self) -> Self {
        let mut intervals = Vec::new();
        for left in &self.intervals {
            for right in &other.intervals {
                let low = if left.low.key >= right.low.key { &left.low } else { &right.low };
                let high = if left.high.key <= right.high.key { &left.high } else { &right.high };
                intervals.push(Interval { low: low.clone(), high: high.clone() });
            }
        }
        Bounds::new(intervals, self.excludes_missing || other.excludes_missing)
    }

    /// What either accepts.
    pub(crate) fn union(mut self, other: Self) -> Self {
        let excludes_missing = self.excludes_missing && other.excludes_missing;
        self.intervals.extend(other.intervals);
        Bounds::new(self.intervals, excludes_missing)
    }

    pub(crate) fn is_points(&self) -> bool {
        self.intervals.iter().all(Interval::is_point)
    }

    pub(crate) fn is_single_point(&self) -> bool {
        self.intervals.len() == 1 && self.is_points()
    }

    /// How narrow it is likely to be; less is narrower.
    pub(crate) fn width(&self) -> usize {
        if self.is_points() {
            return self.intervals.len();
        }
        let open = |cut: &Cut<'_>| usize::from(cut.edge == Edge::Prefix);
        let ends = |interval: &Interval<'_>| open(&interval.low) + open(&interval.high);
        1000 + 1000 * self.intervals.iter().map(ends).sum::<usize>()
    }
}

/// Whether every field that satisfies one predicate satisfies the other as well; sometimes it is
/// not seen.
pub(super) fn implies(predicate: &Predicate, wanted: &Predicate, strings: Strings<'_>) -> bool {
    if predicate == wanted {
        return strings.agree || !compares_strings(predicate);
    }
    let bounds = |predicate| Bounds::of(predicate, strings).ok().flatten();
    let Some(within) = bounds(predicate) else { return false };
    if *wanted == Predicate::Exists(true) {
        return within.excludes_missing;
    }
    // Each value, in an array too, that is within the first bounds is within the second ones.
    if !Bounds::are_exact(predicate, strings) || !Bounds::are_exact(wanted, strings) {
        return false;
    }
    bounds(wanted).is_some_and(|wanted| {
        within.intervals.iter().all(|inner| {
            let holds = |outer: &Interval<'_>| {
                outer.low.key <= inner.low.key && inner.high.key <= outer.high.key
            };
            wanted.intervals.iter().any(holds)
        })
    })
}

/// Whether a predicate may compare strings.
fn compares_strings(predicate: &Predicate) -> bool {
    use Predicate::{All, Eq, Exists, Gt, Gte, In, Lt, Lte, Mod, Ne, Nin, Regex, Size, Type};
    let is_string = |value: &Bson| collation::matters_to(value.element_type());
    match predicate {
        Exists(_) | Type(_) | Mod { .. } | Regex(_) | Size(_) => false,
        Eq(value) | Ne(value) | Gt(value) | Gte(value) | Lt(value) | Lte(value) => is_string(value),
        In(values) | Nin(values) | All(values) => values.iter().any(is_string),
        _ => true,
    }
}

/// Whether a predicate on an element never looks into an element that is an array.
const fn is_on_one_value(predicate: &Predicate) -> bool {
    use Predicate::{Eq, Gt, Gte, In, Lt, Lte, Mod, Regex};
    matches!(predicate, Eq(_) | In(_) | Gt(_) | Gte(_) | Lt(_) | Lte(_) | Mod { .. } | Regex(_))
}

/// Whether a negation of the predicate has bounds; as on the server, not if it is one itself.
fn is_negatable(predicate: &Predicate, strings: Strings<'_>) -> bool {
    use Predicate::{Eq, Gt, Gte, In, Lt, Lte};
    matches!(predicate, Eq(_) | In(_) | Gt(_) | Gte(_) | Lt(_) | Lte(_))
        && Bounds::are_exact(predicate, strings)
}

/// Whether keys tell exactly which fields equal the value: a missing field has the key of null, and
/// an array may equal the whole value or an element.
fn is_plain(value: &Bson, strings: Strings<'_>) -> bool {
    let special = matches!(value, Bson::Null | Bson::Undefined | Bson::Array(_));
    !special && !matches!(value, Bson::RegularExpression(_)) && strings.allow(value)
}

fn is_nan(value: &Bson) -> bool {
    match value {
        Bson::Double(n) => n.is_nan(),
        Bson::Decimal128(n) => n.to_string().contains("NaN"),
        _ => false,
    }
}

/// No value at all.
fn nothing<'f>() -> Bounds<'f> {
    Bounds::new(Vec::new(), true)
}

fn nan<'f>() -> Bounds<'f> {
    Bounds::new(vec![Interval::prefix(&[NAN], &[NUMBER])], true)
}

/// A missing field has the key of null; a stored `undefined` matches null too.
fn null<'f>(strings: Strings<'_>) -> Result<Bounds<'f>, Error> {
    let points = vec![Interval::point(&UNDEFINED, strings)?, Interval::point(&NULL, strings)?];
    Ok(Bounds::new(points, false))
}

fn equal<'f>(value: &'f Bson, strings: Strings<'_>) -> Result<Option<Bounds<'f>>, Error> {
    Ok(match value {
        Bson::Null => Some(null(strings)?),
        Bson::Undefined => None,
        // It equals an element that is an array, or the whole array, whose first element then
        // has a key.
        Bson::Array(elements) => {
            let first = elements.first().unwrap_or(&UNDEFINED);
            let points = vec![Interval::point(value, strings)?, Interval::point(first, strings)?];
            Some(Bounds::new(points, true))
        }
        value => Some(Bounds::new(vec![Interval::point(value, strings)?], true)),
    })
}

fn any_of<'f>(values: &'f [Bson], strings: Strings<'_>) -> Result<Option<Bounds<'f>>, Error> {
    let mut intervals = Vec::with_capacity(values.len());
    let mut excludes_missing = true;
    for value in values {
        let bounds = match value {
            Bson::RegularExpression(regex) => strings_like(regex, strings)?,
            value if !strings.allow(value) => None,
            value => equal(value, strings)?,
        };
        let Some(bounds) = bounds else { return Ok(None) };
        excludes_missing &= bounds.excludes_missing;
        intervals.extend(bounds.intervals);
    }
    Ok(Some(Bounds::new(intervals, excludes_missing)))
}

/// Ranges stay within the type of their operand, unless that is above or below all others.
fn range<'f>(
    value: &Bson,
    low: Option<Cut<'f>>,
    high: Option<Cut<'f>>,
    strings: Strings<'_>,
) -> Option<Bounds<'f>> {
    let (first, after) = match value {
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => {
            (NUMBER, AFTER_NUMBER)
        }
        Bson::String(_)
        | Bson::Symbol(_)
        | Bson::Document(_)
        | Bson::Binary(_)
        | Bson::ObjectId(_)
        | Bson::Boolean(_)
        | Bson::DateTime(_)
        | Bson::Timestamp(_)
        | Bson::JavaScriptCode(_)
        | Bson::JavaScriptCodeWithScope(_) => {
            let rank = *Cut::encoded(value, strings).ok()?.first()?;
            (rank, rank + 1)
        }
        Bson::MinKey | Bson::MaxKey => (LEAST, ABOVE_ALL),
        _ => return None,
    };
    let excludes_missing = match value {
        Bson::MinKey => low.is_none(),
        Bson::MaxKey => high.is_none(),
        _ => true,
    };
    let low = low.unwrap_or_else(|| Cut::prefix(&[first]));
    let high = high.unwrap_or_else(|| Cut::prefix(&[after]));
    Some(Bounds::new(vec![Interval { low, high }], excludes_missing))
}

const fn is_number(kind: BsonType) -> bool {
    matches!(kind, BsonType::Double | BsonType::Int | BsonType::Long | BsonType::Decimal)
}

fn are_all_numbers(types: &[TypeSpec]) -> bool {
    let has = |kind| types.contains(&TypeSpec::Type(kind));
    types.contains(&TypeSpec::Number)
        || [BsonType::Double, BsonType::Int, BsonType::Long, BsonType::Decimal].into_iter().all(has)
}

/// The keys of values of these types; `None` with arrays, which have none of their own.
fn of_types<'f>(types: &[TypeSpec]) -> Option<Bounds<'f>> {
    let mut intervals = Vec::with_capacity(types.len());
    for spec in types {
        let (from, to) = match spec {
            TypeSpec::Number => (NAN, AFTER_NUMBER),
            TypeSpec::Type(BsonType::Array) => return None,
            TypeSpec::Type(number) if is_number(*number) => (NAN, AFTER_NUMBER),
            TypeSpec::Type(kind) => {
                let rank = compare::rank(ElementType::from(*kind as u8)?);
                (rank, rank + 1)
            }
            _ => return None,
        };
        intervals.push(Interval::prefix(&[from], &[to]));
    }
    Some(Bounds::new(intervals, true))
}

/// Strings that a regular expression can match, and stored regular expressions: it matches the
/// one that is equal. Under a collation, a beginning says nothing about the place of a string.
fn strings_like<'f>(regex: &'f Regex, strings: Strings<'_>) -> Result<Option<Bounds<'f>>, Error> {
    let prefix = literal_prefix(regex).filter(|_| strings.collator.is_none());
    let matched = match prefix {
        Some((prefix, _)) => {
            let mut from = vec![STRING];
            from.extend_from_slice(prefix.as_bytes());
            let mut to = from.clone();
            // No byte of UTF-8 is 255.
            if let Some(last) = to.last_mut() {
                *last += 1;
            }
            Interval::prefix(&from, &to)
        }
        None => Interval::prefix(&[STRING], &[STRING + 1]),
    };
    let key = Cut::encoded(&Bson::RegularExpression(regex.clone()), strings)?;
    let above = key.clone().after_prefix();
    let low = Cut { key, edge: Edge::Below };
    let stored = Interval { low, high: Cut { key: above, edge: Edge::Above } };
    Ok(Some(Bounds::new(vec![matched, stored], true)))
}

/// The text that every match begins with, of a pattern that begins with `^` or `\A` and plain
/// characters; and the rest of the pattern.
fn literal_prefix(regex: &Regex) -> Option<(String, &str)> {
    let (pattern, options) = (regex.pattern.as_str(), regex.options.as_str());
    // With `m`, `^` matches after a line break; `i` and `x` change what characters mean.
    if options.contains(['i', 'm', 'x']) || pattern.contains('|') {
        return None;
    }
    let rest = pattern.strip_prefix('^').or_else(|| pattern.strip_prefix("\\A"))?;
    let is_plain =
        |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | ',' | ':' | '/' | '@');
    let mut prefix = String::new();
    let mut rest = rest.chars();
    loop {
        let before = rest.as_str();
        match (rest.next(), rest.as_str().chars().next()) {
            // Escaped letters and digits have meanings of their own.
            (Some('\\'), Some(next)) if next.is_ascii_punctuation() => {
                rest.next();
                prefix.push(next);
            }
            (Some(next), _) if is_plain(next) => prefix.push(next),
            _ => {
                // The last character may be optional or repeated.
                if before.starts_with(['*', '?', '{']) {
                    prefix.pop();
                }
                return (!prefix.is_empty()).then_some((prefix, before));
            }
        }
    }
}
