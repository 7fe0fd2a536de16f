//! `multipleOf`: in decimal arithmetic, so that 0.3 is a multiple of 0.1.

use odm_core::{Error, ErrorCode};

use crate::value::decimal::Decimal;
use crate::value::{Number, RawVal};

/// What values must be a multiple of: `odd × 2^twos × 5^fives`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Divisor {
    /// Neither even nor a multiple of 5.
    odd: u128,
    twos: i32,
    fives: i32,
}

impl Divisor {
    /// # Errors
    ///
    /// `BadValue` (2) for what is not finite; `FailedToParse` (9) for what is not above zero.
    pub(super) fn new(operand: RawVal<'_>) -> Result<Self, Error> {
        let decimal = Number::of(operand).map(Number::to_decimal);
        let Some(Decimal::Finite { negative, coefficient, exponent }) = decimal else {
            return Err(Error::command(ErrorCode::BAD_VALUE, "multipleOf must be finite"));
        };
        factors(coefficient, exponent).filter(|_| !negative).ok_or_else(|| {
            Error::command(ErrorCode::FAILED_TO_PARSE, "multipleOf must have a positive value")
        })
    }

    pub(super) fn divides(self, value: RawVal<'_>) -> bool {
        let decimal = Number::of(value).map(Number::to_decimal);
        let Some(Decimal::Finite { coefficient, exponent, .. }) = decimal else { return false };
        // Zero is a multiple of everything.
        factors(coefficient, exponent).is_none_or(|value| {
            value.odd.is_multiple_of(self.odd)
                && value.twos >= self.twos
                && value.fives >= self.fives
        })
    }
}

/// The factors of `coefficient × 10^exponent`; `None` for zero.
fn factors(coefficient: u128, exponent: i32) -> Option<Divisor> {
    if coefficient == 0 {
        return None;
    }
    let mut result = Divisor { odd: coefficient, twos: exponent, fives: exponent };
    while result.odd.is_multiple_of(2) {
        result.odd /= 2;
        result.twos += 1;
    }
    while result.odd.is_multiple_of(5) {
        result.odd /= 5;
        result.fives += 1;
    }
    Some(result)
}
