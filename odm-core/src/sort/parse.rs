//! Reading sort documents.

use bson::Document;

use super::Sort;
use crate::error::Result;

pub(super) fn parse(_doc: &Document) -> Result<Sort> {
    todo!()
}
