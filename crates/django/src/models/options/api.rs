//! The attributes and methods of `_meta`. Source: "Model _meta API" in Django's documentation.
use super::{PyOptions, immutable, relations, swapped};
use crate::class::Class;
use crate::convert::to_py;
use crate::error::OrRaise;
use crate::models::fields::{any_field_object, field_object, field_of};
use crate::models::related::rel_object;
use crate::models::{base, class_of_model, model_of_class};
use crate::{modules, py};
use orm_state::{Field, ModelRef};
use rustpython_vm::function::{FuncArgs, PySetterValue};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

fn this<'a>(o: &'a PyObject, vm: &Vm) -> PyResult<&'a Py<PyOptions>> {
    o.downcast_ref::<PyOptions>()
        .ok_or_else(|| vm.new_type_error("not a model's _meta"))
}

fn model(o: &PyObject, vm: &Vm) -> PyResult<ModelRef> {
    Ok(this(o, vm)?.model.clone())
}

fn given(v: PySetterValue, vm: &Vm) -> PyResult {
    match v {
        PySetterValue::Assign(v) => Ok(v),
        PySetterValue::Delete => Err(vm.new_attribute_error("can't delete attribute")),
    }
}

fn list(vm: &Vm, fields: &[Rc<Field>]) -> PyResult {
    let objects = fields
        .iter()
        .map(|f| field_object(vm, f))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(vm.ctx.new_list(objects).into())
}

/// A list that is not to be changed; `name` says where it came from.
fn fixed(vm: &Vm, name: &str, fields: &[Rc<Field>]) -> PyResult {
    let objects = fields
        .iter()
        .map(|f| field_object(vm, f))
        .collect::<PyResult<Vec<_>>>()?;
    immutable::list(vm, name, objects)
}

macro_rules! strings {
    ($c:ident: $($name:literal => $option:ident),* $(,)?) => { $(
        $c.property(
            $name,
            |o, vm| Ok(py::opt_str(vm, model(&o, vm)?.options.borrow().$option.as_deref())),
            |o, v, vm| {
                let v = given(v, vm)?;
                let text = if vm.is_none(&v) { None } else { Some(py::to_string(vm, &v)?) };
                model(&o, vm)?.options.borrow_mut().$option = text;
                Ok(())
            },
        );
    )* };
}

macro_rules! flags {
    ($c:ident: $($name:literal => $option:ident),* $(,)?) => { $(
        $c.property(
            $name,
            |o, vm| Ok(py::bool(vm, model(&o, vm)?.options.borrow().$option)),
            |o, v, vm| {
                let on = given(v, vm)?.is_true(vm)?;
                model(&o, vm)?.options.borrow_mut().$option = on;
                Ok(())
            },
        );
    )* };
}

pub fn fill(c: &mut Class) {
    strings!(c: "db_tablespace" => db_tablespace, 
        "swappable" => swappable, "default_related_name" => default_related_name,
        "default_manager_name" => default_manager_name, "base_manager_name" => base_manager_name,
        "required_db_vendor" => required_db_vendor);
    flags!(c: "abstract" => abstract_, "proxy" => proxy, "managed" => managed,
        "select_on_save" => select_on_save);
    c.getter("proxy_for_model", |o, vm| {
        let m = model(&o, vm)?;
        if !m.is_proxy() {
            return Ok(vm.ctx.none());
        }
        // The nearest class it is a proxy of, which may be a proxy itself.
        let class = class_of_model(vm, &m)?;
        let mro = py::as_class(&class).map(|c| c.mro_collect());
        for base in mro.unwrap_or_default().iter().skip(1) {
            let found = crate::models::model_of_class(vm, base.as_object());
            if found.is_some_and(|b| !b.options.borrow().abstract_) {
                return Ok(base.clone().into());
            }
        }
        Ok(vm.ctx.none())
    });
    c.property(
        "order_with_respect_to",
        |o, vm| {
            // A name until the model is made, then the field.
            let name = model(&o, vm)?
                .options
                .borrow()
                .order_with_respect_to
                .clone();
            Ok(match this(&o, vm)?.part("order_wrt") {
                Some(field) if name.is_some() => field,
                _ => py::opt_str(vm, name.as_deref()),
            })
        },
        |o, v, vm| {
            let v = given(v, vm)?;
            let name = match field_of(&v) {
                Some(field) => Some(field.name().to_string()),
                None if vm.is_none(&v) => None,
                None => Some(py::to_string(vm, &v)?),
            };
            this(&o, vm)?.parts.borrow_mut().remove("order_wrt");
            if field_of(&v).is_some() {
                this(&o, vm)?.parts.borrow_mut().insert("order_wrt", v);
            }
            model(&o, vm)?.options.borrow_mut().order_with_respect_to = name;
            Ok(())
        },
    );
    names(c);
    lists(c);
    fields(c);
    parents(c);
}

