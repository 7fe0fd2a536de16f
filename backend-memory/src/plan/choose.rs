//! The choice among indexes.

use std::sync::Arc;

use odm_core::bson::{Bson, Document};
use odm_core::{Error, ErrorCode, FieldPath, Filter, Hint, SortOrder};

use super::bounds::{Bounds, Cut, Strings};
use super::conjuncts::Conjuncts;
use super::normalize::normalized;
use super::{Access, DistinctScan, IndexScan, NATURAL, Plan, Wanted, explain, id_lookup};
use crate::collation;
use crate::storage::{CollState, Index, KeyRange};
use crate::value::{KeyBytes, ValueBuf};

/// The most stretches that values of several fields are combined into.
const MAX_RANGES: usize = 1000;

/// How many entries are counted to tell which of two indexes is better.
const MAX_COUNTED: usize = 200;

pub(super) fn choose(state: &CollState, wanted: Wanted<'_>) -> Result<Plan, Error> {
    if let Some(plan) = natural(wanted)? {
        return Ok(plan);
    }
    if let Some(hint) = wanted.hint.filter(|hint| !is_empty(hint)) {
        let index = hinted(state, hint)?;
        if let Some(range) = between(&state.indexes[index], wanted)? {
            return Ok(bounded(state, index, range, wanted));
        }
        let filter = normalized(wanted.filter);
        let conjuncts = Conjuncts::of(&filter);
        return Candidate::on(state, index, &conjuncts, wanted).map(Candidate::into_plan);
    }
    if has_bounds(wanted) {
        return Err(Error::command(
            ErrorCode(51_173),
            "When using min()/max() a hint of which index to use must be provided",
        ));
    }
    let own = state.collator().map(Arc::as_ref);
    if let Some(key) = id_lookup(wanted.filter, wanted.collator, own) {
        return Ok(Plan { access: Access::Id(key), is_sorted: true, is_exact: true });
    }
    let filter = normalized(wanted.filter);
    let conjuncts = Conjuncts::of(&filter);
    let mut best: Option<Candidate> = None;
    for (position, index) in state.indexes.iter().enumerate() {
        let first = index.spec.fields().first();
        let is_mentioned = first.is_some_and(|(path, _)| conjuncts.mention(path.as_str()));
        if index.spec.hidden || !is_mentioned && wanted.sort.is_empty() {
            continue;
        }
        let candidate = Candidate::on(state, position, &conjuncts, wanted)?;
        let gives_order = candidate.is_sorted && !wanted.sort.is_empty();
        let usable = candidate.covers_every_match && (candidate.bounded > 0 || gives_order);
        if usable && best.as_ref().is_none_or(|best| candidate.is_better(best, state, wanted)) {
            best = Some(candidate);
        }
    }
    if best.as_ref().is_none_or(|best| best.bounded == 0)
        && let Some(scans) = disjunction(state, &conjuncts, wanted)?
    {
        let sort_matters = best.is_some() && wanted.limit > 0;
        if !sort_matters {
            let is_sorted = wanted.sort.is_empty();
            return Ok(Plan { access: Access::Or(scans), is_sorted, is_exact: false });
        }
    }
    Ok(best.map_or_else(
        || Plan {
            access: Access::Collection { backward: false },
            is_sorted: wanted.sort.is_empty(),
            is_exact: wanted.filter.is_empty(),
        },
        Candidate::into_plan,
    ))
}

fn has_bounds(wanted: Wanted<'_>) -> bool {
    bound(wanted.min).or(bound(wanted.max)).is_some()
}

/// An empty bound is none.
fn bound(bound: Option<&Document>) -> Option<&Document> {
    bound.filter(|bound| !bound.is_empty())
}

