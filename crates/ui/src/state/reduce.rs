//! What each action does to the state.

use std::rc::Rc;

use protocol::Project;
use protocol::report::Report;
use yew::Reducible;

use super::view::first_file;
use super::{Action, EngineState, Notice, Pane, Panel, Same, State, Tone, light};

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = Self::clone(&self);
        apply(&mut state, action);
        Rc::new(state)
    }
}

fn apply(state: &mut State, action: Action) {
    match action {
        Action::Open {
            work,
            project,
            touched,
        } => open(state, work, *project, touched),
        Action::Edit(path, text) => change(state, |project| {
            if project.read(&path) == Some(text.as_str()) {
                return false;
            }
            project.write(path, text);
            true
        }),
        Action::Show(path) => show(state, path),
        Action::GoTo(path, line) => {
            show(state, path);
            state.goal = (state.goal.0 + 1, line);
            select_at(state, line);
        }
        Action::Add(path) => {
            change(state, |project| {
                let is_new = project.read(&path).is_none();
                if is_new {
                    project.write(path.clone(), "");
                }
                is_new
            });
            show(state, path);
        }
        Action::Rename(from, to) => {
            change(state, |project| project.rename(&from, &to));
            if state.file == from && state.project.read(&to).is_some() {
                state.file = to;
            }
        }
        Action::Delete(path) => delete(state, &path),
        Action::Title(title) => {
            Rc::make_mut(&mut state.project).title = title;
            state.touched = true;
        }
        Action::Dialect(dialect) => change(state, |project| {
            std::mem::replace(&mut project.dialect, dialect) != dialect
        }),
        Action::WriteMigration {
            app,
            file: (path, text),
            before,
        } => {
            change(state, |project| {
                make_package(project, &path);
                project.write(path.clone(), text);
                project.migrate_to.insert(app, before);
                true
            });
        }
        Action::MigrateTo(app, target) => change(state, |project| match target {
            Some(target) => project.migrate_to.insert(app, target.clone()) != Some(target),
            None => project.migrate_to.remove(&app).is_some(),
        }),
        Action::Restore(project) => {
            change(state, |current| {
                *current = *project;
                true
            });
            state.notice = None;
        }
        Action::Cursor(path, line) => {
            if state.file == path {
                select_at(state, line);
            }
        }
        Action::Card(index) => select_card(state, index),
        Action::Light(lit) => state.lit = lit,
        Action::Hover(path, line, column) => state.lit = lit_at(state, &path, line, column),
        Action::Loading(loaded, total) => {
            if !matches!(state.engine, EngineState::Ready(_)) {
                state.engine = EngineState::Loading(loaded, total);
            }
        }
        Action::Ready(info) => state.engine = EngineState::Ready(info),
        Action::Failed(reason) => {
            state.engine = EngineState::Failed(reason);
            state.running = None;
        }
        Action::Running(run) => state.running = (run.id > state.reported).then_some(run),
        Action::Reported(id, report) => reported(state, id, *report),
        Action::Halted(halt) => {
            state.halt = Some(halt);
            state.running = None;
        }
        Action::Rows(page) => state.rows = Some(Same::new(page)),
        Action::Planned(migrations) => state.planned = Some(Same::new(migrations)),
        Action::Panel(panel) => {
            state.panel = panel;
            state.pane = Pane::Panel;
        }
        Action::Pane(pane) => state.pane = pane,
        Action::Dialog(dialog) => state.dialog = dialog,
        Action::Notice(notice) => state.notice = notice,
        Action::Params(params) => state.settings.params = params,
        Action::Settings(settings) => state.settings = settings,
    }
}

/// Changes the project; a change that does something is a new revision.
fn change(state: &mut State, alter: impl FnOnce(&mut Project) -> bool) {
    if alter(Rc::make_mut(&mut state.project)) {
        state.revision += 1;
        state.touched = true;
    }
}

/// In an app that is a package the folder of its migrations has to be one too.
fn make_package(project: &mut Project, path: &str) {
    let Some((folder, _)) = path.rsplit_once('/') else {
        return;
    };
    let Some((app, _)) = folder.rsplit_once('/') else {
        return;
    };
    let init = format!("{folder}/__init__.py");
    if project.read(&format!("{app}/__init__.py")).is_some() && project.read(&init).is_none() {
        project.write(init, "");
    }
}

fn open(state: &mut State, work: String, project: Project, touched: bool) {
    state.file = first_file(&project);
    state.goal = (
        state.goal.0 + 1,
        project.view.as_ref().map_or(1, |view| view.line),
    );
    state.work = work;
    state.project = Rc::new(project);
    state.touched = touched;
    state.revision += 1;
    state.opened += 1;
    state.report = None;
    state.halt = None;
    state.card = None;
    state.lit = None;
    state.rows = None;
    state.planned = None;
    state.dialog = None;
    state.panel = Panel::Results;
}

fn show(state: &mut State, path: String) {
    if state.project.read(&path).is_some() {
        state.file = path;
        state.pane = Pane::Code;
    }
}

fn delete(state: &mut State, path: &str) {
    let before = Project::clone(&state.project);
    change(state, |project| project.remove(path));
    if state.file == path {
        state.file = first_file(&state.project);
    }
    state.notice = Some(Notice {
        tone: Tone::Good,
        text: format!("{path} is deleted."),
        undo: Some(Box::new(before)),
    });
}

fn reported(state: &mut State, id: u32, report: Report) {
    if id < state.reported {
        return;
    }
    let selected = state.card.and_then(|index| {
        let line = state.report.as_ref()?.cards.get(index)?.at.line;
        report.cards.iter().position(|card| card.at.line == line)
    });
    state.card = selected;
    state.lit = None;
    state.report = Some(Same::new(report));
    state.planned = None;
    state.reported = id;
    state.halt = None;
    if state.running.as_ref().is_some_and(|run| run.id <= id) {
        state.running = None;
    }
}

fn select_card(state: &mut State, index: usize) {
    let Some(card) = state
        .report
        .as_ref()
        .and_then(|report| report.cards.get(index))
    else {
        return;
    };
    let (file, line) = (card.at.file.clone(), card.at.line);
    state.card = Some(index);
    if state.project.read(&file).is_some() {
        state.file = file;
    }
    state.goal = (state.goal.0 + 1, line);
}

/// Selects the card of the statement that a line of the shown file is in.
fn select_at(state: &mut State, line: u32) {
    let Some(report) = &state.report else { return };
    let found = report.cards.iter().position(|card| {
        card.at.file == state.file && (card.at.line..=card.at.end_line).contains(&line)
    });
    if found.is_some() {
        state.card = found;
    }
}

fn lit_at(state: &State, path: &str, line: u32, column: u32) -> Option<light::Lit> {
    let report = state
        .report
        .as_ref()
        .filter(|_| !path.is_empty() && !state.stale())?;
    light::at_place(report, path, line, column)
}
