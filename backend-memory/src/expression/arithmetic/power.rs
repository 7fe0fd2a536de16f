//! `$exp`, `$ln`, `$log`, `$log10`, `$pow` and `$sqrt`.

use odm_core::Result;

use super::super::{Globals, Value, refused};
use super::{is_nan, is_positive, number, pair};
use crate::value::Number;
use crate::value::decimal::Decimal;

/// `$exp`: e to a power.
///
/// 28765 for what is not a number.
pub(super) fn exp<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    Ok(match number("$exp", operands)? {
        Number::Decimal(n) => Number::Decimal(n.exp()),
        n => Number::Double(n.to_f64().exp()),
    }
    .into())
}

/// `$ln`: the natural logarithm.
///
/// 28765 for what is not a number, 28766 for one that is not positive.
pub(super) fn ln<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let n = number("$ln", operands)?;
    if !is_positive(n) && !is_nan(n) {
        return refused(28_766, "$ln's argument must be a positive number");
    }
    Ok(match n {
        Number::Decimal(n) if !n.is_nan() => Number::Decimal(n.ln()),
        n => Number::Double(n.to_f64().ln()),
    }
    .into())
}

/// `$log10`: the logarithm to the base of 10.
///
/// 28765 for what is not a number, 28761 for one that is not positive.
pub(super) fn log10<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let n = number("$log10", operands)?;
    if !is_positive(n) && !is_nan(n) {
        return refused(28_761, "$log10's argument must be a positive number");
    }
    Ok(match n {
        Number::Decimal(n) if !n.is_nan() => Number::Decimal(n.log10()),
        n => Number::Double(n.to_f64().log10()),
    }
    .into())
}

/// `$log`: the logarithm of a number to a base.
///
/// 28756 and 28757 if the number or the base is none, 28758 if the number is not positive, 28759 if
/// the base is not, or is 1.
pub(super) fn log<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let (n, base) = pair(operands);
    let Some(n) = n.as_number() else {
        return refused(28_756, format!("$log's argument must be numeric, not {}", n.type_name()));
    };
    let Some(base) = base.as_number() else {
        return refused(28_757, format!("$log's base must be numeric, not {}", base.type_name()));
    };
    let is_base = is_positive(base) && base.to_exact_integer() != Some(1);
    if (n.is_decimal() || base.is_decimal()) && is_positive(n) && is_base {
        return Ok(Number::Decimal(n.to_decimal().log(base.to_decimal())).into());
    }
    let (n, base) = (n.to_f64(), base.to_f64());
    if n <= 0.0 {
        return refused(28_758, "$log's argument must be a positive number");
    }
    if base <= 0.0 || base == 1.0 {
        return refused(28_759, "$log's base must be a positive number not equal to 1");
    }
    Ok((n.ln() / base.ln()).into())
}

/// `$pow`: a number to a power; of integers an integer, if it is one that fits, or else a double.
///
/// 28762 and 28763 if the base or the exponent is no number, 28764 for zero to a negative power.
pub(super) fn pow<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let (base, exponent) = pair(operands);
    let Some(base) = base.as_number() else {
        return refused(28_762, format!("$pow's base must be numeric, not {}", base.type_name()));
    };
    let Some(exponent) = exponent.as_number() else {
        let kind = exponent.type_name();
        return refused(28_763, format!("$pow's exponent must be numeric, not {kind}"));
    };
    let is_negative = match exponent {
        // Of zeros, too.
        Number::Decimal(Decimal::Infinite { negative } | Decimal::Finite { negative, .. }) => {
            negative
        }
        n => n.to_f64() < 0.0,
    };
    if base.is_zero() && is_negative {
        return refused(28_764, "$pow cannot take a base of 0 and a negative exponent");
    }
    if base.is_decimal() || exponent.is_decimal() {
        return Ok(Number::Decimal(base.to_decimal().pow(exponent.to_decimal())).into());
    }
    Ok(match integer_power(base, exponent) {
        None => base.to_f64().powf(exponent.to_f64()).into(),
        Some(power) => match (base, exponent, i32::try_from(power)) {
            (Number::Int32(_), Number::Int32(_), Ok(power)) => power.into(),
            _ => power.into(),
        },
    })
}

/// An integer to the power of another, if that is a 64-bit integer too.
fn integer_power(base: Number, exponent: Number) -> Option<i64> {
    let (base, exponent) = (base.as_integer()?, exponent.as_integer()?);
    match base {
        1 => Some(1),
        0 => Some(i64::from(exponent == 0)),
        -1 => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        _ => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}

/// `$sqrt`: the square root, a double or a decimal.
///
/// 28765 for what is not a number, 28714 for one that is below zero.
pub(super) fn sqrt<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let n = number("$sqrt", operands)?;
    if !is_positive(n) && !n.is_zero() && !is_nan(n) {
        return refused(28_714, "$sqrt's argument must be greater than or equal to 0");
    }
    Ok(match n {
        Number::Decimal(n) => Number::Decimal(n.sqrt()),
        n => Number::Double(n.to_f64().sqrt()),
    }
    .into())
}
