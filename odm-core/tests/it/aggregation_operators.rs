//! Typed operators of expressions: what each is written as.

use odm_core::aggregation::{
    DateUnit, ExprOf, array, cluster_time, date_from_iso_parts, date_from_parts, if_, literal,
    merge_objects, meta, now, object, rand, remove, root, switch, variable,
};
use odm_core::bson::oid::ObjectId;
use odm_core::bson::{Bson, DateTime, Document as Doc, Regex, Timestamp, doc};
use odm_core::{BsonType, Document, Embedded, Sort};
use serde::{Deserialize, Serialize};

use crate::aggregation_names::note_expression;

#[derive(Debug, Serialize, Deserialize, Document)]
struct Sale {
    #[serde(rename = "_id")]
    id: ObjectId,
    name: String,
    count: i32,
    price: f64,
    at: DateTime,
    tags: Vec<String>,
    scores: Vec<i32>,
    lines: Vec<Line>,
    nick: Option<String>,
    ts: Timestamp,
    rows: Vec<Vec<i32>>,
}

#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Line {
    sku: String,
    size: Size,
}

#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Size {
    width: f64,
}

#[track_caller]
fn check<S, T>(expr: ExprOf<S, T>, expected: impl Into<Bson>) {
    let expected = expected.into();
    note_expression(&expected);
    assert_eq!(expr.into_bson().expect("nothing is wrong with it"), expected);
}

#[test]
fn constants_are_never_read_as_expressions() {
    check(literal::<Sale, String>("$name"), doc! { "$literal": "$name" });
    check(literal::<Sale, String>("name"), "name");
    check(literal::<Sale, Vec<i32>>([1, 2]), doc! { "$literal": [1, 2] });
    check(literal::<Sale, i32>(5), 5);
}

#[test]
fn arithmetic() {
    let s = Sale::f();
    let price = || s.price().expr();
    check(price() + s.count(), doc! { "$add": ["$price", "$count"] });
    check(price() - 1.5, doc! { "$subtract": ["$price", 1.5] });
    check(
        price() * s.count() * 2,
        doc! { "$multiply": [{ "$multiply": ["$price", "$count"] }, 2] },
    );
    check(price() / 2, doc! { "$divide": ["$price", 2] });
    check(s.count().expr() % 7, doc! { "$mod": ["$count", 7] });
    check(rand::<Sale>(), doc! { "$rand": {} });
    check(price().abs(), doc! { "$abs": "$price" });
    check(price().ceil(), doc! { "$ceil": "$price" });
    check(price().floor(), doc! { "$floor": "$price" });
    check(price().exp(), doc! { "$exp": "$price" });
    check(price().ln(), doc! { "$ln": "$price" });
    check(price().log(2), doc! { "$log": ["$price", 2] });
    check(price().log10(), doc! { "$log10": "$price" });
    check(price().pow(2), doc! { "$pow": ["$price", 2] });
    check(price().round(2), doc! { "$round": ["$price", 2] });
    check(price().sqrt(), doc! { "$sqrt": "$price" });
    check(price().trunc(0), doc! { "$trunc": ["$price", 0] });
    let sum: ExprOf<Sale, f64> = s.count().expr() + s.price();
    check(sum, doc! { "$add": ["$count", "$price"] });
}

#[test]
fn trigonometry() {
    let x = || Sale::f().price().expr();
    for (expr, name) in [
        (x().sin(), "$sin"),
        (x().cos(), "$cos"),
        (x().tan(), "$tan"),
        (x().asin(), "$asin"),
        (x().acos(), "$acos"),
        (x().atan(), "$atan"),
        (x().sinh(), "$sinh"),
        (x().cosh(), "$cosh"),
        (x().tanh(), "$tanh"),
        (x().asinh(), "$asinh"),
        (x().acosh(), "$acosh"),
        (x().atanh(), "$atanh"),
        (x().degrees_to_radians(), "$degreesToRadians"),
        (x().radians_to_degrees(), "$radiansToDegrees"),
    ] {
        check(expr, doc! { name: "$price" });
    }
    check(x().atan2(1), doc! { "$atan2": ["$price", 1] });
}

