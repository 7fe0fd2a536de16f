//! A filter as it was written: what the server's words about it refer to.

use bson::{Bson, Document, doc};
use odm_core::{Error, ErrorCode, Expr, Filter, JsonSchema};

use crate::value::path::LeafArray;

/// A condition of a filter.
pub(super) enum Clause<'d> {
    Logical(Logical, Vec<Clause<'d>>),
    Not(Box<Clause<'d>>),
    Schema(JsonSchema),
    /// The operand of `$expr`.
    Expression(&'d Bson),
    Leaf(Leaf<'d>),
    /// What the server has no words for, as it prints it.
    Untellable(Document),
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Logical {
    And,
    Or,
    Nor,
}

/// An operator on a field.
pub(super) struct Leaf<'d> {
    pub(super) operator: &'static str,
    pub(super) path: &'d str,
    /// As the user wrote it.
    pub(super) specified_as: Document,
    /// The operator alone.
    condition: Document,
    pub(super) words: Words,
    /// It cannot match anything.
    pub(super) never: bool,
}

/// What is told about an operator.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) failed: &'static str,
    pub(super) matched: &'static str,
    /// Which values are told, if any.
    pub(super) considers: Option<LeafArray>,
    /// The types that it can match.
    pub(super) expected: &'static [&'static str],
}

const fn words(failed: &'static str, matched: &'static str) -> Words {
    Words { failed, matched, considers: Some(LeafArray::Traverse), expected: &[] }
}

impl Words {
    const fn of_arrays(mut self) -> Self {
        self.considers = Some(LeafArray::Whole);
        self
    }

    const fn expecting(mut self, types: &'static [&'static str]) -> Self {
        self.expected = types;
        self
    }

    const fn without_values(mut self) -> Self {
        self.considers = None;
        self
    }

    const fn inverted(mut self) -> Self {
        (self.failed, self.matched) = (self.matched, self.failed);
        self
    }
}

const COMPARISON: Words = words("comparison failed", "comparison succeeded");
const IN: Words = words("no matching value found in array", "matching value found in array");
const EXISTS: Words = words("path does not exist", "path does exist").without_values();
const BITS: Words =
    words("bitwise operator failed to match", "bitwise operator matched successfully")
        .expecting(&["binData", "decimal", "double", "int", "long"]);

const OPERATORS: &[(&str, Words)] = &[
    ("$eq", COMPARISON),
    ("$gt", COMPARISON),
    ("$gte", COMPARISON),
    ("$lt", COMPARISON),
    ("$lte", COMPARISON),
    ("$ne", COMPARISON.inverted()),
    ("$in", IN),
    ("$nin", IN.inverted()),
    ("$exists", EXISTS),
    ("$type", words("type did not match", "type did match")),
    (
        "$mod",
        words(
            "$mod did not evaluate to expected remainder",
            "$mod did evaluate to expected remainder",
        )
        .expecting(&["decimal", "double", "int", "long"]),
    ),
    (
        "$regex",
        words("regular expression did not match", "regular expression did match")
            .expecting(&["regex", "string", "symbol"]),
    ),
    (
        "$all",
        words(
            "array did not contain all specified values",
            "array did contain all specified values",
        )
        .of_arrays(),
    ),
    (
        "$elemMatch",
        words("array did not satisfy the child predicate", "array did satisfy the child predicate")
            .of_arrays()
            .expecting(&["array"]),
    ),
    (
        "$size",
        words("array length was not equal to given size", "array length was equal to given size")
            .of_arrays()
            .expecting(&["array"]),
    ),
    ("$bitsAllClear", BITS),
    ("$bitsAllSet", BITS),
    ("$bitsAnyClear", BITS),
    ("$bitsAnySet", BITS),
];

fn unknown(name: &str) -> Error {
    Error::command(ErrorCode::BAD_VALUE, format!("unknown operator: {name}"))
}

impl Logical {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Logical::And => "$and",
            Logical::Or => "$or",
            Logical::Nor => "$nor",
        }
    }
}

