//! A folder on disk as a project, and back.
use protocol::Project;
use protocol::project::path_problem;
use std::fs;
use std::io;
use std::path::Path;

/// Files that belong to a project: text that Python reads.
const ENDINGS: &[&str] = &["py", "json", "csv", "txt", "md", "sql"];
/// More than this is not a text somebody wrote.
const LARGEST: u64 = 4 << 20;

/// The project in a folder.
pub fn read(folder: &Path) -> Result<Project, String> {
    if !folder.is_dir() {
        return Err(format!("{} is not a folder", folder.display()));
    }
    let mut project = Project::default();
    collect(folder, "", &mut project).map_err(|e| format!("{}: {e}", folder.display()))?;
    if project.files.is_empty() {
        return Err(format!("{} holds no project", folder.display()));
    }
    Ok(project)
}

fn collect(folder: &Path, prefix: &str, project: &mut Project) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if name.starts_with('.') || name == "__pycache__" {
            continue;
        }
        let path = entry.path();
        let inside = format!("{prefix}{name}");
        if path.is_dir() {
            collect(&path, &format!("{inside}/"), project)?;
            continue;
        }
        let known = path
            .extension()
            .and_then(|e| e.to_str())
            .is_some_and(|e| ENDINGS.contains(&e));
        if known
            && path_problem(&inside).is_none()
            && entry.metadata()?.len() <= LARGEST
            && let Ok(text) = fs::read_to_string(&path)
        {
            project.write(inside, text);
        }
    }
    Ok(())
}

/// Writes a project's files; none that is there already is overwritten.
pub fn write(project: &Project, folder: &Path) -> Result<(), String> {
    for file in &project.files {
        if let Some(problem) = path_problem(&file.path) {
            return Err(format!("{:?}: {problem}", file.path));
        }
        let path = folder.join(&file.path);
        if path.exists() {
            return Err(format!("{} exists already", path.display()));
        }
    }
    for file in &project.files {
        let path = folder.join(&file.path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, &file.text))
            .map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}
