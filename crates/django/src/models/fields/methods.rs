//! The rest of a field's methods: cleaning, defaults, types, comparison, copying.
use super::object::PyField;
use super::properties::{empty_strings_allowed, inner, this};
use super::{choices, identity, messages};
use crate::class::Class;
use crate::core::validation_error;
use crate::{convert, modules, py};
use orm_state::field::FieldDefault;
use orm_state::{Field, FieldKind};
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
const FIELDS: &str = "django.db.models.fields";

pub fn fill(c: &mut Class) {
    cleaning(c);
    defaults(c);
    types(c);
    identity::fill(c);
    access(c);
    crate::checks::field::fill(c);
}

/// Functions beside the classes.
pub fn install(vm: &Vm) -> PyResult<()> {
    identity::install(vm)?;
    let label = py::str(vm, "- Select an option -");
    modules::export(vm, FIELDS, "BLANK_CHOICE_LABEL", label)?;
    modules::export(
        vm,
        FIELDS,
        "BLANK_CHOICE_DASH",
        vm.ctx.new_list(vec![
            vm.ctx
                .new_tuple(vec![py::str(vm, ""), py::str(vm, "---------")])
                .into(),
        ]),
    )
}

fn invalid(
    o: &PyObject,
    code: &'static str,
    params: Option<PyObjectRef>,
    vm: &Vm,
) -> PyResult<rustpython_vm::builtins::PyBaseExceptionRef> {
    let message = messages::all(o, vm)?.get_item(code, vm)?;
    Ok(validation_error::raise(vm, message, Some(code), params))
}

fn cleaning(c: &mut Class) {
    c.method("clean", |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| {
        let mut take = |name: &str| {
            args.take_positional_keyword(name)
                .ok_or_else(|| vm.new_type_error(format!("clean() needs {name}")))
        };
        let (v, instance) = (take("value")?, take("model_instance")?);
        let v = py::call(vm, &o, "to_python", vec![v])?;
        py::call(vm, &o, "validate", vec![v.clone(), instance])?;
        py::call(vm, &o, "run_validators", vec![v.clone()])?;
        Ok(v) as PyResult
    });
    c.method(
        "run_validators",
        |o: PyObjectRef, v: PyObjectRef, vm: &Vm| run_validators(&o, v, vm),
    );
    c.method(
        "validate",
        |o: PyObjectRef, v: PyObjectRef, instance: PyObjectRef, vm: &Vm| {
            validate(&o, v, instance, vm)
        },
    );
}

/// `value in EMPTY_VALUES`
pub fn is_empty_value(vm: &Vm, v: &PyObject) -> PyResult<bool> {
    Ok(match convert::to_value(vm, v)? {
        orm_state::Value::Null => true,
        orm_state::Value::Str(s) => s.is_empty(),
        orm_state::Value::List(i) | orm_state::Value::Tuple(i) => i.is_empty(),
        orm_state::Value::Dict(i) => i.is_empty(),
        _ => false,
    })
}

