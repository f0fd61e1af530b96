//! `MigrationOptimizer`: Rust's, called with Python operations.
use super::{convert_operation, to_python};
use crate::class::class;
use crate::{modules, py};
use orm_migrations::optimizer;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

const MODULE: &str = "django.db.migrations.optimizer";

pub fn install(vm: &Vm) -> PyResult<()> {
    let made = class(vm, MODULE, "MigrationOptimizer", &[], |c| {
        c.method("optimize", optimize);
        c.method(
            "optimize_inner",
            |_: PyObjectRef, operations: PyObjectRef, app: PyObjectRef, vm: &Vm| -> PyResult {
                let ops = convert_operation::operations(vm, &operations)?;
                let app = py::to_string(vm, &app)?;
                let shorter = optimizer::pass(&ops, &app).unwrap_or(ops);
                to_python::operations(vm, &shorter)
            },
        );
    })?;
    modules::export(vm, MODULE, "MigrationOptimizer", made)
}

fn optimize(o: PyObjectRef, operations: PyObjectRef, app: PyObjectRef, vm: &Vm) -> PyResult {
    if vm.is_none(&app) {
        return Err(vm.new_type_error("app_label must be a str."));
    }
    let app = py::to_string(vm, &app)?;
    let ops = convert_operation::operations(vm, &operations)?;
    let (ops, passes) = optimizer::optimize_counted(ops, &app);
    py::set_attr(vm, &o, "_iterations", vm.ctx.new_int(passes))?;
    to_python::operations(vm, &ops)
}
