//! `$facet`.

use std::sync::Arc;

use bson::Bson;
use odm_core::Result;

use super::{Doc, Fields, Input, Pipeline, Run, Spec, Stage, Stream, Within, add_involved_of};
use crate::expression::{Compiler, check_field_name, refused};
use crate::value::ElementType;
use crate::value::write::{append_at, begin, begin_nested, finish};

pub(super) const STAGES: &[Spec] =
    &[Spec::new("$facet", facet).not_within(&[Within::Facet]).involving(|spec, found| {
        for (_, pipeline) in spec.as_document().into_iter().flatten() {
            add_involved_of(Some(pipeline), found);
        }
    })];

/// `$facet`: one document, with an array for each of several pipelines on the same documents.
///
/// # Errors
///
/// 40169 to 40171 if it is no document of arrays of documents; for the names of fields 15998, 16410 and 16412;
/// what its pipelines refuse.
fn facet(compiler: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let Some(spec) = spec.as_document().filter(|spec| !spec.is_empty()) else {
        return refused(40_169, "the $facet specification must be a non-empty object");
    };
    let mut facets = Vec::with_capacity(spec.len());
    for (name, stages) in spec {
        let Bson::Array(stages) = stages else {
            return refused(40_170, format!("arguments to $facet must be arrays, '{name}' is not"));
        };
        if !stages.iter().all(|stage| stage.as_document().is_some()) {
            let message = format!("elements of arrays in $facet must be objects: '{name}'");
            return refused(40_171, message);
        }
        check_field_name(name)?;
        let pipeline = odm_core::Pipeline::parse(stages)?;
        let pipeline = Pipeline::compile(compiler, &pipeline, Within::Facet)?;
        facets.push((name.as_str().into(), pipeline));
    }
    Ok(vec![Arc::new(Facet { facets })])
}

#[derive(Debug)]
struct Facet {
    facets: Vec<(Box<str>, Pipeline)>,
}

impl Stage for Facet {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        Ok(Box::new(Faceting { stage: self, input: Some(input), run: run.clone() }))
    }

    fn needs(&self, _: Fields) -> Fields {
        let mut fields = Fields::none();
        for (_, pipeline) in &self.facets {
            fields.join(pipeline.needs());
        }
        fields
    }
}

struct Faceting {
    stage: Arc<Facet>,
    input: Option<Input>,
    run: Arc<Run>,
}

impl Stream for Faceting {
    fn next(&mut self) -> Result<Option<Doc>> {
        let Some(mut input) = self.input.take() else { return Ok(None) };
        let mut docs = Vec::new();
        while let Some(doc) = input.next()? {
            docs.push(doc);
        }
        let docs: Arc<[Doc]> = docs.into();
        let mut out = Vec::new();
        let start = begin(&mut out);
        for (name, pipeline) in &self.stage.facets {
            let array = begin_nested(&mut out, name.as_bytes(), ElementType::Array);
            let shared = Shared { docs: docs.clone(), next: 0 };
            let mut results = pipeline.open(Box::new(shared), &self.run)?;
            let mut position = 0;
            while let Some(doc) = results.next()? {
                append_at(&mut out, position, doc.as_raw());
                position += 1;
                super::check_result_size(out.len())?;
            }
            finish(&mut out, array);
        }
        finish(&mut out, start);
        Ok(Some(Doc::Made(out)))
    }
}

/// Documents that several pipelines read.
struct Shared {
    docs: Arc<[Doc]>,
    next: usize,
}

impl Stream for Shared {
    fn next(&mut self) -> Result<Option<Doc>> {
        let doc = self.docs.get(self.next).cloned();
        self.next += 1;
        Ok(doc)
    }
}
