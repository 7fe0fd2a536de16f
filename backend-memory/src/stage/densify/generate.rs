//! The documents that `$densify` generates.

use odm_core::Result;

use super::range::{Point, Range};
use crate::expression::refused;
use crate::stage::Doc;
use crate::stage::unwind::with_field;
use crate::value::{RawVal, ValueBuf};

/// Documents from one value to another, and then perhaps one that was there before.
pub(super) struct Generator {
    /// What all of them have.
    object: ValueBuf,
    /// The value of the next one.
    next: Option<Point>,
    upper: Point,
    last: Option<Doc>,
}

impl Generator {
    /// Begins to generate. There is one document at least.
    ///
    /// # Errors
    ///
    /// 5733306 if what all have includes the field, 5733307 and 5733308 if its path leads through an array or
    /// another value that is no document.
    pub(super) fn new(
        path: &[Box<str>],
        object: Option<ValueBuf>,
        first: Point,
        upper: Point,
        last: Option<Doc>,
    ) -> Result<Self> {
        let object = object.unwrap_or_else(|| RawVal::EMPTY_OBJECT.into());
        let mut value = object.as_raw();
        for (index, name) in path.iter().enumerate() {
            let Some(inner) = value.get(name.as_bytes()) else { break };
            if index + 1 == path.len() {
                let message = "DocGenerator cannot include field that is being densified";
                return refused(5_733_306, message);
            }
            if inner.is_array() {
                let message = "$densify cannot generate fields nested inside arrays";
                return refused(5_733_307, message);
            }
            if !inner.is_object() {
                let message = "$densify cannot overwrite non-object values with objects";
                return refused(5_733_308, message);
            }
            value = inner;
        }
        Ok(Generator { object, next: Some(first), upper, last })
    }

    pub(super) const fn is_done(&self) -> bool {
        self.next.is_none() && self.last.is_none()
    }

    /// The next document, and whether it is a new one.
    ///
    /// # Errors
    ///
    /// 159 and the like if there is no next value.
    pub(super) fn next(&mut self, path: &[Box<str>], range: &Range) -> Result<(Doc, bool)> {
        let Some(value) = self.next.take() else {
            let empty = || Doc::Made(self.object.as_raw().bytes().to_vec());
            return Ok((self.last.take().unwrap_or_else(empty), false));
        };
        let after = range.after(value)?;
        if after < self.upper {
            self.next = Some(after);
        }
        let value = value.to_value();
        Ok((Doc::Made(with_field(self.object.as_raw(), path, value.as_raw())), true))
    }
}
