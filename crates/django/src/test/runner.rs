//! Finding tests and running them.
//!
//! ```text
//! labels ──▶ discover: modules test*.py, classes, methods ──▶ sort ──▶ run, one report a test
//! ```
//!
//! A label is a package below the folder, or `package.module`, `….Class`, `….Class.test`. The order
//! is Django's: `TestCase` first, then `SimpleTestCase` and what builds on it, then the rest.
use super::call::{attr, call, class_of, items, maybe, module, set, string};
use crate::class::class;
use crate::modules;
use python::files;
use python::host::Kind;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::RefCell;

type Vm = VirtualMachine;

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed,
    Error,
    Skipped,
    ExpectedFailure,
    UnexpectedSuccess,
}

impl Outcome {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::Error => "error",
            Outcome::Skipped => "skipped",
            Outcome::ExpectedFailure => "expected failure",
            Outcome::UnexpectedSuccess => "unexpected success",
        }
    }
}

/// What the runner says while it runs.
#[derive(Clone, Debug)]
pub enum Event {
    /// A test begins.
    Begun(String),
    /// It has ended; the text is a traceback or a reason.
    Ended(String, Outcome, String),
    /// Something outside of every test failed (`setUpClass (app.tests.Class)`), with its traceback.
    Outside(String, String),
}

/// Everything that listens.
pub type Listener = Box<dyn FnMut(Event)>;

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
    /// The test that runs, and the worst that its subtests said.
    static CURRENT: RefCell<Option<(String, Option<(Outcome, String)>)>> = const { RefCell::new(None) };
}

fn tell(event: Event) {
    LISTENER.with_borrow_mut(|l| {
        if let Some(listener) = l {
            listener(event);
        }
    });
}

/// The tests of some labels, in the order they run: names and objects.
pub fn discover(vm: &Vm, folder: &str, labels: &[String]) -> PyResult<Vec<(String, PyObjectRef)>> {
    let unittest = module(vm, "unittest")?;
    let loader = call(vm, &unittest, "TestLoader", vec![])?;
    let mut found = vec![];
    for label in labels {
        let path = format!(
            "{}/{}",
            folder.trim_end_matches('/'),
            label.replace('.', "/")
        );
        let suites = if files::stat(&path) == Some(Kind::Folder) {
            let mut names = vec![];
            test_modules(&path, label, &mut names);
            let mut suites = vec![];
            for name in names {
                suites.push(match module(vm, &name) {
                    Ok(module) => call(vm, &loader, "loadTestsFromModule", vec![module])?,
                    Err(why) => failed_import(vm, &name, &why)?,
                });
            }
            suites
        } else if let Some(test) = single(vm, label)? {
            vec![test]
        } else {
            vec![call(
                vm,
                &loader,
                "loadTestsFromName",
                vec![vm.ctx.new_str(label.as_str()).into()],
            )?]
        };
        for suite in suites {
            flatten(vm, &suite, &mut found)?;
        }
    }
    sort(vm, &mut found)?;
    found.dedup_by(|a, b| a.0 == b.0);
    Ok(found)
}

/// The test of a label `package.module.Class.test`; nothing for other labels. `unittest` knows only
/// tests that are plain functions, and a decorator may have made another callable of one.
fn single(vm: &Vm, label: &str) -> PyResult<Option<PyObjectRef>> {
    let mut parts = label.rsplitn(3, '.');
    let (Some(method), Some(class), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(None);
    };
    // A module that cannot be imported is unittest's to report.
    let Ok(found) = module(vm, path) else {
        return Ok(None);
    };
    let Some(class) = maybe(vm, &found, class)? else {
        return Ok(None);
    };
    let case = class_of(vm, "unittest", "TestCase")?;
    let is_case = class.class().fast_issubclass(vm.ctx.types.type_type)
        && class.is_subclass(case.as_object(), vm)?;
    if !is_case || maybe(vm, &class, method)?.is_none() {
        return Ok(None);
    }
    class.call((vm.ctx.new_str(method),), vm).map(Some)
}