/// The stretch of the index that `min` and `max` ask for, if they are there.
fn between(index: &Index, wanted: Wanted<'_>) -> Result<Option<KeyRange>, Error> {
    if !has_bounds(wanted) {
        return Ok(None);
    }
    let strings = Strings::new(index, wanted.collator);
    let incompatible =
        || Error::command(ErrorCode(51_174), "The index chosen is not compatible with min/max");
    let mut range = KeyRange::prefix(KeyBytes::new());
    for (bound, end) in [(bound(wanted.min), &mut range.from), (bound(wanted.max), &mut range.to)] {
        let Some(bound) = bound else { continue };
        if !bound.keys().eq(index.spec.key.keys()) {
            return Err(incompatible());
        }
        if !strings.agree()
            && bound.values().any(|value| collation::matters_to(value.element_type()))
        {
            return Err(incompatible());
        }
        let values = bound.values().map(ValueBuf::from_bson).collect::<Result<Vec<_>, _>>()?;
        *end = index.spec.pattern.encode(values.iter().map(ValueBuf::as_raw));
    }
    if range.from >= range.to {
        return Err(Error::command(
            ErrorCode(51_175),
            "The value provided for min() does not come before the value provided for max() \
             in the hinted index",
        ));
    }
    Ok(Some(range))
}

/// The plan for a stretch of an index that was asked for.
fn bounded(state: &CollState, position: usize, range: KeyRange, wanted: Wanted<'_>) -> Plan {
    let index = &state.indexes[position];
    let direction = sort_direction(index, 0, wanted, Strings::new(index, wanted.collator));
    Plan {
        access: Access::Index(IndexScan {
            index: position,
            ranges: vec![range],
            is_lookup: false,
            backward: direction.unwrap_or(false),
            described: Vec::new(),
        }),
        is_sorted: direction.is_some(),
        is_exact: wanted.filter.is_empty(),
    }
}

/// The scan for the different values of a field: without a filter, of the index with the fewest
/// fields that begins with it; else of one whose bounds are the whole filter.
pub(super) fn distinct(
    state: &CollState,
    key: &FieldPath,
    filter: &Filter,
    explain: bool,
) -> Result<Option<DistinctScan>, Error> {
    // Where a number may be a position in an array, the index has not what the path leads to.
    if key.as_str().split('.').any(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
        return Ok(None);
    }
    let wanted = Wanted { explain, ..Wanted::all(filter, None) };
    let filter = normalized(filter);
    let conjuncts = Conjuncts::of(&filter);
    let mut best: Option<(Candidate, usize)> = None;
    for (position, index) in state.indexes.iter().enumerate() {
        let fields = index.spec.fields();
        let field = fields.iter().position(|(path, _)| path.as_str() == key.as_str());
        // An index with a collation does not hold the strings themselves.
        let is_shown = !index.spec.hidden && index.spec.collator().is_none();
        let Some(field) = field.filter(|_| is_shown) else { continue };
        if filter.is_empty() {
            let is_less = |best: &Candidate| {
                fields.len() < state.indexes[best.scan.index].spec.fields().len()
            };
            let usable = field == 0 && index.spec.partial.is_none();
            if usable && best.as_ref().is_none_or(|(best, _)| is_less(best)) {
                best = Some((Candidate::on(state, position, &conjuncts, wanted)?, field));
            }
            continue;
        }
        // As on the server, alternatives have bounds only where they are the whole filter.
        if index.is_multikey_at(field) || conjuncts.have_alternatives() && conjuncts.parts.len() > 1
        {
            continue;
        }
        let candidate = Candidate::on(state, position, &conjuncts, wanted)?;
        let usable = candidate.covers_every_match
            && candidate.bounded > 0
            && conjuncts.are_told_by_keys(index, &candidate.has_bounds);
        if usable && best.as_ref().is_none_or(|(best, _)| candidate.is_better(best, state, wanted))
        {
            best = Some((candidate, field));
        }
    }
    Ok(best.map(|(candidate, field)| {
        let index = &state.indexes[candidate.scan.index];
        let narrowing = &candidate.has_bounds[..candidate.bounded];
        let checks = !filter.is_empty() && !conjuncts.are_told_by_keys(index, narrowing);
        DistinctScan { scan: candidate.scan, field, checks }
    }))
}

fn is_empty(hint: &Hint) -> bool {
    matches!(hint, Hint::Keys(keys) if keys.is_empty())
}

