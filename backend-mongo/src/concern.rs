//! Concerns, preferences and transaction options in the driver's types and as command fields.

use bson::raw::cstr;
use bson::{RawDocumentBuf, Timestamp, rawdoc};
use mongodb::options::SelectionCriteria;
use odm_core::{Acknowledgment, ReadConcern, ReadPreference, TransactionOptions, WriteConcern};

pub(crate) fn transaction_options(
    options: TransactionOptions,
) -> mongodb::options::TransactionOptions {
    let mut out = mongodb::options::TransactionOptions::default();
    out.read_concern = options.read_concern.map(read_concern);
    out.write_concern = options.write_concern.map(write_concern);
    out.selection_criteria = options.read_preference.map(selection_criteria);
    out.max_commit_time = options.max_commit_time;
    out
}

pub(crate) fn read_concern(concern: ReadConcern) -> mongodb::options::ReadConcern {
    mongodb::options::ReadConcern::custom(concern.0)
}

pub(crate) fn write_concern(concern: WriteConcern) -> mongodb::options::WriteConcern {
    use mongodb::options::Acknowledgment as Driver;
    let w = concern.w.map(|w| match w {
        Acknowledgment::Nodes(n) => Driver::Nodes(n),
        Acknowledgment::Custom(name) => Driver::Custom(name),
        _ => Driver::Majority,
    });
    mongodb::options::WriteConcern::builder()
        .w(w)
        .journal(concern.journal)
        .w_timeout(concern.timeout)
        .build()
}

pub(crate) fn read_concern_of(concern: &mongodb::options::ReadConcern) -> ReadConcern {
    use mongodb::options::ReadConcernLevel as Level;
    ReadConcern(match &concern.level {
        Level::Majority => "majority".to_owned(),
        Level::Linearizable => "linearizable".to_owned(),
        Level::Available => "available".to_owned(),
        Level::Snapshot => "snapshot".to_owned(),
        Level::Custom(level) => level.clone(),
        _ => "local".to_owned(),
    })
}

pub(crate) fn write_concern_of(concern: &mongodb::options::WriteConcern) -> WriteConcern {
    use mongodb::options::Acknowledgment as Driver;
    let w = concern.w.as_ref().map(|w| match w {
        Driver::Nodes(n) => Acknowledgment::Nodes(*n),
        Driver::Custom(name) => Acknowledgment::Custom(name.clone()),
        _ => Acknowledgment::Majority,
    });
    WriteConcern { w, journal: concern.journal, timeout: concern.w_timeout }
}

pub(crate) fn selection_criteria(preference: ReadPreference) -> SelectionCriteria {
    use mongodb::options::ReadPreference as Driver;
    SelectionCriteria::ReadPreference(match preference {
        ReadPreference::PrimaryPreferred => Driver::PrimaryPreferred { options: None },
        ReadPreference::Secondary => Driver::Secondary { options: None },
        ReadPreference::SecondaryPreferred => Driver::SecondaryPreferred { options: None },
        ReadPreference::Nearest => Driver::Nearest { options: None },
        _ => Driver::Primary,
    })
}

/// `readConcern` as a command takes it.
pub(crate) fn read_concern_field(
    level: Option<&ReadConcern>,
    after_cluster_time: Option<Timestamp>,
) -> Option<RawDocumentBuf> {
    let mut field = RawDocumentBuf::new();
    if let Some(level) = level {
        field.append(cstr!("level"), level.0.as_str());
    }
    if let Some(time) = after_cluster_time {
        field.append(cstr!("afterClusterTime"), time);
    }
    (!field.is_empty()).then_some(field)
}

/// `writeConcern` as a command takes it.
pub(crate) fn write_concern_field(concern: &WriteConcern) -> RawDocumentBuf {
    let mut field = rawdoc! {};
    match &concern.w {
        Some(Acknowledgment::Nodes(n)) => field.append(cstr!("w"), i64::from(*n)),
        Some(Acknowledgment::Custom(name)) => field.append(cstr!("w"), name.as_str()),
        Some(_) => field.append(cstr!("w"), "majority"),
        None => {}
    }
    if let Some(journal) = concern.journal {
        field.append(cstr!("j"), journal);
    }
    if let Some(timeout) = concern.timeout {
        field.append(cstr!("wtimeout"), i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX));
    }
    field
}
