//! `MigrationQuestioner` and its kin: who answers the autodetector, for and from Python.
use super::{model_state, to_python};
use crate::class::{Class, class};
use crate::convert;
use crate::error::{OrForeign, OrRaise};
use crate::management::interactive::Asker;
use crate::management::output::Output;
use crate::management::questions::field_default;
use crate::{modules, py};
use orm_migrations::{ModelState, Questioner};
use orm_state::field::FieldDefault;
use orm_state::{Field, Result, Value};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

const MODULE: &str = "django.db.migrations.questioner";

/// A Python questioner as Rust asks it.
pub struct PyQuestioner(pub PyObjectRef);

impl PyQuestioner {
    fn ask(&self, method: &str, args: &[&str]) -> Result<PyObjectRef> {
        with_current_vm(|vm| {
            let args = args.iter().map(|a| py::str(vm, a)).collect();
            py::call(vm, &self.0, method, args).or_foreign()
        })
    }
    fn default(&self, method: &str, args: &[&str]) -> Result<FieldDefault> {
        let answer = self.ask(method, args)?;
        with_current_vm(|vm| default_of(vm, answer).or_foreign())
    }
    fn yes(&self, answer: PyObjectRef) -> Result<bool> {
        with_current_vm(|vm| answer.is_true(vm).or_foreign())
    }
}

fn not_provided(vm: &Vm) -> PyResult {
    modules::find(vm, "django.db.models.fields", "NOT_PROVIDED")
}

fn default_of(vm: &Vm, answer: PyObjectRef) -> PyResult<FieldDefault> {
    if answer.is(&not_provided(vm)?) {
        return Ok(FieldDefault::NotProvided);
    }
    field_default(vm, answer)
}

fn to_answer(vm: &Vm, default: FieldDefault) -> PyResult {
    match default {
        FieldDefault::NotProvided => not_provided(vm),
        FieldDefault::Value(v) => convert::to_py(vm, &v),
        FieldDefault::Callable(c) => convert::to_py(vm, &Value::Object(c)),
    }
}

impl Questioner for PyQuestioner {
    fn ask_initial(&self, app: &str) -> Result<bool> {
        self.yes(self.ask("ask_initial", &[app])?)
    }
    fn ask_not_null_addition(&self, field: &str, model: &str) -> Result<FieldDefault> {
        self.default("ask_not_null_addition", &[field, model])
    }
    fn ask_not_null_alteration(&self, field: &str, model: &str) -> Result<FieldDefault> {
        self.default("ask_not_null_alteration", &[field, model])
    }
    fn ask_rename(&self, model: &str, old: &str, new: &str, field: &Rc<Field>) -> Result<bool> {
        with_current_vm(|vm| -> PyResult<bool> {
            let mut args: Vec<PyObjectRef> =
                [model, old, new].iter().map(|t| py::str(vm, t)).collect();
            args.push(to_python::field(vm, field)?);
            py::call(vm, &self.0, "ask_rename", args)?.is_true(vm)
        })
        .or_foreign()
    }
    fn ask_rename_model(&self, old: &ModelState, new: &ModelState) -> Result<bool> {
        with_current_vm(|vm| -> PyResult<bool> {
            let args = [old, new]
                .iter()
                .map(|s| model_state::new(vm, Rc::new((*s).clone())))
                .collect();
            py::call(vm, &self.0, "ask_rename_model", args)?.is_true(vm)
        })
        .or_foreign()
    }
    fn ask_merge(&self, app: &str) -> Result<bool> {
        self.yes(self.ask("ask_merge", &[app])?)
    }
    fn ask_auto_now_add_addition(&self, field: &str, model: &str) -> Result<FieldDefault> {
        self.default("ask_auto_now_add_addition", &[field, model])
    }
    fn ask_unique_callable_default_addition(&self, field: &str, model: &str) -> Result<()> {
        self.ask("ask_unique_callable_default_addition", &[field, model])
            .map(drop)
    }
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let base = class(vm, MODULE, "MigrationQuestioner", &[], plain)?;
    modules::export(vm, MODULE, "MigrationQuestioner", base.clone())?;
    modules::export(vm, MODULE, "sys", vm.sys_module.clone())?;
    for (name, interactive) in [
        ("InteractiveMigrationQuestioner", true),
        ("NonInteractiveMigrationQuestioner", false),
    ] {
        let made = class(vm, MODULE, name, std::slice::from_ref(&base), |c| {
            c.attr("_interactive", vm.ctx.new_bool(interactive));
            asking(c);
            if interactive {
                prompts(c);
            }
        })?;
        modules::export(vm, MODULE, name, made)?;
    }
    Ok(())
}

