//! What stands beside `$merge`.

use std::sync::Arc;

use bson::{Bson, Document};
use odm_core::{ErrorCode, Result};

use super::{Merge, WhenMatched, WhenNotMatched};
use crate::expression::{Compiler, Path, check_bound_variable, refused};
use crate::stage::target::Target;
use crate::stage::{Stage, Within, check_known, sub_pipeline};

/// The options as they are written.
#[derive(Default)]
struct Options<'s> {
    into: Option<Target>,
    on: Option<Vec<&'s str>>,
    variables: Option<&'s Document>,
    when_matched: Option<&'s str>,
    pipeline: Option<odm_core::Pipeline>,
    when_not_matched: Option<WhenNotMatched>,
}

/// Reads `$merge`.
///
/// # Errors
///
/// 14 if it is neither a string nor a document; 40414 without `into`, 51178, 5786800 and 5786801 for one that names no
/// collection; 51186, 51187, 51134, 31465 and those of paths for `on`; 51191, 51181 and 2 for modes; 51199, 51273 and
/// 9 for `let`; 40415 for what is unknown.
pub(super) fn merge(
    compiler: &mut Compiler<'_>,
    spec: &Bson,
    _: Within,
) -> Result<Vec<Arc<dyn Stage>>> {
    let options = match spec {
        Bson::String(collection) => {
            let into = Some(Target { database: None, collection: collection.clone() });
            Options { into, ..Options::default() }
        }
        Bson::Document(spec) => options(spec)?,
        _ => return wrong_type(format!("$merge requires a string or object, found {spec}")),
    };
    let Some(into) = options.into else {
        return refused(40_414, "'$merge.into' is missing but a required field");
    };
    let when_not_matched = options.when_not_matched.unwrap_or(WhenNotMatched::Insert);
    let mode = match options.pipeline {
        Some(_) => "pipeline",
        None => options.when_matched.unwrap_or("merge"),
    };
    if matches!(mode, "keepExisting" | "fail") && when_not_matched != WhenNotMatched::Insert {
        let message = format!(
            "combination of $merge modes 'whenMatched: {mode}' and 'whenNotMatched: {when_not_matched:?}' is not supported"
        );
        return refused(51_181, message);
    }
    let on = options.on.map(|fields| fields_of(&fields)).transpose()?;
    let when_matched = match (mode, options.pipeline, options.variables) {
        (_, Some(stages), variables) => {
            let variables = bind(compiler, variables)?;
            WhenMatched::Pipeline { stages, variables }
        }
        (_, None, Some(_)) => {
            let message = format!("cannot use 'let' variables with 'whenMatched: {mode}' mode");
            return refused(51_199, message);
        }
        ("replace", ..) => WhenMatched::Replace,
        ("keepExisting", ..) => WhenMatched::KeepExisting,
        ("fail", ..) => WhenMatched::Fail,
        _ => WhenMatched::Merge,
    };
    let outer = compiler.outer().to_vec();
    Ok(vec![Arc::new(Merge { into, on, when_matched, when_not_matched, outer })])
}

fn options(spec: &Document) -> Result<Options<'_>> {
    let mut options = Options::default();
    for (name, value) in spec {
        match (name.as_str(), value) {
            ("into", _) => options.into = Some(into(value)?),
            ("on", _) => options.on = Some(on(value)?),
            ("let", Bson::Document(variables)) => options.variables = Some(variables),
            ("let" | "whenNotMatched", Bson::Null | Bson::Undefined) => {}
            ("let", _) => {
                return wrong_type(format!("'$merge.let' must be an object, found {value}"));
            }
            ("whenMatched", Bson::String(mode)) => options.when_matched = Some(known(mode)?),
            ("whenMatched", Bson::Array(_)) => {
                let pipeline = sub_pipeline(name, value)?;
                for stage in &pipeline.0 {
                    check_known(stage.name())?;
                }
                options.pipeline = Some(pipeline);
            }
            ("whenMatched", _) => {
                let message =
                    format!("$merge 'whenMatched' must be a string or an array, found {value}");
                return refused(51_191, message);
            }
            ("whenNotMatched", Bson::String(mode)) => {
                options.when_not_matched = Some(match mode.as_str() {
                    "insert" => WhenNotMatched::Insert,
                    "discard" => WhenNotMatched::Discard,
                    "fail" => WhenNotMatched::Fail,
                    _ => return unknown_mode(name, mode),
                });
            }
            ("whenNotMatched", _) => {
                return wrong_type(format!(
                    "'$merge.whenNotMatched' must be a string, found {value}"
                ));
            }
            _ => return refused(40_415, format!("'$merge.{name}' is an unknown field")),
        }
    }
    Ok(options)
}

