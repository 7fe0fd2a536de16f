//! Commands that tell about the server.

use odm_core::bson::{Document, doc};
use odm_core::{Namespace, Result, reply};

use crate::backend::{Engine, unsupported};
use crate::value::MAX_DOCUMENT_SIZE;

/// The version of MongoDB that the engine behaves like.
const VERSION: &str = "6.0.5";

impl Engine {
    pub(super) fn other(&self, name: &str, ns: &Namespace, command: &Document) -> Result<Document> {
        match name {
            "ping" => Ok(reply::ok()),
            "hello" => Ok(self.hello("isWritablePrimary", command)),
            "isMaster" | "ismaster" => Ok(self.hello("ismaster", command)),
            "buildInfo" | "buildinfo" => Ok(build_info()),
            "collStats" => self.coll_stats(ns, command),
            "convertToCapped" => self.convert_to_capped(ns, command),
            "cloneCollectionAsCapped" => self.clone_capped(ns.database(), command),
            name => Err(unsupported(format!("the command `{name}`"))),
        }
    }

    /// What drivers ask first. It speaks of no sessions, as there are none.
    fn hello(&self, primary: &str, command: &Document) -> Document {
        let mut reply = Document::new();
        if command.get_bool("helloOk").unwrap_or_default() {
            reply.insert("helloOk", true);
        }
        reply.extend(doc! {
            primary: true,
            "maxBsonObjectSize": MAX_DOCUMENT_SIZE as i32,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "localTime": self.now(),
            "connectionId": 1,
            "minWireVersion": 0,
            "maxWireVersion": 17,
            "readOnly": false,
            "ok": 1.0,
        });
        reply
    }
}

fn build_info() -> Document {
    let numbers: Vec<i32> =
        VERSION.split('.').filter_map(|part| part.parse().ok()).chain([0]).collect();
    doc! {
        "version": VERSION,
        "gitVersion": "unknown",
        "modules": [],
        "versionArray": numbers,
        "bits": 64,
        "debug": cfg!(debug_assertions),
        "maxBsonObjectSize": MAX_DOCUMENT_SIZE as i32,
        "storageEngines": ["memory"],
        "ok": 1.0,
    }
}
