//! Random updates and requests.

use std::time::Duration;

use odm_core::bson::{Bson, Document, RawDocumentBuf, Timestamp};
use odm_core::{
    Aggregate, BitOp, Change, Count, CreateCollection, CreateIndexes, CurrentDate, DeleteBatch,
    DeleteStatement, Distinct, DropCollection, DropDatabase, DropIndexes, FieldPath, Filter, Find,
    FindAndModify, Hint, Index, Insert, ListCollections, ListDatabases, ListIndexes, Modification,
    Namespace, Operation, Pipeline, Pop, Predicate, Projection, Pull, Push, PushOrder, PushSort,
    RenameCollection, Stage, Update, UpdateBatch, UpdateStatement,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::arbitrary::{collation, document, index, sort, value};

/// The path of the change at `position`: unlike all others, whatever comes after its beginning.
fn path(position: usize, rest: &[&str]) -> FieldPath {
    let mut path = format!("f{position}");
    for part in rest {
        path = format!("{path}.{part}");
    }
    path.into()
}

fn parts() -> impl Strategy<Value = Vec<&'static str>> {
    let part = select(vec!["a", "0", "-1", "$a", "$[]", "$[x]", "$[", "x$", "é", " ", "$ref"]);
    // At most one positional operator.
    (vec(part, 0..3), any::<bool>()).prop_map(|(mut parts, positional)| {
        if positional {
            parts.push("$");
        }
        parts
    })
}

fn number() -> impl Strategy<Value = Bson> {
    prop_oneof![
        any::<i32>().prop_map(Bson::Int32),
        any::<i64>().prop_map(Bson::Int64),
        any::<f64>().prop_map(Bson::Double),
        select(vec!["0", "-1.5", "NaN"]).prop_map(|text| Bson::Decimal128(text.parse().unwrap())),
    ]
}

fn push() -> impl Strategy<Value = Push> {
    let order = || select(vec![PushOrder::Ascending, PushOrder::Descending]);
    let sort = prop_oneof![
        order().prop_map(PushSort::Value),
        select(vec![
            odm_core::Sort::asc("a"),
            odm_core::Sort::desc("a.b").then(odm_core::Sort::asc("$c"))
        ])
        .prop_map(PushSort::Fields),
    ];
    (vec(value(), 0..3), option::of(any::<i64>()), option::of(sort), option::of(any::<i64>()))
        .prop_map(|(each, position, sort, slice)| Push { each, position, sort, slice })
}

fn pull() -> impl Strategy<Value = Pull> {
    let predicates = select(vec![
        vec![Predicate::Gt(1.into()), Predicate::Lt(Bson::Null)],
        vec![Predicate::Eq(Bson::Document(odm_core::bson::doc! { "$a": 1 }))],
        vec![Predicate::In(vec![1.into()]), Predicate::Not(vec![Predicate::Exists(false)])],
        vec![Predicate::Size(3)],
    ]);
    let filters = select(vec![
        Filter::all(),
        Filter::eq("a", 1),
        Filter::eq("", odm_core::bson::doc! {}),
        Filter::Or(vec![Filter::eq("a", 1), Filter::Field("b".into(), Predicate::Gt(2.into()))]),
        Filter::Nor(vec![Filter::AlwaysTrue]),
    ]);
    prop_oneof![
        value().prop_filter_map("documents are filters", |value| match value {
            Bson::Document(_) => None,
            value => Some(Pull::Value(value)),
        }),
        predicates.prop_map(Pull::Predicates),
        filters.prop_map(|filter| Pull::Fields(Box::new(filter))),
    ]
}

