//! The tables as data.

use odm_core::Update;

use super::MATRICES;
use super::golden::Section;
use crate::matrix::golden::Golden;
use crate::matrix::tests::check_printed;

#[test]
fn files_are_printed_as_they_are_read() {
    for matrix in MATRICES {
        check_printed::<Section>(matrix.name, matrix.text);
    }
}

/// Each operator changes something, and is refused somewhere.
#[test]
fn every_operator_is_covered() {
    let mut text = String::new();
    for section in
        MATRICES.iter().flat_map(|matrix| Golden::<Section>::parse(matrix.text).unwrap().sections)
    {
        text.push_str(&section.to_string());
        text.push('\n');
    }
    let missing = |is_one: fn(&str) -> bool| {
        Update::operators()
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
