//! Query strings of strangers: what they may ask, and that nothing else gets through.

use std::sync::LazyLock;

use odm_core::bson::{Bson, DateTime, Document as Doc, Regex, Uuid, doc, oid::ObjectId};
use odm_core::{
    BsonType, Document, Error, Filter, Predicate, Projection, QueryString, QueryStringRules, Sort,
};
use proptest::prelude::*;

use crate::models::{AccountLog, Restaurant};

static RULES: LazyLock<QueryStringRules> = LazyLock::new(|| {
    QueryStringRules::for_::<Restaurant>()
        .filterable(["_id", "name", "cuisine", "borough", "address.zip", "grades.score", "tags"])
        .filterable(["matrix", "visits", "rating", "price", "open", "seen", "owner", "scores"])
        .filterable(["by_year.*", "extra.n", "extra.s", "shape", "address", "type"])
        .filterable_by("email", ["regex", "exact", "type"])
        .filterable_by("created_by", ["icontains"])
        .value_type("extra.n", BsonType::Int)
        .sortable(["visits", "name", "grades.score"])
        .selectable(["name", "visits", "address", "address.zip"])
        .max_skip(1000)
        .max_list(3)
        .max_pattern(10)
});

fn text(doc: &Doc) -> String {
    Bson::from(doc.clone()).to_string()
}

#[track_caller]
fn check(query_string: &str, expected: Doc) {
    let parsed =
        RULES.parse(query_string).unwrap_or_else(|error| panic!("{query_string}: {error}"));
    assert_eq!(text(&parsed.filter.to_document()), text(&expected), "{query_string}");
    Filter::parse(&expected).expect("a filter that the server reads");
}

#[track_caller]
fn check_refused(query_string: &str, what: &[&str]) {
    let error = RULES.parse(query_string).expect_err(query_string);
    assert!(matches!(error, Error::Lookup(_)), "{query_string}: {error:?}");
    for part in what {
        assert!(error.to_string().contains(part), "{query_string}: {error}\nlacks {part}");
    }
}

fn regex(pattern: &str, options: &str) -> Bson {
    let (pattern, options) = (pattern.try_into().unwrap(), options.try_into().unwrap());
    Bson::RegularExpression(Regex { pattern, options })
}

#[test]
fn the_rules_are_right() {
    RULES.check().unwrap();
}

#[test]
fn values_are_read_by_type() {
    let date = |text: &str| Bson::from(DateTime::parse_rfc3339_str(text).unwrap());
    let id = ObjectId::from_bytes([0xab; 12]);
    let owner = Uuid::parse_str("01020304-0506-0708-090a-0b0c0d0e0f10").unwrap();
    check("", doc! {});
    check("name=5", doc! { "name": "5" });
    check("name=", doc! { "name": "" });
    check("name=null", doc! { "name": "null" });
    check("name=%C3%A9+%26", doc! { "name": "é &" });
    check("name={\"$gt\":\"\"}", doc! { "name": "{\"$gt\":\"\"}" });
    check("visits=5", doc! { "visits": 5_i64 });
    check("visits__lt=-5", doc! { "visits": { "$lt": -5_i64 } });
    check("grades__score=5", doc! { "grades.score": 5 });
    check("grades.score__gt=3000000000", doc! { "grades.score": { "$gt": 3_000_000_000_i64 } });
    check("rating__gte=4.5e0", doc! { "rating": { "$gte": 4.5 } });
    check(
        "price__gte=9.99",
        doc! { "price": { "$gte": "9.99".parse::<odm_core::bson::Decimal128>().unwrap() } },
    );
    check("open=true", doc! { "open": true });
    check("open=0", doc! { "open": false });
    check("seen__gte=2024-05-06", doc! { "seen": { "$gte": date("2024-05-06T00:00:00Z") } });
    check(
        "seen__lt=2024-05-06T07:08:09.5%2B01:00",
        doc! { "seen": { "$lt": date("2024-05-06T06:08:09.5Z") } },
    );
    check(&format!("_id={id}"), doc! { "_id": id });
    check(&format!("pk__in={id},{id}"), doc! { "_id": { "$in": [id, id] } });
    check(&format!("owner={owner}"), doc! { "owner": owner });
    check("owner=null", doc! { "owner": null });
    check("borough__in=BX,queens", doc! { "borough": { "$in": ["BX", "queens"] } });
    check("shape=Point", doc! { "shape": "Point" });
    check("scores__in=1,null", doc! { "scores": { "$in": [1, null] } });
    check("extra__n__lt=5", doc! { "extra.n": { "$lt": 5 } });
    check("extra__s=5", doc! { "extra.s": "5" });
    check("by_year__2024__gte=5", doc! { "byYear.2024": { "$gte": 5 } });
    check("byYear.2024=5", doc! { "byYear.2024": 5 });
}