/// A module that cannot be imported is one failed test, and the others still run.
fn failed_import(vm: &Vm, name: &str, why: &PyBaseExceptionRef) -> PyResult {
    let traceback = python::failure::describe(vm, why).traceback;
    let message = format!("Failed to import test module: {name}\n{traceback}");
    let error: PyObjectRef = vm
        .new_exception_msg(
            vm.ctx.exceptions.import_error.to_owned(),
            message.clone().into(),
        )
        .into();
    let loader = module(vm, "unittest.loader")?;
    let suite = attr(vm, &loader, "TestLoader")?;
    let suite = attr(vm, &suite, "suiteClass")?;
    let message = vm.ctx.new_str(message).into();
    let name = vm.ctx.new_str(name).into();
    let made = call(
        vm,
        &loader,
        "_make_failed_test",
        vec![name, error, suite, message],
    )?;
    made.get_item(&0, vm)
}

/// Modules `test*.py` below a package, packages inside it included.
fn test_modules(folder: &str, package: &str, found: &mut Vec<String>) {
    let mut names = files::list(folder).unwrap_or_default();
    names.sort();
    for name in &names {
        if name.starts_with("test")
            && let Some(stem) = name.strip_suffix(".py")
        {
            found.push(format!("{package}.{stem}"));
        }
    }
    for name in &names {
        let inner = format!("{folder}/{name}");
        if files::stat(&format!("{inner}/__init__.py")).is_some() {
            test_modules(&inner, &format!("{package}.{name}"), found);
        }
    }
}

fn flatten(vm: &Vm, suite: &PyObjectRef, found: &mut Vec<(String, PyObjectRef)>) -> PyResult<()> {
    if maybe(vm, suite, "_testMethodName")?.is_some() {
        let id = string(vm, &*call(vm, suite, "id", vec![])?)?;
        found.push((id, suite.clone()));
        return Ok(());
    }
    for inner in items(vm, suite)? {
        flatten(vm, &inner, found)?;
    }
    Ok(())
}

/// Stable: inside each kind, classes and tests stay as they were found.
fn sort(vm: &Vm, tests: &mut Vec<(String, PyObjectRef)>) -> PyResult<()> {
    let first = class_of(vm, "django.test.testcases", "TestCase")?;
    let second = class_of(vm, "django.test.testcases", "SimpleTestCase")?;
    let mut ranked = vec![];
    for (id, test) in tests.drain(..) {
        let rank = if test.is_instance(first.as_object(), vm)? {
            0
        } else if test.is_instance(second.as_object(), vm)? {
            1
        } else {
            2
        };
        ranked.push((rank, id, test));
    }
    ranked.sort_by_key(|(rank, _, _)| *rank);
    tests.extend(ranked.into_iter().map(|(_, id, test)| (id, test)));
    Ok(())
}

/// Runs tests; the listener hears of each.
pub fn run(vm: &Vm, tests: Vec<PyObjectRef>, listener: Listener) -> PyResult<()> {
    LISTENER.set(Some(listener));
    let result = result_class(vm)?.call((), vm)?;
    let unittest = module(vm, "unittest")?;
    let suite = call(
        vm,
        &unittest,
        "TestSuite",
        vec![vm.ctx.new_list(tests).into()],
    )?;
    let ended = call(vm, &suite, "run", vec![result]);
    LISTENER.set(None);
    ended.map(drop)
}

