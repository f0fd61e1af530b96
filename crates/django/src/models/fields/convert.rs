//! `to_python`, `get_prep_value` and their kin as methods of field objects.
use super::properties::inner;
use super::{messages, properties};
use crate::class::Class;
use crate::convert::{to_py, to_value};
use crate::core::validation_error;
use crate::error::OrRaise;
use crate::py;
use orm_state::{ErrorKind, Field, FieldKind, Value};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method("to_python", |o: PyObjectRef, v: PyObjectRef, vm: &Vm| {
        to_python(&o, v, vm)
    });
    c.method(
        "get_prep_value",
        |o: PyObjectRef, v: PyObjectRef, vm: &Vm| prep(&o, v, vm, |f, v| f.builtin_prep_value(v)),
    );
    c.method(
        "get_db_prep_value",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| {
            let v = args.take_positional_keyword("value");
            let connection = args.take_positional_keyword("connection");
            let mut v = v.ok_or_else(|| vm.new_type_error("get_db_prep_value() needs a value"))?;
            let prepared = match args.take_positional_keyword("prepared") {
                Some(p) => py::is_true(vm, &p)?,
                None => false,
            };
            let kind = inner(&o, vm)?.kind;
            if matches!(kind, FieldKind::Decimal | FieldKind::Json) {
                let connection = vm.unwrap_or_none(connection);
                return adapted(&o, kind, v, connection, prepared, vm);
            }
            // A user's `get_prep_value` is asked first.
            if !prepared && inner(&o, vm)?.overrides().get_prep_value {
                v = py::call(vm, &o, "get_prep_value", vec![v])?;
                return prep(&o, v, vm, |f, v| {
                    let v = match kind {
                        FieldKind::Uuid => f.to_uuid(v)?,
                        _ => v,
                    };
                    f.builtin_db_prep_value(v, true)
                });
            }
            prep(&o, v, vm, |f, v| f.builtin_db_prep_value(v, prepared))
        },
    );
    c.method(
        "get_db_prep_save",
        |o: PyObjectRef, v: PyObjectRef, connection: PyObjectRef, vm: &Vm| {
            if py::attr_opt(vm, &v.clone(), "as_sql")?.is_some() {
                return Ok(v);
            }
            let f = inner(&o, vm)?;
            if matches!(f.kind, FieldKind::ForeignKey | FieldKind::OneToOne) {
                if vm.is_none(&v) {
                    return Ok(v);
                }
                return prep(&o, v, vm, |f, v| f.get_db_prep_save(v));
            }
            py::call(
                vm,
                &o,
                "get_db_prep_value",
                vec![v, connection, py::bool(vm, false)],
            )
        },
    );
    c.method(
        "value_to_string",
        |o: PyObjectRef, obj: PyObjectRef, vm: &Vm| {
            let f = inner(&o, vm)?;
            if f.kind == FieldKind::CompositePrimaryKey {
                return composite_to_string(&o, obj, vm);
            }
            let v = py::call(vm, &o, "value_from_object", vec![obj])?;
            use FieldKind::*;
            Ok(match f.kind {
                Date | DateTime | Time if vm.is_none(&v) => py::str(vm, ""),
                Date | DateTime | Time => py::call(vm, &v, "isoformat", vec![])?,
                Duration if vm.is_none(&v) => py::str(vm, ""),
                Duration => match to_value(vm, &v)? {
                    Value::Duration(d) => py::str(vm, duration_string(d)),
                    _ => py::str(vm, py::to_string(vm, &v)?),
                },
                Binary => {
                    let b64 = vm.import("base64", 0)?;
                    let bytes = py::call(vm, &b64, "b64encode", vec![v])?;
                    py::call(vm, &bytes, "decode", vec![py::str(vm, "ascii")])?
                }
                Json | ForeignKey | OneToOne if f.kind == Json => v,
                _ => py::str(vm, py::to_string(vm, &v)?),
            }) as PyResult
        },
    );
}

/// A composite key as text: its parts' texts as a JSON array.
fn composite_to_string(o: &PyObject, obj: PyObjectRef, vm: &Vm) -> PyResult {
    let mut texts = vec![];
    for part in py::list(vm, &py::attr(vm, o, "fields")?)? {
        texts.push(py::call(vm, &part, "value_to_string", vec![obj.clone()])?);
    }
    let json = vm.import("json", 0)?;
    let ascii = [("ensure_ascii", py::bool(vm, false))];
    py::call_kw(
        vm,
        &json,
        "dumps",
        vec![vm.ctx.new_list(texts).into()],
        &ascii,
    )
}

