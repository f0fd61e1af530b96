//! What waits for the worker, and what it is doing.

use std::collections::VecDeque;

use super::{Client, Parcel};

/// Milliseconds after which a run counts as hung. The interpreter stops by
/// itself before, if it can: see `protocol::message::Limits`.
const LONGEST: f64 = 3_800.0;
/// Milliseconds after which a run is ended because a newer one waits.
const PATIENCE: f64 = 700.0;
/// Milliseconds that anything but a run may take.
const OTHER: f64 = 20_000.0;

/// A request and who made it.
#[derive(Clone, Debug)]
pub struct Job {
    /// Who asked.
    pub client: Client,
    /// For what.
    pub message: Parcel,
}

impl Job {
    /// Whether it is a run of a project.
    #[must_use]
    pub fn is_run(&self) -> bool {
        self.message.kind() == "run"
    }

    fn replaces(&self, older: &Self) -> bool {
        self.is_run() && older.is_run() && self.client == older.client
    }
}

/// The job the worker is doing.
#[derive(Clone, Debug)]
pub struct Busy {
    /// The job.
    pub job: Job,
    /// When it was begun.
    pub since: f64,
    /// File and line of the statement that is running.
    pub at: (String, u32),
}

/// Why the worker must be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its run takes longer than it may.
    Hung,
    /// A newer run of the same client waits.
    Superseded,
}

/// What waits, in order, and what is being done.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Job>,
    /// The job the worker is doing.
    pub busy: Option<Busy>,
}

impl Queue {
    /// Adds a job. A run takes the place of an older run that still waits.
    pub fn push(&mut self, job: Job) {
        self.waiting.retain(|older| !job.replaces(older));
        self.waiting.push_back(job);
    }

    /// The next job, if the worker is free.
    pub fn start(&mut self, now: f64) -> Option<Job> {
        if self.busy.is_some() {
            return None;
        }
        let job = self.waiting.pop_front()?;
        self.busy = Some(Busy {
            job: job.clone(),
            since: now,
            at: (String::new(), 0),
        });
        Some(job)
    }

    /// The job is done.
    pub fn finish(&mut self) -> Option<Busy> {
        self.busy.take()
    }

    /// Whether the worker must be ended now.
    #[must_use]
    pub fn verdict(&self, now: f64) -> Option<Verdict> {
        let busy = self.busy.as_ref()?;
        let taken = now - busy.since;
        let limit = match busy.job.message.kind() {
            "run" => LONGEST,
            "test" => f64::INFINITY,
            _ => OTHER,
        };
        if taken > limit {
            return Some(Verdict::Hung);
        }
        let newer = self.waiting.iter().any(|job| job.replaces(&busy.job));
        (newer && taken > PATIENCE).then_some(Verdict::Superseded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(client: Client, id: u32) -> Job {
        Job {
            client,
            message: Parcel::text(format!("{{\"run\":{{\"id\":{id},…")),
        }
    }

    fn started(queue: &mut Queue) -> Option<u32> {
        queue.start(0.0).map(|job| job.message.id())
    }

    #[test]
    fn a_newer_run_takes_the_place_of_one_that_waits() {
        let mut queue = Queue::default();
        queue.push(run(0, 1));
        queue.push(run(1, 2));
        queue.push(run(0, 3));
        assert_eq!(started(&mut queue), Some(2));
        assert_eq!(started(&mut queue), None);
        queue.finish();
        assert_eq!(started(&mut queue), Some(3));
    }

    #[test]
    fn a_slow_run_gives_way_to_a_newer_one_of_the_same_client_only() {
        let mut queue = Queue::default();
        queue.push(run(0, 1));
        queue.start(0.0);
        queue.push(run(1, 2));
        assert_eq!(queue.verdict(1_000.0), None);
        queue.push(run(0, 3));
        assert_eq!(queue.verdict(100.0), None);
        assert_eq!(queue.verdict(1_000.0), Some(Verdict::Superseded));
    }

    #[test]
    fn a_run_that_takes_too_long_is_hung() {
        let mut queue = Queue::default();
        queue.push(run(0, 1));
        queue.start(0.0);
        let own_limit = f64::from(protocol::message::Limits::default().millis);
        assert_eq!(queue.verdict(own_limit), None);
        assert_eq!(queue.verdict(own_limit + 1_000.0), Some(Verdict::Hung));
        const { assert!(LONGEST < 5_000.0, "stopped within five seconds") };
    }
}
