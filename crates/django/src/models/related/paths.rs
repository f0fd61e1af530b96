//! The steps of a relation as Python sees them: `PathInfo`, and what a user's relation class may
//! override to lead elsewhere.
//!
//! ```text
//! book._meta.get_field("author").path_infos
//!   [PathInfo(from_opts=<Book>, to_opts=<Author>, target_fields=(id,), join_field=author,
//!             m2m=False, direct=True, filtered_relation=None)]
//! ```
use super::objects::rel_of;
use crate::class::{Class, class};
use crate::error::OrRaise;
use crate::models::class_of_model;
use crate::models::fields::properties::inner;
use crate::models::fields::{any_field_object, field_object, field_of};
use crate::models::options::model_of_options;
use crate::{modules, py};
use orm_state::{AnyField, Field, FieldKind, ModelRef, PathInfo};
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;
const MODULE: &str = "django.db.models.query_utils";
const PARTS: [&str; 7] = [
    "from_opts",
    "to_opts",
    "target_fields",
    "join_field",
    "m2m",
    "direct",
    "filtered_relation",
];

pub fn install(vm: &Vm) -> PyResult<()> {
    let tuple = vm.ctx.types.tuple_type.to_owned();
    let made = class(vm, MODULE, "PathInfo", &[tuple], |c| {
        let names = PARTS.map(|n| py::str(vm, n)).to_vec();
        c.attr("_fields", vm.ctx.new_tuple(names));
        c.staticmethod("__new__", new);
        part::<0>(c);
        part::<1>(c);
        part::<2>(c);
        part::<3>(c);
        part::<4>(c);
        part::<5>(c);
        part::<6>(c);
        c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
            let mut shown = vec![];
            for (name, value) in PARTS.iter().zip(py::list(vm, &o)?) {
                shown.push(format!("{name}={}", py::repr(vm, &value)?));
            }
            Ok(format!("PathInfo({})", shown.join(", ")))
        });
        c.method("_asdict", |o: PyObjectRef, vm: &Vm| {
            let out = vm.ctx.new_dict();
            for (name, value) in PARTS.iter().zip(py::list(vm, &o)?) {
                out.set_item(*name, value, vm)?;
            }
            Ok(out) as PyResult<_>
        });
    })?;
    modules::export(vm, MODULE, "PathInfo", made)
}

fn new(mut args: FuncArgs, vm: &Vm) -> PyResult {
    let class = args
        .take_positional()
        .ok_or_else(|| vm.new_type_error("PathInfo.__new__(): not enough arguments"))?;
    let mut values = vec![];
    for name in PARTS {
        let value = args.take_positional_keyword(name).ok_or_else(|| {
            vm.new_type_error(format!(
                "PathInfo.__new__() missing 1 required positional argument: '{name}'"
            ))
        })?;
        values.push(value);
    }
    if !args.args.is_empty() || !args.kwargs.is_empty() {
        return Err(vm.new_type_error("PathInfo.__new__() got arguments that it does not take"));
    }
    let tuple = vm.ctx.types.tuple_type.as_object();
    let values = vm.ctx.new_tuple(values);
    py::attr(vm, tuple, "__new__")?.call((class, values), vm)
}

fn part<const N: usize>(c: &mut Class) {
    c.getter(PARTS[N], |o, vm| o.get_item(&N, vm));
}

/// What relation fields have.
pub fn fill(c: &mut Class) {
    c.method(
        "get_path_info",
        |o: PyObjectRef, filtered: OptionalArg, vm: &Vm| {
            let path = inner(&o, vm)?.own_path_infos().or_raise(vm)?;
            to_python(vm, &path, filtered)
        },
    );
    c.method(
        "get_reverse_path_info",
        |o: PyObjectRef, filtered: OptionalArg, vm: &Vm| {
            let path = inner(&o, vm)?.own_reverse_path_infos().or_raise(vm)?;
            to_python(vm, &path, filtered)
        },
    );
    c.getter("path_infos", |o, vm| {
        kept(vm, &o, "path_infos", "get_path_info")
    });
    c.getter("reverse_path_infos", |o, vm| {
        kept(vm, &o, "reverse_path_infos", "get_reverse_path_info")
    });
    c.getter("reverse_related_fields", |o, vm| {
        let pairs = inner(&o, vm)?.related_fields().or_raise(vm)?;
        pairs_object(vm, pairs.into_iter().map(|(l, r)| (r, l)))
    });
    c.method(
        "get_joining_fields",
        |o: PyObjectRef, reverse: OptionalArg, vm: &Vm| {
            let reverse = match reverse {
                OptionalArg::Present(v) => py::is_true(vm, &v)?,
                OptionalArg::Missing => false,
            };
            let name = if reverse {
                "reverse_related_fields"
            } else {
                "related_fields"
            };
            let pairs = py::list(vm, &py::attr(vm, &o, name)?)?;
            Ok(vm.ctx.new_tuple(pairs)) as PyResult<_>
        },
    );
    c.method("get_reverse_joining_fields", |o: PyObjectRef, vm: &Vm| {
        let reverse = [("reverse_join", py::bool(vm, true))];
        py::call_kw(vm, &o, "get_joining_fields", vec![], &reverse)
    });
    c.method(
        "get_extra_descriptor_filter",
        |_: PyObjectRef, _: PyObjectRef, vm: &Vm| vm.ctx.new_dict(),
    );
    c.method(
        "get_extra_restriction",
        |_: PyObjectRef, _: PyObjectRef, _: PyObjectRef, vm: &Vm| vm.ctx.none(),
    );
}

