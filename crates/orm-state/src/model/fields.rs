//! All fields of a model and all names, its parents' and those that relations give it. They are
//! kept until a model is changed.
use super::{AnyField, Cache, Model};
use crate::error::{Error, ErrorKind, Result};
use crate::field::{Field, FieldKind};
use crate::maps::IndexMap;
use crate::rel::Rel;
use std::rc::Rc;

impl Model {
    fn generation(&self) -> u64 {
        self.apps().map(|a| a.generation()).unwrap_or(0)
    }
    /// Drops what was computed from the fields of all models.
    pub fn expire(&self) {
        match self.apps() {
            Some(apps) => apps.expire(),
            None => *self.cache.borrow_mut() = Cache::default(),
        }
    }
    fn cached<T: Clone>(
        &self,
        slot: fn(&mut Cache) -> &mut Option<T>,
        make: impl FnOnce() -> T,
    ) -> T {
        let generation = self.generation();
        {
            let mut cache = self.cache.borrow_mut();
            if cache.generation != generation {
                *cache = Cache {
                    generation,
                    ..Cache::default()
                };
            }
            if let Some(v) = slot(&mut cache) {
                return v.clone();
            }
        }
        let value = make();
        *slot(&mut self.cache.borrow_mut()) = Some(value.clone());
        value
    }

    /// All forward fields that are not many-to-many, parents' first (`_meta.fields`).
    pub fn fields(&self) -> Rc<[Rc<Field>]> {
        self.cached(
            |c| &mut c.fields,
            || {
                let mut out: Vec<Rc<Field>> = vec![];
                for f in self.forward_fields() {
                    if !matches!(
                        f.kind,
                        FieldKind::ManyToMany
                            | FieldKind::GenericForeignKey
                            | FieldKind::GenericRelation
                    ) {
                        out.push(f);
                    }
                }
                out.into()
            },
        )
    }
    /// The fields that have a column, parents' first.
    pub fn concrete_fields(&self) -> Rc<[Rc<Field>]> {
        self.cached(
            |c| &mut c.concrete_fields,
            || {
                self.fields()
                    .iter()
                    .filter(|f| f.concrete())
                    .cloned()
                    .collect()
            },
        )
    }
    pub fn many_to_many(&self) -> Vec<Rc<Field>> {
        self.forward_fields()
            .into_iter()
            .filter(|f| f.kind == FieldKind::ManyToMany)
            .collect()
    }
    /// Every forward field, parents' first, then its own: local, many-to-many, private.
    pub fn forward_fields(&self) -> Vec<Rc<Field>> {
        let mut out: Vec<Rc<Field>> = vec![];
        let mut seen: Vec<*const Field> = vec![];
        self.collect_forward(&mut out, &mut seen, true);
        out
    }
    fn collect_forward(&self, out: &mut Vec<Rc<Field>>, seen: &mut Vec<*const Field>, top: bool) {
        for (parent, _) in self.parents.borrow().iter() {
            parent.collect_forward(out, seen, false);
        }
        let local = self.local_fields.borrow();
        let m2m = self.local_many_to_many.borrow();
        let private = self.private_fields.borrow();
        // Private fields are inherited by copying, so only the model's own count.
        let private: &[Rc<Field>] = if top { &private } else { &[] };
        for f in local.iter().chain(m2m.iter()).chain(private) {
            if !seen.contains(&Rc::as_ptr(f)) {
                seen.push(Rc::as_ptr(f));
                out.push(f.clone());
            }
        }
    }
    /// Relations that lead here: of this model and its parents, hidden ones included.
    pub fn all_related_objects(self: &Rc<Self>) -> Vec<Rc<Rel>> {
        let Some(apps) = self.apps() else {
            return vec![];
        };
        let mut out: Vec<Rc<Rel>> = vec![];
        for (parent, _) in self.parents.borrow().iter() {
            for rel in parent.all_related_objects() {
                // A parent's link to a child is a relation of the parent and its proxies only.
                let own = rel
                    .model()
                    .is_some_and(|m| Rc::ptr_eq(&m, &self.concrete_model()));
                if (!rel.parent_link.get() || own) && !out.iter().any(|r| Rc::ptr_eq(r, &rel)) {
                    out.push(rel);
                }
            }
        }
        if !self.is_proxy() {
            for rel in apps.reverse_relations(self) {
                if !out.iter().any(|r| Rc::ptr_eq(r, &rel)) {
                    out.push(rel);
                }
            }
        }
        out
    }
    /// `_meta.related_objects`: visible reverse relations (many-to-many ones always).
    pub fn related_objects(self: &Rc<Self>) -> Vec<Rc<Rel>> {
        self.all_related_objects()
            .into_iter()
            .filter(|r| !r.hidden() || r.many_to_many())
            .collect()
    }
    /// `_meta.get_fields()`: reverse relations, then forward fields.
    pub fn get_fields(self: &Rc<Self>, include_hidden: bool) -> Vec<AnyField> {
        let mut out: Vec<AnyField> = self
            .all_related_objects()
            .into_iter()
            .filter(|r| include_hidden || !r.hidden())
            .map(AnyField::Rel)
            .collect();
        out.extend(self.forward_fields().into_iter().map(AnyField::Field));
        out
    }
    /// Every name a query may start with, forward names winning over reverse ones.
    pub fn names(self: &Rc<Self>) -> Rc<IndexMap<Rc<str>, AnyField>> {
        self.cached(
            |c| &mut c.names,
            || {
                let mut names: IndexMap<Rc<str>, AnyField> = IndexMap::default();
                for rel in self.all_related_objects() {
                    names.insert(rel.name(), AnyField::Rel(rel));
                }
                for (name, field) in self.forward_names().iter() {
                    names.insert(name.clone(), field.clone());
                }
                Rc::new(names)
            },
        )
    }
    fn forward_names(&self) -> Rc<IndexMap<Rc<str>, AnyField>> {
        self.cached(
            |c| &mut c.forward_names,
            || {
                let mut names: IndexMap<Rc<str>, AnyField> = IndexMap::default();
                for f in self.forward_fields() {
                    names.insert(f.name(), AnyField::Field(f.clone()));
                    // `author_id` finds `author`.
                    names.insert(f.attname(), AnyField::Field(f));
                }
                Rc::new(names)
            },
        )
    }
    /// `_meta.get_field(name)`; reverse names only when all models are loaded.
    pub fn get_field(self: &Rc<Self>, name: &str) -> Result<AnyField> {
        if let Some(f) = self.forward_names().get(name) {
            return Ok(f.clone());
        }
        self.names()
            .get(name)
            .cloned()
            .ok_or_else(|| self.no_field(name))
    }
    /// A forward field by name.
    pub fn field(self: &Rc<Self>, name: &str) -> Result<Rc<Field>> {
        match self.forward_names().get(name) {
            Some(AnyField::Field(f)) => Ok(f.clone()),
            _ => Err(self.no_field(name)),
        }
    }
    pub(super) fn no_field(&self, name: &str) -> Error {
        Error::new(
            ErrorKind::FieldDoesNotExist,
            format!("{} has no field named '{name}'", self.object_name),
        )
    }
}
