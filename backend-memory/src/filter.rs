//! Filters: compiled once from the tree of a [`Filter`], then asked about many records.
//!
//! What can be refused is refused when it is compiled; matching has no errors and allocates
//! nothing, but for `$expr`. What its expressions refuse is remembered, and told by [`Matcher::check`].

mod array;
mod bitwise;
mod comparison;
mod compile;
pub(crate) mod details;
mod element;
mod evaluation;
mod expression;
mod json_schema;
mod logical;
pub(crate) mod regex;
#[cfg(test)]
mod tests;

use std::cell::{OnceCell, RefCell};
use std::ops::ControlFlow;
use std::sync::Arc;

use odm_core::{ElemMatch, Error, ErrorCode, Filter, Predicate};

use crate::collation::Collator;
use crate::expression::{self as expr, Compiler, Environment, Globals, Root};
use crate::value::path::{FieldPath, Found, LeafArray};
use crate::value::{RawVal, Record};

use array::Elements;
use bitwise::Bits;
use comparison::{Comparison, Set};
use element::Types;
use evaluation::Remainder;
use expression::{Evaluation, Expressions};
use json_schema::Schema;
use logical::Conjunction;
use regex::Pattern;

/// A compiled filter.
#[derive(Debug)]
pub(crate) struct Matcher {
    root: Node,
    /// What its expressions are evaluated with; without any, nothing.
    expressions: Option<Box<Expressions>>,
}

/// Which of several conditions on arrays decides what the positional `$` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matched {
    /// The last one of the filter as the server sorts it: in updates.
    BySorted,
    /// The last one as it is written: in projections, for which the server reads the filter again.
    AsWritten,
}

/// A compiled list of predicates on a value that no path leads to: an element of an array.
#[derive(Debug)]
pub(crate) struct ElementMatcher {
    conditions: Vec<Condition>,
}

impl Matcher {
    /// Compiles a filter without expressions.
    #[cfg(test)]
    pub(crate) fn compile(filter: &Filter) -> Result<Self, Error> {
        Matcher::collated(filter, None)
    }

    /// Compiles a filter without expressions, which compares strings as a collation has it, if there is one.
    ///
    /// # Errors
    ///
    /// The server's code for what is malformed; [`Error::Unsupported`] for operators that the
    /// engine does not evaluate.
    pub(crate) fn collated(
        filter: &Filter,
        collator: Option<&Arc<Collator>>,
    ) -> Result<Self, Error> {
        let root = compile::filter(filter, collator, None)?;
        Ok(Matcher { root, expressions: None })
    }

    /// Compiles a filter that may hold expressions.
    ///
    /// # Errors
    ///
    /// As [`collated`](Matcher::collated), and what its expressions refuse.
    pub(crate) fn with(filter: &Filter, environment: &Environment<'_>) -> Result<Self, Error> {
        let compiler = OnceCell::new();
        let compile = |expression: &bson::Bson| {
            let compiler = compiler.get_or_init(|| RefCell::new(environment.compiler()));
            compiler.borrow_mut().operand(expression)
        };
        let root = compile::filter(filter, environment.collator(), Some(&compile))?;
        let expressions = match compiler.into_inner() {
            None => None,
            Some(compiler) => {
                compiler.into_inner().check()?;
                Some(Box::new(Expressions::new(environment.globals().clone())))
            }
        };
        Ok(Matcher { root, expressions })
    }

    /// Compiles the filter of an upsert, which may hold no expressions: it would not be clear what to insert.
    ///
    /// # Errors
    ///
    /// As [`collated`](Matcher::collated); 224 for `$expr`.
    pub(crate) fn of_upsert(filter: &Filter, environment: &Environment<'_>) -> Result<Self, Error> {
        let refuse = |_: &bson::Bson| {
            let message = "$expr is not allowed in the query predicate for an upsert";
            Err(Error::command(ErrorCode::QUERY_FEATURE_NOT_ALLOWED, message))
        };
        let root = compile::filter(filter, environment.collator(), Some(&refuse))?;
        Ok(Matcher { root, expressions: None })
    }

    /// Compiles the filter of a stage, which is asked by [`decide`](Matcher::decide) alone.
    ///
    /// # Errors
    ///
    /// As [`collated`](Matcher::collated), and for malformed expressions.
    pub(crate) fn within(filter: &Filter, compiler: &mut Compiler<'_>) -> Result<Self, Error> {
        let collator = compiler.globals().collator.as_ref();
        let compiler = RefCell::new(compiler);
        let compile = |expression: &bson::Bson| compiler.borrow_mut().operand(expression);
        let root = compile::filter(filter, collator, Some(&compile))?;
        Ok(Matcher { root, expressions: None })
    }

