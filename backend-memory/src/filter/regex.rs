//! `$regex`: patterns of PCRE, as the server's PCRE 8.42 understands them.

use bson::Regex;
use odm_core::{Error, ErrorCode};

use crate::value::{ElementType, RawVal};

/// The longest pattern that is surely not too large for PCRE.
const MAX_LITERAL: usize = 10_000;

/// What a filter's malformed pattern is refused with.
pub(crate) const INVALID_PATTERN: ErrorCode = ErrorCode(51_091);

/// A compiled regular expression.
#[derive(Debug)]
pub(super) struct Pattern {
    source: Box<str>,
    options: Box<str>,
    program: Program,
}

#[derive(Debug)]
enum Program {
    /// `^` and a literal text.
    Prefix(Box<[u8]>),
    Pcre(pcre2::bytes::Regex),
}

impl Pattern {
    /// Compiles a regular expression.
    ///
    /// # Errors
    ///
    /// 51108 for an option other than `i`, `m`, `s`, `x`; 51091 for a pattern that is malformed.
    pub(super) fn new(regex: &Regex) -> Result<Self, Error> {
        let (source, options) = (regex.pattern.as_str(), regex.options.as_str());
        let program = match literal_prefix(source) {
            Some(prefix) if options.is_empty() && prefix.len() <= MAX_LITERAL => {
                Program::Prefix(prefix.into())
            }
            _ => Program::Pcre(compile(source, options)?),
        };
        Ok(Pattern { source: source.into(), options: options.into(), program })
    }

    /// Whether it matches a string, or equals a stored regular expression.
    pub(super) fn matches(&self, value: RawVal<'_>) -> bool {
        match value.kind() {
            ElementType::String | ElementType::Symbol => {
                value.as_string_bytes().is_some_and(|text| self.matches_text(text))
            }
            ElementType::RegularExpression => {
                value.as_regex() == Some((self.source.as_bytes(), self.options.as_bytes()))
            }
            _ => false,
        }
    }

    pub(super) fn matches_text(&self, text: &[u8]) -> bool {
        match &self.program {
            Program::Prefix(prefix) => text.starts_with(prefix),
            // A pattern that exceeds PCRE's limits does not match, as on the server.
            Program::Pcre(regex) => regex.is_match(text).unwrap_or(false),
        }
    }

    pub(super) fn cost(&self) -> u32 {
        match self.program {
            Program::Prefix(_) => 2,
            Program::Pcre(_) => 20,
        }
    }
}

fn compile(source: &str, options: &str) -> Result<pcre2::bytes::Regex, Error> {
    if source.contains('#') {
        // The server also compiles it as a group, whose end a comment swallows.
        program(&format!("(?:{source})"), options)?;
    }
    program(source, options)
}

/// Compiles a pattern for PCRE2.
///
/// # Errors
///
/// As [`Pattern::new`].
pub(crate) fn program(source: &str, options: &str) -> Result<pcre2::bytes::Regex, Error> {
    let mut builder = pcre2::bytes::RegexBuilder::new();
    // Text is UTF-8 but `\d` and `\w` are ASCII, as on the server.
    builder.utf(true).jit_if_available(true);
    for option in options.chars() {
        match option {
            'i' => builder.caseless(true),
            'm' => builder.multi_line(true),
            's' => builder.dotall(true),
            'x' => builder.extended(true),
            // Always on; drivers send it.
            'u' => &mut builder,
            other => {
                return Err(Error::command(
                    ErrorCode(51_108),
                    format!("invalid flag in regex options: {other}"),
                ));
            }
        };
    }
    builder.build(&translate(source)?).map_err(|error| invalid(&error.to_string()))
}

fn invalid(what: &str) -> Error {
    Error::command(INVALID_PATTERN, format!("regular expression is invalid: {what}"))
}

/// The text that all matches begin with, if the pattern is no more than that.
fn literal_prefix(source: &str) -> Option<Vec<u8>> {
    let body = source.strip_prefix('^')?;
    let body = body.strip_suffix(".*").unwrap_or(body);
    let mut prefix = Vec::with_capacity(body.len());
    let mut bytes = body.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => match bytes.next() {
                Some(escaped) if escaped.is_ascii_punctuation() => prefix.push(escaped),
                _ => return None,
            },
            b'.' | b'^' | b'$' | b'*' | b'+' | b'?' | b'(' | b')' | b'[' | b']' | b'{' | b'}'
            | b'|' => return None,
            byte => prefix.push(byte),
        }
    }
    Some(prefix)
}

/// Rewrites what PCRE2 reads otherwise than PCRE 8.42.
fn translate(source: &str) -> Result<String, Error> {
    let groups = source.bytes().filter(|&byte| byte == b'(').count();
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let mut taken = next.len_utf8();
        match next {
            '\\' => {
                let escaped = rest[1..].chars().next();
                taken += escaped.map_or(0, char::len_utf8);
                match escaped {
                    Some('Q') => {
                        // Everything up to `\E` is literal.
                        taken = rest.find("\\E").map_or(rest.len(), |end| end + 2);
                    }
                    Some('C') => {
                        return Err(Error::Unsupported {
                            backend: "memory",
                            feature: "\\C in a regular expression".to_owned(),
                        });
                    }
                    Some('N') if rest[2..].starts_with('{') => {
                        return Err(invalid("\\N{name} is not supported"));
                    }
                    Some(digit @ ('8' | '9')) if groups < 8 => {
                        out.push(digit);
                        rest = &rest[taken..];
                        continue;
                    }
                    Some('p' | 'P' | 'x' | 'o' | 'g' | 'k') if rest[2..].starts_with('{') => {
                        taken = rest.find('}').map_or(rest.len(), |end| end + 1);
                    }
                    _ => {}
                }
            }
            // Quantifiers for PCRE2, literals for PCRE.
            '{' if is_new_quantifier(&rest[1..]) => out.push('\\'),
            _ => {}
        }
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    Ok(out)
}

/// Whether what follows a `{` makes it a quantifier for PCRE2 alone: `{,3}`, `{ 1, 2 }`.
fn is_new_quantifier(rest: &str) -> bool {
    let Some(end) = rest.find('}') else { return false };
    let body = &rest[..end];
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_old = match body.split_once(',') {
        Some((least, most)) => is_number(least) && (most.is_empty() || is_number(most)),
        None => is_number(body),
    };
    let may_be_number = |text: &str| {
        let text = text.trim_matches([' ', '\t']);
        text.is_empty() || is_number(text)
    };
    let is_any = match body.split_once(',') {
        Some((least, most)) => {
            may_be_number(least) && may_be_number(most) && body.bytes().any(|b| b.is_ascii_digit())
        }
        None => is_number(body.trim_matches([' ', '\t'])),
    };
    is_any && !is_old
}
