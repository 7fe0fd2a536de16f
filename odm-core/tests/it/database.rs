//! The choke point: plugins, scopes, and features that a backend lacks.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use backend_memory::MemoryBackend;
use odm_core::bson::doc;
use odm_core::{
    Call, Database, Done, Error, ErrorCode, Filter, Operation, Outcome, Plugin, Result,
};

type Log = Arc<Mutex<Vec<String>>>;

/// Notes what it sees.
#[derive(Debug)]
struct Noting(&'static str, Log);

#[async_trait]
impl Plugin for Noting {
    async fn before(&self, call: &mut Call) -> Result<()> {
        let line = format!("{} before {} {}", self.0, call.operation.name(), call.ns);
        self.1.lock().unwrap().push(line);
        Ok(())
    }

    async fn after(&self, done: &Done, result: &mut Result<Outcome>) {
        let line = format!("{} after {} ok={}", self.0, done.operation, result.is_ok());
        self.1.lock().unwrap().push(line);
    }
}

/// Hides documents that are marked as deleted, and refuses to drop anything.
#[derive(Debug)]
struct Narrowing;

#[async_trait]
impl Plugin for Narrowing {
    async fn before(&self, call: &mut Call) -> Result<()> {
        let living = Filter::eq("deleted", false);
        match &mut call.operation {
            Operation::Find(find) => find.filter = std::mem::take(&mut find.filter).and(living),
            Operation::Count(count) => count.filter = std::mem::take(&mut count.filter).and(living),
            Operation::DropCollection(_) => {
                return Err(Error::command(ErrorCode::UNAUTHORIZED, "nothing is dropped here"));
            }
            _ => {}
        }
        Ok(())
    }

    async fn after(&self, _done: &Done, result: &mut Result<Outcome>) {
        if let Ok(Outcome::Count(n)) = result {
            *n += 100;
        }
    }
}

fn fresh() -> Database {
    MemoryBackend::new().database("app")
}

#[tokio::test]
async fn plugins_run_in_order_and_back() {
    let log = Log::default();
    let db = fresh()
        .with_plugin(Noting("first", log.clone()))
        .with_plugin(Noting("second", log.clone()));
    db.collection("c").count(Filter::all()).await.unwrap();
    assert_eq!(
        *log.lock().unwrap(),
        [
            "first before count app.c",
            "second before count app.c",
            "second after count ok=true",
            "first after count ok=true",
        ]
    );
}

#[tokio::test]
async fn plugins_rewrite_requests_and_outcomes() {
    let bare = fresh();
    let docs = [doc! { "_id": 1, "deleted": false }, doc! { "_id": 2, "deleted": true }];
    bare.collection("c").insert_many(&docs).await.unwrap();
    let db = bare.clone().with_plugin(Narrowing);
    let found = db.collection("c").find(Filter::all()).await.unwrap().collect().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].to_document().unwrap(), docs[0]);
    assert_eq!(db.collection("c").count(Filter::all()).await.unwrap(), 101);
    assert_eq!(bare.collection("c").count(Filter::all()).await.unwrap(), 2);
}

#[tokio::test]
async fn a_plugin_that_refuses_is_not_asked_afterwards() {
    let log = Log::default();
    let db = fresh()
        .with_plugin(Noting("first", log.clone()))
        .with_plugin(Narrowing)
        .with_plugin(Noting("third", log.clone()));
    let refused = db.collection("c").drop().await.unwrap_err();
    assert_eq!(refused.code(), Some(13));
    assert_eq!(*log.lock().unwrap(), ["first before drop app.c", "first after drop ok=false"]);
}

#[tokio::test]
async fn scopes_switch_the_collection_and_siblings_the_database() {
    let backend = MemoryBackend::new();
    let db = backend.database("app");
    let archive = db.scope().collection("archive");
    let target = odm_core::Executor::target(&archive);
    assert_eq!(target.namespace("models").to_string(), "app.archive");
    db.sibling("other").collection("c").insert_one(&doc! { "_id": 1 }).await.unwrap();
    assert_eq!(backend.database("other").collection("c").count(Filter::all()).await.unwrap(), 1);
    assert_eq!(db.collection("c").count(Filter::all()).await.unwrap(), 0);
    assert!(db.backend::<MemoryBackend>().is_some());
}

#[tokio::test]
async fn what_the_backend_lacks_is_refused_by_name() {
    let db = fresh();
    if !db.capabilities().transactions {
        let refused = db.transaction(|_tx| async { Ok(()) }).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Unsupported { backend: "memory", feature } if feature == "transactions"),
            "{refused}"
        );
    }
}