/// The only clause, or the conjunction of several.
fn all(mut clauses: Vec<Clause<'_>>) -> Clause<'_> {
    if clauses.len() == 1 { clauses.remove(0) } else { Clause::Logical(Logical::And, clauses) }
}

impl<'d> Clause<'d> {
    /// The clauses of a filter document, which has been read before and found well-formed.
    pub(super) fn of_document(filter: &'d Document) -> Result<Self, Error> {
        let mut clauses = Vec::new();
        for (name, operand) in filter {
            match (name.as_str(), operand) {
                ("$comment", _) => {}
                ("$and", list) => clauses.push(Clause::of_list(Logical::And, list)?),
                ("$or", list) => clauses.push(Clause::of_list(Logical::Or, list)?),
                ("$nor", list) => clauses.push(Clause::of_list(Logical::Nor, list)?),
                ("$jsonSchema", Bson::Document(schema)) => {
                    clauses.push(Clause::Schema(JsonSchema::parse(schema)?));
                }
                ("$expr", expression) => clauses.push(Clause::Expression(expression)),
                ("$ref" | "$id" | "$db", value) => {
                    clauses.push(Clause::Untellable(doc! { name: { "$eq": value.clone() } }));
                }
                (operator, value) if operator.starts_with('$') => {
                    clauses.push(Clause::Untellable(doc! { operator: value.clone() }));
                }
                (path, Bson::Document(operators)) if is_operators(operators) => {
                    clauses.extend(Clause::of_operators(path, operators)?);
                }
                (path, value) => {
                    let condition = doc! { path: value.clone() };
                    let operator = match value {
                        Bson::RegularExpression(_) => "$regex",
                        _ => "$eq",
                    };
                    clauses.push(Clause::of_operator(
                        path,
                        operator,
                        condition.clone(),
                        condition,
                    )?);
                }
            }
        }
        Ok(all(clauses))
    }

    fn of_list(operator: Logical, list: &'d Bson) -> Result<Self, Error> {
        let documents = list.as_array().into_iter().flatten().filter_map(Bson::as_document);
        let parts = documents.map(Clause::of_document).collect::<Result<_, _>>()?;
        Ok(Clause::Logical(operator, parts))
    }

    fn of_operators(path: &'d str, operators: &'d Document) -> Result<Vec<Self>, Error> {
        let mut clauses = Vec::new();
        for (name, operand) in operators {
            match (name.as_str(), operand) {
                ("$options", _) => {}
                ("$not", Bson::RegularExpression(_)) => {
                    let condition = doc! { path: operand.clone() };
                    let inner = Clause::of_operator(path, "$regex", condition.clone(), condition)?;
                    clauses.push(Clause::Not(Box::new(inner)));
                }
                ("$not", Bson::Document(inner)) => {
                    let inner = all(Clause::of_operators(path, inner)?);
                    clauses.push(Clause::Not(Box::new(inner)));
                }
                ("$regex", _) => {
                    let mut condition = doc! { "$regex": operand.clone() };
                    if let Some(options) = operators.get("$options") {
                        condition.insert("$options", options.clone());
                    }
                    let condition = doc! { path: condition };
                    let specified = doc! { path: operators.clone() };
                    clauses.push(Clause::of_operator(path, "$regex", condition, specified)?);
                }
                (operator, operand) => {
                    let condition = doc! { path: { operator: operand.clone() } };
                    clauses.push(Clause::of_operator(
                        path,
                        operator,
                        condition.clone(),
                        condition,
                    )?);
                }
            }
        }
        Ok(clauses)
    }

    /// The clause as a filter.
    pub(super) fn filter(&self) -> Result<Filter, Error> {
        let all = |parts: &[Clause<'_>]| -> Result<Vec<Filter>, Error> {
            parts.iter().map(Clause::filter).collect()
        };
        Ok(match self {
            Clause::Logical(Logical::And, parts) => Filter::And(all(parts)?),
            Clause::Logical(Logical::Or, parts) => Filter::Or(all(parts)?),
            Clause::Logical(Logical::Nor, parts) => Filter::Nor(all(parts)?),
            Clause::Not(inner) => Filter::Nor(vec![inner.filter()?]),
            Clause::Schema(schema) => Filter::JsonSchema(schema.source().clone()),
            Clause::Expression(expression) => Filter::Expr(Expr((*expression).clone())),
            Clause::Leaf(leaf) => Filter::parse(&leaf.condition)?,
            Clause::Untellable(expression) => Filter::parse(expression)?,
        })
    }
}

impl<'d> Clause<'d> {
    fn of_operator(
        path: &'d str,
        operator: &str,
        condition: Document,
        specified_as: Document,
    ) -> Result<Self, Error> {
        let Some((operator, words)) = OPERATORS.iter().find(|(name, _)| *name == operator) else {
            return Err(unknown(operator));
        };
        let operand = || condition.get_document(path).ok()?.get(operator);
        let mut words = *words;
        let mut never = false;
        match *operator {
            "$exists" if !is_true(operand()) => words = words.inverted(),
            "$all" => never = operand().and_then(Bson::as_array).is_some_and(Vec::is_empty),
            _ => {}
        }
        Ok(Clause::Leaf(Leaf { operator, path, specified_as, condition, words, never }))
    }
}

fn is_true(operand: Option<&Bson>) -> bool {
    let condition = doc! { "a": { "$exists": operand.cloned().unwrap_or(Bson::Null) } };
    matches!(Filter::parse(&condition), Ok(Filter::Field(_, odm_core::Predicate::Exists(true))))
}

/// Whether a document is operators rather than a value.
fn is_operators(doc: &Document) -> bool {
    doc.keys().next().is_some_and(|name| name.starts_with('$'))
        && !(doc.contains_key("$ref") && doc.contains_key("$id"))
}
