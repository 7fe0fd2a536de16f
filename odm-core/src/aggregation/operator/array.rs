//! Arrays.

use bson::{Bson, Document, doc};

use super::super::expression::{ExprOf, IntoExpr, variable};
use super::super::scope::bind;
use super::{binary, list, named, unary};
use crate::error::Result;
use crate::field::{ArrayOf, FieldType, Numeric};
use crate::sort::Sort;

type ElementOf<T> = <<T as FieldType>::Value as ArrayOf>::Element;
type Sum<T> = <<ElementOf<T> as FieldType>::Value as Numeric>::Sum;
type Mean<T> = <<ElementOf<T> as FieldType>::Value as Numeric>::Mean;

/// An array of expressions of one type: `array([o.first(), o.second()]).max()`.
pub fn array<S, E: IntoExpr<S>>(elements: impl IntoIterator<Item = E>) -> ExprOf<S, Vec<E::Type>> {
    let elements = elements.into_iter().map(|element| element.into_expr().into_bson());
    ExprOf::from_result(elements.collect::<Result<Vec<_>>>().map(Bson::Array))
}

/// `as`, where the variable has not the name that it has of itself.
fn named_as(name: &str) -> Option<Result<Bson>> {
    (name != "this").then(|| Ok(name.into()))
}

impl<S, T> ExprOf<S, T> {
    /// `$size`: how many elements.
    pub fn size(self) -> ExprOf<S, i32>
    where
        T: FieldType<Value: ArrayOf>,
    {
        unary("$size", self)
    }