fn bit() -> impl Strategy<Value = Vec<(BitOp, Bson)>> {
    let by = || prop_oneof![any::<i32>().prop_map(Bson::Int32), any::<i64>().prop_map(Bson::Int64)];
    let ops = Just(vec![BitOp::And, BitOp::Or, BitOp::Xor]).prop_shuffle();
    (ops, vec(by(), 1..=3)).prop_map(|(ops, by)| ops.into_iter().zip(by).collect())
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        value().prop_map(Change::Set),
        value().prop_map(Change::SetOnInsert),
        Just(Change::Unset),
        number().prop_map(Change::Inc),
        number().prop_map(Change::Mul),
        value().prop_map(Change::Min),
        value().prop_map(Change::Max),
        select(vec![CurrentDate::Date, CurrentDate::Timestamp]).prop_map(Change::CurrentDate),
        push().prop_map(Change::Push),
        vec(value(), 0..3).prop_map(Change::AddToSet),
        select(vec![Pop::First, Pop::Last]).prop_map(Change::Pop),
        pull().prop_map(Change::Pull),
        vec(value(), 0..3).prop_map(Change::PullAll),
        bit().prop_map(Change::Bit),
        Just(Change::Rename("".into())),
    ]
}

/// A number of the operator: changes are printed in groups.
fn group(change: &Change) -> usize {
    match change {
        Change::Set(_) => 0,
        Change::SetOnInsert(_) => 1,
        Change::Unset => 2,
        Change::Inc(_) => 3,
        Change::Mul(_) => 4,
        Change::Min(_) => 5,
        Change::Max(_) => 6,
        Change::Rename(_) => 7,
        Change::CurrentDate(_) => 8,
        Change::Push(_) => 9,
        Change::AddToSet(_) => 10,
        Change::Pop(_) => 11,
        Change::Pull(_) => 12,
        Change::PullAll(_) => 13,
        _ => 14,
    }
}

fn operators() -> impl Strategy<Value = Update> {
    vec((change(), parts()), 0..6).prop_map(|mut changes| {
        changes.sort_by_key(|(change, _)| group(change));
        let named = changes.into_iter().enumerate().map(|(position, (change, parts))| {
            match change {
                // Neither end of it may be dynamic.
                Change::Rename(_) => {
                    (path(position, &["a"]), Change::Rename(format!("r{position}.b").into()))
                }
                change => (path(position, &parts), change),
            }
        });
        Update::Operators(named.collect())
    })
}

fn stages(names: &'static [&'static str]) -> impl Strategy<Value = Pipeline> {
    vec((select(names), value()), 0..3).prop_map(|stages| {
        stages.into_iter().map(|(name, spec)| Stage::new(name, spec)).collect::<Vec<_>>().into()
    })
}

/// Decoded once before, since that sorts the options of regular expressions.
fn encoded() -> impl Strategy<Value = RawDocumentBuf> {
    let encode = |doc: &Document| RawDocumentBuf::try_from(doc).unwrap();
    document().prop_map(move |doc| encode(&Document::try_from(encode(&doc)).unwrap()))
}

/// Every update but raw documents.
pub(crate) fn update() -> impl Strategy<Value = Update> {
    prop_oneof![
        6 => operators(),
        1 => document().prop_filter_map("operators are no replacement", |doc| {
            Update::is_replacement(&doc)
                .then(|| Update::Replacement(RawDocumentBuf::try_from(&doc).unwrap()))
        }),
        1 => stages(&["$addFields", "$project", "$replaceRoot", "$replaceWith", "$set", "$unset"])
            .prop_map(Update::Pipeline),
    ]
}

/// An update as a command has it.
fn sent() -> impl Strategy<Value = Update> {
    prop_oneof![
        document().prop_map(Update::Raw),
        stages(&["$set", "$match", "$x"]).prop_map(Update::Pipeline),
    ]
}

fn raw_filter() -> impl Strategy<Value = Filter> {
    document().prop_map(Filter::Raw)
}

/// No filter at all, or one that is not empty.
fn optional_filter() -> impl Strategy<Value = Filter> {
    document().prop_map(|doc| if doc.is_empty() { Filter::all() } else { Filter::Raw(doc) })
}

fn hint() -> impl Strategy<Value = Option<Hint>> {
    option::of(select(vec![Hint::Name("a_1".into()), Hint::Keys(odm_core::bson::doc! { "a": 1 })]))
}

