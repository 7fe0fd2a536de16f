//! Comparison operators: over all types, in the order that `$sort` has too.
//!
//! Missing is below null, and both are values to compare. Strings compare as the command's collation has it.

use std::cmp::Ordering;

use odm_core::Result;

use super::{Globals, Operator, Value};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::binary("$cmp", cmp),
    Operator::binary("$eq", eq),
    Operator::binary("$gt", gt),
    Operator::binary("$gte", gte),
    Operator::binary("$lt", lt),
    Operator::binary("$lte", lte),
    Operator::binary("$ne", ne),
];

/// `$cmp`: -1, 0 or 1, for below, equal and above.
fn cmp<'a>(globals: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    Ok((compare(globals, operands) as i32).into())
}

/// `$eq`: whether two values are equal; 1 and 1.0 are.
fn eq<'a>(globals: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    Ok(compare(globals, operands).is_eq().into())
}

/// `$gt`: whether the first is above the second.
fn gt<'a>(globals: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    Ok(compare(globals, operands).is_gt().into())
}

/// `$gte`: whether the first is not below the second.
fn gte<'a>(globals: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    Ok(compare(globals, operands).is_ge().into())
}

/// `$lt`: whether the first is below the second.
fn lt<'a>(globals: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    Ok(compare(globals, operands).is_lt().into())
}

/// `$lte`: whether the first is not above the second.
fn lte<'a>(globals: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    Ok(compare(globals, operands).is_le().into())
}

/// `$ne`: whether two values are not equal.
fn ne<'a>(globals: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    Ok(compare(globals, operands).is_ne().into())
}

fn compare(globals: &Globals, operands: &[Value<'_>]) -> Ordering {
    match operands {
        [a, b] => a.compare(b, globals.collator.as_deref()),
        _ => Ordering::Equal,
    }
}
