//! `$match`.

use std::sync::Arc;

use bson::Bson;
use odm_core::{Filter, Predicate, Result};

use super::{Changes, Doc, Fields, Input, Role, Run, Spec, Stage, Stream, Visit, Within, fields};
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

/// The stage of conditions that have no expressions.
///
/// # Errors
///
/// As [`by`].
pub(super) fn all_of(
    mut conjuncts: Vec<Filter>,
    collator: Option<&Arc<Collator>>,
) -> Result<Arc<dyn Stage>> {
    let filter = match conjuncts.len() {
        1 => conjuncts.swap_remove(0),
        _ => Filter::And(conjuncts),
    };
    by(filter, collator)
}

/// The conditions of a filter that all must hold.
pub(super) fn conjuncts(filter: &Filter) -> Vec<Filter> {
    match filter {
        // Parsing bounds how deep they nest.
        Filter::And(parts) => parts.iter().flat_map(conjuncts).collect(),
        Filter::Nor(parts) => parts.iter().map(|part| Filter::Nor(vec![part.clone()])).collect(),
        other => vec![other.clone()],
    }
}

/// The condition that asks the same of documents before they are changed, if there is one. As on the
/// server, there is none for what looks at the elements of arrays.
pub(super) fn before(filter: &Filter, changes: &Changes) -> Option<Filter> {
    let all = |parts: &[Filter]| -> Option<Vec<Filter>> {
        parts.iter().map(|part| before(part, changes)).collect()
    };
    Some(match filter {
        Filter::And(parts) => Filter::And(all(parts)?),
        Filter::Or(parts) => Filter::Or(all(parts)?),
        Filter::Nor(parts) => Filter::Nor(all(parts)?),
        Filter::Field(path, predicate) if is_of_values(predicate) => {
            Filter::Field(changes.before(path.as_str())?.into(), predicate.clone())
        }
        Filter::Comment(_) | Filter::AlwaysTrue => filter.clone(),
        _ => return None,
    })
}

fn is_of_values(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::Size(_)
        | Predicate::ElemMatch(_)
        | Predicate::AllElemMatch(_)
        | Predicate::Near(_) => false,
        Predicate::Not(predicates) => predicates.iter().all(is_of_values),
        _ => true,
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
        if self.is_planned { Role::Match(&self.filter) } else { Role::Filter(&self.filter) }
    }

    fn needs(&self, mut later: Fields) -> Fields {
        later.add_filter(&self.filter);
        self.matcher.each_expression(&mut |node| later.add_node(node));
        later
    }

    fn changes(&self) -> Changes {
        Changes::nothing()
    }

    fn looks_at(&self) -> Option<Vec<String>> {
        let mut paths = Vec::new();
        let mut add = |path: &str| paths.push(path.to_owned());
        let mut known = fields::each_path_of_filter(&self.filter, &mut add);
        self.matcher.each_expression(&mut |node| {
            known = known.filter(|()| !node.calls("$rand"));
            known = known.and_then(|()| fields::each_path(node, &mut add));
        });
        known.map(|()| paths)
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

    fn each(&mut self, visit: &mut Visit<'_>) -> Result<()> {
        let Matching { input, stage, run } = self;
        input.each(&mut |doc| {
            if stage.matcher.decide(doc, &run.globals)? { visit(doc) } else { Ok(()) }
        })
    }
}
