//! `$covariancePop`, `$covarianceSamp`.

use std::collections::VecDeque;
use std::sync::Arc;

use odm_core::Result;
use smallvec::{SmallVec, smallvec};

use super::bounds::Bounds;
use super::number::{Average, Tally, Total, is_finite, is_nan};
use super::sliding::{On, Slide, Windowed};
use super::{Call, Function, Operator};
use crate::expression::{Compiler, Globals, Node, Scope, Value};
use crate::value::decimal::Decimal;
use crate::value::{Number, RawVal};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$covariancePop", |compiler, call| compile(compiler, call, false)),
    Operator::new("$covarianceSamp", |compiler, call| compile(compiler, call, true)),
];

fn compile(
    compiler: &mut Compiler<'_>,
    call: &Call<'_>,
    is_sample: bool,
) -> Result<Arc<dyn Function>> {
    call.check_fields(true)?;
    let bounds = Bounds::compile(compiler, call)?;
    let pair = compiler.operand(call.argument)?;
    Ok(Arc::new(On { function: Covariance { pair, is_sample }, bounds }))
}

/// The covariance of pairs of numbers, which the operand gives as arrays; what is no such pair counts
/// for nothing.
#[derive(Debug)]
struct Covariance {
    pair: Node,
    is_sample: bool,
}

impl Windowed for Covariance {
    fn values<'a>(&'a self, scope: &Scope<'a>) -> Result<SmallVec<[Value<'a>; 1]>> {
        Ok(smallvec![self.pair.eval(scope)?])
    }

    fn slide(&self, _: &Globals) -> Result<Box<dyn Slide>> {
        let values = VecDeque::new();
        Ok(Box::new(Pairs { values, state: State::default(), is_sample: self.is_sample }))
    }
}

/// Two numbers.
type Pair = (Number, Number);

struct Pairs {
    values: VecDeque<Option<Pair>>,
    state: State,
    is_sample: bool,
}

/// Of the finite pairs, by the online algorithm; `product` holds what stands for the others, too.
#[derive(Default)]
struct State {
    count: i64,
    first: Average,
    second: Average,
    product: Total,
}

impl State {
    fn add(&mut self, (x, y): Pair) {
        if !is_finite(x) || !is_finite(y) {
            self.product.add(special(x, y));
            return;
        }
        self.count += 1;
        let from_mean = self.first.average().map(|mean| subtract(x, mean));
        self.first.add(x);
        self.second.add(y);
        if let (Some(dx), Some(mean)) = (from_mean, self.second.average()) {
            self.product.add(multiply(dx, subtract(y, mean)));
        }
    }

    fn remove(&mut self, (x, y): Pair) {
        if !is_finite(x) || !is_finite(y) {
            self.product.remove(special(x, y));
            return;
        }
        self.count -= 1;
        if self.count <= 0 {
            *self = State::default();
            return;
        }
        self.first.remove(x);
        if let (Some(first), Some(second)) = (self.first.average(), self.second.average()) {
            self.product.remove(multiply(subtract(x, first), subtract(y, second)));
        }
        self.second.remove(y);
    }
}

fn subtract(a: Number, b: Number) -> Number {
    a.subtract(b).unwrap_or_else(|| Number::Double(a.to_f64() - b.to_f64()))
}

fn multiply(a: Number, b: Number) -> Number {
    a.multiply(b).unwrap_or_else(|| Number::Double(a.to_f64() * b.to_f64()))
}

/// What a pair counts for of which one is infinite or NaN.
fn special(x: Number, y: Number) -> Number {
    let infinity = |n: Number| if is_finite(n) { 0.0 } else { n.to_f64() };
    let sum = if is_nan(x) || is_nan(y) { f64::NAN } else { infinity(x) + infinity(y) };
    let is_decimal = |n: Number| n.is_decimal() && !is_nan(n);
    if is_decimal(x) || is_decimal(y) {
        Number::Decimal(Decimal::from_f64(sum))
    } else {
        Number::Double(sum)
    }
}

fn pair(value: RawVal<'_>) -> Option<Pair> {
    let mut elements = value.elements().map(|(_, element)| element);
    let is_pair = value.is_array();
    let (x, y) = (elements.next()?, elements.next()?);
    if !is_pair || elements.next().is_some() {
        return None;
    }
    Some((Number::of(x)?, Number::of(y)?))
}

impl Slide for Pairs {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let pair = values.first().and_then(Value::as_raw).and_then(pair);
        if let Some(pair) = pair {
            self.state.add(pair);
        }
        self.values.push_back(pair);
        Ok(())
    }

    fn remove(&mut self) {
        if let Some(Some(pair)) = self.values.pop_front() {
            self.state.remove(pair);
        }
    }

    fn result(&mut self) -> Result<Value<'static>> {
        if self.state.count == 1 && !self.is_sample {
            return Ok(0.0.into());
        }
        let count = self.state.count - i64::from(self.is_sample);
        if count <= 0 {
            return Ok(Value::NULL);
        }
        Ok(match self.state.product.total() {
            Number::Decimal(sum) => {
                Number::Decimal(sum.divide(Number::Double(count as f64).to_decimal())).into()
            }
            sum => (sum.to_f64() / count as f64).into(),
        })
    }

    fn size(&self) -> usize {
        self.values.len() * size_of::<Option<Pair>>()
    }
}
