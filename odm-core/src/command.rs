//! Command documents: requests as what a shell or a driver sends, and replies.
//!
//! Every request prints itself by `to_command`; [`Command::parse`] reads what was sent;
//! [`reply`] builds what a server answers; [`Error::from_reply`](crate::Error::from_reply) and the
//! outcomes' `from_reply` read answers.

mod from_reply;
mod print;
pub mod reply;
