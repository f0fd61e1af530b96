//! Fewer operations with the same effect. Source: "Squashing migrations" in Django's documentation.
use crate::operation::Operation;
use orm_state::Field;
use std::rc::Rc;

/// What two operations, one before the other, come to.
enum Reduced {
    /// These instead of both.
    Into(Vec<Operation>),
    /// Nothing; but the first may move past the second.
    MayPass,
    /// Nothing, and they must keep their order.
    Blocked,
}

/// Reduces until nothing changes any more.
pub fn optimize(operations: Vec<Operation>, app_label: &str) -> Vec<Operation> {
    let mut current = operations;
    loop {
        match pass(&current, app_label) {
            Some(next) => current = next,
            None => return current,
        }
    }
}

/// One pass; `None` when nothing could be reduced.
fn pass(operations: &[Operation], app: &str) -> Option<Vec<Operation>> {
    let mut new: Vec<Operation> = vec![];
    for (i, operation) in operations.iter().enumerate() {
        // May the result stand where the second stood, before what lies between?
        let mut right = true;
        let mut replaced = false;
        for (j, other) in operations[i + 1..].iter().enumerate() {
            match reduce(operation, other, app) {
                Reduced::Into(result) => {
                    let between = &operations[i + 1..i + j + 1];
                    if right {
                        new.extend(between.iter().cloned());
                        new.extend(result);
                    } else if between.iter().all(|op| may_pass(op, other, app)) {
                        new.extend(result);
                        new.extend(between.iter().cloned());
                    } else {
                        new.push(operation.clone());
                        replaced = true;
                        break;
                    }
                    new.extend(operations[i + j + 2..].iter().cloned());
                    return Some(new);
                }
                Reduced::Blocked => right = false,
                Reduced::MayPass => {}
            }
        }
        if !replaced {
            new.push(operation.clone());
        }
    }
    None
}

fn may_pass(operation: &Operation, other: &Operation, app: &str) -> bool {
    matches!(reduce(operation, other, app), Reduced::MayPass)
}

fn lower(s: &str) -> String {
    s.to_lowercase()
}

