//! What it takes to make indexes, constraints and operations again.
use crate::operation::Operation;
use crate::state::{Base, model_base, together_value};
use orm_state::field::deconstruct::{Deconstructed, FieldObject};
use orm_state::{Clause, Constraint, Deferrable, Index, Object, Result, Source, Value};
use std::any::Any;
use std::rc::Rc;

fn texts(items: &[String]) -> Vec<Value> {
    items.iter().map(|s| Value::from(s.as_str())).collect()
}

fn tuple(items: &[String]) -> Value {
    Value::Tuple(texts(items).into())
}

/// `Index.deconstruct()`
pub fn index(index: &Index) -> Deconstructed {
    if let Some(face) = &index.face
        && let Ok(Source::Call(mut own)) = face.source()
    {
        // A rename changes the data, not the user's object.
        if let Some((_, name)) = own.kwargs.iter_mut().find(|(k, _)| k == "name") {
            *name = index.name.as_str().into();
        }
        return own;
    }
    let mut kwargs: Vec<(String, Value)> = vec![("name".into(), index.name.as_str().into())];
    if !index.fields_orders.is_empty() {
        let fields: Vec<Value> = index
            .fields_orders
            .iter()
            .map(|(f, o)| {
                Value::from(if o == "DESC" {
                    format!("-{f}")
                } else {
                    f.clone()
                })
            })
            .collect();
        kwargs.push(("fields".into(), fields.into()));
    }
    if let Some(t) = &index.db_tablespace {
        kwargs.push(("db_tablespace".into(), t.as_str().into()));
    }
    if !index.opclasses.is_empty() {
        kwargs.push(("opclasses".into(), texts(&index.opclasses).into()));
    }
    if let Some(c) = &index.condition {
        kwargs.push(("condition".into(), Value::Object(c.clone())));
    }
    if !index.include.is_empty() {
        kwargs.push(("include".into(), tuple(&index.include)));
    }
    Deconstructed {
        path: "django.db.models.Index".into(),
        args: index
            .expressions
            .iter()
            .map(|e| Value::Object(e.clone()))
            .collect(),
        kwargs,
    }
}

/// `Constraint.deconstruct()`; a user's own class is asked.
pub fn constraint(c: &Constraint) -> Result<Deconstructed> {
    let mut kwargs: Vec<(String, Value)> = vec![("name".into(), c.name().into())];
    let mut put = |k: &str, v: Value| kwargs.push((k.into(), v));
    let messages =
        |put: &mut dyn FnMut(&str, Value), code: &Option<String>, message: &Option<String>| {
            if let Some(m) = message {
                put("violation_error_message", m.as_str().into());
            }
            if let Some(c) = code {
                put("violation_error_code", c.as_str().into());
            }
        };
    match c {
        Constraint::Check {
            condition,
            violation_error_code,
            violation_error_message,
            ..
        } => {
            messages(&mut put, violation_error_code, violation_error_message);
            put("condition", Value::Object(condition.clone()));
            Ok(Deconstructed {
                path: "django.db.models.CheckConstraint".into(),
                args: vec![],
                kwargs,
            })
        }
        Constraint::Unique {
            fields,
            expressions,
            condition,
            deferrable,
            include,
            opclasses,
            nulls_distinct,
            violation_error_code,
            violation_error_message,
            ..
        } => {
            messages(&mut put, violation_error_code, violation_error_message);
            if !fields.is_empty() {
                put("fields", tuple(fields));
            }
            if let Some(c) = condition {
                put("condition", Value::Object(c.clone()));
            }
            if let Some(d) = deferrable {
                let member = match d {
                    Deferrable::Deferred => "DEFERRED",
                    Deferrable::Immediate => "IMMEDIATE",
                };
                put(
                    "deferrable",
                    enum_member("django.db.models.constraints", "Deferrable", member),
                );
            }
            if !include.is_empty() {
                put("include", tuple(include));
            }
            if !opclasses.is_empty() {
                put("opclasses", texts(opclasses).into());
            }
            if let Some(n) = nulls_distinct {
                put("nulls_distinct", (*n).into());
            }
            Ok(Deconstructed {
                path: "django.db.models.UniqueConstraint".into(),
                args: expressions
                    .iter()
                    .map(|e| Value::Object(e.clone()))
                    .collect(),
                kwargs,
            })
        }
        Constraint::Custom { object, .. } => match object.source()? {
            Source::Call(d) => Ok(d),
            _ => Err(orm_state::face::cannot_serialize(&object.repr())),
        },
    }
}

