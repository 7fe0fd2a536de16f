//! Query operators of geometry: GeoJSON, and coordinate pairs.

use bson::{Bson, Document, doc};

use crate::field::{Field, FieldType, FilterOf, Geometry};
use crate::filter::{Filter, Predicate};

/// A point to be near to, and how near.
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct GeoNear {
    longitude: f64,
    latitude: f64,
    min_distance: Option<f64>,
    max_distance: Option<f64>,
}

impl GeoNear {
    /// The point at this longitude and latitude, in degrees.
    pub fn lon_lat(longitude: f64, latitude: f64) -> Self {
        GeoNear { longitude, latitude, min_distance: None, max_distance: None }
    }

    /// `$minDistance`, in metres.
    pub fn min_distance(mut self, metres: f64) -> Self {
        self.min_distance = Some(metres);
        self
    }

    /// `$maxDistance`, in metres.
    pub fn max_distance(mut self, metres: f64) -> Self {
        self.max_distance = Some(metres);
        self
    }

    /// Longitude and latitude; the least and the greatest distance.
    pub(crate) fn into_parts(self) -> ([f64; 2], [Option<f64>; 2]) {
        ([self.longitude, self.latitude], [self.min_distance, self.max_distance])
    }

    fn to_document(self) -> Document {
        let coordinates = vec![self.longitude, self.latitude];
        let mut doc = doc! { "$geometry": { "type": "Point", "coordinates": coordinates } };
        let distances = [("$minDistance", self.min_distance), ("$maxDistance", self.max_distance)];
        for (name, distance) in distances {
            if let Some(distance) = distance {
                doc.insert(name, distance);
            }
        }
        doc
    }
}

impl<D, T: FieldType> Field<D, T> {
    /// `$near`: near to a point, the nearest first. Needs a geospatial index.
    pub fn near(&self, point: GeoNear) -> FilterOf<D>
    where
        T::Value: Geometry,
    {
        self.geo("$near", point.to_document())
    }

    /// `$nearSphere`: near to a point, the nearest first, on the sphere with every kind of index.
    pub fn near_sphere(&self, point: GeoNear) -> FilterOf<D>
    where
        T::Value: Geometry,
    {
        self.geo("$nearSphere", point.to_document())
    }

    /// `$geoWithin` of a GeoJSON geometry: lies in it whole.
    pub fn geo_within(&self, geometry: Document) -> FilterOf<D>
    where
        T::Value: Geometry,
    {
        self.geo("$geoWithin", doc! { "$geometry": geometry })
    }

    /// `$geoWithin` of a `$box`: lies in the rectangle between two corners, on the plane.
    pub fn within_box(&self, lower_left: [f64; 2], upper_right: [f64; 2]) -> FilterOf<D>
    where
        T::Value: Geometry,
    {
        self.geo("$geoWithin", doc! { "$box": [pair(lower_left), pair(upper_right)] })
    }

    /// `$geoWithin` of a `$polygon`: lies in it, on the plane.
    pub fn within_polygon(&self, corners: impl IntoIterator<Item = [f64; 2]>) -> FilterOf<D>
    where
        T::Value: Geometry,
    {
        let corners: Vec<Bson> = corners.into_iter().map(pair).collect();
        self.geo("$geoWithin", doc! { "$polygon": corners })
    }

    /// `$geoWithin` of a `$center`: lies in the circle, on the plane.
    pub fn within_center(&self, center: [f64; 2], radius: f64) -> FilterOf<D>
    where
        T::Value: Geometry,
    {
        self.geo("$geoWithin", doc! { "$center": [pair(center), radius] })
    }

    /// `$geoWithin` of a `$centerSphere`: lies in the circle on the sphere, its radius in radians.
    pub fn within_center_sphere(&self, center: [f64; 2], radians: f64) -> FilterOf<D>
    where
        T::Value: Geometry,
    {
        self.geo("$geoWithin", doc! { "$centerSphere": [pair(center), radians] })
    }

    /// `$geoIntersects`: has a point in common with a GeoJSON geometry.
    pub fn geo_intersects(&self, geometry: Document) -> FilterOf<D>
    where
        T::Value: Geometry,
    {
        self.geo("$geoIntersects", doc! { "$geometry": geometry })
    }

    /// The condition, checked as the server does: a longitude of 200 is refused.
    fn geo(&self, operator: &str, operand: Document) -> FilterOf<D> {
        FilterOf::from_result(self.checked_path().and_then(|path| {
            let predicates = Predicate::parse(&doc! { operator: operand })?;
            let conditions = predicates.into_iter().map(|it| Filter::Field(path.clone(), it));
            Ok(conditions.fold(Filter::all(), Filter::and))
        }))
    }
}

fn pair([x, y]: [f64; 2]) -> Bson {
    vec![x, y].into()
}
