//! `migrations.CreateModel` and its kin as Python classes; `migrations.Migration`.
//!
//! An operation keeps its arguments as attributes, as in Django; Rust's operation is made of them
//! when it is needed.
use super::convert_operation::{self, base_name};
use super::project_state::PyProjectState;
use super::{custom, editor};
use crate::class::{Class, class};
use crate::convert::to_value;
use crate::error::OrRaise;
use crate::modules;
use crate::py;
use orm_migrations::ProjectState;
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// What an argument is when it is not given.
#[derive(Clone, Copy)]
enum Missing {
    Required,
    None,
    True,
    False,
    List,
    Dict,
}
use Missing::{Dict, False, List, None as Nothing, Required, True};

type Signature = &'static [(&'static str, Missing)];

/// Every operation: its module, name and arguments. Source: "Migration Operations".
const OPERATIONS: &[(&str, &str, &str, Signature)] = &[
    (
        "models",
        "CreateModel",
        "+",
        &[
            ("name", Required),
            ("fields", Required),
            ("options", Dict),
            ("bases", Nothing),
            ("managers", List),
        ],
    ),
    ("models", "DeleteModel", "-", &[("name", Required)]),
    (
        "models",
        "RenameModel",
        "~",
        &[("old_name", Required), ("new_name", Required)],
    ),
    (
        "models",
        "AlterModelTable",
        "~",
        &[("name", Required), ("table", Required)],
    ),
    (
        "models",
        "AlterModelTableComment",
        "~",
        &[("name", Required), ("table_comment", Required)],
    ),
    (
        "models",
        "AlterUniqueTogether",
        "~",
        &[("name", Required), ("unique_together", Required)],
    ),
    (
        "models",
        "AlterIndexTogether",
        "~",
        &[("name", Required), ("index_together", Required)],
    ),
    (
        "models",
        "AlterOrderWithRespectTo",
        "~",
        &[("name", Required), ("order_with_respect_to", Required)],
    ),
    (
        "models",
        "AlterModelOptions",
        "~",
        &[("name", Required), ("options", Required)],
    ),
    (
        "models",
        "AlterModelManagers",
        "~",
        &[("name", Required), ("managers", Required)],
    ),
    (
        "models",
        "AddIndex",
        "+",
        &[("model_name", Required), ("index", Required)],
    ),
    (
        "models",
        "RemoveIndex",
        "-",
        &[("model_name", Required), ("name", Required)],
    ),
    (
        "models",
        "RenameIndex",
        "~",
        &[
            ("model_name", Required),
            ("new_name", Required),
            ("old_name", Nothing),
            ("old_fields", Nothing),
        ],
    ),
    (
        "models",
        "AddConstraint",
        "+",
        &[("model_name", Required), ("constraint", Required)],
    ),
    (
        "models",
        "RemoveConstraint",
        "-",
        &[("model_name", Required), ("name", Required)],
    ),
    (
        "models",
        "AlterConstraint",
        "~",
        &[
            ("model_name", Required),
            ("name", Required),
            ("constraint", Required),
        ],
    ),
    (
        "fields",
        "AddField",
        "+",
        &[
            ("model_name", Required),
            ("name", Required),
            ("field", Required),
            ("preserve_default", True),
        ],
    ),
    (
        "fields",
        "RemoveField",
        "-",
        &[("model_name", Required), ("name", Required)],
    ),
    (
        "fields",
        "AlterField",
        "~",
        &[
            ("model_name", Required),
            ("name", Required),
            ("field", Required),
            ("preserve_default", True),
        ],
    ),
    (
        "fields",
        "RenameField",
        "~",
        &[
            ("model_name", Required),
            ("old_name", Required),
            ("new_name", Required),
        ],
    ),
    (
        "special",
        "RunSQL",
        "s",
        &[
            ("sql", Required),
            ("reverse_sql", Nothing),
            ("state_operations", List),
            ("hints", Dict),
            ("elidable", False),
        ],
    ),
    (
        "special",
        "RunPython",
        "p",
        &[
            ("code", Required),
            ("reverse_code", Nothing),
            ("atomic", Nothing),
            ("hints", Dict),
            ("elidable", False),
        ],
    ),
    (
        "special",
        "SeparateDatabaseAndState",
        "?",
        &[("database_operations", List), ("state_operations", List)],
    ),
];

