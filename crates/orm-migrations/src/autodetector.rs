//! What would have to be done to get from one state to another. Source of the order of steps:
//! "makemigrations" in Django.
//!
//! ```text
//! from: Author(name)   to: Author(name, age), Book   →  AddField(author.age), CreateModel(Book)
//! ```
//!
//! Each step appends operations with what they need; `arrange` sorts them, cuts them into
//! migrations that depend on each other, and names these.
mod arrange;
mod dependency;
mod fields;
mod models;
mod options;

use crate::graph::Key;
use crate::migration::Migration;
use crate::operation::Operation;
use crate::pair::Pair;
use crate::questioner::Questioner;
use crate::state::{Base, ModelKey, ModelState, ProjectState, label_key, relation_label};
use dependency::{Kind, Needs};
use indexmap::IndexMap;
use orm_state::field::deconstruct::{Deconstructed, SettingsReference};
use orm_state::{Constraint, Field, Index, Result, Source, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

pub use arrange::parse_number;

/// How changes are asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only these apps, and what they need.
    pub trim_to_apps: Option<BTreeSet<String>>,
    pub convert_apps: BTreeSet<String>,
    pub migration_name: Option<String>,
    /// `AUTH_USER_MODEL`: one of the models that are made first.
    pub user_model: Option<String>,
    /// `YYYYMMDD_HHMM`, for migrations whose operations suggest no name.
    pub timestamp: String,
}

/// The migrations, by app, that lead from one state to another.
///
/// # Errors
/// What the questioner answers with, and values that cannot be compared.
pub fn changes(
    states: Pair<&ProjectState>,
    graph: &dyn Leaves,
    questioner: &dyn Questioner,
    options: &Options,
) -> Result<IndexMap<String, Vec<Migration>>> {
    let migrations = detect(states, Some(graph), questioner, options)?;
    let mut arranged = arrange(migrations, graph, questioner, options)?;
    if let Some(apps) = &options.trim_to_apps {
        trim(&mut arranged, apps);
    }
    Ok(arranged)
}

/// What the autodetector asks of the migrations that exist.
pub trait Leaves {
    /// The last migrations of an app, or of every app.
    fn leaf_nodes(&self, app: Option<&str>) -> Vec<Key>;
}

/// The changes as migrations that are not named yet.
///
/// # Errors
/// As [`changes`].
pub fn detect(
    states: Pair<&ProjectState>,
    graph: Option<&dyn Leaves>,
    questioner: &dyn Questioner,
    options: &Options,
) -> Result<IndexMap<String, Vec<Migration>>> {
    let mut detector = Detector::new(states, questioner, options);
    detector.detect()?;
    detector.build_migration_list(graph)
}

/// Names migrations and lets them follow the ones that exist.
///
/// # Errors
/// What the questioner answers with.
pub fn arrange(
    migrations: IndexMap<String, Vec<Migration>>,
    graph: &dyn Leaves,
    questioner: &dyn Questioner,
    options: &Options,
) -> Result<IndexMap<String, Vec<Migration>>> {
    arrange::arrange_for_graph(migrations, graph, questioner, options)
}

/// Leaves only the migrations of some apps, and of those they need.
pub fn trim(changes: &mut IndexMap<String, Vec<Migration>>, apps: &BTreeSet<String>) {
    arrange::trim_to_apps(changes, apps);
}

/// An operation and what it waits for.
#[derive(Clone, Debug)]
struct Planned {
    operation: Operation,
    needs: Vec<Needs>,
}

type FieldKey = (String, String, String);

#[derive(Clone, Default)]
struct AlteredIndexes {
    added: Vec<Index>,
    removed: Vec<Index>,
    renamed: Vec<(OldIndex, String)>,
}

/// How an index that is renamed was known.
#[derive(Clone)]
enum OldIndex {
    Name(String),
    /// A group of `index_together`, which has no name in the models.
    Fields(Vec<String>),
}

#[derive(Clone, Default)]
struct AlteredConstraints {
    added: Vec<Constraint>,
    removed: Vec<Constraint>,
    altered: Vec<Constraint>,
}

struct RenamedField {
    key: ModelKey,
    old_name: String,
    old_column: Option<String>,
    field: Rc<Field>,
    new_name: String,
}

