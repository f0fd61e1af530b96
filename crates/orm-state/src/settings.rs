//! The few settings that change how values are read and written.
use std::cell::RefCell;
use std::rc::Rc;

/// `USE_TZ` and `TIME_ZONE` of the project.
#[derive(Clone, Debug)]
pub struct Settings {
    pub use_tz: bool,
    pub time_zone: Rc<str>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            use_tz: true,
            time_zone: "UTC".into(),
        }
    }
}

/// Where warnings go: category (`RuntimeWarning`) and text. An error is a warning turned into an
/// exception by the user's filters.
pub type WarningSink = Rc<dyn Fn(&str, &str) -> crate::Result<()>>;

thread_local! {
    static SETTINGS: RefCell<Settings> = RefCell::default();
    static CURRENT_ZONE: RefCell<Option<Rc<str>>> = const { RefCell::new(None) };
    static WARNINGS: RefCell<Option<WarningSink>> = const { RefCell::new(None) };
}

pub fn settings() -> Settings {
    SETTINGS.with(|s| s.borrow().clone())
}

pub fn set_settings(settings: Settings) {
    SETTINGS.with(|s| *s.borrow_mut() = settings);
}

/// The active zone: `timezone.activate(…)`, else `TIME_ZONE`.
pub fn current_time_zone() -> Rc<str> {
    CURRENT_ZONE
        .with(|z| z.borrow().clone())
        .unwrap_or_else(|| settings().time_zone)
}

pub fn activate_time_zone(name: Option<Rc<str>>) {
    CURRENT_ZONE.with(|z| *z.borrow_mut() = name);
}

pub fn set_warning_sink(sink: Option<WarningSink>) {
    WARNINGS.with(|w| *w.borrow_mut() = sink);
}

/// Runs something whose warnings were given already.
pub fn silently<T>(run: impl FnOnce() -> T) -> T {
    let sink = WARNINGS.with(|w| w.borrow_mut().take());
    let done = run();
    WARNINGS.with(|w| *w.borrow_mut() = sink);
    done
}

/// Warns the user.
pub fn warn(category: &str, text: &str) -> crate::Result<()> {
    match WARNINGS.with(|w| w.borrow().clone()) {
        Some(sink) => sink(category, text),
        None => Ok(()),
    }
}
