//! Reading projections.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bson::{Bson, Document};

use super::{Projection, ProjectionItem};
use crate::error::{Error, ErrorCode, Result};
use crate::filter::{ElemMatch, Filter, Predicate};
use crate::namespace::FieldPath;
use crate::pipeline::Expr;
use crate::{number, value};

impl Projection {
    /// Reads a projection document, as `find` takes it.
    ///
    /// The expressions in it are judged by whoever evaluates them.
    ///
    /// # Errors
    ///
    /// The server's: 31254 and 31253 for a mix of inclusion and exclusion, 31249 and 31250 for paths
    /// that collide, 51270 for an empty document, 31308 to 31395 for misuse of `.$`, 31274 and 31275
    /// for misuse of `$elemMatch`, ….
    pub fn parse(doc: &Document) -> Result<Self> {
        Parser::new(None).parse(doc)
    }

    /// The same for an evaluator of expressions, which reads each of them where the server would.
    ///
    /// # Errors
    ///
    /// As [`Projection::parse`], 31325 for an unknown operator, and what the reader refuses.
    pub fn parse_with(doc: &Document, reader: &mut dyn ExpressionReader) -> Result<Self> {
        Parser::new(Some(reader)).parse(doc)
    }

    /// Reads a `$project` stage: what `find` alone knows is an expression there, or refused.
    ///
    /// # Errors
    ///
    /// As [`Projection::parse_with`]; 51272 for an empty one, 31324 for `.$`, 168 for `$elemMatch`.
    pub fn parse_stage(doc: &Document, reader: &mut dyn ExpressionReader) -> Result<Self> {
        if doc.is_empty() {
            return refuse(51_272, "projection specification must have at least one field");
        }
        Parser { of_stage: true, ..Parser::new(Some(reader)) }.parse(doc)
    }

    /// The same projection, read if it is [`Projection::Raw`], for evaluators.
    ///
    /// # Errors
    ///
    /// As [`Projection::parse`].
    pub fn normalized(&self) -> Result<Cow<'_, Projection>> {
        let is_raw = match self {
            Projection::Raw(_) => true,
            Projection::Fields(fields) => fields.iter().any(|(_, item)| item.has_raw()),
        };
        if is_raw {
            Projection::parse(&self.to_document()).map(Cow::Owned)
        } else {
            Ok(Cow::Borrowed(self))
        }
    }
}

/// Who evaluates the expressions of a projection.
pub trait ExpressionReader {
    /// Whether there is an operator of this name.
    fn is_operator(&self, name: &str) -> bool;

    /// Reads the next expression: an operator, a reference, or a literal.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn read(&mut self, expression: &Bson) -> Result<()>;
}

impl ProjectionItem {
    fn has_raw(&self) -> bool {
        matches!(self, ProjectionItem::ElemMatch(element) if element.has_raw())
    }
}

/// Whether a document is an expression, `{$add: […]}`, rather than nested fields.
pub(super) fn is_expression(doc: &Document) -> bool {
    match doc.keys().next() {
        Some(name) if doc.len() == 1 => {
            name.starts_with('$') && !matches!(name.as_str(), "$ref" | "$id" | "$db")
        }
        _ => false,
    }
}

/// Whether fields are named to be handed out, or not to be.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Inclusion,
    Exclusion,
}

struct Parser<'r> {
    reader: Option<&'r mut dyn ExpressionReader>,
    /// Whether it is that of a `$project`.
    of_stage: bool,
    fields: Vec<(FieldPath, ProjectionItem)>,
    mode: Option<Mode>,
    paths: PathTree,
    has_positional: bool,
    has_elem_match: bool,
    /// What is wrong with a constant expression: the server evaluates it when all fields are read.
    constant: Option<Error>,
}

impl<'r> Parser<'r> {
    fn new(reader: Option<&'r mut dyn ExpressionReader>) -> Self {
        Parser {
            reader,
            of_stage: false,
            fields: Vec::new(),
            mode: None,
            paths: PathTree::default(),
            has_positional: false,
            has_elem_match: false,
            constant: None,
        }
    }

    fn parse(mut self, doc: &Document) -> Result<Projection> {
        value::check_depth(doc)?;
        for (name, value) in doc {
            self.parse_field("", name, value)?;
        }
        match self.constant {
            Some(refused) => Err(refused),
            None => Ok(Projection::Fields(self.fields)),
        }
    }

