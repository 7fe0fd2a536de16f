//! `$zip`.

use bson::Bson;
use odm_core::Result;

use crate::expression::variable::array_or_null;
use crate::expression::{ArrayBuilder, Compiler, Evaluate, Node, Scope, Value, refused};
use crate::value::raw::Elements;

/// `$zip`: arrays of the first elements of the inputs, of the second, …, as far as the shortest goes or, with
/// `useLongestLength`, the longest; `defaults`, or null, stand for the elements that are not there.
///
/// Null as soon as one input is null. 34468 if one is no array.
pub(super) fn zip(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let names = ["inputs", "defaults", "useLongestLength"];
    let [inputs, defaults, longest] = Compiler::arguments("$zip", operand, names, 34_460, 34_464)?;
    let mut list = |name: &str, values: Option<&Bson>, code| match values {
        None => Ok(Vec::new()),
        Some(Bson::Array(values)) => values.iter().map(|value| compiler.operand(value)).collect(),
        Some(_) => refused(code, format!("{name} must be an array of expressions")),
    };
    let (inputs, defaults) = (list("inputs", inputs, 34_461)?, list("defaults", defaults, 34_462)?);
    let longest = match longest {
        None => false,
        Some(Bson::Boolean(longest)) => *longest,
        Some(_) => return refused(34_463, "useLongestLength must be a bool"),
    };
    if inputs.is_empty() {
        return refused(34_465, "$zip requires at least one input array");
    }
    if !defaults.is_empty() {
        if !longest {
            return refused(34_466, "cannot specify defaults unless useLongestLength is true");
        }
        if defaults.len() != inputs.len() {
            return refused(34_467, "defaults and inputs must have the same length");
        }
    }
    compiler.custom(Zip { inputs, defaults, longest })
}

#[derive(Debug)]
struct Zip {
    inputs: Vec<Node>,
    defaults: Vec<Node>,
    longest: bool,
}

impl Evaluate for Zip {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            let input = input.eval(scope)?;
            if array_or_null("$zip", &input, 34_468)?.is_none() {
                return Ok(Value::NULL);
            }
            inputs.push(input);
        }
        let mut inputs: Vec<Elements<'_>> =
            inputs.iter().map(|input| input.or_null().elements()).collect();
        let lengths = inputs.iter().map(|input| input.count());
        let (shortest, longest) = (lengths.clone().min().unwrap_or(0), lengths.max().unwrap_or(0));
        let len = if self.longest { longest } else { shortest };
        let mut defaults = Vec::new();
        if len > shortest {
            for default in &self.defaults {
                defaults.push(default.eval(scope)?);
            }
        }
        let mut out = ArrayBuilder::new();
        for _ in 0..len {
            let mut row = ArrayBuilder::new();
            for (column, input) in inputs.iter_mut().enumerate() {
                let default = || defaults.get(column).unwrap_or(&Value::NULL).as_raw();
                // Of a default that is missing nothing is stored.
                if let Some(element) = input.next().map(|(_, element)| element).or_else(default) {
                    row.try_push(element)?;
                }
            }
            out.try_push(row.finish().or_null())?;
        }
        Ok(out.finish())
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        self.inputs.iter().chain(&self.defaults).for_each(visit);
    }
}
