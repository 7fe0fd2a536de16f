//! Random values, documents and query trees, biased toward what parsers stumble over.

use odm_core::bson::oid::ObjectId;
use odm_core::bson::spec::BinarySubtype;
use odm_core::bson::{self, Bson, Document, Regex};
use odm_core::{
    BitMask, BsonType, Collation, ElemMatch, Expr, FieldPath, Filter, Index, IndexKind, Near,
    Predicate, Projection, ProjectionItem, Sort, SortOrder, TextSearch, TypeSpec,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Names as users write them, and as an attacker would.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec!["a", "b", "c", "_id"]).prop_map(str::to_owned),
        1 => select(vec!["", "0", "a b", "é", "$", "$a", "$gt", "$ref", "$id", "x$"])
            .prop_map(str::to_owned),
        1 => "[^\\x00]{0,4}",
    ]
}

/// A path that a filter may ask for: anything that does not begin with `$`.
fn filter_path() -> impl Strategy<Value = FieldPath> {
    vec(name(), 1..3).prop_map(|names| {
        let path = names.join(".");
        FieldPath::from(if path.starts_with('$') { format!("x{path}") } else { path })
    })
}

fn regex() -> impl Strategy<Value = Regex> {
    ("[^\\x00]{0,4}", subsequence(vec!['x', 'u', 's', 'm', 'i'], 0..5)).prop_map(
        |(pattern, options)| Regex {
            pattern: pattern.try_into().unwrap(),
            options: options.into_iter().collect::<String>().try_into().unwrap(),
        },
    )
}

fn scalar() -> impl Strategy<Value = Bson> {
    prop_oneof![
        any::<i32>().prop_map(Bson::Int32),
        (-2..3_i64).prop_map(Bson::Int64),
        any::<f64>().prop_map(Bson::Double),
        name().prop_map(Bson::String),
        any::<bool>().prop_map(Bson::Boolean),
        Just(Bson::Null),
        Just(Bson::MinKey),
        Just(Bson::MaxKey),
        any::<i64>().prop_map(|millis| Bson::DateTime(bson::DateTime::from_millis(millis))),
        any::<[u8; 12]>().prop_map(|bytes| Bson::ObjectId(ObjectId::from_bytes(bytes))),
        select(vec!["0", "-1.5", "1E+40", "NaN", "Infinity"])
            .prop_map(|text| Bson::Decimal128(text.parse().unwrap())),
        vec(any::<u8>(), 0..4).prop_map(|bytes| Bson::Binary(bson::Binary {
            subtype: BinarySubtype::Generic,
            bytes
        })),
        any::<(u32, u32)>()
            .prop_map(|(time, increment)| Bson::Timestamp(bson::Timestamp { time, increment })),
        name().prop_map(Bson::JavaScriptCode),
        name().prop_map(Bson::Symbol),
        regex().prop_map(Bson::RegularExpression),
    ]
}

/// Any value but undefined, which no filter takes.
pub(crate) fn value() -> impl Strategy<Value = Bson> {
    scalar().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Bson::Array),
            vec((name(), inner), 0..3)
                .prop_map(|fields| Bson::Document(Document::from_iter(fields))),
        ]
    })
}

pub(crate) fn document() -> impl Strategy<Value = Document> {
    vec((name(), value()), 0..3).prop_map(Document::from_iter)
}

/// A value that is no regular expression.
fn ordered() -> impl Strategy<Value = Bson> {
    value().prop_map(|value| match value {
        Bson::RegularExpression(_) => Bson::Null,
        other => other,
    })
}

/// A value that cannot be mistaken for an operator.
fn plain() -> impl Strategy<Value = Bson> {
    value().prop_map(|value| match value {
        Bson::Document(doc) if doc.keys().next().is_some_and(|name| name.starts_with('$')) => {
            Bson::Document(bson::doc! { "x": doc })
        }
        other => other,
    })
}