struct Detector<'a> {
    states: Pair<&'a ProjectState>,
    questioner: &'a dyn Questioner,
    user_model: Option<String>,
    generated: BTreeMap<String, Vec<Planned>>,
    existing_apps: BTreeSet<String>,
    /// Models with tables, proxies, unmanaged ones.
    models: Pair<BTreeSet<ModelKey>>,
    proxies: Pair<BTreeSet<ModelKey>>,
    unmanaged: Pair<BTreeSet<ModelKey>>,
    fields: Pair<BTreeSet<FieldKey>>,
    /// New key → old name.
    renamed_models: HashMap<ModelKey, String>,
    /// Old label → new label.
    renamed_models_rel: HashMap<String, String>,
    /// New key → old name.
    renamed_fields: HashMap<FieldKey, String>,
    renamed_operations: Vec<RenamedField>,
    through_users: HashMap<ModelKey, FieldKey>,
    indexes: IndexMap<ModelKey, AlteredIndexes>,
    constraints: IndexMap<ModelKey, AlteredConstraints>,
}

impl<'a> Detector<'a> {
    fn new(
        states: Pair<&'a ProjectState>,
        questioner: &'a dyn Questioner,
        options: &Options,
    ) -> Detector<'a> {
        let empty = || Pair::new(BTreeSet::new(), BTreeSet::new());
        let (mut models, mut proxies, mut unmanaged) = (empty(), empty(), empty());
        let mut sort = |new: bool, state: &ProjectState| {
            for (key, model) in &state.models {
                let real = states.previous.real_apps.contains(&key.0)
                    && !(new && options.convert_apps.contains(&key.0));
                let side = |p: &mut Pair<BTreeSet<ModelKey>>| {
                    if new {
                        p.next.insert(key.clone())
                    } else {
                        p.previous.insert(key.clone())
                    };
                };
                if !model.is_managed() {
                    side(&mut unmanaged);
                } else if !real {
                    if model.option_is_true("proxy") {
                        side(&mut proxies)
                    } else {
                        side(&mut models)
                    }
                }
            }
        };
        sort(false, states.previous);
        sort(true, states.next);
        Detector {
            states,
            questioner,
            user_model: options.user_model.as_ref().map(|m| m.to_lowercase()),
            generated: BTreeMap::new(),
            existing_apps: states
                .previous
                .models
                .keys()
                .filter(|k| !states.previous.real_apps.contains(&k.0))
                .map(|k| k.0.clone())
                .collect(),
            models,
            proxies,
            unmanaged,
            fields: empty_fields(),
            renamed_models: HashMap::new(),
            renamed_models_rel: HashMap::new(),
            renamed_fields: HashMap::new(),
            renamed_operations: vec![],
            through_users: HashMap::new(),
            indexes: IndexMap::new(),
            constraints: IndexMap::new(),
        }
    }

    /// Every kind of change, in Django's order; this order decides names and files.
    fn detect(&mut self) -> Result<()> {
        self.renamed_models()?;
        self.prepare_field_lists()?;
        self.through_model_map()?;
        self.deleted_models()?;
        self.created_models()?;
        self.deleted_proxies();
        self.created_proxies()?;
        self.altered_options()?;
        self.altered_managers()?;
        self.altered_table_comment()?;
        self.find_renamed_fields()?;
        self.find_altered_indexes()?;
        self.find_altered_constraints()?;
        self.removed_constraints();
        self.removed_indexes();
        self.renamed_fields();
        self.renamed_indexes();
        self.removed_unique_together()?;
        self.removed_fields()?;
        self.added_fields()?;
        self.altered_fields()?;
        self.altered_order_with_respect_to()?;
        self.altered_unique_together()?;
        self.added_indexes()?;
        self.added_constraints()?;
        self.altered_constraints()?;
        self.altered_table()?;
        self.sort_operations();
        Ok(())
    }

    fn add(&mut self, app: &str, operation: Operation, needs: Vec<Needs>) {
        self.generated
            .entry(app.into())
            .or_default()
            .push(Planned { operation, needs });
    }
    fn add_first(&mut self, app: &str, operation: Operation, needs: Vec<Needs>) {
        self.generated
            .entry(app.into())
            .or_default()
            .insert(0, Planned { operation, needs });
    }
    fn kept(set: &Pair<BTreeSet<ModelKey>>) -> BTreeSet<ModelKey> {
        set.previous.intersection(&set.next).cloned().collect()
    }
    fn kept_models(&self) -> BTreeSet<ModelKey> {
        Self::kept(&self.models)
    }
    /// Kept models of every sort.
    fn kept_any(&self) -> BTreeSet<ModelKey> {
        let mut all = self.kept_models();
        all.extend(Self::kept(&self.proxies));
        all.extend(Self::kept(&self.unmanaged));
        all
    }
    fn old_name(&self, key: &ModelKey) -> String {
        self.renamed_models
            .get(key)
            .cloned()
            .unwrap_or_else(|| key.1.clone())
    }
    /// A kept model in both states.
    fn pair(&self, key: &ModelKey) -> Result<Pair<Rc<ModelState>>> {
        Ok(Pair::new(
            self.states
                .previous
                .model(&key.0, &self.old_name(key))?
                .clone(),
            self.states.next.model(&key.0, &key.1)?.clone(),
        ))
    }

    /// What a relation of a model needs: its target, and its through model.
    fn relation_needs(key: &ModelKey, field: &Rc<Field>) -> Vec<Needs> {
        let Some(rel) = &field.remote else {
            return vec![];
        };
        let target = label_key(&relation_label(&rel.target(), key));
        let mut first = Needs::model(&target, Kind::Create);
        first.setting = rel.swappable_setting();
        let mut out = vec![first];
        if let Some(through) = &*rel.through.borrow() {
            out.push(Needs::model(
                &label_key(&relation_label(through, key)),
                Kind::Create,
            ));
        }
        out
    }
    fn model_needs(&self, key: &ModelKey) -> Result<Vec<Needs>> {
        let state = self.states.next.model(&key.0, &key.1)?;
        Ok(state
            .fields
            .values()
            .flat_map(|f| Self::relation_needs(key, f))
            .collect())
    }
}

