//! Following relations to everything that must go, change or stand in the way.
use super::data::{PyCollector, Restricted};
use super::errors::blocked;
use super::fast::{candidate_relations, has_listeners, is_skipped};
use crate::convert::PyObj;
use crate::error::OrRaise;
use crate::queries::hints;
use crate::queries::queryset::PyQuerySet;
use orm_sql::q::{Connector, Q, QChild};
use orm_sql::query::SelectRelated;
use orm_state::{Field, FieldKind, ModelRef, OnDelete, Value};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};
use std::rc::Rc;

/// The arguments of `collect()`.
#[derive(Clone)]
pub struct How {
    pub source: Option<ModelRef>,
    pub nullable: bool,
    pub collect_related: bool,
    pub reverse_dependency: bool,
    pub keep_parents: bool,
    pub fail_on_restricted: bool,
}

impl Default for How {
    fn default() -> Self {
        How {
            source: None,
            nullable: false,
            collect_related: true,
            reverse_dependency: false,
            keep_parents: false,
            fail_on_restricted: true,
        }
    }
}

impl PyCollector {
    /// Adds instances that are not there yet.
    fn add(
        &self,
        vm: &VirtualMachine,
        objs: Vec<PyObjectRef>,
        how: &How,
    ) -> PyResult<Vec<PyObjectRef>> {
        let Some(first) = objs.first() else {
            return Ok(vec![]);
        };
        let class = first.class().to_owned();
        let entry = self.entry(vm, &class)?;
        let mut fresh = vec![];
        for obj in objs {
            if !entry.instances.contains_key(&*obj, vm) {
                fresh.push(obj);
            }
        }
        for obj in &fresh {
            entry.instances.set_item(&**obj, vm.ctx.none(), vm)?;
        }
        if let Some(source) = &how.source
            && !how.nullable
        {
            self.add_dependency(vm, source, &entry.model, how.reverse_dependency)?;
        }
        Ok(fresh)
    }
    pub fn collect_objects(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        objs: PyObjectRef,
        how: &How,
    ) -> PyResult<()> {
        if let Some(qs) = objs.downcast_ref::<PyQuerySet>()
            && zelf.is_fast(vm, &objs)?
        {
            zelf.fast_deletes.borrow_mut().push(qs.to_owned());
            return Ok(());
        }
        let list: Vec<PyObjectRef> = objs.try_into_value(vm)?;
        let fresh = zelf.add(vm, list, how)?;
        let Some(first) = fresh.first() else {
            return Ok(());
        };
        let class = first.class().to_owned();
        let model = hints::model_of_class(vm, class.as_object())?;
        if !how.keep_parents {
            for (_, link) in model.concrete_model().parents() {
                let Some(link) = link else { continue };
                let mut parents = vec![];
                for obj in &fresh {
                    parents.push(obj.get_attr(vm.ctx.intern_str(&*link.name()), vm)?);
                }
                let parent_how = How {
                    source: Some(model.clone()),
                    collect_related: false,
                    reverse_dependency: true,
                    fail_on_restricted: false,
                    ..How::default()
                };
                Self::collect_objects(zelf, vm, vm.ctx.new_list(parents).into(), &parent_how)?;
            }
        }
        if !how.collect_related {
            return Ok(());
        }
        Self::collect_relations(zelf, vm, &model, &fresh, how)?;
        if how.fail_on_restricted {
            zelf.check_restricted(vm, &model)?;
        }
        Ok(())
    }
    fn collect_relations(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        model: &ModelRef,
        fresh: &[PyObjectRef],
        how: &How,
    ) -> PyResult<()> {
        let mut fast: Vec<(PyTypeRef, Vec<Rc<Field>>)> = vec![];
        let mut protected: Vec<(String, Vec<PyObjectRef>)> = vec![];
        let ancestors = model.parent_list();
        for related in candidate_relations(model) {
            let (Some(target), Some(related_model)) = (related.model(), related.related_model())
            else {
                continue;
            };
            if how.keep_parents
                && ancestors
                    .iter()
                    .any(|a| Rc::ptr_eq(a, &target.concrete_model()))
            {
                continue;
            }
            let field = related.field().or_raise(vm)?;
            let on_delete = related.on_delete.borrow().clone();
            if is_skipped(&on_delete) {
                continue;
            }
            let class = hints::class_of_model(vm, &related_model)?;
            if zelf.is_fast_model(vm, &class, Some(&field))? {
                match fast.iter_mut().find(|(c, _)| c.is(&class)) {
                    Some((_, fields)) => fields.push(field),
                    None => fast.push((class, vec![field])),
                }
                continue;
            }
            for batch in zelf.batches(vm, fresh, 1)? {
                let sub =
                    zelf.related_queryset(vm, &class, std::slice::from_ref(&field), &batch)?;
                let sub = narrowed(vm, sub, &class, &related_model)?;
                Self::apply(zelf, vm, &on_delete, &field, sub, &mut protected)?;
            }
        }
        if !protected.is_empty() {
            let names: Vec<String> = protected.iter().map(|(k, _)| k.clone()).collect();
            let message = format!(
                "Cannot delete some instances of model '{}' because they are referenced through protected foreign keys: {}.",
                model.object_name(),
                names.join(", ")
            );
            let objects = protected.into_iter().flat_map(|(_, o)| o).collect();
            return Err(blocked(
                vm,
                "ProtectedError",
                "protected_objects",
                message,
                objects,
            ));
        }
        for (class, fields) in fast {
            for batch in zelf.batches(vm, fresh, fields.len())? {
                let sub = zelf.related_queryset(vm, &class, &fields, &batch)?;
                zelf.fast_deletes.borrow_mut().push(sub);
            }
        }
        for field in model.private_fields() {
            if field.kind != FieldKind::GenericRelation {
                continue;
            }
            let Some(face) = field.face.get::<PyObj>() else {
                continue;
            };
            let list: PyObjectRef = vm.ctx.new_list(fresh.to_vec()).into();
            let using = vm.ctx.new_str(&*zelf.using);
            let sub = vm.call_method(&face.0, "bulk_related_objects", (list, using))?;
            let generic = How {
                source: Some(model.clone()),
                nullable: true,
                fail_on_restricted: false,
                ..How::default()
            };
            Self::collect_objects(zelf, vm, sub, &generic)?;
        }
        Ok(())
    }
    /// What `on_delete` asks for.
    fn apply(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        on_delete: &OnDelete,
        field: &Rc<Field>,
        sub: PyRef<PyQuerySet>,
        protected: &mut Vec<(String, Vec<PyObjectRef>)>,
    ) -> PyResult<()> {
        if let OnDelete::SetNull = on_delete {
            return zelf.add_update(field.clone(), vm.ctx.none(), sub.into(), vm);
        }
        if let OnDelete::Set(value) = on_delete
            && let Some(value) = set_value(vm, &**value)?
            && !value.is_callable()
        {
            return zelf.add_update(field.clone(), value, sub.into(), vm);
        }
        let rows = PyQuerySet::fetch_all(&sub, vm)?.borrow_vec().to_vec();
        if rows.is_empty() {
            return Ok(());
        }
        let target = field.related_model();
        match on_delete {
            OnDelete::Cascade => {
                let how = How {
                    source: target,
                    nullable: field.null.get(),
                    fail_on_restricted: false,
                    ..How::default()
                };
                match Self::collect_objects(zelf, vm, vm.ctx.new_list(rows).into(), &how) {
                    // Told as the path from here to what is in the way.
                    Err(e) if crate::error::is_a(vm, &e, "ProtectedError") => {
                        let objects = e.as_object().get_attr("protected_objects", vm)?;
                        protect(protected, field, objects.try_into_value(vm)?);
                        Ok(())
                    }
                    other => other,
                }
            }
            OnDelete::Protect => {
                protect(protected, field, rows);
                Ok(())
            }
            OnDelete::Restrict => {
                let class = rows[0].class().to_owned();
                zelf.restricted.borrow_mut().push(Restricted {
                    class,
                    field: field.clone(),
                    objects: rows,
                });
                match (target, field.model()) {
                    (Some(target), Some(owner)) => zelf.add_dependency(vm, &target, &owner, false),
                    _ => Ok(()),
                }
            }
            OnDelete::SetDefault => {
                let value = match field.face.get::<PyObj>() {
                    Some(face) => vm.call_method(&face.0, "get_default", ())?,
                    None => vm.ctx.none(),
                };
                zelf.add_update(field.clone(), value, sub.into(), vm)
            }
            OnDelete::Set(value) => {
                let value = match set_value(vm, &**value)? {
                    Some(make) => make.call((), vm)?,
                    None => vm.ctx.none(),
                };
                zelf.add_update(field.clone(), value, sub.into(), vm)
            }
            OnDelete::Custom(f) => {
                let (Some(f), Some(face)) = (
                    f.as_any().downcast_ref::<PyObj>(),
                    field.face.get::<PyObj>(),
                ) else {
                    return Ok(());
                };
                let using: PyObjectRef = vm.ctx.new_str(&*zelf.using).into();
                let collector: PyObjectRef = zelf.to_owned().into();
                let sub: PyObjectRef = sub.into();
                f.0.call((collector, face.0.clone(), sub, using), vm)
                    .map(drop)
            }
            _ => Ok(()),
        }
    }
    fn batches(
        &self,
        vm: &VirtualMachine,
        objs: &[PyObjectRef],
        fields: usize,
    ) -> PyResult<Vec<Vec<PyObjectRef>>> {
        let limit = crate::db::database(vm, &self.using)?
            .sqlite(vm)?
            .variable_limit() as usize;
        let size = (limit / fields.max(1)).max(1);
        Ok(objs.chunks(size).map(<[_]>::to_vec).collect())
    }
    /// The rows that refer to the objects through any of the fields.
    fn related_queryset(
        &self,
        vm: &VirtualMachine,
        class: &PyTypeRef,
        fields: &[Rc<Field>],
        objs: &[PyObjectRef],
    ) -> PyResult<PyRef<PyQuerySet>> {
        let manager = class.as_object().get_attr("_base_manager", vm)?;
        let using = vm.ctx.new_str(&*self.using);
        let qs = vm.call_method(&manager, "using", (using,))?;
        let qs = qs
            .downcast::<PyQuerySet>()
            .map_err(|_| vm.new_type_error("using() must return a QuerySet"))?;
        let values: Value = Value::List(
            objs.iter()
                .map(|o| Value::Object(Rc::new(PyObj(o.clone()))))
                .collect(),
        );
        let q = Q {
            children: fields
                .iter()
                .map(|f| QChild::Lookup(format!("{}__in", f.name()).into(), values.clone()))
                .collect(),
            connector: Connector::Or,
            ..Q::default()
        };
        let found = PyQuerySet::chain(&qs, vm)?;
        found.with_query(|query| query.add_q(&q)).or_raise(vm)?;
        Ok(found)
    }
    fn check_restricted(&self, vm: &VirtualMachine, model: &ModelRef) -> PyResult<()> {
        let mut blocking: Vec<(String, Vec<PyObjectRef>)> = vec![];
        for r in self.restricted.borrow().iter() {
            let doomed = self
                .data
                .borrow()
                .iter()
                .find(|d| d.class.is(&r.class))
                .map(|d| d.instances.clone());
            let mut left = vec![];
            for obj in &r.objects {
                let dies = match &doomed {
                    Some(d) => d.contains_key(&**obj, vm),
                    None => false,
                };
                if !dies && !self.is_fast_deleted(vm, &r.class, obj)? {
                    left.push(obj.clone());
                }
            }
            if !left.is_empty() {
                let owner = r.class.name().to_string();
                blocking.push((format!("'{owner}.{}'", r.field.name()), left));
            }
        }
        if blocking.is_empty() {
            return Ok(());
        }
        let mut names: Vec<String> = vec![];
        for (k, _) in &blocking {
            if !names.contains(k) {
                names.push(k.clone());
            }
        }
        let message = format!(
            "Cannot delete some instances of model '{}' because they are referenced through restricted foreign keys: {}.",
            model.object_name(),
            names.join(", ")
        );
        let objects = blocking.into_iter().flat_map(|(_, o)| o).collect();
        Err(blocked(
            vm,
            "RestrictedError",
            "restricted_objects",
            message,
            objects,
        ))
    }
    fn is_fast_deleted(
        &self,
        vm: &VirtualMachine,
        class: &PyTypeRef,
        obj: &PyObject,
    ) -> PyResult<bool> {
        let querysets = self.fast_deletes.borrow().clone();
        for qs in querysets {
            if !qs.model_class(vm)?.is(class) {
                continue;
            }
            let found = PyQuerySet::chain(&qs, vm)?;
            let key = obj.get_attr("pk", vm)?;
            let key = crate::convert::to_value(vm, &key)?;
            found
                .with_query(|q| q.add_filter("pk__in", Value::List([key].into())))
                .or_raise(vm)?;
            if PyQuerySet::any_row(&found, vm)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Only the columns that deletion looks at, unless someone listens.
fn narrowed(
    vm: &VirtualMachine,
    sub: PyRef<PyQuerySet>,
    class: &PyTypeRef,
    model: &ModelRef,
) -> PyResult<PyRef<PyQuerySet>> {
    let selects = !matches!(sub.query.borrow().select_related, SelectRelated::No);
    if selects || has_listeners(vm, class)? {
        return Ok(sub);
    }
    let mut names: Vec<String> = vec![];
    for rel in candidate_relations(model) {
        for (_, remote) in rel.field().or_raise(vm)?.related_fields().or_raise(vm)? {
            let name = remote.attname().to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let args = names
        .iter()
        .map(|n| vm.ctx.new_str(n.as_str()).into())
        .collect();
    PyQuerySet::loading_only(&sub, vm, args)
}

/// Notes what is in the way, by the relation it was found through.
fn protect(
    protected: &mut Vec<(String, Vec<PyObjectRef>)>,
    field: &Rc<Field>,
    rows: Vec<PyObjectRef>,
) {
    let owner = field
        .model()
        .map(|m| m.object_name().to_string())
        .unwrap_or_default();
    let key = format!("'{owner}.{}'", field.name());
    match protected.iter_mut().find(|(k, _)| *k == key) {
        Some((_, objects)) => objects.extend(rows),
        None => protected.push((key, rows)),
    }
}

/// The value inside `SET(value)`.
fn set_value(vm: &VirtualMachine, holder: &dyn orm_state::Object) -> PyResult<Option<PyObjectRef>> {
    match holder.as_any().downcast_ref::<PyObj>() {
        Some(holder) => vm.get_attribute_opt(&holder.0, "value"),
        None => Ok(None),
    }
}
