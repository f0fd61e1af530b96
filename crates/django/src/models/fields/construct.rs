//! `Field.__init__`: options out of arguments.
use super::args::Args;
use super::choices;
use super::classes::field_class;
use super::object::PyField;
use crate::convert::{PyObj, to_py, to_value};
use crate::models::related;
use crate::py;
use orm_state::field::FieldDefault;
use orm_state::{Clause, Field, FieldKind, FieldOptions, Object, Value};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::Cell;
use std::rc::Rc;

thread_local! {
    static COUNTER: Cell<i64> = const { Cell::new(0) };
    static AUTO_COUNTER: Cell<i64> = const { Cell::new(-1) };
}

/// The place of the next field: written ones count up, automatic ones down.
fn next_counter(auto_created: bool) -> i64 {
    if auto_created {
        AUTO_COUNTER.replace(AUTO_COUNTER.get() - 1)
    } else {
        COUNTER.replace(COUNTER.get() + 1)
    }
}

/// A Python object kept by the ORM as it is; expressions as expressions.
pub fn clause(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Clause> {
    Ok(match to_value(vm, obj)? {
        Value::Object(o) => o,
        _ => Rc::new(PyObj(obj.to_owned())) as Rc<dyn Object>,
    })
}

pub fn init(vm: &VirtualMachine, zelf: &Py<PyField>, given: FuncArgs) -> PyResult<()> {
    let class = field_class(vm, &zelf.class().to_owned())?;
    let kind = class.kind;
    let mut args = Args::new(vm, kind, given)?;
    related::check_arguments(vm, zelf, kind, &mut args)?;
    let mut options = FieldOptions::default();
    common_options(vm, zelf, &mut args, &mut options)?;
    let primary_key = match args.take("primary_key") {
        Some(v) => {
            zelf.set_part("primary_key_given", v.clone());
            v.is_true(vm)?
        }
        None => kind == FieldKind::CompositePrimaryKey,
    };
    let mut unique = args.take_bool(vm, "unique", kind == FieldKind::OneToOne)?;
    let mut blank = args.take_bool(
        vm,
        "blank",
        kind.is_auto() || matches!(kind, FieldKind::Generated | FieldKind::CompositePrimaryKey),
    )?;
    let mut null = args.take_bool(vm, "null", false)?;
    if let Some(v) = args.peek("db_index") {
        zelf.set_part("db_index_given", v);
    }
    let mut db_index = args.take_bool(
        vm,
        "db_index",
        matches!(
            kind,
            FieldKind::Slug | FieldKind::ForeignKey | FieldKind::OneToOne
        ),
    )?;
    own_options(vm, zelf, kind, &mut args, &mut options)?;
    if kind == FieldKind::Generated && !blank {
        return Err(vm.new_value_error("GeneratedField must be blank."));
    }
    if kind == FieldKind::OneToOne {
        unique = true;
    }
    if kind == FieldKind::CompositePrimaryKey {
        if !primary_key {
            return Err(vm.new_value_error("CompositePrimaryKey must be a primary key."));
        }
        if !blank {
            return Err(vm.new_value_error("CompositePrimaryKey must be blank."));
        }
    }
    if options.auto_now || options.auto_now_add {
        options.editable = false;
        blank = true;
    }
    let remote = related::rel_from_arguments(vm, zelf, kind, &mut args, &mut options)?;
    if kind == FieldKind::ManyToMany {
        if unique {
            zelf.set_part("unique_given", py::bool(vm, true));
        }
        (unique, db_index) = (false, false);
        if null {
            zelf.set_part("null_given", py::bool(vm, true));
        }
    }
    if kind == FieldKind::GenericRelation {
        (blank, null, options.editable) = (true, true, false);
    }
    options.extra = super::extras::kept(vm, zelf, kind)?;
    let auto_created = options.auto_created;
    let name = args.take_string(vm, "name")?;
    let field = Field::new(class, options, remote);
    field.null.set(null);
    field.blank.set(blank);
    field.unique.set(unique);
    field.primary_key.set(primary_key);
    field.db_index.set(db_index);
    field.creation_counter.set(next_counter(auto_created));
    if let Some(name) = name {
        field.set_name(&name);
    }
    *zelf.inner.borrow_mut() = Some(field);
    Ok(())
}

/// The options of every field.
fn common_options(
    vm: &VirtualMachine,
    zelf: &Py<PyField>,
    args: &mut Args,
    o: &mut FieldOptions,
) -> PyResult<()> {
    if let Some(v) = args.take_some(vm, "verbose_name") {
        o.verbose_name = Some(py::to_string(vm, &v)?);
        zelf.set_part("verbose_name", v);
    }
    if let Some(v) = args.take_some(vm, "max_length") {
        o.max_length = v.clone().try_into_value(vm).ok();
        zelf.set_part("max_length", v);
    }
    if let Some(v) = args.take("default")
        && !super::is_not_provided(vm, &v)
    {
        o.default = if py::callable(&v) {
            FieldDefault::Callable(Rc::new(PyObj(v.clone())))
        } else {
            FieldDefault::Value(to_value(vm, &v)?)
        };
        zelf.set_part("default", v);
    }
    if let Some(v) = args.take("db_default")
        && !super::is_not_provided(vm, &v)
    {
        o.db_default = Some(db_default_clause(vm, &v)?);
        zelf.set_part("db_default", v);
    }
    o.db_column = args.take_string(vm, "db_column")?;
    o.db_comment = args.take_string(vm, "db_comment")?;
    o.db_collation = args.take_string(vm, "db_collation")?;
    o.db_tablespace = args.take_string(vm, "db_tablespace")?;
    if let Some(v) = args.take("editable") {
        o.editable = v.clone().is_true(vm)?;
        zelf.set_part("editable_given", v);
    }
    o.serialize = args.take_bool(vm, "serialize", true)?;
    o.auto_created = args.take_bool(vm, "auto_created", false)?;
    if let Some(v) = args.take("help_text") {
        o.help_text = py::to_string(vm, &v)?;
        zelf.set_part("help_text", v);
    }
    if let Some(v) = args.take_some(vm, "choices") {
        let normal = choices::normalize(vm, &v)?;
        // A function stays one: migrations name it.
        let kept = if choices::is_function(&v) {
            &v
        } else {
            &normal
        };
        o.choices = Some(to_value(vm, kept)?);
        zelf.set_part("choices_given", v);
        zelf.set_part("choices", normal);
    }
    o.unique_for_date = args.take_string(vm, "unique_for_date")?;
    o.unique_for_month = args.take_string(vm, "unique_for_month")?;
    o.unique_for_year = args.take_string(vm, "unique_for_year")?;
    if let Some(v) = args.take_some(vm, "validators") {
        zelf.set_part("validators", vm.ctx.new_list(py::list(vm, &v)?));
    }
    if let Some(v) = args.take_some(vm, "error_messages") {
        zelf.set_part("error_messages", v);
    }
    Ok(())
}

/// A literal is wrapped, so that the schema editor finds an expression or a value.
fn db_default_clause(vm: &VirtualMachine, v: &PyObjectRef) -> PyResult<Clause> {
    if crate::expressions::object::expr_of(v).is_none()
        && py::attr_opt(vm, &v.clone(), "resolve_expression")?.is_none()
        && let Ok(value) = crate::modules::find(vm, "django.db.models", "Value")
    {
        let wrapped = value.call((v.clone(),), vm)?;
        return clause(vm, &wrapped);
    }
    clause(vm, v)
}

/// The options of one kind only.
fn own_options(
    vm: &VirtualMachine,
    zelf: &Py<PyField>,
    kind: FieldKind,
    args: &mut Args,
    o: &mut FieldOptions,
) -> PyResult<()> {
    use FieldKind::*;
    match kind {
        Email => default_length(o, zelf, vm, 254),
        Url => default_length(o, zelf, vm, 200),
        Slug => {
            default_length(o, zelf, vm, 50);
            o.allow_unicode = args.take_bool(vm, "allow_unicode", false)?;
        }
        File | Image | FilePath => default_length(o, zelf, vm, 100),
        Uuid => default_length(o, zelf, vm, 32),
        GenericIpAddress => {
            o.protocol = Some(
                args.take_string(vm, "protocol")?
                    .unwrap_or_else(|| "both".into()),
            );
            o.unpack_ipv4 = args.take_bool(vm, "unpack_ipv4", false)?;
            default_length(o, zelf, vm, 39);
        }
        Date | DateTime | Time => {
            o.auto_now = args.take_bool(vm, "auto_now", false)?;
            o.auto_now_add = args.take_bool(vm, "auto_now_add", false)?;
        }
        Decimal => {
            for (name, slot) in [
                ("max_digits", &mut o.max_digits),
                ("decimal_places", &mut o.decimal_places),
            ] {
                if let Some(v) = args.take_some(vm, name) {
                    *slot = v.clone().try_into_value(vm).ok();
                    if let Some(name) = ["max_digits", "decimal_places"]
                        .iter()
                        .find(|n| **n == name)
                    {
                        zelf.set_part(name, v);
                    }
                }
            }
        }
        Binary => {
            // Not editable unless asked for.
            if !zelf.parts.borrow().contains_key("editable_given") {
                o.editable = false;
            }
        }
        Json => {
            for name in ["encoder", "decoder"] {
                if let Some(v) = args.take_some(vm, name) {
                    if !py::callable(&v) {
                        return Err(vm.new_value_error(format!(
                            "The {name} parameter must be a callable object."
                        )));
                    }
                    let kept = Some(Rc::new(PyObj(v.clone())) as Clause);
                    if name == "encoder" {
                        o.encoder = kept;
                        zelf.set_part("encoder", v);
                    } else {
                        o.decoder = kept;
                        zelf.set_part("decoder", v);
                    }
                }
            }
        }
        CompositePrimaryKey => {
            if zelf.part("editable_given").is_none() {
                o.editable = false;
            }
            composite(vm, args, o)?;
        }
        Generated => {
            if zelf.part("editable_given").is_none() {
                o.editable = false;
            }
            generated(vm, zelf, args, o)?;
        }
        _ => {}
    }
    for name in [
        "upload_to",
        "storage",
        "width_field",
        "height_field",
        "path",
        "match",
        "recursive",
        "allow_files",
        "allow_folders",
    ] {
        if let Some(v) = args.take(name) {
            zelf.set_part(name, v);
        }
    }
    Ok(())
}

fn default_length(o: &mut FieldOptions, zelf: &Py<PyField>, vm: &VirtualMachine, length: i64) {
    if o.max_length.is_none() || zelf.part("max_length").is_none() {
        o.max_length = Some(length);
        zelf.set_part("max_length", vm.ctx.new_int(length));
    }
}

fn generated(
    vm: &VirtualMachine,
    zelf: &Py<PyField>,
    args: &mut Args,
    o: &mut FieldOptions,
) -> PyResult<()> {
    let mut missing: Vec<String> = {
        let mut missing = vec![];
        for name in ["expression", "output_field"] {
            match args.take(name) {
                Some(v) if name == "expression" => {
                    o.generated_expression = Some(clause(vm, &v)?);
                    zelf.set_part("expression", v);
                }
                Some(v) => {
                    o.generated_output_field = super::object::field_of(&v);
                    zelf.set_part("output_field", v);
                }
                None => missing.push(format!("'{name}'")),
            }
        }
        missing
    };
    let persist = args.take("db_persist");
    match &persist {
        None => missing.push("'db_persist'".to_owned()),
        Some(v) if v.is(&vm.ctx.true_value) || v.is(&vm.ctx.false_value) => {
            o.db_persist = Some(v.clone().is_true(vm)?);
        }
        _ => {
            return Err(vm.new_value_error("GeneratedField.db_persist must be True or False."));
        }
    }
    if !missing.is_empty() {
        return Err(vm.new_type_error(format!(
            "GeneratedField.__init__() missing {} required keyword-only argument{}: {}",
            missing.len(),
            if missing.len() == 1 { "" } else { "s" },
            missing.join(" and ")
        )));
    }
    if o.editable {
        return Err(vm.new_value_error("GeneratedField cannot be editable."));
    }
    if zelf.part("default").is_some() {
        return Err(vm.new_value_error("GeneratedField cannot have a default."));
    }
    if zelf.part("db_default").is_some() {
        return Err(vm.new_value_error("GeneratedField cannot have a database default."));
    }
    Ok(())
}

fn composite(vm: &VirtualMachine, args: &mut Args, o: &mut FieldOptions) -> PyResult<()> {
    let given = args
        .take("args")
        .unwrap_or_else(|| vm.ctx.new_tuple(vec![]).into());
    let names: Vec<String> = py::list(vm, &given)?
        .iter()
        .map(|n| {
            py::as_string(n).ok_or_else(|| {
                vm.new_value_error("CompositePrimaryKey args must be unique strings.")
            })
        })
        .collect::<PyResult<_>>()?;
    if names.is_empty() {
        return Err(vm.new_value_error("CompositePrimaryKey args must be unique strings."));
    }
    let mut seen: Vec<&String> = vec![];
    for n in &names {
        if seen.contains(&n) {
            return Err(vm.new_value_error("CompositePrimaryKey args must be unique strings."));
        }
        seen.push(n);
    }
    if names.len() < 2 {
        return Err(vm.new_value_error("CompositePrimaryKey must include at least two fields."));
    }
    for (name, message) in [
        ("default", "CompositePrimaryKey cannot have a default."),
        (
            "db_default",
            "CompositePrimaryKey cannot have a database default.",
        ),
        ("db_column", "CompositePrimaryKey cannot have a db_column."),
        ("editable", "CompositePrimaryKey cannot be editable."),
    ] {
        let given = match name {
            "default" => !matches!(o.default, FieldDefault::NotProvided),
            "db_default" => o.db_default.is_some(),
            "editable" => o.editable,
            _ => o.db_column.is_some(),
        };
        if given {
            return Err(vm.new_value_error(message));
        }
    }
    o.composite_fields = names;
    Ok(())
}

/// Fills the Python side of a field that Rust made.
pub fn parts_from_options(
    vm: &VirtualMachine,
    zelf: &Py<PyField>,
    field: &Rc<Field>,
) -> PyResult<()> {
    let o = field.options.borrow();
    if let Some(n) = o.max_length {
        zelf.set_part("max_length", vm.ctx.new_int(n));
    }
    if let Some(n) = o.max_digits {
        zelf.set_part("max_digits", vm.ctx.new_int(n));
    }
    if let Some(n) = o.decimal_places {
        zelf.set_part("decimal_places", vm.ctx.new_int(n));
    }
    match &o.default {
        FieldDefault::NotProvided => {}
        FieldDefault::Value(v) => zelf.set_part("default", to_py(vm, v)?),
        FieldDefault::Callable(c) => {
            zelf.set_part("default", to_py(vm, &Value::Object(c.clone()))?);
        }
    }
    if let Some(c) = &o.choices {
        zelf.set_part("choices", choices::normalize(vm, &*to_py(vm, c)?)?);
    }
    for (name, clause) in [
        ("db_default", &o.db_default),
        ("encoder", &o.encoder),
        ("decoder", &o.decoder),
        ("expression", &o.generated_expression),
    ] {
        if let Some(c) = clause {
            // A literal is shown as it was given.
            let literal = orm_sql::expression::expr_of(&**c)
                .filter(|_| name == "db_default")
                .and_then(|e| {
                    let val = e.as_any().downcast_ref::<orm_sql::expressions::Val>()?;
                    val.output.is_none().then(|| val.value.clone())
                });
            let shown = literal.unwrap_or_else(|| Value::Object(c.clone()));
            zelf.set_part(name, to_py(vm, &shown)?);
        }
    }
    if let Some(f) = &o.generated_output_field {
        zelf.set_part("output_field", super::object::field_object(vm, f)?);
    }
    if let Some(name) = &o.verbose_name {
        zelf.set_part("verbose_name", py::str(vm, name));
    }
    super::extras::restore(vm, zelf, &o.extra)?;
    match &field.remote {
        Some(rel) => related::parts_from_rel(vm, zelf, rel),
        None => Ok(()),
    }
}
