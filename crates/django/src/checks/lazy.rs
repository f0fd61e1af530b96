//! References by name to models that never came.
use super::report::{Level, Report};
use crate::models::related::lazy::{Key, Waiting, pending};
use crate::{apps, py};
use rustpython_vm::builtins::PyFunction;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// `lazy_references(apps, ignore)`: what still waits, sorted by what is said about it.
pub fn lazy_references(registry: PyObjectRef, ignore: PyObjectRef, vm: &Vm) -> PyResult {
    let Some(rust) = apps::rust_apps(&registry) else {
        return Err(vm.new_type_error("not a registry of models"));
    };
    let mut ignored: Vec<Key> = vec![];
    if !vm.is_none(&ignore) {
        for pair in py::list(vm, &ignore)? {
            if let [app, model] = py::list(vm, &pair)?.as_slice() {
                ignored.push((py::to_string(vm, app)?, py::to_string(vm, model)?));
            }
        }
    }
    let mut found: Vec<(String, Vec<PyObjectRef>)> = vec![];
    for (key, waiting) in pending(&rust) {
        if ignored.contains(&key) {
            continue;
        }
        let mut r = Report::new(vm, &vm.ctx.none());
        let message = describe(&mut r, &registry, &key, &waiting)?;
        found.push((message, r.into_vec()));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let all = found.into_iter().flat_map(|(_, f)| f).collect();
    Ok(vm.ctx.new_list(all).into())
}

fn describe(r: &mut Report, registry: &PyObject, key: &Key, waiting: &Waiting) -> PyResult<String> {
    let vm = r.vm;
    let (app, model) = key;
    let label = vec![py::str(vm, app)];
    let why = match py::call(vm, registry, "get_app_config", label) {
        Ok(_) => format!("app '{app}' doesn't provide model '{model}'"),
        Err(_) => format!("app '{app}' isn't installed"),
    };
    let (id, message, about) = match waiting {
        Waiting::Nothing => return Ok(String::new()),
        Waiting::Field(field) => {
            let shown = py::to_string(vm, field)?;
            let message = format!(
                "The field {shown} was declared with a lazy reference to '{app}.{model}', but \
                 {why}."
            );
            ("fields.E307", message, field.clone())
        }
        Waiting::Receiver(receiver, signal) => {
            let message = format!(
                "{} was connected to the '{signal}' signal with a lazy reference to the sender \
                 '{app}.{model}', but {why}.",
                describe_receiver(vm, receiver)?
            );
            let module = py::attr(vm, receiver, "__module__")?;
            ("signals.E001", message, module)
        }
        Waiting::Function(f) => {
            let shown = py::to_string(vm, f)?;
            let message = format!("{shown} contains a lazy reference to {app}.{model}, but {why}.");
            ("models.E022", message, f.clone())
        }
    };
    r.add(Level::Error, id, &message, None, Some(about))?;
    Ok(message)
}

fn describe_receiver(vm: &Vm, receiver: &PyObject) -> PyResult<String> {
    let name =
        |o: &PyObject| -> PyResult<String> { py::to_string(vm, &py::attr(vm, o, "__name__")?) };
    if receiver.downcast_ref::<PyFunction>().is_some() {
        return Ok(format!("The function '{}'", name(receiver)?));
    }
    if receiver.fast_isinstance(vm.ctx.types.bound_method_type) {
        let owner = py::attr(vm, receiver, "__self__")?;
        return Ok(format!(
            "Bound method '{}.{}'",
            owner.class().name(),
            name(receiver)?
        ));
    }
    Ok(format!(
        "An instance of class '{}'",
        receiver.class().name()
    ))
}
