//! Literals: what is never read as an expression.

use super::{Compiler, Node, Operator, Value};
use bson::Bson;
use odm_core::Result;

pub(super) const OPERATORS: &[Operator] =
    &[Operator::custom("$const", literal), Operator::custom("$literal", literal)];

fn literal(_: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Value::from_bson(operand).map(Node::Constant)
}
