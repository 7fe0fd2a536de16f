//! What each operator does to a value that is there, and where there is none.

use std::cmp::Ordering;
use std::sync::Arc;

use bson::Bson;
use odm_core::{Change, CurrentDate, Error, ErrorCode, FieldPath};

use super::array::{AddToSet, Pop, Pull, Push};
use super::bitwise::Bitwise;
use super::plan::{Blocked, Target};
use super::tree::Leaf;
use super::write::{self, New};
use crate::collation::Collator;
use crate::value::number::Number;
use crate::value::{ElementType, RawVal, ValueBuf, compare, compare_collated};

/// A compiled operator with its operand.
#[derive(Debug)]
pub(super) enum Operation {
    Set(Arc<ValueBuf>),
    SetOnInsert(Arc<ValueBuf>),
    Unset,
    Arithmetic(Arithmetic),
    Min(Limit),
    Max(Limit),
    CurrentDate(CurrentDate),
    Bit(Bitwise),
    /// At the new path of `$rename`; this is the old one.
    Rename(Box<str>),
    /// At the old path of `$rename`.
    RenameSource,
    Push(Push),
    AddToSet(AddToSet),
    Pop(Pop),
    Pull(Pull),
}

/// `$inc` or `$mul`.
#[derive(Debug)]
pub(super) struct Arithmetic {
    operator: &'static str,
    function: fn(Number, Number) -> Option<Number>,
    operand: Number,
    /// What a missing field becomes.
    initial: Number,
}

/// The operand of `$min` or `$max`.
#[derive(Debug)]
pub(super) struct Limit {
    value: Arc<ValueBuf>,
    collator: Option<Arc<Collator>>,
}

impl Limit {
    fn new(value: &Bson, collator: Option<&Arc<Collator>>) -> Result<Self, Error> {
        let value = Arc::new(ValueBuf::from_bson(value)?);
        Ok(Limit { value, collator: collator.cloned() })
    }

    fn compare(&self, other: RawVal<'_>) -> Ordering {
        compare_collated(self.collator.as_deref(), self.value.as_raw(), other)
    }
}

/// What becomes of a value.
pub(super) enum Outcome<'a> {
    Unchanged,
    /// The value is what it was, but the server counts it as modified if an index has it.
    Rewritten,
    Set(New<'a>),
    Remove,
}

impl Operation {
    pub(super) fn new(
        path: &FieldPath,
        change: &Change,
        collator: Option<&Arc<Collator>>,
    ) -> Result<Self, Error> {
        let value = |value: &Bson| ValueBuf::from_bson(value).map(Arc::new);
        Ok(match change {
            Change::Set(operand) => Operation::Set(value(operand)?),
            Change::SetOnInsert(operand) => Operation::SetOnInsert(value(operand)?),
            Change::Unset => Operation::Unset,
            Change::Inc(by) => {
                let by = number("$inc", path, by)?;
                Operation::Arithmetic(Arithmetic {
                    operator: "$inc",
                    function: Number::add,
                    operand: by,
                    initial: by,
                })
            }
            Change::Mul(by) => {
                let by = number("$mul", path, by)?;
                Operation::Arithmetic(Arithmetic {
                    operator: "$mul",
                    function: Number::multiply,
                    operand: by,
                    // Not just zero: a decimal keeps its exponent, and zero times infinity is NaN.
                    initial: Number::Int32(0).multiply(by).unwrap_or(by.zero_like()),
                })
            }
            Change::Min(operand) => Operation::Min(Limit::new(operand, collator)?),
            Change::Max(operand) => Operation::Max(Limit::new(operand, collator)?),
            Change::Rename(_) => Operation::Rename(path.as_str().into()),
            Change::CurrentDate(kind) => Operation::CurrentDate(*kind),
            Change::Push(push) => Operation::Push(Push::new(push, collator)?),
            Change::AddToSet(values) => Operation::AddToSet(AddToSet::new(values, collator)?),
            Change::Pop(end) => Operation::Pop(Pop::new(*end)),
            Change::Pull(pull) => Operation::Pull(Pull::new(pull, collator)?),
            Change::PullAll(values) => Operation::Pull(Pull::all(values, collator)?),
            Change::Bit(operations) => Operation::Bit(Bitwise::new(operations)?),
            other => return Err(super::unsupported(&format!("the update operator {other:?}"))),
        })
    }