fn names(c: &mut Class) {
    c.getter("object_name", |o, vm| {
        Ok(py::str(vm, &**model(&o, vm)?.object_name()))
    });
    c.getter("model_name", |o, vm| {
        Ok(py::str(vm, &**model(&o, vm)?.model_name()))
    });
    c.getter("app_label", |o, vm| {
        Ok(py::str(vm, &**model(&o, vm)?.app_label()))
    });
    c.getter("label", |o, vm| Ok(py::str(vm, model(&o, vm)?.label())));
    c.getter("label_lower", |o, vm| {
        Ok(py::str(vm, model(&o, vm)?.label_lower()))
    });
    c.getter("model", |o, vm| class_of_model(vm, &model(&o, vm)?));
    c.getter("concrete_model", |o, vm| {
        let m = model(&o, vm)?;
        if m.is_abstract() {
            Ok(vm.ctx.none())
        } else {
            class_of_model(vm, &m.concrete_model())
        }
    });
    c.getter("apps", |o, vm| base::apps_of(vm, &model(&o, vm)?));
    c.getter("app_config", |o, vm| {
        let m = model(&o, vm)?;
        let apps = base::apps_of(vm, &m)?;
        let configs = py::attr(vm, &apps, "app_configs")?;
        py::call(vm, &configs, "get", vec![py::str(vm, &**m.app_label())])
    });
    c.property(
        "db_table",
        |o, vm| Ok(py::str(vm, model(&o, vm)?.db_table())),
        |o, v, vm| {
            let table = py::to_string(vm, &given(v, vm)?)?;
            model(&o, vm)?.options.borrow_mut().db_table = table;
            Ok(())
        },
    );
    c.property(
        "db_table_comment",
        |o, vm| {
            Ok(py::str(
                vm,
                &model(&o, vm)?.options.borrow().db_table_comment,
            ))
        },
        |o, v, vm| {
            let text = py::to_string(vm, &given(v, vm)?)?;
            model(&o, vm)?.options.borrow_mut().db_table_comment = text;
            Ok(())
        },
    );
    for (name, plural) in [("verbose_name", false), ("verbose_name_plural", true)] {
        if plural {
            c.property(
                name,
                |o, vm| match this(&o, vm)?.part("verbose_name_plural") {
                    Some(v) if !vm.is_none(&v) => Ok(v),
                    _ => Ok(py::str(vm, model(&o, vm)?.verbose_name_plural())),
                },
                |o, v, vm| {
                    let v = given(v, vm)?;
                    model(&o, vm)?.options.borrow_mut().verbose_name_plural =
                        Some(py::to_string(vm, &v)?);
                    this(&o, vm)?
                        .parts
                        .borrow_mut()
                        .insert("verbose_name_plural", v);
                    Ok(())
                },
            );
        } else {
            c.property(
                name,
                |o, vm| match this(&o, vm)?.part("verbose_name") {
                    Some(v) if !vm.is_none(&v) => Ok(v),
                    _ => Ok(py::str(vm, model(&o, vm)?.verbose_name())),
                },
                |o, v, vm| {
                    let v = given(v, vm)?;
                    model(&o, vm)?.options.borrow_mut().verbose_name = Some(py::to_string(vm, &v)?);
                    this(&o, vm)?.parts.borrow_mut().insert("verbose_name", v);
                    Ok(())
                },
            );
        }
    }
    c.getter("verbose_name_raw", |o, vm| {
        Ok(py::str(vm, model(&o, vm)?.verbose_name()))
    });
    c.getter("original_attrs", |o, vm| {
        Ok(this(&o, vm)?.original.clone().into())
    });
    c.getter("auto_created", |o, vm| {
        Ok(match this(&o, vm)?.part("auto_created") {
            Some(v) => v,
            None => py::bool(vm, false),
        })
    });
    c.getter("swapped", |o, vm| {
        let m = model(&o, vm)?;
        swapped::refresh(vm, &m)?;
        Ok(py::opt_str(vm, m.swapped.borrow().as_deref()))
    });
    c.getter(relations::NAME, |o, vm| relations::tree(vm, this(&o, vm)?));
    c.getter("_property_names", |o, vm| {
        property_names(vm, &model(&o, vm)?)
    });
    c.getter("installed", |_, vm| Ok(py::bool(vm, true)));
    c.getter("can_migrate", |_, vm| Ok(py::bool(vm, true)));
    c.method(
        "can_migrate",
        |o: PyObjectRef, _: PyObjectRef, vm: &Vm| -> PyResult<bool> {
            let m = model(&o, vm)?;
            let options = m.options.borrow();
            Ok(!options.proxy && options.managed && m.swapped.borrow().is_none())
        },
    );
    c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
        Ok(format!("<Options for {}>", model(&o, vm)?.object_name()))
    });
    c.method("__str__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
        Ok(model(&o, vm)?.label_lower())
    });
}