fn run_validators(o: &PyObject, v: PyObjectRef, vm: &Vm) -> PyResult<()> {
    if is_empty_value(vm, &v)? {
        return Ok(());
    }
    let mut errors = vec![];
    let validators = py::attr(vm, o, "validators")?;
    for validator in py::list(vm, &validators)? {
        if let Err(e) = validator.call((v.clone(),), vm) {
            if !validation_error::is_one(vm, &e) {
                return Err(e);
            }
            let code = py::attr_opt(vm, e.as_object(), "code")?;
            if let Some(code) = code.filter(|c| !vm.is_none(c)) {
                let messages = py::attr(vm, o, "error_messages")?;
                if let Ok(message) = messages.get_item(&*code, vm) {
                    py::set_attr(vm, e.as_object(), "message", message)?;
                }
            }
            let list = py::attr(vm, e.as_object(), "error_list")?;
            errors.extend(py::list(vm, &list)?);
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(validation_error::raise(
        vm,
        vm.ctx.new_list(errors).into(),
        None,
        None,
    ))
}

fn validate(o: &PyObject, v: PyObjectRef, instance: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let field = inner(o, vm)?;
    if field.kind == FieldKind::CompositePrimaryKey || field.kind == FieldKind::ManyToMany {
        return Ok(());
    }
    if field.kind.is_auto() {
        return Ok(());
    }
    if !field.options.borrow().editable {
        return Ok(());
    }
    if field.kind == FieldKind::ForeignKey || field.kind == FieldKind::OneToOne {
        return crate::models::related::validate(o, v, instance, vm);
    }
    validate_choices(o, &field, &v, vm)?;
    if vm.is_none(&v) && !field.null.get() {
        return Err(invalid(o, "null", None, vm)?);
    }
    if !field.blank.get() && is_empty_value(vm, &v)? {
        // JSON's own empty values are values.
        if field.kind != FieldKind::Json || vm.is_none(&v) || py::as_string(&v).is_some() {
            return Err(invalid(o, "blank", None, vm)?);
        }
    }
    if field.kind == FieldKind::Json {
        let json = vm.import("json", 0)?;
        let encoder = this(o, vm)?.part_or_none(vm, "encoder");
        if py::call_kw(vm, &json, "dumps", vec![v.clone()], &[("cls", encoder)]).is_err() {
            let params = vm.ctx.new_dict();
            params.set_item("value", v, vm)?;
            return Err(invalid(o, "invalid", Some(params.into()), vm)?);
        }
    }
    Ok(())
}

/// Raises unless the value is one of the choices; empty values are judged elsewhere.
pub fn validate_choices(o: &PyObject, field: &Field, v: &PyObject, vm: &Vm) -> PyResult<()> {
    let Some(choices) = this(o, vm)?.part("choices") else {
        return Ok(());
    };
    let _ = field;
    if is_empty_value(vm, v)? {
        return Ok(());
    }
    for (value, _) in choices::flatten(vm, &choices)? {
        if py::eq(vm, &value, v)? {
            return Ok(());
        }
    }
    let params = vm.ctx.new_dict();
    params.set_item("value", v.to_owned(), vm)?;
    Err(invalid(o, "invalid_choice", Some(params.into()), vm)?)
}

/// The built-in validators of the field's kind and the user's own.
pub fn validators(o: &PyObject, vm: &Vm) -> PyResult {
    let field = inner(o, vm)?;
    let this = this(o, vm)?;
    let mut out: Vec<PyObjectRef> = vec![];
    let find = |name: &str| modules::find(vm, "django.core.validators", name);
    let mut add = |name: &str, args: Vec<PyObjectRef>| -> PyResult<()> {
        out.push(find(name)?.call(args, vm)?);
        Ok(())
    };
    use FieldKind::*;
    let own = py::attr_opt(vm, o.class(), "default_validators")?;
    let mut own_list = vec![];
    match field.kind {
        Email => own_list.push(find("validate_email")?),
        Url => add("URLValidator", vec![])?,
        Slug if field.options.borrow().allow_unicode => {
            own_list.push(find("validate_unicode_slug")?)
        }
        Slug => own_list.push(find("validate_slug")?),
        GenericIpAddress => {
            let name = match field.options.borrow().protocol.as_deref() {
                Some(p) if p.eq_ignore_ascii_case("ipv4") => "validate_ipv4_address",
                Some(p) if p.eq_ignore_ascii_case("ipv6") => "validate_ipv6_address",
                _ => "validate_ipv46_address",
            };
            own_list.push(find(name)?);
        }
        _ => {}
    }
    let _ = &mut add;
    let mut all: Vec<PyObjectRef> = vec![];
    if let Some(own) = own {
        all.extend(py::list(vm, &own)?);
    }
    all.append(&mut out);
    all.append(&mut own_list);
    if let Some(given) = this.part("validators") {
        all.extend(py::list(vm, &given)?);
    }
    let make = |name: &str, args: Vec<PyObjectRef>| -> PyResult { find(name)?.call(args, vm) };
    match field.kind {
        Char | Email | Url | Slug | Binary => {
            if let Some(n) = this.part("max_length") {
                all.push(make("MaxLengthValidator", vec![n])?);
            }
        }
        Decimal => {
            let args = vec![
                this.part_or_none(vm, "max_digits"),
                this.part_or_none(vm, "decimal_places"),
            ];
            all.push(make("DecimalValidator", args)?);
        }
        k if k.is_integer() => integer_range(vm, k, &mut all, make)?,
        _ => {}
    }
    if matches!(field.kind, Char | Email | Url | Slug | Text | File | Image) {
        all.push(make("ProhibitNullCharactersValidator", vec![])?);
        // Django's model fields do not prohibit null characters; forms do.
        all.pop();
    }
    Ok(vm.ctx.new_list(all).into())
}

/// Range validators, unless the user gave stricter ones.
fn integer_range(
    vm: &Vm,
    kind: FieldKind,
    all: &mut Vec<PyObjectRef>,
    make: impl Fn(&str, Vec<PyObjectRef>) -> PyResult,
) -> PyResult<()> {
    use FieldKind::*;
    // What SQLite stores: 64-bit integers, whatever the declared size.
    let (min, max): (i64, i64) = match kind {
        PositiveBigInteger | PositiveInteger | PositiveSmallInteger => (0, i64::MAX),
        _ => (i64::MIN, i64::MAX),
    };
    for (name, limit, lower) in [
        ("MinValueValidator", min, true),
        ("MaxValueValidator", max, false),
    ] {
        let class = modules::find(vm, "django.core.validators", name)?;
        let mut covered = false;
        for v in all.iter() {
            if v.is_instance(&class, vm)? {
                let mut value = py::attr(vm, v, "limit_value")?;
                if py::callable(&value) {
                    value = value.call((), vm)?;
                }
                let n: Option<i64> = value.try_into_value(vm).ok();
                covered |= n.is_some_and(|n| if lower { n >= limit } else { n <= limit });
            }
        }
        if !covered {
            all.push(make(name, vec![vm.ctx.new_int(limit).into()])?);
        }
    }
    Ok(())
}

fn defaults(c: &mut Class) {
    c.method("has_default", |o: PyObjectRef, vm: &Vm| {
        Ok(inner(&o, vm)?.has_default()) as PyResult<bool>
    });
    c.method(
        "has_db_default",
        |o: PyObjectRef, vm: &Vm| -> PyResult<bool> {
            Ok(inner(&o, vm)?.options.borrow().db_default.is_some())
        },
    );
    c.method("get_default", |o: PyObjectRef, vm: &Vm| get_default(&o, vm));
    c.method("_get_default", |o: PyObjectRef, vm: &Vm| {
        get_default(&o, vm)
    });
    c.getter("_db_default_expression", |o, vm| {
        db_default_expression(&o, vm)
    });
    c.method(
        "pre_save",
        |o: PyObjectRef, instance: PyObjectRef, add: PyObjectRef, vm: &Vm| {
            pre_save(&o, &instance, add.is_true(vm)?, vm)
        },
    );
}

/// `db_default`, a literal as a `Value`.
fn db_default_expression(o: &PyObject, vm: &Vm) -> PyResult {
    let given = this(o, vm)?.part_or_none(vm, "db_default");
    if crate::expressions::object::expr_of(&given).is_some()
        || py::attr_opt(vm, &given, "resolve_expression")?.is_some()
    {
        return Ok(given);
    }
    let value = modules::find(vm, "django.db.models", "Value")?;
    value.call((given, o.to_owned()), vm)
}

/// `get_default()`: the default, called where it can be; empty text or nothing without one.
pub fn get_default(o: &PyObject, vm: &Vm) -> PyResult {
    let field = inner(o, vm)?;
    let this = this(o, vm)?;
    let value = match &field.options.borrow().default {
        FieldDefault::Callable(_) => this.part_or_none(vm, "default").call((), vm)?,
        FieldDefault::Value(_) => this.part_or_none(vm, "default"),
        FieldDefault::NotProvided => {
            if this.part("db_default").is_some() {
                let class = modules::find(vm, "django.db.models.expressions", "DatabaseDefault")?;
                let expression = db_default_expression(o, vm)?;
                return class.call((expression,), vm);
            }
            return Ok(if !empty_strings_allowed(field.kind) || field.null.get() {
                vm.ctx.none()
            } else if field.kind == FieldKind::Binary {
                vm.ctx.new_bytes(vec![]).into()
            } else if field.is_relation() || field.kind == FieldKind::CompositePrimaryKey {
                vm.ctx.none()
            } else {
                py::str(vm, "")
            });
        }
    };
    // A foreign key's default may be an instance of its model.
    if matches!(field.kind, FieldKind::ForeignKey | FieldKind::OneToOne)
        && crate::models::model_of_instance(&value).is_some()
        && let Ok(target) = field.target_field()
    {
        return py::attr(vm, &value, &target.attname());
    }
    Ok(value)
}

/// `pre_save`: the attribute, or the moment for `auto_now` fields.
fn pre_save(o: &PyObject, instance: &PyObject, add: bool, vm: &Vm) -> PyResult {
    let field = inner(o, vm)?;
    let attname = field.attname();
    let (auto_now, auto_now_add) = {
        let options = field.options.borrow();
        (options.auto_now, options.auto_now_add)
    };
    if auto_now || (auto_now_add && add) {
        let value = match field.kind {
            FieldKind::DateTime => {
                let now = modules::find(vm, "django.utils.timezone", "now")?;
                now.call((), vm)?
            }
            FieldKind::Date => {
                let date = convert::classes(vm)?.date.clone();
                py::call(vm, date.as_object(), "today", vec![])?
            }
            _ => {
                let datetime = convert::classes(vm)?.datetime.clone();
                let now = py::call(vm, datetime.as_object(), "now", vec![])?;
                py::call(vm, &now, "time", vec![])?
            }
        };
        py::set_attr(vm, instance, &attname, value.clone())?;
        return Ok(value);
    }
    if field.kind == FieldKind::Generated {
        let meta = modules::find(vm, "django.db.models.expressions", "DatabaseDefault");
        let _ = meta;
        return Ok(vm.ctx.none());
    }
    py::attr(vm, instance, &attname)
}

fn types(c: &mut Class) {
    c.method(
        "get_internal_type",
        |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
            let f = inner(&o, vm)?;
            Ok(match f.kind {
                FieldKind::Custom => f.class.name.clone(),
                k => k.internal_type().into(),
            })
        },
    );
    c.method(
        "get_attname",
        |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
            let f = inner(&o, vm)?;
            Ok(match f.kind {
                FieldKind::ForeignKey | FieldKind::OneToOne => format!("{}_id", f.name()),
                _ => f.name().to_string(),
            })
        },
    );
    c.method("get_attname_column", |o: PyObjectRef, vm: &Vm| {
        let attname = py::call(vm, &o, "get_attname", vec![])?;
        let f = inner(&o, vm)?;
        use FieldKind::*;
        let column = match f.kind {
            ManyToMany | ForeignObject | CompositePrimaryKey | GenericRelation => vm.ctx.none(),
            _ => match &f.options.borrow().db_column {
                Some(c) => py::str(vm, c),
                None => attname.clone(),
            },
        };
        Ok(vm.ctx.new_tuple(vec![attname, column])) as PyResult<_>
    });
    c.method(
        "get_filter_kwargs_for_object",
        |o: PyObjectRef, obj: PyObjectRef, vm: &Vm| {
            let f = inner(&o, vm)?;
            let out = vm.ctx.new_dict();
            out.set_item(&*f.name(), py::attr(vm, &obj, &f.attname())?, vm)?;
            Ok(out) as PyResult<_>
        },
    );
    c.method(
        "formfield",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult {
            let module = "django.forms._of_models";
            vm.import(module, 0)?;
            let made = crate::modules::find(vm, module, "formfield")?;
            args.prepend_arg(o);
            made.call(args, vm)
        },
    );
    c.method("get_choices", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        choices::get_choices(&o, args, vm)
    });
    c.method(
        "get_pk_value_on_save",
        |o: PyObjectRef, instance: PyObjectRef, vm: &Vm| {
            let f = inner(&o, vm)?;
            if f.has_default() {
                return get_default_called(&o, vm);
            }
            let _ = instance;
            Ok(vm.ctx.none())
        },
    );
    c.method(
        "cast_db_type",
        |o: PyObjectRef, connection: PyObjectRef, vm: &Vm| {
            py::call(vm, &o, "db_type", vec![connection])
        },
    );
}

