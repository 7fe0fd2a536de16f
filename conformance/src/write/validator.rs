//! Validators: what is refused with 121, and how.

use bson::{Document, doc};
use odm_core::{CreateCollection, Database};

use crate::case::{Outcome, cases};
use crate::check::{Has, Refused, check_commands, expect_code, expect_eq};

cases! { "write::validator":
    writes_of_every_kind_are_refused needs(validators),
    the_error_tells_why needs(validators),
    the_error_tells_which_rules_of_a_schema needs(validators, json_schema),
    bypassing needs(validators),
    levels_and_actions needs(validators),
    changing_the_validator needs(validators),
    validators_are_listed needs(validators),
    malformed_validators needs(validators),
}

async fn with_validator(db: &Database, validator: Document) -> Outcome {
    let options = CreateCollection { validator: Some(validator), ..CreateCollection::default() };
    Ok(db.create_collection("c", options).await?)
}

fn insert(doc: Document) -> Document {
    doc! { "insert": "c", "documents": [doc] }
}

fn update(q: Document, u: Document) -> Document {
    doc! { "update": "c", "updates": [{ "q": q, "u": u }] }
}

async fn writes_of_every_kind_are_refused(db: Database) -> Outcome {
    with_validator(&db, doc! { "a": { "$gt": 0 } }).await?;
    let upsert = doc! { "q": { "_id": 5 }, "u": { "$set": { "a": 0 } }, "upsert": true };
    check_commands(&db, &[
        (insert(doc! { "_id": 1, "a": 1 }), Has(doc! { "n": 1 })),
        (insert(doc! { "_id": 2, "a": 0 }), Refused(121)),
        (insert(doc! { "_id": 1, "a": 0 }), Refused(121)),
        (update(doc! { "_id": 1 }, doc! { "$set": { "a": 0 } }), Refused(121)),
        (update(doc! { "_id": 1 }, doc! { "a": "x" }), Refused(121)),
        (doc! { "update": "c", "updates": [upsert] }, Refused(121)),
        (doc! { "findAndModify": "c", "query": { "_id": 1 }, "update": { "$inc": { "a": -1 } } }, Refused(121)),
        (doc! { "findAndModify": "c", "query": { "_id": 7 }, "update": { "a": 0 }, "upsert": true }, Refused(121)),
        (update(doc! { "_id": 1 }, doc! { "$set": { "a": 1 } }), Has(doc! { "nModified": 0 })),
        (
            doc! { "insert": "c", "documents": [{ "_id": 2 }, { "_id": 3, "a": 3 }, { "_id": 4, "a": "x" }], "ordered": false },
            Has(doc! { "n": 1 }),
        ),
        (doc! { "count": "c" }, Has(doc! { "n": 2 })),
        (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, Has(doc! { "n": 2 })),
    ])
    .await
}

/// What is told of a document that a validator refuses.
async fn check_info(
    db: &Database,
    validator: Document,
    doc: Document,
    details: Document,
) -> Outcome {
    with_validator(db, validator).await?;
    let collection = db.collection("c");
    let error = match collection.insert_one(&doc).await {
        Err(odm_core::Error::Write(failure)) => failure.write_errors[0].clone(),
        other => return Err(crate::Failure::new(format!("not refused: {other:?}"))),
    };
    expect_eq("the code", &error.code.0, &121)?;
    let info = doc! { "failingDocumentId": 1, "details": details };
    let told = error.details.get_document("errInfo").cloned().unwrap_or_default();
    expect_eq("errInfo", &crate::show(&told), &crate::show(&info))?;
    Ok(collection.drop().await?)
}

