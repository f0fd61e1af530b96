//! `manage.py showmigrations`.
use super::apps;
use super::args::Args;
use super::command::{Command, Opt, Positional};
use super::output::Output;
use crate::error::OrRaise;
use crate::migrations::Project;
use orm_migrations::graph::Key;
use rustpython_vm::{PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub const COMMAND: Command = Command {
    name: "showmigrations",
    positional: &[Positional::many("app_label")],
    own: &[
        Opt::value(&["--database"], "database"),
        Opt::constant(&["--list", "-l"], "format", "list"),
        Opt::constant(&["--plan", "-p"], "format", "plan"),
    ],
    handle,
};

fn handle(vm: &Vm, args: &Args, out: &Output) -> PyResult<()> {
    apps::check(vm, &args.positional, out)?;
    let project = Project::load(vm, args.database())?;
    if args.value("format") == Some("plan") {
        plan(vm, args, &project, out)
    } else {
        list(vm, args, &project, out)
    }
}

fn list(vm: &Vm, args: &Args, project: &Project, out: &Output) -> PyResult<()> {
    let mut labels = args.positional.clone();
    if labels.is_empty() {
        labels = project
            .loader
            .apps
            .iter()
            .filter(|a| a.migrated)
            .map(|a| a.label.clone())
            .collect();
        labels.sort();
    }
    for label in labels {
        out.line(vm, &label)?;
        let mut shown: Vec<Key> = vec![];
        for leaf in project.graph.leaf_nodes(Some(&label)) {
            for key in project.graph.forwards_plan(&leaf).or_raise(vm)? {
                if key.0 != label || shown.contains(&key) {
                    continue;
                }
                let mut title = key.1.clone();
                let replaces = project.graph.nodes[&key].replaces.len();
                if replaces > 0 {
                    title.push_str(&format!(" ({replaces} squashed migrations)"));
                }
                let line = if !project.applied.contains(&key) {
                    format!(" [ ] {title}")
                } else if project.recorded.contains(&key) {
                    format!(" [X] {title}")
                } else {
                    format!(" [-] {title} Run 'manage.py migrate' to finish recording.")
                };
                out.line(vm, &line)?;
                shown.push(key);
            }
        }
        if shown.is_empty() {
            out.line(vm, " (no migrations)")?;
        }
    }
    Ok(())
}

fn plan(vm: &Vm, args: &Args, project: &Project, out: &Output) -> PyResult<()> {
    let mut seen: Vec<Key> = vec![];
    for leaf in project.graph.leaf_nodes(None) {
        if !args.positional.is_empty() && !args.positional.contains(&leaf.0) {
            continue;
        }
        for key in project.graph.forwards_plan(&leaf).or_raise(vm)? {
            if !seen.contains(&key) {
                seen.push(key);
            }
        }
    }
    for key in &seen {
        let mut deps = String::new();
        if args.verbosity() >= 2 {
            let mut parents = project.graph.parents(key);
            parents.sort();
            let names: Vec<String> = parents.iter().map(|(a, n)| format!("{a}.{n}")).collect();
            if !names.is_empty() {
                deps = format!(" ... ({})", names.join(", "));
            }
        }
        let mark = if project.applied.contains(key) {
            "X"
        } else {
            " "
        };
        out.line(vm, &format!("[{mark}]  {}.{}{deps}", key.0, key.1))?;
    }
    if seen.is_empty() {
        out.line(vm, "(no migrations)")?;
    }
    Ok(())
}