    /// Compiles the filter of a validator, which is asked by [`holds`](Matcher::holds) alone: its expressions
    /// refuse nothing before there is a document.
    ///
    /// # Errors
    ///
    /// As [`within`](Matcher::within); 3040500 for `$rand`.
    pub(crate) fn validating(
        filter: &Filter,
        collator: Option<&Arc<Collator>>,
    ) -> Result<Self, Error> {
        let environment = Environment::at(
            bson::DateTime::MIN,
            bson::Timestamp { time: 0, increment: 0 },
            collator.cloned(),
        );
        let is_used = std::cell::Cell::new(false);
        let compile = |expression: &bson::Bson| {
            is_used.set(true);
            let node = Compiler::timeless(environment.globals()).operand(expression)?;
            if node.calls("$rand") {
                return expr::refused(3_040_500, "$rand not allowed inside collection validators");
            }
            Ok(node)
        };
        let root = compile::filter(filter, collator, Some(&compile))?;
        let expressions =
            is_used.get().then(|| Box::new(Expressions::new(environment.globals().clone())));
        Ok(Matcher { root, expressions })
    }

    /// Whether a record matches; it does not if an expression refuses it, for which see [`check`](Matcher::check).
    #[inline]
    pub(crate) fn matches(&self, doc: &Record) -> bool {
        match &self.expressions {
            None => self.root.matches(Source::Record(doc), None),
            Some(expressions) => expressions.remember(self.holds(doc)),
        }
    }

    /// The same for a document that is no record.
    pub(crate) fn matches_value(&self, doc: RawVal<'_>) -> bool {
        match &self.expressions {
            None => self.root.matches(Source::Value(doc), None),
            Some(expressions) => {
                expressions.remember(self.decide(Root::Value(doc), expressions.globals()))
            }
        }
    }

    /// Whether a record matches.
    ///
    /// # Errors
    ///
    /// What an expression refuses.
    pub(crate) fn holds(&self, doc: &Record) -> Result<bool, Error> {
        match &self.expressions {
            None => Ok(self.root.matches(Source::Record(doc), None)),
            Some(expressions) => self.decide(Root::Record(doc), expressions.globals()),
        }
    }

    /// Whether a document matches where the variables have these values.
    ///
    /// # Errors
    ///
    /// What an expression refuses.
    pub(crate) fn decide(&self, doc: Root<'_>, globals: &Globals) -> Result<bool, Error> {
        let source = match doc {
            Root::Record(record) => Source::Record(record),
            Root::Unwound(_) | Root::Value(_) => Source::Value(doc.as_raw()),
        };
        let evaluation = Evaluation::new(globals);
        let matches = self.root.matches(source, Some(&evaluation));
        evaluation.outcome(matches)
    }

    /// What to do after a document that does not match: to go on, unless an expression refused it.
    #[inline]
    pub(crate) fn pass_over(&self) -> ControlFlow<()> {
        match &self.expressions {
            Some(expressions) if expressions.have_refused() => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    /// Fails if an expression refused a document: to be asked after a search.
    ///
    /// # Errors
    ///
    /// What it refused.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.expressions.as_ref().map_or(Ok(()), |expressions| expressions.check())
    }

    /// The position that `$` stands for, in an update or projection of a record that matches.
    pub(crate) fn matched_index(&self, doc: &Record, matched: Matched) -> Option<usize> {
        self.root.matched_index(Source::Record(doc), matched)
    }

    /// Calls back with each of its expressions.
    pub(crate) fn each_expression<'m>(&'m self, visit: &mut dyn FnMut(&'m expr::Node)) {
        self.root.each_expression(visit);
    }

    /// Whether every document matches.
    pub(crate) fn is_always_true(&self) -> bool {
        matches!(self.root, Node::Always(true))
    }
}

impl ElementMatcher {
    /// Compiles predicates on an element of an array.
    ///
    /// # Errors
    ///
    /// As [`Matcher::collated`].
    pub(crate) fn compile(
        predicates: &[Predicate],
        collator: Option<&Arc<Collator>>,
    ) -> Result<Self, Error> {
        compile::predicates(predicates, collator).map(|conditions| ElementMatcher { conditions })
    }

