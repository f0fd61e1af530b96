//! From operations to migrations: sorted, cut where apps depend on each other, named.
use super::{Detector, Leaves, Options, Planned};
use crate::migration::{Dependency, Migration};
use crate::optimizer::optimize;
use crate::questioner::Questioner;
use indexmap::IndexMap;
use orm_state::{Error, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};

impl Detector<'_> {
    /// Within an app, each operation after those it needs.
    pub(super) fn sort_operations(&mut self) {
        for (app, ops) in &mut self.generated {
            let taken = std::mem::take(ops);
            let mut needs: Vec<Vec<usize>> = vec![vec![]; taken.len()];
            let mut order: Vec<usize> = vec![];
            let mut seen = vec![false; taken.len()];
            let mut visit = |i: usize, order: &mut Vec<usize>| {
                if !seen[i] {
                    seen[i] = true;
                    order.push(i);
                }
            };
            for (i, planned) in taken.iter().enumerate() {
                visit(i, &mut order);
                for dep in planned.needs.iter().filter(|d| d.app_label == *app) {
                    for (j, other) in taken.iter().enumerate() {
                        if dep.met_by(&other.operation) {
                            visit(j, &mut order);
                            needs[i].push(j);
                        }
                    }
                }
            }
            *ops = static_order(&order, &needs)
                .into_iter()
                .map(|i| taken[i].clone())
                .collect();
        }
    }

    /// Cuts the operations of each app where they need another app's, into migrations.
    pub(super) fn build_migration_list(
        mut self,
        graph: Option<&dyn Leaves>,
    ) -> Result<IndexMap<String, Vec<Migration>>> {
        let mut migrations: IndexMap<String, Vec<Migration>> = IndexMap::new();
        let mut left: usize = self.generated.values().map(Vec::len).sum();
        let mut chop = false;
        while left > 0 {
            let apps: Vec<String> = self.generated.keys().cloned().collect();
            for app in apps {
                let ops = self.generated.get(&app).cloned().unwrap_or_default();
                let mut chopped: Vec<Planned> = vec![];
                let mut dependencies: BTreeSet<Dependency> = BTreeSet::new();
                for planned in &ops {
                    match self.outside(&app, planned, &migrations, graph, chop) {
                        Some(deps) => {
                            chopped.push(planned.clone());
                            dependencies.extend(deps);
                        }
                        None => break,
                    }
                }
                if dependencies.is_empty() && chopped.is_empty() {
                    continue;
                }
                let rest = ops[chopped.len()..].to_vec();
                if rest.is_empty() || chop {
                    let of_app = migrations.entry(app.clone()).or_default();
                    let mut migration = Migration::new(&app, &format!("auto_{}", of_app.len() + 1));
                    migration.dependencies = dependencies.into_iter().collect();
                    migration.operations = chopped.into_iter().map(|p| p.operation).collect();
                    migration.initial = Some(!self.existing_apps.contains(&app));
                    of_app.push(migration);
                    chop = false;
                    self.generated.insert(app, rest);
                }
            }
            let now: usize = self.generated.values().map(Vec::len).sum();
            if now == left {
                if chop {
                    return Err(Error::value_error("Cannot resolve operation dependencies"));
                }
                chop = true;
            }
            left = now;
        }
        for (app, list) in &mut migrations {
            for i in 1..list.len() {
                let before = Dependency::Migration(app.clone(), list[i - 1].name.clone());
                if !list[i].dependencies.contains(&before) {
                    list[i].dependencies.push(before);
                }
            }
            for m in list {
                m.operations = optimize(std::mem::take(&mut m.operations), app);
            }
        }
        Ok(migrations)
    }

    /// The migrations of other apps an operation needs; `None` if they are not there yet.
    fn outside(
        &self,
        app: &str,
        planned: &Planned,
        migrations: &IndexMap<String, Vec<Migration>>,
        graph: Option<&dyn Leaves>,
        chop: bool,
    ) -> Option<BTreeSet<Dependency>> {
        let mut out = BTreeSet::new();
        let mut satisfied = true;
        for dep in planned.needs.iter().filter(|d| d.app_label != app) {
            let waiting = self.generated.get(&dep.app_label);
            if waiting.is_some_and(|ops| ops.iter().any(|o| dep.met_by(&o.operation))) {
                return None;
            }
            if let Some(setting) = &dep.setting {
                out.insert(Dependency::Swappable {
                    setting: setting.clone(),
                    app_label: dep.app_label.clone(),
                });
            } else if let Some(last) = migrations.get(&dep.app_label).and_then(|m| m.last()) {
                out.insert(Dependency::Migration(
                    dep.app_label.clone(),
                    last.name.clone(),
                ));
            } else if chop {
                let leaf = graph.and_then(|g| g.leaf_nodes(Some(&dep.app_label)).first().cloned());
                let (a, n) = leaf.unwrap_or_else(|| (dep.app_label.clone(), "__first__".into()));
                out.insert(Dependency::Migration(a, n));
            } else {
                satisfied = false;
            }
        }
        satisfied.then_some(out)
    }
}

