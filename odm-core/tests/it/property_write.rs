//! What holds for every update and request: printed and read again, it is the same.

use odm_core::bson::{Bson, Document};
use odm_core::{ArrayFilters, Command, CommandKind, Namespace, Update};
use proptest::prelude::*;

use crate::{arbitrary, arbitrary_write};

fn read_again(update: &Update) -> Result<(), TestCaseError> {
    let printed = update.to_bson().unwrap();
    let again = Update::parse(&printed)
        .map_err(|error| TestCaseError::fail(format!("{printed}\nis refused: {error}")))?;
    prop_assert_eq!(text(update), text(&again), "printed as {}", printed);
    Ok(())
}

/// Documents are equal in any order of fields; their text is not. That of a replacement is of its
/// document, since the options of regular expressions are sorted when they are decoded.
fn text(update: &Update) -> String {
    match update {
        Update::Replacement(_) => update.to_bson().unwrap().to_string(),
        other => format!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn updates(update in arbitrary_write::update()) {
        read_again(&update)?;
        prop_assert!(update.normalized().is_ok());
    }

    /// No document makes the parsers panic, and what they take they also print.
    #[test]
    fn update_soup(doc in arbitrary::soup(), filters in proptest::collection::vec(arbitrary::soup(), 0..2)) {
        const OPERATORS: [&str; 9] =
            ["$set", "$push", "$pull", "$addToSet", "$rename", "$currentDate", "$pop", "$pullAll", "$bit"];
        for operator in OPERATORS {
            let update = Document::from_iter([(operator.to_owned(), Bson::Document(doc.clone()))]);
            if let Ok(update) = Update::parse(&Bson::Document(update)) {
                read_again(&update)?;
                let _ = ArrayFilters::parse(&filters, &update);
            }
        }
        let stages = doc.values().cloned().collect();
        for update in [Bson::Document(doc), Bson::Array(stages)] {
            if let Ok(update) = Update::parse(&update) {
                read_again(&update)?;
            }
        }
    }

    #[test]
    fn requests(operation in arbitrary_write::operation()) {
        let database = if operation.runs_on_admin() { "admin" } else { "db" };
        let ns = Namespace::new(database, "c");
        let printed = operation.to_command(&ns).unwrap();
        let parsed = Command::parse(database, &printed)
            .map_err(|error| TestCaseError::fail(format!("{printed}\nis refused: {error}")))?;
        prop_assert_eq!(parsed.namespace.database(), database);
        match parsed.kind {
            CommandKind::Operation(again) => prop_assert_eq!(
                format!("{:?}", operation), format!("{:?}", *again), "printed as {}", printed
            ),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    /// No command makes the parser panic, and what it takes is printed and read the same again.
    #[test]
    fn command_soup(doc in arbitrary_write::command_soup()) {
        if let Ok(Command { namespace, kind: CommandKind::Operation(operation), .. }) =
            Command::parse("db", &doc)
        {
            let printed = operation.to_command(&namespace).unwrap();
            match Command::parse("db", &printed).map(|command| command.kind) {
                Ok(CommandKind::Operation(again)) => prop_assert_eq!(
                    format!("{:?}", operation), format!("{:?}", again), "printed as {}", printed
                ),
                other => prop_assert!(false, "{} printed as {}: {:?}", doc, printed, other),
            }
        }
    }
}
