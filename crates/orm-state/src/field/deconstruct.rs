//! What it takes to make a field again: its class's path and keyword arguments, defaults left out.
//! Source: `Field.deconstruct()` in Django's model field reference.
use super::{Field, FieldDefault, FieldKind};
use crate::face::{Clause, Object};
use crate::rel::{OnDelete, RelTarget};
use crate::value::Value;
use std::any::Any;
use std::rc::Rc;

/// `(path, args, kwargs)`
#[derive(Clone, Debug, PartialEq)]
pub struct Deconstructed {
    /// `django.db.models.CharField`
    pub path: String,
    pub args: Vec<Value>,
    pub kwargs: Vec<(String, Value)>,
}

impl Deconstructed {
    pub fn kwarg(&self, name: &str) -> Option<&Value> {
        self.kwargs.iter().find(|(k, _)| k == name).map(|(_, v)| v)
    }
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.kwargs.iter().position(|(k, _)| k == name)?;
        Some(self.kwargs.remove(at).1)
    }
}

/// Something importable, known by its path: `django.db.models.CASCADE`, a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub module: String,
    pub name: String,
}

impl Reference {
    pub fn value(module: &str, name: &str) -> Value {
        Value::Object(Rc::new(Reference {
            module: module.into(),
            name: name.into(),
        }))
    }
}

impl Object for Reference {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn repr(&self) -> String {
        format!("{}.{}", self.module, self.name)
    }
    fn type_name(&self) -> String {
        "function".into()
    }
    fn import_path(&self) -> Option<(String, String)> {
        Some((self.module.clone(), self.name.clone()))
    }
    fn equals(&self, other: &dyn Object) -> bool {
        other.import_path() == self.import_path()
    }
}

/// `settings.AUTH_USER_MODEL` with what it holds now.
#[derive(Clone, Debug)]
pub struct SettingsReference {
    pub value: String,
    pub setting: String,
}

impl Object for SettingsReference {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn repr(&self) -> String {
        format!("'{}'", self.value)
    }
    fn to_str(&self) -> String {
        self.value.clone()
    }
    fn type_name(&self) -> String {
        "SettingsReference".into()
    }
    fn source(&self) -> crate::Result<crate::Source> {
        Ok(crate::Source::Text {
            code: format!("settings.{}", self.setting),
            imports: vec!["from django.conf import settings".into()],
        })
    }
    fn equals(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<SettingsReference>()
            .is_some_and(|o| o.setting == self.setting)
    }
}

/// The value `on_delete=` takes.
pub fn on_delete_value(on_delete: &OnDelete) -> Value {
    let name = match on_delete {
        OnDelete::Cascade => "CASCADE",
        OnDelete::Protect => "PROTECT",
        OnDelete::Restrict => "RESTRICT",
        OnDelete::SetNull => "SET_NULL",
        OnDelete::SetDefault => "SET_DEFAULT",
        OnDelete::DoNothing => "DO_NOTHING",
        OnDelete::DbCascade => "DB_CASCADE",
        OnDelete::DbSetNull => "DB_SET_NULL",
        OnDelete::DbSetDefault => "DB_SET_DEFAULT",
        OnDelete::Set(c) | OnDelete::Custom(c) => return Value::Object(c.clone()),
    };
    Reference::value("django.db.models", name)
}

/// `app.model` of a relation's target.
pub fn target_label(target: &RelTarget) -> String {
    match target {
        RelTarget::Model(m) => m.upgrade().map(|m| m.label_lower()).unwrap_or_default(),
        RelTarget::Name(n) => match n.split_once('.') {
            Some((app, model)) => format!("{app}.{}", model.to_lowercase()),
            None => n.to_lowercase(),
        },
    }
}

/// A through model is called as it was written, or as its class is.
pub fn through_label(through: &RelTarget) -> String {
    match through {
        RelTarget::Model(m) => m.upgrade().map(|m| m.label()).unwrap_or_default(),
        RelTarget::Name(n) => n.clone(),
    }
}

struct Kwargs(Vec<(String, Value)>);

