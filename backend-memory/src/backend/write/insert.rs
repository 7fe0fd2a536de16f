//! `insert`, and what a document has to be to be stored.

use odm_core::{
    Error, ErrorCode, Insert, InsertOutcome, Namespace, Result, WriteFailure, WriteSummary,
};

use super::{Engine, check_batch, write_error};
use crate::storage::check_changeable;
use crate::update::{check_id_names, check_id_type};
use crate::value::{ElementType, RawVal, Record, ValueBuf, write};

/// How many documents are inserted before readers and other writers get a chance.
const CHUNK: usize = 128;

impl Engine {
    pub(crate) fn insert(&self, ns: &Namespace, insert: &Insert) -> Result<InsertOutcome> {
        check_batch(insert.documents.len())?;
        check_changeable(ns)?;
        let mut inserted_ids = Vec::with_capacity(insert.documents.len());
        let mut errors = Vec::new();
        let writing = self.catalog.start_write();
        // A collection is created for what gets into it, but not for what is refused.
        let (mut cell, refused) = match writing.find(ns) {
            Ok(cell) => (cell, None),
            Err(error) => (None, Some(error)),
        };
        for (chunk, documents) in insert.documents.chunks(CHUNK).enumerate() {
            let prepared = documents.iter().map(|doc| {
                let record = self.prepare(doc.as_bytes())?;
                refused.as_ref().map_or(Ok(record), |error| Err(error.clone()))
            });
            let records: Vec<Result<Record>> =
                if insert.ordered { until_first_error(prepared) } else { prepared.collect() };
            if cell.is_none() && records.iter().any(Result::is_ok) {
                cell = Some(self.cell_to_write(&writing, ns)?);
            }
            let validates = !insert.bypass_document_validation;
            let validator = cell.as_ref().and_then(|cell| cell.validator.as_ref());
            let validator = validator.filter(|_| validates);
            let insert_all = |state: &mut crate::storage::CollState| -> Result<()> {
                for (index, record) in records.into_iter().enumerate() {
                    let result = record.and_then(|record| {
                        validator.map_or(Ok(()), |validator| validator.check(&record))?;
                        let id = record.id().map(RawVal::to_bson);
                        state.insert(record, ns).map(|_| id)
                    });
                    match result {
                        Ok(id) => inserted_ids.extend(id),
                        Err(error) => {
                            errors.push(write_error(chunk * CHUNK + index, error)?);
                            if insert.ordered {
                                break;
                            }
                        }
                    }
                }
                Ok(())
            };
            match &cell {
                Some(cell) => cell.turn().write(insert_all)?,
                None => insert_all(&mut crate::storage::CollState::new(None))?,
            }
            if insert.ordered && !errors.is_empty() {
                break;
            }
        }
        if errors.is_empty() {
            return Ok(InsertOutcome { inserted_ids });
        }
        let done = WriteSummary { inserted: inserted_ids.len() as u64, ..WriteSummary::default() };
        Err(WriteFailure::new(errors, done).into())
    }

    /// Inserts a document of `$merge`.
    ///
    /// # Errors
    ///
    /// As [`prepare`](Engine::prepare); what the collection refuses.
    pub(crate) fn insert_one(&self, ns: &Namespace, doc: &[u8], validates: bool) -> Result<()> {
        let record = self.prepare(doc)?;
        let writing = self.catalog.start_write();
        let cell = self.cell_to_write(&writing, ns)?;
        if let Some(validator) = cell.validator.as_ref().filter(|_| validates) {
            validator.check(&record)?;
        }
        cell.turn().write(|state| state.insert(record, ns)).map(drop)
    }

    /// Makes a record of a document: `_id` first, made if it is missing; empty timestamps filled.
    ///
    /// # Errors
    ///
    /// 53 and 52 for an `_id` that cannot be, 2 for a second one or a document that is too large,
    /// 15 for one that is nested too deeply.
    pub(crate) fn prepare(&self, document: &[u8]) -> Result<Record> {
        let record = Record::from_bytes(document)?;
        let mut id = None;
        let mut id_is_first = false;
        let mut ids = 0;
        let mut has_empty_timestamp = false;
        for (position, (name, value)) in record.elements().enumerate() {
            if name == b"_id" {
                ids += 1;
                id = Some(value);
                id_is_first = position == 0;
            } else {
                has_empty_timestamp |= is_empty_timestamp(value);
            }
        }
        if ids > 1 {
            return Err(Error::command(
                ErrorCode::BAD_VALUE,
                "can't have multiple _id fields in one document",
            ));
        }
        if let Some(id) = id {
            check_id_type(id)?;
            check_id_names(Some(id))?;
        }
        if id_is_first && !has_empty_timestamp {
            return Ok(record);
        }
        let mut bytes = Vec::with_capacity(document.len() + 17);
        let start = write::begin(&mut bytes);
        match id {
            Some(id) => write::append(&mut bytes, b"_id", id),
            None => {
                let id = ValueBuf::from(self.ids.object_id());
                write::append(&mut bytes, b"_id", id.as_raw());
            }
        }
        for (name, value) in record.elements().filter(|(name, _)| *name != b"_id") {
            if is_empty_timestamp(value) {
                let now = self.timestamp();
                let bits = u64::from(now.time) << 32 | u64::from(now.increment);
                let now = bits.to_le_bytes();
                write::append(&mut bytes, name, RawVal::new(ElementType::Timestamp, &now));
            } else {
                write::append(&mut bytes, name, value);
            }
        }
        write::finish(&mut bytes, start);
        Record::from_bytes(&bytes)
    }
}

fn until_first_error(records: impl Iterator<Item = Result<Record>>) -> Vec<Result<Record>> {
    let mut prepared = Vec::new();
    for record in records {
        let failed = record.is_err();
        prepared.push(record);
        if failed {
            break;
        }
    }
    prepared
}

fn is_empty_timestamp(value: RawVal<'_>) -> bool {
    value.as_timestamp_bits() == Some(0)
}