    /// Whether the element matches as a field of that value would: if it is an array, one of its
    /// own elements will do.
    pub(crate) fn matches_field(&self, element: RawVal<'_>) -> bool {
        self.conditions.iter().all(|condition| condition.holds_for_field(element))
    }
}

/// A compiled `$elemMatch`, for projections.
#[derive(Debug)]
pub(crate) struct ElemMatcher {
    elements: Elements,
}

impl ElemMatcher {
    /// Compiles the operand of `$elemMatch`.
    ///
    /// # Errors
    ///
    /// As [`Matcher::collated`].
    pub(crate) fn compile(
        operand: &ElemMatch,
        collator: Option<&Arc<Collator>>,
    ) -> Result<Self, Error> {
        compile::elements(operand, collator, 0).map(|elements| ElemMatcher { elements })
    }

    /// The first element of an array that matches.
    pub(crate) fn first<'a>(&self, array: RawVal<'a>) -> Option<RawVal<'a>> {
        self.elements.position_in(array).and_then(|index| array.at(index))
    }
}

/// What a filter is asked about.
#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    /// A stored document.
    Record(&'a Record),
    /// A document inside another one, or an array, whose fields are its positions.
    Value(RawVal<'a>),
}

impl<'a> Source<'a> {
    fn as_raw(self) -> RawVal<'a> {
        match self {
            Source::Record(record) => record.as_raw(),
            Source::Value(value) => value,
        }
    }
}

/// A condition on a document.
#[derive(Debug)]
enum Node {
    Always(bool),
    And(Conjunction),
    Or(Vec<Node>),
    Not(Box<Node>),
    Field(Field),
    Schema(Schema),
    /// `$expr`, of the whole document.
    Expression(Box<expr::Node>),
}

/// A test of the values that a path leads to: one of them must pass.
#[derive(Debug)]
struct Field {
    path: FieldPath,
    test: Test,
}

/// A condition on a value, without a path.
#[derive(Debug)]
enum Condition {
    Never,
    Test(Test),
    Not(Vec<Condition>),
    All(Vec<Condition>),
}

/// A test of one value.
#[derive(Debug)]
enum Test {
    Compare(Comparison),
    In(Set),
    Regex(Pattern),
    Mod(Remainder),
    Exists,
    Size(i64),
    ElemMatch(Elements),
    Type(Types),
    Bits(Bits),
}

impl Node {
    fn matches(&self, source: Source<'_>, evaluation: Option<&Evaluation<'_>>) -> bool {
        match self {
            Node::Field(field) => field.matches(source),
            Node::And(parts) => parts.matches(source, evaluation),
            Node::Or(parts) => parts.iter().any(|part| part.matches(source, evaluation)),
            Node::Not(part) => !part.matches(source, evaluation),
            Node::Always(value) => *value,
            Node::Schema(schema) => schema.accepts(source.as_raw()),
            Node::Expression(expression) => {
                evaluation.is_some_and(|evaluation| evaluation.holds(expression, source))
            }
        }
    }

    /// The last position recorded by a conjunction, in an order in which the server evaluates it.
    /// What is negated, or one of several alternatives, records none.
    fn matched_index(&self, source: Source<'_>, matched: Matched) -> Option<usize> {
        match self {
            Node::Field(field) => field.matched_index(source),
            Node::And(parts) => parts.matched_index(source, matched),
            Node::Or(_)
            | Node::Not(_)
            | Node::Always(_)
            | Node::Schema(_)
            | Node::Expression(_) => None,
        }
    }

    fn each_expression<'n>(&'n self, visit: &mut dyn FnMut(&'n expr::Node)) {
        match self {
            Node::Expression(expression) => visit(expression),
            Node::And(parts) => parts.parts().iter().for_each(|part| part.each_expression(visit)),
            Node::Or(parts) => parts.iter().for_each(|part| part.each_expression(visit)),
            Node::Not(part) => part.each_expression(visit),
            Node::Field(_) | Node::Schema(_) | Node::Always(_) => {}
        }
    }

    /// Roughly what asking costs, so that conjunctions ask the cheapest first.
    fn cost(&self) -> u32 {
        let sum = |parts: &[Node]| parts.iter().map(Node::cost).sum::<u32>() + 1;
        match self {
            Node::Always(_) => 0,
            Node::Field(field) => {
                field.test.cost() + 8 * (field.path.components().len() as u32 - 1)
            }
            Node::And(parts) => parts.cost(),
            Node::Or(parts) => sum(parts),
            Node::Not(part) => part.cost() + 1,
            Node::Schema(schema) => schema.cost(),
            // The server asks them last, too.
            Node::Expression(_) => 1_000_000,
        }
    }
}

