//! Conditional operators: they evaluate no more than they need.

use bson::{Bson, Document};
use odm_core::{BsonType, Error, ErrorCode, Result};

use super::{Compiler, Evaluate, Node, Operator, Scope, Value, refused};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::custom("$cond", cond),
    Operator::custom("$ifNull", if_null),
    Operator::custom("$switch", switch),
];

/// `$cond`: one of two expressions, by a third; as `[if, then, else]` or by these names.
///
/// 17080, 17081 or 17082 if `if`, `then` or `else` is missing; 17083 for any other name.
fn cond(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let [condition, then, otherwise] = match operand {
        Bson::Document(document) => named_parts(compiler, document)?,
        listed => {
            let operands = compiler.operands(listed)?;
            let given = operands.len();
            let Ok(operands) = <[Node; 3]>::try_from(operands) else {
                let message =
                    format!("expression $cond takes exactly 3 arguments. {given} were passed in.");
                return refused(16_020, message);
            };
            operands
        }
    };
    match condition.as_constant() {
        Some(holds) if compiler.folds() => Ok(if holds.is_true() { then } else { otherwise }),
        _ => compiler.custom(Cond { condition, then, otherwise }),
    }
}

fn named_parts(compiler: &mut Compiler<'_>, document: &Document) -> Result<[Node; 3]> {
    let (mut condition, mut then, mut otherwise) = (None, None, None);
    for (name, value) in document {
        let part = match name.as_str() {
            "if" => &mut condition,
            "then" => &mut then,
            "else" => &mut otherwise,
            other => return refused(17_083, format!("unrecognized parameter to $cond: {other}")),
        };
        *part = Some(compiler.operand(value)?);
    }
    let missing = |code, name| {
        Error::command(ErrorCode(code), format!("missing '{name}' parameter to $cond"))
    };
    Ok([
        condition.ok_or_else(|| missing(17_080, "if"))?,
        then.ok_or_else(|| missing(17_081, "then"))?,
        otherwise.ok_or_else(|| missing(17_082, "else"))?,
    ])
}

#[derive(Debug)]
struct Cond {
    condition: Node,
    then: Node,
    otherwise: Node,
}

impl Evaluate for Cond {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        if self.condition.eval(scope)?.is_true() {
            self.then.eval(scope)
        } else {
            self.otherwise.eval(scope)
        }
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        [&self.condition, &self.then, &self.otherwise].into_iter().for_each(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}

/// `$ifNull`: the first that is neither null nor missing, or else the last, whatever it is.
///
/// 1257300 for fewer than two operands.
fn if_null(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let mut operands = compiler.operands(operand)?;
    let given = operands.len();
    let last = match operands.pop() {
        Some(last) if given > 1 => last,
        _ => {
            let message = format!("$ifNull needs at least two arguments, had: {given}");
            return refused(1_257_300, message);
        }
    };
    if !compiler.folds() {
        return compiler.custom(IfNull { operands, last });
    }
    // Constant nulls never decide, and behind any other constant nothing does.
    operands.retain(|operand| !operand.as_constant().is_some_and(Value::is_nullish));
    let last = match operands.iter().position(|operand| operand.as_constant().is_some()) {
        Some(at) => operands.drain(at..).next().unwrap_or(last),
        None => last,
    };
    if operands.is_empty() { Ok(last) } else { compiler.custom(IfNull { operands, last }) }
}

#[derive(Debug)]
struct IfNull {
    /// All but the last.
    operands: Vec<Node>,
    last: Node,
}

impl Evaluate for IfNull {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        for operand in &self.operands {
            let value = operand.eval(scope)?;
            if !value.is_nullish() {
                return Ok(value);
            }
        }
        self.last.eval(scope)
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        self.operands.iter().for_each(&mut *visit);
        visit(&self.last);
    }

    fn folds(&self) -> bool {
        true
    }
}

