//! `Window(Sum("pages"), partition_by="author", order_by="-id", frame=RowRange(start=-1))`
//!
//! ```text
//! SUM("t"."pages") OVER (PARTITION BY "t"."author_id" ORDER BY "t"."id" DESC
//!                        ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING)
//! ```
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::expression::{Expr, Expression, Resolve, Sources};
use crate::expressions::fields::unbound;
use crate::expressions::numeric::gives_decimal;
use crate::expressions::value::same_output;
use crate::expressions::window_frame::WindowFrame;
use crate::expressions::{ExpressionList, OrderByList, arg};
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Error, Field, FieldKind, Result, Value};
use std::any::Any;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub struct Window {
    pub source: Expr,
    /// An [`ExpressionList`].
    pub partition_by: Option<Expr>,
    /// An [`OrderByList`].
    pub order_by: Option<Expr>,
    /// A [`WindowFrame`].
    pub frame: Option<Expr>,
    pub output: Option<Rc<Field>>,
}

impl Window {
    /// `partition_by` and `order_by` as the user gave them: one, or a list.
    pub fn new(
        source: Expr,
        partition_by: Value,
        order_by: Value,
        frame: Option<Expr>,
        output: Option<Rc<Field>>,
    ) -> Result<Expr> {
        if !source.window_compatible() {
            return Err(Error::value_error(format!(
                "Expression '{}' isn't compatible with OVER clauses.",
                source.name()
            )));
        }
        let partition_by = match partition_by {
            Value::Null => None,
            Value::List(v) | Value::Tuple(v) => Some(v.to_vec()),
            v => Some(vec![v]),
        };
        Ok(Rc::new(Window {
            source,
            partition_by: partition_by
                .map(|items| ExpressionList::new(items.into_iter().map(arg).collect())),
            order_by: OrderByList::from_param("Window.order_by", &order_by, false)?,
            frame,
            output,
        }))
    }
    fn over_sql(&self, source: &Expr, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        compiler.compile(source, out)?;
        out.push(" OVER (");
        let mut any = false;
        let parts = [&self.partition_by, &self.order_by, &self.frame];
        for (i, part) in parts.into_iter().enumerate() {
            let Some(part) = part else { continue };
            let inner = compiler.compiled(part)?;
            if inner.sql.is_empty() {
                continue;
            }
            if any {
                out.push(" ");
            }
            if i == 0 {
                out.push("PARTITION BY ");
            }
            out.append(inner);
            any = true;
        }
        out.push(")");
        Ok(())
    }
}

/// What was given as a frame and is no expression: a window can be made with it, and is refused
/// where it is used.
#[derive(Clone, Debug)]
pub struct NoFrame(pub Value);

impl NoFrame {
    fn refused(&self) -> Error {
        self.0.no_attribute("resolve_expression")
    }
}

impl Expression for NoFrame {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        self.0.type_name()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn resolve(self: Rc<Self>, _: &mut Query, _: &Resolve) -> Result<Expr> {
        Err(self.refused())
    }
    fn as_sql(&self, _: &Compiler, _: &mut SqlWriter) -> Result<()> {
        Err(self.refused())
    }
    fn repr(&self) -> String {
        self.0.repr()
    }
}

impl Expression for Window {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "Window".into()
    }
    fn sources(&self) -> Sources {
        let mut s: Sources = std::iter::once(self.source.clone()).collect();
        s.extend(self.partition_by.clone());
        s.extend(self.order_by.clone());
        s.extend(self.frame.clone());
        s
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        let mut rest = sources.into_iter();
        let source = rest.next().unwrap_or_else(|| self.source.clone());
        let mut next = |had: &Option<Expr>| had.as_ref().and_then(|_| rest.next());
        Rc::new(Window {
            source,
            partition_by: next(&self.partition_by),
            order_by: next(&self.order_by),
            frame: next(&self.frame),
            output: self.output.clone(),
        })
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        if compiler.dialect().kind() == Vendor::Sqlite && gives_decimal(self)? {
            // The cast goes around the whole window, not inside it.
            let mark = out.mark();
            let source = self
                .source
                .with_output_field(unbound(FieldKind::Float))
                .unwrap_or_else(|| self.source.clone());
            self.over_sql(&source, compiler, out)?;
            out.wrap(mark, "(CAST(", " AS NUMERIC))");
            return Ok(());
        }
        self.over_sql(&self.source, compiler, out)
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        match &self.output {
            Some(f) => Ok(Some(f.clone())),
            None => self.source.output_field_or_none(),
        }
    }
    fn with_output_field(&self, field: Rc<Field>) -> Option<Expr> {
        Some(Rc::new(Window {
            output: Some(field),
            ..self.clone()
        }))
    }
    fn contains_aggregate(&self) -> bool {
        false
    }
    fn contains_over_clause(&self) -> bool {
        true
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        let mut cols = vec![];
        for part in [&self.partition_by, &self.order_by].into_iter().flatten() {
            cols.extend(part.clone().group_by_cols()?);
        }
        Ok(cols)
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<Window>().is_some_and(|o| {
            self.partition_by.is_some() == o.partition_by.is_some()
                && self.order_by.is_some() == o.order_by.is_some()
                && self.frame.is_some() == o.frame.is_some()
                && same_output(&self.output, &o.output)
        })
    }
    fn repr(&self) -> String {
        let list = |e: &Expr| {
            let items: Vec<String> = e.sources().iter().map(|s| s.repr()).collect();
            items.join(", ")
        };
        let partition = match &self.partition_by {
            Some(p) => format!("PARTITION BY {}", list(p)),
            None => String::new(),
        };
        let order = self.order_by.as_ref().map(list).unwrap_or_default();
        let frame = self
            .frame
            .as_ref()
            .and_then(|f| match f.as_any().downcast_ref::<NoFrame>() {
                Some(other) => Some(other.0.to_str()),
                None => f
                    .as_any()
                    .downcast_ref::<WindowFrame>()
                    .map(WindowFrame::display),
            })
            .unwrap_or_default();
        format!(
            "<Window: {} OVER ({partition}{order}{frame})>",
            self.source.repr()
        )
    }
}