#[test]
fn comparisons_and_conditions() {
    let s = Sale::f();
    let count = || s.count().expr();
    for (expr, name) in [
        (count().eq(5), "$eq"),
        (count().ne(5), "$ne"),
        (count().gt(5), "$gt"),
        (count().gte(5), "$gte"),
        (count().lt(5), "$lt"),
        (count().lte(5), "$lte"),
    ] {
        check(expr, doc! { name: ["$count", 5] });
    }
    check(count().cmp(s.price()), doc! { "$cmp": ["$count", "$price"] });
    check(
        count().gt(1) & (count().lt(5) | !count().eq(3)),
        doc! { "$and": [
            { "$gt": ["$count", 1] },
            { "$or": [{ "$lt": ["$count", 5] }, { "$not": { "$eq": ["$count", 3] } }] },
        ] },
    );
    check(
        if_(count().gt(1), "many", s.name()),
        doc! { "$cond": [{ "$gt": ["$count", 1] }, "many", "$name"] },
    );
    check(
        switch().case(count().gt(9), "many").case(count().gt(1), "some").or("few"),
        doc! { "$switch": {
            "branches": [
                { "case": { "$gt": ["$count", 9] }, "then": "many" },
                { "case": { "$gt": ["$count", 1] }, "then": "some" },
            ],
            "default": "few",
        } },
    );
    check(s.nick().expr().if_null(s.name()), doc! { "$ifNull": ["$nick", "$name"] });
}

#[test]
fn strings() {
    let s = Sale::f();
    let name = || s.name().expr();
    check(name().to_lower(), doc! { "$toLower": "$name" });
    check(name().to_upper(), doc! { "$toUpper": "$name" });
    check(name().len_bytes(), doc! { "$strLenBytes": "$name" });
    check(name().len_chars(), doc! { "$strLenCP": "$name" });
    check(name().concat("!"), doc! { "$concat": ["$name", "!"] });
    check(name().concat("$"), doc! { "$concat": ["$name", { "$literal": "$" }] });
    check(name().substr(1, 2), doc! { "$substrCP": ["$name", 1, 2] });
    check(name().substr_bytes(1, 2), doc! { "$substrBytes": ["$name", 1, 2] });
    check(name().index_of_chars("a"), doc! { "$indexOfCP": ["$name", "a"] });
    check(name().index_of_bytes("a"), doc! { "$indexOfBytes": ["$name", "a"] });
    check(name().split(","), doc! { "$split": ["$name", ","] });
    check(name().strcasecmp("a"), doc! { "$strcasecmp": ["$name", "a"] });
    check(name().trim(), doc! { "$trim": { "input": "$name" } });
    check(name().ltrim(), doc! { "$ltrim": { "input": "$name" } });
    check(name().rtrim(), doc! { "$rtrim": { "input": "$name" } });
    check(name().trim_chars("ab"), doc! { "$trim": { "input": "$name", "chars": "ab" } });
    check(name().ltrim_chars("ab"), doc! { "$ltrim": { "input": "$name", "chars": "ab" } });
    check(name().rtrim_chars("ab"), doc! { "$rtrim": { "input": "$name", "chars": "ab" } });
    check(
        name().replace_one("a", "b"),
        doc! { "$replaceOne": { "input": "$name", "find": "a", "replacement": "b" } },
    );
    check(
        name().replace_all("a", "b"),
        doc! { "$replaceAll": { "input": "$name", "find": "a", "replacement": "b" } },
    );
    let pattern = || Regex { pattern: "a+".try_into().unwrap(), options: "i".try_into().unwrap() };
    check(
        name().regex_match("a+", "i"),
        doc! { "$regexMatch": { "input": "$name", "regex": pattern() } },
    );
    check(
        name().regex_find("a+", "i"),
        doc! { "$regexFind": { "input": "$name", "regex": pattern() } },
    );
    check(
        name().regex_find_all("a+", "i"),
        doc! { "$regexFindAll": { "input": "$name", "regex": pattern() } },
    );
}