/// The plan that a sort or a hint by natural order asks for.
fn natural(wanted: Wanted<'_>) -> Result<Option<Plan>, Error> {
    let sorted = wanted.sort.keys.iter().find(|(path, _)| path.as_str() == NATURAL);
    let no_bounds = || {
        let message = "min and max are incompatible with $natural";
        if has_bounds(wanted) {
            return Err(Error::command(ErrorCode(291), message));
        }
        Ok(())
    };
    if let Some((_, order)) = sorted {
        if wanted.sort.keys.len() > 1 {
            return Err(bad_value("Cannot include '$natural' in compound sort"));
        }
        let backward = *order == SortOrder::Descending;
        match wanted.hint.filter(|hint| !is_empty(hint)).map(natural_hint) {
            Some(None) => {
                return Err(bad_value("index hint not allowed with $natural sort order"));
            }
            Some(Some(hinted)) if hinted != backward => {
                return Err(bad_value(
                    "$natural hint must be in the same direction as $natural sort order",
                ));
            }
            _ => {}
        }
        no_bounds()?;
        let access = Access::Collection { backward };
        return Ok(Some(Plan { access, is_sorted: true, is_exact: wanted.filter.is_empty() }));
    }
    let is_sorted = wanted.sort.is_empty();
    let plan = |backward| Plan {
        access: Access::Collection { backward },
        is_sorted,
        is_exact: wanted.filter.is_empty(),
    };
    let hinted = wanted.hint.and_then(natural_hint);
    if hinted.is_some() {
        no_bounds()?;
    }
    Ok(hinted.map(plan))
}

/// The plan of a tailable cursor.
pub(super) fn tailing(wanted: Wanted<'_>) -> Result<Plan, Error> {
    let forward = || Plan {
        access: Access::Collection { backward: false },
        is_sorted: true,
        is_exact: wanted.filter.is_empty(),
    };
    let plan = natural(Wanted { min: None, max: None, ..wanted })?;
    Ok(plan.unwrap_or_else(forward))
}

/// Whether a hint by natural order is against it.
fn natural_hint(hint: &Hint) -> Option<bool> {
    let Hint::Keys(keys) = hint else { return None };
    Some(match keys.get(NATURAL)? {
        Bson::Int32(n) => *n < 0,
        Bson::Int64(n) => *n < 0,
        Bson::Double(n) => *n < 0.0,
        _ => false,
    })
}

fn hinted(state: &CollState, hint: &Hint) -> Result<usize, Error> {
    let is_shown = |position: &usize| !state.indexes[*position].spec.hidden;
    let found = match hint {
        Hint::Name(name) => state.index_named(name).filter(is_shown),
        Hint::Keys(keys) => {
            let mut found = state.indexes_on(keys).filter(is_shown);
            let first = found.next();
            if found.next().is_some() {
                return Err(Error::command(
                    ErrorCode::INDEX_NOT_FOUND,
                    "Hint matched multiple indexes, must hint by index name",
                ));
            }
            first
        }
        _ => None,
    };
    found.ok_or_else(|| bad_value("hint provided does not correspond to an existing index"))
}

fn bad_value(message: &str) -> Error {
    Error::command(ErrorCode::BAD_VALUE, message)
}

/// A way to run the query on one index.
struct Candidate {
    scan: IndexScan,
    is_sorted: bool,
    /// Which fields have bounds.
    has_bounds: Vec<bool>,
    /// How many fields have bounds that narrow the scan.
    bounded: usize,
    /// How many of them are bounded to single values.
    points: usize,
    /// Whether the scan visits matches only.
    is_exact: bool,
    /// Whether no match is missing from the index, as it may be from a sparse one.
    covers_every_match: bool,
}