/// The classes between `Operation` and the operations: module, name, parent.
const KINDS: &[(&str, &str, &str)] = &[
    ("models", "ModelOperation", ""),
    ("models", "ModelOptionOperation", "ModelOperation"),
    (
        "models",
        "AlterTogetherOptionOperation",
        "ModelOptionOperation",
    ),
    ("models", "IndexOperation", ""),
    ("fields", "FieldOperation", ""),
];

/// The class an operation inherits from.
fn kind_of(name: &str) -> &'static str {
    match name {
        "CreateModel" | "DeleteModel" | "RenameModel" => "ModelOperation",
        "AlterUniqueTogether" | "AlterIndexTogether" => "AlterTogetherOptionOperation",
        "AddField" | "RemoveField" | "AlterField" | "RenameField" => "FieldOperation",
        "AddIndex" | "RemoveIndex" | "RenameIndex" | "AddConstraint" | "RemoveConstraint"
        | "AlterConstraint" => "IndexOperation",
        "RunSQL" | "RunPython" | "SeparateDatabaseAndState" => "",
        _ => "ModelOptionOperation",
    }
}

fn signature(name: &str) -> Option<Signature> {
    OPERATIONS.iter().find(|o| o.1 == name).map(|o| o.3)
}

/// The names of an operation's arguments, in order.
pub fn argument_names(name: &str) -> Vec<&'static str> {
    signature(name)
        .into_iter()
        .flatten()
        .map(|(n, _)| *n)
        .collect()
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let base = class(
        vm,
        "django.db.migrations.operations.base",
        "Operation",
        &[],
        |c| base(c, vm),
    )?;
    modules::export(
        vm,
        "django.db.migrations.operations.base",
        "Operation",
        base.clone(),
    )?;
    let mut kinds: Vec<(&str, PyTypeRef)> = vec![];
    for (module, name, parent) in KINDS {
        let parent = kinds.iter().find(|(n, _)| n == parent);
        let parent = parent.map_or_else(|| base.clone(), |(_, c)| c.clone());
        let path = format!("django.db.migrations.operations.{module}");
        let made = class(vm, &path, name, &[parent], |c| {
            super::neighbours::kind(c, name)
        })?;
        modules::export(vm, &path, name, made.clone())?;
        kinds.push((name, made));
    }
    let paths = ["django.db.migrations", "django.db.migrations.operations"];
    for (module, name, category, _) in OPERATIONS {
        let module = format!("django.db.migrations.operations.{module}");
        let parent = kinds.iter().find(|(n, _)| *n == kind_of(name));
        let parent = parent.map_or_else(|| base.clone(), |(_, c)| c.clone());
        let made = class(vm, &module, name, &[parent], |c| {
            c.attr("_builtin", vm.ctx.new_str(*name));
            c.attr("category", vm.ctx.new_str(*category));
            special(c, name, vm);
        })?;
        modules::export_all(vm, &paths, name, made.clone())?;
        modules::export(vm, &module, name, made)?;
    }
    let migration = class(
        vm,
        "django.db.migrations.migration",
        "Migration",
        &[],
        |c| migration(c, vm),
    )?;
    modules::export_all(
        vm,
        &["django.db.migrations", "django.db.migrations.migration"],
        "Migration",
        migration,
    )?;
    let swappable = vm.new_function(
        "swappable_dependency",
        |value: PyObjectRef, vm: &Vm| -> PyResult {
            let text = py::to_string(vm, &value)?;
            let label = text.split('.').next().unwrap_or_default().to_string();
            let tuple = modules::find(vm, "django.db.migrations.migration", "SwappableTuple")?;
            let pair = vm
                .ctx
                .new_tuple(vec![py::str(vm, label), py::str(vm, "__first__")]);
            let made = tuple.call((pair,), vm)?;
            py::set_attr(vm, &made, "setting", value)?;
            Ok(made)
        },
    );
    modules::export_all(
        vm,
        &["django.db.migrations", "django.db.migrations.migration"],
        "swappable_dependency",
        swappable,
    )?;
    let tuple_type: PyTypeRef = vm.ctx.types.tuple_type.to_owned();
    let tuple = class(
        vm,
        "django.db.migrations.migration",
        "SwappableTuple",
        &[tuple_type],
        |_| {},
    )?;
    modules::export(
        vm,
        "django.db.migrations.migration",
        "SwappableTuple",
        tuple,
    )
}

