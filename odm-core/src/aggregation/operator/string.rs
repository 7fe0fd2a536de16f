//! Strings.

use bson::{Bson, Document};

use super::super::expression::{ExprOf, IntoExpr};
use super::{binary, list, methods, named};
use crate::field::{FieldType, Text};

methods! {
    [T: FieldType<Value: Text>]
    /// `$toLower`: of ASCII letters only.
    to_lower "$toLower" -> String;
    /// `$toUpper`: of ASCII letters only.
    to_upper "$toUpper" -> String;
    /// `$strLenBytes`: how many bytes.
    len_bytes "$strLenBytes" -> i32;
    /// `$strLenCP`: how many code points.
    len_chars "$strLenCP" -> i32;
}

impl<S, T> ExprOf<S, T> {
    /// `$concat`: followed by another string. Null if one of them is.
    pub fn concat<E: IntoExpr<S, Type: FieldType<Value: Text>>>(self, other: E) -> ExprOf<S, String>
    where
        T: FieldType<Value: Text>,
    {
        binary("$concat", self, other)
    }

    /// `$substrCP`: so many code points from this one on.
    pub fn substr<E, N>(self, start: E, len: N) -> ExprOf<S, String>
    where
        T: FieldType<Value: Text>,
        E: IntoExpr<S>,
        N: IntoExpr<S>,
    {
        let (start, len) = (start.into_expr().into_bson(), len.into_expr().into_bson());
        list("$substrCP", [self.into_bson(), start, len])
    }

    /// `$substrBytes`: so many bytes from this one on.
    pub fn substr_bytes<E, N>(self, start: E, len: N) -> ExprOf<S, String>
    where
        T: FieldType<Value: Text>,
        E: IntoExpr<S>,
        N: IntoExpr<S>,
    {
        let (start, len) = (start.into_expr().into_bson(), len.into_expr().into_bson());
        list("$substrBytes", [self.into_bson(), start, len])
    }

    /// `$indexOfCP`: at which code point the other string begins in this one; -1 if it does not.
    pub fn index_of_chars<E: IntoExpr<S>>(self, part: E) -> ExprOf<S, i32>
    where
        T: FieldType<Value: Text>,
    {
        binary("$indexOfCP", self, part)
    }

    /// `$indexOfBytes`: at which byte the other string begins in this one; -1 if it does not.
    pub fn index_of_bytes<E: IntoExpr<S>>(self, part: E) -> ExprOf<S, i32>
    where
        T: FieldType<Value: Text>,
    {
        binary("$indexOfBytes", self, part)
    }

    /// `$split`: the parts between the separators.
    pub fn split<E: IntoExpr<S>>(self, separator: E) -> ExprOf<S, Vec<String>>
    where
        T: FieldType<Value: Text>,
    {
        binary("$split", self, separator)
    }

    /// `$strcasecmp`: -1, 0 or 1, whatever the case of ASCII letters.
    pub fn strcasecmp<E: IntoExpr<S>>(self, other: E) -> ExprOf<S, i32>
    where
        T: FieldType<Value: Text>,
    {
        binary("$strcasecmp", self, other)
    }

    /// `$trim`: without whitespace at both ends.
    pub fn trim(self) -> ExprOf<S, String>
    where
        T: FieldType<Value: Text>,
    {
        named("$trim", [("input", Some(self.into_bson()))])
    }

    /// `$trim`: without these characters at both ends.
    pub fn trim_chars<E: IntoExpr<S>>(self, chars: E) -> ExprOf<S, String>
    where
        T: FieldType<Value: Text>,
    {
        self.trimmed("$trim", chars)
    }

    /// `$ltrim`: without these characters at the start.
    pub fn ltrim_chars<E: IntoExpr<S>>(self, chars: E) -> ExprOf<S, String>
    where
        T: FieldType<Value: Text>,
    {
        self.trimmed("$ltrim", chars)
    }

    /// `$rtrim`: without these characters at the end.
    pub fn rtrim_chars<E: IntoExpr<S>>(self, chars: E) -> ExprOf<S, String>
    where
        T: FieldType<Value: Text>,
    {
        self.trimmed("$rtrim", chars)
    }

    /// `$ltrim`: without whitespace at the start.
    pub fn ltrim(self) -> ExprOf<S, String>
    where
        T: FieldType<Value: Text>,
    {
        named("$ltrim", [("input", Some(self.into_bson()))])
    }

    /// `$rtrim`: without whitespace at the end.
    pub fn rtrim(self) -> ExprOf<S, String>
    where
        T: FieldType<Value: Text>,
    {
        named("$rtrim", [("input", Some(self.into_bson()))])
    }

    fn trimmed<E: IntoExpr<S>>(self, name: &str, chars: E) -> ExprOf<S, String>
    where
        T: FieldType<Value: Text>,
    {
        let chars = chars.into_expr().into_bson();
        named(name, [("input", Some(self.into_bson())), ("chars", Some(chars))])
    }

    /// `$replaceOne`: the first occurrence replaced.
    pub fn replace_one<E: IntoExpr<S>, R: IntoExpr<S>>(self, find: E, by: R) -> ExprOf<S, String>
    where
        T: FieldType<Value: Text>,
    {
        self.replaced("$replaceOne", find, by)
    }

    /// `$replaceAll`: every occurrence replaced.
    pub fn replace_all<E: IntoExpr<S>, R: IntoExpr<S>>(self, find: E, by: R) -> ExprOf<S, String>
    where
        T: FieldType<Value: Text>,
    {
        self.replaced("$replaceAll", find, by)
    }

    fn replaced<E: IntoExpr<S>, R: IntoExpr<S>>(
        self,
        name: &str,
        find: E,
        by: R,
    ) -> ExprOf<S, String>
    where
        T: FieldType<Value: Text>,
    {
        let (find, by) = (find.into_expr().into_bson(), by.into_expr().into_bson());
        named(
            name,
            [("input", Some(self.into_bson())), ("find", Some(find)), ("replacement", Some(by))],
        )
    }

    /// `$regexMatch`: whether the pattern matches. `options` are letters of `imsx`, here and below.
    pub fn regex_match(self, pattern: &str, options: &str) -> ExprOf<S, bool>
    where
        T: FieldType<Value: Text>,
    {
        self.by_regex("$regexMatch", pattern, options)
    }

    /// `$regexFind`: the first match, as `{match, idx, captures}`.
    pub fn regex_find(self, pattern: &str, options: &str) -> ExprOf<S, Option<Document>>
    where
        T: FieldType<Value: Text>,
    {
        self.by_regex("$regexFind", pattern, options)
    }

    /// `$regexFindAll`: all matches.
    pub fn regex_find_all(self, pattern: &str, options: &str) -> ExprOf<S, Vec<Document>>
    where
        T: FieldType<Value: Text>,
    {
        self.by_regex("$regexFindAll", pattern, options)
    }

    fn by_regex<U>(self, name: &str, pattern: &str, options: &str) -> ExprOf<S, U>
    where
        T: FieldType<Value: Text>,
    {
        let pattern = crate::field::regex(pattern, options).map(Bson::RegularExpression);
        named(name, [("input", Some(self.into_bson())), ("regex", Some(pattern))])
    }
}
