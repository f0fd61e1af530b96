//! `update()` and `delete()`
use super::PyQuerySet;
use crate::convert::to_value;
use crate::db::atomic::{atomic, mark_for_rollback_on_error};
use crate::error::{self, OrRaise};
use crate::queries::execute;
use crate::queries::origins;
use orm_sql::compiler::{Update, compile_delete, compile_update};
use orm_sql::connection::Row;
use orm_sql::expressions::OrderBy;
use orm_sql::origin;
use orm_sql::query::{Ordering, SelectRelated};
use orm_state::Value;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyResult, VirtualMachine};
use std::rc::Rc;

impl PyQuerySet {
    pub fn update_rows(zelf: &Py<Self>, vm: &VirtualMachine, args: FuncArgs) -> PyResult {
        zelf.not_combined(vm, "update")?;
        if zelf.is_sliced() {
            return Err(vm.new_type_error("Cannot update a query once a slice has been taken."));
        }
        if !zelf.query.borrow().distinct_fields.is_empty() {
            return Err(vm.new_type_error("Cannot call update() after .distinct(*fields)."));
        }
        zelf.for_write.set(true);
        let using = zelf.db(vm)?;
        let mut values = vec![];
        for (name, value) in args.kwargs.iter() {
            values.push((name.to_string_lossy().into_owned(), to_value(vm, value)?));
        }
        let mut query = zelf.query.borrow().chain();
        for (name, _) in &values {
            let _scope = origin::narrow(origins::keyword(name));
            query.column_wanted(name);
        }
        let mut update = Update::new(query, values).or_raise(vm)?;
        inline_ordering(vm, &mut update)?;
        let rows = mark_for_rollback_on_error(vm, &using, || run_update(vm, update, &using))?;
        zelf.cache.take();
        Ok(vm.ctx.new_int(rows).into())
    }
    /// `delete()`: through the collector, as instances would be.
    pub fn delete_rows(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        zelf.not_combined(vm, "delete")?;
        if zelf.is_sliced() {
            return Err(vm.new_type_error("Cannot use 'limit' or 'offset' with delete()."));
        }
        if !zelf.query.borrow().distinct_fields.is_empty() {
            return Err(vm.new_type_error("Cannot call delete() after .distinct(*fields)."));
        }
        if zelf.fields.borrow().is_some() {
            return Err(vm.new_type_error("Cannot call delete() after .values() or .values_list()"));
        }
        let doomed = Self::chain(zelf, vm)?;
        doomed.for_write.set(true);
        doomed.with_query(|q| {
            q.for_update = None;
            q.select_related = SelectRelated::No;
            q.clear_ordering(true, true);
        });
        let using = doomed.db(vm)?;
        let deleted = crate::queries::deletion::delete_queryset(vm, &doomed, zelf, &using)?;
        zelf.cache.take();
        Ok(deleted)
    }
    /// One `DELETE`, no signals, no cascades.
    pub fn raw_delete(zelf: &Py<Self>, vm: &VirtualMachine, using: &str) -> PyResult<i64> {
        let query = zelf.query.borrow().clone();
        let alias: Rc<str> = using.into();
        let sql = match compile_delete(&query, execute::dialect(), alias) {
            Ok(sql) => sql,
            Err(e) if e.is(orm_state::ErrorKind::EmptyResultSet) => return Ok(0),
            Err(e) => return Err(error::to_py(vm, e)),
        };
        let out = execute::statement(vm, using, &sql)?;
        Ok(out.rowcount)
    }
}

/// An order by an annotation becomes an order by its expression.
fn inline_ordering(vm: &VirtualMachine, update: &mut Update) -> PyResult<()> {
    let query = &mut update.query;
    let mut order = vec![];
    for term in &query.order_by {
        let Ordering::Name(name) = term else {
            order.push(term.clone());
            continue;
        };
        let (plain, descending) = match name.strip_prefix('-') {
            Some(n) => (n, true),
            None => (&**name, false),
        };
        match query.annotations.get(plain) {
            Some(a) if a.contains_aggregate() => {
                return Err(error::raise(
                    vm,
                    "FieldError",
                    format!("Cannot update when ordering by an aggregate: {}", a.repr()),
                ));
            }
            Some(a) => order.push(Ordering::Expr(if descending {
                OrderBy::new(a.clone(), true)
            } else {
                a.clone()
            })),
            None => order.push(term.clone()),
        }
    }
    query.order_by = order;
    query.clear_select_clause();
    Ok(())
}

