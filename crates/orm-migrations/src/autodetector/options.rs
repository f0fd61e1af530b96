//! Altered `Meta` options, managers, table names and `unique_together`.
use super::Autodetector;
use super::dependency::{Dep, DepKind};
use crate::operation::ALTER_OPTION_KEYS;
use crate::operation::Operation;
use crate::state::ModelState;
use indexmap::IndexMap;
use orm_state::{Result, Value};
use std::collections::BTreeSet;

impl Autodetector<'_> {
    pub(super) fn generate_altered_options(&mut self) {
        let mut keys = self.kept_of_all_kinds();
        keys.extend(self.old_unmanaged.intersection(&self.new_models).cloned());
        keys.extend(self.old_models.intersection(&self.new_unmanaged).cloned());
        for (key, pair) in self.pairs_of(&keys) {
            let of = |s: &ModelState| -> IndexMap<String, Value> {
                s.options
                    .iter()
                    .filter(|(k, _)| ALTER_OPTION_KEYS.contains(&k.as_str()))
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect()
            };
            let (old, new) = (of(&pair.previous), of(&pair.next));
            if old != new {
                self.add(
                    &key.0,
                    Operation::AlterModelOptions {
                        name: key.1.clone(),
                        options: new,
                    },
                    vec![],
                );
            }
        }
    }
    pub(super) fn generate_altered_managers(&mut self) {
        for (key, pair) in self.kept_pairs() {
            let (old, new) = (&pair.previous.managers, &pair.next.managers);
            let same = old.len() == new.len()
                && old
                    .iter()
                    .zip(new)
                    .all(|((a, x), (b, y))| a == b && x.equals(&**y));
            if !same {
                self.add(
                    &key.0,
                    Operation::AlterModelManagers {
                        name: key.1.clone(),
                        managers: new.clone(),
                    },
                    vec![],
                );
            }
        }
    }
    pub(super) fn generate_altered_db_table(&mut self) {
        for (key, pair) in self.pairs_of(&self.kept_of_all_kinds()) {
            let table = |s: &ModelState| {
                s.options
                    .get("db_table")
                    .and_then(Value::as_str)
                    .map(str::to_string)
            };
            if table(&pair.previous) != table(&pair.next) {
                self.add(
                    &key.0,
                    Operation::AlterModelTable {
                        name: key.1.clone(),
                        table: table(&pair.next),
                    },
                    vec![],
                );
            }
        }
    }
    pub(super) fn generate_altered_db_table_comment(&mut self) {
        for (key, pair) in self.pairs_of(&self.kept_of_all_kinds()) {
            let comment = |s: &ModelState| {
                s.options
                    .get("db_table_comment")
                    .and_then(Value::as_str)
                    .map(str::to_string)
            };
            if comment(&pair.previous) != comment(&pair.next) {
                self.add(
                    &key.0,
                    Operation::AlterModelTableComment {
                        name: key.1.clone(),
                        table_comment: comment(&pair.next),
                    },
                    vec![],
                );
            }
        }
    }
    pub(super) fn generate_altered_order_with_respect_to(&mut self) {
        for (key, pair) in self.kept_pairs() {
            let wrt = |s: &ModelState| {
                s.options
                    .get("order_with_respect_to")
                    .and_then(Value::as_str)
                    .map(str::to_string)
            };
            let new = wrt(&pair.next);
            if wrt(&pair.previous) != new {
                let deps = new
                    .iter()
                    .map(|f| Dep::field(&key, f, DepKind::Create))
                    .collect();
                self.add(
                    &key.0,
                    Operation::AlterOrderWithRespectTo {
                        name: key.1.clone(),
                        order_with_respect_to: new,
                    },
                    deps,
                );
            }
        }
    }
    /// `removing`: the sets that go, before fields change; else those that come, after.
    pub(super) fn generate_altered_unique_together(&mut self, removing: bool) -> Result<()> {
        for (key, pair) in self.kept_pairs() {
            let renamed = |n: &String| -> String {
                // Where a field was renamed, the old set is seen under the new names.
                self.renamed_fields
                    .iter()
                    .find(|((a, m, _), old)| *a == key.0 && *m == key.1 && *old == n)
                    .map(|((_, _, new), _)| new.clone())
                    .unwrap_or_else(|| n.clone())
            };
            let old: BTreeSet<Vec<String>> = pair
                .previous
                .unique_together()
                .iter()
                .map(|s| s.iter().map(renamed).collect())
                .collect();
            let new: BTreeSet<Vec<String>> = pair.next.unique_together().into_iter().collect();
            if old == new {
                continue;
            }
            let mut deps = vec![];
            for field in new.iter().flatten() {
                let field = pair.next.get_field(field)?;
                if field.remote.is_some() {
                    deps.extend(Self::foreign_key_deps(&key, field));
                }
            }
            let kept: Vec<Vec<String>> = new.intersection(&old).cloned().collect();
            let sets = if removing {
                if kept.is_empty() && old.is_empty() {
                    continue;
                }
                kept
            } else {
                if kept.len() == new.len() {
                    continue;
                }
                pair.next.unique_together()
            };
            self.add(
                &key.0,
                Operation::AlterUniqueTogether {
                    name: key.1.clone(),
                    unique_together: sets,
                },
                deps,
            );
        }
        Ok(())
    }
}
