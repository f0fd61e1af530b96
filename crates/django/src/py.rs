//! Small words for talking to Python from Rust.
use rustpython_vm::builtins::{PyBaseExceptionRef, PyDictRef, PyStr, PyType, PyTypeRef};
use rustpython_vm::function::{FuncArgs, PySetterValue};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

/// `getattr(obj, name)`
pub fn attr(vm: &VirtualMachine, obj: &(impl AsObject + ?Sized), name: &str) -> PyResult {
    obj.as_object().get_attr(vm.ctx.intern_str(name), vm)
}

/// `getattr(obj, name, None)`, without a value when it is missing.
pub fn attr_opt(
    vm: &VirtualMachine,
    obj: &(impl AsObject + ?Sized),
    name: &str,
) -> PyResult<Option<PyObjectRef>> {
    vm.get_attribute_opt(obj.as_object(), vm.ctx.intern_str(name))
}

/// `setattr(obj, name, value)`
pub fn set_attr(
    vm: &VirtualMachine,
    obj: &(impl AsObject + ?Sized),
    name: &str,
    value: impl Into<PyObjectRef>,
) -> PyResult<()> {
    obj.as_object()
        .set_attr(vm.ctx.intern_str(name), value.into(), vm)
}

/// What a property that keeps its value in `obj.__dict__` does when it is assigned or deleted;
/// nothing where there is no such dict.
pub fn set_own(
    vm: &VirtualMachine,
    obj: &PyObject,
    name: &str,
    value: PySetterValue,
) -> PyResult<()> {
    match (obj.dict(), value) {
        (None, _) => Ok(()),
        (Some(own), PySetterValue::Assign(value)) => own.set_item(name, value, vm),
        (Some(own), PySetterValue::Delete) => own.del_item(name, vm),
    }
}

/// `obj.name(*args)`
pub fn call(
    vm: &VirtualMachine,
    obj: &(impl AsObject + ?Sized),
    name: &str,
    args: Vec<PyObjectRef>,
) -> PyResult {
    vm.call_method(obj.as_object(), name, args)
}

/// `obj.name(*args, **kwargs)`
pub fn call_kw(
    vm: &VirtualMachine,
    obj: &(impl AsObject + ?Sized),
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
pub fn to_string(vm: &VirtualMachine, obj: &(impl AsObject + ?Sized)) -> PyResult<String> {
    Ok(obj.as_object().str(vm)?.to_string_lossy().into_owned())
}

/// `repr(obj)`
pub fn repr(vm: &VirtualMachine, obj: &(impl AsObject + ?Sized)) -> PyResult<String> {
    Ok(obj.as_object().repr(vm)?.to_string_lossy().into_owned())
}

/// The text of a `str`; nothing for other objects.
pub fn as_string(obj: &(impl AsObject + ?Sized)) -> Option<String> {
    obj.as_object()
        .downcast_ref::<PyStr>()
        .map(|s| s.to_string_lossy().into_owned())
}

/// `list(obj)`
pub fn list(vm: &VirtualMachine, obj: &(impl AsObject + ?Sized)) -> PyResult<Vec<PyObjectRef>> {
    vm.extract_elements_with(obj.as_object(), Ok)
}

pub fn is_true(vm: &VirtualMachine, obj: &(impl AsObject + ?Sized)) -> PyResult<bool> {
    obj.as_object().to_owned().is_true(vm)
}

/// The class behind an object that is a class.
pub fn as_class(obj: &(impl AsObject + ?Sized)) -> Option<PyTypeRef> {
    obj.as_object().to_owned().downcast::<PyType>().ok()
}

/// `callable(obj)`
pub fn callable(obj: &(impl AsObject + ?Sized)) -> bool {
    obj.as_object().is_callable()
}

/// `isinstance(obj, class)` by real classes.
pub fn is_instance(obj: &(impl AsObject + ?Sized), class: &PyTypeRef) -> bool {
    obj.as_object().fast_isinstance(class)
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

/// `a == b`
pub fn eq(
    vm: &VirtualMachine,
    a: &(impl AsObject + ?Sized),
    b: &(impl AsObject + ?Sized),
) -> PyResult<bool> {
    vm.bool_eq(a.as_object(), b.as_object())
}

/// `obj is None`
pub fn is_none(vm: &VirtualMachine, obj: &(impl AsObject + ?Sized)) -> bool {
    vm.is_none(obj.as_object())
}
