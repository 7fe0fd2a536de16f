//! From what a user writes to a [`Node`]: names, arity and constants are checked here, once.

use bson::{Bson, Document};
use odm_core::{Error, ErrorCode, Result};

use super::path::check_field_name;
use super::{
    Application, Evaluate, Globals, Grouping, LACKING, Node, OPERATORS, Operator, Path, Root,
    Scope, Shape, Value, refused,
};
use crate::storage::{Resolved, Seen};
use crate::value::RawVal;

/// How deep expressions may be nested.
const MAX_DEPTH: usize = 200;

/// How deep pipelines on other collections may be nested.
const MAX_SUB_PIPELINES: usize = 20;

/// Compiles the expressions of one command.
///
/// What is malformed is refused at once. What a constant expression refuses is told only when all
/// was read ([`check`](Compiler::check)), as the server does.
pub(crate) struct Compiler<'c> {
    globals: &'c Globals,
    /// The names of the variables from outside.
    outer: Vec<Box<str>>,
    /// The variables that the operators around bind, innermost last: a list for each operator.
    frames: Vec<Vec<Box<str>>>,
    /// Variables that stand for their own names, in lower case: what `$redact` decides by.
    keywords: &'static [&'static str],
    depth: usize,
    /// Whether it is never now: `$$NOW` is refused when it is asked for.
    timeless: bool,
    /// Whether nothing is evaluated before there is a document.
    unfolded: bool,
    /// The views that stages may name.
    views: Option<Seen<'c>>,
    /// How many stages around have pipelines of their own on other collections.
    sub_pipelines: usize,
    /// What the first constant expression refused that is refused whatever the document.
    failed: Option<Error>,
}

impl<'c> Compiler<'c> {
    /// A compiler for expressions that may use these variables; their values are in `globals`, in the same order.
    pub(crate) fn new(globals: &'c Globals, outer: Vec<Box<str>>) -> Self {
        Compiler {
            globals,
            outer,
            frames: Vec::new(),
            keywords: &[],
            depth: 0,
            timeless: false,
            unfolded: false,
            views: None,
            sub_pipelines: 0,
            failed: None,
        }
    }

    /// A compiler for stages that may read these views.
    pub(crate) fn seeing(self, views: Seen<'c>) -> Self {
        Compiler { views: Some(views), ..self }
    }

    /// What the name of a collection comes to, if it is a view's.
    ///
    /// # Errors
    ///
    /// As [`Seen::resolve`].
    pub(crate) fn view(&mut self, name: &str) -> Result<Option<Resolved>> {
        self.views.as_mut().map_or(Ok(None), |views| views.resolve(name))
    }

    /// Compiles a stage that reads another collection by a pipeline of its own.
    ///
    /// # Errors
    ///
    /// 232 if it is too far down in others; what `compile` refuses.
    pub(crate) fn sub_pipeline<T>(
        &mut self,
        compile: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if self.sub_pipelines >= MAX_SUB_PIPELINES {
            let message = format!(
                "Maximum number of nested sub-pipelines exceeded. Limit is {MAX_SUB_PIPELINES}"
            );
            return refused(232, message);
        }
        self.sub_pipelines += 1;
        let compiled = compile(self);
        self.sub_pipelines -= 1;
        compiled
    }

    /// The same compiler, but nothing is evaluated before there is a document.
    pub(crate) fn unfolding(self) -> Self {
        Compiler { unfolded: true, ..self }
    }

    /// A compiler for what outlives its command, as validators do: it knows no variables and no time.
    pub(crate) fn timeless(globals: &'c Globals) -> Self {
        Compiler { timeless: true, ..Compiler::new(globals, Vec::new()) }
    }

