//! Decimal128 taken apart: the BID encoding that BSON uses, and exact comparison.

mod arithmetic;
mod functions;
mod real;

use std::cmp::Ordering;

use smallvec::SmallVec;

pub(crate) use arithmetic::Rounding;

/// What a Decimal128 stands for: `±coefficient × 10^exponent`, or a special value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decimal {
    NaN(Nan),
    Infinite { negative: bool },
    Finite { negative: bool, coefficient: u128, exponent: i32 },
}

/// What a NaN carries through arithmetic. Signaling ones are taken for quiet ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nan {
    negative: bool,
    payload: u128,
}

impl Nan {
    /// The lowest of a payload's 110 bits that a double has, too.
    const DOUBLE_SHIFT: u32 = 110 - Nan::DOUBLE_BITS;
    /// The bits of a double's payload.
    const DOUBLE_BITS: u32 = f64::MANTISSA_DIGITS - 2;

    /// Payloads of more than 33 digits count as none.
    const fn new(negative: bool, payload: u128) -> Self {
        let payload = payload & ((1 << 110) - 1);
        Nan { negative, payload: if payload < 10_u128.pow(33) { payload } else { 0 } }
    }

    fn from_f64(nan: f64) -> Self {
        let payload = u128::from(nan.to_bits() & ((1 << Nan::DOUBLE_BITS) - 1));
        Nan::new(nan.is_sign_negative(), payload << Nan::DOUBLE_SHIFT)
    }

    fn to_f64(self) -> f64 {
        let payload = (self.payload >> Nan::DOUBLE_SHIFT) as u64;
        f64::from_bits(0x7ff8 << 48 | u64::from(self.negative) << 63 | payload)
    }
}

const EXPONENT_BIAS: i32 = 6176;
/// The least and the greatest exponent of a coefficient.
const MIN_EXPONENT: i32 = -EXPONENT_BIAS;
const MAX_EXPONENT: i32 = 6111;
pub(crate) const MAX_COEFFICIENT: u128 = 9_999_999_999_999_999_999_999_999_999_999_999;
/// The number of decimal digits of [`MAX_COEFFICIENT`].
pub(crate) const DIGITS: u32 = 34;

impl Decimal {
    pub(crate) const NAN: Decimal = Decimal::NaN(Nan { negative: false, payload: 0 });

    pub(crate) const fn from_bits(bits: u128) -> Self {
        let high = (bits >> 64) as u64;
        let negative = high >> 63 == 1;
        if high >> 58 & 0x1f == 0x1f {
            return Decimal::NaN(Nan::new(negative, bits));
        }
        if high >> 58 & 0x1f == 0x1e {
            return Decimal::Infinite { negative };
        }
        if high >> 61 & 3 == 3 {
            // The form for coefficients over 2^113, all of which are above the maximum: zero.
            let exponent = (high >> 47 & 0x3fff) as i32 - EXPONENT_BIAS;
            return Decimal::Finite { negative, coefficient: 0, exponent };
        }
        let exponent = (high >> 49 & 0x3fff) as i32 - EXPONENT_BIAS;
        let coefficient = bits & ((1 << 113) - 1);
        let coefficient = if coefficient > MAX_COEFFICIENT { 0 } else { coefficient };
        Decimal::Finite { negative, coefficient, exponent }
    }

    /// The encoding of a value whose coefficient and exponent are within the format's range.
    pub(crate) const fn to_bits(self) -> u128 {
        match self {
            Decimal::NaN(Nan { negative, payload }) => {
                (negative as u128) << 127 | 0x7c00 << 112 | payload
            }
            Decimal::Infinite { negative } => (negative as u128) << 127 | 0x7800 << 112,
            Decimal::Finite { negative, coefficient, exponent } => {
                let biased = (exponent + EXPONENT_BIAS) as u128 & 0x3fff;
                (negative as u128) << 127 | biased << 113 | coefficient
            }
        }
    }

    /// Compares by value: NaN is below all others and equal to itself.
    pub(crate) fn compare(self, other: Decimal) -> Ordering {
        let (left, right) = (self.rank(), other.rank());
        let ordering = left.cmp(&right);
        match (self, other) {
            (
                Decimal::Finite { coefficient: a, exponent: ea, .. },
                Decimal::Finite { coefficient: b, exponent: eb, .. },
            ) if ordering.is_eq() && a != 0 => {
                let magnitude = compare_magnitudes((a, ea), (b, eb));
                if left < ZERO { magnitude.reverse() } else { magnitude }
            }
            _ => ordering,
        }
    }

    /// Compares with a double by value, without rounding either.
    pub(crate) fn compare_double(self, double: f64) -> Ordering {
        let right = match double {
            _ if double.is_nan() => Decimal::NAN.rank(),
            _ if double.is_infinite() => Decimal::Infinite { negative: double < 0.0 }.rank(),
            _ if double == 0.0 => ZERO,
            _ if double < 0.0 => ZERO - 1,
            _ => ZERO + 1,
        };
        let left = self.rank();
        let ordering = left.cmp(&right);
        match self {
            Decimal::Finite { coefficient, exponent, .. }
                if ordering.is_eq() && coefficient != 0 =>
            {
                let magnitude = compare_magnitude_double(coefficient, exponent, double.abs());
                if left < ZERO { magnitude.reverse() } else { magnitude }
            }
            _ => ordering,
        }
    }

