//! Placeholder.

#[expect(dead_code, unused_imports)]
mod value;
