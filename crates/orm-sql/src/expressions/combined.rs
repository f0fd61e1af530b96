//! Arithmetic: `F("price") * F("amount")`, dates plus durations, differences of dates.
//!
//! ```text
//! F("a") + 1                       →  ("t"."a" + %s)
//! F("a") ** 2                      →  POWER("t"."a",%s)            (SQLite)
//! F("start") + timedelta(days=1)   →  (django_format_dtdelta('+', "t"."start", %s))
//! F("end") - F("start")            →  django_timestamp_diff("t"."end", "t"."start")
//! ```
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::expression::{Expr, Expression, Resolve, Sources};
use crate::expressions::combine_types::combined_field;
use crate::expressions::fields::unbound;
use crate::expressions::numeric::cast_decimal;
use crate::expressions::value::same_output;
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Error, ErrorKind, Field, FieldKind, Result};
use std::any::Any;
use std::rc::Rc;

/// The operators that combine two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arith {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Mod,
    BitAnd,
    BitOr,
    BitLeftShift,
    BitRightShift,
    BitXor,
}

impl Arith {
    /// As Django names it in SQL and messages (`%` is doubled for drivers).
    pub fn sql(self) -> &'static str {
        match self {
            Arith::Add => "+",
            Arith::Sub => "-",
            Arith::Mul => "*",
            Arith::Div => "/",
            Arith::Pow => "^",
            Arith::Mod => "%%",
            Arith::BitAnd => "&",
            Arith::BitOr => "|",
            Arith::BitLeftShift => "<<",
            Arith::BitRightShift => ">>",
            Arith::BitXor => "#",
        }
    }
    pub fn from_sql(sql: &str) -> Option<Arith> {
        use Arith::*;
        [
            Add,
            Sub,
            Mul,
            Div,
            Pow,
            Mod,
            BitAnd,
            BitOr,
            BitLeftShift,
            BitRightShift,
            BitXor,
        ]
        .into_iter()
        .find(|a| a.sql() == sql)
    }
}

/// How the combination is compiled; found when it is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CombinedKind {
    Plain,
    /// `DurationExpression`: one side is a duration.
    Duration,
    /// `TemporalSubtraction`: two dates, or two times.
    Temporal,
}

#[derive(Clone, Debug)]
pub struct Combined {
    pub lhs: Expr,
    pub connector: Arith,
    pub rhs: Expr,
    pub output: Option<Rc<Field>>,
    pub kind: CombinedKind,
}

impl Combined {
    pub fn new(lhs: Expr, connector: Arith, rhs: Expr) -> Expr {
        Combined::typed(lhs, connector, rhs, None)
    }
    pub fn typed(lhs: Expr, connector: Arith, rhs: Expr, output: Option<Rc<Field>>) -> Expr {
        Rc::new(Combined {
            lhs,
            connector,
            rhs,
            output,
            kind: CombinedKind::Plain,
        })
    }
    fn duration_side(&self, side: &Expr, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let mark = out.mark();
        compiler.compile(side, out)?;
        if internal_type(side)?.as_deref() == Some("DurationField") {
            compiler
                .dialect()
                .format_for_duration_arithmetic(out, mark)?;
        }
        Ok(())
    }
    fn duration_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let dialect = compiler.dialect();
        let mark = out.mark();
        let mut sides = SqlWriter::default();
        self.duration_side(&self.lhs, compiler, &mut sides)?;
        let left = std::mem::take(&mut sides.sql);
        self.duration_side(&self.rhs, compiler, &mut sides)?;
        let sql = dialect.combine_duration(self.connector, &left, &sides.sql)?;
        out.push("(");
        out.push(&sql);
        out.push(")");
        out.params.extend(sides.params);
        if dialect.kind() == Vendor::Sqlite
            && matches!(self.connector, Arith::Mul | Arith::Div)
            && let (Some(l), Some(r)) = (internal_type(&self.lhs)?, internal_type(&self.rhs)?)
        {
            let ok = |t: &str| {
                matches!(
                    t,
                    "DecimalField" | "DurationField" | "FloatField" | "IntegerField"
                )
            };
            if !ok(&l) || !ok(&r) {
                out.rewind(mark);
                return Err(Error::new(
                    ErrorKind::DatabaseError,
                    format!("Invalid arguments for operator {}.", self.connector.sql()),
                ));
            }
        }
        Ok(())
    }
}

