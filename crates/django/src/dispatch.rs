//! `django.dispatch`: signals. Source: "Signals" in Django's documentation.
mod receivers;

use crate::class::function;
use crate::models::related::lazy::{self, Waiting};
use crate::{modules, py};
use receivers::{check_keywords, debugging, log_failure, make_id, receiver_id};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::{Constructor, Initializer};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass,
};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

type Vm = VirtualMachine;

/// One receiver: who it is for, and how to reach it.
#[derive(Debug, Clone)]
struct Receiver {
    /// `dispatch_uid`, else the receiver's identity.
    id: Id,
    sender: Option<usize>,
    /// A `weakref` to the sender, where one can be had: another may come to live at its address.
    mortal: Option<PyObjectRef>,
    target: Target,
    /// It returns a coroutine.
    waits: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Id {
    Uid(String),
    Object(usize, usize),
}

#[derive(Debug, Clone)]
enum Target {
    Strong(PyObjectRef),
    /// A `weakref`, called to see whether it still lives.
    Weak(PyObjectRef),
}

/// `django.dispatch.Signal`
#[pyclass(module = "django.dispatch.dispatcher", name = "Signal")]
#[derive(Debug, PyPayload, Default)]
pub struct PySignal {
    receivers: RefCell<Vec<Receiver>>,
    lazy_senders: Cell<bool>,
}

thread_local! {
    static SIGNALS: RefCell<HashMap<&'static str, PyObjectRef>> = RefCell::default();
}

impl Constructor for PySignal {
    type Args = FuncArgs;
    fn py_new(_: &Py<rustpython_vm::builtins::PyType>, _: FuncArgs, _: &Vm) -> PyResult<Self> {
        Ok(PySignal::default())
    }
}

fn address(vm: &Vm, sender: Option<&PyObject>) -> Option<usize> {
    sender.filter(|s| !vm.is_none(s)).map(|s| s.get_id())
}

impl Initializer for PySignal {
    type Args = FuncArgs;
    fn init(_zelf: &Py<Self>, _args: FuncArgs, _vm: &Vm) -> PyResult<()> {
        Ok(())
    }
}

#[pyclass(with(Constructor, Initializer), flags(BASETYPE, HAS_DICT))]
impl PySignal {
    #[pymethod]
    fn connect(zelf: &Py<Self>, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
        let receiver = args
            .take_positional_keyword("receiver")
            .ok_or_else(|| vm.new_type_error("connect() missing argument 'receiver'"))?;
        let sender = args
            .take_positional_keyword("sender")
            .filter(|s| !vm.is_none(s));
        let weak = match args.take_positional_keyword("weak") {
            Some(w) => w.is_true(vm)?,
            None => true,
        };
        let uid = args
            .take_positional_keyword("dispatch_uid")
            .filter(|u| !vm.is_none(u));
        let apps = args.take_keyword("apps").filter(|a| !vm.is_none(a));
        if debugging(vm)? {
            if !py::callable(&receiver) {
                return Err(vm.new_type_error("Signal receivers must be callable."));
            }
            check_keywords(vm, &receiver)?;
        }
        let inspect = vm.import("inspect", 0)?;
        let args = vec![receiver.clone()];
        let waits = py::is_true(vm, &py::call(vm, &inspect, "iscoroutinefunction", args)?)?;
        if let Some(name) = sender.as_ref().and_then(py::as_string) {
            return zelf.connect_later(vm, receiver, &name, weak, uid, apps);
        }
        let id = match uid {
            Some(u) => Id::Uid(py::repr(vm, &u)?),
            None => {
                let (a, b) = receiver_id(vm, &receiver)?;
                Id::Object(a, b)
            }
        };
        zelf.forget_dead(vm)?;
        let mortal = match &sender {
            Some(sender) => weak_reference(vm, sender)?,
            None => None,
        };
        let sender = address(vm, sender.as_deref());
        let known = zelf
            .receivers
            .borrow()
            .iter()
            .any(|r| r.id == id && r.sender == sender);
        if known {
            return Ok(());
        }
        let target = if weak {
            let weakref = vm.import("weakref", 0)?;
            let bound = py::attr_opt(vm, &receiver, "__self__")?.is_some()
                && py::attr_opt(vm, &receiver, "__func__")?.is_some();
            let kind = if bound { "WeakMethod" } else { "ref" };
            match py::call(vm, &weakref, kind, vec![receiver.clone()]) {
                Ok(r) => Target::Weak(r),
                Err(_) => Target::Strong(receiver),
            }
        } else {
            Target::Strong(receiver)
        };
        zelf.receivers.borrow_mut().push(Receiver {
            id,
            sender,
            mortal,
            target,
            waits,
        });
        Ok(())
    }
    #[pymethod]
    fn disconnect(zelf: &Py<Self>, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let apps = args.take_keyword("apps").filter(|a| !vm.is_none(a));
        let receiver = args
            .take_positional_keyword("receiver")
            .filter(|r| !vm.is_none(r));
        let sender = args
            .take_positional_keyword("sender")
            .filter(|r| !vm.is_none(r));
        let uid = args
            .take_positional_keyword("dispatch_uid")
            .filter(|u| !vm.is_none(u));
        let id = match (uid, receiver) {
            (Some(u), _) => Id::Uid(py::repr(vm, &u)?),
            (None, Some(r)) => {
                let (a, b) = receiver_id(vm, &r)?;
                Id::Object(a, b)
            }
            (None, None) => return Ok(py::bool(vm, false)),
        };
        if let Some(name) = sender.as_ref().and_then(py::as_string) {
            let signal = zelf.to_owned();
            let gone = Box::new(move |_: &Vm, class: PyObjectRef| {
                signal.remove(&id, Some(class.get_id()));
                Ok(())
            });
            when_named(vm, &name, apps, Waiting::Nothing, gone)?;
            return Ok(vm.ctx.none());
        }
        let removed = zelf.remove(&id, address(vm, sender.as_deref()));
        Ok(py::bool(vm, removed))
    }
    #[pymethod]
    fn has_listeners(zelf: &Py<Self>, mut args: FuncArgs, vm: &Vm) -> PyResult<bool> {
        let sender = args.take_positional_keyword("sender");
        Ok(!zelf.live(vm, sender.as_deref())?.is_empty())
    }
    #[pymethod(name = "send")]
    fn send_method(zelf: rustpython_vm::PyRef<Self>, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let sender = args
            .take_positional_keyword("sender")
            .unwrap_or_else(|| vm.ctx.none());
        if zelf.anyone_waits() {
            return PySignal::send_waiting(&zelf, vm, "send", sender, args, false);
        }
        let mut out = vec![];
        for receiver in zelf.live(vm, Some(&sender))? {
            let mut call = FuncArgs::default();
            call.kwargs = args.kwargs.clone();
            call.kwargs.insert("signal".into(), zelf.clone().into());
            call.kwargs.insert("sender".into(), sender.clone());
            let result = receiver.call(call, vm)?;
            out.push(vm.ctx.new_tuple(vec![receiver, result]).into());
        }
        Ok(vm.ctx.new_list(out).into())
    }
    #[pymethod]
    fn send_robust(zelf: rustpython_vm::PyRef<Self>, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let sender = args
            .take_positional_keyword("sender")
            .unwrap_or_else(|| vm.ctx.none());
        if zelf.anyone_waits() {
            return PySignal::send_waiting(&zelf, vm, "send", sender, args, true);
        }
        let mut out = vec![];
        for receiver in zelf.live(vm, Some(&sender))? {
            let mut call = FuncArgs::default();
            call.kwargs = args.kwargs.clone();
            call.kwargs.insert("signal".into(), zelf.clone().into());
            call.kwargs.insert("sender".into(), sender.clone());
            let result = match receiver.call(call, vm) {
                Ok(r) => r,
                Err(e) if e.fast_isinstance(vm.ctx.exceptions.exception_type) => {
                    let error: PyObjectRef = e.into();
                    log_failure(vm, &receiver, &error)?;
                    error
                }
                Err(e) => return Err(e),
            };
            out.push(vm.ctx.new_tuple(vec![receiver, result]).into());
        }
        Ok(vm.ctx.new_list(out).into())
    }
    #[pymethod]
    fn asend(zelf: rustpython_vm::PyRef<Self>, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let sender = args.take_positional_keyword("sender");
        let sender = vm.unwrap_or_none(sender);
        PySignal::send_waiting(&zelf, vm, "asend", sender, args, false)
    }
    #[pymethod]
    fn asend_robust(zelf: rustpython_vm::PyRef<Self>, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let sender = args.take_positional_keyword("sender");
        let sender = vm.unwrap_or_none(sender);
        PySignal::send_waiting(&zelf, vm, "asend", sender, args, true)
    }
    #[pymethod]
    fn _log_robust_failure(
        _zelf: &Py<Self>,
        receiver: PyObjectRef,
        error: PyObjectRef,
        vm: &Vm,
    ) -> PyResult<()> {
        log_failure(vm, &receiver, &error)
    }
    /// One thread needs no lock, but who holds it may say so.
    #[pygetset]
    fn lock(_zelf: &Py<Self>, vm: &Vm) -> PyResult {
        py::call(vm, &vm.import("contextlib", 0)?, "nullcontext", vec![])
    }
    #[pymethod]
    fn _clear_dead_receivers(zelf: &Py<Self>, vm: &Vm) -> PyResult<()> {
        zelf.forget_dead(vm)
    }
    /// Plain receivers, and those that return coroutines.
    #[pymethod]
    fn _live_receivers(zelf: &Py<Self>, sender: PyObjectRef, vm: &Vm) -> PyResult {
        let (mut plain, mut waiting) = (vec![], vec![]);
        for (receiver, waits) in zelf.alive(vm, Some(&sender))? {
            let side = if waits { &mut waiting } else { &mut plain };
            side.push(receiver);
        }
        let (plain, waiting) = (vm.ctx.new_list(plain), vm.ctx.new_list(waiting));
        Ok(vm.ctx.new_tuple(vec![plain.into(), waiting.into()]).into())
    }
    /// `(lookup key, receiver)` of all receivers, as tests count them.
    #[pygetset]
    fn receivers(zelf: &Py<Self>, vm: &Vm) -> Vec<PyObjectRef> {
        let all = zelf.receivers.borrow();
        all.iter()
            .map(|r| match &r.target {
                Target::Strong(o) | Target::Weak(o) => {
                    let sender = r.sender.unwrap_or(0);
                    vm.ctx
                        .new_tuple(vec![vm.ctx.new_int(sender).into(), o.clone()])
                        .into()
                }
            })
            .collect()
    }
    #[pygetset(setter)]
    fn set_receivers(zelf: &Py<Self>, value: PyObjectRef, vm: &Vm) -> PyResult<()> {
        // Restoring a saved list keeps those that are on it.
        let kept: Vec<usize> = py::list(vm, &value)?
            .iter()
            .filter_map(|p| py::list(vm, p).ok()?.get(1).map(|o| o.get_id()))
            .collect();
        zelf.receivers.borrow_mut().retain(|r| match &r.target {
            Target::Strong(o) | Target::Weak(o) => kept.contains(&o.get_id()),
        });
        Ok(())
    }
}

impl PySignal {
    /// The receivers for a sender that still live.
    fn live(&self, vm: &Vm, sender: Option<&PyObject>) -> PyResult<Vec<PyObjectRef>> {
        let alive = self.alive(vm, sender)?;
        Ok(alive.into_iter().map(|(receiver, _)| receiver).collect())
    }
    /// With each, whether it returns a coroutine.
    fn alive(&self, vm: &Vm, sender: Option<&PyObject>) -> PyResult<Vec<(PyObjectRef, bool)>> {
        if self.receivers.borrow().is_empty() {
            return Ok(vec![]);
        }
        self.forget_dead(vm)?;
        let sender = address(vm, sender);
        let all = self.receivers.borrow().clone();
        let mut out = vec![];
        for r in &all {
            if r.sender.is_some() && r.sender != sender {
                continue;
            }
            let receiver = match &r.target {
                Target::Strong(o) => o.clone(),
                Target::Weak(w) => w.call((), vm)?,
            };
            out.push((receiver, r.waits));
        }
        Ok(out)
    }
    fn forget_dead(&self, vm: &Vm) -> PyResult<()> {
        let all = self.receivers.borrow().clone();
        let mut dead = vec![];
        for r in &all {
            if let Target::Weak(w) = &r.target
                && vm.is_none(&*w.call((), vm)?)
            {
                dead.push(w.get_id());
            }
            if let Some(sender) = &r.mortal
                && vm.is_none(&*sender.call((), vm)?)
            {
                dead.push(sender.get_id());
            }
        }
        if !dead.is_empty() {
            // The same weak reference to a sender may serve several receivers, all of them dead.
            self.receivers.borrow_mut().retain(|r| {
                let target = match &r.target {
                    Target::Weak(w) => dead.contains(&w.get_id()),
                    Target::Strong(_) => false,
                };
                let mortal = r.mortal.as_ref();
                !target && !mortal.is_some_and(|m| dead.contains(&m.get_id()))
            });
        }
        Ok(())
    }
    fn anyone_waits(&self) -> bool {
        self.receivers.borrow().iter().any(|r| r.waits)
    }
    /// Coroutines need a loop: `django.dispatch._async` knows how.
    fn send_waiting(
        zelf: &rustpython_vm::PyRef<Self>,
        vm: &Vm,
        function: &str,
        sender: PyObjectRef,
        args: FuncArgs,
        robust: bool,
    ) -> PyResult {
        let named = vm.ctx.new_dict();
        for (name, value) in args.kwargs {
            named.set_item(&*name.to_string_lossy(), value, vm)?;
        }
        vm.import("django.dispatch._async", 0)?;
        let module = modules::module(vm, "django.dispatch._async")?;
        let args = vec![
            zelf.clone().into(),
            sender,
            named.into(),
            py::bool(vm, robust),
        ];
        py::call(vm, &module, function, args)
    }
    /// A model named by text is connected when it is there.
    fn connect_later(
        &self,
        vm: &Vm,
        receiver: PyObjectRef,
        name: &str,
        weak: bool,
        uid: Option<PyObjectRef>,
        apps: Option<PyObjectRef>,
    ) -> PyResult<()> {
        let (signal_name, signal) = SIGNALS
            .with_borrow(|s| {
                s.iter()
                    .find(|(_, o)| {
                        o.downcast_ref::<PySignal>()
                            .is_some_and(|p| std::ptr::eq(&**p, self))
                    })
                    .map(|(name, o)| (name.to_string(), o.clone()))
            })
            .ok_or_else(|| vm.new_type_error("a model's name is no sender of this signal"))?;
        self.lazy_senders.set(true);
        let waiting = Waiting::Receiver(receiver.clone(), signal_name);
        let connect = Box::new(move |vm: &Vm, class: PyObjectRef| {
            let mut parts = vec![("sender", class), ("weak", py::bool(vm, weak))];
            if let Some(uid) = uid {
                parts.push(("dispatch_uid", uid));
            }
            py::call_kw(vm, &signal, "connect", vec![receiver], &parts).map(drop)
        });
        when_named(vm, name, apps, waiting, connect)
    }
    fn remove(&self, id: &Id, sender: Option<usize>) -> bool {
        let mut receivers = self.receivers.borrow_mut();
        let before = receivers.len();
        receivers.retain(|r| !(r.id == *id && r.sender == sender));
        receivers.len() != before
    }
}

/// A `weakref.ref`, if the object can have one.
fn weak_reference(vm: &Vm, target: &PyObjectRef) -> PyResult<Option<PyObjectRef>> {
    let weakref = vm.import("weakref", 0)?;
    Ok(py::call(vm, &weakref, "ref", vec![target.clone()]).ok())
}

type WithModel = Box<dyn FnOnce(&Vm, PyObjectRef) -> PyResult<()>>;

/// Does something with the model of that name, now or when there is one.
fn when_named(
    vm: &Vm,
    name: &str,
    apps: Option<PyObjectRef>,
    waiting: Waiting,
    work: WithModel,
) -> PyResult<()> {
    let Some((app, model)) = name.split_once('.').filter(|(_, m)| !m.contains('.')) else {
        return Err(vm.new_value_error(format!(
            "Invalid model reference '{name}'. String model references must be of the form \
             'app_label.ModelName'."
        )));
    };
    let apps = match apps {
        Some(apps) => apps,
        None => modules::find(vm, "django.apps", "apps")?,
    };
    let Some(apps) = crate::apps::rust_apps(&apps) else {
        return Ok(());
    };
    lazy::when_ready(
        vm,
        &apps,
        vec![(app.to_string(), model.to_lowercase())],
        waiting,
        Box::new(move |vm, models| match models.first() {
            Some(model) => work(vm, crate::models::class_of_model(vm, model)?),
            None => Ok(()),
        }),
    )
}

const MODEL_SIGNALS: &[&str] = &[
    "class_prepared",
    "pre_init",
    "post_init",
    "pre_save",
    "post_save",
    "pre_delete",
    "post_delete",
    "m2m_changed",
    "pre_migrate",
    "post_migrate",
];

pub fn install(vm: &Vm) -> PyResult<()> {
    let class = PySignal::make_static_type();
    let paths = ["django.dispatch", "django.dispatch.dispatcher"];
    modules::export_all(vm, &paths, "Signal", class.clone())?;
    let make_id = function(vm, "_make_id", make_id);
    modules::export(vm, "django.dispatch.dispatcher", "_make_id", make_id)?;
    let none: PyObjectRef = vm.ctx.new_int(vm.ctx.none().get_id()).into();
    modules::export(vm, "django.dispatch.dispatcher", "NONE_ID", none)?;
    for name in MODEL_SIGNALS {
        let signal: PyObjectRef = PySignal::default().into_ref(&vm.ctx).into();
        SIGNALS.with_borrow_mut(|s| s.insert(name, signal.clone()));
        modules::export(vm, "django.db.models.signals", name, signal)?;
    }
    modules::export(vm, "django.db.models.signals", "ModelSignal", class)?;
    for name in ["setting_changed", "request_started", "request_finished"] {
        let signal: PyObjectRef = PySignal::default().into_ref(&vm.ctx).into();
        let path = if name == "setting_changed" {
            "django.core.signals.setting_changed"
        } else {
            "django.core.signals"
        };
        modules::export(vm, path.trim_end_matches(".setting_changed"), name, signal)?;
    }
    let signals = modules::module(vm, "django.db.models.signals")?;
    modules::export(vm, "django.db.models", "signals", signals)?;
    let receiver = function(
        vm,
        "receiver",
        |signal: PyObjectRef, kwargs: FuncArgs, vm: &Vm| {
            let kwargs = kwargs.kwargs;
            let decorator =
                vm.new_function("decorator", move |f: PyObjectRef, vm: &Vm| -> PyResult {
                    let several = signal.fast_isinstance(vm.ctx.types.list_type)
                        || signal.fast_isinstance(vm.ctx.types.tuple_type);
                    let all = if several {
                        py::list(vm, &signal)?
                    } else {
                        vec![signal.clone()]
                    };
                    for s in all {
                        let mut call = FuncArgs::from(vec![f.clone()]);
                        call.kwargs = kwargs.clone();
                        py::attr(vm, &s, "connect")?.call(call, vm)?;
                    }
                    Ok(f)
                });
            PyObjectRef::from(decorator)
        },
    );
    modules::export_all(vm, &paths, "receiver", receiver)
}

/// Forgets the signals of an interpreter that ends.
pub fn reset() {
    SIGNALS.with_borrow_mut(HashMap::clear);
}

/// Forgets who listens to the models' signals: for the next run of a project.
pub fn clear() {
    SIGNALS.with_borrow(|s| {
        for signal in s.values() {
            if let Some(p) = signal.downcast_ref::<PySignal>() {
                p.receivers.borrow_mut().clear();
            }
        }
    });
}

fn model_signal(name: &str) -> Option<PyObjectRef> {
    SIGNALS.with_borrow(|s| s.get(name).cloned())
}

/// Does anyone listen to a model signal from that sender?
pub fn has_receivers(vm: &Vm, name: &str, sender: &PyObject) -> PyResult<bool> {
    let listened = |signal: &PyObjectRef| {
        let signal = signal.downcast_ref::<PySignal>();
        signal.is_some_and(|s| !s.receivers.borrow().is_empty())
    };
    if !SIGNALS.with_borrow(|s| s.get(name).is_some_and(listened)) {
        return Ok(false);
    }
    match model_signal(name)
        .as_ref()
        .and_then(|s| s.downcast_ref::<PySignal>())
    {
        Some(p) => Ok(!p.live(vm, Some(sender))?.is_empty()),
        None => Ok(false),
    }
}

/// Sends a model signal.
pub fn send(vm: &Vm, name: &str, sender: &PyObject, parts: &[(&str, PyObjectRef)]) -> PyResult<()> {
    let Some(signal) = model_signal(name) else {
        return Ok(());
    };
    let mut all = vec![("sender", sender.to_owned())];
    all.extend(parts.iter().cloned());
    py::call_kw(vm, &signal, "send", vec![], &all).map(drop)
}
