//! Time zones by name.
use super::Raised;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static ZONES: RefCell<HashMap<String, TimeZone>> = RefCell::default();
}

/// `zoneinfo.ZoneInfo(name)`.
pub fn zone(name: &str) -> Result<TimeZone, Raised> {
    ZONES.with_borrow_mut(|zones| {
        if let Some(z) = zones.get(name) {
            return Ok(z.clone());
        }
        let z = if name == "UTC" {
            TimeZone::UTC
        } else {
            TimeZone::get(name).map_err(|_| Raised)?
        };
        zones.insert(name.into(), z.clone());
        Ok(z)
    })
}

/// A wall-clock time of zone `from` on the clock of zone `to`.
pub fn convert(moment: DateTime, from: &str, to: &str) -> Result<DateTime, Raised> {
    let zoned = moment.to_zoned(zone(from)?).map_err(|_| Raised)?;
    Ok(zoned.with_time_zone(zone(to)?).datetime())
}
