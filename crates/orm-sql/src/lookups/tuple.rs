//! Lookups on several columns at once: composite primary keys and keys to them.
//!
//! ```text
//! pk=(1, 2)            →  ("t"."a", "t"."b") = (%s, %s)
//! pk__in=[(1, 2)]      →  ("t"."a", "t"."b") IN ((%s, %s))
//! pk__isnull=True      →  ("t"."a" IS NULL OR "t"."b" IS NULL)
//! ```
use super::kind::{Builtin, Family, Op};
use super::{prepare, sides};
use crate::compiler::Compiler;
use crate::expression::{Expr, Expression, Sources, value_expr};
use crate::expressions::{ColPairs, F, ResolvedOuterRef, Subquery, Val};
use crate::lookup::{Lookup, LookupFactory, Rhs};
use crate::q::Connector;
use crate::query::subquery::query_of;
use crate::where_node::WhereNode;
use crate::writer::SqlWriter;
use orm_state::{Error, Field, FieldKind, Result, Value};
use std::any::Any;
use std::rc::Rc;

/// `(a, b)`: several expressions compared as one.
#[derive(Clone, Debug)]
pub struct Tuple {
    pub items: Vec<Expr>,
}

impl Tuple {
    pub fn new(items: Vec<Expr>) -> Expr {
        Rc::new(Tuple { items })
    }
}

impl Expression for Tuple {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "Tuple".into()
    }
    fn sources(&self) -> Sources {
        self.items.iter().cloned().collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        Tuple::new(sources.into_vec())
    }
    fn allows_composite_expressions(&self) -> bool {
        true
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(crate::expressions::fields::unbound(FieldKind::Custom)))
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        out.push("(");
        for (i, item) in self.items.iter().enumerate() {
            if i > 0 {
                out.push(", ");
            }
            compiler.compile(item, out)?;
        }
        out.push(")");
        Ok(())
    }
}

/// How many expressions a tuple on the left side has.
pub fn tuple_len(lhs: &Expr) -> Option<usize> {
    lhs.as_any().downcast_ref::<Tuple>().map(|t| t.items.len())
}

fn columns(lhs: &Expr) -> Vec<Expr> {
    lhs.sources().into_vec()
}

/// What messages call the left side.
fn lhs_str(lhs: &Expr) -> String {
    let quoted = |name: Rc<str>| Value::from(name).repr();
    if let Some(p) = lhs.as_any().downcast_ref::<ColPairs>() {
        return quoted(p.output.name());
    }
    if lhs.as_any().is::<Tuple>() {
        let names: Vec<String> = columns(lhs)
            .iter()
            .map(|c| match (named(c), c.output_field_or_none()) {
                (Some(name), _) => name,
                (None, Ok(Some(f))) => quoted(f.name()),
                _ => c.repr(),
            })
            .collect();
        return format!("({})", names.join(", "));
    }
    named(lhs).unwrap_or_else(|| lhs.repr())
}

/// A name that is not resolved yet.
fn named(e: &Expr) -> Option<String> {
    let name = &e.as_any().downcast_ref::<F>()?.name;
    Some(Value::from(name.as_ref()).repr())
}

fn sequence(v: &Value) -> Option<&Rc<[Value]>> {
    match v {
        Value::List(items) | Value::Tuple(items) => Some(items),
        _ => None,
    }
}

fn class_of(e: &Expr) -> String {
    match query_of(e) {
        Some(_) => "Query".into(),
        None => e.name(),
    }
}

