//! A model and its `_meta`. Source: "Model Meta options" and "Model _meta API" in Django's
//! documentation.
//!
//! ```text
//! model.rs        what a model is: names, options, local fields
//! any_field       what a name on it leads to
//! fields          all fields and names, kept until a model changes
//! parents         the models it inherits from, and the paths to them
//! ```
mod any_field;
mod fields;
mod parents;

pub use any_field::AnyField;

use crate::apps::Apps;
use crate::constraint::{Constraint, Index};
use crate::error::{Error, ErrorKind, Result};
use crate::face::{Clause, Face};
use crate::field::{Field, FieldKind};
use crate::maps::IndexMap;
use crate::value::Value;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

pub type ModelRef = Rc<Model>;

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
