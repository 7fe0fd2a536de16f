//! `$documents`.

use std::collections::VecDeque;
use std::sync::Arc;

use bson::Bson;
use odm_core::Result;

use super::{Doc, Input, Ready, Role, Run, Spec, Stage, Within};
use crate::expression::{Compiler, Node, Root, Scope, refused};
use crate::value::RawVal;

pub(super) const STAGES: &[Spec] =
    &[Spec::new("$documents", documents).first().not_within(&[Within::Facet])];

/// `$documents`: the documents that an expression gives, which sees none.
///
/// # Errors
///
/// 51270 if it is an empty object, 5858203 if it gives no array, 40228 if one of its elements is no document.
fn documents(compiler: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    if spec.as_document().is_some_and(bson::Document::is_empty) {
        // The server makes a `$project` of it.
        return refused(51_270, "an empty object is not a valid value of $documents");
    }
    Ok(vec![Arc::new(Documents { expression: compiler.operand(spec)? })])
}

#[derive(Debug)]
struct Documents {
    expression: Node,
}

impl Stage for Documents {
    fn open(self: Arc<Self>, _: Input, run: &Arc<Run>) -> Result<Input> {
        let scope = Scope::new(&run.globals, Root::Value(RawVal::EMPTY_OBJECT));
        let value = self.expression.eval(&scope)?;
        let Some(array) = value.as_raw().filter(|value| value.is_array()) else {
            return refused(5_858_203, "an array is expected of $documents");
        };
        let mut docs = VecDeque::new();
        for (_, element) in array.elements() {
            if !element.is_object() {
                let message = "elements of the array of $documents must be documents";
                return refused(40_228, message);
            }
            docs.push_back(Doc::Made(element.bytes().to_vec()));
        }
        Ok(Box::new(Ready(docs)))
    }

    fn role(&self) -> Role<'_> {
        Role::Source
    }
}
