//! The registry of models: `django.apps.apps`, or one project state of migrations.
use crate::error::{Error, ErrorKind, Result};
use crate::maps::HashMap;
use crate::maps::IndexMap;
use crate::model::{Model, ModelRef};
use crate::rel::Rel;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

type RelationGraph = HashMap<*const Model, Vec<Rc<Rel>>>;

/// All models of one moment. It owns them; links between models are weak.
#[derive(Default)]
pub struct Apps {
    /// app label → model name → model, in registration order.
    models: RefCell<IndexMap<String, IndexMap<String, ModelRef>>>,
    /// Abstract models are in no registry; kept so that their weak links live.
    kept: RefCell<Vec<ModelRef>>,
    generation: Cell<u64>,
    graph: RefCell<Option<(u64, Rc<RelationGraph>)>>,
}

impl std::fmt::Debug for Apps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.models()).finish()
    }
}

impl Apps {
    pub fn new() -> Rc<Apps> {
        Rc::new(Apps::default())
    }
    /// Names an app, so that its models come in the order of `INSTALLED_APPS`.
    pub fn add_app(&self, label: &str) {
        self.models.borrow_mut().entry(label.into()).or_default();
    }
    pub fn register_model(&self, model: &ModelRef) {
        self.models
            .borrow_mut()
            .entry(model.app_label().to_string())
            .or_default()
            .insert(model.model_name().to_string(), model.clone());
        self.expire();
    }
    pub fn unregister_model(&self, app_label: &str, model_name: &str) -> Option<ModelRef> {
        let removed = self
            .models
            .borrow_mut()
            .get_mut(app_label)
            .and_then(|m| m.shift_remove(&model_name.to_lowercase()));
        self.expire();
        removed
    }
    /// Forgets an app and its models.
    pub fn remove_app(&self, label: &str) {
        self.models.borrow_mut().shift_remove(label);
        self.expire();
    }
    /// Gives an app these models and no others.
    pub fn set_app_models(&self, label: &str, models: Vec<ModelRef>) {
        let models = models
            .into_iter()
            .map(|m| (m.model_name().to_string(), m))
            .collect();
        self.models.borrow_mut().insert(label.into(), models);
        self.expire();
    }
    /// Keeps a model alive that is not registered (abstract ones).
    pub fn keep(&self, model: &ModelRef) {
        self.kept.borrow_mut().push(model.clone());
    }
    /// Grows whenever models or fields change; caches compare it.
    pub fn generation(&self) -> u64 {
        self.generation.get()
    }
    pub fn expire(&self) {
        self.generation.set(self.generation.get() + 1);
    }
    /// Every registered model, automatic through models and swapped ones included.
    pub fn models(&self) -> Vec<ModelRef> {
        self.models
            .borrow()
            .values()
            .flat_map(|m| m.values().cloned())
            .collect()
    }
    pub fn app_labels(&self) -> Vec<String> {
        self.models.borrow().keys().cloned().collect()
    }
    pub fn app_models(&self, app_label: &str) -> Vec<ModelRef> {
        self.models
            .borrow()
            .get(app_label)
            .map(|m| m.values().cloned().collect())
            .unwrap_or_default()
    }
    pub fn find_model(&self, app_label: &str, model_name: &str) -> Option<ModelRef> {
        self.models
            .borrow()
            .get(app_label)
            .and_then(|m| m.get(&model_name.to_lowercase()))
            .cloned()
    }
    /// `apps.get_model(app_label, model_name)`.
    pub fn get_model(&self, app_label: &str, model_name: &str) -> Result<ModelRef> {
        if !self.models.borrow().contains_key(app_label) {
            return Err(Error::new(
                ErrorKind::LookupError,
                format!("No installed app with label '{app_label}'."),
            ));
        }
        self.find_model(app_label, model_name).ok_or_else(|| {
            Error::new(
                ErrorKind::LookupError,
                format!("App '{app_label}' doesn't have a '{model_name}' model."),
            )
        })
    }
    /// Relations declared by any model that lead to `model` (by its concrete model).
    pub fn reverse_relations(&self, model: &ModelRef) -> Vec<Rc<Rel>> {
        let graph = self.relation_graph();
        graph
            .get(&Rc::as_ptr(&model.concrete_model()))
            .cloned()
            .unwrap_or_default()
    }
    fn relation_graph(&self) -> Rc<RelationGraph> {
        if let Some((generation, graph)) = &*self.graph.borrow()
            && *generation == self.generation()
        {
            return graph.clone();
        }
        let mut graph = RelationGraph::default();
        for model in self.models() {
            if model.is_abstract() {
                continue;
            }
            let own = model
                .local_fields()
                .into_iter()
                .chain(model.local_many_to_many())
                .chain(model.private_fields());
            for field in own {
                if let Some(rel) = &field.remote
                    && let Some(to) = rel.model()
                {
                    graph
                        .entry(Rc::as_ptr(&to.concrete_model()))
                        .or_default()
                        .push(rel.clone());
                }
            }
        }
        let graph = Rc::new(graph);
        *self.graph.borrow_mut() = Some((self.generation(), graph.clone()));
        graph
    }
    /// Forgets every model and breaks the cycles they are part of.
    pub fn clear(&self) {
        let models = std::mem::take(&mut *self.models.borrow_mut());
        let kept = std::mem::take(&mut *self.kept.borrow_mut());
        for model in models.values().flat_map(|m| m.values()).chain(&kept) {
            model.clear();
        }
        self.graph.borrow_mut().take();
        self.expire();
    }
}
