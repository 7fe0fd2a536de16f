//! `$ceil`, `$floor`, `$round` and `$trunc`.

use bson::Bson;
use odm_core::Result;

use super::super::{Compiler, Evaluate, Globals, Node, Scope, Value, refused};
use super::{number, to_long};
use crate::value::Number;
use crate::value::decimal::{Decimal, Rounding};

/// `$ceil`: the least whole number that is not below a number, of its own type.
///
/// 28765 for what is not a number. NaN for decimals beyond 34 digits, as on the server.
pub(super) fn ceil<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    whole("$ceil", operands, f64::ceil, Rounding::Up)
}

/// `$floor`: the greatest whole number that is not above a number, of its own type.
///
/// 28765 for what is not a number. NaN for decimals beyond 34 digits, as on the server.
pub(super) fn floor<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    whole("$floor", operands, f64::floor, Rounding::Down)
}

fn whole<'a>(
    name: &str,
    operands: &[Value<'a>],
    round: fn(f64) -> f64,
    rounding: Rounding,
) -> Result<Value<'a>> {
    Ok(match number(name, operands)? {
        Number::Double(n) => Number::Double(round(n)),
        Number::Decimal(n) if n.is_nan() => Number::Decimal(n),
        Number::Decimal(n) => Number::Decimal(n.quantize(0, rounding).unwrap_or(Decimal::NAN)),
        integer => integer,
    }
    .into())
}

/// `$round`: a number rounded to decimal places, by default to none; from the middle to the even one.
///
/// 51081 for what is not a number; 51082 if the place is not whole, and 51083 if it is not between
/// -20 and 100; 51080 for a long that does not fit any more.
pub(super) fn round(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    compile(compiler, operand, "$round", Rounding::HalfEven)
}

/// `$trunc`: as `$round`, toward zero.
pub(super) fn trunc(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    compile(compiler, operand, "$trunc", Rounding::TowardZero)
}

fn compile(
    compiler: &mut Compiler<'_>,
    operand: &Bson,
    name: &'static str,
    rounding: Rounding,
) -> Result<Node> {
    let mut operands = compiler.operands(operand)?.into_iter();
    match (operands.next(), operands.next(), operands.len()) {
        (Some(number), place, 0) => compiler.custom(Round { name, rounding, number, place }),
        (first, second, more) => {
            let given = usize::from(first.is_some()) + usize::from(second.is_some()) + more;
            refused(
                28_667,
                format!("expression {name} takes 1 or 2 arguments, but {given} were passed in"),
            )
        }
    }
}

#[derive(Debug)]
struct Round {
    name: &'static str,
    rounding: Rounding,
    number: Node,
    place: Option<Node>,
}

impl Evaluate for Round {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let name = self.name;
        let value = self.number.eval(scope)?;
        if value.is_nullish() {
            return Ok(Value::NULL);
        }
        let Some(number) = value.as_number() else {
            return refused(
                51_081,
                format!("{name} only supports numeric types, not {}", value.type_name()),
            );
        };
        let place = match &self.place {
            None => 0,
            Some(place) => {
                let place = place.eval(scope)?;
                if place.is_nullish() {
                    return Ok(Value::NULL);
                }
                read_place(name, &place)?
            }
        };
        rounded(name, number, place, self.rounding).map(Value::from)
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(&self.number);
        self.place.iter().for_each(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}

fn read_place(name: &str, place: &Value<'_>) -> Result<i32> {
    let Some(number) = place.as_number() else {
        let message = format!("can't convert from BSON type {} to long", place.type_name());
        return refused(16_004, message);
    };
    let coerced = to_long(number)?;
    let exact = number.to_exact_integer().and_then(|place| i32::try_from(place).ok());
    match exact {
        None => refused(51_082, format!("precision argument to {name} must be a integral value")),
        Some(place) if (-20..=100).contains(&place) => Ok(place),
        Some(_) => {
            let message = format!(
                "cannot apply {name} with precision value {coerced}: it must be in [-20, 100]"
            );
            refused(51_083, message)
        }
    }
}

fn rounded(name: &str, number: Number, place: i32, rounding: Rounding) -> Result<Number> {
    Ok(match number {
        Number::Decimal(n) => Number::Decimal(n.round(place, rounding)),
        Number::Double(n) if place == 0 => Number::Double(match rounding {
            Rounding::HalfEven => n.round_ties_even(),
            _ => n.trunc(),
        }),
        Number::Double(n) if !n.is_finite() => number,
        Number::Double(n) => Number::Double(Decimal::from_f64(n).round(place, rounding).to_f64()),
        Number::Int32(_) | Number::Int64(_) if place >= 0 => number,
        Number::Int32(n) => {
            let wide = Decimal::from(i64::from(n)).round(place, rounding).truncate().unwrap_or(0);
            // The server widens only upwards: the least int, rounded away from zero, wraps around.
            if wide > i64::from(i32::MAX) {
                Number::Int64(wide)
            } else {
                Number::Int32(wide as i32)
            }
        }
        Number::Int64(n) => match Decimal::from(n).round(place, rounding).truncate() {
            Some(n) => Number::Int64(n),
            None => {
                return refused(51_080, format!("invalid conversion to long during {name}"));
            }
        },
    })
}
