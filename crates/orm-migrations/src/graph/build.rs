//! The graph of a project out of its migration files and what is applied.
use super::{Digraph, Graph, Key};
use crate::migration::Migration;
use indexmap::{IndexMap, IndexSet};
use orm_state::{Error, ErrorKind, Result};
use std::rc::Rc;

/// What a graph is built of: who has migrations, what each one needs.
pub struct Source<'a, T> {
    pub migrations: IndexMap<Key, (T, Rc<Migration>)>,
    /// Apps that have no migrations: their models are there from the start.
    pub unmigrated: &'a dyn Fn(&str) -> bool,
    /// Do squashed migrations stand in for the ones they replace?
    pub replace: bool,
    /// Is an app with an empty migrations package no reason to complain?
    pub ignore_no_migrations: bool,
}

impl Graph {
    /// The graph of all migrations of a project; those that `replaces` others stand in for them
    /// once all or none of the others are applied.
    ///
    /// # Errors
    /// `NodeNotFoundError` for a dependency that does not exist, `CircularDependencyError`.
    pub fn build(migrations: Vec<Migration>, applied: &IndexSet<Key>) -> Result<Graph> {
        let migrations: IndexMap<Key, (Rc<Migration>, Rc<Migration>)> = migrations
            .into_iter()
            .map(|m| {
                let m = Rc::new(m);
                (m.key(), (m.clone(), m))
            })
            .collect();
        let labels: IndexSet<String> = migrations.keys().map(|k| k.0.clone()).collect();
        let source = Source {
            migrations,
            unmigrated: &|app| !labels.contains(app),
            replace: true,
            ignore_no_migrations: true,
        };
        Ok(build(source, &mut applied.clone())?.0)
    }
}

/// A graph, and the migrations in it that replace others. `applied` learns which of these count
/// as applied.
///
/// # Errors
/// `NodeNotFoundError` for a dependency that does not exist, `CircularDependencyError`.
pub fn build<T: Clone>(
    source: Source<'_, T>,
    applied: &mut IndexSet<Key>,
) -> Result<(Digraph<T>, IndexMap<Key, Vec<Key>>)> {
    let mut graph = Digraph::default();
    let mut replacements: IndexMap<Key, Vec<Key>> = IndexMap::new();
    for (key, (node, m)) in &source.migrations {
        graph.add_node(key.clone(), node.clone());
        if !m.replaces.is_empty() {
            replacements.insert(key.clone(), m.replaces.clone());
        }
    }
    let origin = |key: &Key| format!("{}.{}", key.0, key.1);
    for (key, (_, m)) in &source.migrations {
        for parent in m.dependencies.iter().map(|d| d.key()) {
            if parent.0 == key.0 && parent.1 != "__first__" {
                graph.add_dependency(&origin(key), key, &parent, true)?;
            }
        }
    }
    for (key, (_, m)) in &source.migrations {
        for parent in m.dependencies.iter().map(|d| d.key()) {
            if parent.0 != key.0
                && let Some(parent) = check_key(&graph, &source, parent, &key.0)?
            {
                graph.add_dependency(&origin(key), key, &parent, true)?;
            }
        }
        for child in m.run_before.iter().map(|d| d.key()) {
            if let Some(child) = check_key(&graph, &source, child, &key.0)? {
                graph.add_dependency(&origin(key), &child, key, true)?;
            }
        }
    }
    if source.replace {
        let mut progress = IndexMap::new();
        for key in replacements.keys() {
            replace(key, &mut graph, &replacements, applied, &mut progress)?;
        }
    }
    explain(&graph, &replacements)?;
    graph.ensure_not_cyclic()?;
    Ok((graph, replacements))
}

/// A dependency with `__first__` and `__latest__` as migrations; nothing where there is no need.
fn check_key<T>(
    graph: &Digraph<T>,
    source: &Source<'_, T>,
    key: Key,
    current: &str,
) -> Result<Option<Key>> {
    if !matches!(key.1.as_str(), "__first__" | "__latest__") || graph.knows(&key) {
        return Ok(Some(key));
    }
    if key.0 == current || (source.unmigrated)(&key.0) {
        return Ok(None);
    }
    let ends = if key.1 == "__first__" {
        graph.root_nodes(Some(&key.0))
    } else {
        graph.leaf_nodes(Some(&key.0))
    };
    match ends.into_iter().next() {
        Some(end) => Ok(Some(end)),
        None if source.ignore_no_migrations => Ok(None),
        None => Err(Error::value_error(format!(
            "Dependency on app with no migrations: {}",
            key.0
        ))),
    }
}

/// The migrations behind a squashed one, through other squashed ones.
fn parts(replaces: &[Key], all: &IndexMap<Key, Vec<Key>>, out: &mut IndexSet<Key>, depth: usize) {
    for key in replaces {
        match all.get(key) {
            Some(inner) if depth > 0 => parts(inner, all, out, depth - 1),
            _ => {
                out.insert(key.clone());
            }
        }
    }
}

fn replace<T>(
    key: &Key,
    graph: &mut Digraph<T>,
    all: &IndexMap<Key, Vec<Key>>,
    applied: &mut IndexSet<Key>,
    progress: &mut IndexMap<Key, bool>,
) -> Result<()> {
    match progress.get(key) {
        Some(true) => return Ok(()),
        Some(false) => {
            return Err(Error::new(
                ErrorKind::CommandError,
                format!(
                    "Cyclical squash replacement found, starting at ('{}', '{}')",
                    key.0, key.1
                ),
            ));
        }
        None => {}
    }
    progress.insert(key.clone(), false);
    let Some(replaces) = all.get(key) else {
        return Ok(());
    };
    for inner in replaces.iter().filter(|k| all.contains_key(*k)) {
        replace(inner, graph, all, applied, progress)?;
    }
    let mut behind = IndexSet::new();
    parts(replaces, all, &mut behind, all.len());
    let done = behind.iter().filter(|k| applied.contains(*k)).count();
    if done == behind.len() {
        applied.insert(key.clone());
    } else {
        applied.shift_remove(key);
    }
    if done == behind.len() || done == 0 {
        graph.remove_replaced_nodes(key, replaces)?;
    } else {
        graph.remove_replacement_node(key, replaces)?;
    }
    progress.insert(key.clone(), true);
    Ok(())
}

/// Complains about what is missing; if a squashed migration could have helped, says why not.
fn explain<T>(graph: &Digraph<T>, all: &IndexMap<Key, Vec<Key>>) -> Result<()> {
    let Some((key, dummy)) = graph.dummies.first() else {
        return Ok(());
    };
    let candidates: Vec<&Key> = all
        .iter()
        .filter(|(_, replaced)| replaced.contains(key))
        .map(|(k, _)| k)
        .collect();
    if candidates.is_empty() || candidates.iter().any(|c| graph.nodes.contains_key(*c)) {
        return graph.validate_consistency();
    }
    let tries: Vec<String> = candidates.iter().map(|(a, n)| format!("{a}.{n}")).collect();
    Err(Error::new(
        ErrorKind::NodeNotFoundError,
        format!(
            "Migration {0} depends on nonexistent node ('{1}', '{2}'). Django tried to replace migration {1}.{2} with \
             any of [{3}] but wasn't able to because some of the replaced migrations are already applied.",
            dummy.origin,
            key.0,
            key.1,
            tries.join(", ")
        ),
    ))
}
