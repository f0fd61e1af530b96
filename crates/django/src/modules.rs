//! The tree of `django.*` modules.
//!
//! Modules are made when the first thing is exported from them, and put into `sys.modules`; every
//! one is a package, so that paths below it can be imported.
use crate::class::function;
use rustpython_vm::builtins::PyModule;
use rustpython_vm::{AsObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

/// The module of that dotted name, made (with its parents) if it does not exist.
pub fn module(vm: &VirtualMachine, path: &str) -> PyResult<PyRef<PyModule>> {
    let all = vm.sys_module.get_attr("modules", vm)?;
    if let Ok(found) = all.get_item(path, vm)
        && let Ok(module) = found.downcast::<PyModule>()
    {
        return Ok(module);
    }
    let dict = vm.ctx.new_dict();
    dict.set_item(
        "__path__",
        vm.ctx
            .new_list(vec![vm.ctx.new_str(format!("<{path}>")).into()])
            .into(),
        vm,
    )?;
    dict.set_item("__package__", vm.ctx.new_str(path).into(), vm)?;
    let module = vm.new_module(path, dict, None);
    all.set_item(path, module.clone().into(), vm)?;
    if let Some((parent, name)) = path.rsplit_once('.') {
        let parent = self::module(vm, parent)?;
        // A name already exported (the function `fields.related`) wins over a module's.
        if parent.dict().get_item_opt(name, vm)?.is_none() {
            parent.dict().set_item(name, module.clone().into(), vm)?;
        }
    }
    Ok(module)
}

/// Puts something into a module.
pub fn export(
    vm: &VirtualMachine,
    path: &str,
    name: &str,
    value: impl Into<PyObjectRef>,
) -> PyResult<()> {
    let value = value.into();
    // A function belongs to the first module that has it.
    let native = vm.ctx.types.builtin_function_or_method_type;
    if value.class().is(native) {
        let home = value.get_attr("__module__", vm)?;
        if vm.is_none(&home) {
            value.set_attr("__module__", vm.ctx.new_str(path), vm)?;
        }
    }
    module(vm, path)?.dict().set_item(name, value, vm)
}

/// Puts the same thing into several modules, as re-exports do.
pub fn export_all(
    vm: &VirtualMachine,
    paths: &[&str],
    name: &str,
    value: impl Into<PyObjectRef>,
) -> PyResult<()> {
    let value = value.into();
    for path in paths {
        export(vm, path, name, value.clone())?;
    }
    Ok(())
}

/// Puts every public name of one module into another.
pub fn reexport(vm: &VirtualMachine, from: &str, to: &str) -> PyResult<()> {
    let names: Vec<(PyObjectRef, PyObjectRef)> = module(vm, from)?.dict().into_iter().collect();
    let target = module(vm, to)?;
    for (name, value) in names {
        let text = name.str(vm)?;
        if !text.to_string_lossy().starts_with('_')
            && !value.fast_isinstance(vm.ctx.types.module_type)
        {
            target.dict().set_item(&*text, value, vm)?;
        }
    }
    Ok(())
}

/// Promises names to a module: what they are is made when one of them is first asked for.
///
/// `make` returns the value, and exports whatever it made.
pub fn promise(
    vm: &VirtualMachine,
    path: &'static str,
    names: &'static [&'static str],
    make: impl Fn(&VirtualMachine, &str) -> PyResult + Send + Sync + 'static,
) -> PyResult<()> {
    // The module may promise other names already.
    let others = module(vm, path)?.dict().get_item_opt("__getattr__", vm)?;
    let getattr =
        function(
            vm,
            "__getattr__",
            move |name: String, vm: &VirtualMachine| -> PyResult {
                if names.contains(&&*name) {
                    return make(vm, &name);
                }
                match &others {
                    Some(others) => others.call((name,), vm),
                    None => Err(vm
                        .new_attribute_error(format!("module '{path}' has no attribute '{name}'"))),
                }
            },
        );
    export(vm, path, "__getattr__", getattr)
}

/// Says what `from MODULE import *` brings: every public name, but no module below it; and the
/// `late` ones, which are promised.
pub fn list_public(vm: &VirtualMachine, path: &str, late: &[&str]) -> PyResult<()> {
    let dict = module(vm, path)?.dict();
    let mut names: Vec<PyObjectRef> = late.iter().map(|n| vm.ctx.new_str(*n).into()).collect();
    for (name, value) in dict.clone() {
        let public = !name.str(vm)?.to_string_lossy().starts_with('_');
        if public && !value.fast_isinstance(vm.ctx.types.module_type) {
            names.push(name);
        }
    }
    dict.set_item("__all__", vm.ctx.new_list(names).into(), vm)
}

/// Something exported from a module.
pub fn find(vm: &VirtualMachine, path: &str, name: &str) -> PyResult {
    module(vm, path)?
        .as_object()
        .get_attr(&*vm.ctx.new_str(name), vm)
}
