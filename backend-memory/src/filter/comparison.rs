//! `$eq`, `$ne`, `$gt`, `$gte`, `$lt`, `$lte`, `$in`, `$nin`.

use std::cmp::Ordering;
use std::sync::Arc;

use bson::Bson;
use odm_core::{Error, ErrorCode};

use super::regex::Pattern;
use crate::collation::{self, Collator};
use crate::value::{
    ElementType, RawVal, ValueBuf, canonical_type, compare, compare_collated, equal,
};

/// How a value compares with the operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Gt,
    Gte,
    Lt,
    Lte,
}

impl Operator {
    #[inline]
    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Operator::Eq => ordering.is_eq(),
            Operator::Gt => ordering.is_gt(),
            Operator::Gte => ordering.is_ge(),
            Operator::Lt => ordering.is_lt(),
            Operator::Lte => ordering.is_le(),
        }
    }

    fn includes_equal(self) -> bool {
        matches!(self, Operator::Eq | Operator::Gte | Operator::Lte)
    }
}

/// A comparison with an operand. All but equality compare within one type only.
#[derive(Debug)]
pub(super) struct Comparison {
    pub(super) operator: Operator,
    operand: Operand,
}

#[derive(Debug)]
enum Operand {
    /// Missing and undefined count as null.
    Null,
    /// An integer that a double can hold.
    Integer(i64),
    /// A double that is not NaN.
    Double(f64),
    /// Above or below everything else, whatever its type.
    Extreme(ValueBuf),
    Number(ValueBuf),
    /// A string, for equality: with its length and terminator, as it is stored.
    Text(ValueBuf),
    /// A value that is or holds strings, under a collation.
    Collated(ValueBuf, Arc<Collator>),
    Other(ValueBuf),
}

impl Comparison {
    pub(super) fn new(
        operator: Operator,
        operand: &Bson,
        collator: Option<&Arc<Collator>>,
    ) -> Result<Self, Error> {
        let value = ValueBuf::from_bson(operand)?;
        let operand = match operand {
            Bson::Undefined => return Err(bad_operand("undefined")),
            Bson::RegularExpression(_) if operator != Operator::Eq => {
                return Err(bad_operand("a regular expression"));
            }
            Bson::Null => Operand::Null,
            Bson::Int32(n) => Operand::Integer(i64::from(*n)),
            Bson::Int64(n) if n.unsigned_abs() <= 1 << 53 => Operand::Integer(*n),
            Bson::Double(n) if !n.is_nan() => Operand::Double(*n),
            Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => Operand::Number(value),
            Bson::MinKey | Bson::MaxKey => Operand::Extreme(value),
            operand => match collator {
                Some(collator) if collation::matters_to(operand.element_type()) => {
                    Operand::Collated(value, collator.clone())
                }
                _ if operator == Operator::Eq && operand.as_str().is_some() => Operand::Text(value),
                _ => Operand::Other(value),
            },
        };
        Ok(Comparison { operator, operand })
    }

    #[inline]
    pub(super) fn holds(&self, value: Option<RawVal<'_>>) -> bool {
        match (&self.operand, value) {
            (Operand::Integer(n), Some(value)) => self.holds_for_integer(value, *n),
            (Operand::Double(n), Some(value)) => self.holds_for_double(value, *n),
            (Operand::Text(text), Some(value)) => {
                let text = text.as_raw();
                match value.kind() {
                    ElementType::String | ElementType::Symbol => value.bytes() == text.bytes(),
                    _ => false,
                }
            }
            (Operand::Null, value) => {
                self.operator.includes_equal()
                    && value.is_none_or(|value| value.is_null() || value.is_undefined())
            }
            (Operand::Extreme(operand), value) => self.holds_for_extreme(value, operand.as_raw()),
            (_, None) => false,
            (Operand::Number(operand), Some(value)) => {
                value.is_number() && self.holds_for_numbers(value, operand.as_raw())
            }
            (Operand::Collated(operand, collator), Some(value)) => {
                let operand = operand.as_raw();
                canonical_type(value) == canonical_type(operand)
                    && self.operator.accepts(compare_collated(Some(collator), value, operand))
            }
            (Operand::Other(operand), Some(value)) => {
                let operand = operand.as_raw();
                if self.operator == Operator::Eq {
                    return equal(value, operand);
                }
                canonical_type(value) == canonical_type(operand)
                    && self.operator.accepts(compare(value, operand))
            }
        }
    }

