//! How two operations merge.
use super::{Operation, Together};
use crate::state::{together, together_value};
use indexmap::IndexMap;
use orm_state::Value;

/// What becomes of an operation that meets a later one.
#[derive(Clone, Debug)]
pub enum Reduced {
    /// Both are replaced.
    To(Vec<Operation>),
    /// The first goes.
    Later,
    /// The later one goes.
    First,
    /// They may change places.
    Through,
    /// Neither.
    Blocked,
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

impl Operation {
    /// `self` followed (not always at once) by `other`.
    pub fn reduce(&self, other: &Operation, app_label: &str) -> Reduced {
        match self.merge(other) {
            Some(ops) => return Reduced::To(ops),
            None if self.elidable() => return Reduced::Later,
            None if other.elidable() => return Reduced::First,
            None => {}
        }
        if self.passes(other, app_label) {
            Reduced::Through
        } else {
            Reduced::Blocked
        }
    }

    fn passes(&self, other: &Operation, app_label: &str) -> bool {
        use Operation::*;
        match self {
            RenameModel { new_name, .. } => !other.references_model(new_name, app_label),
            CreateModel { name, .. }
            | DeleteModel { name }
            | AlterModelTable { name, .. }
            | AlterModelTableComment { name, .. }
            | AlterTogether { name, .. }
            | AlterOrderWithRespectTo { name, .. }
            | AlterModelOptions { name, .. }
            | AlterModelManagers { name, .. } => !other.references_model(name, app_label),
            RenameField {
                model_name,
                old_name,
                new_name,
            } => {
                !other.references_field(model_name, old_name, app_label)
                    && !other.references_field(model_name, new_name, app_label)
            }
            AddField {
                model_name, name, ..
            }
            | AlterField {
                model_name, name, ..
            }
            | RemoveField { model_name, name } => {
                !other.references_field(model_name, name, app_label)
            }
            // Indexes, constraints and code stay where they are.
            _ => false,
        }
    }

    /// What both become, if they merge.
    fn merge(&self, other: &Operation) -> Option<Vec<Operation>> {
        use Operation::*;
        match (self, other) {
            (CreateModel { .. }, _) => self.merge_into_create(other),
            (
                RenameModel { old_name, new_name },
                RenameModel {
                    old_name: next,
                    new_name: last,
                },
            ) if same(new_name, next) => Some(vec![RenameModel {
                old_name: old_name.clone(),
                new_name: last.clone(),
            }]),
            (
                AlterModelTable { .. }
                | AlterModelTableComment { .. }
                | AlterTogether { .. }
                | AlterOrderWithRespectTo { .. }
                | AlterModelOptions { .. }
                | AlterModelManagers { .. },
                _,
            ) if self.model_name() == other.model_name()
                && (self.class_name() == other.class_name()
                    || matches!(other, DeleteModel { .. })) =>
            {
                Some(vec![other.clone()])
            }
            (
                AddField {
                    model_name,
                    name,
                    preserve_default,
                    ..
                },
                _,
            ) if self.same_field(other) => {
                let add = |name: &String, field: &std::rc::Rc<orm_state::Field>| AddField {
                    model_name: model_name.clone(),
                    name: name.clone(),
                    field: field.clone(),
                    preserve_default: *preserve_default,
                };
                let AddField { field, .. } = self else {
                    return None;
                };
                match other {
                    AlterField { name, field, .. } => Some(vec![add(name, field)]),
                    RemoveField { .. } => Some(vec![]),
                    RenameField { new_name, .. } => Some(vec![add(new_name, field)]),
                    _ => {
                        let _ = name;
                        None
                    }
                }
            }
            (RemoveField { model_name, .. }, DeleteModel { name }) if same(model_name, name) => {
                Some(vec![other.clone()])
            }
            (AlterField { .. }, AlterField { .. } | RemoveField { .. })
                if self.same_field(other) =>
            {
                Some(vec![other.clone()])
            }
            (
                AlterField {
                    model_name,
                    field,
                    preserve_default,
                    ..
                },
                RenameField { new_name, .. },
            ) if self.same_field(other) && field.options.borrow().db_column.is_none() => {
                Some(vec![
                    other.clone(),
                    AlterField {
                        model_name: model_name.clone(),
                        name: new_name.clone(),
                        field: field.clone(),
                        preserve_default: *preserve_default,
                    },
                ])
            }
            (
                RenameField {
                    model_name,
                    old_name,
                    new_name,
                },
                RenameField {
                    model_name: m,
                    old_name: next,
                    new_name: last,
                },
            ) if same(model_name, m) && same(new_name, next) => Some(vec![RenameField {
                model_name: model_name.clone(),
                old_name: old_name.clone(),
                new_name: last.clone(),
            }]),
            (AddIndex { index, .. }, RemoveIndex { name, .. }) if index.name == *name => {
                Some(vec![])
            }
            (
                AddIndex { model_name, index },
                RenameIndex {
                    old_name: Some(old),
                    new_name,
                    ..
                },
            ) if index.name == *old => {
                let mut index = index.clone();
                index.name = new_name.clone();
                Some(vec![AddIndex {
                    model_name: model_name.clone(),
                    index,
                }])
            }
            (
                RenameIndex {
                    model_name,
                    new_name,
                    old_name,
                    old_fields,
                },
                RenameIndex {
                    model_name: m,
                    old_name: Some(next),
                    new_name: last,
                    ..
                },
            ) if same(model_name, m) && same(new_name, next) => Some(vec![RenameIndex {
                model_name: model_name.clone(),
                new_name: last.clone(),
                old_name: old_name.clone(),
                old_fields: old_fields.clone(),
            }]),
            (
                AddConstraint {
                    model_name,
                    constraint,
                },
                RemoveConstraint {
                    model_name: m,
                    name,
                },
            ) if same(model_name, m) && constraint.name() == name => Some(vec![]),
            (
                AddConstraint {
                    model_name,
                    constraint,
                },
                AlterConstraint {
                    model_name: m,
                    name,
                    constraint: altered,
                },
            ) if same(model_name, m) && constraint.name() == name => Some(vec![AddConstraint {
                model_name: model_name.clone(),
                constraint: altered.clone(),
            }]),
            (
                AlterConstraint {
                    model_name, name, ..
                },
                AlterConstraint {
                    model_name: m,
                    name: n,
                    ..
                }
                | RemoveConstraint {
                    model_name: m,
                    name: n,
                },
            ) if same(model_name, m) && name == n => Some(vec![other.clone()]),
            _ => None,
        }
    }

