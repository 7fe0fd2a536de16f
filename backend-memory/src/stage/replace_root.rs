//! `$replaceRoot`, and `$replaceWith`, its shorter form.

use std::sync::Arc;

use bson::Bson;
use odm_core::Result;

use super::transform::{Each, Transform};
use super::{Doc, Fields, Spec, Stage, Within};
use crate::expression::{Compiler, Globals, Node, Scope, refused};

pub(super) const STAGES: &[Spec] =
    &[Spec::new("$replaceRoot", replace_root), Spec::new("$replaceWith", replace_with)];

fn replace_root(
    compiler: &mut Compiler<'_>,
    spec: &Bson,
    within: Within,
) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(spec) = spec else {
        return refused(40_229, "expected an object as specification for $replaceRoot stage");
    };
    if let Some(name) = spec.keys().find(|name| *name != "newRoot") {
        return refused(40_415, format!("field '$replaceRoot.{name}' is an unknown field"));
    }
    match spec.get("newRoot") {
        Some(new) => replace_with(compiler, new, within),
        None => refused(40_414, "field '$replaceRoot.newRoot' is missing but a required field"),
    }
}

fn replace_with(compiler: &mut Compiler<'_>, new: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    Ok(vec![Arc::new(Each(Replacing { new: compiler.operand(new)? }))])
}

/// Puts what an expression gives in the place of each document.
#[derive(Debug)]
struct Replacing {
    new: Node,
}

impl Transform for Replacing {
    fn transform(&self, doc: Doc, globals: &Globals) -> Result<Doc> {
        let new = self.new.eval(&Scope::new(globals, doc.as_root()))?;
        match new.as_raw() {
            Some(new) if new.is_object() => Ok(Doc::Made(new.bytes().to_vec())),
            _ => refused(
                40_228,
                format!(
                    "'newRoot' expression must evaluate to an object, but its type is '{}'",
                    new.type_name()
                ),
            ),
        }
    }

    fn needs(&self, _: Fields) -> Fields {
        let mut fields = Fields::none();
        fields.add_node(&self.new);
        fields
    }
}