#[test]
fn arrays_and_sets() {
    let s = Sale::f();
    let tags = || s.tags().expr();
    check(tags().size(), doc! { "$size": "$tags" });
    check(tags().at(-1), doc! { "$arrayElemAt": ["$tags", -1] });
    check(tags().first_element(), doc! { "$first": "$tags" });
    check(tags().last_element(), doc! { "$last": "$tags" });
    check(tags().first_n(2), doc! { "$firstN": { "n": 2, "input": "$tags" } });
    check(tags().last_n(2), doc! { "$lastN": { "n": 2, "input": "$tags" } });
    check(tags().max_n(2), doc! { "$maxN": { "n": 2, "input": "$tags" } });
    check(tags().min_n(2), doc! { "$minN": { "n": 2, "input": "$tags" } });
    check(tags().contains("a"), doc! { "$in": ["a", "$tags"] });
    check(tags().index_of("a"), doc! { "$indexOfArray": ["$tags", "a"] });
    check(tags().slice(1, 2), doc! { "$slice": ["$tags", 1, 2] });
    check(tags().reverse(), doc! { "$reverseArray": "$tags" });
    check(tags().concat_arrays(s.tags()), doc! { "$concatArrays": ["$tags", "$tags"] });
    check(
        tags().filter(|tag| tag.ne("a")),
        doc! { "$filter": { "input": "$tags", "cond": { "$ne": ["$$this", "a"] } } },
    );
    check(
        tags().map(|tag| tag.to_upper()),
        doc! { "$map": { "input": "$tags", "in": { "$toUpper": "$$this" } } },
    );
    check(
        s.lines().expr().map(|line| line.field::<String>("sku")),
        doc! { "$map": { "input": "$lines", "in": "$$this.sku" } },
    );
    check(
        s.scores().expr().reduce(0_i64, |sum, score| sum + score),
        doc! { "$reduce": { "input": "$scores", "initialValue": 0_i64, "in": { "$add": ["$$value", "$$this"] } } },
    );
    check(tags().sort_array(true), doc! { "$sortArray": { "input": "$tags", "sortBy": -1 } });
    check(
        s.lines().expr().sort_array_by(Sort::asc("sku")),
        doc! { "$sortArray": { "input": "$lines", "sortBy": { "sku": 1 } } },
    );
    check(tags().zip(s.scores()), doc! { "$zip": { "inputs": ["$tags", "$scores"] } });
    check(
        tags().zip_longest(s.scores()),
        doc! { "$zip": { "inputs": ["$tags", "$scores"], "useLongestLength": true } },
    );
    check(
        array([s.count(), s.scores().cast::<i32>()]).max(),
        doc! { "$max": [["$count", "$scores"]] },
    );
    check(tags().is_array(), doc! { "$isArray": "$tags" });
    check(s.lines().expr().array_to_object(), doc! { "$arrayToObject": "$lines" });
    check(s.scores().expr().sum(), doc! { "$sum": "$scores" });
    check(s.scores().expr().avg(), doc! { "$avg": "$scores" });
    check(s.scores().expr().min(), doc! { "$min": "$scores" });
    check(s.scores().expr().max(), doc! { "$max": "$scores" });
    check(s.scores().expr().std_dev_pop(), doc! { "$stdDevPop": "$scores" });
    check(s.scores().expr().std_dev_samp(), doc! { "$stdDevSamp": "$scores" });
    check(ExprOf::<Sale, _>::range(0, s.count(), 2), doc! { "$range": [0, "$count", 2] });
    check(tags().set_union(s.tags()), doc! { "$setUnion": ["$tags", "$tags"] });
    check(tags().set_intersection(s.tags()), doc! { "$setIntersection": ["$tags", "$tags"] });
    check(tags().set_difference(s.tags()), doc! { "$setDifference": ["$tags", "$tags"] });
    check(tags().is_subset(s.tags()), doc! { "$setIsSubset": ["$tags", "$tags"] });
    check(tags().set_equals(s.tags()), doc! { "$setEquals": ["$tags", "$tags"] });
    check(tags().all_true(), doc! { "$allElementsTrue": "$tags" });
    check(tags().any_true(), doc! { "$anyElementTrue": "$tags" });
}