impl Candidate {
    fn on(
        state: &CollState,
        position: usize,
        conjuncts: &Conjuncts<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Self, Error> {
        let index = &state.indexes[position];
        let strings = Strings::new(index, wanted.collator);
        let mut bounds: Vec<Option<Bounds<'_>>> = Vec::with_capacity(index.spec.fields().len());
        let mut multikey_bounded = false;
        let mut excludes_missing = false;
        for (field, (path, _)) in index.spec.fields().iter().enumerate() {
            let multikey = index.is_multikey_at(field);
            let mut of_field = conjuncts.bounds(path.as_str(), multikey, strings)?;
            excludes_missing |= of_field.as_ref().is_some_and(|bounds| bounds.excludes_missing);
            if multikey && of_field.is_some() {
                // Two fields with arrays may be met by different elements of the array.
                if multikey_bounded {
                    of_field = None;
                }
                multikey_bounded = true;
            }
            bounds.push(of_field);
        }
        let (ranges, bounded) = ranges(index, &bounds);
        let is_points = |one: &Option<Bounds<'_>>| one.as_ref().is_some_and(Bounds::is_points);
        let all_points = bounds.iter().all(is_points);
        let single = bounds.iter().take_while(|one| is_single_point(one)).count();
        let (is_sorted, backward) = match sort_direction(index, single, wanted, strings) {
            Some(backward) => (true, backward),
            None => (false, false),
        };
        let described = if wanted.explain {
            explain::describe(index, &bounds, bounded, backward)
        } else {
            Vec::new()
        };
        Ok(Candidate {
            scan: IndexScan {
                index: position,
                ranges,
                is_lookup: index.spec.unique && bounded == bounds.len() && all_points,
                backward,
                described,
            },
            is_sorted,
            has_bounds: bounds.iter().map(Option::is_some).collect(),
            is_exact: conjuncts.are_exact(index, bounded, strings),
            bounded,
            points: bounds.iter().take(bounded).filter(|one| is_points(one)).count(),
            covers_every_match: (!index.spec.sparse || excludes_missing)
                && index
                    .spec
                    .partial
                    .as_ref()
                    .is_none_or(|only| conjuncts.imply(&only.filter, strings)),
        })
    }

    fn into_plan(self) -> Plan {
        Plan {
            access: Access::Index(self.scan),
            is_sorted: self.is_sorted,
            is_exact: self.is_exact,
        }
    }

    /// Whether it is likely to visit less than `other`.
    fn is_better(&self, other: &Candidate, state: &CollState, wanted: Wanted<'_>) -> bool {
        let (mine, theirs) = (self.count(state), other.count(state));
        // An order that is there is worth more than fewer documents to sort, unless those are
        // few or all are wanted.
        if self.is_sorted != other.is_sorted {
            let unsorted = if self.is_sorted { theirs } else { mine };
            let prefer_sorted = unsorted >= MAX_COUNTED && wanted.limit > 0;
            let sorted_first = if self.is_sorted { mine <= theirs } else { mine < theirs };
            return if prefer_sorted { self.is_sorted } else { sorted_first };
        }
        (mine, other.points, other.bounded) < (theirs, self.points, self.bounded)
    }

    /// How many entries it would visit, up to [`MAX_COUNTED`].
    fn count(&self, state: &CollState) -> usize {
        let entries = &state.indexes[self.scan.index].entries;
        if self.bounded == 0 {
            return entries.len().min(MAX_COUNTED);
        }
        let mut left = MAX_COUNTED;
        for range in &self.scan.ranges {
            left -= entries.range(range, false).take(left).count();
            if left == 0 {
                break;
            }
        }
        MAX_COUNTED - left
    }
}

fn is_single_point(bounds: &Option<Bounds<'_>>) -> bool {
    bounds.as_ref().is_some_and(Bounds::is_single_point)
}

/// The stretches of the index that the bounds of its fields leave, and how many fields count.
fn ranges(index: &Index, bounds: &[Option<Bounds<'_>>]) -> (Vec<KeyRange>, usize) {
    let mut prefixes = vec![KeyBytes::new()];
    for (field, of_field) in bounds.iter().enumerate() {
        let descending = index.spec.fields()[field].1;
        let Some(of_field) = of_field else {
            return (prefixes.into_iter().map(KeyRange::prefix).collect(), field);
        };
        let combined = prefixes.len().saturating_mul(of_field.intervals.len());
        if field > 0 && combined > MAX_RANGES {
            return (prefixes.into_iter().map(KeyRange::prefix).collect(), field);
        }
        let joined = |prefix: &KeyBytes, part: &[u8]| {
            let mut key = prefix.clone();
            key.push_bytes(part);
            key
        };
        let cuts = |low: &Cut<'_>, high: &Cut<'_>| -> (KeyBytes, KeyBytes) {
            if descending {
                (high.descending(), low.descending())
            } else {
                (KeyBytes::from(low.ascending()), KeyBytes::from(high.ascending()))
            }
        };
        let mut intervals: Vec<_> =
            of_field.intervals.iter().map(|one| cuts(&one.low, &one.high)).collect();
        if descending {
            intervals.reverse();
        }
        if !of_field.is_points() {
            let ranges = prefixes.iter().flat_map(|prefix| {
                intervals.iter().map(|(from, to)| KeyRange {
                    from: joined(prefix, from),
                    to: joined(prefix, to),
                })
            });
            return (ranges.collect(), field + 1);
        }
        // The cut below a point is the key itself, in both directions.
        prefixes = prefixes
            .iter()
            .flat_map(|prefix| intervals.iter().map(|(from, _)| joined(prefix, from)))
            .collect();
    }
    (prefixes.into_iter().map(KeyRange::prefix).collect(), bounds.len())
}

/// Whether the index has the order that is wanted, and then whether it is to be read backward.
/// Its first `single` fields have one value each, which does not matter to the order.
fn sort_direction(
    index: &Index,
    single: usize,
    wanted: Wanted<'_>,
    strings: Strings<'_>,
) -> Option<bool> {
    if wanted.sort.is_empty() {
        return Some(false);
    }
    let fields = index.spec.fields();
    let is_single = |path: &str| {
        (0..single).any(|field| fields[field].0.as_str() == path && !index.is_multikey_at(field))
    };
    let mut direction = None;
    let mut field = 0;
    for (path, order) in &wanted.sort.keys {
        let descending = match order {
            SortOrder::Ascending => false,
            SortOrder::Descending => true,
            _ => return None,
        };
        if is_single(path.as_str()) {
            continue;
        }
        if !strings.agree() {
            return None;
        }
        // Fields with one value may be passed over.
        while field < single && fields[field].0.as_str() != path.as_str() {
            field += 1;
        }
        let (on, stored_descending) = fields.get(field)?;
        if on.as_str() != path.as_str() || index.is_multikey_at(field) {
            return None;
        }
        let backward = descending != *stored_descending;
        if *direction.get_or_insert(backward) != backward {
            return None;
        }
        field += 1;
    }
    Some(direction.unwrap_or(false))
}

/// One scan for each part of an `$or`, if every part has an index.
fn disjunction(
    state: &CollState,
    conjuncts: &Conjuncts<'_>,
    wanted: Wanted<'_>,
) -> Result<Option<Vec<IndexScan>>, Error> {
    for part in &conjuncts.parts {
        let Filter::Or(alternatives) = part else { continue };
        let mut scans = Vec::with_capacity(alternatives.len());
        for alternative in alternatives {
            let conjuncts = Conjuncts::of(alternative);
            let unsorted = Wanted { filter: alternative, ..Wanted::all(alternative, None) };
            let unsorted =
                Wanted { explain: wanted.explain, collator: wanted.collator, ..unsorted };
            let mut best: Option<Candidate> = None;
            for (position, index) in state.indexes.iter().enumerate() {
                if index.spec.hidden {
                    continue;
                }
                let candidate = Candidate::on(state, position, &conjuncts, unsorted)?;
                let usable = candidate.covers_every_match && candidate.bounded > 0;
                if usable
                    && best.as_ref().is_none_or(|best| candidate.is_better(best, state, unsorted))
                {
                    best = Some(candidate);
                }
            }
            match best {
                Some(best) => scans.push(best.scan),
                None => break,
            }
        }
        if scans.len() == alternatives.len() && !scans.is_empty() {
            return Ok(Some(scans));
        }
    }
    Ok(None)
}
