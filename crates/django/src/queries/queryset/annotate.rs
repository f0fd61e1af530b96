//! `annotate()` and `alias()`
use super::PyQuerySet;
use crate::convert::to_value;
use crate::error::OrRaise;
use crate::queries::origins;
use orm_sql::Expr;
use orm_sql::expression::value_expr;
use orm_sql::origin;
use orm_sql::query::GroupBy;
use orm_state::AnyField;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObjectRef, PyRef, PyResult, VirtualMachine};

/// Refuses arguments that are no expressions.
pub fn expressions_only(vm: &VirtualMachine, args: &FuncArgs, method: &str) -> PyResult<()> {
    let mut invalid = vec![];
    for value in args.args.iter().chain(args.kwargs.values()) {
        let known = value_expr(&to_value(vm, value)?).is_some()
            || vm.get_attribute_opt(value, "resolve_expression")?.is_some();
        if !known {
            invalid.push(value.str(vm)?.to_string_lossy().into_owned());
        }
    }
    if invalid.is_empty() {
        return Ok(());
    }
    invalid.sort();
    Err(vm.new_type_error(format!(
        "QuerySet.{method}() received non-expression(s): {}.",
        invalid.join(", ")
    )))
}

/// `expression.default_alias`
pub fn default_alias(vm: &VirtualMachine, expression: &PyObjectRef) -> PyResult<String> {
    let alias = expression.get_attr("default_alias", vm)?;
    Ok(alias.str(vm)?.to_string_lossy().into_owned())
}

impl PyQuerySet {
    pub fn annotated(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        args: FuncArgs,
        select: bool,
    ) -> PyResult<PyRef<PyQuerySet>> {
        zelf.not_combined(vm, if select { "annotate" } else { "alias" })?;
        expressions_only(vm, &args, "annotate")?;
        let mut wanted: Vec<(String, PyObjectRef)> = vec![];
        for arg in &args.args {
            let alias = default_alias(vm, arg)
                .map_err(|_| vm.new_type_error("Complex annotations require an alias"))?;
            if args.kwargs.get(alias.as_str()).is_some() {
                return Err(vm.new_value_error(format!(
                    "The named annotation '{alias}' conflicts with the default name for another annotation."
                )));
            }
            wanted.push((alias, arg.clone()));
        }
        for (name, value) in args.kwargs.iter() {
            wanted.push((name.to_string_lossy().into_owned(), value.clone()));
        }
        let qs = Self::chain(zelf, vm)?;
        for (i, (alias, object)) in wanted.iter().enumerate() {
            let given = |name: &str| {
                let by_place = || origin::argument(i).filter(|_| i < args.args.len());
                origins::keyword(name).or_else(by_place)
            };
            let _scope = origin::narrow(given(alias));
            if qs.is_taken(vm, alias)? {
                return Err(vm.new_value_error(format!(
                    "The annotation '{alias}' conflicts with a field on the model."
                )));
            }
            if let Some(relation) = crate::queries::filtered_relation::of(object) {
                let (name, condition) = relation;
                qs.with_query(|q| q.add_filtered_relation(&name, &condition, alias))
                    .or_raise(vm)?;
                continue;
            }
            if let Some(e) = value_expr(&to_value(vm, object)?) {
                qs.with_query(|q| q.add_annotation(e, alias, select))
                    .or_raise(vm)?;
            }
        }
        let aggregates = {
            let query = qs.query.borrow();
            let is_aggregate = |name: &str| {
                let made: Option<&Expr> = query.annotations.get(name);
                made.is_some_and(|a| a.contains_aggregate())
            };
            let first = wanted.iter().find(|(name, _)| is_aggregate(name));
            first.map(|(name, _)| name)
        };
        if let Some(first) = aggregates {
            qs.with_query(|q| q.group_by_wanted(first));
            if qs.fields.borrow().is_none() {
                qs.with_query(|q| q.group_by = GroupBy::All);
            } else {
                qs.with_query(|q| q.set_group_by(true)).or_raise(vm)?;
            }
        }
        Ok(qs)
    }
    /// Is the name a field's, or selected by `values()`?
    fn is_taken(&self, vm: &VirtualMachine, alias: &str) -> PyResult<bool> {
        if let Some(fields) = &*self.fields.borrow() {
            return Ok(fields.iter().any(|f| **f == *alias));
        }
        let model = self.model(vm)?;
        Ok(match model.get_field(alias) {
            Ok(AnyField::Field(_)) => true,
            Ok(AnyField::Rel(r)) => !r.hidden(),
            Err(_) => model.fields().iter().any(|f| *f.attname() == *alias),
        })
    }
}
