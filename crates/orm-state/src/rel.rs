//! Relations between models, seen from both sides, and the paths joins follow.
//!
//! ```text
//! class Book:  author = ForeignKey(Author, related_name="books")
//!   forward:   Field "author"  path_infos      Book → Author   (direct, to-one)
//!   reverse:   Rel   "books"   path_infos      Author → Book   (to-many)
//! ```
use crate::error::{Error, ErrorKind, Result};
use crate::face::{Clause, Face};
use crate::field::{Field, FieldKind};
use crate::model::{AnyField, Model, ModelRef};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// `on_delete` of a relation. Source: "ForeignKey.on_delete" in Django's model field reference.
#[derive(Clone, Debug)]
pub enum OnDelete {
    Cascade,
    Protect,
    Restrict,
    SetNull,
    SetDefault,
    DoNothing,
    DbCascade,
    DbSetNull,
    DbSetDefault,
    /// `SET(value)` or a user's own callable.
    Set(Clause),
    Custom(Clause),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelKind {
    /// `ForeignObjectRel`
    ForeignObject,
    ManyToOne,
    OneToOne,
    ManyToMany,
    Generic,
}

impl RelKind {
    /// Its class in Python.
    pub fn class_name(self) -> &'static str {
        match self {
            RelKind::ForeignObject => "ForeignObjectRel",
            RelKind::ManyToOne => "ManyToOneRel",
            RelKind::OneToOne => "OneToOneRel",
            RelKind::ManyToMany => "ManyToManyRel",
            RelKind::Generic => "GenericRel",
        }
    }
}

/// The model a relation points to: named until that model exists.
#[derive(Clone, Debug)]
pub enum RelTarget {
    /// `"app.Model"`, `"Model"` or `"self"`, not resolved yet.
    Name(String),
    Model(Weak<Model>),
}

/// The relation of a field; on the target's side it acts as a field itself.
pub struct Rel {
    pub kind: RelKind,
    field: RefCell<Weak<Field>>,
    to: RefCell<RelTarget>,
    pub related_name: RefCell<Option<String>>,
    /// `related_name` as it was written: before classes were filled in, and hidden names made up.
    pub given_related_name: RefCell<Option<String>>,
    pub related_query_name: RefCell<Option<String>>,
    pub limit_choices_to: RefCell<Option<Clause>>,
    pub parent_link: Cell<bool>,
    pub on_delete: RefCell<OnDelete>,
    /// `to_field`
    pub field_name: RefCell<Option<String>>,
    pub db_constraint: Cell<bool>,
    /// ManyToMany
    pub through: RefCell<Option<RelTarget>>,
    pub through_fields: RefCell<Option<(String, String)>>,
    pub symmetrical: Cell<bool>,
    /// The setting a named target came from, in migration states.
    pub swappable: RefCell<Option<String>>,
    pub face: Face,
}

impl std::fmt::Debug for Rel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.field_opt() {
            Some(field) => write!(f, "<{:?}Rel of {field:?}>", self.kind),
            None => write!(f, "<{:?}Rel>", self.kind),
        }
    }
}

/// Fields of two models, paired.
pub type FieldPairs = Vec<(Rc<Field>, Rc<Field>)>;

/// One step of a relation path. Source: names of Django's `PathInfo`.
#[derive(Clone, Debug)]
pub struct PathInfo {
    pub from_opts: ModelRef,
    pub to_opts: ModelRef,
    pub target_fields: Vec<Rc<Field>>,
    pub join_field: AnyField,
    pub m2m: bool,
    pub direct: bool,
}

