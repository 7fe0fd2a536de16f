//! Validators of collections: what documents must match to be written.

use std::fmt;
use std::sync::Arc;

use bson::{Bson, Document};
use odm_core::{
    Additional, Dependency, ElemMatch, Error, ErrorCode, Filter, JsonSchema, Keyword, Namespace,
    Predicate,
};

use crate::collation::Collator;
use crate::filter::{Matcher, details};
use crate::value::Record;

/// A validator that is enforced: its level is not `off`, its action not `warn`.
pub(crate) struct Validator {
    document: Document,
    matcher: Matcher,
    /// The collection's own.
    collator: Option<Arc<Collator>>,
    /// Documents that were invalid before may stay so.
    moderate: bool,
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validator").field("document", &self.document).finish_non_exhaustive()
    }
}

impl Validator {
    /// The validator of a collection with these options, if it is enforced.
    ///
    /// # Errors
    ///
    /// What [`check`] refuses.
    pub(crate) fn of(
        options: &Document,
        collator: Option<&Arc<Collator>>,
    ) -> Result<Option<Self>, Error> {
        let option = |name| options.get_str(name).unwrap_or_default();
        let level = option("validationLevel");
        let Ok(document) = options.get_document("validator") else { return Ok(None) };
        let strict = matches!(level, "" | "strict") && option("validationAction") != "warn";
        let matcher = compile(document, strict, collator)?;
        if level == "off" || option("validationAction") == "warn" {
            return Ok(None);
        }
        let moderate = level == "moderate";
        let (document, collator) = (document.clone(), collator.cloned());
        Ok(Some(Validator { document, matcher, collator, moderate }))
    }

    /// Refuses a new document that does not match.
    ///
    /// # Errors
    ///
    /// `DocumentValidationFailure` (121), with why it does not match.
    pub(crate) fn check(&self, record: &Record) -> Result<(), Error> {
        // What an expression refuses does not match.
        if matches!(self.matcher.holds(record), Ok(true)) {
            return Ok(());
        }
        let info = details::failure(&self.document, record, self.collator.as_ref())?;
        Err(Error::command_with(
            ErrorCode::DOCUMENT_VALIDATION_FAILURE,
            "Document failed validation",
            bson::doc! { "errInfo": info },
        ))
    }

    /// Refuses the new version of a document if it does not match.
    ///
    /// # Errors
    ///
    /// As [`check`](Validator::check).
    pub(crate) fn check_change(&self, before: &Record, after: &Record) -> Result<(), Error> {
        if self.moderate && !matches!(self.matcher.holds(before), Ok(true)) {
            return Ok(());
        }
        self.check(after)
    }
}

/// Refuses options that a collection of this name cannot have.
///
/// # Errors
///
/// 72 for collections that take no validator; for a malformed one the code of the filter; 2 for
/// `$where` and `$text`, 5626500 for `$near`, 3040500 for `$sampleRate`, 224 for encryption without
/// strict enforcement.
pub(crate) fn check(
    ns: &Namespace,
    options: &Document,
    collator: Option<&Arc<Collator>>,
) -> Result<(), Error> {
    if !options.contains_key("validator") {
        return Ok(());
    }
    let is_internal = matches!(ns.database(), "admin" | "local" | "config");
    if is_internal || ns.collection().starts_with("system.") {
        return Err(Error::command(
            ErrorCode::INVALID_OPTIONS,
            format!("Document validators are not allowed on collection {ns}"),
        ));
    }
    Validator::of(options, collator).map(drop)
}

fn compile(
    document: &Document,
    strict: bool,
    collator: Option<&Arc<Collator>>,
) -> Result<Matcher, Error> {
    let filter = Filter::parse(document)?;
    check_filter(&filter, strict)?;
    Matcher::validating(&filter, collator)
}

fn not_allowed(what: &str) -> Error {
    Error::command(ErrorCode::BAD_VALUE, format!("{what} is not allowed in this context"))
}

