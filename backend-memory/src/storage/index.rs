//! Indexes: what one is, its entries, and how they follow the documents.

use std::sync::Arc;

use bson::{Bson, Decimal128, Document, doc};
use odm_core::{Error, ErrorCode, Filter, IndexKind};
use smallvec::SmallVec;

use super::{OrdIndex, RecordId, display};
use crate::collation::{self, Collator};
use crate::filter::Matcher;
use crate::value::path::{FieldPath, IndexKeys, KeyPattern};

use crate::value::{KeyBytes, Record, ValueBuf, equal};

/// The name of the index that every collection has.
pub(crate) const ID_INDEX: &str = "_id_";

/// The most fields that an index may have.
const MAX_FIELDS: usize = 32;

/// What an index is: it never changes.
#[derive(Debug)]
pub(crate) struct IndexSpec {
    pub(crate) name: String,
    /// As in listings and in the details of a duplicate key.
    pub(crate) key: Document,
    pub(crate) pattern: KeyPattern,
    pub(crate) unique: bool,
    pub(crate) sparse: bool,
    pub(crate) hidden: bool,
    /// Only documents that match are indexed.
    pub(crate) partial: Option<Partial>,
    /// Shown in listings, and without effect.
    background: bool,
}

/// `partialFilterExpression`.
#[derive(Debug)]
pub(crate) struct Partial {
    pub(crate) filter: Filter,
    matcher: Matcher,
}

impl IndexSpec {
    /// The index on `_id`.
    pub(crate) fn id(collator: Option<Arc<Collator>>) -> Self {
        IndexSpec {
            name: ID_INDEX.to_owned(),
            key: doc! { "_id": 1 },
            pattern: KeyPattern::new([("_id", false)]).collated(collator),
            unique: true,
            sparse: false,
            hidden: false,
            partial: None,
            background: false,
        }
    }

    /// Reads what was asked for. An index that names no collation has the collection's.
    ///
    /// # Errors
    ///
    /// 67 for keys that cannot be indexed, 2 for the names and keys kept for the index on `_id`,
    /// which cannot have a collation of its own;
    /// [`Error::Unsupported`] for kinds and options that the engine lacks.
    pub(crate) fn new(
        index: &odm_core::Index,
        default: Option<&Arc<Collator>>,
    ) -> Result<Self, Error> {
        refuse_options(index)?;
        let collator = Collator::or_default(index.collation.as_ref(), default)?;
        let mut key = Document::new();
        let mut pattern = Vec::new();
        for (path, kind) in &index.keys {
            check_path(path.as_str())?;
            let descending = match kind {
                IndexKind::Hashed => return Err(unsupported("hashed indexes")),
                IndexKind::Text => return Err(unsupported("text indexes")),
                IndexKind::Geo2d => return Err(unsupported("2d indexes")),
                IndexKind::Geo2dSphere => return Err(unsupported("2dsphere indexes")),
                other => match other.is_descending() {
                    Some(descending) => descending,
                    None => return Err(unsupported(&format!("indexes of the kind {other:?}"))),
                },
            };
            if path.components().any(|part| part == "$**") {
                return Err(unsupported("wildcard indexes"));
            }
            if key.insert(path.as_str(), kind.to_bson()).is_some() {
                return Err(cannot_create(format!("the field `{path}` is indexed twice")));
            }
            pattern.push((path.as_str(), descending));
        }
        if pattern.is_empty() {
            return Err(cannot_create("Index keys cannot be empty."));
        }
        if pattern.len() > MAX_FIELDS {
            return Err(Error::command(ErrorCode(13_103), "too many compound keys"));
        }
        let name = index.name.clone().unwrap_or_else(|| index.name());
        let on_id = key.len() == 1 && key.contains_key("_id");
        match name.as_str() {
            "" => return Err(cannot_create("index name cannot be empty")),
            "*" => return Err(bad_value("The index name '*' is not valid.")),
            ID_INDEX if !on_id => {
                return Err(bad_value(
                    "The index name '_id_' is reserved for the _id index, which must have key pattern {_id: 1}",
                ));
            }
            _ => {}
        }
        if on_id {
            if pattern.first().is_some_and(|(_, descending)| *descending) {
                return Err(bad_value("The field 'key' for an _id index must be {_id: 1}"));
            }
            if index.unique || index.sparse || index.partial_filter.is_some() {
                return Err(Error::command(
                    ErrorCode(197),
                    "'unique', 'sparse' and 'partialFilterExpression' are not valid for an _id index specification",
                ));
            }
            if collator.as_ref() != default {
                return Err(bad_value(
                    "The _id index must have the same collation as the collection.",
                ));
            }
            return Ok(IndexSpec::id(collator));
        }
        Ok(IndexSpec {
            name,
            partial: Partial::new(index, collator.as_ref())?,
            pattern: KeyPattern::new(pattern).collated(collator),
            key,
            unique: index.unique,
            sparse: index.sparse,
            hidden: index.hidden,
            background: index.extra.get_bool("background").unwrap_or_default(),
        })
    }

