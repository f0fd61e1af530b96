//! The expression tree: everything that can stand in a `SELECT`, `WHERE` or `ORDER BY`.
//!
//! An expression is written by the user (`F("pages") + 1`), *resolved* against a query (names
//! become columns of joined tables), then *compiled*. Resolved trees share their parts through
//! `Rc`; nothing is changed in place.
use crate::compiler::Compiler;
use crate::lookup::{Lookup, Registered};
use crate::query::{Alias, Query};
use crate::writer::SqlWriter;
use orm_state::maps::HashMap;
use orm_state::maps::IndexSet;
use orm_state::{Clause, Error, ErrorKind, Field, Object, Result, Value};
use smallvec::SmallVec;
use std::any::Any;
use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::Rc;

/// A shared expression.
pub type Expr = Rc<dyn Expression>;
/// The operands of an expression, in order.
pub type Sources = SmallVec<[Expr; 4]>;
/// Old alias → new alias.
pub type AliasMap = HashMap<Alias, Alias>;
/// Aliases that joins may reuse; joins add theirs.
pub type Reuse = Rc<RefCell<IndexSet<Alias>>>;

/// How an expression is resolved: the keyword arguments of Django's `resolve_expression`.
#[derive(Clone, Debug)]
pub struct Resolve {
    pub allow_joins: bool,
    /// `None`: any alias may be reused.
    pub reuse: Option<Reuse>,
    pub summarize: bool,
    pub for_save: bool,
}

impl Default for Resolve {
    fn default() -> Self {
        Resolve {
            allow_joins: true,
            reuse: None,
            summarize: false,
            for_save: false,
        }
    }
}

/// What an aggregate or subquery is worth when its query can match no row.
#[derive(Clone, Debug)]
pub enum EmptyValue {
    /// `NotImplemented`: the emptiness goes on to the parent.
    Propagate,
    Value(Value),
}

/// Turns a value the database returned into Python's.
pub type Converter = Rc<dyn Fn(Value) -> Result<Value>>;

/// A node of the expression tree. Only `name`, `as_any`, `with_sources` and `as_sql` have no
/// default; a leaf without operands returns itself from `with_sources`.
pub trait Expression: Debug + Any {
    fn as_any(&self) -> &dyn Any;
    /// Its class's name, for messages and default aliases.
    fn name(&self) -> String;
    /// Its operands.
    fn sources(&self) -> Sources {
        Sources::new()
    }
    /// A copy with other operands (as many, in the same order).
    fn with_sources(&self, sources: Sources) -> Expr;
    /// Appends its SQL.
    ///
    /// # Errors
    /// `EmptyResultSet` / `FullResultSet` for conditions that need no SQL; what was already
    /// written is dropped by the caller that catches it.
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()>;

