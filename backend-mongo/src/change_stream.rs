//! Change streams, resumed by the driver when a connection breaks.

use std::sync::Arc;

use async_trait::async_trait;
use bson::{Document, RawDocumentBuf};
use futures_util::future::BoxFuture;
use mongodb::action::Watch as WatchAction;
use mongodb::change_stream::event::ResumeToken;
use mongodb::change_stream::session::SessionChangeStream;
use mongodb::error::Result as DriverResult;
use mongodb::options::{
    ChangeStreamOptions, Collation, FullDocumentBeforeChangeType, FullDocumentType,
};
use odm_core::{
    ChangeStream, Error, ErrorCode, Namespace, OpCx, RawChangeStream, RawDoc, Result, Watch,
};

use crate::complete::complete;
use crate::concern;
use crate::error::from_driver;
use crate::run::Inner;
use crate::session::MongoSession;

pub(crate) async fn watch(
    inner: Arc<Inner>,
    ns: Namespace,
    watch: Watch,
    cx: OpCx,
) -> Result<ChangeStream> {
    let session = inner.session(&cx)?;
    let pipeline: Vec<Document> =
        watch.pipeline.0.iter().map(|stage| stage.to_document()).collect();
    let deployment = watch.all_databases;
    let options = options(watch, &cx)?;
    let database = inner.client.database(ns.database());
    let collection = database.collection::<Document>(ns.collection());
    let source = if deployment {
        open(inner.client.watch().pipeline(pipeline), options, session).await
    } else if ns.collection().is_empty() {
        open(database.watch().pipeline(pipeline), options, session).await
    } else {
        let action = collection.watch().pipeline(pipeline);
        open(action, options, session).await
    };
    let source = source.map_err(from_driver)?;
    let resume_token = source.resume_token();
    Ok(ChangeStream::new(Box::new(MongoChangeStream { state: State::Idle(source), resume_token })))
}

async fn open(
    action: WatchAction<'_>,
    options: ChangeStreamOptions,
    session: Option<MongoSession>,
) -> DriverResult<Source> {
    let action = action.with_options(options);
    Ok(match session {
        None => Source::Implicit(action.await?.with_type::<RawDocumentBuf>()),
        Some(session) => {
            let stream = {
                let mut held = session.session.lock().await;
                action.session(&mut held.session).await?.with_type::<RawDocumentBuf>()
            };
            Source::Session(Box::new(stream), session)
        }
    })
}

fn options(watch: Watch, cx: &OpCx) -> Result<ChangeStreamOptions> {
    let mut options = ChangeStreamOptions::default();
    options.full_document = match watch.full_document.as_deref() {
        None | Some("default") => None,
        Some("updateLookup") => Some(FullDocumentType::UpdateLookup),
        Some("whenAvailable") => Some(FullDocumentType::WhenAvailable),
        Some("required") => Some(FullDocumentType::Required),
        Some(other) => return Err(not_valid("fullDocument", other)),
    };
    options.full_document_before_change = match watch.full_document_before_change.as_deref() {
        None => None,
        Some("off") => Some(FullDocumentBeforeChangeType::Off),
        Some("whenAvailable") => Some(FullDocumentBeforeChangeType::WhenAvailable),
        Some("required") => Some(FullDocumentBeforeChangeType::Required),
        Some(other) => return Err(not_valid("fullDocumentBeforeChange", other)),
    };
    options.resume_after = watch.resume_after.map(token).transpose()?;
    options.start_after = watch.start_after.map(token).transpose()?;
    options.start_at_operation_time = watch.start_at_operation_time;
    options.max_await_time = watch.max_await_time;
    options.batch_size = watch.batch_size;
    options.collation = match watch.collation {
        None => None,
        Some(collation) => {
            let document = bson::serialize_to_document(&collation).map_err(bad_value)?;
            Some(bson::deserialize_from_document::<Collation>(document).map_err(bad_value)?)
        }
    };
    options.show_expanded_events = watch.show_expanded_events.then_some(true);
    // `watch.comment` is not sent: driver 3.9 writes it into the stage, where servers refuse it (40415).
    options.read_concern = cx.read_concern.clone().map(concern::read_concern);
    options.selection_criteria = cx.read_preference.map(concern::selection_criteria);
    Ok(options)
}

