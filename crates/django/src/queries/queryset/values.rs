//! `values()` and `values_list()`
use super::{PyQuerySet, Shape};
use crate::convert::to_value;
use crate::error::OrRaise;
use crate::queries::exprs;
use orm_sql::expression::value_expr;
use orm_sql::origin;
use rustpython_vm::builtins::PyStr;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyRef, PyResult, VirtualMachine};
use std::rc::Rc;

impl PyQuerySet {
    fn selecting(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        fields: Vec<Rc<str>>,
        expressions: Vec<(String, PyObjectRef)>,
    ) -> PyResult<PyRef<PyQuerySet>> {
        let qs = if expressions.is_empty() {
            Self::chain(zelf, vm)?
        } else {
            let mut args = FuncArgs::default();
            for (name, e) in expressions {
                args.kwargs.insert(name.into(), e);
            }
            // The names are looked at again below.
            orm_state::settings::silently(|| Self::annotated(zelf, vm, args, true))?
        };
        qs.with_query(|q| {
            // Names come before expressions, and positions are theirs.
            for (i, name) in fields.iter().enumerate() {
                let _scope = origin::narrow(origin::argument(i));
                q.column_wanted(name);
            }
            q.set_values(&fields)
        })
        .or_raise(vm)?;
        *qs.fields.borrow_mut() = Some(fields.into());
        *qs.iterable_class.borrow_mut() = None;
        Ok(qs)
    }
    pub fn as_dicts(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        args: FuncArgs,
    ) -> PyResult<PyRef<PyQuerySet>> {
        let named = FuncArgs::new(vec![], args.kwargs.clone());
        if !named.kwargs.is_empty() {
            zelf.not_combined(vm, "annotate")?;
        }
        super::annotate::expressions_only(vm, &named, "annotate")?;
        let mut fields = super::methods::names(vm, &args.args)?;
        let mut expressions = vec![];
        for (name, e) in args.kwargs.iter() {
            let name = name.to_string_lossy().into_owned();
            fields.push(name.as_str().into());
            expressions.push((name, e.clone()));
        }
        let qs = Self::selecting(zelf, vm, fields, expressions)?;
        qs.shape.set(Shape::Dicts);
        Ok(qs)
    }
    pub fn as_tuples(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        mut args: FuncArgs,
    ) -> PyResult<PyRef<PyQuerySet>> {
        let mut flag = |name| match args.take_keyword(name) {
            Some(v) => v.is_true(vm),
            None => Ok(false),
        };
        let (flat, named) = (flag("flat")?, flag("named")?);
        if flat && named {
            return Err(vm.new_type_error("'flat' and 'named' can't be used together."));
        }
        if let Some((name, _)) = args.kwargs.first() {
            return Err(vm.new_type_error(format!(
                "QuerySet.values_list() got an unexpected keyword argument '{name}'"
            )));
        }
        let mut given = args.args;
        if flat && given.len() > 1 {
            return Err(vm.new_type_error(
                "'flat' is not valid when values_list is called with more than one field.",
            ));
        }
        if flat && given.is_empty() {
            orm_state::settings::warn(
                "RemovedInDjango2028Warning",
                "Calling values_list() with no field name and flat=True is deprecated. Pass an \
                 explicit field name instead, like 'pk'.",
            )
            .or_raise(vm)?;
            let first = zelf
                .model(vm)?
                .concrete_fields()
                .first()
                .map(|f| f.attname());
            if let Some(name) = first {
                given.push(vm.ctx.new_str(&*name).into());
            }
        }
        let plain: Vec<String> = given
            .iter()
            .filter_map(|g| g.downcast_ref::<PyStr>())
            .map(|s| s.to_string_lossy().into_owned())
            .collect();
        // A name is seen once it has been selected; expressions always get a number.
        let mut taken: Vec<(String, bool)> = plain.iter().map(|n| (n.clone(), false)).collect();
        let mut fields: Vec<Rc<str>> = vec![];
        let mut expressions = vec![];
        let mut counter = 1;
        for g in given {
            let (mut name, mut expression) = match g.downcast_ref::<PyStr>() {
                Some(s) => (s.to_string_lossy().into_owned(), None),
                None if value_expr(&to_value(vm, &g)?).is_none() => {
                    return Err(vm.new_type_error(format!(
                        "argument of type '{}' is not iterable",
                        g.class().name()
                    )));
                }
                None => {
                    let alias = match super::annotate::default_alias(vm, &g) {
                        Ok(a) => a,
                        Err(e) if !e.fast_isinstance(vm.ctx.exceptions.attribute_error) => {
                            return Err(e);
                        }
                        Err(_) => g.class().name().to_lowercase(),
                    };
                    (alias, Some(g.clone()))
                }
            };
            let mut seen = expression.is_some();
            if expression.is_none() && taken.iter().any(|(n, used)| *n == name && *used) {
                expression = Some(exprs::f_object(vm, &name)?);
                seen = true;
            }
            if seen {
                let prefix = name.clone();
                loop {
                    name = format!("{prefix}{counter}");
                    if !taken.iter().any(|(n, _)| *n == name) {
                        break;
                    }
                    counter += 1;
                }
            }
            if let Some(e) = expression {
                expressions.push((name.clone(), e));
            }
            match taken.iter_mut().find(|(n, _)| *n == name) {
                Some(entry) => entry.1 = true,
                None => taken.push((name.clone(), true)),
            }
            fields.push(name.as_str().into());
        }
        let qs = Self::selecting(zelf, vm, fields, expressions)?;
        qs.shape.set(if named {
            Shape::Named
        } else if flat {
            Shape::Flat
        } else {
            Shape::Tuples
        });
        Ok(qs)
    }
}