    /// Resolves names against `query`, operands first.
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        let resolved = self.resolve_sources(query, how)?;
        if resolved.is_empty() {
            return Ok(self.into_expr());
        }
        Ok(self.with_sources(resolved))
    }
    /// Its operands, resolved.
    fn resolve_sources(&self, query: &mut Query, how: &Resolve) -> Result<Sources> {
        let sources = self.sources();
        let mut resolved = Sources::with_capacity(sources.len());
        for s in sources {
            let r = s.resolve(query, how)?;
            if r.is_composite() && !self.allows_composite_expressions() {
                return Err(Error::value_error(format!(
                    "{} expression does not support composite primary keys.",
                    self.name()
                )));
            }
            resolved.push(r);
        }
        Ok(resolved)
    }
    /// Several columns in one: a composite primary key (`ColPairs`).
    fn is_composite(&self) -> bool {
        false
    }
    fn allows_composite_expressions(&self) -> bool {
        false
    }
    /// A copy whose `output_field` is the given one; `None` where it cannot be changed.
    fn with_output_field(&self, _field: Rc<Field>) -> Option<Expr> {
        None
    }
    /// A reference to a relation that may hold several rows (columns of outer queries).
    fn possibly_multivalued(&self) -> bool {
        false
    }
    /// The field its value behaves like: given, or the one its operands agree on.
    ///
    /// # Errors
    /// `FieldError` for mixed types or none.
    fn output_field(&self) -> Result<Rc<Field>> {
        match self.output_field_or_none()? {
            Some(f) => Ok(f),
            None => Err(Error::new(
                ErrorKind::OutputFieldIsNoneError,
                "Cannot resolve expression type, unknown output_field",
            )),
        }
    }
    /// As `output_field`, `None` where it cannot be known (`_output_field_or_none`).
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        resolve_output_field(&self.name(), &self.sources())
    }
    fn contains_aggregate(&self) -> bool {
        self.sources().iter().any(|s| s.contains_aggregate())
    }
    fn contains_over_clause(&self) -> bool {
        self.sources().iter().any(|s| s.contains_over_clause())
    }
    fn contains_column_references(&self) -> Result<bool> {
        for source in self.sources() {
            if source.contains_column_references()? {
                return Ok(true);
            }
        }
        Ok(false)
    }
    fn contains_subquery(&self) -> bool {
        self.sources().iter().any(|s| s.contains_subquery())
    }
    /// May it stand in `filter()` by itself: does it give a boolean?
    fn conditional(&self) -> bool {
        matches!(self.output_field_or_none(), Ok(Some(f)) if f.class.is_a("BooleanField"))
    }
    fn filterable(&self) -> bool {
        true
    }
    fn window_compatible(&self) -> bool {
        false
    }
    /// Does its value need no `GROUP BY` entry of its own (constants)?
    fn constraint_validation_compatible(&self) -> bool {
        true
    }
    /// Aggregate over the annotated subquery (`is_summary`).
    fn is_summary(&self) -> bool {
        self.sources().iter().any(|s| s.is_summary())
    }
    fn set_returning(&self) -> bool {
        self.sources().iter().any(|s| s.set_returning())
    }
    /// Allowed inside `db_default`.
    fn allowed_default(&self) -> bool {
        false
    }
    fn empty_result_set_value(&self) -> EmptyValue {
        EmptyValue::Propagate
    }
    /// The name `aggregate(Count("x"))` gives it.
    fn default_alias(&self) -> Result<String> {
        Err(Error::new(
            ErrorKind::AttributeError,
            format!("'{}' object has no attribute 'default_alias'", self.name()),
        ))
    }
    /// What must stand in `GROUP BY` for it.
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        if !self.contains_aggregate() {
            return Ok(vec![self.into_expr()]);
        }
        let mut cols = vec![];
        for s in self.sources() {
            cols.extend(s.group_by_cols()?);
        }
        Ok(cols)
    }
    /// `Rc<Self>` as an `Expr`: write `fn into_expr(self: Rc<Self>) -> Expr { self }`.
    fn into_expr(self: Rc<Self>) -> Expr;
    /// A copy whose columns use other aliases.
    fn relabeled(self: Rc<Self>, map: &AliasMap) -> Expr {
        let sources = self.sources();
        if sources.is_empty() {
            return self.into_expr();
        }
        let sources = sources.into_iter().map(|s| s.relabeled(map)).collect();
        self.with_sources(sources)
    }
    /// A copy with each part that equals a left side replaced by its right side.
    fn replace(self: Rc<Self>, replacements: &[(Expr, Expr)]) -> Expr {
        let me = self.clone().into_expr();
        if let Some((_, to)) = replacements.iter().find(|(from, _)| from.same(&*me)) {
            return to.clone();
        }
        let sources = self.sources();
        if sources.is_empty() {
            return me;
        }
        let sources = sources
            .into_iter()
            .map(|s| s.replace(replacements))
            .collect();
        self.with_sources(sources)
    }
    /// `get_refs`: names of annotations it refers to.
    fn refs(&self, names: &mut Vec<String>) {
        for s in self.sources() {
            s.refs(names);
        }
    }
    /// Columns of the outer query it refers to (subqueries).
    fn external_cols(&self) -> Vec<Expr> {
        self.sources()
            .iter()
            .flat_map(|s| s.external_cols())
            .collect()
    }
    /// Equal as expressions: same class, same arguments.
    fn same(&self, other: &dyn Expression) -> bool {
        if self.as_any().type_id() != other.as_any().type_id() || !self.same_args(other) {
            return false;
        }
        let (a, b) = (self.sources(), other.sources());
        a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.same(&**b))
    }
    /// The part of `same` that is not about operands; `other` has the same Rust type.
    fn same_args(&self, other: &dyn Expression) -> bool {
        self.name() == other.name()
    }
    /// The lookup named `name` on this expression's value.
    fn get_lookup(&self, name: &str) -> Result<Option<Registered>> {
        crate::lookup::field_lookup(&*self.output_field()?, name)
    }
    fn get_transform(&self, name: &str) -> Result<Option<Registered>> {
        crate::lookup::field_transform(&*self.output_field()?, name)
    }
    /// Bilateral transforms in it, for the other side of a lookup (`get_bilateral_transforms`).
    fn bilateral_transforms(&self) -> Vec<Rc<dyn crate::lookup::TransformFactory>> {
        vec![]
    }
    /// Itself as a lookup, if it is one.
    fn as_lookup(&self) -> Option<&Lookup> {
        None
    }
    /// May `None` stand on the right of it, where it is a lookup (`can_use_none_as_rhs`)?
    fn takes_none(&self) -> bool {
        self.as_lookup()
            .is_some_and(|l| l.kind.can_use_none_as_rhs())
    }
    /// Its SQL inside a select list (`select_format`), where that differs.
    fn select_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let mark = out.mark();
        self.as_sql(compiler, out)?;
        let field = match self.output_field_or_none()? {
            Some(f) => f,
            // A query that selects several columns has no type; anything else must have one.
            None if self.as_any().is::<crate::query::subquery::QueryExpr>() => return Ok(()),
            None => self.output_field()?,
        };
        if field.overrides().select_format
            && let Some(hooks) = &field.class.hooks
        {
            let part = out.take_from(mark);
            let (sql, params) = hooks.select_format(&field, part.sql, part.params)?;
            out.append(SqlWriter {
                sql,
                params,
                ..SqlWriter::default()
            });
        }
        Ok(())
    }
    /// Turns a value the database returned into Python's (`convert_value`), between the backend's
    /// converter and the field's own; see `crate::converters`.
    fn convert_value(&self) -> Option<Converter> {
        None
    }
    /// Python's `str()`: the text inside `<Class: …>`, where `repr()` is of that form.
    fn display(&self) -> String {
        let shown = self.repr();
        let inner = shown
            .strip_prefix('<')
            .and_then(|s| s.strip_suffix('>'))
            .and_then(|s| s.split_once(": "))
            .filter(|(class, _)| class.chars().all(char::is_alphanumeric))
            .map(|(_, text)| text.to_string());
        inner.unwrap_or(shown)
    }
    /// Python's `repr()`, as Django prints it.
    fn repr(&self) -> String {
        let args: Vec<String> = self.sources().iter().map(|s| s.repr()).collect();
        format!("{}({})", self.name(), args.join(", "))
    }
}