impl Kwargs {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.push((name.into(), value.into()));
    }
    fn put_if(&mut self, when: bool, name: &str, value: impl Into<Value>) {
        if when {
            self.put(name, value);
        }
    }
    fn some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(v) = value {
            self.put(name, v);
        }
    }
    fn clause(&mut self, name: &str, value: &Option<Clause>) {
        if let Some(c) = value {
            self.put(name, Value::Object(c.clone()));
        }
    }
    fn remove(&mut self, name: &str) {
        self.0.retain(|(k, _)| k != name);
    }
}

impl Field {
    /// The import path of its class, shortened as Django does (`django.db.models.CharField`).
    pub fn class_path(&self) -> String {
        let module = &self.class.module;
        let short = if module == "django.db.models.fields"
            || module.starts_with("django.db.models.fields.")
        {
            "django.db.models"
        } else {
            module
        };
        format!("{short}.{}", self.class.name)
    }
    /// Its path and arguments. A class that overrides `deconstruct` is asked.
    pub fn deconstruct(&self) -> crate::Result<Deconstructed> {
        if let Some(hooks) = &self.class.hooks
            && let Some(own) = hooks.deconstruct(self)?
        {
            return Ok(own);
        }
        Ok(self.builtin_deconstruct())
    }
    /// `deconstruct` without asking a user's override.
    pub fn builtin_deconstruct(&self) -> Deconstructed {
        use FieldKind::*;
        let o = self.options.borrow();
        let mut k = Kwargs(vec![]);
        k.some("verbose_name", o.verbose_name.as_deref());
        k.put_if(self.primary_key.get(), "primary_key", true);
        k.some("max_length", o.max_length);
        k.put_if(self.unique.get(), "unique", true);
        k.put_if(self.blank.get(), "blank", true);
        k.put_if(self.null.get(), "null", true);
        k.put_if(self.db_index.get(), "db_index", true);
        match &o.default {
            FieldDefault::NotProvided => {}
            FieldDefault::Value(v) => k.put("default", v.clone()),
            FieldDefault::Callable(c) => k.put("default", Value::Object(c.clone())),
        }
        k.clause("db_default", &o.db_default);
        k.put_if(!o.editable, "editable", false);
        k.put_if(!o.serialize, "serialize", false);
        k.some("unique_for_date", o.unique_for_date.as_deref());
        k.some("unique_for_month", o.unique_for_month.as_deref());
        k.some("unique_for_year", o.unique_for_year.as_deref());
        if let Some(c) = &o.choices {
            k.put("choices", c.clone());
        }
        k.put_if(!o.help_text.is_empty(), "help_text", o.help_text.as_str());
        k.some("db_column", o.db_column.as_deref());
        k.some("db_comment", o.db_comment.as_deref());
        k.some("db_tablespace", o.db_tablespace.as_deref());
        k.put_if(o.auto_created, "auto_created", true);
        k.0.extend(o.extra.iter().cloned());
        let length_is = |n: i64| o.max_length == Some(n);
        let mut args = vec![];
        match self.kind {
            Auto | BigAuto | SmallAuto => {
                k.remove("blank");
                if !self.primary_key.get() {
                    k.put("primary_key", true);
                }
            }
            Char | Text => k.some("db_collation", o.db_collation.as_deref()),
            Decimal => {
                k.some("max_digits", o.max_digits);
                k.some("decimal_places", o.decimal_places);
            }
            Slug => {
                if length_is(50) {
                    k.remove("max_length");
                }
                if self.db_index.get() {
                    k.remove("db_index");
                } else {
                    k.put("db_index", false);
                }
                k.put_if(o.allow_unicode, "allow_unicode", true);
            }
            Url if length_is(200) => k.remove("max_length"),
            File | Image | FilePath if length_is(100) => k.remove("max_length"),
            Date | DateTime | Time => {
                k.put_if(o.auto_now, "auto_now", true);
                k.put_if(o.auto_now_add, "auto_now_add", true);
                if o.auto_now || o.auto_now_add {
                    k.remove("blank");
                    k.remove("editable");
                }
            }
            Uuid => k.remove("max_length"),
            Binary => {
                k.remove("editable");
                k.put_if(o.editable, "editable", true);
            }
            GenericIpAddress => {
                k.put_if(o.unpack_ipv4, "unpack_ipv4", true);
                if let Some(p) = o.protocol.as_deref().filter(|p| *p != "both") {
                    k.put("protocol", p);
                }
                k.remove("max_length");
            }
            Json => {
                k.clause("encoder", &o.encoder);
                k.clause("decoder", &o.decoder);
            }
            Generated => {
                k.remove("blank");
                k.remove("editable");
                k.some("db_persist", o.db_persist);
                k.clause("expression", &o.generated_expression);
                if let Some(f) = &o.generated_output_field {
                    k.put(
                        "output_field",
                        Value::Object(Rc::new(FieldObject(f.clone()))),
                    );
                }
            }
            CompositePrimaryKey => {
                args = o
                    .composite_fields
                    .iter()
                    .map(|n| Value::from(n.as_str()))
                    .collect();
            }
            ForeignObject | ForeignKey | OneToOne | ManyToMany => self.relation_kwargs(&mut k),
            _ => {}
        }
        Deconstructed {
            path: self.class_path(),
            args,
            kwargs: k.0,
        }
    }

