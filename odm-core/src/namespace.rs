//! Where documents live: namespaces and field paths.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::error::{Error, ErrorCode, Result};

/// A collection of a database: `database.collection`.
///
/// An operation on a database as a whole (`aggregate: 1`, `dropDatabase`, …) has the empty
/// collection name. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Namespace {
    database: Arc<str>,
    collection: CollectionName,
}

/// A static name (a model's) costs nothing to carry; others are shared.
#[derive(Debug, Clone)]
enum CollectionName {
    Static(&'static str),
    Shared(Arc<str>),
}

impl CollectionName {
    fn as_str(&self) -> &str {
        match self {
            CollectionName::Static(name) => name,
            CollectionName::Shared(name) => name,
        }
    }
}

impl PartialEq for CollectionName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for CollectionName {}

impl std::hash::Hash for CollectionName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for CollectionName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CollectionName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Namespace {
    /// The collection `collection` of `database`.
    pub fn new(database: impl Into<Arc<str>>, collection: impl Into<Cow<'static, str>>) -> Self {
        let collection = match collection.into() {
            Cow::Borrowed(name) => CollectionName::Static(name),
            Cow::Owned(name) => CollectionName::Shared(name.into()),
        };
        Namespace { database: database.into(), collection }
    }

    /// The database itself, for operations that name no collection.
    pub fn of_database(database: impl Into<Arc<str>>) -> Self {
        Namespace::new(database, "")
    }

    /// The name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The name of the collection; empty for the database as a whole.
    #[must_use]
    pub fn collection(&self) -> &str {
        self.collection.as_str()
    }
}

impl Namespace {
    /// The server's longest name of a collection that can be written to, with its database.
    const MAX_LENGTH: usize = 255;
    const MAX_DATABASE_LENGTH: usize = 63;

    /// Checks the names as the server does before it reads.
    ///
    /// # Errors
    ///
    /// `InvalidNamespace` (73).
    pub fn check_readable(&self) -> Result<()> {
        let database = self.database();
        let database_is_valid = !database.is_empty()
            && database.len() <= Self::MAX_DATABASE_LENGTH
            && !database.contains(['/', '\\', '.', ' ', '"', '\0']);
        if !database_is_valid {
            return Err(invalid(format!("invalid database name: '{database}'")));
        }
        if self.collection().is_empty() {
            return Ok(());
        }
        self.check_collection()?;
        if database.contains('$') || self.collection().contains('$') {
            return Err(invalid(format!("invalid collection name specified '{self}'")));
        }
        Ok(())
    }

    /// Checks the names as the server does before it writes.
    ///
    /// # Errors
    ///
    /// `InvalidNamespace` (73), or `BadValue` (2) for `.system.` within a name.
    pub fn check_writable(&self) -> Result<()> {
        self.check_collection()?;
        self.check_readable()?;
        if self.database.len() + 1 + self.collection().len() > Self::MAX_LENGTH {
            return Err(invalid(format!("fully qualified namespace is too long: '{self}'")));
        }
        let name = self.collection();
        if name.starts_with("system.") && !matches!(name, "system.js" | "system.users") {
            return Err(invalid(format!("invalid system namespace: {self}")));
        }
        if name.contains(".system.") {
            return Err(Error::command(ErrorCode::BAD_VALUE, format!("invalid namespace: {self}")));
        }
        Ok(())
    }

    /// Refuses collection names that no command takes.
    pub(crate) fn check_collection(&self) -> Result<()> {
        let name = self.collection();
        if name.is_empty() || name.starts_with('.') || name.contains('\0') {
            return Err(invalid(format!("invalid namespace specified '{self}'")));
        }
        Ok(())
    }
}

fn invalid(message: String) -> Error {
    Error::command(ErrorCode::INVALID_NAMESPACE, message)
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.collection())
    }
}

/// The path of a field: names or array positions, joined by dots.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath(Cow<'static, str>);

impl FieldPath {
    /// A path known at compile time; costs nothing.
    #[must_use]
    pub const fn from_static(path: &'static str) -> Self {
        FieldPath(Cow::Borrowed(path))
    }

    /// Reads the path of a sort, a projection or an expression, where the server is stricter than in
    /// a filter: no name may be empty or begin with `$`, except those of a `DBRef`.
    ///
    /// # Errors
    ///
    /// 40352 if it is empty, 40353 if it ends in a dot, 15998 for another empty name, 16410 for a
    /// name that begins with `$`, `Overflow` (15) for more than 200 names.
    pub fn parse(path: &str) -> Result<Self> {
        const MAX_NAMES: usize = 200;
        let refuse = |code: i32, why: &str| Err(Error::command(ErrorCode(code), why));
        if path.is_empty() {
            return refuse(40_352, "a field path cannot be empty");
        }
        if path.ends_with('.') {
            return refuse(40_353, "a field path must not end with a '.'");
        }
        for (index, name) in path.split('.').enumerate() {
            if index == MAX_NAMES {
                return refuse(ErrorCode::OVERFLOW.0, "the field path is too long");
            }
            if name.is_empty() {
                return refuse(15_998, "field names in a path may not be empty");
            }
            if name.starts_with('$') && !matches!(name, "$ref" | "$id" | "$db") {
                return refuse(16_410, "field names in a path may not start with '$'");
            }
        }
        Ok(path.into())
    }

    /// The path as it is written in queries.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names the document (or array element) itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path of `name` below this one.
    #[must_use]
    pub fn join(&self, name: &'static str) -> Self {
        if self.is_root() { FieldPath::from_static(name) } else { self.join_str(name) }
    }

    /// The path of `name` below this one, for names known only at run time.
    #[must_use]
    pub fn join_str(&self, name: &str) -> Self {
        if self.is_root() {
            FieldPath(Cow::Owned(name.to_owned()))
        } else {
            FieldPath(Cow::Owned(format!("{}.{name}", self.0)))
        }
    }

    /// The names and positions between the dots.
    pub fn components(&self) -> std::str::Split<'_, char> {
        self.0.split('.')
    }
}

impl From<&str> for FieldPath {
    fn from(path: &str) -> Self {
        FieldPath(Cow::Owned(path.to_owned()))
    }
}

impl From<String> for FieldPath {
    fn from(path: String) -> Self {
        FieldPath(Cow::Owned(path))
    }
}

impl AsRef<str> for FieldPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