/// `get_prep_lookup` of the tuple lookups.
pub fn prepare(kind: Builtin, mut lookup: Lookup) -> Result<Lookup> {
    let name = Value::from(kind.op.lookup_name()).repr();
    let width = columns(&lookup.lhs).len();
    let lhs = || lhs_str(&lookup.lhs);
    match (&lookup.rhs, kind.op) {
        (Rhs::Value(v), Op::IsNull) => {
            let only = match sequence(v) {
                Some(items) if items.len() == 1 => items[0].clone(),
                _ => v.clone(),
            };
            if !matches!(only, Value::Bool(_)) {
                return Err(Error::value_error(
                    "The QuerySet value for an isnull lookup must be True or False.",
                ));
            }
            lookup.rhs = Rhs::Value(only);
        }
        (Rhs::Value(v), Op::In) => {
            let rows = sequence(v).ok_or_else(|| {
                Error::value_error(format!(
                    "{name} lookup of {} must be a tuple or a list",
                    lhs()
                ))
            })?;
            let widths: Vec<Option<usize>> =
                rows.iter().map(|r| sequence(r).map(|r| r.len())).collect();
            if widths.iter().any(Option::is_none) {
                return Err(Error::value_error(format!(
                    "{name} lookup of {} must be a collection of tuples or lists",
                    lhs()
                )));
            }
            if widths.iter().any(|w| *w != Some(width)) {
                return Err(Error::value_error(format!(
                    "{name} lookup of {} must have {width} elements each",
                    lhs()
                )));
            }
        }
        (Rhs::Value(v), _) => {
            let items = sequence(v).ok_or_else(|| {
                Error::value_error(format!(
                    "{name} lookup of {} must be a tuple or a list",
                    lhs()
                ))
            })?;
            if items.len() != width {
                return Err(Error::value_error(format!(
                    "{name} lookup of {} must have {width} elements",
                    lhs()
                )));
            }
        }
        (Rhs::Expr(e), Op::In) => {
            if query_of(e).is_none() && !e.as_any().is::<Subquery>() {
                return Err(Error::value_error(format!(
                    "{name} subquery lookup of {} must be a Query object (received '{}')",
                    lhs(),
                    class_of(e)
                )));
            }
            return plain_prepare(kind, lookup);
        }
        (Rhs::Expr(e), _) => {
            if query_of(e).is_none() && !e.as_any().is::<ResolvedOuterRef>() {
                return Err(Error::value_error(format!(
                    "{name} subquery lookup of {} only supports OuterRef and QuerySet objects (received '{}')",
                    lhs(),
                    class_of(e)
                )));
            }
            return plain_prepare(kind, lookup);
        }
    }
    Ok(lookup)
}

fn plain_prepare(kind: Builtin, lookup: Lookup) -> Result<Lookup> {
    prepare::prepare(Builtin::plain(kind.op), lookup)
}

/// One value for each column, in that column's type.
fn row(lhs: &Expr, values: &[Value]) -> Result<Expr> {
    let items = columns(lhs)
        .into_iter()
        .zip(values)
        .map(|(col, v)| match value_expr(v) {
            Some(e) => Ok(e),
            None => Ok(Val::typed(v.clone(), col.output_field_or_none()?)),
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Tuple::new(items))
}

/// Compiles the tuple lookup `op` of these sides.
pub fn compile(
    op: Op,
    lhs: Expr,
    rhs: Rhs,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    let kind = Builtin {
        op,
        family: Family::Tuple,
    };
    let lookup = kind.make(lhs, rhs, vec![])?;
    compiler.compile(&lookup, out)
}

pub fn as_sql(
    kind: Builtin,
    lookup: &Lookup,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    if kind.op == Op::IsNull {
        let Rhs::Value(Value::Bool(wanted)) = lookup.rhs else {
            return Err(Error::value_error(
                "The QuerySet value for an isnull lookup must be True or False.",
            ));
        };
        let parts = columns(&lookup.lhs)
            .into_iter()
            .map(|c| Builtin::plain(Op::IsNull).make(c, Rhs::Value(wanted.into()), vec![]))
            .collect::<Result<Vec<_>>>()?;
        let connector = if wanted {
            Connector::Or
        } else {
            Connector::And
        };
        return WhereNode::new(parts, connector).as_sql(compiler, out);
    }
    let mark = out.mark();
    compiler.compile(&lookup.lhs, out)?;
    if !lookup.lhs.as_any().is::<Tuple>() {
        out.wrap(mark, "(", ")");
    }
    let mut rhs = SqlWriter::default();
    match &lookup.rhs {
        Rhs::Value(v) if kind.op == Op::In => {
            let mut rows = vec![];
            for r in sequence(v).iter().flat_map(|rows| rows.iter()) {
                let values = sequence(r).map(|r| r.to_vec()).unwrap_or_default();
                if !values.iter().any(Value::is_null) {
                    rows.push(row(&lookup.lhs, &values)?);
                }
            }
            if rows.is_empty() {
                return Err(Error::empty_result_set());
            }
            compiler.compile(&Tuple::new(rows), &mut rhs)?;
        }
        Rhs::Value(v) => {
            let values = sequence(v).map(|r| r.to_vec()).unwrap_or_default();
            compiler.compile(&row(&lookup.lhs, &values)?, &mut rhs)?;
        }
        Rhs::Expr(e) if e.is_composite() => {
            rhs.push("(");
            compiler.compile(e, &mut rhs)?;
            rhs.push(")");
        }
        Rhs::Expr(e) if query_of(e).is_some() || e.as_any().is::<Subquery>() => {
            sides::expr_rhs(e, compiler, &mut rhs)?;
        }
        Rhs::Expr(_) => {
            return Err(Error::value_error(
                "Composite field lookups only work with composite expressions.",
            ));
        }
    }
    if kind.op == Op::In {
        out.push(" IN ");
        out.append(rhs);
        return Ok(());
    }
    super::build::with_operator(kind, rhs, compiler, out)
}