fn max_time() -> impl Strategy<Value = Option<Duration>> {
    option::of((1..=0x7fff_ffff_u64).prop_map(Duration::from_millis))
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 1..5_u64, 0..=0x7fff_ffff_ffff_ffff_u64]
}

fn comment() -> impl Strategy<Value = Option<Bson>> {
    option::of(value())
}

fn projection() -> impl Strategy<Value = Option<Projection>> {
    document().prop_map(|doc| (!doc.is_empty()).then(|| Projection::Raw(doc)))
}

fn bounds() -> impl Strategy<Value = Option<Document>> {
    document().prop_map(|doc| Some(doc).filter(|doc| !doc.is_empty()))
}

fn find() -> impl Strategy<Value = Find> {
    (
        (optional_filter(), projection(), sort(), count(), count(), option::of(any::<u32>())),
        (option::of(collation()), hint(), bounds(), bounds(), max_time(), comment()),
        (option::of(document()), option::of(any::<bool>()), any::<[bool; 7]>()),
    )
        .prop_map(|(one, two, (let_vars, allow_disk_use, flags))| Find {
            filter: one.0,
            projection: one.1,
            sort: one.2,
            skip: one.3,
            limit: one.4,
            batch_size: one.5,
            single_batch: flags[0],
            collation: two.0,
            hint: two.1,
            min: two.2,
            max: two.3,
            return_key: flags[1],
            show_record_id: flags[2],
            max_time: two.4,
            max_await_time: None,
            comment: two.5,
            let_vars,
            allow_disk_use,
            no_cursor_timeout: flags[3],
            tailable: flags[4],
            await_data: flags[4] && flags[5],
            allow_partial_results: flags[6],
        })
        .prop_map(|find| match find.check() {
            Ok(()) => find,
            // Options that do not go together, or with their names.
            Err(_) => {
                Find { max: None, let_vars: None, tailable: false, await_data: false, ..find }
            }
        })
}

fn aggregate() -> impl Strategy<Value = Aggregate> {
    (
        (stages(&["$match", "$x", "$set"]), option::of(any::<u32>()), any::<Option<bool>>()),
        (max_time(), any::<bool>(), option::of(collation()), hint()),
        (option::of(document()), comment()),
    )
        .prop_map(|(one, two, three)| Aggregate {
            pipeline: one.0,
            batch_size: one.1,
            allow_disk_use: one.2,
            max_time: two.0,
            bypass_document_validation: two.1,
            collation: two.2,
            hint: two.3,
            let_vars: three.0,
            comment: three.1,
        })
}

fn update_statement() -> impl Strategy<Value = UpdateStatement> {
    (
        (raw_filter(), sent(), any::<bool>(), any::<bool>()),
        (vec(document(), 0..3), option::of(collation()), hint()),
    )
        .prop_map(|(one, two)| UpdateStatement {
            filter: one.0,
            update: one.1,
            multi: one.2,
            upsert: one.3,
            array_filters: two.0,
            collation: two.1,
            hint: two.2,
        })
}

fn delete_statement() -> impl Strategy<Value = DeleteStatement> {
    (raw_filter(), any::<bool>(), option::of(collation()), hint()).prop_map(
        |(filter, multi, collation, hint)| DeleteStatement { filter, multi, collation, hint },
    )
}

fn modification() -> impl Strategy<Value = Modification> {
    prop_oneof![
        Just(Modification::Remove),
        (document(), vec(document(), 0..3), any::<bool>(), any::<bool>()).prop_map(
            |(update, array_filters, upsert, return_new)| Modification::Update {
                update: Update::Raw(update),
                array_filters,
                upsert,
                return_new,
            }
        ),
    ]
}

