//! `TextChoices`, `IntegerChoices`, `Choices`: enumerations whose members have labels.
//!
//! They are classes of Python's own `enum` with a metaclass of ours, so they are made when first
//! asked for: `enum` need not be imported by projects without choices.
use crate::class::{class, function};
use crate::{modules, py};
use rustpython_vm::builtins::{PyDict, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
const MODULE: &str = "django.db.models.enums";
const NAMES: &[&str] = &["Choices", "IntegerChoices", "TextChoices", "ChoicesType"];
const DEFERRABLE: &str = "Deferrable";

pub fn install(vm: &Vm) -> PyResult<()> {
    for path in [MODULE, "django.db.models"] {
        modules::promise(vm, path, NAMES, |vm, name| {
            make(vm)?;
            modules::find(vm, MODULE, name)
        })?;
    }
    for path in ["django.db.models.constraints", "django.db.models"] {
        modules::promise(vm, path, &[DEFERRABLE], |vm, _| deferrable(vm))?;
    }
    Ok(())
}

fn deferrable(vm: &Vm) -> PyResult {
    let base = vm.import("enum", 0)?.get_attr("Enum", vm)?;
    let members = vm.ctx.new_dict();
    members.set_item("DEFERRED", py::str(vm, "deferred"), vm)?;
    members.set_item("IMMEDIATE", py::str(vm, "immediate"), vm)?;
    let made = base.call(
        py::with_kwargs(
            vec![py::str(vm, DEFERRABLE), members.into()],
            &[("module", py::str(vm, "django.db.models.constraints"))],
        ),
        vm,
    )?;
    let paths = ["django.db.models.constraints", "django.db.models"];
    py::set_attr(
        vm,
        &made,
        "__repr__",
        vm.ctx
            .new_method_def(
                "__repr__",
                |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
                    Ok(format!(
                        "Deferrable.{}",
                        py::to_string(vm, &py::attr(vm, &o, "name")?)?
                    ))
                },
                rustpython_vm::function::PyMethodFlags::METHOD,
                rustpython_vm::function::ItemDoc::NONE,
            )
            .build_method(leak(&made, vm)?, vm),
    )?;
    modules::export_all(vm, &paths, DEFERRABLE, made.clone())?;
    Ok(made)
}

fn leak(
    class: &PyObject,
    vm: &Vm,
) -> PyResult<&'static rustpython_vm::Py<rustpython_vm::builtins::PyType>> {
    let class = py::as_class(class).ok_or_else(|| vm.new_type_error("not a class"))?;
    let leaked: &'static PyTypeRef = Box::leak(Box::new(class));
    Ok(leaked)
}

/// `label`, as a property of `enum`'s own kind: a member may have that name too.
fn late_label(vm: &Vm, property: &PyTypeRef, choices: &PyObject) -> PyResult {
    let label = function(vm, "label", |o: PyObjectRef, vm: &Vm| -> PyResult {
        match py::attr_opt(vm, &o, "_label_")? {
            Some(label) => Ok(label),
            None => py::attr(vm, &o, "name"),
        }
    });
    let made = property.as_object().call((label,), vm)?;
    py::call(
        vm,
        &made,
        "__set_name__",
        vec![choices.to_owned(), py::str(vm, "label")],
    )?;
    Ok(made)
}

/// Makes the metaclass and the three classes.
fn make(vm: &Vm) -> PyResult<()> {
    let module = vm.import("enum", 0)?;
    let get = |name: &str| -> PyResult<PyTypeRef> {
        module
            .get_attr(vm.ctx.intern_str(name), vm)?
            .downcast()
            .map_err(|_| vm.new_type_error("not a class"))
    };
    let enum_type = get("EnumType")?;
    let metaclass = class(
        vm,
        MODULE,
        "ChoicesType",
        std::slice::from_ref(&enum_type),
        |c| {
            c.staticmethod("__new__", new_choices);
            c.getter("names", |cls, vm| {
                let mut out = vec![];
                if empty(vm, &cls)? {
                    out.push(py::str(vm, "__empty__"));
                }
                for m in py::list(vm, &cls)? {
                    out.push(py::attr(vm, &m, "name")?);
                }
                Ok(vm.ctx.new_list(out).into())
            });
            c.getter("choices", |cls, vm| {
                let mut out = vec![];
                if empty(vm, &cls)? {
                    let label = py::attr(vm, &cls, "__empty__")?;
                    out.push(vm.ctx.new_tuple(vec![vm.ctx.none(), label]).into());
                }
                for m in py::list(vm, &cls)? {
                    let pair = vec![py::attr(vm, &m, "value")?, py::attr(vm, &m, "label")?];
                    out.push(vm.ctx.new_tuple(pair).into());
                }
                Ok(vm.ctx.new_list(out).into())
            });
            c.getter("labels", |cls, vm| column(vm, &cls, 1));
            c.getter("values", |cls, vm| column(vm, &cls, 0));
            c.method(
                "__contains__",
                |cls: PyObjectRef, member: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                    for m in py::list(vm, &cls)? {
                        if m.is(&member) || py::eq(vm, &py::attr(vm, &m, "value")?, &member)? {
                            return Ok(true);
                        }
                    }
                    Ok(false)
                },
            );
        },
    )?;
    let choices = enumeration(vm, &metaclass, "Choices", vec![get("Enum")?.into()])?;
    let class_: PyTypeRef = choices
        .clone()
        .downcast()
        .map_err(|_| vm.new_type_error("not a class"))?;
    crate::class::fill_class(vm, &class_, |c| {
        c.method("__str__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
            py::to_string(vm, &py::attr(vm, &o, "value")?)
        });
        c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
            let class = py::attr(vm, o.class().as_object(), "__qualname__")?;
            let name = py::attr(vm, &o, "name")?;
            Ok(format!(
                "{}.{}",
                py::to_string(vm, &class)?,
                py::to_string(vm, &name)?
            ))
        });
    })?;
    // Not a member: a template finds the class itself, not what calling it makes.
    class_.set_attr(
        vm.ctx.intern_str("do_not_call_in_templates"),
        py::bool(vm, true),
    );
    let label = late_label(vm, &get("property")?, &choices)?;
    class_.set_attr(vm.ctx.intern_str("label"), label);
    let int: PyObjectRef = vm.ctx.types.int_type.to_owned().into();
    let integer = enumeration(
        vm,
        &metaclass,
        "IntegerChoices",
        vec![choices.clone(), get("IntEnum")?.into()],
    )
    .or_else(|_| enumeration(vm, &metaclass, "IntegerChoices", vec![int, choices.clone()]))?;
    let text_type: PyObjectRef = vm.ctx.types.str_type.to_owned().into();
    let text = enumeration(
        vm,
        &metaclass,
        "TextChoices",
        vec![choices.clone(), get("StrEnum")?.into()],
    )
    .or_else(|_| {
        enumeration(
            vm,
            &metaclass,
            "TextChoices",
            vec![text_type, choices.clone()],
        )
    })?;
    let text_class: PyTypeRef = text
        .clone()
        .downcast()
        .map_err(|_| vm.new_type_error("not a class"))?;
    crate::class::fill_class(vm, &text_class, |c| {
        // `auto()` gives the member's name.
        c.staticmethod("_generate_next_value_", |name: PyObjectRef, _: FuncArgs| {
            name
        });
    })?;
    for (name, made) in [
        ("ChoicesType", metaclass.into()),
        ("Choices", choices),
        ("IntegerChoices", integer),
        ("TextChoices", text),
    ] {
        modules::export_all(vm, &[MODULE, "django.db.models"], name, made)?;
    }
    Ok(())
}

