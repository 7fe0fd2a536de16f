//! `$fill`.

use std::sync::Arc;

use bson::{Bson, Document, doc};
use odm_core::{ErrorCode, Result};

use super::set_window_fields::{self, object};
use super::{Spec, Stage, Within, add_fields};
use crate::expression::{Compiler, Value, refused};

pub(super) const STAGES: &[Spec] = &[Spec::new("$fill", fill)];

/// `$fill`: fields that are null or missing get a value: one that is given, the last one before (`locf`), or
/// one between their neighbors (`linear`).
///
/// It is a `$setWindowFields` for the methods, then an `$addFields` for the values, and refuses what these do.
///
/// # Errors
///
/// 9 if it is no document, 14, 40414 and 40415 for its options, 6050200 to 6050204 for what goes together.
fn fill(compiler: &mut Compiler<'_>, spec: &Bson, within: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(spec) = spec else {
        return refused(
            ErrorCode::FAILED_TO_PARSE.0,
            format!("The $fill stage specification must be an object, found {spec}"),
        );
    };
    let known = ["partitionBy", "partitionByFields", "sortBy", "output"];
    if let Some(name) = spec.keys().find(|name| !known.contains(&name.as_str())) {
        return refused(40_415, format!("BSON field '$fill.{name}' is an unknown field."));
    }
    let partition = object("$fill.partitionBy", spec.get("partitionBy"))?;
    let partition_fields = strings("$fill.partitionByFields", spec.get("partitionByFields"))?;
    let order = object("$fill.sortBy", spec.get("sortBy"))?;
    let Some(outputs) = object("$fill.output", spec.get("output"))? else {
        let message = "BSON field '$fill.output' is missing but a required field";
        return refused(40_414, message);
    };
    if outputs.is_empty() {
        return refused(
            6_050_203,
            "The output field in '$fill' must contain an object with at least one element",
        );
    }
    if partition.is_some() && partition_fields.is_some() {
        return refused(
            6_050_204,
            "Maximum one of 'partitionBy' and 'partitionByFields can be specified in '$fill'",
        );
    }
    let (mut methods, mut values) = (Document::new(), Document::new());
    for (path, output) in outputs {
        let Bson::Document(output) = output else {
            let message = "Each fill output specification must be an object with exactly one field";
            return refused(6_050_200, message);
        };
        read_output(path, output, &mut methods, &mut values)?;
    }
    let mut stages = Vec::with_capacity(2);
    if !methods.is_empty() {
        let mut windows = doc! { "output": methods };
        if let Some(order) = order {
            windows.insert("sortBy", order.clone());
        }
        if let Some(partition) = partition {
            windows.insert("partitionBy", partition.clone());
        }
        if let Some(fields) = partition_fields {
            let by = |field: &str| (field.to_owned(), Bson::String(format!("${field}")));
            windows.insert("partitionBy", fields.into_iter().map(by).collect::<Document>());
        }
        stages.push(set_window_fields::compile(compiler, &windows)?);
    }
    if !values.is_empty() {
        stages.extend(add_fields::add_fields(compiler, &Bson::Document(values), within)?);
    }
    Ok(stages)
}

/// Reads how a field is filled.
///
/// # Errors
///
/// 40415 for another field, 6050201 for both a method and a value, 6050202 for an unknown method.
fn read_output(
    path: &str,
    output: &Document,
    methods: &mut Document,
    values: &mut Document,
) -> Result<()> {
    if let Some(name) = output.keys().find(|name| !matches!(name.as_str(), "method" | "value")) {
        return refused(40_415, format!("BSON field '$fill.{name}' is an unknown field."));
    }
    let field = Bson::String(format!("${path}"));
    let method =
        output.get("method").filter(|method| !matches!(method, Bson::Null | Bson::Undefined));
    match (method, output.get("value")) {
        (Some(_), Some(_)) => refused(
            6_050_201,
            "Each fill output specification must have exactly one of 'method' or 'value' fields, not both",
        ),
        (Some(Bson::String(method)), None) => {
            let function = match method.as_str() {
                "locf" => "$locf",
                "linear" => "$linearFill",
                _ => return refused(6_050_202, "Method must be either locf or linear"),
            };
            methods.insert(path, doc! { function: field });
            Ok(())
        }
        (Some(method), None) => wrong_type("$fill.method", method, "string"),
        (None, Some(value)) => {
            values.insert(path, doc! { "$ifNull": [field, value.clone()] });
            Ok(())
        }
        // It stays as it is.
        (None, None) => Ok(()),
    }
}

/// An option that has to be an array of strings.
///
/// # Errors
///
/// 14 if it is something else.
pub(super) fn strings<'s>(name: &str, value: Option<&'s Bson>) -> Result<Option<Vec<&'s str>>> {
    let values = match value {
        None => return Ok(None),
        Some(Bson::Null | Bson::Undefined) => {
            return refused(10_065, format!("invalid parameter: expected an object ({name})"));
        }
        Some(Bson::Array(values)) => values,
        Some(value) => return wrong_type(name, value, "array"),
    };
    let mut strings = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        match value {
            Bson::String(text) => strings.push(text.as_str()),
            Bson::Null | Bson::Undefined => {}
            value => return wrong_type(&format!("{name}.{index}"), value, "string"),
        }
    }
    Ok(Some(strings))
}

/// The refusal of an option of another type: 14.
pub(super) fn wrong_type<T>(name: &str, value: &Bson, expected: &str) -> Result<T> {
    let value = Value::from_bson(value)?;
    let found = value.type_name();
    refused(
        ErrorCode::TYPE_MISMATCH.0,
        format!("BSON field '{name}' is the wrong type '{found}', expected type '{expected}'"),
    )
}