    fn relation_kwargs(&self, k: &mut Kwargs) {
        let Some(rel) = &self.remote else { return };
        k.clause("limit_choices_to", &rel.limit_choices_to.borrow());
        k.some("related_name", rel.given_related_name.borrow().as_deref());
        k.some(
            "related_query_name",
            rel.related_query_name.borrow().as_deref(),
        );
        let label = target_label(&rel.target());
        let to: Value = match rel.swappable_setting() {
            Some(setting) => Value::Object(Rc::new(SettingsReference {
                value: label,
                setting,
            })),
            None => Value::from(label),
        };
        if self.kind == FieldKind::ManyToMany {
            let o = self.options.borrow();
            k.some("db_table", o.db_table.as_deref());
            k.put_if(!rel.db_constraint.get(), "db_constraint", false);
            k.put("to", to);
            if let Some(through) = &*rel.through.borrow() {
                let auto = match through {
                    RelTarget::Model(m) => {
                        m.upgrade().is_some_and(|m| m.options.borrow().auto_created)
                    }
                    RelTarget::Name(_) => false,
                };
                if !auto {
                    k.put("through", through_label(through));
                }
            }
            if let Some((a, b)) = &*rel.through_fields.borrow() {
                k.put(
                    "through_fields",
                    Value::Tuple([a.as_str().into(), b.as_str().into()].into()),
                );
            }
            return;
        }
        k.put("on_delete", on_delete_value(&rel.on_delete.borrow()));
        k.put_if(rel.parent_link.get(), "parent_link", true);
        k.put("to", to);
        if self.kind == FieldKind::ForeignObject {
            let o = self.options.borrow();
            let names = |v: &[Option<String>]| -> Value {
                v.iter()
                    .map(|n| Value::from(n.clone()))
                    .collect::<Vec<_>>()
                    .into()
            };
            k.put("from_fields", names(&o.from_fields));
            k.put("to_fields", names(&o.to_fields));
            return;
        }
        if self.kind == FieldKind::OneToOne {
            k.remove("unique");
        }
        if self.db_index.get() {
            k.remove("db_index");
        } else {
            k.put("db_index", false);
        }
        k.put_if(!rel.db_constraint.get(), "db_constraint", false);
        if let Some(name) = &*rel.field_name.borrow() {
            let is_pk = rel
                .model()
                .and_then(|m| m.pk())
                .is_some_and(|p| *p.name() == **name);
            k.put_if(!is_pk, "to_field", name.as_str());
        }
    }
}

/// A field as a value: `GeneratedField(output_field=…)`.
#[derive(Clone, Debug)]
pub struct FieldObject(pub Rc<Field>);

impl Object for FieldObject {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn repr(&self) -> String {
        format!("<{}>", self.0.class_path())
    }
    fn type_name(&self) -> String {
        self.0.class.name.clone()
    }
    fn source(&self) -> crate::Result<crate::Source> {
        self.0.deconstruct().map(crate::Source::Call)
    }
    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<FieldObject>().is_some_and(
            |o| matches!((self.0.deconstruct(), o.0.deconstruct()), (Ok(a), Ok(b)) if a == b),
        )
    }
}