/// `module.Class['MEMBER']`
#[derive(Clone, Debug, PartialEq)]
struct EnumMember(String, String, String);

fn enum_member(module: &str, class: &str, member: &str) -> Value {
    Value::Object(Rc::new(EnumMember(
        module.into(),
        class.into(),
        member.into(),
    )))
}

impl Object for EnumMember {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn repr(&self) -> String {
        format!("{}.{}", self.1, self.2)
    }
    fn type_name(&self) -> String {
        self.1.clone()
    }
    fn import_path(&self) -> Option<(String, String)> {
        Some((self.0.clone(), format!("{}.{}", self.1, self.2)))
    }
    fn source(&self) -> Result<Source> {
        Ok(Source::Text {
            code: format!("{}.{}['{}']", self.0, self.1, self.2),
            imports: vec![format!("import {}", self.0)],
        })
    }
    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<EnumMember>() == Some(self)
    }
}

/// A part of a model as a value that can be written.
#[derive(Clone, Debug)]
pub struct Written(pub Deconstructed);

impl Object for Written {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn repr(&self) -> String {
        format!("<{}>", self.0.path)
    }
    fn type_name(&self) -> String {
        self.0
            .path
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_string()
    }
    fn source(&self) -> Result<Source> {
        Ok(Source::Call(self.0.clone()))
    }
    fn equals(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<Written>()
            .is_some_and(|o| o.0 == self.0)
    }
}

/// A deconstructed thing as a value.
pub fn written(d: Deconstructed) -> Value {
    Value::Object(Rc::new(Written(d)))
}

/// An operation as a value: the parts of `SeparateDatabaseAndState`.
#[derive(Clone, Debug)]
pub struct OperationObject(pub Operation);

impl Object for OperationObject {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn repr(&self) -> String {
        self.0.repr()
    }
    fn type_name(&self) -> String {
        self.0.class_name()
    }
}

/// An operation's class and arguments, in the order of its signature.
#[derive(Clone, Debug)]
pub struct OperationParts {
    /// Nothing for Django's own operations.
    pub module: Option<String>,
    pub name: String,
    pub args: Vec<(String, Value)>,
    /// Arguments written one item a line.
    pub expand: Vec<String>,
}

fn field_value(f: &Rc<orm_state::Field>) -> Value {
    Value::Object(Rc::new(FieldObject(f.clone())))
}

fn managers_value(managers: &[(String, Clause)]) -> Value {
    managers
        .iter()
        .map(|(n, m)| Value::Tuple([n.as_str().into(), Value::Object(m.clone())].into()))
        .collect::<Vec<_>>()
        .into()
}

fn options_value(options: &indexmap::IndexMap<String, Value>) -> Vec<(Value, Value)> {
    options
        .iter()
        .map(|(k, v)| (k.as_str().into(), v.clone()))
        .collect()
}

fn operations_value(ops: &[Operation]) -> Value {
    ops.iter()
        .map(|o| Value::Object(Rc::new(OperationObject(o.clone()))))
        .collect::<Vec<_>>()
        .into()
}

