//! `Index.check(model, connection)`: its name, its fields, what the database can do.
use super::constraint::references;
use super::databases::{display_name, has, required};
use super::local_fields;
use super::report::Report;
use crate::models::model_of_class;
use crate::py;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn check(o: PyObjectRef, cls: PyObjectRef, connection: PyObjectRef, vm: &Vm) -> PyResult {
    let Some(model) = model_of_class(vm, &cls) else {
        return Err(vm.new_type_error("an index is checked for a model"));
    };
    let mut r = Report::new(vm, &cls);
    let name = py::to_string(vm, &py::attr(vm, &o, "name")?)?;
    if name.starts_with('_') || name.chars().next().is_some_and(char::is_numeric) {
        r.error(
            "models.E033",
            format!("The index name '{name}' cannot start with an underscore or a number."),
        )?;
    }
    let limit: usize = py::attr(vm, &o, "max_name_length")?.try_into_value(vm)?;
    if name.chars().count() > limit {
        r.error(
            "models.E034",
            format!("The index name '{name}' cannot be longer than {limit} characters."),
        )?;
    }
    let mut names: Vec<String> = vec![];
    let mut add = |name: String| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    for pair in py::list(vm, &py::attr(vm, &o, "fields_orders")?)? {
        if let Some(first) = py::list(vm, &pair)?.first() {
            add(py::to_string(vm, first)?);
        }
    }
    for field in py::list(vm, &py::attr(vm, &o, "include")?)? {
        add(py::to_string(vm, &field)?);
    }
    for expression in py::list(vm, &py::attr(vm, &o, "expressions")?)? {
        for path in references(vm, &expression)? {
            path.into_iter().next().into_iter().for_each(&mut add);
        }
    }
    local_fields::check(&mut r, &model, &names, "indexes")?;
    let meta = py::attr(vm, &cls, "_meta")?;
    let siblings = py::list(vm, &py::attr(vm, &meta, "indexes")?)?;
    let database = display_name(vm, &connection)?;
    let any = |test: fn(&Vm, &PyObject) -> PyResult<bool>| -> PyResult<bool> {
        for index in &siblings {
            if test(vm, index)? {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let missing = |feature: &str| -> PyResult<bool> {
        Ok(!has(vm, &connection, feature)? && !required(Some(&model), feature))
    };
    let conditional = !vm.is_none(&*py::attr(vm, &o, "condition")?);
    if conditional && missing("supports_partial_indexes")? {
        r.warning_hint(
            "models.W037",
            format!("{database} does not support indexes with conditions."),
            "Conditions will be ignored. Silence this warning if you don't care about it.",
        )?;
    }
    if missing("supports_covering_indexes")?
        && any(|vm, index| py::is_true(vm, &py::attr(vm, index, "include")?))?
    {
        r.warning_hint(
            "models.W040",
            format!("{database} does not support indexes with non-key columns."),
            "Non-key columns will be ignored. Silence this warning if you don't care about it.",
        )?;
    }
    if missing("supports_expression_indexes")?
        && any(|vm, index| py::is_true(vm, &py::attr(vm, index, "expressions")?))?
    {
        r.warning_hint(
            "models.W043",
            format!("{database} does not support indexes on expressions."),
            "An index won't be created. Silence this warning if you don't care about it.",
        )?;
    }
    Ok(r.into_list())
}
