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
use crate::db::DatabaseWrapper;
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
use std::rc::Rc;

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

/// What happens while migrations run.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    RenderStart,
    RenderSuccess,
    Start(&'a Step),
    Success(&'a Step),
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
    /// Writes a migration's file; its folder becomes a package.
    pub fn write(&self, vm: &Vm, migration: &Migration, header: bool) -> PyResult<String> {
        let text = self.text(vm, migration, header)?;
        let path = self.path(migration);
        if let Some((folder, _)) = path.rsplit_once('/') {
            if python::files::stat(folder).is_none() {
                python::host::ask(|h| h.make_folder(folder));
            }
            let init = format!("{folder}/__init__.py");
            if python::files::stat(&init).is_none() {
                save(vm, &init, "")?;
            }
        }
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

    /// Runs a plan. With `fake`, only records it.
    pub fn migrate(
        &mut self,
        vm: &Vm,
        plan: &[Step],
        fake: bool,
        progress: &mut dyn FnMut(Progress<'_>) -> PyResult<()>,
    ) -> PyResult<()> {
        let database = self.database(vm)?;
        let connection = database.wrapper.sqlite(vm)?;
        if plan.is_empty() {
            return self.check_replacements(vm, &connection);
        }
        recorder::ensure_schema(&connection).or_raise(vm)?;
        let mut forwards = self.applied_state().or_raise(vm)?;
        if plan[0].backwards {
            progress(Progress::RenderStart)?;
            progress(Progress::RenderSuccess)?;
        }
        for step in plan {
            progress(Progress::Start(step))?;
            let key = step.migration.key();
            if step.backwards {
                if !fake {
                    // Everything applied that does not need it, in order.
                    let later = self.graph.backwards_plan(&key).or_raise(vm)?;
                    let state = self
                        .state_after(|k| {
                            *k != key && self.applied.contains(k) && !later.contains(k)
                        })
                        .or_raise(vm)?;
                    self.with_editor(vm, step.migration.atomic, |editor| {
                        step.migration.unapply(&state, editor, false)
                    })?;
                }
                self.record(vm, &connection, &step.migration, false)?;
            } else {
                let soft = fake;
                if soft {
                    step.migration.mutate_state(&mut forwards).or_raise(vm)?;
                } else {
                    self.with_editor(vm, step.migration.atomic, |editor| {
                        step.migration.apply(&mut forwards, editor, false)
                    })?;
                }
                self.record(vm, &connection, &step.migration, true)?;
            }
            progress(Progress::Success(step))?;
        }
        self.check_replacements(vm, &connection)
    }

    fn record(
        &mut self,
        vm: &Vm,
        connection: &dyn Connection,
        m: &Rc<Migration>,
        forwards: bool,
    ) -> PyResult<()> {
        let now = recorded_moment();
        let mut keys = m.replaces.clone();
        keys.push(m.key());
        for key in keys {
            if forwards {
                recorder::record_applied(connection, &key, &now).or_raise(vm)?;
                self.applied.insert(key.clone());
                self.recorded.insert(key);
            } else {
                recorder::record_unapplied(connection, &key).or_raise(vm)?;
                self.applied.shift_remove(&key);
                self.recorded.shift_remove(&key);
            }
        }
        Ok(())
    }

    /// Records squashed migrations whose parts are all applied.
    fn check_replacements(&mut self, vm: &Vm, connection: &dyn Connection) -> PyResult<()> {
        if self.recorded.is_empty() {
            return Ok(());
        }
        for m in self
            .loader
            .migrations
            .iter()
            .filter(|m| !m.replaces.is_empty())
        {
            let key = m.key();
            if !self.recorded.contains(&key) && m.replaces.iter().all(|r| self.recorded.contains(r))
            {
                recorder::record_applied(connection, &key, &recorded_moment()).or_raise(vm)?;
                self.recorded.insert(key.clone());
                self.applied.insert(key);
            }
        }
        Ok(())
    }

    /// Runs something with a schema editor: foreign keys off, in a transaction, checked at the end.
    pub fn with_editor(
        &self,
        vm: &Vm,
        atomic: bool,
        body: impl FnOnce(&mut SchemaEditor<'_>) -> Result<()>,
    ) -> PyResult<()> {
        let database = self.database(vm)?;
        let connection = database.wrapper.sqlite(vm)?;
        DatabaseWrapper::execute(&database.wrapper, vm, "PRAGMA foreign_keys = OFF", &[])?;
        let enabled = DatabaseWrapper::execute(&database.wrapper, vm, "PRAGMA foreign_keys", &[])?;
        let on = enabled
            .rows
            .first()
            .and_then(|r| r.first())
            .and_then(|v| v.as_int())
            == Some(1);
        if on {
            return Err(crate::error::raise(
                vm,
                "NotSupportedError",
                "SQLite schema editor cannot be used while foreign key constraint checks are enabled. Make sure to \
                 disable them before entering a transaction.atomic() context because SQLite does not support \
                 disabling them in the middle of a multi-statement transaction.",
            ));
        }
        let block = if atomic {
            let make = crate::modules::find(vm, "django.db.transaction", "atomic")?;
            let block = make.call((vm.ctx.new_str(self.alias.as_str()),), vm)?;
            py::call(vm, &block, "__enter__", vec![])?;
            Some(block)
        } else {
            None
        };
        let mut host = database.clone();
        let mut editor = SchemaEditor::new(
            &mut host,
            connection.dialect(),
            self.alias.as_str().into(),
            false,
        );
        let result = body(&mut editor)
            .and_then(|()| connection.check_constraints(None))
            .and_then(|()| editor.finish());
        drop(editor);
        let result = result.or_raise(vm);
        if let Some(block) = block {
            leave(vm, &block, &result)?;
        }
        DatabaseWrapper::execute(&database.wrapper, vm, "PRAGMA foreign_keys = ON", &[])?;
        result
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

    /// Makes the tables of apps without migrations that are missing (`--run-syncdb`).
    pub fn sync_apps(
        &self,
        vm: &Vm,
        labels: &[String],
        mut created: impl FnMut(&str),
    ) -> PyResult<()> {
        let database = self.database(vm)?;
        let connection = database.wrapper.sqlite(vm)?;
        let present: Vec<String> = connection
            .tables()
            .or_raise(vm)?
            .into_iter()
            .map(|t| t.name)
            .collect();
        let models: Vec<_> = live::apps(vm)?
            .models()
            .into_iter()
            .filter(|m| {
                let o = m.options.borrow();
                labels.iter().any(|l| **l == **m.app_label())
                    && o.managed
                    && !o.proxy
                    && !o.auto_created
                    && m.swapped.borrow().is_none()
                    && !present.contains(&o.db_table)
            })
            .collect();
        if models.is_empty() {
            return Ok(());
        }
        self.with_editor(vm, true, |editor| {
            for m in &models {
                created(&m.db_table());
                editor.create_model(m)?;
            }
            Ok(())
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
pub fn timestamp(_vm: &Vm, compact: bool) -> Result<String> {
    let format = if compact {
        "%Y%m%d_%H%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    Ok(utc().strftime(format).to_string())
}

fn recorded_moment() -> String {
    let since = python::host::ask(|h| h.wall_clock()).unwrap_or_default();
    format!(
        "{}.{:06}",
        utc().strftime("%Y-%m-%d %H:%M:%S"),
        since.subsec_micros()
    )
}

/// An error as the exception of a callback.
pub fn foreign<T>(result: PyResult<T>) -> Result<T> {
    result.or_foreign()
}
