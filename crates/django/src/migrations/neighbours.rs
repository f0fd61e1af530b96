//! What operations say about each other: `reduce()`, `references_model()`, names in lower case.
use super::convert_operation::{self, base_name, of_base};
use super::to_python;
use crate::class::Class;
use crate::models::fields::object::PyField;
use crate::{modules, py};
use orm_migrations::Operation;
use orm_migrations::operation::reduce::Reduced;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Adds the methods to `Operation`.
pub fn methods(c: &mut Class) {
    c.method(
        "references_model",
        |o: PyObjectRef, name: String, app: PyObjectRef, vm: &Vm| -> PyResult<bool> {
            let app = py::to_string(vm, &app)?;
            Ok(rust(vm, &o)?.is_none_or(|op| op.references_model(&name, &app)))
        },
    );
    c.method(
        "references_field",
        |o: PyObjectRef, model: String, name: String, app: PyObjectRef, vm: &Vm| -> PyResult {
            let app = py::to_string(vm, &app)?;
            match rust(vm, &o)? {
                Some(op) => Ok(py::bool(vm, op.references_field(&model, &name, &app))),
                // A user's operation on a model may touch any field of it.
                None => py::call(
                    vm,
                    &o,
                    "references_model",
                    vec![py::str(vm, model), py::str(vm, app)],
                ),
            }
        },
    );
    c.method("reduce", reduce);
    c.method(
        "allow_migrate_model",
        |_: PyObjectRef, alias: PyObjectRef, model: PyObjectRef, vm: &Vm| -> PyResult<bool> {
            let meta = py::attr(vm, &model, "_meta")?;
            if !py::call(vm, &meta, "can_migrate", vec![alias.clone()])?.is_true(vm)? {
                return Ok(false);
            }
            let router = modules::find(vm, "django.db", "router")?;
            py::call(vm, &router, "allow_migrate_model", vec![alias, model])?.is_true(vm)
        },
    );
    for name in ["name", "model_name", "old_name", "new_name"] {
        let lower: fn(PyObjectRef, &Vm) -> PyResult = match name {
            "name" => |o, vm| lower(vm, &o, "name"),
            "model_name" => |o, vm| lower(vm, &o, "model_name"),
            "old_name" => |o, vm| lower(vm, &o, "old_name"),
            _ => |o, vm| lower(vm, &o, "new_name"),
        };
        c.getter(&format!("{name}_lower"), lower);
    }
}

/// Adds what a class between `Operation` and the operations has of its own.
pub fn kind(c: &mut Class, name: &str) {
    match name {
        "FieldOperation" => {
            c.method(
                "__init__",
                |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
                    if base_name(vm, &o)?.is_some() {
                        return super::operations::init(o, args, vm);
                    }
                    for part in ["model_name", "name", "field"] {
                        let value = args.take_positional_keyword(part);
                        let value = value.unwrap_or_else(|| vm.ctx.none());
                        py::set_attr(vm, &o, part, value)?;
                    }
                    Ok(())
                },
            );
            c.method(
                "is_same_model_operation",
                |o: PyObjectRef, other: PyObjectRef, vm: &Vm| {
                    same_names(vm, &o, &other, &["model_name_lower"])
                },
            );
            c.method(
                "is_same_field_operation",
                |o: PyObjectRef, other: PyObjectRef, vm: &Vm| {
                    same_names(vm, &o, &other, &["model_name_lower", "name_lower"])
                },
            );
        }
        "ModelOperation" => {
            c.method(
                "can_reduce_through",
                |o: PyObjectRef, other: PyObjectRef, app: String, vm: &Vm| {
                    let name = py::attr(vm, &o, "name")?;
                    let args = vec![name, py::str(vm, app)];
                    Ok::<bool, rustpython_vm::builtins::PyBaseExceptionRef>(
                        !py::call(vm, &other, "references_model", args)?.is_true(vm)?,
                    )
                },
            );
        }
        _ => {}
    }
}

fn same_names(vm: &Vm, a: &PyObject, b: &PyObject, names: &[&str]) -> PyResult<bool> {
    for name in names {
        if !py::eq(vm, &py::attr(vm, a, name)?, &py::attr(vm, b, name)?)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn lower(vm: &Vm, o: &PyObject, name: &str) -> PyResult {
    let text = py::to_string(vm, &py::attr(vm, o, name)?)?;
    Ok(py::str(vm, text.to_lowercase()))
}

/// The operation as Rust's; nothing for users' own and `RunPython`.
fn rust(vm: &Vm, o: &PyObject) -> PyResult<Option<Operation>> {
    match base_name(vm, o)? {
        Some(name) if name != "RunPython" => of_base(vm, o, &name).map(Some),
        // A user's operation on a field touches what adding that field would.
        None if py::attr_opt(vm, o, "is_same_field_operation")?.is_some()
            && py::attr(vm, o, "field")?
                .downcast_ref::<PyField>()
                .is_some() =>
        {
            py::set_attr(vm, o, "preserve_default", py::bool(vm, true))?;
            of_base(vm, o, "AddField").map(Some)
        }
        _ => Ok(None),
    }
}

fn reduce(o: PyObjectRef, other: PyObjectRef, app: OptionalArg, vm: &Vm) -> PyResult {
    let app = match app {
        OptionalArg::Present(a) => py::to_string(vm, &a)?,
        OptionalArg::Missing => String::new(),
    };
    let this = match rust(vm, &o)? {
        Some(op) => op,
        None => convert_operation::operation(vm, &o)?,
    };
    let next = convert_operation::operation(vm, &other)?;
    match this.reduce(&next, &app) {
        Reduced::To(ops) => to_python::operations(vm, &ops),
        Reduced::Later => Ok(vm.ctx.new_list(vec![other]).into()),
        Reduced::First => Ok(vm.ctx.new_list(vec![o]).into()),
        Reduced::Through => Ok(py::bool(vm, true)),
        Reduced::Blocked => Ok(py::bool(vm, false)),
    }
}
