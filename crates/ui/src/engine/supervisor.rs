//! The worker's owner: starts it, feeds it, watches it, ends it.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::timers::callback::Interval;
use serde_json::json;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};
use yew::Callback;

use super::queue::{Job, Queue, Verdict};
use super::{Client, Parcel, property};
use crate::browser;

/// Milliseconds between two looks at a busy worker.
const WATCH: u32 = 100;
/// Milliseconds after which a run says where it is.
const NOTICED: f64 = 300.0;
/// An engine that dies that often before it answers anything is given up.
const TRIES: u32 = 3;

/// The one message of the worker that is read here.
#[derive(serde::Deserialize)]
struct FromWorkerLine {
    line: At,
}

#[derive(serde::Deserialize)]
struct At {
    file: String,
    line: u32,
}

/// A worker that is kept alive. Answers go to one callback, with the client
/// they are for; `None`: for all.
#[derive(Clone)]
pub struct Supervisor {
    inner: Rc<RefCell<Inner>>,
}

struct Inner {
    worker: Option<Worker>,
    /// The compiled engine; a second worker needs no second download.
    module: JsValue,
    ready: bool,
    deaths: u32,
    queue: Queue,
    listener: Callback<(Option<Client>, Parcel)>,
    /// Kept alive as long as the worker may call them.
    on_message: Option<Closure<dyn FnMut(MessageEvent)>>,
    on_error: Option<Closure<dyn FnMut(web_sys::Event)>>,
    _watch: Option<Interval>,
}

impl Supervisor {
    /// Starts a worker.
    #[must_use]
    pub fn start(listener: Callback<(Option<Client>, Parcel)>) -> Self {
        let inner = Inner {
            worker: None,
            module: JsValue::UNDEFINED,
            ready: false,
            deaths: 0,
            queue: Queue::default(),
            listener,
            on_message: None,
            on_error: None,
            _watch: None,
        };
        let supervisor = Self {
            inner: Rc::new(RefCell::new(inner)),
        };
        supervisor.listen();
        if !supervisor.adopt() {
            supervisor.spawn();
        }
        supervisor
    }

    /// Asks for something on behalf of a client.
    pub fn send(&self, client: Client, message: Parcel) {
        self.inner.borrow_mut().queue.push(Job { client, message });
        self.advance();
    }

    fn listen(&self) {
        let this = self.clone();
        let on_message = Closure::new(move |event: MessageEvent| this.receive(&event.data()));
        let this = self.clone();
        let on_error = Closure::new(move |event: web_sys::Event| {
            event.prevent_default();
            this.died("The engine's script could not be run.");
        });
        let this = self.clone();
        let watch = Interval::new(WATCH, move || this.watch());
        let mut inner = self.inner.borrow_mut();
        inner.on_message = Some(on_message);
        inner.on_error = Some(on_error);
        inner._watch = Some(watch);
    }

    /// Takes over the worker that the page's script has begun, if it has.
    fn adopt(&self) -> bool {
        let global = js_sys::global();
        let Some(early) = property(&global, "OrmscopeWorker") else {
            return false;
        };
        let _ = js_sys::Reflect::delete_property(&global, &"OrmscopeWorker".into());
        let worker = property(&early, "worker").and_then(|worker| worker.dyn_into().ok());
        let Some(worker): Option<Worker> = worker else {
            return false;
        };
        self.attach(&worker);
        self.inner.borrow_mut().worker = Some(worker);
        let said = property(&early, "said")
            .map(|said| js_sys::Array::from(&said))
            .unwrap_or_default();
        said.iter().for_each(|data| self.receive(&data));
        true
    }

    fn attach(&self, worker: &Worker) {
        let inner = self.inner.borrow();
        if let Some(on_message) = &inner.on_message {
            worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        }
        if let Some(on_error) = &inner.on_error {
            worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        }
    }

    fn spawn(&self) {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = match Worker::new_with_options("engine/worker.js", &options) {
            Ok(worker) => worker,
            Err(_) => return self.tell(None, failure("This browser starts no worker.")),
        };
        self.attach(&worker);
        let mut inner = self.inner.borrow_mut();
        let start = js_sys::Object::new();
        let _ = js_sys::Reflect::set(&start, &"module".into(), &inner.module);
        let _ = worker.post_message(&start);
        inner.ready = false;
        inner.worker = Some(worker);
    }