    /// The class of the value, in order.
    const fn rank(self) -> u8 {
        match self {
            Decimal::NaN(_) => 0,
            Decimal::Infinite { negative: true } => 1,
            Decimal::Finite { coefficient: 0, .. } => ZERO,
            Decimal::Finite { negative: true, .. } => ZERO - 1,
            Decimal::Finite { negative: false, .. } => ZERO + 1,
            Decimal::Infinite { negative: false } => 5,
        }
    }
}

/// The rank of zero.
const ZERO: u8 = 3;

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Decimal::Finite {
            negative: value < 0,
            coefficient: u128::from(value.unsigned_abs()),
            exponent: 0,
        }
    }
}

/// The coefficient with all 34 digits, and the exponent that goes with it. Not for zero.
pub(crate) fn normalize(coefficient: u128, exponent: i32) -> (u128, i32) {
    let missing = (DIGITS - 1).saturating_sub(coefficient.checked_ilog10().unwrap_or(0));
    (coefficient * 10_u128.pow(missing), exponent - missing as i32)
}

fn compare_magnitudes(a: (u128, i32), b: (u128, i32)) -> Ordering {
    let ((a, ea), (b, eb)) = (normalize(a.0, a.1), normalize(b.0, b.1));
    ea.cmp(&eb).then(a.cmp(&b))
}

/// Compares `coefficient × 10^exponent` with a finite positive double; neither is zero.
fn compare_magnitude_double(coefficient: u128, exponent: i32, double: f64) -> Ordering {
    // Most pairs are far apart. The estimate is good to many more digits than are asked of it.
    let estimate = (coefficient as f64).log10() + f64::from(exponent) - double.log10();
    if estimate.abs() > 1e-3 {
        return if estimate < 0.0 { Ordering::Less } else { Ordering::Greater };
    }
    // c × 10^e against m × 2^k: as c × 5^e × 2^(e-k) against m, with the negative powers moved
    // to the other side. The magnitudes being close, e is within ±360.
    let (mantissa, power) = decompose(double);
    let mut left = Big::from(coefficient);
    let mut right = Big::from(u128::from(mantissa));
    let fives = exponent.unsigned_abs();
    if exponent >= 0 {
        left.times_power_of_5(fives)
    } else {
        right.times_power_of_5(fives)
    }
    let twos = exponent - power;
    if twos >= 0 {
        left.shift(twos as u32)
    } else {
        right.shift(twos.unsigned_abs())
    }
    left.compare(&right)
}

/// A finite positive double as `mantissa × 2^power`.
fn decompose(double: f64) -> (u64, i32) {
    let bits = double.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) }
}

/// The double of the same magnitude or the next one towards zero, for a coefficient that is not
/// zero, and whether it is exactly that.
pub(crate) fn truncate_to_double(coefficient: u128, exponent: i32) -> (f64, bool) {
    if exponent == 0 && coefficient < 1 << 53 {
        return (coefficient as f64, true);
    }
    // Rust's parser rounds correctly, to nearest.
    let nearest: f64 = format!("{coefficient}e{exponent}").parse().unwrap_or(f64::INFINITY);
    if nearest == f64::INFINITY {
        return (f64::MAX, false);
    }
    if nearest == 0.0 {
        return (0.0, false);
    }
    match compare_magnitude_double(coefficient, exponent, nearest) {
        Ordering::Less => (nearest.next_down(), false),
        ordering => (nearest, ordering.is_eq()),
    }
}

/// A natural number of any size, least significant word first.
struct Big(SmallVec<[u64; 32]>);

impl From<u128> for Big {
    fn from(value: u128) -> Self {
        Big(SmallVec::from_slice(&[value as u64, (value >> 64) as u64]))
    }
}

impl Big {
    fn times_power_of_5(&mut self, mut power: u32) {
        while power > 0 {
            let step = power.min(27); // 5^27 is the largest power in a word
            self.times(5_u64.pow(step));
            power -= step;
        }
    }

    fn times(&mut self, factor: u64) {
        let mut carry = 0;
        for word in &mut self.0 {
            let product = u128::from(*word) * u128::from(factor) + carry;
            *word = product as u64;
            carry = product >> 64;
        }
        self.0.push(carry as u64);
    }

    fn shift(&mut self, bits: u32) {
        self.0.insert_many(0, std::iter::repeat_n(0, bits as usize / 64));
        self.times(1 << (bits % 64));
    }

    fn compare(&self, other: &Big) -> Ordering {
        let word = |big: &Big, index| big.0.get(index).copied().unwrap_or(0);
        (0..self.0.len().max(other.0.len()))
            .rev()
            .map(|index| word(self, index).cmp(&word(other, index)))
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}