#[test]
fn operators() {
    check("name__ne=x", doc! { "name": { "$ne": "x" } });
    check("name__icontains=(a.*", doc! { "name": regex(r"\(a\.\*", "i") });
    check("name__startswith=%5Ea", doc! { "name": regex(r"^\^a", "") });
    check("name__iexact=a$", doc! { "name": regex(r"^a\$\z", "i") });
    check("name__in=a%5C,b,c", doc! { "name": { "$in": ["a,b", "c"] } });
    check("name__in=", doc! { "name": { "$in": [""] } });
    check("visits__range=1,5", doc! { "visits": { "$gte": 1_i64, "$lte": 5_i64 } });
    check(
        "visits__not__range=1,5",
        doc! { "visits": { "$not": { "$gte": 1_i64, "$lte": 5_i64 } } },
    );
    check("cuisine__isnull=true", doc! { "cuisine": null });
    check("cuisine__exists=false", doc! { "cuisine": { "$exists": false } });
    check("address__exists=true", doc! { "address": { "$exists": true } });
    check("tags__size=2", doc! { "tags": { "$size": 2 } });
    check("tags__all=a,b", doc! { "tags": { "$all": ["a", "b"] } });
    check("tags=a&tags=b", doc! { "$and": [{ "tags": "a" }, { "tags": "b" }] });
    check("visits__gt=1&visits__lt=5", doc! { "visits": { "$gt": 1_i64, "$lt": 5_i64 } });
    check("type__exact=5", doc! { "type": 5_i64 });
    check("email__regex=^a", doc! { "email": regex("^a", "") });
    check("email__type=string,null", doc! { "email": { "$type": ["string", "null"] } });
    check("created_by__icontains=m", doc! { "createdBy": regex("m", "i") });
}

