//! Stages in a better order, or fewer of them: what cannot change the results.

use std::sync::Arc;

use super::{Role, Stage, limit};

type Stages = Vec<Arc<dyn Stage>>;

/// The same pipeline, made faster.
pub(super) fn optimize(stages: Stages) -> Stages {
    limit_sorts(fuse(filter_first(stages)))
}

/// What is filtered out need not be sorted, and an index may find the rest.
fn filter_first(stages: Stages) -> Stages {
    let mut reordered: Stages = Vec::with_capacity(stages.len());
    for stage in stages {
        let mut place = reordered.len();
        if matches!(stage.role(), Role::Match(_)) {
            while place > 0
                && reordered.get(place - 1).is_some_and(|s| matches!(s.role(), Role::Sort(_)))
            {
                place -= 1;
            }
        }
        reordered.insert(place, stage);
    }
    reordered
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