/// `$switch`: what stands beside the first case that holds, or else the default.
///
/// 40060 to 40065, 40067 and 40068 for what is malformed; 40066 if no case holds and there is no
/// default, and 40069 if none ever can.
fn switch(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let Bson::Document(document) = operand else {
        let kind = BsonType::of(operand).alias();
        return refused(40_060, format!("$switch requires an object, found: {kind}"));
    };
    let (mut branches, mut default) = (Vec::new(), None);
    for (name, value) in document {
        match (name.as_str(), value) {
            ("branches", Bson::Array(values)) => {
                for value in values {
                    branches.push(compile_branch(compiler, value)?);
                }
            }
            ("branches", other) => {
                let kind = BsonType::of(other).alias();
                let message = format!("$switch expected an array for 'branches', found: {kind}");
                return refused(40_061, message);
            }
            ("default", value) => default = Some(compiler.operand(value)?),
            (other, _) => {
                return refused(40_067, format!("$switch found an unknown argument: {other}"));
            }
        }
    }
    if branches.is_empty() {
        return refused(40_068, "$switch requires at least one branch");
    }
    prune(compiler, branches, default)
}

/// A case and what it stands for, and what either refused whatever the document.
struct Branch {
    case: Node,
    then: Node,
    failed: Option<Error>,
}

fn compile_branch(compiler: &mut Compiler<'_>, branch: &Bson) -> Result<Branch> {
    let Bson::Document(document) = branch else {
        let kind = BsonType::of(branch).alias();
        return refused(
            40_062,
            format!("$switch expected each branch to be an object, found: {kind}"),
        );
    };
    let (mut case, mut then) = (None, None);
    let (read, failed) = compiler.apart(|compiler| {
        for (name, value) in document {
            let part = match name.as_str() {
                "case" => &mut case,
                "then" => &mut then,
                other => {
                    let message = format!("$switch found an unknown argument to a branch: {other}");
                    return refused(40_063, message);
                }
            };
            *part = Some(compiler.operand(value)?);
        }
        Ok(())
    });
    read?;
    let Some(case) = case else {
        return refused(40_064, "$switch requires each branch have a 'case' expression");
    };
    let Some(then) = then else {
        return refused(40_065, "$switch requires each branch have a 'then' expression");
    };
    Ok(Branch { case, then, failed })
}

/// Leaves out the branches that are never taken; nobody hears of what these refuse.
fn prune(compiler: &mut Compiler<'_>, all: Vec<Branch>, mut default: Option<Node>) -> Result<Node> {
    let mut branches = Vec::with_capacity(all.len());
    for branch in all {
        let outcome = branch.case.as_constant().map(Value::is_true);
        if outcome == Some(false) {
            continue;
        }
        if let Some(error) = branch.failed {
            compiler.fail(error);
        }
        if outcome == Some(true) {
            default = Some(branch.then);
            break;
        }
        branches.push((branch.case, branch.then));
    }
    match default {
        Some(default) if branches.is_empty() => Ok(default),
        default => {
            if branches.is_empty() {
                compiler.fail(Error::command(
                    ErrorCode(40_069),
                    "a $switch of which no case ever holds needs a default",
                ));
            }
            compiler.custom(Switch { branches, default })
        }
    }
}

#[derive(Debug)]
struct Switch {
    branches: Vec<(Node, Node)>,
    default: Option<Node>,
}

/// Refuses 40066 a value that no branch is for.
pub(crate) fn no_branch<T>() -> Result<T> {
    let message =
        "$switch could not find a matching branch for an input, and no default was specified";
    refused(40_066, message)
}

impl Evaluate for Switch {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        for (case, then) in &self.branches {
            if case.eval(scope)?.is_true() {
                return then.eval(scope);
            }
        }
        match &self.default {
            Some(default) => default.eval(scope),
            None => no_branch(),
        }
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        for (case, then) in &self.branches {
            visit(case);
            visit(then);
        }
        self.default.iter().for_each(visit);
    }
}