/// A composite key out of such text, or of its parts.
fn composite_to_python(o: &PyObject, v: PyObjectRef, vm: &Vm) -> PyResult {
    let values = if py::as_string(&v).is_some() {
        py::call(vm, &vm.import("json", 0)?, "loads", vec![v])?
    } else {
        v
    };
    let is_list = values.fast_isinstance(vm.ctx.types.list_type);
    if !is_list && !values.fast_isinstance(vm.ctx.types.tuple_type) {
        return Ok(values);
    }
    let mut parts = vec![];
    let fields = py::list(vm, &py::attr(vm, o, "fields")?)?;
    let values = py::list(vm, &values)?;
    if values.len() != fields.len() {
        let how = if values.len() > fields.len() {
            "longer"
        } else {
            "shorter"
        };
        return Err(vm.new_value_error(format!("zip() argument 2 is {how} than argument 1")));
    }
    for (field, value) in fields.iter().zip(values) {
        parts.push(py::call(vm, field, "to_python", vec![value])?);
    }
    Ok(vm.ctx.new_list(parts).into())
}

/// `duration_string`: `[days ]HH:MM:SS[.ffffff]`.
pub fn duration_string(d: orm_state::Duration) -> String {
    let (days, seconds, micros) = d.parts();
    let mut out = if days == 0 {
        String::new()
    } else {
        format!("{days} ")
    };
    out.push_str(&format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    ));
    if micros != 0 {
        out.push_str(&format!(".{micros:06}"));
    }
    out
}

fn prep(
    o: &PyObject,
    v: PyObjectRef,
    vm: &Vm,
    f: impl Fn(&Rc<Field>, Value) -> orm_state::Result<Value>,
) -> PyResult {
    let field = inner(o, vm)?;
    let v = settled(v, vm)?;
    let before = to_value(vm, &v)?;
    match f(&field, before) {
        // What came through unchanged stays the same object.
        Ok(Value::Object(object)) => match to_py(vm, &Value::Object(object)) {
            Ok(made) => Ok(made),
            Err(_) => Ok(v),
        },
        Ok(after) => to_py(vm, &after),
        Err(e) if e.is(ErrorKind::ValidationError) && e.payload().is_none() => {
            Err(invalid(o, &v, e.message(), vm)?)
        }
        Err(e) => Err(crate::error::to_py(vm, e)),
    }
}

/// `get_db_prep_value` of the kinds that `connection.ops` has a say in.
fn adapted(
    o: &PyObject,
    kind: FieldKind,
    mut v: PyObjectRef,
    connection: PyObjectRef,
    prepared: bool,
    vm: &Vm,
) -> PyResult {
    if !prepared {
        v = py::call(vm, o, "get_prep_value", vec![v])?;
    }
    let is_expression = py::attr_opt(vm, &v, "as_sql")?.is_some();
    if is_expression || (kind == FieldKind::Decimal && vm.is_none(&v)) {
        return Ok(v);
    }
    let connection = match connection {
        c if vm.is_none(&c) => crate::modules::find(vm, "django.db", "connection")?,
        c => c,
    };
    let ops = py::attr(vm, &connection, "ops")?;
    let field = properties::this(o, vm)?;
    if kind == FieldKind::Json {
        let encoder = field.part_or_none(vm, "encoder");
        return py::call(vm, &ops, "adapt_json_value", vec![v, encoder]);
    }
    let v = py::call(vm, o, "to_python", vec![v])?;
    let args = vec![
        v,
        field.part_or_none(vm, "max_digits"),
        field.part_or_none(vm, "decimal_places"),
    ];
    py::call(vm, &ops, "adapt_decimalfield_value", args)
}

/// What a late value (`lazy()`) is by now.
fn settled(v: PyObjectRef, vm: &Vm) -> PyResult {
    match py::attr_opt(vm, v.class(), "_late_value")? {
        Some(method) => method.call((v,), vm),
        None => Ok(v),
    }
}

/// The `ValidationError` of a conversion, with the field's own message, code and parameters.
fn invalid(
    o: &PyObject,
    v: &PyObject,
    said: &str,
    vm: &Vm,
) -> PyResult<rustpython_vm::builtins::PyBaseExceptionRef> {
    let code = messages::code_of(said);
    let message = messages::all(o, vm)?.get_item(code, vm)?;
    let params = vm.ctx.new_dict();
    params.set_item("value", v.to_owned(), vm)?;
    Ok(validation_error::raise(
        vm,
        message,
        Some(code),
        Some(params.into()),
    ))
}