/// The field all operands agree on. Source: Django's `_resolve_output_field`.
pub fn resolve_output_field(name: &str, sources: &Sources) -> Result<Option<Rc<Field>>> {
    let mut found: Option<Rc<Field>> = None;
    for s in sources {
        let Some(f) = s.output_field_or_none()? else {
            continue;
        };
        match &found {
            None => found = Some(f),
            Some(first) if first.class.is_a(&f.class.name) => {}
            Some(first) => {
                return Err(Error::field_error(format!(
                    "Expression contains mixed types: {}, {}. You must set output_field.",
                    first.class.name, f.class.name
                )));
            }
        }
    }
    let _ = name;
    Ok(found)
}

/// An expression kept as an opaque value: a lookup's right side, a constraint's condition.
#[derive(Clone, Debug)]
pub struct ExprObject(pub Expr);

impl ExprObject {
    pub fn value(expr: Expr) -> Value {
        Value::Object(Rc::new(ExprObject(expr)))
    }
    pub fn clause(expr: Expr) -> Clause {
        Rc::new(ExprObject(expr))
    }
}

impl Object for ExprObject {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn repr(&self) -> String {
        self.0.repr()
    }
    fn type_name(&self) -> String {
        self.0.name()
    }
    fn equals(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<ExprObject>()
            .is_some_and(|o| self.0.same(&*o.0))
    }
}

/// The expression inside an opaque object, if it holds one.
pub fn expr_of(object: &dyn Object) -> Option<Expr> {
    object
        .as_any()
        .downcast_ref::<ExprObject>()
        .map(|e| e.0.clone())
}

/// The expression inside a value, if it holds one.
pub fn value_expr(value: &Value) -> Option<Expr> {
    value.as_object().and_then(|o| expr_of(&**o))
}
