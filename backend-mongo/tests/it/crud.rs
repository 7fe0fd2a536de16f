//! What each operation gives back.

use bson::{Bson, RawDocumentBuf, doc, rawdoc};
use odm_core::{
    Aggregate, BulkOp, BulkWrite, Collation, Count, CreateCollection, CreateIndexes, DeleteBatch,
    DeleteStatement, Distinct, DropIndexes, Error, ErrorCode, Find, FindAndModify, Hint, Index,
    Insert, ListCollections, ListDatabases, Modification, Namespace, OpCx, Pipeline, Projection,
    RenameCollection, Sort, Stage, Update, UpdateBatch, UpdateStatement,
};

use crate::support::{assert_same, documents, with_database, write_failure};

#[tokio::test]
async fn insert() {
    with_database("insert", |db| async move {
        let c = db.collection("c");
        let request = Insert::new(vec![rawdoc! { "a": 1 }, rawdoc! { "a": 2, "_id": "x" }]);
        let done = c.execute(request).await.unwrap();
        assert!(matches!(done.inserted_ids[0], Bson::ObjectId(_)));
        assert_eq!(done.inserted_ids[1], Bson::String("x".to_owned()));
        let stored = documents(c.find(doc! {}).await.unwrap()).await;
        assert_same(&stored[0], &doc! { "_id": done.inserted_ids[0].clone(), "a": 1 });
        assert_same(&stored[1], &doc! { "_id": "x", "a": 2 });

        let error = c.execute(Insert::new(Vec::new())).await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::INVALID_LENGTH));
        let failure = write_failure(c.insert_one(&doc! { "_id": [1] }).await.unwrap_err());
        assert_eq!(failure.write_errors[0].code, ErrorCode::INVALID_ID_FIELD);
    })
    .await;
}

/// More bytes and more documents than one command takes.
#[tokio::test]
async fn insert_more_than_a_command_takes() {
    with_database("insert_large", |db| async move {
        let c = db.collection("large");
        let large = |id: i32| rawdoc! { "_id": id, "s": "x".repeat(5 * 1024 * 1024) };
        let too_large = rawdoc! { "_id": 99, "s": "x".repeat(16 * 1024 * 1024) };
        let request = Insert::new((0..7).map(large).collect());
        assert_eq!(c.execute(request).await.unwrap().inserted_ids.len(), 7);
        assert_eq!(c.count(doc! {}).await.unwrap(), 7);

        let mixed = |ordered| Insert {
            ordered,
            ..Insert::new(vec![
                rawdoc! { "_id": 10 },
                too_large.clone(),
                rawdoc! { "_id": 0 },
                rawdoc! { "_id": 11 },
            ])
        };
        for (ordered, failed, inserted) in
            [(true, vec![(1, 2)], 1), (false, vec![(1, 2), (2, 11000)], 2)]
        {
            c.execute(DeleteBatch::new(vec![DeleteStatement::many(
                doc! { "_id": { "$gte": 10 } },
            )]))
            .await
            .unwrap();
            let failure = write_failure(c.execute(mixed(ordered)).await.unwrap_err());
            let found: Vec<_> =
                failure.write_errors.iter().map(|error| (error.index, error.code.0)).collect();
            assert_eq!(found, failed);
            assert_eq!(failure.done.inserted, inserted);
        }

        let c = db.collection("many");
        let request = Insert::new((0..100_003).map(|n| rawdoc! { "_id": n }).collect());
        c.execute(request).await.unwrap();
        assert_eq!(c.count(doc! {}).await.unwrap(), 100_003);
    })
    .await;
}

