//! Regular expressions: `$regexFind`, `$regexFindAll` and `$regexMatch`, all of `{input, regex, options}`.
//!
//! 51103 for what is no object, 31024 for an unknown name, 31022 and 31023 if `input` or `regex` is not
//! there; 51104, 51105 and 51106 if `input`, `regex` or `options` has the wrong type; 51107 for options
//! in both; 51109 and 51110 for null bytes; 51108 for unknown options, 51111 for a malformed pattern, and
//! 51156 for one that takes too many steps.

use bson::Bson;
use odm_core::{Error, ErrorCode, Result};
use pcre2::bytes::{CaptureLocations, Regex};

use super::{ArrayBuilder, Compiler, Evaluate, Node, Operator, Scope, Value, refused};
use crate::filter::regex::{INVALID_PATTERN, program};
use crate::value::write::{append, begin, finish};
use crate::value::{ElementType, RawVal, ValueBuf};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::custom("$regexFind", regex_find),
    Operator::custom("$regexFindAll", regex_find_all),
    Operator::custom("$regexMatch", regex_match),
];

/// The most bytes that all matches of a string may take.
const MAX_MATCHES: usize = 64 * 1024 * 1024;

/// `$regexFind`: the first match, with its place in code points and what the groups captured; null if
/// there is none, and for null and missing.
fn regex_find(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Search::compile(compiler, operand, "$regexFind", Outcome::First)
}

/// `$regexFindAll`: all matches, as `$regexFind` has the first; none for null and missing.
fn regex_find_all(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Search::compile(compiler, operand, "$regexFindAll", Outcome::All)
}

/// `$regexMatch`: whether there is a match; false for null and missing.
fn regex_match(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Search::compile(compiler, operand, "$regexMatch", Outcome::Any)
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    First,
    All,
    Any,
}

#[derive(Debug)]
struct Search {
    name: &'static str,
    outcome: Outcome,
    input: Node,
    regex: Node,
    options: Option<Node>,
    /// The program of a constant pattern, which may be null.
    constant: Option<Option<Regex>>,
}

impl Search {
    fn compile(
        compiler: &mut Compiler<'_>,
        operand: &Bson,
        name: &'static str,
        outcome: Outcome,
    ) -> Result<Node> {
        let Bson::Document(document) = operand else {
            return refused(51_103, format!("{name} expects an object of named arguments"));
        };
        let (mut input, mut regex, mut options) = (None, None, None);
        for (argument, value) in document {
            let part = match argument.as_str() {
                "input" => &mut input,
                "regex" => &mut regex,
                "options" => &mut options,
                other => {
                    return refused(31_024, format!("{name} found an unknown argument: {other}"));
                }
            };
            *part = Some(compiler.operand(value)?);
        }
        let Some(input) = input else {
            return refused(31_022, format!("{name} requires 'input' parameter"));
        };
        let Some(regex) = regex else {
            return refused(31_023, format!("{name} requires 'regex' parameter"));
        };
        let mut constant = None;
        let constant_options = match &options {
            None => Some(&Value::Missing),
            Some(options) => options.as_constant(),
        };
        if let (Some(pattern), Some(options)) = (regex.as_constant(), constant_options) {
            match read_pattern(name, pattern, options) {
                Ok(program) => constant = Some(program),
                Err(error) => compiler.fail(error),
            }
        }
        // It is never evaluated beforehand: what is wrong with a constant input is told only where there is a document.
        compiler.custom(Search { name, outcome, input, regex, options, constant })
    }
}

/// Reads and compiles a pattern; `None` if it is null.
fn read_pattern(name: &str, pattern: &Value<'_>, options: &Value<'_>) -> Result<Option<Regex>> {
    let raw = pattern.as_raw().filter(|_| !pattern.is_nullish());
    let (source, own_options) = match (raw, pattern.as_string()) {
        (None, _) => (None, ""),
        (Some(_), Some(text)) => (Some(text), ""),
        (Some(raw), None) if raw.kind() == ElementType::RegularExpression => {
            let (source, options) = raw.as_regex().unwrap_or_default();
            let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
            (Some(text(source)), text(options))
        }
        (Some(raw), None) => {
            let kind = raw.type_name();
            let message = format!("{name} needs 'regex' to be a string or a regex, not {kind}");
            return refused(51_105, message);
        }
    };
    let given = options.as_string();
    if given.is_none() && !options.is_nullish() {
        let kind = options.type_name();
        return refused(51_106, format!("{name} needs 'options' to be a string, not {kind}"));
    }
    if given.is_some() && !own_options.is_empty() {
        let message = format!("{name} found regex options in both 'regex' and 'options'");
        return refused(51_107, message);
    }
    if source.is_some_and(|source| source.contains('\0')) {
        return refused(51_109, format!("{name}: regular expression cannot contain a null byte"));
    }
    let options = given.unwrap_or(own_options);
    if options.contains('\0') {
        return refused(51_110, format!("{name}: regex options cannot contain a null byte"));
    }
    // Options are checked even if there is no pattern.
    match (program(source.unwrap_or_default(), options), source) {
        (Ok(program), source) => Ok(source.map(|_| program)),
        (Err(error), _) if error.error_code() == Some(INVALID_PATTERN) => {
            Err(Error::command(ErrorCode(51_111), error.to_string()))
        }
        (Err(error), _) => Err(error),
    }
}

