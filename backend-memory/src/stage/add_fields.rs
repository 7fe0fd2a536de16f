//! `$addFields` and its other name, `$set`.

use std::collections::HashMap;
use std::sync::Arc;

use bson::{Bson, Document};
use odm_core::{ErrorCode, FieldPath, Result};

use super::project::Projecting;
use super::transform::Each;
use super::{Spec, Stage, Within};
use crate::expression::{Compiler, refused};
use crate::projection::{Computed, Tree};

pub(super) const STAGES: &[Spec] =
    &[Spec::new("$addFields", add_fields), Spec::new("$set", add_fields)];

/// How deep fields may be nested.
const MAX_DEPTH: usize = 200;

pub(super) fn add_fields(
    compiler: &mut Compiler<'_>,
    spec: &Bson,
    _: Within,
) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(spec) = spec else {
        return refused(40_272, "$addFields specification stage must be an object");
    };
    // The server checks all names before it reads the first expression.
    let mut paths = Paths::default();
    for (path, value) in spec {
        check(&mut paths, path, value, 0)?;
    }
    let mut tree = Tree::new(true);
    for (path, value) in spec {
        add(compiler, &mut tree, path, value)?;
    }
    Ok(vec![Arc::new(Each(Projecting::new(tree)))])
}

/// Whether a document is an operator with its operand.
fn is_expression(document: &Document) -> bool {
    document.keys().any(|name| name.starts_with('$'))
}

fn check(paths: &mut Paths, path: &str, value: &Bson, depth: usize) -> Result<()> {
    if depth > MAX_DEPTH {
        return refused(ErrorCode::OVERFLOW.0, "the fields are nested too deeply");
    }
    let Bson::Document(fields) = value else { return paths.insert(path) };
    if fields.is_empty() {
        // What is wrong with the name is told first.
        paths.insert(path)?;
        return refused(40_180, format!("an empty object is not a valid value: {path}"));
    }
    for (name, value) in fields {
        if name.starts_with('$') {
            if fields.len() > 1 {
                let message = "an expression specification must contain exactly one field";
                return refused(40_181, message);
            }
            return paths.insert(path);
        }
        if name.contains('.') {
            let message = format!("cannot use dotted field name '{name}' in a sub object");
            return refused(40_183, message);
        }
        check(paths, &format!("{path}.{name}"), value, depth + 1)?;
    }
    Ok(())
}

fn add(compiler: &mut Compiler<'_>, tree: &mut Tree, path: &str, value: &Bson) -> Result<()> {
    match value {
        Bson::Document(fields) if !is_expression(fields) => {
            for (name, value) in fields {
                add(compiler, tree, &format!("{path}.{name}"), value)?;
            }
            Ok(())
        }
        expression => {
            let node = compiler.operand(expression)?;
            tree.compute(path, Computed::Expression(node))
        }
    }
}

/// The paths that are taken, by name.
#[derive(Default)]
struct Paths {
    is_taken: bool,
    names: HashMap<String, Paths>,
}

impl Paths {
    /// # Errors
    ///
    /// 40176 if the path is taken, or leads through one that is, or one that is leads through it; as
    /// [`FieldPath::parse`].
    fn insert(&mut self, path: &str) -> Result<()> {
        let mut node = self;
        for name in FieldPath::parse(path)?.components() {
            if node.is_taken {
                return conflict(path);
            }
            node = node.names.entry(name.to_owned()).or_default();
        }
        if node.is_taken || !node.names.is_empty() {
            return conflict(path);
        }
        node.is_taken = true;
        Ok(())
    }
}

fn conflict<T>(path: &str) -> Result<T> {
    refused(40_176, format!("specification contains two conflicting paths: '{path}'"))
}
