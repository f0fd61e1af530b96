//! `MigrationAutodetector`: Rust's, over Python's states and questioner.
use super::graph::PyGraph;
use super::project_state::PyProjectState;
use super::questioner::PyQuestioner;
use super::{loader, project, to_python};
use crate::class::class;
use crate::error::OrRaise;
use crate::{modules, py};
use indexmap::IndexMap;
use orm_migrations::autodetector::{self, Options};
use orm_migrations::{Migration, Pair, ProjectState};
use rustpython_vm::builtins::{PyDict, PyDictRef};
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::collections::BTreeSet;

type Vm = VirtualMachine;
type Changes = IndexMap<String, Vec<Migration>>;

const MODULE: &str = "django.db.migrations.autodetector";

pub fn install(vm: &Vm) -> PyResult<()> {
    let made = class(vm, MODULE, "MigrationAutodetector", &[], |c| {
        c.method("__init__", init);
        c.method("changes", changes);
        c.method("_detect_changes", detect);
        c.method("arrange_for_graph", arrange);
        c.method("_trim_to_apps", trim);
        c.method(
            "deep_deconstruct",
            |_: PyObjectRef, o: PyObjectRef, vm: &Vm| deep_deconstruct(vm, &o),
        );
        c.classmethod(
            "parse_number",
            |_: PyObjectRef, name: String, vm: &Vm| -> PyObjectRef {
                match autodetector::parse_number(&name) {
                    Some(n) => vm.ctx.new_int(n).into(),
                    None => vm.ctx.none(),
                }
            },
        );
    })?;
    modules::export(vm, MODULE, "MigrationAutodetector", made)
}

fn init(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let (Some(from), Some(to)) = (
        args.take_positional_keyword("from_state"),
        args.take_positional_keyword("to_state"),
    ) else {
        return Err(vm.new_type_error("MigrationAutodetector needs from_state and to_state"));
    };
    let questioner = match args.take_positional_keyword("questioner") {
        Some(q) if q.clone().is_true(vm)? => q,
        _ => modules::find(vm, "django.db.migrations.questioner", "MigrationQuestioner")?
            .call((), vm)?,
    };
    let labels = vm.ctx.new_list(vec![]);
    for key in PyProjectState::of(vm, &from)?.snapshot(vm)?.models.keys() {
        labels.borrow_vec_mut().push(py::str(vm, &key.0));
    }
    let apps = vm.ctx.types.set_type.as_object().call((labels,), vm)?;
    py::set_attr(vm, &o, "from_state", from)?;
    py::set_attr(vm, &o, "to_state", to)?;
    py::set_attr(vm, &o, "questioner", questioner)?;
    py::set_attr(vm, &o, "existing_apps", apps)
}

fn questioner(vm: &Vm, o: &PyObject) -> PyResult<PyQuestioner> {
    Ok(PyQuestioner(py::attr(vm, o, "questioner")?))
}

fn labels(vm: &Vm, given: Option<PyObjectRef>) -> PyResult<Option<BTreeSet<String>>> {
    let Some(given) = given.filter(|g| !vm.is_none(g)) else {
        return Ok(None);
    };
    let all = py::list(vm, &given)?
        .iter()
        .map(|l| py::to_string(vm, l))
        .collect::<PyResult<BTreeSet<_>>>()?;
    Ok((!all.is_empty()).then_some(all))
}

fn options(vm: &Vm) -> PyResult<Options> {
    Ok(Options {
        timestamp: project::timestamp(vm, true).or_raise(vm)?,
        user_model: user_model(vm)?,
        ..Options::default()
    })
}

/// `settings.AUTH_USER_MODEL`
pub fn user_model(vm: &Vm) -> PyResult<Option<String>> {
    match crate::apps::setting(vm, "AUTH_USER_MODEL")? {
        Some(label) => py::to_string(vm, &label).map(Some),
        None => Ok(None),
    }
}

fn changes(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
    let Some(graph) = args.take_positional_keyword("graph") else {
        return Err(vm.new_type_error("changes() missing 1 required positional argument: 'graph'"));
    };
    let trim = labels(vm, args.take_positional_keyword("trim_to_apps"))?;
    let convert = args
        .take_positional_keyword("convert_apps")
        .unwrap_or_else(|| vm.ctx.none());
    let name = args
        .take_positional_keyword("migration_name")
        .unwrap_or_else(|| vm.ctx.none());
    let found = py::call(vm, &o, "_detect_changes", vec![convert, graph.clone()])?;
    let found = py::call(vm, &o, "arrange_for_graph", vec![found, graph, name])?;
    match trim {
        Some(apps) => {
            let apps = apps.iter().map(|a| py::str(vm, a)).collect();
            let apps = vm.ctx.new_list(apps).into();
            py::call(vm, &o, "_trim_to_apps", vec![found, apps])
        }
        None => Ok(found),
    }
}

fn detect(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
    let convert = labels(vm, args.take_positional_keyword("convert_apps"))?;
    let graph = args
        .take_positional_keyword("graph")
        .filter(|g| !vm.is_none(g));
    let state = |name: &str| PyProjectState::of(vm, &*py::attr(vm, &o, name)?)?.snapshot(vm);
    let (previous, next) = (state("from_state")?, state("to_state")?);
    name_settings(vm, &next)?;
    let options = Options {
        convert_apps: convert.unwrap_or_default(),
        ..options(vm)?
    };
    let asked = questioner(vm, &o)?;
    let graph = match &graph {
        Some(g) => Some(PyGraph::of(vm, g)?),
        None => None,
    };
    let nodes = graph.map(|g| g.nodes.borrow());
    let leaves = nodes.as_ref().map(|g| &**g as &dyn autodetector::Leaves);
    let found =
        autodetector::detect(Pair::new(&previous, &next), leaves, &asked, &options).or_raise(vm)?;
    to_dict(vm, &found)
}

