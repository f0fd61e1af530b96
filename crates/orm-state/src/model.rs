//! A model and its `_meta`. Source: "Model Meta options" and "Model _meta API" in Django's
//! documentation.
use crate::apps::Apps;
use crate::constraint::{Constraint, Index};
use crate::error::{Error, ErrorKind, Result};
use crate::face::{Clause, Face};
use crate::field::{Field, FieldKind};
use crate::maps::IndexMap;
use crate::rel::{PathInfo, Rel};
use crate::value::Value;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

pub type ModelRef = Rc<Model>;

/// What a name on a model leads to: a field, or the reverse side of a relation.
#[derive(Clone, Debug)]
pub enum AnyField {
    Field(Rc<Field>),
    Rel(Rc<Rel>),
}

impl AnyField {
    /// `repr(field)`, for messages.
    pub fn repr(&self) -> String {
        match self {
            AnyField::Field(f) => format!("<{}.{}: {}>", f.class.module, f.class.name, f.name()),
            AnyField::Rel(r) => {
                let label = r.related_model().map(|m| m.label_lower());
                format!("<{:?}Rel: {}>", r.kind, label.unwrap_or_default())
            }
        }
    }
    pub fn name(&self) -> Rc<str> {
        match self {
            AnyField::Field(f) => f.name(),
            AnyField::Rel(r) => r.name(),
        }
    }
    /// The model it sits on.
    pub fn model(&self) -> Option<ModelRef> {
        match self {
            AnyField::Field(f) => f.model(),
            AnyField::Rel(r) => r.model(),
        }
    }
    /// The model on the other side.
    pub fn related_model(&self) -> Option<ModelRef> {
        match self {
            AnyField::Field(f) => f.related_model(),
            AnyField::Rel(r) => r.related_model(),
        }
    }
    pub fn is_relation(&self) -> bool {
        match self {
            AnyField::Field(f) => f.is_relation(),
            AnyField::Rel(_) => true,
        }
    }
    pub fn many_to_many(&self) -> bool {
        match self {
            AnyField::Field(f) => f.many_to_many(),
            AnyField::Rel(r) => r.many_to_many(),
        }
    }
    pub fn one_to_many(&self) -> bool {
        match self {
            AnyField::Field(f) => f.one_to_many(),
            AnyField::Rel(r) => r.one_to_many(),
        }
    }
    /// May the join find no row? Reverse sides always may.
    pub fn null(&self) -> bool {
        match self {
            AnyField::Field(f) => f.null.get(),
            AnyField::Rel(_) => true,
        }
    }
    /// The pairs of columns a join over it compares: (this side, other side).
    pub fn joining_fields(&self) -> Result<Vec<(Rc<Field>, Rc<Field>)>> {
        match self {
            AnyField::Field(f) => f.joining_fields(false),
            AnyField::Rel(r) => r.field()?.joining_fields(true),
        }
    }
    pub fn path_infos(&self) -> Result<Rc<[PathInfo]>> {
        match self {
            AnyField::Field(f) => f.path_infos(),
            AnyField::Rel(r) => r.field()?.reverse_path_infos(),
        }
    }
    pub fn same(&self, other: &AnyField) -> bool {
        match (self, other) {
            (AnyField::Field(a), AnyField::Field(b)) => a.same(b),
            (AnyField::Rel(a), AnyField::Rel(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// `class Meta` of a model.
#[derive(Clone, Debug, Default)]
pub struct ModelOptions {
    /// As given; empty until set, then never empty.
    pub db_table: String,
    pub db_table_comment: String,
    pub db_tablespace: Option<String>,
    /// Strings (`"-name"`, `"?"`) or expressions.
    pub ordering: Vec<Value>,
    pub order_with_respect_to: Option<String>,
    pub unique_together: Vec<Vec<String>>,
    pub indexes: Vec<Index>,
    pub constraints: Vec<Constraint>,
    pub abstract_: bool,
    pub proxy: bool,
    pub managed: bool,
    pub swappable: Option<String>,
    pub auto_created: bool,
    pub get_latest_by: Option<Vec<String>>,
    pub default_related_name: Option<String>,
    pub default_manager_name: Option<String>,
    pub base_manager_name: Option<String>,
    pub verbose_name: Option<String>,
    pub verbose_name_plural: Option<String>,
    pub permissions: Vec<(String, String)>,
    pub default_permissions: Vec<String>,
    pub select_on_save: bool,
    pub required_db_features: Vec<String>,
    pub required_db_vendor: Option<String>,
    /// Bases that are no models: mixins, by their classes.
    pub bases: Vec<Value>,
    /// Managers that migrations keep (`use_in_migrations`), by name.
    pub migration_managers: Vec<(String, Clause)>,
    /// The options exactly as the class gave them (`original_attrs`), for migrations.
    pub original: Vec<(String, Value)>,
}

/// A model: what `Model._meta` describes.
pub struct Model {
    object_name: Rc<str>,
    model_name: Rc<str>,
    app_label: Rc<str>,
    pub module: String,
    pub options: RefCell<ModelOptions>,
    apps: Weak<Apps>,
    local_fields: RefCell<Vec<Rc<Field>>>,
    local_many_to_many: RefCell<Vec<Rc<Field>>>,
    private_fields: RefCell<Vec<Rc<Field>>>,
    /// Multi-table parents with the link to each (`None` for a proxy's concrete parent).
    parents: RefCell<Vec<(ModelRef, Option<Rc<Field>>)>>,
    concrete: RefCell<Option<Weak<Model>>>,
    pk: RefCell<Option<Rc<Field>>>,
    pub auto_field: RefCell<Option<Rc<Field>>>,
    pub swapped: RefCell<Option<String>>,
    pub managers_generation: Cell<u64>,
    /// The binding's class.
    pub face: Face,
    cache: RefCell<Cache>,
}

#[derive(Default)]
struct Cache {
    generation: u64,
    fields: Option<Rc<[Rc<Field>]>>,
    concrete_fields: Option<Rc<[Rc<Field>]>>,
    names: Option<Rc<IndexMap<Rc<str>, AnyField>>>,
    forward_names: Option<Rc<IndexMap<Rc<str>, AnyField>>>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<model {}>", self.label())
    }
}

impl Model {
    /// A model without fields. `db_table` defaults to `app_model`, as Django names it.
    pub fn new(
        apps: &Rc<Apps>,
        app_label: &str,
        object_name: &str,
        module: &str,
        mut options: ModelOptions,
    ) -> ModelRef {
        let model_name = object_name.to_lowercase();
        if options.db_table.is_empty() {
            options.db_table = format!("{app_label}_{model_name}");
        }
        Rc::new(Model {
            object_name: object_name.into(),
            model_name: model_name.into(),
            app_label: app_label.into(),
            module: module.into(),
            options: RefCell::new(options),
            apps: Rc::downgrade(apps),
            local_fields: RefCell::default(),
            local_many_to_many: RefCell::default(),
            private_fields: RefCell::default(),
            parents: RefCell::default(),
            concrete: RefCell::default(),
            pk: RefCell::default(),
            auto_field: RefCell::default(),
            swapped: RefCell::default(),
            managers_generation: Cell::new(0),
            face: Face::default(),
            cache: RefCell::default(),
        })
    }
    pub fn object_name(&self) -> &Rc<str> {
        &self.object_name
    }
    pub fn model_name(&self) -> &Rc<str> {
        &self.model_name
    }
    pub fn app_label(&self) -> &Rc<str> {
        &self.app_label
    }
    /// `app.Model`
    pub fn label(&self) -> String {
        format!("{}.{}", self.app_label, self.object_name)
    }
    /// `app.model`
    pub fn label_lower(&self) -> String {
        format!("{}.{}", self.app_label, self.model_name)
    }
    pub fn db_table(&self) -> String {
        self.options.borrow().db_table.clone()
    }
    pub fn apps(&self) -> Option<Rc<Apps>> {
        self.apps.upgrade()
    }
    pub fn is_proxy(&self) -> bool {
        self.options.borrow().proxy
    }
    pub fn is_abstract(&self) -> bool {
        self.options.borrow().abstract_
    }
    pub fn verbose_name(&self) -> String {
        match &self.options.borrow().verbose_name {
            Some(v) => v.clone(),
            None => camel_case_to_spaces(&self.object_name),
        }
    }
    pub fn verbose_name_plural(&self) -> String {
        let given = self.options.borrow().verbose_name_plural.clone();
        given.unwrap_or_else(|| format!("{}s", self.verbose_name()))
    }
    /// The model whose table it uses: itself, or a proxy's parent.
    pub fn concrete_model(self: &Rc<Self>) -> ModelRef {
        match self.concrete.borrow().as_ref().and_then(Weak::upgrade) {
            Some(m) => m,
            None => self.clone(),
        }
    }
    pub fn set_concrete_model(&self, model: &ModelRef) {
        *self.concrete.borrow_mut() = Some(Rc::downgrade(model));
    }
    /// Same table's model, proxies counted as their parent.
    pub fn same_concrete(self: &Rc<Self>, other: &ModelRef) -> bool {
        Rc::ptr_eq(&self.concrete_model(), &other.concrete_model())
    }

    /// Adds a field in `creation_counter` order and binds it.
    pub fn add_field(self: &Rc<Self>, field: &Rc<Field>, private: bool) {
        field.set_model(self);
        let list = if private {
            &self.private_fields
        } else if field.kind == FieldKind::ManyToMany {
            &self.local_many_to_many
        } else {
            &self.local_fields
        };
        let mut list = list.borrow_mut();
        if private {
            list.push(field.clone());
        } else {
            let counter = field.creation_counter.get();
            let at = list.partition_point(|f| f.creation_counter.get() <= counter);
            list.insert(at, field.clone());
        }
        drop(list);
        if field.primary_key.get() && self.pk.borrow().is_none() {
            self.set_pk(field);
        }
        self.expire();
    }
    pub fn remove_field(&self, name: &str) {
        for list in [
            &self.local_fields,
            &self.local_many_to_many,
            &self.private_fields,
        ] {
            list.borrow_mut().retain(|f| &*f.name() != name);
        }
        if self
            .pk
            .borrow()
            .as_ref()
            .is_some_and(|p| &*p.name() == name)
        {
            self.pk.borrow_mut().take();
        }
        self.expire();
    }
    pub fn set_pk(&self, field: &Rc<Field>) {
        // Keys are not part of what is serialised of a row (`Options.setup_pk`).
        if let Ok(mut options) = field.options.try_borrow_mut() {
            options.serialize = false;
        }
        *self.pk.borrow_mut() = Some(field.clone());
    }
    pub fn add_parent(&self, parent: &ModelRef, link: Option<Rc<Field>>) {
        self.parents.borrow_mut().push((parent.clone(), link));
        self.expire();
    }
    /// Sets the link of a parent already added (a `parent_link=True` field found later).
    pub fn set_parent_link(&self, parent: &ModelRef, link: Rc<Field>) {
        let mut parents = self.parents.borrow_mut();
        match parents.iter_mut().find(|(p, _)| Rc::ptr_eq(p, parent)) {
            Some(entry) => entry.1 = Some(link),
            None => parents.push((parent.clone(), Some(link))),
        }
        drop(parents);
        self.expire();
    }
    pub fn parents(&self) -> Vec<(ModelRef, Option<Rc<Field>>)> {
        self.parents.borrow().clone()
    }
    /// The primary key; a model without one is abstract.
    pub fn pk(&self) -> Option<Rc<Field>> {
        self.pk.borrow().clone()
    }
    pub fn pk_field(&self) -> Result<Rc<Field>> {
        self.pk().ok_or_else(|| {
            Error::new(
                ErrorKind::FieldDoesNotExist,
                format!("{} has no primary key", self.object_name),
            )
        })
    }
    /// The fields of the primary key: one, or a composite key's.
    pub fn pk_fields(self: &Rc<Self>) -> Result<Vec<Rc<Field>>> {
        let pk = self.pk_field()?;
        if pk.kind != FieldKind::CompositePrimaryKey {
            return Ok(vec![pk]);
        }
        let names = pk.options.borrow().composite_fields.clone();
        names
            .iter()
            .map(|n| match self.get_field(n)? {
                AnyField::Field(f) => Ok(f),
                AnyField::Rel(_) => Err(self.no_field(n)),
            })
            .collect()
    }
    pub fn local_fields(&self) -> Vec<Rc<Field>> {
        self.local_fields.borrow().clone()
    }
    pub fn local_concrete_fields(&self) -> Vec<Rc<Field>> {
        self.local_fields
            .borrow()
            .iter()
            .filter(|f| f.concrete())
            .cloned()
            .collect()
    }
    pub fn local_many_to_many(&self) -> Vec<Rc<Field>> {
        self.local_many_to_many.borrow().clone()
    }
    pub fn private_fields(&self) -> Vec<Rc<Field>> {
        self.private_fields.borrow().clone()
    }

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
    fn no_field(&self, name: &str) -> Error {
        Error::new(
            ErrorKind::FieldDoesNotExist,
            format!("{} has no field named '{name}'", self.object_name),
        )
    }
    /// All models it inherits a table from, nearest first (`get_parent_list`, all_parents).
    pub fn parent_list(&self) -> Vec<ModelRef> {
        let mut out: Vec<ModelRef> = vec![];
        for (p, _) in self.parents.borrow().iter() {
            if !out.iter().any(|m| Rc::ptr_eq(m, p)) {
                out.push(p.clone());
            }
        }
        for (p, _) in self.parents.borrow().iter() {
            for a in p.parent_list() {
                if !out.iter().any(|m| Rc::ptr_eq(m, &a)) {
                    out.push(a);
                }
            }
        }
        out
    }
    /// The models from this one up to `ancestor`, both included; empty if it is none.
    pub fn base_chain(self: &Rc<Self>, ancestor: &ModelRef) -> Vec<ModelRef> {
        let parents = self.parents.borrow();
        if parents.is_empty() {
            return vec![];
        }
        if parents.iter().any(|(p, _)| Rc::ptr_eq(p, ancestor)) {
            return vec![ancestor.clone()];
        }
        for (parent, _) in parents.iter() {
            let mut chain = parent.base_chain(ancestor);
            if !chain.is_empty() {
                chain.insert(0, parent.clone());
                return chain;
            }
        }
        vec![]
    }
    /// The link field to `ancestor`, direct or through a parent (`get_ancestor_link`).
    pub fn ancestor_link(self: &Rc<Self>, ancestor: &ModelRef) -> Option<Rc<Field>> {
        let parents = self.parents.borrow();
        if let Some((_, link)) = parents.iter().find(|(p, _)| Rc::ptr_eq(p, ancestor)) {
            return link.clone();
        }
        parents.iter().find_map(|(p, link)| {
            p.ancestor_link(ancestor)
                .map(|found| link.clone().unwrap_or(found))
        })
    }
    /// The join steps from this model up to an ancestor's table (`get_path_to_parent`).
    pub fn path_to_parent(self: &Rc<Self>, parent: &ModelRef) -> Result<Vec<PathInfo>> {
        if Rc::ptr_eq(self, parent) {
            return Ok(vec![]);
        }
        // Proxies share their concrete model's table: no step.
        let proxied = self.concrete_model();
        let mut path = vec![];
        let mut opts = self.clone();
        for ancestor in self.base_chain(parent) {
            if Rc::ptr_eq(&ancestor, &proxied) {
                opts = ancestor;
                continue;
            }
            let Some(link) = opts.ancestor_link(&ancestor) else {
                continue;
            };
            path.push(PathInfo {
                from_opts: link.model().unwrap_or_else(|| opts.clone()),
                to_opts: ancestor.clone(),
                target_fields: link.related_fields()?.into_iter().map(|(_, r)| r).collect(),
                join_field: AnyField::Field(link.clone()),
                m2m: false,
                direct: true,
            });
            opts = ancestor;
        }
        Ok(path)
    }
    /// The join steps from an ancestor's table down to this model (`get_path_from_parent`).
    pub fn path_from_parent(self: &Rc<Self>, parent: &ModelRef) -> Result<Vec<PathInfo>> {
        if Rc::ptr_eq(self, parent) {
            return Ok(vec![]);
        }
        let model = self.concrete_model();
        let mut chain = model.base_chain(parent);
        chain.reverse();
        chain.push(model);
        let mut path = vec![];
        for pair in chain.windows(2) {
            if let Some(link) = pair[1].ancestor_link(&pair[0]) {
                path.extend(link.reverse_path_infos()?.iter().cloned());
            }
        }
        Ok(path)
    }
    /// Takes a many-to-many field away; no, if it is not this model's.
    pub fn forget_many_to_many(&self, field: &Rc<Field>) -> bool {
        let mut all = self.local_many_to_many.borrow_mut();
        let before = all.len();
        all.retain(|f| !f.same(field));
        let found = all.len() < before;
        drop(all);
        *self.cache.borrow_mut() = Cache::default();
        found
    }
    /// Breaks the cycles between models, fields and the binding's objects.
    pub fn clear(&self) {
        self.face.clear();
        for list in [
            &self.local_fields,
            &self.local_many_to_many,
            &self.private_fields,
        ] {
            for f in list.borrow().iter() {
                f.clear();
            }
        }
        *self.cache.borrow_mut() = Cache::default();
    }
    /// Conditions of constraints and such, kept opaque here.
    pub fn total_unique_constraints(&self) -> Vec<Constraint> {
        self.options
            .borrow()
            .constraints
            .iter()
            .filter(|c| {
                matches!(c, Constraint::Unique { condition: None, expressions, .. } if expressions.is_empty())
            })
            .cloned()
            .collect()
    }
    pub fn ordering(&self) -> Vec<Value> {
        self.options.borrow().ordering.clone()
    }
    /// The clause objects in its constraints and indexes; for walking.
    pub fn clauses(&self) -> Vec<Clause> {
        let options = self.options.borrow();
        options
            .indexes
            .iter()
            .flat_map(|i| i.expressions.iter().chain(&i.condition))
            .cloned()
            .collect()
    }
}

/// `OrderItem` → `order item`.
pub fn camel_case_to_spaces(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        let upper = c.is_ascii_uppercase();
        let after_lower = i > 0 && !chars[i - 1].is_ascii_uppercase();
        let before_lower = i > 0
            && chars[i - 1].is_ascii_uppercase()
            && chars
                .get(i + 1)
                .is_some_and(|n| !n.is_ascii_uppercase() && *n != ' ');
        if upper && i > 0 && (after_lower || before_lower) && !out.ends_with(' ') {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
    }
    out.trim().to_string()
}
