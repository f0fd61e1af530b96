//! Which runs are made for nobody: [`Engine::warm`](crate::Engine::warm) makes them.
use protocol::message::Limits;
use protocol::report::Outcome;
use protocol::{Project, Report};

/// So many runs are enough for most of what an edit needs.
const RUNS: u8 = 10;
/// A first run that took longer, in milliseconds, is not repeated.
const FIRST: f64 = 1_000.0;
/// Nor is another: somebody who begins to type would wait for its end.
const LATER: f64 = 120.0;

/// What would be run, and how often it has been.
#[derive(Default)]
pub struct Warming {
    done: u8,
    next: Option<(Project, Limits)>,
}

impl Warming {
    /// Hears of a run that somebody asked for.
    pub fn note(&mut self, project: &Project, limits: Limits, report: &Report) {
        self.next = (self.done < RUNS && report.totals.millis < FIRST && went_well(report))
            .then(|| (project.clone(), limits));
    }

    /// What to run now.
    pub fn next(&mut self) -> Option<(Project, Limits)> {
        self.next.take()
    }

    /// Hears of a run for nobody; whether there is another to make.
    pub fn again(&mut self, project: Project, limits: Limits, report: &Report) -> bool {
        self.done += 1;
        let worth = self.done < RUNS && report.totals.millis < LATER && went_well(report);
        self.next = worth.then_some((project, limits));
        worth
    }
}

fn went_well(report: &Report) -> bool {
    let bad = |outcome| matches!(outcome, Outcome::Failed | Outcome::Stopped);
    !report.phases.iter().any(|phase| bad(phase.outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(millis: f64) -> Report {
        let mut report = Report::default();
        report.totals.millis = millis;
        report
    }

    #[test]
    fn quick_runs_are_repeated_so_often_and_slow_ones_are_not() {
        let mut warming = Warming::default();
        assert!(warming.next().is_none());
        warming.note(&Project::default(), Limits::default(), &took(400.0));
        let mut made = 0;
        while let Some((project, limits)) = warming.next() {
            made += 1;
            assert_eq!(warming.again(project, limits, &took(40.0)), made < RUNS);
        }
        assert_eq!(made, RUNS);
        warming.note(&Project::default(), Limits::default(), &took(40.0));
        assert!(warming.next().is_none(), "once for an engine");

        let mut slow = Warming::default();
        slow.note(&Project::default(), Limits::default(), &took(2_000.0));
        assert!(slow.next().is_none());
        slow.note(&Project::default(), Limits::default(), &took(900.0));
        let (project, limits) = slow.next().unwrap();
        assert!(!slow.again(project, limits, &took(500.0)));
        assert!(slow.next().is_none());
    }
}
