//! Array operators.

mod index_of;
mod n;
mod object;
mod range;
mod sort;
mod zip;

use odm_core::Result;

use super::variable::array_or_null;
use super::{ANY, ArrayBuilder, Globals, Node, Operator, Scope, Value, refused};
use crate::value::{Number, RawVal};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::binary("$arrayElemAt", array_elem_at),
    Operator::unary("$arrayToObject", object::array_to_object).null_to_null(),
    Operator::lazy("$concatArrays", 0, ANY, concat_arrays).associative(),
    Operator::unary("$first", first),
    Operator::custom("$firstN", n::first_n),
    Operator::binary("$in", in_),
    Operator::custom("$indexOfArray", index_of::index_of_array),
    Operator::unary("$isArray", is_array),
    Operator::unary("$last", last),
    Operator::custom("$lastN", n::last_n),
    Operator::custom("$maxN", n::max_n),
    Operator::custom("$minN", n::min_n),
    Operator::lazy("$range", 2, 3, range::range),
    Operator::unary("$reverseArray", reverse_array),
    Operator::unary("$size", size),
    Operator::lazy("$slice", 2, 3, slice),
    Operator::custom("$sortArray", sort::sort_array),
    Operator::custom("$zip", zip::zip),
];

/// `$arrayElemAt`: the element at an index, from the end if it is negative; missing if there is none.
///
/// Null if one operand is null. 28689 if the first is no array, 28690 if the second is no number, 28691 if it is no
/// 32-bit integer.
fn array_elem_at<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let [array, index] = operands else { return Ok(Value::NULL) };
    if array.is_nullish() || index.is_nullish() {
        return Ok(Value::NULL);
    }
    array_or_null("$arrayElemAt", array, 28_689)?;
    let Some(number) = index.as_raw().and_then(Number::of) else {
        let found = index.type_name();
        return refused(28_690, format!("$arrayElemAt's index must be a number, not {found}"));
    };
    let Some(index) = as_i32(number) else {
        return refused(28_691, "$arrayElemAt's index must be representable as a 32-bit integer");
    };
    Ok(element_at(array, index))
}

/// The element at an index, which counts from the end if it is negative.
fn element_at<'a>(array: &Value<'a>, index: i32) -> Value<'a> {
    array.part(|array| match usize::try_from(index) {
        Ok(index) => array.at(index),
        Err(_) => {
            let back = usize::try_from(index.unsigned_abs()).ok()?;
            array.at(array.elements().count().checked_sub(back)?)
        }
    })
}

/// A number that is a 32-bit integer, whatever its type.
fn as_i32(number: Number) -> Option<i32> {
    i32::try_from(number.to_exact_integer()?).ok()
}

/// `$concatArrays`: one array of the elements of all.
///
/// Null as soon as one is null. 28664 if one is no array.
fn concat_arrays<'a>(operands: &'a [Node], scope: &Scope<'a>) -> Result<Value<'a>> {
    let mut out = ArrayBuilder::new();
    for operand in operands {
        let value = operand.eval(scope)?;
        let Some(array) = array_or_null("$concatArrays", &value, 28_664)? else {
            return Ok(Value::NULL);
        };
        for (_, element) in array.elements() {
            out.try_push(element)?;
        }
    }
    Ok(out.finish())
}

/// `$first`: the first element; missing if there is none. Null of null; 28689 if it is no array.
fn first<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    end("$first", operands, 0)
}

/// `$last`: the last element; missing if there is none. Null of null; 28689 if it is no array.
fn last<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    end("$last", operands, -1)
}

fn end<'a>(operator: &str, operands: &[Value<'a>], index: i32) -> Result<Value<'a>> {
    let [array] = operands else { return Ok(Value::NULL) };
    match array_or_null(operator, array, 28_689)? {
        Some(_) => Ok(element_at(array, index)),
        None => Ok(Value::NULL),
    }
}