fn find_and_modify() -> impl Strategy<Value = FindAndModify> {
    (
        (optional_filter(), sort(), modification(), projection()),
        (option::of(collation()), hint(), any::<bool>()),
        (option::of(document()), max_time(), comment()),
    )
        .prop_map(|(one, two, three)| {
            let mut request = FindAndModify::remove(one.0);
            request.sort = one.1;
            request.modification = one.2;
            request.projection = one.3;
            request.collation = two.0;
            request.hint = two.1;
            request.bypass_document_validation = two.2;
            request.let_vars = three.0;
            request.max_time = three.1;
            request.comment = three.2;
            request
        })
}

fn create() -> impl Strategy<Value = CreateCollection> {
    (
        option::of((1..1000_i64, option::of(1..9_i64))),
        option::of(document()),
        option::of(select(vec!["off", "strict", "moderate"])),
        option::of(select(vec!["error", "warn"])),
        option::of(collation()),
        option::of((Just("source"), option::of(stages(&["$match"])))),
        any::<bool>(),
    )
        .prop_map(|(capped, validator, level, action, collation, view, extra)| {
            CreateCollection {
                capped: capped.is_some(),
                size: capped.map(|(size, _)| size),
                max: capped.and_then(|(_, max)| max),
                validator,
                validation_level: level.map(str::to_owned),
                validation_action: action.map(str::to_owned),
                collation,
                view_on: view.as_ref().map(|(on, _)| (*on).to_owned()),
                pipeline: view.and_then(|(_, pipeline)| pipeline),
                extra: if extra {
                    odm_core::bson::doc! { "timeseries": { "timeField": "t" }, "flags": 1 }
                } else {
                    Document::new()
                },
            }
        })
}

fn drop_indexes() -> impl Strategy<Value = DropIndexes> {
    prop_oneof![
        Just(DropIndexes::All),
        vec("[^*]{1,4}", 0..3).prop_map(DropIndexes::Names),
        document().prop_map(DropIndexes::Keys),
    ]
}

fn batches() -> impl Strategy<Value = Operation> {
    prop_oneof![
        (vec(encoded(), 1..4), any::<[bool; 2]>(), comment()).prop_map(
            |(documents, [ordered, bypass_document_validation], comment)| Operation::Insert(
                Insert { documents, ordered, bypass_document_validation, comment }
            )
        ),
        (vec(update_statement(), 1..3), any::<[bool; 2]>(), option::of(document()), comment())
            .prop_map(|(statements, [ordered, bypass_document_validation], let_vars, comment)| {
                Operation::UpdateBatch(UpdateBatch {
                    statements,
                    ordered,
                    bypass_document_validation,
                    let_vars,
                    max_time: None,
                    comment,
                })
            }),
        (vec(delete_statement(), 1..3), any::<bool>(), option::of(document()), comment()).prop_map(
            |(statements, ordered, let_vars, comment)| {
                let max_time = None;
                Operation::DeleteBatch(DeleteBatch {
                    statements,
                    ordered,
                    let_vars,
                    max_time,
                    comment,
                })
            }
        ),
    ]
}

fn catalog() -> impl Strategy<Value = Operation> {
    let named = index().prop_map(|index| Index { name: Some(index.name()), ..index });
    prop_oneof![
        (vec(named, 1..3), comment()).prop_map(|(indexes, comment)| Operation::CreateIndexes(
            CreateIndexes { indexes, comment }
        )),
        drop_indexes().prop_map(Operation::DropIndexes),
        (option::of(any::<u32>()), comment()).prop_map(|(batch_size, comment)| {
            Operation::ListIndexes(ListIndexes { batch_size, comment })
        }),
        create().prop_map(Operation::CreateCollection),
        comment().prop_map(|comment| Operation::DropCollection(DropCollection { comment })),
        any::<bool>().prop_map(|drop_target| Operation::RenameCollection(RenameCollection {
            to: Namespace::new("other", "name.with.dots".to_owned()),
            drop_target,
        })),
        (optional_filter(), any::<bool>(), option::of(any::<u32>()), comment()).prop_map(
            |(filter, name_only, batch_size, comment)| Operation::ListCollections(
                ListCollections { filter, name_only, batch_size, comment }
            )
        ),
        comment().prop_map(|comment| Operation::DropDatabase(DropDatabase { comment })),
        (optional_filter(), any::<bool>(), comment()).prop_map(|(filter, name_only, comment)| {
            Operation::ListDatabases(ListDatabases { filter, name_only, comment })
        }),
    ]
}

