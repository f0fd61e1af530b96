//! Python values as source: what `MigrationWriter.serialize()` says.
//!
//! ```python
//! MigrationWriter.serialize([Color.RED, Decimal("1.3")])
//! # ("[app.models.Color['RED'], Decimal('1.3')]", {"import app.models", "from decimal import Decimal"})
//! ```
use crate::convert::to_value;
use crate::error::OrRaise;
use crate::{modules, py};
use orm_migrations::serializer::{self, Imports};
use orm_sql::expression::expr_of;
use orm_state::Value;
use rustpython_vm::builtins::{PyDict, PyType};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// The registry of serializers that users added lives here.
pub const MODULE: &str = "django.db.migrations.serializer";

/// The source of a value; the import lines it needs are added.
///
/// # Errors
/// `ValueError` for what cannot be written.
pub fn serialize(vm: &Vm, o: &PyObject, imports: &mut Imports) -> PyResult<String> {
    if let Some(lazy) = unwrapped(vm, o)? {
        return serialize(vm, &lazy, imports);
    }
    if is_operation(vm, o)? {
        let op = super::convert_operation::operation(vm, o)?;
        let text = orm_migrations::writer::operation_text(&op, 0, imports).or_raise(vm)?;
        return Ok(text.trim_end_matches(',').to_string());
    }
    if o.downcast_ref::<PyType>().is_some() {
        return rust(vm, o, imports);
    }
    if let Some(method) = py::attr_opt(vm, o, "deconstruct")? {
        let parts = py::list(vm, &method.call((), vm)?)?;
        return made_again(vm, &parts, imports);
    }
    if let Some(text) = container(vm, o, imports)? {
        return Ok(text);
    }
    match unlike_values(vm, o, imports)? {
        Some(text) => Ok(text),
        None => rust(vm, o, imports),
    }
}

/// The source of what has no like among Rust's values.
pub fn unlike_values(vm: &Vm, o: &PyObject, imports: &mut Imports) -> PyResult<Option<String>> {
    match special(vm, o, imports)? {
        None => registered(vm, o, imports),
        found => Ok(found),
    }
}

/// An operation, Django's or somebody's own?
pub fn is_operation(vm: &Vm, o: &PyObject) -> PyResult<bool> {
    let class = modules::find(vm, "django.db.migrations.operations.base", "Operation")?;
    o.is_instance(&class, vm)
}

/// What Rust's values say of themselves.
fn rust(vm: &Vm, o: &PyObject, imports: &mut Imports) -> PyResult<String> {
    serializer::serialize(&to_value(vm, o)?, imports).or_raise(vm)
}

/// A lazy text as text, a lazy object as what it holds.
fn unwrapped(vm: &Vm, o: &PyObject) -> PyResult<Option<PyObjectRef>> {
    let is = |name: &str| -> PyResult<bool> {
        let class = modules::find(vm, "django.utils.functional", name)?;
        o.is_instance(&class, vm)
    };
    if is("Promise")? {
        return Ok(Some(o.str(vm)?.into()));
    }
    if is("LazyObject")? {
        let reduced = py::list(vm, &py::call(vm, o, "__reduce__", vec![])?)?;
        if let Some(args) = reduced.get(1) {
            return Ok(py::list(vm, args)?.first().cloned());
        }
    }
    Ok(None)
}

fn joined(vm: &Vm, items: &[PyObjectRef], imports: &mut Imports) -> PyResult<String> {
    let texts = items
        .iter()
        .map(|i| serialize(vm, i, imports))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(texts.join(", "))
}

fn container(vm: &Vm, o: &PyObject, imports: &mut Imports) -> PyResult<Option<String>> {
    let types = &vm.ctx.types;
    if o.fast_isinstance(types.list_type) {
        return Ok(Some(format!(
            "[{}]",
            joined(vm, &py::list(vm, o)?, imports)?
        )));
    }
    if o.fast_isinstance(types.tuple_type) {
        let items = py::list(vm, o)?;
        return Ok(Some(tuple(&joined(vm, &items, imports)?, items.len())));
    }
    let frozen = o.fast_isinstance(types.frozenset_type);
    if frozen || o.fast_isinstance(types.set_type) {
        let mut items = vec![];
        for item in py::list(vm, o)? {
            items.push((py::repr(vm, &item)?, item));
        }
        items.sort_by(|a, b| a.0.cmp(&b.0));
        let empty = items.is_empty();
        let items: Vec<PyObjectRef> = items.into_iter().map(|(_, i)| i).collect();
        let inside = joined(vm, &items, imports)?;
        return Ok(Some(match (frozen, empty) {
            (true, _) => format!("frozenset([{inside}])"),
            (false, true) => "set()".into(),
            (false, false) => format!("{{{inside}}}"),
        }));
    }
    if o.fast_isinstance(types.dict_type) {
        let items = py::call(vm, o, "items", vec![])?;
        let sorted = vm.builtins.get_attr("sorted", vm)?.call((items,), vm)?;
        let mut parts = vec![];
        for pair in py::list(vm, &sorted)? {
            if let [k, v] = py::list(vm, &pair)?.as_slice() {
                let key = serialize(vm, k, imports)?;
                parts.push(format!("{key}: {}", serialize(vm, v, imports)?));
            }
        }
        return Ok(Some(format!("{{{}}}", parts.join(", "))));
    }
    Ok(None)
}

