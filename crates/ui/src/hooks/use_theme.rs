//! The colours of the page.

use yew::prelude::*;

use crate::browser;
use crate::store::Settings;

/// Applies and keeps the settings.
#[hook]
pub fn use_theme(settings: Settings) {
    use_effect_with(settings, |settings| {
        browser::set_theme(settings.theme.attribute());
        settings.save();
        let split = if settings.split == 0 {
            46
        } else {
            settings.split.clamp(20, 80)
        };
        browser::set_property("--split", &format!("{split}%"));
    });
}
