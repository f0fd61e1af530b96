//! Carrying out what was collected.
use super::data::{Doomed, PyCollector};
use super::fast::signal;
use crate::convert::to_value;
use crate::db::atomic::{atomic, mark_for_rollback_on_error};
use crate::error::{self, OrRaise};
use crate::queries::execute;
use crate::queries::queryset::{PyQuerySet, run_update};
use orm_sql::Query;
use orm_sql::compiler::{Update, compile_delete};
use orm_state::{ErrorKind, ModelRef, Value};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

/// Keys are deleted and updated in groups of this size.
const CHUNK: usize = 100;

impl PyCollector {
    pub fn delete_all(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        let mut data = zelf.data.borrow().clone();
        for d in &mut data {
            d.sorted = by_key(vm, d.instances.keys_vec())?;
        }
        let data = zelf.ordered(data);
        if let [only] = &data[..]
            && let [instance] = &only.sorted[..]
            && zelf.is_fast(vm, instance)?
        {
            let count = mark_for_rollback_on_error(vm, &zelf.using, || {
                delete_batch(vm, &only.model, std::slice::from_ref(instance), &zelf.using)
            })?;
            forget_key(vm, &only.model, instance)?;
            let counts = vm.ctx.new_dict();
            counts.set_item(&*only.model.label(), vm.ctx.new_int(count).into(), vm)?;
            return Ok(vm.new_tuple((count, counts)).into());
        }
        let mut counts: Vec<(String, i64)> = vec![];
        atomic(vm, &zelf.using, false, || {
            for d in &data {
                for obj in &d.sorted {
                    zelf.send(vm, "pre_delete", d, obj)?;
                }
            }
            let fast = zelf.fast_deletes.borrow().clone();
            for qs in fast {
                let deleted = PyQuerySet::raw_delete(&qs, vm, &zelf.using)?;
                count(&mut counts, &qs.model(vm)?, deleted);
            }
            zelf.run_field_updates(vm)?;
            for d in &data {
                let reversed: Vec<PyObjectRef> = d.sorted.iter().rev().cloned().collect();
                let deleted = delete_batch(vm, &d.model, &reversed, &zelf.using)?;
                count(&mut counts, &d.model, deleted);
                for obj in &reversed {
                    zelf.send(vm, "post_delete", d, obj)?;
                }
            }
            Ok(())
        })?;
        for d in &data {
            for obj in &d.sorted {
                forget_key(vm, &d.model, obj)?;
            }
        }
        let total: i64 = counts.iter().map(|(_, n)| n).sum();
        let dict = vm.ctx.new_dict();
        for (label, n) in counts {
            dict.set_item(&*label, vm.ctx.new_int(n).into(), vm)?;
        }
        Ok(vm.new_tuple((total, dict)).into())
    }
    /// Tables in an order in which nothing refers to what is gone already.
    fn ordered(&self, data: Vec<Doomed>) -> Vec<Doomed> {
        let dependencies = self.dependencies.borrow();
        let mut left: Vec<Doomed> = data.clone();
        let mut done: Vec<ModelRef> = vec![];
        let mut sorted = vec![];
        while !left.is_empty() {
            let before = left.len();
            let mut rest = vec![];
            for d in left {
                let concrete = d.model.concrete_model();
                let waits = dependencies.iter().any(|(model, on)| {
                    Rc::ptr_eq(model, &concrete) && !done.iter().any(|m| Rc::ptr_eq(m, on))
                });
                if waits {
                    rest.push(d);
                } else {
                    done.push(concrete);
                    sorted.push(d);
                }
            }
            left = rest;
            if left.len() == before {
                // A circle: the database checks at the end of the transaction.
                return data;
            }
        }
        sorted
    }
    fn send(
        &self,
        vm: &VirtualMachine,
        name: &str,
        doomed: &Doomed,
        obj: &PyObjectRef,
    ) -> PyResult<()> {
        if doomed.model.options.borrow().auto_created {
            return Ok(());
        }
        let Some(signal) = signal(vm, name) else {
            return Ok(());
        };
        let mut args = FuncArgs::default();
        args.kwargs
            .insert("sender".into(), doomed.class.clone().into());
        args.kwargs.insert("instance".into(), obj.clone());
        args.kwargs
            .insert("using".into(), vm.ctx.new_str(&*self.using).into());
        args.kwargs
            .insert("origin".into(), vm.unwrap_or_none(self.origin.clone()));
        signal.get_attr("send", vm)?.call(args, vm).map(drop)
    }
    fn run_field_updates(&self, vm: &VirtualMachine) -> PyResult<()> {
        let updates = self.field_updates.borrow().clone();
        for u in updates {
            let value = to_value(vm, &u.value)?;
            let name = u.field.name().to_string();
            let mut combined: Option<PyObjectRef> = None;
            let mut loaded: Vec<PyObjectRef> = vec![];
            for objs in u.objects {
                match objs.downcast_ref::<PyQuerySet>() {
                    Some(qs) if qs.cache.borrow().is_none() => {
                        combined = Some(match combined {
                            None => objs.clone(),
                            Some(c) => vm._or(&c, &objs)?,
                        });
                    }
                    _ => loaded.extend(objs.try_into_value::<Vec<PyObjectRef>>(vm)?),
                }
            }
            if let Some(qs) = combined
                .as_ref()
                .and_then(|c| c.downcast_ref::<PyQuerySet>())
            {
                let mut args = FuncArgs::default();
                args.kwargs.insert(name.as_str().into(), u.value.clone());
                PyQuerySet::update_rows(qs, vm, args)?;
            }
            let Some(model) = u.field.model() else {
                continue;
            };
            let keys = keys_of(vm, &loaded)?;
            for chunk in keys.chunks(CHUNK) {
                let mut query = Query::new(&model);
                query
                    .add_filter("pk__in", Value::List(chunk.to_vec().into()))
                    .or_raise(vm)?;
                let update =
                    Update::new(query, vec![(name.clone(), value.clone())]).or_raise(vm)?;
                run_update(vm, update, &self.using)?;
            }
        }
        Ok(())
    }
}

