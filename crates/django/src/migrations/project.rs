//! A project's migrations: what is written, what is applied, what is pending; and changing it.
//!
//! The one door for commands, the engine and the page:
//!
//! ```ignore
//! let project = Project::load(vm, "default")?;
//! for change in project.pending(vm, &Unattended, &options)? { … change.text … }
//! let plan = project.plan(vm, &[("library".into(), Some("0002_more".into()))])?;
//! project.migrate(vm, &plan, false, &mut |step| …)?;
//! ```
use super::editor::Database;
use super::live;
use super::loader::Loader;
use crate::error::{OrForeign, OrRaise};
use crate::py;
use indexmap::{IndexMap, IndexSet};
use orm_migrations::autodetector::Options;
use orm_migrations::executor::{Step, migration_plan};
use orm_migrations::graph::{Graph, Key};
use orm_migrations::{Dependency, Migration, Pair, ProjectState, Questioner, recorder, writer};
use orm_sql::Connection;
use orm_sql::schema::SchemaEditor;
use orm_state::{Error, ErrorKind, Result};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// A project's migrations and one database.
pub struct Project {
    pub alias: String,
    pub loader: Loader,
    pub graph: Graph,
    /// Applied migrations that exist as files, squashed ones counted.
    pub applied: IndexSet<Key>,
    /// What the database's table says.
    pub recorded: IndexSet<Key>,
    /// Models of apps without migrations.
    real: ProjectState,
}

/// A pending migration as it would be written.
#[derive(Clone, Debug)]
pub struct PendingFile {
    pub app_label: String,
    pub name: String,
    pub path: String,
    pub text: String,
    pub migration: Migration,
    /// For each operation, the statements that `migrate` would run.
    pub sql: Vec<Vec<String>>,
}

impl Project {
    /// Reads all migration files and what the database has applied.
    pub fn load(vm: &Vm, alias: &str) -> PyResult<Project> {
        let loader = Loader::load(vm)?;
        let connection = Database::new(vm, alias)?.wrapper.sqlite(vm)?;
        let recorded = recorder::applied_migrations(&connection).or_raise(vm)?;
        let mut applied = recorded.clone();
        for m in loader.migrations.iter().filter(|m| !m.replaces.is_empty()) {
            // A squashed migration is applied when all it replaces is.
            if m.replaces.iter().all(|r| applied.contains(r)) {
                applied.insert(m.key());
            } else {
                applied.shift_remove(&m.key());
            }
        }
        let graph = Graph::build(loader.migrations.clone(), &applied).or_raise(vm)?;
        let unmigrated = loader.unmigrated();
        let mut real = live::state(vm, Some(&unmigrated))?;
        real.real_apps = unmigrated;
        Ok(Project {
            alias: alias.into(),
            loader,
            graph,
            applied,
            recorded,
            real,
        })
    }

    fn database(&self, vm: &Vm) -> PyResult<Database> {
        Database::new(vm, &self.alias)
    }

    /// The state after some migrations, in the order of the full plan.
    fn state_after(&self, wanted: impl Fn(&Key) -> bool) -> Result<ProjectState> {
        let mut state = self.real.clone();
        for key in self.graph.full_plan()? {
            if wanted(&key) {
                self.graph.nodes[&key].mutate_state(&mut state)?;
            }
        }
        Ok(state)
    }
    /// The state after all files.
    pub fn final_state(&self) -> Result<ProjectState> {
        self.state_after(|_| true)
    }
    /// The state of what is applied.
    pub fn applied_state(&self) -> Result<ProjectState> {
        self.state_after(|k| self.applied.contains(k))
    }

    /// An applied migration that needs one that is not.
    pub fn check_consistent_history(&self) -> Result<()> {
        for key in &self.applied {
            if !self.graph.nodes.contains_key(key) {
                continue;
            }
            for parent in self.graph.parents(key) {
                if self.applied.contains(&parent) {
                    continue;
                }
                return Err(Error::new(
                    ErrorKind::InconsistentMigrationHistory,
                    format!(
                        "Migration {}.{} is applied before its dependency {}.{} on database '{}'.",
                        key.0, key.1, parent.0, parent.1, self.alias
                    ),
                ));
            }
        }
        Ok(())
    }

