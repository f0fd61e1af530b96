//! `delete()`.
use super::identity::{is_pk_set, model};
use crate::class::Class;
use crate::models::state;
use crate::{modules, py};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method(
        "delete",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult {
            if !is_pk_set(vm, &o)? {
                let name = model(vm, &o)?.object_name().to_string();
                let pk = model(vm, &o)?
                    .pk()
                    .map(|p| p.attname().to_string())
                    .unwrap_or_default();
                return Err(vm.new_value_error(format!(
                    "{name} object can't be deleted because its {pk} attribute is set to None."
                )));
            }
            let class: PyObjectRef = o.class().to_owned().into();
            let using = match args.take_positional_keyword("using") {
                Some(u) if !vm.is_none(&u) => u,
                _ => state::db_for_write(vm, &class, &o)?,
            };
            let keep_parents = match args.take_positional_keyword("keep_parents") {
                Some(v) => v,
                None => py::bool(vm, false),
            };
            let collector = modules::find(vm, "django.db.models.deletion", "Collector")?;
            let collector = collector.call(
                py::with_kwargs(vec![], &[("using", using), ("origin", o.clone())]),
                vm,
            )?;
            let objects = vm.ctx.new_list(vec![o.as_object().to_owned()]).into();
            py::call_kw(
                vm,
                &collector,
                "collect",
                vec![objects],
                &[("keep_parents", keep_parents)],
            )?;
            py::call(vm, &collector, "delete", vec![])
        },
    );
}
