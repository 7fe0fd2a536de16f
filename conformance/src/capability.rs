//! What a backend does not claim, it refuses; what it claims, it does.

use bson::{Document, doc};
use odm_core::{
    Aggregate, Collation, Collection, CreateCollection, CreateIndexes, Database, Error, Find,
    Index, Pipeline, Projection, SessionOptions, Update, UpdateBatch, UpdateStatement, Watch,
};

use crate::case::{Case, Failure, Outcome, cases};
use crate::check::{filled, trees};

pub(crate) const FAMILIES: &[&[Case]] = &[CASES];

cases! { "capability":
    aggregation_is_claimed_or_refused,
    collation_is_claimed_or_refused,
    text_search_is_claimed_or_refused,
    geospatial_is_claimed_or_refused,
    javascript_is_claimed_or_refused,
    json_schema_is_claimed_or_refused,
    bitwise_is_claimed_or_refused,
    positional_updates_are_claimed_or_refused,
    push_modifiers_are_claimed_or_refused,
    projection_operators_are_claimed_or_refused,
    sparse_indexes_are_claimed_or_refused,
    partial_indexes_are_claimed_or_refused,
    ttl_indexes_are_claimed_or_refused,
    special_indexes_are_claimed_or_refused,
    capped_collections_are_claimed_or_refused,
    validators_are_claimed_or_refused,
    views_are_claimed_or_refused,
    sessions_are_claimed_or_refused,
    transactions_are_claimed_or_refused,
    change_streams_are_claimed_or_refused,
    rare_options_are_taken_or_refused,
}

/// Whether what was tried was done, if claimed, or refused as unsupported, if not. A wrong answer is neither.
fn judge<T>(what: &str, claimed: bool, result: Result<T, Error>) -> Outcome {
    match (claimed, result) {
        (true, Ok(_)) | (false, Err(Error::Unsupported { .. })) => Ok(()),
        (true, Err(error)) => Err(Failure::new(format!("{what} is claimed, but: {error}"))),
        (false, Err(error)) => {
            Err(Failure::new(format!("{what} is not claimed, but fails with: {error}")))
        }
        (false, Ok(_)) => Err(Failure::new(format!("{what} is not claimed, but is not refused"))),
    }
}

/// Some documents to try things on: an engine may not notice what it cannot do until it reads one.
async fn sample(db: &Database) -> Result<Collection, Failure> {
    let docs = [
        doc! { "_id": 1, "a": 5, "s": "text", "l": [1, 2], "at": [1.0, 2.0] },
        doc! { "_id": 2, "a": 6, "s": "Text", "l": [{ "x": 1 }], "at": [3.0, 4.0] },
    ];
    filled(db, &docs).await
}

async fn found(collection: &Collection, filter: Document) -> Result<Vec<Document>, Error> {
    trees(&collection.find(filter).await?.collect().await?)
}

async fn ran(collection: &Collection, find: Find) -> Result<Vec<Document>, Error> {
    trees(&collection.execute(find).await?.collect().await?)
}

async fn aggregation_is_claimed_or_refused(db: Database) -> Outcome {
    let (claimed, collection) = (db.capabilities().aggregation, sample(&db).await?);
    let stages = [bson::bson!({ "$group": { "_id": null, "n": { "$sum": "$a" } } })];
    let aggregate = Aggregate { pipeline: Pipeline::parse(&stages)?, ..Aggregate::default() };
    judge("$group", claimed, collection.execute(aggregate).await)?;
    judge("$expr", claimed, found(&collection, doc! { "$expr": { "$eq": ["$a", 5] } }).await)?;
    let projection = Some(Projection::from(doc! { "b": { "$add": ["$a", 1] } }));
    let find = Find { projection, ..Find::default() };
    judge("a computed field", claimed, ran(&collection, find).await)?;
    let pipeline = Update::from(Pipeline::parse(&[bson::bson!({ "$set": { "b": "$a" } })])?);
    let batch = UpdateBatch::new(vec![UpdateStatement::one(doc! {}, pipeline)]);
    judge("a pipeline update", claimed, collection.execute(batch).await)
}

async fn collation_is_claimed_or_refused(db: Database) -> Outcome {
    let (claimed, collection) = (db.capabilities().collation, sample(&db).await?);
    let collation = Collation { strength: Some(2), ..Collation::locale("en") };
    let filter = doc! { "s": "TEXT" };
    let find =
        Find { filter: filter.into(), collation: Some(collation.clone()), ..Find::default() };
    judge("a find's collation", claimed, ran(&collection, find).await)?;
    let index = Index { collation: Some(collation.clone()), ..Index::asc("s") };
    judge("an index's collation", claimed, collection.create_index(index).await)?;
    let options = CreateCollection { collation: Some(collation), ..CreateCollection::default() };
    judge("a collection's collation", claimed, db.create_collection("d", options).await)?;
    // Comparison by bytes is what everybody does.
    let simple = Some(Collation::locale("simple"));
    let find = Find { filter: doc! { "s": "text" }.into(), collation: simple, ..Find::default() };
    judge("the simple collation", true, ran(&collection, find).await)
}

