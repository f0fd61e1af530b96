//! `F("name")` and its kin: names that resolving turns into columns.
use crate::compiler::Compiler;
use crate::expression::{AliasMap, Expr, Expression, Resolve, Sources};
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Error, Field, Result};
use std::any::Any;
use std::rc::Rc;

/// `F("author__name")`
///
/// ```
/// use orm_sql::expressions::F;
/// use orm_sql::Expression;
/// assert_eq!(F::new("pages").repr(), "F(pages)");
/// ```
#[derive(Clone, Debug)]
pub struct F {
    pub name: Rc<str>,
}

impl F {
    pub fn new(name: &str) -> Expr {
        Rc::new(F { name: name.into() })
    }
}

fn unresolved(name: &str) -> Error {
    Error::new(
        orm_state::ErrorKind::AttributeError,
        format!("'{name}' object has no attribute 'as_sql'"),
    )
}

/// A name has no type before it is resolved: an expression around it has none either, and a
/// lookup on it leaves its right side as it is.
fn untyped(name: &str) -> Error {
    Error::new(
        orm_state::ErrorKind::AttributeError,
        format!("'{name}' object has no attribute '_output_field_or_none'"),
    )
}

impl Expression for F {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "F".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        query.resolve_ref(&self.name, how)
    }
    fn as_sql(&self, _: &Compiler, _: &mut SqlWriter) -> Result<()> {
        Err(unresolved("F"))
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Err(untyped("F"))
    }
    fn conditional(&self) -> bool {
        false
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other
            .as_any()
            .downcast_ref::<F>()
            .is_some_and(|o| self.name == o.name)
    }
    /// `F("a__year")` is found through a replacement of `F("a")` and its transforms.
    fn replace(self: Rc<Self>, replacements: &[(Expr, Expr)]) -> Expr {
        let find = |name: &str| {
            replacements.iter().find_map(|(from, to)| {
                from.as_any()
                    .downcast_ref::<F>()
                    .filter(|f| &*f.name == name)
                    .map(|_| to.clone())
            })
        };
        if let Some(found) = find(&self.name) {
            return found;
        }
        let mut parts = self.name.split("__");
        let Some(mut expr) = parts.next().and_then(find) else {
            return self;
        };
        for transform in parts {
            match expr.get_transform(transform) {
                Ok(Some(crate::lookup::Registered::Transform(t))) => match t.make(expr) {
                    Ok(e) => expr = e,
                    Err(_) => return self,
                },
                _ => return self,
            }
        }
        expr
    }
    fn repr(&self) -> String {
        format!("F({})", self.name)
    }
}

/// `OuterRef("pk")`: a name of the query around the subquery.
#[derive(Clone, Debug)]
pub struct OuterRef {
    /// A name, or another `OuterRef` for a query two levels out.
    pub of: OuterName,
}

#[derive(Clone, Debug)]
pub enum OuterName {
    Name(Rc<str>),
    Outer(Expr),
}

impl OuterRef {
    pub fn new(name: &str) -> Expr {
        Rc::new(OuterRef {
            of: OuterName::Name(name.into()),
        })
    }
    /// `OuterRef(OuterRef("pk"))`
    pub fn nested(inner: Expr) -> Expr {
        Rc::new(OuterRef {
            of: OuterName::Outer(inner),
        })
    }
}

impl Expression for OuterRef {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "OuterRef".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn resolve(self: Rc<Self>, _: &mut Query, _: &Resolve) -> Result<Expr> {
        Ok(match &self.of {
            OuterName::Name(name) => ResolvedOuterRef::new(name),
            OuterName::Outer(inner) => inner.clone(),
        })
    }
    fn as_sql(&self, _: &Compiler, _: &mut SqlWriter) -> Result<()> {
        Err(unresolved("OuterRef"))
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Err(untyped("OuterRef"))
    }
    fn conditional(&self) -> bool {
        false
    }
    fn relabeled(self: Rc<Self>, _: &AliasMap) -> Expr {
        self
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other
            .as_any()
            .downcast_ref::<OuterRef>()
            .is_some_and(|o| match (&self.of, &o.of) {
                (OuterName::Name(a), OuterName::Name(b)) => a == b,
                (OuterName::Outer(a), OuterName::Outer(b)) => a.same(&**b),
                _ => false,
            })
    }
    fn repr(&self) -> String {
        match &self.of {
            OuterName::Name(n) => format!("OuterRef({n})"),
            OuterName::Outer(e) => format!("OuterRef({})", e.repr()),
        }
    }
}

/// An `OuterRef` once its own query was resolved: the query around it resolves it next.
#[derive(Clone, Debug)]
pub struct ResolvedOuterRef {
    pub name: Rc<str>,
}

impl ResolvedOuterRef {
    pub fn new(name: &str) -> Expr {
        Rc::new(ResolvedOuterRef { name: name.into() })
    }
}

