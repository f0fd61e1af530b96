//! User subclasses of `QuerySet`: what they keep in `__dict__` follows the copies.
use super::queryset::PyQuerySet;
use rustpython_vm::{AsObject, Py, PyRef, PyResult, VirtualMachine};

/// A user's `_clone()` that calls `super()._clone()` sees the copy; attributes of the instance are
/// not copied, as in Django, unless `__init__` sets them.
pub fn after_clone(
    vm: &VirtualMachine,
    _from: &Py<PyQuerySet>,
    made: PyRef<PyQuerySet>,
) -> PyResult<PyRef<PyQuerySet>> {
    let init = made.class().get_attr(vm.ctx.intern_str("__init__"));
    let base = PyQuerySet::static_class().get_attr(vm.ctx.intern_str("__init__"));
    let overridden = match (init, base) {
        (Some(a), Some(b)) => !a.is(&b),
        _ => false,
    };
    if overridden {
        use rustpython_vm::function::FuncArgs;
        let mut args = FuncArgs::default();
        let none = || vm.ctx.none();
        let model = made.class.borrow().clone().map_or_else(none, Into::into);
        args.kwargs.insert("model".into(), model);
        let query = super::py_query::PyQuery::object(vm, made.clone());
        args.kwargs.insert("query".into(), query);
        let using = made
            .using
            .borrow()
            .as_ref()
            .map_or_else(none, |u| vm.ctx.new_str(&**u).into());
        args.kwargs.insert("using".into(), using);
        let hints = made.hints.borrow().clone().map_or_else(none, Into::into);
        args.kwargs.insert("hints".into(), hints);
        made.as_object().get_attr("__init__", vm)?.call(args, vm)?;
    }
    Ok(made)
}