fn tuple(inside: &str, count: usize) -> String {
    match count {
        1 => format!("({inside},)"),
        _ => format!("({inside})"),
    }
}

/// Is it an instance of a class of the standard library? A module that nobody imported has none.
fn is(vm: &Vm, o: &PyObject, module: &str, name: &str) -> PyResult<bool> {
    let all = vm.sys_module.get_attr("modules", vm)?;
    let Ok(module) = all.get_item(module, vm) else {
        return Ok(false);
    };
    match py::attr_opt(vm, &module, name)? {
        Some(class) => o.is_instance(&class, vm),
        None => Ok(false),
    }
}

fn special(vm: &Vm, o: &PyObject, imports: &mut Imports) -> PyResult<Option<String>> {
    let class = o.class().to_owned();
    let text = |o: &PyObject, name: &str| py::to_string(vm, &py::attr(vm, o, name)?);
    if is(vm, o, "enum", "Enum")? {
        if is(vm, o, "django.db.models.enums", "Choices")? {
            let value = py::attr(vm, o, "value")?;
            return serialize(vm, &value, imports).map(Some);
        }
        let module = text(class.as_object(), "__module__")?;
        let path = format!("{module}.{}", text(class.as_object(), "__qualname__")?);
        let members = match is(vm, o, "enum", "Flag")? {
            true => py::list(vm, o)?,
            false => vec![o.to_owned()],
        };
        let mut parts = vec![];
        for member in members {
            let name = py::repr(vm, &py::attr(vm, &member, "name")?)?;
            parts.push(format!("{path}[{name}]"));
        }
        imports.insert(format!("import {module}"));
        return Ok(Some(parts.join(" | ")));
    }
    if is(vm, o, "django.conf", "SettingsReference")? {
        imports.insert("from django.conf import settings".into());
        return Ok(Some(format!("settings.{}", text(o, "setting_name")?)));
    }
    if is(vm, o, "django.db.models.deletion", "DatabaseOnDelete")? {
        let module = text(class.as_object(), "__module__")?;
        imports.insert(format!("import {module}"));
        return Ok(Some(format!("{module}.{}", text(o, "__name__")?)));
    }
    if is(vm, o, "decimal", "Decimal")? {
        imports.insert("from decimal import Decimal".into());
        return py::repr(vm, o).map(Some);
    }
    for kind in ["partial", "partialmethod"] {
        if is(vm, o, "functools", kind)? {
            let mut args = vec![py::attr(vm, o, "func")?];
            args.extend(py::list(vm, &py::attr(vm, o, "args")?)?);
            let kwargs = py::attr(vm, o, "keywords")?;
            let name = class.name().to_string();
            return call(vm, &format!("functools.{name}"), &args, &kwargs, imports).map(Some);
        }
    }
    if class.name().to_string() == "GenericAlias" {
        for inner in py::list(vm, &py::attr(vm, o, "__args__")?)? {
            serialize(vm, &inner, imports)?;
        }
        return py::repr(vm, o).map(Some);
    }
    if is(vm, o, "re", "Pattern")? {
        return regex(vm, o, imports).map(Some);
    }
    if is(vm, o, "pathlib", "PurePath")? {
        imports.insert("import pathlib".into());
        let pure = if is(vm, o, "pathlib", "Path")? {
            "Pure"
        } else {
            ""
        };
        return Ok(Some(format!("pathlib.{pure}{}", py::repr(vm, o)?)));
    }
    if let Some(path) = py::attr_opt(vm, o, "__fspath__")? {
        return py::repr(vm, &path.call((), vm)?).map(Some);
    }
    if is(vm, o, "zoneinfo", "ZoneInfo")? {
        imports.insert("import zoneinfo".into());
        return py::repr(vm, o).map(Some);
    }
    if plain(vm, o) || o.is_callable() || o.fast_isinstance(vm.ctx.types.range_type) {
        return Ok(None);
    }
    // Whatever else can be gone through is a tuple.
    if py::attr_opt(vm, class.as_object(), "__iter__")?.is_some() && expr_of_value(vm, o).is_none()
    {
        let items = py::list(vm, o)?;
        return Ok(Some(tuple(&joined(vm, &items, imports)?, items.len())));
    }
    Ok(None)
}

