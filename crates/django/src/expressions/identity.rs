//! When two expressions are equal, and what it takes to make one again.
//!
//! Expressions of Django's own classes are equal when what they hold is. A class that has its own
//! `__init__` may keep more than that: its instances are equal when they were made with the same
//! arguments.
use super::callback::overrides;
use super::classes;
use super::object::{PyExpr, inner};
use crate::class::Class;
use crate::models::fields::object::field_of;
use crate::{modules, py};
use orm_sql::expression::ExprObject;
use orm_sql::expressions::{F, OrderBy};
use orm_state::Field;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Classes that `django.db.models` offers under its own name.
const OWN_PATH: &[&str] = &[
    "F",
    "Func",
    "Value",
    "JSONNull",
    "ExpressionWrapper",
    "When",
    "Case",
    "OrderBy",
];

pub fn fill(c: &mut Class) {
    c.method("__eq__", equal);
    c.method("__hash__", hash);
    c.method("deconstruct", deconstruct);
    c.method("__reduce__", reduce);
    c.getter("_constructor_args", |o, vm| {
        let (args, kwargs) = arguments(vm, &o)?;
        Ok(vm.ctx.new_tuple(vec![args, kwargs]).into())
    });
    c.getter("identity", |o, vm| identity(vm, &o));
}

/// What its class was called with.
fn given(vm: &Vm, o: &PyObject) -> PyResult<FuncArgs> {
    let expr = inner(o);
    let given = o.downcast_ref::<PyExpr>().and_then(|e| e.given.clone());
    let name = expr.as_ref().and_then(|e| e.as_any().downcast_ref::<F>());
    if let (None, Some(f)) = (&given, name) {
        return Ok(FuncArgs::from(vec![py::str(vm, &*f.name)]));
    }
    let made_of = expr.and_then(|e| e.as_any().downcast_ref::<OrderBy>().cloned());
    if let (None, Some(order)) = (&given, made_of) {
        // `F("name").desc()` says as much as its class called with the same.
        let expression = ExprObject::value(order.expression);
        let mut args = FuncArgs::from(vec![crate::convert::to_py(vm, &expression)?]);
        for (name, on) in [
            ("descending", order.descending),
            ("nulls_first", order.nulls_first),
            ("nulls_last", order.nulls_last),
        ] {
            if on {
                args.kwargs.insert(name.into(), py::bool(vm, true));
            }
        }
        return Ok(args);
    }
    given.ok_or_else(|| {
        vm.new_not_implemented_error(format!(
            "the arguments of a {} that the ORM made",
            o.class().name()
        ))
    })
}

fn arguments(vm: &Vm, o: &PyObject) -> PyResult<(PyObjectRef, PyObjectRef)> {
    let given = given(vm, o)?;
    let kwargs = vm.ctx.new_dict();
    for (name, value) in given.kwargs {
        kwargs.set_item(&*vm.ctx.new_str(name), value, vm)?;
    }
    Ok((vm.ctx.new_tuple(given.args).into(), kwargs.into()))
}

/// Has the class a constructor of its own?
fn own_init(vm: &Vm, o: &PyObject) -> bool {
    !classes::is_builtin(o.class())
        && overrides(vm, o.class(), &["__init__"])
        && o.downcast_ref::<PyExpr>()
            .is_some_and(|e| e.given.is_some())
}

fn equal(a: PyObjectRef, b: PyObjectRef, vm: &Vm) -> PyResult {
    if b.downcast_ref::<PyExpr>().is_none() {
        return Ok(vm.ctx.not_implemented());
    }
    if a.is(&b) {
        return Ok(py::bool(vm, true));
    }
    if !a.class().is(b.class()) {
        return Ok(py::bool(vm, false));
    }
    if own_init(vm, &a) && own_init(vm, &b) {
        let same = py::eq(vm, &identity(vm, &a)?, &identity(vm, &b)?)?;
        return Ok(py::bool(vm, same));
    }
    let same = match (inner(&a), inner(&b)) {
        (Some(x), Some(y)) => x.same(&*y),
        _ => false,
    };
    Ok(py::bool(vm, same))
}

fn hash(a: PyObjectRef, vm: &Vm) -> PyResult {
    let class = a.class().name().to_string();
    let text = match inner(&a) {
        _ if own_init(vm, &a) => class,
        Some(e) => {
            let nulls = e
                .as_any()
                .downcast_ref::<OrderBy>()
                .map(|o| (o.nulls_first, o.nulls_last));
            let output = match e.as_any().downcast_ref::<super::hollow::Hollow>() {
                Some(h) => h.output.as_ref().map(|f| field_text(f)),
                None => None,
            };
            format!("{class}:{}{nulls:?}{output:?}", e.repr())
        }
        None => format!("{}", a.get_id()),
    };
    let text = vm.ctx.new_str(text);
    Ok(vm.ctx.new_int(text.as_object().hash(vm)?).into())
}

fn field_text(field: &Field) -> String {
    match field.model() {
        Some(m) => format!("{}.{}", m.label(), field.name()),
        None => field.class.name.to_string(),
    }
}

