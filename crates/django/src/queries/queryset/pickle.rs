//! Pickling: the model, the rows.
use super::PyQuerySet;
use crate::modules;
use rustpython_vm::{AsObject, Py, PyResult, VirtualMachine};

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
        Ok(dict.into())
    }
    pub fn reduced(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        let rows = Self::fetch_all(zelf, vm)?;
        let rebuild = modules::find(vm, "django.db.models.query", "_rebuild_queryset")?;
        let args = vm.ctx.new_tuple(vec![
            zelf.class().to_owned().into(),
            zelf.model_class(vm)?.into(),
            rows.into(),
        ]);
        Ok(vm.ctx.new_tuple(vec![rebuild, args.into()]).into())
    }
}

/// Makes a queryset of pickled rows.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    use rustpython_vm::function::FuncArgs;
    let rebuild = vm.new_function(
        "_rebuild_queryset",
        |args: FuncArgs, vm: &VirtualMachine| -> PyResult {
            let [class, model, rows] = &args.args[..] else {
                return Err(vm.new_type_error("three arguments are expected"));
            };
            let made = class.call((model.clone(),), vm)?;
            if let Some(qs) = made.downcast_ref::<PyQuerySet>() {
                *qs.cache.borrow_mut() = rows.clone().downcast().ok();
                qs.prefetch_done.set(true);
            }
            Ok(made)
        },
    );
    modules::export(vm, "django.db.models.query", "_rebuild_queryset", rebuild)
}
