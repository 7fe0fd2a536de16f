//! The definitions of views: made, and changed.

use std::sync::Arc;

use odm_core::bson::Document;
use odm_core::{CreateCollection, Error, ErrorCode, ModifyCollection, Namespace, Pipeline, Result};

use crate::backend::Engine;
use crate::collation::Collator;
use crate::expression::Compiler;
use crate::stage::{self, Within};
use crate::storage::{View, check_name};
use crate::validation;

/// Options of collections that views do not have, each with its code. Others change nothing, as on the server.
const REFUSED: &[(&str, i32)] = &[
    ("changeStreamPreAndPostImages", 72),
    ("clusteredIndex", 6_026_500),
    ("encryptedFields", 6_346_401),
    ("expireAfterSeconds", 72),
    ("idIndex", 72),
    ("timeseries", 72),
];

impl Engine {
    /// Creates a view.
    ///
    /// # Errors
    ///
    /// 48 if the name is taken, 73 if it, or that of what the view is on, cannot be; 167 and what stages
    /// refuse for the pipeline; 5, 165, 167 and 195 if it does not fit among the other views.
    pub(super) fn create_view(
        &self,
        ns: &Namespace,
        on: &str,
        request: &CreateCollection,
    ) -> Result<()> {
        let collator = request.collation.as_ref().map(Collator::of_collection).transpose()?;
        let collator = collator.flatten();
        let is_refused = |(option, _): &&(&str, i32)| request.extra.contains_key(option);
        if let Some((option, code)) = REFUSED.iter().find(is_refused) {
            let message = format!("option not supported on a view: {option}");
            return Err(Error::command(ErrorCode(*code), message));
        }
        if let Some(validator) = &request.validator {
            let options = Document::from_iter([("validator".to_owned(), validator.clone().into())]);
            validation::check(ns, &options, collator.as_ref())?;
        }
        if self.is_view(ns) || self.catalog.find(ns).is_some() {
            let message = format!("Namespace already exists: {ns}");
            return Err(Error::command(ErrorCode::NAMESPACE_EXISTS, message));
        }
        let pipeline = request.pipeline.clone().unwrap_or_default();
        let view = self.view(ns, on.to_owned(), pipeline, collator)?;
        self.catalog.start_write().create_view(ns, view, self.ids.uuid())
    }

    /// Changes what a view is on, or what it makes of it; `false` if there is no such view.
    ///
    /// # Errors
    ///
    /// 72 for what is for collections; as [`create_view`](Engine::create_view).
    pub(super) fn modify_view(&self, ns: &Namespace, request: &ModifyCollection) -> Result<bool> {
        let ModifyCollection {
            validator,
            validation_level,
            validation_action,
            view_on,
            pipeline,
            extra,
        } = request;
        self.catalog.change_view(ns, |old| {
            let of_collections = [
                ("validator", validator.is_some()),
                ("validationLevel", validation_level.is_some()),
                ("validationAction", validation_action.is_some()),
            ];
            let option = of_collections.iter().find(|(_, is_set)| *is_set).map(|(name, _)| *name);
            if let Some(option) = option.or(extra.keys().next().map(String::as_str)) {
                let message = format!("option not supported on a view: {option}");
                return Err(Error::command(ErrorCode::INVALID_OPTIONS, message));
            }
            let on = view_on.clone().unwrap_or_else(|| old.on.clone());
            let pipeline = pipeline.clone().unwrap_or_else(|| old.pipeline.clone());
            self.view(ns, on, pipeline, old.collator.clone())
        })
    }

    /// A view, if its definition is one.
    fn view(
        &self,
        ns: &Namespace,
        on: String,
        pipeline: Pipeline,
        collator: Option<Arc<Collator>>,
    ) -> Result<View> {
        let read = Namespace::new(ns.database().to_owned(), on.clone());
        if on.is_empty() {
            return Err(Error::command(ErrorCode::BAD_VALUE, "'viewOn' cannot be empty"));
        }
        check_name(&read)?;
        if on.contains('$') {
            let message = format!("invalid name for 'viewOn': {on}");
            return Err(Error::command(ErrorCode::INVALID_NAMESPACE, message));
        }
        for (at, stage) in pipeline.0.iter().enumerate() {
            let (code, what) = match (stage.name(), at) {
                ("$changeStream", 0) => (ErrorCode::OPTION_NOT_SUPPORTED_ON_VIEW, "$changeStream"),
                ("$documents", _) => (ErrorCode::INVALID_NAMESPACE, "$documents"),
                (name, _) => {
                    stage::check_namespace(name, &read)?;
                    continue;
                }
            };
            let message = format!("{what} cannot be used in a view definition");
            return Err(Error::command(code, message));
        }
        // What constant expressions refuse is told when the view is read.
        let globals = self.globals(collator.clone());
        stage::Pipeline::compile(
            &mut Compiler::new(&globals, Vec::new()),
            &pipeline,
            Within::View,
        )?;
        let named = stage::involved(&pipeline);
        View::new(on, pipeline, collator, named)
    }
}
