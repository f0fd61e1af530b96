//! Which migration needs which. Source of names: Django's `migrations.graph`.
use crate::migration::Migration;
use crate::state::ProjectState;
use indexmap::{IndexMap, IndexSet};
use orm_state::{Error, ErrorKind, Result};
use std::rc::Rc;

/// `("app", "0001_initial")`
pub type Key = (String, String);

/// Migrations as nodes, dependencies as edges.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub nodes: IndexMap<Key, Rc<Migration>>,
    parents: IndexMap<Key, IndexSet<Key>>,
    children: IndexMap<Key, IndexSet<Key>>,
}

impl Graph {
    /// The graph of all migrations of a project; those that `replaces` others stand in for them
    /// once all or none of the others are applied.
    ///
    /// # Errors
    /// `NodeNotFoundError` for a dependency that does not exist, `CircularDependencyError`.
    pub fn build(migrations: Vec<Migration>, applied: &IndexSet<Key>) -> Result<Graph> {
        let mut graph = Graph::default();
        let mut replaced: IndexMap<Key, Key> = IndexMap::new();
        let mut skip: IndexSet<Key> = IndexSet::new();
        for m in &migrations {
            if m.replaces.is_empty() {
                continue;
            }
            let done = m.replaces.iter().filter(|r| applied.contains(*r)).count();
            let all_exist_or_applied = done == 0 || done == m.replaces.len();
            if all_exist_or_applied {
                for r in &m.replaces {
                    replaced.insert(r.clone(), m.key());
                }
            } else {
                skip.insert(m.key());
            }
        }
        for m in migrations {
            let key = m.key();
            if !skip.contains(&key) && !replaced.contains_key(&key) {
                graph.nodes.insert(key, Rc::new(m));
            }
        }
        let keys: Vec<Key> = graph.nodes.keys().cloned().collect();
        for key in &keys {
            let m = graph.nodes[key].clone();
            for d in &m.dependencies {
                let parent = graph.resolve(&d.key(), key, &replaced)?;
                if let Some(parent) = parent
                    && parent != *key
                {
                    graph.add_edge(key, &parent);
                }
            }
            for d in &m.run_before {
                if let Some(child) = graph.resolve(&d.key(), key, &replaced)? {
                    graph.add_edge(&child, key);
                }
            }
        }
        graph.ensure_not_cyclic()?;
        Ok(graph)
    }
    fn resolve(&self, to: &Key, from: &Key, replaced: &IndexMap<Key, Key>) -> Result<Option<Key>> {
        let to = replaced.get(to).cloned().unwrap_or_else(|| to.clone());
        match to.1.as_str() {
            "__first__" | "__latest__" => {
                // Apps without migrations of their own are there from the start.
                let mut of_app = self.nodes.keys().filter(|k| k.0 == to.0);
                let found = if to.1 == "__first__" {
                    of_app.next()
                } else {
                    of_app.next_back()
                };
                Ok(found.cloned())
            }
            _ if self.nodes.contains_key(&to) => Ok(Some(to)),
            _ => Err(Error::new(
                ErrorKind::NodeNotFoundError,
                format!(
                    "Migration {}.{} dependencies reference nonexistent parent node ('{}', '{}')",
                    from.0, from.1, to.0, to.1
                ),
            )),
        }
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
    fn ensure_not_cyclic(&self) -> Result<()> {
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
    fn walk(edges: &IndexMap<Key, IndexSet<Key>>, start: &Key) -> Vec<Key> {
        // Depth first, each node after all it leads to, in sorted order.
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
            stack.push((node.clone(), true));
            let mut next: Vec<Key> = edges.get(&node).into_iter().flatten().cloned().collect();
            next.sort();
            next.reverse();
            stack.extend(
                next.into_iter()
                    .filter(|n| !out.contains(n))
                    .map(|n| (n, false)),
            );
        }
        out.into_iter().collect()
    }
    fn known(&self, target: &Key) -> Result<()> {
        if self.nodes.contains_key(target) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::NodeNotFoundError,
            format!("Node ('{}', '{}') not a valid node", target.0, target.1),
        ))
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
        self.parents
            .get(key)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }
    pub fn children(&self, key: &Key) -> Vec<Key> {
        self.children
            .get(key)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
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
    /// The state after (or before) some migrations and all they need.
    pub fn make_state(&self, nodes: Option<&[Key]>, at_end: bool) -> Result<ProjectState> {
        let mut plan: IndexSet<Key> = IndexSet::new();
        match nodes {
            None => plan.extend(self.full_plan()?),
            Some(nodes) => {
                for node in nodes {
                    for key in self.forwards_plan(node)? {
                        if at_end || !nodes.contains(&key) {
                            plan.insert(key);
                        }
                    }
                }
            }
        }
        let mut state = ProjectState::default();
        for key in plan {
            self.nodes[&key].mutate_state(&mut state)?;
        }
        Ok(state)
    }
}