/// `(class, (name, value), …)`: the arguments of the constructor by name.
fn identity(vm: &Vm, o: &PyObject) -> PyResult {
    let init = py::attr(vm, o, "__init__")?;
    // Annotations are not asked for what they name.
    let format = vm
        .import("annotationlib", 0)?
        .get_attr("Format", vm)?
        .get_attr("FORWARDREF", vm)?;
    let inspect = vm.import("inspect", 0)?;
    let args = [("annotation_format", format)];
    let signature = py::call_kw(vm, &inspect, "signature", vec![init], &args)?;
    let bound = py::attr(vm, &signature, "bind_partial")?.call(given(vm, o)?, vm)?;
    py::call(vm, &bound, "apply_defaults", vec![])?;
    let items = py::call(vm, &py::attr(vm, &bound, "arguments")?, "items", vec![])?;
    let mut parts: Vec<PyObjectRef> = vec![o.class().to_owned().into()];
    for item in py::list(vm, &items)? {
        let pair = py::list(vm, &item)?;
        if let [name, value] = &pair[..] {
            let value = comparable(vm, value)?;
            parts.push(vm.ctx.new_tuple(vec![name.clone(), value]).into());
        }
    }
    Ok(vm.ctx.new_tuple(parts).into())
}

/// A field of a model stands for its name; any other field for its class.
fn comparable(vm: &Vm, value: &PyObjectRef) -> PyResult {
    if let Some(field) = field_of(value) {
        return Ok(match field.model() {
            Some(_) => py::str(vm, field_text(&field)),
            None => value.class().to_owned().into(),
        });
    }
    if let Some(items) = value.downcast_ref::<rustpython_vm::builtins::PyTuple>() {
        let items = items.as_slice().iter().map(|v| comparable(vm, v));
        let items = items.collect::<PyResult<Vec<_>>>()?;
        return Ok(vm.ctx.new_tuple(items).into());
    }
    if let Some(dict) = value.downcast_ref::<rustpython_vm::builtins::PyDict>() {
        let made = vm.ctx.new_dict();
        for (k, v) in dict.items_vec() {
            made.set_item(&*k, comparable(vm, &v)?, vm)?;
        }
        return Ok(made.into());
    }
    Ok(value.clone())
}

/// Pickled as its class and arguments, and what user code keeps in it.
fn reduce(o: PyObjectRef, vm: &Vm) -> PyResult {
    use crate::queries::queryset::steps::as_query;
    let given = given(vm, &o)?;
    let args = given.args.iter().map(|a| as_query(vm, a)).collect();
    let args = vm.ctx.new_tuple(args).into();
    let named = vm.ctx.new_dict();
    for (name, value) in &given.kwargs {
        named.set_item(&*vm.ctx.new_str(name.clone()), as_query(vm, value), vm)?;
    }
    let kwargs = named.into();
    let rebuild = modules::find(vm, "django.db.models.expressions", "_rebuild_expression")?;
    let class = o.class().to_owned().into();
    let made = vm.ctx.new_tuple(vec![class, args, kwargs]).into();
    let mut parts = vec![rebuild, made];
    parts.extend(o.dict().filter(|d| !d.is_empty()).map(PyObjectRef::from));
    Ok(vm.ctx.new_tuple(parts).into())
}

/// Makes an expression that was pickled.
pub fn install(vm: &Vm) -> PyResult<()> {
    let rebuild = crate::class::function(
        vm,
        "_rebuild_expression",
        |class: PyObjectRef, args: PyObjectRef, kwargs: PyObjectRef, vm: &Vm| -> PyResult {
            let mut call = FuncArgs::from(py::list(vm, &args)?);
            if let Some(kwargs) = kwargs.downcast_ref::<rustpython_vm::builtins::PyDict>() {
                for (name, value) in kwargs.items_vec() {
                    let name = py::to_string(vm, &name)?;
                    call.kwargs.insert(name.as_str().into(), value);
                }
            }
            class.call(call, vm)
        },
    );
    modules::export(
        vm,
        "django.db.models.expressions",
        "_rebuild_expression",
        rebuild,
    )
}

/// `(path, args, kwargs)`
fn deconstruct(o: PyObjectRef, vm: &Vm) -> PyResult {
    let class = o.class().to_owned();
    let name = class.name().to_string();
    let module = if classes::is_builtin(&class) && OWN_PATH.contains(&name.as_str()) {
        "django.db.models".into()
    } else {
        py::to_string(vm, &py::attr(vm, &o, "__module__")?)?
    };
    let holder = vm
        .sys_module
        .get_attr("modules", vm)?
        .get_item(&*module, vm);
    let found = match holder {
        Ok(holder) => py::attr_opt(vm, &holder, &name)?.is_some(),
        Err(_) => modules::find(vm, &module, &name).is_ok(),
    };
    if !found {
        return Err(vm.new_value_error(format!(
            "Could not find object {name} in {module}.\nPlease note that you cannot serialize \
             things like inner classes. Please move the object into the main module body to use \
             migrations.\nFor more information, see \
             https://docs.djangoproject.com/en/6.1/topics/migrations/#serializing-values"
        )));
    }
    let (args, kwargs) = arguments(vm, &o)?;
    let path = py::str(vm, format!("{module}.{name}"));
    Ok(vm.ctx.new_tuple(vec![path, args, kwargs]).into())
}
