//! The models of a project at one moment, as data. Source of names: Django's `migrations.state`.
use crate::operation::Together;
use indexmap::IndexMap;
use orm_state::field::deconstruct::{Deconstructed, target_label, through_label};
use orm_state::rel::RelTarget;
use orm_state::{
    Apps, Clause, Constraint, Error, ErrorKind, Field, FieldKind, Index, ModelRef, Result, Value,
};
use std::rc::Rc;

/// `(app_label, model_name in lower case)`
pub type ModelKey = (String, String);

/// What a model inherits from.
#[derive(Clone, Debug)]
pub enum Base {
    /// Another model of the state, `app.model`.
    Model(String),
    /// A class that is no model of the state: `django.db.models.Model`, a mixin.
    Class(Value),
}

impl PartialEq for Base {
    fn eq(&self, other: &Base) -> bool {
        match (self, other) {
            (Base::Model(a), Base::Model(b)) => a == b,
            (Base::Class(a), Base::Class(b)) => a == b,
            _ => false,
        }
    }
}

/// One model as data: its fields are unbound, its relations named.
#[derive(Clone, Debug)]
pub struct ModelState {
    pub app_label: String,
    pub name: String,
    pub fields: IndexMap<String, Rc<Field>>,
    /// `Meta` options as given, without indexes and constraints.
    pub options: IndexMap<String, Value>,
    pub indexes: Vec<Index>,
    pub constraints: Vec<Constraint>,
    pub bases: Vec<Base>,
    /// Managers with `use_in_migrations`.
    pub managers: Vec<(String, Clause)>,
}

/// The options that live in migrations, in the order Django keeps them.
pub const OPTION_NAMES: [&str; 22] = [
    "verbose_name",
    "verbose_name_plural",
    "db_table",
    "db_table_comment",
    "ordering",
    "unique_together",
    "permissions",
    "get_latest_by",
    "order_with_respect_to",
    "db_tablespace",
    "abstract",
    "managed",
    "proxy",
    "swappable",
    "auto_created",
    "default_permissions",
    "select_on_save",
    "default_related_name",
    "required_db_features",
    "required_db_vendor",
    "base_manager_name",
    "default_manager_name",
];

impl ModelState {
    pub fn name_lower(&self) -> String {
        self.name.to_lowercase()
    }
    pub fn key(&self) -> ModelKey {
        (self.app_label.clone(), self.name_lower())
    }
    pub fn get_field(&self, name: &str) -> Result<&Rc<Field>> {
        let name = if name == "_order" && !self.fields.contains_key(name) {
            self.options
                .get("order_with_respect_to")
                .and_then(Value::as_str)
                .unwrap_or(name)
        } else {
            name
        };
        self.fields
            .get(name)
            .ok_or_else(|| Error::new(ErrorKind::KeyError, format!("'{name}'")))
    }
    pub fn option_is_true(&self, name: &str) -> bool {
        self.options.get(name).is_some_and(Value::truthy)
    }
    /// Unmanaged, proxy and swapped models have no table of their own.
    pub fn is_managed(&self) -> bool {
        self.options.get("managed").is_none_or(Value::truthy)
    }
    /// The groups of fields of `unique_together` or `index_together`.
    pub fn together(&self, option: Together) -> Vec<Vec<String>> {
        self.options
            .get(option.option_name())
            .map(together)
            .unwrap_or_default()
    }

    /// The state of a real model (`ModelState.from_model`).
    pub fn from_model(model: &ModelRef) -> Result<ModelState> {
        let mut fields = IndexMap::new();
        for field in model
            .local_fields()
            .into_iter()
            .chain(model.local_many_to_many())
        {
            if field.kind == FieldKind::GenericForeignKey
                || field.kind == FieldKind::GenericRelation
            {
                continue;
            }
            if &*field.name() == "_order" && model.options.borrow().order_with_respect_to.is_some()
            {
                continue;
            }
            fields.insert(field.name().to_string(), unbound(&field));
        }
        let meta = model.options.borrow();
        let mut options: IndexMap<String, Value> = IndexMap::new();
        for name in OPTION_NAMES {
            if let Some((_, value)) = meta.original.iter().find(|(k, _)| k == name) {
                let value = match name {
                    "unique_together" => together_value(&meta.unique_together),
                    _ => value.clone(),
                };
                options.insert(name.to_string(), value);
            }
        }
        options.shift_remove("abstract");
        options.shift_remove("auto_created");
        if options.get("swappable").is_some_and(Value::is_null) {
            options.shift_remove("swappable");
        }
        let table = model.db_table();
        let mut indexes = meta.indexes.clone();
        for index in &mut indexes {
            if index.name.is_empty() {
                let mut columns = vec![];
                for (f, _) in &index.fields_orders {
                    columns.push(model.field(f)?.column().unwrap_or_default().to_string());
                }
                index.name = orm_sql::schema::naming::set_index_name(
                    &table,
                    &index.fields_orders,
                    &columns,
                    &index.suffix,
                );
            }
        }
        let mut bases: Vec<Base> = vec![];
        for (parent, _) in model.parents() {
            bases.push(Base::Model(parent.label_lower()));
        }
        for mixin in &meta.bases {
            if !bases.contains(&Base::Class(mixin.clone())) {
                bases.push(Base::Class(mixin.clone()));
            }
        }
        if bases.is_empty() {
            bases.push(model_base());
        }
        Ok(ModelState {
            app_label: model.app_label().to_string(),
            name: model.object_name().to_string(),
            fields,
            options,
            indexes,
            constraints: meta.constraints.clone(),
            bases,
            managers: meta.migration_managers.clone(),
        })
    }
}

