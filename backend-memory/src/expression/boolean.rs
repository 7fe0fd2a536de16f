//! Boolean operators: of anything, by whether a condition with it would hold.

use bson::Bson;
use odm_core::Result;

use super::{Compiler, Evaluate, Globals, Node, Operator, Scope, Value};

pub(super) const OPERATORS: &[Operator] =
    &[Operator::custom("$and", and), Operator::unary("$not", not), Operator::custom("$or", or)];

fn not<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    Ok((!operands.iter().all(Value::is_true)).into())
}

fn and(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Junction::compile(compiler, operand, false)
}

fn or(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Junction::compile(compiler, operand, true)
}

/// `$and` and `$or`: operands up to the first that decides.
#[derive(Debug)]
struct Junction {
    operands: Vec<Node>,
    /// The outcome of the operand that decides.
    decisive: bool,
}

impl Junction {
    fn compile(compiler: &mut Compiler<'_>, operand: &Bson, decisive: bool) -> Result<Node> {
        let mut operands = compiler.operands(operand)?;
        let constant = |operand: &Node| operand.as_constant().map(Value::is_true);
        if compiler.folds() && operands.iter().any(|operand| constant(operand).is_none()) {
            if operands.iter().any(|operand| constant(operand) == Some(decisive)) {
                return Ok(Node::Constant(decisive.into()));
            }
            operands.retain(|operand| constant(operand).is_none());
        }
        compiler.custom(Junction { operands, decisive })
    }
}

impl Evaluate for Junction {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        for operand in &self.operands {
            if operand.eval(scope)?.is_true() == self.decisive {
                return Ok(self.decisive.into());
            }
        }
        Ok((!self.decisive).into())
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        self.operands.iter().for_each(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}
