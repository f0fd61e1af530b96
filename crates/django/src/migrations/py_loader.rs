//! `MigrationLoader`: migration files, the graph of them, and what a connection has applied.
use super::graph::PyGraph;
use super::loader::{self, Loader, instance_of};
use super::{graph, live, project_state, to_python};
use crate::class::class;
use crate::error::{OrRaise, raise};
use crate::{modules, py};
use indexmap::{IndexMap, IndexSet};
use orm_migrations::ProjectState;
use orm_migrations::graph::Key;
use orm_migrations::graph::build::{Source, build};
use rustpython_vm::builtins::{PyDict, PyDictRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

const MODULE: &str = "django.db.migrations.loader";

pub fn install(vm: &Vm) -> PyResult<()> {
    modules::export(
        vm,
        MODULE,
        "MIGRATIONS_MODULE_NAME",
        py::str(vm, "migrations"),
    )?;
    let made = class(vm, MODULE, "MigrationLoader", &[], |c| {
        c.method("__init__", init);
        c.method("load_disk", |o: PyObjectRef, vm: &Vm| load_disk(vm, &o));
        c.method("build_graph", |o: PyObjectRef, vm: &Vm| build_graph(vm, &o));
        c.method(
            "get_migration",
            |o: PyObjectRef, app: PyObjectRef, name: PyObjectRef, vm: &Vm| -> PyResult {
                let key = vm.ctx.new_tuple(vec![app, name]);
                let graph = py::attr(vm, &o, "graph")?;
                py::attr(vm, &graph, "nodes")?.get_item(key.as_object(), vm)
            },
        );
        c.method("get_migration_by_prefix", by_prefix);
        c.method(
            "check_consistent_history",
            |o: PyObjectRef, connection: PyObjectRef, vm: &Vm| check_history(vm, &o, &connection),
        );
        c.method(
            "all_replaced_applied",
            |o: PyObjectRef, key: PyObjectRef, applied: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                let replacements = replacements(vm, &o)?;
                let applied = keys_of(vm, &applied)?;
                Ok(all_replaced(
                    &graph::key(vm, &key)?,
                    &replacements,
                    &applied,
                    99,
                ))
            },
        );
        c.method("detect_conflicts", |o: PyObjectRef, vm: &Vm| -> PyResult {
            let out = vm.ctx.new_dict();
            let graph = py::attr(vm, &o, "graph")?;
            for (app, names) in PyGraph::of(vm, &graph)?.nodes.borrow().detect_conflicts() {
                let names = names.iter().map(|n| py::str(vm, n)).collect();
                out.set_item(app.as_str(), vm.ctx.new_list(names).into(), vm)?;
            }
            Ok(out.into())
        });
        c.method(
            "project_state",
            |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
                let graph = py::attr(vm, &o, "graph")?;
                let mut args = args;
                let unmigrated = py::attr(vm, &o, "unmigrated_apps")?;
                args.kwargs.insert("real_apps".into(), unmigrated);
                py::attr(vm, &graph, "make_state")?.call(args, vm)
            },
        );
        c.method("collect_sql", collect_sql);
        c.classmethod(
            "migrations_module",
            |_: PyObjectRef, app: String, vm: &Vm| -> PyResult {
                let (package, explicit) = loader::package_of(vm, &app)?;
                let package = py::opt_str(vm, package.as_deref());
                Ok(vm
                    .ctx
                    .new_tuple(vec![package, py::bool(vm, explicit)])
                    .into())
            },
        );
    })?;
    modules::export(vm, MODULE, "MigrationLoader", made)
}

fn init(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let Some(connection) = args.take_positional_keyword("connection") else {
        return Err(vm.new_type_error("MigrationLoader needs a connection, or None"));
    };
    py::set_attr(vm, &o, "connection", connection)?;
    let mut flag = |name: &str, default: bool| -> PyResult<bool> {
        args.take_positional_keyword(name)
            .map_or(Ok(default), |v| v.is_true(vm))
    };
    let load = flag("load", true)?;
    let ignore = flag("ignore_no_migrations", false)?;
    let replace = flag("replace_migrations", true)?;
    py::set_attr(vm, &o, "ignore_no_migrations", py::bool(vm, ignore))?;
    py::set_attr(vm, &o, "replace_migrations", py::bool(vm, replace))?;
    for name in ["disk_migrations", "applied_migrations", "graph"] {
        py::set_attr(vm, &o, name, vm.ctx.none())?;
    }
    if load {
        py::call(vm, &o, "build_graph", vec![])?;
    }
    Ok(())
}

fn set(vm: &Vm, items: Vec<PyObjectRef>) -> PyResult {
    let list = vm.ctx.new_list(items);
    vm.ctx.types.set_type.as_object().call((list,), vm)
}

