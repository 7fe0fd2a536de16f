//! Windows: which of a partition's documents a function is given.

use std::ops;

use bson::{Bson, DateTime, Document};
use odm_core::{ErrorCode, Result};

use super::{Call, Part, malformed};
use crate::expression::{Compiler, Node, Unit, Value, Zone, add_units, refused};
use crate::value::{ElementType, Number, RawVal, ValueBuf, compare};

/// `window`.
#[derive(Debug)]
pub(super) enum Bounds {
    /// So many documents before and after.
    Documents { lower: Bound<i32>, upper: Bound<i32> },
    /// Those whose values are so far away.
    Range(Range),
}

/// Where a window begins or ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound<T> {
    Unbounded,
    Current,
    At(T),
}

/// `range`.
#[derive(Debug)]
pub(super) struct Range {
    lower: Bound<Number>,
    upper: Bound<Number>,
    /// Of dates.
    unit: Option<Unit>,
    /// What documents are sorted by, unless that is descending.
    by: Option<Node>,
}

impl Bounds {
    /// All documents of the partition.
    pub(super) const WHOLE: Bounds =
        Bounds::Documents { lower: Bound::Unbounded, upper: Bound::Unbounded };

    /// Reads the window of a function; all of the partition without one.
    ///
    /// # Errors
    ///
    /// 9 for what is malformed, 5339900 if it ends before it begins, 5339901 and 5339902 for want of an order.
    pub(super) fn compile(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Result<Self> {
        let window = match call.spec.get("window") {
            None => return Ok(Bounds::WHOLE),
            Some(Bson::Document(window)) => window,
            Some(_) => return malformed("'window' field must be an object"),
        };
        let unit = window.get("unit");
        match (window.get("documents"), window.get("range")) {
            (Some(_), Some(_)) => {
                malformed("Window bounds can specify either 'documents' or 'unit', not both.")
            }
            (Some(documents), None) => {
                check_names(window, &["documents"])?;
                Bounds::documents(call, documents)
            }
            (None, Some(range)) => {
                check_names(window, &["range", "unit"])?;
                Bounds::range(compiler, call, range, unit)
            }
            (None, None) if window.is_empty() => Ok(Bounds::WHOLE),
            (None, None) => malformed(
                "'window' field can only contain 'documents' as the only argument or 'range' with an optional 'unit' field",
            ),
        }
    }

    fn documents(call: &Call<'_>, spec: &Bson) -> Result<Self> {
        let [lower, upper] = pair("documents", spec)?;
        let integer = |value: &Bson| {
            let number = ValueBuf::from_bson(value)?;
            let whole = Number::of(number.as_raw()).and_then(Number::to_exact_integer);
            match whole.and_then(|whole| i32::try_from(whole).ok()) {
                Some(whole) => Ok(whole),
                None => malformed("Numeric document-based bounds must be an integer"),
            }
        };
        let (lower, upper) = (bound(lower, integer)?, bound(upper, integer)?);
        check_ascending(&offset(lower, 0), &offset(upper, 0), i32::cmp)?;
        let is_whole = matches!((lower, upper), (Bound::Unbounded, Bound::Unbounded));
        if !is_whole && call.order.is_none() {
            return refused(5_339_901, "Document-based bounds require a sortBy");
        }
        Ok(Bounds::Documents { lower, upper })
    }

    fn range(
        compiler: &mut Compiler<'_>,
        call: &Call<'_>,
        spec: &Bson,
        unit: Option<&Bson>,
    ) -> Result<Self> {
        let [lower, upper] = pair("range", spec)?;
        let has_unit = unit.is_some();
        let number = |value: &Bson| {
            let buffer = ValueBuf::from_bson(value)?;
            let Some(number) = Number::of(buffer.as_raw()) else {
                return malformed("Range-based bounds expression must be a number");
            };
            if !has_unit {
                return Ok(number);
            }
            match number.to_exact_integer().and_then(|whole| i32::try_from(whole).ok()) {
                Some(whole) => Ok(Number::Int32(whole)),
                None => malformed("With 'unit', range-based bounds must be an integer"),
            }
        };
        let unit = match unit {
            None => None,
            Some(unit) => Some(parse_unit(unit)?),
        };
        let (lower, upper) = (bound(lower, number)?, bound(upper, number)?);
        let zero = Number::Int32(0);
        check_ascending(&offset(lower, zero), &offset(upper, zero), |a, b| {
            compare(ValueBuf::from(*a).as_raw(), ValueBuf::from(*b).as_raw())
        })?;
        let by = call.sorted_by(compiler)?;
        if by.is_none() {
            return refused(5_339_902, "Range-based bounds require sortBy a single field");
        }
        let is_descending = call.order.is_some_and(|order| order.keys.iter().any(|key| key.1));
        Ok(Bounds::Range(Range { lower, upper, unit, by: by.filter(|_| !is_descending) }))
    }

    /// Whether it begins with the partition.
    pub(super) const fn only_grows(&self) -> bool {
        matches!(
            self,
            Bounds::Documents { lower: Bound::Unbounded, .. }
                | Bounds::Range(Range { lower: Bound::Unbounded, .. })
        )
    }

    /// Whether it is the same for all documents.
    pub(super) const fn is_whole(&self) -> bool {
        matches!(
            self,
            Bounds::Documents { lower: Bound::Unbounded, upper: Bound::Unbounded }
                | Bounds::Range(Range { lower: Bound::Unbounded, upper: Bound::Unbounded, .. })
        )
    }

    pub(super) const fn is_range(&self) -> bool {
        matches!(self, Bounds::Range(_))
    }
}

/// Reads a unit of time.
///
/// # Errors
///
/// 9 if it is none.
pub(super) fn parse_unit(unit: &Bson) -> Result<Unit> {
    let Bson::String(name) = unit else { return malformed("'unit' must be a string") };
    match Unit::parse(name) {
        Some(unit) => Ok(unit),
        None => malformed(format!("unknown time unit value: {name}")),
    }
}

fn check_names(window: &Document, known: &[&str]) -> Result<()> {
    match window.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => malformed(format!("'window' field cannot have the field '{name}'")),
    }
}