/// Runs an update and those of parents' tables; the number of rows of the first that had any.
pub fn run_update(vm: &VirtualMachine, mut update: Update, using: &Rc<str>) -> PyResult<i64> {
    let plan = update.plan().or_raise(vm)?;
    let mut related: Vec<Vec<Value>> = vec![vec![]; update.related.len()];
    if let Some(ids) = &plan.ids {
        let mut key_column: Vec<Value> = vec![];
        if let Some(compiled) = execute::compile(vm, ids, using)? {
            for row in execute::run(vm, &compiled, using)? {
                key_column.extend(row.first().cloned());
                for (i, at) in plan.related_ids.iter().enumerate() {
                    if let (Some(list), Some(v)) = (related.get_mut(i), row.get(*at)) {
                        list.push(v.clone());
                    }
                }
            }
        }
        update.query.where_ = Rc::default();
        update
            .query
            .add_filter("pk__in", Value::List(key_column.into()))
            .or_raise(vm)?;
    }
    let mut total = None;
    let own = !update.values.is_empty();
    if own {
        total = Some(execute_update(vm, &update, using)?);
    }
    for ((model, values), ids) in update.related.iter().zip(related) {
        let mut query = orm_sql::Query::new(model);
        query
            .add_filter("pk__in", Value::List(ids.into()))
            .or_raise(vm)?;
        let mut parent = Update {
            query,
            values: vec![],
            related: vec![],
            returning: vec![],
        };
        for (field, value) in values {
            parent
                .add_resolved_once(field.clone(), value.clone())
                .or_raise(vm)?;
        }
        let rows = execute_update(vm, &parent, using)?;
        if total.is_none_or(|t| t == 0) {
            total = Some(rows);
        }
    }
    Ok(total.unwrap_or(0))
}

fn execute_update(vm: &VirtualMachine, update: &Update, using: &Rc<str>) -> PyResult<i64> {
    Ok(executed(vm, update, using)?.map_or(0, |out| out.rowcount.max(0)))
}

/// Runs an update of the model's own table; the rows of what it returns, one for each row changed.
pub fn run_returning(
    vm: &VirtualMachine,
    mut update: Update,
    using: &Rc<str>,
) -> PyResult<Vec<Row>> {
    if !update.related.is_empty() {
        return Err(vm.new_not_implemented_error(
            "Update returning is not implemented for queries with related updates.",
        ));
    }
    update.plan().or_raise(vm)?;
    let Some(out) = executed(vm, &update, using)? else {
        return Ok(vec![]);
    };
    if update.returning.is_empty() {
        let rows = usize::try_from(out.rowcount).unwrap_or(0);
        return Ok(vec![vec![]; rows]);
    }
    Ok(out.rows)
}

fn executed(
    vm: &VirtualMachine,
    update: &Update,
    using: &Rc<str>,
) -> PyResult<Option<orm_sql::connection::Outcome>> {
    let sql = match compile_update(update, execute::dialect(), using.clone()) {
        Ok(Some(sql)) => sql,
        Ok(None) => return Ok(None),
        Err(e) if e.is(orm_state::ErrorKind::EmptyResultSet) => return Ok(None),
        Err(e) => return Err(error::to_py(vm, e)),
    };
    execute::statement(vm, using, &sql).map(Some)
}

/// Keeps a group of statements together.
pub fn together<T>(
    vm: &VirtualMachine,
    using: &str,
    f: impl FnOnce() -> PyResult<T>,
) -> PyResult<T> {
    atomic(vm, using, false, f)
}
