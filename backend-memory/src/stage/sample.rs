//! `$sample`.

use std::sync::Arc;
use std::vec;

use bson::Bson;
use fastrand::Rng;
use odm_core::Result;

use super::{Doc, Input, Run, Spec, Stage, Stream, Within};
use crate::deadline;
use crate::expression::{Compiler, refused};
use crate::value::{Number, ValueBuf};

pub(super) const STAGES: &[Spec] = &[Spec::new("$sample", sample)];

/// `$sample`: so many documents, taken at random, in any order; all if there are fewer. The same ones
/// for an engine with seeded ids.
///
/// # Errors
///
/// 28745 if it is no document, 28746 for a size that is no number, 28747 for a negative one, 28748
/// for another option, 28749 without a size.
fn sample(_: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(spec) = spec else {
        return refused(28_745, "the $sample stage specification must be an object");
    };
    let mut sample = None;
    for (option, value) in spec {
        if option != "size" {
            return refused(28_748, format!("unrecognized option to $sample: {option}"));
        }
        let value = ValueBuf::from_bson(value)?;
        let Some(size) = Number::of(value.as_raw()) else {
            return refused(28_746, "size argument to $sample must be a number");
        };
        let size = size.truncate().map_or_else(|| size.to_f64(), |size| size as f64);
        if size < 0.0 {
            return refused(28_747, "size argument to $sample must not be negative");
        }
        sample = Some(Sample { size: size as usize });
    }
    match sample {
        Some(sample) => Ok(vec![Arc::new(sample)]),
        None => refused(28_749, "$sample stage must specify a size"),
    }
}

#[derive(Debug)]
struct Sample {
    size: usize,
}

impl Stage for Sample {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        Ok(Box::new(Sampling { stage: self, run: run.clone(), input: Some(input), docs: None }))
    }
}

struct Sampling {
    stage: Arc<Sample>,
    run: Arc<Run>,
    input: Option<Input>,
    docs: Option<vec::IntoIter<Doc>>,
}

impl Sampling {
    /// Reads all documents. Each has the same chance to be kept, and to be at any place.
    fn read(&self, input: &mut Input) -> Result<Vec<Doc>> {
        let size = self.stage.size;
        let mut kept = Vec::new();
        if size == 0 {
            return Ok(kept);
        }
        let mut random = self.random();
        let (mut bytes, mut count) = (0, 0);
        while let Some(doc) = input.next()? {
            count += 1;
            if self.run.deadline.has_passed(count) {
                return Err(deadline::expired());
            }
            bytes += doc.size();
            if kept.len() < size {
                kept.push(doc);
            } else {
                let place = random.u64(..count);
                let left = match usize::try_from(place).ok().and_then(|place| kept.get_mut(place)) {
                    Some(old) => std::mem::replace(old, doc),
                    None => doc,
                };
                bytes -= left.size();
            }
            self.run.check_memory("$sample", bytes)?;
        }
        random.shuffle(&mut kept);
        Ok(kept)
    }

    fn random(&self) -> Rng {
        let seed = self.run.engine.ids.uuid().bytes();
        let seed = seed.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        Rng::with_seed(seed)
    }
}

impl Stream for Sampling {
    fn next(&mut self) -> Result<Option<Doc>> {
        if let Some(mut input) = self.input.take() {
            self.docs = Some(self.read(&mut input)?.into_iter());
        }
        Ok(self.docs.as_mut().and_then(Iterator::next))
    }
}