/// Options that are lists, as they were given.
fn lists(c: &mut Class) {
    c.property(
        "ordering",
        |o, vm| match this(&o, vm)?.part("ordering") {
            Some(v) => Ok(v),
            None => {
                let items = model(&o, vm)?.ordering();
                let items = items
                    .iter()
                    .map(|v| to_py(vm, v))
                    .collect::<PyResult<_>>()?;
                Ok(vm.ctx.new_list(items).into())
            }
        },
        |o, v, vm| {
            let v = given(v, vm)?;
            let items = match vm.is_none(&v) {
                true => vec![],
                false => py::list(vm, &v)?,
            };
            let items = items
                .iter()
                .map(|i| crate::convert::to_value(vm, i))
                .collect::<PyResult<_>>()?;
            model(&o, vm)?.options.borrow_mut().ordering = items;
            this(&o, vm)?.parts.borrow_mut().insert("ordering", v);
            Ok(())
        },
    );
    c.property(
        "get_latest_by",
        |o, vm| Ok(this(&o, vm)?.part_or_none(vm, "get_latest_by")),
        |o, v, vm| {
            let v = given(v, vm)?;
            let names = if vm.is_none(&v) {
                None
            } else {
                Some(match py::as_string(&v) {
                    Some(s) => vec![s],
                    None => py::list(vm, &v)?
                        .iter()
                        .map(|s| py::to_string(vm, s))
                        .collect::<PyResult<_>>()?,
                })
            };
            model(&o, vm)?.options.borrow_mut().get_latest_by = names;
            this(&o, vm)?.parts.borrow_mut().insert("get_latest_by", v);
            Ok(())
        },
    );
    for name in ["unique_together", "permissions"] {
        let getter: crate::class::Getter = match name {
            "unique_together" => |o, vm| {
                Ok(match this(&o, vm)?.part("unique_together") {
                    Some(v) => v,
                    None => vm.ctx.new_tuple(vec![]).into(),
                })
            },
            _ => |o, vm| {
                Ok(match this(&o, vm)?.part("permissions") {
                    Some(v) => v,
                    None => vm.ctx.new_list(vec![]).into(),
                })
            },
        };
        c.getter(name, getter);
    }
    for name in ["constraints", "indexes"] {
        let (get, set): (crate::class::Getter, crate::class::Setter) = match name {
            "constraints" => (
                |o, vm| {
                    Ok(match this(&o, vm)?.part("constraints") {
                        Some(v) => v,
                        None => vm.ctx.new_list(vec![]).into(),
                    })
                },
                |o, v, vm| {
                    this(&o, vm)?
                        .parts
                        .borrow_mut()
                        .insert("constraints", given(v, vm)?);
                    crate::models::constraints::refresh(vm, this(&o, vm)?)
                },
            ),
            _ => (
                |o, vm| {
                    Ok(match this(&o, vm)?.part("indexes") {
                        Some(v) => v,
                        None => vm.ctx.new_list(vec![]).into(),
                    })
                },
                |o, v, vm| {
                    this(&o, vm)?
                        .parts
                        .borrow_mut()
                        .insert("indexes", given(v, vm)?);
                    crate::models::constraints::refresh(vm, this(&o, vm)?)
                },
            ),
        };
        c.property(name, get, set);
    }
    c.getter("default_permissions", |o, vm| {
        let m = model(&o, vm)?;
        let items = m
            .options
            .borrow()
            .default_permissions
            .iter()
            .map(|s| py::str(vm, s))
            .collect();
        Ok(vm.ctx.new_tuple(items).into())
    });
    c.getter("required_db_features", |o, vm| {
        let m = model(&o, vm)?;
        let items = m
            .options
            .borrow()
            .required_db_features
            .iter()
            .map(|s| py::str(vm, s))
            .collect();
        Ok(vm.ctx.new_list(items).into())
    });
    c.getter("total_unique_constraints", |o, vm| {
        let Some(all) = this(&o, vm)?.part("constraints") else {
            return Ok(vm.ctx.new_list(vec![]).into());
        };
        let mut out = vec![];
        for constraint in py::list(vm, &all)? {
            if crate::models::constraints::is_total_unique(vm, &constraint)? {
                out.push(constraint);
            }
        }
        Ok(vm.ctx.new_list(out).into())
    });
}