#[tokio::test]
async fn update_and_delete() {
    with_database("update", |db| async move {
        let c = db.collection("c");
        c.insert_many(&[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 1 }]).await.unwrap();

        let upsert = UpdateStatement {
            upsert: true,
            ..UpdateStatement::one(doc! { "_id": 9 }, doc! { "$set": { "a": 9 } })
        };
        let statements = vec![
            UpdateStatement::many(doc! { "a": 1 }, doc! { "$set": { "a": 2 } }),
            UpdateStatement::one(doc! { "_id": 1 }, doc! { "$set": { "a": 2 } }),
            upsert,
            UpdateStatement::one(doc! { "_id": 404 }, doc! { "$set": { "a": 2 } }),
        ];
        let done = c.execute(UpdateBatch::new(statements)).await.unwrap();
        assert_eq!((done.matched, done.modified), (3, 2));
        assert_eq!(done.upserted.len(), 1);
        assert_eq!((done.upserted[0].index, &done.upserted[0].id), (2, &Bson::Int32(9)));

        let replacement = Update::Replacement(rawdoc! { "z": 1, "b": { "c": [1, 2] } });
        c.update_one(doc! { "_id": 2 }, replacement).await.unwrap();
        let stored = c.find_one(doc! { "_id": 2 }).await.unwrap().unwrap();
        assert_same(&stored, &doc! { "_id": 2, "z": 1, "b": { "c": [1, 2] } });

        let filters = UpdateStatement {
            array_filters: vec![doc! { "e": { "$gt": 1 } }],
            collation: Some(Collation::locale("en")),
            hint: Some(Hint::Keys(doc! { "_id": 1 })),
            ..UpdateStatement::one(doc! { "_id": 2 }, doc! { "$inc": { "b.c.$[e]": 10 } })
        };
        c.execute(UpdateBatch::new(vec![filters])).await.unwrap();
        let stored = c.find_one(doc! { "_id": 2 }).await.unwrap().unwrap();
        assert_same(&stored, &doc! { "_id": 2, "z": 1, "b": { "c": [1, 12] } });

        let pipeline = Update::Pipeline(vec![Stage::new("$set", doc! { "n": "$$x" })].into());
        let batch = UpdateBatch {
            let_vars: Some(doc! { "x": 5 }),
            ..UpdateBatch::new(vec![UpdateStatement::one(doc! { "_id": 9 }, pipeline)])
        };
        assert_eq!(c.execute(batch).await.unwrap().modified, 1);
        assert_eq!(c.count(doc! { "n": 5 }).await.unwrap(), 1);

        let failing = vec![
            UpdateStatement::one(doc! { "_id": 1 }, doc! { "$set": { "b": 1 } }),
            UpdateStatement::one(doc! { "_id": 1 }, doc! { "$inc": { "b.c": 1 } }),
            UpdateStatement::one(doc! { "_id": 1 }, doc! { "$set": { "b": 3 } }),
        ];
        let failure = write_failure(c.execute(UpdateBatch::new(failing)).await.unwrap_err());
        assert_eq!(failure.write_errors.len(), 1);
        assert_eq!(failure.write_errors[0].index, 1);
        assert_eq!(failure.write_errors[0].code, ErrorCode::PATH_NOT_VIABLE);
        assert_eq!((failure.done.matched, failure.done.modified), (1, 1));

        assert_eq!(c.delete_one(doc! {}).await.unwrap().deleted, 1);
        assert_eq!(c.delete_many(doc! {}).await.unwrap().deleted, 2);
    })
    .await;
}

