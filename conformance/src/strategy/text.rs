//! Text that collations tell apart or not.

use bson::{Bson, Document, doc};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use super::distinct;

/// The fields of the documents.
const PATHS: [&str; 4] = ["a", "b", "a.x", "b.x"];

/// A collation, as commands take it: of those locales whose tables every backend has.
pub fn collation_of_text() -> BoxedStrategy<Document> {
    const LOCALES: [&str; 12] = [
        "en",
        "en_US",
        "de",
        "de@collation=phonebook",
        "fr",
        "fr_CA",
        "es",
        "sv",
        "tr",
        "hu",
        "ru",
        "vi",
    ];
    let flag = || weighted(0.25, any::<bool>());
    let options = (
        weighted(0.7, 1_i32..=3),
        flag(),
        weighted(0.3, select(["upper", "lower", "off"].as_slice())),
        flag(),
        weighted(0.3, select(["shifted", "non-ignorable"].as_slice())),
        weighted(0.2, select(["punct", "space"].as_slice())),
    );
    let collation = (select(LOCALES.as_slice()), options).prop_map(|(locale, options)| {
        let (strength, case_level, case_first, numeric, alternate, max_variable) = options;
        let options = [
            ("strength", strength.map(Bson::from)),
            ("caseLevel", case_level.map(Bson::from)),
            ("caseFirst", case_first.map(Bson::from)),
            ("numericOrdering", numeric.map(Bson::from)),
            ("alternate", alternate.map(Bson::from)),
            ("maxVariable", max_variable.map(Bson::from)),
        ];
        let given = options.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        doc! { "locale": locale }.into_iter().chain(given).collect::<Document>()
    });
    prop_oneof![
        2 => Just(doc! { "locale": "en", "strength": 2 }),
        6 => collation,
        1 => Just(doc! { "locale": "simple" }),
    ]
    .boxed()
}

/// Short text with few bases in many forms: of another case, with marks, numbers, spaces and punctuation.
pub fn text() -> impl Strategy<Value = String> {
    const PARTS: [&str; 33] = [
        "a", "A", "á", "à", "â", "a\u{301}", "ä", "b", "B", "c", "ch", "Ch", "e", "é", "E", "i",
        "I", "ı", "İ", "o", "ö", "oe", "ss", "ß", "z", "1", "2", "10", "02", " ", "-", "д", "Д",
    ];
    prop_oneof![
        8 => vec(select(PARTS.as_slice()), 1..3).prop_map(|parts| parts.concat()),
        1 => select(["", "'", "’", "a’b", "a'b", "“a”", "_", "a\tb"].as_slice()).prop_map(str::to_owned),
    ]
}

/// A value that is text, holds some, or has nothing to do with it.
pub fn text_value() -> BoxedStrategy<Bson> {
    let leaf = prop_oneof![
        8 => text().prop_map(Bson::String),
        1 => (0_i32..3).prop_map(Bson::Int32),
        1 => Just(Bson::Null),
    ];
    let object = leaf.clone().prop_map(|x| Bson::Document(doc! { "x": x }));
    let element = prop_oneof![5 => leaf.clone(), 1 => object.clone()];
    let array = vec(element, 0..4).prop_map(Bson::Array);
    prop_oneof![7 => leaf, 2 => object, 2 => array].boxed()
}

/// Documents with text in `a` and `b`, and their position as `_id`.
pub fn text_documents() -> impl Strategy<Value = Vec<Document>> {
    let fields = (weighted(0.9, text_value()), weighted(0.6, text_value()));
    vec(fields, 1..14).prop_map(|documents| {
        let document = |(id, (a, b)): (i32, (Option<Bson>, Option<Bson>))| {
            let mut doc = doc! { "_id": id };
            doc.extend(a.map(|a| ("a".to_owned(), a)));
            doc.extend(b.map(|b| ("b".to_owned(), b)));
            doc
        };
        (0..).zip(documents).map(document).collect()
    })
}

/// A path to text.
pub fn text_path() -> impl Strategy<Value = String> {
    select(PATHS.as_slice()).prop_map(str::to_owned)
}

/// A filter that compares text.
pub fn text_filter() -> BoxedStrategy<Document> {
    let operand = || text_value();
    let comparison = (select(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"].as_slice()), operand())
        .prop_map(|(operator, operand)| {
            let mut doc = Document::new();
            doc.insert(operator, operand);
            doc
        });
    let list = (select(["$in", "$nin", "$all"].as_slice()), vec(operand(), 1..4)).prop_map(
        |(operator, operands)| {
            let mut doc = Document::new();
            doc.insert(operator, operands);
            doc
        },
    );
    let pattern = select(["^a", "A", "b$"].as_slice()).prop_map(|p| doc! { "$regex": p });
    let element = comparison.clone().prop_map(|operators| doc! { "$elemMatch": operators });
    let operators = prop_oneof![6 => comparison, 3 => list, 1 => pattern, 1 => element];
    let condition = prop_oneof![3 => operand(), 5 => operators.prop_map(Bson::Document)];
    let fields = vec((text_path(), condition), 1..3).prop_map(distinct).boxed();
    let either = vec(fields.clone(), 2..3).prop_map(|parts| doc! { "$or": parts });
    prop_oneof![6 => fields, 1 => either].boxed()
}

/// An update that compares text.
pub fn text_update() -> BoxedStrategy<Document> {
    let path = || select(["a", "b"].as_slice());
    let with = |operator: &'static str| {
        (path(), text_value()).prop_map(move |(path, value)| {
            let mut doc = Document::new();
            doc.insert(operator, doc! { path: value });
            doc
        })
    };
    let lists = (
        select(["$pullAll", "$addToSet", "$push"].as_slice()),
        path(),
        vec(text_value(), 0..4),
        any::<bool>(),
    );
    let lists = lists.prop_map(|(operator, path, values, descending)| {
        let operand = match operator {
            "$pullAll" => values.into(),
            "$addToSet" => Bson::Document(doc! { "$each": values }),
            _ => Bson::Document(doc! { "$each": values, "$sort": if descending { -1 } else { 1 } }),
        };
        let mut doc = Document::new();
        doc.insert(operator, doc! { path: operand });
        doc
    });
    prop_oneof![2 => with("$min"), 2 => with("$max"), 2 => with("$pull"), 1 => with("$set"), 4 => lists].boxed()
}
