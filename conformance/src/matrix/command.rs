//! What commands answer, option by option, and what they leave behind.
//!
//! `data/matrix/command/` holds questions and a server's answers, written as [`golden`](super::golden) tells. A question is
//! a command on the collection `c`, or several in an array. Its answer is the reply without `ok: 1`, messages and what only a
//! deployment has to say, or a refusal: `!`, its code, and the details that it has. After ` left ` come the documents,
//! after ` options ` the options of the collection, after ` beside ` the names of the others, if they are no longer those
//! at the start. Those are what the commands of the last question make that begins with `given `. An `@` in a question
//! stands for each of [`OPERANDS`], or for the values that are named after ` with `.

use bson::{Bson, Document, doc};
use odm_core::{Capabilities, Database, Error};

use super::ask::UNSUPPORTED;
use super::golden::{self, Golden, Row, Section};
use super::json;
use super::values::Values;
use crate::case::{Case, Failure, Outcome};
use crate::check::{COLLECTION, Shell, collection, trees, without_deployment_fields};

/// A file of questions and answers.
struct Matrix {
    /// The name of the file, without `.txt`.
    name: &'static str,
    text: &'static str,
    /// Whether a backend may refuse, as unsupported, what a server answers.
    may_be_refused: fn(&Capabilities) -> bool,
}

/// The cases, each with its file: a macro, so that they cannot drift apart.
macro_rules! matrices {
    ($($name:literal $(unless $capability:ident)?),* $(,)?) => {
        const MATRICES: &[Matrix] = &[$(Matrix {
            name: $name,
            text: include_str!(concat!("../../data/matrix/command/", $name, ".txt")),
            may_be_refused: |_can| false $(|| !_can.$capability)?,
        }),*];

        pub(super) const CASES: &[Case] = &[$(Case::new(
            concat!("matrix::command::", $name),
            &[],
            |db| Box::pin(check(db, $name)),
        )),*];
    };
}

matrices! {
    "insert",
    "update",
    "delete",
    "findAndModify",
    "writeConcern",
    "validator" unless aggregation,
    "capped",
    "expression" unless aggregation,
}

/// Stands for a value in a question: of every type one, of numbers those that are read differently.
const OPERANDS: &str = "min-key max-key null undefined symbol-a double-nan int-minus-1 decimal-0 \
                        double-0 int-0 long-0 decimal-1 double-1 int-1 long-1 double-1.5 int-2 \
                        long-2 double-2.9 int-max long-max double-infinity string-empty string-a \
                        doc-empty doc-a-1 array-empty array-1 array-of-doc-empty array-of-a-1 \
                        binary-0 oid-1 false true date-0 timestamp-1-1 regex-a code-a code-scope";

/// Asks all questions of a file, and compares the answers.
async fn check(db: Database, name: &'static str) -> Outcome {
    let matrix = MATRICES.iter().find(|matrix| matrix.name == name).expect("a case has its file");
    let may_be_refused = (matrix.may_be_refused)(db.capabilities());
    let mut stage = Stage::new(db).await?;
    let mut failures = Vec::new();
    for section in &Golden::<Section>::parse(matrix.text)?.sections {
        let rows = stage.ask(&section.question).await?;
        super::compare(section, &rows, may_be_refused, &mut failures);
    }
    Failure::unless_empty(&failures)
}

/// Asks a server the questions of those files whose names begin with `which`: the files, with its answers.
pub(super) async fn record(
    databases: &impl Fn(&str) -> Database,
    which: &str,
) -> Result<Vec<(String, String)>, Failure> {
    let mut files = Vec::new();
    for matrix in MATRICES {
        let name = format!("command/{}", matrix.name);
        if !name.starts_with(which) {
            continue;
        }
        let db = databases(&format!("command_{}", matrix.name));
        let mut stage = Stage::new(db.clone()).await?;
        let mut golden = Golden::<Section>::parse(matrix.text)?;
        for section in &mut golden.sections {
            section.rows = stage.ask(&section.question).await?;
        }
        db.drop().await?;
        files.push((format!("{name}.txt"), golden.to_string()));
    }
    Ok(files)
}

