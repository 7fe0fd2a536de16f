//! Numbers in windows that move on, whose sums lose what they gained.

use std::collections::VecDeque;

use odm_core::Result;

use super::sliding::Slide;
use crate::expression::Value;
use crate::value::decimal::Decimal;
use crate::value::{Number, Sum};

/// What is made of numbers that come and go.
pub(super) trait Tally: Send {
    fn add(&mut self, number: Number);
    fn remove(&mut self, number: Number);
    fn result(&mut self) -> Value<'static>;
}

/// The numbers among the values of a window.
#[derive(Debug, Default)]
pub(super) struct Numbers<T> {
    values: VecDeque<Option<Number>>,
    tally: T,
}

impl<T> Numbers<T> {
    pub(super) const fn of(tally: T) -> Self {
        Numbers { values: VecDeque::new(), tally }
    }
}

impl<T: Tally> Slide for Numbers<T> {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let number = values.first().and_then(Value::as_number);
        if let Some(number) = number {
            self.tally.add(number);
        }
        self.values.push_back(number);
        Ok(())
    }

    fn remove(&mut self) {
        if let Some(Some(number)) = self.values.pop_front() {
            self.tally.remove(number);
        }
    }

    fn result(&mut self) -> Result<Value<'static>> {
        Ok(self.tally.result())
    }

    fn size(&self) -> usize {
        self.values.len() * size_of::<Option<Number>>()
    }
}

/// `$sum`. What is not finite is counted, and not added: it could not be taken out again.
#[derive(Debug)]
pub(super) struct Total {
    sum: Sum,
    nans: i64,
    above: i64,
    below: i64,
    doubles: i64,
    decimals: i64,
}

impl Default for Total {
    fn default() -> Self {
        Total { sum: Sum::new(), nans: 0, above: 0, below: 0, doubles: 0, decimals: 0 }
    }
}

impl Total {
    fn update(&mut self, number: Number, sign: i64) {
        match number {
            Number::Double(_) => self.doubles += sign,
            Number::Decimal(_) => self.decimals += sign,
            Number::Int32(_) | Number::Int64(_) => {}
        }
        match (finiteness(number), sign > 0) {
            (Finiteness::NaN, _) => self.nans += sign,
            (Finiteness::Above, _) => self.above += sign,
            (Finiteness::Below, _) => self.below += sign,
            (Finiteness::Finite, true) => self.sum.add(number),
            (Finiteness::Finite, false) => self.subtract(number),
        }
    }

    fn subtract(&mut self, number: Number) {
        match number {
            Number::Int32(n) => match n.checked_neg() {
                Some(n) => self.sum.add(Number::Int32(n)),
                // One more than the greatest.
                None => [i32::MAX, 1].into_iter().for_each(|n| self.sum.add(Number::Int32(n))),
            },
            Number::Int64(n) => match n.checked_neg() {
                Some(n) => self.sum.add(Number::Int64(n)),
                None => [i64::MAX, 1].into_iter().for_each(|n| self.sum.add(Number::Int64(n))),
            },
            Number::Double(n) => self.sum.add(Number::Double(-n)),
            Number::Decimal(n) => {
                self.sum.add(Number::Decimal(match n {
                    Decimal::Finite { negative, coefficient, exponent } => {
                        Decimal::Finite { negative: !negative, coefficient, exponent }
                    }
                    other => other,
                }));
            }
        }
    }

    pub(super) fn total(&self) -> Number {
        let special = |double: f64| match self.decimals {
            0 => Number::Double(double),
            _ => Number::Decimal(Decimal::from_f64(double)),
        };
        if self.nans > 0 || (self.above > 0 && self.below > 0) {
            return special(f64::NAN);
        }
        if self.above > 0 {
            return special(f64::INFINITY);
        }
        if self.below > 0 {
            return special(f64::NEG_INFINITY);
        }
        // The types of what has gone do not count.
        match self.sum.total() {
            Number::Decimal(sum) if self.decimals == 0 => match sum.truncate() {
                Some(_) if self.doubles <= 0 => narrow(sum.to_i64_rounded()),
                _ => Number::Double(sum.to_f64()),
            },
            Number::Double(sum)
                if self.doubles == 0
                    && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0)
                        .contains(&sum) =>
            {
                narrow(sum.round() as i64)
            }
            Number::Int64(sum) => narrow(sum),
            sum => sum,
        }
    }
}