fn type_spec() -> impl Strategy<Value = TypeSpec> {
    prop_oneof![
        9 => select(BsonType::ALL.to_vec()).prop_map(TypeSpec::Type),
        1 => Just(TypeSpec::Number),
    ]
}

fn bit_mask() -> impl Strategy<Value = BitMask> {
    prop_oneof![
        (0..i64::MAX).prop_map(BitMask::Number),
        vec(0..200_u32, 0..3).prop_map(BitMask::Positions),
        vec(any::<u8>(), 0..3).prop_map(|bytes| BitMask::Binary(bson::Binary {
            subtype: BinarySubtype::Generic,
            bytes
        })),
    ]
}

fn shapes() -> impl Strategy<Value = Document> {
    select(vec![
        bson::doc! { "$box": [[0, 0], [1, 1]] },
        bson::doc! { "$geometry": { "type": "Point", "coordinates": [0.5, 1] } },
    ])
}

fn simple_predicate() -> impl Strategy<Value = Predicate> {
    prop_oneof![
        value().prop_map(Predicate::Eq),
        ordered().prop_map(Predicate::Ne),
        ordered().prop_map(Predicate::Gt),
        ordered().prop_map(Predicate::Gte),
        ordered().prop_map(Predicate::Lt),
        ordered().prop_map(Predicate::Lte),
        vec(plain(), 0..3).prop_map(Predicate::In),
        vec(plain(), 0..3).prop_map(Predicate::Nin),
        any::<bool>().prop_map(Predicate::Exists),
        vec(type_spec(), 1..3).prop_map(Predicate::Type),
        (1..i64::MAX, any::<i64>())
            .prop_map(|(divisor, remainder)| Predicate::Mod { divisor, remainder }),
        regex().prop_map(Predicate::Regex),
        vec(plain(), 0..3).prop_map(Predicate::All),
        (0..=i64::from(i32::MAX)).prop_map(Predicate::Size),
        bit_mask().prop_map(Predicate::BitsAllSet),
        bit_mask().prop_map(Predicate::BitsAnySet),
        bit_mask().prop_map(Predicate::BitsAllClear),
        bit_mask().prop_map(Predicate::BitsAnyClear),
        shapes().prop_map(Predicate::GeoIntersects),
        shapes().prop_map(Predicate::GeoWithin),
    ]
}

/// Conditions that one document can hold: no operator twice, shapes alone.
fn together(predicates: Vec<Predicate>) -> Vec<Predicate> {
    let mut kept: Vec<Predicate> = Vec::new();
    for predicate in predicates {
        let is_shape = matches!(predicate, Predicate::GeoIntersects(_) | Predicate::GeoWithin(_));
        let is_new = kept.iter().all(|other| other.operator() != predicate.operator());
        if is_new && (kept.is_empty() || !is_shape) {
            kept.push(predicate);
        }
        if is_shape && kept.len() == 1 {
            break;
        }
    }
    kept
}

fn predicate(depth: u32) -> BoxedStrategy<Predicate> {
    if depth == 0 {
        return simple_predicate().boxed();
    }
    prop_oneof![
        6 => simple_predicate(),
        1 => vec(predicate(depth - 1), 1..3).prop_map(|parts| Predicate::Not(together(parts))),
        1 => elem_match(depth - 1).prop_map(Predicate::ElemMatch),
        1 => vec(elem_match(depth - 1), 1..3).prop_map(Predicate::AllElemMatch),
    ]
    .boxed()
}

fn elem_match(depth: u32) -> BoxedStrategy<ElemMatch> {
    prop_oneof![
        vec(predicate(depth), 1..3).prop_map(|parts| ElemMatch::Value(together(parts))),
        tree(depth, false).prop_map(|filter| ElemMatch::Fields(Box::new(filter))),
    ]
    .boxed()
}

