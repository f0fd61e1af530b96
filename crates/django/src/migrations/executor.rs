//! `MigrationExecutor`: plans from Rust, run migration by migration through Python's objects.
use super::graph::{self, PyGraph};
use super::{project, py_loader, soft_applied};
use crate::class::class;
use crate::error::{OrRaise, raise};
use crate::{modules, py};
use indexmap::IndexSet;
use orm_migrations::executor::plan_keys;
use orm_migrations::graph::Key;
use rustpython_vm::builtins::{PyDict, PyDictRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

const MODULE: &str = "django.db.migrations.executor";

pub fn install(vm: &Vm) -> PyResult<()> {
    crate::library::promise(
        vm,
        MODULE,
        "django.db.migrations.recorder",
        &["MigrationRecorder"],
    )?;
    let made = class(vm, MODULE, "MigrationExecutor", &[], |c| {
        c.method("__init__", init);
        c.method("migration_plan", migration_plan);
        c.method("migrate", migrate);
        c.method(
            "_create_project_state",
            |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| {
                let applied = match args.take_positional_keyword("with_applied_migrations") {
                    Some(a) => a.is_true(vm)?,
                    None => false,
                };
                project_state(vm, &o, applied)
            },
        );
        c.method("apply_migration", apply_migration);
        c.method("unapply_migration", unapply_migration);
        c.method("record_migration", record_migration);
        c.method("check_replacements", check_replacements);
        c.method(
            "detect_soft_applied",
            |o: PyObjectRef, state: PyObjectRef, migration: PyObjectRef, vm: &Vm| {
                soft_applied::detect(vm, &o, state, &migration)
            },
        );
    })?;
    modules::export(vm, MODULE, "MigrationExecutor", made)
}

fn init(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let Some(connection) = args.take_positional_keyword("connection") else {
        return Err(vm.new_type_error("MigrationExecutor needs a connection"));
    };
    let callback = args
        .take_positional_keyword("progress_callback")
        .unwrap_or_else(|| vm.ctx.none());
    let make = |module: &'static str, name: &str| -> PyResult {
        vm.import(module, 0)?;
        modules::find(vm, module, name)?.call((connection.clone(),), vm)
    };
    let loader = make("django.db.migrations.loader", "MigrationLoader")?;
    let recorder = make("django.db.migrations.recorder", "MigrationRecorder")?;
    py::set_attr(vm, &o, "connection", connection)?;
    py::set_attr(vm, &o, "loader", loader)?;
    py::set_attr(vm, &o, "recorder", recorder)?;
    py::set_attr(vm, &o, "progress_callback", callback)
}

fn dict(vm: &Vm, o: PyObjectRef) -> PyResult<PyDictRef> {
    o.downcast::<PyDict>()
        .map_err(|_| vm.new_type_error("migrations are kept in a dict"))
}

fn applied(vm: &Vm, o: &PyObject) -> PyResult<IndexSet<Key>> {
    let loader = py::attr(vm, o, "loader")?;
    let all = py::attr(vm, &loader, "applied_migrations")?;
    py::list(vm, &all)?
        .iter()
        .map(|k| graph::key(vm, k))
        .collect()
}

/// The steps to some targets: pairs of a migration and whether it is undone.
fn migration_plan(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
    let Some(targets) = args.take_positional_keyword("targets") else {
        return Err(vm.new_type_error("migration_plan() needs targets"));
    };
    let clean = match args.take_positional_keyword("clean_start") {
        Some(c) => c.is_true(vm)?,
        None => false,
    };
    let mut wanted = vec![];
    for target in py::list(vm, &targets)? {
        if let [app, name] = py::list(vm, &target)?.as_slice() {
            let name = if vm.is_none(name) {
                None
            } else {
                Some(py::to_string(vm, name)?)
            };
            wanted.push((py::to_string(vm, app)?, name));
        }
    }
    let loader = py::attr(vm, &o, "loader")?;
    let graph = py::attr(vm, &loader, "graph")?;
    let nodes = PyGraph::of(vm, &graph)?.nodes.borrow();
    let missing = wanted.iter().any(|(app, name)| match name {
        Some(n) => !nodes.knows(&(app.clone(), n.clone())),
        None => false,
    });
    if missing && py::attr(vm, &loader, "replace_migrations")?.is_true(vm)? {
        // Probably one that a squashed migration stands in for.
        drop(nodes);
        py::set_attr(vm, &loader, "replace_migrations", py::bool(vm, false))?;
        py::call(vm, &loader, "build_graph", vec![])?;
        let again = [("clean_start", py::bool(vm, clean))];
        return py::call_kw(vm, &o, "migration_plan", vec![targets], &again);
    }
    let done = applied(vm, &o)?;
    let steps = plan_keys(&nodes, &done, &wanted, clean).or_raise(vm)?;
    let mut out = vec![];
    for (key, backwards) in steps {
        if let Some(m) = nodes.nodes.get(&key) {
            let pair = vec![m.clone(), py::bool(vm, backwards)];
            out.push(vm.ctx.new_tuple(pair).into());
        }
    }
    Ok(vm.ctx.new_list(out).into())
}