fn get_default_called(o: &PyObject, vm: &Vm) -> PyResult {
    py::call(vm, o, "get_default", vec![])
}

fn access(c: &mut Class) {
    c.method(
        "value_from_object",
        |o: PyObjectRef, obj: PyObjectRef, vm: &Vm| {
            let f = inner(&o, vm)?;
            if f.kind == FieldKind::ManyToMany {
                let pk = py::attr(vm, &obj, "pk")?;
                if vm.is_none(&pk) {
                    return Ok(vm.ctx.new_list(vec![]).into());
                }
                let manager = py::attr(vm, &obj, &f.attname())?;
                let all = py::call(vm, &manager, "all", vec![])?;
                return Ok(vm.ctx.new_list(py::list(vm, &all)?).into());
            }
            py::attr(vm, &obj, &f.attname())
        },
    );
    c.method(
        "save_form_data",
        |o: PyObjectRef, instance: PyObjectRef, data: PyObjectRef, vm: &Vm| {
            let f = inner(&o, vm)?;
            if f.kind == FieldKind::ManyToMany {
                let manager = py::attr(vm, &instance, &f.attname())?;
                return py::call(vm, &manager, "set", vec![data]).map(drop);
            }
            py::set_attr(vm, &instance, &f.name(), data)
        },
    );
    c.method(
        "set_attributes_from_name",
        |o: PyObjectRef, name: String, vm: &Vm| {
            super::contribute::set_attributes_from_name(&o, &name, vm)
        },
    );
    c.getter("cache_name", |o, vm| {
        Ok(py::str(vm, &*inner(&o, vm)?.name()))
    });
    c.method(
        "get_cache_name",
        |o: PyObjectRef, vm: &Vm| -> PyResult<String> { Ok(inner(&o, vm)?.name().to_string()) },
    );
    c.method(
        "get_cached_value",
        |o: PyObjectRef, instance: PyObjectRef, default: OptionalArg, vm: &Vm| {
            cached_value(vm, &instance, &inner(&o, vm)?.name(), default)
        },
    );
    c.method(
        "is_cached",
        |o: PyObjectRef, instance: PyObjectRef, vm: &Vm| -> PyResult<bool> {
            let cache = crate::models::state::fields_cache(vm, &instance)?;
            Ok(cache.get_item_opt(&*inner(&o, vm)?.name(), vm)?.is_some())
        },
    );
    c.method(
        "set_cached_value",
        |o: PyObjectRef, instance: PyObjectRef, value: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let cache = crate::models::state::fields_cache(vm, &instance)?;
            cache.set_item(&*inner(&o, vm)?.name(), value, vm)
        },
    );
    c.method(
        "delete_cached_value",
        |o: PyObjectRef, instance: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let cache = crate::models::state::fields_cache(vm, &instance)?;
            cache.del_item(&*inner(&o, vm)?.name(), vm)
        },
    );
}

/// `get_cached_value(instance, default)`
pub fn cached_value(vm: &Vm, instance: &PyObject, name: &str, default: OptionalArg) -> PyResult {
    let cache = crate::models::state::fields_cache(vm, instance)?;
    match (cache.get_item_opt(name, vm)?, default) {
        (Some(v), _) => Ok(v),
        (None, OptionalArg::Present(d)) => Ok(d),
        (None, OptionalArg::Missing) => Err(vm.new_key_error(py::str(vm, name))),
    }
}

/// The payload type, for callers outside.
pub fn is_field(obj: &PyObject) -> bool {
    obj.downcast_ref::<PyField>().is_some()
}
