//! Short words for what these files do all the time: attributes, calls, exceptions.
use rustpython_vm::builtins::{PyDictRef, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn text(vm: &Vm, t: &str) -> PyObjectRef {
    vm.ctx.new_str(t).into()
}

pub fn attr(vm: &Vm, object: &PyObject, name: &str) -> PyResult {
    object.get_attr(&*vm.ctx.new_str(name), vm)
}

/// An attribute, or `None` where there is none.
pub fn maybe(vm: &Vm, object: &PyObject, name: &str) -> PyResult<Option<PyObjectRef>> {
    match attr(vm, object, name) {
        Ok(found) => Ok(Some(found)),
        Err(e) if e.fast_isinstance(vm.ctx.exceptions.attribute_error) => Ok(None),
        Err(e) => Err(e),
    }
}

pub fn set(vm: &Vm, object: &PyObject, name: &str, value: impl Into<PyObjectRef>) -> PyResult<()> {
    object.set_attr(&*vm.ctx.new_str(name), value.into(), vm)
}

pub fn truth(vm: &Vm, object: &PyObject, name: &str) -> PyResult<bool> {
    match maybe(vm, object, name)? {
        Some(found) => found.is_true(vm),
        None => Ok(false),
    }
}

pub fn call(vm: &Vm, object: &PyObject, name: &str, args: Vec<PyObjectRef>) -> PyResult {
    attr(vm, object, name)?.call(FuncArgs::from(args), vm)
}

pub fn call_with(
    vm: &Vm,
    function: &PyObject,
    args: Vec<PyObjectRef>,
    named: &[(&str, PyObjectRef)],
) -> PyResult {
    let mut all = FuncArgs::from(args);
    for (name, value) in named {
        all.kwargs.insert((*name).into(), value.clone());
    }
    function.call(all, vm)
}

/// `super(CLASS, object).name(*args)`, the class found by its name in `django.test.testcases`.
pub fn parent(vm: &Vm, class: &str, object: &PyObject, name: &str, args: FuncArgs) -> PyResult {
    let class = crate::modules::find(vm, "django.test.testcases", class)?;
    let parent = vm
        .builtins
        .get_attr("super", vm)?
        .call((class, object.to_owned()), vm)?;
    attr(vm, &parent, name)?.call(args, vm)
}

/// A module, imported if need be.
pub fn module(vm: &Vm, path: &str) -> PyResult {
    vm.import(&*vm.ctx.new_str(path), 0)?;
    vm.sys_module.get_attr("modules", vm)?.get_item(path, vm)
}

/// A class of a module.
pub fn class_of(vm: &Vm, path: &str, name: &str) -> PyResult<PyTypeRef> {
    attr(vm, &*module(vm, path)?, name)?
        .downcast()
        .map_err(|_| vm.new_type_error(format!("{path}.{name} is not a class")))
}

/// A list's or any iterable's items.
pub fn items(vm: &Vm, iterable: &PyObject) -> PyResult<Vec<PyObjectRef>> {
    iterable
        .get_iter(vm)?
        .iter::<PyObjectRef>(vm)?
        .collect::<PyResult<Vec<_>>>()
}

pub fn string(vm: &Vm, object: &PyObject) -> PyResult<String> {
    Ok(object.str(vm)?.to_string_lossy().into_owned())
}

/// The entries of an object's own `__dict__`, class or instance.
pub fn own(vm: &Vm, object: &PyObject) -> PyResult<PyDictRef> {
    let copy = vm.ctx.new_dict();
    let dict = attr(vm, object, "__dict__")?;
    call(vm, copy.as_object(), "update", vec![dict])?;
    Ok(copy)
}

/// Fails an assertion as `self.fail()` does.
pub fn fail(
    vm: &Vm,
    case: &PyObject,
    message: Option<PyObjectRef>,
    standard: &str,
) -> PyResult<()> {
    let message = message.unwrap_or_else(|| vm.ctx.none());
    let shown = call(
        vm,
        case,
        "_formatMessage",
        vec![message, text(vm, standard)],
    )?;
    let class = attr(vm, case, "failureException")?;
    let error = class.call((shown,), vm)?;
    Err(error
        .downcast()
        .map_err(|_| vm.new_type_error("failureException is no exception"))?)
}
