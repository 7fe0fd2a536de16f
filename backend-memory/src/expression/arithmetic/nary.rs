//! `$add` and `$multiply`, and what they share with other operators of any number of operands.

use bson::{Bson, DateTime};
use odm_core::{ErrorCode, Result};

use super::super::{Compiler, Evaluate, Node, Scope, Value, refused};
use crate::value::decimal::Decimal;
use crate::value::{Number, Sum};

/// What an operator gathers from its operands, one after the other.
pub(crate) trait Accumulate: Default + std::fmt::Debug + Send + Sync + 'static {
    /// The operator's name.
    const NAME: &'static str;
    /// Whether the order of operands does not matter to it.
    const COMMUTES: bool;

    /// Takes a value that is neither null nor missing.
    ///
    /// # Errors
    ///
    /// The server's, for what it refuses.
    fn take(&mut self, value: &Value<'_>) -> Result<()>;

    /// What it gives.
    ///
    /// # Errors
    ///
    /// The server's, for what it refuses.
    fn finish(self) -> Result<Value<'static>>;
}

/// An operator whose outcome is null as soon as an operand is: what follows is not even evaluated.
#[derive(Debug)]
pub(crate) struct Nary<A> {
    operands: Vec<Node>,
    kind: std::marker::PhantomData<A>,
}

impl<A: Accumulate> Nary<A> {
    /// Compiles the operands. As on the server, operands of operands of the same name become its own,
    /// and constants are gathered before it runs: of all operands if their order does not matter, and
    /// then they come last; else of neighbors.
    ///
    /// # Errors
    ///
    /// As [`Compiler::operand`].
    pub(crate) fn compile(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
        let mut operands = Self::operands(compiler, operand)?;
        match operands.pop() {
            Some(only @ Node::Constant(_)) if operands.is_empty() && compiler.folds() => Ok(only),
            last => {
                operands.extend(last);
                compiler.custom(Nary::<A> { operands, kind: std::marker::PhantomData })
            }
        }
    }

    /// The operands that remain; a single constant if all are constant.
    fn operands(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Vec<Node>> {
        let listed = match operand {
            Bson::Array(values) => values.as_slice(),
            single => std::slice::from_ref(single),
        };
        if !compiler.folds() {
            return listed.iter().map(|value| compiler.operand(value)).collect();
        }
        let mut read: Vec<Node> = Vec::with_capacity(listed.len());
        for value in listed {
            match value {
                Bson::Document(inner) if inner.len() == 1 && inner.contains_key(A::NAME) => {
                    let operand = inner.get(A::NAME).unwrap_or(&Bson::Null);
                    read.extend(compiler.nested(|compiler| Self::operands(compiler, operand))?);
                }
                other => read.push(compiler.operand(other)?),
            }
        }
        if read.iter().all(|node| node.as_constant().is_some()) {
            return Ok(Self::gather(compiler, read));
        }
        let (mut kept, mut constants) = (Vec::with_capacity(read.len()), Vec::new());
        for node in read {
            if node.as_constant().is_some() {
                constants.push(node);
                continue;
            }
            if !A::COMMUTES {
                kept.extend(Self::gather_some(compiler, std::mem::take(&mut constants)));
            }
            kept.push(node);
        }
        kept.extend(Self::gather_some(compiler, constants));
        Ok(kept)
    }

    /// Evaluates constants among other operands, if they are several.
    fn gather_some(compiler: &mut Compiler<'_>, constants: Vec<Node>) -> Vec<Node> {
        if constants.len() < 2 { constants } else { Self::gather(compiler, constants) }
    }

    fn gather(compiler: &mut Compiler<'_>, constants: Vec<Node>) -> Vec<Node> {
        let values = constants.iter().filter_map(Node::as_constant).cloned();
        match evaluate::<A>(values.map(Ok)) {
            Ok(value) => vec![Node::Constant(value)],
            Err(error) => {
                compiler.fail(error);
                constants
            }
        }
    }
}

fn evaluate<'a, A: Accumulate>(
    values: impl Iterator<Item = Result<Value<'a>>>,
) -> Result<Value<'static>> {
    let mut gathered = A::default();
    for value in values {
        let value = value?;
        if value.is_nullish() {
            return Ok(Value::NULL);
        }
        gathered.take(&value)?;
    }
    gathered.finish()
}

