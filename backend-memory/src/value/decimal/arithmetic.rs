//! Arithmetic on [`Decimal`]: to doubles and back, by the `dec` crate, and what that lacks.

use dec::Context;

use super::{DIGITS, Decimal, Nan};

impl Decimal {
    /// A double at 15 significant digits, as the server takes it beside decimals.
    pub(crate) fn from_f64_15_digits(double: f64) -> Self {
        Decimal::from_f64_digits(double, 15)
    }

    /// A double at 34 significant digits; without needless zeros if that is all of it.
    pub(crate) fn from_f64(double: f64) -> Self {
        let decimal = Decimal::from_f64_digits(double, DIGITS);
        let Decimal::Finite { negative, mut coefficient, mut exponent } = decimal else {
            return decimal;
        };
        if decimal.compare_double(double).is_eq() {
            while exponent < 0 && coefficient != 0 && coefficient.is_multiple_of(10) {
                (coefficient, exponent) = (coefficient / 10, exponent + 1);
            }
        }
        Decimal::Finite { negative, coefficient, exponent }
    }

    fn from_f64_digits(double: f64, significant: u32) -> Self {
        if double.is_nan() {
            return Decimal::NaN(Nan::from_f64(double));
        }
        let negative = double.is_sign_negative();
        if double.is_infinite() {
            return Decimal::Infinite { negative };
        }
        if double == 0.0 {
            return Decimal::Finite { negative, coefficient: 0, exponent: 0 };
        }
        // "d.ddd…e±x", correctly rounded.
        let places = significant as usize - 1;
        let text = format!("{:.*e}", places, double.abs());
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let coefficient = digits.bytes().filter(u8::is_ascii_digit);
        Decimal::Finite {
            negative,
            coefficient: coefficient.fold(0, |n, digit| n * 10 + u128::from(digit - b'0')),
            exponent: exponent.parse::<i32>().unwrap_or(0) - places as i32,
        }
    }

    /// The nearest double.
    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Decimal::NaN(nan) => nan.to_f64(),
            Decimal::Infinite { negative: true } => f64::NEG_INFINITY,
            Decimal::Infinite { negative: false } => f64::INFINITY,
            Decimal::Finite { negative, coefficient, exponent } => {
                let sign = if negative { "-" } else { "" };
                // Rust's parser rounds correctly.
                format!("{sign}{coefficient}e{exponent}").parse().unwrap_or(f64::NAN)
            }
        }
    }

    /// The value without its fraction, if it is a 64-bit integer.
    pub(crate) fn truncate(self) -> Option<i64> {
        let Decimal::Finite { negative, coefficient, exponent } = self else { return None };
        let magnitude = match u32::try_from(exponent) {
            _ if coefficient == 0 => 0,
            Ok(zeros) => coefficient.checked_mul(10_u128.checked_pow(zeros)?)?,
            Err(_) if exponent.unsigned_abs() > DIGITS => 0,
            Err(_) => coefficient / 10_u128.pow(exponent.unsigned_abs()),
        };
        let value = i128::try_from(magnitude).ok()?;
        i64::try_from(if negative { -value } else { value }).ok()
    }

    /// The same number in `dec`'s encoding.
    pub(in crate::value) fn to_dec(self) -> dec::Decimal128 {
        match self {
            Decimal::NaN(_) => dec::Decimal128::NAN,
            Decimal::Infinite { negative } => {
                let mut bytes = [0; 16];
                bytes[0] = 0x78;
                with_sign(dec::Decimal128::from_be_bytes(bytes), negative)
            }
            Decimal::Finite { negative, coefficient, exponent } => {
                let mut context = Context::<dec::Decimal128>::default();
                let mut value = context.from_u128(coefficient);
                context.set_exponent(&mut value, exponent);
                with_sign(value, negative)
            }
        }
    }

    pub(in crate::value) fn from_dec(value: dec::Decimal128) -> Self {
        let negative = value.is_signed();
        if value.is_nan() {
            Decimal::NAN
        } else if value.is_infinite() {
            Decimal::Infinite { negative }
        } else {
            let coefficient = value.coefficient().unsigned_abs();
            Decimal::Finite { negative, coefficient, exponent: value.exponent() }
        }
    }
}

