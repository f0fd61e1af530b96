//! `skipUnlessDBFeature` and its kin: tests that need what a database may lack.
use super::call::{attr, call, class_of, items, maybe, set, string};
use crate::db::atomic::Decorated;
use crate::{error, modules};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// When a test is skipped.
#[derive(Clone, Copy)]
enum Rule {
    If,
    Unless,
    UnlessAny,
}

pub fn install(vm: &Vm) -> PyResult<()> {
    for (name, rule) in [
        ("skipIfDBFeature", Rule::If),
        ("skipUnlessDBFeature", Rule::Unless),
        ("skipUnlessAnyDBFeature", Rule::UnlessAny),
    ] {
        let make = vm.new_function(name, move |args: FuncArgs, vm: &Vm| -> PyResult {
            let features = args
                .args
                .iter()
                .map(|f| string(vm, f))
                .collect::<PyResult<Vec<_>>>()?;
            let decorate = vm.new_function("decorator", move |target: PyObjectRef, vm: &Vm| {
                decorate(vm, rule, features.clone(), target, name)
            });
            Ok(decorate.into())
        });
        modules::export_all(vm, &["django.test", "django.test.testcases"], name, make)?;
    }
    Ok(())
}

/// Whether the rule skips, and why.
fn reason(vm: &Vm, rule: Rule, features: &[String]) -> PyResult<Option<String>> {
    let connection = modules::find(vm, "django.db", "connection")?;
    let held = attr(vm, &connection, "features")?;
    let mut have = vec![];
    for feature in features {
        have.push(match maybe(vm, &held, feature)? {
            Some(value) => value.is_true(vm)?,
            None => false,
        });
    }
    let names = features.join(", ");
    Ok(match rule {
        Rule::If if have.contains(&true) => Some(format!("Database has feature(s) {names}")),
        Rule::Unless if have.contains(&false) => {
            Some(format!("Database doesn't support feature(s): {names}"))
        }
        Rule::UnlessAny if !have.contains(&true) => Some(format!(
            "Database doesn't support any of the feature(s): {names}"
        )),
        _ => None,
    })
}

fn decorate(
    vm: &Vm,
    rule: Rule,
    features: Vec<String>,
    target: PyObjectRef,
    name: &'static str,
) -> PyResult {
    if !target.fast_isinstance(vm.ctx.types.type_type) {
        // A test: asked when it runs.
        let inner = target.clone();
        let wrapper = vm.new_function("skip_wrapper", move |args: FuncArgs, vm: &Vm| -> PyResult {
            if let Some(case) = args.args.first() {
                check_databases(vm, case, name)?;
            }
            match reason(vm, rule, &features)? {
                Some(why) => {
                    let skip = class_of(vm, "unittest", "SkipTest")?;
                    Err(vm.new_exception_msg(skip, why.into()))
                }
                None => inner.call(args, vm),
            }
        });
        return Ok(Decorated::around(wrapper.into(), target, vm));
    }
    // A class: asked when its tests are about to run.
    if let Some(why) = reason(vm, rule, &features)? {
        set(vm, &target, "__unittest_skip__", vm.ctx.new_bool(true))?;
        set(vm, &target, "__unittest_skip_why__", vm.ctx.new_str(why))?;
    }
    Ok(target)
}

/// A test that asks about a database must be allowed to use it.
fn check_databases(vm: &Vm, case: &PyObjectRef, decorator: &str) -> PyResult<()> {
    let test_case = class_of(vm, "unittest", "TestCase")?;
    if !case.is_instance(test_case.as_object(), vm)? {
        return Ok(());
    }
    let Some(databases) = maybe(vm, case, "databases")? else {
        return Ok(());
    };
    if databases.fast_isinstance(vm.ctx.types.str_type) {
        return Ok(());
    }
    for alias in items(vm, &databases)? {
        if string(vm, &alias)? == "default" {
            return Ok(());
        }
    }
    let shown = call(vm, case, "__str__", vec![])?;
    Err(error::raise(
        vm,
        "ValueError",
        format!(
            "{decorator} cannot be used on {} as {} doesn't allow queries against the 'default' database.",
            string(vm, &shown)?,
            case.class().name()
        ),
    ))
}