fn fields(c: &mut Class) {
    c.getter("fields", |o, vm| {
        fixed(vm, "fields", &model(&o, vm)?.fields())
    });
    c.getter("concrete_fields", |o, vm| {
        fixed(vm, "concrete_fields", &model(&o, vm)?.concrete_fields())
    });
    c.getter("local_fields", |o, vm| {
        list(vm, &model(&o, vm)?.local_fields())
    });
    c.getter("local_concrete_fields", |o, vm| {
        fixed(
            vm,
            "local_concrete_fields",
            &model(&o, vm)?.local_concrete_fields(),
        )
    });
    c.getter("local_many_to_many", |o, vm| {
        let m = model(&o, vm)?;
        let fields = list(vm, &m.local_many_to_many())?;
        removing(vm, m, fields)
    });
    c.getter("many_to_many", |o, vm| {
        fixed(vm, "many_to_many", &model(&o, vm)?.many_to_many())
    });
    c.getter("private_fields", |o, vm| {
        list(vm, &model(&o, vm)?.private_fields())
    });
    c.getter("fields_map", |o, vm| {
        let m = model(&o, vm)?;
        let out = vm.ctx.new_dict();
        for rel in m.all_related_objects() {
            out.set_item(&*rel.name(), rel_object(vm, &rel)?, vm)?;
        }
        Ok(out.into())
    });
    c.getter("_forward_fields_map", |o, vm| {
        let m = model(&o, vm)?;
        let out = vm.ctx.new_dict();
        for f in m.forward_fields() {
            let object = field_object(vm, &f)?;
            out.set_item(&*f.name(), object.clone(), vm)?;
            out.set_item(&*f.attname(), object, vm)?;
        }
        Ok(out.into())
    });
    c.property(
        "pk",
        |o, vm| match model(&o, vm)?.pk() {
            Some(pk) => field_object(vm, &pk),
            None => Ok(vm.ctx.none()),
        },
        |o, v, vm| {
            if let Some(f) = field_of(&*given(v, vm)?) {
                model(&o, vm)?.set_pk(&f);
            }
            Ok(())
        },
    );
    c.getter("pk_fields", |o, vm| {
        list(vm, &model(&o, vm)?.pk_fields().or_raise(vm)?)
    });
    c.getter("is_composite_pk", |o, vm| {
        let composite = model(&o, vm)?
            .pk()
            .is_some_and(|pk| pk.kind == orm_state::FieldKind::CompositePrimaryKey);
        Ok(py::bool(vm, composite))
    });
    c.getter("auto_field", |o, vm| {
        match &*model(&o, vm)?.auto_field.borrow() {
            Some(f) => field_object(vm, f),
            None => Ok(vm.ctx.none()),
        }
    });
    c.getter("has_auto_field", |o, vm| {
        Ok(py::bool(vm, model(&o, vm)?.auto_field.borrow().is_some()))
    });
    c.getter("related_objects", |o, vm| {
        let objects = model(&o, vm)?
            .related_objects()
            .iter()
            .map(|r| rel_object(vm, r))
            .collect::<PyResult<Vec<_>>>()?;
        immutable::list(vm, "related_objects", objects)
    });
    c.getter("db_returning_fields", |o, vm| {
        let fields = crate::models::base::save::returning_fields(vm, &model(&o, vm)?)?;
        list(vm, &fields)
    });
    c.getter("referenced_by_composite", |_, vm| Ok(vm.ctx.none()));
    c.method("get_field", |o: PyObjectRef, name: PyObjectRef, vm: &Vm| {
        let name = py::to_string(vm, &name)?;
        let m = model(&o, vm)?;
        let found = m.get_field(&name);
        let forward = matches!(found, Ok(orm_state::AnyField::Field(_)));
        if !forward && !relations::ready(vm, &m)? {
            return Err(crate::error::raise(
                vm,
                "FieldDoesNotExist",
                format!(
                    "{} has no field named '{name}'. The app cache isn't ready yet, so if this is \
                     an auto-created related field, it won't be available yet.",
                    m.object_name()
                ),
            ));
        }
        any_field_object(vm, &found.or_raise(vm)?)
    });
    c.method(
        "get_fields",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| {
            let mut flag = |name: &str, default: bool| -> PyResult<bool> {
                match args.take_positional_keyword(name) {
                    Some(v) => v.is_true(vm),
                    None => Ok(default),
                }
            };
            let include_parents = flag("include_parents", true)?;
            let include_hidden = flag("include_hidden", false)?;
            let m = model(&o, vm)?;
            let mut out = vec![];
            for f in m.get_fields(include_hidden) {
                let own = f.model().is_some_and(|x| match &f {
                    orm_state::AnyField::Field(_) => Rc::ptr_eq(&x, &m),
                    // What leads to a proxy leads to the model behind it.
                    orm_state::AnyField::Rel(_) => {
                        Rc::ptr_eq(&x.concrete_model(), &m.concrete_model())
                    }
                });
                if include_parents || own {
                    out.push(any_field_object(vm, &f)?);
                }
            }
            immutable::list(vm, "get_fields()", out)
        },
    );
    c.method(
        "_get_fields",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| {
            let mut flag = |name: &str, default: bool| -> PyResult<bool> {
                match args.take_positional_keyword(name) {
                    Some(v) => v.is_true(vm),
                    None => Ok(default),
                }
            };
            let forward = flag("forward", true)?;
            let reverse = flag("reverse", true)?;
            let _include_parents = flag("include_parents", true)?;
            let hidden = flag("include_hidden", false)?;
            let mut out = vec![];
            for f in model(&o, vm)?.get_fields(hidden) {
                let is_forward = matches!(f, orm_state::AnyField::Field(_));
                if (is_forward && forward) || (!is_forward && reverse) {
                    out.push(any_field_object(vm, &f)?);
                }
            }
            Ok(vm.ctx.new_tuple(out)) as PyResult<_>
        },
    );
    c.method(
        "add_field",
        |o: PyObjectRef, field: PyObjectRef, args: FuncArgs, vm: &Vm| -> PyResult<()> {
            let private = match args.kwargs.get("private").or(args.args.first()) {
                Some(v) => v.clone().is_true(vm)?,
                None => false,
            };
            if let Some(f) = field_of(&field) {
                super::add_field(vm, &o, &f, private)?;
            }
            Ok(())
        },
    );
    c.method(
        "setup_pk",
        |o: PyObjectRef, field: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let m = model(&o, vm)?;
            if let Some(f) = field_of(&field)
                && m.pk().is_none()
                && f.primary_key.get()
            {
                m.set_pk(&f);
            }
            Ok(())
        },
    );
    c.method(
        "_expire_cache",
        |o: PyObjectRef, _: FuncArgs, vm: &Vm| -> PyResult<()> {
            let this = this(&o, vm)?;
            this.model.expire();
            super::managers::expire(this);
            Ok(())
        },
    );
}

