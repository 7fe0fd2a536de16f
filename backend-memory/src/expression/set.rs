//! Set operators: of arrays, whatever the order of their elements and how often each comes.

use std::collections::BTreeMap;

use bson::Bson;
use odm_core::{Error, ErrorCode, Result};
use rustc_hash::FxHashSet;

use super::compile::check_arity;
use super::variable::array_or_null;
use super::{
    ANY, ArrayBuilder, Compiler, Evaluate, Globals, Node, Operator, Scope, Value, refused,
};
use crate::collation::Collator;
use crate::value::{KeyBytes, RawVal};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::unary("$allElementsTrue", all_elements_true),
    Operator::unary("$anyElementTrue", any_element_true),
    Operator::lazy("$setDifference", 2, 2, set_difference),
    Operator::custom("$setEquals", set_equals),
    Operator::lazy("$setIntersection", 0, ANY, set_intersection).commutative(),
    Operator::custom("$setIsSubset", set_is_subset),
    Operator::lazy("$setUnion", 0, ANY, set_union).commutative_by_bytes(),
];

/// The different elements of arrays, in order; of equal ones the first.
type Elements<'v> = BTreeMap<KeyBytes, RawVal<'v>>;

/// The keys of elements, to look others up.
type Keys = FxHashSet<KeyBytes>;

fn keys(collator: Option<&Collator>, array: RawVal<'_>) -> Keys {
    array.elements().map(|(_, element)| KeyBytes::collated(collator, element)).collect()
}

fn insert<'v>(set: &mut Elements<'v>, collator: Option<&Collator>, array: RawVal<'v>) {
    for (_, element) in array.elements() {
        set.entry(KeyBytes::collated(collator, element)).or_insert(element);
    }
}

/// `$allElementsTrue`: whether a condition with any element would hold. 17040 if it is no array, null among them.
fn all_elements_true<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let array = only_array("$allElementsTrue", operands, 17_040)?;
    Ok(array.elements().all(|(_, element)| Value::Raw(element).is_true()).into())
}

/// `$anyElementTrue`: whether a condition with some element would hold. 17041 if it is no array, null among them.
fn any_element_true<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let array = only_array("$anyElementTrue", operands, 17_041)?;
    Ok(array.elements().any(|(_, element)| Value::Raw(element).is_true()).into())
}

fn only_array<'v>(operator: &str, operands: &'v [Value<'_>], code: i32) -> Result<RawVal<'v>> {
    required(operator, operands.first().unwrap_or(&Value::NULL), code)
}

/// An array that may not be null.
fn required<'v>(operator: &str, value: &'v Value<'_>, code: i32) -> Result<RawVal<'v>> {
    match value.as_raw().filter(|value| value.is_array()) {
        Some(array) => Ok(array),
        None => {
            let found = value.type_name();
            refused(code, format!("all operands of {operator} must be arrays, not {found}"))
        }
    }
}

/// `$setDifference`: the elements of the first array that the second has not, each once, in their order.
///
/// Null if one is null. 17048 if the first is no array, 17049 if the second is none.
fn set_difference<'a>(operands: &'a [Node], scope: &Scope<'a>) -> Result<Value<'a>> {
    let [left, right] = operands else { return Ok(Value::NULL) };
    let (left, right) = (left.eval(scope)?, right.eval(scope)?);
    if left.is_nullish() || right.is_nullish() {
        return Ok(Value::NULL);
    }
    let left = required("$setDifference", &left, 17_048)?;
    let right = required("$setDifference", &right, 17_049)?;
    let collator = scope.globals.collator.as_deref();
    let mut seen = keys(collator, right);
    let mut out = ArrayBuilder::new();
    for (_, element) in left.elements() {
        if seen.insert(KeyBytes::collated(collator, element)) {
            out.push(element);
        }
    }
    Ok(out.finish())
}

/// `$setIntersection`: the elements that all arrays have, in the order of values.
///
/// Null as soon as one is null. 17047 if one is no array.
fn set_intersection<'a>(operands: &'a [Node], scope: &Scope<'a>) -> Result<Value<'a>> {
    let collator = scope.globals.collator.as_deref();
    let Some(values) = arrays("$setIntersection", operands, scope, 17_047)? else {
        return Ok(Value::NULL);
    };
    let mut common = Elements::new();
    for (index, value) in values.iter().enumerate() {
        let mut next = Elements::new();
        insert(&mut next, collator, value.or_null());
        if index == 0 {
            common = next;
            continue;
        }
        // Of equal elements the smaller set's are taken.
        if common.len() > next.len() {
            std::mem::swap(&mut common, &mut next);
        }
        common.retain(|key, _| next.contains_key(key));
    }
    Ok(Value::array(common.into_values()))
}

/// The operands, which must be arrays; none as soon as one is null.
fn arrays<'a>(
    operator: &str,
    operands: &'a [Node],
    scope: &Scope<'a>,
    code: i32,
) -> Result<Option<Vec<Value<'a>>>> {
    let mut values = Vec::with_capacity(operands.len());
    for operand in operands {
        let value = operand.eval(scope)?;
        if array_or_null(operator, &value, code)?.is_none() {
            return Ok(None);
        }
        values.push(value);
    }
    Ok(Some(values))
}

