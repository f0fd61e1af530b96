//! Added, removed, renamed and altered indexes and constraints.
use super::{AlteredConstraints, AlteredIndexes, Autodetector};
use crate::operation::Operation;
use orm_state::{Clause, Constraint, Index};

fn same_clause(a: &Clause, b: &Clause) -> bool {
    a.equals(&**b)
}

fn same_clauses(a: &[Clause], b: &[Clause]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_clause(a, b))
}

fn same_option(a: &Option<Clause>, b: &Option<Clause>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => same_clause(a, b),
        _ => false,
    }
}

/// Equal but for their names.
fn same_index(a: &Index, b: &Index) -> bool {
    a.fields_orders == b.fields_orders
        && same_clauses(&a.expressions, &b.expressions)
        && a.opclasses == b.opclasses
        && same_option(&a.condition, &b.condition)
        && a.include == b.include
        && a.db_tablespace == b.db_tablespace
        && a.suffix == b.suffix
}

/// Equal for the database; messages and error codes aside.
fn same_in_database(a: &Constraint, b: &Constraint) -> bool {
    match (a, b) {
        (
            Constraint::Check {
                name: n,
                condition: c,
                ..
            },
            Constraint::Check {
                name: m,
                condition: d,
                ..
            },
        ) => n == m && same_clause(c, d),
        (
            Constraint::Unique {
                name: n,
                fields: f,
                expressions: e,
                condition: c,
                deferrable: d,
                include: i,
                opclasses: o,
                nulls_distinct: u,
                ..
            },
            Constraint::Unique {
                name: n2,
                fields: f2,
                expressions: e2,
                condition: c2,
                deferrable: d2,
                include: i2,
                opclasses: o2,
                nulls_distinct: u2,
                ..
            },
        ) => {
            n == n2
                && f == f2
                && same_clauses(e, e2)
                && same_option(c, c2)
                && d == d2
                && i == i2
                && o == o2
                && u == u2
        }
        (Constraint::Custom { object: a, .. }, Constraint::Custom { object: b, .. }) => {
            same_clause(a, b)
        }
        _ => false,
    }
}

fn same_constraint(a: &Constraint, b: &Constraint) -> bool {
    let message = |c: &Constraint| match c {
        Constraint::Check {
            violation_error_code,
            violation_error_message,
            ..
        }
        | Constraint::Unique {
            violation_error_code,
            violation_error_message,
            ..
        } => (
            violation_error_code.clone(),
            violation_error_message.clone(),
        ),
        Constraint::Custom { .. } => (None, None),
    };
    same_in_database(a, b) && message(a) == message(b)
}

impl Autodetector<'_> {
    pub(super) fn create_altered_indexes(&mut self) {
        for (key, pair) in self.kept_pairs() {
            let has = |list: &[Index], i: &Index| {
                list.iter().any(|o| o.name == i.name && same_index(o, i))
            };
            let mut added: Vec<Index> = pair
                .next
                .indexes
                .iter()
                .filter(|i| !has(&pair.previous.indexes, i))
                .cloned()
                .collect();
            let mut removed: Vec<Index> = pair
                .previous
                .indexes
                .iter()
                .filter(|i| !has(&pair.next.indexes, i))
                .cloned()
                .collect();
            let mut renamed: Vec<(String, String)> = vec![];
            for new in added.clone() {
                if let Some(old) = removed
                    .iter()
                    .find(|o| o.name != new.name && same_index(o, &new))
                    .cloned()
                {
                    renamed.push((old.name.clone(), new.name.clone()));
                    added.retain(|i| i.name != new.name);
                    removed.retain(|i| i.name != old.name);
                }
            }
            let removed = removed.into_iter().map(|i| i.name).collect();
            self.altered_indexes.insert(
                key,
                AlteredIndexes {
                    added,
                    removed,
                    renamed,
                },
            );
        }
    }
    pub(super) fn generate_added_indexes(&mut self) {
        for (key, altered) in std::mem::take(&mut self.altered_indexes) {
            let deps = self.model_deps(&key);
            for index in altered.added {
                self.add(
                    &key.0,
                    Operation::AddIndex {
                        model_name: key.1.clone(),
                        index,
                    },
                    deps.clone(),
                );
            }
        }
    }
    pub(super) fn generate_removed_indexes(&mut self) {
        let all: Vec<_> = self
            .altered_indexes
            .iter()
            .map(|(k, a)| (k.clone(), a.removed.clone()))
            .collect();
        for (key, removed) in all {
            for name in removed {
                self.add(
                    &key.0,
                    Operation::RemoveIndex {
                        model_name: key.1.clone(),
                        name,
                    },
                    vec![],
                );
            }
        }
    }
    pub(super) fn generate_renamed_indexes(&mut self) {
        let all: Vec<_> = self
            .altered_indexes
            .iter()
            .map(|(k, a)| (k.clone(), a.renamed.clone()))
            .collect();
        for (key, renamed) in all {
            for (old, new) in renamed {
                self.add(
                    &key.0,
                    Operation::RenameIndex {
                        model_name: key.1.clone(),
                        new_name: new,
                        old_name: Some(old),
                        old_fields: vec![],
                    },
                    vec![],
                );
            }
        }
    }
    pub(super) fn create_altered_constraints(&mut self) {
        for (key, pair) in self.kept_pairs() {
            let (old, new) = (&pair.previous.constraints, &pair.next.constraints);
            let altered: Vec<Constraint> = new
                .iter()
                .filter(|n| {
                    old.iter().any(|o| {
                        o.name() == n.name() && !same_constraint(o, n) && same_in_database(o, n)
                    })
                })
                .cloned()
                .collect();
            let is_altered = |c: &Constraint| altered.iter().any(|a| a.name() == c.name());
            let has =
                |list: &[Constraint], c: &Constraint| list.iter().any(|o| same_constraint(o, c));
            let added = new
                .iter()
                .filter(|c| !has(old, c) && !is_altered(c))
                .cloned()
                .collect();
            let removed = old
                .iter()
                .filter(|c| !has(new, c) && !is_altered(c))
                .map(|c| c.name().to_string())
                .collect();
            self.altered_constraints.insert(
                key,
                AlteredConstraints {
                    added,
                    removed,
                    altered,
                },
            );
        }
    }
    pub(super) fn generate_removed_constraints(&mut self) {
        let all: Vec<_> = self
            .altered_constraints
            .iter()
            .map(|(k, a)| (k.clone(), a.removed.clone()))
            .collect();
        for (key, removed) in all {
            for name in removed {
                self.add(
                    &key.0,
                    Operation::RemoveConstraint {
                        model_name: key.1.clone(),
                        name,
                    },
                    vec![],
                );
            }
        }
    }
    pub(super) fn generate_added_constraints(&mut self) {
        let all: Vec<_> = self
            .altered_constraints
            .iter()
            .map(|(k, a)| (k.clone(), a.added.clone()))
            .collect();
        for (key, added) in all {
            let deps = self.model_deps(&key);
            for constraint in added {
                self.add(
                    &key.0,
                    Operation::AddConstraint {
                        model_name: key.1.clone(),
                        constraint,
                    },
                    deps.clone(),
                );
            }
        }
    }
    pub(super) fn generate_altered_constraints(&mut self) {
        for (key, altered) in std::mem::take(&mut self.altered_constraints) {
            let deps = self.model_deps(&key);
            for constraint in altered.altered {
                self.add(
                    &key.0,
                    Operation::AlterConstraint {
                        model_name: key.1.clone(),
                        name: constraint.name().to_string(),
                        constraint,
                    },
                    deps.clone(),
                );
            }
        }
    }
}
