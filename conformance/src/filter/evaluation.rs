//! `$regex` and `$mod`.

use bson::{Bson, Document, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{check_filters, check_refused_filters};
use crate::value::{dec, re};

cases! { "filter::evaluation":
    regex_matches_strings_and_elements,
    regex_literals_and_operators_are_the_same,
    regex_options,
    regex_literal_also_matches_itself,
    regex_speaks_pcre,
    regex_goes_by_code_points,
    regex_prefixes,
    regex_on_paths,
    malformed_regexes_are_refused,
    mod_of_every_number_type,
    mod_truncates_toward_zero,
    mod_keeps_the_sign_of_the_dividend,
    mod_looks_into_arrays,
    malformed_mods_are_refused,
}

fn strings(texts: &[&str]) -> Vec<Document> {
    (1..).zip(texts).map(|(id, text)| doc! { "_id": id, "a": text }).collect()
}

fn values(values: impl IntoIterator<Item = Bson>) -> Vec<Document> {
    (1..).zip(values).map(|(id, value)| doc! { "_id": id, "a": value }).collect()
}

async fn regex_matches_strings_and_elements(db: Database) -> Outcome {
    let docs = values([
        "apple".into(),
        "Apple".into(),
        "pineapple".into(),
        bson::bson!(["pear", "apple"]),
        1.into(),
        Bson::Null,
        bson::bson!({ "apple": "apple" }),
        bson::bson!([["apple"]]),
        Bson::Symbol("apple".to_owned()),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$regex": "apple" } }, &[1, 3, 4, 9]),
            (doc! { "a": re("apple", "") }, &[1, 3, 4, 9]),
            (doc! { "a": { "$regex": "^apple$" } }, &[1, 4, 9]),
            (doc! { "a": { "$regex": "" } }, &[1, 2, 3, 4, 9]),
            (doc! { "a": { "$regex": "1" } }, &[]),
            (doc! { "b": { "$regex": "" } }, &[]),
        ],
    )
    .await
}

async fn regex_literals_and_operators_are_the_same(db: Database) -> Outcome {
    check_filters(
        &db,
        &strings(&["abc", "ABC", "xbc"]),
        &[
            (doc! { "a": re("^ab", "i") }, &[1, 2]),
            (doc! { "a": { "$regex": "^ab", "$options": "i" } }, &[1, 2]),
            (doc! { "a": { "$options": "i", "$regex": "^ab" } }, &[1, 2]),
            (doc! { "a": { "$regex": re("^ab", ""), "$options": "i" } }, &[1, 2]),
            (doc! { "a": { "$regex": re("^ab", "i") } }, &[1, 2]),
            (doc! { "a": { "$regex": "bc", "$ne": "abc" } }, &[3]),
            (doc! { "a": { "$in": [re("^x", ""), "ABC"] } }, &[2, 3]),
        ],
    )
    .await
}

async fn regex_options(db: Database) -> Outcome {
    check_filters(
        &db,
        &strings(&["one\ntwo", "TWO", "two", "one two"]),
        &[
            (doc! { "a": re("^two", "") }, &[3]),
            (doc! { "a": re("^two", "m") }, &[1, 3]),
            (doc! { "a": re("^two", "im") }, &[1, 2, 3]),
            (doc! { "a": re("one.two", "") }, &[4]),
            (doc! { "a": re("one.two", "s") }, &[1, 4]),
            (doc! { "a": re(" t w o ", "x") }, &[1, 3, 4]),
            (doc! { "a": re("(?i)^TWO$", "") }, &[2, 3]),
            (doc! { "a": re("one$", "m") }, &[1]),
        ],
    )
    .await
}

async fn regex_literal_also_matches_itself(db: Database) -> Outcome {
    let docs = values([re("^a", ""), re("^a", "i"), "abc".into(), bson::bson!([re("^a", "")])]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": re("^a", "") }, &[1, 3, 4]),
            (doc! { "a": { "$eq": re("^a", "") } }, &[1, 4]),
            (doc! { "a": { "$in": [re("^a", "i")] } }, &[2, 3]),
        ],
    )
    .await
}

