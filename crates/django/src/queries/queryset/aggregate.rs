//! `aggregate()`
use super::PyQuerySet;
use super::annotate::{default_alias, expressions_only};
use crate::convert::{to_py, to_value};
use crate::error::OrRaise;
use crate::queries::execute;
use crate::queries::origins;
use orm_sql::Expr;
use orm_sql::expression::value_expr;
use orm_sql::origin;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyResult, VirtualMachine};

impl PyQuerySet {
    pub fn aggregated(zelf: &Py<Self>, vm: &VirtualMachine, args: FuncArgs) -> PyResult {
        if !zelf.query.borrow().distinct_fields.is_empty() {
            return Err(
                vm.new_not_implemented_error("aggregate() + distinct(fields) not implemented.")
            );
        }
        expressions_only(vm, &args, "aggregate")?;
        let mut wanted: Vec<(String, Expr)> = vec![];
        let mut put = |name: String, e: Expr| match wanted.iter_mut().find(|(n, _)| *n == name) {
            Some(entry) => entry.1 = e,
            None => wanted.push((name, e)),
        };
        for (name, value) in args.kwargs.iter() {
            if let Some(e) = value_expr(&to_value(vm, value)?) {
                put(name.to_string_lossy().into_owned(), e);
            }
        }
        for arg in &args.args {
            let alias = default_alias(vm, arg)
                .map_err(|_| vm.new_type_error("Complex aggregates require an alias"))?;
            if let Some(e) = value_expr(&to_value(vm, arg)?) {
                put(alias, e);
            }
        }
        let dict = vm.ctx.new_dict();
        if wanted.is_empty() {
            return Ok(dict.into());
        }
        let using = zelf.db(vm)?;
        let query = zelf.query.borrow().clone();
        let mut query = query.chain();
        for (name, _) in &wanted {
            let positional = || {
                args.args
                    .iter()
                    .position(|a| default_alias(vm, a).is_ok_and(|d| d == *name))
            };
            let given = || origins::keyword(name).or_else(|| origin::argument(positional()?));
            let _scope = origin::tracing().then(|| origin::narrow(given()));
            query.column_wanted(name);
        }
        let aggregation = query.get_aggregation(wanted).or_raise(vm)?;
        for (name, value) in execute::aggregate(vm, &aggregation, &using)? {
            dict.set_item(&*name, to_py(vm, &value)?, vm)?;
        }
        Ok(dict.into())
    }
}