    fn same_field(&self, other: &Operation) -> bool {
        fn field_of(op: &Operation) -> Option<(String, String)> {
            use Operation::*;
            match op {
                AddField {
                    model_name, name, ..
                }
                | AlterField {
                    model_name, name, ..
                }
                | RemoveField { model_name, name }
                | RenameField {
                    model_name,
                    old_name: name,
                    ..
                } => Some((model_name.to_lowercase(), name.to_lowercase())),
                _ => None,
            }
        }
        matches!((field_of(self), field_of(other)), (Some(a), Some(b)) if a == b)
    }

    /// What happens to a model before it is made is part of its making.
    fn merge_into_create(&self, other: &Operation) -> Option<Vec<Operation>> {
        use Operation::*;
        if self.model_name() != other.model_name() || other.model_name().is_none() {
            return None;
        }
        let mut made = self.clone();
        let CreateModel {
            name,
            fields,
            options,
            indexes,
            constraints,
            managers,
            ..
        } = &mut made
        else {
            return None;
        };
        match other {
            DeleteModel { .. } => {
                return (!options.get("proxy").is_some_and(Value::truthy)).then(Vec::new);
            }
            RenameModel { new_name, .. } => *name = new_name.clone(),
            AlterModelOptions { options: new, .. } => {
                for (k, v) in new {
                    options.insert(k.clone(), v.clone());
                }
                for key in super::state::ALTER_OPTION_KEYS {
                    if !new.contains_key(key) {
                        options.shift_remove(key);
                    }
                }
            }
            AlterModelManagers { managers: new, .. } => *managers = new.clone(),
            AlterModelTable { table, .. } => put(options, "db_table", Value::from(table.clone())),
            AlterModelTableComment { table_comment, .. } => {
                put(
                    options,
                    "db_table_comment",
                    Value::from(table_comment.clone()),
                );
            }
            AlterTogether { option, sets, .. } => {
                put(options, option.option_name(), together_value(sets));
            }
            AlterOrderWithRespectTo {
                order_with_respect_to,
                ..
            } => {
                put(
                    options,
                    "order_with_respect_to",
                    Value::from(order_with_respect_to.clone()),
                );
            }
            AddField { name, field, .. } => fields.push((name.clone(), field.clone())),
            AlterField { name, field, .. } => {
                for (n, f) in fields.iter_mut() {
                    if n == name {
                        *f = field.clone();
                    }
                }
            }
            RemoveField { name: gone, .. } => {
                let gone = gone.to_lowercase();
                for option in Together::ALL.map(Together::option_name) {
                    let Some(sets) = options.shift_remove(option) else {
                        continue;
                    };
                    let sets: Vec<Vec<String>> = together(&sets)
                        .into_iter()
                        .map(|s| s.into_iter().filter(|f| *f != gone).collect::<Vec<_>>())
                        .filter(|s| !s.is_empty())
                        .collect();
                    if !sets.is_empty() {
                        put(options, option, together_value(&sets));
                    }
                }
                if options.get("order_with_respect_to").and_then(Value::as_str) == Some(&gone) {
                    options.shift_remove("order_with_respect_to");
                }
                fields.retain(|(n, _)| n.to_lowercase() != gone);
            }
            RenameField {
                old_name, new_name, ..
            } => {
                let renamed = |n: &String| {
                    if n == old_name {
                        new_name.clone()
                    } else {
                        n.clone()
                    }
                };
                for option in Together::ALL.map(Together::option_name) {
                    let Some(sets) = options.get(option).filter(|v| v.truthy()) else {
                        continue;
                    };
                    let sets: Vec<Vec<String>> = together(sets)
                        .iter()
                        .map(|s| s.iter().map(renamed).collect())
                        .collect();
                    put(options, option, together_value(&sets));
                }
                if options.get("order_with_respect_to").and_then(Value::as_str) == Some(old_name) {
                    put(
                        options,
                        "order_with_respect_to",
                        Value::from(new_name.as_str()),
                    );
                }
                for (n, _) in fields.iter_mut() {
                    *n = renamed(n);
                }
            }
            AddIndex { index, .. } => indexes.push(index.clone()),
            RemoveIndex { name, .. } => indexes.retain(|i| i.name != *name),
            AddConstraint { constraint, .. } => constraints.push(constraint.clone()),
            AlterConstraint {
                name, constraint, ..
            } => {
                constraints.retain(|c| c.name() != name);
                constraints.push(constraint.clone());
            }
            RemoveConstraint { name, .. } => constraints.retain(|c| c.name() != name),
            _ => return None,
        }
        Some(vec![made])
    }
}

fn put(options: &mut IndexMap<String, Value>, name: &str, value: Value) {
    options.insert(name.into(), value);
}