    /// `$arrayElemAt`: the element at a position, from the end if it is negative; missing if there is none.
    pub fn at<E: IntoExpr<S>>(self, position: E) -> ExprOf<S, ElementOf<T>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        binary("$arrayElemAt", self, position)
    }

    /// `$first`: the first element.
    pub fn first_element(self) -> ExprOf<S, ElementOf<T>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        unary("$first", self)
    }

    /// `$last`: the last element.
    pub fn last_element(self) -> ExprOf<S, ElementOf<T>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        unary("$last", self)
    }

    /// `$firstN`: the first `n` elements.
    pub fn first_n<E: IntoExpr<S>>(self, n: E) -> ExprOf<S, Vec<ElementOf<T>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        self.some("$firstN", n)
    }

    /// `$lastN`: the last `n` elements.
    pub fn last_n<E: IntoExpr<S>>(self, n: E) -> ExprOf<S, Vec<ElementOf<T>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        self.some("$lastN", n)
    }

    /// `$maxN`: the `n` greatest elements, the greatest first.
    pub fn max_n<E: IntoExpr<S>>(self, n: E) -> ExprOf<S, Vec<ElementOf<T>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        self.some("$maxN", n)
    }

    /// `$minN`: the `n` least elements, the least first.
    pub fn min_n<E: IntoExpr<S>>(self, n: E) -> ExprOf<S, Vec<ElementOf<T>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        self.some("$minN", n)
    }

    fn some<E: IntoExpr<S>>(self, name: &str, n: E) -> ExprOf<S, Vec<ElementOf<T>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        let n = n.into_expr().into_bson();
        named(name, [("n", Some(n)), ("input", Some(self.into_bson()))])
    }

    /// `$in`: whether it holds a value.
    pub fn contains<E: IntoExpr<S>>(self, value: E) -> ExprOf<S, bool>
    where
        T: FieldType<Value: ArrayOf>,
    {
        list("$in", [value.into_expr().into_bson(), self.into_bson()])
    }

    /// `$indexOfArray`: the position of a value; -1 if it is not there.
    pub fn index_of<E: IntoExpr<S>>(self, value: E) -> ExprOf<S, i32>
    where
        T: FieldType<Value: ArrayOf>,
    {
        binary("$indexOfArray", self, value)
    }

    /// `$slice`: so many elements from this position on.
    pub fn slice<E: IntoExpr<S>, N: IntoExpr<S>>(
        self,
        position: E,
        n: N,
    ) -> ExprOf<S, Vec<ElementOf<T>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        let (position, n) = (position.into_expr().into_bson(), n.into_expr().into_bson());
        list("$slice", [self.into_bson(), position, n])
    }

    /// `$reverseArray`.
    pub fn reverse(self) -> ExprOf<S, T>
    where
        T: FieldType<Value: ArrayOf>,
    {
        unary("$reverseArray", self)
    }

    /// `$concatArrays`: followed by the elements of another.
    pub fn concat_arrays<E: IntoExpr<S>>(self, other: E) -> ExprOf<S, Vec<ElementOf<T>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        binary("$concatArrays", self, other)
    }

    /// `$filter`: the elements for which a condition is true: `o.tags().expr().filter(|tag| tag.ne("old"))`.
    pub fn filter<C: IntoExpr<S>>(
        self,
        condition: impl FnOnce(ExprOf<S, ElementOf<T>>) -> C,
    ) -> ExprOf<S, Vec<ElementOf<T>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        let ([name], condition) =
            bind(["this"], |[this]| condition(variable(&this)).into_expr().into_bson());
        let input = Some(self.into_bson());
        named("$filter", [("input", input), ("as", named_as(&name)), ("cond", Some(condition))])
    }

    /// `$map`: what an expression makes of each element: `o.lines().expr().map(|line| line.get(|l| l.price()).round(0))`.
    pub fn map<E: IntoExpr<S>>(
        self,
        each: impl FnOnce(ExprOf<S, ElementOf<T>>) -> E,
    ) -> ExprOf<S, Vec<E::Type>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        let ([name], each) = bind(["this"], |[this]| each(variable(&this)).into_expr().into_bson());
        let input = Some(self.into_bson());
        named("$map", [("input", input), ("as", named_as(&name)), ("in", Some(each))])
    }

    /// `$reduce`: what an expression makes of what it made of the elements before, and of the next:
    /// `o.scores().expr().reduce(0_i64, |sum, score| sum + score)`.
    pub fn reduce<I: IntoExpr<S>, E: IntoExpr<S, Type = I::Type>>(
        self,
        initial: I,
        next: impl FnOnce(ExprOf<S, I::Type>, ExprOf<S, ElementOf<T>>) -> E,
    ) -> ExprOf<S, I::Type>
    where
        T: FieldType<Value: ArrayOf>,
    {
        let (names, next) = bind(["value", "this"], |[value, this]| {
            next(variable(&value), variable(&this)).into_expr().into_bson()
        });
        // Its variables have fixed names, so where another one is within, they are given names of their own first.
        let [value, this] = &names;
        let next = match value.as_str() {
            "value" => next,
            _ => next.map(|next| {
                let vars = doc! { value: "$$value", this: "$$this" };
                doc! { "$let": { "vars": vars, "in": next } }.into()
            }),
        };
        named(
            "$reduce",
            [
                ("input", Some(self.into_bson())),
                ("initialValue", Some(initial.into_expr().into_bson())),
                ("in", Some(next)),
            ],
        )
    }

    /// `$sortArray`: in ascending order, or in descending.
    pub fn sort_array(self, descending: bool) -> ExprOf<S, T>
    where
        T: FieldType<Value: ArrayOf>,
    {
        let order: Result<Bson> = Ok(if descending { -1 } else { 1 }.into());
        named("$sortArray", [("input", Some(self.into_bson())), ("sortBy", Some(order))])
    }

    /// `$sortArray`: documents by their fields.
    pub fn sort_array_by(self, sort: impl Into<Sort>) -> ExprOf<S, T>
    where
        T: FieldType<Value: ArrayOf>,
    {
        let sort: Result<Bson> = Ok(sort.into().to_document().into());
        named("$sortArray", [("input", Some(self.into_bson())), ("sortBy", Some(sort))])
    }

    /// `$zip`: pairs of the elements of both, as many as the shorter one has.
    pub fn zip<E: IntoExpr<S>>(self, other: E) -> ExprOf<S, Vec<Vec<Bson>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        let inputs = self
            .into_bson()
            .and_then(|this| Ok(Bson::Array(vec![this, other.into_expr().into_bson()?])));
        named("$zip", [("inputs", Some(inputs))])
    }

    /// `$zip`: pairs of the elements of both, as many as the longer one has, filled up with null.
    pub fn zip_longest<E: IntoExpr<S>>(self, other: E) -> ExprOf<S, Vec<Vec<Bson>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        let inputs = self
            .into_bson()
            .and_then(|this| Ok(Bson::Array(vec![this, other.into_expr().into_bson()?])));
        named("$zip", [("inputs", Some(inputs)), ("useLongestLength", Some(Ok(true.into())))])
    }

    /// `$arrayToObject`: an object of pairs, or of `{k, v}`.
    pub fn array_to_object(self) -> ExprOf<S, Document>
    where
        T: FieldType<Value: ArrayOf>,
    {
        unary("$arrayToObject", self)
    }

    /// `$isArray`.
    pub fn is_array(self) -> ExprOf<S, bool>
    where
        T: FieldType<Value: ArrayOf>,
    {
        unary("$isArray", self)
    }

    /// `$sum` of the elements.
    pub fn sum(self) -> ExprOf<S, Sum<T>>
    where
        T: FieldType<Value: ArrayOf>,
        ElementOf<T>: FieldType<Value: Numeric>,
    {
        unary("$sum", self)
    }

    /// `$avg` of the elements.
    pub fn avg(self) -> ExprOf<S, Option<Mean<T>>>
    where
        T: FieldType<Value: ArrayOf>,
        ElementOf<T>: FieldType<Value: Numeric>,
    {
        unary("$avg", self)
    }

    /// `$min` of the elements.
    pub fn min(self) -> ExprOf<S, Option<ElementOf<T>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        unary("$min", self)
    }

    /// `$max` of the elements.
    pub fn max(self) -> ExprOf<S, Option<ElementOf<T>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        unary("$max", self)
    }

    /// `$stdDevPop` of the elements.
    pub fn std_dev_pop(self) -> ExprOf<S, Option<f64>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        unary("$stdDevPop", self)
    }

    /// `$stdDevSamp` of the elements.
    pub fn std_dev_samp(self) -> ExprOf<S, Option<f64>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        unary("$stdDevSamp", self)
    }
}

impl<S> ExprOf<S, Vec<i32>> {
    /// `$range`: the numbers from `start` up to, not with, `end`.
    pub fn range<A: IntoExpr<S>, B: IntoExpr<S>, C: IntoExpr<S>>(
        start: A,
        end: B,
        step: C,
    ) -> Self {
        let (start, end) = (start.into_expr().into_bson(), end.into_expr().into_bson());
        list("$range", [start, end, step.into_expr().into_bson()])
    }
}
