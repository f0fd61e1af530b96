//! `django.test` cases of files in memory: what the page has of `ormscope test`.
//!
//! One interpreter runs them all. A test that hangs is the page's to stop, with the worker.
use crate::begin;
use django::test::runner::{self, Event};
use django::test::setting_up;
use protocol::report::Output;
use python::Failure;
use rustpython_vm::VirtualMachine;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::rc::Rc;

/// Where the files are.
const FOLDER: &str = "/";

/// How tests ended.
#[derive(Clone, Debug, Default)]
pub struct Tested {
    /// `{"run": N, "outcomes": {…}}`, as `ormscope test --json` writes it.
    pub outcomes: Value,
    /// What was printed, and the tracebacks.
    pub output: String,
}

#[derive(Default)]
struct Heard {
    outcomes: Map<String, Value>,
    text: String,
}

/// Runs the tests of some labels.
pub fn test(vm: &VirtualMachine, labels: &[String]) -> Result<Tested, Failure> {
    let heard = Rc::new(RefCell::new(Heard::default()));
    let listener = {
        let heard = Rc::clone(&heard);
        move |event| hear(&mut heard.borrow_mut(), event)
    };
    let run = || {
        begin::begin(vm)?;
        setting_up::set_up(vm, FOLDER, labels)?;
        let tests = runner::discover(vm, FOLDER, labels)?;
        setting_up::make_tables(vm)?;
        let tests = tests.into_iter().map(|(_, test)| test).collect();
        runner::run(vm, tests, Box::new(listener))
    };
    run().map_err(|e| python::failure::describe(vm, &e))?;
    let heard = heard.take();
    Ok(Tested {
        outcomes: json!({ "run": heard.outcomes.len(), "outcomes": heard.outcomes }),
        output: heard.text,
    })
}

fn hear(heard: &mut Heard, event: Event) {
    match event {
        Event::Begun(_) => {}
        Event::Ended(id, outcome, text) => {
            if !text.is_empty() {
                heard
                    .text
                    .push_str(&format!("{id}\n{}\n\n", text.trim_end()));
            }
            heard.outcomes.insert(id, outcome.name().into());
        }
        Event::Outside(what, text) => {
            heard
                .text
                .push_str(&format!("{what}\n{}\n\n", text.trim_end()));
        }
    }
}

/// Printed pieces as one text.
pub fn printed(pieces: Vec<Output>) -> String {
    pieces.into_iter().map(|piece| piece.text).collect()
}