fn base(c: &mut Class, vm: &Vm) {
    for (name, value) in [
        ("reversible", true),
        ("reduces_to_sql", true),
        ("atomic", false),
        ("elidable", false),
    ] {
        c.attr(name, vm.ctx.new_bool(value));
    }
    c.attr("serialization_expand_args", vm.ctx.new_list(vec![]));
    c.attr("category", vm.ctx.none());
    c.staticmethod("__new__", |mut args: FuncArgs, vm: &Vm| -> PyResult {
        if args.args.is_empty() {
            return Err(vm.new_type_error("Operation.__new__(): not enough arguments"));
        }
        let cls = args.args.remove(0);
        let object: PyObjectRef = vm.ctx.types.object_type.to_owned().into();
        let made = py::call(vm, &object, "__new__", vec![cls])?;
        let kwargs = vm.ctx.new_dict();
        for (k, v) in &args.kwargs {
            kwargs.set_item(&*k.to_string_lossy(), v.clone(), vm)?;
        }
        let given = vm.ctx.new_tuple(args.args);
        py::set_attr(
            vm,
            &made,
            "_constructor_args",
            vm.ctx.new_tuple(vec![given.into(), kwargs.into()]),
        )?;
        Ok(made)
    });
    c.method("__init__", init);
    c.method("deconstruct", |o: PyObjectRef, vm: &Vm| deconstruct(vm, &o));
    c.method("describe", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
        match base_name(vm, &o)? {
            Some(name) if name == "RunPython" => Ok("Raw Python operation".into()),
            Some(name) => Ok(convert_operation::of_base(vm, &o, &name)?.describe()),
            None => {
                let args = py::attr(vm, &o, "_constructor_args")?;
                Ok(format!("{}: {}", o.class().name(), py::repr(vm, &args)?))
            }
        }
    });
    c.method(
        "formatted_description",
        |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
            let text = py::to_string(vm, &py::call(vm, &o, "describe", vec![])?)?;
            let category = py::attr(vm, &o, "category")?;
            let mark = if vm.is_none(&category) {
                "?".into()
            } else {
                py::to_string(vm, &category)?
            };
            Ok(format!("{mark} {text}"))
        },
    );
    c.getter("migration_name_fragment", |o, vm| {
        let name = base_name(vm, &o)?;
        let fragment = match name {
            Some(name) if name != "RunPython" => {
                convert_operation::of_base(vm, &o, &name)?.migration_name_fragment()
            }
            _ => None,
        };
        Ok(py::opt_str(vm, fragment.as_deref()))
    });
    c.method(
        "state_forwards",
        |o: PyObjectRef, app: String, state: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let name = known(vm, &o, "state_forwards")?;
            if name == "RunPython" {
                return Ok(());
            }
            let op = convert_operation::of_base(vm, &o, &name)?;
            let state = PyProjectState::of(vm, &state)?;
            state.change(vm, |s| op.state_forwards(&app, s))
        },
    );
    c.method(
        "database_forwards",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| database(vm, &o, args, true),
    );
    c.method(
        "database_backwards",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| database(vm, &o, args, false),
    );
    super::neighbours::methods(c);
    c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
        let given = py::list(vm, &py::attr(vm, &o, "_constructor_args")?)?;
        let [args, kwargs] = given.as_slice() else {
            return Ok(format!("<{}>", o.class().name()));
        };
        let args = py::list(vm, args)?
            .iter()
            .map(|a| py::repr(vm, a))
            .collect::<PyResult<Vec<_>>>()?;
        let mut parts = vec![];
        if let Ok(kwargs) = kwargs.clone().downcast::<rustpython_vm::builtins::PyDict>() {
            for (k, v) in py::dict_items(vm, &kwargs)? {
                parts.push(format!(" {k}={}", py::repr(vm, &v)?));
            }
        }
        Ok(format!(
            "<{} {}{}>",
            o.class().name(),
            args.join(", "),
            parts.join(",")
        ))
    });
}

fn known(vm: &Vm, o: &PyObject, method: &str) -> PyResult<String> {
    base_name(vm, o)?.ok_or_else(|| {
        vm.new_not_implemented_error(format!(
            "subclasses of Operation must provide a {method}() method"
        ))
    })
}