#[test]
fn refusals() {
    for (query_string, what) in [
        // Only fields and operators of the rules.
        ("restaurantId=1", &["`restaurantId`", "\"1\"", "one of the parameters _id, name"][..]),
        ("nme=1", &["`nme`", "one of the parameters"]),
        ("$where=1", &["`$where`", "one of the parameters"]),
        ("=1", &["``", "one of the parameters"]),
        ("name.$where=1", &["one of the parameters"]),
        ("name__$where=1", &["one of the parameters"]),
        ("address__street=1", &["`address__street`", "one of the parameters"]),
        ("address__zip__x=1", &["an operator: exact, ne"]),
        ("by_year=1", &["one of the parameters"]),
        ("by_year__$gt__gte=1", &["one of the parameters"]),
        ("by_year__a__b=1", &["an operator: exact"]),
        ("grades__0__score=1", &["one of the parameters"]),
        ("name__regex=a", &["`name__regex`", "an operator: exact", "not regex"]),
        ("name__$regex=a", &["not regex"]),
        ("name__type=2", &["not type"]),
        ("visits__contains=2", &["`visits__contains`", "exact, ne, gt"]),
        ("borough__gt=BX", &["exact, ne, in, nin, exists, isnull"]),
        ("created_by=me", &["an operator: icontains, not exact"]),
        ("tags__elem_match=a", &["not elem_match"]),
        ("address__near=1,2", &["not near"]),
        // Only values of the field's type.
        ("visits=x", &["`visits`", "\"x\"", "a whole number"]),
        ("visits=+5", &["a whole number"]),
        ("visits=1.5", &["a whole number"]),
        ("visits=99999999999999999999", &["a whole number"]),
        ("visits__gt=null", &["a whole number"]),
        ("visits__in=1,x", &["`visits__in`", "\"1,x\"", "a whole number"]),
        ("rating=inf", &["a number"]),
        ("rating=NaN", &["a number"]),
        ("rating=1e999", &["a number"]),
        ("price=Infinity", &["a number"]),
        ("price=x", &["a number"]),
        ("open=yes", &["true or false"]),
        ("seen=today", &["a date"]),
        ("seen=2024-13-01", &["a date"]),
        ("_id=1", &["24 hexadecimal digits"]),
        ("owner=1", &["a UUID"]),
        ("borough=Brooklyn", &["one of queens, staten-island, BX"]),
        ("address=x", &["no form as text"]),
        ("cuisine__isnull=maybe", &["true or false"]),
        ("tags__size=-1", &["a number of elements"]),
        ("tags__size=x", &["a number of elements"]),
        ("visits__range=1", &["two values"]),
        ("visits__range=1,2,3", &["two values"]),
        ("email__type=text", &["BSON type"]),
        ("name=%FF", &["UTF-8"]),
        // Limits.
        ("name__in=a,b,c,d", &["at most 3 values"]),
        ("email__regex=aaaaaaaaaaaa", &["at most 10 characters"]),
        ("email__regex=(a*)*", &["groups that repeat"]),
        ("email__regex=a%00", &["regular expression"]),
        ("page_size=101", &["`page_size`", "a number from 1 to 100"]),
        ("limit=0", &["a number from 1 to 100"]),
        ("limit=-1", &["a number from 1 to 100"]),
        ("limit=5&page_size=5", &["not both"]),
        ("page=0", &["a number from 1 to 51"]),
        ("page=52", &["a number from 1 to 51"]),
        ("page=99999999999999999999", &["a number from"]),
        ("skip=1001", &["a number from 0 to 1000"]),
        ("page=1&skip=1", &["not both"]),
        ("page=1&page=2", &["`page`", "once"]),
        ("sort=open", &["`sort`", "\"open\"", "fields to sort by: visits, name, grades.score"]),
        ("sort=", &["fields to sort by"]),
        ("sort=--name", &["fields to sort by"]),
        ("sort=$natural", &["fields to sort by"]),
        ("sort=name,-name", &["each field once"]),
        ("sort__exact=1", &["one of the parameters"]),
        ("fields=open", &["`fields`", "fields: name, visits"]),
        ("fields=name,name", &["each field once"]),
        ("fields=address,address.zip", &["no field of another"]),
    ] {
        check_refused(query_string, what);
    }
    check_refused(&"a".repeat(5000), &["4096 bytes"]);
    check_refused(&"name=a&".repeat(33), &["at most 32 parameters"]);
    // What strangers send is not sent back whole.
    let error = RULES.parse(&format!("visits={}", "x".repeat(4000))).unwrap_err();
    assert!(error.to_string().len() < 500, "{error}");
}

#[test]
fn order_window_and_fields() {
    let parse = |query_string: &str| RULES.parse(query_string).unwrap();
    let QueryString { filter, sort, skip, limit, projection, .. } = parse("");
    assert_eq!(
        (filter, sort, skip, limit, projection),
        (Filter::all(), Sort::default(), 0, 20, None)
    );
    let window = |query_string| {
        let parsed = parse(query_string);
        (parsed.skip, parsed.limit)
    };
    assert_eq!(window("page=1"), (0, 20));
    assert_eq!(window("page=3&page_size=7"), (14, 7));
    assert_eq!(window("page=51"), (1000, 20));
    assert_eq!(window("skip=5&limit=100"), (5, 100));
    assert_eq!(parse("sort=-visits,name").sort, Sort::desc("visits").then(Sort::asc("name")));
    assert_eq!(parse("sort=grades__score").sort, Sort::asc("grades.score"));
    assert_eq!(
        parse("fields=name,address__zip").projection,
        Some(Projection::include(["name", "address.zipcode"]))
    );
}

#[test]
fn in_queries() {
    let base = || Restaurant::find().filter(|r| r.open().eq(true)).sort(|r| r.name().asc());
    let query = base().query_string(&RULES, "visits__gte=5&sort=-visits&limit=7").unwrap();
    let find = query.to_request().unwrap();
    assert_eq!(find.filter.to_document(), doc! { "open": true, "visits": { "$gte": 5_i64 } });
    assert_eq!((find.sort, find.skip, find.limit), (Sort::desc("visits"), 0, 7));
    let find = base().query_string(&RULES, "").unwrap().to_request().unwrap();
    assert_eq!((find.sort, find.limit), (Sort::asc("name"), 20));
    let partial = Restaurant::find().project::<Doc>(doc! {}).query_string(&RULES, "fields=name");
    let find = partial.unwrap().to_request().unwrap();
    assert_eq!(find.projection, Some(Projection::include(["name"])));

    let refused = |result: Result<_, Error>| {
        let _: odm_core::Query<Restaurant> = match result {
            Err(Error::Config(_)) => return,
            other => other.unwrap(),
        };
        panic!("accepted");
    };
    refused(base().limit(5).query_string(&RULES, ""));
    refused(base().skip(5).query_string(&RULES, ""));
    refused(base().project(doc! { "name": 1 }).query_string(&RULES, "fields=name"));
    assert!(matches!(AccountLog::find().query_string(&RULES, ""), Err(Error::Config(_))));
}

