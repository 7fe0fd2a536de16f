//! Stages in a better order, or fewer of them: what cannot change the results.
//!
//! As on the server, filters come before what does not touch the fields that they ask for, so that what
//! those stages would have refused of other documents is not told; sorts come before stages that only
//! multiply documents or add to them; what is passed over, or beyond the last one that is asked for, is
//! not worked on.

use std::sync::Arc;

use odm_core::{FieldPath, Result, SortOrder};

use super::{Changes, Fields, Role, Stage, limit, match_};
use crate::collation::Collator;

type Stages = Vec<Arc<dyn Stage>>;

/// The same pipeline, made faster.
///
/// # Errors
///
/// None but those of the filters, which were compiled before.
pub(super) fn optimize(stages: Stages, collator: Option<&Arc<Collator>>) -> Result<Stages> {
    let mut stages = limit_sorts(fuse(reorder(stages, collator)?));
    narrow(&mut stages);
    Ok(stages)
}

/// How many paths are compared to find a better order for one pipeline. Pipelines that people write take
/// some dozens.
const BUDGET: usize = 100_000;

/// The stages that are in their places already.
struct Placed {
    stages: Stages,
    /// What each of them changes.
    changes: Vec<Changes>,
    budget: usize,
}

fn reorder(stages: Stages, collator: Option<&Arc<Collator>>) -> Result<Stages> {
    if stages.len() < 2 {
        return Ok(stages);
    }
    let mut placed = Placed { stages: Vec::new(), changes: Vec::new(), budget: BUDGET };
    for stage in stages {
        match stage.role() {
            Role::Match(_) => placed.filter(stage, collator)?,
            Role::Filter(_) => placed.expressions(stage),
            Role::Sort(_) => placed.sort(stage),
            Role::Limit(_) | Role::Skip(_) => {
                let place = placed.behind(|stage| stage.is_one_to_one());
                placed.insert(place, stage);
            }
            Role::Source | Role::Other => placed.insert(placed.stages.len(), stage),
        }
    }
    Ok(placed.stages)
}

impl Placed {
    fn insert(&mut self, place: usize, stage: Arc<dyn Stage>) {
        self.changes.insert(place, stage.changes());
        self.stages.insert(place, stage);
    }

    /// The place behind all stages but the last ones that may be passed.
    fn behind(&self, may_pass: impl Fn(&dyn Stage) -> bool) -> usize {
        self.stages.iter().rposition(|stage| !may_pass(stage.as_ref())).map_or(0, |at| at + 1)
    }

    /// Places a filter, or the parts of it: each as early as may be.
    fn filter(&mut self, stage: Arc<dyn Stage>, collator: Option<&Arc<Collator>>) -> Result<()> {
        let Role::Match(filter) = stage.role() else { return Ok(()) };
        let mut parts = match_::conjuncts(filter);
        let (mut place, mut is_whole) = (self.stages.len(), true);
        while let Some(changes) = place.checked_sub(1).and_then(|before| self.changes.get(before)) {
            let cost = changes.len().saturating_mul(parts.len());
            if *changes == Changes::Any || cost > self.budget {
                break;
            }
            self.budget -= cost;
            let (mut earlier, mut later) = (Vec::new(), Vec::new());
            for part in &parts {
                match match_::before(part, changes) {
                    Some(before) => earlier.push(before),
                    None => later.push(part.clone()),
                }
            }
            if earlier.is_empty() {
                break;
            }
            is_whole = is_whole && earlier == parts;
            if !later.is_empty() {
                self.insert(place, match_::all_of(later, collator)?);
            }
            parts = earlier;
            place -= 1;
        }
        let stage = if is_whole { stage } else { match_::all_of(parts, collator)? };
        self.insert_behind_filters(place, stage);
        Ok(())
    }