fn database(vm: &Vm, o: &PyObject, args: FuncArgs, forwards: bool) -> PyResult<()> {
    let method = if forwards {
        "database_forwards"
    } else {
        "database_backwards"
    };
    let name = known(vm, o, method)?;
    let [app, schema_editor, from, to] = args.args.as_slice() else {
        return Err(vm.new_type_error(format!("{method}() takes 4 arguments")));
    };
    let app = py::to_string(vm, app)?;
    if name == "RunPython" {
        return custom::run_python(vm, o, &app, schema_editor.clone(), from, forwards);
    }
    let op = convert_operation::of_base(vm, o, &name)?;
    let state = |o: &PyObjectRef| -> PyResult<ProjectState> {
        if vm.is_none(o) {
            return Ok(ProjectState::default());
        }
        PyProjectState::of(vm, o)?.snapshot(vm)
    };
    let (from, to) = (state(from)?, state(to)?);
    let Some(editor) = schema_editor.downcast_ref::<editor::PySchemaEditor>() else {
        return Err(vm.new_type_error("not a schema editor"));
    };
    editor.with(vm, |e| {
        if forwards {
            op.database_forwards(&app, e, &from, &to)
        } else {
            op.database_backwards(&app, e, &from, &to)
        }
    })
}

/// `__init__` of every operation: arguments become attributes.
pub fn init(o: PyObjectRef, args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let Some(name) = base_name(vm, &o)? else {
        return Ok(());
    };
    let signature = signature(&name).unwrap_or_default();
    let mut args = args;
    if args.args.len() > signature.len() {
        return Err(vm.new_type_error(format!(
            "{name}.__init__() takes {} positional arguments but {} were given",
            signature.len() + 1,
            args.args.len() + 1
        )));
    }
    let mut missing = vec![];
    for (arg, default) in signature {
        let given = args.take_positional_keyword(arg);
        let value: PyObjectRef = match (given, default) {
            (Some(v), Missing::List) if !v.clone().is_true(vm)? => vm.ctx.new_list(vec![]).into(),
            (Some(v), Missing::Dict) if !v.clone().is_true(vm)? => vm.ctx.new_dict().into(),
            (Some(v), _) => v,
            (None, Missing::Required) => {
                missing.push(format!("'{arg}'"));
                continue;
            }
            (None, Missing::None) => vm.ctx.none(),
            (None, Missing::True) => vm.ctx.new_bool(true).into(),
            (None, Missing::False) => vm.ctx.new_bool(false).into(),
            (None, Missing::List) => vm.ctx.new_list(vec![]).into(),
            (None, Missing::Dict) => vm.ctx.new_dict().into(),
        };
        py::set_attr(vm, &o, arg, value)?;
    }
    if let Some((unknown, _)) = args.kwargs.first() {
        return Err(vm.new_type_error(format!(
            "{name}.__init__() got an unexpected keyword argument '{unknown}'"
        )));
    }
    if !missing.is_empty() {
        let plural = if missing.len() == 1 { "" } else { "s" };
        return Err(vm.new_type_error(format!(
            "{name}.__init__() missing {} required positional argument{plural}: {}",
            missing.len(),
            missing.join(" and ")
        )));
    }
    check(vm, &o, &name)
}

/// Refuses what was there before.
fn unlike(vm: &Vm, seen: &mut Vec<String>, one: String, argument: &str) -> PyResult<()> {
    if seen.contains(&one) {
        return Err(vm.new_value_error(format!(
            "Found duplicate value {one} in CreateModel {argument} argument."
        )));
    }
    seen.push(one);
    Ok(())
}

/// Only `models.Model`?
fn usual_bases(vm: &Vm, bases: &PyObject) -> PyResult<bool> {
    let model = modules::find(vm, "django.db.models", "Model")?;
    Ok(matches!(py::list(vm, bases)?.as_slice(), [one] if one.is(&model)))
}

/// Only `objects`, a plain manager?
fn usual_managers(vm: &Vm, managers: &PyObject) -> PyResult<bool> {
    let manager = modules::find(vm, "django.db.models", "Manager")?.call((), vm)?;
    let usual = vm.ctx.new_tuple(vec![py::str(vm, "objects"), manager]);
    match py::list(vm, managers)?.as_slice() {
        [one] => py::eq(vm, one, usual.as_object()),
        _ => Ok(false),
    }
}