async fn regex_speaks_pcre(db: Database) -> Outcome {
    check_filters(
        &db,
        &strings(&["foobar", "barfoo", "foo\n", "foofoo", "a.b", "tab\there", "fo"]),
        &[
            (doc! { "a": { "$regex": "(?<=foo)bar" } }, &[1]),
            (doc! { "a": { "$regex": "^(?!bar).*foo" } }, &[1, 3, 4]),
            (doc! { "a": { "$regex": "foo$" } }, &[2, 3, 4]),
            (doc! { "a": { "$regex": "foo\\z" } }, &[2, 4]),
            (doc! { "a": { "$regex": "^(fo+)\\1$" } }, &[4]),
            (doc! { "a": { "$regex": "^a\\.b$" } }, &[5]),
            (doc! { "a": { "$regex": "\\t" } }, &[6]),
            (doc! { "a": { "$regex": "^fo{2,}+" } }, &[1, 3, 4]),
            (doc! { "a": { "$regex": "[[:space:]]" } }, &[3, 6]),
            (doc! { "a": { "$regex": "^\\Qa.b\\E" } }, &[5]),
            (doc! { "a": { "$regex": "^(?>fo|foo)bar" } }, &[]),
        ],
    )
    .await
}

async fn regex_goes_by_code_points(db: Database) -> Outcome {
    check_filters(
        &db,
        &strings(&["é", "日本", "e", "É", "😀"]),
        &[
            (doc! { "a": { "$regex": "^.$" } }, &[1, 3, 4, 5]),
            (doc! { "a": { "$regex": "^..$" } }, &[2]),
            (doc! { "a": re("^é$", "i") }, &[1, 4]),
            (doc! { "a": { "$regex": "^[é日]" } }, &[1, 2]),
            (doc! { "a": { "$regex": "\\x{1F600}" } }, &[5]),
            (doc! { "a": { "$regex": "\\p{Lu}" } }, &[4]),
            // Character classes are ASCII's unless asked otherwise.
            (doc! { "a": { "$regex": "^\\w$" } }, &[3]),
            (doc! { "a": { "$regex": "(*UCP)^\\w$" } }, &[1, 3, 4]),
        ],
    )
    .await
}

async fn regex_prefixes(db: Database) -> Outcome {
    check_filters(
        &db,
        &strings(&["ab", "abc", "ac", "b", "AB", "ab|", "^ab"]),
        &[
            (doc! { "a": re("^ab", "") }, &[1, 2, 6]),
            (doc! { "a": re("^ab?", "") }, &[1, 2, 3, 6]),
            (doc! { "a": re("^ab|^b", "") }, &[1, 2, 4, 6]),
            (doc! { "a": re("^ab", "i") }, &[1, 2, 5, 6]),
            (doc! { "a": re("\\Aab", "") }, &[1, 2, 6]),
            (doc! { "a": re("^ab*c", "") }, &[2, 3]),
            (doc! { "a": re("\\^ab", "") }, &[7]),
            (doc! { "a": re("^ab\\|", "") }, &[6]),
            (doc! { "a": re("^(ab)", "") }, &[1, 2, 6]),
        ],
    )
    .await
}

async fn regex_on_paths(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": { "b": "xyz" } },
        doc! { "_id": 2, "a": [{ "b": "abc" }, { "b": "xyz" }] },
        doc! { "_id": 3, "a": [{ "b": ["xyz"] }] },
        doc! { "_id": 4, "a": ["xyz"] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a.b": re("^x", "") }, &[1, 2, 3]),
            (doc! { "a.0": re("^x", "") }, &[4]),
            (doc! { "a.0.b": re("^x", "") }, &[3]),
        ],
    )
    .await
}

