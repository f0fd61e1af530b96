//! `WindowFrameExclusion`: the words of SQL that say which rows a window's frame leaves out.
//!
//! It is a class of Python's own `enum`, so it is made when first asked for: `enum` need not be
//! imported by projects without such windows.
use crate::{class, modules, py};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

const NAME: &str = "WindowFrameExclusion";
const MODULES: [&str; 2] = ["django.db.models.expressions", "django.db.models"];
const MEMBERS: [(&str, &str); 4] = [
    ("CURRENT_ROW", "CURRENT ROW"),
    ("GROUP", "GROUP"),
    ("TIES", "TIES"),
    ("NO_OTHERS", "NO OTHERS"),
];

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    for path in MODULES {
        modules::promise(vm, path, &[NAME], |vm, _| make(vm))?;
    }
    Ok(())
}

fn make(vm: &VirtualMachine) -> PyResult {
    let pair = |(name, word): &(&str, &str)| -> PyObjectRef {
        vm.ctx
            .new_tuple(vec![py::str(vm, name), py::str(vm, word)])
            .into()
    };
    let members = vm.ctx.new_list(MEMBERS.iter().map(pair).collect());
    let base = vm.import("enum", 0)?.get_attr("Enum", vm)?;
    let args = vec![py::str(vm, NAME), members.into()];
    let made = base.call(
        py::with_kwargs(args, &[("module", py::str(vm, MODULES[0]))]),
        vm,
    )?;
    if let Some(made) = py::as_class(&made) {
        class::fill_class(vm, &made, |c| {
            c.method(
                "__repr__",
                |o: PyObjectRef, vm: &VirtualMachine| -> PyResult {
                    let name = py::to_string(vm, &py::attr(vm, &o, "_name_")?)?;
                    Ok(py::str(vm, format!("{NAME}.{name}")))
                },
            );
        })?;
    }
    modules::export_all(vm, &MODULES, NAME, made.clone())?;
    Ok(made)
}
