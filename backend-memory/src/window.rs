//! Window functions: what `$setWindowFields` makes of the documents around each one.
//!
//! A window function is a row of its table ([`FAMILIES`], a file for each kind) and a type beside it;
//! nothing else lists window functions. Compiled once ([`Function`]); each partition has a run of its
//! own ([`Running`]), which is asked for one document after the other.

mod accumulated;
mod bounds;
mod change;
mod covariance;
mod gap;
mod list;
mod number;
mod position;
mod rank;
mod sliding;
mod sorted;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use bson::{Bson, Document};
use odm_core::{ErrorCode, Result};

use crate::deadline;
use crate::expression::{Compiler, Globals, Node, Scope, Value, refused};
use crate::stage::{Doc, Run};

/// The families of window functions.
const FAMILIES: &[&[Operator]] = &[
    accumulated::OPERATORS,
    change::OPERATORS,
    covariance::OPERATORS,
    gap::OPERATORS,
    position::OPERATORS,
    rank::OPERATORS,
];

/// The window functions by name.
static OPERATORS: LazyLock<HashMap<&str, &Operator>> =
    LazyLock::new(|| FAMILIES.iter().copied().flatten().map(|op| (op.name, op)).collect());

/// A row of a family's table.
struct Operator {
    name: &'static str,
    compile: fn(&mut Compiler<'_>, &Call<'_>) -> Result<Arc<dyn Function>>,
}

impl Operator {
    const fn new(
        name: &'static str,
        compile: fn(&mut Compiler<'_>, &Call<'_>) -> Result<Arc<dyn Function>>,
    ) -> Self {
        Operator { name, compile }
    }
}

/// A window function as it is written.
struct Call<'s> {
    name: &'static str,
    /// What stands beside its name.
    argument: &'s Bson,
    /// All fields: its name, `window`.
    spec: &'s Document,
    order: Option<&'s Order>,
}

impl Call<'_> {
    /// Checks that nothing stands there but the function and, if it takes one, its window.
    ///
    /// # Errors
    ///
    /// 9 for anything else.
    fn check_fields(&self, takes_window: bool) -> Result<()> {
        let is_known = |name: &str| name == self.name || (takes_window && name == "window");
        match self.spec.keys().find(|name| !is_known(name)) {
            None => Ok(()),
            Some(name) if name == "window" => {
                malformed(format!("'window' field is not allowed in {}", self.name))
            }
            Some(name) => malformed(format!("{} got unexpected argument: {name}", self.name)),
        }
    }

    /// The value that documents are sorted by, if that is one.
    fn sorted_by(&self, compiler: &mut Compiler<'_>) -> Result<Option<Node>> {
        match self.order.map(|order| order.keys.as_slice()) {
            Some([(path, _)]) => compiler.operand(&Bson::String(format!("${path}"))).map(Some),
            _ => Ok(None),
        }
    }
}

/// The refusal of what is malformed: 9.
fn malformed<T>(message: impl Into<String>) -> Result<T> {
    refused(ErrorCode::FAILED_TO_PARSE.0, message)
}

/// The order of the documents of a partition: paths, and whether each is descending.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) keys: Vec<(String, bool)>,
}

/// A compiled window function.
pub(crate) trait Function: fmt::Debug + Send + Sync {
    /// Begins with a partition.
    ///
    /// # Errors
    ///
    /// What its constant arguments are refused for.
    fn start(self: Arc<Self>, globals: &Globals) -> Result<Box<dyn Running>>;
}

/// A window function on a partition.
pub(crate) trait Running: Send {
    /// The value for the document at this position. It is asked for each, in order.
    ///
    /// # Errors
    ///
    /// The server's, for what it refuses; 50 if the time is over.
    fn next(&mut self, part: &Part<'_>, at: usize) -> Result<Value<'static>>;

    /// Goes on with another partition, if what it keeps of this one counts there; else it is begun anew.
    fn restart(&mut self) -> bool {
        false
    }
}

/// The documents of a partition, in order.
pub(crate) struct Part<'p> {
    pub(crate) docs: &'p [Doc],
    pub(crate) run: &'p Run,
}

impl Part<'_> {
    fn len(&self) -> usize {
        self.docs.len()
    }

    /// Where expressions are evaluated on the document at a position.
    fn scope(&self, at: usize) -> Option<Scope<'_>> {
        let doc = self.docs.get(at)?;
        Some(Scope::new(&self.run.globals, doc.as_root()))
    }

    /// What an expression gives there; nothing beyond the partition.
    fn value<'v>(&'v self, node: &'v Node, at: usize) -> Result<Value<'v>> {
        self.scope(at).map_or(Ok(Value::Missing), |scope| node.eval(&scope))
    }

    /// Looks at the clock now and then.
    fn check_deadline(&self, count: usize) -> Result<()> {
        if self.run.deadline.has_passed(count as u64) { Err(deadline::expired()) } else { Ok(()) }
    }
}

/// Compiles the window function of a field: `{$sum: "$price", window: {documents: [-1, 1]}}`.
///
/// # Errors
///
/// 9 if it is none; what functions, windows and expressions refuse.
pub(crate) fn compile(
    compiler: &mut Compiler<'_>,
    field: &str,
    spec: &Bson,
    order: Option<&Order>,
) -> Result<Arc<dyn Function>> {
    let Bson::Document(spec) = spec else {
        return malformed(format!("The field '{field}' must be an object"));
    };
    let Some((name, argument)) = spec.iter().find(|(name, _)| name.starts_with('$')) else {
        return malformed("Expected a $-prefixed window function");
    };
    let Some(operator) = OPERATORS.get(name.as_str()) else {
        return malformed(format!("Unrecognized window function, {name}"));
    };
    (operator.compile)(compiler, &Call { name: operator.name, argument, spec, order })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_name_nothing_twice() {
        for family in FAMILIES {
            assert!(family.is_sorted_by(|a, b| a.name < b.name));
        }
        assert_eq!(OPERATORS.len(), FAMILIES.iter().map(|family| family.len()).sum::<usize>());
    }
}
