//! Which migration needs which. Source of names: Django's `migrations.graph`.
//!
//! [`Digraph`] knows keys and edges; what a node holds is its user's. [`Graph`] is the one of
//! Rust's migrations.
pub mod build;

use crate::autodetector::Leaves;
use crate::migration::Migration;
use crate::state::ProjectState;
use indexmap::{IndexMap, IndexSet};
use orm_state::{Error, ErrorKind, Result};
use std::rc::Rc;

/// `("app", "0001_initial")`
pub type Key = (String, String);

/// A node that something needs and nobody gave.
#[derive(Clone, Debug)]
pub struct Dummy {
    /// Who needs it.
    pub origin: String,
    pub message: String,
}

/// Migrations as nodes, dependencies as edges.
#[derive(Clone, Debug)]
pub struct Digraph<T> {
    pub nodes: IndexMap<Key, T>,
    pub dummies: IndexMap<Key, Dummy>,
    parents: IndexMap<Key, IndexSet<Key>>,
    children: IndexMap<Key, IndexSet<Key>>,
}

/// The graph of a project's migrations.
pub type Graph = Digraph<Rc<Migration>>;

impl<T> Default for Digraph<T> {
    fn default() -> Digraph<T> {
        Digraph {
            nodes: IndexMap::new(),
            dummies: IndexMap::new(),
            parents: IndexMap::new(),
            children: IndexMap::new(),
        }
    }
}

impl<T> Leaves for Digraph<T> {
    fn leaf_nodes(&self, app: Option<&str>) -> Vec<Key> {
        self.ends(app, &self.children)
    }
}

/// `('app', 'name')`, as messages show a key.
fn shown(key: &Key) -> String {
    format!("('{}', '{}')", key.0, key.1)
}

fn not_found(message: String) -> Error {
    Error::new(ErrorKind::NodeNotFoundError, message)
}

