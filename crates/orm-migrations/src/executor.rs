//! From targets to a plan, from a plan to a changed database.
use crate::graph::{Digraph, Graph, Key};
use crate::migration::Migration;
use crate::state::ProjectState;
use indexmap::IndexSet;
use orm_sql::schema::SchemaEditor;
use orm_state::Result;
use std::rc::Rc;

/// One step: a migration, and whether it is undone.
#[derive(Clone, Debug)]
pub struct Step {
    pub migration: Rc<Migration>,
    pub backwards: bool,
}

/// The steps that lead from what is applied to the targets. A target `(app, None)` undoes all of
/// an app (`migrate app zero`).
pub fn migration_plan(
    graph: &Graph,
    applied: &IndexSet<Key>,
    targets: &[(String, Option<String>)],
    clean_start: bool,
) -> Result<Vec<Step>> {
    let steps = plan_keys(graph, applied, targets, clean_start)?;
    Ok(steps
        .into_iter()
        .map(|(key, backwards)| Step {
            migration: graph.nodes[&key].clone(),
            backwards,
        })
        .collect())
}

/// The same for any graph: keys, and whether they are undone.
pub fn plan_keys<T>(
    graph: &Digraph<T>,
    applied: &IndexSet<Key>,
    targets: &[(String, Option<String>)],
    clean_start: bool,
) -> Result<Vec<(Key, bool)>> {
    let mut plan: Vec<(Key, bool)> = vec![];
    let mut applied: IndexSet<Key> = if clean_start {
        IndexSet::new()
    } else {
        applied.clone()
    };
    for (app, name) in targets {
        let Some(name) = name else {
            for root in graph.root_nodes(Some(app)) {
                for key in graph.backwards_plan(&root)? {
                    if applied.shift_remove(&key) {
                        plan.push((key, true));
                    }
                }
            }
            continue;
        };
        let target = (app.clone(), name.clone());
        if applied.contains(&target) {
            let of_app = graph.children(&target).into_iter();
            let mut next: Vec<Key> = of_app.filter(|c| c.0 == target.0).collect();
            next.sort();
            for node in next {
                for key in graph.backwards_plan(&node)? {
                    if applied.shift_remove(&key) {
                        plan.push((key, true));
                    }
                }
            }
        } else {
            for key in graph.forwards_plan(&target)? {
                if applied.insert(key.clone()) {
                    plan.push((key, false));
                }
            }
        }
    }
    Ok(plan)
}

/// The state of all that is applied.
pub fn applied_state(graph: &Graph, applied: &IndexSet<Key>) -> Result<ProjectState> {
    let mut state = ProjectState::default();
    for key in graph.full_plan()? {
        if applied.contains(&key) {
            graph.nodes[&key].mutate_state(&mut state)?;
        }
    }
    Ok(state)
}

/// The state before a migration that is to be undone: all it needs, and what else stays applied.
pub fn state_before(graph: &Graph, applied: &IndexSet<Key>, key: &Key) -> Result<ProjectState> {
    let mut state = ProjectState::default();
    for k in graph.full_plan()? {
        if k != *key && applied.contains(&k) {
            graph.nodes[&k].mutate_state(&mut state)?;
        }
    }
    Ok(state)
}

/// The statements of one migration, as `sqlmigrate` prints them between `BEGIN` and `COMMIT`.
pub fn collect_sql(
    graph: &Graph,
    key: &Key,
    backwards: bool,
    mut editor: SchemaEditor<'_>,
) -> Result<Vec<String>> {
    let mut state = graph.make_state(Some(std::slice::from_ref(key)), false)?;
    let migration = graph.nodes[key].clone();
    if backwards {
        migration.unapply(&state, &mut editor, true)?;
    } else {
        migration.apply(&mut state, &mut editor, true)?;
    }
    editor.finish()?;
    Ok(editor.collected_sql.unwrap_or_default())
}
