//! `RowRange(start=-1, end=0)`, `ValueRange(…)`: which rows of a window count.
//!
//! ```
//! use orm_sql::expressions::window_frame::{FrameType, WindowFrame};
//! use orm_state::Value;
//! let frame = WindowFrame::new(FrameType::Rows, (-1).into(), Value::Null, None);
//! assert_eq!(frame.display(), "ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING");
//! ```
use crate::compiler::Compiler;
use crate::expression::{Expr, Expression, Sources};
use crate::writer::SqlWriter;
use orm_state::{Error, Field, Result, Value};
use std::any::Any;
use std::rc::Rc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameType {
    Rows,
    Range,
}

/// `WindowFrameExclusion`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusion {
    CurrentRow,
    Group,
    Ties,
    NoOthers,
}

impl Exclusion {
    pub fn sql(self) -> &'static str {
        match self {
            Exclusion::CurrentRow => "CURRENT ROW",
            Exclusion::Group => "GROUP",
            Exclusion::Ties => "TIES",
            Exclusion::NoOthers => "NO OTHERS",
        }
    }
}

#[derive(Clone, Debug)]
pub struct WindowFrame {
    pub frame_type: FrameType,
    pub start: Value,
    pub end: Value,
    pub exclusion: Option<Exclusion>,
}

fn int(v: &Value) -> Option<i64> {
    match v {
        Value::Int(i) => Some(*i),
        Value::Bool(b) => Some((*b).into()),
        _ => None,
    }
}

fn bound(v: &Value, unbounded: &str) -> String {
    match int(v) {
        None => unbounded.into(),
        Some(0) => "CURRENT ROW".into(),
        Some(n) if n < 0 => format!("{} PRECEDING", n.unsigned_abs()),
        Some(n) => format!("{n} FOLLOWING"),
    }
}

impl WindowFrame {
    pub fn new(
        frame_type: FrameType,
        start: Value,
        end: Value,
        exclusion: Option<Exclusion>,
    ) -> WindowFrame {
        WindowFrame {
            frame_type,
            start,
            end,
            exclusion,
        }
    }
    /// Its SQL, unchecked.
    pub fn display(&self) -> String {
        let exclude = match self.exclusion {
            Some(e) => format!(" EXCLUDE {}", e.sql()),
            None => String::new(),
        };
        format!(
            "{} BETWEEN {} AND {}{exclude}",
            match self.frame_type {
                FrameType::Rows => "ROWS",
                FrameType::Range => "RANGE",
            },
            bound(&self.start, "UNBOUNDED PRECEDING"),
            bound(&self.end, "UNBOUNDED FOLLOWING")
        )
    }
    fn check(&self, compiler: &Compiler) -> Result<()> {
        let (start, end) = (int(&self.start), int(&self.end));
        let wrong_start = !self.start.is_null() && start.is_none();
        let wrong_end = !self.end.is_null() && end.is_none();
        match self.frame_type {
            FrameType::Rows => {
                if let (Some(s), Some(e)) = (start, end)
                    && s > e
                {
                    return Err(Error::value_error("start cannot be greater than end."));
                }
                for (name, wrong, v) in [
                    ("start", wrong_start, &self.start),
                    ("end", wrong_end, &self.end),
                ] {
                    if wrong {
                        return Err(Error::value_error(format!(
                            "{name} argument must be an integer, zero, or None, but got '{}'.",
                            v.to_str()
                        )));
                    }
                }
            }
            FrameType::Range => {
                if wrong_start || start.is_some_and(|s| s > 0) {
                    return Err(Error::value_error(format!(
                        "start argument must be a negative integer, zero, or None, but got '{}'.",
                        self.start.to_str()
                    )));
                }
                if wrong_end || end.is_some_and(|e| e < 0) {
                    return Err(Error::value_error(format!(
                        "end argument must be a positive integer, zero, or None, but got '{}'.",
                        self.end.to_str()
                    )));
                }
                let dialect = compiler.dialect();
                let distance = start.is_some_and(|s| s < 0) || end.is_some_and(|e| e > 0);
                if distance && dialect.only_supports_unbounded_with_preceding_and_following() {
                    return Err(Error::not_supported(format!(
                        "{} only supports UNBOUNDED together with PRECEDING and FOLLOWING.",
                        dialect.display_name()
                    )));
                }
            }
        }
        if self.exclusion.is_some() && !compiler.dialect().supports_frame_exclusion() {
            return Err(Error::not_supported(
                "This backend does not support window frame exclusions.",
            ));
        }
        Ok(())
    }
}

impl Expression for WindowFrame {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        match self.frame_type {
            FrameType::Rows => "RowRange".into(),
            FrameType::Range => "ValueRange".into(),
        }
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        self.check(compiler)?;
        out.push(&self.display());
        Ok(())
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(None)
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        Ok(vec![])
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other
            .as_any()
            .downcast_ref::<WindowFrame>()
            .is_some_and(|o| {
                self.frame_type == o.frame_type
                    && self.start == o.start
                    && self.end == o.end
                    && self.exclusion == o.exclusion
            })
    }
    fn repr(&self) -> String {
        format!("<{}: {}>", self.name(), self.display())
    }
}
