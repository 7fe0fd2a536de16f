//! `$firstN`, `$lastN`, `$maxN`, `$minN`.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use bson::Bson;
use odm_core::Result;

use crate::accumulator::count_of;
use crate::collation::Collator;
use crate::expression::{Compiler, Evaluate, Node, Scope, Value, refused};
use crate::value::{KeyBytes, RawVal};

/// Chooses elements of an array.
type Choose = for<'v> fn(RawVal<'v>, usize, Option<&Collator>) -> Vec<RawVal<'v>>;

/// `$firstN`: the first `n` elements, nulls among them.
///
/// All of these: 5787902 if `n` is no number, 5787903 if it is no integer, 5787908 if it is not positive; 5788200 if the
/// input is no array, null among them.
pub(super) fn first_n(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    compile(compiler, operand, "$firstN", 5_787_801, |array, n, _| {
        array.elements().take(n).map(|(_, element)| element).collect()
    })
}

/// `$lastN`: the last `n` elements, nulls among them.
pub(super) fn last_n(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    compile(compiler, operand, "$lastN", 5_787_801, |array, n, _| {
        let skipped = array.elements().count().saturating_sub(n);
        array.elements().skip(skipped).map(|(_, element)| element).collect()
    })
}

/// `$maxN`: the `n` largest elements, the largest first; no nulls.
pub(super) fn max_n(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    compile(compiler, operand, "$maxN", 5_787_900, |array, n, collator| {
        extremes(array, n, collator, Ordering::Greater).into_values().rev().collect()
    })
}

/// `$minN`: the `n` smallest elements, the smallest first; no nulls.
pub(super) fn min_n(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    compile(compiler, operand, "$minN", 5_787_900, |array, n, collator| {
        extremes(array, n, collator, Ordering::Less).into_values().collect()
    })
}

/// The extremes in ascending order, equal ones as they came. One that only equals the least extreme of `n` does not
/// take its place.
fn extremes<'v>(
    array: RawVal<'v>,
    n: usize,
    collator: Option<&Collator>,
    wanted: Ordering,
) -> BTreeMap<(KeyBytes, usize), RawVal<'v>> {
    let mut found: BTreeMap<(KeyBytes, usize), RawVal<'v>> = BTreeMap::new();
    for (position, (_, element)) in array.elements().enumerate() {
        if element.is_null() || element.is_undefined() {
            continue;
        }
        let key = KeyBytes::collated(collator, element);
        if found.len() >= n {
            let worst = if wanted.is_gt() { found.first_entry() } else { found.last_entry() };
            match worst {
                Some(worst) if key.cmp(&worst.key().0) == wanted => worst.remove(),
                _ => continue,
            };
        }
        found.insert((key, position), element);
    }
    found
}

fn compile(
    compiler: &mut Compiler<'_>,
    operand: &Bson,
    operator: &'static str,
    not_an_object: i32,
    choose: Choose,
) -> Result<Node> {
    let [n, input] =
        Compiler::arguments(operator, operand, ["n", "input"], not_an_object, 5_787_901)?;
    let Some(n) = n else {
        return refused(5_787_906, format!("missing value for 'n' of {operator}"));
    };
    let Some(input) = input else {
        return refused(5_787_907, format!("missing value for 'input' of {operator}"));
    };
    let (n, input) = (compiler.unfolded_operand(n)?, compiler.unfolded_operand(input)?);
    compiler.custom(N { operator, n, input, choose })
}

#[derive(Debug)]
struct N {
    operator: &'static str,
    n: Node,
    input: Node,
    choose: Choose,
}

impl Evaluate for N {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let n = count_of(&self.n.eval(scope)?)?;
        let input = self.input.eval(scope)?;
        let Some(array) = input.as_raw().filter(|array| array.is_array()) else {
            let (operator, found) = (self.operator, input.type_name());
            return refused(
                5_788_200,
                format!("the input to {operator} must be an array, not {found}"),
            );
        };
        Ok(Value::array((self.choose)(array, n, scope.globals.collator.as_deref())))
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        [&self.n, &self.input].into_iter().for_each(visit);
    }
}
