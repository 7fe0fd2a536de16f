//! Aggregation expressions: compiled once, then evaluated on documents.
//!
//! An operator is a row of its family's table ([`FAMILIES`], one file for each heading of MongoDB's
//! manual) and a function beside it; nothing else lists operators. What an operator is given, how
//! many operands it takes and what it makes of null are columns of that row ([`Operator`]).
//!
//! Evaluation borrows: a field's value is the document's own bytes, and only what is computed is
//! written anew ([`Value`]).

mod accumulator;
mod arithmetic;
mod array;
mod boolean;
mod comparison;
mod compile;
pub(crate) mod conditional;
mod convert;
mod date;
mod environment;
mod hash;
mod literal;
mod meta;
mod object;
mod path;
mod random;
mod regex;
mod set;
mod size;
mod string;
#[cfg(test)]
mod tests;
mod trigonometry;
pub(crate) mod value;
mod variable;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use bson::{Bson, DateTime, Timestamp};
use odm_core::{Error, Result};
use smallvec::SmallVec;

use crate::collation::Collator;
use crate::stage::Unwound;
use crate::value::write::{append, begin, finish};
use crate::value::{ElementType, Name, RawVal, Record, ValueBuf};

pub(crate) use compile::{Compiler, check_bound_variable};
pub(crate) use date::unit::{Unit, add as add_units};
pub(crate) use date::zone::Zone;
pub(crate) use environment::{Environment, bind_variables};
pub(crate) use path::{Path, check_field_name};
pub(crate) use value::{ArrayBuilder, Value, check_size};

/// The families of operators.
const FAMILIES: &[&[Operator]] = &[
    accumulator::OPERATORS,
    arithmetic::OPERATORS,
    array::OPERATORS,
    boolean::OPERATORS,
    comparison::OPERATORS,
    conditional::OPERATORS,
    convert::OPERATORS,
    date::arithmetic::OPERATORS,
    date::from_parts::OPERATORS,
    date::from_string::OPERATORS,
    date::parts::OPERATORS,
    date::timestamp::OPERATORS,
    date::to_string::OPERATORS,
    hash::OPERATORS,
    literal::OPERATORS,
    meta::OPERATORS,
    object::OPERATORS,
    random::OPERATORS,
    regex::OPERATORS,
    set::OPERATORS,
    size::OPERATORS,
    string::OPERATORS,
    trigonometry::OPERATORS,
    variable::OPERATORS,
];

/// The operators by name.
static OPERATORS: LazyLock<HashMap<&str, &Operator>> =
    LazyLock::new(|| FAMILIES.iter().copied().flatten().map(|op| (op.name, op)).collect());

/// Operators of MongoDB 6.0 that the engine lacks: for want of JavaScript, or because they belong to the server's own
/// machinery.
const LACKING: &[&str] = &[
    "$_internalFindAllValuesAtPath",
    "$_internalFleEq",
    "$_internalJsEmit",
    "$_testApiVersion",
    "$function",
];

/// A row of a family's table.
pub(crate) struct Operator {
    name: &'static str,
    shape: Shape,
    /// Whether it gives null as soon as one operand is null, undefined or missing.
    null_to_null: bool,
    /// Whether it is evaluated once if its operands are constant.
    folds: bool,
    /// Which constants among its operands are taken together.
    grouping: Grouping,
    /// Whether the last operand is evaluated first, so that it is the one whose refusal is told.
    backwards: bool,
}

/// Which constants among an operator's operands are taken together before there is a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grouping {
    /// None.
    Never,
    /// Those side by side: the operator is associative.
    Neighbors,
    /// All, behind the others: the operator is commutative as well.
    All,
    /// All, if strings compare by their bytes; those side by side under a collation.
    AllByBytes,
}

/// What an operator is given.
enum Shape {
    /// So many operands.
    Operands { least: usize, most: usize, apply: Application },
    /// What stands there, as it is written: the operator decides what to evaluate, and in which scope.
    Custom(fn(&mut Compiler<'_>, &Bson) -> Result<Node>),
}

/// An operator on its evaluated operands.
type Apply = for<'a> fn(&Globals, &[Value<'a>]) -> Result<Value<'a>>;