/// Where the questions of a file are asked.
struct Stage {
    db: Database,
    shell: Shell,
    /// What is given at the start of each question, as it is written.
    given: String,
    start: Option<Contents>,
}

/// What there is: the documents and the options of `c`, the names of other collections.
struct Contents {
    stored: Vec<Document>,
    documents: String,
    options: String,
    beside: Vec<String>,
}

impl Stage {
    async fn new(db: Database) -> Result<Self, Failure> {
        let shell = Shell::new(&db).await?;
        Ok(Stage { db, shell, given: "[]".to_owned(), start: None })
    }

    /// The answers to a question: one for each value that can be put into it, or one.
    async fn ask(&mut self, question: &str) -> Result<Vec<Row>, Failure> {
        if let Some(given) = question.strip_prefix("given ") {
            given.clone_into(&mut self.given);
            self.start = None;
            return Ok(Vec::new());
        }
        let (asked, with) = question.split_once(" with ").unwrap_or((question, OPERANDS));
        if !asked.contains('@') {
            return Ok(vec![Row { subject: String::new(), answer: self.answer(asked).await? }]);
        }
        let names = golden::named(with)
            .ok_or_else(|| Failure::new(format!("no names of values: {with}")))?;
        let mut rows = Vec::new();
        for value in Values::get().all.iter().filter(|value| names.contains(&value.name)) {
            let Some(json) = value.json else { continue };
            let answer = self.answer(&asked.replace('@', json)).await?;
            rows.push(Row { subject: value.name.to_owned(), answer });
        }
        Ok(rows)
    }

    async fn answer(&mut self, question: &str) -> Result<String, Failure> {
        let start = match self.start.take() {
            Some(start) => start,
            None => self.prepare().await?,
        };
        let mut answers = Vec::new();
        for command in commands(question)? {
            let answer = match self.shell.run(command.clone()).await {
                Ok(reply) => self.reply(question, reply),
                Err(error) => self.known(question, &refusal(&command, error)?),
            };
            answers.push(answer);
        }
        let mut answer = answers.join(" then ");
        let now = self.contents().await?;
        if now.documents != start.documents {
            answer += &format!(" left {}", self.known(question, &now.documents));
        }
        if now.options != start.options {
            answer += &format!(" options {}", now.options);
        }
        if now.beside != start.beside {
            answer += &format!(" beside {}", now.beside.join(" "));
        }
        // What is as it was at the start is used again.
        let is_same = now.options == start.options
            && now.beside == start.beside
            && !question.contains("Indexes");
        if is_same && (now.documents == start.documents || self.restore(&start).await?) {
            self.start = Some(start);
        }
        Ok(answer)
    }

    /// Stores the documents of the start again, which is faster than to create their collection; not in a capped one.
    async fn restore(&self, start: &Contents) -> Result<bool, Failure> {
        if start.options.contains("capped") {
            return Ok(false);
        }
        let concern = doc! { "w": 1 };
        let all = doc! { "q": {}, "limit": 0 };
        let delete = doc! { "delete": COLLECTION, "deletes": [all], "writeConcern": &concern };
        self.shell.run(delete).await?;
        if !start.stored.is_empty() {
            self.shell
                .run(doc! {
                    "insert": COLLECTION, "documents": &start.stored,
                    "bypassDocumentValidation": true, "writeConcern": concern,
                })
                .await?;
        }
        Ok(true)
    }

    /// Makes what is given.
    async fn prepare(&self) -> Result<Contents, Failure> {
        match self.db.list_collection_names().await?.as_slice() {
            [] => {}
            [name] if name == COLLECTION => collection(&self.db).drop().await?,
            // Some collections of the system go with their database alone.
            _ => self.db.drop().await?,
        }
        for command in commands(&self.given)? {
            let reply = self.shell.run(command.clone()).await?;
            if reply.contains_key("writeErrors") {
                return Err(Failure::new(format!("{}\n  {reply}", json::print(&command))));
            }
        }
        self.contents().await
    }