/// Every migration, in the order an empty database would see them.
fn full_plan(vm: &Vm, o: &PyObject) -> PyResult<Vec<PyObjectRef>> {
    let loader = py::attr(vm, o, "loader")?;
    let leaves = py::call(vm, &py::attr(vm, &loader, "graph")?, "leaf_nodes", vec![])?;
    let clean = [("clean_start", py::bool(vm, true))];
    let plan = py::call_kw(vm, o, "migration_plan", vec![leaves], &clean)?;
    Ok(steps(vm, &plan)?.into_iter().map(|(m, _)| m).collect())
}

fn steps(vm: &Vm, plan: &PyObject) -> PyResult<Vec<(PyObjectRef, bool)>> {
    let mut out = vec![];
    for step in py::list(vm, plan)? {
        if let [m, backwards] = py::list(vm, &step)?.as_slice() {
            out.push((m.clone(), backwards.clone().is_true(vm)?));
        }
    }
    Ok(out)
}

fn key_of(vm: &Vm, m: &PyObject) -> PyResult<Key> {
    let text = |name: &str| py::to_string(vm, &py::attr(vm, m, name)?);
    Ok((text("app_label")?, text("name")?))
}

fn mutate(vm: &Vm, m: &PyObject, state: &PyObjectRef, preserve: bool) -> PyResult {
    let args = [("preserve", py::bool(vm, preserve))];
    py::call_kw(vm, m, "mutate_state", vec![state.clone()], &args)
}

/// The models of apps without migrations, and, if asked, of all that is applied.
fn project_state(vm: &Vm, o: &PyObject, with_applied: bool) -> PyResult {
    let loader = py::attr(vm, o, "loader")?;
    let state = py_loader::state_with_real_apps(vm, &py_loader::unmigrated(vm, &loader)?)?;
    if with_applied {
        let done = applied(vm, o)?;
        for m in full_plan(vm, o)? {
            if done.contains(&key_of(vm, &m)?) {
                mutate(vm, &m, &state, false)?;
            }
        }
    }
    Ok(state)
}

fn progress(vm: &Vm, o: &PyObject, args: Vec<PyObjectRef>) -> PyResult<()> {
    let callback = py::attr(vm, o, "progress_callback")?;
    if vm.is_none(&callback) {
        return Ok(());
    }
    callback.call(args, vm).map(drop)
}

fn migrate(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
    let mut take = |name: &str| {
        args.take_positional_keyword(name)
            .filter(|v| !vm.is_none(v))
    };
    let targets = take("targets").unwrap_or_else(|| vm.ctx.none());
    let plan = take("plan");
    let state = take("state");
    let fake = take("fake").unwrap_or_else(|| py::bool(vm, false));
    let fake_initial = take("fake_initial").unwrap_or_else(|| py::bool(vm, false));
    let recorder = py::attr(vm, &o, "recorder")?;
    let given = match &plan {
        Some(p) => Some(steps(vm, p)?),
        None => None,
    };
    if given.as_ref().is_some_and(Vec::is_empty) {
        if !py::call(vm, &recorder, "has_table", vec![])?.is_true(vm)? {
            return project_state(vm, &o, false);
        }
    } else {
        py::call(vm, &recorder, "ensure_schema", vec![])?;
    }
    let plan = match plan {
        Some(p) => p,
        None => py::call(vm, &o, "migration_plan", vec![targets])?,
    };
    let run = steps(vm, &plan)?;
    let backwards = run.iter().filter(|(_, b)| *b).count();
    let current = |state: Option<PyObjectRef>| match state {
        Some(s) => Ok(s),
        None => project_state(vm, &o, true),
    };
    let state = if run.is_empty() {
        current(state)?
    } else if backwards == 0 {
        forwards(vm, &o, current(state)?, run, fake, fake_initial)?
    } else if backwards == run.len() {
        undo(vm, &o, run, fake)?
    } else {
        let e = raise(
            vm,
            "InvalidMigrationPlan",
            "Migration plans with both forwards and backwards migrations are not supported. Please split your \
             migration process into separate plans of only forwards OR backwards migrations.",
        );
        let message = py::list(vm, &py::attr(vm, &e, "args")?)?;
        let mut parts = message;
        parts.push(plan);
        py::set_attr(vm, &e, "args", vm.ctx.new_tuple(parts))?;
        return Err(e);
    };
    py::call(vm, &o, "check_replacements", vec![])?;
    Ok(state)
}