    /// Gives the worker its next job, if it can take one.
    fn advance(&self) {
        let mut inner = self.inner.borrow_mut();
        if !inner.ready {
            return;
        }
        let Some(job) = inner.queue.start(browser::now()) else {
            return;
        };
        let Some(worker) = inner.worker.clone() else {
            return;
        };
        drop(inner);
        let _ = worker.post_message(&job.message.pack());
    }

    fn receive(&self, data: &JsValue) {
        if let Some(module) = property(data, "module") {
            self.inner.borrow_mut().module = module;
            return;
        }
        if let Some(reason) = property(data, "trap").and_then(|reason| reason.as_string()) {
            return self.died(&reason);
        }
        let Some(parcel) = Parcel::unpack(data) else {
            return;
        };
        match parcel.kind() {
            "progress" => self.tell(None, parcel),
            "ready" => {
                self.inner.borrow_mut().ready = true;
                self.tell(None, parcel);
                self.advance();
            }
            "line" => self.note_line(&parcel),
            _ => {
                let mut inner = self.inner.borrow_mut();
                inner.deaths = 0;
                let client = inner.queue.finish().map(|busy| busy.job.client);
                drop(inner);
                self.tell(client, parcel);
                self.advance();
            }
        }
    }

    fn note_line(&self, parcel: &Parcel) {
        let Ok(FromWorkerLine {
            line: At { file, line },
        }) = serde_json::from_str(&parcel.json)
        else {
            return;
        };
        if let Some(busy) = self.inner.borrow_mut().queue.busy.as_mut() {
            busy.at = (file, line);
        }
    }

    fn watch(&self) {
        let verdict = self.inner.borrow().queue.verdict(browser::now());
        match verdict {
            Some(Verdict::Hung) => self.restart("It ran too long and was stopped."),
            Some(Verdict::Superseded) => self.restart(""),
            None => self.tell_line(),
        }
    }

    /// A run that takes long enough to be noticed says where it is.
    fn tell_line(&self) {
        let inner = self.inner.borrow();
        let Some(busy) = &inner.queue.busy else {
            return;
        };
        if !busy.job.is_run() || browser::now() - busy.since < NOTICED {
            return;
        }
        let (file, line) = busy.at.clone();
        let (client, id) = (busy.job.client, busy.job.message.id());
        drop(inner);
        self.tell(
            Some(client),
            said(json!({"line": {"id": id, "file": file, "line": line}})),
        );
    }

    fn died(&self, reason: &str) {
        let mut inner = self.inner.borrow_mut();
        inner.deaths += 1;
        let hopeless = !inner.ready && inner.deaths >= TRIES;
        if hopeless {
            if let Some(worker) = inner.worker.take() {
                worker.terminate();
            }
            drop(inner);
            return self.tell(None, failure(reason));
        }
        drop(inner);
        self.restart(reason);
    }

    /// Ends the worker and starts another. Whoever waited for the job it was
    /// doing hears why; without a reason, a newer run makes up for it.
    fn restart(&self, reason: &str) {
        let mut inner = self.inner.borrow_mut();
        if let Some(worker) = inner.worker.take() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
        let busy = inner.queue.finish();
        drop(inner);
        self.spawn();
        let Some(busy) = busy.filter(|_| !reason.is_empty()) else {
            return;
        };
        let id = busy.job.message.id();
        let message = if busy.job.is_run() {
            let (file, line) = busy.at;
            json!({"stopped": {"id": id, "reason": reason, "file": file, "line": line}})
        } else {
            json!({"failed": {"id": id, "message": reason}})
        };
        self.tell(Some(busy.job.client), said(message));
    }

    fn tell(&self, client: Option<Client>, parcel: Parcel) {
        let listener = self.inner.borrow().listener.clone();
        listener.emit((client, parcel));
    }
}

fn failure(reason: &str) -> Parcel {
    said(json!({"failed": {"id": 0, "message": reason}}))
}

fn said(message: serde_json::Value) -> Parcel {
    Parcel::text(message.to_string())
}