    async fn contents(&self) -> Result<Contents, Failure> {
        let stored = trees(&collection(&self.db).find(doc! {}).await?.collect().await?)?;
        let documents: Vec<String> = stored.iter().map(json::print).collect();
        let reply = self.db.run_command(doc! { "listCollections": 1 }).await?;
        let listed = reply.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
        let (mut options, mut beside) = ("none".to_owned(), Vec::new());
        for listed in listed.into_iter().flatten().filter_map(Bson::as_document) {
            match listed.get_str("name") {
                Ok(COLLECTION) => {
                    options = listed.get_document("options").map(json::print).unwrap_or_default();
                }
                name => beside.extend(name.map(str::to_owned)),
            }
        }
        beside.sort();
        Ok(Contents { stored, documents: format!("[{}]", documents.join(",")), options, beside })
    }

    fn reply(&self, question: &str, reply: Document) -> String {
        let mut reply = without_deployment_fields(&reply);
        if reply.get_f64("ok").is_ok_and(|ok| ok == 1.0) {
            reply.remove("ok");
        }
        let mut fields: Vec<_> = reply.into_iter().collect();
        fields.sort_by(|(left, _), (right, _)| left.cmp(right));
        self.known(question, &json::print(&fields.into_iter().collect()))
    }

    /// The text with `{"$oid":"new"}` for the `ObjectId`s that neither the question nor what is given has, and `db` for
    /// the name of the database.
    fn known(&self, question: &str, text: &str) -> String {
        const BEFORE: &str = "{\"$oid\":\"";
        const DIGITS: usize = 24;
        let mut parts = text.split(BEFORE);
        let mut known = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (id, rest) = part.split_at_checked(DIGITS).unwrap_or((part, ""));
            let is_known = question.contains(id) || self.given.contains(id);
            known += &format!("{BEFORE}{}{rest}", if is_known { id } else { "new" });
        }
        known.replace(self.db.name(), "db")
    }
}

/// The commands of a question. Writes do not wait until they are in a journal: most of the time of a case.
fn commands(question: &str) -> Result<Vec<Document>, Failure> {
    const WRITES: [&str; 4] = ["insert", "update", "delete", "findAndModify"];
    let malformed = || Failure::new(format!("no command: {question}"));
    let Some(Bson::Array(commands)) =
        json::parse(&format!("{{\"\":[{}]}}", question.trim_matches(['[', ']'])))?.remove("")
    else {
        return Err(malformed());
    };
    let command = |command: Bson| {
        let Bson::Document(mut command) = command else { return Err(malformed()) };
        let name = command.keys().next().ok_or_else(malformed)?;
        if WRITES.contains(&name.as_str()) && !command.contains_key("writeConcern") {
            command.insert("writeConcern", doc! { "w": 1 });
        }
        Ok(command)
    };
    commands.into_iter().map(command).collect()
}

fn refusal(command: &Document, error: Error) -> Result<String, Failure> {
    match (&error, error.code()) {
        (Error::Unsupported { .. }, None) => Ok(UNSUPPORTED.to_owned()),
        (_, Some(code)) => {
            let details = error.details().map(without_deployment_fields).unwrap_or_default();
            let details = if details.is_empty() {
                String::new()
            } else {
                format!(" {}", json::print(&details))
            };
            Ok(format!("!{code}{details}"))
        }
        _ => Err(Failure::new(format!("{}\n  {error}", json::print(command)))),
    }
}

#[cfg(test)]
mod tests {
    use super::MATRICES;
    use crate::matrix::golden::Section;
    use crate::matrix::tests::check_printed;

    #[test]
    fn files_are_printed_as_they_are_read() {
        for matrix in MATRICES {
            check_printed::<Section>(matrix.name, matrix.text);
        }
    }

    /// Each file has an answer, and a refusal.
    #[test]
    fn every_command_is_answered_and_refused() {
        for matrix in MATRICES {
            let answers = || matrix.text.lines().filter_map(|line| Some(line.split_once("= ")?.1));
            assert!(answers().any(|answer| answer.starts_with('!')), "{}", matrix.name);
            assert!(answers().any(|answer| answer.starts_with('{')), "{}", matrix.name);
        }
    }
}