fn init(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    for name in ["defaults", "specified_apps", "dry_run", "verbosity"] {
        let given = args.kwargs.swap_remove(name);
        let plain = name != "verbosity" && !args.args.is_empty();
        let value = given.or_else(|| plain.then(|| args.args.remove(0)));
        let empty = match &value {
            Some(v) => !v.clone().is_true(vm)?,
            None => true,
        };
        let value = match (name, value) {
            ("defaults", _) if empty => vm.ctx.new_dict().into(),
            ("specified_apps", _) if empty => vm.ctx.types.set_type.as_object().call((), vm)?,
            (_, Some(v)) => v,
            ("verbosity", None) => vm.ctx.new_int(1).into(),
            (_, None) => vm.ctx.none(),
        };
        py::set_attr(vm, &o, name, value)?;
    }
    for name in ["prompt_output", "log"] {
        let value = args.kwargs.swap_remove(name).filter(|v| !vm.is_none(v));
        let value = match value.or_else(|| (!args.args.is_empty()).then(|| args.args.remove(0))) {
            Some(v) => v,
            None if name == "prompt_output" => vm.sys_module.get_attr("stdout", vm)?,
            None => vm.ctx.none(),
        };
        py::set_attr(vm, &o, name, value)?;
    }
    Ok(())
}

/// Answers given beforehand.
fn plain(c: &mut Class) {
    c.method("__init__", init);
    c.method("ask_initial", ask_initial);
    c.method("ask_rename", |o: PyObjectRef, _: FuncArgs, vm: &Vm| {
        known(vm, &o, "ask_rename")
    });
    c.method(
        "ask_rename_model",
        |o: PyObjectRef, _: FuncArgs, vm: &Vm| known(vm, &o, "ask_rename_model"),
    );
    c.method("ask_merge", |o: PyObjectRef, _: FuncArgs, vm: &Vm| {
        known(vm, &o, "ask_merge")
    });
    for name in [
        "ask_not_null_addition",
        "ask_not_null_alteration",
        "ask_auto_now_add_addition",
        "ask_unique_callable_default_addition",
    ] {
        c.method(name, |_: PyObjectRef, _: FuncArgs, vm: &Vm| vm.ctx.none());
    }
}

fn known(vm: &Vm, o: &PyObject, question: &str) -> PyResult {
    let defaults = py::attr(vm, o, "defaults")?;
    py::call(
        vm,
        &defaults,
        "get",
        vec![py::str(vm, question), py::bool(vm, false)],
    )
}

/// Named on the command line, or with an empty migrations package.
fn ask_initial(o: PyObjectRef, label: PyObjectRef, vm: &Vm) -> PyResult {
    let named = py::attr(vm, &o, "specified_apps")?;
    if py::list(vm, &named)?
        .iter()
        .any(|n| py::eq(vm, n, &label).unwrap_or(false))
    {
        return Ok(py::bool(vm, true));
    }
    let label = py::to_string(vm, &label)?;
    match super::loader::fresh_package(vm, &label)? {
        Some(fresh) => Ok(py::bool(vm, fresh)),
        None => known(vm, &o, "ask_initial"),
    }
}

fn asker(vm: &Vm, o: &PyObject) -> PyResult<Asker> {
    let interactive = py::attr(vm, o, "_interactive")?.is_true(vm)?;
    // A wrapper adds ends of lines of its own; questions come with theirs.
    let mut stdout = py::attr(vm, o, "prompt_output")?;
    if !interactive {
        let log = py::attr(vm, o, "log")?;
        if !vm.is_none(&log) {
            stdout = log_stream(vm, log)?;
        }
    }
    if let Some(inner) = py::attr_opt(vm, &stdout, "_out")? {
        stdout = inner;
    }
    let verbosity = py::attr(vm, o, "verbosity")?;
    let apps = py::attr(vm, o, "specified_apps")?;
    Ok(Asker {
        out: Output {
            stderr: stdout.clone(),
            stdout,
            style: None,
        },
        interactive,
        dry_run: py::attr(vm, o, "dry_run")?.is_true(vm)?,
        verbosity: verbosity.try_into_value(vm).unwrap_or(1),
        specified_apps: py::list(vm, &apps)?
            .iter()
            .map(|a| py::to_string(vm, a))
            .collect::<PyResult<_>>()?,
        fresh_apps: vec![],
    })
}

/// A stream that hands each line to a function.
fn log_stream(vm: &Vm, log: PyObjectRef) -> PyResult {
    let made = class(vm, MODULE, "LogStream", &[], |_| {})?
        .as_object()
        .call((), vm)?;
    let write = vm.new_function("write", move |text: String, vm: &Vm| -> PyResult<()> {
        let line = text.strip_suffix('\n').unwrap_or(&text);
        log.call((vm.ctx.new_str(line),), vm).map(drop)
    });
    py::set_attr(vm, &made, "write", write)?;
    Ok(made)
}