/// An int if it fits.
fn narrow(whole: i64) -> Number {
    i32::try_from(whole).map_or(Number::Int64(whole), Number::Int32)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finiteness {
    Finite,
    NaN,
    Above,
    Below,
}

fn finiteness(number: Number) -> Finiteness {
    match number {
        Number::Double(n) if n.is_nan() => Finiteness::NaN,
        Number::Double(f64::INFINITY) => Finiteness::Above,
        Number::Double(f64::NEG_INFINITY) => Finiteness::Below,
        Number::Decimal(Decimal::NaN(_)) => Finiteness::NaN,
        Number::Decimal(Decimal::Infinite { negative: false }) => Finiteness::Above,
        Number::Decimal(Decimal::Infinite { negative: true }) => Finiteness::Below,
        _ => Finiteness::Finite,
    }
}

/// Whether a number is neither infinite nor NaN.
pub(super) fn is_finite(number: Number) -> bool {
    finiteness(number) == Finiteness::Finite
}

/// Whether a number is NaN.
pub(super) fn is_nan(number: Number) -> bool {
    finiteness(number) == Finiteness::NaN
}

impl Tally for Total {
    fn add(&mut self, number: Number) {
        self.update(number, 1);
    }

    fn remove(&mut self, number: Number) {
        self.update(number, -1);
    }

    fn result(&mut self) -> Value<'static> {
        self.total().into()
    }
}

/// `$avg`.
#[derive(Debug, Default)]
pub(super) struct Average {
    sum: Total,
    count: i64,
}

impl Average {
    /// The average; none of nothing.
    pub(super) fn average(&self) -> Option<Number> {
        if self.count == 0 {
            return None;
        }
        Some(match self.sum.total() {
            Number::Decimal(sum) if is_finite(Number::Decimal(sum)) => {
                Number::Decimal(sum.divide(Decimal::from(self.count)))
            }
            Number::Decimal(sum) => Number::Decimal(sum),
            sum => Number::Double(sum.to_f64() / self.count as f64),
        })
    }
}

impl Tally for Average {
    fn add(&mut self, number: Number) {
        self.sum.add(number);
        self.count += 1;
    }

    fn remove(&mut self, number: Number) {
        self.sum.remove(number);
        self.count -= 1;
    }

    fn result(&mut self) -> Value<'static> {
        self.average().map_or(Value::NULL, Value::from)
    }
}

/// `$stdDevPop`, `$stdDevSamp`.
#[derive(Debug)]
pub(super) struct Deviation {
    count: i64,
    /// How many are infinite or NaN.
    special: i64,
    sum: Sum,
    squares: Sum,
    is_sample: bool,
}

impl Default for Deviation {
    fn default() -> Self {
        let (sum, squares) = (Sum::new(), Sum::new());
        Deviation { count: 0, special: 0, sum, squares, is_sample: false }
    }
}

impl Deviation {
    pub(super) fn of_sample() -> Self {
        Deviation { is_sample: true, ..Deviation::default() }
    }

    fn update(&mut self, number: Number, sign: i64) {
        if !is_finite(number) {
            self.special += sign;
            self.count += sign;
            return;
        }
        if self.count == 0 {
            self.count = 1;
            self.sum.add(number);
            return;
        }
        if self.count + sign == 0 {
            *self = Deviation { is_sample: self.is_sample, ..Deviation::default() };
            return;
        }
        let number = number.to_f64();
        let distance = self.count as f64 * number - self.sum.total().to_f64();
        let before = self.count;
        self.count += sign;
        self.sum.add(Number::Double(number * sign as f64));
        let squared = distance * distance * sign as f64 / (self.count * before) as f64;
        self.squares.add(Number::Double(squared));
    }
}

impl Tally for Deviation {
    fn add(&mut self, number: Number) {
        self.update(number, 1);
    }

    fn remove(&mut self, number: Number) {
        self.update(number, -1);
    }

    fn result(&mut self) -> Value<'static> {
        if self.special > 0 {
            return Value::NULL;
        }
        let count = if self.is_sample { self.count - 1 } else { self.count };
        if count == 0 {
            return Value::NULL;
        }
        let squares = self.squares.total().to_f64();
        if squares < 0.0 || (!self.is_sample && self.count == 1) {
            // What rounding left.
            self.squares = Sum::new();
            return 0.into();
        }
        // Of no numbers, the server's deviation of a sample is -0.0.
        (squares / count as f64).sqrt().into()
    }
}

/// `$count`.
#[derive(Debug, Default)]
pub(super) struct Count(i64);

impl Slide for Count {
    fn add(&mut self, _: &[Value<'_>]) -> Result<()> {
        self.0 += 1;
        Ok(())
    }

    fn remove(&mut self) {
        self.0 -= 1;
    }

    fn result(&mut self) -> Result<Value<'static>> {
        Ok(narrow(self.0).into())
    }
}
