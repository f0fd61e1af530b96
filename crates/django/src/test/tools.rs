//! The small tools of `django.test.utils`.
use super::call::{attr, call, call_with, class_of, items, module, set, text};
use super::context;
use crate::class::class;
use crate::modules;
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
const BOTH: [&str; 2] = ["django.test", "django.test.utils"];

pub fn install(vm: &Vm) -> PyResult<()> {
    tag(vm)?;
    approximate(vm)?;
    isolate_apps(vm)?;
    ignore_warnings(vm)?;
    captured(vm)?;
    let utils = |name: &str, f: PyObjectRef| modules::export(vm, "django.test.utils", name, f);
    utils(
        "register_lookup",
        vm.new_function("register_lookup", register_lookup).into(),
    )?;
    utils(
        "extend_sys_path",
        vm.new_function("extend_sys_path", extend_sys_path).into(),
    )?;
    let collect = |vm: &Vm| call(vm, &*module(vm, "gc")?, "collect", vec![]).map(drop);
    utils(
        "garbage_collect",
        vm.new_function("garbage_collect", collect).into(),
    )?;
    utils(
        "isolate_lru_cache",
        vm.new_function("isolate_lru_cache", isolate_lru_cache)
            .into(),
    )?;
    let same = |target: PyObjectRef| target;
    utils(
        "requires_tz_support",
        vm.new_function("requires_tz_support", same).into(),
    )
}

/// `@tag("slow")`
fn tag(vm: &Vm) -> PyResult<()> {
    let make = vm.new_function("tag", |args: FuncArgs, vm: &Vm| -> PyResult {
        let tags = args.args;
        let decorate = vm.new_function(
            "decorator",
            move |target: PyObjectRef, vm: &Vm| -> PyResult {
                let held = vm.ctx.types.set_type.as_object().call((), vm)?;
                if let Some(before) = super::call::maybe(vm, &target, "tags")? {
                    call(vm, &held, "update", vec![before])?;
                }
                call(
                    vm,
                    &held,
                    "update",
                    vec![vm.ctx.new_tuple(tags.clone()).into()],
                )?;
                set(vm, &target, "tags", held)?;
                Ok(target)
            },
        );
        Ok(decorate.into())
    });
    modules::export_all(vm, &BOTH, "tag", make)
}

/// `Approximate(3.14, places=2)` equals what rounds to it.
fn approximate(vm: &Vm) -> PyResult<()> {
    let made = class(vm, "django.test.utils", "Approximate", &[], |c| {
        c.method(
            "__init__",
            |this: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
                let value = args
                    .take_positional_keyword("val")
                    .ok_or_else(|| vm.new_type_error("Approximate() needs a value"))?;
                let places = args.take_positional_keyword("places");
                set(vm, &this, "val", value)?;
                set(
                    vm,
                    &this,
                    "places",
                    places.unwrap_or_else(|| vm.ctx.new_int(7).into()),
                )
            },
        );
        c.method("__repr__", |this: PyObjectRef, vm: &Vm| {
            attr(vm, &this, "val")?.repr(vm).map(PyObjectRef::from)
        });
        c.method(
            "__eq__",
            |this: PyObjectRef, other: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                let value = attr(vm, &this, "val")?;
                if vm.bool_eq(&value, &other)? {
                    return Ok(true);
                }
                let apart = vm._abs(&*vm._sub(&value, &other)?)?;
                let places = attr(vm, &this, "places")?;
                let rounded = vm
                    .builtins
                    .get_attr("round", vm)?
                    .call((apart, places), vm)?;
                vm.bool_eq(&rounded, vm.ctx.new_int(0).as_object())
            },
        );
    })?;
    modules::export_all(vm, &BOTH, "Approximate", made)
}

/// Models made inside belong to a registry of their own.
fn isolate_apps(vm: &Vm) -> PyResult<()> {
    let base = class_of(vm, "django.test.utils", "TestContextDecorator")?;
    let made = class(vm, "django.test.utils", "isolate_apps", &[base], |c| {
        c.method(
            "__init__",
            |this: PyObjectRef, mut args: FuncArgs, vm: &Vm| {
                for name in ["attr_name", "kwarg_name"] {
                    let given = args.take_keyword(name);
                    set(vm, &this, name, given.unwrap_or_else(|| vm.ctx.none()))?;
                }
                set(vm, &this, "installed_apps", vm.ctx.new_list(args.args))
            },
        );
        c.method("enable", |this: PyObjectRef, vm: &Vm| -> PyResult {
            let options = class_of(vm, "django.db.models.options", "Options")?;
            let before = attr(vm, options.as_object(), "default_apps")?;
            set(vm, &this, "old_apps", before)?;
            let apps = class_of(vm, "django.apps.registry", "Apps")?;
            let installed = attr(vm, &this, "installed_apps")?;
            let apps = apps.as_object().call((installed,), vm)?;
            set(vm, options.as_object(), "default_apps", apps.clone())?;
            Ok(apps)
        });
        c.method("disable", |this: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let options = class_of(vm, "django.db.models.options", "Options")?;
            set(
                vm,
                options.as_object(),
                "default_apps",
                attr(vm, &this, "old_apps")?,
            )
        });
    })?;
    modules::export_all(vm, &BOTH, "isolate_apps", made)
}

