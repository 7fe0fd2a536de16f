//! `$bitsAllSet`, `$bitsAnySet`, `$bitsAllClear`, `$bitsAnyClear`.

use odm_core::BitMask;
use odm_core::bson::spec::BinarySubtype;

use crate::value::decimal::Decimal;
use crate::value::number::Number;
use crate::value::{ElementType, RawVal};

/// What must be true of the bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    AllSet,
    AnySet,
    AllClear,
    AnyClear,
}

/// A test of bits.
#[derive(Debug)]
pub(super) struct Bits {
    quantifier: Quantifier,
    positions: Vec<u32>,
}

impl Bits {
    pub(super) fn new(quantifier: Quantifier, mask: &BitMask) -> Self {
        let set_bits = |bytes: &[u8]| {
            let bit = |n: usize| bytes[n / 8] >> (n % 8) & 1 == 1;
            (0..bytes.len() * 8).filter(|n| bit(*n)).map(|n| n as u32).collect()
        };
        let positions = match mask {
            BitMask::Number(mask) => set_bits(&mask.to_le_bytes()),
            BitMask::Positions(positions) => positions.clone(),
            // The old subtype repeats the length in its data, and the server looks at that too.
            BitMask::Binary(binary) if binary.subtype == BinarySubtype::BinaryOld => {
                let length = u32::try_from(binary.bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
                set_bits(&[&length, binary.bytes.as_slice()].concat())
            }
            BitMask::Binary(binary) => set_bits(&binary.bytes),
            // A kind of mask that this version of the engine does not know.
            _ => Vec::new(),
        };
        Bits { quantifier, positions }
    }

    pub(super) fn match_in(&self, value: RawVal<'_>) -> bool {
        match value.kind() {
            ElementType::Int32 | ElementType::Int64 => {
                value.as_integer().is_some_and(|n| self.match_in_integer(n))
            }
            ElementType::Double => Number::of(value)
                .and_then(Number::to_exact_integer)
                .is_some_and(|n| self.match_in_integer(n)),
            ElementType::Decimal128 => value
                .as_decimal_bits()
                .is_some_and(|bits| self.match_in_integer(round(Decimal::from_bits(bits)))),
            ElementType::Binary => value.as_binary().is_some_and(|(_, bytes)| {
                self.hold(|n| {
                    bytes.get(n as usize / 8).is_some_and(|byte| byte >> (n % 8) & 1 == 1)
                })
            }),
            _ => false,
        }
    }

    /// Negative numbers have infinitely many set bits to the left.
    fn match_in_integer(&self, number: i64) -> bool {
        self.hold(|n| number >> n.min(63) & 1 == 1)
    }

    fn hold(&self, is_set: impl Fn(u32) -> bool) -> bool {
        let mut positions = self.positions.iter().copied();
        match self.quantifier {
            Quantifier::AllSet => positions.all(is_set),
            Quantifier::AnySet => positions.any(is_set),
            Quantifier::AllClear => !positions.any(is_set),
            Quantifier::AnyClear => !positions.all(is_set),
        }
    }
}

/// The server takes a decimal as the nearest `Int64`, halves to even, and as the least one where
/// there is none.
fn round(number: Decimal) -> i64 {
    let Decimal::Finite { negative, coefficient, exponent } = number else { return i64::MIN };
    let magnitude = if coefficient == 0 {
        Some(0)
    } else if exponent >= 0 {
        10_u128
            .checked_pow(exponent.unsigned_abs())
            .and_then(|power| coefficient.checked_mul(power))
    } else {
        let round = |power: u128| {
            let (whole, rest) = (coefficient / power, coefficient % power);
            let up = rest > power / 2 || (rest == power / 2 && whole % 2 == 1);
            whole + u128::from(up)
        };
        // Beyond 38 digits, nothing is left.
        Some(10_u128.checked_pow(exponent.unsigned_abs()).map_or(0, round))
    };
    let signed = magnitude.and_then(|magnitude| i128::try_from(magnitude).ok());
    signed.and_then(|n| i64::try_from(if negative { -n } else { n }).ok()).unwrap_or(i64::MIN)
}