async fn malformed_regexes_are_refused(db: Database) -> Outcome {
    check_refused_filters(
        &db,
        &[
            (doc! { "a": { "$regex": "(" } }, 51091),
            (doc! { "a": { "$regex": "[a" } }, 51091),
            (doc! { "a": { "$regex": "*" } }, 51091),
            (doc! { "a": re("(", "") }, 51091),
            (doc! { "a": { "$regex": "a", "$options": "q" } }, 51108),
            (doc! { "a": { "$regex": "a", "$options": "ii g" } }, 51108),
            (doc! { "a": { "$options": "i" } }, 2),
            (doc! { "a": { "$regex": 1 } }, 2),
            (doc! { "a": { "$regex": null } }, 2),
            (doc! { "a": { "$regex": "a", "$options": 1 } }, 2),
            (doc! { "a": { "$regex": re("a", "i"), "$options": "i" } }, 51075),
            (doc! { "a": { "$ne": re("a", "") } }, 2),
            (doc! { "a": { "$gt": re("a", "") } }, 2),
            (doc! { "a": { "$in": [{ "$regex": "a" }] } }, 2),
            (doc! { "a": { "$regex": "a\0b" } }, 2),
            // The server closes a bracket of its own after the pattern: the comment swallows it.
            (doc! { "a": re("a # comment", "x") }, 51091),
        ],
    )
    .await
}

async fn mod_of_every_number_type(db: Database) -> Outcome {
    let docs = values([
        4.into(),
        4_i64.into(),
        4.0.into(),
        dec("4"),
        5.into(),
        "4".into(),
        Bson::Null,
        Bson::Boolean(true),
        f64::NAN.into(),
        f64::INFINITY.into(),
        dec("NaN"),
        1e300.into(),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$mod": [2, 0] } }, &[1, 2, 3, 4]),
            (doc! { "a": { "$mod": [2_i64, 0.0] } }, &[1, 2, 3, 4]),
            (doc! { "a": { "$mod": [dec("2"), dec("1")] } }, &[5]),
            (doc! { "a": { "$mod": [3, 1] } }, &[1, 2, 3, 4]),
            (doc! { "b": { "$mod": [2, 0] } }, &[]),
        ],
    )
    .await
}

async fn mod_truncates_toward_zero(db: Database) -> Outcome {
    let docs = values([8.9.into(), dec("8.5"), (-8.9).into(), 9.0.into(), 7.999.into()]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$mod": [4, 0] } }, &[1, 2, 3]),
            (doc! { "a": { "$mod": [4.9, 0.9] } }, &[1, 2, 3]),
            (doc! { "a": { "$mod": [4, 3] } }, &[5]),
            (doc! { "a": { "$mod": [dec("4.9"), dec("1.9")] } }, &[4]),
        ],
    )
    .await
}

async fn mod_keeps_the_sign_of_the_dividend(db: Database) -> Outcome {
    let docs = values([(-5).into(), 5.into(), Bson::Int64(i64::MIN)]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$mod": [3, -2] } }, &[1, 3]),
            (doc! { "a": { "$mod": [3, 2] } }, &[2]),
            (doc! { "a": { "$mod": [-3, 2] } }, &[2]),
            (doc! { "a": { "$mod": [-3, -2] } }, &[1, 3]),
            (doc! { "a": { "$mod": [-1, 0] } }, &[1, 2, 3]),
        ],
    )
    .await
}

async fn mod_looks_into_arrays(db: Database) -> Outcome {
    let docs = values([bson::bson!([1, 4]), bson::bson!([1, 3]), bson::bson!([[4]]), 4.into()]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$mod": [4, 0] } }, &[1, 4]),
            (doc! { "a": { "$not": { "$mod": [4, 0] } } }, &[2, 3]),
        ],
    )
    .await
}

async fn malformed_mods_are_refused(db: Database) -> Outcome {
    let rows: Vec<_> = [
        bson::bson!([]),
        bson::bson!([2]),
        bson::bson!([2, 0, 0]),
        bson::bson!(2),
        bson::bson!({}),
        bson::bson!([0, 0]),
        bson::bson!([0.5, 0]),
        bson::bson!(["2", 0]),
        bson::bson!([2, "0"]),
        bson::bson!([f64::NAN, 0]),
        bson::bson!([2, f64::INFINITY]),
        bson::bson!([1e20, 0]),
        Bson::Null,
    ]
    .into_iter()
    .map(|operand| (doc! { "a": { "$mod": operand } }, 2))
    .collect();
    check_refused_filters(&db, &rows).await
}
