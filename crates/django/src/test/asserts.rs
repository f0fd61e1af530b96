//! The assertions that Django adds to `unittest`'s.
use super::call::{attr, call, call_with, class_of, fail, items, maybe, module, text};
use super::context;
use crate::class::Class;
use crate::modules;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Those of `SimpleTestCase`.
pub fn simple(c: &mut Class) {
    c.method(
        "assertRaisesMessage",
        |this: PyObjectRef, args: FuncArgs, vm: &Vm| {
            with_message(vm, this, args, "assertRaises", "exception")
        },
    );
    c.method(
        "assertWarnsMessage",
        |this: PyObjectRef, args: FuncArgs, vm: &Vm| {
            with_message(vm, this, args, "assertWarns", "warning")
        },
    );
    c.method(
        "assertJSONEqual",
        |this: PyObjectRef,
         raw: PyObjectRef,
         wanted: PyObjectRef,
         msg: OptionalArg<PyObjectRef>,
         vm: &Vm| { compare_json(vm, this, raw, wanted, msg, "assertEqual") },
    );
    c.method(
        "assertJSONNotEqual",
        |this: PyObjectRef,
         raw: PyObjectRef,
         wanted: PyObjectRef,
         msg: OptionalArg<PyObjectRef>,
         vm: &Vm| { compare_json(vm, this, raw, wanted, msg, "assertNotEqual") },
    );
    c.method("assertXMLEqual", |args: FuncArgs, vm: &Vm| {
        xml("assert_equal", args, vm)
    });
    c.method("assertXMLNotEqual", |args: FuncArgs, vm: &Vm| {
        xml("assert_not_equal", args, vm)
    });
    c.method("assertRedirects", |args: FuncArgs, vm: &Vm| {
        response("assert_redirects", args, vm)
    });
    c.method("assertURLEqual", |args: FuncArgs, vm: &Vm| {
        response("assert_url_equal", args, vm)
    });
    for name in [
        "assertHTMLEqual",
        "assertInHTML",
        "assertContains",
        "assertFormError",
        "assertTemplateUsed",
    ] {
        c.method(
            name,
            |_: PyObjectRef, _: FuncArgs, vm: &Vm| -> PyResult<()> {
                Err(vm.new_not_implemented_error("assertions about responses and markup"))
            },
        );
    }
}

/// Markup is compared in Python.
fn xml(how: &str, args: FuncArgs, vm: &Vm) -> PyResult {
    let text = "django.test._xml";
    vm.import(text, 0)?;
    modules::find(vm, text, how)?.call(args, vm)
}

/// So are responses.
fn response(how: &str, args: FuncArgs, vm: &Vm) -> PyResult {
    let text = "django.test._requests";
    vm.import(text, 0)?;
    modules::find(vm, text, how)?.call(args, vm)
}

/// Those of `TransactionTestCase`.
pub fn transaction(c: &mut Class) {
    c.method("assertQuerySetEqual", query_set_equal);
    c.method("assertNumQueries", num_queries);
}

/// `assertRaisesMessage(class, text)` as a context, or with a function to call.
fn with_message(
    vm: &Vm,
    case: PyObjectRef,
    mut args: FuncArgs,
    inner: &str,
    held: &'static str,
) -> PyResult {
    let wanted = args
        .take_positional()
        .or_else(|| args.take_keyword("expected_exception"));
    let message = args
        .take_positional()
        .or_else(|| args.take_keyword("expected_message"));
    let (Some(wanted), Some(message)) = (wanted, message) else {
        return Err(vm.new_type_error("an exception's class and a message are wanted"));
    };
    let expectation = call(vm, &case, inner, vec![wanted])?;
    let (enter, leave) = (expectation.clone(), expectation);
    let on_enter = vm.new_function("enter", move |vm: &Vm| {
        call(vm, &enter, "__enter__", vec![])?;
        Ok::<_, rustpython_vm::builtins::PyBaseExceptionRef>(enter.clone())
    });
    let on_exit = vm.new_function("exit", move |args: FuncArgs, vm: &Vm| -> PyResult {
        let swallowed = attr(vm, &leave, "__exit__")?.call(args.clone(), vm)?;
        let other = args.args.first().is_some_and(|class| !vm.is_none(class))
            && !swallowed.clone().is_true(vm)?;
        if !other {
            let shown = attr(vm, &leave, held)?.str(vm)?.into();
            call(vm, &case, "assertIn", vec![message.clone(), shown])?;
        }
        Ok(swallowed)
    });
    let context = context::around(vm, on_enter.into(), on_exit.into())?;
    let Some(function) = args.take_positional() else {
        return Ok(context);
    };
    call(vm, &context, "__enter__", vec![])?;
    let none = || vm.ctx.none();
    let ending = match function.call(args, vm) {
        Ok(_) => vec![none(), none(), none()],
        Err(e) => {
            let trace = attr(vm, e.as_object(), "__traceback__")?;
            let given = vec![e.class().to_owned().into(), e.clone().into(), trace];
            if !call(vm, &context, "__exit__", given)?.is_true(vm)? {
                return Err(e);
            }
            return Ok(none());
        }
    };
    call(vm, &context, "__exit__", ending)?;
    Ok(none())
}

