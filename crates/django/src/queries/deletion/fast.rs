//! What can be deleted by one statement, without loading it.
use super::data::PyCollector;
use crate::modules;
use crate::queries::hints;
use crate::queries::queryset::PyQuerySet;
use orm_state::{Field, FieldKind, ModelRef, OnDelete, Rel, RelKind};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

/// Relations of other models to this one that deletion has to look at.
pub fn candidate_relations(model: &ModelRef) -> Vec<Rc<Rel>> {
    model
        .get_fields(true)
        .into_iter()
        .filter_map(|f| match f {
            orm_state::AnyField::Rel(r) if !r.many_to_many() && r.kind != RelKind::Generic => {
                Some(r)
            }
            _ => None,
        })
        .collect()
}

/// Nothing to do for it: the database takes care, or nobody does.
pub fn is_skipped(on_delete: &OnDelete) -> bool {
    matches!(
        on_delete,
        OnDelete::DoNothing | OnDelete::DbCascade | OnDelete::DbSetNull | OnDelete::DbSetDefault
    )
}

/// A signal of `django.db.models.signals`.
pub fn signal(vm: &VirtualMachine, name: &str) -> Option<PyObjectRef> {
    modules::find(vm, "django.db.models.signals", name).ok()
}

/// Does anyone listen to deletions of the class?
pub fn has_listeners(vm: &VirtualMachine, class: &PyTypeRef) -> PyResult<bool> {
    for name in ["pre_delete", "post_delete"] {
        if let Some(s) = signal(vm, name)
            && vm
                .call_method(&s, "has_listeners", (class.clone(),))?
                .is_true(vm)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

impl PyCollector {
    /// For a queryset, an instance or a model class.
    pub fn is_fast(&self, vm: &VirtualMachine, objs: &PyObjectRef) -> PyResult<bool> {
        let class: PyTypeRef = if let Some(qs) = objs.downcast_ref::<PyQuerySet>() {
            qs.model_class(vm)?
        } else if let Ok(class) = objs.clone().downcast() {
            class
        } else if hints::is_instance(vm, objs) {
            objs.class().to_owned()
        } else {
            return Ok(false);
        };
        self.is_fast_model(vm, &class, None)
    }
    pub fn is_fast_model(
        &self,
        vm: &VirtualMachine,
        class: &PyTypeRef,
        from_field: Option<&Rc<Field>>,
    ) -> PyResult<bool> {
        if self.force_collection.get() {
            return Ok(false);
        }
        if let Some(f) = from_field
            && !f
                .remote
                .as_ref()
                .is_some_and(|r| matches!(&*r.on_delete.borrow(), OnDelete::Cascade))
        {
            return Ok(false);
        }
        if has_listeners(vm, class)? {
            return Ok(false);
        }
        let model = hints::model_of_class(vm, class.as_object())?;
        let parents_only_from =
            model
                .concrete_model()
                .parents()
                .iter()
                .all(|(_, link)| match (link, from_field) {
                    (Some(l), Some(f)) => l.same(f),
                    (None, None) => true,
                    _ => false,
                });
        Ok(parents_only_from
            && candidate_relations(&model)
                .iter()
                .all(|r| is_skipped(&r.on_delete.borrow()))
            && !model
                .private_fields()
                .iter()
                .any(|f| f.kind == FieldKind::GenericRelation))
    }
}
