//! What `Prefetch("books", queryset=Book.objects.order_by("title")[:2])` asks: the slice is taken of
//! each author's books, not of all of them.
//!
//! ```text
//! … WHERE "book"."author_id" IN (1, 2)
//!   AND ROW_NUMBER() OVER (PARTITION BY "book"."author_id" ORDER BY "book"."title") <= 2
//! ```
use super::Compiler;
use crate::expression::{Expr, ExprObject};
use crate::expressions::Window;
use crate::expressions::fields::integer;
use crate::functions::make::{Call, make};
use crate::lookup::{Registered, Rhs, builtin_lookup};
use crate::q::{Q, QChild};
use crate::query::Query;
use orm_state::{Error, Result, Value};
use std::rc::Rc;

impl Compiler {
    /// The query, narrowed to the rows that `field` leads from to one of the instances.
    pub fn filter_prefetched(self, field: &str, instances: Value) -> Result<Query> {
        let mut children = vec![QChild::Lookup(format!("{field}__in").into(), instances)];
        if self.query().is_sliced() {
            let order_by = self
                .get_order_by()?
                .into_iter()
                .map(|term| Value::Object(Rc::new(ExprObject(term.expr))))
                .collect();
            let row = Window::new(
                make("RowNumber", Call::default())?,
                Value::Str(field.into()),
                Value::List(order_by),
                None,
                None,
            )?;
            let (low, high) = (self.query().low_mark, self.query().high_mark);
            children.push(QChild::Expr(compared("gt", row.clone(), low)?));
            if let Some(high) = high {
                children.push(QChild::Expr(compared("lte", row, high)?));
            }
        }
        let mut query = self.query.into_inner();
        query.clear_limits();
        // Joins that are there serve the condition too: it is about the same rows.
        query.add_q_reusing_all(&Q {
            children,
            ..Q::default()
        })?;
        Ok(query)
    }
}

fn compared(lookup: &str, row: Expr, mark: u64) -> Result<Expr> {
    let mark = i64::try_from(mark).map_err(|_| Error::value_error("The slice is too far off."))?;
    match builtin_lookup(&integer(), lookup)? {
        Some(Registered::Lookup(found)) => found.make(row, Rhs::Value(Value::Int(mark)), vec![]),
        _ => Err(Error::field_error(format!(
            "There is no lookup '{lookup}'."
        ))),
    }
}
