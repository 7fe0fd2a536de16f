//! `$mod`. (`$regex` has a file of its own.)

use odm_core::{Error, ErrorCode};

use crate::value::RawVal;
use crate::value::number::Number;

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
        let whole = Number::of(value).and_then(Number::truncate);
        // `i64::MIN` by -1 leaves 0.
        whole.is_some_and(|whole| whole.wrapping_rem(self.divisor) == self.remainder)
    }
}