fn ignore_warnings(vm: &Vm) -> PyResult<()> {
    let base = class_of(vm, "django.test.utils", "TestContextDecorator")?;
    let made = class(vm, "django.test.utils", "ignore_warnings", &[base], |c| {
        c.method("__init__", |this: PyObjectRef, args: FuncArgs, vm: &Vm| {
            let named = vm.ctx.new_dict();
            for (name, value) in args.kwargs {
                named.set_item(&*vm.ctx.new_str(name), value, vm)?;
            }
            set(vm, &this, "attr_name", vm.ctx.none())?;
            set(vm, &this, "kwarg_name", vm.ctx.none())?;
            set(vm, &this, "ignore_kwargs", named)
        });
        c.method("enable", |this: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let warnings = module(vm, "warnings")?;
            let catch = call(vm, &warnings, "catch_warnings", vec![])?;
            call(vm, &catch, "__enter__", vec![])?;
            set(vm, &this, "catch_warnings", catch)?;
            let held: PyDictRef = attr(vm, &this, "ignore_kwargs")?.try_into_value(vm)?;
            let mut args = FuncArgs::from(vec![text(vm, "ignore")]);
            for (name, value) in held.items_vec() {
                let name = name.str(vm)?.to_string_lossy().into_owned();
                args.kwargs.insert(name.as_str().into(), value);
            }
            let narrow = held.contains_key("message", vm) || held.contains_key("module", vm);
            let filter = if narrow {
                "filterwarnings"
            } else {
                "simplefilter"
            };
            attr(vm, &warnings, filter)?.call(args, vm).map(drop)
        });
        c.method("disable", |this: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let none = || vm.ctx.none();
            let catch = attr(vm, &this, "catch_warnings")?;
            call(vm, &catch, "__exit__", vec![none(), none(), none()]).map(drop)
        });
    })?;
    modules::export_all(vm, &BOTH, "ignore_warnings", made)
}

/// `with captured_stdout() as out:` and its kin.
fn captured(vm: &Vm) -> PyResult<()> {
    for (name, stream) in [
        ("captured_stdout", "stdout"),
        ("captured_stderr", "stderr"),
        ("captured_stdin", "stdin"),
    ] {
        let make = vm.new_function(name, move |vm: &Vm| -> PyResult {
            let sys: PyObjectRef = vm.sys_module.clone().into();
            let before = attr(vm, &sys, stream)?;
            let enter = vm.new_function("enter", move |vm: &Vm| -> PyResult {
                let text = call(vm, &*module(vm, "io")?, "StringIO", vec![])?;
                set(vm, vm.sys_module.as_object(), stream, text.clone())?;
                Ok(text)
            });
            let exit = vm.new_function("exit", move |_: FuncArgs, vm: &Vm| {
                set(vm, vm.sys_module.as_object(), stream, before.clone())
            });
            context::around(vm, enter.into(), exit.into())
        });
        modules::export(vm, "django.test.utils", name, make)?;
    }
    Ok(())
}

/// `with register_lookup(CharField, Length):`
fn register_lookup(mut args: FuncArgs, vm: &Vm) -> PyResult {
    let name = args
        .take_keyword("lookup_name")
        .unwrap_or_else(|| vm.ctx.none());
    let field = args
        .take_positional()
        .ok_or_else(|| vm.new_type_error("register_lookup() takes a field"))?;
    let lookups = args.args;
    let (f, l, n) = (field.clone(), lookups.clone(), name.clone());
    let enter = vm.new_function("enter", move |vm: &Vm| -> PyResult<()> {
        for lookup in &l {
            call(vm, &f, "register_lookup", vec![lookup.clone(), n.clone()])?;
        }
        Ok(())
    });
    let exit = vm.new_function("exit", move |_: FuncArgs, vm: &Vm| -> PyResult<()> {
        for lookup in &lookups {
            call(
                vm,
                &field,
                "_unregister_lookup",
                vec![lookup.clone(), name.clone()],
            )?;
        }
        Ok(())
    });
    context::around(vm, enter.into(), exit.into())
}

fn extend_sys_path(args: FuncArgs, vm: &Vm) -> PyResult {
    let before = attr(vm, vm.sys_module.as_object(), "path")?;
    let folders = args.args;
    let old = before.clone();
    let enter = vm.new_function("enter", move |vm: &Vm| -> PyResult<()> {
        let mut all = items(vm, &before)?;
        all.extend(folders.iter().cloned());
        set(vm, vm.sys_module.as_object(), "path", vm.ctx.new_list(all))
    });
    let exit = vm.new_function("exit", move |_: FuncArgs, vm: &Vm| {
        set(vm, vm.sys_module.as_object(), "path", old.clone())
    });
    context::around(vm, enter.into(), exit.into())
}

fn isolate_lru_cache(cached: PyObjectRef, vm: &Vm) -> PyResult {
    let after = cached.clone();
    let clear = |target: PyObjectRef| {
        vm.new_function("clear", move |_: FuncArgs, vm: &Vm| {
            call_with(vm, &*attr(vm, &target, "cache_clear")?, vec![], &[]).map(drop)
        })
    };
    context::around(vm, clear(cached).into(), clear(after).into())
}
