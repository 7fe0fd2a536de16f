//! `$sort`.

use std::sync::Arc;
use std::vec;

use bson::{Bson, Document};
use odm_core::{Result, Sort, SortOrder};

use super::{Changes, Doc, Fields, Input, Role, Run, Spec, Stage, Stream, Within};
use crate::deadline;
use crate::expression::{Compiler, refused};
use crate::sort::{self, SortKey, Sorter, Top};

pub(super) const STAGES: &[Spec] = &[Spec::new("$sort", sort)];

/// `$sort`: all documents in an order; equal ones stay in theirs.
///
/// # Errors
///
/// 15973 if it is no document, 15976 if it is empty; of its fields, as [`sort::parse`].
fn sort(compiler: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(spec) = spec else {
        return refused(15_973, "the $sort key specification must be an object");
    };
    Ok(vec![Arc::new(Sorted::compile(compiler, spec)?)])
}

/// A compiled `$sort`.
#[derive(Clone, Debug)]
pub(super) struct Sorted {
    sort: Sort,
    sorter: Arc<Sorter>,
    /// How many documents are wanted.
    limit: Option<u64>,
}

impl Sorted {
    pub(super) fn compile(compiler: &Compiler<'_>, spec: &Document) -> Result<Self> {
        let sort = sort::parse(spec)?;
        if let Some((_, SortOrder::Meta(keyword))) =
            sort.keys.iter().find(|(_, order)| matches!(order, SortOrder::Meta(_)))
        {
            return sort::refuse_meta(keyword);
        }
        match Sorter::compile(&sort, compiler.globals().collator.as_ref())? {
            Some(sorter) => Ok(Sorted { sort, sorter: Arc::new(sorter), limit: None }),
            None => refused(15_976, "$sort stage must have at least one sort key"),
        }
    }
}

impl Stage for Sorted {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        Ok(Box::new(Sorting { stage: self, run: run.clone(), input: Some(input), docs: None }))
    }

    fn role(&self) -> Role<'_> {
        Role::Sort(&self.sort)
    }

    fn needs(&self, mut later: Fields) -> Fields {
        self.sort.keys.iter().for_each(|(path, _)| later.add(path.as_str()));
        later
    }

    fn changes(&self) -> Changes {
        Changes::nothing()
    }

    fn looks_at(&self) -> Option<Vec<String>> {
        Some(self.sort.keys.iter().map(|(path, _)| path.as_str().to_owned()).collect())
    }

    fn limited(&self, limit: u64) -> Option<Arc<dyn Stage>> {
        let limit = self.limit.map_or(limit, |before| before.min(limit));
        Some(Arc::new(Sorted { limit: Some(limit), ..self.clone() }))
    }
}

struct Sorting {
    stage: Arc<Sorted>,
    run: Arc<Run>,
    input: Option<Input>,
    docs: Option<vec::IntoIter<Doc>>,
}

impl Sorting {
    /// Reads all documents.
    fn read(&self, input: &mut Input) -> Result<Vec<Doc>> {
        let mut kept = match self.stage.limit.map(usize::try_from) {
            Some(Ok(limit)) => Kept::Top(Top::new(limit)),
            _ => Kept::All(Vec::new()),
        };
        let (mut bytes, mut count) = (0, 0);
        while let Some(doc) = input.next()? {
            count += 1;
            if self.run.deadline.has_passed(count) {
                return Err(deadline::expired());
            }
            let key = self.stage.sorter.key_of(doc.as_root())?;
            bytes += doc.size();
            match &mut kept {
                Kept::All(docs) => docs.push((key, doc)),
                Kept::Top(top) => {
                    if let Some(left) = top.push(key, doc) {
                        bytes -= left.size();
                    }
                }
            }
            self.run.check_memory("Sort", bytes)?;
        }
        Ok(match kept {
            Kept::All(mut docs) => {
                docs.sort_by(|(a, _), (b, _)| a.cmp(b));
                docs.into_iter().map(|(_, doc)| doc).collect()
            }
            Kept::Top(top) => top.into_sorted().collect(),
        })
    }
}

/// What is to be handed out.
enum Kept {
    All(Vec<(SortKey, Doc)>),
    Top(Top<Doc>),
}

impl Stream for Sorting {
    fn next(&mut self) -> Result<Option<Doc>> {
        if let Some(mut input) = self.input.take() {
            self.docs = Some(self.read(&mut input)?.into_iter());
        }
        Ok(self.docs.as_mut().and_then(Iterator::next))
    }
}