impl Field {
    #[inline]
    fn matches(&self, source: Source<'_>) -> bool {
        let (Source::Record(record), [first, rest @ ..]) = (source, self.path.components()) else {
            return self.any(source, |found| self.test.holds(found.value));
        };
        // Most paths lead to one value, through documents alone.
        let mut value = record.get(&first.name);
        for component in rest {
            value = match value {
                Some(value) if value.is_object() => value.get(component.name.as_bytes()),
                Some(value) if value.is_array() => break,
                _ => return self.test.holds(None),
            };
        }
        match value {
            Some(value) if value.is_array() => {
                self.any(source, |found| self.test.holds(found.value))
            }
            value => self.test.holds(value),
        }
    }

    fn any<'a>(&self, source: Source<'a>, accept: impl FnMut(Found<'a>) -> bool) -> bool {
        match source {
            Source::Record(record) => self.path.any(record, self.test.leaf(), accept),
            Source::Value(value) => self.path.any_in(value, self.test.leaf(), accept),
        }
    }

    fn matched_index(&self, source: Source<'_>) -> Option<usize> {
        let mut index = None;
        self.any(source, |found| {
            let holds = self.test.holds(found.value);
            if holds {
                let inner = || self.test.element_index(found.value?);
                index = found.array_index.or_else(inner);
            }
            holds
        });
        index
    }
}

impl Condition {
    /// Whether it holds for the value itself; an array is one value.
    fn holds(&self, value: RawVal<'_>) -> bool {
        match self {
            Condition::Never => false,
            Condition::Test(test) => test.holds(Some(value)),
            Condition::Not(parts) => !parts.iter().all(|part| part.holds(value)),
            Condition::All(parts) => parts.iter().all(|part| part.holds(value)),
        }
    }

    /// Whether it holds for a field of that value; of an array, one of the elements will do.
    fn holds_for_field(&self, value: RawVal<'_>) -> bool {
        match self {
            Condition::Never => false,
            Condition::Test(test) => {
                let traverses = value.is_array() && test.leaf() == LeafArray::Traverse;
                (traverses && value.elements().any(|(_, element)| test.holds(Some(element))))
                    || test.holds(Some(value))
            }
            Condition::Not(parts) => !parts.iter().all(|part| part.holds_for_field(value)),
            Condition::All(parts) => parts.iter().all(|part| part.holds_for_field(value)),
        }
    }

    /// The condition on the values that `path` leads to.
    fn at(self, path: &FieldPath) -> Node {
        match self {
            Condition::Never => Node::Always(false),
            Condition::Test(test) => Node::Field(Field { path: path.clone(), test }),
            Condition::Not(parts) => {
                Node::Not(Box::new(logical::and(parts.into_iter().map(|part| part.at(path)))))
            }
            Condition::All(parts) => logical::and(parts.into_iter().map(|part| part.at(path))),
        }
    }
}

impl Test {
    /// Whether one value passes; `None` where the document has no such field.
    #[inline]
    fn holds(&self, value: Option<RawVal<'_>>) -> bool {
        match (self, value) {
            (Test::Compare(comparison), value) => comparison.holds(value),
            (Test::In(set), value) => set.contains(value),
            (_, None) => false,
            (Test::Regex(pattern), Some(value)) => pattern.matches(value),
            (Test::Mod(remainder), Some(value)) => remainder.is_left_by(value),
            (Test::Exists, Some(_)) => true,
            (Test::Size(size), Some(value)) => array::has_size(value, *size),
            (Test::ElemMatch(elements), Some(value)) => elements.position_in(value).is_some(),
            (Test::Type(types), Some(value)) => types.contains(value),
            (Test::Bits(bits), Some(value)) => bits.match_in(value),
        }
    }

    /// What becomes of an array at the end of the path.
    fn leaf(&self) -> LeafArray {
        match self {
            Test::Size(_) | Test::ElemMatch(_) => LeafArray::Whole,
            _ => LeafArray::Traverse,
        }
    }

    /// The position of the element that made an array pass as a whole.
    fn element_index(&self, value: RawVal<'_>) -> Option<usize> {
        match self {
            Test::ElemMatch(elements) => elements.position_in(value),
            _ => None,
        }
    }

    fn cost(&self) -> u32 {
        match self {
            Test::Compare(comparison) => comparison.cost(),
            Test::Exists | Test::Type(_) => 1,
            Test::Mod(_) | Test::Size(_) | Test::Bits(_) => 3,
            Test::In(_) => 5,
            Test::Regex(pattern) => pattern.cost(),
            Test::ElemMatch(_) => 30,
        }
    }
}