/// `from_fields` and `to_fields`, as `ForeignObject` takes them.
pub fn fill_foreign(c: &mut Class) {
    c.getter("from_fields", |o, vm| {
        let field = inner(&o, vm)?;
        let own = vec![py::str(vm, "self")];
        Ok(vm
            .ctx
            .new_list(match field.kind {
                FieldKind::ForeignObject => {
                    names(vm, &field.options.borrow().from_fields, Some("self"))
                }
                FieldKind::GenericRelation => {
                    vec![py::opt_str(vm, field.options.borrow().fk_field.as_deref())]
                }
                _ => own,
            })
            .into())
    });
    c.getter("to_fields", |o, vm| {
        let field = inner(&o, vm)?;
        Ok(vm
            .ctx
            .new_list(match (field.kind, &field.remote) {
                (FieldKind::ForeignObject, _) => names(vm, &field.options.borrow().to_fields, None),
                (FieldKind::GenericRelation, _) | (_, None) => vec![],
                (_, Some(rel)) => vec![py::opt_str(vm, rel.field_name.borrow().as_deref())],
            })
            .into())
    });
}

fn names(vm: &Vm, names: &[Option<String>], missing: Option<&str>) -> Vec<PyObjectRef> {
    let name = |n: &Option<String>| py::opt_str(vm, n.as_deref().or(missing));
    names.iter().map(name).collect()
}

/// A copy is the relation of the same field, or of the field's copy.
fn reduced(vm: &Vm, o: &PyObject) -> PyResult {
    let state = vm.ctx.new_dict();
    for (name, value) in o.dict().into_iter().flatten() {
        if !is_kept(&py::to_string(vm, &name)?) {
            state.set_item(&*name, value, vm)?;
        }
    }
    let field = vm.ctx.new_tuple(vec![py::attr(vm, o, "field")?]);
    let make = modules::find(vm, super::objects::MODULE, "_relation_of")?;
    let parts = vec![make, field.into(), state.into()];
    Ok(vm.ctx.new_tuple(parts).into())
}

/// What the reverse side of a relation has: the field's, turned round.
pub fn fill_rel(c: &mut Class) {
    c.method(
        "get_path_info",
        |o: PyObjectRef, filtered: OptionalArg, vm: &Vm| {
            let field = py::attr(vm, &o, "field")?;
            let filtered = filtered.into_option().into_iter().collect();
            py::call(vm, &field, "get_reverse_path_info", filtered)
        },
    );
    c.getter("path_infos", |o, vm| {
        kept(vm, &o, "path_infos", "get_path_info")
    });
    c.method(
        "__reduce_ex__",
        |o: PyObjectRef, _: PyObjectRef, vm: &Vm| reduced(vm, &o),
    );
    c.method("get_joining_fields", |o: PyObjectRef, vm: &Vm| {
        let field = py::attr(vm, &o, "field")?;
        py::call(vm, &field, "get_reverse_joining_fields", vec![])
    });
    c.method(
        "get_extra_restriction",
        |o: PyObjectRef, alias: PyObjectRef, related: PyObjectRef, vm: &Vm| {
            let field = py::attr(vm, &o, "field")?;
            py::call(vm, &field, "get_extra_restriction", vec![related, alias])
        },
    );
}