    pub(crate) fn is_id(&self) -> bool {
        self.name == ID_INDEX
    }

    /// Whether another index could not be told from this one but by its name.
    pub(crate) fn is_same_as(&self, other: &IndexSpec) -> bool {
        let partial = |spec: &IndexSpec| spec.partial.as_ref().map(Partial::to_document);
        self.is_on(&other.key)
            && partial(self) == partial(other)
            && self.collator() == other.collator()
            && self.sparse == other.sparse
            && (self.unique == other.unique || self.is_id())
    }

    /// Whether it has this key pattern: the same fields in the same order, and equal numbers.
    pub(crate) fn is_on(&self, key: &Document) -> bool {
        let encoded = |key: &Document| ValueBuf::from_bson(&Bson::Document(key.clone()));
        match (encoded(&self.key), encoded(key)) {
            (Ok(own), Ok(other)) => equal(own.as_raw(), other.as_raw()),
            _ => false,
        }
    }

    /// What `listIndexes` shows.
    pub(crate) fn to_document(&self) -> Document {
        let mut spec = doc! { "v": 2, "key": self.key.clone(), "name": &self.name };
        if self.background {
            spec.insert("background", true);
        }
        if self.unique && !self.is_id() {
            spec.insert("unique", true);
        }
        if self.hidden {
            spec.insert("hidden", true);
        }
        if self.sparse {
            spec.insert("sparse", true);
        }
        if let Some(partial) = &self.partial {
            spec.insert("partialFilterExpression", partial.to_document());
        }
        if let Some(collator) = self.collator() {
            spec.insert("collation", collator.to_document());
        }
        spec
    }

    /// What strings compare by in the index, if not by their bytes.
    pub(crate) fn collator(&self) -> Option<&Arc<Collator>> {
        self.pattern.collator()
    }

    /// Whether what is at `path` may say which keys a document has. As on the server, positions in
    /// arrays do not count.
    pub(crate) fn depends_on(&self, path: &str) -> bool {
        let names = |path: &'_ str| -> Vec<String> {
            let is_name =
                |part: &&str| !part.starts_with('$') && !part.bytes().all(|b| b.is_ascii_digit());
            path.split('.').filter(is_name).map(str::to_owned).collect()
        };
        let changed = names(path);
        let meets =
            |path: &str| names(path).iter().zip(&changed).all(|(name, other)| name == other);
        self.fields().iter().any(|(path, _)| meets(path.as_str()))
            || self.partial.as_ref().is_some_and(|only| any_path(&only.filter, &meets))
    }

    pub(crate) fn fields(&self) -> &[(FieldPath, bool)] {
        self.pattern.fields()
    }
}

impl Partial {
    /// # Errors
    ///
    /// 67 for operators that a partial index cannot have, and beside `sparse`.
    fn new(
        index: &odm_core::Index,
        collator: Option<&Arc<Collator>>,
    ) -> Result<Option<Self>, Error> {
        let Some(filter) = &index.partial_filter else { return Ok(None) };
        // Reading what is printed checks what the server checks.
        odm_core::Index::parse(&index.to_document())?;
        let filter = filter.normalized()?.into_owned();
        let matcher = Matcher::collated(&filter, collator)?;
        Ok(Some(Partial { filter, matcher }))
    }

    fn to_document(&self) -> Document {
        self.filter.to_document()
    }
}

fn refuse_options(index: &odm_core::Index) -> Result<(), Error> {
    let refused = [
        (index.expire_after.is_some(), "TTL indexes"),
        (index.wildcard_projection.is_some(), "wildcard indexes"),
        (
            index.weights.is_some()
                || index.default_language.is_some()
                || index.language_override.is_some(),
            "text indexes",
        ),
    ];
    if let Some((_, feature)) = refused.into_iter().find(|(asked, _)| *asked) {
        return Err(unsupported(feature));
    }
    // Neither changes what an index does, here as on the server.
    let ignored = |name: &str| matches!(name, "background" | "v");
    match index.extra.keys().find(|name| !ignored(name)) {
        Some(name) => Err(unsupported(&format!("the index option `{name}`"))),
        None => Ok(()),
    }
}

