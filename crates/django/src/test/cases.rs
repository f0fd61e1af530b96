//! `SimpleTestCase`, `TransactionTestCase`, `TestCase`.
use super::call::{
    attr, call, call_with, class_of, items, maybe, own, parent, set, string, text, truth,
};
use super::{asserts, database};
use crate::class::class;
use crate::{modules, py};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

const SIMPLE_REFUSAL: &str = "Database %(operation)s to %(alias)r are not allowed in \
     SimpleTestCase subclasses. Either subclass TestCase or TransactionTestCase to ensure proper \
     test isolation or add %(alias)r to %(test)s.databases to silence this failure.";
const TRANSACTION_REFUSAL: &str = "Database %(operation)s to %(alias)r are not allowed in this \
     test. Add %(alias)r to %(test)s.databases to ensure proper test isolation and silence this \
     failure.";

pub fn install(vm: &Vm) -> PyResult<()> {
    let refusal = vm.ctx.new_exception_type(
        "django.test.testcases",
        "DatabaseOperationForbidden",
        Some(vec![vm.ctx.exceptions.assertion_error.to_owned()]),
    );
    modules::export(vm, "django.test.testcases", database::FORBIDDEN, refusal)?;
    let unittest = class_of(vm, "unittest", "TestCase")?;
    let simple = simple(vm, unittest)?;
    modules::export(
        vm,
        "django.test.testcases",
        "SimpleTestCase",
        simple.clone(),
    )?;
    let transaction = transaction(vm, simple)?;
    modules::export(
        vm,
        "django.test.testcases",
        "TransactionTestCase",
        transaction.clone(),
    )?;
    let test = test(vm, transaction.clone())?;
    modules::export(vm, "django.test.testcases", "TestCase", test)?;
    let live = class(
        vm,
        "django.test.testcases",
        "LiveServerTestCase",
        &[transaction],
        |c| {
            c.classmethod("setUpClass", |_: PyObjectRef, vm: &Vm| -> PyResult<()> {
                Err(vm.new_not_implemented_error("LiveServerTestCase"))
            });
        },
    )?;
    modules::export(vm, "django.test.testcases", "LiveServerTestCase", live)?;
    for name in ["AsyncClient", "AsyncRequestFactory"] {
        let made = class(vm, "django.test.client", name, &[], |_| {})?;
        modules::export_all(vm, &["django.test", "django.test.client"], name, made)?;
    }
    Ok(())
}

fn simple(vm: &Vm, base: PyTypeRef) -> PyResult<PyTypeRef> {
    class(
        vm,
        "django.test.testcases",
        "SimpleTestCase",
        &[base],
        |c| {
            c.attr("databases", no_databases(vm));
            c.attr("_overridden_settings", vm.ctx.none());
            c.attr("_modified_settings", vm.ctx.none());
            c.attr("_disallowed_database_msg", text(vm, SIMPLE_REFUSAL));
            c.classmethod("setUpClass", simple_set_up_class);
            c.classmethod("_add_databases_failures", |cls: PyObjectRef, vm: &Vm| {
                database::forbid_others(vm, &cls)
            });
            c.classmethod("_remove_databases_failures", |_: PyObjectRef, vm: &Vm| {
                database::allow_all(vm)
            });
            c.method("__call__", |this: PyObjectRef, args: FuncArgs, vm: &Vm| {
                setup_and_call(&this, args, vm)
            });
            c.property("client", client, |o, v, vm| {
                py::set_own(vm, &o, "client", v)
            });
            c.method("_pre_setup", |_: PyObjectRef| {});
            c.method("_post_teardown", |_: PyObjectRef| {});
            c.method("settings", |_: PyObjectRef, args: FuncArgs, vm: &Vm| {
                modules::find(vm, "django.test.utils", "override_settings")?.call(args, vm)
            });
            c.method(
                "modify_settings",
                |_: PyObjectRef, args: FuncArgs, vm: &Vm| {
                    modules::find(vm, "django.test.utils", "modify_settings")?.call(args, vm)
                },
            );
            asserts::simple(c);
        },
    )
}

/// `self.client`: made when a test first asks for it.
fn client(o: PyObjectRef, vm: &Vm) -> PyResult {
    let Some(own) = o.dict() else {
        return Ok(vm.ctx.none());
    };
    if let Some(made) = own.get_item_opt("client", vm)? {
        return Ok(made);
    }
    let class = match py::attr_opt(vm, &o, "client_class")? {
        Some(class) => class,
        None => {
            let text = "django.test._requests";
            vm.import(text, 0)?;
            modules::find(vm, text, "Client")?
        }
    };
    let made = class.call((), vm)?;
    own.set_item("client", made.clone(), vm)?;
    Ok(made)
}