/// Relations to a model that a setting names keep the setting's name.
fn name_settings(vm: &Vm, state: &ProjectState) -> PyResult<()> {
    for field in state.models.values().flat_map(|m| m.fields.values()) {
        let Some(rel) = &field.remote else { continue };
        if rel.swappable_setting().is_some() {
            continue;
        }
        let object = to_python::field(vm, field)?;
        let setting = py::attr_opt(vm, &object, "swappable_setting")?;
        if let Some(setting) = setting.and_then(|s| py::as_string(&s)) {
            *rel.swappable.borrow_mut() = Some(setting);
        }
    }
    Ok(())
}

fn to_dict(vm: &Vm, changes: &Changes) -> PyResult {
    let out = vm.ctx.new_dict();
    for (app, list) in changes {
        let list = list
            .iter()
            .map(|m| to_python::migration(vm, m))
            .collect::<PyResult<Vec<_>>>()?;
        out.set_item(app.as_str(), vm.ctx.new_list(list).into(), vm)?;
    }
    Ok(out.into())
}

fn dict(vm: &Vm, o: PyObjectRef) -> PyResult<PyDictRef> {
    o.downcast::<PyDict>()
        .map_err(|_| vm.new_type_error("changes are kept in a dict"))
}

fn from_dict(vm: &Vm, given: &PyDictRef) -> PyResult<Changes> {
    let mut out = Changes::new();
    for (app, list) in py::dict_items(vm, given)? {
        let list = py::list(vm, &list)?
            .iter()
            .map(|m| loader::migration_of(vm, m))
            .collect::<PyResult<Vec<_>>>()?;
        out.insert(app, list);
    }
    Ok(out)
}

/// Names the migrations they are given, in place.
fn arrange(
    o: PyObjectRef,
    given: PyObjectRef,
    graph: PyObjectRef,
    name: OptionalArg,
    vm: &Vm,
) -> PyResult {
    let given = dict(vm, given)?;
    let name = match name {
        OptionalArg::Present(n) if !vm.is_none(&n) => Some(py::to_string(vm, &n)?),
        _ => None,
    };
    let options = Options {
        migration_name: name,
        ..options(vm)?
    };
    let graph = PyGraph::of(vm, &graph)?;
    let arranged = {
        let asked = questioner(vm, &o)?;
        let changes = from_dict(vm, &given)?;
        let nodes = graph.nodes.borrow();
        autodetector::arrange(changes, &*nodes, &asked, &options).or_raise(vm)?
    };
    for (app, list) in py::dict_items(vm, &given)? {
        let Some(done) = arranged.get(&app) else {
            given.del_item(app.as_str(), vm)?;
            continue;
        };
        for (object, m) in py::list(vm, &list)?.iter().zip(done) {
            py::set_attr(vm, object, "name", py::str(vm, &m.name))?;
            let needs = to_python::dependencies(vm, &m.dependencies)?;
            py::set_attr(vm, object, "dependencies", needs)?;
        }
    }
    Ok(given.into())
}

fn trim(_: PyObjectRef, given: PyObjectRef, apps: PyObjectRef, vm: &Vm) -> PyResult {
    let given = dict(vm, given)?;
    let mut changes = from_dict(vm, &given)?;
    let apps = labels(vm, Some(apps))?.unwrap_or_default();
    autodetector::trim(&mut changes, &apps);
    for (app, _) in py::dict_items(vm, &given)? {
        if !changes.contains_key(&app) {
            given.del_item(app.as_str(), vm)?;
        }
    }
    Ok(given.into())
}

/// A value taken apart as far as it goes, so that equal definitions are equal.
fn deep_deconstruct(vm: &Vm, o: &PyObject) -> PyResult {
    let each = |items: Vec<PyObjectRef>| -> PyResult<Vec<PyObjectRef>> {
        items.iter().map(|i| deep_deconstruct(vm, i)).collect()
    };
    let types = &vm.ctx.types;
    if o.fast_isinstance(types.list_type) {
        return Ok(vm.ctx.new_list(each(py::list(vm, o)?)?).into());
    }
    if o.fast_isinstance(types.tuple_type) {
        return Ok(vm.ctx.new_tuple(each(py::list(vm, o)?)?).into());
    }
    let pairs = |d: &PyDictRef| -> PyResult<PyDictRef> {
        let out = vm.ctx.new_dict();
        for (k, v) in d {
            out.set_item(&*k, deep_deconstruct(vm, &v)?, vm)?;
        }
        Ok(out)
    };
    if let Ok(d) = o.to_owned().downcast::<PyDict>() {
        return pairs(&d).map(Into::into);
    }
    if o.fast_isinstance(types.type_type) {
        return Ok(o.to_owned());
    }
    let Some(deconstruct) = py::attr_opt(vm, o, "deconstruct")? else {
        return Ok(o.to_owned());
    };
    let mut parts = py::list(vm, &deconstruct.call((), vm)?)?;
    if crate::models::fields::object::field_of(o).is_some() && !parts.is_empty() {
        parts.remove(0);
    }
    let [path, args, kwargs] = parts.as_slice() else {
        return Ok(o.to_owned());
    };
    let args = vm.ctx.new_list(each(py::list(vm, args)?)?);
    let kwargs = pairs(&dict(vm, kwargs.clone())?)?;
    Ok(vm
        .ctx
        .new_tuple(vec![path.clone(), args.into(), kwargs.into()])
        .into())
}