fn load_disk(vm: &Vm, o: &PyObject) -> PyResult<()> {
    let ignore = py::attr(vm, o, "ignore_no_migrations")?.is_true(vm)?;
    let loaded = Loader::load_all(vm, ignore)?;
    let (mut migrated, mut unmigrated) = (vec![], vec![]);
    for app in &loaded.apps {
        let side = if app.migrated {
            &mut migrated
        } else {
            &mut unmigrated
        };
        side.push(py::str(vm, &app.label));
    }
    let disk = vm.ctx.new_dict();
    for m in &loaded.migrations {
        disk.set_item(&*to_python::key(vm, &m.key()), instance_of(vm, m)?, vm)?;
    }
    py::set_attr(vm, o, "disk_migrations", disk)?;
    py::set_attr(vm, o, "migrated_apps", set(vm, migrated)?)?;
    py::set_attr(vm, o, "unmigrated_apps", set(vm, unmigrated)?)
}

fn dict(vm: &Vm, o: &PyObject, name: &str) -> PyResult<PyDictRef> {
    py::attr(vm, o, name)?
        .downcast::<PyDict>()
        .map_err(|_| vm.new_type_error(format!("{name} is not loaded")))
}

fn keys_of(vm: &Vm, o: &PyObject) -> PyResult<IndexSet<Key>> {
    py::list(vm, o)?.iter().map(|k| graph::key(vm, k)).collect()
}

fn build_graph(vm: &Vm, o: &PyObject) -> PyResult<()> {
    py::call(vm, o, "load_disk", vec![])?;
    let connection = py::attr(vm, o, "connection")?;
    let recorded = if vm.is_none(&connection) {
        vm.ctx.new_dict()
    } else {
        let recorder = vm
            .import("django.db.migrations.recorder", 0)
            .and_then(|_| modules::find(vm, "django.db.migrations.recorder", "MigrationRecorder"))?
            .call((connection,), vm)?;
        py::call(vm, &recorder, "applied_migrations", vec![])?
            .downcast::<PyDict>()
            .map_err(|_| vm.new_type_error("applied migrations are kept in a dict"))?
    };
    py::set_attr(vm, o, "applied_migrations", recorded.clone())?;
    let disk = dict(vm, o, "disk_migrations")?;
    let mut migrations = IndexMap::new();
    for (key, m) in &disk {
        let rust = Rc::new(loader::skeleton_of(vm, &m)?);
        migrations.insert(graph::key(vm, &key)?, (m, rust));
    }
    let unmigrated = keys_texts(vm, o, "unmigrated_apps")?;
    let migrated = keys_texts(vm, o, "migrated_apps")?;
    for (_, (_, m)) in &migrations {
        for (app, name) in m.dependencies.iter().map(|d| d.key()) {
            let named = matches!(name.as_str(), "__first__" | "__latest__");
            if named && !unmigrated.contains(&app) && !migrated.contains(&app) {
                return Err(vm.new_value_error(format!("Dependency on unknown app: {app}")));
            }
        }
    }
    let source = Source {
        migrations,
        unmigrated: &|app| unmigrated.contains(app),
        replace: py::attr(vm, o, "replace_migrations")?.is_true(vm)?,
        ignore_no_migrations: py::attr(vm, o, "ignore_no_migrations")?.is_true(vm)?,
    };
    let mut applied = keys_of(vm, recorded.as_object())?;
    let before = applied.clone();
    let (built, replaced) = build(source, &mut applied).or_raise(vm)?;
    for key in before.difference(&applied) {
        recorded.del_item(&*to_python::key(vm, key), vm)?;
    }
    for key in applied.difference(&before) {
        let key = to_python::key(vm, key);
        recorded.set_item(&*key, disk.get_item(&*key, vm)?, vm)?;
    }
    let replacements = vm.ctx.new_dict();
    for key in replaced.keys() {
        let key = to_python::key(vm, key);
        replacements.set_item(&*key, disk.get_item(&*key, vm)?, vm)?;
    }
    py::set_attr(vm, o, "replacements", replacements)?;
    py::set_attr(vm, o, "graph", graph::new(vm, built))
}

fn keys_texts(vm: &Vm, o: &PyObject, name: &str) -> PyResult<IndexSet<String>> {
    py::list(vm, &py::attr(vm, o, name)?)?
        .iter()
        .map(|t| py::to_string(vm, t))
        .collect()
}

fn by_prefix(o: PyObjectRef, app: String, prefix: String, vm: &Vm) -> PyResult {
    let mut found = vec![];
    for (key, m) in &dict(vm, &o, "disk_migrations")? {
        let (label, name) = graph::key(vm, &key)?;
        if label == app && name.starts_with(&prefix) {
            found.push(m);
        }
    }
    match found.len() {
        0 => {
            let text = format!("There is no migration for '{app}' with the prefix '{prefix}'");
            Err(vm.new_key_error(py::str(vm, text)))
        }
        1 => Ok(found.remove(0)),
        _ => Err(raise(
            vm,
            "AmbiguityError",
            format!("There is more than one migration for '{app}' with the prefix '{prefix}'"),
        )),
    }
}

