//! Why tests fail, taken together.

use std::collections::BTreeMap;

/// The last lines of the tracebacks in unittest's report, by the label of what
/// failed: a test, or the class or module whose setting up or import did.
#[must_use]
pub fn of_report(report: &str) -> BTreeMap<String, String> {
    let mut causes = BTreeMap::new();
    for block in report.split(&"=".repeat(70)).skip(1) {
        let block = block.trim_start();
        let Some(label) = label(block) else {
            continue;
        };
        // The exception is the first line after the last frame that is not
        // indented; its message may go on below.
        let end = block
            .find(&format!("\n{}\nRan ", "-".repeat(70)))
            .unwrap_or(block.len());
        let text = &block[..end];
        let Some(at) = text.rfind("\n  File ") else {
            continue;
        };
        let cause = text[at + 1..]
            .lines()
            .find(|line| !line.is_empty() && !line.starts_with(' '));
        if let Some(cause) = cause {
            causes
                .entry(label.to_owned())
                .or_insert_with(|| cause.trim().to_owned());
        }
    }
    causes
}

/// `FAIL: test_x (app.tests.Case.test_x) [subtest]` → `app.tests.Case.test_x`.
fn label(block: &str) -> Option<&str> {
    let head = block.lines().next()?;
    let head = head
        .strip_prefix("ERROR: ")
        .or_else(|| head.strip_prefix("FAIL: "))?;
    let inside = head.split_once('(')?.1.split_once(')')?.0;
    Some(
        inside
            .strip_prefix("unittest.loader._FailedTest.")
            .unwrap_or(inside),
    )
}

/// Why a test failed: what was said of it, of its class or of its module.
#[must_use]
pub fn of_test<'a>(causes: &'a BTreeMap<String, String>, test: &str) -> Option<&'a str> {
    let mut label = test;
    loop {
        if let Some(cause) = causes.get(label) {
            return Some(cause);
        }
        label = label.rsplit_once('.')?.0;
    }
}

/// Causes that say the same but for names and numbers, the most frequent
/// first, each with an example.
#[must_use]
pub fn ranked(causes: &[String]) -> Vec<(usize, String)> {
    let mut counts: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for cause in causes {
        let entry = counts
            .entry(shape(cause))
            .or_insert_with(|| (0, shortened(cause)));
        entry.0 += 1;
    }
    let mut ranked: Vec<(usize, String)> = counts.into_values().collect();
    ranked.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
    ranked
}

/// A message without what differs from test to test.
fn shape(cause: &str) -> String {
    if let Some(named) = cause.strip_prefix("NotImplementedError") {
        return format!("NotImplementedError{named}");
    }
    // Which values differ says nothing of why: an app's are one cause.
    if let Some((app, _)) = cause.split_once(": AssertionError") {
        return app.to_owned();
    }
    let mut shape = String::new();
    let mut quoted = None;
    for c in cause.chars() {
        match quoted {
            Some(mark) if c == mark => quoted = None,
            Some(_) => continue,
            None if matches!(c, '\'' | '"') => quoted = Some(c),
            None if c.is_ascii_digit() => continue,
            None => {}
        }
        shape.push(c);
    }
    shape
}

fn shortened(cause: &str) -> String {
    let mut short: String = cause.chars().take(110).collect();
    if short.len() < cause.len() {
        short.push('\u{2026}');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::{of_report, of_test, ranked};

    #[test]
    fn the_last_line_of_each_traceback_is_the_cause() {
        let report = format!(
            "{eq}\nERROR: test_x (a.B.test_x)\n{dash}\nTraceback (most recent call last):\n  File \"x\", line 1\n    f()\nNameError: name 'f'\n\n{eq}\nFAIL: test_y (a.B.test_y)\n{dash}\nTraceback (most recent call last):\n  File \"y\", line 2\nAssertionError: 1 != 2\n\n{dash}\nRan 2 tests\n",
            eq = "=".repeat(70),
            dash = "-".repeat(70)
        );
        let causes = of_report(&report);
        assert_eq!(of_test(&causes, "a.B.test_x"), Some("NameError: name 'f'"));
        assert_eq!(
            of_test(&causes, "a.B.test_y"),
            Some("AssertionError: 1 != 2")
        );
        assert_eq!(of_test(&causes, "a.B.test_z"), None);
    }

    #[test]
    fn a_module_that_cannot_be_imported_is_the_cause_for_all_its_tests() {
        let report = format!(
            "{eq}\nERROR: a.tests (unittest.loader._FailedTest.a.tests)\n{dash}\nImportError: Failed to import test module: a.tests\nTraceback (most recent call last):\n  File \"x\", line 1\nImportError: no y\n",
            eq = "=".repeat(70),
            dash = "-".repeat(70)
        );
        let causes = of_report(&report);
        assert_eq!(
            of_test(&causes, "a.tests.B.test_x"),
            Some("ImportError: no y")
        );
        assert_eq!(of_test(&causes, "a.others.B.test_x"), None);
    }

    #[test]
    fn causes_are_counted_by_shape() {
        let causes = [
            "E: no 'a'".to_owned(),
            "E: no 'b'".to_owned(),
            "F".to_owned(),
        ];
        assert_eq!(
            ranked(&causes),
            [(2, "E: no 'a'".to_owned()), (1, "F".to_owned())]
        );
    }
}
