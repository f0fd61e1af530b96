//! The live script: statement by statement, a card for each worth looking at.
use crate::scratch::{attr, attr_opt, items, module};
use crate::trace;
use crate::value;
use crate::world::World;
use django::queries::queryset::PyQuerySet;
use protocol::report::{Card, SourceRange, Value};
use python::Failure;
use python::runtime::{self, Left};
use python::script::{self, Kind, Statement};
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// How a script went.
#[derive(Debug, Default)]
pub struct Ran {
    pub cards: Vec<Card>,
    /// What ended it before its end.
    pub failure: Option<Failure>,
}

/// A namespace as Django's `shell` has it: all models, and a few names besides.
pub fn namespace(vm: &VirtualMachine) -> PyResult<PyDictRef> {
    let globals = runtime::namespace(vm, "__main__")?;
    let set = |name: &str, value: PyObjectRef| globals.set_item(name, value, vm);
    for (from, name) in [
        ("django.db", "connection"),
        ("django.db", "reset_queries"),
        ("django.db", "models"),
        ("django.db.models", "functions"),
        ("django.conf", "settings"),
        ("django.utils", "timezone"),
    ] {
        let found = module(vm, from).and_then(|m| attr(vm, &m, name));
        // A name that is a module of its own need not be an attribute yet.
        if let Ok(value) = found.or_else(|_| module(vm, &format!("{from}.{name}"))) {
            set(name, value)?;
        }
    }
    let apps = attr(vm, &module(vm, "django.apps")?, "apps")?;
    let mut models = items(vm, &vm.call_method(&apps, "get_models", ())?)?;
    // Where two apps have a model of the same name, the first app's wins.
    models.reverse();
    for model in models {
        let name = crate::scratch::attr_text(vm, &model, "__name__");
        set(&name, model)?;
    }
    Ok(globals)
}

/// Runs a script for its cards.
pub fn run(
    vm: &VirtualMachine,
    world: &World,
    file: &str,
    source: &str,
    rows: usize,
    line: &mut dyn FnMut(&str, u32),
) -> Ran {
    let mut ran = Ran::default();
    if let Err(failure) = runtime::check(vm, file, source) {
        ran.failure = Some(failure);
        return ran;
    }
    let Some(statements) = script::statements(source) else {
        return ran;
    };
    let globals = match namespace(vm) {
        Ok(globals) => globals,
        Err(e) => {
            ran.failure = Some(python::failure::describe(vm, &e));
            return ran;
        }
    };
    for statement in &statements {
        line(file, statement.line);
        world.at(file, statement.line);
        let begun = world.milliseconds();
        let left = runtime::run_statement(vm, &globals, file, source, statement);
        let raised = left.raised.clone();
        if let Some(mut card) = card(vm, world, file, statement, left, rows) {
            card.millis = world.milliseconds() - begun;
            ran.cards.push(card);
        }
        if let Some(failure) = raised {
            ran.failure = Some(failure);
            break;
        }
    }
    ran
}

fn card(
    vm: &VirtualMachine,
    world: &World,
    file: &str,
    statement: &Statement,
    left: Left,
    rows: usize,
) -> Option<Card> {
    let at = SourceRange {
        file: file.to_owned(),
        line: statement.line,
        column: statement.column,
        end_line: statement.end_line,
        end_column: statement.end_column,
    };
    let mut pending = None;
    let value = match (left.raised, left.value) {
        (Some(failure), _) => Value::Exception(value::exception(failure)),
        (None, None) => Value::Nothing,
        (None, Some(object)) => match statement.kind {
            Kind::Expression => value::value(vm, &object, rows),
            _ => match object.downcast_ref::<PyQuerySet>() {
                Some(qs) if qs.cache.borrow().is_none() => {
                    pending = trace::not_run(vm, world, qs, &at);
                    value::pending(vm, &object)
                }
                _ if deserves_a_card(vm, &object) => value::value(vm, &object, rows),
                _ => Value::Nothing,
            },
        },
    };
    let mut queries = trace::take(vm, world, &at);
    queries.extend(pending);
    let shown = match &value {
        Value::Table(rows) => rows.model.as_deref(),
        Value::Instance(instance) => Some(instance.model.as_str()),
        _ => None,
    };
    trace::only_columns_of(shown, &mut queries);
    let silent = match value {
        Value::Nothing | Value::None => queries.is_empty(),
        _ => false,
    };
    if silent {
        return None;
    }
    Some(Card {
        at,
        source: statement.source.clone(),
        target: match &statement.kind {
            Kind::Assignment(name) => Some(name.clone()),
            _ => None,
        },
        value,
        queries,
        millis: 0.0,
    })
}

/// Whether an assigned value is worth a card: rows and instances are, plain names are not.
fn deserves_a_card(vm: &VirtualMachine, object: &PyObjectRef) -> bool {
    if object.downcast_ref::<PyQuerySet>().is_some() || value::is_instance(vm, object) {
        return true;
    }
    let Some(list) = object.downcast_ref::<rustpython_vm::builtins::PyList>() else {
        return attr_opt(vm, object, "raw_query").is_some();
    };
    let first = list.borrow_vec().first().cloned();
    first.is_some_and(|f| value::is_instance(vm, &f))
}
