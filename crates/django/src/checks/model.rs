//! `Model.check()`: a model's fields, names, `Meta`, constraints and indexes.
use super::databases::{self, Place};
use super::report::{Level, Report};
use super::{local_fields, model_fields, on_delete, ordering};
use crate::class::Class;
use crate::models::fields::field_object;
use crate::models::options::PyOptions;
use crate::py;
use orm_state::{FieldKind, ModelRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.classmethod("check", check);
    c.classmethod(
        "_check_local_fields",
        |cls: PyObjectRef, fields: PyObjectRef, option: String, vm: &Vm| -> PyResult {
            let model = model_of(vm, &cls)?;
            let names = py::list(vm, &fields)?
                .iter()
                .map(|n| py::to_string(vm, n))
                .collect::<PyResult<Vec<_>>>()?;
            let mut r = Report::new(vm, &cls);
            local_fields::check(&mut r, &model, &names, &option)?;
            Ok(r.into_list())
        },
    );
}

fn model_of(vm: &Vm, cls: &PyObject) -> PyResult<ModelRef> {
    crate::models::model_of_class(vm, cls).ok_or_else(|| vm.new_type_error("not a model"))
}

fn check(cls: PyObjectRef, args: FuncArgs, vm: &Vm) -> PyResult {
    let meta = py::attr(vm, &cls, "_meta")?;
    let Some(meta) = meta.downcast_ref::<PyOptions>() else {
        return Err(vm.new_type_error("not a model"));
    };
    let model = &meta.model;
    let mut r = Report::new(vm, &cls);
    swappable(&mut r, model)?;
    if model.is_proxy()
        && !(model.local_fields().is_empty() && model.local_many_to_many().is_empty())
    {
        r.add(
            Level::Error,
            "models.E017",
            format!(
                "Proxy model '{}' contains model fields.",
                model.object_name()
            ),
            None,
            None,
        )?;
    }
    for manager in py::list(vm, &py::attr(vm, meta, "managers")?)? {
        let mut call = FuncArgs::default();
        call.kwargs = args.kwargs.clone();
        r.ask(&manager, "check", call)?;
    }
    if model.swapped.borrow().is_some() {
        return Ok(r.into_list());
    }
    let aliases = databases::given(vm, &args)?.unwrap_or_default();
    let places = databases::of_model(vm, &aliases, &cls)?;
    each_field(&mut r, model, &cls, &args)?;
    same_through(&mut r, model)?;
    long_columns(&mut r, model, &places)?;
    on_delete::model(&mut r, model)?;
    let mut clashes = Report::new(vm, &cls);
    model_fields::check(&mut clashes, &cls, model)?;
    // Columns clash where names do; the names say it better.
    if clashes.is_empty() {
        model_fields::columns(&mut r, model)?;
    }
    r.extend(clashes);
    unique_together(&mut r, meta)?;
    for place in &places {
        for index in py::list(vm, &py::attr(vm, meta, "indexes")?)? {
            let call = vec![cls.clone(), place.connection.clone()];
            r.ask(&index, "check", call.into())?;
        }
    }
    ordering::check(&mut r, meta)?;
    for place in &places {
        for constraint in py::list(vm, &py::attr(vm, meta, "constraints")?)? {
            let call = vec![cls.clone(), place.connection.clone()];
            r.ask(&constraint, "check", call.into())?;
        }
    }
    table_comment(&mut r, model, &places)?;
    model_fields::composite_key(&mut r, model)?;
    Ok(r.into_list())
}

/// The model that took this one's place must exist.
fn swappable(r: &mut Report, model: &ModelRef) -> PyResult<()> {
    let vm = r.vm;
    let Some(swapped) = model.swapped.borrow().clone() else {
        return Ok(());
    };
    let setting = model.options.borrow().swappable.clone().unwrap_or_default();
    let apps = crate::modules::find(vm, "django.apps", "apps")?;
    let Err(e) = py::call(vm, &apps, "get_model", vec![py::str(vm, &swapped)]) else {
        return Ok(());
    };
    let exceptions = &vm.ctx.exceptions;
    if e.fast_isinstance(exceptions.value_error) {
        return r.add(
            Level::Error,
            "models.E001",
            format!("'{setting}' is not of the form 'app_label.app_name'."),
            None,
            None,
        );
    }
    if !e.fast_isinstance(exceptions.lookup_error) {
        return Err(e);
    }
    r.add(
        Level::Error,
        "models.E002",
        format!(
            "'{setting}' references '{swapped}', which has not been installed, or is abstract."
        ),
        None,
        None,
    )
}

fn each_field(r: &mut Report, model: &ModelRef, cls: &PyObject, args: &FuncArgs) -> PyResult<()> {
    let vm = r.vm;
    for field in model.local_fields() {
        let mut call = FuncArgs::default();
        call.kwargs = args.kwargs.clone();
        r.ask(&*field_object(vm, &field)?, "check", call)?;
    }
    for field in model.local_many_to_many() {
        let mut call = FuncArgs::default();
        call.kwargs = args.kwargs.clone();
        call.kwargs.insert("from_model".into(), cls.to_owned());
        r.ask(&*field_object(vm, &field)?, "check", call)?;
    }
    Ok(())
}