#[test]
fn wrong_rules() {
    let rules = QueryStringRules::for_::<Restaurant>;
    for (rules, what) in [
        (rules().filterable(["nme"]), "`nme`"),
        (rules().filterable(["name__gte"]), "`name__gte`"),
        (rules().filterable(["name.*"]), "not a map"),
        (rules().filterable([""]), "``"),
        (rules().operators(["gte", "greater"]), "`greater`"),
        (rules().filterable_by("address", ["near"]), "no form as text"),
        (rules().sortable(["nme"]), "`nme`"),
        (rules().selectable(["nme"]), "`nme`"),
        (rules().value_type("extra", BsonType::Int), "`extra` is not among"),
        (rules().filterable(["extra"]).value_type("extra", BsonType::Regex), "no form as text"),
    ] {
        for error in [rules.check().unwrap_err(), rules.parse("").unwrap_err()] {
            assert!(matches!(error, Error::Config(_)), "{error:?}");
            assert!(error.to_string().contains(what), "{error}\nlacks {what}");
        }
    }
}

/// Every field and operator of a filter.
fn visit(filter: &Filter, seen: &mut dyn FnMut(&str, &Predicate)) {
    match filter {
        Filter::And(parts) => parts.iter().for_each(|part| visit(part, seen)),
        Filter::Field(path, predicate) => match predicate {
            Predicate::Not(parts) => parts.iter().for_each(|part| seen(path.as_str(), part)),
            other => seen(path.as_str(), other),
        },
        other => panic!("not a condition on a field: {other:?}"),
    }
}

fn holds_a_regex_or_operator(value: &Bson) -> bool {
    match value {
        Bson::RegularExpression(_) | Bson::Document(_) | Bson::JavaScriptCode(_) => true,
        Bson::Array(values) => values.iter().any(holds_a_regex_or_operator),
        _ => false,
    }
}

fn check_allowed(query_string: &str) -> Result<bool, TestCaseError> {
    const FIELDS: [&str; 20] = [
        "_id",
        "name",
        "cuisine",
        "borough",
        "address.zipcode",
        "grades.score",
        "tags",
        "matrix",
        "visits",
        "rating",
        "price",
        "open",
        "seen",
        "owner",
        "scores",
        "extra.n",
        "extra.s",
        "shape",
        "address",
        "type",
    ];
    let Ok(parsed) = RULES.parse(query_string) else { return Ok(false) };
    let mut wrong = Vec::new();
    visit(&parsed.filter, &mut |path, predicate| {
        let field_is_allowed = FIELDS.contains(&path)
            || ["email", "createdBy"].contains(&path)
            || path.strip_prefix("byYear.").is_some_and(|key| !key.contains(['.', '$', '\0']));
        let predicate_is_allowed = match predicate {
            Predicate::Eq(value) | Predicate::Ne(value) => !holds_a_regex_or_operator(value),
            Predicate::Gt(value)
            | Predicate::Gte(value)
            | Predicate::Lt(value)
            | Predicate::Lte(value) => !holds_a_regex_or_operator(value),
            Predicate::In(values) | Predicate::Nin(values) | Predicate::All(values) => {
                values.len() <= 3 && !values.iter().any(holds_a_regex_or_operator)
            }
            Predicate::Exists(_) | Predicate::Size(_) => true,
            Predicate::Type(_) => path == "email",
            // Text taken literally: without what is escaped, nothing is left that means something.
            Predicate::Regex(regex) if path != "email" => {
                let pattern = regex.pattern.as_str();
                let literal = pattern.strip_prefix('^').unwrap_or(pattern);
                let literal = literal.strip_suffix(r"\z").unwrap_or(literal);
                let mut chars = literal.chars();
                let mut is_literal = true;
                while let Some(c) = chars.next() {
                    if c == '\\' {
                        // `\x00` is a NUL.
                        is_literal &=
                            chars.next().is_some_and(|c| c == 'x' || !c.is_alphanumeric());
                    } else {
                        is_literal &= !"^$.|?*+()[]{}".contains(c);
                    }
                }
                is_literal
            }
            Predicate::Regex(regex) => regex.pattern.as_str().chars().count() <= 10,
            _ => false,
        };
        if !field_is_allowed || !predicate_is_allowed {
            wrong.push(format!("{path}: {predicate:?}"));
        }
    });
    prop_assert!(wrong.is_empty(), "{}: {:?}", query_string, wrong);
    // It prints to what a server reads as the same.
    let printed = parsed.filter.to_document();
    let read = Filter::parse(&printed)
        .map_err(|error| TestCaseError::fail(format!("{printed}: {error}")))?;
    prop_assert_eq!(text(&read.to_document()), text(&printed));
    prop_assert!((1..=100).contains(&parsed.limit) && parsed.skip <= 1000);
    for (path, _) in &parsed.sort.keys {
        prop_assert!(["visits", "name", "grades.score"].contains(&path.as_str()));
    }
    if let Some(Projection::Fields(fields)) = &parsed.projection {
        for (path, _) in fields {
            prop_assert!(["name", "visits", "address", "address.zipcode"].contains(&path.as_str()));
        }
    }
    Ok(true)
}