/// `$setUnion`: the elements of all arrays, each once, in the order of values.
///
/// Null as soon as one is null. 17043 if one is no array.
fn set_union<'a>(operands: &'a [Node], scope: &Scope<'a>) -> Result<Value<'a>> {
    let Some(values) = arrays("$setUnion", operands, scope, 17_043)? else {
        return Ok(Value::NULL);
    };
    let mut union = Elements::new();
    for value in &values {
        insert(&mut union, scope.globals.collator.as_deref(), value.or_null());
    }
    let mut out = ArrayBuilder::new();
    for element in union.into_values() {
        out.try_push(element)?;
    }
    Ok(out.finish())
}

/// `$setEquals`: whether all arrays have the same elements.
///
/// 17045 if there are fewer than two operands, 17044 if one is no array (5887502 if it is constant), null among them.
fn set_equals(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let mut operands = compiler.operands(operand)?;
    if operands.len() < 2 {
        return refused(
            17_045,
            format!("$setEquals needs at least two arguments, had: {}", operands.len()),
        );
    }
    let constants =
        || operands.iter().enumerate().filter_map(|(at, node)| Some((at, node.as_constant()?)));
    if constants().any(|(_, value)| !value.as_raw().is_some_and(RawVal::is_array)) {
        let message = "all operands of $setEquals must be arrays".to_owned();
        compiler.fail(Error::command(ErrorCode(5_887_502), message));
    }
    // What the others are compared to.
    if compiler.folds()
        && let Some((at, _)) = constants().next()
    {
        operands[..=at].rotate_right(1);
    }
    compiler.custom(SetEquals { operands })
}

#[derive(Debug)]
struct SetEquals {
    operands: Vec<Node>,
}

impl Evaluate for SetEquals {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let collator = scope.globals.collator.as_deref();
        let mut first: Option<Keys> = None;
        for operand in &self.operands {
            let value = operand.eval(scope)?;
            let keys = keys(collator, required("$setEquals", &value, 17_044)?);
            match &first {
                None => first = Some(keys),
                Some(first) if *first != keys => return Ok(false.into()),
                Some(_) => {}
            }
        }
        Ok(true.into())
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        self.operands.iter().for_each(visit);
    }
}

/// `$setIsSubset`: whether the second array has all elements of the first.
///
/// 17046 if the first is no array, 17042 if the second is none, null among them; 17310 and 17311 if only the second is
/// constant.
fn set_is_subset(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let operands = compiler.operands(operand)?;
    check_arity("$setIsSubset", operands.len(), 2, 2)?;
    let mut constant = None;
    if compiler.folds()
        && let [left, right] = operands.as_slice()
        && left.as_constant().is_none()
        && let Some(right) = right.as_constant()
    {
        let collator = compiler.globals().collator.as_deref();
        match required("$setIsSubset", right, 17_311) {
            Ok(array) => constant = Some(keys(collator, array)),
            Err(error) => compiler.fail(error),
        }
    }
    compiler.custom(SetIsSubset { operands, constant })
}

#[derive(Debug)]
struct SetIsSubset {
    operands: Vec<Node>,
    /// The elements of the second array, if only it is constant.
    constant: Option<Keys>,
}

impl Evaluate for SetIsSubset {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let [left, right] = self.operands.as_slice() else { return Ok(false.into()) };
        let collator = scope.globals.collator.as_deref();
        let is_subset = |left: RawVal<'_>, right: &Keys| {
            left.elements()
                .all(|(_, element)| right.contains(&KeyBytes::collated(collator, element)))
        };
        let left = left.eval(scope)?;
        if let Some(right) = &self.constant {
            return Ok(is_subset(required("$setIsSubset", &left, 17_310)?, right).into());
        }
        let right = right.eval(scope)?;
        let left = required("$setIsSubset", &left, 17_046)?;
        let right = required("$setIsSubset", &right, 17_042)?;
        Ok(is_subset(left, &keys(collator, right)).into())
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        self.operands.iter().for_each(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}
