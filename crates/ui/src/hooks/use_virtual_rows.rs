//! Draws only those of many rows that are in view.

use std::ops::Range;

use web_sys::Element;
use yew::prelude::*;

/// Rows drawn beyond what is seen, on either side.
const BEYOND: usize = 12;
/// Fewer rows than that are drawn all.
const FEW: usize = 60;

/// Which rows to draw, and how much empty space above and below.
#[derive(Clone, Debug, PartialEq)]
pub struct VirtualRows {
    /// The rows to draw.
    pub range: Range<usize>,
    /// Pixels above.
    pub above: usize,
    /// Pixels below.
    pub below: usize,
}

/// Follows the scrolling of an element whose rows are all of one height.
#[hook]
pub fn use_virtual_rows(count: usize, height: usize) -> (VirtualRows, Callback<web_sys::Event>) {
    // Which block of rows is at the top. A block is as long as what is drawn
    // beyond what is seen, so small steps draw nothing anew.
    let view = use_state_eq(|| (0_usize, 30_usize));
    let (block, seen) = *view;
    let on_scroll = use_callback((), move |event: web_sys::Event, ()| {
        if let Some(element) = event.target_dyn_into::<Element>() {
            let first = usize::try_from(element.scroll_top()).unwrap_or(0) / height;
            let seen = usize::try_from(element.client_height()).unwrap_or(0) / height + 1;
            view.set((first / BEYOND, seen.div_ceil(BEYOND) * BEYOND));
        }
    });
    let range = if count <= FEW {
        0..count
    } else {
        let start = (block * BEYOND).saturating_sub(BEYOND).min(count);
        let end = ((block + 2) * BEYOND + seen).min(count);
        start..end
    };
    let rows = VirtualRows {
        above: range.start * height,
        below: (count - range.end) * height,
        range,
    };
    (rows, on_scroll)
}
