//! `_get_unique_checks()`: which of a row's values must be unique, together or by day.
use super::identity::model;
use super::validate::excluded;
use crate::models::class_of_model;
use crate::{class::Class, py};
use orm_state::Constraint;
use orm_state::{FieldKind, ModelRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// One group of names that must be unique together, on the model that says so.
pub type UniqueCheck = (ModelRef, Vec<String>);

/// One name that must be unique among rows of the same `date`, `year` or `month`.
pub struct DateCheck {
    pub kind: &'static str,
    pub field: String,
    pub unique_for: String,
}

pub fn fill(c: &mut Class) {
    c.method(
        "_get_unique_checks",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult {
            let exclude = match args.take_positional_keyword("exclude") {
                Some(name) if py::as_string(&name).is_some() => vec![py::to_string(vm, &name)?],
                given => excluded(vm, given)?,
            };
            let constraints = match args.take_positional_keyword("include_meta_constraints") {
                Some(wanted) => wanted.is_true(vm)?,
                None => false,
            };
            let m = model(vm, &o)?;
            let mut checks = vec![];
            if constraints {
                checks.extend(of_constraints(&m, &exclude));
            }
            checks.extend(unique_checks(&m, &exclude));
            let mut unique = vec![];
            for (model, names) in checks {
                let names = names.iter().map(|n| py::str(vm, n)).collect();
                let pair = vec![class_of_model(vm, &model)?, vm.ctx.new_tuple(names).into()];
                unique.push(vm.ctx.new_tuple(pair).into());
            }
            let class = class_of_model(vm, &m)?;
            let dates = date_checks(&m, &exclude)
                .into_iter()
                .map(|check| {
                    let parts = vec![
                        class.clone(),
                        py::str(vm, check.kind),
                        py::str(vm, check.field),
                        py::str(vm, check.unique_for),
                    ];
                    vm.ctx.new_tuple(parts).into()
                })
                .collect();
            let both = vec![
                vm.ctx.new_list(unique).into(),
                vm.ctx.new_list(dates).into(),
            ];
            Ok(vm.ctx.new_tuple(both).into())
        },
    );
}

fn with_parents(m: &ModelRef) -> Vec<ModelRef> {
    std::iter::once(m.clone()).chain(m.parent_list()).collect()
}

fn out_of(exclude: &[String], names: &[String]) -> bool {
    names.iter().any(|n| exclude.contains(n))
}

/// Unique constraints that hold for every row and name only fields.
fn of_constraints(m: &ModelRef, exclude: &[String]) -> Vec<UniqueCheck> {
    let mut checks = vec![];
    for model in with_parents(m) {
        for constraint in &model.options.borrow().constraints {
            if let Constraint::Unique {
                fields,
                expressions,
                condition,
                ..
            } = constraint
                && condition.is_none()
                && expressions.is_empty()
                && !out_of(exclude, fields)
            {
                checks.push((model.clone(), fields.clone()));
            }
        }
    }
    checks
}

/// Groups of `unique_together` and unique fields, of a model and its parents.
pub fn unique_checks(m: &ModelRef, exclude: &[String]) -> Vec<UniqueCheck> {
    let mut checks = vec![];
    let all = with_parents(m);
    for model in &all {
        for group in &model.options.borrow().unique_together {
            if !out_of(exclude, group) {
                checks.push((model.clone(), group.clone()));
            }
        }
    }
    for model in &all {
        let fields = if Rc::ptr_eq(model, m) && m.is_proxy() {
            m.concrete_model().local_fields()
        } else {
            model.local_fields()
        };
        for f in fields {
            let mut names = vec![f.name().to_string()];
            if out_of(exclude, &names) || !f.is_unique() {
                continue;
            }
            if f.kind == FieldKind::CompositePrimaryKey {
                let parts = model.pk_fields().unwrap_or_default();
                names = parts.iter().map(|part| part.name().to_string()).collect();
            }
            if !out_of(exclude, &names) {
                checks.push((model.clone(), names));
            }
        }
    }
    checks
}

/// `unique_for_date`, `unique_for_year`, `unique_for_month`.
pub fn date_checks(m: &ModelRef, exclude: &[String]) -> Vec<DateCheck> {
    let mut checks = vec![];
    for f in m.fields().iter() {
        let options = f.options.borrow();
        for (kind, other) in [
            ("date", &options.unique_for_date),
            ("year", &options.unique_for_year),
            ("month", &options.unique_for_month),
        ] {
            let Some(other) = other else { continue };
            let field = f.name().to_string();
            if !exclude.contains(&field) && !exclude.contains(other) {
                checks.push(DateCheck {
                    kind,
                    field,
                    unique_for: other.clone(),
                });
            }
        }
    }
    checks
}