fn texts(vm: &Vm, args: &FuncArgs) -> PyResult<(String, String)> {
    let mut all = vec![];
    for name in ["field_name", "model_name"] {
        if let Some(v) = args.kwargs.get(name) {
            all.push(py::to_string(vm, v)?);
        }
    }
    for v in args.args.iter().rev() {
        all.insert(0, py::to_string(vm, v)?);
    }
    let mut all = all.into_iter();
    Ok((
        all.next().unwrap_or_default(),
        all.next().unwrap_or_default(),
    ))
}

/// Questions put to somebody, or answered for those who cannot be asked.
fn asking(c: &mut Class) {
    c.method(
        "ask_not_null_addition",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
            let (f, m) = texts(vm, &args)?;
            to_answer(
                vm,
                asker(vm, &o)?.ask_not_null_addition(&f, &m).or_raise(vm)?,
            )
        },
    );
    c.method(
        "ask_not_null_alteration",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
            let (f, m) = texts(vm, &args)?;
            to_answer(
                vm,
                asker(vm, &o)?
                    .ask_not_null_alteration(&f, &m)
                    .or_raise(vm)?,
            )
        },
    );
    c.method(
        "ask_auto_now_add_addition",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
            let (f, m) = texts(vm, &args)?;
            to_answer(
                vm,
                asker(vm, &o)?
                    .ask_auto_now_add_addition(&f, &m)
                    .or_raise(vm)?,
            )
        },
    );
    c.method(
        "ask_unique_callable_default_addition",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| -> PyResult<()> {
            let (f, m) = texts(vm, &args)?;
            asker(vm, &o)?
                .ask_unique_callable_default_addition(&f, &m)
                .or_raise(vm)
        },
    );
    c.method(
        "ask_rename",
        |o: PyObjectRef,
         model: String,
         old: String,
         new: String,
         field: PyObjectRef,
         vm: &Vm|
         -> PyResult<bool> {
            let Some(field) = super::bridge::field_of(&field) else {
                return Err(vm.new_type_error("not a field"));
            };
            asker(vm, &o)?
                .ask_rename(&model, &old, &new, &field)
                .or_raise(vm)
        },
    );
    c.method(
        "ask_rename_model",
        |o: PyObjectRef, old: PyObjectRef, new: PyObjectRef, vm: &Vm| -> PyResult<bool> {
            let state = |s: &PyObject| model_state::PyModelState::of(vm, s)?.read(vm);
            asker(vm, &o)?
                .ask_rename_model(&*state(&old)?, &*state(&new)?)
                .or_raise(vm)
        },
    );
    c.method(
        "ask_merge",
        |o: PyObjectRef, app: String, vm: &Vm| -> PyResult<bool> {
            asker(vm, &o)?.ask_merge(&app).or_raise(vm)
        },
    );
}

fn argument(vm: &Vm, call: &mut FuncArgs, name: &str) -> PyResult {
    call.take_positional_keyword(name)
        .ok_or_else(|| vm.new_type_error(format!("missing 1 required argument: '{name}'")))
}

/// The ways to ask.
fn prompts(c: &mut Class) {
    c.method(
        "_boolean_input",
        |o: PyObjectRef, mut call: FuncArgs, vm: &Vm| -> PyResult<bool> {
            let question = argument(vm, &mut call, "question")?;
            let default = match call.take_positional_keyword("default") {
                Some(d) if !vm.is_none(&d) => Some(d.is_true(vm)?),
                _ => None,
            };
            asker(vm, &o)?.yes_or(vm, &py::to_string(vm, &question)?, default)
        },
    );
    c.method(
        "_choice_input",
        |o: PyObjectRef, mut call: FuncArgs, vm: &Vm| -> PyResult<usize> {
            let question = argument(vm, &mut call, "question")?;
            let question = py::to_string(vm, &question)?;
            let choices = argument(vm, &mut call, "choices")?;
            let choices = py::list(vm, &choices)?
                .iter()
                .map(|c| py::to_string(vm, c))
                .collect::<PyResult<Vec<_>>>()?;
            let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
            asker(vm, &o)?.choice(vm, &question, &choices)
        },
    );
    c.method(
        "_ask_default",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult {
            let default = match args.take_positional_keyword("default") {
                Some(d) => py::to_string(vm, &d)?,
                None => String::new(),
            };
            to_answer(vm, asker(vm, &o)?.default(vm, &default)?)
        },
    );
}
