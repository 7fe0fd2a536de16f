//! `$toHashedIndexKey`: the hash by which the server's hashed indexes and shards find a value.

use bson::Bson;
use md5::{Digest, Md5};
use odm_core::Result;

use super::{Compiler, Evaluate, Node, Operator, Scope, Value};
use crate::value::decimal::Decimal;
use crate::value::{ElementType, Number, RawVal, rank};

pub(super) const OPERATORS: &[Operator] =
    &[Operator::custom("$toHashedIndexKey", to_hashed_index_key)];

/// `$toHashedIndexKey`: the first half of the MD5 of a value, as a number; missing is null. A list is a value, not
/// several operands.
fn to_hashed_index_key(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let operand = compiler.unfolded_operand(operand)?;
    compiler.custom(Hash { operand })
}

#[derive(Debug)]
struct Hash {
    operand: Node,
}

impl Evaluate for Hash {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        const SEED: i32 = 0;
        let mut hash = Md5::new();
        hash.update(SEED.to_le_bytes());
        add(&mut hash, None, self.operand.eval(scope)?.as_raw().unwrap_or(RawVal::NULL));
        let mut half = [0; 8];
        half.copy_from_slice(&hash.finalize()[..8]);
        Ok(i64::from_le_bytes(half).into())
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(&self.operand);
    }
}

/// Adds a value: its type, its name if it is in another, and what it holds. Numbers count as whole ones.
fn add(hash: &mut Md5, name: Option<&[u8]>, value: RawVal<'_>) {
    hash.update(canonical(value.kind()).to_le_bytes());
    if let Some(name) = name {
        hash.update(name);
        hash.update([0]);
    }
    if let Some(number) = Number::of(value) {
        return hash.update(whole(number).to_le_bytes());
    }
    let inner = match value.kind() {
        ElementType::EmbeddedDocument | ElementType::Array => value,
        ElementType::JavaScriptCodeWithScope => {
            hash.update(value.as_code_bytes().unwrap_or_default());
            hash.update([0]);
            value.as_scope().unwrap_or(RawVal::EMPTY_OBJECT)
        }
        _ => return hash.update(value.bytes()),
    };
    for (name, value) in inner.elements() {
        add(hash, Some(name), value);
    }
    // The end, which is of no type and has no name.
    hash.update(0_i32.to_le_bytes());
}

/// The number without its fraction, of decimals the nearest; what is too large is the largest, but for 2^63 as a double.
fn whole(number: Number) -> i64 {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    match number {
        Number::Double(n) if n == TWO_TO_63 => i64::MIN,
        // Saturates, and makes 0 of a NaN.
        Number::Double(n) => n as i64,
        Number::Decimal(Decimal::NaN(_)) => 0,
        Number::Decimal(n) => match (n.to_i64_rounded(), n) {
            // What does not fit is the least one so far.
            (i64::MIN, Decimal::Finite { negative: false, .. })
            | (i64::MIN, Decimal::Infinite { negative: false }) => i64::MAX,
            (n, _) => n,
        },
        Number::Int32(n) => n.into(),
        Number::Int64(n) => n,
    }
}

/// The server's number for a type and its like.
fn canonical(kind: ElementType) -> i32 {
    match kind {
        ElementType::MinKey => -1,
        ElementType::Undefined => 0,
        kind => i32::from(rank(kind)),
    }
}
