//! What the derives know about a type, as data.

mod check;

use crate::filter::BsonType;
use crate::index::Index;

pub use check::check_encoded;

/// A stored type: its fields and indexes.
///
/// Everything generic reads it; `D::schema()` gives that of a document.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Schema {
    /// The name of the Rust type.
    pub model: &'static str,
    /// The name of the collection; `None` for embedded types.
    pub collection: Option<&'static str>,
    /// The fields as they are stored, those of `#[serde(flatten)]`ed structs among them.
    pub fields: Vec<FieldSchema>,
    /// Whether documents may have other fields: a map is `#[serde(flatten)]`ed into them.
    pub open: bool,
    indexes: Vec<Index>,
}

/// A field of a stored type.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FieldSchema {
    /// The name in Rust; empty for the tag that serde adds to a struct.
    pub name: &'static str,
    /// The name in stored documents.
    pub stored: &'static str,
    /// What is stored.
    pub ty: TypeSchema,
    /// Whether serde may leave it out when writing (`skip_serializing_if`).
    pub skippable: bool,
    /// Whether reading takes a default where it is missing.
    pub default: bool,
    /// Whether it is the `_id`.
    pub id: bool,
    /// Whether two documents may not have the same value.
    pub unique: bool,
}

/// What a field holds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TypeSchema {
    /// Anything: the Rust type does not tell.
    Any,
    /// A value of one BSON type.
    Scalar(BsonType),
    /// One of these strings: an enum.
    Choice(&'static [&'static str]),
    /// A value of one of these BSON types: an enum with data.
    OneOf(&'static [BsonType]),
    /// An array of such values.
    Array(Box<TypeSchema>),
    /// A sub-document with keys of the user's choice and such values.
    Map(Box<TypeSchema>),
    /// A sub-document.
    Embedded(fn() -> &'static Schema),
    /// Such a value, or null.
    Optional(Box<TypeSchema>),
}

impl Schema {
    /// A type without fields.
    #[must_use]
    pub fn new(model: &'static str) -> Self {
        Schema { model, collection: None, fields: Vec::new(), open: false, indexes: Vec::new() }
    }

    /// Sets the collection.
    #[must_use]
    pub fn collection(mut self, name: &'static str) -> Self {
        self.collection = Some(name);
        self
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, field: FieldSchema) -> Self {
        if field.unique {
            self.indexes.push(Index::asc(field.stored).unique());
        }
        self.fields.push(field);
        self
    }

    /// Adds what `#[serde(flatten)]` of a field of type `ty` brings: the fields of a struct, or
    /// any fields.
    #[must_use]
    pub fn flatten(mut self, ty: &TypeSchema) -> Self {
        match ty {
            TypeSchema::Embedded(schema) => {
                let inner = schema();
                self.open |= inner.open;
                self.fields.extend(inner.fields.iter().cloned());
            }
            TypeSchema::Optional(some) => {
                let before = self.fields.len();
                self = self.flatten(some);
                for field in self.fields.iter_mut().skip(before) {
                    field.skippable = true;
                }
            }
            _ => self.open = true,
        }
        self
    }

    /// Adds an index.
    #[must_use]
    pub fn index(mut self, index: Index) -> Self {
        self.indexes.push(index);
        self
    }

    /// The declared indexes: those of `unique` fields, then the others, in the order written.
    #[must_use]
    pub fn indexes(&self) -> Vec<Index> {
        self.indexes.clone()
    }

    /// The field with this name in stored documents.
    #[must_use]
    pub fn field_stored_as(&self, name: &str) -> Option<&FieldSchema> {
        self.fields.iter().find(|field| field.stored == name)
    }

    /// What is stored at a path such as `address.zip` or `grades.0.score`; `None` if the type has
    /// no such path.
    #[must_use]
    pub fn resolve(&self, path: &str) -> Option<TypeSchema> {
        let mut components = path.split('.');
        let first = components.next()?;
        let mut found = match self.field_stored_as(first) {
            Some(field) => field.ty.clone(),
            None if self.open => TypeSchema::Any,
            None => return None,
        };
        for component in components {
            found = found.below(component)?;
        }
        Some(found)
    }
}

impl FieldSchema {
    /// A field without options.
    #[must_use]
    pub fn new(name: &'static str, stored: &'static str, ty: TypeSchema) -> Self {
        FieldSchema { name, stored, ty, skippable: false, default: false, id: false, unique: false }
    }

    /// Serde may leave the field out when writing.
    #[must_use]
    pub fn skippable(mut self) -> Self {
        self.skippable = true;
        self
    }

    /// Reading takes a default where the field is missing.
    #[must_use]
    pub fn default(mut self) -> Self {
        self.default = true;
        self
    }

    /// The field is the `_id`.
    #[must_use]
    pub fn id(mut self) -> Self {
        self.id = true;
        self
    }

    /// Two documents may not have the same value.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Whether a document must have the field, and not null, to be read into the Rust type.
    #[must_use]
    pub fn is_required(&self) -> bool {
        !self.default && !self.skippable && !matches!(self.ty, TypeSchema::Optional(_))
    }
}

impl TypeSchema {
    /// The BSON types that values may have; empty for any.
    #[must_use]
    pub fn bson_types(&self) -> Vec<BsonType> {
        match self {
            TypeSchema::Any => Vec::new(),
            TypeSchema::Scalar(ty) => vec![*ty],
            TypeSchema::Choice(_) => vec![BsonType::String],
            TypeSchema::OneOf(types) => types.to_vec(),
            TypeSchema::Array(_) => vec![BsonType::Array],
            TypeSchema::Map(_) | TypeSchema::Embedded(_) => vec![BsonType::Object],
            TypeSchema::Optional(some) => {
                let mut types = some.bson_types();
                if !types.is_empty() && !types.contains(&BsonType::Null) {
                    types.push(BsonType::Null);
                }
                types
            }
        }
    }

    /// The schema of the sub-documents here, or in the array here.
    #[must_use]
    pub fn embedded(&self) -> Option<&'static Schema> {
        match self {
            TypeSchema::Embedded(schema) => Some(schema()),
            TypeSchema::Array(inner) | TypeSchema::Optional(inner) => inner.embedded(),
            _ => None,
        }
    }

    /// What is at `component` below such a value.
    fn below(&self, component: &str) -> Option<TypeSchema> {
        let is_position =
            || !component.is_empty() && component.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            TypeSchema::Any | TypeSchema::OneOf(_) => Some(TypeSchema::Any),
            TypeSchema::Scalar(_) | TypeSchema::Choice(_) => None,
            TypeSchema::Map(values) => Some((**values).clone()),
            TypeSchema::Embedded(schema) => schema().resolve(component),
            TypeSchema::Optional(some) => some.below(component),
            TypeSchema::Array(element) if is_position() => Some((**element).clone()),
            // Paths do not lead through an array that lies directly in another.
            TypeSchema::Array(element) if element.is_array() => None,
            TypeSchema::Array(element) => element.below(component),
        }
    }

    fn is_array(&self) -> bool {
        match self {
            TypeSchema::Array(_) => true,
            TypeSchema::Optional(some) => some.is_array(),
            _ => false,
        }
    }
}