    /// The migrations that would make the files fit the models.
    pub fn changes(
        &self,
        vm: &Vm,
        questioner: &dyn Questioner,
        options: &Options,
    ) -> PyResult<IndexMap<String, Vec<Migration>>> {
        let previous = self.final_state().or_raise(vm)?;
        let next = live::state(vm, None)?;
        orm_migrations::changes(
            Pair::new(&previous, &next),
            &self.graph,
            questioner,
            options,
        )
        .or_raise(vm)
    }

    /// What is pending, as files and statements, before anything is done.
    pub fn pending(
        &self,
        vm: &Vm,
        questioner: &dyn Questioner,
        options: &Options,
    ) -> PyResult<Vec<PendingFile>> {
        let mut out = vec![];
        let mut state = self.final_state().or_raise(vm)?;
        for m in self
            .changes(vm, questioner, options)?
            .into_values()
            .flatten()
        {
            let text = self.text(vm, &m, true)?;
            let sql = self.collect(vm, |editor| m.apply(&mut state, editor, true))?;
            out.push(PendingFile {
                app_label: m.app_label.clone(),
                name: m.name.clone(),
                path: self.path(&m),
                text,
                sql: statements(&m, &sql),
                migration: m,
            });
        }
        Ok(out)
    }

    /// A migration without operations, for the user to fill.
    pub fn empty(&self, vm: &Vm, label: &str, name: Option<&str>) -> PyResult<Migration> {
        let leaf = self.graph.leaf_nodes(Some(label)).into_iter().next();
        let number = leaf.as_ref().map_or(1, |l| {
            orm_migrations::autodetector::parse_number(&l.1).unwrap_or(0) + 1
        });
        let name = match (name, &leaf) {
            (Some(n), _) => n.to_string(),
            (None, None) => "initial".into(),
            (None, Some(_)) => format!("auto_{}", timestamp(vm, true).or_raise(vm)?),
        };
        let mut migration = Migration::new(label, &format!("{number:04}_{name}"));
        if let Some((app, leaf)) = leaf {
            migration
                .dependencies
                .push(Dependency::Migration(app, leaf));
        }
        Ok(migration)
    }

    /// The text of a migration's file.
    pub fn text(&self, vm: &Vm, migration: &Migration, header: bool) -> PyResult<String> {
        let moment = timestamp(vm, false).or_raise(vm)?;
        writer::migration_text(migration, header.then_some(&moment)).or_raise(vm)
    }
    /// Where a migration's file is.
    pub fn path(&self, migration: &Migration) -> String {
        let folder = self
            .loader
            .app(&migration.app_label)
            .map(|a| a.folder.clone())
            .unwrap_or_default();
        let folder = folder.trim_end_matches('/');
        match folder {
            "" => format!("{}.py", migration.name),
            f => format!("{f}/{}.py", migration.name),
        }
    }
    /// Where a migration's file will be, in a folder that is there.
    ///
    /// # Errors
    /// `ValueError` where there can be no such folder.
    pub fn place(&self, vm: &Vm, migration: &Migration) -> PyResult<String> {
        let folder = super::loader::make_folder(vm, &migration.app_label)?;
        Ok(match folder.trim_end_matches('/') {
            "" => format!("{}.py", migration.name),
            f => format!("{f}/{}.py", migration.name),
        })
    }
    /// Writes a migration's file; its folder becomes a package.
    pub fn write(&self, vm: &Vm, migration: &Migration, header: bool) -> PyResult<String> {
        let text = self.text(vm, migration, header)?;
        let path = self.place(vm, migration)?;
        save(vm, &path, &text)?;
        Ok(path)
    }

    /// The steps to some targets; `(app, None)` undoes all of an app.
    pub fn plan(&self, vm: &Vm, targets: &[(String, Option<String>)]) -> PyResult<Vec<Step>> {
        migration_plan(&self.graph, &self.applied, targets, false).or_raise(vm)
    }
    /// The newest migration of every app.
    pub fn leaves(&self) -> Vec<(String, Option<String>)> {
        self.graph
            .leaf_nodes(None)
            .into_iter()
            .map(|(a, n)| (a, Some(n)))
            .collect()
    }