impl Evaluate for Search {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let input = self.input.eval(scope)?;
        let text = input.as_string();
        if text.is_none() && !input.is_nullish() {
            let (name, kind) = (self.name, input.type_name());
            return refused(51_104, format!("{name} needs 'input' to be a string, not {kind}"));
        }
        let made;
        let program = match &self.constant {
            Some(constant) => constant.as_ref(),
            None => {
                let pattern = self.regex.eval(scope)?;
                let options =
                    self.options.as_ref().map(|options| options.eval(scope)).transpose()?;
                made = read_pattern(self.name, &pattern, &options.unwrap_or(Value::Missing))?;
                made.as_ref()
            }
        };
        let (Some(text), Some(program)) = (text, program) else {
            return Ok(match self.outcome {
                Outcome::First => Value::NULL,
                Outcome::All => RawVal::EMPTY_ARRAY.into(),
                Outcome::Any => false.into(),
            });
        };
        let mut matches = Matches::new(self.name, program, text);
        match self.outcome {
            Outcome::First => Ok(matches.next()?.map_or(Value::NULL, Value::from)),
            Outcome::Any => Ok(matches.find()?.is_some().into()),
            Outcome::All => matches.all(),
        }
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(&self.input);
        visit(&self.regex);
        self.options.iter().for_each(visit);
    }
}

/// The matches in a string, one after the other.
struct Matches<'m> {
    name: &'static str,
    program: &'m Regex,
    groups: CaptureLocations,
    text: &'m str,
    /// Where to go on, in bytes and in code points.
    at: usize,
    place: usize,
}

impl<'m> Matches<'m> {
    fn new(name: &'static str, program: &'m Regex, text: &'m str) -> Self {
        Matches { name, program, groups: program.capture_locations(), text, at: 0, place: 0 }
    }

    /// The bytes of the next match, which then is where to go on.
    fn find(&mut self) -> Result<Option<(usize, usize)>> {
        let found = self.program.captures_read_at(&mut self.groups, self.text.as_bytes(), self.at);
        match found {
            Ok(None) => Ok(None),
            Ok(Some(found)) => {
                // With `\K` in a lookahead, a match may end before it begins.
                let (start, end) = (found.start(), found.end().max(found.start()));
                self.skip_to(start);
                Ok(Some((start, end)))
            }
            Err(error) => {
                let name = self.name;
                refused(
                    51_156,
                    format!("error occurred while executing the pattern in {name}: {error}"),
                )
            }
        }
    }

    fn skip_to(&mut self, at: usize) {
        self.place += self.text.get(self.at..at).map_or(0, |passed| passed.chars().count());
        self.at = at;
    }

    fn next(&mut self) -> Result<Option<ValueBuf>> {
        let Some((start, end)) = self.find()? else { return Ok(None) };
        let string = |range: (usize, usize)| {
            ValueBuf::from(self.text.get(range.0..range.1).unwrap_or_default())
        };
        let mut captures = ArrayBuilder::new();
        for group in 1..self.program.captures_len() {
            match self.groups.get(group) {
                Some(range) => captures.push(string(range).as_raw()),
                None => captures.push(RawVal::NULL),
            }
        }
        let mut out = Vec::with_capacity(64);
        let document = begin(&mut out);
        append(&mut out, b"match", string((start, end)).as_raw());
        let place = i32::try_from(self.place).unwrap_or(i32::MAX);
        append(&mut out, b"idx", ValueBuf::from(place).as_raw());
        append(&mut out, b"captures", captures.finish().or_null());
        finish(&mut out, document);
        self.pass(end);
        Ok(Some(ValueBuf::document(&out)))
    }

    /// Goes on behind a match; behind the next character, if it is empty.
    fn pass(&mut self, end: usize) {
        let next = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        match next {
            Some(next) if end == self.at => self.skip_to(end + next.len_utf8()),
            _ => self.skip_to(end),
        }
    }

    fn all(&mut self) -> Result<Value<'static>> {
        let mut all = ArrayBuilder::new();
        // The end of a string is tried only if the string is empty.
        while all.len() == 0 || self.at < self.text.len() {
            let Some(found) = self.next()? else { break };
            all.push(found.as_raw());
            if all.size() > MAX_MATCHES {
                let message = "$regexFindAll: the matches exceed the 64MB limit";
                return refused(51_151, message);
            }
            if self.text.is_empty() {
                break;
            }
        }
        Ok(all.finish())
    }
}
