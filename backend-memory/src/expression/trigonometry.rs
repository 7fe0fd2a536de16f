//! Trigonometric operators: of angles in radians. They give doubles, but decimals for decimals;
//! null for null and missing, and NaN for NaN.

mod hyperbolic;

use odm_core::{Error, Result};

use super::arithmetic::number;
use super::{Globals, Node, Operator, Scope, Value, refused};
use crate::value::Number;
use crate::value::decimal::Decimal;

pub(super) const OPERATORS: &[Operator] = &[
    Operator::unary("$acos", acos).null_to_null(),
    Operator::unary("$acosh", acosh).null_to_null(),
    Operator::unary("$asin", asin).null_to_null(),
    Operator::unary("$asinh", asinh).null_to_null(),
    Operator::unary("$atan", atan).null_to_null(),
    Operator::lazy("$atan2", 2, 2, atan2),
    Operator::unary("$atanh", atanh).null_to_null(),
    Operator::unary("$cos", cos).null_to_null(),
    Operator::unary("$cosh", cosh).null_to_null(),
    Operator::unary("$degreesToRadians", degrees_to_radians).null_to_null(),
    Operator::unary("$radiansToDegrees", radians_to_degrees).null_to_null(),
    Operator::unary("$sin", sin).null_to_null(),
    Operator::unary("$sinh", sinh).null_to_null(),
    Operator::unary("$tan", tan).null_to_null(),
    Operator::unary("$tanh", tanh).null_to_null(),
];

/// What an operator takes: 50989 for the rest, but not for NaN.
#[derive(Clone, Copy, Debug)]
enum Domain {
    Any,
    Finite,
    /// From -1 to 1.
    Unit,
    /// From 1 upwards.
    FromOne,
}

impl Domain {
    const fn holds(self, n: f64) -> bool {
        match self {
            Domain::Any => true,
            Domain::Finite => n.is_finite(),
            Domain::Unit => n >= -1.0 && n <= 1.0,
            Domain::FromOne => n >= 1.0,
        }
    }

    fn holds_decimal(self, n: Decimal) -> bool {
        match self {
            Domain::Any => true,
            Domain::Finite => !matches!(n, Decimal::Infinite { .. }),
            Domain::Unit => n.abs().compare(Decimal::from(1)).is_le(),
            Domain::FromOne => n.compare(Decimal::from(1)).is_ge(),
        }
    }
}

fn function<'a>(
    name: &str,
    operands: &[Value<'a>],
    domain: Domain,
    doubles: fn(f64) -> f64,
    decimals: fn(Decimal) -> Option<Decimal>,
) -> Result<Value<'a>> {
    let n = match number(name, operands)? {
        Number::Decimal(n) if !domain.holds_decimal(n) && !n.is_nan() => {
            return refused(50_989, format!("cannot apply {name} to {n:?}: it is out of bounds"));
        }
        Number::Decimal(n) => match decimals(n) {
            Some(n) => return Ok(Number::Decimal(n).into()),
            None => {
                let feature = format!("{name} of decimals of 1E+34 and more");
                return Err(Error::Unsupported { backend: "memory", feature });
            }
        },
        n => n.to_f64(),
    };
    if !domain.holds(n) && !n.is_nan() {
        return refused(50_989, format!("cannot apply {name} to {n}: it is out of bounds"));
    }
    Ok(doubles(n).into())
}

/// `$acos`: the angle with a cosine, of -1 to 1.
fn acos<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    function("$acos", operands, Domain::Unit, f64::acos, |n| Some(n.acos()))
}

/// `$acosh`: the inverse of `$cosh`, of 1 and more.
fn acosh<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    function("$acosh", operands, Domain::FromOne, hyperbolic::acosh, |n| Some(n.acosh()))
}

/// `$asin`: the angle with a sine, of -1 to 1.
fn asin<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    function("$asin", operands, Domain::Unit, f64::asin, |n| Some(n.asin()))
}