/// A filter tree; with `top`, also of what only whole documents can be asked.
fn tree(depth: u32, top: bool) -> BoxedStrategy<Filter> {
    let field = (filter_path(), predicate(depth.min(2)))
        .prop_map(|(path, predicate)| Filter::Field(path, predicate));
    let leaf = prop_oneof![
        12 => field,
        1 => (select(vec!["$ref", "$id", "$db"]), value())
            .prop_map(|(path, value)| Filter::Field(path.into(), Predicate::Eq(value))),
        1 => value().prop_map(Filter::Comment),
        1 => Just(Filter::AlwaysTrue),
        1 => Just(Filter::AlwaysFalse),
        1 => document().prop_map(|doc| Filter::JsonSchema(bson::doc! { "enum": [doc] })),
    ];
    let leaf = if top {
        prop_oneof![
            8 => leaf,
            1 => value().prop_map(|value| Filter::Expr(Expr(value))),
            1 => "[^\\x00]{1,4}".prop_map(|code| Filter::Where(Bson::JavaScriptCode(code))),
            1 => (0.0..=1.0_f64).prop_map(Filter::SampleRate),
        ]
        .boxed()
    } else {
        leaf.boxed()
    };
    if depth == 0 {
        return leaf;
    }
    prop_oneof![
        4 => leaf,
        3 => vec(tree(depth - 1, top), 0..4).prop_map(Filter::And),
        1 => vec(tree(depth - 1, top), 1..3).prop_map(Filter::Or),
        1 => vec(tree(depth - 1, top), 1..3).prop_map(Filter::Nor),
    ]
    .boxed()
}

fn near() -> impl Strategy<Value = Near> {
    let distance = || option::of((0..9_i32).prop_map(Bson::Int32));
    prop_oneof![
        (any::<bool>(), distance(), distance()).prop_map(|(sphere, min_distance, max_distance)| {
            Near {
                sphere,
                point: vec![Bson::Int32(1), Bson::Double(2.5)].into(),
                min_distance,
                max_distance,
            }
        }),
        any::<bool>().prop_map(|sphere| Near {
            sphere,
            point: bson::doc! {
                "$geometry": { "type": "Point", "coordinates": [1, 2] }, "$maxDistance": 5,
            }
            .into(),
            min_distance: None,
            max_distance: None,
        }),
    ]
}

fn text_search() -> impl Strategy<Value = TextSearch> {
    (name(), option::of(name()), any::<Option<bool>>(), any::<Option<bool>>()).prop_map(
        |(search, language, case_sensitive, diacritic_sensitive)| TextSearch {
            search,
            language,
            case_sensitive,
            diacritic_sensitive,
        },
    )
}

/// Every filter that the query language can say.
pub(crate) fn filter() -> impl Strategy<Value = Filter> {
    let special = prop_oneof![
        (filter_path(), near())
            .prop_map(|(path, near)| Filter::Field(path, Predicate::Near(Box::new(near)))),
        text_search().prop_map(Filter::Text),
    ];
    prop_oneof![
        8 => tree(3, true),
        1 => special.clone(),
        1 => (tree(1, true), special).prop_map(|(tree, special)| Filter::And(vec![tree, special])),
    ]
}

/// A path as sorts, projections and indexes take it.
fn strict_path() -> impl Strategy<Value = String> {
    vec("[a-cé]{1,2}", 1..4).prop_map(|names| names.join("."))
}

/// Drops all but the first of equal paths.
fn distinct<T>(keys: Vec<(String, T)>) -> Vec<(FieldPath, T)> {
    let mut kept: Vec<(FieldPath, T)> = Vec::new();
    for (path, item) in keys {
        if kept.iter().all(|(other, _)| other.as_str() != path) {
            kept.push((path.into(), item));
        }
    }
    kept
}

