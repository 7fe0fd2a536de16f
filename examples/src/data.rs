//! Loading restaurants from extended JSON, one document a line.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use bson::DateTime;
use bson::oid::ObjectId;
use indicatif::{ProgressBar, ProgressStyle};
use odm_core::{Document, Executor};
use serde::Deserialize;

use crate::{Address, Borough, Grade, Restaurant};

/// The restaurants that come with the examples: see `data/README.md`.
const SHIPPED: &str = include_str!("../data/restaurants.ndjson");

/// How many documents are sent at a time.
const BATCH: usize = 500;

/// Why restaurants could not be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// The file could not be read.
    Io(io::Error),
    /// A line is no restaurant.
    Line {
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        error: serde_json::Error,
    },
    /// The database refused.
    Database(odm_core::Error),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Io(error) => write!(f, "cannot read the data: {error}"),
            LoadError::Line { number, error } => write!(f, "line {number}: {error}"),
            LoadError::Database(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<odm_core::Error> for LoadError {
    fn from(error: odm_core::Error) -> Self {
        LoadError::Database(error)
    }
}

/// Reads a file, or what comes with the examples.
///
/// # Errors
///
/// The file cannot be read, or a line is no restaurant.
pub fn restaurants(file: Option<&Path>) -> Result<Vec<Restaurant>, LoadError> {
    match file {
        None => parse(SHIPPED.as_bytes()),
        Some(path) => parse(BufReader::new(File::open(path).map_err(LoadError::Io)?)),
    }
}

fn parse(lines: impl BufRead) -> Result<Vec<Restaurant>, LoadError> {
    let mut restaurants = Vec::new();
    for (n, line) in lines.lines().enumerate() {
        let line = line.map_err(LoadError::Io)?;
        if !line.trim().is_empty() {
            let stored: Line = serde_json::from_str(&line)
                .map_err(|error| LoadError::Line { number: n + 1, error })?;
            restaurants.push(stored.into());
        }
    }
    Ok(restaurants)
}

/// Inserts the restaurants, with a progress bar on standard error.
///
/// # Errors
///
/// What the database refused.
pub async fn insert(
    restaurants: &mut [Restaurant],
    on: &impl Executor,
) -> Result<(), odm_core::Error> {
    let bar = ProgressBar::new(restaurants.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("loading {bar:40} {pos}/{len} {per_sec}") {
        bar.set_style(style);
    }
    for batch in restaurants.chunks_mut(BATCH) {
        Restaurant::insert_many(batch, on).await?;
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

/// A line of the file. Dates are extended JSON: `{"$date": milliseconds}`.
#[derive(Deserialize)]
struct Line {
    restaurant_id: String,
    name: String,
    cuisine: String,
    borough: Borough,
    address: Address,
    grades: Vec<GradeLine>,
}

#[derive(Deserialize)]
struct GradeLine {
    date: Date,
    grade: String,
    score: i32,
}

#[derive(Deserialize)]
struct Date {
    #[serde(rename = "$date")]
    millis: i64,
}

impl From<Line> for Restaurant {
    fn from(line: Line) -> Self {
        let grade = |line: GradeLine| Grade {
            date: DateTime::from_millis(line.date.millis),
            grade: line.grade,
            score: line.score,
        };
        Restaurant {
            id: ObjectId::new(),
            restaurant_id: line.restaurant_id,
            name: line.name,
            cuisine: line.cuisine,
            borough: line.borough,
            address: line.address,
            grades: line.grades.into_iter().map(grade).collect(),
        }
    }
}