fn result_class(vm: &Vm) -> PyResult {
    let base = class_of(vm, "unittest", "TestResult")?;
    let made = class(vm, "django.test.runner", "ReportingResult", &[base], |c| {
        c.method(
            "startTest",
            |this: PyObjectRef, test: PyObjectRef, vm: &Vm| -> PyResult<()> {
                let run: i64 = attr(vm, &this, "testsRun")?.try_into_value(vm)?;
                set(vm, &this, "testsRun", vm.ctx.new_int(run + 1))?;
                let id = string(vm, &*call(vm, &test, "id", vec![])?)?;
                CURRENT.set(Some((id.clone(), None)));
                tell(Event::Begun(id));
                Ok(())
            },
        );
        c.method("stopTest", |_: PyObjectRef, _test: PyObjectRef| {
            if let Some((id, ended)) = CURRENT.take() {
                let (outcome, text) = ended.unwrap_or((Outcome::Passed, String::new()));
                tell(Event::Ended(id, outcome, text));
            }
        });
        c.method("addSuccess", |_: PyObjectRef, _test: PyObjectRef| {});
        c.method(
            "addError",
            |this: PyObjectRef, test: PyObjectRef, info: PyObjectRef, vm: &Vm| {
                note(vm, &this, &test, Outcome::Error, &info)
            },
        );
        c.method(
            "addFailure",
            |this: PyObjectRef, test: PyObjectRef, info: PyObjectRef, vm: &Vm| {
                note(vm, &this, &test, Outcome::Failed, &info)
            },
        );
        c.method("addSubTest", add_sub_test);
        c.method(
            "addSkip",
            |_: PyObjectRef, test: PyObjectRef, why: PyObjectRef, vm: &Vm| -> PyResult<()> {
                keep(vm, &test, Outcome::Skipped, string(vm, &why)?)
            },
        );
        c.method(
            "addExpectedFailure",
            |_: PyObjectRef, test: PyObjectRef, _info: PyObjectRef, vm: &Vm| {
                keep(vm, &test, Outcome::ExpectedFailure, String::new())
            },
        );
        c.method(
            "addUnexpectedSuccess",
            |_: PyObjectRef, test: PyObjectRef, vm: &Vm| {
                keep(vm, &test, Outcome::UnexpectedSuccess, String::new())
            },
        );
    })?;
    modules::export(vm, "django.test.runner", "ReportingResult", made.clone())?;
    Ok(made.into())
}

/// An exception of a test, as `(class, exception, traceback)`.
fn note(
    vm: &Vm,
    _result: &PyObjectRef,
    test: &PyObjectRef,
    outcome: Outcome,
    info: &PyObjectRef,
) -> PyResult<()> {
    let error = info.get_item(&1, vm)?;
    let text = match error.downcast::<rustpython_vm::builtins::PyBaseException>() {
        Ok(error) => python::failure::describe(vm, &error).traceback,
        Err(_) => String::new(),
    };
    keep(vm, test, outcome, text)
}

/// The worst outcome of a test stays.
fn keep(vm: &Vm, test: &PyObjectRef, outcome: Outcome, text: String) -> PyResult<()> {
    let id = string(vm, &*call(vm, test, "id", vec![])?)?;
    let inside = CURRENT.with_borrow(|c| c.as_ref().is_some_and(|(current, _)| *current == id));
    if inside {
        CURRENT.with_borrow_mut(|c| {
            if let Some((_, held)) = c {
                let worse = held
                    .as_ref()
                    .is_none_or(|(now, _)| rank(outcome) > rank(*now));
                if worse {
                    *held = Some((outcome, text));
                }
            }
        });
    } else if maybe(vm, test, "_testMethodName")?.is_some() {
        // Before `startTest` (a skipped test) or after `stopTest` (a failed clean-up).
        tell(Event::Ended(id, outcome, text));
    } else {
        tell(Event::Outside(id, text));
    }
    Ok(())
}

fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Passed => 0,
        Outcome::Skipped => 1,
        Outcome::ExpectedFailure | Outcome::UnexpectedSuccess => 2,
        Outcome::Failed => 3,
        Outcome::Error => 4,
    }
}

fn add_sub_test(
    this: PyObjectRef,
    test: PyObjectRef,
    _sub: PyObjectRef,
    info: PyObjectRef,
    vm: &Vm,
) -> PyResult<()> {
    if vm.is_none(&info) {
        return Ok(());
    }
    let class = info.get_item(&0, vm)?;
    let failed = class.is_subclass(&*attr(vm, &test, "failureException")?, vm)?;
    let outcome = if failed {
        Outcome::Failed
    } else {
        Outcome::Error
    };
    note(vm, &this, &test, outcome, &info)
}
