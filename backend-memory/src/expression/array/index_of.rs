//! `$indexOfArray`.

use bson::Bson;
use odm_core::Result;

use crate::expression::compile::check_arity;
use crate::expression::variable::array_or_null;
use crate::expression::{Compiler, Evaluate, Node, Scope, Value, refused};
use crate::value::Number;

/// `$indexOfArray`: where the first element is that equals a value, at or behind a start and before an end; -1 if there
/// is none.
///
/// Null if the array is null. 40090 if it is no array (50809 if it is the only constant); 40096 if start or end is no
/// 32-bit integer, 40097 if it is negative.
pub(super) fn index_of_array(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let operands = compiler.operands(operand)?;
    check_arity("$indexOfArray", operands.len(), 2, 4)?;
    let all_constant = operands.iter().all(|operand| operand.as_constant().is_some());
    if compiler.folds()
        && !all_constant
        && let Some(array) = operands.first().and_then(Node::as_constant)
    {
        if array.is_nullish() {
            return Ok(Node::Constant(Value::NULL));
        }
        if let Err(error) = array_or_null("$indexOfArray", array, 50_809) {
            compiler.fail(error);
        }
    }
    compiler.custom(IndexOfArray { operands })
}

#[derive(Debug)]
struct IndexOfArray {
    operands: Vec<Node>,
}

impl Evaluate for IndexOfArray {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let [array, wanted, bounds @ ..] = self.operands.as_slice() else {
            return Ok(Value::NULL);
        };
        let array = array.eval(scope)?;
        let Some(array) = array_or_null("$indexOfArray", &array, 40_090)? else {
            return Ok(Value::NULL);
        };
        let mut bounds = bounds.iter().map(|bound| index(&bound.eval(scope)?));
        let start = bounds.next().transpose()?.unwrap_or(0);
        let end = bounds.next().transpose()?.unwrap_or(usize::MAX);
        let wanted = wanted.eval(scope)?;
        let collator = scope.globals.collator.as_deref();
        let found = array
            .elements()
            .enumerate()
            .take(end)
            .skip(start)
            .find(|(_, (_, element))| wanted.compare(&Value::Raw(*element), collator).is_eq());
        Ok(found.and_then(|(index, _)| i32::try_from(index).ok()).unwrap_or(-1).into())
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        self.operands.iter().for_each(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}

fn index(value: &Value<'_>) -> Result<usize> {
    let Some(number) = value.as_raw().and_then(Number::of).and_then(super::as_i32) else {
        let found = value.type_name();
        let message =
            format!("$indexOfArray requires an integral index, found a value of type: {found}");
        return refused(40_096, message);
    };
    match usize::try_from(number) {
        Ok(index) => Ok(index),
        Err(_) => {
            refused(40_097, format!("$indexOfArray requires a nonnegative index, found: {number}"))
        }
    }
}
