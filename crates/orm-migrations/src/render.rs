//! From a state to models: an [`Apps`] of its own, without Python classes.
use crate::state::{Base, ModelState, ProjectState, label_key, relation_label, together};
use orm_sql::expressions::fields;
use orm_state::model::ModelOptions;
use orm_state::rel::{RelKind, RelTarget};
use orm_state::{
    Apps, Error, ErrorKind, Field, FieldKind, FieldOptions, ModelRef, OnDelete, Rel, Result, Value,
};
use std::rc::Rc;

impl ProjectState {
    /// Models of this state, relations resolved where their targets are part of it.
    ///
    /// # Errors
    /// `InvalidBasesError` for bases that are in no app of the state.
    pub fn render(&self) -> Result<Rc<Apps>> {
        let apps = Apps::new();
        let mut made: Vec<(Rc<ModelState>, ModelRef)> = vec![];
        for state in self.models.values() {
            let model = Model::make(&apps, state)?;
            apps.register_model(&model);
            made.push((state.clone(), model));
        }
        for (state, model) in &made {
            for base in &state.bases {
                let Base::Model(label) = base else { continue };
                let (app, name) = label_key(label);
                let Some(parent) = apps.find_model(&app, &name) else {
                    return Err(Error::new(
                        ErrorKind::InvalidBasesError,
                        format!(
                            "Cannot resolve bases for [<ModelState: '{}.{}'>]",
                            state.app_label, state.name
                        ),
                    ));
                };
                if state.option_is_true("proxy") {
                    model.set_concrete_model(&parent.concrete_model());
                    model.add_parent(&parent, None);
                    if let Some(pk) = parent.pk() {
                        model.set_pk(&pk);
                    }
                } else {
                    let link = model.local_fields().into_iter().find(|f| {
                        f.kind == FieldKind::OneToOne
                            && f.remote.as_ref().is_some_and(|r| {
                                r.parent_link.get()
                                    && relation_label(&r.target(), &state.key()) == *label
                            })
                    });
                    if let (Some(l), None) = (&link, model.pk()) {
                        l.primary_key.set(true);
                        model.set_pk(l);
                    }
                    model.add_parent(&parent, link);
                }
            }
        }
        for (_, model) in &made {
            if model.pk().is_none() && !model.options.borrow().proxy {
                model.add_field(&automatic_id(), false);
            }
        }
        for (state, model) in &made {
            for field in model
                .local_fields()
                .into_iter()
                .chain(model.local_many_to_many())
            {
                let Some(rel) = &field.remote else { continue };
                let resolve = |target: &RelTarget| -> Option<ModelRef> {
                    let (app, name) = label_key(&relation_label(target, &state.key()));
                    apps.find_model(&app, &name)
                };
                if let Some(to) = resolve(&rel.target()) {
                    rel.set_model(&to);
                }
                if field.kind == FieldKind::ManyToMany {
                    let given = rel.through.borrow().clone();
                    match given {
                        Some(t) => {
                            if let Some(m) = resolve(&t) {
                                *rel.through.borrow_mut() =
                                    Some(RelTarget::Model(Rc::downgrade(&m)));
                            }
                        }
                        None => {
                            if let Some(to) = rel.model() {
                                let through = auto_through(&apps, model, &field, &to)?;
                                apps.register_model(&through);
                                *rel.through.borrow_mut() =
                                    Some(RelTarget::Model(Rc::downgrade(&through)));
                            }
                        }
                    }
                }
            }
        }
        Ok(apps)
    }
}

struct Model;

impl Model {
    fn make(apps: &Rc<Apps>, state: &ModelState) -> Result<ModelRef> {
        let text = |name: &str| {
            state
                .options
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_string)
        };
        let options = ModelOptions {
            db_table: text("db_table").unwrap_or_default(),
            db_table_comment: text("db_table_comment").unwrap_or_default(),
            db_tablespace: text("db_tablespace"),
            unique_together: state
                .options
                .get("unique_together")
                .map(together)
                .unwrap_or_default(),
            order_with_respect_to: text("order_with_respect_to"),
            proxy: state.option_is_true("proxy"),
            managed: state.is_managed(),
            swappable: text("swappable"),
            indexes: state.indexes.clone(),
            constraints: state.constraints.clone(),
            original: state
                .options
                .iter()
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
            ..ModelOptions::default()
        };
        let model = orm_state::Model::new(apps, &state.app_label, &state.name, "__fake__", options);
        for (i, (name, field)) in state.fields.iter().enumerate() {
            let copy = field.duplicate();
            copy.set_name(name);
            copy.creation_counter.set(i as i64);
            model.add_field(&copy, false);
        }
        if let Some(wrt) = text("order_with_respect_to")
            && !state.fields.contains_key("_order")
        {
            let _ = wrt;
            let order = Field::new(
                fields::class(FieldKind::Integer),
                FieldOptions::default(),
                None,
            );
            order.set_name("_order");
            order.creation_counter.set(state.fields.len() as i64);
            model.add_field(&order, false);
        }
        Ok(model)
    }
}

/// The key of a model that names none.
fn automatic_id() -> Rc<Field> {
    let id = Field::new(
        fields::class(FieldKind::BigAuto),
        FieldOptions {
            verbose_name: Some("ID".into()),
            auto_created: true,
            serialize: false,
            ..Default::default()
        },
        None,
    );
    id.primary_key.set(true);
    id.set_name("id");
    id.creation_counter.set(-1);
    id
}

/// The table a many-to-many field keeps its pairs in, when it has no `through` of its own.
pub fn auto_through(
    apps: &Rc<Apps>,
    model: &ModelRef,
    field: &Rc<Field>,
    to: &ModelRef,
) -> Result<ModelRef> {
    let own = model.model_name().to_string();
    let other = to.model_name().to_string();
    // Models of two apps may have the same name.
    let (from_name, to_name) = if own == other {
        (format!("from_{own}"), format!("to_{own}"))
    } else {
        (own, other)
    };
    let table = match &field.options.borrow().db_table {
        Some(t) => t.clone(),
        None => format!("{}_{}", model.db_table(), field.name()),
    };
    let options = ModelOptions {
        db_table: table,
        auto_created: true,
        managed: model.options.borrow().managed || to.options.borrow().managed,
        unique_together: vec![vec![from_name.clone(), to_name.clone()]],
        ..ModelOptions::default()
    };
    let name = format!("{}_{}", model.object_name(), field.name());
    let through = orm_state::Model::new(apps, model.app_label(), &name, "__fake__", options);
    through.add_field(&automatic_id(), false);
    let db_constraint = field.remote.as_ref().is_none_or(|r| r.db_constraint.get());
    for (i, (name, target)) in [(&from_name, model), (&to_name, to)]
        .into_iter()
        .enumerate()
    {
        let rel = Rel::new(RelKind::ManyToOne, RelTarget::Model(Rc::downgrade(target)));
        *rel.related_name.borrow_mut() = Some(format!("{}+", through.object_name()));
        *rel.on_delete.borrow_mut() = OnDelete::Cascade;
        rel.db_constraint.set(db_constraint);
        let key = Field::new(
            fields::class(FieldKind::ForeignKey),
            FieldOptions::default(),
            Some(rel),
        );
        key.db_index.set(true);
        key.set_name(name);
        key.creation_counter.set(i as i64 + 1);
        through.add_field(&key, false);
    }
    Ok(through)
}
