//! The expressions of a projection, in the order in which they are read.

use bson::Bson;
use odm_core::{ExpressionReader, FieldPath, ProjectionItem, Result};

use crate::expression::{Compiler, Environment, Node};

/// Compiles the expressions of a projection as they are read.
pub(crate) struct Expressions<'c> {
    environment: &'c Environment<'c>,
    /// Made when there is an expression.
    compiler: Option<Compiler<'c>>,
    nodes: Vec<Node>,
}

impl<'c> Expressions<'c> {
    pub(crate) fn new(environment: &'c Environment<'c>) -> Self {
        Expressions { environment, compiler: None, nodes: Vec::new() }
    }

    /// Reads those of a projection that was read already.
    ///
    /// # Errors
    ///
    /// As [`Compiler::operand`].
    pub(super) fn read_all(&mut self, items: &[(FieldPath, ProjectionItem)]) -> Result<()> {
        items.iter().try_for_each(|(_, item)| match item {
            ProjectionItem::Expr(expression) => self.read(&expression.0),
            _ => Ok(()),
        })
    }

    pub(super) const fn is_used(&self) -> bool {
        self.compiler.is_some()
    }

    /// The compiled expressions.
    ///
    /// # Errors
    ///
    /// What a constant one refused.
    pub(super) fn finish(mut self) -> Result<Vec<Node>> {
        self.compiler.as_mut().map_or(Ok(()), Compiler::check)?;
        Ok(self.nodes)
    }
}

impl ExpressionReader for Expressions<'_> {
    fn is_operator(&self, name: &str) -> bool {
        Compiler::is_operator(name)
    }

    fn read(&mut self, expression: &Bson) -> Result<()> {
        let compiler = self.compiler.get_or_insert_with(|| self.environment.compiler());
        self.nodes.push(compiler.operand(expression)?);
        Ok(())
    }
}