/// An operator on its operands, which it evaluates in order and as far as it has to.
type ApplyLazily = for<'a> fn(&'a [Node], &Scope<'a>) -> Result<Value<'a>>;

/// How an operator is given its operands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Application {
    /// Evaluated.
    Eager(Apply),
    /// To evaluate, so that those behind the one that decides are not.
    Lazy(ApplyLazily),
}

/// As many operands as there are.
const ANY: usize = usize::MAX;

impl Operator {
    const fn operands(name: &'static str, least: usize, most: usize, apply: Apply) -> Self {
        let apply = Application::Eager(apply);
        Operator::of(name, Shape::Operands { least, most, apply })
    }

    const fn of(name: &'static str, shape: Shape) -> Self {
        Operator {
            name,
            shape,
            null_to_null: false,
            folds: true,
            grouping: Grouping::Never,
            backwards: false,
        }
    }

    /// An operator with so many operands, which it evaluates itself, in order and as far as it has to.
    const fn lazy(name: &'static str, least: usize, most: usize, apply: ApplyLazily) -> Self {
        let apply = Application::Lazy(apply);
        Operator::of(name, Shape::Operands { least, most, apply })
    }

    /// An operator with one operand.
    const fn unary(name: &'static str, apply: Apply) -> Self {
        Operator::operands(name, 1, 1, apply)
    }

    /// An operator with two operands.
    const fn binary(name: &'static str, apply: Apply) -> Self {
        Operator::operands(name, 2, 2, apply)
    }

    /// An operator with three operands.
    const fn ternary(name: &'static str, apply: Apply) -> Self {
        Operator::operands(name, 3, 3, apply)
    }

    /// An operator with any number of operands.
    const fn variadic(name: &'static str, apply: Apply) -> Self {
        Operator::operands(name, 0, ANY, apply)
    }

    /// An operator that reads what stands there itself.
    const fn custom(
        name: &'static str,
        compile: fn(&mut Compiler<'_>, &Bson) -> Result<Node>,
    ) -> Self {
        Operator::of(name, Shape::Custom(compile)).volatile()
    }

    /// Null in, null out.
    const fn null_to_null(mut self) -> Self {
        self.null_to_null = true;
        self
    }

    /// Not the same each time, though its operands are constant.
    const fn volatile(mut self) -> Self {
        self.folds = false;
        self
    }

    /// Evaluates its operands from right to left.
    const fn right_to_left(mut self) -> Self {
        self.backwards = true;
        self
    }

    /// Takes constants that are side by side together, and the operands of an operand that is the same operator.
    const fn associative(mut self) -> Self {
        self.grouping = Grouping::Neighbors;
        self
    }

    /// As [`associative`](Operator::associative), wherever the constants are.
    const fn commutative(mut self) -> Self {
        self.grouping = Grouping::All;
        self
    }

    /// As [`commutative`](Operator::commutative), but under a collation only associative.
    const fn commutative_by_bytes(mut self) -> Self {
        self.grouping = Grouping::AllByBytes;
        self
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A compiled expression.
#[derive(Debug)]
pub(crate) enum Node {
    /// A literal, or what was folded into one.
    Constant(Value<'static>),
    /// `"$path"`: of the current document.
    Field(Path),
    /// `"$$ROOT"`, with a path perhaps.
    Root(Option<Path>),
    /// `"$$CURRENT"`.
    Current,
    /// A variable that an operator around binds: how many frames further out, and which of its variables.
    Variable { hops: usize, index: usize, path: Option<Path> },
    /// A variable from outside the pipeline: `let` of the command, or of a `$lookup`.
    Outer { index: usize, path: Option<Path> },
    /// `{name: …}`.
    Object(Vec<(Box<str>, Node)>),
    /// `[…]`.
    Array(Vec<Node>),
    /// An operator on its operands.
    Call { operator: &'static Operator, apply: Application, operands: Vec<Node> },
    /// An operator that evaluates its operands itself.
    Custom(Box<dyn Evaluate>),
}

/// An operator that evaluates its operands itself.
pub(crate) trait Evaluate: fmt::Debug + Send + Sync {
    /// What it gives.
    ///
    /// # Errors
    ///
    /// The server's, for what it refuses.
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>>;

    /// Calls back with each operand.
    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node));

    /// Whether it is evaluated once if its operands are constant.
    fn folds(&self) -> bool {
        false
    }
}

/// What is the same for all documents of a command.
#[derive(Clone, Debug)]
pub(crate) struct Globals {
    /// `$$NOW`.
    pub(crate) now: DateTime,
    /// `$$CLUSTER_TIME`.
    pub(crate) cluster_time: Timestamp,
    /// How strings compare.
    pub(crate) collator: Option<Arc<Collator>>,
    /// The values of the variables from outside.
    pub(crate) variables: Vec<Value<'static>>,
}

impl Globals {
    /// What no expression is evaluated with.
    pub(crate) fn none() -> &'static Globals {
        static NONE: LazyLock<Globals> = LazyLock::new(|| Globals {
            now: DateTime::MIN,
            cluster_time: Timestamp { time: 0, increment: 0 },
            collator: None,
            variables: Vec::new(),
        });
        &NONE
    }
}

/// What an expression is evaluated on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) globals: &'a Globals,
    /// `$$ROOT`.
    pub(crate) root: Root<'a>,
    /// `$$CURRENT`, which paths begin at.
    pub(crate) current: Root<'a>,
    /// The variables of the operators around, innermost first.
    frames: Option<&'a Frame<'a>>,
}

/// The variables that one operator binds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    values: &'a [Value<'a>],
    outer: Option<&'a Frame<'a>>,
}

