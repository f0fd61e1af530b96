//! Changed options: indexes, constraints, `unique_together`, order, table, managers.
use super::{AlteredConstraints, AlteredIndexes, Detector, Kind, Needs, OldIndex};
use crate::deconstruct;
use crate::operation::{Operation, Together};
use crate::state::ModelKey;
use indexmap::IndexMap;
use orm_state::field::deconstruct::Deconstructed;
use orm_state::{Constraint, Result, Value};
use std::collections::BTreeSet;

/// Arguments of constraints that say nothing about the database.
const NON_DB: [&str; 2] = ["violation_error_code", "violation_error_message"];

fn sorted(mut d: Deconstructed) -> Deconstructed {
    d.kwargs.sort_by(|a, b| a.0.cmp(&b.0));
    d
}

fn constraint(c: &Constraint) -> Result<Deconstructed> {
    deconstruct::constraint(c).map(sorted)
}

impl Detector<'_> {
    pub(super) fn find_altered_indexes(&mut self) -> Result<()> {
        let together = self.changed_together(Together::Index)?;
        for key in self.kept_models() {
            let pair = self.pair(&key)?;
            let made = pair.map(|m| {
                m.indexes
                    .iter()
                    .map(|i| (i.clone(), sorted(deconstruct::index(i))))
                    .collect::<Vec<_>>()
            });
            let missing = |from: &[(orm_state::Index, Deconstructed)],
                           other: &[(orm_state::Index, Deconstructed)]| {
                from.iter()
                    .filter(|(_, d)| !other.iter().any(|(_, o)| o == d))
                    .cloned()
                    .collect::<Vec<_>>()
            };
            let mut added = missing(&made.next, &made.previous);
            let mut removed = missing(&made.previous, &made.next);
            let mut renamed = vec![];
            let nameless = |d: &Deconstructed| {
                let mut d = d.clone();
                d.remove("name");
                d
            };
            added.retain(|(new, d)| {
                let at = removed.iter().position(|(_, o)| nameless(o) == nameless(d));
                match at {
                    Some(at) => {
                        let (old, _) = removed.remove(at);
                        renamed.push((OldIndex::Name(old.name), new.name.clone()));
                        false
                    }
                    None => true,
                }
            });
            // A group of `index_together` that became a named index.
            let gone = together.iter().filter(|(k, ..)| *k == key);
            for group in gone.flat_map(|(_, old, new, _)| old.iter().filter(|s| !new.contains(s))) {
                let plain = |(i, d): &(orm_state::Index, Deconstructed)| {
                    *d == sorted(deconstruct::index(&orm_state::Index::over(&i.name, group)))
                };
                if added.iter().filter(|i| plain(i)).count() == 1
                    && let Some(at) = added.iter().position(plain)
                {
                    let (new, _) = added.remove(at);
                    renamed.push((OldIndex::Fields(group.clone()), new.name));
                }
            }
            let only =
                |v: Vec<(orm_state::Index, Deconstructed)>| v.into_iter().map(|(i, _)| i).collect();
            self.indexes.insert(
                key,
                AlteredIndexes {
                    added: only(added),
                    removed: only(removed),
                    renamed,
                },
            );
        }
        Ok(())
    }
    pub(super) fn added_indexes(&mut self) -> Result<()> {
        for (key, altered) in self.indexes.clone() {
            let needs = self.model_needs(&key)?;
            for index in altered.added {
                let op = Operation::AddIndex {
                    model_name: key.1.clone(),
                    index,
                };
                self.add(&key.0, op, needs.clone());
            }
        }
        Ok(())
    }
    pub(super) fn removed_indexes(&mut self) {
        for (key, altered) in self.indexes.clone() {
            for index in altered.removed {
                let op = Operation::RemoveIndex {
                    model_name: key.1.clone(),
                    name: index.name,
                };
                self.add(&key.0, op, vec![]);
            }
        }
    }
    pub(super) fn renamed_indexes(&mut self) {
        for (key, altered) in self.indexes.clone() {
            for (old, new) in altered.renamed {
                let (old_name, old_fields) = match old {
                    OldIndex::Name(name) => (Some(name), vec![]),
                    OldIndex::Fields(fields) => (None, fields),
                };
                let op = Operation::RenameIndex {
                    model_name: key.1.clone(),
                    new_name: new,
                    old_name,
                    old_fields,
                };
                self.add(&key.0, op, vec![]);
            }
        }
    }

    pub(super) fn find_altered_constraints(&mut self) -> Result<()> {
        for key in self.kept_models() {
            let pair = self.pair(&key)?;
            let mut made = Vec::with_capacity(2);
            for model in [&pair.previous, &pair.next] {
                let side: Result<Vec<_>> = model
                    .constraints
                    .iter()
                    .map(|c| Ok((c.clone(), constraint(c)?)))
                    .collect();
                made.push(side?);
            }
            let (old, new) = (&made[0], &made[1]);
            let mut altered: Vec<Constraint> = vec![];
            for (o, od) in old {
                for (n, nd) in new {
                    if od != nd && o.name() == n.name() && !self.must_be_remade(&key, od, nd) {
                        altered.push(n.clone());
                    }
                }
            }
            let rest = |from: &[(Constraint, Deconstructed)],
                        other: &[(Constraint, Deconstructed)]| {
                from.iter()
                    .filter(|(c, d)| {
                        !other.iter().any(|(_, o)| o == d)
                            && !altered.iter().any(|a| a.name() == c.name())
                    })
                    .map(|(c, _)| c.clone())
                    .collect::<Vec<_>>()
            };
            let (added, removed) = (rest(new, old), rest(old, new));
            self.constraints.insert(
                key,
                AlteredConstraints {
                    added,
                    removed,
                    altered,
                },
            );
        }
        Ok(())
    }
    /// Does a changed constraint change the database?
    fn must_be_remade(&self, key: &ModelKey, old: &Deconstructed, new: &Deconstructed) -> bool {
        let (mut old, mut new) = (old.clone(), new.clone());
        for name in NON_DB {
            old.remove(name);
            new.remove(name);
        }
        for renamed in &self.renamed_operations {
            let column = renamed.field.options.borrow().db_column.clone();
            if renamed.key != *key || column.is_none() || column != renamed.old_column {
                continue;
            }
            for (k, v) in &mut new.kwargs {
                if k == "fields"
                    && let Some(items) = v.items()
                {
                    let names: Vec<Value> = items
                        .iter()
                        .map(|n| {
                            if n.as_str() == Some(&renamed.new_name) {
                                Value::from(renamed.old_name.as_str())
                            } else {
                                n.clone()
                            }
                        })
                        .collect();
                    *v = Value::Tuple(names.into());
                }
            }
        }
        old != new
    }
    pub(super) fn added_constraints(&mut self) -> Result<()> {
        for (key, altered) in self.constraints.clone() {
            let needs = self.model_needs(&key)?;
            for constraint in altered.added {
                let op = Operation::AddConstraint {
                    model_name: key.1.clone(),
                    constraint,
                };
                self.add(&key.0, op, needs.clone());
            }
        }
        Ok(())
    }
    pub(super) fn removed_constraints(&mut self) {
        for (key, altered) in self.constraints.clone() {
            for c in altered.removed {
                let op = Operation::RemoveConstraint {
                    model_name: key.1.clone(),
                    name: c.name().into(),
                };
                self.add(&key.0, op, vec![]);
            }
        }
    }
    pub(super) fn altered_constraints(&mut self) -> Result<()> {
        for (key, altered) in self.constraints.clone() {
            let needs = self.model_needs(&key)?;
            for constraint in altered.altered {
                let op = Operation::AlterConstraint {
                    model_name: key.1.clone(),
                    name: constraint.name().into(),
                    constraint,
                };
                self.add(&key.0, op, needs.clone());
            }
        }
        Ok(())
    }

    /// Models whose groups of fields changed: old and new sets, and what they need.
    #[allow(clippy::type_complexity)]
    fn changed_together(
        &self,
        option: Together,
    ) -> Result<
        Vec<(
            ModelKey,
            BTreeSet<Vec<String>>,
            Vec<Vec<String>>,
            Vec<Needs>,
        )>,
    > {
        let mut out = vec![];
        for key in self.kept_models() {
            let pair = self.pair(&key)?;
            // A name that another field has now counts as that field's old one. A renamed field's
            // group is a changed group.
            let renamed = |n: String| {
                let field = (key.0.clone(), key.1.clone(), n);
                match self.renamed_fields.get(&field) {
                    Some(old) => old.clone(),
                    None => field.2,
                }
            };
            let old: BTreeSet<Vec<String>> = pair
                .previous
                .together(option)
                .into_iter()
                .map(|s| s.into_iter().map(renamed).collect())
                .collect();
            let new = pair.next.together(option);
            if old == new.iter().cloned().collect() {
                continue;
            }
            let mut needs = vec![];
            for name in new.iter().flatten() {
                needs.extend(Self::relation_needs(&key, pair.next.get_field(name)?));
            }
            out.push((key, old, new, needs));
        }
        Ok(out)
    }
    pub(super) fn removed_unique_together(&mut self) -> Result<()> {
        for (key, old, new, needs) in self.changed_together(Together::Unique)? {
            let kept: Vec<Vec<String>> = new.into_iter().filter(|s| old.contains(s)).collect();
            if !kept.is_empty() || !old.is_empty() {
                let op = Operation::AlterTogether {
                    name: key.1.clone(),
                    option: Together::Unique,
                    sets: kept,
                };
                self.add(&key.0, op, needs);
            }
        }
        Ok(())
    }
    pub(super) fn altered_unique_together(&mut self) -> Result<()> {
        for (key, old, new, needs) in self.changed_together(Together::Unique)? {
            if new.iter().any(|s| !old.contains(s)) {
                let op = Operation::AlterTogether {
                    name: key.1.clone(),
                    option: Together::Unique,
                    sets: new,
                };
                self.add(&key.0, op, needs);
            }
        }
        Ok(())
    }

    pub(super) fn altered_table(&mut self) -> Result<()> {
        for (key, value) in self.changed_option("db_table")? {
            self.add(
                &key.0.clone(),
                Operation::AlterModelTable {
                    name: key.1,
                    table: value,
                },
                vec![],
            );
        }
        Ok(())
    }
    pub(super) fn altered_table_comment(&mut self) -> Result<()> {
        for (key, value) in self.changed_option("db_table_comment")? {
            let op = Operation::AlterModelTableComment {
                name: key.1.clone(),
                table_comment: value,
            };
            self.add(&key.0, op, vec![]);
        }
        Ok(())
    }
    fn changed_option(&self, name: &str) -> Result<Vec<(ModelKey, Option<String>)>> {
        let mut out = vec![];
        for key in self.kept_any() {
            let pair = self.pair(&key)?.map(|m| {
                m.options
                    .get(name)
                    .and_then(Value::as_str)
                    .map(str::to_string)
            });
            if pair.previous != pair.next {
                out.push((key, pair.next));
            }
        }
        Ok(out)
    }
    pub(super) fn altered_options(&mut self) -> Result<()> {
        let mut all = self.kept_any();
        all.extend(
            self.unmanaged
                .previous
                .intersection(&self.models.next)
                .cloned(),
        );
        all.extend(
            self.models
                .previous
                .intersection(&self.unmanaged.next)
                .cloned(),
        );
        for key in all {
            let pair = self.pair(&key)?.map(|m| {
                m.options
                    .iter()
                    .filter(|(k, _)| crate::operation::ALTER_OPTION_KEYS.contains(&k.as_str()))
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect::<IndexMap<String, Value>>()
            });
            if pair.previous != pair.next {
                let op = Operation::AlterModelOptions {
                    name: key.1.clone(),
                    options: pair.next,
                };
                self.add(&key.0, op, vec![]);
            }
        }
        Ok(())
    }
    pub(super) fn altered_managers(&mut self) -> Result<()> {
        for key in self.kept_models() {
            let pair = self.pair(&key)?;
            let same = pair.previous.managers.len() == pair.next.managers.len()
                && pair
                    .previous
                    .managers
                    .iter()
                    .zip(&pair.next.managers)
                    .all(|(a, b)| a.0 == b.0 && a.1.equals(&*b.1));
            if !same {
                let op = Operation::AlterModelManagers {
                    name: key.1.clone(),
                    managers: pair.next.managers.clone(),
                };
                self.add(&key.0, op, vec![]);
            }
        }
        Ok(())
    }
    pub(super) fn altered_order_with_respect_to(&mut self) -> Result<()> {
        for key in self.kept_models() {
            let pair = self.pair(&key)?.map(|m| {
                m.options
                    .get("order_with_respect_to")
                    .and_then(Value::as_str)
                    .map(str::to_string)
            });
            if pair.previous != pair.next {
                let needs = pair
                    .next
                    .iter()
                    .map(|f| Needs::field(&key, f, Kind::Create))
                    .collect();
                let op = Operation::AlterOrderWithRespectTo {
                    name: key.1.clone(),
                    order_with_respect_to: pair.next,
                };
                self.add(&key.0, op, needs);
            }
        }
        Ok(())
    }
}