impl<A: Accumulate> Evaluate for Nary<A> {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        evaluate::<A>(self.operands.iter().map(|operand| operand.eval(scope)))
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        self.operands.iter().for_each(visit);
    }
}

/// `$add`: the sum of numbers, exact but for the last rounding; or a date that many milliseconds later.
///
/// 16554 for anything else, 16612 for a second date, 15 if the date does not fit.
pub(super) fn add(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Nary::<Add>::compile(compiler, operand)
}

#[derive(Debug)]
struct Add {
    sum: Sum,
    is_date: bool,
}

impl Default for Add {
    fn default() -> Self {
        Add { sum: Sum::new(), is_date: false }
    }
}

impl Accumulate for Add {
    const NAME: &'static str = "$add";
    const COMMUTES: bool = true;

    fn take(&mut self, value: &Value<'_>) -> Result<()> {
        if let Some(number) = value.as_number() {
            self.sum.add(number);
            return Ok(());
        }
        let Some(millis) = value.as_millis() else {
            let kind = value.type_name();
            return refused(
                16_554,
                format!("$add only supports numeric or date types, not {kind}"),
            );
        };
        if self.is_date {
            return refused(16_612, "only one date allowed in an $add expression");
        }
        self.is_date = true;
        self.sum.add_integer(millis);
        Ok(())
    }

    fn finish(self) -> Result<Value<'static>> {
        if !self.is_date {
            return Ok(self.sum.total().into());
        }
        let millis = if self.sum.is_decimal() {
            Some(self.sum.to_decimal().to_i64_rounded())
        } else {
            self.sum.to_i64()
        };
        match millis {
            Some(millis) => Ok(DateTime::from_millis(millis).into()),
            None => refused(ErrorCode::OVERFLOW.0, "date overflow in $add"),
        }
    }
}

/// `$multiply`: the product of numbers.
///
/// 14 for anything else.
pub(super) fn multiply(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Nary::<Multiply>::compile(compiler, operand)
}

#[derive(Debug)]
struct Multiply {
    kind: Product,
    integer: i64,
    /// The product as a double all along: what an integer becomes that does not fit.
    double: f64,
    decimal: Decimal,
}

/// Which of the products counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Product {
    Int32,
    Int64,
    Double,
    Decimal,
}

impl Default for Multiply {
    fn default() -> Self {
        Multiply { kind: Product::Int32, integer: 1, double: 1.0, decimal: Decimal::from(1) }
    }
}

impl Accumulate for Multiply {
    const NAME: &'static str = "$multiply";
    const COMMUTES: bool = true;

    fn take(&mut self, value: &Value<'_>) -> Result<()> {
        let Some(number) = value.as_number() else {
            let kind = value.type_name();
            let message = format!("$multiply only supports numeric types, not {kind}");
            return refused(ErrorCode::TYPE_MISMATCH.0, message);
        };
        if self.kind == Product::Decimal || number.is_decimal() {
            self.decimal = match self.kind {
                Product::Int32 | Product::Int64 => Decimal::from(self.integer),
                Product::Double => Decimal::from_f64_15_digits(self.double),
                Product::Decimal => self.decimal,
            }
            .multiply(number.to_decimal());
            self.kind = Product::Decimal;
            return Ok(());
        }
        self.double *= number.to_f64();
        if let Some(factor) = number.as_integer()
            && self.kind != Product::Double
            && let Some(product) = self.integer.checked_mul(factor)
        {
            self.integer = product;
            if matches!(number, Number::Int64(_)) {
                self.kind = Product::Int64;
            }
        } else {
            self.kind = Product::Double;
        }
        Ok(())
    }

    fn finish(self) -> Result<Value<'static>> {
        Ok(match self.kind {
            Product::Int32 => match i32::try_from(self.integer) {
                Ok(product) => product.into(),
                Err(_) => self.integer.into(),
            },
            Product::Int64 => self.integer.into(),
            Product::Double => self.double.into(),
            Product::Decimal => Number::Decimal(self.decimal).into(),
        })
    }
}