/// `Operation.deconstruct()`
pub fn operation(op: &Operation) -> Result<OperationParts> {
    use Operation::*;
    let mut args: Vec<(String, Value)> = vec![];
    let mut expand = vec![];
    let mut put = |k: &str, v: Value| args.push((k.into(), v));
    let text = |s: &str| Value::from(s);
    let opt = |s: &Option<String>| Value::from(s.clone());
    match op {
        CreateModel {
            name,
            fields,
            options,
            indexes,
            constraints,
            bases,
            managers,
        } => {
            put("name", text(name));
            let fields: Vec<Value> = fields
                .iter()
                .map(|(n, f)| Value::Tuple([n.as_str().into(), field_value(f)].into()))
                .collect();
            put("fields", fields.into());
            let mut all = options_value(options);
            let together = all
                .iter()
                .position(|(k, _)| k.as_str() == Some("unique_together"));
            let together = together.map(|i| all.remove(i));
            if !indexes.is_empty() {
                let list: Vec<Value> = indexes.iter().map(|i| written(index(i))).collect();
                all.push(("indexes".into(), list.into()));
            }
            if !constraints.is_empty() {
                let list: Result<Vec<Value>> = constraints
                    .iter()
                    .map(|c| constraint(c).map(written))
                    .collect();
                all.push(("constraints".into(), list?.into()));
            }
            all.extend(together);
            if !all.is_empty() {
                put("options", Value::Dict(all.into()));
            }
            if !bases.is_empty() && bases[..] != [model_base()] {
                let bases: Vec<Value> = bases
                    .iter()
                    .map(|b| match b {
                        Base::Model(label) => Value::from(label.as_str()),
                        Base::Class(v) => v.clone(),
                    })
                    .collect();
                put("bases", Value::Tuple(bases.into()));
            }
            if !managers.is_empty() {
                put("managers", managers_value(managers));
            }
            expand = vec!["fields".to_string(), "options".into(), "managers".into()];
        }
        DeleteModel { name } => put("name", text(name)),
        RenameModel { old_name, new_name } => {
            put("old_name", text(old_name));
            put("new_name", text(new_name));
        }
        AlterModelTable { name, table } => {
            put("name", text(name));
            put("table", opt(table));
        }
        AlterModelTableComment {
            name,
            table_comment,
        } => {
            put("name", text(name));
            put("table_comment", opt(table_comment));
        }
        AlterTogether { name, option, sets } => {
            put("name", text(name));
            put(option.option_name(), together_value(sets));
        }
        AlterOrderWithRespectTo {
            name,
            order_with_respect_to,
        } => {
            put("name", text(name));
            put("order_with_respect_to", opt(order_with_respect_to));
        }
        AlterModelOptions { name, options } => {
            put("name", text(name));
            put("options", Value::Dict(options_value(options).into()));
        }
        AlterModelManagers { name, managers } => {
            put("name", text(name));
            put("managers", managers_value(managers));
            expand = vec!["managers".to_string()];
        }
        AddField {
            model_name,
            name,
            field,
            preserve_default,
        }
        | AlterField {
            model_name,
            name,
            field,
            preserve_default,
        } => {
            put("model_name", text(model_name));
            put("name", text(name));
            put("field", field_value(field));
            if !preserve_default {
                put("preserve_default", false.into());
            }
        }
        RemoveField { model_name, name }
        | RemoveIndex { model_name, name }
        | RemoveConstraint { model_name, name } => {
            put("model_name", text(model_name));
            put("name", text(name));
        }
        RenameField {
            model_name,
            old_name,
            new_name,
        } => {
            put("model_name", text(model_name));
            put("old_name", text(old_name));
            put("new_name", text(new_name));
        }
        AddIndex {
            model_name,
            index: i,
        } => {
            put("model_name", text(model_name));
            put("index", written(index(i)));
        }
        RenameIndex {
            model_name,
            new_name,
            old_name,
            old_fields,
        } => {
            put("model_name", text(model_name));
            put("new_name", text(new_name));
            match old_name {
                Some(o) => put("old_name", text(o)),
                None => put("old_fields", tuple(old_fields)),
            }
        }
        AddConstraint {
            model_name,
            constraint: c,
        } => {
            put("model_name", text(model_name));
            put("constraint", written(constraint(c)?));
        }
        AlterConstraint {
            model_name,
            name,
            constraint: c,
        } => {
            put("model_name", text(model_name));
            put("name", text(name));
            put("constraint", written(constraint(c)?));
        }
        RunSql(r) => {
            put("sql", r.sql.clone());
            if let Some(v) = &r.reverse_sql {
                put("reverse_sql", v.clone());
            }
            if !r.state_operations.is_empty() {
                put("state_operations", operations_value(&r.state_operations));
            }
            if r.hints.truthy() {
                put("hints", r.hints.clone());
            }
            if r.elidable {
                put("elidable", true.into());
            }
        }
        SeparateDatabaseAndState {
            database_operations,
            state_operations,
        } => {
            if !database_operations.is_empty() {
                put("database_operations", operations_value(database_operations));
            }
            if !state_operations.is_empty() {
                put("state_operations", operations_value(state_operations));
            }
            expand = vec!["database_operations".to_string(), "state_operations".into()];
        }
        Custom(c) => return c.parts(),
    }
    Ok(OperationParts {
        module: None,
        name: op.class_name(),
        args,
        expand,
    })
}
