//! `CASCADE`, `PROTECT` … and `SET(…)`: what `on_delete` takes. Source: "ForeignKey.on_delete" in
//! Django's model field reference.
use super::arguments::HANDLERS;
use crate::{class, modules};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

const MODULE: &str = "django.db.models.deletion";

/// Makes the handlers: functions that the collector knows by identity.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let by_database = class::class(vm, MODULE, "DatabaseOnDelete", &[], by_database)?;
    modules::export(vm, MODULE, "DatabaseOnDelete", by_database.clone())?;
    for name in HANDLERS {
        if let Some(kind) = name.strip_prefix("DB_") {
            let operation = vm.ctx.new_str(kind.replace('_', " "));
            let made = by_database
                .as_object()
                .call((operation, vm.ctx.new_str(*name)), vm)?;
            modules::export_all(vm, &[MODULE, "django.db.models"], name, made)?;
            continue;
        }
        let handler = class::function(
            vm,
            name,
            |_args: FuncArgs, vm: &VirtualMachine| -> PyResult {
                Err(vm.new_runtime_error("on_delete handlers are called by the collector"))
            },
        );
        let _ = handler.set_attr("__module__", vm.ctx.new_str(MODULE), vm);
        modules::export_all(vm, &[MODULE, "django.db.models"], name, handler)?;
    }
    let set = class::function(
        vm,
        "SET",
        |value: PyObjectRef, vm: &VirtualMachine| -> PyResult {
            let holder = class::class(vm, MODULE, "set_on_delete", &[], |c| {
                c.method(
                    "__init__",
                    |zelf: PyObjectRef, value: PyObjectRef, vm: &VirtualMachine| {
                        zelf.set_attr("value", value, vm)
                    },
                );
                c.method(
                    "__call__",
                    |_zelf: PyObjectRef, _args: FuncArgs, vm: &VirtualMachine| -> PyResult {
                        Err(vm.new_runtime_error("on_delete handlers are called by the collector"))
                    },
                );
                c.method(
                    "deconstruct",
                    |zelf: PyObjectRef, vm: &VirtualMachine| -> PyResult {
                        let value = zelf.get_attr("value", vm)?;
                        let path = vm.ctx.new_str("django.db.models.SET").into();
                        let args = vm.ctx.new_tuple(vec![value]).into();
                        Ok(vm
                            .ctx
                            .new_tuple(vec![path, args, vm.ctx.new_dict().into()])
                            .into())
                    },
                );
            })?;
            holder.as_object().call((value,), vm)
        },
    );
    modules::export_all(vm, &[MODULE, "django.db.models"], "SET", set)
}

/// `DatabaseOnDelete(operation, name)`: what the database itself does.
fn by_database(c: &mut class::Class) {
    c.method(
        "__init__",
        |o: PyObjectRef, mut args: FuncArgs, vm: &VirtualMachine| -> PyResult<()> {
            for (argument, kept) in [("operation", "operation"), ("name", "__name__")] {
                let given = args.take_positional_keyword(argument);
                o.set_attr(kept, vm.unwrap_or_none(given), vm)?;
            }
            let forced = args.take_positional_keyword("forced_collector");
            o.set_attr("forced_collector", vm.unwrap_or_none(forced), vm)
        },
    );
    c.method(
        "__call__",
        |_: PyObjectRef, _: FuncArgs, vm: &VirtualMachine| vm.ctx.none(),
    );
    c.method(
        "on_delete_sql",
        |o: PyObjectRef, editor: PyObjectRef, vm: &VirtualMachine| -> PyResult {
            let ops = editor.get_attr("connection", vm)?.get_attr("ops", vm)?;
            let operation = o.get_attr("operation", vm)?;
            vm.call_method(&ops, "fk_on_delete_sql", (operation,))
        },
    );
    c.method("__str__", |o: PyObjectRef, vm: &VirtualMachine| {
        o.get_attr("__name__", vm)
    });
}
