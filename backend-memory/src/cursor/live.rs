//! Cursors of the typed door that read a capped collection as it is.

use std::sync::Arc;

use async_trait::async_trait;
use odm_core::{Namespace, RawCursor, RawDoc, Result};

use super::open::dropped;
use super::{NEXT_BATCH, Results};
use crate::backend::Engine;

/// What is still to come from a capped collection. A tailable cursor never ends by itself: at the
/// end of the collection it waits, without a limit of time, since the one that asks for the next
/// document would ask again.
pub(crate) struct LiveCursor {
    engine: Arc<Engine>,
    ns: Namespace,
    results: Results,
    is_over: bool,
}

impl LiveCursor {
    pub(crate) fn new(engine: Arc<Engine>, ns: Namespace, results: Results) -> Self {
        LiveCursor { engine, ns, results, is_over: false }
    }
}

#[async_trait]
impl RawCursor for LiveCursor {
    async fn next_batch(&mut self) -> Result<Option<Vec<RawDoc>>> {
        let size = self.results.batch_size.map_or(NEXT_BATCH, |size| size.max(1) as usize);
        while !self.is_over {
            let signal = self.engine.catalog.signal();
            let given = signal.given();
            let uuid = self.results.collection;
            let cell = self.engine.catalog.find(&self.ns).filter(|cell| Some(cell.uuid) == uuid);
            let cell = cell.ok_or_else(|| dropped(&self.ns.to_string(), uuid))?;
            self.results.refresh(&cell)?;
            drop(cell);
            let (docs, more) = self.results.batch(size)?;
            self.is_over = !more;
            if !docs.is_empty() {
                return Ok(Some(docs));
            }
            if more {
                signal.after(given).await;
            }
        }
        Ok(None)
    }
}
