//! `CheckConstraint.check()` and `UniqueConstraint.check()`.
use super::databases::{display_name, has, required};
use super::local_fields;
use super::report::Report;
use crate::models::{fields, model_of_class};
use crate::{modules, py};
use orm_state::{AnyField, FieldKind, ModelRef};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

const NOT_CREATED: &str =
    "A constraint won't be created. Silence this warning if you don't care about it.";

/// A dotted path of names: `author__name` as its parts.
type Path = Vec<String>;

fn path(text: &str) -> Path {
    text.split("__").map(String::from).collect()
}

/// Every field that an expression or a condition names.
pub fn references(vm: &Vm, expression: &PyObject) -> PyResult<Vec<Path>> {
    let mut out = vec![];
    collect(vm, expression, &mut out)?;
    Ok(out)
}

fn collect(vm: &Vm, expression: &PyObject, out: &mut Vec<Path>) -> PyResult<()> {
    let mut add = |p: Path| {
        if !out.contains(&p) {
            out.push(p);
        }
    };
    let q = modules::find(vm, "django.db.models", "Q")?;
    if expression.is_instance(&q, vm)? {
        for child in py::list(vm, &py::attr(vm, expression, "children")?)? {
            if !child.fast_isinstance(vm.ctx.types.tuple_type) {
                collect(vm, &child, out)?;
                continue;
            }
            if let [lookup, value] = py::list(vm, &child)?.as_slice() {
                let found = path(&py::to_string(vm, lookup)?);
                if !out.contains(&found) {
                    out.push(found);
                }
                collect(vm, value, out)?;
            }
        }
        return Ok(());
    }
    let f = modules::find(vm, "django.db.models", "F")?;
    if expression.is_instance(&f, vm)? {
        add(path(&py::to_string(
            vm,
            &py::attr(vm, expression, "name")?,
        )?));
        return Ok(());
    }
    if let Some(sources) = py::attr_opt(vm, expression, "get_source_expressions")? {
        for source in py::list(vm, &sources.call((), vm)?)? {
            collect(vm, &source, out)?;
        }
    }
    Ok(())
}

/// Fields that are there, and joins that are not.
fn check_references(r: &mut Report, model: &ModelRef, paths: &[Path]) -> PyResult<()> {
    let vm = r.vm;
    let composite = model
        .pk()
        .is_some_and(|pk| pk.kind == FieldKind::CompositePrimaryKey);
    let mut names: Vec<String> = vec![];
    for parts in paths {
        let [name, lookups @ ..] = parts.as_slice() else {
            continue;
        };
        if (name != "pk" || composite) && !names.contains(name) {
            names.push(name.clone());
        }
        let Some(first) = lookups.first() else {
            continue;
        };
        let field = match name.as_str() {
            "pk" => model.pk().map(AnyField::Field),
            _ => model.get_field(name).ok(),
        };
        let Some(field) =
            field.filter(|f| f.is_relation() && !f.many_to_many() && !f.one_to_many())
        else {
            continue;
        };
        let object = fields::any_field_object(vm, &field)?;
        let lacks = |method: &str| -> PyResult<Option<bool>> {
            match py::attr_opt(vm, &object, method)? {
                Some(m) => Ok(Some(vm.is_none(&*m.call((py::str(vm, first),), vm)?))),
                None => Ok(None),
            }
        };
        if lacks("get_transform")? == Some(true) && lacks("get_lookup")? == Some(true) {
            r.error(
                "models.E041",
                format!(
                    "'constraints' refers to the joined field '{}'.",
                    parts.join("__")
                ),
            )?;
        }
    }
    local_fields::check(r, model, &names, "constraints")
}

