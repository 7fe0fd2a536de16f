//! Reading `$near` and its kin, and the frame of `$geoWithin` and `$geoIntersects`.

use bson::{Bson, Document};

use super::bad_value;
use crate::error::{Error, ErrorCode, Result};
use crate::filter::Near;
use crate::number;

const NEAR: [&str; 3] = ["$near", "$nearSphere", "$geoNear"];

/// Whether the operators begin with `$near`, which then takes its siblings for its options.
pub(super) fn begins_with_near(operators: &Document) -> bool {
    operators.iter().next().is_some_and(|(name, operand)| {
        NEAR.contains(&name.as_str()) && matches!(operand, Bson::Document(_) | Bson::Array(_))
    })
}

/// Reads `{$near: …, $minDistance: …, $maxDistance: …}`.
pub(super) fn parse_near(operators: &Document) -> Result<Near> {
    if let Some(near) = parse_legacy_near(operators)? {
        return Ok(near);
    }
    if operators.len() > 1 {
        return Err(bad_value(
            "geo near accepts just one argument when querying for a GeoJSON point",
        ));
    }
    match operators.iter().next() {
        Some((name, Bson::Document(spec))) => parse_geometry_near(name, spec),
        _ => Err(bad_value("$geometry is required for geo near query")),
    }
}

/// The form with a point and the distances beside it; `None` if the operand is not a point.
fn parse_legacy_near(operators: &Document) -> Result<Option<Near>> {
    let mut found = None;
    let (mut min_distance, mut max_distance) = (None, None);
    for (name, operand) in operators {
        match name.as_str() {
            name if NEAR.contains(&name) => {
                if !matches!(operand, Bson::Document(_) | Bson::Array(_)) {
                    return Ok(None);
                }
                if is_point(operand)? {
                    found = Some((name == "$nearSphere", operand.clone()));
                }
            }
            "$minDistance" => {
                min_distance = Some(parse_distance(name, operand, 16_893, 16_894)?);
            }
            "$maxDistance" => {
                max_distance = Some(parse_distance(name, operand, 16_895, 16_896)?);
            }
            "$uniqueDocs" => {}
            _ => {
                return Err(Error::command(
                    ErrorCode(34_413),
                    format!("invalid argument in geo near query: {name}"),
                ));
            }
        }
    }
    let Some((sphere, point)) = found else { return Ok(None) };
    if sphere && numbers(&point).is_some_and(|numbers| !is_on_sphere(&numbers)) {
        return Err(bad_value("legacy point is out of bounds for spherical query"));
    }
    Ok(Some(Near { sphere, point, min_distance, max_distance }))
}

fn parse_distance(name: &str, operand: &Bson, no_number: i32, negative: i32) -> Result<Bson> {
    let Some(distance) = number::as_f64(operand) else {
        return Err(Error::command(ErrorCode(no_number), format!("{name} must be a number")));
    };
    if distance.is_nan() || distance < 0.0 {
        return Err(Error::command(ErrorCode(negative), format!("{name} must be non-negative")));
    }
    Ok(operand.clone())
}

/// The form `{$near: {$geometry: <GeoJSON point>, $minDistance: …, $maxDistance: …}}`.
fn parse_geometry_near(operator: &str, spec: &Document) -> Result<Near> {
    let bad = ErrorCode::BAD_VALUE.0;
    let mut has_geometry = false;
    for (name, operand) in spec {
        match name.as_str() {
            "$geometry" => match operand {
                Bson::Document(point) if is_geo_json_point(point) => has_geometry = true,
                Bson::Document(_) | Bson::Array(_) => {
                    return Err(bad_value("invalid point in geo near query $geometry argument"));
                }
                _ => {}
            },
            "$minDistance" | "$maxDistance" => {
                parse_distance(name, operand, bad, bad)?;
            }
            _ => return Err(bad_value(format!("invalid argument in geo near query: {name}"))),
        }
    }
    if !has_geometry {
        return Err(bad_value("$geometry is required for geo near query"));
    }
    Ok(Near {
        sphere: operator == "$nearSphere",
        point: Bson::Document(spec.clone()),
        min_distance: None,
        max_distance: None,
    })
}

/// Whether the value is a GeoJSON point, a coordinate pair, or a pair and the greatest distance.
fn is_point(value: &Bson) -> Result<bool> {
    if let Some(numbers) = numbers(value) {
        return match numbers[..] {
            [_, _] => Ok(true),
            [_, _, distance] if distance >= 0.0 => Ok(true),
            [_, _, _] => {
                Err(Error::command(ErrorCode(18_522), "max distance must be non-negative"))
            }
            _ => Ok(false),
        };
    }
    Ok(matches!(value, Bson::Document(point) if is_geo_json_point(point)))
}

/// The elements of an array or document of numbers.
fn numbers(value: &Bson) -> Option<Vec<f64>> {
    match value {
        Bson::Array(values) => values.iter().map(number::as_f64).collect(),
        Bson::Document(fields) => fields.values().map(number::as_f64).collect(),
        _ => None,
    }
}

fn is_geo_json_point(point: &Document) -> bool {
    let is_point = matches!(point.get("type"), Some(Bson::String(kind)) if kind == "Point");
    is_point
        && point.get("coordinates").and_then(numbers).is_some_and(|numbers| is_on_sphere(&numbers))
}

/// Whether the numbers begin with a longitude and a latitude.
fn is_on_sphere(numbers: &[f64]) -> bool {
    matches!(numbers, [longitude, latitude, ..]
        if longitude.abs() <= 180.0 && latitude.abs() <= 90.0)
}

/// Reads the operand of `$geoWithin` or `$geoIntersects`; the shapes in it are the evaluator's.
pub(super) fn parse_shapes(operators: &Document, operand: &Bson) -> Result<Document> {
    const SPECIFIERS: [&str; 5] = ["$geometry", "$box", "$center", "$centerSphere", "$polygon"];
    if operators.len() > 1 {
        return Err(bad_value("a geo query takes no other operator beside it"));
    }
    let Bson::Document(shapes) = operand else {
        return Err(bad_value("geometry must be an object"));
    };
    let mut has_shape = false;
    for (name, shape) in shapes.iter().filter(|(name, _)| *name != "$uniqueDocs") {
        let is_known = SPECIFIERS.contains(&name.as_str());
        if !is_known || !matches!(shape, Bson::Document(_) | Bson::Array(_)) {
            return Err(bad_value(format!("unknown geo specifier: {name}")));
        }
        has_shape = true;
    }
    if !has_shape {
        return Err(bad_value("geo query doesn't have any geometry"));
    }
    Ok(shapes.clone())
}