async fn the_error_tells_why(db: Database) -> Outcome {
    check_info(&db, doc! { "a": { "$gt": 1 } }, doc! { "_id": 1, "a": [0, "x"] }, doc! {
        "operatorName": "$gt", "specifiedAs": { "a": { "$gt": 1 } }, "reason": "comparison failed", "consideredValues": [0, "x"],
    }).await?;
    check_info(&db, doc! { "a": { "$type": "int" }, "b": 1 }, doc! { "_id": 1, "a": 2.5 }, doc! {
        "operatorName": "$and",
        "clausesNotSatisfied": [
            { "index": 0, "details": {
                "operatorName": "$type", "specifiedAs": { "a": { "$type": "int" } }, "reason": "type did not match",
                "consideredValue": 2.5, "consideredType": "double",
            } },
            { "index": 1, "details": { "operatorName": "$eq", "specifiedAs": { "b": 1 }, "reason": "field was missing" } },
        ],
    }).await?;
    check_info(
        &db,
        doc! { "$nor": [{ "a": { "$not": { "$size": 2 } } }] },
        doc! { "_id": 1, "a": [1] },
        doc! {
            "operatorName": "$nor",
            "clausesSatisfied": [{ "index": 0, "details": { "operatorName": "$not", "details": {
                "operatorName": "$size", "specifiedAs": { "a": { "$size": 2 } },
                "reason": "array length was not equal to given size", "consideredValue": [1],
            } } }],
        },
    )
    .await
}

async fn the_error_tells_which_rules_of_a_schema(db: Database) -> Outcome {
    let schema = doc! {
        "title": "T", "required": ["b", "a"],
        "properties": { "c": { "bsonType": "int", "description": "count" }, "d": { "items": { "minimum": 3 } } },
    };
    check_info(&db, doc! { "$jsonSchema": schema }, doc! { "_id": 1, "c": "x", "d": [5, 1] }, doc! {
        "operatorName": "$jsonSchema", "title": "T",
        "schemaRulesNotSatisfied": [
            { "operatorName": "properties", "propertiesNotSatisfied": [
                { "propertyName": "c", "description": "count", "details": [{
                    "operatorName": "bsonType", "specifiedAs": { "bsonType": "int" }, "reason": "type did not match",
                    "consideredValue": "x", "consideredType": "string",
                }] },
                { "propertyName": "d", "details": [{
                    "operatorName": "items", "reason": "At least one item did not match the sub-schema", "itemIndex": 1,
                    "details": [{
                        "operatorName": "minimum", "specifiedAs": { "minimum": 3 }, "reason": "comparison failed",
                        "consideredValue": 1,
                    }],
                }] },
            ] },
            { "operatorName": "required", "specifiedAs": { "required": ["b", "a"] }, "missingProperties": ["a", "b"] },
        ],
    }).await
}

async fn bypassing(db: Database) -> Outcome {
    with_validator(&db, doc! { "a": { "$gt": 0 } }).await?;
    let with = |mut command: Document| {
        command.insert("bypassDocumentValidation", true);
        command
    };
    let upsert = doc! { "q": { "_id": 5 }, "u": { "a": 0 }, "upsert": true };
    check_commands(
        &db,
        &[
            (with(insert(doc! { "_id": 1, "a": 0 })), Has(doc! { "n": 1 })),
            (update(doc! { "_id": 1 }, doc! { "$set": { "b": 1 } }), Refused(121)),
            (
                with(update(doc! { "_id": 1 }, doc! { "$set": { "b": 1 } })),
                Has(doc! { "nModified": 1 }),
            ),
            (with(doc! { "update": "c", "updates": [upsert] }), Has(doc! { "n": 1 })),
            (
                with(doc! { "findAndModify": "c", "query": { "_id": 1 }, "update": { "a": -1 } }),
                Has(doc! { "ok": 1.0 }),
            ),
        ],
    )
    .await
}

async fn levels_and_actions(db: Database) -> Outcome {
    check_commands(&db, &[
        (insert(doc! { "_id": 1, "a": 0 }), Has(doc! { "n": 1 })),
        (insert(doc! { "_id": 2, "a": 2 }), Has(doc! { "n": 1 })),
        (doc! { "collMod": "c", "validator": { "a": { "$gt": 0 } }, "validationLevel": "moderate" }, Has(doc! { "ok": 1.0 })),
        (update(doc! { "_id": 1 }, doc! { "$set": { "b": 1 } }), Has(doc! { "nModified": 1 })),
        (update(doc! { "_id": 2 }, doc! { "$set": { "a": -1 } }), Refused(121)),
        (insert(doc! { "_id": 3, "a": 0 }), Refused(121)),
        (doc! { "collMod": "c", "validationLevel": "strict" }, Has(doc! { "ok": 1.0 })),
        (update(doc! { "_id": 1 }, doc! { "$set": { "b": 2 } }), Refused(121)),
        (doc! { "collMod": "c", "validationAction": "warn" }, Has(doc! { "ok": 1.0 })),
        (update(doc! { "_id": 1 }, doc! { "$set": { "b": 2 } }), Has(doc! { "nModified": 1 })),
        (doc! { "collMod": "c", "validationAction": "error", "validationLevel": "off" }, Has(doc! { "ok": 1.0 })),
        (insert(doc! { "_id": 3, "a": 0 }), Has(doc! { "n": 1 })),
    ])
    .await
}

