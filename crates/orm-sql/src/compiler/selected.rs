//! What is selected, as a term of `ORDER BY` may refer to it.
//!
//! ```text
//! .annotate(u=Upper("name")).order_by("u")            →  ORDER BY 6 ASC
//! .annotate(u=Upper("name")).order_by(Upper("name"))  →  ORDER BY 6 ASC
//! ```
use super::Compiler;
use crate::expression::{AliasMap, Expr, Expression, Resolve, Sources};
use crate::expressions::RawSql;
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::maps::IndexMap;
use orm_state::{Field, Result};
use std::any::Any;
use std::rc::Rc;

/// A selected column, ordered by its position: `ORDER BY 2`.
#[derive(Clone, Debug)]
pub(super) struct PositionRef {
    pub ordinal: usize,
    pub refs: Option<Rc<str>>,
    pub source: Expr,
}

impl Expression for PositionRef {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "PositionRef".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn as_sql(&self, _: &Compiler, out: &mut SqlWriter) -> Result<()> {
        out.push(&self.ordinal.to_string());
        Ok(())
    }
    fn resolve(self: Rc<Self>, _: &mut Query, _: &Resolve) -> Result<Expr> {
        Ok(self)
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        self.source.output_field_or_none()
    }
    fn relabeled(self: Rc<Self>, _: &AliasMap) -> Expr {
        self
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        Ok(vec![self])
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other
            .as_any()
            .downcast_ref::<PositionRef>()
            .is_some_and(|o| o.ordinal == self.ordinal)
    }
}

/// Selected expressions that a term may refer to: by alias, and by what they are.
pub(super) struct SelectedExprs {
    by_alias: IndexMap<String, Rc<PositionRef>>,
    by_expr: Vec<(Expr, Rc<PositionRef>)>,
}

impl SelectedExprs {
    pub(super) fn expr(&self, e: &Expr) -> Option<Rc<PositionRef>> {
        self.by_expr
            .iter()
            .rev()
            .find(|(s, _)| s.same(&**e))
            .map(|(_, p)| p.clone())
    }
    pub(super) fn alias(&self, name: &str) -> Option<Rc<PositionRef>> {
        self.by_alias.get(name).cloned()
    }
}

impl Compiler {
    pub(super) fn selected_exprs(&self) -> SelectedExprs {
        let q = self.query.borrow();
        let state = self.state.borrow();
        let mut selected = SelectedExprs {
            by_alias: IndexMap::default(),
            by_expr: vec![],
        };
        for (i, item) in state.select.iter().enumerate() {
            let position = Rc::new(PositionRef {
                ordinal: i + 1,
                refs: item.alias.as_deref().map(Into::into),
                source: item.expr.clone(),
            });
            let first = if !q.distinct_fields.is_empty() && !item.expr.as_any().is::<RawSql>() {
                selected
                    .by_expr
                    .iter()
                    .find(|(e, _)| e.same(&*item.expr))
                    .map_or_else(|| position.clone(), |(_, p)| p.clone())
            } else {
                position.clone()
            };
            if let Some(alias) = &item.alias {
                let is_annotation = q.annotation_select().any(|(k, _)| **k == **alias);
                if is_annotation && let Some(given) = q.annotations_given.get(alias.as_str()) {
                    selected.by_expr.push((given.clone(), first.clone()));
                }
                selected.by_alias.insert(
                    alias.clone(),
                    if is_annotation {
                        position
                    } else {
                        first.clone()
                    },
                );
            }
            selected.by_expr.push((item.expr.clone(), first));
        }
        selected
    }
}