/// A path found once is kept on the object, under the attribute's own name.
fn kept(vm: &Vm, o: &PyObject, name: &'static str, method: &'static str) -> PyResult {
    let Some(dict) = o.dict() else {
        return py::call(vm, o, method, vec![]);
    };
    if let Some(found) = dict.get_item_opt(name, vm)? {
        return Ok(found);
    }
    let found = py::call(vm, o, method, vec![])?;
    dict.set_item(name, found.clone(), vm)?;
    Ok(found)
}

/// What of an object's `__dict__` a copy does not take over.
pub fn is_kept(name: &str) -> bool {
    matches!(name, "path_infos" | "reverse_path_infos")
}

/// Pairs of fields as a list of tuples.
pub fn pairs_object(vm: &Vm, pairs: impl IntoIterator<Item = (Rc<Field>, Rc<Field>)>) -> PyResult {
    let mut out = vec![];
    for (a, b) in pairs {
        let pair = vec![field_object(vm, &a)?, field_object(vm, &b)?];
        out.push(vm.ctx.new_tuple(pair).into());
    }
    Ok(vm.ctx.new_list(out).into())
}

/// The steps as Python's.
pub fn to_python(vm: &Vm, path: &[PathInfo], filtered: OptionalArg) -> PyResult {
    let class = modules::find(vm, MODULE, "PathInfo")?;
    let filtered = vm.unwrap_or_none(filtered.into_option());
    let meta = |model: &ModelRef| py::attr(vm, &class_of_model(vm, model)?, "_meta");
    let mut out = vec![];
    for info in path {
        let targets = info
            .target_fields
            .iter()
            .map(|f| field_object(vm, f))
            .collect::<PyResult<Vec<_>>>()?;
        let values = vec![
            meta(&info.from_opts)?,
            meta(&info.to_opts)?,
            vm.ctx.new_tuple(targets).into(),
            any_field_object(vm, &info.join_field)?,
            py::bool(vm, info.m2m),
            py::bool(vm, info.direct),
            filtered.clone(),
        ];
        out.push(class.call(values, vm)?);
    }
    Ok(vm.ctx.new_list(out).into())
}

/// A field or reverse relation behind a Python object.
pub fn any_field_of(vm: &Vm, o: &PyObject) -> PyResult<AnyField> {
    if let Some(field) = field_of(o) {
        return Ok(AnyField::Field(field));
    }
    rel_of(o)
        .map(AnyField::Rel)
        .ok_or_else(|| vm.new_type_error("a field or a relation was expected"))
}

/// What a user's `get_path_info()` returned.
pub fn from_python(vm: &Vm, path: &PyObject) -> PyResult<Vec<PathInfo>> {
    let model = |info: &PyObject, name: &str| {
        let meta = py::attr(vm, info, name)?;
        model_of_options(&meta).ok_or_else(|| vm.new_type_error("a model's _meta was expected"))
    };
    let mut out = vec![];
    for info in py::list(vm, path)? {
        out.push(PathInfo {
            from_opts: model(&info, "from_opts")?,
            to_opts: model(&info, "to_opts")?,
            target_fields: fields(vm, &*py::attr(vm, &info, "target_fields")?)?,
            join_field: any_field_of(vm, &*py::attr(vm, &info, "join_field")?)?,
            m2m: py::is_true(vm, &py::attr(vm, &info, "m2m")?)?,
            direct: py::is_true(vm, &py::attr(vm, &info, "direct")?)?,
        });
    }
    Ok(out)
}

fn fields(vm: &Vm, list: &PyObject) -> PyResult<Vec<Rc<Field>>> {
    let field =
        |o: &PyObjectRef| field_of(o).ok_or_else(|| vm.new_type_error("a field was expected"));
    py::list(vm, list)?.iter().map(field).collect()
}

/// What a user's `get_joining_fields()` returned.
pub fn pairs_from_python(vm: &Vm, pairs: &PyObject) -> PyResult<Vec<(Rc<Field>, Rc<Field>)>> {
    let mut out = vec![];
    for pair in py::list(vm, pairs)? {
        let [ours, theirs] = fields(vm, &pair)?
            .try_into()
            .map_err(|_| vm.new_value_error("a pair of fields was expected"))?;
        out.push((ours, theirs));
    }
    Ok(out)
}

/// The class that a relation's Python object is of, where the field's class names one.
pub fn rel_class(vm: &Vm, rel: &orm_state::Rel) -> PyResult<Option<PyObjectRef>> {
    let Some(field) = rel.field_opt() else {
        return Ok(None);
    };
    match field.class.face.get::<crate::convert::PyObj>() {
        Some(class) => py::attr_opt(vm, &class.0, "rel_class"),
        None => Ok(None),
    }
}