    fn read(&mut self, expression: &Bson) -> Result<()> {
        self.reader.as_mut().map_or(Ok(()), |reader| reader.read(expression))
    }

    fn parse_field(&mut self, parent: &str, name: &str, value: &Bson) -> Result<()> {
        let (name, is_positional) = split_positional(name)?;
        if is_positional && self.of_stage {
            return refuse(31_324, "cannot use positional projection in aggregation projection");
        }
        // An empty sub-projection is refused whatever its name.
        if !matches!(value, Bson::Document(doc) if doc.is_empty()) || is_positional {
            FieldPath::parse(name)?;
        }
        let path = if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") };
        if is_positional {
            return self.parse_positional(&path, value);
        }
        match value {
            Bson::Document(doc) if doc.is_empty() => {
                refuse(51_270, format!("an empty sub-projection is not a valid value: '{path}'"))
            }
            Bson::Document(doc) if is_expression(doc) => {
                doc.iter().try_for_each(|(operator, operand)| {
                    self.parse_operator(&path, parent, operator, operand)
                })
            }
            Bson::Document(doc) => {
                self.paths.enter(&path)?;
                doc.iter().try_for_each(|(name, value)| self.parse_field(&path, name, value))
            }
            value if is_flag(value) => {
                let (mode, item) = if value::is_truthy(value) {
                    (Mode::Inclusion, ProjectionItem::Include)
                } else {
                    (Mode::Exclusion, ProjectionItem::Exclude)
                };
                self.add(&path, item)?;
                // `_id` may be left out of an inclusion, or named in an exclusion.
                if path == "_id" { Ok(()) } else { self.set_mode(mode, &path) }
            }
            literal => {
                self.read(literal)?;
                self.add(&path, ProjectionItem::Expr(Expr(literal.clone())))?;
                if self.mode == Some(Mode::Exclusion) {
                    return refuse(
                        31_310,
                        format!("cannot use an expression in an exclusion projection: '{path}'"),
                    );
                }
                self.mode = Some(Mode::Inclusion);
                Ok(())
            }
        }
    }

    fn parse_positional(&mut self, path: &str, value: &Bson) -> Result<()> {
        match value {
            Bson::Document(_) => refuse(
                31_271,
                "positional projection cannot be used with an expression or sub object",
            ),
            value if !is_flag(value) => {
                refuse(31_308, "positional projection cannot be used with a literal")
            }
            value if !value::is_truthy(value) => {
                refuse(31_395, "positional projection cannot be used with exclusion")
            }
            _ if self.has_positional => {
                refuse(31_276, "cannot specify more than one positional projection per query")
            }
            _ if self.has_elem_match => {
                refuse(31_256, "cannot specify positional operator and $elemMatch")
            }
            _ => {
                self.has_positional = true;
                self.add(path, ProjectionItem::Positional)?;
                self.set_mode(Mode::Inclusion, path)
            }
        }
    }

    fn parse_operator(
        &mut self,
        path: &str,
        parent: &str,
        operator: &str,
        operand: &Bson,
    ) -> Result<()> {
        match operator {
            "$elemMatch" if self.of_stage => refuse(168, "cannot use $elemMatch in this context"),
            "$slice" if self.of_stage => self.add_expression(path, operator, operand),
            "$slice" => match parse_slice(operand) {
                // If the paths collide, the server goes on to read it as an expression.
                Some(slice) if self.add(path, slice.clone()).is_ok() => Ok(()),
                _ => {
                    if self.mode != Some(Mode::Exclusion) && self.reader.is_none() {
                        check_slice_arity(operand)?;
                    }
                    self.add_expression(path, operator, operand)?;
                    if let Err(refused) = check_slice_operand(operand)
                        && self.reader.is_none()
                    {
                        self.constant.get_or_insert(refused);
                    }
                    Ok(())
                }
            },
            "$elemMatch" => {
                let element = self.parse_elem_match(path, parent, operand)?;
                self.add(path, ProjectionItem::ElemMatch(element))
            }
            "$meta" => self.add(path, ProjectionItem::Meta(parse_meta(operand)?)),
            _ => self.add_expression(path, operator, operand),
        }
    }