async fn changing_the_validator(db: Database) -> Outcome {
    with_validator(&db, doc! { "a": 1 }).await?;
    check_commands(
        &db,
        &[
            (doc! { "collMod": "c", "validator": { "b": 1 } }, Has(doc! { "ok": 1.0 })),
            (insert(doc! { "_id": 1, "a": 1 }), Refused(121)),
            (insert(doc! { "_id": 1, "b": 1 }), Has(doc! { "n": 1 })),
            (doc! { "collMod": "c", "validator": { "$bad": 1 } }, Refused(2)),
            (insert(doc! { "_id": 2, "a": 1 }), Refused(121)),
            (doc! { "collMod": "c" }, Has(doc! { "ok": 1.0 })),
            (doc! { "collMod": "c", "validator": {} }, Has(doc! { "ok": 1.0 })),
            (insert(doc! { "_id": 2, "a": 1 }), Has(doc! { "n": 1 })),
            (doc! { "collMod": "missing", "validator": {} }, Refused(26)),
            (doc! { "collMod": "c", "unknown": 1 }, Refused(40_415)),
            (doc! { "collMod": "c", "validator": 1 }, Refused(14)),
            (doc! { "collMod": "c", "validationLevel": "x" }, Refused(2)),
            (doc! { "collMod": "c", "cappedSize": 4096 }, Refused(72)),
        ],
    )
    .await
}

async fn validators_are_listed(db: Database) -> Outcome {
    with_validator(&db, doc! { "a": 1 }).await?;
    check_options(&db, doc! { "validator": { "a": 1 } }).await?;
    db.run_command(doc! { "collMod": "c", "validationAction": "warn" }).await?;
    check_options(
        &db,
        doc! { "validator": { "a": 1 }, "validationLevel": "strict", "validationAction": "warn" },
    )
    .await?;
    db.run_command(doc! { "collMod": "c", "validator": {} }).await?;
    check_options(&db, doc! { "validationLevel": "strict", "validationAction": "warn" }).await
}

/// The options that the collection is listed with. A filter sees them, unless only names are asked for.
async fn check_options(db: &Database, options: Document) -> Outcome {
    for (name_only, count) in [(false, 1), (true, 0)] {
        let filter = doc! { "options": options.clone() };
        let command = doc! { "listCollections": 1, "filter": filter, "nameOnly": name_only };
        let reply = db.run_command(command).await?;
        let listed = reply.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
        expect_eq("how many are listed", &listed.map_or(0, Vec::len), &count)?;
    }
    Ok(())
}

async fn malformed_validators(db: Database) -> Outcome {
    let encrypted = doc! { "$jsonSchema": { "properties": { "a": { "encrypt": {} } } } };
    for (validator, code) in [
        (doc! { "$where": "true" }, 2),
        (doc! { "$or": [{ "a": 1 }, { "$text": { "$search": "a" } }] }, 2),
        (doc! { "a": { "$near": [0, 0] } }, 5_626_500),
        (doc! { "$sampleRate": 0.5 }, 3_040_500),
        (doc! { "$jsonSchema": { "unknown": 1 } }, 9),
        (doc! { "a": { "$unknown": 1 } }, 2),
        (doc! { "a": { "$regex": "(" } }, 51_091),
    ] {
        let what = crate::show(&validator);
        let options =
            CreateCollection { validator: Some(validator), ..CreateCollection::default() };
        expect_code(&what, db.create_collection("c", options).await, code)?;
    }
    check_commands(&db, &[
        (doc! { "create": "c", "validator": encrypted.clone(), "validationAction": "warn" }, Refused(224)),
        (doc! { "create": "c", "validator": encrypted.clone(), "validationLevel": "moderate" }, Refused(224)),
        (doc! { "create": "c", "validator": encrypted }, Has(doc! { "ok": 1.0 })),
        (insert(doc! { "_id": 1, "a": 1 }), Refused(121)),
    ])
    .await
}