fn compare_json(
    vm: &Vm,
    case: PyObjectRef,
    raw: PyObjectRef,
    wanted: PyObjectRef,
    msg: OptionalArg<PyObjectRef>,
    how: &str,
) -> PyResult<()> {
    let json = module(vm, "json")?;
    let read = |value: PyObjectRef| call(vm, &json, "loads", vec![value]);
    let Ok(left) = read(raw) else {
        return fail(vm, &case, None, "First argument is not valid JSON");
    };
    let right = match wanted.fast_isinstance(vm.ctx.types.str_type) {
        true => read(wanted)?,
        false => wanted,
    };
    let msg = msg.unwrap_or_else(|| vm.ctx.none());
    call_with(
        vm,
        &*attr(vm, &case, how)?,
        vec![left, right],
        &[("msg", msg)],
    )
    .map(drop)
}

#[derive(rustpython_vm::FromArgs)]
struct QuerySetEqual {
    #[pyarg(positional)]
    case: PyObjectRef,
    #[pyarg(any)]
    qs: PyObjectRef,
    #[pyarg(any)]
    values: PyObjectRef,
    #[pyarg(any, optional)]
    transform: OptionalArg<PyObjectRef>,
    #[pyarg(any, default = true)]
    ordered: bool,
    #[pyarg(any, optional)]
    msg: OptionalArg<PyObjectRef>,
}

fn query_set_equal(args: QuerySetEqual, vm: &Vm) -> PyResult<()> {
    let values = items(vm, &args.values)?;
    let mut found = items(vm, &args.qs)?;
    if let OptionalArg::Present(transform) = &args.transform
        && !vm.is_none(transform)
    {
        found = found
            .into_iter()
            .map(|item| transform.call((item,), vm))
            .collect::<PyResult<_>>()?;
    }
    let msg = args.msg.unwrap_or_else(|| vm.ctx.none());
    let (found, count) = (vm.ctx.new_list(found).into(), values.len());
    let values: PyObjectRef = vm.ctx.new_list(values).into();
    if !args.ordered {
        let counter = class_of(vm, "collections", "Counter")?;
        let sides = vec![
            counter.as_object().call((found,), vm)?,
            counter.as_object().call((values,), vm)?,
        ];
        let equal = attr(vm, &args.case, "assertDictEqual")?;
        return call_with(vm, &equal, sides, &[("msg", msg)]).map(drop);
    }
    if count > 1
        && let Some(ordered) = maybe(vm, &args.qs, "ordered")?
        && !ordered.is_true(vm)?
    {
        return Err(vm.new_value_error(
            "Trying to compare non-ordered queryset against more than one ordered value.",
        ));
    }
    let equal = attr(vm, &args.case, "assertEqual")?;
    call_with(vm, &equal, vec![found, values], &[("msg", msg)]).map(drop)
}

fn num_queries(case: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
    let num = args.take_positional().or_else(|| args.take_keyword("num"));
    let num = num.ok_or_else(|| {
        vm.new_type_error("assertNumQueries() missing 1 required positional argument: 'num'")
    })?;
    let function = args.take_positional().or_else(|| args.take_keyword("func"));
    let using = args
        .take_keyword("using")
        .unwrap_or_else(|| text(vm, "default"));
    let connection = modules::find(vm, "django.db", "connections")?.get_item(&*using, vm)?;
    let context = modules::find(vm, "django.test.testcases", "_AssertNumQueriesContext")?
        .call((case, num, connection), vm)?;
    let Some(function) = function.filter(|f| !vm.is_none(f)) else {
        return Ok(context);
    };
    call(vm, &context, "__enter__", vec![])?;
    let none = || vm.ctx.none();
    match function.call(args, vm) {
        Ok(_) => call(vm, &context, "__exit__", vec![none(), none(), none()]),
        Err(e) => {
            let class = e.class().to_owned().into();
            call(
                vm,
                &context,
                "__exit__",
                vec![class, e.clone().into(), none()],
            )?;
            Err(e)
        }
    }
}