fn enumeration(vm: &Vm, metaclass: &PyTypeRef, name: &str, bases: Vec<PyObjectRef>) -> PyResult {
    let bases = vm.ctx.new_tuple(bases);
    let body = py::call(
        vm,
        metaclass.as_object(),
        "__prepare__",
        vec![py::str(vm, name), bases.clone().into()],
    )?;
    body.set_item("__module__", py::str(vm, MODULE), vm)?;
    body.set_item("__qualname__", py::str(vm, name), vm)?;
    metaclass
        .as_object()
        .call((vm.ctx.new_str(name), bases, body), vm)
}

fn empty(vm: &Vm, cls: &PyObject) -> PyResult<bool> {
    Ok(py::attr_opt(vm, cls, "__empty__")?.is_some())
}

fn column(vm: &Vm, cls: &PyObject, at: usize) -> PyResult {
    let choices = py::attr(vm, cls, "choices")?;
    let mut out = vec![];
    for pair in py::list(vm, &choices)? {
        if let Some(v) = py::list(vm, &pair)?.get(at) {
            out.push(v.clone());
        }
    }
    Ok(vm.ctx.new_list(out).into())
}

/// Takes the labels off the members' values, then makes the enumeration.
fn new_choices(mut args: FuncArgs, vm: &Vm) -> PyResult {
    if args.args.len() < 4 {
        return Err(vm.new_type_error("ChoicesType() needs a name, bases and a namespace"));
    }
    let body = args.args[3].clone();
    let mut labels = vec![];
    for key in py::list(vm, &py::attr(vm, &body, "_member_names")?)? {
        let value = body.get_item(&*key, vm)?;
        let mut label = None;
        let is_pair = value.fast_isinstance(vm.ctx.types.list_type)
            || value.fast_isinstance(vm.ctx.types.tuple_type);
        if is_pair {
            let mut parts = py::list(vm, &value)?;
            if parts.len() > 1 && parts.last().is_some_and(|l| py::as_string(l).is_some()) {
                label = parts.pop();
                let bare = if parts.len() == 1 {
                    parts.remove(0)
                } else {
                    vm.ctx.new_tuple(parts).into()
                };
                // `dict.__setitem__`, since the enumeration's own refuses a second time.
                let dict: PyObjectRef = vm.ctx.types.dict_type.to_owned().into();
                py::call(
                    vm,
                    &dict,
                    "__setitem__",
                    vec![body.clone(), key.clone(), bare],
                )?;
            }
        }
        labels.push(match label {
            Some(l) => l,
            None => {
                let name = py::to_string(vm, &key)?.replace('_', " ");
                py::str(vm, title(&name))
            }
        });
    }
    let enum_type = vm.import("enum", 0)?.get_attr("EnumType", vm)?;
    let kwargs = std::mem::take(&mut args.kwargs);
    let mut call = FuncArgs::from(args.args);
    call.kwargs = kwargs;
    let made = py::attr(vm, &enum_type, "__new__")?.call(call, vm)?;
    let members = py::attr(vm, &made, "__members__")?;
    let members = py::call(vm, &members, "values", vec![])?;
    for (member, label) in py::list(vm, &members)?.iter().zip(labels) {
        py::set_attr(vm, member, "_label_", label)?;
    }
    let unique = vm.import("enum", 0)?.get_attr("unique", vm)?;
    unique.call((made,), vm)
}

/// Python's `str.title()` for names of members.
fn title(text: &str) -> String {
    let mut out = String::new();
    let mut start = true;
    for c in text.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        start = !c.is_alphabetic();
    }
    out
}

/// A namespace is a `dict`.
pub fn is_dict(obj: &PyObject) -> bool {
    obj.downcast_ref::<PyDict>().is_some()
}