/// A document that paths begin at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Root<'a> {
    /// A stored one, with its table of fields.
    Record(&'a Record),
    /// One that `$unwind` made of a stored one.
    Unwound(&'a Unwound<'a>),
    /// Bytes.
    Value(RawVal<'a>),
}

impl<'a> Root<'a> {
    #[inline]
    pub(crate) fn get(self, name: &Name) -> Option<RawVal<'a>> {
        match self {
            Root::Record(record) => record.get(name),
            Root::Unwound(unwound) => unwound.get(name),
            Root::Value(value) if value.is_object() => value.get(name.as_bytes()),
            Root::Value(_) => None,
        }
    }

    pub(crate) fn as_raw(self) -> RawVal<'a> {
        match self {
            Root::Record(record) => record.as_raw(),
            Root::Unwound(unwound) => unwound.as_raw(),
            Root::Value(value) => value,
        }
    }
}

impl<'a> Scope<'a> {
    /// A document, as both `$$ROOT` and `$$CURRENT`.
    pub(crate) fn new(globals: &'a Globals, root: Root<'a>) -> Self {
        Scope { globals, root, current: root, frames: None }
    }

    /// This scope with another `$$CURRENT`.
    pub(crate) fn at(&self, current: RawVal<'a>) -> Self {
        Scope { current: Root::Value(current), ..*self }
    }

    /// A frame of variables within this scope, for [`within`](Scope::within).
    pub(crate) fn frame<'b>(&'b self, values: &'b [Value<'b>]) -> Frame<'b> {
        Frame { values, outer: self.frames }
    }

    /// This scope with the variables of a frame made by [`frame`](Scope::frame).
    pub(crate) fn within<'b>(&'b self, frame: &'b Frame<'b>) -> Scope<'b> {
        Scope { frames: Some(frame), ..*self }
    }
}

impl Node {
    /// Calls back with what the expression gives: a value that is there already is not moved about.
    ///
    /// # Errors
    ///
    /// As [`eval`](Node::eval), and what it is told.
    #[inline]
    pub(crate) fn with<'a, T>(
        &'a self,
        scope: &Scope<'a>,
        visit: impl FnOnce(&Value<'a>) -> Result<T>,
    ) -> Result<T> {
        match self {
            Node::Constant(value) => visit(value),
            Node::Field(path) => visit(&path.of_root(scope.current)),
            _ => visit(&self.eval(scope)?),
        }
    }

