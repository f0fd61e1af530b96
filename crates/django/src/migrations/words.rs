//! Small words for talking to Python from this module.
use rustpython_vm::builtins::{PyBaseExceptionRef, PyDictRef, PyStr, PyType, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

/// `getattr(obj, name)`
pub fn attr(vm: &VirtualMachine, obj: &PyObject, name: &str) -> PyResult {
    obj.get_attr(vm.ctx.intern_str(name), vm)
}

/// `getattr(obj, name, None)`, without a value when it is missing.
pub fn attr_opt(vm: &VirtualMachine, obj: &PyObject, name: &str) -> PyResult<Option<PyObjectRef>> {
    vm.get_attribute_opt(obj.to_owned(), vm.ctx.intern_str(name))
}

/// `setattr(obj, name, value)`
pub fn set_attr(
    vm: &VirtualMachine,
    obj: &PyObject,
    name: &str,
    value: impl Into<PyObjectRef>,
) -> PyResult<()> {
    obj.set_attr(vm.ctx.intern_str(name), value.into(), vm)
}

/// `obj.name(*args)`
pub fn call(vm: &VirtualMachine, obj: &PyObject, name: &str, args: Vec<PyObjectRef>) -> PyResult {
    vm.call_method(obj, name, args)
}

/// `obj.name(*args, **kwargs)`
pub fn call_kw(
    vm: &VirtualMachine,
    obj: &PyObject,
    name: &str,
    args: Vec<PyObjectRef>,
    kwargs: &[(&str, PyObjectRef)],
) -> PyResult {
    attr(vm, obj, name)?.call(with_kwargs(args, kwargs), vm)
}

pub fn with_kwargs(args: Vec<PyObjectRef>, kwargs: &[(&str, PyObjectRef)]) -> FuncArgs {
    let mut all = FuncArgs::from(args);
    for (name, value) in kwargs {
        all.kwargs.insert((*name).into(), value.clone());
    }
    all
}

pub fn str(vm: &VirtualMachine, text: impl AsRef<str>) -> PyObjectRef {
    vm.ctx.new_str(text.as_ref()).into()
}

pub fn bool(vm: &VirtualMachine, b: bool) -> PyObjectRef {
    vm.ctx.new_bool(b).into()
}

pub fn opt_str(vm: &VirtualMachine, text: Option<&str>) -> PyObjectRef {
    text.map_or_else(|| vm.ctx.none(), |t| str(vm, t))
}

/// `str(obj)`
pub fn to_string(vm: &VirtualMachine, obj: &PyObject) -> PyResult<String> {
    Ok(obj.str(vm)?.to_string_lossy().into_owned())
}

/// `repr(obj)`
pub fn repr(vm: &VirtualMachine, obj: &PyObject) -> PyResult<String> {
    Ok(obj.repr(vm)?.to_string_lossy().into_owned())
}

/// The text of a `str`; nothing for other objects.
pub fn as_string(obj: &PyObject) -> Option<String> {
    obj.downcast_ref::<PyStr>()
        .map(|s| s.to_string_lossy().into_owned())
}

/// `list(obj)`
pub fn list(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Vec<PyObjectRef>> {
    vm.extract_elements_with(obj, Ok)
}

pub fn is_true(vm: &VirtualMachine, obj: &PyObject) -> PyResult<bool> {
    obj.to_owned().is_true(vm)
}

/// The class behind an object that is a class.
pub fn as_class(obj: &PyObject) -> Option<PyTypeRef> {
    obj.to_owned().downcast::<PyType>().ok()
}

/// `callable(obj)`
pub fn callable(obj: &PyObject) -> bool {
    obj.is_callable()
}

/// `isinstance(obj, class)` by real classes.
pub fn is_instance(obj: &PyObject, class: &PyTypeRef) -> bool {
    obj.fast_isinstance(class)
}

/// A `dict` as pairs of text and object.
pub fn dict_items(vm: &VirtualMachine, dict: &PyDictRef) -> PyResult<Vec<(String, PyObjectRef)>> {
    dict.into_iter()
        .map(|(k, v)| Ok((to_string(vm, &k)?, v)))
        .collect()
}

/// The value, or nothing where the exception is of that class.
pub fn unless(
    result: PyResult,
    is: impl FnOnce(&PyBaseExceptionRef) -> bool,
) -> PyResult<Option<PyObjectRef>> {
    match result {
        Ok(v) => Ok(Some(v)),
        Err(e) if is(&e) => Ok(None),
        Err(e) => Err(e),
    }
}