fn count(counts: &mut Vec<(String, i64)>, model: &ModelRef, n: i64) {
    if n == 0 {
        return;
    }
    let label = model.label();
    match counts.iter_mut().find(|(l, _)| *l == label) {
        Some((_, total)) => *total += n,
        None => counts.push((label, n)),
    }
}

fn by_key(vm: &VirtualMachine, instances: Vec<PyObjectRef>) -> PyResult<Vec<PyObjectRef>> {
    let getter = vm
        .import("operator", 0)?
        .get_attr("attrgetter", vm)?
        .call((vm.ctx.new_str("pk"),), vm)?;
    let mut args = FuncArgs::from(vec![vm.ctx.new_list(instances).into()]);
    args.kwargs.insert("key".into(), getter);
    let sorted = vm.builtins.get_attr("sorted", vm)?.call(args, vm)?;
    sorted.try_into_value(vm)
}

fn keys_of(vm: &VirtualMachine, objs: &[PyObjectRef]) -> PyResult<Vec<Value>> {
    let mut keys: Vec<Value> = vec![];
    for obj in objs {
        let key = obj.get_attr("pk", vm)?;
        let key = to_value(vm, &key)?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn forget_key(vm: &VirtualMachine, model: &ModelRef, obj: &PyObjectRef) -> PyResult<()> {
    let pk = model.pk_field().or_raise(vm)?;
    obj.set_attr(vm.ctx.intern_str(&*pk.attname()), vm.ctx.none(), vm)
}

fn delete_batch(
    vm: &VirtualMachine,
    model: &ModelRef,
    objs: &[PyObjectRef],
    using: &Rc<str>,
) -> PyResult<i64> {
    let pk = model.pk_field().or_raise(vm)?;
    let lookup = format!("{}__in", pk.attname());
    let mut keys = vec![];
    for obj in objs {
        let key = obj.get_attr("pk", vm)?;
        keys.push(to_value(vm, &key)?);
    }
    let mut total = 0;
    for chunk in keys.chunks(CHUNK) {
        let mut query = Query::new(model);
        query
            .add_filter(&lookup, Value::List(chunk.to_vec().into()))
            .or_raise(vm)?;
        let sql = match compile_delete(&query, execute::dialect(), using.clone()) {
            Ok(sql) => sql,
            Err(e) if e.is(ErrorKind::EmptyResultSet) => continue,
            Err(e) => return Err(error::to_py(vm, e)),
        };
        total += execute::statement(vm, using, &sql)?.rowcount.max(0);
    }
    Ok(total)
}
