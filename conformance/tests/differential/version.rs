//! Two versions of a document: the update between them makes one of the other, and the one back, on both backends.

use bson::{Document, RawDocumentBuf, doc};
use conformance::show;
use conformance::strategy::versions;
use odm_core::Update;
use proptest::collection::vec;

use crate::property::{Bench, Property};
use crate::round::{Counts, Round};

pub(crate) const PROPERTIES: &[Property] = &[Property { name: "version", test: both_ways }];

fn both_ways(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    bench.check("version", counts, &vec(versions(), 1..12), |round, pairs| {
        let (before, after): (Vec<_>, Vec<_>) = (0_i32..)
            .zip(pairs)
            .map(|(id, (before, after))| (with_id(id, before), with_id(id, after)))
            .unzip();
        round.fill(&[])?;
        round.same(doc! { "insert": "c", "documents": &before, "ordered": false })?;
        let there = round.same_documents()?;
        // What may not be stored is not there.
        let wanted = there.iter().filter_map(|doc| Some((doc, of_same_id(doc, &after)?)));
        change(round, wanted)?;
        let changed = round.same_documents()?;
        let wanted = changed.iter().filter_map(|doc| Some((doc, of_same_id(doc, &there)?)));
        change(round, wanted)
    })
}

fn with_id(id: i32, doc: Document) -> Document {
    doc! { "_id": id }.into_iter().chain(doc).collect()
}

fn of_same_id<'a>(doc: &Document, docs: &'a [Document]) -> Option<&'a Document> {
    docs.iter().find(|other| other.get("_id") == doc.get("_id"))
}

/// Makes of each document the other one.
fn change<'a>(
    round: &mut Round<'_>,
    pairs: impl Iterator<Item = (&'a Document, &'a Document)> + Clone,
) -> Result<(), String> {
    let mut updates = Vec::new();
    for (is, wanted) in pairs.clone() {
        let update = Update::between(is, wanted).and_then(|update| update.to_bson());
        let update = update.map_err(|error| error.to_string())?;
        let id = is.get("_id").cloned().unwrap_or_default();
        updates.push(doc! { "q": { "_id": id }, "u": update });
    }
    if updates.is_empty() {
        return Ok(());
    }
    let reply = round.same(doc! { "update": "c", "updates": updates, "ordered": false })?;
    if reply.is_none_or(|reply| reply.contains_key("writeErrors")) {
        return Err(round.report("  an update between two versions is refused"));
    }
    let there = round.same_documents()?;
    for (_, wanted) in pairs {
        let is = of_same_id(wanted, &there);
        if is.is_none_or(|is| !same_fields(is, wanted)) {
            let (wanted, is) = (show(wanted), is.map(show).unwrap_or_default());
            return Err(round.report(&format!("  wanted {wanted}\n  is     {is}")));
        }
    }
    Ok(())
}

/// Whether the fields are the same to the byte, in any order.
fn same_fields(left: &Document, right: &Document) -> bool {
    let bytes = |doc: &Document| {
        let mut fields: Vec<_> = doc.iter().collect();
        fields.sort_by_key(|(name, _)| *name);
        let sorted: Document =
            fields.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        RawDocumentBuf::try_from(&sorted).map(RawDocumentBuf::into_bytes).ok()
    };
    bytes(left) == bytes(right)
}
