//! References to what the query already selects, `*`, and a column's database default.
use crate::compiler::Compiler;
use crate::expression::{AliasMap, EmptyValue, Expr, Expression, Resolve, Sources};
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Field, Result};
use std::any::Any;
use std::rc::Rc;

/// `Ref("total", Sum("price"))`: an annotation by its column alias.
#[derive(Clone, Debug)]
pub struct Ref {
    pub refs: Rc<str>,
    pub source: Expr,
}

impl Ref {
    pub fn new(refs: Rc<str>, source: Expr) -> Rc<Ref> {
        Rc::new(Ref { refs, source })
    }
}

impl Expression for Ref {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "Ref".into()
    }
    fn sources(&self) -> Sources {
        std::iter::once(self.source.clone()).collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        Rc::new(Ref {
            refs: self.refs.clone(),
            source: sources
                .into_iter()
                .next()
                .unwrap_or_else(|| self.source.clone()),
        })
    }
    fn resolve(self: Rc<Self>, _: &mut Query, _: &Resolve) -> Result<Expr> {
        Ok(self)
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        compiler.dialect().quote_name_into(&self.refs, &mut out.sql);
        Ok(())
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        self.source.output_field_or_none()
    }
    fn empty_result_set_value(&self) -> EmptyValue {
        EmptyValue::Propagate
    }
    fn is_summary(&self) -> bool {
        false
    }
    fn refs(&self, names: &mut Vec<String>) {
        names.push(self.refs.to_string());
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        Ok(vec![self])
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other
            .as_any()
            .downcast_ref::<Ref>()
            .is_some_and(|o| self.refs == o.refs)
    }
    fn repr(&self) -> String {
        format!("Ref({}, {})", self.refs, self.source.repr())
    }
}

/// `*`, as in `COUNT(*)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Star;

impl Expression for Star {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "Star".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(Star)
    }
    fn as_sql(&self, _: &Compiler, out: &mut SqlWriter) -> Result<()> {
        out.push("*");
        Ok(())
    }
    fn repr(&self) -> String {
        "'*'".into()
    }
}

/// A field's `db_default` while an instance is inserted: `DEFAULT` where the database knows it.
#[derive(Clone, Debug)]
pub struct DatabaseDefault {
    pub expression: Expr,
    pub output: Option<Rc<Field>>,
}

impl DatabaseDefault {
    pub fn new(expression: Expr, output: Option<Rc<Field>>) -> Expr {
        Rc::new(DatabaseDefault { expression, output })
    }
}

impl Expression for DatabaseDefault {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "DatabaseDefault".into()
    }
    fn sources(&self) -> Sources {
        std::iter::once(self.expression.clone()).collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        DatabaseDefault::new(
            sources
                .into_iter()
                .next()
                .unwrap_or_else(|| self.expression.clone()),
            self.output.clone(),
        )
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        let resolved = self.expression.clone().resolve(query, how)?;
        if !how.for_save {
            return Ok(resolved);
        }
        Ok(DatabaseDefault::new(resolved, self.output.clone()))
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        if compiler.dialect().supports_default_keyword_in_insert() {
            out.push("DEFAULT");
            return Ok(());
        }
        compiler.compile(&self.expression, out)
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        match &self.output {
            Some(f) => Ok(Some(f.clone())),
            None => self.expression.output_field_or_none(),
        }
    }
    fn relabeled(self: Rc<Self>, map: &AliasMap) -> Expr {
        DatabaseDefault::new(self.expression.clone().relabeled(map), self.output.clone())
    }
}