    /// What is the same for all documents.
    pub(crate) const fn globals(&self) -> &'c Globals {
        self.globals
    }

    /// The names of the variables from outside.
    pub(crate) fn outer(&self) -> &[Box<str>] {
        &self.outer
    }

    /// Compiles with other variables from outside, and goes on with these.
    pub(crate) fn with_outer<T>(
        &mut self,
        outer: Vec<Box<str>>,
        compile: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let before = std::mem::replace(&mut self.outer, outer);
        let frames = std::mem::take(&mut self.frames);
        let compiled = compile(self);
        (self.outer, self.frames) = (before, frames);
        compiled
    }

    /// Compiles with variables that stand for their own names, in lower case.
    ///
    /// # Errors
    ///
    /// What `compile` refuses.
    pub(crate) fn with_keywords<T>(
        &mut self,
        keywords: &'static [&'static str],
        compile: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let before = std::mem::replace(&mut self.keywords, keywords);
        let compiled = compile(self);
        self.keywords = before;
        compiled
    }

    /// Refuses what a constant expression refused.
    ///
    /// # Errors
    ///
    /// That of the first one.
    pub(crate) fn check(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Remembers what is refused whatever the document, to be told when all was read; if nothing is folded, it is
    /// refused when it is evaluated.
    pub(crate) fn fail(&mut self, error: Error) {
        if self.folds() {
            self.failed.get_or_insert(error);
        }
    }

    /// Whether constant expressions are evaluated once.
    pub(super) const fn folds(&self) -> bool {
        !self.unfolded
    }

    /// Compiles an operand in which the server evaluates nothing before there is a document.
    ///
    /// # Errors
    ///
    /// As [`operand`](Compiler::operand).
    pub(crate) fn unfolded_operand(&mut self, value: &Bson) -> Result<Node> {
        let before = std::mem::replace(&mut self.unfolded, true);
        let node = self.operand(value);
        self.unfolded = before;
        node
    }

    /// Compiles what may turn out never to be evaluated: what is refused whatever the document is given
    /// back, and not remembered.
    pub(crate) fn apart<T>(&mut self, compile: impl FnOnce(&mut Self) -> T) -> (T, Option<Error>) {
        let before = self.failed.take();
        let compiled = compile(self);
        (compiled, std::mem::replace(&mut self.failed, before))
    }

    /// Compiles an expression of any form: a path, a variable, an operator, an object, an array or a literal.
    ///
    /// # Errors
    ///
    /// The server's for what is malformed.
    pub(crate) fn operand(&mut self, value: &Bson) -> Result<Node> {
        self.nested(|compiler| match value {
            Bson::String(text) if text.starts_with('$') => compiler.reference(text),
            Bson::Document(document) => compiler.object(document),
            Bson::Array(values) => compiler.array(values),
            literal => Value::from_bson(literal).map(Node::Constant),
        })
    }

    /// Compiles one level further down.
    ///
    /// # Errors
    ///
    /// 15 if that is too deep; what `compile` refuses.
    pub(super) fn nested<T>(&mut self, compile: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return refused(ErrorCode::OVERFLOW.0, "the expression is nested too deeply");
        }
        self.depth += 1;
        let compiled = compile(self);
        self.depth -= 1;
        compiled
    }

    /// Compiles a document: an operator, or an object of expressions.
    ///
    /// # Errors
    ///
    /// 168 for an unknown operator, 15983 for anything beside one; for the name of a field: as
    /// [`Path::parse`], and 16412 for a dot.
    pub(crate) fn object(&mut self, document: &Document) -> Result<Node> {
        if let Some((name, operand)) = document.iter().next()
            && name.starts_with('$')
        {
            if document.len() > 1 {
                let message = format!(
                    "an object representing an expression must have exactly one field: {document}"
                );
                return refused(15_983, message);
            }
            return self.operator(name, operand);
        }
        let mut fields: Vec<(Box<str>, Node)> = Vec::with_capacity(document.len());
        for (name, value) in document {
            fields.push((name.as_str().into(), self.field(name, value)?));
        }
        self.fold(Node::Object(fields))
    }

    /// Compiles the value of a field of an object.
    ///
    /// # Errors
    ///
    /// As [`object`](Compiler::object).
    pub(crate) fn field(&mut self, name: &str, value: &Bson) -> Result<Node> {
        check_field_name(name)?;
        self.operand(value)
    }

    fn array(&mut self, values: &[Bson]) -> Result<Node> {
        let nodes = values.iter().map(|value| self.operand(value)).collect::<Result<_>>()?;
        self.fold(Node::Array(nodes))
    }

    /// Compiles an operator.
    ///
    /// # Errors
    ///
    /// 168 if there is none of that name, [`Error::Unsupported`] if the engine lacks it; 16020 or 28667 for the number of its operands.
    pub(crate) fn operator(&mut self, name: &str, operand: &Bson) -> Result<Node> {
        let Some(operator) = OPERATORS.get(name).copied() else {
            if LACKING.contains(&name) {
                let feature = format!("the expression {name}");
                return Err(Error::Unsupported { backend: "memory", feature });
            }
            return refused(168, format!("unrecognized expression '{name}'"));
        };
        match &operator.shape {
            Shape::Custom(compile) => compile(self, operand),
            Shape::Operands { least, most, apply } => {
                let operands = self.operands(operand)?;
                check_arity(operator.name, operands.len(), *least, *most)?;
                self.call(operator, *apply, operands)
            }
        }
    }

    /// An operator on its operands; what is constant among them is evaluated once.
    fn call(
        &mut self,
        operator: &'static Operator,
        apply: Application,
        mut operands: Vec<Node>,
    ) -> Result<Node> {
        let all_constant = operands.iter().all(|operand| operand.as_constant().is_some());
        let groups = operator.grouping != Grouping::Never && self.folds();
        if groups && operands.len() > 1 && !all_constant {
            operands = self.group(operator, apply, operands)?;
        }
        self.fold(Node::Call { operator, apply, operands })
    }

    /// Takes constants among the operands of an associative operator together, as the server does: of equal
    /// values one takes the place of another, and it matters in which order they come.
    fn group(
        &mut self,
        operator: &'static Operator,
        apply: Application,
        operands: Vec<Node>,
    ) -> Result<Vec<Node>> {
        let mut flat = Vec::with_capacity(operands.len());
        for operand in operands {
            match operand {
                // With one operand, an accumulator would walk an array.
                Node::Call { operator: inner, operands, .. }
                    if inner.name == operator.name && operands.len() > 1 =>
                {
                    flat.extend(operands);
                }
                operand => flat.push(operand),
            }
        }
        let join = |compiler: &mut Self, mut constants: Vec<Node>| match constants.len() {
            0 | 1 => Ok(constants.pop()),
            _ => compiler.call(operator, apply, constants).map(Some),
        };
        let keeps_order = match operator.grouping {
            Grouping::Never | Grouping::Neighbors => true,
            Grouping::AllByBytes => self.globals.collator.is_some(),
            Grouping::All => false,
        };
        let (mut grouped, mut constants) = (Vec::with_capacity(flat.len()), Vec::new());
        for operand in flat {
            if operand.as_constant().is_some() {
                constants.push(operand);
                continue;
            }
            if keeps_order {
                grouped.extend(join(self, std::mem::take(&mut constants))?);
            }
            grouped.push(operand);
        }
        grouped.extend(join(self, constants)?);
        Ok(grouped)
    }

    /// The named arguments of an operator, in the order of `names`.
    ///
    /// # Errors
    ///
    /// `not_an_object` if what stands there is no object, `unknown` if it has another field.
    pub(super) fn arguments<'d, const N: usize>(
        operator: &str,
        operand: &'d Bson,
        names: [&str; N],
        not_an_object: i32,
        unknown: i32,
    ) -> Result<[Option<&'d Bson>; N]> {
        let Bson::Document(document) = operand else {
            let message = format!("{operator} only supports an object as its argument");
            return refused(not_an_object, message);
        };
        if let Some(name) = document.keys().find(|name| !names.contains(&name.as_str())) {
            return refused(unknown, format!("unrecognized parameter to {operator}: {name}"));
        }
        Ok(names.map(|name| document.get(name)))
    }

    /// Whether there is an operator of that name.
    pub(crate) fn is_operator(name: &str) -> bool {
        OPERATORS.contains_key(name) || LACKING.contains(&name)
    }

    /// Compiles the operands of an operator: the elements of an array, or the one that stands without it.
    ///
    /// # Errors
    ///
    /// As [`operand`](Compiler::operand).
    pub(crate) fn operands(&mut self, operand: &Bson) -> Result<Vec<Node>> {
        match operand {
            Bson::Array(values) => values.iter().map(|value| self.operand(value)).collect(),
            single => Ok(vec![self.operand(single)?]),
        }
    }

    /// Compiles what an operator evaluates with variables of its own. When it does, it has to give their
    /// values, in this order, in a frame of the scope.
    ///
    /// # Errors
    ///
    /// What `compile` refuses.
    pub(crate) fn bind<T>(
        &mut self,
        names: Vec<Box<str>>,
        compile: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        self.frames.push(names);
        let compiled = compile(self);
        self.frames.pop();
        compiled
    }

    /// An operator that evaluates its operands itself.
    ///
    /// # Errors
    ///
    /// None; what it refuses whatever the document is remembered.
    pub(crate) fn custom(&mut self, custom: impl Evaluate + 'static) -> Result<Node> {
        self.fold(Node::Custom(Box::new(custom)))
    }

    /// Evaluates once what is the same for all documents.
    fn fold(&mut self, node: Node) -> Result<Node> {
        let folds = match &node {
            Node::Object(_) | Node::Array(_) => true,
            Node::Call { operator, .. } => operator.folds,
            Node::Custom(custom) => custom.folds(),
            _ => false,
        };
        let mut is_constant = folds && self.folds();
        node.visit(&mut |operand| is_constant &= operand.as_constant().is_some());
        if !is_constant {
            return Ok(node);
        }
        let scope = Scope::new(self.globals, Root::Value(RawVal::EMPTY_OBJECT));
        match node.eval(&scope) {
            Ok(value) => Ok(Node::Constant(value.into_owned())),
            Err(error) => {
                self.fail(error);
                Ok(node)
            }
        }
    }

    /// Compiles `"$path"` or `"$$variable.path"`.
    fn reference(&mut self, text: &str) -> Result<Node> {
        let Some(variable) = text.strip_prefix("$$") else {
            let path = text.strip_prefix('$').unwrap_or(text);
            if path.is_empty() {
                return refused(16_872, "'$' by itself is not a valid field path");
            }
            let path = Path::parse_reference(path)?;
            return Ok(match self.variable("CURRENT") {
                Some((hops, index)) => Node::Variable { hops, index, path: Some(path) },
                None => match self.outside("CURRENT") {
                    Some(index) => Node::Outer { index, path: Some(path) },
                    None => Node::Field(path),
                },
            });
        };
        let (name, path) = match variable.split_once('.') {
            Some((name, "")) => {
                check_variable(name)?;
                return refused(40_353, "a field path must not end with a '.'");
            }
            Some((name, path)) => (name, Some(path)),
            None => (variable, None),
        };
        check_variable(name)?;
        let path = || path.map(Path::parse_reference).transpose();
        if let Some((hops, index)) = self.variable(name) {
            return Ok(Node::Variable { hops, index, path: path()? });
        }
        if self.keywords.contains(&name) {
            let value = match path()? {
                None => name.to_ascii_lowercase().into(),
                Some(_) => Value::Missing,
            };
            return Ok(Node::Constant(value));
        }
        let globals = self.globals;
        if let Some(index) = self.outside(name) {
            let path = path()?;
            // Of the command's own variables the values are known; of a `$lookup`'s, they are not.
            return Ok(match globals.variables.get(index) {
                Some(value) if self.folds() => {
                    Node::Constant(super::of_variable(Some(value), path.as_ref()).into_owned())
                }
                _ => Node::Outer { index, path },
            });
        }
        let constant = |value: Value<'static>| {
            let path = path()?;
            let value = match (&path, value.as_raw()) {
                (Some(path), Some(value)) => path.of_value(value).into_owned(),
                _ => value,
            };
            Ok(Node::Constant(value))
        };
        match name {
            "NOW" | "CLUSTER_TIME" if self.timeless => {
                Ok(Node::Custom(Box::new(Unavailable { error: unavailable(name) })))
            }
            "ROOT" => Ok(Node::Root(path()?)),
            "CURRENT" => Ok(path()?.map_or(Node::Current, Node::Field)),
            "REMOVE" => path().map(|_| Node::Constant(Value::Missing)),
            "NOW" => constant(globals.now.into()),
            "CLUSTER_TIME" => constant(globals.cluster_time.into()),
            "JS_SCOPE" | "IS_MR" => {
                self.fail(unavailable(name));
                Ok(Node::Constant(Value::Missing))
            }
            "SEARCH_META" => refused(6_347_903, "$$SEARCH_META needs a $search stage before it"),
            _ => refused(17_276, format!("use of undefined variable: {name}")),
        }
    }

    /// Which of the variables from outside it is.
    fn outside(&self, name: &str) -> Option<usize> {
        self.outer.iter().rposition(|outer| **outer == *name)
    }

    /// Where a variable is bound by an operator around: how many frames further out, and which there.
    fn variable(&self, name: &str) -> Option<(usize, usize)> {
        self.frames.iter().rev().enumerate().find_map(|(hops, names)| {
            let index = names.iter().rposition(|bound| **bound == *name)?;
            Some((hops, index))
        })
    }
}