#[tokio::test]
async fn find_and_modify() {
    with_database("find_and_modify", |db| async move {
        let c = db.collection("c");
        c.insert_many(&[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 2 }]).await.unwrap();
        let request = |filter, upsert, return_new| {
            let update = Update::from(doc! { "$inc": { "a": 10 } });
            FindAndModify {
                modification: Modification::Update {
                    update,
                    array_filters: Vec::new(),
                    upsert,
                    return_new,
                },
                sort: Sort::desc("a"),
                ..FindAndModify::remove(filter)
            }
        };
        let done = c.execute(request(doc! {}, false, false)).await.unwrap();
        assert_same(&done.value.unwrap().to_document().unwrap(), &doc! { "_id": 2, "a": 2 });
        assert_eq!((done.n, done.updated_existing, done.upserted), (1, true, None));

        let done = c.execute(request(doc! { "_id": 7 }, true, true)).await.unwrap();
        assert_same(&done.value.unwrap().to_document().unwrap(), &doc! { "_id": 7, "a": 10 });
        assert_eq!(
            (done.n, done.updated_existing, done.upserted),
            (1, false, Some(Bson::Int32(7)))
        );

        let done = c.execute(request(doc! { "_id": 404 }, false, true)).await.unwrap();
        assert_eq!((done.n, done.updated_existing, done.value), (0, false, None));

        let replacement = Update::Replacement(rawdoc! { "b": 1 });
        let replace = FindAndModify {
            projection: Some(Projection::Raw(doc! { "_id": 0 })),
            ..FindAndModify::update(doc! { "_id": 1 }, replacement)
        };
        let before = c.find_and_modify(replace).await.unwrap().unwrap().to_document().unwrap();
        assert_same(&before, &doc! { "a": 1 });

        let done = c.execute(FindAndModify::remove(doc! { "_id": 1 })).await.unwrap();
        assert_same(&done.value.unwrap().to_document().unwrap(), &doc! { "_id": 1, "b": 1 });
        assert_eq!((done.n, done.updated_existing), (1, false));
        let done = c.execute(FindAndModify::remove(doc! { "_id": 1 })).await.unwrap();
        assert_eq!((done.n, done.value), (0, None));
    })
    .await;
}

#[tokio::test]
async fn queries() {
    with_database("queries", |db| async move {
        let c = db.collection("c");
        let documents_of =
            |n: i32| doc! { "_id": n, "n": n % 5, "s": if n % 2 == 0 { "Even" } else { "odd" } };
        c.insert_many(&(0..20).map(documents_of).collect::<Vec<_>>()).await.unwrap();
        c.create_index(Index::asc("n")).await.unwrap();

        let find = Find {
            filter: doc! { "$expr": { "$gte": ["$n", "$$low"] } }.into(),
            let_vars: Some(doc! { "low": 3 }),
            projection: Some(Projection::Raw(doc! { "n": 1, "_id": 0 })),
            sort: Sort::desc("n").then(Sort::asc("_id")),
            skip: 3,
            limit: 2,
            hint: Some(Hint::Name("n_1".to_owned())),
            max_time: Some(std::time::Duration::from_secs(5)),
            comment: Some("a note".into()),
            allow_disk_use: Some(true),
            batch_size: Some(1),
            ..Find::default()
        };
        let found = documents(c.execute(find).await.unwrap()).await;
        assert_eq!(found.len(), 2);
        assert_same(&found[0], &doc! { "n": 4 });
        assert_same(&found[1], &doc! { "n": 3 });

        let bounded = Find {
            hint: Some(Hint::Keys(doc! { "n": 1 })),
            min: Some(doc! { "n": 3 }),
            max: Some(doc! { "n": 4 }),
            return_key: true,
            ..Find::default()
        };
        let found = documents(c.execute(bounded).await.unwrap()).await;
        assert_eq!(found.len(), 4);
        assert_same(&found[0], &doc! { "n": 3 });

        let error = c.find(doc! { "$nope": 1 }).await.unwrap_err();
        assert_eq!((error.code(), error.code_name().as_deref()), (Some(2), Some("BadValue")));
        let hint = Find { hint: Some("nope".into()), ..Find::default() };
        assert_eq!(c.execute(hint).await.unwrap_err().code(), Some(2));

        for (request, expected) in [
            (Count::default(), 20),
            (Count { filter: doc! { "n": 1 }.into(), ..Count::default() }, 4),
            (Count { skip: 15, ..Count::default() }, 5),
            (Count { limit: 3, ..Count::default() }, 3),
            (Count { skip: 100, ..Count::default() }, 0),
            (Count { estimated: true, ..Count::default() }, 20),
            (
                Count {
                    filter: doc! { "s": "EVEN" }.into(),
                    collation: Some(Collation { strength: Some(2), ..Collation::locale("en") }),
                    hint: Some(Hint::Keys(doc! { "_id": 1 })),
                    ..Count::default()
                },
                10,
            ),
        ] {
            let shown = format!("{request:?}");
            assert_eq!(c.execute(request).await.unwrap(), expected, "{shown}");
        }
        assert_eq!(db.collection("missing").count(doc! {}).await.unwrap(), 0);
        assert_eq!(db.collection("missing").estimated_count().await.unwrap(), 0);

        let distinct =
            Distinct { filter: doc! { "_id": { "$lt": 3 } }.into(), ..Distinct::new("n") };
        let values: Vec<_> = [0, 1, 2].map(Bson::Int32).to_vec();
        assert_eq!(c.execute(distinct).await.unwrap(), values);

        let group = doc! { "_id": "$s", "n": { "$sum": 1 } };
        let pipeline =
            Pipeline::new().stage(Stage::new("$group", group)).stage(Stage::sort(Sort::asc("_id")));
        let found = documents(c.aggregate(pipeline).await.unwrap()).await;
        assert_same(&found[0], &doc! { "_id": "Even", "n": 10 });

        let out =
            Pipeline::new().stage(Stage::match_(doc! { "n": 1 })).stage(Stage::new("$out", "copy"));
        assert!(documents(c.aggregate(out).await.unwrap()).await.is_empty());
        assert_eq!(db.collection("copy").count(doc! {}).await.unwrap(), 4);

        let on_database = Aggregate {
            pipeline: vec![Stage::new("$documents", bson::bson!([{ "x": 1 }]))].into(),
            ..Aggregate::default()
        };
        let ns = Namespace::of_database(db.name());
        let found = db.execute(&ns, on_database, OpCx::default()).await.unwrap();
        assert_same(&documents(found).await[0], &doc! { "x": 1 });
    })
    .await;
}

