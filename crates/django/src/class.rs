//! Making Python classes and modules out of Rust functions.
//!
//! ```ignore
//! let signal = class(vm, "django.dispatch", "Signal", &[], |c| {
//!     c.method("connect", |zelf: PyObjectRef, args: FuncArgs, vm: &VirtualMachine| …);
//! })?;
//! modules::export(vm, "django.dispatch", "Signal", signal)?;
//! ```
//!
//! Used where a class needs no Rust data of its own, or shares the data of its base; classes with
//! data are `#[pyclass]`.
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{IntoPyNativeFn, ItemDoc, PyMethodFlags, PySetterValue};
use rustpython_vm::types::GetDescriptor;
use rustpython_vm::{
    AsObject, Context, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
    pyclass,
};

/// See [`Class::lazy`].
#[pyclass(module = "builtins", name = "property")]
#[derive(PyPayload)]
struct Readable {
    get: Getter,
}

impl std::fmt::Debug for Readable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Readable")
    }
}

#[pyclass(with(GetDescriptor))]
impl Readable {}

impl GetDescriptor for Readable {
    fn descr_get(
        zelf: &PyObject,
        obj: Option<&PyObject>,
        _cls: Option<&PyObject>,
        vm: &VirtualMachine,
    ) -> PyResult {
        match (obj, zelf.downcast_ref::<Readable>()) {
            (Some(o), Some(readable)) if !vm.is_none(o) => (readable.get)(o.to_owned(), vm),
            _ => Ok(zelf.to_owned()),
        }
    }
}

/// Says in which module a native class lives, for classes made with `module = false` and the flag
/// `HEAPTYPE`: Python's messages call them by their name alone, as they do classes written in Python.
pub fn lives_in(ctx: &Context, class: &Py<PyType>, module: &str) {
    class.set_attr(ctx.intern_str("__module__"), ctx.new_str(module).into());
}

/// Makes the classes of this file.
pub fn install() {
    let _ = Readable::make_static_type();
}

/// Reads a property.
pub type Getter = fn(PyObjectRef, &VirtualMachine) -> PyResult;
/// Sets a property, or deletes it.
pub type Setter = fn(PyObjectRef, PySetterValue, &VirtualMachine) -> PyResult<()>;

/// A class being filled.
pub struct Class<'a> {
    pub class: PyTypeRef,
    pub vm: &'a VirtualMachine,
    failure: Option<rustpython_vm::builtins::PyBaseExceptionRef>,
}

/// Makes a class with `type(name, bases, {})` (or its bases' metaclass), then fills it.
pub fn class(
    vm: &VirtualMachine,
    module: &str,
    name: &str,
    bases: &[PyTypeRef],
    fill: impl FnOnce(&mut Class),
) -> PyResult<PyTypeRef> {
    let meta = match bases.first() {
        Some(base) => base.class().to_owned(),
        None => vm.ctx.types.type_type.to_owned(),
    };
    class_of(vm, &meta, module, name, bases, fill)
}

/// Makes a class with a metaclass of its own, then fills it.
pub fn class_of(
    vm: &VirtualMachine,
    meta: &Py<PyType>,
    module: &str,
    name: &str,
    bases: &[PyTypeRef],
    fill: impl FnOnce(&mut Class),
) -> PyResult<PyTypeRef> {
    let dict = vm.ctx.new_dict();
    dict.set_item("__module__", vm.ctx.new_str(module).into(), vm)?;
    dict.set_item("__qualname__", vm.ctx.new_str(name).into(), vm)?;
    let bases: Vec<PyObjectRef> = bases.iter().map(|b| b.clone().into()).collect();
    let parts = (vm.ctx.new_str(name), vm.ctx.new_tuple(bases), dict);
    let made = meta.as_object().call(parts, vm)?;
    let class = made
        .downcast::<PyType>()
        .map_err(|_| vm.new_type_error("a metaclass returned something else than a class"))?;
    fill_class(vm, &class, fill)?;
    Ok(class)
}

/// Adds methods to a class that exists.
pub fn fill_class(
    vm: &VirtualMachine,
    class: &PyTypeRef,
    fill: impl FnOnce(&mut Class),
) -> PyResult<()> {
    // Django's classes can be changed by their users; Rust's are closed unless told otherwise.
    class
        .slots()
        .flags
        .remove(rustpython_vm::types::PyTypeFlags::IMMUTABLETYPE);
    let mut c = Class {
        class: class.clone(),
        vm,
        failure: None,
    };
    fill(&mut c);
    complete_comparison(&mut c);
    c.failure.map_or(Ok(()), Err)
}