fn parents(c: &mut Class) {
    c.getter("parents", |o, vm| {
        let out = vm.ctx.new_dict();
        for (parent, link) in model(&o, vm)?.parents() {
            let link = match link {
                Some(f) => field_object(vm, &f)?,
                None => vm.ctx.none(),
            };
            out.set_item(&*class_of_model(vm, &parent)?, link, vm)?;
        }
        Ok(out.into())
    });
    c.getter("all_parents", |o, vm| {
        parent_list(&o, vm).map(|l| vm.ctx.new_tuple(l).into())
    });
    c.method("get_parent_list", |o: PyObjectRef, vm: &Vm| -> PyResult {
        parent_list(&o, vm).map(|l| vm.ctx.new_list(l).into())
    });
    c.method(
        "get_base_chain",
        |o: PyObjectRef, ancestor: PyObjectRef, vm: &Vm| -> PyResult {
            let m = model(&o, vm)?;
            let Some(ancestor) = model_of_class(vm, &ancestor) else {
                return Ok(vm.ctx.new_list(vec![]).into());
            };
            let chain = m
                .base_chain(&ancestor)
                .iter()
                .map(|m| class_of_model(vm, m))
                .collect::<PyResult<Vec<_>>>()?;
            Ok(vm.ctx.new_list(chain).into())
        },
    );
    c.method(
        "get_ancestor_link",
        |o: PyObjectRef, ancestor: PyObjectRef, vm: &Vm| -> PyResult {
            let m = model(&o, vm)?;
            match model_of_class(vm, &ancestor).and_then(|a| m.ancestor_link(&a)) {
                Some(link) => field_object(vm, &link),
                None => Ok(vm.ctx.none()),
            }
        },
    );
}