/// Parameters made of the words that mean something.
fn likely() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "name",
        "visits",
        "tags",
        "grades",
        "score",
        "by_year",
        "byYear",
        "2024",
        "address",
        "zip",
        "email",
        "extra",
        "n",
        "s",
        "price",
        "seen",
        "rating",
        "_id",
        "pk",
        "restaurantId",
        "street",
        "not",
        "gte",
        "in",
        "range",
        "icontains",
        "startswith",
        "regex",
        "size",
        "exists",
        "type",
        "near",
        "elem_match",
        "$where",
        "$gt",
        "sort",
        "page",
        "limit",
        "fields",
        "__",
        ".",
        "0",
    ]);
    let name = prop::collection::vec(word, 1..5).prop_map(|words| words.join("__"));
    let value = prop_oneof![
        prop::sample::select(vec![
            "5",
            "-1",
            "true",
            "null",
            "2024-05-06",
            "a,b",
            "1,2",
            "(a+)+",
            "^a.*",
            "%5C,",
            "$gt",
            "%00",
            "{\"$gt\":1}",
            "-visits,name",
            "name",
            "1e5",
            "",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    prop::collection::vec((name, value), 1..4).prop_map(|params| {
        let params: Vec<_> =
            params.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        params.join("&")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_text(query_string in any::<String>()) {
        check_allowed(&query_string)?;
    }

    #[test]
    fn any_parameters(name in "[a-z_.$]{0,12}(__[a-z$]{0,8}){0,3}", value in any::<String>()) {
        check_allowed(&format!("{name}={value}"))?;
    }

    #[test]
    fn likely_parameters(query_string in likely()) {
        check_allowed(&query_string)?;
    }

    #[test]
    fn any_value(value in any::<String>(), name in prop::sample::select(vec![
        "name", "name__contains", "name__in", "name__iexact", "tags__all", "price", "rating", "seen", "_id",
        "owner", "visits__range", "email__regex", "email__type", "shape", "extra__s", "by_year__x",
    ])) {
        check_allowed(&format!("{name}={value}"))?;
    }

    /// Lookups of the program itself do not panic either.
    #[test]
    fn any_lookup(lookup in "\\PC{0,20}|[a-z_.$]{0,30}", value in crate::arbitrary::value()) {
        let _ = Filter::lookup(&lookup, value.clone());
        let _ = Restaurant::schema().lookup(&lookup, value.clone());
        let _ = Filter::lookup("a__elem_match", doc! { lookup: value });
    }
}

/// The likely ones would prove nothing if none were taken.
#[test]
fn many_likely_parameters_are_taken() {
    use proptest::strategy::ValueTree;

    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let single = likely();
    let taken = (0..2000)
        .filter(|_| check_allowed(&single.new_tree(&mut runner).unwrap().current()).unwrap())
        .count();
    assert!(taken > 20, "{taken}");
}