    fn parse_elem_match(&mut self, path: &str, parent: &str, operand: &Bson) -> Result<ElemMatch> {
        let Bson::Document(operand) = operand else {
            return refuse(31_274, "$elemMatch projection needs an object");
        };
        if self.has_positional {
            return refuse(31_255, "cannot specify positional operator and $elemMatch");
        }
        if !parent.is_empty() || path.contains('.') {
            return refuse(31_275, "cannot use $elemMatch projection on a nested field");
        }
        self.has_elem_match = true;
        let element = ElemMatch::parse(operand)?;
        check_elem_match(&element)?;
        Ok(element)
    }

    fn add_expression(&mut self, path: &str, operator: &str, operand: &Bson) -> Result<()> {
        if self.reader.as_ref().is_some_and(|reader| !reader.is_operator(operator)) {
            return refuse(31_325, format!("unknown expression {operator}"));
        }
        if self.mode == Some(Mode::Exclusion) {
            return refuse(
                31_252,
                "cannot use expression other than $meta in exclusion projection",
            );
        }
        self.mode = Some(Mode::Inclusion);
        let expression = Bson::Document(bson::doc! { operator: operand.clone() });
        self.read(&expression)?;
        self.add(path, ProjectionItem::Expr(Expr(expression)))
    }

    fn set_mode(&mut self, mode: Mode, path: &str) -> Result<()> {
        match (self.mode, mode) {
            (Some(Mode::Exclusion), Mode::Inclusion) => refuse(
                31_253,
                format!("cannot do inclusion on field {path} in exclusion projection"),
            ),
            (Some(Mode::Inclusion), Mode::Exclusion) => refuse(
                31_254,
                format!("cannot do exclusion on field {path} in inclusion projection"),
            ),
            _ => {
                self.mode = Some(mode);
                Ok(())
            }
        }
    }

    fn add(&mut self, path: &str, item: ProjectionItem) -> Result<()> {
        let parsed = FieldPath::parse(path)?;
        self.paths.insert(path)?;
        self.fields.push((parsed, item));
        Ok(())
    }
}

/// Splits the `.$` off a positional path. Elsewhere in a path it is refused.
fn split_positional(name: &str) -> Result<(&str, bool)> {
    let (path, is_positional) = match name.strip_suffix(".$") {
        Some(path) => (path, true),
        None => (name, false),
    };
    // A leading `$` is a name like any other, which is refused as such.
    if path.split('.').skip(1).any(|name| name == "$") {
        return refuse(31_394, "the positional operator may only stand at the end of a path");
    }
    Ok((path, is_positional))
}

/// Whether the value says yes or no rather than being a literal.
fn is_flag(value: &Bson) -> bool {
    matches!(value, Bson::Boolean(_)) || number::is_number(value)
}

/// The `$slice` of `find`; `None` for what may be the expression of the same name.
fn parse_slice(operand: &Bson) -> Option<ProjectionItem> {
    if let Bson::Array(operands) = operand {
        let [skip, limit] = operands.as_slice() else { return None };
        let (skip, limit) = (number::clamped_i32(skip)?, number::clamped_i32(limit)?);
        return (limit > 0).then_some(ProjectionItem::Slice { skip: Some(skip), limit });
    }
    Some(ProjectionItem::Slice { skip: None, limit: number::clamped_i32(operand)? })
}

/// Refuses `$slice` as an expression with too many or too few operands. If there is an expression among them that may
/// itself be refused, it is refused before, which is for its evaluator to tell.
fn check_slice_arity(operand: &Bson) -> Result<()> {
    match operand {
        Bson::Array(operands) if (2..=3).contains(&operands.len()) => Ok(()),
        operand if !is_surely_an_expression(operand) => Ok(()),
        _ => refuse(28_667, "$slice takes a number, or an array of two or three arguments"),
    }
}

/// Refuses `$slice` as an expression of what is plainly no array.
fn check_slice_operand(operand: &Bson) -> Result<()> {
    let Bson::Array(operands) = operand else { return Ok(()) };
    let may_be_null = |operand: &Bson| match operand {
        Bson::String(text) => text.starts_with('$'),
        Bson::Null | Bson::Undefined => true,
        operand => holds_document(operand),
    };
    // What is null makes all of it null, and an expression may be refused before.
    if operands.iter().any(may_be_null) {
        return Ok(());
    }
    match operands.first() {
        Some(Bson::Array(_)) | None => Ok(()),
        Some(_) => refuse(28_724, "first argument to $slice must be an array"),
    }
}

