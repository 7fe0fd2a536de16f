//! `$bit`.

use bson::Bson;
use odm_core::{BitOp, Error, ErrorCode};

use super::fields::Outcome;
use super::write::New;
use crate::value::number::Number;
use crate::value::{RawVal, ValueBuf};

/// The operations of one `$bit`, in order.
#[derive(Debug)]
pub(super) struct Bitwise(Vec<(Function, Number)>);

type Function = fn(i64, i64) -> i64;

impl Bitwise {
    pub(super) fn new(operations: &[(BitOp, Bson)]) -> Result<Self, Error> {
        let operation = |(op, by): &(BitOp, Bson)| {
            let function: Function = match op {
                BitOp::And => |a, b| a & b,
                BitOp::Or => |a, b| a | b,
                BitOp::Xor => |a, b| a ^ b,
            };
            match by {
                Bson::Int32(n) => Ok((function, Number::Int32(*n))),
                Bson::Int64(n) => Ok((function, Number::Int64(*n))),
                other => Err(not_integral(&format!("the operand {other}"))),
            }
        };
        operations.iter().map(operation).collect::<Result<_, _>>().map(Bitwise)
    }

    pub(super) fn change<'a>(&self, value: RawVal<'_>) -> Result<Outcome<'a>, Error> {
        let result = Number::of(value)
            .and_then(|number| self.apply(number))
            .ok_or_else(|| not_integral(&format!("{}", value.to_bson())))?;
        let result = ValueBuf::from(result);
        Ok(if result.as_raw() == value {
            Outcome::Unchanged
        } else {
            Outcome::Set(New::Computed(result))
        })
    }

    /// A missing field is taken for zero.
    pub(super) fn create<'a>(&self) -> Result<New<'a>, Error> {
        let result = self.apply(Number::Int32(0)).ok_or_else(|| not_integral("the operand"))?;
        Ok(New::Computed(result.into()))
    }

    fn apply(&self, number: Number) -> Option<Number> {
        self.0.iter().try_fold(number, |number, (function, by)| number.bitwise(*by, *function))
    }
}

fn not_integral(what: &str) -> Error {
    Error::command(
        ErrorCode::BAD_VALUE,
        format!("cannot apply $bit to a value of non-integral type: {what}"),
    )
}
