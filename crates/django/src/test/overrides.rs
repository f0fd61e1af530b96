//! `override_settings` and `modify_settings`: settings for a while.
//!
//! `with override_settings(USE_TZ=False): …`, around a test, or around all tests of a class.
use super::call::{attr, call, class_of, items, maybe, own, set, text};
use crate::class::class;
use crate::{conf, modules};
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn install(vm: &Vm) -> PyResult<()> {
    let base = class_of(vm, "django.test.utils", "TestContextDecorator")?;
    let settings = class(vm, "django.test.utils", "override_settings", &[base], |c| {
        c.attr("enable_exception", vm.ctx.none());
        c.method("__init__", |this: PyObjectRef, args: FuncArgs, vm: &Vm| {
            let options = vm.ctx.new_dict();
            for (name, value) in args.kwargs {
                options.set_item(&*vm.ctx.new_str(name), value, vm)?;
            }
            set(vm, &this, "attr_name", vm.ctx.none())?;
            set(vm, &this, "kwarg_name", vm.ctx.none())?;
            set(vm, &this, "options", options)
        });
        c.method("enable", enable);
        c.method("disable", disable);
        c.method("save_options", save_options);
        c.method("decorate_class", decorate_class);
    })?;
    let modify = class(
        vm,
        "django.test.utils",
        "modify_settings",
        std::slice::from_ref(&settings),
        |c| {
            c.method("__init__", |this: PyObjectRef, args: FuncArgs, vm: &Vm| {
                let mut operations: Vec<PyObjectRef> = match args.args.first() {
                    Some(given) => items(vm, given)?,
                    None => vec![],
                };
                for (name, value) in args.kwargs {
                    let pair = vec![vm.ctx.new_str(name).into(), value];
                    operations.push(vm.ctx.new_tuple(pair).into());
                }
                set(vm, &this, "attr_name", vm.ctx.none())?;
                set(vm, &this, "kwarg_name", vm.ctx.none())?;
                set(vm, &this, "operations", vm.ctx.new_list(operations))
            });
            c.method("enable", modify_enable);
            c.method("save_options", save_operations);
        },
    )?;
    let checks = class(
        vm,
        "django.test.utils",
        "override_system_checks",
        std::slice::from_ref(&settings),
        |c| {
            c.method("__init__", |this: PyObjectRef, _: FuncArgs, vm: &Vm| {
                set(vm, &this, "attr_name", vm.ctx.none())?;
                set(vm, &this, "kwarg_name", vm.ctx.none())?;
                set(vm, &this, "options", vm.ctx.new_dict())
            });
            c.method("enable", |_: PyObjectRef| {});
            c.method("disable", |_: PyObjectRef| {});
        },
    )?;
    for (name, class) in [
        ("override_settings", settings),
        ("modify_settings", modify),
        ("override_system_checks", checks),
    ] {
        modules::export_all(vm, &["django.test", "django.test.utils"], name, class)?;
    }
    Ok(())
}

fn enable(this: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let settings = conf::settings(vm)?;
    let before = own(vm, &settings)?;
    set(vm, &this, "_before", before)?;
    let options: PyDictRef = attr(vm, &this, "options")?.try_into_value(vm)?;
    for (name, value) in options.items_vec() {
        let name = name.str(vm)?.to_string_lossy().into_owned();
        let old = maybe(vm, &settings, &name)?;
        conf::set(&settings, &name, value.clone(), vm)?;
        if let Err(e) = changed(vm, &name, value, true) {
            // A setting that does harm was never set.
            match old {
                Some(old) => conf::set(&settings, &name, old, vm)?,
                None => call(vm, &settings, "__delattr__", vec![text(vm, &name)]).map(drop)?,
            }
            return Err(e);
        }
    }
    Ok(())
}

fn disable(this: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let settings = conf::settings(vm)?;
    let before: PyDictRef = attr(vm, &this, "_before")?.try_into_value(vm)?;
    let options: PyDictRef = attr(vm, &this, "options")?.try_into_value(vm)?;
    for (name, _) in options.items_vec() {
        let text = name.str(vm)?.to_string_lossy().into_owned();
        match before.get_item_opt(text.as_str(), vm)? {
            Some(old) => {
                conf::set(&settings, &text, old.clone(), vm)?;
                changed(vm, &text, old, false)?;
            }
            None => {
                call(vm, &settings, "__delattr__", vec![name])?;
                changed(vm, &text, vm.ctx.none(), false)?;
            }
        }
    }
    Ok(())
}

