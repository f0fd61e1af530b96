//! `Func`: a call of an SQL function, and the table entry ([`FuncSpec`]) of each built-in one.
//!
//! ```
//! use orm_sql::expressions::{F, Func};
//! use orm_sql::functions::text;
//! use orm_sql::Expression;
//! assert_eq!(Func::of(&text::LOWER, [F::new("name")].into_iter().collect()).repr(), "Lower(F(name))");
//! ```
use crate::compiler::Compiler;
use crate::expression::{EmptyValue, Expr, Expression, Resolve, Sources, resolve_output_field};
use crate::expressions::Val;
use crate::expressions::fields::unbound;
pub use crate::expressions::func_spec::{CALL, FUNC, FuncSpec, FuncSql, Output};
use crate::expressions::numeric::cast_decimal;
use crate::expressions::template::render;
use crate::expressions::value::same_output;
use crate::lookup::{Registered, TransformFactory};
use crate::lookups::class_registry;
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Error, ErrorKind, Field, FieldKind, Result, Value};
use std::any::Any;
use std::rc::Rc;

/// What a user's subclass sets on its class.
#[derive(Clone, Debug, Default)]
pub struct Custom {
    pub name: String,
    pub function: Option<String>,
    pub template: Option<String>,
    pub arg_joiner: Option<String>,
    /// `Some(None)` lifts the base's arity.
    pub arity: Option<Option<usize>>,
    pub window_compatible: Option<bool>,
    pub allowed_default: Option<bool>,
    /// An aggregate's `name`, for messages and aliases.
    pub aggregate_name: Option<String>,
    pub allow_distinct: Option<bool>,
    pub allow_order_by: Option<bool>,
    pub empty_result_set_value: Option<Value>,
}

/// The keyword arguments of one `as_sql()` call: each wins over the class's and the instance's.
#[derive(Clone, Copy, Debug, Default)]
pub struct FuncStyle<'a> {
    pub function: Option<&'a str>,
    pub template: Option<&'a str>,
    pub arg_joiner: Option<&'a str>,
    /// `**extra_context`
    pub extra: &'a [(&'a str, String)],
}

impl<'a> FuncStyle<'a> {
    pub fn function(self, function: &'a str) -> Self {
        FuncStyle {
            function: Some(function),
            ..self
        }
    }
    pub fn template(self, template: &'a str) -> Self {
        FuncStyle {
            template: Some(template),
            ..self
        }
    }
    pub fn arg_joiner(self, arg_joiner: &'a str) -> Self {
        FuncStyle {
            arg_joiner: Some(arg_joiner),
            ..self
        }
    }
}

#[derive(Clone, Debug)]
pub struct Func {
    pub spec: &'static FuncSpec,
    pub custom: Option<Rc<Custom>>,
    pub args: Sources,
    pub output: Option<Rc<Field>>,
    /// `**extra` of the constructor.
    pub extra: Rc<[(String, Value)]>,
}

