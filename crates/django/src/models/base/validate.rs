//! `full_clean()` and its parts.
use super::identity::{is_pk_set, model};
use super::unique_checks::{date_checks, unique_checks};
use crate::class::Class;
use crate::core::validation_error;
use crate::error::OrRaise;
use crate::models::fields::field_object;
use crate::models::fields::methods::is_empty_value;
use crate::models::{class_of_model, state};
use crate::py;
use orm_state::{FieldKind, ModelRef};
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method("clean", |_: PyObjectRef| {});
    c.method("full_clean", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        full_clean(vm, &o, args)
    });
    c.method(
        "clean_fields",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| {
            let exclude = excluded(vm, args.take_positional_keyword("exclude"))?;
            clean_fields(vm, &o, &exclude)
        },
    );
    c.method(
        "validate_unique",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| {
            let exclude = excluded(vm, args.take_positional_keyword("exclude"))?;
            validate_unique(vm, &o, &exclude)
        },
    );
    c.method(
        "validate_constraints",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| {
            let exclude = args
                .take_positional_keyword("exclude")
                .unwrap_or_else(|| vm.ctx.none());
            validate_constraints(vm, &o, exclude)
        },
    );
    c.method("get_constraints", |o: PyObjectRef, vm: &Vm| -> PyResult {
        let m = model(vm, &o)?;
        let mut out = vec![];
        for m in std::iter::once(m.clone()).chain(m.parent_list()) {
            let class = class_of_model(vm, &m)?;
            let meta = py::attr(vm, &class, "_meta")?;
            let own = py::list(vm, &py::attr(vm, &meta, "constraints")?)?;
            if !own.is_empty() {
                out.push(
                    vm.ctx
                        .new_tuple(vec![class, vm.ctx.new_list(own).into()])
                        .into(),
                );
            }
        }
        Ok(vm.ctx.new_list(out).into())
    });
    c.method(
        "unique_error_message",
        |o: PyObjectRef, class: PyObjectRef, checked: PyObjectRef, vm: &Vm| -> PyResult {
            let names = py::list(vm, &checked)?
                .iter()
                .map(|n| py::to_string(vm, n))
                .collect::<PyResult<Vec<_>>>()?;
            unique_error(vm, &o, &class, &names)
        },
    );
    c.method(
        "date_error_message",
        |o: PyObjectRef, kind: String, field: String, unique_for: String, vm: &Vm| -> PyResult {
            date_error(vm, &o, &kind, &field, &unique_for)
        },
    );
    c.method(
        "_get_field_expression_map",
        |o: PyObjectRef, meta: PyObjectRef, args: OptionalArg, vm: &Vm| {
            expression_map(vm, &o, &meta, args)
        },
    );
}

pub(super) fn excluded(vm: &Vm, given: Option<PyObjectRef>) -> PyResult<Vec<String>> {
    match given.filter(|g| !vm.is_none(g)) {
        Some(g) => py::list(vm, &g)?
            .iter()
            .map(|n| py::to_string(vm, n))
            .collect(),
        None => Ok(vec![]),
    }
}

fn name_set(vm: &Vm, names: &[String]) -> PyResult {
    let list = vm
        .ctx
        .new_list(names.iter().map(|n| py::str(vm, n)).collect());
    vm.ctx.types.set_type.as_object().call((list,), vm)
}

