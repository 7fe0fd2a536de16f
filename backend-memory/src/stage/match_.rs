//! `$match`.

use std::sync::Arc;

use bson::Bson;
use odm_core::{Filter, Result};

use super::{Doc, Input, Role, Run, Spec, Stage, Stream, Within};
use crate::collation::Collator;
use crate::expression::{Compiler, refused};
use crate::filter::Matcher;

pub(super) const STAGES: &[Spec] = &[Spec::new("$match", match_)];

fn match_(compiler: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(filter) = spec else {
        return refused(15_959, "the match filter must be an expression in an object");
    };
    let filter = Filter::Raw(filter.clone()).normalized()?.into_owned();
    // Only what has no expressions is for the planner; the server evaluates expressions last, too.
    let (expressions, rest) = match filter {
        Filter::And(parts) => parts.into_iter().partition(has_expressions),
        filter if has_expressions(&filter) => (vec![filter], Vec::new()),
        filter => (Vec::new(), vec![filter]),
    };
    let mut stages: Vec<Arc<dyn Stage>> = Vec::with_capacity(2);
    for (mut parts, is_planned) in [(rest, true), (expressions, false)] {
        let filter = match parts.len() {
            0 if is_planned => continue,
            0 if !stages.is_empty() => continue,
            1 => parts.swap_remove(0),
            _ => Filter::And(parts),
        };
        let matcher = Matcher::within(&filter, compiler)?;
        stages.push(Arc::new(Match { filter, matcher, is_planned }));
    }
    Ok(stages)
}

/// The stage of a filter that has no expressions.
///
/// # Errors
///
/// What is wrong with the filter.
pub(super) fn by(filter: Filter, collator: Option<&Arc<Collator>>) -> Result<Arc<dyn Stage>> {
    let matcher = Matcher::collated(&filter, collator)?;
    Ok(Arc::new(Match { filter, matcher, is_planned: true }))
}

/// Whether there is an `$expr`, which is nowhere below fields.
fn has_expressions(filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) | Filter::Nor(parts) => {
            parts.iter().any(has_expressions)
        }
        filter => matches!(filter, Filter::Expr(_)),
    }
}

#[derive(Debug)]
struct Match {
    filter: Filter,
    matcher: Matcher,
    /// Whether the planner may do its work.
    is_planned: bool,
}

impl Stage for Match {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        Ok(Box::new(Matching { input, stage: self, run: run.clone() }))
    }

    fn role(&self) -> Role<'_> {
        if self.is_planned { Role::Match(&self.filter) } else { Role::Other }
    }
}

struct Matching {
    input: Input,
    stage: Arc<Match>,
    run: Arc<Run>,
}

impl Stream for Matching {
    fn next(&mut self) -> Result<Option<Doc>> {
        while let Some(doc) = self.input.next()? {
            if self.stage.matcher.decide(doc.as_root(), &self.run.globals)? {
                return Ok(Some(doc));
            }
        }
        Ok(None)
    }
}