/// `models.Model` as the only base.
pub fn model_base() -> Base {
    Base::Class(orm_state::field::deconstruct::Reference::value(
        "django.db.models",
        "Model",
    ))
}

/// A copy of a field with its relation named, as states keep it.
pub fn unbound(field: &Rc<Field>) -> Rc<Field> {
    let is_class = |t: &RelTarget| matches!(t, RelTarget::Model(_));
    let named = field.remote.as_ref().is_none_or(|r| {
        !is_class(&r.target()) && !r.through.borrow().as_ref().is_some_and(is_class)
    });
    if named && !field.is_bound() {
        return field.clone();
    }
    let copy = field.duplicate();
    if let (Some(rel), Some(original)) = (&copy.remote, &field.remote) {
        if let Some(setting) = original.swappable_setting() {
            *rel.swappable.borrow_mut() = Some(setting);
        }
        let own_app = field
            .model()
            .map(|m| m.app_label().to_string())
            .unwrap_or_default();
        let named =
            |t: &RelTarget| RelTarget::Name(resolve_label(&target_label(t), &own_app, field));
        rel.set_target(named(&original.target()));
        *rel.related_name.borrow_mut() = original.given_related_name.borrow().clone();
        let pk = original.model().and_then(|m| m.pk()).map(|p| p.name());
        if original.field_name.borrow().as_deref() == pk.as_deref() {
            *rel.field_name.borrow_mut() = None;
        }
        let through = original.through.borrow().clone();
        let auto = original
            .through_model()
            .is_some_and(|m| m.options.borrow().auto_created);
        *rel.through.borrow_mut() = if auto {
            None
        } else {
            through
                .as_ref()
                .map(|t| RelTarget::Name(resolve_label(&through_label(t), &own_app, field)))
        };
    }
    copy
}

fn resolve_label(label: &str, app: &str, field: &Rc<Field>) -> String {
    if label == "self" {
        return field
            .model()
            .map(|m| m.label_lower())
            .unwrap_or_else(|| label.into());
    }
    if label.contains('.') || app.is_empty() {
        label.into()
    } else {
        format!("{app}.{label}")
    }
}

/// `[["a", "b"]]` from any of the shapes `unique_together` takes.
pub fn together(value: &Value) -> Vec<Vec<String>> {
    let Some(items) = value.items() else {
        return vec![];
    };
    if items.iter().all(|i| i.as_str().is_some()) && !items.is_empty() {
        return vec![items.iter().map(Value::to_str).collect()];
    }
    items
        .iter()
        .filter_map(|i| i.items())
        .map(|i| i.iter().map(Value::to_str).collect())
        .collect()
}

/// `{("a", "b")}`, as states keep it.
pub fn together_value(sets: &[Vec<String>]) -> Value {
    let tuples: Vec<Value> = sets
        .iter()
        .map(|s| {
            Value::Tuple(
                s.iter()
                    .map(|n| Value::from(n.as_str()))
                    .collect::<Vec<_>>()
                    .into(),
            )
        })
        .collect();
    Value::Set(tuples.into())
}

/// The label a relation points to, seen from a model: `app.model` in lower case.
pub fn relation_label(target: &RelTarget, model: &ModelKey) -> String {
    let label = target_label(target);
    if label == "self" {
        return format!("{}.{}", model.0, model.1);
    }
    if label.contains('.') {
        label
    } else {
        format!("{}.{label}", model.0)
    }
}

/// `"app.model"` → `("app", "model")`
pub fn label_key(label: &str) -> ModelKey {
    match label.split_once('.') {
        Some((a, m)) => (a.to_string(), m.to_lowercase()),
        None => (String::new(), label.to_lowercase()),
    }
}

/// All models at one moment.
#[derive(Clone, Debug, Default)]
pub struct ProjectState {
    pub models: IndexMap<ModelKey, Rc<ModelState>>,
    /// Apps without migrations: real models, rendered from their classes.
    pub real_apps: Vec<String>,
}

