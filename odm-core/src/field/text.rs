//! Query operators of text fields.

use bson::{Regex, raw::CString};

use crate::error::{Error, Result};
use crate::field::{Field, FieldType, FilterOf, Text};
use crate::filter::Predicate;

impl<D, T: FieldType> Field<D, T> {
    /// `$regex`: matches the pattern, in PCRE's syntax; for an array, one of the elements does.
    pub fn regex(&self, pattern: impl AsRef<str>) -> FilterOf<D>
    where
        T::Leaf: Text,
    {
        self.regex_with(pattern, "")
    }

    /// `$regex` with `$options`: letters of `imsx`.
    pub fn regex_with(&self, pattern: impl AsRef<str>, options: impl AsRef<str>) -> FilterOf<D>
    where
        T::Leaf: Text,
    {
        self.matches(regex(pattern.as_ref(), options.as_ref()).map(Predicate::Regex))
    }

    /// Has `text` in it, character for character.
    pub fn contains(&self, text: impl AsRef<str>) -> FilterOf<D>
    where
        T::Leaf: Text,
    {
        self.regex(literal(text.as_ref()))
    }

    /// Has `text` in it, in upper or lower case.
    pub fn icontains(&self, text: impl AsRef<str>) -> FilterOf<D>
    where
        T::Leaf: Text,
    {
        self.regex_with(literal(text.as_ref()), "i")
    }

    /// Equals `text`, in upper or lower case.
    pub fn iexact(&self, text: impl AsRef<str>) -> FilterOf<D>
    where
        T::Leaf: Text,
    {
        self.regex_with(format!(r"^{}\z", literal(text.as_ref())), "i")
    }

    /// Starts with `text`. This can use an index.
    pub fn starts_with(&self, text: impl AsRef<str>) -> FilterOf<D>
    where
        T::Leaf: Text,
    {
        self.regex(format!("^{}", literal(text.as_ref())))
    }

    /// Starts with `text`, in upper or lower case.
    pub fn istarts_with(&self, text: impl AsRef<str>) -> FilterOf<D>
    where
        T::Leaf: Text,
    {
        self.regex_with(format!("^{}", literal(text.as_ref())), "i")
    }

    /// Ends with `text`, in upper or lower case.
    pub fn iends_with(&self, text: impl AsRef<str>) -> FilterOf<D>
    where
        T::Leaf: Text,
    {
        self.regex_with(format!(r"{}\z", literal(text.as_ref())), "i")
    }

    /// Ends with `text`.
    pub fn ends_with(&self, text: impl AsRef<str>) -> FilterOf<D>
    where
        T::Leaf: Text,
    {
        // Not `$`, which also matches before a line break at the end.
        self.regex(format!(r"{}\z", literal(text.as_ref())))
    }
}

pub(crate) fn regex(pattern: &str, options: &str) -> Result<Regex> {
    let mut options: Vec<char> = options.chars().collect();
    options.sort_unstable();
    options.dedup();
    let options: String = options.into_iter().collect();
    match (CString::try_from(pattern), CString::try_from(options)) {
        (Ok(pattern), Ok(options)) => Ok(Regex { pattern, options }),
        (Err(error), _) | (_, Err(error)) => {
            Err(Error::Encode { what: "a regular expression".into(), message: error.to_string() })
        }
    }
}

/// The pattern that matches `text` and nothing else.
pub(crate) fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // A pattern is stored as a C string.
            '\0' => pattern.push_str(r"\x00"),
            '\\' | '^' | '$' | '.' | '|' | '?' | '*' | '+' | '(' | ')' | '[' | ']' | '{' | '}' => {
                pattern.push('\\');
                pattern.push(c);
            }
            _ => pattern.push(c),
        }
    }
    pattern
}
