//! Accumulators as window functions.

use std::sync::Arc;

use bson::Bson;
use odm_core::Result;
use smallvec::SmallVec;

use super::bounds::Bounds;
use super::list::List;
use super::number::{Average, Count, Deviation, Numbers, Total};
use super::sliding::{On, Slide, Windowed};
use super::sorted::{Set, Side, Sorted};
use super::{Call, Function, Operator, malformed};
use crate::accumulator::{Accumulate, Accumulator, Setup};
use crate::expression::{Compiler, Globals, Scope, Value};
use crate::value::RawVal;

/// The state in a window that moves on.
type Start = fn(&Setup) -> Box<dyn Slide>;

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$addToSet", |c, call| compile(c, call, |s| Box::new(Set::new(s)))),
    Operator::new("$avg", |c, call| compile(c, call, |_| Box::new(Numbers::<Average>::default()))),
    Operator::new("$bottom", |c, call| {
        compile(c, call, |s| Box::new(Sorted::ordered(s, Side::Last).single()))
    }),
    Operator::new("$bottomN", |c, call| {
        compile(c, call, |s| Box::new(Sorted::ordered(s, Side::Last)))
    }),
    Operator::new("$count", |c, call| compile(c, call, |_| Box::new(Count::default()))),
    Operator::new("$firstN", |c, call| compile(c, call, |s| Box::new(List::first(s.n)))),
    Operator::new("$lastN", |c, call| compile(c, call, |s| Box::new(List::last(s.n)))),
    Operator::new("$max", |c, call| {
        compile(c, call, |s| Box::new(Sorted::values(s, Side::Last).single()))
    }),
    Operator::new("$maxN", |c, call| compile(c, call, |s| Box::new(Sorted::values(s, Side::Last)))),
    Operator::new("$min", |c, call| {
        compile(c, call, |s| Box::new(Sorted::values(s, Side::First).single()))
    }),
    Operator::new("$minN", |c, call| {
        compile(c, call, |s| Box::new(Sorted::values(s, Side::First)))
    }),
    Operator::new("$push", |c, call| compile(c, call, |_| Box::new(List::all()))),
    Operator::new("$stdDevPop", |c, call| {
        compile(c, call, |_| Box::new(Numbers::<Deviation>::default()))
    }),
    Operator::new("$stdDevSamp", |c, call| {
        compile(c, call, |_| Box::new(Numbers::of(Deviation::of_sample())))
    }),
    Operator::new("$sum", |c, call| compile(c, call, |_| Box::new(Numbers::<Total>::default()))),
    Operator::new("$top", |c, call| {
        compile(c, call, |s| Box::new(Sorted::ordered(s, Side::First).single()))
    }),
    Operator::new("$topN", |c, call| {
        compile(c, call, |s| Box::new(Sorted::ordered(s, Side::First)))
    }),
];

/// An accumulator on a window. As long as the window only grows, it is the accumulator itself.
#[derive(Debug)]
struct Accumulated {
    accumulator: Accumulator,
    start: Start,
}

fn compile(
    compiler: &mut Compiler<'_>,
    call: &Call<'_>,
    start: Start,
) -> Result<Arc<dyn Function>> {
    call.check_fields(true)?;
    if call.name == "$count" && !matches!(call.argument, Bson::Document(spec) if spec.is_empty()) {
        return malformed("$count only accepts an empty object as input");
    }
    let bounds = Bounds::compile(compiler, call)?;
    let accumulator = Accumulator::parse(compiler, call.name, call.argument)?;
    Ok(Arc::new(On { function: Accumulated { accumulator, start }, bounds }))
}

impl Windowed for Accumulated {
    fn values<'a>(&'a self, scope: &Scope<'a>) -> Result<SmallVec<[Value<'a>; 1]>> {
        self.accumulator.values(scope)
    }

    fn slide(&self, globals: &Globals) -> Result<Box<dyn Slide>> {
        Ok((self.start)(&self.accumulator.setup(globals, RawVal::EMPTY_OBJECT)?))
    }

    fn grow(&self, globals: &Globals) -> Result<Option<Box<dyn Accumulate>>> {
        self.accumulator.start(globals, RawVal::EMPTY_OBJECT).map(Some)
    }
}