fn forwards(
    vm: &Vm,
    o: &PyObject,
    mut state: PyObjectRef,
    run: Vec<(PyObjectRef, bool)>,
    fake: PyObjectRef,
    fake_initial: PyObjectRef,
) -> PyResult {
    let mut left: IndexSet<Key> = IndexSet::new();
    for (m, _) in &run {
        left.insert(key_of(vm, m)?);
    }
    let mut rendered = false;
    for m in full_plan(vm, o)? {
        if left.is_empty() {
            break;
        }
        if !left.shift_remove(&key_of(vm, &m)?) {
            continue;
        }
        if !rendered {
            // Operations look at the state itself: classes are made when somebody wants them.
            progress(vm, o, vec![py::str(vm, "render_start")])?;
            progress(vm, o, vec![py::str(vm, "render_success")])?;
            rendered = true;
        }
        let kwargs = [
            ("fake", fake.clone()),
            ("fake_initial", fake_initial.clone()),
        ];
        state = py::call_kw(vm, o, "apply_migration", vec![state, m], &kwargs)?;
    }
    Ok(state)
}

fn undo(vm: &Vm, o: &PyObject, run: Vec<(PyObjectRef, bool)>, fake: PyObjectRef) -> PyResult {
    let mut wanted: IndexSet<Key> = IndexSet::new();
    for (m, _) in &run {
        wanted.insert(key_of(vm, m)?);
    }
    let mut done = applied(vm, o)?;
    let full = full_plan(vm, o)?;
    // The state before each migration that is undone.
    let mut states: Vec<(Key, PyObjectRef)> = vec![];
    let mut state = project_state(vm, o, false)?;
    progress(vm, o, vec![py::str(vm, "render_start")])?;
    for m in &full {
        let key = key_of(vm, m)?;
        if wanted.contains(&key) {
            states.push((key, state.clone()));
            state = mutate(vm, m, &state, true)?;
        } else if done.contains(&key) {
            mutate(vm, m, &state, false)?;
        }
        if states.len() == wanted.len() {
            break;
        }
    }
    progress(vm, o, vec![py::str(vm, "render_success")])?;
    let before = |key: &Key| -> Option<PyObjectRef> {
        states
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, s)| s.clone())
    };
    let mut last = None;
    for (m, _) in &run {
        let key = key_of(vm, m)?;
        let Some(state) = before(&key) else { continue };
        let kwargs = [("fake", fake.clone())];
        py::call_kw(vm, o, "unapply_migration", vec![state, m.clone()], &kwargs)?;
        done.shift_remove(&key);
        last = Some(key);
    }
    let Some(last) = last else { return Ok(state) };
    let state = before(&last).unwrap_or(state);
    let mut after = false;
    for m in &full {
        let key = key_of(vm, m)?;
        after |= key == last;
        if after && done.contains(&key) {
            mutate(vm, m, &state, false)?;
        }
    }
    Ok(state)
}

struct Arguments {
    state: PyObjectRef,
    migration: PyObjectRef,
    fake: bool,
    fake_initial: bool,
}

fn arguments(vm: &Vm, mut args: FuncArgs) -> PyResult<Arguments> {
    let mut take = |name: &str| args.take_positional_keyword(name);
    let (Some(state), Some(migration)) = (take("state"), take("migration")) else {
        return Err(vm.new_type_error("a state and a migration are needed"));
    };
    let mut flag = |name: &str| take(name).map_or(Ok(false), |v| v.is_true(vm));
    Ok(Arguments {
        fake: flag("fake")?,
        fake_initial: flag("fake_initial")?,
        state,
        migration,
    })
}

/// Runs a migration's method with a schema editor. Gives the state, and whether nothing was put off.
fn with_editor(
    vm: &Vm,
    o: &PyObject,
    a: &Arguments,
    method: &str,
    body: impl FnOnce(&PyObject) -> PyResult<()>,
) -> PyResult {
    let connection = py::attr(vm, o, "connection")?;
    let atomic = [("atomic", py::attr(vm, &a.migration, "atomic")?)];
    let editor = py::call_kw(vm, &connection, "schema_editor", vec![], &atomic)?;
    let entered = py::call(vm, &editor, "__enter__", vec![])?;
    let made = py::call(
        vm,
        &a.migration,
        method,
        vec![a.state.clone(), entered.clone()],
    );
    let done = made.as_ref().map(|_| ()).map_err(Clone::clone);
    let done = done.and_then(|()| body(&entered));
    project::leave(vm, &editor, &done)?;
    done?;
    made
}

