//! A dialect that SQL is not written in yet: better no SQL than another's.
use protocol::Project;
use python::Failure;

/// What is raised in the place of a run, if the project wants such a dialect.
pub fn refusal(project: &Project) -> Option<Failure> {
    if project.dialect.is_written() {
        return None;
    }
    let message = format!(
        "SQL for {} is not implemented yet. Choose SQLite.",
        project.dialect.label()
    );
    Some(Failure {
        kind: "NotImplementedError".to_owned(),
        qualified: "NotImplementedError".to_owned(),
        traceback: format!("NotImplementedError: {message}\n"),
        message,
        ..Failure::default()
    })
}
