//! `ImmutableList`: what `_meta.fields` and its kin return. A tuple that says why it stays as it is.
use crate::class::class;
use crate::{modules, py};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

const MODULE: &str = "django.utils._datastructures";
const REFUSED: [&str; 11] = [
    "__delitem__",
    "__iadd__",
    "__imul__",
    "__setitem__",
    "append",
    "extend",
    "insert",
    "pop",
    "remove",
    "sort",
    "reverse",
];

/// What is said to who changes such a list; `%s` stands for where it came from.
pub const WARNING: &str = "The return type of '%s' should never be mutated. If you want to \
     manipulate this list for your own use, make a copy first.";

pub fn install(vm: &Vm) -> PyResult<()> {
    let tuple = vm.ctx.types.tuple_type.to_owned();
    let made = class(
        vm,
        "django.utils.datastructures",
        "ImmutableList",
        &[tuple],
        |c| {
            c.attr("warning", py::str(vm, "ImmutableList object is immutable."));
            c.staticmethod("__new__", |mut args: FuncArgs, vm: &Vm| -> PyResult {
                let warning = args.take_keyword("warning");
                let new = py::attr(vm, vm.ctx.types.tuple_type.as_object(), "__new__")?;
                let list = new.call(args, vm)?;
                if let Some(warning) = warning {
                    py::set_attr(vm, &list, "warning", warning)?;
                }
                Ok(list)
            });
            for name in REFUSED {
                c.method(name, |o: PyObjectRef, _: FuncArgs, vm: &Vm| {
                    complain(&o, vm)
                });
            }
            c.method("complain", |o: PyObjectRef, _: FuncArgs, vm: &Vm| {
                complain(&o, vm)
            });
        },
    )?;
    modules::export(vm, MODULE, "ImmutableList", made)?;
    modules::export(
        vm,
        "django.db.models.options",
        "IMMUTABLE_WARNING",
        py::str(vm, WARNING),
    )
}

fn complain(list: &PyObjectRef, vm: &Vm) -> PyResult<()> {
    let warning = py::attr(vm, list, "warning")?;
    if warning.fast_isinstance(vm.ctx.exceptions.base_exception_type)
        && let Ok(exception) = warning.clone().downcast()
    {
        return Err(exception);
    }
    Err(vm.new_attribute_error(py::to_string(vm, &warning)?))
}

/// A list of `_meta`: `name` says which.
pub fn list(vm: &Vm, name: &str, items: Vec<PyObjectRef>) -> PyResult {
    let class = modules::find(vm, MODULE, "ImmutableList")?;
    let warning = py::str(vm, WARNING.replace("%s", name));
    let items = vm.ctx.new_tuple(items).into();
    class.call(py::with_kwargs(vec![items], &[("warning", warning)]), vm)
}