    /// Places a filter by expressions: before stages that change nothing that it looks at, but
    /// behind other filters.
    fn expressions(&mut self, stage: Arc<dyn Stage>) {
        let mut place = self.stages.len();
        let paths = stage.looks_at();
        while let Some(before) = place.checked_sub(1)
            && let (Some(paths), Some(changes)) = (&paths, self.changes.get(before))
        {
            let cost = changes.len().saturating_mul(paths.len());
            let stays = |path: &String| changes.before(path).is_some_and(|was| was == *path);
            let is_filter = matches!(self.role(before), Role::Filter(_));
            if *changes == Changes::Any
                || is_filter
                || cost > self.budget
                || !paths.iter().all(stays)
            {
                break;
            }
            self.budget -= cost;
            place = before;
        }
        self.insert_behind_filters(place, stage);
    }

    /// Places a sort: before stages that make more of the documents.
    fn sort(&mut self, stage: Arc<dyn Stage>) {
        let mut place = match stage.looks_at() {
            Some(paths) => self.behind(|other| other.may_follow_sort(&paths)),
            None => self.stages.len(),
        };
        // Nobody will see the order there was.
        while let Some(before) = place.checked_sub(1)
            && matches!(self.role(before), Role::Sort(_))
        {
            self.stages.remove(before);
            self.changes.remove(before);
            place = before;
        }
        let before = place.checked_sub(1).and_then(|before| self.stages.get(before));
        if before.is_none_or(|before| !is_order_of(before.sorted_by(), stage.as_ref())) {
            self.insert(place, stage);
        }
    }

    fn role(&self, place: usize) -> Role<'_> {
        self.stages.get(place).map_or(Role::Other, |stage| stage.role())
    }

    /// Inserts a filter behind the filters that are there already.
    fn insert_behind_filters(&mut self, mut place: usize, stage: Arc<dyn Stage>) {
        let goes_last = matches!(stage.role(), Role::Filter(_));
        loop {
            match self.role(place) {
                Role::Match(_) => place += 1,
                Role::Filter(_) if goes_last => place += 1,
                _ => break,
            }
        }
        self.insert(place, stage);
    }
}

/// Whether documents in ascending order of the paths are in the order of a sort.
fn is_order_of(paths: &[String], sort: &dyn Stage) -> bool {
    let Role::Sort(sort) = sort.role() else { return false };
    let is_next = |((path, order), known): (&(FieldPath, SortOrder), &String)| {
        *order == SortOrder::Ascending && path.as_str() == known.as_str()
    };
    sort.keys.len() <= paths.len() && sort.keys.iter().zip(paths).all(is_next)
}

/// Limits, or skips, one after the other are one.
fn fuse(stages: Stages) -> Stages {
    let mut fused: Stages = Vec::with_capacity(stages.len());
    for stage in stages {
        let both = fused.last().and_then(|last| match (last.role(), stage.role()) {
            (Role::Limit(a), Role::Limit(b)) => Some(limit::limit_to(a.min(b))),
            (Role::Skip(a), Role::Skip(b)) => a.checked_add(b).map(limit::skip_over),
            _ => None,
        });
        match both {
            Some(both) => {
                fused.pop();
                fused.push(both);
            }
            None => fused.push(stage),
        }
    }
    fused
}

/// A sort need not keep more documents than are asked for behind it.
fn limit_sorts(mut stages: Stages) -> Stages {
    for at in 0..stages.len() {
        let Some((stage, rest)) = stages.get(at..).and_then(<[_]>::split_first) else { break };
        if let Some(limit) = wanted(rest)
            && matches!(stage.role(), Role::Sort(_))
            && let Some(limited) = stage.limited(limit)
            && let Some(slot) = stages.get_mut(at)
        {
            *slot = limited;
        }
    }
    stages
}

/// How many documents these stages ask for, if the first of them that are no skips are limits.
pub(crate) fn wanted(stages: &[Arc<dyn Stage>]) -> Option<u64> {
    let mut skipped = 0_u64;
    for stage in stages {
        match stage.role() {
            Role::Skip(n) => skipped = skipped.checked_add(n)?,
            Role::Limit(n) => return skipped.checked_add(n),
            _ => return None,
        }
    }
    None
}