/// Sets the sign bit. Arithmetic would lose the sign of a zero.
fn with_sign(value: dec::Decimal128, negative: bool) -> dec::Decimal128 {
    let mut bytes = value.to_be_bytes();
    bytes[0] = bytes[0] & 0x7f | u8::from(negative) << 7;
    dec::Decimal128::from_be_bytes(bytes)
}

/// How a decimal loses digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// To the nearest, from the middle to the even one.
    HalfEven,
    TowardZero,
    Up,
    Down,
}

impl Decimal {
    /// The sum, rounded to 34 digits.
    pub(crate) fn add(self, other: Decimal) -> Decimal {
        self.combine(other, |cx, a, b| cx.add(a, b))
    }

    /// The difference, rounded to 34 digits.
    pub(crate) fn subtract(self, other: Decimal) -> Decimal {
        self.combine(other, |cx, a, b| cx.sub(a, b))
    }

    /// The product, rounded to 34 digits.
    pub(crate) fn multiply(self, other: Decimal) -> Decimal {
        self.combine(other, |cx, a, b| cx.mul(a, b))
    }

    /// The quotient, rounded to 34 digits.
    pub(crate) fn divide(self, other: Decimal) -> Decimal {
        self.combine(other, |cx, a, b| cx.div(a, b))
    }

    fn combine(
        self,
        other: Decimal,
        operation: fn(
            &mut Context<dec::Decimal128>,
            dec::Decimal128,
            dec::Decimal128,
        ) -> dec::Decimal128,
    ) -> Decimal {
        if let Some(nan) = self.nan_among(other) {
            return nan;
        }
        // Its status flags stick, so every operation has a context of its own.
        Decimal::from_dec(operation(&mut Context::default(), self.to_dec(), other.to_dec()))
    }

    /// The same without its sign.
    pub(crate) const fn abs(self) -> Decimal {
        match self {
            Decimal::NaN(nan) => Decimal::NaN(Nan { negative: false, ..nan }),
            Decimal::Infinite { .. } => Decimal::Infinite { negative: false },
            Decimal::Finite { coefficient, exponent, .. } => {
                Decimal::Finite { negative: false, coefficient, exponent }
            }
        }
    }

    pub(crate) const fn is_nan(self) -> bool {
        matches!(self, Decimal::NaN(_))
    }

    /// What an operation on two gives of which one is NaN: that, the first of both.
    pub(super) const fn nan_among(self, other: Decimal) -> Option<Decimal> {
        match (self, other) {
            (Decimal::NaN(_), _) => Some(self),
            (_, Decimal::NaN(_)) => Some(other),
            _ => None,
        }
    }

    pub(crate) const fn is_zero(self) -> bool {
        matches!(self, Decimal::Finite { coefficient: 0, .. })
    }

    /// Whether it is below zero.
    pub(crate) const fn is_below_zero(self) -> bool {
        match self {
            Decimal::NaN(_) => false,
            Decimal::Infinite { negative } => negative,
            Decimal::Finite { negative, coefficient, .. } => negative && coefficient != 0,
        }
    }

    /// The same value with an exponent of -`place`: rounded, or with more zeros. `None` if that takes
    /// more than 34 digits, or if it is not finite.
    pub(crate) fn quantize(self, place: i32, rounding: Rounding) -> Option<Decimal> {
        let Decimal::Finite { negative, coefficient, exponent } = self else { return None };
        let target = -place;
        let coefficient = match u32::try_from(exponent - target) {
            Ok(_) if coefficient == 0 => 0,
            Ok(zeros) => {
                let scaled = coefficient.checked_mul(10_u128.checked_pow(zeros)?)?;
                Some(scaled).filter(|scaled| *scaled <= super::MAX_COEFFICIENT)?
            }
            Err(_) => {
                drop_digits(negative, coefficient, (target - exponent).unsigned_abs(), rounding)
            }
        };
        Some(Decimal::Finite { negative, coefficient, exponent: target })
    }

