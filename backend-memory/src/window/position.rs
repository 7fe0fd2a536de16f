//! Values by where their documents are: `$first`, `$last`, `$shift`.

use std::sync::Arc;

use bson::Bson;
use odm_core::Result;

use super::bounds::{Bounds, Frame};
use super::{Call, Function, Operator, Part, Running, malformed};
use crate::expression::{Compiler, Globals, Node, Value};
use crate::value::{Number, ValueBuf};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$first", |compiler, call| end(compiler, call, false)),
    Operator::new("$last", |compiler, call| end(compiler, call, true)),
    Operator::new("$shift", shift),
];

/// `$first`, `$last`: of the documents in the window; null if there is none. Missing stays missing.
#[derive(Debug)]
struct End {
    input: Node,
    bounds: Bounds,
    is_last: bool,
}

fn end(compiler: &mut Compiler<'_>, call: &Call<'_>, is_last: bool) -> Result<Arc<dyn Function>> {
    call.check_fields(true)?;
    let bounds = Bounds::compile(compiler, call)?;
    let input = compiler.operand(call.argument)?;
    Ok(Arc::new(End { input, bounds, is_last }))
}

impl Function for End {
    fn start(self: Arc<Self>, _: &Globals) -> Result<Box<dyn Running>> {
        Ok(Box::new(EndRunning { function: self, frame: Frame::default() }))
    }
}

struct EndRunning {
    function: Arc<End>,
    frame: Frame,
}

impl Running for EndRunning {
    fn next(&mut self, part: &Part<'_>, at: usize) -> Result<Value<'static>> {
        let window = self.frame.window(&self.function.bounds, part, at)?;
        let place =
            if self.function.is_last { window.end.checked_sub(1) } else { Some(window.start) };
        match place {
            Some(place) if window.contains(&place) => {
                Ok(part.value(&self.function.input, place)?.into_owned())
            }
            _ => Ok(Value::NULL),
        }
    }
}

/// `$shift`: of the document so many places further on; beyond the partition, the default or null.
///
/// 9 for what is malformed, for a default that is not constant, and without an order.
#[derive(Debug)]
struct Shift {
    output: Node,
    by: i32,
    default: Value<'static>,
}

fn shift(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Result<Arc<dyn Function>> {
    call.check_fields(false)?;
    if call.order.is_none() {
        return malformed("'$shift' requires a sortBy");
    }
    let Bson::Document(argument) = call.argument else {
        return malformed("Argument to $shift must be an object");
    };
    let (mut output, mut by, mut default) = (None, None, None);
    for (name, value) in argument {
        match name.as_str() {
            "output" => output = Some(compiler.operand(value)?),
            "by" => {
                let number = ValueBuf::from_bson(value)?;
                let whole = Number::of(number.as_raw()).and_then(Number::to_exact_integer);
                let Some(whole) = whole.and_then(|whole| i32::try_from(whole).ok()) else {
                    return malformed(format!(
                        "'$shift:by' field must be an integer, but found by: {value}"
                    ));
                };
                by = Some(whole);
            }
            "default" => match compiler.operand(value)?.as_constant() {
                Some(value) => default = Some(value.clone()),
                None => {
                    return malformed("'$shift:default' expression must yield a constant value.");
                }
            },
            _ => return malformed("Unknown argument in $shift"),
        }
    }
    let Some(output) = output else {
        return malformed("$shift requires an 'output' expression.");
    };
    let Some(by) = by else { return malformed("$shift requires 'by' as an integer value.") };
    Ok(Arc::new(Shift { output, by, default: default.unwrap_or(Value::NULL) }))
}

impl Function for Shift {
    fn start(self: Arc<Self>, _: &Globals) -> Result<Box<dyn Running>> {
        Ok(Box::new(Shifting(self)))
    }
}

struct Shifting(Arc<Shift>);

impl Running for Shifting {
    fn next(&mut self, part: &Part<'_>, at: usize) -> Result<Value<'static>> {
        let by = isize::try_from(self.0.by).unwrap_or(0);
        match at.checked_add_signed(by).filter(|place| *place < part.len()) {
            Some(place) => Ok(part.value(&self.0.output, place)?.into_owned()),
            None => Ok(self.0.default.clone()),
        }
    }
}
