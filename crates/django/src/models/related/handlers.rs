//! `CASCADE`, `PROTECT` … and `SET(…)`: what `on_delete` takes. Source: "ForeignKey.on_delete" in
//! Django's model field reference.
use super::arguments::HANDLERS;
use crate::{class, modules};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

const MODULE: &str = "django.db.models.deletion";

/// Makes the handlers: functions that the collector knows by identity.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    for name in HANDLERS {
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