impl Rel {
    pub fn new(kind: RelKind, to: RelTarget) -> Rc<Rel> {
        Rc::new(Rel {
            kind,
            field: RefCell::new(Weak::new()),
            to: RefCell::new(to),
            related_name: RefCell::default(),
            given_related_name: RefCell::default(),
            related_query_name: RefCell::default(),
            limit_choices_to: RefCell::default(),
            parent_link: Cell::new(false),
            on_delete: RefCell::new(OnDelete::DoNothing),
            field_name: RefCell::default(),
            db_constraint: Cell::new(true),
            through: RefCell::default(),
            through_fields: RefCell::default(),
            symmetrical: Cell::new(false),
            swappable: RefCell::default(),
            face: Face::default(),
        })
    }
    pub(crate) fn set_field(&self, field: &Rc<Field>) {
        *self.field.borrow_mut() = Rc::downgrade(field);
    }
    pub fn field_opt(&self) -> Option<Rc<Field>> {
        self.field.borrow().upgrade()
    }
    /// The field that declares the relation.
    pub fn field(&self) -> Result<Rc<Field>> {
        self.field_opt().ok_or_else(|| {
            Error::new(
                ErrorKind::RuntimeError,
                "The relation's field no longer exists.",
            )
        })
    }
    /// Points the relation elsewhere.
    pub fn retarget(&self, target: RelTarget) {
        *self.to.borrow_mut() = target;
    }
    pub fn set_model(&self, model: &ModelRef) {
        *self.to.borrow_mut() = RelTarget::Model(Rc::downgrade(model));
    }
    pub fn target(&self) -> RelTarget {
        self.to.borrow().clone()
    }
    /// The model pointed to, once resolved.
    pub fn model(&self) -> Option<ModelRef> {
        match &*self.to.borrow() {
            RelTarget::Model(m) => m.upgrade(),
            RelTarget::Name(_) => None,
        }
    }
    /// The model that declares the relation: what the reverse side leads to.
    pub fn related_model(&self) -> Option<ModelRef> {
        self.field_opt().and_then(|f| f.model())
    }
    pub fn through_model(&self) -> Option<ModelRef> {
        match &*self.through.borrow() {
            Some(RelTarget::Model(m)) => m.upgrade(),
            _ => None,
        }
    }
    /// True when the reverse side has no name (`related_name` ends with `+`).
    pub fn hidden(&self) -> bool {
        self.related_name
            .borrow()
            .as_deref()
            .is_some_and(|n| n.ends_with('+'))
    }
    /// May the reverse side hold several rows?
    pub fn multiple(&self) -> bool {
        self.kind != RelKind::OneToOne
    }
    pub fn many_to_many(&self) -> bool {
        self.kind == RelKind::ManyToMany
    }
    pub fn one_to_many(&self) -> bool {
        matches!(
            self.kind,
            RelKind::ManyToOne | RelKind::ForeignObject | RelKind::Generic
        )
    }
    pub fn one_to_one(&self) -> bool {
        self.kind == RelKind::OneToOne
    }
    /// The setting that decides the target (`AUTH_USER_MODEL`), if one does.
    pub fn swappable_setting(&self) -> Option<String> {
        let own = self.swappable.borrow().clone();
        own.or_else(|| {
            self.model()
                .and_then(|m| m.options.borrow().swappable.clone())
        })
    }
    /// The name queries use for the reverse side: `related_query_name`, `related_name` or the model's.
    pub fn name(&self) -> Rc<str> {
        self.query_name().into()
    }
    pub fn query_name(&self) -> String {
        if let Some(n) = &*self.related_query_name.borrow() {
            return n.clone();
        }
        if let Some(n) = &*self.related_name.borrow() {
            return n.clone();
        }
        self.related_model()
            .map(|m| m.model_name().to_string())
            .unwrap_or_default()
    }
    /// The attribute on the target's instances, if there is one.
    /// Symmetrical many-to-many relations to self have none.
    pub fn accessor_name(&self) -> Option<String> {
        let model = self.related_model()?;
        if self.symmetrical.get() && self.model().is_some_and(|m| Rc::ptr_eq(&m, &model)) {
            return None;
        }
        if let Some(n) = &*self.related_name.borrow() {
            return Some(n.clone());
        }
        Some(if self.multiple() {
            format!("{}_set", model.model_name())
        } else {
            model.model_name().to_string()
        })
    }
    /// The field of the target that the relation points to (`to_field` or the primary key).
    pub fn target_field(&self) -> Result<Rc<Field>> {
        let model = self.model().ok_or_else(|| unresolved(self))?;
        match self.field_name.borrow().as_deref() {
            Some(name) => match model.get_field(name)? {
                AnyField::Field(f) => Ok(f),
                AnyField::Rel(_) => Err(Error::new(
                    ErrorKind::FieldDoesNotExist,
                    format!("No related field named '{name}'"),
                )),
            },
            None => model.pk_field(),
        }
    }
}

/// A key refers to a column of its target's own table, not to one of the target's parents.
fn local_target(field: &Rc<Field>, rel: &Rel, target: &Field) -> Result<()> {
    let (Some(to), Some(found), Some(from)) = (rel.model(), target.model(), field.model()) else {
        return Ok(());
    };
    let concrete = to.concrete_model();
    if Rc::ptr_eq(&found, &concrete) {
        return Ok(());
    }
    Err(Error::field_error(format!(
        "'{}.{}' refers to field '{}' which is not local to model '{}'.",
        from.label(),
        field.name(),
        target.name(),
        concrete.label()
    )))
}

fn unresolved(rel: &Rel) -> Error {
    let name = match rel.target() {
        RelTarget::Name(n) => n,
        RelTarget::Model(_) => "?".into(),
    };
    Error::value_error(format!("Related model '{name}' cannot be resolved"))
}

