//! `$replaceOne` and `$replaceAll`.

use bson::Bson;
use odm_core::{Error, Result};

use super::super::{Compiler, Evaluate, Node, Scope, Value, refused};
use super::text::check_buffer;
use super::{made, null};

/// `$replaceOne`: `input` with `replacement` instead of what is first found of `find`; null if one of
/// them is null or missing.
///
/// 51751 for what is no object, 51750 for an unknown name, 51749, 51748 or 51747 if `input`, `find` or
/// `replacement` is not there; 51746, 51745 or 51744 if it is not a string.
pub(super) fn replace_one(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Replace::compile(compiler, operand, "$replaceOne", false)
}

/// `$replaceAll`: as `$replaceOne`, wherever it is found. Nothing is found between all bytes, which only
/// makes a string if these are ASCII: else it is not supported.
pub(super) fn replace_all(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Replace::compile(compiler, operand, "$replaceAll", true)
}

#[derive(Debug)]
struct Replace {
    name: &'static str,
    all: bool,
    /// `input`, `find` and `replacement`.
    parts: [Node; 3],
}

const NAMES: [&str; 3] = ["input", "find", "replacement"];

impl Replace {
    fn compile(
        compiler: &mut Compiler<'_>,
        operand: &Bson,
        name: &'static str,
        all: bool,
    ) -> Result<Node> {
        let Bson::Document(document) = operand else {
            return refused(51_751, format!("{name} requires an object as an argument"));
        };
        let (mut input, mut find, mut replacement) = (None, None, None);
        for (argument, value) in document {
            let part = match argument.as_str() {
                "input" => &mut input,
                "find" => &mut find,
                "replacement" => &mut replacement,
                other => {
                    return refused(51_750, format!("{name} found an unknown argument: {other}"));
                }
            };
            *part = Some(compiler.operand(value)?);
        }
        let missing = |what: &str| format!("{name} requires '{what}' to be specified");
        let Some(input) = input else { return refused(51_749, missing("input")) };
        let Some(find) = find else { return refused(51_748, missing("find")) };
        let Some(replacement) = replacement else {
            return refused(51_747, missing("replacement"));
        };
        compiler.custom(Replace { name, all, parts: [input, find, replacement] })
    }
}

impl Evaluate for Replace {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let [input, find, replacement] = &self.parts;
        let values = [input.eval(scope)?, find.eval(scope)?, replacement.eval(scope)?];
        for ((value, what), code) in values.iter().zip(NAMES).zip([51_746, 51_745, 51_744]) {
            if !value.is_nullish() && value.as_string().is_none() {
                let (name, kind) = (self.name, value.type_name());
                return refused(
                    code,
                    format!("{name} requires that '{what}' be a string, found: {kind}"),
                );
            }
        }
        let [Some(input), Some(find), Some(replacement)] = values.each_ref().map(Value::as_string)
        else {
            return Ok(null());
        };
        if !self.all {
            return made(&input.replacen(find, replacement, 1));
        }
        if find.is_empty() && !input.is_ascii() {
            return Err(Error::Unsupported {
                backend: "memory",
                feature: "$replaceAll of nothing within characters that are not ASCII".to_owned(),
            });
        }
        let found = input.matches(find).count();
        let grown = found.saturating_mul(replacement.len()).saturating_add(input.len());
        check_buffer(grown - found * find.len())?;
        made(&input.replace(find, replacement))
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        self.parts.iter().for_each(visit);
    }
}
