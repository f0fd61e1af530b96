//! When a run begins, and when its results are shown.
//!
//! ```text
//! keystroke ───── debounce ─────▶ typing has stopped
//!     ├─ quick ─▶ run ─▶ held ────▶ shown
//!     └─ slow ────────────────────▶ run ─▶ shown
//! ```

use protocol::Report;

/// What was run, and what may be shown of it. Runs are named by the revision of
/// the project.
pub struct Turn {
    /// The newest revision that typing has stopped at.
    due: u32,
    /// Results of a revision that may yet be typed on.
    held: Option<(u32, Box<Report>)>,
    /// How long the last two runs took. One that was slow among quick ones, as
    /// when memory is tidied, says nothing of the next.
    millis: [f64; 2],
    /// The run that is not over yet.
    waits_for: Option<u32>,
}

impl Default for Turn {
    fn default() -> Self {
        Self {
            due: 0,
            held: None,
            millis: [f64::INFINITY; 2],
            waits_for: None,
        }
    }
}

impl Turn {
    /// Whether a run may begin with the edit: if it takes as long as the last ones,
    /// its results are there by the end of the debounce. One that takes longer would
    /// be in the way of the next edit's, and begins when typing has stopped.
    #[must_use]
    pub fn is_quick(&self, debounce: f64) -> bool {
        self.millis.iter().any(|millis| *millis < debounce) && self.waits_for.is_none()
    }

    /// A run was asked for.
    pub fn asked(&mut self, id: u32) {
        self.waits_for = Some(id);
    }

    /// A run was stopped or failed: the next one waits until typing stops.
    pub fn stopped(&mut self) {
        self.millis = [f64::INFINITY; 2];
        self.waits_for = None;
    }

    /// Results have come: they are given back if they may be shown.
    pub fn report(&mut self, id: u32, report: Box<Report>) -> Option<Box<Report>> {
        self.millis = [self.millis[1], report.totals.millis];
        self.waits_for.take_if(|waited| *waited <= id);
        if id <= self.due {
            return Some(report);
        }
        self.held = Some((id, report));
        None
    }

    /// Typing has stopped at a revision: its results, if they have come.
    pub fn pause(&mut self, id: u32) -> Option<Box<Report>> {
        self.due = id;
        let (held, report) = self.held.take()?;
        (held == id).then_some(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(millis: f64) -> Box<Report> {
        let mut report = Box::<Report>::default();
        report.totals.millis = millis;
        report
    }

    #[test]
    fn results_wait_until_typing_stops() {
        let mut turn = Turn::default();
        let shown = |report: Option<Box<Report>>| report.map(|report| report.totals.millis);
        // The first run: nobody types.
        assert_eq!(shown(turn.pause(1)), None);
        assert_eq!(shown(turn.report(1, took(1.0))), Some(1.0));
        // Results that come before typing stops are shown then.
        assert_eq!(shown(turn.report(2, took(2.0))), None);
        assert_eq!(shown(turn.pause(2)), Some(2.0));
        // Typed on: the older ones are never shown.
        assert_eq!(shown(turn.report(3, took(3.0))), None);
        assert_eq!(shown(turn.pause(4)), None);
        assert_eq!(shown(turn.report(4, took(4.0))), Some(4.0));
    }

    #[test]
    fn only_a_quick_run_begins_with_the_edit_and_one_at_a_time() {
        let mut turn = Turn::default();
        assert!(!turn.is_quick(100.0), "nothing is known of the project");
        turn.report(1, took(20.0));
        assert!(turn.is_quick(100.0));
        turn.asked(2);
        assert!(!turn.is_quick(100.0));
        turn.report(2, took(500.0));
        assert!(turn.is_quick(100.0), "once is by chance");
        turn.report(3, took(500.0));
        assert!(!turn.is_quick(100.0));
        turn.report(4, took(20.0));
        turn.stopped();
        assert!(!turn.is_quick(100.0));
    }
}