/// Whether nothing in an expression can be refused: literals, and operators that take any number of any operands.
fn is_surely_an_expression(operand: &Bson) -> bool {
    match operand {
        Bson::Document(fields) => match fields.iter().next() {
            Some((operator, operand)) if operator.starts_with('$') => {
                fields.len() == 1
                    && matches!(operator.as_str(), "$add" | "$and" | "$multiply" | "$or")
                    && is_surely_an_expression(operand)
            }
            _ => fields.iter().all(|(name, value)| {
                !name.is_empty()
                    && !name.contains(['.', '\0'])
                    && !name.starts_with('$')
                    && is_surely_an_expression(value)
            }),
        },
        Bson::Array(operands) => operands.iter().all(is_surely_an_expression),
        Bson::String(text) => text.strip_prefix('$').is_none_or(|path| {
            path.split('.')
                .all(|name| !name.is_empty() && !name.starts_with('$') && !name.contains('\0'))
        }),
        _ => true,
    }
}

fn holds_document(operand: &Bson) -> bool {
    match operand {
        Bson::Document(_) => true,
        Bson::Array(operands) => operands.iter().any(holds_document),
        _ => false,
    }
}

fn parse_meta(operand: &Bson) -> Result<String> {
    const KEYWORDS: [&str; 11] = [
        "geoNearDistance",
        "geoNearPoint",
        "indexKey",
        "randVal",
        "recordId",
        "searchHighlights",
        "searchScore",
        "searchScoreDetails",
        "sortKey",
        "textScore",
        "timeseriesBucketMinTime",
    ];
    match operand {
        Bson::String(keyword) if KEYWORDS.contains(&keyword.as_str()) => Ok(keyword.clone()),
        Bson::String(keyword) => {
            refuse(17_308, format!("unsupported argument to $meta: {keyword}"))
        }
        _ => refuse(17_307, "$meta only supports string arguments"),
    }
}

/// Refuses what a filter may hold but not the `$elemMatch` of a projection.
fn check_elem_match(element: &ElemMatch) -> Result<()> {
    match element {
        ElemMatch::Fields(filter) => check_filter(filter),
        ElemMatch::Value(parts) => parts.iter().try_for_each(check_predicate),
    }
}

fn check_filter(filter: &Filter) -> Result<()> {
    match filter {
        Filter::And(parts) | Filter::Or(parts) | Filter::Nor(parts) => {
            parts.iter().try_for_each(check_filter)
        }
        Filter::Field(_, predicate) => check_predicate(predicate),
        Filter::JsonSchema(_) => refuse(224, "$jsonSchema is not allowed in this context"),
        _ => Ok(()),
    }
}

fn check_predicate(predicate: &Predicate) -> Result<()> {
    match predicate {
        Predicate::Not(parts) => parts.iter().try_for_each(check_predicate),
        Predicate::ElemMatch(element) => check_elem_match(element),
        Predicate::AllElemMatch(elements) => elements.iter().try_for_each(check_elem_match),
        Predicate::Near(_) => refuse(5_626_500, "$near is not allowed in this context"),
        _ => Ok(()),
    }
}

/// The paths that are taken, by name.
#[derive(Default)]
struct PathTree {
    is_taken: bool,
    names: BTreeMap<String, PathTree>,
}

impl PathTree {
    /// Begins the fields below `path`, which may be there in part.
    fn enter(&self, path: &str) -> Result<()> {
        let mut tree = self;
        for name in path.split('.') {
            if tree.is_taken {
                return refuse(31_249, format!("path collision at {path}"));
            }
            match tree.names.get(name) {
                Some(inner) => tree = inner,
                None => return Ok(()),
            }
        }
        if tree.is_taken { refuse(31_250, format!("path collision at {path}")) } else { Ok(()) }
    }

    fn insert(&mut self, path: &str) -> Result<()> {
        let mut tree = self;
        let mut is_new = false;
        for name in path.split('.') {
            if tree.is_taken {
                return refuse(31_249, format!("path collision at {path}"));
            }
            if !tree.names.contains_key(name) {
                is_new = true;
            }
            tree = tree.names.entry(name.to_owned()).or_default();
        }
        if !is_new {
            return refuse(31_250, format!("path collision at {path}"));
        }
        tree.is_taken = true;
        Ok(())
    }
}

fn refuse<T>(code: i32, message: impl Into<String>) -> Result<T> {
    Err(Error::command(ErrorCode(code), message))
}
