//! `$redact`.

use std::sync::Arc;

use bson::Bson;
use odm_core::Result;

use super::{Doc, Input, Run, Spec, Stage, Stream, Within};
use crate::expression::{Compiler, Node, Scope, refused};
use crate::value::RawVal;
use crate::value::write::{append, begin, begin_nested, finish, index_name};

pub(super) const STAGES: &[Spec] = &[Spec::new("$redact", redact)];

/// The variables by which it decides; each stands for its name in lower case.
const DECISIONS: &[&str] = &["DESCEND", "PRUNE", "KEEP"];

fn redact(compiler: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let decide = compiler.with_keywords(DECISIONS, |compiler| compiler.operand(spec))?;
    Ok(vec![Arc::new(Redact { decide })])
}

#[derive(Debug)]
struct Redact {
    decide: Node,
}

enum Decision {
    Descend,
    Prune,
    Keep,
}

impl Redact {
    fn decide(&self, scope: &Scope<'_>) -> Result<Decision> {
        let value = self.decide.eval(scope)?;
        match value.as_raw().and_then(RawVal::as_string_bytes) {
            Some(b"descend") => Ok(Decision::Descend),
            Some(b"prune") => Ok(Decision::Prune),
            Some(b"keep") => Ok(Decision::Keep),
            _ => refused(
                17_053,
                "$redact's expression should not return anything aside from the variables \
                 $$KEEP, $$DESCEND, and $$PRUNE",
            ),
        }
    }

    /// Writes what is left of the fields of a document.
    fn write_fields<'a>(
        &'a self,
        document: RawVal<'a>,
        scope: &Scope<'a>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        document.elements().try_for_each(|(name, value)| {
            self.write(name, value, scope, out)?;
            Ok(())
        })
    }

    /// Writes what is left of a value, if anything is.
    fn write<'a>(
        &'a self,
        name: &[u8],
        value: RawVal<'a>,
        scope: &Scope<'a>,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        if value.is_array() {
            let start = begin_nested(out, name, value.kind());
            let (mut index, mut digits) = (0, [0; 20]);
            for (_, element) in value.elements() {
                let is_left = self.write(index_name(index, &mut digits), element, scope, out)?;
                index += usize::from(is_left);
            }
            finish(out, start);
            return Ok(true);
        }
        if !value.is_object() {
            append(out, name, value);
            return Ok(true);
        }
        let scope = scope.at(value);
        match self.decide(&scope)? {
            Decision::Prune => return Ok(false),
            Decision::Keep => append(out, name, value),
            Decision::Descend => {
                let start = begin_nested(out, name, value.kind());
                self.write_fields(value, &scope, out)?;
                finish(out, start);
            }
        }
        Ok(true)
    }
}

impl Stage for Redact {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        Ok(Box::new(Redacted { input, stage: self, run: run.clone() }))
    }
}

struct Redacted {
    input: Input,
    stage: Arc<Redact>,
    run: Arc<Run>,
}

impl Stream for Redacted {
    fn next(&mut self) -> Result<Option<Doc>> {
        while let Some(doc) = self.input.next()? {
            let scope = Scope::new(&self.run.globals, doc.as_root());
            match self.stage.decide(&scope)? {
                Decision::Prune => continue,
                Decision::Keep => return Ok(Some(doc)),
                Decision::Descend => {}
            }
            let mut out = Vec::with_capacity(doc.size());
            let start = begin(&mut out);
            self.stage.write_fields(doc.as_raw(), &scope, &mut out)?;
            finish(&mut out, start);
            // Nothing went.
            if out.len() == doc.size() {
                return Ok(Some(doc));
            }
            return Ok(Some(Doc::Made(out)));
        }
        Ok(None)
    }
}
