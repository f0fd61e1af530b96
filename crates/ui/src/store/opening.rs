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
    let own = Works::current();
    let link = (fragment.len() > 1).then(|| permalink::decode(fragment));
    match (link, own) {
        (Some(Ok(project)), Some((work, own))) if same_content(&project, &own) => Opening {
            work,
            project: own,
            touched: true,
            question: None,
            problem: None,
        },
        (Some(Ok(project)), Some((work, own))) => Opening {
            work,
            project: own,
            touched: true,
            question: Some(project),
            problem: None,
        },
        (Some(Ok(project)), None) => fresh(project, None),
        (Some(Err(error)), Some((work, own))) => Opening {
            work,
            project: own,
            touched: true,
            question: None,
            problem: Some(error.to_string()),
        },
        (Some(Err(error)), None) => fresh(first_example(), Some(error.to_string())),
        (None, Some((work, own))) => Opening {
            work,
            project: own,
            touched: true,
            question: None,
            problem: None,
        },
        (None, None) => fresh(first_example(), None),
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

fn fresh(project: Project, problem: Option<String>) -> Opening {
    Opening {
        work: Works::new_id(),
        project,
        touched: false,
        question: None,
        problem,
    }
}

fn first_example() -> Project {
    examples()
        .into_iter()
        .next()
        .map(|example| example.project)
        .unwrap_or_default()
}