#[tokio::test]
async fn catalog() {
    with_database("catalog", |db| async move {
        let validator = doc! { "$jsonSchema": { "bsonType": "object", "required": ["name"] } };
        let options =
            CreateCollection { validator: Some(validator), ..CreateCollection::default() };
        db.create_collection("people", options).await.unwrap();
        let again = db.create_collection("people", CreateCollection::default()).await;
        // The same name with other options.
        assert_eq!(again.unwrap_err().error_code(), Some(ErrorCode::NAMESPACE_EXISTS));
        let capped = CreateCollection {
            capped: true,
            size: Some(4096),
            max: Some(3),
            ..CreateCollection::default()
        };
        db.create_collection("capped", capped).await.unwrap();
        let extra = CreateCollection {
            extra: doc! { "timeseries": { "timeField": "at" } },
            ..CreateCollection::default()
        };
        db.create_collection("series", extra).await.unwrap();
        let view = CreateCollection {
            view_on: Some("people".to_owned()),
            pipeline: Some(vec![Stage::match_(doc! { "a": 1 })].into()),
            ..CreateCollection::default()
        };
        db.create_collection("view", view).await.unwrap();

        let people = db.collection("people");
        let error = people.insert_one(&doc! { "_id": 1 }).await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::DOCUMENT_VALIDATION_FAILURE));
        let info = error.details().unwrap().get_document("errInfo").unwrap();
        assert_eq!(info.get_i32("failingDocumentId").unwrap(), 1);
        let bypass =
            Insert { bypass_document_validation: true, ..Insert::new(vec![rawdoc! { "_id": 1 }]) };
        people.execute(bypass).await.unwrap();
        let write = db.collection("view").insert_one(&doc! { "name": "x" }).await.unwrap_err();
        assert_eq!(write.error_code(), Some(ErrorCode::COMMAND_NOT_SUPPORTED_ON_VIEW));

        let filter = doc! { "name": "capped" }.into();
        let listed = ListCollections { filter, ..ListCollections::default() };
        let ns = Namespace::of_database(db.name());
        let listed = db.execute(&ns, listed, OpCx::default()).await.unwrap();
        let listed = documents(listed).await;
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].get_document("options").unwrap().get_i32("max").unwrap(), 3);

        let rename =
            |to: &str| RenameCollection { to: db.namespace(to.to_owned()), drop_target: false };
        people.execute(rename("folk")).await.unwrap();
        let error = people.execute(rename("folk")).await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::NAMESPACE_NOT_FOUND));
        let error = db.collection("folk").execute(rename("capped")).await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::NAMESPACE_EXISTS));

        people.drop().await.unwrap();
        db.collection("folk").drop().await.unwrap();
        assert!(!db.list_collection_names().await.unwrap().contains(&"folk".to_owned()));

        let filter = doc! { "name": db.name() }.into();
        let request = ListDatabases { filter, ..ListDatabases::default() };
        let found = db.execute(&ns, request, OpCx::default()).await.unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].contains_key("sizeOnDisk"), "{}", found[0]);
    })
    .await;
}

