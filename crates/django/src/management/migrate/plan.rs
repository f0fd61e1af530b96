//! `migrate --plan`: what would be done, operation by operation.
use crate::management::output::Output;
use crate::py;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Prints a plan.
pub fn show(vm: &Vm, plan: &PyObject, out: &Output) -> PyResult<()> {
    let heading = out.paint(vm, "MIGRATE_LABEL", "Planned operations:")?;
    out.line(vm, &heading)?;
    let steps = py::list(vm, plan)?;
    if steps.is_empty() {
        return out.line(vm, "  No planned migration operations.");
    }
    for step in steps {
        let [migration, backwards] = py::list(vm, &step)?.try_into().map_err(|_| {
            vm.new_value_error("a plan is made of migrations, each forwards or backwards")
        })?;
        let backwards = backwards.is_true(vm)?;
        out.heading(vm, &py::to_string(vm, &migration)?)?;
        for op in py::list(vm, &py::attr(vm, &migration, "operations")?)? {
            let (text, wrong) = describe(vm, &op, backwards)?;
            let mut line = format!("    {text}");
            if wrong {
                line = out.paint(vm, "WARNING", &line)?;
            }
            out.line(vm, &line)?;
        }
    }
    Ok(())
}

/// One operation, with its code's documentation or its SQL; and whether it cannot be undone.
fn describe(vm: &Vm, op: &PyObject, backwards: bool) -> PyResult<(String, bool)> {
    let given = |o: PyObjectRef| Some(o).filter(|o| !vm.is_none(o));
    let of = |forwards: &'static str, back: &'static str| {
        py::attr(vm, op, if backwards { back } else { forwards }).map(given)
    };
    let mut prefix = "";
    let action: Option<String> = if py::attr_opt(vm, op, "code")?.is_some() {
        match of("code", "reverse_code")? {
            Some(code) => match given(py::attr(vm, &code, "__doc__")?) {
                Some(doc) => Some(py::to_string(vm, &doc)?),
                None => Some(String::new()),
            },
            None => None,
        }
    } else if py::attr_opt(vm, op, "sql")?.is_some() {
        match of("sql", "reverse_sql")? {
            Some(sql) => Some(py::to_string(vm, &sql)?),
            None => None,
        }
    } else {
        if backwards {
            prefix = "Undo ";
        }
        Some(String::new())
    };
    let wrong = action.is_none() && backwards;
    let action = match action {
        Some(text) => text.replace('\n', ""),
        None if backwards => "IRREVERSIBLE".into(),
        None => String::new(),
    };
    let mut shown = match action.as_str() {
        "" => String::new(),
        text => format!(" -> {text}"),
    };
    if shown.chars().count() > 40 {
        shown = shown.chars().take(39).collect::<String>() + "\u{2026}";
    }
    let told = py::to_string(vm, &py::call(vm, op, "describe", vec![])?)?;
    Ok((format!("{prefix}{told}{shown}"), wrong))
}
