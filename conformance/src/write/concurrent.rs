//! Many tasks that write to one collection at the same time.

use bson::{Document, doc};
use odm_core::{
    Acknowledgment, Collection, Database, Find, FindAndModify, Hint, Index, IndexKind,
    Modification, UpdateBatch, UpdateStatement, WriteConcern,
};

use crate::case::{Failure, Outcome, cases};
use crate::check::{expect_eq, trees};

cases! { "write::concurrent":
    nothing_is_lost_or_done_twice,
}

const TASKS: i32 = 8;
const ROUNDS: i32 = 15;
/// Fewer than tasks, so that they meet.
const KEYS: i32 = 3;
/// Of ten documents of a task, those that nobody deletes.
const KEPT: i32 = 10;

/// What a task has seen.
#[derive(Default)]
struct Seen {
    tickets: Vec<i32>,
    /// How often it was the one that deleted a document that all try to delete.
    deleted: u64,
}

async fn nothing_is_lost_or_done_twice(db: Database) -> Outcome {
    // Waiting for the journal would only take time.
    let concern = WriteConcern { w: Some(Acknowledgment::Nodes(1)), ..WriteConcern::default() };
    let collection = Collection::on(&db.scope().write_concern(concern), "c");
    collection.create_index(Index::asc("key").unique()).await?;
    collection.create_index(Index::asc("task").then("round", IndexKind::Ascending)).await?;
    collection.insert_one(&doc! { "_id": "counter", "n": 0, "m": 0 }).await?;
    let contested = |n: i32| doc! { "_id": n, "key": format!("contested {n}"), "contested": true };
    let contested: Vec<_> = (0..ROUNDS).map(contested).collect();
    collection.insert_many(&contested).await?;

    let tasks: Vec<_> =
        (0..TASKS).map(|task| tokio::spawn(work(collection.clone(), task))).collect();
    let mut all = Seen::default();
    for task in tasks {
        let seen = task.await.map_err(|error| Failure::new(error.to_string()))??;
        all.tickets.extend(seen.tickets);
        all.deleted += seen.deleted;
    }

    all.tickets.sort_unstable();
    expect_eq("tickets", &all.tickets, &(1..=TASKS * ROUNDS).collect::<Vec<_>>())?;
    expect_eq("each was deleted once", &all.deleted, &(ROUNDS as u64))?;
    expect_eq("contested", &collection.count(doc! { "contested": true }).await?, &0)?;
    let counter = collection.find_one(doc! { "_id": "counter" }).await?;
    let n = TASKS * ROUNDS;
    expect_eq("the counter", &counter, &Some(doc! { "_id": "counter", "n": n, "m": n }))?;

    let keys = found(&collection, doc! { "key": { "$gte": 0 } }, None).await?;
    expect_eq("a document for each key", &keys.len(), &(KEYS as usize))?;
    let sum: i32 = keys.iter().filter_map(|doc| doc.get_i32("n").ok()).sum();
    expect_eq("what was added to them", &sum, &n)?;
    // What the indexes say is what is there.
    for (filter, index, count) in [
        (doc! { "task": { "$gte": 0 } }, doc! { "task": 1, "round": 1 }, TASKS * KEPT),
        (doc! { "key": { "$gte": 0 } }, doc! { "key": 1 }, KEYS),
        (doc! { "_id": { "$exists": true } }, doc! { "_id": 1 }, TASKS * KEPT + KEYS + 1),
    ] {
        let by_index = found(&collection, filter.clone(), Some(index)).await?;
        let by_scan = found(&collection, filter, Some(doc! { "$natural": 1 })).await?;
        expect_eq("by an index", &by_index, &by_scan)?;
        expect_eq("how many", &by_index.len(), &(count as usize))?;
    }
    Ok(())
}

/// The documents that match, by `_id` as text: those of this case are of two types.
async fn found(
    collection: &Collection,
    filter: Document,
    hint: Option<Document>,
) -> Result<Vec<Document>, Failure> {
    let find = Find { filter: filter.into(), hint: hint.map(Hint::Keys), ..Find::default() };
    let mut docs = trees(&collection.execute(find).await?.collect().await?)?;
    docs.sort_by_cached_key(|doc| format!("{:?}", doc.get("_id")));
    Ok(docs)
}

async fn work(collection: Collection, task: i32) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    for round in 0..ROUNDS {
        let id = format!("{task}-{round}");
        collection
            .insert_one(&doc! { "_id": &id, "key": &id, "task": task, "round": round })
            .await?;
        seen.tickets.push(ticket(&collection).await?);
        collection.update_one(doc! { "_id": "counter" }, doc! { "$inc": { "m": 1 } }).await?;
        add(&collection, (task + round) % KEYS).await?;
        seen.deleted += collection.delete_one(doc! { "_id": round }).await?.deleted;
        whole(&collection, round).await?;
        if round % 3 == 2 {
            let gone = collection.delete_many(doc! { "task": task, "round": round }).await?;
            expect_eq("its own document", &gone.deleted, &1)?;
        }
        let own = collection.count(doc! { "task": task }).await?;
        // Nobody else inserts or deletes them.
        expect_eq("its own documents", &own, &((round + 1 - (round + 1) / 3) as u64))?;
    }
    Ok(seen)
}

/// Counts up; gives the new count, which nobody else gets.
async fn ticket(collection: &Collection) -> Result<i32, Failure> {
    let request = FindAndModify::update(doc! { "_id": "counter" }, doc! { "$inc": { "n": 1 } });
    let modification = match request.modification {
        Modification::Update { update, array_filters, upsert, .. } => {
            Modification::Update { update, array_filters, upsert, return_new: true }
        }
        other => other,
    };
    let value = collection.find_and_modify(FindAndModify { modification, ..request }).await?;
    let value = value.map(|doc| doc.to_document()).transpose()?;
    let n = value.as_ref().and_then(|doc| doc.get_i32("n").ok());
    n.ok_or_else(|| Failure::new(format!("no counter: {value:?}")))
}

/// Adds to the document of a key, which the first one inserts.
async fn add(collection: &Collection, key: i32) -> Outcome {
    let both = doc! { "$inc": { "n": 1, "twin": 1 } };
    let upsert =
        UpdateStatement { upsert: true, ..UpdateStatement::one(doc! { "key": key }, both) };
    loop {
        match collection.execute(UpdateBatch::new(vec![upsert.clone()])).await {
            Ok(_) => return Ok(()),
            // Somebody else was first: now it is there.
            Err(error) if error.is_duplicate_key() => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Documents whose two numbers grow together are never seen with only one of them grown.
async fn whole(collection: &Collection, round: i32) -> Outcome {
    let hint = (round % 2 == 0).then(|| doc! { "key": 1 });
    for doc in found(collection, doc! { "key": { "$gte": 0 } }, hint).await? {
        expect_eq("its twin", &doc.get("twin"), &doc.get("n"))?;
    }
    Ok(())
}
