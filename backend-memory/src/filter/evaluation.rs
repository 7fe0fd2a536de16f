//! `$mod`. (`$regex` has a file of its own.)

use odm_core::{Error, ErrorCode};

use crate::value::decimal::Decimal;
use crate::value::{ElementType, RawVal};

/// The operand of `$mod`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remainder {
    divisor: i64,
    remainder: i64,
}

impl Remainder {
    pub(super) fn new(divisor: i64, remainder: i64) -> Result<Self, Error> {
        if divisor == 0 {
            return Err(Error::command(ErrorCode::BAD_VALUE, "divisor cannot be 0"));
        }
        Ok(Remainder { divisor, remainder })
    }

    pub(super) fn is_left_by(self, value: RawVal<'_>) -> bool {
        let whole = match value.kind() {
            ElementType::Double => value.as_f64().and_then(truncate),
            ElementType::Decimal128 => {
                value.as_decimal_bits().and_then(|bits| truncate_decimal(Decimal::from_bits(bits)))
            }
            _ => value.as_integer(),
        };
        // `i64::MIN` by -1 leaves 0.
        whole.is_some_and(|whole| whole.wrapping_rem(self.divisor) == self.remainder)
    }
}

/// The whole number nearest towards zero, if it is in the range of an `Int64`.
pub(super) fn truncate(number: f64) -> Option<i64> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    (-TWO_TO_63..TWO_TO_63).contains(&number).then_some(number as i64)
}

/// The same of a decimal.
pub(super) fn truncate_decimal(number: Decimal) -> Option<i64> {
    let Decimal::Finite { negative, coefficient, exponent } = number else { return None };
    let magnitude = if exponent >= 0 {
        let power = 10_u128.checked_pow(exponent.unsigned_abs());
        if coefficient == 0 { 0 } else { coefficient.checked_mul(power?)? }
    } else {
        // Beyond 38 digits, nothing is left.
        10_u128.checked_pow(exponent.unsigned_abs()).map_or(0, |power| coefficient / power)
    };
    let signed = i128::try_from(magnitude).ok()?;
    i64::try_from(if negative { -signed } else { signed }).ok()
}
