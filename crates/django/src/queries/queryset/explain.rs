//! `explain()`
use super::PyQuerySet;
use crate::convert::to_value;
use crate::queries::execute;
use orm_sql::query::ExplainInfo;
use orm_state::Value;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyResult, VirtualMachine};

impl PyQuerySet {
    pub fn explained(zelf: &Py<Self>, vm: &VirtualMachine, mut args: FuncArgs) -> PyResult {
        let format = match args.take_keyword("format") {
            Some(f) if !vm.is_none(&f) => Some(f.str(vm)?.to_string_lossy().into_owned()),
            _ => None,
        };
        let mut options = vec![];
        for (k, v) in args.kwargs.iter() {
            let name = k.to_string_lossy().into_owned();
            let valid = !name.is_empty()
                && !name.contains("--")
                && name
                    .chars()
                    .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
            if !valid {
                let shown = crate::py::repr(vm, &crate::py::str(vm, &name))?;
                return Err(vm.new_value_error(format!("Invalid option name: {shown}.")));
            }
            options.push((name, to_value(vm, v)?));
        }
        let using = zelf.db(vm)?;
        let mut query = (**zelf.query.borrow()).clone();
        // What matches nothing is not asked, whatever format is wanted.
        if execute::compile(vm, &query, &using)?.is_none() {
            return Ok(vm.ctx.new_str("").into());
        }
        query.explain = Some(ExplainInfo { format, options });
        let Some(compiled) = execute::compile(vm, &query, &using)? else {
            return Ok(vm.ctx.new_str("").into());
        };
        let rows = execute::run(vm, &compiled, &using)?;
        let lines: Vec<String> = rows
            .iter()
            .map(|r| r.iter().map(Value::to_str).collect::<Vec<_>>().join(" "))
            .collect();
        Ok(vm.ctx.new_str(lines.join("\n")).into())
    }
}
