//! Accumulators: what `$group` and its like make of the values of many documents.
//!
//! An accumulator is a row of its table ([`FAMILIES`], a file for each kind) and a type beside it;
//! nothing else lists accumulators. Compiled once ([`Accumulator`]); each group has a state of its
//! own ([`Accumulate`]).

mod array;
mod best;
mod extreme;
mod number;
mod object;
mod ordered;
mod position;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use bson::Bson;
use odm_core::Result;
use smallvec::SmallVec;

use crate::collation::Collator;
use crate::expression::{Compiler, Globals, Node, Root, Scope, Value, refused};
use crate::value::{Number, RawVal};

pub(crate) use extreme::Extreme;
pub(crate) use number::{Average, Deviation, Total};
pub(crate) use ordered::Order;

/// The families of accumulators.
const FAMILIES: &[&[Operator]] = &[
    array::OPERATORS,
    extreme::OPERATORS,
    number::OPERATORS,
    object::OPERATORS,
    ordered::OPERATORS,
    position::OPERATORS,
];

/// The accumulators by name.
static OPERATORS: LazyLock<HashMap<&str, &Operator>> =
    LazyLock::new(|| FAMILIES.iter().copied().flatten().map(|op| (op.name, op)).collect());

/// How many bytes an accumulator may hold: no disk could take them.
const MAX_MEMORY: usize = 100 * 1024 * 1024;

/// What a value takes besides its bytes.
const VALUE_OVERHEAD: usize = 16;

/// A row of a family's table.
pub(crate) struct Operator {
    name: &'static str,
    /// Reads what stands beside its name.
    read: fn(&mut Compiler<'_>, &'static str, &Bson) -> Result<Argument>,
    start: fn(&Setup) -> Box<dyn Accumulate>,
}

impl Operator {
    /// `{$name: expression}`.
    const fn unary(name: &'static str, start: fn(&Setup) -> Box<dyn Accumulate>) -> Self {
        Operator { name, read: Argument::unary, start }
    }