fn pair<'b>(name: &str, spec: &'b Bson) -> Result<[&'b Bson; 2]> {
    match spec.as_array().map(Vec::as_slice) {
        Some([lower, upper]) => Ok([lower, upper]),
        _ => malformed(format!("Window bounds must be a 2-element array: {name}: {spec}")),
    }
}

fn bound<T>(value: &Bson, number: impl Fn(&Bson) -> Result<T>) -> Result<Bound<T>> {
    match value {
        Bson::String(text) if text == "unbounded" => Ok(Bound::Unbounded),
        Bson::String(text) if text == "current" => Ok(Bound::Current),
        Bson::String(_) => malformed("Window bounds must be 'unbounded', 'current', or a number."),
        value => number(value).map(Bound::At),
    }
}

/// How far away it is, if it is not without bounds.
fn offset<T>(bound: Bound<T>, zero: T) -> Option<T> {
    match bound {
        Bound::Unbounded => None,
        Bound::Current => Some(zero),
        Bound::At(offset) => Some(offset),
    }
}

fn check_ascending<T>(
    lower: &Option<T>,
    upper: &Option<T>,
    compare: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> Result<()> {
    match (lower, upper) {
        (Some(lower), Some(upper)) if compare(lower, upper).is_gt() => {
            refused(5_339_900, "Lower bound must not exceed upper bound")
        }
        _ => Ok(()),
    }
}

/// A window that slides over a partition: where it begins and ends only moves on.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// The first document that may be in it.
    low: usize,
    /// The one after the last that may be in it.
    high: usize,
}

impl Frame {
    /// The positions of the documents in the window of the document at a position.
    ///
    /// # Errors
    ///
    /// Of a range: 5429513 if the sort's value is no date though there is a unit; without one, 5429413 if it is
    /// a date, 5429414 if it is no number; 5429404 if the order is descending; as `$dateAdd`.
    pub(super) fn window(
        &mut self,
        bounds: &Bounds,
        part: &Part<'_>,
        at: usize,
    ) -> Result<ops::Range<usize>> {
        match bounds {
            Bounds::Documents { lower, upper } => {
                let place = |offset: i64| {
                    let place = i64::try_from(at).unwrap_or(i64::MAX).saturating_add(offset);
                    usize::try_from(place.max(0)).unwrap_or(usize::MAX).min(part.len())
                };
                let start = match lower {
                    Bound::Unbounded => 0,
                    Bound::Current => at,
                    Bound::At(offset) => place(i64::from(*offset)),
                };
                let end = match upper {
                    Bound::Unbounded => part.len(),
                    Bound::Current => at + 1,
                    Bound::At(offset) => place(i64::from(*offset) + 1),
                };
                Ok(start..end.max(start))
            }
            Bounds::Range(range) => self.range(range, part, at),
        }
    }

