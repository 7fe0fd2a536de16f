//! Concerns and preferences, of an operation and of the connection.

use std::time::Duration;

use backend_mongo::MongoOptions;
use bson::{doc, rawdoc};
use odm_core::{
    Acknowledgment, Count, CreateCollection, ErrorCode, Find, FindAndModify, Insert, OpCx,
    ReadConcern, ReadPreference, RunCommand, WriteConcern,
};

use crate::support::{unique_name, uri, with_database, write_failure};

fn too_many_members() -> WriteConcern {
    WriteConcern {
        w: Some(Acknowledgment::Nodes(40)),
        timeout: Some(Duration::from_millis(100)),
        journal: None,
    }
}

#[tokio::test]
async fn an_unmet_write_concern_is_an_error_of_what_was_done() {
    with_database("write_concern", |db| async move {
        let cx = || OpCx { write_concern: Some(too_many_members()), ..OpCx::default() };
        let ns = db.namespace("c");
        let insert = || Insert::new(vec![rawdoc! { "_id": 1 }, rawdoc! { "_id": 2 }]);
        let failure = write_failure(db.execute(&ns, insert(), cx()).await.unwrap_err());
        assert!(failure.write_errors.is_empty());
        let unmet = failure.write_concern_error.unwrap();
        // UnsatisfiableWriteConcern: there are not that many members.
        assert_eq!(unmet.code, ErrorCode(100));
        assert!(unmet.details.contains_key("errInfo"));
        assert_eq!(failure.done.inserted, 2);

        let update = FindAndModify::update(doc! { "_id": 1 }, doc! { "$set": { "n": 1 } });
        let failure = write_failure(db.execute(&ns, update, cx()).await.unwrap_err());
        assert_eq!((failure.done.matched, failure.write_concern_error.is_some()), (1, true));
        let create = CreateCollection::default();
        let other = db.namespace("other");
        let failure = write_failure(db.execute(&other, create, cx()).await.unwrap_err());
        assert!(failure.write_concern_error.is_some());

        let failure = write_failure(db.execute(&ns, insert(), cx()).await.unwrap_err());
        assert_eq!(failure.write_errors.len(), 1);
        assert!(failure.write_concern_error.is_some());
    })
    .await;
}

#[tokio::test]
async fn an_operation_goes_before_the_connection() {
    let Some(uri) = uri("concern_default") else { return };
    let options = MongoOptions::new().uri(uri).write_concern(too_many_members());
    let db = options.connect().await.unwrap().database(unique_name("concern_default"));
    let ns = db.namespace("c");
    let insert = || Insert::new(vec![rawdoc! { "a": 1 }]);
    let failure = write_failure(db.execute(&ns, insert(), OpCx::default()).await.unwrap_err());
    assert!(failure.write_concern_error.is_some());
    for w in [Acknowledgment::Majority, Acknowledgment::Nodes(1), Acknowledgment::Nodes(0)] {
        let concern = WriteConcern { w: Some(w), ..WriteConcern::default() };
        let cx = OpCx { write_concern: Some(concern), ..OpCx::default() };
        db.execute(&ns, insert(), cx).await.unwrap();
    }
    assert!(db.drop().await.is_err());
}

#[tokio::test]
async fn read_concern_and_preference() {
    with_database("read_concern", |db| async move {
        let ns = db.namespace("c");
        db.collection("c").insert_one(&doc! { "_id": 1 }).await.unwrap();
        for level in ["local", "majority", "available", "linearizable", "snapshot"] {
            let read_concern = Some(ReadConcern(level.to_owned()));
            let cx = OpCx { read_concern, ..OpCx::default() };
            assert_eq!(db.execute(&ns, Count::default(), cx).await.unwrap(), 1, "{level}");
        }
        let read_concern = Some(ReadConcern("wrong".to_owned()));
        let cx = OpCx { read_concern, ..OpCx::default() };
        let error = db.execute(&ns, Find::default(), cx.clone()).await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::FAILED_TO_PARSE));
        let command = RunCommand(doc! { "count": "c" });
        let error = db.execute(&ns, command, cx).await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::FAILED_TO_PARSE));
        for preference in [
            ReadPreference::Primary,
            ReadPreference::PrimaryPreferred,
            ReadPreference::SecondaryPreferred,
            ReadPreference::Nearest,
        ] {
            let cx = OpCx { read_preference: Some(preference), ..OpCx::default() };
            assert_eq!(db.execute(&ns, Count::default(), cx).await.unwrap(), 1);
        }
    })
    .await;
}
