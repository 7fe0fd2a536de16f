//! `$sortArray`.

use std::cmp::Ordering;

use bson::Bson;
use odm_core::Result;

use crate::collation::Collator;
use crate::expression::variable::array_or_null;
use crate::expression::{Compiler, Evaluate, Node, Scope, Value, refused};
use crate::value::{Number, RawVal, ValueBuf, compare_collated};

/// `$sortArray`: the elements in order, of the values themselves (`sortBy: 1`) or of fields of theirs (`sortBy: {a: 1}`).
/// An element that is no document sorts as one without fields, and what is missing as null. Equal elements stay in
/// their order.
///
/// Null of null. 2942504 if the input is no array.
pub(super) fn sort_array(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let [input, by] =
        Compiler::arguments("$sortArray", operand, ["input", "sortBy"], 2_942_500, 2_942_501)?;
    let Some(input) = input else {
        return refused(2_942_502, "$sortArray requires 'input' to be specified");
    };
    let Some(by) = by else {
        return refused(2_942_503, "$sortArray requires 'sortBy' to be specified");
    };
    let input = compiler.operand(input)?;
    let by = By::parse(by)?;
    compiler.custom(SortArray { input, by })
}

#[derive(Debug)]
struct SortArray {
    input: Node,
    by: By,
}

/// What elements are sorted by.
#[derive(Debug)]
enum By {
    Value {
        descending: bool,
    },
    /// Paths, each as the names of its parts.
    Fields(Vec<(Vec<Box<[u8]>>, bool)>),
}

impl By {
    /// Reads a `sortBy`.
    ///
    /// # Errors
    ///
    /// 2942507 if it is neither a number nor an object; 2942506 if the number is not 1 or -1; 2942505 for an object
    /// with other numbers, without fields, or with an empty name in a path.
    fn parse(by: &Bson) -> Result<By> {
        if let Some(number) = number(by) {
            return match direction(number) {
                Some(descending) => Ok(By::Value { descending }),
                None => refused(2_942_506, "the $sortArray element value must be either 1 or -1"),
            };
        }
        let Bson::Document(fields) = by else {
            return refused(2_942_507, "$sortArray requires 'sortBy' to be an object, 1 or -1");
        };
        let malformed = |message: String| refused(2_942_505, message);
        if fields.is_empty() {
            return malformed("$sortArray requires a sort pattern that is not empty".to_owned());
        }
        let mut parsed = Vec::with_capacity(fields.len());
        for (path, order) in fields {
            let Some(descending) = number(order).and_then(direction) else {
                return malformed(format!("the order of '{path}' must be either 1 or -1"));
            };
            if path.split('.').any(str::is_empty) {
                return malformed(format!("the path '{path}' has an empty part"));
            }
            let parts = path.split('.').map(|part| part.as_bytes().into()).collect();
            parsed.push((parts, descending));
        }
        Ok(By::Fields(parsed))
    }

    /// The elements of an array in order.
    fn sort(&self, array: RawVal<'_>, collator: Option<&Collator>) -> Value<'static> {
        let elements = array.elements().map(|(_, element)| element);
        let compare = |a, b, descending| match compare_collated(collator, a, b) {
            ordering if descending => Ordering::reverse(ordering),
            ordering => ordering,
        };
        match self {
            By::Value { descending } => {
                let mut elements: Vec<RawVal<'_>> = elements.collect();
                elements.sort_by(|a, b| compare(*a, *b, *descending));
                Value::array(elements)
            }
            By::Fields(fields) => {
                // The fields of all elements, one after the other, so that each is looked up only once.
                let mut keys = Vec::new();
                let mut order = Vec::new();
                for (index, element) in elements.enumerate() {
                    keys.extend(fields.iter().map(|(path, _)| field(element, path)));
                    order.push((index, element));
                }
                let keys_of = |index: usize| keys.iter().skip(index * fields.len());
                order.sort_by(|(a, _), (b, _)| {
                    let pairs = keys_of(*a).zip(keys_of(*b)).zip(fields);
                    let mut orderings =
                        pairs.map(|((a, b), (_, descending))| compare(*a, *b, *descending));
                    orderings.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
                });
                Value::array(order.into_iter().map(|(_, element)| element))
            }
        }
    }
}

/// What an element sorts by.
fn field<'v>(element: RawVal<'v>, path: &[Box<[u8]>]) -> RawVal<'v> {
    if !element.is_object() {
        return RawVal::NULL;
    }
    let found = path.iter().try_fold(element, |value, name| value.get(name));
    found.unwrap_or(RawVal::NULL)
}

fn number(value: &Bson) -> Option<Number> {
    match value {
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => {
            ValueBuf::from_bson(value).ok().and_then(|value| Number::of(value.as_raw()))
        }
        _ => None,
    }
}

/// Whether a direction is descending; none if it is no direction.
fn direction(number: Number) -> Option<bool> {
    match number.to_exact_integer() {
        Some(1) => Some(false),
        Some(-1) => Some(true),
        _ => None,
    }
}

impl Evaluate for SortArray {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let input = self.input.eval(scope)?;
        let Some(array) = array_or_null("$sortArray", &input, 2_942_504)? else {
            return Ok(Value::NULL);
        };
        Ok(self.by.sort(array, scope.globals.collator.as_deref()))
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(&self.input);
    }
}
