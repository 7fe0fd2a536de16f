//! `$trim`, `$ltrim` and `$rtrim`.

use bson::Bson;
use odm_core::Result;

use super::super::{Compiler, Evaluate, Node, Scope, Value, refused};
use super::{made, null};

/// What is trimmed if nothing is named.
const WHITESPACE: &str = "\0 \t\n\u{b}\u{c}\r\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\
                          \u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}";

/// `$trim`: `input` without whitespace, or without any of `chars`, at both ends; null if either is null
/// or missing.
///
/// 50696 for what is no object, 50694 for an unknown name, 50695 if `input` is not there; 50699 and
/// 50700 if `input` or `chars` is not a string.
pub(super) fn trim(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Trim::compile(compiler, operand, "$trim", true, true)
}

/// `$ltrim`: as `$trim`, at the beginning.
pub(super) fn ltrim(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Trim::compile(compiler, operand, "$ltrim", true, false)
}

/// `$rtrim`: as `$trim`, at the end.
pub(super) fn rtrim(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Trim::compile(compiler, operand, "$rtrim", false, true)
}

#[derive(Debug)]
struct Trim {
    name: &'static str,
    at_start: bool,
    at_end: bool,
    input: Node,
    chars: Option<Node>,
}

impl Trim {
    fn compile(
        compiler: &mut Compiler<'_>,
        operand: &Bson,
        name: &'static str,
        at_start: bool,
        at_end: bool,
    ) -> Result<Node> {
        let Bson::Document(document) = operand else {
            return refused(50_696, format!("{name} only supports an object as an argument"));
        };
        let (mut input, mut chars) = (None, None);
        for (argument, value) in document {
            let part = match argument.as_str() {
                "input" => &mut input,
                "chars" => &mut chars,
                other => {
                    return refused(50_694, format!("{name} found an unknown argument: {other}"));
                }
            };
            *part = Some(compiler.operand(value)?);
        }
        let Some(input) = input else {
            return refused(50_695, format!("{name} requires an 'input' field"));
        };
        compiler.custom(Trim { name, at_start, at_end, input, chars })
    }
}

impl Evaluate for Trim {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let name = self.name;
        let input = self.input.eval(scope)?;
        if input.is_nullish() {
            return Ok(null());
        }
        let Some(text) = input.as_string() else {
            let kind = input.type_name();
            return refused(
                50_699,
                format!("{name} requires its input to be a string, got {kind}"),
            );
        };
        let chars = self.chars.as_ref().map(|chars| chars.eval(scope)).transpose()?;
        let chars = match &chars {
            None => WHITESPACE,
            Some(chars) if chars.is_nullish() => return Ok(null()),
            Some(chars) => match chars.as_string() {
                Some(chars) => chars,
                None => {
                    let kind = chars.type_name();
                    let message = format!("{name} requires 'chars' to be a string, got {kind}");
                    return refused(50_700, message);
                }
            },
        };
        // Sorted, so that hostile `chars` cost no more than they are long.
        let mut chars: Vec<char> = chars.chars().collect();
        chars.sort_unstable();
        let is_trimmed = |c: char| chars.binary_search(&c).is_ok();
        let mut rest = text;
        if self.at_start {
            rest = rest.trim_start_matches(is_trimmed);
        }
        if self.at_end {
            rest = rest.trim_end_matches(is_trimmed);
        }
        made(rest)
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(&self.input);
        self.chars.iter().for_each(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}
