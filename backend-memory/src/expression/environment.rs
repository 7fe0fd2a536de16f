//! [`Environment`]: what the expressions of a command are compiled with.

use std::cell::OnceCell;
use std::sync::Arc;

use bson::{DateTime, Document, Timestamp};
use odm_core::{ErrorCode, Result};

use super::{Compiler, Globals, Root, Scope, refused};
use crate::backend::Engine;
use crate::collation::Collator;
use crate::value::RawVal;

/// What the expressions of a command are compiled with: its variables, its time, how strings compare.
///
/// Most commands have no expression, so that what only those need is made when the first one asks.
pub(crate) struct Environment<'e> {
    time: Time<'e>,
    collator: Option<Arc<Collator>>,
    bound: OnceCell<Bound>,
}

/// What time it is.
#[derive(Clone, Copy)]
enum Time<'e> {
    Of(&'e Engine),
    At(DateTime, Timestamp),
}

struct Bound {
    globals: Arc<Globals>,
    /// The names of the variables.
    names: Vec<Box<str>>,
}

impl<'e> Environment<'e> {
    /// That of a command, with the variables of its `let`.
    ///
    /// # Errors
    ///
    /// As [`bind_variables`].
    pub(crate) fn new(
        engine: &'e Engine,
        collator: Option<Arc<Collator>>,
        variables: Option<&Document>,
    ) -> Result<Self> {
        let environment = Environment { time: Time::Of(engine), collator, bound: OnceCell::new() };
        environment.with(variables)
    }

    /// At a certain time, without variables.
    pub(crate) fn at(now: DateTime, timestamp: Timestamp, collator: Option<Arc<Collator>>) -> Self {
        Environment { time: Time::At(now, timestamp), collator, bound: OnceCell::new() }
    }

    /// Without an engine, at this moment.
    pub(crate) fn now(collator: Option<Arc<Collator>>) -> Self {
        let now = DateTime::now();
        let seconds = u32::try_from(now.timestamp_millis().div_euclid(1000)).unwrap_or(0);
        Environment::at(now, Timestamp { time: seconds, increment: 1 }, collator)
    }

    /// The same with variables beside those that it has; a name that is there stands for the new value.
    ///
    /// # Errors
    ///
    /// As [`bind_variables`].
    pub(crate) fn with(self, variables: Option<&Document>) -> Result<Self> {
        let Some(variables) = variables else { return Ok(self) };
        let bound = self.bound();
        let (mut globals, mut names) = (Globals::clone(&bound.globals), bound.names.clone());
        bind_variables(&mut globals, &mut names, variables)?;
        let bound = OnceCell::from(Bound { globals: Arc::new(globals), names });
        Ok(Environment { bound, ..self })
    }

    /// How strings compare.
    pub(crate) const fn collator(&self) -> Option<&Arc<Collator>> {
        self.collator.as_ref()
    }

    /// What is the same for all documents.
    pub(crate) fn globals(&self) -> &Arc<Globals> {
        &self.bound().globals
    }

    /// A compiler for the expressions.
    pub(crate) fn compiler(&self) -> Compiler<'_> {
        let bound = self.bound();
        Compiler::new(&bound.globals, bound.names.clone())
    }

    fn bound(&self) -> &Bound {
        self.bound.get_or_init(|| {
            let collator = self.collator.clone();
            let globals = match self.time {
                Time::Of(engine) => engine.globals(collator),
                Time::At(now, cluster_time) => {
                    Globals { now, cluster_time, collator, variables: Vec::new() }
                }
            };
            Bound { globals: Arc::new(globals), names: Vec::new() }
        })
    }
}

/// Evaluates the variables of `let`, each of which may use those before it.
///
/// # Errors
///
/// As [`odm_core::check_variables`]; what their expressions refuse; 4890500 if a value needs a document.
pub(crate) fn bind_variables(
    globals: &mut Globals,
    names: &mut Vec<Box<str>>,
    variables: &Document,
) -> Result<()> {
    odm_core::check_variables(variables)?;
    for (name, value) in variables {
        let mut compiler = Compiler::new(globals, names.clone());
        let node = compiler.operand(value)?;
        compiler.check()?;
        if node.needs_document() {
            let message = "a variable of `let` cannot be the value of a field";
            return refused(ErrorCode(4_890_500).0, message);
        }
        let nothing = Root::Value(RawVal::EMPTY_OBJECT);
        let value = node.eval(&Scope::new(globals, nothing))?.into_owned();
        globals.variables.push(value);
        names.push(name.as_str().into());
    }
    Ok(())
}
