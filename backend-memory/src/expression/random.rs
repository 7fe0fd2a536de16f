//! `$rand`.

use bson::Bson;
use odm_core::Result;

use super::{Compiler, Evaluate, Node, Operator, Scope, Value, refused};

pub(super) const OPERATORS: &[Operator] = &[Operator::custom("$rand", rand)];

/// `$rand`: a random number from 0 up to but not 1, another one each time. Its operand is `{}`.
///
/// 10065 for an operand that is neither a document nor an array, 3040501 for one that is not empty.
fn rand(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let is_empty = match operand {
        Bson::Document(document) => document.is_empty(),
        Bson::Array(values) => values.is_empty(),
        _ => return refused(10_065, "invalid parameter: expected an object ($rand)"),
    };
    if !is_empty {
        return refused(3_040_501, "$rand does not currently accept arguments");
    }
    compiler.custom(Rand)
}

#[derive(Debug)]
struct Rand;

impl Evaluate for Rand {
    fn eval<'a>(&'a self, _: &Scope<'a>) -> Result<Value<'a>> {
        Ok(fastrand::f64().into())
    }

    fn visit<'n>(&'n self, _: &mut dyn FnMut(&'n Node)) {}
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::super::Root;
    use super::*;
    use crate::value::RawVal;

    #[test]
    fn each_time_another() {
        let environment = crate::replay::environment();
        let node = environment.compiler().object(&doc! { "$rand": {} }).unwrap();
        let scope = Scope::new(environment.globals(), Root::Value(RawVal::EMPTY_OBJECT));
        let drawn: Vec<f64> =
            (0..50).map(|_| node.eval(&scope).unwrap().or_null().as_f64().unwrap()).collect();
        assert!(drawn.iter().all(|n| (0.0..1.0).contains(n)), "{drawn:?}");
        assert!(drawn.windows(2).all(|pair| pair[0] != pair[1]), "{drawn:?}");
    }
}