/// Every request that is one command, with filters, updates and projections as a command has them.
pub(crate) fn operation() -> impl Strategy<Value = Operation> {
    let count = (
        (optional_filter(), count(), count()),
        (option::of(collation()), hint(), max_time(), comment()),
    )
        .prop_map(|(one, two)| Count {
            filter: one.0,
            skip: one.1,
            limit: one.2,
            estimated: false,
            collation: two.0,
            hint: two.1,
            max_time: two.2,
            comment: two.3,
        });
    let distinct =
        ("[a-c.]{0,4}", optional_filter(), option::of(collation()), max_time(), comment())
            .prop_map(|(key, filter, collation, max_time, comment)| Distinct {
                key: key.into(),
                filter,
                collation,
                max_time,
                comment,
            });
    prop_oneof![
        3 => find().prop_map(Operation::Find).boxed(),
        1 => aggregate().prop_map(Operation::Aggregate).boxed(),
        1 => count.prop_map(Operation::Count).boxed(),
        1 => distinct.prop_map(Operation::Distinct).boxed(),
        3 => batches().boxed(),
        2 => find_and_modify().prop_map(Operation::FindAndModify).boxed(),
        4 => catalog().boxed(),
    ]
}

/// Commands with wrong fields and values.
pub(crate) fn command_soup() -> impl Strategy<Value = Document> {
    const NAMES: &[&str] = &[
        "find",
        "aggregate",
        "count",
        "distinct",
        "insert",
        "update",
        "delete",
        "findAndModify",
        "create",
        "createIndexes",
        "dropIndexes",
        "listIndexes",
        "listCollections",
        "drop",
        "dropDatabase",
        "getMore",
        "killCursors",
        "explain",
        "ping",
        "collMod",
    ];
    const FIELDS: &[&str] = &[
        "filter",
        "q",
        "u",
        "updates",
        "deletes",
        "documents",
        "pipeline",
        "cursor",
        "batchSize",
        "limit",
        "skip",
        "sort",
        "projection",
        "hint",
        "collation",
        "comment",
        "maxTimeMS",
        "readConcern",
        "writeConcern",
        "$readPreference",
        "lsid",
        "txnNumber",
        "w",
        "j",
        "level",
        "mode",
        "id",
        "query",
        "key",
        "index",
        "indexes",
        "name",
        "update",
        "remove",
        "new",
        "arrayFilters",
        "explain",
        "verbosity",
        "collection",
        "cursors",
        "size",
        "capped",
        "max",
        "viewOn",
        "$set",
        "locale",
        "ordered",
        "find",
    ];
    let leaf = prop_oneof![
        3 => value(),
        1 => select(vec![0, 1, -1]).prop_map(Bson::Int32),
        1 => any::<i64>().prop_map(Bson::Int64),
        1 => Just(Bson::String("a".into())),
        1 => Just(Bson::Timestamp(Timestamp { time: 1, increment: 1 })),
    ];
    let tree = leaf.prop_recursive(4, 24, 4, |inner| {
        let fields = vec((select(FIELDS), inner.clone()), 0..4);
        prop_oneof![
            vec(inner, 0..3).prop_map(Bson::Array),
            fields.prop_map(|fields| {
                Bson::Document(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    });
    let first =
        (select(NAMES), prop_oneof![3 => Just(Bson::String("c".into())), 1 => tree.clone()]);
    (first, vec((select(FIELDS), tree), 0..5)).prop_map(|((name, first), fields)| {
        let rest = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
        std::iter::once((name.to_owned(), first)).chain(rest).collect()
    })
}