#[test]
fn objects_and_types() {
    let s = Sale::f();
    check(object([("n", s.name().expr())]), doc! { "n": "$name" });
    check(
        merge_objects([s.lines().expr().at(0), s.lines().expr().at(1)]),
        doc! { "$mergeObjects": [{ "$arrayElemAt": ["$lines", 0] }, { "$arrayElemAt": ["$lines", 1] }] },
    );
    let line = || s.lines().expr().first_element();
    let first = || doc! { "$first": "$lines" };
    check(line().object_to_array(), doc! { "$objectToArray": first() });
    check(
        line().get_field::<String>("a.b"),
        doc! { "$getField": { "field": { "$literal": "a.b" }, "input": first() } },
    );
    check(
        line().set_field("$a", 1),
        doc! { "$setField": { "field": { "$literal": "$a" }, "input": first(), "value": 1 } },
    );
    check(
        line().unset_field("a"),
        doc! { "$unsetField": { "field": { "$literal": "a" }, "input": first() } },
    );
    let name = || s.name().expr();
    check(name().type_of(), doc! { "$type": "$name" });
    check(name().is_number(), doc! { "$isNumber": "$name" });
    check(name().to_bool(), doc! { "$toBool": "$name" });
    check(name().to_date(), doc! { "$toDate": "$name" });
    check(name().to_decimal(), doc! { "$toDecimal": "$name" });
    check(name().to_double(), doc! { "$toDouble": "$name" });
    check(name().to_int(), doc! { "$toInt": "$name" });
    check(name().to_long(), doc! { "$toLong": "$name" });
    check(name().to_object_id(), doc! { "$toObjectId": "$name" });
    check(s.count().expr().to_string(), doc! { "$toString": "$count" });
    check(name().to_hashed_index_key(), doc! { "$toHashedIndexKey": "$name" });
    check(name().binary_size(), doc! { "$binarySize": "$name" });
    check(line().bson_size(), doc! { "$bsonSize": first() });
    check(
        name().convert(BsonType::Int, -1, 0),
        doc! { "$convert": { "input": "$name", "to": "int", "onError": -1, "onNull": 0 } },
    );
}

#[test]
fn dates() {
    let s = Sale::f();
    let at = || s.at().expr();
    for (expr, name) in [
        (at().year(None), "$year"),
        (at().month(None), "$month"),
        (at().day_of_month(None), "$dayOfMonth"),
        (at().day_of_week(None), "$dayOfWeek"),
        (at().day_of_year(None), "$dayOfYear"),
        (at().hour(None), "$hour"),
        (at().minute(None), "$minute"),
        (at().second(None), "$second"),
        (at().millisecond(None), "$millisecond"),
        (at().week(None), "$week"),
        (at().iso_week(None), "$isoWeek"),
        (at().iso_week_year(None), "$isoWeekYear"),
        (at().iso_day_of_week(None), "$isoDayOfWeek"),
    ] {
        check(expr, doc! { name: { "date": "$at" } });
    }
    check(at().hour("Europe/Rome"), doc! { "$hour": { "date": "$at", "timezone": "Europe/Rome" } });
    check(
        at().date_add(DateUnit::Month, 1, None),
        doc! { "$dateAdd": { "startDate": "$at", "unit": "month", "amount": 1 } },
    );
    check(
        at().date_subtract(DateUnit::Day, s.count(), Some("+02:00")),
        doc! { "$dateSubtract": { "startDate": "$at", "unit": "day", "amount": "$count", "timezone": "+02:00" } },
    );
    check(
        at().date_diff(s.at(), DateUnit::Week, None),
        doc! { "$dateDiff": { "startDate": "$at", "endDate": "$at", "unit": "week" } },
    );
    check(
        at().date_trunc(DateUnit::Hour, 6, None),
        doc! { "$dateTrunc": { "date": "$at", "unit": "hour", "binSize": 6_i64 } },
    );
    check(
        at().date_to_string("%Y", None),
        doc! { "$dateToString": { "date": "$at", "format": "%Y" } },
    );
    check(at().date_to_parts(None), doc! { "$dateToParts": { "date": "$at" } });
    check(
        s.name().expr().date_from_string("%Y", None),
        doc! { "$dateFromString": { "dateString": "$name", "format": "%Y" } },
    );
    check(
        s.name().expr().date_from_string(None, "Europe/Rome"),
        doc! { "$dateFromString": { "dateString": "$name", "timezone": "Europe/Rome" } },
    );
    let _: ExprOf<Sale, Doc> = at().date_to_parts(None);
    check(
        date_from_parts(s.count(), 2, 30).date(),
        doc! { "$dateFromParts": { "year": "$count", "month": 2, "day": 30 } },
    );
    check(
        date_from_iso_parts(2020, s.count(), 1)
            .hour(1)
            .minute(2)
            .second(3)
            .millisecond(4)
            .timezone("+02:00")
            .date(),
        doc! { "$dateFromParts": {
            "isoWeekYear": 2020, "isoWeek": "$count", "isoDayOfWeek": 1,
            "hour": 1, "minute": 2, "second": 3, "millisecond": 4, "timezone": "+02:00",
        } },
    );
    check(s.ts().expr().ts_second(), doc! { "$tsSecond": "$ts" });
    check(s.ts().expr().ts_increment(), doc! { "$tsIncrement": "$ts" });
}

