//! `docs/performance.md`: two parts that are written here, and notes that are
//! not touched.

/// A part that is written by measuring.
#[derive(Clone, Copy)]
pub enum Part {
    /// The native command beside CPython Django.
    Native,
    /// The page.
    Page,
}

const INTRODUCTION: &str = "# How fast\n\nWritten by\n\n```sh\ncargo xtask bench\n```\n\n";

impl Part {
    fn title(self) -> &'static str {
        match self {
            Self::Native => "## Natively, beside CPython Django",
            Self::Page => "## The page",
        }
    }
}

/// The document with one part written anew.
pub fn with(old: &str, part: Part, table: &str) -> String {
    let mut text = String::from(INTRODUCTION);
    for each in [Part::Native, Part::Page] {
        let body = if each.title() == part.title() {
            table.trim().to_owned()
        } else {
            section(old, each.title()).unwrap_or_else(|| "Not measured yet.".to_owned())
        };
        text.push_str(&format!("{}\n\n{body}\n\n", each.title()));
    }
    let notes = section(old, "## Notes").unwrap_or_else(|| "None yet.".to_owned());
    text.push_str(&format!("## Notes\n\n{notes}\n"));
    text
}

/// What stands under a title.
fn section(text: &str, title: &str) -> Option<String> {
    let after = text.split_once(&format!("{title}\n"))?.1;
    let body = after.split("\n## ").next().unwrap_or_default();
    Some(body.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Part, with};

    #[test]
    fn a_part_is_replaced_and_notes_stay() {
        let first = with("", Part::Native, "one");
        let noted = first.replace("None yet.", "Mind this.");
        let second = with(&noted, Part::Page, "two");
        let third = with(&second, Part::Native, "three");
        assert!(third.contains("three") && third.contains("two") && third.contains("Mind this."));
        assert!(!third.contains("one\n"));
    }
}