fn full_clean(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult<()> {
    let mut exclude = excluded(vm, args.take_positional_keyword("exclude"))?;
    let mut flag = |name: &str| match args.take_positional_keyword(name) {
        Some(v) => v.is_true(vm),
        None => Ok(true),
    };
    let unique = flag("validate_unique")?;
    let constraints = flag("validate_constraints")?;
    let mut errors = vm.ctx.new_dict();
    let steps: [(&str, bool, bool); 4] = [
        ("clean_fields", true, true),
        ("clean", true, false),
        ("validate_unique", unique, true),
        ("validate_constraints", constraints, true),
    ];
    let mut exclude_now = std::mem::take(&mut exclude);
    for (step, wanted, takes_exclude) in steps {
        if !wanted {
            continue;
        }
        let result = if takes_exclude {
            let set = name_set(vm, &exclude_now)?;
            py::call_kw(vm, o, step, vec![], &[("exclude", set)])
        } else {
            py::call(vm, o, step, vec![])
        };
        match result {
            Ok(_) => {}
            Err(e) if validation_error::is_one(vm, &e) => {
                let all = py::call(
                    vm,
                    e.as_object(),
                    "update_error_dict",
                    vec![errors.clone().into()],
                )?;
                if let Ok(all) = all.downcast() {
                    errors = all;
                }
            }
            Err(e) => return Err(e),
        }
        if step != "clean_fields" || unique || constraints {
            for (name, _) in &errors {
                let name = py::to_string(vm, &name)?;
                if name != "__all__" && !exclude_now.contains(&name) {
                    exclude_now.push(name);
                }
            }
        }
    }
    if errors.__len__() == 0 {
        return Ok(());
    }
    Err(validation_error::raise(vm, errors.into(), None, None))
}

fn clean_fields(vm: &Vm, o: &PyObject, exclude: &[String]) -> PyResult<()> {
    let m = model(vm, o)?;
    let errors = vm.ctx.new_dict();
    for f in m.fields().iter() {
        if exclude.iter().any(|n| **n == *f.name()) || f.kind == FieldKind::Generated {
            continue;
        }
        let object = field_object(vm, f)?;
        let raw = py::attr(vm, o, &f.attname())?;
        let blank = f.blank.get() || f.options.borrow().db_default.is_some();
        if blank && is_empty_value(vm, &raw)? {
            continue;
        }
        if let Ok(class) =
            crate::modules::find(vm, "django.db.models.expressions", "DatabaseDefault")
            && raw.is_instance(&class, vm)?
        {
            continue;
        }
        match py::call(vm, &object, "clean", vec![raw, o.to_owned()]) {
            Ok(v) => {
                if f.kind != FieldKind::CompositePrimaryKey {
                    py::set_attr(vm, o, &f.attname(), v)?;
                }
            }
            Err(e) if validation_error::is_one(vm, &e) => {
                let list = py::attr(vm, e.as_object(), "error_list")?;
                errors.set_item(&*f.name(), list, vm)?;
            }
            Err(e) => return Err(e),
        }
    }
    if errors.__len__() == 0 {
        return Ok(());
    }
    Err(validation_error::raise(vm, errors.into(), None, None))
}

fn validate_unique(vm: &Vm, o: &PyObject, exclude: &[String]) -> PyResult<()> {
    let m = model(vm, o)?;
    let errors = vm.ctx.new_dict();
    let add = |key: &str, error: PyObjectRef| -> PyResult<()> {
        let list = match errors.get_item_opt(key, vm)? {
            Some(l) => l,
            None => {
                let l: PyObjectRef = vm.ctx.new_list(vec![]).into();
                errors.set_item(key, l.clone(), vm)?;
                l
            }
        };
        py::call(vm, &list, "append", vec![error]).map(drop)
    };
    for (check_model, names) in unique_checks(&m, exclude) {
        if let Some(error) = violates_unique(vm, o, &m, &check_model, &names)? {
            let key = if names.len() == 1 {
                names[0].as_str()
            } else {
                "__all__"
            };
            add(key, error)?;
        }
    }
    for check in date_checks(&m, exclude) {
        let (field, other) = (&check.field, &check.unique_for);
        if let Some(error) = violates_date(vm, o, &m, check.kind, field, other)? {
            add(field, error)?;
        }
    }
    if errors.__len__() == 0 {
        return Ok(());
    }
    Err(validation_error::raise(vm, errors.into(), None, None))
}

fn violates_unique(
    vm: &Vm,
    o: &PyObject,
    m: &ModelRef,
    check_model: &ModelRef,
    names: &[String],
) -> PyResult<Option<PyObjectRef>> {
    let keys = check_model.pk_fields().or_raise(vm)?;
    let mut lookups = vec![];
    for name in names {
        let f = m.field(name).or_raise(vm)?;
        let value = py::attr(vm, o, &f.attname())?;
        if vm.is_none(&value) {
            continue;
        }
        let state = state::state_of(vm, o)?;
        // A key of a saved row is not checked against itself.
        let is_key = keys.iter().any(|key| key.same(&f));
        if is_key && !state.adding.get() {
            continue;
        }
        lookups.push((name.as_str(), value));
    }
    if lookups.len() != names.len() {
        return Ok(None);
    }
    let class = class_of_model(vm, check_model)?;
    let manager = py::attr(vm, &class, "_default_manager")?;
    let rows = py::call_kw(vm, &manager, "filter", vec![], &lookups)?;
    let rows = without_self(vm, o, m, check_model, rows)?;
    if !py::call(vm, &rows, "exists", vec![])?.is_true(vm)? {
        return Ok(None);
    }
    let error = py::call(
        vm,
        o,
        "unique_error_message",
        vec![
            class,
            vm.ctx
                .new_tuple(names.iter().map(|n| py::str(vm, n)).collect())
                .into(),
        ],
    )?;
    Ok(Some(error))
}

fn without_self(
    vm: &Vm,
    o: &PyObject,
    m: &ModelRef,
    check_model: &ModelRef,
    rows: PyObjectRef,
) -> PyResult {
    let state = state::state_of(vm, o)?;
    if state.adding.get() || !is_pk_set(vm, o)? {
        return Ok(rows);
    }
    let _ = m;
    let pk = match check_model.pk() {
        Some(pk) => py::attr(vm, o, &pk.attname())?,
        None => return Ok(rows),
    };
    py::call_kw(vm, &rows, "exclude", vec![], &[("pk", pk)])
}

fn violates_date(
    vm: &Vm,
    o: &PyObject,
    m: &ModelRef,
    kind: &str,
    field: &str,
    unique_for: &str,
) -> PyResult<Option<PyObjectRef>> {
    let date = py::attr(vm, o, unique_for)?;
    if vm.is_none(&date) {
        return Ok(None);
    }
    let part = |name: &str| py::attr(vm, &date, name);
    let mut lookups: Vec<(String, PyObjectRef)> = vec![];
    if kind == "date" {
        for p in ["day", "month", "year"] {
            lookups.push((format!("{unique_for}__{p}"), part(p)?));
        }
    } else {
        lookups.push((format!("{unique_for}__{kind}"), part(kind)?));
    }
    lookups.push((field.to_string(), py::attr(vm, o, field)?));
    let lookups: Vec<(&str, PyObjectRef)> = lookups
        .iter()
        .map(|(k, v)| (k.as_str(), v.clone()))
        .collect();
    let class = class_of_model(vm, m)?;
    let manager = py::attr(vm, &class, "_default_manager")?;
    let rows = py::call_kw(vm, &manager, "filter", vec![], &lookups)?;
    let rows = without_self(vm, o, m, m, rows)?;
    if !py::call(vm, &rows, "exists", vec![])?.is_true(vm)? {
        return Ok(None);
    }
    let args = vec![
        py::str(vm, kind),
        py::str(vm, field),
        py::str(vm, unique_for),
    ];
    py::call(vm, o, "date_error_message", args).map(Some)
}

/// First letter upper case.
pub fn capfirst(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(c) => c.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn unique_error(
    vm: &Vm,
    o: &PyObject,
    class: &PyObject,
    names: &[String],
) -> PyResult<PyObjectRef> {
    let m = super::identity::class_model(vm, class)?;
    let params = vm.ctx.new_dict();
    params.set_item("model", o.to_owned(), vm)?;
    params.set_item("model_class", class.to_owned(), vm)?;
    params.set_item("model_name", py::str(vm, capfirst(&m.verbose_name())), vm)?;
    let tuple = names.iter().map(|n| py::str(vm, n)).collect();
    params.set_item("unique_check", vm.ctx.new_tuple(tuple).into(), vm)?;
    if let [name] = names {
        let f = m.field(name).or_raise(vm)?;
        params.set_item("field_label", py::str(vm, capfirst(&f.verbose_name())), vm)?;
        let object = field_object(vm, &f)?;
        let messages = py::attr(vm, &object, "error_messages")?;
        let message = messages.get_item("unique", vm)?;
        return Ok(
            validation_error::raise(vm, message, Some("unique"), Some(params.into())).into(),
        );
    }
    let mut labels = vec![];
    for n in names {
        labels.push(capfirst(&m.field(n).or_raise(vm)?.verbose_name()));
    }
    let label = text_list(&labels);
    params.set_item("field_labels", py::str(vm, label), vm)?;
    let message = py::str(
        vm,
        "%(model_name)s with this %(field_labels)s already exists.",
    );
    Ok(validation_error::raise(vm, message, Some("unique_together"), Some(params.into())).into())
}

/// `a, b and c`
fn text_list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn date_error(
    vm: &Vm,
    o: &PyObject,
    kind: &str,
    field: &str,
    unique_for: &str,
) -> PyResult<PyObjectRef> {
    let m = model(vm, o)?;
    let f = m.field(field).or_raise(vm)?;
    let other = m.field(unique_for).or_raise(vm)?;
    let params: PyDictRef = vm.ctx.new_dict();
    for (k, v) in [
        ("model", o.to_owned()),
        ("model_name", py::str(vm, capfirst(&m.verbose_name()))),
        ("lookup_type", py::str(vm, kind)),
        ("field", py::str(vm, field)),
        ("field_label", py::str(vm, capfirst(&f.verbose_name()))),
        ("date_field", py::str(vm, unique_for)),
        (
            "date_field_label",
            py::str(vm, capfirst(&other.verbose_name())),
        ),
    ] {
        params.set_item(k, v, vm)?;
    }
    let object = field_object(vm, &f)?;
    let message = py::attr(vm, &object, "error_messages")?.get_item("unique_for_date", vm)?;
    Ok(validation_error::raise(vm, message, Some("unique_for_date"), Some(params.into())).into())
}

fn validate_constraints(vm: &Vm, o: &PyObject, exclude: PyObjectRef) -> PyResult<()> {
    let groups = py::call(vm, o, "get_constraints", vec![])?;
    let class: PyObjectRef = o.class().to_owned().into();
    let using = state::db_for_write(vm, &class, o)?;
    let mut errors: PyObjectRef = vm.ctx.new_dict().into();
    let mut any = false;
    for group in py::list(vm, &groups)? {
        let [class, constraints] = &py::list(vm, &group)?[..] else {
            continue;
        };
        for constraint in py::list(vm, constraints)? {
            let parts = [("exclude", exclude.clone()), ("using", using.clone())];
            let args = vec![class.clone(), o.to_owned()];
            match py::call_kw(vm, &constraint, "validate", args, &parts) {
                Ok(_) => {}
                Err(e) if validation_error::is_one(vm, &e) => {
                    any = true;
                    let code =
                        py::attr_opt(vm, e.as_object(), "code")?.and_then(|c| py::as_string(&c));
                    let fields = match py::attr_opt(vm, &constraint, "fields")? {
                        Some(f) => py::list(vm, &f)?,
                        None => vec![],
                    };
                    if code.as_deref() == Some("unique") && fields.len() == 1 {
                        let name = py::to_string(vm, &fields[0])?;
                        let list = match errors.get_item(&*name, vm) {
                            Ok(l) => l,
                            Err(_) => {
                                let l: PyObjectRef = vm.ctx.new_list(vec![]).into();
                                errors.set_item(&*name, l.clone(), vm)?;
                                l
                            }
                        };
                        py::call(vm, &list, "append", vec![e.into()])?;
                    } else {
                        errors = py::call(vm, e.as_object(), "update_error_dict", vec![errors])?;
                    }
                }
                Err(e) => return Err(e),
            }
        }
    }
    if any {
        return Err(validation_error::raise(vm, errors, None, None));
    }
    Ok(())
}

fn expression_map(vm: &Vm, o: &PyObject, meta: &PyObject, exclude: OptionalArg) -> PyResult {
    let exclude = excluded(vm, exclude.into_option())?;
    let out = vm.ctx.new_dict();
    let value_class = crate::modules::find(vm, "django.db.models", "Value")?;
    let mut generated = vec![];
    let fields = py::attr(vm, meta, "local_fields")?;
    for object in py::list(vm, &fields)? {
        let Some(f) = crate::models::fields::field_of(&object) else {
            continue;
        };
        if f.kind == FieldKind::ForeignObject && !exclude.iter().any(|n| **n == *f.name()) {
            // Stands for the fields that it is made of.
            let mut values = vec![];
            for (ours, _) in f.related_fields().or_raise(vm)? {
                values.push(py::attr(vm, o, &ours.attname())?);
            }
            let value = match values.len() {
                1 => values.remove(0),
                _ => vm.ctx.new_tuple(values).into(),
            };
            out.set_item(&*f.name(), value_class.call((value, object), vm)?, vm)?;
            continue;
        }
        if !f.concrete() {
            continue;
        }
        if exclude.iter().any(|n| **n == *f.name()) {
            continue;
        }
        if f.kind == FieldKind::Generated {
            let expression = py::attr(vm, &object, "expression")?;
            let paths = crate::checks::constraint::references(vm, &expression)?;
            let left_out = |p: &Vec<String>| p.first().is_some_and(|n| exclude.contains(n));
            if !paths.iter().any(left_out) {
                generated.push((f.name().to_string(), object, expression));
            }
            continue;
        }
        let value = py::attr(vm, o, &f.attname())?;
        let has = crate::expressions::object::expr_of(&value).is_some()
            || py::attr_opt(vm, &value.clone(), "resolve_expression")?.is_some();
        let expression = if has {
            value
        } else {
            value_class.call((value, object.clone()), vm)?
        };
        out.set_item(&*f.name(), expression.clone(), vm)?;
        out.set_item(&*f.attname(), expression, vm)?;
    }
    if !exclude.iter().any(|n| n == "pk") {
        let pk = py::attr(vm, o, "pk")?;
        let made = value_class.call((pk, py::attr(vm, meta, "pk")?), vm)?;
        out.set_item("pk", made, vm)?;
    }
    if generated.is_empty() {
        return Ok(out.into());
    }
    let by_f = vm.ctx.new_dict();
    let f = crate::modules::find(vm, "django.db.models", "F")?;
    for (name, value) in out.clone() {
        let key = f.call((name,), vm)?;
        by_f.set_item(&*key, value, vm)?;
    }
    let wrapper = crate::modules::find(vm, "django.db.models", "ExpressionWrapper")?;
    for (name, field, expression) in generated {
        let with = vec![by_f.clone().into()];
        let made = py::call(vm, &expression, "replace_expressions", with)?;
        let made = wrapper.call((made, py::attr(vm, &field, "output_field")?), vm)?;
        out.set_item(name.as_str(), made, vm)?;
    }
    Ok(out.into())
}
