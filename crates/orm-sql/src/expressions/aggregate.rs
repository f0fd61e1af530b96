//! `Count`, `Sum`, `Avg` and their kin.
//!
//! ```text
//! Count("books", filter=Q(books__pages__gt=9), distinct=True)
//!   →  COUNT(DISTINCT "book"."id") FILTER (WHERE "book"."pages" > %s)
//! Sum("pages", default=0)
//!   →  COALESCE(SUM("book"."pages"), %s)
//! ```
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::expression::{
    EmptyValue, Expr, Expression, Resolve, Sources, resolve_output_field, value_expr,
};
use crate::expressions::aggregate_parts::{
    self as parts, AggregateFilter, AggregateSpec, StringAggDelimiter,
};
use crate::expressions::fields::unbound;
use crate::expressions::func::{Custom, Func, Output, numeric_output, wrong_arity};
use crate::expressions::value::same_output;
use crate::expressions::{ColPairs, F, OrderByList, OuterRef, Star, Val, arg};
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Error, ErrorKind, Field, Result, Value};
use std::any::Any;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub struct Aggregate {
    pub spec: &'static AggregateSpec,
    pub custom: Option<Rc<Custom>>,
    pub args: Sources,
    pub distinct: bool,
    /// An [`AggregateFilter`].
    pub filter: Option<Expr>,
    /// An [`OrderByList`].
    pub order_by: Option<Expr>,
    pub default: Option<Value>,
    /// `StdDev` and `Variance`.
    pub sample: bool,
    pub output: Option<Rc<Field>>,
    pub extra: Rc<[(String, Value)]>,
    pub summary: bool,
    pub(super) had_default: bool,
}

/// The keyword arguments of an aggregate.
#[derive(Clone, Debug, Default)]
pub struct AggregateOptions {
    pub distinct: bool,
    /// A conditional expression or a [`crate::expressions::QExpr`].
    pub filter: Option<Expr>,
    pub default: Value,
    pub order_by: Value,
    pub sample: bool,
    pub output: Option<Rc<Field>>,
    pub extra: Vec<(String, Value)>,
}

impl Aggregate {
    /// An aggregate of one argument and nothing else.
    pub fn of(spec: &'static AggregateSpec, source: Expr) -> Expr {
        Rc::new(Aggregate {
            spec,
            custom: None,
            args: std::iter::once(source).collect(),
            distinct: false,
            filter: None,
            order_by: None,
            default: None,
            sample: false,
            output: None,
            extra: Rc::new([]),
            summary: false,
            had_default: false,
        })
    }
    /// `Count("*")`
    pub fn count_star() -> Expr {
        Aggregate::of(&parts::COUNT, Rc::new(Star))
    }
    /// An aggregate as the user called it; text arguments name fields.
    pub fn new(
        spec: &'static AggregateSpec,
        custom: Option<Rc<Custom>>,
        args: Vec<Value>,
        options: AggregateOptions,
    ) -> Result<Aggregate> {
        let class = custom.as_ref().map_or(spec.name, |c| &c.name).to_string();
        let allowed = |own: fn(&Custom) -> Option<bool>, base: bool| {
            custom.as_deref().and_then(own).unwrap_or(base)
        };
        if options.distinct && !allowed(|c| c.allow_distinct, spec.allow_distinct) {
            return Err(Error::type_error(format!(
                "{class} does not allow distinct."
            )));
        }
        if options.order_by.truthy() && !allowed(|c| c.allow_order_by, spec.allow_order_by) {
            return Err(Error::type_error(format!(
                "{class} does not allow order_by."
            )));
        }
        let has_empty_value = spec.zero_when_empty
            || custom
                .as_ref()
                .and_then(|c| c.empty_result_set_value.as_ref())
                .is_some_and(|v| !v.is_null());
        if !options.default.is_null() && has_empty_value {
            return Err(Error::type_error(format!(
                "{class} does not allow default."
            )));
        }
        let order_by =
            OrderByList::from_param(&format!("{class}.order_by"), &options.order_by, true)?;
        let counts = std::ptr::eq(spec, &parts::COUNT);
        let mut exprs = Sources::new();
        for (i, a) in args.into_iter().enumerate() {
            exprs.push(if counts && i == 0 && a.as_str() == Some("*") {
                Rc::new(Star)
            } else if std::ptr::eq(spec, &parts::STRING_AGG) && i == 1 {
                Rc::new(StringAggDelimiter { value: arg(a) })
            } else {
                arg(a)
            });
        }
        if counts
            && options.filter.is_some()
            && exprs.first().is_some_and(|e| e.as_any().is::<Star>())
        {
            return Err(Error::value_error(
                "Star cannot be used with filter. Please specify a field.",
            ));
        }
        let arity = custom.as_ref().and_then(|c| c.arity).unwrap_or(spec.arity);
        if let Some(n) = arity
            && n != exprs.len()
        {
            return Err(wrong_arity(&class, n, exprs.len()));
        }
        let default = (!options.default.is_null()).then_some(options.default);
        Ok(Aggregate {
            spec,
            custom,
            args: exprs,
            distinct: options.distinct,
            filter: options
                .filter
                .map(|condition| -> Expr { Rc::new(AggregateFilter { condition }) }),
            order_by,
            had_default: default.is_some(),
            default,
            sample: options.sample,
            output: options.output,
            extra: options.extra.into(),
            summary: false,
        })
    }
    /// The class attribute `name`, for messages and aliases.
    pub fn aggregate_name(&self) -> Option<String> {
        match &self.custom {
            Some(c) if c.aggregate_name.is_some() => c.aggregate_name.clone(),
            _ if std::ptr::eq(self.spec, &parts::AGGREGATE) => None,
            _ => Some(self.spec.name.into()),
        }
    }
    pub(super) fn display_name(&self) -> String {
        self.aggregate_name().unwrap_or_else(|| "None".into())
    }
    pub(super) fn function(&self) -> String {
        if let Some((_, v)) = self.extra.iter().find(|(k, _)| k == "function") {
            return v.to_str();
        }
        if let Some(f) = self.custom.as_ref().and_then(|c| c.function.clone()) {
            return f;
        }
        match (self.spec.name, self.sample) {
            ("StdDev", true) => "STDDEV_SAMP".into(),
            ("StdDev", false) => "STDDEV_POP".into(),
            ("Variance", true) => "VAR_SAMP".into(),
            ("Variance", false) => "VAR_POP".into(),
            _ => self.spec.function.unwrap_or("None").into(),
        }
    }
    pub(super) fn template(&self) -> Option<String> {
        if let Some((_, v)) = self.extra.iter().find(|(k, _)| k == "template") {
            return Some(v.to_str());
        }
        self.custom.as_ref().and_then(|c| c.template.clone())
    }
}