fn no_databases(vm: &Vm) -> PyObjectRef {
    vm.ctx.new_tuple(vec![]).into()
}

fn simple_set_up_class(cls: PyObjectRef, vm: &Vm) -> PyResult<()> {
    parent(
        vm,
        "SimpleTestCase",
        &cls,
        "setUpClass",
        FuncArgs::default(),
    )?;
    if let Some(options) = maybe(vm, &cls, "_overridden_settings")?.filter(|o| !vm.is_none(o)) {
        let make = modules::find(vm, "django.test.utils", "override_settings")?;
        let context = make.call((), vm)?;
        set(vm, &context, "options", options)?;
        call(vm, &cls, "enterClassContext", vec![context])?;
    }
    if let Some(operations) = maybe(vm, &cls, "_modified_settings")?.filter(|o| !vm.is_none(o)) {
        let make = modules::find(vm, "django.test.utils", "modify_settings")?;
        let context = make.call((operations,), vm)?;
        call(vm, &cls, "enterClassContext", vec![context])?;
    }
    call(vm, &cls, "_add_databases_failures", vec![])?;
    let undo = attr(vm, &cls, "_remove_databases_failures")?;
    call(vm, &cls, "addClassCleanup", vec![undo]).map(drop)
}

/// `case(result)`: set up, run, tear down; what fails outside the test is an error of the test.
fn setup_and_call(this: &PyObjectRef, args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let result = args.args.first().cloned().unwrap_or_else(|| vm.ctx.none());
    let method_name = attr(vm, this, "_testMethodName")?.str(vm)?;
    let method = attr(vm, this, &method_name.to_string_lossy())?;
    let skipped = truth(vm, this.class().as_object(), "__unittest_skip__")?
        || truth(vm, &method, "__unittest_skip__")?;
    let inspect = super::call::module(vm, "inspect")?;
    if call(vm, &inspect, "iscoroutinefunction", vec![method.clone()])?.is_true(vm)? {
        run_async(vm, this, &method_name.to_string_lossy(), method)?;
    }
    let add_error = |e: rustpython_vm::builtins::PyBaseExceptionRef| -> PyResult<()> {
        let trace = attr(vm, e.as_object(), "__traceback__")?;
        let class: PyObjectRef = e.class().to_owned().into();
        let info = vm.ctx.new_tuple(vec![class, e.into(), trace]);
        call(vm, &result, "addError", vec![this.clone(), info.into()]).map(drop)
    };
    if !skipped && let Err(e) = call(vm, this, "_pre_setup", vec![]) {
        return add_error(e);
    }
    parent(vm, "SimpleTestCase", this, "__call__", args)?;
    if !skipped && let Err(e) = call(vm, this, "_post_teardown", vec![]) {
        return add_error(e);
    }
    Ok(())
}

/// A coroutine test is run to its end by the loop.
fn run_async(vm: &Vm, this: &PyObjectRef, name: &str, method: PyObjectRef) -> PyResult<()> {
    let run = vm.new_function("run", move |args: FuncArgs, vm: &Vm| -> PyResult {
        let asyncio = super::call::module(vm, "asyncio")?;
        let coroutine = method.call(args, vm)?;
        call(vm, &asyncio, "run", vec![coroutine])
    });
    set(vm, this, name, run)
}

fn transaction(vm: &Vm, base: PyTypeRef) -> PyResult<PyTypeRef> {
    class(
        vm,
        "django.test.testcases",
        "TransactionTestCase",
        &[base],
        |c| {
            let default = vm.ctx.new_tuple(vec![text(vm, "default")]);
            match vm.ctx.types.set_type.as_object().call((default,), vm) {
                Ok(set) => c.attr("databases", set),
                Err(_) => c.attr("databases", vm.ctx.none()),
            }
            c.attr("_disallowed_database_msg", text(vm, TRANSACTION_REFUSAL));
            c.attr("reset_sequences", vm.ctx.new_bool(false));
            c.attr("available_apps", vm.ctx.none());
            c.attr("fixtures", vm.ctx.none());
            c.attr("multi_db", vm.ctx.new_bool(false));
            c.attr("serialized_rollback", vm.ctx.new_bool(false));
            c.classmethod(
                "_databases_names",
                |cls: PyObjectRef, _: FuncArgs, vm: &Vm| -> PyResult {
                    let names = database::names(vm, &cls)?;
                    let names = names.into_iter().map(|n| text(vm, &n)).collect();
                    Ok(vm.ctx.new_list(names).into())
                },
            );
            c.classmethod("_databases_support_transactions", |_: PyObjectRef| true);
            c.method("_pre_setup", transaction_pre_setup);
            c.method("_post_teardown", transaction_post_teardown);
            c.method("_fixture_setup", |this: PyObjectRef, vm: &Vm| {
                load_fixtures(&this, vm)
            });
            c.method("_fixture_teardown", transaction_teardown);
            asserts::transaction(c);
        },
    )
}

