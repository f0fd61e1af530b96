//! From two states to the operations that lead from one to the other.
//!
//! Each kind of change is looked for in turn; every operation found carries what it depends on.
//! They are then sorted, cut into migrations where apps depend on each other, and optimized.
mod arrange;
mod dependency;
mod fields;
mod indexes;
mod models;
mod options;

use crate::graph::Graph;
use crate::migration::Migration;
use crate::operation::Operation;
use crate::pair::Pair;
use crate::questioner::Questioner;
use crate::state::{ModelKey, ModelState, ProjectState};
use dependency::Dep;
use indexmap::{IndexMap, IndexSet};
use orm_state::{Constraint, Field, Index, Result};
use std::collections::BTreeSet;
use std::rc::Rc;

/// `(app_label, model_name, field_name)`
type FieldKey = (String, String, String);

/// An operation with what must come before it.
#[derive(Clone, Debug)]
struct Generated {
    operation: Operation,
    deps: Vec<Dep>,
}

#[derive(Default)]
struct AlteredIndexes {
    added: Vec<Index>,
    removed: Vec<String>,
    renamed: Vec<(String, String)>,
}

#[derive(Default)]
struct AlteredConstraints {
    added: Vec<Constraint>,
    removed: Vec<String>,
    altered: Vec<Constraint>,
}

struct RenamedField {
    app_label: String,
    model_name: String,
    old_name: String,
    new_name: String,
    old_db_column: Option<String>,
    field: Rc<Field>,
}

/// Compares two states.
pub struct Autodetector<'q> {
    states: Pair<ProjectState>,
    questioner: &'q mut dyn Questioner,
    existing_apps: BTreeSet<String>,
    generated: IndexMap<String, Vec<Generated>>,
    old_models: BTreeSet<ModelKey>,
    old_proxies: BTreeSet<ModelKey>,
    old_unmanaged: BTreeSet<ModelKey>,
    new_models: BTreeSet<ModelKey>,
    new_proxies: BTreeSet<ModelKey>,
    new_unmanaged: BTreeSet<ModelKey>,
    kept_models: BTreeSet<ModelKey>,
    old_fields: BTreeSet<FieldKey>,
    new_fields: BTreeSet<FieldKey>,
    /// New key → old name.
    renamed_models: IndexMap<ModelKey, String>,
    /// Old label → new label.
    renamed_labels: IndexMap<String, String>,
    renamed_fields: IndexMap<FieldKey, String>,
    renamed_operations: Vec<RenamedField>,
    through_users: IndexMap<ModelKey, FieldKey>,
    altered_indexes: IndexMap<ModelKey, AlteredIndexes>,
    altered_constraints: IndexMap<ModelKey, AlteredConstraints>,
    migrations: IndexMap<String, Vec<Migration>>,
}

impl<'q> Autodetector<'q> {
    pub fn new(states: Pair<ProjectState>, questioner: &'q mut dyn Questioner) -> Self {
        let existing_apps = states.previous.models.keys().map(|k| k.0.clone()).collect();
        Autodetector {
            states,
            questioner,
            existing_apps,
            generated: IndexMap::new(),
            old_models: BTreeSet::new(),
            old_proxies: BTreeSet::new(),
            old_unmanaged: BTreeSet::new(),
            new_models: BTreeSet::new(),
            new_proxies: BTreeSet::new(),
            new_unmanaged: BTreeSet::new(),
            kept_models: BTreeSet::new(),
            old_fields: BTreeSet::new(),
            new_fields: BTreeSet::new(),
            renamed_models: IndexMap::new(),
            renamed_labels: IndexMap::new(),
            renamed_fields: IndexMap::new(),
            renamed_operations: vec![],
            through_users: IndexMap::new(),
            altered_indexes: IndexMap::new(),
            altered_constraints: IndexMap::new(),
            migrations: IndexMap::new(),
        }
    }

    /// The migrations that are missing, by app. `timestamp` names what cannot be described.
    ///
    /// # Errors
    /// What the questioner refuses; operations whose order cannot be resolved.
    pub fn changes(
        mut self,
        graph: &Graph,
        trim_to_apps: &[String],
        migration_name: Option<&str>,
        timestamp: &str,
    ) -> Result<IndexMap<String, Vec<Migration>>> {
        self.detect(graph)?;
        self.arrange_for_graph(graph, migration_name, timestamp);
        if !trim_to_apps.is_empty() {
            self.trim_to_apps(trim_to_apps);
        }
        Ok(self.migrations)
    }

