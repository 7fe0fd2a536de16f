//! `collStats`, typed.

use bson::{Bson, Document, doc};

use super::Collection;
use crate::error::Result;
use crate::namespace::Namespace;
use crate::number::lenient_i64;
use crate::request::RunCommand;

/// How many documents a collection has, and how large it is; sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CollectionStats {
    /// How many documents.
    pub count: u64,
    /// The size of all of them together.
    pub size: u64,
    /// The mean size of one; none if there are none.
    pub average_size: Option<u64>,
    /// What they take where they are stored, compressed or not.
    pub storage_size: u64,
    /// Whether the oldest documents go when it is full.
    pub capped: bool,
    /// How large a capped collection may become.
    pub max_size: Option<u64>,
    /// How many documents a capped collection may hold.
    pub max: Option<u64>,
    /// The indexes by name, and the size of each.
    pub index_sizes: Vec<(String, u64)>,
}

impl CollectionStats {
    fn from_reply(reply: &Document) -> Self {
        let number = |name: &str| reply.get(name).and_then(size);
        let indexes = reply.get_document("indexSizes").into_iter().flatten();
        CollectionStats {
            count: number("count").unwrap_or(0),
            size: number("size").unwrap_or(0),
            average_size: number("avgObjSize"),
            storage_size: number("storageSize").unwrap_or(0),
            capped: reply.get_bool("capped").unwrap_or(false),
            max_size: number("maxSize"),
            // Without such a limit, servers say 0.
            max: number("max").filter(|max| *max > 0),
            index_sizes: indexes
                .filter_map(|(name, bytes)| Some((name.clone(), size(bytes)?)))
                .collect(),
        }
    }
}

fn size(value: &Bson) -> Option<u64> {
    u64::try_from(lenient_i64(value)?).ok()
}

impl Collection {
    /// How many documents there are, and how large they and the indexes are: all zero for a
    /// collection that does not exist.
    ///
    /// # Errors
    ///
    /// `Unauthorized` (13), ….
    pub async fn stats(&self) -> Result<CollectionStats> {
        let command = RunCommand(doc! { "collStats": self.ns.collection() });
        let ns = Namespace::of_database(self.ns.database());
        let reply = self.database.execute(&ns, command, self.cx.clone()).await?;
        Ok(CollectionStats::from_reply(&reply))
    }
}