#[test]
fn variables() {
    let s = Sale::f();
    check(now::<Sale>(), "$$NOW");
    check(cluster_time::<Sale>(), "$$CLUSTER_TIME");
    check(root::<Line>().get(|l| l.sku()), "$$ROOT.sku");
    check(remove::<Sale, String>(), "$$REMOVE");
    check(variable::<Sale, f64>("rate"), "$$rate");
    check(
        (s.price().expr() * s.count()).let_(|total| total.clone() - total / 10),
        doc! { "$let": {
            "vars": { "this": { "$multiply": ["$price", "$count"] } },
            "in": { "$subtract": ["$$this", { "$divide": ["$$this", 10] }] },
        } },
    );
    check(
        s.lines().expr().map(|line| line.get(|l| l.size().width())),
        doc! { "$map": { "input": "$lines", "in": "$$this.size.width" } },
    );
    check(
        s.lines().expr().first_element().get(|l| l.sku()),
        doc! { "$let": { "vars": { "of": { "$first": "$lines" } }, "in": "$$of.sku" } },
    );
}

#[test]
fn variables_do_not_hide_each_other() {
    let s = Sale::f();
    let scores = || s.scores().expr();
    check(
        scores().map(|a| scores().map(|b| a + b)),
        doc! { "$map": {
            "input": "$scores",
            "as": "this_0",
            "in": { "$map": { "input": "$scores", "in": { "$add": ["$$this_0", "$$this"] } } },
        } },
    );
    check(
        s.rows().expr().reduce(0_i64, |sum, row| row.reduce(0_i64, |part, n| part + n) + sum),
        doc! { "$reduce": {
            "input": "$rows",
            "initialValue": 0_i64,
            "in": { "$let": {
                "vars": { "value_0": "$$value", "this_0": "$$this" },
                "in": { "$add": [
                    { "$reduce": {
                        "input": "$$this_0",
                        "initialValue": 0_i64,
                        "in": { "$add": ["$$value", "$$this"] },
                    } },
                    "$$value_0",
                ] },
            } },
        } },
    );
    check(
        scores().filter(|n| literal::<Sale, String>("$$this_0").eq(n)),
        doc! { "$filter": {
            "input": "$scores",
            "cond": { "$eq": [{ "$literal": "$$this_0" }, "$$this"] },
        } },
    );
}

#[test]
fn metadata() {
    check(meta::text_score::<Sale>(), doc! { "$meta": "textScore" });
    check(meta::geo_near_distance::<Sale>(), doc! { "$meta": "geoNearDistance" });
    check(meta::geo_near_point::<Sale>(), doc! { "$meta": "geoNearPoint" });
    check(meta::rand_val::<Sale>(), doc! { "$meta": "randVal" });
    check(meta::record_id::<Sale>(), doc! { "$meta": "recordId" });
    check(meta::sort_key::<Sale>(), doc! { "$meta": "sortKey" });
    check(meta::index_key::<Sale>(), doc! { "$meta": "indexKey" });
    check(meta::search_score::<Sale>(), doc! { "$meta": "searchScore" });
    check(meta::search_highlights::<Sale>(), doc! { "$meta": "searchHighlights" });
}

/// What every operator is written as.
pub(crate) const ALL: &[fn()] = &[
    constants_are_never_read_as_expressions,
    arithmetic,
    trigonometry,
    comparisons_and_conditions,
    strings,
    arrays_and_sets,
    objects_and_types,
    dates,
    variables,
    variables_do_not_hide_each_other,
    metadata,
];
