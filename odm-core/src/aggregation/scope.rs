//! Variables that closures are given, so that none hides another.

use std::cell::Cell;
use std::marker::PhantomData;

use bson::{Bson, Document};

use super::assign::{Computes, Term};
use super::expression::{ExprOf, IntoExpr};
use crate::error::Result;
use crate::field::AsField;

thread_local! {
    /// How many closures with variables of their own are running, one within the other.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// How many have been run.
    static RUN: Cell<u32> = const { Cell::new(0) };
}

/// Counts a closure as running for as long as it lives.
struct Running;

impl Running {
    fn start() -> (Self, u32) {
        let depth = DEPTH.get();
        DEPTH.set(depth + 1);
        RUN.set(RUN.get().wrapping_add(1));
        (Running, depth)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}

/// Runs a closure that makes an expression in which variables are bound; gives the expression, and the names that the
/// variables have in it. They are the natural ones, unless the closure ran another one: that may have bound the same.
pub(super) fn bind<const N: usize>(
    natural: [&'static str; N],
    body: impl FnOnce([String; N]) -> Result<Bson>,
) -> ([String; N], Result<Bson>) {
    let (running, depth) = Running::start();
    let run = RUN.get();
    let unique = natural.map(|name| format!("{name}_{depth}"));
    let expr = body(unique.clone());
    drop(running);
    if RUN.get() != run {
        return (unique, expr);
    }
    let renamed = expr.map(|mut expr| {
        for (from, to) in unique.iter().zip(natural) {
            rename(&mut expr, &format!("$${from}"), to);
        }
        expr
    });
    (natural.map(str::to_owned), renamed)
}

/// Gives a variable, `$$name`, another name.
fn rename(expr: &mut Bson, from: &str, to: &str) {
    match expr {
        Bson::String(text) => {
            if let Some(path) = text.strip_prefix(from)
                && (path.is_empty() || path.starts_with('.'))
            {
                *text = format!("$${to}{path}");
            }
        }
        Bson::Array(items) => items.iter_mut().for_each(|item| rename(item, from, to)),
        Bson::Document(doc) if !doc.contains_key("$literal") => {
            doc.iter_mut().for_each(|(_, value)| rename(value, from, to));
        }
        _ => {}
    }
}

/// A variable of the pipeline of a `$lookup`: what the documents that are looked up for have there.
///
/// An expression wherever it stands: see [`Aggregation::lookup_pipeline`](super::Aggregation::lookup_pipeline).
#[derive(Debug)]
pub struct Variable<T> {
    name: String,
    value: PhantomData<fn() -> T>,
}

impl<T> Clone for Variable<T> {
    fn clone(&self) -> Self {
        Variable { name: self.name.clone(), value: PhantomData }
    }
}

impl<S, T> IntoExpr<S> for Variable<T> {
    type Type = T;

    fn into_expr(self) -> ExprOf<S, T> {
        ExprOf::new(format!("$${}", self.name))
    }
}

impl<S, T> IntoExpr<S> for &Variable<T> {
    type Type = T;

    fn into_expr(self) -> ExprOf<S, T> {
        self.clone().into_expr()
    }
}

impl<S, T> Term<S> for Variable<T> {
    type Type = T;
    type Kind = Computes;

    fn into_term(self) -> Result<Bson> {
        IntoExpr::<S>::into_expr(self).into_bson()
    }
}

/// What the pipeline of a `$lookup` is told of each document: a field or expression, or a tuple of up to four; `()` if
/// nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be handed to a pipeline",
    label = "neither a field nor an expression on the fields of `{S}`, nor a tuple of these, nor `()`"
)]
pub trait Bindings<S> {
    /// What the closure that makes the pipeline is given: the [`Variable`], or the tuple of these.
    type Variables;

    /// As they are sent, and the variables.
    #[doc(hidden)]
    fn bind(self, name: impl FnMut() -> String) -> (Result<Document>, Self::Variables);
}

/// Runs the closure that makes the pipeline of a `$lookup`; gives `let`, and what the closure gives.
pub(super) fn bind_pipeline<S, B: Bindings<S>, P>(
    vars: B,
    pipeline: impl FnOnce(B::Variables) -> P,
) -> (Result<Document>, P) {
    let (_running, depth) = Running::start();
    let mut n = 0;
    let (bound, variables) = vars.bind(|| {
        n += 1;
        if depth == 0 { format!("v{}", n - 1) } else { format!("v{}_{depth}", n - 1) }
    });
    (bound, pipeline(variables))
}

impl<S> Bindings<S> for () {
    type Variables = ();

    fn bind(self, _: impl FnMut() -> String) -> (Result<Document>, ()) {
        (Ok(Document::new()), ())
    }
}

fn one<S, E: IntoExpr<S>>(expr: E, name: String) -> (Result<Document>, Variable<E::Type>) {
    let value = expr.into_expr().into_bson();
    let bound = value.map(|value| Document::from_iter([(name.clone(), value)]));
    (bound, Variable { name, value: PhantomData })
}

#[diagnostic::do_not_recommend]
impl<S, P: AsField<Document = S>> Bindings<S> for P {
    type Variables = Variable<P::Type>;

    fn bind(self, mut name: impl FnMut() -> String) -> (Result<Document>, Self::Variables) {
        one::<S, _>(self, name())
    }
}

impl<S, T> Bindings<S> for ExprOf<S, T> {
    type Variables = Variable<T>;

    fn bind(self, mut name: impl FnMut() -> String) -> (Result<Document>, Self::Variables) {
        one::<S, _>(self, name())
    }
}

macro_rules! tuples {
    ($(($($index:tt $name:ident $variable:ident),*);)*) => {$(
        impl<S, $($name: IntoExpr<S>),*> Bindings<S> for ($($name,)*) {
            type Variables = ($(Variable<$name::Type>,)*);

            fn bind(self, mut name: impl FnMut() -> String) -> (Result<Document>, Self::Variables) {
                let mut all = Ok(Document::new());
                $(
                    let (bound, $variable) = one::<S, _>(self.$index, name());
                    all = all.and_then(|mut all: Document| {
                        all.extend(bound?);
                        Ok(all)
                    });
                )*
                (all, ($($variable,)*))
            }
        }
    )*};
}

tuples! {
    (0 A a, 1 B b);
    (0 A a, 1 B b, 2 C c);
    (0 A a, 1 B b, 2 C c, 3 D d);
}