/// A variable of the server that is not there.
#[derive(Debug)]
struct Unavailable {
    error: Error,
}

impl Evaluate for Unavailable {
    fn eval<'a>(&'a self, _: &Scope<'a>) -> Result<Value<'a>> {
        Err(self.error.clone())
    }

    fn visit<'n>(&'n self, _: &mut dyn FnMut(&'n Node)) {}
}

fn unavailable(name: &str) -> Error {
    let message = format!("Builtin variable '$${name}' is not available");
    Error::command(ErrorCode(51_144), message)
}

/// Checks the number of operands.
///
/// # Errors
///
/// 16020 if there has to be one number of them, 28667 if there is a choice.
pub(super) fn check_arity(name: &str, given: usize, least: usize, most: usize) -> Result<()> {
    if (least..=most).contains(&given) {
        return Ok(());
    }
    if least == most {
        let message =
            format!("expression {name} takes exactly {least} arguments. {given} were passed in.");
        return refused(16_020, message);
    }
    let message = format!(
        "expression {name} takes at least {least} arguments, and at most {most}, but {given} were passed in."
    );
    refused(28_667, message)
}

/// Checks the name of a variable that is read.
///
/// # Errors
///
/// 9 if it is empty, or has characters that no name has.
fn check_variable(name: &str) -> Result<()> {
    let refuse = |message: String| refused(ErrorCode::FAILED_TO_PARSE.0, message);
    let Some(first) = name.chars().next() else {
        return refuse("empty variable names are not allowed".to_owned());
    };
    if first.is_ascii() && !first.is_ascii_alphabetic() {
        return refuse(format!("'{name}' starts with an invalid character for a variable name"));
    }
    check_variable_characters(name)
}

/// Checks the name of a variable that is bound: `this` of `{$map: {as: "this", …}}`.
///
/// # Errors
///
/// 9 if it is none: it has to begin with a lowercase letter; `CURRENT` may be bound.
pub(crate) fn check_bound_variable(name: &str) -> Result<()> {
    let refuse = |message: String| refused(ErrorCode::FAILED_TO_PARSE.0, message);
    if name == "CURRENT" {
        return Ok(());
    }
    let Some(first) = name.chars().next() else {
        return refuse("empty variable names are not allowed".to_owned());
    };
    if first.is_ascii() && !first.is_ascii_lowercase() {
        return refuse(format!(
            "'{name}' starts with an invalid character for a user variable name"
        ));
    }
    check_variable_characters(name)
}

fn check_variable_characters(name: &str) -> Result<()> {
    let is_allowed = |c: &char| c.is_ascii_alphanumeric() || *c == '_' || !c.is_ascii();
    match name.chars().find(|c| !is_allowed(c)) {
        None => Ok(()),
        Some(c) => refused(
            ErrorCode::FAILED_TO_PARSE.0,
            format!("'{name}' contains an invalid character for a variable name: '{c}'"),
        ),
    }
}