/// The squashed migrations of a loader, and what they replace.
pub fn replacements(vm: &Vm, o: &PyObject) -> PyResult<IndexMap<Key, Vec<Key>>> {
    let mut out = IndexMap::new();
    for (key, m) in &dict(vm, o, "replacements")? {
        out.insert(
            graph::key(vm, &key)?,
            graph::keys(vm, &*py::attr(vm, &m, "replaces")?)?,
        );
    }
    Ok(out)
}

fn all_replaced(
    key: &Key,
    replacements: &IndexMap<Key, Vec<Key>>,
    applied: &IndexSet<Key>,
    depth: usize,
) -> bool {
    replacements.get(key).is_some_and(|parts| {
        parts.iter().all(|p| {
            applied.contains(p) || (depth > 0 && all_replaced(p, replacements, applied, depth - 1))
        })
    })
}

fn check_history(vm: &Vm, o: &PyObject, connection: &PyObjectRef) -> PyResult<()> {
    vm.import("django.db.migrations.recorder", 0)?;
    let recorder = modules::find(vm, "django.db.migrations.recorder", "MigrationRecorder")?
        .call((connection.clone(),), vm)?;
    let applied = keys_of(vm, &*py::call(vm, &recorder, "applied_migrations", vec![])?)?;
    let replacements = replacements(vm, o)?;
    let graph = py::attr(vm, o, "graph")?;
    let graph = PyGraph::of(vm, &graph)?.nodes.borrow();
    for key in applied.iter().filter(|k| graph.nodes.contains_key(*k)) {
        for parent in graph.parents(key) {
            if applied.contains(&parent) || all_replaced(&parent, &replacements, &applied, 99) {
                continue;
            }
            let alias = py::to_string(vm, &py::attr(vm, connection, "alias")?)?;
            return Err(raise(
                vm,
                "InconsistentMigrationHistory",
                format!(
                    "Migration {}.{} is applied before its dependency {}.{} on database '{alias}'.",
                    key.0, key.1, parent.0, parent.1
                ),
            ));
        }
    }
    Ok(())
}

/// The statements of a plan.
fn collect_sql(o: PyObjectRef, plan: PyObjectRef, vm: &Vm) -> PyResult {
    let connection = py::attr(vm, &o, "connection")?;
    let mut out = vec![];
    let mut state: Option<PyObjectRef> = None;
    for step in py::list(vm, &plan)? {
        let [migration, backwards] = py::list(vm, &step)?.try_into().map_err(|_| {
            vm.new_value_error("a plan is made of migrations, each forwards or backwards")
        })?;
        let kwargs = [
            ("collect_sql", py::bool(vm, true)),
            ("atomic", py::attr(vm, &migration, "atomic")?),
        ];
        let editor = py::call_kw(vm, &connection, "schema_editor", vec![], &kwargs)?;
        py::call(vm, &editor, "__enter__", vec![])?;
        let now = match state.take() {
            Some(s) => s,
            None => {
                let text = |name: &str| py::to_string(vm, &py::attr(vm, &migration, name)?);
                let key = to_python::key(vm, &(text("app_label")?, text("name")?));
                let before = [("at_end", py::bool(vm, false))];
                py::call_kw(vm, &o, "project_state", vec![key], &before)?
            }
        };
        let method = if backwards.is_true(vm)? {
            "unapply"
        } else {
            "apply"
        };
        let args = vec![now, editor.clone(), py::bool(vm, true)];
        let done = py::call(vm, &migration, method, args);
        let outcome = done.as_ref().map(|_| ()).map_err(Clone::clone);
        super::project::leave(vm, &editor, &outcome)?;
        state = Some(done?);
        out.extend(py::list(vm, &py::attr(vm, &editor, "collected_sql")?)?);
    }
    Ok(vm.ctx.new_list(out).into())
}

/// A state with the models of apps that have no migrations.
pub fn state_with_real_apps(vm: &Vm, labels: &[String]) -> PyResult {
    let mut state = ProjectState::default();
    if !labels.is_empty() {
        state = live::state(vm, Some(labels))?;
    }
    state.real_apps = labels.to_vec();
    Ok(project_state::new(vm, state))
}

/// The labels of the apps without migrations that a loader found.
pub fn unmigrated(vm: &Vm, loader: &PyObject) -> PyResult<Vec<String>> {
    Ok(keys_texts(vm, loader, "unmigrated_apps")?
        .into_iter()
        .collect())
}
