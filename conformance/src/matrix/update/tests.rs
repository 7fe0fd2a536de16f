//! The tables as data.

use super::MATRICES;
use super::golden::Golden;

#[test]
fn files_are_printed_as_they_are_read() {
    for matrix in MATRICES {
        let golden = Golden::parse(matrix.text).unwrap();
        assert_eq!(golden.to_string(), matrix.text, "{}.txt", matrix.name);
    }
}

/// Each operator changes something, and is refused somewhere.
#[test]
fn every_operator_is_covered() {
    const OPERATORS: [&str; 15] = [
        "$addToSet",
        "$bit",
        "$currentDate",
        "$inc",
        "$max",
        "$min",
        "$mul",
        "$pop",
        "$pull",
        "$pullAll",
        "$push",
        "$rename",
        "$set",
        "$setOnInsert",
        "$unset",
    ];
    let mut text = String::new();
    for section in MATRICES.iter().flat_map(|matrix| Golden::parse(matrix.text).unwrap().sections) {
        text.push_str(&section.to_string());
        text.push('\n');
    }
    let missing = |is_one: fn(&str) -> bool| {
        OPERATORS
            .into_iter()
            .filter(|name| {
                let quoted = format!("\"{name}\"");
                !text.split("> ").any(|section| {
                    let (question, answers) = section.split_once('\n').unwrap_or_default();
                    question.contains(&quoted) && answers.lines().any(is_one)
                })
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(missing(|line| line.contains("= {")), Vec::<&str>::new(), "change nothing");
    assert_eq!(missing(|line| line.contains("= !")), Vec::<&str>::new(), "are never refused");
}