    fn detect(&mut self, graph: &Graph) -> Result<()> {
        let sort = |state: &ProjectState,
                    models: &mut BTreeSet<ModelKey>,
                    proxies: &mut BTreeSet<ModelKey>,
                    unmanaged: &mut BTreeSet<ModelKey>,
                    real: &[String]| {
            for (key, model) in &state.models {
                if !model.is_managed() {
                    unmanaged.insert(key.clone());
                } else if !real.contains(&key.0) {
                    let set = if model.option_is_true("proxy") {
                        &mut *proxies
                    } else {
                        &mut *models
                    };
                    set.insert(key.clone());
                }
            }
        };
        let real = self.states.previous.real_apps.clone();
        sort(
            &self.states.previous,
            &mut self.old_models,
            &mut self.old_proxies,
            &mut self.old_unmanaged,
            &real,
        );
        sort(
            &self.states.next,
            &mut self.new_models,
            &mut self.new_proxies,
            &mut self.new_unmanaged,
            &real,
        );

        self.generate_renamed_models()?;
        self.prepare_field_lists();
        self.generate_through_model_map();
        self.generate_deleted_models();
        self.generate_created_models();
        self.generate_deleted_proxies();
        self.generate_created_proxies();
        self.generate_altered_options();
        self.generate_altered_managers();
        self.generate_altered_db_table_comment();
        self.create_renamed_fields()?;
        self.create_altered_indexes();
        self.create_altered_constraints();
        self.generate_removed_constraints();
        self.generate_removed_indexes();
        self.generate_renamed_fields();
        self.generate_renamed_indexes();
        self.generate_altered_unique_together(true)?;
        self.generate_removed_fields();
        self.generate_added_fields()?;
        self.generate_altered_fields()?;
        self.generate_altered_order_with_respect_to();
        self.generate_altered_unique_together(false)?;
        self.generate_added_indexes();
        self.generate_added_constraints();
        self.generate_altered_constraints();
        self.generate_altered_db_table();

        self.sort_operations()?;
        self.build_migration_list(graph)?;
        self.optimize();
        Ok(())
    }

    fn add(&mut self, app_label: &str, operation: Operation, deps: Vec<Dep>) {
        self.generated
            .entry(app_label.to_string())
            .or_default()
            .push(Generated { operation, deps });
    }
    fn add_first(&mut self, app_label: &str, operation: Operation, deps: Vec<Dep>) {
        self.generated
            .entry(app_label.to_string())
            .or_default()
            .insert(0, Generated { operation, deps });
    }
    /// The old state of a model that is in both, renamed or not.
    fn old_state(&self, key: &ModelKey) -> Option<Rc<ModelState>> {
        let name = self.renamed_models.get(key).unwrap_or(&key.1);
        self.states
            .previous
            .models
            .get(&(key.0.clone(), name.clone()))
            .cloned()
    }
    fn new_state(&self, key: &ModelKey) -> Option<Rc<ModelState>> {
        self.states.next.models.get(key).cloned()
    }
    /// Kept models with both their states, in order.
    fn kept_pairs(&self) -> Vec<(ModelKey, Pair<Rc<ModelState>>)> {
        self.pairs_of(&self.kept_models)
    }
    fn pairs_of(&self, keys: &BTreeSet<ModelKey>) -> Vec<(ModelKey, Pair<Rc<ModelState>>)> {
        keys.iter()
            .filter_map(|k| Some((k.clone(), Pair::new(self.old_state(k)?, self.new_state(k)?))))
            .collect()
    }
    fn kept_of_all_kinds(&self) -> BTreeSet<ModelKey> {
        let both = |a: &BTreeSet<ModelKey>, b: &BTreeSet<ModelKey>| -> Vec<ModelKey> {
            a.intersection(b).cloned().collect()
        };
        let mut keys = self.kept_models.clone();
        keys.extend(both(&self.old_proxies, &self.new_proxies));
        keys.extend(both(&self.old_unmanaged, &self.new_unmanaged));
        keys
    }
    fn prepare_field_lists(&mut self) {
        self.kept_models = self
            .old_models
            .intersection(&self.new_models)
            .cloned()
            .collect();
        for (key, pair) in self.kept_pairs() {
            let of = |s: &ModelState| -> Vec<FieldKey> {
                s.fields
                    .keys()
                    .map(|f| (key.0.clone(), key.1.clone(), f.clone()))
                    .collect()
            };
            let (old, new) = (of(&pair.previous), of(&pair.next));
            self.old_fields.extend(old);
            self.new_fields.extend(new);
        }
    }
    fn generate_through_model_map(&mut self) {
        for key in &self.old_models {
            let Some(state) = self.old_state(key) else {
                continue;
            };
            for (name, field) in &state.fields {
                let Some(rel) = &field.remote else { continue };
                if let Some(through) = &*rel.through.borrow() {
                    let through =
                        crate::state::label_key(&crate::state::relation_label(through, key));
                    self.through_users
                        .insert(through, (key.0.clone(), state.name_lower(), name.clone()));
                }
            }
        }
    }
    /// Relations of a state that point to a model: (owner, field name, field).
    fn relations_to(state: &ProjectState, key: &ModelKey) -> Vec<(ModelKey, String, Rc<Field>)> {
        let label = format!("{}.{}", key.0, key.1);
        let mut out = vec![];
        for (owner, model) in &state.models {
            for (name, field) in &model.fields {
                let Some(rel) = &field.remote else { continue };
                let through = rel
                    .through
                    .borrow()
                    .as_ref()
                    .is_some_and(|t| crate::state::relation_label(t, owner) == label);
                if crate::state::relation_label(&rel.target(), owner) == label || through {
                    out.push((owner.clone(), name.clone(), field.clone()));
                }
            }
        }
        out
    }
    fn unique_deps(deps: Vec<Dep>) -> Vec<Dep> {
        let set: IndexSet<Dep> = deps.into_iter().collect();
        set.into_iter().collect()
    }
}
