//! The engine in a web worker: requests in, answers out.
//!
//! ```text
//! worker.js ── start() ──▶ the engine boots         ──▶ Ready, as JSON
//! worker.js ── answer(json) ──▶ one request is done ──▶ posted with post()
//! ```
//!
//! One request after the other. Nothing is heard meanwhile, so the page's
//! supervisor ends a worker that takes too long.

#![cfg(target_arch = "wasm32")]

mod host;
mod post;
mod rest;

use std::cell::RefCell;
use std::rc::Rc;

use engine::{Engine, Wanted};
use protocol::{FromWorker, ToWorker};
use wasm_bindgen::prelude::*;

use host::PageHost;
use post::{post, post_with};

thread_local! {
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

/// Boots the engine; the message to send when it has.
#[wasm_bindgen]
pub fn start() -> Result<String, JsError> {
    let engine = Engine::new(Rc::new(PageHost)).map_err(|failed| JsError::new(&failed))?;
    ENGINE.with(|slot| slot.replace(Some(engine)));
    Ok(serde_json::to_string(&FromWorker::Ready(Engine::info()))?)
}

/// Does what a message asks for and posts the answer.
#[wasm_bindgen]
pub fn answer(json: &str) -> Result<(), JsError> {
    let request: ToWorker = serde_json::from_str(json)?;
    ENGINE.with(|slot| match slot.borrow_mut().as_mut() {
        Some(engine) => reply(engine, request),
        None => post(&failed(request.id(), "The engine has not started.")),
    });
    Ok(())
}

/// Runs the last project for nobody, so that the browser has compiled what an edit needs before
/// somebody edits; whether to call it again. For when nothing is asked for.
#[wasm_bindgen]
pub fn warm() -> bool {
    ENGINE.with(|slot| slot.borrow_mut().as_mut().is_some_and(Engine::warm))
}

fn reply(engine: &mut Engine, request: ToWorker) {
    match request {
        ToWorker::Run {
            id,
            project,
            limits,
        } => {
            let mut line = |file: &str, line: u32| {
                post(&FromWorker::Line {
                    id,
                    file: file.to_owned(),
                    line,
                });
            };
            let report = Box::new(engine.run(&project, limits, &mut line));
            post(&FromWorker::Report { id, report });
        }
        ToWorker::Rows {
            id,
            database,
            table,
            offset,
            limit,
        } => match engine.rows(&database, &table, offset, limit) {
            Ok(page) => post(&FromWorker::Rows { id, page }),
            Err(message) => post(&failed(id, &message)),
        },
        ToWorker::Export { id, database } => match engine.export(&database) {
            Ok(bytes) => {
                let file_name = format!("{database}.sqlite3");
                post_with(&FromWorker::Exported { id, file_name }, Some(&bytes));
            }
            Err(message) => post(&failed(id, &message)),
        },
        ToWorker::MakeMigrations {
            id,
            project,
            answers,
            name,
            empty,
        } => {
            let wanted = Wanted {
                answers: &answers,
                name: name.as_deref(),
                empty: empty.as_deref(),
            };
            match engine.make_migrations(&project, wanted) {
                Ok(migrations) => post(&FromWorker::Migrations { id, migrations }),
                Err(message) => post(&failed(id, &message)),
            }
        }
        ToWorker::Test { id, files, labels } => match engine.test(&files, &labels) {
            Ok(tested) => post(&FromWorker::Tested {
                id,
                outcomes: tested.outcomes,
                output: tested.output,
            }),
            Err(message) => post(&failed(id, &message)),
        },
    }
}

fn failed(id: u32, message: &str) -> FromWorker {
    FromWorker::Failed {
        id,
        message: message.to_owned(),
    }
}