fn check(vm: &Vm, o: &PyObject, name: &str) -> PyResult<()> {
    match name {
        "RunPython" => {
            if !py::attr(vm, o, "code")?.is_callable() {
                return Err(vm.new_value_error("RunPython must be supplied with a callable"));
            }
            let reverse = py::attr(vm, o, "reverse_code")?;
            if !vm.is_none(&reverse) && !reverse.is_callable() {
                return Err(
                    vm.new_value_error("RunPython must be supplied with callable arguments")
                );
            }
        }
        "CreateModel" => {
            let bases = py::attr(vm, o, "bases")?;
            if !bases.clone().is_true(vm)? {
                let model = modules::find(vm, "django.db.models", "Model")?;
                py::set_attr(vm, o, "bases", vm.ctx.new_tuple(vec![model]))?;
            }
            let mut seen: Vec<String> = vec![];
            for pair in py::list(vm, &py::attr(vm, o, "fields")?)? {
                let pair = py::list(vm, &pair)?;
                let Some(first) = pair.first() else { continue };
                let field = py::to_string(vm, first)?;
                if seen.contains(&field) {
                    return Err(vm.new_value_error(format!(
                        "Found duplicate value {field} in CreateModel fields argument."
                    )));
                }
                seen.push(field);
            }
            let mut seen: Vec<String> = vec![];
            for base in py::list(vm, &py::attr(vm, o, "bases")?)? {
                let label = match py::attr_opt(vm, &base, "_meta")? {
                    Some(meta) => py::to_string(vm, &py::attr(vm, &meta, "label_lower")?)?,
                    None => match py::as_string(&base) {
                        Some(label) => label.to_lowercase(),
                        None => py::repr(vm, &base)?,
                    },
                };
                unlike(vm, &mut seen, label, "bases")?;
            }
            let mut seen: Vec<String> = vec![];
            let managers = py::attr(vm, o, "managers")?;
            for pair in py::list(vm, &managers)? {
                if let Some(name) = py::list(vm, &pair)?.first() {
                    unlike(vm, &mut seen, py::to_string(vm, name)?, "managers")?;
                }
            }
        }
        "AddIndex" => {
            let index = py::attr(vm, o, "index")?;
            if !py::attr(vm, &index, "name")?.is_true(vm)? {
                return Err(vm.new_value_error(format!(
                    "Indexes passed to AddIndex operations require a name argument. {} doesn't \
                     have one.",
                    py::repr(vm, &index)?
                )));
            }
        }
        "AlterUniqueTogether" | "AlterIndexTogether" => {
            let option = together_option(name);
            let given = py::attr(vm, o, option)?;
            if given.clone().is_true(vm)? {
                let sets = orm_migrations::state::together(&to_value(vm, &given)?);
                let tuples = sets.iter().map(|names| {
                    let names = names.iter().map(|n| py::str(vm, n)).collect();
                    vm.ctx.new_tuple(names).into()
                });
                let tuples = vm.ctx.new_list(tuples.collect());
                let set = vm.ctx.types.set_type.as_object().call((tuples,), vm)?;
                py::set_attr(vm, o, option, set)?;
            }
        }
        "RenameIndex" => {
            let old_name = py::attr(vm, o, "old_name")?.is_true(vm)?;
            let old_fields = py::attr(vm, o, "old_fields")?.is_true(vm)?;
            if !old_name && !old_fields {
                return Err(vm.new_value_error(
                    "RenameIndex requires one of old_name and old_fields arguments to be set.",
                ));
            }
            if old_name && old_fields {
                return Err(vm.new_value_error(
                    "RenameIndex.old_name and old_fields are mutually exclusive.",
                ));
            }
        }
        _ => {}
    }
    Ok(())
}

/// The option that an operation on groups of fields changes, by the operation's name.
fn together_option(name: &str) -> &'static str {
    match name {
        "AlterUniqueTogether" => "unique_together",
        _ => "index_together",
    }
}

fn deconstruct(vm: &Vm, o: &PyObject) -> PyResult {
    let kwargs = vm.ctx.new_dict();
    match base_name(vm, o)? {
        Some(name) => {
            for (arg, default) in signature(&name).unwrap_or_default() {
                let value = py::attr(vm, o, arg)?;
                let given = match default {
                    Missing::Required => true,
                    Missing::True => !value.clone().is_true(vm)?,
                    Missing::None => !vm.is_none(&value),
                    _ => value.clone().is_true(vm)?,
                };
                let given = given
                    && !(*arg == "bases" && usual_bases(vm, &value)?)
                    && !(*arg == "managers" && usual_managers(vm, &value)?);
                if given {
                    kwargs.set_item(*arg, value, vm)?;
                }
            }
            let args = vm.ctx.new_list(vec![]);
            let class = vm.ctx.new_str(o.class().name().to_string());
            Ok(vm
                .ctx
                .new_tuple(vec![class.into(), args.into(), kwargs.into()])
                .into())
        }
        None => {
            let given = py::list(vm, &py::attr(vm, o, "_constructor_args")?)?;
            let mut parts = vec![vm.ctx.new_str(o.class().name().to_string()).into()];
            parts.extend(given);
            Ok(vm.ctx.new_tuple(parts).into())
        }
    }
}

