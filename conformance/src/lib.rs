//! One conformance suite for any [`odm_core`] backend.
//!
//! Each [`Case`] is a few facts about MongoDB, with answers recorded from a real server, checked through the
//! [`Backend`](odm_core::Backend) contract. [`run`] runs all of them on any backend, each on a database of its own:
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use backend_memory::MemoryBackend; // or your own
//!
//! let backend = MemoryBackend::new();
//! let report = conformance::run("memory", |name| backend.database(name)).await;
//! println!("{report}");
//! assert!(report.is_success());
//! # });
//! ```
//!
//! That, in a test function, is all that another backend needs. A case whose [`Need`]s the backend's
//! [`Capabilities`](odm_core::Capabilities) do not meet is reported as ignored, with what is missing; and for each
//! capability there is a case which checks that what a backend does not claim, it refuses with
//! [`Error::Unsupported`](odm_core::Error::Unsupported).
//!
//! To have each case as a test of its own, build them from [`cases`] with [`Case::check`]: see `tests/it/main.rs` of
//! this crate, which runs them on the memory engine and on MongoDB.

mod capability;
mod case;
mod check;
mod run;
mod show;
pub mod strategy;
mod value;

mod aggregate;
mod catalog;
mod collation;
mod filter;
mod index;
mod matrix;
#[cfg(test)]
mod properties;
mod read;
mod recorded;
mod session;
mod typed;
mod update;
mod view;
mod write;

pub use case::{Case, Failure, Need, Outcome, Verdict};
pub use matrix::record_matrix;
pub use run::{Ran, Report, Run, run};
pub use show::{show, show_all, show_value};

/// Every case, family by family.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    [
        aggregate::FAMILIES,
        capability::FAMILIES,
        catalog::FAMILIES,
        collation::FAMILIES,
        filter::FAMILIES,
        index::FAMILIES,
        matrix::FAMILIES,
        read::FAMILIES,
        recorded::FAMILIES,
        session::FAMILIES,
        typed::FAMILIES,
        update::FAMILIES,
        view::FAMILIES,
        write::FAMILIES,
    ]
    .into_iter()
    .flatten()
    .copied()
    .flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::cases;

    #[test]
    fn no_name_is_given_twice() {
        let mut seen = HashSet::new();
        let twice: Vec<_> =
            cases().map(|case| case.name()).filter(|name| !seen.insert(*name)).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}
