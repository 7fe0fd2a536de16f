//! Accumulators as expressions: of their operands, or of the elements of the one array that is given.

use std::cmp::Ordering;

use odm_core::Result;

use super::{Globals, Operator, Value};
use crate::accumulator::{Accumulate, Average, Deviation, Extreme, Total};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::variadic("$avg", avg),
    Operator::variadic("$max", max).commutative(),
    Operator::variadic("$min", min).commutative(),
    Operator::variadic("$stdDevPop", std_dev_pop),
    Operator::variadic("$stdDevSamp", std_dev_samp),
    Operator::variadic("$sum", sum).commutative(),
];

/// Adds the operands; of one that is an array, its elements.
fn over<'a>(mut state: impl Accumulate, operands: &[Value<'_>]) -> Result<Value<'a>> {
    match operands {
        [Value::Raw(array)] if array.is_array() => {
            for (_, element) in array.elements() {
                state.add(&[Value::Raw(element)])?;
            }
        }
        [Value::Owned(array)] if array.as_raw().is_array() => {
            for (_, element) in array.as_raw().elements() {
                state.add(&[Value::Raw(element)])?;
            }
        }
        operands => {
            for operand in operands {
                state.add(std::slice::from_ref(operand))?;
            }
        }
    }
    Ok(state.result())
}

/// `$avg`: of the numbers; null without any.
fn avg<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    over(Average::default(), operands)
}

/// `$max`: the greatest value but null and missing; null without any.
fn max<'a>(globals: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    over(Extreme::of(Ordering::Greater, globals.collator.clone()), operands)
}

/// `$min`: the least value but null and missing; null without any.
fn min<'a>(globals: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    over(Extreme::of(Ordering::Less, globals.collator.clone()), operands)
}

/// `$stdDevPop`: of the numbers; null without any.
fn std_dev_pop<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    over(Deviation::default(), operands)
}

/// `$stdDevSamp`: of the numbers as a sample; null with less than two.
fn std_dev_samp<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    over(Deviation::of_sample(), operands)
}

/// `$sum`: of the numbers; 0 without any.
fn sum<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    over(Total::default(), operands)
}