/// What listens to `setting_changed`, and the registry of apps.
fn changed(vm: &Vm, name: &str, value: PyObjectRef, enter: bool) -> PyResult<()> {
    if name == "INSTALLED_APPS" {
        let apps = modules::find(vm, "django.apps", "apps")?;
        if enter {
            if let Err(e) = call(vm, &apps, "set_installed_apps", vec![value.clone()]) {
                call(vm, &apps, "unset_installed_apps", vec![])?;
                return Err(e);
            }
        } else {
            call(vm, &apps, "unset_installed_apps", vec![])?;
        }
    }
    crate::models::options::swapped::setting_changed(vm, name)?;
    let Ok(signal) = modules::find(vm, "django.core.signals", "setting_changed") else {
        return Ok(());
    };
    let named = [
        ("sender", vm.ctx.none()),
        ("setting", text(vm, name)),
        ("value", value),
        ("enter", vm.ctx.new_bool(enter).into()),
    ];
    super::call::call_with(vm, &*attr(vm, &signal, "send")?, vec![], &named).map(drop)
}

/// On a class, the settings wait for `setUpClass`.
fn decorate_class(this: PyObjectRef, decorated: PyObjectRef, vm: &Vm) -> PyResult {
    let simple = class_of(vm, "django.test.testcases", "SimpleTestCase")?;
    if !decorated.is_subclass(simple.as_object(), vm)? {
        return Err(vm.new_value_error(
            "Only subclasses of Django SimpleTestCase can be decorated with override_settings",
        ));
    }
    call(vm, &this, "save_options", vec![decorated.clone()])?;
    Ok(decorated)
}

fn save_options(this: PyObjectRef, class: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let merged = vm.ctx.new_dict();
    if let Some(held) = maybe(vm, &class, "_overridden_settings")?.filter(|h| !vm.is_none(h)) {
        call(vm, merged.as_object(), "update", vec![held])?;
    }
    call(
        vm,
        merged.as_object(),
        "update",
        vec![attr(vm, &this, "options")?],
    )?;
    set(vm, &class, "_overridden_settings", merged)
}

fn save_operations(this: PyObjectRef, class: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let mut all = match maybe(vm, &class, "_modified_settings")?.filter(|h| !vm.is_none(h)) {
        Some(held) => items(vm, &held)?,
        None => vec![],
    };
    all.extend(items(vm, &*attr(vm, &this, "operations")?)?);
    set(vm, &class, "_modified_settings", vm.ctx.new_list(all))
}

/// `modify_settings(NAME={"append": …, "prepend": …, "remove": …})`
fn modify_enable(this: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let options = vm.ctx.new_dict();
    for pair in items(vm, &*attr(vm, &this, "operations")?)? {
        let pair = items(vm, &pair)?;
        let [name, operations] = &pair[..] else {
            continue;
        };
        let name_text = name.str(vm)?.to_string_lossy().into_owned();
        let now = match options.get_item_opt(name_text.as_str(), vm)? {
            Some(value) => value,
            None => maybe(vm, &*conf::settings(vm)?, &name_text)?
                .unwrap_or_else(|| vm.ctx.new_list(vec![]).into()),
        };
        let mut value = items(vm, &now)?;
        let operations: PyDictRef = operations.clone().try_into_value(vm)?;
        for (action, operands) in operations.items_vec() {
            let operands = match operands.fast_isinstance(vm.ctx.types.str_type) {
                true => vec![operands],
                false => items(vm, &operands)?,
            };
            let mut fresh = vec![];
            for operand in &operands {
                if !contains(vm, &value, operand)? {
                    fresh.push(operand.clone());
                }
            }
            match &*action.str(vm)?.to_string_lossy() {
                "append" => value.extend(fresh),
                "prepend" => value = [fresh, value].concat(),
                "remove" => {
                    let mut kept = vec![];
                    for item in value {
                        if !contains(vm, &operands, &item)? {
                            kept.push(item);
                        }
                    }
                    value = kept;
                }
                other => {
                    return Err(vm.new_value_error(format!("Unsupported action: {other}")));
                }
            }
        }
        options.set_item(name_text.as_str(), vm.ctx.new_list(value).into(), vm)?;
    }
    set(vm, &this, "options", options)?;
    enable(this, vm)
}

fn contains(vm: &Vm, list: &[PyObjectRef], item: &PyObjectRef) -> PyResult<bool> {
    for other in list {
        if vm.bool_eq(other, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}