async fn text_search_is_claimed_or_refused(db: Database) -> Outcome {
    let (claimed, collection) = (db.capabilities().text_search, sample(&db).await?);
    let index = Index::default().then("s", odm_core::IndexKind::Text);
    judge("a text index", claimed, collection.create_index(index).await)?;
    judge("$text", claimed, found(&collection, doc! { "$text": { "$search": "text" } }).await)
}

async fn geospatial_is_claimed_or_refused(db: Database) -> Outcome {
    let (claimed, collection) = (db.capabilities().geospatial, sample(&db).await?);
    let within = doc! { "at": { "$geoWithin": { "$box": [[0, 0], [2, 2]] } } };
    judge("$geoWithin", claimed, found(&collection, within).await)?;
    for kind in [odm_core::IndexKind::Geo2d, odm_core::IndexKind::Geo2dSphere] {
        let index = Index::default().then("at", kind);
        judge("a geospatial index", claimed, collection.create_index(index).await)?;
    }
    let near = doc! { "at": { "$near": [1.0, 2.0], "$maxDistance": 10 } };
    judge("$near", claimed, found(&collection, near).await)
}

async fn javascript_is_claimed_or_refused(db: Database) -> Outcome {
    let (claimed, collection) = (db.capabilities().javascript, sample(&db).await?);
    judge("$where", claimed, found(&collection, doc! { "$where": "this.a == 5" }).await)
}

async fn json_schema_is_claimed_or_refused(db: Database) -> Outcome {
    let (claimed, collection) = (db.capabilities().json_schema, sample(&db).await?);
    let filter = doc! { "$jsonSchema": { "required": ["a"] } };
    judge("$jsonSchema", claimed, found(&collection, filter).await)
}

async fn bitwise_is_claimed_or_refused(db: Database) -> Outcome {
    let (claimed, collection) = (db.capabilities().bitwise, sample(&db).await?);
    judge("$bitsAllSet", claimed, found(&collection, doc! { "a": { "$bitsAllSet": 1 } }).await)?;
    let update = doc! { "$bit": { "a": { "or": 2 } } };
    judge("$bit", claimed, collection.update_one(doc! {}, update).await)
}

async fn positional_updates_are_claimed_or_refused(db: Database) -> Outcome {
    let (claimed, collection) = (db.capabilities().positional_updates, sample(&db).await?);
    let update = doc! { "$set": { "l.$": 9 } };
    judge("$", claimed, collection.update_one(doc! { "l": 2 }, update).await)?;
    let update = doc! { "$set": { "l.$[]": 9 } };
    judge("$[]", claimed, collection.update_one(doc! {}, update).await)?;
    let statement = UpdateStatement {
        array_filters: vec![doc! { "e": 9 }],
        ..UpdateStatement::one(doc! {}, doc! { "$set": { "l.$[e]": 8 } })
    };
    judge("$[e]", claimed, collection.execute(UpdateBatch::new(vec![statement])).await)
}

async fn push_modifiers_are_claimed_or_refused(db: Database) -> Outcome {
    let (claimed, collection) = (db.capabilities().push_modifiers, sample(&db).await?);
    for (name, modifier) in [("$slice", -2), ("$sort", 1), ("$position", 0)] {
        let update = doc! { "$push": { "l": { "$each": [3], name: modifier } } };
        judge(name, claimed, collection.update_one(doc! { "_id": 1 }, update).await)?;
    }
    Ok(())
}

async fn projection_operators_are_claimed_or_refused(db: Database) -> Outcome {
    let (claimed, collection) = (db.capabilities().projection_operators, sample(&db).await?);
    for projection in [
        doc! { "l": { "$slice": 1 } },
        doc! { "l": { "$elemMatch": { "$gt": 1 } } },
        doc! { "l.$": 1 },
    ] {
        let what = crate::show(&projection);
        let projection = Some(projection.into());
        let find = Find { filter: doc! { "l": 2 }.into(), projection, ..Find::default() };
        judge(&what, claimed, ran(&collection, find).await)?;
    }
    Ok(())
}

async fn creating_index(db: &Database, what: &str, claimed: bool, index: Document) -> Outcome {
    let indexes = vec![Index::parse(&index)?];
    let request = CreateIndexes { indexes, ..CreateIndexes::default() };
    judge(what, claimed, sample_or_existing(db).await?.execute(request).await)
}

