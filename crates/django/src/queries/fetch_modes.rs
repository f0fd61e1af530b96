//! `FETCH_ONE`, `FETCH_PEERS`, `FETCH_RAISE`: what happens when an instance lacks what is asked.
//!
//! ```python
//! for book in Book.objects.fetch_mode(models.FETCH_PEERS):
//!     book.author  # the first access fetches the authors of all the books
//! ```
use crate::class::{Class, class};
use crate::error::OrRaise;
use crate::models::state;
use crate::{error, modules, py};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
const MODULE: &str = "django.db.models.fetch_modes";

/// Makes the modes.
pub fn install(vm: &Vm) -> PyResult<()> {
    let base = class(vm, MODULE, "FetchMode", &[], |c| {
        c.attr("track_peers", py::bool(vm, false));
        c.method(
            "fetch",
            |_: PyObjectRef, _fetcher: PyObjectRef, _instance: PyObjectRef, vm: &Vm| -> PyResult {
                Err(vm.new_not_implemented_error("Subclasses must implement this method."))
            },
        );
    })?;
    modules::export(vm, MODULE, "FetchMode", base.clone())?;
    mode(vm, &base, "FetchOne", "FETCH_ONE", |c| {
        c.method(
            "fetch",
            |_: PyObjectRef, fetcher: PyObjectRef, instance: PyObjectRef, vm: &Vm| {
                py::call(vm, &fetcher, "fetch_one", vec![instance]).map(drop)
            },
        );
        c.method("__reduce__", |_: PyObjectRef| "FETCH_ONE");
    })?;
    mode(vm, &base, "FetchPeers", "FETCH_PEERS", |c| {
        c.attr("track_peers", py::bool(vm, true));
        c.method("fetch", fetch_peers);
        c.method("__reduce__", |_: PyObjectRef| "FETCH_PEERS");
    })?;
    mode(vm, &base, "FetchRaise", "FETCH_RAISE", |c| {
        c.method("fetch", refuse);
        c.method("__reduce__", |_: PyObjectRef| "FETCH_RAISE");
    })
}

/// A class, and the one instance of it that everybody uses.
fn mode(
    vm: &Vm,
    base: &PyTypeRef,
    class_name: &str,
    name: &str,
    fill: impl FnOnce(&mut Class),
) -> PyResult<()> {
    let made = class(vm, MODULE, class_name, std::slice::from_ref(base), fill)?;
    let instance = made.as_object().call((), vm)?;
    modules::export(vm, MODULE, class_name, made)?;
    modules::export_all(vm, &["django.db.models", MODULE], name, instance)
}

fn fetch_peers(_: PyObjectRef, fetcher: PyObjectRef, instance: PyObjectRef, vm: &Vm) -> PyResult {
    let mut alive = vec![];
    for peer in py::list(
        vm,
        &py::attr(vm, &state::state_of(vm, &instance)?, "peers")?,
    )? {
        let peer = peer.call((), vm)?;
        if !vm.is_none(&peer) {
            alive.push(peer);
        }
    }
    if alive.len() > 1 {
        py::call(
            vm,
            &fetcher,
            "fetch_many",
            vec![vm.ctx.new_list(alive).into()],
        )
    } else {
        py::call(vm, &fetcher, "fetch_one", vec![instance])
    }
}

fn refuse(_: PyObjectRef, fetcher: PyObjectRef, instance: PyObjectRef, vm: &Vm) -> PyResult {
    let class = py::to_string(vm, &py::attr(vm, instance.class(), "__qualname__")?)?;
    // The other side of a one-to-one relation goes by its own name.
    let side = match py::attr_opt(vm, &fetcher, "related")? {
        Some(related) => related,
        None => py::attr(vm, &fetcher, "field")?,
    };
    let field = py::to_string(vm, &py::attr(vm, &side, "name")?)?;
    let blocked = error::raise(
        vm,
        "FieldFetchBlocked",
        format!("Fetching of {class}.{field} blocked."),
    );
    py::set_attr(
        vm,
        blocked.as_object(),
        "__suppress_context__",
        py::bool(vm, true),
    )?;
    Err(blocked)
}

/// Does the mode want to know which instances came together?
pub fn tracks_peers(vm: &Vm, mode: Option<&PyObjectRef>) -> PyResult<bool> {
    match mode {
        Some(mode) if !vm.is_none(mode) => py::is_true(vm, &py::attr(vm, mode, "track_peers")?),
        _ => Ok(false),
    }
}

/// An instance joins those that were fetched with it.
pub fn add_peer(vm: &Vm, peers: &PyObjectRef, instance: &PyObject) -> PyResult<()> {
    let weak = instance.downgrade(None, vm)?;
    py::call(vm, peers, "append", vec![weak.into()])?;
    *state::state_of(vm, instance)?.peers.borrow_mut() = Some(peers.clone());
    Ok(())
}

/// A queryset fetches as the instance does that it belongs to.
pub fn follow(vm: &Vm, rows: PyObjectRef, instance: &PyObject) -> PyResult {
    match state::state_of(vm, instance)?.fetch_mode.borrow().clone() {
        Some(mode) if !vm.is_none(&mode) => py::call(vm, &rows, "fetch_mode", vec![mode]),
        _ => Ok(rows),
    }
}

/// The mode as `from_db()` is given it; an override of older days takes none.
pub fn for_from_db(
    vm: &Vm,
    class: &PyTypeRef,
    mode: Option<PyObjectRef>,
) -> PyResult<Option<PyObjectRef>> {
    let model = crate::models::base::model_class();
    let name = vm.ctx.intern_str("from_db");
    let overridden = class
        .mro_collect()
        .iter()
        .take_while(|c| model.as_ref().is_none_or(|m| !c.is(m)))
        .any(|c| c.get_direct_attr(name).is_some());
    if !overridden {
        return Ok(mode);
    }
    let inspect = vm.import("inspect", 0)?;
    let from_db = py::attr(vm, class, "from_db")?;
    let signature = py::call(vm, &inspect, "signature", vec![from_db])?;
    let keywords = py::attr(vm, &py::attr(vm, &inspect, "Parameter")?, "VAR_KEYWORD")?;
    let parameters = py::attr(vm, &signature, "parameters")?;
    for parameter in py::list(vm, &py::call(vm, &parameters, "values", vec![])?)? {
        let named = py::to_string(vm, &py::attr(vm, &parameter, "name")?)? == "fetch_mode";
        if named || py::eq(vm, &py::attr(vm, &parameter, "kind")?, &keywords)? {
            return match mode {
                Some(mode) => Ok(Some(mode)),
                None => modules::find(vm, "django.db.models", "FETCH_ONE").map(Some),
            };
        }
    }
    let class = py::to_string(vm, &py::attr(vm, class, "__qualname__")?)?;
    orm_state::settings::warn(
        "RemovedInDjango2028Warning",
        &format!(
            "{class}.from_db() must accept a fetch_mode keyword argument. Support for from_db() \
             methods that do not accept it is deprecated."
        ),
    )
    .or_raise(vm)?;
    Ok(None)
}