    fn range(&mut self, range: &Range, part: &Part<'_>, at: usize) -> Result<ops::Range<usize>> {
        let Some(by) = &range.by else {
            return refused(5_429_404, "Missing _sortExpr with range-based bounds");
        };
        let base = part.value(by, at)?;
        let is_expected = |value: &Value<'_>| match range.unit {
            Some(_) => value.kind() == Some(ElementType::DateTime),
            None => value.as_number().is_some(),
        };
        if !is_expected(&base) {
            let found = base.type_name();
            let (code, message) = match (range.unit, base.kind()) {
                (Some(_), _) => (5_429_513, "Expected the sortBy field to be a Date, but it was"),
                (None, Some(ElementType::DateTime)) => (
                    5_429_413,
                    "For windows that involve date or time ranges, a unit must be provided, not",
                ),
                _ => (5_429_414, "Expected the sortBy field to be a number, but it was"),
            };
            return refused(code, format!("Invalid range: {message} {found}"));
        }
        match range.lower {
            Bound::Current => self.low = at,
            Bound::Unbounded => {
                self.advance_low(part, |part, at| Ok(!is_expected(&part.value(by, at)?)))?;
            }
            Bound::At(delta) => {
                let threshold = threshold(&base, delta, range.unit)?;
                self.advance_low(part, |part, at| {
                    Ok(compare(part.value(by, at)?.or_null(), threshold.as_raw()).is_lt())
                })?;
            }
        }
        // Behind numbers, or dates, come values of other types.
        if self.low >= part.len() || !is_expected(&part.value(by, self.low)?) {
            return Ok(self.low..self.low);
        }
        self.high = self.high.max(self.low);
        match range.upper {
            Bound::Current => self.high = at + 1,
            Bound::Unbounded => {
                self.high = self.high.max(at);
                self.advance_high(part, |part, at| Ok(is_expected(&part.value(by, at)?)))?;
            }
            Bound::At(delta) => {
                let threshold = threshold(&base, delta, range.unit)?;
                self.advance_high(part, |part, at| {
                    Ok(compare(part.value(by, at)?.or_null(), threshold.as_raw()).is_le())
                })?;
            }
        }
        Ok(self.low..self.high.max(self.low))
    }

    fn advance_low(
        &mut self,
        part: &Part<'_>,
        is_before: impl Fn(&Part<'_>, usize) -> Result<bool>,
    ) -> Result<()> {
        while self.low < part.len() && is_before(part, self.low)? {
            self.low += 1;
            part.check_deadline(self.low)?;
        }
        Ok(())
    }

    fn advance_high(
        &mut self,
        part: &Part<'_>,
        is_within: impl Fn(&Part<'_>, usize) -> Result<bool>,
    ) -> Result<()> {
        while self.high < part.len() && is_within(part, self.high)? {
            self.high += 1;
            part.check_deadline(self.high)?;
        }
        Ok(())
    }
}

/// The value that is so far away. Numbers are added as decimals, as the server does.
fn threshold(base: &Value<'_>, delta: Number, unit: Option<Unit>) -> Result<ValueBuf> {
    if let (Some(unit), Some(millis)) = (unit, base.as_millis()) {
        let amount = delta.as_integer().unwrap_or(0);
        let millis = add_units(millis, unit, amount, &Zone::UTC)?;
        let bytes = DateTime::from_millis(millis).timestamp_millis().to_le_bytes();
        return Ok(RawVal::new(ElementType::DateTime, &bytes).into());
    }
    match base.as_number() {
        Some(base) => Ok(Number::Decimal(base.to_decimal().add(delta.to_decimal())).into()),
        None => refused(ErrorCode::TYPE_MISMATCH.0, "the sortBy field is no number"),
    }
}