async fn sample_or_existing(db: &Database) -> Result<Collection, Failure> {
    let collection = db.collection("c");
    if collection.estimated_count().await? == 0 { sample(db).await } else { Ok(collection) }
}

async fn sparse_indexes_are_claimed_or_refused(db: Database) -> Outcome {
    let sparse = doc! { "key": { "a": 1 }, "name": "sparse", "sparse": true };
    creating_index(&db, "a sparse index", db.capabilities().sparse_indexes, sparse).await
}

async fn partial_indexes_are_claimed_or_refused(db: Database) -> Outcome {
    let claimed = db.capabilities().partial_indexes;
    let partial = doc! {
        "key": { "b": 1 }, "name": "partial", "partialFilterExpression": { "a": { "$gt": 1 } },
    };
    creating_index(&db, "a partial index", claimed, partial).await
}

async fn ttl_indexes_are_claimed_or_refused(db: Database) -> Outcome {
    let index = doc! { "key": { "a": 1 }, "name": "ttl", "expireAfterSeconds": 3600 };
    creating_index(&db, "an expiring index", db.capabilities().ttl_indexes, index).await
}

async fn special_indexes_are_claimed_or_refused(db: Database) -> Outcome {
    let claimed = db.capabilities().special_indexes;
    let hashed = doc! { "key": { "a": "hashed" }, "name": "hashed" };
    creating_index(&db, "a hashed index", claimed, hashed).await?;
    let wildcard = doc! { "key": { "$**": 1 }, "name": "wildcard" };
    creating_index(&db, "a wildcard index", claimed, wildcard).await
}

async fn capped_collections_are_claimed_or_refused(db: Database) -> Outcome {
    let claimed = db.capabilities().capped_collections;
    let options =
        CreateCollection { capped: true, size: Some(4096), ..CreateCollection::default() };
    judge("a capped collection", claimed, db.create_collection("d", options).await)
}

async fn validators_are_claimed_or_refused(db: Database) -> Outcome {
    let claimed = db.capabilities().validators;
    let validator = Some(doc! { "a": { "$gt": 1 } });
    let options = CreateCollection { validator, ..CreateCollection::default() };
    judge("a validator", claimed, db.create_collection("d", options).await)
}

async fn views_are_claimed_or_refused(db: Database) -> Outcome {
    let claimed = db.capabilities().views;
    sample(&db).await?;
    let options = CreateCollection {
        view_on: Some("c".to_owned()),
        pipeline: Some(Pipeline::parse(&[])?),
        ..CreateCollection::default()
    };
    judge("a view", claimed, db.create_collection("v", options).await)
}

async fn sessions_are_claimed_or_refused(db: Database) -> Outcome {
    let session = db.start_session(SessionOptions::default()).await;
    judge("a session", db.capabilities().sessions, session)
}

async fn transactions_are_claimed_or_refused(db: Database) -> Outcome {
    judge("a transaction", db.capabilities().transactions, db.begin().await)
}

async fn change_streams_are_claimed_or_refused(db: Database) -> Outcome {
    let claimed = db.capabilities().change_streams;
    let collection = sample(&db).await?;
    judge("a change stream", claimed, collection.execute(Watch::default()).await)
}

/// Options that change the answer are obeyed or refused; they are never ignored.
async fn rare_options_are_taken_or_refused(db: Database) -> Outcome {
    let collection = sample(&db).await?;
    collection.create_index(Index::asc("a")).await?;
    let hint = Some(doc! { "a": 1 }.into());
    let all = Find { hint, ..Find::default() };
    let tries: [(&str, Find, Vec<Document>); 3] = [
        (
            "min",
            Find { min: Some(doc! { "a": 6 }), ..all.clone() },
            vec![doc! { "_id": 2, "a": 6, "s": "Text", "l": [{ "x": 1 }], "at": [3.0, 4.0] }],
        ),
        (
            "max",
            Find { max: Some(doc! { "a": 6 }), ..all.clone() },
            vec![doc! { "_id": 1, "a": 5, "s": "text", "l": [1, 2], "at": [1.0, 2.0] }],
        ),
        ("returnKey", Find { return_key: true, ..all }, vec![doc! { "a": 5 }, doc! { "a": 6 }]),
    ];
    for (what, find, expected) in tries {
        match ran(&collection, find).await {
            Ok(found) => crate::check::expect_docs(what, &found, &expected)?,
            Err(Error::Unsupported { .. }) => {}
            Err(error) => return Err(Failure::new(format!("{what}: {error}"))),
        }
    }
    Ok(())
}
