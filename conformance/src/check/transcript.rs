//! Checks of what was recorded from a server, command by command.
//!
//! A file has a line `> command` and below it `= answer`, both in extended JSON; other lines are for people. The answer is
//! the code of a refusal (`!31254`), of the command or of its first write that failed, or else what the reply tells:
//! the first batch of a cursor as `r`, or counts and documents.

use bson::{Bson, Document, doc};
use odm_core::Database;

use super::{Shell, note, show};
use crate::case::{Failure, Outcome};

/// What of a reply is recorded.
const TOLD: [&str; 6] = ["n", "nModified", "upserted", "value", "lastErrorObject", "values"];

/// Gives the commands of a file, one after the other, and compares the answers.
pub(crate) async fn check_transcript(db: &Database, text: &str) -> Outcome {
    let shell = Shell::new(db).await?;
    let mut failures = Vec::new();
    let mut lines = text.lines().filter(|line| line.starts_with(['>', '=']));
    while let (Some(command), Some(recorded)) = (lines.next(), lines.next()) {
        note(&mut failures, check(&shell, command, recorded).await);
    }
    Failure::unless_empty(&failures)
}

async fn check(shell: &Shell, command: &str, recorded: &str) -> Outcome {
    let malformed = || Failure::new(format!("{command}\n{recorded}\n  is malformed"));
    let command = parse(command.strip_prefix("> ").ok_or_else(malformed)?)?;
    let recorded = recorded.strip_prefix("= ").ok_or_else(malformed)?;
    let recorded = match recorded.strip_prefix('!') {
        Some(_) => recorded.to_owned(),
        None => show(&parse(recorded)?),
    };
    let what = show(&command);
    let got = answer(shell.run(command).await).map_err(|error| {
        Failure::new(format!("{what}\n  recorded {recorded}\n  got      {error}"))
    })?;
    if got == recorded {
        return Ok(());
    }
    Err(Failure::new(format!("{what}\n  recorded {recorded}\n  got      {got}")))
}

fn parse(json: &str) -> Result<Document, Failure> {
    serde_json::from_str(json).map_err(|error| Failure::new(format!("{json}\n  {error}")))
}

fn answer(reply: odm_core::Result<Document>) -> odm_core::Result<String> {
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => return error.code().map(|code| format!("!{code}")).ok_or(error),
    };
    let refused = |reply: &Document| {
        reply.get_array("writeErrors").ok()?.first()?.as_document()?.get_i32("code").ok()
    };
    if let Some(code) = refused(&reply) {
        return Ok(format!("!{code}"));
    }
    if let Ok(cursor) = reply.get_document("cursor") {
        let batch = cursor.get("firstBatch").cloned().unwrap_or(Bson::Undefined);
        return Ok(show(&doc! { "r": batch }));
    }
    let told = TOLD.iter().filter_map(|name| Some(((*name).to_owned(), reply.get(name)?.clone())));
    Ok(show(&told.collect()))
}
