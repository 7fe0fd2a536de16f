//! Variables: operators that give names to values.

use bson::Bson;
use odm_core::Result;
use smallvec::SmallVec;

use super::compile::check_bound_variable;
use super::{ArrayBuilder, Compiler, Evaluate, Node, Operator, Scope, Value, refused};
use crate::value::{Number, RawVal};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::custom("$filter", filter),
    Operator::custom("$let", let_),
    Operator::custom("$map", map),
    Operator::custom("$reduce", reduce),
];

/// How deep values may be nested that are made step by step.
const MAX_DEPTH: usize = 200;

/// `$filter`: the elements for which a condition holds, the first `limit` of them if there is a limit.
///
/// Null of null. 28651 if the input is no array; 327391 if the limit is no 32-bit integer, 327392 if it is not positive.
fn filter(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let names = ["input", "as", "cond", "limit"];
    let [input, name, condition, limit] =
        Compiler::arguments("$filter", operand, names, 28_646, 28_647)?;
    let Some(input) = input else { return missing("$filter", "input", 28_648) };
    let Some(condition) = condition else { return missing("$filter", "cond", 28_650) };
    let input = compiler.operand(input)?;
    let name = element_name(name)?;
    let condition = compiler.bind(vec![name], |compiler| compiler.operand(condition))?;
    let limit = limit.map(|limit| compiler.operand(limit)).transpose()?;
    compiler.custom(Filter { input, condition, limit })
}

#[derive(Debug)]
struct Filter {
    input: Node,
    condition: Node,
    limit: Option<Node>,
}

impl Evaluate for Filter {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let input = self.input.eval(scope)?;
        let Some(input) = array_or_null("$filter", &input, 28_651)? else {
            return Ok(Value::NULL);
        };
        if input.is_empty() {
            return Ok(RawVal::EMPTY_ARRAY.into());
        }
        let limit = self.limit.as_ref().map_or(Ok(usize::MAX), |limit| limit_of(limit, scope))?;
        let mut out = ArrayBuilder::new();
        for (_, element) in input.elements() {
            let variables = [Value::Raw(element)];
            let frame = scope.frame(&variables);
            if self.condition.eval(&scope.within(&frame))?.is_true() {
                out.push(element);
                if out.len() >= limit {
                    break;
                }
            }
        }
        Ok(out.finish())
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        [&self.input, &self.condition].into_iter().chain(&self.limit).for_each(visit);
    }
}

/// How many elements `$filter` gives at most.
fn limit_of(limit: &Node, scope: &Scope<'_>) -> Result<usize> {
    let limit = limit.eval(scope)?;
    if limit.is_nullish() {
        return Ok(usize::MAX);
    }
    let number = limit.as_raw().and_then(Number::of).and_then(Number::to_exact_integer);
    match number.map(i32::try_from) {
        Some(Ok(limit)) => match usize::try_from(limit) {
            Ok(limit) if limit > 0 => Ok(limit),
            _ => refused(327_392, format!("$filter: limit must be greater than 0, not {limit}")),
        },
        _ => refused(327_391, "$filter: limit must be represented as a 32-bit integral value"),
    }
}

/// `$let`: an expression that may use these variables. They do not see each other.
fn let_(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let [variables, body] = Compiler::arguments("$let", operand, ["vars", "in"], 16_874, 16_875)?;
    let Some(variables) = variables else { return missing("$let", "vars", 16_876) };
    let Some(body) = body else { return missing("$let", "in", 16_877) };
    let variables = match variables {
        Bson::Document(variables) => variables,
        Bson::Array(values) if values.is_empty() => return compiler.operand(body),
        // Its elements are called 0, 1, …
        Bson::Array(_) => {
            return refused(9, "'0' starts with an invalid character for a user variable name");
        }
        _ => return refused(10_065, "invalid parameter: expected an object (vars)"),
    };
    let mut names: Vec<Box<str>> = Vec::with_capacity(variables.len());
    let mut values = Vec::with_capacity(variables.len());
    for (name, value) in variables {
        check_bound_variable(name)?;
        names.push(name.as_str().into());
        values.push(compiler.operand(value)?);
    }
    if names.is_empty() {
        return compiler.operand(body);
    }
    let body = compiler.bind(names, |compiler| compiler.operand(body))?;
    compiler.custom(Let { values, body })
}

#[derive(Debug)]
struct Let {
    values: Vec<Node>,
    body: Node,
}

