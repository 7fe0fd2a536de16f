//! Placeholder.

#[expect(dead_code)]
mod filter;
#[expect(dead_code)]
mod sort;
#[expect(dead_code)]
mod update;
#[expect(dead_code, unused_imports)]
mod value;