/// `$asinh`: the inverse of `$sinh`.
fn asinh<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    function("$asinh", operands, Domain::Any, hyperbolic::asinh, |n| Some(n.asinh()))
}

/// `$atan`: the angle with a tangent.
fn atan<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    function("$atan", operands, Domain::Any, f64::atan, |n| Some(n.atan()))
}

/// `$atan2`: the angle to the point with these `[y, x]`.
///
/// 51044 or 51045 if `y` or `x` is not a number.
fn atan2<'a>(operands: &'a [Node], scope: &Scope<'a>) -> Result<Value<'a>> {
    let [y, x] = operands else { return Ok(Value::NULL) };
    let y = y.eval(scope)?;
    if y.is_nullish() {
        return Ok(Value::NULL);
    }
    let Some(ordinate) = y.as_number() else {
        return refused(
            51_044,
            format!("$atan2 only supports numeric types, not {}", y.type_name()),
        );
    };
    let x = x.eval(scope)?;
    if x.is_nullish() {
        return Ok(Value::NULL);
    }
    let Some(abscissa) = x.as_number() else {
        return refused(
            51_045,
            format!("$atan2 only supports numeric types, not {}", x.type_name()),
        );
    };
    if ordinate.is_decimal() || abscissa.is_decimal() {
        let angle = ordinate.to_decimal().atan2(abscissa.to_decimal());
        return Ok(Number::Decimal(angle).into());
    }
    Ok(ordinate.to_f64().atan2(abscissa.to_f64()).into())
}

/// `$atanh`: the inverse of `$tanh`, of -1 to 1.
fn atanh<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    function("$atanh", operands, Domain::Unit, hyperbolic::atanh, |n| Some(n.atanh()))
}

/// `$cos`: the cosine of a finite angle.
fn cos<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    function("$cos", operands, Domain::Finite, f64::cos, Decimal::cos)
}

/// `$cosh`: the hyperbolic cosine.
fn cosh<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    function("$cosh", operands, Domain::Any, f64::cosh, |n| Some(n.cosh()))
}

/// `$degreesToRadians`.
fn degrees_to_radians<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    const RADIANS: f64 = std::f64::consts::PI / 180.0;
    function("$degreesToRadians", operands, Domain::Any, |n| n * RADIANS, |n| Some(n.to_radians()))
}

/// `$radiansToDegrees`.
fn radians_to_degrees<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    const DEGREES: f64 = 180.0 / std::f64::consts::PI;
    function("$radiansToDegrees", operands, Domain::Any, |n| n * DEGREES, |n| Some(n.to_degrees()))
}

/// `$sin`: the sine of a finite angle.
fn sin<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    function("$sin", operands, Domain::Finite, f64::sin, Decimal::sin)
}

/// `$sinh`: the hyperbolic sine.
fn sinh<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    function("$sinh", operands, Domain::Any, f64::sinh, |n| Some(n.sinh()))
}

/// `$tan`: the tangent of a finite angle.
fn tan<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    function("$tan", operands, Domain::Finite, f64::tan, Decimal::tan)
}

/// `$tanh`: the hyperbolic tangent.
fn tanh<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    function("$tanh", operands, Domain::Any, f64::tanh, |n| Some(n.tanh()))
}

#[cfg(test)]
mod tests {
    use bson::{Bson, doc};

    use super::*;

    /// The server knows them; here they would take more digits than there are.
    #[test]
    fn angles_of_huge_decimals_are_refused() {
        let environment = crate::replay::environment();
        for name in ["$cos", "$sin", "$tan"] {
            let mut compiler = environment.compiler();
            let huge = Bson::Decimal128("-1E+34".parse().unwrap());
            compiler.object(&doc! { name: huge }).unwrap();
            match compiler.check() {
                Err(Error::Unsupported { feature, .. }) => {
                    assert_eq!(feature, format!("{name} of decimals of 1E+34 and more"));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
