//! `$project` and `$unset`.

use std::sync::Arc;

use bson::Bson;
use odm_core::{ExpressionReader, FieldPath, Projection, ProjectionItem, Result};

use super::transform::{Each, Transform};
use super::{Changes, Doc, Fields, Spec, Stage, Within};
use crate::expression::{Compiler, Globals, Node, Scope, refused};
use crate::projection::{Computed, Tree, is_id};

pub(super) const STAGES: &[Spec] = &[Spec::new("$project", project), Spec::new("$unset", unset)];

fn project(compiler: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(spec) = spec else {
        return refused(15_969, "$project specification must be an object");
    };
    let mut reader = Reader { compiler, nodes: Vec::new() };
    let Projection::Fields(items) = Projection::parse_stage(spec, &mut reader)? else {
        return Ok(Vec::new());
    };
    let mut nodes = std::mem::take(&mut reader.nodes).into_iter();
    let includes = includes(&items);
    let mut tree = Tree::new(!includes);
    for (path, item) in &items {
        let path = path.as_str();
        match item {
            ProjectionItem::Include | ProjectionItem::Exclude if path == "_id" => {
                if (*item == ProjectionItem::Include) == includes {
                    tree.insert(path)?;
                }
            }
            ProjectionItem::Meta(keyword) => {
                let node = reader.compiler.operator("$meta", &keyword.as_str().into())?;
                tree.compute(path, Computed::Expression(node))?;
            }
            ProjectionItem::Expr(_) => {
                let node = nodes.next().expect("each expression was read");
                tree.compute(path, Computed::Expression(node))?;
            }
            _ => tree.insert(path)?,
        }
    }
    if includes && !items.iter().any(|(path, _)| is_id(path.as_str())) {
        tree.insert("_id")?;
    }
    Ok(vec![Arc::new(Each(Projecting { tree }))])
}

/// Whether only the named fields are handed out. If nothing but `_id` is named, it decides.
fn includes(items: &[(FieldPath, ProjectionItem)]) -> bool {
    let mut id = None;
    let mut has_meta = false;
    for (path, item) in items {
        match item {
            ProjectionItem::Include | ProjectionItem::Exclude if path.as_str() == "_id" => {
                id = Some(*item == ProjectionItem::Include);
            }
            ProjectionItem::Exclude => return false,
            ProjectionItem::Meta(_) => has_meta = true,
            _ => return true,
        }
    }
    has_meta || id == Some(true)
}

/// Compiles the expressions of a stage.
struct Reader<'r, 'c> {
    compiler: &'r mut Compiler<'c>,
    nodes: Vec<Node>,
}

impl ExpressionReader for Reader<'_, '_> {
    fn is_operator(&self, name: &str) -> bool {
        Compiler::is_operator(name)
    }

    fn read(&mut self, expression: &Bson) -> Result<()> {
        self.nodes.push(self.compiler.operand(expression)?);
        Ok(())
    }
}

fn unset(_: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let paths = match spec {
        Bson::String(_) => std::slice::from_ref(spec),
        Bson::Array(paths) if paths.is_empty() => {
            return refused(31_119, "$unset specification needs at least one field");
        }
        Bson::Array(paths) => paths.as_slice(),
        _ => return refused(31_002, "$unset specification must be a string or an array"),
    };
    let mut tree = Tree::new(true);
    for path in paths {
        if path.as_str().is_none() {
            return refused(31_120, "$unset specification must contain only string values");
        }
    }
    for path in paths.iter().filter_map(Bson::as_str) {
        if path.split('.').skip(1).any(|name| name == "$") {
            let code = if path.ends_with(".$") { 31_324 } else { 31_394 };
            return refused(code, "cannot use positional projection in aggregation projection");
        }
        tree.insert(FieldPath::parse(path)?.as_str())?;
    }
    Ok(vec![Arc::new(Each(Projecting { tree }))])
}

/// Makes other documents of those that come, by a tree of fields.
#[derive(Debug)]
pub(super) struct Projecting {
    tree: Tree,
}

impl Projecting {
    pub(super) const fn new(tree: Tree) -> Self {
        Projecting { tree }
    }
}

impl Transform for Projecting {
    fn transform(&self, doc: Doc, globals: &Globals) -> Result<Doc> {
        if self.tree.leaves(doc.as_raw()) {
            return Ok(doc);
        }
        let mut out = Vec::with_capacity(128);
        let scope = Scope::new(globals, doc.as_root());
        self.tree.write(doc.as_raw(), &scope, &mut out)?;
        Ok(Doc::Made(out))
    }

    fn needs(&self, later: Fields) -> Fields {
        self.tree.needs(later)
    }

    fn narrow(&mut self, fields: &Fields) {
        self.tree.narrow(fields);
    }

    fn changes(&self) -> Changes {
        self.tree.changes()
    }
}