/// Every sort order.
pub(crate) fn sort() -> impl Strategy<Value = Sort> {
    let direction = || prop_oneof![Just(SortOrder::Ascending), Just(SortOrder::Descending)];
    let order = prop_oneof![
        8 => direction(),
        1 => select(vec!["textScore", "randVal", "geoNearDistance"])
            .prop_map(|keyword| SortOrder::Meta(keyword.to_owned())),
    ];
    prop_oneof![
        9 => vec((strict_path(), order), 0..5).prop_map(distinct),
        1 => direction().prop_map(|order| vec![("$natural".into(), order)]),
    ]
    .prop_map(|keys| Sort { keys })
}

/// Every projection: of either kind, or with neither inclusion nor exclusion.
pub(crate) fn projection() -> impl Strategy<Value = Projection> {
    let neutral = || {
        prop_oneof![
            (any::<i32>(), option::of(any::<i32>())).prop_map(|(limit, skip)| {
                let limit = if skip.is_some() { limit.saturating_abs().max(1) } else { limit };
                ProjectionItem::Slice { skip, limit }
            }),
            select(vec!["textScore", "recordId", "randVal"])
                .prop_map(|keyword| ProjectionItem::Meta(keyword.to_owned())),
            elem_match(1).prop_map(ProjectionItem::ElemMatch),
        ]
    };
    let expression = prop_oneof![
        name().prop_map(Bson::String),
        vec(value(), 0..3).prop_map(Bson::Array),
        Just(Bson::Null),
        vec(value(), 0..3).prop_map(|operands| bson::doc! { "$concat": operands }.into()),
    ];
    let included = prop_oneof![
        3 => Just(ProjectionItem::Include),
        2 => expression.prop_map(|value| ProjectionItem::Expr(Expr(value))),
        1 => Just(ProjectionItem::Positional),
        2 => neutral(),
    ];
    let excluded = prop_oneof![3 => Just(ProjectionItem::Exclude), 2 => neutral()];
    prop_oneof![vec(included, 0..5), vec(excluded, 0..5)].prop_map(|items| {
        let mut fields: Vec<(FieldPath, ProjectionItem)> = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let is_element = matches!(item, ProjectionItem::ElemMatch(_));
            let has_schema = format!("{item:?}").contains("JsonSchema");
            let is_special = is_element || item == ProjectionItem::Positional;
            let has_special = fields.iter().any(|(_, other)| {
                matches!(other, ProjectionItem::ElemMatch(_) | ProjectionItem::Positional)
            });
            if has_schema || is_special && has_special {
                continue;
            }
            let path = if is_element { format!("f{index}") } else { format!("f{index}.x") };
            fields.push((path.into(), item));
        }
        Projection::Fields(fields)
    })
}

