//! Connecting, and the three ways in which it fails.

use std::time::{Duration, Instant};

use backend_mongo::{MongoBackend, MongoOptions};
use bson::doc;
use odm_core::{Error, ReadPreference};

use crate::support::{unique_name, uri, with_database};

#[tokio::test]
async fn the_wait_for_an_unreachable_server_is_bounded() {
    // A port that was free a moment ago: nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let started = Instant::now();
    let options = MongoOptions::new().uri(format!("mongodb://{free}/?directConnection=true"));
    let error = options.connect_wait(Duration::from_millis(300)).connect().await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains(&free.to_string()) && message.contains("300ms"), "{message}");
    assert!(message.contains("refused"), "the reason is told: {message}");
}

#[tokio::test]
async fn a_server_selection_timeout_is_a_connection_error_too() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = MongoOptions::new()
        .hosts(vec![free.to_string()])
        .server_selection_timeout(Duration::from_millis(100));
    let error = options.connect().await.unwrap_err();
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    assert!(error.to_string().contains(&free.to_string()), "{error}");
}

#[tokio::test]
async fn wrong_connection_strings_are_configuration_errors() {
    for uri in [
        "",
        "localhost",
        "http://localhost",
        "mongodb://",
        "mongodb://localhost:notaport",
        "mongodb://localhost/?maxPoolSize=many",
        "mongodb://localhost/?directConnection=perhaps",
        "mongodb://user:p@ss:word@localhost",
        // Without the feature `srv`; with it, its host has fewer than three parts.
        "mongodb+srv://localhost.example",
    ] {
        let error = MongoBackend::connect(uri).await.unwrap_err();
        assert!(matches!(error, Error::Config(_)), "{uri}: {error:?}");
    }
}

#[tokio::test]
async fn wrong_options_are_configuration_errors() {
    let two = || MongoOptions::new().hosts(["a:1", "b:2"].map(String::from));
    for (options, named) in [
        (two(), "replica_set"),
        (MongoOptions::new().hosts(Vec::new()), "hosts"),
        (MongoOptions::new().password("secret"), "username"),
        (MongoOptions::new().username("u").auth_mechanism("ROT13"), "ROT13"),
    ] {
        let error = options.connect().await.unwrap_err();
        assert!(matches!(error, Error::Config(_)), "{error:?}");
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[tokio::test]
async fn wrong_credentials_are_an_authentication_error() {
    let Some(uri) = uri("wrong_credentials") else { return };
    let error = MongoOptions::new()
        .uri(uri)
        .username("nobody")
        .password("wrong")
        .connect()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Authentication { .. }), "{error:?}");
    assert_eq!(error.code(), Some(18));
}

#[tokio::test]
async fn the_default_database_is_that_of_the_connection_string() {
    let Some(uri) = uri("default_database") else { return };
    let without = MongoBackend::connect(&uri).await.unwrap();
    if !uri.split("://").nth(1).unwrap().contains('/') {
        return;
    }
    if let Err(error) = without.default_database() {
        assert!(matches!(&error, Error::Config(text) if text.contains("database name")), "{error}");
    }
    let named = MongoOptions::new().uri(&*uri).default_database("shop").connect().await.unwrap();
    assert_eq!(named.default_database().unwrap().name(), "shop");
}

#[tokio::test]
async fn options_reach_the_driver() {
    let Some(uri) = uri("options_reach_the_driver") else { return };
    let backend = MongoOptions::new()
        .uri(uri)
        .app_name("odm-test")
        .max_pool_size(3_u32)
        .min_pool_size(1_u32)
        .read_preference(ReadPreference::Nearest)
        .retry_reads(false)
        .connect()
        .await
        .unwrap();
    let db = backend.database("admin");
    let me = doc! { "currentOp": 1, "appName": "odm-test" };
    let found = db.run_command(me).await.unwrap();
    assert!(!found.get_array("inprog").unwrap().is_empty(), "{found}");
    let shown = format!("{backend:?}");
    assert!(shown.starts_with("MongoBackend"), "{shown}");
}

#[test]
fn debug_shows_no_password() {
    let options =
        MongoOptions::new().username("app").password("hunter2").uri("mongodb://u:s3cret@h");
    let shown = format!("{options:?}");
    assert!(shown.contains("app") && !shown.contains("hunter2") && !shown.contains("s3cret"));
}

#[tokio::test]
async fn after_shutdown_operations_fail() {
    let Some(uri) = uri("after_shutdown") else { return };
    let backend = MongoBackend::connect(uri).await.unwrap();
    let db = backend.database(unique_name("after_shutdown"));
    db.run_command(doc! { "ping": 1 }).await.unwrap();
    backend.shutdown().await;
    let error = db.run_command(doc! { "ping": 1 }).await.unwrap_err();
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
}

#[tokio::test]
async fn the_drivers_client_can_be_had() {
    with_database("client", |db| async move {
        let backend = db.backend::<MongoBackend>().unwrap();
        let names = backend.client().list_database_names().await.unwrap();
        assert!(names.contains(&"admin".to_owned()));
    })
    .await;
}
