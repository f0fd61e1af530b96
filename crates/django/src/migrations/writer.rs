//! `MigrationWriter`, `OperationWriter`, `serializer_factory`: Rust's writer, called from Python.
use super::{convert_operation, loader, py_serializer};
use crate::class::class;
use crate::error::OrRaise;
use crate::{modules, py};
use orm_migrations::serializer::Imports;
use orm_migrations::writer;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

const WRITER: &str = "django.db.migrations.writer";
const SERIALIZER: &str = "django.db.migrations.serializer";

pub fn install(vm: &Vm) -> PyResult<()> {
    let migration = class(vm, WRITER, "MigrationWriter", &[], |c| {
        c.method(
            "__init__",
            |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
                let Some(migration) = args.take_positional_keyword("migration") else {
                    return Err(vm.new_type_error("MigrationWriter needs a migration"));
                };
                let header = args
                    .take_positional_keyword("include_header")
                    .unwrap_or_else(|| py::bool(vm, true));
                py::set_attr(vm, &o, "migration", migration)?;
                py::set_attr(vm, &o, "include_header", header)?;
                py::set_attr(vm, &o, "needs_manual_porting", py::bool(vm, false))
            },
        );
        c.method("as_string", as_string);
        c.getter("filename", |o, vm| {
            let m = py::attr(vm, &o, "migration")?;
            let name = py::to_string(vm, &py::attr(vm, &m, "name")?)?;
            Ok(py::str(vm, format!("{name}.py")))
        });
        c.getter("basedir", |o, vm| {
            let m = py::attr(vm, &o, "migration")?;
            let app = py::to_string(vm, &py::attr(vm, &m, "app_label")?)?;
            loader::make_folder(vm, &app).map(|f| py::str(vm, f))
        });
        c.getter("path", |o, vm| {
            let folder = py::to_string(vm, &py::attr(vm, &o, "basedir")?)?;
            let file = py::to_string(vm, &py::attr(vm, &o, "filename")?)?;
            let folder = folder.trim_end_matches('/');
            Ok(py::str(vm, format!("{folder}/{file}")))
        });
        c.classmethod("serialize", |_: PyObjectRef, v: PyObjectRef, vm: &Vm| {
            serialize(vm, &v)
        });
        for (name, method) in [
            ("register_serializer", "register"),
            ("unregister_serializer", "unregister"),
        ] {
            c.classmethod(name, move |_: PyObjectRef, args: FuncArgs, vm: &Vm| {
                let registry = modules::find(vm, SERIALIZER, "Serializer")?;
                py::attr(vm, &registry, method)?.call(args, vm)
            });
        }
    })?;
    modules::export(vm, WRITER, "MigrationWriter", migration)?;
    let operation = class(vm, WRITER, "OperationWriter", &[], |c| {
        c.method(
            "__init__",
            |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
                let Some(op) = args.take_positional_keyword("operation") else {
                    return Err(vm.new_type_error("OperationWriter needs an operation"));
                };
                let depth = args
                    .take_positional_keyword("indentation")
                    .unwrap_or_else(|| vm.ctx.new_int(2).into());
                py::set_attr(vm, &o, "operation", op)?;
                py::set_attr(vm, &o, "indentation", depth)
            },
        );
        c.method("serialize", |o: PyObjectRef, vm: &Vm| -> PyResult {
            let op = convert_operation::operation(vm, &*py::attr(vm, &o, "operation")?)?;
            let depth: usize = py::attr(vm, &o, "indentation")?.try_into_value(vm)?;
            let mut imports = Imports::new();
            let text = writer::operation_text(&op, depth, &mut imports).or_raise(vm)?;
            pair(vm, &text, &imports)
        });
    })?;
    modules::export(vm, WRITER, "OperationWriter", operation)?;
    let base = class(vm, SERIALIZER, "BaseSerializer", &[], |c| {
        c.method("__init__", |o: PyObjectRef, v: PyObjectRef, vm: &Vm| {
            py::set_attr(vm, &o, "value", v)
        });
        c.method("serialize", |o: PyObjectRef, vm: &Vm| -> PyResult {
            let value = py::attr(vm, &o, "value")?;
            serialize(vm, &value)
        });
    })?;
    modules::export(vm, SERIALIZER, "BaseSerializer", base)?;
    let registry = class(vm, SERIALIZER, "Serializer", &[], |c| {
        c.attr("_registry", c.vm.ctx.new_dict());
        c.classmethod("register", register);
        c.classmethod(
            "unregister",
            |class: PyObjectRef, kind: PyObjectRef, vm: &Vm| -> PyResult<()> {
                let all = py::attr(vm, &class, "_registry")?;
                py::call(vm, &all, "pop", vec![kind]).map(drop)
            },
        );
    })?;
    modules::export(vm, SERIALIZER, "Serializer", registry)?;
    let now = modules::find(vm, "django.utils.timezone", "now")?;
    modules::export(vm, WRITER, "now", now)?;
    let factory = vm.new_function(
        "serializer_factory",
        |v: PyObjectRef, vm: &Vm| -> PyResult {
            modules::find(vm, SERIALIZER, "BaseSerializer")?.call((v,), vm)
        },
    );
    modules::export(vm, SERIALIZER, "serializer_factory", factory)
}

fn register(class: PyObjectRef, kind: PyObjectRef, made: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let base = modules::find(vm, SERIALIZER, "BaseSerializer")?;
    if !made.is_subclass(&base, vm)? {
        let name = py::to_string(vm, &py::attr(vm, &made, "__name__")?)?;
        return Err(vm.new_value_error(format!("'{name}' must inherit from 'BaseSerializer'.")));
    }
    py::attr(vm, &class, "_registry")?.set_item(&*kind, made, vm)
}

/// What a file says whose functions have to be copied into it by hand.
pub const TO_PORT: &str = "# Functions from the following migrations";

/// The source of a value, and the import lines it needs.
fn serialize(vm: &Vm, v: &PyObject) -> PyResult {
    let mut imports = Imports::new();
    let text = py_serializer::serialize(vm, v, &mut imports)?;
    // A path's imports are an empty dict, everything else's a set.
    if imports.is_empty()
        && py::as_string(v).is_none()
        && py::attr_opt(vm, v, "__fspath__")?.is_some()
    {
        let parts = vec![py::str(vm, &text), vm.ctx.new_dict().into()];
        return Ok(vm.ctx.new_tuple(parts).into());
    }
    pair(vm, &text, &imports)
}

fn pair(vm: &Vm, text: &str, imports: &Imports) -> PyResult {
    let lines = imports.iter().map(|i| py::str(vm, i)).collect();
    let set = vm
        .ctx
        .types
        .set_type
        .as_object()
        .call((vm.ctx.new_list(lines),), vm)?;
    Ok(vm.ctx.new_tuple(vec![py::str(vm, text), set]).into())
}

fn as_string(o: PyObjectRef, vm: &Vm) -> PyResult<String> {
    let migration = loader::migration_of(vm, &*py::attr(vm, &o, "migration")?)?;
    let header = py::attr(vm, &o, "include_header")?.is_true(vm)?;
    let now = modules::find(vm, WRITER, "now")?.call((), vm)?;
    let moment = py::call(vm, &now, "strftime", vec![py::str(vm, "%Y-%m-%d %H:%M")])?;
    let moment = py::to_string(vm, &moment)?;
    let text = writer::migration_text(&migration, header.then_some(&moment)).or_raise(vm)?;
    let manual = text.contains(TO_PORT);
    py::set_attr(vm, &o, "needs_manual_porting", py::bool(vm, manual))?;
    Ok(text)
}