/// The internal type of an expression's field; none where there is no field.
pub(crate) fn internal_type(expr: &Expr) -> Result<Option<String>> {
    match expr.output_field() {
        Ok(f) => Ok(Some(f.internal_type()?)),
        Err(e)
            if matches!(
                e.kind(),
                ErrorKind::FieldError
                    | ErrorKind::OutputFieldIsNoneError
                    | ErrorKind::AttributeError
            ) =>
        {
            Ok(None)
        }
        Err(e) => Err(e),
    }
}

impl Expression for Combined {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        match self.kind {
            CombinedKind::Plain => "CombinedExpression",
            CombinedKind::Duration => "DurationExpression",
            CombinedKind::Temporal => "TemporalSubtraction",
        }
        .into()
    }
    fn sources(&self) -> Sources {
        [self.lhs.clone(), self.rhs.clone()].into_iter().collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        let mut it = sources.into_iter();
        Rc::new(Combined {
            lhs: it.next().unwrap_or_else(|| self.lhs.clone()),
            rhs: it.next().unwrap_or_else(|| self.rhs.clone()),
            ..self.clone()
        })
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        let resolved = self.resolve_sources(query, how)?;
        let (lhs, rhs) = (resolved[0].clone(), resolved[1].clone());
        let mut combined = Combined {
            lhs,
            rhs,
            ..(*self).clone()
        };
        if combined.kind == CombinedKind::Plain {
            let (l, r) = (internal_type(&combined.lhs)?, internal_type(&combined.rhs)?);
            let is_duration = |t: &Option<String>| t.as_deref() == Some("DurationField");
            if (is_duration(&l) || is_duration(&r)) && l != r {
                combined.kind = CombinedKind::Duration;
                combined.output = None;
            } else if combined.connector == Arith::Sub
                && l == r
                && matches!(
                    l.as_deref(),
                    Some("DateField" | "DateTimeField" | "TimeField")
                )
            {
                combined.kind = CombinedKind::Temporal;
                combined.output = None;
            }
        }
        Ok(Rc::new(combined))
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let dialect = compiler.dialect();
        let mark = out.mark();
        match self.kind {
            CombinedKind::Temporal => {
                let mut sides = SqlWriter::default();
                compiler.compile(&self.lhs, &mut sides)?;
                let left = SqlWriter {
                    sql: std::mem::take(&mut sides.sql),
                    params: std::mem::take(&mut sides.params),
                    ..SqlWriter::default()
                };
                compiler.compile(&self.rhs, &mut sides)?;
                let t = self.lhs.output_field()?.internal_type()?;
                dialect.subtract_temporals(&t, left, sides, out)?;
                return Ok(());
            }
            CombinedKind::Duration if !dialect.has_native_duration_field() => {
                self.duration_sql(compiler, out)?;
            }
            _ => {
                let [before, between, after] = dialect.combine(self.connector);
                out.push("(");
                out.push(before);
                compiler.compile(&self.lhs, out)?;
                out.push(between);
                compiler.compile(&self.rhs, out)?;
                out.push(after);
                out.push(")");
            }
        }
        if self.kind == CombinedKind::Plain {
            cast_decimal(self, compiler, out, mark)?;
        }
        Ok(())
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        if let Some(f) = &self.output {
            return Ok(Some(f.clone()));
        }
        if self.kind == CombinedKind::Temporal {
            return Ok(Some(unbound(FieldKind::Duration)));
        }
        let (l, r) = (
            self.lhs.output_field_or_none()?,
            self.rhs.output_field_or_none()?,
        );
        if let Some(f) = combined_field(self.connector, l.as_ref(), r.as_ref()) {
            return Ok(Some(f));
        }
        let (Some(l), Some(r)) = (l, r) else {
            return Ok(None);
        };
        Err(Error::field_error(format!(
            "Cannot infer type of '{}' expression involving these types: {}, {}. You must set output_field.",
            self.connector.sql(),
            l.class.name,
            r.class.name
        )))
    }
    fn with_output_field(&self, field: Rc<Field>) -> Option<Expr> {
        Some(Rc::new(Combined {
            output: Some(field),
            ..self.clone()
        }))
    }
    fn allowed_default(&self) -> bool {
        self.lhs.allowed_default() && self.rhs.allowed_default()
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<Combined>().is_some_and(|o| {
            self.connector == o.connector
                && self.kind == o.kind
                && same_output(&self.output, &o.output)
        })
    }
    fn repr(&self) -> String {
        format!("<{}: {}>", self.name(), display(self))
    }
}

/// `a + b`: what `str()` gives.
fn display(c: &Combined) -> String {
    let side = |e: &Expr| match e.as_any().downcast_ref::<Combined>() {
        Some(inner) => display(inner),
        None => e.repr(),
    };
    format!("{} {} {}", side(&c.lhs), c.connector.sql(), side(&c.rhs))
}