/// What single operations have besides.
fn special(c: &mut Class, name: &str, vm: &Vm) {
    let expand = |names: &[&str]| {
        vm.ctx
            .new_list(names.iter().map(|n| vm.ctx.new_str(*n).into()).collect())
    };
    match name {
        "CreateModel" => c.attr(
            "serialization_expand_args",
            expand(&["fields", "options", "managers"]),
        ),
        "AlterModelManagers" => c.attr("serialization_expand_args", expand(&["managers"])),
        "SeparateDatabaseAndState" => {
            c.attr(
                "serialization_expand_args",
                expand(&["database_operations", "state_operations"]),
            );
        }
        "AlterUniqueTogether" | "AlterIndexTogether" => {
            c.attr("option_name", vm.ctx.new_str(together_option(name)));
            c.getter("option_value", |o, vm| {
                let option = py::to_string(vm, &py::attr(vm, &o, "option_name")?)?;
                py::attr(vm, &o, &option)
            });
        }
        "AlterOrderWithRespectTo" => {
            c.attr("option_name", vm.ctx.new_str("order_with_respect_to"));
        }
        "RunSQL" => {
            c.attr("noop", vm.ctx.new_str(""));
            c.getter("reversible", |o, vm| {
                let reverse = py::attr(vm, &o, "reverse_sql")?;
                Ok(py::bool(vm, !vm.is_none(&reverse)))
            });
        }
        "RunPython" => {
            c.attr("reduces_to_sql", vm.ctx.new_bool(false));
            c.getter("reversible", |o, vm| {
                let reverse = py::attr(vm, &o, "reverse_code")?;
                Ok(py::bool(vm, !vm.is_none(&reverse)))
            });
            c.staticmethod("noop", |_args: FuncArgs, vm: &Vm| vm.ctx.none());
        }
        _ => {}
    }
}

fn migration(c: &mut Class, vm: &Vm) {
    for name in ["operations", "dependencies", "run_before", "replaces"] {
        c.attr(name, vm.ctx.new_list(vec![]));
    }
    c.attr("initial", vm.ctx.none());
    c.attr("atomic", vm.ctx.new_bool(true));
    c.method(
        "__init__",
        |o: PyObjectRef, name: PyObjectRef, app_label: PyObjectRef, vm: &Vm| -> PyResult<()> {
            py::set_attr(vm, &o, "name", name)?;
            py::set_attr(vm, &o, "app_label", app_label)?;
            for part in ["operations", "dependencies", "run_before", "replaces"] {
                let own = py::attr(vm, o.class().as_object(), part)?;
                py::set_attr(vm, &o, part, vm.ctx.new_list(py::list(vm, &own)?))?;
            }
            Ok(())
        },
    );
    super::apply::methods(c);
    c.method("__str__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
        label(vm, &o)
    });
    c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
        Ok(format!("<Migration {}>", label(vm, &o)?))
    });
    c.method("__hash__", |o: PyObjectRef, vm: &Vm| -> PyResult<i64> {
        py::str(vm, label(vm, &o)?).hash(vm)
    });
    c.method(
        "__eq__",
        |o: PyObjectRef, other: PyObjectRef, vm: &Vm| -> PyResult<bool> {
            Ok(other.class().fast_issubclass(o.class()) && label(vm, &o)? == label(vm, &other)?)
        },
    );
    c.method(
        "suggest_name",
        |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
            let m = super::loader::migration_of(vm, &o)?;
            Ok(m.suggest_name(&super::project::timestamp(vm, true).or_raise(vm)?))
        },
    );
}

fn label(vm: &Vm, o: &PyObject) -> PyResult<String> {
    let app = py::to_string(vm, &py::attr(vm, o, "app_label")?)?;
    let name = py::to_string(vm, &py::attr(vm, o, "name")?)?;
    Ok(format!("{app}.{name}"))
}
