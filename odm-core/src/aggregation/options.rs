//! What a pipeline as a whole is told: the options of MongoDB's `aggregate`.

use std::time::Duration;

use bson::Bson;

use super::Aggregation;
use crate::collation::Collation;
use crate::index::Hint;

impl<S, F, T> Aggregation<S, F, T> {
    /// Lets stages that hold more than 100 MB of documents use the disk, or forbids it: then they fail with
    /// `QueryExceededMemoryLimitNoDiskUseAllowed` (292). Allowed unless told, as MongoDB 6.0 is set up.
    pub fn allow_disk_use(mut self, allow: bool) -> Self {
        self.request.allow_disk_use = Some(allow);
        self
    }

    /// Fetches this many documents at a time. Of 0, the first batch is empty.
    pub fn batch_size(mut self, n: u32) -> Self {
        self.request.batch_size = Some(n);
        self
    }

    /// Lets the server work at most this long (`maxTimeMS`, so in whole milliseconds); then it fails with
    /// `MaxTimeMSExpired` (50).
    pub fn max_time(mut self, limit: Duration) -> Self {
        self.request.max_time = Some(limit);
        self
    }

    /// Compares strings by the rules of a locale, in all stages.
    pub fn collation(mut self, collation: Collation) -> Self {
        self.request.collation = Some(collation);
        self
    }

    /// Uses this index: its name, or its keys. `BadValue` (2) if there is none.
    pub fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.request.hint = Some(hint.into());
        self
    }

    /// Defines variables (`let`), for expressions that name them: [`variable("name")`](super::variable).
    pub fn let_vars(mut self, vars: bson::Document) -> Self {
        self.request.let_vars = Some(vars);
        self
    }

    /// Leaves a note in the server's logs and profiles.
    pub fn comment(mut self, comment: impl Into<Bson>) -> Self {
        self.request.comment = Some(comment.into());
        self
    }

    /// Lets `$out` and `$merge` pass by the validator.
    pub fn bypass_document_validation(mut self) -> Self {
        self.request.bypass_document_validation = true;
        self
    }
}