/// Two many-to-many relations over one model in between.
fn same_through(r: &mut Report, model: &ModelRef) -> PyResult<()> {
    let mut seen: Vec<(ModelRef, ModelRef, Option<(String, String)>)> = vec![];
    for field in model.local_many_to_many() {
        let Some(rel) = &field.remote else { continue };
        let (Some(to), Some(through)) = (rel.model(), rel.through_model()) else {
            continue;
        };
        let fields = rel.through_fields.borrow().clone();
        let known = seen
            .iter()
            .any(|(a, b, names)| Rc::ptr_eq(a, &to) && Rc::ptr_eq(b, &through) && *names == fields);
        if known {
            r.error(
                "models.E003",
                format!(
                    "The model has two identical many-to-many relations through the intermediate \
                     model '{}'.",
                    through.label()
                ),
            )?;
        } else {
            seen.push((to, through, fields));
        }
    }
    Ok(())
}

/// Names of columns that no database's limit may cut.
fn long_columns(r: &mut Report, model: &ModelRef, places: &[Place]) -> PyResult<()> {
    let vm = r.vm;
    let mut shortest: Option<(i64, String)> = None;
    for place in places {
        let ops = py::attr(vm, &place.connection, "ops")?;
        let limit = py::call(vm, &ops, "max_name_length", vec![])?;
        if vm.is_none(&limit) || databases::has(vm, &place.connection, "truncates_names")? {
            continue;
        }
        let limit: i64 = limit.try_into_value(vm)?;
        if shortest.as_ref().is_none_or(|(n, _)| limit < *n) {
            shortest = Some((limit, py::to_string(vm, &place.alias)?));
        }
    }
    let Some((limit, alias)) = shortest else {
        return Ok(());
    };
    let too_long = |field: &orm_state::Field| -> Option<String> {
        if field.options.borrow().db_column.is_some() {
            return None;
        }
        let column = field.column()?;
        (column.chars().count() as i64 > limit).then(|| column.to_string())
    };
    for field in model.local_fields() {
        if let Some(column) = too_long(&field) {
            r.error_hint(
                "models.E018",
                format!(
                    "Autogenerated column name too long for field \"{column}\". Maximum length is \
                     \"{limit}\" for database \"{alias}\"."
                ),
                "Set the column name manually using 'db_column'.",
            )?;
        }
    }
    for field in model.local_many_to_many() {
        let Some(through) = field.remote.as_ref().and_then(|rel| rel.through_model()) else {
            continue;
        };
        for link in through.local_fields() {
            if let Some(column) = too_long(&link) {
                r.error_hint(
                    "models.E019",
                    format!(
                        "Autogenerated column name too long for M2M field \"{column}\". Maximum \
                         length is \"{limit}\" for database \"{alias}\"."
                    ),
                    "Use 'through' to create a separate model for M2M and then set column_name \
                     using 'db_column'.",
                )?;
            }
        }
    }
    Ok(())
}

fn unique_together(r: &mut Report, meta: &Py<PyOptions>) -> PyResult<()> {
    let vm = r.vm;
    let Some(given) = meta.part("unique_together") else {
        return Ok(());
    };
    let types = &vm.ctx.types;
    let listed =
        |o: &PyObject| o.fast_isinstance(types.list_type) || o.fast_isinstance(types.tuple_type);
    if !listed(&given) {
        return r.error("models.E010", "'unique_together' must be a list or tuple.");
    }
    let groups = py::list(vm, &given)?;
    if !groups.iter().all(|g| listed(g)) {
        return r.error(
            "models.E011",
            "All 'unique_together' elements must be lists or tuples.",
        );
    }
    for group in groups {
        let names = py::list(vm, &group)?
            .iter()
            .map(|n| py::to_string(vm, n))
            .collect::<PyResult<Vec<_>>>()?;
        local_fields::check(r, &meta.model, &names, "unique_together")?;
    }
    Ok(())
}

fn table_comment(r: &mut Report, model: &ModelRef, places: &[Place]) -> PyResult<()> {
    if model.options.borrow().db_table_comment.is_empty() {
        return Ok(());
    }
    for place in places {
        if !place.supports(r.vm, "supports_comments", Some(model))? {
            let name = place.name(r.vm)?;
            r.warning(
                "models.W046",
                format!("{name} does not support comments on tables (db_table_comment)."),
            )?;
        }
    }
    Ok(())
}

/// A composite key is a field, too.
pub fn has_composite_key(model: &ModelRef) -> bool {
    model
        .pk()
        .is_some_and(|pk| pk.kind == FieldKind::CompositePrimaryKey)
}
