//! The works kept in the browser, each a project of its own.

use gloo::storage::{LocalStorage, Storage};
use protocol::Project;
use serde::{Deserialize, Serialize};

const INDEX: &str = "ormscope.v1.works";
const CURRENT: &str = "ormscope.v1.current";
/// More than that many are not kept; the oldest goes.
const MOST: usize = 40;

/// A work that is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Names it.
    pub id: String,
    /// The project's title.
    pub title: String,
    /// Whether the user has changed it; what is only looked at is not kept
    /// once something else is opened.
    #[serde(default)]
    pub touched: bool,
    /// When it was last changed: milliseconds since 1970.
    pub changed: f64,
}

/// The works kept in the browser.
pub struct Works;

impl Works {
    /// The user's own, the newest first.
    #[must_use]
    pub fn list() -> Vec<Work> {
        let mut works = Self::all();
        works.retain(|work| work.touched);
        works
    }

    fn all() -> Vec<Work> {
        let mut works: Vec<Work> = LocalStorage::get(INDEX).unwrap_or_default();
        works.sort_by(|a, b| b.changed.total_cmp(&a.changed));
        works
    }

    /// One of them.
    #[must_use]
    pub fn load(id: &str) -> Option<Project> {
        LocalStorage::get(project_key(id)).ok()
    }

    /// The one that was open last, and whether the user has changed it.
    #[must_use]
    pub fn current() -> Option<(String, Project, bool)> {
        let id: String = LocalStorage::get(CURRENT).ok()?;
        let project = Self::load(&id)?;
        let touched = Self::all().iter().any(|work| work.id == id && work.touched);
        Some((id, project, touched))
    }

    /// Keeps a work and remembers that it is the one open. The error is for
    /// the user: the browser's storage is full, or switched off.
    pub fn save(id: &str, project: &Project, touched: bool) -> Result<(), String> {
        let refused = |_| {
            "This browser could not keep your work: its storage is full or switched off.".to_owned()
        };
        LocalStorage::set(project_key(id), project).map_err(refused)?;
        LocalStorage::set(CURRENT, id).map_err(refused)?;
        let mut works = Self::all();
        works.retain(|work| work.id != id);
        let changed = js_sys::Date::now();
        let title = project.title.clone();
        works.insert(
            0,
            Work {
                id: id.to_owned(),
                title,
                touched,
                changed,
            },
        );
        let (kept, gone): (Vec<_>, Vec<_>) = works
            .into_iter()
            .enumerate()
            .partition(|(index, work)| *index == 0 || (work.touched && *index < MOST));
        for (_, work) in gone {
            LocalStorage::delete(project_key(&work.id));
        }
        let works: Vec<_> = kept.into_iter().map(|(_, work)| work).collect();
        LocalStorage::set(INDEX, works).map_err(refused)
    }

    /// Forgets a work.
    pub fn delete(id: &str) {
        LocalStorage::delete(project_key(id));
        let mut works = Self::all();
        works.retain(|work| work.id != id);
        let _ = LocalStorage::set(INDEX, works);
    }

    /// A name for a new work.
    #[must_use]
    pub fn new_id() -> String {
        let random = (js_sys::Math::random() * 1_679_616.0) as u64;
        format!("{:x}-{random:x}", js_sys::Date::now() as u64)
    }
}

fn project_key(id: &str) -> String {
    format!("ormscope.v1.work.{id}")
}
