//! A field's options as attributes of its Python object. Their one place is Rust's [`Field`].
pub use super::facts::{empty_strings_allowed, referenced_fields};
use super::object::{PyField, field_object};
use crate::class::Class;
use crate::models::{class_of_model, related};
use crate::py;
use orm_state::{Field, FieldKind};
use rustpython_vm::function::PySetterValue;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

/// The payload of a field object.
pub fn this<'a>(obj: &'a PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<PyField>> {
    obj.downcast_ref::<PyField>()
        .ok_or_else(|| vm.new_type_error("a field was expected"))
}

pub fn inner(obj: &(impl AsObject + ?Sized), vm: &VirtualMachine) -> PyResult<Rc<Field>> {
    this(obj.as_object(), vm)?.field(vm)
}

fn given(value: PySetterValue, vm: &VirtualMachine) -> PyResult {
    match value {
        PySetterValue::Assign(v) => Ok(v),
        PySetterValue::Delete => Err(vm.new_attribute_error("can't delete attribute")),
    }
}

fn given_str(value: PySetterValue, vm: &VirtualMachine) -> PyResult<Option<String>> {
    let v = given(value, vm)?;
    if vm.is_none(&v) {
        return Ok(None);
    }
    py::to_string(vm, &v).map(Some)
}

macro_rules! flags {
    ($c:ident: $($name:literal => $cell:ident),* $(,)?) => { $(
        $c.property(
            $name,
            |o, vm| Ok(py::bool(vm, inner(&o, vm)?.$cell.get())),
            |o, v, vm| {
                let on = given(v, vm)?.is_true(vm)?;
                inner(&o, vm)?.$cell.set(on);
                expire(&o, vm)
            },
        );
    )* };
}

macro_rules! option_flags {
    ($c:ident: $($name:ident),* $(,)?) => { $(
        $c.property(
            stringify!($name),
            |o, vm| Ok(py::bool(vm, inner(&o, vm)?.options.borrow().$name)),
            |o, v, vm| {
                let on = given(v, vm)?.is_true(vm)?;
                inner(&o, vm)?.options.borrow_mut().$name = on;
                Ok(())
            },
        );
    )* };
}

macro_rules! option_strings {
    ($c:ident: $($name:literal => $option:ident),* $(,)?) => { $(
        $c.property(
            $name,
            |o, vm| Ok(py::opt_str(vm, inner(&o, vm)?.options.borrow().$option.as_deref())),
            |o, v, vm| {
                let text = given_str(v, vm)?;
                inner(&o, vm)?.options.borrow_mut().$option = text;
                Ok(())
            },
        );
    )* };
}

macro_rules! facts {
    ($c:ident: $($name:ident),* $(,)?) => { $(
        $c.getter(stringify!($name), |o, vm| Ok(py::bool(vm, inner(&o, vm)?.$name())));
    )* };
}

/// Parts that are only Python's, with what they are when not given.
macro_rules! parts {
    ($c:ident: $($name:literal),* $(,)?) => { $(
        $c.property(
            $name,
            |o, vm| Ok(this(&o, vm)?.part_or_none(vm, $name)),
            |o, v, vm| {
                this(&o, vm)?.set_part($name, given(v, vm)?);
                Ok(())
            },
        );
    )* };
}

fn expire(o: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    if let Some(model) = inner(o, vm)?.model() {
        model.expire();
    }
    Ok(())
}