impl Func {
    /// A built-in function, its arguments known to be right.
    pub fn of(spec: &'static FuncSpec, args: Sources) -> Expr {
        Rc::new(Func::raw(spec, args))
    }
    pub fn raw(spec: &'static FuncSpec, args: Sources) -> Func {
        thread_local! {
            static NOTHING: Rc<[(String, Value)]> = Rc::new([]);
        }
        Func {
            spec,
            custom: None,
            args,
            output: None,
            extra: NOTHING.with(Rc::clone),
        }
    }
    /// A function as the user called it: arguments are counted and checked.
    pub fn new(
        spec: &'static FuncSpec,
        custom: Option<Rc<Custom>>,
        args: Sources,
        output: Option<Rc<Field>>,
        extra: Vec<(String, Value)>,
    ) -> Result<Func> {
        let func = Func {
            custom,
            output,
            extra: extra.into(),
            ..Func::raw(spec, args)
        };
        func.check()?;
        Ok(func)
    }
    fn check(&self) -> Result<()> {
        let arity = self
            .custom
            .as_ref()
            .and_then(|c| c.arity)
            .unwrap_or(self.spec.arity);
        if let Some(n) = arity
            && self.args.len() != n
        {
            return Err(wrong_arity(&self.name(), n, self.args.len()));
        }
        match self.spec.check {
            Some(check) => check(&self.args),
            None => Ok(()),
        }
    }
    pub fn with_args(&self, args: Sources) -> Func {
        Func {
            args,
            ..self.clone()
        }
    }
    fn setting<'a>(
        &'a self,
        given: Option<&'a str>,
        key: &str,
        custom: fn(&Custom) -> Option<&str>,
        class: Option<&'static str>,
    ) -> Option<std::borrow::Cow<'a, str>> {
        if let Some(g) = given {
            return Some(g.into());
        }
        if let Some((_, v)) = self.extra.iter().find(|(k, _)| k == key) {
            return Some(v.to_str().into());
        }
        self.custom
            .as_deref()
            .and_then(custom)
            .map(Into::into)
            .or(class.map(Into::into))
    }
    /// `as_sql(compiler, connection, **style)`, without a database's own spelling.
    pub fn sql_with(
        &self,
        compiler: &Compiler,
        style: &FuncStyle<'_>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        match self.spec.as_sql {
            Some(f) => f(self, compiler, style, out),
            None => self.call_sql(compiler, style, out),
        }
    }
    /// `as_sqlite(…)` and its kin: the database's own spelling, if it has one.
    pub fn vendor_sql_with(
        &self,
        compiler: &Compiler,
        style: &FuncStyle<'_>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        match self.spec.as_vendor {
            Some(f) => f(self, compiler, style, out),
            None => self.plain_sql(compiler, style, out),
        }
    }
    /// `as_sql` with SQLite's cast of decimals: what a class without its own `as_vendor` does.
    pub fn plain_sql(
        &self,
        compiler: &Compiler,
        style: &FuncStyle<'_>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        let mark = out.mark();
        self.sql_with(compiler, style, out)?;
        cast_decimal(self, compiler, out, mark)
    }
    /// `Func.as_sql`: the template filled in.
    pub fn call_sql(
        &self,
        compiler: &Compiler,
        style: &FuncStyle<'_>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        let function = self.setting(
            style.function,
            "function",
            |c| c.function.as_deref(),
            self.spec.function,
        );
        let template = self
            .setting(
                style.template,
                "template",
                |c| c.template.as_deref(),
                Some(self.spec.template),
            )
            .unwrap_or_default();
        let joiner = self
            .setting(
                style.arg_joiner,
                "arg_joiner",
                |c| c.arg_joiner.as_deref(),
                Some(self.spec.arg_joiner),
            )
            .unwrap_or_default();
        if template == CALL {
            out.push(function.as_deref().unwrap_or("None"));
            out.push("(");
            args_sql(&self.args, &joiner, compiler, out)?;
            out.push(")");
            return Ok(());
        }
        let mut inner = SqlWriter::default();
        args_sql(&self.args, &joiner, compiler, &mut inner)?;
        let extra: Vec<(&str, String)> = self
            .extra
            .iter()
            .map(|(k, v)| (k.as_str(), v.to_str()))
            .collect();
        let mut data = extra;
        data.extend(style.extra.iter().cloned());
        data.push((
            "function",
            function.as_deref().unwrap_or("None").to_string(),
        ));
        data.push(("field", inner.sql.clone()));
        data.push(("expressions", inner.sql.clone()));
        let mark = out.mark();
        render(&template, &data, &mut out.sql)?;
        out.params.extend(inner.params);
        out.find_notes(mark, &inner.sql, inner.notes);
        Ok(())
    }
}

pub(crate) fn wrong_arity(name: &str, takes: usize, given: usize) -> Error {
    let plural = if takes == 1 { "" } else { "s" };
    Error::type_error(format!(
        "'{name}' takes exactly {takes} argument{plural} ({given} given)"
    ))
}

/// The arguments, joined. One whose query is empty counts as its value for no rows, one that is
/// always true as `True`.
pub(crate) fn args_sql(
    args: &Sources,
    joiner: &str,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    for (i, arg) in args.iter().enumerate() {
        if i > 0 {
            out.push(joiner);
        }
        arg_sql(arg, compiler, out)?;
    }
    Ok(())
}

/// One argument; see [`args_sql`].
pub(crate) fn arg_sql(arg: &Expr, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
    let mark = out.mark();
    match compiler.compile(arg, out) {
        Err(e) if e.is(ErrorKind::EmptyResultSet) => match arg.empty_result_set_value() {
            EmptyValue::Propagate => Err(e),
            EmptyValue::Value(v) => {
                out.rewind(mark);
                compiler.compile(&Val::new(v), out)
            }
        },
        Err(e) if e.is(ErrorKind::FullResultSet) => {
            out.rewind(mark);
            compiler.compile(&Val::new(true.into()), out)
        }
        done => done,
    }
}