    /// One that reads its argument itself.
    const fn new(
        name: &'static str,
        read: fn(&mut Compiler<'_>, &'static str, &Bson) -> Result<Argument>,
        start: fn(&Setup) -> Box<dyn Accumulate>,
    ) -> Self {
        Operator { name, read, start }
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What stands beside an accumulator's name.
#[derive(Debug, Default)]
struct Argument {
    /// What is evaluated on each document.
    operands: Vec<Node>,
    /// `n`, which is evaluated on the `_id` of each group.
    n: Option<Node>,
    /// `sortBy`.
    order: Option<Arc<Order>>,
}

impl Argument {
    fn unary(compiler: &mut Compiler<'_>, _: &'static str, spec: &Bson) -> Result<Self> {
        let operands = vec![compiler.operand(spec)?];
        Ok(Argument { operands, ..Argument::default() })
    }

    /// `{input: …, n: …}`.
    ///
    /// # Errors
    ///
    /// 5787801 or, of `$minN` and `$maxN`, 5787900 if it is no document, 5787901 for another field, 5787906 and 5787907 for what is not there.
    fn several(compiler: &mut Compiler<'_>, name: &'static str, spec: &Bson) -> Result<Self> {
        let Bson::Document(spec) = spec else {
            let code = if matches!(name, "$firstN" | "$lastN") { 5_787_801 } else { 5_787_900 };
            return refused(code, format!("specification must be an object; found {name}: {spec}"));
        };
        let (mut n, mut input) = (None, None);
        for (field, value) in spec {
            match field.as_str() {
                "input" => input = Some(compiler.operand(value)?),
                "n" => n = Some(compiler.operand(value)?),
                _ => {
                    return refused(
                        5_787_901,
                        format!("Unknown argument for 'n' operator: {field}"),
                    );
                }
            }
        }
        if n.is_none() {
            return refused(5_787_906, "Missing value for 'n'");
        }
        let Some(input) = input else { return refused(5_787_907, "Missing value for 'input'") };
        Ok(Argument { operands: vec![input], n, order: None })
    }
}

/// What the state of a group is made with.
#[derive(Debug)]
pub(crate) struct Setup {
    /// How many values are asked for, where that is asked.
    pub(crate) n: usize,
    pub(crate) order: Option<Arc<Order>>,
    pub(crate) collator: Option<Arc<Collator>>,
}

/// The state of one accumulator in one group.
pub(crate) trait Accumulate: Send {
    /// Takes in the values of the operands on one more document.
    ///
    /// # Errors
    ///
    /// 146 if it holds too much; 40400 if `$mergeObjects` meets anything but an object.
    fn add(&mut self, values: &[Value<'_>]) -> Result<()>;

    /// Whether what is added from now on may change its result: if not, nothing is evaluated for it.
    fn wants_more(&self) -> bool {
        true
    }

    /// What it makes of what was added so far.
    fn result(&self) -> Value<'static>;

    /// How many bytes it holds besides itself.
    fn size(&self) -> usize {
        0
    }

    /// Whether it holds more, the more is added.
    fn grows(&self) -> bool {
        true
    }
}

/// A compiled accumulator.
#[derive(Debug)]
pub(crate) struct Accumulator {
    operator: &'static Operator,
    argument: Argument,
}

impl Accumulator {
    /// Compiles the accumulator of a field: `{total: {$sum: "$price"}}`.
    ///
    /// # Errors
    ///
    /// 40234 if it is no accumulator, 40235 and 40236 for the name of the field, 40238 for several,
    /// 40237 for an array of operands, 15952 for an unknown one, and what accumulators and
    /// expressions refuse.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, field: &str, spec: &Bson) -> Result<Self> {
        let first = match spec {
            Bson::Document(spec) => spec.iter().next().filter(|(name, _)| name.starts_with('$')),
            _ => None,
        };
        let (Some((name, argument)), Bson::Document(spec)) = (first, spec) else {
            return refused(40_234, format!("the field '{field}' must be an accumulator object"));
        };
        if field.contains('.') {
            return refused(40_235, format!("the field name '{field}' cannot contain '.'"));
        }
        if field.starts_with('$') {
            return refused(40_236, format!("the field name '{field}' cannot be an operator name"));
        }
        if spec.len() > 1 {
            return refused(40_238, format!("the field '{field}' must specify one accumulator"));
        }
        if matches!(argument, Bson::Array(_)) {
            return refused(40_237, format!("the {name} accumulator is a unary operator"));
        }
        Accumulator::parse(compiler, name, argument)
    }

    /// Compiles an accumulator.
    ///
    /// # Errors
    ///
    /// 15952 for an unknown one, [`Unsupported`](odm_core::Error::Unsupported) for `$accumulator`;
    /// what its argument is refused for.
    pub(crate) fn parse(compiler: &mut Compiler<'_>, name: &str, argument: &Bson) -> Result<Self> {
        if matches!(name, "$accumulator" | "$_internalJsReduce") {
            return Err(odm_core::Error::Unsupported {
                backend: "memory",
                feature: format!("{name}: there is no JavaScript"),
            });
        }
        let Some(operator) = OPERATORS.get(name).copied() else {
            return refused(15_952, format!("unknown group operator '{name}'"));
        };
        let argument = (operator.read)(compiler, operator.name, argument)?;
        Ok(Accumulator { operator, argument })
    }

    /// The state of a new group. `n` may depend on the `_id` of the group.
    ///
    /// # Errors
    ///
    /// As [`count_of`].
    pub(crate) fn start(&self, globals: &Globals, id: RawVal<'_>) -> Result<Box<dyn Accumulate>> {
        Ok((self.operator.start)(&self.setup(globals, id)?))
    }

    /// What the state of a new group is made with.
    ///
    /// # Errors
    ///
    /// As [`count_of`].
    pub(crate) fn setup(&self, globals: &Globals, id: RawVal<'_>) -> Result<Setup> {
        let n = match &self.argument.n {
            None => 1,
            Some(node) => {
                let id = if id.is_object() { id } else { RawVal::EMPTY_OBJECT };
                count_of(&node.eval(&Scope::new(globals, Root::Value(id)))?)?
            }
        };
        let (order, collator) = (self.argument.order.clone(), globals.collator.clone());
        Ok(Setup { n, order, collator })
    }

    /// Whether the number of values that are asked for is another one for each group.
    pub(crate) fn needs_group(&self) -> bool {
        self.argument.n.as_ref().is_some_and(Node::needs_document)
    }

    /// What is evaluated on each document.
    pub(crate) fn operands(&self) -> &[Node] {
        &self.argument.operands
    }

    /// Takes in one more document. Most accumulators have one operand, which needs no list.
    ///
    /// # Errors
    ///
    /// What the expressions refuse, or the accumulator.
    #[inline]
    pub(crate) fn add_to(&self, state: &mut dyn Accumulate, scope: &Scope<'_>) -> Result<()> {
        if !state.wants_more() {
            return Ok(());
        }
        match self.argument.operands.as_slice() {
            [node] => node.with(scope, |value| state.add(std::slice::from_ref(value))),
            _ => state.add(&self.values(scope)?),
        }
    }

    /// The values of the operands on a document, for [`Accumulate::add`].
    ///
    /// # Errors
    ///
    /// What the expressions refuse.
    #[inline]
    pub(crate) fn values<'a>(&'a self, scope: &Scope<'a>) -> Result<SmallVec<[Value<'a>; 1]>> {
        let mut values = SmallVec::new();
        for operand in &self.argument.operands {
            values.push(operand.eval(scope)?);
        }
        Ok(values)
    }
}

/// How many values are asked for: `n` of `$firstN` and its like.
///
/// # Errors
///
/// 5787902 if it is no number, 5787903 if it is no whole one, 5787908 if it is not positive, 31109
/// if it is a double that is too large.
pub(crate) fn count_of(n: &Value<'_>) -> Result<usize> {
    let Some(number) = n.as_raw().and_then(Number::of) else {
        let message = format!("value for 'n' must be of integral type, but found {n:?}");
        return refused(5_787_902, message);
    };
    let whole = match (number.to_exact_integer(), number) {
        (Some(whole), _) => whole,
        (None, Number::Double(n)) if number.truncate().is_none() => {
            return refused(31_109, format!("can't coerce out of range value {n} to long"));
        }
        _ => {
            let message = format!("value for 'n' must be of integral type, but found {n:?}");
            return refused(5_787_903, message);
        }
    };
    if whole <= 0 {
        return refused(5_787_908, format!("'n' must be greater than 0, found {whole}"));
    }
    Ok(usize::try_from(whole).unwrap_or(usize::MAX))
}

/// How many bytes an accumulator holds.
#[derive(Debug)]
struct Held {
    name: &'static str,
    bytes: usize,
}

impl Held {
    const fn nothing(name: &'static str) -> Self {
        Held { name, bytes: 0 }
    }

    /// Counts a value that is kept from now on, of so many bytes.
    ///
    /// # Errors
    ///
    /// 146 beyond 100 MiB.
    fn take(&mut self, bytes: usize) -> Result<()> {
        self.bytes += bytes + VALUE_OVERHEAD;
        if self.bytes > MAX_MEMORY {
            let name = self.name;
            return refused(
                146,
                format!(
                    "{name} used too much memory and cannot spill to disk. Memory limit: {MAX_MEMORY} bytes"
                ),
            );
        }
        Ok(())
    }

    /// Counts a value that is not kept any more.
    fn leave(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes + VALUE_OVERHEAD);
    }
}

/// The first value; a document that has none has `Missing`.
fn first<'v, 'a>(values: &'v [Value<'a>]) -> &'v Value<'a> {
    values.first().unwrap_or(&Value::Missing)
}