/// What no stage asks for need not be copied from one document to another.
fn narrow(stages: &mut Stages) {
    let mut needed = Fields::All;
    for stage in stages.iter_mut().rev() {
        if needed != Fields::All
            && let Some(stage) = Arc::get_mut(stage)
        {
            stage.narrow(&needed);
        }
        needed = stage.needs(needed);
    }
}

#[cfg(test)]
mod tests {
    use bson::{Bson, Document, bson, doc};

    use super::super::{Pipeline, Shown, Within};
    use crate::expression::{Compiler, Globals};

    /// The pipelines that MongoDB's `explain` shows, in the engine's words.
    fn check(pipeline: &[Document], expected: &[Document]) {
        assert_eq!(described(pipeline), expected, "{pipeline:?}");
    }

    fn described(pipeline: &[Document]) -> Vec<Document> {
        let stages: Vec<Bson> = pipeline.iter().cloned().map(Bson::Document).collect();
        let parsed = odm_core::Pipeline::parse(&stages).unwrap();
        let mut shown = Shown::all();
        let mut compiler = Compiler::new(Globals::none(), Vec::new());
        let compiled =
            Pipeline::compile_shown(&mut compiler, &parsed, Within::Command, &mut shown).unwrap();
        let described = shown.describe(&compiled.stages).into_iter();
        described.map(|(_, stage)| stage).collect()
    }

    fn by(field: &str) -> Document {
        doc! { "$match": { field: 1 } }
    }

    #[test]
    fn filters_come_first_where_they_may() {
        let set = || doc! { "$set": { "z": { "$add": ["$a", 1] } } };
        let rename = || doc! { "$addFields": { "z": "$a" } };
        let project = || doc! { "$project": { "a": 1, "z": "$b" } };
        let unwind = || doc! { "$unwind": { "path": "$c", "includeArrayIndex": "i" } };
        let lookup = || {
            let fields = doc! { "localField": "a", "foreignField": "k" };
            let mut spec = doc! { "from": "u", "as": "us" };
            spec.extend(fields);
            doc! { "$lookup": spec }
        };
        check(&[set(), by("a")], &[by("a"), set()]);
        check(&[set(), by("z")], &[set(), by("z")]);
        check(&[set(), doc! { "$match": { "a": 1, "z": 1 } }], &[by("a"), set(), by("z")]);
        check(&[rename(), by("z")], &[by("a"), rename()]);
        check(&[rename(), by("z.x")], &[by("a.x"), rename()]);
        check(&[rename(), set(), by("z")], &[rename(), set(), by("z")]);
        check(&[project(), by("a")], &[by("a"), project()]);
        check(&[project(), by("z")], &[by("b"), project()]);
        check(&[project(), by("b")], &[project(), by("b")]);
        check(&[unwind(), by("a")], &[by("a"), unwind()]);
        check(&[unwind(), by("c.x")], &[unwind(), by("c.x")]);
        check(&[unwind(), by("i")], &[unwind(), by("i")]);
        check(&[lookup(), by("a")], &[by("a"), lookup()]);
        check(&[lookup(), by("us.k")], &[lookup(), by("us.k")]);
        check(&[doc! { "$limit": 5 }, by("a")], &[doc! { "$limit": 5_i64 }, by("a")]);
        check(&[by("z"), set(), by("z"), by("a")], &[by("z"), by("a"), set(), by("z")]);
        let replace = doc! { "$replaceRoot": { "newRoot": "$d" } };
        check(&[replace.clone(), by("a")], &[replace, by("a")]);
    }

    #[test]
    fn conditions_on_elements_stay() {
        let set = || doc! { "$set": { "z": 1 } };
        for condition in [
            doc! { "a": { "$size": 1 } },
            doc! { "a": { "$elemMatch": { "$gt": 1 } } },
            doc! { "a": { "$not": { "$size": 1 } } },
            doc! { "$or": [{ "a": 1 }, { "a": { "$size": 1 } }] },
        ] {
            let filter = doc! { "$match": condition };
            check(&[set(), filter.clone()], &[set(), filter]);
        }
        for condition in [
            doc! { "a": { "$exists": true } },
            doc! { "a": { "$not": { "$gt": 1 } } },
            doc! { "$or": [{ "a": 1 }, { "b": { "$gt": 1 } }] },
            doc! { "$nor": [{ "a": 1 }] },
            doc! { "$expr": { "$gt": ["$a", "$b"] } },
        ] {
            let filter = doc! { "$match": condition };
            check(&[set(), filter.clone()], &[filter, set()]);
        }
    }