#[tokio::test]
async fn indexes() {
    with_database("indexes", |db| async move {
        let c = db.collection("c");
        let collation = Collation { strength: Some(2), ..Collation::locale("en") };
        let indexes = vec![
            Index { collation: Some(collation), ..Index::asc("a").unique() },
            Index::desc("b").named("by_b").sparse(),
        ];
        let request = CreateIndexes { indexes, comment: Some("c".into()) };
        let done = c.execute(request.clone()).await.unwrap();
        assert_eq!(done.names, ["a_1", "by_b"]);
        assert_eq!(
            (done.indexes_before, done.indexes_after, done.created_collection),
            (1, 3, true)
        );
        let done = c.execute(request).await.unwrap();
        assert_eq!(
            (done.indexes_before, done.indexes_after, done.created_collection),
            (3, 3, false)
        );

        // Also what no option of ours names: the version of the collation.
        let listed = c.list_indexes().await.unwrap();
        let names: Vec<_> = listed.iter().map(|spec| spec.get_str("name").unwrap()).collect();
        assert_eq!(names, ["_id_", "a_1", "by_b"]);
        assert!(listed[1].get_document("collation").unwrap().contains_key("version"));

        c.drop_index("by_b").await.unwrap();
        let error = c.drop_index("by_b").await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::INDEX_NOT_FOUND));
        let error = c.drop_index("_id_").await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::INVALID_OPTIONS));
        c.execute(DropIndexes::Keys(doc! { "a": 1 })).await.unwrap();
        c.execute(DropIndexes::All).await.unwrap();
        assert_eq!(c.list_indexes().await.unwrap().len(), 1);
        let error = db.collection("missing").list_indexes().await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::NAMESPACE_NOT_FOUND));
    })
    .await;
}

#[tokio::test]
async fn bulk_write() {
    with_database("bulk_write", |db| async move {
        let (a, b) = (db.namespace("a"), db.namespace("b"));
        let bulk = |ordered| BulkWrite {
            writes: vec![
                (a.clone(), BulkOp::Insert(rawdoc! { "_id": 1 })),
                (b.clone(), BulkOp::Insert(rawdoc! { "_id": 1 })),
                (a.clone(), BulkOp::Insert(rawdoc! { "_id": 1 })),
                (
                    b.clone(),
                    BulkOp::Update(UpdateStatement::one(
                        doc! { "_id": 1 },
                        doc! { "$set": { "n": 1 } },
                    )),
                ),
                (a.clone(), BulkOp::Delete(DeleteStatement::one(doc! { "_id": 1 }))),
            ],
            ordered,
            ..BulkWrite::default()
        };
        let ns = Namespace::of_database(db.name());
        let failure =
            write_failure(db.execute(&ns, bulk(true), OpCx::default()).await.unwrap_err());
        assert_eq!(failure.write_errors.len(), 1);
        assert_eq!((failure.write_errors[0].index, failure.done.inserted), (2, 2));
        db.drop().await.unwrap();
        let failure =
            write_failure(db.execute(&ns, bulk(false), OpCx::default()).await.unwrap_err());
        assert_eq!(failure.write_errors[0].index, 2);
        let done = failure.done;
        assert_eq!((done.inserted, done.modified, done.deleted), (2, 1, 1));
    })
    .await;
}