fn same_model(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn is_field_operation(op: &Operation) -> bool {
    use Operation::*;
    matches!(
        op,
        AddField { .. } | RemoveField { .. } | AlterField { .. } | RenameField { .. }
    )
}

fn reduce(first: &Operation, second: &Operation, app: &str) -> Reduced {
    use Operation::*;
    if let Some(into) = reduce_pair(first, second) {
        return Reduced::Into(into);
    }
    if first.elidable() {
        return Reduced::Into(vec![second.clone()]);
    }
    if second.elidable() {
        return Reduced::Into(vec![first.clone()]);
    }
    let passes = match first {
        AddField {
            model_name, name, ..
        }
        | RemoveField { model_name, name }
        | AlterField {
            model_name, name, ..
        } => !second.references_field(model_name, name, app),
        RenameField {
            model_name,
            old_name,
            new_name,
        } => {
            !second.references_field(model_name, old_name, app)
                && !second.references_field(model_name, new_name, app)
        }
        RenameModel { new_name, old_name } => {
            !second.references_model(new_name, app) && !second.references_model(old_name, app)
        }
        RunSql(_) | SeparateDatabaseAndState { .. } | Custom(_) => false,
        op => op
            .model_name()
            .is_some_and(|m| !second.references_model(&m, app)),
    };
    if passes {
        Reduced::MayPass
    } else {
        Reduced::Blocked
    }
}

fn reduce_pair(first: &Operation, second: &Operation) -> Option<Vec<Operation>> {
    use Operation::*;
    match (first, second) {
        (CreateModel { name, options, .. }, DeleteModel { name: other }) => {
            let proxy = options.get("proxy").is_some_and(orm_state::Value::truthy);
            (same_model(name, other) && !proxy).then(Vec::new)
        }
        (CreateModel { .. }, _) => reduce_into_create(first, second),
        (
            AddField {
                model_name,
                name,
                field,
                ..
            },
            _,
        ) if is_field_operation(second) => match second {
            AlterField {
                model_name: m,
                name: n,
                field: new,
                ..
            } if same_model(m, model_name) && n == name => Some(vec![AddField {
                model_name: model_name.clone(),
                name: n.clone(),
                field: new.clone(),
                preserve_default: preserve(second),
            }]),
            RemoveField {
                model_name: m,
                name: n,
            } if same_model(m, model_name) && n == name => Some(vec![]),
            RenameField {
                model_name: m,
                old_name,
                new_name,
            } if same_model(m, model_name) && old_name == name => Some(vec![AddField {
                model_name: model_name.clone(),
                name: new_name.clone(),
                field: field.clone(),
                preserve_default: preserve(first),
            }]),
            _ => None,
        },
        (
            AlterField {
                model_name, name, ..
            },
            AlterField {
                model_name: m,
                name: n,
                ..
            },
        )
        | (
            AlterField {
                model_name, name, ..
            },
            RemoveField {
                model_name: m,
                name: n,
            },
        ) if same_model(model_name, m) && name == n => Some(vec![second.clone()]),
        (
            AlterField {
                model_name,
                name,
                field,
                ..
            },
            RenameField {
                model_name: m,
                old_name,
                new_name,
            },
        ) if same_model(model_name, m)
            && name == old_name
            && field.options.borrow().db_column.is_none() =>
        {
            Some(vec![
                second.clone(),
                AlterField {
                    model_name: model_name.clone(),
                    name: new_name.clone(),
                    field: field.clone(),
                    preserve_default: preserve(first),
                },
            ])
        }
        (RemoveField { model_name, .. }, DeleteModel { name }) if same_model(model_name, name) => {
            Some(vec![second.clone()])
        }
        (
            RenameField {
                model_name,
                old_name,
                new_name,
            },
            RenameField {
                model_name: m,
                old_name: o,
                new_name: n,
            },
        ) if same_model(model_name, m) && new_name.eq_ignore_ascii_case(o) => {
            Some(vec![RenameField {
                model_name: model_name.clone(),
                old_name: old_name.clone(),
                new_name: n.clone(),
            }])
        }
        (
            RenameModel { old_name, new_name },
            RenameModel {
                old_name: o,
                new_name: n,
            },
        ) if same_model(new_name, o) => Some(vec![RenameModel {
            old_name: old_name.clone(),
            new_name: n.clone(),
        }]),
        (AddIndex { index, .. }, RemoveIndex { name, .. }) if index.name == *name => Some(vec![]),
        (
            AddIndex { model_name, index },
            RenameIndex {
                new_name,
                old_name: Some(old),
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
                new_name: n,
                old_name: Some(o),
                ..
            },
        ) if same_model(model_name, m) && new_name.eq_ignore_ascii_case(o) => {
            Some(vec![RenameIndex {
                model_name: model_name.clone(),
                new_name: n.clone(),
                old_name: old_name.clone(),
                old_fields: old_fields.clone(),
            }])
        }
        (
            AddConstraint {
                model_name,
                constraint,
            },
            RemoveConstraint {
                model_name: m,
                name,
            },
        ) if same_model(model_name, m) && constraint.name() == name => Some(vec![]),
        (
            AddConstraint {
                model_name,
                constraint,
            },
            AlterConstraint {
                model_name: m,
                name,
                constraint: new,
            },
        ) if same_model(model_name, m) && constraint.name() == name => Some(vec![AddConstraint {
            model_name: model_name.clone(),
            constraint: new.clone(),
        }]),
        (
            AlterConstraint {
                model_name, name, ..
            },
            AlterConstraint {
                model_name: m,
                name: n,
                ..
            },
        )
        | (
            AlterConstraint {
                model_name, name, ..
            },
            RemoveConstraint {
                model_name: m,
                name: n,
            },
        ) if same_model(model_name, m) && name == n => Some(vec![second.clone()]),
        // An option set twice, or set before its model goes.
        (a, DeleteModel { name }) if is_option_operation(a) => a
            .model_name()
            .is_some_and(|m| m == lower(name))
            .then(|| vec![second.clone()]),
        (a, b)
            if is_option_operation(a) && std::mem::discriminant(a) == std::mem::discriminant(b) =>
        {
            (a.model_name() == b.model_name()).then(|| vec![second.clone()])
        }
        _ => None,
    }
}

fn preserve(op: &Operation) -> bool {
    match op {
        Operation::AddField {
            preserve_default, ..
        }
        | Operation::AlterField {
            preserve_default, ..
        } => *preserve_default,
        _ => true,
    }
}

fn is_option_operation(op: &Operation) -> bool {
    use Operation::*;
    matches!(
        op,
        AlterModelTable { .. }
            | AlterModelTableComment { .. }
            | AlterUniqueTogether { .. }
            | AlterOrderWithRespectTo { .. }
            | AlterModelOptions { .. }
            | AlterModelManagers { .. }
    )
}

/// What can be written into `CreateModel` itself.
fn reduce_into_create(create: &Operation, second: &Operation) -> Option<Vec<Operation>> {
    use Operation::*;
    let CreateModel {
        name,
        fields,
        options,
        indexes,
        constraints,
        bases,
        managers,
    } = create
    else {
        return None;
    };
    let (mut name, mut fields, mut options) = (name.clone(), fields.clone(), options.clone());
    let (mut indexes, mut constraints, mut managers) =
        (indexes.clone(), constraints.clone(), managers.clone());
    if let RenameModel { old_name, new_name } = second {
        if !same_model(old_name, &name) {
            return None;
        }
        name = new_name.clone();
        return Some(vec![CreateModel {
            name,
            fields,
            options,
            indexes,
            constraints,
            bases: bases.clone(),
            managers,
        }]);
    }
    if second.model_name()? != lower(&name) {
        return None;
    }
    match second {
        AlterModelOptions { options: new, .. } => {
            for (k, v) in new {
                options.insert(k.clone(), v.clone());
            }
            for key in crate::operation::ALTER_OPTION_KEYS {
                if !new.contains_key(key) {
                    options.shift_remove(key);
                }
            }
        }
        AlterModelManagers { managers: new, .. } => managers = new.clone(),
        AlterModelTable { table, .. } => {
            options.insert(
                "db_table".into(),
                table.as_deref().map(Into::into).unwrap_or_default(),
            );
        }
        AlterModelTableComment { table_comment, .. } => {
            options.insert(
                "db_table_comment".into(),
                table_comment.as_deref().map(Into::into).unwrap_or_default(),
            );
        }
        AlterUniqueTogether {
            unique_together, ..
        } => {
            options.insert(
                "unique_together".into(),
                crate::state::together_value(unique_together),
            );
        }
        AlterOrderWithRespectTo {
            order_with_respect_to,
            ..
        } => {
            options.insert(
                "order_with_respect_to".into(),
                order_with_respect_to
                    .as_deref()
                    .map(Into::into)
                    .unwrap_or_default(),
            );
        }
        AddField { name: f, field, .. } => fields.push((f.clone(), field.clone())),
        AlterField { name: f, field, .. } => replace(&mut fields, f, field),
        RemoveField { name: f, .. } => {
            if let Some(sets) = options.get("unique_together").map(crate::state::together) {
                let sets: Vec<Vec<String>> = sets
                    .into_iter()
                    .map(|s| s.into_iter().filter(|n| n != f).collect::<Vec<_>>())
                    .filter(|s| !s.is_empty())
                    .collect();
                options.insert(
                    "unique_together".into(),
                    crate::state::together_value(&sets),
                );
            }
            if options
                .get("order_with_respect_to")
                .and_then(|v| v.as_str())
                == Some(f)
            {
                options.shift_remove("order_with_respect_to");
            }
            fields.retain(|(n, _)| n != f);
        }
        RenameField {
            old_name, new_name, ..
        } => {
            if let Some(sets) = options.get("unique_together").map(crate::state::together) {
                let sets: Vec<Vec<String>> = sets
                    .into_iter()
                    .map(|s| {
                        s.into_iter()
                            .map(|n| if n == *old_name { new_name.clone() } else { n })
                            .collect()
                    })
                    .collect();
                options.insert(
                    "unique_together".into(),
                    crate::state::together_value(&sets),
                );
            }
            for (n, _) in &mut fields {
                if n == old_name {
                    *n = new_name.clone();
                }
            }
        }
        AddIndex { index, .. } => indexes.push(index.clone()),
        RemoveIndex { name: n, .. } => indexes.retain(|i| i.name != *n),
        AddConstraint { constraint, .. } => constraints.push(constraint.clone()),
        RemoveConstraint { name: n, .. } => constraints.retain(|c| c.name() != n),
        AlterConstraint {
            name: n,
            constraint,
            ..
        } => {
            for c in &mut constraints {
                if c.name() == n {
                    *c = constraint.clone();
                }
            }
        }
        _ => return None,
    }
    Some(vec![CreateModel {
        name,
        fields,
        options,
        indexes,
        constraints,
        bases: bases.clone(),
        managers,
    }])
}

fn replace(fields: &mut [(String, Rc<Field>)], name: &str, field: &Rc<Field>) {
    for (n, f) in fields {
        if n == name {
            *f = field.clone();
        }
    }
}