/// Python's `TopologicalSorter.static_order()`: nodes in `order`, each after those it needs.
fn static_order(order: &[usize], needs: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut successors: Vec<Vec<usize>> = vec![vec![]; needs.len()];
    for (i, list) in needs.iter().enumerate() {
        for &j in list {
            successors[j].push(i);
        }
    }
    let mut ready: Vec<usize> = order.iter().copied().filter(|&i| waiting[i] == 0).collect();
    let mut out = vec![];
    while !ready.is_empty() {
        let mut next = vec![];
        for &node in &ready {
            for &s in &successors[node] {
                waiting[s] -= 1;
                if waiting[s] == 0 {
                    next.push(s);
                }
            }
        }
        out.extend(ready);
        ready = next;
    }
    // A cycle cannot be sorted: keep what is left as it was.
    let missing: Vec<usize> = order.iter().copied().filter(|i| !out.contains(i)).collect();
    out.extend(missing);
    out
}

/// Names the migrations and lets them follow the ones that exist.
pub(super) fn arrange_for_graph(
    mut changes: IndexMap<String, Vec<Migration>>,
    graph: &dyn Leaves,
    questioner: &dyn Questioner,
    options: &Options,
) -> Result<IndexMap<String, Vec<Migration>>> {
    let leaves = graph.leaf_nodes(None);
    let mut names: HashMap<(String, String), (String, String)> = HashMap::new();
    let apps: Vec<String> = changes.keys().cloned().collect();
    for app in apps {
        let leaf = leaves.iter().find(|l| l.0 == app).cloned();
        if leaf.is_none() && !questioner.ask_initial(&app)? {
            for m in changes.shift_remove(&app).unwrap_or_default() {
                names.insert(m.key(), (app.clone(), "__first__".into()));
            }
            continue;
        }
        let first = leaf
            .as_ref()
            .map_or(1, |l| parse_number(&l.1).unwrap_or(0) + 1);
        for (i, m) in changes.get_mut(&app).into_iter().flatten().enumerate() {
            if i == 0
                && let Some((a, n)) = &leaf
            {
                m.dependencies
                    .push(Dependency::Migration(a.clone(), n.clone()));
            }
            let label = match &options.migration_name {
                Some(n) => n.clone(),
                None if i == 0 && leaf.is_none() => "initial".into(),
                None => m
                    .suggest_name(&options.timestamp)
                    .chars()
                    .take(100)
                    .collect(),
            };
            let name = format!("{:04}_{label}", first + i as u64);
            names.insert(m.key(), (app.clone(), name.clone()));
            m.name = name;
        }
    }
    for m in changes.values_mut().flatten() {
        for d in &mut m.dependencies {
            if let Dependency::Migration(a, n) = d
                && let Some((app, name)) = names.get(&(a.clone(), n.clone()))
            {
                *d = Dependency::Migration(app.clone(), name.clone());
            }
        }
    }
    Ok(changes)
}

/// Leaves only the migrations of some apps, and of those they need.
pub(super) fn trim_to_apps(
    changes: &mut IndexMap<String, Vec<Migration>>,
    apps: &BTreeSet<String>,
) {
    let mut needed: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
    for (app, list) in changes.iter() {
        for d in list.iter().flat_map(|m| &m.dependencies) {
            let other = match d {
                Dependency::Migration(a, _) => a.clone(),
                Dependency::Swappable { .. } => "__setting__".into(),
            };
            needed.entry(app).or_default().insert(other);
        }
    }
    let mut required = apps.clone();
    loop {
        let more: BTreeSet<String> = required
            .iter()
            .flat_map(|a| needed.get(a).cloned().unwrap_or_default())
            .collect();
        if more.is_subset(&required) {
            break;
        }
        required.extend(more);
    }
    changes.retain(|app, _| required.contains(app));
}

/// The number a migration's name starts with: `0002_more` → 2; a squashed one's second number.
pub fn parse_number(name: &str) -> Option<u64> {
    let digits = |s: &str| -> Option<u64> {
        let d: String = s.chars().take_while(char::is_ascii_digit).collect();
        d.parse().ok()
    };
    if let Some(at) = name.rfind("_squashed_")
        && let Some(n) = digits(&name[at + "_squashed_".len()..])
    {
        return Some(n);
    }
    digits(name)
}