pub fn fill(c: &mut Class) {
    flags!(c: "null" => null, "blank" => blank, "_unique" => unique,
        "primary_key" => primary_key, "db_index" => db_index);
    option_flags!(c: editable, serialize, auto_created, auto_now, auto_now_add, unpack_ipv4, allow_unicode);
    option_strings!(c: "db_comment" => db_comment,
        "db_collation" => db_collation, "unique_for_date" => unique_for_date,
        "unique_for_month" => unique_for_month, "unique_for_year" => unique_for_year,
        "protocol" => protocol);
    facts!(c: is_relation, concrete);
    parts!(c: "max_length", "max_digits", "decimal_places", "encoder", "decoder", "upload_to",
        "width_field", "height_field", "path", "match", "expression", "output_field");
    c.getter("recursive", |o, vm| path_flag(&o, "recursive", false, vm));
    c.getter("allow_files", |o, vm| {
        path_flag(&o, "allow_files", true, vm)
    });
    c.getter("allow_folders", |o, vm| {
        path_flag(&o, "allow_folders", false, vm)
    });
    c.property(
        "unique",
        |o, vm| Ok(py::bool(vm, inner(&o, vm)?.is_unique())),
        |o, v, vm| {
            let on = given(v, vm)?.is_true(vm)?;
            inner(&o, vm)?.unique.set(on);
            Ok(())
        },
    );
    c.getter("hidden", |_, vm| Ok(py::bool(vm, false)));
    c.getter("many_to_many", |o, vm| {
        relation_flag(&o, vm, Field::many_to_many)
    });
    c.getter("many_to_one", |o, vm| {
        relation_flag(&o, vm, Field::many_to_one)
    });
    c.getter("one_to_many", |o, vm| {
        relation_flag(&o, vm, Field::one_to_many)
    });
    c.getter("one_to_one", |o, vm| {
        relation_flag(&o, vm, Field::one_to_one)
    });
    c.getter("generated", |o, vm| {
        Ok(py::bool(vm, inner(&o, vm)?.kind == FieldKind::Generated))
    });
    c.getter("db_persist", |o, vm| {
        Ok(match inner(&o, vm)?.options.borrow().db_persist {
            Some(b) => py::bool(vm, b),
            None => vm.ctx.none(),
        })
    });
    c.property(
        "creation_counter",
        |o, vm| Ok(vm.ctx.new_int(inner(&o, vm)?.creation_counter.get()).into()),
        |o, v, vm| {
            let n: i64 = given(v, vm)?.try_into_value(vm)?;
            inner(&o, vm)?.creation_counter.set(n);
            Ok(())
        },
    );
    names(c);
    c.property(
        "verbose_name",
        |o, vm| {
            if let Some(v) = this(&o, vm)?.part("verbose_name") {
                return Ok(v);
            }
            let f = inner(&o, vm)?;
            let bound = f.options.borrow().verbose_name.is_some() || !f.name().is_empty();
            Ok(if bound {
                py::str(vm, f.verbose_name())
            } else {
                vm.ctx.none()
            })
        },
        |o, v, vm| {
            let v = given(v, vm)?;
            let text = if vm.is_none(&v) {
                None
            } else {
                Some(py::to_string(vm, &v)?)
            };
            inner(&o, vm)?.options.borrow_mut().verbose_name = text;
            this(&o, vm)?.set_part("verbose_name", v);
            Ok(())
        },
    );
    c.getter("_verbose_name", |o, vm| {
        Ok(this(&o, vm)?.part_or_none(vm, "verbose_name"))
    });
    c.property(
        "help_text",
        |o, vm| {
            Ok(match this(&o, vm)?.part("help_text") {
                Some(v) => v,
                None => py::str(vm, &inner(&o, vm)?.options.borrow().help_text),
            })
        },
        |o, v, vm| {
            let v = given(v, vm)?;
            inner(&o, vm)?.options.borrow_mut().help_text = py::to_string(vm, &v)?;
            this(&o, vm)?.set_part("help_text", v);
            Ok(())
        },
    );
    for (name, default) in [("default", true), ("db_default", false)] {
        let _ = default;
        match name {
            "default" => c.property(
                "default",
                |o, vm| match this(&o, vm)?.part("default") {
                    Some(v) => Ok(v),
                    None => super::not_provided(vm),
                },
                |o, v, vm| set_default(&o, given(v, vm)?, vm),
            ),
            _ => c.property(
                "db_default",
                |o, vm| match this(&o, vm)?.part("db_default") {
                    Some(v) => Ok(v),
                    None => super::not_provided(vm),
                },
                |o, v, vm| {
                    let v = given(v, vm)?;
                    if super::is_not_provided(vm, &v) {
                        this(&o, vm)?.parts.borrow_mut().remove("db_default");
                        inner(&o, vm)?.options.borrow_mut().db_default = None;
                    } else {
                        inner(&o, vm)?.options.borrow_mut().db_default =
                            Some(super::construct::clause(vm, &v)?);
                        this(&o, vm)?.set_part("db_default", v);
                    }
                    Ok(())
                },
            ),
        }
    }
    c.property(
        "choices",
        |o, vm| Ok(this(&o, vm)?.part_or_none(vm, "choices")),
        |o, v, vm| {
            let v = given(v, vm)?;
            if vm.is_none(&v) {
                this(&o, vm)?.parts.borrow_mut().remove("choices");
                inner(&o, vm)?.options.borrow_mut().choices = None;
                return Ok(());
            }
            let normal = super::choices::normalize(vm, &v)?;
            let is_function = super::choices::is_function(&v);
            let kept = if is_function { &v } else { &normal };
            inner(&o, vm)?.options.borrow_mut().choices = Some(crate::convert::to_value(vm, kept)?);
            this(&o, vm)?.set_part("choices", normal);
            Ok(())
        },
    );
    c.getter("flatchoices", |o, vm| {
        let Some(choices) = this(&o, vm)?.part("choices") else {
            return Ok(vm.ctx.new_list(vec![]).into());
        };
        let pairs = super::choices::flatten(vm, &choices)?;
        Ok(vm
            .ctx
            .new_list(
                pairs
                    .into_iter()
                    .map(|(v, l)| vm.ctx.new_tuple(vec![v, l]).into())
                    .collect(),
            )
            .into())
    });
    c.property(
        "db_tablespace",
        |o, vm| {
            Ok(py::opt_str(
                vm,
                Some(
                    inner(&o, vm)?
                        .options
                        .borrow()
                        .db_tablespace
                        .as_deref()
                        .unwrap_or(""),
                ),
            ))
        },
        |o, v, vm| {
            let text = given_str(v, vm)?;
            inner(&o, vm)?.options.borrow_mut().db_tablespace = text;
            Ok(())
        },
    );
    c.getter("empty_strings_allowed", |o, vm| {
        Ok(py::bool(vm, empty_strings_allowed(inner(&o, vm)?.kind)))
    });
    c.getter("_db_tablespace", |o, vm| {
        Ok(py::opt_str(
            vm,
            inner(&o, vm)?.options.borrow().db_tablespace.as_deref(),
        ))
    });
    c.property(
        "model",
        |o, vm| match inner(&o, vm)?.model() {
            Some(m) => class_of_model(vm, &m),
            None if this(&o, vm)?.part("model").is_some() => {
                Ok(this(&o, vm)?.part_or_none(vm, "model"))
            }
            None => Err(vm.new_attribute_error(format!(
                "'{}' object has no attribute 'model'",
                o.class().name()
            ))),
        },
        |o, v, vm| {
            let v = given(v, vm)?;
            match crate::models::model_of_class(vm, &v) {
                Some(model) => inner(&o, vm)?.set_model(&model),
                None => this(&o, vm)?.set_part("model", v),
            }
            Ok(())
        },
    );
    c.property(
        "remote_field",
        |o, vm| match &inner(&o, vm)?.remote {
            Some(rel) => related::rel_object(vm, rel),
            None => Ok(vm.ctx.none()),
        },
        |_, v, vm| {
            let v = given(v, vm)?;
            if vm.is_none(&v) {
                Ok(())
            } else {
                Err(vm.new_not_implemented_error("replacing a field's remote_field"))
            }
        },
    );
    c.getter("rel", |o, vm| match &inner(&o, vm)?.remote {
        Some(rel) => related::rel_object(vm, rel),
        None => Ok(vm.ctx.none()),
    });
    c.getter("related_model", |o, vm| related::related_model(&o, vm));
    c.getter("target_field", |o, vm| {
        let f = inner(&o, vm)?;
        let target = crate::error::OrRaise::or_raise(f.target_field(), vm)?;
        field_object(vm, &target)
    });
    c.getter("validators", |o, vm| super::methods::validators(&o, vm));
    c.getter("error_messages", |o, vm| {
        Ok(super::messages::all(&o, vm)?.into())
    });
    c.getter("_validators", |o, vm| {
        Ok(match this(&o, vm)?.part("validators") {
            Some(v) => v,
            None => vm.ctx.new_list(vec![]).into(),
        })
    });
    c.getter("description", |o, vm| {
        Ok(py::str(vm, super::messages::description(&*inner(&o, vm)?)))
    });
    c.getter("storage", |o, vm| {
        Ok(this(&o, vm)?.part_or_none(vm, "storage"))
    });
    c.getter("field_names", |o, vm| {
        let f = inner(&o, vm)?;
        let names = f
            .options
            .borrow()
            .composite_fields
            .iter()
            .map(|n| py::str(vm, n))
            .collect();
        Ok(vm.ctx.new_tuple(names).into())
    });
    c.getter("referenced_fields", |o, vm| {
        let field = inner(&o, vm)?;
        let fields = referenced_fields(&field)
            .iter()
            .map(|f| super::object::field_object(vm, f))
            .collect::<PyResult<Vec<_>>>()?;
        let fields = vm.ctx.new_list(fields);
        vm.ctx.types.frozenset_type.as_object().call((fields,), vm)
    });
    c.getter("db_returning", |o, vm| {
        let f = inner(&o, vm)?;
        let yes = f.kind.is_auto()
            || f.options.borrow().db_default.is_some()
            || (f.kind == FieldKind::Generated && f.options.borrow().db_persist == Some(true));
        Ok(py::bool(vm, yes))
    });
}

