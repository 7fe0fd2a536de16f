//! Limits of time: the operation's own, `maxTimeMS`, and that of its context.

use std::time::Duration;

use backend_memory::MemoryBackend;
use odm_core::bson::{Document, doc};
use odm_core::{
    Count, DeleteBatch, DeleteStatement, Distinct, Error, ErrorCode, Find, FindAndModify, OpCx,
    Request, Result, Sort, UpdateBatch, UpdateStatement,
};

use crate::support::{find, insert, ns};

/// No operation is over in no time, whatever it does.
const NO_TIME: Option<Duration> = Some(Duration::ZERO);

fn filter() -> odm_core::Filter {
    doc! { "a": { "$gte": 0 } }.into()
}

fn updates() -> UpdateBatch {
    let many = UpdateStatement::many(doc! { "a": { "$gte": 0 } }, doc! { "$inc": { "b": 1 } });
    UpdateBatch::new(vec![many])
}

fn deletes() -> DeleteBatch {
    DeleteBatch::new(vec![DeleteStatement::many(doc! { "a": { "$gte": 0 } })])
}

fn find_and_modify() -> FindAndModify {
    FindAndModify::update(doc! { "a": { "$gte": 0 } }, doc! { "$inc": { "b": 1 } })
}

async fn run<R: Request>(backend: &MemoryBackend, request: R, cx: OpCx) -> Result<()> {
    backend.database("test").execute(&ns("c"), request, cx).await.map(drop)
}

/// Checks that neither the operation nor its context gives it enough time, but that it is fine without limits.
async fn check<R: Request + Clone>(request: R, limit: impl Fn(&mut R)) {
    for index in [None, Some(doc! { "a": 1 })] {
        let backend = MemoryBackend::new();
        insert(&backend, "c", (0..10).map(|n| doc! { "_id": n, "a": n })).await.unwrap();
        if let Some(key) = index {
            let create = doc! { "createIndexes": "c", "indexes": [{ "key": key, "name": "i" }] };
            backend.database("test").run_command(create).await.unwrap();
        }
        let before: Vec<Document> = find(&backend, "c", doc! {}).await;
        let mut limited = request.clone();
        limit(&mut limited);
        let refused = run(&backend, limited, OpCx::default()).await.unwrap_err();
        assert_eq!(refused.error_code(), Some(ErrorCode::MAX_TIME_MS_EXPIRED), "{}", R::NAME);
        let cx = OpCx { timeout: NO_TIME, ..OpCx::default() };
        match run(&backend, request.clone(), cx).await {
            Err(Error::Timeout { operation, limit: Duration::ZERO }) => {
                assert_eq!(operation, R::NAME);
            }
            other => panic!("{}: {other:?}", R::NAME),
        }
        assert_eq!(find(&backend, "c", doc! {}).await, before, "{}", R::NAME);
        run(&backend, request.clone(), OpCx::default()).await.unwrap();
    }
}

#[tokio::test]
async fn operations_end_in_time() {
    check(Find { filter: filter(), ..Find::default() }, |one| one.max_time = NO_TIME).await;
    let sorted = Find { filter: filter(), sort: Sort::desc("b"), ..Find::default() };
    check(sorted, |one| one.max_time = NO_TIME).await;
    let located = Find { show_record_id: true, ..Find::default() };
    check(located, |one| one.max_time = NO_TIME).await;
    check(Count { filter: filter(), ..Count::default() }, |one| one.max_time = NO_TIME).await;
    check(Distinct::new("a"), |one| one.max_time = NO_TIME).await;
    check(Distinct { filter: filter(), ..Distinct::new("b") }, |one| one.max_time = NO_TIME).await;
    check(updates(), |one| one.max_time = NO_TIME).await;
    check(deletes(), |one| one.max_time = NO_TIME).await;
    check(find_and_modify(), |one| one.max_time = NO_TIME).await;
}

#[tokio::test]
async fn commands_end_in_time() {
    let backend = MemoryBackend::new();
    insert(&backend, "c", [doc! { "_id": 1, "a": 1 }]).await.unwrap();
    for command in [
        doc! { "find": "c" },
        doc! { "distinct": "c", "key": "a" },
        doc! { "count": "c", "query": { "a": 1 } },
        doc! { "update": "c", "updates": [{ "q": { "a": 1 }, "u": { "$inc": { "a": 1 } } }] },
        doc! { "delete": "c", "deletes": [{ "q": { "a": 1 }, "limit": 0 }] },
        doc! { "findAndModify": "c", "query": { "a": 1 }, "remove": true },
    ] {
        let cx = OpCx { timeout: NO_TIME, ..OpCx::default() };
        let result = run(&backend, odm_core::RunCommand(command.clone()), cx).await;
        assert!(matches!(result, Err(Error::Timeout { .. })), "{command}: {result:?}");
    }
    assert_eq!(find(&backend, "c", doc! {}).await, [doc! { "_id": 1, "a": 1 }]);
}
