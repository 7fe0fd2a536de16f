//! [`Sum`]: the sum of many numbers, as the server's `$sum`, `$avg` and `$add` have it.

use super::Number;
use super::decimal::Decimal;

/// A running sum. Decimals are added up apart; of the others it keeps what rounding left over.
#[derive(Clone, Debug)]
pub(crate) struct Sum {
    /// The double nearest the sum of all that are not decimals.
    sum: f64,
    /// What is missing from `sum`.
    rest: f64,
    /// The plain sum, which is right when infinities and NaN are among them.
    plain: f64,
    decimals: Decimal,
    /// The sum instead, as long as there are only integers, and few enough that doubles would hold
    /// each sum on the way exactly.
    whole: Option<i64>,
    /// The widest of the types.
    widest: Width,
}

/// The types of numbers, from the narrowest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    Int32,
    Int64,
    Double,
    Decimal,
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// Up to here a double holds every integer.
const EXACT: u64 = 1 << 53;

impl Sum {
    /// The sum of nothing.
    pub(crate) const fn new() -> Self {
        let decimals = Decimal::Finite { negative: false, coefficient: 0, exponent: 0 };
        Sum { sum: 0.0, rest: 0.0, plain: 0.0, decimals, whole: Some(0), widest: Width::Int32 }
    }

    #[inline]
    pub(crate) fn add(&mut self, number: Number) {
        let width = match number {
            Number::Int32(n) => {
                // Not as two doubles: each that is added rounds once more.
                if !self.add_whole(n.into()) {
                    self.add_double(n.into());
                }
                Width::Int32
            }
            Number::Int64(n) => {
                self.add_integer(n);
                Width::Int64
            }
            Number::Double(n) => {
                self.add_double(n);
                Width::Double
            }
            Number::Decimal(n) => {
                self.decimals = self.decimals.add(n);
                Width::Decimal
            }
        };
        self.widest = self.widest.max(width);
    }

    /// Adds an integer that does not widen the sum's type: the milliseconds of a date.
    #[inline]
    pub(crate) fn add_integer(&mut self, n: i64) {
        if self.add_whole(n) {
            return;
        }
        // Two doubles hold all of its digits.
        let high = n / (1 << 32) * (1 << 32);
        self.add_double((n - high) as f64);
        self.add_double(high as f64);
    }

    /// Adds an integer if the sum so far is whole and stays exact.
    #[inline]
    fn add_whole(&mut self, n: i64) -> bool {
        let Some(whole) = self.whole else { return false };
        let fits = n.unsigned_abs() <= EXACT && (whole + n).unsigned_abs() <= EXACT;
        if fits {
            self.whole = Some(whole + n);
        }
        fits
    }

    fn add_double(&mut self, n: f64) {
        if let Some(whole) = self.whole.take() {
            (self.sum, self.plain) = (whole as f64, whole as f64);
        }
        self.plain += n;
        let (n, rest) = two_sum(n, self.rest);
        let (sum, more) = two_sum(self.sum, n);
        (self.sum, self.rest) = (sum, rest + more);
    }

    /// The sum, in the widest of the types; integers widen where they must, at last to double.
    pub(crate) fn total(&self) -> Number {
        match (self.widest, self.to_i64()) {
            (Width::Int32, Some(n)) => i32::try_from(n).map_or(Number::Int64(n), Number::Int32),
            (Width::Int64, Some(n)) => Number::Int64(n),
            (Width::Int32 | Width::Int64 | Width::Double, _) => Number::Double(self.to_f64()),
            (Width::Decimal, _) => Number::Decimal(self.to_decimal()),
        }
    }

    /// Whether a decimal is among them.
    pub(crate) fn is_decimal(&self) -> bool {
        self.widest == Width::Decimal
    }

    /// The sum of what is not a decimal.
    pub(crate) const fn to_f64(&self) -> f64 {
        match self.whole {
            Some(whole) => whole as f64,
            None if self.sum.is_nan() => self.plain,
            None => self.sum,
        }
    }

    /// The sum of all.
    pub(crate) fn to_decimal(&self) -> Decimal {
        let (sum, rest) = self.whole.map_or((self.sum, self.rest), |whole| (whole as f64, 0.0));
        if !sum.is_finite() {
            return self.decimals.add(Decimal::from_f64(self.plain));
        }
        let others = Decimal::from_f64(sum).add(Decimal::from_f64(rest));
        self.decimals.add(others)
    }

    /// The sum of what is not a decimal, as a whole number; `None` if it does not fit.
    ///
    /// Rounded twice, as the server does it: a half ends up nearer zero.
    pub(crate) fn to_i64(&self) -> Option<i64> {
        if self.whole.is_some() {
            return self.whole;
        }
        let fits = (self.sum > -TWO_TO_63 && self.sum < TWO_TO_63)
            || (self.sum == TWO_TO_63 && self.rest < 0.0)
            || (self.sum == -TWO_TO_63 && self.rest >= 0.0);
        if !fits {
            return None;
        }
        let whole = self.sum.round();
        let rest = ((self.sum - whole) + self.rest).round();
        i64::try_from(whole as i128 + rest as i128).ok()
    }
}

/// The sum and what rounding took from it, exactly.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let a_part = sum - b;
    let b_part = sum - a_part;
    (sum, (a - a_part) + (b - b_part))
}