/// Every collation, of locales that have the form of one.
pub(crate) fn collation() -> impl Strategy<Value = Collation> {
    let flag = any::<Option<bool>>;
    let word = |words: &[&'static str]| option::of(select(words.to_vec()).prop_map(str::to_owned));
    (
        select(vec!["en", "de@collation=phonebook", "fr_CA", "zh_Hant", "simple"]),
        option::of(3..=5_i32),
        (flag(), flag(), flag(), flag()),
        word(&["upper", "lower", "off"]),
        word(&["shifted", "non-ignorable"]),
        word(&["punct", "space"]),
    )
        .prop_map(|(locale, strength, flags, case_first, alternate, max_variable)| Collation {
            locale: locale.to_owned(),
            strength,
            case_level: flags.0,
            case_first,
            numeric_ordering: flags.1,
            alternate,
            max_variable,
            normalization: flags.2,
            backwards: flags.3,
        })
}

/// Ordinary, hashed, text and wildcard indexes with options that go together.
pub(crate) fn index() -> impl Strategy<Value = Index> {
    let direction = prop_oneof![
        Just(IndexKind::Ascending),
        Just(IndexKind::Descending),
        select(vec![Bson::Int32(2), Bson::Int64(1), Bson::Double(-0.5)])
            .prop_map(IndexKind::Number),
    ];
    let ordinary = (
        vec((strict_path(), direction), 1..4).prop_map(distinct),
        any::<(bool, bool, bool)>(),
        option::of(0..100_u64),
        option::of(collation()),
        any::<bool>(),
    )
        .prop_map(|(keys, (unique, sparse, hidden), seconds, collation, partial)| {
            let only = keys.len() == 1;
            Index {
                keys,
                unique,
                sparse: sparse && !partial,
                hidden,
                expire_after: seconds.filter(|_| only).map(std::time::Duration::from_secs),
                collation,
                partial_filter: partial
                    .then(|| Filter::Field("p".into(), Predicate::Gt(Bson::Int32(5)))),
                ..Index::default()
            }
        });
    let text = (strict_path(), 1..9_i32).prop_map(|(path, weight)| Index {
        weights: Some(bson::doc! { path.as_str(): weight }),
        default_language: Some("french".to_owned()),
        language_override: Some("lang".to_owned()),
        ..Index::default().then(path, IndexKind::Text)
    });
    let wildcard = any::<bool>().prop_map(|include| Index {
        wildcard_projection: Some(bson::doc! { "a.b": i32::from(include) }),
        ..Index::asc("$**")
    });
    let others = prop_oneof![
        select(vec![IndexKind::Hashed, IndexKind::Geo2d, IndexKind::Geo2dSphere])
            .prop_map(|kind| Index::default().then("a", kind)),
        strict_path().prop_map(|path| Index::asc(format!("{path}.$**"))),
    ];
    (
        prop_oneof![4 => ordinary, 1 => text, 1 => wildcard, 1 => others],
        option::of("[^\\x00*]{1,5}"),
    )
        .prop_map(|(index, name)| Index { name, ..index })
}

/// Documents full of operators in wrong places.
pub(crate) fn soup() -> impl Strategy<Value = Document> {
    const WORDS: [&str; 72] = [
        "$eq",
        "$ne",
        "$gt",
        "$lte",
        "$in",
        "$nin",
        "$exists",
        "$type",
        "$mod",
        "$regex",
        "$options",
        "$all",
        "$elemMatch",
        "$size",
        "$bitsAllSet",
        "$not",
        "$geoWithin",
        "$near",
        "$nearSphere",
        "$geometry",
        "$box",
        "$maxDistance",
        "$minDistance",
        "$and",
        "$or",
        "$nor",
        "$expr",
        "$where",
        "$text",
        "$search",
        "$language",
        "$jsonSchema",
        "$sampleRate",
        "$alwaysTrue",
        "$comment",
        "$ref",
        "$id",
        "$db",
        "$slice",
        "$meta",
        "$literal",
        "$natural",
        "$",
        "$**",
        "a",
        "b",
        "a.b",
        "a.$",
        "a.$.b",
        "_id",
        "",
        ".",
        "a.",
        "a..b",
        "type",
        "coordinates",
        "key",
        "name",
        "unique",
        "expireAfterSeconds",
        "partialFilterExpression",
        "wildcardProjection",
        "collation",
        "locale",
        "strength",
        "weights",
        "v",
        "hidden",
        "sparse",
        "storageEngine",
        "backwards",
        "caseFirst",
    ];
    let leaf = prop_oneof![
        4 => scalar(),
        1 => Just(Bson::Undefined),
        2 => select(vec![0, 1, -1]).prop_map(Bson::Int32),
        2 => select(vec!["text", "2d", "hashed", "Point", "textScore", "number", "$a", "en"])
            .prop_map(|text| Bson::String(text.to_owned())),
    ];
    let fields = |inner: BoxedStrategy<Bson>| {
        vec((select(WORDS.to_vec()).prop_map(str::to_owned), inner), 0..4)
            .prop_map(Document::from_iter)
    };
    let tree = leaf.prop_recursive(5, 32, 4, move |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Bson::Array),
            2 => fields(inner.boxed()).prop_map(Bson::Document),
        ]
    });
    fields(tree.boxed())
}