fn check_path(path: &str) -> Result<(), Error> {
    if path.is_empty() {
        return Err(cannot_create("Index keys cannot be an empty field."));
    }
    for (position, part) in path.split('.').enumerate() {
        if part.is_empty() {
            return Err(cannot_create("Index keys cannot contain an empty field."));
        }
        // The fields of a DBRef, and the sign of a wildcard.
        let known = position > 0 && matches!(part, "$id" | "$ref" | "$db") || part == "$**";
        if part.starts_with('$') && !known {
            return Err(cannot_create(
                "Index key contains an illegal field name: field name starts with '$'.",
            ));
        }
    }
    Ok(())
}

fn cannot_create(message: impl Into<String>) -> Error {
    Error::command(ErrorCode::CANNOT_CREATE_INDEX, message)
}

fn bad_value(message: &str) -> Error {
    Error::command(ErrorCode::BAD_VALUE, message)
}

fn unsupported(feature: &str) -> Error {
    Error::Unsupported { backend: "memory", feature: feature.to_owned() }
}

/// An index with its entries. Cloning it is a snapshot.
#[derive(Clone)]
pub(crate) struct Index {
    pub(crate) spec: Arc<IndexSpec>,
    pub(crate) entries: OrdIndex,
    /// The fields, as bits, whose paths met an array in some document: each may have many keys.
    multikey: u32,
}

/// The keys of one document in one index, as stored.
pub(crate) type EntryKeys = SmallVec<[KeyBytes; 1]>;

impl Index {
    pub(crate) fn new(spec: IndexSpec) -> Self {
        Index { spec: Arc::new(spec), entries: OrdIndex::default(), multikey: 0 }
    }

    /// The same without keys.
    pub(crate) fn emptied(&self) -> Self {
        Index { spec: self.spec.clone(), entries: OrdIndex::default(), multikey: 0 }
    }

    /// Whether a document may have many keys.
    pub(crate) const fn is_multikey(&self) -> bool {
        self.multikey != 0
    }

    /// Whether the field at `position` met an array in some document.
    pub(crate) fn is_multikey_at(&self, position: usize) -> bool {
        self.multikey & field_bit(position) != 0
    }

    /// The keys of a document, without what tells the documents of a non-unique index apart.
    ///
    /// # Errors
    ///
    /// 171 if two of the fields meet different arrays.
    pub(crate) fn keys(&self, record: &Record) -> Result<IndexKeys, Error> {
        if self.spec.is_id()
            && let Some(id) = record.id()
        {
            if self.spec.collator().is_some() {
                collation::check_indexable(id)?;
            }
            let keys = SmallVec::from_buf([self.spec.pattern.encode([id])]);
            return Ok(IndexKeys { keys, multikey: false });
        }
        if self.spec.partial.as_ref().is_some_and(|partial| !partial.matcher.matches(record)) {
            return Ok(IndexKeys::default());
        }
        self.spec.pattern.index_keys(record, self.spec.sparse)
    }

    /// The bytes under which `key` of the record `id` is stored.
    fn stored(&self, mut key: KeyBytes, id: RecordId) -> KeyBytes {
        if !self.spec.unique {
            key.push_bytes(&id.to_key());
        }
        key
    }

    /// A stored key without what tells the documents of a non-unique index apart.
    pub(crate) fn without_id(&self, stored: &KeyBytes) -> KeyBytes {
        let bytes = stored.as_bytes();
        let suffix = if self.spec.unique { 0 } else { size_of::<RecordId>() };
        KeyBytes::from(&bytes[..bytes.len().saturating_sub(suffix)])
    }