    #[test]
    fn what_is_densified_is_in_order() {
        let densify = |parts: &[&str], bounds: Bson| {
            let range = doc! { "step": 2, "bounds": bounds };
            doc! { "$densify": { "field": "v", "partitionByFields": parts, "range": range } }
        };
        let by = |keys: Document| doc! { "$sort": keys };
        let is_left_out = |stages: &[Document]| {
            let mut sorts = described(stages).into_iter().filter(|one| one.contains_key("$sort"));
            // Its own comes before it.
            sorts.next().is_some() && sorts.next().is_none()
        };
        let (full, part, range) = (|| bson!("full"), || bson!("partition"), || bson!([0, 8]));
        let rows = [
            (densify(&[], full()), by(doc! { "v": 1 }), true),
            (densify(&[], full()), by(doc! { "v": -1 }), false),
            (densify(&["p"], range()), by(doc! { "p": 1, "v": 1 }), true),
            (densify(&["p"], range()), by(doc! { "p": 1 }), true),
            (densify(&["p"], range()), by(doc! { "v": 1 }), false),
            (densify(&["p"], range()), by(doc! { "p": 1, "v": 1, "z": 1 }), false),
            (densify(&["q", "p"], range()), by(doc! { "q": 1 }), true),
            (densify(&["q", "p"], range()), by(doc! { "p": 1 }), false),
            (densify(&["p"], part()), by(doc! { "p": 1 }), true),
            (densify(&["p"], full()), by(doc! { "v": 1 }), false),
            (densify(&["p"], full()), by(doc! { "p": 1, "v": 1 }), false),
        ];
        for (densify, sort, expected) in rows {
            let unwind = doc! { "$unwind": { "path": "$z" } };
            let other = by(doc! { "z": 1 });
            for stages in [
                vec![densify.clone(), sort.clone()],
                vec![densify.clone(), other, sort.clone()],
                vec![densify.clone(), unwind, sort],
            ] {
                assert_eq!(is_left_out(&stages), expected, "{stages:?}");
            }
        }
    }

    #[test]
    fn sorts_and_limits_come_before_what_they_save() {
        let sort = |limit: Option<i64>| {
            let mut spec = doc! { "sortKey": { "a": 1 } };
            spec.extend(limit.map(|limit| ("limit".to_owned(), limit.into())));
            doc! { "$sort": spec }
        };
        let (by_a, by_b) = (doc! { "$sort": { "a": 1 } }, doc! { "$sort": { "b": 1 } });
        let set = doc! { "$set": { "z": 1 } };
        let unwind = doc! { "$unwind": { "path": "$c" } };
        let (skip, limit) = (doc! { "$skip": 3 }, doc! { "$limit": 4 });
        let skipped = doc! { "$skip": 3_i64 };
        check(&[by_a.clone(), limit.clone()], &[sort(Some(4))]);
        check(&[by_a.clone(), skip.clone(), limit.clone()], &[sort(Some(7)), skipped.clone()]);
        check(&[by_b, by_a.clone()], &[sort(None)]);
        check(&[unwind.clone(), by_a.clone()], &[sort(None), unwind]);
        check(&[set.clone(), by_a.clone()], &[set.clone(), sort(None)]);
        check(&[set.clone(), skip.clone()], &[skipped.clone(), set.clone()]);
        check(&[skip.clone(), skip], &[doc! { "$skip": 6_i64 }]);
        check(&[limit.clone(), doc! { "$limit": 9 }], &[doc! { "$limit": 4_i64 }]);
        check(&[by_a, set.clone(), limit], &[sort(Some(4)), set]);
    }
}