    /// How many levels of nesting the operator may add at its path.
    pub(super) fn depth(&self) -> usize {
        match self {
            Operation::Set(value)
            | Operation::SetOnInsert(value)
            | Operation::Min(Limit { value, .. })
            | Operation::Max(Limit { value, .. }) => 1 + write::depth(value.as_raw(), 0),
            Operation::Push(push) => 2 + push.depth(),
            Operation::AddToSet(set) => 2 + set.depth(),
            // Whatever was nested below the old path.
            Operation::Rename(_) => crate::value::MAX_DEPTH,
            _ => 1,
        }
    }
}

fn number(operator: &str, path: &FieldPath, by: &Bson) -> Result<Number, Error> {
    let value = ValueBuf::from_bson(by)?;
    Number::of(value.as_raw()).ok_or_else(|| {
        Error::command(
            ErrorCode::TYPE_MISMATCH,
            format!("cannot apply {operator} with non-numeric argument: {{{path}: {by}}}"),
        )
    })
}

/// What the operator makes of a value that is there.
pub(super) fn change<'a>(
    leaf: &Leaf,
    value: RawVal<'a>,
    target: Target<'a, '_>,
) -> Result<Outcome<'a>, Error> {
    let set_unless_same = |operand: &Arc<ValueBuf>| {
        if operand.as_raw() == value {
            Outcome::Unchanged
        } else {
            Outcome::Set(New::Operand(Arc::clone(operand)))
        }
    };
    Ok(match &*leaf.operation {
        Operation::Set(operand) => set_unless_same(operand),
        Operation::SetOnInsert(operand) if target.cx.inserting => set_unless_same(operand),
        Operation::SetOnInsert(_) => Outcome::Unchanged,
        Operation::Unset => Outcome::Remove,
        Operation::Arithmetic(arithmetic) => arithmetic.change(leaf, value)?,
        Operation::Min(limit) if limit.compare(value).is_lt() => {
            Outcome::Set(New::Operand(Arc::clone(&limit.value)))
        }
        Operation::Max(limit) if limit.compare(value).is_gt() => {
            Outcome::Set(New::Operand(Arc::clone(&limit.value)))
        }
        Operation::Min(_) | Operation::Max(_) => Outcome::Unchanged,
        Operation::CurrentDate(kind) => Outcome::Set(current_date(*kind, target)),
        Operation::Bit(bitwise) => bitwise.change(value)?,
        Operation::Rename(from) => match renamed(from, &leaf.path, target)? {
            Some(value) => Outcome::Set(New::Old(value)),
            None => Outcome::Unchanged,
        },
        Operation::RenameSource => Outcome::Remove,
        Operation::Push(push) => push.change(&leaf.path, value)?,
        Operation::AddToSet(set) => set.change(&leaf.path, value)?,
        Operation::Pop(pop) => pop.change(&leaf.path, value)?,
        Operation::Pull(pull) => pull.change(value)?,
    })
}

/// What the operator makes where there is nothing.
pub(super) fn create<'a>(
    leaf: &Leaf,
    blocked: Option<Blocked<'a, '_>>,
    target: Target<'a, '_>,
) -> Result<Option<New<'a>>, Error> {
    let viable = || blocked.map_or(Ok(()), |blocked| Err(blocked.error()));
    let operation = &*leaf.operation;
    match operation {
        Operation::Unset | Operation::RenameSource => return Ok(None),
        Operation::SetOnInsert(_) if !target.cx.inserting => return Ok(None),
        Operation::Rename(from) => {
            let source = renamed(from, &leaf.path, target)?;
            if source.is_some() {
                viable()?;
            }
            return Ok(source.map(New::Old));
        }
        _ => viable()?,
    }
    Ok(match operation {
        Operation::Set(operand)
        | Operation::SetOnInsert(operand)
        | Operation::Min(Limit { value: operand, .. })
        | Operation::Max(Limit { value: operand, .. }) => Some(New::Operand(Arc::clone(operand))),
        Operation::Arithmetic(arithmetic) => Some(New::Computed(arithmetic.initial.into())),
        Operation::CurrentDate(kind) => Some(current_date(*kind, target)),
        Operation::Bit(bitwise) => Some(bitwise.create()?),
        Operation::Push(push) => Some(push.create()),
        Operation::AddToSet(set) => Some(set.create()),
        Operation::Pop(_)
        | Operation::Pull(_)
        | Operation::Unset
        | Operation::Rename(_)
        | Operation::RenameSource => None,
    })
}

