//! `order_by()`, `reverse()`, `distinct()`, and whether an order is set.
use super::PyQuerySet;
use super::methods::paths;
use crate::convert::to_value;
use crate::error::{self, OrRaise};
use orm_sql::Expr;
use orm_sql::expression::value_expr;
use orm_sql::expressions::{F, OrderBy};
use orm_sql::query::{GroupBy, Ordering};
use orm_state::{AnyField, Constraint};
use rustpython_vm::builtins::PyStr;
use rustpython_vm::{Py, PyObjectRef, PyRef, PyResult, VirtualMachine};

/// The terms of `order_by()`.
pub fn terms(vm: &VirtualMachine, args: &[PyObjectRef]) -> PyResult<Vec<Ordering>> {
    let mut found = Vec::with_capacity(args.len());
    let mut others = vec![];
    for arg in args {
        if let Some(s) = arg.downcast_ref::<PyStr>() {
            found.push(Ordering::Name((&*s.to_string_lossy()).into()));
            continue;
        }
        match value_expr(&to_value(vm, arg)?) {
            Some(e) => found.push(Ordering::Expr(e)),
            None => others.push(arg.repr(vm)?.to_string_lossy().into_owned()),
        }
    }
    if !others.is_empty() {
        return Err(error::raise(
            vm,
            "FieldError",
            format!("Invalid order_by arguments: [{}]", others.join(", ")),
        ));
    }
    Ok(found)
}

impl PyQuerySet {
    pub fn ordered_by(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        args: Vec<PyObjectRef>,
    ) -> PyResult<PyRef<PyQuerySet>> {
        if zelf.is_sliced() {
            return Err(vm.new_type_error("Cannot reorder a query once a slice has been taken."));
        }
        let terms = terms(vm, &args)?;
        let qs = Self::chain(zelf, vm)?;
        qs.with_query(|q| {
            q.clear_ordering(true, false);
            q.add_ordering(terms)
        })
        .or_raise(vm)?;
        Ok(qs)
    }
    pub fn reversed(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyRef<PyQuerySet>> {
        if zelf.is_sliced() {
            return Err(vm.new_type_error("Cannot reverse a query once a slice has been taken."));
        }
        let qs = Self::chain(zelf, vm)?;
        qs.with_query(|q| q.standard_ordering = !q.standard_ordering);
        Ok(qs)
    }
    pub fn distinct_rows(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        args: Vec<PyObjectRef>,
    ) -> PyResult<PyRef<PyQuerySet>> {
        zelf.not_combined(vm, "distinct")?;
        if zelf.is_sliced() {
            return Err(
                vm.new_type_error("Cannot create distinct fields once a slice has been taken.")
            );
        }
        let fields = paths(vm, &args)?;
        let qs = Self::chain(zelf, vm)?;
        qs.with_query(|q| {
            q.distinct_fields = fields.iter().map(|f| f.to_string()).collect();
            q.distinct = true;
            q.distinct_wanted();
        });
        Ok(qs)
    }
    /// `QuerySet.ordered`
    pub fn is_ordered(&self, vm: &VirtualMachine) -> PyResult<bool> {
        let query = self.query.borrow();
        if query.is_empty() || !query.extra_order_by.is_empty() || !query.order_by.is_empty() {
            return Ok(true);
        }
        let model = self.model(vm)?;
        let has_default = !model.options.borrow().ordering.is_empty();
        Ok(query.default_ordering && has_default && matches!(query.group_by, GroupBy::None))
    }
    /// `QuerySet.totally_ordered`
    pub fn is_totally_ordered(&self, vm: &VirtualMachine) -> PyResult<bool> {
        if !self.is_ordered(vm)? {
            return Ok(false);
        }
        let model = self.model(vm)?;
        let query = self.query.borrow();
        let mut given: Vec<String> = query
            .order_by
            .iter()
            .map(|o| match o {
                Ordering::Name(n) => n.trim_start_matches('-').to_string(),
                Ordering::Expr(e) => field_of_term(e),
            })
            .collect();
        if given.is_empty() && query.default_ordering {
            given = model
                .options
                .borrow()
                .ordering
                .iter()
                .map(|v| v.to_str().trim_start_matches('-').to_string())
                .collect();
        }
        let keys = model.pk_fields().or_raise(vm)?;
        let mut found: Vec<String> = vec![];
        for name in given {
            if name == "pk" {
                return Ok(true);
            }
            let Ok(AnyField::Field(f)) = model.get_field(&name) else {
                continue;
            };
            if f.remote.is_some() && *f.name() == *name {
                continue;
            }
            let is_key = keys.iter().any(|k| k.same(&f));
            if (is_key && keys.len() == 1) || (f.is_unique() && !f.null.get()) {
                return Ok(true);
            }
            found.push(f.attname().to_string());
        }
        if !found.is_empty()
            && keys
                .iter()
                .all(|k| found.iter().any(|n| **n == *k.attname()))
        {
            return Ok(true);
        }
        let mut together = model.options.borrow().unique_together.clone();
        for constraint in &model.options.borrow().constraints {
            if let Constraint::Unique {
                fields,
                condition,
                expressions,
                ..
            } = constraint
                && expressions.is_empty()
                && condition.as_ref().is_none_or(|c| is_empty_q(&**c))
            {
                together.push(fields.iter().map(|f| f.as_str().into()).collect());
            }
        }
        for names in together {
            let mut covered = !names.is_empty();
            for n in &names {
                covered &= matches!(
                    model.get_field(n),
                    Ok(AnyField::Field(f)) if !f.null.get() && found.iter().any(|x| **x == *f.attname())
                );
            }
            if covered {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The field that a term orders by: `F("name")`, also descending.
fn field_of_term(e: &Expr) -> String {
    if let Some(o) = e.as_any().downcast_ref::<OrderBy>() {
        return field_of_term(&o.expression);
    }
    match e.as_any().downcast_ref::<F>() {
        Some(f) => f.name.to_string(),
        None => String::new(),
    }
}

/// `Q()`: a condition that every row meets.
fn is_empty_q(condition: &dyn orm_state::Object) -> bool {
    orm_sql::expression::expr_of(condition).is_some_and(|e| {
        e.as_any()
            .downcast_ref::<orm_sql::expressions::QExpr>()
            .is_some_and(|q| q.q.is_empty())
    })
}