impl Field {
    fn rel(&self) -> Result<&Rc<Rel>> {
        self.remote
            .as_ref()
            .ok_or_else(|| Error::field_error(format!("Field {} is not a relation.", self.name())))
    }
    fn bound_model(&self) -> Result<ModelRef> {
        self.model().ok_or_else(|| {
            Error::new(
                ErrorKind::RuntimeError,
                "The field is not bound to a model.",
            )
        })
    }
    /// Pairs of local and remote fields that the relation joins.
    pub fn related_fields(self: &Rc<Self>) -> Result<Vec<(Rc<Field>, Rc<Field>)>> {
        if let Some(cached) = self.related.get() {
            return Ok(cached.clone());
        }
        let rel = self.rel()?;
        let pairs = match self.kind {
            FieldKind::ForeignKey | FieldKind::OneToOne => {
                let target = rel.target_field()?;
                local_target(self, rel, &target)?;
                vec![(self.clone(), target)]
            }
            FieldKind::ForeignObject => {
                let to = rel.model().ok_or_else(|| unresolved(rel))?;
                let from = self.bound_model()?;
                let options = self.options.borrow();
                let mut pairs = vec![];
                for (f, t) in options.from_fields.iter().zip(&options.to_fields) {
                    let local = match f {
                        None => self.clone(),
                        Some(name) => concrete(&from, name)?,
                    };
                    let remote = match t {
                        None => to.pk_field()?,
                        Some(name) => concrete(&to, name)?,
                    };
                    pairs.push((local, remote));
                }
                pairs
            }
            FieldKind::GenericRelation => {
                let to = rel.model().ok_or_else(|| unresolved(rel))?;
                let object_id = self
                    .options
                    .borrow()
                    .fk_field
                    .clone()
                    .unwrap_or_else(|| "object_id".into());
                vec![(concrete(&to, &object_id)?, self.bound_model()?.pk_field()?)]
            }
            _ => {
                return Err(Error::field_error(format!(
                    "{} has no related fields.",
                    self.name()
                )));
            }
        };
        let _ = self.related.set(pairs.clone());
        Ok(pairs)
    }
    /// The remote field a foreign key points to, followed once.
    pub fn target_field(self: &Rc<Self>) -> Result<Rc<Field>> {
        Ok(self.related_fields()?[0].1.clone())
    }
    /// The pairs of fields that a join over the relation compares, this side's first; `reverse`
    /// sees it from the other side. A user's class may say otherwise.
    pub fn joining_fields(self: &Rc<Self>, reverse: bool) -> Result<FieldPairs> {
        if let Some(hooks) = &self.class.hooks
            && hooks.overrides().get_joining_fields
        {
            return hooks.joining_fields(self, reverse);
        }
        let pairs = self.related_fields()?;
        Ok(match reverse {
            true => pairs.into_iter().map(|(l, r)| (r, l)).collect(),
            false => pairs,
        })
    }
    /// The steps from this field's model to the related one.
    pub fn path_infos(self: &Rc<Self>) -> Result<Rc<[PathInfo]>> {
        if let Some(p) = self.paths.get() {
            return Ok(p.clone());
        }
        let path = match &self.class.hooks {
            Some(hooks) if hooks.overrides().get_path_info => hooks.path_infos(self, false)?.into(),
            _ => self.own_path_infos()?,
        };
        let _ = self.paths.set(path.clone());
        Ok(path)
    }
    /// The steps as the field's kind has them, whatever a user's class says.
    pub fn own_path_infos(self: &Rc<Self>) -> Result<Rc<[PathInfo]>> {
        let rel = self.rel()?;
        let to = rel.model().ok_or_else(|| unresolved(rel))?;
        let from = self.bound_model()?;
        let path: Rc<[PathInfo]> = match self.kind {
            FieldKind::ManyToMany => {
                let (source, target) = self.m2m_fields()?;
                let mut path = source.reverse_path_infos()?.to_vec();
                let inner = target.path_infos()?;
                bridge(&mut path, &inner)?;
                path.extend(inner.iter().cloned());
                path.into()
            }
            FieldKind::GenericRelation => self.generic_path(from, to)?.into(),
            _ => [PathInfo {
                from_opts: from,
                to_opts: to,
                target_fields: self.related_fields()?.into_iter().map(|(_, r)| r).collect(),
                join_field: AnyField::Field(self.clone()),
                m2m: false,
                direct: true,
            }]
            .into(),
        };
        Ok(path)
    }
    /// To the model that holds the object id, then down to the child that is related.
    fn generic_path(self: &Rc<Self>, from: ModelRef, to: ModelRef) -> Result<Vec<PathInfo>> {
        let (object_id, _) = self.related_fields()?.swap_remove(0);
        let owner = object_id.model().unwrap_or_else(|| to.clone());
        let inherited = !owner.same_concrete(&to);
        let first = if inherited { owner.clone() } else { to.clone() };
        let mut path = vec![PathInfo {
            from_opts: from,
            to_opts: first.clone(),
            target_fields: vec![first.pk_field()?],
            join_field: AnyField::Rel(self.rel()?.clone()),
            m2m: true,
            direct: false,
        }];
        if inherited {
            path.extend(to.path_from_parent(&owner)?);
        }
        Ok(path)
    }
    /// The steps from the related model back to this field's model.
    pub fn reverse_path_infos(self: &Rc<Self>) -> Result<Rc<[PathInfo]>> {
        if let Some(p) = self.reverse_paths.get() {
            return Ok(p.clone());
        }
        let path = match &self.class.hooks {
            Some(hooks) if hooks.overrides().get_reverse_path_info => {
                hooks.path_infos(self, true)?.into()
            }
            _ => self.own_reverse_path_infos()?,
        };
        let _ = self.reverse_paths.set(path.clone());
        Ok(path)
    }
    /// The steps back as the field's kind has them.
    pub fn own_reverse_path_infos(self: &Rc<Self>) -> Result<Rc<[PathInfo]>> {
        let rel = self.rel()?;
        let to = rel.model().ok_or_else(|| unresolved(rel))?;
        let from = self.bound_model()?;
        let path: Rc<[PathInfo]> = match self.kind {
            FieldKind::ManyToMany => {
                let (source, target) = self.m2m_fields()?;
                let mut path = target.reverse_path_infos()?.to_vec();
                let inner = source.path_infos()?;
                bridge(&mut path, &inner)?;
                path.extend(inner.iter().cloned());
                path.into()
            }
            FieldKind::GenericRelation => [PathInfo {
                from_opts: to,
                to_opts: from.clone(),
                target_fields: vec![from.pk_field()?],
                join_field: AnyField::Field(self.clone()),
                m2m: false,
                direct: false,
            }]
            .into(),
            _ => [PathInfo {
                from_opts: to,
                to_opts: from.clone(),
                target_fields: vec![from.pk_field()?],
                join_field: AnyField::Rel(rel.clone()),
                m2m: !self.is_unique(),
                direct: false,
            }]
            .into(),
        };
        Ok(path)
    }
    /// The two foreign keys of a many-to-many relation's through model: to this field's model, and
    /// to the related one.
    pub fn m2m_fields(self: &Rc<Self>) -> Result<(Rc<Field>, Rc<Field>)> {
        let rel = self.rel()?;
        let through = rel.through_model().ok_or_else(|| {
            Error::value_error(format!(
                "The through model of {} is not resolved",
                self.name()
            ))
        })?;
        let from = self.bound_model()?;
        let to = rel.model().ok_or_else(|| unresolved(rel))?;
        if let Some((source, target)) = &*rel.through_fields.borrow() {
            return Ok((concrete(&through, source)?, concrete(&through, target)?));
        }
        let points_to = |f: &Rc<Field>, m: &ModelRef| {
            matches!(
                f.kind,
                FieldKind::ForeignKey | FieldKind::OneToOne | FieldKind::ForeignObject
            ) && f.related_model().is_some_and(|r| Rc::ptr_eq(&r, m))
        };
        let fields = through.fields();
        let self_relation = Rc::ptr_eq(&from, &to);
        let source = fields.iter().find(|f| points_to(f, &from));
        let target = if self_relation {
            fields
                .iter()
                .filter(|f| points_to(f, &to))
                .nth(1)
                .or(source)
        } else {
            fields.iter().find(|f| points_to(f, &to))
        };
        match (source, target) {
            (Some(s), Some(t)) => Ok((s.clone(), t.clone())),
            _ => Err(Error::value_error(format!(
                "The through model {} has no foreign keys to both sides of {}",
                through.label(),
                self.name()
            ))),
        }
    }
}

/// Where the two halves of a many-to-many path meet at different models of one inheritance chain,
/// the steps between them.
fn bridge(path: &mut Vec<PathInfo>, inner: &[PathInfo]) -> Result<()> {
    if let (Some(last), Some(next)) = (path.last().cloned(), inner.first())
        && !Rc::ptr_eq(&last.to_opts, &next.from_opts)
    {
        let up = last.to_opts.path_to_parent(&next.from_opts)?;
        path.extend(match up.is_empty() {
            true => next.from_opts.path_from_parent(&last.to_opts)?,
            false => up,
        });
    }
    Ok(())
}

fn concrete(model: &ModelRef, name: &str) -> Result<Rc<Field>> {
    match model.get_field(name)? {
        AnyField::Field(f) => Ok(f),
        AnyField::Rel(_) => Err(Error::new(
            ErrorKind::FieldDoesNotExist,
            format!("{} has no field named '{name}'", model.object_name()),
        )),
    }
}
