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
    /// When it was last changed: milliseconds since 1970.
    pub changed: f64,
}

/// The works kept in the browser.
pub struct Works;

impl Works {
    /// All of them, the newest first.
    #[must_use]
    pub fn list() -> Vec<Work> {
        let mut works: Vec<Work> = LocalStorage::get(INDEX).unwrap_or_default();
        works.sort_by(|a, b| b.changed.total_cmp(&a.changed));
        works
    }

    /// One of them.
    #[must_use]
    pub fn load(id: &str) -> Option<Project> {
        LocalStorage::get(project_key(id)).ok()
    }

    /// The one that was open last.
    #[must_use]
    pub fn current() -> Option<(String, Project)> {
        let id: String = LocalStorage::get(CURRENT).ok()?;
        let project = Self::load(&id)?;
        Some((id, project))
    }

    /// Keeps a work and remembers that it is the one open. The error is for
    /// the user: the browser's storage is full, or switched off.
    pub fn save(id: &str, project: &Project) -> Result<(), String> {
        let refused = |_| {
            "This browser could not keep your work: its storage is full or switched off.".to_owned()
        };
        LocalStorage::set(project_key(id), project).map_err(refused)?;
        LocalStorage::set(CURRENT, id).map_err(refused)?;
        let mut works = Self::list();
        works.retain(|work| work.id != id);
        works.insert(
            0,
            Work {
                id: id.to_owned(),
                title: project.title.clone(),
                changed: js_sys::Date::now(),
            },
        );
        for forgotten in works.drain(MOST.min(works.len())..) {
            LocalStorage::delete(project_key(&forgotten.id));
        }
        LocalStorage::set(INDEX, works).map_err(refused)
    }

    /// Nothing is open but what the page opens with.
    pub fn close() {
        LocalStorage::delete(CURRENT);
    }

    /// Forgets a work.
    pub fn delete(id: &str) {
        LocalStorage::delete(project_key(id));
        let mut works = Self::list();
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
