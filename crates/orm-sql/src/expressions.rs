//! The built-in expressions, one file each.
//!
//! ```
//! use orm_sql::expressions::{F, Val, Combined, Arith};
//! use orm_sql::Expression;
//! // F("pages") + 1
//! let sum = Combined::new(F::new("pages"), Arith::Add, Val::new(1.into()));
//! assert_eq!(sum.repr(), "<CombinedExpression: F(pages) + Value(1)>");
//! ```
#![allow(
    clippy::new_ret_no_self,
    reason = "an expression is made shared: `new` gives an `Expr`"
)]
pub mod aggregate;
pub mod aggregate_parts;
mod aggregate_sql;
pub mod case;
pub mod col;
pub mod combine_types;
pub mod combined;
pub mod condition;
pub mod f;
pub mod fields;
pub mod func;
pub mod func_spec;
pub mod list;
pub mod negated;
pub mod numeric;
pub mod order_by;
pub mod raw_sql;
pub mod refs;
pub mod subquery;
pub mod template;
pub mod value;
pub mod window;
pub mod window_frame;
pub mod wrapper;
pub mod xor;

pub use aggregate::Aggregate;
pub use case::{Case, When};
pub use col::{Col, ColPairs, get_col};
pub use combined::{Arith, Combined};
pub use condition::QExpr;
pub use f::{F, OuterRef, ResolvedOuterRef, Sliced};
pub use func::{Func, FuncStyle};
pub use func_spec::FuncSpec;
pub use list::{ExpressionList, OrderByList};
pub use negated::NegatedExpression;
pub use order_by::OrderBy;
pub use raw_sql::RawSql;
pub use refs::{DatabaseDefault, Ref, Star};
pub use subquery::{Exists, Subquery};
pub use value::{JsonNull, Val};
pub use window::Window;
pub use window_frame::WindowFrame;
pub use wrapper::ExpressionWrapper;

use crate::expression::{Expr, value_expr};
use orm_state::Value;

/// An argument of a function as the user gave it: expressions as they are, text names a field,
/// anything else is a value.
pub fn arg(value: Value) -> Expr {
    match value_expr(&value) {
        Some(e) => e,
        None => match value {
            Value::Str(name) => F::new(&name),
            v => Val::new(v),
        },
    }
}
