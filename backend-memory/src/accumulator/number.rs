//! Sums, averages, deviations, counts.

use bson::Bson;
use odm_core::{ErrorCode, Result};

use super::{Accumulate, Argument, Operator, first};
use crate::expression::{Compiler, Value, refused};
use crate::value::{Number, Sum, ValueBuf};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::unary("$avg", |_| Box::new(Average::default())),
    Operator::new("$count", nothing, |_| Box::new(Count::default())),
    Operator::unary("$stdDevPop", |_| Box::new(Deviation::default())),
    Operator::unary("$stdDevSamp", |_| Box::new(Deviation::of_sample())),
    Operator::unary("$sum", |_| Box::new(Total::default())),
];

/// `$count: {}`.
///
/// # Errors
///
/// 14 for anything else.
fn nothing(_: &mut Compiler<'_>, _: &'static str, spec: &Bson) -> Result<Argument> {
    match spec {
        Bson::Document(spec) if spec.is_empty() => Ok(Argument::default()),
        _ => refused(ErrorCode::TYPE_MISMATCH.0, "$count takes no arguments, i.e. $count:{}"),
    }
}

/// The number that a value is, if it is one.
fn number(values: &[Value<'_>]) -> Option<Number> {
    first(values).as_raw().and_then(Number::of)
}

/// `$sum`: of the numbers among the values; 0 without any.
#[derive(Debug)]
pub(crate) struct Total(Sum);

impl Default for Total {
    fn default() -> Self {
        Total(Sum::new())
    }
}

impl Accumulate for Total {
    fn grows(&self) -> bool {
        false
    }

    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        if let Some(number) = number(values) {
            self.0.add(number);
        }
        Ok(())
    }

    fn result(&self) -> Value<'static> {
        ValueBuf::from(self.0.total()).into()
    }
}

/// `$avg`: of the numbers among the values; null without any. A double, or a decimal if there is one.
#[derive(Debug)]
pub(crate) struct Average {
    sum: Sum,
    count: i64,
}

impl Default for Average {
    fn default() -> Self {
        Average { sum: Sum::new(), count: 0 }
    }
}

impl Accumulate for Average {
    fn grows(&self) -> bool {
        false
    }

    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        if let Some(number) = number(values) {
            self.sum.add(number);
            self.count += 1;
        }
        Ok(())
    }

    fn result(&self) -> Value<'static> {
        if self.count == 0 {
            return Value::NULL;
        }
        if self.sum.is_decimal() {
            let average = self.sum.to_decimal().divide(self.count.into());
            return ValueBuf::from(Number::Decimal(average)).into();
        }
        (self.sum.to_f64() / self.count as f64).into()
    }
}

/// `$stdDevPop`, `$stdDevSamp`: of the numbers among the values, by Welford's method; null without
/// enough of them. A double.
#[derive(Debug, Default)]
pub(crate) struct Deviation {
    count: u64,
    mean: f64,
    squares: f64,
    /// How many numbers tell nothing about the deviation: one, if they are a sample.
    spare: u64,
}

impl Deviation {
    pub(crate) fn of_sample() -> Self {
        Deviation { spare: 1, ..Deviation::default() }
    }
}

impl Accumulate for Deviation {
    fn grows(&self) -> bool {
        false
    }

    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let Some(number) = number(values) else { return Ok(()) };
        let number = number.to_f64();
        self.count += 1;
        let from_mean = number - self.mean;
        if from_mean != 0.0 {
            self.mean += from_mean / self.count as f64;
            self.squares += from_mean * (number - self.mean);
        }
        Ok(())
    }

    fn result(&self) -> Value<'static> {
        match self.count.checked_sub(self.spare) {
            None | Some(0) => Value::NULL,
            Some(count) => (self.squares / count as f64).sqrt().into(),
        }
    }
}

/// `$count`: how many documents.
#[derive(Debug, Default)]
struct Count(i64);

impl Accumulate for Count {
    fn grows(&self) -> bool {
        false
    }

    fn add(&mut self, _: &[Value<'_>]) -> Result<()> {
        self.0 += 1;
        Ok(())
    }

    fn result(&self) -> Value<'static> {
        i32::try_from(self.0).map_or_else(|_| self.0.into(), Value::from)
    }
}