    #[inline]
    fn holds_for_integer(&self, value: RawVal<'_>, operand: i64) -> bool {
        match value.kind() {
            ElementType::Int32 | ElementType::Int64 => {
                value.as_integer().is_some_and(|n| self.operator.accepts(n.cmp(&operand)))
            }
            // Exact: the operand is one that a double can hold.
            ElementType::Double => value
                .as_f64()
                .and_then(|n| n.partial_cmp(&(operand as f64)))
                .is_some_and(|ordering| self.operator.accepts(ordering)),
            ElementType::Decimal128 => {
                self.holds_for_numbers(value, ValueBuf::from(operand).as_raw())
            }
            _ => false,
        }
    }

    #[inline]
    fn holds_for_double(&self, value: RawVal<'_>, operand: f64) -> bool {
        let ordering = match value.kind() {
            ElementType::Double => value.as_f64().and_then(|n| n.partial_cmp(&operand)),
            ElementType::Int32 => value.as_i32().and_then(|n| f64::from(n).partial_cmp(&operand)),
            ElementType::Int64 | ElementType::Decimal128 => {
                return self.holds_for_numbers(value, ValueBuf::from(operand).as_raw());
            }
            _ => None,
        };
        ordering.is_some_and(|ordering| self.operator.accepts(ordering))
    }

    /// NaN equals itself, and is neither above nor below any number.
    fn holds_for_numbers(&self, value: RawVal<'_>, operand: RawVal<'_>) -> bool {
        let ordering = compare(value, operand);
        if ordering.is_eq() {
            return self.operator.includes_equal();
        }
        self.operator.accepts(ordering) && !is_nan(value) && !is_nan(operand)
    }

    fn holds_for_extreme(&self, value: Option<RawVal<'_>>, operand: RawVal<'_>) -> bool {
        let is_min = operand.kind() == ElementType::MinKey;
        if value.is_some_and(|value| value.kind() == operand.kind()) {
            return self.operator.includes_equal();
        }
        match self.operator {
            Operator::Eq => false,
            Operator::Gt | Operator::Gte => is_min,
            Operator::Lt | Operator::Lte => !is_min,
        }
    }

    pub(super) fn cost(&self) -> u32 {
        match &self.operand {
            Operand::Integer(_) | Operand::Double(_) | Operand::Null => 1,
            Operand::Text(_) | Operand::Extreme(_) => 1,
            Operand::Number(_) => 2,
            Operand::Other(_) => 3,
            Operand::Collated(..) => 6,
        }
    }
}

fn bad_operand(what: &str) -> Error {
    Error::command(ErrorCode::BAD_VALUE, format!("cannot compare to {what}"))
}

fn is_nan(number: RawVal<'_>) -> bool {
    // NaN is below all other numbers, so it compares with none but NaN as equal.
    let nan = f64::NAN.to_le_bytes();
    equal(number, RawVal::new(ElementType::Double, &nan))
}

/// The operand of `$in`.
#[derive(Debug, Default)]
pub(super) struct Set {
    /// In order, each once.
    values: Vec<ValueBuf>,
    /// Whether null is among the values: then missing is in the set, too.
    null: bool,
    patterns: Vec<Pattern>,
    collator: Option<Arc<Collator>>,
}

impl Set {
    pub(super) fn new<'v>(
        values: impl IntoIterator<Item = &'v Bson>,
        collator: Option<&Arc<Collator>>,
    ) -> Result<Self, Error> {
        let mut set = Set { collator: collator.cloned(), ..Set::default() };
        for value in values {
            match value {
                Bson::Null => set.null = true,
                Bson::Undefined => return Err(bad_operand("undefined")),
                Bson::RegularExpression(regex) => set.patterns.push(Pattern::new(regex)?),
                value => set.values.push(ValueBuf::from_bson(value)?),
            }
        }
        let order = |a: &ValueBuf, b: &ValueBuf| {
            compare_collated(collator.map(Arc::as_ref), a.as_raw(), b.as_raw())
        };
        set.values.sort_by(order);
        set.values.dedup_by(|a, b| order(a, b).is_eq());
        Ok(set)
    }

    #[inline]
    pub(super) fn contains(&self, value: Option<RawVal<'_>>) -> bool {
        let Some(value) = value else { return self.null };
        if value.is_null() || value.is_undefined() {
            return self.null;
        }
        let found = match &self.collator {
            None => self.values.binary_search_by(|member| compare(member.as_raw(), value)),
            Some(collator) => self.values.binary_search_by(|member| {
                compare_collated(Some(collator), member.as_raw(), value)
            }),
        };
        found.is_ok() || self.patterns.iter().any(|pattern| pattern.matches(value))
    }
}
