//! `makemigrations --merge`: a migration that joins branches.
use super::makemigrations::Job;
use crate::error::OrRaise;
use crate::migrations::Project;
use crate::migrations::project::{describe, timestamp};
use indexmap::IndexMap;
use orm_migrations::autodetector::parse_number;
use orm_migrations::graph::Key;
use orm_migrations::{Dependency, Migration, Questioner};
use rustpython_vm::{PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn merge(
    vm: &Vm,
    job: &Job<'_>,
    project: &Project,
    conflicts: &IndexMap<String, Vec<String>>,
) -> PyResult<()> {
    let verbosity = job.args.verbosity();
    for (app, names) in conflicts {
        let mut ancestries: Vec<Vec<Key>> = vec![];
        for name in names {
            let plan = project
                .graph
                .forwards_plan(&(app.clone(), name.clone()))
                .or_raise(vm)?;
            ancestries.push(plan.into_iter().filter(|k| k.0 == *app).collect());
        }
        let shortest = ancestries.iter().map(Vec::len).min().unwrap_or(0);
        let common = (0..shortest)
            .take_while(|&i| ancestries.iter().all(|a| a[i] == ancestries[0][i]))
            .count();
        if common == 0 {
            let shown: Vec<String> = names.iter().map(|n| format!("'{n}'")).collect();
            return Err(vm.new_value_error(format!(
                "Could not find common ancestor of [{}]",
                shown.join(", ")
            )));
        }
        if verbosity > 0 {
            job.log.line(vm, &format!("Merging {app}"))?;
            for (name, ancestry) in names.iter().zip(&ancestries) {
                job.log.line(vm, &format!("  Branch {name}"))?;
                for key in &ancestry[common..] {
                    for op in &project.graph.nodes[key].operations {
                        job.log.line(vm, &format!("    {}", describe(op)))?;
                    }
                }
            }
        }
        let asker = job.asker(project, &[]);
        if !asker.ask_merge(app).or_raise(vm)? {
            continue;
        }
        let biggest = names
            .iter()
            .filter_map(|n| parse_number(n))
            .max()
            .unwrap_or(1);
        let mut sorted = names.clone();
        sorted.sort();
        let label = match job.args.value("name") {
            Some(n) => n.to_string(),
            None => {
                let joined = sorted.join("_");
                if joined.chars().count() > 47 {
                    format!("merge_{}", timestamp(vm, true).or_raise(vm)?)
                } else {
                    format!("merge_{joined}")
                }
            }
        };
        let mut migration = Migration::new(app, &format!("{:04}_{label}", biggest + 1));
        migration.dependencies = names
            .iter()
            .map(|n| Dependency::Migration(app.clone(), n.clone()))
            .collect();
        if !job.dry_run {
            let path = project.write(vm, &migration, job.header())?;
            super::face::lay_out(vm, job.args, std::slice::from_ref(&path))?;
            if verbosity > 0 {
                job.log
                    .line(vm, &format!("\nCreated new merge migration {path}"))?;
                if job.args.flag("scriptable") {
                    job.out.line(vm, &path)?;
                }
            }
        } else if verbosity == 3 {
            job.log.line(
                vm,
                &format!("Full merge migrations file '{}.py':", migration.name),
            )?;
            job.log
                .line(vm, &project.text(vm, &migration, job.header())?)?;
        }
    }
    Ok(())
}