/// `to_python` of the built-in kinds.
pub fn to_python(o: &PyObject, v: PyObjectRef, vm: &Vm) -> PyResult {
    let field = inner(o, vm)?;
    use FieldKind::*;
    if vm.is_none(&v) && field.kind != Boolean {
        return Ok(v);
    }
    let value = match field.kind {
        Custom | ForeignObject | ManyToMany | GenericForeignKey | GenericRelation | File
        | Image | FilePath | Json => return Ok(v),
        ForeignKey | OneToOne => {
            let target = field.target_field().or_raise(vm)?;
            let target = super::field_object(vm, &target)?;
            return py::call(vm, &target, "to_python", vec![v]);
        }
        Generated => {
            let output = properties::this(o, vm)?.part_or_none(vm, "output_field");
            return py::call(vm, &output, "to_python", vec![v]);
        }
        GenericIpAddress => return ip_address(o, &field, v, vm),
        CompositePrimaryKey => return composite_to_python(o, v, vm),
        Char | Email | Slug | Url | Text => {
            return Ok(if py::as_string(&v).is_some() {
                v
            } else {
                py::str(vm, py::to_string(vm, &v)?)
            });
        }
        Binary => {
            return match py::as_string(&v) {
                Some(text) => {
                    let bytes = vm.ctx.new_bytes(text.into_bytes());
                    let b64 = vm.import("base64", 0)?;
                    let strictly = [("validate", py::bool(vm, true))];
                    let raw =
                        match py::call_kw(vm, &b64, "b64decode", vec![bytes.into()], &strictly) {
                            Ok(raw) => raw,
                            Err(e) if e.fast_isinstance(vm.ctx.exceptions.value_error) => {
                                return Err(invalid(o, &v, "", vm)?);
                            }
                            Err(e) => return Err(e),
                        };
                    vm.builtins.get_attr("memoryview", vm)?.call((raw,), vm)
                }
                None => Ok(v),
            };
        }
        _ => to_value(vm, &v)?,
    };
    // Objects that the ORM does not know may still be numbers to Python (`int(x)`).
    if let Value::Object(_) = value {
        return foreign_number(o, &field, v, vm);
    }
    let done = match field.kind {
        k if k.is_integer() => {
            if let Value::Float(f) = value
                && !f.is_finite()
                && f.is_nan()
            {
                return Err(invalid(o, &v, "", vm)?);
            }
            field.builtin_prep_value(value)
        }
        Float => field.builtin_prep_value(value),
        Boolean => field.to_bool(value),
        Date => field.to_date(value),
        DateTime => match field.to_datetime(value) {
            Ok(Value::DateTime(d)) if matches!(to_value(vm, &v)?, Value::DateTime(_)) => {
                let _ = d;
                return Ok(v);
            }
            other => other,
        },
        Time => field.to_time(value),
        Decimal => match value {
            Value::Float(f) if f.is_nan() => return Err(invalid(o, &v, "", vm)?),
            value => field.to_decimal(value),
        },
        Duration => match value {
            Value::Duration(_) => return Ok(v),
            value => match orm_state::dateparse::parse_duration(&value.to_str()) {
                Some(d) => Ok(Value::Duration(d)),
                None => return Err(invalid(o, &v, "", vm)?),
            },
        },
        Uuid => match &value {
            Value::Uuid(_) => return Ok(v),
            _ => field.to_uuid(value),
        },
        _ => Ok(value),
    };
    match done {
        Ok(value) => to_py(vm, &value),
        Err(e)
            if matches!(
                e.kind(),
                ErrorKind::ValidationError | ErrorKind::ValueError | ErrorKind::TypeError
            ) && e.payload().is_none() =>
        {
            let said = if e.is(ErrorKind::ValidationError) {
                e.message()
            } else {
                ""
            };
            Err(invalid(o, &v, said, vm)?)
        }
        Err(e) if e.is(ErrorKind::OverflowError) => Err(invalid(o, &v, "", vm)?),
        Err(e) => Err(crate::error::to_py(vm, e)),
    }
}

/// `GenericIPAddressField.to_python`: what looks like IPv6 must be one.
fn ip_address(o: &PyObject, field: &Field, v: PyObjectRef, vm: &Vm) -> PyResult {
    let text = py::to_string(vm, &v)?;
    let text = text.trim();
    if !text.contains(':') {
        return Ok(py::str(vm, text));
    }
    let unpack = field.options.borrow().unpack_ipv4;
    match orm_state::field::prep::clean_ipv6(text, unpack) {
        Some(clean) => Ok(py::str(vm, clean)),
        None => {
            let message = messages::all(o, vm)?.get_item("invalid", vm)?;
            let params = vm.ctx.new_dict();
            params.set_item("protocol", py::str(vm, "IPv6"), vm)?;
            let params = Some(params.into());
            Err(validation_error::raise(
                vm,
                message,
                Some("invalid"),
                params,
            ))
        }
    }
}

/// `int(value)` and such on objects with their own conversion.
fn foreign_number(o: &PyObject, field: &Field, v: PyObjectRef, vm: &Vm) -> PyResult {
    let types = &vm.ctx.types;
    let number = if field.kind.is_integer() {
        types.int_type.as_object().call((v.clone(),), vm)
    } else if field.kind == FieldKind::Float {
        types.float_type.as_object().call((v.clone(),), vm)
    } else if matches!(field.kind, FieldKind::Decimal) {
        let decimal = crate::convert::classes(vm)?.decimal.clone();
        if v.fast_isinstance(&decimal) {
            // `NaN` and infinities are decimals, but no values of a column.
            let finite = py::call(vm, &v, "is_nan", vec![])?;
            if finite.is_true(vm)? {
                return Err(invalid(o, &v, "", vm)?);
            }
            return Ok(v);
        }
        decimal.as_object().call((v.clone(),), vm)
    } else if field.kind == FieldKind::Custom {
        return Ok(v);
    } else {
        return Err(invalid(o, &v, "", vm)?);
    };
    match number {
        Ok(n) => Ok(n),
        Err(_) => Err(invalid(o, &v, "", vm)?),
    }
}
