//! `$getField`, `$setField`, `$unsetField`: fields by any name, dots and dollars included.

use bson::Bson;
use odm_core::{Error, Result};

use crate::expression::{Compiler, Evaluate, Node, Scope, Value, check_size, refused};
use crate::value::write::{append, begin, finish};
use crate::value::{ElementType, ValueBuf};

/// `$getField`: a field's value, `{field, input}` or the name alone, of the current document then.
///
/// Null of null, missing of anything else that is no document. The name must be constant: 5654600 if it is a path,
/// 5654601 if it is another expression, 5654602 if it is no string.
pub(super) fn get_field(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let codes = [5_654_600, 5_654_601, 5_654_602];
    let (field, input) = match operand {
        Bson::Document(document)
            if document.keys().next().is_none_or(|key| !key.starts_with('$')) =>
        {
            let [field, input] = Compiler::arguments(
                "$getField",
                operand,
                ["field", "input"],
                3_041_701,
                3_041_701,
            )?;
            let Some(field) = field else {
                return refused(3_041_702, "$getField requires 'field' to be specified");
            };
            let Some(input) = input else {
                return refused(3_041_703, "$getField requires 'input' to be specified");
            };
            (field, compiler.unfolded_operand(input)?)
        }
        field => (field, compiler.unfolded_operand(&Bson::String("$$CURRENT".to_owned()))?),
    };
    let field = constant_name(compiler, "$getField", field, codes)?;
    compiler.custom(GetField { field, input })
}

#[derive(Debug)]
struct GetField {
    field: Box<[u8]>,
    input: Node,
}

impl Evaluate for GetField {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let input = self.input.eval(scope)?;
        if input.is_nullish() {
            return Ok(if input.is_missing() { Value::Missing } else { Value::NULL });
        }
        Ok(input.part(|value| if value.is_object() { value.get(&self.field) } else { None }))
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(&self.input);
    }
}

/// `$setField`: a document with another value of one field, in its place if it is there; without it if the value is
/// missing.
///
/// Null of null. 4161105 if the input is no document. The name must be constant: 4161108 if it is a path, 4161106 if it
/// is another expression, 4161107 if it is no string.
pub(super) fn set_field(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let names = ["field", "input", "value"];
    let [field, input, value] =
        Compiler::arguments("$setField", operand, names, 4_161_100, 4_161_101)?;
    let Some(field) = field else { return missing("$setField", "field", 4_161_102) };
    let Some(value) = value else { return missing("$setField", "value", 4_161_103) };
    let Some(input) = input else { return missing("$setField", "input", 4_161_109) };
    let field = constant_name(compiler, "$setField", field, SET_CODES)?;
    if field.contains(&0) {
        // The server makes documents of it that cannot be read.
        return Err(Error::Unsupported {
            backend: "memory",
            feature: "setting a field whose name holds a NUL".to_owned(),
        });
    }
    let (input, value) = (compiler.unfolded_operand(input)?, compiler.unfolded_operand(value)?);
    compiler.custom(SetField { field, input, value: Some(value) })
}

/// `$unsetField`: a document without one field; as [`set_field`].
pub(super) fn unset_field(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let [field, input] =
        Compiler::arguments("$unsetField", operand, ["field", "input"], 4_161_100, 4_161_101)?;
    let Some(field) = field else { return missing("$unsetField", "field", 4_161_102) };
    let Some(input) = input else { return missing("$unsetField", "input", 4_161_109) };
    let field = constant_name(compiler, "$unsetField", field, SET_CODES)?;
    let input = compiler.unfolded_operand(input)?;
    compiler.custom(SetField { field, input, value: None })
}

const SET_CODES: [i32; 3] = [4_161_108, 4_161_106, 4_161_107];

fn missing<T>(operator: &str, name: &str, code: i32) -> Result<T> {
    refused(code, format!("{operator} requires '{name}' to be specified"))
}

#[derive(Debug)]
struct SetField {
    field: Box<[u8]>,
    input: Node,
    /// None if the field is to go.
    value: Option<Node>,
}

impl Evaluate for SetField {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let input = self.input.eval(scope)?;
        if input.is_nullish() {
            return Ok(Value::NULL);
        }
        let Some(document) = input.as_raw().filter(|input| input.is_object()) else {
            let found = input.type_name();
            return refused(
                4_161_105,
                format!("$setField requires 'input' to be an object, not {found}"),
            );
        };
        let value = self.value.as_ref().map(|value| value.eval(scope)).transpose()?;
        let mut value = value.as_ref().and_then(Value::as_raw);
        let is_unset = value.is_none();
        let mut out = Vec::with_capacity(document.bytes().len() + 32);
        let start = begin(&mut out);
        for (name, old) in document.elements() {
            if *name != *self.field {
                append(&mut out, name, old);
            } else if let Some(value) = value.take() {
                append(&mut out, name, value);
            } else if !is_unset {
                // Another of that name behind the first, which is the one that counts.
                append(&mut out, name, old);
            }
        }
        if let Some(value) = value {
            append(&mut out, &self.field, value);
        }
        finish(&mut out, start);
        check_size(out.len())?;
        Ok(ValueBuf::from_vec(ElementType::EmbeddedDocument, out).into())
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(&self.input);
        self.value.iter().for_each(visit);
    }
}

/// The name of a field, which only a string or a `$literal` of one is.
fn constant_name(
    compiler: &mut Compiler<'_>,
    operator: &str,
    field: &Bson,
    [path, not_constant, not_a_string]: [i32; 3],
) -> Result<Box<[u8]>> {
    compiler.operand(field)?;
    let literal = match field {
        Bson::String(name) if name.starts_with('$') => {
            let message = format!(
                "'{name}' is a field path reference which is not allowed in this context. Did you mean {{$literal: '{name}'}}?"
            );
            return refused(path, message);
        }
        Bson::Document(document) => document.get("$literal").or_else(|| document.get("$const")),
        Bson::Array(_) => None,
        literal => Some(literal),
    };
    let requires = |what| format!("{operator} requires 'field' to evaluate to {what}");
    match literal {
        Some(Bson::String(name)) => Ok(name.as_bytes().into()),
        Some(_) => refused(not_a_string, requires("type String")),
        None => refused(not_constant, requires("a constant")),
    }
}
