//! `deconstruct()`: a field as the call that makes it again, for migrations and copies.
use super::properties::{inner, this};
use crate::class::Class;
use crate::models::related;
use crate::py;
use orm_state::{Field, FieldKind};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method("deconstruct", |o: PyObjectRef, vm: &Vm| deconstruct(&o, vm));
    c.method("clone", |o: PyObjectRef, vm: &Vm| {
        let parts = py::list(vm, &py::call(vm, &o, "deconstruct", vec![])?)?;
        let [_, _, args, kwargs] = parts.as_slice() else {
            return Err(vm.new_value_error("deconstruct() must return four values"));
        };
        let mut call = FuncArgs::from(py::list(vm, args)?);
        if let Ok(kwargs) = kwargs.clone().downcast::<rustpython_vm::builtins::PyDict>() {
            for (k, v) in py::dict_items(vm, &kwargs)? {
                call.kwargs.insert(k.into(), v);
            }
        }
        o.class().as_object().call(call, vm)
    });
}

/// Import paths are shortened to where users import from.
fn short_path(path: String) -> String {
    for (from, to) in [
        ("django.db.models.fields.related", "django.db.models"),
        ("django.db.models.fields.files", "django.db.models"),
        ("django.db.models.fields.generated", "django.db.models"),
        ("django.db.models.fields.json", "django.db.models"),
        ("django.db.models.fields.proxy", "django.db.models"),
        ("django.db.models.fields.composite", "django.db.models"),
        ("django.db.models.fields", "django.db.models"),
    ] {
        if let Some(rest) = path.strip_prefix(from)
            && rest.starts_with('.')
        {
            return format!("{to}{rest}");
        }
    }
    path
}

fn deconstruct(o: &PyObject, vm: &Vm) -> PyResult {
    let field = inner(o, vm)?;
    let class = o.class().to_owned();
    let module = class.as_object().get_attr("__module__", vm)?;
    let qualname = class.as_object().get_attr("__qualname__", vm)?;
    let path = short_path(format!(
        "{}.{}",
        py::to_string(vm, &module)?,
        py::to_string(vm, &qualname)?
    ));
    let name = field.name();
    let name = if name.is_empty() {
        vm.ctx.none()
    } else {
        py::str(vm, &*name)
    };
    let kwargs = vm.ctx.new_dict();
    for (key, value) in keywords(o, &field, vm)? {
        kwargs.set_item(key, value, vm)?;
    }
    let args: Vec<PyObjectRef> = if field.kind == FieldKind::CompositePrimaryKey {
        let names = &field.options.borrow().composite_fields;
        names.iter().map(|n| py::str(vm, n)).collect()
    } else {
        vec![]
    };
    Ok(vm
        .ctx
        .new_tuple(vec![
            name,
            py::str(vm, path),
            vm.ctx.new_list(args).into(),
            kwargs.into(),
        ])
        .into())
}

type Keywords = Vec<(&'static str, PyObjectRef)>;

fn keywords(o: &PyObject, field: &Field, vm: &Vm) -> PyResult<Keywords> {
    use FieldKind::*;
    let this = this(o, vm)?;
    let options = field.options.borrow();
    let kind = field.kind;
    let mut out: Keywords = vec![];
    let flag = |b: bool| py::bool(vm, b);
    let part = |out: &mut Keywords, name: &'static str| {
        if let Some(v) = this.part(name) {
            out.push((name, v));
        }
    };
    part(&mut out, "verbose_name");
    if field.primary_key.get() {
        out.push(("primary_key", flag(true)));
    }
    let default_length = match kind {
        Email => Some(254),
        Url => Some(200),
        Slug => Some(50),
        File | Image | FilePath => Some(100),
        Uuid => Some(32),
        GenericIpAddress => Some(39),
        _ => None,
    };
    // E-mail addresses always say their length.
    if options.max_length != default_length || kind == Email {
        part(&mut out, "max_length");
    }
    if field.unique.get() && kind != OneToOne {
        out.push(("unique", flag(true)));
    }
    let auto_now = options.auto_now || options.auto_now_add;
    if field.blank.get()
        && !auto_now
        && !kind.is_auto()
        && kind != Generated
        && kind != CompositePrimaryKey
    {
        out.push(("blank", flag(true)));
    }
    if kind.is_auto() {
        // `blank` is always true there.
    }
    if field.null.get() && kind != ManyToMany {
        out.push(("null", flag(true)));
    }
    let indexed = matches!(kind, Slug | ForeignKey | OneToOne);
    match (indexed, field.db_index.get()) {
        (true, false) => out.push(("db_index", flag(false))),
        (false, true) => out.push(("db_index", flag(true))),
        _ => {}
    }
    part(&mut out, "default");
    part(&mut out, "db_default");
    let editable_default = kind != Binary;
    if kind == Binary {
        if options.editable {
            out.push(("editable", flag(true)));
        }
    } else if options.editable != editable_default
        && !auto_now
        && kind != Generated
        && kind != CompositePrimaryKey
    {
        out.push(("editable", flag(options.editable)));
    }
    if !options.serialize {
        out.push(("serialize", flag(false)));
    }
    for (name, value) in [
        ("unique_for_date", &options.unique_for_date),
        ("unique_for_month", &options.unique_for_month),
        ("unique_for_year", &options.unique_for_year),
    ] {
        if let Some(v) = value {
            out.push((name, py::str(vm, v)));
        }
    }
    match this.part("choices_given") {
        Some(given) if super::choices::is_function(&given) => out.push(("choices", given)),
        _ => part(&mut out, "choices"),
    }
    if !options.help_text.is_empty() {
        let text = this
            .part("help_text")
            .unwrap_or_else(|| py::str(vm, &options.help_text));
        out.push(("help_text", text));
    }
    for (name, value) in [
        ("db_column", &options.db_column),
        ("db_comment", &options.db_comment),
        ("db_tablespace", &options.db_tablespace),
        ("db_collation", &options.db_collation),
    ] {
        if let Some(v) = value {
            out.push((name, py::str(vm, v)));
        }
    }
    if options.auto_created {
        out.push(("auto_created", flag(true)));
    }
    out.extend(super::extras::given(vm, this, kind)?);
    if options.auto_now {
        out.push(("auto_now", flag(true)));
    }
    if options.auto_now_add {
        out.push(("auto_now_add", flag(true)));
    }
    match kind {
        Decimal => {
            part(&mut out, "max_digits");
            part(&mut out, "decimal_places");
        }
        Json => {
            part(&mut out, "encoder");
            part(&mut out, "decoder");
        }
        Slug if options.allow_unicode => out.push(("allow_unicode", flag(true))),
        GenericIpAddress => {
            if options.unpack_ipv4 {
                out.push(("unpack_ipv4", flag(true)));
            }
            if let Some(p) = options.protocol.as_deref().filter(|p| *p != "both") {
                out.push(("protocol", py::str(vm, p)));
            }
        }
        Generated => {
            out.retain(|(n, _)| !matches!(*n, "blank" | "editable"));
            out.push(("db_persist", flag(options.db_persist == Some(true))));
            part(&mut out, "expression");
            part(&mut out, "output_field");
        }
        _ => {}
    }
    drop(options);
    if field.remote.is_some() {
        related::deconstruct(o, field, &mut out, vm)?;
    }
    Ok(out)
}