/// The filter was parsed from a document, so that it is not nested too deeply.
fn check_filter(filter: &Filter, strict: bool) -> Result<(), Error> {
    match filter {
        Filter::And(parts) | Filter::Or(parts) | Filter::Nor(parts) => {
            parts.iter().try_for_each(|part| check_filter(part, strict))
        }
        Filter::Field(_, predicate) => check_predicate(predicate, strict),
        Filter::Where(_) => Err(not_allowed("$where")),
        Filter::Text(_) => Err(not_allowed("$text")),
        Filter::SampleRate(_) => Err(Error::command(
            ErrorCode(3_040_500),
            "$rand not allowed inside collection validators",
        )),
        Filter::JsonSchema(schema) if !strict => {
            if is_about_encryption(&JsonSchema::parse(schema)?) {
                return Err(Error::command(
                    ErrorCode::QUERY_FEATURE_NOT_ALLOWED,
                    "Encryption-related validator keywords are not allowed in this context",
                ));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn check_predicate(predicate: &Predicate, strict: bool) -> Result<(), Error> {
    let check_element = |element: &ElemMatch| match element {
        ElemMatch::Fields(filter) => check_filter(filter, strict),
        ElemMatch::Value(parts) => parts.iter().try_for_each(|part| check_predicate(part, strict)),
        _ => Ok(()),
    };
    match predicate {
        Predicate::Near(_) => Err(Error::command(
            ErrorCode(5_626_500),
            "$geoNear, $near, and $nearSphere are not allowed in this context",
        )),
        Predicate::Not(parts) => parts.iter().try_for_each(|part| check_predicate(part, strict)),
        Predicate::ElemMatch(element) => check_element(element),
        Predicate::AllElemMatch(elements) => elements.iter().try_for_each(check_element),
        _ => Ok(()),
    }
}

fn is_about_encryption(schema: &JsonSchema) -> bool {
    let any = |schemas: &[JsonSchema]| schemas.iter().any(is_about_encryption);
    let any_named = |named: &[(String, JsonSchema)]| {
        named.iter().any(|(_, schema)| is_about_encryption(schema))
    };
    let additional = |rest: &Additional| match rest {
        Additional::Schema(schema) => is_about_encryption(schema),
        _ => false,
    };
    schema.source().contains_key("encryptMetadata")
        || schema.keywords().iter().any(|keyword| match keyword {
            Keyword::Encrypt { .. } => true,
            Keyword::Items(schema) | Keyword::Not(schema) => is_about_encryption(schema),
            Keyword::ItemList(schemas)
            | Keyword::AllOf(schemas)
            | Keyword::AnyOf(schemas)
            | Keyword::OneOf(schemas) => any(schemas),
            Keyword::AdditionalItems { rest, .. } => additional(rest),
            Keyword::Properties(properties) => any_named(properties),
            Keyword::AllowedProperties { patterns, additional: rest, .. } => {
                any_named(patterns) || additional(rest)
            }
            Keyword::Dependencies(dependencies) => {
                dependencies.iter().any(|(_, dependency)| match dependency {
                    Dependency::Schema(schema) => is_about_encryption(schema),
                    _ => false,
                })
            }
            _ => false,
        })
}

/// The options after `collMod`: with what it changes, and how validators are applied told in full.
pub(crate) fn modified(
    options: &Document,
    validator: Option<Document>,
    level: Option<&str>,
    action: Option<&str>,
) -> Document {
    if validator.is_none() && level.is_none() && action.is_none() {
        return options.clone();
    }
    let kept = |name: &str| options.get(name).cloned();
    let mut changed = options.clone();
    for name in ["validator", "validationLevel", "validationAction"] {
        changed.remove(name);
    }
    let validator = validator.map(Bson::Document).or_else(|| kept("validator"));
    let told = validator.filter(|validator| validator.as_document().is_some_and(|v| !v.is_empty()));
    changed.extend(told.map(|validator| ("validator".to_owned(), validator)));
    let how = [("validationLevel", level, "strict"), ("validationAction", action, "error")];
    for (name, asked, default) in how {
        let value = asked.map(Bson::from).or_else(|| kept(name)).unwrap_or_else(|| default.into());
        changed.insert(name, value);
    }
    changed
}