    /// Rounds to so many decimal places. What has no digits there keeps its value, with as many zeros
    /// as there is room for.
    pub(crate) fn round(self, place: i32, rounding: Rounding) -> Decimal {
        self.quantize(place, rounding).unwrap_or_else(|| match self {
            Decimal::Finite { negative, coefficient, exponent } => {
                let (coefficient, exponent) = super::normalize(coefficient, exponent);
                Decimal::Finite { negative, coefficient, exponent }
            }
            other => other,
        })
    }

    /// The square root, rounded to 34 digits.
    pub(crate) fn sqrt(self) -> Decimal {
        if self.is_nan() {
            return self;
        }
        // Twelve units of three digits hold the 34.
        let mut context = Context::<dec::Decimal<12>>::default();
        let mut root = dec::Decimal::<12>::from(self.to_dec());
        if context.set_precision(DIGITS as usize).is_err() {
            return Decimal::NAN;
        }
        context.sqrt(&mut root);
        Decimal::from_dec(Context::<dec::Decimal128>::default().from_decimal(&root))
    }

    /// The rest of a division toward zero, which is exact. NaN for a divisor of zero.
    pub(crate) fn remainder(self, divisor: Decimal) -> Decimal {
        if let Some(nan) = self.nan_among(divisor) {
            return nan;
        }
        let (
            Decimal::Finite { negative, coefficient: a, exponent: ea },
            Decimal::Finite { coefficient: b, exponent: eb, .. },
        ) = (self, divisor)
        else {
            return match (self, divisor) {
                (Decimal::Finite { .. }, Decimal::Infinite { .. }) => self,
                _ => Decimal::NAN,
            };
        };
        if b == 0 {
            return Decimal::NAN;
        }
        let exponent = ea.min(eb);
        let coefficient = match u32::try_from(ea - eb) {
            Ok(zeros) => multiply_modulo(a % b, power_of_ten_modulo(zeros, b), b),
            Err(_) => {
                let zeros = (eb - ea).unsigned_abs();
                let scaled = 10_u128.checked_pow(zeros).and_then(|power| b.checked_mul(power));
                scaled.map_or(a, |b| a % b)
            }
        };
        Decimal::Finite { negative, coefficient, exponent }
    }

    /// The nearest 64-bit integer, the even one of two; the least one for what does not fit, NaN and infinities.
    pub(crate) fn to_i64_rounded(self) -> i64 {
        self.quantize(0, Rounding::HalfEven).and_then(Decimal::truncate).unwrap_or(i64::MIN)
    }
}

/// A coefficient without its last digits.
fn drop_digits(negative: bool, coefficient: u128, digits: u32, rounding: Rounding) -> u128 {
    // More digits than there are leave the same as one more than there are.
    let power = 10_u128.pow(digits.min(DIGITS + 1));
    let (whole, rest) = (coefficient / power, coefficient % power);
    let is_away = match rounding {
        Rounding::HalfEven => match (rest * 2).cmp(&power) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => whole % 2 == 1,
            std::cmp::Ordering::Greater => true,
        },
        Rounding::TowardZero => false,
        Rounding::Up => rest != 0 && !negative,
        Rounding::Down => rest != 0 && negative,
    };
    whole + u128::from(is_away)
}

/// `a × b` modulo `modulus`, all of which are below 2^113.
fn multiply_modulo(a: u128, mut b: u128, modulus: u128) -> u128 {
    let (mut power, mut sum) = (a % modulus, 0);
    while b > 0 {
        if b & 1 == 1 {
            sum = (sum + power) % modulus;
        }
        power = power * 2 % modulus;
        b >>= 1;
    }
    sum
}

fn power_of_ten_modulo(mut exponent: u32, modulus: u128) -> u128 {
    let (mut base, mut power) = (10 % modulus, 1 % modulus);
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = multiply_modulo(power, base, modulus);
        }
        base = multiply_modulo(base, base, modulus);
        exponent >>= 1;
    }
    power
}