    /// Adds entries; all of them or, at a duplicate, none.
    pub(crate) fn insert(&mut self, keys: EntryKeys, id: RecordId) -> Result<(), KeyBytes> {
        for (done, key) in keys.iter().enumerate() {
            if self.entries.insert(self.stored(key.clone(), id), id).is_err() {
                let duplicate = key.clone();
                self.remove(&keys[..done], id);
                return Err(duplicate);
            }
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, keys: &[KeyBytes], id: RecordId) {
        for key in keys {
            let removed = self.entries.remove(&self.stored(key.clone(), id));
            debug_assert_eq!(removed, Some(id), "an entry of a stored document was missing");
        }
    }

    /// Remembers which fields of a document met an array.
    pub(crate) fn note_arrays(&mut self, record: &Record) {
        for (position, (path, _)) in self.spec.fields().iter().enumerate() {
            if meets_array(path, record) {
                self.multikey |= field_bit(position);
            }
        }
    }

    /// The values of one of a document's keys: what `keyValue` shows.
    pub(crate) fn key_values(&self, record: &Record, key: &KeyBytes) -> Document {
        let pattern = &self.spec.pattern;
        let mut found = Document::new();
        let walked = pattern.each_key(record, |values, _| {
            if found.is_empty() && pattern.encode(values.iter().copied()) == *key {
                let names = self.spec.key.keys().cloned();
                found = names.zip(values.iter().map(|value| in_key(value.to_bson()))).collect();
            }
        });
        debug_assert!(walked.is_ok(), "the document had its keys made before");
        found
    }

    /// Of one of a document's keys, the value of the field at `position`, and the bytes up to its end.
    pub(crate) fn key_prefix(
        &self,
        record: &Record,
        key: &KeyBytes,
        position: usize,
    ) -> Option<(KeyBytes, Bson)> {
        let pattern = &self.spec.pattern;
        let mut found = None;
        let walked = pattern.each_key(record, |values, _| {
            if found.is_none() && pattern.encode(values.iter().copied()) == *key {
                let prefix = pattern.encode(values.iter().take(position + 1).copied());
                found = values.get(position).map(|value| (prefix, in_key(value.to_bson())));
            }
        });
        debug_assert!(walked.is_ok(), "the document had its keys made before");
        found
    }

    /// The refusal of a document whose key is there already.
    pub(crate) fn duplicate_error(&self, namespace: &str, values: Document) -> Error {
        let collation = self.spec.collator().map(|collator| collator.to_document());
        let shown = collation.as_ref().map(|one| format!(" collation: {}", display::document(one)));
        let message = format!(
            "E11000 duplicate key error collection: {namespace} index: {}{} dup key: {}",
            self.spec.name,
            shown.unwrap_or_default(),
            display::document(&values),
        );
        let mut details = doc! { "keyPattern": self.spec.key.clone(), "keyValue": values };
        if let Some(collation) = collation {
            details.insert("collation", collation);
        }
        Error::command_with(ErrorCode::DUPLICATE_KEY, message, details)
    }
}

/// A value as the server finds it in a key: there is one NaN in each type. What is stored bounds how
/// deep it nests.
fn in_key(value: Bson) -> Bson {
    const NAN: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x7c];
    const NAN_BITS: u8 = 0x7c;
    match value {
        Bson::Double(n) if n.is_nan() => Bson::Double(f64::NAN),
        Bson::Decimal128(n) if n.bytes()[15] & NAN_BITS == NAN_BITS => {
            Bson::Decimal128(Decimal128::from_bytes(NAN))
        }
        Bson::Document(fields) => {
            Bson::Document(fields.into_iter().map(|(name, value)| (name, in_key(value))).collect())
        }
        Bson::Array(items) => Bson::Array(items.into_iter().map(in_key).collect()),
        other => other,
    }
}

const fn field_bit(position: usize) -> u32 {
    1 << (position % u32::BITS as usize)
}

/// Whether there is an array on the way of `path`, at its end included.
fn meets_array(path: &FieldPath, record: &Record) -> bool {
    let mut value = record.get(path.first());
    for component in &path.components()[1..] {
        match value {
            Some(object) if object.is_object() => value = object.get(component.name.as_bytes()),
            _ => break,
        }
    }
    value.is_some_and(|value| value.is_array())
}

impl Index {
    /// What is wrong between the entries and the records, if anything.
    pub(super) fn check(&self, records: &super::Records) -> Result<(), String> {
        let name = &self.spec.name;
        let mut expected = Vec::new();
        for (id, record) in records.iter() {
            let keys = self
                .keys(record)
                .map_err(|error| format!("index {name}: no keys for {record:?}: {error}"))?;
            if keys.multikey {
                let mut noted = self.clone();
                noted.note_arrays(record);
                if noted.multikey != self.multikey {
                    return Err(format!("index {name}: not noted as multikey for {record:?}"));
                }
            }
            expected.extend(keys.keys.into_iter().map(|key| (self.stored(key, id), id)));
        }
        expected.sort_unstable();
        let entries = self.entries.iter().map(|(key, id)| (key.clone(), id));
        let entries: Vec<_> = entries.collect();
        if entries.len() != self.entries.len() {
            return Err(format!(
                "index {name}: {} entries, counted as {}",
                entries.len(),
                self.entries.len()
            ));
        }
        if entries != expected {
            return Err(format!("index {name}: {entries:?} where {expected:?} was expected"));
        }
        Ok(())
    }
}

/// Whether one of the paths of a filter is such.
fn any_path(filter: &Filter, is_such: &impl Fn(&str) -> bool) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) | Filter::Nor(parts) => {
            parts.iter().any(|part| any_path(part, is_such))
        }
        Filter::Field(path, _) => is_such(path.as_str()),
        _ => false,
    }
}