impl Evaluate for Let {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let mut values: SmallVec<[Value<'_>; 3]> = SmallVec::new();
        for value in &self.values {
            values.push(value.eval(scope)?);
        }
        let frame = scope.frame(&values);
        Ok(self.body.eval(&scope.within(&frame))?.into_owned())
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        self.values.iter().for_each(&mut *visit);
        visit(&self.body);
    }
}

/// `$map`: what an expression makes of each element; null where it makes nothing.
///
/// Null of null. 16883 if the input is no array.
fn map(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let [input, name, body] =
        Compiler::arguments("$map", operand, ["input", "as", "in"], 16_878, 16_879)?;
    let Some(input) = input else { return missing("$map", "input", 16_880) };
    let Some(body) = body else { return missing("$map", "in", 16_882) };
    let input = compiler.operand(input)?;
    let name = element_name(name)?;
    let body = compiler.bind(vec![name], |compiler| compiler.operand(body))?;
    compiler.custom(Map { input, body })
}

#[derive(Debug)]
struct Map {
    input: Node,
    body: Node,
}

impl Evaluate for Map {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let input = self.input.eval(scope)?;
        let Some(input) = array_or_null("$map", &input, 16_883)? else {
            return Ok(Value::NULL);
        };
        let mut out = ArrayBuilder::new();
        for (_, element) in input.elements() {
            let variables = [Value::Raw(element)];
            let frame = scope.frame(&variables);
            out.try_push(self.body.eval(&scope.within(&frame))?.or_null())?;
        }
        Ok(out.finish())
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        [&self.input, &self.body].into_iter().for_each(visit);
    }
}

/// `$reduce`: an expression of each element, `$$this`, and of what it gave before, `$$value`.
///
/// Null of null. 40080 if the input is no array.
fn reduce(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let names = ["input", "initialValue", "in"];
    let [input, initial, body] = Compiler::arguments("$reduce", operand, names, 40_075, 40_076)?;
    let Some(input) = input else { return missing("$reduce", "input", 40_077) };
    let Some(initial) = initial else { return missing("$reduce", "initialValue", 40_078) };
    let Some(body) = body else { return missing("$reduce", "in", 40_079) };
    let (input, initial) = (compiler.operand(input)?, compiler.operand(initial)?);
    let names = vec!["this".into(), "value".into()];
    let body = compiler.bind(names, |compiler| compiler.operand(body))?;
    compiler.custom(Reduce { input, initial, body })
}

#[derive(Debug)]
struct Reduce {
    input: Node,
    initial: Node,
    body: Node,
}

impl Evaluate for Reduce {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let input = self.input.eval(scope)?;
        let Some(input) = array_or_null("$reduce", &input, 40_080)? else {
            return Ok(Value::NULL);
        };
        let mut value = self.initial.eval(scope)?;
        for (_, element) in input.elements() {
            let variables = [Value::Raw(element), value];
            let frame = scope.frame(&variables);
            value = self.body.eval(&scope.within(&frame))?.into_owned();
            // Nothing else in an expression nests deeper the more data there is.
            if value.as_raw().is_some_and(|value| is_deeper(value, MAX_DEPTH)) {
                return refused(15, "$reduce: the value exceeds the limit of nested objects");
            }
        }
        Ok(value)
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        [&self.input, &self.initial, &self.body].into_iter().for_each(visit);
    }
}

/// Whether a value has more levels of documents and arrays than these.
fn is_deeper(value: RawVal<'_>, levels: usize) -> bool {
    (value.is_array() || value.is_object())
        && (levels == 0 || value.elements().any(|(_, inner)| is_deeper(inner, levels - 1)))
}

/// The name that `as` gives to an element.
fn element_name(name: Option<&Bson>) -> Result<Box<str>> {
    let name = match name {
        None => "this",
        Some(name) => name.as_str().unwrap_or_default(),
    };
    check_bound_variable(name)?;
    Ok(name.into())
}

fn missing<T>(operator: &str, name: &str, code: i32) -> Result<T> {
    refused(code, format!("missing '{name}' parameter to {operator}"))
}

/// The array that an operator works on; none if it is null or missing.
///
/// # Errors
///
/// `code` if it is anything else.
pub(super) fn array_or_null<'v>(
    operator: &str,
    value: &'v Value<'_>,
    code: i32,
) -> Result<Option<RawVal<'v>>> {
    match value.as_raw() {
        Some(array) if array.is_array() => Ok(Some(array)),
        _ if value.is_nullish() => Ok(None),
        _ => {
            let found = value.type_name();
            refused(code, format!("the argument to {operator} must be an array, not {found}"))
        }
    }
}