fn parent_list(o: &PyObject, vm: &Vm) -> PyResult<Vec<PyObjectRef>> {
    model(o, vm)?
        .parent_list()
        .iter()
        .map(|m| class_of_model(vm, m))
        .collect()
}

/// Names of the class's properties; a primary key is always one.
fn property_names(vm: &Vm, model: &ModelRef) -> PyResult {
    let mut names = vec![py::str(vm, "pk")];
    if let Some(class) = py::as_class(&class_of_model(vm, model)?) {
        let mut hidden: Vec<String> = vec!["pk".into()];
        for base in class.mro_collect() {
            for name in base.attributes().interned_names(&vm.ctx) {
                if hidden.iter().any(|h| h == name.as_str()) {
                    continue;
                }
                hidden.push(name.as_str().to_owned());
                if let Some(value) = base.get_direct_attr(name)
                    && value.fast_isinstance(vm.ctx.types.property_type)
                {
                    names.push(py::str(vm, name.as_str()));
                }
            }
        }
    }
    let names = vm.ctx.new_list(names);
    let kind = vm.ctx.types.frozenset_type.as_object();
    kind.call((names,), vm)
}

/// For callers that look at objects.
pub fn is_options(o: &PyObject) -> bool {
    o.as_object().downcast_ref::<PyOptions>().is_some()
}

/// A list of many-to-many fields that takes a field from the model when it is taken from the list.
fn removing(vm: &Vm, model: ModelRef, fields: PyObjectRef) -> PyResult {
    const MODULE: &str = "django.db.models.options";
    let class = match modules::find(vm, MODULE, "_LocalFields") {
        Ok(known) => known,
        Err(_) => {
            let base = vm.ctx.types.list_type.to_owned();
            let made: PyObjectRef =
                crate::class::class(vm, MODULE, "_LocalFields", &[base], |_| {})?.into();
            modules::export(vm, MODULE, "_LocalFields", made.clone())?;
            made
        }
    };
    let made = class.call((fields,), vm)?;
    let remove = vm.new_function(
        "remove",
        move |field: PyObjectRef, vm: &Vm| -> PyResult<()> {
            match crate::models::fields::field_of(&field) {
                Some(f) if model.forget_many_to_many(&f) => Ok(()),
                _ => Err(vm.new_value_error("list.remove(x): x not in list")),
            }
        },
    );
    py::set_attr(vm, &made, "remove", remove)?;
    Ok(made)
}
