//! Printing index specifications.

use std::fmt::Write as _;

use bson::{Bson, Document, doc};

use super::{Index, IndexKind};

impl Index {
    /// The specification as `createIndexes` takes it, with its name; options that are off are left
    /// out.
    #[must_use]
    pub fn to_document(&self) -> Document {
        let mut spec = doc! { "key": self.key_pattern(), "name": self.name() };
        for (name, is_set) in
            [("unique", self.unique), ("sparse", self.sparse), ("hidden", self.hidden)]
        {
            if is_set {
                spec.insert(name, true);
            }
        }
        if let Some(filter) = &self.partial_filter {
            spec.insert("partialFilterExpression", filter.to_document());
        }
        if let Some(age) = self.expire_after {
            // Out of the server's range if it does not fit, so that it is refused.
            let seconds = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
            spec.insert(
                "expireAfterSeconds",
                i32::try_from(seconds).map_or(Bson::Int64(seconds), Bson::Int32),
            );
        }
        if let Some(collation) = &self.collation {
            spec.insert("collation", collation.to_document());
        }
        for (name, option) in
            [("wildcardProjection", &self.wildcard_projection), ("weights", &self.weights)]
        {
            if let Some(option) = option {
                spec.insert(name, option.clone());
            }
        }
        for (name, option) in [
            ("default_language", &self.default_language),
            ("language_override", &self.language_override),
        ] {
            if let Some(option) = option {
                spec.insert(name, option);
            }
        }
        spec.extend(self.extra.clone());
        spec
    }

    /// The fields and how each is indexed: `{borough: 1, cuisine: -1}`.
    #[must_use]
    pub fn key_pattern(&self) -> Document {
        self.keys.iter().map(|(path, kind)| (path.to_string(), kind.to_bson())).collect()
    }

    /// The index's name, given or made of its keys as drivers do: `borough_1_cuisine_-1`.
    #[must_use]
    pub fn name(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let mut name = String::new();
        for (path, kind) in &self.keys {
            let separator = if name.is_empty() { "" } else { "_" };
            let _ = match kind.to_bson() {
                Bson::String(kind) => write!(name, "{separator}{path}_{kind}"),
                kind => write!(name, "{separator}{path}_{kind}"),
            };
        }
        name
    }
}

impl IndexKind {
    /// How a key pattern says it: 1, -1 or a string.
    #[must_use]
    pub fn to_bson(&self) -> Bson {
        match self {
            IndexKind::Ascending => Bson::Int32(1),
            IndexKind::Descending => Bson::Int32(-1),
            IndexKind::Hashed => "hashed".into(),
            IndexKind::Text => "text".into(),
            IndexKind::Geo2d => "2d".into(),
            IndexKind::Geo2dSphere => "2dsphere".into(),
            IndexKind::Number(value) | IndexKind::Other(value) => value.clone(),
        }
    }
}
