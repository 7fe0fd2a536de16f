//! `$match`.

use std::sync::Arc;

use bson::Bson;
use odm_core::{Filter, Result};

use super::{Doc, Input, Role, Run, Spec, Stage, Stream, Within};
use crate::expression::{Compiler, refused};
use crate::filter::Matcher;

pub(super) const STAGES: &[Spec] = &[Spec::new("$match", match_)];

fn match_(compiler: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(filter) = spec else {
        return refused(15_959, "the match filter must be an expression in an object");
    };
    let filter = Filter::Raw(filter.clone()).normalized()?.into_owned();
    let matcher = Matcher::collated(&filter, compiler.globals().collator.as_ref())?;
    Ok(vec![Arc::new(Match { filter, matcher })])
}

#[derive(Debug)]
struct Match {
    filter: Filter,
    matcher: Matcher,
}

impl Stage for Match {
    fn open(self: Arc<Self>, input: Input, _: &Arc<Run>) -> Result<Input> {
        Ok(Box::new(Matching { input, stage: self }))
    }

    fn role(&self) -> Role<'_> {
        Role::Match(&self.filter)
    }
}

struct Matching {
    input: Input,
    stage: Arc<Match>,
}

impl Stream for Matching {
    fn next(&mut self) -> Result<Option<Doc>> {
        while let Some(doc) = self.input.next()? {
            let matches = match &doc {
                Doc::Record(record) => self.stage.matcher.matches(record),
                Doc::Made(_) => self.stage.matcher.matches_value(doc.as_raw()),
            };
            if matches {
                return Ok(Some(doc));
            }
        }
        Ok(None)
    }
}