/// `$in`: whether an array has an element that is equal. 40081 if the second operand is no array.
fn in_<'a>(globals: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let [wanted, array] = operands else { return Ok(false.into()) };
    let Some(elements) = array.as_raw().filter(|array| array.is_array()) else {
        let found = array.type_name();
        return refused(
            40_081,
            format!("$in requires an array as a second argument, found: {found}"),
        );
    };
    let collator = globals.collator.as_deref();
    let is_wanted = |element: RawVal<'_>| wanted.compare(&Value::Raw(element), collator).is_eq();
    Ok(elements.elements().any(|(_, element)| is_wanted(element)).into())
}

/// `$isArray`: whether it is an array.
fn is_array<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let is_array = |value: &Value<'_>| value.as_raw().is_some_and(RawVal::is_array);
    Ok(operands.iter().all(is_array).into())
}

/// `$reverseArray`: the elements backwards. Null of null; 34435 if it is no array.
fn reverse_array<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let [array] = operands else { return Ok(Value::NULL) };
    let Some(array) = array_or_null("$reverseArray", array, 34_435)? else {
        return Ok(Value::NULL);
    };
    let elements: Vec<RawVal<'_>> = array.elements().map(|(_, element)| element).collect();
    Ok(Value::array(elements.into_iter().rev()))
}

/// `$size`: how many elements there are. 17124 if it is no array, null among them.
fn size<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let [array] = operands else { return Ok(Value::NULL) };
    let Some(elements) = array.as_raw().filter(|array| array.is_array()) else {
        let found = array.type_name();
        return refused(17_124, format!("the argument to $size must be an array, not {found}"));
    };
    let len = elements.elements().count();
    Ok(i32::try_from(len).map_or(Value::from(len as i64), Value::from))
}

/// `$slice`: `[array, n]`, the first `n` elements or, if it is negative, the last; `[array, position, n]`, `n` elements
/// from a position, which counts from the end if it is negative.
///
/// Null if one operand is null. 28724 if the first is no array; of the second, 28725 if it is no number and 28726 if it is
/// no 32-bit integer; of the third, 28727 and 28728, and 28729 if it is not positive.
fn slice<'a>(operands: &'a [Node], scope: &Scope<'a>) -> Result<Value<'a>> {
    let [array, position, count @ ..] = operands else { return Ok(Value::NULL) };
    let (array, position) = (array.eval(scope)?, position.eval(scope)?);
    if array.is_nullish() || position.is_nullish() {
        return Ok(Value::NULL);
    }
    let Some(array) = array_or_null("$slice", &array, 28_724)? else { return Ok(Value::NULL) };
    let position = slice_number(&position, 28_725, 28_726)?;
    // From the end, or from the start if it lies before that.
    let from_end = |back: i32| {
        let back = usize::try_from(back.unsigned_abs()).unwrap_or(usize::MAX);
        array.elements().count().saturating_sub(back)
    };
    let (start, count) = match count.first() {
        None => match usize::try_from(position) {
            Ok(count) => (0, count),
            Err(_) => (from_end(position), usize::MAX),
        },
        Some(count) => {
            let start = usize::try_from(position).unwrap_or_else(|_| from_end(position));
            let count = count.eval(scope)?;
            if count.is_nullish() {
                return Ok(Value::NULL);
            }
            match usize::try_from(slice_number(&count, 28_727, 28_728)?) {
                Ok(count) if count > 0 => (start, count),
                _ => return refused(28_729, "the third argument to $slice must be positive"),
            }
        }
    };
    let elements = array.elements().skip(start).take(count);
    Ok(Value::array(elements.map(|(_, element)| element)))
}

fn slice_number(value: &Value<'_>, not_a_number: i32, not_an_integer: i32) -> Result<i32> {
    let Some(number) = value.as_raw().and_then(Number::of) else {
        let found = value.type_name();
        return refused(not_a_number, format!("arguments to $slice must be numbers, not {found}"));
    };
    match as_i32(number) {
        Some(number) => Ok(number),
        None => refused(not_an_integer, "arguments to $slice must be 32-bit integers"),
    }
}