/// Gives a class that compares all six comparisons.
///
/// A subclass made in Python takes its comparison from the last of the six that it finds, in the
/// order of the alphabet, and counts native methods only where they are: with `__eq__` alone it
/// would end up with `object.__ne__`, and so with identity.
fn complete_comparison(c: &mut Class) {
    let own = |c: &Class, name: &str| c.class.attributes.contains(c.vm.ctx.intern_str(name));
    const ALL: [&str; 6] = ["__eq__", "__ge__", "__gt__", "__le__", "__lt__", "__ne__"];
    if !ALL.iter().any(|name| own(c, name)) {
        return;
    }
    let object = c.vm.ctx.types.object_type;
    let inherited = |c: &Class, name: &str| {
        let name = c.vm.ctx.intern_str(name);
        let mro = c.class.mro.read();
        mro.iter()
            .any(|class| !class.is(object) && class.attributes.contains(name))
    };
    for name in ALL {
        if inherited(c, name) {
            continue;
        }
        if name == "__ne__" {
            c.method(
                name,
                |o: PyObjectRef, other: PyObjectRef, vm: &VirtualMachine| {
                    let equal = vm.call_method(&o, "__eq__", (other,))?;
                    if equal.is(&vm.ctx.not_implemented) {
                        return PyResult::Ok(equal);
                    }
                    Ok(vm.ctx.new_bool(!equal.try_to_bool(vm)?).into())
                },
            );
        } else {
            c.method(
                name,
                |_: PyObjectRef, _: PyObjectRef, vm: &VirtualMachine| vm.ctx.not_implemented(),
            );
        }
    }
}

impl Class<'_> {
    /// What could not be added; the class is not made.
    pub fn fail(&mut self, why: rustpython_vm::builtins::PyBaseExceptionRef) {
        self.failure.get_or_insert(why);
    }
    /// A class attribute.
    pub fn attr(&mut self, name: &str, value: impl Into<PyObjectRef>) {
        let name = self.vm.ctx.intern_str(name);
        // Through `setattr`, so that special methods reach the class's slots.
        if let Err(e) = PyType::static_setattr(&self.class, name, value.into(), self.vm) {
            self.failure.get_or_insert(e);
        }
    }
    /// A method: its first argument is the instance.
    pub fn method<F, K>(&mut self, name: &'static str, f: F)
    where
        F: IntoPyNativeFn<K>,
    {
        let class: &'static Py<PyType> = Box::leak(Box::new(self.class.clone()));
        let def = self
            .vm
            .ctx
            .new_method_def(name, f, PyMethodFlags::METHOD, ItemDoc::NONE);
        let method = def.build_method(class, self.vm);
        self.attr(name, method);
    }
    /// A class method: its first argument is the class.
    pub fn classmethod<F, K>(&mut self, name: &'static str, f: F)
    where
        F: IntoPyNativeFn<K>,
    {
        let inner = function(self.vm, name, f);
        match self
            .vm
            .ctx
            .types
            .classmethod_type
            .as_object()
            .call((inner,), self.vm)
        {
            Ok(m) => self.attr(name, m),
            Err(e) => {
                self.failure.get_or_insert(e);
            }
        }
    }
    /// A static method.
    pub fn staticmethod<F, K>(&mut self, name: &'static str, f: F)
    where
        F: IntoPyNativeFn<K>,
    {
        let inner = function(self.vm, name, f);
        match self
            .vm
            .ctx
            .types
            .staticmethod_type
            .as_object()
            .call((inner,), self.vm)
        {
            Ok(m) => self.attr(name, m),
            Err(e) => {
                self.failure.get_or_insert(e);
            }
        }
    }
    /// A read-only property.
    pub fn getter(&mut self, name: &str, get: Getter) {
        let getset =
            rustpython_vm::builtins::PyGetSet::new(name, &self.class, &self.vm.ctx).with_get(get);
        let getset = PyRef::new_ref(getset, self.vm.ctx.types.getset_type.to_owned(), None);
        self.attr(name, getset);
    }
    /// An attribute that is worked out when it is read, unless the instance has one of that name:
    /// what Python calls a non-data descriptor.
    pub fn lazy(&mut self, name: &str, get: Getter) {
        self.attr(name, Readable { get }.into_pyobject(self.vm));
    }
    /// A property that can be set.
    pub fn property(&mut self, name: &str, get: Getter, set: Setter) {
        let getset = self.vm.ctx.new_getset(name, &self.class, get, set);
        self.attr(name, getset);
    }
}

/// A function of a module.
pub fn function<F, K>(vm: &VirtualMachine, name: &'static str, f: F) -> PyObjectRef
where
    F: IntoPyNativeFn<K>,
{
    vm.new_function(name, f).into()
}

trait SetAttr {
    fn static_setattr(
        class: &PyTypeRef,
        name: &'static rustpython_vm::builtins::PyStrInterned,
        value: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()>;
}

impl SetAttr for PyType {
    fn static_setattr(
        class: &PyTypeRef,
        name: &'static rustpython_vm::builtins::PyStrInterned,
        value: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        // `type`'s own `setattr`, also for metaclasses that forbid or watch it.
        vm.ctx
            .types
            .type_type
            .as_object()
            .get_attr("__setattr__", vm)?
            .call(
                (
                    PyObjectRef::from(class.clone()),
                    PyObjectRef::from(name.to_owned()),
                    value,
                ),
                vm,
            )
            .map(drop)
    }
}