fn record(vm: &Vm, o: &PyObject, m: &PyObject, forward: bool) -> PyResult<()> {
    let args = vec![py::attr(vm, m, "app_label")?, py::attr(vm, m, "name")?];
    let kwargs = [("forward", py::bool(vm, forward))];
    py::call_kw(vm, o, "record_migration", args, &kwargs).map(drop)
}

fn apply_migration(o: PyObjectRef, args: FuncArgs, vm: &Vm) -> PyResult {
    let mut a = arguments(vm, args)?;
    let mut recorded = false;
    let tell = |word: &str, a: &Arguments| {
        let args = vec![py::str(vm, word), a.migration.clone(), py::bool(vm, a.fake)];
        progress(vm, &o, args)
    };
    tell("apply_start", &a)?;
    if !a.fake {
        if a.fake_initial {
            let args = vec![a.state.clone(), a.migration.clone()];
            let found = py::list(vm, &py::call(vm, &o, "detect_soft_applied", args)?)?;
            if let [applied, state] = found.as_slice() {
                a.fake = applied.clone().is_true(vm)?;
                a.state = state.clone();
            }
        }
        if !a.fake {
            a.state = with_editor(vm, &o, &a, "apply", |editor| {
                // With nothing put off, the record is part of the same transaction.
                if !super::editor::puts_off(vm, editor)? {
                    record(vm, &o, &a.migration, true)?;
                    recorded = true;
                }
                Ok(())
            })?;
        }
    }
    if !recorded {
        record(vm, &o, &a.migration, true)?;
    }
    tell("apply_success", &a)?;
    Ok(a.state)
}

fn unapply_migration(o: PyObjectRef, args: FuncArgs, vm: &Vm) -> PyResult {
    let mut a = arguments(vm, args)?;
    let tell = |word: &str, a: &Arguments| {
        let args = vec![py::str(vm, word), a.migration.clone(), py::bool(vm, a.fake)];
        progress(vm, &o, args)
    };
    tell("unapply_start", &a)?;
    if !a.fake {
        a.state = with_editor(vm, &o, &a, "unapply", |_| Ok(()))?;
    }
    record(vm, &o, &a.migration, false)?;
    tell("unapply_success", &a)?;
    Ok(a.state)
}

/// Records a migration, and those it replaces.
fn record_migration(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let mut take = |name: &str| args.take_positional_keyword(name);
    let (Some(app), Some(name)) = (take("app_label"), take("name")) else {
        return Err(vm.new_type_error("record_migration() needs app_label and name"));
    };
    let forward = take("forward").map_or(Ok(true), |v| v.is_true(vm))?;
    let loader = py::attr(vm, &o, "loader")?;
    let disk = dict(vm, py::attr(vm, &loader, "disk_migrations")?)?;
    let key = vm.ctx.new_tuple(vec![app.clone(), name.clone()]);
    if let Some(m) = disk.get_item_opt(key.as_object(), vm)? {
        for replaced in py::list(vm, &py::attr(vm, &m, "replaces")?)? {
            let mut args = py::list(vm, &replaced)?;
            args.push(py::bool(vm, forward));
            py::call(vm, &o, "record_migration", args)?;
        }
    }
    let recorder = py::attr(vm, &o, "recorder")?;
    let method = if forward {
        "record_applied"
    } else {
        "record_unapplied"
    };
    py::call(vm, &recorder, method, vec![app, name]).map(drop)
}

/// Records squashed migrations whose parts are all applied.
fn check_replacements(o: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let recorder = py::attr(vm, &o, "recorder")?;
    let loader = py::attr(vm, &o, "loader")?;
    let done = py::call(vm, &recorder, "applied_migrations", vec![])?;
    let known: IndexSet<Key> = py::list(vm, &done)?
        .iter()
        .map(|k| graph::key(vm, k))
        .collect::<PyResult<_>>()?;
    for (key, _) in dict(vm, py::attr(vm, &loader, "replacements")?)? {
        if known.contains(&graph::key(vm, &key)?) {
            continue;
        }
        let args = vec![key.clone(), done.clone()];
        if py::call(vm, &loader, "all_replaced_applied", args)?.is_true(vm)? {
            py::call(vm, &recorder, "record_applied", py::list(vm, &key)?)?;
        }
    }
    Ok(())
}