#[tokio::test]
async fn run_command() {
    with_database("run_command", |db| async move {
        let reply = db.run_command(doc! { "ping": 1 }).await.unwrap();
        assert_eq!(reply.get_f64("ok").unwrap(), 1.0);
        let error = db.run_command(doc! { "noSuchCommand": 1 }).await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::COMMAND_NOT_FOUND));
        // What failed inside a reply with `ok: 1` stays there.
        let insert = doc! { "insert": "c", "documents": [{ "_id": 1 }, { "_id": 1 }] };
        let reply = db.run_command(insert).await.unwrap();
        assert_eq!(reply.get_array("writeErrors").unwrap().len(), 1);
        assert!(db.run_command(doc! {}).await.is_err());
    })
    .await;
}

/// A field name that no BSON document can hold does not reach the server, and does not panic.
#[tokio::test]
async fn names_with_a_zero_byte() {
    with_database("zero_byte", |db| async move {
        let c = db.collection("c");
        for filter in [doc! { "a\0b": 1 }, doc! { "a": { "x\0": 1 } }] {
            let error = c.find(filter.clone()).await.unwrap_err();
            assert!(matches!(error, Error::Encode { .. }), "{error:?}");
            let error = c.delete_one(filter).await.unwrap_err();
            assert!(matches!(error, Error::Encode { .. }), "{error:?}");
        }
    })
    .await;
}

/// Bytes that are no BSON document: refused by us or by the server, and the connection lives on.
#[tokio::test]
async fn broken_documents() {
    with_database("broken", |db| async move {
        let c = db.collection("c");
        // The frames are right; the element `a` has a type that there is not.
        let bytes = |fields: &[u8]| {
            let length = u8::try_from(fields.len() + 5).unwrap();
            let bytes = [&[length, 0, 0, 0], fields, &[0]].concat();
            RawDocumentBuf::from_bytes(bytes).unwrap()
        };
        let at_once = bytes(&[0x7e, b'a', 0]);
        let behind_id = bytes(b"\x10_id\0\x01\0\0\0\x7ea\0");
        for broken in [&at_once, &behind_id] {
            let error = c.execute(Insert::new(vec![broken.clone()])).await.unwrap_err();
            assert_eq!(error.error_code(), Some(ErrorCode::INVALID_BSON), "{error:?}");
            let replacement = Update::Replacement(broken.clone());
            let error = c.update_one(doc! {}, replacement).await.unwrap_err();
            assert_eq!(error.error_code(), Some(ErrorCode::INVALID_BSON), "{error:?}");
        }
        assert_eq!(c.count(doc! {}).await.unwrap(), 0);
    })
    .await;
}

/// A limit under a millisecond is a limit: to the server, 0 is none.
#[tokio::test]
async fn a_short_time_limit() {
    with_database("max_time", |db| async move {
        let c = db.collection("c");
        c.insert_one(&doc! { "_id": 1 }).await.unwrap();
        let find = Find {
            filter: doc! { "$where": "sleep(200) || true" }.into(),
            max_time: Some(std::time::Duration::from_micros(300)),
            ..Find::default()
        };
        let error = c.execute(find).await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::MAX_TIME_MS_EXPIRED));
    })
    .await;
}
