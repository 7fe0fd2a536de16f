//! `$indexOfBytes` and `$indexOfCP`.

use bson::Bson;
use odm_core::Result;

use super::super::{Compiler, Evaluate, Node, Scope, Value, refused};
use super::{length, listed, null};

/// `$indexOfBytes`: where a string is first found in another, in bytes, or -1; null if that is null or
/// missing. Two more operands, both optional, tell from where to where.
///
/// 40091 and 40092 for what is not a string, 40096 for a place that is not whole, 40097 for one below 0.
pub(super) fn index_of_bytes(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    IndexOf::compile(compiler, operand, "$indexOfBytes", Unit::Bytes)
}

/// `$indexOfCP`: as `$indexOfBytes`, in code points.
///
/// 40093 and 40094 for what is not a string; else as `$indexOfBytes`.
pub(super) fn index_of_cp(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    IndexOf::compile(compiler, operand, "$indexOfCP", Unit::CodePoints)
}

#[derive(Clone, Copy, Debug)]
enum Unit {
    Bytes,
    CodePoints,
}

#[derive(Debug)]
struct IndexOf {
    name: &'static str,
    unit: Unit,
    operands: Vec<Node>,
}

impl IndexOf {
    fn compile(
        compiler: &mut Compiler<'_>,
        operand: &Bson,
        name: &'static str,
        unit: Unit,
    ) -> Result<Node> {
        let operands = listed(compiler, name, operand, 2, 4)?;
        compiler.custom(IndexOf { name, unit, operands })
    }

    fn operand<'a>(&'a self, index: usize, scope: &Scope<'a>) -> Result<Option<Value<'a>>> {
        self.operands.get(index).map(|operand| operand.eval(scope)).transpose()
    }

    /// A place within the string, if there is one.
    fn place(&self, index: usize, scope: &Scope<'_>) -> Result<Option<usize>> {
        let Some(operand) = self.operands.get(index) else { return Ok(None) };
        let value = operand.eval(scope)?;
        let exact = value.as_number().and_then(crate::value::Number::to_exact_integer);
        let Some(place) = exact.and_then(|place| i32::try_from(place).ok()) else {
            let name = self.name;
            let message =
                format!("{name} requires an integral index, found: {}", value.type_name());
            return refused(40_096, message);
        };
        match usize::try_from(place) {
            Ok(place) => Ok(Some(place)),
            Err(_) => refused(40_097, format!("{} requires a nonnegative index", self.name)),
        }
    }
}

impl Evaluate for IndexOf {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let (not_string, not_token) = match self.unit {
            Unit::Bytes => (40_091, 40_092),
            Unit::CodePoints => (40_093, 40_094),
        };
        let name = self.name;
        let input = self.operand(0, scope)?.unwrap_or(null());
        if input.is_nullish() {
            return Ok(null());
        }
        let Some(text) = input.as_string() else {
            let kind = input.type_name();
            return refused(not_string, format!("{name} requires a string, found: {kind}"));
        };
        let token = self.operand(1, scope)?.unwrap_or(null());
        let Some(token) = token.as_string() else {
            let kind = token.type_name();
            return refused(not_token, format!("{name} requires a string to find, found: {kind}"));
        };
        let start = self.place(2, scope)?.unwrap_or(0);
        let end = self.place(3, scope)?;
        let found = match self.unit {
            Unit::Bytes => find_bytes(text, token, start, end),
            Unit::CodePoints => find_code_points(text, token, start, end),
        };
        Ok(found.map_or(Value::from(-1), length))
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        self.operands.iter().for_each(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}

fn find_bytes(text: &str, token: &str, start: usize, end: Option<usize>) -> Option<usize> {
    let end = end.unwrap_or(text.len()).min(text.len());
    let within = text.as_bytes().get(start..end)?;
    if token.is_empty() {
        return Some(start);
    }
    if within.len() < token.len() {
        return None;
    }
    // Between characters only, where the string is one again.
    let is_boundary = text.is_char_boundary(start) && text.is_char_boundary(end);
    let found = match text.get(start..end) {
        Some(within) if is_boundary => within.find(token),
        _ => within.windows(token.len()).position(|window| window == token.as_bytes()),
    };
    found.map(|at| start + at)
}

/// What begins before the end is found, even if it goes on behind it, as on the server.
fn find_code_points(text: &str, token: &str, start: usize, end: Option<usize>) -> Option<usize> {
    if text.is_empty() && token.is_empty() && start == 0 {
        return Some(0);
    }
    let (from, _) = text.char_indices().nth(start)?;
    let rest = text.get(from..)?;
    let place = start + rest.get(..rest.find(token)?)?.chars().count();
    end.is_none_or(|end| place < end).then_some(place)
}