fn into(value: &Bson) -> Result<Target> {
    let spec = match value {
        Bson::String(text) if text.is_empty() => {
            return refused(5_786_800, "$merge 'into' cannot be an empty string");
        }
        Bson::String(text) => return Ok(Target { database: None, collection: text.clone() }),
        Bson::Document(spec) => spec,
        _ => {
            let message = format!("$merge 'into' must be a string or an object, found {value}");
            return refused(51_178, message);
        }
    };
    let (mut database, mut collection) = (None, None);
    for (name, value) in spec {
        match (name.as_str(), value) {
            ("db" | "coll", Bson::Null | Bson::Undefined) => {}
            // An empty one is that of the command.
            ("db", Bson::String(text)) => {
                database = Some(text.clone()).filter(|text| !text.is_empty());
            }
            ("coll", Bson::String(text)) => collection = Some(text.clone()),
            ("db" | "coll", _) => {
                return wrong_type(format!("'into.{name}' must be a string, found {value}"));
            }
            _ => return refused(40_415, format!("'into.{name}' is an unknown field")),
        }
    }
    match collection.filter(|text| !text.is_empty()) {
        Some(collection) => Ok(Target { database, collection }),
        None => refused(5_786_801, "$merge 'into' must specify a 'coll' that is not empty or null"),
    }
}

fn on(value: &Bson) -> Result<Vec<&str>> {
    match value {
        Bson::String(field) => Ok(vec![field.as_str()]),
        Bson::Array(fields) if fields.is_empty() => {
            refused(51_187, "$merge 'on' must include at least one field")
        }
        Bson::Array(fields) => fields
            .iter()
            .map(|field| match field {
                Bson::String(field) => Ok(field.as_str()),
                _ => refused(
                    51_134,
                    format!("elements of $merge 'on' must be strings, found {field}"),
                ),
            })
            .collect(),
        _ => {
            let message = format!("$merge 'on' must be a string or an array, found {value}");
            refused(51_186, message)
        }
    }
}

/// Checks the fields of `on`.
fn fields_of(fields: &[&str]) -> Result<Vec<String>> {
    let mut paths: Vec<String> = Vec::with_capacity(fields.len());
    for field in fields {
        Path::parse(field)?;
        if paths.iter().any(|path| path == field) {
            return refused(31_465, format!("found a duplicate field '{field}'"));
        }
        paths.push((*field).to_owned());
    }
    Ok(paths)
}

/// Compiles the variables of a pipeline, of which `$$new` is always one.
fn bind(
    compiler: &mut Compiler<'_>,
    variables: Option<&Document>,
) -> Result<Vec<(String, crate::expression::Node)>> {
    let root = Bson::from("$$ROOT");
    let mut bound = Vec::new();
    for (name, value) in variables.into_iter().flatten() {
        if name == "new" && *value != root {
            let message =
                "'let' may not define a value for the reserved 'new' variable other than '$$ROOT'";
            return refused(51_273, message);
        }
        check_bound_variable(name)?;
        bound.push((name.clone(), compiler.operand(value)?));
    }
    if bound.iter().all(|(name, _)| name != "new") {
        bound.push(("new".to_owned(), compiler.operand(&root)?));
    }
    Ok(bound)
}

fn known(mode: &str) -> Result<&str> {
    match mode {
        "merge" | "replace" | "keepExisting" | "fail" => Ok(mode),
        _ => unknown_mode("whenMatched", mode),
    }
}

fn unknown_mode<T>(field: &str, mode: &str) -> Result<T> {
    let message = format!("'{mode}' for field '{field}' is not a valid value");
    refused(ErrorCode::BAD_VALUE.0, message)
}

fn wrong_type<T>(message: String) -> Result<T> {
    refused(ErrorCode::TYPE_MISMATCH.0, message)
}