fn empty_fields() -> Pair<BTreeSet<FieldKey>> {
    Pair::new(BTreeSet::new(), BTreeSet::new())
}

/// A field's definition in a form that can be compared.
fn comparable(field: &Rc<Field>) -> Result<Deconstructed> {
    let mut d = field.deconstruct()?;
    for (_, v) in &mut d.kwargs {
        let named = match v {
            Value::Object(o) => o
                .as_any()
                .downcast_ref::<SettingsReference>()
                .map(|s| s.value.to_lowercase()),
            Value::Str(_) => None,
            _ => None,
        };
        if let Some(n) = named {
            *v = Value::from(n);
        }
    }
    for v in d.args.iter_mut().chain(d.kwargs.iter_mut().map(|(_, v)| v)) {
        *v = deep(v);
    }
    d.kwargs.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(d)
}

/// A value with everything in it that says how it is made taken apart: two such values are the same
/// if they are made in the same way (`deep_deconstruct`).
fn deep(v: &Value) -> Value {
    let all = |items: &[Value]| items.iter().map(deep).collect::<Vec<_>>();
    match v {
        Value::List(items) => Value::List(all(items).into()),
        Value::Tuple(items) => Value::Tuple(all(items).into()),
        Value::Dict(pairs) => Value::Dict(
            pairs
                .iter()
                .map(|(k, v)| (deep(k), deep(v)))
                .collect::<Vec<_>>()
                .into(),
        ),
        Value::Object(o) if o.ingredients().is_some() => {
            o.ingredients().as_ref().map(deep).unwrap_or(Value::Null)
        }
        Value::Object(o) if orm_sql::expression::expr_of(&**o).is_none() => match o.source() {
            Ok(Source::Call(d)) => {
                let mut kwargs: Vec<(Value, Value)> = d
                    .kwargs
                    .iter()
                    .map(|(k, v)| (Value::from(k.as_str()), deep(v)))
                    .collect();
                kwargs.sort_by_key(|(name, _)| name.to_str());
                let parts = [
                    Value::from(d.path.as_str()),
                    Value::List(all(&d.args).into()),
                    Value::Dict(kwargs.into()),
                ];
                Value::Tuple(parts.into())
            }
            Ok(Source::Text { code, .. }) => {
                Value::Tuple([Value::from("source"), code.as_str().into()].into())
            }
            _ => v.clone(),
        },
        _ => v.clone(),
    }
}

/// Every relation in a state that leads to a model: where from, and its field.
fn relations_to(state: &ProjectState, key: &ModelKey) -> Vec<(ModelKey, String, Rc<Field>)> {
    let mut out = vec![];
    let concrete = |k: ModelKey| -> ModelKey {
        let mut k = k;
        while let Some(m) = state.models.get(&k)
            && m.option_is_true("proxy")
        {
            match m.bases.iter().find_map(|b| match b {
                Base::Model(label) => Some(label_key(label)),
                Base::Class(_) => None,
            }) {
                Some(base) => k = base,
                None => break,
            }
        }
        k
    };
    for (from, model) in &state.models {
        for (name, field) in &model.fields {
            let Some(rel) = &field.remote else { continue };
            let through = rel.through.borrow().clone();
            let targets = [Some(rel.target()), through];
            if targets
                .iter()
                .flatten()
                .any(|t| concrete(label_key(&relation_label(t, from))) == *key)
            {
                out.push((from.clone(), name.clone(), field.clone()));
            }
        }
    }
    out
}