impl ProjectState {
    /// The state of the models as they are written now.
    pub fn from_apps(apps: &Rc<Apps>) -> Result<ProjectState> {
        let mut state = ProjectState::default();
        for model in apps.models() {
            if model.options.borrow().auto_created || model.swapped.borrow().is_some() {
                continue;
            }
            state.add_model(ModelState::from_model(&model)?);
        }
        Ok(state)
    }
    pub fn add_model(&mut self, model: ModelState) {
        self.models.insert(model.key(), Rc::new(model));
    }
    pub fn remove_model(&mut self, key: &ModelKey) {
        self.models.shift_remove(key);
    }
    pub fn model(&self, app_label: &str, name: &str) -> Result<&Rc<ModelState>> {
        let key = (app_label.to_string(), name.to_lowercase());
        self.models
            .get(&key)
            .ok_or_else(|| Error::new(ErrorKind::KeyError, format!("('{}', '{}')", key.0, key.1)))
    }
    /// The model to change; shared copies stay as they are.
    pub fn model_mut(&mut self, app_label: &str, name: &str) -> Result<&mut ModelState> {
        let key = (app_label.to_string(), name.to_lowercase());
        match self.models.get_mut(&key) {
            Some(m) => Ok(Rc::make_mut(m)),
            None => Err(Error::new(
                ErrorKind::KeyError,
                format!("('{}', '{}')", key.0, key.1),
            )),
        }
    }
    /// Renames a model, and every relation that points to it.
    pub fn rename_model(&mut self, app_label: &str, old: &str, new: &str) -> Result<()> {
        let old_key = (app_label.to_string(), old.to_lowercase());
        let mut model = (**self.model(app_label, old)?).clone();
        model.name = new.to_string();
        let new_label = format!("{app_label}.{}", new.to_lowercase());
        let new_target = RelTarget::Name(format!("{app_label}.{new}"));
        let old_label = format!("{app_label}.{}", old_key.1);
        self.models.shift_remove(&old_key);
        let key = model.key();
        self.models.insert(key, Rc::new(model));
        for (key, state) in &mut self.models {
            let touches = state.fields.values().any(|f| points_to(f, &old_label, key));
            if !touches && !state.bases.contains(&Base::Model(old_label.clone())) {
                continue;
            }
            let state = Rc::make_mut(state);
            for base in &mut state.bases {
                if *base == Base::Model(old_label.clone()) {
                    *base = Base::Model(new_label.clone());
                }
            }
            for field in state.fields.values_mut() {
                if points_to(field, &old_label, key) {
                    let copy = field.duplicate();
                    if let Some(rel) = &copy.remote {
                        if relation_label(&rel.target(), key) == old_label {
                            rel.set_target(new_target.clone());
                        }
                        let through = rel.through.borrow().clone();
                        if let Some(t) = through
                            && relation_label(&t, key) == old_label
                        {
                            *rel.through.borrow_mut() = Some(new_target.clone());
                        }
                    }
                    *field = copy;
                }
            }
        }
        Ok(())
    }
}

impl ProjectState {
    /// The model behind a proxy.
    pub fn concrete(&self, key: ModelKey) -> ModelKey {
        let mut key = key;
        let mut left = self.models.len();
        while let Some(m) = self.models.get(&key)
            && m.option_is_true("proxy")
            && left > 0
        {
            left -= 1;
            match m.bases.iter().find_map(|b| match b {
                Base::Model(label) => Some(label_key(label)),
                Base::Class(_) => None,
            }) {
                Some(base) => key = base,
                None => break,
            }
        }
        key
    }
    /// Every relation: where to, where from, its field's name, its field. A many-to-many field
    /// also leads to its through model.
    pub fn relations(&self) -> Vec<(ModelKey, ModelKey, String, Rc<Field>)> {
        let mut out = vec![];
        for (from, model) in &self.models {
            for (name, field) in &model.fields {
                let Some(rel) = &field.remote else { continue };
                let through = rel.through.borrow().clone();
                for target in [Some(rel.target()), through].iter().flatten() {
                    let to = self.concrete(label_key(&relation_label(target, from)));
                    out.push((to, from.clone(), name.clone(), field.clone()));
                }
            }
        }
        out
    }
}

fn points_to(field: &Rc<Field>, label: &str, model: &ModelKey) -> bool {
    field.remote.as_ref().is_some_and(|rel| {
        relation_label(&rel.target(), model) == label
            || rel
                .through
                .borrow()
                .as_ref()
                .is_some_and(|t| relation_label(t, model) == label)
    })
}

/// What it takes to make a field, its relation's target excluded: for telling renames.
pub fn without_target(d: &Deconstructed) -> Deconstructed {
    let mut d = d.clone();
    d.remove("to");
    d
}