/// An option of `FilePathField`.
fn path_flag(o: &PyObject, name: &'static str, default: bool, vm: &VirtualMachine) -> PyResult {
    let given = this(o, vm)?.part(name);
    Ok(given.unwrap_or_else(|| py::bool(vm, default)))
}

fn relation_flag(o: &PyObject, vm: &VirtualMachine, f: fn(&Field) -> bool) -> PyResult {
    let field = inner(o, vm)?;
    Ok(if field.is_relation() {
        py::bool(vm, f(&field))
    } else {
        vm.ctx.none()
    })
}

fn set_default(o: &PyObject, v: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    use orm_state::field::FieldDefault;
    let (field, this) = (inner(o, vm)?, this(o, vm)?);
    if super::is_not_provided(vm, &v) {
        this.parts.borrow_mut().remove("default");
        field.options.borrow_mut().default = FieldDefault::NotProvided;
        return Ok(());
    }
    let default = if py::callable(&v) {
        FieldDefault::Callable(Rc::new(crate::convert::PyObj(v.clone())))
    } else {
        FieldDefault::Value(crate::convert::to_value(vm, &v)?)
    };
    field.options.borrow_mut().default = default;
    this.set_part("default", v);
    Ok(())
}

/// `name`, `attname`, `column`, `db_column`.
fn names(c: &mut Class) {
    c.property(
        "name",
        |o, vm| {
            let name = inner(&o, vm)?.name();
            Ok(if name.is_empty() {
                vm.ctx.none()
            } else {
                py::str(vm, &*name)
            })
        },
        |o, v, vm| {
            let name = given_str(v, vm)?.unwrap_or_default();
            inner(&o, vm)?.rename(&name);
            expire(&o, vm)
        },
    );
    c.property(
        "attname",
        |o, vm| {
            let f = inner(&o, vm)?;
            if f.name().is_empty() {
                return Err(vm.new_attribute_error(format!(
                    "'{}' object has no attribute 'attname'",
                    o.class().name()
                )));
            }
            Ok(py::str(vm, &*f.attname()))
        },
        |o, v, vm| {
            let attname = given_str(v, vm)?.unwrap_or_default();
            let f = inner(&o, vm)?;
            f.set_attname_column(attname.into(), f.column());
            expire(&o, vm)
        },
    );
    c.property(
        "column",
        |o, vm| Ok(py::opt_str(vm, inner(&o, vm)?.column().as_deref())),
        |o, v, vm| {
            let column = given_str(v, vm)?;
            let f = inner(&o, vm)?;
            f.set_attname_column(f.attname(), column.map(Into::into));
            expire(&o, vm)
        },
    );
    c.property(
        "db_column",
        |o, vm| {
            Ok(py::opt_str(
                vm,
                inner(&o, vm)?.options.borrow().db_column.as_deref(),
            ))
        },
        |o, v, vm| {
            let text = given_str(v, vm)?;
            inner(&o, vm)?.options.borrow_mut().db_column = text;
            Ok(())
        },
    );
}
