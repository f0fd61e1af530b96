//! `CaptureQueriesContext` and what `assertNumQueries` is made of.
use super::call::{attr, call, set};
use crate::class::class;
use crate::modules;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn install(vm: &Vm) -> PyResult<()> {
    let capture = class(vm, "django.test.utils", "CaptureQueriesContext", &[], |c| {
        c.method(
            "__init__",
            |this: PyObjectRef, connection: PyObjectRef, vm: &Vm| {
                set(vm, &this, "connection", connection)
            },
        );
        c.method("__iter__", |this: PyObjectRef, vm: &Vm| {
            attr(vm, &this, "captured_queries")?
                .get_iter(vm)
                .map(PyObjectRef::from)
        });
        c.method(
            "__getitem__",
            |this: PyObjectRef, index: PyObjectRef, vm: &Vm| {
                attr(vm, &this, "captured_queries")?.get_item(&*index, vm)
            },
        );
        c.method("__len__", |this: PyObjectRef, vm: &Vm| {
            attr(vm, &this, "captured_queries")?.length(vm)
        });
        c.method("__enter__", enter);
        c.method("__exit__", |this: PyObjectRef, _: FuncArgs, vm: &Vm| {
            leave(&this, vm)
        });
        c.getter("captured_queries", captured);
    })?;
    let number = class(
        vm,
        "django.test.testcases",
        "_AssertNumQueriesContext",
        std::slice::from_ref(&capture),
        |c| {
            c.method(
                "__init__",
                |this: PyObjectRef,
                 case: PyObjectRef,
                 num: PyObjectRef,
                 connection: PyObjectRef,
                 vm: &Vm| {
                    set(vm, &this, "test_case", case)?;
                    set(vm, &this, "num", num)?;
                    set(vm, &this, "connection", connection)
                },
            );
            c.method("__exit__", check);
        },
    )?;
    modules::export_all(
        vm,
        &["django.test.utils", "django.test.testcases"],
        "CaptureQueriesContext",
        capture,
    )?;
    modules::export(
        vm,
        "django.test.testcases",
        "_AssertNumQueriesContext",
        number,
    )
}

fn enter(this: PyObjectRef, vm: &Vm) -> PyResult {
    let connection = attr(vm, &this, "connection")?;
    set(
        vm,
        &this,
        "force_debug_cursor",
        attr(vm, &connection, "force_debug_cursor")?,
    )?;
    set(vm, &connection, "force_debug_cursor", vm.ctx.new_bool(true))?;
    // Opening runs statements of its own.
    call(vm, &connection, "ensure_connection", vec![])?;
    let start = attr(vm, &connection, "queries_log")?.length(vm)?;
    set(vm, &this, "initial_queries", vm.ctx.new_int(start))?;
    set(vm, &this, "final_queries", vm.ctx.none())?;
    Ok(this)
}

fn leave(this: &PyObjectRef, vm: &Vm) -> PyResult<()> {
    let connection = attr(vm, this, "connection")?;
    set(
        vm,
        &connection,
        "force_debug_cursor",
        attr(vm, this, "force_debug_cursor")?,
    )?;
    let end = attr(vm, &connection, "queries_log")?.length(vm)?;
    set(vm, this, "final_queries", vm.ctx.new_int(end))
}

fn captured(this: PyObjectRef, vm: &Vm) -> PyResult {
    let queries = attr(vm, &*attr(vm, &this, "connection")?, "queries")?;
    let bounds = (
        attr(vm, &this, "initial_queries")?,
        attr(vm, &this, "final_queries")?,
    );
    let slice = vm.ctx.types.slice_type.as_object().call(bounds, vm)?;
    queries.get_item(&*slice, vm)
}

/// `self.assertNumQueries(n)` is left: were there as many?
fn check(this: PyObjectRef, args: FuncArgs, vm: &Vm) -> PyResult<()> {
    leave(&this, vm)?;
    if args.args.first().is_some_and(|class| !vm.is_none(class)) {
        return Ok(());
    }
    let case = attr(vm, &this, "test_case")?;
    let (wanted, queries) = (attr(vm, &this, "num")?, captured(this, vm)?);
    let executed = queries.length(vm)?;
    let mut listed = String::new();
    for (i, query) in super::call::items(vm, &queries)?.iter().enumerate() {
        let sql = query.get_item("sql", vm)?.str(vm)?;
        if i > 0 {
            listed.push('\n');
        }
        listed.push_str(&format!("{}. {}", i + 1, sql.to_string_lossy()));
    }
    let message = format!(
        "{executed} queries executed, {} expected\nCaptured queries were:\n{listed}",
        wanted.str(vm)?.to_string_lossy()
    );
    let executed = vm.ctx.new_int(executed).into();
    let message = vm.ctx.new_str(message).into();
    call(vm, &case, "assertEqual", vec![executed, wanted, message]).map(drop)
}