impl Expression for ResolvedOuterRef {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "ResolvedOuterRef".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        let expr = query.resolve_ref(&self.name, how)?;
        if expr.contains_over_clause() {
            return Err(Error::not_supported(format!(
                "Referencing outer query window expression is not supported: {}.",
                self.name
            )));
        }
        // A path may lead over a to-many relation: the value is not fixed by the outer row.
        if self.name.contains("__")
            && let Some(col) = expr.as_any().downcast_ref::<crate::expressions::Col>()
        {
            return Ok(Rc::new(crate::expressions::Col {
                multivalued: true,
                ..col.clone()
            }));
        }
        Ok(expr)
    }
    fn as_sql(&self, _: &Compiler, _: &mut SqlWriter) -> Result<()> {
        Err(Error::value_error(
            "This queryset contains a reference to an outer query and may only be used in a subquery.",
        ))
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Err(untyped("ResolvedOuterRef"))
    }
    fn conditional(&self) -> bool {
        false
    }
    fn relabeled(self: Rc<Self>, _: &AliasMap) -> Expr {
        self
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        Ok(vec![])
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other
            .as_any()
            .downcast_ref::<ResolvedOuterRef>()
            .is_some_and(|o| self.name == o.name)
    }
    fn repr(&self) -> String {
        format!("ResolvedOuterRef({})", self.name)
    }
}

/// `F("name")[1:3]`: part of a text.
#[derive(Clone, Debug)]
pub struct Sliced {
    /// `F`, `OuterRef` or another slice.
    pub of: Expr,
    /// From 1.
    pub start: i64,
    pub length: Option<i64>,
}

impl Sliced {
    /// `expr[index]`
    pub fn index(of: Expr, index: i64) -> Result<Expr> {
        if index < 0 {
            return Err(Error::value_error("Negative indexing is not supported."));
        }
        Ok(Rc::new(Sliced {
            of,
            start: index + 1,
            length: Some(1),
        }))
    }
    /// `expr[start:stop]`
    pub fn slice(of: Expr, start: Option<i64>, stop: Option<i64>, step: bool) -> Result<Expr> {
        if start.is_some_and(|s| s < 0) || stop.is_some_and(|s| s < 0) {
            return Err(Error::value_error("Negative indexing is not supported."));
        }
        if step {
            return Err(Error::value_error("Step argument is not supported."));
        }
        let (low, high) = (start.unwrap_or(0), stop.unwrap_or(0));
        if low != 0 && high != 0 && high < low {
            return Err(Error::value_error(
                "Slice stop must be greater than slice start.",
            ));
        }
        Ok(Rc::new(Sliced {
            of,
            start: low + 1,
            length: stop.map(|s| s - low),
        }))
    }
    /// The name of the whole.
    pub fn field_name(&self) -> Rc<str> {
        let any = self.of.as_any();
        if let Some(f) = any.downcast_ref::<F>() {
            return f.name.clone();
        }
        if let Some(f) = any.downcast_ref::<Sliced>() {
            return f.field_name();
        }
        match any.downcast_ref::<OuterRef>().map(|o| &o.of) {
            Some(OuterName::Name(n)) => n.clone(),
            _ => "".into(),
        }
    }
}

impl Expression for Sliced {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "Sliced".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        let resolved = query.resolve_ref(&self.field_name(), how)?;
        let any = self.of.as_any();
        let expr = if any.is::<OuterRef>() || any.is::<Sliced>() {
            self.of.clone().resolve(query, how)?
        } else {
            resolved.clone()
        };
        let field = resolved.output_field()?;
        if !field.class.is_a("CharField") && !field.class.is_a("TextField") {
            return Err(Error::new(
                orm_state::ErrorKind::NotSupportedError,
                "This field does not support slicing.",
            ));
        }
        let mut args: Sources = [expr, crate::expressions::Val::new(self.start.into())]
            .into_iter()
            .collect();
        if let Some(l) = self.length {
            args.push(crate::expressions::Val::new(l.into()));
        }
        Ok(crate::expressions::Func::of(
            &crate::functions::text::SUBSTR,
            args,
        ))
    }
    fn as_sql(&self, _: &Compiler, _: &mut SqlWriter) -> Result<()> {
        Err(unresolved("Sliced"))
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Err(untyped("Sliced"))
    }
    fn conditional(&self) -> bool {
        false
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<Sliced>().is_some_and(|o| {
            self.start == o.start && self.length == o.length && self.of.same(&*o.of)
        })
    }
    fn repr(&self) -> String {
        let start = self.start - 1;
        let stop = match self.length {
            Some(l) => (start + l).to_string(),
            None => "None".into(),
        };
        format!("Sliced({}, slice({start}, {stop}, None))", self.of.repr())
    }
}
