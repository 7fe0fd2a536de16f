use bson::{Bson, Document, Regex, doc};
use odm_core::{Error, ErrorCode, Filter, Predicate};

use super::Matcher;
use crate::value::Record;

/// 1200 filters over 60 documents each, with the server's answers.
#[test]
fn recorded() {
    crate::replay::check(include_str!("testdata/recorded.txt"));
}

fn check(doc: &Document, filter: Document, expected: bool) {
    let matcher = Matcher::compile(&Filter::Raw(filter.clone())).unwrap();
    let record = Record::from_document(doc).unwrap();
    assert_eq!(matcher.matches(&record), expected, "{doc} {filter}");
    assert_eq!(matcher.matches_value(record.as_raw()), expected, "{doc} {filter}");
}

fn matches(text: &str, pattern: &str, options: &str, expected: bool) {
    let filter = doc! { "a": { "$regex": pattern, "$options": options } };
    check(&doc! { "a": text }, filter, expected);
}

/// The server's answers, where PCRE2 by itself would give others.
#[test]
fn regular_expressions() {
    matches("abc", "^ab", "", true);
    matches("xabc", "^ab", "", false);
    matches("x\nab", "^ab", "m", true);
    matches("a.c", "^a\\.c.*", "", true);
    matches("abc", "^a\\.c", "", false);
    matches("a{,2}", "a{,2}", "", true);
    matches("aa", "^a{,2}$", "", false);
    matches("a{ 1}", "a{ 1}", "", true);
    matches("aa", "a{2}", "", true);
    matches("aa", "a{1,}", "", true);
    matches("{,2}", "\\Q{,2}\\E", "", true);
    matches("é", "^.$", "", true);
    matches("É", "é", "i", true);
    matches("é", "\\w", "", false);
    matches("a\n", "a$", "", true);
    matches("a\nb", "a.b", "", false);
    matches("a\nb", "a.b", "s", true);
    matches("ab", "a b # comment\n", "x", true);
    matches("ab", "(?<=a)b", "", true);
    matches("8", "\\8", "", true);
}

fn check_error(filter: Document, code: i32) {
    let error = Matcher::compile(&Filter::Raw(filter.clone())).unwrap_err();
    assert_eq!(error.code(), Some(code), "{filter}: {error}");
}

#[test]
fn malformed() {
    check_error(doc! { "a": { "$regex": "(" } }, 51_091);
    check_error(doc! { "a": { "$in": [Bson::RegularExpression(regex("[", ""))] } }, 51_091);
    check_error(doc! { "a": { "$regex": "a # comment", "$options": "x" } }, 51_091);
    check_error(doc! { "a": { "$regex": "a".repeat(40_000) } }, 51_091);
    check_error(doc! { "a": { "$regex": format!("^{}", "a".repeat(40_000)) } }, 51_091);
    check_error(doc! { "a": { "$regex": "\\N{U+41}" } }, 51_091);
    check_error(doc! { "a": { "$regex": "a", "$options": "q" } }, 51_108);
    check_error(doc! { "a": { "$foo": 1 } }, 2);
}

fn regex(pattern: &str, options: &str) -> Regex {
    Regex {
        pattern: pattern.to_owned().try_into().unwrap(),
        options: options.to_owned().try_into().unwrap(),
    }
}

/// Trees can be built that no document would be parsed to.
#[test]
fn malformed_trees() {
    let field = |predicate| Filter::Field("a".into(), predicate);
    for filter in [
        field(Predicate::Mod { divisor: 0, remainder: 0 }),
        field(Predicate::Gt(Bson::RegularExpression(regex("a", "")))),
        field(Predicate::Ne(Bson::RegularExpression(regex("a", "")))),
        field(Predicate::Eq(Bson::Undefined)),
        field(Predicate::In(vec![Bson::Undefined, Bson::Null])),
    ] {
        let error = Matcher::compile(&filter).unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::BAD_VALUE), "{filter:?}");
    }
    let deep = (0..300).fold(Filter::eq("a", 1), |inner, _| Filter::Nor(vec![inner]));
    assert_eq!(Matcher::compile(&deep).unwrap_err().error_code(), Some(ErrorCode::OVERFLOW));
}

#[test]
fn what_is_not_evaluated_is_refused_by_name() {
    for (name, filter) in [
        ("$where", doc! { "$where": "true" }),
        ("$text", doc! { "$text": { "$search": "a" } }),
        ("$near", doc! { "a": { "$near": [0, 0] } }),
        ("$geoWithin", doc! { "a": { "$geoWithin": { "$center": [[0, 0], 1] } } }),
        ("$where", doc! { "$or": [{ "a": 1 }, { "$where": "true" }] }),
    ] {
        match Matcher::compile(&Filter::Raw(filter)) {
            Err(Error::Unsupported { backend: "memory", feature }) => assert_eq!(feature, name),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn always_true() {
    let is_always = |filter| Matcher::compile(&filter).unwrap().is_always_true();
    assert!(is_always(Filter::all()));
    assert!(is_always(Filter::Raw(doc! { "$comment": "all" })));
    assert!(is_always(Filter::Raw(doc! { "$and": [{}, { "$alwaysTrue": 1 }] })));
    assert!(!is_always(Filter::Raw(doc! { "$alwaysFalse": 1 })));
    assert!(!is_always(Filter::eq("a", 1)));
}