fn transaction_pre_setup(this: PyObjectRef, vm: &Vm) -> PyResult<()> {
    parent(
        vm,
        "TransactionTestCase",
        &this,
        "_pre_setup",
        FuncArgs::default(),
    )?;
    let available = attr(vm, &this, "available_apps")?;
    if !vm.is_none(&available) {
        let apps = modules::find(vm, "django.apps", "apps")?;
        call(vm, &apps, "set_available_apps", vec![available])?;
        for alias in database::names(vm, &this)? {
            database::tell_migrated(vm, &alias)?;
        }
    }
    call(vm, &this, "_fixture_setup", vec![])?;
    for alias in database::names(vm, &this)? {
        let connection = database::connection(vm, &alias)?;
        call(vm, &*attr(vm, &connection, "queries_log")?, "clear", vec![])?;
    }
    Ok(())
}

fn transaction_post_teardown(this: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let done = call(vm, &this, "_fixture_teardown", vec![]);
    let after = parent(
        vm,
        "TransactionTestCase",
        &this,
        "_post_teardown",
        FuncArgs::default(),
    );
    if !vm.is_none(&*attr(vm, &this, "available_apps")?) {
        let apps = modules::find(vm, "django.apps", "apps")?;
        call(vm, &apps, "unset_available_apps", vec![])?;
    }
    done.and(after).map(drop)
}

fn load_fixtures(case: &PyObjectRef, vm: &Vm) -> PyResult<()> {
    if truth(vm, case, "reset_sequences")? {
        for alias in database::names(vm, case)? {
            database::flush(vm, &alias, true)?;
        }
    }
    if truth(vm, case, "serialized_rollback")? {
        database::deserialize(vm, case)?;
    }
    let fixtures = attr(vm, case, "fixtures")?;
    if !fixtures.clone().is_true(vm)? {
        return Ok(());
    }
    let load = modules::find(vm, "django.core.management", "call_command")
        .map_err(|_| vm.new_not_implemented_error("fixtures of test cases"))?;
    for alias in database::names(vm, case)? {
        let mut args = vec![text(vm, "loaddata")];
        args.extend(items(vm, &fixtures)?);
        let named = [
            ("verbosity", vm.ctx.new_int(0).into()),
            ("database", text(vm, &alias)),
        ];
        call_with(vm, &load, args, &named)?;
    }
    Ok(())
}

fn transaction_teardown(this: PyObjectRef, vm: &Vm) -> PyResult<()> {
    // What an emptied database begins with is made again, unless only some apps are there.
    let all_apps = vm.is_none(&*attr(vm, &this, "available_apps")?);
    for alias in database::names(vm, &this)? {
        database::flush(vm, &alias, false)?;
        if all_apps {
            database::tell_migrated(vm, &alias)?;
        }
    }
    Ok(())
}

fn test(vm: &Vm, base: PyTypeRef) -> PyResult<PyTypeRef> {
    class(vm, "django.test.testcases", "TestCase", &[base], |c| {
        c.classmethod("_enter_atomics", |cls: PyObjectRef, vm: &Vm| {
            database::enter_atomics(vm, &cls)
        });
        c.classmethod(
            "_rollback_atomics",
            |cls: PyObjectRef, held: PyObjectRef, vm: &Vm| {
                database::rollback_atomics(vm, &cls, &held)
            },
        );
        c.classmethod("setUpTestData", |_: PyObjectRef| {});
        c.classmethod("setUpClass", test_set_up_class);
        c.classmethod(
            "tearDownClass",
            |cls: PyObjectRef, vm: &Vm| -> PyResult<()> {
                if let Some(held) = maybe(vm, &cls, "cls_atomics")? {
                    database::rollback_atomics(vm, &cls, &held)?;
                }
                parent(vm, "TestCase", &cls, "tearDownClass", FuncArgs::default()).map(drop)
            },
        );
        c.method(
            "_fixture_setup",
            |this: PyObjectRef, vm: &Vm| -> PyResult<()> {
                if truth(vm, &this, "reset_sequences")? {
                    return Err(
                        vm.new_type_error("reset_sequences cannot be used on TestCase instances")
                    );
                }
                let held = database::enter_atomics(vm, &this)?;
                set(vm, &this, "atomics", held)
            },
        );
        c.method(
            "_fixture_teardown",
            |this: PyObjectRef, vm: &Vm| -> PyResult<()> {
                let checked = database::check_constraints(vm, &this);
                let held = attr(vm, &this, "atomics")?;
                database::rollback_atomics(vm, &this, &held)?;
                checked
            },
        );
        c.classmethod("captureOnCommitCallbacks", capture_on_commit);
    })
}

