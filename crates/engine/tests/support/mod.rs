//! What the tests of the engine share: a world without files, a project of one
//! model, a run of it.
#![allow(dead_code)]
use ormscope_engine::{Engine, Host, Stream};
use protocol::message::Limits;
use protocol::{Project, Report};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// A world without files whose clock moves a little whenever it is asked for anything.
#[derive(Default)]
pub struct Nowhere(Cell<u64>);

impl Host for Nowhere {
    fn wall_clock(&self) -> Duration {
        Duration::from_secs(1_772_368_245)
    }
    fn monotonic(&self) -> Duration {
        self.0.set(self.0.get() + 1);
        Duration::from_micros(self.0.get())
    }
    /// Each time others, and in every test the same.
    fn random(&self, buffer: &mut [u8]) {
        self.0.set(self.0.get() + 1);
        buffer.fill((self.0.get() * 37 % 251) as u8);
    }
    fn write(&self, _stream: Stream, _text: &str) {}
}

pub const MODELS: &str = "from django.db import models\n\n\nclass Book(models.Model):\n    title = models.CharField(max_length=50)\n";

pub fn project(models: &str, queries: &str) -> Project {
    let mut project = Project::default();
    project.write("models.py", models);
    project.write(
        "seed.py",
        "from models import Book\nBook.objects.create(title='Sea')\n",
    );
    project.write("queries.py", queries);
    project
}

pub fn engine() -> Engine {
    match Engine::new(Rc::new(Nowhere::default())) {
        Ok(engine) => engine,
        Err(why) => panic!("{why}"),
    }
}

pub fn run(engine: &mut Engine, models: &str, queries: &str) -> Report {
    let project = project(models, queries);
    engine.run(&project, Limits::default(), &mut |_, _| {})
}
