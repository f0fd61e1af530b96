//! `TestContextDecorator`: something that is a context manager and a decorator of functions and of
//! test classes.
use super::call::{attr, call, set};
use crate::class::class;
use crate::db::atomic::Decorated;
use crate::modules;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn install(vm: &Vm) -> PyResult<()> {
    let made = class(vm, "django.test.utils", "TestContextDecorator", &[], |c| {
        c.method("__init__", init);
        c.method("enable", |_: PyObjectRef, vm: &Vm| -> PyResult<()> {
            Err(vm.new_not_implemented_error(""))
        });
        c.method("disable", |_: PyObjectRef, vm: &Vm| -> PyResult<()> {
            Err(vm.new_not_implemented_error(""))
        });
        c.method("__enter__", |this: PyObjectRef, vm: &Vm| {
            call(vm, &this, "enable", vec![])
        });
        c.method("__exit__", |this: PyObjectRef, _: FuncArgs, vm: &Vm| {
            call(vm, &this, "disable", vec![]).map(drop)
        });
        c.method("decorate_class", decorate_class);
        c.method("decorate_callable", decorate_callable);
        c.method("__call__", decorate);
    })?;
    modules::export(vm, "django.test.utils", "TestContextDecorator", made)
}

#[derive(rustpython_vm::FromArgs)]
struct InitArgs {
    #[pyarg(positional)]
    this: PyObjectRef,
    #[pyarg(any, optional)]
    attr_name: OptionalArg<PyObjectRef>,
    #[pyarg(any, optional)]
    kwarg_name: OptionalArg<PyObjectRef>,
}

fn init(args: InitArgs, vm: &Vm) -> PyResult<()> {
    let none = || vm.ctx.none();
    set(
        vm,
        &args.this,
        "attr_name",
        args.attr_name.unwrap_or_else(none),
    )?;
    set(
        vm,
        &args.this,
        "kwarg_name",
        args.kwarg_name.unwrap_or_else(none),
    )
}

/// A test class: on from before its `setUp` until after its clean-ups.
fn decorate_class(this: PyObjectRef, decorated: PyObjectRef, vm: &Vm) -> PyResult {
    let case = super::call::class_of(vm, "unittest", "TestCase")?;
    if !decorated.is_subclass(case.as_object(), vm)? {
        return Err(vm.new_type_error("Can only decorate subclasses of unittest.TestCase"));
    }
    let before = attr(vm, &decorated, "setUp")?;
    let context = this;
    let set_up = vm.new_function("setUp", move |case: PyObjectRef, vm: &Vm| -> PyResult<()> {
        let given = call(vm, &context, "enable", vec![])?;
        let name = attr(vm, &context, "attr_name")?;
        if name.clone().is_true(vm)? {
            set(vm, &case, &name.str(vm)?.to_string_lossy(), given)?;
        }
        let disable = attr(vm, &context, "disable")?;
        match before.call((case.clone(),), vm) {
            Ok(_) => call(vm, &case, "addCleanup", vec![disable]).map(drop),
            Err(e) => {
                disable.call((), vm)?;
                Err(e)
            }
        }
    });
    let bound = Decorated::around(set_up.into(), attr(vm, &decorated, "setUp")?, vm);
    set(vm, &decorated, "setUp", bound)?;
    Ok(decorated)
}

fn decorate_callable(this: PyObjectRef, function: PyObjectRef, vm: &Vm) -> PyResult {
    let (context, inner) = (this, function.clone());
    let wrapper = vm.new_function("inner", move |mut args: FuncArgs, vm: &Vm| -> PyResult {
        let given = call(vm, &context, "__enter__", vec![])?;
        let name = attr(vm, &context, "kwarg_name")?;
        if name.clone().is_true(vm)? {
            let name = name.str(vm)?.to_string_lossy().into_owned();
            args.kwargs.insert(name.as_str().into(), given);
        }
        let result = inner.call(args, vm);
        let none = || vm.ctx.none();
        call(vm, &context, "__exit__", vec![none(), none(), none()])?;
        result
    });
    Ok(Decorated::around(wrapper.into(), function, vm))
}

fn decorate(this: PyObjectRef, decorated: PyObjectRef, vm: &Vm) -> PyResult {
    if decorated.fast_isinstance(vm.ctx.types.type_type) {
        return call(vm, &this, "decorate_class", vec![decorated]);
    }
    if decorated.is_callable() {
        return call(vm, &this, "decorate_callable", vec![decorated]);
    }
    Err(vm.new_type_error(format!(
        "Cannot decorate object of type {}",
        decorated.class().name()
    )))
}

/// A context manager of two functions: what it gives, and what it does at its end.
pub fn around(vm: &Vm, enter: PyObjectRef, exit: PyObjectRef) -> PyResult {
    let module = modules::module(vm, "django.test.utils")?;
    let class = match module.dict().get_item_opt("_Around", vm)? {
        Some(class) => class,
        None => {
            let made = class(vm, "contextlib", "_GeneratorContextManager", &[], |c| {
                c.method("__enter__", |this: PyObjectRef, vm: &Vm| {
                    call(vm, &this, "on_enter", vec![])
                });
                c.method("__exit__", |this: PyObjectRef, args: FuncArgs, vm: &Vm| {
                    attr(vm, &this, "on_exit")?.call(args, vm)
                });
                c.method("__call__", decorate_callable);
            })?;
            modules::export(vm, "django.test.utils", "_Around", made.clone())?;
            made.into()
        }
    };
    let made = class.call((), vm)?;
    set(vm, &made, "kwarg_name", vm.ctx.none())?;
    set(vm, &made, "on_enter", enter)?;
    set(vm, &made, "on_exit", exit)?;
    Ok(made)
}
