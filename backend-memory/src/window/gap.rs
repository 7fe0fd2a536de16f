//! What fills gaps: `$locf`, `$linearFill`.

use std::sync::Arc;

use odm_core::{ErrorCode, Result};

use super::change::{add, difference, divide, multiply};
use super::{Call, Function, Operator, Part, Running};
use crate::expression::{Compiler, Globals, Node, Value, refused};
use crate::value::ElementType;

pub(super) const OPERATORS: &[Operator] =
    &[Operator::new("$linearFill", linear_fill), Operator::new("$locf", locf)];

/// `$locf`: the last value that is neither null nor missing, and null before there is one.
#[derive(Debug)]
struct Locf(Node);

fn locf(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Result<Arc<dyn Function>> {
    call.check_fields(false)?;
    Ok(Arc::new(Locf(compiler.operand(call.argument)?)))
}

impl Function for Locf {
    fn start(self: Arc<Self>, _: &Globals) -> Result<Box<dyn Running>> {
        Ok(Box::new(Carrying { function: self, last: Value::NULL }))
    }
}

struct Carrying {
    function: Arc<Locf>,
    last: Value<'static>,
}

impl Running for Carrying {
    fn next(&mut self, part: &Part<'_>, at: usize) -> Result<Value<'static>> {
        let value = part.value(&self.function.0, at)?;
        if !value.is_nullish() {
            self.last = value.into_owned();
        }
        Ok(self.last.clone())
    }
}

/// `$linearFill`: where a value is null or missing, the one on the line between its neighbors; null where
/// there is none on one of the sides.
///
/// 605001 unless the order is that of one field; 14 for a value that is no number, or a field of the order that
/// is neither number nor date, or now this and now that; 6050106 for two equal ones.
#[derive(Debug)]
struct LinearFill {
    input: Node,
    by: Node,
}

fn linear_fill(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Result<Arc<dyn Function>> {
    call.check_fields(false)?;
    let Some(by) = call.sorted_by(compiler)? else {
        return refused(
            605_001,
            "$linearFill must be specified with a top level sortBy expression with exactly one element",
        );
    };
    Ok(Arc::new(LinearFill { input: compiler.operand(call.argument)?, by }))
}

impl Function for LinearFill {
    fn start(self: Arc<Self>, _: &Globals) -> Result<Box<dyn Running>> {
        let next = Next::Unknown;
        Ok(Box::new(Filling { function: self, seen: None, before: None, next }))
    }
}

/// A value of the order, and the value there.
type Point = (Value<'static>, Value<'static>);

struct Filling {
    function: Arc<LinearFill>,
    /// The last value of the order.
    seen: Option<Value<'static>>,
    before: Option<Point>,
    next: Next,
}

/// The next document with a value.
enum Next {
    Unknown,
    Nowhere,
    At(Point),
}

impl Running for Filling {
    fn next(&mut self, part: &Part<'_>, at: usize) -> Result<Value<'static>> {
        let function = self.function.clone();
        let value = part.value(&function.input, at)?;
        let refuse = |message: String| refused(ErrorCode::TYPE_MISMATCH.0, message);
        if !value.is_nullish() && value.as_number().is_none() {
            let found = value.type_name();
            return refuse(format!(
                "Value to be filled must be numeric or nullish, but found {found}"
            ));
        }
        let by = part.value(&function.by, at)?;
        let is_date = |value: &Value<'_>| value.kind() == Some(ElementType::DateTime);
        if by.as_number().is_none() && !is_date(&by) {
            let found = by.type_name();
            return refuse(format!(
                "Value of the sortBy field must be numeric or a date, but found {found}"
            ));
        }
        if let Some(seen) = &self.seen {
            if seen.compare(&by, None).is_eq() {
                return refused(6_050_106, "There can be no repeated values in the sort field");
            }
            if is_date(seen) != is_date(&by) {
                let (before, found) = (seen.type_name(), by.type_name());
                return refuse(format!(
                    "Conflicting sort value types, previously received type {before}, but found {found}"
                ));
            }
        }
        self.seen = Some(by.clone().into_owned());
        if !value.is_nullish() {
            let value = value.into_owned();
            self.before = Some((by.into_owned(), value.clone()));
            self.next = Next::Unknown;
            return Ok(value);
        }
        let Some((x1, y1)) = &self.before else { return Ok(Value::NULL) };
        if matches!(self.next, Next::Unknown) {
            self.next = function.find(part, at + 1)?;
        }
        let Next::At((x2, y2)) = &self.next else { return Ok(Value::NULL) };
        let slope = divide(difference(y2, y1)?, difference(x2, x1)?)?;
        let rise = multiply(difference(&by, x1)?, slope);
        match y1.as_number() {
            Some(y1) => Ok(add(y1, rise).into()),
            None => Ok(Value::NULL),
        }
    }
}

impl LinearFill {
    /// The first document from there on that has both values.
    fn find(&self, part: &Part<'_>, from: usize) -> Result<Next> {
        for at in from..part.len() {
            part.check_deadline(at)?;
            let value = part.value(&self.input, at)?;
            let by = part.value(&self.by, at)?;
            if !value.is_nullish() && !by.is_nullish() {
                return Ok(Next::At((by.into_owned(), value.into_owned())));
            }
        }
        Ok(Next::Nowhere)
    }
}
