//! Pickling: the model, the rows.
use super::PyQuerySet;
use crate::models::base::identity::check_version;
use crate::modules;
use rustpython_vm::builtins::PyDict;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyRef, PyResult, VirtualMachine};

impl PyQuerySet {
    /// What is kept: fetched rows, so that they need no database when they are read again.
    pub fn state(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        let rows = Self::fetch_all(zelf, vm)?;
        let dict = vm.ctx.new_dict();
        dict.set_item("_result_cache", rows.into(), vm)?;
        dict.set_item(
            "_prefetch_done",
            vm.ctx.new_bool(zelf.prefetch_done.get()).into(),
            vm,
        )?;
        dict.set_item("_django_version", vm.ctx.new_str("6.1.3").into(), vm)?;
        Ok(dict.into())
    }
    /// The rows are in place already; the rest of the state is checked.
    pub fn set_state(zelf: &Py<Self>, vm: &VirtualMachine, state: PyObjectRef) -> PyResult<()> {
        let Ok(state) = state.downcast::<PyDict>() else {
            return Err(vm.new_type_error("a queryset's state is a dict"));
        };
        check_version(vm, "queryset instance", &state)?;
        if let Some(rows) = state.get_item_opt("_result_cache", vm)? {
            *zelf.cache.borrow_mut() = rows.downcast().ok();
        }
        Ok(())
    }
    pub fn reduced(zelf: &PyRef<Self>, vm: &VirtualMachine) -> PyResult {
        let state = crate::py::call(vm, zelf, "__getstate__", vec![])?;
        let rows = Self::fetch_all(zelf, vm)?;
        let rebuild = modules::find(vm, "django.db.models.query", "_rebuild_queryset")?;
        let args = vm.ctx.new_tuple(vec![
            zelf.class().to_owned().into(),
            zelf.model_class(vm)?.into(),
            rows.into(),
            super::steps::pickled(zelf, vm)?,
            vm.ctx.new_int(zelf.shape.get() as i32).into(),
        ]);
        Ok(vm.ctx.new_tuple(vec![rebuild, args.into(), state]).into())
    }
}

/// Makes a queryset of pickled rows.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    use rustpython_vm::function::FuncArgs;
    let rebuild = vm.new_function(
        "_rebuild_queryset",
        |args: FuncArgs, vm: &VirtualMachine| -> PyResult {
            let [class, model, rows, query, shape] = &args.args[..] else {
                return Err(vm.new_type_error("five arguments are expected"));
            };
            let made = class.call((model.clone(),), vm)?;
            if let Some(qs) = made.downcast_ref::<PyQuerySet>() {
                *qs.cache.borrow_mut() = rows.clone().downcast().ok();
                qs.prefetch_done.set(true);
                let shape = shape.clone().try_into_value(vm)?;
                super::steps::restore(qs, query.clone(), shape, vm)?;
            }
            Ok(made)
        },
    );
    modules::export(vm, "django.db.models.query", "_rebuild_queryset", rebuild)
}