/// `NumericOutputFieldMixin`: decimals stay decimals, integers become floats.
pub(crate) fn numeric_output(name: &str, sources: &Sources) -> Result<Option<Rc<Field>>> {
    let mut fields = vec![];
    for s in sources {
        fields.extend(s.output_field_or_none()?);
    }
    if fields.iter().any(|f| f.class.is_a("DecimalField")) {
        return Ok(Some(unbound(FieldKind::Decimal)));
    }
    if sources.is_empty() || fields.iter().any(|f| f.class.is_a("IntegerField")) {
        return Ok(Some(unbound(FieldKind::Float)));
    }
    resolve_output_field(name, sources)
}

impl Expression for Func {
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
        self.args.clone()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        Rc::new(self.with_args(sources))
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        let args = self.resolve_sources(query, how)?;
        Ok(self.with_sources(args))
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        self.vendor_sql_with(compiler, &FuncStyle::default(), out)
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        if let Some(f) = &self.output {
            return Ok(Some(f.clone()));
        }
        match self.spec.output {
            Output::Kind(kind) => Ok(Some(unbound(kind))),
            Output::First => match self.args.first() {
                Some(first) => first.output_field_or_none(),
                None => Ok(None),
            },
            Output::Numeric => numeric_output(self.spec.name, &self.args),
            Output::Sources => resolve_output_field(self.spec.name, &self.args),
        }
    }
    fn with_output_field(&self, field: Rc<Field>) -> Option<Expr> {
        Some(Rc::new(Func {
            output: Some(field),
            ..self.clone()
        }))
    }
    fn window_compatible(&self) -> bool {
        self.custom
            .as_ref()
            .and_then(|c| c.window_compatible)
            .unwrap_or(self.spec.window_compatible)
    }
    fn allowed_default(&self) -> bool {
        match self.custom.as_ref().and_then(|c| c.allowed_default) {
            Some(allowed) => allowed,
            None => self.spec.name != "Collate" && self.args.iter().all(|a| a.allowed_default()),
        }
    }
    fn empty_result_set_value(&self) -> EmptyValue {
        if let Some(v) = self
            .custom
            .as_ref()
            .and_then(|c| c.empty_result_set_value.clone())
        {
            return EmptyValue::Value(v);
        }
        if self.spec.name != "Coalesce" {
            return EmptyValue::Propagate;
        }
        for a in &self.args {
            match a.empty_result_set_value() {
                EmptyValue::Value(Value::Null) => {}
                found => return found,
            }
        }
        EmptyValue::Value(Value::Null)
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        if self.spec.name == "Random" {
            return Ok(vec![]);
        }
        if !self.contains_aggregate() {
            return Ok(vec![self]);
        }
        let mut cols = vec![];
        for a in &self.args {
            cols.extend(a.clone().group_by_cols()?);
        }
        Ok(cols)
    }
    fn bilateral_transforms(&self) -> Vec<Rc<dyn TransformFactory>> {
        match (self.spec.lookup_name, self.args.first()) {
            (Some(_), Some(lhs)) => class_registry::bilateral_of(&self.name(), lhs),
            _ => vec![],
        }
    }
    fn get_lookup(&self, name: &str) -> Result<Option<Registered>> {
        class_registry::lookup_of(&self.name(), &self.output_field()?, name)
    }
    fn get_transform(&self, name: &str) -> Result<Option<Registered>> {
        class_registry::transform_of(&self.name(), &self.output_field()?, name)
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<Func>().is_some_and(|o| {
            std::ptr::eq(self.spec, o.spec)
                && self.extra == o.extra
                && self.name() == o.name()
                && same_output(&self.output, &o.output)
        })
    }
    fn repr(&self) -> String {
        let joiner = self
            .setting(
                None,
                "arg_joiner",
                |c| c.arg_joiner.as_deref(),
                Some(self.spec.arg_joiner),
            )
            .unwrap_or_default();
        let args: Vec<String> = self.args.iter().map(|a| a.repr()).collect();
        let mut extra: Vec<String> = self
            .extra
            .iter()
            .map(|(k, v)| format!("{k}={}", v.to_str()))
            .collect();
        extra.sort();
        let args = args.join(&joiner);
        if extra.is_empty() {
            format!("{}({args})", self.name())
        } else {
            format!("{}({args}, {})", self.name(), extra.join(", "))
        }
    }
}