impl Arithmetic {
    fn change<'a>(&self, leaf: &Leaf, value: RawVal<'a>) -> Result<Outcome<'a>, Error> {
        let operator = self.operator;
        let Some(number) = Number::of(value) else {
            return Err(Error::command(
                ErrorCode::TYPE_MISMATCH,
                format!(
                    "cannot apply {operator} to a value of non-numeric type: the field '{}' is of \
                     type {}",
                    leaf.path,
                    value.type_name()
                ),
            ));
        };
        let Some(result) = (self.function)(self.operand, number) else {
            return Err(Error::command(
                ErrorCode::BAD_VALUE,
                format!(
                    "failed to apply {operator} operations to current value {} of '{}'",
                    value.to_bson(),
                    leaf.path
                ),
            ));
        };
        let result = ValueBuf::from(result);
        Ok(if is_identical(result.as_raw(), value) {
            Outcome::Unchanged
        } else {
            Outcome::Set(New::Computed(result))
        })
    }
}

/// Whether a result is the number that was there: of the same type and equal, which NaN is not.
fn is_identical(result: RawVal<'_>, value: RawVal<'_>) -> bool {
    const DECIMAL_NAN: u128 = 0b1_1111 << 122;
    let is_nan = |bits: u128| bits & DECIMAL_NAN == DECIMAL_NAN;
    if result.kind() != value.kind() || result.as_decimal_bits().is_some_and(is_nan) {
        return false;
    }
    match (result.as_f64(), value.as_f64()) {
        (Some(result), Some(value)) => result == value,
        _ => compare(result, value).is_eq(),
    }
}

fn current_date<'a>(kind: CurrentDate, target: Target<'a, '_>) -> New<'a> {
    let (kind, bytes) = match kind {
        CurrentDate::Timestamp => {
            let timestamp = target.cx.timestamp;
            let bits = u64::from(timestamp.time) << 32 | u64::from(timestamp.increment);
            (ElementType::Timestamp, bits.to_le_bytes())
        }
        _ => (ElementType::DateTime, target.cx.now.timestamp_millis().to_le_bytes()),
    };
    New::Computed(RawVal::new(kind, &bytes).into())
}

/// The value that `$rename` moves from one path to the other, if it is there.
fn renamed<'a>(from: &str, to: &str, target: Target<'a, '_>) -> Result<Option<RawVal<'a>>, Error> {
    let root = target.doc.as_raw();
    let mut through_array = false;
    let mut value = root;
    for (depth, part) in from.split('.').enumerate() {
        let next = match value.kind() {
            ElementType::EmbeddedDocument => value.get(part.as_bytes()),
            ElementType::Array if part.bytes().all(|byte| byte.is_ascii_digit()) => {
                through_array = true;
                part.parse().ok().and_then(|index| value.at(index))
            }
            _ => {
                let traversed = from.split('.').nth(depth.saturating_sub(1)).unwrap_or_default();
                return Err(Error::command(
                    ErrorCode::PATH_NOT_VIABLE,
                    format!(
                        "cannot use the part ({traversed} of {from}) to traverse the element \
                         ({{{traversed}: {}}})",
                        value.to_bson()
                    ),
                ));
            }
        };
        match next {
            Some(next) => value = next,
            None => return Ok(None),
        }
    }
    let mut into_array = false;
    let mut place = Some(root);
    for part in to.split('.') {
        into_array |= place.is_some_and(RawVal::is_array);
        place = place.and_then(|value| value.get(part.as_bytes()));
    }
    for (is_in_array, end, path) in
        [(through_array, "source", from), (into_array, "destination", to)]
    {
        if is_in_array {
            return Err(Error::command(
                ErrorCode::BAD_VALUE,
                format!("the {end} field of $rename cannot be an array element, '{path}'"),
            ));
        }
    }
    Ok(Some(value))
}