    /// What the expression gives.
    ///
    /// # Errors
    ///
    /// The server's, for what its operators refuse.
    pub(crate) fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        Ok(match self {
            Node::Constant(value) => value.as_raw().into(),
            Node::Field(path) => path.of_root(scope.current),
            Node::Current => Value::Raw(scope.current.as_raw()),
            Node::Root(None) => Value::Raw(scope.root.as_raw()),
            Node::Root(Some(path)) => path.of_root(scope.root),
            Node::Variable { hops, index, path } => {
                let mut frame = scope.frames;
                for _ in 0..*hops {
                    frame = frame.and_then(|frame| frame.outer);
                }
                let value = frame.and_then(|frame| frame.values.get(*index));
                of_variable(value, path.as_ref())
            }
            Node::Outer { index, path } => {
                of_variable(scope.globals.variables.get(*index), path.as_ref())
            }
            Node::Object(fields) => {
                let mut out = Vec::with_capacity(64);
                let start = begin(&mut out);
                for (name, node) in fields {
                    if let Some(value) = node.eval(scope)?.as_raw() {
                        append(&mut out, name.as_bytes(), value);
                        check_size(out.len())?;
                    }
                }
                finish(&mut out, start);
                Value::Owned(ValueBuf::from_vec(ElementType::EmbeddedDocument, out))
            }
            Node::Array(nodes) => {
                let mut array = ArrayBuilder::new();
                for node in nodes {
                    array.try_push(node.eval(scope)?.or_null())?;
                }
                array.finish()
            }
            Node::Call { apply: Application::Lazy(apply), operands, .. } => apply(operands, scope)?,
            Node::Call { operator, apply: Application::Eager(apply), operands } => {
                let mut values: SmallVec<[Value<'a>; 3]> = SmallVec::new();
                if operator.backwards {
                    for operand in operands.iter().rev() {
                        values.push(operand.eval(scope)?);
                    }
                    values.reverse();
                } else {
                    for operand in operands {
                        values.push(operand.eval(scope)?);
                    }
                }
                if operator.null_to_null && values.iter().any(Value::is_nullish) {
                    return Ok(Value::NULL);
                }
                apply(scope.globals, &values)?
            }
            Node::Custom(custom) => custom.eval(scope)?,
        })
    }

    /// The value, if it is the same for all documents.
    pub(crate) const fn as_constant(&self) -> Option<&Value<'static>> {
        match self {
            Node::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The path, if it is no more than one of the document.
    pub(crate) const fn as_path(&self) -> Option<&Path> {
        match self {
            Node::Field(path) | Node::Root(Some(path)) => Some(path),
            _ => None,
        }
    }

    /// Whether it gives something else for another document.
    pub(crate) fn needs_document(&self) -> bool {
        let mut needs = matches!(self, Node::Field(_) | Node::Root(_) | Node::Current);
        self.visit(&mut |operand| needs = needs || operand.needs_document());
        needs
    }

    /// Whether an operator of that name is somewhere in it.
    pub(crate) fn calls(&self, name: &str) -> bool {
        let mut calls = matches!(self, Node::Call { operator, .. } if operator.name == name);
        self.visit(&mut |operand| calls = calls || operand.calls(name));
        calls
    }

    /// Calls back with each operand.
    pub(crate) fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        match self {
            Node::Object(fields) => fields.iter().for_each(|(_, node)| visit(node)),
            Node::Array(nodes) | Node::Call { operands: nodes, .. } => {
                nodes.iter().for_each(visit);
            }
            Node::Custom(custom) => custom.visit(visit),
            Node::Constant(_)
            | Node::Field(_)
            | Node::Root(_)
            | Node::Current
            | Node::Variable { .. }
            | Node::Outer { .. } => {}
        }
    }
}

/// What a path leads to in a variable's value.
fn of_variable<'a>(value: Option<&'a Value<'a>>, path: Option<&Path>) -> Value<'a> {
    let Some(value) = value.and_then(Value::as_raw) else { return Value::Missing };
    match path {
        None => Value::Raw(value),
        Some(path) => path.of_value(value),
    }
}

/// The refusal of an expression.
pub(crate) fn refused<T>(code: i32, message: impl Into<String>) -> Result<T> {
    Err(Error::command(odm_core::ErrorCode(code), message.into()))
}
