//! From operations to migrations: sorting, cutting, naming.
use super::Autodetector;
use crate::graph::{Graph, Key};
use crate::migration::{Dependency, Migration};
use indexmap::{IndexMap, IndexSet};
use orm_state::{Error, Result};
use std::collections::BTreeSet;

impl Autodetector<'_> {
    /// Operations of each app in an order that respects what they need.
    pub(super) fn sort_operations(&mut self) -> Result<()> {
        let apps: Vec<String> = self.generated.keys().cloned().collect();
        for app in apps {
            let Some(ops) = self.generated.get(&app) else {
                continue;
            };
            // Levels of a topological sort, each in the order in which operations became ready.
            let mut order: Vec<usize> = vec![];
            let mut missing = vec![0usize; ops.len()];
            let mut successors: Vec<Vec<usize>> = vec![vec![]; ops.len()];
            for (i, op) in ops.iter().enumerate() {
                if !order.contains(&i) {
                    order.push(i);
                }
                for dep in op.deps.iter().filter(|d| d.app_label == app) {
                    for (j, other) in ops.iter().enumerate() {
                        if dep.satisfied_by(&other.operation) {
                            missing[i] += 1;
                            successors[j].push(i);
                            if !order.contains(&j) {
                                order.push(j);
                            }
                        }
                    }
                }
            }
            let mut ready: Vec<usize> =
                order.iter().copied().filter(|i| missing[*i] == 0).collect();
            let mut sorted: Vec<usize> = vec![];
            while !ready.is_empty() {
                let level = std::mem::take(&mut ready);
                for i in &level {
                    sorted.push(*i);
                }
                for i in level {
                    for s in &successors[i] {
                        missing[*s] -= 1;
                        if missing[*s] == 0 {
                            ready.push(*s);
                        }
                    }
                }
            }
            if sorted.len() < ops.len() {
                return Err(Error::value_error(format!(
                    "Cannot resolve operation dependencies: {}",
                    ops.iter()
                        .map(|o| o.operation.repr())
                        .collect::<Vec<_>>()
                        .join(", ")
                )));
            }
            let sorted = sorted.into_iter().map(|i| ops[i].clone()).collect();
            self.generated.insert(app, sorted);
        }
        Ok(())
    }

    /// Cuts the operations into migrations, so that apps that need each other can take turns.
    pub(super) fn build_migration_list(&mut self, graph: &Graph) -> Result<()> {
        let count =
            |g: &IndexMap<String, Vec<super::Generated>>| g.values().map(Vec::len).sum::<usize>();
        let mut left = count(&self.generated);
        let mut chop = false;
        while left > 0 {
            let mut apps: Vec<String> = self.generated.keys().cloned().collect();
            apps.sort();
            for app in apps {
                let mut chopped = vec![];
                let mut dependencies: IndexSet<Dependency> = IndexSet::new();
                while let Some(next) = self
                    .generated
                    .get(&app)
                    .and_then(|ops| ops.first())
                    .cloned()
                {
                    let Some(needs) = self.outside_needs(&app, &next.deps, graph, chop) else {
                        break;
                    };
                    dependencies.extend(needs);
                    chopped.push(next);
                    if let Some(ops) = self.generated.get_mut(&app) {
                        ops.remove(0);
                    }
                }
                if dependencies.is_empty() && chopped.is_empty() {
                    continue;
                }
                let rest_empty = self.generated.get(&app).is_none_or(Vec::is_empty);
                if rest_empty || chop {
                    let list = self.migrations.entry(app.clone()).or_default();
                    let mut migration = Migration::new(&app, &format!("auto_{}", list.len() + 1));
                    migration.dependencies = dependencies.into_iter().collect();
                    migration.operations = chopped.into_iter().map(|g| g.operation).collect();
                    migration.initial = Some(!self.existing_apps.contains(&app));
                    list.push(migration);
                    chop = false;
                } else if let Some(ops) = self.generated.get_mut(&app) {
                    chopped.append(ops);
                    *ops = chopped;
                }
            }
            let now = count(&self.generated);
            if now == left {
                if chop {
                    return Err(Error::value_error("Cannot resolve operation dependencies."));
                }
                chop = true;
            }
            left = now;
        }
        Ok(())
    }

    /// What an operation needs of other apps; `None` while it is not there yet.
    fn outside_needs(
        &self,
        app: &str,
        deps: &[super::dependency::Dep],
        graph: &Graph,
        chop: bool,
    ) -> Option<Vec<Dependency>> {
        let mut needs = vec![];
        for dep in deps.iter().filter(|d| d.app_label != app) {
            let pending = self
                .generated
                .get(&dep.app_label)
                .is_some_and(|ops| ops.iter().any(|o| dep.satisfied_by(&o.operation)));
            if pending {
                return None;
            }
            if let Some(setting) = &dep.setting {
                needs.push(Dependency::Swappable {
                    setting: setting.clone(),
                    app_label: dep.app_label.clone(),
                });
            } else if let Some(last) = self.migrations.get(&dep.app_label).and_then(|m| m.last()) {
                needs.push(Dependency::Migration(
                    dep.app_label.clone(),
                    last.name.clone(),
                ));
            } else if chop {
                let leaf = graph.leaf_nodes(Some(&dep.app_label)).into_iter().next();
                needs.push(match leaf {
                    Some((a, n)) => Dependency::Migration(a, n),
                    None => Dependency::Migration(dep.app_label.clone(), "__first__".into()),
                });
            } else {
                return None;
            }
        }
        Some(needs)
    }

    pub(super) fn optimize(&mut self) {
        for (app, migrations) in &mut self.migrations {
            for i in 1..migrations.len() {
                let previous = migrations[i - 1].name.clone();
                migrations[i]
                    .dependencies
                    .push(Dependency::Migration(app.clone(), previous));
            }
            for m in migrations {
                let mut seen: Vec<Dependency> = vec![];
                m.dependencies.retain(|d| {
                    let new = !seen.contains(d);
                    seen.push(d.clone());
                    new
                });
                m.operations = crate::optimizer::optimize(std::mem::take(&mut m.operations), app);
            }
        }
    }

    /// Numbers and names the migrations after those that exist.
    pub(super) fn arrange_for_graph(&mut self, graph: &Graph, name: Option<&str>, timestamp: &str) {
        let leaves = graph.leaf_nodes(None);
        let mut names: IndexMap<Key, Key> = IndexMap::new();
        let apps: Vec<String> = self.migrations.keys().cloned().collect();
        for app in apps {
            let leaf = leaves.iter().find(|l| l.0 == app).cloned();
            if leaf.is_none() && !self.questioner.ask_initial(&app) {
                for m in self.migrations.shift_remove(&app).unwrap_or_default() {
                    names.insert((app.clone(), m.name), (app.clone(), "__first__".into()));
                }
                continue;
            }
            let mut number = leaf
                .as_ref()
                .map_or(1, |l| parse_number(&l.1).unwrap_or(0) + 1);
            for (i, m) in self
                .migrations
                .get_mut(&app)
                .into_iter()
                .flatten()
                .enumerate()
            {
                if i == 0
                    && let Some(l) = &leaf
                {
                    m.dependencies
                        .push(Dependency::Migration(l.0.clone(), l.1.clone()));
                }
                let suffix = match name {
                    Some(n) => n.to_string(),
                    None if i == 0 && leaf.is_none() => "initial".into(),
                    None => m.suggest_name(timestamp).chars().take(100).collect(),
                };
                let new_name = format!("{number:04}_{suffix}");
                names.insert(
                    (app.clone(), m.name.clone()),
                    (app.clone(), new_name.clone()),
                );
                number += 1;
                m.name = new_name;
            }
        }
        for m in self.migrations.values_mut().flatten() {
            for d in &mut m.dependencies {
                if let Dependency::Migration(a, n) = d
                    && let Some((app, name)) = names.get(&(a.clone(), n.clone()))
                {
                    *d = Dependency::Migration(app.clone(), name.clone());
                }
            }
        }
    }

    /// Leaves only the asked apps and those they need.
    pub(super) fn trim_to_apps(&mut self, apps: &[String]) {
        let mut required: BTreeSet<String> = apps.iter().cloned().collect();
        loop {
            let before = required.len();
            for (app, migrations) in &self.migrations {
                if required.contains(app) {
                    for m in migrations {
                        required.extend(m.dependencies.iter().map(|d| d.key().0));
                    }
                }
            }
            if required.len() == before {
                break;
            }
        }
        self.migrations.retain(|app, _| required.contains(app));
    }
}

/// The number a migration's name starts with (`0002_…`), or a squashed one's last.
pub fn parse_number(name: &str) -> Option<u32> {
    if let Some((_, rest)) = name.rsplit_once("_squashed_") {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(n) = digits.parse() {
            return Some(n);
        }
    }
    let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
