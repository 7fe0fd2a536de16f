//! `$rank`, `$denseRank`, `$documentNumber`.

use std::sync::Arc;

use bson::Bson;
use odm_core::Result;

use super::{Call, Function, Operator, Part, Running};
use crate::expression::{Compiler, Globals, Node, Value, refused};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$denseRank", |compiler, call| compile(compiler, call, Kind::Dense)),
    Operator::new("$documentNumber", |compiler, call| compile(compiler, call, Kind::Number)),
    Operator::new("$rank", |compiler, call| compile(compiler, call, Kind::Gaps)),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// As many ranks as values.
    Dense,
    /// The rank is one more than how many documents are before.
    Gaps,
    /// All documents have different ones.
    Number,
}

/// The place of a document in the order; equal values have one, but to a rank null and missing are two.
///
/// 5371601 for a window, 5371602 unless the order is that of one field, 5371603 for any argument.
#[derive(Debug)]
struct Rank {
    kind: Kind,
    by: Node,
}

fn compile(compiler: &mut Compiler<'_>, call: &Call<'_>, kind: Kind) -> Result<Arc<dyn Function>> {
    if call.spec.len() > 1 {
        return refused(5_371_601, "Rank style window functions take no other arguments");
    }
    if !matches!(call.argument, Bson::Document(argument) if argument.is_empty()) {
        return refused(
            5_371_603,
            format!("{} must be specified with '{{}}' as the value", call.name),
        );
    }
    let Some(by) = call.sorted_by(compiler)? else {
        let name = call.name;
        return refused(
            5_371_602,
            format!(
                "{name} must be specified with a top level sortBy expression with exactly one element"
            ),
        );
    };
    Ok(Arc::new(Rank { kind, by }))
}

impl Function for Rank {
    fn start(self: Arc<Self>, _: &Globals) -> Result<Box<dyn Running>> {
        Ok(Box::new(Ranking { function: self, last: None, rank: 0 }))
    }
}

struct Ranking {
    function: Arc<Rank>,
    /// The value of the document before.
    last: Option<Value<'static>>,
    rank: i64,
}

impl Running for Ranking {
    fn next(&mut self, part: &Part<'_>, at: usize) -> Result<Value<'static>> {
        let value = part.value(&self.function.by, at)?;
        let collator = part.run.globals.collator.as_deref();
        let is_another =
            self.last.as_ref().is_none_or(|last| last.compare(&value, collator).is_ne());
        let number = i64::try_from(at).unwrap_or(i64::MAX - 1) + 1;
        match self.function.kind {
            Kind::Number => self.rank = number,
            Kind::Dense if is_another => self.rank += 1,
            Kind::Gaps if is_another => self.rank = number,
            Kind::Dense | Kind::Gaps => {}
        }
        if is_another {
            self.last = Some(value.into_owned());
        }
        Ok(i32::try_from(self.rank).map_or_else(|_| self.rank.into(), Value::from))
    }
}
