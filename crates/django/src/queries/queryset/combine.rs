//! `&`, `|`, `^`, `union()`, `intersection()`, `difference()`
use super::PyQuerySet;
use crate::error::OrRaise;
use orm_sql::Connector;
use orm_sql::query::Combinator;
use orm_state::Value;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};
use std::rc::Rc;

impl PyQuerySet {
    pub fn merged(
        vm: &VirtualMachine,
        a: &PyObject,
        b: &PyObject,
        connector: Connector,
    ) -> PyResult {
        let (Some(a), Some(b)) = (
            a.downcast_ref::<PyQuerySet>(),
            b.downcast_ref::<PyQuerySet>(),
        ) else {
            return Ok(vm.ctx.not_implemented());
        };
        let sign = match connector {
            Connector::And => "&",
            Connector::Or => "|",
            Connector::Xor => "^",
        };
        if a.query.borrow().combinator.is_some() || b.query.borrow().combinator.is_some() {
            return Err(vm.new_type_error(format!(
                "Cannot use {sign} operator with combined queryset."
            )));
        }
        a.check_same_values(vm, b)?;
        let (ours, theirs) = (a.is_empty_queryset(), b.is_empty_queryset());
        if connector == Connector::And {
            if theirs {
                return Ok(b.to_owned().into());
            }
            if ours {
                return Ok(a.to_owned().into());
            }
        } else if ours {
            return Ok(b.to_owned().into());
        } else if theirs {
            return Ok(a.to_owned().into());
        }
        let made = if connector == Connector::And || a.query.borrow().can_filter() {
            Self::chain(a, vm)?
        } else {
            Self::unsliced(a, vm)?
        };
        let other = if connector == Connector::And || b.query.borrow().can_filter() {
            b.query.borrow().clone()
        } else {
            Self::unsliced(b, vm)?.query.borrow().clone()
        };
        let mut known = a.known_related.borrow().to_vec();
        known.extend(b.known_related.borrow().iter().cloned());
        *made.known_related.borrow_mut() = Rc::new(known);
        made.with_query(|q| q.combine(&other, connector))
            .or_raise(vm)?;
        Ok(made.into())
    }
    /// The same rows, by key: a sliced query cannot be combined.
    fn unsliced(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyRef<PyQuerySet>> {
        let mut inner = zelf.query.borrow().chain();
        inner.set_values(&["pk".into()]).or_raise(vm)?;
        let fresh = Self::chain(zelf, vm)?;
        let model = zelf.model(vm)?;
        *fresh.query.borrow_mut() = Rc::new(orm_sql::Query::new(&model));
        let value: Value = orm_sql::ExprObject::value(inner.into_expr());
        fresh
            .with_query(|q| q.add_filter("pk__in", value))
            .or_raise(vm)?;
        Ok(fresh)
    }
    fn check_same_values(&self, vm: &VirtualMachine, other: &PyQuerySet) -> PyResult<()> {
        if self.fields.borrow().is_none() {
            return Ok(());
        }
        let (a, b) = (self.query.borrow(), other.query.borrow());
        let sorted = |names: Vec<String>| {
            let mut names = names;
            names.sort();
            names
        };
        let values =
            |q: &orm_sql::Query| sorted(q.values_select.iter().map(|n| n.to_string()).collect());
        let extra = |q: &orm_sql::Query| sorted(q.extra_select().map(|(k, _)| k.clone()).collect());
        let annotations = |q: &orm_sql::Query| {
            sorted(q.annotation_select().map(|(k, _)| k.to_string()).collect())
        };
        if values(&a) == values(&b) && extra(&a) == extra(&b) && annotations(&a) == annotations(&b)
        {
            return Ok(());
        }
        Err(vm.new_type_error(
            "Merging 'QuerySet' classes must involve the same values in each case.",
        ))
    }
    fn combined_with(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        others: &[PyRef<PyQuerySet>],
        combinator: Combinator,
        all: bool,
    ) -> PyResult {
        let made = Self::chain(zelf, vm)?;
        let mut queries = vec![zelf.query.borrow().clone()];
        for other in others {
            let mut q = (**other.query.borrow()).clone();
            q.clear_ordering(false, false);
            queries.push(Rc::new(q));
        }
        made.with_query(|q| {
            q.clear_ordering(true, true);
            q.default_ordering = true;
            q.combined_queries = queries;
            q.clear_limits();
            q.combinator = Some(combinator);
            q.combinator_all = all;
            q.combinator_wanted();
        });
        Ok(made.into())
    }
    fn others(vm: &VirtualMachine, args: Vec<PyObjectRef>) -> PyResult<Vec<PyRef<PyQuerySet>>> {
        args.into_iter()
            .map(|a| {
                a.downcast::<PyQuerySet>().map_err(|a| {
                    vm.new_attribute_error(format!(
                        "'{}' object has no attribute 'query'",
                        a.class().name()
                    ))
                })
            })
            .collect()
    }
    pub fn united(zelf: &Py<Self>, vm: &VirtualMachine, mut args: FuncArgs) -> PyResult {
        let all = match args.take_keyword("all") {
            Some(v) => v.is_true(vm)?,
            None => false,
        };
        let others = Self::others(vm, args.args)?;
        if zelf.is_empty_queryset() {
            let rest: Vec<_> = others
                .into_iter()
                .filter(|o| !o.is_empty_queryset())
                .collect();
            return match rest.split_first() {
                None => Ok(zelf.to_owned().into()),
                Some((only, [])) => Ok(only.clone().into()),
                Some((first, more)) => Self::combined_with(first, vm, more, Combinator::Union, all),
            };
        }
        if others.is_empty() {
            return Ok(zelf.to_owned().into());
        }
        Self::combined_with(zelf, vm, &others, Combinator::Union, all)
    }
    pub fn intersected(zelf: &Py<Self>, vm: &VirtualMachine, args: FuncArgs) -> PyResult {
        if zelf.is_empty_queryset() {
            return Ok(zelf.to_owned().into());
        }
        let others = Self::others(vm, args.args)?;
        if let Some(empty) = others.iter().find(|o| o.is_empty_queryset()) {
            return Ok(empty.clone().into());
        }
        Self::combined_with(zelf, vm, &others, Combinator::Intersection, false)
    }
    pub fn subtracted(zelf: &Py<Self>, vm: &VirtualMachine, args: FuncArgs) -> PyResult {
        if zelf.is_empty_queryset() {
            return Ok(zelf.to_owned().into());
        }
        let others = Self::others(vm, args.args)?;
        Self::combined_with(zelf, vm, &others, Combinator::Difference, false)
    }
}