/// `CheckConstraint.check(model, connection)`
pub fn check(o: PyObjectRef, cls: PyObjectRef, connection: PyObjectRef, vm: &Vm) -> PyResult {
    let Some(model) = model_of_class(vm, &cls) else {
        return Err(vm.new_type_error("a constraint is checked for a model"));
    };
    let mut r = Report::new(vm, &cls);
    let feature = "supports_table_check_constraints";
    let here = has(vm, &connection, feature)?;
    if !here && required(Some(&model), feature) {
        return Ok(r.into_list());
    }
    if !here {
        let database = display_name(vm, &connection)?;
        r.warning_hint(
            "models.W027",
            format!("{database} does not support check constraints."),
            NOT_CREATED,
        )?;
        return Ok(r.into_list());
    }
    let condition = py::attr(vm, &o, "condition")?;
    let q = modules::find(vm, "django.db.models", "Q")?;
    let paths = if condition.is_instance(&q, vm)? {
        references(vm, &condition)?
    } else {
        vec![]
    };
    if has_raw_sql(vm, &condition)? {
        let name = py::repr(vm, &py::attr(vm, &o, "name")?)?;
        r.warning_hint(
            "models.W045",
            format!(
                "Check constraint {name} contains RawSQL() expression and won't be validated \
                 during the model full_clean()."
            ),
            "Silence this warning if you don't care about it.",
        )?;
    }
    check_references(&mut r, &model, &paths)?;
    Ok(r.into_list())
}

fn has_raw_sql(vm: &Vm, expression: &PyObject) -> PyResult<bool> {
    let raw = modules::find(vm, "django.db.models.expressions", "RawSQL")?;
    if expression.is_instance(&raw, vm)? {
        return Ok(true);
    }
    let q = modules::find(vm, "django.db.models", "Q")?;
    let mut inside = vec![];
    if expression.is_instance(&q, vm)? {
        for child in py::list(vm, &py::attr(vm, expression, "children")?)? {
            if child.fast_isinstance(vm.ctx.types.tuple_type) {
                inside.extend(py::list(vm, &child)?.into_iter().nth(1));
            } else {
                inside.push(child);
            }
        }
    } else if let Some(sources) = py::attr_opt(vm, expression, "get_source_expressions")? {
        inside = py::list(vm, &sources.call((), vm)?)?;
    }
    for child in inside {
        if has_raw_sql(vm, &child)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `UniqueConstraint.check(model, connection)`
pub fn check_unique(
    o: PyObjectRef,
    cls: PyObjectRef,
    connection: PyObjectRef,
    vm: &Vm,
) -> PyResult {
    let Some(model) = model_of_class(vm, &cls) else {
        return Err(vm.new_type_error("a constraint is checked for a model"));
    };
    let mut r = Report::new(vm, &cls);
    let mut names: Vec<String> = vec![];
    for part in ["fields", "include"] {
        for name in py::list(vm, &py::attr(vm, &o, part)?)? {
            let name = py::to_string(vm, &name)?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    local_fields::check(&mut r, &model, &names, "constraints")?;
    let part = |name: &str| py::attr(vm, &o, name);
    let condition = part("condition")?;
    let expressions = part("expressions")?;
    let has_expressions = expressions.clone().is_true(vm)?;
    let database = display_name(vm, &connection)?;
    for (used, feature, id, what) in [
        (
            !vm.is_none(&condition),
            "supports_partial_indexes",
            "models.W036",
            "unique constraints with conditions",
        ),
        (
            !vm.is_none(&*part("deferrable")?),
            "supports_deferrable_unique_constraints",
            "models.W038",
            "deferrable unique constraints",
        ),
        (
            part("include")?.is_true(vm)?,
            "supports_covering_indexes",
            "models.W039",
            "unique constraints with non-key columns",
        ),
        (
            has_expressions,
            "supports_expression_indexes",
            "models.W044",
            "unique constraints on expressions",
        ),
        (
            !vm.is_none(&*part("nulls_distinct")?),
            "supports_nulls_distinct_unique_constraints",
            "models.W047",
            "UniqueConstraint.nulls_distinct",
        ),
    ] {
        if used && !has(vm, &connection, feature)? && !required(Some(&model), feature) {
            r.warning_hint(
                id,
                format!("{database} does not support {what}."),
                NOT_CREATED,
            )?;
        }
    }
    // What only other databases will see is not looked into.
    let looked_into = |feature: &str| -> PyResult<bool> {
        Ok(has(vm, &connection, feature)? || !required(Some(&model), feature))
    };
    let q = modules::find(vm, "django.db.models", "Q")?;
    let mut paths = vec![];
    if looked_into("supports_partial_indexes")? && condition.is_instance(&q, vm)? {
        collect(vm, &condition, &mut paths)?;
    }
    if has_expressions && looked_into("supports_expression_indexes")? {
        for expression in py::list(vm, &expressions)? {
            collect(vm, &expression, &mut paths)?;
        }
    }
    check_references(&mut r, &model, &paths)?;
    Ok(r.into_list())
}