fn plain(vm: &Vm, o: &PyObject) -> bool {
    let types = &vm.ctx.types;
    [
        types.str_type,
        types.bytes_type,
        types.int_type,
        types.float_type,
    ]
    .iter()
    .any(|t| o.fast_isinstance(t))
}

fn expr_of_value(vm: &Vm, o: &PyObject) -> Option<()> {
    match to_value(vm, o).ok()? {
        Value::Object(object) => expr_of(&*object).map(drop),
        _ => None,
    }
}

fn regex(vm: &Vm, o: &PyObject, imports: &mut Imports) -> PyResult<String> {
    imports.insert("import re".into());
    let pattern = serialize(vm, &*py::attr(vm, o, "pattern")?, imports)?;
    let flags = py::attr(vm, o, "flags")?;
    // The flag that every pattern of text has says nothing.
    let usual = py::attr(vm, &*vm.import("re", 0)?, "compile")?.call(("",), vm)?;
    let usual = py::attr(vm, &usual, "flags")?;
    let flags = vm._xor(&flags, &usual)?;
    if !flags.clone().is_true(vm)? {
        return Ok(format!("re.compile({pattern})"));
    }
    Ok(format!(
        "re.compile({pattern}, {})",
        serialize(vm, &flags, imports)?
    ))
}

/// What a serializer that somebody registered says.
fn registered(vm: &Vm, o: &PyObject, imports: &mut Imports) -> PyResult<Option<String>> {
    let registry = modules::find(vm, MODULE, "Serializer")?;
    let registry = py::attr(vm, &registry, "_registry")?;
    let Some(registry) = registry.downcast_ref::<PyDict>() else {
        return Ok(None);
    };
    for (class, serializer) in registry {
        if !o.is_instance(&class, vm)? {
            continue;
        }
        let made = serializer.call((o.to_owned(),), vm)?;
        let said = py::list(vm, &py::call(vm, &made, "serialize", vec![])?)?;
        if let [text, lines] = said.as_slice() {
            for line in py::list(vm, lines)? {
                imports.insert(py::to_string(vm, &line)?);
            }
            return py::to_string(vm, text).map(Some);
        }
    }
    Ok(None)
}

/// `(path, args, kwargs)`, a field's four parts, or a manager's five.
fn made_again(vm: &Vm, parts: &[PyObjectRef], imports: &mut Imports) -> PyResult<String> {
    let (path, args, kwargs) = match parts {
        [path, args, kwargs] | [_, path, args, kwargs] => (path, args, kwargs),
        [as_manager, manager, queryset, args, kwargs] => {
            if as_manager.clone().is_true(vm)? {
                let name = self::path(&py::to_string(vm, queryset)?, imports);
                return Ok(format!("{name}.as_manager()"));
            }
            (manager, args, kwargs)
        }
        _ => return Err(vm.new_type_error("deconstruct() must return three values")),
    };
    let path = py::to_string(vm, path)?;
    call(vm, &path, &py::list(vm, args)?, kwargs, imports)
}

fn path(path: &str, imports: &mut Imports) -> String {
    let (module, name) = path.rsplit_once('.').unwrap_or(("", path));
    if module == "django.db.models" {
        imports.insert("from django.db import models".into());
        return format!("models.{name}");
    }
    imports.insert(format!("import {module}"));
    path.to_string()
}

/// `path(*args, **kwargs)`; keywords that are no names go in as a dict.
fn call(
    vm: &Vm,
    path: &str,
    args: &[PyObjectRef],
    kwargs: &PyObject,
    imports: &mut Imports,
) -> PyResult<String> {
    let name = self::path(path, imports);
    let mut parts = args
        .iter()
        .map(|a| serialize(vm, a, imports))
        .collect::<PyResult<Vec<_>>>()?;
    let mut named = vec![];
    for key in py::list(vm, kwargs)? {
        named.push((py::to_string(vm, &key)?, kwargs.get_item(&*key, vm)?));
    }
    named.sort_by(|a, b| a.0.cmp(&b.0));
    let odd = vm.ctx.new_dict();
    for (key, value) in named {
        let identifier = py::str(vm, &key);
        if py::call(vm, &identifier, "isidentifier", vec![])?.is_true(vm)? {
            parts.push(format!("{key}={}", serialize(vm, &value, imports)?));
        } else {
            odd.set_item(key.as_str(), value, vm)?;
        }
    }
    if odd.__len__() > 0 {
        parts.push(format!("**{}", serialize(vm, odd.as_object(), imports)?));
    }
    Ok(format!("{name}({})", parts.join(", ")))
}