fn test_set_up_class(cls: PyObjectRef, vm: &Vm) -> PyResult<()> {
    parent(vm, "TestCase", &cls, "setUpClass", FuncArgs::default())?;
    let held = database::enter_atomics(vm, &cls)?;
    set(vm, &cls, "cls_atomics", held.clone())?;
    let undo = |e| {
        database::rollback_atomics(vm, &cls, &held.clone().into())?;
        Err(e)
    };
    let fixtures = attr(vm, &cls, "fixtures")?;
    if fixtures.clone().is_true(vm)?
        && let Err(e) = load_fixtures(&cls, vm)
    {
        return undo(e);
    }
    let before = own(vm, &cls)?;
    if let Err(e) = call(vm, &cls, "setUpTestData", vec![]) {
        return undo(e);
    }
    let data = modules::find(vm, "django.test.testcases", "TestData")?;
    for (name, value) in own(vm, &cls)?.items_vec() {
        let same = before
            .get_item_opt(&*name, vm)?
            .is_some_and(|old| old.is(&value));
        if !same {
            let wrapped = data.call((name.clone(), value), vm)?;
            set(vm, &cls, &string(vm, &name)?, wrapped)?;
        }
    }
    Ok(())
}

/// `with self.captureOnCommitCallbacks(execute=True) as callbacks:`
fn capture_on_commit(_cls: PyObjectRef, args: FuncArgs, vm: &Vm) -> PyResult {
    let made = class(
        vm,
        "django.test.testcases",
        "_CaptureOnCommitCallbacks",
        &[],
        |c| {
            c.method("__enter__", capture_enter);
            c.method("__exit__", capture_exit);
        },
    )?;
    let context = made.as_object().call((), vm)?;
    let using = args.kwargs.get("using" as &str).cloned();
    let execute = args.kwargs.get("execute" as &str).cloned();
    set(
        vm,
        &context,
        "using",
        using.unwrap_or_else(|| text(vm, "default")),
    )?;
    set(
        vm,
        &context,
        "execute",
        execute.unwrap_or_else(|| vm.ctx.new_bool(false).into()),
    )?;
    Ok(context)
}

fn waiting(this: &PyObjectRef, vm: &Vm) -> PyResult<Vec<PyObjectRef>> {
    let alias = attr(vm, this, "using")?.str(vm)?;
    let connection = database::connection(vm, &alias.to_string_lossy())?;
    items(vm, &*attr(vm, &connection, "run_on_commit")?)
}

fn capture_enter(this: PyObjectRef, vm: &Vm) -> PyResult {
    set(
        vm,
        &this,
        "start",
        vm.ctx.new_int(waiting(&this, vm)?.len()),
    )?;
    let callbacks: PyObjectRef = vm.ctx.new_list(vec![]).into();
    set(vm, &this, "callbacks", callbacks.clone())?;
    Ok(callbacks)
}

fn capture_exit(this: PyObjectRef, args: FuncArgs, vm: &Vm) -> PyResult<()> {
    if args.args.first().is_some_and(|class| !vm.is_none(class)) {
        return Ok(());
    }
    let mut start: usize = attr(vm, &this, "start")?.try_into_value(vm)?;
    let callbacks = attr(vm, &this, "callbacks")?;
    loop {
        let all = waiting(&this, vm)?;
        for entry in all.iter().skip(start) {
            // (savepoints, function, robust)
            let function = entry
                .get_item(&1, vm)
                .or_else(|_| entry.get_item("func", vm))?;
            call(vm, &callbacks, "append", vec![function.clone()])?;
            if truth(vm, &this, "execute")? {
                let robust = entry.get_item(&2, vm)?.is_true(vm)?;
                match function.call((), vm) {
                    Err(e) if !robust => return Err(e),
                    _ => {}
                }
            }
        }
        if waiting(&this, vm)?.len() == all.len() {
            return Ok(());
        }
        start = all.len();
    }
}