fn not_valid(field: &str, value: &str) -> Error {
    let message =
        format!("enumeration value '{value}' for field '$changeStream.{field}' is not valid");
    Error::command(ErrorCode::BAD_VALUE, message)
}

fn bad_value(error: bson::error::Error) -> Error {
    Error::command(ErrorCode::BAD_VALUE, error.to_string())
}

fn token(token: Document) -> Result<ResumeToken> {
    bson::deserialize_from_document(token).map_err(bad_value)
}

enum Source {
    Implicit(mongodb::change_stream::ChangeStream<RawDocumentBuf>),
    /// Fetches hold the session's lock, one batch at a time.
    Session(Box<SessionChangeStream<RawDocumentBuf>>, MongoSession),
}

impl Source {
    async fn next_if_any(&mut self) -> DriverResult<Option<RawDocumentBuf>> {
        match self {
            Source::Implicit(stream) => stream.next_if_any().await,
            Source::Session(stream, session) => {
                let mut held = session.session.lock().await;
                stream.next_if_any(&mut held.session).await
            }
        }
    }

    fn is_alive(&self) -> bool {
        match self {
            Source::Implicit(stream) => stream.is_alive(),
            Source::Session(stream, _) => stream.is_alive(),
        }
    }

    fn resume_token(&self) -> Option<Document> {
        let token = match self {
            Source::Implicit(stream) => stream.resume_token(),
            Source::Session(stream, _) => stream.resume_token(),
        };
        token.and_then(|token| bson::serialize_to_document(&token).ok())
    }
}

type Fetched = (Source, DriverResult<Option<RawDocumentBuf>>);

struct MongoChangeStream {
    state: State,
    resume_token: Option<Document>,
}

/// A fetch belongs to the stream, not to whoever waits for it: an event is not lost when the
/// future that waits for it is dropped.
enum State {
    Idle(Source),
    Fetching(BoxFuture<'static, Fetched>),
    Done,
}

impl MongoChangeStream {
    /// One fetch: an event, nothing yet, or (`None`) the end.
    async fn step(&mut self) -> Result<Option<Option<RawDoc>>> {
        if let State::Idle(_) = self.state
            && let State::Idle(mut source) = std::mem::replace(&mut self.state, State::Done)
        {
            self.state = State::Fetching(Box::pin(complete(async move {
                let event = source.next_if_any().await;
                (source, event)
            })));
        }
        let State::Fetching(fetch) = &mut self.state else { return Ok(None) };
        let (source, event) = fetch.await;
        self.state = State::Done;
        let event = event.map_err(from_driver)?;
        self.resume_token = source.resume_token();
        // An `invalidate` event comes with the end of the stream.
        let alive = source.is_alive();
        if event.is_some() || alive {
            self.state = State::Idle(source);
        }
        Ok(match (event, alive) {
            (Some(event), _) => Some(Some(event.into())),
            (None, true) => Some(None),
            (None, false) => None,
        })
    }
}

#[async_trait]
impl RawChangeStream for MongoChangeStream {
    async fn next(&mut self) -> Result<Option<RawDoc>> {
        loop {
            match self.step().await? {
                Some(Some(event)) => return Ok(Some(event)),
                Some(None) => {}
                None => return Ok(None),
            }
        }
    }

    async fn next_if_any(&mut self) -> Result<Option<RawDoc>> {
        Ok(self.step().await?.flatten())
    }

    fn resume_token(&self) -> Option<Document> {
        self.resume_token.clone()
    }
}