/// What Django finds as `.name` of an unresolved operand.
fn attribute_name(expr: &Expr) -> Option<String> {
    let any = expr.as_any();
    if let Some(f) = any.downcast_ref::<F>() {
        return Some(f.name.to_string());
    }
    if let Some(o) = any.downcast_ref::<OuterRef>() {
        return match &o.of {
            crate::expressions::f::OuterName::Name(n) => Some(n.to_string()),
            crate::expressions::f::OuterName::Outer(e) => Some(e.repr()),
        };
    }
    any.downcast_ref::<Aggregate>()
        .and_then(Aggregate::aggregate_name)
}

impl Expression for Aggregate {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        match &self.custom {
            Some(c) => c.name.clone(),
            None => self.spec.name.into(),
        }
    }
    fn sources(&self) -> Sources {
        let mut s = self.args.clone();
        s.extend(self.filter.clone());
        s.extend(self.order_by.clone());
        s
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        let mut rest = sources.into_vec();
        let order_by = self.order_by.as_ref().and_then(|_| rest.pop());
        let filter = self.filter.as_ref().and_then(|_| rest.pop());
        Rc::new(Aggregate {
            args: rest.into(),
            filter,
            order_by,
            ..self.clone()
        })
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        let how = Resolve {
            for_save: false,
            ..how.clone()
        };
        let sources = self.resolve_sources(query, &how)?;
        let resolved = self.with_sources(sources);
        let Some(c) = resolved.as_any().downcast_ref::<Aggregate>() else {
            return Ok(resolved);
        };
        let mut c = Aggregate {
            summary: how.summarize,
            default: None,
            ..c.clone()
        };
        let not_over = |name: &str| {
            Error::field_error(format!(
                "Cannot compute {}('{name}'): '{name}' is an aggregate",
                self.display_name()
            ))
        };
        if how.summarize {
            let mut refs = vec![];
            c.refs(&mut refs);
            for name in refs {
                if query
                    .annotations
                    .get(name.as_str())
                    .is_some_and(|a| a.is_summary())
                {
                    return Err(not_over(&name));
                }
            }
        } else if !self.summary {
            for (before, after) in self.args.iter().zip(&c.args) {
                if after.contains_aggregate() {
                    let name = attribute_name(before).unwrap_or_else(|| before.repr());
                    return Err(not_over(&name));
                }
            }
        }
        // Of a composite key, the first column is counted.
        if let Some(pairs) = c
            .args
            .first()
            .and_then(|a| a.as_any().downcast_ref::<ColPairs>())
        {
            if c.distinct {
                return Err(Error::value_error(
                    "COUNT(DISTINCT) doesn't support composite primary keys",
                ));
            }
            if let Some(first) = pairs.cols().into_iter().next() {
                c.args[0] = first;
            }
        }
        let Some(default) = &self.default else {
            return Ok(Rc::new(c));
        };
        let output = c.output_field_or_none()?;
        let default = match value_expr(default) {
            Some(e) => {
                let e = e.resolve(query, &how)?;
                match (&output, e.output_field_or_none()?) {
                    (Some(f), None) => e.with_output_field(f.clone()).unwrap_or(e),
                    _ => e,
                }
            }
            None => Val::typed(default.clone(), output.clone()),
        };
        let args: Sources = [Rc::new(c) as Expr, default].into_iter().collect();
        Ok(Rc::new(Func {
            output,
            ..Func::raw(&crate::functions::comparison::COALESCE, args)
        }))
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        if self.spec.name == "AnyValue" && !compiler.dialect().supports_any_value() {
            return Err(Error::not_supported(
                "ANY_VALUE is not supported on this database backend.",
            ));
        }
        match compiler.dialect().kind() {
            Vendor::Sqlite => self.sqlite_sql(compiler, out),
            Vendor::Mysql => self.mysql_sql(compiler, out),
            _ => self.sql_with(compiler, &crate::expressions::FuncStyle::default(), out),
        }
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        if let Some(f) = &self.output {
            return Ok(Some(f.clone()));
        }
        match self.spec.output {
            Output::Kind(kind) => Ok(Some(unbound(kind))),
            Output::Numeric => numeric_output(self.spec.name, &self.args),
            _ => resolve_output_field(self.spec.name, &self.args),
        }
    }
    fn with_output_field(&self, field: Rc<Field>) -> Option<Expr> {
        Some(Rc::new(Aggregate {
            output: Some(field),
            ..self.clone()
        }))
    }
    fn contains_aggregate(&self) -> bool {
        true
    }
    fn is_summary(&self) -> bool {
        self.summary
    }
    fn allows_composite_expressions(&self) -> bool {
        std::ptr::eq(self.spec, &parts::COUNT)
    }
    fn window_compatible(&self) -> bool {
        self.custom
            .as_ref()
            .and_then(|c| c.window_compatible)
            .unwrap_or(self.spec.window_compatible)
    }
    fn empty_result_set_value(&self) -> EmptyValue {
        if let Some(v) = self
            .custom
            .as_ref()
            .and_then(|c| c.empty_result_set_value.clone())
        {
            return EmptyValue::Value(v);
        }
        EmptyValue::Value(if self.spec.zero_when_empty {
            Value::Int(0)
        } else {
            Value::Null
        })
    }
    fn default_alias(&self) -> Result<String> {
        let sources = self.sources();
        if let [only] = &sources[..]
            && let Some(name) = attribute_name(only)
        {
            let own = self.aggregate_name().ok_or_else(|| {
                Error::new(
                    ErrorKind::AttributeError,
                    "'NoneType' object has no attribute 'lower'",
                )
            })?;
            return Ok(format!("{name}__{}", own.to_lowercase()));
        }
        Err(Error::type_error("Complex expressions require an alias"))
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        Ok(vec![])
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<Aggregate>().is_some_and(|o| {
            std::ptr::eq(self.spec, o.spec)
                && self.name() == o.name()
                && self.distinct == o.distinct
                && self.sample == o.sample
                && self.default == o.default
                && self.extra == o.extra
                && self.filter.is_some() == o.filter.is_some()
                && self.order_by.is_some() == o.order_by.is_some()
                && same_output(&self.output, &o.output)
        })
    }
    fn repr(&self) -> String {
        let args: Vec<String> = self
            .args
            .iter()
            .map(|a| match a.as_any().downcast_ref::<StringAggDelimiter>() {
                Some(d) => format!("StringAggDelimiter({})", d.value.repr()),
                None => a.repr(),
            })
            .collect();
        let mut options: Vec<String> = self
            .extra
            .iter()
            .map(|(k, v)| format!("{k}={}", v.to_str()))
            .collect();
        if self.distinct {
            options.push("distinct=True".into());
        }
        if let Some(f) = &self.filter {
            // The text of the condition, not of the object: `(AND: ('a', 1))`.
            options.push(format!("filter={}", f.display()));
        }
        if let Some(o) = &self.order_by {
            let items: Vec<String> = o.sources().iter().map(|i| i.repr()).collect();
            options.push(format!("order_by={}", items.join(", ")));
        }
        if matches!(self.spec.name, "StdDev" | "Variance") {
            options.push(format!(
                "sample={}",
                if self.sample { "True" } else { "False" }
            ));
        }
        options.sort();
        let mut all = args;
        all.extend(options);
        format!("{}({})", self.name(), all.join(", "))
    }
}
