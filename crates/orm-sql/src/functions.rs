//! Django's database functions, one file a family; each entry is data ([`crate::expressions::FuncSpec`]).
#![allow(
    clippy::new_ret_no_self,
    reason = "an expression is made shared: `new` gives an `Expr`"
)]
pub mod comparison;
pub mod extract;
pub mod json;
pub mod make;
pub mod math;
pub mod now;
pub mod text;
pub mod trunc;
pub mod window;

use crate::expression::{Expr, Sources};
use crate::expressions::Func;
use crate::expressions::func::FuncSpec;
use crate::lookup::TransformFactory;
use orm_state::Result;

pub use comparison::{cast, coalesce};
pub use make::{Call, make};

/// `Random()`: what `order_by("?")` sorts by.
pub fn random() -> Expr {
    Func::of(&math::RANDOM, Sources::new())
}

/// A function as a transform: `CharField.register_lookup(Length)`.
#[derive(Clone, Copy, Debug)]
pub struct FuncTransform(pub &'static FuncSpec);

impl TransformFactory for FuncTransform {
    fn lookup_name(&self) -> String {
        self.0.lookup_name.unwrap_or(self.0.name).into()
    }
    fn class_name(&self) -> String {
        self.0.name.into()
    }
    fn make(&self, lhs: Expr) -> Result<Expr> {
        if std::ptr::eq(self.0, &math::ROUND) {
            return Ok(math::round(lhs, None));
        }
        Ok(Func::of(self.0, std::iter::once(lhs).collect()))
    }
}