impl<T> Digraph<T> {
    pub fn add_node(&mut self, key: Key, node: T) {
        self.dummies.shift_remove(&key);
        self.nodes.insert(key, node);
    }
    /// Stands in for a node until it comes.
    pub fn add_dummy(&mut self, key: Key, origin: &str, message: String) {
        let origin = origin.to_string();
        self.dummies.insert(key, Dummy { origin, message });
    }
    /// Is there a node, or a stand-in?
    pub fn knows(&self, key: &Key) -> bool {
        self.nodes.contains_key(key) || self.dummies.contains_key(key)
    }
    /// `child` needs `parent`; `origin` says so.
    ///
    /// # Errors
    /// `NodeNotFoundError`, unless that is to be checked later.
    pub fn add_dependency(
        &mut self,
        origin: &str,
        child: &Key,
        parent: &Key,
        skip_validation: bool,
    ) -> Result<()> {
        for (end, word) in [(child, "child"), (parent, "parent")] {
            if !self.knows(end) {
                let message = format!(
                    "Migration {origin} dependencies reference nonexistent {word} node {}",
                    shown(end)
                );
                self.add_dummy(end.clone(), origin, message);
            }
        }
        self.add_edge(child, parent);
        if skip_validation {
            return Ok(());
        }
        self.validate_consistency()
    }
    fn add_edge(&mut self, child: &Key, parent: &Key) {
        self.parents
            .entry(child.clone())
            .or_default()
            .insert(parent.clone());
        self.children
            .entry(parent.clone())
            .or_default()
            .insert(child.clone());
    }
    fn remove_edge(&mut self, child: &Key, parent: &Key) {
        if let Some(p) = self.parents.get_mut(child) {
            p.shift_remove(parent);
        }
        if let Some(c) = self.children.get_mut(parent) {
            c.shift_remove(child);
        }
    }
    fn remove(&mut self, key: &Key) -> (Vec<Key>, Vec<Key>) {
        self.nodes.shift_remove(key);
        self.dummies.shift_remove(key);
        let (parents, children) = (self.parents(key), self.children(key));
        for p in &parents {
            self.remove_edge(key, p);
        }
        for c in &children {
            self.remove_edge(c, key);
        }
        (parents, children)
    }
    fn missing_replacement(key: &Key) -> Error {
        not_found(format!(
            "Unable to find replacement node {}. It was either never added to the migration graph, or has been removed.",
            shown(key)
        ))
    }
    /// A squashed migration takes the place of those it replaces.
    ///
    /// # Errors
    /// `NodeNotFoundError` where it is not in the graph.
    pub fn remove_replaced_nodes(&mut self, replacement: &Key, replaced: &[Key]) -> Result<()> {
        if !self.knows(replacement) {
            return Err(Self::missing_replacement(replacement));
        }
        for key in replaced.iter().filter(|k| *k != replacement) {
            if !self.knows(key) {
                continue;
            }
            let (parents, children) = self.remove(key);
            for child in children {
                if !replaced.contains(&child) && child != *replacement {
                    self.add_edge(&child, replacement);
                }
            }
            for parent in parents {
                if !replaced.contains(&parent) && parent != *replacement {
                    self.add_edge(replacement, &parent);
                }
            }
        }
        Ok(())
    }
    /// A squashed migration gives way to those it would have replaced.
    ///
    /// # Errors
    /// `NodeNotFoundError` where it is not in the graph.
    pub fn remove_replacement_node(&mut self, replacement: &Key, replaced: &[Key]) -> Result<()> {
        if !self.knows(replacement) {
            return Err(not_found(format!(
                "Unable to remove replacement node {}. It was either never added to the migration graph, or has been removed already.",
                shown(replacement)
            )));
        }
        let (_, children) = self.remove(replacement);
        let present: IndexSet<Key> = replaced.iter().filter(|k| self.knows(k)).cloned().collect();
        // What came after the squashed one comes after the last of its parts.
        let inner: IndexSet<Key> = present.iter().flat_map(|k| self.parents(k)).collect();
        let last: Vec<Key> = present
            .iter()
            .filter(|k| !inner.contains(*k))
            .cloned()
            .collect();
        for child in children {
            for parent in &last {
                self.add_edge(&child, parent);
            }
        }
        Ok(())
    }
    /// # Errors
    /// `NodeNotFoundError` for the first node that only others speak of.
    pub fn validate_consistency(&self) -> Result<()> {
        match self.dummies.values().next() {
            Some(d) => Err(not_found(d.message.clone())),
            None => Ok(()),
        }
    }
    /// # Errors
    /// `CircularDependencyError` with the migrations of a cycle.
    pub fn ensure_not_cyclic(&self) -> Result<()> {
        let mut todo: IndexSet<Key> = self.nodes.keys().cloned().collect();
        while let Some(node) = todo.pop() {
            let mut stack = vec![node];
            while let Some(top) = stack.last().cloned() {
                let mut pushed = false;
                for child in self.children.get(&top).into_iter().flatten() {
                    if let Some(at) = stack.iter().position(|k| k == child) {
                        let cycle: Vec<String> = stack[at..]
                            .iter()
                            .map(|(a, n)| format!("{a}.{n}"))
                            .collect();
                        return Err(Error::new(
                            ErrorKind::CircularDependencyError,
                            cycle.join(", "),
                        ));
                    }
                    if todo.shift_remove(child) {
                        stack.push(child.clone());
                        pushed = true;
                        break;
                    }
                }
                if !pushed {
                    stack.pop();
                }
            }
        }
        Ok(())
    }
    /// Depth first, each node after all it leads to; of several the last one by name goes first.
    fn walk(edges: &IndexMap<Key, IndexSet<Key>>, start: &Key) -> Vec<Key> {
        let mut out: IndexSet<Key> = IndexSet::new();
        let mut stack: Vec<(Key, bool)> = vec![(start.clone(), false)];
        while let Some((node, done)) = stack.pop() {
            if out.contains(&node) {
                continue;
            }
            if done {
                out.insert(node);
                continue;
            }
            let mut next: Vec<Key> = edges.get(&node).into_iter().flatten().cloned().collect();
            next.sort();
            stack.push((node, true));
            stack.extend(next.into_iter().map(|n| (n, false)));
        }
        out.into_iter().collect()
    }
    fn known(&self, target: &Key) -> Result<()> {
        if self.nodes.contains_key(target) {
            return Ok(());
        }
        Err(not_found(format!(
            "Node {} not a valid node",
            shown(target)
        )))
    }
    /// What must run for `target`, in order, itself last.
    pub fn forwards_plan(&self, target: &Key) -> Result<Vec<Key>> {
        self.known(target)?;
        Ok(Self::walk(&self.parents, target))
    }
    /// What must be undone for `target`, in order, itself last.
    pub fn backwards_plan(&self, target: &Key) -> Result<Vec<Key>> {
        self.known(target)?;
        Ok(Self::walk(&self.children, target))
    }
    pub fn parents(&self, key: &Key) -> Vec<Key> {
        let found = self.parents.get(key).into_iter().flatten();
        found.cloned().collect()
    }
    pub fn children(&self, key: &Key) -> Vec<Key> {
        let found = self.children.get(key).into_iter().flatten();
        found.cloned().collect()
    }
    pub fn edge_count(&self) -> usize {
        self.parents.values().map(IndexSet::len).sum()
    }
    /// Migrations of an app that no other of the app needs; more than one is a conflict.
    pub fn leaf_nodes(&self, app: Option<&str>) -> Vec<Key> {
        self.ends(app, &self.children)
    }
    /// Migrations that need no other of their app.
    pub fn root_nodes(&self, app: Option<&str>) -> Vec<Key> {
        self.ends(app, &self.parents)
    }
    fn ends(&self, app: Option<&str>, edges: &IndexMap<Key, IndexSet<Key>>) -> Vec<Key> {
        let mut out: Vec<Key> = self
            .nodes
            .keys()
            .filter(|k| app.is_none_or(|a| k.0 == a))
            .filter(|k| edges.get(*k).into_iter().flatten().all(|n| n.0 != k.0))
            .cloned()
            .collect();
        out.sort();
        out
    }
    /// App → its leaves, where there are several.
    pub fn detect_conflicts(&self) -> IndexMap<String, Vec<String>> {
        let mut by_app: IndexMap<String, Vec<String>> = IndexMap::new();
        for (app, name) in self.leaf_nodes(None) {
            by_app.entry(app).or_default().push(name);
        }
        by_app.retain(|_, names| names.len() > 1);
        by_app
    }
    /// Everything, in an order that respects all dependencies.
    pub fn full_plan(&self) -> Result<Vec<Key>> {
        let mut plan: IndexSet<Key> = IndexSet::new();
        for leaf in self.leaf_nodes(None) {
            plan.extend(self.forwards_plan(&leaf)?);
        }
        Ok(plan.into_iter().collect())
    }
    /// What must run for some nodes, with or without themselves.
    pub fn plan_for(&self, nodes: &[Key], at_end: bool) -> Result<Vec<Key>> {
        let mut plan: IndexSet<Key> = IndexSet::new();
        for node in nodes {
            for key in self.forwards_plan(node)? {
                if at_end || !nodes.contains(&key) {
                    plan.insert(key);
                }
            }
        }
        Ok(plan.into_iter().collect())
    }
}

impl Graph {
    /// The state after (or before) some migrations and all they need.
    pub fn make_state(&self, nodes: Option<&[Key]>, at_end: bool) -> Result<ProjectState> {
        let plan = match nodes {
            None => self.full_plan()?,
            Some(nodes) => self.plan_for(nodes, at_end)?,
        };
        let mut state = ProjectState::default();
        for key in plan {
            self.nodes[&key].mutate_state(&mut state)?;
        }
        Ok(state)
    }
}
