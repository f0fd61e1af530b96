//! What a page opens with: a link, the work of last time, an example.

use protocol::{Project, permalink};

use super::{Works, examples};

/// What a page opens with.
pub struct Opening {
    /// The work's id.
    pub work: String,
    /// The project.
    pub project: Project,
    /// Whether it is the user's own.
    pub touched: bool,
    /// A link's project that waits for an answer: opening it would put the
    /// user's own work aside.
    pub question: Option<Project>,
    /// Why the link could not be opened.
    pub problem: Option<String>,
}

/// Decides it. A link never takes the place of own work without a question,
/// and a broken one changes nothing.
#[must_use]
pub fn opening(fragment: &str) -> Opening {
    let link = (fragment.len() > 1).then(|| permalink::decode(fragment));
    let kept = Works::current().map(|(work, project, touched)| Opening {
        work,
        project,
        touched,
        question: None,
        problem: None,
    });
    match link {
        None => kept.unwrap_or_else(|| fresh(first_example())),
        Some(Err(error)) => Opening {
            problem: Some(error.to_string()),
            ..kept.unwrap_or_else(|| fresh(first_example()))
        },
        Some(Ok(linked)) => match kept {
            Some(own) if same_content(&linked, &own.project) => own,
            Some(own) if own.touched => Opening {
                question: Some(linked),
                ..own
            },
            _ => fresh(linked),
        },
    }
}

/// Whether two projects are the same but for what is in view.
#[must_use]
pub fn same_content(one: &Project, other: &Project) -> bool {
    let plain = |project: &Project| Project {
        view: None,
        ..project.clone()
    };
    plain(one) == plain(other)
}

fn fresh(project: Project) -> Opening {
    Opening {
        work: Works::new_id(),
        project,
        touched: false,
        question: None,
        problem: None,
    }
}

fn first_example() -> Project {
    examples()
        .into_iter()
        .next()
        .map(|example| example.project)
        .unwrap_or_default()
}