    /// The statements that something would run.
    pub fn collect(
        &self,
        vm: &Vm,
        body: impl FnOnce(&mut SchemaEditor<'_>) -> Result<()>,
    ) -> PyResult<Vec<String>> {
        let mut host = self.database(vm)?;
        let dialect = host.wrapper.sqlite(vm)?.dialect();
        let mut editor = SchemaEditor::new(&mut host, dialect, self.alias.as_str().into(), true);
        body(&mut editor).or_raise(vm)?;
        editor.finish().or_raise(vm)?;
        Ok(editor.collected_sql.take().unwrap_or_default())
    }

    /// One migration's statements, as `sqlmigrate` shows them.
    pub fn sqlmigrate(&self, vm: &Vm, key: &Key, backwards: bool) -> PyResult<Vec<String>> {
        let Some(migration) = self.graph.nodes.get(key).cloned() else {
            return Err(
                vm.new_key_error(vm.ctx.new_str(format!("('{}', '{}')", key.0, key.1)).into())
            );
        };
        let needed = self.graph.forwards_plan(key).or_raise(vm)?;
        let mut state = self
            .state_after(|k| k != key && needed.contains(k))
            .or_raise(vm)?;
        self.collect(vm, |editor| {
            if backwards {
                migration.unapply(&state, editor, true)
            } else {
                migration.apply(&mut state, editor, true)
            }
        })
    }
}

/// Leaves a `with` block as a result says.
pub fn leave(vm: &Vm, block: &PyObjectRef, result: &PyResult<()>) -> PyResult<()> {
    let none = || vm.ctx.none();
    let args = match result {
        Ok(()) => vec![none(), none(), none()],
        Err(e) => vec![e.class().to_owned().into(), e.clone().into(), none()],
    };
    py::call(vm, block, "__exit__", args).map(drop)
}

/// What `sqlmigrate` shows, operation by operation. What a migration puts off until its end counts
/// to its last one.
pub fn statements(migration: &Migration, lines: &[String]) -> Vec<Vec<String>> {
    let mut out: Vec<Vec<String>> = vec![];
    let mut lines = lines.iter().peekable();
    while let Some(line) = lines.next() {
        let next = migration.operations.get(out.len());
        let opens = |l: &&&String| next.is_some_and(|op| ***l == format!("-- {}", op.describe()));
        if line == "--" && lines.peek().as_ref().is_some_and(opens) {
            out.push(vec![]);
            lines.nth(1);
        } else if let Some(last) = out.last_mut() {
            last.push(line.clone());
        }
    }
    out
}

/// `+ Add field age to author`
pub fn describe(op: &orm_migrations::Operation) -> String {
    format!("{} {}", op.category_mark(), op.describe())
}

fn save(vm: &Vm, path: &str, text: &str) -> PyResult<()> {
    match python::host::ask(|h| h.save(path, text.as_bytes())) {
        Some(Ok(())) => Ok(()),
        Some(Err(e)) => {
            Err(vm.new_os_error(format!("[Errno {}] {}: '{path}'", e.errno, e.message)))
        }
        None => Err(vm.new_os_error(format!("[Errno 30] Read-only file system: '{path}'"))),
    }
}

fn utc() -> jiff::civil::DateTime {
    let since = python::host::ask(|h| h.wall_clock()).unwrap_or_default();
    jiff::Timestamp::from_second(since.as_secs() as i64)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .datetime()
}

/// The moment for a file's header, or, compact, for the name of a migration.
pub fn timestamp(vm: &Vm, compact: bool) -> Result<String> {
    if !compact {
        return Ok(utc().strftime("%Y-%m-%d %H:%M").to_string());
    }
    let module = "django.db.migrations.utils";
    let named = || -> PyResult<String> {
        vm.import(module, 0)?;
        let name = crate::modules::find(vm, module, "get_migration_name_timestamp")?;
        py::to_string(vm, &name.call((), vm)?)
    };
    named().or_foreign()
}

/// An error as the exception of a callback.
pub fn foreign<T>(result: PyResult<T>) -> Result<T> {
    result.or_foreign()
}
